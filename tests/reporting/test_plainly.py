"""What the system refuses is said in a sentence, by whatever command."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.reporting.cells import notebook
from toolkit.cli import main
from toolkit.errors import ToolkitError
from toolkit.reporting import documents, plan
from toolkit.reporting.documents import Cover, document_of, write_documents
from toolkit.system import system_errors_explained


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/machine/of/mine/report.html")


def test_a_full_disk_is_told_with_the_file_and_without_the_path():
    with (
        pytest.raises(ToolkitError, match=r"No space left on device \(report\.html\)") as caught,
        system_errors_explained(),
    ):
        full()
    assert "/machine" not in str(caught.value)


def test_a_reader_that_is_gone_is_not_told_as_a_disk():
    with pytest.raises(BrokenPipeError), system_errors_explained():
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def test_a_disk_that_is_full_before_the_first_run_of_a_notebook_is_told(
    write_notebook, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(plan, "write_secret", full)
    path = write_notebook("1", name="mine.ipynb", parameters="year = 2020")
    assert main(["run", str(path), "--for-each", "year=1", "--out", str(tmp_path / "out")]) == 2
    assert "the run could not be finished: No space left" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_takes_no_other_format_is_told(tmp_path: Path, monkeypatch, capsys):
    write_documents(document_of(notebook("1"), Cover("A study", "An organisation")), tmp_path, "html")
    monkeypatch.setattr(documents, "write_documents", full)
    assert main(["convert", str(tmp_path), "--formats", "html"]) == 2
    assert "No space left on device (report.html)" in capsys.readouterr().err
