"""The published schema is current, accepts what loads and refuses what an editor should mark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from toolkit.instrument import json_schema, read_yaml

INSTRUMENTS = Path(__file__).resolve().parents[2] / "instruments"


def accepts(data: Any) -> bool:
    return jsonschema.Draft202012Validator(json_schema()).is_valid(data)


def test_the_published_schema_is_current() -> None:
    published = json.loads((INSTRUMENTS / "instrument.schema.json").read_text(encoding="utf-8"))
    assert published == json_schema(), "write it again: survey-toolkit schema"


def test_the_schema_is_a_sound_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", sorted(INSTRUMENTS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_file_is_accepted(path: Path) -> None:
    assert accepts(as_an_editor_reads(read_yaml(path)))


def as_an_editor_reads(data: Any) -> Any:
    """Whole numbers and truths as an editor's YAML makes them."""
    if isinstance(data, dict):
        return {  # what stands in quotes stays text: labels such as "7" do
            key: value if key in ("en", "fr") else as_an_editor_reads(value) for key, value in data.items()
        }
    if isinstance(data, list):
        return [as_an_editor_reads(value) for value in data]
    if data in ("true", "false"):
        return data == "true"
    return int(data) if isinstance(data, str) and data.lstrip("-").isdigit() else data


def test_an_all_in_one_file_is_accepted_with_codes_as_text_or_numbers(whole: dict[str, Any]) -> None:
    whole["items"][3].update(minimum=0, maximum=100)
    assert accepts(whole)
    assert accepts(as_an_editor_reads(whole))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sections", []),
        ("languages", []),
        ("itmes", []),
        ("audience", "boss"),
        ("scales", {"x": {"options": []}}),
    ],
)
def test_what_cannot_load_is_marked(whole: dict[str, Any], key: str, value: object) -> None:
    assert not accepts({**whole, key: value})


@pytest.mark.parametrize("code", ["strong", "a_b", -1, 1.5, True])
def test_a_code_a_platform_would_drop_is_marked(whole: dict[str, Any], code: object) -> None:
    whole["items"][1]["options"][0]["code"] = code
    assert not accepts(whole)


def test_every_key_an_editor_completes_is_explained() -> None:
    parts = json_schema()["$defs"]
    for model in ("Item", "AudienceFile", "BankFile", "WholeFile"):
        bare = [key for key, entry in parts[model]["properties"].items() if "description" not in entry]
        assert set(bare) <= {"title", "theme", "rows", "required", "minimum", "maximum"}
