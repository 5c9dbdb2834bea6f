"""Routing in the languages of three survey engines, and as plain data for the preview.

`platforms/routing` of the reference data holds ten conditions for which SurveyJS, ODK and LimeSurvey gave the
truth tables that `toolkit.instrument.routing` gives; the tests hold each translation to them. ``!=`` becomes
``not(… = …)`` in XPath, where a missing node would make ``!=`` false.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument, Variable
from toolkit.instrument.routing import (
    Answered,
    Comparison,
    Condition,
    Joined,
    Node,
    Not,
    Selected,
    parse_tree,
)

Naming = Callable[[Variable], str]
"""Gives the platform's name of one of our columns."""


def to_tree(condition: str | Condition, instrument: Instrument) -> dict[str, Any]:
    """Express a condition as nested data that a page can interpret without running text as code.

    Returns
    -------
    dict
        ``{"op": "and" | "or", "parts": […]}``, ``{"op": "not", "part": …}``,
        ``{"op": "answered", "of": [columns]}``, ``{"op": "selected", "of": column}`` or
        ``{"op": "==" | …, "of": column, "codes": […], "number": bool}``.
    """
    return _tree(_node(condition), instrument)


def confusable(codes: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Find codes that an engine does not distinguish: by case, or one number written twice.

    Examples
    --------
    >>> confusable(["A", "b", "a", "01", "1"])
    (('A', 'a'), ('01', '1'))
    """
    first: dict[object, str] = {}
    pairs = []
    for code in codes:
        key: object = int(code) if code.isdigit() else code.casefold()
        if key in first:
            pairs.append((first[key], code))
        first.setdefault(key, code)
    return tuple(pairs)


@dataclass(frozen=True)
class Syntax:
    """How the expressions of one engine are written: {q} is the column, {code} a code, {part} a condition.

    `name` names one of our columns, where the caller of `write` does not: for SurveyJS the item, "item.row"
    for a row; for XPath a whole reference, "${item}" or "${item_row}", so that it may join several questions;
    for LimeSurvey ``item``, ``item_row`` or ``item_option`` without ``.NAOK``, which keeps a condition from
    failing where a question was not shown.
    """

    equal: str
    equal_number: str
    unequal: str
    unequal_number: str
    order: str
    answered: str
    selected: str
    negated: str
    nobody: str
    name: Naming
    other: str = ""
    """The code of a write-in, where the engine has one of its own."""
    selected_other: str = ""

    def write(
        self,
        condition: str | Condition,
        instrument: Instrument,
        *,
        name: Naming | None = None,
        audiences: Collection[str] | None = None,
    ) -> str:
        """Write a condition as an expression of the engine.

        Parameters
        ----------
        condition
            A condition in our language, as text or parsed.
        instrument
            The instrument it belongs to.
        name
            Names a column on the platform.
        audiences
            Rows that none of these are asked are left out; None for all.

        Returns
        -------
        str
            For SurveyJS's ``visibleIf`` it expects ``clearInvisibleValues: "onHidden"``.

        Examples
        --------
        >>> from toolkit.instrument import load_instrument
        >>> items = load_instrument("instruments/employee.yaml")
        >>> SURVEYJS.write("aiuse != 1 or answered(aifreq)", items)
        "{aiuse} != '1' or {aifreq} notempty"
        >>> XPATH.write("aiuse != 1 and not selected(aiways, 'none')", items)
        "not(${aiuse} = '1') and not(selected(${aiways}, 'none'))"
        >>> LIMESURVEY.write("aiuse in (0, 98) or selected(aiways, 'rev')", items)
        '(aiuse.NAOK=="0" or aiuse.NAOK=="98") or aiways_rev.NAOK=="Y"'
        """
        return _Writer(instrument, self, name or self.name, audiences).written(_node(condition))


SURVEYJS = Syntax(
    equal="{{{q}}} = '{code}'",
    equal_number="{{{q}}} = {code}",
    unequal="{{{q}}} != '{code}'",
    unequal_number="{{{q}}} != {code}",
    order="{{{q}}} {sign} {code}",
    answered="{{{q}}} notempty",
    selected="{{{q}}} contains '{code}'",
    negated="!({part})",
    nobody="false",
    name=lambda one: f"{one.item.id}.{one.row.id}" if one.row else one.item.id,
)
XPATH = Syntax(
    equal="{q} = '{code}'",
    equal_number="{q} = {code}",
    unequal="not({q} = '{code}')",
    unequal_number="not({q} = {code})",
    order="{q} {sign} {code}",
    answered="{q} != ''",
    selected="selected({q}, '{code}')",
    negated="not({part})",
    nobody="false()",
    name=lambda one: f"${{{one.item.id if one.option else one.name}}}",
)
LIMESURVEY = Syntax(
    equal='{q}.NAOK=="{code}"',
    equal_number="{q}.NAOK=={code}",
    unequal='{q}.NAOK!="{code}"',
    unequal_number="{q}.NAOK!={code}",
    order="{q}.NAOK{sign}{code}",
    answered="!is_empty({q}.NAOK)",
    selected='{q}.NAOK=="Y"',
    other="-oth-",
    selected_other="!is_empty({q}.NAOK)",
    negated="!({part})",
    nobody="0",
    name=lambda one: one.name,
)


def _node(condition: str | Condition) -> Node:
    return condition.tree if isinstance(condition, Condition) else parse_tree(condition)


@dataclass(frozen=True)
class _Writer:
    instrument: Instrument
    syntax: Syntax
    name: Naming
    audiences: Collection[str] | None

    def written(self, node: Node) -> str:
        if isinstance(node, Not):
            return self.syntax.negated.format(part=self.written(node.part))
        if isinstance(node, Joined):
            parts = [f"({self.written(p)})" if isinstance(p, Joined) else self.written(p) for p in node.parts]
            return f" {node.word} ".join(parts)
        if isinstance(node, Answered):
            return self._answered(node)
        if isinstance(node, Selected):
            variable = self.instrument[f"{node.name}_{node.code}"]
            own = variable.option is not None and variable.option.write_in and self.syntax.selected_other
            return (own or self.syntax.selected).format(q=self.name(variable), code=node.code)
        return self._comparison(node)

    def _answered(self, node: Answered) -> str:
        columns = _columns(node.name, self.instrument)
        if self.audiences is not None:
            columns = tuple(one for one in columns if set(one.audiences) & set(self.audiences))
        names = dict.fromkeys(self.name(column) for column in columns)
        return _either([self.syntax.answered.format(q=name) for name in names]) or self.syntax.nobody

    def _comparison(self, node: Comparison) -> str:
        variable = self.instrument[node.name]
        name = self.name(variable)
        if node.operator in ("<", "<=", ">", ">="):
            number = _plain_number(node.codes[0])
            return self.syntax.order.format(q=name, sign=node.operator, code=number)
        number_asked = variable.kind == "number"
        equal = self.syntax.equal_number if number_asked else self.syntax.equal
        unequal = self.syntax.unequal_number if number_asked else self.syntax.unequal
        codes = [_plain_number(code) if number_asked else code for code in node.codes]
        write_in = self.instrument.write_in_of(variable.item.id) if self.syntax.other else None
        if write_in is not None and write_in.option is not None:
            codes = [self.syntax.other if code == write_in.option.code else code for code in codes]
        if node.operator == "!=":
            return unequal.format(q=name, code=codes[0])
        listed = _either([equal.format(q=name, code=code) for code in codes])
        return self.syntax.negated.format(part=listed) if node.operator == "not in" else listed


def _either(parts: list[str]) -> str:
    return f"({' or '.join(parts)})" if len(parts) > 1 else "".join(parts)


def _plain_number(code: str) -> str:
    """Write a number without leading zeros, which SurveyJS would take for text, and without an exponent."""
    return f"{Decimal(code):f}"


def _columns(name: str, instrument: Instrument) -> tuple[Variable, ...]:
    """Return the columns that show whether an item was answered; for an option, all of its item's."""
    found = instrument.of_item(name)
    if found:
        return found
    if name not in instrument:
        hint = "name an item or a column of the instrument"
        raise InvalidInput(
            "routing",
            [Problem("unknown-item", f"'{name}'", "the instrument has no such item or column", hint)],
        )
    variable = instrument[name]
    return instrument.of_item(variable.item.id) if variable.option else (variable,)


def _tree(node: Node, instrument: Instrument) -> dict[str, Any]:
    if isinstance(node, Not):
        return {"op": "not", "part": _tree(node.part, instrument)}
    if isinstance(node, Joined):
        return {"op": node.word, "parts": [_tree(part, instrument) for part in node.parts]}
    if isinstance(node, Answered):
        return {"op": "answered", "of": [one.name for one in _columns(node.name, instrument)]}
    if isinstance(node, Selected):
        return {"op": "selected", "of": f"{node.name}_{node.code}"}
    number = instrument[node.name].kind == "number"
    return {"op": node.operator, "of": node.name, "codes": list(node.codes), "number": number}
