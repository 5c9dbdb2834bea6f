"""A researcher's own notebook, once for each value of a parameter, by the engine of the reports."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.reporting.asked import Tried, check_asked
from toolkit.reporting.choosing import chosen_organisations, chosen_wave, folder_name, notebook_path, opened
from toolkit.reporting.hands import Hands, Shared, joined
from toolkit.reporting.inputs import KEPT, code_hash, keep_key, kept_key, stands, study_inputs
from toolkit.reporting.making import FAILED
from toolkit.reporting.manifest import package_versions, sha256_of
from toolkit.reporting.parameters import check_values, taken
from toolkit.reporting.standing import check_kept, refuse_foreign
from toolkit.reporting.system import (
    EventLog,
    interruptible,
    lock_folder,
    sweep,
    system_errors_explained,
    temporary_folder,
)
from toolkit.reporting.worker import Job, Outcome

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["run_notebook"]

ORGANISATION, OUTPUT = "organisation", "output"
MOST_BYTES = 200
"""Of a folder's name; while it is made it has a longer one, and 255 is what systems take."""
COLUMNS = ("value", "status", "sentence", "seconds", "folder")


@dataclass(frozen=True)
class _Runs:
    """What is to be run: a folder name, a parameter's value and an input hash each."""

    notebook: Path
    folder: Path
    study: Study | None
    given: Mapping[str, Any]
    for_each: str
    values: tuple[Any, ...]
    reads: tuple[Path, ...] = ()
    """Files of a study that is given, though not for its organisations."""


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
    told: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Run a parameterised notebook once for each value of one of its parameters.

    Each run stands under `<out>/<notebook>/<value>/` only when it is whole: report.ipynb, report.html, what
    the notebook wrote to its folder, manifest.json. One that would come out the same is not made again.

    Parameters
    ----------
    notebook
        With a cell tagged "parameters". One that takes `output` is told the folder to write to.
    for_each
        The parameter that varies. For "organisation" the notebook must take `study` too: the values are the
        study's organisations, and each run finds its own organisation's answers and nobody else's.
    values
        Of that parameter; None for all organisations.
    parameters
        Of the others: a name the notebook does not take, or a value of another type, is refused, and so is
        `output`, which each run is told. `study` and `data` are seen from where the command is given.
    texts
        Whether values are text as typed, to be read in the parameter's type.
    out, workers, force, seconds, memory, cluster, told
        As `run_reports`. The workers of a cluster have the notebook and the study of organisations; whatever
        else the notebook reads must lie where they see it.

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
    >>> run_notebook("mine.ipynb", for_each="year", values=[2024, 2025])  # doctest: +SKIP
    """
    tried = Tried()
    tried(check_asked, out, workers=workers, seconds=seconds, memory=memory, stores=False)
    found = tried(notebook_path, notebook)
    runs = tried(_checked, found, for_each, values, parameters or {}, Path(out), texts) if found else None
    tried.end()
    if runs is None:
        raise RuntimeError("a check failed and was not told")
    with interruptible(), system_errors_explained(), ExitStack() as stack:
        machines = joined(cluster, stack)
        stack.enter_context(lock_folder(runs.folder))
        scratch = stack.enter_context(temporary_folder())
        sweep(runs.folder)
        from toolkit.reporting.planning import imports_of

        shared = Shared(runs.study, (runs.notebook, runs.notebook), imports_of([runs.notebook]))
        count = workers or os.cpu_count() or 1
        hands = Hands(shared, scratch, count, told or _silent, cluster=machines)
        stack.callback(hands.close)
        check_kept(runs.folder)
        key = kept_key(runs.folder)
        hashes, parts = _hashes(runs, scratch, key)
        refuse_foreign(runs.folder, hashes)
        keep_key(runs.folder, key)
        standing = [] if force else [one for one in hashes if stands(runs.folder / one, hashes[one])]
        rows = dict.fromkeys(standing, ("unchanged", "", 0.0))
        jobs = [
            _job(runs, one, value, parts.get(one), hashes[one], hands.kept, seconds, memory)
            for one, value in zip(hashes, runs.values, strict=True)
            if one not in rows
        ]
        if jobs:
            hands.prepare()
            rows |= _noted(hands.make(jobs), runs.folder)
    table = [
        (str(value), *rows[one], str(runs.folder / one))
        for one, value in zip(hashes, runs.values, strict=True)
    ]
    return pd.DataFrame(table, columns=list(COLUMNS))


def make_own(job: Job) -> Outcome:
    """Execute a notebook with its own parameters and write its page and manifest; on a worker."""
    from toolkit.reporting.documents.model import Cover
    from toolkit.reporting.execute import Limits, clean, execute, read_notebook
    from toolkit.reporting.html import render_html
    from toolkit.reporting.manifest import MANIFEST

    folder, path = Path(job.folder), Path(job.notebook)
    given = dict(job.given or {})
    if "output" in taken(path):
        given["output"] = str(folder)
    limits = Limits(whole=job.seconds, memory=job.memory)
    environment = job.environment if job.part else {}
    delivered = folder / "report.ipynb"
    execute(path, delivered, given, limits=limits, environment=environment)
    shown = {name: _shown(name, value) for name, value in (job.given or {}).items()}
    notebook, warned = clean(read_notebook(delivered), shown)
    delivered.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    cover = Cover(title=path.stem, subject=job.organisation, wave=job.wave, synthetic=job.synthetic)
    (folder / "report.html").write_text(render_html(notebook, cover), encoding="utf-8")
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    manifest = {
        "notebook": {"name": path.name, "sha256": sha256_of(path)},
        "parameters": shown,
        "status": "made",
        "input": job.hashed,
        "outputs": {one.relative_to(folder).as_posix(): sha256_of(one) for one in files},
        "python": platform.python_version(),
        "packages": package_versions(),
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return Outcome("made", warnings=tuple(warned))


def _checked(
    notebook: Path,
    for_each: str,
    values: Sequence[object] | None,
    parameters: Mapping[str, object],
    out: Path,
    texts: bool,
) -> _Runs:
    """Look up all names and values; every one that does not fit is told."""
    tried = Tried()
    tried(_check_names, notebook, for_each, parameters)
    read = tried(check_values, notebook, parameters, texts=texts)
    given, study = dict(read or {}), None
    if for_each == ORGANISATION or Path(str(given.get("study") or "")).is_file():
        study = tried(_study_of, notebook, given) if read is not None else None
    for name in ("study", "data"):
        if isinstance(given.get(name), str) and Path(given[name]).exists():
            given[name] = str(Path(given[name]).resolve())
    chosen: Sequence[object] | None
    if for_each == ORGANISATION:
        chosen = tried(_organisations, study, given, values) if study else None
    else:
        chosen = tried(_values, notebook, for_each, values, texts)
    tried(_check_folders, notebook, for_each, chosen or ())
    tried.end()
    folder = (out / folder_name(notebook.stem)).resolve()
    own, reads = (study, ()) if for_each == ORGANISATION else (None, study.input_files if study else ())
    return _Runs(
        notebook, folder, own, given, for_each, tuple(chosen or ()), tuple(one.resolve() for one in reads)
    )


def _check_names(notebook: Path, for_each: str, parameters: Mapping[str, object]) -> None:
    """Refuse to vary what the notebook does not take, what is given as well, or the folder of each run."""
    known, where = taken(notebook), f"for each {for_each}"
    problems = []
    if for_each not in known:
        what = "the notebook's parameters cell does not have it"
        problems.append(Problem(where, what, near_names(for_each, known)))
    if for_each in parameters:
        what = "it is given one value and is to vary"
        problems.append(Problem(f"parameter {for_each}", what, "give it one way only"))
    for name, place in ((for_each, where), *((one, f"parameter {one}") for one in parameters)):
        if name == OUTPUT:
            what = "each run is told a folder of its own"
            problems.append(Problem(place, what, "leave it out; --out says where the folders lie"))
    if problems:
        raise InvalidInput(notebook.name, problems)


def _organisations(study: Study, given: Mapping[str, Any], values: Sequence[object] | None) -> list[str]:
    return chosen_organisations(study, chosen_wave(study, given.get("wave")), values)  # type: ignore[arg-type]


def _values(notebook: Path, for_each: str, values: Sequence[object] | None, texts: bool) -> list[object]:
    """The values of the parameter that varies, in its type."""
    if for_each not in taken(notebook):
        return []
    if not values:
        mend = f"write --for-each {for_each}=VALUE,VALUE"
        raise InvalidInput(notebook.name, [Problem(f"for each {for_each}", "no values are given", mend)])
    tried = Tried()
    read = [tried(check_values, notebook, {for_each: one}, texts=texts) for one in values]
    tried.end()
    return [one[for_each] for one in read if one is not None]


def _check_folders(notebook: Path, for_each: str, chosen: Sequence[object]) -> None:
    """Refuse values that make no folder of their own: each run stands in one, named after its value."""
    problems, taken_by, where = list[Problem](), dict[str, str](), f"for each {for_each}"
    for one in map(str, chosen):
        name = folder_name(one)
        if not re.search(r"\w", one):
            mend = "give each a letter or a digit"
            problems.append(Problem(where, f"the value {one!r} cannot name a folder", mend))
        elif name in (KEPT, FAILED):
            mend = "give another value"
            problems.append(Problem(where, f"the folder {name} is kept for the run's own files", mend))
        elif len(name.encode()) > MOST_BYTES:
            mend = f"give values of at most {MOST_BYTES} bytes, and look up the long ones in the notebook"
            problems.append(Problem(where, f"the value {one[:20]!r}… is too long for a folder's name", mend))
        elif name.casefold() in taken_by:
            what = f"the values {taken_by[name.casefold()]!r} and {one!r} share a folder"
            mend = "give each once, and none that differ only in case or in signs a folder may not have"
            problems.append(Problem(where, what, mend))
        taken_by.setdefault(name.casefold(), one)
    if problems:
        raise InvalidInput(notebook.name, problems)


def _study_of(notebook: Path, given: Mapping[str, Any]) -> Study:
    if not given.get("study"):
        mend = "name the study file: -p study=my_study/study.yaml"
        what = "which organisations there are is said by a study"
        raise InvalidInput(notebook.name, [Problem("parameter study", what, mend)])
    return opened(str(given["study"]), given.get("data"))


def _hashes(runs: _Runs, scratch: Path, key: bytes) -> tuple[dict[str, str], dict[str, Path]]:
    """Folder → keyed hash of all that goes into its run, and where its organisation's answers lie."""
    names = [folder_name(str(one)) for one in runs.values]
    if runs.study is None:
        read = [sha256_of(path) for path in runs.reads]
        told = [sha256_of(runs.notebook), code_hash(), platform.python_version(), package_versions(), read]
        common, contents = json.dumps(told), dict[str, list[bytes]]()
        parts: dict[str, Path] = {}
    else:
        from toolkit.study.store import part_bytes, write_parts

        wave = chosen_wave(runs.study, runs.given.get("wave"))
        inputs = study_inputs(runs.study, key, wave=wave, notebooks=[runs.notebook], formats=["own"])
        runs.study.check()
        parts = write_parts(runs.study, scratch / "parts", [str(one) for one in runs.values])
        common, contents = inputs.common, {one: list(part_bytes(part)) for one, part in parts.items()}
    hashes = {}
    for name, value in zip(names, runs.values, strict=True):
        made = hashlib.blake2b(key=key, digest_size=32)
        made.update(json.dumps([common, dict(runs.given), value], default=str).encode())
        for content in contents.get(str(value), ()):
            made.update(hashlib.sha256(content).digest())
        hashes[name] = made.hexdigest()
    return hashes, {folder_name(one): part for one, part in parts.items()}


def _job(
    runs: _Runs,
    name: str,
    value: object,
    part: Path | None,
    hashed: str,
    kept: str,
    seconds: float | None,
    memory: int | None,
) -> Job:
    data = runs.given.get("data")
    return Job(
        study=str(runs.given.get("study", "")),
        data=str(data) if data else None,
        organisation=str(value),
        wave=str(runs.given.get("wave") or ""),
        notebook=str(runs.notebook),
        kept=kept,
        part=str(part) if part else "",
        final=str(runs.folder / name),
        hashed=hashed,
        seconds=seconds,
        memory=memory,
        given={**runs.given, runs.for_each: value},
        synthetic=bool(runs.study and runs.study.synthetic),
    )


def _noted(made: Iterable[tuple[Job, Outcome]], folder: Path) -> Iterator[tuple[str, tuple[str, str, float]]]:
    """Each run as it ends, with a line in the log."""
    log = EventLog(folder / KEPT / "log.jsonl")
    try:
        for job, outcome in made:
            name = Path(job.final).name
            log.add(event="run", value=job.organisation, status=outcome.status, sentence=outcome.sentence)
            yield name, (outcome.status, outcome.sentence, outcome.seconds)
    finally:
        log.close()


def _shown(name: str, value: object) -> object:
    """A parameter as the delivered notebook shows it: no path of the machine."""
    return Path(value).name if isinstance(value, str) and name in ("study", "data") else value


def _silent(_: str) -> None:
    return
