"""Passages made from released rows: the one-page summary, what cannot be told, the notice on synthetic data."""

from __future__ import annotations

from typing import Any

import pandas as pd

from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Bullets, Paragraph, Prose, Terms
from toolkit.presentation.numbers import base, is_known, percent, points
from toolkit.presentation.rows import audience_name, item_name, known, released_table, shown_rows
from toolkit.presentation.sentences import by_width, headline, hint_of, is_certain, verdict_of

__all__ = ["cannot_tell", "headline", "percent", "points", "summary", "synthetic_notice"]


def summary(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "gaps",
    participation: pd.DataFrame | None = None,
    measure: str = "top",
    most: int = 3,
    adjusted: str = "",
    by: str = "audience",
    language: str = "en",
) -> Prose:
    """The page for whoever reads one page: who answered, the widest gaps with their verdicts, how to take them.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording.
    table, measure
        The released gaps and which measure of them.
    participation
        `Admitted.participation`, where it is to be said who answered.
    most
        How many gaps.
    adjusted
        How p was adjusted, in words; without it the families are read from the table.
    by, language
        The group column of `participation`; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    gaps = released_table(released, table, columns=("item", "measure", "gap", "verdict"))
    gaps = gaps[gaps["measure"] == measure]
    parts: list[Paragraph | Bullets | Terms] = []
    if participation is not None:
        parts.append(Paragraph(_who_answered(participation, instrument, by, language)))
    rows = one_an_item(by_width(gaps)).head(most).to_dict("records")
    if rows:
        parts.append(Paragraph(_widest(len(rows))))
        parts.append(Terms(tuple(_finding(row, instrument, language) for row in rows)))
        parts.append(Paragraph(_tested(gaps, adjusted)))
    else:
        parts.append(
            Paragraph(
                "No gap between audiences may be shown here: too few people answered in all but one of them."
            )
        )
    return Prose("", tuple(parts), "summary")


def cannot_tell(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "gaps",
    participation: pd.DataFrame | None = None,
    measure: str = "top",
    by: str = "audience",
    language: str = "en",
) -> Prose:
    """What this survey cannot tell: gaps too small to show, people who did not answer, causes, masked groups.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording.
    table, measure
        The released gaps and which measure of them.
    participation
        `Admitted.participation`, for what is said of those who did not answer.
    by, language
        The group column of `participation`; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    gaps = released_table(released, table, columns=("item", "measure", "minimum_detectable_gap"))
    gaps = gaps[gaps["measure"] == measure]
    said = [*_detectable(gaps, instrument, language), *_uncertain(gaps)]
    if participation is not None:
        said += _silent(participation, instrument, by, language)
    said += [
        "Why views differ. The survey shows that audiences answer differently, not what brings it about.",
        "Whether an answer holds for any one person or team: the figures are shares of whole audiences.",
        "What people think today: the answers are those of the days the survey was open.",
    ]
    hidden = int((~gaps["shown"].astype(bool)).sum())
    if hidden:
        said.append(
            f"{hidden} of {len(gaps)} comparisons are not shown, because a group is too small for its answers to stay "
            "confidential. That is no sign of agreement or of conflict."
        )
    return Prose("", (Bullets(tuple(said)),), "cannot-tell")


def synthetic_notice(synthetic: bool = True) -> Prose:
    """The notice that stands wherever synthetic answers are shown; empty for real ones."""
    if not synthetic:
        return Prose("", (), "notice")
    text = (
        "Synthetic data. The organisations are fictitious and the answers were made by a program, some of them to "
        "follow published shares. Nothing here says anything about a real organisation."
    )
    return Prose("", (Paragraph(text),), "notice synthetic")


def one_an_item(rows: pd.DataFrame) -> pd.DataFrame:
    """The first row of each item."""
    return rows[~rows["item"].duplicated()]


def _widest(count: int) -> str:
    number = {1: "The widest gap", 2: "The two widest gaps", 3: "The three widest gaps"}.get(
        count, f"The {count} widest gaps"
    )
    return f"{number} between audiences, whichever they are:"


def _finding(row: dict[str, Any], instrument: Instrument, language: str) -> tuple[str, str]:
    name = item_name(instrument, row["item"], language=language)
    text = headline(row, instrument, language=language).removeprefix(f"{name}: ")
    hint = hint_of(row["item"], row["measure"], instrument)
    return name, text + (f" Here {hint}." if hint else "")


def _tested(gaps: pd.DataFrame, adjusted: str) -> str:
    tested = int(gaps["p_value"].notna().sum()) if "p_value" in gaps else 0
    how = adjusted or _families(gaps)
    certain = sum(is_certain(row) for row in shown_rows(gaps).to_dict("records"))
    return (
        f"{tested} gaps were tested{how}; {certain} of them stay clear of 0 after that. Picking the widest of many "
        "makes them look wider than they are, so read the interval in brackets, not the single number."
    )


def _families(gaps: pd.DataFrame) -> str:
    if "family" not in gaps or gaps["family"].dropna().nunique() < 2:
        return ", their p values adjusted for the number of tests"
    counts = gaps.loc[gaps["p_value"].notna(), "family"].value_counts()
    listed = " and ".join(f"{count} {name}" for name, count in counts.items())
    return f" ({listed}), their p values adjusted within each family"


def _who_answered(participation: pd.DataFrame, instrument: Instrument, by: str, language: str) -> str:
    said = []
    for row in participation.to_dict("records"):
        name = audience_name(instrument, row[by], language=language)
        if is_known(row["answered"]) and is_known(row["invited"]):
            rate = f" ({percent(row['response_rate'])})" if is_known(row["response_rate"]) else ""
            said.append(f"{base(row['answered'])} of {base(row['invited'])} {name}{rate}")
        elif is_known(row["answered"]):
            said.append(f"{base(row['answered'])} {name}")
        elif known(row["answered_shown"]) != "0":
            few = str(known(row["answered_shown"], "too few")).replace("<", "fewer than ")
            said.append(f"{few} {name}, who are therefore not shown")
    joined = "; ".join(said)
    return f"Answered: {joined}."


def _detectable(gaps: pd.DataFrame, instrument: Instrument, language: str) -> list[str]:
    said = []
    rows = shown_rows(gaps)
    for (a, b), own in rows.groupby(["audience_a", "audience_b"], observed=True, sort=False):
        sizes = own["minimum_detectable_gap"].dropna().astype(float)
        pair = f"{audience_name(instrument, a, language=language)} and {audience_name(instrument, b, language=language)}"
        if sizes.empty:
            said.append(f"Gaps between {pair}: with so few answers none would show reliably.")
            continue
        low, high = points(sizes.min()), points(sizes.max())
        size = f"{low} points" if low == high else f"{low} to {high} points, depending on the question"
        said.append(
            f"Small gaps between {pair}: only gaps of about {size}, or more, would be found four times in five."
        )
    return said


def _uncertain(gaps: pd.DataFrame) -> list[str]:
    rows = [row for row in shown_rows(gaps).to_dict("records") if is_known(row["gap"])]
    open_ones = sum(verdict_of(row).startswith("this survey cannot tell") for row in rows)
    if not open_ones:
        return []
    return [
        f"On {open_ones} of {len(rows)} comparisons which way the views differ, if they do. Not finding a gap is not "
        "finding agreement."
    ]


def _silent(participation: pd.DataFrame, instrument: Instrument, by: str, language: str) -> list[str]:
    said = []
    rates = participation.dropna(subset=["response_rate"]).to_dict("records")
    for row in rates:
        missing = 1 - float(row["response_rate"])
        if missing > 0:
            name = audience_name(instrument, row[by], language=language)
            said.append(f"{percent(missing)} of {name}")
    if said:
        said = [
            f"What those think who did not answer ({', '.join(said)}). The intervals allow for chance, not for a "
            "difference between those who answered and those who did not."
        ]
    hidden = [
        audience_name(instrument, row[by], language=language)
        for row in participation.to_dict("records")
        if not is_known(row["answered"])
    ]
    if hidden:
        said.append(f"What {' and '.join(hidden)} think: too few answered to be shown.")
    return said
