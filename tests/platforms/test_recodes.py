"""Numbers of Qualtrics by recode value or by position: the cells tell, or the file is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.conftest import as_csv
from tests.platforms.makers import choice, made, matrix, multi
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, export, read_answers
from toolkit.responses import decode
from toolkit.responses.decoding import Coded

RATING = {"0": "Never", "1": "Rarely", "2": "Sometimes", "3": "Often", "4": "Always"}
OWN = ["ResponseId", "Status", "Finished"]
Read = Callable[..., Coded]


@pytest.fixture
def survey(tmp_path: Path) -> Instrument:
    """Codes that are not positions: 0 to 4; letters; options numbered by tens."""
    return made(
        tmp_path,
        [
            choice("rate", RATING),
            matrix("grid", ["a", "b"], RATING),
            choice("mood", {"up": "Up", "down": "Down"}),
            multi("tools", {"10": "Chat", "20": "Code", "30": "Search"}),
        ],
    )


@pytest.fixture
def read(survey: Instrument, tmp_path: Path) -> Read:
    """Read rows (column → cell) with the exporter's manifest or without."""

    def reading(
        *rows: dict[str, str], manifest: bool = True, texts: dict[str, str] | None = None, **options: Any
    ) -> Coded:
        columns = list(dict.fromkeys(name for row in rows for name in row))
        ids = [json.dumps({"ImportId": name}) for name in (*OWN, *columns)]
        heads = [[*OWN, *columns], [*OWN, *((texts or {}).get(name, "?") for name in columns)], ids]
        people = [[f"R_{n}", "0", "1", *(row[c] for c in columns)] for n, row in enumerate(rows)]
        path = tmp_path / "answers.csv"
        path.write_text(as_csv([*heads, *people], ","), "utf-8")
        if manifest:
            written = export(survey, "qualtrics", tmp_path / "out")
            place = next(path for path in written if path.name.endswith(".manifest.json"))
            options["manifest"] = str(place)
        left = {"rate", "grid", "mood", "tools"} - {column.partition("_")[0] for column in columns}
        said = {"wave": "w", "platform": "qualtrics", "file": path.name, "organisation": "org-1"}
        said |= {"audience": "everyone", "absent": sorted(left), **options}
        return decode(read_answers(path, survey, "qualtrics", entry=AnswersFile.model_validate(said)), survey)

    return reading


def _notes(coded: Coded) -> list[str]:
    return coded.disposition.query("outcome == 'noted'")["reason"].tolist()


def test_a_value_only_recodes_hold_tells_that_they_were_set(read: Read) -> None:
    coded = read({"rate": "0"}, {"rate": "3"}, {"rate": "4"})
    assert coded.coded["rate"].tolist() == ["0", "3", "4"]
    assert not any("recode" in note for note in _notes(coded))


def test_a_value_only_positions_hold_tells_that_they_were_not(read: Read) -> None:
    coded = read({"rate": "1"}, {"rate": "3"}, {"rate": "5"})
    assert coded.coded["rate"].tolist() == ["0", "2", "4"]
    assert "recode values were never set in Qualtrics for rate: read by position" in _notes(coded)


def test_one_row_of_a_matrix_tells_for_all_of_it_and_for_nothing_else(read: Read) -> None:
    coded = read({"grid_a": "5", "grid_b": "1", "rate": "0"}, {"grid_a": "2", "grid_b": "2", "rate": "4"})
    assert coded.coded[["grid_a", "grid_b", "rate"]].to_numpy().tolist() == [["4", "0", "0"], ["1", "1", "4"]]


def test_what_nothing_tells_is_refused_unless_the_study_file_says_it(read: Read) -> None:
    rows = ({"rate": "1"}, {"rate": "3"})
    with pytest.raises(InvalidInput, check=problem("ambiguous", "column rate")):
        read(*rows)
    assert read(*rows, recodes="set").coded["rate"].tolist() == ["1", "3"]
    assert read(*rows, recodes="unset").coded["rate"].tolist() == ["0", "2"]


def test_a_question_answered_by_both_kinds_of_number_is_refused(read: Read) -> None:
    with pytest.raises(
        InvalidInput,
        check=problem("ambiguous", "column rate") + problem("unknown-answer", "column rate, row 5"),
    ):
        read({"rate": "0"}, {"rate": "5"})


def test_choice_texts_need_no_telling(read: Read) -> None:
    assert read({"rate": "Rarely", "mood": "Down"}).coded[["rate", "mood"]].iloc[0].tolist() == ["1", "down"]


def test_letters_are_numbered_with_the_manifest_and_without(read: Read) -> None:
    for manifest in (True, False):
        assert read({"mood": "2"}, {"mood": "1"}, manifest=manifest).coded["mood"].tolist() == ["down", "up"]


def test_recodes_is_read_with_a_manifest_alone() -> None:
    with pytest.raises(ValueError, match="recodes is only read with a manifest of Qualtrics; remove it"):
        AnswersFile(wave="1", platform="qualtrics", file="a.csv", recodes="set")


def _ticks(coded: Coded) -> list[list[str]]:
    return coded.coded[["tools_10", "tools_20", "tools_30"]].to_numpy().tolist()


@pytest.mark.parametrize("manifest", [True, False])
def test_joined_ticks_tell_positions_from_codes(read: Read, manifest: bool) -> None:
    for cells in (("1,3", "2"), ("10,30", "20")):
        coded = read({"tools": cells[0]}, {"tools": cells[1]}, manifest=manifest)
        assert _ticks(coded) == [["1", "0", "1"], ["0", "1", "0"]]


def test_split_ticks_tell_positions_from_codes(read: Read) -> None:
    for numbers in (("1", "2", "3"), ("10", "20", "30")):
        row = dict.fromkeys((f"tools_{number}" for number in numbers), "") | {f"tools_{numbers[2]}": "1"}
        assert _ticks(read(row, manifest=False)) == [["0", "0", "1"]]


def test_numbers_that_may_be_either_need_the_texts_of_the_columns(tmp_path: Path) -> None:
    turned = made(tmp_path, [multi("tools", {"2": "Chat", "1": "Code"})])
    ids = ['{"ImportId":"QID1"}'] * 5
    path = tmp_path / "answers.csv"
    entry = AnswersFile(wave="w", platform="qualtrics", file=path.name, organisation="o", audience="everyone")
    frames = []
    for texts in (["Chat", "Code"], ["Code", "Chat"]):
        heads = [
            [*OWN, "tools_1", "tools_2"],
            [*OWN, *(f"? - Selected - {one}" for one in texts)],
            ids,
        ]
        path.write_text(as_csv([*heads, ["R_1", "0", "1", "1", ""]], ","), "utf-8")
        frames.append(decode(read_answers(path, turned, "qualtrics", entry=entry), turned).coded)
    assert [frame[["tools_2", "tools_1"]].iloc[0].tolist() for frame in frames] == [["1", "0"], ["0", "1"]]
    path.write_text(as_csv([heads[0], ["?"] * 5, ids, ["R_1", "0", "1", "1", ""]], ","), "utf-8")
    with pytest.raises(InvalidInput, check=problem("ambiguous", "item tools")):
        read_answers(path, turned, "qualtrics", entry=entry)
    joined = as_csv([[*OWN, "tools"], ["?"] * 4, ids[:4], ["R_1", "0", "1", "2"]], ",")
    path.write_text(joined, "utf-8")
    with pytest.raises(InvalidInput, check=problem("ambiguous", "column tools")):
        read_answers(path, turned, "qualtrics", entry=entry)
