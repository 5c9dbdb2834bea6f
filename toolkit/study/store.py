"""Coded answers on disk, one folder per organisation, so that a job can open only its own.

Answers are kept as Parquet: codes of a categorical column as small integers, its categories taken from the
instrument again when it is read. Beside them lie the organisation's own rows of the organisations table,
and the first and last day of each wave of the whole study.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from toolkit.errors import InvalidInput, Problem
from toolkit.instrument.model import Instrument
from toolkit.platforms.exports import tally
from toolkit.responses.gather import FieldDates, Gathered

if TYPE_CHECKING:
    from toolkit.study.study import Study

__all__ = ["open_part", "part_bytes", "read_part", "write_parts"]

ANSWERS = "answers.parquet"
TABLE = "organisations.parquet"
DATES = "dates.json"
PART = "organisation="


def write_parts(
    study: Study, folder: str | Path, organisations: Iterable[str] | None = None
) -> dict[str, Path]:
    """Write each organisation's coded answers of all waves to a folder of its own.

    Parameters
    ----------
    folder
        Only its owner may look in; the caller makes it so.
    organisations
        Ids; None for all.

    Returns
    -------
    dict
        Organisation → its folder, in the order of the organisations table.

    Examples
    --------
    >>> parts = write_parts(load_study("study.yaml"), "private")  # doctest: +SKIP
    >>> open_part(study, parts["org-07"]).responses("org-07")  # doctest: +SKIP
    """
    wanted = list(study.organisation_ids()) if organisations is None else list(organisations)
    frame, table = study.responses(wave="all", missing="codes"), study.organisations
    rows = frame.groupby("organisation", sort=False, observed=True).indices
    tables = table.groupby("organisation", sort=False, observed=True).indices
    waves = {wave: study.field_dates(wave) for wave in study.waves}
    dates = json.dumps({wave: found for wave, found in waves.items() if found}, default=str)
    written = {}
    for one in wanted:
        part = Path(folder) / f"{PART}{one}"
        part.mkdir(parents=True)
        _write(_as_codes(frame.iloc[rows.get(one, [])]), part / ANSWERS)
        _write(table.iloc[tables[one]], part / TABLE)
        (part / DATES).write_text(dates, encoding="utf-8")
        written[one] = part
    return written


def open_part(study: Study, part: str | Path) -> Study:
    """Open a study reduced to one organisation: its answers and its rows of the organisations table."""
    part = Path(part)
    opened = replace(study, table=_read(part / TABLE), part=part)
    if "findings" in study.__dict__:  # read once for all parts
        opened.__dict__["findings"] = study.findings
    return opened


def read_part(part: Path, instrument: Instrument, table: pd.DataFrame) -> Gathered:
    """Read one organisation's coded answers exactly as they were before writing.

    The disposition is of whole files and so of no one organisation: it is left empty.
    """
    frame = _as_answers(_read(part / ANSWERS), instrument)
    dates = {
        wave: FieldDates(date.fromisoformat(first), date.fromisoformat(last), complete)
        for wave, (first, last, complete) in json.loads((part / DATES).read_text("utf-8")).items()
    }
    return Gathered(frame, tally("", "", []), table, dates)


def part_bytes(part: Path) -> Iterator[bytes]:
    """Serialise a part for detecting changes; equal answers give equal bytes."""
    for name in (ANSWERS, TABLE, DATES):
        yield (part / name).read_bytes()


def _as_codes(frame: pd.DataFrame) -> pd.DataFrame:
    codes = {
        name: frame[name].cat.codes for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)
    }
    return frame.assign(**codes)


def _as_answers(frame: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    types = {"audience": pd.CategoricalDtype(list(instrument.audiences), ordered=True)}
    for variable in instrument.variables:
        if variable.name in frame and variable.kind in ("single", "option"):
            types[variable.name] = pd.CategoricalDtype(list(variable.categories), ordered=variable.ordered)
    columns = {name: pd.Categorical.from_codes(frame[name], dtype=dtype) for name, dtype in types.items()}
    return frame.assign(**columns)


def _write(frame: pd.DataFrame, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)
    pq.write_table(table, path, compression="zstd", write_statistics=False)


def _read(path: Path) -> pd.DataFrame:
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read(use_threads=False)
    except (OSError, ValueError) as fault:  # pyarrow raises ValueError for files that are not Parquet
        problem = Problem(
            "unreadable-file", str(path.name), f"cannot be read ({fault})", "run the batch again"
        )
        raise InvalidInput("stored answers", [problem]) from None
    frame: pd.DataFrame = table.to_pandas(use_threads=False)
    return frame
