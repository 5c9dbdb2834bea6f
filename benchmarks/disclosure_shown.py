"""How much of small organisations' results the gate shows, and for which reasons it withholds the rest.

Run: python benchmarks/disclosure_shown.py [organisations] [--preset standard] [--attack]

Simulated organisations of the shipped questionnaire, three audiences of 5 to 19 people each. Counted are rows
of distributions and of shares whose base reaches the threshold. To compare versions, run it in a checkout of
each. With --attack, every way the people of a group can have answered is held against what was released, and
hidden sums of answers that are known more narrowly than their bound are counted.
"""

from __future__ import annotations

import argparse
from collections import Counter
from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd

import toolkit as tk
from toolkit.disclosure import Policy
from toolkit.disclosure.cells import three_parts, thresholds
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
    return tk.release(results, policy, instrument=instrument, ledger=False)


@cache
def compositions(n: int, parts: int) -> np.ndarray:
    """Return every way n people can spread over so many answers, one per row."""
    edges = np.array(list(combinations(range(n + parts - 1), parts - 1)), dtype=np.int16).reshape(
        -1, parts - 1
    )
    ends = np.full((len(edges), 1), n + parts - 1)
    return np.diff(np.hstack([-np.ones_like(ends), edges, ends])) - 1


Known = tuple[tuple[tuple[int, ...], str, float], ...]
"""Places of answers, "" (exact) or the bound's sign, and the count printed for their sum."""


@cache
def pinned(n: int, parts: int, known: Known, few: int) -> int:
    """Count sums of answers that are known to lie strictly within what "nearly nobody" may mean."""
    worlds = compositions(n, parts)
    for places, sign, count in known:
        total = worlds[:, list(places)].sum(axis=1)
        kept = total == round(count) if not sign else total <= count if sign == "<=" else total >= count
        worlds = worlds[kept]
    if not len(worlds):
        raise RuntimeError("what was released contradicts itself")
    found = 0
    for size in range(1, parts):
        for chosen in combinations(range(parts), size):
            values = set(worlds[:, list(chosen)].sum(axis=1).tolist())
            found += values < set(range(few + 1)) or {n - value for value in values} < set(range(few + 1))
    return found


def attacked(released: tk.Released, instrument: Instrument, policy: Policy) -> tuple[int, int]:
    """Return how many hidden sums were pinned, and how many distributions were tried."""
    marked = thresholds(policy, (), instrument)
    found, tried = 0, 0
    rows: dict[tuple[str, str], list[tuple[tuple[str, ...], object]]] = {}
    for table in ("distributions", "distributions_parts", "shares"):
        for row in released[table].itertuples():
            variable = instrument[row.item]
            label = row.measure if table == "shares" else row.response
            codes = {"distributions": (label,), "shares": variable.codes_of(label)}.get(table)
            codes = codes or three_parts(variable)[label]
            rows.setdefault((row.item, row.audience), []).append((codes, row))
    for (item, _), mine in rows.items():
        codes, n = instrument[item].codes, mine[0][1].n
        if pd.isna(n) or len(codes) > 7 or len({codes for codes, _ in mine}) < len(codes):
            continue
        known = {
            (tuple(codes.index(code) for code in part), row.bound, round(row.estimate * n, 6))
            for part, row in mine
            if row.shown
        }
        low, _ = marked.unanimity_bounds(n, item)
        tried += 1
        found += pinned(int(n), len(codes), tuple(sorted(known)), int(low * n + 1e-9))
    return found, tried


def main() -> None:
    """Print how many rows are exact, bounds or withheld, by size of the group and reason."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("organisations", nargs="?", type=int, default=60)
    options.add_argument("--preset", default="")
    options.add_argument("--attack", action="store_true")
    options.add_argument("--seed", type=int, default=11)
    chosen = options.parse_args()
    policy = Policy(preset=chosen.preset) if chosen.preset else Policy()
    instrument = tk.load_instrument("core")
    frame = tk.simulate(
        instrument, organisations(chosen.organisations, chosen.seed), seed=chosen.seed, missing="codes"
    )
    found, tried = 0, 0
    counts: Counter[tuple[str, str, str]] = Counter()
    for _, own in frame.groupby("organisation", observed=True):
        released = released_of(own, instrument, policy)
        if chosen.attack:
            more = attacked(released, instrument, policy)
            found, tried = found + more[0], tried + more[1]
        sizes = own["audience"].value_counts()
        for table in ("distributions", "shares"):
            for row in released[table].itertuples():
                size = next((name for name, sizes_ in SIZES.items() if sizes[row.audience] in sizes_), "")
                how = row.withheld_code or ("bound" if row.bound else "exact")
                if size and how not in ("small", "none"):
                    counts[size, table, how] += 1
    table = pd.Series(counts).rename_axis(["group", "table", "how"]).unstack("how", fill_value=0)
    table["rows"] = table.sum(axis=1)
    print(table.assign(exact_share=(table["exact"] / table["rows"]).round(3)).to_string())
    print(f"all rows: {table['exact'].sum()} of {table['rows'].sum()} exact")
    if chosen.attack:
        print(f"attack: {found} hidden sums pinned in {tried} distributions")


if __name__ == "__main__":
    main()
