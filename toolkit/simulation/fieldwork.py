"""Simulated fieldwork: effects, break-offs, careless answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from pydantic import Field

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Variable
from toolkit.instrument.routing import asked, parse
from toolkit.instrument.yaml_loader import Strict
from toolkit.simulation.population import Array, Organisation, Share, Unit, generator, ranked_at_random, units

# Gaps between audiences that simulated answers should show, as population shares.


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
        behind the answers differ, in standard deviations.
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

    Where neither audience has a share of its own, both are equally far from a half; if one has, the other is
    put that far from it.

    Raises
    ------
    InvalidInput
        Every effect that names something unknown, reaches beyond 0 or 1, or contradicts a given share.
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


# Careless respondents, who answer without reading but are routed like everybody.


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
        non-answers (don't know, refused) are left alone.
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


# Simulated fieldwork: response, item non-response, break-off.


ENOUGH = 0.5
"""Share of the asked items from which an unfinished interview is partial; below it is a break-off (AAPOR)."""


class Fieldwork(Strict):
    """Behaviour in the field: rates from 0 to 1, equal for everybody.

    Parameters
    ----------
    response
        Share of people who answer, unless an organisation has its own.
    blank, dont_know, refused
        Share of shown items left blank, or answered so where the item offers it.
    unfinished
        Share of those who start and do not submit; they stop at a place of their own.
    no_organisation
        How many respondents of a wave's largest organisation lose their organisation on the way.
    comments
        What the open item is answered with by some; nothing when empty.
    careless
        Share of respondents who answer without reading: half of them straight down, half at random.
    """

    response: float = Field(default=0.6, ge=0, le=1)
    blank: float = Field(default=0.02, ge=0, le=1)
    dont_know: float = Field(default=0.03, ge=0, le=1)
    refused: float = Field(default=0.01, ge=0, le=1)
    unfinished: float = Field(default=0.04, ge=0, le=1)
    no_organisation: int = Field(default=0, ge=0)
    comments: tuple[str, ...] = ()
    careless: float = Field(default=0.0, ge=0, le=1)


def collect(
    population: pd.DataFrame,
    instrument: Instrument,
    organisations: Sequence[Organisation],
    fieldwork: Fieldwork,
    *,
    seed: int,
) -> pd.DataFrame:
    """Draw those who open the questionnaire, in that order, as a coded frame.

    Nonresponse is unrelated to the answers. `status` is "complete", "partial" (unfinished, at least half of
    the asked items answered) or "break-off" (less).
    """
    here = _respondents(population, organisations, fieldwork, seed)
    number = here.groupby("wave", observed=True).cumcount() + 1
    start = {
        "respondent": here["wave"] + "-" + number.astype("str").str.zfill(5),
        "organisation": _lost(here, fieldwork, seed),
        "wave": here["wave"],
        "audience": here["audience"],
        "source": pd.Series("simulated", index=here.index, dtype="str"),
        "status": pd.Series("complete", index=here.index, dtype="str"),
    }
    columns: dict[str, pd.Series] = dict(start)
    for variable in instrument.variables:
        if variable.write_in:
            # write the invented texts of those who chose "other"; each is marked as invented
            multi = variable.item.type == "multi"
            answers = columns[variable.name.removesuffix("_text") if multi else variable.item.id]
            chose = answers == ("1" if multi else variable.option.code if variable.option else "")
            words = pd.Series("something else (simulated)", index=answers.index, dtype="str")
            columns[variable.name] = words.where(chose)
            continue
        shown = asked(pd.DataFrame(columns), variable, instrument)
        columns[variable.name] = _answer(here[variable.name], variable, shown, instrument, fieldwork, seed)
    frame = pd.DataFrame(columns)
    chosen = frame.index[generator(seed, "careless", "who").random(len(frame)) < fieldwork.careless]
    if len(chosen):
        kinds = [KINDS[at % len(KINDS)] for at in range(len(chosen))]
        made = carelessly(frame.loc[chosen].reset_index(drop=True), kinds, instrument, seed=seed)
        for name in frame:
            frame.loc[chosen, name] = made[name].to_numpy()
    return _break_off(frame, instrument, fieldwork, seed)


def _respondents(
    population: pd.DataFrame, organisations: Sequence[Organisation], fieldwork: Fieldwork, seed: int
) -> pd.DataFrame:
    """Sample each organisation's audience at random, with the size its response rate implies."""
    known = {organisation.id: organisation for organisation in organisations}
    chosen = []
    cells = population.groupby(["wave", "organisation", "audience"], observed=True).indices
    for (wave, place, audience), rows in cells.items():
        organisation = known[place]
        if wave in organisation.waves:
            rate = organisation.response.get(audience, fieldwork.response)
            rng = generator(seed, "respond", wave, place, audience)
            chosen.append(rng.permutation(rows)[: int(np.floor(len(rows) * rate + 0.5))])
    rows = np.concatenate(chosen) if chosen else np.empty(0, dtype=int)
    arrival = generator(seed, "arrival").random(len(population))[rows]
    here = population.iloc[rows[np.argsort(arrival, kind="stable")]]
    return here.sort_values("wave", kind="stable").reset_index(drop=True)


def _lost(here: pd.DataFrame, fieldwork: Fieldwork, seed: int) -> pd.Series:
    organisation = here["organisation"].astype("str").copy()
    for wave, rows in here.groupby("wave", observed=True).indices.items():
        largest = organisation.iloc[rows].value_counts().index[0]
        there = rows[(organisation.iloc[rows] == largest).to_numpy()]
        lost = generator(seed, "lost", str(wave)).permutation(there)[: fieldwork.no_organisation]
        organisation.iloc[lost] = pd.NA
    return organisation


def _answer(
    would: pd.Series,
    variable: Variable,
    shown: Array,
    instrument: Instrument,
    fieldwork: Fieldwork,
    seed: int,
) -> pd.Series:
    chance = generator(seed, "blank", variable.item.id, variable.row.id if variable.row else "").random(
        len(would)
    )
    if variable.kind == "text":
        if not fieldwork.comments:
            return would
        share = 0.15
        place = np.floor(chance / share * len(fieldwork.comments)).astype(int)
        texts = np.array(fieldwork.comments, dtype=object)[np.minimum(place, len(fieldwork.comments) - 1)]
        return pd.Series(texts, index=would.index, dtype="str").where(shown & (chance < share))
    blank = shown & (chance < fieldwork.blank) & (not variable.item.required)
    if variable.kind == "number":
        return would.where(shown & ~blank)
    codes = would.astype("str").to_numpy(dtype=object)
    routed = np.where(codes == "-5", "-5", "-4")
    codes = np.where(shown, np.where(codes == "-4", "-3", codes), routed)
    codes = np.where(blank, "-3", codes)
    edge = 0.0
    for code, rate in (("-1", fieldwork.dont_know), ("-2", fieldwork.refused)):
        if code in instrument.missing_on_screen(variable):
            text = shown & (chance > 1 - edge - rate) & (chance <= 1 - edge)
            codes = np.where(text & (codes != "-3"), code, codes)
            edge += rate
    values = pd.Categorical(codes, categories=list(variable.categories), ordered=variable.ordered)
    return pd.Series(values, index=would.index, name=variable.name)


def _break_off(frame: pd.DataFrame, instrument: Instrument, fieldwork: Fieldwork, seed: int) -> pd.DataFrame:
    """Cut off unfinished interviews at random, and return which were long enough to keep."""
    rng = generator(seed, "unfinished")
    stops = rng.random(len(frame)) < fieldwork.unfinished
    place = rng.integers(1, max(len(instrument.items), 2), len(frame))
    order = {item.id: number for number, item in enumerate(instrument.items)}
    cut = frame.assign(
        **{
            variable.name: _emptied(
                frame[variable.name], variable, stops & (place <= order[variable.item.id])
            )
            for variable in instrument.variables
        }
    )
    last = np.full(len(cut), -1)
    for variable in instrument.variables:
        last = np.where(answered_cells(cut[variable.name]), order[variable.item.id], last)
    cut = cut.assign(
        **{
            variable.name: _broken_off(cut[variable.name], variable, stops, last, order, instrument)
            for variable in instrument.variables
        }
    )
    answered, shown = item_counts(cut, instrument)
    status = np.where(~stops, "complete", np.where(answered >= ENOUGH * shown, "partial", "break-off"))
    return cut.assign(status=pd.Series(status, index=cut.index, dtype="str"))


def _emptied(column: pd.Series, variable: Variable, gone: Array) -> pd.Series:
    if variable.kind in ("number", "text"):
        return column.mask(gone)
    return column.mask(gone & ~column.isin(["-5", "-4"]).to_numpy(), "-3")


def _broken_off(
    column: pd.Series,
    variable: Variable,
    stops: Array,
    last: Array,
    order: dict[str, int],
    instrument: Instrument,
) -> pd.Series:
    """Set everything after the last answer to -6, unless an earlier answer had already routed past it."""
    if variable.kind in ("number", "text"):
        return column
    routers = parse(variable.item.ask_if).item_ids(instrument) if variable.item.ask_if else ()
    decided = last >= max((order[name] for name in routers), default=-1)
    open_answer = (column == "-3").to_numpy() | ((column == "-4").to_numpy() & ~decided)
    return column.mask(stops & (last < order[variable.item.id]) & open_answer, "-6")


def item_counts(frame: pd.DataFrame, instrument: Instrument) -> tuple[Array, Array]:
    """Count the questions each respondent answered and was asked: multi-selects once, open text never."""
    answered, shown = np.zeros(len(frame)), np.zeros(len(frame))
    for item in instrument.items:
        columns = [variable for variable in instrument.of_item(item.id) if variable.kind != "text"]
        for variable in columns[:1] if item.type in ("multi", "ranking") else columns:
            to_ask = asked(frame, variable, instrument)
            shown += to_ask
            answered += to_ask & answered_cells(frame[variable.name])
    return answered, shown


def answered_cells(column: pd.Series) -> Array:
    """Return where a column holds an answer; don't-knows and refusals count."""
    return np.asarray(column.notna() & ~column.isin(["-6", "-5", "-4", "-3"]), dtype=bool)
