"""An attacker who shares no code with the gate or the auditor, and random studies to attack.

    python -m tests.disclosure.attacker --studies 10000 --done attacks.txt

A study is an organisation of 3 to 500 people in 1 to 6 audiences, asked a scale, a yes/no question with one
routed by it, and a question with several answers. Its tables leave in one call of `release`, or carelessly:
in separate calls, or in a second issue after late answers or a recode. The attacker knows the questionnaire,
the policy and all that left, and bounds every count he was not shown. A count inside "nearly all" or "nearly
none" that leaves fewer people open than the policy's room is a find, and so is a group below the threshold.
A careful release must give him nothing. A careless one may, but then the auditor must have refused it.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

import toolkit as tk
from tests.disclosure.test_attack import WORDS, instrument_of
from toolkit.disclosure import Policy, release
from toolkit.disclosure.auditor import audit_release

INSTRUMENT = instrument_of(
    [
        {"id": "mood", "scale": "agree"},
        {"id": "uses", "scale": "yes"},
        {"id": "helps", "scale": "three", "ask_if": "uses == 1"},
        {
            "id": "ways",
            "type": "multi",
            "options": [
                {"code": code, "label": WORDS, "exclusive": code == "none"} for code in ("a", "b", "none")
            ],
        },
    ]
)
ITEMS = [variable.name for variable in INSTRUMENT.variables]
Tables = dict[str, pd.DataFrame]


@dataclass
class Attacked:
    """A random study: what left, one dictionary of tables per release, and how."""

    seed: int
    careful: bool
    released: list[Tables]
    policy: Policy
    frames: list[pd.DataFrame] = field(repr=False)


def respondents(random: np.random.Generator, n: int, audiences: list[str], start: int = 0) -> pd.DataFrame:
    """Draw answers: some questions nearly unanimous, some people who skip some."""
    frame = pd.DataFrame({"respondent": [f"r{start + i}" for i in range(n)]})
    frame["audience"] = random.choice(audiences, n, p=random.dirichlet([1.0] * len(audiences)))
    frame["size"] = random.choice(["s", "l"], n, p=[0.3, 0.7])
    codes = {name: list(INSTRUMENT[name].codes) for name in ITEMS}
    frame["mood"] = random.choice(codes["mood"], n, p=random.dirichlet([0.6] * len(codes["mood"])))
    frame["uses"] = random.choice(codes["uses"], n, p=random.dirichlet([0.4, 0.4]))
    frame["helps"] = random.choice(codes["helps"], n, p=random.dirichlet([0.7] * len(codes["helps"])))
    none = random.random(n) < random.choice([0.0, 0.05, 0.5])
    a, b = (random.random(n) < random.choice([0.03, 0.5, 0.97]) for _ in "ab")
    b |= ~(a | b)
    for option, ticked in (("a", a & ~none), ("b", b & ~none), ("none", none)):
        frame[f"ways_{option}"] = np.where(ticked, "1", "0")
    for name in ("mood", "uses"):
        frame.loc[random.random(n) < random.choice([0.0, 0.1]), name] = np.nan
    return routed(frame)


def routed(frame: pd.DataFrame) -> pd.DataFrame:
    """Ask `helps` only of those who use it; every answer is a category of its question."""
    frame = frame.assign(helps=frame["helps"].where(frame["uses"] == "1"))
    kinds = {name: pd.CategoricalDtype(list(INSTRUMENT[name].codes)) for name in ITEMS}
    return frame.astype(kinds | {"audience": "category", "size": "category"})


def tables_of(frame: pd.DataFrame, policy: Policy, ways: list[Any]) -> Tables:
    """Everything a report or a notebook computes of the people who may be analysed."""
    admitted = tk.admit(frame, policy)
    found: Tables = {"participation": admitted.participation}
    if len(admitted.frame):
        for number, by in enumerate(ways):
            found[f"answers_{number}"] = tk.proportions(admitted.frame, INSTRUMENT, by=by)
            found[f"top_{number}"] = tk.proportions(admitted.frame, INSTRUMENT, by=by, measure="top")
    return found


def draw(seed: int) -> Attacked:
    """Make a study and let its tables leave, carefully or not."""
    random = np.random.default_rng(seed)
    n = int(random.choice([random.integers(3, 13), random.integers(13, 60), random.integers(60, 501)]))
    audiences = ["executive", "employee", "freelancer", "temp", "board", "partner"][
        : int(random.integers(1, 7))
    ]
    policy = Policy() if random.random() < 0.7 else Policy(preset="strict")
    frame = respondents(random, n, audiences)
    careful = bool(random.random() < 0.6)
    every: list[Any] = [["audience"], None, ["size"], ["audience", "size"]]
    ways = [every[0], *[way for way in every[1:] if random.random() < 0.4]]

    def leave(frame: pd.DataFrame, chosen: list[Any]) -> Tables:
        given = tables_of(frame, policy, chosen)
        return dict(release(given, policy, instrument=INSTRUMENT, ledger=False).tables)

    if careful:
        return Attacked(seed, careful, [leave(frame, ways)], policy, [frame])
    how = random.choice(["calls", "late", "recode"])
    if how == "calls":
        return Attacked(
            seed, careful, [leave(frame, [way]) for way in every[: len(ways) + 1]], policy, [frame]
        )
    if how == "late":
        more = respondents(random, int(random.integers(1, 8)), audiences, n)
        again = routed(pd.concat([frame, more], ignore_index=True).astype(object))
    else:
        again = frame.copy()
        again.loc[int(random.integers(n)), "mood"] = str(random.choice(list(INSTRUMENT["mood"].codes)))
    return Attacked(seed, careful, [leave(frame, ways), leave(again, ways)], policy, [frame, again])


# --- the attack


@dataclass(frozen=True)
class Find:
    """A count the attacker narrowed: which, to what, where more had been left open."""

    what: str
    low: int
    high: int
    people: int


def attack(study: Attacked) -> list[Find]:
    """Bound every hidden count of a study, question by question, and compare issues of the same rows."""
    finds: list[Find] = []
    single = (
        [merged(study.released)] if _one_frame(study) else [merged([tables]) for tables in study.released]
    )
    for rows in single:
        for name in ("mood", "uses", "helps"):
            finds += _one_question(rows[rows["item"] == name], name, study.policy)
        finds += _ticks(rows, study.policy)
    if not _one_frame(study):
        finds += _between(*single, study.policy)
    return finds


def _one_frame(study: Attacked) -> bool:
    return len(study.frames) == 1


def merged(released: list[Tables]) -> pd.DataFrame:
    """All rows that left, as one frame: item, label, group columns, n, estimate, bound."""
    parts = []
    for tables in released:
        for frame in tables.values():
            if "item" in frame:
                label = frame["response"] if "response" in frame else frame["measure"]
                parts.append(frame.assign(label=label.astype(str)))
    if not parts:
        return pd.DataFrame(columns=["item", "label", "audience", "size", "n", "estimate", "bound", "shown"])
    rows = pd.concat([part.astype(object) for part in parts], ignore_index=True)
    for column in ("audience", "size"):
        rows[column] = rows[column].where(rows[column].notna(), "") if column in rows else ""
    return rows


def _codes(name: str, label: str) -> list[str]:
    variable = INSTRUMENT[name]
    ends = [*variable.codes_of("top"), *variable.codes_of("bottom")]
    return (
        [c for c in variable.codes if c not in ends] if label == "middle" else list(variable.codes_of(label))
    )


def _range(row: Any) -> tuple[int, int]:
    n = int(row.n)
    if row.bound == ">=":
        return math.ceil(row.estimate * n - 1e-6), n
    if row.bound == "<=":
        return 0, math.floor(row.estimate * n + 1e-6)
    return (round(row.estimate * n),) * 2  # type: ignore[return-value]


def _solve(cost: np.ndarray, left: list[np.ndarray], low: list[float], high: list[float]) -> float | None:
    from scipy.optimize import LinearConstraint, milp

    found = milp(
        cost, integrality=np.ones(len(cost)), constraints=LinearConstraint(np.array(left), low, high)
    )
    return None if found.x is None else float(np.rint(cost @ found.x))


def _one_question(rows: pd.DataFrame, name: str, policy: Policy) -> list[Find]:
    """Cells are audience × size × answer; each printed share or base is a row of the programme."""
    known = rows[rows["n"].notna()]
    if known.empty:
        return []
    codes = list(INSTRUMENT[name].codes)
    audiences = sorted({*rows["audience"]} - {""}) or ["-"]
    sizes = sorted({*rows["size"]} - {""}) or ["-"]
    cells = list(product([*audiences, "?"], [*sizes, "?"], codes))
    place = {cell: number for number, cell in enumerate(cells)}

    def vector(audience: str, size: str, chosen: list[str]) -> np.ndarray:
        found = np.zeros(len(cells))
        for (a, s, c), number in place.items():
            if audience in ("", a) and size in ("", s) and c in chosen:
                found[number] = 1
        return found

    left, low, high = [], [], []
    # a report of one division knows no people outside it
    for unknown, column in (("audience", 0), ("size", 1)):
        if not (rows[unknown] == "").any() or (rows[unknown] == "").all():
            outside = np.array([float(cell[column] == "?") for cell in cells])
            left.append(outside), low.append(0), high.append(0)
    for row in known.drop_duplicates(["audience", "size", "n"]).itertuples():
        left.append(vector(row.audience, row.size, codes)), low.append(row.n), high.append(row.n)
    for row in known[known["estimate"].notna()].itertuples():
        one, other = _range(row)
        (
            left.append(vector(row.audience, row.size, _codes(name, row.label))),
            low.append(one),
            high.append(other),
        )
    finds = []
    for (audience, size), own in rows.groupby(["audience", "size"]):
        base = own["n"].dropna()
        n = int(base.iloc[0]) if len(base) else 0
        if not n:
            continue
        share = policy.unanimity_bounds(n, name)[0]
        few = math.floor(share * n + 1e-6)
        for chosen in [[code] for code in codes] + [_codes(name, box) for box in ("top", "middle", "bottom")]:
            if not 0 < len(chosen) < len(codes):
                continue
            goal = vector(audience, size, chosen)
            least, most = _solve(goal, left, low, high), _solve(-goal, left, low, high)
            if least is None or most is None:
                return finds
            least, most = int(least), int(-most)
            end = (0, few) if most <= few else (n - few, n) if least >= n - few else None
            if end is not None and most - least < policy.room_for(name):
                finds.append(Find(f"{name} {'/'.join(chosen)} {audience} {size}", least, most, n))
    finds += _left_over(known, name, policy, audiences)
    return finds


def _left_over(known: pd.DataFrame, name: str, policy: Policy, audiences: list[str]) -> list[Find]:
    """Subtract printed parts from a printed whole: who is left are fewer than the threshold, or none."""
    k = policy.threshold_for(name)
    bases = {(row.audience, row.size): int(row.n) for row in known.itertuples()}
    finds = []
    for (audience, size), whole in bases.items():
        for column in (0, 1):
            if (audience, size)[column]:
                continue
            parts = [
                n
                for group, n in bases.items()
                if group[column] and group[1 - column] == (audience, size)[1 - column]
            ]
            if parts and 0 < whole - sum(parts) < k:
                finds.append(
                    Find(
                        f"{name} people left of {audience} {size}",
                        whole - sum(parts),
                        whole - sum(parts),
                        whole,
                    )
                )
    return finds


def _ticks(rows: pd.DataFrame, policy: Policy) -> list[Find]:
    """Who ticked a, b, both or "none" of a group, from whatever is printed of the three options."""
    finds = []
    ways = rows[
        rows["item"].astype(str).str.startswith("ways_") & rows["n"].notna() & rows["estimate"].notna()
    ]
    for (audience, size), own in ways.groupby(["audience", "size"]):
        n = int(own["n"].iloc[0])
        kinds = {"a": [1, 0, 1, 0], "b": [0, 1, 1, 0], "none": [0, 0, 0, 1]}  # only a, only b, both, none
        left, low, high = [np.ones(4)], [n], [n]
        for row in own.itertuples():
            ticked = np.array(kinds[row.item.removeprefix("ways_")], dtype=float)
            one, other = _range(row)
            if row.label in ("bottom", "0"):
                one, other = n - other, n - one
            left.append(ticked), low.append(one), high.append(other)
        few = math.floor(policy.unanimity_bounds(n, "ways")[0] * n + 1e-6)
        for option, ticked in kinds.items():
            least, most = (
                _solve(np.array(ticked, float), left, low, high),
                _solve(-np.array(ticked, float), left, low, high),
            )
            if least is None or most is None:
                continue
            least, most = int(least), int(-most)
            end = (0, few) if most <= few else (n - few, n) if least >= n - few else None
            if end is not None and most - least < policy.room_for("ways"):
                finds.append(Find(f"ways {option} {audience} {size}", least, most, n))
    return finds


def _between(before: pd.DataFrame, after: pd.DataFrame, policy: Policy) -> list[Find]:
    """Subtract two issues row by row: the answers of fewer than k people who came, or were changed."""
    finds = []
    keys = ["item", "label", "audience", "size"]
    both = (
        before[before["n"].notna()]
        .drop_duplicates(keys)
        .merge(after[after["n"].notna()].drop_duplicates(keys), on=keys, suffixes=("", "_2"))
    )
    both = both[
        both["estimate"].notna()
        & both["estimate_2"].notna()
        & (both["bound"] == "")
        & (both["bound_2"] == "")
    ]
    for row in both.itertuples():
        came, yes = int(row.n_2 - row.n), round(row.estimate_2 * row.n_2) - round(row.estimate * row.n)
        if 0 < came < policy.threshold_for(row.item) or (came == 0 and yes):
            finds.append(
                Find(f"{row.item} {row.label} {row.audience} {row.size} between issues", yes, yes, came)
            )
    return finds


# --- both together


@dataclass(frozen=True)
class Outcome:
    """What became of one study."""

    seed: int
    careful: bool
    finds: tuple[Find, ...]
    passed: bool
    breaches: tuple[Any, ...]
    unsound: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """A careful release gives nothing away, and nothing that gives something away was let through."""
        return not (self.finds and (self.careful or self.passed)) and not self.unsound


def check(seed: int) -> Outcome:
    """Draw, attack and audit one study; the auditor's bounds must contain the truth."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = draw(seed)
    with tempfile.TemporaryDirectory() as folder:
        folders = []
        for number, tables in enumerate(study.released):
            home = Path(folder) / str(number)
            home.mkdir()
            folders.append(home)
            for name, frame in tables.items():
                frame.to_csv(home / f"{name}.csv", index=False)
        known: list[Any] = folders if _one_frame(study) else folders[-1:]
        earlier: list[Any] = [] if _one_frame(study) else folders[:-1]
        found = audit_release(known, study=_as_study(study.policy), earlier=earlier)
    return Outcome(
        seed,
        study.careful,
        tuple(attack(study)),
        found.passed,
        found.breaches,
        tuple(_untrue(found.counts, study)),
    )


def _as_study(policy: Policy) -> Any:
    nobody = pd.DataFrame({"organisation": ["org"], "name": ["Organisation"]})
    return SimpleNamespace(
        instrument=INSTRUMENT,
        policy=policy,
        organisations=nobody,
        findings=None,
        waves=("",),
        primary=(),
        path=None,
        benchmarks_path=None,
        responses=lambda **_: pd.DataFrame({"audience": []}),
        language="en",
    )


def _untrue(counts: pd.DataFrame, study: Attacked) -> Iterator[str]:
    """Yield bounds of the auditor that the true answers lie outside: it would then be no auditor."""
    if not _one_frame(study):
        return
    frame = tk.admit(study.frames[0], study.policy).frame
    for row in counts.itertuples():
        parts = [] if row.group == "everybody" else str(row.group).split(", ")
        if row.answers == "(answered)" or any(part.startswith(("not in", "between")) for part in parts):
            continue
        mine = frame
        for part in parts:
            column, value = (
                ("size", part.removeprefix("size ")) if part.startswith("size ") else ("audience", part)
            )
            mine = mine[mine[column] == value]
        true = int(mine[row.item].isin(_codes(row.item, row.answers)).sum())
        if not row.low <= true <= row.high:
            yield f"{row.item} {row.answers} {row.group}: {true} is not in {row.low} to {row.high}"


def main() -> None:
    """Attack many studies; those in the file of seeds that are done are left out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument(
        "--done", type=Path, default=Path("attacks.txt"), help="seeds that are done, one per line"
    )
    given = parser.parse_args()
    done = {int(line) for line in given.done.read_text().split()} if given.done.is_file() else set()
    bad, found, refused = [], 0, 0
    with given.done.open("a") as log:
        for seed in range(given.first, given.first + given.studies):
            if seed in done:
                continue
            outcome = check(seed)
            found, refused = found + bool(outcome.finds), refused + (not outcome.passed)
            if outcome.sound:
                log.write(f"{seed}\n")
                log.flush()
            else:
                bad.append(seed)
                print(f"seed {seed}: {outcome}")
    print(
        f"{given.studies} studies, {found} with something to find, {refused} refused; "
        f"{len(bad)} unsound: {bad[:20]}"
    )
    raise SystemExit(bool(bad))


if __name__ == "__main__":
    main()
