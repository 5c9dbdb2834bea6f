"""Calls of Typst, with in-memory files and without the machine's fonts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import typst
from matplotlib import get_data_path

from toolkit.errors import ToolkitError

__all__ = ["typeset"]

_COMPILE: Any = typst.compile  # its stubs do not know that files can be given as a mapping


def typeset(files: Mapping[str, bytes], what: str, **how: Any) -> list[bytes]:
    """Typeset `main.typ` with files given in memory.

    Parameters
    ----------
    files
        Name → content.
    what
        For the message where it fails.
    how
        Options of Typst: format, pdf_standards, ppi.

    Returns
    -------
    list of bytes
        One PDF, or a picture a page.

    Raises
    ------
    ToolkitError
        Typst refuses it; its own words say why.

    Notes
    -----
    Typst keeps worker threads in the process that called it: call this in a child, not in a process that
    others are forked from.
    """
    try:
        made = _COMPILE(
            dict(files), font_paths=[_font_folder()], ignore_system_fonts=True, timestamp=0, **how
        )
    except typst.TypstError as fault:
        raise ToolkitError(f"{what} could not be made: {fault}") from fault
    return made if isinstance(made, list) else [made]


@cache
def _font_folder() -> str:
    """Return the folder of the typeface that comes with matplotlib."""
    return str(Path(get_data_path()) / "fonts" / "ttf")
