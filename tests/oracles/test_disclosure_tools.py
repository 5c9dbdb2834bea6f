"""Our tables beside those of ACRO and tau-argus (results stored by disclosure_tools.py)."""

from __future__ import annotations

import json

import toolkit as tk
from tests.disclosure.test_attack import instrument_of
from tests.oracles.disclosure_tools import COUNTS, RESULTS, people
from toolkit.disclosure import Policy, release

STORED = json.loads(RESULTS.read_text())


def test_acro_gives_the_executives_back_by_subtraction() -> None:
    whole, parts = STORED["acro"]["everybody"], STORED["acro"]["by audience"]
    assert parts["executive agree"] is None
    left = whole["all agree"] - parts["employee agree"] - parts["freelancer agree"]
    assert left == COUNTS["executive"][0]


def test_tau_argus_hides_the_employees_and_half_the_freelancers_as_well() -> None:
    cells = STORED["tau-argus"]["by audience"]
    hidden = {name for name, count in cells.items() if count is None}
    assert hidden == {
        *("employee agree", "employee not", "executive Total", "executive agree", "executive not"),
        *("freelancer Total", "freelancer not"),
    }


def test_ours_shows_employees_and_freelancers_exactly_and_counts_executives_nowhere() -> None:
    frame = people().assign(q=lambda rows: rows["answer"].map({"agree": "1", "not": "0"}))
    names = tuple(COUNTS)
    admitted = tk.admit(frame.astype({"q": "category", "audience": "category"}), Policy()).frame
    items = instrument_of([{"id": "q", "scale": "yes"}], names=names)
    results = {
        "everybody": tk.proportions(admitted, items, measure="top"),
        "by audience": tk.proportions(admitted, items, by="audience", measure="top"),
    }
    released = release(results, Policy(), instrument=items, ledger=False)
    rows = released["by audience"].set_index("audience")
    assert rows["estimate"].to_dict() == {"employee": 22 / 26, "freelancer": 9 / 20}
    assert released["everybody"]["n"].tolist() == [46], "26 employees and 20 freelancers, nobody left over"
