"""The codebook as a workbook: columns, answers and scores, with the words of every language side by side."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Mapping

from toolkit.instrument.codebook import base_of, cited
from toolkit.instrument.model import Instrument
from toolkit.platforms.words import missing_words
from toolkit.records import inert

__all__ = ["sheets", "workbook"]

Sheet = list[dict[str, str]]
_WIDTHS = {"question": 60, "asked of": 40, "label": 40, "source": 40}


def workbook(instrument: Instrument) -> bytes:
    """The sheets as xlsx; every cell is text, so that "=" starts no formula and "01" stays "01"."""
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
    """Sheet → its rows: title of the column → cell."""
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
