"""Documents lead somewhere: every link has a target, every example runs, every name is there."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
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


def test_the_rehearsal_of_ones_own_study_reads_without_a_problem(reader: Path) -> None:
    study = load_study(reader / "my_study" / "study.yaml")
    assert set(study.responses("acme")["audience"].unique()) == {"manager", "staff"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_name_under_tk_is_there(page: Path) -> None:
    named = set(re.findall(r"(?<![\w.])tk\.([A-Za-z_]+)", page.read_text("utf-8")))
    assert {name for name in named if not hasattr(tk, name)} == set()


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_print_what_they_say(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = doctest.testmod(importlib.import_module(name), extraglobs={"np": np, "pd": pd})
    assert found.failed == 0
