"""Warnings: each kind of fault is told where it stands, and nothing is said of a plain questionnaire."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.examples import examples
from tests.platforms.strategies import instruments
from tests.refusals import Refusal, problem
from toolkit.cli import main
from toolkit.cli.kinds import kind_of
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, advise, load_instrument, minutes
from toolkit.platforms.manifest import instrument_hash

Load = Callable[[dict[str, Any]], Instrument]

INSTRUMENTS = Path(__file__).resolve().parents[2] / "instruments"
SAMPLES = INSTRUMENTS.parent / "data_samples"
FILES = [
    *sorted(path for path in INSTRUMENTS.rglob("*.yaml") if path.parent.name != "bank"),
    *sorted(path for path in SAMPLES.rglob("*.yaml") if kind_of(path) == "a questionnaire"),
]


def rules(instrument: Instrument) -> list[tuple[str, str]]:
    return [(one.code, " ".join(one.path)) for one in advise(instrument)]


def item(data: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in data["items"] if one["id"] == name)


def test_a_plain_questionnaire_gets_no_warning(plain: dict[str, Any], load: Load) -> None:
    assert advise(load(plain)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SAMPLES.parent)))
def test_every_shipped_questionnaire_gets_no_warning(path: Path) -> None:
    assert [str(one.problem()) for one in advise(load_instrument(path))] == []


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("My pay and my hours are fair.", "double-barrelled"),
        ("My work is fast or good.", "double-barrelled"),
        ("My manager listens as well as acts.", "double-barrelled"),
        ("The number of people is between five and ten.", None),
        ("My work gets more and more hard.", None),
        ("I get 2 or 3 breaks a day.", None),
        ("My candy is in the land of the branded.", None),
        ("Don't you agree that pay is fair?", "leading"),
        ("Obviously the pay is fair.", "leading"),
        ("As everyone knows, the pay is fair.", "leading"),
        ("The course of the talk is clear.", None),
        (
            "Organisational communication regarding technological implementation facilitates individual "
            "understanding of transformational considerations throughout interdepartmental collaboration.",
            "reading-grade",
        ),
    ],
)
def test_words_that_spoil_a_statement(
    plain: dict[str, Any], load: Load, words: str, rule: str | None
) -> None:
    item(plain, "grid")["rows"][0]["text"] = {"all": {"en": words}}
    found = [one for one in rules(load(plain)) if one[1].startswith("items")]
    assert found == ([(rule, "items grid rows a text all en")] if rule else [])


def test_or_between_alternatives_is_no_fault_where_they_are_the_answers(
    plain: dict[str, Any], load: Load
) -> None:
    item(plain, "top")["text"] = {"boss": {"en": "Are you the chief or another?"}}
    assert advise(load(plain)) == []


def test_french_words_are_looked_at_and_german_ones_are_not(plain: dict[str, Any], load: Load) -> None:
    assert _in_language(plain, load, "fr", "Mon salaire et mes horaires sont justes.") == ["double-barrelled"]
    assert _in_language(plain, load, "de", "Lohn und Zeit sind gerecht.") == []


def _in_language(data: dict[str, Any], load: Load, language: str, words: str) -> list[str]:
    text = load(data)
    changed = text.items[2].rows[0].model_copy(update={"text": {"all": {language: words}}})
    grid = text.items[2].model_copy(update={"rows": (changed,), "text": {"all": {language: "?"}}})
    spoken = text.model_copy(update={"languages": (language,), "items": (grid,)})
    return [one.code for one in advise(spoken)]


def test_published_words_are_not_their_users_to_change(plain: dict[str, Any], load: Load) -> None:
    grid = item(plain, "grid")
    grid["rows"][0]["text"] = {"all": {"en": "My pay and my hours are fair."}}
    grid["source"] = {"origin": "published", "after": "Somebody (2020)", "licence": "CC BY 4.0"}
    assert advise(load(plain)) == []


def test_a_warning_is_set_aside_with_a_reason_and_for_its_own_rule_alone(
    plain: dict[str, Any], load: Load
) -> None:
    grid = item(plain, "grid")
    grid["rows"][0]["text"] = {"all": {"en": "Obviously my pay and my hours are fair."}}
    grid["lint"] = {"allow": {"double-barrelled": "both are one offer"}}
    assert [rule for rule, _ in rules(load(plain))] == ["leading"]


@pytest.mark.parametrize(
    ("allow", "refusal"),
    [
        (
            {"double-barreled": "why"},
            problem("unknown-name", "tiny.yaml, line 224: items → grid → lint → allow → double-barreled"),
        ),
        (
            {"leading": "  "},
            problem("missing-value", "tiny.yaml, line 224: items → grid → lint → allow → leading"),
        ),
        (
            {"length": "it is long"},
            problem("unknown-name", "tiny.yaml, line 224: items → grid → lint → allow → length"),
        ),
    ],
)
def test_a_rule_that_is_unknown_or_set_aside_without_a_reason_is_refused(
    plain: dict[str, Any], load: Load, allow: dict[str, str], refusal: Refusal
) -> None:
    item(plain, "grid")["lint"] = {"allow": allow}
    with pytest.raises(InvalidInput, check=refusal):
        load(plain)


def test_what_is_set_aside_changes_nothing_an_export_is_matched_by(plain: dict[str, Any], load: Load) -> None:
    before = instrument_hash(load(plain))
    item(plain, "grid")["lint"] = {"allow": {"leading": "a reason"}}
    assert instrument_hash(load(plain)) == before


@pytest.mark.parametrize(
    ("labels", "boxes", "warned"),
    [
        (("Poor", "Fair", "Good", "Very good", "Excellent"), None, True),
        (("Very poor", "Poor", "Fair", "Good", "Very good"), None, False),
        (("Dissatisfied", "Satisfied", "Very satisfied"), None, True),
        (("Less than 1 year", "1 to 3 years", "3 years or more"), None, False),
        (("None", "Some", "Half", "Most"), (["2", "3", "4"], ["1"]), True),
        (("None", "Some", "Half", "Most"), (["3", "4"], ["1", "2"]), False),
    ],
)
def test_a_scale_with_more_answers_on_one_side(
    plain: dict[str, Any], load: Load, labels: tuple[str, ...], boxes: Any, warned: bool
) -> None:
    scale: dict[str, Any] = {
        "ordered": "true",
        "options": [{"code": str(n), "label": {"en": word}} for n, word in enumerate(labels, start=1)],
    }
    if boxes:
        scale["top"], scale["bottom"] = boxes
    plain["scales"]["agree"] = scale
    item(plain, "grid")["favourable"] = "none"
    expected = [("unbalanced-scale", "scales agree")] if warned else []
    assert rules(load(plain)) == expected


@pytest.mark.parametrize(
    ("condition", "warned"),
    [
        ("grid_a >= 4", True),
        ("grid_a > 3 and q == 1", True),
        ("grid_a >= 4 or q == 1", True),
        ("grid_a <= 98", True),
        ("grid_a <= 2", False),
        ("grid_a >= 4 and grid_a <= 5", False),
        ("grid_a in (4, 5)", False),
        ("not (grid_a < 4)", False),  # an unanswered question passes too
        ("grid_a >= 4 and grid_a != 98", False),
    ],
)
def test_a_dont_know_that_passes_as_a_number(
    plain: dict[str, Any], load: Load, condition: str, warned: bool
) -> None:
    item(plain, "hours")["ask_if"] = condition
    expected = [("numeric-routing", "items hours ask_if")] if warned else []
    assert rules(load(plain)) == expected


def test_the_condition_that_is_warned_of_does_let_a_dont_know_in(plain: dict[str, Any], load: Load) -> None:
    """The warning agrees with the meaning that three engines share."""
    from toolkit.instrument import parse

    frame = _one_answer(load(plain), "-1")
    blank = _one_answer(load(plain), "-3")
    instrument = load(plain)
    assert parse("grid_a >= 4").evaluate(frame, instrument).tolist() == [True]
    assert parse("grid_a >= 4").evaluate(blank, instrument).tolist() == [False]


def _one_answer(instrument: Instrument, code: str) -> Any:
    import pandas as pd

    variable = instrument["grid_a"]
    cell = pd.Categorical([code], categories=list(variable.categories), ordered=True)
    return pd.DataFrame({"audience": ["staff"], "grid_a": cell})


@settings(max_examples=examples(40), suppress_health_check=list(HealthCheck))
@given(instruments())
def test_any_questionnaire_can_be_looked_at(instrument: Instrument) -> None:
    """Whatever is warned of stands in the questionnaire, and every audience has its minutes."""
    names = {"items": {one.id for one in instrument.items}, "scales": set(instrument.scales)}
    names["audiences"] = set(instrument.audiences)
    assert all(one.path[1] in names[one.path[0]] for one in advise(instrument))
    found = minutes(instrument)
    assert set(found["audience"]) == names["audiences"]
    assert (found["shortest"] <= found["longest"]).all()


def test_minutes_are_the_sum_of_the_rates(plain: dict[str, Any], load: Load) -> None:
    found = minutes(load(plain)).set_index("audience")
    alone, row, words = 15 * 60 / 85, 6.0, 60.0
    # staff: q and hours alone, m routed, two rows, open text; boss: one row fewer and one question more
    assert found.loc["staff", "shortest"] == pytest.approx((2 * alone + 2 * row + words) / 60)
    assert found.loc["staff", "longest"] == pytest.approx((3 * alone + 2 * row + words) / 60)
    assert found.loc["boss", "longest"] == pytest.approx((4 * alone + 1 * row + words) / 60)
    assert found["questions"].to_dict() == {"boss": 6, "staff": 6}


def test_a_long_text_takes_as_long_as_it_takes_to_read(plain: dict[str, Any], load: Load) -> None:
    before = minutes(load(plain)).set_index("audience")["longest"]
    item(plain, "hours")["text"] = {"all": {"en": "word " * 238}}
    after = minutes(load(plain)).set_index("audience")["longest"]
    assert (after - before).tolist() == pytest.approx([1 - 15 / 85] * 2)


def test_a_questionnaire_beyond_twenty_minutes_is_warned_of(plain: dict[str, Any], load: Load) -> None:
    extra = [{**item(plain, "why"), "id": f"why{n}"} for n in range(20)]
    plain["items"] += extra
    plain["sections"][0]["items"] += [one["id"] for one in extra]
    assert rules(load(plain)) == [("length", "audiences boss"), ("length", "audiences staff")]


def test_lint_warns_with_file_and_line_and_fails_only_when_strict(
    plain: dict[str, Any], load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item(plain, "grid")["rows"][0]["text"] = {"all": {"en": "Obviously it is fair"}}
    load(plain)
    path = str(tmp_path / "tiny.yaml")
    assert main(["lint", path]) == 0
    told = capsys.readouterr().out
    assert "warning: tiny.yaml, line" in told
    assert "'Obviously' suggests an answer [leading]" in told
    assert "boss 2 minutes, staff 2 minutes" in told
    assert main(["lint", "--strict", path]) == 1


def test_a_file_of_another_kind_is_named_with_the_command_for_it(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = str(root / "data_samples" / "ai_at_work" / "study.yaml")
    assert main(["lint", study]) == 1
    told = capsys.readouterr().out
    assert "it is a study file" in told
    assert "survey-toolkit check" in told
    assert "employee.yaml" in told
    assert main(["check", str(root / "instruments" / "employee.yaml")]) == 2
    assert "it is a questionnaire" in capsys.readouterr().err
