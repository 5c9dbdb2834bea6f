"""Files of answers for other programs, each with a manifest to read them back by."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from toolkit.errors import InvalidInput, Problem, near_names
from toolkit.inputs import LARGEST_ANSWERS, no_parquet, read_bytes
from toolkit.instrument.model import Instrument, Variable
from toolkit.platforms import PLATFORMS, get_platform
from toolkit.platforms.naming import or_else
from toolkit.platforms.words import narrow
from toolkit.system import write_files


def write_answers(
    answers: pd.DataFrame,
    instrument: Instrument,
    folder: str | Path,
    *,
    to: str,
    languages: Iterable[str] | None = None,
    audiences: Iterable[str] | None = None,
) -> list[Path]:
    """Write a coded frame as SPSS, Stata or a data package, with a manifest beside it.

    These are answers of individuals, not results: no disclosure rule is applied to them.

    Parameters
    ----------
    answers
        A coded frame; further columns of numbers or text (weights, scores) are written as they are.
    instrument
        The instrument it was coded with.
    folder
        Where to write; created if missing.
    to
        Name or alias of one of `PLATFORMS` that answers are written for: SPSS, Stata, Frictionless.
    languages
        Languages of the labels; SPSS and Stata take the first. Default: the instrument's.
    audiences
        Audiences whose answers are written. Default: all.

    Returns
    -------
    list[Path]
        The files, the manifest last.

    Raises
    ------
    InvalidInput
        A format, language or audience that is unknown; everything in the answers that the instrument does
        not know or the format cannot hold; no one left.

    Examples
    --------
    >>> write_answers(frame, instrument, "out", to="sav", languages=["en"])
    [PosixPath('out/ai-at-work-spss-answers.sav'), PosixPath('out/ai-at-work-spss-answers.manifest.json')]
    """
    files = get_platform(to).answers
    if files is None:
        able = [name for name, one in PLATFORMS.items() if one.answers]
        unfit = Problem("unsupported", f"format '{to}'", "takes no answers", f"use one of {', '.join(able)}")
        raise InvalidInput("answers", [unfit])
    part = narrow(instrument, languages=languages, audiences=audiences)
    frame = checked_frame(answers, instrument)
    chosen = frame[frame["audience"].isin(list(part.audiences))].reset_index(drop=True)
    if chosen.empty:
        what = "has no one from " + ", ".join(part.audiences)
        raise InvalidInput("answers", [Problem("no-answers", "the frame", what, "choose other audiences")])
    left = len(frame) - len(chosen)
    notices = [f"{left} respondents of other audiences were left out"] if left else []
    unasked = [variable.name for variable in instrument.variables if variable.name not in part]
    return write_files(folder, files(instrument, part, chosen.drop(columns=unasked), notices), private=True)


# A coded frame from a file or from a caller, checked before it is written

_NEEDED = ("respondent", "wave", "audience", "status")
_STATUS = ("complete", "partial")


def read_coded(path: str | Path, instrument: Instrument) -> pd.DataFrame:
    """Read a coded frame as `survey-toolkit read --out` wrote it.

    Parameters
    ----------
    path
        A .parquet or .csv file.
    instrument
        The instrument it was coded with.

    Returns
    -------
    pandas.DataFrame
        The coded frame, with the types of the instrument.

    Raises
    ------
    InvalidInput
        The file cannot be read, and everything in it that the instrument does not know.
    """
    path = Path(path)
    try:
        if path.suffix == ".parquet":
            if problems := no_parquet("file"):
                raise InvalidInput(path.name, problems)
            frame = pd.read_parquet(io.BytesIO(read_bytes(path, most=LARGEST_ANSWERS)))
        elif path.suffix == ".csv":
            held = io.BytesIO(read_bytes(path, most=LARGEST_ANSWERS))
            frame = pd.read_csv(held, dtype=str, keep_default_na=False, na_values=[], encoding="utf-8-sig")
            frame = frame.replace("", None)
        else:
            what = "is neither .parquet nor .csv"
            hint = "write the coded frame with `survey-toolkit read … --out answers.csv`"
            raise InvalidInput(path.name, [Problem("unsupported-format", "file", what, hint)])
    except InvalidInput:
        raise
    except Exception as fault:  # whatever a damaged part leads Arrow or pandas to
        stated = " ".join(str(fault).split())[:100] or type(fault).__name__
        problem = Problem(
            "unreadable-file", "file", f"cannot be read ({stated})", "write it again, or name another"
        )
        raise InvalidInput(path.name, [problem]) from fault
    return checked_frame(frame, instrument, source=path.name)


def coded_bytes(frame: pd.DataFrame, out: Path) -> bytes:
    """Return a coded frame as the bytes of a .csv or .parquet file, as the name of the file ends."""
    held = io.BytesIO()
    if out.suffix == ".csv":
        frame.to_csv(held, index=False, encoding="utf-8-sig")
    else:
        frame.to_parquet(held)
    return held.getvalue()


def checked_frame(frame: pd.DataFrame, instrument: Instrument, *, source: str = "answers") -> pd.DataFrame:
    """Check a coded frame and return it with the columns and types of an instrument.

    Parameters
    ----------
    frame
        A coded frame; codes may be plain text. Columns that are not items may hold numbers or text.
    instrument
        The instrument it was coded with.
    source
        Its name in messages.

    Returns
    -------
    pandas.DataFrame
        A new frame, indexed from 0.

    Raises
    ------
    InvalidInput
        Columns that are missing or doubled, answers that are not codes or numbers, respondents twice in a
        wave, audiences that are unknown, columns that are neither numbers nor text.
    """
    names = [str(name) for name in frame.columns]
    problems = [*_missing(names, instrument), *_doubled(names)]
    if problems:
        raise InvalidInput(source, problems)
    frame = frame.reset_index(drop=True)
    made: dict[str, pd.Series] = {}
    for name in names:
        if name in instrument:
            made[name] = _answers(frame[name], instrument[name], problems)
        else:
            made[name] = _own(frame[name], name, problems)
    problems += _zero_bytes(made)
    problems += _people(made, instrument)
    if problems:
        raise InvalidInput(source, problems)
    made["audience"] = pd.Series(
        pd.Categorical(made["audience"], categories=list(instrument.audiences), ordered=True)
    )
    order = [*(n for n in names if n not in instrument), *(v.name for v in instrument.variables)]
    return pd.DataFrame({name: made[name] for name in order})


def _missing(names: list[str], instrument: Instrument) -> Iterator[Problem]:
    for name in (*_NEEDED, *(variable.name for variable in instrument.variables)):
        if name not in names:
            hint = or_else(near_names(name, names), "code the answers with this instrument")
            yield Problem("missing-column", f"column {name}", "is missing from the answers", hint)


def _doubled(names: list[str]) -> Iterator[Problem]:
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield Problem(
            "duplicate-column", f"column {name}", f"occurs {names.count(name)} times", "keep one of them"
        )


def _answers(column: pd.Series, variable: Variable, problems: list[Problem]) -> pd.Series:
    if variable.kind == "text":
        return column.astype("str")
    if variable.kind == "number":
        numbers = pd.to_numeric(column, errors="coerce").astype("float64")
        problems.extend(_wrong(column, numbers.isna() & column.notna(), "is not a number"))
        return numbers
    stated = column.astype("str")
    strange = stated.notna() & ~stated.isin(list(variable.categories))
    problems.extend(_wrong(stated, strange, f"is not an answer of '{variable.name}'"))
    made = pd.Categorical(
        stated.mask(strange), categories=list(variable.categories), ordered=variable.ordered
    )
    return pd.Series(made)


def _own(column: pd.Series, name: str, problems: list[Problem]) -> pd.Series:
    """Return a column of the user's own: numbers as they are, categories and other text as text."""
    kind = column.dtype
    if name != "weight" and (isinstance(kind, pd.CategoricalDtype) or kind == "str" or kind == "object"):
        return column.astype("str")
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind):
        return column.astype("float64") if name not in _NEEDED else column.astype("str")
    if name == "weight":
        numbers = pd.to_numeric(column, errors="coerce").astype("float64")
        problems.extend(_wrong(column, numbers.isna() & column.notna(), "is not a number"))
        return numbers
    what = f"holds neither numbers nor text ({kind})"
    problems.append(Problem("wrong-type", f"column {name}", what, "turn it into text, or remove it"))
    return column


def _wrong(column: pd.Series, rows: pd.Series, rule: str) -> Iterator[Problem]:
    if rows.any():
        first = rows.idxmax()
        where = f"column {column.name}, row {int(first) + 1} (+{int(rows.sum()) - 1} more)"
        yield Problem(
            "unknown-answer",
            where,
            f"{str(column[first])[:40]!r} {rule}",
            "code the answers with this instrument",
        )


def _zero_bytes(made: Mapping[str, pd.Series]) -> Iterator[Problem]:
    """Find texts with a zero byte, which no file of answers can hold."""
    for name, column in made.items():
        if column.dtype == "str":
            wrong = column.str.contains("\x00", regex=False).fillna(False).astype(bool)
            if wrong.any():
                where = f"column {name}, row {int(wrong.idxmax()) + 1} (+{int(wrong.sum()) - 1} more)"
                what = "holds a character of number 0"
                yield Problem("invalid-character", where, what, "remove the character")


def _people(made: dict[str, pd.Series], instrument: Instrument) -> Iterator[Problem]:
    strange = ~made["audience"].isin(list(instrument.audiences))
    if strange.any():
        first = str(made["audience"][strange.idxmax()])
        where = f"column audience, row {int(strange.idxmax()) + 1} (+{int(strange.sum()) - 1} more)"
        yield Problem(
            "unknown-audience",
            where,
            f"{first!r} is not an audience",
            near_names(first, instrument.audiences),
        )
    yield from _wrong(made["status"], ~made["status"].isin(_STATUS), "is neither complete nor partial")
    twice = pd.DataFrame({name: made[name] for name in ("wave", "respondent")}).duplicated()
    yield from _wrong(made["respondent"], twice, "occurs twice in a wave")
