"""Routing: conditions evaluated over a coded frame, column by column.

The meaning is the one on which SurveyJS, XForms and LimeSurvey agree: without an answer ``!=``, ``not in``
and ``not`` hold and every other comparison fails; a don't-know counts as its code on screen (98 passes
``> 0``); an item that was not to be asked has no answer.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, ProblemCode, near_names
from toolkit.instrument.conditions import (
    Answered,
    Comparison,
    Joined,
    Node,
    Not,
    Selected,
    leaves,
    parse_tree,
)
from toolkit.instrument.model import COMPANION, MISSING, Instrument, Variable
from toolkit.locale import N_, translated

__all__ = ["Condition", "asked", "parse"]

Truth = np.ndarray[Any, np.dtype[np.bool_]]

_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Condition:
    """A parsed routing condition."""

    text: str
    tree: Node

    @property
    def names(self) -> tuple[str, ...]:
        """Names of items, each once, in order of appearance."""
        return tuple(dict.fromkeys(leaf.name for leaf in leaves(self.tree)))

    def item_ids(self, instrument: Instrument) -> tuple[str, ...]:
        """Ids of the items it depends on; a column's name counts as its item."""
        named = (instrument[name].item.id if name in instrument else name for name in self.names)
        return tuple(dict.fromkeys(named))

    def evaluate(self, frame: pd.DataFrame, instrument: Instrument) -> Truth:
        """Evaluate the condition for each row of a coded frame.

        Parameters
        ----------
        frame
            A coded frame with the columns of the items that are named.
        instrument
            The instrument it was coded with.

        Returns
        -------
        numpy.ndarray
            One bool a row.

        Raises
        ------
        InvalidInput
            A column that is needed is not in the frame.

        Examples
        --------
        >>> parse("aiuse == 1").evaluate(frame, instrument)  # doctest: +SKIP
        array([ True, False,  True])
        """
        return _Answers(frame, instrument).holds(self.tree)

    def in_words(self, instrument: Instrument, language: str = "en") -> str:
        """Describe the condition for readers of a report."""
        return _words(self.tree, instrument, language)


def parse(text: str) -> Condition:
    """Parse a routing condition; `toolkit.instrument.conditions` documents its grammar.

    Raises
    ------
    InvalidInput
        Everything in it that is outside the subset.

    Examples
    --------
    >>> parse("aiuse == 1 and not selected(aiways, 'none')").names
    ('aiuse', 'aiways')
    """
    return Condition(text, parse_tree(text))


def asked(frame: pd.DataFrame, variable: Variable | str, instrument: Instrument) -> Truth:
    """Return which respondents were to be asked an item: by audience and routing.

    Parameters
    ----------
    frame
        A coded frame with the column ``audience`` and the columns that routing looks at.
    variable
        A variable of the instrument or its name.
    instrument
        The instrument.

    Returns
    -------
    numpy.ndarray
        One bool per row. Routing is transitive: an item routed past counts as unanswered, whatever its
        column contains.

    Raises
    ------
    InvalidInput
        A name the instrument does not have, or a column that routing needs and the frame lacks.

    Examples
    --------
    >>> base = frame[asked(frame, "aiways_rev", instrument)]  # doctest: +SKIP
    """
    found = _variable(variable, instrument) if isinstance(variable, str) else variable
    return _Answers(frame, instrument).asked(found).copy()


@dataclass
class _Answers:
    """The answers of one frame as routing sees them."""

    frame: pd.DataFrame
    instrument: Instrument
    known: dict[str, Truth] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def holds(self, node: Node) -> Truth:
        if isinstance(node, Not):
            return np.logical_not(self.holds(node.part))
        if isinstance(node, Joined):
            join = np.logical_and if node.word == "and" else np.logical_or
            return np.asarray(join.reduce([self.holds(part) for part in node.parts]), dtype=bool)
        if isinstance(node, Answered):
            columns = [
                self._passes(variable, lambda _: True) for variable in _variables(node.name, self.instrument)
            ]
            return np.asarray(np.logical_or.reduce(columns), dtype=bool)
        if isinstance(node, Selected):
            return self._passes(
                _variable(f"{node.name}_{node.code}", self.instrument), lambda code: code == "1"
            )
        return self._compares(node)

    def asked(self, variable: Variable) -> Truth:
        if variable.name not in self.known:
            if variable.name in self.open:
                raise _frame_problem(
                    "circular", variable.name, "its routing depends on itself", "route on earlier items"
                )
            self.open.add(variable.name)
            self.known[variable.name] = self._asked(variable)
        return self.known[variable.name]

    def _asked(self, variable: Variable) -> Truth:
        if set(variable.audiences) >= set(self.instrument.audiences):
            mine = np.ones(len(self.frame), dtype=bool)
        else:
            mine = self._column("audience").isin(variable.audiences).to_numpy(dtype=bool)
        if variable.item.ask_if is None:
            return mine
        return np.logical_and(mine, self.holds(parse_tree(variable.item.ask_if)))

    def _compares(self, node: Comparison) -> Truth:
        variable = _variable(node.name, self.instrument)
        if node.operator in _ORDER:
            compare, limit = _ORDER[node.operator], float(node.codes[0])
            return self._passes(variable, lambda code: _numeric(code) and compare(float(code), limit))
        if variable.kind == "number":
            numbers = {float(code) for code in node.codes}
            equal = self._passes(variable, lambda code: float(code) in numbers)
        else:
            equal = self._passes(variable, lambda code: code in node.codes)
        return equal if node.operator in ("==", "in") else np.logical_not(equal)

    def _passes(self, variable: Variable, test: Callable[[str], bool]) -> Truth:
        """Return the rows whose answer passes a test, which is called once per distinct answer."""
        column = self._column(variable.name)
        if isinstance(column.dtype, pd.CategoricalDtype):
            places, distinct = column.cat.codes.to_numpy(), column.cat.categories
        else:
            places, distinct = pd.factorize(column)
        if variable.kind == "number":
            found: list[str | None] = [f"{value:.15g}" for value in distinct]
        else:
            shown = self.instrument.missing_on_screen(variable)
            found = [_on_screen(value, shown) for value in distinct]
        passing = [code is not None and bool(test(code)) for code in found]
        truth: Truth = np.array([*passing, False], dtype=bool)[places]
        if variable.kind == "single" and (places < 0).any():
            truth |= self._passing_reasons(variable, test)
        return truth & self.asked(variable)

    def _passing_reasons(self, variable: Variable, test: Callable[[str], bool]) -> Truth:
        """Find rows without an answer whose reason passes: a don't-know that was offered on screen."""
        shown = self.instrument.missing_on_screen(variable)
        wanted = [code for code, on_screen in shown.items() if test(on_screen)]
        name = f"{variable.name}{COMPANION}"
        if not wanted:
            return np.zeros(len(self.frame), dtype=bool)
        if name not in self.frame:
            what = "holds no reasons for missing answers, and routing looks at them"
            raise _frame_problem("missing-value", variable.name, what, 'use responses(missing="reasons")')
        return np.asarray(self.frame[name].isin(wanted), dtype=bool)

    def _column(self, name: str) -> pd.Series:
        if name not in self.frame.columns:
            raise _frame_problem(
                "missing-column",
                name,
                "routing needs this column and the frame has none",
                "keep it in the frame",
            )
        return self.frame[name]


def _variable(name: str, instrument: Instrument) -> Variable:
    if name not in instrument:
        columns = [variable.name for variable in instrument.of_item(name)]
        if columns:
            what = "this item has several columns, and one is meant"
            raise InvalidInput(
                "routing", [Problem("ambiguous", f"'{name}'", what, f"name one of {', '.join(columns)}")]
            )
        hint = near_names(name, [variable.name for variable in instrument.variables])
        raise InvalidInput(
            "routing",
            [Problem("unknown-item", f"'{name}'", "unknown item or column of the instrument", hint)],
        )
    found: Variable = instrument[name]
    return found


def _variables(name: str, instrument: Instrument) -> tuple[Variable, ...]:
    """Return the columns an item's name stands for: its own, or all its rows or options."""
    return instrument.of_item(name) or (_variable(name, instrument),)


def _on_screen(value: object, shown: Mapping[str, str]) -> str | None:
    """Return the answer as its code on screen, or None."""
    code = f"{value:.15g}" if isinstance(value, float | np.floating) else str(value).strip()
    if code in MISSING or not code:
        return shown.get(code)
    return code


def _numeric(code: str) -> bool:
    try:
        float(code)
    except ValueError:
        return False
    return True


def _frame_problem(code: ProblemCode, name: str, what: str, hint: str) -> InvalidInput:
    return InvalidInput("routing", [Problem(code, f"column {name}", what, hint)])


_SAID: Mapping[str, str] = {
    "==": N_("is"),
    "!=": N_("is not"),
    "<": N_("is below"),
    "<=": N_("is at most"),
    ">": N_("is above"),
    ">=": N_("is at least"),
    "in": N_("is one of"),
    "not in": N_("is none of"),
    "and": N_("and"),
    "or": N_("or"),
}


def _words(node: Node, instrument: Instrument, language: str) -> str:
    if isinstance(node, Not):
        return f"{translated(language, 'not')} ({_words(node.part, instrument, language)})"
    if isinstance(node, Joined):
        parts = [_words(part, instrument, language) for part in node.parts]
        inner = [
            f"({said})" if isinstance(part, Joined) else said
            for part, said in zip(node.parts, parts, strict=True)
        ]
        return f" {translated(language, _SAID[node.word])} ".join(inner)
    variable = _variables(node.name, instrument)[0]
    item = variable.item
    whole = node.name == item.id
    named = (item.short.get(language) or item.id) if whole else variable.label(language)
    label = translated(language, "“{text}”", text=named)
    if isinstance(node, Answered):
        return f"{label} {translated(language, 'is answered')}"
    if isinstance(node, Selected):
        option = _variable(f"{node.name}_{node.code}", instrument).label(language)
        quoted = translated(language, "“{text}”", text=option)
        return f"{label} {translated(language, 'includes')} {quoted}"
    labels = variable.code_labels(language)
    if node.operator not in _ORDER:
        labels |= {missing.code: missing.label[language] for missing in instrument.missing_of(variable)}
    codes = [labels.get(code, code) for code in node.codes]
    return f"{label} {translated(language, _SAID[node.operator])} {', '.join(codes)}"
