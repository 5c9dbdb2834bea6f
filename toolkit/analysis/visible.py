"""What a survey of an organisation can and cannot see."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import pandas as pd

from toolkit.analysis.enumeration import MOST_ENUMERATED, exact_detectable_gap
from toolkit.analysis.planning import margin_of_error, minimum_detectable_gap
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem

__all__ = ["visible_gaps"]


@typed
def visible_gaps(
    headcounts: Mapping[str, int],
    *,
    responded: Mapping[str, int] | None = None,
    response: float = 1.0,
    power: float = 0.8,
    level: float = 0.95,
) -> pd.DataFrame:
    """What a survey of an organisation can and cannot see, before it is sent out or after.

    Parameters
    ----------
    headcounts
        Audience → people.
    responded
        Audience → answers expected or received; else headcount times `response`, rounded.
    response
        Response rate.
    power
        Chance of finding the gap.
    level
        Confidence level; the test has level 1 − level.

    Returns
    -------
    pandas.DataFrame
        A row a pair: audience_a, audience_b, population_a, population_b, n_a, n_b, margin_a, margin_b,
        detectable_gap (NaN: no gap would be found so often), method.

    Raises
    ------
    InvalidInput
        For fewer than two audiences, more answers than people, a response outside 0–1.

    Notes
    -----
    Groups of up to 150 answers are enumerated (Fisher's test, finite population); larger ones take the
    normal approximation, without the finite population.

    Examples
    --------
    >>> visible_gaps({"executive": 12, "employee": 240}, response=0.5)["n_a"].tolist()
    [6]
    """
    counts = dict(responded) if responded is not None else {}
    problems = []
    if not 0 < response <= 1:
        problems.append(
            Problem("out-of-range", "response", f"is {response}", "give a fraction: .6 for 60 percent")
        )
    if len(headcounts) < 2:
        problems.append(
            Problem("too-few", "headcounts", f"name {len(headcounts)} audience(s)", "name two or more")
        )
    for name, people in headcounts.items():
        counts.setdefault(name, round(people * response) if 0 < response <= 1 else 0)
        if people < 1 or counts[name] > people or counts[name] < 0:
            what = f"has {counts[name]} answers of {people} people"
            problems.append(
                Problem(
                    "above-population",
                    f"audience {name!r}",
                    what,
                    "give whole numbers, answers at most people",
                )
            )
    problems += [
        Problem("missing-value", f"audience {name!r}", "has answers and no headcount", "give its headcount")
        for name in counts
        if name not in headcounts
    ]
    if problems:
        raise InvalidInput("visible_gaps", problems)
    rows = [_seen(pair, headcounts, counts, power, level) for pair in combinations(headcounts, 2)]
    return pd.DataFrame(rows).astype({"audience_a": "str", "audience_b": "str", "method": "str"})


def _seen(
    pair: tuple[str, str], people: Mapping[str, int], counts: Mapping[str, int], power: float, level: float
) -> dict[str, object]:
    (a, b), (n, m) = pair, (counts[one] for one in pair)
    row: dict[str, object] = {"audience_a": a, "audience_b": b}
    row |= {"population_a": people[a], "population_b": people[b], "n_a": n, "n_b": m}
    row |= {
        f"margin_{side}": margin_of_error(counts[one], people[one], level=level)
        for side, one in zip("ab", pair, strict=True)
    }
    if n < 1 or m < 1:
        return row | {"detectable_gap": float("nan"), "method": "nobody answered on one side"}
    if max(n, m) <= MOST_ENUMERATED:
        gap = exact_detectable_gap(
            n, m, power=power, alpha=1 - level, population_a=people[a], population_b=people[b]
        )
        return row | {"detectable_gap": gap, "method": "enumeration, Fisher's exact test, finite population"}
    gap = minimum_detectable_gap(n, m, power=power, alpha=1 - level)
    return row | {"detectable_gap": gap, "method": "normal approximation"}
