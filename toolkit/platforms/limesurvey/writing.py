"""LimeSurvey's survey structure file (tab-separated), for LimeSurvey 5 and 6: Create survey → Import.

One survey in which a first question tells the audience and ExpressionScript switches words and routing; or
one survey a language; or one an audience. Question codes are our item ids and answer codes our codes; what
LimeSurvey cannot hold is refused, item by item.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.files import write_files
from toolkit.instrument.model import Instrument, Variable
from toolkit.locale import languages
from toolkit.platforms.choosing import idle_notices, narrow, one_by_one
from toolkit.platforms.limesurvey.limits import find_unfit, item_codes, part_codes, row_codes
from toolkit.platforms.limesurvey.rows import Plan, Quota, rows_of, tabulated, too_wide
from toolkit.platforms.limesurvey.text import (
    ASKED,
    AUDIENCE,
    GROUP,
    abbreviated,
    heading,
    marked_up,
)
from toolkit.platforms.manifest import (
    MANIFEST_ENDING,
    Column,
    ExportManifest,
    column_of,
    manifest_of,
)

__all__ = ["LAYOUTS", "Quota", "write"]

Layout = Literal["one", "language", "audience"]
Matrix = Literal["array", "questions"]
LAYOUTS: tuple[Layout, ...] = ("one", "language", "audience")
_LONGEST_TITLE = 200


def write(
    instrument: Instrument,
    folder: str | Path,
    *,
    languages: Iterable[str] | None = None,
    audiences: Iterable[str] | None = None,
    layout: Layout = "one",
    quotas: Sequence[Quota] = (),
    hidden: Sequence[str] = (),
    matrix: Matrix = "array",
    survey_id: int | None = None,
) -> list[Path]:
    """Write survey structure files for LimeSurvey, with a manifest beside each.

    Parameters
    ----------
    instrument
        The instrument.
    folder
        Where to write; made where it is not there.
    languages, audiences
        What to export; everything where left out. The first language is the survey's base language.
    layout
        "one": one survey, all languages, a question that tells the audience. "language": the same, a survey a
        language. "audience": a survey an audience, all languages, nothing to switch.
    quotas
        Limits for answers to single-choice items or for audiences.
    hidden
        Questions nobody sees, filled in by the link (``?organisation=org-07``): "organisation" for example.
    matrix
        "array": a matrix is an array, its answers side by side. "questions": each of its rows is a question
        of its own, for answers too long to stand side by side.
    survey_id
        The number LimeSurvey is to give the survey, if it is free; made from the file's name where left out,
        so that it differs from file to file. Given, with several files the next numbers follow.

    Returns
    -------
    list[Path]
        Each file and its manifest.

    Raises
    ------
    InvalidInput
        Everything LimeSurvey cannot hold, with its place and how to fix it.

    Examples
    --------
    >>> write(instrument, "out", quotas=[Quota("execs", 50, {"audience": ("executive",)})])  # doctest: +SKIP
    [PosixPath('out/ai-at-work.txt'), PosixPath('out/ai-at-work.manifest.json')]
    """
    if layout not in LAYOUTS:
        unknown = Problem(
            "unknown-option", f"layout '{layout}'", "is not known to limesurvey", near_names(layout, LAYOUTS)
        )
        raise InvalidInput(instrument.id, [unknown])
    if matrix not in ("array", "questions"):
        unknown = Problem(
            "unknown-option", f"matrix '{matrix}'", "is not known to limesurvey", "use array or questions"
        )
        raise InvalidInput(instrument.id, [unknown])
    whole = narrow(instrument, languages=languages, audiences=audiences)
    switch = layout != "audience" and len(whole.audiences) > 1
    problems = list(
        find_unfit(whole, asks_audience=switch, quotas=quotas, hidden=hidden, survey_id=survey_id)
    )
    if problems:
        raise InvalidInput(f"{instrument.id} for LimeSurvey", problems)
    files: dict[str, str | bytes] = {}
    for place, (ending, part) in enumerate(_parts(whole, layout)):
        number = survey_id + place if survey_id else _number(instrument.id + ending)
        stem = instrument.id + ending
        plan = Plan(
            part,
            str(number),
            {language: _cut(title) for language, title in _titles(part).items()},
            item_codes(whole, hidden),
            part_codes(whole),
            tuple(_fillable(quotas, part)),
            tuple(hidden),
            asks_audience=len(part.audiences) > 1,
            rows=row_codes(whole, hidden) if matrix == "questions" else {},
        )
        files[f"{stem}.txt"] = tabulated(rows_of(plan))
        left = [quota.name for quota in quotas if quota.name not in {one.name for one in plan.quotas}]
        idle = idle_notices(whole) if layout == "audience" else []
        manifest = _manifest(instrument, plan, layout, f"{stem}.txt", left, idle)
        files[f"{stem}{MANIFEST_ENDING}"] = manifest.to_json()
    return write_files(folder, files)


def _number(stem: str) -> int:
    """A six-digit number that is always the same for one file, and another for each file of each layout."""
    return 100_000 + int(hashlib.sha256(stem.encode()).hexdigest(), 16) % 800_000


def _parts(whole: Instrument, layout: Layout) -> Iterator[tuple[str, Instrument]]:
    if layout == "language":
        for language in whole.languages:
            yield f"-{language}", narrow(whole, languages=[language])
    elif layout == "audience":
        for audience, part in one_by_one(whole):
            yield f"-{audience}", part
    else:
        yield "", whole


def _titles(part: Instrument) -> dict[str, str]:
    if len(part.audiences) > 1:
        return {language: part.title[language] for language in part.languages}
    (audience,) = part.audiences.values()
    return {language: f"{part.title[language]} ({audience.label[language]})" for language in part.languages}


def _cut(title: str) -> str:
    """A title that fits; LimeSurvey counts its HTML, in which one mark takes up to six characters."""
    return title if len(marked_up(title)) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE // 6]}…"


def _fillable(quotas: Iterable[Quota], part: Instrument) -> Iterator[Quota]:
    """The quotas a survey can count; where it is of one audience, that part of a quota is taken as met."""
    asked = {AUDIENCE, *(item.id for item in part.items)}
    for quota in quotas:
        mine = set(quota.answers.get(AUDIENCE, part.audiences)) & set(part.audiences)
        if len(part.audiences) > 1:
            answers: Mapping[str, tuple[str, ...]] = quota.answers
        else:
            answers = {name: codes for name, codes in quota.answers.items() if name != AUDIENCE}
        if mine and answers and set(quota.answers) <= asked:
            yield Quota(quota.name, quota.limit, answers)


def _manifest(
    source: Instrument, plan: Plan, layout: str, file: str, left_out: Sequence[str], idle: Sequence[str]
) -> ExportManifest:
    return manifest_of(
        source,
        plan.instrument,
        platform="limesurvey",
        layout=layout,
        files=[file],
        columns=[
            _column(variable, plan) for variable in plan.instrument.variables if not _without_column(variable)
        ],
        audience_column=GROUP if plan.asks_audience else None,
        notices=[*(f"{file}: {notice}" for notice in _notices(plan, left_out)), *idle],
        settings={
            "survey_id": plan.survey_id,
            **({"hidden": " ".join(plan.hidden)} if plan.hidden else {}),
            **({"audience": f"{AUDIENCE} {ASKED} {GROUP}"} if plan.asks_audience else {}),
        },
    )


def _column(variable: Variable, plan: Plan) -> Column:
    code, part = plan.code(variable.item), plan.part(variable)
    if variable.name in plan.rows:
        code, part = plan.rows[variable.name], None
    texts = [_texts(variable, plan, language) for language in plan.instrument.languages]
    if variable.item.type == "ranking":  # columns hold codes by rank, told by the question's code
        return column_of(variable, plan.instrument, question=code, part=part, headings={})
    headings = {
        "code": [code if part is None else f"{code}[{part}]"],
        "underscore": [plan.name(variable)],
        "full": [heading(*pair) for pair in texts],
        "abbreviated": [abbreviated(*pair) for pair in texts],
    }
    codes = {"1": "Y", "0": ""} if variable.kind == "option" else None
    write_in = plan.instrument.write_in_of(variable.item.id)
    if write_in is not None and write_in.option is not None and variable.kind == "single":
        offered = plan.instrument.missing_on_screen(variable)
        codes = {code: code for code in variable.codes} | offered | {write_in.option.code: "-oth-"}
    return column_of(variable, plan.instrument, question=code, part=part, headings=headings, codes=codes)


def _without_column(variable: Variable) -> bool:
    """Whether a column is an option's tick that LimeSurvey has no column for: the text stands for both."""
    return variable.kind == "option" and variable.option is not None and variable.option.write_in


def _texts(variable: Variable, plan: Plan, language: str) -> tuple[str, str | None]:
    """Stem and part of a column as they stand in the file."""
    if variable.name in plan.rows:
        return plan.row_text(variable, language), None
    asked = variable.item.audiences or tuple(plan.instrument.audiences)
    stem = plan.text(variable.item.text, asked, language)
    if variable.row:
        return stem, plan.text(variable.row.text, variable.audiences, language)
    return stem, marked_up(variable.option.label[language]) if variable.option else None


def _notices(plan: Plan, left_out: Sequence[str]) -> Iterator[str]:
    asked = {item.id for item in plan.instrument.items}
    for item, code in plan.codes.items():
        if item in asked:
            yield f"LimeSurvey keeps the code '{item}' for itself; the item is called '{code}' there"
    for name, code in plan.parts.items():
        if name in plan.instrument and code != "other":
            yield f"LimeSurvey keeps the code of '{name}' for itself; its sub-question is called '{code}'"
    for one in plan.instrument.items if not plan.rows else ():
        if one.type == "matrix" and too_wide(plan.instrument, one):
            yield (
                f"the answers of '{one.id}' have words too long to stand side by side, and may break; give "
                "them shorter labels, or export with --matrix questions"
            )
    for language, title in _titles(plan.instrument).items():
        kept = plan.titles[language]
        if kept != title:
            yield f"the title ({language}) is too long for LimeSurvey; it was cut to '{kept}'"
    for language in plan.instrument.languages if plan.quotas else ():
        if language not in languages("questionnaire"):
            yield f"there are no words in '{language}' for a full quota; write them in LimeSurvey"
    for name in left_out:
        yield f"the quota '{name}' counts answers that nobody gives here, and was left out"
    if not plan.asks_audience:
        (audience,) = plan.instrument.audiences
        yield f"nothing in it asks for the audience; say 'audience: {audience}' where the answers are read"
