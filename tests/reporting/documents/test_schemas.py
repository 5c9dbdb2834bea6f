"""Office files keep to the schemas and rules of Office Open XML, so that programs need not repair them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openxml_audit import OpenXmlValidator

from toolkit.reporting.documents.model import zipped

OFFICE = ["docx", "pptx", "xlsx"]


def problems(path: Path) -> list[str]:
    found = OpenXmlValidator().validate(path).errors
    return [f"{one.part_uri} {one.path}: {one.description}" for one in found]


@pytest.mark.parametrize("name", OFFICE)
def test_a_report_breaks_no_rule_of_its_format(written: dict[str, Path], name: str) -> None:
    assert problems(written[name]) == []


@pytest.mark.parametrize(
    ("name", "part", "change"),
    [
        ("docx", "word/document.xml", lambda text: text.replace(b"<w:cantSplit/>", b"<w:cantTear/>", 1)),
        ("pptx", "ppt/slides/slide2.xml", lambda text: text.replace(b"<a:bodyPr", b"<a:bodyMade", 1)),
        ("xlsx", "xl/workbook.xml", lambda text: text.replace(b"<sheets>", b"<sheet/><sheets>", 1)),
    ],
)
def test_a_file_that_breaks_one_is_found(
    written: dict[str, Path], tmp_path: Path, name: str, part: str, change: Callable[[bytes], bytes]
) -> None:
    with zipfile.ZipFile(written[name]) as packed:
        parts = {one: packed.read(one) for one in packed.namelist()}
    broken = {**parts, part: change(parts[part])}
    assert broken != parts
    path = tmp_path / f"broken.{name}"
    path.write_bytes(zipped(broken.items()))
    assert any(part in one for one in problems(path))
