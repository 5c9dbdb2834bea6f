"""Matching of columns to variables: by manifest, import ids or codes; never by words alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.files.sheet import Sheet, named
from toolkit.platforms.manifest import Column, ExportManifest, instrument_hash
from toolkit.platforms.vocabulary import option_numbers, tidy


@dataclass(frozen=True)
class Matched:
    """Facts about the columns of a file, known before their cells are read.

    Parameters
    ----------
    names
        A name for each column: its heading, numbered where the heading is repeated.
    accepted
        Name → variable, or item for a multi-select in one column.
    words
        Name → cell → analysis code, where a manifest defines it.
    audiences
        Name → the audiences that find it there, where only some do.
    raw
        Name → cell → analysis code where the platform's recode values were never set, if that differs.
    """

    names: tuple[str, ...]
    accepted: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    audiences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    raw: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def unique_names(headings: Iterable[str]) -> tuple[str, ...]:
    """Add a number to headings that occur more than once.

    Examples
    --------
    >>> unique_names(["a", "b", "a"])
    ('a', 'b', 'a (2)')
    """
    seen: Counter[str] = Counter()
    names = []
    for heading in headings:
        seen[heading] += 1
        names.append(heading if seen[heading] == 1 else f"{heading} ({seen[heading]})")
    return tuple(names)


def unique_sheet(sheet: Sheet) -> tuple[Sheet, tuple[str, ...]]:
    """Add a number to headings of a sheet that occur more than once, with a notice of each."""
    times = Counter(name for name in sheet.names if name)
    notes = [
        f"heading '{name[:60]}' occurs {count} times: the second is called '{name[:60]} (2)', and so on"
        for name, count in times.items()
        if count > 1
    ]
    more = (f"{len(notes) - 5} further headings are repeated and numbered in the same way",)
    return named(sheet, unique_names(sheet.names)), (*notes[:5], *(more if len(notes) > 5 else ()))


def codes_of(instrument: Instrument) -> dict[str, str]:
    """Map headings by code in every usual spelling to a variable, or to a multi-select's item."""
    accepted: dict[str, str] = {}
    for item in instrument.items:
        if item.type in ("multi", "ranking"):
            accepted[item.id] = item.id
    for variable in instrument.variables:
        stem, part = variable.item.id, variable.part
        accepted[variable.name] = variable.name
        if variable.write_in:
            for spelling in _write_in_spellings(variable, instrument):
                accepted.setdefault(spelling, variable.name)
        elif part is not None:
            for spelling in (f"{stem}[{part}]", f"{stem}/{part}", f"{stem}___{part}", f"{stem}.{part}"):
                accepted[spelling] = variable.name
    return accepted


def _write_in_spellings(variable: Variable, instrument: Instrument) -> Iterator[str]:
    """Yield the platforms' names for the text of a write-in: LimeSurvey, Kobo, Qualtrics, SurveyJS, REDCap.

    The text of a single choice may be headed as an option of it; of a multi-select the cells show which.
    """
    stem, code = variable.item.id, variable.option.code if variable.option else ""
    scale = instrument.of_item(stem)[0].scale
    options = scale.options if scale else variable.item.options
    numbers = [str(n) for n, one in enumerate(options, start=1) if one.code == code]
    for end in dict.fromkeys((code, "other", *numbers)):
        yield from (f"{stem}_{end}_TEXT", f"{stem}_{end}_text", f"{stem}_{end}_other", f"{stem}[{end}_text]")
    yield from (f"{stem}_TEXT", f"{stem}-Comment", f"{stem}[other]", f"{stem}/other", f"{stem}_other")
    if variable.item.type == "single":
        yield from (f"{stem}[{code}]", f"{stem}/{code}", f"{stem}_{code}", f"{stem}.{code}")


def ranks_of(instrument: Instrument) -> dict[str, str]:
    """Map LimeSurvey's headings by rank, `item[1]` → `item#1`; each cell holds an option's code."""
    return {
        f"{item.id}[{rank}]": f"{item.id}#{rank}"
        for item in instrument.items
        if item.type == "ranking"
        for rank in range(1, len(item.options) + 1)
        if str(rank) not in {option.code for option in item.options}
    }


def suffixed(instrument: Instrument, taken: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Map headings that name a code and an audience (`q1_exec`, `agree_exec_prod`) to both."""
    taken = {*taken, *(variable.name for variable in instrument.variables)}
    found: dict[str, set[tuple[str, str]]] = {}
    for variable in instrument.variables:
        item, part = variable.item.id, variable.part
        for audience in variable.audiences:
            for word in {audience, instrument.audiences[audience].code}:
                if part is None:
                    spellings = [f"{item}_{word}", f"{item}{word}"]
                else:
                    spellings = [f"{item}_{word}_{part}", f"{item}_{part}_{word}", f"{item}{word}[{part}]"]
                    spellings += [f"{item}_{word}[{part}]", f"{item}[{part}{word}]", f"{item}_{word}/{part}"]
                for spelling in spellings:
                    found.setdefault(spelling, set()).add((variable.name, audience))
                if variable.kind == "option":
                    found.setdefault(f"{item}_{word}", set()).add((item, audience))
    return {
        spelling: next(iter(meant))
        for spelling, meant in found.items()
        if len(meant) == 1 and spelling not in taken
    }


def by_codes(
    headings: tuple[str, ...],
    codes: Iterable[tuple[str, ...]],
    accepted: Mapping[str, str],
    instrument: Instrument,
    columns: Mapping[str, str],
    ids: tuple[str, ...] = (),
    ignored: Collection[str] = (),
) -> Matched:
    """Match without a manifest: import ids and headings the study file names first, then codes.

    Parameters
    ----------
    codes
        Code that each heading holds, likeliest first.
    ids
        The platform's own id of each column, where the file holds them.
    ignored
        Names of columns that stay unread.
    """
    names = unique_names(headings)
    others = suffixed(instrument, accepted)
    found: dict[str, str] = {}
    audiences: dict[str, tuple[str, ...]] = {}
    settled = {*columns, *ignored}
    repeated = {
        heading
        for heading, times in Counter(headings).items()
        if times > 1 and not _settled(heading, headings, names, settled)
    }
    told = dict(zip(names, ids, strict=True)) if ids else {}
    for name, heading, stated in zip(names, headings, codes, strict=True):
        spellings = (name,) if name != heading else (heading, *stated)
        known = next((key for key in (told.get(name, ""), *spellings) if key in columns), None)
        if name != heading and heading in repeated:
            spellings = (heading, *stated)
        code = next((key for key in spellings if key in accepted), None)
        other = next((key for key in spellings if key in others), None)
        if known is not None and (heading not in repeated or known == told.get(name)):
            found[name] = columns[known]
        elif code is not None:
            found[name] = accepted[code]
        elif other is not None:
            found[name], audiences[name] = others[other][0], (others[other][1],)
    return Matched(
        names, found, audiences=audiences, problems=tuple(_repeated(headings, names, told, settled))
    )


def _settled(heading: str, headings: Sequence[str], names: Sequence[str], stated: Collection[str]) -> bool:
    """Return whether the study file explains all columns of a heading but one."""
    mine = [name for name, own in zip(names, headings, strict=True) if own == heading]
    return sum(name not in stated for name in mine) <= 1


def _repeated(
    headings: tuple[str, ...], names: tuple[str, ...], ids: Mapping[str, str], stated: Collection[str]
) -> Iterator[Problem]:
    for heading, times in Counter(headings).items():
        if not heading or times == 1:  # wide files have thousands of these
            continue
        mine = [name for name, own in zip(names, headings, strict=True) if own == heading]
        if not all(ids.get(name) in stated for name in mine):
            if _settled(heading, headings, names, stated):
                continue
            shown = f" (import ids {', '.join(ids[name] for name in mine)})" if ids else ""
            hint = "name their import ids under columns, or " if ids else ""
            yield Problem(
                "duplicate-column",
                f"column {heading}",
                f"heading occurs {times} times{shown}",
                f"{hint}state what {', '.join(map(repr, mine[:4]))} are, under columns or ignore_columns",
            )
    blank = [number for number, heading in enumerate(headings, start=1) if not heading]
    if blank:
        what = "has no heading, but holds answers"
        yield Problem("missing-value", f"column {blank[0]}", what, "write its heading, or remove the column")


def check_manifest(
    manifest: ExportManifest, instrument: Instrument, platforms: Iterable[str], source: str
) -> tuple[str, ...]:
    """Refuse a manifest of another instrument or platform; note where the instrument was changed since.

    Raises
    ------
    InvalidInput
        Where the manifest does not belong to the file or the instrument.
    """
    problems = []
    platforms = tuple(platforms)
    if manifest.platform not in platforms:
        what = f"was written for {manifest.platform}, not for {' or '.join(platforms)}"
        problems.append(
            Problem(
                "wrong-file", "manifest", what, "name the manifest of this questionnaire, or correct platform"
            )
        )
    if manifest.instrument != instrument.id:
        what = f"is of instrument '{manifest.instrument}', not of '{instrument.id}': this is another survey"
        problems.append(
            Problem("wrong-instrument", "manifest", what, "name the manifest of this questionnaire")
        )
    else:
        names = [variable.name for variable in instrument.variables]
        for name in dict.fromkeys(c.variable for c in manifest.columns if c.variable not in instrument):
            what = f"knows column '{name}', which the instrument (version {instrument.version}) does not"
            hint = f"{near_names(name, names)} Or use the instrument of version {manifest.version}"
            problems.append(Problem("wrong-instrument", "manifest", what, hint))
    if problems:
        raise InvalidInput(source, problems)
    if manifest.instrument_hash == instrument_hash(instrument):
        return ()
    return (
        f"the instrument was changed after it was exported (version {manifest.version} then, "
        f"{instrument.version} now)",
    )


def by_manifest(sheet: Sheet, manifest: ExportManifest) -> Matched:
    """Match by the row and style of headings that knows most columns; other styles fill what it leaves open.

    Import ids and tags may not contradict each other. A heading that several columns share (statements cut
    short alike) is taken in the manifest's order, where the file holds as many of them as the manifest.
    """
    names = unique_names(sheet.names)
    ways = [_placed(row, style, manifest) for row in reversed(sheet.headings) for style in manifest.styles]
    ways.sort(key=len, reverse=True)
    found: dict[int, tuple[Column, ...]] = {}
    problems = []
    for way in ways:
        for place, columns in way.items():
            here = found.setdefault(place, columns)
            if here[0].item != columns[0].item or (len(here) == len(columns) and here != columns):
                what = f"is '{_what(here)}' by one of its headings and '{_what(columns)}' by another"
                hint = "name it under columns, or export again"
                problems.append(Problem("contradiction", f"column {names[place]}", what, hint))
    everyone = set(manifest.audiences)
    single = {names[place]: columns[0] for place, columns in found.items() if len(columns) == 1}
    return Matched(
        names,
        {names[place]: _what(columns) for place, columns in found.items()},
        words={name: dict(column.decode()) for name, column in single.items() if column.codes},
        audiences={
            name: column.audiences
            for name, column in single.items()
            if set(column.audiences) != everyone and len(manifest.of(column.variable)) > 1
        },
        problems=tuple(dict.fromkeys(problems)),
        raw={name: column.decode(recoded=False) for name, column in single.items() if column.recodes},
    )


def _what(columns: tuple[Column, ...]) -> str:
    """Name the variable, or the item if all its options share one column."""
    return columns[0].variable if len(columns) == 1 else columns[0].item


def _placed(headings: tuple[str, ...], style: str, manifest: ExportManifest) -> dict[int, tuple[Column, ...]]:
    """Place of a column in the file → columns of the manifest, for one row of headings and one style.

    Several columns at one place are the options of a multi-select joined in one cell.
    """
    held: dict[str, list[Column]] = {}
    for column in manifest.columns:
        for heading in dict.fromkeys(tidy(one) for one in column.headings.get(style, ())):
            held.setdefault(heading, []).append(column)
    seen: dict[str, list[int]] = {}
    for place, heading in enumerate(headings):
        seen.setdefault(tidy(heading), []).append(place)
    found: dict[int, tuple[Column, ...]] = {}
    for heading in seen.keys() & held.keys():
        places, columns = seen[heading], tuple(held[heading])
        if len(places) == len(columns):
            found |= {place: (column,) for place, column in zip(places, columns, strict=True)}
        elif len(places) == 1 and columns[0].option is not None and len({c.item for c in columns}) == 1:
            found[places[0]] = columns
    return found


# Qualtrics' recode values: whether a file follows them, or was exported before anybody set them.
#
# Each choice has a number by its position and a recode value, which is what a numeric export holds. The
# manifest knows both. Where they differ, the cells of a question tell: a value that only one of the two
# knows. Where no cell tells and the two would be read as other answers, the file is refused, unless
# `recodes` gives.
#
# The same holds for options of a multi-select whose codes are whole numbers, in the headings of its
# columns.


def settled(matched: Matched, frame: pd.DataFrame, entry: AnswersFile, problems: list[Problem]) -> Matched:
    """Settle which words each question was exported by; add a problem for each that stays open.

    Parameters
    ----------
    frame
        The cells, of the rows that count.
    """
    questions: dict[str, list[str]] = {}
    for name in matched.raw:
        questions.setdefault(matched.accepted[name].partition("_")[0], []).append(name)
    words = dict(matched.words)
    unset = []
    for item_id, names in questions.items():
        seen = {cell for name in names for cell in frame[name].unique()} - {""}
        told = entry.recodes or _told(seen, words[names[0]], matched.raw[names[0]])
        if told == "unset":
            unset.append(item_id)
            words |= {name: matched.raw[name] for name in names}
        elif told not in ("set", None):
            problems.append(Problem("ambiguous", f"column {names[0]}", told, _HINT))
    note = f"recode values were never set in Qualtrics for {', '.join(unset)}: read by position"
    notes = (*matched.notes, note) if unset else matched.notes
    return replace(matched, words=words, notes=notes)


_HINT = "export again with choice texts, or write recodes: set (they were set in Qualtrics) or unset"


def _told(seen: set[str], by_value: Mapping[str, str], by_place: Mapping[str, str]) -> str | None:
    """Return "set", "unset", None where it makes no difference, or why it cannot be determined."""
    values, places = seen & (by_value.keys() - by_place.keys()), seen & (by_place.keys() - by_value.keys())
    if values and places:
        return (
            f"holds {_listed(values)}, which only recode values define, and {_listed(places)}, "
            "which only positions of choices define"
        )
    if values or places:
        return "set" if values else "unset"
    torn = {cell for cell in seen & by_value.keys() & by_place.keys() if by_value[cell] != by_place[cell]}
    if torn:
        return (
            f"holds {_listed(torn)}, which mean other answers where the recode values were never set in "
            "Qualtrics (1, 2, 3 … by position), and no cell tells whether they were"
        )
    return None


def _listed(cells: Iterable[str]) -> str:
    return ", ".join(sorted(cells)[:6])


def by_code(sheet: Sheet, instrument: Instrument, manifest: ExportManifest | None, source: str) -> Sheet:
    """Name columns of options numbered by position by code, where the two differ.

    With a manifest nothing is changed: it knows the headings.

    Raises
    ------
    InvalidInput
        Where neither the numbers nor the texts below them tell which of the two they are.
    """
    if manifest is not None:
        return sheet
    names, problems = list(sheet.names), []
    texts = sheet.headings[1] if len(sheet.headings) > 1 else ("",) * len(names)
    for item in instrument.items:
        codes = [option.code for option in item.options]
        places = option_numbers(item.options)
        if item.type != "multi" or not any(places.get(code, code) != code for code in codes):
            continue
        here = {place: name for place, name in enumerate(names) if _number(name, item) is not None}
        numbers = {str(_number(name, item)) for name in here.values()}
        labelled = {place: _by_text(texts[place], item) for place in here}
        if here and all(labelled.values()):
            for place, code in labelled.items():
                names[place] = f"{item.id}_{code}"
        elif numbers <= places.keys() and not numbers <= set(codes):
            for place, name in here.items():
                names[place] = f"{item.id}_{places[str(_number(name, item))]}"
        elif here and numbers <= places.keys() & set(codes):
            what = f"columns are numbered {_listed(numbers)}, which may be positions or codes of its options"
            hint = "export with all three rows of headings, or name the import ids under columns"
            problems.append(Problem("ambiguous", f"item {item.id}", what, hint))
    if problems:
        raise InvalidInput(source, problems)
    return named(sheet, names)


def _number(name: str, item: Item) -> str | None:
    stem, _, number = name.rpartition("_")
    return number if stem == item.id and number.isdigit() else None


def _by_text(text: str, item: Item) -> str | None:
    """Find the one option whose label ends a column's text, "… - Selected Choice - Label"."""
    found = [code for label, code in _labels(item) if tidy(text).endswith(f"- {label}")]
    return found[0] if len(set(found)) == 1 else None


def _labels(item: Item) -> Iterator[tuple[str, str]]:
    for option in item.options:
        yield from ((tidy(label), option.code) for label in option.label.values())
