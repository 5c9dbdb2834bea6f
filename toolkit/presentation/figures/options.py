"""Multi-selects: ranked options with simultaneous intervals, one dot per audience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from matplotlib.axes import Axes

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Variable
from toolkit.locale import _, current_language, localized
from toolkit.presentation.figures.dots import DotRow, chart_of_dots, dot_axes
from toolkit.presentation.figures.drawing import Description
from toolkit.presentation.figures.gaps import bound_note, few_words, groups_of, item_rows, short_title
from toolkit.presentation.numbers import base, is_known, percent
from toolkit.presentation.rows import (
    Results,
    audience_name,
    base_in_words,
    joined,
    known,
    listed,
    quoted,
    shown,
    within,
)
from toolkit.presentation.sentences import share_of
from toolkit.presentation.simultaneous import held_together
from toolkit.records import by_item, records

Row = Mapping[str, Any]


@typed
@localized
def ranked_options(
    results: Any,
    instrument: Instrument,
    *,
    ax: Axes | None = None,
    palette: Any = None,
    item: str = "aiways",
    table: str = "shares",
    by: str = "audience",
    measure: str = "top",
    level: float = 0.95,
    title: str | None = None,
    language: str = "en",
) -> Axes:
    """Draw the share of each group that chose each option, the most chosen first.

    The intervals hold for all options of a group together (see
    `toolkit.presentation.simultaneous.held_together`); the alt text states which places an option can have.

    Parameters
    ----------
    results
        Released results, or a frame of shares from `proportions`.
    instrument
        For the words of the question and its options.
    ax
        Axes to draw on; None for a new figure sized to the options.
    palette
        Colours of the groups: a mapping, a sequence, or the name of a seaborn palette.
    item
        A multi-select item.
    table, by, measure
        Where the shares are, their group column, and which share is drawn.
    level
        Of the intervals that are drawn.
    title, language
        A title of your own; the language of the wording.

    Returns
    -------
    Axes
        Shares from 0 to 1 along x, one tick per option along y.

    Raises
    ------
    InvalidInput
        `item` is not a multi-select of the instrument; a missing table or column.

    Examples
    --------
    >>> ax = ranked_options(shares, instrument, item="aiways")
    >>> tk.description_of(ax).title
    'Ways in which AI added work: no single option is clearly ahead'
    """
    variables = [variable for variable in instrument.of_item(item) if variable.kind == "option"]
    if not variables:
        known_items = [found.id for found in instrument.items if found.type == "multi"]
        what = f"'{item}' is not a multi-select item"
        raise InvalidInput(
            "ranked_options", [Problem("unsuited-item", "item", what, near_names(item, known_items))]
        )
    frame = Results(results, table).table(table, ("item", "measure", by, "estimate"))
    names = [variable.name for variable in variables]
    frame = held_together(
        frame[(frame["measure"] == measure) & frame["item"].isin(names)], by=by, level=level
    )
    exclusive = {variable.name for variable in variables if variable.option and variable.option.exclusive}
    found = records(frame)
    order = _order(found, names, exclusive)
    groups = groups_of(found, instrument, by=by, palette=palette)
    shares_of = by_item(found)
    rows = []
    for name in order:
        dots, hidden = item_rows(shares_of.get(name, ()), groups, by=by)
        rows.append(
            DotRow(
                name,
                instrument[name].label(current_language()),
                "",
                tuple(dots),
                lanes=max(1, len(dots)),
                empty="" if dots else few_words(),
                hidden=tuple(group for group, _ in hidden),
            )
        )
    question = _question(variables[0])
    words, focus = title, ""
    if not words:
        words, focus = _title(found, exclusive, question, instrument, by=by)
    return dot_axes(
        rows,
        groups,
        Description(
            words,
            _caption(variables[0], found, instrument, level),
            _("Dot plot of the options chosen, by audience."),
            (chart_of_dots(rows, groups),),
            focus,
        ),
        descriptions={name: _describe(name, shares_of.get(name, ()), instrument, by=by) for name in order},
        ax=ax,
    )


def _order(rows: Sequence[Row], names: list[str], exclusive: set[str]) -> list[str]:
    """Sort options by the average of the shares that may be shown; "none of these" is last."""
    visible = by_item(row for row in shown(rows) if is_known(row["estimate"]))
    averages = {name: fmean(float(row["estimate"]) for row in own) for name, own in visible.items()}
    return sorted(names, key=lambda name: (name in exclusive, -averages.get(name, -1.0), names.index(name)))


def _question(variable: Variable) -> str:
    return str(variable.item.short.get(current_language()) or variable.item.id)


def _title(
    rows: Sequence[Row],
    exclusive: set[str],
    question: str,
    instrument: Instrument,
    *,
    by: str,
) -> tuple[str, str]:
    """Name the option that most groups choose most often, where one is ahead, and return it too."""
    rows = [row for row in rows if row["item"] not in exclusive]
    leaders: dict[str, list[str]] = {}
    shares: dict[str, list[str]] = {}
    for group in instrument.audiences:
        own = [row for row in shown(rows) if str(row[by]) == group and is_known(row["estimate"])]
        if not own:
            continue
        best = max(own, key=lambda row: float(row["estimate"]))
        if is_known(best["rank_high"]) and best["rank_high"] <= 1:
            leaders.setdefault(best["item"], []).append(audience_name(instrument, group))
            shares.setdefault(best["item"], []).append(percent(best["estimate"]))
    if not shown(rows):
        return short_title(_("{question}: no share may be shown", question=question)), ""
    if not leaders:
        return short_title(
            _("{question}: no single option is clearly ahead", question=question), question
        ), ""
    item = max(leaders, key=lambda name: len(leaders[name]))
    option = quoted(within(instrument[item].label(current_language())))
    names = listed([f"{who} ({share})" for who, share in zip(leaders[item], shares[item], strict=True)])
    title = short_title(
        _("{question}: {names} name {options} most often", question=question, options=option, names=names),
        _(
            "{question}: {names} name {options} most often",
            question=question,
            options=option,
            names=listed(leaders[item]),
        ),
        _("{options} leads among {names}", options=option, names=listed(leaders[item])),
        question,
    )
    return title, item


def _caption(
    variable: Variable, rows: Sequence[Row], instrument: Instrument, level: float
) -> tuple[str, ...]:
    asked = base_in_words(variable, instrument)
    sentences = [
        _(
            "Dots are shares; lines are intervals that at {level} hold for all options of "
            "an audience together (Wilson's with Bonferroni's correction), so that "
            "options whose lines do not overlap are in this order.",
            level=percent(level),
        ),
        _("Asked of {asked}; more than one answer was possible.", asked=asked),
    ]
    if len({row["item"] for row in shown(rows)}) > 1:
        sentences.append(_("Options are ordered by the average of the shares shown."))
    if any(known(row["bound"]) for row in rows):
        sentences.append(bound_note())
    if not all(bool(row["shown"]) for row in rows):
        sentences.append(_("Only options that may be shown are ordered."))
    return tuple(sentences)


def _rank(row: Row) -> str:
    """Return the range of ranks of an option within its audience; "" if unknown."""
    if not is_known(row["rank_low"]):
        return ""
    low, high = int(row["rank_low"]), int(row["rank_high"])
    return _(", place {low}", low=low) if low == high else _(", place {low} to {high}", low=low, high=high)


def _describe(name: str, rows: Sequence[Row], instrument: Instrument, *, by: str) -> str:
    """Describe an option and its shares."""
    shares = joined(
        _(
            "{who} {share}, n {n}{rank}",
            who=audience_name(instrument, row[by]),
            share=share_of(row),
            n=base(row["n"], row.get("n_shown")),
            rank=_rank(row),
        )
        for row in rows
    )
    return _(
        "{label}: {shares}.",
        label=instrument[name].label(current_language()),
        shares=shares or _("not asked"),
    )
