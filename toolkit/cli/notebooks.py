"""survey-toolkit notebooks: copies of the shipped notebooks, to work in."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    notebooks = commands.add_parser(
        "notebooks",
        help="copy the shipped notebooks and the course to a folder",
        description="Copy the shipped notebooks and the course to a folder, to be opened and changed there: "
        "jupyter lab FOLDER. The folder must be new or empty.",
    )
    notebooks.add_argument(
        "folder", nargs="?", default="notebooks", metavar="FOLDER", help="default: notebooks"
    )
    notebooks.set_defaults(job=_notebooks)


def _notebooks(given: argparse.Namespace) -> int:
    from toolkit.shipped import shipped
    from toolkit.system import write_new_folder

    own = shipped("notebooks")
    found = {path.relative_to(own).as_posix(): path.read_bytes() for path in sorted(own.rglob("*.ipynb"))}
    for path in write_new_folder(Path(given.folder), found):
        print(path)
    return 0
