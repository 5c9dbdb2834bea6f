"""Two pictures of the course: p values in order, and a published gap over design effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.page import Page, as_svg
from toolkit.presentation.theme import AUDIENCE_COLOURS, QUIET

if TYPE_CHECKING:
    from toolkit.findings import Register

__all__ = ["design_effect_picture", "p_value_picture"]

_LEFT, _RIGHT, _TOP, _TALL = 0.62, 6.9, 0.42, 2.3


def p_value_picture(tested: pd.DataFrame, *, alpha: float = 0.05, about: str = "comparisons") -> Picture:
    """The p values of many comparisons, smallest first, beside where chance alone would put them.

    Parameters
    ----------
    tested
        Rows with a column p_value (gaps); rows without one are left out.
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
        mend = "give rows of gaps that were tested"
        raise InvalidInput("p_value_picture", [Problem("p_value", "is blank in every row", mend)])
    below = int((values < alpha).sum())
    title = f"{below} of {len(values)} {about} are below p = {alpha:g}"
    alt = f"The smallest p value is {values[0]:.3f}, the middle one {np.median(values):.2f}."
    caption = (
        "Each point: the p value of one comparison, smallest first. The slope: where p values lie on average "
        "when nothing is real. A row of points far below it is what chance does not explain."
    )
    return Picture(title, alt, caption, as_svg(lambda: _draw(values, alpha)))


def design_effect_picture(
    register: Register, pair: str, design_effects: Sequence[float] = (1, 2, 5, 10, 20, 30)
) -> Picture:
    """The gap of a published pair for each design effect both samples may have had.

    Raises
    ------
    InvalidInput
        A pair the register does not have; no n; a design effect that is not above 0.
    """
    from toolkit.findings import over_design_effects, pair_over_design_effects
    from toolkit.reporting.reproduction.pictures import effects_picture

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


def _draw(values: npt.NDArray[np.float64], alpha: float) -> Page:
    page = Page(_TOP + _TALL + 0.5)
    m = len(values)

    def across(rank: float) -> float:
        return _LEFT + rank / (m + 1) * (_RIGHT - _LEFT)

    def up(p: float) -> float:
        return _TOP + (1 - p) * _TALL

    for p in (0.0, 0.25, 0.5, 0.75, 1.0):
        page.line((_LEFT, _RIGHT), (up(p), up(p)))
        page.text(_LEFT - 0.08, up(p), f"{p:g}", ha="right", color=QUIET, fontsize=8)
    page.line((_LEFT, _RIGHT), (up(0), up(1)), color=QUIET, linewidth=1.0, dashes=(4, 3), gid="chance")
    page.line((_LEFT, _RIGHT), (up(alpha), up(alpha)), color=AUDIENCE_COLOURS[1], linewidth=1.0, gid="alpha")
    page.text(_RIGHT, up(alpha) - 0.09, f"p = {alpha:g}", ha="right", color=AUDIENCE_COLOURS[1], fontsize=8)
    for rank, p in enumerate(values, start=1):
        page.mark(
            across(rank), up(p), marker="o", colour=AUDIENCE_COLOURS[0], markersize=3.2, gid=f"p:{rank}"
        )
    keys = [
        (
            "One comparison",
            lambda x, y: page.mark(x, y, marker="o", colour=AUDIENCE_COLOURS[0], markersize=4),
        ),
        (
            "Where chance alone would put them",
            lambda x, y: page.line((x - 0.1, x + 0.1), (y, y), color=QUIET, linewidth=1.0, dashes=(4, 3)),
        ),
    ]
    page.legend(keys, 0.14)
    page.text(
        (_LEFT + _RIGHT) / 2,
        _TOP + _TALL + 0.2,
        "Comparisons, smallest p value first",
        ha="center",
        color=QUIET,
    )
    return page
