"""The examples in the docstrings print what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import numpy as np
import pandas as pd
import pytest

import toolkit.analysis

MODULES = sorted(one.name for one in pkgutil.iter_modules(toolkit.analysis.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_they_say(name: str) -> None:
    module = importlib.import_module(f"toolkit.analysis.{name}")
    found = doctest.testmod(module, extraglobs={"np": np, "pd": pd})
    assert found.failed == 0
