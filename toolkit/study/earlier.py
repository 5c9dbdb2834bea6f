"""The questionnaires of earlier waves, where they were others than the study's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument import Instrument, compare, load_instrument, load_instruments
from toolkit.study.file import WaveInstrument

__all__ = ["wave_instruments"]


def wave_instruments(
    written: Mapping[str, WaveInstrument],
    folder: Path,
    waves: Sequence[str],
    instrument: Instrument | None,
    problems: list[Problem],
) -> dict[str, Instrument]:
    """Load the questionnaires that waves name, and note what does not fit the study.

    The last wave's is the study's own: its words are the ones a report prints.
    """
    found: dict[str, Instrument] = {}
    for wave, named in written.items():
        where = f"wave_instruments → {wave}"
        if wave not in waves:
            problems.append(Problem(where, "is no wave of the study", near_names(wave, waves)))
            continue
        if wave == waves[-1]:
            mend = "write it as the study's own instrument, and the older one here under its wave"
            problems.append(Problem(where, "is the last wave", mend))
            continue
        try:
            own = _loaded(named, folder)
            if instrument is not None:
                problems += _misfits(own, instrument, where)
            found[wave] = own
        except InvalidInput as error:
            problems += [Problem(f"{where}, {p.where}", p.what, p.mend) for p in error.problems]
    return found


def _loaded(named: WaveInstrument, folder: Path) -> Instrument:
    if named.instrument is not None:
        return load_instrument(folder / named.instrument)
    return load_instruments({audience: folder / name for audience, name in named.instruments.items()})


def _misfits(own: Instrument, instrument: Instrument, where: str) -> Iterator[Problem]:
    for audience in own.audiences:
        if audience not in instrument.audiences:
            what = f"has an audience '{audience}' that the study's instrument has not"
            yield Problem(where, what, near_names(audience, instrument.audiences))
    compare(own, instrument)  # refuses questionnaires without a question or a language in common
