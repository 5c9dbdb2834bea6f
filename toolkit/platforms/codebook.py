"""The codebook for people: a page a language that prints well, and a workbook with every language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from toolkit.files import write_files
from toolkit.instrument.model import Instrument
from toolkit.locale import languages
from toolkit.platforms.choosing import narrow
from toolkit.platforms.codebook_page import page
from toolkit.platforms.codebook_sheets import workbook
from toolkit.platforms.manifest import MANIFEST_ENDING, column_of, manifest_of

__all__ = ["write"]


def write(
    instrument: Instrument,
    folder: str | Path,
    *,
    languages: Iterable[str] | None = None,
    audiences: Iterable[str] | None = None,
) -> list[Path]:
    """Write the codebook as a page a language and one workbook, with a manifest beside them.

    Parameters
    ----------
    instrument
        The instrument.
    folder
        Where to write; made where it is not there.
    languages, audiences
        What to document; everything where left out.

    Returns
    -------
    list[Path]
        The pages, the workbook and the manifest.

    Raises
    ------
    InvalidInput
        What is wrong with the instrument; languages and audiences it does not have.

    Examples
    --------
    >>> write(instrument, "out", languages=["fr"])  # doctest: +SKIP
    [PosixPath('out/ai-at-work-codebook-fr.html'), PosixPath('out/ai-at-work-codebook.xlsx'), …]
    """
    part = narrow(instrument, languages=languages, audiences=audiences)
    stem = f"{instrument.id}-codebook"
    files: dict[str, str | bytes] = {
        f"{stem}-{language}.html": page(part, language) for language in part.languages
    }
    files[f"{stem}.xlsx"] = workbook(part)
    manifest = manifest_of(
        instrument,
        part,
        platform="codebook",
        layout="one",
        files=list(files),
        columns=[
            column_of(variable, part, question=variable.name, headings={"name": [variable.name]})
            for variable in part.variables
        ],
        audience_column="audience",
        notices=_notices(part),
    )
    return write_files(folder, {**files, f"{stem}{MANIFEST_ENDING}": manifest.to_json()})


def _notices(part: Instrument) -> Iterator[str]:
    for language in part.languages:
        if language not in languages():
            yield f"headings, bases and missing codes are in English where the language is '{language}'"
