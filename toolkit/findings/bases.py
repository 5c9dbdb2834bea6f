"""Intervals of a published share: for its n, for every possible n, and for design effects."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.intervals import quantile, wilson
from toolkit.errors import InvalidInput, Problem
from toolkit.findings.rounding import possible_counts

__all__ = ["half_left_out_from", "over_bases", "over_design_effects", "share_ends", "share_intervals"]

Array = npt.NDArray[np.float64]
DESIGN_EFFECTS = (1.0, 1.25, 1.5, 2.0, 3.0, 5.0)
"""From a simple random sample to one in which five answers are worth one."""


def share_intervals(claims: pd.DataFrame, *, level: float = 0.95, design_effect: float = 1.0) -> pd.DataFrame:
    """Compute intervals of the published shares whose n is known or assumed.

    Parameters
    ----------
    claims
        Claims of a `Register`.
    level
        Of the interval.
    design_effect
        By how much weights and clusters widen the variance: the effective n is n / design_effect.

    Returns
    -------
    pandas.DataFrame
        A row a claim: finding_id, n, effective_n, estimate (fraction), conf_low, conf_high (Wilson's), and
        widest_low, widest_high: from the interval of the lowest to that of the highest share that rounds to
        the published one. NA without n or share.

    Raises
    ------
    InvalidInput
        A design effect that is not above 0.

    Examples
    --------
    >>> from toolkit.findings import load_register
    >>> found = share_intervals(load_register("data_samples/published").claims)
    >>> found.loc[found["finding_id"] == "UBB24-08", ["conf_low", "conf_high"]].round(3).to_numpy().tolist()
    [[0.673, 0.744]]
    """
    _refuse_effects([design_effect])
    share = claims["statistic"] == "share"
    n = claims["n"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    effective = np.where(share, n, np.nan) / design_effect
    value, low, high = (np.where(share, claims[name] / 100, np.nan) for name in ("value", "low", "high"))
    z = quantile(level)
    conf_low, conf_high = share_ends(value, effective, z)
    return pd.DataFrame(
        {
            "finding_id": claims["finding_id"].to_numpy(),
            "n": claims["n"].array,
            "effective_n": effective,
            "estimate": value,
            "conf_low": conf_low,
            "conf_high": conf_high,
            "widest_low": share_ends(low, effective, z)[0],
            "widest_high": share_ends(high, effective, z)[1],
        }
    )


def over_bases(claim: pd.Series, bases: Iterable[int], *, level: float = 0.95) -> pd.DataFrame:
    """Compute the interval of a published share for each possible base.

    Parameters
    ----------
    claim
        A row of a register's claims.
    bases
        Numbers of answers to try.

    Returns
    -------
    pandas.DataFrame
        n, estimate, conf_low, conf_high as in `share_intervals`, and possible: whether a whole number of so
        many people rounds to the published percentage (of unweighted answers).

    Raises
    ------
    InvalidInput
        The claim is not a share with a value, or a base is below 1.

    Examples
    --------
    >>> from toolkit.findings import load_register
    >>> claim = load_register("data_samples/published").claim("UBB24-02")
    >>> over_bases(claim, [100, 625]).round(3)["conf_low"].tolist()
    [0.678, 0.735]
    """
    _refuse_no_share(claim)
    counted = possible_counts(float(claim["low"]), float(claim["high"]), bases)
    share = float(claim["value"]) / 100
    n = counted["n"].to_numpy(dtype=np.float64)
    low, high = wilson(np.full(len(n), share), n, quantile(level))
    return pd.DataFrame(
        {
            "n": counted["n"],
            "estimate": share,
            "conf_low": low,
            "conf_high": high,
            "possible": counted["possible"],
        }
    )


def over_design_effects(
    claim: pd.Series, *, design_effects: Iterable[float] = DESIGN_EFFECTS, level: float = 0.95
) -> pd.DataFrame:
    """Compute the interval of a published share for each design effect.

    Returns
    -------
    pandas.DataFrame
        design_effect, effective_n, estimate, conf_low, conf_high.

    Raises
    ------
    InvalidInput
        No n, no share, or a design effect that is not above 0.

    Examples
    --------
    >>> from toolkit.findings import load_register
    >>> claim = load_register("data_samples/published").claim("UBB24-08")
    >>> over_design_effects(claim, design_effects=[1, 2])["effective_n"].tolist()
    [625.0, 312.5]
    """
    _refuse_no_share(claim)
    effects = np.asarray(list(design_effects), dtype=np.float64)
    _refuse_effects(effects)
    if pd.isna(claim["n"]):
        problem = Problem(
            "missing-value", str(claim["finding_id"]), "has no n", "see over_bases for what its base may be"
        )
        raise InvalidInput("over_design_effects", [problem])
    share, effective = float(claim["value"]) / 100, float(claim["n"]) / effects
    low, high = wilson(np.full(len(effects), share), effective, quantile(level))
    return pd.DataFrame(
        {
            "design_effect": effects,
            "effective_n": effective,
            "estimate": share,
            "conf_low": low,
            "conf_high": high,
        }
    )


def half_left_out_from(claim: pd.Series, most: int, *, level: float = 0.95) -> int | None:
    """Find the smallest base, up to `most`, at which the interval excludes one half; None if there is none.

    Examples
    --------
    >>> from toolkit.findings import load_register
    >>> half_left_out_from(load_register("data_samples/published").claim("UBB24-02"), 625)
    14
    """
    found = over_bases(claim, range(1, most + 1), level=level)
    holds = ((found["conf_low"] > 0.5) | (found["conf_high"] < 0.5)).to_numpy()
    if not holds[-1]:
        return None
    fails = np.flatnonzero(~holds)
    return int(found["n"].iloc[fails[-1] + 1 if len(fails) else 0])


def share_ends(share: Array, n: Array, z: float) -> tuple[Array, Array]:
    """Compute Wilson's interval; NaN if the share or n is missing, or the share lies outside 0–1."""
    known = ~(np.isnan(share) | np.isnan(n))
    low, high = wilson(share, n, z)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _refuse_no_share(claim: pd.Series) -> None:
    if claim["statistic"] != "share" or pd.isna(claim["value"]):
        what = (
            f"is a {claim['statistic']}" if claim["statistic"] != "share" else "was published in words alone"
        )
        problem = Problem("unsuited-measure", str(claim["finding_id"]), what, "give a share with a value")
        raise InvalidInput("claim", [problem])


def _refuse_effects(effects: Iterable[float]) -> None:
    wrong = [one for one in effects if not 0 < one < float("inf")]
    if wrong:
        hint = "give 1 for a simple random sample, 2 for one worth half as many answers"
        raise InvalidInput(
            "design effects", [Problem("out-of-range", "design effect", f"is {one:g}", hint) for one in wrong]
        )
