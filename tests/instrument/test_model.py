"""Variables say what their columns hold and which answers a measure counts."""

from __future__ import annotations

from typing import Any

import pytest

from toolkit.instrument import Instrument


@pytest.mark.parametrize(
    ("name", "measure", "codes"),
    [
        ("burnout", "top", ("4", "5")),
        ("burnout", "bottom", ("1", "2")),
        ("burnout", "favourable", ("1", "2")),
        ("burnout", "unfavourable", ("4", "5")),
        ("burnout", "3", ("3",)),
        ("burnout", "7", ()),
        ("burnout", "98", ()),
        ("wellcost", "favourable", ("4", "5")),
        ("wellcost", "unfavourable", ("1", "2")),
        ("aware", "favourable", ()),
        ("aware", "top", ("4", "5")),
        ("country", "top", ()),
        ("country", "US", ("US",)),
        ("aiways_rev", "top", ("1",)),
        ("aiways_rev", "bottom", ("0",)),
        ("aiways_rev", "favourable", ()),
        ("demandup", "favourable", ("0",)),
        ("comment", "top", ()),
    ],
)
def test_a_measure_counts_these_codes(
    shipped: Instrument, name: str, measure: str, codes: tuple[str, ...]
) -> None:
    assert shipped[name].codes_of(measure) == codes


def test_numbers_stand_for_ordered_codes_only(shipped: Instrument) -> None:
    assert shipped["burnout"].values() == {"1": 1.0, "2": 2.0, "3": 3.0, "4": 4.0, "5": 5.0}
    assert shipped["aiways_rev"].values() == {"0": 0.0, "1": 1.0}
    assert shipped["aiuse"].values() is None
    assert shipped["country"].values() is None


def test_categories_are_the_missing_codes_and_then_the_answers(shipped: Instrument) -> None:
    assert shipped["aiuse"].categories == ("-6", "-5", "-4", "-3", "-2", "-1", "1", "0")


def test_shared_variables_are_those_two_audiences_answer(shipped: Instrument) -> None:
    names = {variable.name for variable in shipped.shared()}
    assert {"burnout", "trust", "aiways_none", "country"} <= names
    assert not names & {"aware", "clientkeep", "comment", "freegain_agil"}


def test_an_unknown_name_is_answered_with_near_ones(shipped: Instrument) -> None:
    with pytest.raises(KeyError, match="did you mean 'burnout'"):
        shipped["burnuot"]
    with pytest.raises(KeyError, match="did you mean 'burnout'"):
        shipped.item("burnuot")


def test_rows_without_a_short_name_are_told_apart_by_their_statements(whole: dict[str, Any]) -> None:
    grid = next(item for item in whole["items"] if item["id"] == "grid")
    grid["short"] = {"en": "The place"}
    grid["rows"][0]["short"] = {"en": "Fair"}
    instrument = Instrument.model_validate(whole)
    assert [variable.label() for variable in instrument.of_item("grid")] == ["Fair", "I am heard"]


def test_a_copy_with_other_items_has_their_columns(whole: dict[str, Any]) -> None:
    instrument = Instrument.model_validate(whole)
    assert "hours" in instrument
    fewer = instrument.model_copy(update={"items": instrument.items[:1]})
    assert [variable.name for variable in fewer.variables] == ["q"]
    assert "hours" not in fewer
    assert "hours" in instrument
