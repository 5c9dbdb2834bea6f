"""This organisation's shares beside published ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.dots import Dot, DotRow, Group, chart_of_dots, dots_on_sheets, draw_dots
from toolkit.presentation.figures.gaps import dot_of
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import base, is_known, percent
from toolkit.presentation.rows import audience_name, item_name, known, released_rows, within
from toolkit.presentation.sentences import doubt, is_certain, signed_gap
from toolkit.presentation.theme import QUIET, Theme

__all__ = ["benchmark_dots", "here_and_there"]

Row = Mapping[str, Any]
Shares = Mapping[tuple[Any, Any, str], Row]

_WORDS = Words(
    {
        "here": ("{name} here", "{name} ici"),
        "in chart": ("Here", "Ici"),
        "published": ("Published", "Publié"),
        "side": ("Gap in points ({level} interval)", "Écart en points (intervalle à {level})"),
        "caption": (
            "Filled: this organisation, with its {level} interval; open diamonds: the published share. At "
            "the right the gap, here minus published. Drawn where question and base are alike; the table "
            "lists the others and why they do not compare.",
            "Plein : cette organisation, avec son intervalle à {level} ; losanges ouverts : la part "
            "publiée. À droite l’écart, ici moins publié. Dessiné là où la question et la base se "
            "ressemblent ; le tableau donne les autres et pourquoi elles ne se comparent pas.",
        ),
        "drawn": (
            "{said} The {drawn} widest of {count} gaps are drawn.",
            "{said} Les {drawn} plus grands écarts sur {count} sont dessinés.",
        ),
        "no n": ("n not published", "n non publié"),
        "bound": ("bound only", "borne seule"),
        "n": (" · published n {n}", " · n publié {n}"),
        "shares": (
            "{here} of {who} here against {there} published",
            "{here} des {who} ici contre {there} publiés",
        ),
        "untested": (
            "No figure here was published with its n; the widest gap to one is on {label}, {shares}",
            "Aucun chiffre n’a été publié avec son n ; le plus grand écart porte sur « {label} », {shares}",
        ),
        "furthest": (
            "This organisation lies furthest from what was published on {label}: {shares}",
            "C’est sur « {label} » que cette organisation s’éloigne le plus de ce qui a été publié : "
            "{shares}",
        ),
        "widest": (
            "The widest gap to what was published is on {label}, {shares}, {doubt}",
            "Le plus grand écart avec ce qui a été publié porte sur « {label} », {shares}, {doubt}",
        ),
        "among": (
            " (of the figures published with their n)",
            " (parmi les chiffres publiés avec leur n)",
        ),
        "alt": (
            "Dot plot of this organisation's shares beside the published ones.",
            "Graphique à points des parts de cette organisation à côté des parts publiées.",
        ),
        "lead": ("Beside published figures", "À côté des chiffres publiés"),
        "not published": ("not published", "non publié"),
        "one": (
            "{item}, {who}: {here} here (n {n_here}), {there} published (n {n_there}).",
            "{item}, {who} : {here} ici (n {n_here}), {there} publiés (n {n_there}).",
        ),
    }
)


@spoken
def benchmark_dots(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "benchmarks",
    shares: str | None = "shares",
    by: str = "audience",
    own: str = "this organisation",
    most: int | None = 16,
    level: float = 0.95,
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture | None:
    """Draw this organisation's share beside each published one that is comparable.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For names and colours.
    table, shares, by
        The released comparison, the released shares whose intervals are drawn (None for none), and their
        group column.
    own
        How the table names this organisation in `audience_a` or `audience_b`.
    most
        How many rows, the widest gaps being kept; None for all.
    level
        Of the intervals in the tables, for the words.
    look, title, language
        Colours; a title of your own; the language of the wording.

    Returns
    -------
    None where nothing can be drawn; the table then says why, row by row.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    compared = released_rows(released, table, columns=("item", "measure", by, "estimate_a", "estimate_b"))
    comparable = [row for row in compared if bool(row["shown"]) and _comparable(row)]
    if not comparable:
        return None
    rows = _widest(comparable, most)
    look = look or Theme.of(audiences=instrument.audiences)
    names = [name for name in instrument.audiences if name in {str(row[by]) for row in rows}]
    groups = []
    for name in names:
        label = _WORDS("here", name=audience_name(instrument, name, start=True, language=language))
        groups.append(Group(name, label, look.colour_of(name), look.marker_of(name)))
    groups.append(Group("published", _WORDS("published"), QUIET, "d", hollow=True))
    told = [row for row in (released_rows(released, shares) if shares else ()) if bool(row["shown"])]
    shares_of = {(row["item"], row["measure"], str(row[by])): row for row in reversed(told)}
    lines = [_row(row, shares_of, instrument, by, own, language) for row in rows]
    side = _WORDS("side", level=percent(level))
    return dots_on_sheets(
        Picture(
            title or _title(rows, instrument, by, own, language),
            _WORDS("alt"),
            _caption(len(rows), len(comparable), level),
            "",
            charts=(
                chart_of_dots(lines, groups, named=dict.fromkeys(names, (_WORDS("in chart"), look.colour))),
            ),
        ),
        lines,
        lambda some, span: draw_dots(some, groups, side_title=side, span=span),
        said={
            line.name: _said(row, instrument, by, own, language)
            for line, row in zip(lines, rows, strict=True)
        },
        lead=_WORDS("lead"),
    )


def here_and_there(row: Row, own: str) -> tuple[str, str]:
    """Which side of a row is this organisation and which is published: ("a", "b") or ("b", "a")."""
    return ("a", "b") if str(row["audience_a"]) == own else ("b", "a")


def _comparable(row: Row) -> bool:
    known_both = is_known(row["estimate_a"]) and is_known(row["estimate_b"])
    return known_both and str(known(row.get("comparable"), "yes")) != "no"


def _widest(rows: list[Row], most: int | None) -> list[Row]:
    """So many rows with the widest gaps, in the order they came."""
    order = sorted(rows, key=_size, reverse=True)
    kept = {id(row) for row in order[:most]}
    return [row for row in rows if id(row) in kept]


def _caption(drawn: int, count: int, level: float) -> str:
    said = _WORDS("caption", level=percent(level))
    return _WORDS("drawn", said=said, drawn=drawn, count=count) if drawn < count else said


def _row(row: Row, shares_of: Shares, instrument: Instrument, by: str, own: str, language: str) -> DotRow:
    here, there = here_and_there(row, own)
    published = float(row[f"estimate_{there}"])
    size, ends = signed_gap(row, turned=here == "b")
    if not is_known(row[f"n_{there}"]):
        ends = _WORDS("no n")
    elif not size:
        ends = _WORDS("bound")
    n = _WORDS("n", n=base(row[f"n_{there}"])) if is_known(row[f"n_{there}"]) else ""
    return DotRow(
        f"{row['item']}:{row[by]}",
        item_name(instrument, row["item"], language=language),
        audience_name(instrument, row[by], language=language) + n,
        (_own_dot(row, here, shares_of, by), Dot("published", published, None, None, percent(published), 1)),
        size,
        ends,
        lanes=2,
    )


def _own_dot(row: Row, here: str, shares_of: Shares, by: str) -> Dot:
    audience, bound = str(row[by]), str(known(row.get(f"bound_{here}")))
    mine = shares_of.get((row["item"], row["measure"], audience))
    if mine is not None and not bound:
        return dot_of(mine, audience)
    estimate = float(row[f"estimate_{here}"])
    return Dot(audience, estimate, None, None, percent(estimate, bound=bound), 0, bound)


def _title(rows: Sequence[Row], instrument: Instrument, by: str, own: str, language: str) -> str:
    tested = [row for row in rows if is_known(row["conf_low"]) or is_known(row["conf_high"])]
    row = max(tested or rows, key=_size)
    here, there = here_and_there(row, own)
    label = within(item_name(instrument, row["item"], language=language))
    who = audience_name(instrument, row[by], language=language)
    shares = _WORDS("shares", here=_here(row, here), who=who, there=percent(row[f"estimate_{there}"]))
    if not tested:
        return _WORDS("untested", label=label, shares=shares)
    among = _WORDS("among") if max(map(_size, rows)) > _size(row) else ""
    if is_certain(row):
        return _WORDS("furthest", label=label, shares=shares) + among
    return _WORDS("widest", label=label, shares=shares, doubt=doubt(row)) + among


def _size(row: Row) -> float:
    return abs(float(row["estimate_a"]) - float(row["estimate_b"]))


def _here(row: Row, here: str) -> str:
    return percent(row[f"estimate_{here}"], bound=str(known(row.get(f"bound_{here}"))))


def _said(row: Row, instrument: Instrument, by: str, own: str, language: str) -> str:
    """A row in words."""
    here, there = here_and_there(row, own)
    return _WORDS(
        "one",
        item=item_name(instrument, row["item"], language=language),
        who=audience_name(instrument, row[by], language=language),
        here=_here(row, here),
        n_here=base(row[f"n_{here}"], row.get(f"n_{here}_shown")),
        there=percent(row[f"estimate_{there}"]),
        n_there=base(row[f"n_{there}"]) if is_known(row[f"n_{there}"]) else _WORDS("not published"),
    )
