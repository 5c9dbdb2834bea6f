"""Passages made from released rows: the summary, what cannot be told, the notice on synthetic data."""

from __future__ import annotations

from typing import Any

import pandas as pd

from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Bullets, Paragraph, Prose, Terms
from toolkit.presentation.numbers import base, is_known, percent, points
from toolkit.presentation.rows import audience_name, item_name, known, listed, released_table, shown_rows
from toolkit.presentation.sentences import by_width, headline, hint_of, is_certain, verdict_of

_FAMILIES = {"pre-declared": "declared before the answers were looked at", "other": "exploratory"}

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
    """The page for whoever reads one page: who answered, the widest gaps, their verdicts, how to take them.

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
                "No gap between audiences may be shown here: too few answered, or nearly all gave the same "
                "answer."
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
    pairs = [*_detectable(gaps, instrument, language), *_uncertain(gaps)]
    if participation is not None:
        pairs += _silent(participation, instrument, by, language)
    pairs += [
        ("Causes", "The survey shows where audiences answer differently, not what brings it about."),
        ("Single people and teams", "Every figure is a share of a whole audience."),
        ("Today", "The answers are those of the days the survey was open."),
    ]
    hidden = int((~gaps["shown"].astype(bool)).sum())
    if hidden:
        pairs.append(
            (
                "What is not shown",
                f"{hidden} of {len(gaps)} comparisons are withheld, because a group is too small, or its "
                "answers too alike, to stay confidential. That is no sign of agreement or of conflict.",
            )
        )
    return Prose("", (Terms(tuple(pairs)),), "cannot-tell")


def synthetic_notice(synthetic: bool = True) -> Prose:
    """The notice that stands wherever synthetic answers are shown; empty for real ones."""
    if not synthetic:
        return Prose("", (), "notice")
    text = (
        "Synthetic data. The organisations are fictitious and the answers were made by a program, some of "
        "them to follow published shares. Nothing here says anything about a real organisation."
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
    return name, text + (f" {hint[0].upper()}{hint[1:]}." if hint else "")


def _tested(gaps: pd.DataFrame, adjusted: str) -> str:
    tested = int(gaps["p_value"].notna().sum()) if "p_value" in gaps else 0
    how = adjusted or _families(gaps)
    certain = sum(is_certain(row) for row in shown_rows(gaps).to_dict("records"))
    count = "1 gap was" if tested == 1 else f"{tested} gaps were"
    clear = {0: "none of them stays", 1: "1 of them stays"}.get(certain, f"{certain} of them stay")
    return (
        f"{count} tested{how}; {clear} clear of 0 after that. Picking the widest "
        "of many makes them look wider than they are, so read the interval in brackets, not the single "
        "number."
    )


def _families(gaps: pd.DataFrame) -> str:
    counts = gaps.loc[gaps["p_value"].notna(), "family"].value_counts() if "family" in gaps else {}
    if len(counts) < 2:
        return ", their p values adjusted for the number of tests"
    order = sorted(counts.items(), key=lambda pair: pair[0] == "other")
    told = listed([f"{count} {_FAMILIES.get(str(name), name)}" for name, count in order])
    return f" ({told}), their p values adjusted within each of these groups"


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


def _detectable(gaps: pd.DataFrame, instrument: Instrument, language: str) -> list[tuple[str, str]]:
    said = []
    rows = shown_rows(gaps)
    for pair, own in rows.groupby(["audience_a", "audience_b"], observed=True, sort=False):
        sizes = own["minimum_detectable_gap"].dropna().astype(float)
        names = " and ".join(audience_name(instrument, name, language=language) for name in pair)
        if sizes.empty:
            text = "With so few answers no gap would show reliably."
        else:
            low, high = points(sizes.min()), points(sizes.max())
            size = f"{low} points" if low == high else f"{low} to {high} points (depending on the question)"
            text = f"Only gaps of about {size} or more would be found four times in five."
        said.append((f"Small gaps between {names}", text))
    return said


def _uncertain(gaps: pd.DataFrame) -> list[tuple[str, str]]:
    rows = [row for row in shown_rows(gaps).to_dict("records") if is_known(row["gap"])]
    undecided = sum(verdict_of(row).startswith("this survey cannot tell") for row in rows)
    if not undecided:
        return []
    text = (
        f"In {undecided} of {len(rows)} comparisons the survey cannot tell which audience's share is "
        "higher. Not finding a gap is not finding agreement."
    )
    return [("Agreement", text)]


def _silent(
    participation: pd.DataFrame, instrument: Instrument, by: str, language: str
) -> list[tuple[str, str]]:
    rows = participation.to_dict("records")
    missing = [
        f"{percent(1 - float(row['response_rate']))} of "
        f"{audience_name(instrument, row[by], language=language)}"
        for row in rows
        if is_known(row["response_rate"]) and float(row["response_rate"]) < 1
    ]
    said = []
    if missing:
        text = (
            f"{listed(missing)} did not answer. The intervals allow for chance, not for a difference "
            "between those who answered and those who did not."
        )
        said.append(("People who did not answer", text))
    hidden = [
        audience_name(instrument, row[by], start=True, language=language)
        for row in rows
        if not is_known(row["answered"]) and known(row["answered_shown"]) != "0"
    ]
    said += [(name, "Too few answered for anything to be shown.") for name in hidden]
    return said
