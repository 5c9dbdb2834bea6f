"""Synthetic respondents that match a study's published margins; their dependence is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.findings.recipe import Carried, Opened, open_recipe
from toolkit.findings.rounding import possible_counts
from toolkit.instrument.routing import parse
from toolkit.records import records
from toolkit.responses.simulation.limesurvey import limesurvey_export
from toolkit.responses.simulation.people import Array, Dependence, Organisation
from toolkit.responses.simulation.population import populate
from toolkit.responses.simulation.run import write_file

__all__ = ["MARGIN_COLUMNS", "Synthetic", "answered", "synthesise", "write_synthetic"]

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
    normal leaning and the order is cut where the share says (a Gaussian copula with one factor a person and
    one a theme).

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
    assumptions = _assumptions(opened)
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
        asked, said = answered(column), np.asarray(column.isin(place.answers))
    else:
        options = [option for option in instrument.item(place.item).options if not option.exclusive]
        wanted = [o.code for o in options if "any" in place.answers or o.code in place.answers]
        asked = answered(frame[f"{place.item}_{options[0].code}"])
        ticks = [np.asarray(frame[f"{place.item}_{code}"] == "1") for code in wanted]
        said = np.logical_or.reduce(ticks)
    n, count = int((mine & asked).sum()), int((mine & asked & said).sum())
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
        what = f"is published as {row['published_as']}, and {row['count']} of {n} say so"
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


def _assumptions(opened: Opened) -> pd.DataFrame:
    rows = [
        {"item": one.item, "audience": audience, "among": one.among or "", "answer": answer, "share": value}
        for one in opened.shares
        for audience in one.audiences
        for answer, value in one.share.items()
        if answer not in one.findings
    ]
    return pd.DataFrame(rows, columns=["item", "audience", "among", "answer", "share"])


def _in_words(opened: Opened, dependence: Dependence, seed: int) -> str:
    people = ", ".join(f"{number} {name}" for name, number in opened.recipe.people.items())
    lines = [
        f"SYNTHETIC: {opened.recipe.title}. Nobody was asked; a program made {people} (seed {seed}).",
        f"Published shares of {opened.recipe.study} are met to within their rounding.",
        "Everything else is assumed: every share without a finding, every base that was not published, the",
        f"answers inside a box, and how answers hang together (a person's part {dependence.person:g}, "
        f"a theme's {dependence.theme:g};",
        "options of a multi-select hang together with nothing).",
    ]
    lines += [f"Not carried: {finding}: {why}" for finding, why in opened.recipe.not_carried.items()]
    return "\n".join(lines)


def _marked(exported: bytes) -> bytes:
    """Append a column that marks every row as synthetic."""
    first, *rows = exported.decode("utf-8").split("\r\n")
    marked = [f'{first};"synthetic"', *(f'{row};"yes"' if row else row for row in rows)]
    return "\r\n".join(marked).encode("utf-8")
