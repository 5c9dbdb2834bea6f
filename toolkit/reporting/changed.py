"""Questions that changed since the wave before: no trend of them is drawn, whatever the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolkit.instrument.model import Instrument
from toolkit.presentation.language import Words
from toolkit.presentation.rows import audience_name

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["Changed", "changed_questions", "said_of_changed"]

Changed = tuple[str, str, str]
"""Item, audience, and what changed."""

WORDS = Words(
    {
        "not drawn": (
            "The questionnaire changed since {wave}. No change is shown of: {names}.",
            "Le questionnaire a changé depuis {wave}. Aucune évolution n’est montrée pour : {names}.",
        ),
        "wording changed": ("other words", "autre formulation"),
        "scale changed": ("other answers", "autres réponses"),
        "base changed": ("asked of others", "autres personnes interrogées"),
    }
)


def changed_questions(
    study: Study, earlier: str, later: str, audiences: Sequence[str]
) -> tuple[Changed, ...]:
    """Questions put to these audiences in both waves whose words, answers or base changed, each once."""
    compared = study.compared(earlier, later) if earlier else None
    if compared is None:
        return ()
    rows = compared[(compared["trend"] != "yes") & ~compared["change"].isin(["new", "gone"])]
    rows = rows[rows["audience"].isin(list(audiences))]
    found = [
        (study.instrument[row.item].item.id, str(row.audience), str(row.change))
        for row in rows.itertuples(index=False)
    ]
    return tuple(dict.fromkeys(found))


def said_of_changed(changed: Sequence[Changed], wave: str, instrument: Instrument, language: str) -> str:
    """A sentence that names them, with what changed and for whom where not for all alike."""
    names = []
    for item_id in dict.fromkeys(item for item, _, _ in changed):
        kinds: dict[str, list[str]] = {}
        for one, audience, change in changed:
            if one == item_id:
                kinds.setdefault(change, []).append(audience)
        item = instrument.item(item_id)
        label = item.short.get(language) or instrument.of_item(item_id)[0].label(language)
        told = []
        for change, audiences in kinds.items():
            words = ", ".join(WORDS(kind) for kind in change.split("; "))
            who = ", ".join(audience_name(instrument, name, language=language) for name in audiences)
            told.append(f"{who}: {words}")
        names.append(f"{label} ({'; '.join(told)})")
    return WORDS("not drawn", wave=wave, names="; ".join(names))
