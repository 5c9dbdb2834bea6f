"""What changed from one wave to the next, where each wave asked people anew."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from toolkit.analysis.answers import Codes, Items, with_boxes
from toolkit.analysis.breaks import broken_series, mark_broken, without_broken
from toolkit.analysis.design import Design
from toolkit.analysis.gaps import gaps
from toolkit.analysis.pairing import two_waves
from toolkit.arguments import typed

__all__ = ["trend"]


@typed
def trend(
    frame: pd.DataFrame,
    items: Items,
    *,
    wave: str = "wave",
    earlier: str | None = None,
    later: str | None = None,
    by: str | Sequence[str] = "audience",
    measure: str = "favourable",
    top: Codes = None,
    bottom: Codes = None,
    design: Design | None = None,
    level: float = 0.95,
    adjust: str = "holm",
    family: Sequence[str] | None = None,
    other_adjust: str = "BH",
    margin: float = 0.10,
    compared: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Change between two waves in each group: later minus earlier.

    Parameters
    ----------
    frame
        One row a respondent and wave (`study.responses(wave="all")`).
    items
        An instrument, variables, or names.
    wave
        The column of the wave: its category order, or else the order of its labels, is time.
    earlier, later
        The waves to compare; None for the last two.
    by
        Columns within whose groups the change is measured.
    measure, design, level, adjust, family, other_adjust, margin
        As in `gaps`.
    compared
        What `toolkit.instrument.compare` said of the questionnaires of the two waves. Rows whose question,
        answers or base changed get no number: their verdict is "not comparable" and `method` says why.
    top, bottom
        Answers in the top and bottom box of plain columns: `top=[4, 5]` instead of an instrument.

    Returns
    -------
    pandas.DataFrame
        The gaps contract; audience_a is the later wave, audience_b the earlier.

    Raises
    ------
    InvalidInput
        A wave that is not there, fewer than two waves, a `compared` that is no comparison, and whatever
        `gaps` refuses.

    Notes
    -----
    The waves are taken as independent samples. Where many people answered both times the interval is too
    wide rather than too narrow, as long as their answers agree; a panel wants `panel_change`.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = [1] * 30 + [0] * 70 + [1] * 60 + [0] * 40
    >>> frame = pd.DataFrame({"wave": ["2025"] * 100 + ["2026"] * 100, "agrees": answers})
    >>> trend(frame, "agrees", by=(), measure="mean")["verdict"].iloc[0]
    'a gap of 30 points (16 to 42)'
    """
    items, measure = with_boxes(items, measure, top=top, bottom=bottom)
    before, after = two_waves(frame, wave, earlier, later, what="trend")
    broken = broken_series(compared, "trend")
    rows = gaps(
        without_broken(frame, broken, frame[wave] == before),
        items,
        between=wave,
        pairs=[(after, before)],
        by=by,
        measure=measure,
        design=design,
        level=level,
        adjust=adjust,
        family=family,
        other_adjust=other_adjust,
        margin=margin,
    )
    return mark_broken(rows, broken)
