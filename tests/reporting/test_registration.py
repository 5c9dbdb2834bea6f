"""What is registered before a wave is hashed, held against the study file, and answered in its report."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from scipy.stats import fisher_exact

from tests.refusals import problem
from tests.reporting.test_client_brand import write_study
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.reporting import open_report
from toolkit.study import load_study
from toolkit.study.registration import RegisteredTest, read_registration, register

RISE = RegisteredTest(item="good", audience="staff", direction="up")
FALL = RegisteredTest(item="eats", audience="guest", direction="down", organisation="acme")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Wave 2025 of two clients; of 40 answers each, few find it good."""
    path = write_study(tmp_path / "study")
    table = path.parent / "organisations.csv"
    table.write_text(table.read_text("utf-8").replace(",2026,", ",2025,"), "utf-8")
    path.write_text(
        path.read_text("utf-8").replace('wave: "2026"', 'wave: "2025"') + "primary: [good]\nperson: new\n",
        "utf-8",
    )
    file = path.parent / "a.csv"
    lines = file.read_text("utf-8").replace("2026-09", "2025-09").splitlines()
    # columns eats;good: nobody of the staff finds it good but every fifth
    head, *rows = lines
    made = [f"{row.rsplit(';', 1)[0]};{int(place % 5 == 0)}" for place, row in enumerate(rows)]
    file.write_text("\n".join([head, *made]) + "\n", "utf-8")
    return path


def add_wave(path: Path) -> None:
    """Add wave 2026, in which most find it good."""
    table = path.parent / "organisations.csv"
    head, *rows = table.read_text("utf-8").splitlines()
    table.write_text(
        "\n".join([head, *rows, *(row.replace(",2025,", ",2026,") for row in rows)]) + "\n", "utf-8"
    )
    text = path.read_text("utf-8")
    entry = '  - {wave: "2025", platform: limesurvey, file: a.csv}\n'
    assert entry in text
    path.write_text(
        text.replace(entry, entry + entry.replace("2025", "2026").replace("a.csv", "b.csv"))
        + "registration: registration.yaml\n",
        "utf-8",
    )
    head, *rows = (path.parent / "a.csv").read_text("utf-8").replace("2025-09", "2026-09").splitlines()
    made = [f"{row.rsplit(';', 1)[0]};{int(place % 5 != 0)}" for place, row in enumerate(rows)]
    (path.parent / "b.csv").write_text("\n".join([head, *made]) + "\n", "utf-8")


def test_the_report_of_the_wave_answers_the_registered_tests(study: Path) -> None:
    found = register(
        load_study(study), study.parent / "registration.yaml", wave="2026", tests=[RISE, FALL],
        today=date(2026, 1, 2),
    )  # fmt: skip
    add_wave(study)
    report = open_report(study, "bolt")
    table = report.registered().parts[0]
    assert [row[0] for row in table.rows] == ["Good food"]  # the other is of acme alone
    assert table.rows[0][-1] == "confirmed"
    assert "2026-01-02" in table.notes[0]
    assert found.sha256[:12] in table.notes[0]
    assert found.sha256 in report.computed["staff"]["processing_and_quality"]
    both = open_report(study, "acme").registered().parts[0]
    assert len(both.rows) == 2
    answers = load_study(study).responses("bolt", "all")
    staff = answers[answers["audience"] == "staff"].groupby("wave", observed=True)["good"]
    counts = [[int((one == "1").sum()), int((one == "0").sum())] for _, one in staff]
    assert fisher_exact(counts[::-1], alternative="greater").pvalue < 0.05


def test_a_change_the_other_way_is_not_confirmed(study: Path) -> None:
    other = RISE.model_copy(update={"direction": "down"})
    register(load_study(study), study.parent / "registration.yaml", wave="2026", tests=[other])
    add_wave(study)
    assert open_report(study, "bolt").registered().parts[0].rows[0][-1].startswith("not confirmed")


def test_the_study_may_not_depart_from_what_was_registered(study: Path) -> None:
    register(load_study(study), study.parent / "registration.yaml", wave="2026")
    add_wave(study)
    study.write_text(
        study.read_text("utf-8").replace("primary: [good]", "primary: [eats]\nmargin: 0.2"), "utf-8"
    )
    expected = problem("contradiction", "primary") + problem("contradiction", "margin")
    with pytest.raises(InvalidInput, check=expected):
        load_study(study)


def test_a_registration_changed_afterwards_is_refused(study: Path) -> None:
    path = study.parent / "registration.yaml"
    register(load_study(study), path, wave="2026", tests=[RISE])
    path.write_text(path.read_text("utf-8").replace("direction: up", "direction: down"), "utf-8")
    with pytest.raises(InvalidInput, check=problem("damaged-file", "sha256")):
        read_registration(path, load_study(study).instrument)


def test_layout_does_not_change_the_hash(study: Path) -> None:
    path = study.parent / "registration.yaml"
    found = register(load_study(study), path, wave="2026", tests=[RISE])
    path.write_text("# kept by the analyst\n\n" + path.read_text("utf-8"), "utf-8")
    assert read_registration(path, load_study(study).instrument) == found


def test_tests_of_what_the_study_lacks_and_waves_with_answers_are_refused(study: Path) -> None:
    loaded, path = load_study(study), study.parent / "registration.yaml"
    wrong = [
        RegisteredTest(item="goode", audience="staff", direction="up"),
        RegisteredTest(item="good", audience="boss", direction="up"),
        RegisteredTest(item="good", audience="staff", direction="up", organisation="acne"),
    ]
    expected = (
        problem("unknown-item", "test 1")
        + problem("not-asked", "test 2")
        + problem("unknown-organisation", "test 3")
        + problem("wrong-order", "wave 2025")
    )
    with pytest.raises(InvalidInput, check=expected):
        register(loaded, path, wave="2025", tests=wrong)
    assert not path.exists()


def test_the_command_writes_the_file_once(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(study.parent / "registration.yaml")
    arguments = ["register", str(study), "--wave", "2026", "--test", "good:staff:up:acme", "--out", out]
    assert main(arguments) == 0
    assert "1 tests of wave 2026" in capsys.readouterr().out
    assert main(arguments) == 2
    assert main([*arguments[:-1], out + "2", "--test", "good:staff"]) == 2
    assert not Path(out + "2").exists()


def test_the_next_waves_reach_is_stated_from_the_answers_of_this_one(study: Path) -> None:
    register(load_study(study), study.parent / "registration.yaml", wave="2027")
    add_wave(study)
    text = open_report(study, "bolt").registered().to_text(str)
    assert "Staff: with 20 answers again, changes of 44 points" in text  # 2.80 · √(.25 · 2/20)
