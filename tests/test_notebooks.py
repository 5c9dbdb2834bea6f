"""The notebooks: thin, committed without outputs, and each runs."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from toolkit.reporting.notebook import execute, notebook_parameters, read_notebook

pytestmark = pytest.mark.slow

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
COURSE = sorted((Path(__file__).resolve().parents[1] / "notebooks" / "course").glob("*.ipynb"))
EVERY = [*NOTEBOOKS, *COURSE]
SAMPLES = Path(__file__).resolve().parents[1] / "data_samples"
BANNED = (
    ast.FunctionDef,
    ast.Lambda,
    ast.For,
    ast.While,
    ast.ClassDef,
    ast.With,
    ast.Try,
    ast.ListComp,
    ast.DictComp,
)


def code_cells(path: Path) -> list[dict]:
    return [cell for cell in read_notebook(path)["cells"] if cell["cell_type"] == "code"]


def test_there_is_a_notebook_for_each_kind_of_user():
    assert [path.stem for path in NOTEBOOKS] == [
        "explore_gaps",
        "index",
        "joint_distribution",
        "ordinary_tests",
        "organisation_report",
        "overall_report",
        "panel_pilot_trend",
        "pictures_your_own_way",
        "pilot_of_a_questionnaire",
        "readiness_chapters",
        "reproduce_upwork_2024",
        "scales_reliability_drivers",
        "weights_design_models",
        "withheld_notice",
        "your_sav_in_ten_minutes",
    ]


def test_the_contents_link_to_every_notebook_once():
    words = "\n".join(
        "".join(cell["source"]) for cell in read_notebook(NOTEBOOKS[0].with_name("index.ipynb"))["cells"]
    )
    linked = re.findall(r"\]\(([\w/]+\.ipynb)\)", words)
    assert sorted(linked) == sorted(
        path.relative_to(NOTEBOOKS[0].parent).as_posix() for path in EVERY if path.stem != "index"
    )
    rows = [line for line in words.splitlines() if "](" in line]
    for path in COURSE:
        stated = "".join(read_notebook(path)["cells"][0]["source"])
        found = re.search(r"\*\*Data\*\*: (.+?)\. \*\*Time\*\*: about (\d+) minutes", stated)
        assert found, f"{path.name} states neither its data nor its time"
        (row,) = (row for row in rows if path.name in row)
        assert row.endswith(f"| {found[2]} | {found[1]} |")
        page = (SAMPLES.parent / "docs" / "course.md").read_text("utf-8")
        assert f"{path.name}) | " in page
        assert f"| {found[2]} | {found[1]} |" in page
    assert all(re.fullmatch(r"\|.+\|.+\| \d+ \|.+\|", row) for row in rows)


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs(path):
    for cell in code_cells(path):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_a_notebook_holds_no_code_of_its_own(path):
    for cell in code_cells(path):
        source = "".join(cell["source"])
        assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, BANNED)], source
        assert len(source.splitlines()) <= 7


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_a_notebook_is_valid_and_takes_parameters(path):
    import nbformat

    nbformat.validate(nbformat.read(path, as_version=4))
    assert notebook_parameters(path)


@pytest.mark.parametrize(
    ("stem", "parameters"),
    [
        ("explore_gaps", {"study": SAMPLES / "ai_at_work" / "study.yaml"}),
        ("index", {"study_file": SAMPLES / "ai_at_work" / "study.yaml"}),
        ("ordinary_tests", {"study_file": SAMPLES / "ai_at_work" / "study.yaml"}),
        ("pictures_your_own_way", {"study_file": SAMPLES / "ai_at_work" / "study.yaml"}),
        ("panel_pilot_trend", {"study_file": SAMPLES / "ai_at_work" / "study.yaml"}),
        ("pilot_of_a_questionnaire", {"study_file": SAMPLES / "readiness" / "study.yaml"}),
        ("readiness_chapters", {"study_file": SAMPLES / "readiness" / "study.yaml"}),
        ("scales_reliability_drivers", {}),
        ("your_sav_in_ten_minutes", {"study_file": SAMPLES / "ai_at_work" / "study.yaml"}),
        ("weights_design_models", {"study_file": SAMPLES / "ai_at_work" / "study.yaml"}),
        ("joint_distribution", {"recipe": SAMPLES / "upwork_2024" / "recipe.yaml"}),
        ("reproduce_upwork_2024", {"findings_file": SAMPLES / "published" / "upwork_2024.csv"}),
        ("organisation_report", {"study": SAMPLES / "ai_at_work" / "study.yaml", "organisation": "org-09"}),
        ("withheld_notice", {"study": SAMPLES / "ai_at_work" / "study.yaml", "organisation": "org-10"}),
    ],
)
def test_a_notebook_runs_from_top_to_bottom_without_a_warning(stem, parameters, tmp_path):
    path = next(path for path in NOTEBOOKS if path.stem == stem)
    target = tmp_path / "executed.ipynb"
    execute(path, target, {name: str(value) for name, value in parameters.items()})
    outputs = [output for cell in code_cells(target) for output in cell["outputs"]]
    assert [output for output in outputs if output.get("name") == "stderr"] == []
    if stem != "reproduce_upwork_2024":
        assert "ynthetic" in json.dumps(outputs)


def test_the_students_gaps_are_the_published_ones(tmp_path):
    import toolkit as tk
    from toolkit.reporting.notebook import published_summary

    findings = tk.load_findings(SAMPLES / "published" / "upwork_2024.csv")
    pairs = {"flexible": ["UBB24-26", "UBB24-27"], "strategy": ["UBB24-28", "UBB24-29"]}
    gaps = tk.gaps_from_summary(published_summary(findings, pairs))
    assert gaps["gap"].tolist() == pytest.approx([0.17, 0.14])
    assert gaps["n_a"].tolist() == [1250, 1250]
    assert gaps["n_b"].tolist() == [625, 625]


# --- the course


def asked(path: Path) -> list[str]:
    return re.findall(r'tk\.check_answer\("([^"]+)"', "".join("".join(c["source"]) for c in code_cells(path)))


def shown_by(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], dict[str, object]]:
    """What the cells of a notebook show, run in this process from its own folder."""
    monkeypatch.chdir(path.parent)
    names: dict[str, object] = {}
    shown = []
    for cell in code_cells(path):
        body = ast.parse("".join(cell["source"])).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), path.name, "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), path.name, "eval"), names)
            html = getattr(value, "_repr_html_", None)
            shown.append(html() if html else repr(value))
    return shown, names


def all_right(path: Path, names: dict[str, object]) -> bool:
    """Whether every exercise takes the computed answer in the place of None."""
    from toolkit.course import exercise

    states = []
    for cell in code_cells(path):
        source = "".join(cell["source"])
        if "answer = None" not in source:
            continue
        call = ast.parse(source).body[-1].value
        name, *given = [eval(compile(ast.Expression(part), "argument", "eval"), names) for part in call.args]
        names["answer"] = exercise(name).right(given[1] if len(given) > 1 else None)
        states.append(eval(compile(ast.Expression(call), "call", "eval"), names).state)
    return set(states) == {"right"}


def test_the_course_has_its_topics_in_order():
    assert [path.stem[:3] for path in COURSE] == [f"{number:02d}_" for number in range(1, 13)]


def test_attacks_between_releases_work_without_a_ledger_and_fail_with_one(monkeypatch):
    _, names = shown_by(COURSE[-1], monkeypatch)
    without, guarded = names["unprotected"], names["protected"]
    assert without.loc["code"].tolist() == ["", ""]
    assert round(names["late_count"]) == int(names["truth"])
    assert guarded.loc["code"].tolist() == ["", "released"]
    assert pd.isna(guarded.loc["share", "tuesday"])
    assert round(names["alone"].loc["count", "all"] - names["alone"].loc["count", "without"]) == names["own"]
    assert names["both"].loc["code"].tolist() == ["", "released"]
    trends = names["trends"]
    exact = trends[trends["shown"] & ~trends["within_limits"]].groupby("person").size()
    assert exact["new"] > 80
    assert exact["not known"] < 30
    assert trends.loc[trends["within_limits"], "person"].eq("not known").all()
    assert trends["within_limits"].sum() > 30
    assert names["refused_codes"] == ["policy-changed", "damaged-file"]


def test_every_exercise_stands_in_one_notebook():
    from toolkit.course import exercises

    found = [name for path in COURSE for name in asked(path)]
    assert sorted(found) == sorted(exercises())
    assert all(asked(path) for path in COURSE)


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_a_notebook_of_the_course_has_a_goal_and_what_to_take_along(path):
    words = "".join(
        "".join(c["source"]) for c in read_notebook(path)["cells"] if c["cell_type"] == "markdown"
    )
    for heading in ("**You will learn**", "### Exercise", "## What to take along"):
        assert heading in words


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_a_notebook_of_the_course_runs_waits_for_answers_and_takes_the_right_ones(path, monkeypatch):
    shown, names = shown_by(path, monkeypatch)
    waiting = [one for one in shown if re.search(r"<strong>[a-z]+-\d: (open|not yet)</strong>", one)]
    assert len(waiting) == len(asked(path))
    assert not [one for one in shown if re.search(r"<strong>[a-z]+-\d: right</strong>", one)]
    assert all_right(path, names)
    if "study_file" in names:
        assert "ynthetic" in path.read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_a_notebook_of_the_course_runs_in_a_kernel(path, tmp_path):
    files = {
        "register_folder": SAMPLES / "published",
        "study_file": SAMPLES / "ai_at_work" / "study.yaml",
        "readiness_file": SAMPLES / "readiness" / "study.yaml",
        "questionnaire": SAMPLES.parent / "instruments" / "complete",
    }
    given = {name: str(files[name]) for name in notebook_parameters(path)}
    execute(path, tmp_path / "executed.ipynb", given)
    outputs = [output for cell in code_cells(tmp_path / "executed.ipynb") for output in cell["outputs"]]
    assert [output for output in outputs if output.get("name") == "stderr"] == []
