"""Simulating a study, and rehearsing an instrument."""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import AfterValidator, Field, model_validator

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument import load_instrument, load_instruments
from toolkit.instrument.model import Instrument
from toolkit.instrument.yaml_loader import Strict, checked, read_document
from toolkit.responses.frames import Missing, in_form
from toolkit.simulation.exports import EXPORTS, made_up_weights
from toolkit.simulation.fieldwork import KINDS, Effect, Fieldwork, carelessly, collect, with_effects
from toolkit.simulation.population import (
    Organisation,
    Share,
    check_organisations,
    check_shares,
    generator,
    load_shares,
    populate,
)

# Simulation of answers to an instrument, or of every file of a sample study.


class _Wave(Strict):
    opens: date
    closes: date


def _simulated_platform(name: str) -> str:
    if name not in EXPORTS:
        raise ValueError(f"must be one of {', '.join(EXPORTS)}")
    return name


class _File(Strict):
    """One answer file: who is in it, and in which platform's format."""

    file: str
    wave: str
    platform: Annotated[str, AfterValidator(_simulated_platform)]
    audiences: tuple[str, ...] = Field(min_length=1)
    answers: Literal["codes", "full"] = "codes"
    previews: int = Field(default=0, ge=0)
    weights: str | None = Field(default=None, min_length=1)


class Simulation(Strict):
    """Content of a simulation file; its paths are relative to it."""

    title: str
    seed: int = Field(ge=0)
    instrument: str | None = None
    instruments: dict[str, str] = Field(default_factory=dict)
    shares: str | None = None
    fieldwork: Fieldwork = Fieldwork()
    waves: dict[str, _Wave] = Field(min_length=1)
    organisations: tuple[Organisation, ...] = Field(min_length=1)
    organisations_file: str = "organisations.csv"
    files: tuple[_File, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_instrument(self) -> Simulation:
        if (self.instrument is None) == (not self.instruments):
            raise ValueError(
                "there is one way to the questions; write instrument, or instruments (audience: file)"
            )
        return self


@typed
def simulate(
    instrument: Instrument,
    organisations: Sequence[Organisation] | None = None,
    *,
    shares: Sequence[Share] = (),
    seed: int,
    waves: Sequence[str] | None = None,
    fieldwork: Fieldwork | None = None,
    keep_break_offs: bool = False,
    missing: Missing = "nan",
) -> pd.DataFrame:
    """Draw synthetic answers to any instrument.

    Parameters
    ----------
    instrument
        The questionnaire; its routing and exclusive options are respected.
    organisations
        Who there is to ask; None for one organisation with 200 people of every audience.
    shares
        Population shares to hit within one person; what is not named is drawn.
    seed
        The same seed gives the same answers.
    waves
        Names of the waves; None for those the organisations name.
    fieldwork
        Response, blanks, don't-knows and unfinished interviews; None for the defaults.
    keep_break_offs
        Whether rows with fewer than half of the asked items answered stay, with status "break-off".
    missing
        How missing answers are returned; see `Study.responses`.

    Returns
    -------
    DataFrame
        One row per respondent who answered; `attrs["synthetic"]` is True.

    Raises
    ------
    InvalidInput
        When shares or organisations do not fit the instrument or each other.
    """
    if organisations is None:
        people = dict.fromkeys(instrument.audiences, 200)
        organisations = (
            Organisation(id="org-01", name="Rehearsal", people=people, waves=tuple(waves or ("1",))),
        )
    problems = [*check_shares(shares, instrument), *check_organisations(organisations, instrument)]
    if seed < 0:
        problems.append(
            Problem("out-of-range", "seed", f"{seed} is below 0", "give 0 or a positive whole number")
        )
    if problems:
        raise InvalidInput("simulation", problems)
    if waves is None:
        waves = sorted({wave for organisation in organisations for wave in organisation.waves})
    population = populate(instrument, organisations, shares, waves=waves, seed=seed)
    found = collect(population, instrument, organisations, fieldwork or Fieldwork(), seed=seed)
    if not keep_break_offs:
        found = found[found["status"] != "break-off"].reset_index(drop=True)
    found.attrs["synthetic"] = True
    return in_form(found, missing, instrument)


def load_simulation(path: str | Path) -> tuple[Simulation, Instrument, tuple[Share, ...]]:
    """Read a simulation file with its instruments and shares, and check their consistency.

    Raises
    ------
    InvalidInput
        With everything wrong at once.
    """
    path = Path(path)
    spec = checked(Simulation, read_document(path))
    folder = path.parent
    instrument = (
        load_instrument(folder / spec.instrument)
        if spec.instrument
        else load_instruments({name: folder / file for name, file in spec.instruments.items()})
    )
    shares = load_shares(folder / spec.shares, instrument) if spec.shares else ()
    problems = [
        *check_organisations(spec.organisations, instrument),
        *_wave_problems(spec, shares, instrument),
    ]
    if problems:
        raise InvalidInput(path, problems)
    return spec, instrument, shares


def simulate_study(spec_path: str | Path, out: str | Path, *, seed: int | None = None) -> list[Path]:
    """Write every file a simulation file describes: organisations and answers, as platforms export them.

    Parameters
    ----------
    spec_path
        The simulation file.
    out
        The folder to write into; created if missing.
    seed
        Another seed than the file's.

    Returns
    -------
    list of Path
        The files written. The same file and seed give the same bytes.

    Raises
    ------
    InvalidInput
        With everything wrong in the simulation file at once.
    """
    spec, instrument, shares = load_simulation(spec_path)
    seed = spec.seed if seed is None else seed
    frame = simulate(
        instrument,
        spec.organisations,
        missing="codes",
        shares=shares,
        seed=seed,
        waves=tuple(spec.waves),
        fieldwork=spec.fieldwork,
        keep_break_offs=True,
    )
    made = {spec.organisations_file: _organisations_table(spec, instrument)}
    of_wave: Counter[tuple[str, str]] = Counter()
    for file in spec.files:
        # files of one wave and platform draw their ids separately: the same id in two is refused when read
        made[file.file] = _export(frame, file, spec, instrument, seed + of_wave[file.platform, file.wave])
        of_wave[file.platform, file.wave] += 1
    return [write_file(Path(out) / name, content) for name, content in made.items()]


def _export(frame: pd.DataFrame, file: _File, spec: Simulation, instrument: Instrument, seed: int) -> bytes:
    rows = (frame["wave"] == file.wave) & frame["audience"].isin(file.audiences)
    part, wave = frame[rows].reset_index(drop=True), spec.waves[file.wave]
    days = {"opens": wave.opens.isoformat(), "closes": wave.closes.isoformat()}
    settings = {
        name: getattr(file, name) for name in ("answers", "previews") if name in file.model_fields_set
    }
    write = EXPORTS[file.platform].write
    known = inspect.signature(write).parameters
    fitting = {name: value for name, value in settings.items() if name in known}
    further = {file.weights: made_up_weights(part, seed=seed)} if file.weights else {}
    return write(part, instrument, seed=seed, further=further, **days, **fitting)


def _organisations_table(spec: Simulation, instrument: Instrument) -> bytes:
    further = dict.fromkeys(name for one in spec.organisations for name in one.columns)
    rows = [
        {"organisation": organisation.id, "name": organisation.name, "wave": wave}
        | {audience: organisation.people.get(audience, 0) for audience in instrument.audiences}
        | {name: organisation.columns.get(name, "") for name in further}
        for wave in spec.waves
        for organisation in spec.organisations
        if wave in organisation.waves
    ]
    text: str = pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")
    return text.encode("utf-8")


def write_file(path: Path, content: bytes) -> Path:
    """Write a file atomically."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        problem = Problem(
            "unwritable",
            str(path),
            f"cannot be written ({error.strerror})",
            "choose another folder or make room",
        )
        raise InvalidInput("simulation", [problem]) from error
    return path


def _wave_problems(spec: Simulation, shares: Sequence[Share], instrument: Instrument) -> list[Problem]:
    problems = []
    named = [(f"organisations, {o.id}, waves", wave) for o in spec.organisations for wave in o.waves]
    named += [(f"files, {file.file}", file.wave) for file in spec.files]
    named += [(f"{spec.shares}, {share.item}", share.wave) for share in shares if share.wave is not None]
    for where, wave in named:
        if wave not in spec.waves:
            problems.append(Problem("unknown-wave", where, f"no wave '{wave}'", near_names(wave, spec.waves)))
    names = [spec.organisations_file, *(file.file for file in spec.files)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(
            Problem("duplicate", f"files, {name}", "two files have this name", "give each its own")
        )
    for file in spec.files:
        for audience in file.audiences:
            if audience not in instrument.audiences:
                what = f"no audience '{audience}'"
                problems.append(
                    Problem(
                        "unknown-audience",
                        f"files, {file.file}",
                        what,
                        near_names(audience, instrument.audiences),
                    )
                )
        if EXPORTS[file.platform].one_audience and len(file.audiences) > 1:
            what = f"a file of {file.platform} must have one audience"
            problems.append(
                Problem("unsupported", f"files, {file.file}", what, "write a file for each audience")
            )
    for name, days in spec.waves.items():
        if days.closes < days.opens:
            problems.append(
                Problem("wrong-order", f"waves, {name}", "closes before it opens", "exchange the two dates")
            )
    return problems


# Rehearsals before fieldwork: synthetic answers with given gaps, margins and careless respondents.


SYNTHETIC = "synthetic"
"""Value of `organisation` and `source` in every row of a rehearsal."""


@dataclass(frozen=True)
class Rehearsal:
    """Synthetic answers, and a separate key of careless respondents.

    Parameters
    ----------
    frame
        A coded frame; nothing in it reveals who is careless.
    key
        Columns respondent, audience, careless ("", "straight" or "random").
    """

    frame: pd.DataFrame
    key: pd.DataFrame


def rehearse(
    instrument: Instrument,
    n: Mapping[str, int],
    *,
    seed: int,
    effects: Sequence[Effect] = (),
    margins: Sequence[Share] = (),
    careless: float = 0.0,
    fieldwork: Fieldwork | None = None,
    wave: str = "1",
) -> Rehearsal:
    """Draw synthetic answers to any instrument, to rehearse an analysis before fieldwork.

    Parameters
    ----------
    instrument
        The questionnaire; its routing and exclusive options are respected.
    n
        Audience → how many answer; an audience that is not named has no one.
    seed
        The same seed gives the same answers.
    effects
        Gaps between audiences.
    margins
        Shares by item and audience (`load_shares`); what neither names is drawn.
    careless
        Share of each audience (0 to 1) that does not read. Half of them answer straight down, half at random.
    fieldwork
        Blanks, don't-knows, refusals, unfinished interviews; None for the defaults with every interview
        finished. Its response rate is not used: all of `n` answer.
    wave
        The name of the wave.

    Returns
    -------
    Rehearsal
        Margins and effects hold within one person among those who read, before blanks and don't-knows. Where
        interviews break off, fewer than `n` stay.

    Raises
    ------
    InvalidInput
        With everything wrong at once.

    Examples
    --------
    >>> made = rehearse(instrument, {"employee": 200}, seed=1, careless=0.05)
    >>> int((made.key["careless"] != "").sum())
    10
    """
    problems = [*_problems(instrument, n, careless, seed)]
    shares: tuple[Share, ...] = tuple(margins)
    try:
        shares = with_effects(margins, effects, instrument)
    except InvalidInput as error:
        problems += error.problems
    if problems:
        raise InvalidInput("simulation", problems)
    lost = {audience: math.floor(count * careless + 0.5) for audience, count in n.items()}
    reading = {audience: count - lost[audience] for audience, count in n.items()}
    field = (fieldwork or Fieldwork(unfinished=0.0)).model_copy(update={"response": 1.0})
    parts = []
    if sum(reading.values()):
        who = _everybody(reading, wave)
        frame = simulate(
            instrument, [who], shares=shares, seed=seed, waves=[wave], fieldwork=field, missing="codes"
        )
        parts.append(frame.assign(careless=""))
    if sum(lost.values()):
        parts.append(_careless_part(instrument, lost, seed, wave))
    return _mixed(pd.concat(parts, ignore_index=True), seed, wave)


def _problems(instrument: Instrument, n: Mapping[str, int], careless: float, seed: int) -> Iterator[Problem]:
    for audience, count in n.items():
        if audience not in instrument.audiences:
            hint = near_names(audience, instrument.audiences)
            yield Problem("unknown-audience", f"n, {audience}", f"unknown audience '{audience}'", hint)
        elif count < 0:
            yield Problem("out-of-range", f"n, {audience}", f"{count} is below 0", "give a number of people")
    if sum(n.values()) < 1:
        yield Problem("empty", "n", "no one answers", "give at least one audience a number of people")
    if not 0 <= careless <= 1:
        yield Problem("out-of-range", "careless", f"{careless:g} must be from 0 to 1", "give 0.05 for 5 %")
    if seed < 0:
        yield Problem("out-of-range", "seed", f"{seed} is below 0", "give 0 or a positive whole number")


def _everybody(people: Mapping[str, int], wave: str) -> Organisation:
    return Organisation(id=SYNTHETIC, name="Synthetic", people=dict(people), waves=(wave,))


def _careless_part(instrument: Instrument, people: Mapping[str, int], seed: int, wave: str) -> pd.DataFrame:
    """Return as many careless people as requested, every second one a straight-liner."""
    full = Fieldwork(response=1.0, blank=0.0, dont_know=0.0, refused=0.0, unfinished=0.0)
    frame = simulate(
        instrument, [_everybody(people, wave)], seed=seed, waves=[wave], fieldwork=full, missing="codes"
    )
    place = frame.groupby("audience", observed=True).cumcount().to_numpy()
    kinds = np.array(KINDS, dtype=object)[place % len(KINDS)]
    return carelessly(frame, list(kinds), instrument, seed=seed).assign(careless=kinds)


def _mixed(frame: pd.DataFrame, seed: int, wave: str) -> Rehearsal:
    """Shuffle and renumber people, so that neither order nor id reveals who is careless."""
    order = generator(seed, "rehearsal", "order").permutation(len(frame))
    mixed = frame.iloc[order].reset_index(drop=True)
    width = max(len(str(len(mixed))), 4)
    names = pd.Series([f"{wave}-{number:0{width}d}" for number in range(1, len(mixed) + 1)], dtype="str")
    mixed = mixed.assign(respondent=names, source=pd.Series(SYNTHETIC, index=mixed.index, dtype="str"))
    key = mixed[["respondent", "audience", "careless"]].astype({"careless": "str"})
    answers = mixed.drop(columns="careless")
    answers.attrs["synthetic"] = True
    return Rehearsal(answers, key)
