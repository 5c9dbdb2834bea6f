"""A notebook of one's own, once for each value, by the engine of the reports."""

from __future__ import annotations

import json

import pytest

from tests.refusals import problem
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.reporting.batch import run_notebook
from toolkit.reporting.options import RunOptions
from toolkit.reporting.plan import check_notebook_run

pytestmark = pytest.mark.slow

OWN = "from pathlib import Path\nPath(output, 'twice.txt').write_text(str(2 * year))"


@pytest.fixture
def yearly(write_notebook):
    return write_notebook(OWN, name="yearly.ipynb", parameters="year: int = 2020\nname = ''\noutput = None")


def test_each_value_gets_its_own_whole_folder_and_an_unchanged_one_is_not_run_again(yearly, tmp_path):
    asked = {"for_each": "year", "values": [2024, 2025], "out": tmp_path / "out", "workers": 2}
    made = run_notebook(yearly, **asked)
    assert made["status"].tolist() == ["made", "made"]
    folder = tmp_path / "out" / "yearly"
    assert (folder / "2025" / "twice.txt").read_text() == "4050"
    told = json.loads((folder / "2024" / "manifest.json").read_text())
    assert told["parameters"] == {"year": 2024}
    assert set(told["outputs"]) == {"report.ipynb", "report.html", "twice.txt"}
    assert str(tmp_path) not in (folder / "2024" / "report.ipynb").read_text()
    (folder / "2024" / "twice.txt").write_text("damaged")
    assert run_notebook(yearly, **asked)["status"].tolist() == ["made", "unchanged"]


def test_one_value_that_fails_leaves_the_others_and_the_command_says_so(write_notebook, tmp_path, capsys):
    cell = "if year == 2025: raise ValueError('no such year')"
    notebook = write_notebook(cell, name="fails.ipynb", parameters="year = 2020")
    code = main(["run", str(notebook), "--for-each", "year=2024,2025", "--out", str(tmp_path / "out")])
    assert code == 1
    told = capsys.readouterr().out
    assert "2024: made" in told
    assert "2025: failed" in told
    assert "no such year" in told
    assert not (tmp_path / "out" / "fails" / "2025").exists()
    assert (tmp_path / "out" / "fails" / "_failed" / "2025" / "traceback.txt").exists()


def test_an_organisations_run_finds_its_own_answers_and_nobody_elses(write_notebook, sample_study, tmp_path):
    look = (
        "import toolkit as tk, json\nfrom pathlib import Path\n"
        "from toolkit.reporting.parts import open_study\n"
        "seen = open_study(study, None).responses(wave='all')['organisation'].unique()\n"
        "Path(output, 'seen.json').write_text(json.dumps(sorted(seen)))"
    )
    notebook = write_notebook(
        look, name="mine.ipynb", parameters="study = ''\norganisation = ''\noutput = None"
    )
    made = run_notebook(
        notebook,
        for_each="organisation",
        values=["org-01", "org-02"],
        parameters={"study": str(sample_study)},
        out=tmp_path / "out",
    )
    assert made["status"].tolist() == ["made", "made"]
    for one in ("org-01", "org-02"):
        folder = tmp_path / "out" / "mine" / one
        assert json.loads((folder / "seen.json").read_text()) == [one]
        assert "SYNTHETIC" in (folder / "report.html").read_text().upper()


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"for_each": "yaer", "values": [1]}, problem("unknown-key", "for each yaer")),
        ({"for_each": "year"}, problem("empty", "for each year")),
        ({"for_each": "year", "values": ["x"]}, problem("wrong-type", "parameter year")),
        (
            {"for_each": "year", "values": [1], "parameters": {"year": 2}},
            problem("conflict", "parameter year"),
        ),
        (
            {"for_each": "year", "values": [1], "parameters": {"years": 2}},
            problem("unknown-key", "parameter years"),
        ),
        ({"for_each": "year", "values": [1, 1]}, problem("name-taken", "for each year")),
        ({"for_each": "output", "values": ["a"]}, problem("conflict", "for each output")),
        (
            {"for_each": "year", "values": [1], "parameters": {"output": "x"}},
            problem("conflict", "parameter output"),
        ),
        ({"for_each": "name", "values": ["a", "A"]}, problem("name-taken", "for each name")),
        ({"for_each": "name", "values": ["a b", "a?b"]}, problem("name-taken", "for each name")),
        (
            {"for_each": "name", "values": ["..", ""]},
            problem("invalid-name", "for each name") + problem("invalid-name", "for each name"),
        ),
        ({"for_each": "name", "values": ["_batch"]}, problem("name-taken", "for each name")),
        ({"for_each": "name", "values": ["_failed"]}, problem("name-taken", "for each name")),
        ({"for_each": "name", "values": ["ü" * 120]}, problem("too-long", "for each name")),
        ({"for_each": "year", "values": [1], "workers": 0}, problem("out-of-range", "workers")),
        ({"for_each": "year", "values": [1], "memory": 2}, problem("out-of-range", "memory")),
        ({"for_each": "year", "values": [1], "seconds": float("nan")}, problem("out-of-range", "seconds")),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(yearly, tmp_path, asked, refusal):
    with pytest.raises(InvalidInput, check=refusal):
        run_notebook(yearly, out=tmp_path / "out", **asked)
    assert not (tmp_path / "out").exists()


def test_a_shipped_notebook_runs_per_organisation_of_its_own_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = run_notebook("explore_gaps", for_each="organisation", values=["org-07", "org-10"])
    assert made["status"].tolist() == ["made", "made"], made["sentence"].tolist()
    gaps = (tmp_path / "reports" / "explore_gaps" / "org-07" / "gaps.csv").read_text("utf-8")
    assert "burnout" in gaps
    named = run_notebook(
        "explore_gaps", for_each="organisation", values=["org-07"], parameters={"study": "ai_at_work"}
    )
    assert named["status"].tolist() == ["unchanged"]  # the same study, by its name


def test_an_unknown_organisation_and_a_missing_study_are_refused(write_notebook, sample_study, tmp_path):
    notebook = write_notebook("1", parameters="study = ''\norganisation = ''")
    with pytest.raises(InvalidInput, check=problem("missing-argument", "parameter study")):
        run_notebook(notebook, for_each="organisation", out=tmp_path)
    given = {"study": str(sample_study)}
    with pytest.raises(InvalidInput, check=problem("unknown-organisation", "organisation org-7")):
        run_notebook(notebook, for_each="organisation", values=["org-7"], parameters=given, out=tmp_path)


def test_everything_that_does_not_fit_is_told_at_once(yearly, tmp_path):
    with pytest.raises(InvalidInput) as caught:
        run_notebook(
            yearly,
            for_each="year",
            values=["x", 1, "y"],
            parameters={"nmae": 1},
            out="s3://bucket/reports",
            workers=-1,
        )
    told = [problem.where for problem in caught.value.problems]
    assert told == [
        "output s3://bucket/reports",
        "workers",
        "parameter nmae",
        "parameter year",
        "parameter year",
    ]


def test_a_study_that_is_given_is_found_from_where_the_command_is_given_and_watched(
    write_notebook, sample_study, tmp_path, monkeypatch
):
    notebook = write_notebook("1", name="waves.ipynb", parameters="wave = ''\nstudy = ''")
    monkeypatch.chdir(sample_study.parent)
    options = RunOptions(out=tmp_path)
    runs = check_notebook_run(notebook, "wave", ["2025", "2026"], {"study": "study.yaml"}, options)
    assert runs.given["study"] == str(sample_study)
    assert sample_study.parent / "organisations.csv" in runs.reads
    alone = check_notebook_run(notebook, "wave", ["2025", "2026"], {"study": "a word"}, options)
    assert (alone.given["study"], alone.reads) == ("a word", ())


def test_a_notebook_shows_a_bar_while_reports_are_built(tmp_path):
    import nbclient
    import nbformat

    source = (
        "import toolkit as tk\n"
        f'made = tk.run_reports("ai_at_work", organisations=["org-10"], out={str(tmp_path)!r})\n'
        'made["status"].tolist()'
    )
    cell = nbformat.v4.new_code_cell(source)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    bar, made = notebook.cells[0].outputs
    assert "application/vnd.jupyter.widget-view+json" in bar["data"]
    assert "withheld" in made["data"]["text/plain"]
    model = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    ended = [one["state"] for one in model.values() if one["model_name"] == "FloatProgressModel"]
    assert [(one["value"], one["max"]) for one in ended] == [(1.0, 1.0)]
