"""Instrument files to one checked Instrument."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.files import AudienceFile, BankFile
from toolkit.instrument.lint import find, find_in_item, find_in_scale, find_in_scores, sound_columns
from toolkit.instrument.model import Instrument, Item, MissingAnswer, Scale, Score, Section, Texts
from toolkit.instrument.reading import Questionnaire, Reading, bank_files
from toolkit.instrument.yaml_loader import Document, read_yaml
from toolkit.shipped import instrument_files

# Assembly of a bank and the questionnaires of several audiences into one instrument.


Entry = TypeVar("Entry")
Asked = list[tuple[Document, AudienceFile]]
_HEADER = ("id", "version", "title", "languages")


def assemble_whole(reading: Reading, questionnaire: Questionnaire | None) -> Instrument | None:
    """Build an instrument from a file that needs no bank."""
    if questionnaire is None or questionnaire.whole is None:
        return None
    whole = questionnaire.whole
    listed = _merged([[item for section in whole.sections for item in section.items]])
    by_id = {item.id: item for item in whole.items}
    order = [by_id[name] for name in listed if name in by_id]
    rest = [item for item in whole.items if item.id not in listed]
    twice = [item for place, item in enumerate(whole.items) if by_id[item.id] is not whole.items[place]]
    fields = {name: getattr(whole, name) for name in Instrument.model_fields}
    instrument = Instrument(**{**fields, "items": (*order, *rest, *twice)})
    reading.add(find(instrument, known=frozenset(reading.broken)))
    return instrument


def assemble(reading: Reading, read: Iterable[tuple[str | None, Questionnaire | None]]) -> Instrument | None:
    """Build an instrument from audience files and the bank they share."""
    asked = _audience_files(reading, read)
    if not asked:
        return None
    document, first = asked[0]
    _check_agreement(reading, asked)
    bank = reading.bank(_folder(document, first), document)
    if bank is None:
        return None
    asked = list(_known_audiences(reading, asked, bank))
    _check_listing(reading, asked, bank)
    _check_order(reading, asked)
    sections = _sections(reading, asked, bank)
    wanted = {file.audience for _, file in asked}
    audiences = {name: audience for name, audience in bank.audiences.items() if name in wanted}
    by_id = {item.id: item for item in bank.items}
    items = [_restricted(by_id[name], asked, audiences) for section in sections for name in section.items]
    scales = _named(bank.scales, (item.scale for item in items))
    instrument = Instrument(
        **{name: getattr(first, name) for name in _HEADER},
        audiences=audiences,
        scales=scales,
        missing=_missing(bank, items, scales),
        themes=_named(bank.themes, (item.theme for item in items)),
        sections=tuple(sections),
        items=tuple(items),
        texts=_texts(reading, asked, bank),
    )
    instrument = instrument.model_copy(update={"scores": _scores(instrument, bank)})
    _check_rest(reading, instrument, bank)
    reading.add(find(instrument, known=frozenset(reading.broken)))
    return instrument


def _check_rest(reading: Reading, instrument: Instrument, bank: BankFile) -> None:
    """Check the bank's entries that no audience is asked; they need no words in every language."""
    known = frozenset(reading.broken)
    whole = instrument.model_copy(
        update={
            name: getattr(bank, name)
            for name in ("audiences", "scales", "missing", "themes", "items", "scores", "texts")
        }
        | {"languages": ()}
    )
    for name, scale in bank.scales.items():
        reading.add(find_in_scale(("scales", name), scale, whole, known))
    for item in bank.items:
        reading.add(find_in_item(item, whole, known=known, worded=False))
    reading.add(find_in_scores(whole, known=known, worded=False))


def _audience_files(reading: Reading, read: Iterable[tuple[str | None, Questionnaire | None]]) -> Asked:
    asked: Asked = []
    seen: dict[str, str] = {}
    for expected, questionnaire in read:
        if questionnaire is None:
            continue
        document, file = questionnaire.document, questionnaire.audience
        if file is None:
            what = "is a complete questionnaire, but must be the file of one audience"
            reading.found.append(
                Problem("wrong-file", document.path.name, what, "load it alone, without an audience")
            )
            continue
        where = document.where(("audience",))
        if expected is not None and expected != file.audience:
            what = f"the file is of '{file.audience}', and is given for '{expected}'"
            reading.found.append(Problem("wrong-group", where, what, "give the file of that audience"))
        if file.audience in seen:
            what = f"'{file.audience}' is also the audience of {seen[file.audience]}"
            reading.found.append(Problem("duplicate", where, what, "give one file per audience"))
            continue
        seen[file.audience] = document.path.name
        asked.append((document, file))
    return asked


def _folder(document: Document, file: AudienceFile) -> Path:
    return document.path.parent / file.bank


def _check_agreement(reading: Reading, asked: Asked) -> None:
    first_document, first = asked[0]
    for document, file in asked[1:]:
        differing = [name for name in _HEADER if getattr(file, name) != getattr(first, name)]
        if _folder(document, file).resolve() != _folder(first_document, first).resolve():
            differing.append("bank")
        for name in differing:
            what = f"'{name}' differs from that of {first_document.path.name}"
            hint = "make them the same: the files of one study are one instrument"
            reading.found.append(Problem("inconsistent", document.where((name,)), what, hint))


def _known_audiences(
    reading: Reading, asked: Asked, bank: BankFile
) -> Iterator[tuple[Document, AudienceFile]]:
    for document, file in asked:
        if file.audience in bank.audiences:
            yield document, file
        elif file.audience not in reading.broken:
            what = f"unknown audience '{file.audience}' of the bank"
            hint = near_names(file.audience, bank.audiences)
            reading.found.append(Problem("unknown-audience", document.where(("audience",)), what, hint))


def _check_listing(reading: Reading, asked: Asked, bank: BankFile) -> None:
    """Check that each file lists items of the bank, for its audience, each once."""
    by_id = {item.id: item for item in bank.items}
    for document, file in asked:
        seen: dict[str, str] = {}
        for section in file.sections:
            for name in section.items:
                path = ("sections", section.id, "items", name)
                where = f"{document.path.name}: {' → '.join(path)}"
                item = by_id.get(name)
                if item is None and name not in reading.broken:
                    what = "unknown item; it is not in the bank"
                    reading.found.append(Problem("unknown-item", where, what, near_names(name, by_id)))
                elif item and item.audiences is not None and file.audience not in item.audiences:
                    what = (
                        f"the bank gives '{name}' to {', '.join(item.audiences)} only, not to {file.audience}"
                    )
                    reading.found.append(
                        Problem("not-asked", where, what, "remove it here, or add the audience in the bank")
                    )
                if name in seen:
                    what = f"'{name}' is already in section '{seen[name]}'"
                    reading.found.append(Problem("duplicate", where, what, "list it once"))
                seen[name] = section.id


def _check_order(reading: Reading, asked: Asked) -> None:
    """Check that files ask shared items in the same order, in the same sections, under the same titles."""
    if not asked:
        return
    first_document, first = asked[0]
    order, titles, homes = _listed(first), {s.id: s.title for s in first.sections}, _homes(first)
    for document, file in asked[1:]:
        mine = [name for name in _listed(file) if name in order]
        theirs = [name for name in order if name in mine]
        swapped = next((pair for pair in zip(mine, theirs, strict=True) if pair[0] != pair[1]), None)
        if swapped:
            what = (
                f"'{swapped[0]}' comes before '{swapped[1]}' here, and after it in {first_document.path.name}"
            )
            reading.found.append(
                Problem("inconsistent", f"{document.path.name}: sections", what, "ask them in one order")
            )
        for section in file.sections:
            where = f"{document.path.name}: sections → {section.id}"
            if titles.setdefault(section.id, section.title) != section.title:
                reading.found.append(
                    Problem("inconsistent", where, "its title differs between the files", "give it one title")
                )
        for name, home in _homes(file).items():
            if homes.setdefault(name, home) != home:
                where = f"{document.path.name}: sections → {home} → items → {name}"
                what = f"'{name}' is in section '{homes[name]}' in another file"
                reading.found.append(Problem("inconsistent", where, what, "put it in one section"))


def _listed(file: AudienceFile) -> list[str]:
    return [name for section in file.sections for name in section.items]


def _homes(file: AudienceFile) -> dict[str, str]:
    return {name: section.id for section in file.sections for name in section.items}


def _sections(reading: Reading, asked: Asked, bank: BankFile) -> list[Section]:
    known = {item.id for item in bank.items}
    by_file = [{section.id: section for section in file.sections} for _, file in asked]
    sections, taken = [], set[str]()
    for name in _merged([list(sections) for sections in by_file]):
        same = [sections[name] for sections in by_file if name in sections]
        listed = [
            item for item in _merged([list(section.items) for section in same]) if item in known - taken
        ]
        taken.update(listed)
        if listed:
            sections.append(Section(id=name, title=same[0].title, items=tuple(listed)))
    return sections


def _named(entries: Mapping[str, Entry], names: Iterable[str | None]) -> dict[str, Entry]:
    """Select the named entries in the bank's order; the others need no words in every language."""
    wanted = set(names)
    return {name: entry for name, entry in entries.items() if name in wanted}


def _missing(bank: BankFile, items: list[Item], scales: Mapping[str, Scale]) -> dict[str, MissingAnswer]:
    offered = [name for item in items for name in item.missing]
    return _named(bank.missing, [*offered, *(name for scale in scales.values() for name in scale.missing)])


def _scores(instrument: Instrument, bank: BankFile) -> dict[str, Score]:
    """Select the bank's scores whose columns are all asked; lint reports the problems of the others."""
    columns = sound_columns(instrument)
    return {
        name: score for name, score in bank.scores.items() if all(item in columns for item in score.items)
    }


def _texts(reading: Reading, asked: Asked, bank: BankFile) -> Texts:
    """Return the texts of the audience files, which must agree, and the bank's for those they leave out."""
    given: dict[str, dict[str, str]] = {}
    for document, file in asked:
        for name in file.texts.model_fields_set:
            if given.setdefault(name, getattr(file.texts, name)) != getattr(file.texts, name):
                what = "differs between the files"
                hint = "make them the same: the files of one study are one instrument"
                reading.found.append(Problem("inconsistent", document.where(("texts", name)), what, hint))
    return bank.texts.model_copy(update=given)


def _merged(orders: list[list[str]]) -> list[str]:
    """Merge orders of names: the first order, each new name inserted after its neighbour."""
    merged: list[str] = []
    for order in orders:
        place = 0 if set(order) & set(merged) else len(merged)
        for name in order:
            if name in merged:
                place = merged.index(name) + 1
            else:
                merged.insert(place, name)
                place += 1
    return merged


def _restricted(item: Item, asked: Asked, audiences: Mapping[str, object]) -> Item:
    """Restrict an item to the audiences whose files list it."""
    listing = {file.audience for _, file in asked if item.id in _listed(file)}
    mine = tuple(name for name in audiences if name in listing)
    rows = tuple(
        row.model_copy(
            update={
                "text": _spoken_to(row.text, mine),
                "referent": _spoken_to(row.referent, mine),
                "audiences": tuple(name for name in row.audiences if name in mine) if row.audiences else None,
            }
        )
        for row in item.rows
        if row.audiences is None or set(row.audiences) & set(mine)
    )
    update: dict[str, object] = {"audiences": mine, "rows": rows}
    update |= {name: _spoken_to(getattr(item, name), mine) for name in ("text", "help", "referent")}
    if item.estimate_of is not None and item.estimate_of.audience not in audiences:
        update["estimate_of"] = None  # no one here gives the answers that it estimates
    return item.model_copy(update=update)


def _spoken_to(text: Mapping[str, Entry], audiences: tuple[str, ...]) -> dict[str, Entry]:
    return {name: words for name, words in text.items() if name == "all" or name in audiences}


# Loading of instrument files into a checked Instrument, with all problems at once.


@typed
def load_instrument(path: str | Path) -> Instrument:
    """Load the questionnaire of one audience, or a complete questionnaire.

    Parameters
    ----------
    path
        An audience file (it names an audience and a bank), an all-in-one file, or the name of a shipped one
        ("employee"). A folder with one file per audience, or the name of a shipped one ("core"), is loaded as
        `load_instruments` does.

    Returns
    -------
    Instrument
        Only what its audiences are asked, in questionnaire order.

    Raises
    ------
    InvalidInput
        Every problem of the file, its bank and their fit, each with file, line and how to fix it.

    Examples
    --------
    >>> load_instrument("employee")["burnout"].label()
    'Burnout'
    """
    return _load([(None, found) for found in instrument_files(path)], path)


@typed
def load_instruments(files: str | Path | Mapping[str, str | Path] | Iterable[str | Path]) -> Instrument:
    """Load the questionnaires of several audiences as one instrument.

    Parameters
    ----------
    files
        Audience → file, or the files alone; a folder or the name of a shipped questionnaire ("core") serves
        for its files. They must agree on id, version, title, languages and bank.

    Returns
    -------
    Instrument
        The union of their items: the first file's order, with what only later files ask put in behind
        its neighbour there. An item's audiences are those whose file lists it.

    Raises
    ------
    InvalidInput
        Every problem of every file, of the bank and of their fit.

    Examples
    --------
    >>> sorted(load_instruments("core").audiences)
    ['employee', 'executive', 'freelancer']
    """
    listed = list(
        files.values() if isinstance(files, Mapping) else [files] if isinstance(files, str | Path) else files
    )
    if odd := [one for one in listed if not isinstance(one, str | Path)]:
        hint = "give paths, or names of shipped questionnaires"
        problems = [Problem("wrong-type", "files", f"{one!r} is not a path", hint) for one in odd]
        raise InvalidInput("load_instruments", problems)
    if isinstance(files, Mapping):
        named: list[tuple[str | None, Path]] = [
            (audience, found) for audience, path in files.items() for found in instrument_files(path)
        ]
    else:
        named = [
            (None, found) for found in instrument_files(files if isinstance(files, str | Path) else listed)
        ]
    return _load(named, " + ".join(str(path) for _, path in named))


def files_of(paths: Iterable[str | Path]) -> tuple[Path, ...]:
    """List every file an instrument is read from: the files given and their banks, each once."""
    found: list[Path] = []
    for path in map(Path, paths):
        held = read_yaml(path)
        bank = held.get("bank") if isinstance(held, dict) else None
        found += [path, *(bank_files(path.parent / bank) if isinstance(bank, str) else ())]
    return tuple(dict.fromkeys(found))


def _load(files: list[tuple[str | None, Path]], source: object) -> Instrument:
    if not files:
        nothing = Problem("empty", "files", "none was given", "name one file for each audience")
        raise InvalidInput("instruments", [nothing])
    reading = Reading()
    read = [(audience, reading.questionnaire(path)) for audience, path in files]
    whole = len(read) == 1 and read[0][0] is None and read[0][1] is not None and read[0][1].whole is not None
    instrument = assemble_whole(reading, read[0][1]) if whole else assemble(reading, read)
    problems = reading.problems()
    if problems or instrument is None:
        raise InvalidInput(source, problems)
    return instrument
