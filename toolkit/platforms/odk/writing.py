"""XLSForm, for ODK, Kobo, Survey123 and every other engine that takes XForms.

A form an audience (the default), or one form whose first question tells the audience. Where audiences are
asked in different words the one form holds a question for each wording, named `item_code` after the
audience's code; the manifest says which of them are one column of ours. Matrices are groups of single
choices: `table-list` would add columns nobody asked for.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.files import write_files
from toolkit.instrument.model import Instrument
from toolkit.platforms.choosing import idle_notices, narrow, one_by_one
from toolkit.platforms.manifest import (
    MANIFEST_ENDING,
    Column,
    ExportManifest,
    column_of,
    manifest_of,
)
from toolkit.platforms.odk.rows import AUDIENCE, Form, Sheet, column_name, form_of
from toolkit.platforms.words import every_text

__all__ = ["LAYOUTS", "write"]

Layout = Literal["audience", "one"]
LAYOUTS: tuple[Layout, ...] = ("audience", "one")
_LONGEST_CELL = 32_767


def write(
    instrument: Instrument,
    folder: str | Path,
    *,
    languages: Iterable[str] | None = None,
    audiences: Iterable[str] | None = None,
    layout: Layout = "audience",
) -> list[Path]:
    """Write XLSForms, with a manifest beside each.

    Parameters
    ----------
    instrument
        The instrument.
    folder
        Where to write; made where it is not there.
    languages, audiences
        What to export; everything where left out. The first language is the form's default.
    layout
        "audience": a form an audience. "one": one form that asks for the audience first.

    Returns
    -------
    list[Path]
        Each form and its manifest.

    Raises
    ------
    InvalidInput
        Everything XLSForm cannot hold, with its place and how to fix it.

    Examples
    --------
    >>> write(instrument, "out", audiences=["employee"])  # doctest: +SKIP
    [PosixPath('out/ai-at-work-employee.xlsx'), PosixPath('out/ai-at-work-employee.manifest.json')]
    """
    if layout not in LAYOUTS:
        unknown = Problem(
            "unknown-option", f"layout '{layout}'", "is not known to xlsform", near_names(layout, LAYOUTS)
        )
        raise InvalidInput(instrument.id, [unknown])
    whole = narrow(instrument, languages=languages, audiences=audiences)
    problems = list(_unfit(whole))
    if problems:
        raise InvalidInput(f"{instrument.id} for XLSForm", problems)
    idle = idle_notices(whole) if layout == "audience" else []
    files: dict[str, str | bytes] = {}
    for ending, part in _parts(whole, layout):
        stem = instrument.id + ending
        form = form_of(part, form_id=stem)
        files[f"{stem}.xlsx"] = _workbook(form.sheets)
        files[f"{stem}{MANIFEST_ENDING}"] = _manifest(
            instrument, form, layout, f"{stem}.xlsx", idle
        ).to_json()
    return write_files(folder, files)


def _parts(whole: Instrument, layout: Layout) -> Iterator[tuple[str, Instrument]]:
    if layout == "one":
        yield "", whole
        return
    for audience, part in one_by_one(whole):
        yield f"-{audience}", part


def _unfit(instrument: Instrument) -> Iterator[Problem]:
    for item in instrument.items:
        if item.type == "ranking" and item.maximum not in (None, len(item.options)):
            what = f"ranks {item.maximum:.15g} of {len(item.options)} options, and XLSForm ranks all"
            yield Problem("unsupported", f"item {item.id}", what, "leave maximum out, or use a multi-select")
    for place, text in every_text(instrument):
        if "${" in text:
            hint = "write it without '${', which XLSForm reads as the name of a question"
            yield Problem("invalid-character", place, "holds '${'", hint)
        if len(text) > _LONGEST_CELL:
            yield Problem(
                "too-long",
                place,
                f"is longer than the {_LONGEST_CELL} characters of a spreadsheet's cell",
                "shorten it",
            )


def _workbook(sheets: Mapping[str, Sheet]) -> bytes:
    """The three sheets as xlsx; every cell is text, so that '=' starts no formula."""
    import xlsxwriter

    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            header = list(dict.fromkeys(key for row in rows for key in row))
            for place, key in enumerate(header):
                sheet.write_string(0, place, key, bold)
            for line, row in enumerate(rows, start=1):
                for place, key in enumerate(header):
                    if row.get(key):
                        sheet.write_string(line, place, row[key])
            sheet.freeze_panes(1, 0)
    return held.getvalue()


def _manifest(source: Instrument, form: Form, layout: str, file: str, idle: Sequence[str]) -> ExportManifest:
    return manifest_of(
        source,
        form.instrument,
        platform="xlsform",
        layout=layout,
        files=[file],
        columns=_columns(form),
        audience_column=AUDIENCE,
        notices=[*(f"{file}: {notice}" for notice in form.notices), *idle],
        settings={"form_id": form.form_id, "root": "data"},
    )


def _columns(form: Form) -> Iterator[Column]:
    for variable in form.instrument.variables:
        for variant in form.variants[variable.item.id]:
            heard = tuple(name for name in variant.audiences if name in variable.audiences)
            if heard:
                name = column_name(variable, variant)
                option = variable.option.code if variable.option and not variable.write_in else None
                yield column_of(
                    variable,
                    form.instrument,
                    question=name,
                    part=option,
                    headings=_headings(form.groups[name], name, option),
                    audiences=heard,
                )


def _headings(groups: Sequence[str], name: str, option: str | None) -> dict[str, list[str]]:
    """Where a column stands in submissions (path), in ODK Central's and Kobo's tables, and without groups.

    Options stand together in one cell, codes apart by a blank; tables that split them name each one.
    """
    path = "/".join([*groups, name])
    central = "-".join([*groups, name])
    found = {"path": [path], "central": [central], "name": [name]}
    if option is not None:
        found |= {
            "path_split": [f"{path}/{option}"],
            "central_split": [f"{central}/{option}"],
            "name_split": [f"{name}/{option}"],
        }
    return found
