"""Careless respondents, who answer without reading but are routed like everybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from toolkit.instrument.model import Instrument, Variable
from toolkit.instrument.routing import asked
from toolkit.responses.simulation.people import Array, generator
from toolkit.responses.simulation.population import ranked_at_random

__all__ = ["KINDS", "carelessly"]

KINDS = ("straight", "random")
"""Ways of not reading: the same place of every list, or any answer at all (Meade and Craig 2012)."""


def carelessly(
    frame: pd.DataFrame, kinds: Sequence[str], instrument: Instrument, *, seed: int
) -> pd.DataFrame:
    """Replace the answers of a frame by careless ones.

    Parameters
    ----------
    frame
        A coded frame; its answers are replaced, the other columns stay.
    kinds
        How each row is answered: "straight" or "random".

    Returns
    -------
    DataFrame
        A coded frame in which every question that is reached has an answer, and no other has. Open text and
        answers that are none (don't know, refused) are left alone.
    """
    columns: dict[str, pd.Series] = {name: frame[name] for name in frame.columns if name not in instrument}
    straight = np.asarray(kinds) == "straight"
    place = generator(seed, "careless", "place").random(len(frame))
    for item in instrument.items:
        variables = instrument.of_item(item.id)
        rng = generator(seed, "careless", item.id)
        so_far = pd.DataFrame(columns)
        write_in = instrument.write_in_of(item.id)
        if write_in is not None:
            columns[write_in.name] = pd.Series(pd.NA, index=frame.index, dtype="str")
        for variable, answers in _item_answers(variables, straight, place, rng):
            shown = asked(so_far, variable, instrument)
            columns[variable.name] = _column(answers, variable, frame, shown)
    return pd.DataFrame({name: columns[name] for name in frame.columns})


def _item_answers(
    variables: Sequence[Variable], straight: Array, place: Array, rng: np.random.Generator
) -> Iterable[tuple[Variable, Array]]:
    if variables[0].kind == "option":
        yield from _ticks(variables, straight, place, rng)
        return
    if variables[0].item.type == "ranking":
        ranks = ranked_at_random(variables, len(place), rng)
        yield from ((variable, ranks[variable.name]) for variable in variables)
        return
    for variable in variables:
        drawn = np.where(straight, place, rng.random(len(place)))
        if variable.kind == "single":
            codes = np.array(variable.codes, dtype=object)
            yield variable, codes[np.minimum((drawn * len(codes)).astype(int), len(codes) - 1)]
        elif variable.kind == "number":
            low = variable.item.minimum or 0.0
            high = variable.item.maximum if variable.item.maximum is not None else low + 100.0
            yield variable, np.floor(low + drawn * (np.floor(high) - low + 1)).clip(low, high)
        else:
            yield variable, np.full(len(place), None, dtype=object)


def _ticks(
    variables: Sequence[Variable], straight: Array, place: Array, rng: np.random.Generator
) -> Iterable[tuple[Variable, Array]]:
    """Tick one option: straight-liners in the same place, others at random; an exclusive one alone."""
    one = np.minimum((place * len(variables)).astype(int), len(variables) - 1)
    any_one = rng.integers(0, len(variables), len(place))
    exclusive = np.array([bool(variable.option and variable.option.exclusive) for variable in variables])
    alone = straight | exclusive[any_one]
    first = np.where(straight, one, any_one)
    more = rng.random((len(variables), len(place))) < 0.3
    most = variables[0].item.maximum or len(variables)
    held = np.ones(len(place), dtype=int)  # the first is kept, whatever else was ticked
    for number, variable in enumerate(variables):
        also = more[number] & ~alone & ~exclusive[number] & (first != number) & (held < most)
        ticked, held = (first == number) | also, held + also
        yield variable, np.where(ticked, "1", "0").astype(object)


def _column(answers: Array, variable: Variable, frame: pd.DataFrame, shown: Array) -> pd.Series:
    if variable.kind == "number":
        return pd.Series(np.where(shown, answers.astype(float), np.nan), index=frame.index, dtype=float)
    if variable.kind == "text":
        return pd.Series(pd.NA, index=frame.index, dtype="str")
    theirs = frame["audience"].isin(variable.audiences).to_numpy()
    codes = np.where(shown, answers, np.where(theirs, "-4", "-5"))
    values = pd.Categorical(codes, categories=list(variable.categories), ordered=variable.ordered)
    return pd.Series(values, index=frame.index, name=variable.name)
