"""A format of a test's own: the titles of the sections, and a file beside them."""

from __future__ import annotations

from toolkit.reporting.documents.model import Document
from toolkit.reporting.formats import Format, register


def write(document: Document, name: str) -> dict[str, bytes]:
    titles = "\n".join(section.title for section in document.sections)
    return {f"{name}.toy": titles.encode(), f"{name}_toys/wave.txt": document.cover.wave.encode()}


register(Format("toyformat", write, suffix=".toy"))
