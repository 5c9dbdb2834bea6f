"""Files of SPSS and Stata: values as text, value labels beside them, user-missing values kept as values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.responses.files.sheet import Sheet
from toolkit.responses.files.workbooks import as_text, frame_sheet
from toolkit.system import temporary_folder

__all__ = ["spss_sheet", "stata_sheet"]


def spss_sheet(data: bytes, *, source: str, notes: tuple[str, ...] = ()) -> Sheet:
    """A .sav or .zsav file; values declared user-missing stay what they are, else they would be blank.

    Raises
    ------
    InvalidInput
        Where it is damaged or holds no rows.
    """
    import pyreadstat

    frame, about = _read(pyreadstat.read_sav, data, ".sav", source)
    sheet = _sheet(frame, about.variable_value_labels, source, (*notes, "read from SPSS (.sav)"))
    ranges = {str(name): found for name, found in (about.missing_ranges or {}).items()}
    declared = {
        place: held
        for place, name in enumerate(frame.columns)
        if (held := _declared(frame[name], ranges.get(str(name), ())))
    }
    places = {str(name).lower(): place for place, name in enumerate(frame.columns)}
    sets = {
        str(name): tuple(
            places[str(one).lower()] for one in held["variable_list"] if str(one).lower() in places
        )
        for name, held in (about.mr_sets or {}).items()
        if held["type"] == "C"
    }
    return replace(sheet, declared=declared, sets=sets)


def _declared(cells: pd.Series, ranges: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Cells of a column that lie in one of its ranges of missing values."""
    held = set()
    for one in ranges:
        low, high = one["lo"], one["hi"]
        alike = [value for value in cells.dropna().unique() if isinstance(value, str) == isinstance(low, str)]
        held |= {as_text(value) for value in alike if low <= value <= high}
    return frozenset(held)


def stata_sheet(data: bytes, *, source: str, notes: tuple[str, ...] = ()) -> Sheet:
    """A .dta file; extended missing values (.a to .z) stay as ".a" to ".z".

    Raises
    ------
    InvalidInput
        Where it is damaged or holds no rows.
    """
    import pyreadstat

    frame, about = _read(pyreadstat.read_dta, data, ".dta", source)
    extended: Mapping[str, Any] = about.missing_user_values or {}
    letters = {name: set(found) for name, found in extended.items()}
    for name, found in letters.items():
        frame[name] = frame[name].map(lambda v, found=found: f".{v}" if v in found else v)
    labels = {
        name: {f".{v}" if v in letters.get(name, ()) else v: label for v, label in words.items()}
        for name, words in about.variable_value_labels.items()
    }
    return _sheet(frame, labels, source, (*notes, "read from Stata (.dta)"))


def _read(
    read: Callable[..., tuple[pd.DataFrame, Any]], data: bytes, ending: str, source: str
) -> tuple[Any, Any]:
    import pyreadstat

    with temporary_folder() as folder:  # it is cleared even if this process is killed
        path = folder / f"answers{ending}"
        path.write_bytes(data)
        try:
            return read(str(path), user_missing=True)
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OverflowError) as error:
            problem = Problem("file", f"cannot be read as {ending} ({error})", "save it again")
            raise InvalidInput(source, [problem]) from error


def _sheet(
    frame: pd.DataFrame, labels: Mapping[str, Mapping[Any, str]], source: str, notes: tuple[str, ...]
) -> Sheet:
    places = {name: place for place, name in enumerate(frame.columns)}
    told = {
        places[name]: {as_text(value): label for value, label in words.items()}
        for name, words in labels.items()
        if name in places
    }
    return frame_sheet(frame, source=source, notes=notes, labels=told)
