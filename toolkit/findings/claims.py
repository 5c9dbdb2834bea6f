"""A register of published claims: studies, figures, and relations between figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.fields import Strict, Truth

__all__ = [
    "CLAIM_COLUMNS",
    "CLOSENESS",
    "N_STATUS",
    "STATISTICS",
    "Check",
    "Lookalike",
    "Pair",
    "Reading",
    "Register",
    "Relations",
    "Studies",
    "StudyFacts",
]

CLAIM_COLUMNS = (
    "finding_id",
    "study",
    "item",
    "audience",
    "base",
    "statistic",
    "published_as",
    "value",
    "low",
    "high",
    "n",
    "n_status",
    "n_most",
    "source",
    "closeness",
    "note",
)
"""Columns of findings.csv, in order."""

STATISTICS = ("share", "mean", "relative_risk")
"""What a value may be: per cent of people; a mean, in its own unit; how many times as likely."""

N_STATUS = ("known", "assumed", "unknown")
"""Of one figure's n: printed with it; the size of the audience, so at most; not published."""

CLOSENESS = ("primary", "second-hand")
"""Source of a figure: the publisher's own text, or another."""


class StudyFacts(Strict):
    """What a study published about its methods; None where no source mentions it."""

    title: str
    publisher: str
    year: int = Field(ge=1900, le=2100)
    vendor: str = ""
    fieldwork: str = ""
    countries: tuple[str, ...] = ()
    audiences: dict[str, int] = Field(default_factory=dict)
    total: int | None = Field(default=None, ge=1)
    screening: str = ""
    weighted: Literal["yes", "no", "unknown"] = "unknown"
    unpublished: tuple[str, ...] = ()


class Check(Strict):
    """A check: how some figures of one study bound another."""

    id: str
    kind: Literal["sum", "shares", "net", "within", "mixture"]
    parts: tuple[str, ...] = Field(min_length=1)
    whole: str | None = None
    part_name: str = "the first group"
    complete: Truth = True
    says: str
    provided: str = ""


class Pair(Strict):
    """Two comparable figures of one item: two audiences, or one audience in two waves."""

    id: str
    a: str
    b: str
    name: str
    waves: Truth = False


class Lookalike(Strict):
    """Two figures that look comparable but are not."""

    a: str
    b: str
    why: str


class Reading(Strict):
    """A reading: what another source made of a figure."""

    of: str
    by: tuple[str, ...] = Field(min_length=1)
    said: str
    changes: Literal["value", "base", "statistic", "wording", "complement"]
    value: float | None = None
    effect: str


class Studies(Strict):
    """Content of studies.yaml."""

    studies: dict[str, StudyFacts]


class Relations(Strict):
    """Content of relations.yaml."""

    checks: tuple[Check, ...] = ()
    pairs: tuple[Pair, ...] = ()
    lookalikes: tuple[Lookalike, ...] = ()
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, eq=False)
class Register:
    """Published claims, read and validated by `load_register`.

    Parameters
    ----------
    folder
        Where it was read.
    studies
        Id → what the study said of itself.
    claims
        A row a claim, with the columns of `CLAIM_COLUMNS`; `value`, `low` and `high` are float64 (per
        cent for shares), n and n_most Int64. `low` and `high` are what rounds to the value as published.
    relations
        Which claims bear on each other.
    """

    folder: Path
    studies: Mapping[str, StudyFacts]
    claims: pd.DataFrame
    relations: Relations

    def of(self, studies: str | Iterable[str]) -> Register:
        """Select the claims of some studies, with the relations between them.

        Raises
        ------
        InvalidInput
            A study the register does not have, with near names.

        Examples
        --------
        >>> from toolkit.findings import load_register
        >>> len(load_register("data_samples/published").of("upwork-2024").claims)
        40
        """
        wanted = [studies] if isinstance(studies, str) else list(studies)
        problems = [
            Problem("unknown-name", f"study {name}", "is not in the register", near_names(name, self.studies))
            for name in wanted
            if name not in self.studies
        ]
        if problems:
            raise InvalidInput("register", problems)
        claims = self.claims[self.claims["study"].isin(wanted)].reset_index(drop=True)
        ids = set(claims["finding_id"])
        relations = Relations(
            checks=tuple(one for one in self.relations.checks if ids.issuperset(_named(one))),
            pairs=tuple(one for one in self.relations.pairs if {one.a, one.b} <= ids),
            lookalikes=tuple(one for one in self.relations.lookalikes if {one.a, one.b} <= ids),
            readings=tuple(one for one in self.relations.readings if one.of in ids),
        )
        kept = {name: self.studies[name] for name in self.studies if name in wanted}
        return replace(self, studies=kept, claims=claims, relations=relations)

    def claim(self, finding: str) -> pd.Series:
        """Return one claim.

        Raises
        ------
        InvalidInput
            An id the register does not have, with near ones.
        """
        found = self.claims[self.claims["finding_id"] == finding]
        if found.empty:
            hint = near_names(finding, self.claims["finding_id"])
            raise InvalidInput(
                "register", [Problem("unknown-name", f"finding {finding}", "is not in the register", hint)]
            )
        return found.iloc[0]


def _named(check: Check) -> set[str]:
    return {*check.parts, *([check.whole] if check.whole else [])}
