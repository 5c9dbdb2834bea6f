"""Damaged and hostile files: every reader reads them or refuses them in a sentence; nothing else happens."""

from __future__ import annotations

import contextlib
import csv
import errno
import gzip
import io
import json
import os
import socket
import zipfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.platforms.makers import choice, made
from tests.refusals import Refusal, problem
from toolkit import inputs
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, platform_of, read_answers
from toolkit.responses.organisations import read_organisations

ROWS = [
    ["id", "submitdate", "KEY", "ResponseId", "q"],
    ["1", "2026", "u1", "R1", "a"],
    ["2", "2026", "u2", "R2", "b"],
]
PLATFORMS = ("limesurvey", "qualtrics", "odk", "redcap", "spss", "stata", "surveyjs", "preview", "table")


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    return made(tmp_path_factory.mktemp("survey"), [choice("q", {"a": "A", "b": "B"})])


def entry(platform: str, path: Path, **more: Any) -> AnswersFile:
    said = {"wave": "w", "platform": platform, "file": path.name, "organisation": "o", "audience": "everyone"}
    if platform == "table":
        said["mapping"] = {"items": {"q": {"column": "q"}}}
    return AnswersFile.model_validate(said | more)


def every_reader(path: Path, survey: Instrument, platforms: tuple[str, ...] = PLATFORMS) -> list[str]:
    """What each reader says of a file; "" where it reads it."""
    said = []
    jobs: list[Callable[[], object]] = [
        lambda name=name: read_answers(path, survey, entry=entry(name, path))
        for name in platforms  # type: ignore[misc]
    ]
    jobs += [lambda: platform_of(path)]
    jobs += [lambda: read_organisations(path, audiences=("everyone",), waves=("w",))]
    for job in jobs:
        try:
            job()
        except InvalidInput as refused:
            said.append(str(refused))
        else:
            said.append("")
    return said


def workbook(rows: list[list[Any]] = ROWS, change: Callable[[Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change is not None:
        change(book.active)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return held.getvalue()


def repacked(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        return archive({name: change(name, old.read(name)) for name in old.namelist()})


def parquet() -> bytes:
    held = io.BytesIO()
    pd.DataFrame(ROWS[1:], columns=ROWS[0]).to_parquet(held)
    return held.getvalue()


CSV = "\r\n".join(";".join(f'"{cell}"' for cell in row) for row in ROWS).encode()
JSON = json.dumps({"responses": [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]}).encode()
XML = b"<data><meta><instanceID>u1</instanceID></meta><q>a</q></data>"
SOUND = {
    "csv": CSV,
    "gz": gzip.compress(CSV, mtime=0),
    "zip": archive({"answers.csv": CSV}),
    "xlsx": workbook(),
    "json": JSON,
    "xml": XML,
    "zip of xml": archive({"a.xml": XML, "b.xml": XML.replace(b"u1", b"u2")}),
    **({"parquet": parquet()} if find_spec("pyarrow") else {}),
}


@pytest.mark.parametrize("kind", SOUND)
def test_a_sound_file_is_read_by_a_reader(kind: str, survey: Instrument, tmp_path: Path) -> None:
    path = tmp_path / "answers"
    path.write_bytes(SOUND[kind])
    assert "" in every_reader(path, survey)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(25))
@given(kind=st.sampled_from(sorted(SOUND)), data=st.data())
def test_a_file_cut_short_or_with_bytes_changed_is_read_or_refused(
    kind: str, data: st.DataObject, survey: Instrument, tmp_path: Path
) -> None:
    held = bytearray(SOUND[kind])
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(held) - 1), st.integers(0, 255)), max_size=8)
    ):
        held[place] = value
    path = tmp_path / "answers"
    path.write_bytes(bytes(held[: data.draw(st.integers(1, len(held)))]))
    every_reader(path, survey)


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
BOMB = b"0" * 3_000_000


def _sheet(text: str) -> Callable[[str, bytes], bytes]:
    return lambda name, data: text.encode() if name.endswith("sheet1.xml") else data


def _encrypted() -> bytes:
    """The flag of an encrypted member, in both of its headers."""
    held = bytearray(archive({"answers.csv": CSV}))
    held[6] |= 1
    held[held.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(held)


def _compressed_oddly() -> bytes:
    held = bytearray(archive({"answers.csv": CSV}))
    held[8] = held[held.rindex(b"PK\x01\x02") + 10] = 97
    return bytes(held)


SPOILT: dict[str, tuple[bytes, str]] = {
    "half a pair in JSON is read": (b'[{"id": "1", "q": "a", "c": "\\ud83d"}]', ""),
    "JSON nested deep": (b"[" * 100_000, "nested deeper than 50 levels"),
    "JSON objects nested deep": (b'{"a":' * 100_000, "nested deeper than 50 levels"),
    "JSON nested and closed": (b'[{"a":' + b"[" * 900 + b"]" * 900 + b"}]", "nested deeper than 50 levels"),
    "a number of 5,000 digits in JSON": (b'[{"q": ' + b"9" * 5000 + b"}]", "thousands of digits"),
    "XML nested deep": (b"<a>" * 100_000, "nested deeper than 50 levels"),
    "XML closed deep": (b"<a>" * 5_000 + b"</a>" * 5_000, "nested deeper than 50 levels"),
    "XML in an encoding that is none": (b'<?xml version="1.0" encoding="zlib"?><a/>', "names an encoding"),
    "XML with a document type": (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "declares a document type"),
    "a document type far down": (b"<?xml version='1.0'?>" + b"<!-- -->" * 900 + b"<!DOCTYPE a><a/>",
                                 "declares a document type"),
    "an answer beyond the parser's own limit": (CSV.replace(b'"a"', b'"' + b"a" * 200_000 + b'"'), "aaaa"),
    "a cell beyond our limit": (CSV.replace(b'"a"', b'"' + b"a," * 600_000 + b'"'), "1,000,000 characters"),
    "a quote that is never closed": (CSV + b'\r\n"' + b"x;y\r\n" * 400_000, "perhaps a quote is not closed"),
    "zero bytes": (CSV + b"\x00", "zero bytes"),
    "zero bytes in UTF-16": (b"\xff\xfe" + "id;q\n1;a\x00\n".encode("utf-16-le"), "zero bytes"),
    "an encrypted .zip": (_encrypted(), "protected by a password"),
    "a .zip compressed oddly": (_compressed_oddly(), "cannot be opened"),
    "an encrypted workbook": (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "by a password"),
    "a workbook whose parts are cut": (
        repacked(workbook(), lambda n, d: d[: len(d) // 2]), "cannot be opened"),
    "a workbook whose strings are missing": (repacked(workbook(), _sheet(
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="s"><v>99</v></c></row>'
        "</sheetData></worksheet>"
    )), "cannot be opened"),
    "a workbook of no parts": (archive({"[Content_Types].xml": b"<Types/>"}), "cannot be opened"),
    "a workbook with entities": (repacked(workbook(), _sheet(
        "<!DOCTYPE a [<!ENTITY b 'x'>]><worksheet>&b;</worksheet>")), ""),
}  # fmt: skip


@pytest.mark.parametrize("limit", [1_000, 2**31 - 1])
def test_the_largest_cell_does_not_depend_on_the_limit_another_library_set(
    limit: int, survey: Instrument, tmp_path: Path
) -> None:
    path = tmp_path / "answers"
    before = csv.field_size_limit(limit)
    try:
        path.write_bytes(SPOILT["a cell beyond our limit"][0])
        assert any("1,000,000 characters" in one for one in every_reader(path, survey))
        path.write_bytes(SPOILT["an answer beyond the parser's own limit"][0])
        assert not any("1,000,000 characters" in one for one in every_reader(path, survey))
        assert csv.field_size_limit() == limit
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize("kind", SPOILT)
def test_what_is_spoilt_is_named_by_the_reader_it_is_for(
    kind: str, survey: Instrument, tmp_path: Path
) -> None:
    path = tmp_path / "answers"
    data, sentence = SPOILT[kind]
    path.write_bytes(data)
    said = every_reader(path, survey)
    assert any(sentence in one if sentence else True for one in said), said
    assert all(len(one) < 20_000 for one in said)


@pytest.mark.parametrize(
    "encoding",
    [
        "undefined",
        "zlib",
        "hex",
        "rot13",
        "idna",
        "punycode",
        "utf-7",
        "unicode_escape",
        "",
        "a\x00b",
        "no" * 999,
    ],
)
def test_an_encoding_that_no_text_is_in_is_refused(encoding: str, survey: Instrument, tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_bytes(CSV)
    with pytest.raises(InvalidInput, check=problem("unknown-option", f"encoding: {encoding}")):
        read_answers(path, survey, entry=entry("limesurvey", path, encoding=encoding))


@pytest.mark.parametrize("kind", ["gz", "zip", "zip of xml", "xlsx"])
def test_what_unpacks_beyond_the_limit_is_refused_before_it_is(
    kind: str, survey: Instrument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("files.delimited", "files.opening", "odk.reading"):
        monkeypatch.setattr(f"toolkit.platforms.{module}.LARGEST_ANSWERS", 2_000_000)
    monkeypatch.setattr("toolkit.platforms.files.workbooks.LARGEST_WORKBOOK", 2_000_000)
    path = tmp_path / "answers"
    bombs = {
        "gz": gzip.compress(BOMB, mtime=0),
        "zip": archive({"a.csv": BOMB}),
        "zip of xml": archive({"a.xml": BOMB}),
        "xlsx": repacked(workbook(), lambda n, d: d + b" " * 3_000_000 if n.endswith("sheet1.xml") else d),
    }
    path.write_bytes(bombs[kind])
    *said, _ = every_reader(path, survey, ("limesurvey", "odk", "surveyjs", "table"))
    assert all("unpacks to" in one or "is a spreadsheet" in one for one in said), said


@contextlib.contextmanager
def not_a_file(kind: str, folder: Path) -> Iterator[Path]:
    path = folder / "s"
    if kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a device":
        path = Path("/dev/zero")
    if kind == "a socket":
        with socket.socket(socket.AF_UNIX) as made_here:
            made_here.bind(str(path))
            yield path
    else:
        yield path


@pytest.mark.skipif(os.name != "posix", reason="pipes, devices and sockets as POSIX has them")
@pytest.mark.parametrize("kind", ["a named pipe", "a device", "a folder", "a socket"])
def test_what_is_not_a_file_is_refused_and_never_waited_for(
    kind: str, survey: Instrument, tmp_path: Path
) -> None:
    with not_a_file(kind, tmp_path) as path:
        said = every_reader(path, survey)
    assert all(kind in one or "cannot be read" in one for one in said), said


@pytest.mark.parametrize("name", ["a" * 5_000, "a\x00b", "x/" * 3_000])
def test_a_name_that_no_file_can_have_is_refused(name: str, survey: Instrument, tmp_path: Path) -> None:
    assert all(0 < len(one) < 1_000 for one in every_reader(tmp_path / name, survey))


def test_a_file_that_grows_beyond_its_size_is_not_read_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"1" * 100)
    with pytest.raises(OSError) as refused:  # noqa: PT011 - told by its number
        inputs.read_bytes(path, most=10)
    assert refused.value.errno == errno.EFBIG
    assert inputs.read_bytes(path, most=100) == b"1" * 100


def _read_book(path: Path, survey: Instrument, data: bytes) -> Any:
    path.write_bytes(data)
    return read_answers(path, survey, entry=entry("table", path))


def _with_parts(data: bytes, old: str, new: str) -> bytes:
    """A workbook with text of its sheet replaced."""

    def change(name: str, held: bytes) -> bytes:
        assert not name.endswith("sheet1.xml") or old.encode() in held
        return held.replace(old.encode(), new.encode()) if name.endswith("sheet1.xml") else held

    return repacked(data, change)


def test_blank_cells_in_the_last_row_and_column_cost_nothing(survey: Instrument, tmp_path: Path) -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}" s="0"/></row>' for row in range(4, 3_000))
    far = f'{rows}<row r="1048576"><c r="A1048576" s="0"/><c r="XFD1048576" s="0"/></row></sheetData>'
    data = _with_parts(workbook(), "</sheetData>", far)
    assert len(_read_book(tmp_path / "far.xlsx", survey, data).people) == 2


def test_a_formula_counts_with_its_stored_value_and_is_refused_without(
    survey: Instrument, tmp_path: Path
) -> None:
    data = workbook(change=lambda sheet: sheet.__setitem__("E3", "=E2"))
    with pytest.raises(InvalidInput, check=problem("unreadable-cell", "cell E3")):
        _read_book(tmp_path / "a.xlsx", survey, data)
    stored = _with_parts(data, "<f>E2</f><v></v>", "<f>E2</f><v>a</v>")
    stored = _with_parts(stored, '<c r="E3"', '<c r="E3" t="str"')
    with pytest.raises(
        InvalidInput, check=problem("unreadable-cell", "cell E3")
    ):  # openpyxl asks for a new calculation
        _read_book(tmp_path / "b.xlsx", survey, stored)
    sure = repacked(stored, lambda name, held: held.replace(b'fullCalcOnLoad="1"', b""))
    assert _read_book(tmp_path / "c.xlsx", survey, sure).answers["q"].tolist() == ["a", "a"]


def test_an_answer_that_begins_with_an_equals_sign_is_read_as_written(
    survey: Instrument, tmp_path: Path
) -> None:
    data = workbook([[*ROWS[0], "why"], [*ROWS[1], "= I do not know :)"], [*ROWS[2], "=)"]])
    read = _read_book(tmp_path / "a.xlsx", survey, data)
    assert "cells that begin with '=' but are not formulas, read as text: 2" in set(
        read.disposition["reason"]
    )


def test_merged_cells_below_the_headings_and_errors_are_refused_by_cell(
    survey: Instrument, tmp_path: Path
) -> None:
    data = workbook(change=lambda sheet: sheet.merge_cells("E2:E3"))
    with pytest.raises(InvalidInput, check=problem("unreadable-cell", "cell E2:E3")):
        _read_book(tmp_path / "a.xlsx", survey, data)
    data = workbook([["A title", *[None] * 4], *ROWS], change=lambda sheet: sheet.merge_cells("A1:E1"))
    assert "are merged" not in " ".join(every_reader_of(data, survey, tmp_path))
    data = workbook(change=lambda sheet: sheet.__setitem__("E3", "#REF!"))
    with pytest.raises(InvalidInput, check=problem("unreadable-cell", "cell E3")):
        _read_book(tmp_path / "b.xlsx", survey, data)
    many = workbook(change=lambda sheet: [sheet.__setitem__(f"E{row}", "=E2") for row in range(3, 103)])
    with pytest.raises(InvalidInput, check=problem("unreadable-cell", "80 more cells").among_others()):
        _read_book(tmp_path / "c.xlsx", survey, many)


def every_reader_of(data: bytes, survey: Instrument, folder: Path) -> list[str]:
    path = folder / "every"
    path.write_bytes(data)
    return every_reader(path, survey)


def test_half_a_character_in_a_workbook_becomes_the_sign_for_it(survey: Instrument, tmp_path: Path) -> None:
    data = workbook([[*ROWS[0], "why"], [*ROWS[1], "good _xD83D_"], [*ROWS[2], "x"]])
    read = _read_book(tmp_path / "a.xlsx", survey, data)
    assert any("a character lost before" in reason for reason in read.disposition["reason"])


@pytest.mark.parametrize(
    ("columns", "refusal"),
    [(400, problem("unexpected-column", "column KEY")), (50_000, problem("too-large", "file"))],
)
def test_many_unknown_columns_are_one_problem(
    columns: int, refusal: Refusal, survey: Instrument, tmp_path: Path
) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(",".join([*row, *(f"c{n}" for n in range(columns))]) for row in ROWS[:2]))
    with pytest.raises(InvalidInput, check=refusal) as refused:
        read_answers(path, survey, entry=entry("limesurvey", path))
    assert len(refused.value.problems) == 1
    assert len(str(refused.value)) < 1_000


@pytest.mark.slow
def test_a_file_that_ends_the_library_that_reads_it_is_refused(survey: Instrument, tmp_path: Path) -> None:
    path = tmp_path / "answers.sav"
    frame = pd.DataFrame({"q": ["a", "b"], "n": [1.0, 2.0]})
    import pyreadstat

    pyreadstat.write_sav(frame, str(path), variable_value_labels={"n": {1.0: "One"}})
    assert "" in every_reader(path, survey, ("spss", "table"))
    held = path.read_bytes()
    for cut in (100, len(held) // 2):
        path.write_bytes(held[:cut])
        every_reader(path, survey, ("table",))


def test_limesurveys_own_sav_is_refused_with_advice(survey: Instrument, shared: Path) -> None:
    path = shared / "field_cases" / "LS_real_limesurvey" / "limesurvey_segfault_pulse4.sav"
    with pytest.raises(InvalidInput, check=problem("damaged-file", "file")):
        read_answers(path, survey, entry=entry("spss", path))
