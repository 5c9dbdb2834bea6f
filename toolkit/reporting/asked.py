"""What a run was asked for, judged before anything is made, and everything that is wrong told at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from toolkit.errors import InvalidInput, Problem

__all__ = ["Tried", "check_asked", "open_line"]

P = ParamSpec("P")
R = TypeVar("R")

_LEAST_MEMORY = 1 << 20


class Tried:
    """Makes one check after the other and keeps what they refuse.

    Examples
    --------
    >>> from toolkit.reporting.documents import check_formats
    >>> tried = Tried()
    >>> tried(check_formats, "html"), tried(check_formats, "pfd")
    (('html',), None)
    >>> tried.end()
    Traceback (most recent call last):
    toolkit.errors.InvalidInput: formats: 1 problem(s)
      format pfd: is none a report can be written as; did you mean 'pdf'?
    """

    def __init__(self) -> None:
        self._refused: list[InvalidInput] = []

    def __call__(self, check: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R | None:
        """What the check returns; None where it refuses."""
        try:
            return check(*args, **kwargs)
        except InvalidInput as fault:
            self._refused.append(fault)
            return None

    @property
    def sound(self) -> bool:
        """Whether nothing has been refused so far."""
        return not self._refused

    def end(self) -> None:
        """Raise everything that was refused, if anything was."""
        if not self._refused:
            return
        sources = list(dict.fromkeys(fault.source for fault in self._refused))
        problems = dict.fromkeys(problem for fault in self._refused for problem in fault.problems)
        raise InvalidInput(", ".join(sources), problems)


def check_asked(
    out: str | Path,
    *,
    workers: int | None = None,
    seconds: float | None = None,
    memory: int | None = None,
    stores: bool = True,
) -> None:
    """Refuse an output, a number of workers or a limit that cannot be meant.

    Parameters
    ----------
    stores
        Whether the output may be the address of a store.

    Raises
    ------
    InvalidInput
        All of them.
    """
    problems = [*_of_output(str(out), stores), *_of_limits(workers, seconds, memory)]
    if problems:
        raise InvalidInput("options", problems)


def open_line(cluster: str) -> str:
    """Say that answers travel unencrypted to a cluster; "" where its address is of TLS or of this machine.

    Examples
    --------
    >>> open_line("tls://scheduler:8786"), open_line("tcp://127.0.0.1:8786")
    ('', '')
    >>> open_line("tcp://scheduler:8786").partition(":")[0]
    'Warning'
    """
    kind, _, rest = cluster.rpartition("://")
    host = rest.rpartition(":")[0].strip("[]")
    if kind in ("tls", "wss", "inproc") or host in ("localhost", "::1") or host.startswith("127."):
        return ""
    return (
        f"Warning: answers travel unencrypted to {cluster}; use tls:// with Dask's certificates, unless "
        "nobody else can listen on this network"
    )


def _of_output(out: str, stores: bool) -> Iterator[Problem]:
    if not out.strip():
        yield Problem("output", "no folder is named", "name one, as reports")
    try:
        out.encode()
    except UnicodeEncodeError:
        what = "its name holds signs that are no UTF-8"
        yield Problem(f"output {out.encode(errors='replace').decode()}", what, "choose another name")
    if "://" in out and ".." in out.partition("://")[2].split("/"):
        yield Problem(f"output {out}", "an address must not hold '..'", "write the whole address")
    if not stores and "://" in out:
        yield Problem(
            f"output {out}", "is the address of a store; notebooks are run into folders", "name one"
        )


def _of_limits(workers: object, seconds: object, memory: object) -> Iterator[Problem]:
    if workers is not None and not _whole(workers, 1):
        yield Problem("workers", f"{workers!r} is no whole number of at least 1", "give one, or leave it out")
    if seconds is not None and not _positive(seconds):
        yield Problem("seconds", f"{seconds!r} is no number above 0", "give one, or leave it out")
    if memory is not None and not _whole(memory, _LEAST_MEMORY):
        what = f"{memory!r} bytes are too little for any notebook"
        yield Problem("memory", what, "say the unit, as 500M or 2G (in Python bytes, as 2 * 1024**3)")


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _positive(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value > 0  # type: ignore[arg-type,operator]
