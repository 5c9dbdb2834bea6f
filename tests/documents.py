"""Blocks of code and commands of the documents, and the sample that examples of docstrings use."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mistune
import numpy as np
import pandas as pd

import toolkit as tk

ROOT = Path(__file__).resolve().parents[1]
_SKIPPED = {".venv", ".git", "reports", "node_modules", "_build", "generated"}
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not _SKIPPED & set(path.relative_to(ROOT).parts[:-1]) or path.parent == ROOT
)


class Block(NamedTuple):
    """A block of code: fenced or indented, at the margin or within a list or quotation."""

    page: str
    number: int
    kind: str
    code: str


def _code(tokens: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for token in tokens:
        if token["type"] == "block_code":
            yield token.get("attrs", {}).get("info", "").strip(), token["raw"]
        yield from _code(token.get("children", []))


@functools.cache
def blocks(page: Path) -> list[Block]:
    """Return every block of code of a page."""
    parsed = mistune.create_markdown(renderer=None)(page.read_text("utf-8"))
    assert isinstance(parsed, list)
    name = page.relative_to(ROOT).as_posix()
    return [Block(name, number, *found) for number, found in enumerate(_code(parsed))]


PYTHON = re.compile(
    r"^\s*(>>> |import \w|from [\w.]+ import |def \w+\(|class \w+[:(])"
    r"|\b(tk|pd|np|plt)\.\w+\(|^\s*\w[\w., ]* = .*\w\(",
    re.MULTILINE,
)
"""Lines that are Python, wherever they stand."""


def commands(page: Path) -> Iterator[str]:
    """Yield what follows `survey-toolkit` in each command of a page's blocks."""
    for block in blocks(page):
        if block.kind in ("", "sh"):
            joined = block.code.replace("\\\n", " ")
            start = r"(?:^|&& |\| |--no-sync )\$? *survey-toolkit "
            for call in re.findall(rf"{start}([^\n|>&]+)", joined, re.MULTILINE):
                yield call.replace(" …", "")


@functools.cache
def sample() -> dict[str, Any]:
    """Return the names that examples of docstrings take for granted: the sample study and its results."""
    study = tk.load_study("ai_at_work")
    instrument, answers = study.instrument, study.responses("org-01")
    gaps = tk.gaps(answers, instrument, measure="top", family=study.primary)
    shares = tk.proportions(answers, instrument, by="audience", measure="top")
    trend = tk.trend(study.responses("org-01", "all"), instrument, by="audience", measure="top")
    tables = {"gaps": gaps, "shares": shares, "trend": trend}
    return {
        **{"np": np, "pd": pd, "tk": tk, "study": study, "instrument": instrument, "answers": answers},
        **{"frame": study.responses(missing="codes"), "gaps": gaps, "shares": shares, "changes": trend},
        "distributions": tk.proportions(answers, instrument, by="audience"),
        "released": tk.release(tables, study.policy, instrument=instrument, ledger=False),
    }
