"""What people wrote comes back to the letter from every file of answers that the toolkit writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.platforms.makers import choice, made
from tests.refusals import needs_parquet
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, read_answers
from toolkit.platforms.answer_files import read_coded, write_answers
from toolkit.responses import decode
from toolkit.simulation.exports import limesurvey_export, qualtrics_export

WRITTEN = {
    "line breaks": "first\nsecond\n\nfourth",
    "line breaks of Windows": "first\r\nsecond",
    "a tab": "one\ttwo",
    "quotes": "\"double\" 'single' «guillemets» “curly”",
    "a quote alone": '"',
    "separators": "a,b;c|d",
    "a formula": '=HYPERLINK("http://x","y")',
    "plus": "+33 6 12",
    "minus": "-x",
    "at": "@me",
    "an apostrophe before a formula": "'=1+1",
    "emoji": "👩‍👩‍👧 😀🇫🇷",
    "no-break spaces": "57\u00a0% «\u202fbien\u00a0»",
    "other scripts": "漢字 عربى עברית ไทย",
    "combining marks": "e\u0301 n\u0303",
    "a number with zeros": "0012",
    "a missing value's name": "NA",
    "markup": "<b>&amp; &lt;</b>",
    "a backslash": "C:\\new\\table",
    "very long": "très long" * 2_000,
}


@pytest.fixture
def instrument(tmp_path: Path) -> Instrument:
    return made(tmp_path, [choice("view", {"1": "A", "2": "B"}), {"id": "why", "type": "text"}])


def frame_of(instrument: Instrument, folder: Path, texts: list[str]) -> pd.DataFrame:
    """A coded frame of one respondent per text, read from JSON, which holds any text."""
    people = [{"id": f"r{row}", "view": "1", "why": text} for row, text in enumerate(texts)]
    path = folder / "people.json"
    path.write_text(json.dumps(people), "utf-8")
    entry = AnswersFile(wave="1", platform="surveyjs", file=path.name, organisation="o", audience="everyone")
    frame = decode(read_answers(path, instrument, entry=entry), instrument).coded
    assert frame["why"].tolist() == texts
    return frame


def read(path: Path, platform: str, instrument: Instrument, **more: str) -> list[str]:
    entry = AnswersFile.model_validate({"wave": "1", "platform": platform, "file": path.name, **more})
    return list(decode(read_answers(path, instrument, entry=entry), instrument).coded["why"])


def through_statistics(to: str, platform: str) -> Callable[[pd.DataFrame, Instrument, Path], list[str]]:
    def back(frame: pd.DataFrame, instrument: Instrument, folder: Path) -> list[str]:
        path, manifest = write_answers(frame, instrument, folder / "out", to=to)
        return read(path, platform, instrument, manifest=str(manifest))

    return back


def through_a_package(frame: pd.DataFrame, instrument: Instrument, folder: Path) -> list[str]:
    write_answers(frame, instrument, folder / "out", to="frictionless")
    return list(read_coded(folder / "out" / f"{instrument.id}-answers.csv", instrument)["why"])


def through_limesurvey(frame: pd.DataFrame, instrument: Instrument, folder: Path) -> list[str]:
    path = folder / "limesurvey.csv"
    path.write_bytes(limesurvey_export(frame, instrument, opens="2026-01-01", closes="2026-01-31", seed=1))
    return read(path, "limesurvey", instrument)


def through_qualtrics(frame: pd.DataFrame, instrument: Instrument, folder: Path) -> list[str]:
    path = folder / "qualtrics.csv"
    path.write_bytes(qualtrics_export(frame, instrument, opens="2026-01-01", closes="2026-01-31", seed=1))
    return read(path, "qualtrics", instrument, audience="everyone")


def through_read_out(ending: str) -> Callable[[pd.DataFrame, Instrument, Path], list[str]]:
    def back(frame: pd.DataFrame, instrument: Instrument, folder: Path) -> list[str]:
        given = ["read", str(folder / "people.json"), "--platform", "surveyjs"]
        given += ["--instrument", str(folder / "others.yaml"), "--out", str(folder / f"out.{ending}")]
        assert main([*given, "--audience", "everyone"]) == 0
        out = folder / f"out.{ending}"
        found = pd.read_parquet(out) if ending == "parquet" else pd.read_csv(
            out, dtype=str, keep_default_na=False, lineterminator="\n"
        )  # fmt: skip
        return list(found["why"])

    return back


WRITERS = {
    "SPSS": through_statistics("sav", "spss"),
    "Stata": through_statistics("dta", "stata"),
    "data package": through_a_package,
    "LimeSurvey": through_limesurvey,
    "Qualtrics": through_qualtrics,
    "read --out csv": through_read_out("csv"),
    "read --out parquet": through_read_out("parquet"),
}


@pytest.mark.usefixtures("read_here")
@pytest.mark.parametrize(
    "writer", [pytest.param(one, marks=needs_parquet if "parquet" in one else ()) for one in WRITERS]
)
def test_every_text_comes_back_to_the_letter(instrument: Instrument, tmp_path: Path, writer: str) -> None:
    texts = list(WRITTEN.values())
    frame = frame_of(instrument, tmp_path, texts)
    found = WRITERS[writer](frame, instrument, tmp_path)
    if writer == "LimeSurvey":  # its export pages put an apostrophe before "=", which the reader takes off
        texts[list(WRITTEN).index("an apostrophe before a formula")] = "=1+1"
    changed = {name: got[:60] for name, text, got in zip(WRITTEN, texts, found, strict=True) if got != text}
    assert changed == {}


@pytest.mark.parametrize("to", ["sav", "dta", "frictionless"])
def test_a_zero_byte_is_refused_by_row(instrument: Instrument, tmp_path: Path, to: str) -> None:
    frame = frame_of(instrument, tmp_path, ["fine", "not"])
    frame.loc[1, "why"] = "a\x00b"
    with pytest.raises(InvalidInput) as refused:
        write_answers(frame, instrument, tmp_path / "out", to=to)
    (problem,) = refused.value.problems
    assert (problem.code, problem.where) == ("invalid-character", "column why, row 2 (+0 more)")
    assert not (tmp_path / "out").exists()
