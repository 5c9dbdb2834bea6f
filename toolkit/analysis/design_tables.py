"""Tables under a design: weighted counts, Rao–Scott tests, goodness of fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, fdtrc

from toolkit.analysis.classes import classes_of
from toolkit.analysis.design import Design
from toolkit.analysis.mixtures import f_sum_tail, satterthwaite
from toolkit.analysis.plain import ROUNDING
from toolkit.analysis.results import Test
from toolkit.analysis.sampled import Sampled, ratio_estimates
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Variable
from toolkit.records import Displayed

__all__ = ["GoodnessOfFit", "crosstab", "goodness_of_fit", "independence"]

Array = npt.NDArray[np.float64]
Statistic = Literal["F", "chi-square", "wald", "adjusted-wald", "saddlepoint"]
_SINGULAR = 1e14
"""A covariance worse conditioned than this has no inverse in floating point; R stops at about the same."""
_STATISTICS = ("F", "chi-square", "wald", "adjusted-wald", "saddlepoint")


@dataclass(frozen=True, repr=False)
class GoodnessOfFit(Displayed):
    """Answers against given shares, under a design.

    `statistic` is Pearson's of the weighted counts; it follows about `scale` times a chi-square of `df`.
    """

    statistic: float
    scale: float
    df: float
    p_value: float
    shares: dict[str, float]
    expected: dict[str, float]
    method: str


@dataclass(frozen=True)
class _Table:
    """Weighted counts of two answers, and what a variance needs."""

    member: Array
    rows: int
    columns: int
    counts: Array
    sampled: Sampled

    @property
    def people(self) -> int:
        """Rows of the frame, those of weight 0 left out."""
        return int((self.sampled.weights > 0).sum())


@typed
def crosstab(
    frame: pd.DataFrame, rows: Variable | str, columns: Variable | str, *, design: Design | None = None
) -> pd.DataFrame:
    """Weighted counts of two answers, as R's `svytable`.

    Parameters
    ----------
    frame
        One row a respondent; who lacks one of the answers is not counted.
    rows, columns
        Variables or column names.
    design
        Whose weights are summed.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": ["x", "y", "x"], "b": [1, 1, 0], "w": [2, 3, 4.0]})
    >>> float(crosstab(frame, "a", "b", design=Design(weights="w")).loc["x", "1"])
    2.0
    """
    weights = (design or Design()).over(frame, linearise=True).weights
    (one, down), (other, across) = (classes_of(frame, item, weights) for item in (rows, columns))
    counts = np.zeros((len(down), len(across)))
    both = (one >= 0) & (other >= 0)
    np.add.at(counts, (one[both], other[both]), weights[both])
    names = [entry.name if isinstance(entry, Variable) else entry for entry in (rows, columns)]
    return pd.DataFrame(
        counts,
        index=pd.Index(pd.array(list(down), dtype="str"), name=names[0]),
        columns=pd.Index(pd.array(list(across), dtype="str"), name=names[1]),
    )


@typed
def independence(
    frame: pd.DataFrame,
    rows: Variable | str,
    columns: Variable | str,
    *,
    statistic: Statistic = "F",
    design: Design | None = None,
) -> Test:
    """Test of a table's independence under a design, as R's `svychisq`.

    Parameters
    ----------
    frame, rows, columns, design
        As in `crosstab`.
    statistic
        "F": Rao and Scott's second-order correction with F (the one to use). "chi-square": their first
        order. "wald" and "adjusted-wald": of observed less expected counts. "saddlepoint": Pearson's
        against the distribution it follows.

    Returns
    -------
    Test
        `df` is one number or a pair; for "saddlepoint" None.

    Raises
    ------
    InvalidInput
        Where an answer is the same throughout, or the design leaves no spread.

    Notes
    -----
    Rao and Scott (1984), Thomas and Rao. Pearson's statistic is that of weighted counts scaled to the
    number of rows in the frame, those without an answer included (but none of weight 0), as in R; p does
    not depend on it.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": list("xxyyxy"), "b": list("uvvvuu")})
    >>> independence(frame, "a", "b").method
    "Pearson's chi-square, Rao–Scott F"
    """
    if statistic not in _STATISTICS:
        what, hint = f"{statistic!r} is not known", f"use one of {list(_STATISTICS)}"
        raise InvalidInput("independence", [Problem("unknown-option", "statistic", what, hint)])
    sampled = (design or Design()).over(frame, linearise=True)
    (one, down), (other, across) = (classes_of(frame, item, sampled.weights) for item in (rows, columns))
    both = (one >= 0) & (other >= 0) & (sampled.weights > 0)
    cell = np.where(both, one + other * len(down), -1)
    member = (cell[:, None] == np.arange(len(down) * len(across))).astype(np.float64)
    counts = (sampled.weights @ member).reshape(len(across), len(down)).T
    problems = []
    for name, sums in (("rows", counts.sum(axis=1)), ("columns", counts.sum(axis=0))):
        if len(sums) < 2 or bool((sums <= 0).any()):
            lacks = "have fewer than two answers among those who gave both"
            if len(sums) >= 2:
                lacks = "have an answer nobody gave who gave both"
            problems.append(
                Problem(
                    "too-few" if len(sums) < 2 else "empty-cell",
                    name,
                    lacks,
                    "leave the answer, or the table, out",
                )
            )
    if problems:
        raise InvalidInput("table", problems)
    table = _Table(member, len(down), len(across), counts, sampled)
    df = table.sampled.degrees_of_freedom()
    try:
        if statistic in ("wald", "adjusted-wald"):
            return _wald(table, df, adjusted=statistic == "adjusted-wald")
        weights = _generalised_effects(table)
    except np.linalg.LinAlgError:
        what, hint = "the design leaves no spread to test against", "merge sparse answers"
        raise InvalidInput("independence", [Problem("not-estimable", "table", what, hint)]) from None
    # Pearson's statistic of the shares, that is per respondent
    shares = table.counts / table.counts.sum()
    independent = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    pearson = float(((shares - independent) ** 2 / independent).sum()) * table.people
    total, d0 = float(weights.sum()), float(weights.sum() ** 2 / (weights**2).sum())
    if statistic == "F":
        f, freedom = pearson / total, (d0, d0 * df)
        return Test(f, float(fdtrc(*freedom, f)), "Pearson's chi-square, Rao–Scott F", freedom)
    if statistic == "chi-square":
        k = float(len(weights))
        p = float(chdtrc(k, pearson / (total / k)))
        return Test(pearson, p, "Pearson's chi-square, Rao–Scott first order", k, symbol="χ²")
    # R takes the df of replicate weights as infinite here
    below = np.inf if table.sampled.replicated is not None else d0 * df
    p = f_sum_tail(pearson, weights, below)
    return Test(pearson, p, "Pearson's chi-square, saddlepoint approximation", symbol="χ²")


@typed
def goodness_of_fit(
    frame: pd.DataFrame,
    item: Variable | str,
    expected: Mapping[Any, float],
    *,
    design: Design | None = None,
) -> GoodnessOfFit:
    """Test answers against given shares under a design, as R's `svygofchisq`.

    Parameters
    ----------
    frame
        One row a respondent.
    item
        Variable or column name.
    expected
        Answer → share; scaled to sum to 1.

    Raises
    ------
    InvalidInput
        Naming every answer that has no share, every share whose answer nobody gave, shares not above 0.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": list("xxyyxyzz")})
    >>> goodness_of_fit(frame, "a", {"x": 0.4, "y": 0.4, "z": 0.2}).statistic < 1
    True
    """
    sampled = (design or Design()).over(frame, linearise=True)
    codes, labels = classes_of(frame, item, sampled.weights)
    given = {str(code): share for code, share in expected.items()}
    problems = [
        Problem("missing-value", f"answer {one!r}", "has no expected share", "give one")
        for one in labels
        if one not in given
    ]
    problems += [
        Problem(
            "empty-cell",
            f"share of {one!r}",
            "nobody gave that answer",
            "merge it with another or leave it out",
        )
        for one in given
        if one not in labels
    ]
    problems += [
        Problem("out-of-range", f"share of {one!r}", f"is {share}", "give a number above 0")
        for one, share in given.items()
        if not (isinstance(share, int | float | np.number) and 0 < share < np.inf)
    ]
    if not problems and len(labels) < 2:
        problems = [Problem("too-few", "answers", "are fewer than two", "there is nothing to test")]
    if problems:
        raise InvalidInput("goodness_of_fit", problems)
    p = np.array([given[one] for one in labels])
    p = p / p.sum()
    counts, covariance = ratio_estimates(sampled, (codes[:, None] == np.arange(len(labels))) * 1.0, None)
    n = float(counts.sum())
    wanted = n * p
    jacobian = np.diag(1 / np.sqrt(wanted)) - ((counts + wanted) / (2 * np.sqrt(wanted) * n))[:, None]
    effects = np.maximum(np.linalg.eigvalsh(jacobian @ covariance @ jacobian.T), 0.0)
    if not effects.sum() > ROUNDING * float(sampled.weights.max()):
        what, hint = "the design leaves no spread to test against", "give answers that differ"
        raise InvalidInput("goodness_of_fit", [Problem("no-variation", "answers", what, hint)])
    scale, df = satterthwaite(effects)
    statistic = float(((counts - wanted) ** 2 / wanted).sum())
    return GoodnessOfFit(
        statistic=statistic,
        scale=scale,
        df=df,
        p_value=float(chdtrc(df, statistic / scale)),
        shares=dict(zip(labels, (counts / n).tolist(), strict=True)),
        expected=dict(zip(labels, p.tolist(), strict=True)),
        method="Pearson's goodness of fit under the design, Satterthwaite",
    )


def _generalised_effects(table: _Table) -> Array:
    """Eigenvalues of Rao and Scott's Δ, per respondent: design effects of the interaction contrasts."""
    member = table.member
    everyone = np.repeat(member.sum(axis=1, keepdims=True), member.shape[1], axis=1)
    shares, covariance = ratio_estimates(table.sampled, member, everyone)
    down = np.tile(np.arange(table.rows), table.columns)
    across = np.repeat(np.arange(table.columns), table.rows)
    first = (down[:, None] == np.arange(1, table.rows)) * 1.0
    second = (across[:, None] == np.arange(1, table.columns)) * 1.0
    mains = np.column_stack([np.ones(len(down)), first, second])
    both = (first[:, None, :] * second[:, :, None]).reshape(len(down), -1)
    contrast = both - mains @ np.linalg.lstsq(mains, both, rcond=None)[0]
    scaled = contrast * np.where(shares > 0, 1 / np.where(shares > 0, shares, 1.0), 0.0)[:, None]
    effects = np.linalg.eigvals(np.linalg.solve(contrast.T @ scaled, scaled.T @ covariance @ scaled))
    found: Array = np.real(effects) * table.people
    if not found.sum() > ROUNDING:
        raise np.linalg.LinAlgError
    return found


def _wald(table: _Table, df: float, *, adjusted: bool) -> Test:
    """Observed less expected weighted counts over their covariance."""
    counts, covariance = ratio_estimates(table.sampled, table.member, None)
    observed = counts.reshape(table.columns, table.rows).T
    down, across, total = observed.sum(axis=1), observed.sum(axis=0), float(observed.sum())
    apart = (observed - np.outer(down, across) / total)[1:, 1:].T.ravel()
    jacobian = np.empty((len(apart), len(counts)))
    at = [(row, column) for column in range(1, table.columns) for row in range(1, table.rows)]
    for line, (row, column) in enumerate(at):
        effect = np.full(observed.shape, down[row] * across[column] / total**2)
        effect[row, :] -= across[column] / total
        effect[:, column] -= down[row] / total
        effect[row, column] += 1
        jacobian[line] = effect.T.ravel()
    k = float(len(apart))
    below = df - k + 1 if adjusted else df
    if below <= 0:
        what = f"the design has {df:g} degrees of freedom for {k:g} contrasts of cells"
        hint = 'merge sparse answers, or use statistic="F"'
        raise InvalidInput("independence", [Problem("not-estimable", "table", what, hint)])
    spread = jacobian @ covariance @ jacobian.T
    if np.linalg.cond(spread) > _SINGULAR:
        raise np.linalg.LinAlgError
    statistic = float(apart @ np.linalg.solve(spread, apart))
    f = statistic * below / (k * df) if adjusted else statistic / k
    said = "design-based Wald test of association" + (", adjusted" if adjusted else "")
    return Test(f, float(fdtrc(k, below, f)), said, (k, below))
