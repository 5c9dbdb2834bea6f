"""The register as it is shipped, and small ones written for a test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from toolkit.claims import Register, load_register

PUBLISHED = Path(__file__).resolve().parents[2] / "data_samples" / "published"
NAMES = ("studies.yaml", "findings.csv", "relations.yaml")

STUDY = "studies:\n  s1: {title: A study, publisher: A firm, year: 2025, weighted: no, total: 100}\n"
HEADER = (
    "finding_id,study,item,audience,base,statistic,published_as,value,low,high,n,n_status,n_most,source,"
    "closeness,note"
)


@pytest.fixture(scope="session")
def register() -> Register:
    return load_register(PUBLISHED)


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of the register, to be spoiled."""
    for name in NAMES:
        shutil.copy(PUBLISHED / name, tmp_path)
    return tmp_path


def row(finding: str, value: object, n: object = "", status: str = "", **other: str) -> str:
    """A line of findings.csv; a share of everybody unless told."""
    status = status or ("known" if n else "unknown")
    cells = {"statistic": "share", "base": "all", "low": "", "high": "", "n_most": "", **other}
    return (
        f"{finding},s1,Agree,Staff,{cells['base']},{cells['statistic']},{value} %,{value},{cells['low']},"
        f"{cells['high']},{n},{status},{cells['n_most']},a paper,primary,"
    )


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Path]:
    """Write a register of one study."""

    def write(*rows: str, relations: str = "", study: str = STUDY) -> Path:
        folder = tmp_path / "small"
        folder.mkdir(exist_ok=True)
        (folder / "studies.yaml").write_text(study, "utf-8")
        (folder / "findings.csv").write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
        if relations:
            (folder / "relations.yaml").write_text(relations, "utf-8")
        return folder

    return write
