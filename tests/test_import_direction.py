"""The corridor is walked one way: a stage imports the stages before it, never those after it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

STAGES = (
    "errors",
    "arguments",
    "records",
    "inputs",
    "instrument",
    "responses",
    "weighting",
    "analysis",
    "findings",
    "disclosure",
    "study",
    "presentation",
    "reporting",
    "teaching",
    "cli",
)
MODULES = sorted((Path(__file__).resolve().parents[1] / "toolkit").rglob("*.py"))


def _stage(path: Path) -> str:
    inside = path.parts[path.parts.index("toolkit") + 1 :]
    return inside[0].removesuffix(".py")


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
