"""Qualtrics' text file, the page beside it, the experimental QSF, and what the manifest reads back."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.platforms.strategies import instruments
from tests.platforms.tiny import tiny_instrument
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import export, narrow, read_manifest
from toolkit.platforms.qualtrics.questions import marked_up

Load = Callable[[dict[str, Any]], Instrument]
QUICK = settings(
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TYPES = {
    "MC:SingleAnswer:Vertical": "single",
    "MC:MultipleAnswer:Vertical": "multi",
    "Matrix": "matrix",
    "TE:SingleLine": "number",
    "TE:Essay": "text",
}


def _blocks(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """An offline reader of the format: tag lines, and the words that follow each."""
    tag, words = "", ""
    for line in [*text.splitlines(), "[[End]]"]:
        found = re.fullmatch(r"\[\[([^\[\]]*)\]\]", line)
        if not found:
            assert "[[" not in line
            assert tag or not line
            words = f"{words}\n{line}".strip()
            continue
        yield tag, [("words", words)]
        tag, words = found.group(1), ""


def _survey(text: str) -> dict[str, Any]:
    """Questions, choices and answers of a text file, as Qualtrics documents their order."""
    assert text.startswith("[[AdvancedFormat]]\n")
    survey: dict[str, Any] = {"data": [], "blocks": [], "questions": []}
    question: dict[str, Any] = {}
    for tag, held in _blocks(text):
        words = html.unescape(held[0][1].replace("<br>", "\n"))
        kind, _, rest = tag.partition(":")
        if kind == "ED":
            survey["data"].append(rest)
        elif kind == "Block":
            survey["blocks"].append(rest)
        elif kind == "Question":
            assert not words, "the words of a question follow its ID"
            question = {"type": TYPES[rest], "choices": [], "answers": []}
            survey["questions"].append(question)
        elif kind == "ID":
            question |= {"tag": rest, "text": words}
        elif kind in ("Choice", "Answer"):
            question["choices" if kind == "Choice" else "answers"].append((rest, words))
        else:
            assert tag in ("", "AdvancedFormat", "AdvancedChoices", "AdvancedAnswers"), tag
            assert not words
    return survey


class _Page(HTMLParser):
    """The text and the table rows of a page; every tag has to be closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


# -- the text file


def test_the_tiny_survey_is_the_reference_one(shared: Path, tmp_path: Path) -> None:
    export(tiny_instrument(shared), "qualtrics", tmp_path, languages=["en"])
    theirs = (shared / "platforms/qualtrics/tiny_fte.txt").read_text("utf-8")
    renamed = theirs.replace("[[ID:ai_use]]", "[[ID:aiuse]]").replace("[[PageBreak]]\n", "")
    for place, row in enumerate(("prod", "load", "burn"), start=1):  # rows are numbered: ids are set by hand
        renamed = renamed.replace(f"[[Choice:{row}]]", f"[[Choice:{place}]]")
    mine = _survey((tmp_path / "ai-at-work-tiny-fte.txt").read_text("utf-8"))
    reference = _survey(renamed)
    assert mine["questions"] == reference["questions"]
    assert mine["data"] == [*reference["data"], "organisation"]
    assert mine["blocks"] == reference["blocks"]


def _numbers_differ(instrument: Instrument) -> bool:
    """Whether no code is a number that Qualtrics would give another answer (01 and 1 are one number)."""
    numbers = [[int(code) for code in v.codes if code.isdigit()] for v in instrument.variables]
    return all(len(set(found)) == len(found) for found in numbers)


@QUICK
@given(instrument=instruments(without="{}\\[$"))
def test_random_instruments_are_read_back_question_by_question(
    instrument: Instrument, tmp_path: Path
) -> None:
    base = instrument.languages[0]
    assume(_numbers_differ(instrument))
    written = export(instrument, "qualtrics", tmp_path)
    assert len(written) == 3 * len(instrument.audiences)
    for audience in instrument.audiences:
        survey = _survey((tmp_path / f"{instrument.id}-{audience}.txt").read_text("utf-8"))
        part = narrow(instrument, audiences=[audience])
        assert [one["tag"] for one in survey["questions"]] == [item.id for item in part.items]
        for item, question in zip(part.items, survey["questions"], strict=True):
            text = item.text.get(audience) or item.text["all"]
            assert (question["type"], question["text"]) == (item.type, text[base])
            rows = [(row.text.get(audience) or row.text["all"])[base] for row in item.rows]
            variable = part.of_item(item.id)[0]
            labels = list(variable.code_labels(base).values()) if variable.kind == "single" else []
            labels += [missing.label[base] for missing in part.missing_of(variable)]
            labels = [option.label[base] for option in item.options] if item.type == "multi" else labels
            said = [words for _, words in question["choices"]]
            assert said == (rows or labels)
            assert [words for _, words in question["answers"]] == (labels if rows else [])
            values = [value for value, _ in (question["answers"] if rows else question["choices"])]
            assert len({int(value) for value in values}) == len(values)
        _Page((tmp_path / f"{instrument.id}-{audience}-setup.html").read_text("utf-8"))


@given(text=st.text("<>&'\" é\n]"))
def test_words_are_read_back(text: str) -> None:
    assert html.unescape(marked_up(text).replace("<br>", "\n")) == text.strip()


# -- the manifest


def test_the_manifest_reads_what_the_survey_exports(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    export(load(whole), "qualtrics", tmp_path)
    manifest = read_manifest(tmp_path / "tiny-boss.manifest.json")
    assert manifest.audience_column == "audience"
    assert manifest.audience_words() == {"boss": "boss"}
    by_tag = manifest.by_heading("tag")
    assert list(by_tag) == ["q", "m_1", "m_2", "grid_a", "grid_1", "hours", "top", "why"]
    assert by_tag["q"].decode() == {"1": "1", "0": "0", "98": "-1"}
    assert by_tag["top"].decode() == {"1": "ceo", "2": "oth"}
    assert by_tag["m_2"].variable == "m_none"
    assert manifest.shared_headings("joined") == {"m": ("m_rev (boss)", "m_none (boss)")}


def test_values_that_were_never_set_can_be_read_too(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    export(load(whole), "qualtrics", tmp_path)
    (asked,) = read_manifest(tmp_path / "tiny-boss.manifest.json").of("q")
    assert asked.recodes == {"1": "1", "2": "0", "3": "98"}
    assert asked.decode(recoded=False) == {"1": "1", "2": "0", "3": "-1"}


# -- the page


def test_the_page_says_what_the_text_cannot_carry(whole: dict[str, Any], load: Load, tmp_path: Path) -> None:
    whole["items"][0]["required"] = True
    paths = export(load(whole), "qualtrics", tmp_path, audiences=["staff"])
    page = _Page(paths[1].read_text("utf-8"))
    for said in (
        "audience = staff",
        "organisation",
        "Display logic: show it only if “q” is Yes (q == 1)",
        "Force response",
        "Choice “None”: Make answer exclusive",
        "content type Number from 0 to 100",
    ):
        assert said in page.text
    assert ["Don't know", "98"] in page.rows
    assert ["I am heard", "grid_b"] in page.rows


def test_words_in_other_languages_are_on_the_page(shared: Path, tmp_path: Path) -> None:
    export(tiny_instrument(shared), "qualtrics", tmp_path, audiences=["exec"])
    page = _Page((tmp_path / "ai-at-work-tiny-exec-setup.html").read_text("utf-8"))
    assert ["I feel burned out", "Je me sens épuisé·e"] not in page.rows
    assert ["Our people feel burned out", "Nos équipes se sentent épuisées"] in page.rows
    notices = read_manifest(tmp_path / "ai-at-work-tiny-exec.manifest.json").notices
    assert any("those in fr are on the set-up page" in notice for notice in notices)


def test_the_page_needs_nothing_from_elsewhere(whole: dict[str, Any], load: Load, tmp_path: Path) -> None:
    page = export(load(whole), "qualtrics", tmp_path)[1].read_text("utf-8")
    assert not re.search(r"https?://|<script|<link|<img|@import|url\(", page)
    assert page.startswith('<!doctype html>\n<html lang="en">')


def test_words_cannot_become_markup(whole: dict[str, Any], load: Load, tmp_path: Path) -> None:
    whole["items"][5]["text"]["all"]["en"] = "<script>alert('x')</script> & \"more\""
    for path in export(load(whole), "qualtrics", tmp_path):
        if path.suffix != ".json":
            assert "<script" not in path.read_text("utf-8")


# -- the QSF, experimental


def test_a_qsf_has_the_shape_of_the_reference_one(shared: Path, tmp_path: Path) -> None:
    export(tiny_instrument(shared), "qualtrics", tmp_path, layout="qsf", audiences=["exec"])
    mine = json.loads((tmp_path / "ai-at-work-tiny-exec-experimental.qsf").read_text("utf-8"))
    theirs = json.loads((shared / "platforms/qualtrics/tiny_combined.qsf").read_text("utf-8"))
    assert mine.keys() == theirs.keys()
    assert mine["SurveyEntry"].keys() == theirs["SurveyEntry"].keys()
    kinds = {one["Element"] for one in theirs["SurveyElements"]}
    assert {one["Element"] for one in mine["SurveyElements"]} == kinds
    for one in mine["SurveyElements"]:
        assert one.keys() == theirs["SurveyElements"][0].keys()
    reference = {one["DataExportTag"]: one for one in _payloads(theirs)}
    for tag, other in (("aiuse", "ai_use_exec"), ("agree", "agree_exec"), ("ways", "ways_exec")):
        payload = next(one for one in _payloads(mine) if one["DataExportTag"] == tag)
        assert payload.keys() == reference[other].keys() - {"DisplayLogic"}
        for key in ("QuestionType", "Selector", "SubSelector", "RecodeValues", "ChoiceOrder"):
            assert payload[key] == reference[other][key]


def _payloads(held: dict[str, Any]) -> list[dict[str, Any]]:
    return [one["Payload"] for one in held["SurveyElements"] if one["Element"] == "SQ"]


@QUICK
@given(instrument=instruments(without="{}\\[$"))
def test_every_random_qsf_holds_together(instrument: Instrument, tmp_path: Path) -> None:
    assume(_numbers_differ(instrument))
    paths = export(instrument, "qualtrics", tmp_path, layout="qsf")
    for path in paths:
        if path.suffix != ".qsf":
            continue
        held = json.loads(path.read_text("utf-8"))
        blocks = next(one for one in held["SurveyElements"] if one["Element"] == "BL")["Payload"]
        flow = next(one for one in held["SurveyElements"] if one["Element"] == "FL")["Payload"]["Flow"]
        placed = [one["QuestionID"] for block in blocks for one in block.get("BlockElements", ())]
        assert placed == [one["QuestionID"] for one in _payloads(held)]
        standing = [block["ID"] for block in blocks if block["Type"] != "Trash"]
        assert [one["ID"] for one in flow if one["Type"] == "Standard"] == standing
        for payload in _payloads(held):
            for names in ("Choice", "Answer"):
                if f"{names}s" in payload:
                    assert payload[f"{names}Order"] == list(payload[f"{names}s"])
            told = payload["Language"] or {}
            assert sorted(told) == sorted(one.upper() for one in instrument.languages[1:])


def test_wherever_a_qsf_is_offered_it_is_called_experimental(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    survey, page, manifest = export(load(whole), "qualtrics", tmp_path, layout="qsf", audiences=["boss"])
    assert survey.name == "tiny-boss-experimental.qsf"
    assert "never tried in a real Qualtrics" in page.read_text("utf-8")
    assert "never tried in a real Qualtrics" in " ".join(read_manifest(manifest).notices).replace(
        "was ever", "never"
    )


def test_import_ids_are_those_the_qsf_gives(whole: dict[str, Any], load: Load, tmp_path: Path) -> None:
    export(load(whole), "qualtrics", tmp_path, layout="qsf", audiences=["staff"])
    manifest = read_manifest(tmp_path / "tiny-staff-experimental.manifest.json")
    assert list(manifest.by_heading("import_id")) == [
        *("QID1", "QID2_1", "QID2_2", "QID3_1", "QID3_2", "QID4_TEXT", "QID5_TEXT")
    ]
    export(load(whole), "qualtrics", tmp_path, audiences=["staff"])
    assert "import_id" not in read_manifest(tmp_path / "tiny-staff.manifest.json").styles


# -- refusals


def test_everything_qualtrics_cannot_hold_is_said_at_once(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    whole["items"][5]["text"]["all"]["en"] = "Why [[here]]?"
    whole["title"]["en"] = "Tiny ${e://Field/x}"
    whole["missing"]["dk"]["code"] = "dk"
    whole["missing"]["no"]["code"] = "2"
    whole["items"][4]["missing"] = ["no"]
    with pytest.raises(InvalidInput) as refusal:
        export(load(whole), "qualtrics", tmp_path / "out")
    assert [problem.where for problem in refusal.value.problems] == [
        "title (en)",
        "item why, text for boss (en)",
        "item why, text for staff (en)",
        "item q",
        "item top",
    ]
    assert not (tmp_path / "out").exists()


def test_the_same_instrument_gives_the_same_bytes(whole: dict[str, Any], load: Load, tmp_path: Path) -> None:
    for layout in ("audience", "qsf"):
        one = [path.read_bytes() for path in export(load(whole), "qualtrics", tmp_path / "a", layout=layout)]
        assert one == [
            path.read_bytes() for path in export(load(whole), "qualtrics", tmp_path / "b", layout=layout)
        ]


def test_the_reader_reads_an_answer_file_with_the_manifest(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    """Heading rows as Qualtrics writes them, values as the set-up page has them set."""
    instrument = load(whole)
    export(instrument, "qualtrics", tmp_path)
    manifest = read_manifest(tmp_path / "tiny-boss.manifest.json")
    headings = list(manifest.by_heading("tag"))
    held = io.StringIO()
    csv.writer(held).writerows([headings, ["1", "", "1", "3", "3", "7", "2", "words"]])
    answers = next(csv.DictReader(io.StringIO(held.getvalue())))
    decoded = {
        manifest.by_heading("tag")[heading].variable: manifest.by_heading("tag")[heading]
        .decode()
        .get(cell, cell)
        for heading, cell in answers.items()
    }
    assert decoded == {
        "q": "1",
        "m_rev": "0",
        "m_none": "1",
        "grid_a": "3",
        "hours": "7",
        "top": "oth",
        "why": "words",
    }
