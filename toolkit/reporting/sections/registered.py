"""Section: tests registered before the wave, and what the next wave could show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Several, Table
from toolkit.presentation.numbers import percent, points
from toolkit.presentation.rows import audience_name, item_name
from toolkit.reporting.sections import passage, section

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport
    from toolkit.study.registration import RegisteredTest


@section(order=42)
def registered(report: OrganisationReport) -> Several:
    """Show the results of tests registered before this wave, and what the next wave could show."""
    blocks: list[Block] = []
    found = report.registration
    if found is not None and found.wave == report.wave and found.of(report.organisation):
        blocks += [_answers(report, found.of(report.organisation))]
    if report.previous_wave and not report.withheld:
        blocks.append(_next_wave(report))
    return Several(tuple(blocks))


def _answers(report: OrganisationReport, tests: tuple[RegisteredTest, ...]) -> Table:
    from toolkit.analysis import adjust_p

    rows = report.released.rows("trend") if "trend" in report.released else []
    of = {(row["item"], row["audience"]): row for row in rows if row["measure"] == "top"}
    paired = [(test, of.get((test.item, test.audience))) for test in tests]
    one_sided = [_one_sided(test, row) for test, row in paired]
    adjusted = adjust_p(one_sided, method="holm")
    cells = []
    for (test, row), p in zip(paired, adjusted, strict=True):
        change = "–"
        if row is None or not row["shown"] or pd.isna(p):
            verdict = _("cannot be shown, or was not asked in both waves")
        else:
            change = _("{before} → {now}", before=percent(row["estimate_b"]), now=percent(row["estimate_a"]))
            if p < 1 - report.level:
                verdict = _("confirmed")
            elif (row["gap"] > 0) != (test.direction == "up") and row["gap"] != 0:
                verdict = _("not confirmed: no change in the expected direction was found")
            else:
                verdict = _("this wave cannot tell")
        cells.append(
            (
                item_name(report.instrument, test.item),
                audience_name(report.instrument, test.audience),
                _("rise") if test.direction == "up" else _("fall"),
                change,
                verdict,
            )
        )
    registration = report.registration
    assert registration is not None  # noqa: S101 - the caller looked
    heads = (_("Question"), _("Audience"), _("Expected"), _("Change"), _("Result"))
    note = _(
        "Registered on {day} (SHA-256 {digest}…). One-sided tests of the change from wave {wave}, their p "
        "values adjusted together (Holm).",
        day=registration.registered,
        digest=registration.sha256[:12],
        wave=report.previous_wave or "–",
    )
    return Table(_("Tests registered before this wave"), heads, tuple(cells), (note,))


def _one_sided(test: RegisteredTest, row: Mapping[str, Any] | None) -> float:
    """Return the p value in the registered direction, NaN where the change is not shown."""
    if row is None or not row["shown"] or pd.isna(row["p_value"]) or row["bound"]:
        return float("nan")
    right = (row["gap"] > 0) == (test.direction == "up") and row["gap"] != 0
    return float(row["p_value"] / 2 if right else 1 - row["p_value"] / 2)


def _next_wave(report: OrganisationReport) -> Block:
    """State the smallest change another wave of the same size would find, per audience."""
    from toolkit.analysis import minimum_detectable_gap

    known = {
        str(row["audience"]): int(row["answered"])
        for row in report.participation.to_dict("records")
        if pd.notna(row["answered"]) and row["answered"] > 0
    }
    sentences = []
    for audience, n in known.items():
        smallest = minimum_detectable_gap(n, n, alpha=1 - report.level)
        name = audience_name(report.instrument, audience, start=True)
        if pd.isna(smallest):
            sentences.append(_("{audience}: {n} answers cannot show any change.", audience=name, n=n))
        else:
            sentences.append(
                _(
                    "{audience}: with {n} answers again, changes of {points} points or more would be found "
                    "in four of five such surveys; smaller ones mostly not.",
                    audience=name,
                    n=n,
                    points=points(smallest),
                )
            )
    lead = _("What the next wave could show of an action taken now:")
    return passage(lead, *sentences) if sentences else Several(())
