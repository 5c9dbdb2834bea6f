"""Files become one instrument, or a list of every problem in them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, load_instrument, load_instruments

INSTRUMENTS = Path(__file__).resolve().parents[2] / "instruments"
AUDIENCES = ("executive", "employee", "freelancer")
Load = Callable[[dict[str, Any]], Instrument]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The shipped instruments, to be spoiled."""
    shutil.copytree(INSTRUMENTS, tmp_path / "instruments")
    return tmp_path / "instruments"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def refused(given: object) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        load_instruments(given) if isinstance(given, dict | list) else load_instrument(given)  # type: ignore[arg-type]
    return caught.value


def three(folder: Path) -> dict[str, Path]:
    return {name: folder / f"{name}.yaml" for name in AUDIENCES}


def test_an_all_in_one_file_loads_in_the_order_of_its_sections(whole: dict[str, Any], load: Load) -> None:
    whole["items"].reverse()
    found = load(whole)
    assert [item.id for item in found.items] == ["q", "m", "grid", "hours", "top", "why"]
    assert [v.name for v in found.variables] == [
        "q",
        "m_rev",
        "m_none",
        "grid_a",
        "grid_b",
        "hours",
        "top",
        "why",
    ]
    assert found["q"].audiences == ("boss", "staff")
    assert found["grid_b"].audiences == ("staff",)
    assert found["hours"].item.maximum == 100.0
    assert found.item("m").options[1].exclusive is True


def test_the_order_in_which_files_are_given_changes_no_item(shipped: Instrument) -> None:
    other = load_instruments([INSTRUMENTS / f"{name}.yaml" for name in reversed(AUDIENCES)])
    assert {item.id: item.model_dump() for item in other.items} == {
        item.id: item.model_dump() for item in shipped.items
    }
    assert tuple(other.audiences) == tuple(shipped.audiences)


def test_files_may_be_given_by_audience_or_as_a_list(shipped: Instrument) -> None:
    assert load_instruments([str(INSTRUMENTS / f"{name}.yaml") for name in AUDIENCES]) == shipped


def test_wording_for_audiences_that_are_not_asked_is_left_out() -> None:
    alone = load_instrument(INSTRUMENTS / "employee.yaml")
    assert set(alone.item("aiuse").text) == {"employee"}


def test_an_item_only_a_later_file_asks_stands_behind_its_neighbour(shipped: Instrument) -> None:
    order = [item.id for item in shipped.items]
    assert order[:5] == ["country", "size", "emprole", "execrole", "tenure"]
    assert order.index("clientdem") > order.index("freemix")


def test_a_misspelt_key_is_refused_with_file_line_and_near_name(copy: Path) -> None:
    change(
        copy / "bank" / "earlier.yaml",
        "    theme: wellbeing\n    scale: agree5",
        "    theme: wellbeing\n    scael: agree5",
    )
    (problem,) = refused(copy / "employee.yaml").problems
    assert problem.where == "earlier.yaml, line 310: items → burnout → scael"
    assert problem.what == "unknown key"
    assert "did you mean 'scale'?" in problem.hint


@pytest.mark.parametrize("code", ["strong", "a_b", "", "a-b", "é"])
def test_a_code_a_platform_would_drop_is_refused_by_its_rule(copy: Path, code: str) -> None:
    change(copy / "bank" / "earlier.yaml", "code: rev,", f"code: '{code}',")
    (problem,) = refused(copy / "employee.yaml").problems
    assert problem.where.startswith("earlier.yaml, line ")
    assert "codes are 1–5 letters or digits, because LimeSurvey silently drops others" in problem.what
    assert problem.hint == "shorten it and leave out punctuation and spaces"


@pytest.mark.parametrize("said", ["yes", "on", "1", "True", "TRUE", "y"])
def test_a_bool_is_true_or_false_and_nothing_else(copy: Path, said: str) -> None:
    change(copy / "bank" / "wellbeing.yaml", "sensitive: true", f"sensitive: {said}")
    (problem,) = refused(copy / "employee.yaml").problems
    assert f"{said!r} must be true or false" in problem.what
    assert "write true or false" in problem.hint


def test_every_problem_of_every_file_is_said_at_once(copy: Path) -> None:
    change(copy / "executive.yaml", "items: [usefree, freegain, freemix]", "items: [usefree, freegian]")
    change(copy / "employee.yaml", "version: 2026.1.0", "version: 2026.2.0")
    change(copy / "bank" / "earlier.yaml", "ask_if: demandup == 1", "ask_if: demandup == 3")
    change(copy / "bank" / "earlier.yaml", "    theme: ai\n", "    theme: ia\n")
    change(
        copy / "bank" / "earlier.yaml",
        '      freelancer: {en: "How likely',
        '      frelancer: {en: "How likely',
    )
    change(copy / "bank" / "earlier.yaml", "      origin: own", "      origin: mine")
    said = str(refused(three(copy)))
    for part in (
        "executive.yaml: sections → freelance → items → freegian: unknown item; it is not in the bank",
        "employee.yaml, line 3: version: 'version' differs from that of executive.yaml",
        "earlier.yaml, line 262: items → demandhow → ask_if: unknown answer '3' of 'demandup'",
        "items → aiuse → theme: unknown theme 'ia'",
        "items → leave → text → frelancer: unknown audience 'frelancer'; did you mean 'freelancer'",
        "items → leave → text: wording for freelancer is missing",
        "items → country → source → origin: 'mine' is not one of 'own' or 'published'",
    ):
        assert part in said, said
    assert "7 problem(s)" in said, said


def test_a_fault_in_an_item_says_nothing_about_what_hangs_on_it(copy: Path) -> None:
    change(
        copy / "bank" / "earlier.yaml",
        "    type: single\n    theme: ai\n",
        "    type: singel\n    theme: ai\n",
    )
    (problem,) = refused(three(copy)).problems
    assert "'singel' is not one of" in problem.what


def test_a_bank_file_that_cannot_be_read_is_the_only_thing_said(copy: Path) -> None:
    (copy / "bank" / "earlier.yaml").write_text("items: [", encoding="utf-8")
    (problem,) = refused(three(copy)).problems
    assert "earlier.yaml, line" in problem.where
    assert "not valid YAML" in problem.what


def test_a_name_defined_twice_in_the_bank_is_refused(copy: Path) -> None:
    (copy / "bank" / "more.yaml").write_text(
        'themes: {ai: {en: "AI again"}}\nitems:\n'
        "  - {id: burnout, type: text, theme: ai, text: {all: {en: x}}, source: {origin: own}}\n",
        encoding="utf-8",
    )
    said = str(refused(three(copy)))
    assert "'ai' is defined twice in the bank" in said
    assert "'burnout' is defined twice in the bank" in said


def test_an_item_nobody_asks_is_checked_all_the_same(copy: Path) -> None:
    (copy / "bank" / "more.yaml").write_text(
        "items:\n  - {id: spare, type: single, scale: agre5, theme: ai, text: {all: {en: x}},"
        " source: {origin: own}}\n",
        encoding="utf-8",
    )
    (problem,) = refused(copy / "employee.yaml").problems
    assert problem.where == "more.yaml, line 2: items → spare → scale"
    assert "did you mean 'agree5'" in problem.hint


def test_an_item_listed_for_an_audience_the_bank_keeps_it_from_is_refused(copy: Path) -> None:
    change(
        copy / "bank" / "earlier.yaml", "  - id: burnout\n", "  - id: burnout\n    audiences: [employee]\n"
    )
    assert load_instrument(copy / "employee.yaml").item("burnout").audiences == ("employee",)
    (problem,) = refused(copy / "freelancer.yaml").problems
    assert "to employee only, not to freelancer" in problem.what


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("id: ai-at-work", "id: ai-at-home", "'id' differs"),
        ("title: {en: AI at work}", "title: {en: AI at home}", "'title' differs"),
        ("bank: bank", "bank: ./bank/../other", "'bank' differs"),
        ("audience: employee", "audience: executive", "given for 'employee'"),
        ("audience: employee", "audience: emplyee", "unknown audience 'emplyee'"),
        ("[burnout, leave,", "[leave, burnout,", "'leave' comes before 'burnout' here"),
        ("title: {en: Wellbeing}", "title: {en: Health}", "its title differs"),
        ("[freemix]}", "[freemix, burnout]}", "is already in section 'wellbeing'"),
    ],
)
def test_files_that_do_not_go_together_are_refused(copy: Path, old: str, new: str, what: str) -> None:
    change(copy / "employee.yaml", old, new)
    assert what in str(refused(three(copy)))


def test_one_bank_named_in_two_ways_is_one_bank(copy: Path) -> None:
    change(copy / "employee.yaml", "bank: bank", "bank: ./bank/../bank")
    assert len(load_instruments(three(copy)).audiences) == 3


def test_an_all_in_one_file_among_audience_files_is_refused(
    copy: Path, whole: dict[str, Any], tmp_path: Path
) -> None:
    import json

    other = tmp_path / "whole.yaml"
    other.write_text(json.dumps(whole), encoding="utf-8")
    assert load_instrument(other).id == "tiny"
    assert "is a complete questionnaire" in str(refused({"employee": copy / "employee.yaml", "boss": other}))


def test_a_part_of_a_bank_is_no_questionnaire(copy: Path) -> None:
    assert "part of a bank" in str(refused(copy / "bank" / "earlier.yaml"))


def test_a_file_that_is_not_there_is_refused_with_its_neighbours(copy: Path) -> None:
    assert "employee.yaml" in str(refused(copy / "emploee.yaml"))


def test_a_bank_that_is_not_there_is_refused_on_its_line(copy: Path) -> None:
    change(copy / "employee.yaml", "bank: bank", "bank: bnak")
    (problem,) = refused(copy / "employee.yaml").problems
    assert problem.where == "employee.yaml, line 7: bank"
    assert "is not a folder" in problem.what


@pytest.mark.parametrize(
    "text", ["[a, b]", "word", "id: x", "sections: 3\nbank: b", "items: 3\nsections: []"]
)
def test_a_file_of_another_shape_is_refused_and_never_crashes(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    assert refused(path).problems


@pytest.mark.parametrize("nothing", [{}, []])
def test_no_file_is_refused(nothing: object) -> None:
    assert [(problem.code, problem.where) for problem in refused(nothing).problems] == [("empty", "files")]


def test_a_fault_of_one_questionnaire_does_not_hide_those_of_another(copy: Path) -> None:
    change(copy / "executive.yaml", "audience: executive", "audiance: executive")
    change(copy / "employee.yaml", "[burnout, leave,", "[burnuot, leave,")
    said = str(refused(three(copy)))
    assert "did you mean 'audience'" in said
    assert "did you mean 'burnout'" in said
