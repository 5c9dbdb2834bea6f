"""Coded frames of any instrument: answers drawn at random, coded by the toolkit's own rules."""

from __future__ import annotations

import numpy as np
import pandas as pd

from toolkit.instrument import Instrument
from toolkit.instrument.model import Variable
from toolkit.platforms import Export
from toolkit.platforms.exports import tally
from toolkit.responses import decode

__all__ = ["coded_frame"]

TEXTS = ("", "plain", 'comma, "quote"', "two\nlines", "é漢字😀 «x»", "-1", "=1+1", "NA", "0012")


def coded_frame(instrument: Instrument, seed: int, *, people: int = 12) -> pd.DataFrame:
    """A coded frame with every kind of answer, routing and breaking off as `decode` sees them."""
    rng = np.random.default_rng(seed)
    index = pd.RangeIndex(2, people + 2)
    answers = pd.DataFrame(
        {v.name: _drawn(v, instrument, rng, index) for v in instrument.variables}, index=index
    )
    told = pd.DataFrame(
        {
            "respondent": [f"r{number:03d}" for number in index],
            "organisation": rng.choice(["org-01", "org-02"], people),
            "audience": rng.choice(list(instrument.audiences), people),
            "submitted": rng.random(people) < 0.8,
        },
        index=index,
    )
    made = Export("drawn", "table", "1", told, answers, absent=(), disposition=tally("1", "drawn", []))
    return decode(made, instrument).coded


def _drawn(
    variable: Variable, instrument: Instrument, rng: np.random.Generator, index: pd.Index
) -> pd.Series:
    blank = rng.random(len(index)) < 0.15
    if variable.kind == "text":
        return pd.Series(rng.choice(TEXTS, len(index)), index=index, dtype=str)
    if variable.kind == "number":
        low, high = variable.item.minimum or 0, variable.item.maximum or 300
        numbers = rng.choice([low, high, (low + high) / 2, low + (high - low) / 3], len(index))
        return pd.Series(np.where(blank, np.nan, numbers), index=index, dtype="float64")
    offered = () if variable.kind == "option" else tuple(instrument.missing_on_screen(variable))
    codes = ("1",) if variable.kind == "option" else (*variable.codes, *offered)
    drawn = np.where(blank | (rng.random(len(index)) < 0.2), None, rng.choice(codes, len(index)))
    return pd.Series(
        pd.Categorical(drawn, categories=list(variable.categories), ordered=variable.ordered), index=index
    )
