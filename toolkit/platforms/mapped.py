"""Cells of a mapped table become answers, item after item."""

from __future__ import annotations

from collections.abc import Mapping as TMapping

import pandas as pd

from toolkit.errors import Problem
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.platforms import cells as of_cells
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.mapping import ItemMapping, Mapping
from toolkit.platforms.naming import rows_said
from toolkit.platforms.ticks import (
    NOT_TICKED,
    holds_words,
    read_ticks,
    separator_of,
    split_choices,
    split_ranks,
    ticked,
    with_write_in,
)
from toolkit.platforms.vocabulary import (
    as_known,
    code_words,
    label_words,
    number_cells,
    one_of,
    option_labels,
    tidy,
    translate,
    unknown_cells,
)

__all__ = ["MappedAnswers"]


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
        """Every column of one item, its write-in's text among them."""
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
            return of_cells.merged_cells(self.frame, where.either, variable.name, self.problems)
        source = self.raw if variable.kind == "text" else self.frame
        return source[where.column if where.column is not None else places[str(variable.part)]]

    def _one_of(self, variable: Variable, places: TMapping[str, str], blank: set[str]) -> pd.Series:
        """A single answer of which each has a column: whichever is filled is the answer."""
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
        """Cells without what people wrote themselves, and that; None where the column holds none of it."""
        if variable.kind == "option":
            mine = variable.option == write_in.option and holds_words(cells, variable)
            return (cells.str.slice(0, 0), cells) if mine else (cells, None)
        known = label_words(variable, self.instrument) | code_words(variable, self.instrument)
        cells = as_known(cells, known, self.problems)
        strange = ~cells.isin(["", *known])
        return cells.where(~strange, ""), cells.where(strange, "")
