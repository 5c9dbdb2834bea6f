"""Words taken from the instrument, and the door that only released results pass."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd
import pytest

from toolkit import presentation
from toolkit.disclosure import Released
from toolkit.errors import DisclosureError, ToolkitError
from toolkit.instrument.model import Instrument
from toolkit.presentation.rows import (
    answer_words,
    asked_of,
    audience_name,
    base_in_words,
    direction,
    item_name,
    released_table,
)

TAKES_RELEASED = [
    "benchmark_dots",
    "benchmark_table",
    "cannot_tell",
    "distribution_table",
    "diverging_bars",
    "gap_dumbbell",
    "gap_table",
    "ranked_options",
    "shares_table",
    "summary",
    "trend_table",
    "wave_change",
]


FIGURES = {"benchmark_dots", "diverging_bars", "gap_dumbbell", "ranked_options", "wave_change"}


@pytest.mark.parametrize("name", TAKES_RELEASED)
def test_nothing_but_released_results_is_shown(name: str, instrument: Instrument) -> None:
    raw = {"gaps": pd.DataFrame(), "shares": pd.DataFrame(), "distributions": pd.DataFrame()}
    more = {"waves": ("2024", "2025")} if name in ("trend_table", "wave_change") else {}
    more |= {"item": "ways"} if name == "ranked_options" else {}
    show = getattr(presentation, name)
    if name in FIGURES:
        show = partial(presentation.as_picture, show)
    with pytest.raises(DisclosureError, match="not passed the gate"):
        show(raw, instrument, **more)


def test_a_missing_table_names_near_ones(released: Released) -> None:
    with pytest.raises(ToolkitError, match="did you mean 'gaps'"):
        released_table(released, "gap")
    with pytest.raises(ToolkitError, match="lacks the column"):
        released_table(released, "gaps", columns=["colour"])


def test_routing_is_said_in_words(instrument: Instrument) -> None:
    assert base_in_words(instrument["flex"], instrument) == "everyone"
    assert base_in_words(instrument["ways_rev"], instrument) == "those who answered “Yes” to “AI use”"
    assert asked_of(instrument["ways_rev"], instrument).startswith(
        "executives, employees and freelancers, only"
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("aiuse != 1", "those who did not answer “Yes” to “AI use”"),
        ("flex in [4, 5]", "those who answered “Agree” or “Strongly agree” to “Flexible working”"),
        (
            "flex >= 4 and aiuse == 1",
            "those who answered at least “Agree” to “Flexible working” and answered “Yes” to “AI use”",
        ),
        ('selected(ways, "rev")', "those who chose “Reviewing output” at “Ways AI added work”"),
        ("answered(flex)", "those who answered “Flexible working”"),
    ],
)
def test_every_form_of_routing_is_said_in_words(rule: str, words: str, instrument: Instrument) -> None:
    item = instrument["burnout"].item.model_copy(update={"ask_if": rule})
    variable = type(instrument["burnout"])("burnout", item, instrument["burnout"].scale, ("employee",))
    assert base_in_words(variable, instrument) == words


def test_direction_says_which_way_good_news_lies(instrument: Instrument) -> None:
    assert direction(instrument["flex"]) == "higher is better"
    assert direction(instrument["burnout"]) == "lower is better"
    assert direction(instrument["burnout"], "favourable") == "higher is better"
    assert direction(instrument["aiuse"]) == ""


def test_names_fit_into_a_sentence(instrument: Instrument) -> None:
    assert audience_name(instrument, "executive") == "executives"
    assert audience_name(instrument, "executive", start=True) == "Executives"
    assert audience_name(instrument, "2025") == "2025"
    assert item_name(instrument, "ways_rev") == "Ways AI added work: reviewing output"
    assert item_name(instrument, "unknown") == "unknown"
    assert answer_words(instrument["flex"]) == "agree"
    assert answer_words(instrument["burnout"], "favourable") == "disagree"
    assert answer_words(instrument["ways_rev"]) == "chose it"
    assert answer_words(instrument["stance"], "man") == "mandates"


def test_a_box_without_a_label_lists_its_answers_in_small_letters(instrument: Instrument) -> None:
    words = {"4": "Agree", "5": "Strongly Agree"}
    scale = instrument["flex"].scale
    assert scale is not None
    options = tuple(
        one.model_copy(update={"label": {"en": words.get(one.code, one.label["en"])}})
        for one in scale.options
    )
    plain = replace(instrument["flex"], scale=scale.model_copy(update={"options": options, "top_label": {}}))
    assert answer_words(plain) == "agree or strongly agree"
