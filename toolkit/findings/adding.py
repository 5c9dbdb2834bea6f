"""New claims for a register, validated by the same rules as the existing ones."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Mapping
from pathlib import Path

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.findings.claim_rows import row_problems
from toolkit.findings.claims import CLAIM_COLUMNS
from toolkit.findings.reading import CLAIMS_FILE, load_register

__all__ = ["add_claim"]


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
        Problem("unknown-column", f"column {name}", "is not known", near_names(str(name), CLAIM_COLUMNS))
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
