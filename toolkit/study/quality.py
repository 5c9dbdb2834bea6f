"""Signs of answering without reading, and early and late answers, as columns of a study's frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from toolkit.instrument import Instrument, Variable

PARTS: Mapping[str, tuple[str, str]] = {
    "quality_check": ("kept", "flagged"),
    "field_phase": ("early", "late"),
}
"""Columns that the key `quality` adds → the two groups that each of them makes of an audience."""

_FEWEST_ITEMS = 5


def on_one_scale(instrument: Instrument, audience: str) -> list[Variable]:
    """Return the questions put to everyone of an audience with the same answers, of the most common scale.

    Empty where they are fewer than five: indices of careless answers mean nothing for so few.
    """
    scales: dict[tuple[str, ...], list[Variable]] = {}
    for one in instrument.variables:
        if one.kind == "single" and one.ordered and audience in one.audiences and one.item.ask_if is None:
            scales.setdefault(tuple(one.codes), []).append(one)
    longest = max(scales.values(), key=len, default=[])
    return longest if len(longest) >= _FEWEST_ITEMS else []


def judged(
    frame: pd.DataFrame, instrument: Instrument, days: Sequence[pd.Timestamp], smallest: int
) -> pd.DataFrame:
    """Return a coded frame with the columns of `PARTS`; missing where unknown.

    Parameters
    ----------
    days
        The day of each response, NaT where it is unknown.
    smallest
        Groups of fewer are not judged: they are not shown.

    Notes
    -----
    Each audience of an organisation and wave is judged by its own answers alone, by the rules of
    `tk.careless_flags`; "late" are answers after the median day.
    """
    from toolkit.analysis.careless import careless_flags, careless_indices

    made = {name: pd.Series(pd.NA, index=frame.index, dtype="str") for name in PARTS}
    given = pd.Series(days, index=frame.index)
    groups = frame.groupby(["organisation", "wave", "audience"], observed=True, sort=False)
    scales = {one: on_one_scale(instrument, one) for one in instrument.audiences}
    for (_, _, audience), rows in groups.indices.items():
        at = frame.index[rows]
        if len(at) < smallest:
            continue
        if scales[audience]:
            flags = careless_flags(careless_indices(frame.loc[at], scales[audience]))
            made["quality_check"][at] = flags["named"].map({True: "flagged", False: "kept"})
        late = given[at] > given[at].median()
        if late.any() and given[at].notna().all():  # else those without a day would be left over
            made["field_phase"][at] = late.map({True: "late", False: "early"})
    return frame.assign(**made)
