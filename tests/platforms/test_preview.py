"""The preview: its engine routes as ours does, and what it saves is read back to the same codes."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.platforms.engines import node_alone
from tests.platforms.simulating import Answers, check_read_back, coded, simulated
from tests.platforms.strategies import drawn
from toolkit.instrument import Instrument, asked
from toolkit.platforms import AnswersFile, export, read_answers, read_manifest
from toolkit.platforms.preview import OWN_COLUMNS, page_data
from toolkit.responses import decode

ENGINE = (
    Path(__file__).resolve().parents[2]
    / "toolkit" / "platforms" / "templates" / "preview_engine.js"
)  # fmt: skip


def engine_says(questionnaires: list[tuple[Instrument, list[str], list[Answers]]]) -> list[Any]:
    """What the page's engine asks of each person and saves of them."""
    given = []
    for instrument, audiences, people in questionnaires:
        spoken = [
            {"audience": audience, "answers": {key: as_typed(value) for key, value in one.items()}}
            for audience, one in zip(audiences, people, strict=True)
        ]
        given.append({"engine": ENGINE.read_text("utf-8"), "survey": page_data(instrument), "people": spoken})
    found: list[Any] = node_alone("preview.cjs", given)
    return found


def as_typed(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, int | float) else value


def saved(text: str) -> pd.DataFrame:
    assert text.startswith("\ufeff")
    return pd.read_csv(io.StringIO(text[1:]), dtype=str, keep_default_na=False)


def cells_expected(instrument: Instrument, frame: pd.DataFrame, place: int, name: str) -> str:
    """The cell that should stand in a saved file, from a coded frame and our own routing."""
    variable = instrument[name]
    value = frame[name].iloc[place]
    if not asked(frame, variable, instrument)[place] or value is None or value != value:
        return ""
    if variable.kind == "number":
        return f"{value:g}"
    shown = instrument.missing_on_screen(variable)
    return "" if value == "-3" else shown.get(value, value)


def check_engine(instrument: Instrument, audiences: list[str], people: list[Answers], found: Any) -> None:
    frame = coded(instrument, audiences, people)
    table = saved(found["table"])
    assert list(table.columns) == [*OWN_COLUMNS, *(variable.name for variable in instrument.variables)]
    assert set(table["preview"]) == {"preview"}
    due = {v.name: asked(frame, v, instrument) for v in instrument.variables}
    for place in range(len(people)):
        items = {v.item.id for v in instrument.variables if due[v.name][place]}
        assert items <= set(found["asked"][place])
        for name in due:
            assert table[name].iloc[place] == cells_expected(instrument, frame, place, name), (place, name)


def test_the_page_asks_of_everybody_what_our_routing_says(shipped: Instrument) -> None:
    audiences, people = simulated(shipped, 3, 8)
    (found,) = engine_says([(shipped, audiences, people)])
    check_engine(shipped, audiences, people, found)


@pytest.mark.parametrize("many", [15, pytest.param(100, marks=pytest.mark.slow)])
def test_random_instruments_route_as_ours(many: int) -> None:
    questionnaires = [(one, *simulated(one, place, 3)) for place, one in enumerate(drawn(many))]
    for questionnaire, found in zip(questionnaires, engine_says(questionnaires), strict=True):
        check_engine(*questionnaire, found)


def test_an_item_may_have_the_name_of_something_every_object_has(
    whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument]
) -> None:
    whole["items"][5]["id"] = "constructor"
    whole["items"][2]["rows"][0]["id"] = "constructor"
    whole["sections"][0]["items"][5] = "constructor"
    (found,) = engine_says([(load(whole), ["staff"], [{"grid": {"b": "1"}}])])
    table = saved(found["table"])
    assert table[["constructor", "grid_constructor", "grid_b"]].to_numpy().tolist() == [["", "", "1"]]


def saved_file(instrument: Instrument, folder: Path, each: int) -> tuple[Path, list[str], list[Answers]]:
    """A file as the page would save it, beside the export's manifest."""
    export(instrument, "preview", folder)
    audiences, people = simulated(instrument, 5, each)
    (found,) = engine_says([(instrument, audiences, people)])
    path = folder / "saved.csv"
    path.write_bytes(found["table"].encode("utf-8"))
    return path, audiences, people


def entry_of(path: Path, **said: Any) -> AnswersFile:
    manifest = next(path.parent.glob("*.manifest.json"))
    return AnswersFile(wave="try", platform="preview", file=path.name, manifest=str(manifest), **said)


def test_a_saved_file_is_read_back_to_the_same_codes(shipped: Instrument, tmp_path: Path) -> None:
    path, audiences, people = saved_file(shipped, tmp_path, 6)
    entry = entry_of(path, keep_tests=True, organisation="org-01")
    check_read_back(
        decode(read_answers(path, shipped, "preview", entry=entry), shipped).coded, shipped, audiences, people
    )


def test_a_saved_file_says_that_it_is_a_preview_and_is_set_aside(shipped: Instrument, tmp_path: Path) -> None:
    path, audiences, _ = saved_file(shipped, tmp_path, 2)
    read = read_answers(path, shipped, "preview", entry=entry_of(path, organisation="org-01"))
    assert len(read.people) == 0
    aside = read.disposition.query("outcome == 'set aside'")
    assert (aside["reason"].tolist(), aside["rows"].tolist()) == (["a preview or test"], [len(audiences)])


def test_the_page_needs_nothing_from_elsewhere_and_runs_no_text(shipped: Instrument, tmp_path: Path) -> None:
    page, manifest = export(shipped, "preview", tmp_path)
    text = page.read_text("utf-8")
    assert not re.search(r"""(src|href)\s*=\s*["'](?!#)""", text)
    assert not re.search(r"https?://|@import|url\(|\beval\b|new Function|innerHTML|document\.write", text)
    assert read_manifest(manifest).settings == {"test_column": "preview", "test_value": "preview"}


def test_words_cannot_end_the_script_they_travel_in(
    whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument], tmp_path: Path
) -> None:
    words = "</script><script>alert(1)</script><!-- & \u2028"
    whole["title"] = {"en": words}
    whole["items"][5]["text"] = {"all": {"en": words}}
    page, _ = export(load(whole), "preview", tmp_path)
    text = page.read_text("utf-8")
    assert text.count("<script") == 2
    assert text.count("</script>") == 2
    (held,) = re.findall(r'<script type="application/json" id="survey">(.*?)</script>', text, re.DOTALL)
    assert json.loads(held)["items"]["why"]["text"]["boss"]["en"] == words
