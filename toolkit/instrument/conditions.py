"""Grammar of routing conditions: a small subset of Python expressions, parsed and never evaluated.

Allowed: ``item == 1``, ``!= < <= > >=``, ``in (1, 2)``, ``not in``, ``and``, ``or``, ``not``, brackets,
``answered(item)`` and ``selected(item, "code")``. An item is on the left, codes are on the right,
as they are written in the instrument; codes with letters in quotes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from toolkit.errors import InvalidInput, Problem, ProblemCode

__all__ = [
    "Answered",
    "Comparison",
    "Joined",
    "Leaf",
    "Node",
    "Not",
    "Operator",
    "Selected",
    "leaves",
    "parse_tree",
]

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
