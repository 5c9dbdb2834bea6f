"""Histogram of weights with their design effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from toolkit.arguments import typed
from toolkit.locale import _, localized
from toolkit.presentation.figures.drawing import Colour, Description, bare, describe, new_axes, quiet, unit
from toolkit.presentation.numbers import decimal
from toolkit.presentation.theme import BRAND_COLOUR
from toolkit.weighting import Weights, diagnose

Array = npt.NDArray[np.float64]

_BARS = 20


@typed
@localized
def weight_spread(
    weights: Weights | pd.Series | npt.ArrayLike,
    *,
    ax: Axes | None = None,
    color: Colour = BRAND_COLOUR,
    title: str | None = None,
    language: str = "en",
) -> Axes:
    """Draw how weights spread about their mean, with their design effect in the title.

    Parameters
    ----------
    weights
        What `rake` and its like returned, or one number per row.
    ax
        Axes to draw on; None for a new figure.
    color
        Of the bars.
    title, language
        A title of your own; the language of the wording.

    Returns
    -------
    Axes
        A histogram of weight over mean weight. It is for those who weight, not for a report: a bar may
        be one person, so no counts are printed.

    Raises
    ------
    InvalidInput
        For weights that are missing, infinite, negative or all 0.

    Examples
    --------
    >>> ax = weight_spread([1.0, 1.0, 2.0, 4.0])
    >>> ax.get_title().replace("\\n", " ")
    'Weights cost 27% of 4 answers: design effect 1.38, equivalent to 2.9 equal ones'
    """
    row = diagnose(weights).iloc[0].to_dict()
    values = np.asarray(weights.values if isinstance(weights, Weights) else weights, dtype=np.float64)
    relative = values / values.mean()
    edges = np.linspace(0.0, max(float(relative.max()), 1.0), _BARS + 1)
    ax = new_axes(ax, 1.7, left=0.35, right=0.3, top=0.28, bottom=0.5)
    bare(ax)
    ax.hist(
        relative,
        bins=edges.tolist(),
        weights=np.full(len(relative), 1 / len(relative)),
        color=color,
        rwidth=0.94,
        gid="bars",
    )
    ax.axvline(1.0, color=quiet(), linewidth=unit(), linestyle=(0, (3, 2)), zorder=3, gid="mean")
    ax.annotate(
        _("mean"),
        (1.0, 1.0),
        (4, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="top",
        color=quiet(),
    )
    ax.set_ylim(0, 1.15 * ax.get_ylim()[1])  # room for the word above the bars
    ax.set_xlim(0, edges[-1])
    ax.set_yticks([])
    ax.set_xlabel(_("weight, as a multiple of the mean"), color=quiet())
    describe(
        ax,
        Description(
            title or _title(row),
            (
                _(
                    "Each bar: the part of answers with such a weight; 1 is the mean. Kish's "
                    "design effect, 1 + cv². A weight far from the rest means that few people "
                    "speak for many."
                ),
            ),
            _alt(row, relative),
        ),
    )
    return ax


def _title(row: dict[str, Any]) -> str:
    n, effect, effective = int(row["n"]), float(row["design_effect"]), float(row["effective_n"])
    if effect < 1 + 1e-9:
        return _("Weights are equal: {n} answers count as {n}", n=n)
    lost = f"{100 * (1 - effective / n):.0f}"
    cost = _("{lost}%", lost=lost) if lost != "0" else _("less than 1%")
    counted = decimal(effective, 1 if effective < 10 else 0)
    return _(
        "Weights cost {cost} of {n} answers: design effect {effect}, equivalent to {counted} equal ones",
        cost=cost,
        n=n,
        effect=decimal(effect, 2),
        counted=counted,
    )


def _alt(row: dict[str, Any], relative: Array) -> str:
    low, middle, high = (decimal(float(one), 2) for one in np.quantile(relative, (0.05, 0.5, 0.95)))
    return _(
        "Histogram of {n} weights as multiples of their mean: nine in ten are between "
        "{low} and {high}, the middle one is {middle}, the largest {largest}. Design "
        "effect {effect}.",
        n=int(row["n"]),
        low=low,
        high=high,
        middle=middle,
        largest=decimal(float(relative.max()), 2),
        effect=decimal(float(row["design_effect"]), 2),
    )
