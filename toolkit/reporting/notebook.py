"""Custom notebooks: parameters, execution, helpers."""

from __future__ import annotations

import ast
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from toolkit.errors import InvalidInput, Problem, ToolkitError, near_names
from toolkit.inputs import LARGEST_MANIFEST, read_bytes

if TYPE_CHECKING:
    from toolkit.study import Study

# Functions behind the researcher's and the student's notebooks.


def headcount_margins(
    study: Study, wave: str | None = None, *, answers: pd.DataFrame | None = None
) -> dict[str, dict[str, int]]:
    """Count the people of each audience and organisation, as margins for raking.

    Parameters
    ----------
    wave
        None for the latest.
    answers
        Answers to be weighted: audiences and organisations without any, whom no weight can represent, are
        left out of the margins.

    Returns
    -------
    dict
        "audience" and "organisation", each category → people. Categories without people are left out.

    Raises
    ------
    InvalidInput
        A headcount is unknown: totals would be wrong.
    """
    counts = study.headcounts(wave)
    if answers is not None:
        counts = counts.loc[
            counts.index.isin(answers["organisation"]), counts.columns.isin(answers["audience"])
        ]
    unknown = counts.index[counts.isna().any(axis=1)]
    if len(unknown):
        hint = "fill it in in the organisations table, or weight by margins of your own"
        problems = [
            Problem("missing-value", f"organisation {one}", "a headcount is unknown", hint) for one in unknown
        ]
        raise InvalidInput("organisations", problems)
    sums = {"audience": counts.sum(axis=0), "organisation": counts.sum(axis=1)}
    return {
        name: {str(key): int(count) for key, count in sizes.items() if count} for name, sizes in sums.items()
    }


def published_summary(findings: pd.DataFrame, pairs: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Pair published figures in the form that `gaps_from_summary` takes.

    Parameters
    ----------
    findings
        From `load_findings`.
    pairs
        A name for the comparison → the ids of the findings to compare.

    Returns
    -------
    DataFrame
        item, audience, estimate (a fraction), n, and base and words as published.

    Raises
    ------
    InvalidInput
        An id the findings do not have, with near ones.

    Examples
    --------
    >>> import toolkit as tk
    >>> findings = tk.load_findings("data_samples/published/upwork_2024.csv")
    >>> published_summary(findings, {"flexible": ["UBB24-26", "UBB24-27"]})["estimate"].tolist()
    [0.9, 0.73]
    """
    known = findings.set_index("finding_id")
    wanted = [(item, one) for item, ids in pairs.items() for one in ids]
    problems = [
        Problem("unknown-name", f"finding {one}", "unknown finding", near_names(one, known.index))
        for _, one in wanted
        if one not in known.index
    ]
    if problems:
        raise InvalidInput("findings", problems)
    rows = known.loc[[one for _, one in wanted]]
    return pd.DataFrame(
        {
            "item": [item for item, _ in wanted],
            "audience": rows["audience"].to_numpy(),
            "estimate": np.round(rows["value_pct"].to_numpy(dtype=float) / 100, 6),
            "n": rows["n"].array,
            "base": rows["base"].to_numpy(),
            "words": rows["item"].to_numpy(),
        }
    )


def intervals_by_base(share: float, bases: Sequence[int], *, level: float = 0.95) -> pd.DataFrame:
    """Compute Wilson's interval of a share for each possible base.

    Parameters
    ----------
    share
        A fraction.
    bases
        Numbers of answers to try.

    Returns
    -------
    DataFrame
        Estimates (see `toolkit.analysis.contract`), one row per base; `base` repeats n as the group.

    Raises
    ------
    InvalidInput
        A share outside 0–1 or a base below 1.

    Examples
    --------
    >>> intervals_by_base(0.77, [100, 625]).round(3)["conf_low"].tolist()
    [0.678, 0.735]
    """
    from toolkit.analysis.contract import estimate_columns
    from toolkit.analysis.intervals import quantile, wilson

    n = np.asarray(bases, dtype=float)
    problems = []
    if not 0 <= share <= 1:
        hint = f"give {share / 100:g} where {share:g} per cent is meant"
        problems.append(Problem("out-of-range", "share", f"is {share:g}", hint))
    problems += [
        Problem("out-of-range", "bases", f"contains {base:g}", "give at least 1") for base in n[n < 1]
    ]
    if problems:
        raise InvalidInput("intervals_by_base", problems)
    low, high = wilson(np.full(len(n), share), n, quantile(level))
    columns = {
        "item": "published share",
        "measure": "top",
        "base": [f"{base:.0f}" for base in n],
        "n": n.astype(int),
        "effective_n": n,
        "estimate": share,
        "std_error": np.sqrt(share * (1 - share) / n),
        "conf_low": low,
        "conf_high": high,
        "df": np.nan,
        "method": "Wilson score interval of a published share for an assumed base",
    }
    return pd.DataFrame(columns)[estimate_columns("measure", ["base"])]


# Notebooks: their typed parameters, their execution by Papermill, and their delivered form.


CELL_SECONDS = 900
"""A cell that runs longer is stopped."""

_MOST_WORDS = 400
"""Longest error message shown in the index; the traceback has all of it."""

_CELL_NOISE = ("papermill", "execution", "collapsed", "jupyter")


class CellError(ToolkitError):
    """An error in a cell; `traceback` is for the analyst, `passing` means that a retry may succeed."""

    def __init__(self, sentence: str, traceback: str = "", *, passing: bool = False) -> None:
        super().__init__(sentence)
        self.traceback, self.passing = traceback, passing


@dataclass(frozen=True)
class Limits:
    """Time limits in seconds of a cell and of a notebook, and its memory limit in bytes (None: no limit)."""

    cell: float = CELL_SECONDS
    whole: float | None = None
    memory: int | None = None

    def describe(self) -> str:
        """Describe which of the two time limits was reached first."""
        if self.whole is not None and self.whole <= self.cell:
            return f"the notebook ran longer than {self.whole:g} seconds and was stopped"
        return f"a cell ran longer than {self.cell:g} seconds and was stopped"


def preload() -> None:
    """Build the notebook schema's validator, which takes longer than one validation."""
    import nbformat

    nbformat.validate(nbformat.v4.new_notebook())


def read_notebook(path: str | Path) -> dict[str, Any]:
    """Read a notebook.

    Raises
    ------
    InvalidInput
        The file is missing or is not a notebook of format 4.
    """
    path = Path(path)
    try:
        notebook = json.loads(read_bytes(path, most=LARGEST_MANIFEST).decode("utf-8"))
    except FileNotFoundError:
        near = near_names(path.name, [found.name for found in path.parent.glob("*.ipynb")])
        raise InvalidInput(
            path.name, [Problem("file-not-found", str(path), "notebook not found", near)]
        ) from None
    except (OSError, ValueError, RecursionError) as fault:
        why = getattr(fault, "strerror", None) or type(fault).__name__
        raise InvalidInput(
            path.name,
            [Problem("damaged-file", str(path), f"is not a notebook: {why}", "save it again from Jupyter")],
        ) from None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or "cells" not in notebook:
        raise InvalidInput(
            path.name,
            [
                Problem(
                    "unsupported-format",
                    str(path),
                    "is not a notebook of format 4",
                    "save it again from Jupyter",
                )
            ],
        )
    problems = list(_format_problems(notebook))
    if problems:
        raise InvalidInput(path.name, problems)
    return notebook


def _format_problems(notebook: Mapping[str, Any]) -> Iterator[Problem]:
    """Describe the first deviation from the notebook format that matters to this package."""
    hint = "save it again from Jupyter"
    if not isinstance(notebook.get("metadata"), dict):
        yield Problem("damaged-file", "notebook", "has no metadata", hint)
    if not isinstance(notebook["cells"], list):
        yield Problem("damaged-file", "notebook", "its cells are not a list", hint)
        return
    for number, cell in enumerate(notebook["cells"], start=1):
        what = _cell_problem(cell)
        if what:
            yield Problem("damaged-file", f"cell {number}", what, hint)


def _cell_problem(cell: object) -> str:
    if not isinstance(cell, dict):
        return "is not a cell"
    metadata, source = cell.get("metadata"), cell.get("source")
    lines = source if isinstance(source, list) else [source]
    if not isinstance(cell.get("cell_type"), str):
        return "has no cell type"
    if not isinstance(metadata, dict) or not isinstance(metadata.get("tags", []), list):
        return "has invalid metadata or tags"
    return "" if all(isinstance(line, str) for line in lines) else "has a source that is not text"


def notebook_parameters(path: str | Path) -> dict[str, str]:
    """Return the names a notebook takes with their defaults as written, from the cell tagged "parameters"."""
    notebook, found = read_notebook(path), dict[str, str]()
    _check_language(notebook["metadata"], Path(path).name)
    for cell in notebook["cells"]:
        if "parameters" not in cell.get("metadata", {}).get("tags", ()):
            continue
        for line in _lines(cell, path):
            if isinstance(line, ast.Assign):
                names = [target.id for target in line.targets if isinstance(target, ast.Name)]
                found |= dict.fromkeys(names, ast.unparse(line.value))
            elif isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value:
                found[line.target.id] = ast.unparse(line.value)
    return found


def code_cells(path: str | Path) -> list[str]:
    """Return the sources of a notebook's code cells."""
    return [_source(cell) for cell in read_notebook(path)["cells"] if cell["cell_type"] == "code"]


def _check_language(metadata: Mapping[str, Any], name: str) -> None:
    """Refuse a notebook in another language: its parameters would be written as Python."""
    kernel, language = metadata.get("kernelspec"), metadata.get("language_info")
    languages = [kernel.get("language")] if isinstance(kernel, dict) else []
    languages += [language.get("name")] if isinstance(language, dict) else []
    others = [str(one) for one in languages if one and "python" not in str(one).lower()]
    if others:
        what = f"it is written in {others[0]}; notebooks are run in Python"
        raise InvalidInput(name, [Problem("unsupported", "notebook", what, "choose a Python kernel for it")])


def _lines(cell: Mapping[str, Any], path: str | Path) -> list[ast.stmt]:
    try:
        return ast.parse(_source(cell)).body
    except SyntaxError as fault:
        where = f"parameters cell, line {fault.lineno}"
        problem = Problem(
            "syntax", where, f"is not valid Python ({fault.msg})", "write a line 'name = value' for each"
        )
        raise InvalidInput(Path(path).name, [problem]) from None


def check_parameters(path: str | Path, given: Mapping[str, object]) -> None:
    """Refuse parameters the notebook does not take; Papermill would only warn and run with the defaults.

    Raises
    ------
    InvalidInput
        Every unknown name, with the near ones.
    """
    known = notebook_parameters(path)
    if given and not known:
        hint = f"tag the cell that gives {', '.join(given)} their defaults with 'parameters'"
        raise InvalidInput(
            Path(path).name, [Problem("missing-key", "notebook", "it has no cell of parameters", hint)]
        )
    problems = [
        Problem(
            "unknown-key",
            f"parameter {name}",
            "the notebook's parameters cell does not have it",
            near_names(name, known),
        )
        for name in given
        if name not in known
    ]
    if problems:
        raise InvalidInput(Path(path).name, problems)


def execute(
    path: Path,
    target: Path,
    parameters: Mapping[str, object],
    *,
    limits: Limits | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Execute a notebook with Papermill in its own process.

    It is forked from this process where that comes from the fork server (`toolkit.reporting.preload`);
    elsewhere it is an ordinary kernel, which has no limit on memory.

    Parameters
    ----------
    target
        Where it is saved, however it ends.
    environment
        Added to the process's.

    Raises
    ------
    InvalidInput
        A parameter the notebook does not take.
    CellError
        A cell raised, took too long, or its kernel died; what ran is saved in `target`.
    """
    check_parameters(path, parameters)
    limits = limits or Limits()
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    try:
        papermill.execute_notebook(
            str(path),
            str(target),
            parameters=dict(parameters),
            kernel_name="python3",
            progress_bar=False,
            log_output=False,
            cwd=str(target.parent),
            start_timeout=120,
            **_engine(limits, environment or {}),
        )
    except PapermillExecutionError as fault:
        first = str(fault.evalue).strip().partition("\n")[0]
        words = f": {shorten(first, _MOST_WORDS, placeholder=' …')}" if first else ""
        raise CellError(
            f"cell {fault.exec_count} ended in {fault.ename}{words}", "\n".join(fault.traceback)
        ) from None
    except CellTimeoutError:
        raise CellError(limits.describe()) from None
    except DeadKernelError as fault:
        raise _death_error(getattr(fault, "code", None)) from None


def _death_error(code: int | None) -> CellError:
    """Convert a kernel's death to an error, which passes only if the kernel was killed."""
    if code is not None and code >= 0:
        return CellError(f"the kernel that ran the notebook died: it ended itself with exit code {code}")
    sentence = "the kernel that ran the notebook died (out of memory, or ended from outside)"
    return CellError(sentence, passing=True)


def _engine(limits: Limits, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return Papermill's arguments for the available engine."""
    from toolkit.reporting import pool

    if pool.preloaded is None:
        os.environ.update(environment)
        seconds = min(limits.cell, limits.whole or limits.cell)
        return {"execution_timeout": seconds, "shutdown_kernel": "immediate"}
    from toolkit.reporting.kernel import register

    return {
        "engine_name": register(),
        "shell": pool.preloaded.shell,
        "environment": environment,
        "memory": limits.memory,
        "execution_timeout": limits.cell,
        "until": None if limits.whole is None else time.monotonic() + limits.whole,
    }


def clean(
    notebook: Mapping[str, Any], shown_parameters: Mapping[str, object]
) -> tuple[dict[str, Any], list[str]]:
    """Remove from an executed notebook what its reader must not or need not have.

    That is the machine's paths (in the injected parameters and Papermill's notes), the notebook's own default
    parameters (they may name another organisation), the times of each cell, the error stream, and whatever
    cells tagged "analyst" show: it has not passed the gate.

    Parameters
    ----------
    notebook
        As executed.
    shown_parameters
        Code for the injected cell in place of what was passed.

    Returns
    -------
    tuple
        The cleaned notebook, and the texts of the error stream, for the analyst.
    """
    errors_shown: list[str] = []
    cells = []
    for cell in notebook["cells"]:
        tags = cell.get("metadata", {}).get("tags", [])
        if "parameters" in tags:
            continue
        metadata = {key: value for key, value in cell.get("metadata", {}).items() if key not in _CELL_NOISE}
        cell = {**cell, "metadata": metadata}
        if "injected-parameters" in tags:
            lines = [f"{name} = {value!r}" for name, value in shown_parameters.items()]
            cell |= {"source": "\n".join(["# Parameters", *lines]), "id": "injected-parameters"}
        if cell["cell_type"] == "code":
            errors = [output for output in cell["outputs"] if output.get("name") == "stderr"]
            errors_shown += [_source({"source": output["text"]}) for output in errors]
            shown = [] if "analyst" in tags else cell["outputs"]
            cell["outputs"] = [output for output in shown if output not in errors]
        cells.append(cell)
    kept = {key: value for key, value in notebook["metadata"].items() if key not in ("papermill", "widgets")}
    return {**notebook, "cells": cells, "metadata": kept}, errors_shown


def _source(cell: Mapping[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


# Parameters given by name and type

_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a notebook.

    Parameters
    ----------
    kind
        "str", "int", "float", "bool", "list" or "dict", as declared (`n: int = 3`, or Papermill's
        `# type: int`) or as its default is; "" where neither tells.
    optional
        Whether None is allowed.
    default
        As written.
    """

    name: str
    kind: str
    optional: bool
    default: str

    def takes(self, value: object) -> bool:
        """Return whether a value has the parameter's type; an integer is accepted for a float."""
        if value is None:
            return self.optional or not self.kind
        if not self.kind:
            return True
        if isinstance(value, bool) or self.kind == "bool":
            return isinstance(value, bool) and self.kind == "bool"
        return isinstance(value, (int, float) if self.kind == "float" else _TYPES[self.kind])


def taken(notebook: str | Path) -> dict[str, Parameter]:
    """Return a notebook's parameters, as Papermill finds them in the cell tagged "parameters".

    Raises
    ------
    InvalidInput
        No notebook, or one without such a cell.
    """
    import papermill

    defaults = notebook_parameters(notebook)
    if not defaults:
        hint = "tag the cell that gives names their defaults with 'parameters'"
        raise InvalidInput(
            Path(notebook).name, [Problem("missing-key", "notebook", "it takes no parameters", hint)]
        )
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of cells it cannot read whole; what it misses is taken from defaults
        found = papermill.inspect_notebook(str(notebook))
    return {
        name: _parameter(name, default, str(found.get(name, {}).get("inferred_type_name", "None")))
        for name, default in defaults.items()
    }


def _parameter(name: str, default: str, declared: str) -> Parameter:
    optional = default == "None" or "Optional[" in declared or "| None" in declared
    kind = declared.replace("Optional[", "").replace("| None", "").strip(" ]").partition("[")[0]
    if kind not in _TYPES:
        try:
            kind = type(ast.literal_eval(default)).__name__
        except ValueError:
            kind = ""
    return Parameter(name, kind if kind in _TYPES else "", optional, default)


def from_text(parameter: Parameter, text: str) -> object:
    """Parse a value typed on a command line to the parameter's type.

    Raises
    ------
    ValueError
        The text is not a valid value.
    """
    if text == "None" and (parameter.optional or not parameter.kind):
        return None
    readers: dict[str, Callable[[str], object]] = {
        "str": str,
        "int": int,
        "float": float,
        "bool": _parse_bool,
        "list": json.loads,
        "dict": json.loads,
        "": _guess,
    }
    value = readers[parameter.kind](text)
    if not parameter.takes(value):
        raise ValueError(text)
    return value


def check_values(notebook: str | Path, given: Mapping[str, object], *, texts: bool = False) -> dict[str, Any]:
    """Validate parameter values, parsing text if they were typed; refuse unknown names and wrong types.

    Raises
    ------
    InvalidInput
        Every problem, with near names.
    """
    known, problems, values = taken(notebook), list[Problem](), dict[str, Any]()
    for name, value in given.items():
        if name not in known:
            what = "the notebook's parameters cell does not have it"
            problems.append(Problem("unknown-key", f"parameter {name}", what, near_names(name, known)))
            continue
        try:
            values[name] = from_text(known[name], value) if texts and isinstance(value, str) else value
        except ValueError:
            problems.append(_type_problem(known[name], value))
            continue
        if not known[name].takes(values[name]) or not _is_serialisable(values[name]):
            problems.append(_type_problem(known[name], value))
    if problems:
        raise InvalidInput(Path(notebook).name, problems)
    return values


def _is_serialisable(value: object) -> bool:
    """Return whether a value can be sent to another process and shown in a manifest."""
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _type_problem(parameter: Parameter, value: object) -> Problem:
    hint = f"give it as {_EXAMPLES[parameter.kind]}, like its default {parameter.default}"
    return Problem(
        "wrong-type",
        f"parameter {parameter.name}",
        f"must be of type {parameter.kind or 'str, int, float, bool, list or dict'}, not {value!r}",
        hint,
    )


_EXAMPLES = {
    "": "a value",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a JSON list as [1, 2]",
    "dict": 'a JSON object as {"a": 1}',
}


def _parse_bool(text: str) -> bool:
    if text.casefold() not in ("true", "false"):
        raise ValueError(text)
    return text.casefold() == "true"


def _guess(text: str) -> object:
    """Guess the type of a value for an untyped parameter: a number or boolean if it looks like one."""
    for reader in (int, float, _parse_bool):
        try:
            return reader(text)
        except ValueError:
            continue
    return text
