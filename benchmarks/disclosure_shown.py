"""How much of small organisations' results the gate shows, and for which reasons it withholds the rest.

Run: python benchmarks/disclosure_shown.py [organisations] [--preset standard]

Simulated organisations of the shipped questionnaire, three audiences of 5 to 19 people each. Counted are rows
of distributions and of shares whose base reaches the threshold. To compare versions, run it in a checkout of
each.
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np
import pandas as pd

import toolkit as tk
from toolkit.disclosure import Policy
from toolkit.instrument.model import Instrument
from toolkit.simulation import Organisation

SIZES = {"5 to 9": range(5, 10), "10 to 19": range(10, 20)}


def organisations(number: int, seed: int) -> list[Organisation]:
    """Draw organisations whose audiences have 5 to 19 people, all of whom answer."""
    rng = np.random.default_rng(seed)
    return [
        Organisation(
            id=f"o{place}",
            name=f"Organisation {place}",
            people={name: int(rng.integers(5, 20)) for name in AUDIENCES},
            waves=("2026",),
            response=dict.fromkeys(AUDIENCES, 1.0),
        )
        for place in range(number)
    ]


AUDIENCES = ("executive", "employee", "freelancer")


def released_of(frame: pd.DataFrame, instrument: Instrument, policy: Policy) -> tk.Released:
    """Release one organisation's distributions and shares, as its report does."""
    admitted = tk.admit(frame, policy).frame
    admitted = admitted.assign(audience=admitted["audience"].cat.remove_unused_categories())
    single = [v for v in instrument.variables if v.kind == "single"]
    topped = [v for v in instrument.variables if v.kind in ("single", "option") and v.codes_of("top")]
    results = {
        "distributions": tk.proportions(admitted, single, by="audience"),
        "shares": tk.proportions(admitted, topped, by="audience", measure="top"),
    }
    return tk.release(results, policy, instrument=instrument)


def main() -> None:
    """Print how many rows are exact, bounds or withheld, by size of the group and reason."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("organisations", nargs="?", type=int, default=60)
    options.add_argument("--preset", default="")
    options.add_argument("--seed", type=int, default=11)
    chosen = options.parse_args()
    policy = Policy(preset=chosen.preset) if chosen.preset else Policy()
    instrument = tk.load_instrument("core")
    frame = tk.simulate(
        instrument, organisations(chosen.organisations, chosen.seed), seed=chosen.seed, missing="codes"
    )
    counts: Counter[tuple[str, str, str]] = Counter()
    for _, own in frame.groupby("organisation", observed=True):
        released = released_of(own, instrument, policy)
        sizes = own["audience"].value_counts()
        for table in ("distributions", "shares"):
            for row in released[table].itertuples():
                size = next((name for name, sizes_ in SIZES.items() if sizes[row.audience] in sizes_), "")
                how = row.withheld_code or ("bound" if row.bound else "exact")
                if size and how not in ("small", "none"):
                    counts[size, table, how] += 1
    found = pd.Series(counts).rename_axis(["group", "table", "how"]).unstack("how", fill_value=0)
    found["rows"] = found.sum(axis=1)
    print(found.assign(exact_share=(found["exact"] / found["rows"]).round(3)).to_string())
    total = found.groupby(level="table").sum()
    print((total["exact"] / total["rows"]).round(4).to_string())
    print(f"all rows: {found['exact'].sum()} of {found['rows'].sum()} exact")


if __name__ == "__main__":
    main()
