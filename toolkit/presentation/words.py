"""Passages of a report: the summary, the limits of the survey, notices on data and language."""

from __future__ import annotations

from typing import Any

import pandas as pd

from toolkit.instrument.model import Instrument
from toolkit.instrument.translation import plain, wordings
from toolkit.locale import N_, _, current_language, language_name, ngettext
from toolkit.presentation.blocks import Bullets, Paragraph, Prose, Terms
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
    quoted,
    released_table,
    shown_rows,
    waves_apart,
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
from toolkit.records import records

__all__ = [
    "cannot_tell",
    "headline",
    "in_language",
    "leading_gaps",
    "percent",
    "points",
    "shares_summary",
    "summary",
    "synthetic_notice",
    "untranslated_notice",
]


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
    waves: tuple[str, str] | None = None,
    overall: bool = False,
) -> Prose:
    """Write the summary: clear gaps, what speaks for the organisation, what changed, what to discuss.

    Where no gap is clear of chance, the largest are stated as what they are. Gaps of answers about different
    things (`comparable` "different") are left out.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording.
    table, measure
        The released gaps and which measure of them.
    participation
        `Admitted.participation`, to report who answered.
    most
        How many gaps, and how many changes.
    waves
        The earlier wave and this one, where `released` has a table "trend" of the two.
    overall
        Whether it is about all organisations of a study, for whoever advises them.
    adjusted
        How p was adjusted, in words; without it the families are read from the table.
    by
        The group column of `participation`.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    gaps = _like_for_like(released, table, measure)
    parts: list[Paragraph | Bullets | Terms] = []
    answered = [] if participation is None else [Paragraph(_who_answered(participation, instrument, by))]
    rows = leading_gaps(released, table=table, measure=measure, most=most)
    clear = [row for row in rows if is_certain(row)]
    if not rows:
        none = _(
            "No gap between audiences can be shown: too few answered, or nearly all gave the same answer."
        )
        return Prose("", (Paragraph(none), *answered), "summary")
    first = led(item_name(instrument, rows[0]["item"]), shares_apart(rows[0], instrument))
    if not clear:
        parts.append(Paragraph(_("No gap is clear of chance in these answers; the largest may be chance.")))
    parts += [
        Paragraph(_clear(len(clear)) if clear else _largest(len(rows))),
        Terms(tuple(_finding(row, instrument) for row in rows)),
    ]
    if "shares" in released:
        parts += _in_favour(released, instrument, by, overall)
    if waves is not None and "trend" in released:
        parts += _changes(released, instrument, waves, most, by)
    parts.append(Paragraph(_tested(gaps, adjusted)))
    questions = dict.fromkeys(filter(None, (_to_discuss(row, instrument) for row in rows)))
    if questions:
        lead = (
            _("Questions to discuss with clients:") if overall else _("Questions that leaders could discuss:")
        )
        parts += [Paragraph(lead), Bullets(tuple(questions))]
    return Prose("", (*parts, *answered), "summary", first)


def leading_gaps(
    released: Any, *, table: str = "gaps", measure: str = "top", most: int = 3
) -> list[dict[str, Any]]:
    """Return the gaps a summary states, one per item: the largest clear of chance, else the largest."""
    widest = by_width(_like_for_like(released, table, measure))
    # a clear gap counts although a wider one of the same item may be chance
    clear = widest[[is_certain(row) for row in records(widest)]]
    return records(one_an_item(widest if clear.empty else clear))[:most]


def _like_for_like(released: Any, table: str, measure: str) -> pd.DataFrame:
    gaps = released_table(released, table, columns=("item", "measure", "gap", "verdict"))
    gaps = gaps[gaps["measure"] == measure]
    return gaps[gaps["comparable"] != "different"] if "comparable" in gaps else gaps


def _clear(count: int) -> str:
    few = {
        1: N_("The gap between two audiences that is clear of chance:"),
        2: N_("The two largest gaps that are clear of chance:"),
        3: N_("The three largest gaps that are clear of chance:"),
    }
    return _(few.get(count, N_("The {count} largest gaps that are clear of chance:")), count=count)


def _to_discuss(row: dict[str, Any], instrument: Instrument) -> str:
    discuss = instrument[row["item"]].item.discuss
    return str(discuss.get(current_language()) or next(iter(discuss.values()), ""))


def _in_favour(
    released: Any, instrument: Instrument, by: str, overall: bool
) -> list[Paragraph | Bullets | Terms]:
    """State up to two favourable shares that lie above one half in every group, by the lowest group's."""
    shares = released_table(released, "shares", columns=("item", "measure", "estimate", by))
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in records(shown_rows(shares)):
        variable = instrument[row["item"]]
        good = variable.codes_of(row["measure"]) == variable.codes_of("favourable")
        if variable.kind == "single" and good and hint_of(row["item"], row["measure"], instrument):
            groups.setdefault(row["item"], []).append(row)
    lowest = [
        min(rows, key=lambda row: float(row["estimate"]))
        for rows in groups.values()
        if all(row["conf_low"] > 0.5 if is_known(row["conf_low"]) else row["bound"] == ">=" for row in rows)
    ]
    best = sorted(lowest, key=lambda row: -float(row["estimate"]))[:2]
    if not best:
        return []
    terms = tuple(_share_term(row, instrument, by) for row in best)
    if overall:
        lead = _("Clearly favourable over all organisations, in every group shown:")
    else:
        lead = _("Clearly in favour of the organisation, in every group shown:")
    return [Paragraph(lead), Terms(terms)]


def _changes(
    released: Any, instrument: Instrument, waves: tuple[str, str], most: int, by: str
) -> list[Paragraph | Bullets | Terms]:
    """State the clearest changes since the earlier wave, or that there are none."""
    changes = waves_apart(released_table(released, "trend", columns=("item", "gap", by)), waves)
    changes = changes[changes["measure"] == "top"]
    clear = [row for row in records(by_width(changes)) if is_certain(row)][:most]
    if clear:
        lead = _("The clearest changes since wave {wave}:", wave=waves[0])
        return [Paragraph(lead), Terms(tuple(_change_term(row, instrument, by) for row in clear))]
    if shown_rows(changes).empty:
        return [Paragraph(_("No change from {first} to {last} may be shown.", first=waves[0], last=waves[1]))]
    sentence = _(
        "Since wave {wave} no share has clearly changed; smaller changes cannot be "
        "distinguished from chance.",
        wave=waves[0],
    )
    return [Paragraph(sentence)]


def shares_summary(
    released: Any,
    instrument: Instrument,
    *,
    participation: pd.DataFrame | None = None,
    waves: tuple[str, str] | None = None,
    most: int = 3,
    by: str = "audience",
) -> Prose:
    """Write the summary of a report without gaps: extreme shares, clear changes, who answered.

    Shares are ordered by how favourable they are if the questionnaire declares a favourable direction for at
    least two questions, otherwise by their size.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned, with a table "shares".
    instrument
        For wording, and which answers are favourable.
    participation
        `Admitted.participation`, to report who answered.
    waves
        The earlier wave and this one, where `released` has a table "trend" of the two.
    most
        How many shares from each end, and how many changes.
    by
        The group column.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    parts: list[Paragraph | Bullets | Terms] = []
    shares = released_table(released, "shares", columns=("item", "measure", "estimate", by))
    rows = [row for row in records(shown_rows(shares)) if instrument[row["item"]].kind == "single"]
    valued = [row for row in rows if hint_of(row["item"], row["measure"], instrument)]
    if len(valued) > 1:
        kept, names = (
            sorted(valued, key=lambda row: -_goodness(row, instrument)),
            (_("The most favourable answers across all questions:"), _("The least favourable answers:")),
        )
    else:
        kept, names = (
            sorted(rows, key=lambda row: -float(row["estimate"])),
            (_("The highest shares across all questions:"), _("The lowest shares:")),
        )
    ends = min(most, max(1, len(kept) // 2))
    if not kept:
        parts.append(Paragraph(_("No share can be shown: too few answered.")))
    elif len(kept) == 1:
        parts += [
            Paragraph(_("One question has a share to report:")),
            Terms((_share_term(kept[0], instrument, by),)),
        ]
    else:
        for name, some in zip(names, (kept[:ends], kept[: -ends - 1 : -1]), strict=True):
            terms = tuple(_share_term(row, instrument, by) for row in some)
            parts += [Paragraph(name), Terms(terms)]
        parts.append(
            Paragraph(
                _(
                    "The highest and lowest of many shares tend to look more extreme than they "
                    "are, so read the interval in brackets rather than the single figure."
                )
            )
        )
    if waves is not None and "trend" in released:
        parts += _changes(released, instrument, waves, most, by)
    if participation is not None:
        parts.append(Paragraph(_who_answered(participation, instrument, by)))
    first = ""
    if kept:
        name = item_name(instrument, kept[0]["item"])
        first = led(name, _share_words(kept[0], instrument, by))
    return Prose("", tuple(parts), "summary", first)


def _goodness(row: dict[str, Any], instrument: Instrument) -> float:
    """Return how favourable a share is; its size where neither direction is."""
    variable = instrument[row["item"]]
    bad = variable.codes_of(row["measure"]) == variable.codes_of("unfavourable")
    turned = variable.favourable != "none" and bad
    return 1 - float(row["estimate"]) if turned else float(row["estimate"])


def _share_term(row: dict[str, Any], instrument: Instrument, by: str) -> tuple[str, str]:
    text = _share_words(row, instrument, by)
    return item_name(instrument, row["item"]), f"{text}.{_hinted(row, instrument)}"


def _share_words(row: dict[str, Any], instrument: Instrument, by: str) -> str:
    return _(
        "{share} of {name} ({words})",
        share=share_of(row),
        name=_who_of(row, instrument, by),
        words=answer_words(instrument[row["item"]], row["measure"]),
    )


def _change_term(row: dict[str, Any], instrument: Instrument, by: str) -> tuple[str, str]:
    size, ends = signed_gap(row, turned=bool(row["turned"]))
    text = _(
        "{later} of {name} after {earlier}, {size} points {ends} ({words}).",
        later=percent(row["later"], bound=str(known(row["bound_later"]))),
        earlier=percent(row["earlier"], bound=str(known(row["bound_earlier"]))),
        name=_who_of(row, instrument, by),
        size=size,
        ends=ends,
        words=answer_words(instrument[row["item"]], row["measure"]),
    )
    return item_name(instrument, row["item"]), " ".join(text.split()) + _hinted(row, instrument)


def _who_of(row: dict[str, Any], instrument: Instrument, by: str) -> str:
    """Name the base of a share: the audience, and for a routed question those who were asked."""
    name = audience_name(instrument, row[by])
    variable = instrument[row["item"]]
    if not variable.item.ask_if:
        return name
    return _("{name}, only {base}", name=name, base=base_in_words(variable, instrument))


def _hinted(row: dict[str, Any], instrument: Instrument) -> str:
    hint = hint_of(row["item"], row["measure"], instrument)
    return f" {hint[0].upper()}{hint[1:]}." if hint else ""


def cannot_tell(
    released: Any,
    instrument: Instrument,
    *,
    table: str = "gaps",
    participation: pd.DataFrame | None = None,
    measure: str = "top",
    by: str = "audience",
) -> Prose:
    """List what this survey cannot show: small gaps, people who did not answer, causes, masked groups.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording.
    table, measure
        The released gaps and which measure of them; a survey of one audience has none.
    participation
        `Admitted.participation`, for the passage on those who did not answer.
    by
        The group column of `participation`.

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
        pairs += [*_detectable(gaps, instrument), *_uncertain(gaps)]
        hidden = int((~gaps["shown"].astype(bool)).sum())
    if participation is not None:
        pairs += _silent(participation, instrument, by)
    pairs += [
        (
            _("Causes"),
            (
                _("The survey shows where audiences answer differently, not why.")
                if table in released
                else _("The survey shows what people answer, not why.")
            ),
        ),
        (
            _("Single people and teams"),
            _("Every figure is a share of a whole audience, or of a group large enough to be shown.")
            if any(name.startswith("cut_") for name in released)
            else _("Every figure is a share of a whole audience."),
        ),
        (_("Today"), _("The answers date from the days the survey was open; views may have changed since.")),
    ]
    if hidden:
        pairs.append(
            (
                _("What is not shown"),
                _(
                    "{hidden} of {all} comparisons are withheld because a group is too small, or "
                    "its answers too similar, to stay confidential. This is a sign neither of "
                    "agreement nor of conflict.",
                    hidden=hidden,
                    all=len(gaps),
                ),
            )
        )
    return Prose("", (Terms(tuple(pairs)),), "cannot-tell")


def synthetic_notice(synthetic: bool = True) -> Prose:
    """Write the notice shown with synthetic answers; empty for real ones."""
    if not synthetic:
        return Prose("", (), "notice")
    return Prose(
        "",
        (
            Paragraph(
                _(
                    "Synthetic data. The organisations are fictitious and the answers were "
                    "generated by a program, some of them to match published shares. Nothing here "
                    "describes a real organisation."
                )
            ),
        ),
        "notice synthetic",
    )


def in_language(instrument: Instrument, language: str) -> tuple[Instrument, int, int]:
    """Return the instrument with text in a language, and how many of its texts lacked any.

    Parameters
    ----------
    instrument
        As it is written.
    language
        The report's. A text not available in it keeps the wording of the instrument's first language.

    Returns
    -------
    tuple
        The instrument, unchanged if nothing is missing; the number of missing texts; the number of all texts.
    """
    data = plain(instrument)
    texts = [words for *_, words in wordings(data)]
    lacking = [words for words in texts if language not in words]
    if not lacking:
        return instrument, 0, len(texts)
    for words in lacking:
        words[language] = words[instrument.languages[0]]
    data["languages"] = list(dict.fromkeys((*instrument.languages, language)))
    return Instrument.model_validate(data), len(lacking), len(texts)


def untranslated_notice(lacking: int, texts: int, source: str) -> Prose:
    """Write the notice that the questionnaire is not in the report's language; empty where it is.

    Parameters
    ----------
    lacking, texts
        The number of texts not available in the language; the number of all texts.
    source
        The language they are printed in.
    """
    if not lacking:
        return Prose("", (), "notice")
    if lacking == texts:
        text = _(
            "The questionnaire is not available in English: its questions, answers and "
            "audience names are printed in {source}. Nothing was machine-translated.",
            source=language_name(source),
        )
    else:
        text = _(
            "{lacking} of the {all} texts of the questionnaire are not available in "
            "English and are printed in {source}. Nothing was machine-translated.",
            lacking=lacking,
            all=texts,
            source=language_name(source),
        )
    return Prose("", (Paragraph(text),), "notice language")


def one_an_item(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the first row of each item."""
    return rows[~rows["item"].duplicated()]


def _largest(count: int) -> str:
    few = {
        1: N_("The largest gap between any two audiences:"),
        2: N_("The two largest gaps between any two audiences:"),
        3: N_("The three largest gaps between any two audiences:"),
    }
    many = N_("The {count} largest gaps between any two audiences:")
    return _(few.get(count, many), count=count)


def _finding(row: dict[str, Any], instrument: Instrument) -> tuple[str, str]:
    words = instrument[row["item"]].wording(row["audience_a"], current_language())
    name = audience_name(instrument, row["audience_a"])
    asked = _("Asked of {name}: {question}", name=name, question=quoted(words))
    return item_name(instrument, row["item"]), f"{finding(row, instrument)}{_hinted(row, instrument)} {asked}"


def _tested(gaps: pd.DataFrame, adjusted: str) -> str:
    tested = int(gaps["p_value"].notna().sum()) if "p_value" in gaps else 0
    how = adjusted or _families(gaps)
    certain = sum(is_certain(row) for row in records(shown_rows(gaps)))
    clear = (
        ngettext(
            "{count} of them remains different from zero after adjustment",
            "{count} of them remain different from zero after adjustment",
            certain,
        )
        if certain
        else _("none of them remains different from zero after adjustment")
    )
    sentence = ngettext(
        "{count} gap was tested{how}; {clear}.",
        "{count} gaps were tested{how}; {clear}.",
        tested,
        how=how,
        clear=clear,
    )
    picked = _(
        "The largest of many gaps tend to be overestimated, so read the interval in "
        "brackets rather than the single figure."
    )
    return f"{sentence} {picked}"


def _families(gaps: pd.DataFrame) -> str:
    counts = gaps.loc[gaps["p_value"].notna(), "family"].value_counts() if "family" in gaps else {}
    if len(counts) < 2:
        return _(", their p values adjusted for the number of tests")
    order = sorted(counts.items(), key=lambda pair: pair[0] == "other")
    known = {
        "pre-declared": N_("{count} declared in advance"),
        "other": N_("{count} exploratory"),
        "different": N_("{count} of answers about different things"),
    }
    listing = [_(known.get(str(name), f"{{count}} {name}"), count=count) for name, count in order]
    return _(" ({listing}), their p values adjusted within each of these groups", listing=listed(listing))


def _who_answered(participation: pd.DataFrame, instrument: Instrument, by: str) -> str:
    counts = []
    for row in records(participation):
        name = audience_name(instrument, row[by])
        if is_known(row["answered"]) and row["answered"] == 0:
            continue  # no one was invited
        if is_known(row["answered"]) and is_known(row["invited"]):
            rate = f" ({percent(row['response_rate'])})" if is_known(row["response_rate"]) else ""
            sizes = {"answered": base(row["answered"]), "invited": base(row["invited"])}
            counts.append(_("{answered} of {invited} {name}{rate}", name=name, rate=rate, **sizes))
        elif is_known(row["answered"]):
            counts.append(f"{base(row['answered'])} {name}")
        else:
            counts.append(
                _(
                    "{few} {name}, who are therefore not shown",
                    few=_("fewer than {k}", k=row["threshold"]),
                    name=name,
                )
            )
    return _("Answered: {joined}.", joined=joined(counts))


def _detectable(gaps: pd.DataFrame, instrument: Instrument) -> list[tuple[str, str]]:
    terms = []
    rows = shown_rows(gaps)
    for pair, own in rows.groupby(["audience_a", "audience_b"], observed=True, sort=False):
        sizes = own["minimum_detectable_gap"].dropna().astype(float)
        names = _(" and ").join(audience_name(instrument, name) for name in pair)
        if sizes.empty:
            text = _("With so few answers, no gap could be detected reliably.")
        else:
            low, high = points(sizes.min()), points(sizes.max())
            text = _(
                "Only gaps of about {size} or more would be detected four times in five.",
                size=(
                    _("{low} points", low=low, high=high)
                    if low == high
                    else _("{low} to {high} points (depending on the question)", low=low, high=high)
                ),
            )
        terms.append((_("Small gaps between {names}", names=names), text))
    return terms


def _uncertain(gaps: pd.DataFrame) -> list[tuple[str, str]]:
    rows = [row for row in records(shown_rows(gaps)) if is_known(row["gap"])]
    undecided = sum(row["verdict_code"] in ("undecided", "too_few") for row in rows)
    if not undecided:
        return []
    return [
        (
            _("Agreement"),
            _(
                "In {undecided} of {all} comparisons the survey cannot tell which audience's "
                "share is higher. Not finding a gap is not finding agreement.",
                undecided=undecided,
                all=len(rows),
            ),
        )
    ]


def _silent(participation: pd.DataFrame, instrument: Instrument, by: str) -> list[tuple[str, str]]:
    rows = records(participation)
    missing = [
        _(
            "{share} of {name}",
            share=percent(1 - float(row["response_rate"])),
            name=audience_name(instrument, row[by]),
        )
        for row in rows
        if is_known(row["response_rate"]) and float(row["response_rate"]) < 1
    ]
    terms = []
    if missing:
        terms.append(
            (
                _("People who did not answer"),
                _(
                    "{missing} did not answer. The intervals account for chance, not for "
                    "differences between those who answered and those who did not.",
                    missing=listed(missing),
                ),
            )
        )
    hidden = [audience_name(instrument, row[by], start=True) for row in rows if not is_known(row["answered"])]
    terms += [(name, _("Too few answered to show any results.")) for name in hidden]
    return terms
