"""Does a term of a model matter, all its columns together?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, fdtrc

from toolkit.analysis.fitting import fit_coefficients
from toolkit.analysis.mixtures import f_sum_tail
from toolkit.analysis.ordinal import OrdinalRegression
from toolkit.analysis.regression import Regression
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names

__all__ = ["TermTest", "term_test"]

Array = npt.NDArray[np.float64]
Method = Literal["wald", "likelihood-ratio"]


@dataclass(frozen=True)
class TermTest:
    """A test of the terms of a model.

    Attributes
    ----------
    statistic
        F (Wald with finite df) or chi-square.
    df
        Pair for F; number for chi-square.
    effects
        Of a likelihood ratio under a design: by how much each direction is more variable than in a simple
        sample. The statistic follows their weighted sum of chi-squares.
    """

    terms: tuple[str, ...]
    statistic: float
    df: tuple[float, float] | float
    p_value: float
    effects: tuple[float, ...]
    method: str


@typed
def term_test(
    model: Regression | OrdinalRegression, terms: str | Sequence[str], *, method: Method = "wald"
) -> TermTest:
    """Test whether terms can be left out of a model, as R's `regTermTest`.

    Parameters
    ----------
    model
        From `regression` or `ordinal_regression`.
    terms
        As the formula writes them: "audience", or several.
    method
        "wald", or "likelihood-ratio" (`regression` only): under a design Rao and Scott's working one.

    Raises
    ------
    InvalidInput
        Naming every term the model lacks.

    Examples
    --------
    >>> import pandas as pd
    >>> from toolkit.analysis.regression import regression
    >>> frame = pd.DataFrame({"y": [1, 2, 3, 5.0, 4], "g": list("aabbc")})
    >>> term_test(regression(frame, "y ~ g"), "g").df
    (2.0, 2.0)
    """
    listed = (terms,) if isinstance(terms, str) else tuple(terms)
    known = [term for term in model.terms if term != "Intercept"]
    problems = [
        Problem(f"term {term!r}", "is not in the model", near_names(term, known))
        for term in listed
        if term not in known
    ]
    if not listed:
        problems.append(Problem("terms", "are none", "name at least one"))
    if method not in ("wald", "likelihood-ratio"):
        what, mend = f"{method!r} is not known", 'use "wald" or "likelihood-ratio"'
        problems.append(Problem("method", what, mend))
    elif method != "wald" and not isinstance(model, Regression):
        problems.append(Problem("method", "is for regression models", 'use "wald"'))
    if problems:
        raise InvalidInput("term_test", problems)
    at = [column for term in listed for column in model.terms[term]]
    if method == "likelihood-ratio" and isinstance(model, Regression):
        return _likelihood_ratio(model, listed, at)
    beta = model.table["estimate"].to_numpy(dtype=np.float64)[at]
    chi_square = float(beta @ np.linalg.solve(model.covariance[np.ix_(at, at)], beta))
    k = float(len(at))
    if np.isinf(model.df):
        return TermTest(listed, chi_square, k, float(chdtrc(k, chi_square)), (), "Wald test")
    f = chi_square / k
    return TermTest(listed, f, (k, model.df), float(fdtrc(k, model.df, f)), (), "Wald F test")


def _likelihood_ratio(model: Regression, listed: tuple[str, ...], at: list[int]) -> TermTest:
    data, weights = model.data
    left = [column for column in range(data.predictors.shape[1]) if column not in at]
    if not left:
        what, mend = "are all the model has", "keep at least the intercept"
        raise InvalidInput("term_test", [Problem("terms", what, mend)])
    fewer = data.predictors[:, left]
    _, deviance = fit_coefficients(fewer, data.outcome, weights, model.family, data.offset)
    statistic = deviance - model.deviance
    naive = model.naive_covariance[np.ix_(at, at)]
    effects = np.real(np.linalg.eigvals(np.linalg.solve(naive, model.covariance[np.ix_(at, at)])))
    effects = np.sort(effects)[::-1]
    k = float(len(at))
    if np.allclose(effects, 1, rtol=1e-9) and np.isinf(model.df):
        return TermTest(listed, statistic, k, float(chdtrc(k, statistic)), (), "likelihood ratio test")
    p = f_sum_tail(statistic, effects, model.df)
    said = "working likelihood ratio test (Rao–Scott), saddlepoint"
    return TermTest(listed, statistic, (k, model.df), p, tuple(effects.tolist()), said)
