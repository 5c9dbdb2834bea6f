"""DDI Codebook 2.5: the questionnaire as archives and catalogues document it, one XML file.

Every question in every audience's words and every language, who was asked it (from routing), answers and
missing codes, scores with what they are made of. The file holds no answers and no counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from xml.etree import ElementTree

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.codebook import base_of, cited
from toolkit.instrument.model import MISSING, Instrument, Variable
from toolkit.locale import languages, translated
from toolkit.platforms import Platform, register
from toolkit.platforms.manifest import MANIFEST_ENDING, column_of, manifest_of
from toolkit.platforms.words import OWN_LABELS, every_text, missing_words, spoken

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def files_of(source: Instrument, part: Instrument) -> dict[str, str | bytes]:
    """Make a DDI Codebook 2.5, with a manifest beside it.

    Parameters
    ----------
    source, part
        The instrument, and the part to document. The first language is the document's.

    Raises
    ------
    InvalidInput
        Characters that XML cannot hold.
    """
    problems = [
        Problem("invalid-character", place, f"holds {found[0]!r}, which XML cannot", "remove the character")
        for place, text in every_text(part)
        for found in [_ILLEGAL.search(text)]
        if found
    ]
    if problems:
        raise InvalidInput(f"{source.id} for DDI", problems)
    stem = f"{source.id}-ddi"
    manifest = manifest_of(
        source,
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
    return {f"{stem}.xml": _document(part), f"{stem}{MANIFEST_ENDING}": manifest.to_json()}


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
    texts = {name: words for name, words in part.texts if words}
    for outer, inner, tags in (
        ("method", "dataColl", {"welcome": "collSitu", "consent": "collSitu", "end": "collSitu"}),
        ("dataAccs", "useStmt", {"confidentiality": "confDec", "contact": "contact"}),
    ):
        if texts.keys() & tags.keys():
            parent = add(add(study, outer), inner)
            for name, tag in tags.items():
                add_each(parent, tag, texts.get(name, {}), part.languages if name in texts else ())


# Variables: words, bases, answers, and what scores are made of


def groups(part: Instrument) -> Iterator[ElementTree.Element]:
    """List matrices and multi-selects with the columns that one question makes."""
    for item in part.items:
        if item.type not in ("matrix", "multi", "ranking"):
            continue
        named = " ".join(f"V_{variable.name}" for variable in part.of_item(item.id))
        kind = "multipleResp" if item.type == "multi" else "grid"
        group = element("varGrp", ID=f"G_{item.id}", type=kind, var=named, name=item.id)
        asked = (item.audiences or tuple(part.audiences))[0]
        for language in part.languages:
            add(group, "labl", item.short.get(language) or spoken(item.text, asked, language), lang=language)
        yield group


def variables(part: Instrument) -> Iterator[ElementTree.Element]:
    """Yield the audience, then every column of a coded frame."""
    yield _audience(part)
    for variable in part.variables:
        yield _variable(variable, part)


def _audience(part: Instrument) -> ElementTree.Element:
    made = element("var", ID="V_audience", name="audience", intrvl="discrete", nature="nominal")
    for language in part.languages:
        add(made, "labl", translated(language, OWN_LABELS["audience"]), lang=language)
    for name, audience in part.audiences.items():
        category = add(made, "catgry")
        add(category, "catValu", name)
        add_each(category, "labl", audience.label, part.languages)
    add(made, "varFormat", type="character")
    return made


def _variable(variable: Variable, part: Instrument) -> ElementTree.Element:
    number = variable.kind == "number"
    made = element(
        "var",
        ID=f"V_{variable.name}",
        name=variable.name,
        intrvl="contin" if number else "discrete",
        nature="ratio" if number else "ordinal" if variable.ordered else "nominal",
    )
    for language in part.languages:
        add(made, "labl", variable.label(language), lang=language)
    for audience in variable.audiences:
        made.append(_question(variable, audience, part))
    _range(made, variable)
    for audience in variable.audiences:
        for language in part.languages:
            add(made, "universe", base_of(variable, audience, part, language), lang=language, clusion="I")
    if variable.item.ask_if is not None:
        add(made, "txt", f"Asked if: {variable.item.ask_if}", lang="en")
    _categories(made, variable, part)
    add_each(made, "concept", part.themes[variable.theme], part.languages)
    add(made, "varFormat", type="numeric" if number else "character")
    add(made, "notes", cited(variable.source), lang="en", type="source")
    about = {audience: variable.referent(audience) for audience in variable.audiences}
    stated = "; ".join(f"{audience}: {word}" for audience, word in about.items() if word)
    for kind, words in (("referent", stated), ("time frame", variable.item.time_frame)):
        if words:
            add(made, "notes", words, lang="en", type=kind)
    return made


def _question(variable: Variable, audience: str, part: Instrument) -> ElementTree.Element:
    """Describe a question as one audience reads it; a statement or an option follows its stem."""
    question = element("qstn", ID=f"Q_{variable.name}_{audience}")
    part_text = variable.row.text if variable.row else None
    for language in part.languages:
        stem = spoken(variable.item.text, audience, language)
        if variable.part is not None:
            add(question, "preQTxt", stem, lang=language)
    for language in part.languages:
        stated = spoken(variable.item.text, audience, language)
        if part_text is not None:
            stated = spoken(part_text, audience, language)
        elif variable.option is not None:
            stated = variable.option.label[language]
        add(question, "qstnLit", stated, lang=language)
    for language in part.languages:
        if variable.help(audience, language):
            add(question, "postQTxt", variable.help(audience, language), lang=language)
    for language in part.languages:
        add(question, "ivuInstr", part.audiences[audience].label[language], lang=language)
    return question


def _range(made: ElementTree.Element, variable: Variable) -> None:
    low, high = variable.item.minimum, variable.item.maximum
    if variable.kind != "number" or (low is None and high is None):
        return
    bounds = {"min": low, "max": high}
    told = {name: f"{bound:g}" for name, bound in bounds.items() if bound is not None}
    add(add(made, "valrng"), "range", UNITS="REAL", **told)


def _categories(made: ElementTree.Element, variable: Variable, part: Instrument) -> None:
    if not variable.codes:
        return
    words = {language: variable.code_labels(language) for language in part.languages}
    for code in variable.codes:
        category = add(made, "catgry")
        add(category, "catValu", code)
        for language in part.languages:
            add(category, "labl", words[language][code], lang=language)
    missing = {language: missing_words(variable, part, language) for language in part.languages}
    for code in missing[part.languages[0]]:
        category = add(made, "catgry", missing="Y", missType=MISSING[code])
        add(category, "catValu", code)
        for language in part.languages:
            add(category, "labl", missing[language][code], lang=language)


def score_variables(part: Instrument) -> Iterator[ElementTree.Element]:
    """List derived variables and the variables they are computed from."""
    for name, score in part.scores.items():
        held = [f"V_{item}" for item in score.items if item in part]
        if not held:
            continue
        made = element("var", ID=f"S_{name}", name=name, intrvl="contin", nature="interval")
        add_each(made, "labl", score.label, part.languages)
        least = len(score.items) if score.minimum is None else score.minimum
        described = f"The mean of {', '.join(score.items)}, where {least} or more of them are answered"
        if score.reverse:
            described += f"; turned round: {', '.join(score.reverse)}"
        if score.multiply != 1:
            described += f"; times {score.multiply:g}"
        derivation = add(made, "derivation", var=" ".join(held))
        add(derivation, "drvdesc", described, lang="en")
        add(made, "varFormat", type="numeric")
        add(made, "notes", cited(score.source), lang="en", type="source")
        yield made


# Elements of the XML file

NAMESPACE = "ddi:codebook:2_5"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def element(
    tag: str, text: str | None = None, *, lang: str | None = None, **attributes: str
) -> ElementTree.Element:
    """Make an element in the codebook's namespace, with its text on one line."""
    made = ElementTree.Element(f"{{{NAMESPACE}}}{tag}", attributes)
    if lang is not None:
        made.set(_LANG, lang)
    if text is not None:
        made.text = re.sub(r"[^\S\u00a0\u202f]+", " ", text).strip()  # the no-break spaces of French stay
    return made


def add(
    parent: ElementTree.Element,
    tag: str,
    text: str | None = None,
    *,
    lang: str | None = None,
    **attributes: str,
) -> ElementTree.Element:
    """Append an element to another."""
    made = element(tag, text, lang=lang, **attributes)
    parent.append(made)
    return made


def add_each(
    parent: ElementTree.Element, tag: str, words: Mapping[str, str], languages: Iterable[str]
) -> None:
    """Append one element per language."""
    for language in languages:
        add(parent, tag, words[language], lang=language)


register(Platform("ddi", "DDI Codebook", files_of, order=120))
