"""Progress of a batch: one line rewritten on a terminal, one line per report in a log."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from toolkit.errors import printable

if TYPE_CHECKING:
    from toolkit.reporting import Progress

STATUS = {"made": "made", "unchanged": "unchanged", "withheld": "withheld by policy", "failed": "FAILED"}
_CLEAR = "\r\x1b[K"


class ProgressPrinter:
    """Printer of a batch's progress.

    Parameters
    ----------
    out
        Stream to print to; standard output for None.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        given = out or sys.stdout
        self._out: TextIO | None = getattr(given, "stream", given)  # what clears a line is written raw
        self._terminal = self._out is not None and self._out.isatty()

    def line(self, message: str) -> None:
        """Print a message on a line of its own."""
        shown = printable(message, keep="\n\t")
        self._write(f"{_CLEAR if self._terminal else ''}{shown}\n")

    def progress(self, progress: Progress) -> None:
        """Print that one more report has ended."""
        if not self._terminal or progress.status == "failed":
            width = len(str(progress.total))
            status = STATUS.get(progress.status, progress.status)
            reason = f": {progress.sentence}" if progress.sentence else ""
            self.line(
                f"[{progress.done:>{width}}/{progress.total}] {progress.organisation} {progress.name}: "
                f"{status} ({progress.seconds:.1f} s){reason}"
            )
        if self._terminal:
            self._write(_CLEAR + rate(progress))

    def end(self) -> None:
        """Clear the terminal's line."""
        if self._terminal:
            self._write(_CLEAR)

    def _write(self, text: str) -> None:
        """Write text; a closed pipe or a full disk must not end a night of reports."""
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
    """Send standard output to the null device: what is still buffered would fail again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        return  # not a file of the operating system
    finally:
        os.close(nowhere)


def rate(progress: Progress) -> str:
    """Describe how many reports are done, how fast, and the time left.

    Examples
    --------
    >>> from toolkit.reporting import Progress
    >>> rate(Progress(50, 200, "org-1", "A", "made", "", 1.0, elapsed=100.0))
    '50 of 200, 30 per minute, about 5 minutes left'
    """
    per_second = progress.done / progress.elapsed if progress.elapsed > 0 else 0.0
    left = (progress.total - progress.done) / per_second if per_second else 0.0
    return f"{progress.done} of {progress.total}, {60 * per_second:.0f} per minute, {time_left(left)} left"


def time_left(seconds: float) -> str:
    """Describe a length of time in words.

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
