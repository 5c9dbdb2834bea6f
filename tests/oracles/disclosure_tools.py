"""What ACRO and tau-argus make of one small table; run once, the results are in disclosure_tools.json.

    python -m venv acro; acro/bin/pip install "acro==1.0.2" "pandas<2.3"
    python -m venv tau && tau/bin/pip install "pytauargus==0.6.0" pandas
    acro/bin/python tests/oracles/disclosure_tools.py acro
    tau/bin/python tests/oracles/disclosure_tools.py tau-argus

Neither is a dependency, and nothing of their code is here. Of 26 employees 22 agree, of 4 executives 3, of 20
freelancers 9. Asked for are two tables, as two people of a client would: answers of everybody, and answers by
audience, with a smallest cell of 5.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd

COUNTS = {"employee": (22, 4), "executive": (3, 1), "freelancer": (9, 11)}
RESULTS = Path(__file__).with_suffix(".json")


def people() -> pd.DataFrame:
    """One row per respondent."""
    rows = [
        {"audience": audience, "answer": answer, "everybody": "all", "one": 1}
        for audience, counts in COUNTS.items()
        for answer, count in zip(("agree", "not"), counts, strict=True)
        for _ in range(count)
    ]
    return pd.DataFrame(rows)


def acro() -> dict[str, dict[str, float | None]]:
    """Return the cells that ACRO prints of each table, None where it suppresses."""
    from acro import ACRO

    session, frame = ACRO(suppress=True), people()
    session.config["safe_threshold"] = 5
    found = {}
    for name, row in (("everybody", frame["everybody"]), ("by audience", frame["audience"])):
        table = session.crosstab(row, frame["answer"], margins=name == "by audience")
        found[name] = {
            f"{group} {answer}": None if pd.isna(value) or not value else float(value)
            for group, cells in table.iterrows()
            for answer, value in cells.items()
        }
    return found


def tau_argus() -> dict[str, dict[str, float | None]]:
    """Return the cells that tau-argus prints: S is safe, U and M are suppressed."""
    import pytauargus

    protected = pytauargus.protect(
        people(), ["audience", "answer"], "one", safety_rules="FREQ(5,30)", suppress="OPT(1)"
    )
    table = Path(protected.files["tab1"]).read_text()
    cells = [[part.strip(' "') for part in line.split(";")] for line in table.splitlines() if line]
    shown = {f"{a} {b}": float(n) if status == "S" else None for a, b, n, _, _, status, *_ in cells}
    return {"by audience": shown}


if __name__ == "__main__":
    tool = sys.argv[1]
    known = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    known[tool] = {"acro": acro, "tau-argus": tau_argus}[tool]()
    RESULTS.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
