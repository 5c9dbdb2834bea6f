"""Loading of a study file and everything it names, with all problems at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from toolkit.disclosure.policy import Policy, load_policy
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.findings import load_findings
from toolkit.inputs import is_file, is_folder
from toolkit.instrument import Instrument, load_instrument, load_instruments
from toolkit.instrument.loader import files_of
from toolkit.instrument.strict import checked
from toolkit.instrument.yaml_loader import read_document
from toolkit.platforms import divided
from toolkit.platforms.answers import AnswersFile
from toolkit.responses.organisations import read_organisations
from toolkit.shipped import study_path
from toolkit.study.earlier import wave_instruments
from toolkit.study.file import StudyFile, methods_of, misfits
from toolkit.study.study import Study

__all__ = ["load_study"]


def load_study(path: str | Path, *, data: str | Path | None = None) -> Study:
    """Load a study file and everything it names, except the answers, which are read when first needed.

    Parameters
    ----------
    path
        The study file (YAML), the folder that holds it as study.yaml, or the name of a shipped study
        ("ai_at_work").
    data
        Another folder in which the answer files lie, for data that is not kept beside the study; of a study
        with one file of answers, that file itself, whatever it is called.

    Raises
    ------
    InvalidInput
        Every problem of the study file, the instruments, the organisations table and of what is not there.

    Examples
    --------
    >>> load_study("ai_at_work").waves
    ('2025', '2026')
    """
    path = study_path(path)
    written = checked(StudyFile, read_document(path))
    folder = path.parent
    problems: list[Problem] = []
    instrument = _instrument(written, folder, problems)
    policy = _policy(written, problems)
    places = _answer_places(written, folder, data, problems)
    problems += _files_missing(written, folder, places)
    written, places = _by_wave(written, places, problems)
    waves = _waves(written, problems)
    earlier = wave_instruments(written.wave_instruments, folder, waves, instrument, problems)
    problems += _findings_problems(written, folder)
    table = None
    if instrument is not None:
        problems += misfits(written, instrument)
        table = _organisations(written, folder, tuple(instrument.audiences), waves, problems)
    if problems or instrument is None:
        raise InvalidInput(path, problems)
    return Study(
        id=written.id,
        title=written.title,
        synthetic=written.synthetic,
        path=path,
        folder=folder,
        language=written.brand.language or written.language,
        instrument=instrument,
        waves=waves,
        policy=policy,
        margin=written.margin,
        level=written.level,
        primary=written.primary,
        benchmarks_path=folder / written.benchmarks if written.benchmarks else None,
        brand=written.brand,
        methods=methods_of(written, instrument),
        seed=written.seed,
        data_source=written.data_source,
        input_files=(path, *_files_read(written, folder), *dict.fromkeys(places)),
        answers=tuple(_with_manifest(entry, folder) for entry in written.answers),
        answer_paths=tuple(places),
        table=table,
        organisations_path=folder / written.organisations if written.organisations else None,
        wave_instruments=earlier,
    )


def _by_wave(written: StudyFile, places: list[Path], problems: list[Problem]) -> tuple[StudyFile, list[Path]]:
    """Return one entry per wave for files that hold several."""
    entries: list[AnswersFile] = []
    paths: list[Path] = []
    for entry, path in zip(written.answers, places, strict=True):
        found: tuple[AnswersFile, ...] = ()
        try:
            found = divided(entry, path) if is_file(path) else ()
        except InvalidInput as error:
            problems += _named(error, f"answers: {entry.file}")
        entries += found
        paths += [path] * len(found)
    return written.model_copy(update={"answers": tuple(entries)}), paths


def _files_read(written: StudyFile, folder: Path) -> Iterator[Path]:
    own = [name for wave in written.wave_instruments.values() for name in wave.files]
    named = (written.instrument, *written.instruments.values(), *own)
    yield from files_of(folder / name for name in named if name)
    brand = written.brand
    for name in (written.organisations, written.benchmarks, brand.logo, *brand.templates.values()):
        if name:
            yield folder / name
    for name in dict.fromkeys(entry.manifest for entry in written.answers):
        if name:
            yield folder / name


def _with_manifest(entry: AnswersFile, folder: Path) -> AnswersFile:
    """Resolve the manifest's path, because a reader does not know the study's folder."""
    if entry.manifest is None:
        return entry
    return entry.model_copy(update={"manifest": str(folder / entry.manifest)})


def _named(error: InvalidInput, source: str) -> Iterator[Problem]:
    return (replace(problem, where=f"{source}, {problem.where}") for problem in error.problems)


def _findings_problems(written: StudyFile, folder: Path) -> Iterator[Problem]:
    if written.benchmarks and is_file(folder / written.benchmarks):
        try:
            load_findings(folder / written.benchmarks)
        except InvalidInput as error:
            yield from _named(error, f"benchmarks: {written.benchmarks}")


def _instrument(written: StudyFile, folder: Path, problems: list[Problem]) -> Instrument | None:
    try:
        if written.instrument is not None:
            return load_instrument(folder / written.instrument)
        return load_instruments({audience: folder / name for audience, name in written.instruments.items()})
    except InvalidInput as error:
        problems += error.problems  # each names its file
        return None


def _policy(written: StudyFile, problems: list[Problem]) -> Policy:
    try:
        return load_policy(written.policy)
    except InvalidInput as error:
        problems += error.problems
        return Policy()


def _waves(written: StudyFile, problems: list[Problem]) -> tuple[str, ...]:
    used = sorted({entry.wave for entry in written.answers})
    if "all" in used:
        problems.append(
            Problem(
                "name-taken",
                "answers → wave",
                "'all' is reserved for all waves",
                "give the wave another name",
            )
        )
    if not written.waves:
        return tuple(used)
    for wave in sorted(set(used) - set(written.waves)):
        problems.append(
            Problem("unknown-wave", f"waves → {wave}", "has answers but is not listed", "list it")
        )
    for wave in sorted(set(written.waves) - set(used)):
        problems.append(
            Problem("no-answers", f"waves → {wave}", "is listed but has no answers", near_names(wave, used))
        )
    for wave in dict.fromkeys(wave for wave in written.waves if written.waves.count(wave) > 1):
        problems.append(Problem("duplicate", f"waves → {wave}", "occurs twice", "list it once"))
    return written.waves


def _organisations(
    written: StudyFile,
    folder: Path,
    audiences: tuple[str, ...],
    waves: tuple[str, ...],
    problems: list[Problem],
) -> pd.DataFrame | None:
    if not written.organisations or not is_file(folder / written.organisations):
        return None
    try:
        return read_organisations(folder / written.organisations, audiences=audiences, waves=waves)
    except InvalidInput as error:
        problems += _named(error, written.organisations)
        return None


def _answer_places(
    written: StudyFile, folder: Path, data: str | Path | None, problems: list[Problem]
) -> list[Path]:
    """Find each answer file; a missing data folder is reported once, not once per file."""
    if data is not None and is_file(data) and len(written.answers) == 1:
        return [Path(data)]
    if data is not None and not is_folder(data):
        what = "is not a folder" if is_file(data) else "is not there"
        hint = f"name the folder in which the answer files lie{_source(written)}"
        problems.append(
            Problem("wrong-path" if is_file(data) else "file-not-found", f"data: {data}", what, hint)
        )
        data = None
    return [_answers_path(entry, folder, data) for entry in written.answers]


def _answers_path(entry: AnswersFile, folder: Path, data: str | Path | None) -> Path:
    if data is None:
        return folder / entry.file
    named, flat = Path(data) / entry.file, Path(data) / Path(entry.file).name
    return flat if is_file(flat) and not is_file(named) else named


def _files_missing(written: StudyFile, folder: Path, places: list[Path]) -> Iterator[Problem]:
    for key in ("organisations", "benchmarks"):
        name = getattr(written, key)
        if name and not is_file(folder / name):
            yield Problem("file-not-found", f"{key}: {name}", "is not there", _beside(folder / name))
    if written.brand.logo:
        logo = folder / written.brand.logo
        if not is_file(logo):
            yield Problem(
                "file-not-found", f"brand → logo: {written.brand.logo}", "is not there", _beside(logo)
            )
        elif logo.suffix.lower() not in (".png", ".svg", ".jpg", ".jpeg"):
            yield Problem(
                "unsupported-format",
                f"brand → logo: {written.brand.logo}",
                "is not an image",
                "give a PNG, SVG or JPEG",
            )
    for form, template in written.brand.templates.items():
        if not is_file(folder / template):
            yield Problem(
                "file-not-found",
                f"brand → template_{form}: {template}",
                "is not there",
                _beside(folder / template),
            )
        elif Path(template).suffix.lower() != f".{form}":
            hint = f"save it as .{form} from the program it was made with"
            yield Problem(
                "unsupported-format", f"brand → template_{form}: {template}", f"is not a .{form} file", hint
            )
    for entry, answers in zip(written.answers, places, strict=True):
        if is_folder(answers):
            yield Problem("wrong-path", f"answers: {entry.file}", "is a folder", "name the file in it")
        elif not is_file(answers):
            yield Problem(
                "file-not-found",
                f"answers: {entry.file}",
                "is not there",
                _beside(answers) + _source(written),
            )
    for entry in written.answers:
        if entry.manifest and not is_file(folder / entry.manifest):
            place = f"answers: {entry.file} → manifest: {entry.manifest}"
            yield Problem("file-not-found", place, "is not there", _beside(folder / entry.manifest))
    said = [entry.model_dump_json(exclude={"file"}) for entry in written.answers]
    twice = pd.Series(zip(map(str, places), said, strict=True)).value_counts()
    for (name, _), times in twice[twice > 1].items():
        hint = "list it once, or select rows in each entry: rows: [{column: …, equals: …}]"
        yield Problem(
            "duplicate", f"answers: {Path(name).name}", f"is listed {times} times in the same words", hint
        )


def _source(written: StudyFile) -> str:
    return f". The data is to be had here: {written.data_source}" if written.data_source else ""


def _beside(path: Path) -> str:
    if not is_folder(path.parent):
        return f"folder '{path.parent.name}' not found either; check the path"
    beside = sorted(other.name for other in path.parent.iterdir() if not other.name.startswith("."))
    return near_names(path.name, beside) if beside else f"the folder '{path.parent.name}' is empty"
