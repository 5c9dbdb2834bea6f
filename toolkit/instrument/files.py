"""The models of instrument files, and their JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field
from pydantic.json_schema import models_json_schema

from toolkit.instrument.model import Audience, Item, MissingAnswer, Scale, Score, Section, Texts
from toolkit.instrument.yaml_loader import Code, Id, ParallelWording, Strict, Wording

# Schemas of instrument files: an audience's questionnaire, a part of a bank, or a complete questionnaire.


class BorrowedScore(Strict):
    """A score of a family of published questions: its rows, and the reversed ones among them."""

    label: Wording
    rows: tuple[Id, ...] = Field(min_length=2)
    reverse: tuple[Id, ...] = ()
    favourable: Literal["high", "low", "none"]


class Borrowed(Strict):
    """A published scale whose words are not shipped: the user's copy of them, with a confirmation.

    `confirmed` records who may use the scale and why. `text` holds a stem for each grid, `rows` the
    statements, `answers` the labels of each set of answers by code; `scores` is for families of questions.
    """

    confirmed: str
    theme: Id
    text: dict[str, ParallelWording] = Field(default_factory=dict)
    rows: dict[Id, ParallelWording] = Field(default_factory=dict)
    answers: dict[str, dict[Code, Wording]] = Field(default_factory=dict)
    scores: dict[Id, BorrowedScore] = Field(default_factory=dict)


class BankFile(Strict):
    """One file of a bank: any of the kinds of entry below."""

    audiences: dict[str, Audience] = Field(default_factory=dict)
    scales: dict[str, Scale] = Field(default_factory=dict)
    missing: dict[str, MissingAnswer] = Field(default_factory=dict)
    themes: dict[Id, Wording] = Field(default_factory=dict)
    items: tuple[Item, ...] = ()
    scores: dict[Id, Score] = Field(default_factory=dict)
    borrowed: dict[str, Borrowed] = Field(default_factory=dict)
    texts: Texts = Texts()


class AudienceFile(Strict):
    """The questionnaire of one audience: which items of a bank it is asked, in order."""

    id: str
    version: str
    title: Wording
    languages: tuple[str, ...] = Field(min_length=1)
    audience: str
    bank: str
    sections: tuple[Section, ...] = Field(min_length=1)
    texts: Texts = Texts()


class WholeFile(BankFile):
    """A complete questionnaire: audiences, scales, themes, items and sections in one file."""

    id: str
    version: str
    title: Wording
    languages: tuple[str, ...] = Field(min_length=1)
    sections: tuple[Section, ...] = Field(min_length=1)


# JSON Schema with which an editor checks and completes instrument files.


_KEYS: Mapping[str, Mapping[str, str]] = {
    "AudienceFile": {
        "id": "Names the instrument; the files of one study share it.",
        "version": "Year.minor.patch, such as 2026.1.0; the files of one study share it.",
        "languages": "Languages in which every wording must be given.",
        "audience": "Which audience of the bank this questionnaire is for.",
        "bank": "Folder of the bank, relative to this file.",
        "sections": "Pages of the questionnaire, in order.",
        "texts": "What respondents read before and after the questions; those left out are the bank's.",
    },
    "BankFile": {
        "audiences": "Groups of people asked, by name.",
        "scales": "Sets of answers that items share, by name.",
        "missing": "Options on screen that count as missing, such as don't know, by name.",
        "themes": "Headings under which items are reported, by name.",
        "items": "The questions.",
        "scores": "Scores made of several columns, by name.",
        "borrowed": "Published scales by name: their words, and your word that you may use them.",
        "texts": "What respondents read before and after the questions.",
    },
    "Item": {
        "id": "A lower-case letter and up to 19 lower-case letters or digits; it names the column.",
        "type": "single choice, multi-select, matrix of rows, ranking of options, number or open text.",
        "text": "Audience (or 'all') → language → the question's words.",
        "short": "A few words that name it in pictures and tables.",
        "scale": "Name of a scale; a single choice may list options of its own instead.",
        "options": "The answers of a multi-select or a ranking, or of a single choice without a scale.",
        "audiences": "Only these audiences may be asked; default: all that have a wording.",
        "ask_if": 'Routing, such as: aiuse == 1 and not selected(aiways, "none").',
        "favourable": "Which box of the scale is good news.",
        "sensitive": "true: shown only from a larger number of answers on.",
        "missing": "Missing answers offered beside those of the scale.",
        "maximum": "Largest number, or how many answers of a multi-select may be given.",
        "bands": "Of a number: where each new band begins, such as [5, 10, 20].",
        "lint": "Warnings of lint that are set aside, each with its reason.",
        "source": "Where its words come from.",
        "referent": "What the question is about: one word, or one per audience.",
        "time_frame": "The time that the question names, such as past_4_weeks.",
        "help": "Text shown under the question: language → words, or audience → language → words.",
        "show_dont_know": "true: reports show don't know as an answer.",
        "order": "random: rows or options in random order; exclusive and write-in options stay last.",
        "attention": "Code of the right answer to an attention check.",
        "estimate_of": "What a number from 0 to 100 estimates: item, measure (default: top) and audience.",
        "discuss": "A question that leaders could discuss, per language.",
    },
    "Row": {"referent": "What the statement is about; all statements that an audience reads share one."},
    "EstimateOf": {
        "item": "Column: item, item_row or item_option.",
        "measure": "top, bottom, favourable, unfavourable or an answer code.",
        "audience": "Whose answers are estimated.",
    },
    "Texts": {
        "welcome": "First page: purpose and length. May hold {organisation} and {minutes}.",
        "consent": "What taking part means: voluntary, what is stored, how to withdraw.",
        "confidentiality": "Who sees what. May hold {threshold} and {sensitive_threshold}.",
        "contact": "Who answers questions about the survey.",
        "end": "Last page.",
    },
    "Lint": {"allow": "Name of a rule → why it does not apply here."},
    "Scale": {
        "ordered": "true: a later answer means more.",
        "top": "Codes of the top box, such as agree and strongly agree.",
        "bottom": "Codes of the bottom box.",
        "net": "true: reports show the share of the top box less that of the bottom box.",
        "missing": "Names of the missing answers offered with it.",
        "lint": "Warnings of lint that are set aside, each with its reason.",
    },
    "Option": {
        "code": "1 to 5 letters or digits; LimeSurvey silently drops others.",
        "exclusive": "true: it cannot be ticked together with others (multi-select only).",
        "write_in": "true: people may write their own answer (Other, please specify); one option per item.",
    },
    "MissingAnswer": {
        "code": "Its code on screen, such as 98.",
        "becomes": "Its code in analysis: -1 don't know, -2 refused.",
    },
    "Score": {
        "items": "Columns it is the mean of: item, or item_row.",
        "reverse": "Columns worded the other way round.",
        "minimum": "How many of them a respondent must have answered; left out, all.",
        "multiply": "What the mean is multiplied by, such as 10 for answers 0 to 10 shown as 0 to 100.",
        "favourable": "Whether a high or a low score is good news.",
    },
    "Borrowed": {
        "confirmed": "Who may use the scale, and on what ground (licence, permission and its date).",
        "text": "Name of a grid → audience (or 'all') → language → its question.",
        "rows": "Name of a row → audience (or 'all') → language → its words.",
        "answers": "Name of a set of answers → code → language → label.",
        "scores": "Of a family of questions: which rows make which score.",
    },
    "Audience": {"code": "Its answer code on a platform, 1 to 5 letters or digits."},
}


def json_schema() -> dict[str, Any]:
    """Build the JSON Schema of audience files, bank files and complete questionnaires.

    Returns
    -------
    dict
        Draft 2020-12. A file with a bank or an audience is read as an audience file, one with sections as
        all-in-one, any other as a part of a bank. It checks form; `lint` checks consistency.

    Examples
    --------
    >>> json_schema()["title"]
    'Survey instrument'
    """
    kinds = (AudienceFile, BankFile, WholeFile)
    _, made = models_json_schema([(kind, "validation") for kind in kinds], ref_template="#/$defs/{model}")
    parts = made["$defs"]
    for model, texts in (*_KEYS.items(), ("WholeFile", {**_KEYS["BankFile"], **_KEYS["AudienceFile"]})):
        for key, text in texts.items():
            if key in parts[model]["properties"]:
                parts[model]["properties"][key]["description"] = text
    has_bank = {"anyOf": [{"required": ["bank"]}, {"required": ["audience"]}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Survey instrument",
        "if": has_bank,
        "then": {"$ref": "#/$defs/AudienceFile"},
        "else": {
            "if": {"required": ["sections"]},
            "then": {"$ref": "#/$defs/WholeFile"},
            "else": {"$ref": "#/$defs/BankFile"},
        },
        "$defs": parts,
    }
