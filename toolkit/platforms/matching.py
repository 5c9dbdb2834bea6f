"""Which column of a file is which variable: by manifest, import ids or codes; never by words alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Variable
from toolkit.platforms.files.sheet import Sheet, named
from toolkit.platforms.manifest import Column, ExportManifest, instrument_hash
from toolkit.platforms.vocabulary import tidy

__all__ = [
    "Matched",
    "by_codes",
    "by_manifest",
    "check_manifest",
    "codes_of",
    "ranks_of",
    "suffixed",
    "unique_names",
    "unique_sheet",
]


@dataclass(frozen=True)
class Matched:
    """What is known of the columns of a file before anybody looks into them.

    Parameters
    ----------
    names
        A name for each column: its heading, numbered where the heading stands again.
    accepted
        Name → variable, or item for a multi-select in one column.
    words
        Name → cell → analysis code, where a manifest says so.
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
    """Number headings that stand again.

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
    """Number the headings of a sheet that stand again, and say so."""
    times = Counter(name for name in sheet.names if name)
    notes = [
        f"heading '{name[:60]}' stands {count} times: the second is called '{name[:60]} (2)', and so on"
        for name, count in times.items()
        if count > 1
    ]
    more = (f"{len(notes) - 5} further headings stand again and are numbered in the same way",)
    return named(sheet, unique_names(sheet.names)), (*notes[:5], *(more if len(notes) > 5 else ()))


def codes_of(instrument: Instrument) -> dict[str, str]:
    """Headings by code in every usual spelling → variable, or item for a multi-select in one column."""
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
    """What platforms call the text of a write-in: LimeSurvey, Kobo, Qualtrics, SurveyJS, REDCap.

    The text of a single choice may be headed as an option of it; of a multi-select the cells tell.
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
    """Headings of LimeSurvey's columns by rank, `item[1]` → `item#1`; each holds the code of an option."""
    return {
        f"{item.id}[{rank}]": f"{item.id}#{rank}"
        for item in instrument.items
        if item.type == "ranking"
        for rank in range(1, len(item.options) + 1)
        if str(rank) not in {option.code for option in item.options}
    }


def suffixed(instrument: Instrument, taken: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Headings that name a code and an audience (`q1_exec`, `agree_exec_prod`) → variable and audience."""
    taken = set(taken)
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
        What each heading says as a code, likeliest first.
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
    for name, heading, said in zip(names, headings, codes, strict=True):
        spellings = (name,) if name != heading else (heading, *said)
        known = next((key for key in (told.get(name, ""), *spellings) if key in columns), None)
        if name != heading and heading in repeated:
            spellings = (heading, *said)
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


def _settled(heading: str, headings: Sequence[str], names: Sequence[str], said: Collection[str]) -> bool:
    """Whether the study file says of all columns of a heading but one what they are."""
    mine = [name for name, own in zip(names, headings, strict=True) if own == heading]
    return sum(name not in said for name in mine) <= 1


def _repeated(
    headings: tuple[str, ...], names: tuple[str, ...], ids: Mapping[str, str], said: Collection[str]
) -> Iterator[Problem]:
    for heading, times in Counter(headings).items():
        if not heading or times == 1:  # wide files have thousands of these
            continue
        mine = [name for name, own in zip(names, headings, strict=True) if own == heading]
        if not all(ids.get(name) in said for name in mine):
            if _settled(heading, headings, names, said):
                continue
            shown = f" (import ids {', '.join(ids[name] for name in mine)})" if ids else ""
            hint = "name their import ids under columns, or " if ids else ""
            yield Problem(
                "duplicate-column",
                f"column {heading}",
                f"heading stands {times} times{shown}",
                f"{hint}say what {', '.join(map(repr, mine[:4]))} are, under columns or ignore_columns",
            )
    blank = [number for number, heading in enumerate(headings, start=1) if not heading]
    if blank:
        what = "has no heading, but holds answers"
        yield Problem(
            "missing-value", f"column {blank[0]}", what, "write its heading, or take the column out"
        )


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
    """The variable; the item, where all its options stand in one column."""
    return columns[0].variable if len(columns) == 1 else columns[0].item


def _placed(headings: tuple[str, ...], style: str, manifest: ExportManifest) -> dict[int, tuple[Column, ...]]:
    """Place of a column in the file → columns of the manifest, for one row of headings and one style.

    Several columns at one place are the options of a multi-select that stand joined in one cell.
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
