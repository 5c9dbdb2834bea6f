"""A survey as Qualtrics' own file (QSF). Experimental: its format is not public, and it was never imported.

Its shape is that of files Qualtrics exported. It carries what the text format cannot (recode values, export
tags, languages, forced answers, embedded data); display logic is left to the set-up page, because a condition
that is wrong without a word would make wrong bases.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from toolkit.instrument.model import Instrument
from toolkit.platforms.qualtrics.questions import Choice, Question, marked_up

__all__ = ["qsf"]

_TYPES: Mapping[str, tuple[str, str, str | None]] = {
    "single": ("MC", "SAVR", "TX"),
    "multi": ("MC", "MAVR", "TX"),
    "ranking": ("RO", "DND", "TX"),
    "matrix": ("Matrix", "Likert", "SingleAnswer"),
    "number": ("TE", "SL", None),
    "text": ("TE", "ESTB", None),
}
_NEVER = "0000-00-00 00:00:00"


def qsf(instrument: Instrument, audience: str, questions: Sequence[Question], title: str) -> str:
    """The file for one audience, as JSON; the same instrument gives the same bytes."""
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
    elements = [
        ("BL", "Survey Blocks", None, blocks),
        ("FL", "Survey Flow", None, _flow(instrument, audience, blocks)),
        ("SO", "Survey Options", None, _options(instrument, title)),
        ("SCO", "Scoring", None, _SCORING),
        ("STAT", "Survey Statistics", None, {"MobileCompatible": True, "ID": "Survey Statistics"}),
        ("QC", "Survey Question Count", str(len(questions)), None),
        ("RS", f"RS_{digest[15:30]}", "Default Response Set", None),
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


def _payload(question: Question) -> dict[str, Any]:
    base, *others = question.text
    kind, selector, sub_selector = _TYPES[question.item.type]
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
