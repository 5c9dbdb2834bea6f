"""How uneven weights are: a histogram whose title says what they cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.page import WIDTH, Page, as_svg
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import decimal
from toolkit.presentation.theme import QUIET, RULE, Theme
from toolkit.weighting import Weights, diagnose

__all__ = ["weight_spread"]

Array = npt.NDArray[np.float64]
_WORDS = Words(
    {
        "caption": (
            "Each bar: the part of answers with such a weight; 1 is the mean. Kish's design effect, 1 + "
            "cv². A weight far from the rest says that few people speak for many.",
            "Chaque barre : la part des réponses ayant un tel poids ; 1 est la moyenne. Effet de plan de "
            "Kish, 1 + cv². Un poids loin des autres dit que peu de personnes parlent pour beaucoup.",
        ),
        "equal": (
            "Weights are equal: {n} answers count as {n}",
            "Les poids sont égaux : {n} réponses comptent pour {n}",
        ),
        "cost": ("{lost} %", "{lost} %"),
        "less": ("less than 1 %", "moins de 1 %"),
        "title": (
            "Weights cost {cost} of {n} answers: design effect {effect}, as good as {counted} equal ones",
            "Les poids coûtent {cost} de {n} réponses : effet de plan {effect}, autant que {counted} à "
            "poids égal",
        ),
        "alt": (
            "Histogram of {n} weights as multiples of their mean: nine in ten lie between {low} and {high}, "
            "the middle one is {middle}, the largest {largest}. Design effect {effect}.",
            "Histogramme de {n} poids en multiples de leur moyenne : neuf sur dix sont entre {low} et "
            "{high}, le médian est {middle}, le plus grand {largest}. Effet de plan {effect}.",
        ),
        "mean": ("mean", "moyenne"),
        "axis": ("weight, as a multiple of the mean", "poids, en multiple de la moyenne"),
    }
)
_LEFT, _TOP, _TALL, _FOOT = 0.5, 0.3, 1.6, 0.6
_BARS = 20


@spoken
def weight_spread(
    weights: Weights | pd.Series | npt.ArrayLike,
    *,
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture:
    """Draw how weights spread about their mean, with their design effect in the title.

    Parameters
    ----------
    weights
        What `rake` and its like gave, or one number a row.
    look, title, language
        Colours; a title of your own; the language of the wording.

    Returns
    -------
    Picture
        A histogram of weight over mean weight. It is for those who weight, not for a report: a bar may
        stand for one person, so no counts are written.

    Raises
    ------
    InvalidInput
        For weights that are missing, infinite, negative or all 0.

    Examples
    --------
    >>> weight_spread([1.0, 1.0, 2.0, 4.0]).title
    'Weights cost 27 % of 4 answers: design effect 1.38, as good as 2.9 equal ones'
    """
    row = diagnose(weights).iloc[0].to_dict()
    values = np.asarray(weights.values if isinstance(weights, Weights) else weights, dtype=np.float64)
    relative = values / values.mean()
    edges = np.linspace(0.0, max(float(relative.max()), 1.0), _BARS + 1)
    part = np.histogram(relative, edges)[0] / len(relative)
    colour = (look or Theme()).colour
    return Picture(
        title or _title(row),
        _alt(row, relative),
        _WORDS("caption"),
        as_svg(lambda: _page(edges, part, colour)),
    )


def _title(row: dict[str, Any]) -> str:
    n, effect, effective = int(row["n"]), float(row["design_effect"]), float(row["effective_n"])
    if effect < 1 + 1e-9:
        return _WORDS("equal", n=n)
    lost = f"{100 * (1 - effective / n):.0f}"
    cost = _WORDS("cost", lost=lost) if lost != "0" else _WORDS("less")
    counted = decimal(effective, 1 if effective < 10 else 0)
    return _WORDS("title", cost=cost, n=n, effect=decimal(effect, 2), counted=counted)


def _alt(row: dict[str, Any], relative: Array) -> str:
    low, middle, high = (decimal(float(one), 2) for one in np.quantile(relative, (0.05, 0.5, 0.95)))
    return _WORDS(
        "alt",
        n=int(row["n"]),
        low=low,
        high=high,
        middle=middle,
        largest=decimal(float(relative.max()), 2),
        effect=decimal(float(row["design_effect"]), 2),
    )


def _page(edges: Array, part: Array, colour: str) -> Page:
    page = Page(_TOP + _TALL + _FOOT)
    floor, wide = _TOP + _TALL, WIDTH - _LEFT - 0.3

    def at(value: float) -> float:
        return float(_LEFT + wide * value / edges[-1])

    for place, share in enumerate(part):
        tall = _TALL * float(share / part.max())
        left, right = at(edges[place]), at(edges[place + 1])
        page.box(left + 0.01, floor - tall, right - left - 0.02, tall, gid=f"bar:{place}", facecolor=colour)
    page.line((_LEFT, _LEFT + wide), (floor, floor))
    page.line((at(1.0), at(1.0)), (_TOP - 0.05, floor), gid="mean", color=QUIET, dashes=(3, 2))
    page.text(at(1.0), _TOP - 0.14, _WORDS("mean"), color=QUIET, fontsize=8, ha="center")
    for value in _ticks(float(edges[-1])):
        page.line((at(value), at(value)), (floor, floor + 0.05), color=RULE)
        page.text(at(value), floor + 0.15, decimal(value), color=QUIET, fontsize=8, ha="center")
    page.text(_LEFT + wide / 2, floor + 0.4, _WORDS("axis"), color=QUIET, ha="center")
    return page


def _ticks(most: float) -> list[float]:
    """Round numbers from 0, at most eight."""
    step = next(
        one for one in (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 10.0 ** np.ceil(np.log10(most))) if most / one <= 7
    )
    return [float(one) for one in np.arange(0.0, most + 1e-9, step)]
