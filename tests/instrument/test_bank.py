"""The shipped questionnaires: what they ask, of whom, in whose words."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from toolkit.instrument import Instrument, lint, load_instrument
from toolkit.instrument.model import MISSING

INSTRUMENTS = Path(__file__).resolve().parents[2] / "instruments"
AUDIENCES = ("executive", "employee", "freelancer")
SHARED_BY_ALL = (
    *("country", "tenure", "aiuse", "aifreq", "aiexpect", "aieffect", "aiways", "aihow", "aiask", "aitrain"),
    *("aiskill", "demandup", "demandhow", "struggle", "burnout", "leave", "wellcost", "wellvalue", "evalby"),
    *("flexible", "strategy", "comment"),
)
SCALES = {
    "yesno": (("1", "0"), ("1",), ("0",), False),
    "agree5": (tuple("12345"), ("4", "5"), ("1", "2"), True),
    "likely4": (tuple("1234"), ("3", "4"), ("1", "2"), True),
    "effect5": (tuple("12345"), ("4", "5"), ("1", "2"), True),
    "skill4": (tuple("1234"), ("3", "4"), ("1", "2"), True),
    "freq5": (tuple("12345"), ("4", "5"), ("1", "2"), True),
}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_shipped_questionnaire_loads_alone(audience: str) -> None:
    alone = load_instrument(INSTRUMENTS / f"{audience}.yaml")
    assert tuple(alone.audiences) == (audience,)
    assert lint(alone) == []
    assert {item.audiences for item in alone.items} == {(audience,)}


def test_the_bank_has_thirty_items_or_more_and_each_audience_twenty(shipped: Instrument) -> None:
    assert len(shipped.items) >= 30
    assert min(Counter(name for item in shipped.items for name in item.audiences or ()).values()) >= 20


def test_the_merged_instrument_asks_each_audience_what_its_own_file_asks(shipped: Instrument) -> None:
    for audience in AUDIENCES:
        alone = load_instrument(INSTRUMENTS / f"{audience}.yaml")
        mine = [item.id for item in shipped.items if audience in (item.audiences or ())]
        assert mine == [item.id for item in alone.items]
        for item in alone.items:
            assert [v.wording(audience) for v in alone.of_item(item.id)] == [
                v.wording(audience) for v in shipped.of_item(item.id)
            ]


def test_the_items_of_all_three_audiences_are_those_the_studies_rely_on(shipped: Instrument) -> None:
    found = [item.id for item in shipped.items if item.audiences == AUDIENCES]
    assert sorted(found) == sorted(SHARED_BY_ALL)


@pytest.mark.parametrize("name", SCALES)
def test_a_scale_has_the_codes_and_boxes_the_measures_count(shipped: Instrument, name: str) -> None:
    scale = shipped.scales[name]
    assert (scale.codes, scale.top, scale.bottom, scale.ordered) == SCALES[name]


def test_every_agreement_item_has_a_top_and_a_bottom_box(shipped: Instrument) -> None:
    agreement = [v for v in shipped.variables if v.item.scale == "agree5"]
    assert len(agreement) > 10
    assert all(v.codes_of("top") == ("4", "5") and v.codes_of("bottom") == ("1", "2") for v in agreement)


def test_every_item_has_a_short_name_a_theme_and_a_source(shipped: Instrument) -> None:
    for item in shipped.items:
        assert item.short["en"]
        assert item.theme in shipped.themes
        assert item.source.origin == "own"
        assert item.source.after or item.source.note, item.id
    assert len({item.short["en"] for item in shipped.items}) == len(shipped.items)


def test_no_source_claims_wording_that_was_never_published(shipped: Instrument) -> None:
    after = {item.source.after for item in shipped.items} - {None}
    assert after == {"Upwork, From Burnout to Balance (2024), published figures"}


def test_executives_are_asked_about_the_company_and_the_others_about_themselves(shipped: Instrument) -> None:
    assert "company" in shipped["aiuse"].wording("executive")
    assert "you" in shipped["aiuse"].wording("employee").split()
    assert "client" in shipped["aiuse"].wording("freelancer")
    assert "my clients" in shipped["aihow"].wording("freelancer")
    assert "my employer" in shipped["aihow"].wording("employee")


def test_what_could_harm_is_sensitive_and_burnout_and_leaving_can_be_refused(shipped: Instrument) -> None:
    sensitive = [v.name for v in shipped.variables if v.sensitive]
    assert sensitive == ["struggle", "burnout", "leave", "trust", "leadknow"]
    for name in ("burnout", "leave"):
        assert [m.becomes for m in shipped.missing_of(shipped[name])] == ["-1", "-2"]


def test_every_multi_select_offers_an_exclusive_none(shipped: Instrument) -> None:
    for item in shipped.items:
        if item.type == "multi":
            assert [option.code for option in item.options if option.exclusive] == ["none"]


def test_no_two_columns_have_one_name_and_all_have_the_missing_categories(shipped: Instrument) -> None:
    names = [v.name.casefold() for v in shipped.variables]
    assert len(set(names)) == len(names)
    assert all(set(MISSING) <= set(v.categories) for v in shipped.variables)


def test_every_file_names_the_schema_it_is_checked_by() -> None:
    for path in INSTRUMENTS.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        first = text.splitlines()[0]
        schema = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert schema
        assert (path.parent / schema[1]).resolve() == (INSTRUMENTS / "instrument.schema.json").resolve()
