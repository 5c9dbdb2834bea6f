"""The corridor is walked one way: a stage imports the stages before it, never those after it."""

from __future__ import annotations

import ast
import graphlib
from functools import cache
from pathlib import Path

import pytest

STAGES = (
    "errors",
    "locale",
    "system",
    "arguments",
    "records",
    "inputs",
    "shipped",
    "instrument",
    "platforms",
    "responses",
    "weighting",
    "analysis",
    "findings",
    "disclosure",
    "simulation",
    "study",
    "presentation",
    "reporting",
    "claims",
    "checklists",
    "course",
    "cli",
)
MODULES = sorted((Path(__file__).resolve().parents[1] / "toolkit").rglob("*.py"))


def _stage(path: Path) -> str:
    inside = path.parts[path.parts.index("toolkit") + 1 :]
    return inside[0].removesuffix(".py")


@cache
def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute, so that their direction can be read"
            module = node.module or ""
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == "toolkit" else {module}
    return {name.split(".")[1] for name in found if name.startswith("toolkit.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: "/".join(path.parts[-2:]))
def test_imports_point_backwards(path: Path) -> None:
    stage = _stage(path)
    if stage in ("__init__", "__main__"):
        return
    assert stage in STAGES, f"{path.name} stands in no stage of the corridor"
    ahead = {name for name in _imports(path) if name in STAGES and STAGES.index(name) > STAGES.index(stage)}
    assert not ahead, f"{stage} imports {ahead}, which come after it"
    outside = {name for name in _imports(path) if name not in STAGES}
    assert not outside, f"{path.name} imports {outside}: name the stage, not the package's front door"


def _modules() -> dict[str, Path]:
    names = {
        ".".join(path.parts[path.parts.index("toolkit") :]).removesuffix(".py"): path for path in MODULES
    }
    return {name.removesuffix(".__init__"): path for name, path in names.items()}


def _needs(path: Path, modules: dict[str, Path]) -> set[str]:
    """The modules a module imports when it runs, also inside functions; not those for type checkers alone."""
    tree = ast.parse(path.read_text("utf-8"))
    unseen = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in unseen:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= whole & set(modules) or {str(node.module)}
        elif isinstance(node, ast.Import) and id(node) not in unseen:
            found |= {alias.name for alias in node.names}
    return found & set(modules)


def test_no_module_of_reporting_needs_itself_through_others():
    """The modules of its own level; its documents are left out."""
    modules = {name: path for name, path in _modules().items() if path.parent.name == "reporting"}
    graph = {name: _needs(path, modules) - {name} for name, path in modules.items()}
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle
