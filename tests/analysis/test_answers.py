"""Instrument variables: their measures, their audiences, and codes a scale lacks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.refusals import problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput
from toolkit.instrument import load_instrument
from toolkit.instrument.model import Audience, Instrument, Item, Option, Scale, Section, Source, Variable

SCALE = Scale(
    ordered=True,
    options=tuple(Option(code=str(at), label={"en": str(at)}) for at in range(1, 6)),
    top=("4", "5"),
    bottom=("1", "2"),
)


def _variable(
    name: str,
    *,
    favourable: str = "bottom",
    audiences: tuple[str, ...] = ("executive", "employee"),
    option: bool = False,
) -> Variable:
    item = Item(
        id=name,
        type="multi" if option else "single",
        theme="t",
        text={"all": {"en": name}},
        favourable=favourable,
        source=Source(origin="own"),
    )
    only = Option(code="a", label={"en": "a"}) if option else None
    return Variable(name, item, None if option else SCALE, audiences, option=only)


def _frame() -> pd.DataFrame:
    tired = _variable("tired")
    answers = ["5", "4", "2", "3", "1", "-1", "4", "5", "5", "-5"]
    return pd.DataFrame(
        {
            "audience": pd.Categorical(
                ["executive"] * 5 + ["employee"] * 4 + ["freelancer"],
                ["executive", "employee", "freelancer"],
                ordered=True,
            ),
            "tired": pd.Categorical(answers, tired.categories, ordered=True),
            "ticked": pd.Categorical(["1", "0"] * 5, _variable("ticked", option=True).categories),
        }
    )


def test_measures_count_the_boxes_of_the_scale() -> None:
    frame, tired = _frame(), _variable("tired")
    shares = {
        name: tk.proportions(frame, tired, measure=name)["estimate"].iloc[0]
        for name in ("top", "bottom", "favourable", "unfavourable", "3")
    }
    assert shares == pytest.approx(
        {"top": 5 / 8, "bottom": 2 / 8, "favourable": 2 / 8, "unfavourable": 5 / 8, "3": 1 / 8}
    )


def test_means_take_codes_as_numbers() -> None:
    row = tk.means(_frame(), _variable("tired")).iloc[0]
    assert (row["n"], row["estimate"]) == (8, pytest.approx(29 / 8))


def test_an_audience_the_item_is_not_put_to_has_no_row() -> None:
    table = tk.proportions(_frame(), _variable("tired"), by="audience", measure="top")
    assert table["audience"].tolist() == ["executive", "employee"]
    compared = tk.gaps(_frame(), _variable("tired"))
    assert compared[["audience_a", "audience_b"]].to_numpy().tolist() == [["executive", "employee"]]
    assert tk.rank_gap(_frame(), _variable("tired"))["audience_b"].tolist() == ["employee"]


def test_favourable_is_the_default_of_gaps() -> None:
    row = tk.gaps(_frame(), _variable("tired")).iloc[0]
    assert (row["measure"], row["estimate_a"], row["estimate_b"]) == ("favourable", 0.4, 0.0)


def test_ticks_are_shares_and_their_mean_too() -> None:
    ticked = _variable("ticked", option=True)
    share = tk.proportions(_frame(), ticked, measure="1")["estimate"].iloc[0]
    assert share == tk.means(_frame(), ticked)["estimate"].iloc[0] == 0.5
    row = tk.gaps(_frame(), ticked, measure="mean").iloc[0]
    assert row["effect_size_kind"] == "cohen_h"


def test_the_margin_of_a_scale_is_a_part_of_its_range() -> None:
    frame = pd.DataFrame(
        {
            "audience": ["executive"] * 400 + ["employee"] * 400,
            "tired": (["4", "2"] * 200) + (["4", "2"] * 200),
        }
    )
    row = tk.gaps(frame, _variable("tired"), measure="mean").iloc[0]
    assert row["verdict"] == "views are similar to within 0.4 on the scale"


def test_numbers_of_a_plain_frame_may_stand_for_codes() -> None:
    frame = pd.DataFrame({"audience": ["executive", "employee"] * 3, "tired": [5, 4, 1, np.nan, 2, 3]})
    assert tk.proportions(frame, _variable("tired"), measure="top")["estimate"].iloc[0] == 0.4


def test_codes_the_scale_lacks_are_refused() -> None:
    frame = pd.DataFrame({"audience": ["executive", "employee"], "tired": ["5", "7"]})
    with pytest.raises(InvalidInput, check=problem("unknown-answer", "column tired")):
        tk.gaps(frame, _variable("tired"))


def test_a_named_variable_without_that_box_is_refused() -> None:
    with pytest.raises(InvalidInput, check=problem("unsuited-measure", "column tired")):
        tk.gaps(_frame(), _variable("tired", favourable="none"))


def test_one_column_per_wave_may_be_compared_between_waves() -> None:
    frame = _frame().assign(wave=["2024", "2025"] * 5)
    table = tk.gaps(
        frame[frame.audience != "freelancer"],
        _variable("tired"),
        between="wave",
        by="audience",
        measure="top",
    )
    assert table["audience_a"].tolist() == ["2024", "2024"]
    assert table["audience"].tolist() == ["executive", "employee"]


def _instrument() -> Instrument:
    words = {"en": "words"}
    items = [
        _variable("tired").item,
        _variable("tired").item.model_copy(update={"id": "colour", "favourable": "none"}),
    ]
    audiences = {
        name: Audience(code=name[:3], label=words, plural=words)
        for name in ("executive", "employee", "freelancer")
    }
    items = [one.model_copy(update={"scale": "agree" if one.id == "tired" else "colours"}) for one in items]
    colours = Scale(options=(Option(code="r", label=words), Option(code="b", label=words)))
    return Instrument(
        id="i",
        version="1",
        title=words,
        languages=("en",),
        audiences=audiences,
        scales={"agree": SCALE, "colours": colours},
        missing={},
        themes={"t": words},
        sections=(Section(id="s", title=words, items=("tired", "colour")),),
        items=tuple(items),
    )


def test_an_instruments_items_without_the_measure_are_passed_over() -> None:
    instrument = _instrument()
    frame = _frame().assign(colour=pd.Categorical(["r", "b"] * 5, instrument["colour"].categories))
    assert tk.gaps(frame, instrument)["item"].unique().tolist() == ["tired"]
    assert tk.rank_gap(frame, instrument)["item"].unique().tolist() == ["tired"]
    assert tk.means(frame, instrument)["item"].tolist() == ["tired"]
    assert tk.proportions(frame, instrument)["response"].tolist() == ["1", "2", "3", "4", "5", "r", "b"]
    with pytest.raises(InvalidInput, check=problem("unsuited-measure", "column colour")):
        tk.gaps(frame, instrument["colour"])


@pytest.mark.parametrize("measure", ["favorable", "Top", "9"])
def test_a_measure_that_no_item_could_have_is_refused(measure: Any) -> None:
    instrument = _instrument()
    frame = _frame().assign(colour=pd.Categorical(["r", "b"] * 5, instrument["colour"].categories))
    assert len(tk.gaps(frame, instrument, measure="r"))
    with pytest.raises(InvalidInput, check=problem("unknown-option", f"measure {measure!r}")):
        tk.gaps(frame, instrument, measure=measure)


def test_a_column_named_or_present_twice_is_refused() -> None:
    frame = _frame()
    with pytest.raises(InvalidInput, check=problem("duplicate-column", "column tired")):
        tk.means(frame, [_variable("tired"), "tired"])
    with pytest.raises(InvalidInput, check=problem("duplicate-column", "column tired")):
        tk.means(pd.concat([frame, frame[["tired"]]], axis=1), "tired")


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "float32"])
def test_nullable_numbers_are_read_as_numbers(dtype: str) -> None:
    answers = [True, False, None if dtype != "float32" else np.nan, True]
    frame = pd.DataFrame({"audience": ["a", "a", "b", "b"], "q": pd.Series(answers, dtype=dtype)})
    row = tk.gaps(frame, "q", measure="mean").iloc[0]
    assert (row["n_b"], row["estimate_a"], row["estimate_b"]) == (1, 0.5, 1.0)


def test_nobody_at_all_gives_rows_that_say_so() -> None:
    nobody = _frame().iloc[:0]
    assert tk.gaps(nobody, _variable("tired"))["method"].str.contains("too few").all()
    assert tk.rank_gap(nobody, _variable("tired"))["p_value"].isna().all()
    assert tk.proportions(nobody, _variable("tired"), by="audience")["n"].eq(0).all()
    assert (
        tk.means(nobody, _variable("tired"), by="audience")["method"]
        .eq("not computed: no one answered")
        .all()
    )


PLAIN = pd.DataFrame(
    {
        "audience": ["a"] * 8 + ["b"] * 8,
        "wave": ["1", "2"] * 8,
        "person": [str(number // 2) for number in range(16)],
        "q1": [5, 4, 3, 2, 1, 5, 5, np.nan, 1, 2, 2, 3, 3, 3, 5, 4],
        "often": ["never", "often", "always", None] * 4,
    }
)


@pytest.mark.parametrize(
    ("estimator", "column"),
    [
        (lambda **boxes: tk.proportions(PLAIN, ["q1"], **boxes), "estimate"),
        (lambda **boxes: tk.proportions(PLAIN, ["q1"], by="audience", **boxes), "estimate"),
        (lambda **boxes: tk.gaps(PLAIN, ["q1"], **boxes), "gap"),
        (lambda **boxes: tk.population_gaps(PLAIN, ["q1"], population={"a": 99, "b": 99}, **boxes), "gap"),
        (lambda **boxes: tk.banner(PLAIN, ["q1"], "audience", **boxes), "estimate"),
        (lambda **boxes: tk.trend(PLAIN, ["q1"], by="audience", **boxes), "gap"),
        (lambda **boxes: tk.totals(PLAIN, ["q1"], **boxes), "estimate"),
        (lambda **boxes: tk.estimate(PLAIN, ["q1"], **boxes).table, "estimate"),
        (lambda **boxes: tk.nonresponse_bounds(PLAIN, ["q1"], population=99, **boxes), "bound_low"),
        (lambda **boxes: tk.panel_change(PLAIN, ["q1"], person="person", **boxes), "gap"),
        (lambda **boxes: tk.top_boxes(PLAIN, ["q1"], **boxes), "q1"),
    ],
)
def test_plain_columns_take_boxes(estimator: Any, column: str) -> None:
    """A box of plain codes is what a 0/1 column made by hand gives."""
    made = PLAIN.assign(q1=(PLAIN["q1"] >= 4).astype(float).where(PLAIN["q1"].notna()))
    boxed = estimator(top=[4, 5])[column]
    original = PLAIN["q1"].copy()
    try:
        PLAIN["q1"] = made["q1"]
        by_hand = estimator(top=1)[column]
    finally:
        PLAIN["q1"] = original
    np.testing.assert_allclose(boxed.astype(float), by_hand.astype(float))
    assert boxed.notna().any()


def test_boxes_of_text_and_of_the_bottom() -> None:
    found = tk.proportions(PLAIN, ["often"], top=["often", "always"])
    assert found["estimate"].iloc[0] == pytest.approx(2 / 3)
    assert found["measure"].iloc[0] == "top"
    assert tk.proportions(PLAIN, ["q1"], bottom=[1, 2])["estimate"].iloc[0] == pytest.approx(5 / 15)
    both = tk.proportions(PLAIN, ["q1"], measure="bottom", top=[5], bottom=[1])
    assert both["estimate"].iloc[0] == pytest.approx(2 / 15)


@pytest.mark.parametrize(
    ("items", "boxes", "code"),
    [
        (["often"], {"top": ["oftn"]}, "unknown-answer"),
        (["q1"], {"top": ["four"]}, "unknown-answer"),
        (["q1"], {"top": [44]}, "unknown-answer"),
        (["q1"], {"top": []}, "empty"),
        (["q1"], {"top": [4, 5], "bottom": [4]}, "conflict"),
    ],
)
def test_boxes_that_cannot_be_are_refused(items: list[str], boxes: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        tk.proportions(PLAIN, items, **boxes)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_boxes_of_a_column_nobody_answered_are_refused_with_the_reason() -> None:
    with pytest.raises(InvalidInput) as refused:
        tk.gaps(PLAIN.assign(q1=np.nan), "q1", top=[4, 5])
    (found,) = refused.value.problems
    assert (found.code, found.hint) == ("unknown-answer", "nobody answered: leave it out")


def test_boxes_of_an_instrument_are_its_own() -> None:
    with pytest.raises(InvalidInput) as refused:
        tk.proportions(PLAIN, load_instrument("core"), top=[4, 5])
    assert [problem.code for problem in refused.value.problems] == ["conflict"]


def test_a_column_of_mixed_types_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        tk.proportions(pd.DataFrame({"q": [1, "1", 2.5]}), ["q"])
    assert [problem.code for problem in refused.value.problems] == ["wrong-type"]


def test_net_of_boxes_is_the_top_less_the_bottom() -> None:
    boxes = {"top": [4, 5], "bottom": [1, 2]}
    for frame in (PLAIN, PLAIN.assign(q1=PLAIN["q1"].astype("category"))):
        net = tk.means(frame, "q1", measure="net", **boxes)["estimate"].item()
        top, bottom = (tk.proportions(frame, "q1", measure=one, **boxes)["estimate"].item() for one in boxes)
        assert net == pytest.approx(top - bottom)
        gap = tk.gaps(frame, "q1", measure="net", **boxes)["gap"].item()
        sides = tk.means(frame, "q1", by="audience", measure="net", **boxes).set_index("audience")["estimate"]
        assert abs(gap) == pytest.approx(abs(sides.diff().iloc[-1]))


def test_a_gap_of_boxes_is_split_as_the_gap_of_a_column_made_by_hand() -> None:
    frame = PLAIN.assign(side=np.arange(len(PLAIN)) % 3 == 0)
    made = frame.assign(q1=(frame["q1"] >= 4).astype(float).where(frame["q1"].notna()))
    boxed = tk.decompose_gap(frame, "q1", "side", top=[4, 5])
    by_hand = tk.decompose_gap(made, "q1", "side", measure="mean")
    np.testing.assert_allclose(boxed["estimate"], by_hand["estimate"])


@pytest.mark.parametrize(
    "call",
    [
        lambda: tk.gaps(PLAIN, "q1", measure="net", top=[4, 5]),
        lambda: tk.gaps(PLAIN, "q1", measure="recommend", top=[4, 5]),
        lambda: tk.means(PLAIN, "q1", top=[4, 5]),
    ],
)
def test_boxes_that_a_measure_does_not_count_are_refused(call: Any) -> None:
    with pytest.raises(InvalidInput, check=problem("conflict", "top, bottom")):
        call()
