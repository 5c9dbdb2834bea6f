"""Instrument variables: their measures, their audiences, and codes a scale lacks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from toolkit import analysis as tk
from toolkit.errors import InvalidInput
from toolkit.instrument.model import Item, Option, Scale, Source, Variable

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
    with pytest.raises(InvalidInput, match="'7'"):
        tk.gaps(frame, _variable("tired"))


def test_a_named_variable_without_that_box_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no measure 'favourable'"):
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
