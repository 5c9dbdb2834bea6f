"""The translator's workbook: one row per text and audience, one column per language."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.inputs import LARGEST_MANIFEST, check_archive, read_bytes
from toolkit.instrument.model import Instrument
from toolkit.instrument.translation.texts import texts
from toolkit.system import write_files

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook  # type: ignore[import-untyped]
    from openpyxl.worksheet.worksheet import Worksheet  # type: ignore[import-untyped]

__all__ = ["Sheet", "SheetRow", "read_sheet", "write_sheet"]

_FIXED = ("key", "audience", "kind")
_REMARK = "remark"
_ABOUT = ("instrument", "version", "from", "to")
_WIDTHS = {"key": 32, "audience": 12, "kind": 18, _REMARK: 30}
_LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"


@dataclass(frozen=True)
class SheetRow:
    """A row of a sheet: its place, key and audience, and its words by language as typed."""

    number: int
    key: str
    audience: str
    words: Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """A translation sheet: its instrument and version, its languages, and its rows."""

    name: str
    instrument: str
    version: str
    source: str
    targets: tuple[str, ...]
    rows: tuple[SheetRow, ...]


def write_sheet(
    instrument: Instrument, path: str | Path, *, to: Sequence[str], source: str | None = None
) -> Path:
    """Write the translation sheet of an instrument.

    Parameters
    ----------
    instrument
        The instrument.
    path
        Path of the workbook (.xlsx). An existing file is never replaced.
    to
        Languages to translate into, such as "fr" or "pt-BR". Words that are there already are filled in.
    source
        The language to translate from; None takes the instrument's first.

    Returns
    -------
    Path
        The workbook.

    Raises
    ------
    InvalidInput
        A language the instrument is not written in, a target that is no language or is the source, a file
        that exists: every problem at once.

    Examples
    --------
    >>> write_sheet(instrument, "fr.xlsx", to=["fr"])  # doctest: +SKIP
    PosixPath('fr.xlsx')
    """
    path = Path(path)
    source = source or instrument.languages[0]
    problems = list(_refusals(instrument, path, to, source))
    if problems:
        raise InvalidInput("translate out", problems)
    held = io.BytesIO()
    _workbook(instrument, source, list(to)).save(held)
    (written,) = write_files(path.parent, {path.name: held.getvalue()})
    return written


def _refusals(instrument: Instrument, path: Path, targets: Sequence[str], source: str) -> Iterator[Problem]:
    if source not in instrument.languages:
        hint = near_names(source, instrument.languages)
        yield Problem("unknown-language", "from", f"the instrument is not written in '{source}'", hint)
    if not targets:
        yield Problem("empty", "to", "no language is given", "name one, such as fr")
    for number, target in enumerate(targets):
        if not re.fullmatch(_LANGUAGE, target):
            yield Problem(
                "unknown-language", "to", f"'{target}' is not a language code", "write it like fr or pt-BR"
            )
        if target == source:
            yield Problem("duplicate", "to", f"'{target}' is the language to translate from", "name another")
        if target in targets[:number]:
            yield Problem("duplicate", "to", f"'{target}' is named twice", "name it once")
    if path.suffix.lower() != ".xlsx":
        yield Problem("unsupported-format", str(path), "is not the name of a workbook", "let it end in .xlsx")
    elif path.exists():
        hint = "give another name: a sheet somebody works in is not written over"
        yield Problem("file-exists", str(path), "exists already", hint)


def _workbook(instrument: Instrument, source: str, targets: list[str]) -> Workbook:
    from openpyxl import Workbook  # type: ignore[import-untyped]
    from openpyxl.styles import Alignment, Font  # type: ignore[import-untyped]

    book = Workbook()
    sheet: Worksheet = book.active
    sheet.title = "texts"
    heading = [*_FIXED, source, *targets, _REMARK]
    rows = [
        [one.key, one.audience, one.kind, *(one.words.get(name, "") for name in (source, *targets)), ""]
        for one in texts(instrument)
    ]
    _fill(sheet, [heading, *rows])
    for cells in sheet.iter_rows():
        for cell in cells:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = _WIDTHS.get(str(cell.value), 60)
    sheet.freeze_panes = "A2"
    about = book.create_sheet("about")
    said = (instrument.id, instrument.version, source, " ".join(targets))
    _fill(about, [list(pair) for pair in zip(_ABOUT, said, strict=True)])
    return book


def _fill(sheet: Worksheet, rows: Sequence[Sequence[str]]) -> None:
    """Write texts as texts: one that begins with = is not a formula."""
    for number, row in enumerate(rows, start=1):
        for place, words in enumerate(row, start=1):
            if words:
                cell = sheet.cell(number, place)
                cell.value = words
                cell.data_type = "s"


def read_sheet(path: str | Path) -> Sheet:
    """Read a translation sheet.

    Parameters
    ----------
    path
        The workbook.

    Returns
    -------
    Sheet
        What it says it is of, and its rows; blank cells are blank words. Nothing is compared yet.

    Raises
    ------
    InvalidInput
        No such file, no workbook, no sheet of ours, headings that were changed, formulas in cells.

    Examples
    --------
    >>> read_sheet("fr.xlsx").targets  # doctest: +SKIP
    ('fr',)
    """
    path = Path(path)
    book = _opened(path)
    try:
        missing = [name for name in ("texts", "about") if name not in book.sheetnames]
        if missing:
            what = f"it has no sheet '{missing[0]}', which every translator's sheet has"
            hint = "give the workbook that survey-toolkit translate out wrote"
            raise InvalidInput(path, [Problem("wrong-file", path.name, what, hint)])
        about = _about(path, book["about"])
        targets = tuple(about["to"].split())
        rows = tuple(_rows(path, book["texts"], about["from"], targets))
    finally:
        book.close()
    return Sheet(path.name, about["instrument"], about["version"], about["from"], targets, rows)


_MOST_CELLS = 1_000_000
"""Cells of one sheet of a translator's workbook, those between them counted."""


def _opened(path: Path) -> Workbook:
    from openpyxl import load_workbook

    try:
        held = io.BytesIO(read_bytes(path, most=LARGEST_MANIFEST))
        with ZipFile(held) as archive:
            check_archive(archive, most=LARGEST_MANIFEST)
        book: Workbook = load_workbook(held)
        rows = max((sheet.max_row * sheet.max_column for sheet in book.worksheets), default=0)
        if rows <= _MOST_CELLS:
            return book
        what = f"has cells far below or beside the others (more than {_MOST_CELLS:,} cells)"
        problem = Problem(
            "too-large", str(path), what, "delete the blank rows and columns after the last text"
        )
    except OSError as fault:
        problem = Problem(
            "unreadable-file", str(path), f"cannot be read: {fault.strerror or fault}", "check the path"
        )
    except Exception:  # noqa: BLE001 - openpyxl raises whatever a damaged part leads it to
        problem = Problem(
            "unsupported-format", str(path), "is not a workbook", "give the .xlsx the translator sent back"
        )
    raise InvalidInput(path, [problem])


def _about(path: Path, sheet: Worksheet) -> dict[str, str]:
    found = {_typed(row[0]): _typed(row[1]) for row in sheet.iter_rows(max_col=2) if len(row) == 2}
    absent = [name for name in _ABOUT if not found.get(name)]
    if absent:
        hint = "take the sheet 'about' from the workbook that was written out"
        what = f"{', '.join(absent)} is not said"
        raise InvalidInput(path, [Problem("missing-value", f"{path.name}, sheet about", what, hint)])
    return found


def _rows(path: Path, sheet: Worksheet, source: str, targets: tuple[str, ...]) -> Iterator[SheetRow]:
    lines = sheet.iter_rows()
    heading = [_typed(cell) for cell in next(lines, ())]
    wanted = [*_FIXED, source, *targets]
    if heading[: len(wanted)] != wanted:
        what = f"the headings are {', '.join(heading) or 'not there'}"
        hint = f"put them back: {', '.join(wanted)}"
        raise InvalidInput(path, [Problem("missing-column", f"{path.name}, row 1", what, hint)])
    formulas = []
    for number, cells in enumerate(lines, start=2):
        typed = [_typed(cell) for cell in cells[: len(wanted)]]
        if not any(typed):
            continue
        for cell, name in zip(cells, wanted, strict=False):
            if cell.data_type == "f":
                where = f"{path.name}, row {number}, column {name}"
                formulas.append(
                    Problem("unreadable-cell", where, "contains a formula", "type the words themselves")
                )
        words = dict(zip(wanted[3:], typed[3:], strict=True))
        yield SheetRow(number, typed[0], typed[1], words)
    if formulas:
        raise InvalidInput(path, formulas)


def _typed(cell: Any) -> str:
    return "" if cell.value is None else str(cell.value).strip()
