"""A Papermill engine: each notebook in a process forked from one that has imported everything.

For Papermill it is `papermill --engine survey-toolkit-warm`; the batch names the address of its own zygote.
Nothing is saved while cells run: the notebook is written once, by Papermill at the end, or here where it
could not get that far.
"""

from __future__ import annotations

import platform
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from toolkit.reporting.warm.client import NotWarm, WarmProcess, ask, own_warm
from toolkit.reporting.warm.outputs import Outputs
from toolkit.reporting.warm.wire import GoneError, LateError, Wire

__all__ = ["NAME", "WarmEngine", "WarmNotebook", "register"]

NAME = "survey-toolkit-warm"
SERVE = "toolkit.reporting.warm.shell:serve"
SKIP, MAY_FAIL = "skip-execution", "raises-exception"


class WarmNotebook:
    """A forked notebook process; runs one cell after the other.

    Parameters
    ----------
    address
        The zygote's socket.
    folder
        The process's current folder.
    environment, memory
        Added to its environment; bytes it may take beyond what it starts with (None: no limit).
    """

    def __init__(
        self,
        address: Path,
        *,
        folder: str | Path,
        environment: Mapping[str, str] | None = None,
        memory: int | None = None,
    ) -> None:
        mine, theirs = socket.socketpair()
        with theirs:
            self.process: WarmProcess = ask(
                address,
                SERVE,
                files=[theirs.fileno()],
                folder=str(folder),
                environment=dict(environment or {}),
                memory=memory,
            )
        self._wire = Wire(mine)

    def run(
        self, code: str, hear: Callable[[str, Mapping[str, Any]], None], *, until: float | None = None
    ) -> tuple[str, int | None]:
        """Run one cell; `hear` is told every message's type and content.

        Returns
        -------
        tuple
            The name of the error it ended in, or "", and its number.

        Raises
        ------
        GoneError
            The process died.
        LateError
            The cell has not ended by then (a time of the monotonic clock); end the process.
        """
        self._wire.send({"execute": code})
        while True:
            told = self._wire.receive(until=until)
            if told["type"] == "done":
                return told["failed"], told["count"]
            hear(told["type"], told["content"])

    def end(self) -> None:
        """Kill the process and what it has started."""
        self._wire.close()
        self.process.end()

    def __enter__(self) -> WarmNotebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


class WarmEngine:
    """Executes a notebook for Papermill in a warm process; falls back to an ordinary kernel and says so.

    It is no subclass of Papermill's Engine, for Papermill loads it while its own modules are being imported.
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool = True,
        log_output: bool = False,
        autosave_cell_every: int = 30,
        **given: Any,
    ) -> Any:
        """Execute all cells; what Papermill calls."""
        from papermill.engines import NBClientEngine, NotebookExecutionManager

        kept = {"output_path": output_path, "progress_bar": progress_bar, "log_output": log_output}
        try:
            address = given.pop("address", None) or own_warm().address
        except NotWarm as fault:
            sys.stderr.write(f"{fault}. An ordinary kernel is started instead.\n")
            return NBClientEngine.execute_notebook(
                nb, kernel_name, autosave_cell_every=autosave_cell_every, **kept, **given
            )
        manager = NotebookExecutionManager(nb, **kept)
        save, manager.save = manager.save, _not_now
        manager.notebook_start()
        try:
            _execute(manager, Path(address), given)
        except BaseException:
            manager.notebook_complete()
            save()
            raise
        finally:
            manager.cleanup_pbar()
        manager.notebook_complete()
        return manager.nb

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """The kernel's name, of the notebook or as given."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """The notebook's language."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))


def register() -> str:
    """Make the engine known to Papermill where its entry point is not installed; its name."""
    from papermill.engines import papermill_engines

    papermill_engines.register(NAME, WarmEngine)
    return NAME


def _not_now(**_: object) -> None:
    """In place of Papermill's save after every cell."""


def _execute(manager: Any, address: Path, given: Mapping[str, Any]) -> None:
    from nbclient.exceptions import CellTimeoutError

    notebook = WarmNotebook(
        address, folder=Path.cwd(), environment=given.get("environment"), memory=given.get("memory")
    )
    seconds, last = given.get("execution_timeout"), given.get("until")
    outputs = Outputs()
    try:
        for index, cell in enumerate(manager.nb.cells):
            limits = [limit for limit in (last, seconds and time.monotonic() + seconds) if limit]
            manager.cell_start(cell, index)
            try:
                if not _run_cell(notebook, cell, outputs, min(limits) if limits else None):
                    manager.cell_exception(cell, cell_index=index)
                    break
            except LateError:
                manager.cell_exception(cell, cell_index=index)
                raise CellTimeoutError.error_from_timeout_and_cell("timed out", seconds or 0, cell) from None
            except GoneError:
                manager.cell_exception(cell, cell_index=index)
                raise _death(notebook.process) from None
            finally:
                manager.cell_complete(cell, cell_index=index)
    finally:
        notebook.end()
    manager.nb.metadata["language_info"] = _language()


def _death(process: WarmProcess) -> Exception:
    """What Papermill's own engine raises, with the exit code where it is known."""
    from nbclient.exceptions import DeadKernelError

    try:
        code = process.wait(until=time.monotonic() + 5)
    except LateError:
        code = None
    fault: Exception = DeadKernelError("Kernel died")
    fault.__dict__["code"] = code
    return fault


def _run_cell(notebook: WarmNotebook, cell: Any, outputs: Outputs, until: float | None) -> bool:
    """Run one cell; False where it ended in an error that ends the notebook."""
    tags = cell.metadata.get("tags", ())
    if cell.cell_type != "code" or not cell.source.strip() or SKIP in tags:
        return True
    cell.outputs = outputs.of_next_cell()
    failed, cell.execution_count = notebook.run(cell.source, outputs.hear, until=until)
    return not failed or MAY_FAIL in tags


def _language() -> dict[str, Any]:
    """What a Python kernel says of its language."""
    major = sys.version_info[0]
    return {
        "codemirror_mode": {"name": "ipython", "version": major},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": f"ipython{major}",
        "version": platform.python_version(),
    }
