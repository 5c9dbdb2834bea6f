"""XLSForm, for ODK, Kobo, Survey123 and every other engine that takes XForms.

One form per audience (the default), or one form whose first question asks for the audience. Where
audiences are asked in different words the one form holds a question per wording, named `item_code` after the
audience's code; the manifest lists which of them form one of our columns. Matrices are groups of single
choices: `table-list` would add unwanted columns.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument, Item, Section, Variable
from toolkit.locale import languages, own_name, respondent_text
from toolkit.platforms.manifest import (
    MANIFEST_ENDING,
    Column,
    ExportManifest,
    column_of,
    manifest_of,
)
from toolkit.platforms.routing import XPATH
from toolkit.platforms.words import (
    Variant,
    audience_question,
    by_layout,
    every_text,
    fixed_codes,
    idle_notices,
    opening,
    variants_of,
)

Layout = Literal["audience", "one"]
_LONGEST_CELL = 32_767


def files_of(source: Instrument, whole: Instrument, *, layout: Layout = "audience") -> dict[str, str | bytes]:
    """Make XLSForms, with a manifest beside each.

    Parameters
    ----------
    source, whole
        The instrument, and what of it is exported. The first language is the form's default.
    layout
        "audience": one form per audience. "one": one form that asks for the audience first.

    Raises
    ------
    InvalidInput
        Everything XLSForm cannot hold.
    """
    problems = list(_unfit(whole))
    if problems:
        raise InvalidInput(f"{source.id} for XLSForm", problems)
    idle = idle_notices(whole) if layout == "audience" else []
    files: dict[str, str | bytes] = {}
    for ending, part in by_layout(whole, layout):
        stem = source.id + ending
        form = form_of(part, form_id=stem)
        # write the three sheets as xlsx; every cell is text, so that '=' starts no formula
        import xlsxwriter

        held = io.BytesIO()
        with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
            bold = book.add_format({"bold": True})
            for name, rows in form.sheets.items():
                sheet = book.add_worksheet(name)
                header = list(dict.fromkeys(key for row in rows for key in row))
                for place, key in enumerate(header):
                    sheet.write_string(0, place, key, bold)
                for line, row in enumerate(rows, start=1):
                    for place, key in enumerate(header):
                        if row.get(key):
                            sheet.write_string(line, place, row[key])
                sheet.freeze_panes(1, 0)
        files[f"{stem}.xlsx"] = held.getvalue()
        files[f"{stem}{MANIFEST_ENDING}"] = _manifest(source, form, layout, f"{stem}.xlsx", idle).to_json()
    return files


def _unfit(instrument: Instrument) -> Iterator[Problem]:
    for item in instrument.items:
        if item.type == "ranking" and item.maximum not in (None, len(item.options)):
            what = f"ranks {item.maximum:.15g} of {len(item.options)} options, and XLSForm ranks all"
            yield Problem("unsupported", f"item {item.id}", what, "leave maximum out, or use a multi-select")
    for place, text in every_text(instrument):
        if "${" in text:
            hint = "write it without '${', which XLSForm reads as the name of a question"
            yield Problem("invalid-character", place, "holds '${'", hint)
        if len(text) > _LONGEST_CELL:
            yield Problem(
                "too-long",
                place,
                f"is longer than the {_LONGEST_CELL} characters of a spreadsheet's cell",
                "shorten it",
            )


def _manifest(source: Instrument, form: Form, layout: str, file: str, idle: Sequence[str]) -> ExportManifest:
    return manifest_of(
        source,
        form.instrument,
        platform="xlsform",
        layout=layout,
        files=[file],
        columns=_columns(form),
        audience_column=AUDIENCE,
        notices=[*(f"{file}: {notice}" for notice in form.notices), *idle],
        settings={"form_id": form.form_id, "root": "data"},
    )


def _columns(form: Form) -> Iterator[Column]:
    for variable in form.instrument.variables:
        for variant in form.variants[variable.item.id]:
            heard = tuple(name for name in variant.audiences if name in variable.audiences)
            if heard:
                name = column_name(variable, variant)
                option = variable.option.code if variable.option and not variable.write_in else None
                yield column_of(
                    variable,
                    form.instrument,
                    question=name,
                    part=option,
                    headings=_headings(form.groups[name], name, option),
                    audiences=heard,
                )


def _headings(groups: Sequence[str], name: str, option: str | None) -> dict[str, list[str]]:
    """Return a column's headings in submissions (path), in ODK Central's and Kobo's tables, and plain.

    Options share one cell, codes separated by a blank; tables that split them name each one.
    """
    path = "/".join([*groups, name])
    central = "-".join([*groups, name])
    found = {"path": [path], "central": [central], "name": [name]}
    if option is not None:
        found |= {
            "path_split": [f"{path}/{option}"],
            "central_split": [f"{central}/{option}"],
            "name_split": [f"{name}/{option}"],
        }
    return found


# Rows of the form's three sheets

AUDIENCE = "audience"
Row = dict[str, str]
Sheet = Sequence[Row]


@dataclass(frozen=True)
class Form:
    """One form: its sheets, and the place of each question in them."""

    instrument: Instrument
    form_id: str
    sheets: Mapping[str, Sheet]
    variants: Mapping[str, tuple[Variant, ...]]
    groups: Mapping[str, tuple[str, ...]]
    notices: tuple[str, ...]


def form_of(instrument: Instrument, *, form_id: str) -> Form:
    """Build the form for an instrument's audiences; if there are several, a first question asks for it."""
    variants = {item.id: variants_of(item, instrument) for item in instrument.items}
    writer = _Writer(instrument, variants)
    sections = [section for section in instrument.sections if section.items]
    pages = (row for section in sections for row in writer.page(section))
    survey = [*writer.opening(), *pages, *writer.closing()]
    sheets = {"survey": survey, "choices": writer.choices(), "settings": [writer.settings(form_id)]}
    return Form(instrument, form_id, sheets, variants, writer.groups, tuple(writer.notices()))


def column_name(variable: Variable, variant: Variant) -> str:
    """Name the question that holds one of our columns in one wording."""
    name = variable.item.id if variable.option and not variable.write_in else variable.name
    return f"{name}_{variant.suffix}" if variant.suffix else name


@dataclass
class _Writer:
    instrument: Instrument
    variants: Mapping[str, tuple[Variant, ...]]
    lists: dict[str, list[Row]] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.taken |= {AUDIENCE}
        self.taken |= {
            column_name(variable, variant)
            for variable in self.instrument.variables
            for variant in self.variants[variable.item.id]
        }

    @property
    def switches(self) -> bool:
        return len(self.instrument.audiences) > 1

    def words(self, key: str, texts: Mapping[str, str]) -> Row:
        return {f"{key}::{_language(one)}": texts[one] for one in self.instrument.languages}

    def settings(self, form_id: str) -> Row:
        first = self.instrument.languages[0]
        title = self.instrument.title[first]
        if not self.switches:
            (audience,) = self.instrument.audiences.values()
            title = f"{title} ({audience.label[first]})"
        return {
            "form_title": title,
            "form_id": form_id,
            "version": self.instrument.version,
            "default_language": _language(first),
        }

    def opening(self) -> Iterator[Row]:
        yield {"type": "start", "name": self.unique("start")}
        yield {"type": "end", "name": self.unique("end")}
        texts = {one: opening(self.instrument, one) for one in self.instrument.languages}
        if any(texts.values()):
            yield {"type": "note", "name": self.unique("opening_note"), **self.words("label", texts)}
        audiences = list(self.instrument.audiences.values())
        if not self.switches:
            yield {"type": "calculate", "name": AUDIENCE, "calculation": f"'{audiences[0].code}'"}
            return
        asked = {one: audience_question(one)[1] for one in self.instrument.languages}
        answers = [{"name": one.code, **self.words("label", one.label)} for one in audiences]
        options = self.listed("audiences", answers)
        yield {
            "type": f"select_one {options}",
            "name": AUDIENCE,
            **self.words("label", asked),
            "required": "yes",
        }

    def closing(self) -> Iterator[Row]:
        if self.instrument.texts.end:
            words = self.words("label", self.instrument.texts.end)
            yield {"type": "note", "name": self.unique("end_note"), **words}

    def page(self, section: Section) -> Iterator[Row]:
        group = self.unique(f"page_{section.id}")
        yield {
            "type": "begin_group",
            "name": group,
            **self.words("label", section.title),
            "appearance": "field-list",
        }
        for item_id in section.items:
            item = self.instrument.item(item_id)
            for variant in self.variants[item_id]:
                yield from self.question(item, variant, group)
        yield {"type": "end_group"}

    def question(self, item: Item, variant: Variant, group: str) -> Iterator[Row]:
        shown = {"relevant": self.relevant(item, variant)}
        stem = self.words("label", {one: variant.text(item, one) for one in self.instrument.languages})
        hint = variant.help(item, self.instrument)
        stem |= self.words("hint", hint) if hint and item.type != "matrix" else {}
        required = {"required": "yes" if item.required else ""}
        variables = self.instrument.of_item(item.id)
        name = column_name(variables[0], variant)
        if item.type != "matrix":
            self.groups[name] = (group,)
            yield {
                "type": self.type_of(variables[0]),
                "name": name,
                **stem,
                **shown,
                **required,
                **self.limits(item),
                **({"parameters": "randomize=true"} if self.shuffled(item) else {}),
            }
            yield from self.write_in(item, variant, name, group, shown["relevant"])
            return
        grid = self.unique(f"{item.id}_{variant.suffix}" if variant.suffix else item.id)
        yield {"type": "begin_group", "name": grid, **stem, **shown}
        if hint:
            yield {"type": "note", "name": self.unique(f"{grid}_note"), **self.words("label", hint)}
        for variable in variables:
            if set(variant.audiences) & set(variable.audiences):
                name = column_name(variable, variant)
                self.groups[name] = (group, grid)
                yield {
                    "type": self.type_of(variable),
                    "name": name,
                    **self.words("label", variant.statements(variable, self.instrument)),
                    **required,
                }
        yield {"type": "end_group"}

    def write_in(self, item: Item, variant: Variant, name: str, group: str, relevant: str) -> Iterator[Row]:
        """Yield a text question for a write-in, shown to those who chose that answer."""
        variable = self.instrument.write_in_of(item.id)
        if variable is None or variable.option is None:
            return
        code, own = variable.option.code, column_name(variable, variant)
        chosen = f"selected(${{{name}}}, '{code}')" if item.type == "multi" else f"${{{name}}} = '{code}'"
        self.groups[own] = (group,)
        yield {
            "type": "text",
            "name": own,
            **self.words("label", variable.option.label),
            "relevant": f"({relevant}) and {chosen}" if relevant else chosen,
        }

    def shuffled(self, item: Item) -> bool:
        """Return whether the form shuffles the options: XLSForm shuffles all of them or none."""
        return item.order is not None and item.type != "matrix" and not fixed_codes(item, self.instrument)

    def relevant(self, item: Item, variant: Variant) -> str:
        everyone = set(variant.audiences) == set(self.instrument.audiences)
        parts = [] if everyone else [self.is_one_of(variant.audiences)]
        if item.ask_if is not None:
            parts.append(
                XPATH.write(
                    item.ask_if,
                    self.instrument,
                    name=lambda variable: self.reference(variable, variant),
                    audiences=variant.audiences,
                )
            )
        return " and ".join(f"({part})" for part in parts) if len(parts) > 1 else "".join(parts)

    def is_one_of(self, audiences: Sequence[str]) -> str:
        codes = [self.instrument.audiences[name].code for name in audiences]
        return " or ".join(f"${{{AUDIENCE}}} = '{code}'" for code in codes)

    def reference(self, variable: Variable, variant: Variant) -> str:
        """Refer to the question that holds a column for these audiences, or the first answered of several."""
        heard = [
            one for one in self.variants[variable.item.id] if set(one.audiences) & set(variant.audiences)
        ]
        # a row that only some of these audiences are asked is in their wordings alone
        heard = [one for one in heard if set(one.audiences) & set(variable.audiences)] or heard
        names = [f"${{{column_name(variable, one)}}}" for one in heard]
        joined = names[-1]
        for name in reversed(names[:-1]):
            joined = f"coalesce({name}, {joined})"
        return joined

    def limits(self, item: Item) -> Row:
        alone = [option for option in item.options if option.exclusive]
        if item.type == "multi" and (alone or item.maximum is not None):
            tests = [f"not(selected(., '{one.code}') and count-selected(.) > 1)" for one in alone]
            most = None if item.maximum is None else _number(item.maximum)
            tests += [] if most is None else [f"count-selected(.) <= {most}"]
            at_most = {
                one: [] if most is None else [respondent_text(one, "Choose at most {most}.", most=most)]
                for one in self.instrument.languages
            }
            stated = {
                one: " ".join(
                    [
                        *(
                            respondent_text(
                                one,
                                "“{label}” cannot be combined with other answers.",
                                label=option.label[one],
                            )
                            for option in alone
                        ),
                        *at_most[one],
                    ]
                )
                for one in self.instrument.languages
            }
            return {"constraint": " and ".join(tests), **self.words("constraint_message", stated)}
        bounds = (("minimum", ">=", item.minimum), ("maximum", "<=", item.maximum))
        said_bounds = [f". {sign} {_number(limit)}" for _, sign, limit in bounds if limit is not None]
        if said_bounds:
            lowest, highest = (
                "" if limit is None else _number(limit) for limit in (item.minimum, item.maximum)
            )
            span = (
                f"{lowest}–{highest}" if lowest and highest else f"≥ {lowest}" if lowest else f"≤ {highest}"
            )
            return {
                "constraint": " and ".join(said_bounds),
                **self.words("constraint_message", dict.fromkeys(self.instrument.languages, span)),
            }
        return {"appearance": "multiline"} if item.type == "text" else {}

    def type_of(self, variable: Variable) -> str:
        item = variable.item
        if item.type == "ranking":
            rows = [{"name": one.code, **self.words("label", one.label)} for one in item.options]
            return f"rank {self.listed(item.id, rows)}"
        if item.type in ("number", "text"):
            return "decimal" if item.type == "number" else "text"
        answers = item.options if item.type == "multi" or not variable.scale else variable.scale.options
        offered = () if item.type == "multi" else self.instrument.missing_of(variable)
        labels = {one.code: one.label for one in answers} | {one.code: one.label for one in offered}
        rows = [{"name": code, **self.words("label", label)} for code, label in labels.items()]
        wanted = item.scale if item.scale and not item.missing else item.id
        kind = "select_multiple" if item.type == "multi" else "select_one"
        return f"{kind} {self.listed(wanted, rows)}"

    def listed(self, wanted: str, rows: list[Row]) -> str:
        """Return the name of a list with these answers, adding one under a free name if none exists."""
        for name, held in self.lists.items():
            if held == rows:
                return name
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in wanted)
        name = _free(f"list_{plain}", set(self.lists))
        self.lists[name] = rows
        return name

    def choices(self) -> list[Row]:
        return [{"list_name": name, **row} for name, rows in self.lists.items() for row in rows]

    def unique(self, wanted: str) -> str:
        name = _free(wanted, self.taken)
        self.taken.add(name)
        return name

    def notices(self) -> Iterator[str]:
        kept = [item.id for item in self.instrument.items if item.order and not self.shuffled(item)]
        if kept:
            yield (
                f"{', '.join(kept)} keep their order: XLSForm shuffles neither rows nor options of which "
                "some stay last"
            )
        for one in self.instrument.languages:
            if one not in languages("questionnaire"):
                yield f"texts of the form itself are in English where the language is '{one}'"


def _language(code: str) -> str:
    return f"{own_name(code)} ({code})"


def _number(value: float) -> str:
    return f"{value:.15g}"


def _free(wanted: str, taken: set[str]) -> str:
    """Return the name, with a number after it if it is taken."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name
