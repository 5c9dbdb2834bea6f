"""Coded frames packed as files of SPSS and Stata."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.platforms.labelled import (
    Limits,
    Plan,
    columns_of,
    empty_frame,
    own_columns,
    plan_of,
)
from toolkit.platforms.manifest import MANIFEST_ENDING, manifest_of
from toolkit.system import temporary_folder

__all__ = ["coded_values", "labelled_files", "packed", "text_values"]

Pack = Callable[[Plan, pd.DataFrame], bytes]


def labelled_files(
    source: Instrument,
    part: Instrument,
    answers: pd.DataFrame | None,
    *,
    ending: str,
    limits: Limits,
    missing: Mapping[str, str],
    longest_text: int,
    pack: Pack,
    notices: Iterable[str] = (),
) -> dict[str, str | bytes]:
    """Name → content of a file of answers (or of its template) and of its manifest.

    Parameters
    ----------
    source, part
        The whole instrument, and what of it is exported; the first language of `part` is that of the labels.
    answers
        A coded frame with every column of `part`; None for a template.
    ending
        Of the file.
    limits, longest_text
        The program's; `longest_text` is that of an answer, in bytes.
    missing
        Analysis code of a missing answer → what a cell of the file holds.
    pack
        Makes the file.
    notices
        What else the manifest is to say.

    Raises
    ------
    InvalidInput
        Every text the file cannot hold.
    """
    frame = empty_frame(part) if answers is None else answers
    plan = plan_of(part, part.languages[0], limits, own=own_columns(frame, part))
    problems = list(_unfit(plan, frame, limits, longest_text))
    if problems:
        raise InvalidInput(f"{source.id} for {limits.program}", problems)
    stem = f"{source.id}-{limits.program.lower()}-{'template' if answers is None else 'answers'}"
    manifest = manifest_of(
        source,
        part.model_copy(update={"languages": part.languages[:1]}),
        platform=ending,
        layout="one",
        files=[f"{stem}.{ending}"],
        columns=columns_of(plan, part, missing),
        audience_column="audience",
        notices=[*plan.notices, *notices],
        settings={"language": part.languages[0]},
    ).model_copy(update={"audience_codes": {name: name for name in part.audiences}})
    return {f"{stem}.{ending}": pack(plan, frame), f"{stem}{MANIFEST_ENDING}": manifest.to_json()}


def _unfit(plan: Plan, frame: pd.DataFrame, limits: Limits, longest: int) -> Iterator[Problem]:
    for one in plan.fields:
        if one.kind != "text":
            continue
        column = text_values(frame[one.column]).reset_index(drop=True)
        wrong = column.str.encode("utf-8").str.len() > longest
        if wrong.any():
            rows = f"column {one.column}, row {wrong.idxmax() + 1} (+{int(wrong.sum()) - 1} more)"
            what = f"is longer than the {longest} bytes of a text in {limits.program}"
            yield Problem("too-long", rows, what, "shorten the answer")


def text_values(column: pd.Series) -> pd.Series:
    """Text with "" where there is none: neither program knows another blank."""
    return column.astype("str").fillna("")


def coded_values(column: pd.Series, values: Mapping[str, object]) -> np.ndarray:
    """A coded column with each category said otherwise; NaN where it holds nothing."""
    held = np.array([*(values[code] for code in column.cat.categories), np.nan], dtype=object)
    return np.asarray(held[column.cat.codes.to_numpy()])


def packed(write: Callable[..., None], frame: pd.DataFrame, ending: str, **said: Any) -> bytes:
    """What pyreadstat writes, as bytes."""
    with temporary_folder() as folder:  # it is cleared even if this process is killed
        path = folder / f"answers.{ending}"
        write(frame, str(path), **said)
        return path.read_bytes()
