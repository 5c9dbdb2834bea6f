"""Documents to write: a report with few executives, so that bounds and merged answers come up."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolkit.reporting.documents import FORMATS, Cover, Document, document_of, write_documents

ROOT = Path(__file__).resolve().parents[3]
STUDY = ROOT / "data_samples" / "ai_at_work" / "study.yaml"
COVER = Cover(
    title="AI at work (sample study)",
    subject="Granitebeck Engineering",
    wave="2026",
    synthetic=True,
    brand="Survey Research Toolkit",
    footer="Synthetic sample data & nothing else.",
    facts=("ai-at-work 2026",),
)


def shown(value: Any) -> dict[str, Any]:
    """What a notebook keeps of the last value of a cell."""
    return {"output_type": "execute_result", "metadata": {}, "data": value._repr_mimebundle_()}


def executed(organisation: str, study: Path = STUDY) -> dict[str, Any]:
    """The report's notebook, its cells run here and not in a kernel of their own."""
    source = json.loads((ROOT / "notebooks" / "organisation_report.ipynb").read_text("utf-8"))
    names: dict[str, Any] = {}
    cells = []
    for cell in source["cells"]:
        outputs = []
        if cell["cell_type"] == "code":
            *body, last = ast.parse("".join(cell["source"])).body
            if not isinstance(last, ast.Expr):
                body.append(last)
            exec(compile(ast.Module(body, []), "cell", "exec"), names)
            if "parameters" in cell["metadata"].get("tags", ()):
                names |= {"study": str(study), "organisation": organisation}
            if isinstance(last, ast.Expr):
                outputs = [shown(eval(compile(ast.Expression(last.value), "cell", "eval"), names))]
        cells.append({**cell, "outputs": outputs})
    return {**source, "cells": cells}


@pytest.fixture(scope="session")
def notebook() -> dict[str, Any]:
    return executed("org-07")


@pytest.fixture(scope="session")
def document(notebook: dict[str, Any]) -> Document:
    return document_of(notebook, COVER)


@pytest.fixture(scope="session")
def written(document: Document, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Format → file."""
    paths = write_documents(document, tmp_path_factory.mktemp("org-07"), FORMATS)
    return dict(zip(FORMATS, paths, strict=True))


@pytest.fixture(scope="session")
def small() -> Callable[..., Document]:
    """A document of a few parts."""

    def make(*values: Any, cover: Cover = COVER) -> Document:
        cells = [
            {"cell_type": "markdown", "metadata": {}, "source": "## First\n\nA *lead* with\n\n- one\n- two"}
        ]
        cells += [{"cell_type": "code", "metadata": {}, "outputs": [shown(value)]} for value in values]
        return document_of({"cells": cells}, cover)

    return make
