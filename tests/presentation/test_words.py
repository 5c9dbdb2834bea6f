"""The summary, the limits and the notice."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import pytest

from toolkit.disclosure import Released
from toolkit.instrument.model import Instrument
from toolkit.presentation import cannot_tell, summary, synthetic_notice, words
from toolkit.presentation.blocks import Paragraph, Terms
from toolkit.presentation.sentences import is_certain


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


def _paragraphs(prose: object) -> list[str]:
    return [part.text for part in prose.parts if isinstance(part, Paragraph)]  # type: ignore[attr-defined]


def test_the_summary_leads_with_what_is_clear_of_chance_or_says_that_nothing_is(
    made: Callable[..., Released], instrument: Instrument
) -> None:
    large = made({"executive": 60, "employee": 400, "freelancer": 80}, seed=3)
    gaps = large["gaps"]
    certain = gaps[gaps["shown"] & (gaps["p_adjusted"] < 0.05) & (gaps["conf_low"] * gaps["conf_high"] > 0)]
    prose = summary(large, instrument)
    named = {instrument[name].label().lower() for name in certain["item"]}
    terms = {name.lower().removeprefix("ways ai added work: ") for name in _terms(prose)}
    assert terms
    assert terms <= named
    small = made({"executive": 6, "employee": 9}, seed=3)
    assert "No gap is clear of chance" in _paragraphs(summary(small, instrument))[0]


def test_gaps_of_answers_about_different_things_are_not_in_the_summary(
    released: Released, instrument: Instrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = next(iter(_terms(summary(released, instrument))))
    gaps = released["gaps"]
    unlike = gaps["item"].map(lambda name: "different" if instrument[name].label() == first else "same")
    assert "different" in set(unlike)
    monkeypatch.setattr(words, "released_table", lambda *_args, **_columns: gaps.assign(comparable=unlike))
    assert first not in _terms(summary(Stub(), instrument))


class Stub:
    """Released results with gaps alone."""

    def __contains__(self, name: str) -> bool:
        return name == "gaps"


def test_what_is_in_favour_is_so_in_every_group(
    made: Callable[..., Released], instrument: Instrument
) -> None:
    large = made({"executive": 60, "employee": 400, "freelancer": 80}, seed=3)
    prose = summary(large, instrument)
    parts = list(prose.parts)
    lead = [place for place, part in enumerate(parts) if "in favour" in getattr(part, "text", "")]
    shares = large["shares"]
    good = shares[shares["item"].isin([v.name for v in instrument.variables if v.favourable == "top"])]
    wanted = good[good["shown"]].groupby("item")["conf_low"].min()
    expected = {instrument[name].label() for name in wanted.index[wanted > 0.5]}
    shown = {name for place in lead for name, _text in parts[place + 1].pairs}
    assert shown <= expected
    assert bool(shown) == bool(expected)


def test_changes_and_questions_to_discuss_are_stated(released: Released, instrument: Instrument) -> None:
    text = " ".join(summary(released, instrument, waves=("2024", "2025")).sentences())
    assert "since wave 2024" in text.lower()
    name = next(row["item"] for row in released["gaps"].to_dict("records") if row["shown"])
    asked = instrument.model_copy(
        update={
            "items": tuple(
                one.model_copy(update={"discuss": {"en": f"What about {one.id}?"}})
                for one in instrument.items
            )
        }
    )
    said = summary(released, asked)
    assert any("What about" in text for text in said.sentences()), name
    assert "could discuss" not in " ".join(summary(released, instrument).sentences())


def test_changes_that_may_not_be_shown_are_not_called_unclear(
    released: Released, instrument: Instrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = words.waves_apart
    monkeypatch.setattr(
        words, "waves_apart", lambda *given: apart(*given).assign(shown=False, gap=float("nan"))
    )
    text = " ".join(summary(released, instrument, waves=("2024", "2025")).sentences())
    assert "No change from 2024 to 2025 may be shown." in text
    assert "clearly changed" not in text


def test_a_clear_gap_is_stated_where_a_wider_one_of_the_same_item_may_be_chance(
    made: Callable[..., Released],
) -> None:
    beside_wider = 0
    for seed in range(1, 9):
        found = made({"executive": 8, "employee": 300, "freelancer": 45}, seed=seed)
        gaps = found["gaps"][found["gaps"]["measure"] == "top"]
        gaps = gaps[gaps["shown"] & gaps["gap"].notna()]
        clear = gaps[[is_certain(row) for row in gaps.to_dict("records")]]
        stated = words.leading_gaps(found, most=99)
        if not clear.empty:
            assert {row["item"] for row in stated} == set(clear["item"])
            assert all(map(is_certain, stated))
        widest = gaps.groupby("item")["gap"].agg(lambda gap: gap.abs().max())
        beside_wider += sum(abs(row["gap"]) < widest[row["item"]] for row in stated)
    assert beside_wider
