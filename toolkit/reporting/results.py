"""results.csv: every number a report shows, in long rows, with the text that is printed for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from toolkit.analysis.scores import SCORES
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import NOT_SHOWN, base, is_known, percent
from toolkit.presentation.rows import item_name
from toolkit.presentation.sentences import share_of, verdict_of

if TYPE_CHECKING:
    from toolkit.disclosure import Released
    from toolkit.instrument.model import Instrument

__all__ = ["results_frame"]

_WORDS = Words(
    {
        "answered": ("{answered} of {invited}", "{answered} sur {invited}"),
        "sides": ("{one} against {other}; {said}", "{one} contre {other} ; {said}"),
    }
)

_BLANK = {"table": "participation", "item": "", "label": ""}


@spoken
def results_frame(
    released: Released,
    instrument: Instrument,
    *,
    synthetic: bool = False,
    language: str = "en",
) -> pd.DataFrame:
    """Put the released tables under each other.

    Returns
    -------
    DataFrame
        table, item, label, then the columns of the contract in the order they first come up, then printed and
        synthetic ("yes" or "no"). Only what has passed the gate.
    """
    rows = [{**row, **_BLANK, "printed": _answered(row)} for row in released.rows("participation")]
    for name in released:
        if name == "participation":
            continue
        told = released.rows(name)
        words = {item: item_name(instrument, item, language=language) for item in _items(told)}
        rows += [
            {**row, "table": name, "label": words[row["item"]], "printed": _printed(row)} for row in told
        ]
    named = dict.fromkeys(column for row in rows for column in row)
    first = ["table", "item", "label"]
    middle = [column for column in named if column not in (*first, "printed")]
    columns = {column: [row.get(column) for row in rows] for column in (*first, *middle, "printed")}
    return pd.DataFrame(columns, dtype="object").assign(synthetic="yes" if synthetic else "no")


def _items(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return dict.fromkeys(row["item"] for row in rows)


def _answered(row: Mapping[str, Any]) -> str:
    answered = base(row["answered"], row["answered_shown"])
    return _WORDS("answered", answered=answered, invited=base(row["invited"]))


def _printed(row: Mapping[str, Any]) -> str:
    if row.get("measure") in ("mean", *SCORES) and "estimate" in row:
        from toolkit.presentation.tables import score_words

        return score_words(row) if row["shown"] and is_known(row["estimate"]) else NOT_SHOWN
    if "estimate" in row:
        return share_of(row)
    sides = [percent(row[f"estimate_{side}"], bound=str(row.get(f"bound_{side}") or "")) for side in "ab"]
    said = verdict_of(row) if pd.notna(row["verdict_code"]) or not row["shown"] else NOT_SHOWN
    return _WORDS("sides", one=sides[0], other=sides[1], said=said)
