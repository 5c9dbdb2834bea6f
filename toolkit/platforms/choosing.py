"""What of an instrument is exported: the languages and audiences asked for, and the items they leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.fields import ParallelWording
from toolkit.instrument.lint import find
from toolkit.instrument.model import Instrument, Item, Row, Section

__all__ = ["idle_notices", "narrow", "one_by_one"]


def narrow(
    instrument: Instrument,
    *,
    languages: Iterable[str] | None = None,
    audiences: Iterable[str] | None = None,
) -> Instrument:
    """The part of an instrument that some audiences are asked, in some languages.

    Parameters
    ----------
    instrument
        The instrument.
    languages
        Languages wanted, the base language first; all of the instrument's where left out.
    audiences
        Audiences wanted; the instrument's order is kept. All of them where left out.

    Returns
    -------
    Instrument
        Items, rows and sections of those audiences alone. Words in other languages stay in it: what is
        written is what `languages` names.

    Raises
    ------
    InvalidInput
        What lint finds wrong with the instrument; languages and audiences it does not have; audiences that
        are asked nothing.

    Examples
    --------
    >>> narrow(instrument, audiences=["executive"]).audiences.keys()  # doctest: +SKIP
    dict_keys(['executive'])
    """
    faults = [*dict.fromkeys(finding.problem() for finding in find(instrument)), *_without_rows(instrument)]
    if faults:
        raise InvalidInput(instrument.id, faults)
    spoken = _chosen(instrument.languages, languages)
    asked = _chosen(instrument.audiences, audiences)
    problems = [
        *_strangers("language", spoken, instrument.languages),
        *_strangers("audience", asked, instrument.audiences),
    ]
    if not problems and asked == tuple(instrument.audiences):
        return instrument.model_copy(update={"languages": spoken})
    if not problems:
        asked = tuple(name for name in instrument.audiences if name in asked)
        items = tuple(item for item in (_narrowed(item, asked) for item in instrument.items) if item)
        problems = [
            Problem("not-asked", f"audience {name}", "is asked none of the items", "leave the audience out")
            for name in asked
            if not any(item.audiences is None or name in item.audiences for item in items)
        ]
    if problems:
        raise InvalidInput(instrument.id, problems)
    kept = {item.id for item in items}
    return instrument.model_copy(
        update={
            "languages": spoken,
            "audiences": {name: instrument.audiences[name] for name in asked},
            "items": items,
            "sections": tuple(section for section in _sections(instrument, kept) if section.items),
        }
    )


def one_by_one(instrument: Instrument) -> Iterator[tuple[str, Instrument]]:
    """Each audience and what it is asked; those that are asked nothing are left out (`idle_notices`).

    Raises
    ------
    InvalidInput
        No audience is asked anything.
    """
    idle = _idle(instrument)
    asked = [name for name in instrument.audiences if name not in idle]
    if not asked:
        nothing = Problem("not-asked", "audiences", "none of them is asked any item", "give them items")
        raise InvalidInput(instrument.id, [nothing])
    for name in asked:
        yield name, narrow(instrument, audiences=[name])


def idle_notices(instrument: Instrument) -> list[str]:
    """What to say where an export an audience leaves out audiences that are asked nothing."""
    return [
        f"audience {name} is asked none of the items; nothing was written for it"
        for name in _idle(instrument)
    ]


def _idle(instrument: Instrument) -> list[str]:
    return [
        name
        for name in instrument.audiences
        if not any(item.audiences is None or name in item.audiences for item in instrument.items)
    ]


def _without_rows(instrument: Instrument) -> Iterator[Problem]:
    """Matrices that an audience is asked without any of their rows: there would be nothing to show."""
    for item in instrument.items:
        asked = item.audiences or tuple(instrument.audiences)
        for name in asked if item.rows else ():
            if not any(row.audiences is None or name in row.audiences for row in item.rows):
                what = f"{name} is asked this matrix and none of its rows"
                yield Problem(
                    "not-asked", f"item {item.id}", what, f"take {name} from its audiences, or ask them a row"
                )


def _chosen(known: Iterable[str], wanted: Iterable[str] | None) -> tuple[str, ...]:
    if wanted is None:
        return tuple(known)
    return tuple(dict.fromkeys([wanted] if isinstance(wanted, str) else wanted))


def _strangers(what: str, wanted: tuple[str, ...], known: Iterable[str]) -> Iterator[Problem]:
    known = list(known)
    if not wanted:
        yield Problem(
            "empty", f"{what}s", "none is named", f"name one of {', '.join(known)}, or leave it out for all"
        )
    for name in wanted:
        if name not in known:
            yield Problem(
                "unknown-name", f"{what} '{name}'", "the instrument does not have it", near_names(name, known)
            )


def _narrowed(item: Item, asked: tuple[str, ...]) -> Item | None:
    mine = tuple(name for name in asked if item.audiences is None or name in item.audiences)
    if not mine:
        return None
    rows = [_narrowed_row(row, mine) for row in item.rows if set(row.audiences or mine) & set(mine)]
    audiences = None if mine == asked else mine
    return item.model_copy(update={"audiences": audiences, "text": _heard(item.text, mine), "rows": (*rows,)})


def _narrowed_row(row: Row, asked: tuple[str, ...]) -> Row:
    mine = tuple(name for name in asked if row.audiences is None or name in row.audiences)
    audiences = None if mine == asked else mine
    return row.model_copy(update={"audiences": audiences, "text": _heard(row.text, mine)})


def _heard(text: ParallelWording, audiences: tuple[str, ...]) -> ParallelWording:
    """The words of some audiences; of "all" only where one of them has none of its own."""
    kept = {name: words for name, words in text.items() if name in audiences}
    return kept if len(kept) == len(audiences) else {**kept, "all": text["all"]}


def _sections(instrument: Instrument, kept: set[str]) -> Iterator[Section]:
    for section in instrument.sections:
        yield section.model_copy(update={"items": tuple(name for name in section.items if name in kept)})
