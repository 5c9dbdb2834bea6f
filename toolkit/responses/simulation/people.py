"""Fictitious organisations and the people in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from toolkit.errors import Problem, near_names
from toolkit.instrument.fields import Strict
from toolkit.instrument.model import Instrument
from toolkit.platforms.naming import FolderName

__all__ = ["Array", "Dependence", "Organisation", "check_organisations", "generator", "latent", "people_of"]

Array = np.ndarray[Any, np.dtype[Any]]


class Dependence(Strict):
    """Dependence between answers: parts of the variance of a latent answer, less than 1 in sum.

    Parameters
    ----------
    organisation
        What people of one organisation have in common.
    view
        What an audience of one organisation has in common, beyond that.
    person
        What all answers of one person have in common: the latent correlation of two items of two themes.
    theme
        What answers of one person within a theme have in common, beyond that.
    """

    organisation: float = Field(default=0.05, ge=0, lt=1)
    view: float = Field(default=0.04, ge=0, lt=1)
    person: float = Field(default=0.15, ge=0, lt=1)
    theme: float = Field(default=0.25, ge=0, lt=1)

    @model_validator(mode="after")
    def _leaves_something(self) -> Dependence:
        together = self.organisation + self.view + self.person + self.theme
        if together >= 1:
            raise ValueError(
                f"the parts come to {together:g}, and something must be left for the item; lower one"
            )
        return self


_USUAL = Dependence()


class Organisation(Strict):
    """A fictitious organisation.

    Parameters
    ----------
    id, name
        As in the organisations table.
    people
        Audience → how many there are; an audience left out has nobody.
    waves
        The waves it took part in. It belongs to the population of every wave.
    response
        Audience → share of its people who answer (0 to 1); an audience left out answers as the fieldwork
        says.
    fixed
        Item → code that everybody there would answer (country, size), save the audiences in `fixed_not`.
    """

    id: FolderName
    name: str = Field(min_length=1)
    people: dict[str, int]
    waves: tuple[str, ...] = Field(min_length=1)
    response: dict[str, float] = Field(default_factory=dict)
    fixed: dict[str, str] = Field(default_factory=dict)
    fixed_not: tuple[str, ...] = ()


def check_organisations(organisations: Sequence[Organisation], instrument: Instrument) -> list[Problem]:
    """List the problems of the organisations for this instrument."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for organisation in organisations:
        where = f"organisations, {organisation.id}"
        if organisation.id in seen:
            problems.append(
                Problem("duplicate-id", where, "the id occurs twice", "give each organisation its own id")
            )
        seen.add(organisation.id)
        problems += _faults(where, organisation, instrument)
    if not any(sum(organisation.people.values()) for organisation in organisations):
        problems.append(
            Problem("empty", "organisations", "they contain no people", "give at least one headcount")
        )
    return problems


def _faults(where: str, organisation: Organisation, instrument: Instrument) -> Iterator[Problem]:
    for field in ("people", "response", "fixed_not"):
        for audience in getattr(organisation, field):
            if audience not in instrument.audiences:
                yield Problem(
                    "unknown-audience",
                    f"{where}, {field}",
                    f"no audience '{audience}'",
                    near_names(audience, instrument.audiences),
                )
    for audience, count in organisation.people.items():
        if count < 0:
            yield Problem(
                "out-of-range", f"{where}, people, {audience}", f"headcount {count}", "give 0 or more"
            )
    for audience, rate in organisation.response.items():
        if not 0 <= rate <= 1:
            yield Problem(
                "out-of-range",
                f"{where}, response, {audience}",
                f"rate {rate:g} is not a fraction",
                "give 0 to 1",
            )
    for name, code in organisation.fixed.items():
        if name not in instrument:
            known = [variable.name for variable in instrument.variables]
            yield Problem("unknown-item", f"{where}, fixed", f"no item '{name}'", near_names(name, known))
        elif code not in instrument[name].codes:
            yield Problem(
                "unknown-answer",
                f"{where}, fixed, {name}",
                f"unknown answer '{code}'",
                near_names(code, instrument[name].codes),
            )


def people_of(
    organisations: Sequence[Organisation], instrument: Instrument, waves: Sequence[str]
) -> pd.DataFrame:
    """Build the population, one row per person and wave: wave, organisation, audience."""
    cells = [
        (wave, organisation.id, audience, organisation.people.get(audience, 0))
        for wave in waves
        for audience in instrument.audiences
        for organisation in organisations
    ]
    counts = [count for *_, count in cells]
    columns = {
        name: np.repeat(np.array([cell[place] for cell in cells], dtype=object), counts)
        for place, name in enumerate(("wave", "organisation", "audience"))
    }
    frame = pd.DataFrame(columns).astype({"wave": "str", "organisation": "str"})
    audiences = pd.CategoricalDtype(list(instrument.audiences), ordered=True)
    return frame.assign(audience=frame["audience"].astype(audiences))


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return an independent random stream per purpose: adding an item leaves other answers unchanged."""
    return np.random.default_rng([seed, crc32("/".join(names).encode())])


def latent(
    people: pd.DataFrame, item: str, theme: str, sign: int, *, seed: int, dependence: Dependence = _USUAL
) -> Array:
    """Draw each person's latent tendency towards the top of an item: correlated standard normals.

    People of one organisation resemble each other, and so do one person's answers, more so within a theme:
    `dependence` says how much. `sign` −1 turns the common parts around for items whose top box is bad news,
    0 leaves them out.
    """
    z = np.empty(len(people))
    for wave, rows in people.groupby("wave", observed=True).indices.items():
        own = generator(seed, "item", item, str(wave)).standard_normal(len(rows))
        if sign == 0:
            z[rows] = own
            continue
        person = generator(seed, "person", str(wave)).standard_normal(len(rows))
        thematic = generator(seed, "theme", theme, str(wave)).standard_normal(len(rows))
        place = _effect(people["organisation"].iloc[rows], ("organisation", theme), seed)
        seat = people["organisation"].iloc[rows] + "/" + people["audience"].iloc[rows].astype("str")
        view = _effect(seat, ("view", theme), seed)
        parts = (
            (dependence.organisation, place),
            (dependence.view, view),
            (dependence.person, person),
            (dependence.theme, thematic),
        )
        common = sum(np.sqrt(part) * value for part, value in parts)
        z[rows] = sign * common + np.sqrt(1 - sum(part for part, _ in parts)) * own
    return z


def _effect(groups: pd.Series, purpose: tuple[str, ...], seed: int) -> Array:
    places, names = pd.factorize(groups)
    drawn = np.array([generator(seed, *purpose, str(name)).standard_normal() for name in names])
    return np.asarray(drawn[places])
