"""Kernels forked from a process that has imported everything: real, isolated, and ready in milliseconds.

A *zygote* (`zygote.py`) is one single-threaded process that has imported what notebooks import and runs
nothing else. It listens on a Unix socket only its owner can open. A connection asks for one process: the
zygote forks a *keeper* (`keeper.py`), the keeper forks the process proper and watches it, and whoever asked
(`client.py`): when they go, it goes. So a process that dies, is killed or kills its parent takes nobody
along, and when the owner is killed nothing stays behind.

`engine.py` is a Papermill engine on top (an IPython shell fed over a socket pair, `shell.py`);
`provisioner.py` starts ordinary kernels, with the whole kernel protocol, the same way for JupyterLab.
"""

from __future__ import annotations

from toolkit.reporting.warm.client import NotWarm, Warm, WarmProcess, unavailable

__all__ = ["NotWarm", "Warm", "WarmProcess", "unavailable"]
