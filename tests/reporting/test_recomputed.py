"""Every number of a report, computed again from the exports with plain Python and scipy."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from tests.reporting.raw_exports import Person, Questions, counts, read_wave
from toolkit.reporting import open_report

ROOT = Path(__file__).resolve().parents[2]
STUDY = ROOT / "data_samples" / "ai_at_work" / "study.yaml"
ORGANISATIONS = ("org-01", "org-07", "org-09")
PRIMARY = ("flexible", "strategy", "wellcost", "burnout", "struggle", "aiexpect")
Z = stats.norm.ppf(0.975)


@cache
def questions() -> Questions:
    return Questions(ROOT)


@cache
def everyone(wave: str) -> list[Person]:
    return read_wave(ROOT, wave)


@cache
def results(organisation: str) -> pd.DataFrame:
    return open_report(STUDY, organisation).results()


@cache
def headcounts() -> pd.DataFrame:
    return pd.read_csv(STUDY.parent / "organisations.csv", dtype={"wave": str})


def people(organisation: str, audience: str, wave: str = "2026") -> list[Person]:
    return [p for p in everyone(wave) if p["organisation"] == organisation and p["audience"] == audience]


def invited(organisation: str, audience: str, wave: str = "2026") -> int:
    table = headcounts()
    return int(table.loc[(table["organisation"] == organisation) & (table["wave"] == wave), audience].iloc[0])


def item_of(name: str) -> tuple[str, str | None]:
    """A column's item, and its option where it is one."""
    item, _, option = name.partition("_")
    return item, option or None


def share(
    organisation: str, audience: str, name: str, code: str | None = None, wave: str = "2026"
) -> tuple[int, int]:
    """How many gave the answer (the top box, the option, or one code), of how many."""
    item, option = item_of(name)
    n, found = counts(people(organisation, audience, wave), questions(), item)
    wanted = [code] if code else [option] if option else questions().top(item)
    return sum(found[one] for one in wanted), n


def wilson(p: float, n: float) -> tuple[float, float]:
    centre, half = p + Z**2 / (2 * n), Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return (centre - half) / (1 + Z**2 / n), (centre + half) / (1 + Z**2 / n)


def exact(x: int, n: int, population: int) -> tuple[float, float]:
    """Every number of people in the population that the answers do not contradict."""
    k = np.arange(x, population - (n - x) + 1)
    above, below = stats.hypergeom.sf(x - 1, population, k, n), stats.hypergeom.cdf(x, population, k, n)
    fits = k[(above > 0.025) & (below > 0.025)]
    return fits.min() / population, fits.max() / population


def shown(organisation: str, *tables: str) -> pd.DataFrame:
    frame = results(organisation)
    return frame[frame["table"].isin(tables) & (frame["shown"] == True)]  # noqa: E712 - the column holds NA too


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_participation_is_what_the_exports_hold(organisation):
    frame = results(organisation)
    for row in frame[frame["table"] == "participation"].to_dict("records"):
        answered = len(people(organisation, row["audience"]))
        assert row["invited"] == invited(organisation, row["audience"])
        if answered >= 5:
            assert (row["answered"], row["answered_shown"]) == (answered, str(answered))
            assert row["response_rate"] == pytest.approx(answered / row["invited"])
        else:
            nobody = row["invited"] == 0
            assert row["answered"] == 0 if nobody else pd.isna(row["answered"])
            assert row["answered_shown"] == ("0" if nobody else "<5")


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_every_share_and_its_interval_is_what_the_exports_give(organisation):
    rows = shown(organisation, "shares", "distributions").to_dict("records")
    assert len(rows) > 100
    for row in rows:
        code = row["response"] if row["table"] == "distributions" else None
        x, n = share(organisation, row["audience"], row["item"], code)
        assert row["n"] == n, row
        if row["bound"]:
            beyond = x / n >= row["estimate"] if row["bound"] == ">=" else x / n <= row["estimate"]
            assert beyond, row
            assert pd.isna(row["conf_low"])
            continue
        assert row["estimate"] == pytest.approx(x / n, abs=1e-12), row
        routed = questions().route(item_of(row["item"])[0])
        limits = wilson(x / n, n) if routed else exact(x, n, invited(organisation, row["audience"]))
        assert (row["conf_low"], row["conf_high"]) == pytest.approx(limits, abs=1e-9), row


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_every_gap_its_interval_and_test_is_what_the_exports_give(organisation):
    rows = shown(organisation, "gaps").to_dict("records")
    assert len(rows) >= 9  # like is compared with like only, and sensitive questions need seven people
    for row in rows:
        if row["bound_a"] or row["bound_b"]:
            continue
        (x, n), (y, m) = (share(organisation, row[f"audience_{side}"], row["item"]) for side in "ab")
        p, q = x / n, y / m
        assert (row["n_a"], row["n_b"]) == (n, m)
        assert (row["estimate_a"], row["estimate_b"], row["gap"]) == pytest.approx((p, q, p - q), abs=1e-12)
        (l1, u1), (l2, u2) = wilson(p, n), wilson(q, m)
        low = p - q - math.hypot(p - l1, u2 - q)
        high = p - q + math.hypot(u1 - p, q - l2)
        assert (row["conf_low"], row["conf_high"]) == pytest.approx((low, high), abs=1e-9)
        expected = stats.contingency.expected_freq([[x, n - x], [y, m - y]])
        if expected.min() < 5:
            wanted = stats.fisher_exact([[x, n - x], [y, m - y]]).pvalue
        else:
            pooled = (x + y) / (n + m)
            z = (p - q) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
            wanted = 2 * stats.norm.sf(abs(z))
        assert row["p_value"] == pytest.approx(wanted, rel=1e-6), row
        assert row["effect_size"] == pytest.approx(2 * math.asin(math.sqrt(p)) - 2 * math.asin(math.sqrt(q)))


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_p_values_are_adjusted_within_the_declared_family_and_the_rest(organisation):
    rows = shown(organisation, "gaps")
    rows = rows[rows["p_value"].notna()]
    first = rows["item"].isin(PRIMARY)
    for part, method in ((rows[first], "holm"), (rows[~first], "fdr_bh")):
        wanted = multipletests(part["p_value"].astype(float), method=method)[1]
        assert part["p_adjusted"].astype(float).to_numpy() == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_every_rank_comparison_is_what_the_exports_give(organisation):
    for row in shown(organisation, "ranks").to_dict("records"):
        values = [
            [
                int(str(p[row["item"]]))
                for p in people(organisation, row[f"audience_{side}"])
                if row["item"] in p
            ]
            for side in "ab"
        ]
        test = stats.mannwhitneyu(*values, method="asymptotic", use_continuity=True)
        superiority = test.statistic / (len(values[0]) * len(values[1]))
        assert row["effect_size"] == pytest.approx(2 * superiority - 1, abs=1e-12)
        assert row["p_value"] == pytest.approx(test.pvalue, rel=1e-6)


def test_every_change_is_what_both_waves_exports_give():
    rows = shown("org-01", "trend").to_dict("records")
    assert len(rows) > 50
    for row in rows:
        for side in "ab":
            x, n = share("org-01", row["audience"], row["item"], wave=row[f"audience_{side}"])
            assert row[f"n_{side}"] == n, row
            if not row[f"bound_{side}"]:
                assert row[f"estimate_{side}"] == pytest.approx(x / n, abs=1e-12)
        if not row["bound_a"] and not row["bound_b"]:
            assert row["gap"] == pytest.approx(row["estimate_a"] - row["estimate_b"])


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_every_comparison_with_published_figures_has_both_sides_right(organisation):
    findings = pd.read_csv(ROOT / "data_samples" / "published" / "upwork_2024.csv").set_index("finding_id")
    rows = shown(organisation, "benchmarks").to_dict("records")
    assert rows
    for row in rows:
        published = findings.loc[row["finding_id"]]
        assert row["estimate_b"] == pytest.approx(published["value_pct"] / 100)
        code = row["measure"] if row["measure"] not in ("top", "bottom") else None
        if row["measure"] == "bottom" or row["bound_a"]:
            continue
        x, n = share(organisation, row["audience"], row["item"], code)
        assert row["n_a"] == n
        assert row["estimate_a"] == pytest.approx(x / n, abs=1e-12)


def test_the_printed_text_rounds_the_number_beside_it():
    rows = shown("org-01", "shares").to_dict("records")
    for row in rows:
        told = row["printed"].replace("\u00a0", " ")
        whole = math.floor(round(100 * row["estimate"], 9) + 0.5)
        assert told.startswith({">=": "≥", "<=": "≤"}.get(row["bound"], "") + f"{whole}%"), row
