"""The summary, the limits and the notice."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from toolkit.disclosure import Released
from toolkit.instrument.model import Instrument
from toolkit.presentation import cannot_tell, summary, synthetic_notice
from toolkit.presentation.blocks import Terms


def _terms(prose: object) -> dict[str, str]:
    parts = [part for part in prose.parts if isinstance(part, Terms)]  # type: ignore[attr-defined]
    return dict(parts[0].pairs) if parts else {}


def test_the_summary_names_the_three_widest_gaps_in_order(released: Released, instrument: Instrument) -> None:
    gaps = released["gaps"]
    widest = gaps.assign(size=gaps["gap"].abs()).dropna(subset=["size"])
    widest = widest.sort_values("size", ascending=False, kind="stable").drop_duplicates("item").head(3)
    said = _terms(summary(released, instrument))
    assert [name.lower() for name in said] == [
        (
            f"Ways AI added work: {instrument[name].label()}"
            if name.startswith("ways")
            else instrument[name].label()
        ).lower()
        for name in widest["item"]
    ]
    for text, (_, row) in zip(said.values(), widest.iterrows(), strict=True):
        shares = sorted((row["estimate_a"], row["estimate_b"]), reverse=True)
        assert re.findall(r"(\d+)% of", text) == [f"{100 * share + 1e-9:.0f}" for share in shares]


def test_the_summary_counts_the_tests_and_says_how_p_was_adjusted(
    released: Released, instrument: Instrument
) -> None:
    gaps = released["gaps"]
    tested = gaps["p_value"].notna()
    declared = int((tested & (gaps["family"] == "pre-declared")).sum())
    text = " ".join(summary(released, instrument).sentences())
    assert f"{int(tested.sum())} gaps were tested ({declared} declared in advance" in text
    assert "adjusted within each of these groups" in text
    own = " ".join(summary(released, instrument, adjusted=" (Holm)").sentences())
    assert "gaps were tested (Holm);" in own


def test_who_answered_is_said_without_a_hidden_number(
    released: Released, instrument: Instrument, participation: pd.DataFrame
) -> None:
    text = " ".join(summary(released, instrument, participation=participation).sentences()).replace(
        "\u00a0", " "
    )
    assert "16 of 20 executives (80%)" in text
    assert "fewer than 5 freelancers, who are therefore not shown" in text


def test_limits_tell_the_smallest_gap_of_each_pair(released: Released, instrument: Instrument) -> None:
    gaps = released["gaps"]
    own = gaps[gaps["shown"] & (gaps["audience_a"] == "executive") & (gaps["audience_b"] == "employee")]
    low = f"{100 * own['minimum_detectable_gap'].min():.0f}"
    said = _terms(cannot_tell(released, instrument))["Small gaps between executives and employees"]
    assert f"about {low} to" in said
    assert "four times in five" in said


def test_limits_tell_of_the_silent_and_of_what_is_withheld(
    made: Callable[..., Released], instrument: Instrument, participation: pd.DataFrame
) -> None:
    small = made({"executive": 6, "employee": 60}, seed=4)
    said = _terms(cannot_tell(small, instrument, participation=participation))
    assert (
        said["People who did not answer"]
        .replace("\u00a0", " ")
        .startswith("20% of executives and 40% of employees")
    )
    hidden = int((~small["gaps"]["shown"]).sum())
    assert hidden
    assert said["What is not shown"].startswith(f"{hidden} of {len(small['gaps'])} comparisons")
    assert said["Freelancers"] == "Too few answered to show any results."
    assert "not why" in said["Causes"]


def test_synthetic_answers_are_called_synthetic() -> None:
    assert "Synthetic data" in str(synthetic_notice())
    assert synthetic_notice(False).sentences() == ()
