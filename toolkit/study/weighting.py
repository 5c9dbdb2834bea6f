"""Weights, sampling designs and cuts of a study: keys of its file, margins, weights, groups."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from toolkit.disclosure.policy import nearly_nobody
from toolkit.errors import InvalidInput, NotConverged, Problem, near_names
from toolkit.instrument.model import MISSING, Instrument, is_missing_code
from toolkit.instrument.yaml_loader import Strict, Truth
from toolkit.weighting import Calibration, Weights, effective_n, poststratify, rake, trim

if TYPE_CHECKING:
    from toolkit.analysis import Design

KISH = ("kish_n", "kish_heaviest_1", "kish_heaviest_2")
WEIGHT, _BASE = "weight", "base_weight"
CLIENT = "client"
"""The column of the organisation where all of them are taken as one."""
"""Columns of the coded frame: the weights, and those that raking started from."""
_STRATUM = "design_stratum_within"
_KEYS = ("organisation", "wave", "audience")
_UNKNOWN = "(missing)"
"""Category of respondents who did not answer a question that is a margin."""
_CROSSED = " * "


class Trim(Strict):
    """Smallest and largest weight, as multiples of the average weight."""

    lower: float = Field(default=0.0, ge=0, lt=1)
    upper: float = Field(default=math.inf, gt=1)


class Weighting(Strict):
    """Weighting of a study's answers.

    Parameters
    ----------
    column
        A carried column of weights, or the weights that raking starts from.
    rake, post_stratify
        Margins: "organisations" (columns such as `department=sales` of the organisations table), a file
        (column, category, target, and organisation, wave, audience where they differ), or
        column → category → target. `post_stratify` takes one column, or several joined as "sex * age".
    audiences
        The audiences that are weighted; all for none.
    trim
        Limits of weights.
    empty
        Treatment of a target without answers: "refuse", or "spread" over the other categories.
    """

    column: str | None = None
    rake: str | dict[str, dict[str, Any]] | None = None
    post_stratify: str | dict[str, dict[str, Any]] | None = None
    audiences: tuple[str, ...] = ()
    trim: Trim | None = None
    empty: Literal["refuse", "spread"] = "refuse"

    @model_validator(mode="after")
    def _some_way(self) -> Weighting:
        if self.column is None and self.margins is None:
            raise ValueError("weights come from somewhere; write column, rake or post_stratify")
        if self.rake is not None and self.post_stratify is not None:
            raise ValueError("rake and post_stratify are both given; write one of them")
        return self

    @property
    def margins(self) -> str | dict[str, dict[str, Any]] | None:
        """Return the margins as they are written, or where they are."""
        return self.rake if self.rake is not None else self.post_stratify

    @property
    def file(self) -> str | None:
        """Return the file of margins, if there is one."""
        return self.margins if isinstance(self.margins, str) and self.margins != "organisations" else None


class ReplicateColumns(Strict):
    """Carried columns of replicate weights; see `toolkit.analysis.Replicates`."""

    columns: tuple[str, ...]
    kind: Literal["bootstrap", "JK1", "JKn", "JK2", "BRR", "Fay", "successive-difference", "other"] = (
        "bootstrap"
    )
    scale: float | None = None
    rscales: tuple[float, ...] | None = None
    rho: float | None = None
    mse: Truth = False
    combined: Truth = True


class StudyDesign(Strict):
    """Sampling design, by carried columns; see `toolkit.analysis.Design`.

    Strata and clusters are within organisations: each organisation is a sample of its own.
    """

    strata: str | None = None
    clusters: str | tuple[str, ...] | None = None
    fpc: str | tuple[str, ...] | None = None
    lonely: Literal["fail", "certainty", "adjust", "average"] = "fail"
    replicates: ReplicateColumns | None = None

    @model_validator(mode="after")
    def _something(self) -> StudyDesign:
        if not self.columns:
            raise ValueError("a design names a column; write strata, clusters, fpc or replicates")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Return every column that it names."""
        return (*_tuple(self.strata), *_tuple(self.clusters), *self.numbers)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Return the columns that hold numbers."""
        return (*_tuple(self.fpc), *(self.replicates.columns if self.replicates else ()))


# Margins: from the study file, a file of their own or the organisations table, as one frame


def read_margins(
    given: Weighting,
    folder: Path,
    table: pd.DataFrame | None,
    instrument: Instrument,
    waves: tuple[str, ...],
    problems: list[Problem],
) -> pd.DataFrame | None:
    """Return the margins of a study: organisation, wave, audience (missing: any), column, category, target.

    `place` is where each row is written. Categories are the codes of an item's answers.
    """
    written, key = given.margins, "rake" if given.rake is not None else "post_stratify"
    if written is None:
        return None
    place = f"weights → {key}"
    rows: list[dict[str, Any]] = []
    if isinstance(written, dict):
        nested: dict[Any, Any] = written if set(written) <= set(instrument.audiences) else {None: written}
        for audience, columns in nested.items():
            for column, targets in columns.items():
                if not isinstance(targets, Mapping):
                    what = "must map categories to targets"
                    problems.append(Problem("wrong-type", f"{place} → {column}", what, "sales: 120"))
                    continue
                where = f"{place} → {f'{audience} → ' if audience else ''}{column}"
                rows += [
                    {"audience": audience, "column": column, "category": str(category), "target": target,
                     "place": f"{where} → {category}"}
                    for category, target in targets.items()
                ]  # fmt: skip
    elif written == "organisations":
        rows = list(_of_organisations(table, instrument, place, problems))
    else:
        rows = list(_of_file(folder / written, problems))
    frame = pd.DataFrame(rows, columns=[*_KEYS, "column", "category", "target", "place"], dtype=object)
    frame["target"] = pd.to_numeric(frame["target"], errors="coerce").astype("float64")
    known = None if table is None else set(table["organisation"])
    for row in frame.itertuples():
        problems += _row_problems(row, known, instrument, waves)
    problems += [
        Problem("duplicate", str(row.place), "occurs twice", "keep one target")
        for row in frame[frame.duplicated([*_KEYS, "column", "category"])].itertuples()
    ]
    frame["category"] = [
        _CROSSED.join(
            _code(instrument, name, part)
            for name, part in zip(column.split(_CROSSED), str(category).split(_CROSSED), strict=False)
        )
        for column, category in zip(frame["column"], frame["category"], strict=True)
    ]
    return frame


def _code(instrument: Instrument, column: str, category: str) -> str:
    """Return the code of an answer given as its code or as its label in any language."""
    labels: dict[str, str] = {}
    for language in instrument.languages if column in instrument else ():
        words = instrument[column].code_labels(language)
        labels |= {word.casefold(): code for code, word in words.items()}
    return labels.get(category.strip().casefold(), category.strip())


def _of_organisations(
    table: pd.DataFrame | None, instrument: Instrument, place: str, problems: list[Problem]
) -> Iterator[dict[str, Any]]:
    found = {} if table is None else {n: m for n in table if (m := re.fullmatch(r"(?:(.+?):)?(.+?)=(.+)", n))}
    if table is None or not found:
        what = "the organisations table has no columns of targets, or the study has no such table"
        problems.append(Problem("missing-column", place, what, "add columns such as department=sales"))
        return
    for name, match in found.items():
        audience, column, category = (part and part.strip() for part in match.groups())
        for _, row in table.iterrows():
            if not pd.isna(row[name]):
                yield {
                    "organisation": row["organisation"], "wave": row["wave"], "audience": audience,
                    "column": column, "category": category, "target": row[name],
                    "place": f"organisations, {row['organisation']}, column {name}",
                }  # fmt: skip


def _of_file(path: Path, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    from toolkit.responses.organisations import table_cells

    try:
        cells = table_cells(path)
    except InvalidInput as error:
        problems += [replace(one, where=f"{path.name}, {one.where}") for one in error.problems]
        return
    needed = ("column", "category", "target")
    lacking = [name for name in needed if name not in cells]
    problems += [
        Problem("missing-column", f"{path.name}, column {name}", "is missing", near_names(name, cells))
        for name in lacking
    ]
    problems += [
        Problem(
            "unexpected-column", f"{path.name}, column {name}", "unknown column of margins",
            near_names(name, (*needed, *_KEYS)),
        )
        for name in cells
        if name not in (*needed, *_KEYS)
    ]  # fmt: skip
    for line, row in enumerate(cells.to_dict("records"), start=2) if not lacking else ():
        yield {name: row[name] or None for name in (*needed, *_KEYS) if name in row} | {
            "place": f"{path.name}, row {line}"
        }


def _row_problems(
    row: Any, known: set[str] | None, instrument: Instrument, waves: tuple[str, ...]
) -> Iterator[Problem]:
    place = str(row.place)
    if not (math.isfinite(row.target) and row.target > 0):
        yield Problem("out-of-range", place, "the target is not above 0", "give a number or a share above 0")
    for name, code, options in (
        ("organisation", "unknown-organisation", known),
        ("wave", "unknown-wave", waves),
        ("audience", "unknown-audience", instrument.audiences),
    ):
        given = getattr(row, name)
        if given is not None and not pd.isna(given) and options is not None and given not in options:
            yield Problem(code, place, f"unknown {name} '{given}'", near_names(str(given), sorted(options)))  # type: ignore[arg-type]


# Weights of a study's answers


def weighed(
    frame: pd.DataFrame,
    given: Weighting | None,
    design: StudyDesign | None,
    margins: pd.DataFrame | None,
    smallest: int,
    problems: list[Problem],
) -> pd.DataFrame:
    """Return a coded frame with the weights of its respondents and its design columns as numbers.

    Parameters
    ----------
    smallest
        Audiences of fewer respondents than this in an organisation are not weighted: they are not shown.

    Notes
    -----
    Weights average 1 in each audience of a wave (of an organisation, where margins name organisations).
    Respondents without an answer to a question that is a margin keep their share of the sample.
    """
    names = [] if given is None or given.column is None else [given.column]
    names += design.numbers if design else ()
    columns = {name: _numbers(frame, name, problems) for name in names}
    frame = frame.assign(**columns)
    problems += _design_problems(frame, design)
    if given is None or problems:
        return frame
    weights = (
        np.ones(len(frame))
        if given.column is None
        else frame[given.column].to_numpy(dtype=np.float64, copy=True)
    )
    within = ["wave", "audience"]
    if margins is not None and margins["organisation"].notna().any():
        within.append("organisation")
    for key, rows in frame.groupby(within, observed=True, sort=False).indices.items():
        unit = dict(zip(within, map(str, key), strict=True))
        if (given.audiences and unit["audience"] not in given.audiences) or len(rows) < smallest:
            continue
        base = weights[rows]
        if margins is not None:
            own = margins[[_holds(row, unit) for row in margins.itertuples()]]
            if len(own):
                base = _fitted(frame.iloc[rows], own, unit, base, given, problems)
            elif given.audiences or margins["audience"].isin([unit["audience"], None]).any():
                where = "weights, " + ", ".join(f"{name} {value}" for name, value in unit.items())
                hint = "add its margins, or list the audiences that are weighted: audiences: […]"
                problems.append(Problem("missing-value", where, "has respondents and no margins", hint))
        base = base / base.mean()
        if given.trim is not None:
            try:
                base = trim(base, lower=given.trim.lower, upper=given.trim.upper).values.to_numpy()
            except NotConverged as fault:
                problems.append(Problem("unreachable", "weights → trim", str(fault), "widen the limits"))
        weights[rows] = base
    return frame.assign(**({_BASE: frame[given.column]} if given.column else {}), **{WEIGHT: weights})


def _holds(row: Any, unit: Mapping[str, str]) -> bool:
    return all(pd.isna(getattr(row, name)) or getattr(row, name) == unit.get(name) for name in _KEYS)


def _fitted(
    frame: pd.DataFrame,
    margins: pd.DataFrame,
    unit: Mapping[str, str],
    base: Any,
    given: Weighting,
    problems: list[Problem],
) -> Any:
    """Return the weights of one audience that meet its margins; where none do, add the problems."""
    where = "weights, " + ", ".join(f"{name} {value}" for name, value in unit.items())
    crossed = pd.DataFrame(index=frame.index)
    targets: dict[str, dict[str, float]] = {}
    for column, own in margins.groupby("column", sort=False):
        categories = categories_of(frame, str(column))
        if categories is None:
            hint = near_names(str(column), map(str, frame.columns))
            problems.append(Problem("unknown-column", f"{where}, {column}", "unknown item or column", hint))
            return base
        wanted = dict(zip(own["category"], own["target"], strict=True))
        if given.empty == "spread":
            kept = {name: value for name, value in wanted.items() if (categories == name).any()}
            lost = math.fsum(wanted.values()) / math.fsum(kept.values()) if kept else 1.0
            wanted = {name: value * lost for name, value in kept.items()}
        unknown = float((categories == _UNKNOWN).mean())
        if unknown > 0:
            whole = math.fsum(wanted.values())
            wanted = {name: value * (1 - unknown) for name, value in wanted.items()}
            wanted[_UNKNOWN] = whole * unknown
        crossed[str(column)], targets[str(column)] = categories, wanted
    try:
        if given.post_stratify is not None:
            return poststratify(crossed, targets, base=base).values.to_numpy()
        return rake(crossed, targets, base=base).values.to_numpy()
    except InvalidInput as error:
        for one in error.problems:
            hint = f"{one.hint}, or write empty: spread" if one.code == "empty-cell" else one.hint
            problems.append(replace(one, where=f"{where}, {one.where}", hint=hint))
    except NotConverged as fault:
        hint = "correct the margins, merge small categories, or leave one margin out"
        problems.append(Problem("contradiction", where, str(fault), hint))
    return base


def categories_of(frame: pd.DataFrame, column: str) -> pd.Series | None:
    """Return the category of each respondent in a margin; None where a column is unknown."""
    parts = []
    for name in column.split(_CROSSED):
        if name not in frame:
            return None
        cells = frame[name].astype("str")
        parts.append(
            cells.mask(cells.isna() | cells.map(is_missing_code, na_action="ignore").eq(True), _UNKNOWN)
        )
    joined = parts[0]
    for part in parts[1:]:
        joined = (joined + _CROSSED + part).mask((joined == _UNKNOWN) | (part == _UNKNOWN), _UNKNOWN)
    return joined


def _numbers(frame: pd.DataFrame, name: str, problems: list[Problem]) -> pd.Series:
    numbers = pd.to_numeric(frame[name], errors="coerce").astype("float64")
    wrong = ~(np.isfinite(numbers) & (numbers > 0))
    if wrong.any():
        first = frame[wrong].iloc[0]
        more = f" (+{int(wrong.sum()) - 1} more)" if wrong.sum() > 1 else ""
        cell = "missing" if pd.isna(first[name]) else repr(str(first[name]))
        problems.append(
            Problem(
                "not-finite", f"{first['source']}, column {name}, respondent {first['respondent']}{more}",
                f"{cell} is not a number above 0", "correct the file, or leave the row out (rows: …)",
            )
        )  # fmt: skip
    return numbers


def _design_problems(frame: pd.DataFrame, design: StudyDesign | None) -> Iterator[Problem]:
    for name in design.columns if design else ():
        cells = frame[name]
        if cells.isna().any() and name not in design.numbers:  # type: ignore[union-attr]
            first = frame[cells.isna()].iloc[0]
            where = f"{first['source']}, column {name}, respondent {first['respondent']}"
            yield Problem("missing-value", where, "is blank", "fill it in, or leave the row out (rows: …)")
    for name in (*_tuple(design.strata)[:1], *_tuple(design.clusters)[:1]) if design else ():
        spans = frame.groupby(["wave", name], observed=True)["organisation"].nunique()
        for (wave, unit), count in spans[spans > 1].items():
            what = (
                f"'{unit}' of wave {wave} spans {count} organisations, each of which is a sample of its own"
            )
            hint = "put the organisation into its name, such as acme-north"
            yield Problem("inconsistent", f"design → {name}", what, hint)


def heaviest(weights: Any, room: int) -> float:
    """Return the part of the weights that as many people can have as the policy counts as nearly nobody."""
    n = len(weights)
    few = math.floor(nearly_nobody(n, room) * n + 1e-9)
    return float(np.sort(weights)[n - few :].sum() / np.sum(weights))


def with_kish(
    rows: pd.DataFrame,
    frame: pd.DataFrame,
    design: Design | None,
    by: Sequence[str] = ("audience",),
    *,
    between: str = "",
) -> pd.DataFrame:
    """Append to weighted shares what the gate judges a base by.

    `kish_n` is the effective number of answers, `kish_heaviest_1` and `kish_heaviest_2` the `heaviest` part
    of the weights under a policy with room for one or for two.

    Parameters
    ----------
    by
        Group columns of the rows.
    between
        Of rows that compare, the column of the frame whose values are compared.
    """
    if design is None or WEIGHT not in frame or rows.empty:
        return rows
    keys = [*by, *([between] if between else [])]
    found: dict[tuple[str, ...], tuple[float, ...]] = {}
    for item in rows["item"].unique():
        given = frame[item].notna() & ~frame[item].isin(list(MISSING))
        for group, own in frame.loc[given, WEIGHT].groupby([frame[key] for key in keys], observed=True):
            weights = own.to_numpy(dtype=np.float64)
            if weights.sum() > 0:
                judged = (effective_n(weights), heaviest(weights, 1), heaviest(weights, 2))
                found[(str(item), *map(str, group))] = judged
    ends = {f"_{end}": [*by, f"audience_{end}"] for end in "ab"} if between else {"": list(by)}
    for end, names in ends.items():
        keyed = rows[["item", *names]].itertuples(index=False, name=None)
        values = np.array([found.get(tuple(map(str, key)), (math.nan,) * len(KISH)) for key in keyed])
        rows = rows.assign(**{f"{name}{end}": values[:, place] for place, name in enumerate(KISH)})
    return rows


# Cuts: columns by which reports divide audiences

MOST_GROUPS = 40
"""Groups of a cut that an organisation may have."""


def cut_problems(frame: pd.DataFrame, cuts: Sequence[str], levels: Sequence[str]) -> Iterator[Problem]:
    """List what is wrong with the groups of cuts: one, too many, spelt in two ways, without a tree."""
    for name in (*cuts, *levels):
        place = f"{'levels' if name in levels else 'cuts'} → {name}"
        cells = frame[name].astype("str")
        cells = cells[cells.notna() & ~cells.map(is_missing_code, na_action="ignore").eq(True)]
        found = list(dict.fromkeys(cells))
        if len(found) < 2:
            yield Problem("no-variation", place, f"holds {len(found)} group(s)", "remove it, or fill it in")
        spelt: dict[str, list[str]] = {}
        for one in found:
            spelt.setdefault(one.casefold(), []).append(one)
        for alike in (names for names in spelt.values() if len(names) > 1):
            what = f"holds names that differ by case alone: {', '.join(alike)}"
            hint = f"make them one: carry: {{{name}: {{column: …, values: {{{alike[1]}: {alike[0]}}}}}}}"
            yield Problem("ambiguous", place, what, hint)
        most = cells.groupby([frame["organisation"], frame["wave"]]).nunique()
        for (organisation, wave), count in most[most > MOST_GROUPS].items():
            what = f"has {count} groups in {organisation}, wave {wave}; at most {MOST_GROUPS} are shown"
            yield Problem("too-many", place, what, "join groups: carry → values")
    for upper, lower in pairwise(levels):
        yield from _tree_problems(frame, upper, lower)
    yield from _loops(frame, levels)


def _tree_problems(frame: pd.DataFrame, upper: str, lower: str) -> Iterator[Problem]:
    orphans = frame[frame[lower].notna() & frame[upper].isna()]
    for name in orphans[lower].unique()[:5]:
        what = f"'{name}' has respondents without a {upper}"
        yield Problem("missing-value", f"levels → {lower}", what, f"fill in {upper} for all of them")
    pairs = frame.dropna(subset=[upper, lower]).drop_duplicates(["organisation", "wave", upper, lower])
    several = pairs.groupby(["organisation", "wave", lower])[upper].agg(list)
    for (organisation, wave, name), parents in several[several.map(len) > 1].items():
        what = f"'{name}' of {organisation}, wave {wave}, is in {' and in '.join(map(str, parents))}"
        yield Problem(
            "inconsistent", f"levels → {lower}", what, "give each its own name, such as North sales"
        )


def _loops(frame: pd.DataFrame, levels: Sequence[str]) -> Iterator[Problem]:
    """Find names that are above and below each other."""
    above: dict[str, set[str]] = {}
    for upper, lower in pairwise(levels):
        for one, other in frame[[upper, lower]].dropna().drop_duplicates().itertuples(index=False, name=None):
            if one != other:
                above.setdefault(str(other), set()).add(str(one))
    for name in above:
        reached, ahead = set(), set(above[name])
        while ahead:
            reached |= ahead
            ahead = {up for one in ahead for up in above.get(one, ())} - reached
        if name in reached:
            what = f"'{name}' is above itself"
            yield Problem("circular", f"levels → {levels[0]} … {levels[-1]}", what, "correct the columns")


# The design of estimates


def declared_design(given: Weighting | None, design: StudyDesign | None) -> Design | None:
    """Return the design of a study's frames as its file declares it, by columns."""
    from toolkit.analysis import Design, Replicates

    if given is None and design is None:
        return None
    weights = WEIGHT if given is not None else None
    if design is None:
        return Design(weights=weights)
    if design.replicates is not None:
        return Design(weights=weights, replicates=Replicates(**design.replicates.model_dump()))
    return Design(
        weights=weights, strata=design.strata, clusters=design.clusters, fpc=design.fpc, lonely=design.lonely
    )


def laid_out(
    frame: pd.DataFrame, design: Design, given: Weighting | None, margins: pd.DataFrame | None
) -> tuple[pd.DataFrame, Design]:
    """Return one organisation's frame and the design its estimates use.

    Waves are samples of their own, and so are audiences where no other design is given;
    intervals count the degrees of freedom of the group. What raked or post-stratified weights explain does
    not count as error, where they were made within the organisation and not trimmed.
    """
    if design.replicates is not None:
        return frame, replace(design, df="domain")
    strata = _tuple(design.strata)
    plain = not (strata or design.clusters or design.fpc)
    first = frame["audience" if plain else strata[0] if strata else "wave"].astype(str)
    frame = frame.assign(**{_STRATUM: frame["wave"].astype(str) + " | " + first})
    lonely = "adjust" if plain else design.lonely
    design = replace(design, strata=(_STRATUM, *strata[1:]), df="domain", lonely=lonely)
    if margins is None or margins["organisation"].isna().all() or given is None or given.trim is not None:
        return frame, design
    codes = []
    groups = frame["wave"].astype(str) + " | " + frame["audience"].astype(str)
    for column, own in margins.groupby("column", sort=False):
        keys = frame[["wave", "audience"]].astype(str).drop_duplicates().to_dict("records")
        covered = [
            f"{key['wave']} | {key['audience']}"
            for key in keys
            if key["audience"] in (given.audiences or (key["audience"],))
            and any(_holds(row, {**key, "organisation": row.organisation}) for row in own.itertuples())
        ]
        categories = categories_of(frame, str(column))
        if categories is not None:
            codes.append(pd.factorize(groups + " | " + categories.where(groups.isin(covered), ""))[0])
    before = frame[_BASE].to_numpy(dtype=np.float64) if _BASE in frame else np.ones(len(frame))
    after = frame[WEIGHT].to_numpy(dtype=np.float64)
    effective = effective_n(after)
    explained = Calibration("raking" if len(codes) > 1 else "cells", before, after, tuple(codes))
    weights = Weights(frame[WEIGHT], len(after) / effective, effective, 0, pd.DataFrame(), explained)
    return frame, replace(design, weights=weights)


def _tuple(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


def margins_of(margins: pd.DataFrame | None, audience: str) -> list[str]:
    """Return the columns whose targets weight an audience."""
    if margins is None:
        return []
    own = margins["audience"].isna() | (margins["audience"] == audience)
    return list(dict.fromkeys(margins.loc[own, "column"]))


def spread_of_weights(
    frame: pd.DataFrame, given: Weighting | None, audiences: tuple[str, ...], smallest: int
) -> pd.DataFrame:
    """Summarise what weighting costs per audience: answered, effective_n, design_effect, efficiency, trimmed.

    `effective_n` is Kish's, `efficiency` its share of `answered`, `trimmed` the share of weights at a limit.
    Audiences whose effective number is below `smallest` have no row.

    Examples
    --------
    >>> frame = pd.DataFrame({"audience": "staff", "weight": [0.5, 0.5, 1.0, 2.0]})
    >>> spread_of_weights(frame, None, ("staff",), 2)["effective_n"].round(2).tolist()
    [2.91]
    """
    rows = []
    for audience in audiences:
        weights = frame.loc[(frame["audience"] == audience).to_numpy(), WEIGHT].to_numpy(dtype=np.float64)
        effective = effective_n(weights)
        if effective < smallest:
            continue
        trimmed = 0.0
        if given is not None and given.trim is not None:
            low, high = given.trim.lower, given.trim.upper
            trimmed = float(((weights <= low * (1 + 1e-9)) | (weights >= high * (1 - 1e-9))).mean())
        answered = int(np.count_nonzero(weights))
        rows.append((audience, answered, effective, answered / effective, effective / answered, trimmed))
    columns = ["audience", "answered", "effective_n", "design_effect", "efficiency", "trimmed"]
    return pd.DataFrame(rows, columns=columns)
