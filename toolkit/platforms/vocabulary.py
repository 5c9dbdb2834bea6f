"""Vocabulary of cells: code or label → analysis code, for each column of an instrument."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from toolkit.errors import Problem, near_names
from toolkit.instrument.model import Audience, Instrument, Option, Variable
from toolkit.platforms.naming import or_else, rows_said

Flavour = Literal["codes", "labels"]

_ALIKE = str.maketrans(
    {**dict.fromkeys("\u2018\u2019\u201b\u02bc\u02b9\u2032\u0060\u00b4", "'"),
     **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
     **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")}
)  # fmt: skip
"""Apostrophes, quotation marks and dashes that word processors and spreadsheets put for one another."""

_AS_FLOAT = "answers or ticks written with a decimal point (5.0), read as the whole number"
_OTHER_SPELLING = "answers that differ from a known one only in case, apostrophes, quotation marks or dashes"


class Findings(list[Problem]):
    """The problems of a file, and which of its rows were read by which rule.

    Parameters
    ----------
    problems
        What was found before.
    """

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        super().__init__(problems)
        self.noted: dict[str, pd.Series] = {}

    def note(self, what: str, rows: pd.Series) -> None:
        """Add rows (bool, one value per row) to those a rule was applied to."""
        self.noted[what] = rows if what not in self.noted else self.noted[what] | rows


def _missing(variable: Variable, instrument: Instrument) -> dict[str, str]:
    return {missing.code: missing.becomes for missing in instrument.missing_of(variable)}


def code_words(variable: Variable, instrument: Instrument) -> dict[str, str]:
    """Return codes as in the instrument, with the screen codes of missing answers."""
    return {code: code for code in variable.codes} | _missing(variable, instrument)


def number_words(variable: Variable, instrument: Instrument) -> dict[str, str]:
    """Recode values: the codes where all are whole numbers, else 1, 2, 3 … in the instrument's order.

    Missing answers keep their screen code.
    """
    if all(code.isdigit() for code in variable.codes):
        return code_words(variable, instrument)
    numbered = {str(number): code for number, code in enumerate(variable.codes, start=1)}
    return numbered | _missing(variable, instrument)


def label_words(variable: Variable, instrument: Instrument) -> dict[str, str]:
    """Return labels in every language, without those that mean two codes."""
    scale = variable.scale
    pairs = [
        (label, option.code) for option in (scale.options if scale else ()) for label in option.label.values()
    ]
    for missing in instrument.missing_of(variable):
        pairs += [(label, missing.becomes) for label in missing.label.values()]
    return _unambiguous((tidy(label), code) for label, code in pairs)


def option_labels(options: Iterable[Option]) -> dict[str, str]:
    """Label in any language → option code."""
    return {tidy(label): option.code for option in options for label in option.label.values()}


def option_numbers(options: Iterable[Option]) -> dict[str, str]:
    """Map choice numbers to option codes, counted from 1 in the instrument's order."""
    return {str(number): option.code for number, option in enumerate(options, start=1)}


def audience_words(audiences: Mapping[str, Audience], *, numbered: bool) -> dict[str, str]:
    """Return everything that names an audience: its id, platform code, labels and, if asked, its number."""
    pairs = [(word, name) for name, audience in audiences.items() for word in (name, audience.code)]
    pairs += [
        (tidy(label), name) for name, audience in audiences.items() for label in audience.label.values()
    ]
    if numbered:
        taken = {word for word, _ in pairs}
        pairs += [(str(n), name) for n, name in enumerate(audiences, start=1) if str(n) not in taken]
    return _unambiguous(pairs)


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    meanings: dict[str, set[str]] = {}
    for word, code in pairs:
        meanings.setdefault(word, set()).add(code)
    return {word: codes.pop() for word, codes in meanings.items() if len(codes) == 1}


def tidy(text: str) -> str:
    """Drop surrounding blanks and make every run of blanks one."""
    return " ".join(text.split())


def folded(text: str) -> str:
    """Reduce a text to what is compared where case, blanks, apostrophes and dashes do not count.

    Examples
    --------
    >>> folded("Don\u2019t  KNOW")
    "don't know"
    """
    return tidy(unicodedata.normalize("NFKC", text.translate(_ALIKE)).casefold())


def plain_number(cell: str) -> str:
    """Write a whole number given as 5.0 or 5,00 as 5; anything else stays as it is.

    Examples
    --------
    >>> plain_number("5.0"), plain_number("5.5"), plain_number("x")
    ('5', '5.5', 'x')
    """
    found = re.fullmatch(r"(-?[0-9]+)[.,]0+", cell)
    return found.group(1) if found else cell


def as_known(cells: pd.Series, words: Mapping[str, str], problems: list[Problem]) -> pd.Series:
    """Replace cells that are a known one in another spelling by the known one, and note their rows.

    Parameters
    ----------
    cells
        Tidied text.
    words
        Known cell → meaning. A spelling that two cells of different meaning share is left alone.
    problems
        Where it is a `Findings`, the rows concerned are noted in it.

    Examples
    --------
    >>> as_known(pd.Series(["1.0", "AGREE", "?"]), {"1": "1", "Agree": "4"}, []).tolist()
    ['1', 'Agree', '?']
    """
    _, distinct = _distinct(cells)
    strange = [cell for cell in distinct if cell and cell not in words]
    if not strange:
        return cells
    spellings = _spellings(tuple(words.items()))
    changed: dict[str, dict[str, str]] = {_AS_FLOAT: {}, _OTHER_SPELLING: {}}
    for cell in strange:
        whole = plain_number(cell)
        if whole in words:
            changed[_AS_FLOAT][cell] = whole
        elif (known := spellings.get(folded(cell))) is not None:
            changed[_OTHER_SPELLING][cell] = known
    for what, stated in changed.items():
        if stated:
            rows = cells.isin(list(stated))
            if rows.any():
                if isinstance(problems, Findings):
                    problems.note(what, rows)
                cells = cells.astype(str).mask(rows, cells.astype(str).map(stated))
    return cells


class Alike(dict[str, str]):
    """Words → codes that are also found in another spelling: case, apostrophes, dashes, or 5.0 for 5.

    Examples
    --------
    >>> words = Alike({"5": "5", "Quality of work": "quality"})
    >>> words.get("5.0"), words.get("quality  of WORK"), words.get("6.0")
    ('5', 'quality', None)
    """

    def get(self, key: str, default: Any = None) -> Any:
        """Look a word up, as it is written first."""
        if key in self:
            return self[key]
        known = _spellings(tuple(self.items())).get(folded(key), "")
        return super().get(plain_number(key), super().get(known, default))


def note_alike(rows: pd.Series, problems: list[Problem]) -> None:
    """Note rows (bool) that were read with a known answer in another spelling."""
    if isinstance(problems, Findings) and rows.any():
        problems.note(_OTHER_SPELLING, rows)


def one_of(cells: pd.Series, values: Iterable[str]) -> pd.Series:
    """Report which cells hold one of some values, whole numbers also as 98.0.

    Examples
    --------
    >>> one_of(pd.Series(["98", "98.0", "9.8"]), ["98"]).tolist()
    [True, True, False]
    """
    wanted = {plain_number(value) for value in values} | set(values)
    return cells.isin([cell for cell in cells.unique() if cell in wanted or plain_number(cell) in wanted])


@lru_cache(maxsize=256)
def _spellings(words: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Map folded spellings to the known cell where it is unique; numbers have one spelling."""
    found: dict[str, dict[str, str]] = {}
    for word, meaning in words:
        if not re.fullmatch(r"-?[0-9]+", word):
            found.setdefault(folded(word), {}).setdefault(meaning, word)
    return {spelling: next(iter(held.values())) for spelling, held in found.items() if len(held) == 1}


def flavour_of(
    cells: Mapping[str, pd.Series],
    codes: Mapping[str, Mapping[str, str]],
    labels: Mapping[str, Mapping[str, str]],
) -> Flavour:
    """Return whether a file holds answer codes or full answers, by cells that can be only one."""
    only_codes = only_labels = 0
    for name in codes:
        for cell, times in _counted(cells[name]):
            as_code, as_label = cell in codes[name], cell in labels[name]
            only_codes += times if as_code and not as_label else 0
            only_labels += times if as_label and not as_code else 0
    return "labels" if only_labels > only_codes else "codes"


def _counted(cells: pd.Series) -> Iterator[tuple[str, int]]:
    places, distinct = _distinct(cells)
    return zip(distinct, np.bincount(places, minlength=len(distinct)).tolist(), strict=True)


def _distinct(cells: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Place of each cell among the different ones, and these."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        return cells.array.codes, cells.array.categories.tolist()
    places, distinct = pd.factorize(cells)
    return places, list(distinct)


@lru_cache(maxsize=256)
def category_dtype(categories: tuple[str, ...], ordered: bool) -> pd.CategoricalDtype:
    """Return one categorical type, shared by every column of a scale."""
    return pd.CategoricalDtype(list(categories), ordered=ordered)


def translate(
    cells: pd.Series, words: Mapping[str, str], variable: Variable, problems: list[Problem]
) -> pd.Series:
    """Turn cells into the variable's categories, NaN where blank; unknown cells are added to `problems`."""
    categories = list(variable.categories)
    places, distinct = _distinct(cells)
    codes = np.array(
        [categories.index(words[cell]) if cell in words else -1 for cell in distinct], dtype=np.int16
    )
    strange = np.array([cell != "" and cell not in words for cell in distinct], dtype=bool)
    if strange.any() and strange[places].any():
        problems.extend(unknown_cells(cells[strange[places]].astype(str), words, variable))
    dtype = category_dtype(variable.categories, variable.ordered)
    return pd.Series(pd.Categorical.from_codes(codes[places], dtype=dtype), index=cells.index)


def unknown_cells(
    cells: pd.Series, words: Mapping[str, str], variable: Variable, *, joined: bool = False
) -> Iterator[Problem]:
    """Report each of the five commonest unknown answers, and all others together.

    Parameters
    ----------
    joined
        Whether the answers are parts of cells that hold several: the item is named, not one of its options.
    """
    name = variable.item.id if joined else variable.name
    counts = cells.value_counts()  # one row may hold several parts
    otherwise = "correct the instrument or the export"
    if variable.item.type in ("single", "multi"):
        otherwise += "; answers in people's own words need an option with write_in: true"
    for answer in counts.index[:5]:
        rows = cells.index[cells == answer].unique()
        hint = or_else(near_names(answer, words), otherwise)
        if re.fullmatch(r"-\d+", answer):  # Qualtrics' "no basis" is -1 or -2 by default
            code = f'missing: {{"{answer}": "-4"}}'
            hint = f"if it is a missing answer, write {code} (blank in a mapping); else {otherwise}"
        yield Problem(
            "unknown-answer",
            f"column {cells.name}, {rows_said(rows)}",
            f"{shortened(answer)!r} is not an answer of '{name}'",
            hint,
        )
    if len(counts) > 5:
        further = list(counts.index[5:])
        rest = cells[cells.isin(further)]
        listed = ", ".join(repr(shortened(one)) for one in further[:_MOST_LISTED])
        more = f" and {len(further) - _MOST_LISTED} more" if len(further) > _MOST_LISTED else ""
        yield Problem(
            "unknown-answer",
            f"column {cells.name}, {rows_said(rest.index.unique())}",
            f"{len(further)} further answers are unknown to '{name}': {listed}{more}",
            "check that the column holds this item",
        )


_MOST_LISTED = 100


def shortened(answer: str) -> str:
    """Shorten an answer for a message, to at most 80 characters."""
    return answer if len(answer) <= 80 else answer[:77] + "…"


def out_of_bounds(numbers: pd.Series, variable: Variable) -> pd.Series:
    """Find numbers below the item's minimum or above its maximum."""
    low, high = variable.item.minimum, variable.item.maximum
    below = numbers < low if low is not None else pd.Series(False, index=numbers.index)
    return below | (numbers > high) if high is not None else below


def number_cells(
    cells: pd.Series,
    variable: Variable,
    problems: list[Problem],
    *,
    excused: pd.Series | None = None,
    decimal: str | None = None,
    units: Mapping[str, float] | None = None,
) -> pd.Series:
    """Turn cells into numbers, NaN where blank; what is not a number or out of bounds is added to `problems`.

    Parameters
    ----------
    excused
        Rows in which a number out of bounds is not a problem; it is returned as it is.
    decimal
        The decimal mark, where a cell such as "1,234" leaves open what it is; otherwise the column's other
        cells tell.
    units
        Words allowed after (or before) a number → what the number is multiplied by.

    Notes
    -----
    "3,5", "1 234", "1'234,50" and "45 %" are read by rule, and their rows noted.
    """
    numbers = pd.to_numeric(cells.where(cells != "", np.nan), errors="coerce").astype("float64")
    numbers = numbers.where(np.isfinite(numbers))
    unread = numbers.isna() & (cells != "")
    if decimal == ",":
        unread |= cells.str.contains(".", regex=False)
    elif cells.str.contains(",", regex=False).any():  # then 1.234 may be thousands
        unread |= cells.str.fullmatch(r"[-+]?[0-9]{1,3}\.[0-9]{3}")
    hints: dict[str, str] = {}
    if unread.any():
        read, hints = _numbers_by_rule(cells[cells != ""].unique(), decimal, units or {})
        ruled = cells.isin(list(read)) & unread
        numbers = numbers.mask(unread, cells.map(read).astype("float64"))
        if ruled.any() and isinstance(problems, Findings):
            problems.note(_NUMBER_BY_RULE, ruled)
    outside = out_of_bounds(numbers, variable)
    if excused is not None:
        outside &= ~excused
    bounds = "correct the answer or the item's bounds"
    for wrong, rule in ((numbers.isna() & (cells != ""), "is not a number"), (outside, _range(variable))):
        if wrong.any():
            first = cells[wrong].iloc[0]
            where = f"column {cells.name}, {rows_said(cells.index[wrong])}"
            hint = (
                bounds if wrong is outside else hints.get(first, "correct the answer, or list it as missing")
            )
            problems.append(
                Problem(
                    "out-of-range" if wrong is outside else "not-a-number",
                    where,
                    f"{first[:40]!r} {rule}",
                    hint,
                )
            )
    return numbers


_NUMBER_BY_RULE = (
    "numbers with a decimal comma, marks between thousands, a percent sign or a unit, read by rule"
)
_NUMBER = re.compile(r"(?P<before>[^-+0-9.,]*)(?P<number>[-+]?[0-9.,][0-9.,' ]*)(?P<after>[^0-9]*)")


def _numbers_by_rule(
    cells: Iterable[str], decimal: str | None, units: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, str]]:
    """Read numbers as people write them: cell → number, and cell → what to do where it cannot be read."""
    factors = {"": 1.0, "%": 1.0} | {folded(word): factor for word, factor in units.items()}
    parts: dict[str, tuple[str, float]] = {}
    hints: dict[str, str] = {}
    for cell in cells:
        found = _NUMBER.fullmatch(tidy(cell.translate(_ALIKE).casefold()))
        if found is None:
            continue
        unit = tidy(f"{found['before']} {found['after']}")
        if unit in factors:
            parts[cell] = (_without_spaces(found["number"].strip()), factors[unit])
        else:
            hints[cell] = f"write units: {{{unit}: 1}} for the file, where that is the unit asked for"
    marks = {mark for number, _ in parts.values() if (mark := _decimal_mark(number))}
    told = decimal or (next(iter(marks)) if len(marks) == 1 else None)
    read: dict[str, float] = {}
    for cell, (number, factor) in parts.items():
        mark = _decimal_mark(number) or told
        if mark is None and "," not in number:
            mark = "."
        if mark is None or (decimal and mark != decimal) or (len(marks) > 1 and not _decimal_mark(number)
                                                            and re.search("[.,]", number)):  # fmt: skip
            hints[cell] = 'state what the mark is: decimal: "," or decimal: "." for the file'
            continue
        other = "." if mark == "," else ","
        grouped = re.fullmatch(rf"[-+]?[0-9]{{1,3}}([{other}][0-9]{{3}})+([{mark}][0-9]*)?", number)
        plain = (number.replace(other, "") if grouped else number).replace(mark, ".")
        if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)", plain):
            read[cell] = float(plain) * factor
    return read, hints


def _without_spaces(number: str) -> str:
    """Remove blanks and apostrophes between thousands."""
    grouped = re.fullmatch(r"[-+]?[0-9]{1,3}(?:[ '][0-9]{3})+(?:[.,][0-9]*)?", number)
    return re.sub("[ ']", "", number) if grouped else number


def _decimal_mark(number: str) -> str | None:
    """Return the decimal mark of a number if its form leaves no doubt."""
    marks = re.findall("[.,]", number)
    if not marks:
        return None
    last, digits = marks[-1], len(re.split("[.,]", number)[-1])
    if len(set(marks)) == 2:
        return last if marks.count(last) == 1 else None
    if len(marks) > 1:  # 1.234.567
        return "," if last == "." else "."
    lead = re.split("[.,]", number)[0].lstrip("+-")
    return None if digits == 3 and 1 <= len(lead) <= 3 and lead != "0" else last


def _range(variable: Variable) -> str:
    low, high = variable.item.minimum, variable.item.maximum
    return f"is outside {'…' if low is None else f'{low:g}'} to {'…' if high is None else f'{high:g}'}"
