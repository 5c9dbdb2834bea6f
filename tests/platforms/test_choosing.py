"""The part of an instrument that is exported is a sound instrument of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.platforms.strategies import instruments
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, lint
from toolkit.platforms import export, narrow, read_manifest

Load = Callable[[dict[str, Any]], Instrument]


@settings(max_examples=examples(100), suppress_health_check=list(HealthCheck))
@given(instrument=instruments(), data=st.data())
def test_a_part_is_sound_and_asks_what_its_audiences_were_asked(
    instrument: Instrument, data: st.DataObject
) -> None:
    chosen = data.draw(st.sets(st.sampled_from(tuple(instrument.audiences)), min_size=1))
    asked = {
        v.name: tuple(name for name in v.audiences if name in chosen)
        for v in instrument.variables
        if chosen & set(v.audiences)
    }
    part = narrow(instrument, audiences=chosen)
    assert lint(part) == []
    assert {v.name: v.audiences for v in part.variables} == asked
    for name, audiences in asked.items():
        for audience in audiences:
            for language in instrument.languages:
                assert part[name].wording(audience, language) == instrument[name].wording(audience, language)
    assert narrow(part) == part


def test_an_audience_that_is_asked_nothing_is_refused(whole: dict[str, Any], load: Load) -> None:
    for item in whole["items"]:
        item["audiences"] = ["staff"]
        item["text"] = {"staff": {"en": "Do you?"}}
    for row in whole["items"][2]["rows"]:
        row["text"] = {"staff": {"en": "It is fair"}}
    with pytest.raises(InvalidInput, check=problem("not-asked", "audience boss")):
        narrow(load(whole), audiences=["boss"])


def test_a_matrix_without_rows_for_somebody_is_refused(whole: dict[str, Any], load: Load) -> None:
    whole["items"][2]["rows"][0]["audiences"] = ["staff"]
    with pytest.raises(InvalidInput, check=problem("not-asked", "item grid")):
        narrow(load(whole))


def test_the_first_language_named_comes_first(whole: dict[str, Any], load: Load) -> None:
    both = _in_two_languages(whole)
    instrument = load({**both, "languages": ["en", "fr"]})
    assert narrow(instrument, languages=["fr", "en"]).languages == ("fr", "en")
    assert narrow(instrument, languages="fr").languages == ("fr",)


def _in_two_languages(data: Any) -> Any:
    if isinstance(data, dict):
        found = {name: _in_two_languages(value) for name, value in data.items()}
        return {**found, "fr": f"{found['en']} (fr)"} if set(found) == {"en"} else found
    return [_in_two_languages(value) for value in data] if isinstance(data, list) else data


def test_unknown_languages_and_audiences_are_all_said(whole: dict[str, Any], load: Load) -> None:
    with pytest.raises(InvalidInput) as refusal:
        narrow(load(whole), languages=["de", "en"], audiences=["bos", "staff"])
    assert [problem.where for problem in refusal.value.problems] == ["language 'de'", "audience 'bos'"]


def test_the_whole_is_left_as_it_is(whole: dict[str, Any], load: Load) -> None:
    instrument = load(whole)
    before = instrument.model_dump()
    narrow(instrument, audiences=["boss"])
    assert instrument.model_dump() == before
    assert narrow(instrument) == instrument


@pytest.mark.parametrize(
    ("platform", "layout"),
    [
        ("limesurvey", "audience"),
        ("xlsform", "audience"),
        ("surveyjs", "audience"),
        ("qualtrics", "audience"),
    ],
)
def test_an_export_an_audience_skips_those_that_are_asked_nothing(
    platform: str, layout: str, whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    for item in whole["items"]:
        item["audiences"] = ["staff"]
        item["text"] = {"staff": {"en": "Do you?"}}
    for row in whole["items"][2]["rows"]:
        row["text"] = {"staff": {"en": "It is fair"}}
    written = export(load(whole), platform, tmp_path / "out", layout=layout)
    assert not any("boss" in path.name for path in written)
    (listed,) = [path for path in written if path.name.endswith(".manifest.json")]
    told = "audience boss is asked none of the items; nothing was written for it"
    assert told in read_manifest(listed).notices
