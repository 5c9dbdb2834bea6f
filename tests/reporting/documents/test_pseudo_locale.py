"""A report in a language made up for the test: what is not translated there cannot be translated at all."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import lxml.html
import openpyxl
import pytest
import yaml
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from tests.locale.test_locale import in_code
from tests.reporting.documents.conftest import ROOT, executed
from tests.reporting.documents.test_french import SAMPLE, french_study, said_in
from toolkit import locale
from toolkit.instrument.translation import plain, wordings
from toolkit.reporting.documents import document_of, write_documents
from toolkit.reporting.documents.brand import cover_of
from toolkit.reporting.index import write_index
from toolkit.study import Study, load_study

pytestmark = pytest.mark.slow

FORMS = ("html", "docx", "pptx", "xlsx", "markdown")
LANGUAGE = "eo"  # Babel knows how its numbers are written: with a decimal comma
LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ȧƀċḋḗƒɠħīĵķŀḿƞǿƥɋřşŧŭṽẇẋẏẑȦƁĊḊḖƑƓĦĪĴĶĿḾȠǾƤɊŘŞŦŬṼẆẊẎẐ",
)


BABEL = Locale.parse(LANGUAGE)
OTHERS = {
    *BABEL.months["format"]["wide"].values(),
    BABEL.languages["en"],
    "TOC",  # Word's name of the field for the table of contents
}
"""Words that are not ours: Babel's, and those of a file format."""


def pseudo(text: str) -> str:
    """Write every letter outside placeholders with a mark, in angled quotation marks."""
    parts = re.split(r"(\{\w+\})", text)
    return "‹" + "".join(part if part.startswith("{") else part.translate(LETTERS) for part in parts) + "›"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """The sample study in a language for which there is a catalogue and nothing else."""
    folder = tmp_path_factory.mktemp("pseudo")
    for domain in ("toolkit", "questionnaire"):
        messages = in_code(domain)
        catalogue = Catalog(LANGUAGE, domain)
        for one in messages:
            if one.id:
                made = pseudo(one.id) if isinstance(one.id, str) else tuple(map(pseudo, one.id))
                catalogue.add(one.id, made, context=one.context)
        path = folder / LANGUAGE / "LC_MESSAGES" / f"{domain}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue)
    written = french_study(folder)
    written.write_text(
        written.read_text("utf-8").replace("language: fr\n", f"language: {LANGUAGE}\n"), "utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(locale.EXTRA, str(folder))
        yield load_study(written)
    locale._translations.cache_clear()


@pytest.fixture(scope="module")
def files(study: Study, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    document = document_of(executed("org-07", Path(study.path)), cover_of(study, "org-07", "2026"))
    paths = write_documents(document, tmp_path_factory.mktemp("made"), FORMS)
    return dict(zip(FORMS, paths, strict=True))


def authors_texts(study: Study) -> list[str]:
    """Every text of the questionnaire, the study file, the organisations and the published findings."""
    instrument = plain(study.instrument)
    texts = {text for *_, words in wordings(instrument) for text in words.values()}
    texts |= {*study.instrument.audiences, *(one.name for one in study.instrument.variables), study.id}

    def strings(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for one in value.values():
                yield from strings(one)
        elif isinstance(value, list):
            for one in value:
                yield from strings(one)

    texts |= set(strings(yaml.safe_load((SAMPLE / "study.yaml").read_text("utf-8"))))
    for table in (SAMPLE / "organisations.csv", ROOT / "data_samples/published/upwork_2024.csv"):
        with table.open(encoding="utf-8-sig", newline="") as rows:
            texts |= {cell for row in csv.reader(rows) for cell in row}
    flat = {re.sub(r"\s+", " ", text).strip() for text in texts}
    return sorted((text for text in flat if re.search("[A-Za-z]", text)), key=len, reverse=True)


def shown_in(form: str, path: Path) -> str:
    """Return the words of a file, with a space where one element ends; without cut names of sheets."""
    if form == "html":
        page = lxml.html.fromstring(path.read_bytes())
        for hidden in page.xpath("//script | //style"):
            hidden.drop_tree()
        return " ".join([*page.itertext(), *page.xpath("//@alt | //@aria-label | //@title")])
    if form == "xlsx":
        sheets = openpyxl.load_workbook(path).worksheets
        cut = {sheet.title for sheet in sheets if len(sheet.title) > 25}
        cells = (cell for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row)
        return " ".join(str(cell) for cell in cells if cell is not None and cell not in cut)
    return said_in(form, path)


def untranslated(said: str, texts: list[str]) -> list[str]:
    """Return English words that are neither of the made-up language nor in an author's text."""
    known = re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in texts), flags=re.IGNORECASE)
    found = re.findall(r"(?<![\w-])[A-Za-z]{2,}(?![\w-])", known.sub("•", re.sub(r"\s+", " ", said)))
    return [word for word in found if word not in OTHERS]


@pytest.mark.parametrize("form", FORMS)
def test_every_word_of_a_report_can_be_translated(form: str, files: dict[str, Path], study: Study) -> None:
    said = shown_in(form, files[form])
    assert said.count("‹") > 100
    assert untranslated(said, authors_texts(study)) == []


def test_every_word_of_the_index_of_a_wave_can_be_translated(study: Study, tmp_path: Path) -> None:
    said = shown_in("html", write_index(study, "2026", tmp_path))
    assert said.count("‹") > 15
    assert untranslated(said, authors_texts(study)) == []


def test_a_word_that_is_not_translated_is_found(files: dict[str, Path], study: Study) -> None:
    said = f"{shown_in('html', files['html'])} Margin of error: 5 Punkte"
    assert untranslated(said, authors_texts(study)) == ["Margin", "of", "error", "Punkte"]


def test_numbers_are_written_as_the_languages_locale_has_them(files: dict[str, Path]) -> None:
    said = shown_in("html", files["html"])
    assert re.search(r"\b0,\d{3}\b", said)
    assert not re.search(r"\b0\.\d{3}\b", said)
