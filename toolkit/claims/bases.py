"""Bounds implied by a rounded percentage, its base and its wording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.intervals import quantile, wilson
from toolkit.errors import InvalidInput, Problem

# Implications of a rounded percentage: the shares and the bases that can give it.


Array = npt.NDArray[np.float64]
_NOISE = 1e-9


def possible_counts(low: float, high: float, bases: Iterable[int]) -> pd.DataFrame:
    """Count the people whose share rounds to a published percentage, for each base.

    Parameters
    ----------
    low, high
        The percentages that round to the one published: 72.5 and 73.5 for 73 %.
    bases
        Numbers of answers to try.

    Returns
    -------
    pandas.DataFrame
        n, fewest, most (Int64, NA where no count fits) and possible. Ends count as fitting, because
        publishers round halves up or down.

    Raises
    ------
    InvalidInput
        A percentage outside 0–100, ends out of order, or a base below 1.

    Notes
    -----
    The test of Brown and Heathers (2017, "The GRIM test", doi 10.1177/1948550616673876) for a mean of noughts
    and ones. It does not apply to weighted percentages, which need not be a count over n; and with 100
    or more every whole percentage is possible.

    Examples
    --------
    >>> possible_counts(72.5, 73.5, [9, 11, 625])["possible"].tolist()
    [False, True, True]
    """
    n = _checked(low, high, bases)
    fewest = np.maximum(np.ceil(low * n / 100 - _NOISE), 0)
    most = np.minimum(np.floor(high * n / 100 + _NOISE), n)
    fits = fewest <= most
    counts = {
        name: pd.array(np.where(fits, found, -1).astype(np.int64), dtype="Int64")
        for name, found in (("fewest", fewest), ("most", most))
    }
    frame = pd.DataFrame({"n": n.astype(np.int64), **counts, "possible": fits})
    frame.loc[~fits, ["fewest", "most"]] = pd.NA
    return frame


def possible_bases(ends: Sequence[tuple[float, float]], most: int) -> list[int]:
    """Find the bases up to `most` at which all given percentages are possible.

    Parameters
    ----------
    ends
        (low, high) of each percentage of one base, in per cent.
    most
        The largest base to try.

    Examples
    --------
    The five whole percentages 77, 39, 23, 21 and 47 cannot all be of 13 people:

    >>> five = [(76.5, 77.5), (38.5, 39.5), (22.5, 23.5), (20.5, 21.5), (46.5, 47.5)]
    >>> 13 in possible_bases(five, 625), min(possible_bases(five, 625))
    (False, 57)
    """
    tried = np.arange(1, most + 1)
    fits = np.ones(most, dtype=bool)
    for low, high in ends:
        fits &= possible_counts(low, high, tried)["possible"].to_numpy()
    return [int(n) for n in tried[fits]]


def _checked(low: float, high: float, bases: Iterable[int]) -> Array:
    n = np.asarray(list(bases), dtype=np.float64)
    problems = []
    if not 0 <= low <= high <= 100:
        hint = "give the smaller percentage first, both from 0 to 100"
        problems.append(Problem("wrong-order", "low and high", f"are {low:g} and {high:g}", hint))
    problems += [
        Problem("out-of-range", "bases", f"contains {base:g}", "give whole numbers of at least 1")
        for base in n[(n < 1) | (n % 1 != 0)]
    ]
    if problems:
        raise InvalidInput("possible_counts", problems)
    return n


# Intervals of a published share: for its n, for every possible n, and for design effects.


DESIGN_EFFECTS = (1.0, 1.25, 1.5, 2.0, 3.0, 5.0)
"""Design effects from a simple random sample to one in which five answers are worth one."""


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
        A row per claim: finding_id, n, effective_n, estimate (fraction), conf_low, conf_high (Wilson's), and
        widest_low, widest_high: from the interval of the lowest to that of the highest share that rounds to
        the published one. NA without n or share.

    Raises
    ------
    InvalidInput
        A design effect that is not above 0.

    Examples
    --------
    >>> from toolkit.claims import load_register
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
    >>> from toolkit.claims import load_register
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
    >>> from toolkit.claims import load_register
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
    >>> from toolkit.claims import load_register
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
    """Compute Wilson's interval; NaN if the share or n is missing, or the share is outside 0–1."""
    known = ~(np.isnan(share) | np.isnan(n))
    low, high = wilson(share, n, z)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _refuse_no_share(claim: pd.Series) -> None:
    if claim["statistic"] != "share" or pd.isna(claim["value"]):
        what = (
            f"is a {claim['statistic']}" if claim["statistic"] != "share" else "was published only in words"
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


# Relative risks and shares: what "88% more likely" and "88% of them" each imply.


def implied_by_ratio(ratio: float, comparison: Iterable[float]) -> pd.DataFrame:
    """Compute what a published relative risk implies for each share of the comparison group.

    Parameters
    ----------
    ratio
        How many times as likely: 1.88 for "88 % more likely".
    comparison
        Shares of the comparison group to try, fractions.

    Returns
    -------
    pandas.DataFrame
        comparison, share (ratio × comparison), gap (share − comparison), odds_ratio (NA where the share is
        1); NA where the share would pass 1, and possible is False.

    Raises
    ------
    InvalidInput
        A ratio that is not above 0, or a share outside 0–1.

    Examples
    --------
    >>> implied_by_ratio(1.88, [0.2, 0.6])["share"].round(3).tolist()
    [0.376, nan]
    """
    base = _check_ratio(ratio, comparison)
    share = base * ratio
    possible = share <= 1 + _NOISE
    share = np.where(possible, np.minimum(share, 1.0), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = (share / (1 - share)) / (base / (1 - base))
    return pd.DataFrame(
        {
            "comparison": base,
            "share": share,
            "gap": share - base,
            "odds_ratio": np.where(np.isfinite(odds) & (share < 1 - _NOISE), odds, np.nan),
            "possible": possible,
        }
    )


def implied_by_share(share: float, comparison: Iterable[float]) -> pd.DataFrame:
    """Compute what a published share implies for each share of the comparison group.

    Returns
    -------
    pandas.DataFrame
        comparison, ratio (share / comparison), gap (share − comparison).

    Raises
    ------
    InvalidInput
        A share outside 0–1, or a comparison of 0.

    Examples
    --------
    >>> implied_by_share(0.88, [0.44, 0.88])["ratio"].tolist()
    [2.0, 1.0]
    """
    if not 0 <= share <= 1:
        hint = f"give {share / 100:g} where {share:g} % is meant"
        raise InvalidInput("implied_by_share", [Problem("out-of-range", "share", f"is {share:g}", hint)])
    base = _check_ratio(1.0, comparison)
    if (base == 0).any():
        problem = Problem("out-of-range", "comparison", "is 0", "leave it out: no ratio to nothing exists")
        raise InvalidInput("implied_by_share", [problem])
    return pd.DataFrame({"comparison": base, "ratio": share / base, "gap": share - base})


def largest_comparison(ratio: float) -> float:
    """Compute the largest possible share of the comparison group, since no share exceeds 1.

    Examples
    --------
    >>> round(largest_comparison(1.88), 4)
    0.5319
    """
    _check_ratio(ratio, [])
    return min(1.0, 1 / ratio)


def _check_ratio(ratio: float, comparison: Iterable[float]) -> np.ndarray:
    base = np.asarray(list(comparison), dtype=np.float64)
    problems = []
    if not 0 < ratio < float("inf"):
        problems.append(
            Problem("out-of-range", "ratio", f"is {ratio:g}", "give times as likely, such as 1.88")
        )
    problems += [
        Problem(
            "out-of-range",
            "comparison",
            f"contains {one:g}",
            f"give a fraction: {one / 100:g} where {one:g} % is meant",
        )
        for one in base[~((base >= 0) & (base <= 1))]
    ]
    if problems:
        raise InvalidInput("relative risk", problems)
    return base
