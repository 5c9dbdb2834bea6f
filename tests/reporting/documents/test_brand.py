"""What a study file says of a report's looks reaches every format; what is wrong in it is named at once."""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import docx
import lxml.etree
import pptx
import pytest
from docx.oxml.ns import qn

from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.reporting.documents import DOCUMENT, Document, load_document, write_documents
from toolkit.reporting.documents.brand import cover_of, templates_of
from toolkit.study import load_study

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="60" height="20"/></svg>'


@pytest.fixture
def branded(root: Path, tmp_path: Path) -> Path:
    """The sample study under a client's brand."""
    sample = root / "data_samples" / "ai_at_work"
    text = (sample / "study.yaml").read_text("utf-8")
    text = text.replace("../../instruments", str(root / "instruments"))
    text = text.replace("../published", str(root / "data_samples" / "published"))
    text = text.replace("answers/", f"{sample}/answers/").replace(
        ": organisations.csv", f": {sample}/organisations.csv"
    )
    start = text.index("brand:")
    rest = text[start:].partition("\nmethods:")[2]
    brand = (
        'brand:\n  name: Acme\n  colour: "#FFE600"\n  font: Brand Sans\n  logo: logo.svg\n'
        "  template_docx: brand.docx\n  template_pptx: brand.pptx\n"
    )
    (tmp_path / "study.yaml").write_text(f"{text[:start]}{brand}\nmethods:{rest}", "utf-8")
    (tmp_path / "logo.svg").write_bytes(SVG)
    docx.Document().save(str(tmp_path / "brand.docx"))
    pptx.Presentation().save(str(tmp_path / "brand.pptx"))
    return tmp_path / "study.yaml"


def test_a_brand_reaches_the_cover_and_its_templates(branded: Path) -> None:
    study = load_study(branded)
    cover = cover_of(study, "org-07", "2026")
    assert (cover.brand, cover.font, cover.accent) == ("Acme", "Brand Sans", "#847700")
    assert base64.b64decode(cover.logo.partition(",")[2]) == SVG
    assert {form: path.name for form, path in templates_of(study).items()} == {
        "docx": "brand.docx",
        "pptx": "brand.pptx",
    }
    assert {"brand.docx", "brand.pptx"} <= {path.name for path in study.input_files}


def test_templates_that_are_not_there_are_all_named(branded: Path) -> None:
    branded.with_name("brand.docx").unlink()
    branded.with_name("brand.pptx").rename(branded.with_name("brand.potx"))
    text = branded.read_text("utf-8").replace("brand.pptx", "brand.potx")
    branded.write_text(text, "utf-8")
    with pytest.raises(InvalidInput) as caught:
        load_study(branded)
    said = str(caught.value)
    assert "template_docx: brand.docx: does not exist" in said
    assert "template_pptx: brand.potx: is not a .pptx" in said


def test_a_typeface_and_a_drawn_logo_reach_the_files(small: Callable[..., Document], tmp_path: Path) -> None:
    plain = small()
    logo = f"data:image/svg+xml;base64,{base64.b64encode(SVG).decode()}"
    made = replace(plain, cover=replace(plain.cover, font="Brand Sans", logo=logo))
    page, word, show, book = write_documents(made, tmp_path, "html,docx,pptx,xlsx")
    assert '"Brand Sans", system-ui' in page.read_text("utf-8")
    found = docx.Document(str(word))
    assert found.styles["Normal"].font.name == "Brand Sans"
    assert found.inline_shapes[0]._inline.docPr.get("descr") == "Logo of Survey Research Toolkit"
    assert show.stat().st_size > 0
    assert book.stat().st_size > 0


def test_no_colour_of_the_office_programs_is_left_beside_the_brand_s(
    small: Callable[..., Document], tmp_path: Path
) -> None:
    plain = small()
    made = replace(plain, cover=replace(plain.cover, accent="#847700"))
    word, show = write_documents(made, tmp_path, "docx,pptx")
    with zipfile.ZipFile(word) as parts:
        styles = lxml.etree.fromstring(parts.read("word/styles.xml"))
    (title,) = (one for one in styles.iter("{*}style") if one.get(qn("w:styleId")) == "Title")
    assert [line.get(qn("w:color")) for line in title.iter("{*}bottom")] == ["847700"]
    with zipfile.ZipFile(show) as parts:
        theme = lxml.etree.fromstring(parts.read("ppt/theme/theme1.xml"))
    assert [one[0].get("val") for one in theme.iter("{*}accent1")] == ["847700"]


def test_the_running_head_of_word_is_small_and_stands_away_from_the_text(
    small: Callable[..., Document], tmp_path: Path
) -> None:
    (word,) = write_documents(small(), tmp_path, "docx")
    styles = docx.Document(str(word)).styles
    assert styles["Header"].font.size < styles["Normal"].font.size
    assert styles["Header"].paragraph_format.space_after.pt >= 6


def test_no_path_of_a_template_is_saved_with_a_document(
    small: Callable[..., Document], tmp_path: Path
) -> None:
    docx.Document().save(str(tmp_path / "brand.docx"))
    made = replace(small(), templates={"docx": tmp_path / "brand.docx"})
    write_documents(made, tmp_path / "out", "docx")
    assert load_document(tmp_path / "out" / DOCUMENT).templates == {}


def test_the_command_writes_other_formats_of_a_report_that_stands(
    small: Callable[..., Document], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_documents(small(), tmp_path, "html")
    assert main(["convert", str(tmp_path), "--formats", "xlsx,pptx"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.html", "report.xlsx", "report.pptx", DOCUMENT,
    }  # fmt: skip
    assert capsys.readouterr().out.count("report.") == 2
    assert main(["convert", str(tmp_path / "nothing")]) == 2
    assert main(["convert", str(tmp_path), "--formats", "pfd"]) == 2
    assert "did you mean 'pdf'" in capsys.readouterr().err
