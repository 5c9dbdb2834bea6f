"""Rehearsals before fieldwork: synthetic answers with given gaps, margins and careless respondents."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.responses.simulation.careless import KINDS, carelessly
from toolkit.responses.simulation.effects import Effect, with_effects
from toolkit.responses.simulation.fieldwork import Fieldwork
from toolkit.responses.simulation.people import Organisation, generator
from toolkit.responses.simulation.run import simulate
from toolkit.responses.simulation.shares import Share

__all__ = ["SYNTHETIC", "Rehearsal", "rehearse"]

SYNTHETIC = "synthetic"
"""Value of `organisation` and `source` in every row of a rehearsal."""


@dataclass(frozen=True)
class Rehearsal:
    """Synthetic answers, and a separate key of careless respondents.

    Parameters
    ----------
    frame
        A coded frame; nothing in it says who is careless.
    key
        Columns respondent, audience, careless ("", "straight" or "random").
    """

    frame: pd.DataFrame
    key: pd.DataFrame


def rehearse(
    instrument: Instrument,
    n: Mapping[str, int],
    *,
    seed: int,
    effects: Sequence[Effect] = (),
    margins: Sequence[Share] = (),
    careless: float = 0.0,
    fieldwork: Fieldwork | None = None,
    wave: str = "1",
) -> Rehearsal:
    """Draw synthetic answers to any instrument, to rehearse an analysis before fieldwork.

    Parameters
    ----------
    instrument
        The questionnaire; its routing and exclusive options are respected.
    n
        Audience → how many answer; an audience that is not named has nobody.
    seed
        The same seed gives the same answers.
    effects
        Gaps between audiences.
    margins
        Shares by item and audience (`load_shares`); what neither names is drawn.
    careless
        Share of each audience (0 to 1) that does not read. Half of them answer straight down, half at random.
    fieldwork
        Blanks, don't-knows, refusals, unfinished interviews; None for the defaults with every interview
        finished. Its response rate is not used: all of `n` answer.
    wave
        The name of the wave.

    Returns
    -------
    Rehearsal
        Margins and effects hold within one person among those who read, before blanks and don't-knows. Where
        interviews break off, fewer than `n` stay.

    Raises
    ------
    InvalidInput
        With everything wrong at once.

    Examples
    --------
    >>> made = rehearse(instrument, {"employee": 200}, seed=1, careless=0.05)  # doctest: +SKIP
    >>> made.key["careless"].value_counts()  # doctest: +SKIP
    """
    problems = [*_problems(instrument, n, careless, seed)]
    shares: tuple[Share, ...] = tuple(margins)
    try:
        shares = with_effects(margins, effects, instrument)
    except InvalidInput as error:
        problems += error.problems
    if problems:
        raise InvalidInput("simulation", problems)
    lost = {audience: math.floor(count * careless + 0.5) for audience, count in n.items()}
    reading = {audience: count - lost[audience] for audience, count in n.items()}
    field = (fieldwork or Fieldwork(unfinished=0.0)).model_copy(update={"response": 1.0})
    parts = []
    if sum(reading.values()):
        who = _everybody(reading, wave)
        frame = simulate(
            instrument, [who], shares=shares, seed=seed, waves=[wave], fieldwork=field, missing="codes"
        )
        parts.append(frame.assign(careless=""))
    if sum(lost.values()):
        parts.append(_careless_part(instrument, lost, seed, wave))
    return _mixed(pd.concat(parts, ignore_index=True), seed, wave)


def _problems(instrument: Instrument, n: Mapping[str, int], careless: float, seed: int) -> Iterator[Problem]:
    for audience, count in n.items():
        if audience not in instrument.audiences:
            hint = near_names(audience, instrument.audiences)
            yield Problem("unknown-audience", f"n, {audience}", f"unknown audience '{audience}'", hint)
        elif count < 0:
            yield Problem("out-of-range", f"n, {audience}", f"{count} is below 0", "give a number of people")
    if sum(n.values()) < 1:
        yield Problem("empty", "n", "nobody answers", "give at least one audience a number of people")
    if not 0 <= careless <= 1:
        yield Problem("out-of-range", "careless", f"{careless:g} must be from 0 to 1", "give 0.05 for 5 %")
    if seed < 0:
        yield Problem("out-of-range", "seed", f"{seed} is below 0", "give 0 or a positive whole number")


def _everybody(people: Mapping[str, int], wave: str) -> Organisation:
    return Organisation(id=SYNTHETIC, name="Synthetic", people=dict(people), waves=(wave,))


def _careless_part(instrument: Instrument, people: Mapping[str, int], seed: int, wave: str) -> pd.DataFrame:
    """Return as many careless people as requested, every second one a straight-liner."""
    full = Fieldwork(response=1.0, blank=0.0, dont_know=0.0, refused=0.0, unfinished=0.0)
    frame = simulate(
        instrument, [_everybody(people, wave)], seed=seed, waves=[wave], fieldwork=full, missing="codes"
    )
    place = frame.groupby("audience", observed=True).cumcount().to_numpy()
    kinds = np.array(KINDS, dtype=object)[place % len(KINDS)]
    return carelessly(frame, list(kinds), instrument, seed=seed).assign(careless=kinds)


def _mixed(frame: pd.DataFrame, seed: int, wave: str) -> Rehearsal:
    """Shuffle and renumber people, so that neither order nor id reveals who is careless."""
    order = generator(seed, "rehearsal", "order").permutation(len(frame))
    mixed = frame.iloc[order].reset_index(drop=True)
    width = max(len(str(len(mixed))), 4)
    names = pd.Series([f"{wave}-{number:0{width}d}" for number in range(1, len(mixed) + 1)], dtype="str")
    mixed = mixed.assign(respondent=names, source=pd.Series(SYNTHETIC, index=mixed.index, dtype="str"))
    key = mixed[["respondent", "audience", "careless"]].astype({"careless": "str"})
    answers = mixed.drop(columns="careless")
    answers.attrs["synthetic"] = True
    return Rehearsal(answers, key)
