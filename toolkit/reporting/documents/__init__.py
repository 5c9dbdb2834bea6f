"""One result as HTML, PDF, Word, PowerPoint and Excel: the same tables and words in each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.reporting.documents.collect import document_of, without_blocks
from toolkit.reporting.documents.model import (
    DOCUMENT,
    Cover,
    Document,
    Foreign,
    Passage,
    Section,
    load_document,
    save_document,
)
from toolkit.reporting.documents.packing import write_bytes

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

FORMATS = ("html", "pdf", "docx", "pptx", "xlsx")
"""What a report can be written as."""


def check_formats(formats: str | Iterable[str]) -> tuple[str, ...]:
    """The formats named, each once; "html,pdf" or a list.

    Raises
    ------
    InvalidInput
        Every name that is no format, or none at all.

    Examples
    --------
    >>> check_formats("html, pdf,html")
    ('html', 'pdf')
    """
    named = formats.split(",") if isinstance(formats, str) else list(formats)
    wanted = tuple(dict.fromkeys(name.strip().lower().removeprefix(".") for name in named if name.strip()))
    problems = [
        Problem(f"format {name}", "is none a report can be written as", near_names(name, FORMATS))
        for name in wanted
        if name not in FORMATS
    ]
    if not wanted:
        problems.append(Problem("formats", "none is named", f"name some of {', '.join(FORMATS)}"))
    if problems:
        raise InvalidInput("formats", problems)
    return wanted


def write_documents(
    document: Document,
    folder: str | Path,
    formats: str | Iterable[str] = FORMATS,
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
        Where to; it is made if it is not there.
    formats
        Some of `FORMATS`.
    name
        Of the files, without their ending.
    keep
        Write the document itself beside them, so that other formats can be made later (see `load_document`).

    Returns
    -------
    list of Path
        The files, in the order of the formats. Each appears whole or not at all; the same document gives the
        same bytes.

    Raises
    ------
    InvalidInput
        A format that there is not.
    """
    wanted = check_formats(formats)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for one in wanted:
        path = folder / f"{name}.{one}"
        write_bytes(path, _writer(one)(document))
        written.append(path)
    if keep:
        save_document(document, folder / DOCUMENT)
    return written


def _writer(form: str) -> Callable[[Document], bytes]:
    """A format's writer; its library is imported here, when it is needed."""
    if form == "html":
        from toolkit.reporting.html import render_document

        return lambda document: render_document(document).encode()
    if form == "pdf":
        from toolkit.reporting.documents.pdf import render_pdf

        return render_pdf
    if form == "docx":
        from toolkit.reporting.documents.word import render_docx

        return render_docx
    if form == "pptx":
        from toolkit.reporting.documents.slides import render_pptx

        return render_pptx
    from toolkit.reporting.documents.workbook import render_xlsx

    return render_xlsx
