"""Questionnaires of earlier waves that differ from the study's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument import Instrument, compare, load_instrument, load_instruments
from toolkit.instrument.model import Variable
from toolkit.instrument.routing import parse
from toolkit.study.file import WaveInstrument

__all__ = ["wave_instruments", "with_hanging"]


def wave_instruments(
    written: Mapping[str, WaveInstrument],
    folder: Path,
    waves: Sequence[str],
    instrument: Instrument | None,
    problems: list[Problem],
) -> dict[str, Instrument]:
    """Load the questionnaires of earlier waves, and collect what does not fit the study.

    The last wave's is the study's own: its words are the ones a report prints.
    """
    found: dict[str, Instrument] = {}
    for wave, named in written.items():
        where = f"wave_instruments → {wave}"
        if wave not in waves:
            problems.append(
                Problem("unknown-wave", where, "unknown wave of the study", near_names(wave, waves))
            )
            continue
        if wave == waves[-1]:
            hint = "write it as the study's own instrument, and the older one here under its wave"
            problems.append(Problem("conflict", where, "is the last wave", hint))
            continue
        try:
            own = _loaded(named, folder)
            if instrument is not None:
                problems += _misfits(own, instrument, where)
            found[wave] = own
        except InvalidInput as error:
            problems += [replace(p, where=f"{where}, {p.where}") for p in error.problems]
    return found


def _loaded(named: WaveInstrument, folder: Path) -> Instrument:
    if named.instrument is not None:
        return load_instrument(folder / named.instrument)
    return load_instruments({audience: folder / name for audience, name in named.instruments.items()})


def _misfits(own: Instrument, instrument: Instrument, where: str) -> Iterator[Problem]:
    for audience in own.audiences:
        if audience not in instrument.audiences:
            what = f"has an audience '{audience}' that the study's instrument has not"
            yield Problem("unknown-audience", where, what, near_names(audience, instrument.audiences))
    compare(own, instrument)  # refuses questionnaires without a question or a language in common


def with_hanging(compared: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Extend the comparison of two questionnaires to questions routed by a changed one.

    Those whom the old words led on are not those whom the new ones do. And how many they were would tell of
    the question before, of which no trend and so no bound is printed.
    """
    hanging = {variable.name: _behind(variable, instrument) for variable in instrument.variables}
    while True:
        told = zip(compared["item"], compared["audience"], compared["trend"], strict=True)
        lost = {(item, audience) for item, audience, trend in told if trend != "yes"}
        reached = pd.Series(
            [
                trend == "yes" and any((name, audience) in lost for name in hanging.get(item, ()))
                for item, audience, trend in zip(
                    compared["item"], compared["audience"], compared["trend"], strict=True
                )
            ],
            index=compared.index,
            dtype=bool,
        )
        if not reached.any():
            return compared
        compared = compared.assign(
            change=compared["change"].mask(reached, "base changed"),
            trend=compared["trend"].mask(reached, "no"),
            what=compared["what"].mask(reached, "asked after a question that changed"),
        )


def _behind(variable: Variable, instrument: Instrument) -> tuple[str, ...]:
    """Return the columns of the questions that route to this one."""
    if not variable.item.ask_if:
        return ()
    asked = parse(variable.item.ask_if).item_ids(instrument)
    return tuple(one.name for one in instrument.variables if one.item.id in asked)
