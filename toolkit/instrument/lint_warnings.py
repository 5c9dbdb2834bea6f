"""Warnings about questionnaires that are well formed but may bias answers; each can be suppressed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product

from toolkit.instrument.conditions import Comparison, Joined, Leaf, Node, Not, leaves, parse_tree
from toolkit.instrument.lint_length import LONGEST, minutes
from toolkit.instrument.lint_rules import Lint
from toolkit.instrument.lint_words import Found, hard_questionnaires, spoilt_words
from toolkit.instrument.model import Instrument, Item, Option, Scale
from toolkit.instrument.yaml_loader import Finding

__all__ = ["advise"]

_ORDERS = ("<", "<=", ">", ">=")
_POLES = tuple(
    (re.compile(rf"\b(?:{more})\b", re.IGNORECASE), re.compile(rf"\b(?:{less})\b", re.IGNORECASE))
    for more, less in (
        ("agree", "disagree"),
        ("satisfied", "dissatisfied|unsatisfied"),
        ("likely", "unlikely"),
        ("good|well|excellent|great|outstanding", "bad|badly|poor|poorly|terrible|awful"),
        ("positive|positively", "negative|negatively"),
        ("better|improved", "worse|worsened"),
        ("increased|increase", "decreased|decrease"),
        ("favou?rable|in favou?r", "unfavou?rable|against|opposed"),
        ("easy", "hard|difficult"),
        ("d'accord", "pas (?:du tout )?d'accord"),
        ("satisfaite?", "insatisfaite?"),
    )
)
_MOST_LEAVES = 12


def advise(instrument: Instrument) -> list[Finding]:
    """List what may bias the answers to a questionnaire without faults.

    Parameters
    ----------
    instrument
        A sound instrument: what `lint` finds is not said again.

    Returns
    -------
    list[Finding]
        Rules "double-barrelled", "leading" and "reading-grade" (words), "unbalanced-scale", "numeric-routing"
        and "length". Those an item or a scale allows, with a reason, are left out.

    Examples
    --------
    >>> advise(load_instrument("instruments/employee.yaml"))  # doctest: +SKIP
    []
    """
    found: list[Finding] = []
    for name, scale in instrument.scales.items():
        found += _kept(_unbalanced(("scales", name), scale.options, scale), scale.lint)
    for item in instrument.items:
        here = [*spoilt_words(item, instrument), *_routing(item, instrument)]
        if item.type == "single" and item.options:
            here += _unbalanced(("items", item.id, "options"), item.options, None)
        found += _kept(here, item.lint)
    found += _kept(hard_questionnaires(instrument), Lint())
    found += _kept(_length(instrument), Lint())
    return list(dict.fromkeys(found))


def _kept(found: Found, lint: Lint) -> Iterator[Finding]:
    """Leave out the rules an author allows; the sentence names its rule, as it can be set aside."""
    for rule, path, what, hint in found:
        if rule not in lint.allow:
            yield Finding(rule, path, f"{what} [{rule}]", hint)


def _unbalanced(path: tuple[str, ...], options: tuple[Option, ...], scale: Scale | None) -> Found:
    """Find scales with more answers on one side, by their boxes or by opposite words in the labels."""
    hint = "give both sides the same number of answers, or a reason under lint → allow"
    if scale and scale.ordered and scale.top and scale.bottom and len(scale.top) != len(scale.bottom):
        what = f"the top box has {len(scale.top)} answers and the bottom box {len(scale.bottom)}"
        yield "unbalanced-scale", path, what, hint
        return
    for language in dict.fromkeys(name for option in options for name in option.label):
        labels = [option.label.get(language, "") for option in options]
        for more, less in _POLES:
            low = [label for label in labels if less.search(label)]
            high = [label for label in labels if more.search(less.sub("", label))]
            both = [label for label in high if label in low]  # "neither agree nor disagree"
            if low and high and len(low) != len(high) and len(both) < min(len(low), len(high)):
                above, below = len(high) - len(both), len(low) - len(both)
                what = f"{above} of its answers are at one end, {below} at the other"
                yield "unbalanced-scale", path, f"{what} ({language})", hint
                return


def _length(instrument: Instrument) -> Found:
    for row in minutes(instrument).itertuples(index=False):
        if row.longest > LONGEST:
            what = f"it takes {row.audience} up to {row.longest:.0f} minutes, {row.questions} questions"
            yield "length", ("audiences", str(row.audience)), what, f"shorten it to {LONGEST:.0f} minutes"


def _routing(item: Item, instrument: Instrument) -> Found:
    """Find conditions that a don't-know meets because its code is a large number."""
    if item.ask_if is None:
        return
    tree = parse_tree(item.ask_if)
    found = list(dict.fromkeys(leaves(tree)))
    ordered = dict.fromkeys(
        leaf.name for leaf in found if isinstance(leaf, Comparison) and leaf.operator in _ORDERS
    )
    for name in ordered:
        if name not in instrument:
            continue
        for missing in instrument.missing_of(instrument[name]):
            if missing.code.isdigit() and _lets_in(tree, found, name, missing.code):
                label = next(iter(missing.label.values()))
                what = f"'{item.ask_if}' is true of “{label}” on '{name}', whose code is {missing.code}"
                hint = f"name the codes that are meant, as '{name} in (4, 5)'"
                yield "numeric-routing", ("items", item.id, "ask_if"), what, hint


def _lets_in(tree: Node, found: list[Leaf], name: str, code: str) -> bool:
    """Return whether that code meets the condition where no answer would not, whatever the rest."""
    others = [leaf for leaf in found if leaf.name != name]
    if len(others) > _MOST_LEAVES:
        return True  # too many combinations to try: better one warning too many
    mine = [leaf for leaf in found if leaf.name == name]
    with_code = {leaf: _holds(leaf, code) for leaf in mine}
    unanswered = {leaf: _holds(leaf, None) for leaf in mine}
    for values in product((False, True), repeat=len(others)):
        rest = dict(zip(others, values, strict=True))
        if _true(tree, rest | with_code) and not _true(tree, rest | unanswered):
            return True
    return False


def _holds(leaf: Leaf, code: str | None) -> bool:
    """Evaluate a leaf for one answer; a missing answer meets only "!=" and "not in"."""
    if not isinstance(leaf, Comparison):
        return code is not None
    if leaf.operator in _ORDERS:
        if code is None:
            return False
        value, limit = float(code), float(leaf.codes[0])
        return {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit}[
            leaf.operator
        ]
    there = code in leaf.codes
    return there if leaf.operator in ("==", "in") else not there


def _true(node: Node, values: Mapping[Leaf, bool]) -> bool:
    if isinstance(node, Not):
        return not _true(node.part, values)
    if isinstance(node, Joined):
        parts = [_true(part, values) for part in node.parts]
        return all(parts) if node.word == "and" else any(parts)
    return values[node]
