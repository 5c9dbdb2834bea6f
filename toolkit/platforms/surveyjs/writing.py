"""SurveyJS: the JSON that its form library (2.5 and later) shows and its Creator opens.

Audiences that read other words have questions of their own, `item__code`, which share one value by
`valueName`: the answers hold one key per item, for any audience. Values are our codes, as text.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument, Item, MissingAnswer, Option, Variable
from toolkit.locale import languages
from toolkit.platforms.manifest import MANIFEST_ENDING, Column, ExportManifest, column_of, manifest_of
from toolkit.platforms.routing import SURVEYJS, confusable
from toolkit.platforms.words import (
    Variant,
    audience_question,
    by_layout,
    every_text,
    fixed_codes,
    idle_notices,
    opening,
    variants_of,
)

Layout = Literal["one", "audience"]
AUDIENCE = "audience"
_PIPED = re.compile(r"\{[^{}]*\}")
Element = dict[str, Any]


def files_of(source: Instrument, whole: Instrument, *, layout: Layout = "one") -> dict[str, str | bytes]:
    """Make SurveyJS JSON, with a manifest beside each file.

    Parameters
    ----------
    source, whole
        The instrument, and what of it is exported. The first language is the survey's own.
    layout
        "one": one survey that asks for the audience first. "audience": one survey per audience.

    Raises
    ------
    InvalidInput
        Everything SurveyJS would read as something else.
    """
    problems = [*_piped(whole), *_confused(whole)]
    if problems:
        raise InvalidInput(f"{source.id} for SurveyJS", problems)
    idle = idle_notices(whole) if layout == "audience" else []
    files: dict[str, str | bytes] = {}
    for ending, part in by_layout(whole, layout):
        stem = source.id + ending
        survey = json.dumps(survey_of(part), ensure_ascii=False, indent=1) + "\n"
        files[f"{stem}.json"] = survey
        files[f"{stem}{MANIFEST_ENDING}"] = _manifest(source, part, layout, f"{stem}.json", idle).to_json()
    return files


def survey_of(instrument: Instrument) -> dict[str, Any]:
    """Build the survey for an instrument's audiences as SurveyJS's own plain data."""
    pages = [_who(instrument)] if len(instrument.audiences) > 1 else []
    for section in instrument.sections:
        elements = [
            element
            for item_id in section.items
            for element in _elements(instrument.item(item_id), instrument)
        ]
        title = _localised(section.title, instrument)
        pages.append({"name": f"page_{section.id}", "title": title, "elements": elements})
    survey: dict[str, Any] = {
        "title": _localised(instrument.title, instrument),
        "locale": instrument.languages[0],
        "clearInvisibleValues": "onHidden",
        "checkErrorsMode": "onNextPage",
        "pages": pages,
    }
    texts = {one: opening(instrument, one) for one in instrument.languages}
    if any(texts.values()):
        page = {"type": "html", "name": "opening", "html": _localised(_html(texts), instrument)}
        survey |= {
            "firstPageIsStartPage": True,
            "pages": [{"name": "page__opening", "elements": [page]}, *pages],
        }
    if instrument.texts.end:
        survey["completedHtml"] = _localised(_html(instrument.texts.end), instrument)
    if len(instrument.audiences) == 1:
        (audience,) = instrument.audiences.values()
        held = {"name": AUDIENCE, "expression": f"'{audience.code}'", "includeIntoResult": True}
        survey["calculatedValues"] = [held]
    return survey


def _piped(instrument: Instrument) -> Iterator[Problem]:
    for place, text in every_text(instrument):
        found = _PIPED.search(text)
        if found:
            hint = "write it without braces; SurveyJS puts an answer in their place"
            yield Problem("invalid-character", place, f"holds '{found[0]}'", hint)


def _confused(instrument: Instrument) -> Iterator[Problem]:
    for item in instrument.items:
        variable = instrument.of_item(item.id)[0]
        offered = [missing.code for missing in instrument.missing_of(variable)]
        for one, other in confusable([*(option.code for option in _options(variable)), *offered]):
            what = f"SurveyJS cannot distinguish the codes '{one}' and '{other}'"
            yield Problem("ambiguous", f"item {item.id}", what, "give one of them another code")


def _localised(words: Mapping[str, str], instrument: Instrument) -> str | dict[str, str]:
    """Return a text in every language; SurveyJS calls English "default"."""
    first = instrument.languages[0]
    if instrument.languages == ("en",):
        return words["en"]
    default = {"default": words["en" if "en" in instrument.languages else first]}
    return default | {one: words[one] for one in instrument.languages if one != "en"}


def _html(words: Mapping[str, str]) -> dict[str, str]:
    """Convert plain text to HTML, one paragraph per blank line."""
    return {
        language: "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n") if part.strip())
        for language, text in words.items()
    }


def _who(instrument: Instrument) -> dict[str, Any]:
    stated = {one: audience_question(one) for one in instrument.languages}
    choices = [
        {"value": audience.code, "text": _localised(audience.label, instrument)}
        for audience in instrument.audiences.values()
    ]
    question = {
        "type": "radiogroup",
        "name": AUDIENCE,
        "title": _localised({one: words[1] for one, words in stated.items()}, instrument),
        "isRequired": True,
        "choices": choices,
    }
    title = _localised({one: words[0] for one, words in stated.items()}, instrument)
    return {"name": "page__audience", "title": title, "elements": [question]}


def _elements(item: Item, instrument: Instrument) -> Iterator[Element]:
    variables = instrument.of_item(item.id)
    for variant in variants_of(item, instrument):
        title = {one: variant.text(item, one) for one in instrument.languages}
        element: Element = {
            "type": _TYPES[item.type],
            "name": f"{item.id}__{variant.suffix}" if variant.suffix else item.id,
            "title": _localised(title, instrument),
        }
        if variant.suffix:
            element["valueName"] = item.id
        help_text = variant.help(item, instrument)
        if help_text:
            element["description"] = _localised(help_text, instrument)
        if item.order and item.type == "matrix":
            element["rowOrder"] = "random"
        elif item.order and not _fixed(item, instrument):
            element["choicesOrder"] = "random"
        shown = _shown(item, variant, instrument)
        if shown:
            element["visibleIf"] = shown
        if item.required:
            element["eachRowRequired" if item.type == "matrix" else "isRequired"] = True
        yield element | _answers(item, variant, variables, instrument)


def _fixed(item: Item, instrument: Instrument) -> bool:
    """Return whether some answers must stay last, which SurveyJS does for "other" alone."""
    write_in = instrument.write_in_of(item.id)
    own = write_in.option.code if write_in is not None and write_in.option is not None else None
    return item.type != "matrix" and any(code != own for code in fixed_codes(item, instrument))


_TYPES = {
    "single": "radiogroup",
    "matrix": "matrix",
    "multi": "checkbox",
    "ranking": "ranking",
    "number": "text",
    "text": "comment",
}


def _answers(item: Item, variant: Variant, variables: Sequence[Variable], instrument: Instrument) -> Element:
    if item.type == "text":
        return {}
    if item.type == "number":
        bounds = {"min": item.minimum, "max": item.maximum}
        limits = {name: limit for name, limit in bounds.items() if limit is not None}
        return {"inputType": "number", "step": "any", **limits}
    choices = _choices(variables[0], instrument)
    if item.type == "ranking" and item.maximum not in (None, len(item.options)):
        some = {"selectToRankEnabled": True, "maxSelectedChoices": int(item.maximum or 0)}
        return {"choices": choices, **some}
    if item.type != "matrix":
        most = {} if item.maximum is None else {"maxSelectedChoices": int(item.maximum)}
        write_in = instrument.write_in_of(item.id)
        if write_in is None or write_in.option is None:
            return {"choices": choices, **most}
        label = _localised(write_in.option.label, instrument)
        return {"choices": choices, "showOtherItem": True, "otherText": label, **most}
    heard = [one for one in variables if set(one.audiences) & set(variant.audiences)]
    rows = [
        {"value": one.part, "text": _localised(variant.statements(one, instrument), instrument)}
        for one in heard
    ]
    return {"columns": choices, "rows": rows}


def _options(variable: Variable) -> tuple[Option, ...]:
    if variable.item.type in ("multi", "ranking"):
        return variable.item.options
    return variable.scale.options if variable.scale else ()


def _choices(variable: Variable, instrument: Instrument) -> list[Element]:
    offered: Sequence[MissingAnswer] = ()
    if variable.item.type not in ("multi", "ranking"):
        offered = instrument.missing_of(variable)
    choices: list[Element] = []
    for option in _options(variable):
        if option.write_in:
            continue  # SurveyJS adds its own, "other"
        choice: Element = {"value": option.code, "text": _localised(option.label, instrument)}
        choices.append(choice | ({"isExclusive": True} if option.exclusive else {}))
    return choices + [{"value": one.code, "text": _localised(one.label, instrument)} for one in offered]


def _shown(item: Item, variant: Variant, instrument: Instrument) -> str:
    parts = []
    if set(variant.audiences) != set(instrument.audiences):
        codes = [instrument.audiences[name].code for name in variant.audiences]
        parts.append(" or ".join(f"{{{AUDIENCE}}} = '{code}'" for code in codes))
    if item.ask_if is not None:
        parts.append(SURVEYJS.write(item.ask_if, instrument, audiences=variant.audiences))
    return " and ".join(f"({part})" for part in parts) if len(parts) > 1 else "".join(parts)


def _manifest(
    source: Instrument, part: Instrument, layout: str, file: str, idle: Sequence[str]
) -> ExportManifest:
    notices = [
        f"{file}: the question about the audience is in English where the language is '{language}'"
        for language in part.languages
        if len(part.audiences) > 1 and language not in languages("questionnaire")
    ]
    kept = [item.id for item in part.items if item.order and _fixed(item, part)]
    if kept:
        notices.append(
            f"{file}: the answers of {', '.join(kept)} keep their order: SurveyJS would shuffle those that "
            "must stay last"
        )
    return manifest_of(
        source,
        part,
        platform="surveyjs",
        layout=layout,
        files=[file],
        columns=[_column(variable, part) for variable in part.variables],
        audience_column=AUDIENCE,
        notices=[*notices, *idle],
    )


def _column(variable: Variable, instrument: Instrument) -> Column:
    """Return a column's place in the answers: `item`, `item.row`, or the list `item` for an option."""
    heading = f"{variable.item.id}.{variable.part}" if variable.row else variable.item.id
    if variable.write_in:
        heading = f"{variable.item.id}-Comment"
    return column_of(
        variable, instrument, question=variable.item.id, part=variable.part, headings={"json": [heading]}
    )
