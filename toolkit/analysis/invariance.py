"""Do two audiences understand the same items alike? Invariance of a scale, differential items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc, ndtri, stdtrit

from toolkit.analysis.answers import classes_of, is_constant, numbers_of
from toolkit.analysis.contract import ALIKE_COLUMNS
from toolkit.analysis.derived import scale_scores
from toolkit.analysis.design import Design
from toolkit.analysis.gap_rows import verdict_code
from toolkit.analysis.models import ordinal_regression, regression
from toolkit.analysis.omega import fit_factors, moments_of
from toolkit.analysis.reliability import item_values
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, NotConverged, Problem
from toolkit.instrument.model import Instrument, Variable
from toolkit.records import Displayed

Array = npt.NDArray[np.float64]
NEGLIGIBLE = 0.43
"""Log odds below which a shift counts as negligible: one unit of the ETS delta scale (Zwick 2012)."""
_FEWEST = 10
_ALIKE = {
    "gap": "differs",
    "likely": "may_differ",
    "similar": "alike",
    "undecided": "cannot_tell",
    "too_few": "cannot_tell",
    "not_computed": "not_computed",
}
"""Code of a verdict on the shift → code of `_VERDICT_WORDS`."""
_VERDICT_WORDS = {
    "differs": "at equal {scale}, {a} answer {side} than {b} (log odds {shift}, {low} to {high}): part of "
    "the gap may be the question",
    "may_differ": "at equal {scale}, {a} seem to answer {side} than {b} (log odds {shift}, {low} to {high})",
    "alike": "works alike: at equal {scale} the groups are within {margin} log odds",
    "cannot_tell": "cannot tell: only shifts of about {detectable} log odds would show",
    "single_item": "cannot be checked: single item",
    "not_computed": "cannot be checked: {why}",
}
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
        One row per respondent; rows without an item or a group are left out.
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
            "measurement_invariance", problems or [Problem("empty", "factors", "are missing", "name one")]
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
    """Test differential item functioning by logistic (or, for more answers, ordinal) regression.

    Parameters
    ----------
    frame
        One row per respondent; rows without an answer or a group are left out.
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


@typed
def check_alike(
    rows: pd.DataFrame,
    frame: pd.DataFrame,
    scales: Instrument | Mapping[str, Sequence[str]],
    *,
    between: str = "audience",
    design: Design | None = None,
    level: float = 0.95,
    margin: float = NEGLIGIBLE,
    power: float = 0.8,
) -> pd.DataFrame:
    """Add to each gap whether its item works alike for both groups.

    Parameters
    ----------
    rows
        Rows of `gaps`, with their `by` columns.
    frame
        The respondents they were computed from.
    scales
        An instrument, whose `scores` define which items belong together, or scale → its columns, all worded
        in the same direction.
    between, design
        As in `gaps`.
    level
        Confidence level of the shift.
    margin
        Log odds within which a shift counts as negligible.
    power
        For the smallest shift that would show.

    Returns
    -------
    pandas.DataFrame
        The rows with further columns: `alike` in words, `alike_code` ("alike", "differs", "may_differ",
        "cannot_tell", "single_item", "not_computed"), the scale, the shift in log odds (above 0:
        audience_a answers higher at equal score) with its error, interval and p, the p that the shift depends
        on the score, the number who answered the whole scale, and the shift that would show with it.

    Raises
    ------
    InvalidInput
        For rows that are not gaps of this frame, options out of range, scales whose columns are missing.

    Notes
    -----
    Differential item functioning (Zumbo 1999): (ordinal) logistic regression of the item's answers on the
    mean of the other items of its scale and the group, with the design's errors. It sees an item that
    differs from the rest of its scale; a bias that all items share cannot be seen. p values are not adjusted.
    An item in several scales is checked in the first. See docs/methods/invariance.md.

    Examples
    --------
    >>> from toolkit.analysis import gaps
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame(rng.integers(1, 6, (300, 3)), columns=list("abc"))
    >>> frame["audience"] = rng.choice(["x", "y"], 300)
    >>> rows = check_alike(gaps(frame, ["a"], measure="5"), frame, {"energy": ["a", "b", "c"]})
    >>> rows["alike_code"].tolist()
    ['cannot_tell']
    """
    needed = {"item", "measure", "audience_a", "audience_b", "gap"}
    problems = [
        Problem("missing-column", f"column {name}", "is not in the rows", "give rows of gaps")
        for name in sorted(needed - set(rows.columns))
    ]
    problems += [
        Problem("out-of-range", name, f"is {value}", "give a fraction between 0 and 1")
        for name, value in (("level", level), ("power", power))
        if not 0 < value < 1
    ]
    if not margin > 0:
        problems.append(Problem("out-of-range", "margin", f"is {margin}", "give log odds above 0"))
    names = list(rows.columns)
    by = [] if problems else names[names.index("measure") + 1 : names.index("audience_a")]
    problems += [
        Problem("missing-column", f"column {name}", "is not in the frame", "give the frame of the gaps")
        for name in (between, *by)
        if name not in frame.columns
    ]
    known: dict[str, tuple[str, list[Any], list[str]]] = {}
    if isinstance(scales, Instrument):
        for name, score in scales.scores.items():
            for item in score.items:
                known.setdefault(item, (name, [scales[one] for one in score.items], list(score.reverse)))
    else:
        for name, items in scales.items():
            for item in items:
                known.setdefault(item, (name, list(items), []))
    problems += [
        Problem("missing-column", f"column {one}", f"is not in the frame; {name!r} names it", "correct it")
        for name, items, _ in known.values()
        for one in dict.fromkeys(part.name if isinstance(part, Variable) else part for part in items)
        if one not in frame.columns
    ]
    if problems:
        raise InvalidInput("check_alike", dict.fromkeys(problems))
    seen: dict[tuple[Any, ...], dict[str, Any]] = {}
    found = []
    places = zip(*(rows[name] for name in ("item", *by, "audience_a", "audience_b")), strict=True)
    for item, *groups, a, b in places:
        key = (item, *groups, a, b)
        if key not in seen:
            if item not in known:
                seen[key] = {"alike_code": "single_item", "alike": _VERDICT_WORDS["single_item"]}
            else:
                inside = np.ones(len(frame), dtype=bool)
                for name, value in zip(by, groups, strict=True):
                    inside &= (frame[name].astype(str) == str(value)).to_numpy()
                sides = [inside & (frame[between].astype(str) == str(one)).to_numpy() for one in (a, b)]
                seen[key] = _shift(
                    frame, item, known[item], sides, (str(a), str(b)), design, level, power, margin
                )
        found.append(seen[key])
    empty = {"alike_code": "", "alike": "", "alike_scale": ""}
    added = {
        name: pd.array([one.get(name, "") for one in found], dtype="str")
        if name in empty
        else np.array([one.get(name, np.nan) for one in found], dtype=np.float64)
        for name in ALIKE_COLUMNS
    }
    return rows.drop(columns=list(ALIKE_COLUMNS), errors="ignore").assign(**added)


def _shift(
    frame: pd.DataFrame,
    item: str,
    scale: tuple[str, list[Any], list[str]],
    sides: list[Any],
    names: tuple[str, str],
    design: Design | None,
    level: float,
    power: float,
    margin: float,
) -> dict[str, Any]:
    """Return how one item shifts between two groups at equal scores on the others, as columns."""
    called, items, reverse = scale
    columns = {one.name if isinstance(one, Variable) else one: one for one in items}
    rest = [name for name in columns if name != item]
    made: dict[str, Any] = {"alike_scale": called, "alike_code": "not_computed"}
    why = ""
    if len(rest) < 2:
        why = f"{called} has {len(columns)} items, and three are needed"
    else:
        turned = [name for name in reverse if name in rest]
        score = scale_scores(frame, [columns[name] for name in rest], reverse=turned).to_numpy()
        answer = numbers_of(frame, columns[item])
        complete = ~(np.isnan(answer) | np.isnan(score)) & (sides[0] | sides[1])
        fewest = min(int((complete & side).sum()) for side in sides)
        made["alike_n"] = int(complete.sum())
        if fewest < _FEWEST:
            why = f"a group has {fewest} answers to all of {called}, and {_FEWEST} are needed"
    if not why:
        values = np.unique(answer[complete])
        if len(values) == 2:
            answer = np.where(np.isnan(answer), np.nan, answer == values[1])
        given = frame.assign(
            dif_answer=np.where(complete, answer, np.nan),
            dif_score=score,
            dif_group=np.where(sides[0], 1.0, np.where(sides[1], 0.0, np.nan)),
        )
        try:
            one, both = (
                regression(given, formula, family="binomial", design=design)
                if len(values) == 2
                else ordinal_regression(given, formula, design=design)
                for formula in (
                    "dif_answer ~ dif_score + dif_group",
                    "dif_answer ~ dif_score + dif_group + dif_score:dif_group",
                )
            )
        except (InvalidInput, NotConverged) as failure:
            problem = failure.problems[0].what if isinstance(failure, InvalidInput) else str(failure)
            why = f"the model of {item} on {called} failed ({problem})"
    if why:
        return made | {"alike": _VERDICT_WORDS["not_computed"].format(why=why)}
    shift, error = float(one.params["dif_group"]), float(one.bse["dif_group"])
    df = float(one.df_resid_inference) if one.use_t else np.inf
    reach = (float(ndtri((1 + level) / 2)) if np.isinf(df) else float(stdtrit(df, (1 + level) / 2))) * error
    detectable = float(ndtri((1 + level) / 2) + ndtri(power)) * error
    verdict = verdict_code(shift, shift - reach, shift + reach, margin=margin, detectable=detectable)
    code = _ALIKE[verdict]
    words = _VERDICT_WORDS[code].format(
        a=names[0],
        b=names[1],
        scale=called,
        side="higher" if shift > 0 else "lower",
        shift=f"{shift:.2f}",
        low=f"{shift - reach:.2f}",
        high=f"{shift + reach:.2f}",
        margin=f"{margin:g}",
        detectable=f"{detectable:.2f}",
        why="the errors of its model cannot be estimated",
    )
    return made | {
        "alike": words.replace("-", "\u2212"),
        "alike_code": code,
        "alike_shift": shift,
        "alike_std_error": error,
        "alike_low": shift - reach,
        "alike_high": shift + reach,
        "alike_p": float(one.pvalues["dif_group"]),
        "alike_p_nonuniform": float(both.pvalues["dif_score:dif_group"]),
        "alike_detectable": detectable,
    }
