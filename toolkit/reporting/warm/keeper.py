"""A keeper: forks one process, watches it and whoever asked for it, and says how it ended."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from toolkit.reporting.warm.wire import GoneError, LateError, Wire

__all__ = ["end_with_parent", "keep"]

_PR_SET_PDEATHSIG = 1
_GRACE = 10.0


def end_with_parent(parent: int) -> None:
    """Have the system kill this process when its parent is gone, however that ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the process cannot be tied to its parent")
    if os.getppid() != parent:
        os._exit(1)


def keep(asked: Wire, files: Sequence[int], work: Callable[[], object]) -> NoReturn:
    """Fork, let the child do the work, and stay until it has ended or nobody wants it any more.

    `files` belong to the child: the keeper closes its own, so that their end is seen when the child ends.
    `asked` gets {"pid": …} at once and {"exit": …} at the end (negative: the signal); {"signal": …} on it is
    passed on to the child's process group. When its other end closes, the child's group is killed.
    """
    keeper = os.getpid()
    child = os.fork()
    if child == 0:
        _be_the_child(keeper, asked, work)
    with suppress(OSError):  # the child has done it itself, or is gone
        os.setpgid(child, child)
    for one in files:
        os.close(one)
    with suppress(GoneError):  # seen below
        asked.send({"pid": child})
    _watch(asked, child)
    _kill_group(child)  # also what the child started and left; until it is waited for, its number is its own
    with suppress(GoneError):  # nobody waits for the answer
        asked.send({"exit": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])})
    os._exit(0)


def _be_the_child(keeper: int, asked: Wire, work: Callable[[], object]) -> NoReturn:
    code = 1
    try:
        os.setpgid(0, 0)
        end_with_parent(keeper)
        asked.socket.close()
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the process ends here; what happened goes to its log
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _watch(asked: Wire, child: int) -> None:
    """Wait until the child has ended or is no longer wanted."""
    ended = os.pidfd_open(child)
    ready = select.poll()
    ready.register(ended, select.POLLIN)
    ready.register(asked.socket, select.POLLIN | select.POLLRDHUP)
    while True:
        happened = dict(ready.poll())
        if ended in happened or not _still_wanted(asked, child, happened[asked.socket.fileno()]):
            os.close(ended)
            return


def _still_wanted(asked: Wire, child: int, event: int) -> bool:
    """Pass a signal on; False where the other end is closed or says what is not understood."""
    if event & (select.POLLHUP | select.POLLRDHUP | select.POLLERR):
        return False
    try:
        os.killpg(child, int(asked.receive(until=time.monotonic() + _GRACE)["signal"]))
    except ProcessLookupError:
        return True  # it has just ended
    except (GoneError, LateError, OSError, KeyError, TypeError, ValueError):
        return False
    return True


def _kill_group(leader: int) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(leader, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
