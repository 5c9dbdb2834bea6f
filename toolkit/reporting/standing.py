"""What stands where reports are to stand, and is none: it is refused, for a report takes the place of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from toolkit.errors import InvalidInput, Problem
from toolkit.reporting.inputs import KEPT, KEY, KNOWN
from toolkit.reporting.manifest import MANIFEST

__all__ = ["check_kept", "refuse_foreign"]

_SIGNS = (MANIFEST, "report.ipynb", "document.json.gz")
"""One of these stands in every folder a run has made, damaged or not."""
_NOTES = (KEY, KNOWN, "log.jsonl", "manifest.jsonl")
_MEND = "move it away or choose another output folder"


def refuse_foreign(folder: Path, names: Iterable[str], *, page: str = "") -> None:
    """Refuse to write over what no run has made.

    Parameters
    ----------
    folder
        Where the reports of a run stand.
    names
        Of the reports it is to make.
    page
        A file it writes beside them.

    Raises
    ------
    InvalidInput
        Every folder or file that stands in the way and is no report.
    """
    problems = [
        Problem(str(folder / name), "something that is no report stands where one is to be made", _MEND)
        for name in names
        if not _free(folder / name)
    ]
    if page and os.path.lexists(folder / page) and not _own_page(folder, page):
        problems.append(Problem(str(folder / page), "would be written over, and no run has made it", _MEND))
    if problems:
        raise InvalidInput("output", problems)


def check_kept(folder: Path) -> None:
    """Refuse a folder in which the run's own files cannot be kept: a file or a folder has taken their place.

    Raises
    ------
    InvalidInput
        Each of them.
    """
    kept, problems = folder / KEPT, list[Problem]()
    if os.path.lexists(kept) and not kept.is_dir():
        problems.append(Problem(str(kept), "is no folder, and a run keeps its log there", _MEND))
    elif kept.is_dir():
        what = "is no file, and a run keeps its own there"
        odd = [path for path in sorted(kept.iterdir()) if path.name in _NOTES and not path.is_file()]
        problems += [Problem(str(path), what, _MEND) for path in odd]
    if problems:
        raise InvalidInput("output", problems)


def _free(final: Path) -> bool:
    """Whether nothing stands there, or an empty folder, or what a run has made."""
    if not os.path.lexists(final):
        return True
    if not final.is_dir():
        return False
    return any((final / sign).exists() for sign in _SIGNS) or not any(final.iterdir())


def _own_page(folder: Path, page: str) -> bool:
    """Whether a page is a run's: it keeps its own files beside it, or says that it is an index of reports."""
    path = folder / page
    if not path.is_file():
        return False
    return (folder / KEPT).is_dir() or b'id="reports"' in path.read_bytes()
