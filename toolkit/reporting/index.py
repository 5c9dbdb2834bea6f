"""index.html of a wave: for the consultant, every organisation with what stands for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.reporting.atomic import write_whole
from toolkit.reporting.making import FAILED, FAILURE_NOTE
from toolkit.reporting.manifest import MANIFEST

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["Entry", "index_entries", "write_index"]

STATUS = {
    "made": "Made",
    "withheld": "Withheld by policy",
    "failed": "Failed",
    "absent": "Not made yet",
}


@dataclass(frozen=True)
class Entry:
    """One line of the index; `page` is "" where there is nothing to open."""

    organisation: str
    name: str
    status: str
    sentence: str
    made_at: str
    page: str


def index_entries(study: Study, wave: str, folder: Path) -> list[Entry]:
    """Read from the folders themselves what stands for each organisation of a wave.

    A failure that is newer than a report is told, and so is the earlier report that still stands.
    """
    return [
        _entry(folder, organisation, study.organisation_name(organisation))
        for organisation in study.organisation_ids(wave)
    ]


def write_index(study: Study, wave: str, folder: Path) -> Path:
    """Write index.html of one wave from what stands in its folder, whole or not at all."""
    from toolkit.presentation.theme import Theme
    from toolkit.reporting.html import template_page

    entries = index_entries(study, wave, folder)
    counts = {words: sum(entry.status == status for entry in entries) for status, words in STATUS.items()}
    page = template_page(
        "index.html.j2",
        study=study.title,
        wave=wave,
        synthetic=study.synthetic,
        accent=Theme.of(study.brand).colour,
        entries=entries,
        status=STATUS,
        counts={words: count for words, count in counts.items() if count},
    )
    write_whole(folder / "index.html", page)
    return folder / "index.html"


def _entry(folder: Path, organisation: str, name: str) -> Entry:
    manifest = folder / organisation / MANIFEST
    failure = folder / FAILED / organisation / FAILURE_NOTE
    told = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    made_at, page = told.get("made_at", ""), f"{organisation}/report.html" if told else ""
    if failure.is_file():
        earlier = f" The report of {made_at} still stands." if told else ""
        sentence = failure.read_text(encoding="utf-8").strip().rstrip(".") + "." + earlier
        return Entry(organisation, name, "failed", sentence, made_at, page)
    if not told:
        return Entry(organisation, name, "absent", "", "", "")
    sentence = (
        "Too few answered to show any figure; a short notice was made."
        if told["status"] == "withheld"
        else ""
    )
    return Entry(organisation, name, told["status"], sentence, made_at, page)
