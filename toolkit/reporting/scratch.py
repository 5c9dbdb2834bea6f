"""Temporary folders for one run: nobody else may look in, and those of runs that were killed are cleared."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolkit.reporting.atomic import LOCK, hold

__all__ = ["scratch_folder"]

PREFIX = "survey-toolkit-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder for this run, hold it, and remove it at the end.

    Whether the run it belongs to still lives is told by the system's lock on it, so that what a killed run or
    a power cut left is cleared by the next one.
    """
    clear_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        hold(handle)
        yield folder
    finally:
        os.close(handle)
        shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned() -> list[str]:
    """Remove the folders of runs that are gone; their names."""
    cleared = []
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if _ours(folder) and _abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
                cleared.append(folder.name)
        except OSError:
            continue  # another run cleared it at the same moment
    return cleared


def _ours(folder: Path) -> bool:
    about = folder.lstat()
    return (
        folder.is_dir()
        and not folder.is_symlink()
        and (not hasattr(os, "getuid") or about.st_uid == os.getuid())
    )


def _abandoned(folder: Path) -> bool:
    """Whether its lock is there and nobody holds it; one without a lock is only just being made."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return hold(handle)
    finally:
        os.close(handle)
