"""Ctrl-C and SIGTERM once end the work; again, they do not end the clearing away."""

from __future__ import annotations

import signal

import pytest

from toolkit.system import Terminated, interruptible

USUAL = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}


@pytest.fixture(autouse=True)
def usual():
    before = {number: signal.signal(number, handler) for number, handler in USUAL.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_the_first_ends_the_work_and_those_that_follow_are_answered(capsys, number, kind):
    cleared = []

    def work() -> None:
        try:
            signal.raise_signal(number)
        finally:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
            cleared.append("answers")

    with pytest.raises(KeyboardInterrupt) as caught, interruptible():
        work()
    assert caught.type is kind
    assert cleared == ["answers"]
    assert capsys.readouterr().err.count("Cleaning up") == 2
    assert {number: signal.getsignal(number) for number in USUAL} == USUAL


@pytest.mark.parametrize("number", USUAL)
def test_a_signal_that_somebody_else_handles_or_ignores_is_left_alone(number):
    signal.signal(number, signal.SIG_IGN)
    with interruptible():
        assert signal.getsignal(number) is signal.SIG_IGN
