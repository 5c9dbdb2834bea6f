"""survey-toolkit reproduce: what can be proved of a published study, as a report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.common import register_folder, takes_register

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    reproduce = commands.add_parser("reproduce", help="a report on a published study, from its figures alone")
    reproduce.add_argument("study", metavar="STUDY", help="id of a study in the register: upwork-2024")
    takes_register(reproduce)
    reproduce.add_argument("--out", default="reports/reproduced", metavar="FOLDER")
    reproduce.add_argument("--formats", default="html,pdf", metavar="LIST", help="default: html,pdf")
    reproduce.set_defaults(job=_reproduce)


def _reproduce(given: argparse.Namespace) -> int:
    from toolkit.findings import load_register
    from toolkit.reporting.documents import write_documents
    from toolkit.reporting.formats import check_formats
    from toolkit.reporting.reproduction import reproduction

    formats = check_formats(given.formats)
    document = reproduction(load_register(register_folder(given.register)), given.study)
    folder = Path(given.out) / given.study
    for path in write_documents(document, folder, formats, keep=False):
        print(path)
    return 0
