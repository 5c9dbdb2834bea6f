"""survey-toolkit findings and reproduce, as they are typed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from toolkit.cli import main

PUBLISHED = Path(__file__).resolve().parents[2] / "data_samples" / "published"


@pytest.fixture
def register(tmp_path: Path) -> Path:
    for name in ("studies.yaml", "findings.csv", "relations.yaml"):
        shutil.copy(PUBLISHED / name, tmp_path)
    return tmp_path


def test_list_names_every_claim_of_a_study_with_its_verdict(register, capsys):
    assert main(["findings", "list", "--study", "pew-2024", "--register", str(register)]) == 0
    said = capsys.readouterr().out
    assert "PEW24-01" in said
    assert "untested " in said
    assert "2 claim(s)" in said


def test_list_can_be_narrowed_to_a_verdict(register, capsys):
    assert main(["findings", "list", "--verdict", "reproduced", "--register", str(register)]) == 0
    said = capsys.readouterr().out
    assert "UBB24-22" in said
    assert "1 claim(s)" in said


def test_show_says_verdict_interval_base_source_and_conflict(register, capsys):
    assert main(["findings", "show", "UBB24-02", "--register", str(register)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for part in (
        "published as: 77 %",
        "n was not published; 625 at most",
        "64 to 86 % if 50 answered, 74 to 80 % if 625 did",
        "verdict: consistent",
        "FM magazine, HR News Canada",
        "no pair with: UBB24-01",
        "source: OSNews",
    ):
        assert part in said.replace("\u00a0", " ")


def test_show_refuses_an_id_that_is_not_there_with_near_ones(register, capsys):
    assert main(["findings", "show", "UBB24-0", "--register", str(register)]) == 2
    assert "did you mean 'UBB24-" in capsys.readouterr().err


def test_check_passes_the_shipped_register(register, capsys):
    assert main(["findings", "check", "--register", str(register)]) == 0
    said = capsys.readouterr().out
    assert "131 claims of 20 studies: no problems found" in said
    assert "check aipolicy" in said


def test_check_tells_faults_and_contradictions(register, capsys):
    path = register / "findings.csv"
    text = path.read_text("utf-8")
    path.write_text(text.replace(",85 %,85,", ",91 %,91,"), "utf-8")
    assert main(["findings", "check", "--register", str(register)]) == 1
    assert "UBB24-22: Does not fit UBB24-20 and UBB24-21" in capsys.readouterr().out
    path.write_text(text.replace(",85 %,85,", ",850 %,850,"), "utf-8")
    assert main(["findings", "check", "--register", str(register)]) == 1
    assert "850 is outside 0–100" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["list", "check"])
def test_a_register_that_is_not_there_cannot_be_used(command, tmp_path):
    assert main(["findings", command, "--register", str(tmp_path / "nowhere")]) == 2


def typed(register: Path, **changes: str) -> list[str]:
    claim = {
        "finding-id": "NEW-01",
        "study": "pew-2024",
        "item": "Agree",
        "audience": "Workers",
        "base": "all workers",
        "value": "40",
        "source": "a paper",
        "closeness": "primary",
        **changes,
    }
    given = [part for name, value in claim.items() for part in (f"--{name}", value)]
    return ["findings", "add", *given, "--register", str(register)]


def test_add_appends_a_claim_that_is_then_listed(register, capsys):
    assert main(typed(register)) == 0
    assert main(["findings", "list", "--study", "pew-2024", "--register", str(register)]) == 0
    assert "NEW-01" in capsys.readouterr().out


def test_add_refuses_a_missing_base_and_a_percent_above_100(register, capsys):
    assert main(typed(register, base="", value="140")) == 2
    said = capsys.readouterr().err
    assert "column base: is blank; give the base" in said
    assert "140 is outside 0–100; a share is a percentage" in said


def test_reproduce_writes_a_page_and_a_pdf(register, tmp_path, capsys):
    out = tmp_path / "out"
    given = ["reproduce", "pew-2024", "--register", str(register), "--out", str(out)]
    assert main(given) == 0
    assert [path.name for path in sorted((out / "pew-2024").iterdir())] == ["report.html", "report.pdf"]
    assert (out / "pew-2024" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert str(out / "pew-2024" / "report.html") in capsys.readouterr().out


def test_reproduce_says_that_its_folder_cannot_be_written(register, tmp_path, capsys):
    (tmp_path / "out").write_text("mine")
    assert main(["reproduce", "pew-2024", "--register", str(register), "--out", str(tmp_path / "out")]) == 2
    assert "pew-2024: cannot be written" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "mine"


def test_reproduce_refuses_a_study_or_format_that_is_not_there(register, tmp_path, capsys):
    assert main(["reproduce", "upwork-2042", "--register", str(register), "--out", str(tmp_path)]) == 2
    assert "'upwork-2024'" in capsys.readouterr().err
    assert main(["reproduce", "pew-2024", "--register", str(register), "--formats", "pfd"]) == 2
    assert "did you mean 'pdf'" in capsys.readouterr().err
