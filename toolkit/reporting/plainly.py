"""What the system refuses (a full disk, a folder one may not write), said in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolkit.errors import ToolkitError

__all__ = ["said_plainly"]


@contextmanager
def said_plainly() -> Iterator[None]:
    """A full disk or a folder one may not write ends the run with a sentence.

    Raises
    ------
    ToolkitError
        In place of an OSError, but for a reader of the output that is gone: no file has that.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as fault:
        where = f" ({Path(fault.filename).name})" if isinstance(fault.filename, str) else ""
        raise ToolkitError(
            f"the run could not be finished: {fault.strerror}{where}. What was finished stands; run it again "
            "when there is room and the folder can be written."
        ) from fault
