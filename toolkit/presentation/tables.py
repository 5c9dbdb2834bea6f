"""Report tables built from released rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from toolkit.errors import DisclosureError, ToolkitError
from toolkit.instrument.model import Instrument, Variable
from toolkit.locale import _
from toolkit.presentation.blocks import Cell, Table, table_of
from toolkit.presentation.numbers import (
    NOT_SHOWN,
    Number,
    change,
    count,
    decimal,
    ends,
    is_known,
    p_number,
    percent,
    points,
    share_number,
)
from toolkit.presentation.rows import answer_words, audience_name, item_name, joined, known, released_rows
from toolkit.presentation.sentences import (
    gap_cell,
    hint_of,
    largest_first,
    plain_reason,
    side_cells,
    verdict_of,
)
from toolkit.records import records

Row = Mapping[str, Any]


def rounded_note() -> str:
    """Explain why a gap may differ from the rounded shares beside it."""
    return _(
        "Gaps are computed before rounding, so a gap can differ by a point from the shares printed beside it."
    )


def participation_table(
    participation: pd.DataFrame,
    instrument: Instrument,
    *,
    policy: Any = None,
    by: str = "audience",
    level: float = 0.95,
    below: Collection[str] = (),
) -> Table:
    """Tabulate invited and answered, with the margin of error of a share of 50%.

    Parameters
    ----------
    participation
        `Admitted.participation`: `by`, invited, answered, answered_shown, response_rate, margin.
    instrument
        For the audiences' names.
    policy
        The disclosure policy; where given, a count below its threshold is refused.
    by, level
        The group column; the level of the margin of error.

    below
        Groups whose headcount is below the number who answered, so that it is not used; a group of which the
        number who answered is not shown is not mentioned.

    Raises
    ------
    DisclosureError
        A number of answers that the policy does not allow.
    ToolkitError
        A column is lacking.
    """
    lacking = sorted(
        {by, "invited", "answered", "answered_shown", "response_rate", "margin"} - set(participation)
    )
    if lacking:
        raise ToolkitError(f"the participation frame lacks the column(s) {', '.join(lacking)}")
    if policy is not None:
        small = participation["answered"].astype("Float64").between(1, policy.threshold - 1).fillna(False)
        if small.any():
            raise DisclosureError(
                "the participation frame holds a number of answers below the policy's threshold"
            )
    rows = [
        {
            _("Audience"): audience_name(instrument, row[by], start=True),
            _("Invited"): count(row["invited"]) if is_known(row["invited"]) else _("unknown"),
            _("Answered"): count(row["answered"], row["answered_shown"]),
            _("Response"): share_number(row["response_rate"]),
            _("Margin of error"): (
                _("± {size} points", size=points(row["margin"])) if is_known(row["margin"]) else NOT_SHOWN
            ),
        }
        for row in records(participation)
    ]
    notes = [
        _(
            "Margin of error: how far a share near 50% may be from that of everyone "
            "invited, at {level}, if those who did not answer think like those who did.",
            level=percent(level),
        )
    ]
    if participation["answered"].isna().any():
        notes.append(
            _("“<” before a number: too few answered to be shown; they are not included in any figure.")
        )
    shown = [row[by] for row in records(participation) if row[by] in below and is_known(row["answered"])]
    if shown:
        names = [audience_name(instrument, name) for name in shown]
        notes.append(
            _(
                "More {names} answered than the list of organisations records: its number is not used.",
                names=_(" and ").join(names),
            )
        )
    if any(value in (None, NOT_SHOWN) for row in rows for value in row.values()):
        notes.append(
            _(
                "{dash}: unknown, or it would reveal how many answered in a group too small to show.",
                dash=NOT_SHOWN,
            )
        )
    columns = [_("Audience"), _("Invited"), _("Answered"), _("Response"), _("Margin of error")]
    title = _("Who was invited and who answered")
    return table_of(rows, columns, title=title, kind="participation", notes=notes, numeric=columns[1:])


def gap_table(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "gaps",
    items: Iterable[str] | None = None,
    theme: str | None = None,
    most: int | None = None,
    level: float = 0.95,
    title: str | None = None,
) -> Table:
    """Tabulate gaps with both shares, interval, adjusted p value and verdict.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording.
    table
        The released gaps.
    items, theme, most
        Only these columns; only this theme; at most this many rows.
    level
        Of the intervals in the table, for the words.
    title
        The caption.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    found = _chosen(
        released_rows(released, table, columns=("item", "measure", "gap")), instrument, items, theme
    )
    rows = [_gap_row(row, instrument) for row in shown_first(found, most)]
    notes = [
        _(
            "Gaps are computed before rounding, so a gap can differ by a point from the "
            "shares printed beside it."
        ),
        _(
            "In brackets: the {level} interval. p: adjusted for the number of gaps "
            "tested; the verdict rests on the interval.",
            level=percent(level),
        ),
        *_bound_notes(found),
    ]
    if most is None:
        notes += _hidden_gaps(found, instrument)
    columns = [_("Item"), _("Shares"), _("Gap in points"), _("p, adjusted"), _("Verdict")]
    title = _("Gaps between audiences, largest first") if title is None else title
    return table_of(rows, columns, title=title, kind="gaps", notes=notes, numeric=columns[2:4])


def shares_table(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "shares",
    by: str = "audience",
    measure: str = "top",
    items: Iterable[str] | None = None,
    theme: str | None = None,
    level: float = 0.95,
    title: str | None = None,
) -> Table:
    """Tabulate shares with interval and base: one row per item, one column per audience.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording.
    table, by, measure
        The released shares, their group column, and which share.
    items, theme
        Only these columns; only this theme.
    level
        Of the intervals in the table, for the words.
    title
        The caption.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    every_row = released_rows(released, table, columns=("item", "measure", by, "estimate"))
    found = _chosen([row for row in every_row if row["measure"] == measure], instrument, items, theme)
    present = {str(row[by]) for row in found}
    groups = [name for name in instrument.audiences if name in present]
    groups += sorted(present - set(groups))
    names = {name: audience_name(instrument, name, start=True) for name in groups}
    cells = {(row["item"], str(row[by])): share_cell(row) for row in found}
    rows = [
        {
            _("Item"): with_answer(item, measure, instrument),
            **{names[group]: cells.get((item, group), _("not asked")) for group in groups},
        }
        for item in dict.fromkeys(row["item"] for row in found)
    ]
    notes = [
        _("Share, {level} interval, and n, the number who answered.", level=percent(level)),
        *notes_on(found),
    ]
    columns = [_("Item"), *names.values()]
    title = _("Shares by audience") if title is None else title
    return table_of(rows, columns, title=title, kind="shares", notes=notes, numeric=columns[1:])


def numbers_table(
    released: Any, instrument: Instrument, *, by: str = "audience", level: float = 0.95
) -> Table | None:
    """Tabulate numbers and net scores: one row per item, one column per audience.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned, with its tables "scores" and "bands" (either may lack).
    instrument
        For wording.
    by, level
        The group column; the level of the intervals.

    Returns
    -------
    Table or None
        None where there is neither a number nor a net score.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    every_row = [
        row
        for name in ("scores", "bands")
        if name in released
        for row in released_rows(released, name, columns=("item", by, "estimate"))
    ]
    if not every_row:
        return None
    groups = [name for name in instrument.audiences if name in {str(row[by]) for row in every_row}]
    names = {name: audience_name(instrument, name, start=True) for name in groups}
    items = [v.name for v in instrument.variables if v.name in {row["item"] for row in every_row}]
    rows = []
    for item in items:
        row = {_("Item"): item_name(instrument, item)}
        for group in groups:
            mine = [one for one in every_row if one["item"] == item and str(one[by]) == group]
            lines, n = number_cells(instrument[item], mine)[:2]
            row[names[group]] = "\n".join([*lines, f"n\u00a0{n}"]) if mine else _("not asked")
        rows.append(row)
    notes = [_("In brackets: the {level} interval. n: the number who answered.", level=percent(level))]
    for item in items:
        variable = instrument[item]
        if variable.net_measure == "recommend":
            notes.append(
                _("Net score: the share of {top} less that of {bottom}, in points.", top="9–10", bottom="0–6")
            )
        elif variable.net_measure == "net":
            boxes = {box: answer_words(variable, box) for box in ("top", "bottom")}
            notes.append(_("Net score: the share of {top} less that of {bottom}, in points.", **boxes))
    columns = [_("Item"), *names.values()]
    notes = list(dict.fromkeys([*notes, *notes_on(every_row)]))
    return table_of(rows, columns, title=_("Numbers and net scores"), kind="shares", notes=notes)


def declared_table(
    released: Any,
    instrument: Instrument,
    scores: Iterable[str],
    *,
    table: str = "declared",
    by: str = "audience",
    level: float = 0.95,
) -> Table | None:
    """Tabulate the means of declared scores, for a rubric of the organisation with its raters' agreement.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording, and for what each item is about.
    scores
        Names of declared scores.
    table, by, level
        The released means, their group column, the level of their intervals.

    Returns
    -------
    Table or None
        None where none of these scores was computed.
    """
    found = [row for row in released_rows(released, table) if row["item"] in set(scores)]
    if not found:
        return None
    groups = [name for name in instrument.audiences if name in {str(row[by]) for row in found}]
    names = {name: audience_name(instrument, name, start=True) for name in groups}
    of = {(str(row["item"]), str(row[by])): row for row in found}
    rows, rated = [], False
    for score in dict.fromkeys(str(row["item"]) for row in found):
        cells: dict[str, str | Cell | Number | None] = {_("Score"): item_name(instrument, score)}
        for group in groups:
            row = of.get((score, group))
            if row is None:
                cells[names[group]] = _("not asked")
                continue
            shown = bool(row["shown"]) and is_known(row["estimate"])
            lines = [score_words(row) if shown else NOT_SHOWN]
            agreement = _agreement(released, instrument, score, group, by) if shown else None
            if agreement is not None:
                lines.append(_("agreement {rwg}", rwg=decimal(agreement, 2)))
                rated = True
            cells[names[group]] = "\n".join([*lines, f"n\u00a0{count(row['n'], row['n_shown'])}"])
        rows.append(cells)
    notes = [_("In brackets: the {level} interval. n: the number who answered.", level=percent(level))]
    if rated:
        notes.append(
            _(
                "Agreement (rwg): 1 if all raters of the organisation answer alike, 0 if at random. These "
                "answers describe one organisation, so their agreement counts, not whether the items go "
                "together."
            )
        )
    notes += [
        _("A mean is shown only where the whole distribution of each of its questions is.")
        for row in found
        if not bool(row["shown"])
    ]
    title = _("Scores")
    return table_of(
        rows, [_("Score"), *names.values()], title=title, kind="shares", notes=dict.fromkeys(notes)
    )


def _agreement(released: Any, instrument: Instrument, score: str, group: str, by: str) -> float | None:
    """Return r_wg(j) of a rubric of the organisation, from released distributions; None for other scores."""
    from toolkit.analysis import within_agreement

    items = [instrument[item] for item in instrument.scores[score].items]
    if any(item.referent(group) != "organisation" for item in items):
        return None
    variances = []
    for item in items:
        cells = [
            row
            for row in released_rows(released, "distributions")
            if row["item"] == item.name and str(row[by]) == group and bool(row["shown"])
        ]
        values = item.values() or {}
        pairs = [(values[str(row["response"])], float(row["estimate"]), float(row["n"])) for row in cells]
        if len(pairs) < len(values) or not pairs:
            return None
        mean = sum(value * share for value, share, _n in pairs)
        n = pairs[0][2]
        variances.append(sum(share * (value - mean) ** 2 for value, share, _n in pairs) * n / (n - 1))
    return within_agreement(variances, len(items[0].values() or {}))


def number_cells(variable: Variable, rows: Sequence[Row]) -> tuple[list[str], Number | str, bool]:
    """Return mean, bands and net score as lines of text, the base, and whether any is withheld."""
    lines: list[str] = []
    reasons: dict[str, None] = {}
    bands = {str(row["response"]): row for row in rows if is_known(row.get("response"))}
    for row in rows:
        if is_known(row.get("response")):
            continue
        text = score_words(row)
        if not bool(row["shown"]) or not is_known(row["estimate"]):
            reasons[plain_reason(row)] = None
        elif row["measure"] == "mean":
            lines.append(text)
        else:
            lines.append(_("net score {net}", net=text))
    words = band_words(variable)
    open_bands = [code for code in words if code in bands and bool(bands[code]["shown"])]
    if open_bands:
        shares = [(bands[code]["estimate"], str(known(bands[code].get("bound")))) for code in open_bands]
        pairs = zip(open_bands, shares, strict=True)
        lines.append(" · ".join(f"{words[code]} {percent(one, bound=bound)}" for code, (one, bound) in pairs))
    reasons |= dict.fromkeys(plain_reason(row) for row in bands.values() if not bool(row["shown"]))
    if reasons:
        lines.append(_("not shown: {why}", why=joined([why for why in reasons if why])))
    if not rows:
        return [], NOT_SHOWN, True
    return lines, count(rows[0]["n"], rows[0]["n_shown"]), bool(reasons)


def score_words(row: Row) -> str:
    """Format a mean ("mean 8.0 (7.5 to 8.4)") or a net score ("+12 (−3 to 27)")."""
    if row["measure"] != "mean":
        return change(row["estimate"], row["conf_low"], row["conf_high"])
    mean = decimal(row["estimate"], 1)
    if not is_known(row["conf_low"]) or not is_known(row["conf_high"]):
        return _("mean {mean}", mean=mean)
    low, high = decimal(row["conf_low"], 1), decimal(row["conf_high"], 1)
    return _("mean {mean} ({low} to {high})", mean=mean, low=low, high=high)


def band_words(variable: Variable) -> dict[str, str]:
    """Map the code of each band to its label: "under 5", "5 to under 10", "10 or more".

    Whole numbers are not assumed: a band ends where the next begins.
    """
    labels = {}
    for number, (low, high) in enumerate(variable.bands, start=1):
        ends = {"low": "" if low is None else decimal(low), "high": "" if high is None else decimal(high)}
        if low is None:
            labels[str(number)] = _("under {high}", **ends)
        elif high is None:
            labels[str(number)] = _("{low} or more", **ends)
        else:
            labels[str(number)] = _("{low} to under {high}", **ends)
    return labels


def _chosen(
    rows: Iterable[Row], instrument: Instrument, items: Iterable[str] | None, theme: str | None
) -> list[Row]:
    wanted = None if items is None else set(items)
    return [
        row
        for row in rows
        if (wanted is None or row["item"] in wanted)
        and (theme is None or (row["item"] in instrument and instrument[row["item"]].theme == theme))
    ]


def shown_first(rows: Sequence[Row], most: int | None = None) -> list[Row]:
    """Return shown rows, the largest gaps first, optionally only the first few."""
    visible = [row for row in rows if bool(row["shown"])]
    return [*largest_first(visible), *(row for row in visible if not is_known(row["gap"]))][:most]


def with_answer(item: str, measure: str, instrument: Instrument) -> str:
    name = item_name(instrument, item)
    if item not in instrument or (instrument[item].option is not None and measure in ("top", "1")):
        return name
    return f"{name} ({answer_words(instrument[item], measure)})"


def _gap_row(row: Row, instrument: Instrument) -> dict[str, str | Cell | Number | None]:
    name = with_answer(row["item"], row["measure"], instrument)
    hint = hint_of(row["item"], row["measure"], instrument)
    return {
        _("Item"): f"{name}\n{hint}" if hint else name,
        _("Shares"): Cell(sides=tuple(side_cells(row, instrument))),
        _("Gap in points"): gap_cell(row),
        _("p, adjusted"): p_number(row.get("p_adjusted")),
        _("Verdict"): verdict_of(row),
    }


def _hidden_gaps(rows: Iterable[Row], instrument: Instrument) -> list[str]:
    """Explain which comparisons are withheld, one sentence per reason."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if bool(row["shown"]):
            continue
        pair = _(" and ").join(audience_name(instrument, row[f"audience_{side}"]) for side in "ab")
        found.setdefault(plain_reason(row), []).append(f"{item_name(instrument, row['item'])} ({pair})")
    return [
        _("Not shown ({reason}): {items}.", reason=reason, items=joined(items))
        for reason, items in found.items()
    ]


def share_cell(row: Row) -> Cell | str:
    """Make the cell of a share with its interval and base, or of why it is not shown."""
    n = count(row["n"], row.get("n_shown"))
    if not bool(row["shown"]) or not is_known(row["estimate"]):
        has_base = is_known(row["n"]) or bool(known(row.get("n_shown")))
        return f"{NOT_SHOWN} (n\u00a0{n})" if has_base else NOT_SHOWN
    bound = known(row.get("bound"))
    low, high = (None, None) if bound else ends(row["conf_low"], row["conf_high"], "percent")
    return Cell(share_number(row["estimate"], bound), low, high, n)


def notes_on(rows: Sequence[Row], *, mark: str | None = None) -> list[str]:
    """Explain the marks used in a table; `mark` replaces a withheld number."""
    notes = _bound_notes(rows)
    hidden = [row for row in rows if not bool(row["shown"])]
    if hidden:
        reasons = dict.fromkeys(plain_reason(row) for row in hidden)
        mark = _("{dash}: not shown", dash=NOT_SHOWN) if mark is None else mark
        notes.append(_("{mark} ({reasons}).", mark=mark, reasons=joined(reasons)))
    return notes


def _bound_notes(rows: Iterable[Row]) -> list[str]:
    bounded = any(known(row.get(name)) for row in rows for name in ("bound", "bound_a", "bound_b"))
    return (
        [_("≥ and ≤: nearly all or nearly none gave this answer; only the bound may be shown.")]
        if bounded
        else []
    )
