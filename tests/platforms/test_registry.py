"""Platforms are registered: one name for writing and reading, and nothing else lists them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import (
    PLATFORMS,
    AnswersFile,
    Platform,
    export,
    get_platform,
    platform_of,
    read_answers,
    read_manifest,
    register,
    unregister,
)
from toolkit.platforms.exports import Dialect
from toolkit.platforms.files.opening import read_cells
from toolkit.platforms.manifest import MANIFEST_ENDING, column_of, manifest_of
from toolkit.platforms.vocabulary import code_words
from toolkit.responses import decode

Load = Callable[[dict[str, Any]], Instrument]
ROOT = Path(__file__).resolve().parents[2]


def outline(source: Instrument, part: Instrument, *, layout: str = "long") -> dict[str, str | bytes]:
    manifest = manifest_of(
        source,
        part,
        platform="outline",
        layout=layout,
        files=["outline.txt"],
        columns=[
            column_of(variable, part, question=variable.name, headings={"name": [f"o_{variable.name}"]})
            for variable in part.variables
        ],
        audience_column="audience",
    )
    questions = "\n".join(item.id for item in part.items)
    return {"outline.txt": questions, f"outline{MANIFEST_ENDING}": manifest.to_json()}


OUTLINE = Platform(
    "outline",
    "Outline",
    outline,
    layouts=("long", "short"),
    dialect=Dialect(
        name="outline",
        load=lambda path, source, how: read_cells(path, source=source, how=how),
        id_columns=("outline_id",),
        own=lambda heading: heading.startswith("outline_"),
        codes=code_words,
        submitted=lambda frame, items, problems: frame["outline_done"] == "yes",
        manifests=("outline",),
    ),
    recognises=lambda kind, head, headings: "outline_id" in headings,
    aliases=("otl",),
    order=5,
)


@pytest.fixture
def registered() -> Iterator[Platform]:
    yield register(OUTLINE)
    unregister("outline")


@pytest.mark.usefixtures("registered")
def test_a_registered_platform_is_written_recognised_and_read_back(tiny: Instrument, tmp_path: Path) -> None:
    """Requirement: a new platform is one module; docs/architecture.md says how, and this follows it."""
    assert next(iter(PLATFORMS)) == "outline"
    written = export(tiny, "otl", tmp_path, layout="short")
    assert [path.name for path in written] == ["outline.txt", "outline.manifest.json"]
    manifest = read_manifest(written[1])
    codes = {column.variable: next(iter(column.codes.values()), "7") for column in manifest.columns}
    audience = next(iter(tiny.audiences))
    asked = [v.name for v in tiny.variables if audience in v.audiences and v.kind == "single"]
    row = {"outline_id": "1", "outline_done": "yes", "audience": tiny.audiences[audience].code}
    row |= {f"o_{v.name}": codes[v.name] if v.name in asked else "" for v in tiny.variables}
    file = tmp_path / "back.csv"
    file.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n", "utf-8")
    assert platform_of(file) == "outline"
    entry = AnswersFile(
        wave="1", platform="otl", file=file.name, manifest=str(written[1]), organisation_column=None
    )
    assert entry.platform == "outline"
    frame = decode(read_answers(file, tiny, entry=entry, strict=False), tiny).coded
    assert frame["respondent"].tolist() == ["1"]
    assert frame["audience"].tolist() == [audience]


@pytest.mark.parametrize("declared", [True, False])
def test_a_registration_declares_whether_recodes_are_read(declared: bool) -> None:
    assert isinstance(OUTLINE.dialect, Dialect)
    register(replace(OUTLINE, dialect=replace(OUTLINE.dialect, recodes=declared)))
    try:
        said: dict[str, Any] = {"wave": "1", "platform": "outline", "file": "a.csv", "recodes": "unset"}
        if declared:
            assert AnswersFile(**said, manifest="a.manifest.json").recodes == "unset"
        else:
            with pytest.raises(ValidationError, match="recodes"):
                AnswersFile(**said, manifest="a.manifest.json")
        with pytest.raises(ValidationError, match="recodes"):
            AnswersFile(**said)
    finally:
        unregister("outline")


@pytest.mark.parametrize("declared", [True, False])
def test_a_registration_declares_whether_a_joined_column_may_stand_beside_its_parts(
    declared: bool, tiny: Instrument, tmp_path: Path
) -> None:
    options = [v.name for v in tiny.variables if v.item.id == "ways"]
    others = [v.name for v in tiny.variables if v.item.id not in ("ways", "cut") and not v.write_in]
    row = dict.fromkeys(others, "") | dict.fromkeys(options, "0")
    row |= {
        "outline_id": "1",
        "outline_done": "yes",
        "audience": "fte",
        "aiuse": "1",
        "ways": "rev",
        options[0]: "1",
    }
    (tmp_path / "a.csv").write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n", "utf-8")
    assert isinstance(OUTLINE.dialect, Dialect)
    register(replace(OUTLINE, dialect=replace(OUTLINE.dialect, joined_beside=declared)))
    try:
        entry = AnswersFile(wave="1", platform="outline", file="a.csv", organisation_column=None)
        found = read_answers(tmp_path / "a.csv", tiny, entry=entry, strict=False)
    finally:
        unregister("outline")
    assert [p.where for p in found.problems if p.code == "ambiguous"] == ([] if declared else ["column ways"])


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("options", "code", "where"),
    [
        ({"layout": "wide"}, "unknown-option", "layout 'wide'"),
        ({"quotas": []}, "unknown-key", "option 'quotas'"),
    ],
)
def test_options_of_a_registered_platform_are_checked(
    tiny: Instrument, tmp_path: Path, options: dict[str, Any], code: str, where: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        export(tiny, "outline", tmp_path, **options)
    assert [(one.code, one.where) for one in refused.value.problems] == [(code, where)]
    assert not list(tmp_path.iterdir())


def test_a_platform_that_was_taken_out_is_unknown(tiny: Instrument, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        get_platform("outline")
    assert refused.value.problems[0].code == "unknown-option"
    with pytest.raises(ValidationError, match="unknown platform"):
        AnswersFile.model_validate({"wave": "1", "platform": "outline", "file": "a.csv"})


def test_what_is_only_written_is_not_read_and_what_is_only_read_is_not_written(
    tiny: Instrument, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("id\n1\n", "utf-8")
    for refused_call in (
        lambda: read_answers(file, tiny, "codebook"),
        lambda: export(tiny, "redcap", tmp_path),
    ):
        with pytest.raises(InvalidInput) as refused:
            refused_call()
        assert refused.value.problems[0].code == "unsupported"


def test_names_and_aliases_are_told_apart() -> None:
    names = [*PLATFORMS, *(alias for one in PLATFORMS.values() for alias in one.aliases)]
    assert len(names) == len(set(names))
    for name, platform in PLATFORMS.items():
        assert platform.name == name
        assert platform.files or platform.dialect, f"{name} is neither written nor read"
        assert get_platform(name) is platform
        assert not isinstance(platform.dialect, Dialect) or platform.dialect.name == name


def test_the_pages_list_every_platform() -> None:
    reading = (ROOT / "docs" / "reading_answers.md").read_text("utf-8")
    section = reading.partition("## Platforms")[2].partition("\n## ")[0]
    table = re.findall(r"^\| ([a-z, ]+) \|", section, flags=re.MULTILINE)
    listed = [name for cell in table for name in cell.split(", ")]
    assert sorted(listed) == sorted(name for name, one in PLATFORMS.items() if one.dialect)
    fielding = {path.stem for path in (ROOT / "docs" / "fielding").glob("*.md")}
    for name, platform in PLATFORMS.items():
        if platform.files:
            assert fielding & {name, *platform.aliases}, f"{name} has no page in docs/fielding"


def test_manifests_of_earlier_exports_are_found_by_their_platform(tiny: Instrument, tmp_path: Path) -> None:
    for name in ("spss", "stata", "odk"):
        written = export(tiny, name, tmp_path / name)
        said = {json.loads(path.read_text("utf-8"))["platform"] for path in written if path.suffix == ".json"}
        assert {get_platform(platform).name for platform in said} == {name}
