"""Do two audiences understand the same items alike? Invariance of a scale, differential items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from toolkit.analysis.classes import classes_of, numbers_of
from toolkit.analysis.factor_model import fit_factors, moments_of
from toolkit.analysis.models import ordinal_regression, regression
from toolkit.analysis.plain import is_constant
from toolkit.analysis.reliability import item_values
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Variable
from toolkit.records import Displayed

__all__ = ["ItemDifference", "item_difference", "measurement_invariance"]

Array = npt.NDArray[np.float64]
_LEVELS: dict[str, tuple[str, ...]] = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}


@dataclass(frozen=True, repr=False)
class ItemDifference(Displayed):
    """Whether people of equal score answer one item differently by group.

    Attributes
    ----------
    uniform, p_uniform, df_uniform
        Likelihood ratio of the group beside the score: one group always higher.
    nonuniform, p_nonuniform, df_nonuniform
        Of score by group beside both: the difference depends on the score.
    estimates
        Group → its log odds against the first group, at equal score.
    deviances
        Of the three models.
    """

    uniform: float
    df_uniform: float
    p_uniform: float
    nonuniform: float
    df_nonuniform: float
    p_nonuniform: float
    estimates: dict[str, float]
    deviances: tuple[float, float, float]
    n: int
    method: str


@typed
def measurement_invariance(
    frame: pd.DataFrame, factors: Mapping[str, Sequence[str]], *, group: Variable | str
) -> pd.DataFrame:
    """Fit a scale in every group, equal in more and more of its parts.

    Parameters
    ----------
    frame
        One row a respondent; who lacks an item or a group is left out.
    factors
        Factor → its items (at least three where there is one factor, two where there are more).
    group
        Column of the groups.

    Returns
    -------
    pandas.DataFrame
        Rows configural, metric (equal loadings), scalar (and intercepts), strict (and residuals);
        columns model, chi_square, df, p_value, cfi, tli, rmsea, srmr, aic, bic, parameters, and against
        the row above chi_square_change, df_change, p_change, cfi_change.

    Raises
    ------
    InvalidInput
        For items in two factors or too few, fewer than two groups, a group too small or flat.
    NotConverged
        Where a fit stalls.

    Notes
    -----
    Normal maximum likelihood as R's `lavaan::cfa`. Gaps of means are of one and the same thing where
    scalar invariance holds; a fall of CFI by more than .01 is the usual sign that it does not (Cheung and
    Rensvold 2002).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> g = rng.normal(size=400)
    >>> frame = pd.DataFrame({name: g + rng.normal(size=400) for name in "abcd"})
    >>> frame["who"] = rng.choice(["x", "y"], 400)
    >>> measurement_invariance(frame, {"f": list("abcd")}, group="who")["df"].tolist()
    [4.0, 7.0, 10.0, 14.0]
    """
    items = [name for members in factors.values() for name in members]
    problems = [
        Problem("too-few", f"factor {name!r}", f"has {len(members)} items", "give it more")
        for name, members in factors.items()
        if len(members) < (3 if len(factors) == 1 else 2)
    ]
    problems += [
        Problem("duplicate", f"item {name!r}", "is in two factors", "keep it in one")
        for name in sorted({name for name in items if items.count(name) > 1})
    ]
    if problems or not items:
        raise InvalidInput(
            "measurement_invariance", problems or [Problem("empty", "factors", "are none", "name one")]
        )
    _, values = item_values(frame, items, "measurement_invariance")
    codes, labels = classes_of(frame, group)
    complete = ~np.isnan(values).any(axis=1)
    parts = [values[complete & (codes == at)] for at in range(len(labels))]
    problems = [
        Problem(
            "too-few-answers",
            f"group {label!r}",
            f"has {len(part)} complete answers",
            f"give at least {3 * len(items)}",
        )
        for label, part in zip(labels, parts, strict=True)
        if len(part) < 3 * len(items)
    ]
    problems += [
        Problem("no-variation", f"group {label!r}", "some item does not vary", "leave the item out")
        for label, part in zip(labels, parts, strict=True)
        if len(part) and bool(is_constant(part).any())
    ]
    if len(labels) < 2:
        problems.append(Problem("too-few", "groups", f"are {len(labels)}", "give at least two"))
    if problems:
        raise InvalidInput("measurement_invariance", problems)
    pattern = np.array([[float(name in members) for members in factors.values()] for name in items])
    moments = [moments_of(part) for part in parts]
    columns = ("chi_square", "df", "p_value", "cfi", "tli", "rmsea", "srmr", "aic", "bic", "parameters")
    rows = []
    for name, equal in _LEVELS.items():
        fit = fit_factors(moments, pattern, equal=equal)
        rows.append({"model": name} | {column: getattr(fit, column) for column in columns})
    table = pd.DataFrame(rows)
    change, df = table["chi_square"].diff(), table["df"].diff()
    p = np.where(change.isna(), np.nan, chdtrc(df.fillna(1), change.clip(lower=0).fillna(0)))
    return table.assign(
        model=pd.array(list(_LEVELS), dtype="str"),
        chi_square_change=change,
        df_change=df,
        p_change=p,
        cfi_change=table["cfi"].diff(),
    )


@typed
def item_difference(
    frame: pd.DataFrame,
    item: Variable | str,
    rest: Sequence[Variable | str],
    *,
    group: Variable | str,
    measure: str = "mean",
) -> ItemDifference:
    """Differential item functioning by logistic regression, ordinal where the item has more than two answers.

    Parameters
    ----------
    frame
        One row a respondent; who lacks an answer or a group is left out.
    item
        The item in question.
    rest
        The other items of its scale; their sum is the score people are matched on.
    group
        Column of the groups.
    measure
        "mean" takes the item's codes as numbers; or what to count as 1.

    Raises
    ------
    InvalidInput
        As the models; and where the item is among the rest.

    Notes
    -----
    Swaminathan and Rogers (1990), Zumbo (1999). For a Mantel–Haenszel test pass group × answer × score
    counts to `mantel_haenszel`.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.integers(1, 6, (300, 3)), columns=list("abc"))
    >>> frame["who"] = rng.choice(["x", "y"], 300)
    >>> item_difference(frame, "a", ["b", "c"], group="who").df_uniform
    1.0
    """
    name = item.name if isinstance(item, Variable) else item
    others = [one.name if isinstance(one, Variable) else one for one in rest]
    if name in others or not others:
        what = "is among the items it is matched on" if others else "has nothing to be matched on"
        raise InvalidInput(
            "item_difference",
            [
                Problem(
                    "conflict" if others else "too-few", f"item {name}", what, "give the other items as rest"
                )
            ],
        )
    score = np.sum([numbers_of(frame, one) for one in rest], axis=0)
    codes, labels = classes_of(frame, group)
    if len(labels) < 2:
        raise InvalidInput(
            "item_difference", [Problem("too-few", "groups", f"are {len(labels)}", "give two or more")]
        )
    made = pd.DataFrame(
        {
            "answer": numbers_of(frame, item, measure),
            "score": score,
            "group": pd.Categorical.from_codes(codes, list(labels)),
        }
    ).dropna()
    answers = np.unique(made["answer"])
    binary = len(answers) == 2
    if binary:
        made = made.assign(answer=(made["answer"] == answers[1]) * 1.0)
    formulas = ("answer ~ score", "answer ~ score + group", "answer ~ score + group + score:group")
    fits = [
        regression(made, one, family="binomial") if binary else ordinal_regression(made, one)
        for one in formulas
    ]
    deviance = tuple(-2 * float(one.llf) for one in fits)  # of 0/1 answers the saturated likelihood is 1
    df = float(len(labels) - 1)
    uniform, nonuniform = deviance[0] - deviance[1], deviance[1] - deviance[2]
    shown = {label: float(fits[1].params[f"group[T.{label}]"]) for label in labels[1:]}
    return ItemDifference(
        uniform=uniform,
        df_uniform=df,
        p_uniform=float(chdtrc(df, max(uniform, 0.0))),
        nonuniform=nonuniform,
        df_nonuniform=df,
        p_nonuniform=float(chdtrc(df, max(nonuniform, 0.0))),
        estimates=shown,
        deviances=(deviance[0], deviance[1], deviance[2]),
        n=len(made),
        method="logistic regression" if binary else "proportional odds",
    )
