"""An attacker who shares no code with the gate or the auditor, and random studies to attack.

    python -m tests.disclosure.attacker --studies 10000 --done attacks.txt

A study is an organisation of 3 to 500 people in 1 to 6 audiences, two regions with two teams each, asked a
scale, a yes/no question with one routed by it, and a question with several answers. What leaves of it:

    one     everything in one call of `release`, with some of the divisions
    cuts    audiences with cuts and levels divided into blocks, as a report does
    weights weighted shares, rounded as results.csv rounds them
    waves   2 to 4 waves with people who leave and join, each report with the wave before it, with or without
            a column that says who is who
    ledger  2 to 4 issues of one wave, each after people came, went or were recoded, through the ledger
    calls   divisions in separate calls of `release`, each of which sees only its own
    again   a second issue after people came, went or were recoded, without the ledger

The first five are careful, the others careless. Numbers are attacked in full digits or rounded. The attacker
knows the questionnaire, the policy, who is in which issue and wave, the weights, and all that left. He bounds
every count that he was not shown; who stayed is taken to have answered alike. A count inside "nearly all" or
"nearly none" that leaves fewer people open than the policy's room is a find; so are a group below the
threshold that is left over, and anything about fewer people than that who came or went. A careful release
must give him nothing. A careless one may, but then the auditor must have refused it.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

import toolkit as tk
from tests.disclosure.test_attack import WORDS, instrument_of
from toolkit.analysis import Design
from toolkit.disclosure import Policy, release
from toolkit.disclosure.auditor import audit_release
from toolkit.disclosure.cells import Base
from toolkit.disclosure.gate import pass_gate
from toolkit.disclosure.ledger import Ledger
from toolkit.reporting.cuts import CUT, cut_tables
from toolkit.reporting.gathering import _few_changed
from toolkit.study.weighting import WEIGHT, with_kish

AUDIENCES = ["executive", "employee", "freelancer", "temp", "board", "partner"]
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
    ],
    names=AUDIENCES,
)
ITEMS = [variable.name for variable in INSTRUMENT.variables]
TEAMS = {"n1": "n", "n2": "n", "s1": "s", "s2": "s"}
DIMENSIONS = ("audience", "region", "team")
DIVISIONS: list[list[str] | None] = [
    ["audience"],
    None,
    ["region"],
    ["audience", "region"],
    ["region", "team"],
    ["audience", "region", "team"],
]
CAREFUL = ("one", "cuts", "weights", "waves", "ledger")
Tables = dict[str, pd.DataFrame]
Select = tuple[frozenset[str], ...]
"""Per dimension the values a group consists of; none for all."""


@dataclass
class Issue:
    """What left at once, and the answers behind it."""

    tables: Tables
    frame: pd.DataFrame = field(repr=False)
    rows: pd.DataFrame = field(init=False, repr=False)


@dataclass
class Study:
    """A random study: how its results left, and when."""

    seed: int
    kind: str
    policy: Policy
    issues: list[Issue]
    digits: int | None

    @property
    def careful(self) -> bool:
        return self.kind in CAREFUL


# --- random studies


def respondents(
    random: np.random.Generator, n: int, audiences: Sequence[str], start: int = 0
) -> pd.DataFrame:
    """Draw answers: some questions nearly unanimous, some people who skip some."""
    frame = pd.DataFrame({"respondent": [f"r{start + i}" for i in range(n)]})
    frame["audience"] = random.choice(audiences, n, p=random.dirichlet([1.0] * len(audiences)))
    frame["team"] = random.choice(list(TEAMS), n, p=random.dirichlet([1.0] * len(TEAMS)))
    frame["region"] = frame["team"].map(TEAMS)
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
    return frame.astype(kinds | {"audience": "category", "region": "str", "team": "str"})


def changed(
    random: np.random.Generator, frame: pd.DataFrame, audiences: Sequence[str], few: int, recoded: bool
) -> pd.DataFrame:
    """Let people come, go or be recoded; who stays keeps the other answers."""
    rows = frame.astype(object)
    events = ["came", "went", *(["recoded"] if recoded else [])]
    for what in random.choice(events, int(random.integers(1, 3)), replace=False):
        number = int(random.integers(1, few + 1))
        if what == "came":
            start = int(rows["respondent"].str[1:].astype(int).max()) + 1
            more = respondents(random, number, audiences, start).astype(object)
            rows = pd.concat([rows, more], ignore_index=True)
        elif len(rows) > number:
            some = random.choice(len(rows), number, replace=False)
            if what == "went":
                rows = rows.drop(rows.index[some]).reset_index(drop=True)
            else:
                rows.loc[rows.index[some], "mood"] = random.choice(list(INSTRUMENT["mood"].codes), number)
    return routed(rows)


def tables_of(frame: pd.DataFrame, ways: Sequence[Any]) -> Tables:
    found: Tables = {}
    for number, by in enumerate(ways):
        found[f"answers_{number}"] = tk.proportions(frame, INSTRUMENT, by=by)
        found[f"top_{number}"] = tk.proportions(frame, INSTRUMENT, by=by, measure="top")
    return found


def draw(seed: int, folder: Path) -> Study:
    """Make a study and let its results leave."""
    random = np.random.default_rng(seed)
    n = int(random.choice([random.integers(3, 13), random.integers(13, 60), random.integers(60, 501)]))
    audiences = AUDIENCES[: int(random.integers(1, 7))]
    policy = Policy() if random.random() < 0.7 else Policy(preset="strict")
    kinds = [*CAREFUL, "one", "ledger", "waves", "calls", "again"]
    kind, digits = str(random.choice(kinds)), random.choice([None, None, 3, 2])
    digits = None if kind == "weights" else digits  # rounded once already
    ways = [DIVISIONS[0], *[way for way in DIVISIONS[1:] if random.random() < 0.35]]
    few = 7 if random.random() < 0.7 else max(7, n // 4)
    first = respondents(random, n, audiences)
    if kind in ("again", "ledger", "waves"):
        frames = [first]
        for _ in range(1 if kind == "again" else int(random.integers(1, 4))):
            frames.append(changed(random, frames[-1], audiences, few, kind != "waves"))
    else:
        frames = [first]
    leave: Callable[..., Iterator[Issue]] = {
        "cuts": _cut,
        "weights": _weighted,
        "waves": _waves,
        "ledger": _through_a_ledger,
    }.get(kind, _released)
    issues = list(leave(random, frames, policy, ways, kind, folder))
    for issue in issues:
        issue.tables = {
            name: table.assign(estimate=table["estimate"].round(digits))
            if digits and "estimate" in table
            else table
            for name, table in issue.tables.items()
        }
        issue.rows = merged(issue.tables)
    return Study(seed, kind, policy, issues, digits)


def _released(_: Any, frames: Any, policy: Policy, ways: Any, kind: str, __: Path) -> Iterator[Issue]:
    calls = [[way] for way in ways] if kind == "calls" else [ways]
    for frame in frames:
        admitted = tk.admit(frame, policy)
        for call in calls:
            given = {"participation": admitted.participation}
            given |= tables_of(admitted.frame, call) if len(admitted.frame) else {}
            found = release(given, policy, instrument=INSTRUMENT, ledger=False)
            yield Issue(dict(found.tables), admitted.frame)


def _cut(_: Any, frames: Any, policy: Policy, ways: Any, __: str, ___: Path) -> Iterator[Issue]:
    admitted = tk.admit(frames[0], policy)
    frame = admitted.frame
    columns = {"region": (("region",), ""), "team": (("region", "team"), "region")}
    study: Any = SimpleNamespace(
        policy=policy, instrument=INSTRUMENT, cut_columns=columns, level=0.95, clients=None
    )
    given = {"participation": admitted.participation}
    if len(frame):
        given |= tables_of(frame, [["audience"]])
        given |= cut_tables(study, frame, list(frame["audience"].cat.categories), None)[0]
    yield Issue(dict(release(given, policy, instrument=INSTRUMENT, ledger=False).tables), frame)


def _weighted(random: Any, frames: Any, policy: Policy, ways: Any, _: str, __: Path) -> Iterator[Issue]:
    heavy = float(random.uniform(1, 3))
    frame = frames[0].assign(**{WEIGHT: np.where(frames[0]["region"] == "n", heavy, 1.0)})
    admitted = tk.admit(frame, policy)
    given, design = {"participation": admitted.participation}, Design(weights=WEIGHT)
    if len(admitted.frame):
        for name, measure in (("answers", None), ("top", "top")):
            rows = tk.proportions(admitted.frame, INSTRUMENT, by=["audience"], measure=measure, design=design)
            given[name] = with_kish(rows, admitted.frame, design)
    found = dict(release(given, policy, instrument=INSTRUMENT, ledger=False).tables)
    for name, rows in found.items():
        if "estimate" in rows:  # as `_coarse` rounds results.csv
            places = np.where(rows["n"].astype("float64") < 100, 2, 3)
            found[name] = rows.assign(
                estimate=[round(x, p) for x, p in zip(rows["estimate"], places, strict=True)]
            )
    yield Issue(found, admitted.frame)


def _waves(random: Any, frames: Any, policy: Policy, ways: Any, _: str, __: Path) -> Iterator[Issue]:
    person = str(random.choice(["respondent", ""]))
    singles = list(INSTRUMENT.variables)
    asked = SimpleNamespace(
        variables=singles, audiences=AUDIENCES, sensitive_names=INSTRUMENT.sensitive_names
    )
    known: Any = SimpleNamespace(
        person=person or None,
        policy=policy,
        instrument=asked,
        person_of=lambda _, who: who if person else "",
    )
    admitted = [tk.admit(frame.assign(wave=str(at)), policy) for at, frame in enumerate(frames)]
    for at, (now, own) in enumerate(zip(admitted, frames, strict=True)):
        given = {"participation": now.participation}
        near: set[Base] = set()
        if len(now.frame):
            given |= tables_of(now.frame, [["audience"]])
        if at and len(now.frame) and len(admitted[at - 1].frame):
            before = admitted[at - 1]
            both = pd.concat([now.frame.astype(object), before.frame.astype(object)], ignore_index=True)
            both = routed(both)
            shares = tk.proportions(both, singles, by=["audience", "wave"], measure="top")
            pairs = [(str(at), str(at - 1))]
            with_both = shares.groupby("audience", observed=True)["wave"].transform("nunique") == 2
            if with_both.any():
                given["trend"] = tk.gaps_from_summary(
                    shares[with_both & shares["n"].gt(0)], between="wave", pairs=pairs, by=["audience"]
                )
            rows = (f.assign(wave=str(w)) for f, w in ((own, at), (frames[at - 1], at - 1)))
            near = {
                Base(item, frozenset({"audience": audience, "wave": str(at - 1)}.items()))
                for item, audience in _few_changed(known, *rows)
            }
        found = pass_gate(given, policy, instrument=INSTRUMENT, current={"wave": str(at)}, near=near)
        yield Issue(dict(found.tables), now.frame)


def _through_a_ledger(
    _: Any, frames: Any, policy: Policy, ways: Any, __: str, folder: Path
) -> Iterator[Issue]:
    ledger = Ledger(folder / "ledger.jsonl", "attacked", key=b"a key of the attacked study")
    for frame in frames:
        kept = ledger.keep(frame.assign(organisation="org", wave="1"), policy, instrument=INSTRUMENT).frame
        admitted = tk.admit(routed_types(kept), policy)
        if not len(admitted.frame):
            continue
        given = {"participation": admitted.participation, **tables_of(admitted.frame, ways)}
        found = release(
            given,
            policy,
            instrument=INSTRUMENT,
            ledger=ledger,
            respondents=admitted.frame,
            current={"wave": "1"},
        )
        yield Issue(dict(found.tables), admitted.frame)


def routed_types(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = {name: pd.CategoricalDtype(list(INSTRUMENT[name].codes)) for name in ITEMS}
    return frame.astype(kinds | {"audience": "category"})


# --- what he reads


def merged(tables: Tables) -> pd.DataFrame:
    """All estimates that left, as one frame: item, label, select, n, least, estimate, bound."""
    parts = []
    for frame in tables.values():
        if "item" not in frame or "audience_a" in frame:
            continue
        own = frame.astype(object)
        label = own["response"] if "response" in own else own["measure"]
        chosen = {}
        for name in DIMENSIONS:
            cut = f"{CUT}{name}"
            column = own[name] if name in own else own[cut] if cut in own else pd.Series(None, own.index)
            chosen[name] = [
                frozenset()
                if not isinstance(value, str)
                else frozenset(part.split(" / ")[-1] for part in value.split(" + "))
                for value in column
            ]
        parts.append(
            pd.DataFrame(
                {
                    "item": own["item"].astype(str),
                    "label": label.astype(str),
                    "select": list(zip(*chosen.values(), strict=True)),
                    "n": own["n"].astype("Float64").astype("float64"),
                    "few": own["n_shown"].astype(str).str.startswith("<"),
                    "estimate": own["estimate"],
                    "bound": own["bound"],
                    "threshold": own["threshold"],
                }
            )
        )
    columns = ["item", "label", "select", "n", "few", "estimate", "bound", "threshold"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


@cache
def _codes(name: str, label: str) -> tuple[str, ...]:
    variable = INSTRUMENT[name]
    ends = [*variable.codes_of("top"), *variable.codes_of("bottom")]
    return (
        tuple(c for c in variable.codes if c not in ends)
        if label == "middle"
        else tuple(variable.codes_of(label))
    )


def _range(estimate: float, bound: str, n: float, digits: int | None) -> tuple[float, float]:
    half = 0.5 * 10.0**-digits * n if digits else 0.0
    if bound == ">=":
        return math.ceil(estimate * n - half - 1e-6), n
    if bound == "<=":
        return 0, math.floor(estimate * n + half + 1e-6)
    if not digits:
        return (round(estimate * n),) * 2
    return math.ceil(estimate * n - half - 1e-6), math.floor(estimate * n + half + 1e-6)


def _inside(frame: pd.DataFrame, select: Select) -> np.ndarray:
    found = np.ones(len(frame), bool)
    for name, values in zip(DIMENSIONS, select, strict=True):
        if values:
            found &= frame[name].isin(values).to_numpy()
    return found


# --- what he works out


@dataclass(frozen=True)
class Find:
    """A count that the attacker narrowed: which, to what, of how many people."""

    what: str
    low: int
    high: int
    people: int


class Puzzle:
    """Whole numbers of people per cell, and what is known of their sums."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.left: list[np.ndarray] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self._known: Any = None

    def add(self, vector: np.ndarray, low: float, high: float) -> None:
        self.left.append(vector), self.low.append(low), self.high.append(high)

    def most(self, goal: np.ndarray) -> int | None:
        """Return the largest value of a sum; None if what is known contradicts itself."""
        from scipy.optimize import LinearConstraint, milp
        from scipy.sparse import csr_array

        if self._known is None:
            self._known = LinearConstraint(csr_array(np.array(self.left)), self.low, self.high)
        found = milp(-goal, integrality=np.ones(self.size), constraints=self._known)
        return None if found.x is None else int(np.rint(goal @ found.x))

    def narrowed(self, goal: np.ndarray, true: int, n: int, few: int, room: int) -> tuple[int, int] | None:
        """Return the limits of a sum near nobody or everybody that leave less than the policy's room.

        The attacker must think the true count possible: limits that would exclude it need no search.
        """
        if few < true < n - few:
            return None
        sign = 1 if true <= few else -1
        end = self.most(sign * goal)
        if end is None:
            raise RuntimeError("what was printed contradicts itself")
        end *= sign
        if (end > few) if sign > 0 else (end < n - few):
            return None
        other = self.most(-sign * goal)
        assert other is not None
        low, high = sorted((end, -sign * other))
        return (low, high) if high - low < room else None


def attack(study: Study) -> list[Find]:
    """Bound every hidden count of a study, question by question, and compare what left at different times."""
    finds: list[Find] = []
    together = (
        [(pd.concat([one.rows for one in study.issues], ignore_index=True), study.issues[0])]
        if study.kind == "calls"
        else [(one.rows, one) for one in study.issues]
    )
    for rows, issue in together:
        for name in ("mood", "uses", "helps"):
            finds += _one_question(rows, name, issue.frame, study)
        finds += _ticks(rows, issue.frame, study) if study.kind != "weights" else []
    if study.kind in ("again", "ledger"):
        for at, one in enumerate(study.issues):
            for other in study.issues[at + 1 :]:
                for name in ITEMS:
                    finds += _between_issues(one, other, name, study)
    if study.kind == "waves":
        for before, now in zip(study.issues, study.issues[1:], strict=False):
            finds += _between_waves(before.frame, now, study)
    return finds


def _cells(rows: pd.DataFrame) -> list[tuple[str, str, str]]:
    used = [any(select[at] for select in rows["select"]) for at in range(len(DIMENSIONS))]
    audiences = sorted({one for select in rows["select"] for one in select[0]}) if used[0] else ["-"]
    places = [(region, team) for team, region in TEAMS.items()] if used[2] else [("n", "-"), ("s", "-")]
    places = places if used[1] or used[2] else [("-", "-")]
    return [(audience, *place) for audience, place in product(audiences, places)]


def _one_question(rows: pd.DataFrame, name: str, frame: pd.DataFrame, study: Study) -> list[Find]:
    """Cells are audience × region × team × answer; each printed share or base is a row of the programme."""
    own = rows[rows["item"] == name]
    known = own[own["n"].notna()]
    if known.empty:
        return []
    policy, codes = study.policy, list(INSTRUMENT[name].codes)
    cells = _cells(own)
    answers = frame[name].astype("str")
    weights = frame[WEIGHT].to_numpy() if study.kind == "weights" else None
    if weights is not None:
        cells = [(audience, region, "-") for audience, _, _ in cells for region in ("n", "s")]
    puzzle = Puzzle(len(cells) * len(codes))

    def vector(select: Select, chosen: Sequence[str]) -> np.ndarray:
        member = [all(not values or cell[at] in values for at, values in enumerate(select)) for cell in cells]
        return np.array([float(inside and code in chosen) for inside in member for code in codes])

    bases = {row.select: int(row.n) for row in known.itertuples()}
    for select, n in bases.items():
        puzzle.add(vector(select, codes), n, n)
    for select, threshold in {row.select: row.threshold for row in own[own["few"]].itertuples()}.items():
        puzzle.add(vector(select, codes), 0, threshold - 1)
    if name == "uses" and study.kind != "ledger":  # everybody who uses it answered the question that follows
        asked = rows[rows["item"] == "helps"]
        for row in asked.drop_duplicates("select").itertuples():
            if row.few or row.n == row.n:
                limits = (0, row.threshold - 1) if row.few else (int(row.n), int(row.n))
                puzzle.add(vector(row.select, ["1"]), *limits)
    if weights is not None:
        heavy = np.array([weights[frame["region"] == cell[1]].max(initial=1.0) for cell in cells])
        heavy = np.repeat(heavy, len(codes))
        for select in bases:  # an insider knows how many of each weight answered
            for region in ("n", "s"):
                part = (select[0], frozenset([region]), frozenset[str]())
                n = int((_inside(frame, part) & answers.notna()).sum())
                puzzle.add(vector(part, codes), n, n)
    for row in known[known["estimate"].notna()].drop_duplicates(["label", "select", "estimate"]).itertuples():
        chosen = vector(row.select, _codes(name, row.label))
        if weights is None:
            puzzle.add(chosen, *_range(row.estimate, row.bound, row.n, study.digits))
            continue
        whole = float(weights[_inside(frame, row.select) & answers.notna().to_numpy()].sum())
        half = 0.5 * (0.01 if row.n < 100 else 0.001) + 1e-9
        low = 0.0 if row.bound == "<=" else (row.estimate - half) * whole
        high = whole if row.bound == ">=" else (row.estimate + half) * whole
        puzzle.add(chosen * heavy, low, high)
    finds = []
    ways = dict.fromkeys(
        [(code,) for code in codes] + [_codes(name, box) for box in ("top", "middle", "bottom")]
    )
    for select, n in bases.items():
        mine = answers[_inside(frame, select)]
        few = math.floor(policy.unanimity_bounds(n, name)[0] * n + 1e-6)
        for chosen in ways:
            if 0 < len(chosen) < len(codes):
                true = int(mine.isin(list(chosen)).sum())
                limits = puzzle.narrowed(vector(select, chosen), true, n, few, policy.room_for(name))
                if limits:
                    finds.append(Find(f"{name} {'/'.join(chosen)} {_named(select)}", *limits, n))
    return finds + _left_over(bases, name, policy)


def _named(select: Select) -> str:
    return " ".join("+".join(sorted(values)) for values in select if values) or "everybody"


def _left_over(bases: dict[Select, int], name: str, policy: Policy) -> list[Find]:
    """Subtract printed parts from a printed whole: who is left are fewer than the threshold, or none."""
    k = policy.threshold_for(name)
    finds = []
    for whole, n in bases.items():
        for at in range(len(DIMENSIONS)):
            parts = {
                part: size
                for part, size in bases.items()
                if part[at]
                and part != whole
                and part[:at] + part[at + 1 :] == whole[:at] + whole[at + 1 :]
                and (not whole[at] or part[at] < whole[at])
            }
            if at == 1:  # a region without its teams
                parts = {part: size for part, size in parts.items() if not part[2]}
            left = n - sum(parts.values())
            if parts and 0 < left < k:
                finds.append(Find(f"{name} people left of {_named(whole)}", left, left, n))
    return finds


def _ticks(rows: pd.DataFrame, frame: pd.DataFrame, study: Study) -> list[Find]:
    """Who ticked a, b, both or "none" of a group, from whatever is printed of the three options."""
    finds = []
    ways = rows[rows["item"].str.startswith("ways_") & rows["n"].notna() & rows["estimate"].notna()]
    kinds = {"a": [1, 0, 1, 0], "b": [0, 1, 1, 0], "none": [0, 0, 0, 1]}  # only a, only b, both, none
    for (select, base), own in ways.groupby(["select", "n"], sort=False):  # late answers wait by option
        n = int(base)
        puzzle = Puzzle(4)
        puzzle.add(np.ones(4), n, n)
        for row in own.itertuples():
            one, other = _range(row.estimate, row.bound, row.n, study.digits)
            if row.label in ("bottom", "0"):
                one, other = n - other, n - one
            puzzle.add(np.array(kinds[row.item.removeprefix("ways_")], float), one, other)
        few = math.floor(study.policy.unanimity_bounds(n, "ways")[0] * n + 1e-6)
        mine = frame[_inside(frame, select)]
        for option, ticked in kinds.items():
            true = int((mine[f"ways_{option}"] == "1").sum())
            room = study.policy.room_for("ways")
            limits = puzzle.narrowed(np.array(ticked, float), true, n, few, room)
            if limits:
                finds.append(Find(f"ways {option} {_named(select)}", *limits, n))
    return finds


def _between_issues(one: Issue, other: Issue, name: str, study: Study) -> list[Find]:
    """Subtract two issues: the answers of fewer than k people who came, went or were recoded.

    He knows who is in each base; of a group whose bases differ by so few, both printed, he bounds how many of
    them gave an answer, and compares it with what either issue says alone.
    """
    finds = []
    k = study.policy.threshold_for(name)
    answered = [issue.frame.set_index("respondent")[[name, *DIMENSIONS]].dropna() for issue in (one, other)]
    both = one.rows[(one.rows["item"] == name) & one.rows["estimate"].notna()].merge(
        other.rows[(other.rows["item"] == name) & other.rows["estimate"].notna()],
        on=["label", "select"],
        suffixes=("", "_2"),
    )
    for row in both.drop_duplicates(["label", "select"]).itertuples():
        parts = [part[_inside(part, row.select)][name].astype("str") for part in answered]
        stays = parts[0].index.intersection(parts[1].index)
        stays = stays[(parts[0][stays] == parts[1][stays]).to_numpy()]
        went, came = len(parts[0]) - len(stays), len(parts[1]) - len(stays)
        if not max(went, came) > 0 or not (0 < went < k or 0 < came < k):
            continue
        ranges = [
            _range(estimate, bound, n, study.digits)
            for estimate, bound, n in (
                (row.estimate, row.bound, row.n),
                (row.estimate_2, row.bound_2, row.n_2),
            )
        ]
        yes = [
            (a, b)
            for a, b in product(range(went + 1), range(came + 1))
            if any(
                ranges[0][0] <= s + a <= ranges[0][1] and ranges[1][0] <= s + b <= ranges[1][1]
                for s in range(len(stays) + 1)
            )
        ]
        for group, at, people, (low, high) in (("went", 0, went, ranges[0]), ("came", 1, came, ranges[1])):
            alone = {x for x in range(people + 1) if any(low <= s + x <= high for s in range(len(stays) + 1))}
            seen = {pair[at] for pair in yes}
            if 0 < people < k and seen < alone:
                what = f"{name} {row.label} {_named(row.select)}: {group}"
                finds.append(Find(what, min(seen), max(seen), people))
    return finds


def _between_waves(before: pd.DataFrame, now: Issue, study: Study) -> list[Find]:
    """Tell from one report how fewer than k people who came or went between its waves answered."""
    finds: list[Find] = []
    if "trend" not in now.tables:
        return finds
    for row in now.tables["trend"].itertuples():
        k = study.policy.threshold_for(row.item)
        parts = [
            frame[(frame["audience"] == row.audience) & frame[row.item].notna()].set_index("respondent")[
                row.item
            ]
            for frame in (before, now.frame)
        ]
        stays = parts[0].index.intersection(parts[1].index)
        # whoever answered otherwise both left and came
        same = parts[0][stays].astype("str").to_numpy() == parts[1][stays].astype("str").to_numpy()
        stay = int(same.sum())
        went, came = len(parts[0]) - stay, len(parts[1]) - stay
        if not row.shown or not 0 < went + came < k:
            continue
        n, m = stay + came, stay + went
        later = (
            _range(row.estimate_a, row.bound_a, n, study.digits and None)
            if not math.isnan(row.estimate_a)
            else (0, n)
        )

        def possible(s: int, a: int, b: int, row: Any = row, n: int = n, m: int = m) -> bool:
            if not math.isnan(row.gap_least):
                return row.gap_least - 1e-9 <= (s + b) / n - (s + a) / m <= row.gap_most + 1e-9
            if math.isnan(row.estimate_b):
                return True
            low, high = _range(row.estimate_b, row.bound_b, m, None)
            return low <= s + a <= high

        every = {
            (a, b)
            for a, b in product(range(went + 1), range(came + 1))
            if any(later[0] <= s + b <= later[1] for s in range(stay + 1))
        }
        seen = {
            (a, b)
            for a, b in every
            if any(later[0] <= s + b <= later[1] and possible(s, a, b) for s in range(stay + 1))
        }
        if seen < every:
            low, high = min(b - a for a, b in seen), max(b - a for a, b in seen)
            finds.append(
                Find(f"{row.item} {row.measure} {row.audience}: between waves", low, high, went + came)
            )
    return finds


# --- both together


@dataclass(frozen=True)
class Outcome:
    """What became of one study."""

    seed: int
    kind: str
    careful: bool
    finds: tuple[Find, ...]
    passed: bool
    breaches: tuple[Any, ...] = ()
    unsound: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """A careful release gives nothing away, and nothing that gives something away was let through."""
        return not (self.finds and (self.careful or self.passed)) and not self.unsound


def check(seed: int, *, audited: bool = True) -> Outcome:
    """Draw and attack one study; audit it where it gives something away, or always.

    The auditor's bounds must contain the truth, and it must refuse whatever the attacker finds.
    """
    with tempfile.TemporaryDirectory() as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            study = draw(seed, Path(folder))
        try:
            finds = tuple(attack(study))
        except RuntimeError as error:
            return Outcome(seed, study.kind, study.careful, (), False, unsound=(str(error),))
        if not (audited or finds) or not study.issues or study.kind == "waves":
            return Outcome(seed, study.kind, study.careful, finds, not finds)
        folders = []
        for number, issue in enumerate(study.issues):
            home = Path(folder) / str(number)
            home.mkdir()
            folders.append(home)
            for name, frame in issue.tables.items():
                frame.to_csv(home / f"{name}.csv", index=False)
        whole = study.kind not in ("again", "ledger")
        known: list[Any] = folders if whole else folders[-1:]
        found = audit_release(
            known,
            study=_as_study(study),
            earlier=[] if whole else folders[:-1],
            recorded=study.kind == "ledger",
        )
    untrue = (
        () if not whole or study.digits or study.kind in ("weights", "cuts") else _untrue(found.counts, study)
    )
    return Outcome(seed, study.kind, study.careful, finds, found.passed, found.breaches, tuple(untrue))


def _as_study(study: Study) -> Any:
    answers = pd.DataFrame({"audience": []})
    if study.kind == "weights":
        answers = study.issues[0].frame.assign(organisation="", wave="")
    nobody = pd.DataFrame({"organisation": ["org"], "name": ["Organisation"]})
    return SimpleNamespace(
        instrument=INSTRUMENT,
        policy=study.policy,
        organisations=nobody,
        findings=None,
        waves=("",),
        primary=(),
        path=None,
        benchmarks_path=None,
        margins=None,
        responses=lambda **_: answers,
        quotable_comments=lambda *_: pd.DataFrame({"text": pd.Series([], dtype="str")}),
        language="en",
    )


def _untrue(counts: pd.DataFrame, study: Study) -> Iterator[str]:
    """Yield bounds of the auditor that the true answers lie outside: it would then be no auditor."""
    frame = study.issues[0].frame
    for row in counts.itertuples():
        parts = [] if row.group == "everybody" else str(row.group).split(", ")
        if row.answers == "(answered)" or any(part.startswith(("not in", "between")) for part in parts):
            continue
        mine = frame
        for part in parts:
            column, _, value = part.rpartition(" ")
            mine = mine[mine[column or "audience"] == value]
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
        "--audit-every", type=int, default=10, help="audit every so many studies that give nothing away"
    )
    parser.add_argument(
        "--done", type=Path, default=Path("attacks.txt"), help="seeds that are done, one per line"
    )
    given = parser.parse_args()
    done = {int(line) for line in given.done.read_text().split()} if given.done.is_file() else set()
    bad, found, refused, alarms = [], 0, 0, 0
    with given.done.open("a") as log:
        for seed in range(given.first, given.first + given.studies):
            if seed in done:
                continue
            outcome = check(seed, audited=seed % given.audit_every == 0)
            found, refused = found + bool(outcome.finds), refused + (not outcome.passed)
            alarms += outcome.careful and not outcome.passed
            if outcome.sound:
                log.write(f"{seed}\n")
                log.flush()
            else:
                bad.append(seed)
                print(f"seed {seed}: {outcome}", flush=True)
    print(
        f"{given.studies} studies, {found} with something to find, {refused} refused, {alarms} of them "
        f"careful; {len(bad)} unsound: {bad[:20]}"
    )
    raise SystemExit(bool(bad))


if __name__ == "__main__":
    main()
