"""survey-toolkit lint: check questionnaires."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from toolkit.cli.common import FAILED
from toolkit.errors import InvalidInput

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    lint = commands.add_parser("lint", help="check questionnaires")
    lint.add_argument("instruments", nargs="+", metavar="INSTRUMENT")
    lint.set_defaults(job=_lint)


def _lint(given: argparse.Namespace) -> int:
    from toolkit.instrument import load_instrument

    answer = 0
    for path in given.instruments:
        try:
            load_instrument(path)  # raises whatever lint would find
        except InvalidInput as fault:
            print(fault)
            answer = FAILED
        else:
            print(f"{path}: nothing to mend")
    return answer
