"""A file of JSON lines that is only ever added to; a crash in the middle of a line does not spoil it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["Journal", "read_journal"]


class Journal:
    """Adds lines to a file; each is numbered, for the clock may be set back.

    A line that cannot be written (a full disk) is counted in `lost` and does not end the batch.
    """

    def __init__(self, path: Path) -> None:
        self.lost, self._cut = 0, False
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        last = _last_line(path)
        number = last.get("number")
        self._number = number if isinstance(number, int) else 0
        size = os.fstat(self._file).st_size
        self._cut = bool(size) and os.pread(self._file, 1, size - 1) != b"\n"

    def add(self, **facts: Any) -> None:
        """Add one line with its number and the time."""
        self._number += 1
        line = {"number": self._number, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), **facts}
        data = (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
        try:
            if self._cut:
                os.write(self._file, b"\n")
                self._cut = False
            self._cut = os.write(self._file, data) < len(data)
            self.lost += self._cut
        except OSError:
            self.lost += 1

    def close(self) -> None:
        """Have the system write it all to the disk."""
        with suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)


def read_journal(path: Path) -> Iterator[Mapping[str, Any]]:
    """The whole lines of a journal, in order; one that a crash cut off, or that is none, is passed over."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            with suppress(json.JSONDecodeError, RecursionError):
                told = json.loads(line)
                if isinstance(told, dict):
                    yield told


def _last_line(path: Path) -> Mapping[str, Any]:
    last: Mapping[str, Any] = {}
    for line in read_journal(path):
        last = line
    return last
