"""What the benchmarks share: paired runs, medians, ratios, peers where they are installed, the machine."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Spent", "Ways", "in_r", "machine", "medians", "peer", "printed"]

Ways = Mapping[str, Callable[[], object]]
_LONG = 2.0
"""Seconds after which a way is run three times only."""


@dataclass(frozen=True)
class Spent:
    """Milliseconds on the clock, and of the processors' work: a busy machine lengthens the first alone."""

    clock: float
    work: float


def medians(ways: Ways, *, rounds: int) -> dict[str, Spent]:
    """Medians of each way: all are run in turn in every round, after one round that is not counted."""
    first = {name: _once(way).clock for name, way in ways.items()}
    spent: dict[str, list[Spent]] = {name: [] for name in ways}
    for at in range(rounds):
        for name, way in ways.items():
            if at < 3 or first[name] < 1000 * _LONG:
                spent[name].append(_once(way))
    return {
        name: Spent(
            statistics.median(one.clock for one in found), statistics.median(one.work for one in found)
        )
        for name, found in spent.items()
    }


def _once(way: Callable[[], object]) -> Spent:
    start, before = time.perf_counter(), _worked()
    way()
    return Spent(1000 * (time.perf_counter() - start), 1000 * (_worked() - before))


def _worked() -> float:
    """Processor seconds of this process and of those it started and waited for."""
    children = os.times()
    return time.process_time() + children.children_user + children.children_system


def printed(times: Mapping[str, Spent], against: str) -> None:
    """Print a line a way, with its ratios to one of them."""
    print(f"{'':<46}{'clock':>12}{'ratio':>9}{'processor':>14}{'ratio':>9}   (medians; ratio to: {against})")
    base = times[against]
    for name, spent in times.items():
        clock, work = spent.clock / base.clock, spent.work / max(base.work, 1e-9)
        print(f"{name:<46}{spent.clock:>9.2f} ms{clock:>9.2f}{spent.work:>11.2f} ms{work:>9.2f}")


def machine() -> None:
    """Print what this was measured on, and how busy it is."""
    names = ("numpy", "pandas", "statsmodels", "svy", "weightipy", "balance")
    found = [f"{name} {_version(name)}" for name in names if _version(name)]
    print(f"{_processor()}, {os.cpu_count()} cores, load {_load()}; Python {platform.python_version()}")
    print(f"{', '.join(found)}; threads of linear algebra: {os.environ.get('OPENBLAS_NUM_THREADS', 'all')}")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text("utf-8").splitlines() if told.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return next(iter(named), platform.processor() or platform.machine())


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def peer(name: str) -> Any:
    """A peer's module, or None after a word that it is not installed."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            found = importlib.import_module(name)
    except ImportError as missing:
        print(f"{name} is left out: {missing}")
        return None
    logging.getLogger(name.split(".")[0]).setLevel(logging.ERROR)
    return found


def in_r(script: str, columns: Mapping[str, npt.NDArray[np.float64]], *arguments: object) -> dict[str, Spent]:
    """Medians that an R script of this folder printed, "name, clock, work" with tabs; none without R.

    Parameters
    ----------
    script
        Its name. It is given a file of the columns one after the other as 64-bit floats, the number of
        rows, the number of columns, and `arguments`.
    columns
        All of one length.
    """
    program = shutil.which("Rscript")
    if program is None:
        print("R is left out: Rscript is not installed")
        return {}
    rows = len(next(iter(columns.values())))
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "columns.bin"
        with data.open("wb") as file:
            for values in columns.values():
                file.write(np.ascontiguousarray(values, dtype="<f8").tobytes())
        given = [str(one) for one in (data, rows, len(columns), *arguments)]
        path = Path(__file__).with_name(script)
        done = subprocess.run([program, str(path), *given], capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        print(f"R is left out: {said[-1] if said else 'it failed'}", file=sys.stdout)
        return {}
    lines = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
    return {name: Spent(float(clock), float(work)) for name, clock, work in lines}
