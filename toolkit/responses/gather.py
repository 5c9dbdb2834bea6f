"""All answer files of a study, read and decoded: one frame, one disposition, every problem at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import file_digest
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.inputs import is_file
from toolkit.instrument.model import Instrument
from toolkit.platforms import read_answers
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.exports import tally
from toolkit.platforms.naming import rows_said
from toolkit.responses.carrying import carried
from toolkit.responses.decoding import Coded, decode
from toolkit.responses.organisations import (
    compare_with_answers,
    organisations_from_answers,
    recognised,
)


class FieldDates(NamedTuple):
    """The days on which the first and the last response of a wave were given, as its files write them.

    Days of a whole wave, never of one group: they reveal as little of a person as such dates can.
    """

    first: date
    last: date
    complete: bool
    """Whether every response that counts has a date."""


@dataclass(frozen=True)
class Gathered:
    """Contents of the answer files of a study."""

    frame: pd.DataFrame
    disposition: pd.DataFrame
    organisations: pd.DataFrame
    dates: Mapping[str, FieldDates] = field(default_factory=dict)
    """Wave → the first and the last day, where its files hold the dates of responses."""
    tokens: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(wave, respondent) → what identifies the person in any file, where something does."""
    days: pd.Series | None = None
    """The day of each response of `frame`, NaT where no file has it."""


def gather(
    entries: Sequence[AnswersFile],
    paths: Sequence[Path],
    instrument: Instrument,
    table: pd.DataFrame | None,
    *,
    source: object,
    wave_instruments: Mapping[str, Instrument] | None = None,
) -> Gathered:
    """Read, decode and join every file.

    Parameters
    ----------
    wave_instruments
        Wave → the questionnaire its answers were given to, where it was another; they are carried over.
    table
        The organisations table; left out, organisations are made from the answers.

    Raises
    ------
    InvalidInput
        Everything wrong in any file, and where files and organisations table do not fit.
    """
    problems = list(_copies(entries, paths))
    coded: list[Coded] = []
    read: list[tuple[AnswersFile, Path, tuple[int, ...]]] = []
    for entry, path in zip(entries, paths, strict=True):
        try:
            own = (wave_instruments or {}).get(entry.wave, instrument)
            part = decode(read_answers(path, own, entry=entry, strict=False), own)
        except InvalidInput as error:
            problems += [replace(p, where=f"{entry.file}, {p.where}") for p in error.problems]
            continue
        problems += nobody_kept(part.coded, part.disposition, entry.file)
        read.append((entry, path, part.rows))
        if own is not instrument:
            part = replace(part, coded=carried(part.coded, own, instrument))
        coded.append(part)
    if not coded:
        raise InvalidInput(source, dict.fromkeys(problems))
    problems += _read_twice(read)
    frame = pd.concat([part.coded for part in coded], ignore_index=True)
    problems += _exported_twice(frame, {entry.file: entry.platform for entry in entries})
    problems += _answered_alike(coded)
    problems += _in_two_files(read, coded)
    frame = _own_names(frame, [entry for entry, _, _ in read], [len(part.coded) for part in coded])
    notes: dict[str, pd.Series] = {}
    if table is None:
        try:
            table, ids = organisations_from_answers(frame, audiences=tuple(instrument.audiences))
            called = dict(zip(table["organisation"], table["name"], strict=True))
            stated = frame["organisation"]
            frame = frame.assign(organisation=stated.map(ids).astype(str))
            notes[_SPELT_ALIKE] = (frame["organisation"].map(called) != stated) & stated.notna()
        except InvalidInput as error:
            problems += error.problems
    else:
        frame, notes, unclear = recognised(frame, table)
        problems += unclear or compare_with_answers(frame, table)
    if problems or table is None:
        raise InvalidInput(source, dict.fromkeys(problems))
    dispositions = [part.disposition for part in coded]
    for what, rows in notes.items():
        counts = frame.loc[rows].groupby(["wave", "source"], sort=False).size()
        for (wave, file), count in counts.items():
            dispositions.append(tally(str(wave), str(file), [("noted", what, int(count))]))
    tokens = [
        token
        for part in coded
        for token in (part.persons if part.persons is not None else [""] * len(part.coded))
    ]
    keys = zip(frame["wave"], frame["respondent"], strict=True)
    known = {key: str(token) for key, token in zip(keys, tokens, strict=True) if token}
    blank = pd.Series(dtype="datetime64[s]")
    given = [(blank if part.dates is None else part.dates).reindex(part.coded.index) for part in coded]
    days = pd.concat(given, ignore_index=True)
    dates = _field_dates(days, pd.concat([part.coded["wave"] for part in coded], ignore_index=True))
    return Gathered(frame, pd.concat(dispositions, ignore_index=True), table, dates, known, days)


def _field_dates(days: pd.Series, waves: pd.Series) -> dict[str, FieldDates]:
    found = {}
    for wave, stated in days.groupby(waves, sort=False):
        if stated.notna().any():
            found[str(wave)] = FieldDates(
                stated.min().date(), stated.max().date(), complete=bool(stated.notna().all())
            )
    return found


_SPELT_ALIKE = "organisation in another spelling (case, blanks, apostrophes): the one most answers use counts"


def nobody_kept(frame: pd.DataFrame, disposition: pd.DataFrame, file: str) -> Iterator[Problem]:
    """Report a file without a single response: most often the wrong file."""
    if len(frame):
        return
    aside = disposition[disposition["outcome"] == "set aside"]
    why = "; ".join(f"{row.rows} {row.reason}" for row in aside.itertuples())
    hint = "check that it is the right file"
    if aside["reason_code"].eq("test").any():
        hint += "; where previews are what you want, write keep_tests: true"
    yield Problem("no-answers", f"{file}, rows", f"none is kept ({why or 'no rows'})", hint)


def _copies(entries: Sequence[AnswersFile], paths: Sequence[Path]) -> Iterator[Problem]:
    """Find files that hold the same bytes under two names; reading them reports those that cannot be read."""
    seen: dict[str, str] = {}
    for entry, path in zip(entries, paths, strict=True):
        if is_file(path) and os.access(path, os.R_OK):
            with path.open("rb") as held:
                first = seen.setdefault(file_digest(held, "sha256").hexdigest(), entry.file)
            if first != entry.file:
                what = "are the same file under two names"
                yield Problem(
                    "duplicate",
                    f"files {first} and {entry.file}",
                    what,
                    "put the right export in place of one",
                )


def _read_twice(read: Sequence[tuple[AnswersFile, Path, tuple[int, ...]]]) -> Iterator[Problem]:
    """Find rows of one file that two entries keep."""
    kept: dict[tuple[Path, str | None], set[int]] = {}
    for entry, path, rows in read:
        before = kept.setdefault((path, entry.sheet), set())
        again = sorted(before & set(rows))
        if again:
            hint = (
                "let their rules keep different rows (rows: …, or set_aside in the mapping), or list it once"
            )
            yield Problem(
                "duplicate", f"{entry.file}, {rows_said(again)}", "is kept by two entries of answers", hint
            )
        before |= set(rows)


def _exported_twice(frame: pd.DataFrame, platforms: dict[str, str]) -> Iterator[Problem]:
    """Find Qualtrics responses, whose ids are unique everywhere, that occur in two files or waves."""
    ours = frame[frame["source"].map(platforms) == "qualtrics"]
    copies = ours[ours.duplicated("respondent")]
    if len(copies):
        first = copies["respondent"].iloc[0]
        files = " and ".join(sorted(ours.loc[ours["respondent"] == first, "source"].unique()))
        others = f", and so do {len(copies) - 1} others" if len(copies) > 1 else ""
        yield Problem(
            "duplicate-id",
            f"files {files}",
            f"response {first!r} is in both{others}",
            "the same answers were exported twice; keep one file",
        )


def _in_two_files(
    read: Sequence[tuple[AnswersFile, Path, tuple[int, ...]]], coded: Sequence[Coded]
) -> Iterator[Problem]:
    """Find people who occur in two files of a wave: by token, or by the columns of `duplicates: {by: …}`."""
    seen: dict[tuple[str, str], tuple[str, int]] = {}
    again: dict[tuple[str, str, str], list[str]] = {}
    for (entry, _, rows), part in zip(read, coded, strict=True):
        for row, person in zip(rows, [] if part.persons is None else part.persons, strict=False):
            if not person:
                continue
            file, first = seen.setdefault((entry.wave, person), (entry.file, row))
            if file != entry.file:
                place = f"{file}, row {first}, and {entry.file}, row {row}"
                again.setdefault((entry.wave, file, entry.file), []).append(f"{place} ({person})")
    for (wave, _, _), places in again.items():
        others = f", and so are {len(places) - 1} others" if len(places) > 1 else ""
        yield Problem(
            "duplicate-id",
            places[0],
            f"is one respondent in two files of wave {wave}{others}",
            "leave one of the rows out (rows: …, or set_aside in the mapping); where the column means "
            "different people in each file, list it under ignore_columns or remove it from duplicates → by",
        )


_TELLING = 10
"""So many identical answers under one id are not coincidence."""
_NOT_GIVEN = ("-3", "-4", "-5", "-6")


def _answered_alike(coded: Sequence[Coded]) -> Iterator[Problem]:
    """Find two files most of whose respondents have the same id and the same answers.

    A file saved again by another program holds other bytes, so that `_copies` does not see it.
    """
    frames = [part.coded for part in coded if len(part.coded)]
    for one, other in combinations(frames, 2):
        if one["source"].iloc[0] == other["source"].iloc[0]:
            continue  # one file in two entries: `_read_twice` compares their rows
        same = one[["respondent"]].merge(other[["respondent"]])["respondent"]
        fewer = min(len(one), len(other))
        if 2 * len(same) > fewer:
            copies = _alike(one.set_index("respondent").loc[same], other.set_index("respondent").loc[same])
            if 2 * copies > fewer:
                files = f"{one['source'].iloc[0]} and {other['source'].iloc[0]}"
                what = f"give the same answers under the same ids in {copies} rows"
                yield Problem("duplicate", f"files {files}", what, "put the right export in place of one")


def _alike(one: pd.DataFrame, other: pd.DataFrame) -> int:
    """Count rows of two frames with equal answers, if they have enough answers to exclude chance."""
    names = [
        name for name in one.drop(columns="audience") if isinstance(one[name].dtype, pd.CategoricalDtype)
    ]
    same = np.logical_and.reduce([one[name].to_numpy() == other[name].to_numpy() for name in names])
    given = sum((~one[name].isin(_NOT_GIVEN)).to_numpy(dtype=int) for name in names)
    return int((same & (given >= _TELLING)).sum())


def _own_names(frame: pd.DataFrame, entries: Sequence[AnswersFile], sizes: Sequence[int]) -> pd.DataFrame:
    """Make respondents unique within a wave: where two files number alike, the file's name goes before.

    Parameters
    ----------
    sizes
        How many rows of the frame each entry gave, in order.
    """
    twice = frame[frame.duplicated(["wave", "respondent"], keep=False)]
    files = list(dict.fromkeys(entry.file for entry in entries))
    stems = {name: Path(name).name.split(".")[0] for name in files}
    if len(set(stems.values())) < len(stems):
        stems = {name: name for name in files}
    sheets = {(entry.file, entry.sheet) for entry in entries}
    several = {file for file in files if sum(file == one for one, _ in sheets) > 1}
    names = [
        f"{stems[one.file]} ({one.sheet})" if one.file in several else stems[one.file] for one in entries
    ]
    shared = frame["wave"].isin(list(twice["wave"].unique()))
    before = pd.Series(np.repeat(names, sizes), index=frame.index, dtype=str)
    return frame.assign(respondent=frame["respondent"].where(~shared, before + ":" + frame["respondent"]))
