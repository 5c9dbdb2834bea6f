"""What can be wrong in a mapping before a cell is read."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.errors import Problem, near_names
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.responses.answers import AnswersFile
from toolkit.responses.files.sheet import Sheet, headings_of
from toolkit.responses.mapping import ItemMapping, Mapping
from toolkit.responses.vocabulary import code_words, tidy

__all__ = ["mapping_problems", "spelt_as_mapped", "unexplained"]


def mapping_problems(
    mapping: Mapping, entry: AnswersFile, headings: tuple[str, ...], instrument: Instrument
) -> Iterator[Problem]:
    """Headings that are not there or stand twice, items and codes that are not known, things said twice."""
    yield from _twice(headings, mapping)
    items = {item.id: item for item in instrument.items}
    used = [("mapping → respondent", mapping.respondent), ("mapping → organisation", mapping.organisation)]
    used += [("mapping → audience", c.column) for rule in mapping.audience for c in rule.when]
    used += [("mapping → submitted", mapping.submitted.column)] if mapping.submitted else []
    design = mapping.design.headings if mapping.design else {}
    used += [(f"mapping → design → {name}", heading) for name, heading in design.items()]
    used += [
        (f"mapping → items → {name}", h) for name, where in mapping.items.items() for h in where.headings
    ]
    named = {heading for _, heading in used if heading is not None}
    if named and not named & set(headings):  # of another file, whose headings may be nobody's business
        listed = ", ".join(sorted(named)[:5]) + (", …" if len(named) > 5 else "")
        yield Problem("file", f"has none of the columns that the mapping names ({listed})", "check the path")
        used = []
    for place, heading in dict.fromkeys(used):
        if heading is not None and heading not in headings:
            yield Problem(place, f"column '{heading}' is not in the file", near_names(heading, headings))
    for name, where in mapping.items.items():
        if name not in items:
            yield Problem(
                f"mapping → items → {name}", "is no item of the instrument", near_names(name, items)
            )
        else:
            yield from _item_problems(items[name], where, instrument)
    for name in items:
        if name not in mapping.items and name not in entry.absent:
            yield Problem(f"mapping → items → {name}", "is missing", "map it, or list it under absent")
        if name in mapping.items and name in entry.absent:
            yield Problem(
                f"mapping → items → {name}", "is mapped and listed under absent", "take it out of one of them"
            )
    yield from _places_said_otherwise(mapping, entry)


def spelt_as_mapped(headings: tuple[str, ...], mapping: Mapping) -> tuple[str, ...]:
    """Headings as the mapping writes them, where only blanks and line breaks differ."""
    wanted = [name for name in _named(mapping) if name and name not in headings]
    spelt = {tidy(name): name for name in wanted}
    return tuple(spelt.get(tidy(heading), heading) for heading in headings)


def unexplained(sheet: Sheet, mapping: Mapping, instrument: Instrument) -> Iterator[Problem]:
    """Numbers that the file declares missing and the mapping does not name: they would count as numbers."""
    for name, where in mapping.items.items():
        if instrument.item(name).type != "number" or where.column is None:
            continue
        held = sheet.declared.get(sheet.names.index(where.column), frozenset())
        unsaid = held - {tidy(one) for one in (*mapping.blank, *where.blank, *where.values)}
        if unsaid:
            shown = ", ".join(sorted(unsaid)[:6])
            what = f"column '{where.column}' holds {shown}, which the file declares missing"
            yield Problem(f"mapping → items → {name}", what, "list them under blank")


def _twice(headings: tuple[str, ...], mapping: Mapping) -> Iterator[Problem]:
    """Headings that stand twice matter where the mapping names them; blank ones never."""
    named = set(_named(mapping))
    for problem in headings_of(headings):
        if problem.where.removeprefix("column ") in named:
            yield problem


def _named(mapping: Mapping) -> Iterator[str]:
    yield from (h for where in mapping.items.values() for h in where.headings)
    yield from (c.column for rule in mapping.audience for c in rule.when)
    yield from (mapping.respondent or "", mapping.organisation or "")
    yield from (mapping.design.headings.values() if mapping.design else ())
    if mapping.submitted:
        yield mapping.submitted.column


def _places_said_otherwise(mapping: Mapping, entry: AnswersFile) -> Iterator[Problem]:
    """Whose answers they are is said once: by the mapping or for the whole file."""
    if not mapping.audience and not entry.audience:
        yield Problem("mapping → audience", "is missing", "write rules, or audience: … for the whole file")
    if entry.audience and any(rule.audience not in (None, entry.audience) for rule in mapping.audience):
        what = f"names an audience, and the whole file is said to be of '{entry.audience}'"
        yield Problem("mapping → audience", what, "take audience: … out, or keep only rules that set aside")
    if mapping.organisation is None and entry.organisation is None:
        yield Problem(
            "mapping → organisation", "is missing", "name a column, or organisation: … for the whole file"
        )
    if mapping.organisation is not None and entry.organisation is not None:
        what = f"is given, and the whole file is said to be of '{entry.organisation}'"
        yield Problem("mapping → organisation", what, "take one of them out")


def _item_problems(item: Item, where: ItemMapping, instrument: Instrument) -> Iterator[Problem]:
    place = f"mapping → items → {item.id}"
    parts = (
        [row.id for row in item.rows] if item.type == "matrix" else [option.code for option in item.options]
    )
    if where.write_in is not None and instrument.write_in_of(item.id) is None:
        what = f"names a write-in, and no option of '{item.id}' takes one"
        yield Problem(f"{place} → write_in", what, "write write_in: true at one of its options")
    if item.type == "matrix" and not where.columns:
        yield Problem(place, "is a matrix", "write columns: {row: heading, …}")
    if item.type in ("number", "text") and where.columns:
        yield Problem(place, "has one column", "write column: heading")
    if item.type in ("matrix", "multi", "ranking") and where.either:
        yield Problem(place, f"is a {item.type}", "either is for items of one column; write columns")
    if item.type == "single" and where.columns:
        codes = list(code_words(instrument.of_item(item.id)[0], instrument))
        for name in sorted(set(where.columns) - set(codes)):
            yield Problem(f"{place} → columns", f"'{name}' is no answer code", near_names(name, codes))
    if item.type == "ranking" and where.column is not None and where.values:
        yield Problem(f"{place} → values", "a ranking in one column lists options", "take values out")
    if item.type in ("matrix", "multi", "ranking") and where.columns:
        for name in sorted(set(where.columns) - set(parts)):
            yield Problem(f"{place} → columns", f"'{name}' is no row or option", near_names(name, parts))
        for name in sorted(set(parts) - set(where.columns)):
            yield Problem(f"{place} → columns", f"'{name}' is missing", "add its heading")
    variable = instrument.of_item(item.id)[0]
    allowed = set(_targets(item, variable, where, instrument))
    for value, code in where.values.items():
        if allowed and code not in allowed:
            what = f"{value!r} becomes '{code}', which is no answer code"
            yield Problem(f"{place} → values", what, near_names(code, sorted(allowed)))


def _targets(item: Item, variable: Variable, where: ItemMapping, instrument: Instrument) -> list[str]:
    if item.type == "multi":
        return ["0", "1"] if where.columns else [option.code for option in item.options]
    return list(code_words(variable, instrument)) if item.type in ("single", "matrix", "ranking") else []
