"""Reference results made with R, read from beside the project; tests of absent ones are skipped."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from toolkit.analysis import Design

GIVEN = Path(__file__).resolve().parents[2].parent / "shared" / "oracles" / "given"
_MADE = Path(__file__).resolve().parents[1] / "oracles" / "better_cases.json"
BETTER = {case["id"]: case["result"] for case in json.loads(_MADE.read_text("utf-8"))["cases"]}
"""Results of the cases in which R's default is the cruder number; tests/oracles/make_better.R says why."""
AUDIENCES = ["executive", "employee", "freelancer"]

DESIGNS = {
    "strat": Design(weights="pw", strata="stype", fpc="fpc"),
    "strat_nofpc": Design(weights="pw", strata="stype"),
    "wonly": Design(weights="pw"),
    "clus1": Design(weights="pw", clusters="dnum", fpc="fpc"),
    "clus1_nofpc": Design(weights="pw", clusters="dnum"),
    "nh": Design(weights="WTMEC2YR", strata="SDMVSTRA", clusters="SDMVPSU"),
    "org": Design(weights="weight", strata="audience", fpc="pop_size"),
    "org_f": Design(weights="weight", strata="audience", fpc="pop_size"),
    "org_nf": Design(weights="weight", strata="audience"),
    "org_w": Design(weights="weight"),
    "org_clu": Design(weights="weight", strata="audience", clusters="unit"),
    "f1": Design(weights="weight", strata="stratid", clusters="psuid"),
    "f2": Design(weights="weight", strata="stratid", clusters="psuid", fpc="Nh"),
}


def cases(family: str) -> list[Any]:
    """The cases of a family as test parameters; one skipped parameter where they are absent."""
    path = GIVEN / "json" / f"{family}.json"
    if not path.exists():  # they may not be carried into the project; with --no-skips this fails the run
        return [
            pytest.param(None, marks=pytest.mark.skip(reason="the R results beside the project are absent"))
        ]
    given = json.loads(path.read_text("utf-8"))["cases"]
    made = [
        case | {"result": BETTER.get(case["id"], case["result"]), "default": case["result"]} for case in given
    ]
    return [pytest.param(case, id=case["id"]) for case in made]


@cache
def data(name: str) -> pd.DataFrame:
    """A data set with the variables R derived from it."""
    path = GIVEN / "data" / f"{name}.csv"
    if not path.exists():
        pytest.skip("the R data beside the project are absent")
    return _derived(name, pd.read_csv(path))


def number(value: Any) -> float:
    """A number as R wrote it, with its names for what is none."""
    return {"NA": math.nan, "NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}.get(value, value)


def close(value: Any, *, rel: float = 1e-6) -> Any:
    """The R number within the relative tolerance; exact zeros within 1e-12."""
    if isinstance(value, list):
        return pytest.approx([number(one) for one in value], rel=rel, abs=1e-12, nan_ok=True)
    return pytest.approx(number(value), rel=rel, abs=1e-12, nan_ok=True)


def _derived(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    if name in ("apistrat", "apiclus1"):
        return frame.assign(
            hi=(frame.api00 > 700) * 1.0, big=(frame.enroll > 600) * 1.0, gain=frame.api00 - frame.api99
        )
    if name == "nhanes":
        return frame.assign(chol=frame.HI_CHOL, male=(frame.sex == "male") * 1.0)
    if name != "org_given":
        return frame
    tops = {
        f"t{at:02d}": (frame[f"q{at:02d}"] >= 4).where(frame[f"q{at:02d}"].notna()).astype("float64")
        for at in range(1, 21)
    }
    recommend = ((frame.nps >= 9) * 1.0 - (frame.nps <= 6) * 1.0).where(frame.nps.notna())
    net = ((frame.q01 >= 4) * 1.0 - (frame.q01 <= 2) * 1.0).where(frame.q01.notna())
    audience = pd.Categorical(frame.audience, AUDIENCES, ordered=True)
    return frame.assign(**tops, npsscore=100 * recommend, net01=net, audience=audience)
