"""How any table becomes answers: declared in the study file, no Python."""

from __future__ import annotations

from pydantic import Field, model_validator

from toolkit.instrument.fields import Strict, Truth

__all__ = ["DESIGN_COLUMNS", "Condition", "DesignColumns", "ItemMapping", "Mapping", "Rule"]

DESIGN_COLUMNS = {"weights": "weight", "strata": "design_stratum", "clusters": "design_cluster"}
"""What a table's design says → the column of the coded frame that holds it."""


class Condition(Strict):
    """One test of one column's text; exactly one of the tests is written."""

    column: str
    equals: str | None = None
    not_equals: str | None = None
    contains: str | None = None
    not_contains: str | None = None
    one_of: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        if len(self.model_fields_set - {"column"}) != 1:
            raise ValueError(
                "a condition makes one test; write one of equals, not_equals, contains, not_contains, one_of"
            )
        return self


class Rule(Strict):
    """People who meet every condition belong to `audience`, or are set aside for the reason given."""

    audience: str | None = None
    set_aside: str | None = None
    when: tuple[Condition, ...] = ()

    @model_validator(mode="after")
    def _one_outcome(self) -> Rule:
        if (self.audience is None) == (self.set_aside is None):
            raise ValueError("a rule has one outcome; write audience, or set_aside with the reason")
        return self


class ItemMapping(Strict):
    """Where one item is found and what its cells mean.

    `column` for a single, number, text or multi-select item (whose ticks are joined by `separator`);
    `columns` (row or option → heading) for a matrix, for a multi-select with a column an option, or for a
    single item of which each answer has a column; `question` is then the heading that stands above them,
    where the file has two rows of headings. `either` lists columns that answer the same item for different
    people (one an audience); a respondent may have answered in one of them only.
    `values` turns cells into answer codes; left out, cells must be codes or labels already.
    `write_in` names the column that holds what people wrote themselves, where the item has an option for it;
    answers in `column` that are on no list fall to that option too (unless `values` says what each means).
    Cells listed in `blank` count as no answer. An item that is `optional` is absent, and noted, where the
    file has not all of its columns: selections of a published file leave some out.
    """

    column: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    question: str | None = None
    either: tuple[str, ...] = ()
    separator: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    blank: tuple[str, ...] = ()
    write_in: str | None = None
    optional: Truth = False

    @model_validator(mode="after")
    def _one_place(self) -> ItemMapping:
        if [self.column is not None, bool(self.columns), bool(self.either)].count(True) != 1:
            raise ValueError(
                "an item stands in one place; write column, columns (one for each row or option) or either"
            )
        if self.question is not None and not self.columns:
            raise ValueError("question stands above columns; write columns, or take it out")
        return self

    @property
    def places(self) -> dict[str, str]:
        """Row or option → heading, the question's heading before its own where there are two."""
        above = "" if self.question is None else f"{self.question} | "
        return {part: above + heading for part, heading in self.columns.items()}

    @property
    def headings(self) -> tuple[str, ...]:
        """Every heading it reads."""
        more = () if self.write_in is None else (self.write_in,)
        if self.columns:
            return (*self.places.values(), *more)
        return (*((self.column,) if self.column is not None else self.either), *more)


class DesignColumns(Strict):
    """Columns that say how a survey's respondents were drawn; as in `toolkit.analysis.Design`."""

    weights: str | None = None
    strata: str | None = None
    clusters: str | None = None

    @model_validator(mode="after")
    def _something(self) -> DesignColumns:
        if not self.headings:
            raise ValueError("a design names a column; write weights, strata or clusters")
        return self

    @property
    def headings(self) -> dict[str, str]:
        """What it is → the heading that holds it."""
        return {name: heading for name in DESIGN_COLUMNS if (heading := getattr(self, name)) is not None}


class Mapping(Strict):
    """Columns → items, values → codes, rules → audience, a column → organisation.

    `audience` is an ordered list: the first rule whose conditions all hold decides; whoever meets none is
    set aside and counted. `submitted` says who finished; left out, everyone did. `blank` is for all items.
    `respondent` names the column of ids; left out, it is the platform's own, or the row's number.
    `design` names the columns of weights, strata and clusters of a survey drawn with unequal chances.
    """

    respondent: str | None = None
    organisation: str | None = None
    audience: tuple[Rule, ...] = ()
    submitted: Condition | None = None
    items: dict[str, ItemMapping]
    blank: tuple[str, ...] = ()
    design: DesignColumns | None = None
