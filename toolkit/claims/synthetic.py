"""Synthetic respondents that carry a study's published margins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import Field

from toolkit.claims.bases import possible_counts
from toolkit.claims.register import Register, load_register
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument import load_instruments
from toolkit.instrument.model import Instrument
from toolkit.instrument.routing import parse
from toolkit.instrument.yaml_loader import Strict, checked, read_document
from toolkit.platforms.naming import FolderName
from toolkit.records import records
from toolkit.shipped import named
from toolkit.simulation.exports import limesurvey_export
from toolkit.simulation.population import Array, Dependence, Organisation, Share, load_shares, populate
from toolkit.simulation.run import write_file

# Recipes of synthetic respondents: published figures, and an assumption for everything else.


class Carried(Strict):
    """How one published figure is matched: the share of these answers among the people asked.

    `among` limits it to those of whom a routing condition is true.
    """

    finding: str
    item: str
    answers: tuple[str, ...] = Field(min_length=1)
    audience: str
    among: str | None = None


class Recipe(Strict):
    """A recipe as it is written; its paths are relative to it.

    Parameters
    ----------
    study, register
        Which study of which register; every share it published is carried, or named under `not_carried`.
    people
        Audience → how many respondents.
    shares
        A file of shares as of a simulation: those with `findings` are published, the others assumed.
    dependence
        Dependence between answers, which is assumed because nothing about it was published.
    follows
        Published figures that follow from shares: of a whole whose parts have shares, of answers together.
    not_carried
        Finding → why no respondent can carry it.
    """

    title: str
    study: str
    register_folder: str = Field(alias="register")
    instruments: dict[str, str] = Field(min_length=1)
    shares: str
    organisation: FolderName
    wave: FolderName
    opens: date
    closes: date
    seed: int = Field(ge=0)
    people: dict[str, int] = Field(min_length=1)
    dependence: Dependence = Dependence(organisation=0.0, view=0.0)
    follows: tuple[Carried, ...] = ()
    not_carried: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Opened:
    """A recipe with all the files it names, checked."""

    path: Path
    recipe: Recipe
    instrument: Instrument
    shares: tuple[Share, ...]
    claims: pd.DataFrame
    carried: tuple[Carried, ...]


def open_recipe(path: str | Path, *, assume: Mapping[str, Mapping[str, float]] | None = None) -> Opened:
    """Read a recipe and all the files it names.

    Parameters
    ----------
    assume
        "item/audience" → other assumed shares, in place of the file's.

    Raises
    ------
    InvalidInput
        Every problem at once, among them a published share neither carried nor listed as left out, and an
        assumption in place of a published figure.
    """
    path = named(path, "recipe")
    recipe = checked(Recipe, read_document(path))
    folder = path.parent
    register = load_register(folder / recipe.register_folder)
    claims = register.of(recipe.study).claims
    instrument = load_instruments({name: folder / file for name, file in recipe.instruments.items()})
    shares = load_shares(folder / recipe.shares, instrument)
    problems: list[Problem] = []
    shares = _assumed(shares, assume or {}, problems)
    carried = (*_from_shares(shares, instrument), *recipe.follows)
    problems += _misfits(recipe, instrument, carried, claims, register)
    if problems:
        raise InvalidInput(path, problems)
    return Opened(path, recipe, instrument, shares, claims.set_index("finding_id"), carried)


def _assumed(
    shares: tuple[Share, ...], assume: Mapping[str, Mapping[str, float]], problems: list[Problem]
) -> tuple[Share, ...]:
    changed = list(shares)
    keys = [f"{one.item}/{audience}" for one in shares if not one.findings for audience in one.audiences]
    for key, wanted in assume.items():
        item, _, audience = key.partition("/")
        places = [
            place
            for place, one in enumerate(changed)
            if one.item == item and audience in one.audiences and one.among is None
        ]
        if not places:
            problems.append(
                Problem("unknown-name", f"assume {key}", "has no share in the recipe", near_names(key, keys))
            )
            continue
        old = changed[places[0]]
        if old.findings:
            published = ", ".join(f"{answer} is {finding}" for answer, finding in old.findings.items())
            hint = "assume something for a share that was not published"
            problems.append(
                Problem("conflict", f"assume {key}", f"matches a published figure ({published})", hint)
            )
            continue
        wrong = [value for value in wanted.values() if not 0 <= value <= 1]
        if wrong or sum(wanted.values()) > 1 + 1e-9:
            what = f"gives {', '.join(f'{value:g}' for value in wanted.values())}"
            problems.append(
                Problem(
                    "out-of-range", f"assume {key}", what, "give fractions from 0 to 1, at most 1 together"
                )
            )
            continue
        rest = tuple(name for name in old.audiences if name != audience)
        own = old.model_copy(update={"audiences": (audience,), "share": dict(wanted)})
        changed[places[0] : places[0] + 1] = (
            [old.model_copy(update={"audiences": rest}), own] if rest else [own]
        )
    return tuple(changed)


def _from_shares(shares: Sequence[Share], instrument: Instrument) -> Iterator[Carried]:
    for one in shares:
        for answer, finding in one.findings.items():
            multi = one.item not in instrument and instrument.item(one.item).type == "multi"
            codes = (answer,) if multi else instrument[one.item].codes_of(answer)
            for audience in one.audiences:
                yield Carried(
                    finding=finding, item=one.item, answers=codes, audience=audience, among=one.among
                )


def _misfits(
    recipe: Recipe,
    instrument: Instrument,
    carried: Sequence[Carried],
    claims: pd.DataFrame,
    register: Register,
) -> Iterator[Problem]:
    for audience, number in recipe.people.items():
        if audience not in instrument.audiences:
            hint = near_names(audience, instrument.audiences)
            yield Problem("unknown-audience", f"people → {audience}", "unknown audience", hint)
        if number < 1:
            yield Problem(
                "out-of-range", f"people → {audience}", f"is {number}", "give 1 or more, or leave it out"
            )
    ids = list(claims["finding_id"])
    for place in carried:
        yield from _carried_problems(place, instrument, ids, register)
    for finding in recipe.not_carried:
        if finding not in ids:
            yield Problem(
                "unknown-name",
                f"not_carried → {finding}",
                "unknown finding of the study",
                near_names(finding, ids),
            )
    named = [place.finding for place in carried]
    for claim in records(claims):
        finding = claim["finding_id"]
        if claim["statistic"] == "share" and finding not in named and finding not in recipe.not_carried:
            what = f"is published ({claim['audience']}: {claim['item']}) and carried by no share"
            hint = "name it under findings of a share, under follows, or under not_carried with the reason"
            yield Problem("missing-key", f"finding {finding}", what, hint)


def _carried_problems(
    place: Carried, instrument: Instrument, ids: Sequence[str], register: Register
) -> Iterator[Problem]:
    where = f"finding {place.finding}"
    if place.finding not in ids:
        known = [*ids, *register.claims["finding_id"]]
        yield Problem("unknown-name", where, "unknown finding of the study", near_names(place.finding, known))
    if place.audience not in instrument.audiences:
        hint = near_names(place.audience, instrument.audiences)
        yield Problem("unknown-audience", where, f"unknown audience '{place.audience}'", hint)
    if place.item not in instrument and place.item not in {item.id for item in instrument.items}:
        yield Problem(
            "unknown-item",
            where,
            f"unknown item '{place.item}'",
            near_names(place.item, [i.id for i in instrument.items]),
        )
        return
    if place.item in instrument:
        codes: Sequence[str] = instrument[place.item].codes
    else:
        codes = ["any", *(option.code for option in instrument.item(place.item).options)]
    for answer in place.answers:
        if answer not in codes:
            yield Problem(
                "unknown-answer",
                where,
                f"unknown answer '{answer}' of {place.item}",
                near_names(answer, codes),
            )
    if place.among is not None:
        try:
            parse(place.among)
        except InvalidInput as error:
            yield from (replace(one, where=f"{where}, among") for one in error.problems)


# Synthetic respondents that match a study's published margins; their dependence is assumed.


MARGIN_COLUMNS = (
    "finding_id",
    "item",
    "answers",
    "audience",
    "among",
    "published_as",
    "low",
    "high",
    "count",
    "n",
    "percent",
    "met",
    "base_is",
)
"""One row per published figure: its rounding range, and the synthetic count and base."""

ANSWERS_FILE = "synthetic_respondents.csv"
_NOISE = 1e-9


@dataclass(frozen=True, eq=False)
class Synthetic:
    """Synthetic respondents.

    Parameters
    ----------
    frame
        A coded frame; `attrs` holds "synthetic" (True) and "assumptions" (in words).
    margins
        Every published figure carried, with the columns of `MARGIN_COLUMNS`; all are met.
    assumptions
        What was not published and so assumed: item, audience, among, answer, share.
    """

    frame: pd.DataFrame
    margins: pd.DataFrame
    assumptions: pd.DataFrame
    opened: Opened
    seed: int
    dependence: Dependence


def synthesise(
    recipe: str | Path,
    *,
    person: float | None = None,
    theme: float | None = None,
    assume: Mapping[str, Mapping[str, float]] | None = None,
    seed: int | None = None,
) -> Synthetic:
    """Generate respondents with the published shares and the published numbers of respondents.

    Every share is met to within its rounding, whatever is assumed of the rest: people are ordered by a latent
    normal leaning and the order is cut at the share (a Gaussian copula with one factor per person and
    one per theme).

    Parameters
    ----------
    recipe
        The recipe file; see docs/microdata.md.
    person, theme
        Part of a latent answer's variance that all answers of a person, and those within a theme, have in
        common; None for the recipe's. Options of a multi-select are independent.
    assume
        "item/audience" → answer → share, in place of the recipe's assumption.
    seed
        Another than the recipe's.

    Raises
    ------
    InvalidInput
        Every problem of the recipe; a published share that no number of people in its base rounds to; a base
        that is not the published one.

    Notes
    -----
    Nothing can be learned from them that is not in the published figures or in the assumptions.

    Examples
    --------
    >>> made = synthesise("upwork_2024")
    >>> len(made.frame), bool(made.margins["met"].all())
    (2500, True)
    """
    opened = open_recipe(recipe, assume=assume)
    dependence = _dependence(opened, person, theme)
    seed = opened.recipe.seed if seed is None else seed
    if seed < 0:
        problem = Problem("out-of-range", "seed", f"{seed} is below 0", "give 0 or a positive whole number")
        raise InvalidInput("synthesise", [problem])
    frame = _people(opened, dependence, seed)
    margins = pd.DataFrame(
        [_margin(place, frame, opened) for place in opened.carried], columns=list(MARGIN_COLUMNS)
    )
    margins = margins.sort_values("finding_id", ignore_index=True)
    problems = [problem for row in records(margins) for problem in _unmet(row, opened)]
    if problems:
        raise InvalidInput(opened.path, problems)
    rows = [
        {"item": one.item, "audience": audience, "among": one.among or "", "answer": answer, "share": value}
        for one in opened.shares
        for audience in one.audiences
        for answer, value in one.share.items()
        if answer not in one.findings
    ]
    assumptions = pd.DataFrame(rows, columns=["item", "audience", "among", "answer", "share"])
    frame.attrs = {"synthetic": True, "assumptions": _in_words(opened, dependence, seed)}
    return Synthetic(frame, margins, assumptions, opened, seed, dependence)


def write_synthetic(made: Synthetic, folder: str | Path) -> list[Path]:
    """Write the respondents in LimeSurvey's export format, every row marked as synthetic, with their margins.

    Returns
    -------
    list of Path
        The answers, the margins they carry, the assumptions; the same recipe and seed give the same bytes.

    Raises
    ------
    InvalidInput
        Where the folder cannot be written to.
    """
    recipe = made.opened.recipe
    exported = limesurvey_export(
        made.frame,
        made.opened.instrument,
        opens=recipe.opens.isoformat(),
        closes=recipe.closes.isoformat(),
        seed=made.seed,
    )
    tables = {"synthetic_margins.csv": made.margins, "synthetic_assumptions.csv": made.assumptions}
    contents = {ANSWERS_FILE: _marked(exported)}
    contents |= {
        name: table.assign(synthetic="yes").to_csv(index=False, lineterminator="\n").encode("utf-8")
        for name, table in tables.items()
    }
    contents["synthetic_assumptions.txt"] = (made.frame.attrs["assumptions"] + "\n").encode("utf-8")
    return [write_file(Path(folder) / name, content) for name, content in contents.items()]


def _dependence(opened: Opened, person: float | None, theme: float | None) -> Dependence:
    own = opened.recipe.dependence
    wanted = {
        "person": own.person if person is None else person,
        "theme": own.theme if theme is None else theme,
    }
    problems = [
        Problem("out-of-range", name, f"is {value:g}", "give a part of the variance, from 0 to below 1")
        for name, value in wanted.items()
        if not 0 <= value < 1
    ]
    together = own.organisation + own.view + sum(wanted.values())
    if not problems and together >= 1:
        what = f"come to {together:g} with the recipe's other parts"
        problems.append(
            Problem("wrong-sum", "person and theme", what, "leave something for the item: below 1 together")
        )
    if problems:
        raise InvalidInput("synthesise", problems)
    return own.model_copy(update=wanted)


def _people(opened: Opened, dependence: Dependence, seed: int) -> pd.DataFrame:
    recipe = opened.recipe
    place = Organisation(
        id=recipe.organisation, name=recipe.title, people=dict(recipe.people), waves=(recipe.wave,)
    )
    found = populate(
        opened.instrument, [place], opened.shares, waves=[recipe.wave], seed=seed, dependence=dependence
    )
    numbered = found.groupby("audience", observed=True).cumcount() + 1
    ids = "synthetic-" + found["audience"].astype("str") + "-" + numbered.astype("str").str.zfill(4)
    columns = {
        "respondent": ids.astype("str"),
        "organisation": found["organisation"],
        "wave": found["wave"],
        "audience": found["audience"],
        "source": pd.Series("synthetic", index=found.index, dtype="str"),
        "status": pd.Series("complete", index=found.index, dtype="str"),
    }
    return pd.DataFrame(columns | {v.name: found[v.name] for v in opened.instrument.variables})


def answered(column: pd.Series) -> Array:
    """Return where a coded column holds an answer rather than a missing code."""
    return np.asarray(~column.astype("str").str.startswith("-") & column.notna(), dtype=bool)


def _margin(place: Carried, frame: pd.DataFrame, opened: Opened) -> dict[str, object]:
    claim, instrument = opened.claims.loc[place.finding], opened.instrument
    mine = np.asarray(frame["audience"] == place.audience)
    if place.among is not None:
        mine = mine & parse(place.among).evaluate(frame, instrument)
    if place.item in instrument:
        column = frame[place.item]
        asked, text = answered(column), np.asarray(column.isin(place.answers))
    else:
        options = [option for option in instrument.item(place.item).options if not option.exclusive]
        wanted = [o.code for o in options if "any" in place.answers or o.code in place.answers]
        asked = answered(frame[f"{place.item}_{options[0].code}"])
        ticks = [np.asarray(frame[f"{place.item}_{code}"] == "1") for code in wanted]
        text = np.logical_or.reduce(ticks)
    n, count = int((mine & asked).sum()), int((mine & asked & text).sum())
    percent = 100 * count / n if n else np.nan
    return {
        "finding_id": place.finding,
        "item": place.item,
        "answers": " ".join(place.answers),
        "audience": place.audience,
        "among": place.among or "",
        "published_as": claim["published_as"],
        "low": claim["low"],
        "high": claim["high"],
        "count": count,
        "n": n,
        "percent": percent,
        "met": bool(n) and claim["low"] - _NOISE <= percent <= claim["high"] + _NOISE,
        "base_is": "published" if claim["n_status"] in ("known", "assumed") else "assumed",
    }


def _unmet(row: Mapping[str, object], opened: Opened) -> list[Problem]:
    where, claim = f"finding {row['finding_id']}", opened.claims.loc[str(row["finding_id"])]
    problems = []
    n, low, high = int(str(row["n"])), float(str(row["low"])), float(str(row["high"]))
    if not row["met"]:
        possible = n > 0 and bool(possible_counts(low, high, [n])["possible"].iloc[0])
        what = f"is published as {row['published_as']}, and {row['count']} of {n} give this answer"
        hint = (
            "correct the share, or what it follows from"
            if possible
            else f"no number of {n} people rounds to it; assume another base"
        )
        problems.append(Problem("contradiction", where, what, hint))
    if row["base_is"] == "published" and n != claim["n"]:
        what = f"is of {claim['n']} people, and {n} are asked it here"
        problems.append(Problem("contradiction", where, what, "correct people, or ask the item of everybody"))
    if row["base_is"] == "assumed" and not pd.isna(claim["n_most"]) and n > claim["n_most"]:
        what = f"is of at most {claim['n_most']} people, and {n} are asked it here"
        problems.append(Problem("contradiction", where, what, "assume a smaller base"))
    return problems


def _in_words(opened: Opened, dependence: Dependence, seed: int) -> str:
    people = ", ".join(f"{number} {name}" for name, number in opened.recipe.people.items())
    lines = [
        f"SYNTHETIC: {opened.recipe.title}. No one was asked; a program made {people} (seed {seed}).",
        f"Published shares of {opened.recipe.study} are met to within their rounding.",
        "Everything else is assumed: every share without a finding, every base that was not published, the",
        f"answers inside a box, and how answers correlate (a person's part {dependence.person:g}, "
        f"a theme's {dependence.theme:g};",
        "options of a multi-select correlate with nothing).",
    ]
    lines += [f"Not carried: {finding}: {why}" for finding, why in opened.recipe.not_carried.items()]
    return "\n".join(lines)


def _marked(exported: bytes) -> bytes:
    """Append a column that marks every row as synthetic."""
    first, *rows = exported.decode("utf-8").split("\r\n")
    marked = [f'{first};"synthetic"', *(f'{row};"yes"' if row else row for row in rows)]
    return "\r\n".join(marked).encode("utf-8")


# Results that need two answers of one person, over a range of assumed dependence.


def joint_by_dependence(
    recipe: str | Path,
    pairs: Sequence[tuple[str, str]],
    *,
    audience: str,
    person: Sequence[float] = (0.0, 0.2, 0.4, 0.6),
    seed: int | None = None,
) -> pd.DataFrame:
    """Compute results that need two answers of one person under different dependence, margins fixed.

    Parameters
    ----------
    pairs
        Two items each, counted by their top box.
    audience
        Whose.
    person
        Parts of a person's variance to try; the theme's part is 0, so that each is the latent correlation.

    Returns
    -------
    pandas.DataFrame
        person, item_a, item_b, n, share_a, share_b (alike in all rows of a pair), both (share in both boxes),
        risk_with and risk_without (share of b among those in and not in box a), relative_risk, phi, and
        margins_met (whether every published figure is met).

    Raises
    ------
    InvalidInput
        As `synthesise`; an item without a top box, or not asked of everybody in the audience.

    Examples
    --------
    >>> tried = joint_by_dependence("data_samples/upwork_2024/recipe.yaml", [("burnout", "leave")],
    ...                             audience="employee", person=(0.0, 0.5))
    >>> tried["share_b"].nunique(), bool(tried["relative_risk"].is_monotonic_increasing)
    (1, True)
    """
    rows = []
    for part in person:
        made = synthesise(recipe, person=part, theme=0.0, seed=seed)
        people = made.frame[made.frame["audience"] == audience]
        for a, b in pairs:
            in_a = _top(people, a, made.opened.instrument)
            in_b = _top(people, b, made.opened.instrument)
            met = bool(made.margins["met"].all())
            rows.append(
                {"person": part, "item_a": a, "item_b": b} | _joint(in_a, in_b) | {"margins_met": met}
            )
    frame = pd.DataFrame(rows)
    frame.attrs["synthetic"] = True
    return frame


def _joint(in_a: Array, in_b: Array) -> dict[str, float]:
    a, b, both = in_a.mean(), in_b.mean(), (in_a & in_b).mean()
    with_a = both / a if a > 0 else np.nan
    without = (b - both) / (1 - a) if a < 1 else np.nan
    spread = a * (1 - a) * b * (1 - b)
    return {
        "n": len(in_a),
        "share_a": float(a),
        "share_b": float(b),
        "both": float(both),
        "risk_with": float(with_a),
        "risk_without": float(without),
        "relative_risk": float(with_a / without) if without > 0 else np.nan,
        "phi": float((both - a * b) / np.sqrt(spread)) if spread > 0 else np.nan,
    }


def _top(people: pd.DataFrame, item: str, instrument: Instrument) -> Array:
    codes = instrument[item].codes_of("top") if item in instrument else ()
    if not codes:
        hint = "name single items whose scale has a top box"
        raise InvalidInput(
            "joint_by_dependence", [Problem("unsuited-item", f"item {item}", "has no top box", hint)]
        )
    text = answered(people[item])
    if not text.all() or not len(people):
        what = f"was answered by {int(text.sum())} of the {len(people)} people of the audience"
        hint = "name items that all of the audience are asked"
        raise InvalidInput("joint_by_dependence", [Problem("not-asked", f"item {item}", what, hint)])
    return np.asarray(people[item].isin(codes), dtype=bool)
