"""Gaps between audiences that simulated answers should show, as population shares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.responses.simulation.shares import Share, Unit, units

__all__ = ["Effect", "parse_effect", "with_effects"]

_WRITTEN = re.compile(
    r"(?P<name>[A-Za-z0-9_]+)(?::(?P<code>[A-Za-z0-9]+))?=(?P<a>[a-z0-9]+)-(?P<b>[a-z0-9]+):"
    r"(?P<size>[+-]?\d*\.?\d+)(?P<unit>d?)"
)
_HOW = "write ITEM=employee-executive:0.2 for 20 points more, or :0.5d for half a standard deviation"


@dataclass(frozen=True)
class Effect:
    """A gap: how much more often one audience answers in a way than another.

    Parameters
    ----------
    name
        A column: an item, a row of a matrix (`item_row`) or an option (`item_option`).
    audience_a, audience_b
        The gap is the share of the first less that of the second.
    size
        A difference of shares (0.2 is 20 points), or where `standardised` Cohen's d: how far the leanings
        behind the answers lie apart, in standard deviations.
    code
        The answer whose share it is; None for the top box, and for an option its being ticked.
    """

    name: str
    audience_a: str
    audience_b: str
    size: float
    standardised: bool = False
    code: str | None = None


def parse_effect(text: str) -> Effect:
    """Parse an effect as written on the command line.

    Raises
    ------
    InvalidInput
        Where it cannot be read.

    Examples
    --------
    >>> parse_effect("burnout=employee-executive:0.2").size
    0.2
    """
    found = _WRITTEN.fullmatch(text.replace(" ", ""))
    if found is None:
        raise InvalidInput("--effect", [Problem("malformed", text, "cannot be read", _HOW)])
    return Effect(
        name=found["name"],
        audience_a=found["a"],
        audience_b=found["b"],
        size=float(found["size"]),
        standardised=found["unit"] == "d",
        code=found["code"],
    )


def with_effects(
    shares: Sequence[Share], effects: Sequence[Effect], instrument: Instrument
) -> tuple[Share, ...]:
    """Add the shares that produce the effects.

    Where neither audience has a share of its own, both lie as far from a half; where one has, the other is
    put that far from it.

    Raises
    ------
    InvalidInput
        Every effect that names what is not there, reaches beyond 0 or 1, or contradicts a given share.
    """
    known = units(instrument)
    made = {
        (share.item, audience): share for share in shares for audience in share.audiences if _plain(share)
    }
    kept = [share for share in shares if not _plain(share)]
    problems: list[Problem] = []
    for effect in effects:
        found = _target(effect, instrument, known)
        if isinstance(found, Problem):
            problems.append(found)
            continue
        unit, measure = found
        try:
            ends = _ends(effect, unit, measure, made)
        except InvalidInput as error:
            problems += error.problems
            continue
        for audience, value in zip((effect.audience_a, effect.audience_b), ends, strict=True):
            made[unit, audience] = _set(made.get((unit, audience)), unit, audience, measure, value)
    if problems:
        raise InvalidInput("effects", problems)
    split = [share.model_copy(update={"audiences": (audience,)}) for (_, audience), share in made.items()]
    return (*kept, *split)


def _plain(share: Share) -> bool:
    return share.among is None and share.wave is None


def _where(effect: Effect) -> str:
    code = f":{effect.code}" if effect.code else ""
    return f"effect {effect.name}{code}, {effect.audience_a} and {effect.audience_b}"


def _target(effect: Effect, instrument: Instrument, known: Mapping[str, Unit]) -> tuple[str, str] | Problem:
    """Return the unit and the measure of an effect."""
    where = _where(effect)
    if effect.name not in instrument:
        names = [variable.name for variable in instrument.variables]
        return Problem(
            "unknown-column", where, f"unknown column '{effect.name}'", near_names(effect.name, names)
        )
    variable = instrument[effect.name]
    if effect.audience_a == effect.audience_b:
        return Problem("duplicate", where, "an audience has no gap to itself", "name two audiences")
    for audience in (effect.audience_a, effect.audience_b):
        if audience not in variable.audiences:
            what = f"'{audience}' is not asked '{effect.name}'"
            return Problem("not-asked", where, what, near_names(audience, variable.audiences))
    if variable.kind == "option" and variable.option is not None:
        if effect.code not in (None, "1"):
            return Problem("conflict", where, "an option is ticked or not", "leave the code out")
        if variable.option.exclusive:
            return Problem(
                "unsuited-item", where, "this option excludes the others", "give the effect on the others"
            )
        return variable.item.id, variable.option.code
    measures = known[variable.name].measures if variable.name in known else ()
    measure = effect.code or "top"
    if measure not in measures:
        what = "it has no top box" if measure == "top" else f"unknown answer '{measure}'"
        hint = f"name an answer, as {effect.name}:CODE={effect.audience_a}-…; {near_names(measure, measures)}"
        return Problem(
            "unsuited-item" if measure == "top" else "unknown-answer",
            where,
            what,
            hint if measures else "only answers that are chosen have shares",
        )
    return variable.name, measure


def _ends(
    effect: Effect, unit: str, measure: str, made: Mapping[tuple[str, str], Share]
) -> tuple[float, float]:
    """Return the two shares that give an effect."""
    given = []
    for audience in (effect.audience_a, effect.audience_b):
        share = made.get((unit, audience))
        given.append(share.share.get(measure) if share else None)
    a, b = given
    if a is not None and b is not None:
        what = f"both shares are given already ({a:g} and {b:g})"
        raise InvalidInput(
            "effects", [Problem("conflict", _where(effect), what, "leave one of the three out")]
        )
    if a is None and b is None:
        ends = _around_half(effect)
    elif b is not None:
        ends = _moved(b, effect.size, effect), b
    else:
        ends = a or 0.0, _moved(a or 0.0, -effect.size, effect)
    if not all(0 <= value <= 1 for value in ends):
        what = f"the shares would be {ends[0]:.2f} and {ends[1]:.2f}"
        raise InvalidInput(
            "effects",
            [Problem("out-of-range", _where(effect), what, "give a smaller effect, or another share")],
        )
    return ends


def _around_half(effect: Effect) -> tuple[float, float]:
    if effect.standardised:
        normal = NormalDist()
        return normal.cdf(effect.size / 2), normal.cdf(-effect.size / 2)
    return 0.5 + effect.size / 2, 0.5 - effect.size / 2


def _moved(share: float, by: float, effect: Effect) -> float:
    if not effect.standardised:
        return share + by
    if not 0 < share < 1:
        what = f"no standard deviation leads away from a share of {share:g}"
        raise InvalidInput(
            "effects", [Problem("unreachable", _where(effect), what, "give the effect in points")]
        )
    normal = NormalDist()
    return normal.cdf(normal.inv_cdf(share) + by)


def _set(share: Share | None, unit: str, audience: str, measure: str, value: float) -> Share:
    if share is None:
        return Share(item=unit, audiences=(audience,), share={measure: value})
    return share.model_copy(update={"share": {**share.share, measure: value}})
