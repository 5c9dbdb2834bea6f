"""Value labels in a file (SPSS, Stata): which values are no answers, and whether a scale runs backwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolkit.errors import Problem
from toolkit.instrument.model import MISSING, Instrument, Variable
from toolkit.locale import languages
from toolkit.platforms.vocabulary import folded, label_words
from toolkit.platforms.words import missing_labels

__all__ = ["label_problems", "missing_by_label"]

_WORDS: Mapping[str, str] = {
    "not asked": "-4",
    "not shown": "-4",
    "question not shown": "-4",
    "does not apply": "-4",
    "not answered": "-3",
    "no answer": "-3",
    "no response": "-3",
    "missing": "-3",
    "broke off": "-6",
    "refused to answer": "-2",
    "refusal": "-2",
    "dont know": "-1",
    "do not know": "-1",
}


def missing_by_label(labels: Mapping[str, str], variable: Variable, instrument: Instrument) -> dict[str, str]:
    """Value → analysis code, for values whose label says that there is no answer.

    A value the variable has as an answer code is left alone, whatever its label.

    Examples
    --------
    >>> missing_by_label({"-2": "Not asked"}, variable, instrument)  # doctest: +SKIP
    {'-2': '-4'}
    """
    own = {
        label.casefold(): code for label, code in label_words(variable, instrument).items() if code in MISSING
    }
    ours = {said.casefold(): code for one in languages() for code, said in missing_labels(one).items()}
    known = {**ours, **_WORDS, **own}
    return {
        value: known[folded(label)]
        for value, label in labels.items()
        if value not in variable.codes and folded(label) in known
    }


def label_problems(heading: str, labels: Mapping[str, str], variable: Variable) -> Iterator[Problem]:
    """Codes that carry the label of another code: the scale runs the other way, or it is another item's."""
    ours = {
        code: {folded(label) for label in option.label.values()}
        for option in (variable.scale.options if variable.scale else ())
        for code in (option.code,)
    }
    for value, label in labels.items():
        others = [code for code, words in ours.items() if folded(label) in words and code != value]
        if value in ours and folded(label) not in ours[value] and others:
            yield Problem(
                "contradiction",
                f"column {heading}, value {value}",
                f"is labelled {label!r}, which is answer {others[0]} of '{variable.name}'",
                "the scale is coded otherwise there; recode it, or correct the codes of the instrument",
            )
