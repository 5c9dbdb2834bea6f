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

import matplotlib.pyplot as plt
import pandas as pd
import pytest

import toolkit as tk
from tests.documents import PAGES, PYTHON, ROOT, Block, blocks, sample
from toolkit.simulation import simulate_study
from toolkit.study import load_study

EXAMPLES = [block for page in PAGES for block in blocks(page) if block.kind == "python"]
FIRST_READ = {"README.md", "docs/five_tasks.md", "docs/your_own_study.md", "docs/instruments.md"}
"""Pages whose examples run in `make test` too; those of the others take long together."""
MODULES = ["toolkit", *sorted(one.name for one in pkgutil.walk_packages(tk.__path__, "toolkit."))]
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
    "block",
    [
        pytest.param(
            block,
            id=f"{block.page}-{block.number}",
            marks=[] if block.page in FIRST_READ else [pytest.mark.slow],
        )
        for block in EXAMPLES
    ],
)
def test_every_python_example_runs(block: Block, reader: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(reader)
    exec(compile(block.code, f"{block.page}, block {block.number + 1}", "exec"), {})
    plt.close("all")


KINDS = {
    "python": "test_every_python_example_runs",
    "{code-cell}": "run by the build of the site",
    "sh": "tests/cli/test_main.py",
}
"""Who runs or parses a kind of block."""


TRIED_ELSEWHERE = {
    "docs/design_in_fifteen_minutes.md": "test_design_page.py",
    "docs/microdata.md": "needs a downloaded file: test_study_microdata.py",
    "data_samples/gss_2018/README.md": "likewise",
}


def test_no_python_of_a_page_goes_untried() -> None:
    """Indented blocks, fences of another kind and pages that the build does not execute would hide it."""
    found = [block for page in PAGES for block in blocks(page)]
    untried = [
        f"{block.page}: {block.kind!r} {block.code}"
        for block in found
        if block.kind not in KINDS and PYTHON.search(block.code) and block.page not in TRIED_ELSEWHERE
    ]
    cells = {block.page for block in found if block.kind == "{code-cell}"}
    assert len(EXAMPLES) > 40
    assert untried == []
    assert [page for page in cells if "execution_mode: force" not in (ROOT / page).read_text("utf-8")] == []


@pytest.mark.parametrize(
    ("code", "hidden"),
    [
        ("1. So:\n\n       import toolkit as tk\n       tk.load_study('x')", True),
        ("Text.\n\n    gaps = tk.gaps(frame)", True),
        ("- a\n\n  ```py\n  x = f(1)\n  ```", True),
        ("Text.\n\n    gap = (x̄_a − x̄_b)·b*", False),
        ("    survey-toolkit check my_study", False),
    ],
)
def test_hidden_python_is_noticed(
    code: str, hidden: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.documents.ROOT", tmp_path)
    (tmp_path / "page.md").write_text(code, "utf-8")
    (block,) = blocks(tmp_path / "page.md")
    assert bool(PYTHON.search(block.code)) == hidden


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


NOT_RUN = {
    "toolkit.disclosure.auditor": "needs a report",
    "toolkit.platforms.limesurvey.fetching": "needs a server",
    "toolkit.reporting.batch": "needs a notebook",
    "toolkit.reporting.delivery": "needs a report",
    "toolkit.reporting.verification": "needs a report",
}


SLOW = {
    *("toolkit.analysis.derived", "toolkit.analysis.models", "toolkit.analysis.power"),
    *("toolkit.claims.synthetic", "toolkit.simulation.run", "toolkit.study.drafting", "toolkit.study.study"),
    *("toolkit.reporting.batch", "toolkit.reporting.explorer", "toolkit.reporting.report"),
    *("toolkit.instrument.translation", "toolkit.reporting.results"),
}
"""Modules whose examples make or read whole studies, or take long otherwise."""


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.slow] if one in SLOW else []) for one in MODULES]
)
def test_docstring_examples_print_what_they_say(
    name: str, reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder that may be written to, with the names of `sample`."""
    monkeypatch.chdir(reader)
    plt.close("all")  # a page's figures stay open, and matplotlib warns of many
    module = importlib.import_module(name)
    given = {key: value for key, value in sample().items() if key not in vars(module)}
    found = doctest.testmod(module, extraglobs=given)
    plt.close("all")
    assert found.failed == 0
    assert ("+SKIP" in Path(module.__file__ or "").read_text("utf-8")) == (name in NOT_RUN)
