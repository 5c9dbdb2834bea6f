"""The cells that tables show, and what may be shown of each."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, Literal

import pandas as pd

from toolkit.analysis.contract import ALIKE_COLUMNS, ESTIMATE_COLUMNS, GAP_COLUMNS, REFERENT_COLUMNS
from toolkit.disclosure.policy import Policy
from toolkit.errors import ToolkitError
from toolkit.findings.comparison import DESCRIPTIVE_COLUMNS, OURS, PUBLISHED
from toolkit.instrument.model import Instrument, Variable
from toolkit.instrument.routing import parse
from toolkit.locale import N_
from toolkit.records import records

# Every share, mean or rank statistic that a set of tables would reveal, under one name each.


Kind = Literal["response", "box", "code", "function"]

SAMPLES = ("wave", "source")
"""Group columns whose values are different samples, not parts of one."""

_BOXES = ("top", "bottom", "favourable", "unfavourable")
_FUNCTIONS = ("mean", "net", "recommend", "probability_of_superiority", "median", "total", "quantile")
_LATER_COLUMNS = ("n_shown", "n_a_shown", "n_b_shown")
_HEAVIEST = "kish_heaviest_1", "kish_heaviest_2"
_KISH_COLUMNS = tuple(f"{name}{end}" for name in ("kish_n", *_HEAVIEST) for end in ("", "_a", "_b"))


@dataclass(frozen=True)
class Base:
    """People who answered one item: the item, and the group as (column, value) pairs."""

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
    kish: float = math.nan
    """Effective number of weighted answers (Kish), where the answers are weighted."""
    heaviest: tuple[float, float] = (0.0, 0.0)
    """Part of the weights that those who may be "nearly nobody" can have, with room for one and for two."""

    @property
    def weighted(self) -> bool:
        """Return whether the answers do not all count alike."""
        return self.kish < self.n - TOLERANCE

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

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Return the frame as rows; read only."""
        return records(self.frame)


def read_table(name: str, frame: object) -> Table:
    """Recognise a contract frame; refuse anything else.

    Raises
    ------
    ToolkitError
        Names columns that are missing or unknown.
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
    known = {"item", what, *needed, *groups, *DESCRIPTIVE_COLUMNS, *_LATER_COLUMNS, *_KISH_COLUMNS}
    unknown = set(columns) - known - set((*ALIKE_COLUMNS, *REFERENT_COLUMNS) if kind == "gaps" else ())
    floats = [column for column in groups if pd.api.types.is_float_dtype(frame[column].dtype)]
    if unknown or floats:
        listed = ", ".join(sorted([*unknown, *floats]))
        raise ToolkitError(
            f"results '{name}': column(s) {listed} are not part of the contract; drop them, or place group "
            f"columns between '{what}' and '{needed[0]}'"
        )
    clean = frame.drop(columns=[column for column in columns if column in _LATER_COLUMNS])
    return Table(name, kind, clean.reset_index(drop=True), groups)


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
    between = table.frame.attrs.get("between")
    if isinstance(between, str):
        return between
    values = _values(table.frame["audience_a"]) | _values(table.frame["audience_b"])
    if PUBLISHED in values:
        return "source"
    for column, value in current.items():
        if value in values:
            return column
    if instrument is not None and values <= set(instrument.audiences):
        return "audience"
    for other in others:
        for column in other.groups if other.kind == "estimates" else ():
            if values <= _values(other.frame[column]):
                return column
    return "(compared)"


def _values(column: pd.Series) -> set[str]:
    return {str(value) for value in column.unique() if not pd.isna(value)}


def _rows(table: Table, instrument: Instrument | None) -> Iterator[Claim]:
    if table.kind == "participation":
        return
    sides: tuple[Literal["", "a", "b"], ...] = ("a", "b") if table.kind == "gaps" else ("",)
    what = "measure" if "measure" in table.frame.columns else "response"
    for row, record in enumerate(table.rows):
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
                number(record.get(f"kish_n{end}")),
                (number(record.get(f"{_HEAVIEST[0]}{end}")), number(record.get(f"{_HEAVIEST[1]}{end}"))),
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
    return replace(claim, base=Base(claim.base.item, group))


def _same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or abs(a - b) < 1e-9


def number(value: Any) -> float:
    """Convert a cell to float, NaN if empty."""
    return math.nan if pd.isna(value) else float(value)


# Suppression decisions per base: threshold, unanimity, whole distributions and their boxes.
#
# The rules hold even for a reader who knows them: whether something is withheld depends on what is
# released, or shows no more than the bound that is printed.


TOLERANCE = 1e-9
BOX_NAMES = ("bottom", "middle", "top")
"""The three parts an ordered scale is shown in where its full distribution may not leave."""

REASONS: Mapping[str, str] = {
    "small": N_("fewer than {k} answers"),
    "effective": N_("weighted, the answers count as fewer than {k}"),
    "heaviest": N_("weighted, a few answers count for too much"),
    "unknown_base": N_("the number of answers is unknown"),
    "distribution": N_("some answers were given by nearly all or nearly none"),
    "rest": N_("nearly nobody chose this end of the scale or the middle"),
    "spread": N_("the answers are so close together that the mean would reveal each of them"),
    "limits": N_("the question's smallest and largest answer are not declared"),
    "whole": N_("derived from the full distribution, which cannot be shown"),
    "code": N_("a single answer is shown only with the full distribution"),
    "routed": N_(
        "who was asked this would reveal what nearly everybody or nobody answered to an earlier question"
    ),
    "total": N_("together with the groups it would reveal a withheld number"),
    "overall": N_("organisations' own reports withhold it, and it would reveal more of them"),
    "option": N_("together with the other options it would reveal a withheld number"),
    "none": N_("could not be computed"),
    "disagree": N_("its tables disagree on how many answered"),
    "released": N_("together with an earlier release it would reveal the answers of fewer than {k} people"),
    "turnover": N_("so few people may have come or gone between the waves that their answers would show"),
    "unlike": N_("the question does not seem to work alike for both groups"),
}
"""Code of a reason → why a number is withheld, in plain words; k is the smallest base allowed."""


@dataclass(frozen=True)
class Share:
    """How one number of a base may be released: exactly, as a bound, or not at all."""

    status: Literal["exact", ">=", "<=", "withheld"]
    bound: float = math.nan
    reason_code: str = ""
    upper: float = math.nan
    lower: float = math.nan
    """The values a reader must still think possible."""

    @property
    def released(self) -> bool:
        """Return whether any of it is released."""
        return self.status != "withheld"


@dataclass(frozen=True)
class Decision:
    """The suppression decisions on one base.

    Parameters
    ----------
    n
        People who answered.
    threshold
        Smallest base allowed for this item.
    labels
        (kind, label) → how it may be released.
    reason_code
        The code of `REASONS` for which the whole base is withheld; "" where it is not.
    full
        Whether the whole distribution may leave.
    """

    n: float
    threshold: int
    labels: Mapping[tuple[str, str], Share] = field(default_factory=dict)
    reason_code: str = ""
    full: bool = False

    @property
    def shown(self) -> bool:
        """Return whether the base may be shown at all."""
        return not self.reason_code

    def share(self, kind: str, label: str) -> Share:
        """Return how one number of this base may be released."""
        if not self.shown:
            return Share("withheld", reason_code=self.reason_code)
        return self.labels.get((kind, label), Share("withheld", reason_code="none"))

    def without(self, reason: str, labels: Iterable[tuple[str, str]] | None = None) -> Decision:
        """Return the same decisions with everything, or some labels, withheld."""
        if labels is None:
            return replace(self, reason_code=reason)
        lost = {label: Share("withheld", reason_code=reason) for label in labels}
        kept = {**self.labels, **{label: share for label, share in lost.items() if label in self.labels}}
        return replace(self, labels=kept, full=self.full and not any(kind == "response" for kind, _ in lost))


@cache
def _named_in(rule: str) -> frozenset[str]:
    """Return the items a routing condition names, with their options."""
    tree = ast.parse(rule, mode="eval")
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    options = {
        f"{call.args[0].id}_{call.args[1].value}"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and len(call.args) == 2
        and isinstance(call.args[0], ast.Name)
        and isinstance(call.args[1], ast.Constant)
        and isinstance(call.args[1].value, str)
    }
    return frozenset(named | options)


def routed_by(variable: Variable, instrument: Instrument) -> tuple[str, ...]:
    """Return what decides whether an item is asked: columns, or ids of items with several."""
    if not variable.item.ask_if:
        return ()
    condition = parse(variable.item.ask_if)
    named = _named_in(variable.item.ask_if)
    columns = tuple(v.name for v in instrument.variables if v.name in named)
    ids = condition.item_ids(instrument)
    return columns if len(columns) >= len(ids) else ids


_ASKED: dict[tuple[str, str, str], frozenset[str]] = {}


def codes_asked(variable: Variable, name: str, instrument: Instrument) -> frozenset[str]:
    """Return the answers to the one column that decides whether an item is asked, after which it is."""
    if name not in instrument or instrument[name].kind == "number":
        return frozenset()
    key = (instrument.digest, str(variable.item.ask_if), name)
    if key not in _ASKED:
        _ASKED[key] = parse(str(variable.item.ask_if)).passing(name, instrument)
    return _ASKED[key]


def thresholds(policy: Policy, sensitive: Iterable[str], instrument: Instrument | None) -> Policy:
    """Mark the sensitive names, given by argument or by the instrument, in the policy."""
    marked = instrument.sensitive_names if instrument is not None else frozenset()
    names = tuple(sorted({*policy.sensitive_items, *sensitive, *marked}))
    return policy.model_copy(update={"sensitive_items": names})


def first_decisions(
    claims: Iterable[Claim], policy: Policy, instrument: Instrument | None
) -> dict[Base, Decision]:
    """Decide on each base separately."""
    grouped: dict[Base, list[Claim]] = {}
    scale: dict[str, set[str]] = {}
    for claim in claims:
        grouped.setdefault(claim.base, []).append(claim)
        if claim.kind == "response":
            scale.setdefault(claim.base.item, set()).add(claim.label)
    cuts: dict[str, set[frozenset[str]]] = {}
    for one in instrument.variables if instrument is not None else ():
        if instrument is not None and len(names := routed_by(one, instrument)) == 1:
            cuts.setdefault(names[0], set()).add(codes_asked(one, names[0], instrument))
    decisions = {}
    for base, found in grouped.items():
        variable = instrument[base.item] if instrument is not None and base.item in instrument else None
        codes = set(variable.codes) if variable is not None and variable.codes else set()
        limits = None
        if variable is not None and variable.kind == "number":
            limits = (variable.item.minimum, variable.item.maximum)
        elif instrument is not None and base.item in instrument.scores:
            limits = _limits_of_score(base.item, instrument)
        every_code = frozenset(codes | scale.get(base.item, set()))
        cut = frozenset(cuts.get(base.item, ()))
        decisions[base] = _decide(found, policy, variable, every_code, limits, cut)
    return decisions


def _limits_of_score(name: str, instrument: Instrument) -> tuple[float | None, float | None]:
    """Return the lowest and highest value a score can take."""
    score = instrument.scores[name]
    values = [found.values() for item in score.items if (found := instrument[item].values())]
    if len(values) < len(score.items):
        return None, None
    low, high = (score.multiply * sum(map(end, values)) / len(values) for end in (min, max))
    return low, high


def _decide(
    claims: list[Claim],
    policy: Policy,
    variable: Variable | None,
    codes: frozenset[str],
    limits: tuple[float | None, float | None] | None,
    cuts: frozenset[frozenset[str]] = frozenset(),
) -> Decision:
    item = claims[0].base.item
    k = policy.threshold_for(item)
    empty = [claim for claim in claims if math.isnan(claim.n) and math.isnan(claim.estimate)]
    claims = claims if len(empty) == len(claims) else [claim for claim in claims if claim not in empty]
    counts = [claim.n for claim in claims]
    if any(math.isnan(n) for n in counts):
        known = [n for n in counts if not math.isnan(n)]
        small = bool(known) and min(known) < k
        reason = "small" if small or not known else "unknown_base"
        return Decision(math.nan, k, reason_code=reason)
    n = min(counts)
    if n < k:
        return Decision(n, k, reason_code="small")
    if max(counts) != n:
        return Decision(n, k, reason_code="disagree")
    if any(claim.kish < k - TOLERANCE for claim in claims):
        return Decision(n, k, reason_code="effective")
    weighted = [claim for claim in claims if claim.weighted]
    heavy = max((claim.heaviest[policy.room_for(item) - 1] for claim in weighted), default=0.0)
    low, high = policy.unanimity_bounds(n, item, heaviest=heavy)
    if math.isnan(low):
        return Decision(n, k, reason_code="heaviest")
    reach = heavy if weighted else math.floor(low * n + TOLERANCE) / n
    values: dict[tuple[str, str], list[float]] = {}
    for claim in claims:
        values.setdefault((claim.kind, claim.label), []).append(claim.estimate)
    full = _full(values, codes, low)
    alone = {kind for kind, _ in values} == {"code"} and len(values) == 1
    two = len(codes) == 2 or alone
    labels = {key: _share(key, found, (low, high), reach, full, two) for key, found in values.items()}
    labels |= _three_parts(values, variable, (low, high), reach)
    labels |= _nets(labels, values, variable)
    in_bands = any(kind == "response" for kind, _ in values)
    if limits is not None and ("function", "mean") in values and not in_bands:
        labels[("function", "mean")] = _mean_within(claims, limits, n, policy)
    labels = _without_telling_rest(labels, values, variable, codes, low)
    if variable is not None and not (full or two or weighted or variable.item.type == "ranking"):
        labels |= _answers_in_part(labels, values, variable, n, low, cuts)
    return Decision(n, k, labels=labels, full=full)


def _full(values: Mapping[tuple[str, str], list[float]], codes: frozenset[str], low: float) -> bool:
    """Return whether no cell of the distribution is near 0, so that no sum of cells is near 1."""
    cells = {label: found for (kind, label), found in values.items() if kind == "response"}
    if not cells or set(cells) != codes:
        return False
    smallest = min(min(found) for found in cells.values())
    total = sum(found[0] for found in cells.values())
    return smallest > low + TOLERANCE and abs(total - 1) < 1e-6


def _share(
    key: tuple[str, str], found: list[float], bounds: tuple[float, float], reach: float, full: bool, two: bool
) -> Share:
    kind, _ = key
    if kind == "function":  # a rank statistic can fail for the sake of the other side: not this base's affair
        known = [value for value in found if not math.isnan(value)]
        if not full:
            return Share("withheld", reason_code="whole")
        return Share("exact", upper=max(known, default=math.nan), lower=min(known, default=math.nan))
    if any(math.isnan(value) for value in found):
        return Share("withheld", reason_code="none")
    if kind == "box" or (two and kind in ("response", "code")):
        return _clipped(found, bounds, reach)
    if full:
        return Share("exact", upper=max(found), lower=min(found))
    return Share("withheld", reason_code="distribution" if kind == "response" else "code")


def _clipped(found: list[float], bounds: tuple[float, float], reach: float) -> Share:
    """Show a share, or a bound where it is near all or none; `reach` is what nearly nobody may come to."""
    low, high = bounds
    if max(found) >= high - TOLERANCE:
        return Share(">=", bound=high, upper=1.0, lower=1 - reach)
    if min(found) <= low + TOLERANCE:
        return Share("<=", bound=low, upper=reach)
    return Share("exact", upper=max(found), lower=min(found))


def _answers_in_part(
    labels: Mapping[tuple[str, str], Share],
    values: Mapping[tuple[str, str], list[float]],
    variable: Variable,
    n: float,
    low: float,
    cuts: frozenset[frozenset[str]],
) -> dict[tuple[str, str], Share]:
    """Show a distribution that may not leave whole, except for a pool that keeps its rare answers open.

    The codes are cut into pieces whose sums are printed (the boxes), each of more than t people, where t is
    the count at which "nearly nobody" ends. If answers of a piece are rare (t people or fewer), its pool is
    these and its first code f, rare or not: the pool's sum H is known, but not how it is split. If H is t or
    less, the next code that is not rare joins. For every code u of the pool and every s from 0 to t, the
    answers (u: s, f: H − s, others: 0) look the same, so no sum of hidden answers is known more narrowly than
    its bound. Where H > 2t the rare answers may be marked "nearly nobody", because the code left open takes
    up what they leave.

    f is chosen so that these answers also agree with what is printed of the boxes: outside a box printed as
    "nearly nobody", and outside the part whose smallness withholds the parts.

    The base of a question that follows some of the answers prints their sum too, so pieces are cut there, if
    that leaves each more than t people. If not, the distribution and the questions that follow are withheld.
    """
    cells = {label: found[0] for (kind, label), found in values.items() if kind == "response"}
    counts = {code: round(share * n) for code, share in cells.items()}
    whole = all(abs(share * n - counts[code]) < 1e-6 for code, share in cells.items())
    if not cells or set(cells) != set(variable.codes) or not whole or sum(counts.values()) != n:
        return {}
    rare = math.floor(low * n + TOLERANCE)
    pieces = _pieces(labels, variable, counts, rare)
    found: dict[tuple[str, str], Share] = {}
    bounded = any(share.status in (">=", "<=") for (kind, _), share in labels.items() if kind == "box")
    if cuts and (variable.kind == "number" or (bounded and ("box", "bottom") in labels)):
        return {}
    for cut in cuts:
        sides = [
            [code for code in piece if (code in cut) is inside]
            for piece in pieces
            for inside in (True, False)
        ]
        pieces = [side for side in sides if side]
        found["asked", " ".join(sorted(cut))] = Share("exact")
    if any(sum(counts[code] for code in piece) <= rare for piece in pieces) or not pieces:
        return {}
    for piece in pieces:
        pool = {code for code in piece if counts[code] <= rare}
        kept_open = piece[0]
        if pool:
            pool.add(kept_open)
            if sum(counts[code] for code in pool) <= rare:
                kept_open = next(code for code in piece if code not in pool)
                pool.add(kept_open)
        marked = sum(counts[code] for code in pool) > 2 * rare
        for code in piece:
            if code not in pool:
                found["response", code] = Share("exact", upper=cells[code], lower=cells[code])
            elif marked and code != kept_open:
                found["response", code] = Share("<=", bound=low, upper=rare / n)
    return found


def _pieces(
    labels: Mapping[tuple[str, str], Share], variable: Variable, counts: Mapping[str, int], rare: int
) -> list[list[str]]:
    """Cut the codes of a scale into pieces whose sums are printed; the first code of each is its pool's."""
    parts = three_parts(variable)
    bottom, middle, top = list(parts["bottom"]), list(parts["middle"]), list(reversed(parts["top"]))
    boxes = {name: labels[key].status for name in ("top", "bottom") if (key := ("box", name)) in labels}
    printed = [share.status for (kind, _), share in labels.items() if kind == "part"]
    if (printed and set(printed) == {"exact"}) or (boxes.get("top") == boxes.get("bottom") == "exact"):
        return [piece for piece in (bottom, middle, top) if piece]
    if not boxes:
        return [] if printed else [bottom + middle + top]
    if boxes.get("top") == "exact":
        few_between = sum(counts[code] for code in middle) <= rare
        return [bottom + middle if few_between else middle + bottom, top]
    if boxes.get("top") == "<=":
        if boxes.get("bottom") == "exact":
            return [bottom, middle + top]
        return [middle + bottom + top if boxes.get("bottom") == "<=" else bottom + middle + top]
    return [top + middle + bottom] if boxes.get("top") == ">=" else []


def _three_parts(
    values: Mapping[tuple[str, str], list[float]],
    variable: Variable | None,
    bounds: tuple[float, float],
    reach: float,
) -> dict[tuple[str, str], Share]:
    """Decide on bottom, middle and top of an ordered scale: all exact, or two bounds if it has no middle."""
    if variable is None or not variable.ordered:
        return {}
    cells = {label: found[0] for (kind, label), found in values.items() if kind == "response"}
    parts = three_parts(variable)
    if set(cells) != set(variable.codes) or not parts["top"] or not parts["bottom"]:
        return {}
    shares = {part: sum(cells[code] for code in codes) for part, codes in parts.items() if codes}
    decided = {part: _clipped([share], bounds, reach) for part, share in shares.items()}
    if len(decided) == 3 and any(share.status != "exact" for share in decided.values()):
        decided = {part: Share("withheld", reason_code="distribution") for part in decided}
    return {("part", part): share for part, share in decided.items()}


def _nets(
    labels: Mapping[tuple[str, str], Share],
    values: Mapping[tuple[str, str], list[float]],
    variable: Variable | None,
) -> dict[tuple[str, str], Share]:
    """Release the net of two boxes if every part of the scale may be shown exactly.

    With its standard error it gives both boxes back: net = t − b and n·SE² = (t + b) − net². Of a number the
    parts are its bands, which must be those of the score.
    """
    if variable is None:
        return {}
    if variable.kind == "number":
        lost = {} if variable.net_measure == "recommend" else {"recommend", "net"}
        return {key: Share("withheld", reason_code="whole") for key in values if key[1] in lost}
    known = [share for part in BOX_NAMES if (share := labels.get(("part", part))) is not None]
    nets = ["net", "recommend"] if _is_recommend(variable) else ["net"]
    if not known:
        return {}
    found = {}
    for key, estimates in values.items():
        if key[0] == "function" and key[1] in nets:
            if all(share.status == "exact" for share in known):
                kept = [value for value in estimates if not math.isnan(value)]
                high, low = max(kept, default=math.nan), min(kept, default=math.nan)
                found[key] = Share("exact", upper=high, lower=low)
            else:
                found[key] = Share("withheld", reason_code="rest")
    return found


def _is_recommend(variable: Variable) -> bool:
    boxes = (set(variable.codes_of("top")), set(variable.codes_of("bottom")))
    return boxes == ({"9", "10"}, set(map(str, range(7))))


_ROOM = 0.25
"""Part of a number's range in which a reader must still think each single answer possible."""


def _mean_within(
    claims: Iterable[Claim], limits: tuple[float | None, float | None], n: float, policy: Policy
) -> Share:
    """Release the mean of a number or a score if mean and standard error leave room for every single answer.

    No answer is further from the mean than s(n − 1)/√n (Samuelson 1968): where that is little, everybody's
    answer is known. Without limits it is unknown what is little, and one large answer may be most of the sum.
    """
    low, high = limits
    means = [claim for claim in claims if (claim.kind, claim.label) == ("function", "mean")]
    values = [claim.estimate for claim in means]
    if any(map(math.isnan, values)):
        return Share("withheld", reason_code="none")
    if low is None or high is None:
        return Share("withheld", reason_code="limits")
    spreads = [claim.spread for claim in means if not math.isnan(claim.spread)]
    if policy.unanimity:
        reach = min(spreads, default=0.0) * (n - 1) / math.sqrt(n)
        ends = [min(high, mean + reach) - max(low, mean - reach) for mean in values]
        if min(ends) < _ROOM * (high - low) + TOLERANCE:
            return Share("withheld", reason_code="spread")
    return Share("exact", upper=max(values), lower=min(values))


def three_parts(variable: Variable) -> dict[str, tuple[str, ...]]:
    """Return the codes of the bottom, the middle and the top of a scale."""
    top, bottom = variable.codes_of("top"), variable.codes_of("bottom")
    middle = tuple(code for code in variable.codes if code not in (*top, *bottom))
    return {"bottom": bottom, "middle": middle, "top": top}


def _without_telling_rest(
    labels: dict[tuple[str, str], Share],
    values: Mapping[tuple[str, str], list[float]],
    variable: Variable | None,
    codes: frozenset[str],
    low: float,
) -> dict[tuple[str, str], Share]:
    """Withhold the second box of a scale if it, or the remaining middle, is near 0.

    Withholding it in one of the two cases only would tell which of them it is.
    """
    for first, second in (("top", "bottom"), ("favourable", "unfavourable")):
        one, other = ("box", first), ("box", second)
        if one not in labels or other not in labels or labels[one].status != "exact":
            continue
        between = bool(three_parts(variable)["middle"]) if variable is not None else len(codes) != 2
        rest = 1 - max(values[one]) - max(values[other])
        if between and min(rest, *values[other]) <= low + TOLERANCE:
            labels[other] = Share("withheld", reason_code="rest")
    return labels
