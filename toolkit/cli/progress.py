"""How a batch tells how far it is: a line that changes on a terminal, a line a report in a log."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from toolkit.errors import printable

if TYPE_CHECKING:
    from toolkit.reporting import Progress

__all__ = ["STATUS", "Teller", "time_left"]

STATUS = {"made": "made", "unchanged": "unchanged", "withheld": "withheld by policy", "failed": "FAILED"}
_CLEAR = "\r\x1b[K"


class Teller:
    """Tells the progress of a batch.

    Parameters
    ----------
    out
        Where to; standard output for None.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        given = out or sys.stdout
        self._out: TextIO | None = getattr(given, "stream", given)  # what clears a line is written raw
        self._changing = self._out is not None and self._out.isatty()

    def say(self, sentence: str) -> None:
        """A sentence on a line of its own."""
        said = printable(sentence, keep="\n\t")
        self._write(f"{_CLEAR if self._changing else ''}{said}\n")

    def progress(self, progress: Progress) -> None:
        """One more report has ended."""
        if not self._changing or progress.status == "failed":
            self.say(_line(progress))
        if self._changing:
            self._write(_CLEAR + rate(progress))

    def end(self) -> None:
        """Leave the terminal's line clear."""
        if self._changing:
            self._write(_CLEAR)

    def _write(self, text: str) -> None:
        """A reader that is gone, or a log on a full disk, does not end a night of reports."""
        if self._out is None:
            return
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:
            if self._out in (sys.stdout, getattr(sys.stdout, "stream", None)):
                _silence()
            self._out = None


def _silence() -> None:
    """Have standard output go nowhere: what is still held back for it would fail again at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        return  # it is no file of the system's
    finally:
        os.close(nowhere)


def rate(progress: Progress) -> str:
    """How far, how fast, how long yet.

    Examples
    --------
    >>> from toolkit.reporting import Progress
    >>> rate(Progress(50, 200, "org-1", "A", "made", "", 1.0, elapsed=100.0))
    '50 of 200, 30 a minute, about 5 minutes left'
    """
    a_second = progress.done / progress.elapsed if progress.elapsed > 0 else 0.0
    left = (progress.total - progress.done) / a_second if a_second else 0.0
    return f"{progress.done} of {progress.total}, {60 * a_second:.0f} a minute, {time_left(left)} left"


def time_left(seconds: float) -> str:
    """A length of time as one says it.

    Examples
    --------
    >>> time_left(8), time_left(130), time_left(9000)
    ('about 8 seconds', 'about 2 minutes', 'about 2.5 hours')
    """
    if seconds < 90:
        return f"about {seconds:.0f} seconds"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.1f} hours"


def _line(progress: Progress) -> str:
    width = len(str(progress.total))
    what = STATUS.get(progress.status, progress.status)
    why = f": {progress.sentence}" if progress.sentence else ""
    return (
        f"[{progress.done:>{width}}/{progress.total}] {progress.organisation} {progress.name}: {what} "
        f"({progress.seconds:.1f} s){why}"
    )
