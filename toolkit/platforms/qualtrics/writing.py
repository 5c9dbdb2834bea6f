"""Qualtrics' Advanced Format text file, one an audience, with a page of what it cannot carry.

The text format holds questions, answers and blocks in one language. Display logic, recode values, export tags
of rows, forced and exclusive answers and translations are set by hand after the import; the page beside each
file says which. A QSF (layout "qsf") carries more and is experimental: none was ever tried in a real
Qualtrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.files import write_files
from toolkit.instrument.model import NOT_RANKED, Instrument
from toolkit.platforms.choosing import idle_notices, narrow, one_by_one
from toolkit.platforms.manifest import MANIFEST_ENDING, Column, column_of, manifest_of
from toolkit.platforms.qualtrics.qsf import qsf
from toolkit.platforms.qualtrics.questions import (
    Question,
    find_unfit,
    marked_up,
    questions_of,
)
from toolkit.platforms.qualtrics.setup import setup_page

__all__ = ["LAYOUTS", "write"]

Layout = Literal["audience", "qsf"]
LAYOUTS: tuple[Layout, ...] = ("audience", "qsf")
_ROUND = str.maketrans("[]", "()")
_TYPES = {
    "single": "MC:SingleAnswer:Vertical",
    "multi": "MC:MultipleAnswer:Vertical",
    "matrix": "Matrix",
    "number": "TE:SingleLine",
    "text": "TE:Essay",
}


def write(
    instrument: Instrument,
    folder: str | Path,
    *,
    languages: Iterable[str] | None = None,
    audiences: Iterable[str] | None = None,
    layout: Layout = "audience",
) -> list[Path]:
    """Write a survey for each audience, a set-up page and a manifest beside it.

    Parameters
    ----------
    instrument
        The instrument.
    folder
        Where to write; made where it is not there.
    languages, audiences
        What to export; everything where left out. The file is in the first language.
    layout
        "audience": the text format. "qsf": Qualtrics' own format, experimental.

    Returns
    -------
    list[Path]
        For each audience the survey, the page and the manifest.

    Raises
    ------
    InvalidInput
        Everything Qualtrics cannot hold, with its place and how to fix it.

    Examples
    --------
    >>> write(instrument, "out", audiences=["employee"])  # doctest: +SKIP
    [PosixPath('out/ai-at-work-employee.txt'), PosixPath('out/ai-at-work-employee-setup.html'),
     PosixPath('out/ai-at-work-employee.manifest.json')]
    """
    if layout not in LAYOUTS:
        unknown = Problem(
            "unknown-option", f"layout '{layout}'", "is not known to qualtrics", near_names(layout, LAYOUTS)
        )
        raise InvalidInput(instrument.id, [unknown])
    whole = narrow(instrument, languages=languages, audiences=audiences)
    problems = list(find_unfit(whole))
    for item in whole.items if layout != "qsf" else ():
        if item.type == "ranking":
            what = "is a ranking, which is not written in the text format"
            problems.append(
                Problem("unsupported", f"item {item.id}", what, "use layout qsf, or a multi-select")
            )
    if problems:
        raise InvalidInput(f"{instrument.id} for Qualtrics", problems)
    files: dict[str, str | bytes] = {}
    for audience, part in one_by_one(whole):
        files |= _files(instrument, part, audience, layout, idle_notices(whole))
    return write_files(folder, files)


def _files(
    source: Instrument, part: Instrument, audience: str, layout: Layout, idle: Sequence[str]
) -> dict[str, str | bytes]:
    experimental = layout == "qsf"
    questions = questions_of(part, audience)
    stem = f"{source.id}-{audience}" + ("-experimental" if experimental else "")
    file = f"{stem}.qsf" if experimental else f"{stem}.txt"
    title = f"{part.title[part.languages[0]]} ({part.audiences[audience].label[part.languages[0]]})"
    manifest = manifest_of(
        source,
        part,
        platform="qualtrics",
        layout=layout,
        files=[file],
        columns=[column for question in questions for column in _columns(question, part, layout)],
        audience_column="audience",
        notices=[*(f"{file}: {notice}" for notice in _notices(part, questions, layout)), *idle],
    )
    page = setup_page(part, audience, questions, file=file, experimental=experimental)
    survey = qsf(part, audience, questions, title) if experimental else _text(part, audience, questions)
    return {file: survey, f"{stem}-setup.html": page, f"{stem}{MANIFEST_ENDING}": manifest.to_json()}


def _text(part: Instrument, audience: str, questions: Sequence[Question]) -> str:
    by_tag = {question.tag: question for question in questions}
    parts = [
        "[[AdvancedFormat]]",
        f"[[ED:audience:{part.audiences[audience].code}]]\n[[ED:organisation]]",
    ]
    for section in part.sections:
        name = marked_up(section.title[part.languages[0]]).translate(_ROUND)  # only its maker sees it
        parts.append(f"[[Block:{name}]]")
        parts += [_question(by_tag[name], part.languages[0]) for name in section.items]
    return "\n\n".join(parts) + "\n"


def _question(question: Question, language: str) -> str:
    kind, words = _TYPES[question.item.type], marked_up(question.text[language])
    parts = [f"[[Question:{kind}]]\n[[ID:{question.tag}]]\n{words}"]
    if question.rows:
        numbered = [(str(row.number), row.label[language]) for row in question.rows]
        parts.append(_listed("AdvancedChoices", "Choice", numbered))
    if question.answers:
        valued = [(answer.value, answer.label[language]) for answer in question.answers]
        heading, tag = ("AdvancedAnswers", "Answer") if question.rows else ("AdvancedChoices", "Choice")
        parts.append(_listed(heading, tag, valued))
    return "\n\n".join(parts)


def _listed(heading: str, tag: str, entries: Iterable[tuple[str, str]]) -> str:
    lines = [f"[[{tag}:{value}]]\n{marked_up(words)}" for value, words in entries]
    return "\n".join([f"[[{heading}]]", *lines])


def _columns(question: Question, part: Instrument, layout: Layout) -> Iterator[Column]:
    """Headings: "tag" with multi-selects in several columns, "joined" in one; for a QSF "import_id" too."""
    rows = {row.code: row.number for row in question.rows}
    options = {answer.code: answer.number for answer in question.answers}
    write_in = part.write_in_of(question.item.id)
    for variable in (*part.of_item(question.item.id), *([] if write_in is None else [write_in])):
        tag, number, codes, recodes = question.tag, "", {}, {}
        headings = {"tag": [tag], "joined": [tag]}
        if variable.row:
            number = str(rows[variable.row.id])
            headings = {style: [variable.name, f"{tag}_{number}"] for style in ("tag", "joined")}
        if variable.option:
            number = str(options[variable.option.code])
            headings["tag"] = [f"{tag}_{number}"]
            codes = {"1": number, "0": ""}
            if question.item.type == "ranking":
                headings["joined"] = headings["tag"]
                codes = {code: code for code in variable.codes if code != NOT_RANKED}
            if variable.write_in:
                codes, headings = {}, {style: [f"{tag}_{number}_TEXT"] for style in headings}
        elif question.answers:
            codes = {answer.code: answer.value for answer in question.answers}
            if question.recoded:
                recodes = {str(answer.number): answer.value for answer in question.answers}
        if layout == "qsf":
            ending = f"_{number}" if number else ""
            ending += "_TEXT" if variable.kind in ("number", "text") else ""
            headings["import_id"] = [f"QID{question.number}{ending}"]
        yield column_of(
            variable,
            part,
            question=f"QID{question.number}" if layout == "qsf" else tag,
            part=number or None,
            headings=headings,
            codes=codes,
            recodes=recodes,
        )


def _notices(part: Instrument, questions: Sequence[Question], layout: Layout) -> Iterator[str]:
    if layout == "qsf":
        yield "experimental: no QSF of this toolkit was ever tried in a real Qualtrics"
    elif len(part.languages) > 1:
        others = ", ".join(part.languages[1:])
        yield f"it holds the words in {part.languages[0]}; those in {others} are on the set-up page"
    routed = [question.tag for question in questions if question.item.ask_if is not None]
    if routed:
        yield f"set the display logic of {', '.join(routed)} by hand, as the set-up page says"
    recoded = [question.tag for question in questions if question.recoded]
    if recoded and layout != "qsf":
        yield f"check the recode values of {', '.join(recoded)}, as the set-up page says"
