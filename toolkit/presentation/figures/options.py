"""A multi-select question: its options ranked, one dot an audience."""

from __future__ import annotations

from typing import Any

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Variable
from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.dots import DotRow, chart_of_dots, draw_dots
from toolkit.presentation.figures.gaps import BOUND, groups_of, item_rows, marked
from toolkit.presentation.figures.page import as_svg
from toolkit.presentation.numbers import base, percent
from toolkit.presentation.rows import (
    audience_name,
    base_in_words,
    known,
    listed,
    released_table,
    shown_rows,
    within,
)
from toolkit.presentation.sentences import share_of
from toolkit.presentation.theme import Theme

__all__ = ["ranked_options"]


def ranked_options(
    released: Any,
    instrument: Instrument,
    *,
    item: str = "aiways",
    table: str = "shares",
    by: str = "audience",
    measure: str = "top",
    level: float = 0.95,
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture:
    """Draw the share of each audience that chose each option, the most chosen first.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For the words of the question and its options.
    item
        A multi-select item.
    table, by, measure
        Where the shares are, their group column, and which share is drawn.
    level
        Of the intervals in the table, for the words.
    look, title, language
        Colours; a title of your own; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    InvalidInput
        `item` is no multi-select of the instrument.
    """
    variables = [variable for variable in instrument.of_item(item) if variable.kind == "option"]
    if not variables:
        known_items = [found.id for found in instrument.items if found.type == "multi"]
        raise InvalidInput(
            "ranked_options", [Problem("item", f"'{item}' is no multi-select", near_names(item, known_items))]
        )
    frame = released_table(released, table, columns=("item", "measure", by, "estimate"))
    names = [variable.name for variable in variables]
    frame = frame[(frame["measure"] == measure) & frame["item"].isin(names)]
    look = look or Theme.of(audiences=instrument.audiences)
    exclusive = {variable.name for variable in variables if variable.option and variable.option.exclusive}
    order = _order(frame, names, exclusive)
    groups = groups_of(frame, instrument, look, by=by, language=language)
    rows = []
    for name in order:
        dots, hidden = item_rows(name, frame, groups, by=by)
        rows.append(
            DotRow(
                name,
                instrument[name].label(language),
                "",
                tuple(dots),
                lanes=max(1, len(dots)),
                side_note=_hidden_note(hidden, instrument, language) if dots else "",
                empty="" if dots else "not shown (few answers)",
            )
        )
    question = _question(variables[0], instrument, language)
    return Picture(
        title or _title(frame, order, exclusive, question, instrument, by=by, language=language),
        _alt(frame, order, instrument, by=by, language=language),
        _caption(variables[0], frame, instrument, level, language),
        as_svg(lambda: draw_dots(rows, groups)),
        charts=(chart_of_dots(rows, groups),),
    )


def _order(frame: pd.DataFrame, names: list[str], exclusive: set[str]) -> list[str]:
    averages = shown_rows(frame).groupby("item", observed=True)["estimate"].mean()
    return sorted(
        names, key=lambda name: (name in exclusive, -float(averages.get(name, -1.0)), names.index(name))
    )


def _question(variable: Variable, instrument: Instrument, language: str) -> str:
    return str(variable.item.short.get(language) or variable.item.id)


def _title(
    frame: pd.DataFrame,
    order: list[str],
    exclusive: set[str],
    question: str,
    instrument: Instrument,
    *,
    by: str,
    language: str,
) -> str:
    rows = shown_rows(frame)
    rows = rows[~rows["item"].isin(exclusive)]
    leaders: dict[str, list[str]] = {}
    for audience in instrument.audiences:
        own = rows[rows[by].astype(str) == audience]
        if own.empty:
            continue
        best = own[own["estimate"] >= own["estimate"].max() - 1e-9]
        row = best.iloc[0]
        options = " and ".join(f"“{within(instrument[name].label(language))}”" for name in best["item"])
        unclear = len(best) > 2 or (best["bound"] == "<=").any()
        if unclear:
            options = ""
        share = percent(row["estimate"], bound=str(known(row.get("bound"))))
        name = audience_name(instrument, audience, language=language)
        leaders.setdefault(options, []).append(name if unclear else f"{name} ({share})")
    if not leaders:
        return f"{question}: no share may be shown"
    said = [
        f"{options} {'are' if '” and “' in options else 'is'} chosen most often by {listed(names)}"
        if options
        else f"no single option stands out among {listed(names)}"
        for options, names in leaders.items()
    ]
    hidden = frame[~frame["shown"].astype(bool) & ~frame["item"].isin(exclusive)]
    return f"{question}: {'; '.join(said)}{', of the options that may be shown' if len(hidden) else ''}"


def _caption(
    variable: Variable, frame: pd.DataFrame, instrument: Instrument, level: float, language: str
) -> str:
    asked = base_in_words(variable, instrument, language=language)
    said = [marked(level), f"Asked of {asked}; more than one answer was possible."]
    if frame[frame["shown"].astype(bool)]["item"].nunique() > 1:
        said.append("Options are ordered by the average of the shares shown.")
    if (frame["bound"].fillna("") != "").any():
        said.append(BOUND)
    return " ".join(said)


def _hidden_note(hidden: list[tuple[str, str]], instrument: Instrument, language: str) -> str:
    names = [audience_name(instrument, audience, language=language) for audience, _ in hidden]
    return f"not shown: {', '.join(names)}" if names else ""


def _alt(frame: pd.DataFrame, order: list[str], instrument: Instrument, *, by: str, language: str) -> str:
    said = []
    for name in order:
        shares = "; ".join(
            f"{audience_name(instrument, row[by], language=language)} {share_of(row)}, "
            f"n {base(row['n'], row.get('n_shown'))}"
            for row in frame[frame["item"] == name].to_dict("records")
        )
        said.append(f"{instrument[name].label(language)}: {shares or 'not asked'}.")
    return "Dot plot of the options chosen, by audience. " + " ".join(said)
