"""What a reader hands on: one platform's file, said in the instrument's own codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from toolkit.errors import Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.responses.naming import or_else

__all__ = ["DISPOSITION_COLUMNS", "Columns", "Export", "match_columns", "tally"]

DISPOSITION_COLUMNS = ("wave", "source", "outcome", "reason", "rows")
"""Columns of a disposition table; outcome is read, kept, set aside or noted."""


@dataclass(frozen=True)
class Export:
    """One file of answers before any rule about missing answers was applied.

    Parameters
    ----------
    people
        One row a respondent, indexed by the row of the file: respondent, organisation (may be missing),
        audience (may be missing), submitted (bool).
    answers
        Same index; one column a variable. Categorical in the variable's categories with NaN where the
        cell is blank (a ticked option is "1"), float64 for numbers, text for text.
    absent
        Variables the file is declared not to hold.
    disposition
        Rows read and rows set aside so far.
    problems
        Everything that must be mended before these answers may be used.
    """

    source: str
    platform: str
    wave: str
    people: pd.DataFrame
    answers: pd.DataFrame
    absent: tuple[str, ...]
    disposition: pd.DataFrame
    problems: tuple[Problem, ...] = field(default=())


@dataclass(frozen=True)
class Columns:
    """Which headings hold which variable."""

    of_variable: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...]


def tally(wave: str, source: str, rows: Iterable[tuple[str, str, int]]) -> pd.DataFrame:
    """Make disposition rows of (outcome, reason, rows)."""
    made = pd.DataFrame([(wave, source, *row) for row in rows], columns=list(DISPOSITION_COLUMNS))
    return made.astype({"wave": str, "source": str, "outcome": str, "reason": str, "rows": "int64"})


def match_columns(
    headings: Iterable[str],
    instrument: Instrument,
    *,
    accepted: Mapping[str, str],
    needed: Iterable[str],
    other: Iterable[str],
    absent: Iterable[str] = (),
    ignored: Iterable[str] = (),
) -> Columns:
    """Say which heading is which variable, and everything that does not fit.

    Parameters
    ----------
    accepted
        Heading → variable (or item, for a multi-select in one column).
    needed
        Variables that must be there.
    other
        Headings that are no item: the platform's own, the organisation's, the ignored.
    absent
        Items or variables the study file says the file does not hold.
    ignored
        Headings that stay unread, also where they are an item's.
    """
    headings, ignored = list(headings), set(ignored)
    other = {*other, *ignored}
    found: dict[str, list[str]] = {}
    unknown = []
    for heading in headings:
        if heading in accepted and heading not in ignored:
            found.setdefault(accepted[heading], []).append(heading)
        elif heading and heading not in other:
            unknown.append(heading)
    lacking = [
        name
        for name in needed
        if not _held(name, found, instrument) and not _left_out(name, absent, instrument)
    ]
    total = len(lacking) + sum(_held(name, found, instrument) for name in needed)
    if total and len(lacking) > total / 2:
        wrong = _wrong_survey(total - len(lacking), total, unknown)
        return Columns({}, (wrong,))
    problems = [
        Problem(
            f"column {name}",
            "is no item of the instrument and no column of the platform",
            or_else(near_names(name, sorted({*accepted, *lacking})), "list it under ignore_columns"),
        )
        for name in unknown
    ]
    problems += [
        Problem(
            f"column {name}",
            "is missing: the instrument asks it of people in this file",
            or_else(near_names(name, unknown or headings), "export all questions, or list it under absent"),
        )
        for name in lacking
    ]
    problems += [
        Problem(
            f"column {held[0]}",
            "is in the file, but the study file lists it under absent",
            "take it out of absent, or list the column under ignore_columns too, so that it stays unread",
        )
        for name, held in found.items()
        if name in absent or (name in instrument and instrument[name].item.id in absent)
    ]
    return Columns({name: tuple(held) for name, held in found.items()}, tuple(problems))


def _held(name: str, found: Mapping[str, list[str]], instrument: Instrument) -> bool:
    return name in found or instrument[name].item.id in found


def _left_out(name: str, absent: Iterable[str], instrument: Instrument) -> bool:
    return name in absent or instrument[name].item.id in absent


def _wrong_survey(held: int, total: int, unknown: list[str]) -> Problem:
    shown = ", ".join(repr(name) for name in unknown[:3]) or "none"
    return Problem(
        "headings",
        f"only {held} of {total} columns of the instrument are here (other headings: {shown}); "
        "this looks like the export of another survey",
        "check which file and which instrument the study file names",
    )
