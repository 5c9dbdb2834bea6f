"""Routing as it is written: a small subset of Python's expressions, parsed and never evaluated.

Allowed: ``item == 1``, ``!= < <= > >=``, ``in (1, 2)``, ``not in``, ``and``, ``or``, ``not``, brackets,
``answered(item)`` and ``selected(item, "code")``. An item is named on the left, codes stand on the right,
as they are written in the instrument; codes with letters in quotes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from toolkit.errors import InvalidInput, Problem

__all__ = ["Answered", "Comparison", "Joined", "Leaf", "Node", "Not", "Operator", "Selected", "leaves", "parse_tree"]

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
_ALLOWED = "use == != < <= > >= in, not in, and, or, not, answered(item), selected(item, \"code\")"


@dataclass(frozen=True)
class Comparison:
    """An item's answer compared with one code, or with several for "in" and "not in"."""

    name: str
    operator: Operator
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Answered:
    """Whether an item has any answer."""

    name: str


@dataclass(frozen=True)
class Selected:
    """Whether an option of a multi-select is ticked."""

    name: str
    code: str


@dataclass(frozen=True)
class Not:
    """The opposite of a part."""

    part: Node


@dataclass(frozen=True)
class Joined:
    """Parts that must all hold ("and"), or of which one must ("or")."""

    word: Literal["and", "or"]
    parts: tuple[Node, ...]


Leaf = Comparison | Answered | Selected
Node = Comparison | Answered | Selected | Not | Joined


def parse_tree(text: str) -> Node:
    """Parse a condition.

    Raises
    ------
    InvalidInput
        Every part of the text that is outside the subset, with its column.
    """
    text = " ".join(text.split())
    if not text:
        raise _refusal(text, [Problem("the condition", "it is empty", "write a condition, or leave ask_if out")])
    strange = _CHARACTERS.match(text)
    if strange and strange.end() < len(text):
        where = f"column {strange.end() + 1}"
        raise _refusal(text, [Problem(where, f"{text[strange.end()]!r} has no meaning in routing", _ALLOWED)])
    if len(text) > _LONGEST:
        long = Problem("the condition", f"it is longer than {_LONGEST} characters", "put the items in another order")
        raise _refusal(text, [long])
    try:
        tree = ast.parse(text, mode="eval").body
        problems: list[Problem] = []
        node = _Parser(text, problems).node(tree)
    except SyntaxError as error:
        where = f"column {error.offset or 1}"
        mend = "mend it; a code such as 01 or with letters stands in quotes"
        raise _refusal(text, [Problem(where, f"this cannot be read ({error.msg})", mend)]) from None
    except (MemoryError, RecursionError):
        raise _refusal(text, [Problem("the condition", "it is nested too deeply", "make it plainer")]) from None
    if problems or node is None:
        raise _refusal(text, problems)
    return node


def leaves(node: Node) -> Iterator[Leaf]:
    """The parts of a condition that name items, from left to right."""
    if isinstance(node, Not):
        yield from leaves(node.part)
    elif isinstance(node, Joined):
        for part in node.parts:
            yield from leaves(part)
    else:
        yield node


def _refusal(text: str, problems: list[Problem]) -> InvalidInput:
    return InvalidInput(f"condition {text!r}", problems)


class _Parser:
    def __init__(self, text: str, problems: list[Problem]) -> None:
        self.text = text
        self.problems = problems

    def node(self, found: ast.expr) -> Node | None:
        if isinstance(found, ast.BoolOp):
            return self._joined(found)
        if isinstance(found, ast.UnaryOp) and isinstance(found.op, ast.Not):
            part = self.node(found.operand)
            return Not(part) if part is not None else None
        if isinstance(found, ast.Compare):
            return self._comparison(found)
        if isinstance(found, ast.Call):
            return self._call(found)
        if isinstance(found, ast.Name):
            return self._refuse(found, "an item alone is no condition", f"write 'answered({found.id})' or compare it")
        return self._refuse(found, "this is not part of the routing language", _ALLOWED)

    def _joined(self, found: ast.BoolOp) -> Node | None:
        parts = [self.node(part) for part in found.values]
        whole = tuple(part for part in parts if part is not None)
        word: Literal["and", "or"] = "and" if isinstance(found.op, ast.And) else "or"
        return Joined(word, whole) if len(whole) == len(parts) else None

    def _comparison(self, found: ast.Compare) -> Node | None:
        if len(found.ops) > 1:
            return self._refuse(found, "comparisons are not chained", "write 'q > 1 and q < 5'")
        operator = _OPERATORS.get(type(found.ops[0]))
        if operator is None:
            return self._refuse(found, "'is' is not part of the routing language", "write == or !=")
        left, right = found.left, found.comparators[0]
        if not isinstance(left, ast.Name):
            return self._refuse(left, "an item stands on the left of a comparison", "write 'q == 1', not '1 == q'")
        if operator in ("in", "not in"):
            if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
                return self._refuse(right, f"'{operator}' needs codes in brackets", "write 'q in (1, 2)' or 'q in (1,)'")
            given = [self._code(code, operator) for code in right.elts]
        else:
            given = [self._code(right, operator)]
        codes = tuple(code for code in given if code is not None)
        return Comparison(left.id, operator, codes) if len(codes) == len(given) else None

    def _code(self, found: ast.expr, operator: Operator) -> str | None:
        written = ast.get_source_segment(self.text, found) or ""
        if not isinstance(found, ast.Constant):
            mend = 'write the code as in the instrument; a code with letters in quotes, as "US"'
            if isinstance(found, ast.UnaryOp):
                mend = "answers are never negative; a missing answer is 'not answered(q)'"
            return cast(None, self._refuse(found, "a code stands on the right of a comparison", mend))
        number = re.fullmatch(r"\d+(\.\d+)?", written) is not None
        if isinstance(found.value, str):
            if operator in ("<", "<=", ">", ">="):
                mend = "compare with a number without quotes"
                return cast(None, self._refuse(found, f"'{operator}' needs a number", mend))
            return found.value
        if not number:
            return cast(None, self._refuse(found, f"{written} is no code", "write digits, or a code in quotes"))
        return written

    def _call(self, found: ast.Call) -> Node | None:
        name = found.func.id if isinstance(found.func, ast.Name) else ""
        names = [argument.id for argument in found.args[:1] if isinstance(argument, ast.Name)]
        if name == "answered" and len(found.args) == 1 and names and not found.keywords:
            return Answered(names[0])
        if name == "selected" and len(found.args) == 2 and names and not found.keywords:
            code = self._code(found.args[1], "==")
            return Selected(names[0], code) if code is not None else None
        if name in ("answered", "selected"):
            mend = 'write answered(item)' if name == "answered" else 'write selected(item, "code")'
            return self._refuse(found, f"'{name}' is not used so", mend)
        return self._refuse(found, f"there is no function '{name}'", _ALLOWED)

    def _refuse(self, found: ast.expr, what: str, mend: str) -> None:
        self.problems.append(Problem(f"column {found.col_offset + 1}", what, mend))
