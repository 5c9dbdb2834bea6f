"""Sections of the report on all organisations together: who is counted, heat map, league tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from toolkit.locale import N_, _
from toolkit.presentation.blocks import Block, Heading, Several, Table, table_of
from toolkit.presentation.numbers import count, percent, point_number, points, share_number
from toolkit.presentation.rows import audience_name, item_name, joined
from toolkit.reporting.sections import given, passage, section
from toolkit.reporting.sections.cuts import wrapped

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport

_SIDE_BY_SIDE = 7
_LEAST = 5
_MOST_ITEMS = 6


def _shares(report: OrganisationReport, audience: str) -> pd.DataFrame:
    """Return what organisations' own reports show of an audience this wave: the top box of every question."""
    cells = report.clients
    if cells is None:
        return pd.DataFrame(columns=["organisation", "name", "item", "n", "estimate", "exact"])
    cells = cells[
        (cells["wave"] == report.wave) & (cells["audience"] == audience) & (cells["answer"] == "top")
    ]
    asked = {variable.name for variable in report.instrument.variables if variable.kind == "single"}
    return cells[cells["item"].isin(asked)]


@section(order=47)
def organisations_counted(report: OrganisationReport) -> Block:
    """Tabulate how many organisations are counted, audience by audience."""
    if report.clients is None:
        return Several(())
    now = report.clients[report.clients["wave"] == report.wave]
    rows = [
        {
            _("Audience"): audience_name(report.instrument, audience, start=True),
            _("Organisations"): count(own.loc[own["n"].notna(), "organisation"].nunique()),
        }
        for audience in report.audiences
        if len(own := now[now["audience"] == audience])
    ]
    notes = [
        _(
            "Answers count if the organisation's own report prints their number. What such a report shows "
            "as a bound, or withholds, is counted only where several organisations hide each other's; "
            "otherwise the question is withheld here. No hidden count follows from this report and all of "
            "the organisations' own."
        ),
        _("Intervals and tests treat organisations as clusters."),
    ]
    title = _("Organisations in this report")
    return (
        table_of(
            rows, list(rows[0]), title=title, kind="organisations", notes=notes, numeric=[_("Organisations")]
        )
        if rows
        else Several(())
    )


def organisations_in_short(report: OrganisationReport) -> tuple[Block, ...]:
    """Say how many organisations are counted, and which lie furthest from all; for the overall report."""
    if report.clients is None:
        return ()
    now = report.clients[report.clients["wave"] == report.wave]
    sentences = [
        _(
            "{count} organisations are taken together here, as clusters: intervals and tests allow for how "
            "much organisations differ.",
            count=now.loc[now["n"].notna(), "organisation"].nunique(),
        )
    ]
    cells = [_differences(_shares(report, audience), report.level) for audience in report.audiences]
    found = pd.concat(cells) if cells else pd.DataFrame()
    clear = found[found["clear"]] if len(found) else found
    if len(clear):
        order = clear["difference"].abs().sort_values(ascending=False, kind="stable").index
        named = [
            _(
                "{organisation}, {item} ({audience} {share}, all {whole})",
                organisation=row.name,
                item=item_name(report.instrument, row["item"]),
                audience=audience_name(report.instrument, row["audience"]),
                share=percent(row["estimate"]),
                whole=percent(row["estimate"] - row["difference"]),
            )
            for _place, row in clear.loc[order].head(3).set_index("name").iterrows()
        ]
        sentences.append(
            _(
                "Where organisations differ: {clear} of {all} shares lie beyond chance from those of all. "
                "The furthest: {names}.",
                clear=len(clear),
                all=int(found["exact"].sum()),
                names=joined(named),
            )
        )
    elif len(found):
        sentences.append(_("No organisation's share lies beyond chance from that of all."))
    return (passage(*sentences),)


@section(order=48)
def organisations_map(report: OrganisationReport) -> Block:
    """Draw questions × organisations: how far each organisation's share is from that of all."""
    parts: list[Block] = []
    for audience in report.audiences if report.clients is not None else ():
        cells = _differences(_shares(report, audience), report.level)
        if cells.empty:
            continue
        parts.append(Heading(audience_name(report.instrument, audience, start=True)))
        parts += [*_maps(report, audience, cells), *given(_standing_out(report, audience, cells))]
    return Several(tuple(parts))


def _standing_out(report: OrganisationReport, audience: str, cells: pd.DataFrame) -> Table | None:
    clear = cells[cells["clear"]]
    if clear.empty:
        return None
    clear = clear.loc[clear["difference"].abs().sort_values(ascending=False, kind="stable").index]
    columns = [_("Organisation"), _("Question"), _("Answers"), _("As answered"), _("All"), _("Difference")]
    rows = [
        dict(
            zip(
                columns,
                (
                    row["name"],
                    item_name(report.instrument, row["code"]),
                    count(row["n"]),
                    share_number(row["estimate"]),
                    share_number(row["estimate"] - row["difference"]),
                    point_number(row["difference"], signed=True),
                ),
                strict=True,
            )
        )
        for _place, row in clear.iterrows()
    ]
    first = clear.iloc[0]
    said = (
        N_("{group}: {item} {size} points above all")
        if first["difference"] > 0
        else N_("{group}: {item} {size} points below all")
    )
    item, size = item_name(report.instrument, first["code"]), points(abs(first["difference"]))
    title = _(said, group=first["name"], item=item, size=size)
    notes = [
        _(
            "Differences of {who} beyond chance, the largest first.",
            who=audience_name(report.instrument, audience),
        )
    ]
    return table_of(rows, columns, title=title, kind="estimates", notes=notes, numeric=columns[2:])


def _differences(cells: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return each share's difference from the pooled one, and whether chance would make it so large."""
    from toolkit.analysis import funnel_limits

    cells = cells[cells["exact"] | cells["n"].notna()]
    shown = cells[cells["exact"]]
    family = max(len(shown), 1)
    found = []
    for item, own in shown.groupby("item", sort=False):
        if len(own) < _LEAST:
            continue
        n = own["effective_n"].round().clip(lower=1).to_numpy(float)
        share = own["estimate"].to_numpy(float)
        pooled = float((share * n).sum() / n.sum())
        low, high = funnel_limits(pooled, n, level=1 - (1 - level) / family)
        clear = (share < low - 1e-9) | (share > high + 1e-9)
        found.append(own.assign(code=item, difference=share - pooled, clear=clear))
    if not found:
        return pd.DataFrame()
    drawn = pd.concat(found)
    hidden = cells[~cells["exact"] & cells["item"].isin(drawn["item"])]
    hidden = hidden.assign(code=hidden["item"], difference=np.nan, clear=False)
    return pd.concat([drawn, hidden]).assign(mark="")


def _maps(report: OrganisationReport, audience: str, cells: pd.DataFrame) -> Iterator[Block]:
    from toolkit.presentation.figures.drawing import picture_of
    from toolkit.presentation.figures.research import MAP_LIMIT, group_map

    order = [one.name for one in report.instrument.variables if one.name in set(cells["code"])]
    names = sorted(cells["name"].unique())
    full = pd.MultiIndex.from_product([order, names], names=["code", "name"])
    cells = cells.set_index(["code", "name"])[["difference", "clear", "mark"]].reindex(full).reset_index()
    cells = cells.assign(
        item=[item_name(report.instrument, one) for one in cells["code"]],
        clear=cells["clear"].eq(True),
        mark=cells["mark"].fillna(""),
    )
    number = int(cells["difference"].notna().sum())
    caption = [
        _(
            "Each number is how many points an organisation's share is above (+) or below (−) that of all. "
            "It is coloured and bold where chance would hardly make it so large, all {number} taken together "
            "(Bonferroni); the colour is darkest from {limit} points on.",
            number=number, limit=points(MAP_LIMIT),
        ),
        _("A dot: the organisation's own report shows no number, or a bound."),
    ]  # fmt: skip
    for own in np.array_split(np.array(names, dtype=object), -(-len(names) // _SIDE_BY_SIDE)):
        some = cells[cells["name"].isin(own)]
        clear = int(some["clear"].sum())
        said = (
            N_("{first} to {last}: {clear} clear differences from all {who}")
            if clear
            else N_("{first} to {last}: no clear difference from all {who}")
        )
        title = _(
            said, first=own[0], last=own[-1], clear=clear, who=audience_name(report.instrument, audience)
        )
        drawn = some.assign(group=[wrapped(one, 10) for one in some["name"]])
        yield from given(picture_of(partial(group_map, drawn, title=title, caption=caption)))


@section(order=49)
def league_tables(report: OrganisationReport) -> Block:
    """Show organisations' shares with their uncertainty: funnel, and shares drawn towards the usual one.

    Of the declared questions, else of those on which organisations differ most.
    """
    from toolkit.presentation import organisation_funnel, organisation_table
    from toolkit.presentation.figures.drawing import picture_of

    if report.clients is None:
        return Several(())
    parts: list[Block] = []
    weighted = report.weights is not None
    for audience in report.audiences:
        cells = _shares(report, audience)
        rows = cells.assign(measure="top", shown=cells["n"].notna(), bound=np.where(cells["exact"], "", "<="))
        if weighted:
            rows = rows.assign(n=rows["effective_n"].round())
        rows = rows.assign(estimate=(rows["estimate"] * rows["n"]).round() / rows["n"])
        names = dict(zip(rows["organisation"], rows["name"], strict=True))
        for item in _leading(report, cells):
            funnel = partial(
                organisation_funnel, {"shares": rows}, report.instrument, item, audience=audience, names=names
            )
            picture = picture_of(funnel)
            table = organisation_table(
                {"shares": rows},
                report.instrument,
                item,
                audience=audience,
                names=names,
                level=report.level,
            )
            if picture is not None and table is not None:
                who = audience_name(report.instrument, audience, start=True)
                parts += [Heading(f"{who}: {item_name(report.instrument, item)}"), picture, table]
    if parts and weighted:
        text = _("Answers are weighted: each number of answers in these pictures is the effective one.")
        parts.insert(0, passage(text))
    return Several(tuple(parts)) if parts else passage(_("Fewer than five organisations can be compared."))


def _leading(report: OrganisationReport, cells: pd.DataFrame) -> list[str]:
    """Return the declared questions that five organisations show, else those that spread most."""
    exact = cells[cells["exact"]]
    spread = exact.groupby("item")["estimate"].agg(["size", "std"])
    spread = spread[spread["size"] >= _LEAST]
    declared = [item for item in report.primary if item in spread.index]
    ordered = spread["std"].sort_values(ascending=False, kind="stable").index
    return (declared or [str(item) for item in ordered])[:_MOST_ITEMS]
