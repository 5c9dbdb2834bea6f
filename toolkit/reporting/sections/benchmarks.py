"""Sections: this organisation beside the study's other organisations, and beside published statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Cell, Heading, Several, Table, table_of
from toolkit.presentation.numbers import change, ends, is_known, percent, point_number, points, share_number
from toolkit.presentation.rows import audience_name, item_name, joined
from toolkit.presentation.sentences import is_certain, verdict_of
from toolkit.presentation.tables import with_answer
from toolkit.reporting.sections import given, nothing, passage, section
from toolkit.study.peers import ALL

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=39)
def own_benchmarks(report: OrganisationReport) -> Block:
    """Compare the organisation with the average of the study's other organisations, this one left out."""
    if report.peers is None or "own_benchmarks" not in report.released:
        return Several(())
    facts = {row["finding_id"]: row for row in report.peers.to_dict("records")}
    parts: list[Block] = []
    for kind in dict.fromkeys(report.peers["benchmark"]):
        compared = [
            [
                row
                for row in report.released.rows("own_benchmarks")
                if row["audience"] == audience and facts[row["finding_id"]]["benchmark"] == kind
            ]
            for audience in report.audiences
        ]
        for rows in sorted(compared, key=lambda rows: not _clear(rows)):
            if not any(row["shown"] for row in rows):
                continue
            audience = rows[0]["audience"]
            who = audience_name(report.instrument, audience, start=True)
            title = who if kind == ALL else _("{who}, only organisations with {kind}", who=who, kind=kind)
            clear = _clear(rows)
            parts += [
                Heading(title),
                *([passage(_clearest(report, clear))] if clear else []),
                _peer_table(report, rows, facts, _peer_finding(report, who, clear)),
            ]
    if not parts:
        return passage(_("Too few other organisations may be counted for a comparison."))
    return Several(tuple(parts))


def peers_in_short(report: OrganisationReport) -> tuple[Block, ...]:
    """Say in a sentence where the organisation differs from the others."""
    if report.peers is None or "own_benchmarks" not in report.released:
        return ()
    own = set(report.peers.loc[report.peers["benchmark"] == ALL, "finding_id"])
    rows = [row for row in report.released.rows("own_benchmarks") if row["finding_id"] in own]
    if not any(row["shown"] for row in rows):
        return ()
    found = (
        _clearest(report, clear)
        if (clear := _clear(rows))
        else _("No share differs from the average of the others beyond chance.")
    )
    return (passage(_("Beside the study's other organisations: {found}", found=found)),)


def _clear(rows: list[Any]) -> list[Any]:
    """Return the rows whose difference is beyond chance, the largest first."""
    certain = [row for row in rows if row["shown"] and is_known(row["gap"]) and is_certain(row)]
    return sorted(certain, key=lambda row: -abs(row["gap"]))


def _clearest(report: OrganisationReport, clear: list[Any]) -> str:
    """Name the clear differences; with their audiences where those are several."""
    several = len({row["audience"] for row in clear}) > 1
    named = [
        _(
            "{item} ({here}, others {others})",
            item=_(
                "{item} of {audience}", item=name, audience=audience_name(report.instrument, row["audience"])
            )
            if several
            else name,
            here=percent(row["estimate_a"], bound=str(row["bound_a"] or "")),
            others=percent(row["estimate_b"]),
        )
        for row in clear[:5]
        for name in [item_name(report.instrument, row["item"])]
    ]
    return _("Above or below the others beyond chance, the largest first: {names}.", names=joined(named))


def _peer_finding(report: OrganisationReport, who: str, clear: list[Any]) -> str:
    if not clear:
        return _("{who}: no share differs from the average of the others beyond chance", who=who)
    row = clear[0]
    words = {"who": who, "item": item_name(report.instrument, row["item"]), "size": points(abs(row["gap"]))}
    if row["gap"] > 0:
        return _("{who}: {item} {size} points above the average of the others", **words)
    return _("{who}: {item} {size} points below the average of the others", **words)


def _peer_table(report: OrganisationReport, rows: list[Any], facts: Mapping[str, Any], title: str) -> Table:
    columns = [_("Item"), _("Here"), _("Others"), _("Difference"), _("Place"), _("Comparison")]
    cells = [
        dict(
            zip(
                columns,
                (
                    item_name(report.instrument, row["item"]),
                    share_number(row["estimate_a"], row["bound_a"]) if row["shown"] else None,
                    share_number(row["estimate_b"]),
                    point_number(row["gap"], signed=True) if row["shown"] else None,
                    _place(row, facts[row["finding_id"]]),
                    verdict_of(row),
                ),
                strict=True,
            )
        )
        for row in sorted(rows, key=lambda row: -abs(row["gap"]) if is_known(row["gap"]) else 1)
    ]
    own = [facts[row["finding_id"]] for row in rows]
    members = sorted({int(fact["members"]) for fact in own})
    counted = str(members[0]) if len(members) == 1 else f"{members[0]}\u2013{members[-1]}"
    notes = [
        _(
            "Others: the average of {members} other organisations that took part in this study, each "
            "counting once, in whole percentages; this organisation is left out. It describes the clients of "
            "this study, not organisations in general, and is not a published figure.",
            members=counted,
        ),
        _("Place: in the lowest quarter, the middle half or the highest quarter of the other organisations."),
    ]
    return table_of(cells, columns, title=title, kind="benchmarks", notes=notes, numeric=columns[1:4])


def _place(row: Mapping[str, Any], fact: Mapping[str, Any]) -> str:
    if not row["shown"] or row["bound_a"] or not is_known(row["estimate_a"]):
        return "\u2013"
    if row["estimate_a"] < fact["low"]:
        return _("lowest quarter")
    return _("highest quarter") if row["estimate_a"] > fact["high"] else _("middle half")


@section(order=5)
def pooled_gaps(report: OrganisationReport, *, most: int = 10) -> Block:
    """Tabulate the largest gaps beside what is left of them, drawn towards those of other organisations."""
    if report.pooled is None or report.pooled.empty:
        return Several(())
    columns = [_("Item"), _("Audiences"), _("As answered"), _("Usual"), _("Partially pooled")]
    rows = report.pooled.head(most).to_dict("records")
    cells = []
    for row in rows:
        name = with_answer(row["item"], row["measure"], report.instrument)
        pair = [audience_name(report.instrument, row[f"audience_{side}"], start=side == "a") for side in "ab"]
        low, high = ends(row["conf_low"], row["conf_high"], "points")
        drawn = Cell(point_number(row["gap"], signed=True), low, high)
        plain, usual = (point_number(row[one], signed=True) for one in ("plain", "usual"))
        cells.append(dict(zip(columns, (name, " − ".join(pair), plain, usual, drawn), strict=True)))
    members = sorted({int(row["members"]) for row in rows})
    counted = str(members[0]) if len(members) == 1 else f"{members[0]}\u2013{members[-1]}"
    largest = [
        _(
            "{item} ({plain} points as answered, {drawn} partially pooled)",
            item=item_name(report.instrument, row["item"]),
            plain=points(row["plain"], signed=True),
            drawn=change(row["gap"], row["conf_low"], row["conf_high"]),
        )
        for row in rows[:3]
    ]
    notes = [
        _(
            "In points, first audience less second. Partially pooled: each gap is drawn towards the usual "
            "gap of {members} other organisations, the less certain the further; in brackets the {level} "
            "interval. This organisation is left out of the usual gap, which is in whole points.",
            members=counted,
            level=percent(report.level),
        ),
        _(
            "The largest of many gaps is partly the largest by chance. Pooled gaps allow for that, and need "
            "no further correction for having been picked; they assume that organisations are of one kind."
        ),
    ]
    title = _("The largest gaps, as answered and partially pooled with the other organisations")
    table = table_of(cells, columns, title=title, kind="gaps", notes=notes, numeric=columns[2:])
    return Several((passage(_("The largest gaps here: {names}.", names=joined(largest))), table))


@section(order=40)
def benchmarks(report: OrganisationReport) -> Block:
    """Compare the organisation with published statistics, or state why they do not compare."""
    from toolkit.presentation import as_picture, benchmark_dots, benchmark_table

    if "benchmarks" not in report.released.tables:
        return nothing(_("The study names no published figures to compare with."))
    picture = as_picture(benchmark_dots, report.released, report.instrument, level=report.level)
    table = benchmark_table(report.released, report.instrument)
    return Several((*given(picture), table))
