"""Counts as they are typed."""

from __future__ import annotations

import argparse

import pytest

from toolkit.cli.common import count


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "abc", "²", "", "nan", "9" * 30])
def test_counts_that_are_not_positive_integers_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="must be a positive integer"):
        count(text)


def test_a_positive_integer_is_accepted():
    assert count("1800") == 1800
