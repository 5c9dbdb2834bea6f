"""Gaps between audiences whose headcounts are known: what these people think now, not people like them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.analysis.answers import Codes, Items, read_columns, requests_for, with_boxes
from toolkit.analysis.chosen_pairs import Pairs
from toolkit.analysis.design import Design
from toolkit.analysis.estimate_table import Population, populations, said_group
from toolkit.analysis.gap_rows import finish, refuse_options, refuse_percent
from toolkit.analysis.gaps import plan_pairs
from toolkit.analysis.intervals import hypergeometric_interval, quantile
from toolkit.analysis.moments import domain_moments
from toolkit.analysis.planning import detectable_gap
from toolkit.analysis.two_proportions import cohen_h, newcombe_limits
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["population_gaps"]

Array = npt.NDArray[np.float64]
_SAID = {
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
    """Differences of shares between audiences of known headcount.

    Parameters
    ----------
    frame, items, between, pairs, reference, by, level, margin, power
        As in `gaps`.
    population
        Audience → people it consists of; with `by`, (group, …, audience) → people.
    measure
        What is counted, as in `proportions`; "mean" for columns of 0 and 1.

    method
        "exact" holds the true gap at least as often as `level` says, whatever the sizes; "newcombe" is
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
        For a population that is not known, not whole or below the answers, a measure that is no share,
        and as `gaps`.

    Notes
    -----
    Exact: both sides' hypergeometric limits at √level, so that both hold at once at `level`; the gap lies
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
    if method not in _SAID:
        raise InvalidInput(
            "method",
            [Problem("unknown-option", "method", f"{method!r} is not known", f"use one of {[*_SAID]}")],
        )
    columns = read_columns(frame, items, kinds=("single", "option"), shared=between == "audience")
    wanted = requests_for(columns, measure)
    problems = [
        Problem(
            "unsuited-measure",
            f"column {one.item}",
            f"{one.measure!r} is no share",
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
    said = np.where(
        empty, "not computed: a side has no answers", np.where(known, _KNOWN, _SAID[method] + _ABOUT)
    )
    rows = plan.labels() | {
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
        "method": said.astype(object),
        "method_code": np.where(empty, "not_computed", np.where(known, "known", f"finite_{method}")).astype(
            object
        ),
        "design": np.ones(len(p), dtype=bool),
    }
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
    """Answers of a simple sample from a large population that would tell as much."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = n * (people - 1) / (people - n)
    return np.where(n == people, np.inf, found)
