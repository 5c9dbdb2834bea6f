"""What survey platforms' exports have in common: one heading an item, their own columns, rows set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from toolkit.errors import Problem
from toolkit.instrument.model import Instrument, Variable
from toolkit.responses.answers import AnswersFile
from toolkit.responses.delimited import Sheet, headings_of, read_sheet
from toolkit.responses.export import Columns, Export, match_columns
from toolkit.responses.readers import common
from toolkit.responses.vocabulary import flavour_of, label_words, number_cells, translate

__all__ = ["Cells", "Platform", "read_platform"]

Cells = Mapping[str, pd.Series]


@dataclass(frozen=True)
class Platform:
    """How one platform writes its exports.

    Parameters
    ----------
    refuse
        Raises where the headings are not this platform's.
    required, mend
        Its own columns that must be there, and what to do where they are not.
    own
        Whether a heading is one of its own.
    unique
        Its own columns in which nothing may stand twice.
    stamp
        Its own column in which a number drawn for each response stands, so that no two rows are quite alike.
    blank
        Cells that mean "seen but unanswered".
    accepted
        Heading → variable or item.
    codes
        Cell → analysis code, in a file of codes.
    tick, joined
        An option's column; multi-selects that stand in one column.
    aside, submitted
        Rows to set aside by reason; rows that were submitted.
    numbered
        Whether an audience may be given by its number.
    """

    name: Literal["limesurvey", "qualtrics"]
    heading_rows: int
    id_column: str
    required: tuple[str, ...]
    mend: str
    unique: tuple[str, ...]
    stamp: str | None
    blank: tuple[str, ...]
    numbered: bool
    own: Callable[[str], bool]
    refuse: Callable[[Sheet, str], None]
    accepted: Callable[[Instrument], dict[str, str]]
    codes: Callable[[Variable, Instrument], dict[str, str]]
    tick: Callable[[pd.Series, Variable, list[Problem]], pd.Series]
    joined: Callable[[Cells, Instrument, list[Problem]], dict[str, pd.Series]]
    aside: Callable[[pd.DataFrame, list[Problem]], dict[str, pd.Series]]
    submitted: Callable[[pd.DataFrame, list[Problem]], pd.Series]


def read_platform(
    platform: Platform,
    path: Path,
    instrument: Instrument,
    *,
    entry: AnswersFile | None,
    wave: str,
    strict: bool,
) -> Export:
    """Read one export; rows that are set aside are counted and not looked into."""
    sheet = read_sheet(path, source=entry.file if entry else path.name, heading_rows=platform.heading_rows)
    headings = sheet.headings[0]
    entry = entry or common.plain_entry(path, platform.name, wave, headings)
    platform.refuse(sheet, entry.file)
    problems = [*headings_of(headings), *common.rename_problems(entry, headings, instrument)]
    problems += [
        Problem(f"column {name}", "is missing", platform.mend)
        for name in platform.required
        if name not in headings
    ]
    first = [headings.index(name) == place for place, name in enumerate(headings)]
    raw = sheet.cells.loc[:, first].set_axis(list(dict.fromkeys(headings)), axis=1)
    frame = common.tidied(raw)
    aside = platform.aside(frame, problems)
    kept = common.kept_rows(aside, frame.index)
    organisation = common.organisations_of(frame, entry, problems)
    frame, raw = frame[kept], raw[kept]
    audience = common.audiences_of(frame, entry, instrument, problems, numbered=platform.numbered)
    columns = _columns(platform, headings, entry, instrument, audience)
    problems += columns.problems
    people = pd.DataFrame(
        {
            "respondent": _ids(frame, platform, problems),
            "organisation": organisation[kept],
            "audience": audience,
            "submitted": platform.submitted(frame, problems),
        },
        index=frame.index,
    )
    answers = _answers(platform, frame, raw, columns, instrument, problems)
    return common.finish(
        entry,
        people,
        answers,
        aside=aside,
        organisation=organisation,
        problems=problems,
        strict=strict,
        path=path,
    )


def _columns(
    platform: Platform,
    headings: tuple[str, ...],
    entry: AnswersFile,
    instrument: Instrument,
    audience: pd.Series,
) -> Columns:
    return match_columns(
        dict.fromkeys(headings),
        instrument,
        accepted=platform.accepted(instrument) | entry.columns,
        needed=common.needed(entry, instrument, audience),
        other={
            *(heading for heading in headings if platform.own(heading)),
            entry.audience_column,
            entry.organisation_column or "",
        },
        absent=entry.absent,
        ignored=entry.ignore_columns,
    )


def _ids(frame: pd.DataFrame, platform: Platform, problems: list[Problem]) -> pd.Series:
    for name in platform.unique:
        if name in frame:
            problems.extend(common.duplicates(frame[name][frame[name] != ""], name))
    problems.extend(_copied_rows(frame, platform))
    if platform.id_column not in frame:
        return pd.Series(frame.index.astype(str), index=frame.index)
    ids = frame[platform.id_column]
    problems.extend(common.duplicates(ids, platform.id_column))
    return ids


def _copied_rows(frame: pd.DataFrame, platform: Platform) -> Iterator[Problem]:
    """Find rows alike in every cell but the id, where the platform gives each response a stamp of its own."""
    if platform.stamp is None or platform.stamp not in frame:
        return
    stamped = frame[frame[platform.stamp] != ""]
    copies = stamped[stamped.duplicated([name for name in stamped if name != platform.id_column])]
    if len(copies):
        more = f", and so do {len(copies) - 1} others" if len(copies) > 1 else ""
        yield Problem(
            f"row {copies.index[0]}",
            f"repeats an earlier row in everything but its {platform.id_column}{more}",
            "rows were pasted twice; export again",
        )


def _answers(
    platform: Platform,
    frame: pd.DataFrame,
    raw: pd.DataFrame,
    columns: Columns,
    instrument: Instrument,
    problems: list[Problem],
) -> pd.DataFrame:
    texts = {v.name for v in instrument.variables if v.kind == "text"}
    cells = {
        name: common.merged_cells(raw if name in texts else frame, headings, name, problems).replace(
            list(platform.blank), ""
        )
        for name, headings in columns.of_variable.items()
    }
    singles = [v for v in instrument.variables if v.kind == "single" and v.name in cells]
    codes = {v.name: platform.codes(v, instrument) for v in singles}
    labels = {v.name: label_words(v, instrument) for v in singles}
    words = codes if flavour_of(cells, codes, labels) == "codes" else labels
    made: dict[str, pd.Series] = platform.joined(cells, instrument, problems)
    for variable in instrument.variables:
        column = cells.get(variable.name)
        if column is None:
            continue
        if variable.kind == "single":
            made[variable.name] = translate(column, words[variable.name], variable, problems)
        elif variable.kind == "option":
            made[variable.name] = platform.tick(column, variable, problems)
        elif variable.kind == "number":
            made[variable.name] = number_cells(column, variable, problems)
        else:
            made[variable.name] = column
    return common.assemble(made, instrument, frame.index)
