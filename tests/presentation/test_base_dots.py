"""A published share, drawn for each base it might have had."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from toolkit.disclosure import Policy, Released, release
from toolkit.errors import DisclosureError
from toolkit.presentation import as_picture, base_dots, description_of

Z = 1.959963984540054


def _estimates(share: float, bases: list[int]) -> pd.DataFrame:
    rows = []
    for n in bases:
        centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
        rows.append(
            {
                "item": "published share", "measure": "top", "base": str(n), "n": n, "effective_n": float(n),
                "estimate": share, "std_error": math.sqrt(share * (1 - share) / n), "conf_low": centre - half,
                "conf_high": centre + half, "df": math.nan, "method": "Wilson",
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def released() -> Released:
    return release(_estimates(0.77, [625, 60]), Policy())


def test_the_title_says_how_far_the_base_decides(released: Released) -> None:
    title = description_of(base_dots(released)).title.replace("\u00a0", " ")
    assert title == "77% may mean 65 to 86% with a base of 60, 74 to 80% with 625"


def test_the_alt_text_gives_every_interval_the_smallest_base_first(released: Released) -> None:
    alt = description_of(base_dots(released)).alt.replace("\u00a0", " ")
    assert alt == "If 60 were asked: 65 to 86%. If 625 were asked: 74 to 80%."


def test_row_order_changes_nothing(released: Released) -> None:
    turned = release(_estimates(0.77, [60, 625]), Policy())
    assert as_picture(base_dots, turned) == as_picture(base_dots, released)


def test_rows_that_passed_no_gate_are_not_drawn_in_a_report() -> None:
    with pytest.raises(DisclosureError):
        as_picture(base_dots, _estimates(0.77, [60]))  # type: ignore[arg-type]
