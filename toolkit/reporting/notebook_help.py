"""Functions behind the researcher's and the student's notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["headcount_margins", "intervals_by_base", "published_summary"]


def headcount_margins(study: Study, wave: str | None = None) -> dict[str, dict[str, int]]:
    """Count the people of each audience and organisation, as margins for raking.

    Parameters
    ----------
    wave
        None for the latest.

    Returns
    -------
    dict
        "audience" and "organisation", each category → people. Categories without people are left out.

    Raises
    ------
    InvalidInput
        A headcount is not known: totals would be wrong.
    """
    counts = study.headcounts(wave)
    unknown = counts.index[counts.isna().any(axis=1)]
    if len(unknown):
        hint = "fill it in in the organisations table, or weight by margins of your own"
        problems = [
            Problem("missing-value", f"organisation {one}", "a headcount is not known", hint)
            for one in unknown
        ]
        raise InvalidInput("organisations", problems)
    sums = {"audience": counts.sum(axis=0), "organisation": counts.sum(axis=1)}
    return {
        name: {str(key): int(count) for key, count in sizes.items() if count} for name, sizes in sums.items()
    }


def published_summary(findings: pd.DataFrame, pairs: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Pair published figures in the form that `gaps_from_summary` takes.

    Parameters
    ----------
    findings
        From `load_findings`.
    pairs
        A name for the comparison → the ids of the findings to compare.

    Returns
    -------
    DataFrame
        item, audience, estimate (a fraction), n, and base and words as published.

    Raises
    ------
    InvalidInput
        An id the findings do not have, with near ones.

    Examples
    --------
    >>> import toolkit as tk
    >>> findings = tk.load_findings("data_samples/published/upwork_2024.csv")
    >>> published_summary(findings, {"flexible": ["UBB24-26", "UBB24-27"]})["estimate"].tolist()
    [0.9, 0.73]
    """
    known = findings.set_index("finding_id")
    wanted = [(item, one) for item, ids in pairs.items() for one in ids]
    problems = [
        Problem("unknown-name", f"finding {one}", "unknown finding", near_names(one, known.index))
        for _, one in wanted
        if one not in known.index
    ]
    if problems:
        raise InvalidInput("findings", problems)
    rows = known.loc[[one for _, one in wanted]]
    return pd.DataFrame(
        {
            "item": [item for item, _ in wanted],
            "audience": rows["audience"].to_numpy(),
            "estimate": np.round(rows["value_pct"].to_numpy(dtype=float) / 100, 6),
            "n": rows["n"].array,
            "base": rows["base"].to_numpy(),
            "words": rows["item"].to_numpy(),
        }
    )


def intervals_by_base(share: float, bases: Sequence[int], *, level: float = 0.95) -> pd.DataFrame:
    """Compute Wilson's interval of a share for each possible base.

    Parameters
    ----------
    share
        A fraction.
    bases
        Numbers of answers to try.

    Returns
    -------
    DataFrame
        Estimates (see `toolkit.analysis.contract`), one row a base; `base` repeats n as the group.

    Raises
    ------
    InvalidInput
        A share outside 0–1 or a base below 1.

    Examples
    --------
    >>> intervals_by_base(0.77, [100, 625]).round(3)["conf_low"].tolist()
    [0.678, 0.735]
    """
    from toolkit.analysis.contract import estimate_columns
    from toolkit.analysis.intervals import quantile, wilson

    n = np.asarray(bases, dtype=float)
    problems = []
    if not 0 <= share <= 1:
        hint = f"give {share / 100:g} where {share:g} per cent is meant"
        problems.append(Problem("out-of-range", "share", f"is {share:g}", hint))
    problems += [
        Problem("out-of-range", "bases", f"contains {base:g}", "give at least 1") for base in n[n < 1]
    ]
    if problems:
        raise InvalidInput("intervals_by_base", problems)
    low, high = wilson(np.full(len(n), share), n, quantile(level))
    columns = {
        "item": "published share",
        "measure": "top",
        "base": [f"{base:.0f}" for base in n],
        "n": n.astype(int),
        "effective_n": n,
        "estimate": share,
        "std_error": np.sqrt(share * (1 - share) / n),
        "conf_low": low,
        "conf_high": high,
        "df": np.nan,
        "method": "Wilson score interval of a published share for an assumed base",
    }
    return pd.DataFrame(columns)[estimate_columns("measure", ["base"])]
