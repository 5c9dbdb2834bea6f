"""A published study as a document: every claim with its verdict, interval, picture, source and conflict."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.findings import (
    Register,
    check_claims,
    compare_pairs,
    judge,
    judge_readings,
    largest_comparison,
    over_bases,
    over_design_effects,
    over_splits,
    pair_over_design_effects,
    possible_bases,
)
from toolkit.findings.bases import DESIGN_EFFECTS
from toolkit.findings.consistency import VERDICTS
from toolkit.presentation.blocks import Block, Bullets, Heading, Paragraph, Prose, Terms
from toolkit.presentation.numbers import base, interval, is_known, percent, points
from toolkit.reporting.documents.model import Cover, Document, Section
from toolkit.reporting.reproduction.pictures import (
    bases_picture,
    claim_picture,
    effects_picture,
    pairs_picture,
)
from toolkit.reporting.reproduction.tables import (
    bases_table,
    checks_table,
    claims_table,
    effects_table,
    pairs_table,
    ratio_table,
    readings_table,
    unknown_pairs_table,
)
from toolkit.reporting.reproduction.words import (
    FROM_SUMMARIES,
    base_words,
    claim_words,
    interval_words,
    verdict_words,
)

__all__ = ["reproduction"]

_MEANINGS = {
    "reproduced": "the number follows from other published numbers",
    "consistent": "other published numbers could have refuted it, and did not",
    "cannot be tested from what is published": "nothing else published bears on it; it may be right or wrong",
    "contradicted": "other published numbers refute it",
}
_UNKNOWN_MOST = 1000
_SEVERAL = 3
"""Figures of one base from which it is worth asking which bases can give them all."""


def reproduction(register: Register, study: str) -> Document:
    """Make the document of one study.

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
    >>> from toolkit.findings import load_register
    >>> made = reproduction(load_register("data_samples/published"), "pew-2024")
    >>> made.sections[0].title
    'In short'
    """
    own = register.of(study)
    facts = own.studies[study]
    if own.claims.empty:
        mend = "add one with survey-toolkit findings add"
        raise InvalidInput("register", [Problem(f"study {study}", "has no claim in the register", mend)])
    judged, readings, checks = judge(own), judge_readings(own), check_claims(own)
    pairs = compare_pairs(own)
    chapters = (
        ("In short", _short(judged, readings, pairs)),
        ("What the study says of itself", [_facts(own, study)]),
        ("Every claim on one page", [claims_table(judged)]),
        ("Gaps between audiences asked alike", [*_pairs(pairs)]),
        ("What looks like a gap and is none", [*_lookalikes(register, own)]),
        ("Do the figures fit together?", [*_checks(own, checks)]),
        ("Figures without a base", [*_bases(own, judged)]),
        ("If the sample was not a simple one", [*_effects(own, judged, pairs)]),
        ("“More likely” is not “of them”", [*_ratios(judged)]),
        ("What others printed", [readings_table(readings)] if len(readings) else []),
        ("Claim by claim", [block for row in judged.to_dict("records") for block in _claim(row)]),
        ("How this was computed", [_method()]),
    )
    cover = Cover(
        title=f"{facts.title} ({facts.publisher}, {facts.year})",
        subject="What can be proved from what was published",
        footer="Computed from published summaries only; nobody’s answers were at hand.",
        facts=(f"Survey Research Toolkit {version('survey-research-toolkit')}",),
    )
    opening = Section("", (Prose("", (Paragraph(FROM_SUMMARIES),), "summary"),))
    return Document(cover, opening, tuple(Section(title, tuple(parts)) for title, parts in chapters if parts))


def _short(judged: pd.DataFrame, readings: pd.DataFrame, pairs: pd.DataFrame) -> list[Block]:
    counts = judged["verdict"].value_counts()
    told = [
        (
            f"{counts.get(name, 0)} of {len(judged)}: {name}",
            f"{_MEANINGS[name][:1].upper()}{_MEANINGS[name][1:]}.",
        )
        for name in VERDICTS
    ]
    lines = [
        f"{row['name']}, {row['audience_a']} against {row['audience_b']}: {row['verdict']}."
        for row in pairs.to_dict("records")
        if is_known(row["p_value"])
    ]
    no_n = int((judged["n"].isna() & (judged["statistic"] == "share")).sum())
    lines.append(
        f"{no_n} of {len(judged)} claims are shares whose base was not published: they have no interval."
    )
    wrong = int((readings["verdict"] == "contradicted").sum())
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
        ("Who was let in", facts.screening),
        ("Weighted", "was not published" if facts.weighted == "unknown" else facts.weighted),
        ("Not published", "; ".join(facts.unpublished)),
    ]
    return Prose("", (Terms(tuple((name, words) for name, words in terms if words)),))


def _pairs(pairs: pd.DataFrame) -> Iterator[Block]:
    if pairs.empty:
        return
    tested = pairs["p_value"].notna()
    yield pairs_picture(pairs)
    if tested.any():
        yield pairs_table(pairs[tested])
    if (~tested).any():
        yield unknown_pairs_table(pairs[~tested])
    words = (
        "The two audiences need not have worked at the same companies. A gap says that they answered "
        "differently, not that one of them is wrong, nor why."
    )
    yield Prose("", (Paragraph(words),))


def _lookalikes(register: Register, own: Register) -> Iterator[Block]:
    """Also those with a claim of another study: this is where they mislead."""
    ids = set(own.claims["finding_id"])
    found = [one for one in register.relations.lookalikes if ids & {one.a, one.b}]
    known = register.claims.set_index("finding_id")
    for one in found:
        sides = tuple(
            f"{name} · {known.loc[name, 'published_as']} · {claim_words(known.loc[name])}"
            for name in (one.a, one.b)
        )
        title = f"{one.a} and {one.b}: not the same question"
        yield Prose(title, (Bullets(sides), Paragraph(f"No gap is computed: {one.why}.")))


def _checks(own: Register, checks: pd.DataFrame) -> Iterator[Block]:
    if checks.empty:
        return
    yield checks_table(checks)
    known = own.claims.set_index("finding_id")
    for row in checks[checks["kind"] == "mixture"].to_dict("records"):
        total = known.loc[row["whole"], "n"]
        pair = next((one for one in own.relations.pairs if {one.a, one.b} == set(row["parts"])), None)
        if pair is None or not is_known(total):
            continue
        found = over_splits(own, pair.id, int(total))
        best = found.loc[found["conf_low"].idxmax()]
        no = not found["left_out"].any()
        ways = "no" if no else f"{int(found['left_out'].sum())} of {len(found)}"
        words = (
            f"{pair.name}, {known.loc[pair.a, 'audience']} against {known.loc[pair.b, 'audience']}: however "
            f"the {base(total)} split, the gap of {points(best['gap'])} points leaves 0 out in {ways} "
            f"{'case' if no else 'cases'}; its narrowest interval is "
            f"{interval(best['conf_low'], best['conf_high'])} points."
        )
        yield Prose("", (Paragraph(words),))


def _bases(own: Register, judged: pd.DataFrame) -> Iterator[Block]:
    unknown = judged[judged["least_low"].notna()]
    if unknown.empty:
        return
    counts = unknown.groupby("base", sort=False)["finding_id"].agg(list)
    shown = next((names for names in counts if len(names) >= _SEVERAL), counts.iloc[0])
    row = judged.set_index("finding_id", drop=False).loc[shown[0]]
    most = int(row["n_most"]) if is_known(row["n_most"]) else _UNKNOWN_MOST
    tried = sorted({one for one in (50, 100, 200, 300, 400, 500, 800, 1250) if one < most} | {most})
    yield bases_picture(row, over_bases(own.claim(row["finding_id"]), tried))
    yield bases_table(unknown, own)
    known = own.claims.set_index("finding_id")
    lines = []
    for whose, names in counts.items():
        if len(names) < _SEVERAL:
            continue
        ends = [(float(known.loc[one, "low"]), float(known.loc[one, "high"])) for one in names]
        found = possible_bases(ends, 99)
        smallest = f"the smallest is {found[0]}" if found else "so there were at least 100"
        lines.append(
            f"{whose}: {len(found)} of the numbers up to 99 can give all {len(names)} percentages; "
            f"{smallest}."
        )
    if lines:
        note = "Of unweighted answers. From 100 answers on every whole percentage can come about."
        yield Prose("Bases that can give these percentages", (Bullets(tuple(lines)), Paragraph(note)))


def _effects(own: Register, judged: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[Block]:
    tested = pairs[pairs["p_value"].notna()] if len(pairs) else pairs
    if len(tested):
        first = tested.iloc[0]
        shares = pd.concat(
            [
                over_design_effects(own.claim(first[f"finding_{end}"]))[["conf_low", "conf_high"]].set_axis(
                    [f"low_{end}", f"high_{end}"], axis="columns"
                )
                for end in ("a", "b")
            ],
            axis="columns",
        )
        yield effects_picture(
            first["name"], pair_over_design_effects(own, first["item"], DESIGN_EFFECTS), shares
        )
    known = judged[judged["conf_low"].notna()]
    if len(known):
        yield effects_table(own, known, DESIGN_EFFECTS)


def _ratios(judged: pd.DataFrame) -> Iterator[Block]:
    for row in judged[judged["statistic"] == "relative_risk"].to_dict("records"):
        ratio = float(row["value"])
        if not 1 < ratio < 2:
            continue
        most, equal = largest_comparison(ratio), (ratio - 1) / ratio
        words = (
            f"{row['finding_id']} says “{row['published_as']}”: {ratio:g} times the share of a comparison "
            f"group. “{percent(ratio - 1)} of them” would be a share. The two say the same only where "
            f"{percent(equal, digits=1)} of the comparison group do, and the ratio is impossible where more "
            f"than {percent(most, digits=1)} of it do. Neither group’s share was published."
        )
        tried = [0.1, 0.2, 0.3, 0.4, equal, 0.5, most, 0.6]
        yield Prose("", (Paragraph(words),))
        yield ratio_table(ratio, sorted(tried))


def _claim(row: dict[str, object]) -> Iterator[Block]:
    yield Heading(f"{row['finding_id']} · {row['published_as']} · {row['verdict']}")
    picture = claim_picture(row)
    if picture:
        yield picture
    published = "" if picture else f"Published: {row['published_as']} ({claim_words(row)})"
    said = (
        f"Verdict: {verdict_words(row)}",
        published,
        f"Base: {base_words(row)}.",
        f"Interval: {interval_words(row) or 'none can be computed'}.",
        f"Sources differ: {row['conflict']}" if row["conflict"] else "Sources differ: no conflict was found.",
        f"Source ({row['closeness']}): {row['source']}.",
        f"Note: {row['note']}." if row["note"] else "",
    )
    yield Prose("", (Bullets(tuple(filter(None, said))),))


def _method() -> Prose:
    terms = (
        ("Intervals of a share", "Wilson’s score interval at 95 %, from the percentage and n as published."),
        ("With rounding", "From the interval of the lowest to that of the highest share that is printed so."),
        (
            "Gaps",
            "gaps_from_summary: Newcombe’s interval, its test, Cohen’s h; p adjusted by Holm over the pairs.",
        ),
        (
            "Bounds",
            "Whole percentages stand for half a point to either side; words for what is nearest to them.",
        ),
        ("No base", "Intervals for 50 answers, an assumption, and for the most people there can have been."),
        ("Sample", "A simple random sample, unless a design effect is named."),
    )
    return Prose("", (Terms(terms),))
