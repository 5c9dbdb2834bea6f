"""Registers of published claims: their model, reading them, adding to them."""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import pandas as pd
from pydantic import Field

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.findings.register import as_number, header_problems, read_csv, repeated
from toolkit.instrument.yaml_loader import Strict, Truth, checked, read_document
from toolkit.shipped import named

# A register of published claims: studies, figures, and relations between figures.


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

STATISTICS = ("share", "mean", "relative_risk", "ratio")
"""Kinds of value: per cent of people; a mean, in its own unit; how many times as likely."""

N_STATUS = ("known", "assumed", "unknown")
"""Kind of a figure's n: printed with it; the size of the audience, so at most; not published."""

CLOSENESS = ("primary", "second-hand")
"""Source of a figure: the publisher's own text, or another."""


class StudyFacts(Strict):
    """Methods a study published; None where no source mentions them."""

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
        Id → what the study published about itself.
    claims
        A row per claim, with the columns of `CLAIM_COLUMNS`; `value`, `low` and `high` are float64 (per
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
        >>> from toolkit.claims import load_register
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


# Validation of one row of findings.csv, with every problem by row and column.


_NEVER_BLANK = {
    "finding_id": "give it an id of its own",
    "study": "name a study of studies.yaml",
    "item": "give the question or statement",
    "audience": "give the group that answered",
    "base": 'give the base, such as "all employees surveyed"',
    "statistic": f"write one of {', '.join(STATISTICS)}",
    "published_as": 'write it as it was printed, such as "73 %" or "1 in 3"',
    "n_status": f"write one of {', '.join(N_STATUS)}",
    "source": "give the publication",
    "closeness": f"write one of {', '.join(CLOSENESS)}",
}
_CHOICES = {"statistic": STATISTICS, "n_status": N_STATUS, "closeness": CLOSENESS}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}")


def row_problems(where: str, record: Mapping[str, str], studies: Collection[str]) -> Iterator[Problem]:
    """List the problems of one row.

    Parameters
    ----------
    where
        How its owner would find it: "row 12 (UBB24-11)".
    record
        Column → text.
    studies
        Ids of the studies there are.
    """
    for name, hint in _NEVER_BLANK.items():
        if not record[name]:
            yield Problem("missing-value", f"{where}, column {name}", "is blank", hint)
    for name, allowed in _CHOICES.items():
        if record[name] and record[name] not in allowed:
            hint = near_names(record[name], allowed)
            yield Problem("unknown-option", f"{where}, column {name}", f"is {record[name]!r}", hint)
    if record["finding_id"] and not _ID.fullmatch(record["finding_id"]):
        hint = "write letters, digits, dots and hyphens, at most 40, such as ACME25-01"
        yield Problem(
            "invalid-name", f"{where}, column finding_id", f"{record['finding_id']!r} is not a valid id", hint
        )
    if record["study"] and record["study"] not in studies:
        hint = f"describe it there first, or correct it: {near_names(record['study'], studies)}"
        yield Problem(
            "unknown-name",
            f"{where}, column study",
            f"unknown study {record['study']!r}; it is not in studies.yaml",
            hint,
        )
    yield from _value_problems(where, record)
    yield from _count_problems(where, record)


def rounding_ends(value: str, low: str, high: str) -> tuple[float, float]:
    """Return the range that rounds to a value: half a unit of its last digit, unless the row gives another.

    Examples
    --------
    >>> rounding_ends("73", "", ""), rounding_ends("33.3", "29.2", "41.7")
    ((72.5, 73.5), (29.2, 41.7))
    """
    if low and high:
        return float(low), float(high)
    if not value:
        return float("nan"), float("nan")
    half = 0.5 * 10.0 ** -len(value.partition(".")[2])
    return float(value) - half, float(value) + half


def _value_problems(where: str, record: Mapping[str, str]) -> Iterator[Problem]:
    numbers = {name: as_number(record[name]) for name in ("value", "low", "high")}
    share = record["statistic"] == "share"
    for name, number in numbers.items():
        place = f"{where}, column {name}"
        if record[name] and number is None:
            hint = "give a number such as 73, without a percent sign"
            yield Problem("not-a-number", place, f"must be a number, not {record[name]!r}", hint)
        elif number is not None and share and not 0 <= number <= 100:
            hint = "a share is a percentage from 0 to 100; where it compares groups, write relative_risk"
            yield Problem("out-of-range", place, f"{record[name]} is outside 0–100", hint)
        elif number is not None and record["statistic"] in ("relative_risk", "ratio") and number <= 0:
            yield Problem(
                "out-of-range", place, f"{record[name]} is not above 0", "give times as likely, such as 1.88"
            )
    if bool(record["low"]) != bool(record["high"]):
        yield Problem(
            "missing-value", f"{where}, columns low and high", "only one is given", "give both ends or none"
        )
    low, value, high = (numbers[name] for name in ("low", "value", "high"))
    if not record["value"] and not (record["low"] and record["high"]):
        hint = "give the value, or low and high where only words were published"
        yield Problem("missing-value", f"{where}, column value", "is blank", hint)
    if low is not None and high is not None and not low <= (low if value is None else value) <= high:
        text = "low, value and high are not in order"
        yield Problem(
            "wrong-order",
            f"{where}, columns low and high",
            text,
            "low is the smaller end, and the value is between",
        )


def _count_problems(where: str, record: Mapping[str, str]) -> Iterator[Problem]:
    counts = {name: record[name] for name in ("n", "n_most")}
    wrong = False
    for name, text in counts.items():
        if text and not (text.isascii() and text.isdecimal() and len(text) < 16 and int(text) > 0):
            wrong = True
            hint = "give a whole number above 0, or leave it blank"
            yield Problem("not-whole", f"{where}, column {name}", f"must be a count, not {text!r}", hint)
    status = record["n_status"]
    if status == "unknown" and counts["n"]:
        hint = 'write "known" or "assumed", or leave n blank'
        yield Problem(
            "contradiction", f"{where}, column n_status", f'is "unknown" beside an n of {counts["n"]}', hint
        )
    if status in ("known", "assumed") and not counts["n"]:
        hint = 'give n, or write "unknown"'
        yield Problem("missing-value", f"{where}, column n", f'is blank beside "{status}"', hint)
    if counts["n"] and counts["n_most"] and not wrong and int(counts["n"]) > int(counts["n_most"]):
        wording = f"{counts['n_most']} is less than n, {counts['n']}"
        yield Problem(
            "contradiction", f"{where}, column n_most", wording, "it is the most there can have been"
        )


# Reader of a register folder: studies.yaml, findings.csv and relations.yaml.


Model = TypeVar("Model", Studies, Relations)

STUDIES_FILE, CLAIMS_FILE, RELATIONS_FILE = "studies.yaml", "findings.csv", "relations.yaml"


def load_register(folder: str | Path) -> Register:
    """Read a register of published claims.

    Parameters
    ----------
    folder
        Holds studies.yaml (facts each study published), findings.csv (`CLAIM_COLUMNS`, one row per claim)
        and, where figures bear on each other, relations.yaml; or "published", the shipped register.

    Returns
    -------
    Register
        Strictly read; see there.

    Raises
    ------
    InvalidInput
        Every problem of every file, with row and column or line: a missing base, a percentage above 100, an n
        without its status, a study or claim that does not exist, an impossible relation.

    Examples
    --------
    >>> register = load_register("published")
    >>> len(register.claims), len(register.studies)
    (131, 20)
    """
    folder = named(folder, "register")
    if not folder.is_dir():
        hint = f"name the folder containing {STUDIES_FILE} and {CLAIMS_FILE}"
        raise InvalidInput("register", [Problem("wrong-path", str(folder), "is not a folder", hint)])
    problems: list[Problem] = []
    studies = _yaml(Studies, folder / STUDIES_FILE, problems)
    known = studies.studies if studies else {}
    claims = _claims(folder / CLAIMS_FILE, known if studies else None, problems)
    relations = Relations()
    if (folder / RELATIONS_FILE).exists():
        relations = _yaml(Relations, folder / RELATIONS_FILE, problems) or relations
    problems += _study_problems(known)
    if claims is not None:
        problems += _relation_problems(relations, claims)
    if problems or claims is None:
        raise InvalidInput(folder, problems)
    return Register(folder, known, claims, relations)


def _yaml(model: type[Model], path: Path, problems: list[Problem]) -> Model | None:
    try:
        return checked(model, read_document(path))
    except InvalidInput as fault:
        problems += [
            one if path.name in one.where else replace(one, where=f"{path.name}, {one.where}")
            for one in fault.problems
        ]
        return None


def _claims(path: Path, studies: Mapping[str, object] | None, problems: list[Problem]) -> pd.DataFrame | None:
    try:
        header, rows = read_csv(path)
    except InvalidInput as fault:
        problems += [replace(one, where=f"{path.name}, {one.where}") for one in fault.problems]
        return None
    found = [*header_problems(header, CLAIM_COLUMNS, "claims", name=path.name)]
    if found:
        problems += found
        return None
    sound, lines, records = True, [], []
    for line, row in rows:
        if len(row) != len(header):
            text = f"has {len(row)} cells, not {len(header)}"
            problems.append(
                Problem("ragged-row", f"{path.name}, row {line}", text, "quote cells that contain a comma")
            )
            sound = False
            continue
        record = dict(zip(header, row, strict=True))
        where = f"{path.name}, row {line} ({record['finding_id'] or 'no id'})"
        wrong = [*row_problems(where, record, [record["study"]] if studies is None else studies)]
        problems += wrong
        sound = sound and not wrong
        lines.append(line)
        records.append(record)
    twice = repeated(lines, [record["finding_id"] for record in records])
    problems += [replace(one, where=f"{path.name}, {one.where}") for one in twice]
    if not rows:
        problems.append(Problem("no-rows", path.name, "contains no claims", "add one row per claim"))
    return _typed(records) if sound and records and not twice else None


def _typed(records: list[dict[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(records, columns=list(CLAIM_COLUMNS)).astype("str")
    ends = [rounding_ends(one["value"], one["low"], one["high"]) for one in records]
    value = pd.to_numeric(frame["value"].where(frame["value"] != "")).astype("float64")
    counts = {
        name: pd.to_numeric(frame[name].where(frame[name] != "")).astype("Int64") for name in ("n", "n_most")
    }
    low = pd.Series([end[0] for end in ends], index=frame.index, dtype="float64")
    high = pd.Series([end[1] for end in ends], index=frame.index, dtype="float64")
    share = frame["statistic"] == "share"
    return frame.assign(
        value=value,
        low=low.where(~share, low.clip(lower=0)),
        high=high.where(~share, high.clip(upper=100)),
        **counts,
    )


def _study_problems(studies: Mapping[str, object]) -> Iterator[Problem]:
    for name, facts in studies.items():
        total, audiences = getattr(facts, "total", None), getattr(facts, "audiences", {})
        for audience, size in audiences.items():
            if size < 1:
                where = f"{STUDIES_FILE}: {name} → audiences → {audience}"
                yield Problem(
                    "out-of-range", where, f"is {size}", "give the number asked, or leave the audience out"
                )
        if total is not None and sum(audiences.values()) > total:
            text = f"the audiences come to {sum(audiences.values())}, more than the total of {total}"
            yield Problem("contradiction", f"{STUDIES_FILE}: {name}", text, "correct one of them")


def _relation_problems(relations: Relations, claims: pd.DataFrame) -> Iterator[Problem]:
    known = claims.set_index("finding_id")
    for where, ids in _mentions(relations):
        for one in ids:
            if one not in known.index:
                yield Problem(
                    "unknown-name",
                    f"{RELATIONS_FILE}: {where}",
                    f"unknown finding '{one}'",
                    near_names(one, known.index),
                )
    for check in relations.checks:
        yield from _check_problems(check, known)
    for pair in relations.pairs:
        for one in {pair.a, pair.b} & set(known.index):
            if known.loc[one, "statistic"] != "share" or pd.isna(known.loc[one, "value"]):
                text = f"'{one}' must be a share with a value"
                hint = "a gap needs two shares; move the two to lookalikes"
                yield Problem("unsuited-measure", f"{RELATIONS_FILE}: pair {pair.id}", text, hint)
    for kind, names in (("check", relations.checks), ("pair", relations.pairs)):
        ids = [one.id for one in names]
        for again in sorted({one for one in ids if ids.count(one) > 1}):
            yield Problem(
                "duplicate-id",
                f"{RELATIONS_FILE}: {kind} {again}",
                "is given twice",
                "give each an id of its own",
            )


def _mentions(relations: Relations) -> Iterator[tuple[str, list[str]]]:
    for check in relations.checks:
        yield f"check {check.id}", [*check.parts, *([check.whole] if check.whole else [])]
    for pair in relations.pairs:
        yield f"pair {pair.id}", [pair.a, pair.b]
    for place, both in enumerate(relations.lookalikes, start=1):
        yield f"lookalike {place}", [both.a, both.b]
    for place, reading in enumerate(relations.readings, start=1):
        yield f"reading {place}", [reading.of]


def _check_problems(check: Check, known: pd.DataFrame) -> Iterator[Problem]:
    where = f"{RELATIONS_FILE}: check {check.id}"
    if (check.whole is None) != (check.kind == "shares"):
        text = "names a whole" if check.whole else "lacks a whole"
        yield Problem(
            "conflict" if check.whole else "missing-key", where, text, 'only "shares" does without one'
        )
    if check.kind == "mixture" and len(check.parts) != 2:
        yield Problem("wrong-shape", where, f"mixes {len(check.parts)} groups", "name two parts")
    for one in {*check.parts, *([check.whole] if check.whole else [])} & set(known.index):
        if known.loc[one, "statistic"] != "share":
            text = f"'{one}' is a {known.loc[one, 'statistic']}, not a share"
            yield Problem("unsuited-measure", where, text, "leave it out; only shares bound each other")


# New claims for a register, validated by the same rules as the existing ones.


def add_claim(folder: str | Path, claim: Mapping[str, object]) -> None:
    """Append a claim to a register's findings.csv.

    Parameters
    ----------
    folder
        The register; it must be sound.
    claim
        Column of `CLAIM_COLUMNS` → its value; columns left out are blank. `published_as` of a share
        is its value in per cent unless it is given, and `n_status` is "unknown" where there is neither it
        nor an n.

    Raises
    ------
    InvalidInput
        Every rule the claim breaks, each with how to fix it; nothing is written then.

    Examples
    --------
    >>> wrong = {"finding_id": "X-1", "statistic": "share", "value": 730}
    >>> add_claim("data_samples/published", wrong)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    toolkit.errors.InvalidInput: the claim: 7 problem(s)
    """
    folder = Path(folder)
    register = load_register(folder)
    record = _filled(claim)
    problems = [
        Problem("unknown-column", f"column {name}", "is unknown", near_names(str(name), CLAIM_COLUMNS))
        for name in claim
        if name not in CLAIM_COLUMNS
    ]
    problems += row_problems(record["finding_id"] or "no id", record, register.studies)
    if record["finding_id"] in set(register.claims["finding_id"]):
        hint = "give it an id of its own"
        problems.append(
            Problem(
                "duplicate-id",
                f"{record['finding_id']}, column finding_id",
                "is in the register already",
                hint,
            )
        )
    if problems:
        raise InvalidInput("the claim", problems)
    path = folder / CLAIMS_FILE
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([record[name] for name in _header(path)])
    text = path.read_text("utf-8-sig")
    making = folder / f".{CLAIMS_FILE}-{uuid.uuid4().hex[:8]}"
    try:
        making.write_text(text + ("" if text.endswith("\n") else "\n") + line.getvalue(), encoding="utf-8")
        making.replace(path)
    finally:
        making.unlink(missing_ok=True)


def _filled(claim: Mapping[str, object]) -> dict[str, str]:
    record = {name: "" if claim.get(name) is None else str(claim[name]).strip() for name in CLAIM_COLUMNS}
    if not record["published_as"] and record["statistic"] == "share" and record["value"]:
        record["published_as"] = f"{record['value']} %"
    if not record["n_status"] and not record["n"]:
        record["n_status"] = "unknown"
    return record


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [cell.strip() for cell in next(csv.reader(file))]
