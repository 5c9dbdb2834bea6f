"""A data package keeps the rules of the specification, and the library that reads them finds it valid."""

from __future__ import annotations

import importlib.util
import json
import re
import tempfile
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.examples import examples
from tests.platforms.strategies import instruments
from toolkit.instrument import Instrument
from toolkit.platforms import export

FIELD = {
    "type": "object",
    "required": ["name", "type", "title"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "type": {"enum": ["string", "number"]},
        "missingValues": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "constraints": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "required": {"type": "boolean"},
                "enum": {"type": "array", "minItems": 1, "uniqueItems": True},
                "minimum": {"type": "number"},
                "maximum": {"type": "number"},
            },
        },
        "categories": {"type": "array", "items": {"type": "object", "required": ["value", "label"]}},
    },
}
PACKAGE = {
    "type": "object",
    "required": ["profile", "name", "resources"],
    "properties": {
        "profile": {"const": "tabular-data-package"},
        "name": {"pattern": "^([-a-z0-9._/])+$"},
        "resources": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name", "path", "profile", "schema"],
                "properties": {
                    "profile": {"const": "tabular-data-resource"},
                    "name": {"pattern": "^([-a-z0-9._/])+$"},
                    "path": {"pattern": "^(?!/)(?!.*\\.\\.)"},
                    "schema": {
                        "type": "object",
                        "required": ["fields", "missingValues", "primaryKey"],
                        "properties": {"fields": {"type": "array", "minItems": 1, "items": FIELD}},
                    },
                },
            },
        },
    },
}
"""What the Data Package and Table Schema specifications (version 1) ask for, as far as it concerns us."""


@settings(
    max_examples=examples(100),
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(instrument=instruments(without=""))
def test_any_package_keeps_the_rules(instrument: Instrument) -> None:
    with tempfile.TemporaryDirectory() as folder:
        package, table, _ = export(instrument, "frictionless", folder)
        held = json.loads(package.read_text("utf-8"))
        jsonschema.validate(held, PACKAGE)
        (resource,) = held["resources"]
        fields = resource["schema"]["fields"]
        assert resource["path"] == table.name
        assert table.read_text("utf-8").strip().split(",") == [field["name"] for field in fields]
        assert set(resource["schema"]["primaryKey"]) <= {field["name"] for field in fields}
        for field in fields:
            if field["name"] in instrument and instrument[field["name"]].codes:
                variable = instrument[field["name"]]
                assert tuple(field["constraints"]["enum"]) == variable.codes
                assert not set(field["missingValues"]) & set(variable.codes)
                assert [one["value"] for one in field["categories"]] == list(variable.codes)
            elif field["name"] in instrument:
                assert "missingValues" not in field  # −4 is a number, and "-1" a text, like any other


def test_the_library_finds_it_valid(
    shipped: Instrument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("frictionless") is None:
        pytest.skip("the library frictionless is not installed")
    import frictionless  # type: ignore[import-not-found]

    export(shipped, "frictionless", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert frictionless.validate("datapackage.json").valid


def test_words_of_every_audience_and_the_base_stand_beside_a_column(
    shipped: Instrument, tmp_path: Path
) -> None:
    package, *_ = export(shipped, "frictionless", tmp_path)
    fields = {
        one["name"]: one for one in json.loads(package.read_text("utf-8"))["resources"][0]["schema"]["fields"]
    }
    for variable in shipped.variables:
        wording = fields[variable.name]["wording"]["en"]
        assert wording == {name: variable.wording(name, "en") for name in variable.audiences}
        assert all(re.match("all ", base) for base in fields[variable.name]["base"].values())
