"""Folders that appear whole or not at all, and a lock so that two runs do not write into one place."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.exchange.files import owner_only

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
    if os.path.lexists(final):
        old = final.parent / f"{OLD}{final.name}-{uuid.uuid4().hex[:8]}"
        final.rename(old)
    made.rename(final)
    if old:
        _remove(old)


def _remove(path: Path) -> None:
    """Remove a folder with all in it, a file, or a link without what it leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


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
        if os.path.lexists(final):
            _remove(left)
        else:
            left.rename(final)
        swept.append(left.name)
    for left in sorted(folder.glob(f"{MAKING}*")):
        _remove(left)
        swept.append(left.name)
    return swept


def write_whole(path: Path, text: str, *, private: bool = False) -> None:
    """Write a text file under a temporary name and rename it: a reader sees the old one or the new one.

    A `private` one can be read by its owner alone, from the moment it is there.
    """
    making = path.parent / f"{MAKING}{path.name}-{uuid.uuid4().hex[:8]}"
    try:
        with open(making, "w", encoding="utf-8", opener=owner_only if private else None) as handle:
            handle.write(text)
        making.replace(path)
    except BaseException:
        making.unlink(missing_ok=True)
        raise


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold a folder for one run; make it where it is not there.

    A run that raises before it has written anything takes back what was made for it.

    The lock is the system's and ends with the process, however it ends. Where the system has no such lock
    (Windows) none is held.

    Raises
    ------
    InvalidInput
        The folder cannot be written, or another run holds it.
    """
    before, absent = set[Path](), list[Path]()
    try:
        absent = [one for one in (folder, *folder.parents) if not one.exists()]
        before = _within(folder)
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as fault:
        _take_back(absent)
        mend = "choose another output folder or give yourself the right to write there"
        raise InvalidInput(
            "output", [Problem(str(folder), f"cannot be written: {fault.strerror}", mend)]
        ) from fault
    try:
        if not hold(handle) or not _same_file(handle, folder / LOCK):
            mend = "wait until it ends or choose another output folder"
            raise InvalidInput("output", [Problem(str(folder), "another run is writing there", mend)])
        try:
            yield
        except BaseException:
            lock = folder / LOCK
            if lock not in before and _within(folder) <= before | {lock}:
                _take_back([lock, *absent])
            raise
    finally:
        os.close(handle)


def _within(folder: Path) -> set[Path]:
    return set(folder.iterdir()) if folder.is_dir() else set()


def _same_file(handle: int, path: Path) -> bool:
    """Whether an open file still has its name: a run that was refused takes its lock away with it."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _take_back(paths: Iterable[Path]) -> None:
    """Remove what was made for nothing, the inmost first: the lock, and folders as far as they are empty."""
    for path in paths:
        with suppress(OSError):
            path.unlink() if path.name == LOCK else path.rmdir()


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
