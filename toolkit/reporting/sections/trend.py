"""Section: change since the previous wave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Several, Table, table_of
from toolkit.presentation.numbers import percent, points, share_number
from toolkit.presentation.rows import audience_name, item_name
from toolkit.reporting.gathering import describe_changed
from toolkit.reporting.sections import given, nothing, passage, section
from toolkit.reporting.sections.chapters import claimed

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=41)
def trend(report: OrganisationReport, *, every: bool = False) -> Block:
    """Show what changed since the previous wave.

    Questions that a chapter shows before and after are left to it, unless every question is asked for.
    """
    from toolkit.presentation import as_picture, wave_change

    sentences = [describe_changed(*report.changed, report.instrument)] if report.changed[0] else []
    if not report.previous_wave:
        none = nothing(_("There is no earlier wave to compare with."))
        return passage(*sentences) if sentences else none
    waves = (report.previous_wave, report.wave)
    elsewhere = frozenset() if every else claimed(report, "change")
    names = [v.name for v in report.instrument.variables if v.option is None and v.item.id not in elsewhere]
    picture = as_picture(
        wave_change,
        report.released,
        report.instrument,
        waves=waves,
        items=names if elsewhere else None,
        level=report.level,
    )
    if any(row["verdict_code"] == "at_most" for row in report.released.rows("trend")):
        sentences.append(
            _(
                "Some changes may be due to fewer than {k} people who came or went; the appendix shows them "
                "within limits.",
                k=report.released.policy.threshold,
            )
        )
    elif picture is None:
        sentences.insert(
            0,
            _("No change from {first} to {last} may be shown.", first=report.previous_wave, last=report.wave),
        )
    return Several(
        (*given(picture), *([passage(*sentences)] if sentences else []), *given(_all_waves(report)))
    )


def _all_waves(report: OrganisationReport) -> Table | None:
    """Tabulate shares of three or more waves with the average change, the clearest first."""
    from toolkit.analysis import average_change

    if "waves" not in report.released:
        return None
    shown = [row for row in report.released.rows("waves") if row["shown"] and not row["bound"]]
    columns = report.released.columns("waves")
    waves = [one for one in report.waves if any(row["wave"] == one for row in report.released.rows("waves"))]
    found = average_change(pd.DataFrame(shown, columns=columns), waves=report.waves, level=report.level)
    if found.empty:
        return None
    share = {(row["item"], row["audience"], row["wave"]): row["estimate"] for row in shown}
    order = (found["change"].abs() / found["std_error"]).sort_values(ascending=False, kind="stable").index
    change = _("Average change per wave")
    rows = [
        {
            _("Item"): item_name(report.instrument, row.item),
            _("Audience"): audience_name(report.instrument, row.audience, start=True),
            **{
                one: share_number(share[row.item, row.audience, one])
                if (row.item, row.audience, one) in share
                else None
                for one in waves
            },
            change: _(
                "{change} ({low} to {high})",
                change=points(row.change, signed=True),
                low=points(row.conf_low, signed=True),
                high=points(row.conf_high, signed=True),
            ),
        }
        for row in found.loc[order].itertuples(index=False)
    ]
    notes = [
        _(
            "Average change: the slope of a line through all waves, in points per wave, with its {level} "
            "interval, wider where waves are further from the line than chance makes them. Shares that are "
            "not shown, or only as a bound, are left out.",
            level=percent(report.level),
        )
    ]
    title = _("All waves")
    return table_of(rows, list(rows[0]), title=title, kind="trend", notes=notes, numeric=[*waves, change])
