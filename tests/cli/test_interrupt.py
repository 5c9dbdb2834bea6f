"""Ctrl-C once ends the work; twice does not end the clearing away."""

from __future__ import annotations

import signal

import pytest

from toolkit.cli.interrupt import patient


@pytest.fixture(autouse=True)
def usual():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_ends_the_work_and_those_that_follow_are_answered(capsys):
    cleared = []

    def work() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            cleared.append("answers")

    with pytest.raises(KeyboardInterrupt), patient():
        work()
    assert cleared == ["answers"]
    assert capsys.readouterr().err.count("It is being cleared away") == 2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_that_somebody_else_handles_or_ignores_is_left_alone():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with patient():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
