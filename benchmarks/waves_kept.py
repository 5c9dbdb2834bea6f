"""How many comparisons of two waves are shown, within limits or withheld, at a realistic turnover.

Run: python benchmarks/waves_kept.py [organisations]

Groups of 5 to 200 people; between the waves 10 to 25% leave and as many join; 60 to 80% answer each wave,
and who answered once is likelier to answer again. Who stays and answers again changes one answer in five.
Three questions are compared, once with a person column and once without. A group that is too small in either
wave is left out: its waves are not compared under any rule. "shown before" counts those that the rule by
turnover alone would show: k people or more, or nobody, came or went.
"""

from __future__ import annotations

import argparse
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

import toolkit as tk
from toolkit.disclosure import Policy
from toolkit.disclosure.cells import Base
from toolkit.disclosure.gate import pass_gate
from toolkit.reporting.gathering import _few_changed

SIZES = {"5 to 9": (5, 10), "10 to 19": (10, 20), "20 to 49": (20, 50), "50 to 200": (50, 201)}
WAVES = ("2026", "2025")
ITEMS = ("flexible", "strategy", "aiuse")


def two_waves(random: np.random.Generator, size: int, instrument: Any) -> pd.DataFrame:
    """Draw the respondents of two waves of one group."""
    gone = random.random(size) < random.uniform(0.1, 0.25)
    joined = random.binomial(size, random.uniform(0.1, 0.25))
    rate, again = random.uniform(0.6, 0.8), 0.6
    first = random.random(size) < rate
    second = np.where(random.random(size) < again, first, random.random(size) < rate) & ~gone
    people = [f"p{one}" for one in range(size + joined)]
    second = np.concatenate([second, random.random(joined) < rate])
    first = np.concatenate([first, np.zeros(joined, dtype=bool)])
    answers = {}
    for name in ITEMS:
        codes = list(instrument[name].codes)
        shares = random.dirichlet([1.0] * len(codes))
        before = random.choice(codes, len(people), p=shares)
        fresh = random.choice(codes, len(people), p=shares)
        answers[name] = {"2025": before, "2026": np.where(random.random(len(people)) < 0.2, fresh, before)}
    frames = [
        pd.DataFrame(
            {
                "wave": wave,
                "organisation": "org",
                "audience": "employee",
                "respondent": np.array(people)[asked],
                **{
                    name: pd.Categorical(given[wave][asked], instrument[name].codes)
                    for name, given in answers.items()
                },
            }
        )
        for wave, asked in (("2026", second), ("2025", first))
    ]
    return pd.concat(frames, ignore_index=True)


def compared(frame: pd.DataFrame, instrument: Any, person: str) -> pd.DataFrame:
    """Release the change of each question, as a report does."""
    policy = Policy()
    variables = [instrument[name] for name in ITEMS]
    study = SimpleNamespace(
        person=person,
        policy=policy,
        instrument=SimpleNamespace(
            variables=variables, audiences=["employee"], sensitive_names=instrument.sensitive_names
        ),
        person_of=lambda _, respondent: respondent if person == "respondent" else "",
    )
    now, before = (frame[frame["wave"] == wave] for wave in WAVES)
    few = {
        Base(item, frozenset({"audience": audience, "wave": WAVES[1]}.items()))
        for item, audience in _few_changed(study, now, before)  # type: ignore[arg-type]
    }
    shares = tk.proportions(frame, variables, by=["audience", "wave"], measure="top")
    trend = tk.gaps_from_summary(shares, between="wave", pairs=[WAVES], by=["audience"])
    released = pass_gate(
        {"trend": trend}, policy, instrument=instrument, current={"wave": WAVES[0]}, near=few
    )["trend"]
    return released.assign(before=~released["item"].isin({base.item for base in few}) & released["shown"])


def main() -> None:
    """Print shares of comparisons by size of group, with and without persons, and how wide the limits are."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("organisations", nargs="?", type=int, default=150)
    options.add_argument("--seed", type=int, default=5)
    chosen = options.parse_args()
    random = np.random.default_rng(chosen.seed)
    instrument = tk.load_instrument("core")
    rows = []
    for name, (low, high) in SIZES.items():
        for _ in range(chosen.organisations):
            frame = two_waves(random, int(random.integers(low, high)), instrument)
            if frame["wave"].value_counts().reindex(list(WAVES), fill_value=0).min() < Policy().threshold:
                continue
            for person in ("respondent", ""):
                for row in compared(frame, instrument, person).itertuples():
                    limits = row.verdict_code == "at_most"
                    rows.append(
                        {
                            "persons": "with" if person else "without",
                            "group": name,
                            "comparisons": 1,
                            "shown before": row.before,
                            "exact or bound": row.shown and not limits,
                            "within limits": limits,
                            "half-width, points": 50 * (row.gap_most - row.gap_least),
                        }
                    )
    found = pd.DataFrame(rows).groupby(["persons", "group"], sort=False)
    table = found[["comparisons", "shown before", "exact or bound", "within limits"]].sum()
    every = table.groupby(level="persons").sum().assign(group="all").set_index("group", append=True)
    table = pd.concat([table, every])
    kept = table["exact or bound"] + table["within limits"]
    table = table.assign(
        kept=(kept / table["comparisons"]).round(3),
        before=(table["shown before"] / table["comparisons"]).round(3),
    )
    print(table.join(found["half-width, points"].median().round(0)).to_string())


if __name__ == "__main__":
    main()
