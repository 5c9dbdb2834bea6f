"""Codebook for people: one page per language that prints well, and one workbook with every language."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.resources import files
from typing import Any

from toolkit.instrument.codebook import base_of, cited
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.locale import languages, translated
from toolkit.platforms import Platform, register
from toolkit.platforms.manifest import MANIFEST_ENDING, column_of, manifest_of
from toolkit.platforms.words import missing_words, spoken
from toolkit.records import inert


def files_of(source: Instrument, part: Instrument) -> dict[str, str | bytes]:
    """Make one page per language and one workbook, with a manifest beside them.

    `part` is what of the instrument is documented.
    """
    stem = f"{source.id}-codebook"
    files: dict[str, str | bytes] = {
        f"{stem}-{language}.html": page(part, language) for language in part.languages
    }
    files[f"{stem}.xlsx"] = workbook(part)
    manifest = manifest_of(
        source,
        part,
        platform="codebook",
        layout="one",
        files=list(files),
        columns=[
            column_of(variable, part, question=variable.name, headings={"name": [variable.name]})
            for variable in part.variables
        ],
        audience_column="audience",
        notices=_notices(part),
    )
    return {**files, f"{stem}{MANIFEST_ENDING}": manifest.to_json()}


def _notices(part: Instrument) -> Iterator[str]:
    for language in part.languages:
        if language not in languages():
            yield f"headings, bases and missing codes are in English where the language is '{language}'"


# The page, one per language


def page(instrument: Instrument, language: str) -> str:
    """Write the codebook in one language as one self-contained HTML file.

    Parameters
    ----------
    instrument
        What is documented.
    language
        One of its languages; the page's own words are English where it has no others.
    """
    import jinja2

    folder = files("toolkit.platforms").joinpath("templates")
    template = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(folder.joinpath("codebook.html").read_text("utf-8"))
    return template.render(
        language=language,
        instrument=instrument,
        _=partial(translated, language),
        style=folder.joinpath("codebook.css").read_text("utf-8"),
        sections=[
            {
                "id": section.id,
                "title": section.title[language],
                "items": [_item(instrument.item(name), instrument, language) for name in section.items],
            }
            for section in instrument.sections
        ],
        scores=[
            {
                "name": name,
                "label": score.label[language],
                "score": score,
                "least": len(score.items) if score.minimum is None else score.minimum,
                "source": cited(score.source),
            }
            for name, score in instrument.scores.items()
            if any(item in instrument for item in score.items)
        ],
    )


def _item(item: Item, instrument: Instrument, language: str) -> dict[str, Any]:
    variables = instrument.of_item(item.id)
    first = variables[0]
    asked = item.audiences or tuple(instrument.audiences)
    return {
        "item": item,
        "label": item.short.get(language) or spoken(item.text, asked[0], language),
        "theme": instrument.themes[item.theme][language],
        "asked": [
            {
                "audiences": ", ".join(instrument.audiences[name].label[language] for name in names),
                "text": text,
                "bases": [base_of(first, name, instrument, language) for name in names],
            }
            for text, names in _alike((spoken(item.text, name, language), name) for name in asked)
        ],
        "parts": [_part(variable, instrument, language) for variable in variables if variable.part],
        "answers": list(first.code_labels(language).items()),
        "missing": list(missing_words(first, instrument, language).items()),
        "sources": [(names, text) for text, names in _sources(variables).items()],
        "sensitive": any(variable.sensitive for variable in variables),
    }


def _alike(stated: Iterator[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Group audiences that read the same words."""
    found: dict[str, list[str]] = {}
    for text, name in stated:
        found.setdefault(text, []).append(name)
    return list(found.items())


def _part(variable: Variable, instrument: Instrument, language: str) -> dict[str, Any]:
    if variable.row is None:
        return {"name": variable.name, "texts": [("", variable.label(language))], "favourable": ""}
    texts = _alike((spoken(variable.row.text, name, language), name) for name in variable.audiences)
    everybody = set(variable.item.audiences or instrument.audiences)
    return {
        "name": variable.name,
        "texts": [
            (
                ""
                if set(names) == everybody
                else ", ".join(instrument.audiences[name].label[language] for name in names),
                text,
            )
            for text, names in texts
        ],
        "favourable": "" if variable.favourable == "none" else variable.favourable,
    }


def _sources(variables: tuple[Variable, ...]) -> dict[str, str]:
    """Map each source to its columns; empty if all columns share one."""
    found: dict[str, list[str]] = {}
    for variable in variables:
        found.setdefault(cited(variable.source), []).append(variable.name)
    return {text: ", ".join(names) if len(found) > 1 else "" for text, names in found.items()}


# The workbook: columns, answers and scores, with the words of every language side by side

Sheet = list[dict[str, str]]
_WIDTHS = {"question": 60, "asked of": 40, "label": 40, "source": 40}


def workbook(instrument: Instrument) -> bytes:
    """Write the sheets as xlsx; every cell is text, so that "=" starts no formula and "01" stays "01"."""
    import xlsxwriter

    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        book.set_properties(
            {"title": instrument.title[instrument.languages[0]], "created": dt.datetime(2000, 1, 1)}
        )
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#EEEEEE"})
        cell = book.add_format({"text_wrap": True, "valign": "top"})
        kept = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
        for name, rows in sheets(instrument).items():
            sheet = book.add_worksheet(name)
            titles = list(rows[0]) if rows else ["nothing"]
            for place, title in enumerate(titles):
                sheet.set_column(place, place, _width(title))
                sheet.write_string(0, place, title, head)
            for line, row in enumerate(rows, start=1):
                for place, title in enumerate(titles):
                    look = cell if inert(row[title]) == row[title] else kept
                    sheet.write_string(line, place, row[title], look)
            sheet.freeze_panes(1, 1)
            sheet.autofilter(0, 0, max(len(rows), 1), len(titles) - 1)
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(0)
    return held.getvalue()


def _width(title: str) -> int:
    return next((width for start, width in _WIDTHS.items() if title.startswith(start)), 16)


def sheets(instrument: Instrument) -> Mapping[str, Sheet]:
    """Map each sheet to its rows: column title → cell."""
    found = {
        "Columns": list(_columns(instrument)),
        "Answers": list(_answers(instrument)),
        "Scores": list(_scores(instrument)),
    }
    return {name: rows for name, rows in found.items() if rows}


def _columns(instrument: Instrument) -> Iterator[dict[str, str]]:
    section = {item: one.title for one in instrument.sections for item in one.items}
    first = instrument.languages[0]
    for variable in instrument.variables:
        for audience in variable.audiences:
            yield {
                "column": variable.name,
                "item": variable.item.id,
                "section": section[variable.item.id][first],
                "theme": instrument.themes[variable.theme][first],
                "audience": audience,
                **{f"question ({one})": variable.wording(audience, one) for one in instrument.languages},
                **{
                    f"asked of ({one})": base_of(variable, audience, instrument, one)
                    for one in instrument.languages
                },
                "asked if": variable.item.ask_if or "",
                "kind": variable.kind,
                "favourable": variable.favourable,
                "sensitive": "yes" if variable.sensitive else "no",
                "source": cited(variable.source),
            }


def _answers(instrument: Instrument) -> Iterator[dict[str, str]]:
    for variable in instrument.variables:
        words = {one: variable.code_labels(one) for one in instrument.languages}
        missing = {one: missing_words(variable, instrument, one) for one in instrument.languages}
        for held, kind in ((words, "answer"), (missing, "no answer")):
            for code in held[instrument.languages[0]]:
                yield {
                    "column": variable.name,
                    "code": code,
                    **{f"label ({one})": held[one][code] for one in instrument.languages},
                    "kind": kind,
                }


def _scores(instrument: Instrument) -> Iterator[dict[str, str]]:
    for name, score in instrument.scores.items():
        if any(item in instrument for item in score.items):
            yield {
                "score": name,
                **{f"label ({one})": score.label[one] for one in instrument.languages},
                "mean of": ", ".join(score.items),
                "turned round": ", ".join(score.reverse),
                "answered at least": str(len(score.items) if score.minimum is None else score.minimum),
                "times": f"{score.multiply:g}",
                "favourable": score.favourable,
                "source": cited(score.source),
            }


register(Platform("codebook", "Codebook", files_of, order=130))
