"""Small notebooks to try the machinery on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reporting.cells import PARAMETERS, notebook


@pytest.fixture
def write_notebook(tmp_path: Path) -> Callable[..., Path]:
    """Write a notebook of code cells; the first takes the report's parameters."""

    def write(*sources: str, name: str = "tried.ipynb", parameters: str = PARAMETERS) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(notebook(*sources, parameters=parameters)), encoding="utf-8")
        return path

    return write


ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def sample_study() -> Path:
    """The study file of the synthetic sample."""
    return ROOT / "data_samples" / "ai_at_work" / "study.yaml"
