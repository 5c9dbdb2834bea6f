"""Documents lead somewhere: every relative link has a target."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SKIPPED = {".venv", ".git", "reports", "node_modules"}
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not SKIPPED & set(path.relative_to(ROOT).parts[:-1]) or path.parent == ROOT
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
