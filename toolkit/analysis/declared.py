"""The scores an instrument declares: which columns, which reversed, how many must be answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from toolkit.analysis.derived import scale_scores
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Variable

__all__ = ["banded", "declared_scores"]


@typed
def banded(frame: pd.DataFrame, variables: Iterable[Variable]) -> pd.DataFrame:
    """Cut numbers into the bands their items declare.

    Parameters
    ----------
    frame
        Coded answers, one row per respondent.
    variables
        Numbers with bands; others are passed over.

    Returns
    -------
    pandas.DataFrame
        An ordered categorical column per number, aligned to the frame: "1" for the lowest band, "2" for the
        next; NaN where there is no number. A band holds its first value and not the first of the next.

    Examples
    --------
    >>> banded(frame, [instrument["hours"]])["hours"].value_counts()  # doctest: +SKIP
    """
    made = {}
    for variable in variables:
        if variable.bands:
            codes = [str(number) for number in range(1, len(variable.bands) + 1)]
            edges = [-np.inf, *variable.item.bands, np.inf]
            made[variable.name] = pd.cut(frame[variable.name], edges, right=False, labels=codes)
    return pd.DataFrame(made, index=frame.index)


@typed
def declared_scores(
    frame: pd.DataFrame, instrument: Instrument, scores: Iterable[str] | None = None
) -> pd.DataFrame:
    """Each respondent's scores, as the instrument declares them.

    Parameters
    ----------
    frame
        Coded answers, one row a respondent.
    instrument
        The instrument with its `scores`.
    scores
        Names of some of them; None makes all.

    Returns
    -------
    pandas.DataFrame
        A float64 column a score, aligned to the frame: the mean of `scale_scores` over the score's items,
        times its `multiply`; NaN where fewer than its `minimum` were answered. As columns of the frame they
        serve `means`, `gaps` and models.

    Raises
    ------
    InvalidInput
        Names of no score, and whatever `scale_scores` refuses of any of them, all at once.

    Notes
    -----
    What is reversed and how many answers are enough stands in the instrument, from the scale's publication
    where it has one; nothing is guessed from the answers that occur.

    Examples
    --------
    >>> declared_scores(frame, instrument)["who5"].mean()  # doctest: +SKIP
    61.4
    """
    wanted = list(instrument.scores if scores is None else scores)
    known = instrument.scores
    problems = [
        Problem(
            "unknown-name",
            f"score {name!r}",
            "the instrument declares no such score",
            near_names(str(name), known),
        )
        for name in wanted
        if name not in known
    ]
    made: dict[str, pd.Series] = {}
    for name in wanted:
        if name not in known:
            continue
        score = known[name]
        items = [instrument[item] for item in score.items]
        try:
            found = scale_scores(frame, items, reverse=score.reverse, minimum=score.minimum)
        except InvalidInput as error:
            problems += [replace(one, where=f"score {name!r}, {one.where}") for one in error.problems]
        else:
            made[name] = found * score.multiply
    if problems:
        raise InvalidInput("declared_scores", problems)
    return pd.DataFrame(made, index=frame.index, columns=wanted, dtype=float)
