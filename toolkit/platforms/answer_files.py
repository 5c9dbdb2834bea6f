"""Answers into files of other programs, each with a manifest to read them back by."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.files import write_files
from toolkit.instrument.model import Instrument
from toolkit.platforms.choosing import narrow
from toolkit.platforms.coded import checked_frame, read_coded

__all__ = ["ANSWERS_TO", "checked_frame", "read_coded", "write_answers"]

ANSWERS_TO: Mapping[str, str] = {"sav": "spss", "dta": "stata", "frictionless": "frictionless"}
"""Format as named in `--to` → module of `toolkit.platforms` that knows it."""


def write_answers(
    answers: pd.DataFrame,
    instrument: Instrument,
    folder: str | Path,
    *,
    to: str,
    languages: Iterable[str] | None = None,
    audiences: Iterable[str] | None = None,
) -> list[Path]:
    """Write a coded frame as SPSS, Stata or a data package, with a manifest beside it.

    These are the answers of single people, not results: nothing in them is hidden, and no gate looks at them.

    Parameters
    ----------
    answers
        A coded frame; further columns of numbers or text (weights, scores) are written as they are.
    instrument
        The instrument it was coded with.
    folder
        Where to write; made where it is not there.
    to
        One of `ANSWERS_TO`.
    languages
        Of the labels; SPSS and Stata take the first. The instrument's where left out.
    audiences
        Whose answers; everybody's where left out.

    Returns
    -------
    list[Path]
        The files, the manifest last.

    Raises
    ------
    InvalidInput
        A format, language or audience that is not known; everything in the answers that the instrument does
        not know or the format cannot hold; nobody left.

    Examples
    --------
    >>> write_answers(frame, instrument, "out", to="sav", languages=["fr"])  # doctest: +SKIP
    [PosixPath('out/ai-at-work-spss-answers.sav'), PosixPath('out/ai-at-work-spss-answers.manifest.json')]
    """
    if to not in ANSWERS_TO:
        unknown = Problem("unknown-option", f"format '{to}'", "takes no answers", near_names(to, ANSWERS_TO))
        raise InvalidInput("answers", [unknown])
    part = narrow(instrument, languages=languages, audiences=audiences)
    frame = checked_frame(answers, instrument)
    chosen = frame[frame["audience"].isin(list(part.audiences))].reset_index(drop=True)
    if chosen.empty:
        what = "holds nobody of " + ", ".join(part.audiences)
        raise InvalidInput("answers", [Problem("no-answers", "the frame", what, "choose other audiences")])
    left = len(frame) - len(chosen)
    notices = [f"{left} respondents of other audiences were left out"] if left else []
    unasked = [variable.name for variable in instrument.variables if variable.name not in part]
    module = importlib.import_module(f"toolkit.platforms.{ANSWERS_TO[to]}")
    return write_files(
        folder, module.files_of(instrument, part, chosen.drop(columns=unasked), notices), private=True
    )
