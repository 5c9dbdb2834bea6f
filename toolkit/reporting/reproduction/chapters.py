"""Chapters that compare published statistics with each other."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from toolkit.findings import (
    Register,
    largest_comparison,
    over_bases,
    over_design_effects,
    over_splits,
    pair_over_design_effects,
    possible_bases,
)
from toolkit.findings.bases import DESIGN_EFFECTS
from toolkit.presentation.blocks import Block, Bullets, Paragraph, Prose
from toolkit.presentation.numbers import base, interval, is_known, percent, points
from toolkit.records import records
from toolkit.reporting.reproduction.pictures import bases_picture, effects_picture, pairs_picture
from toolkit.reporting.reproduction.tables import (
    bases_table,
    checks_table,
    effects_table,
    pairs_table,
    ratio_table,
    unknown_pairs_table,
)
from toolkit.reporting.reproduction.words import claim_words

__all__ = [
    "bases_chapter",
    "checks_chapter",
    "effects_chapter",
    "lookalikes_chapter",
    "pairs_chapter",
    "ratios_chapter",
]

_UNKNOWN_MOST = 1000
_SEVERAL = 3
"""Figures of one base from which it is worth asking which bases can give them all."""


def pairs_chapter(pairs: pd.DataFrame) -> Iterator[Block]:
    """Compare items asked alike: gaps, with tests where the bases are known."""
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


def lookalikes_chapter(register: Register, own: Register) -> Iterator[Block]:
    """Compare items that only look alike, including those of other studies."""
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


def checks_chapter(own: Register, checks: pd.DataFrame) -> Iterator[Block]:
    """Check statistics against each other."""
    if checks.empty:
        return
    yield checks_table(checks)
    known = own.claims.set_index("finding_id")
    for row in records(checks[checks["kind"] == "mixture"]):
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


def bases_chapter(own: Register, judged: pd.DataFrame) -> Iterator[Block]:
    """Show intervals of shares without a published base, for each possible base."""
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


def effects_chapter(own: Register, judged: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[Block]:
    """Show the effect of a design effect on the first pair and on every share."""
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


def ratios_chapter(judged: pd.DataFrame) -> Iterator[Block]:
    """Set ratios beside shares of the same digits."""
    for row in records(judged[judged["statistic"] == "relative_risk"]):
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
