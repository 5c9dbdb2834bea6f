"""Atomic writing, and reproducible office files."""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from pathlib import Path

__all__ = ["repacked", "write_bytes"]

_MOMENT = (1980, 1, 1, 0, 0, 0)
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")
_FIXED = rb"\g<1>1980-01-01T00:00:00Z\g<2>"


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes under a temporary name, then rename."""
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def repacked(content: bytes) -> bytes:
    """Repack an office file without time stamps, so that the same report gives the same bytes."""
    found = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = old.read(name)
            if name.endswith(".xlsx"):
                part = repacked(part)
            elif name == "docProps/core.xml":
                part = _STAMP.sub(_FIXED, part)
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            new.writestr(entry, part)
    return found.getvalue()
