"""Gaps between audiences: of samples, of whole populations, of ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from toolkit.analysis.answers import (
    Codes,
    Column,
    Groups,
    Items,
    Request,
    group_by,
    read_columns,
    request,
    requests_for,
    with_boxes,
)
from toolkit.analysis.design import Design, Sampled
from toolkit.analysis.estimates import Population, effective_n, populations, said_group
from toolkit.analysis.gap_rows import (
    Pairs,
    Sides,
    compare,
    finish,
    pairs_to_compare,
    refuse_options,
    refuse_overlap,
    refuse_percent,
    verdict_code,
)
from toolkit.analysis.intervals import hypergeometric_interval, quantile
from toolkit.analysis.moments import Moments, domain_moments
from toolkit.analysis.power import detectable_gap
from toolkit.analysis.rank import dominance
from toolkit.analysis.two_proportions import cohen_h, newcombe_limits
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.records import COUNT, frame_of, records

# Gaps between respondent groups, by item, pair and group.


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
    """Compare audiences: differences with interval, test, effect size and verdict.

    Parameters
    ----------
    frame
        One row per respondent.
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
        Whether to check for each gap that its item works alike for both groups: True for the scores that the
        instrument given as `items` declares, or scale → its columns. Appends the columns of `check_alike`.

    Returns
    -------
    pandas.DataFrame
        The gaps contract. A row that cannot be computed has NA and `method` gives the reason; an audience the
        item is not put to has no row. `comparable` is "different" where the instrument declares that the two
        sides were asked about different things (`referent_a`, `referent_b`); such rows are in no family of
        the others.

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
    rows |= _referents(columns, plan, between)
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
    """Return every comparison of a plan as columns of the contract, before p values are adjusted.

    Parameters
    ----------
    frame
        One row per respondent.
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
    """Items and the two groups compared: three arrays of one entry per row.

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
        """Return the columns that name a row."""
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
        One row per respondent.
    wanted
        One entry per item.
    between, pairs, by, reference
        As in `gaps`.

    Raises
    ------
    InvalidInput
        For columns or audiences that do not exist, or fewer than two audiences.
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


def _referents(columns: Sequence[Column], plan: Plan, between: str) -> dict[str, Any]:
    """Return what each side of each row was asked about, as its audience reads it; None if undeclared."""
    at = (*plan.by, between).index("audience") if "audience" in (*plan.by, between) else None
    who = ["" if at is None else str(label[at]) for label in plan.groups.labels]
    people, place = np.unique(np.array(who, dtype=object), return_inverse=True)
    variables = {column.name: column.variable for column in columns}
    about = np.full((len(plan.names), len(people)), None, dtype=object)
    for row, variable in enumerate(variables[name] for name in plan.names):
        if variable is not None:
            about[row] = [variable.referent(str(one)) for one in people]
    return {f"referent_{end}": about[plan.item, place[side]] for end, side in (("a", plan.a), ("b", plan.b))}


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
    why[lone] = "a side is in a single primary unit, from which no error can be estimated"
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
        basis=f"{sampled.made}: {sampled.label}" if designed else "",
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


# Gaps in finite populations: what these people think now, not people like them.


_LABELS = {
    "exact": "exact interval for the known populations (hypergeometric limits of both sides together)",
    "newcombe": "Newcombe interval with finite-population correction",
}
_ABOUT = "; not a test: about these people only"
_KNOWN = "everyone of both audiences answered, so the gap is known"


@typed
def population_gaps(
    frame: pd.DataFrame,
    items: Items,
    *,
    population: Population,
    between: str = "audience",
    pairs: Pairs | None = None,
    reference: str | None = None,
    by: str | Sequence[str] = (),
    measure: str = "favourable",
    top: Codes = None,
    bottom: Codes = None,
    method: str = "exact",
    level: float = 0.95,
    margin: float = 0.10,
    power: float = 0.8,
) -> pd.DataFrame:
    """Compare shares between audiences of known headcount.

    Parameters
    ----------
    frame, items, between, pairs, reference, by, level, margin, power
        As in `gaps`.
    population
        Audience → people it consists of; with `by`, (group, …, audience) → people.
    measure
        What is counted, as in `proportions`; "mean" for columns of 0 and 1.

    method
        "exact" holds the true gap at least as often as `level` states, whatever the sizes; "newcombe" is
        narrower and holds it about as often, less so near 0 and 100 % and in groups of a dozen.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        The gaps contract, without statistic and p value: no hypothesis about anyone else is tested.
        Where everybody answered the interval is the gap.

    Raises
    ------
    InvalidInput
        For a population that is unknown, not whole or below the answers, a measure that is not a share,
        and as `gaps`.

    Notes
    -----
    Exact: both sides' hypergeometric limits at √level, so that both hold at once at `level`; the gap is
    between lowest less highest and highest less lowest. Newcombe (1998, method 10): on Wilson's limits with
    n (N − 1)/(N − n) in place of n. SE² = Σ p(1 − p)/n · (N − n)/(N − 1). See docs/methods/gaps.md.
    Respondents count alike; the others are taken to keep silent for no reason that has to do with their
    answer (without that: `nonresponse_bounds`).

    Examples
    --------
    >>> answers = [1] * 16 + [0] * 4 + [1] * 30 + [0] * 30
    >>> frame = pd.DataFrame({"audience": ["a"] * 20 + ["b"] * 60, "agrees": answers})
    >>> found = population_gaps(frame, "agrees", measure="1", population={"a": 20, "b": 90})
    >>> found[["gap", "conf_low", "conf_high"]].round(3).values.tolist()
    [[0.3, 0.211, 0.389]]
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    refuse_options(None, level, margin, power, ())
    refuse_percent(margin, True)
    if method not in _LABELS:
        raise InvalidInput(
            "method",
            [Problem("unknown-option", "method", f"{method!r} is unknown", f"use one of {[*_LABELS]}")],
        )
    columns = read_columns(frame, items, kinds=("single", "option"), shared=between == "audience")
    wanted = requests_for(columns, measure)
    problems = [
        Problem(
            "unsuited-measure",
            f"column {one.item}",
            f"{one.measure!r} is not a share",
            "use gaps(design=Design(strata=…, fpc=…))",
        )
        for one in wanted
        if not one.share
    ]
    if problems or not wanted:
        none = Problem("unsuited-measure", "items", "none of them has this measure", "name another measure")
        raise InvalidInput("measure", problems or [none])
    plan = plan_pairs(frame, wanted, between, pairs, by, reference=reference)
    size = len(plan.groups.labels)
    whole = populations(plan.groups, population)
    moments = domain_moments(Design().over(frame), plan.groups.codes, size, wanted)
    problems = [
        Problem(
            "above-population",
            f"population of {said_group(plan.groups, group)}",
            f"is {whole[group]:g} and {most:g} answered",
            "correct the headcount",
        )
        for group, most in enumerate(moments.n.max(axis=0))
        if most > whole[group]
    ]
    if problems:
        raise InvalidInput("population", problems)
    at_a, at_b = (plan.item, plan.a), (plan.item, plan.b)
    sides = [(moments.mean[at], moments.n[at], whole[at[1]]) for at in (at_a, at_b)]
    (p, n, people_a), (q, m, people_b) = sides
    least = _effective(n, people_a), _effective(m, people_b)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "newcombe":
            low, high = newcombe_limits(p, least[0], q, least[1], quantile(level))
        else:
            (low_a, high_a), (low_b, high_b) = (_exact(*side, level**0.5) for side in sides)
            low, high = low_a - high_b, high_a - low_b
        error = np.sqrt(p * (1 - p) / least[0] + q * (1 - q) / least[1])
        detectable = detectable_gap(*least, power=power, alpha=1 - level)
    nothing = np.full(len(p), np.nan)
    empty, known = (n == 0) | (m == 0), (n == people_a) & (m == people_b)
    low, high = (np.where(known, p - q, np.where(empty, np.nan, limit)) for limit in (low, high))
    label = np.where(
        empty, "not computed: a side has no answers", np.where(known, _KNOWN, _LABELS[method] + _ABOUT)
    )
    rows = (
        plan.labels()
        | _referents(columns, plan, between)
        | {
            "n_a": n,
            "n_b": m,
            "estimate_a": p,
            "estimate_b": q,
            "gap": p - q,
            "std_error": np.where(empty, np.nan, error),
            "conf_low": low,
            "conf_high": high,
            "statistic": nothing,
            "df": nothing,
            "p_value": nothing,
            "effect_size": cohen_h(np.clip(p, 0, 1), np.clip(q, 0, 1)),
            "effect_size_kind": np.full(len(p), "cohen_h", dtype=object),
            "minimum_detectable_gap": np.where(empty, np.nan, detectable),
            "method": label.astype(object),
            "method_code": np.where(
                empty, "not_computed", np.where(known, "known", f"finite_{method}")
            ).astype(object),
            "design": np.ones(len(p), dtype=bool),
        }
    )
    return finish(
        rows,
        plan.by,
        adjust="none",
        other_adjust="none",
        family=None,
        margin=np.full(len(plan.item), margin),
        units=["points"] * len(plan.item),
    )


def _exact(p: Array, n: Array, people: Array, level: float) -> tuple[Array, Array]:
    low, high, some = np.full(len(n), np.nan), np.full(len(n), np.nan), n > 0
    counted = np.rint(p[some] * n[some])
    low[some], high[some] = hypergeometric_interval(counted, n[some], people[some], level=level)
    return low, high


def _effective(n: Array, people: Array) -> Array:
    """Compute the size of a simple sample from a large population with the same variance."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = n * (people - 1) / (people - n)
    return np.where(n == people, np.inf, found)


# Rank gaps of ordered answers: the chance that one audience's answer is above the other's.
#
# Mann and Whitney's test is computed from counts for all items and pairs at once; scipy's `mannwhitneyu`,
# which takes one pair of samples, returns the same numbers.


_TEST = "Mann–Whitney test (normal approximation, continuity and tie correction)"
_RANK_METHODS = {
    "mann_whitney+feng_cliff": f"{_TEST}; Feng–Cliff interval",
    "mann_whitney": f"{_TEST}; no interval: the groups do not overlap",
    "not_computed": "not computed: too few answers",
    "no_variation": "not computed: everyone gave the same answer",
}
"""Code of the method → its words."""


@typed
def rank_gap(
    frame: pd.DataFrame,
    items: Items,
    *,
    between: str = "audience",
    pairs: Pairs | None = None,
    reference: str | None = None,
    by: str | Sequence[str] = (),
    level: float = 0.95,
    adjust: str = "holm",
    family: Sequence[str] | None = None,
    other_adjust: str = "BH",
    margin: float = 0.10,
    power: float = 0.8,
) -> pd.DataFrame:
    """Estimate the probability of superiority between audiences, for items with ordered answers.

    Parameters
    ----------
    frame, items, between, pairs, reference, by, level, adjust, family, other_adjust, power
        As in `gaps`. Respondents count alike: there are no weights here.
    margin
        Differences of the two probabilities within it count as similar.

    Returns
    -------
    pandas.DataFrame
        The gaps contract, measure "probability_of_superiority". `estimate_a` is P(A > B) + ½ P(A = B),
        `estimate_b` its complement, and `gap` their difference, which is Cliff's delta, with its interval
        (that of `estimate_a` is (1 + limit) / 2); `statistic` is Mann–Whitney's W.

    Raises
    ------
    InvalidInput
        As `gaps`, and for a named item whose answers have no order.

    Notes
    -----
    Interval: Cliff's delta with the consistent variance and the asymmetric limits of Feng and Cliff (2004).
    p: normal approximation with continuity and tie correction (R: `wilcox.test(exact=FALSE)`).
    Smallest gap found: (z.975 + z_power) times twice the tie-corrected standard error of W / (n_a n_b).

    Examples
    --------
    >>> frame = pd.DataFrame({"audience": ["a"] * 3 + ["b"] * 3, "agrees": [3, 4, 5, 1, 2, 4]})
    >>> round(float(rank_gap(frame, "agrees")["estimate_a"].iloc[0]), 4)
    0.8333
    """
    refuse_options(None, level, margin, power, (adjust, other_adjust))
    wanted, columns = _ordered(read_columns(frame, items, kinds=("single",), shared=between == "audience"))
    refuse_overlap(frame, between)
    plan = plan_pairs(frame, wanted, between, pairs, by, reference=reference)
    # Items × groups × ordered answers, padded to the longest scale: one count per item
    groups = len(plan.groups.labels)
    found = []
    for column, one in zip(columns, wanted, strict=True):
        # each row's place in the order of answers, −1 for none
        scores = column.raw if one.table is None else one.table
        values = np.unique(scores[~np.isnan(scores)])
        position = np.where(np.isnan(scores), -1, np.searchsorted(values, scores))
        position, levels = position if one.table is None else position[column.raw], max(values.size, 1)
        inside = (plan.groups.codes >= 0) & (position >= 0)
        counted = np.bincount(
            plan.groups.codes[inside] * levels + position[inside], minlength=groups * levels
        )
        found.append(counted.reshape(groups, levels))
    widest = max((table.shape[1] for table in found), default=1)
    tables = np.zeros((len(found), groups, widest))
    for row, table in zip(tables, found, strict=True):
        row[:, : table.shape[1]] = table
    rows = plan.labels() | _referents(columns, plan, between) | _compared(tables, plan, level, power)
    return finish(
        rows,
        plan.by,
        adjust=adjust,
        other_adjust=other_adjust,
        family=family,
        margin=np.full(len(plan.item), margin),
        units=["superiority"] * len(plan.item),
    )


def _ordered(columns: Sequence[Column]) -> tuple[list[Request], list[Column]]:
    problems: list[Problem] = []
    found, kept = [], []
    for column in columns:
        try:
            made = request(column, "mean")
        except InvalidInput as error:
            problems.extend(error.problems)
            continue
        if made is not None:
            found.append(
                Request(
                    made.item, "probability_of_superiority", made.raw, made.table, True, made.audiences, 1.0
                )
            )
            kept.append(column)
    if problems:
        raise InvalidInput("measure", problems)
    return found, kept


def _compared(tables: Array, plan: Plan, level: float, power: float) -> dict[str, Any]:
    a, b = tables[plan.item, plan.a], tables[plan.item, plan.b]
    n, m = a.sum(axis=1), b.sum(axis=1)
    found = dominance(a, b, quantile(level))
    both = a + b
    w = (a * (np.cumsum(b, axis=1) - b / 2)).sum(axis=1)
    apart, ties = w - n * m / 2, (both**3 - both).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
        null = 2 * error / (n * m)
        z = np.where(error > 0, (apart - np.sign(apart) * 0.5) / error, np.nan)
    p = 2 * np.minimum(ndtr(z), ndtr(-z))
    few = (n < 2) | (m < 2)
    detectable = (ndtri((1 + level) / 2) + ndtri(power)) * null
    bare = np.isnan(found.conf_low) | (found.variance <= 0)
    flat = (both > 0).sum(axis=1) < 2
    code = np.full(len(n), "mann_whitney+feng_cliff", dtype=object)
    code[bare] = "mann_whitney"
    code[few] = "not_computed"
    code[flat & ~few] = "no_variation"
    unusable = few | flat
    nothing = np.where(unusable, np.nan, 1.0)
    hollow = np.where(unusable | bare, np.nan, 1.0)
    return {
        "n_a": n,
        "n_b": m,
        "estimate_a": found.superiority,
        "estimate_b": 1 - found.superiority,
        "gap": found.delta,
        "std_error": np.sqrt(np.maximum(found.variance, 0.0)) * hollow,
        "conf_low": found.conf_low * hollow,
        "conf_high": found.conf_high * hollow,
        "statistic": w * nothing,
        "df": np.full(len(n), np.nan),
        "p_value": p * nothing,
        "effect_size": found.delta,
        "effect_size_kind": np.full(len(n), "cliff_delta", dtype=object),
        "minimum_detectable_gap": np.where((detectable > 0) & (detectable < 1), detectable, np.nan) * nothing,
        "method": [_RANK_METHODS[one] for one in code],
        "method_code": code,
    }


# What leaders estimate, beside what people report.


BELIEF_COLUMNS = (
    "item",
    "audience",
    "n",
    "estimated",
    "estimated_low",
    "estimated_high",
    "about",
    "measure",
    "about_audience",
    "about_n",
    "reported",
    "reported_low",
    "reported_high",
    "difference",
    "difference_low",
    "difference_high",
    "verdict_code",
    "bound",
    "withheld_code",
    "about_withheld_code",
)
"""Columns of `beliefs` after its groups."""


@typed
def beliefs(
    estimates: pd.DataFrame | Mapping[str, pd.DataFrame], instrument: Instrument, *, margin: float = 0.10
) -> pd.DataFrame:
    """Set the share that leaders estimate beside the share that people report.

    Parameters
    ----------
    estimates
        Rows of the estimates contract by "audience", in one frame or several, raw or released (`tables` of
        what `tk.release` returned): means of the items with `estimate_of`, and the shares they are about.
    instrument
        The questionnaire that declares `estimate_of`.
    margin
        Differences within it count as similar.

    Returns
    -------
    pandas.DataFrame
        One row per estimating item, audience and group: the mean estimate as a fraction and the reported
        share, each with base and interval, and their difference with interval and `verdict_code`. `bound` is
        ">=" or "<=" where the reported share leaves the gate as a bound; a side that is withheld has NA and
        its code. A difference needs both sides, exactly. Pairs without either side are left out.

    Raises
    ------
    InvalidInput
        Frames that are not estimates by audience, or with other groups than each other.

    Notes
    -----
    The limits of the difference follow from those of the two sides (MOVER: Zou and Donner 2008), so that
    released numbers suffice: d − √((e − e_low)² + (r_high − r)²) and d + √((e_high − e)² + (r − r_low)²).
    A mean of estimates is what leaders believe on average, not the share of leaders who are right.

    Examples
    --------
    >>> readiness = tk.load_study("readiness")
    >>> answers, instrument = readiness.responses(), readiness.instrument
    >>> shares = tk.proportions(answers, instrument, by="audience", measure="top")
    >>> means = tk.means(answers, instrument, by="audience")
    >>> believed = tk.beliefs({"shares": shares, "means": means}, instrument)
    >>> believed[["item", "about", "estimated", "reported"]].round(2).head(1)
           item     about  estimated  reported
    0  eststrug  struggle        0.3      0.51
    """
    frames = {"estimates": estimates} if isinstance(estimates, pd.DataFrame) else dict(estimates)
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    groups: set[tuple[str, ...]] = set()
    for name, frame in frames.items():
        what = "measure" if "measure" in frame.columns else "response"
        if "estimate" not in frame.columns:
            continue  # gaps or participation, released in the same call
        if not {"item", what, "audience", "n", "conf_low", "conf_high"} <= set(frame.columns):
            hint = 'give what tk.means and tk.proportions return with by="audience"'
            raise InvalidInput(
                "beliefs", [Problem("wrong-shape", f"frame {name}", "is not estimates by audience", hint)]
            )
        columns = list(frame.columns)
        between = columns[columns.index(what) + 1 : columns.index("n")]
        by = tuple(column for column in between if column != "audience")
        for row in records(frame):
            if row["item"] in instrument:
                groups.add(by)
                rows[row["item"], str(row[what]), str(row["audience"]), *(row[one] for one in by)] = row
    if len(groups) > 1:
        listed = "; ".join(", ".join(by) or "none" for by in sorted(groups))
        hint = "estimate both sides by the same columns"
        raise InvalidInput("beliefs", [Problem("inconsistent", "groups", f"differ: {listed}", hint)])
    by = next(iter(groups), ())
    found = []
    for variable in instrument.variables:
        target = variable.item.estimate_of
        if target is None:
            continue
        about = instrument[target.item]
        wanted = {*about.codes_of(target.measure)}
        labels = (target.measure, "top", "bottom", *wanted)
        measures = [label for label in labels if {*about.codes_of(label)} == wanted]
        cells = dict.fromkeys(key[3:] for key in rows if key[0] in (variable.name, about.name))
        for audience, cell in product(variable.audiences, cells):
            mine = rows.get((variable.name, "mean", audience, *cell))
            known = [rows.get((about.name, label, target.audience, *cell)) for label in measures]
            theirs = next((row for row in known if row is not None), None)
            if mine is not None or theirs is not None:
                names = {"item": variable.name, "audience": audience, "about": about.name}
                names |= {"measure": target.measure, "about_audience": target.audience}
                found.append(names | dict(zip(by, cell, strict=True)) | _belief(mine, theirs, margin))
    numbers = [name for name in BELIEF_COLUMNS if name.startswith(("estimated", "reported", "difference"))]
    types = dict.fromkeys((*by, *BELIEF_COLUMNS), "str") | dict.fromkeys(numbers, "float64")
    return frame_of(found, types | {"n": COUNT, "about_n": COUNT})


def _belief(
    mine: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None, margin: float
) -> dict[str, Any]:
    """Compare one mean of estimates (0 to 100) with one share; either may be absent or withheld."""
    sides: list[dict[str, Any]] = []
    for row, scale in ((mine or {}, 100.0), (theirs or {}, 1.0)):
        given: dict[str, Any] = {name: row.get(name) for name in _ENDS.values()}
        cells = {name: np.nan if pd.isna(value) else float(value) / scale for name, value in given.items()}
        held = {"bound": row.get("bound") or "", "code": row.get("withheld_code") or ""}
        sides.append(cells | held | {"n": row.get("n")})
    e, r = sides
    exact = not (e["bound"] or r["bound"])
    gap = e["estimate"] - r["estimate"] if exact else np.nan
    low = gap - np.hypot(e["estimate"] - e["conf_low"], r["conf_high"] - r["estimate"])
    high = gap + np.hypot(e["conf_high"] - e["estimate"], r["estimate"] - r["conf_low"])
    return {
        "n": e["n"],
        **{f"estimated{end}": e[name] for end, name in _ENDS.items()},
        "about_n": r["n"],
        **{f"reported{end}": r[name] for end, name in _ENDS.items()},
        "difference": gap,
        "difference_low": low,
        "difference_high": high,
        "verdict_code": verdict_code(gap, low, high, margin=margin),
        "bound": r["bound"],
        "withheld_code": e["code"],
        "about_withheld_code": r["code"],
    }


_ENDS = {"": "estimate", "_low": "conf_low", "_high": "conf_high"}
