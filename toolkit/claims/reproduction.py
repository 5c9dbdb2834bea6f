"""Reports on published studies: what their published statistics can and cannot prove."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import pandas as pd

from toolkit.claims import Register, check_claims, compare_pairs, judge, judge_readings
from toolkit.claims.consistency import VERDICTS
from toolkit.claims.reproduction_chapters import (
    FROM_SUMMARIES,
    base_words,
    bases_chapter,
    checks_chapter,
    claim_picture,
    claim_words,
    claims_table,
    effects_chapter,
    interval_words,
    lookalikes_chapter,
    pairs_chapter,
    ratios_chapter,
    readings_table,
    verdict_words,
)
from toolkit.errors import InvalidInput, Problem
from toolkit.presentation.blocks import Block, Bullets, Heading, Paragraph, Prose, Terms
from toolkit.presentation.numbers import base, is_known
from toolkit.records import records
from toolkit.reporting.documents.model import Cover, Document, Section

__all__ = [
    "base_words",
    "interval_words",
    "reproduction",
]


# The report on a published study: every claim with verdict, interval, figure, source and conflict.


_MEANINGS = {
    "reproduced": "the number follows from other published numbers",
    "consistent": "other published numbers could have refuted it, and did not",
    "untested": "nothing else published bears on it; it may be right or wrong",
    "contradicted": "other published numbers refute it",
}


def reproduction(register: Register, study: str) -> Document:
    """Build the document of one study.

    Parameters
    ----------
    register
        As `load_register` read it.
    study
        Id of a study in it.

    Returns
    -------
    Document
        To be written by `write_documents` in any of its formats.

    Raises
    ------
    InvalidInput
        No such study, or none of whose claims is in the register.

    Examples
    --------
    >>> from toolkit.claims import load_register
    >>> made = reproduction(load_register("data_samples/published"), "pew-2024")
    >>> made.sections[0].title
    'In short'
    """
    own = register.of(study)
    facts = own.studies[study]
    if own.claims.empty:
        hint = "add one with survey-toolkit findings add"
        raise InvalidInput(
            "register", [Problem("unknown-name", f"study {study}", "has no claim in the register", hint)]
        )
    judged, readings, checks = judge(own), judge_readings(own), check_claims(own)
    pairs = compare_pairs(own)
    chapters = (
        ("In short", _short(judged, readings, pairs)),
        ("What the study reports about itself", [_facts(own, study)]),
        ("Every claim on one page", [claims_table(judged)]),
        ("Gaps between audiences asked alike", [*pairs_chapter(pairs)]),
        ("Apparent gaps that cannot be computed", [*lookalikes_chapter(register, own)]),
        ("Do the figures fit together?", [*checks_chapter(own, checks)]),
        ("Figures without a base", [*bases_chapter(own, judged)]),
        ("If the sample was not a simple one", [*effects_chapter(own, judged, pairs)]),
        ("“More likely” is not “of them”", [*ratios_chapter(judged)]),
        ("What others printed", [readings_table(readings)] if len(readings) else []),
        ("Claim by claim", [block for row in records(judged) for block in _claim(row)]),
        ("How this was computed", [_method()]),
    )
    cover = Cover(
        title=f"{facts.title} ({facts.publisher}, {facts.year})",
        subject="What can be proved from what was published",
        footer="Computed from published summaries only; no individual answers were available.",
        facts=(f"Survey Research Toolkit {version('survey-research-toolkit')}",),
    )
    opening = Section("", (Prose("", (Paragraph(FROM_SUMMARIES),), "summary"),))
    return Document(cover, opening, tuple(Section(title, tuple(parts)) for title, parts in chapters if parts))


def _short(judged: pd.DataFrame, readings: pd.DataFrame, pairs: pd.DataFrame) -> list[Block]:
    counts = judged["verdict_code"].value_counts()
    told = [
        (
            f"{counts.get(code, 0)} of {len(judged)}: {words}",
            f"{_MEANINGS[code][:1].upper()}{_MEANINGS[code][1:]}.",
        )
        for code, words in VERDICTS.items()
    ]
    lines = [
        f"{row['name']}, {row['audience_a']} against {row['audience_b']}: {row['verdict']}."
        for row in records(pairs)
        if is_known(row["p_value"])
    ]
    no_n = int((judged["n"].isna() & (judged["statistic"] == "share")).sum())
    lines.append(
        f"{no_n} of {len(judged)} claims are shares whose base was not published: they have no interval."
    )
    wrong = int((readings["verdict_code"] == "contradicted").sum())
    if wrong:
        times = "Once" if wrong == 1 else f"{wrong} times"
        lines.append(f"{times} another source printed a claim in a way that its nearest source contradicts.")
    return [Prose("", (Terms(tuple(told)),)), Prose("", (Bullets(tuple(lines)),))]


def _facts(own: Register, study: str) -> Prose:
    facts = own.studies[study]
    people = ", ".join(f"{base(size)} {name}" for name, size in facts.audiences.items())
    terms = [
        ("Who was asked", people or (f"{base(facts.total)} in all" if facts.total else "")),
        ("Where", ", ".join(facts.countries)),
        ("When", facts.fieldwork),
        ("By whom", facts.vendor),
        ("Who was admitted", facts.screening),
        ("Weighted", "not stated in the sources read" if facts.weighted == "unknown" else facts.weighted),
        ("Not found in what was read", "; ".join(facts.unpublished)),
    ]
    return Prose("", (Terms(tuple((name, words) for name, words in terms if words)),))


def _claim(row: dict[str, object]) -> Iterator[Block]:
    yield Heading(f"{row['finding_id']} · {row['published_as']} · {row['verdict']}")
    picture = claim_picture(row)
    if picture:
        yield picture
    published = "" if picture else f"Published: {row['published_as']} ({claim_words(row)})"
    text = (
        f"Verdict: {verdict_words(row)}",
        published,
        f"Base: {base_words(row)}.",
        f"Interval: {interval_words(row) or 'none can be computed'}.",
        f"Sources differ: {row['conflict']}" if row["conflict"] else "Sources differ: no conflict was found.",
        f"Source ({row['closeness']}): {row['source']}.",
        f"Note: {row['note']}." if row["note"] else "",
    )
    yield Prose("", (Bullets(tuple(filter(None, text))),))


def _method() -> Prose:
    terms = (
        ("Intervals of a share", "Wilson’s score interval at 95%, from the percentage and n as published."),
        ("With rounding", "From the interval of the lowest to that of the highest share that is printed so."),
        (
            "Gaps",
            "gaps_from_summary: Newcombe’s interval, its test, Cohen’s h; p adjusted by Holm over the pairs.",
        ),
        (
            "Bounds",
            "Whole percentages mean half a point to either side; words mean what is nearest to them.",
        ),
        (
            "Not published",
            "Means: found in no source read. Each claim names its sources and how near they are.",
        ),
        ("No base", "Intervals for 50 answers, an assumption, and for the most people there can have been."),
        ("Sample", "A simple random sample, unless a design effect is named."),
    )
    return Prose("", (Terms(terms),))
