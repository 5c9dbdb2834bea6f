"""Shares against a published figure that is taken as known without error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr

from toolkit.analysis.answers import Codes, Items, with_boxes
from toolkit.analysis.contract import gap_columns
from toolkit.analysis.design import Design
from toolkit.analysis.estimates import proportions
from toolkit.analysis.gap_rows import finish, refuse_options, refuse_percent
from toolkit.analysis.two_proportions import cohen_h
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names

__all__ = ["against_published"]

Array = npt.NDArray[np.float64]
_FEW = 5
_OURS, _PUBLISHED = "this survey", "published"


@typed
def against_published(
    frame: pd.DataFrame,
    items: Items,
    published: float | Mapping[str, float],
    *,
    by: str | Sequence[str] = (),
    measure: str = "favourable",
    top: Codes = None,
    bottom: Codes = None,
    design: Design | None = None,
    level: float = 0.95,
    power: float = 0.8,
    adjust: str = "holm",
    family: Sequence[str] | None = None,
    other_adjust: str = "BH",
    margin: float = 0.10,
) -> pd.DataFrame:
    """Hold shares against a published figure without a sample size of its own.

    Parameters
    ----------
    frame, items, measure, design
        As in `proportions`.
    published
        The published share, a fraction between 0 and 1, or item → share.
    by
        Group columns, each group held against the same figure.
    level, power, adjust, family, other_adjust, margin
        As in `gaps`.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        The gaps contract: audience_a "this survey", audience_b "published" (n_b is NA); gap is ours less
        the published share.

    Raises
    ------
    InvalidInput
        For a published share outside 0–1, in percent or missing for an item, and whatever `proportions`
        refuses.

    Notes
    -----
    Simple samples: the score test with Wilson's interval, which leaves out the figure exactly where p is
    below 1 − level; where fewer than 5 answers are expected on a side, the exact binomial test with
    Clopper–Pearson's. Under a design: t = gap / SE with the design's df. A figure with an n of its own is
    no fixed one: compare it by `gaps_from_summary`, which counts its error too.

    Examples
    --------
    >>> frame = pd.DataFrame({"burnt_out": [1] * 81 + [0] * 182})
    >>> found = against_published(frame, "burnt_out", 0.5, measure="1")
    >>> found["verdict"].iloc[0]
    'a gap of −19 points (−24 to −13)'
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    refuse_options(None, level, margin, power, [adjust, other_adjust])
    refuse_percent(margin, True)
    names = (by,) if isinstance(by, str) else tuple(by)
    how: dict[str, Any] = {"by": names or None, "measure": measure, "design": design, "level": level}
    simple = design is None or design.plain
    plain = proportions(frame, items, method="wilson" if simple else "wald", **how)
    # The published share of each row
    listed = plain["item"].tolist()
    known = dict(published) if isinstance(published, Mapping) else dict.fromkeys(listed, published)
    problems = [
        Problem("missing-value", f"item {name}", "has no published share", "give one, or leave the item out")
        for name in dict.fromkeys(listed)
        if name not in known
    ]
    problems += [
        Problem(
            "unknown-item",
            f"published, {name!r}",
            "is not among the items",
            near_names(str(name), dict.fromkeys(listed)),
        )
        for name in known
        if name not in listed
    ]
    for name, share in known.items():
        if not 0 < share < 1:
            percent = 1 < share < 100
            hint = (
                f"give a fraction: {share / 100:g} for {share:g} %" if percent else "give a share that can be"
            )
            problems.append(
                Problem(
                    "out-of-range", f"published share of {name}", f"is {share}, not between 0 and 1", hint
                )
            )
    if problems:
        raise InvalidInput("against_published", problems)
    figure = np.array([known[name] for name in listed], dtype=np.float64)
    rows: dict[str, Any] = {name: plain[name].to_numpy() for name in ("item", "measure", *names)}
    rows |= _tested(plain, figure, level) if simple else _designed(plain, figure)
    n, own = plain["n"].to_numpy(dtype=np.float64), plain["estimate"].to_numpy()
    counted = n if simple else plain["effective_n"].to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        least = (ndtri((1 + level) / 2) + ndtri(power)) * np.sqrt(figure * (1 - figure) / counted)
    rows |= {
        "audience_a": np.full(len(plain), _OURS, dtype=object),
        "audience_b": np.full(len(plain), _PUBLISHED, dtype=object),
        "n_a": n,
        "n_b": np.full(len(plain), np.nan),
        "estimate_a": own,
        "estimate_b": figure,
        "gap": own - figure,
        "std_error": plain["std_error"].to_numpy(),
        "df": plain["df"].to_numpy(dtype=np.float64),
        "effect_size": np.where(n > 0, cohen_h(np.where(n > 0, own, 0.5), figure), np.nan),
        "effect_size_kind": np.full(len(plain), "cohen_h", dtype=object),
        "minimum_detectable_gap": np.where((n > 0) & (least < 1), least, np.nan),
    }
    result: pd.DataFrame = finish(
        rows,
        names,
        adjust=adjust,
        other_adjust=other_adjust,
        family=family,
        margin=np.full(len(plain), margin),
        units=["points"] * len(plain),
    )
    return result[gap_columns(names)]


def _tested(plain: pd.DataFrame, figure: Array, level: float) -> dict[str, Any]:
    """Score test beside Wilson's interval; exact where few are expected on a side."""
    from scipy.stats import binomtest

    n, own = plain["n"].to_numpy(dtype=np.float64), plain["estimate"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (own - figure) / np.sqrt(figure * (1 - figure) / n)
    p = np.asarray(2 * ndtr(-np.abs(z)))
    low, high = plain["conf_low"].to_numpy() - figure, plain["conf_high"].to_numpy() - figure
    said = np.where(n > 0, "score test, Wilson score interval", plain["method"]).astype(object)
    code = np.where(n > 0, "score+wilson", "not_computed").astype(object)
    for at in np.flatnonzero((n > 0) & (n * np.minimum(figure, 1 - figure) < _FEW)):
        share = float(figure[at])
        exact = binomtest(round(own[at] * n[at]), int(n[at]), share)
        z[at], p[at] = np.nan, exact.pvalue
        low[at], high[at] = np.array(exact.proportion_ci(level)) - share
        said[at] = "exact binomial test, Clopper–Pearson exact interval"
        code[at] = "binomial+clopper_pearson"
    limits = {"conf_low": low, "conf_high": high}
    return {"statistic": z, "p_value": p, **limits, "method": said, "method_code": code}


def _designed(plain: pd.DataFrame, figure: Array) -> dict[str, Any]:
    """t of the design; no test where the answers do not vary."""
    error, own = plain["std_error"].to_numpy(), plain["estimate"].to_numpy()
    df = plain["df"].to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0, (own - figure) / error, np.nan)
    finite = np.isfinite(df) & (df > 0)
    by_t = 2 * stdtr(np.where(finite, df, 1.0), -np.abs(t))
    p = np.where(finite, by_t, np.where(np.isinf(df), 2 * ndtr(-np.abs(t)), np.nan))
    unvaried = "no test: the answers do not vary; "
    said = np.where(np.isnan(p) & plain["n"].gt(0).to_numpy(), unvaried + plain["method"], plain["method"])
    low, high = plain["conf_low"].to_numpy() - figure, plain["conf_high"].to_numpy() - figure
    code = np.where(np.isnan(p), "no_variation", "design_t").astype(object)
    code[plain["n"].to_numpy() == 0] = "not_computed"
    designed = {"method": said, "method_code": code, "design": np.ones(len(plain), dtype=bool)}
    return {"statistic": t, "p_value": p, "conf_low": low, "conf_high": high, **designed}
