"""The codebook says every column in the words each audience read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, codebook
from toolkit.instrument.codebook import CODEBOOK_COLUMNS


def test_there_is_a_row_for_each_variable_audience_and_answer(shipped: Instrument) -> None:
    found = codebook(shipped)
    expected = sum(
        len(v.audiences) * max(1, len(v.codes) + len(shipped.missing_of(v))) for v in shipped.variables
    )
    assert tuple(found.columns) == CODEBOOK_COLUMNS
    assert len(found) == expected
    assert found["variable"].drop_duplicates().tolist() == [v.name for v in shipped.variables]


def test_a_base_says_who_was_asked(shipped: Instrument) -> None:
    found = codebook(shipped).set_index(["variable", "audience"])["base"]
    assert set(found["burnout", "executive"]) == {"all executives"}
    assert set(found["aiways_rev", "employee"]) == {"all employees for whom “AI use” is Yes"}


def test_don_t_knows_are_listed_with_their_analysis_codes(shipped: Instrument) -> None:
    found = codebook(shipped).query("variable == 'burnout' and audience == 'employee'")
    assert found["code"].tolist() == ["1", "2", "3", "4", "5", "-1", "-2"]
    assert found["label"].tolist()[-2:] == ["Don't know", "Prefer not to say"]
    assert found["source"].str.startswith("own wording, after Upwork").all()


def test_open_text_has_one_row_an_audience_and_no_code(shipped: Instrument) -> None:
    found = codebook(shipped).query("item == 'comment'")
    assert len(found) == 3
    assert found["code"].isna().all()


def test_a_language_it_is_not_written_in_is_refused(
    whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument]
) -> None:
    with pytest.raises(InvalidInput, check=problem("unknown-language", "language")):
        codebook(load(whole), "fr")
