"""LimeSurvey's exports: CSV, workbook, SPSS and JSON in every flavour of headings and answers, and VV files.

Rules, as LimeSurvey 6 writes its files:

- rows without `submitdate` were not submitted;
- codes or full answers is told once for the whole file, by the cells that can be only one of the two;
- "Other" is `-oth-` in a single choice, its text stands in `item[other]`; in a multi-select that column holds
  the text alone, and whoever wrote one ticked it (an option with `write_in`);
- a multi-select option is ticked where the cell says Y or Yes; N, No and blank say nothing about
  whether it was shown, so they are read as blank and decided by routing later;
- headings are question codes, codes with texts, or texts; texts are matched by the manifest only;
- a VV file has a row of texts and a row of codes below it (version 2: question codes; version 1: LimeSurvey's
  own numbers, matched by their order, see `limesurvey_vv`) and says which questions were not shown.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.inputs import parsed_json
from toolkit.instrument.model import Instrument
from toolkit.locale import languages
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.engine import read_platform
from toolkit.platforms.exports import Export
from toolkit.platforms.files.encodings import decoded
from toolkit.platforms.files.opening import cells_of, kind_of, unpacked
from toolkit.platforms.files.sheet import Opening, Sheet, named, peeled
from toolkit.platforms.files.workbooks import as_text, frame_sheet
from toolkit.platforms.limesurvey.text import ASKED, AUDIENCE, GROUP, abbreviated, heading
from toolkit.platforms.limesurvey.vv import named_by_order, numbered_columns
from toolkit.platforms.manifest import ExportManifest
from toolkit.platforms.platform import Platform
from toolkit.platforms.vocabulary import code_words
from toolkit.platforms.words import audience_question

__all__ = ["LIMESURVEY", "own_of_limesurvey", "read_limesurvey"]

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
"""What a single choice holds where "Other" was chosen: as a code, and as LimeSurvey translates it."""
_HIDDEN = "{question_not_shown}"
_VV_ESCAPES = (
    ("{cr}{newline}", "\n"), ("{newline}", "\n"), ("{cr}", "\n"), ("{tab}", "\t"), ("{quote}", '"'),
    ("{rbrace}", "}"), ("{lbrace}", "{"),  # last: what people typed holds it before every brace
)  # fmt: skip


def read_limesurvey(
    path: str | Path,
    instrument: Instrument,
    *,
    entry: AnswersFile | None = None,
    wave: str = "1",
    strict: bool = True,
) -> Export:
    """Read one file that LimeSurvey exported.

    Parameters
    ----------
    entry
        What the study file says about it; left out, the defaults of `AnswersFile`, organisations optional.
    wave
        The wave, where there is no entry.
    strict
        Raise for every problem found; otherwise they stand in the export's `problems`.

    Raises
    ------
    InvalidInput
        With every problem of the file.
    """
    return read_platform(LIMESURVEY, Path(path), instrument, entry=entry, wave=wave, strict=strict)


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
    if isinstance(rows, list):  # before version 6 each answer stood under its number
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
    """Codes first, texts second; what VV writes for line breaks, tabs and braces is undone."""
    texts, codes = sheet.headings

    def plain(column: pd.Series) -> pd.Series:
        rest = column.where(column != _HIDDEN, "")
        for written, meant in _VV_ESCAPES:
            rest = rest.str.replace(written, meant, regex=False)
        return rest.where(column != _HIDDEN, _HIDDEN)

    held = sheet.cells.astype(str).apply(plain)
    notes = (*sheet.notes, "a VV file: it says which questions were not shown")
    own = [number for number, name in enumerate(codes) if name in _OWN]
    held[own] = held[own].replace(_HIDDEN, "")
    return replace(sheet, headings=(codes, texts), cells=held, notes=notes)


def _by_order(sheet: Sheet, instrument: Instrument, manifest: ExportManifest | None, source: str) -> Sheet:
    return named_by_order(sheet, instrument, manifest, source) if numbered_columns(sheet) else sheet


def _code(heading: str) -> str:
    """The question code of a heading "code. text"; the heading itself where it is no such thing."""
    found = _CODE_AND_TEXT.match(heading)
    return found.group(1) if found else heading


def own_of_limesurvey(heading: str) -> bool:
    """Whether a heading is one of LimeSurvey's own."""
    return (
        heading in _OWN or heading in (AUDIENCE, ASKED, GROUP) or _OWN_PATTERN.fullmatch(heading) is not None
    )


def _submitted(frame: pd.DataFrame, items: Collection[str], problems: list[Problem]) -> pd.Series:
    return frame["submitdate"] != "" if "submitdate" in frame else pd.Series(True, index=frame.index)


LIMESURVEY = Platform(
    name="limesurvey",
    load=_load,
    id_columns=("id",),
    required=("id", "submitdate"),
    hint="export again with the response data (id, date submitted)",
    unique=("token",),
    stamp="seed",
    dated=("datestamp", "submitdate", "startdate"),
    ended=("submitdate", "datestamp", "startdate"),
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
