"""A multi-select question: its options ranked, one dot an audience, intervals that hold together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Variable
from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.dots import DotRow, chart_of_dots, dots_on_sheets, draw_dots
from toolkit.presentation.figures.gaps import bound_note, few_words, groups_of, item_rows
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import base, is_known, percent
from toolkit.presentation.rows import (
    audience_name,
    base_in_words,
    joined,
    known,
    listed,
    quoted,
    released_table,
    shown,
    within,
)
from toolkit.presentation.sentences import share_of
from toolkit.presentation.simultaneous import held_together
from toolkit.presentation.theme import Theme
from toolkit.records import by_item, records

__all__ = ["ranked_options"]

Row = Mapping[str, Any]

_WORDS = Words(
    {
        "and": (" and ", " et "),
        "leader": ("{name} ({share})", "{name} ({share})"),
        "not clearly": ("{name} ({share}, not clearly ahead)", "{name} ({share}, sans avance nette)"),
        "marked": (
            "Dots are shares, with the number beside them; lines are intervals that at {level} hold for all "
            "options of an audience together (Wilson's with Bonferroni's correction), so that options whose "
            "lines do not overlap stand in this order.",
            "Les points sont les parts, avec leur valeur à côté ; les traits sont des intervalles qui, à "
            "{level}, valent ensemble pour toutes les options d’un public (Wilson, avec la correction de "
            "Bonferroni) : des options dont les traits ne se recouvrent pas sont bien dans cet ordre.",
        ),
        "rank": (", place {low}", ", rang {low}"),
        "ranks": (", place {low} to {high}", ", rang {low} à {high}"),
        "none": ("{question}: no share may be shown", "{question} : aucune part ne peut être affichée"),
        "is": (
            "{options} is chosen most often by {names}",
            "{options} est le plus souvent choisi par les {names}",
        ),
        "are": (
            "{options} are chosen most often by {names}",
            "{options} sont le plus souvent choisis par les {names}",
        ),
        "no leader": (
            "no single option stands out among {names}",
            "aucune option ne se détache parmi les {names}",
        ),
        "title": ("{question}: {said}", "{question} : {said}"),
        "of shown": (", of the options that may be shown", ", parmi les options qui peuvent être affichées"),
        "asked": (
            "Asked of {asked}; more than one answer was possible.",
            "Posée à {asked} ; plusieurs réponses étaient possibles.",
        ),
        "order": (
            "Options are ordered by the average of the shares shown.",
            "Les options sont rangées selon la moyenne des parts affichées.",
        ),
        "hidden": ("not shown: {names}", "non affichés : {names}"),
        "one": ("{who} {share}, n {n}{rank}", "{who} {share}, n {n}{rank}"),
        "option": ("{label}: {shares}.", "{label} : {shares}."),
        "not asked": ("not asked", "non posée"),
        "alt": (
            "Dot plot of the options chosen, by audience.",
            "Graphique à points des options choisies, par public.",
        ),
    }
)


@spoken
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

    The intervals hold for all options of an audience together (see
    `toolkit.presentation.simultaneous.held_together`); the alt text says which places an option can have.

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
        Of the intervals that are drawn.
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
    frame = held_together(
        frame[(frame["measure"] == measure) & frame["item"].isin(names)], by=by, level=level
    )
    look = look or Theme.of(audiences=instrument.audiences)
    exclusive = {variable.name for variable in variables if variable.option and variable.option.exclusive}
    found = records(frame)
    order = _order(found, names, exclusive)
    groups = groups_of(found, instrument, look, by=by, language=language)
    shares_of = by_item(found)
    rows = []
    for name in order:
        dots, hidden = item_rows(shares_of.get(name, ()), groups, by=by)
        rows.append(
            DotRow(
                name,
                instrument[name].label(language),
                "",
                tuple(dots),
                lanes=max(1, len(dots)),
                side_note=_hidden_note(hidden, instrument, language) if dots else "",
                empty="" if dots else few_words(),
            )
        )
    question = _question(variables[0], instrument, language)
    return dots_on_sheets(
        Picture(
            title or _title(found, exclusive, question, instrument, by=by, language=language),
            _WORDS("alt"),
            _caption(variables[0], found, instrument, level, language),
            "",
            charts=(chart_of_dots(rows, groups),),
        ),
        rows,
        lambda some, span: draw_dots(some, groups, span=span),
        said={
            name: _said(name, shares_of.get(name, ()), instrument, by=by, language=language) for name in order
        },
        lead=question,
    )


def _order(rows: Sequence[Row], names: list[str], exclusive: set[str]) -> list[str]:
    """The most chosen first, by the average of the shares that may be shown; "none of these" last."""
    told = by_item(row for row in shown(rows) if is_known(row["estimate"]))
    averages = {name: fmean(float(row["estimate"]) for row in own) for name, own in told.items()}
    return sorted(names, key=lambda name: (name in exclusive, -averages.get(name, -1.0), names.index(name)))


def _question(variable: Variable, instrument: Instrument, language: str) -> str:
    return str(variable.item.short.get(language) or variable.item.id)


def _title(
    rows: Sequence[Row],
    exclusive: set[str],
    question: str,
    instrument: Instrument,
    *,
    by: str,
    language: str,
) -> str:
    rows = [row for row in rows if row["item"] not in exclusive]
    leaders: dict[str, list[str]] = {}
    several: set[str] = set()
    for audience in instrument.audiences:
        own = [row for row in shown(rows) if str(row[by]) == audience and is_known(row["estimate"])]
        if not own:
            continue
        most = max(float(row["estimate"]) for row in own)
        best = [row for row in own if float(row["estimate"]) >= most - 1e-9]
        row = best[0]
        options = _WORDS("and").join(quoted(within(instrument[one["item"]].label(language))) for one in best)
        unclear = len(best) > 2 or any(one["bound"] == "<=" for one in best)
        if unclear:
            options = ""
        share = percent(row["estimate"], bound=str(known(row.get("bound"))))
        name = audience_name(instrument, audience, language=language)
        ahead = is_known(row["rank_high"]) and row["rank_high"] <= len(best)
        several |= {options} if len(best) > 1 else set()
        leaders.setdefault(options, []).append(
            name if unclear else _WORDS("leader" if ahead else "not clearly", name=name, share=share)
        )
    if not leaders:
        return _WORDS("none", question=question)
    said = [
        _WORDS("are" if options in several else "is", options=options, names=listed(names))
        if options
        else _WORDS("no leader", names=listed(names))
        for options, names in leaders.items()
    ]
    told = _WORDS("title", question=question, said=joined(said))
    return told + ("" if all(bool(row["shown"]) for row in rows) else _WORDS("of shown"))


def _caption(
    variable: Variable, rows: Sequence[Row], instrument: Instrument, level: float, language: str
) -> str:
    asked = base_in_words(variable, instrument, language=language)
    said = [_WORDS("marked", level=percent(level)), _WORDS("asked", asked=asked)]
    if len({row["item"] for row in shown(rows)}) > 1:
        said.append(_WORDS("order"))
    if any(known(row["bound"]) for row in rows):
        said.append(bound_note())
    return " ".join(said)


def _rank(row: Row) -> str:
    """The places an option can have within its audience; "" where that is not known."""
    if not is_known(row["rank_low"]):
        return ""
    low, high = int(row["rank_low"]), int(row["rank_high"])
    return _WORDS("rank", low=low) if low == high else _WORDS("ranks", low=low, high=high)


def _hidden_note(hidden: list[tuple[str, str]], instrument: Instrument, language: str) -> str:
    names = [audience_name(instrument, audience, language=language) for audience, _ in hidden]
    return _WORDS("hidden", names=", ".join(names)) if names else ""


def _said(name: str, rows: Sequence[Row], instrument: Instrument, *, by: str, language: str) -> str:
    """An option and its shares in words."""
    shares = joined(
        _WORDS(
            "one",
            who=audience_name(instrument, row[by], language=language),
            share=share_of(row),
            n=base(row["n"], row.get("n_shown")),
            rank=_rank(row),
        )
        for row in rows
    )
    return _WORDS("option", label=instrument[name].label(language), shares=shares or _WORDS("not asked"))
