"""Documents lead somewhere: every link has a target, every example runs, every name is there."""

from __future__ import annotations

import ast
import doctest
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from toolkit.simulation import simulate_study
from toolkit.study import load_study

ROOT = Path(__file__).resolve().parents[1]
SKIPPED = {".venv", ".git", "reports", "node_modules"}
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not SKIPPED & set(path.relative_to(ROOT).parts[:-1]) or path.parent == ROOT
)
EXAMPLES = [
    (page, number, code)
    for page in PAGES
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
]
MODULES = sorted(  # those of the statistics have a test of their own
    one.name
    for one in pkgutil.walk_packages(tk.__path__, "toolkit.")
    if not one.name.startswith("toolkit.analysis")
)
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    found = [target.split("#")[0] for target in LINK.findall(page.read_text("utf-8"))]
    relative = [
        target for target in found if target and "://" not in target and not target.startswith("mailto:")
    ]
    missing = [target for target in relative if not (page.parent / target).exists()]
    assert not missing, f"{page.name} links to {missing}"


def test_the_index_of_methods_names_every_page() -> None:
    folder = ROOT / "docs" / "methods"
    index = (folder / "README.md").read_text("utf-8")
    assert [
        page.name for page in folder.glob("*.md") if page.name != "README.md" and page.name not in index
    ] == []


def _yaml(page: str, number: int = 0) -> str:
    found: str = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / page).read_text("utf-8"), re.DOTALL)[
        number
    ]
    return found


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project folder of somebody who followed "Try it first" in docs/your_own_study.md."""
    folder = tmp_path_factory.mktemp("reader")
    for name in ("data_samples", "instruments"):
        (folder / name).symlink_to(ROOT / name)
    own = folder / "my_study"
    own.mkdir()
    for place in (folder, own):
        (place / "canteen.yaml").write_text(_yaml("instruments.md"), "utf-8")
    (own / "simulation.yaml").write_text(_yaml("simulation.md"), "utf-8")
    (own / "study.yaml").write_text(_yaml("your_own_study.md"), "utf-8")
    simulate_study(own / "simulation.yaml", own)
    return folder


@pytest.mark.parametrize(
    ("page", "number", "code"), EXAMPLES, ids=[f"{page.relative_to(ROOT)}-{n}" for page, n, _ in EXAMPLES]
)
def test_every_python_example_runs(
    page: Path, number: int, code: str, reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reader)
    exec(compile(code, f"{page.name}, example {number + 1}", "exec"), {})


WITH_OUTPUT = [
    (page, code, printed)
    for page in PAGES
    for code, printed in re.findall(
        r"```python\n(.*?)```\n\n```text\n(.*?)```", page.read_text("utf-8"), re.DOTALL
    )
]


@pytest.mark.parametrize(("page", "code", "printed"), WITH_OUTPUT, ids=lambda one: getattr(one, "name", ""))
def test_an_example_prints_the_output_under_it(page: Path, code: str, printed: str) -> None:
    """The value of its last line, as Python shows it on a wide screen."""
    *before, last = ast.parse(code).body
    assert isinstance(last, ast.Expr)
    space: dict[str, object] = {}
    exec(compile(ast.Module(before, []), page.name, "exec"), space)
    value = eval(compile(ast.Expression(last.value), page.name, "eval"), space)
    wide = ("display.width", 200, "display.max_colwidth", None, "display.max_columns", None)
    with pd.option_context(*wide):
        assert repr(value).splitlines() == printed.rstrip("\n").splitlines()


def test_the_readme_begins_with_what_it_is_a_picture_three_lines_and_ten_lines_with_output() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    places = [text.index(part) for part in ("![", "```sh", "make reports", "```python", "```text", "## ")]
    assert places == sorted(places)
    assert (ROOT / "README.md") in [page for page, _, _ in WITH_OUTPUT]
    shell, python = (re.search(f"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("sh", "python"))
    assert shell is not None
    assert python is not None
    assert len(shell[1].splitlines()) == 3
    assert len(python[1].splitlines()) <= 10


FIVE = (ROOT / "docs" / "five_tasks.md").read_text("utf-8")


def test_each_of_the_five_tasks_is_a_command_or_at_most_ten_lines() -> None:
    tasks = FIVE.split("\n## ")[1:]
    assert len(tasks) == 5
    for task in tasks:
        kinds = re.findall(r"```(sh|python)\n(.*?)```", task, re.DOTALL)
        assert kinds
        assert all(len(code.splitlines()) <= {"sh": 1, "python": 10}[kind] for kind, code in kinds)


@pytest.mark.slow
def test_the_five_tasks_work_in_an_empty_folder_as_they_are_written(tmp_path: Path) -> None:
    scripts = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    variables = {**os.environ, "PATH": scripts, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"}
    blocks = re.findall(r"```(sh|python)\n(.*?)```", FIVE, re.DOTALL)
    export = next(block for block in blocks if "--out export.csv" in block[1])
    blocks.remove(export)
    for kind, code in (export, *blocks):
        command = ["sh", "-ec", code] if kind == "sh" else [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(
            command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{code}\n{done.stdout}{done.stderr}"
    assert (tmp_path / "reports" / "my_study").is_dir()
    assert list((tmp_path / "reports" / "ai_at_work" / "2026" / "org-07").glob("*.pdf"))
    assert (tmp_path / "gaps.png").stat().st_size > 10_000


def test_the_rehearsal_of_ones_own_study_reads_without_a_problem(reader: Path) -> None:
    study = load_study(reader / "my_study" / "study.yaml")
    assert set(study.responses("acme")["audience"].unique()) == {"manager", "staff"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_name_under_tk_is_there(page: Path) -> None:
    named = set(re.findall(r"(?<![\w.])tk\.([A-Za-z_]+)", page.read_text("utf-8")))
    assert {name for name in named if not hasattr(tk, name)} == set()


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_print_what_they_say(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib import pyplot as plt

    monkeypatch.chdir(ROOT)
    plt.close("all")  # a page's figures stay open, and matplotlib warns of many
    found = doctest.testmod(importlib.import_module(name), extraglobs={"np": np, "pd": pd})
    plt.close("all")
    assert found.failed == 0
