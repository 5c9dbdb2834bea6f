"""Write-ins, rankings, recommend scales and numbers in bands, written as files of answers and codebooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from toolkit.instrument import Instrument, codebook, load_instrument
from toolkit.platforms import AnswersFile, export, read_answers
from toolkit.platforms.answer_files import write_answers
from toolkit.responses import decode
from toolkit.simulation.run import rehearse

pytestmark = pytest.mark.usefixtures("read_here")

PLAIN = {"theme": "t", "source": {"origin": "own"}, "text": {"all": {"en": "Q?"}}}
OPTIONS = [{"code": code, "label": {"en": code.upper()}} for code in ("a", "b", "c")]
OTHER = {"code": "other", "write_in": True, "label": {"en": "Other"}}
ITEMS: list[dict[str, Any]] = [
    {"id": "one", "type": "single", "options": [*OPTIONS, OTHER]},
    {"id": "many", "type": "multi", "options": [*OPTIONS, OTHER], "maximum": 2},
    {"id": "rank", "type": "ranking", "options": OPTIONS},
    {"id": "some", "type": "ranking", "options": OPTIONS, "maximum": 2},
    {"id": "rec", "type": "single", "scale": "recommend"},
    {"id": "hours", "type": "number", "minimum": 0, "maximum": 40, "bands": [5, 20]},
]


@pytest.fixture(scope="module")
def instrument(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    held = {
        "id": "types",
        "version": "1",
        "title": {"en": "Types"},
        "languages": ["en"],
        "audiences": {"staff": {"code": "st", "label": {"en": "Staff"}, "plural": {"en": "Staff"}}},
        "themes": {"t": {"en": "Theme"}},
        "sections": [{"id": "s", "title": {"en": "S"}, "items": [item["id"] for item in ITEMS]}],
        "items": [{**PLAIN, **item} for item in ITEMS],
    }
    path = tmp_path_factory.mktemp("types") / "types.yaml"
    path.write_text(json.dumps(held), "utf-8")
    return load_instrument(path)


@pytest.fixture(scope="module")
def frame(instrument: Instrument) -> pd.DataFrame:
    made = rehearse(instrument, {"staff": 50}, seed=8).frame
    return made[made["status"] == "complete"].drop(columns="careless", errors="ignore").reset_index(drop=True)


@pytest.mark.parametrize(("to", "platform"), [("sav", "spss"), ("dta", "stata")])
def test_statistics_files_come_back(
    instrument: Instrument, frame: pd.DataFrame, tmp_path: Path, to: str, platform: Any
) -> None:
    written = write_answers(frame, instrument, tmp_path, to=to)
    entry = AnswersFile(wave="1", platform=platform, file=written[0].name, manifest=str(written[1]))
    back = decode(read_answers(written[0], instrument, entry=entry), instrument).coded
    for variable in instrument.variables:
        found, expected = (one[variable.name].astype("object") for one in (back, frame))
        pd.testing.assert_series_equal(found.where(found.notna(), ""), expected.where(expected.notna(), ""))


def test_codebooks_hold_every_column(instrument: Instrument, tmp_path: Path) -> None:
    names = {variable.name for variable in instrument.variables}
    assert {"one_other_text", "many_other", "many_other_text", "rank_a", "some_c", "rec", "hours"} <= names
    assert set(codebook(instrument)["variable"]) == names
    package = json.loads(export(instrument, "frictionless", tmp_path / "f")[0].read_text("utf-8"))
    fields = {field["name"]: field for field in package["resources"][0]["schema"]["fields"]}
    assert names <= set(fields)
    assert fields["some_a"]["constraints"]["enum"] == ["1", "2", "no"]
    assert fields["one_other_text"]["type"] == "string"
    (path, *_) = export(instrument, "ddi", tmp_path / "d")
    tree = ElementTree.parse(path)
    assert names <= {one.get("name") for one in tree.iter() if one.tag.endswith("}var")}
    groups = {one.get("name"): one.get("type") for one in tree.iter() if one.tag.endswith("}varGrp")}
    assert groups == {"many": "multipleResp", "rank": "grid", "some": "grid"}
    assert export(instrument, "codebook", tmp_path / "c")
