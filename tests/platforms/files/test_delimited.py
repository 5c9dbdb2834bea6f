"""Text files are read whole or refused with what is wrong."""

from __future__ import annotations

import csv
import gzip
import io
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.platforms.files import delimited
from toolkit.platforms.files.delimited import read_sheet

GOOD = 'id;answer\n1;"yes; no"\n2;"two\nlines"\n\n3;é\n'


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _refused(path: Path, **options: int) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_sheet(path, source=path.name, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode(),
        GOOD.encode("utf-8-sig"),
        GOOD.replace("\n\n", "\r\n\r\n").encode(),
        gzip.compress(GOOD.encode(), mtime=0),
        (GOOD + "\r\n").encode(),
        (GOOD + ";\n;\n;;;\n").encode(),
        (";\n" + GOOD).encode(),
        ("\n\n" + GOOD).encode(),
    ],
    ids=[
        "plain",
        "bom",
        "crlf",
        "gz",
        "blank last line",
        "blank cells last",
        "blank cells first",
        "blank lines first",
    ],
)
def test_the_same_cells_are_read_however_the_file_was_saved(tmp_path: Path, data: bytes) -> None:
    sheet = read_sheet(_write(tmp_path / "answers.csv", data), source="answers.csv")
    assert sheet.headings == (("id", "answer"),)
    assert sheet.cells.to_numpy().tolist() == [["1", "yes; no"], ["2", "two\nlines"], ["3", "é"]]


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    sheet = read_sheet(_write(tmp_path / "answers.csv", GOOD.encode()), source="answers.csv")
    assert list(sheet.cells.index) == [2, 3, 5]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n", "is empty"),
        (b"id;answer\n", "headings but no rows"),
        ("id;é\n1;2\n".encode("utf-16"), "UTF-16"),
        ("id;answer\n1;2\n".encode("utf-16-le"), "UTF-16"),
        ("id;answer\n1;caf\u00e9\n".encode("cp1252"), "line 2: the file is not UTF-8 (byte 0xe9"),
        (b"PK\x03\x04 and so on", "is a spreadsheet"),
        (b'id;answer\n1;"cut here', "a quoted cell never ends"),
        (b"id;answer\n1;2\n2\n3;4;5\n4\n", "row 3 (+1 more): 1 cells where the heading has 2"),
        (b"id;answer\n1;2\n2\n3;4;5\n4\n", "row 4: 3 cells where the heading has 2"),
        (b"id;answer\n1;\x00\n" + b"2;3\n" * 9, "zero bytes"),
        (gzip.compress(b"id;answer\n1;2\n", mtime=0)[:-9], "cannot be unpacked: it is cut short"),
        (b"\x1f\x8b\x08\x00garbage, garbage, garbage", "cannot be unpacked: it is damaged"),
        (b"Answers of 2026\nid;answer\n1;2\n2;3\n", "row 1: 1 cells where most rows below it have 2"),
        (b"sep=;\nid;answer;more\n1;2;3\n2;3;4\n", "a title or 'sep=' line is above the headings"),
        (b"Answers;\nid;answer;more\n1;2;3\n2;3\n", "row 4: 2 cells where the heading has 3"),
        (b"id;answer\n;\n ;\n", "headings but no rows"),
    ],
)  # fmt: skip
def test_a_spoilt_file_is_named_for_what_it_is(tmp_path: Path, data: bytes, said: str) -> None:
    assert said in _refused(_write(tmp_path / "answers.csv", data))


def test_a_folder_or_a_file_without_the_right_to_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "is a folder; name the file in it" in _refused(tmp_path)
    path = _write(tmp_path / "answers.csv", GOOD.encode())

    def refuse(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("toolkit.inputs.os.open", refuse)
    assert "cannot be read (Permission denied)" in _refused(path)


def test_a_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    _write(tmp_path / "answers_2026.csv", GOOD.encode())
    assert "did you mean 'answers_2026.csv'?" in _refused(tmp_path / "answers_2025.csv")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(30))
@given(
    st.lists(
        st.lists(st.text(alphabet='aé;,"\n ', max_size=6), min_size=2, max_size=2).filter(
            lambda row: any(map(str.strip, row))
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_quoted_cell_survives(tmp_path: Path, rows: list[list[str]]) -> None:
    quoted = "\n".join(
        ";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [["a", "b"], *rows]
    )
    sheet = read_sheet(_write(tmp_path / "answers.csv", quoted.encode()), source="answers.csv")
    assert sheet.cells.to_numpy().tolist() == rows


@pytest.mark.parametrize("chunk", [3, 5, 64])
def test_cells_that_hold_the_delimiter_between_quotes_are_read_as_csv_reads_them(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(delimited, "_CHUNK", chunk)
    drawn = random.Random(chunk)
    for _ in range(60):
        rows = [["".join(drawn.choices('";a\n', k=drawn.randint(0, 4))) for _ in range(3)] for _ in range(4)]
        rows = [["h", "i", "j"], *([f"x{row[0]}", *row[1:]] for row in rows)]
        held = io.StringIO(newline="")
        csv.writer(held, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
        sheet = delimited.sheet_of_text(held.getvalue(), source="s")
        assert sheet.cells.to_numpy().tolist() == rows[1:]


@pytest.mark.parametrize("quote", ["", '"'])
def test_cells_under_headings_that_are_numbers_stay_as_they_are_written(tmp_path: Path, quote: str) -> None:
    rows = [["id", "2025", "nan", ""], *([f"r{row}", "05", "1.50", " 1"] for row in range(300))]
    text = "\n".join(";".join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
    sheet = read_sheet(_write(tmp_path / "answers.csv", text.encode()), source="answers.csv")
    assert sheet.cells.to_numpy().tolist() == rows[1:]


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("cells", [1, 2, 4])
def test_a_row_of_another_length_far_below_is_refused(tmp_path: Path, quote: str, cells: int) -> None:
    rows = [
        ["id", "use", "why"],
        *([f"r{row}", "1", "a"] for row in range(300)),
        ["r", "1", "a", "b"][:cells],
    ]
    text = "\n".join(";".join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
    path = _write(tmp_path / "answers.csv", text.encode())
    with pytest.raises(InvalidInput, check=problem("ragged-row", "row 302")):
        read_sheet(path, source="answers.csv")
