"""How one survey platform writes its exports, said as data."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from toolkit.errors import Problem
from toolkit.instrument.model import Instrument, Variable
from toolkit.platforms.answers import PlatformName
from toolkit.platforms.files.sheet import Opening, Sheet
from toolkit.platforms.manifest import ExportManifest
from toolkit.platforms.matching import codes_of

__all__ = ["Platform", "Rows"]


Rows = dict[str, pd.Series]


@dataclass(frozen=True)
class Platform:
    """How one platform writes its exports.

    Parameters
    ----------
    load
        Opens a file: path, its name in messages, what is said of it → a sheet whose last row of headings
        may be the platform's own ids. Raises where the file is not this platform's.
    id_columns
        Where a response's id may stand; the first one there counts, the row's number where there is none.
    required, hint
        Its own columns that must be there, and what to do where they are not.
    own
        Whether a heading is one of its own.
    spellings
        What a heading says as a code, likeliest first ("q1" for "page/q1" or "q1. Do you …?").
    accepted
        Code → variable, or item for a multi-select in one column.
    codes
        Cell → analysis code, in a file of codes.
    unique
        Its own columns in which nothing may stand twice.
    stamp
        Its own column in which a number drawn for each response stands, so that no two rows are quite alike.
    dated
        Its own columns of dates, likeliest first, that tell which of two responses came later.
    ended
        Its own columns that say when a response was given, likeliest first; `*` stands for any characters.
    blank
        Cells that mean "seen but unanswered".
    hidden
        The cell that means "not shown to this person".
    escaped
        Whether labels may stand in its cells as HTML ("R&amp;D").
    other_words
        Cells of a single choice that mean its write-in option. Where a platform has them, the column of such
        an option in a multi-select holds its text and nothing else; elsewhere its cells tell.
    audience
        Its own column of audiences, which counts before one called "audience".
    numbered
        Whether audiences and options may be given by their number.
    separators
        What may stand between the ticks of a multi-select in one cell.
    aside, submitted
        Rows to set aside by reason; rows that were submitted, told the names of columns that hold items.
    manifests
        Platforms of manifests its files may be matched by.
    ids_row
        Whether the third row of headings holds the platform's ids.
    texts
        What to do where no heading is a code.
    coded
        Gives columns codes that can only be told by the instrument.
    """

    name: PlatformName
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
    coded: Callable[[Sheet, Instrument, ExportManifest | None, str], Sheet] = (
        lambda sheet, instrument, manifest, source: sheet
    )
