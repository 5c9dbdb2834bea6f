"""survey-toolkit checklist: what it prints, writes and refuses."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from toolkit.cli import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)

    def _run(*arguments: str) -> tuple[int, str, str]:
        code = main(["checklist", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return _run


def test_a_published_study_is_held_against_the_elements(run, tmp_path):
    out = tmp_path / "filled.csv"
    code, said, _ = run("--published", "upwork-2024", "--list", "aapor", "--out", str(out))
    assert code == 0
    assert "3 answered, 2 to check, 6 missing" in said
    assert "16 April to 5 May 2024 [register]" in said
    assert len(pd.read_csv(out)) == 11


def test_missing_lists_only_what_is_missing_and_strict_ends_with_1(run):
    code, said, _ = run("--published", "upwork-2024", "--list", "aapor", "--missing", "--strict")
    assert code == 1
    assert said.count("  missing   ") == 6
    assert "  answered  " not in said


def test_what_cannot_be_checked_is_refused_with_a_hint(run, tmp_path):
    code, _, said = run(str(tmp_path))
    assert code == 2
    assert "holds no manifest.json" in said
    assert "study.yaml" in said
    code, _, said = run("--published", "upwork-2042")
    assert code == 2
    assert "'upwork-2024'" in said
    code, _, said = run("study.yaml", "--published", "upwork-2024")
    assert code == 2
    assert "give one of the two" in said
    code, _, said = run("nowhere.yaml")
    assert code == 2
    assert "Traceback" not in said
