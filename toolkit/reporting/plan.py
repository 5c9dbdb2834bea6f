"""Plans of runs: what to build, from what, and what is up to date, checked before anything is built."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.disclosure.ledger import POOLED
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.reporting import formats as output_formats
from toolkit.reporting.cuts import check_groups
from toolkit.reporting.job import FAILED, NOTICE, OWN, REPORT, Job
from toolkit.reporting.manifest import (
    BATCH_FOLDER,
    KEY,
    KNOWN,
    MANIFEST,
    CacheKeys,
    code_hash,
    has_key,
    is_current,
    package_versions,
    read_secret,
    sha256_of,
    study_cache_keys,
    write_secret,
)
from toolkit.reporting.notebook import check_parameters, check_values, code_cells, taken
from toolkit.reporting.options import (
    Checks,
    RunOptions,
    chosen_organisations,
    chosen_wave,
    folder_name,
    notebook_path,
    report_folder,
)
from toolkit.reporting.parts import open_study
from toolkit.reporting.validation import check_dates, check_names, check_study
from toolkit.shipped import study_path

if TYPE_CHECKING:
    from toolkit.disclosure.ledger import Entry, People
    from toolkit.study import Study

REPORT_NOTEBOOK = "organisation_report.ipynb"
NOTICE_NOTEBOOK = "withheld_notice.ipynb"
INDEX = "index.html"
STUDY_FILE = "study.pickle"
ORGANISATION, OUTPUT = "organisation", "output"

MOST_BYTES = 200
"""Longest folder name; while it is built it has a longer one, and systems allow 255."""

_WORTH_PRELOADING = {
    "matplotlib": "matplotlib.pyplot",
    "pingouin": "pingouin",
    "scipy": "scipy.stats",
    "seaborn": "seaborn",
    "statsmodels": "statsmodels.api",
    "toolkit": "toolkit.analysis",
}
"""Packages of notebooks that may be imported before a fork, and the part worth importing."""


@dataclass(frozen=True)
class Plan:
    """A run before anything is built.

    Parameters
    ----------
    names
        Each report's folder → the organisation or the value it is about, in order.
    up_to_date
        Folders whose report exists and would come out the same.
    jobs
        Reports to build.
    labels
        Folder → the name an organisation is shown under.
    rows
        Rows read, kept and set aside in this wave.
    people
        Organisation → hashes of the people in the bases that its report publishes, for those to be built.
    """

    names: Mapping[str, str]
    up_to_date: frozenset[str]
    jobs: Sequence[Job]
    labels: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    people: Mapping[str, Sequence[People]] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyRun:
    """A run of reports for the organisations of a study, with all names resolved and no answers read."""

    study: Study
    wave: str
    folder: Path
    notebooks: tuple[Path, Path]
    options: RunOptions

    @property
    def listed(self) -> Study:
        """The study whose organisations the index lists."""
        return self.study

    def plan(
        self,
        scratch: Path,
        *,
        mirrored: bool = False,
        writes: bool = True,
        before: Callable[[], object] | None = None,
    ) -> Plan:
        """Determine what is up to date, reading answers only if a file has changed since the last run.

        Parameters
        ----------
        scratch
            Where each organisation's answers are kept while the run lasts.
        mirrored
            Whether only manifests are here, of reports found whole in a store (`toolkit.reporting.stores`).
        writes
            False leaves the output folder as it is.
        before
            Called once it is clear that answers have to be read.

        Raises
        ------
        InvalidInput
            Everything wrong in the answers, or an unknown organisation.
        """
        from toolkit.reporting.gathering import beside_releases, reportable
        from toolkit.study.study import part_bytes, write_parts

        study, options, ledger = self.study, self.options, self.study.ledger
        check_batch_folder(self.folder)
        secret = read_secret(self.folder)
        entries = ledger.entries() if ledger.exists else ()
        binding = ledger.binding() if entries else ()
        cache = self._cache_keys(secret, binding)
        known = cache.known(self.folder)
        if study.table is not None:
            chosen = chosen_organisations(study, self.wave, options.organisations)
            if known:
                hashes = {one: known["hashes"][one] for one in chosen if one in known["hashes"]}
                current = up_to_date(self.folder, hashes, force=options.force, mirrored=mirrored)
                current &= self._recorded(current, entries)
                if len(current) == len(chosen):
                    return self._planned(chosen, current, rows=dict(known["read"]))
            refuse_foreign(self.folder, chosen, page=INDEX)
        if before is not None:
            before()
        study.check()
        check_dates(study, self.wave)
        rows = rows_read(study, self.wave)
        chosen = chosen_organisations(study, self.wave, options.organisations)
        if study.table is None:  # only the answers know the organisations
            check_names(study, self.wave, options.formats)
            refuse_foreign(self.folder, chosen, page=INDEX)
        check_groups(study, self.wave, chosen, options.groups)
        every = study.organisation_ids(self.wave)
        beside = {one: beside_releases(study, one, self.wave, binding=binding) for one in every}
        parts = write_parts(study, scratch / "parts", every, beside=beside)
        keys = {one: cache.of(part_bytes(part, admitted=True)) for one, part in parts.items()}
        if writes:
            write_secret(self.folder, secret)
            cache.keep(self.folder, keys, rows)
        wanted = {one: keys[one] for one in chosen if one in keys}
        current = up_to_date(self.folder, wanted, force=options.force, mirrored=mirrored)
        current &= self._recorded(current, entries)
        people: dict[str, Sequence[People]] = {}
        try:
            for one in (one for one in chosen if writes and one not in current):
                found = beside[one]
                if not binding:
                    found = beside_releases(study, one, self.wave, binding=(), hashed=True)
                people[one] = found.people
        except InvalidInput:  # no key can be made: drafts bind nothing, and are not recorded then
            if options.release or binding:
                raise
        if options.release:
            _refuse_unnamed(study, binding)
        audited = chosen if options.release and options.audit else ()
        before_it = {one: ledger.earlier(one, self.folder.parent, binding) for one in audited}
        shown = reportable(study, self.wave)
        jobs = [
            replace(
                self._job(scratch, one, parts[one], keys[one], noticed=one not in shown),
                earlier=tuple(map(str, before_it[one][0])) if one in before_it else (),
                lost=tuple(before_it[one][1]) if one in before_it else (),
                notes=tuple(before_it[one][2]) if one in before_it else (),
            )
            for one in chosen
            if one not in current
        ]
        return replace(self._planned(chosen, current, rows=rows, jobs=jobs), people=people)

    def _cache_keys(self, secret: bytes, binding: Sequence[Entry]) -> CacheKeys:
        return study_cache_keys(
            self.study,
            secret,
            wave=self.wave,
            notebooks=self.notebooks,
            formats=[*self.options.formats, *self.options.groups],
            release=self.options.release,
            entry=str([entry.number for entry in binding]),
        )

    def _job(self, scratch: Path, organisation: str, part: Path, key: str, *, noticed: bool = False) -> Job:
        """Return the builder of one report, or with `noticed` of the notice in its place."""
        options = self.options
        return Job(
            name=organisation,
            notebook=str(self.notebooks[noticed]),
            parameters={
                "study": str(Path(self.study.path).resolve()),
                "organisation": organisation,
                "wave": self.wave,
                "data": str(Path(options.data).resolve()) if options.data else None,
            },
            options=options,
            kind=NOTICE if noticed else REPORT,
            final=str(self.folder / organisation),
            study=str(scratch / STUDY_FILE),
            part=str(part),
            key=key,
            modules=output_formats.modules_of(options.formats),
        )

    def _recorded(self, current: frozenset[str], entries: Sequence[Entry]) -> frozenset[str]:
        """Return the reports whose files are those of a binding release; for drafts, all."""
        if not self.options.release:
            return current
        gone = {entry.data["entry"] for entry in entries if entry.kind == "withdrawn"}
        known = [e.data["outputs"] for e in entries if e.kind == "outputs" and e.data["entry"] not in gone]
        found = set()
        for one in current:
            with (self.folder / one / MANIFEST).open(encoding="utf-8") as file:
                found |= {one} if json.load(file)["outputs"] in known else set()
        return frozenset(found)

    def _planned(
        self,
        chosen: Sequence[str],
        current: frozenset[str],
        *,
        rows: Mapping[str, int],
        jobs: Sequence[Job] = (),
    ) -> Plan:
        labels = self.study.names(self.wave)
        return Plan(dict(zip(chosen, chosen, strict=True)), current, jobs, labels, rows)


def up_to_date(
    folder: Path, keys: Mapping[str, str], *, force: bool, mirrored: bool = False
) -> frozenset[str]:
    """Return the reports that need not be built again; from a store, only their manifests are here."""
    same = has_key if mirrored else is_current
    return frozenset(one for one, key in keys.items() if not force and same(folder / one, key))


def check_study_run(study: str | Path | Study, options: RunOptions) -> StudyRun:
    """Load the study and resolve the wave, the organisations and the notebooks.

    Raises
    ------
    InvalidInput
        Everything at once: what is not found, a notebook that does not take the parameters, options that
        cannot be meant.
    """
    checks = Checks()
    checks(options.check)
    formats = checks(output_formats.check_formats, tuple(options.formats))
    notebooks = checks(_notebooks, options.notebook)
    read = checks(open_study, study, options.data)
    wave = checks(_wave, read, options) if read is not None else None
    if read is not None:
        checks(check_study, read, wave or read.wave, formats or ())
    checks.raise_problems()
    if read is None or wave is None or formats is None or notebooks is None:
        raise RuntimeError("internal error: a failed check was not reported")
    folder = report_folder(options.out, read.id, wave).resolve()
    options = replace(options, formats=formats, release=options.release or read.release)
    refuse_lost_ledger(read, folder)  # of drafts too, which would replace the reports that show it
    if options.release:
        with read.ledger.open() as opened:
            opened.check_policy(read.policy)
    if read.ledger.exists:
        read = replace(read, policy=read.ledger.policy_for(read.policy, wave))
    return StudyRun(read, wave, folder, notebooks, options)


def check_release(study: Study) -> None:
    """Refuse a policy weaker than that of earlier releases, and people released under a name that is gone.

    Raises
    ------
    InvalidInput
        Everything for which a release would be refused because of earlier ones.
    """
    if study.ledger.exists:
        checks = Checks()
        with study.ledger.open() as opened:
            checks(opened.check_policy, study.policy)
        checks(_refuse_unnamed, study, study.ledger.binding())
        checks.raise_problems()


def _refuse_unnamed(study: Study, binding: Sequence[Entry]) -> None:
    """Refuse people who were released under an organisation that the study does not have any more.

    Raises
    ------
    InvalidInput
        Each such organisation that the study file does not list under `renamed`.
    """
    known = {*study.organisation_ids(), *study.renamed, POOLED}
    gone = [(entry.number, one) for entry in binding for one in entry.people if one.organisation not in known]
    problems: list[Problem] = []
    if gone:
        frame = study.responses(wave="all", missing="codes")[["respondent", "organisation", "wave"]]
        now = [
            (key[0], study.ledger.people(rows, *key).ids)
            for key, rows in frame.groupby(["organisation", "wave"])
        ]
    for number, before in gone:
        for one in dict.fromkeys(one for one, ids in now if np.isin(before.ids, ids).any()):
            where = f"organisation {before.organisation}, released in entry {number}"
            hint = f"write renamed: {{{before.organisation}: {one}}}"
            problems.append(Problem("unknown-organisation", where, f"its people are now in {one}", hint))
    if problems:
        raise InvalidInput(study.path, dict.fromkeys(problems))


def refuse_lost_ledger(study: Study, folder: Path) -> None:
    """Refuse to release where released reports exist that no ledger records.

    Raises
    ------
    InvalidInput
        The ledger is gone.
    """
    if study.ledger.exists:
        return
    for manifest in sorted(folder.glob(f"*/{MANIFEST}")):
        held: dict[str, Any] = {}
        with suppress(OSError, ValueError, TypeError):
            held = dict(json.loads(manifest.read_text(encoding="utf-8")))
        if held.get("draft") is False:
            what = f"not found, though {manifest.parent} was released"
            hint = "restore it and its head from a copy, or name it under `ledger` in the study file"
            problem = Problem("file-not-found", f"ledger {study.ledger.address}", what, hint)
            raise InvalidInput(study.path, [problem])


def _notebooks(named: str | Path | None) -> tuple[Path, Path]:
    """Find the notebooks of the report and of the notice, and check their parameters."""
    notebooks = (notebook_path(named or REPORT_NOTEBOOK), notebook_path(NOTICE_NOTEBOOK))
    for notebook in notebooks:
        check_parameters(notebook, dict.fromkeys(("study", "organisation", "wave", "data", "output")))
    return notebooks


def _wave(study: Study, options: RunOptions) -> str:
    """Return the wave to report on; check organisations here if the study lists them itself."""
    wave = chosen_wave(study, options.wave)
    if study.table is not None:
        chosen_organisations(study, wave, options.organisations)
    return wave


def rows_read(study: Study, wave: str) -> dict[str, int]:
    """Count the rows of a wave that were read, kept and set aside."""
    rows = study.disposition(wave).groupby("outcome")["rows"].sum()
    return {outcome: int(rows.get(outcome, 0)) for outcome in ("read", "kept", "set aside")}


def modules_of(notebooks: Iterable[Path], formats: Iterable[str]) -> list[str]:
    """List the modules to import before the first fork: those of notebooks, and format writers."""
    found: set[str] = set()
    for source in (source for notebook in dict.fromkeys(notebooks) for source in code_cells(notebook)):
        try:
            tree = ast.parse(source)
        except SyntaxError:  # a line of IPython's own, or a fault that running the cell will show
            continue
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {name.partition(".")[0] for name in names}
    used = [_WORTH_PRELOADING[name] for name in sorted(found & set(_WORTH_PRELOADING))]
    return [*used, *output_formats.modules_of(formats)]


# A custom notebook, once for each value of a parameter


@dataclass(frozen=True)
class NotebookRun:
    """A run of a user's notebook for several values, with every name and value checked.

    Parameters
    ----------
    study
        Where the values are its organisations; else None.
    given
        The other parameters.
    reads
        Files of a study that is given, though not for its organisations.
    """

    notebook: Path
    folder: Path
    study: Study | None
    given: Mapping[str, Any]
    for_each: str
    values: tuple[Any, ...]
    options: RunOptions
    reads: tuple[Path, ...] = ()

    @property
    def notebooks(self) -> tuple[Path, Path]:
        """The notebook, in the form of `StudyRun`."""
        return self.notebook, self.notebook

    def plan(
        self,
        scratch: Path,
        *,
        mirrored: bool = False,
        writes: bool = True,
        before: Callable[[], object] | None = None,
    ) -> Plan:
        """Determine what is up to date; see `StudyRun.plan`."""
        check_batch_folder(self.folder)
        secret = read_secret(self.folder)
        keys, parts = self._keys(scratch, secret)
        refuse_foreign(self.folder, keys)
        if writes:
            write_secret(self.folder, secret)
        current = up_to_date(self.folder, keys, force=self.options.force)
        jobs = [
            Job(
                name=str(value),
                notebook=str(self.notebook),
                parameters={**self.given, self.for_each: value},
                options=self.options,
                kind=OWN,
                final=str(self.folder / one),
                study=str(scratch / STUDY_FILE) if self.study else "",
                part=str(parts.get(one, "")),
                key=keys[one],
                synthetic=bool(self.study and self.study.synthetic),
            )
            for one, value in zip(keys, self.values, strict=True)
            if one not in current
        ]
        if jobs and before is not None:
            before()
        return Plan(dict(zip(keys, map(str, self.values), strict=True)), current, jobs)

    def _keys(self, scratch: Path, secret: bytes) -> tuple[dict[str, str], dict[str, Path]]:
        """Return folder → cache key, and folder → its organisation's own answers."""
        contents: dict[str, list[bytes]] = {}
        parts: dict[str, Path] = {}
        if self.study is None:
            facts = [
                sha256_of(self.notebook),
                code_hash(),
                platform.python_version(),
                package_versions(),
                [sha256_of(path) for path in self.reads],
            ]
            common = json.dumps(facts)
        else:
            from toolkit.study.study import part_bytes, write_parts

            wave = chosen_wave(self.study, self.given.get("wave"))
            cache = study_cache_keys(
                self.study, secret, wave=wave, notebooks=[self.notebook], formats=["own"]
            )
            common = cache.common
            self.study.check()
            parts = write_parts(self.study, scratch / "parts", [str(one) for one in self.values])
            contents = {one: list(part_bytes(part)) for one, part in parts.items()}
        keys = {}
        for value in self.values:
            made = hashlib.blake2b(key=secret, digest_size=32)
            made.update(json.dumps([common, dict(self.given), value], default=str).encode())
            for content in contents.get(str(value), ()):
                made.update(hashlib.sha256(content).digest())
            keys[folder_name(str(value))] = made.hexdigest()
        return keys, {folder_name(one): part for one, part in parts.items()}


def check_notebook_run(
    notebook: str | Path,
    for_each: str,
    values: Sequence[object] | None,
    parameters: Mapping[str, object],
    options: RunOptions,
    *,
    texts: bool = False,
) -> NotebookRun:
    """Resolve all names and values.

    Raises
    ------
    InvalidInput
        Everything that does not fit, at once.
    """
    checks = Checks()
    checks(options.check, stores=False)
    found = checks(notebook_path, notebook)
    if found is None:
        checks.raise_problems()
        raise RuntimeError("internal error: a failed check was not reported")
    checks(_check_names, found, for_each, parameters)
    read = checks(check_values, found, parameters, texts=texts)
    given, study = dict(read or {}), None
    if read is not None:
        checks(_resolve_study, found, given, needed=for_each == ORGANISATION)
    if for_each == ORGANISATION or Path(str(given.get("study") or "")).is_file():
        study = checks(_study_of, found, given) if read is not None else None
    for name in ("study", "data"):
        if isinstance(given.get(name), str) and Path(given[name]).exists():
            given[name] = str(Path(given[name]).resolve())
    chosen: Sequence[object] | None
    if for_each == ORGANISATION:
        chosen = checks(_organisations, study, given, values) if study else None
    else:
        chosen = checks(_values, found, for_each, values, texts)
    checks(_check_folders, found, for_each, chosen or ())
    checks.raise_problems()
    folder = (Path(options.out) / folder_name(found.stem)).resolve()
    own, reads = (study, ()) if for_each == ORGANISATION else (None, study.input_files if study else ())
    reads = tuple(one.resolve() for one in reads)
    return NotebookRun(found, folder, own, given, for_each, tuple(chosen or ()), options, reads)


def _check_names(notebook: Path, for_each: str, parameters: Mapping[str, object]) -> None:
    """Refuse a varying parameter that the notebook lacks, that is also given, or that is `output`."""
    known, where = taken(notebook), f"for each {for_each}"
    problems = []
    if for_each not in known:
        what = "the notebook's parameters cell does not have it"
        problems.append(Problem("unknown-key", where, what, near_names(for_each, known)))
    if for_each in parameters:
        what = "is given a fixed value but must vary"
        problems.append(Problem("conflict", f"parameter {for_each}", what, "give it one way only"))
    for name, place in ((for_each, where), *((one, f"parameter {one}") for one in parameters)):
        if name == OUTPUT:
            what = "is set by each run to its own folder"
            problems.append(
                Problem("conflict", place, what, "leave it out; --out sets where the folders are")
            )
    if problems:
        raise InvalidInput(notebook.name, problems)


def _organisations(study: Study, given: Mapping[str, Any], values: Sequence[object] | None) -> list[str]:
    return chosen_organisations(study, chosen_wave(study, given.get("wave")), values)  # type: ignore[arg-type]


def _values(notebook: Path, for_each: str, values: Sequence[object] | None, texts: bool) -> list[object]:
    """Return the values of the varying parameter in its type."""
    if for_each not in taken(notebook):
        return []
    if not values:
        hint = f"write --for-each {for_each}=VALUE,VALUE"
        raise InvalidInput(
            notebook.name, [Problem("empty", f"for each {for_each}", "no values are given", hint)]
        )
    checks = Checks()
    read = [checks(check_values, notebook, {for_each: one}, texts=texts) for one in values]
    checks.raise_problems()
    return [one[for_each] for one in read if one is not None]


def _check_folders(notebook: Path, for_each: str, chosen: Sequence[object]) -> None:
    """Refuse values that do not make distinct folder names, since each run has its own folder."""
    problems, taken_by, where = list[Problem](), dict[str, str](), f"for each {for_each}"
    for one in map(str, chosen):
        name = folder_name(one)
        if not re.search(r"\w", one):
            hint = "use at least one letter or digit"
            problems.append(Problem("invalid-name", where, f"the value {one!r} cannot name a folder", hint))
        elif name in (BATCH_FOLDER, FAILED):
            hint = "give another value"
            problems.append(
                Problem("name-taken", where, f"the folder {name} is reserved for the run's own files", hint)
            )
        elif len(name.encode()) > MOST_BYTES:
            hint = f"give values of at most {MOST_BYTES} bytes, and look up the long ones in the notebook"
            problems.append(
                Problem("too-long", where, f"the value {one[:20]!r}… is too long for a folder's name", hint)
            )
        elif name.casefold() in taken_by:
            what = f"the values {taken_by[name.casefold()]!r} and {one!r} share a folder"
            hint = (
                "give each once; differing only in case or in characters not allowed in names is not enough"
            )
            problems.append(Problem("name-taken", where, what, hint))
        taken_by.setdefault(name.casefold(), one)
    if problems:
        raise InvalidInput(notebook.name, problems)


def _resolve_study(notebook: Path, given: dict[str, Any], *, needed: bool) -> None:
    """Find the study by path or shipped name; if it is needed, that of the parameters cell will do."""
    study, default = given.get("study"), taken(notebook).get("study")
    if not study and needed and default is not None and default.kind == "str":
        study = ast.literal_eval(default.default)
    if isinstance(study, str) and study:
        try:
            given["study"] = str(study_path(study))
        except InvalidInput:  # the parameter may be a word of the notebook's own
            if needed:
                raise


def _study_of(notebook: Path, given: Mapping[str, Any]) -> Study:
    if not given.get("study"):
        hint = "name the study file: -p study=my_study/study.yaml"
        what = "the organisations come from a study, which is missing"
        raise InvalidInput(notebook.name, [Problem("missing-argument", "parameter study", what, hint)])
    return open_study(str(given["study"]), given.get("data"))


# What must not be written over

_SIGNS = (MANIFEST, "report.ipynb", "document.json.gz")
"""Every folder made by a run contains one of these, even if damaged."""
_NOTES = (KEY, KNOWN, "log.jsonl", "manifest.jsonl")
_HINT = "move it away or choose another output folder"


def refuse_foreign(folder: Path, names: Iterable[str], *, page: str = "") -> None:
    """Refuse to overwrite files that are not from a run.

    Parameters
    ----------
    folder
        Output folder of the reports.
    names
        Of the reports it is to make.
    page
        A file it writes beside them.

    Raises
    ------
    InvalidInput
        Every folder or file in the way that is not a report.
    """
    problems = [
        Problem(
            "file-exists",
            str(folder / name),
            "exists and is not a report",
            _HINT,
        )
        for name in names
        if not _free(folder / name)
    ]
    if page and os.path.lexists(folder / page) and not _own_page(folder, page):
        problems.append(Problem("file-exists", str(folder / page), "exists and was not made by a run", _HINT))
    if problems:
        raise InvalidInput("output", problems)


def check_batch_folder(folder: Path) -> None:
    """Refuse a folder in which the run's own files are blocked by a file or folder.

    Raises
    ------
    InvalidInput
        Each of them.
    """
    kept, problems = folder / BATCH_FOLDER, list[Problem]()
    if os.path.lexists(kept) and not kept.is_dir():
        problems.append(
            Problem("wrong-path", str(kept), "must be a folder (a run keeps its log there)", _HINT)
        )
    elif kept.is_dir():
        what = "must be a file (a run keeps its own data there)"
        odd = [path for path in sorted(kept.iterdir()) if path.name in _NOTES and not path.is_file()]
        problems += [Problem("wrong-path", str(path), what, _HINT) for path in odd]
    if problems:
        raise InvalidInput("output", problems)


def _free(final: Path) -> bool:
    """Return whether a path is free: absent, an empty folder, or made by a run."""
    if not os.path.lexists(final):
        return True
    if not final.is_dir():
        return False
    return any((final / sign).exists() for sign in _SIGNS) or not any(final.iterdir())


def _own_page(folder: Path, page: str) -> bool:
    """Return whether a page is a run's: its own files are beside it, or it declares itself an index."""
    path = folder / page
    if not path.is_file():
        return False
    return (folder / BATCH_FOLDER).is_dir() or b'id="reports"' in path.read_bytes()
