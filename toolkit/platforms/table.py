"""Any table, read by the `mapping` of a study file: columns → items, values → codes, rules → audience."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as TMapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.platforms import Platform, common, people, register
from toolkit.platforms.answers import DESIGN_COLUMNS, AnswersFile, ItemMapping, Mapping
from toolkit.platforms.common import (
    NOT_TICKED,
    holds_words,
    read_ticks,
    separator_of,
    split_choices,
    split_ranks,
    ticked,
    with_write_in,
)
from toolkit.platforms.exports import Export
from toolkit.platforms.files.sheet import Sheet, flattened, named, peeled, without_empty_columns
from toolkit.platforms.matching import unique_sheet
from toolkit.platforms.naming import rows_said
from toolkit.platforms.vocabulary import (
    Findings,
    as_known,
    code_words,
    folded,
    label_words,
    number_cells,
    one_of,
    option_labels,
    tidy,
    translate,
    unknown_cells,
)

_NO_RULE = "meets no rule of the mapping's audience"


@dataclass(frozen=True)
class FormDialect:
    """Headings of a form builder's exports: it has no codes, so a mapping supplies them.

    Parameters
    ----------
    ids
        Its own columns of ids; the first one there counts where the mapping names none.
    separators
        Separators of the ticks of a multi-select, where the mapping gives none.
    ended
        Its own columns with the time of a response, likeliest first.
    heading_rows
        Sheet and its name in messages → how many rows of headings it has. Raises where it is another's.
    whole
        Whether columns without heading and cells are kept.
    """

    ids: tuple[str, ...] = ()
    separators: tuple[str, ...] = (";",)
    ended: tuple[str, ...] = ()
    heading_rows: Callable[[Sheet, str], int] = lambda sheet, source: 1
    whole: bool = False


def read_table(
    sheet: Sheet,
    path: Path,
    instrument: Instrument,
    *,
    entry: AnswersFile,
    dialect: FormDialect,
    strict: bool = True,
) -> Export:
    """Read a table's cells by the entry's mapping and the platform's dialect; see `read_mapped`."""
    return read_mapped(
        headed(sheet, entry, dialect),
        path,
        instrument,
        entry=entry,
        strict=strict,
        separators=dialect.separators,
        ids=dialect.ids,
        ended=dialect.ended,
    )


def headed(sheet: Sheet, entry: AnswersFile, dialect: FormDialect) -> Sheet:
    """Take off further rows of headings, and columns without anything in them.

    Raises
    ------
    InvalidInput
        Where it is not the platform's, or holds no rows below its headings.
    """
    if not dialect.whole:
        sheet = without_empty_columns(sheet)
    rows = dialect.heading_rows(sheet, entry.file) if entry.headings is None else entry.headings
    return flattened(peeled(sheet, rows - 1, source=entry.file)) if rows > 1 else sheet


def read_mapped(
    sheet: Sheet,
    path: Path,
    instrument: Instrument,
    *,
    entry: AnswersFile,
    strict: bool,
    separators: tuple[str, ...] = (";",),
    ids: tuple[str, ...] = (),
    aside: TMapping[str, pd.Series] | None = None,
    dated: tuple[str, ...] = (),
    ended: tuple[str, ...] = (),
) -> Export:
    """Read cells by the entry's mapping.

    Parameters
    ----------
    separators
        Separators of the ticks of a multi-select, where the mapping gives none.
    ids
        The platform's own columns of ids; the first one there counts where the mapping names none.
    aside
        Rows the platform marks as not being responses, by reason.
    dated, ended
        The platform's own columns of dates; of these, those for the end of a response, likeliest first.

    Raises
    ------
    InvalidInput
        With every problem of the file and of the mapping.
    """
    mapping = entry.mapping
    if mapping is None:
        raise TypeError("a table is read by its mapping")
    sheet, notes = unique_sheet(sheet)
    sheet = named(sheet, spelt_as_mapped(sheet.names, mapping, entry))
    headings = sheet.names
    entry, mapping, lacking = without_optional(entry, mapping, headings)
    problems = Findings(another_year(entry, headings))
    sheet, left = common.of_entry(sheet, entry, problems)
    if entry.long is not None:
        sheet = pivoted(sheet, entry, mapping, problems)
        mapping = mapping.model_copy(update={"respondent": mapping.respondent or entry.long.respondent})
        headings = sheet.names
    problems += mapping_problems(mapping, entry, headings, instrument)
    problems += long_file(sheet, mapping, entry, instrument)
    if problems:
        raise InvalidInput(entry.file, problems)
    raw = sheet.cells.set_axis(list(headings), axis=1)
    frame = common.tidied(raw)
    own = {reason: rows.reindex(frame.index) for reason, rows in (aside or {}).items()}
    audience, by_rule = _audiences(frame, entry, mapping)
    aside = {**own, **by_rule}
    organisation = _organisation(frame, entry, mapping)
    idle = [*dict.fromkeys(_idle(frame, mapping)), *lacking, *other_shape(entry, sheet)]
    place = mapping.respondent or next((name for name in ids if name in frame), None)
    kept = common.kept_rows(aside, frame.index)
    submitted = pd.Series(_submitted(frame, mapping), index=frame.index)
    others = people.other_rows(
        frame[kept], submitted[kept], entry, [[place]] if place else [], problems, dated
    )
    aside |= {why: rows.reindex(frame.index, fill_value=False) for why, rows in others.items()}
    kept = common.kept_rows(aside, frame.index)
    frame = frame[kept]
    whose_ids = people.ids_of(frame, place, problems, named=mapping.respondent is not None)
    columns: dict[str, pd.Series] = {}
    problems += unexplained(sheet, mapping, instrument)
    reading = MappedAnswers(frame, raw[kept], entry, mapping, instrument, separators, problems)
    for item_id, where in mapping.items.items():
        columns |= reading.item(instrument.item(item_id), where)
    whose = pd.DataFrame(
        {
            "respondent": whose_ids,
            "organisation": organisation[kept],
            "audience": audience[kept],
            "submitted": submitted[kept],
            **design_columns(frame, mapping, problems),
            **common.carried_columns(frame, entry, problems),
        },
        index=frame.index,
    )
    return common.finish(
        entry,
        whose,
        common.assemble(columns, instrument, frame.index),
        aside=aside,
        organisation=organisation,
        problems=problems,
        strict=strict,
        path=path,
        idle=idle,
        notes=(*sheet.notes, *notes, *left),
        counted=reading.written,
        beside=_beside(frame, mapping, instrument),
        dates=people.days_of(frame, [name for name in ended if name in frame]),
        persons=people.persons_of(frame, entry),
    )


_MARKS = (" | ", "[", "___", "/")
"""Separator of an option's heading and its question's."""


def _beside(frame: pd.DataFrame, mapping: Mapping, instrument: Instrument) -> pd.DataFrame | None:
    """Return, per multi-select, who filled one of its columns that the mapping omits.

    Such a column begins as all of the others do, up to a mark: "Why? | ", "why[", "why/".
    """
    named = {heading for where in mapping.items.values() for heading in where.headings}
    made = {}
    for item_id, where in mapping.items.items():
        if instrument.item(item_id).type != "multi" or len(where.places) < 2:
            continue
        begins = [{one.rpartition(mark)[0] + mark for one in where.places.values()} for mark in _MARKS]
        stem = next((one for same in begins if len(same) == 1 for one in same if one not in _MARKS), None)
        left = [name for name in frame if stem and name.startswith(stem) and name not in named]
        if left:
            made[item_id] = ~frame[left].astype(str).isin(NOT_TICKED).all(axis=1)
    return pd.DataFrame(made, index=frame.index) if made else None


def _idle(frame: pd.DataFrame, mapping: Mapping) -> Iterator[str]:
    """Yield tests that no row meets: either no one is of that kind, or a value is misspelt."""
    for condition in (c for rule in mapping.audience for c in rule.when):
        if not common.met(frame[condition.column], condition).any():
            test, value = next(
                (k, v) for k, v in condition.model_dump(exclude_unset=True).items() if k != "column"
            )
            yield f"no row meets a test of the mapping: {condition.column} {test} {value!r}"


def _submitted(frame: pd.DataFrame, mapping: Mapping) -> np.ndarray:
    if mapping.submitted is None:
        return np.ones(len(frame), dtype=bool)
    return common.met(frame[mapping.submitted.column], mapping.submitted)


def _audiences(
    frame: pd.DataFrame, entry: AnswersFile, mapping: Mapping
) -> tuple[pd.Series, dict[str, pd.Series]]:
    """Assign audiences by the first rule that holds; other rows get the file's audience or are set aside."""
    open_rows = np.ones(len(frame), dtype=bool)
    audience = np.full(len(frame), entry.audience, dtype=object)
    aside: dict[str, np.ndarray] = {}
    for rule in mapping.audience:
        fits = open_rows & np.logical_and.reduce(
            [common.met(frame[c.column], c) for c in rule.when] or [open_rows]
        )
        open_rows &= ~fits
        if rule.audience:
            audience[fits] = rule.audience
        else:
            aside[str(rule.set_aside)] = aside.get(str(rule.set_aside), np.zeros_like(fits)) | fits
    if entry.audience is None:
        aside[_NO_RULE] = open_rows
    found = pd.Series(audience, index=frame.index, dtype=str)
    return found, {reason: pd.Series(rows, index=frame.index) for reason, rows in aside.items()}


def _organisation(frame: pd.DataFrame, entry: AnswersFile, mapping: Mapping) -> pd.Series:
    if mapping.organisation is None:
        return pd.Series(entry.organisation, index=frame.index, dtype=str)
    stated = frame[mapping.organisation]
    return stated.where(~stated.isin(["", *map(tidy, mapping.blank)]))


# Cells of a mapped table become answers, item by item


class MappedAnswers:
    """One table while its columns become answers."""

    def __init__(
        self,
        frame: pd.DataFrame,
        raw: pd.DataFrame,
        entry: AnswersFile,
        mapping: Mapping,
        instrument: Instrument,
        separators: tuple[str, ...],
        problems: list[Problem],
    ) -> None:
        self.frame, self.raw, self.entry, self.mapping = frame, raw, entry, mapping
        self.instrument = instrument
        self.separators, self.problems = separators, problems
        self.written: dict[str, int] = {}
        """Note → rows it is about, of answers in people's own words."""

    def item(self, item: Item, where: ItemMapping) -> dict[str, pd.Series]:
        """Return every column of one item, including its write-in's text."""
        write_in = self.instrument.write_in_of(item.id)
        columns = self._columns(item, where, write_in)
        if write_in is None:
            return columns
        texts = columns.pop(write_in.name, None)
        if texts is not None and (texts != "").any():
            note = f"answers of '{item.id}' that are not on its list: counted as its write-in"
            self.written[note] = int((texts != "").sum())
        if where.write_in is not None:
            own = self.raw[where.write_in].where(~self.frame[where.write_in].isin(self._blank(where)), "")
            texts = own if texts is None else texts.where(own.str.strip() == "", own)
        return columns if texts is None else with_write_in(columns, write_in, texts)

    def _blank(self, where: ItemMapping) -> list[str]:
        return [tidy(value) for value in (*self.mapping.blank, *where.blank) if tidy(value)]

    def _columns(self, item: Item, where: ItemMapping, write_in: Variable | None) -> dict[str, pd.Series]:
        variables = self.instrument.of_item(item.id)
        blank = set(self._blank(where))
        values = {tidy(value): code for value, code in where.values.items()}
        if item.type == "ranking" and where.column is not None:
            separators = (where.separator,) if where.separator else self.separators
            cells = (self.raw if "\n" in separators else self.frame)[where.column]
            return split_ranks(cells.where(~one_of(cells, blank), ""), variables, separators, self.problems)
        if item.type == "multi" and where.column is not None:
            words = values or option_labels(item.options) | {o.code: o.code for o in item.options}
            separators = (where.separator,) if where.separator else self.separators
            cells = (self.raw if "\n" in separators else self.frame)[where.column]
            cells = cells.where(~one_of(cells, blank), "") if blank else cells
            separator = separator_of(cells, words, separators)
            by_words = None if values else write_in  # values are the platform's codes: a stranger is a fault
            return split_choices(cells, variables, words, separator, self.problems, write_in=by_words)
        places = where.places
        if item.type == "single" and places:
            return {item.id: self._one_of(variables[0], places, blank)}
        columns = {}
        for variable in variables:
            cells = self._cells(variable, where, places)
            cells = cells.where(~one_of(cells, blank), "") if blank else cells
            if write_in is not None and not values:
                cells, texts = self._own_words(cells, variable, write_in)
                if texts is not None:
                    columns[write_in.name] = texts
            columns[variable.name] = self._column(cells, values, variable)
        return columns

    def _cells(self, variable: Variable, where: ItemMapping, places: TMapping[str, str]) -> pd.Series:
        if where.either:
            return common.merged_cells(self.frame, where.either, variable.name, self.problems)
        source = self.raw if variable.kind == "text" else self.frame
        return source[where.column if where.column is not None else places[str(variable.part)]]

    def _one_of(self, variable: Variable, places: TMapping[str, str], blank: set[str]) -> pd.Series:
        """Read a single-choice answer from one column per choice: the filled one is the answer."""
        not_filled = {*NOT_TICKED, *blank} - {*label_words(variable, self.instrument)}
        made = pd.Series("", index=self.frame.index, dtype=str)
        for code, heading in places.items():
            filled = ~self.frame[heading].isin(list(not_filled))
            both = filled & (made != "")
            if both.any():
                where = f"column {heading}, {rows_said(self.frame.index[both])}"
                what = f"a second answer to '{variable.name}', which takes one"
                self.problems.append(
                    Problem("too-many", where, what, "correct the export, or make the item a multi")
                )
            made = made.mask(filled, code)
        return translate(made, code_words(variable, self.instrument), variable, self.problems)

    def _column(self, cells: pd.Series, values: dict[str, str], variable: Variable) -> pd.Series:
        entry, problems = self.entry, self.problems
        if variable.kind == "text":
            return cells
        if variable.kind == "number":
            cells = cells.replace(values)
            return number_cells(cells, variable, problems, decimal=entry.decimal, units=entry.units)
        if variable.kind == "option":
            if not values:
                return read_ticks(cells, variable, problems)
            cells = as_known(cells, values, problems)
            problems.extend(unknown_cells(cells[~cells.isin(["", *values])], values, variable))
            return ticked(cells.isin([cell for cell, code in values.items() if code == "1"]))
        known = code_words(variable, self.instrument)
        words = {cell: known[code] for cell, code in values.items()}
        words = words or label_words(variable, self.instrument) | known
        return translate(as_known(cells, words, problems), words, variable, problems)

    def _own_words(
        self, cells: pd.Series, variable: Variable, write_in: Variable
    ) -> tuple[pd.Series, pd.Series | None]:
        """Separate write-ins from cells; None where the column holds none."""
        if variable.kind == "option":
            mine = variable.option == write_in.option and holds_words(cells, variable)
            return (cells.str.slice(0, 0), cells) if mine else (cells, None)
        known = label_words(variable, self.instrument) | code_words(variable, self.instrument)
        cells = as_known(cells, known, self.problems)
        strange = ~cells.isin(["", *known])
        return cells.where(~strange, ""), cells.where(strange, "")


# What published files need beyond a mapping: design, shape, columns that a selection leaves out


def another_year(entry: AnswersFile, headings: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem if a file has none of the columns that distinguish this year's from others."""
    marks = entry.expect.one_of_columns if entry.expect else ()
    if marks and not set(marks) & set(headings):
        what = f"holds none of the columns that distinguish it from other years' ({', '.join(marks)})"
        yield Problem("wrong-file", "file", what, "this looks like another year's file; name the right one")


def without_optional(
    entry: AnswersFile, mapping: Mapping, headings: Sequence[str]
) -> tuple[AnswersFile, Mapping, list[str]]:
    """Drop optional items whose columns are missing from the file, with a notice of each."""
    here = set(headings)
    lacking = {
        name: [heading for heading in where.headings if heading not in here]
        for name, where in mapping.items.items()
        if where.optional and not here.issuperset(where.headings)
    }
    if not lacking:
        return entry, mapping, []
    kept = {name: where for name, where in mapping.items.items() if name not in lacking}
    mapping = mapping.model_copy(update={"items": kept})
    entry = entry.model_copy(update={"mapping": mapping, "absent": (*entry.absent, *lacking)})
    notes = [
        f"optional item '{name}' is absent: the file has no column {', '.join(columns)}"
        for name, columns in lacking.items()
    ]
    return entry, mapping, notes


def other_shape(entry: AnswersFile, sheet: Sheet) -> Iterator[str]:
    """Note where the file has other rows or columns than the published one."""
    if entry.expect is None:
        return
    found = {"rows": len(sheet.cells), "columns": len(sheet.names)}
    for what, number in found.items():
        published = getattr(entry.expect, what)
        if published is not None and published != number:
            yield (
                f"the file has {number:,} {what}, the published one {published:,}: a selection, "
                "another release or another year"
            )


def design_columns(
    frame: pd.DataFrame, mapping: Mapping, problems: list[Problem]
) -> dict[str, pd.Series | np.ndarray]:
    """Return weights as numbers, strata and clusters as text, under a coded frame's names."""
    found: dict[str, pd.Series | np.ndarray] = {}
    for name, heading in (mapping.design.headings if mapping.design else {}).items():
        cells = frame[heading]
        place = f"column {heading}"
        if name == "weights":
            numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
            wrong = ~(np.isfinite(numbers) & (numbers >= 0))
            found[DESIGN_COLUMNS[name]] = numbers
            what, hint = "is not a weight", "give every respondent a number of at least 0"
        else:
            wrong = cells == ""
            found[DESIGN_COLUMNS[name]] = cells.astype("str")
            what, hint = "is blank", f"every respondent needs its {name}"
        if wrong.any():
            stated = f"{str(cells[wrong].iloc[0])!r} {what}" if name == "weights" else what
            problems.append(
                Problem(
                    "not-a-number" if name == "weights" else "missing-value",
                    f"{place}, {rows_said(cells.index[wrong])}",
                    stated,
                    hint,
                )
            )
    return found


# What can be wrong in a mapping before a cell is read


def mapping_problems(
    mapping: Mapping, entry: AnswersFile, headings: tuple[str, ...], instrument: Instrument
) -> Iterator[Problem]:
    """List missing headings, unknown items and codes, and duplicate entries of a mapping."""
    items = {item.id: item for item in instrument.items}
    used = [("mapping → respondent", mapping.respondent), ("mapping → organisation", mapping.organisation)]
    used += [("mapping → audience", c.column) for rule in mapping.audience for c in rule.when]
    used += [("mapping → submitted", mapping.submitted.column)] if mapping.submitted else []
    design = mapping.design.headings if mapping.design else {}
    used += [(f"mapping → design → {name}", heading) for name, heading in design.items()]
    used += [(f"carry → {name}", one.column) for name, one in entry.carry.items()]
    used += [
        (f"mapping → items → {name}", h) for name, where in mapping.items.items() for h in where.headings
    ]
    named = {heading for _, heading in used if heading is not None}
    if named and not named & set(headings):  # of another file, whose headings are not to be shown
        listed = ", ".join(sorted(named)[:5]) + (", …" if len(named) > 5 else "")
        yield Problem(
            "wrong-file",
            "file",
            f"has none of the columns that the mapping names ({listed})",
            "check the path",
        )
        used = []
    for place, heading in dict.fromkeys(used):
        if heading is not None and heading not in headings:
            yield Problem(
                "unknown-column",
                place,
                f"column '{heading}' is not in the file",
                near_names(heading, headings),
            )
    for name, where in mapping.items.items():
        if name not in items:
            yield Problem(
                "unknown-item",
                f"mapping → items → {name}",
                "is not an item of the instrument",
                near_names(name, items),
            )
        else:
            yield from _item_problems(items[name], where, instrument)
    for name in items:
        if name not in mapping.items and name not in entry.absent:
            yield Problem(
                "missing-key", f"mapping → items → {name}", "is missing", "map it, or list it under absent"
            )
        if name in mapping.items and name in entry.absent:
            yield Problem(
                "conflict",
                f"mapping → items → {name}",
                "is mapped and listed under absent",
                "remove it from one of them",
            )
    yield from _places_said_otherwise(mapping, entry)


def spelt_as_mapped(headings: tuple[str, ...], mapping: Mapping, entry: AnswersFile) -> tuple[str, ...]:
    """Respell headings as in the mapping where only blanks, case or apostrophes differ."""
    wanted = [name for name in _named(mapping, entry) if name and name not in headings]
    for key in (tidy, folded):
        spelt = {key(name): name for name in wanted}
        alike = Counter(key(heading) for heading in headings)
        headings = tuple(
            spelt.get(key(heading), heading) if alike[key(heading)] == 1 else heading for heading in headings
        )
        wanted = [name for name in wanted if name not in headings]
    return headings


def pivoted(sheet: Sheet, entry: AnswersFile, mapping: Mapping, problems: list[Problem]) -> Sheet:
    """Make one row per respondent of a file with one row per question; its questions become the headings.

    Columns that differ between the rows of a respondent are left out. Several answers to one question are
    joined by ";", as a multi-select in one cell.
    """
    if entry.long is None:
        return sheet
    found = [
        Problem("unknown-column", f"long: column {name}", "is not in the file", near_names(name, sheet.names))
        for name in (entry.long.respondent, entry.long.question, entry.long.answer)
        if name not in sheet.names
    ]
    if found:
        raise InvalidInput(entry.file, [*problems, *found])
    cells = sheet.cells.set_axis(list(sheet.names), axis=1)
    who = cells[entry.long.respondent].map(tidy)
    question = cells[entry.long.question].map(tidy)
    for name, blank in ((entry.long.respondent, who == ""), (entry.long.question, question == "")):
        if blank.any():
            where = f"column {name}, {rows_said(cells.index[blank])}"
            problems.append(Problem("missing-value", where, "is blank", "fill it in, or remove the row"))
    rest = [name for name in sheet.names
            if name not in (entry.long.respondent, entry.long.question, entry.long.answer)]  # fmt: skip
    constant = [name for name in rest if (cells[name].groupby(who).nunique() <= 1).all()]
    for name in dict.fromkeys(_named(mapping, entry)):
        if name in rest and name not in constant:
            several = cells[name].groupby(who).nunique()
            what = f"differs between the rows of respondent {several.index[several > 1][0]!r}"
            problems.append(
                Problem("inconsistent", f"column {name}", what, "correct the export, or do not map it")
            )
        if name in constant and name in set(question):
            problems.append(
                Problem(
                    "name-taken", f"column {name}", "is both a heading and a question", "rename one of them"
                )
            )
    if problems:
        raise InvalidInput(entry.file, problems)
    first = ~who.duplicated()
    given = cells[entry.long.answer].where(cells[entry.long.answer].str.strip() != "")
    long = pd.DataFrame({"who": who, "question": question, "given": given}).dropna().drop_duplicates()
    wide = long.groupby(["who", "question"], sort=False)["given"].agg(";".join).unstack("question")
    wide = wide.reindex(index=who[first], columns=list(dict.fromkeys(question))).fillna("").astype(str)
    made = cells.loc[first, [entry.long.respondent, *constant]]
    made = pd.concat([made, wide.set_axis(made.index)], axis=1)
    made = made.assign(**_unasked(mapping, made.columns, set(rest)))
    note = f"read from one row per question: {len(cells)} rows, {len(made)} respondents"
    return Sheet((tuple(made.columns),), made.set_axis(range(made.shape[1]), axis=1), sheet.delimiter,
                 (*sheet.notes, note))  # fmt: skip


def _unasked(mapping: Mapping, columns: pd.Index, rest: set[str]) -> dict[str, str]:
    """Find blank columns of questions no one answers, except those named like another."""
    wanted = [heading for where in mapping.items.values() for heading in where.headings]
    unread = [str(name) for name in columns if name not in wanted]
    lacking = [name for name in wanted if name not in columns and name not in rest]
    return {name: "" for name in lacking if not difflib.get_close_matches(name, unread, cutoff=0.7)}


def long_file(
    sheet: Sheet, mapping: Mapping, entry: AnswersFile, instrument: Instrument
) -> Iterator[Problem]:
    """Find a file with one row per question that the entry reads as one row per respondent."""
    if entry.long is not None or len(sheet.cells) < 2:
        return
    items = {folded(item.id) for item in instrument.items} | {folded(v.name) for v in instrument.variables}
    items |= {folded(name) for name in mapping.items for name in mapping.items[name].headings}
    items |= {
        folded(text) for item in instrument.items for texts in item.text.values() for text in texts.values()
    }
    for place, name in enumerate(sheet.names):
        cells = sheet.cells.iloc[:, place].astype(str)
        if cells.nunique() * 2 > len(cells):
            continue
        held = [cell for cell in cells.unique() if folded(cell) in items]
        if len(held) < 2 or cells.isin(held).mean() < 0.5:
            continue
        again = [other for at, other in enumerate(sheet.names) if at != place
                 and _one_per(sheet.cells.iloc[:, at].astype(str), cells)]  # fmt: skip
        who = (
            mapping.respondent
            if mapping.respondent in again
            else next(iter(again), "the respondent's column")
        )
        rest = [other for other in sheet.names if other not in (name, who)]
        answer = rest[-1] if rest else "the answer's column"
        what = f"column '{name}' holds questions ({', '.join(held[:3])}): the file has one row per question"
        hint = f"write long: {{respondent: {who}, question: {name}, answer: {answer}}} beside the mapping"
        yield Problem(
            "wrong-file", "file", what, f"{hint}; the questions are then the headings that the mapping names"
        )
        return


def _one_per(who: pd.Series, question: pd.Series) -> bool:
    """Return whether a column names respondents: each has several rows, mostly of different questions."""
    both = pd.DataFrame({"who": who, "question": question})
    return bool(who.nunique() > 1 and who.duplicated(keep=False).mean() > 0.5
                and both.duplicated().mean() < 0.5)  # fmt: skip


def unexplained(sheet: Sheet, mapping: Mapping, instrument: Instrument) -> Iterator[Problem]:
    """List numbers that the file declares missing and the mapping does not mention."""
    for name, where in mapping.items.items():
        if instrument.item(name).type != "number" or where.column is None:
            continue
        held = sheet.declared.get(sheet.names.index(where.column), frozenset())
        unsaid = held - {tidy(one) for one in (*mapping.blank, *where.blank, *where.values)}
        if unsaid:
            shown = ", ".join(sorted(unsaid)[:6])
            what = f"column '{where.column}' holds {shown}, which the file declares missing"
            yield Problem("unknown-answer", f"mapping → items → {name}", what, "list them under blank")


def _named(mapping: Mapping, entry: AnswersFile) -> Iterator[str]:
    yield from (h for where in mapping.items.values() for h in where.headings)
    yield from (c.column for rule in mapping.audience for c in rule.when)
    yield from (mapping.respondent or "", mapping.organisation or "")
    yield from (mapping.design.headings.values() if mapping.design else ())
    yield from (condition.column for condition in entry.rows)
    yield from (one.column for one in entry.carry.values())
    yield from (*entry.duplicates.by, entry.duplicates.order or "") if entry.duplicates else ()
    if entry.long:
        yield from (entry.long.respondent, entry.long.question, entry.long.answer)
    if mapping.submitted:
        yield mapping.submitted.column


def _places_said_otherwise(mapping: Mapping, entry: AnswersFile) -> Iterator[Problem]:
    """Report an audience or organisation that both the mapping and the file entry declare."""
    if not mapping.audience and not entry.audience:
        yield Problem(
            "missing-key",
            "mapping → audience",
            "is missing",
            "write rules, or audience: … for the whole file",
        )
    if entry.audience and any(rule.audience not in (None, entry.audience) for rule in mapping.audience):
        what = f"names an audience, but the whole file is declared as '{entry.audience}'"
        yield Problem(
            "conflict", "mapping → audience", what, "take audience: … out, or keep only rules that set aside"
        )
    if mapping.organisation is None and entry.organisation is None:
        yield Problem(
            "missing-key",
            "mapping → organisation",
            "is missing",
            "name a column, or organisation: … for the whole file",
        )
    if mapping.organisation is not None and entry.organisation is not None:
        what = f"is given, but the whole file is declared as '{entry.organisation}'"
        yield Problem("conflict", "mapping → organisation", what, "take one of them out")


def _item_problems(item: Item, where: ItemMapping, instrument: Instrument) -> Iterator[Problem]:
    place = f"mapping → items → {item.id}"
    parts = (
        [row.id for row in item.rows] if item.type == "matrix" else [option.code for option in item.options]
    )
    if where.write_in is not None and instrument.write_in_of(item.id) is None:
        what = f"names a write-in, and no option of '{item.id}' takes one"
        yield Problem(
            "unsuited-item", f"{place} → write_in", what, "write write_in: true at one of its options"
        )
    if item.type == "matrix" and not where.columns:
        yield Problem("unsuited-item", place, "is a matrix", "write columns: {row: heading, …}")
    if item.type in ("number", "text") and where.columns:
        yield Problem("unsuited-item", place, "has one column", "write column: heading")
    if item.type in ("matrix", "multi", "ranking") and where.either:
        yield Problem(
            "unsuited-item", place, f"is a {item.type}", "either is for items of one column; write columns"
        )
    if item.type == "single" and where.columns:
        codes = list(code_words(instrument.of_item(item.id)[0], instrument))
        for name in sorted(set(where.columns) - set(codes)):
            yield Problem(
                "unknown-answer",
                f"{place} → columns",
                f"'{name}' is not an answer code",
                near_names(name, codes),
            )
    if item.type == "ranking" and where.column is not None and where.values:
        yield Problem(
            "unsuited-item", f"{place} → values", "a ranking in one column lists options", "remove values"
        )
    if item.type in ("matrix", "multi", "ranking") and where.columns:
        for name in sorted(set(where.columns) - set(parts)):
            yield Problem(
                "unknown-name",
                f"{place} → columns",
                f"'{name}' is not a row or option",
                near_names(name, parts),
            )
        for name in sorted(set(parts) - set(where.columns)):
            yield Problem("missing-key", f"{place} → columns", f"'{name}' is missing", "add its heading")
    variable = instrument.of_item(item.id)[0]
    allowed = set(_targets(item, variable, where, instrument))
    for value, code in where.values.items():
        if allowed and code not in allowed:
            what = f"{value!r} becomes '{code}', which is not an answer code"
            yield Problem("unknown-answer", f"{place} → values", what, near_names(code, sorted(allowed)))


def _targets(item: Item, variable: Variable, where: ItemMapping, instrument: Instrument) -> list[str]:
    if item.type == "multi":
        return ["0", "1"] if where.columns else [option.code for option in item.options]
    return list(code_words(variable, instrument)) if item.type in ("single", "matrix", "ranking") else []


register(Platform("table", "any table", dialect=FormDialect(whole=True), order=200))
