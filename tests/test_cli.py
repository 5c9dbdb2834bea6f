"""The command: what it prints, and what it answers with."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.cli import main

ROOT = Path(__file__).resolve().parents[1]
STUDY = str(ROOT / "data_samples" / "ai_at_work" / "study.yaml")


def test_help_names_every_command_and_loads_nothing_heavy():
    code = (
        "import sys, toolkit.cli\n"
        "try: toolkit.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'pandas', 'numpy', 'matplotlib', 'papermill', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert all(name in told.stdout for name in ("report", "check", "simulate", "lint", "schema"))


def test_check_tells_what_was_kept_and_what_was_set_aside(capsys):
    assert main(["check", STUDY]) == 0
    told = capsys.readouterr().out
    assert "SYNTHETIC" in told
    assert "set aside" in told
    assert "a preview or test" in told
    assert "No problems found" in told


@pytest.mark.slow
def test_report_says_how_many_rows_it_read_and_set_aside(capsys, tmp_path):
    answers = Path(STUDY).parent / "answers"
    with (answers / "2026_staff_limesurvey_codes.csv").open(encoding="utf-8-sig", newline="") as file:
        staff = sum(map(bool, csv.reader(file, delimiter=";"))) - 1  # it ends in a blank line
    with (answers / "2026_freelancers_qualtrics.csv").open(encoding="utf-8-sig", newline="") as file:
        freelancers = len(list(csv.reader(file))) - 3
    assert main(["report", STUDY, "--organisation", "org-10", "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Wave 2026: {staff + freelancers:,} rows read, ")
    assert "set aside; survey-toolkit check gives the reasons" in told


def test_files_of_which_nobody_is_kept_are_refused_both_at_once(capsys, tmp_path):
    for name in ("instruments", "data_samples/ai_at_work", "data_samples/published"):
        shutil.copytree(ROOT / name, tmp_path / name)
    folder = tmp_path / "data_samples" / "ai_at_work"
    keep_first_row(folder / "answers" / "2026_staff_limesurvey_codes.csv", ";", 1, audience="")
    keep_first_row(folder / "answers" / "2026_freelancers_qualtrics.csv", ",", 3, Status="1")
    only = ["--organisation", "org-01", "--out", str(tmp_path / "out")]
    assert main(["report", str(folder / "study.yaml"), *only]) == 2
    told = capsys.readouterr().err
    assert "2026_staff_limesurvey_codes.csv, rows: none is kept" in told
    assert "2026_freelancers_qualtrics.csv, rows: none is kept" in told
    assert not list((tmp_path / "out").rglob("*.html"))


def keep_first_row(path: Path, delimiter: str, heading_rows: int, **changes: str) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=delimiter))[: heading_rows + 1]
    rows[-1] = [changes.get(heading, cell) for heading, cell in zip(rows[0], rows[-1], strict=True)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report", STUDY, "--organisation", "org-7"], "did you mean 'org-07'"),
        (["report", STUDY, "--wave", "1999"], "1999: unknown wave of the study; known: 2025, 2026"),
        (["report", STUDY, "--notebook", "organisation_reprot.ipynb"], "organisation_report.ipynb"),
        (["report", "nowhere/study.yaml"], "study.yaml"),
        (["check", "nowhere/study.yaml"], "study.yaml"),
        (["report", STUDY, "--data", "nowhere"], "does not exist"),
        (["simulate", "nowhere.yaml", "--out", "x"], "nowhere.yaml"),
    ],
)
def test_a_users_mistake_is_a_sentence_and_code_2(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert words in told.err
    assert "Traceback" not in told.err
    assert list(tmp_path.iterdir()) == []


def test_without_a_study_the_shipped_sample_is_used_in_any_folder(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 0
    told = capsys.readouterr().out
    assert "using the synthetic sample" in told
    assert "SYNTHETIC DATA" in told


def test_a_study_with_several_faults_is_told_all_of_them(capsys, tmp_path):
    study = (ROOT / "data_samples" / "ai_at_work" / "study.yaml").read_text(encoding="utf-8")
    spoilt = study.replace("executive: ../../instruments/executive.yaml", "executive: gone.yaml")
    spoilt = spoilt.replace("organisations: organisations.csv", "organisations: gone.csv")
    (tmp_path / "study.yaml").write_text(spoilt, encoding="utf-8")
    assert main(["report", str(tmp_path / "study.yaml")]) == 2
    told = capsys.readouterr().err
    assert "gone.yaml" in told
    assert "gone.csv" in told


def test_lint_finds_nothing_in_the_shipped_questionnaires(capsys):
    paths = [str(ROOT / "instruments" / f"{name}.yaml") for name in ("executive", "employee", "freelancer")]
    assert main(["lint", *paths]) == 0
    assert capsys.readouterr().out.count("no problems found") == 3


def test_lint_lists_what_is_wrong_and_answers_with_1(capsys, tmp_path):
    (tmp_path / "broken.yaml").write_text("id: broken\nid: twice\n", encoding="utf-8")
    assert main(["lint", str(tmp_path / "broken.yaml")]) == 1
    assert "broken.yaml" in capsys.readouterr().out


def test_schema_is_json(capsys):
    assert main(["schema"]) == 0
    assert "properties" in json.dumps(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("workers", ["0", "-1", "many"])
def test_a_number_of_workers_is_a_number(workers, capsys):
    with pytest.raises(SystemExit) as left:
        main(["report", STUDY, "--workers", workers])
    assert left.value.code == 2
    assert "positive integer" in capsys.readouterr().err
