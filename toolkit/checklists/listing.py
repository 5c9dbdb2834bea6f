"""The items of the checklists, and filling them in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import Field

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.yaml_loader import Strict, checked, read_document
from toolkit.presentation.blocks import Table, table_of
from toolkit.records import records

if TYPE_CHECKING:
    from toolkit.claims.register import StudyFacts
    from toolkit.study import Study

# Facts about a survey, in the form checklists ask for.


ANSWERED, TO_CHECK, MISSING = "answered", "to check", "missing"

_LONGEST = 180


@dataclass(frozen=True)
class Answer:
    """The answer to a checklist item, and where it was found."""

    status: str
    says: str = ""
    where: str = ""


@dataclass(frozen=True)
class Text:
    """A methods text, the AAPOR element it is about, and its place."""

    element: str
    words: str
    where: str

    def sentences(self) -> Iterator[str]:
        """Split the text into sentences."""
        yield from (one.strip() for one in re.split(r"(?<=[.!?;])\s+", self.words) if one.strip())

    def naming(self, cues: Iterable[str]) -> str:
        """Return the first sentence with a word that begins with one of the cues; "" if none does."""
        found = re.compile("|".join(rf"\b{re.escape(cue)}" for cue in cues), re.IGNORECASE)
        return next((one for one in self.sentences() if found.search(one)), "") if found.pattern else ""


def quoted(sentence: str) -> str:
    """Quote a sentence, shortened if it is long."""
    kept = sentence if len(sentence) <= _LONGEST else f"{sentence[:_LONGEST].rsplit(' ', 1)[0]} …"
    return f"“{kept.replace('“', '‘').replace('”', '’')}”"


@dataclass(frozen=True)
class Facts:
    """Answers by item, and the methods texts that may answer others."""

    known: Mapping[str, Answer]
    texts: tuple[Text, ...] = ()
    language: str = "en"


# The items of the checklists, read from the YAML files beside this module.


CHECKLISTS = ("aapor", "cherries")


class ChecklistItem(Strict):
    """An item of a checklist.

    Parameters
    ----------
    asks
        What a reader wants to know, in our own words.
    look_in
        Methods texts that may cover it; all where none is named.
    cues
        Words that show that they do; small and capital letters are the same.
    """

    id: str
    section: str = ""
    title: str
    asks: str
    look_in: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()


class Checklist(Strict):
    """A published checklist with its source."""

    id: str
    title: str
    source: str
    items: tuple[ChecklistItem, ...] = Field(min_length=1)


@cache
def load_checklist(name: str) -> Checklist:
    """Load one of `CHECKLISTS`.

    Examples
    --------
    >>> len(load_checklist("aapor").items), len(load_checklist("cherries").items)
    (11, 30)
    """
    return checked(Checklist, read_document(Path(__file__).with_name(f"{name}.yaml")))


# Filling in checklists for a study, a report or a publication.


STATUSES = (ANSWERED, TO_CHECK, MISSING)
"""A fact or text exists; a text exists that a person must read to decide; there is none."""


def checklist(source: Study | StudyFacts | str | Path, *, lists: Iterable[str] = CHECKLISTS) -> pd.DataFrame:
    """Check a report against the AAPOR disclosure elements and the CHERRIES items.

    Parameters
    ----------
    source
        A study or its study.yaml; the folder of a finished report; or the entry of a publication
        (`Register.studies[...]`).
    lists
        Of "aapor" and "cherries".

    Returns
    -------
    pandas.DataFrame
        One row per item: checklist, section, item, title, asks, status (one of `STATUSES`), answer, where.

    Raises
    ------
    InvalidInput
        No such checklist; no study or report there.

    Notes
    -----
    Nothing is guessed: what was counted or is in the study file is "answered". A sentence that holds one
    of an item's words is "to check", because only a reader can tell whether it suffices. All else is
    "missing", which means not reported, not that it was not done.

    Examples
    --------
    >>> import toolkit as tk
    >>> from toolkit.claims import load_register
    >>> facts = load_register("data_samples/published").studies["upwork-2024"]
    >>> found = tk.checklist(facts, lists=["aapor"]).set_index("item")["status"]
    >>> found["dates"], found["weighting"]
    ('answered', 'missing')
    """
    wanted = list(lists)
    unknown = [name for name in wanted if name not in CHECKLISTS]
    if unknown or not wanted:
        problems = [
            Problem("unknown-name", f"checklist {name}", "is unknown", near_names(name, CHECKLISTS))
            for name in unknown
        ]
        raise InvalidInput(
            "checklist",
            problems or [Problem("empty", "lists", "names none", f"name some of {', '.join(CHECKLISTS)}")],
        )
    facts = _facts(source)
    rows = [_row(one, item, facts) for one in (load_checklist(name) for name in wanted) for item in one.items]
    return pd.DataFrame(rows)


def checklist_table(found: pd.DataFrame, *, status: str | None = None) -> Table:
    """Format a filled checklist as text, optionally only items of one status.

    Raises
    ------
    InvalidInput
        An unknown status.
    """
    if status is not None and status not in STATUSES:
        hint = near_names(status, STATUSES)
        raise InvalidInput(
            "checklist_table", [Problem("unknown-option", f"status {status}", "is unknown", hint)]
        )
    kept = found if status is None else found[found["status"] == status]
    rows = [
        {
            "Item": ": ".join(filter(None, [row["section"], row["title"]])),
            "A reader asks": row["asks"],
            "Status": row["status"],
            "Said": row["answer"] or "—",
        }
        for row in records(kept)
    ]
    sources = dict.fromkeys(load_checklist(name).source for name in found["checklist"].unique())
    title = "Checklist" if status is None else f"Checklist: {status}"
    notes = [f"Items in our own words after {'; '.join(sources)}."]
    return table_of(
        rows, ("Item", "A reader asks", "Status", "Said"), title=title, kind="checklist", notes=notes
    )


def _facts(source: Any) -> Facts:
    from toolkit.checklists import sources
    from toolkit.claims.register import StudyFacts
    from toolkit.study import Study, load_study

    if isinstance(source, Study):
        return sources.of_study(source)
    if isinstance(source, StudyFacts):
        return sources.of_publication(source)
    if not isinstance(source, str | Path):
        what = f"is of type {type(source).__name__}"
        fix = "give a study, a study file, a report's folder or a publication's entry"
        raise InvalidInput("checklist", [Problem("wrong-type", "source", what, fix)])
    path = Path(source)
    if path.is_dir() and not (path / "study.yaml").is_file():
        return sources.of_report(path)
    return sources.of_study(load_study(path))


def _row(one: Checklist, item: ChecklistItem, facts: Facts) -> dict[str, str]:
    answer = facts.known.get(item.id) or _by_cue(item, facts)
    return {
        "checklist": one.id,
        "section": item.section,
        "item": item.id,
        "title": item.title,
        "asks": item.asks,
        "status": answer.status,
        "answer": answer.says,
        "where": answer.where,
    }


def _by_cue(item: ChecklistItem, facts: Facts) -> Answer:
    """Return the first sentence of the texts that contains one of the item's cues."""
    for text in facts.texts:
        if item.look_in and text.element not in item.look_in:
            continue
        sentence = text.naming(item.cues)
        if sentence:
            return Answer(TO_CHECK, quoted(sentence), text.where)
    if facts.texts and facts.language != "en":
        return Answer(TO_CHECK, "The words looked for are English; read the texts.", facts.texts[0].where)
    return Answer(MISSING)
