"""Time what a user waits for before anything happens: imports and the command's help, each in a new process.

Run: python benchmarks/import_time.py [--rounds 9] [--without-peers]
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable

from timing import machine, medians, printed

BARE = "python, nothing imported"
PEERS = ("statsmodels.api", "svy", "weightipy", "balance")


def python(code: str) -> Callable[[], object]:
    """A new interpreter that runs a line."""
    return _process([sys.executable, "-c", code])


def _process(command: list[str]) -> Callable[[], object]:
    return lambda: subprocess.run(command, check=True, capture_output=True)


def main(rounds: int, peers: bool) -> None:
    """Print each way's median, and what it takes beyond a bare interpreter."""
    machine()
    ways = {
        BARE: python("pass"),
        "import toolkit": python("import toolkit"),
        "survey-toolkit --help": python(
            "import sys; from toolkit.cli import main; sys.exit(main(['--help']))"
        ),
        "import toolkit; toolkit.gaps (first use)": python("import toolkit; toolkit.gaps"),
        "import pandas": python("import pandas"),
    }
    for name in PEERS if peers else ():
        if importlib.util.find_spec(name.split(".")[0]) is None:
            print(f"{name} is left out: it is not installed")
        else:
            ways[f"import {name}"] = python(f"import {name}")
    program = shutil.which("Rscript")
    if peers and program:
        ways["Rscript, nothing loaded"] = _process([program, "-e", "1"])
        ways["Rscript, library(survey)"] = _process([program, "-e", "library(survey)"])
    elif peers:
        print("R is left out: Rscript is not installed")
    times = medians(ways, rounds=rounds)
    print(f"whole processes; medians of {rounds} paired rounds")
    printed(times, BARE)
    print("beyond the bare interpreter, on the clock:")
    for name in list(times)[1:]:
        print(f"{name:<46}{times[name].clock - times[BARE].clock:>9.1f} ms")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=9)
    asked.add_argument("--without-peers", action="store_true")
    given = asked.parse_args()
    main(given.rounds, not given.without_peers)
