"""Validation of a study before reports are built, shared by `report` and `check`."""

from __future__ import annotations

import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import InvalidInput, Problem, ToolkitError
from toolkit.instrument.yaml_loader import CONTROL
from toolkit.reporting.documents.brand import leads_out, read_logo, templates_of
from toolkit.reporting.documents.office import check_template
from toolkit.reporting.formats import FORMATS
from toolkit.reporting.options import Checks

if TYPE_CHECKING:
    from toolkit.study import Study


def check_study(study: Study, wave: str, formats: Iterable[str], *, all_templates: bool = False) -> None:
    """Refuse a study of which no report of a wave can be built; its answers are not read.

    Parameters
    ----------
    formats
        Formats of the reports.
    all_templates
        Whether templates of other formats are checked as well.

    Raises
    ------
    InvalidInput
        Everything at once: a wave that had another questionnaire, a logo or a template
        that cannot be used, control characters in what is printed, letters the PDF's typeface lacks.
    """
    formats = tuple(formats)
    checks = Checks()
    checks(_refuse_earlier_questionnaire, study, wave)
    if study.brand.logo:
        checks(read_logo, study.folder / study.brand.logo, study.folder)
    for logo in study.client_logos:
        checks(_check_client_logo, logo, study.folder)
    for form, template in (checks(templates_of, study) or {}).items():
        if all_templates or form in formats:
            checks(check_template, form, template)
    printed = list(_printed(study))
    checks(_refuse_control_characters, study, printed)
    checks(_refuse_lacking_letters, study, printed, formats)
    if study.table is not None:
        checks(check_names, study, wave, formats)
    checks.raise_problems()


def check_names(study: Study, wave: str, formats: Iterable[str]) -> None:
    """Refuse unprintable organisation names; answers are read only if no table lists the organisations.

    Raises
    ------
    InvalidInput
        Every organisation whose name holds a control character, or letters a format's typeface lacks.
    """
    printed = [(f"organisation {one}, its name", name, True) for one, name in study.names(wave).items()]
    checks = Checks()
    checks(_refuse_control_characters, study, printed)
    checks(_refuse_lacking_letters, study, printed, tuple(formats))
    checks.raise_problems()


def check_dates(study: Study, wave: str) -> None:
    """Refuse dates in the methods that the dates in the answer files contradict; answers are read.

    Years are compared, because days are written in many ways: the first and the last response must be
    within the years that the text names, if it names any.

    Raises
    ------
    InvalidInput
        Every audience whose text names other years.
    """
    found = study.field_dates(wave)
    problems = []
    for audience, texts in study.methods.items() if found else ():
        named = [int(year) for year in re.findall(r"\b(?:19|20)[0-9]{2}\b", texts.get("dates", ""))]
        if found and named and not min(named) <= found.first.year <= found.last.year <= max(named):
            what = f"wave {wave} was answered from {found.first} to {found.last}, by the dates in its files"
            hint = "correct the text, or the wave of the files"
            problems.append(Problem("contradiction", f"methods → {audience} → dates", what, hint))
    if problems:
        raise InvalidInput(study.path, problems)


def try_report(study: Study, wave: str) -> None:
    """Build the report of the organisation with the most respondents in memory, without writing.

    Raises
    ------
    InvalidInput
        The report cannot be made; the section and the reason.
    """
    from toolkit.presentation.blocks import Block
    from toolkit.reporting.documents.brand import cover_of
    from toolkit.reporting.documents.model import Document, Section
    from toolkit.reporting.gathering import reportable
    from toolkit.reporting.html import render_document
    from toolkit.reporting.report import open_report
    from toolkit.reporting.sections import SECTIONS

    counts = study.members(wave)["organisation"].value_counts()
    able = reportable(study, wave)
    chosen = [str(one) for one in counts.index if str(one) in able] or [str(one) for one in counts.index]
    if not chosen:
        return
    where = f"report of {chosen[0]}"
    try:
        report = open_report(study, chosen[0], wave)
        parts: list[Block] = []
        for name in SECTIONS:
            where = f"report of {chosen[0]}, {name.replace('_', ' ')}"
            parts.append(report.section(name))
        where = f"report of {chosen[0]}, results"
        report.results()
        where = f"report of {chosen[0]}, its page"
        render_document(
            Document(
                cover_of(study.for_client(chosen[0]), chosen[0], wave),
                sections=(Section("Trial", tuple(parts)),),
            )
        )
    except InvalidInput:
        raise
    except ToolkitError as fault:
        problem = Problem("not-estimable", where, str(fault), "correct the study file or the questionnaire")
        raise InvalidInput(study.path, [problem]) from None
    except Exception as fault:
        what = f"cannot be made: {type(fault).__name__}: {fault}"
        hint = "this is a bug in the toolkit; please report it with the questionnaire"
        raise InvalidInput(study.path, [Problem("internal-error", where, what, hint)]) from fault


def _check_client_logo(logo: Path, folder: Path) -> None:
    """Refuse a client's logo that cannot be used, or that names pictures beside it: it travels alone."""
    if leads_out(logo, folder):
        read_logo(logo, folder)
    with tempfile.TemporaryDirectory() as alone:
        copy = shutil.copyfile(logo, Path(alone) / logo.name)
        read_logo(copy, Path(alone))


def _refuse_earlier_questionnaire(study: Study, wave: str) -> None:
    if wave in study.wave_instruments:
        hint = "make its report from a study file whose instrument is that questionnaire"
        problem = Problem(
            "wrong-instrument", f"wave {wave}", "used a different questionnaire from the study's", hint
        )
        raise InvalidInput(study.path, [problem])


def _printed(study: Study) -> Iterator[tuple[str, str, bool]]:
    """Yield what every report of a study prints: place, text, and whether figures show it."""
    from toolkit.instrument.translation import plain, wordings

    yield "title", study.title, False
    for key in ("name", "footer", "font"):
        if getattr(study.brand, key):
            yield f"brand → {key}", getattr(study.brand, key), False
    for one, given in study.client_brands.items():
        for key, cell in given.items():
            yield f"organisations, {one}, column brand_{key}", cell, False
    for audience, texts in study.methods.items():
        for name, text in texts.items():
            yield f"methods → {audience} → {name}", text, False
    first = study.instrument.languages[0]
    for key, audience, kind, words in wordings(plain(study.instrument)):
        where = f"instrument, {kind} {key}" + ("" if audience == "all" else f" ({audience})")
        yield where, words.get(study.language) or words.get(first, ""), kind != "question"
    if study.findings is not None:
        texts = study.findings.select_dtypes(include=["str", "object"])
        for column in texts:
            for place, text in enumerate(texts[column].tolist(), start=2):
                if isinstance(text, str):
                    yield f"published figures, row {place}, column {column}", text, column == "label"


def _refuse_control_characters(study: Study, printed: Iterable[tuple[str, str, bool]]) -> None:
    problems = []
    for where, text, _ in printed:
        found = CONTROL.search(text)
        if found:
            what = f"contains the control character U+{ord(found[0]):04X}, which documents cannot contain"
            problems.append(Problem("invalid-character", where, what, "delete it"))
    if problems:
        raise InvalidInput(study.path, problems)


def _refuse_lacking_letters(
    study: Study, printed: Iterable[tuple[str, str, bool]], formats: tuple[str, ...]
) -> None:
    wanted = [form for form in FORMATS.values() if form.typeface and form.name in formats]
    problems = []
    for where, text, drawn in printed:
        lacking = lacking_letters(text)
        forms = [form.name for form in wanted if drawn or form.typeface == "text"]
        if lacking and forms:
            some = " ".join(lacking[:8]) + (" …" if len(lacking) > 8 else "")
            what = f"has characters that the typeface of {' and '.join(forms)} reports lacks ({some})"
            hint = "leave the format out: html and pptx use the fonts of the reader's machine"
            problems.append(Problem("invalid-character", where, what, hint))
    if problems:
        raise InvalidInput(study.path, problems)


def lacking_letters(text: str) -> list[str]:
    """List the characters of a text that PDF reports have no glyph for, each once.

    Examples
    --------
    >>> lacking_letters("Société Ñandú, Ελλάδα, Київ"), lacking_letters("日本 Ltd")
    ([], ['日', '本'])
    """
    known = _letters()
    return [
        one
        for one in dict.fromkeys(text)
        if ord(one) not in known
        and unicodedata.category(one) not in ("Cc", "Cf", "Zs", "Zl", "Zp")
        and not re.match("[\ufe00-\ufe0f]", one)
    ]


@cache
def _letters() -> frozenset[int]:
    """Return the code points of the typefaces that come with matplotlib, the only ones in PDFs."""
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    folder = Path(get_data_path()) / "fonts" / "ttf"
    faces = [*folder.glob("DejaVuSans*.ttf"), *folder.glob("STIXGeneral*.ttf")]
    return frozenset(code for face in faces for code in FT2Font(str(face)).get_charmap())
