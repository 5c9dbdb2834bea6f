"""Answers to an earlier questionnaire in the columns of the present one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from toolkit.instrument.codebook import compare
from toolkit.instrument.model import Instrument, Variable

_NOT_ASKED = "-5"
_BREAKS = {"scale changed", "new", "gone"}

Array = np.ndarray[Any, np.dtype[Any]]


def carried(frame: pd.DataFrame, old: Instrument, new: Instrument) -> pd.DataFrame:
    """Carry a coded frame of one questionnaire over to another.

    Parameters
    ----------
    frame
        Coded with `old`.
    old, new
        The earlier and the later questionnaire; the audiences of the earlier are among those of the later.

    Returns
    -------
    DataFrame
        The columns of `new`. An answer is carried over where its question offers the same answers to the
        audience, whatever its words and routing; where the answers changed, or the question was not put to
        the audience, it is -5 (missing for numbers and text). `toolkit.instrument.compare` shows which trends
        may be drawn.
    """
    compared = compare(old, new)
    same = [_BREAKS.isdisjoint(changes.split("; ")) for changes in compared["change"]]
    carries = compared[same].groupby("item")["audience"].agg(set).to_dict()
    audiences = pd.Categorical(frame["audience"].astype("str"), categories=list(new.audiences), ordered=True)
    known = {variable.name for variable in old.variables}
    columns: dict[str, object] = {
        name: audiences if name == "audience" else frame[name] for name in frame if name not in known
    }
    for variable in new.variables:
        theirs = frame["audience"].isin(carries.get(variable.name, set())).to_numpy()
        columns[variable.name] = _column(frame, variable, theirs)
    order = [*(name for name in columns if name not in new), *(variable.name for variable in new.variables)]
    return pd.DataFrame({name: columns[name] for name in order}, index=frame.index)


def _column(frame: pd.DataFrame, variable: Variable, theirs: Array) -> pd.Series:
    if variable.kind in ("number", "text"):
        dtype = "float64" if variable.kind == "number" else "str"
        if not theirs.any():
            return pd.Series(np.nan if variable.kind == "number" else pd.NA, index=frame.index, dtype=dtype)
        return frame[variable.name].where(theirs).astype(dtype)
    codes = np.full(len(frame), _NOT_ASKED, dtype=object)
    if theirs.any():
        codes[theirs] = frame.loc[theirs, variable.name].astype("str").to_numpy(dtype=object)
    values = pd.Categorical(codes, categories=list(variable.categories), ordered=variable.ordered)
    return pd.Series(values, index=frame.index, name=variable.name)
