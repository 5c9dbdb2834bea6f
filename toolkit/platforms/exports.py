"""Answers read from one export, and the dialect of the platform that wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from toolkit.errors import Problem, near_names
from toolkit.instrument.model import Instrument, Variable
from toolkit.platforms.files.sheet import Opening, Sheet
from toolkit.platforms.manifest import ExportManifest
from toolkit.platforms.matching import codes_of
from toolkit.platforms.naming import or_else

DISPOSITION_COLUMNS = ("wave", "source", "outcome", "reason", "rows", "reason_code")
REASONS = {
    "test": "a preview or test",
    "nothing_answered": "submitted without one answer",
    "broke_off": "broke off before half of the questions",
}
"""Code → why rows are set aside, of those that something else depends on; others have no code."""
"""Columns of a disposition table; outcome is read, kept, set aside or noted."""


@dataclass(frozen=True)
class Export:
    """One file of answers before any rule about missing answers was applied.

    Parameters
    ----------
    people
        One row per respondent, indexed by the row of the file: respondent, organisation (may be missing),
        audience (may be missing), submitted (bool); where a mapping names a design, its columns too.
    answers
        Same index; one column per variable. Categorical in the variable's categories with NaN where the
        cell is blank (a ticked option is "1"), float64 for numbers, text for text.
    absent
        Variables the file is declared not to hold.
    disposition
        Rows read and rows set aside so far.
    problems
        Everything that must be corrected before these answers may be used.
    hidden
        Same index; True where the platform marks the variable as not shown. None where it cannot.
    beside
        Same index, one column per multi-select: True where an option was ticked that stays unread.
    dates
        Same index; the day on which each response was given, NaT where the file has none.
    persons
        Same index; what identifies a person in any file of a wave (a token), "" if nothing does.
    """

    source: str
    platform: str
    wave: str
    people: pd.DataFrame
    answers: pd.DataFrame
    absent: tuple[str, ...]
    disposition: pd.DataFrame
    problems: tuple[Problem, ...] = field(default=())
    hidden: pd.DataFrame | None = None
    beside: pd.DataFrame | None = None
    dates: pd.Series | None = None
    persons: pd.Series | None = None


@dataclass(frozen=True)
class Columns:
    """Headings by variable."""

    of_variable: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...]


def tally(wave: str, source: str, rows: Iterable[tuple[str, str, int]]) -> pd.DataFrame:
    """Make disposition rows of (outcome, reason in words or as a code of `REASONS`, rows)."""
    made = pd.DataFrame(
        [
            (wave, source, outcome, REASONS.get(reason, reason), n, reason if reason in REASONS else "")
            for outcome, reason, n in rows
        ],
        columns=list(DISPOSITION_COLUMNS),
    )
    return made.astype(dict.fromkeys(DISPOSITION_COLUMNS, str) | {"rows": "int64"})


def match_columns(
    headings: Iterable[str],
    instrument: Instrument,
    *,
    accepted: Mapping[str, str],
    needed: Collection[str],
    other: Iterable[str],
    absent: Collection[str] = (),
    ignored: Iterable[str] = (),
) -> Columns:
    """Match headings to variables, and collect everything that does not fit.

    Parameters
    ----------
    headings
        The headings of the file.
    instrument
        The instrument its answers are of.
    accepted
        Heading → variable (or item, for a multi-select in one column).
    needed
        Variables that must be there.
    other
        Headings that are not items: the platform's own, the organisation's, the ignored.
    absent
        Items or variables the study file lists as absent.
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
    held = [name for name in needed if _among(name, found, instrument)]
    lacking = [name for name in needed if name not in held and not _among(name, absent, instrument)]
    if len(lacking) > len(held):
        what = (
            f"only {len(held)} of {len(held) + len(lacking)} columns of the instrument are here, and "
            f"{len(unknown):,} others; this looks like the export of another survey"
        )
        hint = "check which file and which instrument the study file names"
        return Columns({}, (Problem("wrong-instrument", "headings", what, hint),))
    problems = [
        *_unknown(unknown, {*accepted, *lacking}, instrument),
        *_lacking(lacking, unknown or headings),
        *_present_though_absent(found, absent, instrument),
    ]
    return Columns({name: tuple(here) for name, here in found.items()}, tuple(problems))


_MOST_NAMED = 50
"""Columns that are named one by one where they are unknown."""


def _unknown(unknown: Iterable[str], known: Iterable[str], instrument: Instrument) -> list[Problem]:
    unknown = list(unknown)
    rule = "is neither an item of the instrument nor a column of the platform"
    if len(unknown) > _MOST_NAMED:
        shown = ", ".join(unknown[:10])
        what = f"{rule}, and neither are {len(unknown) - 1:,} other columns ({shown}, …)"
        hint = "check that this is the file, or list them under ignore_columns"
        return [Problem("unexpected-column", f"column {unknown[0]}", what, hint)]
    found = []
    for name in unknown:
        hint = or_else(near_names(name, sorted(known)), "list it under ignore_columns")
        item = multi_of(name, instrument)
        if item is not None:
            hint = f"give '{item}' an option for it (write_in: true where people write), or ignore_columns"
        found.append(Problem("unexpected-column", f"column {name}", rule, hint))
    return found


def multi_of(heading: str, instrument: Instrument) -> str | None:
    """Return the multi-select that a heading such as `why[other]` or `page/why/other` belongs to, or None."""
    multis = {item.id for item in instrument.items if item.type == "multi"}
    found = _PART.match(heading)
    return found["item"] if found and found["item"] in multis else None


_PART = re.compile(r"(?:.*[/-])?(?P<item>[a-z][a-z0-9]*)(?:\[[^\[\]]+\]|[/_.:-][^/]+)$")


def _lacking(lacking: Iterable[str], headings: Iterable[str]) -> list[Problem]:
    return [
        Problem(
            "missing-column",
            f"column {name}",
            "is missing: the instrument asks it of people in this file",
            or_else(near_names(name, headings), "export all questions, or list it under absent"),
        )
        for name in lacking
    ]


def _present_though_absent(
    found: Mapping[str, list[str]], absent: Collection[str], instrument: Instrument
) -> list[Problem]:
    return [
        Problem(
            "contradiction",
            f"column {here[0]}",
            "is in the file, but the study file lists it under absent",
            "remove it from absent, or list the column under ignore_columns too, so that it stays unread",
        )
        for name, here in found.items()
        if _among(name, absent, instrument)
    ]


def _among(name: str, names: Collection[str], instrument: Instrument) -> bool:
    """Return whether a variable, or the item it belongs to, is among the names."""
    return name in names or (name in instrument and instrument[name].item.id in names)


# How a platform writes its exports

Rows = dict[str, pd.Series]


@dataclass(frozen=True)
class Dialect:
    """Export format of one platform.

    Parameters
    ----------
    load
        Opens a file: path, its name in messages, notes on it → a sheet whose last row of headings
        may be the platform's own ids. Raises where the file is not this platform's.
    id_columns
        Columns that may hold a response's id; the first present counts, the row's number where there is none.
    required, hint
        Its own columns that must be there, and what to do where they are not.
    own
        Whether a heading is one of its own.
    spellings
        Code that a heading holds, likeliest first ("q1" for "page/q1" or "q1. Do you …?").
    accepted
        Code → variable, or item for a multi-select in one column.
    codes
        Cell → analysis code, in a file of codes.
    unique
        Its own columns whose values must be unique.
    stamp
        Its own column with a random number per response, so that no two rows are quite alike.
    dated
        Its own columns of dates, likeliest first, that tell which of two responses came later.
    ended
        Its own columns with the time of a response, likeliest first; `*` stands for any characters.
    blank
        Cells that mean "seen but unanswered".
    unanswered
        Cells of choices that mean no answer, except where an answer is called so.
    hidden
        The cell that means "not shown to this person".
    escaped
        Whether its cells may hold labels as HTML ("R&amp;D").
    other_words
        Cells of a single choice that mean its write-in option. Where a platform has them, the column of such
        an option in a multi-select holds its text and nothing else; elsewhere its cells tell.
    audience
        Its own column of audiences, which counts before one called "audience".
    numbered
        Whether audiences and options may be given by their number.
    separators
        Separators of the ticks of a multi-select in one cell.
    aside, submitted
        Rows to set aside by reason; rows that were submitted, told the names of columns that hold items.
    manifests
        Platforms of manifests its files may be matched by.
    ids_row
        Whether the third row of headings holds the platform's ids.
    texts
        What to do where no heading is a code.
    recodes
        Whether its files may hold raw values in place of recodes, so that an entry may specify which.
    joined_beside
        Whether it writes the joined column of a multi-select beside the columns it was split into.
    coded
        Gives columns the codes that only the instrument can decide.
    """

    name: str
    load: Callable[[Path, str, Opening], Sheet]
    own: Callable[[str], bool]
    submitted: Callable[[pd.DataFrame, Collection[str], list[Problem]], pd.Series]
    codes: Callable[[Variable, Instrument], dict[str, str]]
    id_columns: tuple[str, ...]
    required: tuple[str, ...] = ()
    hint: str = "export again with the platform's own columns"
    spellings: Callable[[str], tuple[str, ...]] = lambda heading: (heading,)
    accepted: Callable[[Instrument], dict[str, str]] = codes_of
    unique: tuple[str, ...] = ()
    stamp: str | None = None
    dated: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    hidden: str | None = None
    escaped: bool = False
    other_words: tuple[str, ...] = ()
    audience: str | None = None
    numbered: bool = False
    separators: tuple[str, ...] = ("\n", ";", ",", "|")
    aside: Callable[[pd.DataFrame, list[Problem]], Rows] = lambda frame, problems: {}
    manifests: tuple[str, ...] = ()
    ids_row: bool = False
    texts: str = ""
    recodes: bool = False
    joined_beside: bool = False
    coded: Callable[[Sheet, Instrument, ExportManifest | None, str], Sheet] = (
        lambda sheet, instrument, manifest, source: sheet
    )
