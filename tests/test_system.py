"""Folders that are whole or absent, locks, temporary folders, and logs that a crash does not spoil."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.system import (
    PREFIX,
    EventLog,
    clear_abandoned,
    lock_folder,
    publish,
    read_events,
    staging_folder,
    sweep,
    temporary_folder,
    write_whole,
)


def made(final: Path, words: str) -> Path:
    folder = staging_folder(final)
    (folder / "report.html").write_text(words)
    return folder


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A folder of somebody who is not root, as whom the test goes on: root may write to every folder."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() != 0:
            yield Path(name)
            return
        os.chown(name, 65534, 65534)
        os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="rights of folders as POSIX has them")
def test_a_write_protected_folder_is_replaced_whole(own_folder):
    final = own_folder / "org-01"
    staged = made(final, "first")
    (staged / "files").mkdir()
    (staged / "files/a").touch()
    publish(staged, final)
    for folder in (final / "files", final):
        folder.chmod(0o555)
    publish(made(final, "second"), final)
    assert [path.name for path in own_folder.iterdir()] == ["org-01"]
    assert [path.name for path in final.iterdir()] == ["report.html"]


def test_a_finished_folder_replaces_the_earlier_one_whole(tmp_path):
    final = tmp_path / "org-01"
    publish(made(final, "first"), final)
    (final / "extra.txt").write_text("of the first")
    publish(made(final, "second"), final)
    assert [path.name for path in tmp_path.iterdir()] == ["org-01"]
    assert [path.name for path in final.iterdir()] == ["report.html"]
    assert (final / "report.html").read_text() == "second"


def test_what_an_interrupted_run_left_is_swept(tmp_path):
    made(tmp_path / "org-01", "half")
    (tmp_path / ".making-index.html-12345678").write_text("half")
    assert len(sweep(tmp_path)) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_report_caught_between_two_names_is_put_back(tmp_path):
    final = tmp_path / "org-01"
    publish(made(final, "whole"), final)
    final.rename(tmp_path / ".old-org-01-0a1b2c3d")
    sweep(tmp_path)
    assert (final / "report.html").read_text() == "whole"


def test_an_old_report_beside_its_replacement_is_cleared(tmp_path):
    final = tmp_path / "org-01"
    publish(made(final, "new"), final)
    (tmp_path / ".old-org-01-0a1b2c3d").mkdir()
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["org-01"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "index.html"
    write_whole(path, "old")

    def full(self: Path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["index.html"]


def test_a_second_run_in_one_folder_is_refused(tmp_path):
    pytest.importorskip("fcntl", reason="this system has no such lock")
    with (
        lock_folder(tmp_path),
        pytest.raises(InvalidInput, check=problem("locked", "…/test_a_second_run_in_one_folde0")),
        lock_folder(tmp_path),
    ):
        pass


def test_the_lock_of_a_killed_run_is_gone(tmp_path):
    pytest.importorskip("fcntl", reason="this system has no such lock")
    holder = "import os, signal, sys; from pathlib import Path; from toolkit.system import lock_folder\n"
    holder += "with lock_folder(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", holder, str(tmp_path)], check=False)
    with lock_folder(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_told_in_words(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(InvalidInput, check=problem("unwritable", "…/wave")),
        lock_folder(tmp_path / "file" / "wave"),
    ):
        pass


def test_a_run_that_is_refused_takes_back_the_folders_it_made_and_no_others(tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(InvalidInput), lock_folder(tmp_path / "mine" / "study" / "2026"):
        raise InvalidInput("answers", [])
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_run_that_is_refused_leaves_what_stood_there_and_what_was_written(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InvalidInput), lock_folder(tmp_path):
        raise InvalidInput("answers", [])
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    try:
        with lock_folder(tmp_path / "wave"):
            (tmp_path / "wave" / "report.html").write_text("made")
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert (tmp_path / "wave" / "report.html").read_text() == "made"


def test_a_run_refused_because_another_writes_there_leaves_the_others_lock(tmp_path):
    pytest.importorskip("fcntl", reason="this system has no such lock")
    with lock_folder(tmp_path / "wave"):
        with pytest.raises(InvalidInput, check=problem("locked", "…/wave")), lock_folder(tmp_path / "wave"):
            pass
        with pytest.raises(InvalidInput, check=problem("locked", "…/wave")), lock_folder(tmp_path / "wave"):
            pass


def test_a_file_or_a_link_in_the_place_of_a_report_is_replaced_and_what_a_link_leads_to_stays(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "notes.txt").write_text("mine")
    (tmp_path / "org-01").write_text("a file")
    (tmp_path / "org-02").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "org-03").symlink_to(tmp_path / "nowhere")
    for one in ("org-01", "org-02", "org-03"):
        publish(made(tmp_path / one, "new"), tmp_path / one)
        assert (tmp_path / one / "report.html").read_text() == "new"
    assert (tmp_path / "elsewhere" / "notes.txt").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"elsewhere", "org-01", "org-02", "org-03"}


def test_a_file_that_was_left_under_an_old_name_is_swept(tmp_path):
    (tmp_path / "org-01").mkdir()
    (tmp_path / ".old-org-01-0a1b2c3d").write_text("a file")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["org-01"]


def test_lines_that_are_none_are_passed_over_and_the_next_is_added(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'[1]\n"words"\n{"number": "x"}\nnot json\n\xff\xfe{"num')
    journal = EventLog(path)
    journal.add(event="begun")
    journal.close()
    lines = list(read_events(path))
    assert lines[0] == {"number": "x"}
    assert [line.get("event") for line in lines] == [None, "begun"]


def test_folders_of_runs_that_are_gone_are_cleared_and_those_of_the_living_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    (left / ".lock").touch()
    being_made = tmp_path / f"{PREFIX}new"
    being_made.mkdir()
    with temporary_folder() as mine:
        assert not left.exists()
        assert clear_abandoned() == []
        assert mine.is_dir()
        assert mine.stat().st_mode & 0o077 == 0
    assert not mine.exists()
    assert being_made.exists()


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_answers_unpacked_for_reading_are_cleared_by_the_next_run_when_reading_was_killed(
    tmp_path, monkeypatch, ending
):
    killed = (
        "import os, signal, sys\n"
        "if hasattr(os, 'memfd_create'): del os.memfd_create\n"  # where there is one, nothing is unpacked
        "from toolkit.platforms.files.workbooks import _path_of\n"
        "with _path_of(b'answers', '.' + sys.argv[1]): os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", killed, ending], env=environment, check=False)
    assert [path.name for path in tmp_path.rglob("answers.*")] == [f"answers.{ending}"]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    clear_abandoned()
    assert list(tmp_path.iterdir()) == []
