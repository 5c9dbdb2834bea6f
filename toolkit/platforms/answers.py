"""Entries of a study file's `answers`: which file, from which platform, what its columns are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from toolkit.errors import InvalidInput
from toolkit.instrument.yaml_loader import Strict, Truth
from toolkit.platforms import PLATFORMS, get_platform
from toolkit.platforms.files.sheet import Opening
from toolkit.platforms.naming import FolderName


def _known(name: str) -> str:
    """Return the platform's own name, for one of its aliases too."""
    try:
        return get_platform(name).name
    except InvalidInput as fault:
        raise ValueError(f"{fault.problems[0].what}; {fault.problems[0].hint}") from None


PlatformName = Annotated[str, AfterValidator(_known)]
"""Name of one of `PLATFORMS`."""

BLANKS = ("-3", "-4", "-5", "-6")
"""Values of `missing` for a cell that is not an answer; routing and audience decide which applies."""

_EXPORTS_ONLY = (
    "audiences", "audience_column", "organisation_column", "ignore_columns", "columns", "missing", "manifest",
    "out_of_range",
)  # fmt: skip


class Shape(Strict):
    """Expected shape of a published file: another number of rows or columns is noted.

    `one_of_columns` names columns that other years' files have not; a file with none of them is refused.
    """

    rows: int | None = Field(default=None, ge=1)
    columns: int | None = Field(default=None, ge=1)
    one_of_columns: tuple[str, ...] = ()


BY_COLUMN = "by-column"
"""The wave of an entry whose rows name their own, until the entry is divided."""

Keep = Literal["first", "last", "first submitted", "last submitted", "most answers"]


class WaveColumn(Strict):
    """The column that gives the wave of each row, where one file holds several.

    `values` turns cells into names of waves; a cell whose wave is null is left out and counted. Where it is
    left out, every different cell is a wave.
    """

    column: str
    values: dict[str, FolderName | None] = Field(default_factory=dict)


class Duplicates(Strict):
    """Row to keep where a respondent has several.

    `by` names the columns that tell a respondent; left out, they are the platform's ids and tokens, or the
    mapping's `respondent`. `order` names a column of dates or numbers by which rows come first or last; left
    out, it is the platform's own date, or else the order of the rows.
    """

    keep: Keep
    by: tuple[str, ...] = ()
    order: str | None = None


class Long(Strict):
    """The columns of a file with one row per question: who, which question, which answer."""

    respondent: str
    question: str
    answer: str


class Carried(Strict):
    """A column kept beside the answers, such as a weight or a department of the client's records.

    `values` replaces cells by other words: by one name for a department that another wave names otherwise.
    """

    column: str
    values: dict[str, str] = Field(default_factory=dict)


def _carrying(value: object) -> object:
    if isinstance(value, list | tuple):
        return {str(name): {"column": str(name)} for name in value}
    if isinstance(value, dict):
        return {name: {"column": one} if isinstance(one, str) else one for name, one in value.items()}
    return value


CarriedName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


def _keeping(value: object) -> object:
    return {"keep": value} if isinstance(value, str) else value


class AnswersFile(Strict):
    """One file of answers.

    Parameters
    ----------
    wave
        The wave it belongs to; `{column: year}` where a column gives it for each row.
    platform
        Who wrote the file; `table` is any table, with a `mapping`. Platforms without codes of their own
        (surveymonkey, googleforms, microsoftforms) need a `mapping` too, the others may have one.
    file
        Its path, relative to the study file.
    audience
        The one audience it holds; where left out, the audience column gives it for each row.
    audiences
        The audiences it may hold; where left out, any of the instrument.
    audience_column, organisation_column
        Headings of the columns that hold them; `organisation_column: null` where none does.
    organisation
        The one organisation it holds, instead of a column.
    ignore_columns
        Headings that stay unread; an item's heading too, if the item is listed under `absent`.
    columns
        Heading → item or variable, where a heading is not the item's id. Several headings may lead to one
        variable (one column per audience); a respondent may have answered in one of them only.
    absent
        Items or variables this file does not hold although its audiences could have been asked.
    missing
        Value in the file that is not an answer → -1 (don't know), -2 (refused), or -3 to -6 (no answer).
    manifest
        The manifest written beside the questionnaire when it was exported; columns are then matched by it.
    encoding
        Of a text file, where it is not UTF-8 and the automatic detection is wrong.
    sheet
        The sheet of a workbook that holds the answers, where several are filled.
    recodes
        Whether Qualtrics' recode values were set, where a manifest is named and the file cannot tell.
    out_of_range
        Treatment of a number outside the bounds of its question in a submitted row: "refuse" (the default)
        or "blank". An unfinished row with one is set aside.
    keep_tests
        Keep previews and tests, which are set aside otherwise.
    mapping
        How the columns become answers.
    expect
        The rows and columns of the file as it was published; another shape is noted.
    rows
        Conditions a row must meet to be read by this entry: one file may be read by several entries, each
        row by one of them at most.
    duplicates
        Which row counts where a respondent has several; left out, the file is refused.
    headings
        How many rows of headings a mapped table has.
    long
        The columns of a mapped table with one row per question, which is then read as one row per respondent.
    decimal
        The decimal mark of numbers, where "1,234" or "1.234" leaves open what it is.
    units
        Words that follow numbers → what the number is multiplied by.
    carry
        Columns kept beside the answers for weights, designs and cuts: name → heading, or a list of headings.
    wave_column
        What is written as `wave: {column: …}`.
    """

    wave: FolderName
    platform: PlatformName
    file: str
    audience: str | None = None
    audiences: tuple[str, ...] = ()
    audience_column: str = "audience"
    organisation: str | None = None
    organisation_column: str | None = "organisation"
    ignore_columns: tuple[str, ...] = ()
    columns: dict[str, str] = Field(default_factory=dict)
    absent: tuple[str, ...] = ()
    missing: dict[str, Literal["-1", "-2", "-3", "-4", "-5", "-6"]] = Field(default_factory=dict)
    manifest: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    recodes: Literal["set", "unset"] | None = None
    out_of_range: Literal["refuse", "blank"] = "refuse"
    keep_tests: Truth = False
    mapping: Mapping | None = None
    expect: Shape | None = None
    rows: tuple[Condition, ...] = ()
    duplicates: Annotated[Duplicates, BeforeValidator(_keeping)] | None = None
    headings: int | None = Field(default=None, ge=1, le=4)
    long: Long | None = None
    decimal: Literal[",", "."] | None = None
    units: dict[str, float] = Field(default_factory=dict)
    carry: Annotated[dict[CarriedName, Carried], BeforeValidator(_carrying)] = Field(default_factory=dict)
    wave_column: WaveColumn | None = None

    @model_validator(mode="before")
    @classmethod
    def _wave_by_column(cls, data: Any) -> Any:
        """Split `wave: {column: …}`, beside the mapping or in it."""
        if not isinstance(data, dict):
            return data
        mapping = data.get("mapping")
        if isinstance(mapping, dict) and isinstance(mapping.get("wave"), dict) and "wave" not in data:
            rest = {key: value for key, value in mapping.items() if key != "wave"}
            data = {**data, "wave": mapping["wave"], "mapping": rest}
        if isinstance(data.get("wave"), dict):
            data = {**data, "wave": BY_COLUMN, "wave_column": data["wave"]}
        return data

    @property
    def opening(self) -> Opening:
        """Options for opening the file."""
        return Opening(self.encoding, self.sheet)

    @model_validator(mode="after")
    def _fits_platform(self) -> AnswersFile:
        from toolkit.platforms.table import FormDialect  # it is read with what this module defines

        dialect = PLATFORMS[self.platform].dialect
        if isinstance(dialect, FormDialect) and self.mapping is None:
            raise ValueError(
                f"platform {self.platform} has no codes; add a mapping that describes the columns"
            )
        unread = [key for key in _EXPORTS_ONLY if key in self.model_fields_set]
        if self.mapping is not None and unread:
            raise ValueError(f"{', '.join(unread)} would not be read beside a mapping; remove them")
        for key in ("headings", "long"):
            if getattr(self, key) is not None and self.mapping is None:
                raise ValueError(f"{key} is only read for mapped tables; add a mapping, or remove it")
        if self.expect is not None and self.mapping is None:
            raise ValueError("expect is only read for mapped tables; remove it")
        if self.recodes is not None and (not getattr(dialect, "recodes", False) or self.manifest is None):
            able = [one.title for one in PLATFORMS.values() if getattr(one.dialect, "recodes", False)]
            raise ValueError(f"recodes is only read with a manifest of {', '.join(able)}; remove it")
        if self.audience and self.audiences:
            raise ValueError(
                "audience and audiences are both given; write audience (one) or audiences (several)"
            )
        return self


# How any table becomes answers: declared in the study file, no Python

DESIGN_COLUMNS = {"weights": "weight", "strata": "design_stratum", "clusters": "design_cluster"}
"""Entry of a table's design → the column of the coded frame that holds it."""


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
    """Place of one item in the file, and the meaning of its cells.

    `column` for a single, number, text or multi-select item (whose ticks are joined by `separator`);
    `columns` (row or option → heading) for a matrix, for a multi-select with a column per option, or for a
    single item of which each answer has a column; `question` is then the heading above them,
    where the file has two rows of headings. `either` lists columns that answer the same item for different
    people (one per audience); a respondent may have answered in one of them only.
    `values` turns cells into answer codes; left out, cells must be codes or labels already.
    `write_in` names the column that holds what people wrote themselves, where the item has an option for it;
    answers in `column` that are on no list belong to that option too (unless `values` gives their meaning).
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
                "an item is in one place; write column, columns (one for each row or option) or either"
            )
        if self.question is not None and not self.columns:
            raise ValueError("question is written above columns; write columns, or remove it")
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
    """Columns that describe how a survey's respondents were drawn; as in `toolkit.analysis.Design`."""

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
        """Role → the heading that holds it."""
        return {name: heading for name in DESIGN_COLUMNS if (heading := getattr(self, name)) is not None}


class Mapping(Strict):
    """Columns → items, values → codes, rules → audience, a column → organisation.

    `audience` is an ordered list: the first rule whose conditions all hold decides; others are
    set aside and counted. `submitted` shows who finished; left out, everyone did. `blank` is for all items.
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
