"""How answers are spread: bars centred on their middle answers, the lower left, the higher right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from toolkit.instrument.model import Instrument, Scale, Variable
from toolkit.presentation.blocks import Picture
from toolkit.presentation.charts import Chart, bar_chart
from toolkit.presentation.figures.bar_page import Bar, Block, Part, draw_bars, sheets
from toolkit.presentation.figures.page import as_svg
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import is_known, percent
from toolkit.presentation.rows import (
    answer_words,
    audience_name,
    direction,
    item_name,
    known,
    released_rows,
    shown,
    within,
)
from toolkit.presentation.sentences import gap_title
from toolkit.presentation.spreads import Spread, Spreads
from toolkit.presentation.theme import Theme, diverging

__all__ = ["diverging_bars"]

_WORDS = Words(
    {
        "only": (
            "Higher answers, the only share that may be shown",
            "Réponses hautes, la seule part qui puisse être affichée",
        ),
        "caption": (
            "Bars are centred on the middle answers: half of them lie on either side of the line, the lower "
            "answers to the left, the higher ones to the right. Numbers are percentages (none under 6 %), "
            "in brackets how many answered. Colours say how strong an answer is, not whether it is good.",
            "Les barres sont centrées sur les réponses moyennes : la moitié de part et d’autre du trait, "
            "les réponses basses à gauche, les hautes à droite. Les nombres sont des pourcentages (aucun "
            "sous 6 %), entre parenthèses le nombre de réponses. Les couleurs disent la force d’une "
            "réponse, non si elle est bonne.",
        ),
        "lower together": ("Lower answers together", "Réponses basses ensemble"),
        "middle together": ("Middle answers together", "Réponses moyennes ensemble"),
        "higher together": ("Higher answers together", "Réponses hautes ensemble"),
        "lead": ("{name}: ", "{name} : "),
        "continued": ("{lead}continued ({place} of {count})", "{lead}suite ({place} sur {count})"),
        "few": ("not shown (few answers)", "non affiché (peu de réponses)"),
        "even": (
            "A bar in two or three even colours: only its lower, middle and higher answers together may be "
            "shown.",
            "Une barre en deux ou trois couleurs unies : seules ses réponses basses, moyennes et hautes "
            "prises ensemble peuvent être affichées.",
        ),
        "hatched": (
            "Hatched: only this share may be shown, because few answered or nearly all gave the same answer.",
            "Hachuré : seule cette part peut être affichée, parce que peu ont répondu ou presque tous "
            "pareil.",
        ),
        "nothing": (
            "{lead}nothing may be shown (few answers)",
            "{lead}rien ne peut être affiché (peu de réponses)",
        ),
        "highest": (
            "{lead}the highest share shown is on {label}, {share} of {who} ({words})",
            "{lead}la plus haute part affichée porte sur « {label} », {share} des {who} ({words})",
        ),
        "alt": ("Bars of how answers are spread.", "Barres de la répartition des réponses."),
        "one": ("{item}, {who} (n {n}): {spread}.", "{item}, {who} (n {n}) : {spread}."),
    }
)
HATCHED_CHART = "#9C86C4"


@spoken
def diverging_bars(
    released: Any,
    instrument: Instrument,
    *,
    theme: str | None = None,
    table: str = "distributions",
    shares: str = "shares",
    gaps: str | None = "gaps",
    by: str = "audience",
    look: Theme | None = None,
    title: str | None = None,
    language: str = "en",
) -> Picture | None:
    """Draw the distribution of every scale item of a theme, a bar an audience.

    Where a distribution may not be shown, its three parts are, or the share that may be is drawn hatched;
    where nothing may, the bar says so.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording, scales and themes.
    theme
        A theme of the instrument; None for all.
    table, shares, by
        Released distributions (rows per response), released shares, and their group column. The gate's
        "…_parts" of the distributions is used where it is there.
    gaps
        Released gaps, from which the title is made; None, or a name that was not released, for none.
    look, title, language
        Taken for likeness with the other pictures (bars are coloured by answer); a title of your own; the
        language of the wording.

    Returns
    -------
    None where the theme has no item on a scale with a lower and a higher box.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    spreads = Spreads(released, table=table, shares=shares, by=by)
    variables = [
        variable
        for variable in instrument.variables
        if variable.kind == "single" and sides_of(variable.scale) and theme in (None, variable.theme)
    ]
    variables = [variable for variable in variables if variable.name in spreads]
    if not variables:
        return None
    parts = _parts(variables, spreads, instrument, language)
    drawn = [variable.name for variable in variables]
    said = title or _title(drawn, released, gaps, shares, instrument, theme, by, language)
    pages = sheets(parts)
    pictures = [
        Picture(
            said
            if place == 0
            else _WORDS(
                "continued", lead=_lead(instrument, theme, language), place=place + 1, count=len(pages)
            ),
            _alt(page, instrument, spreads, language),
            _caption(parts) if place == len(pages) - 1 else "",
            as_svg(partial(draw_bars, page)),
            charts=tuple(_chart(part) for part in page),
        )
        for place, page in enumerate(pages)
    ]
    return replace(pictures[0], more=tuple(pictures[1:]))


def _chart(part: Part) -> Chart:
    """A part's bars as numbers; answers told only together are series of their own, never one answer's."""
    together = tuple(_WORDS(f"{side} together") for side in ("lower", "middle", "higher"))
    only = _WORDS("only")
    rows = []
    for block in part.blocks:
        for bar in block.bars:
            told: dict[str, tuple[float, str]] = {}
            if bar.words and bar.top is not None:
                told = {only: (bar.top, bar.words)}
            elif not bar.words:
                whole = tuple(map(len, bar.shares)) == part.sizes
                answers = [share for side in bar.shares for share in side] if whole else map(sum, bar.shares)
                names_of = part.labels if whole else together
                told = {
                    name: (share, percent(share))
                    for name, share in zip(names_of, answers, strict=True)
                    if whole or share
                }
            rows.append((f"{block.label} · {bar.beside}", told))
    names = list(zip(part.labels, part.colours, strict=True))
    names += list(zip(together, diverging(1, 1, 1), strict=True))
    names.append((only, HATCHED_CHART))
    used = {name for _, told in rows for name in told}
    return bar_chart(rows, [(name, colour) for name, colour in names if name in used])


def sides_of(scale: Scale | None) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None:
    """Codes of the lower, middle and higher answers, or None where the scale has no two sides to draw."""
    if scale is None or not scale.top or not scale.bottom or max(len(scale.top), len(scale.bottom)) > 3:
        return None
    return (
        tuple(code for code in scale.codes if code in scale.bottom),
        tuple(code for code in scale.codes if code not in (*scale.top, *scale.bottom)),
        tuple(code for code in scale.codes if code in scale.top),
    )


def _parts(
    variables: Sequence[Variable], spreads: Spreads, instrument: Instrument, language: str
) -> list[Part]:
    by_scale: dict[tuple[str, ...], list[Variable]] = {}
    for variable in variables:
        by_scale.setdefault(tuple(variable.code_labels(language).values()), []).append(variable)
    found = []
    for members in by_scale.values():
        codes = sides_of(members[0].scale)
        if codes is None:
            continue
        labels = members[0].code_labels(language)
        blocks = tuple(_block(member, codes, spreads, instrument, language) for member in members)
        in_order = tuple(labels[code] for side in codes for code in side)
        found.append(Part(in_order, (len(codes[0]), len(codes[1]), len(codes[2])), blocks))
    return found


def _block(
    variable: Variable,
    codes: tuple[tuple[str, ...], ...],
    spreads: Spreads,
    instrument: Instrument,
    language: str,
) -> Block:
    bars = []
    for audience in variable.audiences:
        spread = spreads.of(variable, audience)
        if spread is not None:
            name = audience_name(instrument, audience, start=True, language=language)
            bars.append(replace(_bar(variable, codes, spread, name, language), n=spread.n))
    label = item_name(instrument, variable.name, language=language)
    return Block(variable.name, label, direction(variable), tuple(bars))


def _bar(
    variable: Variable, codes: tuple[tuple[str, ...], ...], spread: Spread, label: str, language: str
) -> Bar:
    if spread.kind == "full" and not any(spread.bounds.values()):
        low, middle, high = (tuple(spread.shares.get(code, 0.0) for code in side) for side in codes)
        return Bar(label, (low, middle, high))
    if spread.kind == "parts":
        low, middle, high = (
            (spread.shares[part],) if part in spread.shares else () for part in ("bottom", "middle", "top")
        )
        return Bar(label, (low, middle, high))
    top = spread.shares.get("top", next((spread.shares[c] for c in codes[2] if c in spread.shares), None))
    if top is None or spread.kind == "none" or (len(codes[2]) > 1 and "top" not in spread.shares):
        return Bar(label, ((), (), ()), words=_WORDS("few"))
    bound = next((bound for key, bound in spread.bounds.items() if key in ("top", *codes[2])), "")
    words = f"{percent(top, bound=bound)} {answer_words(variable, language=language)}"
    return Bar(label, ((), (), ()), top, words)


def _caption(parts: Sequence[Part]) -> str:
    bars = [(part, bar) for part in parts for block in part.blocks for bar in block.bars]
    said = [_WORDS("caption")]
    if any(tuple(map(len, bar.shares)) != part.sizes and not bar.words for part, bar in bars):
        said.append(_WORDS("even"))
    if any(bar.words for _, bar in bars):
        said.append(_WORDS("hatched"))
    return " ".join(said)


def _title(
    drawn: Sequence[str],
    released: Any,
    gaps: str | None,
    shares: str,
    instrument: Instrument,
    theme: str | None,
    by: str,
    language: str,
) -> str:
    """Names the widest gap of the theme; where there is no gap to name, the highest share."""
    lead = instrument.themes.get(theme or "", {}).get(language, theme or "")
    if gaps is not None and gaps in released:
        rows = [row for row in released_rows(released, gaps) if _top_of(row, drawn)]
        if rows:
            return gap_title(rows, instrument, lead=lead, language=language)
    told = shown(row for row in released_rows(released, shares) if _top_of(row, drawn))
    told = [row for row in told if is_known(row["estimate"])]
    lead = _lead(instrument, theme, language)
    if not told:
        return _WORDS("nothing", lead=lead)
    row = max(told, key=lambda found: float(found["estimate"]))
    label = within(item_name(instrument, row["item"], language=language))
    who = audience_name(instrument, row[by], language=language)
    share = percent(row["estimate"], bound=str(known(row.get("bound"))))
    words = answer_words(instrument[row["item"]], language=language)
    return _WORDS("highest", lead=lead, label=label, share=share, who=who, words=words)


def _top_of(row: Mapping[str, Any], drawn: Sequence[str]) -> bool:
    return row["item"] in drawn and row["measure"] == "top"


def _lead(instrument: Instrument, theme: str | None, language: str) -> str:
    name = instrument.themes.get(theme or "", {}).get(language, theme or "")
    return _WORDS("lead", name=name) if name else ""


def _alt(page: Sequence[Part], instrument: Instrument, spreads: Spreads, language: str) -> str:
    said = [_WORDS("alt")]
    for variable in (instrument[block.name] for part in page for block in part.blocks):
        for audience in variable.audiences:
            spread = spreads.of(variable, audience)
            if spread is not None:
                item = item_name(instrument, variable.name, language=language)
                who = audience_name(instrument, audience, language=language)
                told = spread.words(variable, language=language)
                said.append(_WORDS("one", item=item, who=who, n=spread.n, spread=told))
    return " ".join(said)
