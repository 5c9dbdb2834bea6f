"""The organisations table: who takes part in which wave, under which name, with how many people."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.instrument.yaml_loader import read_document
from toolkit.platforms.files.delimited import bytes_of, headings_of, read_sheet
from toolkit.platforms.files.opening import kind_of, read_cells, unpacked
from toolkit.platforms.files.sheet import Sheet, without_empty_columns
from toolkit.platforms.files.workbooks import workbook_sheets
from toolkit.platforms.naming import folder_name, made_id, or_else, rows_said, slug
from toolkit.platforms.vocabulary import folded, plain_number, tidy

_KEYS = ("organisation", "name", "wave")
_LONGEST_NAME = 120
_UNPRINTABLE = r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"


def read_organisations(path: Path, *, audiences: Sequence[str], waves: Sequence[str]) -> pd.DataFrame:
    """Read the table: organisation, name, wave, one column of headcounts per audience, and any others.

    Parameters
    ----------
    path
        Delimited text in UTF-8, a workbook (.xlsx) or a YAML list.

    Returns
    -------
    pandas.DataFrame
        organisation, name, wave as text; headcounts Int64, missing where blank (unknown); the other columns
        as text, or float64 where every cell is a number. `also` and columns such as `name_fr` hold other
        names.

    Raises
    ------
    InvalidInput
        Every problem: a column missing or twice, an organisation twice in a wave, an id that cannot
        name a folder, a headcount that is not a whole number.

    Notes
    -----
    Where `organisation` is left out, ids are made from the names; where `name` is, the organisation's cell is
    its name. Where `wave` is left out, each row is of every wave; without any column of an audience, no
    headcount is known.
    """
    frame = table_cells(path)
    own = {"organization": "organisation", **{name.casefold(): name for name in (*_KEYS, "also", *audiences)}}
    frame.columns = [own.get(name.casefold(), name) for name in frame.columns]
    if not {*_KEYS, *audiences} & set(frame.columns):  # another kind of file, which is not quoted
        what = f"is not an organisations table: it has none of the columns {', '.join((*_KEYS, *audiences))}"
        raise InvalidInput(path.name, [Problem("wrong-file", "file", what, "check the path")])
    problems = list(_heading_problems(list(frame.columns), audiences))
    if problems:
        raise InvalidInput(path.name, problems)
    if "name" not in frame:
        frame = frame.assign(name=frame["organisation"], organisation=_made_ids(frame["organisation"]))
    elif "organisation" not in frame:
        frame = frame.assign(organisation=_made_ids(frame["name"]))
    if "wave" not in frame:
        frame = pd.concat([frame.assign(wave=wave) for wave in waves])
    problems += _key_problems(frame, waves)
    unknown = pd.Series("", index=frame.index, dtype=str)
    counts = {name: _headcounts(frame.get(name, unknown).rename(name), problems) for name in audiences}
    if problems:
        raise InvalidInput(path.name, list(dict.fromkeys(problems)))
    others = [name for name in frame if name not in (*_KEYS, *audiences)]
    columns = {
        **{name: frame[name] for name in _KEYS},
        **counts,
        **{name: _values(frame[name]) for name in others},
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def table_cells(path: Path) -> pd.DataFrame:
    """Read the cells as they are written, indexed by row or line."""
    if path.suffix.lower() in (".yaml", ".yml"):
        return _read_yaml(path)
    data = bytes_of(path, path.name)
    sheet = _workbook(path) if kind_of(data) == "zip" else read_sheet(path, source=path.name)
    sheet = without_empty_columns(sheet)
    problems = list(headings_of(sheet.names))
    if problems:
        raise InvalidInput(path.name, problems)
    return sheet.cells.astype(str).set_axis(list(sheet.names), axis=1).apply(lambda cells: cells.str.strip())


def _workbook(path: Path) -> Sheet:
    """Read the one sheet of a workbook that lists organisations."""
    try:
        return read_cells(path, source=path.name)
    except InvalidInput:
        data, _ = unpacked(path, path.name)
        found = workbook_sheets(data, source=path.name) if kind_of(data) == "zip" else {}
        if len(found) < 2:
            raise
    keys = {"organisation", "organization", "name"}
    lists = [sheet for sheet in found.values() if sheet and keys & {name.casefold() for name in sheet.names}]
    if len(lists) != 1:
        what = f"holds {len(lists)} sheets with a column organisation or name"
        raise InvalidInput(path.name, [Problem("ambiguous", "file", what, "keep one sheet in it")])
    return lists[0]


def _read_yaml(path: Path) -> pd.DataFrame:
    document = read_document(path)
    rows = document.data
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        hint = "write lines such as - {organisation: nb, name: New Brunswick, also: [N.B.], wave: 2026}"
        raise InvalidInput(
            path.name, [Problem("wrong-type", "file", "must be a list of organisations", hint)]
        )
    cells = [
        {
            str(key): "; ".join(map(str, value)) if isinstance(value, list) else str(value or "")
            for key, value in row.items()
            if not isinstance(value, dict)
        }
        for row in rows
    ]
    lines = [document.line((place,)) for place in range(len(rows))]
    return pd.DataFrame(cells, index=lines, dtype=str).fillna("").apply(lambda column: column.str.strip())


def _heading_problems(headings: Sequence[str], audiences: Sequence[str]) -> Iterator[Problem]:
    if not {"organisation", "name"} & set(headings):
        yield Problem(
            "missing-column", "column organisation", "is missing", near_names("organisation", headings)
        )
    for name in dict.fromkeys(name for name in headings if headings.count(name) > 1):
        yield Problem(
            "duplicate-column", f"column {name}", f"occurs {headings.count(name)} times", "keep one of them"
        )
    lacking = [name for name in audiences if name not in headings]
    others = [name for name in headings if name not in (*_KEYS, *audiences)]
    for name in lacking if len(lacking) < len(audiences) else ():
        hint = or_else(near_names(name, others), "add it, blank where the headcount is unknown")
        yield Problem("missing-column", f"column {name}", "is missing", hint)
    for name in others:
        near = difflib.get_close_matches(
            name.casefold(), [*lacking, *({*_KEYS} - {*headings})], n=1, cutoff=0.8
        )
        if near:
            what = f"looks like '{near[0]}', which is missing"
            yield Problem(
                "missing-column", f"column {name}", what, f"write '{near[0]}', or name it otherwise"
            )


def _made_ids(names: pd.Series) -> pd.Series:
    """Make an id for each name, marked where two names would have the same."""
    ids = {name: made_id(name) for name in names.unique() if name}
    times = Counter(ids.values())
    return names.map({name: made_id(name, marked=times[one] > 1) for name, one in ids.items()} | {"": ""})


def _values(cells: pd.Series) -> pd.Series:
    """Return a column of numbers as numbers, any other as text; missing where blank."""
    plain = cells.str.fullmatch(r"-?(0|[1-9][0-9]{0,14})([.][0-9]+)?")
    if (cells != "").any() and (plain | (cells == "")).all():
        return pd.to_numeric(cells.where(cells != "")).astype("float64")
    return cells.where(cells != "")


def _key_problems(frame: pd.DataFrame, waves: Sequence[str]) -> Iterator[Problem]:
    for name in _KEYS:
        blank = frame[name] == ""
        if blank.any():
            yield Problem(
                "missing-value", f"column {name}, {rows_said(frame.index[blank])}", "is blank", "fill it in"
            )
    for value in frame["organisation"][frame["organisation"] != ""].unique():
        rows = frame.index[frame["organisation"] == value].unique()
        if not folder_name(value):
            yield Problem(
                "invalid-name",
                f"column organisation, {rows_said(rows)}",
                f"'{value}' cannot name a folder (lower-case letters, digits, '-' and '_', at most 60)",
                f"write '{made_id(value)}' here; the answers may keep the name",
            )
    unprintable = frame["name"].str.contains(_UNPRINTABLE)
    if unprintable.any():
        yield Problem(
            "invalid-character",
            f"column name, {rows_said(frame.index[unprintable])}",
            "holds a line break or a sign that cannot be printed",
            "write the name anew, in one line",
        )
    long = frame["name"].str.len() > _LONGEST_NAME
    if long.any():
        yield Problem(
            "too-long",
            f"column name, {rows_said(frame.index[long])}",
            f"is longer than {_LONGEST_NAME} characters, too long for a page",
            "write a shorter name",
        )
    twice = frame[frame.duplicated(["organisation", "wave"], keep=False) & (frame["organisation"] != "")]
    for (organisation, wave), rows in twice.groupby(["organisation", "wave"]):
        listed = ", ".join(str(row) for row in rows.index)
        yield Problem(
            "duplicate-id",
            f"rows {listed}",
            f"organisation '{organisation}' occurs twice in wave {wave}",
            "keep one row",
        )
    for wave in frame["wave"][(frame["wave"] != "") & ~frame["wave"].isin(list(waves))].unique():
        rows = frame.index[frame["wave"] == wave]
        yield Problem(
            "unknown-wave",
            f"column wave, {rows_said(rows)}",
            f"no answers are given for wave '{wave}'",
            near_names(wave, waves),
        )


def _headcounts(cells: pd.Series, problems: list[Problem]) -> pd.Series:
    whole = cells.str.fullmatch(r"[0-9]{1,9}")
    for value in cells[(cells != "") & ~whole].unique()[:5]:
        rows = cells.index[cells == value]
        problems.append(
            Problem(
                "not-whole",
                f"column {cells.name}, {rows_said(rows)}",
                f"{value!r} is not a headcount",
                "write a whole number, 0 for none, nothing where it is unknown",
            )
        )
    return pd.to_numeric(cells.where(whole, np.nan), errors="coerce").astype("Int64")


def organisations_from_answers(
    frame: pd.DataFrame, *, audiences: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Make the table where only the answers name organisations: ids are made from the names.

    Names that differ only in case, blanks, apostrophes or dashes are one organisation, under the spelling
    most answers use.

    Returns
    -------
    tuple
        The table with unknown headcounts, and name → id.

    Raises
    ------
    InvalidInput
        Where two names differ in accents or punctuation only: they may be one organisation or two.
    """
    named = frame.loc[frame["organisation"].notna(), ["organisation", "wave"]]
    times = named["organisation"].value_counts()
    spelt = sorted(times.index, key=lambda name: (-times[name], name))
    first: dict[str, str] = {}
    for name in spelt:
        first.setdefault(folded(name), name)
    called = {name: first[folded(name)] for name in spelt}
    problems = []
    alike: dict[str, list[str]] = {}
    for name in sorted(first.values()):
        alike.setdefault(_loose(name) or name, []).append(name)
    for names in alike.values():
        if len(names) > 1:
            listed = " and ".join(repr(name) for name in names[:4])
            what = f"may be one or several: both become '{slug(names[0]) or made_id(names[0])}'"
            hint = "rename one, or give a table (with also: … where they are one)"
            problems.append(Problem("ambiguous", f"organisations {listed}", what, hint))
    if problems:
        raise InvalidInput("organisations in the answers", problems)
    made = _made_ids(pd.Series(list(first.values()), dtype=str))
    ids = dict(zip(first.values(), made, strict=True))
    rows = named.assign(organisation=named["organisation"].map(called)).drop_duplicates()
    table = pd.DataFrame(
        {
            "organisation": rows["organisation"].map(ids).astype(str),
            "name": rows["organisation"],
            "wave": rows["wave"],
        }
    )
    unknown = {name: pd.array([pd.NA] * len(table), dtype="Int64") for name in audiences}
    table = table.assign(**unknown).sort_values(["wave", "organisation"], ignore_index=True)
    return table, {name: ids[one] for name, one in called.items()}


def _loose(text: str) -> str:
    """Return letters and digits of a name, without case and (Latin, Greek, Cyrillic) accents."""
    plain = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", folded(text)))
    return "".join(sign for sign in plain if sign.isalnum() or unicodedata.category(sign)[0] == "M")


BY_NAME = "organisation given by its name or another of its names, as the organisations table has them"
BY_SPELLING = "organisation given in another spelling of its id or of one of its names"


def recognised(
    frame: pd.DataFrame, table: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, pd.Series], list[Problem]]:
    """Find the organisation of each answer in the table: by id, by any of its names, by another spelling.

    Parameters
    ----------
    frame
        Columns organisation and wave.
    table
        From `read_organisations`.

    Returns
    -------
    tuple
        The frame with the table's ids, where they were found; what was applied → its rows (bool); names that
        are several organisations'.
    """
    noted = {what: pd.Series(False, index=frame.index) for what in (BY_NAME, BY_SPELLING)}
    problems: list[Problem] = []
    organisation = frame["organisation"].copy()
    for wave, rows in frame[frame["organisation"].notna()].groupby("wave", observed=True):
        now = _known_by(table[table["wave"] == wave])
        ever = _known_by(table[table["wave"] != wave])
        found: dict[str, str] = {}
        ways: dict[str, str | None] = {}
        for stated in rows["organisation"].unique():
            meant, way = _meant(str(stated), [*now, *ever])
            if len(meant) > 1:
                places = sorted(meant)
                what = f"may be {' or '.join(repr(one) for one in places[:4])}: it is an id or a name of each"
                where = f"organisation {stated!r}, wave {wave}"
                problems.append(
                    Problem("ambiguous", where, what, "write the id in the answers, or correct the table")
                )
            elif meant:
                found[stated], ways[stated] = next(iter(meant)), way
        organisation[rows.index] = rows["organisation"].map(
            lambda stated, found=found: found.get(stated, stated)
        )
        for what, mine in noted.items():
            mine[rows.index] = rows["organisation"].map(
                lambda stated, what=what, ways=ways: ways.get(stated) == what
            )
    return frame.assign(organisation=organisation), noted, problems


_Known = Mapping[str, set[str]]


def _known_by(table: pd.DataFrame) -> tuple[_Known, _Known]:
    """Map every name of an organisation to its ids: as written, and loosely."""
    exact: dict[str, set[str]] = {}
    loosely: dict[str, set[str]] = {}
    others = [
        name for name in table if str(name).casefold() == "also" or re.match(r"name[ _:-]", str(name), re.I)
    ]
    columns = [table[name].fillna("").astype(str) for name in ("organisation", "name", *others)]
    for cells in zip(*columns, strict=True):
        one, name, *more = cells
        aliases = [part.strip() for cell in more for part in re.split(r"[;|\n]", cell.strip().strip("[]"))]
        for stated in (one, name, *aliases):
            if stated:
                exact.setdefault(tidy(stated), set()).add(one)
                for spelling in {_loose(stated), _loose(slug(stated)), made_id(stated)} - {""}:
                    loosely.setdefault(spelling, set()).add(one)
    return exact, loosely


def _meant(stated: str, known: Sequence[_Known]) -> tuple[set[str], str | None]:
    """Find the organisations that a cell may mean by the surest rule that applies, and the note on it."""
    written = (tidy(stated), plain_number(tidy(stated)))
    loose = (_loose(stated), _loose(slug(stated)), stated)
    for place, names in enumerate(known):
        for spelling in loose if place % 2 else written:
            if spelling and spelling in names:
                way = BY_SPELLING if place % 2 else BY_NAME
                return names[spelling], None if names[spelling] == {stated} else way
    return set(), None


def compare_with_answers(frame: pd.DataFrame, table: pd.DataFrame) -> Iterator[Problem]:
    """Find organisations in the answers that the table lacks."""
    present = frame[frame["organisation"].notna()]
    known = set(zip(table["organisation"], table["wave"], strict=True))
    for wave, rows in present[~present["wave"].isin(list(table["wave"]))].groupby("wave"):
        yield Problem(
            "unknown-wave",
            f"wave {wave}",
            f"{len(rows)} answers are of this wave, but the organisations table has no row for it",
            or_else(near_names(str(wave), table["wave"].unique()), "add its rows"),
        )
    present = present[present["wave"].isin(list(table["wave"]))]
    for (wave, organisation), rows in present.groupby(["wave", "organisation"]):
        if (organisation, wave) not in known:
            listed = table[table["wave"] == wave]
            names = list(dict.fromkeys([*sorted(listed["organisation"]), *sorted(listed["name"])]))
            yield Problem(
                "unknown-organisation", f"organisation {organisation}, wave {wave}",
                f"it is named in {len(rows)} row(s) of answers, but the organisations table has no such row",
                or_else(near_names(str(organisation), names),
                        "add the row, or write this name in its column also (names are divided by ;)"),
            )  # fmt: skip


def headcounts_below(frame: pd.DataFrame, table: pd.DataFrame, audiences: Iterable[str]) -> pd.DataFrame:
    """Find headcounts that are smaller than the number who answered.

    Returns
    -------
    pandas.DataFrame
        One row per organisation, wave and audience concerned: organisation, wave, audience, answered,
        headcount.
    """
    counts = frame.groupby(["organisation", "wave", "audience"], observed=True).size()
    answered = counts.rename("answered").reset_index().astype({"audience": str})
    known = table.melt(
        id_vars=["organisation", "wave"],
        value_vars=list(audiences),
        var_name="audience",
        value_name="headcount",
    )
    both = answered.merge(known.dropna(subset="headcount"), on=["organisation", "wave", "audience"])
    return both[both["answered"] > both["headcount"]].reset_index(drop=True)
