"""Borrowed scales: the adapter's codes and scoring combined with the user's words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TypeVar

from toolkit.errors import InvalidInput, near_names
from toolkit.instrument.files import BankFile, Borrowed, BorrowedScore
from toolkit.instrument.model import Item, Option, Row, Scale, Score, Source
from toolkit.instrument.published.adapters import Adapter, adapter_names, load_adapter
from toolkit.instrument.published.refused import REFUSED
from toolkit.instrument.yaml_loader import Finding

__all__ = ["bring_in"]

Bank = TypeVar("Bank", bound=BankFile)
_TOO_SHORT = 12


def bring_in(bank: Bank) -> tuple[Bank, tuple[Finding, ...]]:
    """Add the scales, items and scores of every borrowed scale to a bank.

    Parameters
    ----------
    bank
        A bank, or a questionnaire in one file, with what it borrows.

    Returns
    -------
    tuple
        The bank with nothing left to borrow, and every complaint: a name that is refused or unknown, a
        confirmation that is not there, words that are missing or belong to nothing. A scale with a
        complaint is left out.
    """
    complaints: list[Finding] = []
    scales, scores, items = dict(bank.scales), dict(bank.scores), list(bank.items)
    for name, borrowed in bank.borrowed.items():
        path = ("borrowed", name)
        adapter, found = _known(name, path)
        if adapter is not None:
            found = [*_unconfirmed(path, adapter, borrowed), *_words(path, adapter, borrowed)]
        if adapter is not None and not found:
            made = _scales(adapter, borrowed), _items(adapter, borrowed), _scores(adapter, borrowed)
            found = [*_taken(path, made[0], scales), *_taken(path, made[2], scores)]
            scales |= made[0]
            items += made[1]
            scores |= made[2]
        complaints += found
    update = {"scales": scales, "items": tuple(items), "scores": scores, "borrowed": {}}
    return bank.model_copy(update=update), tuple(complaints)


def _known(name: str, path: tuple[str, ...]) -> tuple[Adapter | None, list[Finding]]:
    refused = REFUSED.get(name.casefold())
    if refused:
        what = f"the {refused.name} is not carried: {refused.reason}"
        return None, [Finding("not-licensed", path, what, refused.instead)]
    try:
        return load_adapter(name), []
    except InvalidInput as error:
        hint = near_names(name, (*adapter_names(), *REFUSED))
        return None, [Finding(problem.code, path, problem.what, hint) for problem in error.problems]


def _unconfirmed(path: tuple[str, ...], adapter: Adapter, borrowed: Borrowed) -> Iterator[Finding]:
    if len(borrowed.confirmed.strip()) < _TOO_SHORT:
        what = f"the use of the {adapter.name} is not confirmed ({adapter.licence})"
        hint = f"confirm in 'confirmed', with name, ground and date, {adapter.confirm}"
        yield Finding("not-licensed", (*path, "confirmed"), what, hint)


def _words(path: tuple[str, ...], adapter: Adapter, borrowed: Borrowed) -> Iterator[Finding]:
    """Take the words for exactly the grids, rows and answers the scale has."""
    wanted = {row for grid in adapter.grids.values() for row in grid.rows}
    yield from _matched((*path, "text"), adapter.grids, borrowed.text, "grid")
    yield from _matched((*path, "answers"), adapter.answers, borrowed.answers, "set of answers")
    for name, codes in adapter.answers.items():
        if name in borrowed.answers:
            yield from _matched((*path, "answers", name), codes, borrowed.answers[name], "answer")
    if not adapter.family:
        yield from _matched((*path, "rows"), wanted, borrowed.rows, "row")
        if borrowed.scores:
            hint = "leave 'scores' out: they are the published ones"
            yield Finding("conflict", (*path, "scores"), f"the {adapter.name} has scores of its own", hint)
        return
    if not borrowed.rows:
        yield Finding(
            "missing-key", (*path, "rows"), "no row is given", f"give the rows of the {adapter.name} you use"
        )
    if not borrowed.scores:
        hint = "list the rows of each score, as its authors define them"
        yield Finding("missing-key", (*path, "scores"), "no score is given", hint)
    for name, score in borrowed.scores.items():
        yield from _family_score((*path, "scores", name), score, borrowed.rows)


def _family_score(
    path: tuple[str, ...], score: BorrowedScore, rows: Mapping[str, object]
) -> Iterator[Finding]:
    for row in dict.fromkeys(score.rows):
        if row not in rows:
            yield Finding("unknown-name", (*path, "rows"), f"unknown row '{row}'", near_names(row, rows))
    for row in dict.fromkeys(score.reverse):
        if row not in score.rows:
            hint = near_names(row, score.rows)
            yield Finding("unknown-name", (*path, "reverse"), f"'{row}' is not a row of this score", hint)


def _matched(
    path: tuple[str, ...], wanted: object, given: Mapping[str, object], kind: str
) -> Iterator[Finding]:
    names = sorted(wanted) if isinstance(wanted, set) else list(wanted)  # type: ignore[call-overload]
    absent = [name for name in names if name not in given]
    if absent:
        what = f"words are missing for {kind} {', '.join(repr(name) for name in absent)}"
        yield Finding("missing-value", path, what, "add the published words")
    for name in given:
        if name not in names:
            yield Finding(
                "unknown-name", (*path, name), f"the scale has no {kind} '{name}'", near_names(name, names)
            )


def _taken(
    path: tuple[str, ...], made: Mapping[str, object], known: Mapping[str, object]
) -> Iterator[Finding]:
    for name in made:
        if name in known:
            yield Finding(
                "name-taken",
                path,
                f"'{name}' is already defined in the bank",
                f"name the other '{name}' anew",
            )


def _scales(adapter: Adapter, borrowed: Borrowed) -> dict[str, Scale]:
    return {
        name: Scale(
            ordered=True,
            options=tuple(Option(code=code, label=borrowed.answers[name][code]) for code in codes),
        )
        for name, codes in adapter.answers.items()
    }


def _items(adapter: Adapter, borrowed: Borrowed) -> list[Item]:
    source = _source(adapter, borrowed)
    return [
        Item(
            id=name,
            type="matrix",
            theme=borrowed.theme,
            scale=grid.answers,
            text=borrowed.text[name],
            rows=tuple(
                Row(id=row, text=borrowed.rows[row])
                for row in (borrowed.rows if adapter.family else grid.rows)
            ),
            sensitive=adapter.sensitive,
            source=source,
        )
        for name, grid in adapter.grids.items()
    ]


def _scores(adapter: Adapter, borrowed: Borrowed) -> dict[str, Score]:
    source = _source(adapter, borrowed)
    if not adapter.family:
        return {
            name: Score(**score.model_dump(), sensitive=adapter.sensitive, source=source)
            for name, score in adapter.scores.items()
        }
    (grid,) = adapter.grids
    share = adapter.minimum_share
    return {
        name: Score(
            label=score.label,
            items=tuple(f"{grid}_{row}" for row in score.rows),
            reverse=tuple(f"{grid}_{row}" for row in score.reverse),
            minimum=None if share is None else math.ceil(share * len(score.rows)),
            favourable=score.favourable,
            sensitive=adapter.sensitive,
            source=source,
        )
        for name, score in borrowed.scores.items()
    }


def _source(adapter: Adapter, borrowed: Borrowed) -> Source:
    return Source(
        origin="published",
        after=f"{adapter.name}; {adapter.reference}",
        licence=f"{adapter.licence}; confirmed by the user: {borrowed.confirmed.strip()}",
        status=adapter.status,
    )
