"""Rubin's rules: one answer from several imputed frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr

from toolkit.analysis.cells import Estimates
from toolkit.analysis.intervals import quantile
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, Problem
from toolkit.records import Displayed

__all__ = ["Pooled", "pool", "pool_frames"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Pooled(Displayed):
    """Pooled estimates.

    Attributes
    ----------
    table
        name, estimate, std_error, conf_low, conf_high, statistic, df, p_value, missing_information, method.
    covariance
        Of the pooled estimates.
    """

    table: pd.DataFrame
    covariance: Array


@typed
def pool(
    estimates: Iterable[Numbers],
    covariances: Iterable[Numbers],
    *,
    names: Sequence[str] | None = None,
    df: float = np.inf,
    level: float = 0.95,
) -> Pooled:
    """Pool estimates and covariances from imputed frames.

    Parameters
    ----------
    estimates
        One vector a frame (a model's coefficients, shares by group).
    covariances
        One matrix a frame.
    names
        Of the estimates.
    df
        Degrees of freedom each analysis would have with nothing missing; infinite, as R's `MIcombine`,
        uses Rubin's (1987), a number uses Barnard and Rubin's (1999), never above it.
    level
        Confidence level.

    Raises
    ------
    InvalidInput
        For fewer than two frames, or estimates that do not match.

    Notes
    -----
    T = W + (1 + 1/m)B; df = (m − 1)(1 + W/((1 + 1/m)B))². The missing information is
    (r + 2/(df + 3))/(r + 1) with r = (1 + 1/m)B/W. Checked against R: `mitools::MIcombine`.

    Examples
    --------
    >>> pooled = pool([[1.0], [2.0], [3.0]], [[[1.0]], [[1.0]], [[1.0]]]).table
    >>> pooled[["estimate", "df"]].round(3).iloc[0].tolist()
    [2.0, 6.125]
    """
    found = [np.atleast_1d(np.asarray(one, dtype=np.float64)) for one in estimates]
    errors = [np.atleast_2d(np.asarray(one, dtype=np.float64)) for one in covariances]
    _refuse(found, errors, names, df, level)
    m = len(found)
    stacked = np.array(found)
    estimate, within = stacked.mean(axis=0), np.mean(errors, axis=0)
    away = stacked - estimate
    between = away.T @ away / (m - 1)
    total = within + (1 + 1 / m) * between
    inside, added = np.diagonal(within), (1 + 1 / m) * np.diagonal(between)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = added / inside
        rubin = np.where(added > 0, (m - 1) * (1 + inside / added) ** 2, np.inf)
        lost = np.where(added > 0, (ratio + 2 / (rubin + 3)) / (ratio + 1), 0.0)
        error = np.sqrt(np.diagonal(total))
        statistic = np.where(error > 0, estimate / error, np.nan)
    freedom = rubin
    if not np.isinf(df):  # Barnard and Rubin (1999)
        observed = (df + 1) / (df + 3) * df * (1 - added / np.diagonal(total))
        freedom = 1 / (1 / rubin + 1 / observed)
    half = quantile(level, freedom) * error
    p = 2 * stdtr(freedom, -np.abs(statistic))
    kind = "Rubin 1987" if np.isinf(df) else "Barnard and Rubin 1999"
    listed = list(names) if names is not None else [str(at + 1) for at in range(len(estimate))]
    table = pd.DataFrame(
        {
            "name": pd.array(listed, dtype="str"),
            "estimate": estimate,
            "std_error": error,
            "conf_low": estimate - half,
            "conf_high": estimate + half,
            "statistic": statistic,
            "df": freedom,
            "p_value": p,
            "missing_information": lost,
            "method": pd.array(
                [f"Rubin's rules over {m} imputations, df of {kind}"] * len(listed), dtype="str"
            ),
        }
    )
    return Pooled(table, total)


def _refuse(
    found: list[Array], errors: list[Array], names: Sequence[str] | None, df: float, level: float
) -> None:
    problems = []
    if len(found) < 2:
        problems.append(
            Problem("too-few", "estimates", f"come from {len(found)} frame(s)", "give two or more, better 20")
        )
    if len(found) != len(errors):
        problems.append(
            Problem(
                "unequal-length",
                "covariances",
                f"are {len(errors)} for {len(found)} estimates",
                "give one a frame",
            )
        )
    for at, (one, matrix) in enumerate(zip(found, errors, strict=False)):
        where = f"frame {at + 1}"
        if found and one.shape != found[0].shape:
            problems.append(
                Problem(
                    "unequal-length", where, "has another number of estimates", "run the same analysis on all"
                )
            )
        elif matrix.shape != (len(one), len(one)):
            problems.append(
                Problem(
                    "wrong-shape", where, "its covariance does not fit its estimates", "give k × k numbers"
                )
            )
        elif not (np.isfinite(one).all() and np.isfinite(matrix).all()):
            problems.append(
                Problem(
                    "not-finite", where, "has an estimate without a number", "leave out groups nobody is in"
                )
            )
    if names is not None and found and len(names) != len(found[0]):
        problems.append(
            Problem(
                "unequal-length", "names", f"are {len(names)} for {len(found[0])}", "give one an estimate"
            )
        )
    if not df > 0:
        problems.append(Problem("out-of-range", "df", f"is {df}", "give a number above 0"))
    if not 0 < level < 1:
        problems.append(Problem("out-of-range", "level", f"is {level}", "give a fraction such as 0.95"))
    if problems:
        raise InvalidInput("pool", problems)


@typed
def pool_frames(
    frames: Iterable[pd.DataFrame],
    analysis: Callable[[pd.DataFrame], Estimates],
    *,
    complete_df: bool = False,
    level: float = 0.95,
) -> Pooled:
    """Run one analysis on every imputed frame and pool the results.

    Parameters
    ----------
    frames
        The imputed frames.
    analysis
        What to do with each, such as `lambda frame: estimate(frame, "y", design=design)`.
    complete_df
        Take the design's df as those of complete data (Barnard and Rubin); else Rubin's, as R does.
    level
        Confidence level.

    Raises
    ------
    InvalidInput
        Where analyses do not match.

    Examples
    --------
    >>> from toolkit.analysis.joint import estimate
    >>> frames = [pd.DataFrame({"y": [1.0, 2.0, last]}) for last in (3.0, 4.0)]
    >>> pool_frames(frames, lambda frame: estimate(frame, "y")).table["estimate"].round(4).tolist()
    [2.1667]
    """
    found = [analysis(frame) for frame in frames]
    different = [at for at, one in enumerate(found) if one.names != found[0].names]
    if different:
        raise InvalidInput(
            "pool",
            [
                Problem("inconsistent", f"frame {at + 1}", "gives other estimates", "keep groups alike")
                for at in different
            ],
        )
    return pool(
        [one.table["estimate"].to_numpy(dtype=np.float64) for one in found],
        [one.covariance for one in found],
        names=found[0].names if found else None,
        df=min(one.df for one in found) if complete_df and found else np.inf,
        level=level,
    )
