"""Verification: a delivered file compared with the report it claims to be."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from toolkit.disclosure.delivered import Text, texts_of
from toolkit.errors import InvalidInput, Problem
from toolkit.reporting.documents import DOCUMENT, load_document, write_documents
from toolkit.reporting.formats import FORMATS
from toolkit.reporting.manifest import MANIFEST, RESULTS, sha256_of

FAULTS = ("changed-figure", "changed-text", "missing", "added-figure")
"""Kinds of differences that mean a file is not the report; "added-text" is listed beside them."""

_COLUMNS = ("place", "kind", "expected", "found")
_UNSEEN = ("docProps", "definedName", "slideLayouts", "slideMasters", "notesMasters", "handoutMasters")
_DECIMAL = re.compile(r"(?<![\w.])-?\d+\.\d+(?![\w.%])")
_FIELD = re.compile(r"\b(?:NUM)?PAGE(?:S)?\b(?:\s+\d+)?")
_DIGITS = re.compile(r"\d+(?:[.,\u202f\u00a0 ]\d+)*")


def verify(file: str | Path, report: str | Path | None = None) -> pd.DataFrame:
    """Compare a document with the report it was made from, cell by cell and label by label.

    Parameters
    ----------
    file
        A report's document in any output format, perhaps edited, or its results.csv.
    report
        The report's folder; None for the folder of the file.

    Returns
    -------
    DataFrame
        One row per difference, none for the report as it was made: place, kind (one of `FAULTS`, or
        "added-text" for words added without a number), expected, found.

    Raises
    ------
    InvalidInput
        The file or the report does not exist, has a format that is not written here, cannot be read, or the
        report's kept document is not the one its manifest names.

    Notes
    -----
    The document is written again from what the report kept (released rows as they are printed) and the texts
    of both files are aligned: paragraphs, rows of tables, series of charts, alternative texts. Looks are not
    compared. A report written into a client's template is compared without it, so that the template's own
    words are listed as added.

    Examples
    --------
    >>> verify("reports/ai_at_work/2026/org-01/report.docx").empty  # doctest: +SKIP
    True
    """
    file = Path(file)
    folder = file.parent if report is None else Path(report)
    outputs = _outputs(file, folder)
    if file.suffix == ".csv":
        same = sha256_of(file) == outputs.get(RESULTS)
        rows = [] if same else [(file.name, "changed-figure", "as it was made", "other bytes")]
        return pd.DataFrame(rows, columns=list(_COLUMNS))
    form = next(one for one in FORMATS.values() if one.suffix == file.suffix)
    with tempfile.TemporaryDirectory() as scratch:
        (made,) = write_documents(load_document(folder / DOCUMENT), Path(scratch), [form.name], keep=False)
        expected, found = made.read_bytes(), file.read_bytes()
    if expected == found:
        return pd.DataFrame(columns=list(_COLUMNS))
    try:
        differences = list(_compared(_read(file.name, expected), _read(file.name, found)))
    except ValueError as fault:
        problem = Problem("damaged-file", file.name, f"cannot be read: {fault}", "open and save it again")
        raise InvalidInput("verify", [problem]) from None
    return pd.DataFrame(differences, columns=list(_COLUMNS))


def _outputs(file: Path, folder: Path) -> dict[str, str]:
    """Return the hashes of the report's files, after everything was found in its place."""
    problems = []
    if not file.is_file():
        problems.append(Problem("file-not-found", str(file), "does not exist", "check the path"))
    suffixes = sorted({".csv", *(one.suffix for one in FORMATS.values())})
    if file.suffix not in suffixes:
        hint = f"give one of {', '.join(suffixes)}"
        problems.append(Problem("unsupported-format", file.name, "is not an output format", hint))
    outputs: dict[str, str] = {}
    try:
        outputs = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["outputs"]
        if sha256_of(folder / DOCUMENT) != outputs[DOCUMENT]:
            hint = "make the report again: nothing can be verified against it"
            problems.append(Problem("damaged-file", str(folder / DOCUMENT), "was changed", hint))
    except (OSError, ValueError, KeyError, TypeError):
        hint = "name the report's folder with --report"
        problems.append(Problem("file-not-found", str(folder), "does not hold a finished report", hint))
    if problems:
        raise InvalidInput("verify", problems)
    return outputs


def _read(name: str, data: bytes) -> list[Text]:
    """Read the visible text; numbers are rounded to six digits, as programs store them differently."""
    return [
        replace(text, words=" ".join(_FIELD.sub("", _DECIMAL.sub(_six, text.words)).split()))
        for text in texts_of(name, data)
        if text.kind != "raw"
        and not any(part in text.place for part in _UNSEEN)
        and not text.words.startswith("TOC \\o")
    ]


def _six(found: re.Match[str]) -> str:
    return f"{float(found[0]):.6g}"


def _compared(expected: list[Text], found: list[Text]) -> Iterator[tuple[str, str, str, str]]:
    """Yield what is in one file alone, most similar texts side by side.

    Text that is moved or repeated is not a difference: office programs do both when they save.
    Values alone (of a picture) are counted, because only their number tells that two were exchanged for one.
    """
    missing, added = _only(expected, found), _only(found, expected)
    for text in missing:
        likest = get_close_matches(text.words, [one.words for one in added], n=1, cutoff=0.5)
        after = next((one for one in added if likest and one.words == likest[0]), None)
        if after is not None:
            added.remove(after)
        words = after.words if after is not None else ""
        yield (after or text).place, _kind(text.words, words), text.words, words
    for text in added:
        yield text.place, _kind("", text.words), "", text.words


def _only(texts: list[Text], others: list[Text]) -> list[Text]:
    """Return texts that the others do not have; values alone as often as they are in excess."""
    known, left = {one.words for one in others}, Counter(one.words for one in others)
    kept = []
    for text in texts:
        left[text.words] -= 1
        if (left[text.words] < 0) if text.kind == "cell" else (text.words not in known):
            kept.append(text)
    return kept


def _kind(before: str, after: str) -> str:
    if not after:
        return "missing"
    if not before:
        return "added-figure" if _DIGITS.search(after) else "added-text"
    return "changed-text" if _DIGITS.findall(before) == _DIGITS.findall(after) else "changed-figure"
