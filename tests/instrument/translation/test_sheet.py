"""The translator's sheet: everything out, a whole language in, nothing changed on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.refusals import Refusal, problem
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, load_instrument, load_instruments
from toolkit.instrument.translation import (
    check_sheet,
    placeholders,
    read_sheet,
    texts,
    translated,
    write_instrument,
    write_sheet,
)

INSTRUMENTS = Path(__file__).resolve().parents[3] / "instruments"
Load = Callable[[dict[str, Any]], Instrument]
Edit = Callable[..., Path]


@pytest.fixture
def tiny(whole: dict[str, Any], load: Load) -> Instrument:
    whole["items"][0]["text"]["staff"]["en"] = "Do you, {firstname}, at <b>work</b>?"
    return load(whole)


@pytest.fixture
def sheet(tiny: Instrument, tmp_path: Path) -> Path:
    """The sheet of the tiny questionnaire, translated whole."""
    path = write_sheet(tiny, tmp_path / "fr.xlsx", to=["fr"])
    book = openpyxl.load_workbook(path)
    page = book["texts"]
    for row in range(2, page.max_row + 1):
        page.cell(row, 5).value = f"FR {page.cell(row, 4).value}"
    book.save(path)
    return path


@pytest.fixture
def edited(sheet: Path) -> Edit:
    """Change cells of the sheet: (row, column) → words."""

    def change(cells: dict[tuple[int, int], object], *, about: dict[str, str] | None = None) -> Path:
        book = openpyxl.load_workbook(sheet)
        for (row, column), value in cells.items():
            book["texts"].cell(row, column).value = value
        for cell in book["about"]["A"]:
            if about and cell.value in about:
                book["about"].cell(cell.row, 2).value = about[str(cell.value)]
        book.save(sheet)
        return sheet

    return change


def row_of(sheet: Path, key: str, audience: str = "all") -> int:
    return next(row.number for row in read_sheet(sheet).rows if (row.key, row.audience) == (key, audience))


def told(path: Path, instrument: Instrument) -> list[str]:
    return [str(problem) for problem in check_sheet(read_sheet(path), instrument)]


def test_the_sheet_holds_every_text_once_with_its_audience(tiny: Instrument, sheet: Path) -> None:
    found = [(row.key, row.audience) for row in read_sheet(sheet).rows]
    assert found == [(one.key, one.audience) for one in texts(tiny)]
    assert len(set(found)) == len(found)
    assert ("items/q/text", "boss") in found
    assert ("items/grid/rows/b/text", "staff") in found
    assert ("items/m/options/rev", "all") in found
    assert ("scales/agree/2", "all") in found


def test_no_wording_of_an_instrument_is_left_out_of_the_sheet() -> None:
    """Every English word-list found by walking the whole data is a text of the sheet."""
    ready = load_instruments(sorted((INSTRUMENTS / "readiness").glob("*.yaml")))

    def walk(data: Any) -> list[str]:
        if isinstance(data, dict) and isinstance(data.get("en"), str):
            return [data["en"]]
        inner = data.values() if isinstance(data, dict) else data if isinstance(data, list | tuple) else ()
        return [words for one in inner for words in walk(one)]

    assert sorted(walk(ready.model_dump())) == sorted(one.words["en"] for one in texts(ready))


def test_a_translation_comes_in_and_the_rest_stays(tiny: Instrument, sheet: Path) -> None:
    assert told(sheet, tiny) == []
    made = translated(read_sheet(sheet), tiny)
    assert made.languages == ("en", "fr")
    for before, after in zip(texts(tiny), texts(made), strict=True):
        assert after.words == {"en": before.words["en"], "fr": f"FR {before.words['en']}"}
    english = made.model_dump() | {"languages": ["en"]}
    assert [one.id for one in made.items] == [one.id for one in tiny.items]
    assert english["sections"][0]["items"] == tiny.model_dump()["sections"][0]["items"]
    assert "fr" not in tiny.title


@pytest.mark.parametrize("folder", ["core", "readiness", "pilot", "published"])
def test_an_instrument_written_whole_is_the_same_instrument(folder: str, tmp_path: Path) -> None:
    merged = load_instruments(sorted((INSTRUMENTS / folder).glob("*.yaml")))
    written = write_instrument(merged, tmp_path / "whole.yaml")
    assert load_instrument(written) == merged


def test_words_that_stand_are_filled_in_and_come_back_unchanged(tmp_path: Path) -> None:
    core = load_instruments(sorted((INSTRUMENTS / "core").glob("*.yaml")))
    path = write_sheet(core, tmp_path / "fr.xlsx", to=["fr"])
    assert told(path, core) == []
    assert translated(read_sheet(path), core) == core


def test_from_french_into_a_third_language(tmp_path: Path) -> None:
    pulse = load_instruments(sorted((INSTRUMENTS / "pulse").glob("*.yaml")))
    path = write_sheet(pulse, tmp_path / "de.xlsx", to=["de", "nl"], source="fr")
    read = read_sheet(path)
    assert (read.source, read.targets) == ("fr", ("de", "nl"))
    found = check_sheet(read, pulse)
    assert len(found) == 2 * len(texts(pulse))
    assert all("not translated" in problem.what for problem in found)


def test_what_is_not_translated_is_listed_and_not_brought_in(
    tiny: Instrument, sheet: Path, edited: Edit
) -> None:
    row = row_of(sheet, "items/why/text")
    (found,) = told(edited({(row, 5): "   "}), tiny)
    assert f"row {row} (items/why/text, all), column fr: not translated: 'Why?'" in found
    with pytest.raises(
        InvalidInput, check=problem("not-translated", "fr.xlsx, row 16 (items/why/text, all), column fr")
    ):
        translated(read_sheet(sheet), tiny)


def test_a_lost_and_a_made_up_placeholder_are_both_found(tiny: Instrument, sheet: Path, edited: Edit) -> None:
    row = row_of(sheet, "items/q/text", "staff")
    found = told(edited({(row, 5): "Et vous, {prenom}, au <b>travail</b> ?"}), tiny)
    assert len(found) == 2
    assert "{firstname} was lost" in found[0]
    assert "{prenom} is new" in found[1]
    assert told(edited({(row, 5): "Au <b>travail</b>, {firstname} ?"}), tiny) == []


def test_an_opening_mark_without_its_closing_one_is_found(
    tiny: Instrument, sheet: Path, edited: Edit
) -> None:
    row = row_of(sheet, "items/q/text", "staff")
    (found,) = told(edited({(row, 5): "Au <b>travail, {firstname} ?"}), tiny)
    assert "</b> was lost" in found


def test_source_words_that_changed_since_are_found(whole: dict[str, Any], load: Load, sheet: Path) -> None:
    whole["items"][0]["text"]["staff"]["en"] = "Do you, {firstname}, at <b>work</b>?"
    whole["items"][3]["text"]["all"]["en"] = "How many hours a week?"
    (found,) = told(sheet, load(whole))
    assert "(items/hours/text, all), column en" in found
    assert "'How many hours a week?'" in found


def test_a_changed_key_is_refused_with_near_names_and_its_row_is_missed(
    tiny: Instrument, sheet: Path, edited: Edit
) -> None:
    row = row_of(sheet, "items/hours/text")
    found = told(edited({(row, 1): "items/houres/text"}), tiny)
    assert "the instrument has no text 'items/houres/text'; did you mean 'items/hours/text'" in found[0]
    assert "the row of 'items/hours/text' for all is missing" in found[1]


def test_a_changed_audience_and_a_row_given_twice_are_refused(
    tiny: Instrument, sheet: Path, edited: Edit
) -> None:
    row = row_of(sheet, "items/q/text", "staff")
    found = told(edited({(row, 2): "stuff"}), tiny)
    assert "has no words for audience 'stuff'" in found[0]
    again = told(edited({(row, 2): "boss"}), tiny)
    assert any("duplicates row" in one for one in again)


def test_a_sheet_of_another_instrument_or_version_is_refused(
    tiny: Instrument, sheet: Path, edited: Edit
) -> None:
    newer = tiny.model_copy(update={"version": "2026.2.0"})
    (found,) = told(sheet, newer)
    assert "the sheet is of version 2026.1.0, and the instrument is 2026.2.0" in found
    (found,) = told(edited({}, about={"instrument": "canteen"}), tiny)
    assert "of instrument 'canteen', and this is 'tiny'" in found


def test_formulas_are_neither_written_nor_read(whole: dict[str, Any], load: Load, tmp_path: Path) -> None:
    whole["items"][5]["text"]["all"]["en"] = "=1+1 is what?"
    made = load(whole)
    path = write_sheet(made, tmp_path / "fr.xlsx", to=["fr"])
    row = row_of(path, "items/why/text")
    book = openpyxl.load_workbook(path)
    assert book["texts"].cell(row, 4).data_type == "s"
    book["texts"].cell(row, 5).value = "=HYPERLINK(A1)"
    book.save(path)
    with pytest.raises(InvalidInput, check=problem("unreadable-cell", "fr.xlsx, row 16, column fr")):
        read_sheet(path)


@pytest.mark.parametrize(
    ("to", "source", "refusal"),
    [
        (["French"], None, problem("unknown-language", "to")),
        (["en"], None, problem("duplicate", "to")),
        (["fr", "fr"], None, problem("duplicate", "to")),
        ([], None, problem("empty", "to")),
        (["fr"], "de", problem("unknown-language", "from")),
    ],
)
def test_a_language_that_cannot_be_meant_is_refused(
    tiny: Instrument, tmp_path: Path, to: list[str], source: str | None, refusal: Refusal
) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        write_sheet(tiny, tmp_path / "out.xlsx", to=to, source=source)
    assert not (tmp_path / "out.xlsx").exists()


def test_a_sheet_somebody_works_in_is_not_written_over(tiny: Instrument, sheet: Path) -> None:
    before = sheet.read_bytes()
    with pytest.raises(InvalidInput, check=problem("file-exists", "…/fr.xlsx")):
        write_sheet(tiny, sheet, to=["fr"])
    assert sheet.read_bytes() == before


@pytest.mark.parametrize("held", [b"", b"no workbook", None])
def test_what_is_no_workbook_is_said_so(tmp_path: Path, held: bytes | None) -> None:
    path = tmp_path / "fr.xlsx"
    if held is not None:
        path.write_bytes(held)
    with pytest.raises(InvalidInput, match=r"is not a workbook|cannot be read"):
        read_sheet(path)


def test_changed_headings_and_a_lost_page_are_said(sheet: Path, edited: Edit) -> None:
    edited({(1, 5): "francais"})
    with pytest.raises(InvalidInput, check=problem("missing-column", "fr.xlsx, row 1")):
        read_sheet(sheet)
    book = openpyxl.load_workbook(sheet)
    del book["about"]
    book.save(sheet)
    with pytest.raises(InvalidInput, check=problem("wrong-file", "fr.xlsx")):
        read_sheet(sheet)


def test_columns_a_translator_adds_behind_are_let_be(tiny: Instrument, edited: Edit) -> None:
    assert told(edited({(1, 7): "checked by", (2, 7): "A. B.", (2, 6): "fine"}), tiny) == []


def test_a_percent_sign_before_a_blank_is_no_placeholder() -> None:
    assert not placeholders("5 % of the work, 50% more")
    assert placeholders("{a} and %s") == {"{a}": 1, "%s": 1}


def test_the_command_goes_all_the_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in sorted((INSTRUMENTS / "pulse").glob("*.yaml"))]
    sheet, out = str(tmp_path / "fr.xlsx"), str(tmp_path / "pulse.yaml")
    assert main(["translate", "export", *files, "--to", "fr", "--out", sheet]) == 0
    assert main(["translate", "check", sheet, *files]) == 0
    assert "no problem(s) found" in capsys.readouterr().out
    assert main(["translate", "import", sheet, *files, "--out", out]) == 0
    assert main(["lint", out]) == 0
    other = [str(INSTRUMENTS / "pilot" / "employee.yaml")]
    assert main(["translate", "check", sheet, *other]) == 1
    assert "is of instrument 'ai-pulse'" in capsys.readouterr().out
    assert main(["translate", "import", sheet, *other, "--out", str(tmp_path / "no.yaml")]) == 2
    assert not (tmp_path / "no.yaml").exists()
    assert main(["translate", "import", sheet, *files, "--out", out]) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("english", "french", "lost"),
    [
        ("We do not know how.", "Nous savons comment.", True),
        ("Nobody helps me.", "On m’aide.", True),
        ("We do not know how.", "Nous ne savons pas comment.", False),
        ("I am not happy.", "Je suis mécontent, et malheureux.", True),
        ("I am not happy.", "Je suis insatisfait.", False),
        ("We lack time.", "Le temps nous manque.", False),
        ("We know how.", "Nous ne savons pas.", False),  # one that is made up is for a reader to see
    ],
)
def test_a_negation_that_was_lost_is_found(
    whole: dict[str, Any], load: Load, tmp_path: Path, english: str, french: str, lost: bool
) -> None:
    whole["items"][5]["text"]["all"]["en"] = english
    instrument = load(whole)
    path = write_sheet(instrument, tmp_path / "fr.xlsx", to=["fr"])
    book = openpyxl.load_workbook(path)
    page = book["texts"]
    for row in range(2, page.max_row + 1):
        mine = page.cell(row, 1).value == "items/why/text"
        page.cell(row, 5).value = french if mine else f"FR {page.cell(row, 4).value}"
    book.save(path)
    found = [problem.code for problem in check_sheet(read_sheet(path), instrument)]
    assert found == (["changed-text"] if lost else [])
