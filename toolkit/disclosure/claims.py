"""Every share, mean or rank statistic that a set of tables would reveal, under one name each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from toolkit.analysis.contract import ALIKE_COLUMNS, ESTIMATE_COLUMNS, GAP_COLUMNS
from toolkit.errors import ToolkitError
from toolkit.findings.comparison import DESCRIPTIVE_COLUMNS, OURS, PUBLISHED
from toolkit.instrument.model import Instrument, Variable
from toolkit.records import records

__all__ = [
    "SAMPLES",
    "Base",
    "Claim",
    "Kind",
    "Table",
    "between_column",
    "claims_of",
    "kind_of",
    "number",
    "read_table",
]

Kind = Literal["response", "box", "code", "function"]

SAMPLES = ("wave", "source")
"""Group columns whose values are different samples, not parts of one."""

_BOXES = ("top", "bottom", "favourable", "unfavourable")
_FUNCTIONS = ("mean", "net", "recommend", "probability_of_superiority", "median", "total", "quantile")
_LATER_COLUMNS = ("n_shown", "n_a_shown", "n_b_shown")


@dataclass(frozen=True)
class Base:
    """Who answered one item: the item, and the group as (column, value) pairs."""

    item: str
    group: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Claim:
    """A number that a table would reveal about a base."""

    base: Base
    kind: Kind
    label: str
    estimate: float
    n: float
    table: str
    row: int
    side: Literal["", "a", "b"] = ""
    spread: float = math.nan
    """Standard deviation of the answers, as it follows from the standard error."""

    @property
    def published(self) -> bool:
        """Return whether it is a published figure, which the policy does not protect."""
        return ("source", PUBLISHED) in self.base.group


@dataclass(frozen=True)
class Table:
    """A contract frame with its rows numbered from 0, and its kind."""

    name: str
    kind: Literal["estimates", "gaps", "participation"]
    frame: pd.DataFrame
    groups: tuple[str, ...]
    between: str = ""


def read_table(name: str, frame: object) -> Table:
    """Recognise a contract frame; refuse anything else.

    Raises
    ------
    ToolkitError
        Says which columns are missing or not known.
    """
    if not isinstance(frame, pd.DataFrame):
        raise ToolkitError(
            f"results '{name}': must be a contract frame (a DataFrame), not {type(frame).__name__}"
        )
    columns = list(frame.columns)
    if "answered_shown" in columns:
        return Table(name, "participation", frame.reset_index(drop=True), ())
    kind: Literal["estimates", "gaps"] = "gaps" if {"audience_a", "gap"} & set(columns) else "estimates"
    what = "measure" if kind == "gaps" or "measure" in columns else "response"
    needed = GAP_COLUMNS if kind == "gaps" else ESTIMATE_COLUMNS
    missing = [column for column in ("item", what, *needed) if column not in columns and column != "family"]
    if missing:
        raise ToolkitError(f"results '{name}' is not a contract frame ({kind}): missing {', '.join(missing)}")
    first = columns.index(needed[0])
    groups = tuple(c for c in columns[columns.index(what) + 1 : first] if c not in DESCRIPTIVE_COLUMNS)
    known = {"item", what, *needed, *groups, *DESCRIPTIVE_COLUMNS, *_LATER_COLUMNS}
    unknown = set(columns) - known - set(ALIKE_COLUMNS if kind == "gaps" else ())
    floats = [column for column in groups if pd.api.types.is_float_dtype(frame[column].dtype)]
    if unknown or floats:
        listed = ", ".join(sorted([*unknown, *floats]))
        raise ToolkitError(
            f"results '{name}': column(s) {listed} are not part of the contract; drop them, or place group "
            f"columns between '{what}' and '{needed[0]}'"
        )
    clean = frame.loc[:, [column for column in columns if column not in _LATER_COLUMNS]].reset_index(
        drop=True
    )
    return Table(name, kind, clean, groups)


def kind_of(label: str, what: str) -> Kind:
    """Return the kind of statement a response or measure makes."""
    if what == "response":
        return "response"
    if label in _BOXES:
        return "box"
    return "function" if label in _FUNCTIONS else "code"


def claims_of(
    tables: Iterable[Table], instrument: Instrument | None, current: Mapping[str, str]
) -> list[Claim]:
    """List everything that the tables would reveal.

    Parameters
    ----------
    tables
        Estimates and gaps.
    instrument
        Resolves "favourable" to the box it is, and single codes that are a box.
    current
        Sample column → the value that tables without this column are about; the rest is worked out by
        equality of base and estimate.
    """
    raw = [claim for table in tables for claim in _rows(table, instrument)]
    now = {"source": OURS, **_current_wave(raw), **current}
    return [_on_own_sample(claim, now) for claim in raw]


def between_column(
    table: Table, others: Iterable[Table], instrument: Instrument | None, current: Mapping[str, str]
) -> str:
    """Return the column whose values a gaps table compares, or a placeholder if unknown."""
    told = table.frame.attrs.get("between")
    if isinstance(told, str):
        return told
    values = {str(v) for side in ("audience_a", "audience_b") for v in table.frame[side].dropna().unique()}
    if PUBLISHED in values:
        return "source"
    for column, value in current.items():
        if value in values:
            return column
    if instrument is not None and values <= set(instrument.audiences):
        return "audience"
    for other in others:
        for column in other.groups if other.kind == "estimates" else ():
            if values <= {str(value) for value in other.frame[column].dropna().unique()}:
                return column
    return "(compared)"


def _rows(table: Table, instrument: Instrument | None) -> Iterator[Claim]:
    if table.kind == "participation":
        return
    sides: tuple[Literal["", "a", "b"], ...] = ("a", "b") if table.kind == "gaps" else ("",)
    what = "measure" if "measure" in table.frame.columns else "response"
    for row, record in enumerate(records(table.frame)):
        item, label = str(record["item"]), str(record[what])
        shared = {column: str(record[column]) for column in table.groups if not pd.isna(record[column])}
        for side in sides:
            end = f"_{side}" if side else ""
            extra = {table.between: str(record[f"audience{end}"])} if side else {}
            base = Base(item, frozenset({**shared, **extra}.items()))
            kind, name = _canonical(item, label, kind_of(label, what), instrument)
            yield Claim(
                base,
                kind,
                name,
                number(record[f"estimate{end}"]),
                number(record[f"n{end}"]),
                table.name,
                row,
                side,
                math.nan if side else number(record["std_error"]) * math.sqrt(number(record["effective_n"])),
            )


def _canonical(item: str, label: str, kind: Kind, instrument: Instrument | None) -> tuple[Kind, str]:
    """Normalise a measure: "favourable", or a code that alone makes a box, becomes that box."""
    if instrument is None or item not in instrument or kind not in ("box", "code"):
        return kind, label
    variable: Variable = instrument[item]
    codes = variable.codes_of(label)
    for box in ("top", "bottom"):
        if codes and set(codes) == set(variable.codes_of(box)):
            return "box", box
    return kind, label


def _current_wave(claims: list[Claim]) -> dict[str, str]:
    """Find the wave of tables without a wave column: the one where base and estimate agree."""
    without = {
        (claim.base, claim.label): claim
        for claim in claims
        if not any(c == "wave" for c, _ in claim.base.group)
    }
    votes: dict[str, list[bool]] = {}
    for claim in claims:
        wave = dict(claim.base.group).get("wave")
        if wave is None:
            continue
        bare = frozenset(pair for pair in claim.base.group if pair[0] != "wave")
        twin = without.get((Base(claim.base.item, bare), claim.label))
        if twin is not None and not math.isnan(twin.n) and not math.isnan(claim.n):
            votes.setdefault(wave, []).append(twin.n == claim.n and _same(twin.estimate, claim.estimate))
    agreed = sorted(wave for wave, found in votes.items() if all(found))
    return {"wave": agreed[-1]} if agreed else {}


def _on_own_sample(claim: Claim, now: Mapping[str, str]) -> Claim:
    group = frozenset(pair for pair in claim.base.group if now.get(pair[0]) != pair[1])
    if group == claim.base.group:
        return claim
    return Claim(
        Base(claim.base.item, group),
        claim.kind,
        claim.label,
        claim.estimate,
        claim.n,
        claim.table,
        claim.row,
        claim.side,
        claim.spread,
    )


def _same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or abs(a - b) < 1e-9


def number(value: Any) -> float:
    """Convert a cell to float, NaN if empty."""
    return math.nan if pd.isna(value) else float(value)
