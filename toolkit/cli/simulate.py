"""The command simulate: synthetic answers to a questionnaire, or every file of a synthetic study."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.common import INSTRUMENTS_HELP, Commands, Names, add_command

if TYPE_CHECKING:
    from toolkit.errors import Problem
    from toolkit.instrument import Instrument
    from toolkit.simulation import Rehearsal

_REHEARSAL_ONLY = ("n", "effects", "margins", "careless", "platform")
_OPENS, _CLOSES = "2000-01-03", "2000-01-14"
"""Days on which no one can have answered, so that no simulated row is mistaken for a real one."""


def add(commands: Commands) -> None:
    """Add simulate to the parser."""
    simulate = add_command(
        commands,
        "simulate",
        _simulate,
        "generate synthetic answers to a questionnaire for a dry run",
        "survey-toolkit simulate instruments/core/*.yaml --n executive=50,employee=200 --out dry_run.csv",
        description="Generate synthetic answers to a questionnaire and write them to one file; or, given a "
        "simulation file, write every file of a synthetic study to a folder.",
    )
    simulate.add_argument(
        "instruments",
        nargs="+",
        metavar="INSTRUMENT",
        help=f"{INSTRUMENTS_HELP}; or one simulation file",
    )
    simulate.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="output file (.csv or .parquet): a coded frame, in which missing answers are codes from -1 to "
        "-6 (toolkit.responses.plain makes them NaN); for a simulation file, an output folder",
    )
    simulate.add_argument("--seed", type=int, help="random seed (default: 1)")
    simulate.add_argument(
        "--n", metavar="AUDIENCE=COUNT,…", help="number of respondents (default: 100 per audience)"
    )
    simulate.add_argument(
        "--effect",
        action="append",
        dest="effects",
        metavar="ITEM[:CODE]=A-B:SIZE",
        help="gap between two audiences, e.g. burnout=employee-executive:0.2 (20 points) or :0.5d (half a "
        "standard deviation); repeatable",
    )
    simulate.add_argument("--margins", metavar="FILE", help="shares by item and audience (YAML)")
    simulate.add_argument(
        "--careless",
        type=float,
        metavar="SHARE",
        help="share of careless respondents, e.g. 0.05; see the key file",
    )
    simulate.add_argument(
        "--as",
        dest="platform",
        choices=Names(_platforms),
        metavar="PLATFORM",
        help="write the file that this platform would export (.csv) instead of the coded frame; "
        "one of %(choices)s",
    )


def _platforms() -> tuple[str, ...]:
    from toolkit.simulation.exports import EXPORTS

    return tuple(EXPORTS)


def _simulate(given: argparse.Namespace) -> int:
    from toolkit.cli.kinds import kind_of, refuse_others

    if len(given.instruments) == 1 and kind_of(given.instruments[0]) == "a simulation file":
        return _study(given)
    for path in given.instruments:
        refuse_others(path, "a questionnaire")
    return _rehearse(given)


def _study(given: argparse.Namespace) -> int:
    from toolkit.errors import InvalidInput, Problem
    from toolkit.simulation import simulate_study

    (spec,) = given.instruments
    refused = [name for name in _REHEARSAL_ONLY if getattr(given, name) is not None]
    if refused:
        flags = {"effects": "--effect", "platform": "--as"}
        hint = "write it into the file, or name a questionnaire instead"
        what = "is for questionnaires, and this is a simulation file"
        raise InvalidInput(
            spec, [Problem("conflict", flags.get(name, f"--{name}"), what, hint) for name in refused]
        )
    for path in simulate_study(spec, given.out, seed=given.seed):
        print(path)
    return 0


def _rehearse(given: argparse.Namespace) -> int:
    from toolkit.errors import InvalidInput, Problem, near_names
    from toolkit.instrument import load_instruments
    from toolkit.simulation import load_shares, parse_effect, rehearse
    from toolkit.system import write_files

    out = Path(given.out)
    problems: list[Problem] = []
    _check_out(out, given.platform, problems)
    if given.platform and given.platform not in _platforms():
        hint = near_names(given.platform, _platforms())
        problems.append(Problem("unknown-option", f"--as {given.platform}", "unknown platform", hint))
    instrument = load_instruments(given.instruments)
    n = _counts(given.n, instrument, problems)
    effects = []
    for text in given.effects or ():
        try:
            effects.append(parse_effect(text))
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidInput("simulate", problems)
    seed = 1 if given.seed is None else given.seed
    margins = load_shares(given.margins, instrument) if given.margins else ()
    careless = given.careless or 0.0
    made = rehearse(instrument, n, seed=seed, effects=effects, margins=margins, careless=careless)
    contents = {out.name: _content(made, instrument, out, given.platform, seed)}
    key = f"{out.stem}.careless_key.csv"
    if careless:
        contents[key] = made.key.to_csv(index=False).encode("utf-8-sig")
    write_files(out.parent, contents)
    counts = made.frame["audience"].value_counts(sort=False)
    listed = ", ".join(f"{audience} {count}" for audience, count in counts.items() if count)
    print(f"{out}: SYNTHETIC answers, not given by anyone ({listed})")
    if careless:
        lost = int((made.key["careless"] != "").sum())
        print(f"{out.parent / key}: the {lost} careless respondents; keep this file separate")
    return 0


def _check_out(out: Path, platform: str | None, problems: list[Problem]) -> None:
    from toolkit.errors import Problem
    from toolkit.inputs import no_parquet

    known = (".csv",) if platform else (".csv", ".parquet")
    if out.suffix not in known:
        hint = f"use a name that ends in {' or '.join(known)}"
        problems.append(
            Problem("unsupported-format", f"--out {out}", "is not a valid name of an answer file", hint)
        )
    elif out.suffix == ".parquet":
        problems += no_parquet(f"--out {out}")


def _counts(text: str | None, instrument: Instrument, problems: list[Problem]) -> dict[str, int]:
    """Parse numbers of respondents, written AUDIENCE=COUNT,AUDIENCE=COUNT."""
    from toolkit.errors import Problem

    if text is None:
        return dict.fromkeys(instrument.audiences, 100)
    counts: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if not name or not number.isdigit():
            hint = "write AUDIENCE=COUNT, as executive=50,employee=200"
            problems.append(Problem("malformed", f"--n {part.strip()}", "cannot be read", hint))
        elif name in counts:
            problems.append(
                Problem("duplicate", f"--n {part.strip()}", f"'{name}' is given twice", "give it once")
            )
        else:
            counts[name] = int(number)
    return counts


def _content(made: Rehearsal, instrument: Instrument, out: Path, platform: str | None, seed: int) -> bytes:
    from toolkit.platforms.answer_files import coded_bytes
    from toolkit.simulation.exports import EXPORTS

    if platform:
        language = instrument.languages[0]
        return EXPORTS[platform].write(
            made.frame, instrument, seed=seed, language=language, opens=_OPENS, closes=_CLOSES
        )
    return coded_bytes(made.frame, out)
