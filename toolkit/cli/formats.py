"""survey-toolkit formats: a report that stands, in other formats, without computing anything again."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    formats = commands.add_parser("formats", help="write a report that stands in other formats")
    formats.add_argument("folder", metavar="FOLDER", nargs="+", help="a report's folder; more may be given")
    formats.add_argument(
        "--formats",
        default="html,pdf,docx,pptx,xlsx",
        metavar="LIST",
        help="html,pdf,docx,pptx,xlsx or some of them (default: all)",
    )
    formats.add_argument("--template-docx", metavar="FILE", help="a Word file to write into")
    formats.add_argument("--template-pptx", metavar="FILE", help="a PowerPoint file to write into")
    formats.set_defaults(job=_formats)


def _formats(given: argparse.Namespace) -> int:
    from toolkit.reporting.documents import DOCUMENT, check_formats, load_document, write_documents

    wanted = check_formats(given.formats)
    named = {"docx": given.template_docx, "pptx": given.template_pptx}
    templates = {form: Path(name) for form, name in named.items() if name}
    for folder in given.folder:
        document = load_document(Path(folder) / DOCUMENT, templates=templates)
        for path in write_documents(document, folder, wanted, keep=False):
            print(os.path.relpath(path))
    return 0
