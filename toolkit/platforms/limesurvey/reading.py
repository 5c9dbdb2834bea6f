"""LimeSurvey's exports: CSV, workbook, SPSS and JSON in every flavour of headings and answers, and VV files.

Rules, as LimeSurvey 6 writes its files:

- rows without `submitdate` were not submitted;
- codes or full answers is decided once for the whole file, by the cells that can be only one of the two;
- "Other" is `-oth-` in a single choice, its text is in `item[other]`; in a multi-select that column holds
  the text alone, and a respondent who wrote one ticked it (an option with `write_in`);
- a multi-select option is ticked where the cell is Y or Yes; N, No and blank tell nothing about
  whether it was shown, so they are read as blank and decided by routing later;
- headings are question codes, codes with texts, or texts; texts are matched by the manifest only;
- a VV file has a row of texts and a row of codes below it (version 2: question codes; version 1: LimeSurvey's
  own numbers, matched by their order, see `limesurvey_vv`) and shows which questions were not displayed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.inputs import parsed_json
from toolkit.instrument.model import Instrument, Item
from toolkit.instrument.yaml_loader import ID_PATTERN
from toolkit.locale import languages
from toolkit.platforms.exports import Dialect
from toolkit.platforms.files.opening import cells_of, decoded, kind_of, unpacked
from toolkit.platforms.files.sheet import Opening, Sheet, named, peeled
from toolkit.platforms.files.workbooks import as_text, frame_sheet
from toolkit.platforms.limesurvey.rows import ASKED, AUDIENCE, GROUP, abbreviated, heading
from toolkit.platforms.manifest import ExportManifest
from toolkit.platforms.vocabulary import code_words
from toolkit.platforms.words import audience_question

_OWN = {
    "id", "submitdate", "lastpage", "startlanguage", "seed", "startdate", "datestamp", "token", "ipaddr",
    "refurl", "interviewtime", "firstname", "lastname", "email", "completed",
}  # fmt: skip
_OWN_PATTERN = re.compile(r"groupTime\d+|.+Time|attribute_\d+|Group time: .*|Question time: .*")
_OWN_TEXTS = {  # English, French and German, as LimeSurvey itself is translated
    "Response ID": "id", "Date submitted": "submitdate", "Last page": "lastpage",
    "Start language": "startlanguage", "Seed": "seed", "Date started": "startdate",
    "Date last action": "datestamp", "Access code": "token", "Token": "token", "IP address": "ipaddr",
    "Referrer URL": "refurl", "Total time": "interviewtime", "First name": "firstname",
    "Last name": "lastname", "Email address": "email",
    "ID de la réponse": "id", "Date de soumission": "submitdate", "Dernière page": "lastpage",
    "Langue de départ": "startlanguage", "Tête de série": "seed", "Date de lancement": "startdate",
    "Date de la dernière action": "datestamp", "Adresse IP": "ipaddr",
    "Antwort ID": "id", "Datum Abgeschickt": "submitdate", "Letzte Seite": "lastpage",
    "Start-Sprache": "startlanguage", "Zufallsstartwert": "seed", "Zufallsgeneratorstartwert": "seed",
    "Datum gestartet": "startdate", "Datum letzte Aktivität": "datestamp", "IP-Adresse": "ipaddr",
    "Weiterleitungs-URL": "refurl",
}  # fmt: skip
_CODE_AND_TEXT = re.compile(r"([A-Za-z][A-Za-z0-9_]*(?:\[[^\[\]]*\])*)(?:\._\.|\. |: )")
_OTHER = (
    "-oth-", "Other", "Autre", "Sonstiges", "Otro", "Altro", "Anders", "Outro",
)  # fmt: skip
"""Cells of a single choice where "Other" was chosen: its code, and LimeSurvey's translations."""
_HIDDEN = "{question_not_shown}"
_VV_ESCAPES = (
    ("{cr}{newline}", "\n"), ("{newline}", "\n"), ("{cr}", "\n"), ("{tab}", "\t"), ("{quote}", '"'),
    ("{rbrace}", "}"), ("{lbrace}", "{"),  # last: what people typed holds it before every brace
)  # fmt: skip


def _load(path: Path, source: str, how: Opening) -> Sheet:
    data, notes = unpacked(path, source)
    if kind_of(data) == "json":
        sheet = _from_json(decoded(data, source=source, encoding=how.encoding)[0], source, notes)
    else:
        sheet = cells_of(data, source=source, how=how, categories=True, notes=notes)
    second = set(map(str.strip, map(str, sheet.cells.iloc[0])))
    if sheet.delimiter == "\t" and {"id", "submitdate"} <= second:
        return _vv(peeled(sheet, 1, source=source))
    if {"class", "type/scale"} <= set(sheet.names):
        what = "is the structure of a survey (questions), not its responses"
        raise InvalidInput(source, [Problem("wrong-file", "file", what, "export the responses")])
    sheet = _unmasked(sheet)
    names = tuple(_OWN_TEXTS.get(name, html.unescape(name)) for name in sheet.names)
    codes = {_code(name) for name in names}
    if not {"id", "submitdate"} & codes and "startdate" not in codes:
        what = f"are not those of a LimeSurvey export: no id, no submitdate (columns: {len(names)})"
        hint = "check platform and file, or export again with headings 'Question code'"
        raise InvalidInput(source, [Problem("wrong-file", "headings", what, hint)])
    if any(name != _code(name) and _code(name) in _OWN for name in names):  # "code. text" throughout
        return named(sheet, tuple(map(_code, names)))
    asked = ASKED if GROUP in names else AUDIENCE
    texts = [audience_question(language)[1] for language in languages("questionnaire")]
    questions = {one for text in texts for one in (heading(text), abbreviated(text).strip())}
    return named(sheet, tuple(asked if name in questions else name for name in names))


def _unmasked(sheet: Sheet) -> Sheet:
    """Take off the apostrophe that LimeSurvey's export pages put before an answer that begins with =."""
    masked = sheet.cells.apply(lambda column: column.str.startswith("'="))
    count = int(masked.to_numpy().sum())
    if not count:
        return sheet
    cells = sheet.cells.copy()
    for name in masked.columns[masked.any()]:
        plain = cells[name].astype("str")
        cells[name] = plain.mask(masked[name], plain.str.slice(1)).astype(cells[name].dtype.name)
    note = f"answers that begin with =, without the apostrophe LimeSurvey put before them: {count}"
    return replace(sheet, cells=cells, notes=(*sheet.notes, note))


def _from_json(text: str, source: str, notes: tuple[str, ...]) -> Sheet:
    try:
        held = parsed_json(text)
    except ValueError as error:
        raise InvalidInput(
            source, [Problem("damaged-file", "file", f"is damaged JSON ({error})", "export it again")]
        ) from error
    rows = held.get("responses") if isinstance(held, dict) else None
    if isinstance(rows, list):  # before version 6 each answer was under its number
        rows = [next(iter(row.values())) if _numbered(row) else row for row in rows]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        what = "is JSON without a list of responses"
        raise InvalidInput(
            source, [Problem("wrong-file", "file", what, "export the answers from LimeSurvey again")]
        )
    frame = pd.DataFrame([{key: as_text(value) for key, value in row.items()} for row in rows], dtype=str)
    return frame_sheet(frame.fillna(""), source=source, notes=(*notes, "read from JSON"))


def _numbered(row: object) -> bool:
    return isinstance(row, dict) and len(row) == 1 and isinstance(next(iter(row.values())), dict)


def _vv(sheet: Sheet) -> Sheet:
    """Read a VV file: codes in the first row, texts in the second; undo its escapes."""
    texts, codes = sheet.headings

    def plain(column: pd.Series) -> pd.Series:
        rest = column.where(column != _HIDDEN, "")
        for written, meant in _VV_ESCAPES:
            rest = rest.str.replace(written, meant, regex=False)
        return rest.where(column != _HIDDEN, _HIDDEN)

    held = sheet.cells.astype(str).apply(plain)
    notes = (*sheet.notes, "a VV file: it marks questions that were not shown")
    own = [number for number, name in enumerate(codes) if name in _OWN]
    held[own] = held[own].replace(_HIDDEN, "")
    return replace(sheet, headings=(codes, texts), cells=held, notes=notes)


def _by_order(sheet: Sheet, instrument: Instrument, manifest: ExportManifest | None, source: str) -> Sheet:
    return named_by_order(sheet, instrument, manifest, source) if numbered_columns(sheet) else sheet


def _code(heading: str) -> str:
    """Return the question code of a heading "code. text", or else the heading itself."""
    found = _CODE_AND_TEXT.match(heading)
    return found.group(1) if found else heading


def own_of_limesurvey(heading: str) -> bool:
    """Return whether a heading is one of LimeSurvey's own."""
    return (
        heading in _OWN
        or heading in _OWN_TEXTS
        or heading in (AUDIENCE, ASKED, GROUP)
        or _OWN_PATTERN.fullmatch(heading) is not None
    )


def _submitted(frame: pd.DataFrame, items: Collection[str], problems: list[Problem]) -> pd.Series:
    return frame["submitdate"] != "" if "submitdate" in frame else pd.Series(True, index=frame.index)


LIMESURVEY = Dialect(
    name="limesurvey",
    load=_load,
    id_columns=("id",),
    required=("id", "submitdate"),
    hint="export again with the response data (id, date submitted)",
    unique=("token",),
    stamp="seed",
    dated=("datestamp", "submitdate", "startdate"),
    ended=("submitdate", "datestamp", "startdate"),
    unanswered=("N/A",),
    hidden=_HIDDEN,
    escaped=True,
    audience=GROUP,
    other_words=_OTHER,
    own=own_of_limesurvey,
    spellings=lambda heading: (_code(heading),),
    codes=code_words,
    submitted=_submitted,
    coded=_by_order,
    manifests=("limesurvey",),
    texts="export again with headings 'Question code', "
    "or name the manifest of the questionnaire (manifest: …)",
)


# Columns of LimeSurvey's first VV format: `424242X2X3prod` is survey, group, question and part.
#
# The numbers are LimeSurvey's own. They are matched to questions by their order, and only where everything
# that can be checked agrees: as many questions as the instrument (or manifest) has, the same parts at each,
# and the text of each question without parts where the file shows it plainly.

_NUMBERS = re.compile(r"(\d+X\d+X\d+)(.*)")
_HINT = "export again as VV version 2 (question codes), or as CSV with headings 'Question code'"


def numbered_columns(sheet: Sheet) -> bool:
    """Return whether the headings are LimeSurvey's numbers."""
    return any(_NUMBERS.fullmatch(name) for name in sheet.names)


def named_by_order(
    sheet: Sheet, instrument: Instrument, manifest: ExportManifest | None, source: str
) -> Sheet:
    """Give numbered columns their question codes.

    Raises
    ------
    InvalidInput
        Where questions, parts or texts do not agree with the instrument's.
    """
    places = [(place, found) for place, name in enumerate(sheet.names) if (found := _NUMBERS.fullmatch(name))]
    questions = [list(group) for _, group in groupby(places, key=lambda one: one[1].group(1))]
    items = list(_expected(instrument, manifest))
    extra = len(questions) - len(items)
    offset = _offset(sheet, questions, items, extra)
    if offset is None:
        what = (
            f"are LimeSurvey's numbers of {len(questions)} questions, which do not follow the "
            f"{len(items)} of the instrument part by part"
        )
        raise InvalidInput(source, [Problem("wrong-instrument", "headings", what, _HINT)])
    names = list(sheet.names)
    for question, code in zip(questions[:extra], _before(sheet, questions[:extra], manifest), strict=True):
        names[question[0][0]] = code
    for question, item in zip(questions[extra:], items, strict=True):
        for place, found in question:
            names[place] = f"{item.id}[{found.group(2)}]" if found.group(2) else item.id
    return named(sheet, names)


def _expected(instrument: Instrument, manifest: ExportManifest | None) -> Iterator[Item]:
    if manifest is None:
        yield from instrument.items
        return
    for name in dict.fromkeys(column.item for column in manifest.columns):
        yield instrument.item(name)


def _offset(
    sheet: Sheet, questions: list[list[tuple[int, re.Match[str]]]], items: list[Item], extra: int
) -> int | None:
    """Count the questions before the first item (hidden, and the audience's); None if none fits."""
    if extra < 0 or any(found.group(2) for question in questions[:extra] for _, found in question):
        return None
    texts = sheet.headings[1]
    for question, item in zip(questions[extra:], items, strict=True):
        parts = [found.group(2) for _, found in question]
        if parts != (_parts(item) or [""]):
            return None
        text = " ".join(texts[question[0][0]].split())
        plain = "{" not in text and not any(_parts(item))
        if plain and text not in _wordings(item):
            return None
    return extra


def _before(
    sheet: Sheet, questions: list[list[tuple[int, re.Match[str]]]], manifest: ExportManifest | None
) -> list[str]:
    """Return codes of the questions before the first item: hidden ones, then the audience's.

    The manifest lists them; without it, a question whose text is not a code counts as the audience's.
    """
    if manifest is not None:
        audience = manifest.settings.get("audience", manifest.audience_column or "")
        known = [*manifest.settings.get("hidden", "").split(), *audience.split()]
        if len(known) == len(questions):
            return known
    texts = [sheet.headings[1][question[0][0]] for question in questions]
    asked = ASKED if AUDIENCE in texts else AUDIENCE
    return [text if re.fullmatch(ID_PATTERN, text) else asked for text in texts]


def _parts(item: Item) -> list[str]:
    return (
        [row.id for row in item.rows]
        if item.type == "matrix"
        else [o.code for o in item.options]
        if item.type == "multi"
        else []
    )


def _wordings(item: Item) -> set[str]:
    return {" ".join(text.split()) for words in item.text.values() for text in words.values()}
