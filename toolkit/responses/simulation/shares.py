"""Shares of a simulated population by item and audience, published or assumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from pydantic import Field

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.fields import Strict
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.instrument.routing import parse
from toolkit.instrument.strict import checked
from toolkit.instrument.yaml_loader import read_document

__all__ = ["Share", "Unit", "check_shares", "load_shares", "units"]

_SLACK = 1e-9


class Share(Strict):
    """The shares of one item in one audience's population.

    Parameters
    ----------
    item
        A single item, a row of a matrix (`item_row`) or a multi-select.
    audiences
        Whom it holds for.
    share
        Answer → fraction of those asked. Answers are codes, or "top" and "bottom" for the boxes of the
        scale, or for a multi-select its option codes and "any" (ticked at least one).
    among
        A routing condition; the shares then hold among those it is true of. The entry without one holds
        for everybody else.
    wave
        The wave it holds for; without one, every wave that has no entry of its own.
    findings
        Answer → id of the published finding the figure is. What is not named here is assumed.
    note
        Why the assumed figures are what they are.
    """

    item: str
    audiences: tuple[str, ...] = Field(min_length=1)
    share: dict[str, float] = Field(min_length=1)
    among: str | None = None
    wave: str | None = None
    findings: dict[str, str] = Field(default_factory=dict)
    note: str = ""


class _SharesFile(Strict):
    shares: tuple[Share, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Unit:
    """Columns that are answered together: all options of a multi-select, otherwise one column."""

    name: str
    item: Item
    variables: tuple[Variable, ...]

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures that a share of this unit may have."""
        if self.item.type == "ranking":
            return ()
        if self.item.type == "multi":
            return (*(option.code for option in self.item.options), "any")
        variable = self.variables[0]
        boxes = [box for box in ("top", "bottom") if variable.codes_of(box)]
        return (*variable.codes, *boxes)


def units(instrument: Instrument) -> dict[str, Unit]:
    """Return every unit of an instrument by name, in questionnaire order."""
    found: list[Unit] = []
    for item, group in groupby(instrument.variables, key=lambda variable: variable.item):
        columns = tuple(group)
        if item.type in ("multi", "ranking"):
            found.append(Unit(item.id, item, tuple(one for one in columns if not one.write_in)))
            columns = tuple(one for one in columns if one.write_in)
        found += [Unit(column.name, item, (column,)) for column in columns]
    return {unit.name: unit for unit in found}


def load_shares(path: str | Path, instrument: Instrument) -> tuple[Share, ...]:
    """Read a file of shares and check it against the instrument.

    Raises
    ------
    InvalidInput
        With everything wrong in the file at once.
    """
    shares = checked(_SharesFile, read_document(path)).shares
    problems = check_shares(shares, instrument)
    if problems:
        raise InvalidInput(path, problems)
    return shares


def check_shares(shares: Sequence[Share], instrument: Instrument) -> list[Problem]:
    """List everything that makes the shares impossible for this instrument."""
    known = units(instrument)
    problems: list[Problem] = []
    seen: dict[tuple[str, str, str | None, str | None], int] = {}
    for number, share in enumerate(shares, start=1):
        where = f"shares, entry {number} ({share.item})"
        unit = known.get(share.item)
        if unit is None:
            problems.append(
                Problem("unknown-item", where, f"no item '{share.item}'", near_names(share.item, known))
            )
            continue
        problems += _audience_problems(where, share, unit, instrument)
        problems += _among_problems(where, share, instrument)
        problems += _value_problems(where, share, unit)
        for audience in share.audiences:
            key = (share.item, audience, share.among, share.wave)
            if key in seen:
                what = f"{audience} already has these shares in entry {seen[key]}"
                problems.append(Problem("duplicate", where, what, "leave one of the two out"))
            seen.setdefault(key, number)
    return problems


def _audience_problems(where: str, share: Share, unit: Unit, instrument: Instrument) -> Iterator[Problem]:
    asked = unit.variables[0].audiences
    for audience in share.audiences:
        if audience not in instrument.audiences:
            yield Problem(
                "unknown-audience",
                where,
                f"no audience '{audience}'",
                near_names(audience, instrument.audiences),
            )
        elif audience not in asked:
            yield Problem(
                "not-asked",
                where,
                f"'{audience}' is not asked this item",
                f"it is asked of {', '.join(asked)}",
            )


def _among_problems(where: str, share: Share, instrument: Instrument) -> Iterator[Problem]:
    if share.among is None:
        return
    try:
        names = parse(share.among).names
    except InvalidInput as error:
        yield from (replace(problem, where=f"{where}, among") for problem in error.problems)
        return
    ids = {item.id for item in instrument.items}
    for name in sorted(names):
        if name not in instrument and name not in ids:
            yield Problem("unknown-item", f"{where}, among", f"no item '{name}'", near_names(name, ids))


def _value_problems(where: str, share: Share, unit: Unit) -> Iterator[Problem]:
    known = unit.measures
    if not known:
        yield Problem("unsuited-item", where, f"a {unit.item.type} item has no shares", "leave it out")
        return
    for answer in (*share.share, *share.findings):
        if answer not in known:
            yield Problem(
                "unknown-answer", where, f"unknown answer '{answer}'", f"use one of {', '.join(known)}"
            )
    for answer, value in share.share.items():
        if not 0 <= value <= 1:
            hint = (
                f"write {value / 100:g} for {value:g} %"
                if 1 < value <= 100
                else "give a fraction from 0 to 1"
            )
            yield Problem("out-of-range", where, f"share {value:g} of '{answer}' is not a fraction", hint)
    for answer in share.findings:
        if answer in known and answer not in share.share:
            yield Problem(
                "missing-value",
                where,
                f"a finding is named for '{answer}', which has no share",
                "give the share",
            )
    if all(answer in known and 0 <= value <= 1 for answer, value in share.share.items()):
        yield from (_multi_problems if unit.item.type == "multi" else _single_problems)(where, share, unit)


def _single_problems(where: str, share: Share, unit: Unit) -> Iterator[Problem]:
    given, variable = share.share, unit.variables[0]
    boxes = [answer for answer in ("top", "bottom") if answer in given]
    codes = {answer: value for answer, value in given.items() if answer not in boxes}
    if boxes and codes:
        yield Problem(
            "conflict",
            where,
            "boxes and single answers are mixed",
            "give either top and bottom, or answer codes",
        )
        return
    total = sum(given.values())
    if total > 1 + _SLACK:
        yield Problem(
            "wrong-sum",
            where,
            f"the shares add up to {total:g}",
            "they exclude each other: at most 1 together",
        )
    everything = len(codes) == len(variable.codes) or (
        len(boxes) == 2 and len(variable.codes) == len(variable.codes_of("top") + variable.codes_of("bottom"))
    )
    if everything and total < 1 - _SLACK:
        yield Problem(
            "wrong-sum", where, f"the shares of all answers add up to {total:g}", "they must add up to 1"
        )


def _multi_problems(where: str, share: Share, unit: Unit) -> Iterator[Problem]:
    exclusive = [option.code for option in unit.item.options if option.exclusive]
    for code in exclusive:
        if code in share.share:
            yield Problem(
                "conflict",
                where,
                f"'{code}' excludes the others",
                "give 'any' instead: it is 1 minus that share",
            )
    if "any" not in share.share:
        return
    net = share.share["any"]
    ticked = {code: value for code, value in share.share.items() if code != "any" and code not in exclusive}
    for code, value in ticked.items():
        if value > net + _SLACK:
            yield Problem(
                "contradiction",
                where,
                f"'{code}' ({value:g}) is above 'any' ({net:g})",
                "a part cannot exceed its net",
            )
    whole = len(ticked) == len(unit.item.options) - len(exclusive)
    if whole and sum(ticked.values()) < net - _SLACK:
        what = f"the options together ({sum(ticked.values()):g}) do not reach 'any' ({net:g})"
        yield Problem("contradiction", where, what, "raise an option or lower 'any'")
