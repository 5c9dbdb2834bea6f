"""Files that appear whole or not at all, and how they are named."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from pathlib import Path

from toolkit.errors import InvalidInput, Problem

__all__ = ["owner_only", "write_files"]


def owner_only(path: str, flags: int) -> int:
    """Open a file that its owner alone may read, from the moment it is there: an `opener` for `open`."""
    return os.open(path, flags, 0o600)


def write_files(folder: str | Path, files: Mapping[str, str | bytes], *, private: bool = False) -> list[Path]:
    """Write files into a folder, each under a temporary name first; none takes its place before all are made.

    Parameters
    ----------
    folder
        Made where it is not there.
    files
        Name → what it holds; text is written as UTF-8 with the line ends it has.
    private
        Whether they hold answers of persons: their owner alone may then read them.

    Returns
    -------
    list[Path]
        The files, in the order given.

    Raises
    ------
    InvalidInput
        The folder cannot be written to.

    Examples
    --------
    >>> write_files("out", {"a.txt": "one\\n"})  # doctest: +SKIP
    [PosixPath('out/a.txt')]
    """
    folder = Path(folder)
    making = {folder / name: folder / f".making-{name}-{uuid.uuid4().hex[:8]}" for name in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for (_, temporary), held in zip(making.items(), files.values(), strict=True):
            with open(temporary, "wb", opener=owner_only if private else None) as handle:
                handle.write(held.encode("utf-8") if isinstance(held, str) else held)
        for final, temporary in making.items():
            temporary.replace(final)
    except OSError as fault:
        hint = "choose another folder, or give yourself the right to write there"
        what = f"cannot be written: {fault.strerror or fault}"
        raise InvalidInput("export", [Problem("unwritable", str(folder), what, hint)]) from fault
    finally:
        for temporary in making.values():
            if temporary.exists():
                temporary.unlink()
    return list(making)
