"""What survey platforms' exports have in common: one heading an item, their own columns, rows set aside."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.exchange.manifest import ExportManifest, read_manifest
from toolkit.instrument.model import Instrument
from toolkit.responses.answers import AnswersFile
from toolkit.responses.export import Columns, Export, match_columns, multi_of
from toolkit.responses.files.sheet import Opening, Sheet, named
from toolkit.responses.readers import cells as of_cells
from toolkit.responses.readers import common, people
from toolkit.responses.readers.answering import Answering
from toolkit.responses.readers.matching import (
    Matched,
    by_codes,
    by_manifest,
    check_manifest,
    unique_names,
)
from toolkit.responses.readers.platform import Platform
from toolkit.responses.readers.recodes import settled
from toolkit.responses.readers.table import read_mapped
from toolkit.responses.readers.ticks import NOT_TICKED

__all__ = ["read_platform"]


def read_platform(
    platform: Platform,
    path: Path,
    instrument: Instrument,
    *,
    entry: AnswersFile | None,
    wave: str,
    strict: bool,
) -> Export:
    """Read one export; rows that are set aside are counted and not looked into.

    Raises
    ------
    InvalidInput
        With every problem of the file, where `strict`; always where it cannot be opened or matched at all.
    """
    source = entry.file if entry else path.name
    sheet = platform.load(path, source, entry.opening if entry else Opening())
    if entry is not None and entry.mapping is not None:
        return _mapped(platform, sheet, path, instrument, entry, strict)
    entry = entry or common.plain_entry(path, platform.name, wave, sheet.names)
    manifest = read_manifest(entry.manifest) if entry.manifest is not None else None
    sheet = platform.coded(sheet, instrument, manifest, source)
    matched = _matched(platform, sheet, entry, instrument, manifest)
    problems = [*matched.problems, *common.rename_problems(entry, _known(sheet, platform), instrument)]
    problems += [
        Problem(f"column {name}", "is missing", platform.mend)
        for name in platform.required
        if name not in matched.names
    ]
    raw = sheet.cells.set_axis(list(matched.names), axis=1)
    frame = of_cells.tidied(raw)
    aside = {} if entry.keep_tests else platform.aside(frame, problems)
    kept = common.kept_rows(aside, frame.index)
    organisation = people.organisations_of(frame, entry, problems)
    if not kept.all():
        frame, raw = frame[kept], raw[kept]
    matched = settled(matched, frame, entry, problems)
    heading, note = _audience_heading(platform, frame, entry, matched, manifest, instrument)
    entry_seen = entry.model_copy(update={"audience_column": heading})
    submitted = platform.submitted(frame, matched.accepted, problems)
    idle = ~submitted | ~_answered(frame, platform, matched, instrument)
    strays = people.strays(frame, heading, instrument, idle, numbered=platform.numbered)
    for reason, rows in strays.items():
        aside = {**aside, reason: rows.reindex(kept.index, fill_value=False)}
        kept = kept & ~aside[reason]
        frame, raw, submitted = frame[~rows], raw[~rows], submitted[~rows]
    audience = people.audiences_of(frame, entry_seen, instrument, problems, numbered=platform.numbered)
    unsaid = _unsaid(sheet, instrument, manifest)
    columns, blank = _columns(platform, matched, entry_seen, instrument, audience, unsaid)
    problems += columns.problems
    problems += people.other_wave(frame, entry, matched.accepted)
    whose = pd.DataFrame(
        {
            "respondent": _ids(frame, platform, problems),
            "organisation": organisation[kept],
            "audience": audience,
            "submitted": submitted,
        },
        index=frame.index,
    )
    work = Answering(platform, sheet, matched, entry, instrument, whose, problems)
    answers = work.read(frame, raw, columns)
    spoilt = work.spoilt
    if spoilt.any():
        aside = {**aside, _SPOILT: spoilt.reindex(kept.index, fill_value=False)}
    beside = _beside(frame, entry, instrument)
    return common.finish(
        entry,
        whose[~spoilt],
        answers[~spoilt],
        aside=aside,
        organisation=organisation,
        problems=problems,
        strict=strict,
        path=path,
        notes=(*sheet.notes, *matched.notes, *note, *blank),
        counted={_BLANKED: int(work.blanked.sum())},
        hidden=None if work.hidden is None else work.hidden[~spoilt],
        beside=None if beside is None else beside[~spoilt],
    )


_SPOILT = "unfinished, with a number outside the bounds of its question"
_BLANKED = "a number outside the bounds of its question was left blank"
_UNTICKED = ("", "N", "No", "0")


def _answered(frame: pd.DataFrame, platform: Platform, matched: Matched, instrument: Instrument) -> pd.Series:
    """Rows in which some question holds something."""
    blank = ["", *platform.blank, *([platform.hidden] if platform.hidden else [])]
    found = pd.Series(False, index=frame.index)
    for heading, name in matched.accepted.items():
        option = name in instrument and instrument[name].kind == "option"
        found |= ~frame[heading].isin([*blank, *(_UNTICKED if option else ())])
    return found


def _beside(frame: pd.DataFrame, entry: AnswersFile, instrument: Instrument) -> pd.DataFrame | None:
    """Per multi-select, who ticked or wrote something in a column of it that stays unread."""
    made: dict[str, pd.Series] = {}
    for heading in entry.ignore_columns:
        item = multi_of(heading, instrument)
        if item is not None and heading in frame:
            filled = ~frame[heading].astype(str).isin(NOT_TICKED)
            made[item] = made.get(item, False) | filled
    return pd.DataFrame(made, index=frame.index) if made else None


def _mapped(
    platform: Platform, sheet: Sheet, path: Path, instrument: Instrument, entry: AnswersFile, strict: bool
) -> Export:
    problems: list[Problem] = []
    sheet = named(sheet, unique_names(sheet.names))
    frame = of_cells.tidied(sheet.cells.set_axis(list(sheet.names), axis=1))
    aside = {} if entry.keep_tests else platform.aside(frame, problems)
    if problems:
        raise InvalidInput(entry.file, problems)
    return read_mapped(
        sheet,
        path,
        instrument,
        entry=entry,
        strict=strict,
        ids=platform.id_columns,
        separators=platform.separators[:1],
        aside=aside,
    )


def _unsaid(sheet: Sheet, instrument: Instrument, manifest: ExportManifest | None) -> set[str]:
    """Variables that stand in the file only where they were answered: of the manifest, those it fielded."""
    if not sheet.sparse:
        return set()
    if manifest is not None:
        return {column.variable for column in manifest.columns}
    return {variable.name for variable in instrument.variables}


def _known(sheet: Sheet, platform: Platform) -> list[str]:
    """Everything `columns` may name a column by."""
    said = [code for name in sheet.names for code in platform.spellings(name)]
    return [*(name for row in sheet.headings for name in row), *said]


def _matched(
    platform: Platform,
    sheet: Sheet,
    entry: AnswersFile,
    instrument: Instrument,
    manifest: ExportManifest | None,
) -> Matched:
    ids = sheet.headings[-1] if platform.ids_row and len(sheet.headings) > 2 else ()
    codes = [platform.spellings(name) for name in sheet.names]
    if manifest is None:
        accepted = platform.accepted(instrument)
        told = by_codes(sheet.names, codes, accepted, instrument, entry.columns, ids)
        if not told.accepted and platform.texts:
            what = "are question texts, or codes of another survey: no column is known by its code"
            raise InvalidInput(entry.file, [Problem("headings", what, platform.texts)])
        return told
    notes = check_manifest(manifest, instrument, platform.manifests, entry.file)
    found = by_manifest(sheet, manifest)
    if not found.accepted:  # text headings and short codes may be told by the code alone
        found = by_manifest(named(sheet, [code[0] for code in codes]), manifest)
    told = by_codes(sheet.names, codes, {}, instrument, entry.columns, ids)
    repeated = tuple(p for p in told.problems if not _all_found(p, found, platform))
    return replace(
        found,
        names=told.names,
        accepted=dict(found.accepted) | dict(told.accepted),
        notes=notes,
        problems=(*found.problems, *repeated),
    )


def _all_found(problem: Problem, found: Matched, platform: Platform) -> bool:
    """Whether the columns of a heading that stands again were all told apart, or are the platform's own."""
    heading = problem.where.removeprefix("column ")
    mine = [name for name in found.names if name == heading or name.startswith(f"{heading} (")]
    return bool(mine) and all(name in found.accepted or _is_own(platform, name) for name in mine)


def _is_own(platform: Platform, name: str) -> bool:
    return any(platform.own(said) for said in (name, *platform.spellings(name)))


def _audience_heading(
    platform: Platform,
    frame: pd.DataFrame,
    entry: AnswersFile,
    matched: Matched,
    manifest: ExportManifest | None,
    instrument: Instrument,
) -> tuple[str, tuple[str, ...]]:
    """Where the audience stands: as named; with a manifest, the one column left that holds nothing else."""
    column = entry.audience_column
    if "audience_column" not in entry.model_fields_set and manifest and manifest.audience_column:
        column = manifest.audience_column
    if column == "audience" and platform.audience in frame:
        column = str(platform.audience)
    if column in frame:
        return column, ()
    coded = [name for name in matched.names if column in platform.spellings(name)]
    if len(coded) == 1:
        return coded[0], ()
    if manifest is None or entry.audience is not None or "audience_column" in entry.model_fields_set:
        return column, ()
    unknown = [name for name in matched.names if name not in matched.accepted and not _is_own(platform, name)]
    fitting = [name for name in unknown if people.all_audiences(frame[name], instrument)]
    if len(fitting) != 1:
        return column, ()
    shown = fitting[0] if len(fitting[0]) <= 60 else fitting[0][:57] + "…"
    return fitting[0], (f"the audience was taken from column '{shown}', in which every cell names one",)


def _columns(
    platform: Platform,
    matched: Matched,
    entry: AnswersFile,
    instrument: Instrument,
    audience: pd.Series,
    unsaid: Collection[str],
) -> tuple[Columns, tuple[str, ...]]:
    """Which column is which variable; what no answer mentions counts as blank, and is noted.

    Parameters
    ----------
    unsaid
        Variables that the file holds only where somebody answered them (JSON, XML).
    """
    needed = [
        name
        for name in people.needed(entry, instrument, audience)
        if not instrument[name].write_in and not _by_text(name, matched, instrument)
    ]
    own = {name for name in matched.names if _is_own(platform, name)}
    other = {*own, entry.audience_column, entry.organisation_column or "", "wave"}
    known = set(matched.accepted.values())
    held = [name for name in needed if name in known or instrument[name].item.id in known]
    strange = [name for name in matched.names if name not in matched.accepted and name not in other]
    blank = [
        name
        for name in needed
        if name in unsaid and name not in held and not {name, instrument[name].item.id} & set(entry.absent)
    ]
    if not held or len(strange) > len(held):  # too little to tell from another survey's answers
        blank = []
    columns = match_columns(
        matched.names,
        instrument,
        accepted=matched.accepted,
        needed=[name for name in needed if name not in blank],
        other=other,
        absent=entry.absent,
        ignored=entry.ignore_columns,
    )
    return columns, _blank_note(blank)


def _by_text(name: str, matched: Matched, instrument: Instrument) -> bool:
    """Whether an option has no column of ticks but one of write-ins, which say who chose it."""
    write_in = instrument.write_in_of(instrument[name].item.id)
    return (
        write_in is not None
        and instrument[name].option == write_in.option
        and write_in.name in matched.accepted.values()
    )


def _blank_note(blank: Sequence[str]) -> tuple[str, ...]:
    if not blank:
        return ()
    shown = ", ".join(blank[:5]) + (" …" if len(blank) > 5 else "")
    return (f"nobody's answers mention {len(blank)} columns ({shown}): left blank, or not asked by routing",)


def _ids(frame: pd.DataFrame, platform: Platform, problems: list[Problem]) -> pd.Series:
    for name in platform.unique:
        if name in frame:
            problems.extend(people.duplicates(frame[name][frame[name] != ""], name))
    problems.extend(_copied_rows(frame, platform))
    column = next((name for name in platform.id_columns if name in frame), None)
    if column is None:
        return pd.Series(frame.index.astype(str), index=frame.index)
    problems.extend(people.duplicates(frame[column], column))
    return frame[column].astype(str)


def _copied_rows(frame: pd.DataFrame, platform: Platform) -> Iterator[Problem]:
    """Find rows alike in every cell but the id, where the platform gives each response a stamp of its own."""
    if platform.stamp is None or platform.stamp not in frame:
        return
    stamped = frame[platform.stamp]
    again = stamped[(stamped != "") & stamped.duplicated(keep=False)]
    rows = frame.loc[again.index]
    copies = rows[rows.duplicated([name for name in rows if name not in platform.id_columns])]
    if len(copies):
        more = f", and so do {len(copies) - 1} others" if len(copies) > 1 else ""
        yield Problem(
            f"row {copies.index[0]}",
            f"repeats an earlier row in everything but its {platform.id_columns[0]}{more}",
            "rows were pasted twice; export again",
        )
