"""Answers read from the file of any platform: which platform wrote it, its waves, one `Export` out."""

from __future__ import annotations

from pathlib import Path

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.platforms import PLATFORMS, get_platform
from toolkit.platforms.answers import BY_COLUMN, AnswersFile, Condition
from toolkit.platforms.engine import read_platform
from toolkit.platforms.exports import Dialect, Export
from toolkit.platforms.files.opening import kind_of, read_cells, unpacked
from toolkit.platforms.files.sheet import Sheet, without_empty_columns
from toolkit.platforms.matching import unique_sheet
from toolkit.platforms.naming import folder_name, slug
from toolkit.platforms.table import headed, read_table
from toolkit.platforms.vocabulary import plain_number, tidy

_MOST_WAVES = 60


def headings_of_file(entry: AnswersFile, path: str | Path) -> tuple[str, ...]:
    """Return the headings of a file as its platform reads them, repeated ones with a number."""
    sheet = _sheet(entry, Path(path))
    dialect = get_platform(entry.platform).dialect
    spelt = (
        [one for name in sheet.names for one in dialect.spellings(name)]
        if isinstance(dialect, Dialect)
        else []
    )
    return tuple(dict.fromkeys([*sheet.names, *spelt]))


def divided(entry: AnswersFile, path: str | Path) -> tuple[AnswersFile, ...]:
    """Divide an entry by wave, if a column of the file holds the wave of each row.

    The file is opened only where the entry does not list its waves.

    Raises
    ------
    InvalidInput
        Where the file cannot be opened or has no such column, or its cells name no waves.
    """
    told = entry.wave_column
    if told is None or entry.wave != BY_COLUMN:
        return (entry,)
    waves: dict[str, list[str]] = {}
    for cell, wave in told.values.items():
        if wave is not None:
            waves.setdefault(wave, []).append(cell)
    if not told.values:
        waves = _waves_in(entry, told.column, Path(path))
    if not waves:
        raise InvalidInput(
            entry.file, [Problem("empty", "wave → values", "name no wave", "name one for at least one cell")]
        )
    return tuple(
        entry.model_copy(
            update={"wave": wave, "rows": (*entry.rows, Condition(column=told.column, one_of=tuple(cells)))}
        )
        for wave, cells in waves.items()
    )


def _waves_in(entry: AnswersFile, column: str, path: Path) -> dict[str, list[str]]:
    """Map waves to the cells that name them."""
    sheet = _sheet(entry, path)
    dialect = get_platform(entry.platform).dialect
    places = [place for place, name in enumerate(sheet.names) if name == column]
    if not places and isinstance(dialect, Dialect):
        places = [place for place, name in enumerate(sheet.names) if column in dialect.spellings(name)]
    if len(places) != 1:
        hint = near_names(column, sheet.names)
        raise InvalidInput(
            entry.file, [Problem("unknown-column", f"wave: column {column}", "is not in the file", hint)]
        )
    cells = sheet.cells.iloc[:, places[0]].astype(str).map(tidy).unique()
    waves: dict[str, list[str]] = {}
    for cell in sorted(cell for cell in cells if cell):
        waves.setdefault(plain_number(cell), []).append(cell)
    hint = "name another column, or map cells to waves: wave: {column: …, values: {cell: wave}}"
    if len(waves) > _MOST_WAVES:
        what = f"holds {len(waves)} different cells: too many for waves"
        raise InvalidInput(entry.file, [Problem("too-many", f"wave: column {column}", what, hint)])
    wrong = [cell for cell in waves if not folder_name(cell) or cell == "all"]
    if wrong:
        what = f"{wrong[0][:40]!r} cannot name a wave (lower-case letters, digits, '-' and '_')"
        values = f"{{{wrong[0][:40]}: {slug(wrong[0]) or 'w1'}, …}}"
        hint = f"map it: wave: {{column: {column}, values: {values}}}"
        raise InvalidInput(entry.file, [Problem("invalid-name", f"wave: column {column}", what, hint)])
    return waves


def _sheet(entry: AnswersFile, path: Path) -> Sheet:
    dialect = get_platform(entry.platform).dialect
    if isinstance(dialect, Dialect):
        sheet = without_empty_columns(dialect.load(path, entry.file, entry.opening))
    elif dialect is not None:
        sheet = headed(read_cells(path, source=entry.file, how=entry.opening), entry, dialect)
    else:
        raise InvalidInput(entry.file, [_unread(entry.platform)])
    return unique_sheet(sheet)[0]


def platform_of(path: str | Path) -> str:
    """Find the platform that wrote a file, by what only that platform writes.

    Raises
    ------
    InvalidInput
        Where the file cannot be opened, or nothing in it tells.

    Examples
    --------
    >>> platform_of("data_samples/ai_at_work/answers/2026_freelancers_qualtrics.csv")
    'qualtrics'
    """
    path = Path(path)
    data, _ = unpacked(path, path.name)
    kind = kind_of(data)
    told = kind in ("json", "markup", "spss", "stata")
    headings = () if told else read_cells(path, source=path.name).names
    for platform in PLATFORMS.values():
        if platform.recognises(kind, data[:200], headings):
            return platform.name
    what = f"do not tell which platform wrote them (columns: {len(headings):,})"
    raise InvalidInput(
        path.name,
        [Problem("ambiguous", "headings", what, "give the platform, or table with a mapping")],
    )


@typed
def read_answers(
    path: str | Path,
    instrument: Instrument,
    platform: str | None = None,
    *,
    entry: AnswersFile | None = None,
    wave: str = "1",
    strict: bool = True,
) -> Export:
    """Read one file of answers as a platform exported it.

    Parameters
    ----------
    path
        The file.
    instrument
        The questionnaire it answers.
    platform
        Name or alias of one of `PLATFORMS`; by default the entry's, or else found by what only one platform
        writes (`platform_of`).
    entry
        The entry of the study file; left out, the defaults of `AnswersFile`, organisations optional.
    wave
        The wave, where there is no entry.
    strict
        Raise for every problem found; otherwise they are in the export's `problems`.

    Returns
    -------
    Export
        The answers, and the outcome of every row; `toolkit.responses.decode` makes a coded frame of it.

    Raises
    ------
    InvalidInput
        With every problem of the file.

    Examples
    --------
    >>> from toolkit.instrument import load_instrument
    >>> questions = load_instrument("instruments/freelancer.yaml")
    >>> path = "data_samples/ai_at_work/answers/2026_freelancers_qualtrics.csv"
    >>> read_answers(path, questions, "qualtrics", strict=False).platform
    'qualtrics'
    """
    path = Path(path)
    if platform is None:
        platform = entry.platform if entry else platform_of(path)
    found = get_platform(platform)
    source = entry.file if entry else path.name
    if entry and entry.wave == BY_COLUMN:
        hint = "divide the entry first: toolkit.platforms.divided(entry, path) gives one per wave"
        raise InvalidInput(
            source, [Problem("conflict", "wave", "is given per row by a column of the file", hint)]
        )
    dialect = found.dialect
    if isinstance(dialect, Dialect):
        return read_platform(dialect, path, instrument, entry=entry, wave=wave, strict=strict)
    if dialect is None:
        raise InvalidInput(source, [_unread(platform)])
    if entry is None or entry.mapping is None:
        hint = "write one; see docs/your_own_study.md"
        raise InvalidInput(source, [Problem("missing-key", "mapping", "is missing", hint)])
    sheet = read_cells(path, source=source, how=entry.opening)
    return read_table(sheet, path, instrument, entry=entry, dialect=dialect, strict=strict)


def _unread(platform: str) -> Problem:
    able = ", ".join(name for name, one in PLATFORMS.items() if one.dialect)
    return Problem("unsupported", f"platform {platform}", "its files are not read", f"use one of {able}")
