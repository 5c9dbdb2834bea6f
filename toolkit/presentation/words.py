"""Passages made from released rows: the summary, what cannot be told, the notice on synthetic data."""

from __future__ import annotations

from typing import Any

import pandas as pd

from toolkit.instrument.model import Instrument
from toolkit.presentation.blocks import Bullets, Paragraph, Prose, Terms
from toolkit.presentation.language import Words, spoken
from toolkit.presentation.numbers import base, is_known, percent, points
from toolkit.presentation.rows import (
    answer_words,
    audience_name,
    base_in_words,
    item_name,
    joined,
    known,
    led,
    listed,
    released_table,
    shown_rows,
)
from toolkit.presentation.sentences import (
    by_width,
    finding,
    headline,
    hint_of,
    is_certain,
    share_of,
    shares_apart,
    signed_gap,
)
from toolkit.presentation.waves import waves_apart
from toolkit.records import records

_WORDS = Words(
    {
        "pre-declared": (
            "{count} declared before the answers were looked at",
            "{count} déclarés avant d’avoir vu les réponses",
        ),
        "other": ("{count} exploratory", "{count} exploratoires"),
        "no gap": (
            "No gap between audiences may be shown here: too few answered, or nearly all gave the same "
            "answer.",
            "Aucun écart entre publics ne peut être affiché ici : trop peu ont répondu, ou presque tous ont "
            "donné la même réponse.",
        ),
        "causes": ("Causes", "Les causes"),
        "causes said": (
            "The survey shows where audiences answer differently, not what brings it about.",
            "L’enquête montre où les publics répondent différemment, non ce qui en est la cause.",
        ),
        "single": ("Single people and teams", "Les personnes et les équipes"),
        "single said": (
            "Every figure is a share of a whole audience.",
            "Chaque chiffre est une part d’un public entier.",
        ),
        "today": ("Today", "Le présent"),
        "today said": (
            "The answers are those of the days the survey was open.",
            "Les réponses sont celles des jours où l’enquête était ouverte.",
        ),
        "hidden": ("What is not shown", "Ce qui n’est pas affiché"),
        "hidden said": (
            "{hidden} of {all} comparisons are withheld, because a group is too small, or its answers too "
            "alike, to stay confidential. That is no sign of agreement or of conflict.",
            "{hidden} comparaisons sur {all} ne sont pas publiées, parce qu’un groupe est trop petit, ou "
            "ses réponses trop semblables, pour rester confidentielles. Ce n’est signe ni d’accord ni de "
            "conflit.",
        ),
        "synthetic": (
            "Synthetic data. The organisations are fictitious and the answers were made by a program, some "
            "of them to follow published shares. Nothing here says anything about a real organisation.",
            "Données synthétiques. Les organisations sont fictives et les réponses ont été produites par un "
            "programme, certaines d’après des parts publiées. Rien ici ne dit quoi que ce soit d’une "
            "organisation réelle.",
        ),
        "widest 1": (
            "The widest gap between audiences, whichever they are:",
            "Le plus grand écart entre publics, quels qu’ils soient :",
        ),
        "widest 2": (
            "The two widest gaps between audiences, whichever they are:",
            "Les deux plus grands écarts entre publics, quels qu’ils soient :",
        ),
        "widest 3": (
            "The three widest gaps between audiences, whichever they are:",
            "Les trois plus grands écarts entre publics, quels qu’ils soient :",
        ),
        "widest": (
            "The {count} widest gaps between audiences, whichever they are:",
            "Les {count} plus grands écarts entre publics, quels qu’ils soient :",
        ),
        "tested 1": ("1 gap was tested{how}; {clear}.", "1 écart a été testé{how} ; {clear}."),
        "tested": (
            "{count} gaps were tested{how}; {clear}.",
            "{count} écarts ont été testés{how} ; {clear}.",
        ),
        "clear 0": ("none of them stays clear of 0 after that", "aucun ne reste alors distinct de 0"),
        "clear 1": ("1 of them stays clear of 0 after that", "1 d’entre eux reste alors distinct de 0"),
        "clear": (
            "{count} of them stay clear of 0 after that",
            "{count} d’entre eux restent alors distincts de 0",
        ),
        "picked": (
            "Picking the widest of many makes them look wider than they are, so read the interval in "
            "brackets, not the single number.",
            "Choisir les plus grands parmi beaucoup les fait paraître plus grands qu’ils ne sont : lisez "
            "l’intervalle entre parenthèses, non le seul nombre.",
        ),
        "adjusted": (
            ", their p values adjusted for the number of tests",
            ", leurs valeurs p ajustées au nombre de tests",
        ),
        "adjusted within": (
            " ({told}), their p values adjusted within each of these groups",
            " ({told}), leurs valeurs p ajustées au sein de chacun de ces groupes",
        ),
        "of invited": ("{answered} of {invited} {name}{rate}", "{answered} {name} sur {invited}{rate}"),
        "fewer": ("fewer than {k}", "moins de {k}"),
        "few": ("{few} {name}, who are therefore not shown", "{few} {name}, qui ne sont donc pas affichés"),
        "answered": ("Answered: {joined}.", "Ont répondu : {joined}."),
        "between": ("Small gaps between {names}", "Les petits écarts entre {names}"),
        "and": (" and ", " et "),
        "none reliable": (
            "With so few answers no gap would show reliably.",
            "Avec si peu de réponses, aucun écart ne se verrait de façon fiable.",
        ),
        "size": ("{low} points", "{low} points"),
        "sizes": (
            "{low} to {high} points (depending on the question)",
            "{low} à {high} points (selon la question)",
        ),
        "found": (
            "Only gaps of about {size} or more would be found four times in five.",
            "Seuls des écarts d’environ {size} ou plus seraient décelés quatre fois sur cinq.",
        ),
        "agreement": ("Agreement", "L’accord"),
        "agreement said": (
            "In {undecided} of {all} comparisons the survey cannot tell which audience's share is higher. "
            "Not finding a gap is not finding agreement.",
            "Dans {undecided} comparaisons sur {all}, l’enquête ne permet pas de dire quel public a la part "
            "la plus élevée. Ne pas trouver d’écart n’est pas trouver un accord.",
        ),
        "of audience": ("{share} of {name}", "{share} des {name}"),
        "silent": ("People who did not answer", "Les personnes qui n’ont pas répondu"),
        "silent said": (
            "{missing} did not answer. The intervals allow for chance, not for a difference between those "
            "who answered and those who did not.",
            "{missing} n’ont pas répondu. Les intervalles tiennent compte du hasard, non d’une différence "
            "entre ceux qui ont répondu et les autres.",
        ),
        "favourable": (
            "The most favourable answers, whichever they are:",
            "Les réponses les plus favorables, quelles qu’elles soient :",
        ),
        "unfavourable": (
            "The least favourable answers:",
            "Les réponses les moins favorables :",
        ),
        "highest": (
            "The highest shares, whichever they are:",
            "Les parts les plus élevées, quelles qu’elles soient :",
        ),
        "lowest": ("The lowest shares:", "Les parts les plus faibles :"),
        "one answer": ("One question has such a share:", "Une question a une telle part :"),
        "share": ("{share} of {name} ({words})", "{share} des {name} ({words})"),
        "no share": (
            "No share may be shown here: too few answered.",
            "Aucune part ne peut être affichée ici : trop peu ont répondu.",
        ),
        "changed": (
            "The clearest changes since wave {wave}:",
            "Les changements les plus nets depuis la vague {wave} :",
        ),
        "change": (
            "{later} of {name} after {earlier}, {size} points {ends} ({words}).",
            "{later} des {name} après {earlier}, {size} points {ends} ({words}).",
        ),
        "no change": (
            "Since wave {wave} no share has clearly changed; smaller changes cannot be told from chance.",
            "Depuis la vague {wave}, aucune part n’a nettement changé ; des changements plus petits ne se "
            "distinguent pas du hasard.",
        ),
        "picked shares": (
            "Picking the highest and lowest of many makes them look more extreme than they are, so read the "
            "interval in brackets, not the single number.",
            "Choisir les plus élevées et les plus faibles parmi beaucoup les fait paraître plus extrêmes "
            "qu’elles ne sont : lisez l’intervalle entre parenthèses, non le seul nombre.",
        ),
        "only": ("{name}, only {base}", "{name}, seulement {base}"),
        "causes of answers": (
            "The survey shows what people answer, not what brings it about.",
            "L’enquête montre ce que les gens répondent, non ce qui en est la cause.",
        ),
        "too few said": (
            "Too few answered for anything to be shown.",
            "Trop peu ont répondu pour que quoi que ce soit puisse être affiché.",
        ),
    }
)

_FAMILIES = ("pre-declared", "other")

__all__ = ["cannot_tell", "headline", "percent", "points", "shares_summary", "summary", "synthetic_notice"]


@spoken
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
    rows = records(one_an_item(by_width(gaps)).head(most))
    if rows:
        parts.append(Paragraph(_widest(len(rows))))
        parts.append(Terms(tuple(_finding(row, instrument, language) for row in rows)))
        parts.append(Paragraph(_tested(gaps, adjusted)))
        name = item_name(instrument, rows[0]["item"], language=language)
        first = led(name, shares_apart(rows[0], instrument, language=language))
    else:
        parts.append(Paragraph(_WORDS("no gap")))
        first = ""
    return Prose("", tuple(parts), "summary", first)


@spoken
def shares_summary(
    released: Any,
    instrument: Instrument,
    *,
    participation: pd.DataFrame | None = None,
    waves: tuple[str, str] | None = None,
    most: int = 3,
    by: str = "audience",
    language: str = "en",
) -> Prose:
    """Sum up a report without gaps: who answered, the highest and lowest shares, clear changes.

    Shares are ordered by how favourable they are where the questionnaire says which way good news lies;
    where it says so of fewer than two questions, by their size.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned, with a table "shares".
    instrument
        For wording, and which answers are favourable.
    participation
        `Admitted.participation`, where it is to be said who answered.
    waves
        The earlier wave and this one, where `released` has a table "trend" of the two.
    most
        How many shares from each end, and how many changes.
    by, language
        The group column; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    parts: list[Paragraph | Bullets | Terms] = []
    if participation is not None:
        parts.append(Paragraph(_who_answered(participation, instrument, by, language)))
    shares = released_table(released, "shares", columns=("item", "measure", "estimate", by))
    rows = [row for row in records(shown_rows(shares)) if instrument[row["item"]].kind == "single"]
    valued = [row for row in rows if hint_of(row["item"], row["measure"], instrument)]
    if len(valued) > 1:
        kept, names = (
            sorted(valued, key=lambda row: -_goodness(row, instrument)),
            ("favourable", "unfavourable"),
        )
    else:
        kept, names = sorted(rows, key=lambda row: -float(row["estimate"])), ("highest", "lowest")
    ends = min(most, max(1, len(kept) // 2))
    if not kept:
        parts.append(Paragraph(_WORDS("no share")))
    elif len(kept) == 1:
        parts += [Paragraph(_WORDS("one answer")), Terms((_share_term(kept[0], instrument, by, language),))]
    else:
        for name, some in zip(names, (kept[:ends], kept[: -ends - 1 : -1]), strict=True):
            terms = tuple(_share_term(row, instrument, by, language) for row in some)
            parts += [Paragraph(_WORDS(name)), Terms(terms)]
        parts.append(Paragraph(_WORDS("picked shares")))
    if waves is not None and "trend" in released:
        changes = waves_apart(released_table(released, "trend", columns=("item", "gap", by)), waves)
        changes = changes[changes["measure"] == "top"]
        clear = [row for row in records(by_width(changes)) if is_certain(row)][:most]
        parts.append(Paragraph(_WORDS("changed" if clear else "no change", wave=waves[0])))
        if clear:
            parts.append(Terms(tuple(_change_term(row, instrument, by, language) for row in clear)))
    first = ""
    if kept:
        name = item_name(instrument, kept[0]["item"], language=language)
        first = led(name, _share_words(kept[0], instrument, by, language))
    return Prose("", tuple(parts), "summary", first)


def _goodness(row: dict[str, Any], instrument: Instrument) -> float:
    """How favourable a share is; its size where neither way is good news."""
    variable = instrument[row["item"]]
    bad = variable.codes_of(row["measure"]) == variable.codes_of("unfavourable")
    turned = variable.favourable != "none" and bad
    return 1 - float(row["estimate"]) if turned else float(row["estimate"])


def _share_term(row: dict[str, Any], instrument: Instrument, by: str, language: str) -> tuple[str, str]:
    text = _share_words(row, instrument, by, language)
    return item_name(instrument, row["item"], language=language), f"{text}.{_hinted(row, instrument)}"


def _share_words(row: dict[str, Any], instrument: Instrument, by: str, language: str) -> str:
    return _WORDS(
        "share",
        share=share_of(row),
        name=_who_of(row, instrument, by, language),
        words=answer_words(instrument[row["item"]], row["measure"], language=language),
    )


def _change_term(row: dict[str, Any], instrument: Instrument, by: str, language: str) -> tuple[str, str]:
    size, ends = signed_gap(row, turned=bool(row["turned"]))
    text = _WORDS(
        "change",
        later=percent(row["later"], bound=str(known(row["bound_later"]))),
        earlier=percent(row["earlier"], bound=str(known(row["bound_earlier"]))),
        name=_who_of(row, instrument, by, language),
        size=size,
        ends=ends,
        words=answer_words(instrument[row["item"]], row["measure"], language=language),
    )
    return item_name(instrument, row["item"], language=language), " ".join(text.split()) + _hinted(
        row, instrument
    )


def _who_of(row: dict[str, Any], instrument: Instrument, by: str, language: str) -> str:
    """Whom a share is of: the audience, and of a routed question those it was put to."""
    name = audience_name(instrument, row[by], language=language)
    variable = instrument[row["item"]]
    if not variable.item.ask_if:
        return name
    return _WORDS("only", name=name, base=base_in_words(variable, instrument, language=language))


def _hinted(row: dict[str, Any], instrument: Instrument) -> str:
    hint = hint_of(row["item"], row["measure"], instrument)
    return f" {hint[0].upper()}{hint[1:]}." if hint else ""


@spoken
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
        The released gaps and which measure of them; a survey of one audience has none.
    participation
        `Admitted.participation`, for what is said of those who did not answer.
    by, language
        The group column of `participation`; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    pairs: list[tuple[str, str]] = []
    hidden = 0
    if table in released:
        gaps = released_table(released, table, columns=("item", "measure", "minimum_detectable_gap"))
        gaps = gaps[gaps["measure"] == measure]
        pairs += [*_detectable(gaps, instrument, language), *_uncertain(gaps)]
        hidden = int((~gaps["shown"].astype(bool)).sum())
    if participation is not None:
        pairs += _silent(participation, instrument, by, language)
    pairs += [
        (_WORDS("causes"), _WORDS("causes said" if table in released else "causes of answers")),
        (_WORDS("single"), _WORDS("single said")),
        (_WORDS("today"), _WORDS("today said")),
    ]
    if hidden:
        pairs.append((_WORDS("hidden"), _WORDS("hidden said", hidden=hidden, all=len(gaps))))
    return Prose("", (Terms(tuple(pairs)),), "cannot-tell")


@spoken
def synthetic_notice(synthetic: bool = True, *, language: str = "en") -> Prose:
    """The notice that stands wherever synthetic answers are shown; empty for real ones."""
    if not synthetic:
        return Prose("", (), "notice")
    return Prose("", (Paragraph(_WORDS("synthetic")),), "notice synthetic")


def one_an_item(rows: pd.DataFrame) -> pd.DataFrame:
    """The first row of each item."""
    return rows[~rows["item"].duplicated()]


def _widest(count: int) -> str:
    return _WORDS(f"widest {count}") if count in (1, 2, 3) else _WORDS("widest", count=count)


def _finding(row: dict[str, Any], instrument: Instrument, language: str) -> tuple[str, str]:
    name = item_name(instrument, row["item"], language=language)
    return name, finding(row, instrument, language=language) + _hinted(row, instrument)


def _tested(gaps: pd.DataFrame, adjusted: str) -> str:
    tested = int(gaps["p_value"].notna().sum()) if "p_value" in gaps else 0
    how = adjusted or _families(gaps)
    certain = sum(is_certain(row) for row in records(shown_rows(gaps)))
    clear = _WORDS(f"clear {certain}") if certain in (0, 1) else _WORDS("clear", count=certain)
    key = "tested 1" if tested == 1 else "tested"
    return f"{_WORDS(key, count=tested, how=how, clear=clear)} {_WORDS('picked')}"


def _families(gaps: pd.DataFrame) -> str:
    counts = gaps.loc[gaps["p_value"].notna(), "family"].value_counts() if "family" in gaps else {}
    if len(counts) < 2:
        return _WORDS("adjusted")
    order = sorted(counts.items(), key=lambda pair: pair[0] == "other")
    told = [
        _WORDS(str(name), count=count) if name in _FAMILIES else f"{count} {name}" for name, count in order
    ]
    return _WORDS("adjusted within", told=listed(told))


def _who_answered(participation: pd.DataFrame, instrument: Instrument, by: str, language: str) -> str:
    said = []
    for row in records(participation):
        name = audience_name(instrument, row[by], language=language)
        if is_known(row["answered"]) and row["answered"] == 0:
            continue  # nobody was invited
        if is_known(row["answered"]) and is_known(row["invited"]):
            rate = f" ({percent(row['response_rate'])})" if is_known(row["response_rate"]) else ""
            sizes = {"answered": base(row["answered"]), "invited": base(row["invited"])}
            said.append(_WORDS("of invited", name=name, rate=rate, **sizes))
        elif is_known(row["answered"]):
            said.append(f"{base(row['answered'])} {name}")
        else:
            said.append(_WORDS("few", few=_WORDS("fewer", k=row["threshold"]), name=name))
    return _WORDS("answered", joined=joined(said))


def _detectable(gaps: pd.DataFrame, instrument: Instrument, language: str) -> list[tuple[str, str]]:
    said = []
    rows = shown_rows(gaps)
    for pair, own in rows.groupby(["audience_a", "audience_b"], observed=True, sort=False):
        sizes = own["minimum_detectable_gap"].dropna().astype(float)
        names = _WORDS("and").join(audience_name(instrument, name, language=language) for name in pair)
        if sizes.empty:
            text = _WORDS("none reliable")
        else:
            low, high = points(sizes.min()), points(sizes.max())
            text = _WORDS("found", size=_WORDS("size" if low == high else "sizes", low=low, high=high))
        said.append((_WORDS("between", names=names), text))
    return said


def _uncertain(gaps: pd.DataFrame) -> list[tuple[str, str]]:
    rows = [row for row in records(shown_rows(gaps)) if is_known(row["gap"])]
    undecided = sum(row["verdict_code"] in ("undecided", "too_few") for row in rows)
    if not undecided:
        return []
    return [(_WORDS("agreement"), _WORDS("agreement said", undecided=undecided, all=len(rows)))]


def _silent(
    participation: pd.DataFrame, instrument: Instrument, by: str, language: str
) -> list[tuple[str, str]]:
    rows = records(participation)
    missing = [
        _WORDS(
            "of audience",
            share=percent(1 - float(row["response_rate"])),
            name=audience_name(instrument, row[by], language=language),
        )
        for row in rows
        if is_known(row["response_rate"]) and float(row["response_rate"]) < 1
    ]
    said = []
    if missing:
        said.append((_WORDS("silent"), _WORDS("silent said", missing=listed(missing))))
    hidden = [
        audience_name(instrument, row[by], start=True, language=language)
        for row in rows
        if not is_known(row["answered"])
    ]
    said += [(name, _WORDS("too few said")) for name in hidden]
    return said
