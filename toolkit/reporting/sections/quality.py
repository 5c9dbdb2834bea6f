"""Section: who answered, when, and whether they read; what that means for the declared questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Cell, Heading, Several, Table, table_of
from toolkit.presentation.numbers import Number, count, is_known, percent, share_number
from toolkit.presentation.rows import audience_name, item_name, joined
from toolkit.reporting.cuts import CUT, UNKNOWN, members_of
from toolkit.reporting.sections import passage, section
from toolkit.reporting.sections.cuts import cut_name, group_name, group_order

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport

Row = Mapping[str, Any]


@section(order=43)
def quality(report: OrganisationReport) -> Block:
    """Show how the declared questions change without flagged answers, over time, and with the missing."""
    parts: list[Block] = []
    if "shares" not in report.released:
        return Several(())
    for title, lead, build in (
        (
            _("Answers given without reading"),
            _(
                "People are flagged who show at least two signs of answering without reading, such as the "
                "same answer to everything. No one was left out of this report. Of so few that they could be "
                "identified, nothing is shown."
            ),
            _without_flagged,
        ),
        (
            _("Early and late answers"),
            _(
                "Those who answered late often resemble those who did not answer. Early is the first half of "
                "each audience, by days."
            ),
            _early_and_late,
        ),
    ):
        sentences = list(build(report))
        if sentences:
            parts += [Heading(title), passage(lead, *sentences)]
    tables = [*_responses(report), *_bounds(report)]
    if tables:
        parts += [Heading(_("Those who did not answer")), *tables]
    return Several(tuple(parts))


def _parted(report: OrganisationReport, table: str) -> Iterator[tuple[str, dict[str, dict[str, Row]]]]:
    """Yield each audience with item → part → released row."""
    if table not in report.released:
        return
    column = table.removeprefix("by_")
    for audience in report.audiences:
        found: dict[str, dict[str, Row]] = {}
        for row in report.released.rows(table):
            if row["audience"] == audience:
                found.setdefault(row["item"], {})[row[column]] = row
        if found:
            yield audience, found


def _without_flagged(report: OrganisationReport) -> Iterator[str]:
    whole = {(row["item"], row["audience"]): row for row in report.released.rows("shares") if row["shown"]}
    for audience, items in _parted(report, "by_quality_check"):
        who = audience_name(report.instrument, audience, start=True)
        changes = []
        for item, parts in items.items():
            before, kept, flagged = whole.get((item, audience)), parts.get("kept"), parts.get("flagged")
            if before and kept and flagged and _exact(before) and _exact(kept) and flagged["shown"]:
                moved = abs(kept["estimate"] - before["estimate"])
                changes.append((moved, int(flagged["n"]), int(before["n"]), item, before, kept))
        if not changes:
            yield _(
                "{audience}: fewer than {k} people were flagged, perhaps none, or what they answered may "
                "not be shown.",
                audience=who,
                k=report.policy.threshold,
            )
            continue
        _moved, n, base, item, before, kept = max(changes, key=lambda one: one[0])
        yield _(
            "{audience}: of the declared questions, {item} changes most without those flagged ({n} of "
            "{base}): {before} with them, {now} without.",
            audience=who,
            n=n,
            base=base,
            item=item_name(report.instrument, item),
            before=percent(before["estimate"]),
            now=percent(kept["estimate"]),
        )


def _exact(row: Row) -> bool:
    return bool(row["shown"]) and not row["bound"] and is_known(row["estimate"])


def _early_and_late(report: OrganisationReport) -> Iterator[str]:
    tested = report.released.rows("gaps_by_field_phase") if "gaps_by_field_phase" in report.released else ()
    for audience, _items in _parted(report, "by_field_phase"):
        who = audience_name(report.instrument, audience, start=True)
        rows = [
            row
            for row in tested
            if row["audience"] == audience and row["shown"] and not (row["bound_a"] or row["bound_b"])
        ]
        rows = [row for row in rows if is_known(row["gap"])]
        if not rows:
            yield _("{audience}: not shown, because too few answered early or late.", audience=who)
            continue
        clear = [row for row in rows if is_known(row["p_adjusted"]) and row["p_adjusted"] < 1 - report.level]
        named = [
            _(
                "{item} (early {early}, late {late})",
                item=item_name(report.instrument, row["item"]),
                early=percent(row["estimate_a"]),
                late=percent(row["estimate_b"]),
            )
            for row in sorted(clear or rows, key=lambda row: -abs(row["gap"]))
        ]
        if clear:
            yield _("{audience}: beyond chance, {names} differ.", audience=who, names=joined(named))
        else:
            yield _(
                "{audience}: no difference beyond chance; the largest: {name}.", audience=who, name=named[0]
            )


def _responses(report: OrganisationReport) -> Iterator[Table]:
    """Tabulate answered of invited by group, of the question whose groups are shown most finely."""
    from scipy.stats import chi2_contingency

    for (cut, audience), people in report.people.items():
        if f"{CUT}{cut}" not in report.released:
            continue
        by_item: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        for row in report.released.rows(f"{CUT}{cut}"):
            if row["audience"] == audience and is_known(row["n"]):
                by_item.setdefault(row["item"], []).append((members_of(row[f"{CUT}{cut}"]), int(row["n"])))
        if not by_item:
            continue
        item, blocks = max(by_item.items(), key=lambda one: (len(one[1]), sum(n for _, n in one[1])))
        columns = [cut_name(report, cut), _("People"), _("Answered"), _("Share")]
        cells: list[dict[str, str | Cell | Number | None]] = []
        counted = []
        for groups, n in sorted(blocks, key=lambda one: group_order(report, cut, one[0][0])):
            known = [one for one in groups if one != UNKNOWN]
            invited = sum(people.get(one, 0) for one in known)
            mark = " \u2020" if len(known) < len(groups) else ""
            name = " + ".join(group_name(report, cut, one) for one in known) + mark
            share = share_number(n / invited) if invited >= n else None
            cells.append(dict(zip(columns, (name, count(invited), count(n), share), strict=True)))
            if 0 < n <= invited:
                counted.append([n, invited - n])
        if len(counted) < 2 or not all(map(sum, zip(*counted, strict=True))):
            continue
        p = float(chi2_contingency(counted).pvalue)
        differ = (
            _("Some groups answered less often than others, by more than chance.")
            if p < 1 - report.level
            else _("The shares differ no more than by chance.")
        )
        weighted = _("Weights to known totals, where a study has them, make up for such differences.")
        notes = [
            _("Answered: the question {item}.", item=item_name(report.instrument, item)),
            differ + " " + weighted,
        ]
        if any("\u2020" in str(cell[columns[0]]) for cell in cells):
            notes.append(_("\u2020: together with those who named no group."))
        who = audience_name(report.instrument, audience)
        title = _("Who answered, of all {who}", who=who)
        yield table_of(cells, columns, title=title, kind="participation", notes=notes, numeric=columns[1:])


def _bounds(report: OrganisationReport) -> Iterator[Table]:
    """Tabulate limits for the declared questions, whatever those who are missing think."""
    invited = {
        row["audience"]: int(row["invited"])
        for row in report.participation.to_dict("records")
        if is_known(row["invited"]) and is_known(row["answered"])
    }
    rows = [row for row in report.released.rows("shares") if _exact(row) and row["item"] in report.headline]
    columns = [_("Item"), _("Audience"), _("Share")]
    cells: list[dict[str, str | Cell | Number | None]] = []
    for row in rows:
        whole = invited.get(row["audience"], 0)
        if whole < row["n"]:
            continue
        low = float(row["estimate"]) * row["n"] / whole
        ends = share_number(low), share_number(low + 1 - row["n"] / whole)
        who = audience_name(report.instrument, row["audience"], start=True)
        words = (item_name(report.instrument, row["item"]), who, Cell(share_number(row["estimate"]), *ends))
        cells.append(dict(zip(columns, words, strict=True)))
    notes = [
        _(
            "In brackets: the lowest and the highest share if all who did not answer thought one way or the "
            "other. Only more answers narrow this range; where both ends are on one side of 50%, so is the "
            "majority."
        )
    ]
    if cells:
        title = _("What those who did not answer could change")
        yield table_of(cells, columns, title=title, kind="shares", notes=notes, numeric=columns[2:])
