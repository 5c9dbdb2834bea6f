"""survey-toolkit simulate: synthetic answers as platforms export them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    simulate = commands.add_parser("simulate", help="make synthetic answers as platforms export them")
    simulate.add_argument("spec", metavar="SPEC", help="simulation.yaml")
    simulate.add_argument("--out", required=True, metavar="FOLDER", help="where to write")
    simulate.add_argument("--seed", type=int, help="another seed than the file's")
    simulate.set_defaults(job=_simulate)


def _simulate(given: argparse.Namespace) -> int:
    from toolkit.responses.simulation import simulate_study

    written = simulate_study(given.spec, given.out, seed=given.seed)
    for path in written:
        print(path)
    return 0
