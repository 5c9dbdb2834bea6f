"""Words planted in every text field are found only where they belong."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.disclosure.canaries import FORMATS, canary, run, searched


def test_the_search_finds_a_stray_inside_an_archive_inside_a_file(tmp_path: Path) -> None:
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("sheet.xml", f"<v>{canary('name', 2)}</v>")
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("book.xlsx", inner.getvalue())
    home = tmp_path / "canteen" / "2026" / "org"
    home.mkdir(parents=True)
    (home / "report.pptx").write_bytes(outer.getvalue())
    (home / "report.html").write_text(f"<p>Firm {canary('name', 1)}</p>")
    read, strays, at_home = searched(tmp_path, {"org": frozenset({canary("name", 1)})})
    assert (dict(read), at_home) == ({".pptx": 1, ".html": 1}, 1)
    assert strays == [f"canteen/2026/org/report.pptx: {canary('name', 2)}"]


@pytest.mark.slow
def test_no_canary_of_a_hundred_organisations_is_where_it_does_not_belong(tmp_path: Path) -> None:
    read, strays, at_home = run(tmp_path, 100)
    assert strays == []
    assert all(read[f".{name}"] == 100 for name in FORMATS)
    assert at_home >= 100 * len(FORMATS), "each document names its own organisation"
