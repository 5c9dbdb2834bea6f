"""Batch runs: one report per organisation, or a notebook run once per value of a parameter."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from toolkit.arguments import typed
from toolkit.disclosure import Policy
from toolkit.disclosure.cells import thresholds
from toolkit.disclosure.ledger import People
from toolkit.errors import InvalidInput, Problem
from toolkit.reporting.executor import JobExecutor, clear_failure
from toolkit.reporting.job import DONE, FAILED, Job, Outcome
from toolkit.reporting.manifest import BATCH_FOLDER, sha256_of
from toolkit.reporting.options import RunOptions, folder_name, open_line
from toolkit.reporting.overall import OverallRun
from toolkit.reporting.plan import (
    NotebookRun,
    Plan,
    StudyRun,
    check_notebook_run,
    check_study_run,
    modules_of,
)
from toolkit.reporting.stores import OutputStore, is_address
from toolkit.study import Study
from toolkit.system import (
    EventLog,
    interruptible,
    lock_folder,
    read_events,
    sweep,
    system_errors_explained,
    temporary_folder,
)

if TYPE_CHECKING:
    from toolkit.reporting.cluster import Cluster

REPORT_COLUMNS = ("organisation", "name", "status", "sentence", "seconds", "folder", "warnings")
CERTIFICATES = "certificates.jsonl"
"""Findings of the audit of each release: for the consultant."""

DRAFTS = "drafts.jsonl"
"""Keyed hashes of who was in which draft, for those that are handed out after all."""

NOTEBOOK_COLUMNS = ("value", "status", "sentence", "seconds", "folder")


@dataclass(frozen=True)
class Progress:
    """Progress of a run after one more report: counts, outcome, and seconds of the report and the run."""

    done: int
    total: int
    organisation: str
    name: str
    status: str
    sentence: str
    seconds: float
    elapsed: float


@typed
def run_reports(
    study: str | Path | Study,
    *,
    organisations: str | Iterable[str] | None = None,
    wave: str | None = None,
    out: str | Path = "reports",
    workers: int | None = None,
    notebook: str | Path | None = None,
    data: str | Path | None = None,
    formats: str | Iterable[str] = ("html",),
    force: bool = False,
    seconds: float | None = None,
    memory: int | None = None,
    executor: Executor | None = None,
    cluster: str | None = None,
    release: bool = False,
    audit: bool = True,
    overall: bool = False,
    progress: Callable[[Progress], None] | None = None,
    message: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Build reports for all or selected organisations of a study.

    Each is built in its own process and published to `<out>/<study>/<wave>/<organisation>/` only when
    complete: report.ipynb, the requested formats, results.csv, manifest.json. Reports that are up to date are
    not rebuilt. A failure does not affect the others and keeps its notebook and traceback under
    `_failed/<organisation>/`. `index.html` lists all; `_batch/` contains the run's manifest and log.

    Parameters
    ----------
    study
        The study file, or a study loaded from one.
    organisations
        Ids; None for all of the wave.
    wave
        None for the latest.
    out
        Output folder, or an address that fsspec knows (s3://bucket/reports), where a report exists once its
        manifest does.
    workers
        Number of parallel workers; None for one per CPU.
    notebook
        Another parameterised notebook instead of notebooks/organisation_report.ipynb; its "parameters" cell
        must take study, organisation, wave, data and output.
    data
        Folder containing the answer files, if not beside the study.
    formats
        Some of html, pdf, docx, pptx, xlsx, markdown.
    force
        Rebuild reports even if up to date.
    seconds, memory
        Limits of one report: time, and bytes its notebook may take (where kernels are warm).
    executor
        Runs the jobs instead of threads of this process; anything with the interface of concurrent.futures.
    cluster
        Address of a Dask scheduler whose workers make the reports; they need the toolkit, not the files.
    release
        Whether they are releases: compared with what left before, recorded in the study's ledger, and not
        marked as drafts. A draft is not binding; do not hand it out.
    audit
        Whether a release is audited (`audit_release`); one that gives something away fails.
    overall
        Whether a report on all organisations together follows theirs, for the consultant alone, in the folder
        `_overall`; see docs/running_reports.md.
    progress
        Called after each report; None shows a bar in a notebook, and nothing elsewhere.
    message
        Called with each message: what was read, warnings.

    Returns
    -------
    DataFrame
        One row per report: organisation, name, status ("made", "unchanged", "withheld", "failed"), sentence,
        seconds, folder, warnings. Its attrs["index"] is the page that lists all.

    Raises
    ------
    InvalidInput
        Before anything is made: the study's files, an unknown organisation or wave, a notebook that does not
        take the parameters, an output folder that cannot be written.
    ToolkitError
        The disk is full or the cluster is lost; finished reports are kept.
    KeyboardInterrupt
        After workers were stopped and the index was written; finished reports are kept.

    Examples
    --------
    >>> import toolkit as tk
    >>> study = "data_samples/ai_at_work/study.yaml"
    >>> made = tk.run_reports(study, organisations=["org-10"])
    """
    options = RunOptions(
        organisations,
        wave,
        out,
        workers,
        notebook,
        data,
        formats,
        force,
        seconds,
        memory,
        cluster,
        release,
        audit,
        overall,
    )
    with _bar_in_notebook(progress) as shown:
        return run_study(study, options, executor=executor, progress=shown, message=message)


def run_study(
    study: str | Path | Study,
    options: RunOptions,
    *,
    executor: Executor | None = None,
    progress: Callable[[Progress], None] | None = None,
    message: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Build reports as `run_reports` does, with its options in one object."""
    with _local_output(options) as (options, store):
        run = check_study_run(study, options)
        built = _run(run, executor=executor, store=store, progress=progress, message=message)
        if options.overall:
            whole = _run(OverallRun.of(run), executor=executor, store=store, message=message)
            built = pd.concat([built, whole], ignore_index=True)
            built.attrs = whole.attrs
    return built[list(REPORT_COLUMNS)]


def plan_reports(
    study: str | Path | Study,
    *,
    organisations: str | Iterable[str] | None = None,
    wave: str | None = None,
    out: str | Path = "reports",
    notebook: str | Path | None = None,
    data: str | Path | None = None,
    formats: str | Iterable[str] = ("html",),
    force: bool = False,
) -> pd.DataFrame:
    """List what `run_reports` would build, and write nothing.

    Returns
    -------
    DataFrame
        organisation, name, status: "to make" or "unchanged".

    Raises
    ------
    InvalidInput
        As `run_reports`.
    """
    options = RunOptions(organisations, wave, out, None, notebook, data, formats, force)
    return plan_study(study, options)


def plan_study(study: str | Path | Study, options: RunOptions) -> pd.DataFrame:
    """List what `run_study` would build, and write nothing."""
    with _local_output(options) as (options, store), temporary_folder() as scratch:
        run = check_study_run(study, options)
        if store:
            store.at(*run.folder.parts[-2:]).mirror(run.folder)
        plan = run.plan(scratch, mirrored=store is not None, writes=False)
    rows = [
        (one, plan.labels[one], "unchanged" if one in plan.up_to_date else "to make") for one in plan.names
    ]
    return pd.DataFrame(rows, columns=["organisation", "name", "status"])


def run_notebook(
    notebook: str | Path,
    *,
    for_each: str,
    values: Sequence[object] | None = None,
    parameters: Mapping[str, object] | None = None,
    texts: bool = False,
    out: str | Path = "reports",
    workers: int | None = None,
    force: bool = False,
    seconds: float | None = None,
    memory: int | None = None,
    cluster: str | None = None,
    message: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Run a parameterised notebook once for each value of one of its parameters.

    Each run is published to `<out>/<notebook>/<value>/` only when complete: report.ipynb, report.html, files
    that the notebook wrote to its folder, manifest.json. Runs that are up to date are not repeated.

    Parameters
    ----------
    notebook
        Must have a cell tagged "parameters". If it takes `output`, it receives its output folder there.
    for_each
        The parameter that varies. For "organisation" the notebook must take `study` too: the values are the
        study's organisations, and each run finds its own organisation's answers and no one else's.
    values
        Of that parameter; None for all organisations.
    parameters
        Of the others: a name the notebook does not take, or a value of another type, is refused, and so is
        `output`, which each run sets. `study` and `data` are relative to the working directory.
    texts
        Whether values are text as typed, to be read in the parameter's type.
    out, workers, force, seconds, memory, cluster, message
        As `run_reports`. The workers of a cluster have the notebook and the study of organisations; whatever
        else the notebook reads must be where they see it.

    Returns
    -------
    DataFrame
        value, status ("made", "unchanged", "failed"), sentence, seconds, folder.

    Raises
    ------
    InvalidInput
        Before anything runs: every parameter that does not fit, unknown organisations, the study's files.

    Examples
    --------
    >>> made = run_notebook("mine.ipynb", for_each="year", values=[2024, 2025])  # doctest: +SKIP
    """
    options = RunOptions(
        out=out, workers=workers, force=force, seconds=seconds, memory=memory, cluster=cluster
    )
    with interruptible(), system_errors_explained():
        run = check_notebook_run(notebook, for_each, values, parameters or {}, options, texts=texts)
        with _bar_in_notebook(None) as shown:
            built = _run(run, progress=shown, message=message)
    return built.rename(columns={"organisation": "value"})[list(NOTEBOOK_COLUMNS)]


@contextmanager
def _bar_in_notebook(
    progress: Callable[[Progress], None] | None,
) -> Iterator[Callable[[Progress], None] | None]:
    """Yield what to call after each report: as given, or in a notebook a function that moves a bar."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if progress is not None or type(shell).__name__ != "ZMQInteractiveShell":
        yield progress
        return
    from tqdm.auto import tqdm

    with tqdm(unit=" reports") as bar:

        def move(one: Progress) -> None:
            if bar.total != one.total:
                bar.reset(one.total)
            bar.update(one.done - bar.n)

        yield move


@contextmanager
def _local_output(options: RunOptions) -> Iterator[tuple[RunOptions, OutputStore | None]]:
    """Yield the options with a local output folder, and the store if the output is an address."""
    with interruptible(), system_errors_explained():
        if not is_address(options.out):
            yield options, None
            return
        options.check()
        with temporary_folder() as folder:
            yield replace(options, out=folder), OutputStore(str(options.out))


def _run(
    run: StudyRun | NotebookRun,
    *,
    executor: Executor | None = None,
    store: OutputStore | None = None,
    progress: Callable[[Progress], None] | None = None,
    message: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Plan a run, build what is not up to date, and return a row per report."""
    options, message = run.options, message or _silent
    with ExitStack() as stack:
        here = store.at(*run.folder.parts[-2:]) if store else None
        machines = _connect(options.cluster, stack)
        if options.cluster and open_line(options.cluster):
            message(open_line(options.cluster))
        stack.enter_context(lock_folder(run.folder))
        scratch = stack.enter_context(temporary_folder())
        if here:
            stack.enter_context(here.held())
            here.mirror(run.folder)
        sweep(run.folder)
        jobs = JobExecutor(
            run.study,
            run.notebooks,
            modules_of(run.notebooks, options.formats),
            scratch,
            options.workers or os.cpu_count() or 1,
            message,
            memory=options.memory,
            executor=executor,
            cluster=machines,
            store=here,
        )
        stack.callback(jobs.close)
        plan = run.plan(scratch, mirrored=here is not None, before=jobs.prepare)
        if plan.rows:
            message(_describe_rows(run, plan))
        if here:
            here.save(run.folder)  # the secret first: without it nothing that is built could be known again
            stack.callback(here.save, run.folder)
        with _recorded(run, plan, message, stored=here is not None) as done:
            built = _build(run, plan, jobs, progress, done)
    if here is not None:
        built["folder"] = built["folder"].str.replace(str(run.folder), here.address, regex=False)
    built.attrs["index"] = f"{here.address}/index.html" if here else str(run.folder / "index.html")
    return built


def _build(
    run: StudyRun | NotebookRun,
    plan: Plan,
    jobs: JobExecutor,
    progress: Callable[[Progress], None] | None,
    done: Callable[[str, Outcome], None],
) -> pd.DataFrame:
    """Run the jobs of a plan; in any case, end the workers and write the index."""
    began = time.monotonic()
    rows = {one: _unchanged_row(run, plan, one) for one in plan.names if one in plan.up_to_date}
    log = EventLog(run.folder / BATCH_FOLDER / "log.jsonl")
    manifest = EventLog(run.folder / BATCH_FOLDER / "manifest.jsonl")
    wave = {"wave": run.wave} if isinstance(run, StudyRun) else {}
    log.add(event="begun", **wave, to_make=len(plan.jobs), unchanged=len(rows))
    try:
        if plan.jobs and run.study is not None:
            run.study.forget_answers()
        for job, outcome in jobs.run(plan.jobs) if plan.jobs else ():
            folder = Path(job.final).name
            row = rows[folder] = _row(plan, job, outcome)
            _note(log, manifest, job, outcome, row)
            done(job.name, outcome)
            if progress:
                made, total = len(rows) - len(plan.up_to_date), len(plan.jobs)
                progress(_progress(row, made, total, time.monotonic() - began))
    finally:
        log.add(event="ended", seconds=round(time.monotonic() - began, 1))
        manifest.close()
        log.close()
        if isinstance(run, StudyRun):
            from toolkit.reporting.index import write_index

            write_index(run.listed, run.wave, run.folder)
    if log.lost + manifest.lost:
        jobs.message(f"{log.lost + manifest.lost} lines of the log could not be written (is the disk full?)")
    return pd.DataFrame([rows[one] for one in plan.names if one in rows], columns=list(REPORT_COLUMNS))


@contextmanager
def _recorded(
    run: StudyRun | NotebookRun, plan: Plan, message: Callable[[str], None], *, stored: bool
) -> Iterator[Callable[[str, Outcome], None]]:
    """Record what is released before anything is built, and afterwards the files; drafts beside the reports.

    Whatever ends the run, a report that is in its place has a binding release. One that was not built has
    its release withdrawn, unless parts of it may have reached a store.
    """
    outcomes: dict[str, Outcome] = {}
    if not isinstance(run, StudyRun) or not any(plan.people.values()):
        yield lambda name, outcome: None
        return
    ledger, policy = run.study.ledger, run.study.policy.model_dump(mode="json")
    ledger.message = message
    facts = {
        one: {"organisation": one, "wave": run.wave, "people": [p.to_data() for p in found], "policy": policy}
        for one, found in plan.people.items()
        if found
    }
    numbers: dict[str, int] = {}
    if run.options.release:
        with ledger.open() as opened:
            for one, found in plan.people.items():
                for people in found:
                    opened.refuse_near(people, run.study.policy, run.study.instrument, one)
            first = opened.add("release", *facts.values())
        numbers = {one: first + at for at, one in enumerate(facts)}
    try:
        yield outcomes.__setitem__
    finally:
        built = {one: outcomes[one] for one in facts if one in outcomes and outcomes[one].status in DONE}
        if run.options.release:
            outputs = [
                {"entry": numbers[one], "outputs": dict(found.outputs)} for one, found in built.items()
            ]
            left = [] if stored else [one for one in facts if one not in built]
            undone = [{"entry": numbers[one], "reason": "was not built"} for one in left]
            certificates = EventLog(run.folder / BATCH_FOLDER / CERTIFICATES)
            for one, found_ in built.items():
                if found_.certificate:
                    certificates.add(
                        organisation=one, entry=numbers[one], certificate=json.loads(found_.certificate)
                    )
                if found_.tables:
                    try:
                        ledger.keep_tables(found_.tables, found_.outputs, one, run.wave)
                    except OSError as fault:
                        message(f"The numbers of {one} could not be kept for later audits: {fault.strerror}")
            certificates.close()
            with ledger.open() as opened:
                for kind, text in (("outputs", outputs), ("withdrawn", undone)):
                    if text:
                        opened.add(kind, *text)
        elif built:
            drafts = EventLog(run.folder / BATCH_FOLDER / DRAFTS)
            for one, outcome in built.items():
                drafts.add(**facts[one], outputs=dict(outcome.outputs))
            drafts.close()


def promote_draft(study: str | Path | Study, draft: str | Path, options: RunOptions) -> pd.DataFrame:
    """Record drafts that were handed out as releases, from files of theirs.

    They have left, so they are recorded even where they are too near to another release.

    Parameters
    ----------
    draft
        A file that was handed out, or a folder of such files.
    options
        Where the drafts were made: `out`, and the study's answer files.

    Returns
    -------
    DataFrame
        One row per draft: organisation, wave, entry, near (whether it is too near to another release).

    Raises
    ------
    InvalidInput
        No file is there, or none is of a draft that was recorded.
    """
    with _local_output(options) as (options, store):
        run = check_study_run(study, replace(options, release=False))
        files = [
            path
            for path in ([Path(draft)] if Path(draft).is_file() else sorted(Path(draft).rglob("*")))
            if path.is_file()
        ]
        hashes = {sha256_of(path) for path in files}
        found = {}
        for wave in run.study.waves:
            folder = run.folder.parent / folder_name(wave)
            if store:
                store.at(*folder.parts[-2:]).mirror(folder)
            for event in read_events(folder / BATCH_FOLDER / DRAFTS):
                if hashes & set(event["outputs"].values()):
                    found[json.dumps(event["outputs"], sort_keys=True)] = event
        if not found:
            hint = f"give a file as it was handed out, and the --out it was made in (not {options.out})"
            problem = Problem("wrong-file", str(draft), "is not a draft that was recorded", hint)
            raise InvalidInput("release", [problem])
        rows = []
        ledger, k_of = run.study.ledger, thresholds(run.study.policy, (), run.study.instrument).threshold_for
        with ledger.open() as opened:
            for event in found.values():
                people = [People.from_data(one) for one in event["people"]]
                near = any(opened.conflicts(one, k_of) for one in people)
                number = opened.release(people, Policy.model_validate(event["policy"]), promoted=event["at"])
                opened.add("outputs", {"entry": number, "outputs": event["outputs"]})
                rows.append((event["organisation"], event["wave"], number, near))
    return pd.DataFrame(rows, columns=["organisation", "wave", "entry", "near"])


def _row(plan: Plan, job: Job, outcome: Outcome) -> dict[str, object]:
    final = Path(job.final)
    folder = final if outcome.status in DONE else final.parent / FAILED / final.name
    return {
        "organisation": job.name,
        "name": plan.labels.get(job.name, job.name),
        "status": outcome.status,
        "sentence": outcome.sentence,
        "seconds": outcome.seconds,
        "folder": str(folder),
        "warnings": "\n".join(outcome.warnings),
    }


def _unchanged_row(run: StudyRun | NotebookRun, plan: Plan, folder: str) -> dict[str, object]:
    clear_failure(run.folder / folder)
    name = plan.names[folder]
    return {
        "organisation": name,
        "name": plan.labels.get(name, name),
        "status": "unchanged",
        "sentence": "",
        "seconds": 0.0,
        "folder": str(run.folder / folder),
        "warnings": "",
    }


def _progress(row: Mapping[str, Any], done: int, total: int, elapsed: float) -> Progress:
    facts = {key: row[key] for key in ("organisation", "name", "status", "sentence", "seconds")}
    return Progress(done=done, total=total, elapsed=elapsed, **facts)


def _note(log: EventLog, manifest: EventLog, job: Job, outcome: Outcome, row: Mapping[str, object]) -> None:
    facts = {key: row[key] for key in ("organisation", "status", "sentence", "warnings")}
    warned = sum("Warning" in line for text in outcome.warnings for line in text.splitlines())
    log.add(event="report", seconds=round(outcome.seconds, 3), warned=warned, **facts)
    if outcome.status in DONE:
        outputs = dict(outcome.outputs)
        manifest.add(organisation=job.name, status=outcome.status, input=job.key, outputs=outputs)


def _connect(address: str | None, stack: ExitStack) -> Cluster | None:
    """Connect to a Dask cluster, closed with the stack; None if no address is given."""
    if address is None:
        return None
    from toolkit.reporting.cluster import Cluster

    cluster = Cluster(address)
    stack.callback(cluster.close)
    return cluster


def _describe_rows(run: StudyRun | NotebookRun, plan: Plan) -> str:
    read, kept, aside = (plan.rows.get(outcome, 0) for outcome in ("read", "kept", "set aside"))
    why = "; survey-toolkit check gives the reasons" if aside else ""
    wave = run.wave if isinstance(run, StudyRun) else ""
    return f"Wave {wave}: {read:,} rows read, {kept:,} kept, {aside:,} set aside{why}"


def _silent(_: str) -> None:
    return
