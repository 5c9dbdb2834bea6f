"""survey-toolkit convert: every folder and template that will not do is told, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reporting.cells import notebook
from toolkit.cli import main
from toolkit.reporting.documents import Cover, document_of, write_documents


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A folder with a report's document."""
    folder = tmp_path / "wave" / "org-01"
    write_documents(document_of(notebook("1"), Cover("A study", "An organisation")), folder, "html")
    (folder / "report.html").unlink()
    return folder


def test_a_report_that_stands_is_written_once_however_often_it_is_named(report, capsys):
    assert main(["convert", str(report), str(report), "--formats", "html"]) == 0
    assert capsys.readouterr().out.count("report.html") == 1
    assert (report / "report.html").exists()


def test_every_folder_that_will_not_do_is_told_and_nothing_is_written(report, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "document.json.gz").write_text("no such thing")
    folders = [str(tmp_path / name) for name in ("absent", "empty", "bad", "wave")]
    assert main(["convert", str(report), *folders, "--formats", "html,pfd"]) == 2
    told = capsys.readouterr().err
    assert "format pfd: unknown output format" in told
    assert f"{tmp_path / 'absent'}: folder not found" in told
    assert f"{tmp_path / 'empty' / 'document.json.gz'}: not found" in told
    assert f"{tmp_path / 'bad' / 'document.json.gz'}: is not a document" in told
    assert f"{tmp_path / 'wave'}: is not a report, but contains 1; name them, e.g. {report}" in told
    assert not (report / "report.html").exists()


@pytest.mark.parametrize(
    ("formats", "said"),
    [("docx", "no.docx: cannot be opened"), ("html", "no.docx: cannot be opened")],
)
def test_a_template_that_is_no_word_file_is_refused_whatever_is_written(
    report, tmp_path, capsys, formats, said
):
    (tmp_path / "no.docx").write_text("no such thing")
    template = ["--template-docx", str(tmp_path / "no.docx")]
    assert main(["convert", str(report), "--formats", formats, *template]) == 2
    assert said in capsys.readouterr().err


def test_a_template_for_a_format_that_is_not_written_is_refused(report, tmp_path, capsys):
    import docx

    docx.Document().save(str(tmp_path / "brand.docx"))
    template = ["--template-docx", str(tmp_path / "brand.docx")]
    assert main(["convert", str(report), "--formats", "html", *template]) == 2
    assert "--template-docx: docx is not among the formats" in capsys.readouterr().err
    assert not (report / "report.html").exists()
