"""`survey-toolkit read` names the platform, prints the disposition and writes the coded frame."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.platforms.makers import choice, made
from tests.refusals import needs_parquet, problem
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.instrument import load_instrument
from toolkit.platforms import platform_of
from toolkit.platforms.answer_files import read_coded
from toolkit.platforms.files.opening import read_cells

Write = Callable[..., Path]
ANSWERED = {"aiuse": "0", "agree[prod]": "4", "agree[load]": "2", "agree[burn]": "5", "years": "3"}


@needs_parquet
def test_it_writes_the_frame_and_says_what_became_of_the_rows(
    limesurvey: Write, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instrument = str(root / "tests" / "platforms" / "tiny_instrument.yaml")
    entry = tmp_path / "entry.yaml"
    entry.write_text("wave: '2026'\nplatform: limesurvey\nfile: answers.csv\n", "utf-8")
    path = limesurvey(ANSWERED, {**ANSWERED, "audience": ""})
    for name in ("coded.parquet", "coded.csv"):
        out = tmp_path / name
        given = ["read", str(path), "--instrument", instrument, "--entry", str(entry), "--out", str(out)]
        assert main(given) == 0
    said = capsys.readouterr().out
    assert "read as limesurvey" in said
    assert "no audience given" in said
    frame = pd.read_parquet(tmp_path / "coded.parquet")
    assert frame["agree_burn"].tolist() == ["5"]
    assert frame["agree_burn"].dtype.ordered
    assert pd.read_csv(tmp_path / "coded.csv")["agree_burn"].tolist() == [5]


def test_a_file_of_which_nobody_is_kept_ends_with_bad_input(
    limesurvey: Write, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instrument = str(root / "tests" / "platforms" / "tiny_instrument.yaml")
    path = limesurvey({**ANSWERED, "audience": ""})
    assert main(["read", str(path), "--instrument", instrument]) == 2
    assert "none is kept (1 no audience given)" in capsys.readouterr().err


def test_an_ending_it_cannot_write_is_refused_before_reading(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", "nowhere.csv", "--instrument", "x.yaml", "--out", str(tmp_path / "a.xls")]) == 2
    assert "is neither .parquet nor .csv" in capsys.readouterr().err


GENUINE = [
    ("limesurvey/exports/code_short.csv", "limesurvey"),
    ("limesurvey/exports/full_long.csv", "limesurvey"),
    ("limesurvey/exports/code_short.json", "limesurvey"),
    ("limesurvey/exports/vv1.csv", "limesurvey"),
    ("limesurvey/exports/ui_xls__results-survey424242.xlsx", "limesurvey"),
    ("limesurvey/exports/ui_spsssav__survey_424242_spss.sav", "spss"),
    ("qualtrics/tiny_3row_handmade.csv", "qualtrics"),
    ("real/qualtrics/qt_MA_MC_insights_3row.csv", "qualtrics"),
    ("real/qualtrics/qt_MA_MC_legacy_2row.csv", "qualtrics"),
    ("real/surveymonkey/538_StarWars_head40.csv", "surveymonkey"),
    ("real/googleforms/jupyter_2016_education_head15.csv", "googleforms"),
    ("real/redcap/redcapr_survey_data.csv", "redcap"),
    ("surveyjs/response_free.json", "surveyjs"),
    ("xlsform/tiny_exec_submission.xml", "odk"),
]


@pytest.mark.parametrize(("name", "platform"), GENUINE)
def test_the_platform_is_told_by_the_file(shared: Path, name: str, platform: str) -> None:
    assert platform_of(shared / "platforms" / name) == platform


def test_a_file_that_tells_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(InvalidInput, check=problem("ambiguous", "headings")):
        platform_of(path)


@pytest.mark.parametrize("ending", ["csv", pytest.param("parquet", marks=needs_parquet)])
def test_answers_that_begin_like_formulas_are_written_to_the_letter(ending: str, tmp_path: Path) -> None:
    said = ["=1+1", "+33 6 12", "-x", "@me", "'=quoted"]
    made(tmp_path, [choice("view", {"1": "A", "2": "B"}), {"id": "why", "type": "text"}])
    lines = ["id,unit,view,why", *(f"{row},a,1,{cell}" for row, cell in enumerate(said, start=1))]
    (tmp_path / "a.csv").write_text("\n".join(lines), "utf-8")
    mapping = {"respondent": "id", "organisation": "unit", "audience": [{"audience": "everyone", "when": []}],
               "items": {"view": {"column": "view"}, "why": {"column": "why"}}}  # fmt: skip
    (tmp_path / "entry.yaml").write_text(
        json.dumps({"wave": "w", "platform": "table", "file": "a.csv", "mapping": mapping})
    )
    out = tmp_path / f"o.{ending}"
    asked = ["read", str(tmp_path / "a.csv"), "--out", str(out)]
    asked += ["--instrument", str(tmp_path / "others.yaml"), "--entry", str(tmp_path / "entry.yaml")]
    assert main(asked) == 0
    frame = pd.read_csv(out, dtype=str) if ending == "csv" else pd.read_parquet(out)
    assert frame["why"].tolist() == said


def test_without_pyarrow_parquet_is_refused_with_the_extra_to_install(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("toolkit.inputs.importlib.util.find_spec", lambda name: None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and more PAR1")
    for read in (
        lambda: read_cells(tmp_path / "a.parquet", source="a.parquet"),
        lambda: read_coded(tmp_path / "a.parquet", load_instrument(root / "instruments" / "employee.yaml")),
    ):
        with pytest.raises(InvalidInput, check=problem("not-installed", "file")):
            read()
    assert main(["read", "nowhere.csv", "--instrument", "x.yaml", "--out", str(tmp_path / "b.parquet")]) == 2
    assert "pip install 'survey-research-toolkit[parquet]'" in capsys.readouterr().err
    instrument = str(root / "instruments" / "employee.yaml")
    assert main(["simulate", instrument, "--n", "employee=9", "--out", str(tmp_path / "b.parquet")]) == 2
    assert "survey-research-toolkit[parquet]" in capsys.readouterr().err
    assert not (tmp_path / "b.parquet").exists()
