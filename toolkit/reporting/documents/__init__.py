"""One report in every output format of `toolkit.reporting.formats`, with the same tables and words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from toolkit.reporting.documents.model import (
    DOCUMENT,
    Cover,
    Document,
    Foreign,
    Passage,
    Section,
    document_of,
    load_document,
    save_document,
    without_blocks,
    write_bytes,
)
from toolkit.reporting.formats import FORMATS, check_formats

__all__ = [
    "DOCUMENT",
    "FORMATS",
    "Cover",
    "Document",
    "Foreign",
    "Passage",
    "Section",
    "check_formats",
    "document_of",
    "load_document",
    "save_document",
    "without_blocks",
    "write_documents",
]


def write_documents(
    document: Document,
    folder: str | Path,
    formats: str | Iterable[str] | None = None,
    *,
    name: str = "report",
    keep: bool = True,
) -> list[Path]:
    """Write one document in some formats.

    Parameters
    ----------
    document
        As `document_of` gathered it or `load_document` read it.
    folder
        Destination; created if missing.
    formats
        Some of `FORMATS`; None for all.
    name
        Of the files, without their ending.
    keep
        Write the document itself beside them, so that other formats can be made later (see `load_document`).

    Returns
    -------
    list of Path
        The report in each format, in their order. Each file appears whole or not at all; the same document
        gives the same bytes.

    Raises
    ------
    InvalidInput
        Every unknown format.
    """
    wanted = check_formats(FORMATS if formats is None else formats)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for one in wanted:
        files = [(folder / file, content) for file, content in FORMATS[one].write(document, name).items()]
        for path, content in reversed(files):  # the report last: what it links to is there before it
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, content)
        written.append(files[0][0])
    if keep:
        save_document(document, folder / DOCUMENT)
    return written
