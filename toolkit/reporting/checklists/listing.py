"""Filling in checklists for a study, a report or a publication."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.presentation.blocks import Table, table_of
from toolkit.records import records
from toolkit.reporting.checklists.facts import ANSWERED, MISSING, TO_CHECK, Answer, Facts, quoted
from toolkit.reporting.checklists.items import CHECKLISTS, Checklist, ChecklistItem, load_checklist

if TYPE_CHECKING:
    from toolkit.findings.claims import StudyFacts
    from toolkit.study import Study

__all__ = ["STATUSES", "checklist", "checklist_table"]

STATUSES = (ANSWERED, TO_CHECK, MISSING)
"""A fact or text stands; a text stands that may say it, and somebody must read it; nothing says it."""


def checklist(source: Study | StudyFacts | str | Path, *, lists: Iterable[str] = CHECKLISTS) -> pd.DataFrame:
    """Check a report against the AAPOR disclosure elements and the CHERRIES items.

    Parameters
    ----------
    source
        A study or its study.yaml; the folder of a finished report; or what a publication said of itself
        (`Register.studies[...]`).
    lists
        Of "aapor" and "cherries".

    Returns
    -------
    pandas.DataFrame
        A row an item: checklist, section, item, title, asks, status (one of `STATUSES`), answer, where.

    Raises
    ------
    InvalidInput
        No such checklist; no study or report there.

    Notes
    -----
    Nothing is guessed: what was counted or stands in the study file is "answered". A sentence that holds one
    of an item's words is "to check", because only a reader can tell whether it says enough. All else is
    "missing", which means not said, not that it was not done.

    Examples
    --------
    >>> import toolkit as tk
    >>> from toolkit.findings import load_register
    >>> facts = load_register("data_samples/published").studies["upwork-2024"]
    >>> found = tk.checklist(facts, lists=["aapor"]).set_index("item")["status"]
    >>> found["dates"], found["weighting"]
    ('answered', 'missing')
    """
    wanted = list(lists)
    unknown = [name for name in wanted if name not in CHECKLISTS]
    if unknown or not wanted:
        problems = [
            Problem("unknown-name", f"checklist {name}", "is not known", near_names(name, CHECKLISTS))
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
        A status that is none.
    """
    if status is not None and status not in STATUSES:
        hint = near_names(status, STATUSES)
        raise InvalidInput(
            "checklist_table", [Problem("unknown-option", f"status {status}", "is none", hint)]
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


def _facts(source: Study | StudyFacts | str | Path) -> Facts:
    from toolkit.findings.claims import StudyFacts
    from toolkit.reporting.checklists import sources
    from toolkit.study import Study, load_study

    if isinstance(source, Study):
        return sources.of_study(source)
    if isinstance(source, StudyFacts):
        return sources.of_publication(source)
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
