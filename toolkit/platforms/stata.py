"""Stata .dta: a coded frame with labels of variables and values, missing codes as extended missing values.

Without answers it is an empty template that shows what the file of answers will hold. The file is of the
format of Stata 14 (118), which every Stata since 2015 opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from toolkit.instrument.model import Instrument
from toolkit.platforms import Platform, register
from toolkit.platforms.labelled import (
    Limits,
    Plan,
    labelled_dialect,
    labelled_files,
    packed,
    text_values,
)

_TYPES = ("byte", "double", "float", "int", "long", "strl", *(f"str{width}" for width in range(1, 2046)))
_WORDS = "_all _b _coef _cons _n _pi _pred _rc _r _skip alias if in using with"
LIMITS = Limits(
    program="Stata",
    longest_name=28,  # Stata takes 32; ReadStat makes a label set's name of a column's and up to four digits
    taken=frozenset((*_TYPES, *_WORDS.split())),
    longest_label=80,
    longest_value_label=8_000,
    longest_title=80,
    characters=True,
)
LETTERS: Mapping[str, str] = {"-1": "d", "-2": "r", "-3": "b", "-4": "s", "-5": "n", "-6": "q"}
"""Analysis code → letter of Stata's missing value: don't know, refused, blank, skipped, not theirs, quit."""
_LONGEST_TEXT = 2_000_000


def files_of(
    source: Instrument, part: Instrument, answers: pd.DataFrame | None = None, notices: Iterable[str] = ()
) -> dict[str, str | bytes]:
    """Return the .dta and its manifest, name → content; see `labelled_files`.

    Raises
    ------
    InvalidInput
        Every text that Stata cannot hold.
    """
    return labelled_files(
        source,
        part,
        answers,
        ending="dta",
        limits=LIMITS,
        missing={code: f".{letter}" for code, letter in LETTERS.items()},
        longest_text=_LONGEST_TEXT,
        pack=_packed,
        notices=notices,
    )


def _packed(plan: Plan, frame: pd.DataFrame) -> bytes:
    import pyreadstat

    columns: dict[str, pd.Series] = {}
    labels: dict[str, dict[Any, str]] = {}
    for one in plan.fields:
        column = frame[one.column]
        if one.kind == "coded":
            values = {**one.numbers, **LETTERS}
            # categories and not objects, whose type is taken from the first hundred cells: letters only
            # would turn it into a text column
            columns[one.name] = column.cat.rename_categories(values).reset_index(drop=True)
            labels[one.name] = {values[code]: words for code, words in one.labels.items()}
        elif one.kind == "number":
            columns[one.name] = column.astype("float64").reset_index(drop=True)
        else:
            columns[one.name] = text_values(column).reset_index(drop=True)
    coded = [one.name for one in plan.fields if one.kind == "coded"]
    return packed(
        pyreadstat.write_dta,
        pd.DataFrame(columns),
        "dta",
        version=14,
        file_label=plan.title,
        column_labels={one.name: one.label for one in plan.fields},
        variable_value_labels=labels,
        missing_user_values={name: list(LETTERS.values()) for name in coded},
    )


register(
    Platform(
        "stata",
        "Stata",
        files_of,
        answers=files_of,
        dialect=labelled_dialect("stata", "dta"),
        recognises=lambda kind, head, headings: kind == "stata",
        aliases=("dta",),
        order=70,
    )
)
