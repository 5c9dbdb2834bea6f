"""Drafts of questionnaires and studies from headings, labels and cells of a file or a frame of answers."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
from pydantic import PrivateAttr

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names, printable
from toolkit.instrument import Instrument
from toolkit.instrument.lint import PLATFORM_COLUMNS
from toolkit.instrument.model import RESERVED_COLUMNS
from toolkit.platforms import PLATFORMS, Platform
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.common import NOT_TICKED, TICKED
from toolkit.platforms.exports import Dialect
from toolkit.platforms.files.opening import read_cells
from toolkit.platforms.files.sheet import Sheet, flattened, peeled
from toolkit.platforms.files.workbooks import frame_sheet
from toolkit.platforms.matching import unique_sheet
from toolkit.platforms.naming import slug
from toolkit.study.starting import CARRIED, FOR_REAL, study_file, study_id, yaml_text
from toolkit.system import temporary_folder, write_new_folder

_MOST_CATEGORIES = 20
_ENDINGS = (".csv", ".tsv", ".txt", ".sav", ".zsav", ".dta", ".xlsx", ".parquet", ".zip")
_SIGNS = {
    "audience": r"audience|respondent group|group|role|position",
    "organisation": r"organi[sz]ation|company|employer|firm",
    "respondent": r"id|respondent|respondent[ _]?id|response[ _]?id|caseid|case[ _]?id|token",
}
"""Purpose of a column → headings that identify it."""
_PERSONAL = (
    r".*\b(e-?mail|phone|telephone|first ?name|last ?name|surname|full ?name|name|address|ip ?addr(ess)?)\b.*"
)
_TECHNICAL = (
    r"(start|end|submit|completion|recorded?)[ _]?(date|time)|timestamp|datestamp|duration.*|progress"
    r"|status|seed|lastpage|startlanguage|finished"
)
_SUBMITTED = ("submitdate", "Date submitted", "Date de soumission", "Datum Abgeschickt")
"""LimeSurvey's column of the time of submission, which is blank where a response was not submitted."""
_QUALTRICS_ASIDE = {
    "test": ("1", "2", "9", "17", "Survey Preview", "Survey Test", "Offline Survey Preview",
             "Spam Survey Preview"),
    "marked as spam by Qualtrics": ("8", "12", "40", "Spam", "Possible Spam", "Imported Spam"),
}  # fmt: skip
"""Reason to set a response of Qualtrics aside → the text of its Status."""
_TEXT_FILES = (".csv", ".tsv", ".txt", ".xlsx", ".zip")
"""Endings of the files whose platform the headings tell."""
_OPTION = re.compile(r"(?P<stem>.+?)(?: ?\[(?P<bracket>.+)\]|___(?P<redcap>\w+)|(?: - +| \| |/)(?P<text>.+))")
"""Headings of a column per option: why[price], why___1, why/price, Why? - The price, Why? | The price."""
_NO_ANSWER = frozenset({"-1", "-8", "-9", "-99", "97", "98", "99", "998", "999"})
"""Numbers that usually mean "don't know" or "no answer" if all others are 0 to 10."""
_ORDERED = (
    ("strongly disagree", "disagree", "neither agree nor disagree", "neutral", "agree", "strongly agree"),
    (
        "very dissatisfied",
        "dissatisfied",
        "neither satisfied nor dissatisfied",
        "neutral",
        "satisfied",
        "very satisfied",
    ),
    ("never", "rarely", "sometimes", "often", "always"),
    ("very unlikely", "unlikely", "neither likely nor unlikely", "neutral", "likely", "very likely"),
    ("no", "yes"),
)
"""Answers that are known to have an order, from the lowest."""


def draft_study(
    folder: str | Path,
    export: str | Path,
    *,
    audience_column: str | None = None,
    organisation_column: str | None = None,
    weights: str | None = None,
    wave: str | None = None,
    title: str | None = None,
) -> tuple[list[Path], list[str]]:
    """Draft a study from one file of answers with one row per respondent.

    Value labels (SPSS, Stata) and a small number of different cells make a question with answers, in order
    where their words are known; whole numbers from 0 to 10 a question whose answers are its numbers; other
    numbers a number; cells with ";", cells such as 1,3,4 and ticks under headings such as "why[price]" a
    multi-select; everything else is free text. Columns that may name persons are left out.

    Parameters
    ----------
    folder
        Where to write: a new or empty folder.
    export
        Delimited text, a workbook, Parquet, SPSS or Stata.
    audience_column, organisation_column
        Headings of the columns that hold them; guessed from headings where None.
    weights
        Heading of a column of weights, by which the reports are weighted; None for none.
    wave
        Name of the wave; None for this year.
    title
        Title of the study; None for the file's name.

    Returns
    -------
    tuple of list of Path and list of str
        The files written, and what was guessed, one sentence each.

    Raises
    ------
    InvalidInput
        A file that cannot be read or has several rows per record, a column that is not in it, a folder that
        holds something.

    Examples
    --------
    >>> export = "data_samples/ai_at_work/answers/2026_staff_limesurvey_codes.csv"
    >>> files, guesses = draft_study("mine", export)
    """
    folder, export = Path(folder), Path(export)
    id_ = study_id(folder)
    questionnaire, entry, guesses = _drafted(
        _sheet_of_file(export),
        export,
        {"audience": audience_column, "organisation": organisation_column, "weights": weights},
        id_=id_,
        title=title or export.stem,
        wave=wave,
    )
    entry = {**entry, "file": f"answers/{export.name}"}
    wave = entry["wave"]
    lines = yaml_text([entry]).splitlines()
    study = study_file(
        id_,
        title or export.stem,
        [wave],
        [f"  {line}" for line in lines],
        [],
        synthetic=False,
        methods={name: f"Not yet written; for example: {words}." for name, words in FOR_REAL.items()},
        organisations=False,
        weighted=weights is not None,
        seed=1,
    )
    files = {
        "study.yaml": study.encode(),
        "questionnaire.yaml": f"{_head(export.name, guesses)}{yaml_text(questionnaire)}".encode(),
        f"answers/{export.name}": export.read_bytes(),
    }
    return write_new_folder(folder, files), guesses


def _head(name: str, guesses: Sequence[str]) -> str:
    notes = "".join(f"# - {printable(' '.join(guess.split()))}\n" for guess in guesses)
    return f"# Drafted from {printable(name)}. What was guessed, to be checked line by line:\n{notes}"


class DraftedInstrument(Instrument):
    """An instrument drafted from answers, with the answers under its names and what was guessed."""

    _answers: pd.DataFrame = PrivateAttr()
    _guesses: tuple[str, ...] = PrivateAttr(default=())
    _text: str = PrivateAttr(default="")

    @property
    def answers(self) -> pd.DataFrame:
        """The answers as `Study.responses` returns them: one row per respondent, missing answers as NaN."""
        return self._answers.copy()

    @property
    def guesses(self) -> tuple[str, ...]:
        """Guesses, one sentence per column."""
        return self._guesses

    @property
    def text(self) -> str:
        """The questionnaire as YAML, the guesses in its first lines, to be saved and corrected."""
        return self._text


@typed
def draft_instrument(
    source: pd.DataFrame | str | Path,
    *,
    audience_column: str | None = None,
    organisation_column: str | None = None,
) -> DraftedInstrument:
    """Draft an instrument from a labelled file or a frame, so that its answers can be analysed at once.

    Parameters
    ----------
    source
        A frame with one row per respondent, or a file: SPSS, Stata, delimited text, a workbook, Parquet.
    audience_column, organisation_column
        Columns that hold the respondent group and the organisation; guessed from headings where None.

    Returns
    -------
    DraftedInstrument
        An `Instrument` whose items are guessed as `draft_study` guesses them (value labels and ordered
        Categoricals are taken as they are), with `answers`, the same answers under its column names, and
        `guesses`, to be read before anything is believed. Without labels, whole numbers from 0 to 10 are an
        ordered question and its top box the two highest.

    Raises
    ------
    InvalidInput
        A file or frame without rows or columns of answers, columns of one name or of mixed types, a column
        that is named and not found.

    Examples
    --------
    >>> frame = pd.DataFrame({"group": ["a", "b"] * 3, "load": [1, 2, 3, 4, 5, 5]})
    >>> drafted = draft_instrument(frame)
    >>> drafted["load"].codes_of("top")
    ('4', '5')
    >>> round(float(drafted.answers["load"].astype(float).mean()), 2)
    3.33
    """
    from toolkit.instrument import load_instrument
    from toolkit.platforms.table import FormDialect, read_table
    from toolkit.responses import decode

    given = {"audience": audience_column, "organisation": organisation_column}
    if isinstance(source, pd.DataFrame):
        path = Path("frame")
        sheet, orders = _sheet_of(source)
    else:
        path = Path(source)
        sheet, orders = _sheet_of_file(path), {}
    questionnaire, entry, guesses = _drafted(
        sheet, path, given, id_="drafted", title=path.stem, wave=None, orders=orders
    )
    with temporary_folder() as folder:
        text = f"{_head(path.name, guesses)}{yaml_text(questionnaire)}"
        (folder / "questionnaire.yaml").write_text(text, encoding="utf-8")
        loaded = load_instrument(folder / "questionnaire.yaml")
    read = read_table(
        sheet, path, loaded, entry=AnswersFile.model_validate(entry), dialect=FormDialect(whole=True)
    )
    answers = decode(read, loaded).frame
    drafted = DraftedInstrument.model_construct(
        **{name: getattr(loaded, name) for name in Instrument.model_fields}
    )
    drafted._answers, drafted._guesses, drafted._text = answers, tuple(guesses), text
    return drafted


def _sheet_of(frame: pd.DataFrame) -> tuple[Sheet, dict[str, list[str]]]:
    """Return a frame's cells to draft from, and the order of the answers of its ordered Categoricals."""
    problems = (
        [Problem("no-rows", "frame", "has no rows or no columns", "give answers")] if frame.empty else []
    )
    for name in frame.columns[frame.columns.duplicated()].unique():
        problems.append(Problem("duplicate-column", f"column {name}", "occurs twice", "keep one of the two"))
    orders, written = {}, {}
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if isinstance(column.dtype, pd.CategoricalDtype):
            if column.cat.ordered:
                orders[str(name)] = [_written(one) for one in column.cat.categories]
            column = column.astype(object)
        kind = pd.api.types.infer_dtype(column, skipna=True)
        if kind.startswith("mixed") and kind != "mixed-integer-float":
            kinds = ", ".join(sorted({type(one).__name__ for one in column.dropna()}))
            fix = "make it all text (.astype(str)) or all numbers (pandas.to_numeric)"
            problems.append(Problem("wrong-type", f"column {name}", f"mixes values of types {kinds}", fix))
        written[str(name)] = column.map(_written, na_action="ignore").astype("str").to_numpy()
    if problems:
        raise InvalidInput("draft_instrument", problems)
    return frame_sheet(pd.DataFrame(written), source="frame"), orders


def _written(value: object) -> str:
    """Write a cell as a CSV file would hold it: 1 for 1.0."""
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def _ending(export: Path) -> str:
    return Path(export.name.lower().removesuffix(".gz")).suffix


def _sheet_of_file(export: Path) -> Sheet:
    if _ending(export) not in _ENDINGS:
        hint = f"export the answers as one of {', '.join(_ENDINGS)}, or any of them as .gz"
        raise InvalidInput(
            export, [Problem("unsupported-format", f"file {export.name}", "cannot be drafted from", hint)]
        )
    return read_cells(export, source=export.name)


def _drafted(
    sheet: Sheet,
    export: Path,
    given: dict[str, str | None],
    *,
    id_: str,
    title: str,
    wave: str | None,
    orders: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Draft the questionnaire, the entry of its answers, and what was guessed."""
    guesses: list[str] = []
    platform = None
    if _ending(export) in _TEXT_FILES:
        known = (one for one in PLATFORMS.values() if one.recognises("text", b"", sheet.names))
        platform = next(known, None)
    sheet, rows, names = _headings(sheet, platform, export, guesses)
    problems = [
        Problem("unknown-column", f"column '{name}'", "not found", near_names(name, sheet.names))
        for name in given.values()
        if name is not None and name not in sheet.names
    ]
    problems += [
        Problem(
            "invalid-character",
            f"column '{printable(name)}'",
            "has a control character in its heading",
            "rename it",
        )
        for name in sheet.names
        if printable(name, keep="\n\t") != name
    ]
    if problems:
        raise InvalidInput(export.name, problems)
    if _ending(export) in (".sav", ".zsav", ".dta") and not any(sheet.labels.values()):
        guesses.append("the file has no value labels: answers are guessed from the cells alone")
    found = {kind: given.get(kind) or _told(kind, sheet, guesses, platform, names) for kind in _SIGNS}
    audiences, entry = _people(sheet, found, guesses, id_)
    used = {name for name in (*found.values(), given.get("weights")) if name}
    items, mapped, scales = _items(sheet, used, guesses, orders, platform, names)
    if not items:
        raise InvalidInput(
            export.name, [Problem("no-answers", "columns", "none contains answers", "check the file")]
        )
    wave = wave or str(date.today().year)
    questionnaire = {
        "id": re.sub(r"[^a-z0-9-]", "-", id_),
        "version": "0.1.0",
        "title": {"en": title},
        "languages": ["en"],
        "audiences": audiences,
        "themes": {"answers": {"en": "Answers"}},
        **({"scales": scales} if scales else {}),
        "sections": [{"id": "all", "title": {"en": "Answers"}, "items": [item["id"] for item in items]}],
        "items": items,
    }
    mapping: dict[str, Any] = {"items": mapped}
    for key in ("respondent", "organisation"):
        if found[key]:
            mapping[key] = found[key]
    submitted = next((name for name in _SUBMITTED if name in sheet.names), None)
    if submitted:
        mapping["submitted"] = {"column": submitted, "not_equals": ""}
        guesses.append(f"rows without a '{submitted}' were not submitted")
    if rows > 1:
        entry["headings"] = rows
    tags = {tag: name for name, (tag, _) in names.items()}
    if platform and platform.name == "qualtrics":
        if "audience" in entry:
            entry["rules"] = [{"audience": entry.pop("audience"), "when": []}]
        if "Status" in tags:
            aside = [
                {"set_aside": reason, "when": [{"column": tags["Status"], "one_of": list(text)}]}
                for reason, text in _QUALTRICS_ASIDE.items()
            ]
            entry["rules"] = [*aside, *entry["rules"]]
            guesses.append("responses that are tests, previews or spam by their Status are set aside")
        if "Finished" in tags:
            mapping["submitted"] = {"column": tags["Finished"], "one_of": ["1", "True", "TRUE"]}
            guesses.append("responses that are not Finished were not submitted")
    if "audience" not in entry:
        mapping["audience"] = entry.pop("rules")
    if weights := given.get("weights"):
        entry["carry"] = {CARRIED: names[weights][0]}
    entry = {"wave": wave, "platform": "table", "file": export.name, **entry, "mapping": mapping}
    return questionnaire, entry, guesses


def _headings(
    sheet: Sheet, platform: Platform | None, export: Path, guesses: list[str]
) -> tuple[Sheet, int, dict[str, tuple[str, str]]]:
    """Return the sheet with one different heading per column, its heading rows, heading → (name, wording).

    Raises
    ------
    InvalidInput
        Several rows of one REDCap record.
    """
    first = [str(cell).strip() for cell in sheet.cells.iloc[0]]
    blank = [place for place, name in enumerate(sheet.names) if place and not name.strip()]
    qualtrics = platform is not None and platform.name == "qualtrics"
    rows, tags = 1, sheet.names
    if platform and platform.name == "redcap" and _cells(sheet, 0).duplicated().any():
        what = "repeats: a record has a row for each event or repeated form"
        hint = "export a report of one event or form"
        raise InvalidInput(export.name, [Problem("duplicate-id", f"column {tags[0]}", what, hint)])
    if qualtrics:
        ids = next((place for place, name in enumerate(tags) if name in ("ResponseId", "ResponseID")), 0)
        if not re.fullmatch(r"[A-Z]{1,3}_\w+", first[ids]):
            rows = 3 if len(sheet.cells) > 1 and "ImportId" in str(sheet.cells.iloc[1, ids]) else 2
        tags = tuple(own if re.fullmatch(r"V\d+", tag) else tag for tag, own in zip(tags, first, strict=True))
    elif _ending(export) in _TEXT_FILES and (
        {"Response", "Open-Ended Response"} & set(first)
        or (len(blank) > 1 and all(re.search(r"[^\W\d_]", first[place]) for place in blank))
    ):
        rows = 2
        guesses.append("the first two rows are headings: a column is called 'question | sub-heading'")
    if rows > 1:
        sheet = flattened(peeled(sheet, rows - 1, source=export.name))
    sheet, notes = unique_sheet(sheet)
    guesses.extend(notes)
    if not qualtrics:
        return sheet, rows, {name: (name, name) for name in sheet.names}
    wording = (name.partition(" | ")[2] or name for name in sheet.names)
    return sheet, rows, dict(zip(sheet.names, zip(tags, wording, strict=True), strict=True))


def _told(
    kind: str,
    sheet: Sheet,
    guesses: list[str],
    platform: Platform | None,
    names: Mapping[str, tuple[str, str]],
) -> str | None:
    """Find the first column whose heading is of this kind and whose cells fit."""
    ids: tuple[str, ...] = ()
    if kind == "respondent" and platform:
        dialect = platform.dialect
        ids = dialect.id_columns if isinstance(dialect, Dialect) else dialect.ids if dialect else ()
        if platform.name == "redcap":
            ids = sheet.names[:1]
        elif platform.name == "qualtrics":
            ids = (*ids, "ResponseID")
    for place, name in enumerate(sheet.names):
        signs = {words.strip().lower() for words in names[name]}
        if names[name][0] not in ids and not any(re.fullmatch(_SIGNS[kind], words) for words in signs):
            continue
        cells = _cells(sheet, place)
        answered = cells[cells != ""]
        if kind == "respondent" and not (answered.is_unique and len(answered) == len(cells)):
            guesses.append(f"column '{name}' is not the respondent: it repeats or has blanks")
            continue
        if kind == "audience" and not 1 < answered.nunique() <= 8:
            continue
        guesses.append(f"column '{name}' is the {kind}")
        return name
    return None


def _cells(sheet: Sheet, place: int) -> pd.Series:
    return sheet.cells.iloc[:, place].astype(str).str.strip()


def _people(
    sheet: Sheet, found: dict[str, str | None], guesses: list[str], id_: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the audiences, and the entry's settings for audience and organisation."""
    entry: dict[str, Any] = {}
    if not found["organisation"]:
        entry["organisation"] = id_
        guesses.append(f"no organisation column: all answers belong to one organisation, '{id_}'")
    if not found["audience"]:
        entry["audience"] = "respondent"
        guesses.append("no audience column: all respondents belong to one audience, 'respondent'")
        words = {"label": {"en": "Respondent"}, "plural": {"en": "Respondents"}}
        return {"respondent": {"code": "resp", **words}}, entry
    place = sheet.names.index(found["audience"])
    cells, labels = _cells(sheet, place), sheet.labels.get(place, {})
    audiences: dict[str, Any] = {}
    rules = []
    for number, value in enumerate(sorted(set(cells) - {""}), 1):
        label = labels.get(value, value)
        name = _id(label, audiences, f"group{number}")
        audiences[name] = {"code": f"g{number}", "label": {"en": label}, "plural": {"en": label}}
        rules.append({"audience": name, "when": [{"column": found["audience"], "equals": value}]})
    entry["rules"] = rules
    guesses.append(f"audiences of column '{found['audience']}': {', '.join(audiences)}")
    return audiences, entry


def _id(text: str, taken: Any, otherwise: str) -> str:
    """Return a new id of lower-case letters and digits."""
    base = re.sub(r"[^a-z0-9]", "", slug(text).lower())[:16] or otherwise
    base = base if base[0].isalpha() else f"q{base}"[:16]
    name, number = base, 2
    while name in taken or name in RESERVED_COLUMNS or name in PLATFORM_COLUMNS:
        name, number = f"{base}{number}", number + 1
    return name


def _items(
    sheet: Sheet,
    used: set[str],
    guesses: list[str],
    orders: Mapping[str, Sequence[str]],
    platform: Platform | None,
    names: Mapping[str, tuple[str, str]],
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return items, their mapping, and the scales they share."""
    scales: dict[str, dict[str, Any]] = {}
    ticks = _ticks(sheet, names, tagged=platform is not None and platform.name == "qualtrics")
    own = platform.dialect.own if platform and isinstance(platform.dialect, Dialect) else lambda name: False
    unasked = {"limesurvey": {"N/A"}, "qualtrics": {"-99"}}.get(platform.name if platform else "", set())
    if unasked:
        guesses.append(f"cells '{min(unasked)}' are blank: the platform's mark for a question without answer")
    odk = platform is not None and platform.name == "odk"
    items: list[dict[str, Any]] = []
    mapped: dict[str, dict[str, Any]] = {}
    for place, name in enumerate(sheet.names):
        cells = _cells(sheet, place)
        declared = sheet.declared.get(place, frozenset()) | (unasked & set(cells))
        labels = {
            value: label for value, label in sheet.labels.get(place, {}).items() if value not in declared
        }
        answered = cells[(cells != "") & ~cells.isin(list(declared))]
        tag, wording = names[name]
        heading = tag.strip().lower()
        if name in used:
            continue
        if not heading:
            if place and len(answered):
                guesses.append(f"column {place + 1} is left out: it has no heading")
            continue
        if name in ticks:
            stem, options, texts = ticks[name]
            id_ = next((one for one, held in mapped.items() if held.get("columns") == options), None)
            if id_ is None:
                id_ = _id(tag.rpartition("_")[0] if wording != name else stem, mapped, f"q{place + 1}")
                hidden = any(
                    (_cells(sheet, sheet.names.index(one)) == "N/A").any() for one in options.values()
                )
                mapped[id_] = {"columns": options, **({"blank": ["N/A"]} if hidden else {})}
                listed = [{"code": code, "label": {"en": texts[code]}} for code in options]
                words = {"text": {"all": {"en": stem}}, "short": {"en": stem[:60]}}
                items.append(
                    {"id": id_, "type": "multi", "theme": "answers", **words, "options": listed}
                    | {"source": {"origin": "own"}}
                )
                columns = f"{stem}[…]" if f"{stem}[" in name else f"{stem} …"
                guesses.append(
                    f"columns '{columns}' are item {id_}: a multi-select of {len(options)} options"
                )
            continue
        if odk and any(f"{name}/" in other for other in ticks):
            guesses.append(f"column '{name}' is left out: its ticks are also in a column per option")
        elif re.fullmatch(_TECHNICAL, heading) or own(tag):
            guesses.append(f"column '{name}' is left out: the platform's own")
        elif re.fullmatch(_PERSONAL, heading) or answered.str.contains(r"\S@\S+\.\S", regex=True).any():
            guesses.append(f"column '{name}' is left out: it may name persons")
        elif answered.nunique() < 2:
            guesses.append(f"column '{name}' is left out: it has no two different answers")
        elif not labels and name not in orders and _below_zero(answered):
            guesses.append(f"column '{name}' is left out: an item cannot hold its negative numbers")
        else:
            id_ = _id(tag, mapped, f"q{place + 1}")
            if name in orders:
                guess, item, where = _single({one: one for one in orders[name]}, "categories", ordered=True)
            else:
                guess, item, where = _item(answered, labels)
            blank = sorted({*declared, *where.pop("blank", ())})
            mapped[id_] = {"column": name, **where, **({"blank": blank} if blank else {})}
            scale = item.pop("ordered", None)
            if scale:
                known = next((one for one, held in scales.items() if held == scale), None)
                item["scale"] = known or f"scale{len(scales) + 1}"
                scales[item["scale"]] = scale
            words = {"text": {"all": {"en": wording}}, "short": {"en": wording[:60]}}
            items.append({"id": id_, "theme": "answers", **words, **item, "source": {"origin": "own"}})
            guesses.append(f"column '{name}' is item {id_}: {guess}")
    return items, mapped, scales


def _below_zero(answered: pd.Series) -> bool:
    """Return whether all cells are numbers, some below 0 that are not usual missing codes."""
    numbers = pd.to_numeric(answered, errors="coerce")
    return bool(numbers.notna().all() and (numbers[~answered.isin(_NO_ANSWER)] < 0).any())


def _item(answered: pd.Series, labels: dict[str, str]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return a column as a description, an item and its mapping."""
    values = list(answered.unique())
    numbers = pd.to_numeric(answered, errors="coerce")
    if labels and (set(values) <= set(labels) or numbers.isna().any()):
        return _single(
            {value: labels.get(value, value) for value in dict.fromkeys([*labels, *values])}, "labels"
        )
    aside = sorted(set(values) & _NO_ANSWER)
    rest = numbers[~answered.isin(aside)]
    if aside and len(rest) and (rest % 1 == 0).all() and rest.between(0, 10).all() and rest.nunique() > 1:
        guess, item, where = _item(answered[~answered.isin(aside)], {})
        return f"{guess}; {', '.join(aside)} counts as missing", item, {**where, "blank": aside}
    negative = sorted(value for value in aside if value.startswith("-"))
    if negative and numbers.notna().all() and answered[~answered.isin(negative)].nunique() > 1:
        guess, item, where = _item(answered[~answered.isin(negative)], {})
        return f"{guess}; {', '.join(negative)} counts as missing", item, {**where, "blank": negative}
    if numbers.notna().all() and (numbers >= 0).all():
        whole = (numbers % 1 == 0).all()
        if whole and numbers.between(0, 10).all() and len(values) <= 11:
            return _single({value: value for value in sorted(values, key=float)}, "numbers", ordered=True)
        low, high = float(numbers.min()), float(numbers.max())
        return f"a number from {low:g} to {high:g}", {"type": "number", "minimum": low, "maximum": high}, {}
    mark = "," if _lists_of_codes(values) else ";"
    parts = {part.strip() for value in values for part in value.split(mark)} - {""}
    if answered.str.contains(mark).any() and len(parts) <= _MOST_CATEGORIES and max(map(len, parts)) <= 60:
        options, codes = _options({part: part for part in sorted(parts)})
        item = {"type": "multi", "options": options}
        return f"a multi-select of {len(parts)} options", item, {"separator": mark, "values": codes}
    if (
        len(values) <= _MOST_CATEGORIES
        and len(values) <= max(2, len(answered) / 2)
        and max(map(len, values)) <= 80
    ):
        return _single({value: value for value in sorted(values)}, "different cells")
    return "free text", {"type": "text"}, {}


def _lists_of_codes(values: list[str]) -> bool:
    """Return whether cells list rising codes such as 1,3,4, not only decimal commas."""
    if not all(re.fullmatch(r"\d+(,\d+)*", value) for value in values):
        return False
    lists = [[int(code) for code in value.split(",")] for value in values]
    return max(map(len, lists)) > 2 and all(codes == sorted(set(codes)) for codes in lists)


def _single(
    labels: dict[str, str], by: str, *, ordered: bool = False
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Draft a single-choice item; if the order of its answers is known, it gets a scale with boxes."""
    text = {value: label.strip().lower() for value, label in labels.items()}
    order = next((known for known in _ORDERED if set(text.values()) <= set(known)), None)
    if order:
        labels = dict(sorted(labels.items(), key=lambda pair: order.index(text[pair[0]])))
    options, codes = _options(labels)
    guess = f"one of {len(options)} answers, by its {by}"
    if not (order or ordered) or len(options) < 2:
        return guess, {"type": "single", "options": options}, {"values": codes}
    ends = 2 if len(options) > 3 else 1
    listed = [option["code"] for option in options]
    scale = {"ordered": True, "options": options, "top": listed[-ends:], "bottom": listed[:ends]}
    guess += f", in order; top box {' and '.join(options[place]['label']['en'] for place in range(-ends, 0))}"
    return guess, {"type": "single", "ordered": scale}, {"values": codes}


def _ticks(
    sheet: Sheet, names: Mapping[str, tuple[str, str]], *, tagged: bool
) -> dict[str, tuple[str, dict[str, str], dict[str, str]]]:
    """Find columns per option: heading → stem of the question, (code → heading), (code → text of the option).

    The cells are ticks, or repeat the option. After other signs than brackets and REDCap's ___, yes and no
    are answers to a question of their own.
    """
    groups: dict[str, dict[str, str]] = {}
    ticked: set[str] = set()
    blank: set[str] = set()
    by_tag: set[str] = set()
    marks = {word.lower() for word in (*TICKED, *NOT_TICKED)} | {"n/a"}
    for place, name in enumerate(sheet.names):
        tag, wording = names[name]
        cells = _cells(sheet, place).str.lower()
        stated = set(cells) - {""}
        numbered = re.fullmatch(r"(.+)_-?\d+", tag) if tagged else None
        if numbered:  # Qualtrics: Q2_1, Q2_2 …, worded "question-option"
            stem, text = numbered[1], tag
            ends = tuple(f"-{blanks}{one}" for one in stated for blanks in ("", " "))
            fits = stated <= {"0", "1"} or (len(stated) == 1 and wording.lower().endswith(ends))
            by_tag.add(stem)
        elif parts := _OPTION.fullmatch(wording.strip()):
            stem, text = parts["stem"].strip(), (parts["bracket"] or parts["redcap"] or parts["text"]).strip()
            fits = stated <= {text.lower()} or stated <= ({"0", "1"} if parts["text"] else marks)
        else:
            continue
        if fits:
            groups.setdefault(stem, {})[text] = name
            ticked |= {stem} if stated - {"n/a"} else set()
            blank |= {stem} if (cells == "").any() or not numbered else set()
    found = {}
    for stem, columns in groups.items():
        if len(columns) < 2 or stem not in ticked or stem not in blank:
            continue
        question, texts = stem, list(columns)
        if stem in by_tag:
            wordings = [names[name][1] for name in columns.values()]
            question, dash, _ = os.path.commonprefix(wordings).rpartition("-")  # noqa: RUF071  texts, not paths
            texts = [wording[len(question + dash) :].strip() for wording in wordings]
            question = question.strip(" -") or stem
        short = all(re.fullmatch(r"[A-Za-z0-9]{1,5}", text) for text in texts)
        short = short and len({text.lower() for text in texts}) == len(texts)
        codes = texts if short else [str(number) for number in range(1, len(texts) + 1)]
        options = dict(zip(codes, columns.values(), strict=True))
        for name in columns.values():
            found[name] = (question, options, dict(zip(codes, texts, strict=True)))
    return found


def _options(labels: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return options with codes, and cell → code: the cells if all can be codes, otherwise numbers."""
    fits = all(re.fullmatch(r"[A-Za-z0-9]{1,5}", value) for value in labels)
    codes = {value: value if fits else str(number) for number, value in enumerate(labels, 1)}
    return [{"code": codes[value], "label": {"en": label}} for value, label in labels.items()], codes
