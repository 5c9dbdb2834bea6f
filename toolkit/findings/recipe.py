"""Recipes of synthetic respondents: published figures, and an assumption for everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd
from pydantic import Field

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.findings.claims import Register
from toolkit.findings.reading import load_register
from toolkit.instrument import load_instruments
from toolkit.instrument.fields import Strict
from toolkit.instrument.model import Instrument
from toolkit.instrument.routing import parse
from toolkit.instrument.strict import checked
from toolkit.instrument.yaml_loader import read_document
from toolkit.platforms.naming import FolderName
from toolkit.records import records
from toolkit.responses.simulation.people import Dependence
from toolkit.responses.simulation.shares import Share, load_shares
from toolkit.shipped import named

__all__ = ["Carried", "Opened", "Recipe", "open_recipe"]


class Carried(Strict):
    """How one published figure is matched: the share of these answers among the people asked.

    `among` limits it to those of whom a routing condition is true.
    """

    finding: str
    item: str
    answers: tuple[str, ...] = Field(min_length=1)
    audience: str
    among: str | None = None


class Recipe(Strict):
    """A recipe as it is written; its paths are relative to it.

    Parameters
    ----------
    study, register
        Which study of which register; every share it published is carried, or named under `not_carried`.
    people
        Audience → how many respondents.
    shares
        A file of shares as of a simulation: those with `findings` are published, the others assumed.
    dependence
        Dependence between answers, which is assumed because nothing about it was published.
    follows
        Published figures that follow from shares: of a whole whose parts have shares, of answers together.
    not_carried
        Finding → why no respondent can carry it.
    """

    title: str
    study: str
    register_folder: str = Field(alias="register")
    instruments: dict[str, str] = Field(min_length=1)
    shares: str
    organisation: FolderName
    wave: FolderName
    opens: date
    closes: date
    seed: int = Field(ge=0)
    people: dict[str, int] = Field(min_length=1)
    dependence: Dependence = Dependence(organisation=0.0, view=0.0)
    follows: tuple[Carried, ...] = ()
    not_carried: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Opened:
    """A recipe with all the files it names, checked."""

    path: Path
    recipe: Recipe
    instrument: Instrument
    shares: tuple[Share, ...]
    claims: pd.DataFrame
    carried: tuple[Carried, ...]


def open_recipe(path: str | Path, *, assume: Mapping[str, Mapping[str, float]] | None = None) -> Opened:
    """Read a recipe and all the files it names.

    Parameters
    ----------
    assume
        "item/audience" → other assumed shares, in place of the file's.

    Raises
    ------
    InvalidInput
        Every problem at once; among them a published share that is neither carried nor said not to be, and an
        assumption in place of a published figure.
    """
    path = named(path, "recipe")
    recipe = checked(Recipe, read_document(path))
    folder = path.parent
    register = load_register(folder / recipe.register_folder)
    claims = register.of(recipe.study).claims
    instrument = load_instruments({name: folder / file for name, file in recipe.instruments.items()})
    shares = load_shares(folder / recipe.shares, instrument)
    problems: list[Problem] = []
    shares = _assumed(shares, assume or {}, problems)
    carried = (*_from_shares(shares, instrument), *recipe.follows)
    problems += _misfits(recipe, instrument, carried, claims, register)
    if problems:
        raise InvalidInput(path, problems)
    return Opened(path, recipe, instrument, shares, claims.set_index("finding_id"), carried)


def _assumed(
    shares: tuple[Share, ...], assume: Mapping[str, Mapping[str, float]], problems: list[Problem]
) -> tuple[Share, ...]:
    changed = list(shares)
    keys = [f"{one.item}/{audience}" for one in shares if not one.findings for audience in one.audiences]
    for key, wanted in assume.items():
        item, _, audience = key.partition("/")
        places = [
            place
            for place, one in enumerate(changed)
            if one.item == item and audience in one.audiences and one.among is None
        ]
        if not places:
            problems.append(
                Problem("unknown-name", f"assume {key}", "has no share in the recipe", near_names(key, keys))
            )
            continue
        old = changed[places[0]]
        if old.findings:
            published = ", ".join(f"{answer} is {finding}" for answer, finding in old.findings.items())
            hint = "assume something for a share that was not published"
            problems.append(
                Problem("conflict", f"assume {key}", f"matches a published figure ({published})", hint)
            )
            continue
        wrong = [value for value in wanted.values() if not 0 <= value <= 1]
        if wrong or sum(wanted.values()) > 1 + 1e-9:
            what = f"gives {', '.join(f'{value:g}' for value in wanted.values())}"
            problems.append(
                Problem(
                    "out-of-range", f"assume {key}", what, "give fractions from 0 to 1, at most 1 together"
                )
            )
            continue
        rest = tuple(name for name in old.audiences if name != audience)
        own = old.model_copy(update={"audiences": (audience,), "share": dict(wanted)})
        changed[places[0] : places[0] + 1] = (
            [old.model_copy(update={"audiences": rest}), own] if rest else [own]
        )
    return tuple(changed)


def _from_shares(shares: Sequence[Share], instrument: Instrument) -> Iterator[Carried]:
    for one in shares:
        for answer, finding in one.findings.items():
            multi = one.item not in instrument and instrument.item(one.item).type == "multi"
            codes = (answer,) if multi else instrument[one.item].codes_of(answer)
            for audience in one.audiences:
                yield Carried(
                    finding=finding, item=one.item, answers=codes, audience=audience, among=one.among
                )


def _misfits(
    recipe: Recipe,
    instrument: Instrument,
    carried: Sequence[Carried],
    claims: pd.DataFrame,
    register: Register,
) -> Iterator[Problem]:
    for audience, number in recipe.people.items():
        if audience not in instrument.audiences:
            hint = near_names(audience, instrument.audiences)
            yield Problem("unknown-audience", f"people → {audience}", "unknown audience", hint)
        if number < 1:
            yield Problem(
                "out-of-range", f"people → {audience}", f"is {number}", "give 1 or more, or leave it out"
            )
    ids = list(claims["finding_id"])
    for place in carried:
        yield from _carried_problems(place, instrument, ids, register)
    for finding in recipe.not_carried:
        if finding not in ids:
            yield Problem(
                "unknown-name",
                f"not_carried → {finding}",
                "unknown finding of the study",
                near_names(finding, ids),
            )
    named = [place.finding for place in carried]
    for claim in records(claims):
        finding = claim["finding_id"]
        if claim["statistic"] == "share" and finding not in named and finding not in recipe.not_carried:
            what = f"is published ({claim['audience']}: {claim['item']}) and carried by no share"
            hint = "name it under findings of a share, under follows, or under not_carried with the reason"
            yield Problem("missing-key", f"finding {finding}", what, hint)


def _carried_problems(
    place: Carried, instrument: Instrument, ids: Sequence[str], register: Register
) -> Iterator[Problem]:
    where = f"finding {place.finding}"
    if place.finding not in ids:
        known = [*ids, *register.claims["finding_id"]]
        yield Problem("unknown-name", where, "unknown finding of the study", near_names(place.finding, known))
    if place.audience not in instrument.audiences:
        hint = near_names(place.audience, instrument.audiences)
        yield Problem("unknown-audience", where, f"unknown audience '{place.audience}'", hint)
    if place.item not in instrument and place.item not in {item.id for item in instrument.items}:
        yield Problem(
            "unknown-item",
            where,
            f"unknown item '{place.item}'",
            near_names(place.item, [i.id for i in instrument.items]),
        )
        return
    if place.item in instrument:
        codes: Sequence[str] = instrument[place.item].codes
    else:
        codes = ["any", *(option.code for option in instrument.item(place.item).options)]
    for answer in place.answers:
        if answer not in codes:
            yield Problem(
                "unknown-answer",
                where,
                f"unknown answer '{answer}' of {place.item}",
                near_names(answer, codes),
            )
    if place.among is not None:
        try:
            parse(place.among)
        except InvalidInput as error:
            yield from (replace(one, where=f"{where}, among") for one in error.problems)
