"""survey-toolkit crosswalk: what it prints and writes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from toolkit.cli import main
from toolkit.findings import load_crosswalk
from toolkit.findings.register import CROSSWALK_COLUMNS


def test_each_pair_is_printed_with_grade_question_and_licence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crosswalk"]) == 0
    said = capsys.readouterr().out
    for row in load_crosswalk().itertuples():
        if row.grade == "not read":
            assert row.title in said.splitlines()[-1]
        else:
            assert f"{row.item}: {row.grade} to {row.title}, {row.variable}" in said
            assert row.question in said
            assert f"licence: {row.licence}" in said


def test_one_item_alone_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rows.csv"
    assert main(["crosswalk", "--item", "staffsize", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "staffsize: recodable" in said
    assert "aidays" not in said
    assert set(pd.read_csv(out)["item"]) == {"staffsize"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--item", "aiday"], "aiday: is not an item of the shipped questionnaires; did you mean 'aidays'"),
        (["own.csv"], "row 2, column item: unknown item 'aiday'; did you mean 'aidays'"),
        (["nowhere.csv"], "nowhere.csv"),
    ],
)
def test_an_item_that_does_not_exist_is_named_with_a_near_one(
    arguments: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    row = dict.fromkeys(CROSSWALK_COLUMNS, "x") | {"item": "aiday", "grade": "similar"}
    pd.DataFrame([row]).to_csv("own.csv", index=False)
    assert main(["crosswalk", *arguments]) == 2
    assert told in capsys.readouterr().err
