"""Which audiences are compared with which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, TypeAlias

from toolkit.errors import InvalidInput, Problem, ProblemCode, near_names

__all__ = ["Pairs", "pairs_to_compare"]

Pairs: TypeAlias = Sequence[tuple[Any, Any]]


def pairs_to_compare(
    labels: Sequence[Any], between: str, pairs: Pairs | str | None, reference: Any = None
) -> list[tuple[Any, Any]]:
    """The pairs given, each other audience with the reference, or all pairs.

    Parameters
    ----------
    labels
        The audiences there are, in order.
    between
        The column they are in.
    pairs, reference
        As in `gaps`.

    Raises
    ------
    InvalidInput
        For fewer than two audiences, audiences that are not there, a name where pairs are meant, and
        pairs beside a reference.

    Examples
    --------
    >>> pairs_to_compare(["executive", "employee", "freelancer"], "audience", None, "executive")
    [('employee', 'executive'), ('freelancer', 'executive')]
    """
    if len(labels) < 2:
        raise InvalidInput(
            "gaps",
            [Problem("too-few", f"column {between}", f"holds {len(labels)} audience(s)", "a gap needs two")],
        )
    if reference is not None:
        problems = []
        if pairs is not None:
            problems.append(Problem("conflict", "reference", "is given beside pairs", "give one of the two"))
        if reference not in labels:
            what = f"{reference!r} is not in column {between}"
            known = near_names(str(reference), map(str, labels))
            problems.append(Problem("unknown-value", "reference", what, known))
        if problems:
            raise InvalidInput("reference", problems)
        return [(label, reference) for label in labels if label != reference]
    if pairs is None:
        return list(combinations(labels, 2))
    if isinstance(pairs, str):
        hint = f'give reference="{pairs}" to compare all with it, or pairs=[(a, b)]'
        raise InvalidInput(
            "pairs", [Problem("wrong-type", f"pairs {pairs!r}", "is a name, not a list of pairs", hint)]
        )
    problems = [*_pair_problems(labels, between, pairs)]
    if problems:
        raise InvalidInput("pairs", problems)
    return [(a, b) for a, b in pairs]


def _pair_problems(labels: Sequence[Any], between: str, pairs: Pairs) -> Iterator[Problem]:
    if not len(pairs):
        yield Problem("empty", "pairs", "is empty", "name at least one pair, or leave it out")
    for pair in pairs:
        two = not isinstance(pair, str) and len(pair) == 2
        if not two or pair[0] == pair[1]:
            code: ProblemCode = "duplicate" if two else "wrong-shape"
            yield Problem(code, f"pair {pair!r}", "does not name two different audiences", "give (a, b)")
            continue
        for name in pair:
            if name not in labels:
                hint = near_names(str(name), map(str, labels))
                yield Problem("unknown-value", f"pair {pair!r}", f"{name!r} is not in column {between}", hint)
