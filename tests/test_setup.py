"""pyproject.toml is the truth; the other doors lead to the same room."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

HOST = re.compile(r"https?://|--(extra-)?index-url|--find-links|@ file:")


@pytest.fixture(scope="module")
def project(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]


def _named(requirements: list[str]) -> dict[str, str]:
    parsed = [Requirement(text) for text in requirements]
    return {found.name.lower(): str(found.specifier) for found in parsed}


def _all_requirements(project: dict) -> list[str]:
    """What running and testing need; an extra that names other extras is read as those."""
    extras = project["optional-dependencies"]
    itself = project["name"]
    named = [text for text in extras["test"] if text.startswith(itself)]
    more = [name for text in named for name in sorted(Requirement(text).extras)]
    own = [text for text in extras["test"] if not text.startswith(itself)]
    return project["dependencies"] + own + [text for name in more for text in extras[name]]


def test_environment_yml_asks_for_what_pyproject_asks(root: Path, project: dict) -> None:
    environment = yaml.safe_load((root / "environment.yml").read_text("utf-8"))
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str) and entry != "pip"]
    (by_pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert by_pip[-1] == "--editable ."  # pip takes no other option in a list of requirements
    wanted = _named(_all_requirements(project))
    wanted["python"] = project["requires-python"]
    given = _named(conda + by_pip[:-1])
    assert given == wanted


def test_constraints_pin_every_requirement_within_its_range(root: Path, project: dict) -> None:
    lines = (root / "constraints.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pins = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins.items()}
    wanted = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        wanted += extra
    for text in wanted:
        requirement = Requirement(text)
        if requirement.name == project["name"]:
            continue
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert name in pins, f"constraints.txt does not pin {name}"
        assert Version(pins[name]) in requirement.specifier


def _imported(source: str) -> set[str]:
    """The packages that a module or a cell imports."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imported.add(str(node.module).split(".")[0])
    return imported


def test_every_declared_dependency_is_imported_somewhere(root: Path, project: dict) -> None:
    """Installed for nothing otherwise, as statsmodels, pingouin and seaborn once were."""
    modules: dict[str, set[str]] = {}
    for module, names in importlib.metadata.packages_distributions().items():
        for name in names:
            modules.setdefault(re.sub(r"[-_.]+", "-", name).lower(), set()).add(module)
    cells = [
        "".join(cell["source"])
        for path in (root / "notebooks").rglob("*.ipynb")
        for cell in json.loads(path.read_text("utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    unused = {re.sub(r"[-_.]+", "-", name) for name in _named(project["dependencies"])}
    for source in [*(path.read_text("utf-8") for path in (root / "toolkit").rglob("*.py")), *cells]:
        wanted = {module for name in unused for module in modules.get(name, ())}
        if any(re.search(rf"\b(import|from) {re.escape(module)}\b", source) for module in wanted):
            imported = _imported(source)
            unused -= {name for name in unused if modules.get(name, set()) & imported}
    # jupyterlab is where notebooks are opened: a program, not a module
    assert unused <= {"jupyterlab"}


@pytest.mark.parametrize("name", ["constraints.txt", "environment.yml", "Makefile", "pyproject.toml"])
def test_set_up_files_name_no_registry(root: Path, name: str) -> None:
    assert not HOST.search((root / name).read_text("utf-8"))


def test_the_version_is_written_once_and_cited(root: Path, project: dict) -> None:
    import toolkit

    assert project["dynamic"] == ["version"]
    assert f"\nversion: {toolkit.__version__}\n" in (root / "CITATION.cff").read_text("utf-8")
    headings = re.findall(r"^## \[(.+?)\]", (root / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", toolkit.__version__]


def test_distribution_and_command_have_the_promised_names(project: dict) -> None:
    assert project["name"] == "survey-research-toolkit"
    assert "Private :: Do Not Upload" in project["classifiers"]
    commands = importlib.metadata.distribution("survey-research-toolkit").entry_points
    assert [entry.value for entry in commands if entry.name == "survey-toolkit"] == ["toolkit.cli:main"]


def test_import_of_the_toolkit_loads_no_heavy_library() -> None:
    heavy = ("pandas", "scipy", "matplotlib", "papermill", "seaborn", "statsmodels", "pingouin")
    code = f"import sys, toolkit; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_resolves() -> None:
    import toolkit

    for name in toolkit.__all__:
        assert getattr(toolkit, name) is not None
    with pytest.raises(AttributeError, match="did you mean 'gaps'"):
        toolkit.gap  # noqa: B018
