"""Folders that appear whole or not at all, and a lock so that two runs do not write into one place."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolkit.errors import InvalidInput, Problem

__all__ = ["fresh_folder", "hold", "lock_folder", "put_in_place", "sweep", "write_whole"]

MAKING = ".making-"
OLD = ".old-"
LOCK = ".lock"


def fresh_folder(final: Path) -> Path:
    """Make an empty temporary folder beside where the finished one will stand."""
    folder = final.parent / f"{MAKING}{final.name}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    return folder


def put_in_place(made: Path, final: Path) -> None:
    """Give a finished folder its final name; what stood there before goes only when the new one stands.

    A crash between the two renames leaves the earlier folder under a name that `sweep` puts back.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    _onto_disk(made)
    old = None
    if final.exists():
        old = final.parent / f"{OLD}{final.name}-{uuid.uuid4().hex[:8]}"
        final.rename(old)
    made.rename(final)
    if old:
        shutil.rmtree(old)


def _onto_disk(folder: Path) -> None:
    """Have the system write a folder's files before it is renamed: a power cut leaves no empty ones."""
    for path in (*folder.rglob("*"), folder):
        try:
            handle = os.open(path, os.O_RDONLY)
        except PermissionError:
            continue  # Windows opens no folders
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep(folder: Path) -> list[str]:
    """Clear away what an interrupted run left in a folder, and put back a report it was replacing.

    Returns
    -------
    list of str
        Names of what was cleared or put back. Call it only while holding the folder's lock.
    """
    swept = []
    for left in sorted(folder.glob(f"{OLD}*")):
        final = folder / left.name.removeprefix(OLD).rpartition("-")[0]
        if final.exists():
            shutil.rmtree(left)
        else:
            left.rename(final)
        swept.append(left.name)
    for left in sorted(folder.glob(f"{MAKING}*")):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
        swept.append(left.name)
    return swept


def write_whole(path: Path, text: str) -> None:
    """Write a text file under a temporary name and rename it: a reader sees the old one or the new one."""
    making = path.parent / f"{MAKING}{path.name}-{uuid.uuid4().hex[:8]}"
    try:
        making.write_text(text, encoding="utf-8")
        making.replace(path)
    except BaseException:
        making.unlink(missing_ok=True)
        raise


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold a folder for one run; make it where it is not there.

    The lock is the system's and ends with the process, however it ends. Where the system has no such lock
    (Windows) none is held.

    Raises
    ------
    InvalidInput
        The folder cannot be written, or another run holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as fault:
        mend = "choose another output folder or give yourself the right to write there"
        raise InvalidInput(
            "output", [Problem(str(folder), f"cannot be written: {fault.strerror}", mend)]
        ) from fault
    try:
        if not hold(handle):
            mend = "wait until it ends or choose another output folder"
            raise InvalidInput("output", [Problem(str(folder), "another run is writing there", mend)])
        yield
    finally:
        os.close(handle)


def hold(handle: int) -> bool:
    """Take the system's lock on an open file; False where another process has it."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
