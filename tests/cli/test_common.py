"""Counts as they are typed."""

from __future__ import annotations

import argparse

import pytest

from toolkit.cli.common import count


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "abc", "²", "", "nan", "9" * 30])
def test_what_is_no_number_of_workers_or_seconds_is_refused_in_words(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no whole number of at least 1"):
        count(text)


def test_a_number_that_can_be_meant_is_taken():
    assert count("1800") == 1800
