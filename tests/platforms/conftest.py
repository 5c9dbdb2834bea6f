"""A small instrument with every kind of item, and files written for it by hand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.instrument.conftest import load, shipped, whole  # noqa: F401
from toolkit.instrument import Instrument, load_instrument

LIMESURVEY = (
    "id",
    "submitdate",
    "lastpage",
    "startlanguage",
    "seed",
    "startdate",
    "datestamp",
    "organisation",
    "audience",
)
ITEMS = (
    "aiuse", "agree[prod]", "agree[load]", "agree[burn]", "ways[rev]", "ways[lrn]", "ways[ask]", "ways[none]",
    "outp", "years", "open",
)  # fmt: skip
WriteText = Callable[..., Path]


@pytest.fixture(scope="session")
def tiny(root: Path) -> Instrument:
    """Three audiences, a matrix, a routed multi-select, an executive's item, a number, open text."""
    return load_instrument(root / "tests" / "platforms" / "tiny_instrument.yaml")


def as_csv(rows: Sequence[Sequence[str]], delimiter: str = ";") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return text.getvalue()


@pytest.fixture
def limesurvey(tmp_path: Path) -> WriteText:
    """Write a LimeSurvey export; each row is id, submitted?, organisation, audience and the items by name."""

    def write(
        *people: dict[str, str],
        name: str = "answers.csv",
        extra: Sequence[str] = (),
        without: Sequence[str] = (),
        delimiter: str = ";",
        encoding: str = "utf-8-sig",
    ) -> Path:
        headings = [heading for heading in (*LIMESURVEY, *ITEMS, *extra) if heading not in without]
        filled = {
            "submitdate": "2026-09-10 10:00:00",
            "startlanguage": "en",
            "organisation": "org-1",
            "audience": "fte",
        }
        rows = [
            [{**filled, "id": str(number), **person}.get(heading, "") for heading in headings]
            for number, person in enumerate(people, start=1)
        ]
        path = tmp_path / name
        path.write_bytes(as_csv([headings, *rows], delimiter).encode(encoding))
        return path

    return write


@pytest.fixture
def qualtrics(tmp_path: Path) -> WriteText:
    """Write a Qualtrics export with its three heading rows."""

    def write(
        *people: dict[str, str], columns: Sequence[str], name: str = "answers.csv", third: str = "json"
    ) -> Path:
        own = [
            "StartDate",
            "Status",
            "Progress",
            "Finished",
            "RecordedDate",
            "ResponseId",
            "organisation",
            "audience",
        ]
        headings = [*own, *columns]
        ids = [
            json.dumps({"ImportId": f"QID{n}"}) if third == "json" else third for n in range(len(headings))
        ]
        filled = {
            "Status": "0",
            "Progress": "100",
            "Finished": "1",
            "organisation": "org-1",
            "audience": "fte",
        }
        rows = [
            [{**filled, "ResponseId": f"R_{number}", **person}.get(heading, "") for heading in headings]
            for number, person in enumerate(people, start=1)
        ]
        path = tmp_path / name
        path.write_text(as_csv([headings, [f"Text of {h}" for h in headings], ids, *rows], ","), "utf-8")
        return path

    return write
