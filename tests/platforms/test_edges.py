"""Files and instruments at the edge: very long scales, nobody kept, an instrument of open text alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from toolkit.instrument import Instrument
from toolkit.instrument.model import Item, Option, Scale, Source
from toolkit.platforms import read_answers
from toolkit.platforms.vocabulary import translate
from toolkit.responses import decode
from toolkit.simulation import limesurvey_export, simulate

from .conftest import WriteText


def test_a_list_of_two_hundred_countries_is_read_to_the_last(tiny: Instrument) -> None:
    codes = [f"c{number}" for number in range(200)]
    scale = Scale(options=tuple(Option(code=code, label={"en": code}) for code in codes))
    country = Item(
        id="land",
        type="single",
        theme="ai",
        scale="lands",
        text={"all": {"en": "?"}},
        source=Source(origin="own"),
    )
    wide = tiny.model_copy(update={"scales": {**tiny.scales, "lands": scale}, "items": (country,)})
    problems: list[object] = []
    cells = pd.Series(codes, name="land")
    read = translate(cells, {code: code for code in codes}, wide["land"], problems)  # type: ignore[arg-type]
    assert not problems
    assert read.tolist() == codes


def test_a_file_of_which_nobody_is_kept_is_an_empty_frame_of_the_same_dtypes(
    limesurvey: WriteText, tiny: Instrument
) -> None:
    some = decode(read_answers(limesurvey({"aiuse": "1", "open": "words"}), tiny, "limesurvey"), tiny)
    none = decode(read_answers(limesurvey({"audience": ""}), tiny, "limesurvey"), tiny)
    assert len(some.coded) == 1
    assert len(none.coded) == 0
    pd.testing.assert_series_equal(none.coded.dtypes, some.coded.dtypes)
    assert none.disposition.set_index("reason")["rows"].to_dict() == {
        "rows in the file": 1,
        "no audience given": 1,
    }


@pytest.mark.parametrize("kept", [("open",), ("years",), ("open", "years")])
def test_an_instrument_without_a_choice_is_simulated_written_and_read_back(
    tiny: Instrument, tmp_path: Path, kept: tuple[str, ...]
) -> None:
    items = tuple(item for item in tiny.items if item.id in kept)
    audiences = {"employee": tiny.audiences["employee"]}
    plain = tiny.model_copy(update={"items": items, "audiences": audiences, "sections": ()})
    drawn = simulate(plain, seed=1, missing="codes")
    assert set(drawn.columns) >= set(kept)
    path = tmp_path / "answers.csv"
    path.write_bytes(limesurvey_export(drawn, plain, opens="2026-01-01", closes="2026-01-31", seed=1))
    back = decode(read_answers(path, plain, "limesurvey", wave="1"), plain).coded
    if "years" in kept:
        given = drawn["years"].dropna().reset_index(drop=True)
        read = back["years"].dropna().reset_index(drop=True)
        pd.testing.assert_series_equal(read, given)
    else:
        assert len(back) == 0
