"""Sentences made from single rows: headlines, verdicts and the titles of pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import pandas as pd

from toolkit.disclosure.ruling import REASONS
from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Cell
from toolkit.presentation.language import Words, language_in_force, level_in_force, spoken
from toolkit.presentation.numbers import (
    NOT_SHOWN,
    Number,
    between,
    count,
    ends,
    interval,
    is_known,
    point_number,
    points,
    scale_figure,
    share,
    share_number,
    shortest,
)
from toolkit.presentation.rows import (
    answer_words,
    audience_name,
    direction,
    item_name,
    joined,
    known,
    led,
    shown_rows,
)

__all__ = [
    "by_width",
    "change_cell",
    "doubt",
    "finding",
    "floored",
    "gap_cell",
    "headline",
    "hint_of",
    "is_certain",
    "plain_reason",
    "reason",
    "reasons_of",
    "share_of",
    "side_cells",
    "side_gap",
    "sides",
    "sides_with_n",
    "signed_gap",
    "verdict_of",
    "widest_first",
]

Row = Mapping[str, Any]

_VERDICTS = Words(
    {
        "gap points": ("a gap of {size} points ({ends})", "un écart de {size} points ({ends})"),
        "change points": ("a change of {size} points ({ends})", "un changement de {size} points ({ends})"),
        "gap scale": (
            "a gap of {size} on the scale ({ends})",
            "un écart de {size} sur l’échelle ({ends})",
        ),
        "change scale": (
            "a change of {size} on the scale ({ends})",
            "un changement de {size} sur l’échelle ({ends})",
        ),
        "gap at least": ("a gap of at least {size} points", "un écart d’au moins {size} points"),
        "change at least": ("a change of at least {size} points", "un changement d’au moins {size} points"),
        "similar points": (
            "views are similar to within {margin} points",
            "les avis concordent à {margin} points près",
        ),
        "similar scale": (
            "views are similar to within {margin} on the scale",
            "les avis concordent à {margin} près sur l’échelle",
        ),
        "similar superiority": (
            "views are similar to within {margin} points of superiority",
            "les avis concordent à {margin} points de supériorité près",
        ),
        "likely": (
            "a difference is likely; its practical size is uncertain",
            "une différence est probable ; son ampleur pratique est incertaine",
        ),
        "too few": (
            "this survey cannot tell; with so few answers no gap would show",
            "cette enquête ne permet pas de trancher ; avec si peu de réponses, aucun écart ne se verrait",
        ),
        "undecided gap points": (
            "this survey cannot tell; only gaps of about {least} points would show",
            "cette enquête ne permet pas de trancher ; seuls des écarts d’environ {least} points se "
            "verraient",
        ),
        "undecided change points": (
            "this survey cannot tell; only changes of about {least} points would show",
            "cette enquête ne permet pas de trancher ; seuls des changements d’environ {least} points se "
            "verraient",
        ),
        "undecided gap scale": (
            "this survey cannot tell; only gaps of about {least} on the scale would show",
            "cette enquête ne permet pas de trancher ; seuls des écarts d’environ {least} sur l’échelle se "
            "verraient",
        ),
        "undecided change scale": (
            "this survey cannot tell; only changes of about {least} on the scale would show",
            "cette enquête ne permet pas de trancher ; seuls des changements d’environ {least} sur l’échelle "
            "se verraient",
        ),
        "not computed": ("no comparison could be made", "aucune comparaison n’a pu être faite"),
        "not comparable": ("not comparable", "non comparable"),
        "too close": (
            "too close to all or none to show",
            "trop proche de tous ou de personne pour être affiché",
        ),
    }
)

_REASONS = Words(
    {
        "small": (REASONS["small"], "moins de {k} réponses"),
        "unknown_base": (REASONS["unknown_base"], "le nombre de réponses n’est pas connu"),
        "distribution": (
            REASONS["distribution"],
            "certaines réponses ont été données par presque tous ou presque personne",
        ),
        "rest": (REASONS["rest"], "presque personne n’a choisi cette extrémité de l’échelle ou le milieu"),
        "spread": (
            REASONS["spread"],
            "les réponses sont si proches que la moyenne dirait chacune d’elles",
        ),
        "limits": (
            REASONS["limits"],
            "la plus petite et la plus grande réponse possibles ne sont pas déclarées",
        ),
        "whole": (REASONS["whole"], "tiré de la répartition entière, qui ne peut être affichée"),
        "code": (REASONS["code"], "une réponse seule n’est affichée qu’avec la répartition entière"),
        "routed": (
            REASONS["routed"],
            "savoir à qui la question a été posée dirait ce que presque tous ou presque personne ont répondu "
            "à une question précédente",
        ),
        "total": (REASONS["total"], "avec les groupes, cela permettrait de retrouver un nombre non publié"),
        "option": (
            REASONS["option"],
            "avec les autres options, cela permettrait de retrouver un nombre non publié",
        ),
        "none": (REASONS["none"], "n’a pas pu être calculé"),
        "disagree": (REASONS["disagree"], "ses tableaux ne s’accordent pas sur le nombre de réponses"),
        "unlike": (
            REASONS["unlike"],
            "la question ne semble pas fonctionner de la même façon pour les deux groupes",
        ),
    }
)

_WORDS = Words(
    {
        "many": (
            "though among so many comparisons one this wide may be chance",
            "mais parmi tant de comparaisons un écart de cette taille peut être dû au hasard",
        ),
        "chance": ("but it may be chance", "mais il peut être dû au hasard"),
        "hidden": ("not shown ({why})", "non affiché ({why})"),
        "withheld": ("withheld", "non publié"),
        "few": ("few answers", "peu de réponses"),
        "apart": (
            "{one} and {other} cannot be compared here; {verdict}.",
            "impossible de comparer ici {one} et {other} ; {verdict}.",
        ),
        "shares": (
            "{high_share} of {high} against {low_share} of {low} ({words})",
            "{high_share} des {high} contre {low_share} des {low} ({words})",
        ),
        "headline": ("{shares}; {verdict}{chance}.", "{shares} ; {verdict}{chance}."),
        "not shown": ("not shown", "non affiché"),
        "bounded": ("≥{size} points", "≥{size} points"),
        "size": ("{size} points", "{size} points"),
    }
)


def by_width(gaps: pd.DataFrame) -> pd.DataFrame:
    """The rows that are shown and have a gap, the widest first; ties keep their order."""
    rows = shown_rows(gaps)
    rows = rows[rows["gap"].notna()]
    order = rows["gap"].astype(float).abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order]


def widest_first(rows: Iterable[Row]) -> list[Row]:
    """The same of rows: those that are shown and have a gap, the widest first."""
    told = [row for row in rows if bool(row["shown"]) and is_known(row["gap"])]
    return sorted(told, key=lambda row: -abs(float(row["gap"])))


def is_certain(row: Any) -> bool:
    """Whether the interval leaves out 0 and the adjusted p value, where there is one, is small enough.

    That is below 1 less the level in force, 0.05 at 95 %. A row with a bound has one end of an interval; that
    end decides.
    """
    p = row.get("p_adjusted")
    return _clear_of_zero(row) and (not is_known(p) or bool(p < round(1 - level_in_force(), 12)))


def doubt(row: Any) -> str:
    """What a title adds where a gap is uncertain: "" where it is not."""
    if is_certain(row):
        return ""
    if _clear_of_zero(row):
        return _WORDS("many")
    return _WORDS("chance")


def verdict_of(row: Any, *, what: Literal["gap", "change"] = "gap") -> str:
    """Word the row's verdict from its code and numbers, counted from the higher share down.

    Figures are rounded as everywhere else; `what` names the difference between waves a change.
    """
    if not bool(row["shown"]):
        return _WORDS("hidden", why=reasons_of(row))
    code, unit = str(known(row["verdict_code"], "not_computed")), str(known(row["verdict_unit"], "points"))
    measured = "scale" if unit == "scale" else "points"
    figure = scale_figure if unit == "scale" else points
    if code == "gap":
        return _VERDICTS(f"{what} {measured}", size=figure(abs(row["gap"])), ends=_ends(row))
    if code == "gap_at_least":
        return _VERDICTS(f"{what} at least", size=floored(row["gap"]))
    if code == "undecided":
        return _VERDICTS(f"undecided {what} {measured}", least=figure(row["minimum_detectable_gap"]))
    if code == "similar":
        margin = float(row["verdict_margin"])
        return _VERDICTS(f"similar {unit}", margin=shortest(margin if unit == "scale" else 100 * margin))
    return _VERDICTS(code.replace("_", " "))


def reasons_of(row: Any) -> str:
    """Why a row is withheld, in the language in force; in English with the group each reason is about."""
    if language_in_force() != "en":
        return plain_reason(row, _WORDS("withheld"))
    told = [
        f"{row[f'audience_{side}']}: {reason(row[f'withheld_code_{side}'], row['threshold'])}"
        for side in "ab"
        if known(row.get(f"withheld_code_{side}"))
    ]
    return "; ".join(told) or plain_reason(row, _WORDS("withheld"))


def plain_reason(row: Row, default: str = "") -> str:
    """Why a row is withheld, without the names of its sides."""
    codes = (known(row.get(name)) for name in ("withheld_code", "withheld_code_a", "withheld_code_b"))
    found = dict.fromkeys(reason(code, row["threshold"]) for code in codes if code)
    return joined(found) or default or _WORDS("few")


def reason(code: str, threshold: int) -> str:
    """A reason of the gate in words, from its code and the smallest base allowed."""
    return _REASONS(code, k=threshold)


@spoken
def headline(row: Any, instrument: Instrument, *, language: str = "en") -> str:
    """One gap in a sentence, with its verdict.

    The verdict rests on the interval; where the p value adjusted for all comparisons is not small enough, the
    sentence says so too.

    Parameters
    ----------
    row
        A row of a released gaps table.
    instrument
        For the words.

    Returns
    -------
    "Burned out by work: 71 % of employees against 40 % of executives agree; a gap of 31 points (12 to 47)."

    Examples
    --------
    >>> for _, row in released["gaps"].iterrows():   # doctest: +SKIP
    ...     print(headline(row, instrument))
    """
    name = item_name(instrument, row["item"], language=language)
    return led(name, finding(row, instrument, language=language))


def finding(row: Any, instrument: Instrument, *, language: str = "en") -> str:
    """The same without the name of the item."""
    a, b = sides(row, instrument, language=language)
    if not bool(row["shown"]):
        return _WORDS("apart", one=a[0], other=b[0], verdict=verdict_of(row))
    chance = f", {doubt(row)}" if _clear_of_zero(row) and not is_certain(row) else ""
    shares = shares_apart(row, instrument, language=language)
    return _WORDS("headline", shares=shares, verdict=verdict_of(row), chance=chance)


def shares_apart(row: Any, instrument: Instrument, *, language: str = "en") -> str:
    """Both shares of a gap: "71 % of employees against 40 % of executives (agree)"."""
    (high, high_share), (low, low_share) = sides(row, instrument, language=language)
    words = answer_words(instrument[row["item"]], row["measure"], language=language)
    return _WORDS("shares", high_share=high_share, high=high, low_share=low_share, low=low, words=words)


@spoken
def sides(row: Any, instrument: Instrument, *, language: str = "en") -> list[tuple[str, str]]:
    """Both audiences of a gap with their shares as text, the higher one first."""
    return [(name, text) for name, text, _ in sides_with_n(row, instrument, language=language)]


@spoken
def sides_with_n(row: Any, instrument: Instrument, *, language: str = "en") -> list[tuple[str, str, str]]:
    """The same, each with its number of answers as it may be printed."""
    cells = side_cells(row, instrument, language=language)
    return [(one.label, str(one.value or NOT_SHOWN), str(one.n)) for one in cells]


@spoken
def side_cells(row: Any, instrument: Instrument, *, language: str = "en") -> list[Cell]:
    """Both audiences of a gap with their shares and bases, the higher one first."""
    found = [
        Cell(
            share_number(row[f"estimate_{side}"], known(row.get(f"bound_{side}"))),
            n=count(row.get(f"n_{side}"), row.get(f"n_{side}_shown")),
            label=audience_name(instrument, row[f"audience_{side}"], language=language),
        )
        for side in "ab"
    ]
    if known(row["estimate_b"], -1.0) > known(row["estimate_a"], -1.0):
        found.reverse()
    return found


def side_gap(row: Any) -> tuple[str, str]:
    """What stands beside a pair of dots: the gap in points, and its interval."""
    bound = str(known(row.get("bound")))
    if not is_known(row["gap"]):
        return _WORDS("not shown"), ""
    if bound:
        return _WORDS("bounded", size=floored(row["gap"])), ""
    ends = _ends(row)
    return _WORDS("size", size=points(abs(row["gap"]))), f"({ends})" if ends else ""


def floored(gap: float) -> str:
    """A gap that is only a lower bound, in whole points rounded down so that it stays one."""
    return points(_floor(gap))


def _floor(gap: float) -> float:
    return math.floor(100 * abs(gap) + 1e-6) / 100


def gap_cell(row: Any) -> Cell:
    """A gap in points with its interval, counted from the higher share down."""
    if not is_known(row["gap"]):
        return Cell(words=NOT_SHOWN)
    if known(row.get("bound")):
        return Cell(Number(_floor(row["gap"]), "points", 0, "≥"))
    return Cell(point_number(abs(row["gap"])), *ends(*_turned(row, row["gap"] < 0), "points"))


def change_cell(row: Any, *, turned: bool = False) -> Cell:
    """A gap from one fixed side, in points with its sign, and its interval; `turned` swaps the sides."""
    gap = row["gap"]
    if not is_known(gap):
        return Cell()
    gap = -gap if turned else gap
    if known(row.get("bound")):
        return Cell(Number(_floor(gap), "points", 0, "≥ +" if gap > 0 else "≤ −"))
    return Cell(point_number(gap, signed=True), *ends(*_turned(row, turned), "points"))


def signed_gap(row: Any, *, turned: bool = False) -> tuple[str, str]:
    """The same as text: the number, and its interval in brackets."""
    cell = change_cell(row, turned=turned)
    bounds = between(cell.low.figure(), cell.high.figure()) if cell.low and cell.high else ""
    return str(cell.value or ""), f"({bounds})" if bounds else ""


def share_of(row: Any) -> str:
    """A share with its interval, or its bound, or why it is not shown."""
    if not bool(row["shown"]):
        return _WORDS("hidden", why=reasons_of(row))
    return share(row["estimate"], row["conf_low"], row["conf_high"], bound=str(known(row.get("bound"))))


def hint_of(item: str, measure: str, instrument: Instrument) -> str:
    """Which way good news lies, for a name in the instrument; "" otherwise."""
    return direction(instrument[item], measure) if item in instrument else ""


def _clear_of_zero(row: Any) -> bool:
    low, high = known(row["conf_low"], -math.inf), known(row["conf_high"], math.inf)
    return not low <= 0 <= high


def _ends(row: Any) -> str:
    low, high = _turned(row, row["gap"] < 0)
    return interval(low, high, scale=known(row.get("verdict_unit")) == "scale")


def _turned(row: Any, turned: bool) -> tuple[Any, Any]:
    """The ends of a gap's interval, counted from the other side where `turned`."""
    low, high = row["conf_low"], row["conf_high"]
    if turned and is_known(low) and is_known(high):
        return -high, -low
    return low, high
