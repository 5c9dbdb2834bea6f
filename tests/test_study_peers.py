"""Benchmarks of a study's own organisations: who is in them, what they show, and when there is none."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

import toolkit as tk
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.study.peers import (
    PeerRule,
    gap_priors,
    peer_cells,
    peer_findings,
    peer_gaps,
    peer_problems,
    pooled,
)
from toolkit.study.study import open_part, write_parts

SAMPLE = Path(__file__).resolve().parents[1] / "data_samples" / "weighted"


@pytest.fixture(scope="module")
def study() -> tk.Study:
    return tk.load_study(SAMPLE)


@pytest.fixture(scope="module")
def cells(study: tk.Study) -> pd.DataFrame:
    return peer_cells(study, "2026")


def many(sectors: dict[str, str], n: int = 20) -> pd.DataFrame:
    """Return cells of organisations whose shares are 0.30, 0.31 …"""
    rows = [(one, "staff", "goals", 0.30 + at / 100, n, n) for at, one in enumerate(sectors)]
    return pd.DataFrame(rows, columns=["organisation", "audience", "item", "share", "n", "effective_n"])


def with_sectors(study: tk.Study, sectors: dict[str, str]) -> tk.Study:
    table = pd.DataFrame({"organisation": list(sectors), "name": list(sectors), "wave": "2026"})
    table = table.assign(sector=list(sectors.values()), leader=pd.NA, staff=pd.NA)
    return replace(study, table=table, peers=PeerRule(by=("sector",)))


def test_an_average_counts_every_other_organisation_once(study: tk.Study, cells: pd.DataFrame) -> None:
    frame = study.responses()
    own = peer_findings(study, cells, "ashgrove", "2026").set_index(["variable", "audience"])
    staff = frame[
        (frame["audience"] == "staff") & frame["load"].notna() & (frame["organisation"] != "ashgrove")
    ]
    staff = staff[
        staff["organisation"].notna() & (staff["organisation"] != "larchlane")
    ]  # of so few nothing is shown
    top = staff["load"].isin(["4", "5"]) * staff["weight"]
    shares = top.groupby(staff["organisation"]).sum() / staff.groupby("organisation")["weight"].sum()
    assert len(shares) == 10
    assert own.loc[("load", "staff"), "value_pct"] == round(100 * shares.mean())
    assert own.loc[("load", "staff"), "members"] == 10
    assert own["value_pct"].mod(1).eq(0).all()


def test_a_group_below_the_threshold_is_in_nobodys_benchmark(study: tk.Study, cells: pd.DataFrame) -> None:
    assert cells["n"].min() >= 5
    assert cells.loc[cells["item"] == "stay", "n"].min() >= 7
    assert not ((cells["organisation"] == "elmhurst") & (cells["audience"] == "leader")).any()


@pytest.mark.parametrize(
    ("in_health", "others", "expected"),
    [
        (7, 6, {"all", "sector: health"}),  # six others apart, six alike
        (7, 3, {"all"}),  # the two would differ by three
        (5, 8, {"all"}),  # four others alike
        (12, 0, {"all"}),  # the same members
        (3, 2, set()),  # four others in all
    ],
)
def test_benchmarks_have_five_members_and_differ_by_none_or_five(
    study: tk.Study, in_health: int, others: int, expected: set[str]
) -> None:
    sectors = {f"h{at}": "health" for at in range(in_health)} | {f"o{at}": "rail" for at in range(others)}
    found = peer_findings(with_sectors(study, sectors), many(sectors), "h0", "2026")
    assert set(found["benchmark"]) == expected
    for row in found.itertuples():
        assert row.members == (in_health + others if row.benchmark == "all" else in_health) - 1


def test_one_organisation_with_most_respondents_makes_no_benchmark(study: tk.Study) -> None:
    sectors = {f"h{at}": "health" for at in range(8)}
    cells = many(sectors)
    cells.loc[1, "n"] = 20 * 7
    own = with_sectors(study, sectors)
    assert peer_findings(own, cells, "h0", "2026").empty
    assert len(peer_findings(own, cells, "h1", "2026")) == 1  # left out of its own


def test_a_report_with_one_audience_is_compared_with_the_others(study: tk.Study) -> None:
    report = tk.open_report(study, "elmhurst")
    assert report.audiences == ("staff",)
    rows = report.released["own_benchmarks"].set_index("item")
    shares = report.released["shares"].query("audience == 'staff'").set_index("item")
    facts = report.peers.query("audience == 'staff'").set_index("variable")
    for item in rows.index:
        assert rows.loc[item, "estimate_a"] == pytest.approx(shares.loc[item, "estimate"])
        assert rows.loc[item, "estimate_b"] == facts.loc[item, "value_pct"] / 100
    text = str(report.own_benchmarks())
    assert "10" in text
    assert "other organisations" in str(report.summary())
    saved = report.results()
    assert not {"low", "high", "largest_pct"} & set(saved)
    assert (
        not saved.astype("str").apply(lambda column: column.str.contains("ashgrove|Ashgrove")).any(axis=None)
    )


def test_a_part_of_a_study_holds_its_benchmarks_and_nobody_elses_answers(
    study: tk.Study, tmp_path: Path
) -> None:
    parts = write_parts(study, tmp_path, ["elmhurst"])
    opened = open_part(study, parts["elmhurst"])
    pd.testing.assert_frame_equal(
        opened.benchmarks_of("elmhurst", "2026"), study.benchmarks_of("elmhurst", "2026"), check_dtype=False
    )


# Partially pooled gaps


def two_sided(organisations: int, seed: int = 1, *, n: tuple[int, int] = (12, 60)) -> pd.DataFrame:
    """Return cells of leaders and staff whose true gaps spread about 20 points, with `true`."""
    draw = np.random.default_rng(seed)
    leaders = np.clip(0.6 + 0.12 * draw.standard_normal(organisations), 0.05, 0.95)
    parts = []
    for audience, size, share in (("leader", n[0], leaders), ("staff", n[1], np.full(organisations, 0.4))):
        part = pd.DataFrame({"organisation": [f"o{at}" for at in range(organisations)], "audience": audience})
        share_found = draw.binomial(size, share) / size
        parts.append(part.assign(item="goals", share=share_found, n=size, effective_n=size, true=share))
    return pd.concat(parts, ignore_index=True)


def usual_gaps(study: tk.Study, cells: pd.DataFrame, organisation: str) -> pd.DataFrame:
    return gap_priors(study, peer_gaps(study, cells), organisation)


def gap_of(cells: pd.DataFrame, organisation: str) -> pd.DataFrame:
    """Return the gap of one organisation as it is released."""
    own = cells[cells["organisation"] == organisation].set_index("audience")
    row = {"item": "goals", "measure": "top", "audience_a": "leader", "audience_b": "staff"}
    for side, audience in (("a", "leader"), ("b", "staff")):
        row |= {f"estimate_{side}": own.loc[audience, "share"], f"n_{side}": own.loc[audience, "n"]}
        row |= {f"bound_{side}": ""}
    gap = row["estimate_a"] - row["estimate_b"]
    return pd.DataFrame(
        [row | {"gap": gap, "shown": True, "true": own["true"]["leader"] - own["true"]["staff"]}]
    )


def test_the_usual_gap_is_that_of_the_others_in_whole_points(study: tk.Study) -> None:
    cells = two_sided(12)
    (found,) = usual_gaps(study, cells, "o3").to_dict("records")
    wide = cells[cells["organisation"] != "o3"].pivot(index="organisation", columns="audience")
    gap = wide["share"]["leader"] - wide["share"]["staff"]
    added = (wide["share"] * wide["n"] + 1) / (wide["n"] + 2)
    variance = (added * (1 - added) / (wide["n"] + 2)).sum(axis=1)

    def excess(between: float) -> float:  # Paule and Mandel: Q of the weights is its degrees of freedom
        weights = 1 / (variance + between)
        return float((weights * (gap - (weights * gap).sum() / weights.sum()) ** 2).sum() - (len(gap) - 1))

    between = brentq(excess, 0, 1)
    weights = 1 / (variance + between)
    assert found["members"] == 11
    assert found["usual"] == round((weights * gap).sum() / weights.sum(), 2)
    assert found["spread"] == round(between**0.5, 2)
    assert 0 <= found["error"] - weights.sum() ** -0.5 < 0.01
    changed = cells.assign(share=cells["share"].where(cells["organisation"] != "o3", 0.99))
    pd.testing.assert_frame_equal(usual_gaps(study, changed, "o3"), usual_gaps(study, cells, "o3"))


@pytest.mark.parametrize(("organisations", "dominating", "rows"), [(10, 1, 1), (9, 1, 0), (12, 40, 0)])
def test_few_organisations_or_one_that_dominates_give_no_usual_gap(
    study: tk.Study, organisations: int, dominating: int, rows: int
) -> None:
    cells = two_sided(organisations)
    cells["n"] *= np.where(cells["organisation"] == "o1", dominating, 1)
    assert len(usual_gaps(study, cells, "o0")) == rows
    assert len(usual_gaps(study, cells, "o1")) == int(organisations > 9)  # left out of its own


def test_one_answer_more_elsewhere_moves_no_usual_gap_by_more_than_a_point(study: tk.Study) -> None:
    cells = two_sided(12)
    cells.loc[5, "share"] += 1 / 60
    one, other = (usual_gaps(study, given, "o3") for given in (two_sided(12), cells))
    numbers = ["usual", "error", "spread", "typical"]
    assert ((one[numbers] - other[numbers]).abs().to_numpy() <= 0.0101).all()
    assert (one[numbers].mul(100).round(6) % 1 == 0).all(axis=None)


@pytest.mark.slow
def test_limits_of_pooled_gaps_hold_the_true_gap_also_of_the_largest(study: tk.Study) -> None:
    held, largest, drawn, plain = [], [], [], []
    for seed in range(40):
        cells = two_sided(12, seed)
        gaps, parts = peer_gaps(study, cells), []
        for name in cells["organisation"].unique():
            own = gap_of(cells, name)
            made = pooled(own, gap_priors(study, gaps, name), level=0.95)
            parts.append(made.assign(true=own["true"]))
        rows = pd.concat(parts, ignore_index=True)
        inside = rows["true"].between(rows["conf_low"], rows["conf_high"])
        held.append(inside.mean())
        largest.append(inside[rows["plain"].abs().idxmax()])
        drawn.append(((rows["gap"] - rows["true"]) ** 2).mean())
        plain.append(((rows["plain"] - rows["true"]) ** 2).mean())
    assert np.mean(held) >= 0.93
    assert np.mean(largest) >= 0.88
    assert np.mean(drawn) < 0.75 * np.mean(plain)


def test_only_gaps_that_are_shown_exactly_are_pooled(study: tk.Study) -> None:
    cells = two_sided(12)
    row, priors = gap_of(cells, "o0"), usual_gaps(study, cells, "o0")
    assert len(pooled(row, priors, level=0.95)) == 1
    for hidden in ({"shown": False}, {"bound_a": ">="}, {"gap": np.nan}):
        assert pooled(row.assign(**hidden), priors, level=0.95).empty


def test_bad_rules_are_refused_before_anything_is_written(study: tk.Study, tmp_path: Path) -> None:
    few = with_sectors(study, {f"h{at}": "health" for at in range(5)})
    assert [(one.code, one.where) for one in peer_problems(few)] == [("too-few", "own_benchmark")]
    folder = tmp_path / "weighted"
    shutil.copytree(SAMPLE, folder)
    text = (folder / "study.yaml").read_text("utf-8")
    (folder / "study.yaml").write_text(
        text.replace("own_benchmark: true ", "own_benchmark: {by: [sector]} "), "utf-8"
    )
    with pytest.raises(InvalidInput, check=problem("unknown-column", "own_benchmark → by → sector")):
        tk.load_study(folder).check()
