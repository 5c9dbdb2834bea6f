"""A parameter is refused by name and by type before anything runs."""

from __future__ import annotations

import datetime

import pytest

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.reporting.notebook import check_values, taken

CELL = (
    'region = "north"\nlevel = 0.95\nyears: int = 3\nwide = False\nitems = [1]\nfree = None\nrest: dict = {}'
)


@pytest.fixture
def notebook(write_notebook):
    return write_notebook("1", parameters=CELL)


def test_kinds_are_read_from_annotations_and_defaults(notebook):
    kinds = {name: (one.kind, one.optional) for name, one in taken(notebook).items()}
    assert kinds == {
        "region": ("str", False),
        "level": ("float", False),
        "years": ("int", False),
        "wide": ("bool", False),
        "items": ("list", False),
        "free": ("", True),
        "rest": ("dict", False),
    }


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("region", "007", "007"),
        ("level", "1", 1.0),
        ("years", "4", 4),
        ("wide", "True", True),
        ("items", "[2, 3]", [2, 3]),
        ("free", "2.5", 2.5),
        ("free", "None", None),
        ("rest", '{"a": 1}', {"a": 1}),
    ],
)
def test_a_typed_text_becomes_a_value_of_the_parameters_type(notebook, name, text, value):
    found = check_values(notebook, {name: text}, texts=True)[name]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "value", "texts"),
    [
        ("years", "3.5", True),
        ("years", "None", True),
        ("years", True, False),
        ("years", 3.0, False),
        ("level", "high", True),
        ("wide", "yes", True),
        ("wide", 1, False),
        ("items", '{"a": 1}', True),
        ("region", 7, False),
        ("free", datetime.date(2026, 1, 1), False),
    ],
)
def test_a_value_of_another_type_is_refused(notebook, name, value, texts):
    with pytest.raises(InvalidInput, check=problem("wrong-type", f"parameter {name}")):
        check_values(notebook, {name: value}, texts=texts)


def test_every_problem_is_told_at_once_with_near_names(notebook):
    with pytest.raises(InvalidInput, match="did you mean 'level'") as caught:
        check_values(notebook, {"levle": "1", "years": "x", "wide": "no"}, texts=True)
    assert len(caught.value.problems) == 3


def test_a_notebook_without_parameters_is_refused(write_notebook):
    with pytest.raises(InvalidInput, check=problem("missing-key", "notebook")):
        taken(write_notebook("1", parameters="# nothing"))
