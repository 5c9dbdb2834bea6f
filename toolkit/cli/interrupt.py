"""Ctrl-C: the first ends the work, further ones do not end the clearing away."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["patient"]


@contextmanager
def patient() -> Iterator[None]:
    """Take the first Ctrl-C as usual and answer those that follow with a sentence.

    What is left to do after the first (ending processes, removing coded answers, writing the index) takes
    seconds; cut short it would leave answers in a temporary folder. Where somebody else handles the signal,
    or it is ignored, nothing is changed.
    """
    usual = signal.getsignal(signal.SIGINT)
    if usual is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, _first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def _first(number: int, frame: object) -> None:
    signal.signal(signal.SIGINT, _again)
    raise KeyboardInterrupt


def _again(number: int, frame: object) -> None:
    with suppress(OSError, RuntimeError):
        print("It is being cleared away; a moment.", file=sys.stderr, flush=True)
