"""Cells of a mapped table become answers, item after item."""

from __future__ import annotations

from collections.abc import Mapping as TMapping

import pandas as pd

from toolkit.errors import Problem
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.responses.answers import AnswersFile
from toolkit.responses.mapping import ItemMapping, Mapping
from toolkit.responses.naming import rows_said
from toolkit.responses.readers import cells as of_cells
from toolkit.responses.readers.ticks import NOT_TICKED, read_ticks, separator_of, split_choices, ticked
from toolkit.responses.vocabulary import (
    as_known,
    code_words,
    label_words,
    number_cells,
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

    def item(self, item: Item, where: ItemMapping) -> dict[str, pd.Series]:
        """Every column of one item."""
        variables = self.instrument.of_item(item.id)
        blank = {tidy(value) for value in (*self.mapping.blank, *where.blank)} - {""}
        values = {tidy(value): code for value, code in where.values.items()}
        if item.type == "multi" and where.column is not None:
            words = values or option_labels(item.options) | {o.code: o.code for o in item.options}
            separators = (where.separator,) if where.separator else self.separators
            cells = (self.raw if "\n" in separators else self.frame)[where.column]
            cells = cells.where(~cells.isin(list(blank)), "") if blank else cells
            separator = separator_of(cells, words, separators)
            return split_choices(cells, variables, words, separator, self.problems)
        places = where.places
        if item.type == "single" and places:
            return {item.id: self._one_of(variables[0], places, blank)}
        columns = {}
        for variable in variables:
            cells = self._cells(variable, where, places)
            cells = cells.where(~cells.isin(list(blank)), "") if blank else cells
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
                self.problems.append(Problem(where, what, "correct the export, or make the item a multi"))
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
            return ticked(cells.isin([cell for cell, code in values.items() if code == "1"]), variable)
        known = code_words(variable, self.instrument)
        words = {cell: known[code] for cell, code in values.items()}
        words = words or label_words(variable, self.instrument) | known
        return translate(as_known(cells, words, problems), words, variable, problems)
