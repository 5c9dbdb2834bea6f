"""Facts for checklists from a study, a finished report or a publication."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from toolkit.checklists.listing import ANSWERED, TO_CHECK, Answer, Facts, Text, quoted
from toolkit.errors import InvalidInput, Problem
from toolkit.inputs import LARGEST_MANIFEST, parsed_json, read_bytes
from toolkit.presentation.blocks import Prose, Terms
from toolkit.presentation.methods import AAPOR_HEADINGS
from toolkit.reporting.manifest import MANIFEST
from toolkit.study import AAPOR_ITEMS

if TYPE_CHECKING:
    from toolkit.claims.register import StudyFacts
    from toolkit.reporting.documents import Document
    from toolkit.study import Study

_FROM_TEXTS = {"time": "dates", "correction": "weighting", "survey_design": "population"}
"""CHERRIES items that an AAPOR element covers."""


def of_study(study: Study) -> Facts:
    """Collect facts from the study file, its questionnaire and its answers."""
    where = study.path.name
    texts = tuple(
        Text(name, texts_of[name], f"{where}, methods → {audience}")
        for audience, texts_of in study.methods.items()
        for name in AAPOR_ITEMS
        if name in texts_of
    )
    known = {**_computed(study), **_from_texts(texts)}
    return Facts({**known, **_questionnaire(study), **_response(study)}, texts, study.language)


def of_report(folder: Path) -> Facts:
    """Collect facts from a report's folder: its methods statement and manifest.

    Raises
    ------
    InvalidInput
        It holds no manifest, or one that cannot be read.
    """
    manifest = _manifest(folder)
    texts, language = _statement(folder)
    known = dict(_from_texts(texts))
    questions = manifest.get("instrument", {})
    if "instrument" not in known and questions:
        says = f"Questionnaire {questions.get('id')}, version {questions.get('version')}; not its wording."
        known["instrument"] = Answer(TO_CHECK, says, MANIFEST)
    found = manifest.get("headline", {}).get("bases", {}).items()
    bases = {who: base for who, base in found if isinstance(base, dict)}
    if "sample_sizes_and_precision" not in known and bases:
        says = ", ".join(f"{who}: {base.get('answered_shown', '')}" for who, base in bases.items())
        known["sample_sizes_and_precision"] = Answer(TO_CHECK, says, MANIFEST)
    for item, element, cue in (
        ("number_of_items", "instrument", "questions"),
        ("participation_rate", "sample_sizes_and_precision", "invited"),
        ("incomplete", "processing_and_quality", "set aside"),
    ):
        sentences: dict[str, str] = {}
        for text in texts:
            sentence = text.naming([cue]) if text.element == element else ""
            if sentence:
                sentences.setdefault(sentence, text.where)
        if sentences:
            known[item] = Answer(
                TO_CHECK, " / ".join(map(quoted, sentences)), "; ".join(dict.fromkeys(sentences.values()))
            )
    return Facts(known, texts, language)


def of_publication(facts: StudyFacts) -> Facts:
    """Collect facts from the register entry of a published study."""
    where = "register"
    groups = ", ".join(f"{count:,} {who}" for who, count in facts.audiences.items())
    asked = groups or (f"{facts.total:,} people" if facts.total else "")
    whom = "; ".join(filter(None, [", ".join(facts.countries), facts.screening]))
    known = {"sponsor_and_conductor": Answer(TO_CHECK, f"Published by {facts.publisher}", where)}
    if facts.vendor:
        says = f"Published by {facts.publisher}; carried out by {facts.vendor}"
        known["sponsor_and_conductor"] = Answer(ANSWERED, says, where)
    if asked:
        known["data_collection_strategy"] = Answer(ANSWERED, f"A survey of {asked}", where)
        says = f"{asked}; no precision, and not how many answered each question"
        known["sample_sizes_and_precision"] = Answer(TO_CHECK, says, where)
    if whom:
        known["population"] = known["survey_design"] = Answer(TO_CHECK, whom, where)
    if facts.fieldwork:
        known["dates"] = known["time"] = Answer(ANSWERED, facts.fieldwork, where)
    if facts.weighted != "unknown":
        says = "Weighted" if facts.weighted == "yes" else "Not weighted"
        known["weighting"] = known["correction"] = Answer(ANSWERED, says, where)
    return Facts(known)


def _from_texts(texts: tuple[Text, ...]) -> dict[str, Answer]:
    """Return the elements that have a text; where audiences differ, each text names its audience."""
    found: dict[str, dict[str, list[str]]] = {}
    for text in texts:
        found.setdefault(text.element, {}).setdefault(text.words, []).append(text.where)
    known = {
        element: Answer(
            ANSWERED,
            " / ".join(texts),
            _where(list(texts.values())),
        )
        for element, texts in found.items()
    }
    for item, element in _FROM_TEXTS.items():
        if element in known:
            status = TO_CHECK if item == "survey_design" else ANSWERED
            known[item] = Answer(status, known[element].says, known[element].where)
    return known


def _where(places: list[list[str]]) -> str:
    """Name the place of a text, once for audiences that share it."""
    if len(places) == 1 and len(places[0]) > 1:
        return places[0][0].partition(" → ")[0]
    return "; ".join(dict.fromkeys(place for several in places for place in several))


def _computed(study: Study) -> dict[str, Answer]:
    """Return the elements that every report prints automatically."""
    language, instrument = study.language, study.instrument
    title = instrument.title.get(language, instrument.id)
    where = "the report computes it"
    weighted = study.design is not None and study.design.weights is not None
    says = "Weighted by a column of the answers" if weighted else "Not weighted: every respondent counts once"
    weighting = Answer(TO_CHECK if weighted else ANSWERED, says, where)
    return {
        "instrument": Answer(
            ANSWERED, f"“{title}”, version {instrument.version}; every report prints all questions", where
        ),
        "sample_sizes_and_precision": Answer(ANSWERED, _sizes(study), where),
        "weighting": weighting,
        "correction": weighting,
        "processing_and_quality": Answer(ANSWERED, study.policy.text(), where),
    }


def _sizes(study: Study) -> str:
    frame = study.responses()
    counts = frame["audience"].value_counts(sort=False)
    counts = {
        who: count if count >= study.policy.threshold else f"<{study.policy.threshold}"
        for who, count in counts.items()
    }
    return f"Wave {study.wave}: " + ", ".join(f"{who} {count}" for who, count in counts.items())


def _small(study: Study) -> bool:
    """Return whether an audience is too small for its count to be shown."""
    counts = study.responses()["audience"].value_counts()
    return bool(((counts > 0) & (counts < study.policy.threshold)).any())


def _questionnaire(study: Study) -> dict[str, Answer]:
    instrument = study.instrument
    where = f"questionnaire {instrument.id}"
    asked = {
        who: [
            item for item in instrument.items if any(who in v.audiences for v in instrument.of_item(item.id))
        ]
        for who in instrument.audiences
    }
    counts = ", ".join(f"{who} {len(items)}" for who, items in asked.items())
    routed = [item for item in instrument.items if item.ask_if]
    required = [item for item in instrument.items if item.required]
    total = len(instrument.items)
    return {
        "number_of_items": Answer(TO_CHECK, f"{counts}; not how many on a screen", where),
        "adaptive": Answer(
            ANSWERED, f"{len(routed)} of {total} questions are asked only after certain answers", where
        ),
        "completeness": Answer(ANSWERED, f"{len(required)} of {total} questions had to be answered", where),
    }


def _response(study: Study) -> dict[str, Answer]:
    """Count response and break-off rates over all organisations of the latest wave."""
    where = f"answers of wave {study.wave}"
    counted = study.disposition(study.wave)
    rows = counted.groupby(["outcome", "reason"])["rows"].sum()
    broken = counted[counted["reason_code"] == "broke_off"].groupby("reason")["rows"].sum()
    complete, partial = (int(rows.get(("kept", one), 0)) for one in ("complete", "partial"))
    dropped = int(broken.sum())
    begun = complete + partial + dropped
    found: dict[str, Answer] = {}
    if _small(study):
        return found  # totals beside the audiences that are counts would give the small one back
    if begun:
        says = f"{complete:,} of {begun:,} who began finished ({100 * complete / begun:.0f}%)"
        found["completion_rate"] = Answer(ANSWERED, says, where)
        reason = "; ".join(map(str, broken.index)) or "no one was left out for breaking off"
        says = f"{partial:,} partial answers are counted; {dropped:,} set aside ({reason})"
        found["incomplete"] = Answer(ANSWERED, says, where)
    found.update(_participation(study, where))
    return found


def _participation(study: Study, where: str) -> Iterator[tuple[str, Answer]]:
    if study.organisations_path is None:
        return
    people = study.headcounts()
    if people.empty or people.isna().any(axis=None):
        return
    invited = int(people.to_numpy(dtype=float).sum())
    answered = int(pd.notna(study.responses()["organisation"]).sum())
    if invited:
        says = f"{answered:,} of {invited:,} on the lists answered ({100 * answered / invited:.0f}%)"
        yield "participation_rate", Answer(ANSWERED, says, where)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    hint = "name a study.yaml, or the folder of one report: reports/STUDY/WAVE/ORGANISATION"
    if not path.is_file():
        raise InvalidInput(folder, [Problem("file-not-found", "folder", f"holds no {MANIFEST}", hint)])
    try:
        found = parsed_json(read_bytes(path, most=LARGEST_MANIFEST))
        if not isinstance(found, dict):
            raise ValueError("it holds no table of keys")
    except (ValueError, OSError) as fault:
        raise InvalidInput(
            path, [Problem("unreadable-file", "file", f"cannot be read ({fault})", "make the report again")]
        ) from None
    return found


def _statement(folder: Path) -> tuple[tuple[Text, ...], str]:
    """Return the methods statement of a report and its language."""
    from toolkit.reporting.documents import DOCUMENT, load_document

    if not (folder / DOCUMENT).is_file():
        return (), "en"
    document = load_document(folder / DOCUMENT)
    return tuple(_texts_of(document)), document.cover.language


def _texts_of(document: Document) -> Iterator[Text]:
    elements = {heading: name for name, heading in AAPOR_HEADINGS.items()}
    for section in document.sections:
        for part in section.flat():
            if not (isinstance(part, Prose) and part.kind == "methods"):
                continue
            for terms in (one for one in part.parts if isinstance(one, Terms)):
                in_order = len(terms.pairs) == len(AAPOR_ITEMS)  # a report in another language
                for place, (heading, words) in enumerate(terms.pairs):
                    name = AAPOR_ITEMS[place] if in_order else elements.get(heading)
                    if name and words.strip():
                        yield Text(name, words, f"report, methods → {part.title}")
