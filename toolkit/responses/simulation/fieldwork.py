"""Simulated fieldwork: response, item non-response, break-off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pydantic import Field

from toolkit.instrument.fields import Strict
from toolkit.instrument.model import Instrument, Variable
from toolkit.instrument.routing import asked, parse
from toolkit.responses.simulation.people import Array, Organisation, generator

__all__ = ["ENOUGH", "Fieldwork", "answered_cells", "collect", "item_counts"]

ENOUGH = 0.5
"""Share of the asked items from which an unfinished interview is partial; below it is a break-off (AAPOR)."""


class Fieldwork(Strict):
    """Behaviour in the field: rates from 0 to 1, equal for everybody.

    Parameters
    ----------
    response
        Share of people who answer, where an organisation says nothing else.
    blank, dont_know, refused
        Share of shown items left blank, or answered so where the item offers it.
    unfinished
        Share of those who start and do not submit; they stop at a place of their own.
    no_organisation
        How many respondents of a wave's largest organisation lose their organisation on the way.
    comments
        What the open item is answered with by some; nothing when empty.
    """

    response: float = Field(default=0.6, ge=0, le=1)
    blank: float = Field(default=0.02, ge=0, le=1)
    dont_know: float = Field(default=0.03, ge=0, le=1)
    refused: float = Field(default=0.01, ge=0, le=1)
    unfinished: float = Field(default=0.04, ge=0, le=1)
    no_organisation: int = Field(default=0, ge=0)
    comments: tuple[str, ...] = ()


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
            columns[variable.name] = _write_in(columns, variable)
            continue
        shown = asked(pd.DataFrame(columns), variable, instrument)
        columns[variable.name] = _answer(here[variable.name], variable, shown, instrument, fieldwork, seed)
    return _break_off(pd.DataFrame(columns), instrument, fieldwork, seed)


def _write_in(columns: dict[str, pd.Series], variable: Variable) -> pd.Series:
    """Write the invented texts of those who chose "other"; each says that it is invented."""
    multi = variable.item.type == "multi"
    answers = columns[variable.name.removesuffix("_text") if multi else variable.item.id]
    chose = answers == ("1" if multi else variable.option.code if variable.option else "")
    words = pd.Series("something else (simulated)", index=answers.index, dtype="str")
    return words.where(chose)


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
        return _comment(would, shown, fieldwork, chance)
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
            said = shown & (chance > 1 - edge - rate) & (chance <= 1 - edge)
            codes = np.where(said & (codes != "-3"), code, codes)
            edge += rate
    values = pd.Categorical(codes, categories=list(variable.categories), ordered=variable.ordered)
    return pd.Series(values, index=would.index, name=variable.name)


def _comment(would: pd.Series, shown: Array, fieldwork: Fieldwork, chance: Array) -> pd.Series:
    if not fieldwork.comments:
        return would
    share = 0.15
    place = np.floor(chance / share * len(fieldwork.comments)).astype(int)
    texts = np.array(fieldwork.comments, dtype=object)[np.minimum(place, len(fieldwork.comments) - 1)]
    return pd.Series(texts, index=would.index, dtype="str").where(shown & (chance < share))


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
