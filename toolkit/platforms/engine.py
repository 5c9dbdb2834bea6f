"""Reading of survey platforms' exports: one heading per item, their own columns, rows set aside."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.platforms import common, people
from toolkit.platforms.answering import Answering
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.common import NOT_TICKED
from toolkit.platforms.exports import Columns, Dialect, Export, match_columns, multi_of
from toolkit.platforms.files.sheet import Opening, Sheet, named, without_empty_columns, without_row_numbers
from toolkit.platforms.manifest import ExportManifest, read_manifest
from toolkit.platforms.matching import (
    Matched,
    by_codes,
    by_manifest,
    check_manifest,
    ranks_of,
    settled,
    unique_names,
)
from toolkit.platforms.table import read_mapped
from toolkit.platforms.vocabulary import Findings


def read_platform(
    platform: Dialect,
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
    sheet = without_empty_columns(platform.load(path, source, entry.opening if entry else Opening()))
    sheet, unread = without_row_numbers(sheet)
    if entry is not None and entry.mapping is not None:
        return _mapped(platform, sheet, path, instrument, entry, strict)
    if entry is None:
        stated = [*sheet.names, *(code for name in sheet.names for code in platform.spellings(name))]
        entry = common.plain_entry(path, platform.name, wave, stated)
    manifest = read_manifest(entry.manifest) if entry.manifest is not None else None
    sheet = platform.coded(sheet, instrument, manifest, source)
    entry = _spelt(entry, platform, unique_names(sheet.names))
    sheet_problems: list[Problem] = []
    numbered, left = common.of_entry(named(sheet, unique_names(sheet.names)), entry, sheet_problems)
    sheet = replace(sheet, cells=numbered.cells)
    matched = _matched(platform, sheet, entry, instrument, manifest)
    problems = Findings([*sheet_problems, *matched.problems])
    problems += common.rename_problems(entry, _known(sheet, platform), instrument)
    problems += [
        Problem("missing-column", f"column {name}", "is missing", platform.hint)
        for name in platform.required
        if name not in matched.names
    ]
    raw = sheet.cells.set_axis(list(matched.names), axis=1)
    frame = common.tidied(raw)
    aside = {} if entry.keep_tests else platform.aside(frame, problems)
    kept = common.kept_rows(aside, frame.index)
    if entry.duplicates is not None:
        submitted = platform.submitted(frame[kept], matched.accepted, [])
        ids = next(([name] for name in platform.id_columns if name in frame), None)
        by = [*([name] for name in platform.unique if name in frame), *([ids] if ids else [])]
        others = people.other_rows(frame[kept], submitted, entry, by, problems, platform.dated)
        aside = {
            **aside,
            **{why: rows.reindex(frame.index, fill_value=False) for why, rows in others.items()},
        }
        kept = common.kept_rows(aside, frame.index)
    organisation = people.organisations_of(frame, entry, problems)
    if not kept.all():
        frame, raw = frame[kept], raw[kept]
    matched = settled(matched, frame, entry, problems)
    matched, entry, frame, raw = _in_order(platform, matched, entry, frame, raw)
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
    column = _heading_of("wave", platform, matched.names)
    problems += people.other_wave(frame, entry, matched.accepted, column)
    whose = pd.DataFrame(
        {
            "respondent": _ids(frame, platform, problems),
            "organisation": organisation[kept],
            "audience": audience,
            "submitted": submitted,
            **common.carried_columns(frame, entry, problems),
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
        notes=(*sheet.notes, *unread, *matched.notes, *note, *blank, *left),
        counted={_BLANKED: int(work.blanked.sum())},
        hidden=None if work.hidden is None else work.hidden[~spoilt],
        beside=None if beside is None else beside[~spoilt],
        dates=people.days_of(frame[~spoilt], _headings_of_end(platform, matched)),
        persons=people.persons_of(frame[~spoilt], entry, platform.unique),
    )


_SPOILT = "unfinished, with a number outside the bounds of its question"
_BLANKED = "a number outside the bounds of its question was left blank"
_UNTICKED = ("", "N", "No", "0")


def _answered(frame: pd.DataFrame, platform: Dialect, matched: Matched, instrument: Instrument) -> pd.Series:
    """Return rows in which at least one question is answered."""
    blank = ["", *platform.blank, *platform.unanswered, *([platform.hidden] if platform.hidden else [])]
    found = pd.Series(False, index=frame.index)
    for heading, name in matched.accepted.items():
        option = name in instrument and instrument[name].kind == "option"
        found |= ~frame[heading].isin([*blank, *(_UNTICKED if option else ())])
    return found


def _heading_of(column: str, platform: Dialect, names: Sequence[str]) -> str:
    """Return a column's heading as the file writes it: in a group, or with a text after its code."""
    if column in names:
        return column
    coded = [name for name in names if column in platform.spellings(name)]
    # a file whose headings are "code. text" is read by code; the entry may name its headings as written
    coded = coded or [code for code in platform.spellings(column) if code in names]
    return coded[0] if len(coded) == 1 else column


def _headings_of_end(platform: Dialect, matched: Matched) -> list[str]:
    """List the headings for the end of a response, likeliest first, without those that hold answers."""
    own = [name for name in matched.names if name not in matched.accepted]
    return [
        name
        for pattern in platform.ended
        for name in reversed(own)
        if any(fnmatchcase(stated, pattern) for stated in (name, *platform.spellings(name)))
    ]


def _spelt(entry: AnswersFile, platform: Dialect, names: Sequence[str]) -> AnswersFile:
    """Spell the headings of the entry as the file does: in a group, or with a text after the code."""

    def here(column: str) -> str:
        return _heading_of(column, platform, names)

    stated: dict[str, object] = {
        "ignore_columns": tuple(here(name) for name in entry.ignore_columns),
        "rows": tuple(one.model_copy(update={"column": here(one.column)}) for one in entry.rows),
    }
    if "audience_column" in entry.model_fields_set or here(entry.audience_column) in names:
        stated["audience_column"] = here(entry.audience_column)
    if entry.organisation_column is not None:
        stated["organisation_column"] = here(entry.organisation_column)
    if entry.wave_column is not None:
        column = here(entry.wave_column.column)
        stated["wave_column"] = entry.wave_column.model_copy(update={"column": column})
    if entry.carry:
        stated["carry"] = {
            name: one.model_copy(update={"column": here(one.column)}) for name, one in entry.carry.items()
        }
    if entry.duplicates is not None:
        rule = entry.duplicates
        renamed = {"by": tuple(map(here, rule.by)), "order": rule.order and here(rule.order)}
        stated["duplicates"] = rule.model_copy(update=renamed)
    return entry.model_copy(
        update={key: value for key, value in stated.items() if value != getattr(entry, key)}
    )


def _in_order(
    platform: Dialect, matched: Matched, entry: AnswersFile, frame: pd.DataFrame, raw: pd.DataFrame
) -> tuple[Matched, AnswersFile, pd.DataFrame, pd.DataFrame]:
    """Join rankings with a column per rank into one column, one choice per line."""
    places: dict[str, list[tuple[int, str]]] = {}
    for name, found in matched.accepted.items():
        item_id, mark, rank = found.partition("#")
        if mark:
            places.setdefault(item_id, []).append((int(rank), name))
    if not places:
        return matched, entry, frame, raw
    accepted = {name: found for name, found in matched.accepted.items() if "#" not in found}
    names, read = list(matched.names), list(entry.ignore_columns)
    for item_id, ranked in places.items():
        headings = [name for _, name in sorted(ranked)]
        cells = frame[headings].astype(str)
        unseen = (cells == platform.hidden).all(axis=1) if platform.hidden else False
        lines = ["\n".join(one for one in row if one and one != platform.hidden) for row in cells.to_numpy()]
        joined = pd.Series(lines, index=frame.index, dtype=str).mask(unseen, platform.hidden)
        whole = f"{headings[0]} …"
        frame, raw = frame.assign(**{whole: joined}), raw.assign(**{whole: joined})
        accepted[whole] = item_id
        names.append(whole)
        read += headings
    entry = entry.model_copy(update={"ignore_columns": tuple(read)})
    return replace(matched, names=tuple(names), accepted=accepted), entry, frame, raw


def _beside(frame: pd.DataFrame, entry: AnswersFile, instrument: Instrument) -> pd.DataFrame | None:
    """Return, per multi-select, who answered in one of its columns that is not read."""
    made: dict[str, pd.Series] = {}
    for heading in entry.ignore_columns:
        item = multi_of(heading, instrument)
        if item is not None and heading in frame:
            filled = ~frame[heading].astype(str).isin(NOT_TICKED)
            made[item] = made.get(item, False) | filled
    return pd.DataFrame(made, index=frame.index) if made else None


def _mapped(
    platform: Dialect, sheet: Sheet, path: Path, instrument: Instrument, entry: AnswersFile, strict: bool
) -> Export:
    problems: list[Problem] = []
    frame = common.tidied(sheet.cells.set_axis(list(unique_names(sheet.names)), axis=1))
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
        dated=platform.dated,
        ended=platform.ended,
    )


def _unsaid(sheet: Sheet, instrument: Instrument, manifest: ExportManifest | None) -> set[str]:
    """Return variables that a file holds only if answered: with a manifest, those it fielded."""
    if not sheet.sparse:
        return set()
    if manifest is not None:
        return {column.variable for column in manifest.columns}
    return {variable.name for variable in instrument.variables}


def _known(sheet: Sheet, platform: Dialect) -> list[str]:
    """Return every name by which `columns` may refer to a column."""
    stated = [code for name in sheet.names for code in platform.spellings(name)]
    return [*(name for row in sheet.headings for name in row), *unique_names(sheet.names), *stated]


def _matched(
    platform: Dialect,
    sheet: Sheet,
    entry: AnswersFile,
    instrument: Instrument,
    manifest: ExportManifest | None,
) -> Matched:
    ids = sheet.headings[-1] if platform.ids_row and len(sheet.headings) > 2 else ()
    codes = [platform.spellings(name) for name in sheet.names]
    if manifest is None:
        accepted = platform.accepted(instrument) | ranks_of(instrument)
        told = by_codes(sheet.names, codes, accepted, instrument, entry.columns, ids, entry.ignore_columns)
        if not told.accepted and platform.texts:
            what = "are question texts, or codes of another survey: no column is known by its code"
            raise InvalidInput(entry.file, [Problem("wrong-file", "headings", what, platform.texts)])
        return told
    notes = check_manifest(manifest, instrument, platform.manifests, entry.file)
    found = by_manifest(sheet, manifest)
    if not found.accepted:  # text headings and short codes may be identified by the code alone
        found = by_manifest(named(sheet, [code[0] for code in codes]), manifest)
    ranks = ranks_of(instrument)
    told = by_codes(sheet.names, codes, ranks, instrument, entry.columns, ids, entry.ignore_columns)
    repeated = tuple(p for p in told.problems if not _all_found(p, found, platform))
    return replace(
        found,
        names=told.names,
        accepted=dict(found.accepted) | dict(told.accepted),
        notes=notes,
        problems=(*found.problems, *repeated),
    )


def _all_found(problem: Problem, found: Matched, platform: Dialect) -> bool:
    """Return whether the columns of a repeated heading are all identified, or the platform's own."""
    heading = problem.where.removeprefix("column ")
    mine = [name for name in found.names if name == heading or name.startswith(f"{heading} (")]
    return bool(mine) and all(name in found.accepted or _is_own(platform, name) for name in mine)


def _is_own(platform: Dialect, name: str) -> bool:
    return any(platform.own(stated) for stated in (name, *platform.spellings(name)))


def _audience_heading(
    platform: Dialect,
    frame: pd.DataFrame,
    entry: AnswersFile,
    matched: Matched,
    manifest: ExportManifest | None,
    instrument: Instrument,
) -> tuple[str, tuple[str, ...]]:
    """Return the audience's heading: as named, or with a manifest the one column left over."""
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
    if entry.audience_column in frame:  # written before the manifest's own column was asked for
        return entry.audience_column, ()
    if manifest is None or entry.audience is not None or "audience_column" in entry.model_fields_set:
        return column, ()
    unknown = [name for name in matched.names if name not in matched.accepted and not _is_own(platform, name)]
    fitting = [name for name in unknown if people.all_audiences(frame[name], instrument)]
    if len(fitting) != 1:
        return column, ()
    shown = fitting[0] if len(fitting[0]) <= 60 else fitting[0][:57] + "…"
    return fitting[0], (f"the audience was taken from column '{shown}', in which every cell names one",)


def _columns(
    platform: Dialect,
    matched: Matched,
    entry: AnswersFile,
    instrument: Instrument,
    audience: pd.Series,
    unsaid: Collection[str],
) -> tuple[Columns, tuple[str, ...]]:
    """Match columns to variables; report variables without a column, which count as blank.

    Parameters
    ----------
    unsaid
        Variables that the file holds only where someone answered them (JSON, XML).
    """
    needed = [
        name
        for name in people.needed(entry, instrument, audience)
        if not instrument[name].write_in and not _by_text(name, matched, instrument)
    ]
    own = {name for name in matched.names if _is_own(platform, name)}
    by_wave = {"wave", _heading_of("wave", platform, matched.names)}
    if entry.wave_column is not None:
        by_wave.add(entry.wave_column.column)
    other = {*own, entry.audience_column, entry.organisation_column or "", *by_wave}
    other |= {one.column for one in entry.carry.values()}
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
    """Return whether an option has write-ins but no ticks, so that they show who chose it."""
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
    return (f"no answers mention {len(blank)} columns ({shown}): left blank, or not asked by routing",)


def _ids(frame: pd.DataFrame, platform: Dialect, problems: list[Problem]) -> pd.Series:
    for name in platform.unique:
        if name in frame:
            problems.extend(people.duplicates(frame[name][frame[name] != ""], name))
    problems.extend(_copied_rows(frame, platform))
    column = next((name for name in platform.id_columns if name in frame), None)
    if column is None:
        return pd.Series(frame.index.astype(str), index=frame.index)
    return people.ids_of(frame, column, problems, named=False)


def _copied_rows(frame: pd.DataFrame, platform: Dialect) -> Iterator[Problem]:
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
            "duplicate",
            f"row {copies.index[0]}",
            f"repeats an earlier row in everything but its {platform.id_columns[0]}{more}",
            "rows were pasted twice; export again",
        )
