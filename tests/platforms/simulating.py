"""People who answer random questionnaires, and their answers as a coded frame by a reading of our own."""

from __future__ import annotations

import math
import random
from typing import Any

import pandas as pd

from toolkit.instrument import Instrument, asked

Answers = dict[str, Any]


def answers_of(instrument: Instrument, audience: str, chance: random.Random) -> Answers:
    """What one person would answer to every item, if it were shown; some they would leave blank."""
    given: Answers = {"audience": instrument.audiences[audience].code}
    for item in instrument.items:
        variable = instrument.of_item(item.id)[0]
        codes = [*variable.codes, *(missing.code for missing in instrument.missing_of(variable))]
        if chance.random() < 0.25 and not item.required:
            continue
        if item.type == "single":
            given[item.id] = chance.choice(codes)
        elif item.type == "matrix":
            heard = [v for v in instrument.of_item(item.id) if audience in v.audiences]
            kept = [v for v in heard if item.required or chance.random() < 0.7]
            if kept:
                given[item.id] = {str(v.part): chance.choice(codes) for v in kept}
        elif item.type == "multi":
            plain = [option.code for option in item.options if not option.exclusive]
            alone = [[option.code] for option in item.options if option.exclusive]
            some = [[code for code in plain if chance.random() < 0.6] or plain[:1]] if plain else []
            given[item.id] = chance.choice([*alone, *some])
        elif item.type == "number":
            low = 0 if item.minimum is None else item.minimum
            high = low + 30 if item.maximum is None else item.maximum
            given[item.id] = min(high, chance.choice([low, low + 7, max(low, 7), low + 30]))
        else:
            given[item.id] = "words"
    return given


def coded(instrument: Instrument, audiences: list[str], people: list[Answers]) -> pd.DataFrame:
    """Answers as a coded frame by a reading of our own."""
    frame: dict[str, Any] = {
        "audience": pd.Categorical(audiences, categories=list(instrument.audiences), ordered=True)
    }
    for variable in instrument.variables:
        cells = [_cell(instrument, variable.name, person) for person in people]
        if variable.kind in ("single", "option"):
            frame[variable.name] = pd.Categorical(cells, categories=variable.categories)
        else:
            frame[variable.name] = cells
    return pd.DataFrame(frame)


def _cell(instrument: Instrument, name: str, person: Answers) -> Any:
    variable = instrument[name]
    value = person.get(variable.item.id)
    if variable.row:
        value = (value or {}).get(variable.part)
    if variable.kind == "number":
        return math.nan if value is None else float(value)
    if variable.kind == "text":
        return value
    if value is None:
        return "-3"
    if variable.option:
        return str(int(variable.option.code in value))
    offered = {missing.code: missing.becomes for missing in instrument.missing_of(variable)}
    return offered.get(value, value)


def simulated(instrument: Instrument, seed: int, each: int) -> tuple[list[str], list[Answers]]:
    chance = random.Random(seed)
    heard = {name for variable in instrument.variables for name in variable.audiences}
    audiences = [name for name in instrument.audiences if name in heard for _ in range(each)]
    return audiences, [answers_of(instrument, name, chance) for name in audiences]


def check_read_back(
    frame: pd.DataFrame,
    instrument: Instrument,
    audiences: list[str],
    people: list[Answers],
) -> None:
    """A decoded frame holds what each person said, to the code, wherever routing asked them."""
    expected = coded(instrument, audiences, people)
    assert frame["audience"].tolist() == audiences
    for variable in instrument.variables:
        due = asked(expected, variable, instrument)
        assert (asked(frame, variable, instrument) == due).all(), variable.name
        pairs = zip(frame[variable.name][due], expected[variable.name][due], strict=True)
        wrong = [(got, said) for got, said in pairs if got != said and not (pd.isna(got) and pd.isna(said))]
        assert wrong == [], variable.name
        if variable.kind in ("single", "option"):
            assert set(frame[variable.name][~due]) <= {"-4", "-5"}, variable.name
