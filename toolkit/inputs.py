"""Input files: regular files only, up to named sizes, opened without trusting their content."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import re
import stat
import zipfile
import zlib
from pathlib import Path
from typing import Any

from toolkit.errors import Problem

LARGEST_ANSWERS = 2**30
"""Bytes of a file of answers, as it is and unpacked: 1 GiB."""
LARGEST_WORKBOOK = 2**29
"""Bytes of a workbook (.xlsx) unpacked: 512 MiB. Its XML takes ten times as long to read as a CSV file."""
LARGEST_SETTINGS = 2**22
"""Bytes of a file written by hand (YAML): 4 MiB."""
LARGEST_MANIFEST = 2**26
"""Bytes of a manifest or notebook, which programs write: 64 MiB."""
LARGEST_CELL = 1_000_000
"""Characters in one cell of a delimited file; a longer one is most often a quote that is never closed."""
MOST_CELLS = 200_000_000
"""Cells of one table, rows times columns."""
MOST_COLUMNS = 20_000
"""Columns of one table; a spreadsheet has at most 16,384."""
MOST_MEMBERS = 100_000
"""Files in one archive."""
DEEPEST = 50
"""Levels of nesting in YAML, JSON and XML."""

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_HALF = re.compile("[\ud800-\udfff]")


def is_file(path: str | Path) -> bool:
    """Report whether a path names a regular file; False for names that no file can have."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises where a name is too long


def is_folder(path: str | Path) -> bool:
    """Report whether a path names a folder; False for names that no folder can have."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where a name is too long


def size_in_words(number: int) -> str:
    """Write a number of bytes with its unit.

    Examples
    --------
    >>> size_in_words(2**30), size_in_words(4 * 2**20), size_in_words(100)
    ('1 GiB', '4 MiB', '100 bytes')
    """
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if number >= 2**power:
            return f"{number / 2**power:.3g} {unit}"
    return f"{number} bytes"


def read_bytes(path: str | Path, *, most: int) -> bytes:
    """Read a regular file up to a size limit.

    Parameters
    ----------
    most
        Bytes.

    Returns
    -------
    bytes
        The whole file.

    Raises
    ------
    OSError
        Where the file is missing or cannot be read; where it is a folder, device, named pipe or socket,
        larger than `most`, or its name is one that no file can have. `strerror` names the reason.
    """
    try:
        # a pipe without a writer is not waited for
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError:
        raise OSError(errno.EINVAL, "has a name with a character not allowed in file names") from None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if stat.S_ISDIR(about.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
        for test, kind in _KINDS:
            if test(about.st_mode):
                raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))
        if about.st_size > most:
            raise OSError(errno.EFBIG, _too_large(about.st_size, most), str(path))
        data = file.read(most + 1)
        if len(data) > most:  # files of /proc claim to be empty
            raise OSError(errno.EFBIG, _too_large(len(data), most), str(path))
        return data


def _too_large(size: int, most: int) -> str:
    return f"has {size_in_words(size)} or more; the limit is {size_in_words(most)}"


def gunzipped(data: bytes, *, most: int) -> bytes:
    """Decompress a .gz file of one or several members.

    Raises
    ------
    ValueError
        Where it is damaged, cut short, or unpacks to more than `most` bytes; the message names the reason.
    """
    held = bytearray()
    while data:
        unpacking = zlib.decompressobj(wbits=31)
        try:
            held += unpacking.decompress(data, most + 1 - len(held))
        except zlib.error as error:
            raise ValueError(f"it is damaged ({error})") from None
        if len(held) > most:
            raise ValueError(f"it unpacks to more than {size_in_words(most)}, the most that is read")
        if not unpacking.eof:
            raise ValueError("it is cut short")
        data = unpacking.unused_data.lstrip(b"\x00")
    return bytes(held)


def check_archive(archive: zipfile.ZipFile, *, most: int) -> None:
    """Check a .zip archive before anything in it is unpacked.

    Raises
    ------
    ValueError
        Where it is encrypted, holds too many files, or declares that it unpacks to more than `most` bytes.
        Reading a member stops at the size the archive declares, so that it cannot hold more.
    """
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise ValueError(f"contains {len(members):,} files; the limit is {MOST_MEMBERS:,}")
    if any(member.flag_bits & 0x1 for member in members):
        raise ValueError("it is protected by a password")
    total = sum(member.file_size for member in members)
    if total > most:
        unpacked, limit = size_in_words(total), size_in_words(most)
        raise ValueError(f"it unpacks to {unpacked}; at most {limit} are read")


def parsed_json(text: str | bytes) -> Any:
    """Parse JSON up to a nesting limit.

    Raises
    ------
    ValueError
        Where it is not JSON, or nested deeper than `DEEPEST` levels. Nothing of the text is quoted.

    Examples
    --------
    >>> parsed_json('{"a": [1]}')
    {'a': [1]}
    """
    too_deep = f"it is nested deeper than {DEEPEST} levels"
    try:
        held = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg}, line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise ValueError(too_deep) from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except ValueError:
        raise ValueError("contains a number of thousands of digits") from None
    level: list[Any] = [held]
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return held
    raise ValueError(too_deep)


def whole_characters(text: str) -> str:
    """Replace halves of a surrogate pair, left by programs that cut an emoji, by U+FFFD.

    Examples
    --------
    >>> whole_characters("good \\ud83d")
    'good \ufffd'
    """
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return _HALF.sub("\ufffd", paired)
    return text


def no_parquet(where: str) -> list[Problem]:
    """Return the problem that pyarrow, with which pandas reads and writes Parquet, is not installed."""
    if importlib.util.find_spec("pyarrow") is not None:
        return []
    hint = "pip install 'survey-research-toolkit[parquet]', or use another format such as .csv"
    return [Problem("not-installed", where, "is Parquet, which needs pyarrow; it is not installed", hint)]
