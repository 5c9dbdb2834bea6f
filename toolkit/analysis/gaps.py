"""The gap table: every item, every pair of audiences, every group, in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.answers import Codes, Items, Request, read_columns, requests_for, with_boxes
from toolkit.analysis.chosen_pairs import Pairs, pairs_to_compare
from toolkit.analysis.design import Design
from toolkit.analysis.engine import Sides, compare
from toolkit.analysis.estimate_table import effective_n
from toolkit.analysis.gap_rows import finish, refuse_options, refuse_percent
from toolkit.analysis.groups import Groups, group_by
from toolkit.analysis.moments import Moments, domain_moments
from toolkit.analysis.overlap import refuse_overlap
from toolkit.analysis.sampled import Sampled
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument

__all__ = ["Plan", "compare_groups", "gaps", "plan_pairs"]

Array = npt.NDArray[np.float64]


@typed
def gaps(
    frame: pd.DataFrame,
    items: Items,
    *,
    between: str = "audience",
    pairs: Pairs | None = None,
    reference: str | None = None,
    by: str | Sequence[str] = (),
    measure: str = "favourable",
    top: Codes = None,
    bottom: Codes = None,
    design: Design | None = None,
    method: str | None = None,
    level: float = 0.95,
    adjust: str = "holm",
    family: Sequence[str] | None = None,
    other_adjust: str = "BH",
    margin: float = 0.10,
    power: float = 0.8,
    alike: bool | Mapping[str, Sequence[str]] = False,
) -> pd.DataFrame:
    """Differences between audiences, with interval, test, effect size and verdict.

    Parameters
    ----------
    frame
        One row a respondent.
    items
        An instrument (its single and multi-select columns two or more audiences share), variables, or names.
    between
        Column of the audience; its category order gives audience_a and audience_b. Rows with NaN or a
        reserved code (-1 … -6) are in no audience.
    pairs
        Pairs (a, b) to compare; None compares all.
    reference
        Instead of pairs, one audience that each other is compared with: a gap is the other's less its own.
    by
        Further group columns: the comparison is made within each group that occurs.
    measure
        "favourable", "unfavourable", "top", "bottom", one response code, "mean" (of a 0/1 column a share),
        "net" (top less bottom box) or "recommend" (9–10 less 0–6 of a scale 0 to 10), both compared as means.
    design
        How respondents were drawn.
    method
        Interval of shares: "newcombe" (the choice for a simple sample), "miettinen-nurminen",
        "agresti-caffo", "wald", "design-t" (the choice under a design).
    level
        Confidence level.
    adjust, family, other_adjust
        Items declared beforehand are adjusted together by `adjust`, all other rows together by
        `other_adjust`; with family None all rows are one family under `adjust`.
    margin
        Gaps within it count as similar: a fraction for shares, a part of the scale's range for means (of
        a plain numeric column, in its own units).
    power
        For the smallest gap found at two-sided 5 %.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.
    alike
        Whether to say beside each gap if its item works alike for both groups: True for the scores that the
        instrument given as `items` declares, or scale → its columns. Appends the columns of `check_alike`.

    Returns
    -------
    pandas.DataFrame
        The gaps contract. A row that cannot be computed has NA and `method` says why; an audience the
        item is not put to has no row.

    Raises
    ------
    InvalidInput
        For columns, pairs, measures, options or a design that cannot be used, all at once where possible.

    Notes
    -----
    Simple sample: pooled z test (Pearson), Fisher's exact test where an expected count is below 5; means
    by Welch's t. Under a design: t with the covariance of the linearised domain means and the design's df
    (R: `svycontrast(svyby(…, covmat=TRUE))`). `std_error` of a share's gap is the unpooled Wald error.
    Checked against R in `tests/analysis`; see docs/methods/gaps.md.

    Examples
    --------
    >>> answers = [1] * 56 + [0] * 14 + [1] * 48 + [0] * 32
    >>> frame = pd.DataFrame({"audience": ["a"] * 70 + ["b"] * 80, "agrees": answers})
    >>> gaps(frame, "agrees", measure="mean")["verdict"].iloc[0]
    'a difference is likely; its practical size is uncertain'
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    refuse_options(method, level, margin, power, (adjust, other_adjust))
    if alike is True and not isinstance(items, Instrument):
        hint = "give the instrument as items, or alike={scale: its columns}"
        raise InvalidInput("gaps", [Problem("missing-argument", "alike", "needs scales", hint)])
    refuse_overlap(frame, between)
    columns = read_columns(frame, items, kinds=("single", "option"), shared=between == "audience")
    wanted = requests_for(columns, measure)
    refuse_percent(margin, any(one.points for one in wanted))
    plan = plan_pairs(frame, wanted, between, pairs, by, reference=reference)
    rows = compare_groups(frame, wanted, plan, design=design, method=method, level=level, power=power)
    share = np.array([one.share for one in wanted] or [True])[plan.item]
    span = np.array([one.span for one in wanted] or [1.0])[plan.item]
    points = np.array([one.points for one in wanted] or [True])[plan.item]
    found = finish(
        rows,
        plan.by,
        adjust=adjust,
        other_adjust=other_adjust,
        family=family,
        margin=margin * np.where(share, 1.0, span),
        units=np.where(points, "points", "scale").tolist(),
    )
    if alike is False:
        return found
    from toolkit.analysis.invariance import check_alike

    scales: Any = items if alike is True else alike
    return check_alike(found, frame, scales, between=between, design=design, level=level, power=power)


def compare_groups(
    frame: pd.DataFrame,
    wanted: Sequence[Request],
    plan: Plan,
    *,
    design: Design | None,
    method: str | None,
    level: float,
    power: float,
) -> dict[str, Any]:
    """Every comparison of a plan as columns of the contract, before p values are adjusted.

    Parameters
    ----------
    frame
        One row a respondent.
    wanted, plan
        What is compared between which groups.
    design, method, level, power
        As in `gaps`.
    """
    sampled = (design or Design()).over(frame, linearise=method == "design-t")
    moments = domain_moments(sampled, plan.groups.codes, len(plan.groups.labels), wanted) if wanted else None
    sides = _sides(moments, sampled, plan, wanted)
    bases = {
        "n_a": sides.n_a,
        "n_b": sides.n_b,
        "estimate_a": sides.estimate_a,
        "estimate_b": sides.estimate_b,
    }
    return plan.labels() | compare(sides, method=method, level=level, power=power) | bases


@dataclass(frozen=True)
class Plan:
    """Which item is compared between which two groups: three arrays of one entry a row.

    `groups` are by-group × audience cells, in that order; `item`, `a` and `b` point into requests and groups.
    """

    groups: Groups
    by: tuple[str, ...]
    item: Any
    a: Any
    b: Any
    names: tuple[str, ...]
    measures: tuple[str, ...]

    def labels(self) -> dict[str, Any]:
        """The columns that name a row."""
        shown = {
            name: pd.Index([label[at] for label in self.groups.labels]).take(self.a).array
            for at, name in enumerate(self.by)
        }
        audience = [str(label[-1]) for label in self.groups.labels]
        names, measures = (
            np.array(self.names or ("",), dtype=object),
            np.array(self.measures or ("",), dtype=object),
        )
        found = np.array(audience, dtype=object)
        return {
            "item": names[self.item],
            "measure": measures[self.item],
            **shown,
            "audience_a": found[self.a],
            "audience_b": found[self.b],
        }


def plan_pairs(
    frame: pd.DataFrame,
    wanted: Sequence[Request],
    between: str,
    pairs: Pairs | None,
    by: str | Sequence[str],
    *,
    reference: str | None = None,
) -> Plan:
    """Cross items, by-groups and pairs; leave out audiences an item is not put to.

    Parameters
    ----------
    frame
        One row a respondent.
    wanted
        One entry an item.
    between, pairs, by, reference
        As in `gaps`.

    Raises
    ------
    InvalidInput
        For columns or audiences that are not there, or fewer than two audiences.
    """
    names = (by,) if isinstance(by, str) else tuple(by)
    if between in names:
        raise InvalidInput(
            "gaps",
            [
                Problem(
                    "conflict", f"column {between}", "is named in both between and by", "leave it out of by"
                )
            ],
        )
    audience, within = group_by(frame, between), group_by(frame, names, every_category=False)
    labels = [label[0] for label in audience.labels]
    named = pairs_to_compare(labels, between, pairs, reference)
    compared = [(labels.index(a), labels.index(b)) for a, b in named]
    inside = (audience.codes >= 0) & (within.codes >= 0)
    cells = np.where(inside, within.codes * len(labels) + audience.codes, -1)
    groups = Groups((*names, between), cells, tuple((*w, label) for w in within.labels for label in labels))
    first, second = np.array([a for a, _ in compared]), np.array([b for _, b in compared])
    put_to = {one.audiences: _both_asked(one.audiences, between, labels, compared) for one in wanted}
    kept = np.array([put_to[one.audiences] for one in wanted], dtype=bool).reshape(
        len(wanted), 1, len(compared)
    )
    item, place, pair = np.nonzero(np.broadcast_to(kept, (len(wanted), len(within.labels), len(compared))))
    start = place * len(labels)
    items, measures = tuple(one.item for one in wanted), tuple(one.measure for one in wanted)
    return Plan(groups, names, item, start + first[pair], start + second[pair], items, measures)


def _both_asked(
    audiences: tuple[str, ...] | None, between: str, labels: list[Any], compared: list[tuple[int, int]]
) -> Any:
    if audiences is None or between != "audience":
        return np.ones(len(compared), dtype=bool)
    return np.array([str(labels[a]) in audiences and str(labels[b]) in audiences for a, b in compared])


def _sides(moments: Moments | None, sampled: Sampled, plan: Plan, wanted: Sequence[Request]) -> Sides:
    if moments is None:
        nothing = np.zeros((0, len(plan.groups.labels)))
        moments = Moments(nothing, nothing, nothing, nothing, nothing, nothing, None)
    at_a, at_b = (plan.item, plan.a), (plan.item, plan.b)
    share = np.array([one.share for one in wanted] or [True])[plan.item]
    mean, n = moments.mean, moments.n
    spread_a = np.where(share, mean[at_a] * (1 - mean[at_a]), moments.spread[at_a])
    spread_b = np.where(share, mean[at_b] * (1 - mean[at_b]), moments.spread[at_b])
    variance, df = np.full(len(plan.item), np.nan), np.full(len(plan.item), np.nan)
    effective_a, effective_b = moments.kish[at_a], moments.kish[at_b]
    if moments.covariance is not None:
        cov = moments.covariance
        own_a, own_b = cov[plan.item, plan.a, plan.a], cov[plan.item, plan.b, plan.b]
        variance = own_a + own_b - 2 * cov[plan.item, plan.a, plan.b]
        effective_a, effective_b = (
            effective_n(spread_a, own_a, effective_a),
            effective_n(spread_b, own_b, effective_b),
        )
        df = _df(sampled, plan)
    designed = moments.covariance is not None
    why = _why(n[at_a], n[at_b], plan, least=2 if designed else 1)
    lone = (np.minimum(moments.units[at_a], moments.units[at_b]) < 2) & (why == "") & designed
    why[lone] = "a side lies in one primary unit, from which no error can be estimated"
    return Sides(
        n_a=n[at_a],
        n_b=n[at_b],
        effective_a=effective_a,
        effective_b=effective_b,
        estimate_a=mean[at_a],
        estimate_b=mean[at_b],
        spread_a=spread_a,
        spread_b=spread_b,
        variance=variance,
        df=df,
        share=share,
        designed=designed,
        why=why,
        said=f"{sampled.made}: {sampled.label}" if designed else "",
    )


def _df(sampled: Sampled, plan: Plan) -> Array:
    if not sampled.own_df:
        return np.full(len(plan.item), sampled.degrees_of_freedom())
    both = {
        (a, b): sampled.degrees_of_freedom((plan.groups.codes == a) | (plan.groups.codes == b))
        for a, b in set(zip(plan.a.tolist(), plan.b.tolist(), strict=True))
    }
    return np.array([both[pair] for pair in zip(plan.a.tolist(), plan.b.tolist(), strict=True)])


def _why(n_a: Array, n_b: Array, plan: Plan, *, least: int) -> Any:
    why = np.full(len(n_a), "", dtype=object)
    short = np.nonzero((n_a < least) | (n_b < least))[0]
    for row in short:
        few = [
            f"{plan.groups.labels[group][-1]} ({int(n)} answered)"
            for group, n in ((plan.a[row], n_a[row]), (plan.b[row], n_b[row]))
            if n < least
        ]
        why[row] = "too few answers from " + " and ".join(few)
    return why
