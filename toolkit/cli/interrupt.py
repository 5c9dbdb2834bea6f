"""Ctrl-C and SIGTERM: the first ends the work, further ones do not end the clearing away."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["Terminated", "interruptible"]


class Terminated(KeyboardInterrupt):
    """SIGTERM: ends a run as Ctrl-C does."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt at the first Ctrl-C or SIGTERM and answer those that follow with a sentence.

    What is left to do after the first (ending processes, removing coded answers, writing the index) takes
    seconds; cut short it would leave answers in a temporary folder. A signal that somebody else handles, or
    that is ignored, is left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    ours = [number for number, handler in usual.items() if signal.getsignal(number) is handler]

    def first(number: int, frame: object) -> None:
        for one in ours:
            signal.signal(one, _again)
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    for number in ours:
        signal.signal(number, first)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, usual[number])


def _again(number: int, frame: object) -> None:
    with suppress(OSError, RuntimeError):
        print("Cleaning up, please wait …", file=sys.stderr, flush=True)
