"""SPSS .sav: a coded frame with labels of variables and values, missing codes declared user-missing.

Without answers it is an empty template that shows what the file of answers will hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from toolkit.instrument.model import MISSING, Instrument
from toolkit.platforms import Platform, register
from toolkit.platforms.labelled import (
    Limits,
    Plan,
    labelled_dialect,
    labelled_files,
    packed,
    text_values,
)

LIMITS = Limits(
    program="SPSS",
    longest_name=64,
    taken=frozenset(("all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with")),
    longest_label=256,
    longest_value_label=120,
    longest_title=64,
)
_LONGEST_TEXT = 32_767
_MISSING = {code: float(code) for code in MISSING}


def files_of(
    source: Instrument, part: Instrument, answers: pd.DataFrame | None = None, notices: Iterable[str] = ()
) -> dict[str, str | bytes]:
    """Return the .sav and its manifest, name → content; see `labelled_files`.

    Raises
    ------
    InvalidInput
        Every text that SPSS cannot hold.
    """
    ended = _ended_in_blanks(part, answers)
    return labelled_files(
        source,
        part,
        answers,
        ending="sav",
        limits=LIMITS,
        missing={code: code for code in MISSING},
        longest_text=_LONGEST_TEXT,
        pack=_packed,
        notices=[*ended, *notices],
    )


def _ended_in_blanks(part: Instrument, answers: pd.DataFrame | None) -> list[str]:
    """Count texts that end in blanks, which SPSS pads with blanks up to their width and so loses."""
    if answers is None:
        return []
    texts = [text_values(answers[v.name]) for v in part.variables if v.kind == "text"]
    ended = sum(int(column.str.endswith(" ").sum()) for column in texts)
    return [f"{ended} open answers end in blanks, which SPSS does not keep"] if ended else []


def _packed(plan: Plan, frame: pd.DataFrame) -> bytes:
    import pyreadstat

    columns: dict[str, pd.Series] = {}
    labels: dict[str, dict[Any, str]] = {}
    for one in plan.fields:
        column = frame[one.column]
        if one.kind == "coded":
            values = {**{code: float(number) for code, number in one.numbers.items()}, **_MISSING}
            columns[one.name] = column.cat.rename_categories(values).astype("float64").reset_index(drop=True)
            labels[one.name] = {values[code]: words for code, words in one.labels.items()}
        elif one.kind == "number":
            columns[one.name] = column.astype("float64").reset_index(drop=True)
        else:
            columns[one.name] = text_values(column).reset_index(drop=True)
            if one.labels:
                labels[one.name] = dict(one.labels)
    coded = [one.name for one in plan.fields if one.kind == "coded"]
    missing = {"lo": min(_MISSING.values()), "hi": max(_MISSING.values())}
    return packed(
        pyreadstat.write_sav,
        pd.DataFrame(columns),
        "sav",
        file_label=plan.title,
        column_labels={one.name: one.label for one in plan.fields},
        variable_value_labels=labels,
        missing_ranges={name: [missing] for name in coded},
        variable_measure={one.name: one.measure for one in plan.fields},
        variable_format=dict.fromkeys(coded, "F8.0"),
    )


register(
    Platform(
        "spss",
        "SPSS",
        files_of,
        answers=files_of,
        dialect=labelled_dialect("spss", "sav"),
        recognises=lambda kind, head, headings: kind == "spss",
        aliases=("sav",),
        order=60,
    )
)
