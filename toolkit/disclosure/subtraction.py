"""Complementary suppression: routed questions, options of one question, totals and their groups."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from toolkit.disclosure.cells import SAMPLES, Base, Decision, Share, codes_asked, routed_by, three_parts
from toolkit.disclosure.policy import Policy
from toolkit.instrument.model import Instrument, Variable

Decisions = dict[Base, Decision]
Group = frozenset[tuple[str, str]]


def guard_together(
    decisions: Mapping[Base, Decision], policy: Policy, instrument: Instrument | None
) -> Decisions:
    """Withhold whatever would reveal a withheld number, repeatedly until nothing changes."""
    out = dict(decisions)
    while True:
        before = dict(out)
        if instrument is not None:
            if policy.unanimity:
                out = _guard_options(out, instrument, policy)
                out = _guard_rankings(out, instrument)
            out = _guard_routing(out, instrument, policy)
            out = _guard_crossed(out, instrument, policy)
            out = _guard_scores(out, instrument)
        out = _guard_totals(out, instrument)
        if out == before:
            return out


# --- totals and their groups


def _guard_totals(decisions: Decisions, instrument: Instrument | None) -> Decisions:
    """Keep one division of the same people, and beside it only totals of groups all shown exactly.

    Two ways of dividing the same people share their sum, so what is masked in one could be had from the
    other; which one is kept depends on who is asked, never on what they answered. A finer division, such as
    audiences by their answer to another question, is kept beside the groups it divides on the same condition.
    """
    out = dict(decisions)
    by_item: dict[str, list[Base]] = {}
    for base in decisions:
        by_item.setdefault(base.item, []).append(base)
    for bases in by_item.values():
        if len({_columns(base.group) for base in bases}) < 2:
            continue
        for whole in _wholes(bases):
            out |= _one_division(whole, [base for base in bases if out[base].shown], out)
    if instrument is not None:
        for options, crossed in _crossed_questions(out, instrument):
            # options of one question share its base: one of them masked could be had from the others
            if not all(
                out[base].shown and all(_exact(out[base], label) for label in out[base].labels)
                for base in options
            ):
                out |= {base: out[base].without("total") for base in crossed}
    return out


def _crossed_questions(
    decisions: Decisions, instrument: Instrument
) -> Iterator[tuple[list[Base], list[Base]]]:
    """Yield the options of each multi-select in crossed groups: those that are not exclusive, and all."""
    found: dict[tuple[str, Group], list[Base]] = {}
    for base in decisions:
        crossing = {pair for pair in base.group if pair[0] in instrument}
        if crossing and base.item in instrument and instrument[base.item].kind == "option":
            key = (instrument[base.item].item.id, base.group - crossing)
            found.setdefault(key, []).append(base)
    for bases in found.values():
        yield [base for base in bases if not _excludes(instrument[base.item])], bases


def _columns(group: Group) -> frozenset[str]:
    return frozenset(column for column, _ in group)


def _wholes(bases: Iterable[Base]) -> list[Group]:
    """Return every group, shown or not, that could be put together from those shown."""
    found = {
        frozenset(part)
        for base in bases
        for size in range(len(base.group) + 1)
        for part in combinations(sorted(base.group), size)
    }
    return sorted(found, key=lambda group: (len(group), sorted(group)))


def _one_division(whole: Group, bases: Iterable[Base], out: Decisions) -> Decisions:
    """Yield changes that leave nothing to subtract within one whole."""
    divisions: dict[frozenset[str], list[Base]] = {}
    for base in bases:
        if whole <= base.group and not (_columns(base.group) - _columns(whole)) & set(SAMPLES):
            divisions.setdefault(_columns(base.group), []).append(base)
    if len(divisions) < 2:
        return {}
    people = {columns: sum(out[base].n for base in divided) for columns, divided in divisions.items()}
    kept = min(divisions, key=lambda columns: _rank(columns, people[columns] < max(people.values())))
    changed: Decisions = {}
    for columns, divided in divisions.items():
        if columns == kept:
            continue
        if kept < columns:
            for group in divisions[kept]:
                parts = [base for base in divided if group.group <= base.group]
                changed |= _parts_beside(group, parts, out)
            continue
        if not columns < kept or people[columns] != people[kept]:
            changed |= {base: out[base].without("total") for base in divided}
            continue
        labels = {label for base in divided for label, share in out[base].labels.items() if share.released}
        lost = _lost(labels, [out[base] for base in divisions[kept]])
        changed |= {base: out[base].without("total", lost) for base in divided if lost}
    return changed


def _parts_beside(group: Base, parts: Sequence[Base], out: Decisions) -> Decisions:
    """Withhold from the parts of a group whatever could be had by subtraction from it."""
    if sum(out[base].n for base in parts) != out[group].n:
        return {base: out[base].without("total") for base in parts}
    labels = {label for base in parts for label, share in out[base].labels.items() if share.released}
    lost = _lost(labels, [out[base] for base in (group, *parts)])
    return {base: out[base].without("total", lost) for base in parts if lost}


def _lost(labels: Iterable[tuple[str, str]], beside: Iterable[Decision]) -> list[tuple[str, str]]:
    """List the labels that are not exact in all of the decisions; of a distribution all answers or none.

    The rest of a distribution would give the sum of what is hidden in its groups.
    """
    decisions, labels = list(beside), list(labels)
    lost = {label for label in labels if not all(_exact(decision, label) for decision in decisions)}
    whole = any(kind == "response" for kind, _ in lost)
    return [label for label in labels if label in lost or (whole and label[0] == "response")]


def _rank(columns: frozenset[str], incomplete: bool) -> tuple[bool, bool, bool, int, list[str]]:
    """Rank divisions: audiences first, then those that leave no one out, then finer ones."""
    return columns != {"audience"}, "audience" not in columns, incomplete, -len(columns), sorted(columns)


def _exact(decision: Decision, label: tuple[str, str]) -> bool:
    share = decision.labels.get(label)
    return share is not None and share.status == "exact"


# --- routed questions


def _guard_routing(decisions: Decisions, instrument: Instrument, policy: Policy) -> Decisions:
    """Withhold a routed question if its base would reveal a masked share of the routing question.

    A base below the threshold is called small before it is called routed, unless its being small would reveal
    something of a share that is not printed: 4 of 5 asked would read "<5", 5 of 5 would not. A base of two
    conditions counts the people who meet both, which no table shows, so it is withheld whatever the shares.
    """
    largest: dict[Group, float] = {}
    for base, decision in decisions.items():
        if not math.isnan(decision.n):
            largest[base.group] = max(largest.get(base.group, 0.0), decision.n)
    out = dict(decisions)
    for base, decision in decisions.items():
        if base.item not in instrument:
            continue
        variable, small = instrument[base.item], decision.reason_code == "small"
        names = routed_by(variable, instrument)
        telling = len(names) > 1 or (bool(names) and decision.reason_code == "routed")
        for name in names if not telling else ():
            asked = decisions.get(Base(name, base.group))
            if asked is not None:
                share = _printed(asked, instrument[name], codes_asked(variable, name, instrument))
                known = share is not None and share.status == "exact"
                few = (
                    share is not None and share.status == "<=" and share.upper * asked.n < decision.threshold
                )
                telling = not (known or (small and few))
            whole = largest.get(base.group, math.nan) if asked is None else asked.n
            if small and asked is None and whole >= decision.threshold and policy.unanimity:
                # a base that is not small would be near everybody, and "routed" would reveal it
                telling = decision.threshold > policy.unanimity_bounds(whole, name)[1] * whole
            elif not small:
                telling = telling or _near_all_or_none(decision.n, whole, policy, name)
        if telling:
            out[base] = decision.without("routed")
    return out


def _guard_crossed(decisions: Decisions, instrument: Instrument, policy: Policy) -> Decisions:
    """Withhold groups made of the answers to a question whose share of these answers is not shown exactly.

    A group column of the name of a question holds a measure of it, and "rest" for everybody else; the sizes
    of the groups give its share back.
    """
    out = dict(decisions)
    crossings = {pair[0] for base in decisions for pair in base.group if pair[1] == "rest"}
    for column in crossings.intersection(v.name for v in instrument.variables):
        groups = {base.group for base in decisions if any(pair[0] == column for pair in base.group)}
        for base, decision in decisions.items():
            if base.group not in groups:
                continue
            people = frozenset(pair for pair in base.group if pair[0] != column)
            asked, whole = decisions.get(Base(column, people)), decisions.get(Base(base.item, people))
            answers = {a for group in groups if group >= people for c, a in group if c == column} - {"rest"}
            exact = (
                asked is not None
                and asked.shown
                and all(any(_exact(asked, (kind, a)) for kind in _DIRECT) for a in answers)
            )
            if not exact or whole is None or _near_all_or_none(decision.n, whole.n, policy, column):
                out[base] = decision.without("routed")
    return out


_DIRECT = ("box", "code", "response")


def _guard_scores(decisions: Decisions, instrument: Instrument) -> Decisions:
    """Withhold the mean of a score unless the whole distribution of each of its items is shown.

    The mean of the other items taken from it would give back the mean of an item that is masked.
    """
    out = dict(decisions)
    for base, decision in decisions.items():
        score = instrument.scores.get(base.item)
        if score is not None and decision.shown:
            items = [decisions.get(Base(item, base.group)) for item in score.items]
            if not all(found is not None and found.shown and found.full for found in items):
                out[base] = decision.without("whole")
    return out


def _printed(decision: Decision, variable: Variable, codes: frozenset[str]) -> Share | None:
    """Return how the share of some answers to the routing question is printed; None if it is not.

    An exact one makes a base add nothing to what is shown.
    """
    if not decision.shown:
        return None
    if variable.kind == "number":  # its mean masks no share that a base could give back, its bands may
        in_bands = any(kind == "response" for kind, _ in decision.labels)
        return Share("exact") if decision.full or not in_bands else None
    others = frozenset(variable.codes) - codes
    if decision.full or not (codes and others):
        return Share("exact")
    found: dict[frozenset[str], Share] = {}
    parts = three_parts(variable)
    for (kind, label), share in decision.labels.items():
        named = {"response": (label,), "part": parts.get(label, ()), "asked": tuple(label.split())}
        chosen = frozenset(named.get(kind) or (variable.codes_of(label) if kind == "box" else ()))
        if share.released and (chosen not in found or share.status == "exact"):
            found[chosen] = share
    if codes in found:
        return found[codes]
    return _opposite(found[others]) if others in found else None


def _near_all_or_none(part: float, whole: float, policy: Policy, item: str) -> bool:
    if math.isnan(part) or math.isnan(whole) or whole <= 0 or not policy.unanimity:
        return False
    low, high = policy.unanimity_bounds(whole, item)
    return part / whole >= high or part / whole <= low


# --- options of one question


def _guard_options(decisions: Decisions, instrument: Instrument, policy: Policy) -> Decisions:
    """Withhold "none of these" (or else the question) if the options together narrow a bound.

    Everybody in the base ticked something, so the shares of all options sum to 1 or more, and "none" is what
    no other option covers; with a `maximum` they sum to that at most. The decision looks only at what is
    released about the other options.
    """
    out = dict(decisions)
    for bases, exclusive, whole in _questions(decisions, instrument):
        shares = {base: _ticked(out[base]) for base in bases}
        most = instrument[bases[0].item].item.maximum
        ticks = {base: most if base in exclusive and most else 1.0 for base in bases}
        if most is not None and _filled(
            [(share, ticks[one]) for one, share in shares.items() if share], most
        ):
            out |= {base: out[base].without("option") for base in bases if out[base].shown}
            continue
        others = {base: share for base, share in shares.items() if base not in exclusive}
        if not whole or not others or any(share is None for share in others.values()):
            continue  # an option that is not shown leaves the sum unknown
        low, _ = policy.unanimity_bounds(out[bases[0]].n, bases[0].item)
        lost = exclusive if exclusive else bases
        if _narrows(
            [share for share in others.values() if share], low if exclusive else 0.0, bool(exclusive)
        ):
            for base in lost:
                if out[base].shown:
                    out[base] = out[base].without("option")
    return out


def _guard_rankings(decisions: Decisions, instrument: Instrument) -> Decisions:
    """Withhold whatever the options of a ranking would reveal of one another.

    Everybody gives each rank once, so the shares of a rank sum to 1 over the options, and mean ranks to a
    constant: distributions and functions leave for all options of a group or for none. The shares ranked
    first are guarded as ticks of which each person makes one; all of them go where one would be revealed.
    """
    out = dict(decisions)
    for bases in _rankings(decisions, instrument):
        shown = [base for base in bases if out[base].shown]
        labels = {label for base in shown for label in out[base].labels if label[0] != "box"}
        for label in labels:
            if not all(_exact(out[base], label) for base in shown):
                out |= {base: out[base].without("option", [label]) for base in shown}
        firsts = [share for base in shown if (share := _ticked(out[base])) is not None]
        if any(share.status != "exact" for share in firsts) and (
            _narrows(firsts, 0.0, exclusive=False) or _filled([(share, 1.0) for share in firsts], 1.0)
        ):
            for base in shown:
                lost = [label for label in out[base].labels if label[0] in ("box", "part")]
                out[base] = out[base].without("option", lost)
    return out


def _rankings(decisions: Decisions, instrument: Instrument) -> Iterator[list[Base]]:
    found: dict[tuple[str, Group], list[Base]] = {}
    for base, decision in decisions.items():
        if decision.shown and base.item in instrument and instrument[base.item].item.type == "ranking":
            found.setdefault((instrument[base.item].item.id, base.group), []).append(base)
    yield from found.values()


def _questions(decisions: Decisions, instrument: Instrument) -> Iterator[tuple[list[Base], list[Base], bool]]:
    """Group the shown options by question and group, with the exclusive ones and whether all are shown."""
    found: dict[tuple[str, Group], list[Base]] = {}
    for base, decision in decisions.items():
        if decision.shown and base.item in instrument and instrument[base.item].kind == "option":
            found.setdefault((instrument[base.item].item.id, base.group), []).append(base)
    for (item, _), bases in found.items():
        exclusive = [base for base in bases if _excludes(instrument[base.item])]
        yield bases, exclusive, len(bases) == len(instrument.of_item(item))


def _excludes(variable: Variable) -> bool:
    return variable.option is not None and variable.option.exclusive


def _ticked(decision: Decision) -> Share | None:
    """Return how the share that ticked an option is shown, possibly through the share that did not."""
    for key in (("box", "top"), ("response", "1")):
        share = decision.labels.get(key)
        if share is not None and share.released:
            return share
    for key in (("box", "bottom"), ("response", "0")):
        share = decision.labels.get(key)
        if share is not None and share.released:
            return _opposite(share)
    return None


def _opposite(share: Share) -> Share:
    if share.status == "exact":
        return Share("exact", upper=1 - share.lower)
    if share.status == "<=":
        return Share(">=", bound=1 - share.bound, upper=1.0, lower=1 - share.upper)
    return Share("<=", bound=1 - share.bound, upper=1 - share.lower)


def _filled(shares: list[tuple[Share, float]], most: float) -> bool:
    """Return whether a maximum number of answers leaves a masked option less room than its bound states.

    Each option comes with how many answers it takes up: "none of these" all that are allowed.
    """
    least = [0.0 if share.status == "<=" else _least(share) * ticks for share, ticks in shares]
    return any(
        share.status != "exact" and (most - (sum(least) - own)) / ticks < share.upper - 1e-9
        for (share, ticks), own in zip(shares, least, strict=True)
    )


def _least(share: Share) -> float:
    if share.status == ">=":
        return share.bound
    return share.upper if math.isnan(share.lower) else share.lower


def _narrows(others: list[Share], none_of_these: float, exclusive: bool) -> bool:
    total = sum(share.upper for share in others)
    least = 1 - 1e-9
    if exclusive and total < least:
        return True
    masked = [share for share in others if share.status == "<="]
    return any(total - share.upper + none_of_these < least for share in masked)
