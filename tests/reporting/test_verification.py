"""A file changed by hand, or of another client, is found and named; the file as it was made is not."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest

from tests.refusals import problem
from tests.reporting.test_client_brand import write_study
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.reporting import run_reports
from toolkit.reporting.verification import FAULTS, verify

pytestmark = pytest.mark.slow

FORMATS = ("html", "pdf", "docx", "pptx", "xlsx", "markdown")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of two clients in every format."""
    folder = tmp_path_factory.mktemp("verification")
    run_reports(write_study(folder / "study"), out=folder / "out", workers=1, formats=FORMATS)
    return folder / "out" / "canteen" / "2026"


def zipped(path: Path, change: Callable[[str, bytes], bytes]) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(held, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    path.write_bytes(held.getvalue())


def edited(made: Path, name: str, folder: Path, *, organisation: str = "bolt") -> Path:
    return Path(shutil.copy(made / organisation / name, folder / name))


@pytest.mark.parametrize("suffix", ["html", "pdf", "docx", "pptx", "xlsx", "md"])
def test_a_file_as_it_was_made_has_no_difference(made: Path, suffix: str) -> None:
    for organisation in ("acme", "bolt"):
        assert verify(made / organisation / f"report.{suffix}").empty


@pytest.mark.parametrize("suffix", ["html", "pdf", "docx", "pptx", "xlsx", "md"])
def test_another_clients_file_is_no_copy_of_this_report(made: Path, suffix: str) -> None:
    found = verify(made / "bolt" / f"report.{suffix}", made / "acme")
    assert found["kind"].isin(FAULTS).any()


def test_a_figure_changed_in_a_page_is_named(made: Path, tmp_path: Path) -> None:
    path = edited(made, "report.html", tmp_path)
    text = path.read_text("utf-8")
    path.write_text(re.sub(r">20 of 30<|>20<", ">21<", text, count=1), "utf-8")
    assert path.read_text("utf-8") != text
    found = verify(path, made / "bolt")
    assert list(found["kind"]) == ["changed-figure"]
    assert "21" in found["found"].iloc[0]


def test_a_cell_a_label_and_an_added_sentence_in_word(made: Path, tmp_path: Path) -> None:
    path = edited(made, "report.docx", tmp_path)
    document = docx.Document(str(path))
    cell = next(
        cell for table in document.tables for row in table.rows for cell in row.cells if "%" in cell.text
    )
    cell.paragraphs[0].runs[0].text = "99%"
    document.add_paragraph("We discussed this with the board.")
    document.add_paragraph("The board thinks 80% is good.")
    document.save(str(path))
    found = verify(path, made / "bolt")
    assert sorted(found["kind"]) == ["added-figure", "added-text", "changed-figure"]
    assert main(["verify", str(path), "--report", str(made / "bolt")]) == 1


def test_words_without_numbers_alone_do_not_fail(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = edited(made, "report.docx", tmp_path)
    document = docx.Document(str(path))
    document.add_paragraph("We discussed this with the board.")
    document.save(str(path))
    assert main(["verify", str(path), "--report", str(made / "bolt")]) == 0
    assert "added-text" in capsys.readouterr().out


def test_a_cell_changed_in_a_workbook_is_named(made: Path, tmp_path: Path) -> None:
    path = edited(made, "report.xlsx", tmp_path)
    book = openpyxl.load_workbook(path)
    sheet = next(one for one in book if any(isinstance(cell.value, float) for row in one for cell in row))
    cell = next(cell for row in sheet for cell in row if isinstance(cell.value, float))
    cell.value = 0.987
    book.save(path)
    found = verify(path, made / "bolt")
    assert "changed-figure" in set(found["kind"])
    assert found["found"].str.contains("0.987").any()


def test_a_chart_changed_in_a_slide_is_found(made: Path, tmp_path: Path) -> None:
    path = edited(made, "report.pptx", tmp_path)

    def change(name: str, part: bytes) -> bytes:
        return (
            re.sub(rb"<c:v>0\.\d+</c:v>", b"<c:v>0.123</c:v>", part, count=1)
            if "charts/chart" in name
            else part
        )

    zipped(path, change)
    assert pptx.Presentation(str(path)).slides
    found = verify(path, made / "bolt")
    assert "changed-figure" in set(found["kind"])


def test_numbers_of_results_csv_are_held_against_the_manifest(made: Path, tmp_path: Path) -> None:
    assert verify(made / "bolt" / "results.csv").empty
    path = edited(made, "results.csv", tmp_path)
    path.write_bytes(path.read_bytes().replace(b"20", b"21", 1))
    assert list(verify(path, made / "bolt")["kind"]) == ["changed-figure"]


def test_what_cannot_be_verified_is_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, check=problem("file-not-found", str(made / "bolt" / "lost.html"))):
        verify(made / "bolt" / "lost.html")
    with pytest.raises(InvalidInput, check=problem("unsupported-format", "report.ipynb")):
        verify(made / "bolt" / "report.ipynb")
    alone = edited(made, "report.html", tmp_path)
    with pytest.raises(InvalidInput, check=problem("file-not-found", str(tmp_path))):
        verify(alone)
    shutil.copytree(made / "bolt", tmp_path / "other")
    (tmp_path / "other" / "document.json.gz").write_bytes((made / "acme" / "document.json.gz").read_bytes())
    where = str(tmp_path / "other" / "document.json.gz")
    with pytest.raises(InvalidInput, check=problem("damaged-file", where)):
        verify(alone, tmp_path / "other")
    alone.with_suffix(".docx").write_bytes(b"no document")
    with pytest.raises(InvalidInput, check=problem("damaged-file", "report.docx")):
        verify(alone.with_suffix(".docx"), made / "bolt")
