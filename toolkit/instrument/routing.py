"""Routing conditions: parsing, evaluation, who was asked what."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise, product
from typing import Any, Literal

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, ProblemCode, near_names
from toolkit.instrument.model import COMPANION, MISSING, Instrument, Variable
from toolkit.locale import N_, translated

# Grammar of routing conditions: a small subset of Python expressions, parsed and never evaluated.
#
# Allowed: ``item == 1``, ``!= < <= > >=``, ``in (1, 2)``, ``not in``, ``and``, ``or``, ``not``, brackets,
# ``answered(item)`` and ``selected(item, "code")``. An item is on the left, codes are on the right,
# as they are written in the instrument; codes with letters in quotes.


Operator = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]

_OPERATORS: dict[type[ast.cmpop], Operator] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_CHARACTERS = re.compile(r"[A-Za-z0-9_\s\"'()\[\],.=!<>-]*")
_LONGEST = 1000
_ALLOWED = 'use == != < <= > >= in, not in, and, or, not, answered(item), selected(item, "code")'


@dataclass(frozen=True)
class Comparison:
    """An item's answer compared with one code, or with several for "in" and "not in"."""

    name: str
    operator: Operator
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Answered:
    """Test whether an item has any answer."""

    name: str


@dataclass(frozen=True)
class Selected:
    """Test whether an option of a multi-select is ticked."""

    name: str
    code: str


@dataclass(frozen=True)
class Not:
    """Negation of a part."""

    part: Node


@dataclass(frozen=True)
class Joined:
    """Parts that must all hold ("and"), or of which at least one must ("or")."""

    word: Literal["and", "or"]
    parts: tuple[Node, ...]


Leaf = Comparison | Answered | Selected
Node = Comparison | Answered | Selected | Not | Joined


@lru_cache(maxsize=1024)
def parse_tree(text: str) -> Node:
    """Parse a condition.

    Raises
    ------
    InvalidInput
        Every part of the text that is outside the subset, with its column.
    """
    text = " ".join(text.split())
    if not text:
        raise _refusal(
            text, [Problem("empty", "the condition", "it is empty", "write a condition, or leave ask_if out")]
        )
    strange = _CHARACTERS.match(text)
    if strange and strange.end() < len(text):
        where = f"column {strange.end() + 1}"
        raise _refusal(
            text, [Problem("syntax", where, f"{text[strange.end()]!r} has no meaning in routing", _ALLOWED)]
        )
    if len(text) > _LONGEST:
        long = Problem(
            "too-long",
            "the condition",
            f"it is longer than {_LONGEST} characters",
            "put the items in another order",
        )
        raise _refusal(text, [long])
    parser = _Parser(text)
    try:
        node = parser.node(ast.parse(text, mode="eval").body)
    except _RefusedError as error:
        raise _refusal(text, [*parser.problems, error.problem]) from None
    except SyntaxError as error:
        where = f"column {error.offset or 1}"
        hint = "correct it; codes such as 01 or with letters need quotes"
        raise _refusal(text, [Problem("syntax", where, f"this cannot be read ({error.msg})", hint)]) from None
    except (MemoryError, RecursionError):
        raise _refusal(
            text, [Problem("too-large", "the condition", "it is nested too deeply", "make it plainer")]
        ) from None
    if parser.problems:
        raise _refusal(text, parser.problems)
    return node


def leaves(node: Node) -> Iterator[Leaf]:
    """List the parts of a condition that name items, from left to right."""
    if isinstance(node, Not):
        yield from leaves(node.part)
    elif isinstance(node, Joined):
        for part in node.parts:
            yield from leaves(part)
    else:
        yield node


def _refusal(text: str, problems: list[Problem]) -> InvalidInput:
    return InvalidInput(f"condition {text!r}", problems)


class _RefusedError(Exception):
    """A part outside the subset; the parts beside it are still checked."""

    def __init__(self, code: ProblemCode, part: ast.expr, what: str, hint: str) -> None:
        super().__init__(what)
        self.problem = Problem(code, f"column {part.col_offset + 1}", what, hint)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.problems: list[Problem] = []

    def node(self, found: ast.expr) -> Node:
        if isinstance(found, ast.BoolOp):
            return self._joined(found)
        if isinstance(found, ast.UnaryOp) and isinstance(found.op, ast.Not):
            return Not(self.node(found.operand))
        if isinstance(found, ast.Compare):
            return self._comparison(found)
        if isinstance(found, ast.Call):
            return self._call(found)
        if isinstance(found, ast.Name):
            hint = f"write 'answered({found.id})' or compare it"
            raise _RefusedError("syntax", found, "an item alone is not a condition", hint)
        raise _RefusedError("syntax", found, "this is not part of the routing language", _ALLOWED)

    def _joined(self, found: ast.BoolOp) -> Joined:
        parts: list[Node] = []
        for part in found.values:
            try:
                parts.append(self.node(part))
            except _RefusedError as error:
                self.problems.append(error.problem)
        return Joined("and" if isinstance(found.op, ast.And) else "or", tuple(parts))

    def _comparison(self, found: ast.Compare) -> Comparison:
        if len(found.ops) > 1:
            raise _RefusedError("syntax", found, "comparisons are not chained", "write 'q > 1 and q < 5'")
        operator = _OPERATORS.get(type(found.ops[0]))
        if operator is None:
            raise _RefusedError("syntax", found, "'is' is not part of the routing language", "write == or !=")
        left, right = found.left, found.comparators[0]
        if not isinstance(left, ast.Name):
            hint = "write 'q == 1', not '1 == q'"
            raise _RefusedError("syntax", left, "the left side of a comparison must be an item", hint)
        if operator not in ("in", "not in"):
            return Comparison(left.id, operator, (self._code(right, operator),))
        if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
            hint = f"write 'q {operator} (1, 2)' or 'q {operator} (1,)'"
            raise _RefusedError("syntax", right, f"'{operator}' needs codes in brackets", hint)
        return Comparison(left.id, operator, tuple(self._code(code, operator) for code in right.elts))

    def _code(self, found: ast.expr, operator: Operator) -> str:
        """Return a code as it is written: 1, 1.5 or "US"."""
        if isinstance(found, ast.UnaryOp):
            hint = "write 'not answered(q)' for an answer that is missing"
            raise _RefusedError("syntax", found, "answers are never negative", hint)
        if not isinstance(found, ast.Constant):
            hint = 'write the code as in the instrument, in quotes if it has letters: "US"'
            raise _RefusedError("syntax", found, "the right side of a comparison must be a code", hint)
        if isinstance(found.value, str):
            if operator in ("<", "<=", ">", ">="):
                raise _RefusedError(
                    "syntax", found, f"'{operator}' needs a number", "write it without quotes"
                )
            return found.value
        written = ast.get_source_segment(self.text, found) or ""
        if not re.fullmatch(r"\d+(\.\d+)?", written):
            raise _RefusedError(
                "syntax", found, f"{written} is not a code", "write digits, or a code in quotes"
            )
        return written

    def _call(self, found: ast.Call) -> Node:
        name = found.func.id if isinstance(found.func, ast.Name) else ""
        first = found.args[0] if found.args else None
        item = first.id if isinstance(first, ast.Name) else None
        if name == "answered" and item and len(found.args) == 1 and not found.keywords:
            return Answered(item)
        if name == "selected" and item and len(found.args) == 2 and not found.keywords:
            return Selected(item, self._code(found.args[1], "=="))
        if name in ("answered", "selected"):
            hint = "write answered(item)" if name == "answered" else 'write selected(item, "code")'
            raise _RefusedError("syntax", found, f"'{name}' is not used so", hint)
        raise _RefusedError("syntax", found, f"unknown function '{name}'", _ALLOWED)


# Routing: conditions evaluated over a coded frame, column by column.
#
# The meaning is the one on which SurveyJS, XForms and LimeSurvey agree: without an answer ``!=``, ``not
# in`` and ``not`` hold and every other comparison fails; a don't-know counts as its code on screen (98
# passes ``> 0``); an item that was not to be asked has no answer.


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
        """Return ids of the items it depends on; a column's name counts as its item."""
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
            One bool per row.

        Raises
        ------
        InvalidInput
            A column that is needed is not in the frame.

        Examples
        --------
        >>> parse("aiuse == 1").evaluate(frame, instrument)[:3]
        array([ True, False,  True])
        """
        return _Answers(frame, instrument).holds(self.tree)

    def passing(self, name: str, instrument: Instrument) -> frozenset[str]:
        """Return the answers to a column after which the condition holds, if it depends on nothing else."""
        codes = list(instrument[name].codes)
        asked = {name: np.ones(len(codes), dtype=bool)}
        passed = _Answers(pd.DataFrame({name: codes}), instrument, asked).holds(self.tree)
        return frozenset(code for code, one in zip(codes, passed, strict=True) if one)

    def in_words(self, instrument: Instrument, language: str = "en") -> str:
        """Describe the condition for readers of a report."""
        return _words(self.tree, instrument, language)


def parse(text: str) -> Condition:
    """Parse a routing condition; `toolkit.instrument.routing` documents its grammar.

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


PATH_COLUMNS = ("audience", "item", "when", "reach", "asked", "of")
_MOST_COMBINATIONS = 200_000


def paths(instrument: Instrument, frame: pd.DataFrame | None = None) -> pd.DataFrame:
    """List who is asked what, by searching every combination of answers that routing uses.

    Parameters
    ----------
    instrument
        A sound instrument.
    frame
        Coded answers, real or simulated, in which to count who was asked.

    Returns
    -------
    pandas.DataFrame
        One row per audience and item, in questionnaire order: audience, item, when (the condition in words,
        "" without one), reach ("always", "sometimes", "never", or "not searched" where there are too many
        combinations), asked and of (respondents of the frame; NA without one).

    Notes
    -----
    The answers tried are all codes and don't-knows of single choices, every set of ticks that exclusive
    options allow, numbers at and between the limits that conditions name, and no answer. `asked` decides, so
    that the search and the analysis cannot differ.

    Examples
    --------
    >>> paths(tk.load_instrument("employee")).query("reach == 'sometimes'")["item"].tolist()
    ['aifreq', 'aieffect', 'aiways', 'aihow', 'demandhow']
    """
    rows = []
    for audience in instrument.audiences:
        mine = None if frame is None else frame[(frame["audience"] == audience).to_numpy()]
        for item in instrument.items:
            if item.audiences is not None and audience not in item.audiences:
                continue
            variable = next((one for one in instrument.of_item(item.id) if audience in one.audiences), None)
            if variable is None:
                continue  # a battery without rows for this audience
            seen = None if mine is None else int(asked(mine, variable, instrument).sum())
            when = parse(item.ask_if).in_words(instrument, instrument.languages[0]) if item.ask_if else ""
            reach = "always"
            if item.ask_if is not None:
                tried = _combinations(item.id, audience, instrument)
                truth = None if tried is None else asked(tried, variable, instrument)
                reach = "not searched" if truth is None else "always" if truth.all() else "sometimes"
                reach = "never" if truth is not None and not truth.any() else reach
            rows.append((audience, item.id, when, reach, seen, None if mine is None else len(mine)))
    made = pd.DataFrame(rows, columns=list(PATH_COLUMNS))
    return made.astype({"asked": "Int64", "of": "Int64"})


def _combinations(item_id: str, audience: str, instrument: Instrument) -> pd.DataFrame | None:
    """Build a coded frame of every combination of answers that routing uses; None if too many."""
    wanted: dict[str, list[Leaf]] = {}
    waiting, seen = [item_id], {item_id}
    while waiting:
        rule = instrument.item(waiting.pop()).ask_if
        for leaf in leaves(parse_tree(rule)) if rule else ():
            target = _variables(leaf.name, instrument)[0].item.id
            wanted.setdefault(target, []).append(leaf)
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    states: list[list[dict[str, Any]]] = []
    many = 1
    for name, found in wanted.items():
        states.append(list(_states(name, found, audience, instrument)))
        many *= len(states[-1])
        if many > _MOST_COMBINATIONS:
            return None
    combined = [{key: one for part in parts for key, one in part.items()} for parts in product(*states)]
    data: dict[str, Any] = {}
    for name in combined[0]:
        variable, cells = instrument[name], [one[name] for one in combined]
        numeric = variable.kind in ("number", "text")
        data[name] = cells if numeric else pd.Categorical(cells, categories=list(variable.categories))
    return pd.DataFrame({"audience": [audience] * len(combined), **data})


def _states(
    item_id: str, found: Sequence[Leaf], audience: str, instrument: Instrument
) -> Iterator[dict[str, Any]]:
    """Yield the answers to one item that differ for the conditions that look at it: column → cell."""
    columns = [one for one in instrument.of_item(item_id) if audience in one.audiences]
    others: dict[str, Any] = {
        one.name: "-5" for one in instrument.of_item(item_id) if audience not in one.audiences
    }
    item = instrument.item(item_id)
    if not columns:
        yield others
        return
    if item.type == "multi":
        named = {leaf.code for leaf in found if isinstance(leaf, Selected)} or {str(columns[0].part)}
        alone = {option.code for option in item.options if option.exclusive}
        free = [str(one.part) for one in columns if one.part in named or one.part in alone]
        spare = next(
            (str(one.part) for one in columns if one.part not in free), None
        )  # a tick that is never used
        yield others | {one.name: "-3" for one in columns}
        for ticks in product((False, True), repeat=len(free)):
            ticked = {code for code, held in zip(free, ticks, strict=True) if held}
            ticked = ticked or ({spare} if spare is not None else set())
            if not ticked or (ticked & alone and len(ticked) > 1):
                continue
            if item.maximum is None or len(ticked) <= item.maximum:
                yield others | {one.name: "1" if one.part in ticked else "0" for one in columns}
        return
    if item.type in ("number", "text"):
        limits = sorted(
            {float(code) for leaf in found if isinstance(leaf, Comparison) for code in leaf.codes}
        )
        middles = [(one + other) / 2 for one, other in pairwise(limits)]
        between = [*limits, *middles, limits[0] - 1, limits[-1] + 1] if limits else [1.0]
        low, high = item.minimum, item.maximum
        edges = [one for one in (low, high) if one is not None]
        kept = [
            one
            for one in dict.fromkeys([*between, *edges])
            if (low is None or one >= low) and (high is None or one <= high)
        ]
        for value in [*kept, float("nan")] if item.type == "number" else ["words", float("nan")]:
            yield {columns[0].name: value}
        return
    named = {leaf.name for leaf in found}
    looked_at = [one for one in columns if one.name in named] or columns[:1]
    rest = {one.name: "-3" for one in columns if one not in looked_at}
    answers = [[*one.codes, *instrument.missing_on_screen(one), "-3"] for one in looked_at]
    for cells in product(*answers):
        yield others | rest | dict(zip((one.name for one in looked_at), cells, strict=True))


def asked(frame: pd.DataFrame, variable: Variable | str, instrument: Instrument) -> Truth:
    """Return which respondents were to be asked an item: by audience and routing.

    Parameters
    ----------
    frame
        A coded frame with the column ``audience`` and the columns that routing uses.
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
    >>> base = frame[asked(frame, "aiways_rev", instrument)]
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
    """Return the columns an item's name refers to: its own, or all its rows or options."""
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


_OPERATOR_WORDS: Mapping[str, str] = {
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
            f"({text})" if isinstance(part, Joined) else text
            for part, text in zip(node.parts, parts, strict=True)
        ]
        return f" {translated(language, _OPERATOR_WORDS[node.word])} ".join(inner)
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
    return f"{label} {translated(language, _OPERATOR_WORDS[node.operator])} {', '.join(codes)}"
