"""Words and parts of an instrument for an export: texts per audience and language, wordings, selections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.lint import find, find_in_promises, options_of
from toolkit.instrument.lint_warnings import minutes
from toolkit.instrument.model import MISSING, Instrument, Item, Row, Section, Texts, Variable, spoken
from toolkit.instrument.translation import PIPE, filled, plain, wordings
from toolkit.instrument.yaml_loader import ParallelWording
from toolkit.locale import N_, respondent_text, translated

__all__ = [
    "OWN_LABELS",
    "Variant",
    "audience_question",
    "by_layout",
    "every_text",
    "fill_in",
    "fixed_codes",
    "idle_notices",
    "missing_labels",
    "missing_words",
    "narrow",
    "one_by_one",
    "opening",
    "spoken",
    "variants_of",
]


OWN_LABELS: Mapping[str, str] = {
    "respondent": N_("Respondent"),
    "organisation": N_("Organisation"),
    "wave": N_("Wave"),
    "audience": N_("Audience"),
    "source": N_("File the answers were read from"),
    "status": N_("Complete or partial"),
    "weight": N_("Weight"),
}
"""Column that is not an item → its label in English."""


def audience_question(language: str) -> tuple[str, str]:
    """Return the title of the first page and the question that asks for the respondent's role."""
    return (
        respondent_text(language, "Your role"),
        respondent_text(language, "Which best describes your current role?"),
    )


def missing_labels(language: str) -> dict[str, str]:
    """Return analysis code of a missing answer → its label; readers recognise each of them."""
    return {code: translated(language, label) for code, label in MISSING.items()}


def missing_words(variable: Variable, instrument: Instrument, language: str) -> dict[str, str]:
    """Map the missing codes that a coded column can hold to words, in English if there are no others.

    Don't know and refused where they are offered, routed past where there is routing, not asked where only
    some audiences are.
    """
    if not variable.codes:
        return {}
    offered = {missing.becomes: missing.label[language] for missing in instrument.missing_of(variable)}
    everybody = set(variable.audiences) >= set(instrument.audiences)
    never = {code for code in ("-1", "-2") if code not in offered or variable.kind == "option"}
    never |= {"-4"} if variable.item.ask_if is None else set()
    never |= {"-5"} if everybody else set()
    known = missing_labels(language) | offered
    return {code: known[code] for code in MISSING if code not in never}


def every_text(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """Yield every text that respondents read, each with its place in the instrument."""
    for language in instrument.languages:
        yield f"title ({language})", instrument.title[language]
        for name, audience in instrument.audiences.items():
            yield f"audience {name}, label ({language})", audience.label[language]
        for section in instrument.sections:
            yield f"section {section.id}, title ({language})", section.title[language]
        for name, words in instrument.texts:
            if words:
                yield f"texts, {name} ({language})", words[language]
        yield from _item_texts(instrument, language)
        yield from _answer_texts(instrument, language)


def _item_texts(instrument: Instrument, language: str) -> Iterator[tuple[str, str]]:
    for item in instrument.items:
        for name in item.audiences or instrument.audiences:
            yield f"item {item.id}, text for {name} ({language})", spoken(item.text, name, language)
            if item.help_for(name, language):
                yield f"item {item.id}, help for {name} ({language})", item.help_for(name, language)
        for row in item.rows:
            for name in row.audiences or item.audiences or instrument.audiences:
                place = f"item {item.id}, row {row.id}, text for {name} ({language})"
                yield place, spoken(row.text, name, language)
        for option in item.options:
            yield f"item {item.id}, option {option.code} ({language})", option.label[language]


def _answer_texts(instrument: Instrument, language: str) -> Iterator[tuple[str, str]]:
    scales = dict.fromkeys(item.scale for item in instrument.items if item.scale)
    for name in scales:
        for option in instrument.scales[name].options:
            yield f"scale {name}, answer {option.code} ({language})", option.label[language]
    offered = {
        name
        for variable in instrument.variables
        for name in (*(variable.scale.missing if variable.scale else ()), *variable.item.missing)
    }
    for name in instrument.missing:
        if name in offered:
            yield f"missing {name}, label ({language})", instrument.missing[name].label[language]


# Wordings of an item: audiences that read the same words share one question on a platform


@dataclass(frozen=True)
class Variant:
    """One wording of an item: who reads it, and what its question's name ends in (empty for the only one)."""

    audiences: tuple[str, ...]
    suffix: str

    def text(self, item: Item, language: str) -> str:
        """Return the question as these audiences read it."""
        return spoken(item.text, self.audiences[0], language)

    def help(self, item: Item, instrument: Instrument) -> dict[str, str]:
        """Map languages to the text under the question; empty if there is none."""
        words = {one: item.help_for(self.audiences[0], one) for one in instrument.languages}
        return words if any(words.values()) else {}

    def statements(self, variable: Variable, instrument: Instrument) -> Mapping[str, str]:
        """Map languages to a row as these audiences read it."""
        heard = next(one for one in self.audiences if one in variable.audiences)
        text = variable.row.text if variable.row else variable.item.text
        return {language: spoken(text, heard, language) for language in instrument.languages}


def variants_of(item: Item, instrument: Instrument) -> tuple[Variant, ...]:
    """List the wordings of an item in the order of the audiences.

    Parameters
    ----------
    item
        An item of the instrument.
    instrument
        Its languages are compared, and no others.

    Returns
    -------
    tuple of Variant
        Each with the audiences that read it; suffixes are the code of the first of them.
    """
    heard: dict[tuple[str, ...], list[str]] = {}
    for name in item.audiences or tuple(instrument.audiences):
        heard.setdefault(_words(item, name, instrument), []).append(name)
    if len(heard) == 1:
        return tuple(Variant(tuple(names), "") for names in heard.values())
    return tuple(Variant(tuple(names), instrument.audiences[names[0]].code) for names in heard.values())


def _words(item: Item, audience: str, instrument: Instrument) -> tuple[str, ...]:
    """Return all texts of an item for one audience, including the rows it is asked."""
    stated = [spoken(item.text, audience, language) for language in instrument.languages]
    stated += [item.help_for(audience, language) for language in instrument.languages if item.help]
    for row in item.rows:
        if row.audiences is None or audience in row.audiences:
            stated += [row.id, *(spoken(row.text, audience, language) for language in instrument.languages)]
    return tuple(stated)


# What is exported: the languages and audiences asked for, and the items they leave


def narrow(
    instrument: Instrument,
    *,
    languages: Iterable[str] | None = None,
    audiences: Iterable[str] | None = None,
) -> Instrument:
    """Return the part of an instrument that some audiences are asked, in some languages.

    Parameters
    ----------
    instrument
        The instrument.
    languages
        Languages to include, the base language first; all of the instrument's where left out.
    audiences
        Audiences to include; the instrument's order is kept. All of them where left out.

    Returns
    -------
    Instrument
        Items, rows and sections of those audiences alone. Words in other languages stay in it: what is
        written is what `languages` names.

    Raises
    ------
    InvalidInput
        What lint finds wrong with the instrument; languages and audiences it does not have; audiences that
        are asked nothing.

    Examples
    --------
    >>> narrow(instrument, audiences=["executive"]).audiences.keys()
    dict_keys(['executive'])
    """
    faults = [*dict.fromkeys(finding.problem() for finding in find(instrument)), *_without_rows(instrument)]
    if faults:
        raise InvalidInput(instrument.id, faults)
    spoken = _chosen(instrument.languages, languages)
    asked = _chosen(instrument.audiences, audiences)
    problems = [
        *_strangers("language", spoken, instrument.languages),
        *_strangers("audience", asked, instrument.audiences),
    ]
    if not problems and asked == tuple(instrument.audiences):
        return instrument.model_copy(update={"languages": spoken})
    if not problems:
        asked = tuple(name for name in instrument.audiences if name in asked)
        items = tuple(item for item in (_narrowed(item, asked) for item in instrument.items) if item)
        problems = [
            Problem("not-asked", f"audience {name}", "is asked none of the items", "leave the audience out")
            for name in asked
            if not any(item.audiences is None or name in item.audiences for item in items)
        ]
    if problems:
        raise InvalidInput(instrument.id, problems)
    kept = {item.id for item in items}
    return instrument.model_copy(
        update={
            "languages": spoken,
            "audiences": {name: instrument.audiences[name] for name in asked},
            "items": items,
            "sections": tuple(section for section in _sections(instrument, kept) if section.items),
        }
    )


_MARKUP = re.compile(r"[<>{}\[\]\\$\x00-\x1f\x7f]")
_LONGEST_NAME = 120


def fill_in(
    instrument: Instrument,
    *,
    organisation: str | None,
    threshold: int,
    sensitive_threshold: int,
    fielding: bool = False,
    needed: bool = True,
) -> Instrument:
    """Put the organisation's name, the minutes and the thresholds into the texts that ask for them.

    Parameters
    ----------
    instrument
        What is exported.
    organisation
        Its name in texts; None if there is none yet.
    threshold, sensitive_threshold
        Of the study's policy.
    fielding
        Whether respondents will read it, so that every text before and after the questions must be there.
    needed
        Whether people read it: without a name, "this organisation" is used, and fielding is refused.

    Raises
    ------
    InvalidInput
        A name with markup, a text that needs a name which is missing, texts that are missing or that
        promise another threshold: every problem at once.
    """
    problems = [*find_in_promises(instrument, threshold, sensitive_threshold)]
    if organisation is not None:
        found = _MARKUP.search(organisation)
        if found or not organisation.strip():
            what = f"holds {found[0]!r}, which platforms read as code" if found else "is blank"
            problems.append(Problem("invalid-character", "organisation", what, "give its plain name"))
        elif len(organisation) > _LONGEST_NAME:
            what = f"is longer than {_LONGEST_NAME} characters"
            problems.append(Problem("too-long", "organisation", what, "give the name that people know"))
    absent = [name for name in Texts.model_fields if not getattr(instrument.texts, name)]
    if fielding and absent:
        what = f"respondents would read no {', '.join(absent)}"
        hint = "write them under texts in the questionnaire or its bank"
        problems.append(Problem("missing-key", "texts", what, hint))
    values = {"threshold": str(threshold), "sensitive_threshold": str(sensitive_threshold)}
    values |= {} if organisation is None else {"organisation": organisation.strip()}
    asked = wordings(plain(instrument))
    pipes = {
        name: key for key, _, _, words in asked for text in words.values() for name in PIPE.findall(text)
    }
    if "organisation" in pipes and organisation is None and fielding:
        where = pipes["organisation"].replace("/", " → ")
        hint = "give organisation='Acme' (--organisation Acme): one export per organisation"
        problems.append(
            Problem("missing-argument", where, "holds {organisation}, and no name is given", hint)
        )
    if problems:
        raise InvalidInput(instrument.id, problems)
    if "minutes" in pipes:
        values["minutes"] = str(ceil(minutes(instrument)["longest"].max()))
    made = filled(instrument, values)
    if organisation is None and needed:
        own = {one: respondent_text(one, "this organisation") for one in instrument.languages}
        made = filled(made, {"organisation": own})
    return made


def opening(instrument: Instrument, language: str, names: Iterable[str] = ()) -> str:
    """Join the texts before the questions, a blank line between them; "" if there are none."""
    wanted = tuple(names) or ("welcome", "confidentiality", "consent", "contact")
    return "\n\n".join(words[language] for name in wanted if (words := getattr(instrument.texts, name)))


def fixed_codes(item: Item, instrument: Instrument) -> tuple[str, ...]:
    """Return the answers that stay last in a random order: exclusive ones, write-ins, missing answers."""
    last = [one.code for one in options_of(item, instrument) if one.exclusive or one.write_in]
    single = item.type == "single"
    offered = instrument.missing_of(instrument.of_item(item.id)[0]) if single else ()
    return (*last, *(one.code for one in offered))


def by_layout(whole: Instrument, layout: str) -> Iterator[tuple[str, Instrument]]:
    """Return pairs (ending of the file name, part): the whole for "one", else one part per audience."""
    if layout == "one":
        yield "", whole
        return
    for audience, part in one_by_one(whole):
        yield f"-{audience}", part


def one_by_one(instrument: Instrument) -> Iterator[tuple[str, Instrument]]:
    """Return each audience with its questions, without those asked nothing (`idle_notices`).

    Raises
    ------
    InvalidInput
        No audience is asked anything.
    """
    idle = _idle(instrument)
    asked = [name for name in instrument.audiences if name not in idle]
    if not asked:
        nothing = Problem("not-asked", "audiences", "none of them is asked any item", "give them items")
        raise InvalidInput(instrument.id, [nothing])
    for name in asked:
        yield name, narrow(instrument, audiences=[name])


def idle_notices(instrument: Instrument) -> list[str]:
    """Warn of audiences that an export per audience leaves out because they are asked nothing."""
    return [
        f"audience {name} is asked none of the items; nothing was written for it"
        for name in _idle(instrument)
    ]


def _idle(instrument: Instrument) -> list[str]:
    return [
        name
        for name in instrument.audiences
        if not any(item.audiences is None or name in item.audiences for item in instrument.items)
    ]


def _without_rows(instrument: Instrument) -> Iterator[Problem]:
    """Find matrices that an audience is asked without any of their rows: nothing would be shown."""
    for item in instrument.items:
        asked = item.audiences or tuple(instrument.audiences)
        for name in asked if item.rows else ():
            if not any(row.audiences is None or name in row.audiences for row in item.rows):
                what = f"{name} is asked this matrix and none of its rows"
                yield Problem(
                    "not-asked", f"item {item.id}", what, f"take {name} from its audiences, or ask them a row"
                )


def _chosen(known: Iterable[str], wanted: Iterable[str] | None) -> tuple[str, ...]:
    if wanted is None:
        return tuple(known)
    return tuple(dict.fromkeys([wanted] if isinstance(wanted, str) else wanted))


def _strangers(what: str, wanted: tuple[str, ...], known: Iterable[str]) -> Iterator[Problem]:
    known = list(known)
    if not wanted:
        yield Problem(
            "empty", f"{what}s", "none is named", f"name one of {', '.join(known)}, or leave it out for all"
        )
    for name in wanted:
        if name not in known:
            yield Problem(
                "unknown-name", f"{what} '{name}'", "the instrument does not have it", near_names(name, known)
            )


def _narrowed(item: Item, asked: tuple[str, ...]) -> Item | None:
    mine = tuple(name for name in asked if item.audiences is None or name in item.audiences)
    if not mine:
        return None
    rows = [_narrowed_row(row, mine) for row in item.rows if set(row.audiences or mine) & set(mine)]
    update: dict[str, object] = {"audiences": None if mine == asked else mine, "rows": (*rows,)}
    update |= {"text": _heard(item.text, mine), "help": _only(item.help, mine)}
    update["referent"] = _only(item.referent, mine)
    if item.estimate_of is not None and item.estimate_of.audience not in asked:
        update["estimate_of"] = None
    return item.model_copy(update=update)


def _narrowed_row(row: Row, asked: tuple[str, ...]) -> Row:
    mine = tuple(name for name in asked if row.audiences is None or name in row.audiences)
    audiences = None if mine == asked else mine
    update = {"audiences": audiences, "text": _heard(row.text, mine), "referent": _only(row.referent, mine)}
    return row.model_copy(update=update)


def _only(held: Mapping[str, Any], audiences: tuple[str, ...]) -> dict[str, Any]:
    return {name: one for name, one in held.items() if name == "all" or name in audiences}


def _heard(text: ParallelWording, audiences: tuple[str, ...]) -> ParallelWording:
    """Keep the words of some audiences, and those of "all" only if one of them has none of its own."""
    kept = {name: words for name, words in text.items() if name in audiences}
    return kept if len(kept) == len(audiences) else {**kept, "all": text["all"]}


def _sections(instrument: Instrument, kept: set[str]) -> Iterator[Section]:
    for section in instrument.sections:
        yield section.model_copy(update={"items": tuple(name for name in section.items if name in kept)})
