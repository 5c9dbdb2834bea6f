"""Sections: chapters on readiness for AI, each shown where the questionnaire asks its questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from matplotlib.axes import Axes

from toolkit.instrument.model import Variable
from toolkit.locale import N_, _
from toolkit.presentation.blocks import Block, Cell, Heading, Several, Table, table_of
from toolkit.presentation.numbers import (
    NOT_SHOWN,
    Number,
    count,
    is_known,
    p_value,
    percent,
    points,
    share_number,
)
from toolkit.presentation.rows import (
    DONT_KNOW,
    answer_words,
    audience_name,
    item_name,
    joined,
    quoted,
    released_rows,
)
from toolkit.presentation.sentences import plain_reason
from toolkit.presentation.spreads import Spreads
from toolkit.presentation.tables import score_words, share_cell
from toolkit.reporting.gathering import CROSSED, LEADERS
from toolkit.reporting.sections import given, notice, passage, said_once, section

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@dataclass(frozen=True)
class Part:
    """A part of a chapter: what is drawn, of which questions.

    Parameters
    ----------
    heading
        Above it, a message; "" for none.
    items
        Ids of questions, in the order they are drawn; those the questionnaire lacks are passed over.
    kind
        "dots": shares by group; "ladder": the same, the lowest first; "options": the options of each
        multi-select; "answers": those of questions without a scale; "crossed": by the answer to a question
        of `CROSSED`; "beliefs": what leaders estimate beside what people report; "change": before and
        after; "numbers": means.
    """

    heading: str
    items: tuple[str, ...]
    kind: Literal["dots", "ladder", "options", "answers", "crossed", "beliefs", "change", "numbers"] = "dots"


@dataclass(frozen=True)
class Chapter:
    """A chapter: what it shows, the questions without one of which it is left out, and its parts."""

    shows: str
    needs: tuple[str, ...]
    parts: tuple[Part, ...]


CHAPTERS: Mapping[str, Chapter] = {
    "demands": Chapter(
        "Show what is asked of people, what their work is made of, and how it is measured and supported.",
        ("askchange", "drain", "workmix"),
        (
            Part(N_("What is asked"), ("askchange", "aiasks")),
            Part(N_("What is asked"), ("asklist",), "options"),
            Part(N_("What the work is made of"), ("drain", "workmix")),
            Part(N_("Measures and support"), ("goalclear", "ownsay", "supportok", "wellfirst", "prodharm")),
            Part(N_("Measures and support"), ("evalby",), "options"),
            Part(N_("Measures and support"), ("skillrole",), "answers"),
        ),
    ),
    "readiness_ladder": Chapter(
        "Show how far each step of readiness has come, the lowest first, and who does not know.",
        ("steps", "ready"),
        (
            Part("", ("steps", "ready"), "ladder"),
            Part(
                N_("Goals, fit and planning"),
                ("aigoal", "toolfit", "procfit", "handover", "planning"),
            ),
        ),
    ),
    "capability_overhang": Chapter(
        "Show access to AI, its use and depth, the headroom people see and how evenly skill is spread.",
        ("tooldepth", "headroom", "taskdepth", "overhang"),
        (
            Part(N_("Access and use"), ("aiuse", "aidays", "aifreq", "hoursai", "aitrain", "encour")),
            Part(N_("Access and use"), ("accessai", "usecase"), "options"),
            Part(N_("Depth of use"), ("tooldepth", "taskdepth")),
            Part(
                N_("Headroom and spread of skill"),
                (
                    "headroom",
                    "overhang",
                    "aiconf",
                    "aiskill",
                    "skillspread",
                    "skillgap",
                    "practice",
                    "skillshare",
                ),
            ),
        ),
    ),
    "guardrails": Chapter(
        "Show what people know of the rules, what is safe to say, and signs of too much automation.",
        ("auto", "overauto", "guardask"),
        (
            Part(
                N_("Rules and safety"),
                ("clear", "guardrail", "guardask", "safe", "safetry", "safeask", "safesay", "leadshow"),
            ),
            Part(N_("Pace"), ("toofast", "rushed", "unapp", "leadaware")),
            Part(N_("Pace"), ("aiwhy",), "answers"),
            Part(N_("Signs of too much automation"), ("auto", "overauto")),
        ),
    ),
    "rebalancing": Chapter(
        "Show the four questions on work after AI came in, where saved time went, and what changed since.",
        ("jobcover", "aihelped", "rebal"),
        (
            Part(N_("Four questions"), ("jobcover", "aihelped", "mistakes", "rebal")),
            Part(N_("Where AI has changed the work"), ("aitasks",), "options"),
            Part(N_("Where the saved time went"), ("timesave",)),
            Part(N_("Where the saved time went"), ("timeuse",), "options"),
            Part(N_("Where the saved time went"), ("whogain",), "answers"),
            Part(N_("Effect on one's own work"), ("workdone", "aichange", "benefit")),
            Part(N_("Jobs, checks and new roles"), ("aistaff", "humanpart"), "options"),
        ),
    ),
    "people_and_ai": Chapter(
        "Show what people believe of AI and jobs, what leaders plan, and the work with freelancers.",
        ("belief", "headc", "freeai"),
        (
            Part(N_("Beliefs about AI and jobs"), ("belief",)),
            Part(N_("Concerns"), ("worry",)),
            Part(N_("Numbers of people"), ("headc",)),
            Part(N_("Numbers of people"), ("morework",), "answers"),
            Part(N_("Numbers of people"), ("hireplan",), "options"),
            Part(
                N_("Freelancers"), ("workfree", "freework", "freechange", "freeai", "freeteach", "turndown")
            ),
            Part(N_("Freelancers"), ("skillnew",), "options"),
            Part(N_("Freelancers"), ("freeshare",), "numbers"),
        ),
    ),
    "sustainable_use": Chapter(
        "Show burnout and leaving by use of AI, and what those who struggle are judged by.",
        tuple(CROSSED),
        (
            Part(N_("Frequent use, burnout and leaving"), ("aidays",), "crossed"),
            Part(N_("Frequent use, burnout and leaving"), ("aifreq",), "crossed"),
            Part(N_("What those who struggle are judged by"), ("struggle",), "crossed"),
        ),
    ),
    "leaders_beliefs": Chapter(
        "Show what leaders believe of their people beside what people report of themselves.",
        (),
        (Part("", (), "beliefs"),),
    ),
    "trials": Chapter(
        "Show the work of a trial before and after: how it changed, its load and its minutes.",
        ("taskmin",),
        (
            Part(N_("Before and after"), ("taskqual", "taskredo", "load"), "change"),
            Part(N_("The task as it is now"), ("taskqual", "taskredo", "load")),
            Part(N_("Minutes"), ("taskmin",), "numbers"),
            Part(N_("What made the trial work"), ("lessons",)),
        ),
    ),
}
"""Name of the section → its chapter."""

_GROUPS: Mapping[str, str] = {
    "aidays": N_("frequent users"),
    "aifreq": N_("frequent users"),
    "struggle": N_("those who struggle"),
}
_OTHERS = "employee"


def claimed(report: OrganisationReport, *kinds: str) -> frozenset[str]:
    """Return ids of the questions that chapters draw, in parts of some kinds.

    By default the kinds are those that draw every answer's share: another section need not.
    """
    kinds = kinds or ("dots", "ladder", "options")
    return frozenset(
        variable.item.id
        for chapter in CHAPTERS.values()
        for part in _asked(chapter, report)
        if part.kind in kinds
        for variable in _variables(report, part)
    )


def _asked(chapter: Chapter, report: OrganisationReport) -> list[Part]:
    """Return the parts of which a question was asked; none of a chapter that is left out."""
    known = {item.id for item in report.instrument.items}
    if chapter.needs and not known.intersection(chapter.needs):
        return []
    return [part for part in chapter.parts if part.kind == "beliefs" or _variables(report, part)]


def _chapter(chapter: Chapter, report: OrganisationReport) -> Block:
    asked = _asked(chapter, report)
    if not asked:
        return Several(())
    if report.withheld:
        return notice(report)
    blocks: list[Block] = []
    headings: list[str] = []
    for part in asked:
        drawn = [block for block in _DRAWN[part.kind](report, part) if block is not None]
        if part.heading and drawn and part.heading not in headings:
            headings.append(part.heading)
            blocks.append(Heading(_(part.heading)))
        blocks += drawn
    named = {variable.name for part in asked for variable in _variables(report, part)}
    scores = [name for name, one in report.instrument.scores.items() if named.issuperset(one.items)]
    single = [v.name for part in asked if part.kind in ("dots", "ladder") for v in _scaled(report, part)]
    blocks += [*given(_unknown(report, dict.fromkeys(single))), *given(_scores(report, scores))]
    if blocks or not chapter.needs:
        return Several(tuple(said_once(blocks)))
    return passage(_("No number of these questions may be shown."))


def _variables(report: OrganisationReport, part: Part) -> list[Variable]:
    known = {item.id for item in report.instrument.items}
    found = [v for item in part.items if item in known for v in report.instrument.of_item(item)]
    return [variable for variable in found if not variable.write_in]


def _scaled(report: OrganisationReport, part: Part) -> list[Variable]:
    return [v for v in _variables(report, part) if v.kind == "single" and v.codes_of("top")]


def _pair(report: OrganisationReport) -> tuple[str, str] | None:
    leaders = [name for name in LEADERS if name in report.audiences]
    return (leaders[0], _OTHERS) if leaders and _OTHERS in report.audiences else None


def _scores(report: OrganisationReport, scores: Iterable[str]) -> Table | None:
    from toolkit.presentation import declared_table

    if "declared" not in report.released:
        return None
    return declared_table(report.released, report.instrument, scores, level=report.level)


def _dots(report: OrganisationReport, part: Part) -> Iterator[Block | None]:
    from toolkit.presentation import as_picture, share_dots

    yield as_picture(
        share_dots,
        report.released,
        report.instrument,
        items=[variable.name for variable in _scaled(report, part)],
        pair=_pair(report),
        lowest_first=part.kind == "ladder",
        level=report.level,
    )


def _unknown(report: OrganisationReport, names: Iterable[str]) -> Table | None:
    """Tabulate who answered "don't know", of those who were asked."""
    if "dont_know" not in report.released:
        return None
    rows = {
        (row["item"].removesuffix(DONT_KNOW), str(row["audience"])): row
        for row in released_rows(report.released, "dont_know")
        if row["shown"]
    }
    offered = [report.instrument[name] for name in names if report.instrument[name].item.show_dont_know]
    if not any(variable.name in {item for item, _who in rows} for variable in offered):
        return None
    heads = {who: audience_name(report.instrument, who, start=True) for who in report.audiences}
    heads = {who: head for who, head in heads.items() if any(who in v.audiences for v in offered)}
    cells: list[dict[str, str | Cell | Number | None]] = []
    for variable in offered:
        cells.append({_("Item"): item_name(report.instrument, variable.name)})
        for who, head in heads.items():
            row = rows.get((variable.name, who))
            missing = NOT_SHOWN if who in variable.audiences else _("not asked")
            cells[-1][head] = share_cell(row) if row else missing
    notes = [
        _("Share, {level} interval, and n, the number who answered.", level=percent(report.level)),
        _("{dash}: few, nearly all, or too few people to state how many.", dash=NOT_SHOWN),
    ]
    columns = [_("Item"), *heads.values()]
    title = _("Share of “don't know” among those who were asked")
    return table_of(cells, columns, title=title, kind="shares", notes=notes, numeric=columns[1:])


def _options(report: OrganisationReport, part: Part) -> Iterator[Block | None]:
    from toolkit.presentation import as_picture, ranked_options

    shown = {row["item"] for row in released_rows(report.released, "shares") if row["shown"]}
    for item in part.items:
        names = {v.name for v in _variables(report, Part("", (item,))) if v.kind == "option"}
        if names & shown:
            yield as_picture(
                ranked_options, report.released, report.instrument, item=item, level=report.level
            )


def _answers(report: OrganisationReport, part: Part) -> Iterator[Block | None]:
    """Tabulate the answers to questions without a scale, a row per group."""
    spreads = Spreads(report.released)
    for variable in _variables(report, part):
        found = [(name, spread) for name in report.audiences if (spread := spreads.of(variable, name))]
        columns = [_("Audience"), _("n"), _("Answers")]
        rows = [
            (audience_name(report.instrument, name, start=True), one.base, one.cell(variable))
            for name, one in found
        ]
        if rows:
            title = item_name(report.instrument, variable.name)
            yield _table(columns, rows, title, kind="distributions", numeric=columns[1:2])


def _crossed(report: OrganisationReport, part: Part) -> Iterator[Block | None]:
    from toolkit.presentation import as_picture, share_dots

    by = part.items[0]
    if f"by_{by}" not in report.released:
        return
    outcomes = [v for item in CROSSED[by] for v in _variables(report, Part("", (item,)))]
    yield as_picture(
        share_dots,
        report.released,
        report.instrument,
        items=[v.name for v in outcomes],
        table=f"by_{by}",
        gaps=f"gaps_by_{by}",
        by=by,
        names={"top": _(_GROUPS[by]), "rest": _("everybody else")},
        pair=("top", "rest"),
        level=report.level,
    )
    asked = report.instrument[by]
    sentences = [
        _(
            "{group}: those who answered {answer} to {question}.",
            group=_(_GROUPS[by])[:1].upper() + _(_GROUPS[by])[1:],
            answer=quoted(answer_words(asked)),
            question=quoted(item_name(report.instrument, by)),
        )
    ]
    hidden: dict[str, list[str]] = {}
    rows = released_rows(report.released, f"by_{by}")
    for row in rows:
        if not row["shown"]:
            variable = report.instrument[row["item"]]
            whole = {v.name for v in report.instrument.of_item(variable.item.id)}
            some = any(r["shown"] for r in rows if r["item"] in whole and r["audience"] == row["audience"])
            label = item_name(report.instrument, row["item"])
            if variable.option is not None:
                short = variable.item.short.get(report.language, row["item"])
                label = variable.label(report.language) if some else short
            hidden.setdefault(audience_name(report.instrument, row["audience"]), []).append(label)
    if hidden:
        names = [f"{who} ({', '.join(dict.fromkeys(labels))})" for who, labels in hidden.items()]
        sentences.append(
            _(
                "Not shown for {names}: too few answered, or a number that is withheld could be "
                "computed from it.",
                names=joined(names),
            )
        )
    yield passage(*sentences)
    yield _published(report, [v.name for v in outcomes])


def _published(report: OrganisationReport, items: Iterable[str]) -> Table | None:
    """Tabulate the published figures of some items, whether or not they compare."""
    if "benchmarks" not in report.released:
        return None
    wanted = set(items)
    rows = [row for row in released_rows(report.released, "benchmarks") if row["item"] in wanted]
    columns = [_("Published"), _("Share"), _("Of whom"), _("Study")]
    cells = {
        row["finding_id"]: (
            row["published_item"],
            share_number(row["estimate_b"]),
            row["published_base"],
            f"{row['study']} ({row['finding_id']})",
        )
        for row in rows
        if is_known(row["estimate_b"])
    }
    return (
        _table(columns, cells.values(), _("Published figures beside it"), kind="benchmarks")
        if cells
        else None
    )


def _beliefs(report: OrganisationReport, part: Part) -> Iterator[Block | None]:
    from toolkit.presentation import as_picture, share_dots

    yield as_picture(_belief_dots, report.released, report)
    if "beliefs" in report.released:
        names = dict.fromkeys(row["item"] for row in released_rows(report.released, "beliefs"))
        yield as_picture(
            share_dots,
            report.released,
            report.instrument,
            items=list(names),
            gaps="beliefs",
            pair=_pair(report),
            level=report.level,
        )


def _belief_dots(released: Any, report: OrganisationReport) -> Axes | None:
    """Draw the mean share that leaders estimate beside the share that people report."""
    from toolkit.presentation import share_dots

    rows = []
    tables = {"scores": "mean", "shares": ""}
    for variable in report.instrument.variables:
        estimate = variable.item.estimate_of
        if estimate is None:
            continue
        for name in tables:
            for row in released_rows(released, name) if name in released else ():
                own = name == "shares"
                wanted = (
                    (row["item"], row["measure"], str(row["audience"]))
                    == (estimate.item, estimate.measure, estimate.audience)
                    if own
                    else (row["item"], row["measure"]) == (variable.name, "mean")
                )
                if not wanted:
                    continue
                who = audience_name(report.instrument, row["audience"])
                scale = 1.0 if own else 100.0
                numbers = {
                    column: float(row[column]) / scale if is_known(row[column]) else float("nan")
                    for column in ("estimate", "conf_low", "conf_high")
                }
                side = _("reported by {who}", who=who) if own else _("estimated by {who}", who=who)
                rows.append(
                    {
                        **row,
                        **numbers,
                        "item": estimate.item,
                        "measure": "top",
                        "side": side,
                        "audience": "",
                        "estimated": not own,
                    }
                    | {"estimated": not own}
                )
    if not rows:
        return None
    items = list(dict.fromkeys(str(row["item"]) for row in rows))
    return share_dots(
        pd.DataFrame(rows),
        report.instrument,
        items=items,
        by="side",
        level=report.level,
        title=_belief_title(rows, items, report),
    )


def _belief_title(rows: list[dict[str, Any]], items: Iterable[str], report: OrganisationReport) -> str | None:
    """Name the item of which estimate and share reported are furthest apart; None if none is shown."""
    apart = []
    for item in items:
        known = [row for row in rows if row["item"] == item and row["shown"] and is_known(row["estimate"])]
        found = {bool(row["estimated"]): float(row["estimate"]) for row in known}
        if len(found) == 2:
            apart.append((abs(found[True] - found[False]), item, found[True], found[False]))
    if not apart:
        return None
    _size, item, estimated, reported = max(apart)
    words = {"estimated": percent(estimated), "reported": percent(reported)}
    label = item_name(report.instrument, item)
    return _("{label}: leaders estimate {estimated}, {reported} report it", label=label, **words)


def _change(report: OrganisationReport, part: Part) -> Iterator[Block | None]:
    from toolkit.presentation import as_picture, wave_change

    if report.previous_wave:
        names = [v.name for v in _variables(report, part)]
        waves = (report.previous_wave, report.wave)
        yield as_picture(
            wave_change,
            report.released,
            report.instrument,
            waves=waves,
            items=names,
            most=None,
            level=report.level,
        )


def _numbers(report: OrganisationReport, part: Part) -> Iterator[Block | None]:
    """Tabulate means of numbers, of the earlier wave too where there is one, and how they changed."""
    names = [v.name for v in _variables(report, part)]
    waves = {"scores_before": report.previous_wave or "", "scores": report.wave}
    found = {
        (str(row["item"]), str(row["audience"]), waves[name]): row
        for name in waves
        if name in report.released
        for row in released_rows(report.released, name)
        if row["item"] in names and row["measure"] == "mean"
    }
    if not found:
        return
    order = sorted(found, key=lambda key: (*key[:2], list(waves.values()).index(key[2])))
    changes = {
        key: (found[earlier], found[key])
        for key in order
        if key[2] == report.wave and (earlier := (*key[:2], waves["scores_before"])) in found
    }
    changed = _mean_changes(changes, report.level)
    columns = [_("Item"), _("Audience"), _("Wave"), _("Mean"), _("n")]
    columns += [_("Change"), _("p")] if changed else []
    cells = []
    for key in order:
        row, (words, p) = found[key], changed.get(key, ("", ""))
        cell = [item_name(report.instrument, key[0]), audience_name(report.instrument, key[1], start=True)]
        cells.append([*cell, key[2], _mean(row), count(row["n"], row["n_shown"]), words, p][: len(columns)])
    notes = [
        _(
            "Change: later minus earlier, with its {level} interval (Welch). p: adjusted for the number of "
            "changes in this table (Holm). The same people need not have answered both times.",
            level=percent(report.level),
        )
    ]
    yield table_of(
        [dict(zip(columns, one, strict=True)) for one in cells],
        columns,
        title=_("Means, by wave"),
        kind="shares",
        notes=notes if changed else [],
        numeric=columns[3:],
    )


def _mean_changes(
    pairs: Mapping[tuple[str, str, str], tuple[Mapping[str, Any], Mapping[str, Any]]], level: float
) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Format the change between two released means and its p value, where both are shown."""
    from toolkit.analysis.gap_rows import adjust_p, welch_from_summary

    found = {
        key: welch_from_summary(
            *([float(row[name]) for row in (now, before)] for name in ("estimate", "std_error", "df")),
            level=level,
        )
        for key, (before, now) in pairs.items()
        if all(row["shown"] and is_known(row["std_error"]) for row in (before, now))
        and any(float(row["std_error"]) > 0 for row in (before, now))
    }
    adjusted = adjust_p([row[-1] for row in found.values()])

    def figure(value: float, *, signed: bool = False) -> str:
        return points(value / 100, signed=signed, digits=1)

    return {
        key: (
            _(
                "{change} ({low} to {high})",
                change=figure(gap, signed=True),
                low=figure(low),
                high=figure(high),
            ),
            p_value(p),
        )
        for (key, (gap, low, high, _p)), p in zip(found.items(), adjusted, strict=True)
    }


def _table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Cell | Number | None]],
    title: str,
    *,
    kind: str,
    numeric: Sequence[str] = (),
) -> Table:
    cells = [dict(zip(columns, row, strict=True)) for row in rows]
    return table_of(cells, columns, title=title, kind=kind, numeric=numeric)


def _mean(row: Mapping[str, Any]) -> Cell:
    if row["shown"] and is_known(row["estimate"]):
        return Cell(words=score_words(row))
    return Cell(words=_("not shown ({why})", why=plain_reason(row)))


_DRAWN: Mapping[str, Callable[[OrganisationReport, Part], Iterator[Block | None]]] = {
    "dots": _dots,
    "ladder": _dots,
    "options": _options,
    "answers": _answers,
    "crossed": _crossed,
    "beliefs": _beliefs,
    "change": _change,
    "numbers": _numbers,
}


def _register(name: str, chapter: Chapter, place: int) -> None:
    def build(report: OrganisationReport) -> Block:
        return _chapter(chapter, report)

    build.__name__, build.__doc__ = name, chapter.shows
    section(order=20 + place)(build)


for _place, (_name, _one) in enumerate(CHAPTERS.items()):
    _register(_name, _one, _place)
