"""No module decides on a sentence: what is written for people is compared, searched or matched nowhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TOOLKIT = Path(__file__).parent.parent / "toolkit"
PROSE = {"method", "verdict", "withheld", "reason", "why"}
"""Columns and attributes that hold sentences; beside each is one that holds a code."""

PRINTED = {"n_shown", "n_a_shown", "n_b_shown", "answered_shown", "printed", "published_base"}
"""Columns that hold numbers as they are printed, or others' words; beside each is one with the number."""

SETS = {"withheld"}
"""Of these, attributes of this name hold something else: a batch's withheld organisations."""

SEARCHES = {
    "startswith",
    "endswith",
    "removeprefix",
    "removesuffix",
    "partition",
    "rpartition",
    "split",
    "find",
    "index",
    "replace",
    "contains",
    "match",
    "fullmatch",
    "search",
    "isin",
    "eq",
    "ne",
}


def prose(node: ast.AST, names: frozenset[str] = frozenset()) -> bool:
    """Whether an expression is made of a sentence: `str(row["verdict"])`, or a name that was given one."""
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice.value in PROSE | PRINTED
    if isinstance(node, ast.Attribute) and node.attr in PROSE - SETS:
        return True
    if isinstance(node, ast.Attribute):
        return prose(node.value, names)
    if isinstance(node, ast.Call):
        got = isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args
        if got and isinstance(node.args[0], ast.Constant) and node.args[0].value in PROSE | PRINTED:
            return True
        inner = [node.func] if isinstance(node.func, ast.Attribute) else []
        return any(prose(one, names) for one in (*inner, *node.args))
    return False


def empty(node: ast.AST) -> bool:
    """Whether it is "" or None: to ask whether there is a sentence is not to read it."""
    return isinstance(node, ast.Constant) and node.value in ("", None)


def decisions(tree: ast.AST) -> Iterator[int]:
    """Lines on which a sentence is compared, searched or matched."""
    everything = list(ast.walk(tree))
    yield from (node.lineno for node in everything if decides(node, frozenset()))  # type: ignore[attr-defined]
    for function in everything:
        if not isinstance(function, ast.FunctionDef):
            continue
        named = frozenset(
            target.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and prose(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        )
        if named:
            yield from (node.lineno for node in ast.walk(function) if decides(node, named))  # type: ignore[attr-defined]


def decides(node: ast.AST, named: frozenset[str]) -> bool:
    """Whether a piece of code compares, searches or matches a sentence."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return any(prose(side, named) for side in sides) and not any(map(empty, sides))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SEARCHES:
        asked = [node.func.value, *(node.args if isinstance(node.func.value, ast.Name) else [])]
        return any(prose(one, named) for one in asked)
    return isinstance(node, ast.Match) and prose(node.subject, named)


def test_no_module_compares_searches_or_matches_a_sentence() -> None:
    found = [
        f"{path.relative_to(TOOLKIT.parent)}:{line}"
        for path in sorted(TOOLKIT.rglob("*.py"))
        for line in sorted({*decisions(ast.parse(path.read_text(encoding="utf-8")))})
    ]
    assert not found


@pytest.mark.parametrize(
    "line",
    [
        'plain = "design-based" not in str(row["method"])',
        'not str(row["method"]).startswith("not computed")',
        'if decision.reason.startswith("fewer than"): pass',
        'aside["reason"].str.contains("preview or test").any()',
        'sum(str(known(row["verdict"])).startswith("this survey") for row in rows)',
        'row["verdict"].removesuffix(" from what is published")',
        'found[found["verdict"] == "contradicted"]',
        're.search("design", row["method"])',
        'row.get("withheld") == "fewer than 5 answers"',
        'known(row["answered_shown"]) != "0"',
        'str(row["n_shown"]).replace("<", "fewer than ")',
        'def f(row):\n    asked = str(row.get("published_base"))\n    return "n not published" in asked',
        'def f(row):\n    said = str(known(row["verdict"]))\n    return said.startswith("a gap of")',
        'match row["verdict"]:\n    case "a gap": pass',
    ],
)
def test_a_decision_on_a_sentence_is_found(line: str) -> None:
    assert list(decisions(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ['row["verdict_code"] == "gap"', 'if not row["withheld"] == "": pass', 'print(row["verdict"])']
)
def test_a_code_may_decide_and_a_sentence_be_printed(line: str) -> None:
    assert not list(decisions(ast.parse(line)))
