"""Answers of a whole population, whose shares are exactly the ones requested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import NOT_RANKED, Instrument, Variable
from toolkit.instrument.routing import asked, parse
from toolkit.responses.simulation.people import (
    Array,
    Dependence,
    Organisation,
    generator,
    latent,
    people_of,
)
from toolkit.responses.simulation.shares import Share, Unit, units

__all__ = ["apportion", "populate"]

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
        wave, organisation, audience and a column a variable, coded as in a coded frame.
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
        drawn = generator(seed, "number", unit.name).integers(int(low), int(high) + 1, len(people))
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
