"""What the tests of processes run inside them, and how they wait: for events, never for so many seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

HOPELESS = 900.0
"""Seconds after which a wait is given up, so that a fault fails its test instead of hanging the run; on no
machine does what is waited for take a tenth of it."""


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens, however long the machine takes."""
    end = time.monotonic() + HOPELESS
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.05)


def lives(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def wait_gone(pids: Iterable[int]) -> None:
    """Wait until processes are gone; any that stay are killed, so that they fail this test and no other."""
    pids = list(pids)
    try:
        wait_until(lambda: not any(map(lives, pids)))
    finally:
        for pid in filter(lives, pids):
            with suppress(psutil.NoSuchProcess):
                psutil.Process(pid).kill()


def family_of(pid: int) -> list[int]:
    return [one.pid for one in psutil.Process(pid).children(recursive=True)]


def run_cells(
    folder: str, *codes: str, memory: int | None = None, last_limit: float | None = None
) -> list[dict]:
    """In a pool's process: run cells in a forked notebook; what each showed, and how the notebook ended."""
    from toolkit.reporting import pool
    from toolkit.reporting.kernel import NotebookProcess

    notebook, shown = NotebookProcess(pool.preloaded.shell, folder=folder, memory=memory), []
    for number, code in enumerate(codes, start=1):
        messages: list[tuple[str, Mapping[str, Any]]] = []
        until = time.monotonic() + last_limit if last_limit and number == len(codes) else None
        try:
            failed, _ = notebook.run(code, lambda *message, to=messages: to.append(message), until=until)
        except (EOFError, TimeoutError) as fault:
            failed = type(fault).__name__
        texts = [
            content.get("text") or content.get("data", {}).get("text/plain") or content.get("evalue", "")
            for _, content in messages
        ]
        shown.append({"failed": failed, "text": "".join(texts), "kinds": [kind for kind, _ in messages]})
        if failed == "EOFError":
            shown[-1]["code"] = notebook.exit_code()
            break
    notebook.end()
    return shown


def execute_notebook(
    path: str, target: str, given: Mapping[str, Any], **limits: Any
) -> tuple[str, bool | None]:
    """In a pool's process: execute a notebook; the sentence of its failure and whether another try may do."""
    from toolkit.reporting.notebook import CellError, Limits, execute

    Path(target).parent.mkdir(parents=True, exist_ok=True)
    try:
        execute(Path(path), Path(target), given, limits=Limits(**limits))
    except CellError as fault:
        return str(fault), fault.passing
    return "", None


def execute_until_the_second_cell(
    path: str, target: str, given: Mapping[str, Any]
) -> tuple[str, bool | None]:
    """The same with a clock that stands still in the first cell and has all but run out in the second."""
    from toolkit.reporting import kernel, notebook

    class Clock:
        cells = 0

        def monotonic(self) -> float:
            return 0.0 if self.cells < 3 else 599.8  # the first is that of the parameters

    class Counted(kernel.Outputs):
        def start_cell(self) -> list[Any]:
            clock.cells += 1
            return super().start_cell()

    clock = Clock()
    notebook.time = kernel.time = clock
    kernel.Outputs = Counted
    return execute_notebook(path, target, given, whole=600)


def saves_of(path: str, target: str, given: Mapping[str, Any]) -> int:
    """In a pool's process: how often Papermill writes the notebook."""
    import papermill.engines
    import papermill.execute

    saves: list[object] = []
    for module in (papermill.engines, papermill.execute):
        write = module.write_ipynb
        module.write_ipynb = lambda nb, path, write=write: (saves.append(path), write(nb, path))
    execute_notebook(path, target, given)
    return len(saves)


def number_of_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def exit_at_once(code: int) -> None:
    import os

    os.write(1, b"last words\n")
    os._exit(code)


def kill_self() -> None:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


def kill_fork_server() -> None:
    import os
    import signal

    os.kill(os.getppid(), signal.SIGKILL)
    signal.pause()


def start_and_note(file: str, *, end: bool) -> None:
    """Start a process that outlives this one, note its number and this one's, and end or wait."""
    import os
    import signal
    import subprocess

    child = subprocess.Popen(["sleep", "100000"])
    Path(f"{file}.part").write_text(f"{os.getpid()} {child.pid}")
    Path(f"{file}.part").rename(file)
    if not end:
        signal.pause()
