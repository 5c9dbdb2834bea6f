"""One instrument into many platforms: a module a platform, and a manifest beside every export."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument
from toolkit.platforms.choosing import narrow
from toolkit.platforms.manifest import ExportManifest, read_manifest

__all__ = ["PLATFORMS", "ExportManifest", "export", "narrow", "read_manifest"]

PLATFORMS: Mapping[str, str] = {
    "limesurvey": "limesurvey.writing",
    "qualtrics": "qualtrics.writing",
    "xlsform": "odk.writing",
    "surveyjs": "surveyjs.writing",
    "preview": "preview.writing",
    "sav": "spss",
    "dta": "stata",
    "frictionless": "frictionless",
    "ddi": "ddi",
    "codebook": "codebook",
}
"""Platform as named in `--to` → module of this folder, whose `write(instrument, folder, …)` makes it."""


def export(
    instrument: Instrument,
    platform: str,
    folder: str | Path,
    *,
    languages: Iterable[str] | None = None,
    audiences: Iterable[str] | None = None,
    layout: str | None = None,
    **options: Any,
) -> list[Path]:
    """Write an instrument as a platform's questionnaire, with a manifest beside it.

    Parameters
    ----------
    instrument
        The instrument.
    platform
        One of `PLATFORMS`.
    folder
        Where to write; made where it is not there.
    languages, audiences
        What to export; everything where left out. The first language is the base language.
    layout
        How the platform's files are cut, where it offers more than one way; its own default where left out.
    **options
        What only this platform knows, such as LimeSurvey's quotas.

    Returns
    -------
    list[Path]
        Every file written, manifests among them; their `notices` say what had to be changed.

    Raises
    ------
    InvalidInput
        A platform, language, audience, layout or option that is not known, and every item that the platform
        cannot express, with how to fix it.

    Examples
    --------
    >>> export(load_instrument("instruments/employee.yaml"), "limesurvey", "out")  # doctest: +SKIP
    [PosixPath('out/ai-at-work.txt'), PosixPath('out/ai-at-work.manifest.json')]
    """
    if platform not in PLATFORMS:
        unknown = Problem(
            "unknown-option", f"platform '{platform}'", "is not known", near_names(platform, PLATFORMS)
        )
        raise InvalidInput("export", [unknown])
    write = importlib.import_module(f"toolkit.platforms.{PLATFORMS[platform]}").write
    given = options if layout is None else {**options, "layout": layout}
    known = [name for name in inspect.signature(write).parameters if name not in ("instrument", "folder")]
    strange = [
        Problem("unknown-key", f"option '{name}'", f"is not known to {platform}", near_names(name, known))
        for name in given
        if name not in known
    ]
    if strange:
        raise InvalidInput("export", strange)
    written: list[Path] = write(instrument, folder, languages=languages, audiences=audiences, **given)
    return written
