"""The study file: its model, its checks, loading it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AliasChoices, BeforeValidator, Field, field_validator, model_validator

from toolkit.disclosure.comments import CommentRules
from toolkit.disclosure.policy import load_policy
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument import compare, load_instrument, load_instruments
from toolkit.instrument.lint import find_in_promises
from toolkit.instrument.model import Instrument, Variable
from toolkit.instrument.routing import parse
from toolkit.instrument.yaml_loader import Strict, Truth
from toolkit.locale import languages
from toolkit.platforms.answers import DESIGN_COLUMNS, AnswersFile
from toolkit.platforms.naming import FolderName
from toolkit.study.peers import OwnBenchmark
from toolkit.study.quality import PARTS
from toolkit.study.weighting import StudyDesign, Weighting

# The study file's schema, and its consistency with the instrument.


AAPOR_ITEMS = (
    "data_collection_strategy",
    "sponsor_and_conductor",
    "instrument",
    "population",
    "sampling",
    "mode",
    "dates",
    "sample_sizes_and_precision",
    "weighting",
    "processing_and_quality",
    "limitations",
)
"""Contents of a methodology statement (AAPOR Code of 2021), for each audience."""

COMPUTED_AAPOR_ITEMS = (
    "instrument",
    "sample_sizes_and_precision",
    "weighting",
    "processing_and_quality",
)
"""Those a report computes; the study file may leave them out."""

_ONLY_COMPUTED = ("sample_sizes_and_precision", "weighting")
"""Those that only a report can know: a text could be wrong for an organisation, or for the answers."""


class Brand(Strict):
    """Look of reports: name, colours as #rrggbb, typeface, footer, language.

    Beside the study file: a logo, and a Word and a PowerPoint file that reports are written into.
    """

    name: str | None = None
    colour: str | None = None
    accent: str | None = None
    logo: str | None = None
    footer: str | None = None
    font: str | None = None
    language: str | None = None
    template_docx: str | None = None
    template_pptx: str | None = None

    @property
    def templates(self) -> dict[str, str]:
        """Return the template files by format."""
        given = ((name.partition("template_")[2], getattr(self, name)) for name in type(self).model_fields)
        return {form: name for form, name in given if form and name}

    @field_validator("colour", "accent")
    @classmethod
    def _hex(cls, value: str | None) -> str | None:
        if value is None:  # given and blank, for YAML takes an unquoted # for a comment
            raise ValueError("is blank, perhaps because # begins a comment; write it as '#1a2b3c', in quotes")
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            raise ValueError(f"'{value}' is not a valid colour; write it as '#1a2b3c', in quotes")
        return value


CLIENT_BRAND = {f"brand_{name}": name for name in ("name", "colour", "accent", "logo", "footer", "font")} | {
    "language": "language"
}
"""Columns of the organisations table that replace keys of the brand for one organisation → key."""


def client_brands(table: pd.DataFrame, waves: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return organisation → the brand keys its rows of the organisations table give; later waves precede.

    Only organisations that give any; a table without such columns costs nothing.
    """
    columns = [column for column in CLIENT_BRAND if column in table]
    if not columns:
        return {}
    given = table[table[columns].notna().any(axis=1)]
    given = given.sort_values("wave", key=lambda cells: cells.map(list(waves).index), kind="stable")
    found: dict[str, dict[str, str]] = {}
    for row in given[["organisation", *columns]].to_dict("records"):
        own = found.setdefault(str(row["organisation"]), {})
        for column in columns:
            cell = row[column]
            if pd.notna(cell):
                own[CLIENT_BRAND[column]] = f"{cell:g}" if isinstance(cell, float) else str(cell)
    return found


def client_brand_problems(brands: Mapping[str, Mapping[str, str]], folder: Path) -> Iterator[Problem]:
    """List brand cells of the organisations table that cannot be used."""
    for organisation, given in brands.items():
        for key, cell in given.items():
            column = "language" if key == "language" else f"brand_{key}"
            where = f"organisations, {organisation}, column {column}"
            if key in ("colour", "accent") and not re.fullmatch(r"#[0-9a-fA-F]{6}", cell):
                yield Problem("malformed", where, f"'{cell}' is not a valid colour", "write it as #1a2b3c")
            elif key == "language" and cell not in languages():
                hint = near_names(cell, languages())
                yield Problem("unknown-language", where, f"unsupported report language '{cell}'", hint)
            elif key == "logo" and not (folder / cell).is_file():
                hint = "give its path from the study's folder"
                yield Problem("file-not-found", where, f"'{cell}' does not exist", hint)


class WaveInstrument(Strict):
    """Questionnaire of a wave that differs from the study's: one file, or one file per audience."""

    instrument: str | None = None
    instruments: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_way(self) -> WaveInstrument:
        if (self.instrument is None) == (not self.instruments):
            raise ValueError("a wave has one way to its questions; write instrument, or instruments")
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """Return every file it names."""
        return (self.instrument,) if self.instrument else tuple(self.instruments.values())


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class StudyFile(Strict):
    """A study file as it is written; see docs/your_own_study.md for what each key means."""

    id: FolderName
    title: str = Field(min_length=1)
    synthetic: Truth
    language: str = "en"
    instrument: str | None = None
    instruments: dict[str, str] = Field(default_factory=dict)
    waves: tuple[FolderName, ...] = ()
    wave_instruments: dict[str, WaveInstrument] = Field(default_factory=dict)
    answers: tuple[AnswersFile, ...] = Field(min_length=1)
    organisations: str | None = None
    policy: dict[str, Any] = Field(
        default_factory=dict, validation_alias=AliasChoices("disclosure", "policy")
    )
    margin: float = Field(default=0.10, gt=0, lt=1)
    level: float = Field(default=0.95, ge=0.5, lt=1)
    primary: tuple[str, ...] = ()
    benchmarks: str | None = None
    brand: Brand = Brand()
    comments: CommentRules | None = None
    registration: str | None = None
    methods: dict[str, dict[str, str | None]]
    seed: int = 0
    data_source: str | None = None
    release: Truth = False
    ledger: str | None = None
    person: Literal["respondent", "token", "new"] | None = None
    renamed: dict[str, Annotated[tuple[str, ...], BeforeValidator(_several)]] = Field(default_factory=dict)
    weights: Weighting | None = None
    design: StudyDesign | None = None
    cuts: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    own_benchmark: OwnBenchmark = None
    quality: Truth = False

    @field_validator("policy", mode="before")
    @classmethod
    def _preset_by_its_name(cls, value: Any) -> Any:
        return {"preset": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_instrument(self) -> StudyFile:
        if (self.instrument is None) == (not self.instruments):
            raise ValueError(
                "a study has one way to its questions; write instrument, or instruments (audience: file)"
            )
        return self


def misfits(written: StudyFile, instrument: Instrument) -> Iterator[Problem]:
    """List what the study file names that its instrument lacks, and methods texts left blank."""
    for where, code in (("language", written.language), ("brand → language", written.brand.language)):
        if code not in (None, *languages()):
            hint = near_names(str(code), languages())
            yield Problem("unknown-language", f"{where}: {code}", "unsupported report language", hint)
    if "language" in written.model_fields_set and written.brand.language not in (None, written.language):
        what = f"the study file's language is {written.language}"
        yield Problem(
            "conflict", f"brand → language: {written.brand.language}", what, "leave one of the two out"
        )
    if written.policy.get("withhold_unlike") in (True, "true") and not instrument.scores:
        what = "has nothing to check: the instrument declares no scores"
        yield Problem("unsuited-item", "policy → withhold_unlike", what, "declare scores, or remove it")
    try:
        policy = load_policy(written.policy)
    except InvalidInput:
        policy = None  # its own problems are reported elsewhere
    if policy is not None:
        yield from find_in_promises(instrument, policy.threshold, policy.sensitive_threshold)
    shared = {variable.name for variable in instrument.shared()}
    for name in dict.fromkeys(name for name in written.primary if written.primary.count(name) > 1):
        yield Problem("duplicate", f"primary → {name}", "occurs twice", "list it once")
    items = {name for variable in instrument.variables for name in (variable.name, variable.item.id)}
    sensitive = written.policy.get("sensitive_items")
    for name in sensitive if isinstance(sensitive, list) else ():
        if isinstance(name, str) and name not in items:
            what = "unknown item of the instrument, so nothing would be protected"
            yield Problem(
                "unknown-item",
                f"policy → sensitive_items → {name}",
                what,
                near_names(str(name), sorted(items)),
            )
    for name in dict.fromkeys(written.primary):
        if name not in instrument:
            yield Problem(
                "unknown-item",
                f"primary → {name}",
                "unknown column of the instrument",
                near_names(name, sorted(shared)),
            )
        elif name not in shared:
            yield Problem(
                "unsuited-item",
                f"primary → {name}",
                "has no gap: fewer than two audiences answer it by codes",
                "remove it",
            )
    for entry in written.answers:
        named = [
            entry.audience,
            *entry.audiences,
            *(rule.audience for rule in (entry.mapping.audience if entry.mapping else ())),
        ]
        for audience in dict.fromkeys(name for name in named if name and name not in instrument.audiences):
            yield Problem(
                "unknown-audience",
                f"answers: {entry.file}",
                f"unknown audience '{audience}'",
                near_names(audience, instrument.audiences),
            )
    yield from written.comments.problems(instrument) if written.comments else ()
    for name in PARTS if written.quality else ():
        if name in instrument:
            what = "is a column that the key quality adds to the answers"
            yield Problem(
                "name-taken", f"item {name}", what, "give the item another id, or leave quality out"
            )
    yield from _design_problems(written)
    yield from _carried_problems(written, instrument)
    yield from _methods_problems(written, instrument)


def _design_problems(written: StudyFile) -> Iterator[Problem]:
    """List files without the design's columns: one design holds for the whole study."""
    given = {
        entry.file: frozenset(entry.mapping.design.headings)
        if entry.mapping is not None and entry.mapping.design is not None
        else frozenset()
        for entry in written.answers
    }
    if len(set(given.values())) > 1:
        text = "; ".join(f"{file}: {', '.join(sorted(names)) or 'none'}" for file, names in given.items())
        hint = "name weights, strata and clusters alike in every file's mapping, or make two studies"
        yield Problem("inconsistent", "answers → mapping → design", f"differs between files ({text})", hint)


_OF_FRAMES = (
    "respondent", "organisation", "wave", "audience", "source", "status", *DESIGN_COLUMNS.values(), *PARTS,
)  # fmt: skip


def _carried_problems(written: StudyFile, instrument: Instrument) -> Iterator[Problem]:
    """List carried columns without a file or with a name in use, and missing ones that weights name."""
    names = {entry.file: tuple(entry.carry) for entry in written.answers}
    everywhere = set.intersection(*map(set, names.values())) if names else set()
    for entry in written.answers:
        for name in entry.carry:
            where = f"answers: {entry.file} → carry → {name}"
            if name in instrument or (name in _OF_FRAMES and name != "weight"):
                yield Problem("name-taken", where, "is a column of the answers", "carry it by another name")
            if name not in everywhere:
                yield Problem(
                    "inconsistent", where, "is not carried in every file", "carry it in all of them"
                )
    named = [("weights → column", written.weights.column)] if written.weights else []
    named += [("design", column) for column in (written.design.columns if written.design else ())]
    for where, column in named:
        if column is not None and column not in everywhere:
            hint = near_names(column, everywhere) if everywhere else f"write carry: [{column}] under answers"
            yield Problem("unknown-column", f"{where}: {column}", "is not carried with the answers", hint)
    for where, column in [("cuts", one) for one in written.cuts] + [
        ("levels", one) for one in written.levels
    ]:
        yield from _cut_problems(written, instrument, everywhere, where, column)
    for audience in written.weights.audiences if written.weights else ():
        if audience not in instrument.audiences:
            hint = near_names(audience, instrument.audiences)
            yield Problem("unknown-audience", f"weights → audiences → {audience}", "unknown audience", hint)
    if written.design and written.design.replicates and not written.weights:
        hint = "name the full-sample weights: weights: {column: …}"
        yield Problem("missing-key", "weights", "is missing beside replicate weights", hint)
    if (written.weights or written.design) and any(e.mapping and e.mapping.design for e in written.answers):
        hint = "keep one of the two"
        yield Problem("conflict", "weights", "is given, and so is mapping → design of a file", hint)


def _cut_problems(
    written: StudyFile, instrument: Instrument, carried: set[str], where: str, name: str
) -> Iterator[Problem]:
    """List what is wrong with a cut: unknown, named twice, without groups, or sensitive."""
    place = f"{where} → {name}"
    if (*written.cuts, *written.levels).count(name) > 1:
        yield Problem("duplicate", place, "occurs twice", "list it once, under cuts or levels")
    if name not in instrument:
        if name not in carried:
            hint = near_names(name, [v.name for v in instrument.variables] + sorted(carried))
            yield Problem("unknown-column", place, "unknown question, and not carried with the answers", hint)
        return
    if instrument[name].kind != "single":
        what = "must be a question with one answer, or a carried column"
        yield Problem("unsuited-item", place, what, "use numbers by bands of a carried column")
    sensitive = written.policy.get("sensitive_items") or ()
    if name in instrument.sensitive_names or instrument[name].item.id in sensitive:
        what = "is a sensitive question, by which the policy forbids to divide people"
        yield Problem("conflict", place, what, "remove it from cuts")


def _methods_problems(written: StudyFile, instrument: Instrument) -> Iterator[Problem]:
    allowed = ("common", *instrument.audiences)
    for audience, texts in written.methods.items():
        if audience not in allowed:
            yield Problem(
                "unknown-audience", f"methods → {audience}", "unknown audience", near_names(audience, allowed)
            )
        for name in texts:
            if name not in AAPOR_ITEMS:
                yield Problem(
                    "unknown-key",
                    f"methods → {audience} → {name}",
                    "unknown disclosure item",
                    near_names(name, AAPOR_ITEMS),
                )
    yield from _contradicted(written)
    made = methods_of(written, instrument)
    for name in AAPOR_ITEMS:
        blank = [audience for audience, texts in made.items() if name not in texts]
        if blank and name not in COMPUTED_AAPOR_ITEMS:
            yield Problem(
                "missing-value",
                f"methods → {name}",
                f"is blank for {', '.join(blank)}, but required in a methodology statement",
                "write it under methods → common or under the audience",
            )


def _contradicted(written: StudyFile) -> Iterator[Problem]:
    """List statements that the report computes itself: weights and sample sizes."""
    weighted = written.weights is not None or any(
        entry.mapping is not None
        and entry.mapping.design is not None
        and "weights" in entry.mapping.design.headings
        for entry in written.answers
    )
    for audience, texts in written.methods.items():
        for name in _ONLY_COMPUTED:
            text = texts.get(name) or ""
            if _left_open(text) or (
                name == "weighting"
                and not weighted
                and text.strip().removesuffix(".").casefold() in ("none", "aucune")
            ):
                continue
            what = "is computed from the answers; leave it out of the study file"
            hint = "remove it; how a sample was drawn or weights were made belongs under sampling"
            yield Problem("conflict", f"methods → {audience} → {name}", what, hint)


def _left_open(text: str) -> bool:
    """Return whether a text is blank, or a note that it is still to be written."""
    return text.strip(" .…?-–_\n").casefold() in ("", "todo", "tbd", "tba", "xx", "xxx", "to be done")


def methods_of(written: StudyFile, instrument: Instrument) -> Mapping[str, Mapping[str, str]]:
    """Return audience → AAPOR item → text, with the common texts filled in and blanks left out."""
    common = written.methods.get("common", {})
    return {
        audience: {
            name: " ".join(text.split())
            for name in AAPOR_ITEMS
            if name not in _ONLY_COMPUTED
            and (text := {**common, **written.methods.get(audience, {})}.get(name))
            and not _left_open(text)
        }
        for audience in instrument.audiences
    }


# Questionnaires of earlier waves that differ from the study's own.


def wave_instruments(
    written: Mapping[str, WaveInstrument],
    folder: Path,
    waves: Sequence[str],
    instrument: Instrument | None,
    problems: list[Problem],
) -> dict[str, Instrument]:
    """Load the questionnaires of earlier waves, and collect what does not fit the study.

    The last wave's is the study's own: its words are the ones a report prints.
    """
    found: dict[str, Instrument] = {}
    for wave, named in written.items():
        where = f"wave_instruments → {wave}"
        if wave not in waves:
            problems.append(
                Problem("unknown-wave", where, "unknown wave of the study", near_names(wave, waves))
            )
            continue
        if wave == waves[-1]:
            hint = "write it as the study's own instrument, and the older one here under its wave"
            problems.append(Problem("conflict", where, "is the last wave", hint))
            continue
        try:
            own = _loaded(named, folder)
            if instrument is not None:
                problems += _misfits(own, instrument, where)
            found[wave] = own
        except InvalidInput as error:
            problems += [replace(p, where=f"{where}, {p.where}") for p in error.problems]
    return found


def _loaded(named: WaveInstrument, folder: Path) -> Instrument:
    if named.instrument is not None:
        return load_instrument(folder / named.instrument)
    return load_instruments({audience: folder / name for audience, name in named.instruments.items()})


def _misfits(own: Instrument, instrument: Instrument, where: str) -> Iterator[Problem]:
    for audience in own.audiences:
        if audience not in instrument.audiences:
            what = f"has an audience '{audience}' that the study's instrument does not have"
            yield Problem("unknown-audience", where, what, near_names(audience, instrument.audiences))
    compare(own, instrument)  # refuses questionnaires without a question or a language in common


def with_hanging(compared: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Extend the comparison of two questionnaires to questions routed by a changed one.

    Those whom the old words led on are not those whom the new ones do. And how many they were would tell of
    the question before, of which no trend and so no bound is printed.
    """
    hanging = {variable.name: _behind(variable, instrument) for variable in instrument.variables}
    while True:
        told = zip(compared["item"], compared["audience"], compared["trend"], strict=True)
        lost = {(item, audience) for item, audience, trend in told if trend != "yes"}
        reached = pd.Series(
            [
                trend == "yes" and any((name, audience) in lost for name in hanging.get(item, ()))
                for item, audience, trend in zip(
                    compared["item"], compared["audience"], compared["trend"], strict=True
                )
            ],
            index=compared.index,
            dtype=bool,
        )
        if not reached.any():
            return compared
        compared = compared.assign(
            change=compared["change"].mask(reached, "base changed"),
            trend=compared["trend"].mask(reached, "no"),
            what=compared["what"].mask(reached, "asked after a question that changed"),
        )


def _behind(variable: Variable, instrument: Instrument) -> tuple[str, ...]:
    """Return the columns of the questions that route to this one."""
    if not variable.item.ask_if:
        return ()
    asked = parse(variable.item.ask_if).item_ids(instrument)
    return tuple(one.name for one in instrument.variables if one.item.id in asked)
