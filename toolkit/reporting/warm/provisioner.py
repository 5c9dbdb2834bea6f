"""Ordinary Jupyter kernels, started by forking: for JupyterLab and whatever else speaks to kernels.

`python -m toolkit.reporting.warm.provisioner` adds the kernel "Python 3 (survey toolkit, warm)" to
this Python's Jupyter; choose it in JupyterLab. Where processes cannot be forked it starts as any other does.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from toolkit.reporting.warm.client import NotWarm, WarmProcess, own_warm
from toolkit.reporting.warm.wire import LateError

__all__ = ["WarmProvisioner", "install", "serve"]

NAME = "survey-toolkit-warm"
SERVE = "toolkit.reporting.warm.provisioner:serve"
_LAUNCHERS = ("ipykernel_launcher", "ipykernel")


class _Running:
    """A warm process with the face of subprocess.Popen that jupyter_client looks at."""

    stdin = stdout = stderr = None

    def __init__(self, process: WarmProcess) -> None:
        self._process, self.pid, self.returncode = process, process.pid, None

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        try:
            code = self._process.wait(until=time.monotonic())
        except LateError:
            return None
        return -9 if code is None else code

    def wait(self) -> int:
        """Wait for its end."""
        code = self._process.wait()
        self._process.end()
        return -9 if code is None else code

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.signal(number)

    def kill(self) -> None:
        """End it."""
        self._process.end()


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel by forking; everything else is as for a kernel of this machine."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork a kernel, or start one where forking is not to be had."""
        argv = _kernel_arguments(cmd)
        if argv is None:
            return await super().launch_kernel(cmd, **kwargs)
        environment = dict(kwargs.get("env") or os.environ)
        folder = str(kwargs.get("cwd") or Path.cwd())
        try:
            process = own_warm().ask(SERVE, argv=argv, environment=_added(environment), folder=folder)
        except NotWarm as fault:
            self.log.warning("%s. An ordinary kernel is started instead.", fault)
            return await super().launch_kernel(cmd, **kwargs)
        running: Any = _Running(process)
        self.process, self.pid, self.pgid, self.cwd = running, process.pid, process.pid, folder
        return self.connection_info


def serve(wanted: Mapping[str, Any], files: list[int], shell: Any) -> None:
    """Become a kernel, in the process that was forked for it."""
    from ipykernel.kernelapp import IPKernelApp

    type(shell).clear_instance()  # the kernel makes a shell of its own
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.argv = ["ipykernel_launcher", *wanted["argv"]]
    app: Any = IPKernelApp
    app.launch_instance(wanted["argv"])


def install(prefix: str | Path = sys.prefix) -> Path:
    """Add the warm kernel to a Jupyter's list; its folder.

    Parameters
    ----------
    prefix
        Of the Python whose Jupyter it is.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (survey toolkit, warm)",
        "language": "python",
        "metadata": {"kernel_provisioner": {"provisioner_name": NAME}},
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kernel.json").write_text(json.dumps(spec, indent=1), encoding="utf-8")
        return Path(KernelSpecManager().install_kernel_spec(folder, NAME, prefix=str(prefix)))


def _kernel_arguments(cmd: list[str]) -> list[str] | None:
    """What follows "-m ipykernel_launcher"; None where the command starts something else."""
    for launcher in _LAUNCHERS:
        if launcher in cmd:
            return cmd[cmd.index(launcher) + 1 :]
    return None


def _added(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment a kernel is to have, without what makes it watch a parent it does not have."""
    return {name: value for name, value in environment.items() if name not in ("JPY_PARENT_PID",)}


if __name__ == "__main__":
    sys.stdout.write(f"{install()}\n")
