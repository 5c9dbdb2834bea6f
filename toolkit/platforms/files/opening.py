"""Any file of answers as a sheet of text cells: recognised by its first bytes, not by its name."""

from __future__ import annotations

import codecs
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from toolkit.errors import InvalidInput, Problem
from toolkit.inputs import LARGEST_ANSWERS, check_archive
from toolkit.platforms.files.delimited import bytes_of, sheet_of_text
from toolkit.platforms.files.sheet import Opening, Sheet
from toolkit.platforms.files.workbooks import parquet_sheet, spss_sheet, stata_sheet, workbook_sheet

_BEGINNINGS: Mapping[bytes, str] = {
    b"PAR1": "parquet",
    b"$FL2": "spss",
    b"$FL3": "spss",
    b"<stata_dta>": "stata",
    b"\xd0\xcf\x11\xe0": "old excel",
    b"%PDF": "pdf",
    b"{\\rtf": "rich text",
    b"RDX": "r",
    b"SAS": "sas",
}
_AS_IT_IS = Opening()
UNREADABLE = (
    zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError, OverflowError,
    MemoryError, zlib.error, lzma.LZMAError, struct.error,
)  # fmt: skip
"""Errors of `zipfile` for an archive that is damaged, encrypted or compressed in a rare way."""
_PROTECTED = "EncryptedPackage".encode("utf-16-le")
_OLD_STATA = (0x69, 0x6C, 0x6E, 0x6F, 0x71, 0x72, 0x73)
_NEVER_TEXT = (".xlsx", ".parquet", ".sav", ".zsav", ".dta")
_REFUSED: Mapping[str, tuple[str, str]] = {
    "old excel": ("is an Excel file of before 2007", "save it as .xlsx, or export the answers as CSV"),
    "pdf": ("is a PDF", "export the answers as CSV"),
    "rich text": ("is a document, not a table", "export the answers as CSV"),
    "r": ("is a file of R", "write it as CSV or Parquet there"),
    "sas": ("is a file of SAS", "write it as CSV, .sav or Parquet there"),
    "json": ("is JSON", "name the platform that wrote it (surveyjs, limesurvey), or export as CSV"),
    "markup": ("is XML or a web page, not a table", "name platform odk for submissions, or export as CSV"),
}


def kind_of(data: bytes) -> str:
    """Return the file type by its first bytes, or "text" if they are not a known signature."""
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

    Numbers become text as they would appear in a CSV ("1", not "1.0"); what is missing becomes "".

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
    ending = path.suffix.lower()
    if not data or ending not in _NEVER_TEXT or kind_of(data) != "text":
        return cells_of(data, source=source, how=how, categories=categories, notes=notes)
    try:
        notes = (*notes, f"the file is text, whatever its name ({ending}) says")
        return cells_of(data, source=source, how=how, categories=categories, notes=notes)
    except InvalidInput as fault:
        what = f"is not a valid {ending} file, nor a table in text"
        raise InvalidInput(source, [Problem("damaged-file", "file", what, "export it again")]) from fault


def cells_of(
    data: bytes,
    *,
    source: str,
    how: Opening = _AS_IT_IS,
    categories: bool = False,
    notes: tuple[str, ...] = (),
) -> Sheet:
    """Read cells from bytes, as `read_cells` does from a file.

    Raises
    ------
    InvalidInput
        Where they are empty, damaged or no table.
    """
    kind = kind_of(data)
    if how.sheet is not None and kind != "zip":
        what = "is named, but the file is not a workbook (.xlsx)"
        raise InvalidInput(
            source, [Problem("conflict", f"sheet '{how.sheet}'", what, "remove sheet from the study file")]
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
        text, stated = decoded(data, source=source, encoding=how.encoding)
        return sheet_of_text(text, source=source, notes=(*notes, *stated), categories=categories)
    if kind == "zip":
        return workbook_sheet(data, source=source, notes=notes, sheet=how.sheet)
    readers: Mapping[str, Callable[..., Sheet]] = {
        "parquet": parquet_sheet,
        "spss": spss_sheet,
        "stata": stata_sheet,
    }
    return readers[kind](data, source=source, notes=notes)


def unpacked(path: Path, source: str) -> tuple[bytes, tuple[str, ...]]:
    """Read the bytes of a file, or of the only file in a .zip such as Qualtrics sends."""
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


# Which encoding a text file is in: reported, never guessed silently.
#
# UTF-8 and UTF-16 prove themselves. Any other bytes could be many things: charset-normalizer estimates which
# encoding makes the likeliest text, and a notice names it, so that the user can name another.

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = {
    "cp1252",
    "latin_1",
    "iso8859_15",
    "cp1250",
    "iso8859_2",
    "cp1254",
    "iso8859_9",
    "cp1257",
    "iso8859_14",
}
_NAMES = {"cp1252": "Windows-1252 (Western European)"}
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SAMPLE = 200_000


def decoded(data: bytes, *, source: str, encoding: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Decode bytes to text, with a note where they were not UTF-8.

    Parameters
    ----------
    encoding
        The encoding given by the owner; no other is then tried.

    Raises
    ------
    InvalidInput
        Where the file is not text, is empty, or is not in the encoding given.
    """
    if not data[:_SAMPLE].strip(b"\xef\xbb\xbf \t\r\n") and not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise InvalidInput(source, [Problem("empty", "file", "is empty", "export it again")])
    if encoding is not None:
        return _as_told(data, encoding, source), (f"read as {encoding}, as the study file specifies",)
    found = _utf(data)
    if found is not None:
        name, note = found
        try:
            return data.decode(name), note
        except UnicodeDecodeError as error:
            what = f"the file is damaged: byte {error.start} is not valid {name.upper()}"
            raise InvalidInput(
                source, [Problem("wrong-encoding", "file", what, "copy or export it again")]
            ) from error
    if b"\x00" in data:
        what = "holds zero bytes: it is damaged or not text"
        raise InvalidInput(source, [Problem("damaged-file", "file", what, "export the answers again as CSV")])
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        _refuse_broken_utf8(data, error, source)
    # the likeliest eight-bit encoding; Windows-1252 if all candidates are Western
    from charset_normalizer import from_bytes

    best = from_bytes(_telling(data)).best()
    name = "cp1252" if best is None or best.encoding in _WESTERN else best.encoding
    stated = _NAMES.get(name, name)
    return data.decode(name, errors="strict" if name != "cp1252" else "_as_latin_1"), (
        f"the file is not UTF-8: read as {stated}; look whether accents are right, or write encoding: …",
    )


_NOT_TEXT = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
"""Encodings of Python that no file of answers is in, or that give half characters."""


def _as_told(data: bytes, encoding: str, source: str) -> str:
    try:
        known = codecs.lookup(encoding)
        name = known.name.replace("_", "-")
        if name in _NOT_TEXT or not getattr(known, "_is_text_encoding", True):
            raise LookupError(name)
        return data.decode("utf-8-sig" if name == "utf-8" else name)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = f"byte 0x{data[error.start]:02x} is not in the encoding {encoding} that the study file names"
        raise InvalidInput(
            source, [Problem("wrong-encoding", f"line {line}", what, "name another, or leave it out")]
        ) from error
    except (LookupError, ValueError) as error:
        what = "is not the encoding of a text file"
        problem = Problem(
            "unknown-option", f"encoding: {encoding}", what, "write utf-8, utf-16, cp1252, latin-1 …"
        )
        raise InvalidInput(source, [problem]) from error


def _utf(data: bytes) -> tuple[str, tuple[str, ...]] | None:
    for mark, name in _MARKS:
        if data.startswith(mark):
            plain = name == "utf-8-sig"
            return name, () if plain else (f"the file is {name.upper()}, by its byte order mark",)
    head = data[:4000]
    if head.count(b"\x00") > len(head) / 4:  # letters of UTF-16 are every second byte
        name = "utf-16-be" if head[::2].count(b"\x00") > head[1::2].count(b"\x00") else "utf-16-le"
        return name, (f"the file is {name.upper()}, recognised by its zero bytes",)
    return None


def _refuse_broken_utf8(data: bytes, error: UnicodeDecodeError, source: str) -> None:
    """Refuse UTF-8 with a few broken bytes: another encoding would garble every accent."""
    sequences = _UTF8_SEQUENCE.findall(data)
    beyond_ascii = sum(byte > 127 for byte in data[:_SAMPLE]) or 1
    if sum(len(s) for s in _UTF8_SEQUENCE.findall(data[:_SAMPLE])) * 2 > beyond_ascii and len(sequences) > 1:
        line = data[: error.start].count(b"\n") + 1
        what = f"byte 0x{data[error.start]:02x} is not UTF-8, though the rest of the file is: it is damaged"
        raise InvalidInput(
            source, [Problem("wrong-encoding", f"line {line}", what, "copy or export it again as UTF-8")]
        )


def _telling(data: bytes) -> bytes:
    """Keep the lines with bytes beyond ASCII, since only they distinguish encodings."""
    lines = [line for line in data.splitlines() if not line.isascii()]
    return b"\n".join(lines)[:_SAMPLE]


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    """Decode the five bytes that Windows-1252 leaves undefined as Latin-1, as browsers do."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("_as_latin_1", _as_latin_1)
