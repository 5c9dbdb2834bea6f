"""axe-core finds nothing wrong with a report, a notice and the index, light or dark, wide or narrow."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.reporting import run_reports
from toolkit.reporting.html import Cover, render_html

pytestmark = pytest.mark.browser
READINESS = "../../readiness/2026-10/rdy-01/report.html"


@pytest.fixture(scope="module")
def folder(sample_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pages")
    made = run_reports(sample_study, organisations=["org-07", "org-10"], out=out)
    assert made["status"].tolist() == ["made", "withheld"]
    readiness = sample_study.parent.parent / "readiness" / "study.yaml"
    assert run_reports(readiness, organisations=["rdy-01"], out=out)["status"].tolist() == ["made"]
    return out / "ai_at_work" / "2026"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", ["org-07/report.html", "org-10/report.html", "index.html", READINESS])
def test_axe_finds_nothing(browser, folder, page, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.goto((folder / page).resolve().as_uri())
    found = Axe().run(shown)
    wide = shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    shown.close()
    assert found.violations_count == 0, found.generate_report()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert wide <= 0


def test_a_page_runs_its_own_script_and_no_other_and_loads_nothing(browser, tmp_path):
    rows = "".join(f"<tr><td>{number}</td></tr>" for number in range(5))
    hostile = (
        f"<table><thead><tr><th>n</th></tr></thead><tbody>{rows}</tbody></table>"
        "<script>document.body.dataset.ran = 'script'</script>"
        "<img src='https://example.org/seen.png' onerror=\"document.body.dataset.ran = 'handler'\">"
        "<link rel='stylesheet' href='https://example.org/seen.css'>"
    )
    cell = {
        "cell_type": "code",
        "source": "",
        "outputs": [{"output_type": "display_data", "data": {"text/html": hostile}}],
    }
    path = tmp_path / "report.html"
    path.write_text(render_html({"cells": [cell]}, Cover("Study", "Organisation")), encoding="utf-8")
    shown = browser.new_page()
    finished: list[str] = []
    shown.on("requestfinished", lambda request: finished.append(request.url))
    shown.goto(path.as_uri())
    assert shown.locator("button.sorter").count() == 1
    assert shown.evaluate("document.body.dataset.ran === undefined")
    assert [url for url in finished if not url.startswith(("file:", "data:"))] == []
    shown.close()
