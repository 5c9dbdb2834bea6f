"""Rows as plain dictionaries: what pandas gives, and in the same order."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from toolkit.records import COUNT, Displayed, by_item, csv_for_people, frame_of, records

CELLS = st.one_of(st.none(), st.text(max_size=5))
NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False))


@given(
    st.lists(st.tuples(CELLS, NUMBERS, st.one_of(st.none(), st.integers(-9, 9)), st.booleans()), max_size=8)
)
def test_records_are_what_to_dict_gives(rows: list[tuple[object, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=["item", "estimate", "n", "shown"]).astype(
        {"item": "str", "estimate": "float64", "n": "Int64", "shown": "bool"}
    )
    frame["audience"] = pd.Categorical(["executive"] * len(frame), categories=["executive", "employee"])
    ours, theirs = records(frame), frame.to_dict("records")
    assert [list(row) for row in ours] == [list(row) for row in theirs]
    for one, other in zip(ours, theirs, strict=True):
        for name in one:
            assert type(one[name]) is type(other[name])
            assert one[name] == other[name] or (pd.isna(one[name]) and pd.isna(other[name]))


@given(
    st.lists(
        st.tuples(CELLS, NUMBERS, st.one_of(st.none(), st.integers(-9, 9)), st.booleans()),
        min_size=1,
        max_size=8,
    )
)
def test_a_frame_comes_back_from_its_rows(rows: list[tuple[object, ...]]) -> None:
    types = {"item": "str", "estimate": "float64", "n": "Int64", "shown": "bool"}
    frame = pd.DataFrame(rows, columns=list(types)).astype(types)
    frame["audience"] = pd.Categorical(["employee"] * len(frame), categories=["executive", "employee"])
    back = frame_of(records(frame), types | {"n": COUNT, "audience": frame["audience"].dtype})
    pd.testing.assert_frame_equal(back, frame)


def test_counts_that_are_not_whole_stay_as_they_are_and_what_lacks_is_missing() -> None:
    frame = frame_of([{"n": 2.5}, {}], {"n": COUNT, "estimate": "float64", "label": "str"})
    assert frame.dtypes.astype(str).tolist() == ["Float64", "float64", "str"]
    assert frame["n"].tolist()[0] == 2.5
    assert frame.loc[1].isna().all()


def test_rows_under_their_item_keep_their_order_and_none_is_lost() -> None:
    frame = pd.DataFrame({"item": list("bab"), "estimate": [0.1, 0.2, np.nan]})
    found = by_item(records(frame.iloc[::-1]))
    assert list(found) == ["b", "a"]
    assert [row["estimate"] for row in found["b"]][1] == 0.1
    assert sum(map(len, found.values())) == len(frame)


FORMULAS = st.builds(
    str.__add__, st.sampled_from(["=", "+", "-", "@", "\t", "\r", "＝"]), st.text("AB1(|!", min_size=1)
)


@given(st.lists(st.tuples(FORMULAS, st.floats(-1, 1), st.sampled_from(["-0.3", "+5", "-1e-05"]))))
def test_no_cell_for_people_starts_a_formula_and_every_number_stays(
    rows: list[tuple[str, float, str]],
) -> None:
    frame = pd.DataFrame(rows, columns=["=label", "gap", "printed"])
    back = list(csv.reader(io.StringIO(csv_for_people(frame), newline="")))
    assert back[0] == ["'=label", "gap", "printed"]
    for row, (label, gap, printed) in zip(back[1:], rows, strict=True):
        number = re.fullmatch(r"[+-]1+", label)
        assert row[0] == (label if number else f"'{label}".replace("\r", "\n"))
        assert float(row[1]) == gap
        assert row[2] == printed


def test_what_needs_no_apostrophe_is_written_as_pandas_writes_it() -> None:
    frame = pd.DataFrame({"n": pd.array([5, None], "Int64"), "share": [0.1, -np.pi], "of": ["a-b", None]})
    frame["audience"] = pd.Categorical(["employee", "executive"])
    assert csv_for_people(frame) == frame.to_csv(index=False, lineterminator="\n")


@dataclass(frozen=True, repr=False)
class _Found(Displayed):
    method: str
    p_value: float
    table: pd.DataFrame
    draws: np.ndarray
    limit: float | None = None


def test_a_result_is_displayed_in_one_line_and_as_an_escaped_table() -> None:
    table = pd.DataFrame({"<b>x</b>": ["<script>alert(1)</script>"] * 500})
    found = _Found("<i>t</i>", 0.0123456789, table, np.arange(5000.0))
    assert repr(found) == (
        "_Found(method='<i>t</i>', p_value=0.0123457, table=<500 × 1 table>, draws=<5000 values>, limit=None)"
    )
    shown = found._repr_html_()
    assert "0.0123457" in shown
    assert "limit" not in shown
    assert len(shown) < 5000
    assert not {"<b>", "<script>", "<i>"} & set(re.findall(r"<\w+>", shown))
    assert "&lt;i&gt;t&lt;/i&gt;" in shown
    assert "&lt;script&gt;" in shown
