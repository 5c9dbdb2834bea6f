"""LimeSurvey exports: every flavour gives the same frame, and what does not fit is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, platform_of, read_answers
from toolkit.responses import decode

Write = Callable[..., Path]
ANSWERED = {"aiuse": "0", "agree[prod]": "4", "agree[load]": "2", "agree[burn]": "5", "years": "3"}
LABELS = {
    "aiuse": "No",
    "agree[prod]": "Agree",
    "agree[load]": "Disagree",
    "agree[burn]": "Strongly agree",
    "years": "3",
}


def _entry(path: Path, **options: object) -> AnswersFile:
    return AnswersFile.model_validate(
        {"wave": "2026", "platform": "limesurvey", "file": path.name, **options}
    )


def _genuine(shared: Path, name: str) -> Path:
    return shared / "platforms" / "limesurvey" / "exports" / name


def _refusal(path: Path, tiny: Instrument, **options: object) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_answers(path, tiny, "limesurvey", entry=_entry(path, **options))
    return str(caught.value)


@pytest.mark.parametrize("name", ["code_short.csv", "code_long.csv"])
def test_a_genuine_export_is_read_as_its_respondents_answered(
    shared: Path, tiny: Instrument, name: str
) -> None:
    path = _genuine(shared, name)
    export = read_answers(
        path, tiny, "limesurvey", entry=_entry(path, organisation="org-1", absent=["years"])
    )
    frame = decode(export, tiny).coded
    assert frame["respondent"].tolist() == ["1", "2", "3", "4", "5", "6", "7"]
    assert frame["audience"].tolist() == ["executive"] * 2 + ["employee"] * 3 + ["freelancer"] * 2
    assert frame["aiuse"].tolist() == ["1", "0", "1", "0", "-1", "1", "1"]
    assert frame["agree_load"].tolist() == ["2", "-1", "5", "-3", "3", "1", "2"]
    assert frame["ways_rev"].tolist() == ["1", "-4", "1", "-4", "-4", "0", "-3"]
    assert frame["ways_none"].tolist() == ["0", "-4", "0", "-4", "-4", "1", "-3"]
    assert frame["outp"].tolist() == ["1", "-1", *["-5"] * 5]
    assert frame["open"].tolist()[2] == 'Training,\ntime; and "support"'
    assert frame["open"].isna().tolist() == [False, True, False, True, False, True, False]


def test_codes_and_full_answers_give_the_same_frame(shared: Path, tiny: Instrument) -> None:
    frames = []
    for name in ("code_short.csv", "code_long.csv"):
        path = _genuine(shared, name)
        export = read_answers(
            path, tiny, "limesurvey", entry=_entry(path, organisation="org-1", absent=["years"])
        )
        frames.append(decode(export, tiny).coded.drop(columns="source"))
    pd.testing.assert_frame_equal(*frames)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_delimiter_and_byte_order_mark_change_nothing(
    limesurvey: Write, tiny: Instrument, delimiter: str, encoding: str
) -> None:
    path = limesurvey(ANSWERED, delimiter=delimiter, encoding=encoding)
    frame = decode(read_answers(path, tiny, "limesurvey"), tiny).coded
    assert frame[["aiuse", "agree_prod", "agree_load", "agree_burn", "years"]].iloc[0].tolist() == [
        "0",
        "4",
        "2",
        "5",
        3,
    ]


TEXT_HEADINGS = [
    "full_short.csv",
    "full_long.csv",
    "abbreviated_short.csv",
    "abbreviated_long.csv",
    "ui_csv__results-survey424242.csv",
]


@pytest.mark.parametrize("name", TEXT_HEADINGS)
def test_headings_that_are_texts_are_refused_with_the_setting_to_change(
    shared: Path, tiny: Instrument, name: str
) -> None:
    assert "export again with headings 'Question code'" in _refusal(_genuine(shared, name), tiny)


def test_a_row_without_submitdate_was_not_submitted(limesurvey: Write, tiny: Instrument) -> None:
    export = read_answers(limesurvey(ANSWERED, {**ANSWERED, "submitdate": ""}), tiny, "limesurvey")
    assert export.people["submitted"].tolist() == [True, False]


def test_every_problem_of_a_file_is_said_at_once(limesurvey: Write, tiny: Instrument) -> None:
    path = limesurvey(
        ANSWERED,
        {**ANSWERED, "aiuse": "7", "id": "1"},
        {**ANSWERED, "aiuse": "7", "years": "old", "audience": "boss"},
        {**ANSWERED, "years": "61", "ways[rev]": "maybe"},
        extra=["surprise"],
        without=["agree[load]", "submitdate"],
    )
    said = _refusal(path, tiny)
    for part in (
        "9 problem(s)",
        "column submitdate: is missing",
        "column audience, row 4: 'boss' is not an audience",
        "column surprise: is neither an item of the instrument",
        "column agree_load: is missing",
        "column id, rows 2, 3: respondent '1' occurs twice",
        "column aiuse, row 3 (+1 more): '7' is not an answer of 'aiuse'",
        "column years, row 4: 'old' is not a number",
        "column years, row 5: '61' is outside 0 to 60; correct the answer or the item's bounds",
        "column ways[rev], row 5: 'maybe' is not an answer",
    ):
        assert part in said


def test_a_file_of_codes_refuses_a_full_answer(limesurvey: Write, tiny: Instrument) -> None:
    said = _refusal(limesurvey(ANSWERED, {**ANSWERED, "agree[prod]": "Agree"}), tiny)
    assert "column agree[prod], row 3: 'Agree' is not an answer" in said


def test_unknown_columns_may_be_ignored_and_missing_ones_declared(
    limesurvey: Write, tiny: Instrument
) -> None:
    path = limesurvey(ANSWERED, extra=["surprise"], without=["agree[load]"])
    export = read_answers(
        path, tiny, "limesurvey", entry=_entry(path, ignore_columns=["surprise"], absent=["agree_load"])
    )
    assert decode(export, tiny).coded["agree_load"].tolist() == ["-5"]


def test_an_item_for_other_audiences_only_may_be_missing(limesurvey: Write, tiny: Instrument) -> None:
    path = limesurvey(ANSWERED, without=["outp"])
    assert decode(read_answers(path, tiny, "limesurvey"), tiny).coded["outp"].tolist() == ["-5"]
    assert "column outp: is missing" in _refusal(
        limesurvey({**ANSWERED, "audience": "exec"}, without=["outp"]), tiny
    )


def test_another_survey_is_said_in_one_problem(limesurvey: Write, tiny: Instrument) -> None:
    items = (
        "agree[prod]",
        "agree[load]",
        "agree[burn]",
        "ways[rev]",
        "ways[lrn]",
        "ways[ask]",
        "ways[none]",
        "years",
        "open",
    )
    said = _refusal(limesurvey(ANSWERED, without=items, extra=["q1", "q2", "q3"]), tiny)
    assert "1 problem(s)" in said
    assert "only 1 of 10 columns of the instrument are here" in said
    assert "'q1'" not in said  # headings of another file may be confidential


def test_an_audience_the_file_is_not_for_is_refused(limesurvey: Write, tiny: Instrument) -> None:
    path = limesurvey(ANSWERED, {**ANSWERED, "audience": "free"})
    said = _refusal(path, tiny, audiences=["executive", "employee"])
    assert "column audience, row 3: answers of audience 'freelancer', which this file is not for" in said


def test_a_column_may_only_agree_with_what_the_study_file_says(limesurvey: Write, tiny: Instrument) -> None:
    path = limesurvey(
        ANSWERED, {**ANSWERED, "audience": "free", "organisation": "org-2"}, {**ANSWERED, "audience": ""}
    )
    said = _refusal(path, tiny, audience="employee", organisation="org-1")
    assert "2 problem(s)" in said
    assert "column audience, row 3: answers of audience 'freelancer', which this file is not for" in said
    assert "column organisation, row 3: names 'org-2', but the study file assigns the file to 'org-1'" in said
    path = limesurvey(ANSWERED, {**ANSWERED, "audience": "", "organisation": ""})
    export = read_answers(
        path, tiny, "limesurvey", entry=_entry(path, audience="employee", organisation="org-1")
    )
    assert export.people["audience"].tolist() == ["employee", "employee"]
    assert export.people["organisation"].tolist() == ["org-1", "org-1"]


def test_blanks_around_and_inside_an_answer_do_not_matter(limesurvey: Write, tiny: Instrument) -> None:
    path = limesurvey({**LABELS, "agree[burn]": " Strongly\u00a0agree ", "audience": "Full-time  employee"})
    assert decode(read_answers(path, tiny, "limesurvey"), tiny).coded["agree_burn"].tolist() == ["5"]


def test_a_token_used_twice_is_refused(limesurvey: Write, tiny: Instrument) -> None:
    path = limesurvey(
        {**ANSWERED, "token": "a"}, {**ANSWERED, "token": "a"}, ANSWERED, ANSWERED, extra=["token"]
    )
    assert "column token, rows 2, 3: respondent 'a' occurs twice" in _refusal(path, tiny)


def test_a_heading_that_stands_twice_is_refused(limesurvey: Write, tiny: Instrument) -> None:
    assert "column aiuse: heading occurs 2 times" in _refusal(limesurvey(ANSWERED, extra=["aiuse"]), tiny)


def test_a_missing_organisation_column_is_refused(limesurvey: Write, tiny: Instrument) -> None:
    assert "column organisation: is missing" in _refusal(limesurvey(ANSWERED, without=["organisation"]), tiny)


def test_two_columns_may_hold_one_item_for_two_audiences(limesurvey: Write, tiny: Instrument) -> None:
    people = ({**ANSWERED, "aiuse": "", "use_exec": "1", "audience": "exec"}, ANSWERED)
    path = limesurvey(*people, extra=["use_exec"])
    export = read_answers(path, tiny, "limesurvey", entry=_entry(path, columns={"use_exec": "aiuse"}))
    assert decode(export, tiny).coded["aiuse"].tolist() == ["1", "0"]
    path = limesurvey({**ANSWERED, "use_exec": "1"}, extra=["use_exec"])
    assert "both answer 'aiuse', differently" in _refusal(path, tiny, columns={"use_exec": "aiuse"})


def test_the_file_of_another_platform_is_refused(qualtrics: Write, tiny: Instrument) -> None:
    said = _refusal(qualtrics({"aiuse": "1"}, columns=["aiuse"]), tiny)
    assert "not those of a LimeSurvey export" in said


def test_full_answers_may_be_in_any_language_of_the_instrument(limesurvey: Write, tiny: Instrument) -> None:
    french = {"aiuse": "Oui", "agree[prod]": "D’accord", "ways[rev]": "Oui", "ways[lrn]": "Non"}
    path = limesurvey(LABELS, {**LABELS, **french})
    frame = decode(read_answers(path, tiny, "limesurvey"), tiny).coded
    assert frame[["aiuse", "agree_prod", "ways_rev", "ways_lrn"]].to_numpy().tolist() == [
        ["0", "4", "-4", "-4"],
        ["1", "4", "1", "0"],
    ]


def test_choices_that_were_not_answered_are_blank_whatever_full_answers_call_them(
    limesurvey: Write, tiny: Instrument
) -> None:
    unseen = {"aiuse": "N/A", "agree[prod]": "N/A", "ways[rev]": "N/A", "ways[lrn]": "N/A", "open": "N/A"}
    path = limesurvey(LABELS, {**LABELS, **unseen}, {**LABELS, **dict.fromkeys(unseen, "")})
    frame = decode(read_answers(path, tiny, "limesurvey"), tiny).coded
    choices = ["aiuse", "agree_prod", "ways_rev", "ways_lrn"]
    assert frame[choices].iloc[1].tolist() == frame[choices].iloc[2].tolist()
    assert frame["open"].iloc[1] == "N/A"  # in somebody's own words


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.floats(0, 1),
    length=st.integers(0, 40),
    put=st.sampled_from([b"", b'"', b";", b"\n", b"\xff", b"98", b"\x00"]),
)
def test_a_file_damaged_anywhere_is_read_or_refused_never_a_crash(
    limesurvey: Write, tiny: Instrument, place: float, length: int, put: bytes
) -> None:
    path = limesurvey(ANSWERED, {**ANSWERED, "open": "a; b"}, {**ANSWERED, "submitdate": ""})
    data = path.read_bytes()
    start = int(place * len(data))
    path.write_bytes(data[:start] + put + data[start + length :])
    try:
        found = decode(read_answers(path, tiny, "limesurvey"), tiny)
    except InvalidInput:
        return
    sums = found.disposition.groupby("outcome")["rows"].sum()
    assert sums["read"] == sums.get("kept", 0) + sums.get("set aside", 0)


@pytest.mark.parametrize(
    "own",
    [
        ("ID de la réponse", "Date de soumission", "Dernière page", "Langue de départ", "Tête de série",
         "Date de lancement", "Date de la dernière action"),
        ("Antwort ID", "Datum Abgeschickt", "Letzte Seite", "Start-Sprache", "Zufallsstartwert",
         "Datum gestartet", "Datum letzte Aktivität"),
    ],
)  # fmt: skip
def test_the_platform_s_own_columns_are_known_in_french_and_german(
    limesurvey: Write, tiny: Instrument, own: tuple[str, ...]
) -> None:
    path = limesurvey(
        {"aiuse": "1", "agree[prod]": "4"}, {"aiuse": "0", "submitdate": "", "agree[prod]": "1"}
    )
    english = ("id", "submitdate", "lastpage", "startlanguage", "seed", "startdate", "datestamp")
    before = decode(read_answers(path, tiny, "limesurvey"), tiny)
    text = path.read_text("utf-8-sig")
    for name, said in zip(english, own, strict=True):
        text = text.replace(f'"{name}"', f'"{said}"', 1)
    path.write_text(text, "utf-8-sig")
    assert platform_of(path) == "limesurvey"
    pd.testing.assert_frame_equal(decode(read_answers(path, tiny, "limesurvey"), tiny).coded, before.coded)
