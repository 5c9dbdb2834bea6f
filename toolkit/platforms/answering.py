"""Cells become answers: in codes or words, ticks joined or split, missing values, what was not shown."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from toolkit.errors import Problem
from toolkit.instrument.model import MISSING, Instrument, Variable
from toolkit.locale import languages
from toolkit.platforms import common, people
from toolkit.platforms.answers import BLANKS, AnswersFile
from toolkit.platforms.common import holds_words, read_ticks, split_any, split_ranks, with_write_in
from toolkit.platforms.exports import Columns, Dialect
from toolkit.platforms.files.sheet import Sheet
from toolkit.platforms.matching import Matched
from toolkit.platforms.vocabulary import (
    as_known,
    flavour_of,
    folded,
    label_words,
    number_cells,
    out_of_bounds,
    plain_number,
    translate,
)
from toolkit.platforms.words import missing_labels


class Answering:
    """The cells of one file while they become answers."""

    def __init__(
        self,
        platform: Dialect,
        sheet: Sheet,
        matched: Matched,
        entry: AnswersFile,
        instrument: Instrument,
        whose: pd.DataFrame,
        problems: list[Problem],
    ) -> None:
        self.platform, self.matched, self.entry, self.instrument = platform, matched, entry, instrument
        self.audience, self.submitted, self.problems = whose["audience"], whose["submitted"], problems
        self.spoilt = pd.Series(False, index=whose.index)
        self.blanked = pd.Series(False, index=whose.index)
        self.labels = {matched.names[place]: words for place, words in sheet.labels.items()}
        self.declared = {matched.names[place]: held for place, held in sheet.declared.items()}
        self.hidden: pd.DataFrame | None = None

    def read(self, frame: pd.DataFrame, raw: pd.DataFrame, columns: Columns) -> pd.DataFrame:
        """Return every variable of the instrument, blank where the file has no column."""
        self._note_hidden(frame, columns.of_variable)
        of_variable = self._words_apart(frame, columns.of_variable)
        several = {item.id for item in self.instrument.items if item.type in ("multi", "ranking")}
        joined = several & of_variable.keys()
        texts = {v.name for v in self.instrument.variables if v.kind == "text"}
        plain = texts | joined | {v.name for v in self.instrument.variables if v.kind == "number"}
        cells = {
            name: self._cells(raw if name in texts | joined else frame, headings, name, name in plain)
            for name, headings in of_variable.items()
        }
        singles = [v for v in self.instrument.variables if v.kind == "single" and v.name in cells]
        codes = {v.name: self._codes(v) for v in singles}
        labels = {
            v.name: self._other(v) | label_words(v, self.instrument) | self._own_codes(v) for v in singles
        }
        for name in codes:
            cells[name] = as_known(cells[name], labels[name] | codes[name], self.problems)
        words = codes if flavour_of(cells, codes, labels) == "codes" else labels
        made: dict[str, pd.Series] = {}
        for item_id in joined:
            made |= self._split(item_id, cells)
        for variable in self.instrument.variables:
            if variable.name in cells:
                made[variable.name] = self._one(variable, cells[variable.name], words)
        for item in self.instrument.items:
            write_in = self.instrument.write_in_of(item.id)
            if write_in is not None and write_in.name in made:
                made |= with_write_in(made, write_in, made[write_in.name])
        return common.assemble(made, self.instrument, frame.index)

    def _words_apart(
        self, frame: pd.DataFrame, of_variable: Mapping[str, tuple[str, ...]]
    ) -> dict[str, tuple[str, ...]]:
        """Return headings by variable; a column of write-ins belongs to the text, whatever its name."""
        found = dict(of_variable)
        for write_in in (v for v in self.instrument.variables if v.write_in and v.item.type == "multi"):
            option = self.instrument[write_in.name.removesuffix("_text")]
            mine = found.pop(option.name, ())
            wordy = [h for h in mine if self.platform.other_words or self._wordy(frame[h], h, option)]
            for name, headings in (
                (option.name, tuple(h for h in mine if h not in wordy)),
                (write_in.name, (*found.pop(write_in.name, ()), *wordy)),
            ):
                if headings:
                    found[name] = headings
            if self.hidden is not None and write_in.name in self.hidden and option.name not in self.hidden:
                self.hidden[option.name] = self.hidden[write_in.name]
        return found

    def _wordy(self, cells: pd.Series, heading: str, option: Variable) -> bool:
        known = {
            self.platform.hidden or "",
            *self.platform.blank,
            *self.platform.unanswered,
            *MISSING,
            *self.entry.missing,
        }
        for held in (self.matched.words, self.labels, self.declared):
            known |= {*held.get(heading, ())}
        return holds_words(cells[~cells.isin(list(known))], option, numbered=self.platform.numbered)

    def _codes(self, variable: Variable) -> dict[str, str]:
        """Map cells other than labels to our codes; none under a manifest, which has done so already."""
        headings = [name for name, found in self.matched.accepted.items() if found == variable.name]
        by_manifest = [name in self.matched.words for name in headings]
        ours = {code: code for code in variable.codes} if any(by_manifest) else {}
        theirs = {} if all(by_manifest) else self.platform.codes(variable, self.instrument)
        return self._other(variable) | theirs | ours | self._own_codes(variable)

    def _other(self, variable: Variable) -> dict[str, str]:
        """Map the platform's own words for "other" to the code of the write-in, if the item has one."""
        write_in = self.instrument.write_in_of(variable.item.id)
        if write_in is None or write_in.option is None:
            return {}
        return dict.fromkeys(self.platform.other_words, write_in.option.code)

    def _own_codes(self, variable: Variable) -> dict[str, str]:
        """Return the codes of missing answers that manifests, labels and `missing` declare."""
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
            cells = cells.where(~cells.isin([*missing, "-1", "-2"]), "") if missing else cells
            return self._within_bounds(cells, variable)
        return cells

    def _within_bounds(self, cells: pd.Series, variable: Variable) -> pd.Series:
        """Return numbers; report those out of bounds in submitted rows that no rule blanks.

        Platforms store what was typed when a respondent leaves the page, before they check it.
        """
        blank = self.entry.out_of_range == "blank"
        excused = ~self.submitted | blank
        numbers = number_cells(
            cells,
            variable,
            self.problems,
            excused=excused,
            decimal=self.entry.decimal,
            units=self.entry.units,
        )
        outside = out_of_bounds(numbers, variable) & excused
        if blank:
            self.blanked |= outside
        else:
            self.spoilt |= outside
        return numbers.mask(outside)

    def _split(self, item_id: str, cells: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
        variables = self.instrument.of_item(item_id)
        split = [v.name for v in variables if v.name in cells]
        if not split and variables[0].item.type == "ranking":
            separators = self.platform.separators
            return split_ranks(cells[item_id], variables, separators, self.problems)
        if not split:
            return split_any(
                cells[item_id],
                variables,
                self.platform.separators,
                self.problems,
                numbered=self.platform.numbered,
                sure=self.entry.manifest is not None,
            )
        if (cells[item_id].str.strip() == "").all() or self.platform.joined_beside:
            return {}
        what = f"is both in one column and in several ({split[0]} …)"
        self.problems.append(
            Problem("ambiguous", f"column {item_id}", what, "export again in one of the two ways")
        )
        return {}

    def _cells(
        self, frame: pd.DataFrame, headings: tuple[str, ...], name: str, as_text: bool = False
    ) -> pd.Series:
        """Return the cells of one variable, words of the manifest and for missing answers as our codes."""
        here = {heading: frame[heading].astype(str) if as_text else frame[heading] for heading in headings}
        made = {heading: self._stated(cells, heading, name) for heading, cells in here.items()}
        for heading in headings:
            audiences = self.matched.audiences.get(heading)
            if audiences is not None:
                self.problems.extend(
                    people.filled_by_others(made[heading], heading, name, audiences, self.audience)
                )
        if len(headings) == 1:
            return made[headings[0]]
        return common.merged_cells(pd.DataFrame(made), headings, name, self.problems)

    def _stated(self, cells: pd.Series, heading: str, name: str) -> pd.Series:
        blank = [*self.platform.blank, *([self.platform.hidden] if self.platform.hidden else [])]
        stated: dict[str, str] = dict.fromkeys(blank, "")
        variable = self.instrument[name] if name in self.instrument else None  # noqa: SIM401
        if variable is not None and variable.kind in ("single", "option") and self.platform.escaped:
            stated |= {cell: html.unescape(cell) for cell in map(str, cells.unique()) if "&" in cell}
        if variable is not None and variable.kind in ("single", "option"):
            labels = label_words(variable, self.instrument)
            stated |= {cell: "" for cell in self.platform.unanswered if cell not in labels}
        if variable is not None and variable.kind == "single":
            stated |= self.matched.words.get(heading, {})
        if variable is not None and variable.kind != "text" and heading in self.labels:
            self.problems.extend(label_problems(heading, self.labels[heading], variable))
            told = missing_by_label(self.labels[heading], variable, self.instrument)
            stated = told | stated  # the manifest takes precedence
        stated |= self._said_missing(heading, variable)
        if variable is not None and variable.kind != "text":
            self._check_declared(heading, variable, stated)
            whole = {cell: plain_number(cell) for cell in map(str, cells.unique())}
            stated |= {
                cell: stated[known] for cell, known in whole.items() if known in stated and cell not in stated
            }
        stated |= dict.fromkeys((code for code in stated.values() if code in BLANKS), "")
        stated = {cell: "" if meant in BLANKS else meant for cell, meant in stated.items()}
        if variable is not None and variable.kind == "option":
            stated |= {cell: code for cell, code in self.matched.words.get(heading, {}).items() if cell}
        if variable is not None and variable.kind == "number":
            stated = dict.fromkeys(stated, "")
        return common.recoded(cells, stated)

    def _said_missing(self, heading: str, variable: Variable | None) -> dict[str, str]:
        """Return the study file's missing values, except those that are answers in this column.

        A value counts as an answer where it is a code of the variable; a number, where the file declares it
        missing in other columns and not in this one.
        """
        here = self.declared.get(heading, frozenset())
        answers: set[str] = set()
        if variable is not None and variable.kind == "single":
            answers = {*variable.codes} - here
        elif variable is not None and variable.kind == "number":
            answers = {*frozenset().union(*self.declared.values())} - here
        missing = {plain_number(value): code for value, code in self.entry.missing.items()}
        return {value: code for value, code in (missing | self.entry.missing).items() if value not in answers}

    def _check_declared(self, heading: str, variable: Variable, stated: Mapping[str, str]) -> None:
        """Report declared missing values whose meaning nothing states.

        A code of the variable is an answer all the same: the instrument defines it.
        """
        screen = {missing.code for missing in self.instrument.missing_of(variable)} | {*variable.codes}
        ours = {"-1", "-2", *BLANKS} if variable.kind != "number" else set()
        unsaid = self.declared.get(heading, frozenset()) - stated.keys() - screen - ours
        if unsaid:
            shown = ", ".join(sorted(unsaid)[:6])
            what = f"holds {shown}, which the file declares missing and no value label explains"
            example = f'missing: {{"{min(unsaid)}": "-3"}} (blank), "-1" (don\'t know) or "-2" (refused)'
            self.problems.append(
                Problem("unknown-answer", f"column {heading}", what, f"state what it means: {example}")
            )

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


# Value labels in a file (SPSS, Stata): which values are not answers, and whether a scale is reversed

_WORDS: Mapping[str, str] = {
    "not asked": "-4",
    "not shown": "-4",
    "question not shown": "-4",
    "does not apply": "-4",
    "not answered": "-3",
    "no answer": "-3",
    "no response": "-3",
    "missing": "-3",
    "broke off": "-6",
    "refused to answer": "-2",
    "refusal": "-2",
    "dont know": "-1",
    "do not know": "-1",
}


def missing_by_label(labels: Mapping[str, str], variable: Variable, instrument: Instrument) -> dict[str, str]:
    """Map values to missing codes, where the label means that there is no answer.

    A value the variable has as an answer code is left alone, whatever its label.

    Examples
    --------
    >>> missing_by_label({"-2": "Not asked"}, instrument["burnout"], instrument)
    {'-2': '-4'}
    """
    own = {
        label.casefold(): code for label, code in label_words(variable, instrument).items() if code in MISSING
    }
    ours = {stated.casefold(): code for one in languages() for code, stated in missing_labels(one).items()}
    known = {**ours, **_WORDS, **own}
    return {
        value: known[folded(label)]
        for value, label in labels.items()
        if value not in variable.codes and folded(label) in known
    }


def label_problems(heading: str, labels: Mapping[str, str], variable: Variable) -> Iterator[Problem]:
    """List codes that carry another code's label: a reversed scale, or another item's."""
    ours = {
        code: {folded(label) for label in option.label.values()}
        for option in (variable.scale.options if variable.scale else ())
        for code in (option.code,)
    }
    for value, label in labels.items():
        others = [code for code, words in ours.items() if folded(label) in words and code != value]
        if value in ours and folded(label) not in ours[value] and others:
            yield Problem(
                "contradiction",
                f"column {heading}, value {value}",
                f"is labelled {label!r}, which is answer {others[0]} of '{variable.name}'",
                "the scale is coded otherwise there; recode it, or correct the codes of the instrument",
            )
