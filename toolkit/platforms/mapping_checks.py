"""What can be wrong in a mapping before a cell is read."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.files.sheet import Sheet
from toolkit.platforms.mapping import ItemMapping, Mapping
from toolkit.platforms.naming import rows_said
from toolkit.platforms.vocabulary import code_words, folded, tidy

__all__ = ["long_file", "mapping_problems", "pivoted", "spelt_as_mapped", "unexplained"]


def mapping_problems(
    mapping: Mapping, entry: AnswersFile, headings: tuple[str, ...], instrument: Instrument
) -> Iterator[Problem]:
    """Headings that are not there, items and codes that are not known, things said twice."""
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
        yield Problem(
            "wrong-file",
            "file",
            f"has none of the columns that the mapping names ({listed})",
            "check the path",
        )
        used = []
    for place, heading in dict.fromkeys(used):
        if heading is not None and heading not in headings:
            yield Problem(
                "unknown-column",
                place,
                f"column '{heading}' is not in the file",
                near_names(heading, headings),
            )
    for name, where in mapping.items.items():
        if name not in items:
            yield Problem(
                "unknown-item",
                f"mapping → items → {name}",
                "is no item of the instrument",
                near_names(name, items),
            )
        else:
            yield from _item_problems(items[name], where, instrument)
    for name in items:
        if name not in mapping.items and name not in entry.absent:
            yield Problem(
                "missing-key", f"mapping → items → {name}", "is missing", "map it, or list it under absent"
            )
        if name in mapping.items and name in entry.absent:
            yield Problem(
                "conflict",
                f"mapping → items → {name}",
                "is mapped and listed under absent",
                "take it out of one of them",
            )
    yield from _places_said_otherwise(mapping, entry)


def spelt_as_mapped(headings: tuple[str, ...], mapping: Mapping, entry: AnswersFile) -> tuple[str, ...]:
    """Headings as the mapping writes them, where only blanks, line breaks, case or apostrophes differ."""
    wanted = [name for name in _named(mapping, entry) if name and name not in headings]
    for key in (tidy, folded):
        spelt = {key(name): name for name in wanted}
        alike = Counter(key(heading) for heading in headings)
        headings = tuple(
            spelt.get(key(heading), heading) if alike[key(heading)] == 1 else heading for heading in headings
        )
        wanted = [name for name in wanted if name not in headings]
    return headings


def pivoted(sheet: Sheet, entry: AnswersFile, mapping: Mapping, problems: list[Problem]) -> Sheet:
    """Make one row per respondent of a file with one row per question; its questions become the headings.

    Columns that differ between the rows of a respondent are left out. Several answers to one question are
    joined by ";", as a multi-select in one cell.
    """
    if entry.long is None:
        return sheet
    found = [
        Problem("unknown-column", f"long: column {name}", "is not in the file", near_names(name, sheet.names))
        for name in (entry.long.respondent, entry.long.question, entry.long.answer)
        if name not in sheet.names
    ]
    if found:
        raise InvalidInput(entry.file, [*problems, *found])
    cells = sheet.cells.set_axis(list(sheet.names), axis=1)
    who = cells[entry.long.respondent].map(tidy)
    question = cells[entry.long.question].map(tidy)
    for name, blank in ((entry.long.respondent, who == ""), (entry.long.question, question == "")):
        if blank.any():
            where = f"column {name}, {rows_said(cells.index[blank])}"
            problems.append(Problem("missing-value", where, "is blank", "fill it in, or take the row out"))
    rest = [name for name in sheet.names
            if name not in (entry.long.respondent, entry.long.question, entry.long.answer)]  # fmt: skip
    constant = [name for name in rest if (cells[name].groupby(who).nunique() <= 1).all()]
    for name in dict.fromkeys(_named(mapping, entry)):
        if name in rest and name not in constant:
            several = cells[name].groupby(who).nunique()
            what = f"differs between the rows of respondent {several.index[several > 1][0]!r}"
            problems.append(
                Problem("inconsistent", f"column {name}", what, "correct the export, or do not map it")
            )
        if name in constant and name in set(question):
            problems.append(
                Problem(
                    "name-taken", f"column {name}", "is both a heading and a question", "rename one of them"
                )
            )
    if problems:
        raise InvalidInput(entry.file, problems)
    first = ~who.duplicated()
    given = cells[entry.long.answer].where(cells[entry.long.answer].str.strip() != "")
    long = pd.DataFrame({"who": who, "question": question, "given": given}).dropna().drop_duplicates()
    wide = long.groupby(["who", "question"], sort=False)["given"].agg(";".join).unstack("question")
    wide = wide.reindex(index=who[first], columns=list(dict.fromkeys(question))).fillna("").astype(str)
    made = cells.loc[first, [entry.long.respondent, *constant]]
    made = pd.concat([made, wide.set_axis(made.index)], axis=1)
    made = made.assign(**_unasked(mapping, made.columns, set(rest)))
    note = f"read from one row per question: {len(cells)} rows, {len(made)} respondents"
    return Sheet((tuple(made.columns),), made.set_axis(range(made.shape[1]), axis=1), sheet.delimiter,
                 (*sheet.notes, note))  # fmt: skip


def _unasked(mapping: Mapping, columns: pd.Index, rest: set[str]) -> dict[str, str]:
    """Blank columns of questions that no row answers, but for names that look like another's."""
    wanted = [heading for where in mapping.items.values() for heading in where.headings]
    unread = [str(name) for name in columns if name not in wanted]
    lacking = [name for name in wanted if name not in columns and name not in rest]
    return {name: "" for name in lacking if not difflib.get_close_matches(name, unread, cutoff=0.7)}


def long_file(
    sheet: Sheet, mapping: Mapping, entry: AnswersFile, instrument: Instrument
) -> Iterator[Problem]:
    """Find a file with one row per question that the entry reads as one row per respondent."""
    if entry.long is not None or len(sheet.cells) < 2:
        return
    items = {folded(item.id) for item in instrument.items} | {folded(v.name) for v in instrument.variables}
    items |= {folded(name) for name in mapping.items for name in mapping.items[name].headings}
    items |= {
        folded(text) for item in instrument.items for texts in item.text.values() for text in texts.values()
    }
    for place, name in enumerate(sheet.names):
        cells = sheet.cells.iloc[:, place].astype(str)
        if cells.nunique() * 2 > len(cells):
            continue
        held = [cell for cell in cells.unique() if folded(cell) in items]
        if len(held) < 2 or cells.isin(held).mean() < 0.5:
            continue
        again = [other for at, other in enumerate(sheet.names) if at != place
                 and _one_per(sheet.cells.iloc[:, at].astype(str), cells)]  # fmt: skip
        who = (
            mapping.respondent
            if mapping.respondent in again
            else next(iter(again), "the respondent's column")
        )
        rest = [other for other in sheet.names if other not in (name, who)]
        answer = rest[-1] if rest else "the answer's column"
        what = f"column '{name}' holds questions ({', '.join(held[:3])}): the file has one row per question"
        hint = f"write long: {{respondent: {who}, question: {name}, answer: {answer}}} beside the mapping"
        yield Problem(
            "wrong-file", "file", what, f"{hint}; the questions are then the headings that the mapping names"
        )
        return


def _one_per(who: pd.Series, question: pd.Series) -> bool:
    """Whether a column names respondents: each has several rows, and few of them the same question."""
    both = pd.DataFrame({"who": who, "question": question})
    return bool(who.nunique() > 1 and who.duplicated(keep=False).mean() > 0.5
                and both.duplicated().mean() < 0.5)  # fmt: skip


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
            yield Problem("unknown-answer", f"mapping → items → {name}", what, "list them under blank")


def _named(mapping: Mapping, entry: AnswersFile) -> Iterator[str]:
    yield from (h for where in mapping.items.values() for h in where.headings)
    yield from (c.column for rule in mapping.audience for c in rule.when)
    yield from (mapping.respondent or "", mapping.organisation or "")
    yield from (mapping.design.headings.values() if mapping.design else ())
    yield from (condition.column for condition in entry.rows)
    yield from (*entry.duplicates.by, entry.duplicates.order or "") if entry.duplicates else ()
    if entry.long:
        yield from (entry.long.respondent, entry.long.question, entry.long.answer)
    if mapping.submitted:
        yield mapping.submitted.column


def _places_said_otherwise(mapping: Mapping, entry: AnswersFile) -> Iterator[Problem]:
    """Whose answers they are is said once: by the mapping or for the whole file."""
    if not mapping.audience and not entry.audience:
        yield Problem(
            "missing-key",
            "mapping → audience",
            "is missing",
            "write rules, or audience: … for the whole file",
        )
    if entry.audience and any(rule.audience not in (None, entry.audience) for rule in mapping.audience):
        what = f"names an audience, and the whole file is said to be of '{entry.audience}'"
        yield Problem(
            "conflict", "mapping → audience", what, "take audience: … out, or keep only rules that set aside"
        )
    if mapping.organisation is None and entry.organisation is None:
        yield Problem(
            "missing-key",
            "mapping → organisation",
            "is missing",
            "name a column, or organisation: … for the whole file",
        )
    if mapping.organisation is not None and entry.organisation is not None:
        what = f"is given, and the whole file is said to be of '{entry.organisation}'"
        yield Problem("conflict", "mapping → organisation", what, "take one of them out")


def _item_problems(item: Item, where: ItemMapping, instrument: Instrument) -> Iterator[Problem]:
    place = f"mapping → items → {item.id}"
    parts = (
        [row.id for row in item.rows] if item.type == "matrix" else [option.code for option in item.options]
    )
    if where.write_in is not None and instrument.write_in_of(item.id) is None:
        what = f"names a write-in, and no option of '{item.id}' takes one"
        yield Problem(
            "unsuited-item", f"{place} → write_in", what, "write write_in: true at one of its options"
        )
    if item.type == "matrix" and not where.columns:
        yield Problem("unsuited-item", place, "is a matrix", "write columns: {row: heading, …}")
    if item.type in ("number", "text") and where.columns:
        yield Problem("unsuited-item", place, "has one column", "write column: heading")
    if item.type in ("matrix", "multi", "ranking") and where.either:
        yield Problem(
            "unsuited-item", place, f"is a {item.type}", "either is for items of one column; write columns"
        )
    if item.type == "single" and where.columns:
        codes = list(code_words(instrument.of_item(item.id)[0], instrument))
        for name in sorted(set(where.columns) - set(codes)):
            yield Problem(
                "unknown-answer", f"{place} → columns", f"'{name}' is no answer code", near_names(name, codes)
            )
    if item.type == "ranking" and where.column is not None and where.values:
        yield Problem(
            "unsuited-item", f"{place} → values", "a ranking in one column lists options", "take values out"
        )
    if item.type in ("matrix", "multi", "ranking") and where.columns:
        for name in sorted(set(where.columns) - set(parts)):
            yield Problem(
                "unknown-name", f"{place} → columns", f"'{name}' is no row or option", near_names(name, parts)
            )
        for name in sorted(set(parts) - set(where.columns)):
            yield Problem("missing-key", f"{place} → columns", f"'{name}' is missing", "add its heading")
    variable = instrument.of_item(item.id)[0]
    allowed = set(_targets(item, variable, where, instrument))
    for value, code in where.values.items():
        if allowed and code not in allowed:
            what = f"{value!r} becomes '{code}', which is no answer code"
            yield Problem("unknown-answer", f"{place} → values", what, near_names(code, sorted(allowed)))


def _targets(item: Item, variable: Variable, where: ItemMapping, instrument: Instrument) -> list[str]:
    if item.type == "multi":
        return ["0", "1"] if where.columns else [option.code for option in item.options]
    return list(code_words(variable, instrument)) if item.type in ("single", "matrix", "ranking") else []
