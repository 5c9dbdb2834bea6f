"""Simulated respondents: who they are and what they would answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import groupby
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import NOT_RANKED, Instrument, Item, Variable
from toolkit.instrument.routing import asked, parse
from toolkit.instrument.yaml_loader import Strict, checked, read_document
from toolkit.platforms.naming import FolderName

# Fictitious organisations and the people in them.


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
        Audience → how many there are; an audience left out has no one.
    waves
        The waves it took part in. It belongs to the population of every wave.
    response
        Audience → share of its people who answer (0 to 1); an audience left out answers as the fieldwork
        says.
    fixed
        Item → code that everybody there would answer (country, size), save the audiences in `fixed_not`.
    columns
        Further cells of its rows in the organisations table, such as a sector or a brand.
    """

    id: FolderName
    name: str = Field(min_length=1)
    people: dict[str, int]
    waves: tuple[str, ...] = Field(min_length=1)
    response: dict[str, float] = Field(default_factory=dict)
    fixed: dict[str, str] = Field(default_factory=dict)
    fixed_not: tuple[str, ...] = ()
    columns: dict[str, str] = Field(default_factory=dict)


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
    `dependence` sets how much. `sign` −1 turns the common parts around for items whose top box is bad news,
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


# Shares of a simulated population by item and audience, published or assumed.


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
        scale, or for a multi-select its option codes and "any" (ticked at least one). Of a number, "from" and
        "to": the part of its range, from 0 to 1, of the answers.
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
        if self.item.type == "number":
            return ("from", "to")
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
    if variable.kind == "number":
        if not given.get("from", 0.0) < given.get("to", 1.0):
            yield Problem("wrong-order", where, "'from' is not below 'to'", "exchange the two")
        return
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


# Answers of a whole population, whose shares are exactly the ones requested.


_NOT_ASKED, _ROUTED, _BLANK = "-5", "-4", "-3"
_FUZZ = 1e-9


def populate(
    instrument: Instrument,
    organisations: Sequence[Organisation],
    shares: Sequence[Share],
    *,
    waves: Sequence[str],
    seed: int,
    dependence: Dependence | None = None,
) -> pd.DataFrame:
    """Draw an answer of every person to every item they would be asked.

    The shares hold over all organisations of a wave, within one person: people are ordered by a latent
    leaning and the scale is cut at the ranks that give the shares. So `dependence` (None for the usual one)
    changes the dependence of answers but no share. The options of a multi-select are independent.

    Returns
    -------
    DataFrame
        wave, organisation, audience and a column per variable, coded as in a coded frame.
    """
    people = people_of(organisations, instrument, waves)
    columns: dict[str, pd.Series] = {name: people[name] for name in people.columns}
    for unit in _in_order(instrument, shares):
        so_far = pd.DataFrame(columns)
        to_ask = asked(so_far, unit.variables[0], instrument)
        own = [share for share in shares if share.item == unit.name]
        groups = _groups(so_far, to_ask, unit, own, instrument, waves)
        columns |= _answers(people, unit, to_ask, groups, seed, dependence or Dependence())
        columns |= _fixed(columns, unit, organisations, to_ask)
    ordered = [*people.columns, *(variable.name for variable in instrument.variables)]
    return pd.DataFrame({name: columns[name] for name in ordered})


def apportion(total: int, weights: Sequence[float] | Array) -> Array:
    """Divide a number of people by weights, each within one of its exact part (largest remainder).

    Examples
    --------
    >>> apportion(10, [0.5, 0.25, 0.25])
    array([5, 3, 2])
    """
    parts = np.asarray(weights, dtype=float)
    exact = total * parts / parts.sum()
    counts = np.floor(exact + _FUZZ).astype(int)
    late = np.argsort(-(exact - counts), kind="stable")[: total - counts.sum()]
    counts[late] += 1
    return np.asarray(counts)


def _in_order(instrument: Instrument, shares: Sequence[Share]) -> list[Unit]:
    """Sort units in questionnaire order, with those that a share is conditioned on first."""
    known = units(instrument)
    needs: dict[str, list[str]] = {name: [] for name in known}
    for name, unit in known.items():
        conditions = [share.among for share in shares if share.item == name and share.among]
        conditions += [unit.item.ask_if] if unit.item.ask_if else []
        for condition in conditions:
            for used in sorted(parse(condition).names):
                needs[name] += _units_of(used, instrument)
    try:
        order = tuple(TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = " → ".join(error.args[1])
        problem = Problem(
            "circular", "shares", f"conditions depend on each other: {circle}", "remove one 'among'"
        )
        raise InvalidInput("shares", [problem]) from None
    return [known[name] for name in order]


def _units_of(name: str, instrument: Instrument) -> list[str]:
    """Return the units a condition names: a whole matrix is all its rows."""
    named = [instrument[name]] if name in instrument else instrument.of_item(name)
    return list(dict.fromkeys(v.item.id if v.item.type in ("multi", "ranking") else v.name for v in named))


def _groups(
    so_far: pd.DataFrame,
    to_ask: Array,
    unit: Unit,
    shares: Iterable[Share],
    instrument: Instrument,
    waves: Sequence[str],
) -> list[tuple[Array, Share | None, str]]:
    """Split rows into groups with one distribution, each with its entry and its audience."""
    found: list[tuple[Array, Share | None, str]] = []
    for wave in waves:
        for audience in unit.variables[0].audiences:
            rest = to_ask & (so_far["wave"] == wave).to_numpy() & (so_far["audience"] == audience).to_numpy()
            for share in _entries(shares, audience, wave):
                part = rest
                if share.among is not None:
                    part = rest & parse(share.among).evaluate(so_far, instrument)
                found.append((part, share, audience))
                rest = rest & ~part
            found.append((rest, None, audience))
    return [(np.flatnonzero(rows), share, name) for rows, share, name in found if rows.any()]


def _entries(shares: Iterable[Share], audience: str, wave: str) -> list[Share]:
    """List entries for an audience and wave: the wave's own first, then conditional ones, then the rest."""
    mine = [share for share in shares if audience in share.audiences and share.wave in (None, wave)]
    own = {share.among for share in mine if share.wave == wave}
    kept = [share for share in mine if share.wave == wave or share.among not in own]
    return sorted(kept, key=lambda share: share.among is None)


def _answers(
    people: pd.DataFrame,
    unit: Unit,
    to_ask: Array,
    groups: list[tuple[Array, Share | None, str]],
    seed: int,
    dependence: Dependence,
) -> dict[str, pd.Series]:
    kind = unit.variables[0].kind
    if kind == "text":
        return {unit.name: pd.Series(pd.NA, index=people.index, dtype="str")}
    if kind == "number":
        low, high = unit.item.minimum or 0.0, unit.item.maximum if unit.item.maximum is not None else 100.0
        drawn = (
            generator(seed, "number", unit.name).integers(int(low), int(high) + 1, len(people)).astype(float)
        )
        for rows, share, _ in groups:
            if share is not None:
                begin, end = share.share.get("from", 0.0), share.share.get("to", 1.0)
                part = begin + (end - begin) * (drawn[rows] - low) / (high - low)
                drawn[rows] = np.rint(low + part * (high - low))
        return {unit.name: pd.Series(np.where(to_ask, drawn, np.nan), index=people.index, dtype=float)}
    if unit.item.type == "ranking":
        ranks = ranked_at_random(unit.variables, len(people), generator(seed, "ranking", unit.name))
        return {one.name: _column(ranks[one.name], one, people, to_ask) for one in unit.variables}
    multi = unit.item.type == "multi"
    answered = (
        _multi(people, unit, groups, seed) if multi else _single(people, unit, groups, seed, dependence)
    )
    return {
        variable.name: _column(answered[variable.name], variable, people, to_ask)
        for variable in unit.variables
    }


def ranked_at_random(
    variables: Sequence[Variable], people: int, rng: np.random.Generator
) -> dict[str, Array]:
    """Rank options in random order per person; those beyond the last rank stay unranked."""
    order = np.argsort(np.argsort(rng.random((len(variables), people)), axis=0), axis=0) + 1
    codes = variables[0].codes
    return {
        variable.name: np.array(
            [str(rank) if str(rank) in codes else NOT_RANKED for rank in ranks.tolist()], dtype=object
        )
        for variable, ranks in zip(variables, order, strict=True)
    }


def _single(
    people: pd.DataFrame,
    unit: Unit,
    groups: list[tuple[Array, Share | None, str]],
    seed: int,
    dependence: Dependence,
) -> dict[str, Array]:
    variable = unit.variables[0]
    sign = {"top": 1, "bottom": -1, "none": 1 if variable.ordered else 0}[variable.favourable]
    z = latent(people, unit.name, variable.theme, sign, seed=seed, dependence=dependence)
    codes = np.full(len(people), _BLANK, dtype=object)
    for rows, share, audience in groups:
        boxes = _boxes(variable, share, generator(seed, "shape", unit.name, audience))
        per_box = apportion(len(rows), [weight for weight, _ in boxes])
        sequence = [
            np.repeat(
                np.array([code for code, _ in inside], dtype=object), apportion(n, [w for _, w in inside])
            )
            for n, (_, inside) in zip(per_box, boxes, strict=True)
        ]
        codes[rows[np.argsort(z[rows], kind="stable")]] = np.concatenate(sequence)
    return {variable.name: codes}


def _boxes(
    variable: Variable, share: Share | None, rng: np.random.Generator
) -> list[tuple[float, list[tuple[str, float]]]]:
    """Return the boxes from low to high: weight of each, and its codes with their weights."""
    given = share.share if share else {}
    top, bottom = variable.codes_of("top"), variable.codes_of("bottom")
    middle = tuple(code for code in variable.codes if code not in (*top, *bottom))
    if not top or (given and not set(given) <= {"top", "bottom"}):
        return _by_code(variable, given, rng)
    high = given.get("top", 1 - given["bottom"] * (1.6 if middle else 1) if "bottom" in given else None)
    if high is None:
        high = rng.uniform(0.3, 0.75)
    high = min(max(high, 0.0), 1.0)
    low = given.get("bottom", (1 - high) * (0.6 if middle else 1.0) if bottom else 0.0)
    outer_top = 0.2 + 0.3 * high
    return [
        (low, _inside(_outwards(bottom, variable), 0.35)[::-1]),
        (max(1 - high - low, 0.0), [(code, 1.0) for code in middle] or [(variable.codes[0], 1.0)]),
        (high, _inside(_outwards(top, variable), outer_top)),
    ]


def _outwards(codes: tuple[str, ...], variable: Variable) -> tuple[str, ...]:
    """Return the codes of a box from the middle of the scale outwards."""
    at_start = codes and variable.codes[0] in codes
    return codes[::-1] if at_start else codes


def _inside(codes: tuple[str, ...], outermost: float) -> list[tuple[str, float]]:
    if len(codes) <= 1:
        return [(code, 1.0) for code in codes] or [("", 1.0)]
    inner = (1 - outermost) / (len(codes) - 1)
    return [*((code, inner) for code in codes[:-1]), (codes[-1], outermost)]


def _by_code(
    variable: Variable, given: dict[str, float], rng: np.random.Generator
) -> list[tuple[float, list[tuple[str, float]]]]:
    open_codes = [code for code in variable.codes if code not in given]
    drawn = rng.dirichlet(np.full(len(open_codes), 4.0)) if open_codes else np.empty(0)
    left = max(1 - sum(given.values()), 0.0)
    weights = dict(given) | dict(zip(open_codes, left * drawn, strict=True))
    return [(weights[code], [(code, 1.0)]) for code in variable.codes]


def _multi(
    people: pd.DataFrame, unit: Unit, groups: list[tuple[Array, Share | None, str]], seed: int
) -> dict[str, Array]:
    """Assign multi-select answers: everybody in the net ticks one option, the rest follow tendencies."""
    options = [option.code for option in unit.item.options if not option.exclusive]
    leaning = {
        code: latent(people, f"{unit.name}/{code}", unit.item.theme, 0, seed=seed)
        for code in (*options, "any")
    }
    ticked = {code: np.zeros(len(people), dtype=bool) for code in options}
    for rows, share, audience in groups:
        net, counts = _option_counts(
            len(rows), options, unit, share, generator(seed, "shape", unit.name, audience)
        )
        inside = rows[np.argsort(-leaning["any"][rows], kind="stable")[:net]]
        sure = np.repeat(np.arange(len(options)), apportion(net, counts)) if net else np.empty(0, dtype=int)
        sure = sure[np.argsort(generator(seed, "sure", unit.name, audience).random(net), kind="stable")]
        for place, code in enumerate(options):
            ticked[code][inside[sure == place]] = True
            others = inside[sure != place]
            more = counts[place] - int((sure == place).sum())
            ticked[code][others[np.argsort(-leaning[code][others], kind="stable")[:more]]] = True
    if unit.item.maximum is not None:  # the answers each leans to most
        leans = np.array([np.where(ticked[code], leaning[code], -np.inf) for code in options])
        kept = np.argsort(np.argsort(-leans, axis=0, kind="stable"), axis=0) < unit.item.maximum
        ticked = {code: ticked[code] & kept[place] for place, code in enumerate(options)}
    nothing = ~np.logical_or.reduce([np.zeros(len(people), dtype=bool), *ticked.values()])
    exclusive = next((option.code for option in unit.item.options if option.exclusive), None)
    return {variable.name: _option_codes(variable, ticked, nothing, exclusive) for variable in unit.variables}


def _option_counts(
    people: int, options: list[str], unit: Unit, share: Share | None, rng: np.random.Generator
) -> tuple[int, Array]:
    """Count how many tick at least one option, and how many tick each."""
    given = share.share if share else {}
    drawn = rng.uniform(0.15, 0.45, len(options))
    wanted = np.array([given.get(code, value) for code, value in zip(options, drawn, strict=True)])
    net = given.get("any")
    if net is None:
        can_be_none = any(option.exclusive for option in unit.item.options)
        net = 1 - float(np.prod(1 - wanted)) if can_be_none else 1.0
        net = max(net, float(wanted.max(initial=0.0)))
    loose = np.array([code not in given for code in options], dtype=bool)
    if wanted.sum() < net and loose.any():
        wanted[loose] += (net - wanted.sum()) / loose.sum()
    net = min(net, float(wanted.sum()))
    wanted[loose] = np.minimum(wanted[loose], net)
    exact = people * wanted
    counts = np.floor(exact + 0.5).astype(int)
    total = min(int(np.floor(people * net + 0.5)), int(np.ceil(exact - _FUZZ).sum()), people)
    lacking = total - counts.sum()
    if lacking > 0:
        raised = np.argsort(-np.where(exact > counts + _FUZZ, exact - counts, -1.0), kind="stable")[:lacking]
        counts[raised] += 1
    return total, np.minimum(counts, total)


def _option_codes(
    variable: Variable, ticked: dict[str, Array], nothing: Array, exclusive: str | None
) -> Array:
    code = variable.option.code if variable.option else ""
    if code in ticked:
        codes = np.where(ticked[code], "1", "0").astype(object)
        return codes if exclusive else np.where(nothing, _BLANK, codes)
    return np.where(nothing & (code == exclusive), "1", "0").astype(object)


def _column(codes: Array, variable: Variable, people: pd.DataFrame, to_ask: Array) -> pd.Series:
    mine = people["audience"].isin(variable.audiences).to_numpy()
    final = np.where(to_ask, codes, np.where(mine, _ROUTED, _NOT_ASKED))
    values = pd.Categorical(final, categories=list(variable.categories), ordered=variable.ordered)
    return pd.Series(values, index=people.index, name=variable.name)


def _fixed(
    columns: Mapping[str, pd.Series], unit: Unit, organisations: Sequence[Organisation], to_ask: Array
) -> dict[str, pd.Series]:
    """Set answers that everybody of an organisation gives."""
    changed: dict[str, pd.Series] = {}
    for organisation in organisations:
        if unit.name in organisation.fixed:
            there = to_ask & (columns["organisation"] == organisation.id).to_numpy()
            there = there & ~columns["audience"].isin(organisation.fixed_not).to_numpy()
            before = changed.get(unit.name, columns[unit.name])
            changed[unit.name] = before.mask(there, organisation.fixed[unit.name])
    return changed
