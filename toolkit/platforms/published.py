"""What published files need beyond a mapping: their design, their shape, columns a selection leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from toolkit.errors import Problem
from toolkit.platforms.answers import AnswersFile
from toolkit.platforms.files.sheet import Sheet
from toolkit.platforms.mapping import DESIGN_COLUMNS, Mapping
from toolkit.platforms.naming import rows_said

__all__ = ["another_year", "design_columns", "other_shape", "without_optional"]


def another_year(entry: AnswersFile, headings: Sequence[str]) -> Iterator[Problem]:
    """A file with none of the columns that tell this one from other years'."""
    marks = entry.expect.one_of_columns if entry.expect else ()
    if marks and not set(marks) & set(headings):
        what = f"holds none of the columns that tell it from other years' ({', '.join(marks)})"
        yield Problem("wrong-file", "file", what, "this looks like another year's file; name the right one")


def without_optional(
    entry: AnswersFile, mapping: Mapping, headings: Sequence[str]
) -> tuple[AnswersFile, Mapping, list[str]]:
    """The entry and its mapping without the optional items whose columns are not in the file, each noted."""
    here = set(headings)
    lacking = {
        name: [heading for heading in where.headings if heading not in here]
        for name, where in mapping.items.items()
        if where.optional and not here.issuperset(where.headings)
    }
    if not lacking:
        return entry, mapping, []
    kept = {name: where for name, where in mapping.items.items() if name not in lacking}
    mapping = mapping.model_copy(update={"items": kept})
    entry = entry.model_copy(update={"mapping": mapping, "absent": (*entry.absent, *lacking)})
    notes = [
        f"optional item '{name}' is absent: the file has no column {', '.join(columns)}"
        for name, columns in lacking.items()
    ]
    return entry, mapping, notes


def other_shape(entry: AnswersFile, sheet: Sheet) -> Iterator[str]:
    """Say where the file has other rows or columns than the published one."""
    if entry.expect is None:
        return
    found = {"rows": len(sheet.cells), "columns": len(sheet.names)}
    for what, number in found.items():
        published = getattr(entry.expect, what)
        if published is not None and published != number:
            yield (
                f"the file has {number:,} {what}, the published one {published:,}: a selection, "
                "another release or another year"
            )


def design_columns(
    frame: pd.DataFrame, mapping: Mapping, problems: list[Problem]
) -> dict[str, pd.Series | np.ndarray]:
    """Weights as numbers, strata and clusters as text, under the names of a coded frame."""
    found: dict[str, pd.Series | np.ndarray] = {}
    for name, heading in (mapping.design.headings if mapping.design else {}).items():
        cells = frame[heading]
        place = f"column {heading}"
        if name == "weights":
            numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
            wrong = ~(np.isfinite(numbers) & (numbers >= 0))
            found[DESIGN_COLUMNS[name]] = numbers
            what, hint = "is no weight", "give every respondent a number of at least 0"
        else:
            wrong = cells == ""
            found[DESIGN_COLUMNS[name]] = cells.astype("str")
            what, hint = "is blank", f"every respondent needs its {name}"
        if wrong.any():
            said = f"{str(cells[wrong].iloc[0])!r} {what}" if name == "weights" else what
            problems.append(
                Problem(
                    "not-a-number" if name == "weights" else "missing-value",
                    f"{place}, {rows_said(cells.index[wrong])}",
                    said,
                    hint,
                )
            )
    return found
