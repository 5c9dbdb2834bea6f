"""Published scales: codes and scoring of those whose words may not be shipped."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.files import BankFile, Borrowed, BorrowedScore
from toolkit.instrument.model import Item, Option, Row, Scale, Score, Source
from toolkit.instrument.yaml_loader import (
    Code,
    Finding,
    Id,
    Referents,
    Strict,
    TimeFrame,
    Truth,
    Wording,
    checked,
    read_document,
)

# Published questionnaires that are refused, with reasons.


@dataclass(frozen=True)
class Refused:
    """A refused questionnaire: its full name, the reason, and alternatives."""

    name: str
    reason: str
    instead: str
    pattern: str


REFUSED: Mapping[str, Refused] = {
    "mbi": Refused(
        "Maslach Burnout Inventory",
        "its words and its scoring key are sold per use by their publisher and may not be reproduced",
        "ask the single burnout question of the bank, or borrow 'cbi' or 'olbi'",
        r"\bmbi\b|maslach",
    ),
    "bat": Refused(
        "Burnout Assessment Tool",
        "it is free for research that earns nothing only; work for clients needs a licence of its authors",
        "ask the single burnout question of the bank, or borrow 'cbi' or 'olbi'",
        r"\bbat(-?\d+)?\b|burnout assessment tool",
    ),
    "q12": Refused(
        "Gallup Q12",
        "its statements are proprietary to Gallup and may not be reproduced or fielded without its consent",
        "ask the bank's own items on support, trust and direction, or borrow 'uwes3'",
        r"\bq12\b|\bq\^12\b|gallup",
    ),
    "tri": Refused(
        "Technology Readiness Index",
        "its statements are copyrighted, and its authors give written permission study by study",
        "ask the bank's own readiness items, or AIAS-4, which may be shipped",
        r"\btri(\s?2\.0)?\b|technology readiness index",
    ),
}
"""Short name → what is refused."""


def refused_name(text: str) -> Refused | None:
    """Find the refused questionnaire that a name or citation refers to, if any.

    Examples
    --------
    >>> refused_name("Maslach Burnout Inventory, item 8").name
    'Maslach Burnout Inventory'
    """
    plain = text.casefold().replace("²", "2")
    for refused in REFUSED.values():
        if re.search(refused.pattern, plain):
            return refused
    return None


# Codes and scoring of published scales whose words users must supply.


_FOLDER = Path(__file__).parent


class Grid(Strict):
    """Statements that share a set of answers: the rows of a matrix, in published order."""

    answers: Id
    rows: tuple[Id, ...] = ()


class AdapterScore(Strict):
    """A score: the columns it is the mean of, the reversed ones, and its display."""

    label: Wording
    items: tuple[str, ...] = Field(min_length=2)
    reverse: tuple[str, ...] = ()
    minimum: int | None = None
    multiply: float = 1.0
    favourable: Literal["high", "low", "none"]


class Adapter(Strict):
    """A published scale without its words.

    `answers` are codes in order, the lowest meaning least; `grids` the matrices it becomes; a `family` has
    one grid whose rows, and scores of them, its user names.
    """

    name: str
    reference: str
    licence: str
    confirm: str
    status: str
    family: Truth = False
    sensitive: Truth = False
    referent: Referents = Field(default_factory=dict)
    time_frame: TimeFrame | None = None
    minimum_share: float | None = None
    answers: dict[Id, tuple[Code, ...]] = Field(min_length=1)
    grids: dict[Id, Grid] = Field(min_length=1)
    scores: dict[Id, AdapterScore] = Field(default_factory=dict)


def adapter_names() -> tuple[str, ...]:
    """List the names of published scales that can be borrowed.

    Examples
    --------
    >>> adapter_names()
    ('cbi', 'copsoq', 'olbi', 'orca', 'tis6', 'uwes3', 'who5')
    """
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@cache
def load_adapter(name: str) -> Adapter:
    """Load the codes and scoring of a published scale.

    Parameters
    ----------
    name
        One of `adapter_names()`.

    Returns
    -------
    Adapter
        Its licence, what its user must confirm, its answers, grids and scores. No words of its statements.

    Raises
    ------
    InvalidInput
        An unknown name; similar names are suggested.

    Examples
    --------
    >>> load_adapter("who5").scores["who5"].multiply
    20.0
    """
    if name not in adapter_names():
        hint = near_names(name, adapter_names())
        raise InvalidInput(
            "borrowed", [Problem("unknown-name", name, "no published scale is known by this name", hint)]
        )
    return checked(Adapter, read_document(_FOLDER / f"{name}.yaml"))


# Borrowed scales: the adapter's codes and scoring combined with the user's words.


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
        missing confirmation, words that are missing or belong to nothing. A scale with a
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
            referent=adapter.referent,
            time_frame=adapter.time_frame,
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
