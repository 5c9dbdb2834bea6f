"""A methodology statement says all eleven items or is not printed."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from toolkit.disclosure import Policy
from toolkit.errors import ToolkitError
from toolkit.instrument.model import Instrument
from toolkit.locale import using_language
from toolkit.presentation import computed_methods, methods_statement
from toolkit.presentation.blocks import Terms
from toolkit.presentation.methods import AAPOR_HEADINGS
from toolkit.responses.gather import FieldDates
from toolkit.study import AAPOR_ITEMS, COMPUTED_AAPOR_ITEMS

WRITTEN = {name: f"About {name}." for name in AAPOR_ITEMS if name not in COMPUTED_AAPOR_ITEMS}


def test_every_item_has_a_heading_in_the_order_of_the_code() -> None:
    assert tuple(AAPOR_HEADINGS) == AAPOR_ITEMS
    assert len(set(AAPOR_HEADINGS.values())) == 11


def test_what_the_study_leaves_out_the_report_says(
    instrument: Instrument, participation: pd.DataFrame
) -> None:
    told = computed_methods(participation, instrument, audience="executive", policy=Policy())
    assert set(told) == {*COMPUTED_AAPOR_ITEMS, "dates"}
    statement = methods_statement(WRITTEN, told, audience="executive", instrument=instrument)
    (terms,) = statement.parts
    assert isinstance(terms, Terms)
    assert [name for name, _ in terms.pairs] == list(AAPOR_HEADINGS.values())
    assert all(text for _, text in terms.pairs)
    sizes = dict(terms.pairs)[AAPOR_HEADINGS["sample_sizes_and_precision"]].replace("\u00a0", " ")
    assert "16 executives answered of 20 invited (80%)" in sizes
    assert "± 11 points at 95%" in sizes


@pytest.mark.parametrize(
    ("language", "dates", "printed"),
    [
        ("en", (date(2026, 3, 2), date(2026, 3, 20), True), ["from 2 March 2026 to 20 March 2026."]),
        ("fr", (date(2026, 3, 2), date(2026, 3, 20), True), ["du 2 mars 2026 au 20 mars 2026."]),
        ("en", (date(2026, 3, 2), date(2026, 3, 2), True), ["answered on 2 March 2026."]),
        (
            "en",
            (date(2026, 3, 2), date(2026, 3, 20), False),
            ["to 20 March 2026.", "For some of the answers, no date is known."],
        ),
        ("en", None, ["The answer files do not record when people answered."]),
        ("fr", None, ["Les fichiers de réponses ne disent pas quand on a répondu."]),
    ],
)
def test_the_days_of_the_files_follow_what_the_study_says(
    instrument: Instrument,
    participation: pd.DataFrame,
    language: str,
    dates: tuple[date, date, bool] | None,
    printed: list[str],
) -> None:
    with using_language(language):
        told = computed_methods(
            participation,
            instrument,
            audience="executive",
            policy=Policy(),
            dates=FieldDates(*dates) if dates else None,
        )
    assert all(text in told["dates"] for text in printed)
    statement = methods_statement(WRITTEN, told, audience="executive")
    text = dict(statement.parts[0].pairs)[AAPOR_HEADINGS["dates"]]
    assert text == f"About dates. {told['dates']}"


def test_a_hidden_number_of_answers_stays_hidden(instrument: Instrument, participation: pd.DataFrame) -> None:
    told = computed_methods(participation, instrument, audience="freelancer", policy=Policy())
    assert told["sample_sizes_and_precision"].startswith("Fewer than 5 freelancers answered")


def test_every_blank_item_is_named_and_nothing_is_printed() -> None:
    with pytest.raises(ToolkitError, match=r"sizes_and_precision, weighting, processing_and_quality"):
        methods_statement(WRITTEN | {"sampling": "  "}, {"instrument": "x"}, audience="executive")


def test_an_unknown_item_is_refused_with_a_near_name() -> None:
    with pytest.raises(ToolkitError, match="did you mean 'sampling'"):
        methods_statement(WRITTEN | {"samplin": "x"}, {}, audience="executive")


def test_the_report_says_by_itself_that_it_is_not_weighted(
    instrument: Instrument, participation: pd.DataFrame
) -> None:
    told = computed_methods(participation, instrument, audience="employee", policy=Policy())
    statement = methods_statement(WRITTEN, told, audience="employee")
    printed = "The figures are not weighted: every respondent counts once."
    assert dict(statement.parts[0].pairs)["Weighting"] == printed
