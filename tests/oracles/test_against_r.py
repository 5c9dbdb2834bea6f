"""Every case of make_oracles.R through the public calls: designs, stages, replicates, tables, models, scales.

Where we differ from R on purpose, `_same` or a tolerance below says why.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from tests.oracles.reading import HERE, answer, sample
from tests.refusals import problem
from toolkit.errors import InvalidInput, NotConverged

CASES = json.loads((HERE / "cases.json").read_text("utf-8"))["cases"]
_NUMBERS = {"NA": math.nan, "NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}

LOOSE = {
    ("share", "likelihood"): 2e-3,  # R interpolates the profile on a grid
    ("table", "saddlepoint"): 1e-3,  # R stops its search for the saddlepoint at 1e-8, a loss near the mean
    ("table", "lincom"): 1e-3,  # without CompQuadForm the same saddlepoint
    ("term", "LRT"): 1e-4,  # and here
    ("ordinal", ""): 1e-3,  # svyolr stops its search early
}
"""Relative tolerance by kind and option; 1e-6 elsewhere."""


def _tolerance(case: dict[str, Any]) -> float:
    options = {"", *(one for one in case["args"].values() if isinstance(one, str))}
    found = [rel for (kind, option), rel in LOOSE.items() if kind == case["kind"] and option in options]
    return found[0] if found else 1e-6


def flat(value: Any) -> list[Any]:
    """All numbers of a result, R's words for none being NaN or infinite."""
    if isinstance(value, list | tuple):
        return [one for part in value for one in flat(part)]
    if isinstance(value, dict):
        return []
    return [_NUMBERS.get(value, value) if isinstance(value, str) else value]


def _same(case: dict[str, Any], name: str, ours: list[Any], theirs: list[Any]) -> bool:
    if len(ours) != len(theirs) or (ours and isinstance(ours[0], str)):
        return ours == theirs
    mine, r = np.array(ours, dtype=float), np.array(theirs, dtype=float)
    if case["kind"] in ("by", "contrast"):
        # a group of one person: R's error is 0 (or drops replicates without it), ours says that there is none
        mine = np.where(np.isnan(mine) & (name == "error"), r, mine)
    if case["kind"] == "rank" and sample(case["design"])[0][case["args"]["by"]].value_counts().min() < 2:
        # a group of one person adds nothing to R's error, which makes p .002 of 18 people; ours is NaN
        mine = np.where(np.isnan(mine) & (name == "p"), r, mine)
    if case["kind"] == "share" and case["args"]["method"] in ("likelihood", "logit"):
        # a likelihood limit beyond R's grid is NaN there; with replicate weights R has none at all
        r = np.where(np.isnan(r), mine, r)
    if case["args"].get("method") == "asin" and name == "limits":
        # an angle below 0 or above π/2: R squares its sine and comes back from the edge
        r = np.where((mine == 0) | (mine == 1), mine, r)
    least = 1e-3 if name == "estimates apart" else 1e-11
    return bool(np.allclose(mine, r, rtol=_tolerance(case), atol=least, equal_nan=True))


def _one_sided_replicate(case: dict[str, Any]) -> bool:
    """Half samples in which nobody gave a rare answer: R's log odds are wherever its search stopped."""
    args = case["args"]
    rare = {args.get("item"), *str(args.get("formula", "")).split()} & {"rare", "most"}
    return case["design"] in ("made_brr", "made_fay") and bool(rare)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_public_calls_equal_r(case: dict[str, Any]) -> None:
    if case["args"].get("statistic") == "adjWald" and case["result"]["p"] == "NaN":
        with pytest.raises(InvalidInput, check=problem("not-estimable", "table")):
            answer(case)
        return
    if case["kind"] == "model" and _one_sided_replicate(case):
        with pytest.raises(NotConverged, match="replicate weight"):
            answer(case)
        return
    found = answer(case)
    if case["kind"] == "share" and case["args"]["method"] == "logit" and _one_sided_replicate(case):
        low, high = next(ours for name, ours, _ in found if name == "limits")
        assert 0 < low < high < 1
        found = [one for one in found if one[0] != "limits"]
    apart = [
        (name, ours, theirs)
        for name, ours, theirs in found
        if not _same(case, name, flat(ours), flat(theirs))
    ]
    assert not apart


def test_the_cases_cover_what_they_are_meant_to() -> None:
    kinds = {case["kind"] for case in CASES}
    assert {"mean", "by", "lonely", "quantile", "share", "table", "rank", "term", "ordinal", "kappa"} <= kinds
    assert len(CASES) > 1000
    assert len({case["id"] for case in CASES}) == len(CASES)
