"""Benchmarks of a study's own organisations: who is in them, what they show, and when there is none."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import toolkit as tk
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.study.peers import PeerRule, peer_cells, peer_findings, peer_problems
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
    staff = staff[staff["organisation"].notna()]
    top = staff["load"].isin(["4", "5"]) * staff["weight"]
    shares = top.groupby(staff["organisation"]).sum() / staff.groupby("organisation")["weight"].sum()
    assert len(shares) == 7
    assert own.loc[("load", "staff"), "value_pct"] == round(100 * shares.mean())
    assert own.loc[("load", "staff"), "members"] == 7
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
    assert "7" in text
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
