"""Progress of a batch: a bar on a terminal, one line per report in a log."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

from toolkit.errors import printable

if TYPE_CHECKING:
    from toolkit.reporting import Progress

STATUS = {"made": "made", "unchanged": "unchanged", "withheld": "withheld by policy", "failed": "FAILED"}


class ProgressPrinter:
    """Printer of a batch's progress.

    Parameters
    ----------
    out
        Stream to print to; standard output for None.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        given = out or sys.stdout
        self._out: TextIO | None = getattr(given, "stream", given)  # what draws the bar is written raw
        self._terminal = self._out is not None and self._out.isatty()
        self._bar: Any = None
        self.encoding = getattr(self._out, "encoding", "ascii")

    def line(self, message: str) -> None:
        """Print a message on a line of its own."""
        if self._bar is not None:
            self._bar.clear()
        self.write(f"{printable(message, keep=chr(10) + chr(9))}\n")

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
            if self._bar is None:
                from tqdm import tqdm

                self._bar = tqdm(total=progress.total, unit=" reports", file=self, leave=False, smoothing=0)
                self._bar.start_t -= progress.elapsed
            self._bar.update(progress.done - self._bar.n)

    def end(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def write(self, text: str) -> None:
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

    def flush(self) -> None:
        """Do nothing: `write` has flushed."""

    def fileno(self) -> int:
        """Return the terminal's descriptor, by which the bar knows its width."""
        if self._out is None:
            raise OSError("closed")
        return self._out.fileno()


def _silence() -> None:
    """Send standard output to the null device: what is still buffered would fail again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        return  # not a file of the operating system
    finally:
        os.close(nowhere)
