"""Simulated populations and samples.

1. A named share is met in the population within one person; what is measured is recomputed here by hand.
2. Routing and exclusive options always hold.
3. The seed decides everything.
4. Impossible shares and organisations are refused, all at once.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, load_instrument
from toolkit.simulation import Fieldwork, Organisation, Share, populate, simulate
from toolkit.simulation.population import apportion

TINY = """
id: tiny
version: 1.0.0
title: {en: Tiny}
languages: [en]
audiences:
  boss: {code: b, label: {en: Boss}, plural: {en: Bosses}}
  hand: {code: h, label: {en: Hand}, plural: {en: Hands}}
themes: {work: {en: Work}}
missing:
  dk: {code: 98, becomes: -1, label: {en: Don't know}}
  refused: {code: 99, becomes: -2, label: {en: Rather not say}}
scales:
  yesno:
    options: [{code: 1, label: {en: Yes}}, {code: 0, label: {en: No}}]
    top: [1]
    bottom: [0]
    missing: [dk]
  agree:
    ordered: true
    options:
      - {code: 1, label: {en: Never}}
      - {code: 2, label: {en: Hardly}}
      - {code: 3, label: {en: So so}}
      - {code: 4, label: {en: Rather}}
      - {code: 5, label: {en: Fully}}
    top: [4, 5]
    bottom: [1, 2]
    missing: [dk, refused]
sections:
  - {id: one, title: {en: One}, items: [uses, kind, mood, ways]}
  - {id: two, title: {en: Two}, items: [tools, years, chief, remark]}
items:
  - id: uses
    type: single
    theme: work
    scale: yesno
    text: {all: {en: "Do you use it?"}}
    source: {origin: own}
  - id: kind
    type: single
    theme: work
    text: {all: {en: "Which kind?"}}
    options: [{code: red, label: {en: Red}}, {code: blue, label: {en: Blue}}, {code: 7, label: {en: Seven}}]
    source: {origin: own}
  - id: mood
    type: matrix
    theme: work
    scale: agree
    favourable: top
    text: {all: {en: "How is it?"}}
    rows:
      - {id: good, text: {all: {en: It is good}}}
      - {id: bad, text: {all: {en: It is bad}}, favourable: bottom}
    source: {origin: own}
  - id: ways
    type: multi
    theme: work
    ask_if: uses == 1
    text: {all: {en: "In which ways?"}}
    options:
      - {code: a, label: {en: First way}}
      - {code: b, label: {en: Second way}}
      - {code: c, label: {en: Third way}}
      - {code: none, exclusive: true, label: {en: In none}}
    source: {origin: own}
  - id: tools
    type: multi
    theme: work
    text: {all: {en: "Which tools?"}}
    options: [{code: x, label: {en: Hammer}}, {code: y, label: {en: Saw}}]
    source: {origin: own}
  - id: years
    type: number
    theme: work
    minimum: 0
    maximum: 40
    text: {all: {en: "How many years?"}}
    source: {origin: own}
  - id: chief
    type: single
    theme: work
    scale: agree
    audiences: [boss]
    ask_if: selected(ways, "a") or uses == 0
    text: {all: {en: "Is it yours?"}}
    source: {origin: own}
  - id: remark
    type: text
    theme: work
    text: {all: {en: "Anything else?"}}
    source: {origin: own}
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    path = tmp_path_factory.mktemp("tiny") / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return load_instrument(path)


def places(*sizes: int) -> list[Organisation]:
    return [
        Organisation(
            id=f"o{n}", name=f"Place {n}", people={"boss": max(size // 4, 1), "hand": size}, waves=("1",)
        )
        for n, size in enumerate(sizes)
    ]


def share(item: str, **shares: float) -> Share:
    return Share(item=item, audiences=("boss", "hand"), share=shares)


def test_a_top_box_is_met_within_one_person_in_every_audience(tiny: Instrument) -> None:
    everybody = populate(
        tiny, places(60, 213), [share("mood_good", top=0.61, bottom=0.2)], waves=("1",), seed=4
    )
    for _, people in everybody.groupby("audience", observed=True):
        top = people["mood_good"].isin(["4", "5"]).sum()
        bottom = people["mood_good"].isin(["1", "2"]).sum()
        assert abs(top - 0.61 * len(people)) < 1
        assert abs(bottom - 0.2 * len(people)) < 1


def test_codes_of_a_nominal_item_are_met_within_one_person(tiny: Instrument) -> None:
    shares = [Share(item="kind", audiences=("hand",), share={"red": 0.17, "blue": 0.5, "7": 0.33})]
    everybody = populate(tiny, places(211), shares, waves=("1",), seed=4)
    hands = everybody.loc[everybody["audience"] == "hand", "kind"].value_counts()
    assert abs(hands["red"] - 0.17 * 211) < 1
    assert abs(hands["blue"] - 0.5 * 211) < 1


@settings(max_examples=examples(30))
@given(
    parts=st.lists(st.integers(0, 100), min_size=3, max_size=3),
    where=st.floats(0, 1),
    size=st.integers(1, 150),
    seed=st.integers(0, 1000),
)
def test_a_multi_select_meets_its_net_and_every_option(
    tiny: Instrument, parts: list[int], where: float, size: int, seed: int
) -> None:
    options = [part / 100 for part in parts]
    low, high = max(options), min(sum(options), 1)
    net = low + where * (high - low)
    wanted = {"any": net} | dict(zip("abc", options, strict=True))
    everybody = populate(
        tiny, places(size), [share("uses", top=1.0), share("ways", **wanted)], waves=("1",), seed=seed
    )
    for _, people in everybody.groupby("audience", observed=True):
        ticked = people[["ways_a", "ways_b", "ways_c"]].eq("1")
        nobody = ~ticked.any(axis=1)
        assert (people["ways_none"].eq("1") == nobody).all()
        assert abs((~nobody).sum() - net * len(people)) <= 1
        for code, part in zip("abc", options, strict=True):
            assert abs(ticked[f"ways_{code}"].sum() - part * len(people)) <= 1


def test_shares_among_some_people_hold_among_them_and_the_rest_has_its_own(tiny: Instrument) -> None:
    shares = [
        Share(item="kind", audiences=("hand",), among="mood_bad >= 4 and mood_bad <= 5", share={"red": 0.9}),
        Share(item="kind", audiences=("hand",), share={"red": 0.1}),
    ]
    everybody = populate(tiny, places(400), shares, waves=("1",), seed=4)
    hands = everybody[everybody["audience"] == "hand"]
    unhappy = hands["mood_bad"].isin(["4", "5"])
    assert unhappy.any()
    assert abs((hands["kind"] == "red")[unhappy].sum() - 0.9 * unhappy.sum()) < 1
    assert abs((hands["kind"] == "red")[~unhappy].sum() - 0.1 * (~unhappy).sum()) < 1


def test_a_waves_own_share_replaces_the_general_one(tiny: Instrument) -> None:
    shares = [
        Share(item="uses", audiences=("hand",), share={"top": 0.8}),
        Share(item="uses", audiences=("hand",), share={"top": 0.2}, wave="2"),
    ]
    everybody = populate(tiny, places(100), shares, waves=("1", "2"), seed=4)
    hands = everybody[everybody["audience"] == "hand"]
    assert hands.groupby("wave")["uses"].apply(lambda codes: (codes == "1").mean()).to_dict() == {
        "1": 0.8,
        "2": 0.2,
    }


@settings(max_examples=examples(12))
@given(seed=st.integers(0, 10_000), blank=st.sampled_from([0.0, 0.1, 0.5]))
def test_routing_and_exclusive_options_always_hold(tiny: Instrument, seed: int, blank: float) -> None:
    """Recomputed by hand from the questionnaire, not by the toolkit's routing."""
    fieldwork = Fieldwork(response=1, blank=blank, dont_know=0.1, refused=0.1, unfinished=0.2)
    frame = simulate(tiny, places(80), seed=seed, fieldwork=fieldwork, keep_break_offs=True, missing="codes")
    done = frame[frame["status"] == "complete"]
    uses = done["uses"] == "1"
    for code in ("a", "b", "c", "none"):
        assert (done.loc[~uses, f"ways_{code}"] == "-4").all()
        assert done.loc[uses, f"ways_{code}"].isin(["0", "1", "-3"]).all()
    others = done[["ways_a", "ways_b", "ways_c"]].eq("1").any(axis=1)
    assert not (others & done["ways_none"].eq("1")).any()
    asked_and_said = uses & (done["ways_a"] != "-3")
    assert (others | done["ways_none"].eq("1"))[asked_and_said].all()
    boss = done["audience"] == "boss"
    shown = boss & (done["ways_a"].eq("1") | done["uses"].eq("0"))
    assert (done.loc[~boss, "chief"] == "-5").all()
    assert (done.loc[boss & ~shown, "chief"] == "-4").all()
    assert not done.loc[shown, "chief"].isin(["-4", "-5", "-6"]).any()


def test_an_option_list_without_none_is_blank_where_nothing_is_ticked(tiny: Instrument) -> None:
    frame = simulate(
        tiny, places(300), seed=2, shares=[share("tools", any=0.5, x=0.4, y=0.3)], missing="codes"
    )
    tools = frame.loc[frame["status"] == "complete", ["tools_x", "tools_y"]]
    blank = tools.eq("-3")
    assert (blank["tools_x"] == blank["tools_y"]).all()
    assert not tools.eq("0").all(axis=1).any()
    assert 0.3 < blank["tools_x"].mean() < 0.7


def test_after_a_break_off_there_is_no_answer(tiny: Instrument) -> None:
    frame = simulate(
        tiny, places(500), seed=3, fieldwork=Fieldwork(unfinished=0.5), keep_break_offs=True, missing="codes"
    )
    assert set(frame["status"]) == {"complete", "partial", "break-off"}
    items = [variable.name for variable in tiny.variables if variable.kind == "single"]
    for before, after in pairwise(items):
        gone = frame[before] == "-6"
        assert frame.loc[gone, after].isin(["-6", "-5", "-4"]).all()
    assert not (frame.loc[frame["status"] == "complete", items] == "-6").any(axis=None)


def test_break_offs_are_left_out_unless_asked_for(tiny: Instrument) -> None:
    settings_ = Fieldwork(unfinished=0.5)
    kept = simulate(tiny, places(300), seed=3, fieldwork=settings_, missing="codes")
    everybody = simulate(
        tiny, places(300), seed=3, fieldwork=settings_, keep_break_offs=True, missing="codes"
    )
    assert set(kept["status"]) == {"complete", "partial"}
    assert set(kept["respondent"]) == set(everybody.loc[everybody["status"] != "break-off", "respondent"])


def test_the_frame_is_a_coded_frame_that_says_it_is_synthetic(tiny: Instrument) -> None:
    frame = simulate(tiny, seed=1, missing="codes")
    head = ["respondent", "organisation", "wave", "audience", "source", "status"]
    assert list(frame.columns) == head + [variable.name for variable in tiny.variables]
    assert frame.attrs == {"synthetic": True}
    assert frame["respondent"].is_unique
    assert frame["audience"].cat.ordered
    for variable in tiny.variables:
        if variable.kind in ("single", "option"):
            assert tuple(frame[variable.name].cat.categories) == variable.categories
            assert frame[variable.name].notna().all()
            assert frame[variable.name].cat.ordered == variable.ordered
    assert frame["years"].dropna().between(0, 40).all()


def test_same_seed_same_answers_and_another_seed_others(tiny: Instrument) -> None:
    first, again, other = (simulate(tiny, seed=seed, missing="codes") for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_an_item_more_leaves_the_others_answers_as_they_were(tiny: Instrument) -> None:
    fields = {name: getattr(tiny, name) for name in Instrument.model_fields}
    fewer = Instrument(**fields | {"items": tuple(item for item in tiny.items if item.id != "kind")})
    whole, part = (populate(one, places(50), (), waves=("1",), seed=9) for one in (tiny, fewer))
    pd.testing.assert_frame_equal(whole.drop(columns="kind"), part)


def test_response_rates_are_met_exactly_and_absent_waves_have_nobody(tiny: Instrument) -> None:
    here = [
        Organisation(
            id="a",
            name="A",
            people={"boss": 8, "hand": 40},
            waves=("1",),
            response={"boss": 0.25, "hand": 0.5},
        ),
        Organisation(id="b", name="B", people={"hand": 10}, waves=("2",)),
    ]
    frame = simulate(
        tiny, here, seed=1, fieldwork=Fieldwork(response=1), keep_break_offs=True, missing="codes"
    )
    counts = frame.groupby(["wave", "organisation", "audience"], observed=True).size().to_dict()
    assert counts == {("1", "a", "boss"): 2, ("1", "a", "hand"): 20, ("2", "b", "hand"): 10}


def test_fixed_answers_are_given_by_everybody_but_the_excepted(tiny: Instrument) -> None:
    here = [
        Organisation(
            id="a",
            name="A",
            people={"boss": 40, "hand": 40},
            waves=("1",),
            fixed={"kind": "7"},
            fixed_not=("hand",),
        )
    ]
    everybody = populate(tiny, here, (), waves=("1",), seed=1)
    assert (everybody.loc[everybody["audience"] == "boss", "kind"] == "7").all()
    assert (everybody.loc[everybody["audience"] == "hand", "kind"] != "7").any()


def test_answers_of_good_and_bad_news_are_opposed(tiny: Instrument) -> None:
    everybody = populate(tiny, places(2000), (), waves=("1",), seed=1)
    answers = everybody[["mood_good", "mood_bad"]].astype("str").astype(float)
    assert np.corrcoef(answers.T)[0, 1] < -0.2


@given(total=st.integers(0, 500), weights=st.lists(st.integers(0, 20), min_size=1, max_size=8).filter(any))
def test_apportioning_gives_away_everybody_and_nobody_twice(total: int, weights: list[int]) -> None:
    counts = apportion(total, [float(weight) for weight in weights])
    assert counts.sum() == total
    exact = total * np.array(weights) / sum(weights)
    assert (np.abs(counts - exact) < 1).all()


REFUSED = {
    "an unknown item": (share("mod_good", top=0.5), "did you mean 'mood_good'"),
    "a percent where a fraction is meant": (share("mood_good", top=39), "write 0.39 for 39 %"),
    "a negative share": (share("mood_good", top=-0.1), "is not a fraction"),
    "an unknown answer": (share("kind", green=0.5), "unknown answer 'green'"),
    "answers above one together": (share("kind", red=0.6, blue=0.6), "add up to 1.2"),
    "all answers below one together": (share("uses", top=0.2, bottom=0.2), "must add up to 1"),
    "boxes mixed with codes": (
        Share(item="mood_good", audiences=("hand",), share={"top": 0.5, "5": 0.2}),
        "mixed",
    ),
    "a part above its net": (share("ways", any=0.3, a=0.4), "'a' (0.4) is above 'any' (0.3)"),
    "a net the parts do not reach": (share("ways", any=0.9, a=0.1, b=0.1, c=0.1), "do not reach 'any'"),
    "a share of the exclusive option": (share("ways", none=0.3), "give 'any' instead"),
    "shares of a text": (share("remark", top=0.5), "has no shares"),
    "an audience that is not asked": (share("chief", top=0.5), "'hand' is not asked this item"),
    "an unknown audience": (
        Share(item="uses", audiences=("bos",), share={"top": 0.5}),
        "did you mean 'boss'",
    ),
    "a condition on an unknown item": (
        Share(item="uses", audiences=("hand",), among="mud == 1", share={"top": 0.5}),
        "no item 'mud'",
    ),
    "a finding without a share": (
        Share(item="uses", audiences=("hand",), share={"top": 0.5}, findings={"bottom": "X-1"}),
        "which has no share",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(tiny: Instrument, name: str) -> None:
    entry, said = REFUSED[name]
    with pytest.raises(InvalidInput) as refused:
        simulate(tiny, seed=1, shares=[entry], missing="codes")
    assert said in str(refused.value)


def test_refuses_the_same_shares_twice_and_says_everything_at_once(tiny: Instrument) -> None:
    with pytest.raises(InvalidInput) as refused:
        simulate(
            tiny,
            seed=-1,
            shares=[share("uses", top=0.5), share("uses", top=2), share("nope", top=0.5)],
            missing="codes",
        )
    said = str(refused.value)
    assert "already has these shares in entry 1" in said
    assert "share 2 of 'top' is not a fraction" in said
    assert "no item 'nope'" in said
    assert "seed: -1 is below 0" in said


def test_refuses_conditions_that_depend_on_each_other(tiny: Instrument) -> None:
    circle = [
        Share(item="kind", audiences=("hand",), among="mood_good == 5", share={"red": 0.5}),
        Share(item="mood_good", audiences=("hand",), among='kind == "red"', share={"top": 0.5}),
    ]
    with pytest.raises(InvalidInput, check=problem("circular", "shares")):
        simulate(tiny, seed=1, shares=circle, missing="codes")


def test_refuses_impossible_organisations_all_at_once(tiny: Instrument) -> None:
    wrong = [
        Organisation(id="a", name="A", people={"boss": -1, "hands": 5}, waves=("1",), response={"hand": 1.5}),
        Organisation(
            id="a", name="A", people={"boss": 1}, waves=("1",), fixed={"kind": "green", "knd": "red"}
        ),
    ]
    with pytest.raises(InvalidInput) as refused:
        simulate(tiny, wrong, seed=1, missing="codes")
    for said in (
        "headcount -1",
        "did you mean 'hand'",
        "rate 1.5",
        "the id occurs twice",
        "'green'",
        "no item 'knd'",
    ):
        assert said in str(refused.value)


def test_refuses_organisations_without_anybody(tiny: Instrument) -> None:
    with pytest.raises(InvalidInput, check=problem("empty", "organisations")):
        simulate(tiny, [Organisation(id="a", name="A", people={}, waves=("1",))], seed=1, missing="codes")


@pytest.mark.parametrize("file", ["executive.yaml", "employee.yaml", "freelancer.yaml"])
def test_every_shipped_questionnaire_can_be_rehearsed(file: str) -> None:
    instrument = load_instrument(Path(__file__).resolve().parents[2] / "instruments" / file)
    frame = simulate(instrument, seed=1, missing="codes")
    assert len(frame) > 100
    for variable in instrument.variables:
        if variable.kind == "single" and not variable.item.ask_if:
            assert frame[variable.name].isin(variable.codes).any()
