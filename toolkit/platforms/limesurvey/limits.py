"""What LimeSurvey cannot hold, said before it is exported, and the codes it keeps for itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from toolkit.errors import Problem, near_names
from toolkit.instrument.fields import ID_PATTERN
from toolkit.instrument.lint import PLATFORM_COLUMNS
from toolkit.instrument.model import Instrument, Item
from toolkit.locale import languages
from toolkit.platforms.limesurvey.rows import Quota
from toolkit.platforms.limesurvey.text import ASKED, AUDIENCE, GROUP, unholdable
from toolkit.platforms.routing import confusable
from toolkit.platforms.words import every_text

__all__ = ["find_unfit", "item_codes", "part_codes", "row_codes"]

_WORDS_OF_CONDITIONS = {"and", "or", "eq", "ne", "lt", "le", "gt", "ge", "this", "self", "that"}
_KEPT_FOR_ITSELF = _WORDS_OF_CONDITIONS | {"time", ASKED, GROUP}
_KEPT_PARTS = {"time", "other"}
_LONGEST_QUOTA_NAME = 255
_LONGEST_CODE = 20


def item_codes(instrument: Instrument, hidden: Collection[str]) -> dict[str, str]:
    """Item id → question code, for the ids LimeSurvey keeps for itself."""
    taken = {*(item.id for item in instrument.items), *hidden, AUDIENCE}
    codes: dict[str, str] = {}
    for item in instrument.items:
        if item.id in _KEPT_FOR_ITSELF:
            codes[item.id] = _free(item.id, taken)
            taken.add(codes[item.id])
    return codes


def part_codes(instrument: Instrument) -> dict[str, str]:
    """Column → sub-question code, for the rows and options whose names LimeSurvey keeps for itself."""
    codes: dict[str, str] = {}
    for variable in instrument.variables:
        if variable.option is not None and variable.option.write_in:
            codes[variable.name] = "other"  # LimeSurvey's own, with its text
        elif variable.part is not None and variable.part.casefold() in _KEPT_PARTS:
            others = {str(one.part).casefold() for one in instrument.of_item(variable.item.id)}
            codes[variable.name] = _free(variable.part, others)
    return codes


def row_codes(instrument: Instrument, hidden: Collection[str]) -> dict[str, str]:
    """Column → question code, for the rows of matrices that are asked as questions of their own."""
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
    """Everything LimeSurvey would refuse, drop without a word, or take for code."""
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
            what = "there are no words for the question that asks who somebody is"
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
                "unsuited-item", f"{where}, {name}", "is no single-choice item", near_names(name, names)
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
                    f"'{code}' is none of its answers",
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
