"""survey-toolkit preview: a page per respondent group at a telephone's width, and who is asked what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.instrument.conftest import whole  # noqa: F401
from toolkit.cli import main

FAILED = 1


@pytest.fixture
def tiny(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The small questionnaire of the instrument's tests."""
    found: dict[str, Any] = request.getfixturevalue("whole")
    return found


@pytest.fixture
def questionnaire(tiny: dict[str, Any], tmp_path: Path) -> Path:
    tiny["texts"] = {"welcome": {"en": "{organisation} asks you."}, "end": {"en": "Goodbye."}}
    tiny["items"][0]["help"] = {"staff": {"en": "At work alone."}, "boss": {"en": "All of it."}}
    path = tmp_path / "tiny.yaml"
    path.write_text(json.dumps(tiny))
    return path


def test_it_writes_a_page_per_group_and_lists_who_never_sees_a_question(
    questionnaire: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["preview", str(questionnaire), "--out", str(out), "--organisation", "A & B"]) == 0
    said = capsys.readouterr().out.splitlines()
    table = pd.read_csv(out / "tiny-paths.csv").set_index(["audience", "item"])
    left = table.loc[("staff", "m"), "of"] - table.loc[("staff", "m"), "asked"]
    assert left > 0
    line = next(line for line in said if line.startswith("m: Workers"))
    assert f"{left} of {table.loc[('staff', 'm'), 'of']} never see it" in line
    page = (out / "tiny-telephone.html").read_text("utf-8")
    assert 'src="tiny.html#boss"' in page
    assert 'src="tiny.html#staff"' in page
    assert (
        "A & B asks you."
        in json.loads((out / "tiny.html").read_text("utf-8").split('id="survey">')[1].split("</script>")[0])[
            "texts"
        ]["opening"]["en"]
    )


def test_a_question_nobody_reaches_is_a_failure(
    tiny: dict[str, Any],
    questionnaire: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tiny["items"][5]["ask_if"] = "q == 1 and q == 0"
    questionnaire.write_text(json.dumps(tiny))
    assert main(["preview", str(questionnaire), "--out", str(tmp_path / "out")]) == FAILED
    assert "why: Workers nobody" in capsys.readouterr().out


@pytest.mark.browser
def test_each_group_reads_its_own_words_at_a_telephone_s_width(
    questionnaire: Path, tmp_path: Path, browser: Any
) -> None:
    out = tmp_path / "out"
    assert main(["preview", str(questionnaire), "--out", str(out)]) == 0
    page = browser.new_page()
    page.goto((out / "tiny-telephone.html").as_uri())
    staff = next(frame for frame in page.frames if frame.url.endswith("#staff"))
    staff.get_by_role("button", name="Begin").click()
    assert staff.get_by_text("Do you?").is_visible()
    assert staff.get_by_text("At work alone.").is_visible()
    width = staff.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    page.close()
