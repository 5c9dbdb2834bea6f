"""A draft from a real export reads without a problem, and says everything that was guessed."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

import toolkit as tk
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.reporting.sections import SECTIONS
from toolkit.study.drafting import draft_study

pytestmark = pytest.mark.usefixtures("read_here")

ROWS = 60


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A form's export as such files are: times, names, words in order, ticks, numbers, prose."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "Timestamp": [f"2026-09-01 10:{minute:02}" for minute in range(ROWS)],
            "Role": np.where(np.arange(ROWS) % 3, "Member of staff", "Manager"),
            "Company": np.where(np.arange(ROWS) % 2, "Acme Ltd", "Bolt"),
            "E-mail": [f"p{number}@example.org" for number in range(ROWS)],
            "It helps": rng.choice(["Strongly agree", "Agree", "Disagree", ""], ROWS),
            "Uses": rng.choice(["Writing", "Writing;Search", "Data", ""], ROWS),
            "why[price]": rng.choice(["Y", ""], ROWS),
            "why[queue]": rng.choice(["Y", ""], ROWS),
            "Score": rng.choice(["1", "2", "3", "98"], ROWS),
            "Hours": rng.choice(["20", "37.5", "40"], ROWS),
            "Remarks": [f"Remark {number}, at length" for number in range(ROWS)],
            "Blank": "",
        }
    )
    path = tmp_path / "export.csv"
    frame.to_csv(path, index=False)
    return path


def test_every_kind_of_column_is_told_and_reads_back(export: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    files, guesses = draft_study(folder, export, wave="2026")
    assert {path for path in folder.rglob("*") if path.is_file()} == set(files)
    assert (folder / "answers" / "export.csv").read_bytes() == export.read_bytes()
    raw = pd.read_csv(export, dtype=str, keep_default_na=False)
    assert all(any(f"'{name.split('[')[0]}" in guess for guess in guesses) for name in raw)
    study = tk.load_study(folder)
    study.check()
    items = {item.id: item.type for item in study.instrument.items}
    assert items == {
        "ithelps": "single",
        "uses": "multi",
        "why": "multi",
        "score": "single",
        "hours": "number",
        "remarks": "text",
    }
    frame = study.responses(missing="codes")
    assert frame["audience"].value_counts().to_dict() == {"memberofstaff": 40, "manager": 20}
    labels = study.instrument["ithelps"].code_labels()
    assert list(labels.values()) == ["Disagree", "Agree", "Strongly agree"]
    assert frame["ithelps"].map(labels).fillna("").tolist() == raw["It helps"].tolist()
    assert (frame["why_price"] == "1").tolist() == (raw["why[price]"] == "Y").tolist()
    assert frame["hours"].tolist() == raw["Hours"].astype(float).tolist()
    assert (frame["score"] == "-3").sum() == (raw["Score"] == "98").sum()
    assert not {"email", "timestamp"} & set(frame)


def test_labels_of_spss_become_answers(tmp_path: Path) -> None:
    frame = pd.DataFrame({"q1": [1.0, 2.0, 2.0, 9.0] * 10, "free": [f"words {n}" for n in range(40)]})
    path = tmp_path / "export.sav"
    labels = {"q1": {1.0: "Low", 2.0: "High", 9.0: "No answer"}}
    pyreadstat.write_sav(frame, str(path), variable_value_labels=labels, missing_ranges={"q1": [9.0]})
    draft_study(tmp_path / "mine", path)
    study = tk.load_study(tmp_path / "mine")
    answers = study.responses()["q1"].map(study.instrument["q1"].code_labels())
    assert answers.value_counts().to_dict() == {"High": 20, "Low": 10}


def test_the_command_drafts_checks_and_says_what_it_guessed(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "mine")
    assert main(["init", folder, "--from", str(export), "--audience-column", "Company"]) == 0
    told = capsys.readouterr().out
    assert "audiences of column 'Company'" in told
    assert "DRAFT" in told
    assert main(["check", folder]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--audience-column", "Rol"], "did you mean 'Role'"),
        (["--platform", "table"], "--platform"),
        (["--waves", "2025,2026"], "several waves"),
    ],
)
def test_options_that_cannot_be_are_refused(
    arguments: list[str], words: str, export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "mine"), "--from", str(export), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()


def test_files_of_no_answers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "unknown.bin").write_bytes(b"1")
    for path in (tmp_path / "unknown.bin", tmp_path / "absent.csv"):
        with pytest.raises(InvalidInput):
            draft_study(tmp_path / "mine", path)
    assert not (tmp_path / "mine").exists()


ANSWERS = "id,role,organisation,view\n" + "".join(
    f"{n},{'manager' if n % 4 else 'staff'},acme,{'Agree' if n % 3 else 'Disagree'}\n" for n in range(40)
)


@pytest.mark.parametrize(
    ("name", "held", "code"),
    [
        ("a.csv", b"\xff\xfe", "empty"),
        ("a.csv", b"{\\rtf1 answers}", "unsupported-format"),
        ("a.csv", ANSWERS.replace("view", "vi\x1bew").encode(), "invalid-character"),
        ("a.parquet", b"one line of text", "damaged-file"),
        ("a.dta", b"\x10" + bytes(range(200)), "damaged-file"),
    ],
)
def test_odd_files_are_refused_for_what_they_are(name: str, held: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(held)
    with pytest.raises(InvalidInput) as caught:
        draft_study(tmp_path / "mine", tmp_path / name)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip", "a.txt", "two\nlines.csv", "a.sav"])
def test_files_in_other_wrappings_are_drafted_from(name: str, tmp_path: Path) -> None:
    plain = ANSWERS.replace(",", "|") if name.endswith(".txt") else ANSWERS
    if name.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as packed:
            packed.writestr("export.csv", plain)
    else:
        data = gzip.compress(plain.encode()) if name.endswith(".gz") else plain.encode()
        (tmp_path / name).write_bytes(data)
    draft_study(tmp_path / "mine", tmp_path / name)
    study = tk.load_study(tmp_path / "mine")
    assert study.responses()["audience"].value_counts().to_dict() == {"manager": 30, "staff": 10}


def test_blank_headings_over_numbers_are_one_row_of_headings(tmp_path: Path) -> None:
    rows = "id,role,view,,\n" + "".join(f"{n},staff,Agree,{n % 5},{n % 3}\n" for n in range(40))
    study, guesses, _ = _drafted(tmp_path, rows)
    assert not any("two rows are headings" in guess for guess in guesses)
    assert len(study.responses()) == 40


def _drafted(tmp_path: Path, text: str, name: str = "export.csv") -> tuple[tk.Study, list[str], str]:
    """A study drafted from a file of this text, its guesses, and its study file."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    _, guesses = draft_study(tmp_path / "mine", tmp_path / name, wave="2026")
    return tk.load_study(tmp_path / "mine"), guesses, (tmp_path / "mine" / "study.yaml").read_text()


def _shares(study: tk.Study, item: str) -> dict[str, int]:
    """Label of each option of a multi-select → the respondents who ticked it."""
    frame = study.responses()
    options = next(one.options for one in study.instrument.items if one.id == item)
    return {
        option.label["en"]: int((frame[f"{item}_{option.code}"].astype(str) == "1").sum())
        for option in options
    }


def test_two_rows_of_headings_are_joined(tmp_path: Path) -> None:
    study, guesses, file = _drafted(
        tmp_path,
        "RespondentID,Which pets have you?,,,How was it?\n"
        ",A cat,A dog,A fish,Response\n"
        "11,A cat,A dog,,Good\n12,,A dog,,Bad\n13,,,,Good\n14,,A dog,A fish,Good\n",
    )
    assert "headings: 2" in file
    assert _shares(study, "whichpetshaveyou") == {"A cat": 1, "A dog": 3, "A fish": 1}
    assert study.responses()["howwasit"].notna().sum() == 4
    assert study.responses()["respondent"].astype(str).str.endswith("14").sum() == 1
    assert any("'question | sub-heading'" in guess for guess in guesses)


def test_headings_without_ids_in_two_rows_are_known_by_their_blanks(tmp_path: Path) -> None:
    study, _, file = _drafted(
        tmp_path, "How often?;;;Any remark?\nAt home;At work;On trips;\n" + "1;2;3;x\n2;3;1;y\n" * 4
    )
    assert "headings: 2" in file
    assert len(study.responses()) == 8
    assert {item.short["en"] for item in study.instrument.items} >= {"How often? | At work"}


@pytest.mark.parametrize(
    ("headings", "ticked", "unticked"),
    [
        ("Why? - Price,Why? - The queue", "{0}", ""),
        ("Why? [Price],Why? [The queue]", "Yes", "No"),
        ("why___1,why___2,intake_complete", "1", "0"),
        ("start,end,_uuid,_submission_time,why/price,why/queue", "1", "0"),
    ],
)
def test_a_column_per_option_is_one_multi_select(
    tmp_path: Path, headings: str, ticked: str, unticked: str
) -> None:
    names = headings.split(",")
    why = [name for name in names if name.lower().startswith("why")]
    text = why[0].rpartition("- ")[2].rpartition("[")[2]
    rows = [
        [
            (ticked.format(text) if name == why[0] and row % 2 else unticked) if name in why else f"{row}"
            for name in names
        ]
        for row in range(4)
    ]
    table = "\n".join(",".join(("id", *names)) for _ in "1") + "\n"
    table += "".join(",".join((f"r{number}", *row)) + "\n" for number, row in enumerate(rows))
    study, _, _ = _drafted(tmp_path, table)
    (item,) = study.instrument.items
    assert item.type == "multi"
    assert sorted(_shares(study, item.id).values()) == [0, 2]


def test_yes_and_no_below_a_question_are_answers_not_ticks(tmp_path: Path) -> None:
    study, _, _ = _drafted(tmp_path, "Do you - smoke,Do you - drink\nYes,No\nNo,Yes\nNo,No\nYes,No\n")
    assert [item.type for item in study.instrument.items] == ["single", "single"]


def test_repeated_headings_are_columns_of_their_own(tmp_path: Path) -> None:
    study, guesses, _ = _drafted(tmp_path, "Rate it,Rate it\n" + "Good,Poor\nBad,Fair\nGood,Poor\n" * 3)
    first, second = (study.responses()[item.id] for item in study.instrument.items)
    assert first.nunique() == second.nunique() == 2
    assert set(study.instrument.items[1].options[0].label.values()) == {"Fair"}
    assert any("(2)" in guess for guess in guesses)


def test_names_of_own_columns_and_negative_numbers_make_no_invalid_draft(tmp_path: Path) -> None:
    study, guesses, _ = _drafted(
        tmp_path,
        "Weight,Last page,longitude,age,,visits\n"
        + "61.5,3,-71.1,30,x,12\n70,4,2.3,-99,y,15\n75,4,2.3,44,y,15\n" * 3,
    )
    assert [item.id for item in study.instrument.items] == ["weight2", "lastpage2", "age", "visits"]
    age = study.responses()["age"].astype(float)
    assert sorted(age.dropna().unique()) == [30, 44]
    assert sum("longitude" in guess or "column 5 is" in guess for guess in guesses) == 2


def test_own_columns_and_cells_of_limesurvey_are_no_answers(tmp_path: Path) -> None:
    study, _, _ = _drafted(
        tmp_path,
        "Response ID,Date submitted,Last page,Start language,Why? [Price],Why? [Queue],Likes\n"
        "1,2026-09-01 10:00:00,3,en,Yes,No,Tea\n2,,1,fr,N/A,N/A,N/A\n"
        "3,2026-09-01 11:00:00,3,en,No,Yes,Coffee\n4,2026-09-02 11:00:00,3,en,Yes,Yes,Tea\n",
    )
    assert [item.id for item in study.instrument.items] == ["why", "likes"]
    likes = study.instrument.items[1].options
    assert {option.label["en"] for option in likes} == {"Coffee", "Tea"}
    assert len(study.responses()) == 3
    assert _shares(study, "why") == {"Price": 2, "Queue": 2}


_TAGS = "StartDate,Status,Finished,ResponseId,Q1,Q2_1,Q2_2,Q2_2_TEXT,Q3"
_TEXTS = (
    "Start Date,Response Type,Finished,Response ID,Your grade?,Why?-Price,Why?-Other,Why?-Other-Text,Visits?"
)
_IMPORT_IDS = ",".join(f'"{{""ImportId"":""{one}""}}"' for one in ("startDate", "status", *"abcdefg"))
_PEOPLE = (
    "2026-09-01,0,1,R_1a,Junior,1,,,12\n2026-09-01,1,1,R_2b,Senior,1,1,no,13\n"
    "2026-09-02,0,0,R_3c,Senior,,1,the queue,-99\n2026-09-02,0,1,R_4d,Junior,1,1,both,30\n"
)


@pytest.mark.parametrize(
    ("heads", "rows"),
    [
        ((_TAGS, _TEXTS, _IMPORT_IDS), 3),
        ((_TAGS, _TEXTS), 2),
        ((_TAGS,), None),
        (
            (
                "V1,V2,V3,V4,Q1,Q2_1,Q2_2,Q2_2_TEXT,Q3",
                "StartDate,Status,Finished,ResponseID,a,b-P,b-O,b-O-Text,d",
            ),
            2,
        ),
    ],
)
def test_qualtrics_is_drafted_from_with_all_and_with_fewer_of_its_headings(
    heads: tuple[str, ...], rows: int | None, tmp_path: Path
) -> None:
    study, _, file = _drafted(tmp_path, "\n".join((*heads, _PEOPLE)))
    assert (f"headings: {rows}" in file) is (rows is not None)
    assert [(item.id, item.type) for item in study.instrument.items] == [
        ("q1", "single"),
        ("q2", "multi"),
        ("q22text", "text"),
        ("q3", "number"),
    ]
    frame = study.responses()
    assert [one[-1] for one in frame["respondent"].astype(str)] == ["a", "c", "d"]
    assert list(_shares(study, "q2").values()) == [2, 2]
    assert frame["q3"].astype(float).dropna().tolist() == [12, 30]
    if heads[:2] == (_TAGS, _TEXTS):
        assert study.instrument.items[0].short["en"] == "Your grade?"
        assert _shares(study, "q2") == {"Price": 2, "Other": 2}


def test_rows_of_repeated_forms_are_no_respondents(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "record_id,redcap_repeat_instrument,redcap_repeat_instance,sex,form_complete,pain\n"
        "1,,,m,2,\n1,visit,1,,,3\n1,visit,2,,,4\n2,,,f,2,\n"
    )
    with pytest.raises(InvalidInput) as caught:
        draft_study(tmp_path / "mine", path)
    assert [(one.code, one.where) for one in caught.value.problems] == [("duplicate-id", "column record_id")]


def _labelled(tmp_path: Path, ending: str) -> Path:
    frame = pd.DataFrame(
        {"Agrees": [1.0, 2.0, 3.0, 4.0, np.nan] * 8, "sex": [1.0, 2.0] * 20, "age": np.arange(20.0, 60.0)}
    )
    labels = {
        "Agrees": {1.0: "Strongly disagree", 2.0: "Disagree", 3.0: "Agree", 4.0: "Strongly agree"},
        "sex": {1.0: "Male", 2.0: "Female"},
    }
    path = tmp_path / f"export.{ending}"
    write = pyreadstat.write_sav if ending == "sav" else pyreadstat.write_dta
    write(frame, str(path), variable_value_labels=labels)
    return path


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_a_labelled_file_is_analysed_at_once(ending: str, tmp_path: Path) -> None:
    drafted = tk.draft_instrument(_labelled(tmp_path, ending), audience_column="sex")
    assert isinstance(drafted, Instrument)
    assert list(drafted.audiences) == ["male", "female"]
    assert drafted["agrees"].codes_of("top") == ("3", "4")
    answers = drafted.answers
    assert answers["age"].tolist() == list(range(20, 60))
    assert answers["agrees"].astype(float).mean() == 2.5
    assert answers["agrees"].isna().sum() == 8
    found = tk.proportions(answers, drafted, by="audience", measure="top").set_index("audience")
    top = [float(code) for code in drafted["agrees"].codes_of("top")]
    for audience, codes in answers.groupby("audience", observed=True)["agrees"]:
        given = codes.astype(float).dropna()
        assert found.loc[audience, "estimate"] == pytest.approx(given.isin(top).mean())
        assert found.loc[audience, "n"] == len(given)
    assert any("'Agrees' is item agrees" in guess for guess in drafted.guesses)


def test_a_plain_frame_keeps_its_codes_and_the_order_of_its_categories() -> None:
    levels = ["low", "middling", "high"]
    frame = pd.DataFrame(
        {
            "group": ["a", "b"] * 10,
            "load": [1, 2, 3, 4, 5] * 4,
            "Q 2": pd.Categorical(["low", "high", None, "middling"] * 5, categories=levels, ordered=True),
            "hours": np.linspace(10, 60, 20),
        }
    )
    before = frame.copy()
    drafted = tk.draft_instrument(frame)
    pd.testing.assert_frame_equal(frame, before)
    answers = drafted.answers
    assert answers["load"].astype(int).tolist() == frame["load"].tolist()
    assert answers["hours"].tolist() == frame["hours"].tolist()
    words = tk.labels(answers, drafted, ["q2"])["q2"]
    assert list(words.cat.categories) == levels
    assert (
        words.astype(object).where(words.notna(), None).tolist()
        == frame["Q 2"].astype(object).where(frame["Q 2"].notna(), None).tolist()
    )
    assert (answers["q2"] > "1").sum() == 10
    # ids that are names of columns serve the frame itself too
    own = tk.proportions(frame, [drafted["load"]], measure="top")
    assert own["estimate"].iloc[0] == pytest.approx((frame["load"] >= 4).mean())


def test_a_file_without_labels_is_guessed_from_its_cells_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "bare.sav"
    pyreadstat.write_sav(pd.DataFrame({"q1": [1.0, 2.0, 5.0] * 5, "q2": [10.0, 250.0, 3.5] * 5}), str(path))
    drafted = tk.draft_instrument(path)
    assert drafted.guesses[0].startswith("the file has no value labels")
    assert drafted["q1"].codes == ("1", "2", "5")
    assert drafted["q2"].kind == "number"


@pytest.mark.parametrize(
    ("source", "options", "codes"),
    [
        (pd.DataFrame({"a": [1, "x", 3], "b": [[1], 2, 3]}), {}, ["wrong-type", "wrong-type"]),
        (pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), {}, ["duplicate-column"]),
        (pd.DataFrame({"a": []}), {}, ["no-rows"]),
        (pd.DataFrame({"a": [1, 2], "b": [3, 4]}), {"audience_column": "c"}, ["unknown-column"]),
        (pd.DataFrame({"a": [1, 1], "b": [None, None]}), {}, ["no-answers"]),
        ("absent.sav", {}, ["file-not-found"]),
    ],
)
def test_what_cannot_be_drafted_from_is_refused(
    source: pd.DataFrame | str, options: dict[str, str], codes: list[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        tk.draft_instrument(source, **options)
    assert [problem.code for problem in refused.value.problems] == codes


def test_the_command_prints_or_writes_a_questionnaire(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = str(_labelled(tmp_path, "sav")), tmp_path / "questionnaire.yaml"
    assert main(["draft", path]) == 0
    printed = capsys.readouterr().out
    assert main(["draft", path, "--out", str(out)]) == 0
    assert out.read_text("utf-8") == printed.removesuffix("\n")
    assert tk.load_instrument(out)["agrees"].code_labels()["1"] == "Strongly disagree"
    assert "- column 'Agrees'" in capsys.readouterr().out
    assert main(["draft", path, "--out", str(out)]) == 2
    assert main(["draft", path, "--out", str(tmp_path / "no" / "q.yaml")]) == 2


def test_a_study_of_multi_selects_alone_is_reported(tmp_path: Path) -> None:
    lines = ["respondent,audience,tools/A,tools/B,tools/C"]
    lines += [f"{n},{'executive' if n % 3 else 'employee'},{n % 2},{n % 4 // 2},1" for n in range(60)]
    source = tmp_path / "ticks.csv"
    source.write_text("\n".join(lines), "utf-8")
    assert main(["init", str(tmp_path / "study"), "--from", str(source)]) == 0
    study = tk.load_study(tmp_path / "study")
    (organisation,) = study.organisation_ids()
    report = tk.open_report(study, organisation, study.wave)
    assert report.released["distributions"].empty
    for name in SECTIONS:
        report.section(name)


@pytest.mark.parametrize(
    ("cells", "ticked"),
    [
        (["1,3,4", "2,3", "", "5"], {"1": 10, "2": 10, "3": 20, "4": 10, "5": 10}),
        (["1,5", "2,5", "3", "12,25"], {}),  # decimal commas
        (["3,1,4", "2,3", "1", "5"], {}),  # a ranking
        (["1,1,4", "2,3", "1", "5"], {}),
    ],
)
def test_cells_that_list_rising_codes_are_a_multi_select(
    tmp_path: Path, cells: list[str], ticked: dict[str, int]
) -> None:
    path = tmp_path / "codes.csv"
    pd.DataFrame({"id": range(40), "reasons": cells * 10, "agrees": ["Agree", "Disagree"] * 20}).to_csv(path)
    assert main(["init", str(tmp_path / "study"), "--from", str(path)]) == 0
    study = tk.load_study(tmp_path / "study")
    options = study.responses(*study.organisation_ids()).filter(like="reasons_")
    found = {name.removeprefix("reasons_"): int((column == "1").sum()) for name, column in options.items()}
    assert found == ticked
