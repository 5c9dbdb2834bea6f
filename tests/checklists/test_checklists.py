"""Checklists: nothing is guessed, nothing that is said is missed, and a report's folder is read by itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

import toolkit as tk
from tests.refusals import problem
from toolkit.checklists import STATUSES, checklist, checklist_table, load_checklist
from toolkit.checklists.listing import Facts, Text, _by_cue
from toolkit.claims import load_register
from toolkit.claims.register import StudyFacts
from toolkit.disclosure import Policy
from toolkit.errors import InvalidInput
from toolkit.presentation.blocks import Prose, Terms
from toolkit.presentation.methods import AAPOR_HEADINGS
from toolkit.reporting.documents import DOCUMENT, Cover, Document, Section, save_document
from toolkit.study import AAPOR_ITEMS

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data_samples" / "ai_at_work" / "study.yaml"


@pytest.fixture(scope="module")
def study():
    return tk.load_study(SAMPLE)


@pytest.fixture(scope="module")
def filled(study):
    return checklist(study)


def test_the_elements_are_those_a_study_file_knows_in_their_order():
    assert tuple(item.id for item in load_checklist("aapor").items) == AAPOR_ITEMS


@pytest.mark.parametrize("name", ["aapor", "cherries"])
def test_items_are_named_once_and_look_only_into_elements(name):
    items = load_checklist(name).items
    assert len({item.id for item in items}) == len(items)
    assert {element for item in items for element in item.look_in} <= set(AAPOR_ITEMS)
    assert all(cue == cue.casefold() for item in items for cue in item.cues)
    assert all(item.asks for item in items)


def test_every_item_of_both_lists_has_a_row_and_a_status(filled):
    assert len(filled) == 11 + 30
    assert set(filled["status"]) <= set(STATUSES)
    missing = filled["status"] == "missing"
    assert (filled.loc[missing, ["answer", "where"]] == "").all(axis=None)
    assert (filled.loc[~missing, ["answer", "where"]] != "").all(axis=None)


def test_numbers_of_the_sample_study_are_those_of_its_answers(study, filled):
    said = filled[filled["checklist"] == "cherries"].set_index("item")["answer"]
    frame = study.responses()
    complete = int((frame["status"] == "complete").sum())
    partial = int((frame["status"] == "partial").sum())
    table = study.organisations.query("wave == @study.wave")
    people = int(table[["executive", "employee", "freelancer"]].to_numpy().sum())
    dropped = study.disposition(study.wave).query("reason.str.startswith('broke off')")["rows"].sum()
    assert f"{complete:,} of {complete + partial + dropped:,} who began" in said["completion_rate"]
    assert f"{frame['organisation'].notna().sum():,} of {people:,} on the lists" in said["participation_rate"]
    assert said["incomplete"].startswith(f"{partial} partial answers are counted; {dropped} set aside")
    asked = sum(bool(item.ask_if) for item in study.instrument.items)
    assert said["adaptive"].startswith(f"{asked} of {len(study.instrument.items)} questions")


def test_a_total_that_would_give_a_small_audience_back_is_not_told(study):
    from dataclasses import replace

    least = int(study.responses()["audience"].value_counts().min())
    strict = replace(study, policy=Policy(threshold=least + 1))
    said = checklist(strict).set_index(["checklist", "item"])["answer"]
    assert f"<{least + 1}" in said["aapor", "sample_sizes_and_precision"]
    for item in ("completion_rate", "participation_rate", "incomplete"):
        assert said["cherries", item] == ""
    whole = len(study.responses())
    assert not re.search(rf"\b({least}|{whole}|{whole:,})\b", " ".join(said))


def test_only_sentences_with_a_cue_in_the_right_element_are_quoted():
    item = next(one for one in load_checklist("cherries").items if one.id == "incentives")
    about = "People were paid five pounds. They were glad."
    found = _by_cue(item, Facts({}, (Text("mode", about, "here"),)))
    assert (found.status, found.says, found.where) == ("to check", "“People were paid five pounds.”", "here")
    assert _by_cue(item, Facts({}, (Text("limitations", about, "here"),))).status == "missing"
    assert _by_cue(item, Facts({}, (Text("mode", "They were glad.", "here"),))).status == "missing"


def test_a_cue_begins_a_word_and_quotes_within_quotes_are_told_apart():
    text = Text("mode", "On the opposite “side”. A Site of “ours” held it.", "here")
    item = next(one for one in load_checklist("cherries").items if one.id == "context")
    assert _by_cue(item, Facts({}, (text,))).says == "“A Site of ‘ours’ held it.”"


def test_words_that_cannot_be_looked_up_are_left_to_the_reader():
    item = next(one for one in load_checklist("cherries").items if one.id == "incentives")
    french = Facts({}, (Text("mode", "Personne n'a été payé.", "here"),), "fr")
    assert _by_cue(item, french).status == "to check"
    assert _by_cue(item, Facts({}, (), "fr")).status == "missing"


def test_what_a_publication_did_not_say_is_missing():
    facts = load_register(ROOT / "data_samples" / "published").studies["upwork-2024"]
    found = checklist(facts, lists=["aapor"]).set_index("item")
    assert found.loc["dates", "answer"] == "16 April to 5 May 2024"
    assert found.loc["sample_sizes_and_precision", "status"] == "to check"
    assert found.loc["weighting", "status"] == "missing"
    bare = checklist(StudyFacts(title="A", publisher="B", year=2020, weighted="no"), lists=["aapor"])
    status = bare.set_index("item")["status"]
    assert status["weighting"] == "answered"
    assert (status == "missing").sum() == 9


@pytest.fixture
def report(tmp_path):
    texts = {name: f"Words on {name}." for name in AAPOR_ITEMS}
    texts["sample_sizes_and_precision"] = "10 people answered of 14 invited (71 %)."
    terms = Terms(tuple((AAPOR_HEADINGS[name], texts[name]) for name in AAPOR_ITEMS))
    parts = tuple(Prose(who, (terms,), "methods") for who in ("Leaders", "Staff"))
    cover = Cover(title="T", subject="O", wave="2026")
    save_document(Document(cover, sections=(Section("Methods", parts),)), tmp_path / DOCUMENT)
    manifest = {
        "instrument": {"id": "q", "version": "1"},
        "headline": {"bases": {"leader": {"answered_shown": "10"}, "staff": {"answered_shown": "<5"}}},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return tmp_path


def test_a_report_is_read_from_its_folder_alone(report):
    found = checklist(report).set_index(["checklist", "item"])
    assert (found.loc["aapor", "status"] == "answered").all()
    assert found.loc[("aapor", "dates"), "answer"] == "Words on dates."
    assert found.loc[("aapor", "dates"), "where"] == "report, methods"
    assert found.loc[("cherries", "participation_rate"), "answer"].startswith("“10 people answered of 14")


def test_without_its_document_a_report_says_what_the_manifest_holds(report):
    (report / DOCUMENT).unlink()
    found = checklist(report, lists=["aapor"]).set_index("item")
    assert found.loc["sample_sizes_and_precision", "answer"] == "leader: 10, staff: <5"
    assert found.loc["instrument", "status"] == "to check"
    assert (found["status"] == "missing").sum() == 9


def test_what_is_no_report_or_list_is_refused(tmp_path, study):
    with pytest.raises(InvalidInput, check=problem("file-not-found", "folder")):
        checklist(tmp_path)
    (tmp_path / "manifest.json").write_text("{", "utf-8")
    with pytest.raises(InvalidInput, check=problem("unreadable-file", "file")):
        checklist(tmp_path)
    with pytest.raises(InvalidInput, check=problem("unknown-name", "checklist cherry")):
        checklist(study, lists=["cherry"])
    with pytest.raises(InvalidInput, check=problem("empty", "lists")):
        checklist(study, lists=[])


def test_the_table_holds_one_status_and_names_its_source(filled):
    table = checklist_table(filled, status="missing")
    assert len(table.frame) == (filled["status"] == "missing").sum()
    assert "Eysenbach" in table.notes[0]
    assert "AAPOR" in table.notes[0]
    with pytest.raises(InvalidInput, check=problem("unknown-option", "status mising")):
        checklist_table(filled, status="mising")


def test_the_study_is_not_changed_by_being_checked(study, filled):
    before = study.responses().copy()
    checklist(study)
    pd.testing.assert_frame_equal(study.responses(), before)
