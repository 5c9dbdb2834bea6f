"""The codebook for people: a page a language that prints well, and a workbook with every language."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.instrument.model import Instrument
from toolkit.platforms import Platform, register
from toolkit.platforms.codebook_page import CODEBOOK_WORDS, page
from toolkit.platforms.codebook_sheets import workbook
from toolkit.platforms.manifest import MANIFEST_ENDING, column_of, manifest_of

__all__ = ["files_of"]


def files_of(source: Instrument, part: Instrument) -> dict[str, str | bytes]:
    """Make one page per language and one workbook, with a manifest beside them.

    `part` is what of the instrument is documented.
    """
    stem = f"{source.id}-codebook"
    files: dict[str, str | bytes] = {
        f"{stem}-{language}.html": page(part, language) for language in part.languages
    }
    files[f"{stem}.xlsx"] = workbook(part)
    manifest = manifest_of(
        source,
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
    return {**files, f"{stem}{MANIFEST_ENDING}": manifest.to_json()}


def _notices(part: Instrument) -> Iterator[str]:
    for language in part.languages:
        if language not in CODEBOOK_WORDS:
            yield f"headings, bases and missing codes are in English where the language is '{language}'"


register(Platform("codebook", "Codebook", files_of, order=130))
