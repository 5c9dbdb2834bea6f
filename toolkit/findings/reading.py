"""Reader of a register folder: studies.yaml, findings.csv and relations.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.findings.claim_rows import rounding_ends, row_problems
from toolkit.findings.claims import CLAIM_COLUMNS, Check, Register, Relations, Studies
from toolkit.findings.register import read_csv, repeated
from toolkit.instrument.strict import checked
from toolkit.instrument.yaml_loader import read_document
from toolkit.shipped import named

__all__ = ["CLAIMS_FILE", "RELATIONS_FILE", "STUDIES_FILE", "load_register"]

Model = TypeVar("Model", Studies, Relations)

STUDIES_FILE, CLAIMS_FILE, RELATIONS_FILE = "studies.yaml", "findings.csv", "relations.yaml"


def load_register(folder: str | Path) -> Register:
    """Read a register of published claims.

    Parameters
    ----------
    folder
        Holds studies.yaml (what each study said of itself), findings.csv (`CLAIM_COLUMNS`, one row per claim)
        and, where figures bear on each other, relations.yaml; or "published", the shipped register.

    Returns
    -------
    Register
        Strictly read; see there.

    Raises
    ------
    InvalidInput
        Every problem of every file, with row and column or line: a missing base, a percentage above 100, an n
        without its status, a study or claim that is not there, a relation that cannot be.

    Examples
    --------
    >>> register = load_register("published")
    >>> len(register.claims), len(register.studies)
    (128, 19)
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
    found = [*_header_problems(path.name, header)]
    if found:
        problems += found
        return None
    sound, lines, records = True, [], []
    for line, row in rows:
        if len(row) != len(header):
            said = f"has {len(row)} cells, not {len(header)}"
            problems.append(
                Problem("ragged-row", f"{path.name}, row {line}", said, "quote cells that contain a comma")
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


def _header_problems(name: str, header: list[str]) -> Iterator[Problem]:
    if header and not set(header) & set(CLAIM_COLUMNS):  # another kind of file, which is not quoted
        hint = f"the columns are {', '.join(CLAIM_COLUMNS)}"
        yield Problem(
            "wrong-file", name, "is not a file of claims: its first line has none of their columns", hint
        )
        return
    for column in CLAIM_COLUMNS:
        if header.count(column) != 1:
            said = "is missing" if column not in header else "occurs twice"
            yield Problem(
                "missing-column" if column not in header else "duplicate-column",
                f"{name}, column {column}",
                said,
                f"the columns are {', '.join(CLAIM_COLUMNS)}",
            )
    for column in header:
        if column not in CLAIM_COLUMNS:
            hint = near_names(column, CLAIM_COLUMNS)
            yield Problem(
                "unexpected-column", f"{name}, column {column or '(no name)'}", "is not known", hint
            )


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
            said = f"the audiences come to {sum(audiences.values())}, more than the total of {total}"
            yield Problem("contradiction", f"{STUDIES_FILE}: {name}", said, "correct one of them")


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
                said = f"'{one}' must be a share with a value"
                hint = "a gap needs two shares; move the two to lookalikes"
                yield Problem("unsuited-measure", f"{RELATIONS_FILE}: pair {pair.id}", said, hint)
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
        said = "names a whole" if check.whole else "lacks a whole"
        yield Problem(
            "conflict" if check.whole else "missing-key", where, said, 'only "shares" does without one'
        )
    if check.kind == "mixture" and len(check.parts) != 2:
        yield Problem("wrong-shape", where, f"mixes {len(check.parts)} groups", "name two parts")
    for one in {*check.parts, *([check.whole] if check.whole else [])} & set(known.index):
        if known.loc[one, "statistic"] != "share":
            said = f"'{one}' is a {known.loc[one, 'statistic']}, not a share"
            yield Problem("unsuited-measure", where, said, "leave it out; only shares bound each other")
