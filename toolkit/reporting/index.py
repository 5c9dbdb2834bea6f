"""The index page of a wave, for the consultant: every organisation with the status of its report."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.locale import N_, _, using_language
from toolkit.presentation.numbers import base, percent, points
from toolkit.presentation.rows import item_name
from toolkit.reporting.documents.model import DOCUMENT
from toolkit.reporting.formats import FORMATS
from toolkit.reporting.job import FAILED, FAILURE_NOTE
from toolkit.reporting.manifest import BATCH_FOLDER, MANIFEST, RESULTS
from toolkit.reporting.overall import OVERALL
from toolkit.system import read_events, write_whole

if TYPE_CHECKING:
    from toolkit.study import Study

STATUS = {
    "made": N_("Made"),
    "withheld": N_("Withheld by policy"),
    "failed": N_("Failed"),
    "absent": N_("Not made yet"),
}
_SIDES = ("audience_a", "audience_b")
_FILE_WORDS = {"report.ipynb": N_("notebook"), RESULTS: N_("numbers")}


@dataclass(frozen=True)
class Entry:
    """A line of the index; `page` is "" if there is nothing to open.

    All numbers are copied from what the report prints, or counted from it: nothing here passes the gate by.
    """

    organisation: str
    name: str
    status: str
    sentence: str
    made_at: str
    page: str
    files: tuple[tuple[str, str], ...] = ()
    bases: tuple[tuple[str, str], ...] = ()
    largest_gap: str = ""
    points: int = -1
    warnings: int = 0
    numbers: Mapping[str, int] = field(default_factory=dict)
    response: str = ""
    clear: int = -1

    @property
    def shown(self) -> str:
        """The share of the report's numbers that are exact or a bound."""
        total = sum(self.numbers.values())
        known = self.numbers.get("exact", 0) + self.numbers.get("bound", 0)
        return percent(known / total) if total else ""


def index_entries(study: Study, wave: str, folder: Path) -> list[Entry]:
    """Read the status of each organisation of a wave from the output folders.

    A failure that is newer than a report is shown, together with the earlier report.
    """
    warned = _warnings(folder)
    named = study.names(wave)
    with using_language(study.language):
        return [_entry(folder, one, name, warned.get(one, 0), study) for one, name in named.items()]


def write_index(study: Study, wave: str, folder: Path) -> Path:
    """Write index.html of one wave from the content of its folder, atomically."""
    from toolkit.presentation.theme import Theme
    from toolkit.reporting.html import template_page

    entries = index_entries(study, wave, folder)
    with using_language(study.language):
        status = {one: _(words) for one, words in STATUS.items()}
        counts = {words: sum(entry.status == one for entry in entries) for one, words in status.items()}
        page = template_page(
            "index.html.j2",
            study=study.title,
            wave=wave,
            language=study.language,
            synthetic=study.synthetic,
            accent=Theme.of(study.brand).colour,
            entries=entries,
            status=status,
            overall=list(_files(OVERALL, _manifest(folder / OVERALL / MANIFEST))),
            counts={words: count for words, count in counts.items() if count},
            loss=_loss(entries),
        )
    write_whole(folder / "index.html", page)
    return folder / "index.html"


def _loss(entries: Iterable[Entry]) -> dict[str, int]:
    """Count the numbers of all reports that are exact, bounds and withheld, by reason in words."""
    from toolkit.disclosure.cells import REASONS

    total: Counter[str] = Counter()
    for entry in entries:
        total.update(entry.numbers)
    words = {"exact": _("shown exactly"), "bound": _("shown as a bound")}
    reasons = {**REASONS, "small": N_("too few answers")}
    words |= {code: _("withheld: {why}", why=_(reasons[code])) for code in reasons}
    return {words[code]: total[code] for code in words if total[code]}


def _warnings(folder: Path) -> dict[str, int]:
    """Count each organisation's warnings in its latest run, from the log."""
    found: dict[str, int] = {}
    for line in read_events(folder / BATCH_FOLDER / "log.jsonl"):
        warned = line.get("warned", 0)
        if line.get("event") == "report" and "organisation" in line and isinstance(warned, int):
            found[str(line["organisation"])] = warned
    return found


def _entry(folder: Path, organisation: str, name: str, warnings: int, study: Study) -> Entry:
    failure = folder / FAILED / organisation / FAILURE_NOTE
    manifest = _manifest(folder / organisation / MANIFEST)
    made_at = str(manifest.get("made_at", ""))
    status, sentence = str(manifest.get("status", "absent")), ""
    if status == "withheld":
        sentence = _("Too few answered to show any figure; a short notice was written.")
    if failure.is_file():
        status = "failed"
        earlier = _(" The report of {made_at} is still available.", made_at=made_at) if manifest else ""
        sentence = failure.read_text(encoding="utf-8", errors="replace").strip().rstrip(".") + "." + earlier
    files = tuple(_files(organisation, manifest))
    headline = manifest.get("headline") or {}
    gap = headline.get("largest_gap") or {}  # of older reports it holds words and no "gap"
    return Entry(
        organisation=organisation,
        name=name,
        status=status,
        sentence=sentence,
        made_at=made_at,
        page=files[0][1] if files else "",
        files=files[1:],
        bases=tuple(
            (
                _audience(study, one),
                _(
                    "{answered} of {invited}",
                    answered=base(row.get("answered"), row.get("answered_shown")),
                    invited=base(row.get("invited")),
                ),
            )
            for one, row in headline.get("bases", {}).items()
            if isinstance(row, dict)
        ),
        largest_gap=_(
            "{points} points: {item}, {one} and {other}",
            points=points(abs(gap["gap"])),
            item=item_name(study.instrument, gap["item"]),
            **{
                name: _audience(study, gap[side]) for name, side in zip(("one", "other"), _SIDES, strict=True)
            },
        )
        if "gap" in gap
        else "",
        response=percent(headline["response"]) if headline.get("response") is not None else "",
        clear=headline.get("clear", -1),
        points=round(100 * abs(gap["gap"])) if "gap" in gap else -1,
        warnings=warnings,
        numbers=headline.get("numbers", {}),
    )


def _manifest(path: Path) -> dict[str, Any]:
    """Read a report's manifest; empty if missing or unreadable, which means an incomplete report."""
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return manifest if _readable(manifest) else {}


def _readable(manifest: object) -> bool:
    """Return whether a manifest has the fields that the index shows, with the right types."""
    if not isinstance(manifest, dict) or manifest.get("status", "made") not in STATUS:
        return False
    headline = manifest.get("headline") or {}
    if not all(isinstance(one, dict) for one in (manifest.get("outputs", {}), manifest.get("converted", {}))):
        return False
    if not isinstance(headline, dict):
        return False
    gap, bases = headline.get("largest_gap") or {}, headline.get("bases", {})
    numbers = headline.get("numbers", {})
    if not isinstance(headline.get("response"), float | None) or not isinstance(
        headline.get("clear", 0), int
    ):
        return False
    if not all(isinstance(one, dict) for one in (gap, bases, numbers)):
        return False
    if not all(isinstance(count, int) for count in numbers.values()):
        return False
    return "gap" not in gap or (isinstance(gap["gap"], float) and {"item", *_SIDES} <= set(gap))


def _files(organisation: str, manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield label and address of each file, the main page first."""
    first = [*(f"report{form.suffix}" for form in FORMATS.values()), "report.ipynb"]
    outputs = sorted(
        {*manifest.get("outputs", {}), *manifest.get("converted", {})},
        key=lambda name: (first.index(name) if name in first else len(first), name),
    )
    for name in outputs:
        if name == DOCUMENT or re.match("report_[^/]*/", name):
            continue  # for making other formats later, or linked from one of the others
        words = _(_FILE_WORDS[name]) if name in _FILE_WORDS else name.rpartition(".")[2]
        yield words, f"{organisation}/{name}"
    if manifest:
        yield _("manifest"), f"{organisation}/{MANIFEST}"


def _audience(study: Study, audience: str) -> str:
    known = study.instrument.audiences.get(audience)
    return str(known.plural.get(study.language, audience)) if known else audience
