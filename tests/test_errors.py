"""Every problem has a code of the vocabulary, and near names help with a misspelt one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from toolkit.errors import InvalidInput, Problem, ProblemCode, near_names
from toolkit.instrument.lint_rules import RULES

ROOT = Path(__file__).parent.parent
CODES = get_args(ProblemCode)
MAKERS = {"Problem", "Finding"}


def uncoded(source: str) -> Iterator[int]:
    """Lines of a module that make a problem without a literal code of the vocabulary.

    A conditional of two codes is one. So is a code that is passed on in a name or an attribute `code`,
    whose type mypy checks.
    """

    def coded(node: ast.expr) -> bool:
        if isinstance(node, ast.IfExp):
            return coded(node.body) and coded(node.orelse)
        if isinstance(node, ast.Constant):
            return node.value in CODES
        name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", None)
        return name in ("code", "rule")

    made = any(maker in source for maker in MAKERS)
    for node in ast.walk(ast.parse(source)) if made else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
            given = [*node.args[:1], *(one.value for one in node.keywords if one.arg == "code")]
            if not (given and coded(given[0])):
                yield node.lineno


def test_every_problem_is_made_with_a_code() -> None:
    found = {
        str(path): list(uncoded(path.read_text("utf-8"))) for path in sorted(ROOT.glob("toolkit/**/*.py"))
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_problem_without_a_code_of_the_vocabulary_is_found() -> None:
    source = """
Problem("column a", "is not in the frame", "check it")
Problem("empty", "column a", "holds nothing", "fill it in")
Problem("empty" if x else "no-such-code", "a", "b", "c")
Problem(where="a", what="b", hint="c")
Problem(where="a", what="b", hint="c", code="empty")
Problem(code, "a", "b", "c")
Problem(sentence, "a", "b", "c")
"""
    assert list(uncoded(source)) == [2, 4, 5, 8]


def test_the_page_of_error_codes_lists_every_code_with_its_meaning() -> None:
    written = re.findall(
        r'^    "([a-z-]+)",  # (.+)$', (ROOT / "toolkit" / "errors.py").read_text("utf-8"), re.M
    )
    rows = re.findall(
        r"^\| `([a-z-]+)` \| (.+?) \| (.+?) \|$", (ROOT / "docs" / "errors.md").read_text("utf-8"), re.M
    )
    assert [row[:2] for row in rows] == written
    assert [code for code, _ in written] == list(CODES)
    assert len(set(CODES)) == len(CODES)


def test_the_rules_of_the_lint_are_codes() -> None:
    assert set(RULES) <= set(CODES)


def test_the_code_of_a_problem_is_in_its_repr_and_not_in_its_message() -> None:
    problem = Problem("unknown-column", "column a", "is not in the frame", "did you mean 'b'?")
    assert str(problem) == "column a: is not in the frame; did you mean 'b'?"
    assert "code='unknown-column'" in repr(problem)
    assert InvalidInput("frame", [problem]).problems == (problem,)


def test_capital_and_small_letters_are_the_same() -> None:
    assert near_names("ORG-07", ["org-07", "org-11"]).startswith("did you mean 'org-07'")
    assert near_names("burnout", ["Burnout"]) == "did you mean 'Burnout'?"


def test_a_name_is_never_its_own_near_name() -> None:
    assert near_names("struggle", ["struggle", "burnout"]) == "known: burnout"


def test_where_nothing_is_near_some_of_what_is_known_is_listed() -> None:
    assert near_names("x", map(str, range(12))) == "known: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …"
    assert near_names("x", []) == "no names are known"
