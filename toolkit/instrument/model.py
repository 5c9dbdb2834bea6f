"""The model of a questionnaire: audiences, scales, items, and the columns of a coded frame."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from toolkit.errors import near_names
from toolkit.instrument.lint_rules import Lint
from toolkit.instrument.yaml_loader import (
    AsWritten,
    Box,
    Code,
    Id,
    ParallelWording,
    Referents,
    Strict,
    TimeFrame,
    Truth,
    Wording,
    WordingOrParallel,
)
from toolkit.locale import N_, respondent_text, translated
from toolkit.records import Displayed

COMPANION = "__missing"
"""Suffix of a column of reasons: `burnout__missing` holds the codes of `burnout`."""
MISSING: Mapping[str, str] = {
    "-1": N_("don't know"),
    "-2": N_("refused"),
    "-3": N_("shown but left blank"),
    "-4": N_("routed past"),
    "-5": N_("not asked of this audience"),
    "-6": N_("broke off before"),
}
"""Analysis codes of missing answers, and their meanings."""


def is_missing_code(label: object) -> bool:
    """Return whether a label is a reserved code for a missing answer: -1 … -6, as text or as a number."""
    if isinstance(label, str):
        return label in MISSING
    return isinstance(label, Integral | float) and label in _MISSING_NUMBERS


_MISSING_NUMBERS = frozenset(map(float, MISSING))

RESERVED_COLUMNS = ("respondent", "organisation", "wave", "audience", "source", "status", "weight")
"""Columns of a coded frame that are not items."""


class Source(Strict):
    """Source of an item's words."""

    origin: Literal["own", "published"]
    after: str | None = None
    licence: str | None = None
    status: str | None = None
    note: str | None = None


class Audience(Strict):
    """A respondent group; `code` is its answer code on a platform (1–5 alphanumerics)."""

    code: Code
    label: Wording
    plural: Wording


class Option(Strict):
    """An answer; a `write_in` ("Other, please specify") has a text column beside it."""

    code: Code
    label: Wording
    exclusive: Truth = False
    write_in: Truth = False


class MissingAnswer(Strict):
    """A missing answer offered on screen: its code there, and the analysis code it becomes."""

    code: Code
    becomes: Annotated[Literal["-1", "-2"], AsWritten, WithJsonSchema({"enum": [-1, -2, "-1", "-2"]})]
    label: Wording


class Scale(Strict):
    """A set of answers shared by items.

    `top` and `bottom` name the codes counted as the top and the bottom box (for a 5-point agreement
    scale the top-2-box and the bottom-2-box; for yes/no a single code each). `net` asks reports for the share
    of the top box less that of the bottom box.
    """

    ordered: Truth = False
    options: tuple[Option, ...] = Field(min_length=2)
    top: tuple[Code, ...] = ()
    bottom: tuple[Code, ...] = ()
    top_label: Wording = Field(default_factory=dict)
    bottom_label: Wording = Field(default_factory=dict)
    missing: tuple[str, ...] = ()
    net: Truth = False
    lint: Lint = Lint()

    @property
    def codes(self) -> tuple[str, ...]:
        """Answer codes in the order of the scale."""
        return tuple(option.code for option in self.options)


class Row(Strict):
    """A statement of a matrix; it inherits from its item what it leaves out."""

    id: Id
    text: ParallelWording
    short: Wording = Field(default_factory=dict)
    audiences: tuple[str, ...] | None = None
    favourable: Box | None = None
    sensitive: Truth | None = None
    source: Source | None = None
    referent: Referents = Field(default_factory=dict)


class EstimateOf(Strict):
    """The column whose share of answers a leader is asked to estimate, and of which audience."""

    item: str
    measure: Annotated[str, AsWritten] = "top"
    audience: str


class Item(Strict):
    """A question, in parallel wording for each audience it is put to.

    `short` names it in pictures; `favourable` names the box of the scale that is good news;
    `sensitive` items need a larger base before they are shown; `bands` of a number are where each new band
    begins. `referent` is what it is about, per audience or for "all"; `attention` is the code that an
    attentive respondent gives; `estimate_of` names what a number from 0 to 100 estimates.
    """

    id: Id
    type: Literal["single", "multi", "matrix", "ranking", "number", "text"]
    theme: Id
    text: ParallelWording
    short: Wording = Field(default_factory=dict)
    scale: str | None = None
    options: tuple[Option, ...] = ()
    rows: tuple[Row, ...] = ()
    audiences: tuple[str, ...] | None = None
    ask_if: str | None = None
    favourable: Box = "none"
    sensitive: Truth = False
    required: Truth = False
    missing: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    bands: tuple[float, ...] = ()
    lint: Lint = Lint()
    source: Source
    referent: Referents = Field(default_factory=dict)
    time_frame: TimeFrame | None = None
    help: WordingOrParallel = Field(default_factory=dict)
    show_dont_know: Truth = False
    order: Literal["random"] | None = None
    attention: Code | None = None
    estimate_of: EstimateOf | None = None
    discuss: Wording = Field(default_factory=dict)

    def __repr__(self) -> str:
        parts = f", {len(self.rows or self.options)} parts" if self.rows or self.options else ""
        return f"Item({self.id!r}, {self.type}{parts}, theme={self.theme!r})"

    __str__ = __repr__

    def help_for(self, audience: str, language: str) -> str:
        """Return the text that an audience reads under the question; "" if there is none."""
        return (self.help.get(audience) or self.help.get("all") or {}).get(language, "")


class Texts(Strict):
    """Texts before and after the questions, per language.

    They may hold {organisation}, {minutes}, {threshold} and {sensitive_threshold}, which `export` fills in.
    """

    welcome: Wording = Field(default_factory=dict)
    consent: Wording = Field(default_factory=dict)
    confidentiality: Wording = Field(default_factory=dict)
    contact: Wording = Field(default_factory=dict)
    end: Wording = Field(default_factory=dict)


class Score(Strict):
    """A score made of several columns: their mean, with reversed ones inverted, times `multiply`.

    `items` and `reverse` name columns; `minimum` is how many a respondent must have answered (all where
    it is missing); `favourable` tells whether a high or a low score is good news.
    """

    label: Wording
    items: tuple[str, ...] = Field(min_length=2)
    reverse: tuple[str, ...] = ()
    minimum: int | None = Field(default=None, ge=1)
    multiply: float = Field(default=1.0, gt=0)
    favourable: Literal["high", "low", "none"] = "none"
    sensitive: Truth = False
    source: Source


class Section(Strict):
    """A page of the questionnaire: items shown together, in order."""

    id: Id
    title: Wording
    items: tuple[Id, ...] = Field(min_length=1)


@dataclass(frozen=True, repr=False)
class Variable(Displayed):
    """A column of a coded frame: a single item, a matrix row, a multi-select option or its text.

    The text of an option `other` is in a column of its own, `item_other_text`, for which `write_in` is
    True.
    """

    name: str
    item: Item
    scale: Scale | None
    audiences: tuple[str, ...]
    row: Row | None = None
    option: Option | None = None
    write_in: bool = False

    def _shown(self) -> dict[str, Any]:
        language = next(iter(next(iter(self.item.text.values()))))
        codes = ", ".join(f"{code} {label}" for code, label in self.code_labels(language).items())
        return {
            "name": self.name,
            "kind": self.kind,
            "label": self.label(language),
            "audiences": ", ".join(self.audiences),
            "codes": codes or None,
        }

    @property
    def part(self) -> str | None:
        """Id of the row or code of the option; None for a whole item."""
        if self.row:
            return self.row.id
        if self.write_in and self.option:
            return f"{self.option.code}_text"
        return self.option.code if self.option else None

    @property
    def kind(self) -> Literal["single", "option", "number", "text"]:
        """How the column is coded."""
        if self.write_in:
            return "text"
        if self.option is not None and self.item.type == "multi":
            return "option"
        return "single" if self.item.type in ("single", "matrix", "ranking") else self.item.type  # type: ignore[return-value]

    @property
    def codes(self) -> tuple[str, ...]:
        """Answer codes in order; "0" and "1" for an option; none for numbers and text."""
        if self.kind == "option":
            return ("0", "1")
        return self.scale.codes if self.scale else ()

    @property
    def categories(self) -> tuple[str, ...]:
        """Categories of the column: missing codes first (−6 … −1), then the answers in order."""
        return (*reversed(tuple(MISSING)), *self.codes)

    @property
    def ordered(self) -> bool:
        """Whether a higher code means more; never beside a write-in."""
        return bool(self.scale and self.scale.ordered and not any(one.write_in for one in self.scale.options))

    @property
    def theme(self) -> str:
        """Theme under which it is reported."""
        return self.item.theme

    @property
    def favourable(self) -> Box:
        """Box of the scale that is good news."""
        own = self.row.favourable if self.row else None
        return own if own is not None else self.item.favourable

    @property
    def sensitive(self) -> bool:
        """Whether the policy's larger threshold applies."""
        own = self.row.sensitive if self.row else None
        return own if own is not None else self.item.sensitive

    def referent(self, audience: str) -> str | None:
        """Return what this audience's question is about; None if the instrument does not tell."""
        about = (self.row.referent if self.row else None) or self.item.referent
        return about.get(audience) or about.get("all")

    def comparable(self, first: str, second: str) -> Literal["same", "different", "undeclared"]:
        """Return whether two audiences are asked about the same thing, as far as the instrument tells."""
        about = {self.referent(first), self.referent(second)}
        return "undeclared" if None in about else "same" if len(about) == 1 else "different"

    def help(self, audience: str, language: str = "en") -> str:
        """Return the text shown under the question; "" if there is none."""
        return self.item.help_for(audience, language)

    @property
    def source(self) -> Source:
        """Source of its words."""
        return self.row.source if self.row and self.row.source else self.item.source

    @property
    def bands(self) -> tuple[tuple[float | None, float | None], ...]:
        """Bands of a number, each from its first value to the one at which the next begins; () for others."""
        edges = self.item.bands if self.kind == "number" else ()
        return tuple(zip((None, *edges), (*edges, None), strict=True)) if edges else ()

    @property
    def net_measure(self) -> Literal["net", "recommend"] | None:
        """Net score that reports show: of a scale with `net`, of a number 0 to 10 with bands [7, 9]."""
        if self.kind == "number":
            ends = (self.item.minimum, self.item.maximum, *self.item.bands)
            return "recommend" if ends == (0, 10, 7, 9) else None
        return "net" if self.kind == "single" and self.scale is not None and self.scale.net else None

    def codes_of(self, measure: str) -> tuple[str, ...]:
        """Return the codes of a measure: "top", "bottom", "favourable", "unfavourable" or one answer code.

        Empty where the measure has no meaning for this column (a nominal item has no top box).
        """
        boxes: dict[str, tuple[str, ...]]
        if self.kind == "option":
            boxes = {"top": ("1",), "bottom": ("0",)}
        else:
            boxes = {"top": self.scale.top, "bottom": self.scale.bottom} if self.scale else {}
        if measure in ("favourable", "unfavourable"):
            if self.favourable == "none":
                return ()
            good = self.favourable
            measure = good if measure == "favourable" else {"top": "bottom", "bottom": "top"}[good]
        if measure in ("top", "bottom"):
            return boxes.get(measure, ())
        return (measure,) if measure in self.codes else ()

    def values(self) -> dict[str, float] | None:
        """Code → number for means; None if the answers are not numeric."""
        if self.kind == "option":
            return {"0": 0.0, "1": 1.0}
        if not self.ordered or not all(code.isdigit() for code in self.codes):
            return None
        return {code: float(code) for code in self.codes}

    def wording(self, audience: str, language: str = "en") -> str:
        """Return the question as this audience reads it; for a row or an option, stem and statement."""
        stem = spoken(self.item.text, audience, language)
        if self.row:
            return f"{stem} {spoken(self.row.text, audience, language)}".strip()
        if self.option:
            return f"{stem} [{self.option.label[language]}]"
        return stem

    def label(self, language: str = "en") -> str:
        """Return a short name for figures and tables; a row without one uses its statement."""
        if self.option:
            words = self.option.label[language]
            return f"{words} ({respondent_text(language, 'text')})" if self.write_in else words
        if self.row:  # its item's short name would name every row alike
            return self.row.short.get(language) or spoken(self.row.text, self.audiences[0], language)
        return self.item.short.get(language) or self.wording(self.audiences[0], language)

    def code_labels(self, language: str = "en") -> dict[str, str]:
        """Return answer code → words, in order."""
        if self.kind == "option":
            return {
                "0": translated(language, "Not ticked"),
                "1": translated(language, "Ticked"),
            }
        return {option.code: option.label[language] for option in self.scale.options} if self.scale else {}


class Instrument(Strict):
    """A questionnaire for one or several audiences, checked by `toolkit.instrument.load_instrument`."""

    id: str
    version: str
    title: Wording
    languages: tuple[str, ...]
    audiences: dict[str, Audience]
    scales: dict[str, Scale]
    missing: dict[str, MissingAnswer]
    themes: dict[str, Wording]
    sections: tuple[Section, ...]
    items: tuple[Item, ...]
    scores: dict[str, Score] = Field(default_factory=dict)
    texts: Texts = Texts()

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """Every column of a coded frame, in questionnaire order."""
        return tuple(variable for item in self.items for variable in _columns(item, self))

    @cached_property
    def _by_name(self) -> dict[str, Variable]:
        return {variable.name: variable for variable in self.variables}

    @cached_property
    def digest(self) -> str:
        """Hash of the whole content."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Instrument:
        """Return a copy with other fields; pydantic would keep the cached columns of the original."""
        copied = super().model_copy(update=update, deep=deep)
        for name in ("variables", "_by_name", "digest"):
            copied.__dict__.pop(name, None)
        return copied

    def __repr__(self) -> str:
        sizes = f"{len(self.audiences)} audiences, {len(self.items)} items, {len(self.variables)} columns"
        name, languages = type(self).__name__, "/".join(self.languages)
        return f"{name}({self.id!r}, version {self.version}, {sizes}, languages {languages})"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        language = self.languages[0]
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
            for item in self.items
            for cells in [
                (
                    item.id,
                    item.type,
                    ", ".join(item.audiences or self.audiences),
                    spoken(item.text, (item.audiences or tuple(self.audiences))[0], language),
                )
            ]
        )
        caption = f"<caption>{html.escape(self.title[language])} ({html.escape(repr(self))})</caption>"
        heads = "<tr><th>item</th><th>type</th><th>audiences</th><th>question</th></tr>"
        return f"<table>{caption}{heads}{rows}</table>"

    def __getitem__(self, name: str) -> Any:
        """Return the `Variable` of a column; of an item with several columns the tuple of its variables.

        Raises
        ------
        KeyError
            Neither a column nor an item; near names are given.

        Examples
        --------
        >>> instrument["burnout"].name, [variable.name for variable in instrument["aiways"]][:2]
        ('burnout', ['aiways_rev', 'aiways_lrn'])
        """
        found = self._by_name.get(name) or self.of_item(name)
        if not found:
            known = dict.fromkeys([*self._by_name, *(item.id for item in self.items)])
            raise KeyError(f"no item or column '{name}': {near_names(name, known)}")
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def item(self, item_id: str) -> Item:
        """Return an item by id; KeyError suggests near ids."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(f"no item '{item_id}': {near_names(item_id, (item.id for item in self.items))}")

    def of_item(self, item_id: str) -> tuple[Variable, ...]:
        """Return the variables of an item: one, or one per row or option, without its write-in's text."""
        return tuple(v for v in self.variables if v.item.id == item_id and not v.write_in)

    def write_in_of(self, item_id: str) -> Variable | None:
        """Return the column of an item's write-in text; None if it has none."""
        return next((v for v in self.variables if v.item.id == item_id and v.write_in), None)

    @property
    def sensitive_names(self) -> frozenset[str]:
        """Columns and scores that need the policy's larger base, including scores of sensitive columns."""
        columns = {variable.name for variable in self.variables if variable.sensitive}
        scores = {name for name, one in self.scores.items() if one.sensitive or columns & set(one.items)}
        return frozenset(columns | scores)

    def missing_of(self, variable: Variable) -> tuple[MissingAnswer, ...]:
        """Return the missing answers offered on screen with a variable (don't know, refused)."""
        scale = variable.scale.missing if variable.scale else ()
        names = dict.fromkeys((*scale, *variable.item.missing))
        return tuple(self.missing[name] for name in names)

    def missing_on_screen(self, variable: Variable) -> dict[str, str]:
        """Return analysis code → screen code of the missing answers offered with a variable."""
        return {missing.becomes: missing.code for missing in self.missing_of(variable)}

    def shared(self, *, kinds: Iterable[str] = ("single", "option")) -> tuple[Variable, ...]:
        """List the variables that two or more audiences answer."""
        kinds = tuple(kinds)
        return tuple(v for v in self.variables if len(v.audiences) > 1 and v.kind in kinds)


def spoken(text: ParallelWording, audience: str, language: str) -> str:
    """Return what one audience reads in one language; the words for "all" if it has none of its own."""
    return (text.get(audience) or text["all"])[language]


NOT_RANKED = "no"
"""The rank of an option that a respondent left out, where only some are to be ranked."""


def _ranks(item: Item, languages: Iterable[str]) -> Scale:
    """Return the ranks an option may have: 1 for the first, "no" for unranked if not all are ranked."""
    languages = list(languages)
    most = len(item.options) if item.maximum is None else int(item.maximum)
    options = [
        Option(
            code=str(rank), label={one: respondent_text(one, "Rank {rank}", rank=rank) for one in languages}
        )
        for rank in range(1, most + 1)
    ]
    if most < len(item.options):
        label = {one: respondent_text(one, "Not ranked") for one in languages}
        options.append(Option(code=NOT_RANKED, label=label))
    first = {one: respondent_text(one, "ranked first") for one in languages}
    return Scale(ordered=True, options=tuple(options), top=("1",), top_label=first)


def _columns(item: Item, instrument: Instrument) -> Iterable[Variable]:
    scale = instrument.scales[item.scale] if item.scale else None
    if scale is None and item.type == "single":
        scale = Scale(options=item.options, missing=item.missing)
    audiences = item.audiences or tuple(instrument.audiences)
    if item.type == "matrix":
        for row in item.rows:
            yield Variable(f"{item.id}_{row.id}", item, scale, row.audiences or audiences, row=row)
    elif item.type in ("multi", "ranking"):
        ranks = _ranks(item, instrument.languages) if item.type == "ranking" else None
        for option in item.options:
            yield Variable(f"{item.id}_{option.code}", item, ranks, audiences, option=option)
    else:
        yield Variable(item.id, item, scale, audiences)
    if item.type in ("single", "multi"):
        for option in item.options if scale is None else scale.options:
            if option.write_in:
                name = f"{item.id}_{option.code}_text"
                yield Variable(name, item, None, audiences, option=option, write_in=True)
