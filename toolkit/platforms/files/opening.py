"""Any file of answers as a sheet of text cells: told by what it begins with, not by its name."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from toolkit.errors import InvalidInput, Problem
from toolkit.inputs import LARGEST_ANSWERS, check_archive
from toolkit.platforms.files.delimited import bytes_of, sheet_of_text
from toolkit.platforms.files.encodings import decoded
from toolkit.platforms.files.sheet import Opening, Sheet
from toolkit.platforms.files.statistics import spss_sheet, stata_sheet
from toolkit.platforms.files.workbooks import parquet_sheet, workbook_sheet

__all__ = ["UNREADABLE", "cells_of", "kind_of", "read_cells", "unpacked"]

_BEGINNINGS: Mapping[bytes, str] = {
    b"PAR1": "parquet",
    b"$FL2": "spss",
    b"$FL3": "spss",
    b"<stata_dta>": "stata",
    b"\xd0\xcf\x11\xe0": "old excel",
    b"%PDF": "pdf",
    b"RDX": "r",
    b"SAS": "sas",
}
_AS_IT_IS = Opening()
UNREADABLE = (
    zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError, OverflowError,
    MemoryError, zlib.error, lzma.LZMAError, struct.error,
)  # fmt: skip
"""What `zipfile` raises where an archive is damaged, encrypted or compressed as nobody else does."""
_PROTECTED = "EncryptedPackage".encode("utf-16-le")
_OLD_STATA = (0x69, 0x6C, 0x6E, 0x6F, 0x71, 0x72, 0x73)
_REFUSED: Mapping[str, tuple[str, str]] = {
    "old excel": ("is an Excel file of before 2007", "save it as .xlsx, or export the answers as CSV"),
    "pdf": ("is a PDF", "export the answers as CSV"),
    "r": ("is a file of R", "write it as CSV or Parquet there"),
    "sas": ("is a file of SAS", "write it as CSV, .sav or Parquet there"),
    "json": ("is JSON", "name the platform that wrote it (surveyjs, limesurvey), or export as CSV"),
    "markup": ("is XML or a web page, not a table", "name platform odk for submissions, or export as CSV"),
}


def kind_of(data: bytes) -> str:
    """What the first bytes say a file is; "text" where they say nothing."""
    for beginning, kind in _BEGINNINGS.items():
        if data.startswith(beginning):
            return kind
    if data[:4] == b"PK\x03\x04":
        return "zip"
    if len(data) > 4 and data[0] in _OLD_STATA and data[1] in (1, 2) and data[2] == 1 and data[3] == 0:
        return "stata"
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return {b"{": "json", b"[": "json", b"<": "markup"}.get(start, "text")


def read_cells(path: Path, *, source: str, how: Opening = _AS_IT_IS, categories: bool = False) -> Sheet:
    """Read delimited text, a workbook (.xlsx), Parquet, SPSS (.sav) or Stata (.dta), also zipped or .gz.

    Numbers become text as they would stand in a CSV ("1", not "1.0"); what is missing becomes "".

    Parameters
    ----------
    how
        The encoding of a text file, found out and told in the sheet's notes where it is None; the sheet of a
        workbook.
    categories
        Give columns of delimited text as Categoricals where that is quicker; see `sheet_of_text`.

    Raises
    ------
    InvalidInput
        Where the file is missing, empty, damaged or nothing of these.
    """
    data, notes = unpacked(path, source)
    return cells_of(data, source=source, how=how, categories=categories, notes=notes)


def cells_of(
    data: bytes,
    *,
    source: str,
    how: Opening = _AS_IT_IS,
    categories: bool = False,
    notes: tuple[str, ...] = (),
) -> Sheet:
    """The same as `read_cells`, of bytes already read.

    Raises
    ------
    InvalidInput
        Where they are empty, damaged or no table.
    """
    kind = kind_of(data)
    if how.sheet is not None and kind != "zip":
        what = "is named, and the file is no workbook (.xlsx)"
        raise InvalidInput(
            source, [Problem("conflict", f"sheet '{how.sheet}'", what, "take sheet out of the study file")]
        )
    if kind == "old excel" and _PROTECTED in data:
        what = "is a workbook protected by a password"
        raise InvalidInput(
            source, [Problem("unsupported-format", "file", what, "save it without one, or export as CSV")]
        )
    if kind in _REFUSED:
        what, hint = _REFUSED[kind]
        raise InvalidInput(source, [Problem("unsupported-format", "file", what, hint)])
    if kind == "text":
        text, said = decoded(data, source=source, encoding=how.encoding)
        return sheet_of_text(text, source=source, notes=(*notes, *said), categories=categories)
    if kind == "zip":
        return workbook_sheet(data, source=source, notes=notes, sheet=how.sheet)
    readers: Mapping[str, Callable[..., Sheet]] = {
        "parquet": parquet_sheet,
        "spss": spss_sheet,
        "stata": stata_sheet,
    }
    return readers[kind](data, source=source, notes=notes)


def unpacked(path: Path, source: str) -> tuple[bytes, tuple[str, ...]]:
    """The bytes of a file; of the one file in it, where it is a .zip as Qualtrics sends it."""
    data = bytes_of(path, source)
    if data[:4] != b"PK\x03\x04":
        return data, ()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            check_archive(packed, most=LARGEST_ANSWERS)
            names = [
                name
                for name in packed.namelist()
                if not name.endswith("/") and not name.startswith("__MACOSX")
            ]
            if "[Content_Types].xml" in names:
                return data, ()
            if len(names) == 1:
                return packed.read(names[0]), (f"unpacked from a .zip: {Path(names[0]).name}",)
    except UNREADABLE as error:
        problem = Problem(
            "damaged-file",
            "file",
            f"is a spreadsheet or .zip that cannot be opened ({error})",
            "export it again",
        )
        raise InvalidInput(source, [problem]) from error
    shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    what = f"is a .zip that holds {len(names)} files ({shown})"
    raise InvalidInput(
        source, [Problem("ambiguous", "file", what, "unpack it and name the one with the answers")]
    )
