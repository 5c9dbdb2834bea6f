"""Nothing is written over that no run has made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.reporting import run_reports
from toolkit.reporting.batch import run_notebook
from toolkit.reporting.plan import check_batch_folder, refuse_foreign


def test_every_folder_and_file_that_is_no_report_is_refused_at_once(tmp_path):
    (tmp_path / "org-01").mkdir()
    (tmp_path / "org-01" / "answers.csv").write_text("raw")
    (tmp_path / "org-02").write_text("a file")
    (tmp_path / "org-03").symlink_to(tmp_path / "nowhere")
    (tmp_path / "index.html").write_text("<p>mine</p>")
    with pytest.raises(InvalidInput) as caught:
        refuse_foreign(tmp_path, ["org-01", "org-02", "org-03", "org-04"], page="index.html")
    assert [Path(problem.where).name for problem in caught.value.problems] == [
        "org-01",
        "org-02",
        "org-03",
        "index.html",
    ]


def test_a_file_or_a_folder_in_the_place_of_the_runs_own_is_refused(tmp_path, sample_study):
    folder = tmp_path / "ai_at_work" / "2026"
    (folder / "_batch" / "key").mkdir(parents=True)
    (folder / "_batch" / "log.jsonl").mkdir()
    with pytest.raises(InvalidInput) as caught:
        run_reports(sample_study, organisations=["org-12"], out=tmp_path)
    assert [Path(problem.where).name for problem in caught.value.problems] == ["key", "log.jsonl"]
    shutil.rmtree(folder / "_batch")
    (folder / "_batch").write_text("a file")
    with pytest.raises(InvalidInput, check=problem("wrong-path", str(folder / "_batch"))):
        check_batch_folder(folder)


def test_an_earlier_report_a_damaged_one_and_an_empty_folder_may_be_replaced(tmp_path):
    for one, file in (("org-01", "manifest.json"), ("org-02", "report.ipynb"), ("org-03", "")):
        (tmp_path / one).mkdir()
        if file:
            (tmp_path / one / file).write_text("{")
    (tmp_path / "index.html").write_text('<main id="reports" class="index">')
    refuse_foreign(tmp_path, ["org-01", "org-02", "org-03"], page="index.html")


def test_answers_that_lie_where_a_report_is_to_stand_are_refused_and_stay(sample_study, tmp_path):
    raw = tmp_path / "ai_at_work" / "2026" / "org-12"
    raw.mkdir(parents=True)
    (raw / "answers.csv").write_text("raw")
    with pytest.raises(InvalidInput, check=problem("file-exists", str(raw))):
        run_reports(sample_study, organisations=["org-12"], out=tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["answers.csv"]


def test_a_folder_of_ones_own_with_the_name_of_a_value_is_refused_and_stays(write_notebook, tmp_path):
    notebook = write_notebook("1", name="mine.ipynb", parameters="year = 2020")
    own = tmp_path / "mine" / "2024"
    own.mkdir(parents=True)
    (own / "notes.txt").write_text("mine")
    with pytest.raises(InvalidInput, check=problem("file-exists", str(own))):
        run_notebook(notebook, for_each="year", values=[2024, 2025], out=tmp_path)
    assert (own / "notes.txt").read_text() == "mine"
    assert [path.name for path in own.parent.iterdir()] == ["2024"]


def test_a_study_whose_answers_are_wrong_leaves_no_output_folder(sample_study, tmp_path):
    root = sample_study.parents[2]
    shutil.copytree(sample_study.parent, tmp_path / "data_samples" / "ai_at_work")
    for name in ("instruments", "data_samples/published"):
        (tmp_path / name).symlink_to(root / name)
    table = tmp_path / "data_samples" / "ai_at_work" / "organisations.csv"
    table.write_text(table.read_text().replace("org-07,", "org-77,"))
    with pytest.raises(
        InvalidInput,
        check=problem("unknown-organisation", "organisation org-07, wave 2025")
        + problem("unknown-organisation", "organisation org-07, wave 2026"),
    ):
        run_reports(tmp_path / "data_samples" / "ai_at_work" / "study.yaml", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
