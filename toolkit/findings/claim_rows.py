"""Validation of one row of findings.csv, with every problem by row and column."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from toolkit.errors import Problem, near_names
from toolkit.findings.claims import CLOSENESS, N_STATUS, STATISTICS

__all__ = ["as_number", "rounding_ends", "row_problems"]

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


def as_number(text: str) -> float | None:
    """Parse a number as people write it; None for "7_3", digits other than 0–9, nan and inf."""
    try:
        number = float(text)
    except ValueError:
        return None
    plain = text.isascii() and "_" not in text
    return number if plain and abs(number) < float("inf") else None


def rounding_ends(value: str, low: str, high: str) -> tuple[float, float]:
    """Return the range that rounds to a value: half a unit of its last digit, unless the row says otherwise.

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
            yield Problem("out-of-range", place, f"{record[name]} lies outside 0–100", hint)
        elif number is not None and record["statistic"] == "relative_risk" and number <= 0:
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
        said = "low, value and high are not in order"
        yield Problem(
            "wrong-order",
            f"{where}, columns low and high",
            said,
            "low is the smaller end, and the value lies between",
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
        said = f"{counts['n_most']} is less than n, {counts['n']}"
        yield Problem("contradiction", f"{where}, column n_most", said, "it is the most there can have been")
