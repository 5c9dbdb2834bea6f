"""Cuts of audiences by department, tenure, level …: groups that may be shown, and their tests.

Every audience is divided, item by item, into blocks whose numbers may all be shown: groups, and one block of
the groups that may not be shown alone, joined with the next smallest until it may. The blocks of a cut add
up to the audience, and those of a lower level to those above, so that nothing is left to subtract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from toolkit.disclosure.cells import thresholds
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import MISSING, Variable
from toolkit.study.weighting import CLIENT, KISH, WEIGHT, heaviest, with_kish

if TYPE_CHECKING:
    from toolkit.analysis import Design
    from toolkit.disclosure import Policy
    from toolkit.instrument import Instrument
    from toolkit.study import Study

CUT = "cut_"
"""Prefix of the names of cut tables and of their group columns."""
JOINED = " + "
UNKNOWN = "(not said)"
"""The group of those who named none."""
GROUPS = "groups"
"""Folder of a report that its pages of single groups are in."""

Block = frozenset[str]


def column_of(frame: pd.DataFrame, levels: Sequence[str]) -> pd.Series:
    """Return each respondent's group in a cut; of a level, its path from the highest one."""
    parts = [frame[name].astype("str").where(~frame[name].isin(list(MISSING))) for name in levels]
    found = parts[0].fillna(UNKNOWN)
    for part in parts[1:]:
        found = (found + " / " + part).fillna(found + " / " + UNKNOWN)
    return found


def pair_of(chosen: str) -> tuple[str, str]:
    """Return cut and group of "cut=group".

    Examples
    --------
    >>> pair_of("dept=ops")
    ('dept', 'ops')
    """
    cut, _, group = chosen.partition("=")
    return cut, group


def check_groups(study: Study, wave: str, organisations: Sequence[str], chosen: Iterable[str]) -> None:
    """Refuse groups that are to have pages of their own and that nobody of these organisations is in.

    Parameters
    ----------
    chosen
        "cut=group" as the answers have it, or "cut=*" for all groups that are large enough.

    Raises
    ------
    InvalidInput
        Every unknown cut and group.
    """
    problems, frame = list[Problem](), None
    for cut, group in map(pair_of, chosen):
        if cut not in study.cut_columns:
            hint = near_names(cut, study.cut_columns)
            problems.append(Problem("unknown-name", f"--for {cut}={group}", "unknown cut of the study", hint))
        elif group != "*":
            if frame is None:
                frame = study.responses(wave=wave, missing="codes")
                frame = frame[frame["organisation"].isin(list(organisations))]
            known = set(column_of(frame, study.cut_columns[cut][0])) - {UNKNOWN}
            if group not in known:
                hint = near_names(group, sorted(known))
                problems.append(Problem("unknown-value", f"--for {cut}={group}", "unknown group", hint))
    if problems:
        raise InvalidInput(study.path, problems)


def members_of(block: str) -> tuple[str, ...]:
    """Return the groups of a block's label.

    Examples
    --------
    >>> members_of("admin + lab")
    ('admin', 'lab')
    """
    return tuple(block.split(JOINED))


def blocks_of(sizes: Mapping[str, float], unsafe: Callable[[Block], bool]) -> list[Block]:
    """Divide groups into blocks that may all be shown; one block of everything where they cannot be divided.

    Parameters
    ----------
    sizes
        Group → how many answered.
    unsafe
        Whether a block may not be shown.

    Examples
    --------
    >>> sizes = {"ops": 30, "sales": 12, "admin": 9, "lab": 2}
    >>> sorted(map(sorted, blocks_of(sizes, lambda block: sum(sizes[one] for one in block) < 5)))
    [['admin', 'lab'], ['ops'], ['sales']]
    """
    order = sorted(sizes, key=lambda one: (sizes[one], one))
    joined = [one for one in order if unsafe(frozenset([one]))]
    left = [one for one in order if one not in joined]
    if not joined:
        return [frozenset([one]) for one in order]
    while left and (unsafe(frozenset(joined)) or len(joined) < 2):
        joined.append(left.pop(0))
    if not left or unsafe(frozenset(joined)):
        return [frozenset(order)]
    return [frozenset([one]) for one in left] + [frozenset(joined)]


@dataclass(frozen=True)
class _Answers:
    """People who answered an item, in one audience: group of each cut, share of the top box, weights."""

    groups: Mapping[str, pd.Series]
    top: pd.Series
    weights: pd.Series
    smallest: int
    bounds: Callable[[Any], tuple[float, float]]

    def sizes(self, cut: str) -> dict[str, float]:
        return {str(name): float(n) for name, n in self.groups[cut].value_counts().items()}

    def unsafe(self, cut: str, block: Block) -> bool:
        """Return whether a block is too small, also in effect, or too close to all or none."""
        inside = self.groups[cut].isin(list(block)).to_numpy()
        n, w = int(inside.sum()), self.weights[inside]
        if n < self.smallest or w.sum() ** 2 / (w**2).sum() < self.smallest:
            return True
        low, high = self.bounds(w)
        share, plain = float((self.top[inside] * w).sum() / w.sum()), float(self.top[inside].mean())
        return not (low < min(share, plain) and max(share, plain) < high)


def _divided(answers: _Answers, cuts: Mapping[str, str]) -> dict[str, list[Block]]:
    """Return the blocks of every cut; `cuts` maps a cut to the level above it, "" for none."""
    found: dict[str, list[Block]] = {}
    for cut, above in cuts.items():
        sizes = answers.sizes(cut)
        if not above:
            found[cut] = blocks_of(sizes, lambda block, cut=cut: answers.unsafe(cut, block))  # type: ignore[misc]
            continue
        blocks: list[Block] = []
        for parent in found[above]:
            inside = answers.groups[above].isin(list(parent))
            own = {name: sizes[name] for name in answers.groups[cut][inside].unique()}
            divided = blocks_of(own, lambda block, cut=cut: answers.unsafe(cut, block))  # type: ignore[misc]
            blocks += divided if len(parent) == 1 else [frozenset(own)]
        found[cut] = blocks
    return _without_differences(answers, found)


def _without_differences(answers: _Answers, found: dict[str, list[Block]]) -> dict[str, list[Block]]:
    """Undo the cuts by which, together, a group or a cell too small to show would follow from the blocks."""
    frame = pd.DataFrame(dict(answers.groups))
    atoms = frame.groupby(list(frame), sort=False).ngroup().to_numpy()
    counts = np.bincount(atoms)
    first = frame.iloc[np.unique(atoms, return_index=True)[1]]
    hidden = [np.eye(len(counts))[at] for at in range(len(counts)) if counts[at] < answers.smallest]
    for cut in found:
        for group in first[cut].unique():
            member = (first[cut] == group).to_numpy(dtype=float)
            if answers.unsafe(cut, frozenset([str(group)])):
                hidden.append(member)
    targets = np.array(hidden).T if hidden else np.zeros((len(counts), 0))
    kept: dict[str, list[Block]] = {}
    for cut, blocks in found.items():
        trial = {**kept, cut: blocks}
        shown = [first[name].isin(list(one)).to_numpy(dtype=float) for name in trial for one in trial[name]]
        basis = np.linalg.qr(np.array(shown).T)[0]
        rank = np.linalg.matrix_rank(np.array(shown))
        if rank < basis.shape[1]:
            left, size, _ = np.linalg.svd(np.array(shown).T, full_matrices=False)
            basis = left[:, size > 1e-9 * size.max()]
        apart = np.linalg.norm(targets - basis @ (basis.T @ targets), axis=0)
        told = bool((apart < 1e-7).any())
        kept[cut] = [frozenset().union(*blocks)] if told else blocks
    return kept


def cut_tables(
    study: Study, frame: pd.DataFrame, audiences: Sequence[str], design: Design | None
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Estimate the top box of every block, and test each block against the rest of its audience.

    Returns
    -------
    tuple
        "cut_…" → rows of the estimates contract by audience and a group column of the table's name, whose
        values are the groups of a block, joined by " + "; and p values by cut, audience, item and block,
        adjusted (Holm) over all blocks and items of a cut and audience.
    """
    from toolkit.analysis import proportions
    from toolkit.analysis.contract import estimate_columns

    tables: dict[str, list[pd.DataFrame]] = {}
    tests: list[pd.DataFrame] = []
    for audience in audiences:
        rows = (frame["audience"] == audience).to_numpy()
        groups, plans = _planned(study, frame, audience)
        for (cut, parts), variables in plans.items():
            names = {one: JOINED.join(sorted(block)) for block in parts for one in block}
            own = frame["audience"].astype("str").where(rows)
            column = f"{CUT}{cut}"
            divided = frame.assign(**{column: groups[cut].map(names).where(rows), "audience": own})
            by = ["audience", column]
            some = divided if design is not None else divided[rows]
            shares = proportions(some, variables, by=by, measure="top", level=study.level, design=design)
            shares = shares[shares["n"].fillna(0) > 0]
            tables.setdefault(column, []).append(with_kish(shares, divided, design, by))
            tests.append(_tested(some, variables, column, design).assign(cut=cut, audience=audience))
    found = {
        name: pd.concat(own, ignore_index=True)[
            [*estimate_columns("measure", ["audience", name]), *(name for name in KISH if name in own[0])]
        ]
        for name, own in tables.items()
    }
    return found, _adjusted(tests)


def _planned(
    study: Study, frame: pd.DataFrame, audience: str
) -> tuple[dict[str, pd.Series], dict[tuple[str, tuple[Block, ...]], list[Variable]]]:
    """Return the group of each respondent by cut, and the items that a cut divides alike in an audience."""
    policy = thresholds(study.policy, (), study.instrument)
    rows = (frame["audience"] == audience).to_numpy()
    cuts = {
        name: above
        for name, (levels, above) in study.cut_columns.items()
        if column_of(frame[rows], levels).nunique() > 1
    }
    cuts = {name: above if above in cuts else "" for name, above in cuts.items()}
    groups = {name: column_of(frame, study.cut_columns[name][0]) for name in cuts}
    plans: dict[tuple[str, tuple[Block, ...]], list[Variable]] = {}
    for variable in _items(study, audience) if cuts else ():
        answers = _answers(frame, rows, groups, variable, policy)
        for cut, blocks in _divided(answers, cuts).items() if len(answers.top) else ():
            if len(blocks) > 1:
                plans.setdefault((cut, tuple(sorted(blocks, key=sorted))), []).append(variable)
    return groups, plans


def cut_bases(
    study: Study, frame: pd.DataFrame, audiences: Sequence[str]
) -> Iterator[tuple[str, tuple[tuple[str, str], ...], Any]]:
    """Yield the bases that cuts publish, for the ledger: item, group as (column, value) pairs, its people."""
    for audience in audiences:
        groups, plans = _planned(study, frame, audience)
        for (cut, parts), variables in plans.items():
            for block in parts:
                inside = (frame["audience"] == audience) & groups[cut].isin(list(block))
                pairs = (("audience", audience), (f"{CUT}{cut}", JOINED.join(sorted(block))))
                for variable in variables:
                    yield variable.name, pairs, inside.to_numpy(dtype=bool)


def _items(study: Study, audience: str) -> list[Variable]:
    cut = {name for levels, _ in study.cut_columns.values() for name in levels}
    if study.clients is not None:  # a number of some organisations could tell what their reports hide
        tops = study.clients[study.clients["answer"].eq("top") & study.clients["audience"].eq(audience)]
        cut |= set(tops.loc[tops["pooled"], "item"])
    return [
        one
        for one in study.instrument.variables
        if one.kind == "single"
        and one.codes_of("top")
        and audience in one.audiences
        and one.name not in cut
        and one.item.ask_if is None
    ]


def _answers(
    frame: pd.DataFrame,
    rows: Any,
    groups: Mapping[str, pd.Series],
    variable: Variable,
    policy: Policy,
) -> _Answers:
    codes = frame[variable.name]
    given = rows & codes.notna().to_numpy() & ~codes.isin(list(MISSING)).to_numpy()
    weights = frame[WEIGHT] if WEIGHT in frame else pd.Series(1.0, index=frame.index)
    return _Answers(
        {name: column[given] for name, column in groups.items()},
        codes[given].isin(variable.codes_of("top")).astype(float),
        weights[given].astype(float),
        policy.threshold_for(variable.name),
        lambda w: policy.unanimity_bounds(
            len(w), variable.name, heaviest=heaviest(w, policy.room_for(variable.name))
        ),
    )


def _tested(
    frame: pd.DataFrame, variables: Sequence[Variable], column: str, design: Design | None
) -> pd.DataFrame:
    """Compare every block with the rest of its audience: item, group, p_value."""
    from toolkit.analysis import gaps

    parts = []
    for block in frame[column].dropna().unique():
        side = frame[column].eq(block).map({True: "group", False: "rest"}).where(frame[column].notna())
        rows = gaps(
            frame.assign(**{column: side}), variables, between=column, pairs=[("group", "rest")],
            measure="top", design=design, adjust="none",
        )  # fmt: skip
        parts.append(rows[["item", "p_value"]].assign(group=str(block)))
    return pd.concat(parts, ignore_index=True)


def _adjusted(tests: Sequence[pd.DataFrame]) -> pd.DataFrame:
    from toolkit.analysis import adjust_p

    columns = ["cut", "audience", "item", "group", "p_value", "p_adjusted"]
    if not tests:
        return pd.DataFrame(columns=columns)
    rows = pd.concat(tests, ignore_index=True)
    keys = list(zip(rows["cut"], rows["audience"], strict=True))
    rows = rows.assign(p_adjusted=np.nan)
    order = sorted(range(len(rows)), key=lambda at: keys[at])
    for _, places in groupby(order, key=lambda at: keys[at]):
        listed = list(places)
        rows.loc[listed, "p_adjusted"] = adjust_p(rows.loc[listed, "p_value"].to_numpy(dtype=float), "holm")
    return rows[columns]


def spread(frame: pd.DataFrame, clients: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Spread answers that clients' reports hide evenly over the organisations that hide them.

    How many gave each answer stays the same in all organisations. Errors, which depend on how answers lie
    within organisations, then follow from the sums and from what clients' reports show alone.

    Parameters
    ----------
    clients
        What their reports show, and which hidden counts are summed (`pooled`).
    """
    place, columns = ["item", "wave", "audience"], dict[str, pd.Series]()
    for key, rows in clients.groupby(place, sort=False):
        pool = rows.loc[rows["pooled"], "organisation"]
        if pool.empty:
            continue
        item, variable = key[0], instrument[key[0]]
        if not isinstance(variable, Variable):
            continue
        codes = columns.get(item, frame[item])
        exact = rows[rows["exact"]]
        shown = pd.MultiIndex.from_frame(exact[["organisation", "answer"]])
        told = pd.MultiIndex.from_arrays([frame[CLIENT], codes.astype(str)]).isin(shown)
        inside = (frame[["wave", "audience"]].astype(str) == list(key[1:])).all(axis=1)
        inside &= frame[CLIENT].isin(pool) & codes.notna() & ~codes.isin(list(MISSING)) & ~told
        owner, given = frame.loc[inside, CLIENT].to_numpy(str), codes[inside].to_numpy(str)
        was = np.isin(given, variable.codes_of("top"))
        free = ~np.isin(owner, exact.loc[exact["answer"] == "top", "organisation"].to_numpy(str))
        tops = was.copy()
        tops[free] = _dealt(was[free], owner[free])
        even = given.copy()
        for side in (True, False):
            even[tops == side] = _dealt(given[was == side], owner[tops == side])
        columns[item] = codes.mask(inside, pd.Series(even, index=frame.index[inside]))
    return frame.assign(**columns)


def _dealt(values: Any, owners: Any) -> Any:
    """Return values, smallest first, at places such that every owner gets a like part of each value."""
    order = pd.Series(owners).groupby(owners).rank("first", pct=True).to_numpy()
    dealt = np.empty_like(values)
    dealt[np.lexsort((owners, order))] = np.sort(values)
    return dealt
