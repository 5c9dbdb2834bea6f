"""Finite populations, stages and strata of one unit: W13, and by hand."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import DESIGNS, cases, close, data
from tests.analysis.test_joint import check
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.analysis import Design
from toolkit.errors import InvalidInput


def _lonely(rule: Any) -> Design:
    return Design(weights="pw", strata="h", lonely=rule)


@pytest.mark.parametrize("case", cases("W13_fpc_multistage_lonely"))
def test_finite_populations_and_lonely_units_equal_r(case: dict[str, Any]) -> None:
    name, call = case["design_name"], case["call"]
    if name == "lon":
        frame = data("apistrat").assign(h=lambda f: f.stype)
        frame.loc[frame.index[0], "h"] = "solo"
        rule = re.search(r"lonely.psu='(\w+)'\); r <-", call)
        if rule is None:
            with pytest.raises(InvalidInput, check=problem("lonely-unit", "column h, stratum 'solo'")):
                tk.estimate(frame, "api00", design=_lonely("fail"))
            return
        found = tk.estimate(frame, "api00", design=_lonely(rule.group(1)))
        check(found, case["result"])
        assert tk.means(frame, "api00", design=_lonely(rule.group(1)))["std_error"].tolist() == close(
            [case["result"]["se"]]
        )
        return
    by = re.match(r"svyby\(~(\w+), ~(\w+)", call)
    item = by.group(1) if by else re.match(r"svy\w+\(~(\w+)", call).group(1)
    frame = data(case["dataset"])
    found = tk.estimate(
        frame,
        item,
        statistic="total" if "svytotal" in call else "mean",
        by=by.group(2) if by else None,
        design=DESIGNS[name],
    )
    check(found, case.get("result_survey_4_5", case["result"]))


def _two_stages() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    sizes = [3, 4, 2, 5]
    school = np.repeat(np.arange(4), sizes)
    return pd.DataFrame(
        {
            "school": school,
            "pupil": np.concatenate([np.arange(size) for size in sizes]),
            "schools": 20,
            "pupils": np.array([9, 4, 7, 30])[school],
            "y": rng.normal(10, 2, sum(sizes)),
        }
    )


def _by_hand(frame: pd.DataFrame) -> tuple[float, float]:
    """Cochran 1977, 11.2: a total of two stages, and its error."""
    n, big = frame.school.nunique(), frame.schools.iloc[0]
    schools = frame.groupby("school").agg(
        y=("y", "mean"), s2=("y", "var"), m=("y", "size"), size=("pupils", "first")
    )
    totals = schools["size"] * schools.y
    between = big**2 * (1 - n / big) * totals.var() / n
    inside = (schools["size"] ** 2 * (1 - schools.m / schools["size"]) * schools.s2 / schools.m).sum()
    return big / n * totals.sum(), float(np.sqrt(between + big / n * inside))


def test_a_total_of_two_stages_is_cochrans() -> None:
    frame = _two_stages()
    design = Design(clusters=["school", "pupil"], fpc=["schools", "pupils"])
    row = tk.totals(frame, "y", design=design).iloc[0]
    assert [row["estimate"], row["std_error"]] == close(list(_by_hand(frame)))
    assert row["df"] == 3
    fractions = frame.assign(
        schools=4 / 20, pupils=lambda f: f.groupby("school").y.transform("size") / f.pupils
    )
    again = tk.totals(fractions, "y", design=design).iloc[0]
    assert [again["estimate"], again["std_error"]] == close(list(_by_hand(frame)))


def test_stages_reach_means_and_gaps_alike() -> None:
    frame = _two_stages().assign(g=lambda f: np.where(f.pupil % 2 == 0, "even", "odd"))
    design = Design(clusters=["school", "pupil"], fpc=["schools", "pupils"])
    found = tk.estimate(frame, "y", by="g", design=design)
    means = tk.means(frame, "y", by="g", design=design)
    assert means["std_error"].tolist() == close(found.table["std_error"].tolist())
    gap = tk.gaps(frame, "y", between="g", measure="mean", design=design)
    assert gap["std_error"].tolist() == close(tk.contrast(found, "difference")["std_error"].tolist())


def test_a_second_stage_taken_whole_adds_nothing() -> None:
    frame = _two_stages().assign(pupils=lambda f: f.groupby("school").y.transform("size"), w=5.0)
    both = Design(weights="w", clusters=["school", "pupil"], fpc=["schools", "pupils"])
    first = Design(weights="w", clusters="school", fpc="schools")
    assert tk.means(frame, "y", design=both)["std_error"].tolist() == close(
        tk.means(frame, "y", design=first)["std_error"].tolist()
    )


def test_a_second_stage_may_have_strata_of_its_own() -> None:
    frame = _two_stages().query("school != 2")
    frame = pd.concat([frame, frame.assign(pupil=lambda f: f.pupil + 10, y=lambda f: f.y * 1.1)])
    frame = frame.assign(w=1.0, half=lambda f: f.pupil % 2, all="one", pupils=30).reset_index(drop=True)
    design = Design(
        weights="w", strata=["all", "half"], clusters=["school", "pupil"], fpc=["schools", "pupils"]
    )
    variance = (1 - 3 / 20) * 3 * frame.groupby("school").y.sum().var()
    for _, part in frame.groupby(["school", "half"]):
        variance += 3 / 20 * (1 - len(part) / 30) * len(part) * part.y.var()
    found = tk.totals(frame, "y", design=design)
    assert found["std_error"].tolist() == close([np.sqrt(variance)])


def test_a_second_stage_of_one_unit_follows_the_rule_for_lonely_ones() -> None:
    frame = _two_stages().query("not (school == 2 and pupil == 1)")
    columns: Any = {"clusters": ["school", "pupil"], "fpc": ["schools", "pupils"]}
    with pytest.raises(InvalidInput, check=problem("lonely-unit", "column school, stratum np.int64(2)")):
        tk.means(frame, "y", design=Design(**columns))
    for rule in ("certainty", "adjust", "average"):
        assert tk.means(frame, "y", design=Design(**columns, lonely=rule))["std_error"][0] > 0


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda: Design(strata=["a", "b"], clusters="c"), problem("unequal-length", "strata")),
        (lambda: Design(fpc=["a", "b"]), problem("unequal-length", "fpc")),
        (lambda: Design(lonely="drop"), problem("unknown-option", "lonely")),
        (
            lambda: tk.means(
                _two_stages().assign(pupils=1),
                "y",
                design=Design(clusters=["school", "pupil"], fpc=["schools", "pupils"]),
            ),
            problem("above-population", "column pupils, stratum 'of stage 2, 0'")
            + problem("above-population", "column pupils, stratum 'of stage 2, 1'")
            + problem("above-population", "column pupils, stratum 'of stage 2, 2'")
            + problem("above-population", "column pupils, stratum 'of stage 2, 3'"),
        ),
    ],
)
def test_stages_that_cannot_be_are_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call()
