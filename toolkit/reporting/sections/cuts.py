"""Sections: groups within an audience, and the page of one group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from toolkit.locale import _, using_language
from toolkit.presentation.blocks import Block, Heading, Several, Table, table_of
from toolkit.presentation.numbers import count, is_known, percent, point_number, points, share_number
from toolkit.presentation.rows import audience_name, item_name, listed
from toolkit.reporting.cuts import CUT, GROUPS, UNKNOWN, members_of, pair_of
from toolkit.reporting.sections import given, passage, section

if TYPE_CHECKING:
    from toolkit.reporting.documents import Document
    from toolkit.reporting.options import RunOptions
    from toolkit.reporting.report import OrganisationReport

_MOST_COLUMNS = 9
"""Groups side by side in one map; more are drawn on further ones."""


@section(order=38)
def cuts_maps(report: OrganisationReport) -> Block:
    """Draw per cut and audience where groups differ from their audience, and list those that stand out."""
    parts: list[Block] = []
    for name in report.cuts:
        for audience in report.audiences:
            cells = cells_of(report, name, audience)
            if cells.empty:
                continue
            if len(report.cuts) > 1 or len(report.audiences) > 1:
                who = audience_name(report.instrument, audience, start=True)
                parts.append(Heading(_("{who} by {cut}", who=who, cut=cut_name(report, name).lower())))
            parts += _maps(report, name, audience, cells)
            parts.append(_standing_out(report, name, audience, cells))
        parts += given(_between_audiences(report, name))
    return Several(tuple(parts))


def cut_name(report: OrganisationReport, name: str) -> str:
    """Return the name of a cut: the question's short name, or the column's."""
    if name in report.instrument:
        return str(report.instrument[name].label(report.language))
    return name.replace("_", " ").capitalize()


def group_name(report: OrganisationReport, cut: str, group: str) -> str:
    """Return the name of a group: the answer's words, or the cell; of a level, its path."""
    names = []
    for column, part in zip(report.cuts[cut], group.split(" / "), strict=False):
        labels = report.instrument[column].code_labels(report.language) if column in report.instrument else {}
        names.append(_("not stated") if part == UNKNOWN else labels.get(part, part))
    return " / ".join(names)


def cells_of(report: OrganisationReport, cut: str, audience: str) -> pd.DataFrame:
    """Return the cells of a map: code, group, item, share, all, n, difference, clear, mark.

    A group shown together with those who named none is marked; one shown only together with other groups
    has no difference.
    """
    table, columns = (
        f"{CUT}{cut}",
        ["code", "group", "item", "share", "all", "n", "difference", "clear", "mark"],
    )
    if table not in report.released:
        return pd.DataFrame(columns=columns)
    whole = {
        (row["item"], row["audience"]): row["estimate"]
        for row in report.released.rows("shares")
        if row["shown"] and not row["bound"]
    }
    rows = [row for row in report.released.rows(table) if row["audience"] == audience]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    tested = _clear(report, cut, audience)
    for row in rows:
        members = [one for one in members_of(row[table]) if one.rpartition(" / ")[2] != UNKNOWN]
        for one in members:
            cell = {"code": row["item"], "group": one, "share": pd.NA, "all": pd.NA, "n": pd.NA}
            cell |= {"difference": float("nan"), "clear": False, "mark": ""}
            all_of = whole.get((row["item"], audience))
            if len(members) == 1 and row["shown"] and not row["bound"] and all_of is not None:
                cell |= {"share": row["estimate"], "all": all_of, "n": row["n"]}
                cell |= {"difference": row["estimate"] - all_of, "clear": (row["item"], row[table]) in tested}
                cell["mark"] = "" if row[table] == one else "\u2020"
            found[(row["item"], one)] = cell
    groups = sorted({one for _, one in found}, key=lambda one: group_order(report, cut, one))
    items = [one.name for one in report.instrument.variables if any(one.name == item for item, _ in found)]
    blank = {"share": pd.NA, "all": pd.NA, "n": pd.NA, "difference": float("nan"), "clear": False, "mark": ""}
    listed_cells = [
        found.get((item, one), {"code": item, "group": one, **blank})
        | {"item": item_name(report.instrument, item)}
        for item in items
        for one in groups
    ]
    return pd.DataFrame(listed_cells, columns=columns)


def group_order(report: OrganisationReport, cut: str, group: str) -> list[Any]:
    """Return the key that sorts groups as their question lists the answers."""
    keys = []
    for column, part in zip(report.cuts[cut], group.split(" / "), strict=False):
        codes = list(report.instrument[column].codes) if column in report.instrument else []
        keys.append((codes.index(part) if part in codes else len(codes), part))
    return keys


def _clear(report: OrganisationReport, cut: str, audience: str) -> set[tuple[str, str]]:
    tests = report.cut_tests
    if tests is None:
        return set()
    own = tests[(tests["cut"] == cut) & (tests["audience"] == audience)]
    own = own[own["p_adjusted"] < 1 - report.level]
    return set(zip(own["item"], own["group"], strict=True))


def _maps(report: OrganisationReport, cut: str, audience: str, cells: pd.DataFrame) -> Iterator[Block]:
    from toolkit.presentation.figures.drawing import picture_of
    from toolkit.presentation.figures.research import MAP_LIMIT, group_map

    who, named = audience_name(report.instrument, audience), cut_name(report, cut).lower()
    groups = list(dict.fromkeys(cells["group"]))
    tested = report.cut_tests
    number = 0 if tested is None else int(((tested["cut"] == cut) & (tested["audience"] == audience)).sum())
    caption = [
        _(
            "Each number is how many points a group's share is above (+) or below (\u2212) that of all "
            "{who}. It is coloured and bold where the difference from the other groups is beyond chance, "
            "all {number} comparisons taken together; the colour is darkest from {limit} points on, whatever "
            "the other numbers are.",
            who=who, number=number, limit=points(MAP_LIMIT),
        )
    ]  # fmt: skip
    if cells["difference"].isna().any():
        caption.append(
            _(
                "A dot: fewer than {k} answered ({sensitive} for sensitive questions), nearly all or nearly "
                "none agree, or the number would reveal that of such a group.",
                k=report.policy.threshold, sensitive=report.policy.sensitive_threshold,
            )
        )  # fmt: skip
    if cells["mark"].ne("").any():
        caption.append(_("\u2020 together with those who named no group."))
    for first in range(0, len(groups), _MOST_COLUMNS):
        some = cells[cells["group"].isin(groups[first : first + _MOST_COLUMNS])]
        labels = {one: wrapped(group_name(report, cut, one)) for one in some["group"].unique()}
        drawn = some.assign(group=some["group"].map(labels))
        title = _finding(report, cut, audience, some, named)
        yield from given(picture_of(partial(group_map, drawn, title=title, caption=caption)))


def wrapped(text: str, width: int = 14) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width)) or text


def _finding(report: OrganisationReport, cut: str, audience: str, cells: pd.DataFrame, named: str) -> str:
    clear = cells[cells["clear"].astype(bool)]
    if clear.empty:
        who = audience_name(report.instrument, audience)
        return _("No {cut} differs from all {who} beyond chance", cut=named, who=who)
    row = clear.loc[clear["difference"].abs().idxmax()]
    words = {"group": group_name(report, cut, row["group"]), "item": row["item"]}
    size = points(abs(row["difference"]))
    if row["difference"] > 0:
        return _("{group}: {item} {size} points above all", size=size, **words)
    return _("{group}: {item} {size} points below all", size=size, **words)


def _standing_out(report: OrganisationReport, cut: str, audience: str, cells: pd.DataFrame) -> Block:
    clear = cells[cells["clear"].astype(bool)]
    who = audience_name(report.instrument, audience)
    if clear.empty:
        return passage(
            _(
                "No group stands out among {who}: every difference may be chance, given how many were "
                "compared. Small groups can only show large differences.",
                who=who,
            )
        )
    clear = clear.reindex(clear["difference"].abs().sort_values(ascending=False, kind="stable").index)
    return _table(report, cut, clear, _("Groups that stand out among {who}", who=who), grouped=True)


def _table(report: OrganisationReport, cut: str, cells: pd.DataFrame, title: str, *, grouped: bool) -> Table:
    group, question = cut_name(report, cut), _("Question")
    rows = [
        ({group: group_name(report, cut, row.group)} if grouped else {})
        | {
            question: row.item,
            _("Group"): share_number(row.share) if is_known(row.share) else None,
            _("All"): share_number(row.all) if is_known(row.all) else None,
            _("Difference"): point_number(row.difference, signed=True),
            _("Answered"): count(row.n) if is_known(row.n) else None,
        }
        for row in cells.itertuples(index=False)
    ]
    notes = [
        _(
            "Differences are tested against the rest of the audience at {level}, adjusted for the number of "
            "groups and questions (Holm).",
            level=percent(report.level),
        )
    ]
    if cells["mark"].ne("").any():
        notes.append(_("\u2020 together with those who named no group."))
        for row, mark in zip(rows, cells["mark"], strict=True):
            row[question] = f"{row[question]} {mark}".rstrip()
    names = list(rows[0])
    return table_of(rows, names, title=title, kind="cuts", notes=notes, numeric=names[-4:])


def _between_audiences(report: OrganisationReport, cut: str) -> Table | None:
    """Compare audiences within a group, where both may be shown."""
    from toolkit.analysis import gaps_from_summary

    table = f"{CUT}{cut}"
    if table not in report.released or len(report.audiences) < 2:
        return None
    rows = pd.DataFrame(
        [row for row in report.released.rows(table) if row["shown"] and not row["bound"]],
        columns=report.released.columns(table),
    )
    rows = rows[[len(members_of(one)) == 1 for one in rows[table]]]
    both = rows.groupby(["item", table])["audience"].transform("nunique") > 1
    if not both.any():
        return None
    summary = rows[both].rename(columns={table: "group"})
    summary = summary[["item", "measure", "group", "audience", "estimate", "n", "effective_n"]]
    found = gaps_from_summary(
        summary.astype({"n": "float64", "audience": "str"}), by="group", level=report.level
    )
    clear = found[found["p_adjusted"] < 1 - report.level]
    if clear.empty:
        return None
    names = {one: audience_name(report.instrument, one) for one in report.audiences}
    cells = [
        {
            cut_name(report, cut): group_name(report, cut, row.group),
            _("Question"): item_name(report.instrument, row.item),
            _("Audiences"): listed([names[row.audience_a], names[row.audience_b]]),
            _("Shares"): f"{percent(row.estimate_a)}, {percent(row.estimate_b)}",
            _("Gap"): point_number(row.gap, signed=True),
        }
        for row in clear.itertuples(index=False)
    ]
    title = _("Gaps between audiences within a group")
    return table_of(cells, list(cells[0]), title=title, kind="cuts", numeric=[_("Gap")])


def group_page(report: OrganisationReport, cut: str, group: str) -> Mapping[str, Block]:
    """Return the page of one group, audience by audience: what its report shows, and nothing else."""
    found: dict[str, Block] = {}
    for audience in report.audiences:
        cells = cells_of(report, cut, audience)
        own = cells[(cells["group"] == group) & cells["share"].notna()]
        if own.empty:
            continue
        who = audience_name(report.instrument, audience, start=True)
        name = group_name(report, cut, group)
        clear = own[own["clear"].astype(bool)]
        sentences = [
            _(
                "{item}: {share} here, {all} of all; beyond chance.",
                item=row.item, share=percent(row.share), all=percent(row.all),
            )
            for row in clear.itertuples(index=False)
        ]  # fmt: skip
        none = _("On no question does this group differ from the others beyond chance.")
        found[who] = Several(
            (
                passage(*(sentences or [none])),
                _table(
                    report, cut, own, _("{group} and all {who}", group=name, who=who.lower()), grouped=False
                ),
            )
        )
    return found


# Pages of single groups, for their managers


def write_group_pages(
    report: OrganisationReport, document: Document, folder: Path, options: RunOptions
) -> None:
    """Write a page per group beside a report, with numbers that the report shows and no others.

    A group that may not be shown has none.

    Parameters
    ----------
    document
        The report, whose cover and templates the pages have.
    folder
        Of the report; the pages are in its folder `GROUPS`.
    options
        `groups` and `formats`.
    """
    from toolkit.platforms.naming import made_id
    from toolkit.reporting.documents import Section, write_documents

    for cut, group in dict.fromkeys(pair_of(one) for one in options.groups):
        cells = pd.concat([cells_of(report, cut, audience) for audience in (*report.audiences, "")])
        every = list(dict.fromkeys(cells["group"]))
        ids = [made_id(one) for one in every]
        for one, name in zip(every, ids, strict=True):
            with using_language(report.language, report.level):
                parts = group_page(report, cut, one) if group in ("*", one) else {}
                title = f"{cut_name(report, cut)}: {group_name(report, cut, one)}"
            if parts:
                sections = tuple(Section(f"{title}, {who}", (block,)) for who, block in parts.items())
                page = replace(document, sections=sections)
                stem = f"{cut}-{made_id(one, marked=ids.count(name) > 1)}"
                write_documents(page, folder / GROUPS, options.formats, name=stem, keep=False)
