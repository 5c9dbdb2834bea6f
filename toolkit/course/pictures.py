"""Two pictures of the course."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from toolkit.errors import InvalidInput, Problem
from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.drawing import Description, bare, describe, new_axes, quiet, rule, unit
from toolkit.presentation.theme import AUDIENCE_COLOURS

if TYPE_CHECKING:
    from toolkit.claims import Register


def p_value_picture(
    tested: pd.DataFrame, *, ax: Axes | None = None, alpha: float = 0.05, about: str = "comparisons"
) -> Axes:
    """Plot the p values of many comparisons in order, beside their expectation under chance alone.

    Parameters
    ----------
    tested
        Rows with a column p_value (gaps); rows without one are left out.
    ax
        Axes to draw on; None for a new figure.
    alpha
        Where the line is drawn.
    about
        What the comparisons are of, for the title.

    Raises
    ------
    InvalidInput
        No row has a p value.

    Notes
    -----
    Where nothing is real and tests are independent, p values are uniform, so that the k-th smallest of m is
    k/(m + 1) on average (Schweder and Spjøtvoll 1982, Biometrika 69).
    """
    values = np.sort(tested["p_value"].dropna().to_numpy(dtype=np.float64))
    if not len(values):
        hint = "give rows of gaps that were tested"
        raise InvalidInput(
            "p_value_picture", [Problem("no-answers", "p_value", "is blank in every row", hint)]
        )
    below = int((values < alpha).sum())
    title = f"{below} of {len(values)} {about} are below p = {alpha:g}"
    alt = f"The smallest p value is {values[0]:.3f}, the middle one {np.median(values):.2f}."
    caption = (
        "Each point: the p value of one comparison, smallest first. The slope: where p values are on average "
        "when nothing is real. A row of points far below it is what chance does not explain."
    )
    ax = new_axes(ax, 2.3, left=0.6, right=0.3, top=0.36, bottom=0.5)
    bare(ax)
    m = len(values)
    ranks = np.arange(1, m + 1) / (m + 1)
    ax.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[0, 0.25, 0.5, 0.75, 1])
    ax.grid(visible=True, axis="y", color=rule(), linewidth=0.6 * unit())
    ax.set_axisbelow(True)
    blue, orange = AUDIENCE_COLOURS[:2]
    ax.plot([0, 1], [0, 1], color=quiet(), linestyle=(0, (4, 3)), label="Where chance alone would put them")
    ax.plot(ranks, values, "o", color=blue, markersize=3.2 * unit(), clip_on=False, label="One comparison")
    ax.axhline(alpha, color=orange, linewidth=unit())
    ax.annotate(f"p = {alpha:g}", (1, alpha), (0, 2), textcoords="offset points", ha="right", color=orange)
    ax.set_xlabel("Comparisons, smallest p value first", color=quiet())
    ax.set_ylabel("p value", color=quiet())
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, fontsize="small")
    describe(ax, Description(title, (caption,), alt))
    return ax


def design_effect_picture(
    register: Register, pair: str, design_effects: Sequence[float] = (1, 2, 5, 10, 20, 30)
) -> Picture:
    """Plot the gap of a published pair for each design effect that both samples may have had.

    Raises
    ------
    InvalidInput
        A pair the register does not have; no n; a design effect that is not above 0.
    """
    from toolkit.claims import over_design_effects, pair_over_design_effects
    from toolkit.claims.reproduction_chapters import effects_picture

    found = pair_over_design_effects(register, pair, design_effects)
    one = next(known for known in register.relations.pairs if known.id == pair)
    sides = {
        end: over_design_effects(register.claim(finding), design_effects=design_effects)
        for end, finding in (("a", one.a), ("b", one.b))
    }
    shares = pd.DataFrame(
        {f"{which}_{end}": side[f"conf_{which}"] for end, side in sides.items() for which in ("low", "high")}
    )
    return effects_picture(one.name, found, shares)
