"""Tables print the released numbers, rounded once, and a reason wherever there is none."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.refusals import problem
from toolkit.disclosure import Policy, Released
from toolkit.errors import DisclosureError, InvalidInput, ToolkitError
from toolkit.instrument.model import Instrument
from toolkit.presentation import (
    benchmark_table,
    distribution_table,
    gap_table,
    participation_table,
    shares_table,
    trend_table,
)

WAVES = ("2024", "2025")


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u2212", "-")


def _whole(share: float) -> int:
    return int(np.floor(abs(share) * 100 + 0.5 + 1e-9)) * (-1 if share < 0 else 1)


def test_the_share_table_holds_every_released_share(released: Released, instrument: Instrument) -> None:
    table = shares_table(released, instrument, items=["flex", "aiuse"]).frame.set_index("Item")
    shares = released["shares"]
    for row in shares[shares["item"].isin(["flex", "aiuse"])].to_dict("records"):
        name = {"flex": "Flexible working (agree)", "aiuse": "AI use (yes)"}[row["item"]]
        text = _plain(table.loc[name, row["audience"].title() + "s"])
        low, high = _whole(row["conf_low"]), _whole(row["conf_high"])
        assert text == f"{_whole(row['estimate'])}% ({low} to {high})\nn {row['n']}"


def test_a_withheld_share_prints_its_base_as_the_gate_says(small: Released, instrument: Instrument) -> None:
    table = shares_table(small, instrument)
    frame = table.frame.set_index("Item")
    assert _plain(frame.loc["Burnout (agree)", "Executives"]) == "– (n <7)"
    assert _plain(frame.loc["Flexible working (agree)", "Executives"]) == "≥80%\nn 6"
    assert any("fewer than 7 answers" in note for note in table.notes)
    assert any("bound" in note for note in table.notes)


def test_the_gap_table_puts_the_largest_first_and_names_the_withheld_below(
    released: Released, instrument: Instrument
) -> None:
    table = gap_table(released, instrument)
    gaps = released["gaps"]
    assert len(table.frame) == int(gaps["shown"].sum())
    sizes = [int(re.match(r"≥?(\d+)", text)[1]) for text in table.frame["Gap in points"] if text != "–"]  # type: ignore[index]
    known = gaps[gaps["gap"].notna()]
    # "at least" is rounded down: at the bound the gap may be 24.5 points
    points = [
        int(abs(gap) * 100 + 1e-6) if bound else abs(_whole(gap))
        for gap, bound in zip(known["gap"], known["bound"], strict=True)
    ]
    assert sizes == sorted(points, reverse=True)
    hidden = gaps[~gaps["shown"]]
    assert set(hidden["item"]) == {"ways_none"}
    below = next(note for note in table.notes if note.startswith("Not shown"))
    assert below.count("Ways AI added work: none of these (") == len(hidden)


def test_each_gap_prints_the_higher_share_first(released: Released, instrument: Instrument) -> None:
    for text in gap_table(released, instrument).frame["Shares"]:
        first, second = (int(found) for found in re.findall(r"(\d+)%", text))
        assert first >= second


def test_participation_never_prints_a_small_number(
    instrument: Instrument, participation: pd.DataFrame
) -> None:
    table = participation_table(participation, instrument, policy=Policy())
    rows = {row["Audience"]: row for row in table.frame.to_dict("records")}
    assert rows["Freelancers"] == {
        "Audience": "Freelancers", "Invited": "9", "Answered": "<5", "Response": "–", "Margin of error": "–"
    }  # fmt: skip
    assert _plain(rows["Executives"]["Margin of error"]) == "± 11 points"
    told = participation.assign(answered=pd.array([16, 240, 3], dtype="Int64"))
    with pytest.raises(DisclosureError, match="below the policy's threshold"):
        participation_table(told, instrument, policy=Policy())
    with pytest.raises(ToolkitError, match="answered_shown, margin"):
        participation_table(participation.drop(columns=["margin", "answered_shown"]), instrument)


def test_a_change_is_later_minus_earlier_whichever_way_the_table_subtracts(
    released: Released, instrument: Instrument
) -> None:
    trend = released["trend"]
    first = trend[(trend["item"] == "flex") & (trend["audience"] == "employee")].iloc[0]
    assert (first["audience_a"], first["audience_b"]) == ("2025", "2024")
    table = trend_table(released, instrument, waves=WAVES).frame
    row = table[(table["Item"] == "Flexible working (agree)") & (table["Audience"] == "Employees")].iloc[0]
    assert _plain(row["2025"]) == f"{_whole(first['estimate_a'])}%"
    assert _plain(row["2024"]) == f"{_whole(first['estimate_b'])}%"
    assert _plain(row["Change in points"]).split("\n")[0] == f"{_whole(first['gap']):+d}"
    other_way = trend_table(released, instrument, waves=WAVES[::-1]).frame
    turned = other_way[(other_way["Item"] == row["Item"]) & (other_way["Audience"] == "Employees")].iloc[0]
    assert _plain(turned["Change in points"]).split("\n")[0] == f"{-_whole(first['gap']):+d}"


def test_waves_that_are_not_compared_are_refused_with_those_that_are(
    released: Released, instrument: Instrument
) -> None:
    with pytest.raises(InvalidInput, check=problem("unknown-wave", "waves")):
        trend_table(released, instrument, waves=("2023", "2025"))


def test_published_figures_come_with_their_base_or_why_they_do_not_compare(
    released: Released, instrument: Instrument
) -> None:
    frame = benchmark_table(released, instrument).frame
    said = {row["Item"].split("\n")[0]: row for row in frame.to_dict("records")}
    what = said["Burnout (agree)"]["What was published"]
    assert _plain(what) == "“Are burned out”; all surveyed; n 625"
    assert _plain(said["Burnout (agree)"]["Comparison"]).startswith("a gap of 27 points (20 to 34)")
    assert said["Flexible working (agree)"]["Comparison"] == "no interval: n not published"
    assert said["AI use (yes)"]["Comparison"] == "not comparable: the base differs"
    assert "n\u00a0" not in said["Flexible working (agree)"]["What was published"]


def test_a_published_figure_is_printed_even_where_our_own_may_not_be(
    made: Callable[..., Released], instrument: Instrument
) -> None:
    table = benchmark_table(made({"executive": 30, "employee": 4}), instrument)
    assert list(table.frame["Here"]) == ["not shown"] * 3
    assert [_plain(text) for text in table.frame["Published"]] == ["71%"] * 3
    assert "Not shown here (fewer than 5 answers; fewer than 7 answers)." in table.notes


def test_the_appendix_prints_each_audiences_own_wording_and_base(
    released: Released, instrument: Instrument
) -> None:
    frame = distribution_table(released, instrument).frame
    assert len(frame) == 3 * len(instrument.items)
    flex = frame[frame["Question"] == "Flexible working, as employees read it."].iloc[0]
    cells = released["distributions"]
    own = cells[(cells["item"] == "flex") & (cells["audience"] == "employee")].set_index("response")[
        "estimate"
    ]
    labels = instrument["flex"].code_labels()
    expected = " · ".join(f"{labels[code]} {_whole(own[code])}%" for code in instrument["flex"].codes)
    assert _plain(flex["Answers"]) == expected
    ways = frame[frame["Question"] == "Ways AI added work, as employees read it."].iloc[0]
    assert ways["Asked of"] == "those who answered “Yes” to “AI use”"
    assert "comments in people's own words are never reported" in frame["Answers"].iloc[-1]


def test_the_appendix_says_why_a_distribution_is_withheld(small: Released, instrument: Instrument) -> None:
    frame = distribution_table(small, instrument, audiences=["executive"]).frame.set_index("Question")
    burnout = frame.loc["Burnout, as executives read it."]
    assert (burnout["n"], burnout["Answers"]) == ("<7", "not shown: fewer than 7 answers")
    flex = frame.loc["Flexible working, as executives read it."]
    assert _plain(flex["Answers"]).startswith(
        "Agree ≥80% · Strongly disagree ≤20% · Disagree ≤20% · Neither ≤20%; full distribution not shown: "
    )


def test_the_appendix_says_that_no_mean_was_released(released: Released, instrument: Instrument) -> None:
    days = {"id": "days", "type": "number", "theme": "work", "text": {"all": {"en": "Days?"}},
            "short": {"en": "Days"}, "source": {"origin": "own"}}  # fmt: skip
    written = instrument.model_dump(mode="json", exclude_none=True)
    written["items"].append(days)
    written["sections"][0]["items"].append("days")
    frame = distribution_table(released, Instrument.model_validate(written)).frame
    answers = frame.loc[frame["Question"] == "Days?", "Answers"]
    assert list(answers) == ["not shown: no mean was released with these results"] * 3


def test_an_audience_that_is_not_in_the_report_has_no_number(
    made: Callable[..., Released], instrument: Instrument
) -> None:
    frame = distribution_table(made({"employee": 30}), instrument).frame
    other = frame[frame["Audience"] != "Employees"]
    assert (other["n"] == "–").all()
    assert other["Answers"].str.startswith("not shown").all()
