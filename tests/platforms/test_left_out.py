"""Answers as JSON or XML leave out what nobody answered: blank or not asked, never another survey's file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, export, read_answers
from toolkit.responses import decode
from toolkit.responses.decoding import Coded

SAID: dict[str, Any] = {"audience": "fte", "aiuse": "0"}
EXPECTED = {"aiuse": "0", "agree_prod": "-3", "ways_rev": "-4", "outp": "-5"}


def _read(path: Path, tiny: Instrument, platform: str, **options: Any) -> Coded:
    written = {"wave": "w", "platform": platform, "file": path.name, "organisation": "org-1", **options}
    return decode(read_answers(path, tiny, entry=AnswersFile.model_validate(written)), tiny)


def _json(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "answers.json"
    path.write_text(json.dumps(rows), "utf-8")
    return path


def _xml(folder: Path, inside: str) -> Path:
    path = folder / "answers.xml"
    path.write_text(f"<data><audience>fte</audience>{inside}<meta><instanceID>u</instanceID></meta></data>")
    return path


def _manifest(folder: Path, tiny: Instrument, platform: str, **how: Any) -> str:
    written = export(tiny, platform, folder / "out", **how)  # type: ignore[arg-type]
    return str(next(path for path in written if path.name.endswith(".manifest.json")))


@pytest.mark.parametrize("with_manifest", [True, False])
@pytest.mark.parametrize("platform", ["surveyjs", "odk"])
def test_what_nobody_answered_is_blank_or_not_asked_and_said(
    tiny: Instrument, tmp_path: Path, platform: str, with_manifest: bool
) -> None:
    options: dict[str, Any] = {}
    if with_manifest:
        options["manifest"] = (
            _manifest(tmp_path, tiny, "surveyjs")
            if platform == "surveyjs"
            else _manifest(tmp_path, tiny, "xlsform", layout="one")
        )
    plain = platform == "surveyjs" or not with_manifest
    path = _json(tmp_path, SAID) if platform == "surveyjs" else _xml(tmp_path, "<aiuse>0</aiuse>")
    if not plain:
        manifest = json.loads(Path(options["manifest"]).read_text("utf-8"))
        place = next(one["headings"]["path"][0] for one in manifest["columns"] if one["variable"] == "aiuse")
        *groups, last = place.split("/")
        inside = "".join(f"<{one}>" for one in groups) + f"<{last}>0</{last}>"
        path = _xml(tmp_path, inside + "".join(f"</{one}>" for one in reversed(groups)))
    coded = _read(path, tiny, platform, **options)
    assert coded.coded[list(EXPECTED)].iloc[0].to_dict() == EXPECTED
    notes = coded.disposition.query("outcome == 'noted'")["reason"]
    assert notes.str.startswith("no answers mention 9 columns (agree_prod, agree_load").sum() == 1


def test_an_item_the_manifest_never_fielded_is_missing_all_the_same(tiny: Instrument, tmp_path: Path) -> None:
    place = Path(_manifest(tmp_path, tiny, "surveyjs"))
    held = json.loads(place.read_text("utf-8"))
    held["columns"] = [column for column in held["columns"] if column["variable"] != "years"]
    place.write_text(json.dumps(held), "utf-8")
    with pytest.raises(InvalidInput, check=problem("missing-column", "column years")):
        _read(_json(tmp_path, SAID), tiny, "surveyjs", manifest=str(place))


def test_answers_with_more_strange_names_than_known_ones_are_of_another_survey(
    tiny: Instrument, tmp_path: Path
) -> None:
    path = _json(tmp_path, {**SAID, "colour": "1", "shape": "2"})
    with pytest.raises(InvalidInput, check=problem("wrong-instrument", "headings")):
        _read(path, tiny, "surveyjs")


def test_a_table_without_a_column_is_refused_as_before(tiny: Instrument, tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("KEY,audience,aiuse,agree_prod,agree_load,agree_burn,ways,open\nu,fte,0,1,2,3,,\n")
    with pytest.raises(InvalidInput, check=problem("missing-column", "column years")):
        _read(path, tiny, "odk")
