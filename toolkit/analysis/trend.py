"""What changed from one wave to the next, where each wave asked people anew."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from toolkit.analysis.answers import Items
from toolkit.analysis.design import Design
from toolkit.analysis.gaps import gaps
from toolkit.errors import InvalidInput, Problem, near_names

__all__ = ["trend"]


def trend(
    frame: pd.DataFrame,
    items: Items,
    *,
    wave: str = "wave",
    earlier: str | None = None,
    later: str | None = None,
    by: str | Sequence[str] = "audience",
    measure: str = "favourable",
    design: Design | None = None,
    level: float = 0.95,
    adjust: str = "holm",
    family: Sequence[str] | None = None,
    other_adjust: str = "BH",
    margin: float = 0.10,
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

    Returns
    -------
    pandas.DataFrame
        The gaps contract; audience_a is the later wave, audience_b the earlier.

    Raises
    ------
    InvalidInput
        A wave that is not there, fewer than two waves, and whatever `gaps` refuses.

    Notes
    -----
    The waves are taken as independent samples. Where many people answered both times the interval is too
    wide rather than too narrow, as long as their answers agree; a panel wants a paired test (`mcnemar`).

    Examples
    --------
    >>> import pandas as pd
    >>> answers = [1] * 30 + [0] * 70 + [1] * 60 + [0] * 40
    >>> frame = pd.DataFrame({"wave": ["2025"] * 100 + ["2026"] * 100, "agrees": answers})
    >>> trend(frame, "agrees", by=(), measure="mean")["verdict"].iloc[0]
    'a gap of 30 points (16 to 42)'
    """
    if wave not in frame.columns:
        where = Problem(f"column {wave}", "is not in the frame", near_names(wave, map(str, frame.columns)))
        raise InvalidInput("trend", [where])
    known = _in_time(frame[wave])
    if len(known) < 2:
        mend = 'give a frame with two waves, such as study.responses(wave="all")'
        raise InvalidInput("trend", [Problem(f"column {wave}", f"holds {len(known)} wave(s)", mend)])
    pair = (later or known[-1], earlier or known[-2])
    problems = [
        Problem(f"wave {one}", f"is not in column {wave}", near_names(str(one), map(str, known)))
        for one in pair
        if one not in known
    ]
    if pair[0] == pair[1]:
        problems.append(Problem(f"wave {pair[0]}", "is compared with itself", "name two different waves"))
    if problems:
        raise InvalidInput("trend", problems)
    return gaps(
        frame,
        items,
        between=wave,
        pairs=[pair],
        by=by,
        measure=measure,
        design=design,
        level=level,
        adjust=adjust,
        family=family,
        other_adjust=other_adjust,
        margin=margin,
    )


def _in_time(column: pd.Series) -> list[str]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [one for one in column.cat.categories if (column == one).any()]
    return sorted(column.dropna().unique())
