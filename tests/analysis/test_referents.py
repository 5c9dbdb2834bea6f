"""Like for like: what the two sides of a gap were asked about, and leaders' estimates beside reports.

1. `gaps`, `rank_gap`, `population_gaps` and `gaps_from_summary` say both referents and whether they agree.
2. Rows about different things are in no family of the others: the others' p values are those of a table
   without them.
3. Items that declare nothing behave as before.
4. `beliefs`: both sides are those of `means` and `proportions`, the difference is MOVER's; with Wilson's
   limits on both sides that is Newcombe's interval (statsmodels as oracle). It needs released numbers only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

import toolkit as tk
from toolkit.disclosure import Policy, release
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, load_instrument

OWN = {"origin": "own"}
ITEMS = ("same", "unlike", "silent")


def _item(name: str, **keys: Any) -> dict[str, Any]:
    made = {"id": name, "type": "single", "theme": "w", "scale": "agree", "text": {"all": {"en": f"{name}?"}}}
    return made | {"source": OWN} | keys


@pytest.fixture
def instrument(tmp_path: Path) -> Instrument:
    """Three items that two audiences share, of one referent, two and none; and a leader's estimate."""
    options = [{"code": str(n), "label": {"en": f"Step {n}"}} for n in (1, 2, 3)]
    asked = [*ITEMS, "guess"]
    guess = {"type": "number", "scale": None, "minimum": 0, "maximum": 100, "audiences": ["boss"]}
    data = {
        "id": "tiny",
        "version": "1",
        "title": {"en": "Tiny"},
        "languages": ["en"],
        "audiences": {
            name: {"code": name, "label": {"en": name}, "plural": {"en": name}}
            for name in ("boss", "staff", "free")
        },
        "themes": {"w": {"en": "Work"}},
        "missing": {"dk": {"code": "98", "becomes": "-1", "label": {"en": "Don't know"}}},
        "scales": {"agree": {"ordered": "true", "options": options, "top": ["3"], "bottom": ["1"]}},
        "sections": [{"id": "one", "title": {"en": "One"}, "items": asked}],
        "items": [
            _item("same", referent="team"),
            _item("unlike", referent={"boss": "organisation", "all": "self"}),
            _item("silent"),
            _item("guess", estimate_of={"item": "same", "audience": "staff"}, **guess),
        ],
    }
    path = tmp_path / "tiny.yaml"
    path.write_text(json.dumps(data))
    return load_instrument(path)


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    who = np.repeat(["boss", "staff", "free"], [60, 240, 90])
    made = pd.DataFrame({"audience": pd.Categorical(who, ["boss", "staff", "free"], ordered=True)})
    shift = {"boss": 0.5, "staff": 0.3, "free": 0.35}
    for name in ITEMS:
        high = rng.uniform(size=len(who)) < np.array([shift[one] for one in who])
        codes = np.where(high, "3", rng.choice(["1", "2"], len(who)))
        made[name] = pd.Categorical(codes, ["1", "2", "3"], ordered=True)
    made["guess"] = np.where(who == "boss", rng.integers(0, 101, len(who)), np.nan)
    return made


PAIRS = [("boss", "staff"), ("boss", "free"), ("staff", "free")]


def _codes(rows: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    keys = zip(rows["item"], rows["audience_a"], rows["audience_b"], strict=True)
    return dict(zip(keys, rows["comparable"], strict=True))


def test_every_comparison_says_whether_it_is_like_for_like(
    frame: pd.DataFrame, instrument: Instrument
) -> None:
    wanted = {("same", *pair): "same" for pair in PAIRS} | {("silent", *pair): "undeclared" for pair in PAIRS}
    wanted |= {("unlike", *pair): "different" if "boss" in pair else "same" for pair in PAIRS}
    shares = tk.gaps(frame, instrument, measure="top")
    assert _codes(shares) == wanted
    assert _codes(tk.rank_gap(frame, instrument)) == wanted
    people = {"boss": 70, "staff": 300, "free": 90}
    assert _codes(tk.population_gaps(frame, instrument, population=people, measure="top")) == wanted
    row = shares.query("item == 'unlike' and audience_b == 'staff'").iloc[0]
    assert (row["referent_a"], row["referent_b"]) == ("organisation", "self")
    assert shares.query("item == 'silent'")[["referent_a", "referent_b"]].isna().all(axis=None)


def test_waves_of_one_audience_are_about_one_thing(frame: pd.DataFrame, instrument: Instrument) -> None:
    both = pd.concat([frame.assign(wave="2025"), frame.assign(wave="2026")], ignore_index=True)
    rows = tk.trend(both, instrument, measure="top")
    codes = rows.groupby("item", observed=True)["comparable"].unique().map(list).to_dict()
    assert codes == {"same": ["same"], "unlike": ["same"], "silent": ["undeclared"]}
    within = tk.gaps(both, [instrument["unlike"]], between="wave", by="audience", measure="top")
    assert set(within.query("audience == 'boss'")["referent_a"]) == {"organisation"}


def test_plain_columns_and_undeclared_items_are_adjusted_as_before(
    frame: pd.DataFrame, instrument: Instrument
) -> None:
    plain = tk.gaps(frame, list(ITEMS), measure="top", top=["3"])
    assert set(plain["comparable"]) == {"undeclared"}
    assert set(plain["family"]) == {"all"}
    np.testing.assert_allclose(plain["p_adjusted"], tk.adjust_p(plain["p_value"].to_numpy(), "holm"))


@pytest.mark.parametrize("family", [None, ["same", "unlike"]])
def test_unlike_comparisons_are_in_no_family_of_the_others(
    frame: pd.DataFrame, instrument: Instrument, family: list[str] | None
) -> None:
    rows = tk.gaps(frame, instrument, measure="top", family=family)
    different = rows["comparable"] == "different"
    assert set(rows.loc[different, "family"]) == {"different"}
    p = rows["p_value"].to_numpy()
    if family is None:
        groups = {"all": (~different, "holm"), "different": (different, "BH")}
    else:
        declared = rows["item"].isin(family) & ~different
        other = ~declared & ~different
        groups = {"pre-declared": (declared, "holm"), "other": (other, "BH"), "different": (different, "BH")}
    for name, (inside, method) in groups.items():
        mask = inside.to_numpy()
        assert set(rows.loc[inside, "family"]) == {name}
        assert set(rows.loc[inside, "adjustment"]) == {method}
        np.testing.assert_allclose(rows["p_adjusted"].to_numpy()[mask], tk.adjust_p(p[mask], method))


def test_published_shares_may_say_what_they_are_about() -> None:
    summary = pd.DataFrame(
        {"item": ["a", "a", "b", "b"], "audience": ["x", "y"] * 2, "estimate": 0.5, "n": 100}
        | {"referent": ["self", "organisation", "self", None]}
    )
    rows = tk.gaps_from_summary(summary).set_index("item")
    assert rows["comparable"].to_dict() == {"a": "different", "b": "undeclared"}
    assert rows["family"].to_dict() == {"a": "different", "b": "all"}
    assert set(tk.gaps_from_summary(summary.drop(columns="referent"))["comparable"]) == {"undeclared"}


def test_released_gaps_keep_their_referents(frame: pd.DataFrame, instrument: Instrument) -> None:
    rows = tk.gaps(frame, instrument, measure="top")
    out = release({"gaps": rows}, Policy(), instrument=instrument)["gaps"]
    pd.testing.assert_series_equal(out["comparable"], rows["comparable"])
    pd.testing.assert_series_equal(out["referent_a"], rows["referent_a"])


# Leaders' estimates


def _estimates(frame: pd.DataFrame, instrument: Instrument) -> dict[str, pd.DataFrame]:
    return {
        "shares": tk.proportions(frame, instrument, by="audience", measure="top"),
        "scores": tk.means(frame, [instrument["guess"]], by="audience"),
    }


def test_estimates_stand_beside_what_people_report(frame: pd.DataFrame, instrument: Instrument) -> None:
    tables = _estimates(frame, instrument)
    (row,) = tk.beliefs(tables, instrument).to_dict("records")
    guesses = frame.loc[frame["audience"] == "boss", "guess"] / 100
    reported = frame.loc[frame["audience"] == "staff", "same"] == "3"
    assert row["estimated"] == pytest.approx(guesses.mean())
    assert row["reported"] == pytest.approx(reported.mean())
    assert (row["n"], row["about_n"]) == (60, 240)
    share = tables["shares"].query("item == 'same' and audience == 'staff'").iloc[0]
    assert row["reported_low"] == pytest.approx(share["conf_low"])
    lower = row["difference"] - np.sqrt(
        (row["estimated"] - row["estimated_low"]) ** 2 + (row["reported_high"] - row["reported"]) ** 2
    )
    assert row["difference_low"] == pytest.approx(lower)
    assert row["difference"] == pytest.approx(guesses.mean() - reported.mean())


def test_with_wilson_limits_the_difference_has_newcombe_s_interval(instrument: Instrument) -> None:
    frame = pd.DataFrame(
        {"audience": ["boss"] * 40 + ["staff"] * 90, "x": [1] * 26 + [0] * 14 + [1] * 31 + [0] * 59}
    )
    shares = tk.proportions(frame, "x", by="audience", measure="1").set_index("audience")
    mine = shares.loc[["boss"]].assign(item="guess", measure="mean").reset_index()
    mine[["estimate", "conf_low", "conf_high"]] *= 100
    theirs = shares.loc[["staff"]].assign(item="same", measure="top").reset_index()
    order = ["item", "measure", "audience", "n", "estimate", "conf_low", "conf_high"]
    (row,) = tk.beliefs({"a": mine[order], "b": theirs[order]}, instrument).to_dict("records")
    low, high = confint_proportions_2indep(26, 40, 31, 90, method="newcomb")
    assert (row["difference_low"], row["difference_high"]) == pytest.approx((low, high), abs=1e-9)


def test_only_released_numbers_are_compared(frame: pd.DataFrame, instrument: Instrument) -> None:
    few = pd.concat([frame[frame["audience"] != "staff"], frame[frame["audience"] == "staff"].head(4)])
    out = release(_estimates(few, instrument), Policy(), instrument=instrument)
    (row,) = tk.beliefs(out.tables, instrument).to_dict("records")
    assert row["about_withheld_code"] == "small"
    assert np.isnan([row["reported"], row["difference"], row["difference_low"]]).all()
    assert row["estimated"] == pytest.approx(few.loc[few["audience"] == "boss", "guess"].mean() / 100)
    assert row["verdict_code"] == "not_computed"


def test_a_bound_is_shown_as_one_and_not_subtracted(frame: pd.DataFrame, instrument: Instrument) -> None:
    agreed = frame.assign(same=frame["same"].where(frame["audience"] != "staff", "3"))
    out = release(_estimates(agreed, instrument), Policy(), instrument=instrument)
    (row,) = tk.beliefs(out.tables, instrument).to_dict("records")
    assert row["bound"] == ">="
    assert row["reported"] < 1
    assert np.isnan(row["difference"])


def test_groups_of_both_sides_must_agree(frame: pd.DataFrame, instrument: Instrument) -> None:
    sites = frame.assign(site=np.resize(["x", "y"], len(frame)))
    shares = tk.proportions(sites, instrument, by=["site", "audience"], measure="top")
    means = tk.means(sites, [instrument["guess"]], by=["site", "audience"])
    rows = tk.beliefs({"shares": shares, "means": means}, instrument)
    assert rows["site"].tolist() == ["x", "y"]
    with pytest.raises(InvalidInput) as raised:
        tk.beliefs({**_estimates(frame, instrument), "shares": shares}, instrument)
    assert [p.code for p in raised.value.problems] == ["inconsistent"]
    with pytest.raises(InvalidInput) as raised:
        tk.beliefs(tk.means(frame, [instrument["guess"]]), instrument)
    assert [p.code for p in raised.value.problems] == ["wrong-shape"]
