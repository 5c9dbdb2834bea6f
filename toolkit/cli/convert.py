"""The command convert: an existing report in other formats, without computing anything again."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.common import Commands, add_command
from toolkit.reporting.formats import FORMATS, check_formats

if TYPE_CHECKING:
    from toolkit.reporting.documents import Document


def add(commands: Commands) -> None:
    """Add convert to the parser."""
    formats = add_command(
        commands,
        "convert",
        _convert,
        "convert existing reports to other formats",
        "survey-toolkit convert reports/ai_at_work/2026/org-07 --formats pdf,docx",
    )
    formats.add_argument("folder", metavar="FOLDER", nargs="+", help="folder of a report (one or more)")
    formats.add_argument(
        "--formats",
        default=",".join(FORMATS),
        metavar="LIST",
        help=f"comma-separated output formats, from {','.join(FORMATS)} (default: all)",
    )
    for form in FORMATS.values():
        if form.template:
            formats.add_argument(
                f"--template-{form.name}", metavar="FILE", help=f"{form.suffix} template to write into"
            )


def _convert(given: argparse.Namespace) -> int:
    from toolkit.reporting.documents import write_documents
    from toolkit.reporting.manifest import output_hashes, record_converted
    from toolkit.reporting.options import Checks
    from toolkit.system import system_errors_explained

    checks = Checks()
    wanted = checks(check_formats, given.formats)
    named = {one.name: getattr(given, f"template_{one.name}") for one in FORMATS.values() if one.template}
    templates = {form: Path(name) for form, name in named.items() if name}
    checks(_check_templates, templates, wanted)
    folders = [Path(folder) for folder in dict.fromkeys(given.folder)]
    documents = [checks(_document, folder, templates) for folder in folders]
    checks.raise_problems()
    for folder, document in zip(folders, documents, strict=True):
        if document is None or wanted is None:
            continue
        with system_errors_explained():
            before = output_hashes(folder)
            paths = write_documents(document, folder, wanted, keep=False)
            record_converted(folder, before, paths)
        for path in paths:
            print(os.path.relpath(path))
    return 0


def _document(folder: Path, templates: Mapping[str, Path]) -> Document:
    """Load the document of a report's folder; problems name the folder."""
    from toolkit.errors import InvalidInput, Problem
    from toolkit.reporting.documents import DOCUMENT, load_document

    if not folder.is_dir():
        problem = Problem("file-not-found", str(folder), "folder not found", "name the folder of a report")
        raise InvalidInput("formats", [problem])
    below = sorted(path.parent.name for path in folder.glob(f"*/{DOCUMENT}"))
    if below and not (folder / DOCUMENT).exists():
        what = f"is not a report, but contains {len(below)}"
        raise InvalidInput(
            "formats", [Problem("wrong-file", str(folder), what, f"name them, e.g. {folder / below[0]}")]
        )
    try:
        return load_document(folder / DOCUMENT, templates=templates)
    except InvalidInput as fault:
        problems = [replace(one, where=str(folder / DOCUMENT)) for one in fault.problems]
        raise InvalidInput("formats", problems) from None


def _check_templates(templates: Mapping[str, Path], formats: Sequence[str] | None) -> None:
    """Refuse files that are not templates, and templates of formats that are not written."""
    from toolkit.errors import InvalidInput, Problem
    from toolkit.reporting.documents.office import check_template
    from toolkit.reporting.options import Checks

    checks = Checks()
    for form, template in templates.items():
        checks(check_template, form, template)
    checks.raise_problems()
    idle = [form for form in templates if formats is not None and form not in formats]
    if idle:
        hint = "add it to --formats or leave the template out"
        problems = [
            Problem("conflict", f"--template-{form}", f"{form} is not among the formats", hint)
            for form in idle
        ]
        raise InvalidInput("formats", problems)
