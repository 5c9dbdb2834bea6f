"""One module per platform: its export file in, one `Export` out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.platforms.answers import BY_COLUMN, AnswersFile, PlatformName
from toolkit.platforms.exports import Export
from toolkit.platforms.files.sheet import Sheet, without_empty_columns
from toolkit.platforms.forms import read_google_forms, read_microsoft_forms, read_surveymonkey
from toolkit.platforms.limesurvey.reading import LIMESURVEY, read_limesurvey
from toolkit.platforms.mapping import Condition
from toolkit.platforms.matching import unique_sheet
from toolkit.platforms.naming import folder_name, slug
from toolkit.platforms.odk.reading import ODK, read_odk
from toolkit.platforms.platform import Platform
from toolkit.platforms.qualtrics.reading import QUALTRICS, read_qualtrics
from toolkit.platforms.redcap import REDCAP, read_redcap
from toolkit.platforms.statistical_reading import SPSS, STATA, read_spss, read_stata
from toolkit.platforms.surveyjs.reading import PREVIEW, SURVEYJS, read_preview, read_surveyjs
from toolkit.platforms.table import load_table, read_table
from toolkit.platforms.vocabulary import plain_number, tidy

__all__ = [
    "READERS",
    "divided",
    "headings_of_file",
    "read_answers",
    "read_google_forms",
    "read_limesurvey",
    "read_microsoft_forms",
    "read_odk",
    "read_preview",
    "read_qualtrics",
    "read_redcap",
    "read_spss",
    "read_stata",
    "read_surveyjs",
    "read_surveymonkey",
    "read_table",
]

READERS: Mapping[PlatformName, Callable[..., Export]] = {
    "limesurvey": read_limesurvey,
    "qualtrics": read_qualtrics,
    "surveymonkey": read_surveymonkey,
    "googleforms": read_google_forms,
    "microsoftforms": read_microsoft_forms,
    "odk": read_odk,
    "redcap": read_redcap,
    "spss": read_spss,
    "stata": read_stata,
    "surveyjs": read_surveyjs,
    "preview": read_preview,
    "table": read_table,
}
"""Platform, as a study file names it → its reader."""


_SHEETS: Mapping[str, Platform] = {
    platform.name: platform
    for platform in (LIMESURVEY, QUALTRICS, ODK, REDCAP, SPSS, STATA, SURVEYJS, PREVIEW)
}
_MOST_WAVES = 60


def headings_of_file(entry: AnswersFile, path: str | Path) -> tuple[str, ...]:
    """The headings of a file, numbered where they stand again, and what its platform reads in them."""
    sheet = _sheet(entry, Path(path))
    platform = _SHEETS.get(entry.platform)
    spelt = [one for name in sheet.names for one in platform.spellings(name)] if platform else []
    return tuple(dict.fromkeys([*sheet.names, *spelt]))


def divided(entry: AnswersFile, path: str | Path) -> tuple[AnswersFile, ...]:
    """One entry per wave, where a column of the file says the wave of each row; else the entry itself.

    The file is opened only where the entry does not say which waves it holds.

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
            entry.file, [Problem("empty", "wave → values", "name no wave", "name one for a cell at least")]
        )
    return tuple(
        entry.model_copy(
            update={"wave": wave, "rows": (*entry.rows, Condition(column=told.column, one_of=tuple(cells)))}
        )
        for wave, cells in waves.items()
    )


def _waves_in(entry: AnswersFile, column: str, path: Path) -> dict[str, list[str]]:
    """Wave → the cells that name it."""
    sheet = _sheet(entry, path)
    platform = _SHEETS.get(entry.platform)
    places = [place for place, name in enumerate(sheet.names) if name == column]
    if not places and platform:
        places = [place for place, name in enumerate(sheet.names) if column in platform.spellings(name)]
    if len(places) != 1:
        hint = near_names(column, sheet.names)
        raise InvalidInput(
            entry.file, [Problem("unknown-column", f"wave: column {column}", "is not in the file", hint)]
        )
    cells = sheet.cells.iloc[:, places[0]].astype(str).map(tidy).unique()
    waves: dict[str, list[str]] = {}
    for cell in sorted(cell for cell in cells if cell):
        waves.setdefault(plain_number(cell), []).append(cell)
    hint = "name another column, or say which cells are which wave: wave: {column: …, values: {cell: wave}}"
    if len(waves) > _MOST_WAVES:
        what = f"holds {len(waves)} different cells: too many for waves"
        raise InvalidInput(entry.file, [Problem("too-many", f"wave: column {column}", what, hint)])
    wrong = [cell for cell in waves if not folder_name(cell) or cell == "all"]
    if wrong:
        what = f"{wrong[0][:40]!r} cannot name a wave (lower-case letters, digits, '-' and '_')"
        values = f"{{{wrong[0][:40]}: {slug(wrong[0]) or 'w1'}, …}}"
        hint = f"say what it is: wave: {{column: {column}, values: {values}}}"
        raise InvalidInput(entry.file, [Problem("invalid-name", f"wave: column {column}", what, hint)])
    return waves


def _sheet(entry: AnswersFile, path: Path) -> Sheet:
    platform = _SHEETS.get(entry.platform)
    if platform is None:
        sheet = load_table(path, entry)
    else:
        sheet = without_empty_columns(platform.load(path, entry.file, entry.opening))
    return unique_sheet(sheet)[0]


def read_answers(
    entry: AnswersFile, path: str | Path, instrument: Instrument, *, strict: bool = True
) -> Export:
    """Read one file with its platform's reader.

    Parameters
    ----------
    strict
        Raise for every problem found; otherwise they stand in the export's `problems`.

    Raises
    ------
    InvalidInput
        With every problem of the file.
    """
    if entry.wave == BY_COLUMN:
        hint = "divide the entry first: toolkit.responses.divided(entry, path) gives one per wave"
        raise InvalidInput(entry.file, [Problem("conflict", "wave", "is said by a column of the file", hint)])
    return READERS[entry.platform](Path(path), instrument, entry=entry, strict=strict)
