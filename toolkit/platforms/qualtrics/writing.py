"""Qualtrics' Advanced Format text file, one per audience, with a page of what it cannot carry.

The text format holds questions, answers and blocks in one language. Display logic, recode values, export tags
of rows, forced and exclusive answers and translations are set by hand after the import; the page beside each
file names which. A QSF (layout "qsf") carries more and is experimental: none was ever tried in a real
Qualtrics.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import NOT_RANKED, Instrument
from toolkit.platforms.manifest import MANIFEST_ENDING, Column, column_of, manifest_of
from toolkit.platforms.qualtrics.questions import (
    Choice,
    Question,
    find_unfit,
    marked_up,
    questions_of,
    setup_page,
)
from toolkit.platforms.words import idle_notices, one_by_one, opening

Layout = Literal["audience", "qsf"]
_ROUND = str.maketrans("[]", "()")
_TYPES = {
    "single": "MC:SingleAnswer:Vertical",
    "multi": "MC:MultipleAnswer:Vertical",
    "matrix": "Matrix",
    "number": "TE:SingleLine",
    "text": "TE:Essay",
}


def files_of(source: Instrument, whole: Instrument, *, layout: Layout = "audience") -> dict[str, str | bytes]:
    """Make a survey per audience, a set-up page and a manifest beside each.

    Parameters
    ----------
    source, whole
        The instrument, and what of it is exported. The files are in the first language.
    layout
        "audience": the text format. "qsf": Qualtrics' own format, experimental.

    Raises
    ------
    InvalidInput
        Everything Qualtrics cannot hold.
    """
    problems = list(find_unfit(whole))
    for item in whole.items if layout != "qsf" else ():
        if item.type == "ranking":
            what = "is a ranking, which is not written in the text format"
            problems.append(
                Problem("unsupported", f"item {item.id}", what, "use layout qsf, or a multi-select")
            )
    if problems:
        raise InvalidInput(f"{source.id} for Qualtrics", problems)
    files: dict[str, str | bytes] = {}
    for audience, part in one_by_one(whole):
        files |= _files(source, part, audience, layout, idle_notices(whole))
    return files


def _files(
    source: Instrument, part: Instrument, audience: str, layout: Layout, idle: Sequence[str]
) -> dict[str, str | bytes]:
    experimental = layout == "qsf"
    questions = questions_of(part, audience)
    stem = f"{source.id}-{audience}" + ("-experimental" if experimental else "")
    file = f"{stem}.qsf" if experimental else f"{stem}.txt"
    title = f"{part.title[part.languages[0]]} ({part.audiences[audience].label[part.languages[0]]})"
    manifest = manifest_of(
        source,
        part,
        platform="qualtrics",
        layout=layout,
        files=[file],
        columns=[column for question in questions for column in _columns(question, part, layout)],
        audience_column="audience",
        notices=[*(f"{file}: {notice}" for notice in _notices(part, questions, layout)), *idle],
    )
    page = setup_page(part, audience, questions, file=file, experimental=experimental)
    survey = qsf(part, audience, questions, title) if experimental else _text(part, audience, questions)
    return {file: survey, f"{stem}-setup.html": page, f"{stem}{MANIFEST_ENDING}": manifest.to_json()}


def _text(part: Instrument, audience: str, questions: Sequence[Question]) -> str:
    by_tag = {question.tag: question for question in questions}
    parts = [
        "[[AdvancedFormat]]",
        f"[[ED:audience:{part.audiences[audience].code}]]\n[[ED:organisation]]",
    ]
    first = opening(part, part.languages[0])
    if first:
        parts.append(f"[[Block:Welcome]]\n\n[[Question:DB]]\n[[ID:opening]]\n{marked_up(first)}")
    for section in part.sections:
        name = marked_up(section.title[part.languages[0]]).translate(_ROUND)  # only its maker sees it
        parts.append(f"[[Block:{name}]]")
        parts += [_question(by_tag[name], part.languages[0]) for name in section.items]
    return "\n\n".join(parts) + "\n"


def _question(question: Question, language: str) -> str:
    kind, words = _TYPES[question.item.type], marked_up(question.text[language])
    parts = [f"[[Question:{kind}]]\n[[ID:{question.tag}]]\n{words}"]
    if question.rows:
        numbered = [(str(row.number), row.label[language]) for row in question.rows]
        parts.append(_listed("AdvancedChoices", "Choice", numbered))
    if question.answers:
        valued = [(answer.value, answer.label[language]) for answer in question.answers]
        heading, tag = ("AdvancedAnswers", "Answer") if question.rows else ("AdvancedChoices", "Choice")
        parts.append(_listed(heading, tag, valued))
    return "\n\n".join(parts)


def _listed(heading: str, tag: str, entries: Iterable[tuple[str, str]]) -> str:
    lines = [f"[[{tag}:{value}]]\n{marked_up(words)}" for value, words in entries]
    return "\n".join([f"[[{heading}]]", *lines])


def _columns(question: Question, part: Instrument, layout: Layout) -> Iterator[Column]:
    """Return headings: "tag" with multi-selects in columns, "joined" in one, "import_id" for a QSF."""
    rows = {row.code: row.number for row in question.rows}
    options = {answer.code: answer.number for answer in question.answers}
    write_in = part.write_in_of(question.item.id)
    for variable in (*part.of_item(question.item.id), *([] if write_in is None else [write_in])):
        tag, number, codes, recodes = question.tag, "", {}, {}
        headings = {"tag": [tag], "joined": [tag]}
        if variable.row:
            number = str(rows[variable.row.id])
            headings = {style: [variable.name, f"{tag}_{number}"] for style in ("tag", "joined")}
        if variable.option:
            number = str(options[variable.option.code])
            headings["tag"] = [f"{tag}_{number}"]
            codes = {"1": number, "0": ""}
            if question.item.type == "ranking":
                headings["joined"] = headings["tag"]
                codes = {code: code for code in variable.codes if code != NOT_RANKED}
            if variable.write_in:
                codes, headings = {}, {style: [f"{tag}_{number}_TEXT"] for style in headings}
        elif question.answers:
            codes = {answer.code: answer.value for answer in question.answers}
            if question.recoded:
                recodes = {str(answer.number): answer.value for answer in question.answers}
        if layout == "qsf":
            ending = f"_{number}" if number else ""
            ending += "_TEXT" if variable.kind in ("number", "text") else ""
            headings["import_id"] = [f"QID{question.number}{ending}"]
        yield column_of(
            variable,
            part,
            question=f"QID{question.number}" if layout == "qsf" else tag,
            part=number or None,
            headings=headings,
            codes=codes,
            recodes=recodes,
        )


def _notices(part: Instrument, questions: Sequence[Question], layout: Layout) -> Iterator[str]:
    if layout == "qsf":
        yield "experimental: no QSF of this toolkit was ever tried in a real Qualtrics"
    elif len(part.languages) > 1:
        others = ", ".join(part.languages[1:])
        yield f"it holds the words in {part.languages[0]}; those in {others} are on the set-up page"
    routed = [question.tag for question in questions if question.item.ask_if is not None]
    if routed:
        yield f"set the display logic of {', '.join(routed)} by hand, as described on the set-up page"
    recoded = [question.tag for question in questions if question.recoded]
    if recoded and layout != "qsf":
        yield f"check the recode values of {', '.join(recoded)}, as described on the set-up page"


# A survey as Qualtrics' own file (QSF). Experimental: its format is not public, and it was never imported.
#
# Its shape is that of files Qualtrics exported. It carries what the text format cannot (recode values,
# export tags, languages, forced answers, embedded data); display logic is left to the set-up page, because
# a condition that is wrong without a word would make wrong bases.

_QSF_TYPES: Mapping[str, tuple[str, str, str | None]] = {
    "single": ("MC", "SAVR", "TX"),
    "multi": ("MC", "MAVR", "TX"),
    "ranking": ("RO", "DND", "TX"),
    "matrix": ("Matrix", "Likert", "SingleAnswer"),
    "number": ("TE", "SL", None),
    "text": ("TE", "ESTB", None),
}
_NEVER = "0000-00-00 00:00:00"


def qsf(instrument: Instrument, audience: str, questions: Sequence[Question], title: str) -> str:
    """Write the file for one audience as JSON; the same instrument gives the same bytes."""
    digest = hashlib.sha256(f"{instrument.id}/{audience}".encode()).hexdigest()
    survey_id = f"SV_{digest[:15]}"
    entry = {
        "SurveyID": survey_id,
        "SurveyName": title,
        "SurveyDescription": None,
        "SurveyOwnerID": "UR_000000000000000",
        "SurveyBrandID": "",
        "DivisionID": None,
        "SurveyLanguage": instrument.languages[0].upper(),
        "SurveyActiveResponseSet": f"RS_{digest[15:30]}",
        "SurveyStatus": "Inactive",
        "SurveyStartDate": _NEVER,
        "SurveyExpirationDate": _NEVER,
        "SurveyCreationDate": _NEVER,
        "CreatorID": "UR_000000000000000",
        "LastModified": _NEVER,
        "LastAccessed": _NEVER,
        "LastActivated": _NEVER,
        "Deleted": None,
    }
    blocks = _blocks(instrument, questions, digest)
    first = {one: opening(instrument, one) for one in instrument.languages}
    welcome = f"QID{len(questions) + 1}" if any(first.values()) else ""
    if welcome:
        page = {"Type": "Question", "QuestionID": welcome}
        blocks[0]["BlockElements"] = [page, {"Type": "Page Break"}, *blocks[0]["BlockElements"]]
    elements = [
        ("BL", "Survey Blocks", None, blocks),
        ("FL", "Survey Flow", None, _flow(instrument, audience, blocks)),
        ("SO", "Survey Options", None, _options(instrument, title)),
        ("SCO", "Scoring", None, _SCORING),
        ("STAT", "Survey Statistics", None, {"MobileCompatible": True, "ID": "Survey Statistics"}),
        ("QC", "Survey Question Count", str(len(questions) + bool(welcome)), None),
        ("RS", f"RS_{digest[15:30]}", "Default Response Set", None),
        *([("SQ", welcome, "opening", _descriptive(welcome, first))] if welcome else []),
        *(("SQ", f"QID{one.number}", one.text[instrument.languages[0]], _payload(one)) for one in questions),
    ]
    held = {
        "SurveyEntry": entry,
        "SurveyElements": [
            {
                "SurveyID": survey_id,
                "Element": kind,
                "PrimaryAttribute": first,
                "SecondaryAttribute": second,
                "TertiaryAttribute": None,
                "Payload": payload,
            }
            for kind, first, second, payload in elements
        ],
    }
    return json.dumps(held, ensure_ascii=False, indent=1) + "\n"


_SCORING: Mapping[str, Any] = {
    "ScoringCategories": [],
    "ScoringCategoryGroups": [],
    "ScoringSummaryCategory": None,
    "ScoringSummaryAfterQuestions": 0,
    "ScoringSummaryAfterSurvey": 0,
    "DefaultScoringCategory": None,
    "AutoScoringCategory": None,
}


def _blocks(instrument: Instrument, questions: Iterable[Question], digest: str) -> list[dict[str, Any]]:
    numbers = {question.tag: question.number for question in questions}
    blocks = [
        {
            "Type": "Standard" if place else "Default",
            "Description": section.title[instrument.languages[0]],
            "ID": f"BL_{digest[:11]}{place:04d}",
            "BlockElements": [
                {"Type": "Question", "QuestionID": f"QID{numbers[name]}"} for name in section.items
            ],
        }
        for place, section in enumerate(instrument.sections)
    ]
    trash = {"Type": "Trash", "Description": "Trash / Unused Questions", "ID": f"BL_{digest[:11]}9999"}
    return [*blocks, trash]


def _flow(instrument: Instrument, audience: str, blocks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    fields = (("audience", instrument.audiences[audience].code), ("organisation", None))
    embedded: list[dict[str, Any]] = [
        {
            "Description": name,
            "Type": "Custom" if value else "Recipient",
            "Field": name,
            "VariableType": "String",
            "DataVisibility": [],
            "AnalyzeText": False,
            **({"Value": value} if value else {}),
        }
        for name, value in fields
    ]
    flow: list[dict[str, Any]] = [{"Type": "EmbeddedData", "FlowID": "FL_2", "EmbeddedData": embedded}]
    for place, block in enumerate((one for one in blocks if one["Type"] != "Trash"), start=3):
        flow.append({"Type": "Standard", "ID": block["ID"], "FlowID": f"FL_{place}", "Autofill": []})
    properties = {"Count": len(flow) + 1, "RemovedFieldsets": []}
    return {"Type": "Root", "FlowID": "FL_1", "Flow": flow, "Properties": properties}


def _options(instrument: Instrument, title: str) -> dict[str, Any]:
    return {
        "BackButton": "true",
        "SaveAndContinue": "true",
        "SurveyProtection": "PublicSurvey",
        "BallotBoxStuffingPrevention": "false",
        "NoIndex": "Yes",
        "SecureResponseFiles": "true",
        "SurveyExpiration": "None",
        "SurveyTermination": "DefaultMessage",
        "Header": "",
        "Footer": "",
        "ProgressBarDisplay": "None",
        "PartialData": "+1 week",
        "SurveyTitle": title,
        "AvailableLanguages": {language.upper(): [] for language in instrument.languages},
    }


def _descriptive(question_id: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return a text that asks nothing: the words before the questions."""
    base, *others = texts
    return {
        "QuestionText": marked_up(texts[base]),
        "DataExportTag": "opening",
        "QuestionType": "DB",
        "Selector": "TB",
        "Configuration": {"QuestionDescriptionOption": "UseText"},
        "QuestionDescription": "opening",
        "Language": {one.upper(): {"QuestionText": marked_up(texts[one])} for one in others} or [],
        "QuestionID": question_id,
    }


def _payload(question: Question) -> dict[str, Any]:
    base, *others = question.text
    kind, selector, sub_selector = _QSF_TYPES[question.item.type]
    payload: dict[str, Any] = {
        "QuestionText": marked_up(question.text[base]),
        "DataExportTag": question.tag,
        "QuestionType": kind,
        "Selector": selector,
        "Configuration": {"QuestionDescriptionOption": "UseText"},
        "QuestionDescription": question.text[base],
        "Validation": {"Settings": _validation(question)},
        "Language": {language.upper(): _translated(question, language) for language in others} or [],
        "QuestionID": f"QID{question.number}",
        **({"SubSelector": sub_selector} if sub_selector else {}),
    }
    if question.rows:
        payload |= {
            "Choices": _displayed(question.rows, base),
            "ChoiceOrder": _order(question.rows),
            "ChoiceDataExportTags": {str(row.number): f"{question.tag}_{row.code}" for row in question.rows},
            "Answers": _displayed(question.answers, base),
            "AnswerOrder": _order(question.answers),
        }
    elif question.answers:
        payload |= {"Choices": _displayed(question.answers, base), "ChoiceOrder": _order(question.answers)}
        payload["VariableNaming"] = {str(one.number): one.code for one in question.answers}
    if question.shuffled:
        free = [str(one.number) for one in question.shuffled]
        every = [str(one.number) for one in question.rows or question.answers]
        fixed = ["{~Randomized~}" if number in free else number for number in every]
        advanced = {"FixedOrder": fixed, "RandomizeAll": free, "RandomSubSet": [], "Undisplayed": []}
        payload["Randomization"] = {
            "Advanced": advanced | {"TotalRandSubset": 0},
            "Type": "Advanced",
            "TotalRandSubset": "",
        }
    if question.answers:
        payload["RecodeValues"] = {str(one.number): one.value for one in question.answers}
    return payload


def _validation(question: Question) -> dict[str, Any]:
    forced = "ON" if question.item.required else "OFF"
    settings: dict[str, Any] = {"ForceResponse": forced, "ForceResponseType": "ON", "Type": "None"}
    if question.item.type == "multi" and question.item.maximum is not None:
        most = {"MinChoices": "1", "MaxChoices": f"{question.item.maximum:.15g}"}
        return settings | {"Type": "ChoiceRange", **most}
    if question.item.type != "number":
        return settings
    bounds = (("Min", question.item.minimum), ("Max", question.item.maximum))
    number = {name: f"{bound:.15g}" for name, bound in bounds if bound is not None}
    content = {"Type": "ContentType", "ContentType": "ValidNumber"}
    return settings | content | {"ValidNumber": number | {"NumDecimals": ""}}


def _displayed(choices: Iterable[Choice], language: str) -> dict[str, Any]:
    return {
        str(one.number): {
            "Display": marked_up(one.label[language]),
            **({"ExclusiveAnswer": True} if one.exclusive else {}),
            **({"TextEntry": "true"} if one.write_in else {}),
        }
        for one in choices
    }


def _order(choices: Iterable[Choice]) -> list[str]:
    return [str(one.number) for one in choices]


def _translated(question: Question, language: str) -> dict[str, Any]:
    told: dict[str, Any] = {"QuestionText": marked_up(question.text[language])}
    for name, choices in (("Choices", question.rows or question.answers), ("Answers", question.answers)):
        if choices and (name == "Choices" or question.rows):
            told[name] = {str(one.number): {"Display": marked_up(one.label[language])} for one in choices}
    return told
