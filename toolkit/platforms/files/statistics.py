"""Files of SPSS and Stata: values as text, value labels beside them, user-missing values kept as values."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.platforms.files.sheet import Sheet, no_rows
from toolkit.platforms.files.workbooks import as_text, text_column
from toolkit.system import temporary_folder

__all__ = ["spss_sheet", "stata_sheet"]


def spss_sheet(data: bytes, *, source: str, notes: tuple[str, ...] = ()) -> Sheet:
    """A .sav or .zsav file; values declared user-missing stay what they are, else they would be blank.

    Raises
    ------
    InvalidInput
        Where it is damaged or holds no rows.
    """
    return _guarded("spss", data, source, notes)


def stata_sheet(data: bytes, *, source: str, notes: tuple[str, ...] = ()) -> Sheet:
    """A .dta file; extended missing values (.a to .z) stay as ".a" to ".z".

    Raises
    ------
    InvalidInput
        Where it is damaged or holds no rows.
    """
    return _guarded("stata", data, source, notes)


_ENDINGS = {"spss": ".sav", "stata": ".dta"}
_LARGEST_MEMORY = 2**33
"""Bytes of memory for the process that reads a file of SPSS or Stata: 8 GiB."""
_LONGEST_WORK = 600
"""Seconds of processor time for it."""


def _guarded(kind: str, data: bytes, source: str, notes: tuple[str, ...]) -> Sheet:
    """Read a file in a process of its own: ReadStat ends the process where some files of others trip it."""
    ending = _ENDINGS[kind]
    path = os.pathsep.join(filter(None, sys.path))
    made = subprocess.run(
        [sys.executable, "-P", "-m", "toolkit.platforms.files.statistics", kind],
        input=data,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    if made.returncode == 0:
        about, _, cells = made.stdout.partition(b"\n")
        told = json.loads(about)
        if "problem" in told:
            problem = Problem(
                "damaged-file", "file", f"cannot be read as {ending} ({told['problem']})", "save it again"
            )
            raise InvalidInput(source, [problem])
        if not told["rows"]:
            raise InvalidInput(source, [no_rows()])
        frame = pd.read_feather(io.BytesIO(cells)).set_axis(range(len(told["names"])), axis=1)
        return Sheet(
            (tuple(told["names"]),),
            frame.astype(str).set_axis(range(2, len(frame) + 2)),
            "",
            (*notes, f"read from {'SPSS' if kind == 'spss' else 'Stata'} ({ending})"),
            {int(place): words for place, words in told["labels"].items()},
            {int(place): frozenset(held) for place, held in told["declared"].items()},
            sets={name: tuple(places) for name, places in told["sets"].items()},
            counted={int(place): value for place, value in told["counted"].items()},
        )
    what = f"ends the program that reads {ending} files: it is damaged, or as LimeSurvey writes some of them"
    raise InvalidInput(source, [Problem("damaged-file", "file", what, "export the answers as CSV instead")])


def main(kind: str) -> None:
    """Read a file from standard input and write names, labels and cells, all as text, to standard output."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whatever a library prints is not read
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for limit, most in ((resource.RLIMIT_AS, _LARGEST_MEMORY), (resource.RLIMIT_CPU, _LONGEST_WORK)):
            hard = resource.getrlimit(limit)[1]
            soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(limit, (soft, hard))
    data = sys.stdin.buffer.read()
    try:
        about, frame = _as_text(kind, data)
    except Exception as error:  # noqa: BLE001 - the process that waits makes one message of them all
        said = " ".join(str(error).split())[:100] or type(error).__name__
        about, frame = {"problem": said}, None
    with out:
        out.write(json.dumps(about).encode() + b"\n")
        if frame is not None:
            held = io.BytesIO()
            frame.to_feather(held)
            out.write(held.getvalue())


def _as_text(kind: str, data: bytes) -> tuple[dict[str, Any], pd.DataFrame]:
    """Names, labels and declared missing values by the column's place, and the cells as text."""
    import pyreadstat

    with _path_of(data, _ENDINGS[kind]) as path:
        read = pyreadstat.read_sav if kind == "spss" else pyreadstat.read_dta
        frame, found = read(path, user_missing=True)
    labels: Mapping[Any, Mapping[Any, str]] = found.variable_value_labels
    declared: dict[int, list[str]] = {}
    if kind == "spss":
        ranges: dict[str, Any] = {str(name): held for name, held in (found.missing_ranges or {}).items()}
        for place, name in enumerate(frame.columns):
            in_ranges = _declared(frame.iloc[:, place], ranges.get(str(name), ()))
            if in_ranges:
                declared[place] = sorted(in_ranges)
    else:
        letters = {name: set(held) for name, held in (found.missing_user_values or {}).items()}
        for name, held in letters.items():
            frame[name] = frame[name].map(lambda v, held=held: f".{v}" if v in held else v)
        labels = {
            name: {f".{v}" if v in letters.get(name, ()) else v: label for v, label in words.items()}
            for name, words in labels.items()
        }
    places = {name: place for place, name in enumerate(frame.columns)}
    about = {
        "names": [str(name).strip() for name in frame.columns],
        "rows": len(frame),
        "labels": {
            places[name]: {as_text(value): label for value, label in words.items()}
            for name, words in labels.items()
            if name in places
        },
        "declared": declared,
    }
    lower = {str(name).lower(): place for name, place in places.items()}
    response_sets = getattr(found, "mr_sets", None) or {}
    about["sets"] = {
        str(name): [lower[str(one).lower()] for one in held["variable_list"] if str(one).lower() in lower]
        for name, held in response_sets.items()
        if held["type"] == "C"
    }
    counted: dict[int, set[str]] = {}
    for held in response_sets.values():
        for one in held["variable_list"] if held["is_dichotomy"] else ():
            if str(one).lower() in lower:
                counted.setdefault(lower[str(one).lower()], set()).add(as_text(held["counted_value"]))
    about["counted"] = {place: values.pop() for place, values in counted.items() if len(values) == 1}
    columns = {str(place): text_column(frame.iloc[:, place]) for place in range(frame.shape[1])}
    return about, pd.DataFrame(columns)


@contextmanager
def _path_of(data: bytes, ending: str) -> Iterator[str]:
    """Give bytes a path that a library can open; in memory where the system can, so that nothing is left."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("answers")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            yield f"/proc/self/fd/{handle}"
        return
    with temporary_folder() as folder:  # it is cleared even if this process is killed
        path = folder / f"answers{ending}"
        path.write_bytes(data)
        yield str(path)


def _declared(cells: pd.Series, ranges: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Cells of a column that lie in one of its ranges of missing values."""
    held = set()
    for one in ranges:
        low, high = one["lo"], one["hi"]
        alike = [value for value in cells.dropna().unique() if isinstance(value, str) == isinstance(low, str)]
        held |= {as_text(value) for value in alike if low <= value <= high}
    return frozenset(held)


if __name__ == "__main__":
    main(sys.argv[1])
