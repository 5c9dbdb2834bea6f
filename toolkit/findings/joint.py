"""Results that need two answers of one person, over a range of assumed dependence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.findings.synthetic import answered, synthesise
from toolkit.instrument.model import Instrument
from toolkit.responses.simulation.people import Array

__all__ = ["joint_by_dependence"]


def joint_by_dependence(
    recipe: str | Path,
    pairs: Sequence[tuple[str, str]],
    *,
    audience: str,
    person: Sequence[float] = (0.0, 0.2, 0.4, 0.6),
    seed: int | None = None,
) -> pd.DataFrame:
    """Compute results that need two answers of one person under different dependence, margins fixed.

    Parameters
    ----------
    pairs
        Two items each, counted by their top box.
    audience
        Whose.
    person
        Parts of a person's variance to try; the theme's part is 0, so that each is the latent correlation.

    Returns
    -------
    pandas.DataFrame
        person, item_a, item_b, n, share_a, share_b (alike in all rows of a pair), both (share in both boxes),
        risk_with and risk_without (share of b among those in and not in box a), relative_risk, phi, and
        margins_met (whether every published figure is met).

    Raises
    ------
    InvalidInput
        As `synthesise`; an item without a top box, or not asked of everybody in the audience.

    Examples
    --------
    >>> tried = joint_by_dependence("data_samples/upwork_2024/recipe.yaml", [("burnout", "leave")],
    ...                             audience="employee", person=(0.0, 0.5))
    >>> tried["share_b"].nunique(), bool(tried["relative_risk"].is_monotonic_increasing)
    (1, True)
    """
    rows = []
    for part in person:
        made = synthesise(recipe, person=part, theme=0.0, seed=seed)
        people = made.frame[made.frame["audience"] == audience]
        for a, b in pairs:
            in_a = _top(people, a, made.opened.instrument)
            in_b = _top(people, b, made.opened.instrument)
            met = bool(made.margins["met"].all())
            rows.append(
                {"person": part, "item_a": a, "item_b": b} | _joint(in_a, in_b) | {"margins_met": met}
            )
    frame = pd.DataFrame(rows)
    frame.attrs["synthetic"] = True
    return frame


def _joint(in_a: Array, in_b: Array) -> dict[str, float]:
    a, b, both = in_a.mean(), in_b.mean(), (in_a & in_b).mean()
    with_a = both / a if a > 0 else np.nan
    without = (b - both) / (1 - a) if a < 1 else np.nan
    spread = a * (1 - a) * b * (1 - b)
    return {
        "n": len(in_a),
        "share_a": float(a),
        "share_b": float(b),
        "both": float(both),
        "risk_with": float(with_a),
        "risk_without": float(without),
        "relative_risk": float(with_a / without) if without > 0 else np.nan,
        "phi": float((both - a * b) / np.sqrt(spread)) if spread > 0 else np.nan,
    }


def _top(people: pd.DataFrame, item: str, instrument: Instrument) -> Array:
    codes = instrument[item].codes_of("top") if item in instrument else ()
    if not codes:
        hint = "name single items whose scale has a top box"
        raise InvalidInput(
            "joint_by_dependence", [Problem("unsuited-item", f"item {item}", "has no top box", hint)]
        )
    said = answered(people[item])
    if not said.all() or not len(people):
        what = f"was answered by {int(said.sum())} of the {len(people)} people of the audience"
        hint = "name items that all of the audience are asked"
        raise InvalidInput("joint_by_dependence", [Problem("not-asked", f"item {item}", what, hint)])
    return np.asarray(people[item].isin(codes), dtype=bool)
