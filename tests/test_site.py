"""The documentation site: it builds without a warning, its links lead somewhere, and it is accessible."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

import toolkit

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site: `make docs` has made it, or it is built here."""
    pytest.importorskip("myst_nb", reason="`make docs` installs what builds the site")
    built = ROOT / "docs" / "_build" / "html"
    if not (built / "docs" / "index.html").exists():
        built = tmp_path_factory.mktemp("site")
        command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "-c", "docs", ".", str(built)]
        subprocess.run(command, cwd=ROOT, check=True)
    return built


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {given["id"]} if given.get("id") else set()
        for name in ("href", "src"):
            if given.get(name) and tag in ("a", "img", "link", "script"):
                self.links.append(str(given[name]))


def _read(page: Path) -> _Links:
    found = _Links()
    found.feed(page.read_text("utf-8"))
    return found


def _broken(site: Path) -> Iterator[str]:
    pages = {page.resolve(): _read(page) for page in site.rglob("*.html") if "_static" not in page.parts}
    for page, found in pages.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            fragment = unquote(parts.fragment)
            missing = fragment and target in pages and fragment not in pages[target].ids
            if not target.exists() or missing:
                yield f"{page.relative_to(site)}: {link}"


def test_every_link_within_the_site_leads_to_a_page_and_a_heading(site: Path) -> None:
    assert not list(_broken(site.resolve()))


def test_the_reference_documents_every_public_name(site: Path) -> None:
    documented = {page.stem for page in (site / "docs" / "generated").glob("toolkit.*.html")}
    assert {f"toolkit.{name}" for name in toolkit.__all__} <= documented


def test_every_figure_of_the_gallery_is_drawn(site: Path) -> None:
    cells = re.findall(r"```\{code-cell\}", (ROOT / "docs" / "gallery.md").read_text("utf-8"))
    drawn = re.findall(r"<img[^>]+_images/", (site / "docs" / "gallery.html").read_text("utf-8"))
    assert len(drawn) == len(cells) - 1  # the first cell reads the study


@pytest.mark.parametrize(
    "page",
    [
        "docs/index.html",
        "docs/gallery.html",
        "docs/methods/gaps.html",
        "docs/reference.html",
        "docs/explorer.html",
        "docs/instructor.html",
        "notebooks/course/04_multiplicity.html",
    ],
)
@pytest.mark.parametrize("width", [1280, 400])
def test_a_page_is_accessible_and_fits_a_telephone(site: Path, page: str, width: int, browser: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.goto((site / page).as_uri())
    found = Axe().run(tab).response["violations"]
    wider = tab.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    tab.close()
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    assert not wider
