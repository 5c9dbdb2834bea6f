"""The translator's sheet: export, check, import."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zipfile import ZipFile

import yaml

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.inputs import LARGEST_MANIFEST, check_archive, read_bytes
from toolkit.instrument.lint_rules import NEGATED, NEGATION
from toolkit.instrument.model import Instrument
from toolkit.system import write_files

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook  # type: ignore[import-untyped]
    from openpyxl.worksheet.worksheet import Worksheet  # type: ignore[import-untyped]

# Every text of an instrument that people read, each with a unique key.


Words = dict[str, str]


@dataclass(frozen=True)
class Text:
    """A text: its key, audience ("all" for everyone), kind, and words by language."""

    key: str
    audience: str
    kind: str
    words: Mapping[str, str]


def texts(instrument: Instrument) -> tuple[Text, ...]:
    """List every text of an instrument, in questionnaire order.

    Parameters
    ----------
    instrument
        An instrument.

    Returns
    -------
    tuple[Text, ...]
        Titles, questions, rows, short names, answers and labels. A key and an audience occur once.

    Examples
    --------
    >>> texts(instrument)[0].key
    'title'
    """
    return tuple(
        Text(key, audience, kind, dict(words)) for key, audience, kind, words in wordings(plain(instrument))
    )


def plain(instrument: Instrument) -> dict[str, Any]:
    """Convert an instrument to plain data without its defaults."""
    made: dict[str, Any] = instrument.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return made


def wordings(data: dict[str, Any]) -> Iterator[tuple[str, str, str, Words]]:
    """Yield key, audience, kind and words of every text of an instrument, given as plain data."""
    yield "title", "all", "title", data["title"]
    for section in data["sections"]:
        yield f"sections/{section['id']}", "all", "heading", section["title"]
    for item in data["items"]:
        yield from _item(item)
    for name, scale in data["scales"].items():
        for option in scale["options"]:
            yield f"scales/{name}/{option['code']}", "all", "answer", option["label"]
        for box in ("top_label", "bottom_label"):
            if scale.get(box):
                yield f"scales/{name}/{box}", "all", "name of answers in reports", scale[box]
    for name, missing in data["missing"].items():
        yield f"missing/{name}", "all", "answer", missing["label"]
    for name, audience in data["audiences"].items():
        for part in ("label", "plural"):
            yield f"audiences/{name}/{part}", "all", "name of an audience", audience[part]
    for name, theme in data["themes"].items():
        yield f"themes/{name}", "all", "theme in reports", theme
    for name, score in data.get("scores", {}).items():
        yield f"scores/{name}", "all", "name of a score in reports", score["label"]
    for name, words in data.get("texts", {}).items():
        if words:
            yield f"texts/{name}", "all", "text", words


def _item(item: dict[str, Any]) -> Iterator[tuple[str, str, str, Words]]:
    key = f"items/{item['id']}"
    for audience, words in item["text"].items():
        yield f"{key}/text", audience, "question", words
    for audience, words in item.get("help", {}).items():
        yield f"{key}/help", audience, "help", words
    if item.get("short"):
        yield f"{key}/short", "all", "name in reports", item["short"]
    if item.get("discuss"):
        yield f"{key}/discuss", "all", "question for leaders", item["discuss"]
    for row in item.get("rows", ()):
        for audience, words in row["text"].items():
            yield f"{key}/rows/{row['id']}/text", audience, "statement", words
        if row.get("short"):
            yield f"{key}/rows/{row['id']}/short", "all", "name in reports", row["short"]
    for option in item.get("options", ()):
        yield f"{key}/options/{option['code']}", "all", "answer", option["label"]


PIPE = re.compile(r"\{([a-z_]+)\}")
"""A word in braces that something fills in, such as {organisation}."""


def filled(instrument: Instrument, values: Mapping[str, str | Mapping[str, str]]) -> Instrument:
    """Put values into the words in braces: {"organisation": "Acme"} makes "at {organisation}" "at Acme".

    Parameters
    ----------
    instrument
        An instrument.
    values
        Word in braces → a name, or words per language, which begin a text with a capital. Others stay.

    Returns
    -------
    Instrument
        The same instrument where it holds none of them.
    """
    data = plain(instrument)
    asked = [words for *_, words in wordings(data)]
    if (
        not {name for words in asked for text in words.values() for name in PIPE.findall(text)}
        & values.keys()
    ):
        return instrument
    for words in asked:
        for language, text in words.items():
            written = {
                name: one if isinstance(one, str) else one.get(language, f"{{{name}}}")
                for name, one in values.items()
            }
            start = PIPE.match(text)
            if start and not isinstance(values.get(start[1], ""), str):
                text = written[start[1]][:1].upper() + written[start[1]][1:] + text[start.end() :]
            for name, one in written.items():
                text = text.replace(f"{{{name}}}", one)
            words[language] = text
    return Instrument.model_validate(data)


# Writer of an instrument as one complete YAML file.


_ORDER = (
    *("id", "version", "title", "languages", "texts", "audiences", "themes", "missing", "scales"),
    *("sections", "items", "scores"),
)


class _Plain(yaml.SafeDumper):
    """YAML dumper for our loader: no aliases, lists indented below their key."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def write_instrument(instrument: Instrument, path: str | Path) -> Path:
    """Write an instrument as one file that needs no bank.

    Parameters
    ----------
    instrument
        The instrument, of one audience or several.
    path
        Path of the file (.yaml). An existing file is never replaced.

    Returns
    -------
    Path
        The file; `load_instrument` gives the same instrument back.

    Raises
    ------
    InvalidInput
        A name that does not end in .yaml or .yml, or a file that is there already.

    Examples
    --------
    >>> write_instrument(instrument, "all.yaml")
    PosixPath('all.yaml')
    """
    path = Path(path)
    if path.suffix.lower() not in (".yaml", ".yml"):
        problem = Problem(
            "unsupported-format",
            str(path),
            "is not the name of an instrument file",
            "use a name that ends in .yaml",
        )
        raise InvalidInput("instrument", [problem])
    if path.exists():
        problem = Problem(
            "file-exists", str(path), "exists already", "give another name: nothing is written over"
        )
        raise InvalidInput("instrument", [problem])
    data = plain(instrument)
    ordered = {name: data[name] for name in _ORDER if name in data}
    text = yaml.dump(ordered, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)
    (written,) = write_files(path.parent, {path.name: text})
    return written


# The translator's workbook: one row per text and audience, one column per language.


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
        A language in which the instrument is not written, a target that is not a language or is the source, a
        file that exists: every problem at once.

    Examples
    --------
    >>> write_sheet(instrument, "fr.xlsx", to=["fr"])
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
        hint = "give another name: a sheet in use is not overwritten"
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
    text = (instrument.id, instrument.version, source, " ".join(targets))
    _fill(about, [list(pair) for pair in zip(_ABOUT, text, strict=True)])
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
        Its stated origin, and its rows; blank cells are blank words. Nothing is compared yet.

    Raises
    ------
    InvalidInput
        No such file, no workbook, no sheet of ours, headings that were changed, formulas in cells.

    Examples
    --------
    >>> sheet = write_sheet(instrument, "sheet.xlsx", to=["fr"])
    >>> read_sheet(sheet).targets
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
        what = f"{', '.join(absent)} is missing"
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


# Checks of a translation sheet against its instrument, and import of its languages.


_PLACEHOLDER = re.compile(r"\{[^{}]*\}|<[^<>]+>|%\w")


def placeholders(words: str) -> Counter[str]:
    """Count placeholders and markup in a text: {…}, <…> and %s.

    Examples
    --------
    >>> sorted(placeholders("Dear {name}, <b>{name}</b>").items())
    [('</b>', 1), ('<b>', 1), ('{name}', 2)]
    """
    return Counter(_PLACEHOLDER.findall(words))


def check_sheet(sheet: Sheet, instrument: Instrument) -> tuple[Problem, ...]:
    """List what is missing or changed in a translation sheet.

    Parameters
    ----------
    sheet
        The sheet as it came back.
    instrument
        The instrument it was made from.

    Returns
    -------
    tuple[Problem, ...]
        Another instrument or version; rows that are gone, given twice or belong to nothing; words of the
        source language that are not the instrument's any more; words not translated yet; placeholders that
        were lost or made up. Empty where the sheet can be brought in.
    """
    other = tuple(_other(sheet, instrument))
    if other:
        return other
    known = {(one.key, one.audience): one for one in texts(instrument)}
    return (*_changed_rows(sheet, known), *_cells(sheet, known))


def translated(sheet: Sheet, instrument: Instrument) -> Instrument:
    """Add the languages of a sheet to an instrument.

    Parameters
    ----------
    sheet, instrument
        As for `check_sheet`.

    Returns
    -------
    Instrument
        The same instrument, written in the sheet's languages too.

    Raises
    ------
    InvalidInput
        Whatever `check_sheet` finds, including texts without words: a language is imported whole or not.

    Examples
    --------
    >>> bilingual = tk.load_instrument("core")
    >>> sheet = write_sheet(bilingual, "core.xlsx", to=["fr"])
    >>> translated(read_sheet(sheet), bilingual).languages
    ('en', 'fr')
    """
    problems = check_sheet(sheet, instrument)
    if problems:
        raise InvalidInput(sheet.name, problems)
    given = {(row.key, row.audience): row.words for row in sheet.rows}
    data = plain(instrument)
    for key, audience, _, words in wordings(data):
        words.update({name: given[key, audience][name] for name in sheet.targets})
    data["languages"] = list(dict.fromkeys((*instrument.languages, *sheet.targets)))
    return Instrument.model_validate(data)


def _other(sheet: Sheet, instrument: Instrument) -> Iterator[Problem]:
    where = f"{sheet.name}, sheet about"
    if sheet.instrument != instrument.id:
        what = f"the sheet is of instrument '{sheet.instrument}', and this is '{instrument.id}'"
        yield Problem("wrong-instrument", where, what, "give the instrument it was made from")
    elif sheet.version != instrument.version:
        what = f"the sheet is of version {sheet.version}, and the instrument is {instrument.version}"
        yield Problem(
            "changed-text", where, what, "export a sheet of this version; existing translations are filled in"
        )
    if sheet.source not in instrument.languages:
        what = f"it is translated from '{sheet.source}', in which the instrument is not written"
        yield Problem("unknown-language", where, what, near_names(sheet.source, instrument.languages))


def _changed_rows(sheet: Sheet, known: dict[tuple[str, str], Text]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], int] = {}
    keys = list(dict.fromkeys(key for key, _ in known))
    for row in sheet.rows:
        here = (row.key, row.audience)
        where = f"{sheet.name}, row {row.number}"
        if here not in known and row.key in keys:
            audiences = [audience for key, audience in known if key == row.key]
            what = f"'{row.key}' has no words for audience '{row.audience}'"
            yield Problem("unknown-audience", where, what, f"put back what was there: {', '.join(audiences)}")
        elif here not in known:
            yield Problem(
                "unknown-name", where, f"the instrument has no text '{row.key}'", near_names(row.key, keys)
            )
        elif here in seen:
            what = f"'{row.key}' for {row.audience} duplicates row {seen[here]}"
            yield Problem("duplicate", where, what, "keep one of them")
        seen.setdefault(here, row.number)
    for key, audience in known:
        if (key, audience) not in seen:
            what = f"the row of '{key}' for {audience} is missing"
            yield Problem("missing-value", f"{sheet.name}", what, "put it back, or write the sheet out again")


def _cells(sheet: Sheet, known: dict[tuple[str, str], Text]) -> Iterator[Problem]:
    for row in sheet.rows:
        text = known.get((row.key, row.audience))
        if text is None:
            continue
        where = f"{sheet.name}, row {row.number} ({row.key}, {row.audience}), column"
        if row.words[sheet.source] != text.words[sheet.source].strip():
            what = f"the text differs from the instrument's, which reads {_cut(text.words[sheet.source])}"
            hint = "put them back and look at the translation again, or write the sheet out again"
            yield Problem("changed-text", f"{where} {sheet.source}", what, hint)
        for target in sheet.targets:
            yield from _translation(f"{where} {target}", row, text, sheet.source, target)


def _translation(where: str, row: SheetRow, text: Text, source: str, target: str) -> Iterator[Problem]:
    words = row.words[target]
    if not words:
        yield Problem(
            "not-translated", where, f"not translated: {_cut(text.words[source])}", "write the translation"
        )
        return
    lost = {source, target} == {"en", "fr"} and text.kind in ("question", "statement")
    if lost and NEGATION[source].search(text.words[source]) and not NEGATED[target].search(words):
        what = f"{_cut(text.words[source])} contains no or not, but the translation does not"
        yield Problem(
            "changed-text", where, what, "turn the translation round, or write both without a negation"
        )
    wanted, given = placeholders(text.words[source]), placeholders(words)
    for change, found in _compared(wanted, given):
        wording = ", ".join(sorted(found))
        hint = f"must contain {', '.join(sorted(wanted))}" if wanted else f"remove {wording}"
        yield Problem("changed-text", where, f"{wording} {change}", hint)


def _compared(
    wanted: Counter[str], given: Counter[str]
) -> Iterator[tuple[Literal["was lost", "is new"], Counter[str]]]:
    if wanted - given:
        yield "was lost", wanted - given
    if given - wanted:
        yield "is new", given - wanted


def _cut(words: str) -> str:
    return repr(words if len(words) <= 60 else f"{words[:57]}...")
