"""The gate: `release` is the only source of results for presentation and reporting."""

from __future__ import annotations

import html
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from toolkit.arguments import typed
from toolkit.disclosure.cells import (
    Base,
    Claim,
    Decision,
    Share,
    Table,
    between_column,
    claims_of,
    first_decisions,
    read_table,
    thresholds,
)
from toolkit.disclosure.ledger import EVERYONE, Ledger, Sample, UnrecordedRelease
from toolkit.disclosure.policy import Policy
from toolkit.disclosure.redaction import (
    NOT_SHOWN,
    parts_table,
    redact_estimates,
    redact_gaps,
    redact_participation,
)
from toolkit.disclosure.subtraction import guard_together
from toolkit.errors import DisclosureError, ToolkitError, near_names
from toolkit.instrument.model import Instrument
from toolkit.records import records

_SEAL = object()


class Released:
    """Results that have passed the gate. Only `release` makes one.

    Parameters
    ----------
    tables
        Name → table.
    policy
        The policy they passed.

    Raises
    ------
    DisclosureError
        When made by anything but `release`.
    """

    __slots__ = ("_policy", "_rows", "_tables")

    _tables: Mapping[str, pd.DataFrame]
    _rows: dict[str, tuple[Mapping[str, Any], ...]]
    _policy: Policy

    def __init__(self, tables: Mapping[str, pd.DataFrame], policy: Policy, *, seal: object = None) -> None:
        if seal is not _SEAL:
            raise DisclosureError("results are released by toolkit.disclosure.release and by nothing else")
        self.__setstate__((dict(tables), policy))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("released results do not change; release them again")

    def __getstate__(self) -> tuple[dict[str, pd.DataFrame], Policy]:
        return dict(self._tables), self._policy

    def __setstate__(self, state: tuple[dict[str, pd.DataFrame], Policy]) -> None:
        object.__setattr__(self, "_tables", state[0])
        object.__setattr__(self, "_policy", state[1])
        object.__setattr__(self, "_rows", {})

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Name → a copy of the table."""
        return MappingProxyType({name: frame.copy() for name, frame in self._tables.items()})

    @property
    def policy(self) -> Policy:
        """The policy under which the tables were released."""
        return self._policy

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self._known(name).copy()

    def columns(self, name: str) -> tuple[str, ...]:
        """Return the columns of one table."""
        return tuple(self._known(name).columns)

    def rows(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """Return one table as rows of column → value; cached, because many figures use it."""
        if name not in self._rows:
            self._rows[name] = tuple(MappingProxyType(row) for row in records(self._known(name)))
        return self._rows[name]

    def _known(self, name: str) -> pd.DataFrame:
        if name not in self._tables:
            raise KeyError(f"no released table '{name}': {near_names(name, self._tables)}")
        return self._tables[name]

    def __contains__(self, name: object) -> bool:
        return name in self._tables

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}: {len(frame)} rows" for name, frame in self._tables.items())
        return f"Released({sizes})"

    def _repr_html_(self) -> str:
        return "".join(
            f"<details><summary>{html.escape(name)}, {len(frame)} rows</summary>"
            f"{frame.to_html(max_rows=50)}</details>"
            for name, frame in self._tables.items()
        )


@typed
def release(
    results: pd.DataFrame | Mapping[str, pd.DataFrame],
    policy: Policy,
    *,
    sensitive: Iterable[str] = (),
    instrument: Instrument | None = None,
    level: float = 0.95,
    margin: float = 0.10,
    current: Mapping[str, str] | None = None,
    ledger: Ledger | Literal[False] | None = None,
    respondents: pd.DataFrame | None = None,
) -> Released:
    """Release what the policy allows; everything that one reader gets must go through one call.

    Rows of too small a base lose their numbers; shares near all or none become bounds and comparisons with
    them are made again from the bounds; distributions leave whole or not at all; whatever would give a
    withheld number back by subtraction is withheld too.

    Parameters
    ----------
    results
        One contract frame (it becomes the table "results"), or name → contract frame.
    policy
        What may leave.
    sensitive
        Items or columns that need the larger base, beside those of the policy and the instrument.
    instrument
        The questionnaire. Without it routing, boxes of a scale and "none of these" are unknown; give it
        wherever there is one.
    level, margin
        As the gaps were made with.
    current
        Sample column → value that tables without that column are about, such as {"wave": "2024"}. Give it
        wherever waves are compared.
    ledger
        Where the release is compared with earlier ones and recorded (`study.ledger`). False for what no one
        else gets to see or what was published before; without either a warning notes once that later releases
        cannot be compared with this one.
    respondents
        With a ledger: the frame that the results were computed from, one row per respondent, with the columns
        of answers and groups, and `respondent`, `organisation` and `wave` where there are such.

    Returns
    -------
    Released
        Each table with its contract columns and n_shown, shown, bound ("", ">=", "<="), withheld (the reason
        in words), withheld_code (a key of `REASONS`) and threshold (the smallest base allowed); gaps with
        n_a_shown, n_b_shown, bound_a, bound_b, withheld_code_a, withheld_code_b, gap_least, gap_most (limits
        of a change that may be due to fewer than k people). A distribution of ordered scales brings a table
        "…_parts" (bottom, middle, top).

    Raises
    ------
    ToolkitError
        A frame is not a contract frame.
    InvalidInput
        The ledger is damaged, the policy weaker than that of earlier releases, or respondents lack a column.

    Examples
    --------
    >>> import toolkit as tk
    >>> frame = pd.DataFrame({"audience": ["a"] * 8 + ["b"] * 2, "agrees": [1, 1, 1, 1, 1, 0, 0, 0, 1, 1]})
    >>> shares = tk.proportions(frame, "agrees", by="audience", measure="1")
    >>> release(shares, Policy(), ledger=False)["results"][["n_shown", "shown"]].values.tolist()
    [['8', True], ['<5', False]]
    """
    options: dict[str, Any] = {
        "sensitive": sensitive,
        "instrument": instrument,
        "level": level,
        "margin": margin,
        "current": current,
    }
    if not ledger:
        global _warned
        if ledger is None and not _warned:
            _warned = True
            warnings.warn(
                "results were released without a ledger: later releases cannot be compared with them. Give "
                "ledger=study.ledger and respondents=, or ledger=False if no one else gets to see them",
                UnrecordedRelease,
                stacklevel=2,
            )
        return pass_gate(results, policy, **options)
    with ledger.open() as opened:
        opened.check_policy(policy)
        sample = Sample(ledger, respondents, dict(current or {}), instrument)
        for wave in sample.waves:
            policy = ledger.policy_for(policy, wave)
        found = pass_gate(
            results,
            policy,
            **options,
            held=partial(sample.held, opened),
            record=sample.publish,
            beside=sample.whole_questions,
        )
        if sample.published:
            opened.release(sample.published, policy)
    return found


_warned = False


def pass_gate(
    results: pd.DataFrame | Mapping[str, pd.DataFrame],
    policy: Policy,
    *,
    sensitive: Iterable[str] = (),
    instrument: Instrument | None = None,
    level: float = 0.95,
    margin: float = 0.10,
    current: Mapping[str, str] | None = None,
    held: Mapping[Base, str]
    | Callable[[Mapping[Base, Decision | None], Policy], Mapping[Base, str]] = MappingProxyType({}),
    near: Collection[Base] = (),
    record: Callable[[Iterable[Base]], None] | None = None,
    beside: Callable[[Sequence[Table]], Mapping[str, pd.DataFrame]] | None = None,
) -> Released:
    """Release results as `release` does, for callers that keep the ledger themselves.

    Parameters
    ----------
    held
        Base → the code of `REASONS` for which it is withheld, or what returns this for all bases and their
        first decisions.
    near
        Bases of an earlier wave since which one to k − 1 people may have come or gone: a change is shown
        within limits, everything else of them is withheld.
    record
        Called with the bases of which anything is released.
    beside
        Returns tables that are decided on together with these, and not released: what other calls may show.
    """
    named = {"results": results} if isinstance(results, pd.DataFrame) else dict(results)
    now = dict(current or {})
    tables = _read_all(named, instrument, now)
    claims = claims_of(tables, instrument, now)
    own = [claim for claim in claims if not claim.published]
    marked = thresholds(policy, sensitive, instrument)
    asked = first = first_decisions(own, marked, instrument)
    if beside is not None:
        others = _read_all(beside(tables), instrument, now)
        more = [claim for claim in claims_of(others, instrument, now) if not claim.published]
        first = first_decisions([*own, *more], marked, instrument)
    counted = [base for table in tables if table.kind == "participation" for base in _counted(table)]
    kept_back = held({**dict.fromkeys(counted), **asked}, marked) if callable(held) else held
    for base in first.keys() & kept_back.keys():
        # what all organisations together may not count looks like a base of few
        if first[base].shown or kept_back[base] == "overall":
            first[base] = first[base].without(kept_back[base])
    decisions = guard_together(first, marked, instrument)

    def decided(claim: Claim) -> tuple[Decision, Share]:
        decision = decisions[claim.base]
        if claim.base in near and not claim.side and decision.shown:
            decision = decision.without("turnover")
        return decision, decision.share(claim.kind, claim.label)

    out: dict[str, pd.DataFrame] = {}
    for table in tables:
        mine = [claim for claim in claims if claim.table == table.name]
        if table.kind == "participation":
            out[table.name] = redact_participation(table, policy)
            gone = [base in kept_back for base in _counted(table)]
            out[table.name].loc[gone, ["answered", "response_rate", "margin"]] = pd.NA
            out[table.name].loc[gone, "answered_shown"] = NOT_SHOWN
        elif table.kind == "gaps":
            out[table.name] = redact_gaps(
                table,
                mine,
                decided,
                level=level,
                margin=margin,
                policy=marked,
                instrument=instrument,
                near=near,
            )
        else:
            out[table.name] = redact_estimates(table, mine, decided)
            parts = parts_table(table, mine, decided, instrument)
            if parts is not None:
                out[f"{table.name}_parts"] = parts
    if record is not None:
        record([*(base for base in asked if decisions[base].shown), *counted])
    return Released(out, policy, seal=_SEAL)


def _counted(table: Table) -> list[Base]:
    """Return the base of each row of a participation table: everybody of the group."""
    column = str(table.frame.columns[0])
    return [Base(EVERYONE, frozenset({(column, str(value))})) for value in table.frame[column]]


def _read_all(
    named: Mapping[str, pd.DataFrame], instrument: Instrument | None, current: Mapping[str, str]
) -> list[Table]:
    tables = [read_table(name, frame) for name, frame in named.items()]
    double = [t.name for t in tables if t.name.endswith("_parts") and t.name.removesuffix("_parts") in named]
    if double:
        raise ToolkitError(
            f"results: the name {double[0]} is kept for the parts of a distribution; choose another"
        )
    return [
        replace(table, between=between_column(table, tables, instrument, current))
        if table.kind == "gaps"
        else table
        for table in tables
    ]
