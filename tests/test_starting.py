"""A new study is whole: what init writes is checked and reported on at once, and nothing is written over."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import yaml

import toolkit as tk
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.study.starting import PLATFORMS, start_study

CASES = {
    "defaults": {},
    "qualtrics": {"platform": "qualtrics", "audiences": ["manager", "staff"], "waves": ["2025", "2026"]},
    "table": {"platform": "table", "audiences": ["executive", "employee", "freelancer"], "weights": "w1"},
    "one audience": {"audiences": ["employee"], "waves": ["spring", "autumn"]},
    "shipped questionnaire": {
        "instrument": "core",
        "audiences": ["executive", "employee"],
        "platform": "table",
    },
}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(one, marks=[] if one in ("defaults", "qualtrics") else [pytest.mark.slow])
        for one in CASES
    ],
)
def test_check_accepts_what_was_written(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my_study"
    files = start_study(folder, **CASES[case])
    assert {path for path in folder.rglob("*") if path.is_file()} == set(files)
    assert main(["lint", "--strict", str(folder / "questionnaire.yaml")]) == 0
    assert main(["check", str(folder)]) == 0
    assert "No problems found." in capsys.readouterr().out
    study = tk.load_study(folder)
    assert study.synthetic
    asked = CASES[case].get("audiences", ["executive", "employee"])
    assert set(study.responses(wave="all")["audience"].unique()) == set(asked)
    assert study.waves == tuple(CASES[case].get("waves", study.waves))
    assert study.person == ("new" if len(study.waves) > 1 else None)


def test_report_accepts_what_was_written_with_every_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", None)
    assert main(["init", "my_study"]) == 0
    assert main(["report", "my_study", "--organisation", "org-01"]) == 0
    assert list(tmp_path.glob("reports/my_study/*/org-01/*.html"))


def test_the_notebook_runs_in_the_study_s_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start_study(tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    cells = json.loads((tmp_path / "mine" / "notebook.ipynb").read_text("utf-8"))["cells"]
    names: dict = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec("".join(cell["source"]), names)
    plt.close("all")
    assert set(names["gaps"]["family"].dropna()) != set()
    assert names["shares"]["estimate"].between(0, 1).all()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_folder(tmp_path: Path) -> None:
    for platform in PLATFORMS:
        one, two = (tmp_path / name / platform for name in ("one", "two"))
        start_study(one, platform=platform, seed=3)
        start_study(two, platform=platform, seed=3)
        assert _bytes(one) == _bytes(two)
        other = tmp_path / "three" / platform
        start_study(other, platform=platform, seed=4)
        assert _bytes(other) != _bytes(one)


def _bytes(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_nothing_is_written_over_or_beside_files(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "study.yaml").write_text("mine", "utf-8")
    (tmp_path / "file").write_text("mine", "utf-8")
    for name in ("full", "file"):
        with pytest.raises(InvalidInput):
            start_study(tmp_path / name)
    assert (tmp_path / "full" / "study.yaml").read_text("utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full", "study.yaml"]


def test_every_name_that_cannot_be_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        start_study(
            tmp_path / "Łódź?",
            platform="limesurvy",
            audiences=["Employee", "staff", "staff"],
            waves=["all", "Spring 1"],
        )
    assert len(caught.value.problems) == 6
    assert "did you mean 'limesurvey'" in str(caught.value)
    assert not (tmp_path / "Łódź?").exists()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_column_of_weights_weights_the_study(platform: str, tmp_path: Path) -> None:
    start_study(tmp_path / "mine", platform=platform, weights='a "b": #c', seed=2)
    study = tk.load_study(tmp_path / "mine")
    study.check()
    frame = study.responses()
    assert yaml.safe_load((tmp_path / "mine" / "study.yaml").read_text("utf-8"))["weights"] == {
        "column": "wt"
    }
    assert frame["weight"].between(0.2, 5).all()
    assert frame["weight"].nunique() > len(frame) / 2
    assert frame["weight"].groupby(frame["audience"].astype(str)).mean().to_numpy() == pytest.approx(1)
    assert float((frame["weight"] / frame["wt"]).std()) < 0.2


@pytest.mark.parametrize(("platform", "heading"), [("limesurvey", "id"), ("qualtrics", "Status")])
def test_a_column_of_weights_has_a_heading_of_its_own(platform: str, heading: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        start_study(tmp_path / "mine", platform=platform, weights=heading)
    assert [one.code for one in caught.value.problems] == ["name-taken"]
    assert not (tmp_path / "mine").exists()


def test_an_export_with_a_column_of_weights_makes_a_weighted_study(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        f"{number},{'boss' if number % 4 else 'staff'},{1 + number % 5},{0.5 + number % 3}"
        for number in range(80)
    ]
    (tmp_path / "export.csv").write_text("\n".join(["id,role,mood,wgt", *rows]), "utf-8")
    command = ["init", "mine", "--from", str(tmp_path / "export.csv"), "--audience-column", "role"]
    assert main([*command[:1], str(tmp_path / "mine"), *command[2:], "--weights", "wgt"]) == 0
    study = tk.load_study(tmp_path / "mine")
    assert "wgt" not in study.instrument
    frame = study.responses()
    assert set(frame["wt"].astype(float)) == {0.5, 1.5, 2.5}
    with pytest.raises(InvalidInput) as caught:
        tk.study.drafting.draft_study(tmp_path / "other", tmp_path / "export.csv", weights="wgtt")
    assert [one.code for one in caught.value.problems] == ["unknown-column"]


def test_what_no_option_says_is_asked_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["table", "manager, staff", "", ""])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or next(answers))
    assert main(["init", str(tmp_path / "mine")]) == 0
    assert len(asked) == 4
    study = tk.load_study(tmp_path / "mine")
    assert (tuple(study.instrument.audiences), study.answers[0].platform) == (("manager", "staff"), "table")
