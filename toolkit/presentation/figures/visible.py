"""What a survey can see: for each pair of audiences, which gaps would show, and where its own gaps lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Picture
from toolkit.presentation.charts import Chart, dot_chart
from toolkit.presentation.figures.page import WIDTH, Page, as_svg, wrapped
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import is_known, points, share_as_printed
from toolkit.presentation.rows import audience_name, known, released_table, shown_rows
from toolkit.presentation.theme import BAND, INK, QUIET, RULE, Theme
from toolkit.records import records

__all__ = ["visible_gap_strip"]

_WORDS = Words(
    {
        "alt": (
            "Strips from 0 to 100 points, one a pair of audiences. ",
            "Bandes de 0 à 100 points, une par paire de publics. ",
        ),
        "caption": (
            "Grey: gaps too narrow to be found reliably; pale: found four times in five on some questions "
            "only; white: found on all. Ticks are this survey's own gaps, whichever way they point; gaps of "
            "which only a bound may be shown are left out.",
            "Gris : écarts trop petits pour être décelés de façon fiable ; pâle : décelés quatre fois sur "
            "cinq sur certaines questions seulement ; blanc : sur toutes. Les tirets sont les écarts de "
            "cette enquête, quel que soit leur sens ; ceux dont seule une borne peut être affichée sont "
            "omis.",
        ),
        "and": (" and ", " et "),
        "nothing": (
            "With so few answers no gap between audiences would show reliably",
            "Avec si peu de réponses, aucun écart entre publics ne se verrait de façon fiable",
        ),
        "clear": (
            "This survey finds gaps of about {least} points or more between {pair}",
            "Cette enquête décèle des écarts d’environ {least} points ou plus entre {pair}",
        ),
        "wider": (
            "{clear}; between the others they have to be wider",
            "{clear} ; entre les autres ils doivent être plus grands",
        ),
        "none": (
            "{pair}: no gap would show reliably.",
            "{pair} : aucun écart ne se verrait de façon fiable.",
        ),
        "span": ("{low} to {high}", "{low} à {high}"),
        "own": ("the gaps shown here are {own} points", "les écarts affichés ici sont de {own} points"),
        "no own": ("no gap may be shown in full", "aucun écart ne peut être affiché en entier"),
        "one": (
            "{pair}: gaps of about {size} points or more; {told}.",
            "{pair} : écarts d’environ {size} points ou plus ; {told}.",
        ),
        "points": ("points", "points"),
        "no gap": ("no gap would show", "aucun écart ne se verrait"),
        "from": ("from about {size}", "dès {size} environ"),
        "least": ("Least gap found", "Plus petit écart décelé"),
        "every": ("Found on every question", "Décelé sur toute question"),
        "size": ("{size} points", "{size} points"),
    }
)
LEFT, RIGHT = 2.3, WIDTH - 0.25
TALL, BAR = 0.56, 0.22


@dataclass(frozen=True)
class _Pair:
    """Two audiences: their names, the range of the least visible gaps, and the gaps that may be shown."""

    label: str
    least: float | None
    most: float | None
    gaps: tuple[float, ...]


@spoken
def visible_gap_strip(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "gaps",
    measure: str = "top",
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture | None:
    """Draw, for each pair of audiences, how wide a gap has to be to be found four times in five.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For the audiences' names.
    table, measure
        The released gaps and which measure of them.
    look, title, language
        Colours; a title of your own; the language of the names.

    Returns
    -------
    None where no pair may be compared.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    frame = released_table(released, table, columns=("measure", "gap", "minimum_detectable_gap"))
    rows = shown_rows(frame[frame["measure"] == measure])
    pairs = [
        _pair(own, names, instrument, language)
        for names, own in rows.groupby(["audience_a", "audience_b"], observed=True, sort=False)
    ]
    if not pairs:
        return None
    look = look or Theme.of(audiences=instrument.audiences)
    return Picture(
        title or _title(pairs),
        _WORDS("alt") + " ".join(_said(pair) for pair in pairs),
        _WORDS("caption"),
        as_svg(lambda: _draw(pairs, look)),
        charts=(_chart(pairs, look),),
    )


def _pair(own: pd.DataFrame, names: Any, instrument: Instrument, language: str) -> _Pair:
    label = _WORDS("and").join(audience_name(instrument, name, language=language) for name in names)
    sizes = own["minimum_detectable_gap"].dropna().astype(float)
    open_rows = [row for row in records(own) if is_known(row["gap"]) and not str(known(row.get("bound")))]
    gaps = tuple(sorted(abs(float(row["gap"])) for row in open_rows))
    least, most = (float(sizes.min()), float(sizes.max())) if len(sizes) else (None, None)
    return _Pair(label[:1].upper() + label[1:], least, most, gaps)


def _title(pairs: list[_Pair]) -> str:
    seen = [(pair.least, pair) for pair in pairs if pair.least is not None]
    if not seen:
        return _WORDS("nothing")
    least, pair = min(seen, key=lambda one: one[0])
    clear = _WORDS("clear", least=points(least), pair=_within(pair.label))
    return _WORDS("wider", clear=clear) if len(pairs) > 1 else clear


def _within(label: str) -> str:
    return label[:1].lower() + label[1:]


def _said(pair: _Pair) -> str:
    if pair.least is None or pair.most is None:
        return _WORDS("none", pair=pair.label)
    low, high = points(pair.least), points(pair.most)
    size = low if low == high else _WORDS("span", low=low, high=high)
    own = ", ".join(points(gap) for gap in pair.gaps)
    told = _WORDS("own", own=own) if own else _WORDS("no own")
    return _WORDS("one", pair=pair.label, size=size, told=told)


def _draw(pairs: list[_Pair], look: Theme) -> Page:
    page = Page(len(pairs) * TALL + 0.4)
    for place, pair in enumerate(pairs):
        _strip(page, pair, 0.08 + place * TALL, look)
    bottom = 0.08 + len(pairs) * TALL
    for share in (0, 0.25, 0.5, 0.75, 1):
        page.line((_at(share), _at(share)), (0.06, bottom), color=RULE, linewidth=0.6)
        page.text(_at(share), bottom + 0.12, points(share), color=QUIET, fontsize=7.5, ha="center")
    page.text(0.08, bottom + 0.12, _WORDS("points"), color=QUIET, fontsize=7.5)
    return page


def _strip(page: Page, pair: _Pair, y: float, look: Theme) -> None:
    for line, words in enumerate(wrapped(pair.label, 34, most=2)):
        page.text(0.08, y + 0.14 + line * 0.145, words, gid=f"label:{pair.label}:{line}")
    least, most = (1.0, 1.0) if pair.least is None or pair.most is None else (pair.least, pair.most)
    page.box(_at(0), y + 0.1, _at(least) - _at(0), BAR, facecolor="#C5CDD6", gid=f"hidden:{pair.label}")
    page.box(_at(least), y + 0.1, _at(most) - _at(least), BAR, facecolor=BAND, gid=f"some:{pair.label}")
    page.box(_at(0), y + 0.1, _at(1) - _at(0), BAR, facecolor="none", edgecolor=RULE, linewidth=0.7)
    for place, gap in enumerate(pair.gaps):
        x = _at(gap)
        ends = (y + 0.07, y + 0.13 + BAR)
        page.line((x, x), ends, gid=f"gap:{pair.label}:{place}", color=look.colour, linewidth=1.3, zorder=4)
    words = _WORDS("no gap") if pair.least is None else _WORDS("from", size=points(pair.least))
    x = min(_at(least), RIGHT - 1.0)
    page.text(x, y + 0.44, words, fontsize=7.5, color=INK)


def _at(share: float) -> float:
    return LEFT + share * (RIGHT - LEFT)


def _chart(pairs: list[_Pair], look: Theme) -> Chart:
    rows = []
    ends = (_WORDS("least"), _WORDS("every"))
    for pair in pairs:
        told = {}
        for name, size in zip(ends, (pair.least, pair.most), strict=True):
            if size is not None:
                told[name] = (share_as_printed(size) or 0.0, None, None, _WORDS("size", size=points(size)))
        rows.append((pair.label, told))
    return dot_chart(rows, [(ends[0], look.colour), (ends[1], QUIET)])
