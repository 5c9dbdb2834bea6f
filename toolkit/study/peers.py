"""Benchmarks of a study's own organisations: each is compared with the average of the others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from toolkit.disclosure.cells import thresholds
from toolkit.errors import Problem, near_names
from toolkit.findings.register import FINDING_COLUMNS, MOST_OF_ONE, POOLED_COLUMNS
from toolkit.instrument.model import MISSING
from toolkit.instrument.yaml_loader import Strict
from toolkit.study.weighting import WEIGHT

if TYPE_CHECKING:
    from toolkit.study.study import Study

FEWEST = 5
"""Members that a benchmark must have, and by which two benchmarks of one report must differ, if at all."""
FEWEST_POOLED = 9
"""Other organisations with the gap from which one organisation's gap may be drawn towards theirs."""
ALL = "all"


class PeerRule(Strict):
    """Comparison of organisations with one another.

    Parameters
    ----------
    by
        Columns of the organisations table, such as sector or size: a further benchmark of the organisations
        with the same value, where they are enough.
    members
        Smallest number of other organisations in a benchmark.
    """

    by: tuple[str, ...] = ()
    members: int = Field(default=FEWEST, ge=FEWEST)


def _rule(given: Any) -> Any:
    return {} if given is True or given == "true" else None if given in (False, "false") else given


OwnBenchmark = Annotated[PeerRule | None, BeforeValidator(_rule)]


def peer_problems(study: Study) -> Iterator[Problem]:
    """List what is wrong with a study's own benchmark: too few organisations, unknown columns."""
    if study.peers is None:
        return
    table = study.organisations
    found = table.loc[table["wave"] == study.wave, "organisation"].nunique()
    if found <= study.peers.members:
        what = f"has {max(found - 1, 0)} other organisations, fewer than {study.peers.members}"
        yield Problem("too-few", "own_benchmark", what, "remove it, or name published figures: benchmarks")
    own = ("organisation", "name", "wave", *study.instrument.audiences)
    further = [str(name) for name in table if name not in own]
    for name in study.peers.by:
        if name not in further:
            where = f"own_benchmark → by → {name}"
            hint = near_names(name, further)
            yield Problem("unknown-column", where, "not found in the organisations table", hint)


def peer_cells(study: Study, wave: str) -> pd.DataFrame:
    """Return the shares of every organisation: organisation, audience, item, share, n, effective_n.

    Cells that may not be shown of their own organisation are left out: they are in no benchmark.
    """
    frame = study.responses(wave=wave, missing="codes")
    frame = frame[frame["organisation"].notna()]
    weights = frame[WEIGHT] if WEIGHT in frame and study.design is not None else pd.Series(1.0, frame.index)
    policy = thresholds(study.policy, (), study.instrument)
    parts = []
    for variable in study.instrument.variables:
        if variable.kind not in ("single", "option") or not variable.codes_of("top"):
            continue
        text = frame[variable.name]
        given = text.notna() & ~text.isin(list(MISSING)) & frame["audience"].isin(list(variable.audiences))
        top = text.isin(variable.codes_of("top")).astype(float)
        sums = pd.DataFrame({"n": 1.0, "w": weights, "ww": weights**2, "wt": weights * top})[given]
        cells = sums.groupby([frame["organisation"][given], frame["audience"][given].astype("str")]).sum()
        cells = cells.reset_index().assign(item=variable.name)
        cells = cells.assign(share=cells["wt"] / cells["w"], effective_n=cells["w"] ** 2 / cells["ww"])
        least = policy.threshold_for(variable.name)
        parts.append(cells[(cells["n"] >= least) & (cells["effective_n"] >= least - 1e-9)])
    columns = ["organisation", "audience", "item", "share", "n", "effective_n"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def peer_findings(study: Study, cells: pd.DataFrame, organisation: str, wave: str) -> pd.DataFrame:
    """Return the benchmarks of one organisation as `toolkit.findings.benchmark` takes them.

    Returns
    -------
    DataFrame
        `FINDING_COLUMNS`, members, largest_pct, benchmark ("all", or the column and its value), low and high
        (quartiles of the members, which are printed nowhere). Averages count every member once and are whole
        percents, so that a late answer of another organisation does not show.
    """
    rule = study.peers
    table = study.organisations
    table = table[table["wave"] == wave].set_index("organisation")
    names = cells["organisation"].to_numpy()
    numbers = {name: cells[name].to_numpy(dtype=float) for name in ("share", "n", "effective_n")}
    kinds = {ALL: names != organisation}
    for name in rule.by if rule else ():
        value = table[name].get(organisation)
        if value is not None and not pd.isna(value):
            alike = np.isin(names, table.index[(table[name] == value).to_numpy(dtype=bool, na_value=False)])
            label = f"{name}: {value:g}" if isinstance(value, float) else f"{name}: {value}"
            kinds[label] = alike & kinds[ALL]
    rows = []
    grouped = cells.groupby(["item", "audience"], sort=False).indices if rule else {}
    for (item, audience), at in grouped.items():
        sets = {kind: chosen[at] for kind, chosen in kinds.items()}
        for kind in _apart(sets, rule.members if rule else FEWEST):
            share, n, counted = (values[at[sets[kind]]] for values in numbers.values())
            largest = 100 * float(n.max() / n.sum())
            if largest > MOST_OF_ONE:
                continue
            average = float(share.mean())
            spread = float((share * (1 - share) / counted).sum()) / len(share) ** 2
            effective = average * (1 - average) / spread if spread > 0 else float(n.sum())
            low, high = np.quantile(share, [0.25, 0.75]).tolist()
            rows.append(
                dict.fromkeys(FINDING_COLUMNS, "")
                | {
                    "finding_id": f"own-{kind}-{item}-{audience}",
                    "study": "own benchmark",
                    "year": wave,
                    "item": study.instrument[item].label(study.language),
                    "audience": audience,
                    "base": f"average of {len(share)} other organisations",
                    "value_pct": float(round(100 * average)),
                    "n": float(round(effective, -1 if effective > 100 else 0)),
                    "variable": item,
                    "measure": "top",
                    "our_audience": audience,
                    "comparable": "yes",
                    "members": len(share),
                    "largest_pct": largest,
                    "benchmark": kind,
                    "low": low,
                    "high": high,
                }
            )
    columns = [*FINDING_COLUMNS, *POOLED_COLUMNS, "benchmark", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def peer_gaps(study: Study, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the gap of every organisation: item, audience_a, audience_b, organisation, gap, variance, n."""
    from toolkit.analysis.organisations import added_gaps

    parts = []
    sides = dict(list(cells.groupby("audience")))
    for a, b in combinations([one for one in study.instrument.audiences if one in sides], 2):
        both = sides[a].merge(sides[b], on=["item", "organisation"], suffixes=("_a", "_b"))
        named = {f"estimate_{side}": both[f"share_{side}"] for side in "ab"}
        named |= {f"n_{side}": both[f"effective_n_{side}"] for side in "ab"}
        found = both.assign(gap=both["share_a"] - both["share_b"], n=both["n_a"] + both["n_b"])
        parts.append(found.assign(variance=added_gaps(pd.DataFrame(named))[1]))
    columns = ["item", "audience_a", "audience_b", "organisation", "gap", "variance", "n"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def gap_priors(study: Study, gaps: pd.DataFrame, organisation: str) -> pd.DataFrame:
    """Return the gaps of the other organisations, towards which one organisation's are drawn.

    Parameters
    ----------
    gaps
        From `peer_gaps`.

    Returns
    -------
    DataFrame
        item, audience_a, audience_b, members; usual, their mean gap, and its standard error; spread, the
        standard deviation of true gaps between them; typical, that of an estimated gap. The organisation is
        in none of them. All are whole points, and members are many, so that neither a late answer nor one
        organisation's gap shows; no row where members are fewer than `FEWEST_POOLED` or one dominates.
    """
    from toolkit.analysis.organisations import between_variance

    least = max(FEWEST_POOLED, study.peers.members if study.peers else 0)
    names, apart = gaps["organisation"].to_numpy() != organisation, ["item", "audience_a", "audience_b"]
    numbers = {name: gaps[name].to_numpy(dtype=float) for name in ("gap", "variance", "n")}
    rows: list[tuple[Any, ...]] = []
    for key, at in gaps.groupby(apart, sort=False).indices.items():
        gap, variance, n = (numbers[name][at[names[at]]] for name in ("gap", "variance", "n"))
        if len(gap) < least or 100 * n.max() / n.sum() > MOST_OF_ONE:
            continue
        between = between_variance(gap, variance)
        weights = 1 / (variance + between)
        usual, whole = float((weights * gap).sum() / weights.sum()), float(weights.sum())
        typical = math.sqrt(float((weights * variance).sum()) / whole + between)
        error = math.ceil(100 * whole**-0.5) / 100
        rows.append((*key, len(gap), round(usual, 2), error, round(math.sqrt(between), 2), round(typical, 2)))
    return pd.DataFrame(rows, columns=[*apart, "members", "usual", "error", "spread", "typical"])


def pooled(gaps: pd.DataFrame, priors: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Draw released gaps of one organisation towards the usual gap of the others (`gap_priors`).

    Returns
    -------
    DataFrame
        item, measure, audience_a, audience_b, usual, members, plain (the gap as answered), gap (as drawn),
        conf_low, conf_high, of shown gaps without a bound. The largest plain gap comes first.
    """
    from toolkit.analysis.organisations import added_gaps, drawn_gaps

    exact = gaps["shown"].astype(bool) & gaps["bound_a"].eq("") & gaps["bound_b"].eq("")
    rows = gaps[exact & gaps["gap"].notna()].merge(priors, on=["item", "audience_a", "audience_b"])
    own, variance = added_gaps(rows)
    possible = variance > 0
    rows, own, variance = rows[possible], own[possible], variance[possible]
    found = drawn_gaps(
        rows["gap"].to_numpy(dtype=float), own, variance, usual=rows["usual"], error=rows["error"],
        between=rows["spread"] ** 2, typical=rows["typical"] ** 2, members=rows["members"], level=level,
    )  # fmt: skip
    numbers = {"gap": "pooled", "conf_low": "pooled_low", "conf_high": "pooled_high"}
    drawn = {name: np.asarray(found[source], dtype=float).round(3) for name, source in numbers.items()}
    kept = rows[["item", "measure", "audience_a", "audience_b", "usual", "members"]]
    made = kept.assign(plain=rows["gap"], **drawn)
    return made.sort_values("plain", key=lambda one: -one.abs(), kind="stable", ignore_index=True)


def _apart(sets: Mapping[str, NDArray[np.bool_]], least: int) -> list[str]:
    """Return the benchmarks that are large enough and differ by no one or by enough members."""
    kept: list[str] = []
    for kind, members in sets.items():
        apart = [(int((members & ~sets[o]).sum()), int((sets[o] & ~members).sum())) for o in kept]
        enough = all(size == 0 or size >= least for pair in apart for size in pair)
        if members.sum() >= least and enough and not any(pair == (0, 0) for pair in apart):
            kept.append(kind)
    return kept
