"""ODK and Kobo: tables (CSV, .xlsx) with grouped headings, and submissions as XML.

Rules:

- a heading is the path of a question (`page/agree/agree_prod`, `page-agree-agree_prod`); its last step is the
  code, the platform's own columns are known by name;
- ticks of a multi-select are in one cell, codes separated by a blank, or in a column per option (1/0 or so);
- one XML file holds one submission, or several below one element; a .zip may hold many of them;
- what reaches the server was finished; one whose `_validation_status` is "not approved" is set aside.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.inputs import DEEPEST, LARGEST_ANSWERS, check_archive
from toolkit.platforms.exports import Dialect, Rows
from toolkit.platforms.files.delimited import bytes_of
from toolkit.platforms.files.opening import UNREADABLE, kind_of, read_cells, unpacked
from toolkit.platforms.files.sheet import Opening, Sheet
from toolkit.platforms.files.workbooks import frame_sheet
from toolkit.platforms.vocabulary import code_words

_OWN = {
    "SubmissionDate", "KEY", "PARENT_KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent",
    "AttachmentsExpected", "Status", "ReviewState", "DeviceID", "Edits", "FormVersion", "instanceID",
    "instanceName", "start", "end", "today", "deviceid", "subscriberid", "simserial", "phonenumber",
    "username",
    "__version__", "_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status",
    "_submitted_by", "_tags", "_index", "_version_", "uuid", "rootUuid", "deprecatedID", "audit",
    "_attachments", "_geolocation", "_xform_id_string", "formhub/uuid",
}  # fmt: skip
_JUNK = re.compile(r"(generated_table_list_label|reserved_name_for_field_list_labels)_\d+|.+_note|.+_label")


def _load(path: Path, source: str, how: Opening) -> Sheet:
    many = _zipped_submissions(bytes_of(path, source))
    if many is not None:
        return _of_submissions(many, source)
    data, _ = unpacked(path, source)
    if kind_of(data) == "json":
        what = "is JSON, as the platform's programming interface gives it"
        raise InvalidInput(
            source,
            [Problem("unsupported-format", "file", what, "export CSV with XML values, or the submissions")],
        )
    if kind_of(data) == "markup":
        return _of_submissions([data], source)
    return read_cells(path, source=source, how=how)


def _zipped_submissions(data: bytes) -> list[bytes] | None:
    if data[:4] != b"PK\x03\x04":
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            check_archive(packed, most=LARGEST_ANSWERS)
            names = [name for name in sorted(packed.namelist()) if not name.startswith("__MACOSX")]
            if "[Content_Types].xml" in names or not any(name.endswith(".xml") for name in names):
                return None
            return [packed.read(name) for name in names if name.endswith(".xml")]
    except UNREADABLE:
        return None  # told as a damaged .zip where it is unpacked


def _of_submissions(files: list[bytes], source: str) -> Sheet:
    rows, problems = [], []
    for number, data in enumerate(files, start=1):
        try:
            root = _parsed(data)
        except ValueError as error:
            problems.append(
                Problem(
                    "damaged-file",
                    f"submission {number}",
                    f"cannot be read: {error}",
                    "download the submissions again",
                )
            )
            continue
        rows += [dict(_leaves(one)) for one in _submissions(root)]
    if problems:
        raise InvalidInput(source, problems)
    frame = pd.DataFrame(rows, dtype=str).fillna("")
    return replace(frame_sheet(frame, source=source), notes=("read from submissions (XML)",), sparse=True)


class _Submission(ElementTree.TreeBuilder):
    """A tree of limited depth, without a document type: submissions have none, attacks do."""

    level = 0

    def start(self, tag: str, attrs: Any) -> Any:
        self.level += 1
        if self.level > DEEPEST:
            raise ValueError(f"it is nested deeper than {DEEPEST} levels")
        return super().start(tag, attrs)

    def end(self, tag: str) -> Any:
        self.level -= 1
        return super().end(tag)

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ValueError("it declares a document type, which submissions do not")


def _parsed(data: bytes) -> ElementTree.Element:
    parser = ElementTree.XMLParser(target=_Submission())
    try:
        parser.feed(data)
        root: ElementTree.Element = parser.close()
    except ElementTree.ParseError as error:
        line, column = error.position
        raise ValueError(f"it is not valid XML (line {line}, column {column})") from None
    except (LookupError, UnicodeError):
        raise ValueError("it names an encoding that XML does not have") from None
    return root


def _submissions(root: ElementTree.Element) -> list[ElementTree.Element]:
    """List the submissions in a file: its root, or the children of a root that only holds submissions."""
    inside = [child for child in root if child.find("{*}meta") is not None]
    return inside or [root]


def _leaves(element: ElementTree.Element, path: str = "") -> Iterator[tuple[str, str]]:
    for child in element:
        name = child.tag.rpartition("}")[2]
        here = f"{path}/{name}" if path else name
        if len(child):
            yield from _leaves(child, here)
        elif not _JUNK.fullmatch(name):
            yield here, child.text or ""


def _spellings(heading: str) -> tuple[str, ...]:
    """Return the last two steps of a path, which name an option's own column, and the last one."""
    steps = re.split(r"[/-]", heading)
    return ("/".join(steps[-2:]), steps[-1])


def _own(heading: str) -> bool:
    last = re.split(r"[/-]", heading)[-1]
    return heading in _OWN or last in _OWN or _JUNK.fullmatch(last) is not None


def _aside(frame: pd.DataFrame, problems: list[Problem]) -> Rows:
    if "_validation_status" not in frame:
        return {}
    stated = frame["_validation_status"].str.lower()
    return {
        "not approved when it was reviewed": stated.isin(["not approved", "validation_status_not_approved"])
    }


def _submitted(frame: pd.DataFrame, items: Collection[str], problems: list[Problem]) -> pd.Series:
    return pd.Series(True, index=frame.index)


ODK = Dialect(
    name="odk",
    dated=("_submission_time", "SubmissionDate", "end"),
    ended=("end", "_submission_time", "SubmissionDate", "today", "start"),
    load=_load,
    id_columns=("KEY", "_uuid", "meta/instanceID", "meta-instanceID", "instanceID", "_id"),
    own=_own,
    spellings=_spellings,
    codes=code_words,
    separators=(" ", ";", ",", "|"),
    aside=_aside,
    submitted=_submitted,
    manifests=("xlsform",),
    joined_beside=True,
    texts="export again with headings 'XML values' (names, not labels)",
)
