"""Our routing said in the languages of three survey engines, and as plain data for the preview.

`platforms/routing` of the reference data holds ten conditions for which SurveyJS, ODK and LimeSurvey gave the
truth tables that `toolkit.instrument.routing` gives; the tests hold each translation to them. ``!=`` becomes
``not(… = …)`` in XPath, where a node that is not there would make ``!=`` false.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.conditions import Answered, Comparison, Joined, Node, Not, Selected, parse_tree
from toolkit.instrument.model import Instrument, Variable
from toolkit.instrument.routing import Condition

__all__ = ["confusable", "to_limesurvey", "to_surveyjs", "to_tree", "to_xpath"]

Naming = Callable[[Variable], str]
"""Gives the platform's name of one of our columns."""


def to_surveyjs(
    condition: str | Condition,
    instrument: Instrument,
    *,
    name: Naming | None = None,
    audiences: Collection[str] | None = None,
) -> str:
    """Say a condition as a SurveyJS expression.

    Parameters
    ----------
    condition
        A condition in our language, as text or parsed.
    instrument
        The instrument it belongs to.
    name
        Names a column on the platform: the item, "item.row" for a row; an option has its item's name.
    audiences
        Rows that none of these are asked are left out; None for all.

    Returns
    -------
    str
        For ``visibleIf``; it expects ``clearInvisibleValues: "onHidden"``.

    Examples
    --------
    >>> from toolkit.instrument import load_instrument
    >>> items = load_instrument("instruments/employee.yaml")
    >>> to_surveyjs("aiuse != 1 or answered(aifreq)", items)
    "{aiuse} != '1' or {aifreq} notempty"
    """
    return _written(condition, instrument, _SURVEYJS, name or _surveyjs_name, audiences)


def to_xpath(
    condition: str | Condition,
    instrument: Instrument,
    *,
    name: Naming | None = None,
    audiences: Collection[str] | None = None,
) -> str:
    """Say a condition as XPath with the ``${name}`` references of XLSForm.

    Parameters and result are those of `to_surveyjs`; `name` gives a whole reference, "${item}" or
    "${item_row}", so that it may join several questions.

    Examples
    --------
    >>> from toolkit.instrument import load_instrument
    >>> items = load_instrument("instruments/employee.yaml")
    >>> to_xpath("aiuse != 1 and not selected(aiways, 'none')", items)
    "not(${aiuse} = '1') and not(selected(${aiways}, 'none'))"
    """
    return _written(condition, instrument, _XPATH, name or _xpath_name, audiences)


def to_limesurvey(
    condition: str | Condition,
    instrument: Instrument,
    *,
    name: Naming | None = None,
    audiences: Collection[str] | None = None,
) -> str:
    """Say a condition in LimeSurvey's ExpressionScript.

    Parameters and result are those of `to_surveyjs`; `name` gives ``item``, ``item_row`` or ``item_option``
    without ``.NAOK``, which keeps a condition from failing where a question was not shown.

    Examples
    --------
    >>> from toolkit.instrument import load_instrument
    >>> items = load_instrument("instruments/employee.yaml")
    >>> to_limesurvey("aiuse in (0, 98) or selected(aiways, 'rev')", items)
    '(aiuse.NAOK=="0" or aiuse.NAOK=="98") or aiways_rev.NAOK=="Y"'
    """
    return _written(condition, instrument, _LIMESURVEY, name or (lambda variable: variable.name), audiences)


def to_tree(condition: str | Condition, instrument: Instrument) -> dict[str, Any]:
    """Say a condition as nested data that a page can interpret without running text as code.

    Returns
    -------
    dict
        ``{"op": "and" | "or", "parts": […]}``, ``{"op": "not", "part": …}``,
        ``{"op": "answered", "of": [columns]}``, ``{"op": "selected", "of": column}`` or
        ``{"op": "==" | …, "of": column, "codes": […], "number": bool}``.
    """
    return _tree(_node(condition), instrument)


def confusable(codes: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of codes that an engine takes for one: small and capital letters, or one number written twice.

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
class _Dialect:
    """How one engine writes each part; {q} is the column, {code} a code, {part} a condition in brackets.

    In XPath the column is a whole reference.
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
    other: str = ""
    """The code of a write-in, where the engine has one of its own."""
    selected_other: str = ""


_SURVEYJS = _Dialect(
    equal="{{{q}}} = '{code}'",
    equal_number="{{{q}}} = {code}",
    unequal="{{{q}}} != '{code}'",
    unequal_number="{{{q}}} != {code}",
    order="{{{q}}} {sign} {code}",
    answered="{{{q}}} notempty",
    selected="{{{q}}} contains '{code}'",
    negated="!({part})",
    nobody="false",
)
_XPATH = _Dialect(
    equal="{q} = '{code}'",
    equal_number="{q} = {code}",
    unequal="not({q} = '{code}')",
    unequal_number="not({q} = {code})",
    order="{q} {sign} {code}",
    answered="{q} != ''",
    selected="selected({q}, '{code}')",
    negated="not({part})",
    nobody="false()",
)
_LIMESURVEY = _Dialect(
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
)


def _surveyjs_name(variable: Variable) -> str:
    return f"{variable.item.id}.{variable.row.id}" if variable.row else variable.item.id


def _xpath_name(variable: Variable) -> str:
    return f"${{{variable.item.id if variable.option else variable.name}}}"


def _node(condition: str | Condition) -> Node:
    return condition.tree if isinstance(condition, Condition) else parse_tree(condition)


def _written(
    condition: str | Condition,
    instrument: Instrument,
    dialect: _Dialect,
    name: Naming,
    audiences: Collection[str] | None,
) -> str:
    return _Writer(instrument, dialect, name, audiences).said(_node(condition))


@dataclass(frozen=True)
class _Writer:
    instrument: Instrument
    dialect: _Dialect
    name: Naming
    audiences: Collection[str] | None

    def said(self, node: Node) -> str:
        if isinstance(node, Not):
            return self.dialect.negated.format(part=self.said(node.part))
        if isinstance(node, Joined):
            parts = [f"({self.said(p)})" if isinstance(p, Joined) else self.said(p) for p in node.parts]
            return f" {node.word} ".join(parts)
        if isinstance(node, Answered):
            return self._answered(node)
        if isinstance(node, Selected):
            variable = self.instrument[f"{node.name}_{node.code}"]
            own = variable.option is not None and variable.option.write_in and self.dialect.selected_other
            return (own or self.dialect.selected).format(q=self.name(variable), code=node.code)
        return self._comparison(node)

    def _answered(self, node: Answered) -> str:
        columns = _columns(node.name, self.instrument)
        if self.audiences is not None:
            columns = tuple(one for one in columns if set(one.audiences) & set(self.audiences))
        names = dict.fromkeys(self.name(column) for column in columns)
        return _either([self.dialect.answered.format(q=name) for name in names]) or self.dialect.nobody

    def _comparison(self, node: Comparison) -> str:
        variable = self.instrument[node.name]
        name = self.name(variable)
        if node.operator in ("<", "<=", ">", ">="):
            number = _plain_number(node.codes[0])
            return self.dialect.order.format(q=name, sign=node.operator, code=number)
        number_asked = variable.kind == "number"
        equal = self.dialect.equal_number if number_asked else self.dialect.equal
        unequal = self.dialect.unequal_number if number_asked else self.dialect.unequal
        codes = [_plain_number(code) if number_asked else code for code in node.codes]
        write_in = self.instrument.write_in_of(variable.item.id) if self.dialect.other else None
        if write_in is not None and write_in.option is not None:
            codes = [self.dialect.other if code == write_in.option.code else code for code in codes]
        if node.operator == "!=":
            return unequal.format(q=name, code=codes[0])
        listed = _either([equal.format(q=name, code=code) for code in codes])
        return self.dialect.negated.format(part=listed) if node.operator == "not in" else listed


def _either(parts: list[str]) -> str:
    return f"({' or '.join(parts)})" if len(parts) > 1 else "".join(parts)


def _plain_number(code: str) -> str:
    """A number without leading zeros, which SurveyJS would take for text, and without an exponent."""
    return f"{Decimal(code):f}"


def _columns(name: str, instrument: Instrument) -> tuple[Variable, ...]:
    """The columns whose answers say that an item was answered; of an option, all of its item's."""
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
