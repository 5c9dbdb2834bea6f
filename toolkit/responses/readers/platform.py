"""What survey platforms' exports have in common: one heading an item, their own columns, rows set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.exchange.manifest import ExportManifest, read_manifest
from toolkit.instrument.model import Instrument, Variable
from toolkit.responses.answers import BLANKS, AnswersFile, PlatformName
from toolkit.responses.export import Columns, Export, match_columns
from toolkit.responses.files.sheet import Sheet, named
from toolkit.responses.readers import common
from toolkit.responses.readers.labels import label_problems, missing_by_label
from toolkit.responses.readers.matching import (
    Matched,
    by_codes,
    by_manifest,
    check_manifest,
    codes_of,
    unique_names,
)
from toolkit.responses.readers.table import read_mapped
from toolkit.responses.readers.ticks import read_ticks, split_any
from toolkit.responses.vocabulary import flavour_of, label_words, number_cells, translate

__all__ = ["Platform", "Rows", "read_platform"]

Rows = dict[str, pd.Series]


@dataclass(frozen=True)
class Platform:
    """How one platform writes its exports.

    Parameters
    ----------
    load
        Opens a file: path, its name in messages, its encoding → a sheet whose last row of headings may be
        the platform's own ids. Raises where the file is not this platform's.
    id_columns
        Where a response's id may stand; the first one there counts, the row's number where there is none.
    required, mend
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
    blank
        Cells that mean "seen but unanswered".
    hidden
        The cell that means "not shown to this person".
    numbered
        Whether audiences and options may be given by their number.
    separators
        What may stand between the ticks of a multi-select in one cell.
    aside, submitted
        Rows to set aside by reason; rows that were submitted.
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
    load: Callable[[Path, str, str | None], Sheet]
    own: Callable[[str], bool]
    submitted: Callable[[pd.DataFrame, Instrument, list[Problem]], pd.Series]
    codes: Callable[[Variable, Instrument], dict[str, str]]
    id_columns: tuple[str, ...]
    required: tuple[str, ...] = ()
    mend: str = "export again with the platform's own columns"
    spellings: Callable[[str], tuple[str, ...]] = lambda heading: (heading,)
    accepted: Callable[[Instrument], dict[str, str]] = codes_of
    unique: tuple[str, ...] = ()
    stamp: str | None = None
    blank: tuple[str, ...] = ()
    hidden: str | None = None
    numbered: bool = False
    separators: tuple[str, ...] = ("\n", ";", ",", "|")
    aside: Callable[[pd.DataFrame, list[Problem]], Rows] = lambda frame, problems: {}
    manifests: tuple[str, ...] = ()
    ids_row: bool = False
    texts: str = ""
    coded: Callable[[Sheet, Instrument, ExportManifest | None, str], Sheet] = (
        lambda sheet, instrument, manifest, source: sheet
    )


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
    sheet = platform.load(path, source, entry.encoding if entry else None)
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
    frame = common.tidied(raw)
    aside = {} if entry.keep_tests else platform.aside(frame, problems)
    kept = common.kept_rows(aside, frame.index)
    organisation = common.organisations_of(frame, entry, problems)
    if not kept.all():
        frame, raw = frame[kept], raw[kept]
    heading, note = _audience_heading(platform, frame, entry, matched, manifest, instrument)
    entry_seen = entry.model_copy(update={"audience_column": heading})
    audience = common.audiences_of(frame, entry_seen, instrument, problems, numbered=platform.numbered)
    columns = _columns(platform, matched, entry_seen, instrument, audience, sheet.sparse)
    problems += columns.problems
    problems += common.other_wave(frame, entry, matched.accepted)
    people = pd.DataFrame(
        {
            "respondent": _ids(frame, platform, problems),
            "organisation": organisation[kept],
            "audience": audience,
            "submitted": platform.submitted(frame, instrument, problems),
        },
        index=frame.index,
    )
    work = _Answers(platform, sheet, matched, entry, instrument, people["audience"], problems)
    answers = work.read(frame, raw, columns)
    return common.finish(
        entry,
        people,
        answers,
        aside=aside,
        organisation=organisation,
        problems=problems,
        strict=strict,
        path=path,
        notes=(*sheet.notes, *matched.notes, *note),
        hidden=work.hidden,
    )


def _mapped(
    platform: Platform, sheet: Sheet, path: Path, instrument: Instrument, entry: AnswersFile, strict: bool
) -> Export:
    problems: list[Problem] = []
    sheet = named(sheet, unique_names(sheet.names))
    frame = common.tidied(sheet.cells.set_axis(list(sheet.names), axis=1))
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
        separator=platform.separators[0],
        aside=aside,
    )


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
    if column in frame:
        return column, ()
    coded = [name for name in matched.names if column in platform.spellings(name)]
    if len(coded) == 1:
        return coded[0], ()
    if manifest is None or entry.audience is not None or "audience_column" in entry.model_fields_set:
        return column, ()
    unknown = [name for name in matched.names if name not in matched.accepted and not _is_own(platform, name)]
    fitting = [name for name in unknown if common.all_audiences(frame[name], instrument)]
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
    sparse: bool,
) -> Columns:
    needed = common.needed(entry, instrument, audience)
    known = set(matched.accepted.values())
    held = [name for name in needed if name in known or instrument[name].item.id in known]
    if sparse and 2 * len(held) >= len(needed):  # what nobody answered is not in the file at all
        needed = held
    own = (name for name in matched.names if _is_own(platform, name))
    return match_columns(
        matched.names,
        instrument,
        accepted=matched.accepted,
        needed=needed,
        other={*own, entry.audience_column, entry.organisation_column or "", "wave"},
        absent=entry.absent,
        ignored=entry.ignore_columns,
    )


def _ids(frame: pd.DataFrame, platform: Platform, problems: list[Problem]) -> pd.Series:
    for name in platform.unique:
        if name in frame:
            problems.extend(common.duplicates(frame[name][frame[name] != ""], name))
    problems.extend(_copied_rows(frame, platform))
    column = next((name for name in platform.id_columns if name in frame), None)
    if column is None:
        return pd.Series(frame.index.astype(str), index=frame.index)
    problems.extend(common.duplicates(frame[column], column))
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


class _Answers:
    """The cells of one file while they become answers."""

    def __init__(
        self,
        platform: Platform,
        sheet: Sheet,
        matched: Matched,
        entry: AnswersFile,
        instrument: Instrument,
        audience: pd.Series,
        problems: list[Problem],
    ) -> None:
        self.platform, self.matched, self.entry, self.instrument = platform, matched, entry, instrument
        self.audience, self.problems = audience, problems
        self.labels = {matched.names[place]: words for place, words in sheet.labels.items()}
        self.hidden: pd.DataFrame | None = None

    def read(self, frame: pd.DataFrame, raw: pd.DataFrame, columns: Columns) -> pd.DataFrame:
        """Every variable of the instrument, blank where the file has no column."""
        of_variable = columns.of_variable
        self._note_hidden(frame, of_variable)
        joined = {item.id for item in self.instrument.items if item.type == "multi"} & of_variable.keys()
        texts = {v.name for v in self.instrument.variables if v.kind == "text"}
        plain = texts | joined | {v.name for v in self.instrument.variables if v.kind == "number"}
        cells = {
            name: self._cells(raw if name in texts | joined else frame, headings, name, name in plain)
            for name, headings in of_variable.items()
        }
        singles = [v for v in self.instrument.variables if v.kind == "single" and v.name in cells]
        codes = {v.name: self.platform.codes(v, self.instrument) | self._own_codes(v) for v in singles}
        labels = {v.name: label_words(v, self.instrument) | self._own_codes(v) for v in singles}
        words = codes if flavour_of(cells, codes, labels) == "codes" else labels
        made: dict[str, pd.Series] = {}
        for item_id in joined:
            made |= self._split(item_id, cells)
        for variable in self.instrument.variables:
            if variable.name in cells:
                made[variable.name] = self._one(variable, cells[variable.name], words)
        return common.assemble(made, self.instrument, frame.index)

    def _own_codes(self, variable: Variable) -> dict[str, str]:
        """Analysis codes of missing answers, into which manifests, labels and `missing` turn cells."""
        headings = [name for name, found in self.matched.accepted.items() if found == variable.name]
        known = any(name in self.matched.words or name in self.labels for name in headings)
        return {"-1": "-1", "-2": "-2"} if known or self.entry.missing else {}

    def _one(self, variable: Variable, cells: pd.Series, words: Mapping[str, Mapping[str, str]]) -> pd.Series:
        if variable.kind == "single":
            return translate(cells, words[variable.name], variable, self.problems)
        if variable.kind == "option":
            return read_ticks(cells, variable, self.problems, numbered=self.platform.numbered)
        if variable.kind == "number":
            missing = [m.code for m in self.instrument.missing_of(variable)]
            return number_cells(cells.where(~cells.isin([*missing, "-1", "-2"]), "") if missing else cells,
                                variable, self.problems)  # fmt: skip
        return cells

    def _split(self, item_id: str, cells: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
        variables = self.instrument.of_item(item_id)
        split = [v.name for v in variables if v.name in cells]
        if not split:
            return split_any(
                cells[item_id],
                variables,
                self.platform.separators,
                self.problems,
                numbered=self.platform.numbered,
            )
        if (cells[item_id].str.strip() == "").all() or self.platform.name == "odk":
            return {}  # ODK writes the joined column beside those it was split into
        what = f"stands both in one column and in several ({split[0]} …)"
        self.problems.append(Problem(f"column {item_id}", what, "export again in one of the two ways"))
        return {}

    def _cells(
        self, frame: pd.DataFrame, headings: tuple[str, ...], name: str, as_text: bool = False
    ) -> pd.Series:
        """The cells of one variable: words of the manifest and of missing answers said in our codes."""
        here = {heading: frame[heading].astype(str) if as_text else frame[heading] for heading in headings}
        made = {heading: self._said(cells, heading, name) for heading, cells in here.items()}
        for heading in headings:
            audiences = self.matched.audiences.get(heading)
            if audiences is not None:
                self.problems.extend(
                    common.filled_by_others(made[heading], heading, name, audiences, self.audience)
                )
        if len(headings) == 1:
            return made[headings[0]]
        return common.merged_cells(pd.DataFrame(made), headings, name, self.problems)

    def _said(self, cells: pd.Series, heading: str, name: str) -> pd.Series:
        blank = [*self.platform.blank, *([self.platform.hidden] if self.platform.hidden else [])]
        said: dict[str, str] = dict.fromkeys(blank, "")
        variable = self.instrument[name] if name in self.instrument else None  # noqa: SIM401
        if variable is not None and variable.kind == "single":
            said |= self.matched.words.get(heading, {})
        if variable is not None and variable.kind in ("single", "option") and heading in self.labels:
            self.problems.extend(label_problems(heading, self.labels[heading], variable))
            told = missing_by_label(self.labels[heading], variable, self.instrument)
            said = told | said  # what the manifest says counts
        said |= {value: "" if code in BLANKS else code for value, code in self.entry.missing.items()}
        said |= dict.fromkeys((code for code in said.values() if code in BLANKS), "")
        said = {cell: "" if meant in BLANKS else meant for cell, meant in said.items()}
        if variable is not None and variable.kind == "option":
            said |= {cell: code for cell, code in self.matched.words.get(heading, {}).items() if cell}
        return common.recoded(cells, said)

    def _note_hidden(self, frame: pd.DataFrame, of_variable: Mapping[str, tuple[str, ...]]) -> None:
        mark = self.platform.hidden
        if mark is None or not of_variable:
            return
        masks = {
            name: np.logical_and.reduce([common.holds(frame[heading], mark) for heading in headings])
            for name, headings in of_variable.items()
            if any(common.holds(frame[heading], mark).any() for heading in headings)
        }
        if masks:
            self.hidden = pd.DataFrame(masks, index=frame.index)
