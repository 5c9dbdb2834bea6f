"""DDI Codebook 2.5: the questionnaire as archives and catalogues document it, one XML file.

Every question in every audience's words and every language, who was asked it (from routing), answers and
missing codes, scores with what they are made of. The file holds no answers and no counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from toolkit.errors import InvalidInput, Problem
from toolkit.files import write_files
from toolkit.instrument.model import Instrument
from toolkit.locale import languages
from toolkit.platforms.choosing import narrow
from toolkit.platforms.ddi_variables import groups, score_variables, variables
from toolkit.platforms.manifest import MANIFEST_ENDING, column_of, manifest_of
from toolkit.platforms.words import every_text
from toolkit.platforms.xml import NAMESPACE, add, add_each, element

__all__ = ["write"]

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(
    instrument: Instrument,
    folder: str | Path,
    *,
    languages: Iterable[str] | None = None,
    audiences: Iterable[str] | None = None,
) -> list[Path]:
    """Write a DDI Codebook 2.5, with a manifest beside it.

    Parameters
    ----------
    instrument
        The instrument.
    folder
        Where to write; made where it is not there.
    languages, audiences
        What to document; everything where left out. The first language is the document's.

    Returns
    -------
    list[Path]
        The XML file and its manifest.

    Raises
    ------
    InvalidInput
        What is wrong with the instrument, and characters that XML cannot hold.

    Examples
    --------
    >>> write(instrument, "out")  # doctest: +SKIP
    [PosixPath('out/ai-at-work-ddi.xml'), PosixPath('out/ai-at-work-ddi.manifest.json')]
    """
    part = narrow(instrument, languages=languages, audiences=audiences)
    problems = [
        Problem("invalid-character", place, f"holds {found[0]!r}, which XML cannot", "take the character out")
        for place, text in every_text(part)
        for found in [_ILLEGAL.search(text)]
        if found
    ]
    if problems:
        raise InvalidInput(f"{instrument.id} for DDI", problems)
    stem = f"{instrument.id}-ddi"
    manifest = manifest_of(
        instrument,
        part,
        platform="ddi",
        layout="one",
        files=[f"{stem}.xml"],
        columns=[
            column_of(variable, part, question=f"V_{variable.name}", headings={"name": [variable.name]})
            for variable in part.variables
        ],
        audience_column="audience",
        notices=_notices(part),
    )
    return write_files(
        folder, {f"{stem}.xml": _document(part), f"{stem}{MANIFEST_ENDING}": manifest.to_json()}
    )


def _notices(part: Instrument) -> Iterator[str]:
    for language in part.languages:
        if language not in languages():
            yield f"bases and missing codes are described in English where the language is '{language}'"


def _document(part: Instrument) -> bytes:
    root = element("codeBook", version="2.5", lang=part.languages[0])
    _study(root, part)
    described = add(root, "dataDscr")
    described.extend(groups(part))
    described.extend(variables(part))
    described.extend(score_variables(part))
    ElementTree.register_namespace("", NAMESPACE)
    ElementTree.indent(root, " ")
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _study(root: ElementTree.Element, part: Instrument) -> None:
    first, *others = part.languages
    study = add(root, "stdyDscr")
    citation = add(study, "citation")
    title = add(citation, "titlStmt")
    add(title, "titl", part.title[first], lang=first)
    for language in others:
        add(title, "parTitl", part.title[language], lang=language)
    add(title, "IDNo", f"{part.id} {part.version}")
    add(add(citation, "verStmt"), "version", part.version)
    info = add(study, "stdyInfo")
    subject = add(info, "subject")
    for theme in dict.fromkeys(variable.theme for variable in part.variables):
        add_each(subject, "keyword", part.themes[theme], part.languages)
    summary = add(info, "sumDscr")
    add(summary, "anlyUnit", "Individual", lang="en")
    for language in part.languages:
        people = "; ".join(audience.plural[language] for audience in part.audiences.values())
        add(summary, "universe", people, lang=language)
    add(summary, "dataKind", "survey data", lang="en")
