"""survey-toolkit export: what it writes and says, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.cli import main
from toolkit.platforms import read_manifest

INSTRUMENTS = Path(__file__).resolve().parents[2] / "instruments"
FILES = [str(INSTRUMENTS / f"{name}.yaml") for name in ("executive", "employee", "freelancer")]


def _export(*arguments: str, files: list[str] = FILES) -> int:
    return main(["export", *files, *arguments])


def test_it_prints_every_file_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _export("--to", "limesurvey", "--out", str(tmp_path)) == 0
    told = capsys.readouterr().out.splitlines()
    assert sorted(told) == sorted(str(path) for path in tmp_path.iterdir())
    assert {Path(path).name for path in told} == {"ai-at-work.txt", "ai-at-work.manifest.json"}


def test_it_prints_every_notice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _export("--to", "qualtrics", "--out", str(tmp_path), "--audience", "employee") == 0
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Notice: ")]
    manifest = read_manifest(tmp_path / "ai-at-work-employee.manifest.json")
    assert told == [f"Notice: {notice}" for notice in manifest.notices]
    assert any("display logic" in line for line in told)


def test_audience_layout_quota_and_hidden_questions_reach_the_exporter(tmp_path: Path) -> None:
    arguments = ["--layout", "audience", "--audience", "employee", "--quota", "aiuse=1+98:40"]
    assert _export("--to", "limesurvey", "--out", str(tmp_path), *arguments, "--hidden", "organisation") == 0
    text = (tmp_path / "ai-at-work-employee.txt").read_text("utf-8-sig")
    assert "QTA\t\taiuse=1+98\t" in text
    assert text.count("\tQTAM\t") == 2
    assert "\tQ\tS\torganisation\t" in text
    assert not (tmp_path / "ai-at-work-executive.txt").exists()


def test_one_file_is_enough(tmp_path: Path) -> None:
    assert _export("--to", "limesurvey", "--out", str(tmp_path), files=FILES[:1]) == 0
    assert read_manifest(tmp_path / "ai-at-work.manifest.json").audiences == ("executive",)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "limesurvy"], "did you mean 'limesurvey'"),
        (["--to", "limesurvey", "--language", "fi"], "language 'fi'"),
        (["--to", "limesurvey", "--audience", "employe"], "did you mean 'employee'"),
        (["--to", "qualtrics", "--layout", "one"], "layout 'one'"),
        (["--to", "qualtrics", "--hidden", "organisation"], "option 'hidden'"),
        (["--to", "limesurvey", "--quota", "audience:50", "--quota", "=1:x"], "2 problem"),
        (["--to", "limesurvey", "--quota", "audience=employe:50"], "did you mean 'employee'"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_written(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _export(*arguments, "--out", str(tmp_path / "out")) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("a file")
    assert _export("--to", "limesurvey", "--out", str(tmp_path / "taken")) == 2
    assert "cannot be written" in capsys.readouterr().err
