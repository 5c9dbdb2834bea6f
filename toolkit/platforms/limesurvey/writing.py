"""LimeSurvey's survey structure file (tab-separated), for LimeSurvey 5 and 6: Create survey → Import.

One survey in which a first question asks for the audience and ExpressionScript switches words and routing; or
one survey per language; or one per audience. Question codes are our item ids and answer codes our codes; what
LimeSurvey cannot hold is refused, item by item.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.lint import PLATFORM_COLUMNS
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.instrument.yaml_loader import ID_PATTERN
from toolkit.locale import languages
from toolkit.platforms.limesurvey.rows import (
    ASKED,
    AUDIENCE,
    GROUP,
    Plan,
    Quota,
    abbreviated,
    heading,
    marked_up,
    rows_of,
    tabulated,
    too_wide,
    unholdable,
)
from toolkit.platforms.manifest import (
    MANIFEST_ENDING,
    Column,
    ExportManifest,
    column_of,
    manifest_of,
)
from toolkit.platforms.routing import confusable
from toolkit.platforms.words import every_text, fixed_codes, idle_notices, narrow, one_by_one

__all__ = ["Quota", "files_of", "find_unfit", "item_codes", "part_codes", "row_codes"]

_WORDS_OF_CONDITIONS = {"and", "or", "eq", "ne", "lt", "le", "gt", "ge", "this", "self", "that"}
_KEPT_FOR_ITSELF = _WORDS_OF_CONDITIONS | {"time", ASKED, GROUP}
_KEPT_PARTS = {"time", "other"}
_LONGEST_QUOTA_NAME = 255
_LONGEST_CODE = 20


def item_codes(instrument: Instrument, hidden: Collection[str]) -> dict[str, str]:
    """Map item ids to question codes, for ids that LimeSurvey reserves."""
    taken = {*(item.id for item in instrument.items), *hidden, AUDIENCE}
    codes: dict[str, str] = {}
    for item in instrument.items:
        if item.id in _KEPT_FOR_ITSELF:
            codes[item.id] = _free(item.id, taken)
            taken.add(codes[item.id])
    return codes


def part_codes(instrument: Instrument) -> dict[str, str]:
    """Map columns to sub-question codes, for rows and options with reserved names."""
    codes: dict[str, str] = {}
    for variable in instrument.variables:
        if variable.option is not None and variable.option.write_in:
            codes[variable.name] = "other"  # LimeSurvey's own, with its text
        elif variable.part is not None and variable.part.casefold() in _KEPT_PARTS:
            others = {str(one.part).casefold() for one in instrument.of_item(variable.item.id)}
            codes[variable.name] = _free(variable.part, others)
    return codes


def row_codes(instrument: Instrument, hidden: Collection[str]) -> dict[str, str]:
    """Map columns to question codes, for matrix rows asked as separate questions."""
    taken = {*(item.id for item in instrument.items), *item_codes(instrument, hidden).values()}
    taken |= {*hidden, AUDIENCE, *_KEPT_FOR_ITSELF}
    codes: dict[str, str] = {}
    for variable in instrument.variables:
        if variable.row is None:
            continue
        code = f"{variable.item.id}{variable.row.id}".casefold()[:_LONGEST_CODE]
        number = 2
        while code in taken:
            code = f"{code[: _LONGEST_CODE - 3].rstrip('0123456789')}{number}"
            number += 1
        codes[variable.name] = code
        taken.add(code)
    return codes


def _free(name: str, taken: Collection[str]) -> str:
    code = f"{name}q"
    while code.casefold() in taken:
        code += "q"
    return code


def find_unfit(
    instrument: Instrument,
    *,
    asks_audience: bool,
    quotas: Sequence[Quota],
    hidden: Sequence[str],
    survey_id: int | None,
) -> Iterator[Problem]:
    """Find everything LimeSurvey would refuse, drop silently, or execute as code."""
    for place, text in every_text(instrument):
        why = unholdable(text)
        if why:
            yield Problem(
                "invalid-character",
                place,
                f"it {why}",
                "write it without; round brackets and plain words are safe",
            )
    for item in instrument.items:
        yield from _answers(item, instrument)
    for language in instrument.languages if asks_audience else ():
        if language not in languages("questionnaire"):
            what = "there is no wording for the question that identifies the respondent"
            hint = f"use layout 'audience', or a language of {', '.join(languages('questionnaire'))}"
            yield Problem("unknown-language", f"language '{language}'", what, hint)
    for quota in quotas:
        yield from _quota(quota, instrument)
    yield from _hidden(hidden, instrument)
    if survey_id is not None and not 1 <= survey_id <= 999_999:
        what = "is not between 1 and 999999"
        yield Problem("out-of-range", f"survey id {survey_id}", what, "leave it out, or use six digits")


def _answers(item: Item, instrument: Instrument) -> Iterator[Problem]:
    if item.type not in ("single", "matrix"):
        return
    variable = instrument.of_item(item.id)[0]
    shown = [*variable.codes, *(missing.code for missing in instrument.missing_of(variable))]
    for one, other in confusable(shown):
        what = f"LimeSurvey takes its answers '{one}' and '{other}' for one"
        hint = "give one of them a code that differs in more than case or leading zeros"
        yield Problem("ambiguous", f"item {item.id}", what, hint)


def _quota(quota: Quota, instrument: Instrument) -> Iterator[Problem]:
    where = f"quota '{quota.name}'"
    if not quota.name.strip() or len(quota.name) > _LONGEST_QUOTA_NAME or unholdable(quota.name):
        yield Problem(
            "invalid-name", where, "cannot be called so", "use up to 255 letters, digits and blanks"
        )
    if quota.limit < 1:
        yield Problem("out-of-range", where, f"its limit is {quota.limit}", "use 1 or more")
    if not quota.answers:
        yield Problem("empty", where, "counts no answers", "name an item, or audience, and its answers")
    for name, counted in quota.answers.items():
        known = _quota_answers(name, instrument)
        if known is None:
            names = [AUDIENCE, *(item.id for item in instrument.items if item.type == "single")]
            yield Problem(
                "unsuited-item", f"{where}, {name}", "is not a single-choice item", near_names(name, names)
            )
            continue
        if not counted:
            yield Problem(
                "empty", f"{where}, {name}", "counts none of its answers", f"name one of {', '.join(known)}"
            )
        for code in counted:
            if code not in known:
                yield Problem(
                    "unknown-answer",
                    f"{where}, {name}",
                    f"'{code}' is not one of its answers",
                    near_names(code, known),
                )


def _quota_answers(name: str, instrument: Instrument) -> tuple[str, ...] | None:
    if name == AUDIENCE:
        return tuple(instrument.audiences)
    if name not in instrument or instrument[name].item.type != "single":
        return None
    variable = instrument[name]
    return (*variable.codes, *(missing.code for missing in instrument.missing_of(variable)))


def _hidden(hidden: Sequence[str], instrument: Instrument) -> Iterator[Problem]:
    taken = {AUDIENCE, *PLATFORM_COLUMNS, *_KEPT_FOR_ITSELF, *(item.id for item in instrument.items)}
    for place, name in enumerate(hidden):
        where = f"hidden question '{name}'"
        if not re.fullmatch(ID_PATTERN, name):
            yield Problem(
                "invalid-name",
                where,
                "cannot be called so",
                "use up to 20 small letters and digits, a letter first",
            )
        elif name in taken or name in hidden[:place]:
            yield Problem("name-taken", where, "has the name of something else", "give it a name of its own")


Layout = Literal["one", "language", "audience"]
Matrix = Literal["array", "questions"]
_LONGEST_TITLE = 200


def files_of(
    source: Instrument,
    whole: Instrument,
    *,
    layout: Layout = "one",
    quotas: Sequence[Quota] = (),
    hidden: Sequence[str] = (),
    matrix: Matrix = "array",
    survey_id: int | None = None,
    anonymous: bool = False,
) -> dict[str, str | bytes]:
    """Make survey structure files for LimeSurvey, with a manifest beside each.

    Parameters
    ----------
    source, whole
        The instrument, and what of it is exported.
    layout
        "one": one survey, all languages, a question that asks for the audience. "language": the same, one
        survey per language. "audience": one survey per audience, all languages, nothing to switch.
    quotas
        Limits for answers to single-choice items or for audiences.
    hidden
        Hidden questions, filled in by the link (``?organisation=org-07``): "organisation" for example.
    matrix
        "array": a matrix is an array, its answers side by side. "questions": each of its rows is a question
        of its own, for answers too long to be placed side by side.
    survey_id
        The number LimeSurvey is to give the survey, if it is free; made from the file's name where left out,
        so that it differs from file to file. Given, with several files the next numbers follow.
    anonymous
        True for LimeSurvey's anonymised responses. It severs answers from tokens: leave it out for a panel,
        and where the token identifies the respondent's organisation.

    Raises
    ------
    InvalidInput
        Everything LimeSurvey cannot hold.
    """
    if matrix not in ("array", "questions"):
        unknown = Problem(
            "unknown-option", f"matrix '{matrix}'", "is not supported by limesurvey", "use array or questions"
        )
        raise InvalidInput(source.id, [unknown])
    switch = layout != "audience" and len(whole.audiences) > 1
    problems = list(
        find_unfit(whole, asks_audience=switch, quotas=quotas, hidden=hidden, survey_id=survey_id)
    )
    if problems:
        raise InvalidInput(f"{source.id} for LimeSurvey", problems)
    files: dict[str, str | bytes] = {}
    for place, (ending, part) in enumerate(_parts(whole, layout)):
        number = survey_id + place if survey_id else _number(source.id + ending)
        stem = source.id + ending
        plan = Plan(
            part,
            str(number),
            {language: _cut(title) for language, title in _titles(part).items()},
            item_codes(whole, hidden),
            part_codes(whole),
            tuple(_fillable(quotas, part)),
            tuple(hidden),
            asks_audience=len(part.audiences) > 1,
            rows=row_codes(whole, hidden) if matrix == "questions" else {},
            anonymous=anonymous,
        )
        files[f"{stem}.txt"] = tabulated(rows_of(plan))
        left = [quota.name for quota in quotas if quota.name not in {one.name for one in plan.quotas}]
        idle = idle_notices(whole) if layout == "audience" else []
        manifest = _manifest(source, plan, layout, f"{stem}.txt", left, idle)
        files[f"{stem}{MANIFEST_ENDING}"] = manifest.to_json()
    return files


def _number(stem: str) -> int:
    """Derive a six-digit number from a file's name, the same each time and different for each layout."""
    return 100_000 + int(hashlib.sha256(stem.encode()).hexdigest(), 16) % 800_000


def _parts(whole: Instrument, layout: Layout) -> Iterator[tuple[str, Instrument]]:
    if layout == "language":
        for language in whole.languages:
            yield f"-{language}", narrow(whole, languages=[language])
    elif layout == "audience":
        for audience, part in one_by_one(whole):
            yield f"-{audience}", part
    else:
        yield "", whole


def _titles(part: Instrument) -> dict[str, str]:
    if len(part.audiences) > 1:
        return {language: part.title[language] for language in part.languages}
    (audience,) = part.audiences.values()
    return {language: f"{part.title[language]} ({audience.label[language]})" for language in part.languages}


def _cut(title: str) -> str:
    """Shorten a title to fit; LimeSurvey counts its HTML, in which one mark takes up to six characters."""
    return title if len(marked_up(title)) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE // 6]}…"


def _fillable(quotas: Iterable[Quota], part: Instrument) -> Iterator[Quota]:
    """Yield the quotas that a survey can count; in a survey of one audience, its part of a quota is met."""
    asked = {AUDIENCE, *(item.id for item in part.items)}
    for quota in quotas:
        mine = set(quota.answers.get(AUDIENCE, part.audiences)) & set(part.audiences)
        if len(part.audiences) > 1:
            answers: Mapping[str, tuple[str, ...]] = quota.answers
        else:
            answers = {name: codes for name, codes in quota.answers.items() if name != AUDIENCE}
        if mine and answers and set(quota.answers) <= asked:
            yield Quota(quota.name, quota.limit, answers)


def _manifest(
    source: Instrument, plan: Plan, layout: str, file: str, left_out: Sequence[str], idle: Sequence[str]
) -> ExportManifest:
    return manifest_of(
        source,
        plan.instrument,
        platform="limesurvey",
        layout=layout,
        files=[file],
        columns=[
            _column(variable, plan)
            for variable in plan.instrument.variables
            # LimeSurvey has no column for a write-in's tick: its text serves for both
            if not (variable.kind == "option" and variable.option and variable.option.write_in)
        ],
        audience_column=GROUP if plan.asks_audience else None,
        notices=[*(f"{file}: {notice}" for notice in _notices(plan, left_out)), *idle],
        settings={
            "survey_id": plan.survey_id,
            **({"hidden": " ".join(plan.hidden)} if plan.hidden else {}),
            **({"audience": f"{AUDIENCE} {ASKED} {GROUP}"} if plan.asks_audience else {}),
        },
    )


def _column(variable: Variable, plan: Plan) -> Column:
    code, part = plan.code(variable.item), plan.part(variable)
    if variable.name in plan.rows:
        code, part = plan.rows[variable.name], None
    texts = [_texts(variable, plan, language) for language in plan.instrument.languages]
    if variable.item.type == "ranking":  # columns hold codes by rank, identified by the question's code
        return column_of(variable, plan.instrument, question=code, part=part, headings={})
    headings = {
        "code": [code if part is None else f"{code}[{part}]"],
        "underscore": [plan.name(variable)],
        "full": [heading(*pair) for pair in texts],
        "abbreviated": [abbreviated(*pair) for pair in texts],
    }
    codes = {"1": "Y", "0": ""} if variable.kind == "option" else None
    write_in = plan.instrument.write_in_of(variable.item.id)
    if write_in is not None and write_in.option is not None and variable.kind == "single":
        offered = plan.instrument.missing_on_screen(variable)
        codes = {code: code for code in variable.codes} | offered | {write_in.option.code: "-oth-"}
    return column_of(variable, plan.instrument, question=code, part=part, headings=headings, codes=codes)


def _texts(variable: Variable, plan: Plan, language: str) -> tuple[str, str | None]:
    """Stem and part of a column as written in the file."""
    if variable.name in plan.rows:
        return plan.row_text(variable, language), None
    asked = variable.item.audiences or tuple(plan.instrument.audiences)
    stem = plan.text(variable.item.text, asked, language)
    if variable.row:
        return stem, plan.text(variable.row.text, variable.audiences, language)
    return stem, marked_up(variable.option.label[language]) if variable.option else None


def _notices(plan: Plan, left_out: Sequence[str]) -> Iterator[str]:
    asked = {item.id for item in plan.instrument.items}
    for item, code in plan.codes.items():
        if item in asked:
            yield f"LimeSurvey keeps the code '{item}' for itself; the item is called '{code}' there"
    for name, code in plan.parts.items():
        if name in plan.instrument and code != "other":
            yield f"LimeSurvey keeps the code of '{name}' for itself; its sub-question is called '{code}'"
    for one in plan.instrument.items if not plan.rows else ():
        if one.type == "matrix" and too_wide(plan.instrument, one):
            yield (
                f"the answers of '{one.id}' are too long to be placed side by side, and may wrap; give "
                "them shorter labels, or export with --matrix questions"
            )
    for language, title in _titles(plan.instrument).items():
        kept = plan.titles[language]
        if kept != title:
            yield f"the title ({language}) is too long for LimeSurvey; it was cut to '{kept}'"
    for language in plan.instrument.languages if plan.quotas else ():
        if language not in languages("questionnaire"):
            yield f"there are no words in '{language}' for a full quota; write them in LimeSurvey"
    shuffled = [one for one in plan.instrument.items if one.order and one.type == "single"]
    loose = [one.id for one in shuffled if fixed_codes(one, plan.instrument)]
    if loose:
        yield (
            f"older LimeSurveys (6.4) shuffle the don't know of {', '.join(loose)} with the other answers; "
            "look at them after the import"
        )
    for name in left_out:
        yield f"the quota '{name}' counts answers that no one can give here, and was left out"
    if not plan.asks_audience:
        (audience,) = plan.instrument.audiences
        yield f"nothing in it asks for the audience; write 'audience: {audience}' where the answers are read"
