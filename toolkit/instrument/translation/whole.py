"""Writer of an instrument as one complete YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.instrument.translation.texts import plain
from toolkit.system import write_files

__all__ = ["write_instrument"]

_ORDER = (
    *("id", "version", "title", "languages", "audiences", "themes", "missing", "scales"),
    *("sections", "items", "scores"),
)


class _Plain(yaml.SafeDumper):
    """YAML dumper for our loader: no aliases, lists indented below their key."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def write_instrument(instrument: Instrument, path: str | Path) -> Path:
    """Write an instrument as one file that needs no bank.

    Parameters
    ----------
    instrument
        The instrument, of one audience or several.
    path
        Path of the file (.yaml). An existing file is never replaced.

    Returns
    -------
    Path
        The file; `load_instrument` gives the same instrument back.

    Raises
    ------
    InvalidInput
        A name that does not end in .yaml or .yml, or a file that is there already.

    Examples
    --------
    >>> write_instrument(instrument, "all.yaml")  # doctest: +SKIP
    PosixPath('all.yaml')
    """
    path = Path(path)
    if path.suffix.lower() not in (".yaml", ".yml"):
        problem = Problem(
            "unsupported-format",
            str(path),
            "is not the name of an instrument file",
            "use a name that ends in .yaml",
        )
        raise InvalidInput("instrument", [problem])
    if path.exists():
        problem = Problem(
            "file-exists", str(path), "exists already", "give another name: nothing is written over"
        )
        raise InvalidInput("instrument", [problem])
    data = plain(instrument)
    ordered = {name: data[name] for name in _ORDER if name in data}
    text = yaml.dump(ordered, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)
    (written,) = write_files(path.parent, {path.name: text})
    return written
