"""An organisation against published figures, computed as every other gap and passed through the gate."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.analysis import library
from tests.refusals import problem
from toolkit.analysis import proportions
from toolkit.disclosure import Policy, release
from toolkit.errors import InvalidInput
from toolkit.findings import benchmark, load_findings

FILE = Path(__file__).resolve().parents[2] / "data_samples" / "published" / "upwork_2024.csv"


@pytest.fixture(scope="module")
def findings() -> pd.DataFrame:
    return load_findings(FILE)


def shares(burnout: tuple[int, int] = (24, 60), flexible: tuple[int, int] = (9, 12)) -> pd.DataFrame:
    """Raw top shares of employees' burnout and executives' flexibility, and a routed item."""
    rows = [
        ("burnout", "employee", *burnout),
        ("flexible", "executive", *flexible),
        ("aihow", "employee", 20, 45),
        ("demandhow_ai", "executive", 5, 10),
    ]
    frames = []
    for item, audience, yes, n in rows:
        answers = pd.DataFrame(
            {
                "audience": audience,
                item: pd.Categorical(["1"] * yes + ["0"] * (n - yes), categories=["0", "1"]),
            }
        )
        frames.append(proportions(answers, item, by="audience", measure="1").assign(measure="top"))
    return pd.concat(frames, ignore_index=True)


def row_of(frame: pd.DataFrame, finding: str) -> pd.Series:
    return frame.set_index("finding_id").loc[finding]


def test_a_comparable_finding_is_an_ordinary_gap(findings):
    row = row_of(benchmark(shares(), findings), "UBB24-08")
    interval = library.newcombe(24, 60, 0.71 * 625, 625)
    assert (row["audience_a"], row["audience_b"]) == ("this organisation", "published")
    assert (row["n_a"], row["n_b"]) == (60, 625)
    assert row["gap"] == pytest.approx(0.40 - 0.71)
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((interval.conf_low, interval.conf_high))
    assert row["verdict"].startswith("a gap of −31 points")


def test_without_a_published_n_there_is_a_gap_and_no_interval(findings):
    row = row_of(benchmark(shares(), findings), "UBB24-06")
    assert row["n_b"] is pd.NA
    assert row["gap"] == pytest.approx(20 / 45 - 0.47)
    assert row[["conf_low", "conf_high", "p_value", "p_adjusted"]].isna().all()
    assert "unknown for published" in row["method"]


def test_what_is_not_comparable_has_both_shares_and_no_gap(findings):
    row = row_of(benchmark(shares(), findings), "UBB24-14")
    assert (row["estimate_a"], row["estimate_b"]) == (0.5, 0.37)
    assert pd.isna(row["gap"])
    assert row["verdict"] == "not comparable"
    assert "base is not stated" in row["reason"]


def test_a_question_without_an_answer_here_keeps_the_published_figure(findings):
    row = row_of(benchmark(shares(), findings), "UBB24-11")
    assert (row["estimate_b"], row["n_b"]) == (0.65, 625)
    assert row[["estimate_a", "gap", "p_value"]].isna().all()


def test_adjustment_counts_only_what_was_tested(findings):
    found = benchmark(shares(), findings)
    assert found["p_adjusted"].notna().sum() == 2
    unadjusted = benchmark(shares(), findings, adjust="none")
    assert (found["p_adjusted"].dropna() >= unadjusted["p_adjusted"].dropna()).all()


def test_released_benchmarks_mask_this_organisation_and_keep_the_published_figure(findings):
    raw = {"shares": shares(burnout=(3, 4), flexible=(12, 12))}
    released = release({**raw, "benchmarks": benchmark(raw["shares"], findings)}, Policy())
    small = row_of(released["benchmarks"], "UBB24-08")
    assert small[["estimate_a", "n_a", "gap", "p_value"]].isna().all()
    assert (small["estimate_b"], small["n_b"], small["n_a_shown"], small["shown"]) == (0.71, 625, "<5", False)
    bound = row_of(released["benchmarks"], "UBB24-26")
    assert (bound["estimate_a"], bound["bound_a"], bound["verdict"]) == (
        0.90,
        ">=",
        "too close to all or none to show",
    )
    assert row_of(released["benchmarks"], "UBB24-06")["n_b_shown"] == "not published"


def test_estimates_that_do_not_fit_are_refused(findings):
    with pytest.raises(InvalidInput, check=problem("missing-column", "column audience")):
        benchmark(shares().drop(columns="audience"), findings)
    with pytest.raises(InvalidInput, check=problem("missing-column", "column measure")):
        benchmark(shares().drop(columns="measure"), findings)
    twice = pd.concat([shares(), shares(burnout=(30, 60))])
    with pytest.raises(InvalidInput, check=problem("duplicate", "burnout, top, employee")):
        benchmark(twice, findings)


def test_several_frames_are_taken_together(findings):
    whole = shares()
    parts = [whole.iloc[:2], whole.iloc[2:]]
    pd.testing.assert_frame_equal(benchmark(parts, findings), benchmark(whole, findings))
