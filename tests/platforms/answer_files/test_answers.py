"""A coded frame written for SPSS, Stata or as a data package is the same frame when it is read again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.platforms.answer_files.makers import coded_frame
from tests.platforms.strategies import instruments
from tests.refusals import needs_parquet, problem
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, load_instrument, load_instruments
from toolkit.platforms import AnswersFile, read_answers, read_manifest
from toolkit.platforms.answer_files import checked_frame, read_coded, write_answers
from toolkit.responses import decode

pytestmark = pytest.mark.usefixtures("read_here")

FILES = [str(Path(__file__).resolve().parents[1] / "limesurvey" / "fielded" / "core.yaml")]
INSTRUMENTS = Path(__file__).resolve().parents[3] / "instruments"
PLATFORMS = {"sav": "spss", "dta": "stata"}


@pytest.fixture(scope="module")
def core() -> Instrument:
    return load_instrument(FILES[0])


@pytest.fixture(scope="module")
def frame(core: Instrument) -> pd.DataFrame:
    return coded_frame(core, 7, people=60)


def _back(written: list[Path], to: str, instrument: Instrument, *, manifest: bool = True) -> pd.DataFrame:
    said = {"manifest": str(written[1])} if manifest else {}
    entry = AnswersFile(wave="1", platform=PLATFORMS[to], file=written[0].name, **said)  # type: ignore[arg-type]
    return decode(read_answers(written[0], instrument, entry=entry), instrument).coded


def _same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found.drop(columns="source"), expected.drop(columns="source"))


@pytest.mark.parametrize("to", ["sav", "dta"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_comes_back_to_the_code_in_every_language(
    to: str, language: str, core: Instrument, frame: pd.DataFrame, tmp_path: Path
) -> None:
    written = write_answers(frame, core, tmp_path, to=to, languages=[language])
    _same(_back(written, to, core), frame)


@pytest.mark.parametrize("to", ["sav", "dta"])
def test_answers_to_the_shipped_core_come_back(to: str, tmp_path: Path) -> None:
    """One of its options has the code of an audience: accessai_free is not accessai of the freelancers."""
    shipped = load_instruments(
        [INSTRUMENTS / "core" / f"{name}.yaml" for name in ("executive", "employee", "freelancer")]
    )
    frame = coded_frame(shipped, 7, people=60)
    _same(_back(write_answers(frame, shipped, tmp_path, to=to), to, shipped), frame)


@pytest.mark.parametrize("to", ["sav", "dta"])
def test_a_column_whose_first_hundred_answers_are_missing_keeps_its_later_answers(
    to: str, core: Instrument, tmp_path: Path
) -> None:
    """pyreadstat takes the type of an object column from its first hundred cells."""
    frame = coded_frame(core, 7, people=300).sort_values("audience", ignore_index=True)
    late = frame["clientdem"].isin(core["clientdem"].codes)
    assert late.idxmax() > 100
    assert late.any()
    _same(_back(write_answers(frame, core, tmp_path, to=to), to, core), frame)


@settings(max_examples=examples(50), phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(instrument=instruments(without=""), seed=st.integers(0, 999))
def test_answers_to_any_instrument_come_back_to_the_code(instrument: Instrument, seed: int) -> None:
    frame = coded_frame(instrument, seed)
    if frame.empty:
        return
    with tempfile.TemporaryDirectory() as folder:
        for to in ("sav", "dta"):
            written = write_answers(frame, instrument, folder, to=to, languages=instrument.languages[-1:])
            _same(_back(written, to, instrument), frame)
        write_answers(frame, instrument, folder, to="frictionless")
        again = read_coded(Path(folder) / f"{instrument.id}-answers.csv", instrument)
        _same(again, frame.replace({v.name: {"": None} for v in instrument.variables if v.kind == "text"}))


def test_plain_codes_come_back_without_a_manifest_and_others_are_refused(
    whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument], tmp_path: Path
) -> None:
    (top,) = (item for item in whole["items"] if item["id"] == "top")
    for number, option in enumerate(top.get("options", ()), start=1):
        option["code"] = str(number)
    instrument = load(whole)
    frame = coded_frame(instrument, 3, people=30)
    for to in ("sav", "dta"):
        _same(_back(write_answers(frame, instrument, tmp_path, to=to), to, instrument, manifest=False), frame)
    whole["scales"]["yesno"]["options"][0]["code"] = "y"
    whole["scales"]["yesno"]["top"] = ["y"]
    for item in whole["items"]:
        item.pop("ask_if", None)
    lettered = load(whole)
    frame = coded_frame(lettered, 3, people=30)
    for to in ("sav", "dta"):
        written = write_answers(frame, lettered, tmp_path, to=to)
        _same(_back(written, to, lettered), frame)
        with pytest.raises(InvalidInput, check=problem("unknown-answer", "column q, row 4 (+4 more)")):
            _back(written, to, lettered, manifest=False)


def test_spss_holds_each_answer_with_its_words_and_each_missing_code_as_missing(
    core: Instrument, frame: pd.DataFrame, tmp_path: Path
) -> None:
    path, listed = write_answers(frame, core, tmp_path, to="sav", languages=["fr"])
    blind, _ = pyreadstat.read_sav(str(path))
    _, about = pyreadstat.read_sav(str(path), user_missing=True)
    names = {column.variable: column for column in read_manifest(listed).columns}
    for variable in core.variables:
        column = names[variable.name]
        if not variable.codes:
            continue
        answered = frame[variable.name][frame[variable.name].isin(list(variable.codes))]
        numbers = blind[column.question].dropna()
        assert numbers.index.tolist() == answered.index.tolist()  # missing codes are no numbers to SPSS
        words = about.variable_value_labels[column.question]
        spoken = variable.code_labels("fr")
        assert [words[number] for number in numbers] == [spoken[code] for code in answered]
        assert about.missing_ranges[column.question] == [{"lo": -6.0, "hi": -1.0}]
        measure = "ordinal" if variable.ordered else "nominal"
        assert about.variable_measure[column.question] == measure


def test_another_reader_finds_the_same_in_stata(
    core: Instrument, frame: pd.DataFrame, tmp_path: Path
) -> None:
    path, listed = write_answers(frame, core, tmp_path, to="dta")
    letters = {"-1": ".d", "-2": ".r", "-3": ".b", "-4": ".s", "-5": ".n", "-6": ".q"}
    with pd.read_stata(path, iterator=True, convert_categoricals=False, convert_missing=True) as reader:
        held, words, titles = reader.read(), reader.value_labels(), reader.variable_labels()
    names = {column.variable: column for column in read_manifest(listed).columns}
    sets = [{int(value): said for value, said in one.items()} for one in words.values()]
    for variable in core.variables:
        if not variable.codes:
            continue
        column = names[variable.name]
        numbers = letters | {code: column.codes[code] for code in variable.codes}
        expected = [numbers[code] for code in frame[variable.name]]
        assert [str(value).removesuffix(".0") for value in held[column.question]] == expected
        labels = {int(column.codes[code]): said for code, said in variable.code_labels("en").items()}
        assert any(labels.items() <= one.items() for one in sets)
        assert titles[column.question]


def test_only_the_audiences_named_are_written(core: Instrument, frame: pd.DataFrame, tmp_path: Path) -> None:
    path, listed = write_answers(frame, core, tmp_path, to="sav", audiences=["executive"])
    held, _ = pyreadstat.read_sav(str(path), user_missing=True)
    assert held["respondent"].tolist() == frame["respondent"][frame["audience"] == "executive"].tolist()
    others = int((frame["audience"] != "executive").sum())
    assert f"{others} respondents of other audiences were left out" in read_manifest(listed).notices
    assert not set(held.columns) & {v.name for v in core.variables if "executive" not in v.audiences}


def test_weights_and_scores_are_written_as_they_are(
    core: Instrument, frame: pd.DataFrame, tmp_path: Path
) -> None:
    more = frame.assign(weight=1.25, strain=[number / 3 for number in range(len(frame))], region="north")
    for to, read in (("sav", pyreadstat.read_sav), ("dta", pyreadstat.read_dta)):
        held, _ = read(str(write_answers(more, core, tmp_path, to=to)[0]))
        assert held["weight"].tolist() == more["weight"].tolist()
        assert held["strain"].tolist() == more["strain"].tolist()
        assert set(held["region"]) == {"north"}


def test_everything_wrong_is_said_at_once_and_nothing_is_written(
    core: Instrument, frame: pd.DataFrame, tmp_path: Path
) -> None:
    wrong = frame.drop(columns="tenure").astype({"aiuse": "str"})
    with pytest.raises(InvalidInput, check=problem("missing-column", "column tenure")):
        write_answers(wrong, core, tmp_path / "out", to="sav")
    wrong = frame.astype({"aiuse": "str"})
    wrong.loc[3, "aiuse"] = "7"
    wrong.loc[4, "audience"] = None
    wrong.loc[6, "respondent"] = wrong.loc[5, "respondent"]
    wrong["when"] = pd.Timestamp("2026-01-01")
    with pytest.raises(InvalidInput) as refusal:
        write_answers(wrong, core, tmp_path / "out", to="sav")
    said = str(refusal.value)
    assert len(refusal.value.problems) == 4
    for part in ("row 4 (+0 more): '7' is not an answer of 'aiuse'", "occurs twice in a wave", "column when"):
        assert part in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("to", ["sav", "dta"])
def test_a_text_the_program_would_cut_is_refused(
    to: str, core: Instrument, frame: pd.DataFrame, tmp_path: Path
) -> None:
    name = next(v.name for v in core.variables if v.kind == "text")
    wrong = frame.copy()
    wrong[name] = "a\x00b"
    with pytest.raises(InvalidInput, check=problem("invalid-character", "column comment, row 1 (+59 more)")):
        write_answers(wrong, core, tmp_path / "out", to=to)
    long = frame.copy()
    long[name] = "é" * 20_000
    if to == "sav":
        with pytest.raises(InvalidInput, check=problem("too-long", "column comment, row 1 (+59 more)")):
            write_answers(long, core, tmp_path / "out", to=to)
    else:
        path = write_answers(long, core, tmp_path / "out", to=to)[0]
        assert pyreadstat.read_dta(str(path))[0][name].str.len().tolist() == [20_000] * len(frame)


def test_blanks_at_the_end_of_a_text_are_told_of_for_spss(
    core: Instrument, frame: pd.DataFrame, tmp_path: Path
) -> None:
    name = next(v.name for v in core.variables if v.kind == "text")
    ended = frame.copy()
    ended[name] = "so "
    notices = read_manifest(write_answers(ended, core, tmp_path, to="sav")[1]).notices
    assert f"{len(frame)} open answers end in blanks, which SPSS does not keep" in notices


def test_a_format_without_answers_is_refused(core: Instrument, frame: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, check=problem("unsupported", "format 'ddi'")):
        write_answers(frame, core, tmp_path, to="ddi")


@needs_parquet
def test_a_frame_from_csv_is_the_one_from_parquet(
    core: Instrument, frame: pd.DataFrame, tmp_path: Path
) -> None:
    blank = {v.name: {"": None} for v in core.variables if v.kind == "text"}
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index=False, encoding="utf-8-sig")
    _same(read_coded(tmp_path / "a.parquet", core), checked_frame(frame, core))
    _same(read_coded(tmp_path / "a.csv", core), frame.replace(blank))
    with pytest.raises(InvalidInput, check=problem("unsupported-format", "file")):
        read_coded(tmp_path / "a.txt", core)
    with pytest.raises(InvalidInput, check=problem("unreadable-file", "file")):
        read_coded(tmp_path / "none.parquet", core)


def test_the_command_writes_answers_and_says_what_it_changed(
    core: Instrument, frame: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame.to_csv(tmp_path / "a.csv", index=False)
    given = ["export", *FILES, "--to", "dta", "--answers", str(tmp_path / "a.csv")]
    assert main([*given, "--out", str(tmp_path / "out"), "--language", "fr"]) == 0
    told = capsys.readouterr().out
    assert "ai-at-work-core-stata-answers.dta" in told
    assert "Notice: the label of" in told
    assert main([*given, "--out", str(tmp_path / "no"), "--layout", "one"]) == 2
    assert "--layout: means nothing for answers" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()


def test_the_package_describes_every_column_of_its_file(
    core: Instrument, frame: pd.DataFrame, tmp_path: Path
) -> None:
    package, table, _ = write_answers(frame, core, tmp_path, to="frictionless")
    fields = json.loads(package.read_text("utf-8"))["resources"][0]["schema"]["fields"]
    held = pd.read_csv(table, dtype=str, keep_default_na=False)
    assert [field["name"] for field in fields] == list(held.columns)
    for field in fields:
        allowed = {
            *field.get("constraints", {}).get("enum", held[field["name"]]),
            *field.get("missingValues", [""]),
        }
        assert set(held[field["name"]]) <= allowed
