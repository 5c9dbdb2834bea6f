"""Numbers, bands and net scores, from the questionnaire through the gate into the report.

1. A number shows its mean with the t interval; with bands also a share per band.
2. A net score is the share of the top box less that of the bottom box; its error that of the multinomial.
3. The gate shows no mean that would tell single answers, and no net score that would tell a masked box.
4. What the instrument declares is checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.refusals import problem
from toolkit.analysis import banded, gaps, means, proportions
from toolkit.disclosure import Policy, Released, release
from toolkit.errors import InvalidInput, ProblemCode
from toolkit.instrument import Instrument, load_instrument
from toolkit.locale import using_language
from toolkit.presentation import distribution_table, numbers_table
from toolkit.reporting.gathering import _numbers

Make = Callable[..., Instrument]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make an instrument with one number `hours` and a recommend scale `rec`."""

    def made(languages: tuple[str, ...] = ("en",), **number: Any) -> Instrument:
        def words(text: str) -> dict[str, str]:
            return dict.fromkeys(languages, text)

        plain = {"theme": "t", "source": {"origin": "own"}, "text": {"all": words("Q?")}}
        audiences = {
            name: {"code": name[:2], "label": words(name), "plural": words(name)}
            for name in ("staff", "bosses")
        }
        held = {
            "id": "numbers",
            "version": "1",
            "title": words("Numbers"),
            "languages": list(languages),
            "audiences": audiences,
            "themes": {"t": words("Theme")},
            "sections": [{"id": "s", "title": words("S"), "items": ["hours", "rec"]}],
            "items": [
                {"id": "hours", "type": "number", "minimum": 0, "maximum": 60, **plain, **number},
                {"id": "rec", "type": "single", "scale": "recommend", **plain},
            ],
        }
        path = tmp_path / "numbers.yaml"
        path.write_text(json.dumps(held), "utf-8")
        return load_instrument(path)

    return made


def _people(instrument: Instrument, hours: list[float], rec: list[int]) -> pd.DataFrame:
    """The same answers from both audiences."""
    frame = pd.DataFrame({"hours": [*hours, *hours], "rec": [str(one) for one in (*rec, *rec)]})
    who = np.repeat(["staff", "bosses"], len(hours))
    frame["audience"] = pd.Categorical(who, categories=list(instrument.audiences), ordered=True)
    frame["rec"] = pd.Categorical(frame["rec"], categories=list(instrument["rec"].categories), ordered=True)
    return frame


def _released(frame: pd.DataFrame, instrument: Instrument) -> Released:
    tables = _numbers(frame, instrument, 0.95)
    tables["distributions"] = proportions(frame, [instrument["rec"]], by="audience")
    tables["shares"] = proportions(frame, [instrument["rec"]], by="audience", measure="top")
    return release(tables, Policy(), instrument=instrument)


HOURS = [0, 2, 4, 8, 12, 18, 25, 30, 41, 55, 38, 20, 7, 5, 33, 60, 22, 11, 9, 16]
REC = [0, 3, 5, 6, 6, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10, 10, 10, 10, 10, 2]


def test_means_bands_and_nets_are_those_of_the_answers(make: Make) -> None:
    """Requirements 1 and 2."""
    instrument = make(bands=[5, 20, 40])
    released = _released(_people(instrument, HOURS, REC), instrument)
    scores = released["scores"].set_index(["item", "audience"])
    mean = scores.loc[("hours", "staff")]
    low, high = stats.t.interval(0.95, 19, np.mean(HOURS), stats.sem(HOURS))
    np.testing.assert_allclose(
        mean[["estimate", "conf_low", "conf_high"]].astype(float), [np.mean(HOURS), low, high]
    )
    bands = released["bands"].query("audience == 'staff'")
    expected = [sum(a <= one < b for one in HOURS) / 20 for a, b in ((0, 5), (5, 20), (20, 40), (40, 61))]
    assert bands["estimate"].tolist() == pytest.approx(expected)
    top, bottom = sum(one >= 9 for one in REC) / 20, sum(one <= 6 for one in REC) / 20
    net = scores.loc[("rec", "staff")]
    assert net["estimate"] == pytest.approx(top - bottom)
    assert net["std_error"] ** 2 == pytest.approx((top + bottom - (top - bottom) ** 2) / 19)


def test_the_report_s_table_and_appendix_say_them(make: Make) -> None:
    """Requirements 1 and 2: in words, in two languages."""
    instrument = make(("en", "fr"), bands=[5, 20, 40])
    released = _released(_people(instrument, HOURS, REC), instrument)
    table = numbers_table(released, instrument)
    assert table is not None
    cells = str(table.rows).replace("\\xa0", " ")
    assert "mean 20.8 (" in cells
    assert "under 5 15% · 5 to under 20 40% · 20 to under 40 30% · 40 or more 15%" in cells
    assert "net score +15 (" in cells
    assert any("promoters (9–10)" in note for note in table.notes)
    rows = distribution_table(released, instrument).rows
    assert any("mean 20.8" in str(row) for row in rows)
    with using_language("fr"):
        french = numbers_table(released, instrument)
    assert french is not None
    assert "moyenne 20,8" in str(french.rows)
    assert "promoteurs" in " ".join(french.notes)


@pytest.mark.parametrize("bands", [[], [5, 20]])
@pytest.mark.parametrize("hours", [[30.0] * 20, [30.0] * 19 + [31.0], [59.0, 60.0] * 10])
def test_a_mean_that_would_tell_every_answer_is_withheld(
    make: Make, bands: list[float], hours: list[float]
) -> None:
    """Requirement 3."""
    instrument = make(bands=bands)
    released = _released(_people(instrument, hours, REC), instrument)
    row = released["scores"].query("item == 'hours'").iloc[0]
    assert not row["shown"]
    assert np.isnan(row[["estimate", "std_error", "conf_low", "conf_high"]].astype(float)).all()
    table = numbers_table(released, instrument)
    assert table is not None
    assert "not shown" in str(table.rows)


def test_no_single_answer_follows_from_a_mean_that_is_shown(make: Make) -> None:
    """Requirement 3: whatever is shown leaves each answer a quarter of the range (Samuelson's bound)."""
    instrument = make()
    rng = np.random.default_rng(3)
    shown = 0
    for _ in range(60):
        n, width = int(rng.integers(5, 40)), float(rng.choice([0.5, 2, 6, 20, 60]))
        start = rng.uniform(0, 60 - width)
        hours = rng.uniform(start, start + width, n).tolist()
        frame = _people(instrument, hours, [int(one) for one in rng.integers(0, 11, n)])
        tables = {"scores": means(frame, [instrument["hours"]], by="audience")}
        row = release(tables, Policy(), instrument=instrument)["scores"].iloc[0]
        reach = np.std(hours, ddof=1) * (n - 1) / np.sqrt(n)
        room = min(60, np.mean(hours) + reach) - max(0, np.mean(hours) - reach)
        assert row["shown"] == (room >= 15)
        assert np.abs(np.array(hours) - np.mean(hours)).max() <= reach + 1e-9
        shown += bool(row["shown"])
    assert 10 < shown < 60


def test_a_number_without_limits_shows_no_mean(make: Make) -> None:
    """Requirement 3: one large answer may be most of the sum."""
    instrument = make(maximum=None)
    row = _released(_people(instrument, HOURS, REC), instrument)["scores"].query("item == 'hours'").iloc[0]
    assert "not declared" in row["withheld"]


@pytest.mark.parametrize(("rec", "shown"), [(REC, True), ([*range(7, 11)] * 5, False), ([0, 10] * 10, False)])
def test_a_net_score_tells_no_masked_part(make: Make, rec: list[int], shown: bool) -> None:
    """Requirement 3: shown exactly where bottom, middle and top may all be told; its gap likewise."""
    instrument = make()
    frame = _people(instrument, HOURS, rec)
    released = _released(frame, instrument)
    nets = released["scores"].query("item == 'rec'")
    assert (nets["shown"] == shown).all()
    parts = released["distributions_parts"]
    assert ((parts["shown"] & (parts["bound"] == "")).all()) == shown
    apart = gaps(frame, [instrument["rec"]], between="audience", measure="net")
    both = {"gaps": apart, "distributions": proportions(frame, [instrument["rec"]], by="audience")}
    assert bool(release(both, Policy(), instrument=instrument)["gaps"]["shown"].iloc[0]) == shown


def test_a_score_of_other_boxes_than_those_declared_is_withheld(make: Make) -> None:
    """Requirement 3: promoters and detractors of a number in other bands."""
    for bands, shown in (([7, 9], True), ([3, 6], False)):
        instrument = make(minimum=0, maximum=10, bands=bands)
        frame = _people(instrument, [float(one) for one in REC], REC)
        cut = banded(frame, [instrument["hours"]]).assign(audience=frame["audience"])
        tables = {
            "bands": proportions(cut, ["hours"], by="audience"),
            "scores": means(frame, [instrument["hours"]], by="audience", measure="recommend"),
        }
        assert bool(release(tables, Policy(), instrument=instrument)["scores"]["shown"].all()) == shown


def test_bands_hold_their_first_value() -> None:
    """Requirement 1: at the edges, and without an answer."""
    from toolkit.instrument.model import Item, Source, Variable

    item = Item(id="h", type="number", theme="t", text={}, bands=(5, 10), source=Source(origin="own"))
    cut = banded(pd.DataFrame({"h": [0, 4.9, 5, 9, 10, np.nan]}), [Variable("h", item, None, ("all",))])
    assert cut["h"].astype("object").fillna("").tolist() == ["1", "1", "2", "2", "3", ""]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ({"bands": [10, 5]}, "wrong-order"),
        ({"bands": [0, 5]}, "wrong-order"),
        ({"bands": [5, 99]}, "out-of-range"),
    ],
)
def test_bands_that_cannot_be_are_refused(make: Make, number: dict[str, Any], code: ProblemCode) -> None:
    """Requirement 4."""
    with pytest.raises(InvalidInput, check=problem(code, "numbers.yaml, line 1: items → hours → bands")):
        make(**number)


def test_the_recommend_scale_needs_no_definition(make: Make) -> None:
    """Requirement 4: its words come in the languages of the item."""
    scale = make(("en", "fr")).scales["recommend"]
    assert (scale.top, scale.bottom, scale.net) == (("9", "10"), tuple("0123456"), True)
    assert scale.options[10].label["fr"].startswith("10 – ")
