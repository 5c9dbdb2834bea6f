"""A report in French: all five formats, searched for words of the English catalogues."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import lxml.html
import mistune
import openpyxl
import pptx
import pypdf
import pytest
from babel.messages.pofile import read_po

from tests.refusals import problem
from tests.reporting.documents.conftest import ROOT, executed
from toolkit import locale
from toolkit.errors import InvalidInput
from toolkit.reporting.documents import FORMATS, document_of, write_documents
from toolkit.reporting.documents.brand import cover_of
from toolkit.reporting.index import write_index
from toolkit.study import load_study

pytestmark = pytest.mark.slow

SAMPLE = ROOT / "data_samples" / "ai_at_work"


def french_study(folder: Path, brand: bool = False) -> Path:
    """The sample's study file with the report's language turned to French."""
    text = (SAMPLE / "study.yaml").read_text("utf-8")
    for name in ("../../instruments", "../published"):
        text = text.replace(name, (SAMPLE / name).resolve().as_posix())
    text = text.replace("file: answers/", f"file: {SAMPLE.as_posix()}/answers/")
    text = text.replace(
        "organisations: organisations.csv", f"organisations: {SAMPLE.as_posix()}/organisations.csv"
    )
    if brand:
        text = text.replace("language: en\n", "").replace("brand:\n", "brand:\n  language: fr\n")
    else:
        text = text.replace("language: en\n", "language: fr\n")
    path = folder / "study.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return french_study(tmp_path_factory.mktemp("french"))


@pytest.fixture(scope="module")
def files(study: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Format → file, of an organisation with few executives, so that bounds and reasons come up."""
    cover = cover_of(load_study(study), "org-07", "2026")
    document = document_of(executed("org-07", study), cover)
    paths = write_documents(document, tmp_path_factory.mktemp("fr"), FORMATS)
    return dict(zip(FORMATS, paths, strict=True))


def said_in(form: str, path: Path) -> str:
    """All words of a file, its alternative texts and slide notes among them."""
    if form == "html":
        page = lxml.html.fromstring(path.read_bytes())
        for hidden in page.xpath("//script | //style"):
            hidden.drop_tree()
        texts = [page.text_content(), *page.xpath("//@alt"), *page.xpath("//@aria-label")]
    elif form == "pdf":
        texts = [one.extract_text() for one in pypdf.PdfReader(path).pages]
    elif form == "docx":
        body = docx.Document(str(path)).element.body
        texts = [*body.itertext(), *body.xpath(".//wp:docPr/@descr")]
    elif form == "pptx":
        texts = [text for slide in pptx.Presentation(str(path)).slides for text in _slide(slide)]
    elif form == "markdown":
        page = lxml.html.fromstring(f"<main>{mistune.html(path.read_text('utf-8'))}</main>")
        texts = [page.text_content(), *page.xpath("//@alt")]
    else:
        texts = [
            str(cell)
            for sheet in openpyxl.load_workbook(path).worksheets
            for row in sheet.iter_rows(values_only=True)
            for cell in (sheet.title, *row)
            if cell is not None
        ]
    return re.sub(r"\s+", " ", " ".join(map(str, texts)))


def _slide(slide: Any) -> list[str]:
    found = [*slide._element.itertext(), *slide._element.xpath(".//p:cNvPr/@descr")]
    if slide.has_notes_slide:
        found.append(slide.notes_slide.notes_text_frame.text)
    for shape in slide.shapes:
        if shape.has_chart:
            found += [series.name for series in shape.chart.plots[0].series]
    return found


def english_words() -> set[str]:
    """Every stretch of three words or more that is only in the English half of the catalogue."""
    with (Path(locale.__file__).parent / "fr" / "LC_MESSAGES" / "toolkit.po").open("rb") as file:
        messages = [one for one in read_po(file) if one.id]
    pairs = [
        (english, str(one.string))
        for one in messages
        for english in ((one.id,) if isinstance(one.id, str) else one.id)
    ]
    french = " ".join(other for _, other in pairs)
    found = {
        re.sub(r"\s+", " ", piece).strip(" .,:;()“”\u00a0")
        for english, _ in pairs
        for piece in re.split(r"\{\w+\}", english)
    }
    return {piece for piece in found if piece.count(" ") >= 2 and piece not in french}


@pytest.mark.parametrize("form", FORMATS)
def test_a_french_report_has_no_words_of_the_english_catalogues(form: str, files: dict[str, Path]) -> None:
    said = said_in(form, files[form])
    wanted = english_words()
    assert len(wanted) > 150
    # The study file's own texts are its author's, and published words are quoted as they stand.
    said = said.replace("(n not published)", "")
    assert not [words for words in wanted if words in said]
    assert "publics" in said or "groupes" in said


def test_the_search_finds_english_where_there_is_some(written: dict[str, Path]) -> None:
    for form in FORMATS:
        said = said_in(form, written[form])
        assert sum(words in said for words in english_words()) > 10, form


def test_headings_of_the_notebook_are_french_and_every_one_of_them_is(files: dict[str, Path]) -> None:
    page = lxml.html.fromstring(files["html"].read_bytes())
    heads = [head.text_content() for head in page.xpath("//h2")]
    assert heads[:3] == ["Sommaire", "Synthèse", "Qui a répondu"]
    english = {"Summary", "Who answered", "Theme by theme", "How the survey was done", "In which ways"}
    assert not english & set(heads)
    assert page.get("lang") == "fr"


def test_what_the_questionnaire_lacks_in_french_is_said_first(files: dict[str, Path]) -> None:
    for form in ("html", "pdf", "docx"):
        said = said_in(form, files[form])
        assert "textes du questionnaire n’existent pas en français" in said
        assert said.index("textes du questionnaire") < said.index("Ont répondu")


def test_numbers_of_the_workbook_are_the_same_in_both_languages(
    files: dict[str, Path], written: dict[str, Path]
) -> None:
    def numbers(path: Path, kind: str) -> list[float]:
        sheets = [one for one in openpyxl.load_workbook(path).worksheets if re.match(rf"{kind}\d", one.title)]
        cells = (cell for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row)
        return [cell for cell in cells if isinstance(cell, int | float)]

    assert numbers(files["xlsx"], "T") == numbers(written["xlsx"], "T")
    # scales whose words are alike in one language only are drawn together in that one
    assert sorted(numbers(files["xlsx"], "F")) == sorted(numbers(written["xlsx"], "F"))
    assert len(numbers(files["xlsx"], "T")) > 300


def test_a_brand_may_name_the_language_and_may_not_contradict_the_study(tmp_path: Path) -> None:
    path = french_study(tmp_path, brand=True)
    assert load_study(path).language == "fr"
    path.write_text("language: en\n" + path.read_text("utf-8"), "utf-8")
    with pytest.raises(InvalidInput, check=problem("conflict", "brand → language: fr")):
        load_study(path)


def test_a_language_reports_cannot_be_written_in_is_refused(tmp_path: Path) -> None:
    path = french_study(tmp_path)
    path.write_text(path.read_text("utf-8").replace("language: fr\n", "language: de\n"), "utf-8")
    with pytest.raises(InvalidInput, check=problem("unknown-language", "language: de")):
        load_study(path)


def test_the_index_of_a_wave_is_french_too(study: Path, tmp_path: Path) -> None:
    page = write_index(load_study(study), "2026", tmp_path).read_text("utf-8")
    assert '<html lang="fr">' in page
    said = re.sub(r"\s+", " ", lxml.html.fromstring(page).text_content())
    assert "Rapports de la vague 2026" in said
    assert not [words for words in english_words() if words in said]


def test_a_text_cell_without_french_stays_as_it_is_written() -> None:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "## Mine"}]
    cells.append(
        {"cell_type": "markdown", "metadata": {"languages": {"fr": "## Le mien"}}, "source": "## Its"}
    )
    cover = cover_of(load_study(SAMPLE / "study.yaml"), "org-07", "2026")
    titles = {
        code: [one.title for one in document_of({"cells": cells}, replace(cover, language=code)).sections]
        for code in ("en", "fr")
    }
    assert titles == {"en": ["Mine", "Its"], "fr": ["Mine", "Le mien"]}
