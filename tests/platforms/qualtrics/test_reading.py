"""Qualtrics exports: numbers or texts, joined or split, give the same frame; previews are set aside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, read_answers
from toolkit.platforms.common import split_choices
from toolkit.responses import decode

Write = Callable[..., Path]
COLUMNS = ["aiuse", "agree_prod", "agree_load", "agree_burn", "ways", "outp", "years", "open"]
SPLIT = [
    "aiuse",
    "agree_prod",
    "agree_load",
    "agree_burn",
    "ways_1",
    "ways_2",
    "ways_3",
    "ways_4",
    "outp",
    "years",
    "open",
]
ROW = {"aiuse": "1", "agree_prod": "4", "agree_load": "98", "agree_burn": "5", "ways": "1,3", "years": "3"}
TEXT_ROW = {
    "aiuse": "Yes", "agree_prod": "Agree", "agree_load": "Don't know", "agree_burn": "Strongly agree",
    "ways": "More time reviewing AI output,More work is asked of us", "years": "3",
    "Finished": "True", "Status": "IP Address", "audience": "Full-time employee",
}  # fmt: skip


def _entry(path: Path, **options: object) -> AnswersFile:
    return AnswersFile.model_validate({"wave": "2026", "platform": "qualtrics", "file": path.name, **options})


def _refusal(path: Path, tiny: Instrument, **options: object) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_answers(path, tiny, "qualtrics", entry=_entry(path, **options))
    return str(caught.value)


def _frame(path: Path, tiny: Instrument) -> pd.DataFrame:
    return decode(read_answers(path, tiny, "qualtrics", entry=_entry(path)), tiny).coded


def test_numbers_texts_and_split_columns_give_the_same_frame(qualtrics: Write, tiny: Instrument) -> None:
    split = {**ROW, "ways": "", "ways_1": "1", "ways_3": "1"}
    choice = {**ROW, "ways": "", "ways_1": "1", "ways_3": "3"}
    frames = [
        _frame(qualtrics(ROW, columns=COLUMNS), tiny),
        _frame(qualtrics(TEXT_ROW, columns=COLUMNS), tiny),
        _frame(qualtrics(split, columns=SPLIT), tiny),
        _frame(qualtrics(choice, columns=SPLIT), tiny),
        _frame(qualtrics({**ROW, "audience": "2"}, columns=COLUMNS), tiny),
    ]
    named = frames[0][
        ["aiuse", "agree_prod", "agree_load", "agree_burn", "ways_rev", "ways_lrn", "ways_ask", "ways_none"]
    ]
    assert named.iloc[0].tolist() == ["1", "4", "-1", "5", "1", "0", "1", "0"]
    for other in frames[1:]:
        pd.testing.assert_frame_equal(frames[0], other)


def test_the_handmade_file_is_read_where_columns_are_named(shared: Path, tiny: Instrument) -> None:
    path = shared / "platforms" / "qualtrics" / "tiny_3row_handmade.csv"
    places = {"exec": "exec", "fte": "fte", "free": "free"}
    columns = {"out_up": "outp"}
    for suffix in places:
        columns |= {f"ai_use_{suffix}": "aiuse", f"ways_{suffix}": "ways"}
        columns |= {f"agree_{suffix}_{row}": f"agree_{row}" for row in ("prod", "load", "burn")}
    entry = _entry(path, columns=columns, absent=["years"], organisation="org-1")
    frame = decode(read_answers(path, tiny, "qualtrics", entry=entry), tiny).coded
    assert frame["audience"].tolist() == ["executive", "employee"]
    assert frame["aiuse"].tolist() == ["1", "0"]
    assert frame["agree_prod"].tolist() == ["5", "3"]
    assert frame["agree_load"].tolist() == ["2", "-3"]
    assert frame[["ways_rev", "ways_lrn", "ways_ask", "ways_none"]].to_numpy().tolist() == [
        ["1", "0", "1", "0"],
        ["-4"] * 4,
    ]
    assert frame["open"].iloc[0] == 'Clear "goals"'


def test_previews_tests_and_spam_are_set_aside_and_counted(qualtrics: Write, tiny: Instrument) -> None:
    statuses = ["0", "1", "2", "8", "4", "Survey Preview", "Imported", "Spam", "17"]
    path = qualtrics(*({**ROW, "Status": status} for status in statuses), columns=COLUMNS)
    coded = decode(read_answers(path, tiny, "qualtrics"), tiny)
    assert coded.coded["respondent"].tolist() == ["R_1", "R_5", "R_7"]
    counted = coded.disposition.set_index("reason")["rows"]
    assert counted["rows in the file"] == 9
    assert counted["a preview or test"] == 4
    assert counted["marked as spam by Qualtrics"] == 2
    assert counted["complete"] == 3


def test_what_is_set_aside_is_not_looked_into(qualtrics: Write, tiny: Instrument) -> None:
    odd = {"Status": "1", "audience": "tester", "aiuse": "77", "ResponseId": "R_1"}
    frame = _frame(qualtrics(ROW, {**ROW, **odd}, columns=COLUMNS), tiny)
    assert frame["respondent"].tolist() == ["R_1"]


def test_a_file_of_previews_alone_is_read_and_holds_nobody(qualtrics: Write, tiny: Instrument) -> None:
    coded = decode(read_answers(qualtrics({**ROW, "Status": "1"}, columns=COLUMNS), tiny, "qualtrics"), tiny)
    assert len(coded.coded) == 0
    assert coded.coded["aiuse"].dtype.categories.tolist() == list(tiny["aiuse"].categories)
    assert coded.disposition["rows"].tolist() == [1, 1]


def test_a_third_row_that_holds_no_import_ids_is_refused(qualtrics: Write, tiny: Instrument) -> None:
    assert "the third row holds no import ids" in _refusal(qualtrics(ROW, columns=COLUMNS, third="1"), tiny)


def test_the_early_third_row_gives_the_same_frame(qualtrics: Write, tiny: Instrument) -> None:
    early = qualtrics(ROW, columns=COLUMNS, third="{'ImportId': 'QID1'}", name="early.csv")
    expected = _frame(qualtrics(ROW, columns=COLUMNS), tiny)
    pd.testing.assert_frame_equal(_frame(early, tiny).assign(source=""), expected.assign(source=""))


@pytest.mark.parametrize("name", ["qt_MA_MC_insights_3row.csv", "qt_MA_MC_legacy_2row.csv"])
def test_another_survey_in_an_early_format_is_refused_as_another_survey(
    shared: Path, tiny: Instrument, name: str
) -> None:
    said = _refusal(shared / "platforms" / "real" / "qualtrics" / name, tiny, organisation="org-1")
    assert "this looks like the export of another survey" in said


def test_every_problem_of_a_file_is_said_at_once(qualtrics: Write, tiny: Instrument) -> None:
    path = qualtrics(
        {**ROW, "ResponseId": "R_1"},
        {**ROW, "ResponseId": "R_1", "Status": "odd", "Finished": "perhaps"},
        {**ROW, "ways": "1,9", "aiuse": "5", "audience": "9"},
        columns=[*COLUMNS, "other_thing"],
    )
    said = _refusal(path, tiny)
    for part in (
        "7 problem(s)",
        "column Status, row 5: 'odd' is not a Qualtrics status",
        "column Finished, row 5: 'perhaps'",
        "column audience, row 6: '9' is not an audience",
        "column other_thing: is neither an item",
        "column ResponseId, rows 4, 5",
        "column aiuse, row 6: '5'",
        "column ways, row 6: '9'",
    ):
        assert part in said


def test_a_choice_text_may_hold_the_comma_that_joins_choices(tiny: Instrument) -> None:
    words = {"Speed": "rev", "Quality, of work": "lrn", "Quality": "ask"}
    cells = pd.Series(["Speed,Quality, of work", "Quality,Speed", ""], name="by", index=[4, 5, 6])
    problems: list[Problem] = []
    columns = split_choices(cells, tiny.of_item("ways"), words, ",", problems)
    assert not problems
    assert {name: column.notna().tolist() for name, column in columns.items()} == {
        "ways_rev": [True, True, False],
        "ways_lrn": [True, False, False],
        "ways_ask": [False, True, False],
        "ways_none": [False, False, False],
    }


def test_a_cell_that_can_be_split_in_two_ways_is_a_problem(tiny: Instrument) -> None:
    words = {"A": "rev", "B": "lrn", "A,B": "ask"}
    problems: list[Problem] = []
    split_choices(pd.Series(["A,B"], name="ways", index=[4]), tiny.of_item("ways"), words, ",", problems)
    assert len(problems) == 1


def test_seen_but_unanswered_is_blank(qualtrics: Write, tiny: Instrument) -> None:
    frame = _frame(qualtrics({**ROW, "agree_prod": "-99", "ways": "-99"}, columns=COLUMNS), tiny)
    assert frame[["agree_prod", "ways_rev"]].iloc[0].tolist() == ["-3", "-3"]
