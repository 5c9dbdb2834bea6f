"""Published statistics, read strictly: a claim without its base is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.inputs import LARGEST_ANSWERS, read_bytes
from toolkit.platforms.files.delimited import csv_reader
from toolkit.shipped import named, shipped

FINDING_COLUMNS = (
    "finding_id",
    "study",
    "year",
    "item",
    "audience",
    "base",
    "value_pct",
    "n",
    "source",
    "note",
    "variable",
    "measure",
    "our_audience",
    "our_base",
    "comparable",
    "reason",
)
"""Columns of a findings file, in order."""

POOLED_COLUMNS = ("members", "largest_pct")
"""Further columns of a custom benchmark: organisations pooled, and the percentage of the largest."""

MOST_OF_ONE = 50
"""The largest percentage of a benchmark's respondents that may come from one organisation."""

_NEVER_BLANK = ("finding_id", "study", "year", "item", "audience", "base", "source", "comparable")
_MAPPED = ("variable", "measure", "our_audience", "our_base")


@typed
def load_findings(path: str | Path, *, threshold: int = 5) -> pd.DataFrame:
    """Load a file of published statistics.

    Parameters
    ----------
    path
        CSV in UTF-8 with the columns of `FINDING_COLUMNS`. `value_pct` is a percentage, empty where only
        words were published; `n` is empty where it was not published. `variable`, `measure`, `our_audience`
        and `our_base` name our corresponding number; `comparable` is yes or no, with a `reason`.
        Or the name of a shipped one, "upwork_2024". A benchmark pooled from clients' answers also has the
        columns `members` (organisations in it) and `largest_pct` (percentage of its respondents that the
        largest has); both are blank for published figures.
    threshold
        Smallest number of respondents and of members a benchmark may have.

    Returns
    -------
    pandas.DataFrame
        One row per finding: words as str ("" if blank), year and n as Int64, value_pct as float64 (percent).

    Raises
    ------
    InvalidInput
        Naming every problem: a file that cannot be read, unknown or missing columns, a percent outside 0–100,
        a missing base, an id given twice, "not comparable" without a reason, a benchmark of too few
        respondents or members or dominated by one.

    Examples
    --------
    >>> load_findings("upwork_2024").shape[0]
    40
    """
    path = named(path, "findings")
    header, rows = read_csv(path)
    pooled = tuple(name for name in POOLED_COLUMNS if set(header) & set(POOLED_COLUMNS))
    problems = [*header_problems(header, (*FINDING_COLUMNS, *pooled), "findings")]
    if problems:
        raise InvalidInput(path.name, problems)
    records = [dict(zip(header, row, strict=False)) for _, row in rows if len(row) == len(header)]
    problems = [
        Problem(
            "ragged-row",
            f"row {line}",
            f"has {len(row)} cells, not {len(header)}",
            "quote cells that contain a comma",
        )
        for line, row in rows
        if len(row) != len(header)
    ]
    lines = [line for line, row in rows if len(row) == len(header)]
    problems += [
        problem
        for line, record in zip(lines, records, strict=True)
        for problem in _row_problems(line, record)
    ]
    problems += repeated(lines, [record["finding_id"] for record in records])
    problems += thin_benchmarks(records, threshold)
    if not rows:
        problems.append(Problem("no-rows", "file", "contains no findings", "add one row per finding"))
    if problems:
        raise InvalidInput(path.name, problems)
    frame = pd.DataFrame(records, columns=[*FINDING_COLUMNS, *pooled]).astype("str")
    types = {"year": "Int64", "value_pct": "float64", "n": "Int64"}
    types |= dict(zip(pooled, ("Int64", "float64"), strict=False))
    return frame.assign(
        **{
            name: pd.to_numeric(frame[name].where(frame[name] != "")).astype(kind)
            for name, kind in types.items()
        }
    )


GRADES = ("identical", "recodable", "similar", "none", "not read")
"""Closeness of a public question to one of ours; "not read" lists a questionnaire whose text was not read."""
CROSSWALK_COLUMNS = (
    "item",
    "questionnaire",
    "title",
    "variable",
    "question",
    "grade",
    "note",
    "source",
    "licence",
    "read",
)


def asked_columns() -> set[str]:
    """Return the items and columns of the shipped questionnaire `complete`."""
    from toolkit.instrument import load_instruments

    asked = load_instruments(sorted(shipped("instruments", "complete").glob("*.yaml")))
    return {name for one in asked.variables for name in (one.name, one.item.id)}


def load_crosswalk(path: str | Path | None = None, *, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Load the crosswalk from our items to the questions of public questionnaires.

    Parameters
    ----------
    path
        CSV in UTF-8 with the columns of `CROSSWALK_COLUMNS`; default: the shipped one.
    columns
        Items and columns that a row may name; default: those of the shipped questionnaire `complete`.

    Returns
    -------
    pandas.DataFrame
        One row per pair of questions, all str: how close they are (`grade`), what was read, its licence. A
        questionnaire that was not read has one row without an item.

    Raises
    ------
    InvalidInput
        Naming every row of an unknown item or grade, and every graded row without question, note or what
        was read.

    Examples
    --------
    >>> load_crosswalk().query("grade == 'recodable'")["item"].unique().tolist()
    ['staffsize', 'orgtime']
    """
    path = Path(path) if path is not None else shipped("instruments", "crosswalk.csv")
    header, rows = read_csv(path)
    problems = [*header_problems(header, CROSSWALK_COLUMNS, "crosswalk rows")]
    if problems:
        raise InvalidInput(path.name, problems)
    known = asked_columns() if columns is None else set(columns)
    for line, row in rows:
        record = dict(zip(header, row, strict=False))
        where = f"row {line}"
        if record["grade"] not in GRADES:
            hint = near_names(record["grade"], GRADES)
            problems.append(Problem("unknown-option", f"{where}, column grade", "unknown grade", hint))
        if record["grade"] == "not read":
            needed: tuple[str, ...] = ("questionnaire", "title", "note")
        else:
            needed = tuple(name for name in CROSSWALK_COLUMNS if name != "source")
            if record["item"] and record["item"] not in known:
                what, hint = f"unknown item '{record['item']}'", near_names(record["item"], known)
                problems.append(Problem("unknown-item", f"{where}, column item", what, hint))
        problems += [
            Problem("missing-value", f"{where}, column {name}", "is blank", "fill it in from what was read")
            for name in needed
            if not record.get(name)
        ]
    if problems:
        raise InvalidInput(path.name, problems)
    return pd.DataFrame([row for _, row in rows], columns=header).astype("str")[list(CROSSWALK_COLUMNS)]


def thin_benchmarks(records: Iterable[Mapping[str, Any]], threshold: int) -> Iterator[Problem]:
    """List benchmarks that would show one organisation's answers, or those of a few people.

    A figure pooled from clients needs `threshold` members and respondents, and no member with more than half
    of the respondents: otherwise another member could compute the largest's share from it.
    """
    for record in records:
        where = f"finding {record['finding_id'] or 'without id'}"
        written = {name: str(record.get(name, "")) for name in ("n", *POOLED_COLUMNS)}
        found = {name: as_number(text) for name, text in written.items()}
        for name in ("n", "members"):
            if (count := found[name]) is not None and 0 < count < threshold:
                hint = "leave it out, or pool more answers"
                yield Problem("too-few", f"{where}, column {name}", f"is {count:g}, below {threshold}", hint)
        given = [name for name in POOLED_COLUMNS if written[name] not in ("", "nan", "<NA>")]
        for name in POOLED_COLUMNS if given else ():
            if found[name] is None or found[name] == 0:
                what = f"must be a number above 0, not {written[name]!r}"
                hint = "give the number of members and the percentage of respondents of the largest"
                yield Problem("not-a-number", f"{where}, column {name}", what, hint)
        if (largest := found["largest_pct"]) is not None and largest > MOST_OF_ONE:
            what = f"is {largest:g}: one organisation dominates the benchmark (more than {MOST_OF_ONE}%)"
            hint = "leave it out, or pool more organisations"
            yield Problem("out-of-range", f"{where}, column largest_pct", what, hint)


def read_csv(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Read the header of a CSV file and its non-blank rows, each with its line number.

    Raises
    ------
    InvalidInput
        The file is missing or is not CSV in UTF-8.
    """
    try:
        text = read_bytes(path, most=LARGEST_ANSWERS).decode("utf-8-sig")
        with csv_reader(io.StringIO(text, newline="")) as reader:
            header = [cell.strip() for cell in next(reader, [])]
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except FileNotFoundError:
        raise InvalidInput(
            path, [Problem("file-not-found", "file", "does not exist", "correct the path of the findings")]
        ) from None
    except OSError as error:
        raise InvalidInput(
            path,
            [
                Problem(
                    "unreadable-file",
                    "file",
                    f"cannot be read ({error.strerror})",
                    "give a readable CSV file",
                )
            ],
        ) from None
    except UnicodeDecodeError:
        raise InvalidInput(
            path.name, [Problem("wrong-encoding", "file", "is not UTF-8", "save it as CSV in UTF-8")]
        ) from None
    except csv.Error as error:
        raise InvalidInput(
            path.name, [Problem("syntax", "file", f"is not valid CSV ({error})", "close every quote")]
        ) from None
    return header, rows


def header_problems(
    header: list[str], columns: Sequence[str], kind: str, *, name: str = ""
) -> Iterator[Problem]:
    """Find what is wrong with the heading row of a file of `kind` ("findings", "claims")."""
    lead = f"{name}, " if name else ""
    listed = f"the columns are {', '.join(columns)}"
    if header and not set(header) & set(columns):  # another kind of file, which is not quoted
        what = f"is not a file of {kind}: its first line has none of their columns"
        yield Problem("wrong-file", name or "file", what, listed)
        return
    for column in columns:
        if header.count(column) == 0:
            yield Problem("missing-column", f"{lead}column {column}", "is missing", listed)
        elif header.count(column) > 1:
            yield Problem("duplicate-column", f"{lead}column {column}", "occurs twice", listed)
    for column in header:
        if column not in columns:
            where = f"{lead}column {column or '(no name)'}"
            yield Problem("unexpected-column", where, "is unknown", near_names(column, columns))


def _row_problems(line: int, record: dict[str, str]) -> Iterator[Problem]:
    where = f"row {line} ({record['finding_id'] or 'no id'})"
    for name in _NEVER_BLANK:
        if not record[name]:
            hint = "give the base of the share" if name == "base" else "fill it in"
            yield Problem("missing-value", f"{where}, column {name}", "is blank", hint)
    yield from _number_problems(where, record)
    if record["comparable"] not in ("yes", "no", ""):
        yield Problem(
            "unknown-option",
            f"{where}, column comparable",
            f"is {record['comparable']!r}",
            'write "yes" or "no"',
        )
    if record["comparable"] == "no" and not record["reason"]:
        yield Problem(
            "missing-value", f"{where}, column reason", "is blank", "explain why the two cannot be compared"
        )
    if record["comparable"] == "yes":
        for name in (*_MAPPED, "value_pct"):
            if not record[name]:
                yield Problem(
                    "missing-value", f"{where}, column {name}", "is blank", "a comparable finding needs it"
                )


def _number_problems(where: str, record: dict[str, str]) -> Iterator[Problem]:
    value, n, year = record["value_pct"], record["n"], record["year"]
    if value:
        number = as_number(value)
        if number is None:
            yield Problem(
                "not-a-number",
                f"{where}, column value_pct",
                f"must be a number, not {value!r}",
                "give a percentage such as 73",
            )
        elif not 0 <= number <= 100:
            yield Problem(
                "out-of-range",
                f"{where}, column value_pct",
                f"{value} is outside 0–100",
                "give a percentage from 0 to 100",
            )
    if n and not (n.isascii() and n.isdecimal() and len(n) < 16 and int(n) > 0):
        yield Problem(
            "not-whole",
            f"{where}, column n",
            f"must be a count, not {n!r}",
            "give a whole number above 0, or leave it blank",
        )
    if year and not (year.isascii() and year.isdecimal() and len(year) == 4):
        yield Problem(
            "not-a-date", f"{where}, column year", f"must be a year, not {year!r}", "give four digits"
        )


def as_number(text: str) -> float | None:
    """Parse a number as people write it; None for "7_3", digits other than 0–9, nan and inf."""
    try:
        number = float(text)
    except ValueError:
        return None
    plain = text.isascii() and "_" not in text  # Python reads 7_3 and ٧٣ as numbers; no one means them
    return number if plain and abs(number) < float("inf") else None


def repeated(lines: list[int], ids: list[str]) -> list[Problem]:
    """List a problem for each duplicate id."""
    first: dict[str, int] = {}
    problems = []
    for line, name in zip(lines, ids, strict=True):
        if name and name in first:
            what = f"is already given in row {first[name]}"
            problems.append(
                Problem(
                    "duplicate-id",
                    f"row {line} ({name}), column finding_id",
                    what,
                    "give each finding its own id",
                )
            )
        first.setdefault(name, line)
    return problems
