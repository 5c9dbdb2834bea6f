"""The codebook, and two versions of a questionnaire compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Source, Variable
from toolkit.instrument.routing import parse
from toolkit.locale import translated

# Codebooks: every column of a coded frame, in the words each audience read.


CODEBOOK_COLUMNS = (
    "variable",
    "item",
    "audience",
    "wording",
    "code",
    "label",
    "base",
    "theme",
    "favourable",
    "source",
    "referent",
    "time_frame",
    "help",
)


@typed
def codebook(instrument: Instrument, language: str = "en") -> pd.DataFrame:
    """List every column of a coded frame with its words, answers and base.

    Parameters
    ----------
    instrument
        The instrument.
    language
        One of its languages.

    Returns
    -------
    pandas.DataFrame
        One row per variable, audience and answer, in questionnaire order: variable, item, audience, wording,
        code, label, base (who was asked, in words), theme, favourable, source, referent, time_frame and help
        (NA where the instrument declares none). The don't-knows offered are listed with their analysis codes;
        numbers and open text have one row with code and label NA.

    Raises
    ------
    InvalidInput
        A language in which the instrument is not written.

    Examples
    --------
    >>> codebook(instrument).query("variable == 'burnout'")["label"].unique()[:2].tolist()
    ['Strongly disagree', 'Disagree']
    """
    if language not in instrument.languages:
        raise InvalidInput(
            instrument.id,
            [
                Problem(
                    "unknown-language",
                    "language",
                    f"it is not written in '{language}'",
                    near_names(language, instrument.languages),
                )
            ],
        )
    rows = [row for variable in instrument.variables for row in _rows(variable, instrument, language)]
    return pd.DataFrame(rows, columns=list(CODEBOOK_COLUMNS)).astype("str")


def _rows(variable: Variable, instrument: Instrument, language: str) -> Iterator[dict[str, str | None]]:
    offered = [(missing.becomes, missing.label[language]) for missing in instrument.missing_of(variable)]
    answers: list[tuple[str | None, str | None]] = [*variable.code_labels(language).items(), *offered]
    for audience in variable.audiences:
        for code, label in answers or [(None, None)]:
            yield {
                "variable": variable.name,
                "item": variable.item.id,
                "audience": audience,
                "wording": variable.wording(audience, language),
                "code": code,
                "label": label,
                "base": base_of(variable, audience, instrument, language),
                "theme": instrument.themes[variable.theme][language],
                "favourable": variable.favourable,
                "source": cited(variable.source),
                "referent": variable.referent(audience),
                "time_frame": variable.item.time_frame,
                "help": variable.help(audience, language) or None,
            }


def base_of(variable: Variable, audience: str, instrument: Instrument, language: str) -> str:
    """Describe who of one audience is asked."""
    everyone = f"{translated(language, 'all')} {instrument.audiences[audience].plural[language].lower()}"
    if variable.item.ask_if is None:
        return everyone
    condition = parse(variable.item.ask_if).in_words(instrument, language)
    return f"{everyone} {translated(language, 'for whom')} {condition}"


def cited(source: Source) -> str:
    """Cite the source of an item's words in one line."""
    own = "own wording" if source.origin == "own" else "published wording"
    text = f"{own}, after {source.after}" if source.after else own
    return "; ".join(part for part in (text, source.note, source.licence, source.status) if part)


# Comparison of two versions of a questionnaire, and the trends that remain valid.


COMPARISON_COLUMNS = ("item", "audience", "change", "trend", "what")

_BEYOND_WORDS = re.compile(r"[\W_]+")


def compare(old: Instrument, new: Instrument) -> pd.DataFrame:
    """Compare two versions of a questionnaire item by item, with the trends that remain valid.

    Parameters
    ----------
    old, new
        The earlier and the later questionnaire.

    Returns
    -------
    pandas.DataFrame
        One row per column and audience, the new questionnaire's order first: item, audience, change ("same",
        "wording changed", "help changed", "scale changed", "base changed", joined by "; " where there are
        several; "new", "gone"), trend ("yes" or "no"), what (a sentence, "" where nothing changed).

        A trend may be drawn where question, help text, answers (codes, words, order, boxes, don't-knows
        offered, the other options of a multi-select) and who is asked are the same. Spacing, capitals and
        punctuation are listed in `what` and change nothing; a language that one version lacks is not
        compared.

    Raises
    ------
    InvalidInput
        Questionnaires without a common column, or without a common language.

    Notes
    -----
    "If you want to measure change, don't change the measure" (Duncan 1969). Order of questions is not
    compared: it can move answers too (Schuman and Presser 1981).
    """
    _refuse_strangers(old, new)
    languages = [language for language in new.languages if language in old.languages]
    earlier = {variable.name: variable for variable in old.variables}
    rows: list[dict[str, str]] = []
    for variable in new.variables:
        before = earlier.get(variable.name)
        for audience in variable.audiences:
            if before is None or audience not in before.audiences:
                rows.append(_row(variable, audience, ["new"], ["not asked of them before"]))
                continue
            found = [
                ("wording changed", _wording(before, variable, audience, languages)),
                ("help changed", _help(before, variable, audience, languages)),
                ("scale changed", _scale(before, variable, (old, new), languages)),
                ("base changed", _base(before, variable, (old, new))),
            ]
            changes = [kind for kind, (breaks, _) in found if breaks]
            rows.append(_row(variable, audience, changes, [text for _, (_, text) in found if text]))
    for variable in old.variables:
        still = new[variable.name].audiences if variable.name in new else ()
        rows += [
            _row(variable, audience, ["gone"], ["not asked of them any more"])
            for audience in variable.audiences
            if audience not in still
        ]
    return pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS))


def _row(variable: Variable, audience: str, changes: list[str], text: list[str]) -> dict[str, str]:
    return {
        "item": variable.name,
        "audience": audience,
        "change": "; ".join(changes) or "same",
        "trend": "no" if changes else "yes",
        "what": "; ".join(text),
    }


def _refuse_strangers(old: Instrument, new: Instrument) -> None:
    problems = []
    if not {variable.name for variable in old.variables} & {variable.name for variable in new.variables}:
        hint = "compare two versions of one questionnaire"
        problems.append(Problem("wrong-instrument", "items", f"'{old.id}' and '{new.id}' share none", hint))
    if not set(old.languages) & set(new.languages):
        hint = "give both a language in common"
        listed = f"{', '.join(old.languages)} and {', '.join(new.languages)}"
        problems.append(Problem("wrong-instrument", "languages", f"{listed} have none in common", hint))
    if problems:
        raise InvalidInput(f"{old.id} {old.version} and {new.id} {new.version}", problems)


def _wording(old: Variable, new: Variable, audience: str, languages: Iterable[str]) -> tuple[bool, str]:
    """Return the question as this audience reads it; for an option, its own words too."""
    changed: list[tuple[str, str, str]] = []
    touched: list[tuple[str, str, str]] = []
    for language in languages:
        before, after = old.wording(audience, language), new.wording(audience, language)
        if before != after:
            (touched if _bare(before) == _bare(after) else changed).append((language, before, after))
    if changed:
        language, before, after = changed[0]
        return True, f"asked ({language}) “{before}”, now “{after}”"
    if touched:
        return False, f"spacing, capitals or punctuation ({', '.join(language for language, *_ in touched)})"
    return False, ""


def _help(old: Variable, new: Variable, audience: str, languages: Iterable[str]) -> tuple[bool, str]:
    """Compare the text under the question: a definition changes what is asked."""
    for language in languages:
        before, after = old.help(audience, language), new.help(audience, language)
        if _bare(before) != _bare(after):
            return True, f"help text ({language}) was “{before}”, now “{after}”"
    return False, ""


def _scale(
    old: Variable, new: Variable, instruments: tuple[Instrument, Instrument], languages: Iterable[str]
) -> tuple[bool, str]:
    text = []
    if old.kind != new.kind:
        return True, f"was a {old.kind} question, is a {new.kind} one"
    before, after = _answers(old), _answers(new)
    gone, come = (
        [code for code in one if code not in other] for one, other in ((before, after), (after, before))
    )
    if gone:
        text.append(f"answers gone: {', '.join(gone)}")
    if come:
        text.append(f"answers added: {', '.join(come)}")
    if not gone and not come:
        if tuple(before) != tuple(after):
            text.append("answers in another order")
        text += [
            f"answer {code} ({language}) was “{before[code][language]}”, now “{after[code][language]}”"
            for code in before
            for language in languages
            if _bare(before[code].get(language, "")) != _bare(after[code].get(language, ""))
        ]
        text += [
            f"{box} box was {', '.join(was) or 'none'}, now {', '.join(now) or 'none'}"
            for box in ("top", "bottom")
            for was, now in [(old.codes_of(box), new.codes_of(box))]
            if set(was) != set(now)
        ]
    offered = [{m.becomes for m in one.missing_of(v)} for one, v in zip(instruments, (old, new), strict=True)]
    if offered[0] != offered[1]:
        more = "a don't-know or refusal is offered" if offered[1] - offered[0] else "one is offered no more"
        text.append(more)
    if (old.item.minimum, old.item.maximum) != (new.item.minimum, new.item.maximum):
        text.append("other limits" if new.kind == "number" else "another number of answers allowed")
    return bool(text), "; ".join(text)


def _answers(variable: Variable) -> Mapping[str, Mapping[str, str]]:
    """Return the possible answers as code → words; for an option, the options beside it."""
    if variable.option is not None:
        return {option.code: option.label for option in variable.item.options}
    return {option.code: option.label for option in variable.scale.options} if variable.scale else {}


def _base(old: Variable, new: Variable, instruments: tuple[Instrument, Instrument]) -> tuple[bool, str]:
    rules = [
        _routing(variable.item.ask_if, one, frozenset({variable.item.id}))
        for variable, one in zip((old, new), instruments, strict=True)
    ]
    if rules[0] == rules[1]:
        return False, ""
    if old.item.ask_if != new.item.ask_if:
        return True, f"asked {_if(old.item.ask_if)}, now {_if(new.item.ask_if)}"
    return True, f"asked {_if(new.item.ask_if)}, which is itself asked of others than before"


def _if(rule: str | None) -> str:
    return f"if {rule}" if rule else "of everyone"


def _routing(rule: str | None, instrument: Instrument, seen: frozenset[str]) -> object:
    """Return a routing rule as a tree, with the rules of the items it depends on."""
    if not rule:
        return None
    condition = parse(rule)
    behind = tuple(
        (
            name,
            instrument.item(name).audiences,
            _routing(instrument.item(name).ask_if, instrument, seen | {name}),
        )
        for name in condition.item_ids(instrument)
        if name not in seen and any(item.id == name for item in instrument.items)
    )
    return condition.tree, behind


def _bare(text: str) -> str:
    """Strip case, spacing and punctuation from a text."""
    return _BEYOND_WORDS.sub(" ", text.casefold()).strip()
