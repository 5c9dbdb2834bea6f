"""Messages between processes of one machine: JSON with its length before it, and open files along with it."""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["GoneError", "LateError", "Wire"]

_LENGTH = struct.Struct("!Q")
MOST_FILES = 4


class GoneError(Exception):
    """The other end is closed."""


class LateError(Exception):
    """Nothing whole came in time."""


class Wire:
    """One end of a socket over which messages go."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self._unread = b""

    def send(self, message: Mapping[str, Any], files: Sequence[int] = ()) -> None:
        """Send one message, and open files with it.

        Raises
        ------
        GoneError
            The other end is closed.
        """
        body = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
        head = _LENGTH.pack(len(body))
        try:
            if files:
                sent = socket.send_fds(self.socket, [head], list(files))
                self.socket.sendall(head[sent:] + body)
            else:
                self.socket.sendall(head + body)
        except OSError as fault:
            raise GoneError from fault

    def receive(self, *, until: float | None = None) -> dict[str, Any]:
        """Wait for one message; `until` is a time of the monotonic clock.

        Raises
        ------
        GoneError, LateError
            Nothing whole came.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, until))
        told: dict[str, Any] = json.loads(self._exactly(length, until).decode("utf-8", "surrogatepass"))
        return told

    def receive_files(self) -> tuple[dict[str, Any], list[int]]:
        """Wait for one message and the open files that come with its first bytes."""
        try:
            data, files, _, _ = socket.recv_fds(self.socket, 1 << 16, MOST_FILES)
        except OSError as fault:
            raise GoneError from fault
        if not data:
            raise GoneError
        self._unread += data
        return self.receive(), files

    def close(self) -> None:
        """Close this end; the other end and every copy of this one see it."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it was closed already
        finally:
            self.socket.close()

    def _exactly(self, length: int, until: float | None) -> bytes:
        parts, missing = [self._unread[:length]], length - len(self._unread)
        self._unread = self._unread[length:]
        while missing > 0:
            self._wait(until)
            try:
                part = self.socket.recv(min(missing, 1 << 20))
            except OSError as fault:
                raise GoneError from fault
            if not part:
                raise GoneError
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _wait(self, until: float | None) -> None:
        if until is None:
            return
        ready = select.poll()
        try:
            ready.register(self.socket, select.POLLIN)
        except (OSError, ValueError) as fault:
            raise GoneError from fault
        if not ready.poll(max(0.0, 1000 * (until - time.monotonic()))):
            raise LateError
