"""What changed since another wave: two dots a row, the largest change first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Picture
from toolkit.presentation.figures.dots import Dot, DotRow, Group, chart_of_dots, dots_on_sheets, draw_dots
from toolkit.presentation.figures.gaps import single_items
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import percent
from toolkit.presentation.rows import audience_name, item_name, known, released_table, within
from toolkit.presentation.sentences import by_width, doubt, hint_of, is_certain, signed_gap
from toolkit.presentation.theme import QUIET, Theme
from toolkit.presentation.waves import waves_apart
from toolkit.records import records

__all__ = ["wave_change"]

Row = dict[str, Any]

_WORDS = Words(
    {
        "open": ("{wave} (open)", "{wave} (ouvert)"),
        "filled": ("{wave} (filled)", "{wave} (plein)"),
        "side": ("Change in points ({level} interval)", "Changement en points (intervalle à {level})"),
        "none": (
            "No change from {first} to {last} may be shown",
            "Aucun changement de {first} à {last} ne peut être affiché",
        ),
        "went": ("from {earlier} to {later} of {who}", "de {earlier} à {later} des {who}"),
        "certain": (
            "Since {first} the largest change shown is on {label}: {went}",
            "Depuis {first}, le plus grand changement affiché porte sur « {label} » : {went}",
        ),
        "doubtful": (
            "The largest change shown since {first} is on {label}, {went}, {doubt}",
            "Le plus grand changement affiché depuis {first} porte sur « {label} », {went}, {doubt}",
        ),
        "caption": (
            "Open markers: {first}; filled markers: {last}. At the right the change, later minus earlier, "
            "with its {level} interval. The same people need not have answered both times.",
            "Repères ouverts : {first} ; repères pleins : {last}. À droite le changement, vague récente "
            "moins antérieure, avec son intervalle à {level}. Les mêmes personnes n’ont pas forcément "
            "répondu les deux fois.",
        ),
        "bound": (
            "An arrow marks a bound: the share itself may not be shown.",
            "Une flèche marque une borne : la part elle-même ne peut être affichée.",
        ),
        "drawn": (
            "The {drawn} largest of {count} changes are drawn; the appendix has all.",
            "Les {drawn} plus grands changements sur {count} sont dessinés ; l’annexe les contient tous.",
        ),
        "alt": ("Dot plot of shares in two waves.", "Graphique à points des parts en deux vagues."),
        "lead": ("Changes since {first}", "Changements depuis {first}"),
        "one": (
            "{item}, {who}: {earlier} in {first}, {later} in {last}, change {size} points.",
            "{item}, {who} : {earlier} en {first}, {later} en {last}, changement de {size} points.",
        ),
    }
)


@spoken
def wave_change(
    released: Any,
    instrument: Instrument,
    *,
    waves: tuple[str, str],
    table: str = "trend",
    by: str = "audience",
    items: Iterable[str] | None = None,
    most: int | None = 12,
    level: float = 0.95,
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture:
    """Draw each share at the earlier and at the later wave, the largest change first.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For names and colours.
    waves
        The earlier and the later wave, as the table's `audience_a` and `audience_b` name them.
    table, by
        The released gaps between waves, and their group column.
    items
        Columns to draw; without it every column but the options of multi-selects.
    most
        How many rows; None for all.
    level
        Of the intervals in the table, for the words.
    look, title, language
        Colours; a title of your own; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    InvalidInput
        The table compares other waves.
    """
    frame = waves_apart(
        released_table(released, table, columns=("item", by, "audience_a", "audience_b", "gap")), waves
    )
    look = look or Theme.of(audiences=instrument.audiences)
    rows = by_width(frame[frame["item"].isin(single_items(frame["item"], instrument, items))])
    drawn = records(rows.head(most if most is not None else len(rows)))
    names = [name for name in instrument.audiences if name in {str(row[by]) for row in drawn}]
    names += [name for name in dict.fromkeys(str(row[by]) for row in drawn) if name not in names]
    groups = [
        Group(f"{name}:{when}", "", look.colour_of(name), look.marker_of(name), hollow=when == "earlier")
        for name in names
        for when in ("earlier", "later")
    ]
    keys = []
    for name in names:
        label = audience_name(instrument, name, start=True, language=language)
        keys.append(Group(name, label, look.colour_of(name), look.marker_of(name)))
    keys += [
        Group("earlier", _WORDS("open", wave=waves[0]), QUIET, "o", hollow=True),
        Group("later", _WORDS("filled", wave=waves[1]), QUIET, "o"),
    ]
    lines = [_row(row, instrument, by, language) for row in drawn]
    side = _WORDS("side", level=percent(level)) if lines else ""
    return dots_on_sheets(
        Picture(
            title or _title(drawn, instrument, waves, by, language),
            _WORDS("alt"),
            _caption(waves, drawn, len(rows), level),
            "",
            charts=(chart_of_dots(lines, groups, named=_when(groups, waves, look)),) if lines else (),
        ),
        lines,
        lambda some, span: draw_dots(some, groups, side_title=side, keys=keys if lines else [], span=span),
        said={
            line.name: _said(row, instrument, waves, by, language)
            for line, row in zip(lines, drawn, strict=True)
        },
        lead=_WORDS("lead", first=waves[0]),
    )


def _when(groups: Sequence[Group], waves: tuple[str, str], look: Theme) -> dict[str, tuple[str, str]]:
    """Group → the wave it stands for, with that wave's colour."""
    ends = {"earlier": (waves[0], QUIET), "later": (waves[1], look.colour)}
    return {group.name: ends[group.name.rpartition(":")[2]] for group in groups}


def _row(row: Row, instrument: Instrument, by: str, language: str) -> DotRow:
    dots = tuple(
        Dot(f"{row[by]}:{when}", float(row[when]), None, None, _share(row, when), bound=_bound(row, when))
        for when in ("earlier", "later")
    )
    size, ends = signed_gap(row, turned=row["turned"])
    who = audience_name(instrument, row[by], language=language)
    hint = hint_of(row["item"], row["measure"], instrument)
    label = item_name(instrument, row["item"], language=language)
    return DotRow(
        f"{row['item']}:{row[by]}",
        label,
        " · ".join(part for part in (who, hint) if part),
        dots,
        size,
        ends,
        joined=True,
    )


def _title(
    rows: Sequence[Row], instrument: Instrument, waves: tuple[str, str], by: str, language: str
) -> str:
    if not rows:
        return _WORDS("none", first=waves[0], last=waves[1])
    row = rows[0]
    label = within(item_name(instrument, row["item"], language=language))
    who = audience_name(instrument, row[by], language=language)
    went = _WORDS("went", earlier=_share(row, "earlier"), later=_share(row, "later"), who=who)
    if is_certain(row):
        return _WORDS("certain", first=waves[0], label=label, went=went)
    return _WORDS("doubtful", first=waves[0], label=label, went=went, doubt=doubt(row))


def _caption(waves: tuple[str, str], drawn: Sequence[Row], count: int, level: float) -> str:
    said = [_WORDS("caption", first=waves[0], last=waves[1], level=percent(level))]
    if any(_bound(row, when) for row in drawn for when in ("earlier", "later")):
        said.append(_WORDS("bound"))
    if len(drawn) < count:
        said.append(_WORDS("drawn", drawn=len(drawn), count=count))
    return " ".join(said)


def _said(row: Row, instrument: Instrument, waves: tuple[str, str], by: str, language: str) -> str:
    """A row in words."""
    return _WORDS(
        "one",
        item=item_name(instrument, row["item"], language=language),
        who=audience_name(instrument, row[by], language=language),
        earlier=_share(row, "earlier"),
        first=waves[0],
        later=_share(row, "later"),
        last=waves[1],
        size=" ".join(part for part in signed_gap(row, turned=row["turned"]) if part),
    )


def _bound(row: Row, when: str) -> str:
    return str(known(row.get(f"bound_{when}")))


def _share(row: Row, when: str) -> str:
    return percent(row[when], bound=_bound(row, when))
