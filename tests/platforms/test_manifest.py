"""The manifest: written and read back, codes both ways, and every fault of a file said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.examples import examples
from tests.platforms.strategies import instruments
from tests.refusals import Refusal, problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import PLATFORMS, ExportManifest, export, read_manifest
from toolkit.platforms.manifest import column_of, instrument_hash, manifest_of, wording_hash
from toolkit.system import write_files

Load = Callable[[dict[str, Any]], Instrument]


def _manifest(instrument: Instrument) -> ExportManifest:
    columns = [
        column_of(
            v, instrument, question=v.item.id, part=v.part, headings={"code": [v.name], "item": [v.item.id]}
        )
        for v in instrument.variables
    ]
    return manifest_of(
        instrument,
        instrument,
        platform="somewhere",
        layout="one",
        files=["a.txt"],
        columns=columns,
        audience_column="audience",
        notices=["one", "one", "two"],
    )


@settings(max_examples=examples(50), suppress_health_check=list(HealthCheck))
@given(instrument=instruments())
def test_what_is_written_is_read_back(instrument: Instrument, tmp_path: Path) -> None:
    manifest = _manifest(instrument)
    path = manifest.write(tmp_path / "a.manifest.json")
    assert read_manifest(path) == manifest
    assert list(tmp_path.iterdir()) == [path]


@settings(max_examples=examples(50), suppress_health_check=list(HealthCheck))
@given(instrument=instruments())
def test_codes_go_there_and_back(instrument: Instrument) -> None:
    for column in _manifest(instrument).columns:
        variable = instrument[column.variable]
        assert {column.codes[code]: code for code in column.codes} == column.decode()
        assert set(column.codes) == {*variable.codes, *instrument.missing_on_screen(variable)}
        for language, by_audience in column.wording.items():
            for audience, found in by_audience.items():
                assert found == wording_hash(variable.wording(audience, language))


def test_headings_that_columns_share_are_told_apart_from_those_that_name_one(
    whole: dict[str, Any], load: Load
) -> None:
    manifest = _manifest(load(whole))
    assert manifest.by_heading("code").keys() == {column.variable for column in manifest.columns}
    assert manifest.by_heading("item").keys() == {"q", "hours", "top", "why"}
    assert manifest.shared_headings("item") == {
        "m": ("m_rev (boss, staff)", "m_none (boss, staff)"),
        "grid": ("grid_a (boss, staff)", "grid_b (staff)"),
    }
    assert manifest.shared_headings("code") == {}
    assert manifest.styles == ("code", "item")


def test_a_notice_is_kept_once_and_the_audience_is_decoded(whole: dict[str, Any], load: Load) -> None:
    manifest = _manifest(load(whole))
    assert manifest.notices == ("one", "two")
    assert manifest.audience_words() == {"boss": "boss", "staff": "staff"}


def test_hashes_follow_words_and_nothing_else(whole: dict[str, Any], load: Load) -> None:
    assert wording_hash("Caf\u00e9  today?") == wording_hash("Cafe\u0301 today? ")
    assert wording_hash("Do you?") != wording_hash("Do you ?")
    before = _manifest(load(whole))
    whole["items"][0]["text"]["staff"]["en"] = "Do you, today?"
    after = _manifest(load(whole))
    changed = [one.variable for one, other in zip(before.columns, after.columns, strict=True) if one != other]
    assert changed == ["q"]
    assert before.of("q")[0].wording["en"]["boss"] == after.of("q")[0].wording["en"]["boss"]
    assert before.instrument_hash != after.instrument_hash == instrument_hash(load(whole))


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("{", problem("syntax", "the file")),
        ("[1]", problem("wrong-file", "the file")),
        ("{}", problem("malformed", "platform").among_others()),
        ('{"platform": "x", "strange": 1}', problem("malformed", "strange").among_others()),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(text: str, refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "a.manifest.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, check=refusal):
        read_manifest(path)


def test_every_fault_of_a_manifest_is_said(whole: dict[str, Any], load: Load, tmp_path: Path) -> None:
    held = json.loads(_manifest(load(whole)).to_json())
    held["columns"][0]["kind"] = "slider"
    del held["columns"][1]["question"], held["version"]
    path = tmp_path / "a.manifest.json"
    path.write_text(json.dumps(held))
    with pytest.raises(InvalidInput) as refusal:
        read_manifest(path)
    assert [problem.where for problem in refusal.value.problems] == [
        "version",
        "columns → 0 → kind",
        "columns → 1 → question",
    ]


def test_a_manifest_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, check=problem("unreadable-file", "the file")):
        read_manifest(tmp_path / "none.json")


def test_files_that_cannot_all_be_written_leave_what_stood_there(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.txt": "old"})
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(InvalidInput, check=problem("unwritable", "…/test_files_that_cannot_all_be_0")):
        write_files(tmp_path, {"b.txt": "new", "a.txt": "new"})
    assert (tmp_path / "a.txt").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.txt"]


def test_an_unknown_platform_is_refused_with_near_names(
    whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, check=problem("unknown-option", "qualtrix")):
        export(load(whole), "qualtrix", tmp_path)


@pytest.mark.parametrize("platform", [name for name, one in PLATFORMS.items() if one.files])
def test_every_platform_writes_manifests_that_know_every_column(
    platform: str, whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    instrument = load(whole)
    written = export(instrument, platform, tmp_path)
    assert all(path.is_file() for path in written)
    manifests = [read_manifest(path) for path in written if path.name.endswith(".manifest.json")]
    assert {column.variable for one in manifests for column in one.columns} == {
        variable.name for variable in instrument.variables
    }
    for manifest in manifests:
        assert (manifest.instrument, manifest.version) == (instrument.id, instrument.version)
        assert manifest.instrument_hash == instrument_hash(instrument)
        assert all((tmp_path / name).is_file() for name in manifest.files)
