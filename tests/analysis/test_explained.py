"""What calibrated weights explain, taken off sums, is what is taken off every respondent one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import close
from toolkit import analysis as tk
from toolkit.analysis import Design
from toolkit.analysis.design import ratio_estimates
from toolkit.weighting import Weights, calibrate, poststratify, rake

ROWS = 400
SEX = {"f": 700.0, "m": 500.0}
PLACE = {"n": 300.0, "s": 400.0, "w": 500.0}


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    left_out = rng.uniform(size=(ROWS, 2)) < 0.15
    base = rng.uniform(1, 3, ROWS) * (np.arange(ROWS) % 25 > 0)
    group = pd.Series(rng.choice(["a", "b", "c"], ROWS), dtype="str").mask(rng.uniform(size=ROWS) < 0.1)
    return pd.DataFrame(
        {
            "group": group,
            "sex": rng.choice(list(SEX), ROWS),
            "place": rng.choice(list(PLACE), ROWS),
            "age": rng.uniform(18, 65, ROWS),
            "base": base,
            "stratum": np.arange(ROWS) % 4,
            "lone": np.where(np.arange(ROWS) == 7, 9, np.arange(ROWS) % 4),
            "unit": rng.integers(0, 12, ROWS),
            "x": np.where(left_out[:, 0], np.nan, rng.integers(0, 2, ROWS)),
            "y": np.where(left_out[:, 1], np.nan, rng.normal(50, 9, ROWS)),
        }
    )


WEIGHTINGS = {
    "raked": lambda f: rake(f, {"sex": SEX, "place": PLACE}, base="base"),
    "post-stratified": lambda f: poststratify(f, {"place": PLACE}, base="base"),
    "calibrated": lambda f: calibrate(
        f, {"sex": SEX, "place": PLACE, "age": 1200 * 42.0}, base="base", method="raking"
    ),
}
DRAWN = {
    "rows": {},
    "strata": {"strata": "stratum"},
    "clusters": {"strata": "stratum", "clusters": "unit"},
    "adjusted": {"strata": "lone", "lonely": "adjust"},
    "averaged": {"strata": "lone", "lonely": "average"},
    "certain": {"strata": "lone", "lonely": "certainty"},
}


def _one_by_one(frame: pd.DataFrame, design: Design, item: str) -> tuple[float, float]:
    """Gap of a less b and its error, from a contribution a respondent."""
    sampled = design.over(frame)
    known = frame[item].notna().to_numpy()
    member = np.array([frame["group"].eq(name).to_numpy() & known for name in ("a", "b")], dtype=float).T
    means, covariance = ratio_estimates(sampled, member * frame[item].fillna(0).to_numpy()[:, None], member)
    apart = np.array([1.0, -1.0])
    return float(apart @ means), float(np.sqrt(apart @ covariance @ apart))


@pytest.mark.parametrize("drawn", DRAWN.values(), ids=DRAWN)
@pytest.mark.parametrize("weighting", WEIGHTINGS.values(), ids=WEIGHTINGS)
def test_errors_from_sums_are_errors_from_every_respondent(weighting: object, drawn: dict[str, str]) -> None:
    frame = _frame()
    made: Weights = weighting(frame)  # type: ignore[operator]
    design = Design(weights=made, **drawn)  # type: ignore[arg-type]
    found = tk.gaps(frame, ["x", "y"], between="group", pairs=[("a", "b")], measure="mean", design=design)
    for item, row in zip(("x", "y"), found.to_dict("records"), strict=True):
        assert [row["gap"], row["std_error"]] == close(list(_one_by_one(frame, design, item)))


@pytest.mark.parametrize("drawn", [DRAWN["adjusted"], DRAWN["averaged"], DRAWN["certain"]])
def test_lone_strata_are_treated_alike_with_and_without_calibration(drawn: dict[str, str]) -> None:
    frame = _frame()
    design = Design(weights="base", **drawn)  # type: ignore[arg-type]
    found = tk.gaps(frame, ["x", "y"], between="group", pairs=[("a", "b")], measure="mean", design=design)
    for item, row in zip(("x", "y"), found.to_dict("records"), strict=True):
        assert [row["gap"], row["std_error"]] == close(list(_one_by_one(frame, design, item)))


@pytest.mark.parametrize("weighting", WEIGHTINGS.values(), ids=WEIGHTINGS)
def test_a_margin_itself_has_no_error_left(weighting: object) -> None:
    frame = _frame().assign(south=lambda f: (f["place"] == "s") * 1.0)
    made: Weights = weighting(frame)  # type: ignore[operator]
    found = tk.means(frame, "south", design=Design(weights=made))
    assert found["estimate"][0] == pytest.approx(400 / 1200)
    assert found["std_error"][0] == 0
