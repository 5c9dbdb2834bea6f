"""Operating-system services of a run: locks, atomic writes, temporary folders, event logs, signals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from toolkit.errors import InvalidInput, Problem, ToolkitError

STAGING = ".making-"
OLD = ".old-"
LOCK = ".lock"
PREFIX = "survey-toolkit-"


# Folders and files that are whole or absent


def staging_folder(final: Path) -> Path:
    """Create an empty staging folder beside the final one."""
    folder = final.parent / f"{STAGING}{final.name}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    return folder


def publish(staged: Path, final: Path) -> None:
    """Rename a finished folder to its final name; an earlier one is removed only afterwards.

    A crash between the two renames leaves the earlier folder under a name that `sweep` puts back.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    _onto_disk(staged)
    old = None
    if os.path.lexists(final):
        old = final.parent / f"{OLD}{final.name}-{uuid.uuid4().hex[:8]}"
        final.rename(old)
    staged.rename(final)
    if old:
        _remove(old)


def _remove(path: Path) -> None:
    """Remove a folder with its content, even a write-protected one, a file, or a link without its target."""
    if path.is_dir() and not path.is_symlink():
        for folder in (path, *(one for one in path.rglob("*") if one.is_dir() and not one.is_symlink())):
            folder.chmod(0o700)
        shutil.rmtree(path)
    else:
        path.unlink()


def _onto_disk(folder: Path) -> None:
    """Flush a folder's files to disk before it is renamed: a power cut must leave no empty files."""
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
    """Remove what an interrupted run left in a folder, and restore a report that it was replacing.

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
    for left in sorted(folder.glob(f"{STAGING}*")):
        _remove(left)
        swept.append(left.name)
    return swept


def write_whole(path: Path, text: str, *, private: bool = False) -> None:
    """Write a text file atomically: readers see the old file or the new one.

    A `private` one can be read by its owner alone, from the moment it exists.
    """
    staged = path.parent / f"{STAGING}{path.name}-{uuid.uuid4().hex[:8]}"
    try:
        if private:
            staged.touch(mode=0o600)
        staged.write_text(text, encoding="utf-8")
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


def write_new_folder(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write files into a new or empty folder, all or none of them.

    Parameters
    ----------
    folder
        Where to write.
    files
        Name, with folders divided by "/" → content.

    Raises
    ------
    InvalidInput
        The folder holds something, is a file, or cannot be written.
    """
    hint = "name another folder"
    if os.path.lexists(folder) and not folder.is_dir():
        raise InvalidInput(folder, [Problem("wrong-path", str(folder), "is a file", hint)])
    if folder.is_dir() and any(folder.iterdir()):
        what = "contains files; the folder must be new or empty"
        raise InvalidInput(folder, [Problem("file-exists", str(folder), what, hint)])
    try:
        staged = staging_folder(folder)
        try:
            for name, content in files.items():
                (staged / name).parent.mkdir(parents=True, exist_ok=True)
                (staged / name).write_bytes(content)
            publish(staged, folder)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    except OSError as fault:
        what = f"cannot be written: {fault.strerror or fault}"
        raise InvalidInput(
            folder, [Problem("unwritable", str(folder), what, f"{hint}, or allow writing there")]
        ) from fault
    return [folder / name for name in files]


def owner_only(path: str, flags: int) -> int:
    """Open a file that its owner alone may read, from the moment it is there: an `opener` for `open`."""
    return os.open(path, flags, 0o600)


def write_files(folder: str | Path, files: Mapping[str, str | bytes], *, private: bool = False) -> list[Path]:
    """Write files into a folder, each under a temporary name first; none takes its place before all are made.

    Parameters
    ----------
    folder
        Created if missing.
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
    >>> write_files("out", {"a.txt": "one\\n"})
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


# Locks and temporary folders


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock a folder for one run, creating it if necessary.

    A run that raises before it has written anything removes what was made for it. The lock is the system's
    and ends with the process, however it ends.

    Raises
    ------
    InvalidInput
        The folder cannot be written, or another run holds it.
    """
    from filelock import FileLock, Timeout

    absent = [one for one in (folder, *folder.parents) if not os.path.lexists(one)]
    path = folder / LOCK
    try:
        before = set(folder.iterdir()) if folder.is_dir() else set[Path]()
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0, mode=0o644, thread_local=False)
        lock.acquire()
    except Timeout:
        hint = "wait until it ends or choose another output folder"
        raise InvalidInput(
            "output", [Problem("locked", str(folder), "another run is writing there", hint)]
        ) from None
    except OSError as fault:
        _remove_empty(absent)
        hint = "choose another output folder or give yourself the right to write there"
        raise InvalidInput(
            "output", [Problem("unwritable", str(folder), f"cannot be written: {fault.strerror}", hint)]
        ) from fault
    try:
        yield
    except BaseException:
        if path not in before and set(folder.iterdir()) <= before | {path}:
            _remove_empty([path, *absent])
        raise
    finally:
        lock.release()


def _remove_empty(paths: Iterable[Path]) -> None:
    """Remove a lock file, and folders that are empty, innermost first."""
    for path in paths:
        with suppress(OSError):
            path.unlink() if path.name == LOCK else path.rmdir()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Create a private temporary folder for this run, and remove it at the end.

    It holds a lock, so that the next run can tell what a killed run or a power cut left, and clear it. It is
    locked before it gets the name that others look for: a lock that is not yet taken looks abandoned.
    """
    from filelock import FileLock

    clear_abandoned()
    fresh = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
    folder = fresh.with_name(fresh.name.removeprefix("."))
    lock = FileLock(fresh / LOCK, mode=0o600, thread_local=False)
    try:
        with lock:
            fresh.rename(folder)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned() -> list[str]:
    """Remove the temporary folders of dead runs and return their names."""
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
    """Return whether a folder's lock exists and is free; a folder without a lock is still being created."""
    from filelock import FileLock, Timeout

    if not (folder / LOCK).is_file():
        return False
    try:
        with FileLock(folder / LOCK, timeout=0):
            return True
    except Timeout:
        return False


# The log of a run


class EventLog:
    """An append-only file of JSON lines; a crash in the middle of a line does not damage it.

    Lines are numbered, for the clock may be set back. A line that cannot be written (a full disk) is counted
    in `lost` and does not end the run.
    """

    def __init__(self, path: Path) -> None:
        self.lost, self._cut = 0, False
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        numbers = [event.get("number") for event in read_events(path)]
        self._number = numbers[-1] if numbers and isinstance(numbers[-1], int) else 0
        size = os.fstat(self._file).st_size
        self._cut = bool(size) and os.pread(self._file, 1, size - 1) != b"\n"

    def add(self, **facts: Any) -> None:
        """Append one line with its number and the time."""
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
        """Flush the log to disk and close it."""
        with suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)


def read_events(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the complete lines of a log in order; one cut off by a crash is skipped."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            with suppress(json.JSONDecodeError, RecursionError):
                event = json.loads(line)
                if isinstance(event, dict):
                    yield event


# Signals and refusals of the system


class Terminated(KeyboardInterrupt):
    """Interrupt by SIGTERM, which ends a run as Ctrl-C does."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt at the first Ctrl-C or SIGTERM; answer later ones with a message.

    What is left to do after the first (ending processes, removing coded answers, writing the index) takes
    seconds; cut short it would leave answers in a temporary folder. A signal handled elsewhere, or
    that is ignored, is left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual: dict[signal.Signals, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
    }
    ours = [number for number, handler in usual.items() if signal.getsignal(number) is handler]

    def first(number: int, frame: object) -> None:
        for one in ours:
            signal.signal(one, _again)
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    for number in ours:
        signal.signal(number, first)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, usual[number])


def _again(number: int, frame: object) -> None:
    with suppress(OSError, RuntimeError, AttributeError):
        sys.stderr.write("Cleaning up, please wait …\n")
        sys.stderr.flush()


@contextmanager
def system_errors_explained() -> Iterator[None]:
    """End a run with a clear message if the disk is full or a folder cannot be written.

    Raises
    ------
    ToolkitError
        In place of an OSError, but for a reader of the output that is gone: that is not about files.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as fault:
        where = f" ({Path(fault.filename).name})" if isinstance(fault.filename, str) else ""
        raise ToolkitError(
            f"the run could not be finished: {fault.strerror}{where}. Finished reports were kept; run it "
            "again when there is room and the folder can be written."
        ) from fault
