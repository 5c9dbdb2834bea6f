"""Tables for Word, Excel and LaTeX, APA sentences and the methodology statement.

For a researcher's own results, in the language asked for; names of methods and notes of results are in
English. What a report prints passes the gate and is written by `formats`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from toolkit.analysis import CrossTable, Design
from toolkit.analysis.omega import Omega
from toolkit.analysis.reliability import Reliability
from toolkit.arguments import typed
from toolkit.errors import InvalidInput, Problem, near_names, printable
from toolkit.instrument.model import Instrument
from toolkit.locale import N_, _, current_language, ngettext, number_marks, using_language
from toolkit.presentation.blocks import Cell, Table, table_of
from toolkit.presentation.numbers import NOT_SHOWN, Number, base, bound_sign, decimal, is_known
from toolkit.presentation.rows import audience_name, item_name
from toolkit.records import csv_for_people, records
from toolkit.study import Study
from toolkit.weighting import effective_n

_SCALED = ("mean", "total", "ratio", "variance", "probability_of_superiority")
"""Measures whose estimates are not percentages; so are quantiles."""
_STATISTICS = {
    "pooled_z": "z",
    "pooled_z_sparse": "z",
    "mann_whitney": "W",
    "design_t": "t",
    "welch": "t",
    "paired_t": "t",
}
"""Statistic that a comparison's code stands for."""
_SCIPY = {
    "Ttest": (N_("t test"), "t"),
    "Chi2Contingency": (N_("Pearson's chi-square test"), "χ²"),
    "Kruskal": (N_("Kruskal–Wallis test"), "H"),
    "Mannwhitneyu": (N_("Mann–Whitney test"), "U"),
    "Wilcoxon": (N_("Wilcoxon signed-rank test"), "W"),
    "F_oneway": (N_("One-way analysis of variance"), "F"),
    "AlexanderGovern": (N_("Alexander–Govern test"), "A"),
    "PearsonR": (N_("Pearson's correlation"), "r"),
    "Significance": (N_("Rank correlation"), "r"),
    "Power_divergence": (N_("Chi-square goodness-of-fit test"), "χ²"),
    "BinomTest": (N_("Exact binomial test"), "share"),
    "Kstest": (N_("Kolmogorov–Smirnov test"), "D"),
    "Friedmanchisquare": (N_("Friedman test"), "χ²"),
    "Levene": (N_("Levene test"), "W"),
    "Bartlett": (N_("Bartlett test"), "χ²"),
    "Shapiro": (N_("Shapiro–Wilk test"), "W"),
    "BrunnerMunzel": (N_("Brunner–Munzel test"), "W"),
}
"""Type of scipy's result → words, and how its statistic is written."""
_EFFECTS = {"cohen_h": "h", "hedges_g": "g", "cliff_delta": "δ", "cohen_d": "d", "cohen_dz": "dz"}
_COMPONENTS = {
    "composition": N_("composition"),
    "perception": N_("perception"),
    "interaction": N_("interaction"),
    "no_counterpart_a": N_("no counterpart a"),
    "no_counterpart_b": N_("no counterpart b"),
}
_HEADINGS = {
    "item": N_("Item"),
    "response": N_("Answer"),
    "measure": N_("Measure"),
    "std_error": N_("SE"),
    "effective_n": N_("Effective n"),
    "statistic": N_("Statistic"),
    "p_value": "p",
    "p_adjusted": N_("Adjusted p"),
    "term": N_("Term"),
    "component": N_("Component"),
    "column": N_("Column"),
}
_LATEX = str.maketrans(
    {
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': "''",
        "«": r"$\ll$",
        "»": r"$\gg$",
        "\u2212": "$-$",
        "\u2013": "--",
        "≥": r"$\geq$",
        "≤": r"$\leq$",
        "δ": r"$\delta$",
        "χ": r"$\chi$",
        "²": r"$^2$",
        "\u00a0": "~",
        "\u202f": r"\,",
        "ω": r"$\omega$",
        "α": r"$\alpha$",
        "η": r"$\eta$",
        "→": r"$\to$",
        "\n": " ",
    }
)


@typed
def format_table(
    result: Any,
    *,
    title: str = "",
    note: str = "",
    instrument: Instrument | None = None,
    language: str = "en",
    level: float = 0.95,
    digits: int = 2,
) -> Table:
    """Lay a result out as a table for a paper.

    Parameters
    ----------
    result
        Rows of estimates, gaps (released or not), `decompose_gap`, `coefficients`; a model; a test; a cross
        table or any other frame.
    title, note
        Printed above and below.
    instrument
        Gives items, answers and audiences their labels.
    language
        Of headings, numbers and labels; one of `toolkit.locale.languages()`, as `study.language`.
    level
        Confidence level the rows were computed with. It is printed, not applied (of a model it is applied).
    digits
        Decimals of numbers that are not percentages, which have one less.

    Returns
    -------
    Table
        Displays itself in a notebook; `frame` is its text.

    Examples
    --------
    >>> from toolkit.analysis import proportions
    >>> frame = pd.DataFrame({"audience": ["a"] * 10, "tired": [1] * 7 + [0] * 3})
    >>> format_table(proportions(frame, "tired", by="audience", measure="1")).frame.iloc[0].tolist()
    ['tired', 'a', '10', '70.0% [39.7, 89.2]']
    """
    problems = []
    if not 0 < level < 1:
        problems.append(Problem("out-of-range", "level", f"is {level}", "give a fraction such as 0.95"))
    if not 0 <= digits <= 8:
        problems.append(Problem("out-of-range", "digits", f"is {digits}", "give a number from 0 to 8"))
    if problems:
        raise InvalidInput("format_table", problems)
    with using_language(language):
        return _laid_out(result, title, note, _Names(instrument, language), level, digits)


def _laid_out(result: Any, title: str, note: str, names: _Names, level: float, digits: int) -> Table:
    if isinstance(result, CrossTable):
        return _crossed(result, names, title, note, digits)
    frame = _frame_of(result, level)
    rows = records(frame)
    has = set(frame.columns)
    kind = "results"
    if {"audience_a", "audience_b", "gap"} <= has:
        kind, made = "gaps", [_gap_cells(row, frame, names, level, digits) for row in rows]
    elif {"estimate", "conf_low", "conf_high"} <= has and has & {"item", "term", "component"}:
        kind, made = "estimates", [_estimate_cells(row, frame, names, level, digits) for row in rows]
    elif {"reason", "label", "share_of_asked"} <= has:  # `missing_summary`
        made = [_missing_cells(row, frame, names, digits) for row in rows]
    else:
        made = [{str(name): _plain_cell(name, row[name], digits) for name in frame} for row in rows]
    columns = list(dict.fromkeys(name for row in made for name in row)) or [str(name) for name in frame]
    numeric = [name for name in columns if any(_counts(row.get(name)) for row in made)]
    notes = [note, *(frame["note"].astype(str).unique() if "component" in has and "note" in has else ())]
    return table_of(made, columns, title=title, kind=kind, notes=filter(None, notes), numeric=numeric)


@typed
def save_table(result: Any, path: str | Path, **options: Any) -> Path:
    """Save a result as a table for Word, Excel or LaTeX.

    Parameters
    ----------
    result
        As in `format_table`, or what that returned.
    path
        Its suffix chooses the format: .docx, .xlsx (numbers as numbers, ends of intervals in columns of their
        own), .tex (booktabs), .html, .csv.
    options
        As in `format_table`.

    Returns
    -------
    Path
        The file. An existing one is replaced.

    Raises
    ------
    InvalidInput
        For another suffix, or a folder that does not exist.

    Notes
    -----
    Text that a spreadsheet would run as a formula stays text; signs with a meaning in LaTeX are escaped.
    Latin script compiles with pdflatex; compile other scripts and emoji with xelatex or lualatex.

    Examples
    --------
    >>> save_table(gaps, "gaps.docx", title="Table 1. Gaps", instrument=study.instrument)
    PosixPath('gaps.docx')
    """
    target = Path(path)
    writer = _WRITERS.get(target.suffix.lower())
    problems = []
    if writer is None:
        known = ", ".join(_WRITERS)
        problems.append(
            Problem(
                "unsupported-format", f"path {target.name}", "has an unknown suffix", f"use one of {known}"
            )
        )
    if not target.parent.is_dir():
        problems.append(Problem("file-not-found", f"folder {target.parent}", "not found", "create it first"))
    if problems or writer is None:
        raise InvalidInput("save_table", problems)
    table = result if isinstance(result, Table) else format_table(result, **options)
    with using_language(table.language):
        target.write_bytes(writer(_without_control(table)))
    return target


def _crossed(result: CrossTable, names: _Names, title: str, note: str, digits: int) -> Table:
    """Lay out a cross table: a row per answer and one of bases, a column per group, letters beside shares."""
    head, made = names.item(result.item), []
    heads = {row.column: f"{names.group(row.column)} ({row.letter})" for row in result.table.itertuples()}
    lettered = bool(result.table["higher_than"].notna().any())
    bases: dict[str, str | Cell | Number | None] = {head: "n"}
    for response, part in result.table.groupby("response", sort=False):
        line: dict[str, str | Cell | Number | None] = {head: names.answer(result.item, response)}
        for row in records(part):
            value = Number(float(row["estimate"]), "percent", max(digits - 1, 0)) if row["n"] else None
            words = f"{_text(value)} {row['higher_than'] if is_known(row['higher_than']) else ''}".rstrip()
            n = Number(float(row["count"]), "decimal", 1)
            if float(row["count"]).is_integer():
                n = Number(float(row["count"]), "count")
            line[heads[row["column"]]] = Cell(value, n=n, words=f"{words} ({n.figure()})")
            bases[heads[row["column"]]] = Cell(Number(float(row["n"]), "count"))
        made.append(line)
    explained = _("Column percentages with (weighted) counts; n are unweighted.")
    if lettered:
        explained += " " + _("A letter beside a share: it is higher than that of the column so named.")
    notes = [note, f"{explained} {_test_sentence(result.test, 0.95)}", result.method if lettered else ""]
    columns = [head, *heads.values()]
    return table_of(
        [*made, bases], columns, title=title, kind="crossed", notes=filter(None, notes), numeric=columns[1:]
    )


def _frame_of(result: Any, level: float) -> pd.DataFrame:
    """Convert any result to rows: a model's coefficients, a test as one row."""
    if isinstance(result, pd.Series):
        result = result.to_frame()
    if hasattr(result, "params") and hasattr(result, "cov_params"):
        from toolkit.analysis import coefficients

        return coefficients(result, level=level)
    if is_dataclass(result) and not isinstance(result, type):
        table = getattr(result, "table", None)
        if isinstance(table, pd.DataFrame):
            return table
        shown = {one.name: getattr(result, one.name) for one in fields(result)}
        shown = {name: one for name, one in shown.items() if not isinstance(one, pd.DataFrame)}
        return pd.DataFrame([{name: _flat(value) for name, value in shown.items() if value is not None}])
    if not isinstance(result, pd.DataFrame):
        what = f"is a {type(result).__name__}, which has no table"
        raise InvalidInput(
            "format_table", [Problem("wrong-type", "result", what, "give a frame, a model or a test")]
        )
    frame = result
    if frame.columns.nlevels > 1:
        frame = frame.set_axis([" · ".join(map(str, one)) for one in frame.columns], axis=1)
    if not isinstance(frame.index, pd.RangeIndex) and (
        frame.index.nlevels > 1 or frame.index.name is not None or frame.index.dtype.kind not in "iu"
    ):
        frame = frame.reset_index(allow_duplicates=True)
    twice = dict.fromkeys(map(str, frame.columns[frame.columns.duplicated()]))
    if twice:
        what, fix = "occurs more than once", "rename one of the two"
        problems = [Problem("duplicate-column", f"column {name}", what, fix) for name in twice]
        raise InvalidInput("format_table", problems)
    return frame


def _flat(value: Any) -> Any:
    return ", ".join(f"{one:g}" for one in value) if isinstance(value, tuple) else value


class _Names:
    """Labels of items and audiences, where there is an instrument."""

    def __init__(self, instrument: Instrument | None, language: str) -> None:
        self.instrument, self.language = instrument, language

    def item(self, name: Any) -> str:
        if self.instrument is None:
            return str(name)
        return item_name(self.instrument, str(name))

    def answer(self, item: str, code: Any) -> str:
        if self.instrument is None or item not in self.instrument:
            return str(code)
        labels = self.instrument[item].code_labels(self.language)
        return str(labels.get(str(code), code))

    def group(self, name: Any) -> str:
        if self.instrument is None or str(name) not in self.instrument.audiences:
            return str(name)
        return audience_name(self.instrument, name)


def _is_percent(row: Mapping[str, Any]) -> bool:
    """Return whether a row's estimates are fractions to be shown as percentages."""
    if "unit" in row or "verdict_unit" in row:
        return str(row.get("unit", row.get("verdict_unit"))) == "points"
    if "response" in row:
        return True
    measure = row.get("measure")
    if measure is None or str(measure) in _SCALED or str(measure).startswith("quantile"):
        return False
    return not is_known(row["estimate"]) or abs(float(row["estimate"])) <= 1


def _number(value: Any, percent: bool, digits: int, bound: Any = "") -> Number | None:
    if not is_known(value) or not np.isfinite(float(value)):
        return None
    least = max(digits - 1, 0)
    if percent:
        return Number(float(value), "percent", least, bound_sign(bound))
    return Number(float(value), "decimal", digits, bound_sign(bound))


def _text(number: Number | None) -> str:
    if number is None:
        return NOT_SHOWN
    return str(number)


def _with_interval(
    row: Mapping[str, Any], name: str, percent: bool, digits: int, *, points: bool = False
) -> Cell:
    """Format a number and its interval: 57.0% [45.1, 68.4]; differences in points without the sign."""
    value, low, high = (
        _number(row.get(one), percent, digits, row.get("bound", "") if one == name else "")
        for one in (name, "conf_low", "conf_high")
    )
    if points and percent:
        value, low, high = (
            None if one is None else Number(one.value, "points", one.digits, one.sign)
            for one in (value, low, high)
        )
    words = _text(value)
    if low is not None and high is not None and value is not None and value.exact:
        words += f" {_('[{low}, {high}]', low=low.figure(), high=high.figure())}"
    return Cell(value, low, high, words=words)


def _p_cell(value: Any) -> Cell:
    if not is_known(value):
        return Cell(words=NOT_SHOWN)
    return Cell(Number(float(value), "decimal", 3), words=_p(float(value)))


def _p(value: float) -> str:
    if value < 0.001 or value >= 0.9995:
        return f"< {_below_one(0.001, 3)}" if value < 0.001 else f"> {_below_one(0.999, 3)}"
    return _below_one(value, 3)


def _leading(
    row: Mapping[str, Any], frame: pd.DataFrame, names: _Names, upto: str
) -> dict[str, str | Cell | Number | None]:
    """Return the columns that name a row; the measure only where there are several."""
    found: dict[str, str | Cell | Number | None] = {}
    for name in list(frame.columns)[: list(frame.columns).index(upto)]:
        if name == "measure" and frame[name].nunique() < 2:
            continue
        if name == "audience_a":
            found[_("Groups")] = " – ".join(names.group(row[f"audience_{side}"]) for side in "ab")
        if name in ("audience_a", "audience_b"):
            continue
        label = names.item(row[name]) if name == "item" else names.group(row[name])
        if name == "response":
            label = names.answer(str(row.get("item", "")), row[name])
        found[_(_HEADINGS[name]) if name in _HEADINGS else name] = label
    return found


def _gap_cells(
    row: Mapping[str, Any], frame: pd.DataFrame, names: _Names, level: float, digits: int
) -> dict[str, str | Cell | Number | None]:
    percent = _is_percent(row)
    found = _leading(row, frame, names, "audience_a")
    single = frame[["audience_a", "audience_b"]].drop_duplicates().shape[0] == 1
    sides = [names.group(row[f"audience_{side}"]) for side in "ab"]
    if not single:
        found[_("Groups")] = f"{sides[0]} – {sides[1]}"
    for side, heading in zip("ab", sides if single else (_("First"), _("Second")), strict=True):
        value = _number(row[f"estimate_{side}"], percent, digits, row.get(f"bound_{side}", ""))
        n = Number(float(row[f"n_{side}"]), "count") if is_known(row[f"n_{side}"]) else None
        base = f"n = {n.figure()}" if n is not None else f"n {row.get(f'n_{side}_shown', NOT_SHOWN)}"
        found[heading] = Cell(value, n=n, words=f"{_text(value)} ({base})")
    heading = f"{_('Difference')}, {_interval(level)}"
    found[heading] = _with_interval(row, "gap", percent, digits, points=True)
    found["p"] = _p_cell(row.get("p_value"))
    if "p_adjusted" in row:
        found[_("Adjusted p")] = _p_cell(row["p_adjusted"])
    if is_known(row.get("effect_size")):
        kind = _EFFECTS.get(str(row["effect_size_kind"]), str(row["effect_size_kind"]))
        value = Number(float(row["effect_size"]), "decimal", digits)
        found[_("Effect size")] = Cell(value, words=f"{kind} = {value.figure()}")
    return found | ({_("Alike?"): str(row["alike"])} if "alike" in row else {})


def _estimate_cells(
    row: Mapping[str, Any], frame: pd.DataFrame, names: _Names, level: float, digits: int
) -> dict[str, str | Cell | Number | None]:
    percent = _is_percent(row)
    first = next(name for name in frame.columns if name in ("n", "n_a", "effective_n", "estimate"))
    found = _leading(row, frame, names, first)
    for name in ("n", "n_a", "n_b"):
        if name in row:
            n = Number(float(row[name]), "count") if is_known(row[name]) else None
            found[name] = Cell(n) if n is not None else str(row.get("n_shown", NOT_SHOWN))
    split = "component" in row
    name = str(row.get("kind", "b")) if "term" in row else _("Points") if split and percent else _("Estimate")
    heading = f"{name}, {_interval(level)}"
    found[heading] = _with_interval(row, "estimate", percent, digits, points=split)
    if "term" in row or split:
        error = _number(row.get("std_error"), percent, digits)
        # the error of a ratio is that of its log
        ratio = row.get("kind", "b") not in ("b", "AME") and not split
        found[_("SE (log)") if ratio else _("SE")] = Cell(
            error, words="" if error is None else error.figure()
        )
        if is_known(row.get("statistic")):
            infinite = not is_known(row["df"]) or np.isinf(float(row["df"]))
            value = Number(float(row["statistic"]), "decimal", 2)
            found["z" if infinite else f"t({float(row['df']):.4g})"] = Cell(value)
        found["p"] = _p_cell(row.get("p_value"))
    return found


def _missing_cells(
    row: Mapping[str, Any], frame: pd.DataFrame, names: _Names, digits: int
) -> dict[str, str | Cell | Number | None]:
    """Return labels of an item, its groups and a reason, not their codes, and shares as percentages."""
    found: dict[str, str | Cell | Number | None] = {_("Item"): names.item(row["item"])}
    for group in list(frame.columns)[1 : list(frame.columns).index("reason")]:
        if group == "audience":
            found[_("Group")] = names.group(row[group])
        else:
            found[names.item(group)] = names.answer(group, row[group])
    found[_("Reason")] = _(str(row["label"]))
    for name, heading in (("count", "n"), ("n", _("of n"))):
        found[heading] = Cell(Number(float(row[name]), "count"))
    for name, heading in (("share", _("Share")), ("share_of_asked", _("Of those asked"))):
        share = _number(row[name], True, digits)
        found[heading] = Cell(share, words=_text(share))
    return found


def _plain_cell(name: Any, value: Any, digits: int) -> str | Cell:
    """Format a cell of a frame that does not follow the contract."""
    if not pd.api.types.is_scalar(value):
        return str(value)
    if not is_known(value):
        return NOT_SHOWN
    if str(name) in ("p", "p_value", "p_adjusted", "p_val", "pvalue") and isinstance(value, float):
        return _p_cell(value)
    if isinstance(value, bool | np.bool_):
        return _("yes") if value else _("no")
    if isinstance(value, int | np.integer):
        return Cell(Number(float(value), "count"))
    if isinstance(value, float | np.floating):
        return Cell(Number(float(value), "decimal", digits)) if np.isfinite(value) else f"{value:g}"
    return str(value)


def _counts(cell: Any) -> bool:
    return isinstance(cell, Number) or (isinstance(cell, Cell) and cell.value is not None)


def _without_control(table: Table) -> Table:
    """Escape control characters, which no format can hold."""
    clean = [
        tuple(
            printable(cell, keep="\n")
            if isinstance(cell, str)
            else Cell(cell.value, cell.low, cell.high, cell.n, words=printable(cell.words, keep="\n"))
            for cell in row
        )
        for row in table.cells
    ]
    heads, notes = (tuple(map(printable, some)) for some in (table.columns, table.notes))
    right = tuple(map(printable, table.numeric))
    return Table(printable(table.title), heads, tuple(clean), notes, table.kind, right, table.language)


def _one_note(table: Table) -> str:
    return " ".join(note if note.endswith((".", "!", "?")) else f"{note}." for note in table.notes)


def _word(table: Table) -> bytes:
    import docx
    from docx.enum.section import WD_ORIENT

    from toolkit.reporting.documents.word import table_xml

    document = docx.Document()
    normal: Any = document.styles["Normal"]
    normal.font.name = "Times New Roman"
    page = document.sections[0]
    if len(table.columns) > 6:
        page.orientation = WD_ORIENT.LANDSCAPE
        page.page_width, page.page_height = page.page_height, page.page_width
    if table.title:
        document.add_paragraph().add_run(table.title).italic = True
    across: Any = page
    wide = int((across.page_width - across.left_margin - across.right_margin) / 635)  # twentieths of a point
    anchor = document.add_paragraph()
    # numbers do not break over lines
    cells = [
        [str(cell).replace(" ", "\u00a0") if isinstance(cell, Cell) else cell for cell in row]
        for row in table.cells
    ]
    anchor._p.addprevious(table_xml(replace(table, cells=tuple(map(tuple, cells))), wide))
    if table.notes:
        anchor.add_run(f"{_('Note.')} ").italic = True
        anchor.add_run(_one_note(table))
    document.core_properties.author = ""
    found = io.BytesIO()
    document.save(found)
    return found.getvalue()


def _excel(table: Table) -> bytes:
    from toolkit.reporting.documents.workbook import render_table

    return render_table(table)


def _latex(table: Table) -> bytes:
    """Write a booktabs table with right-aligned numbers."""
    right = set(table.numeric)
    shape = "".join("r" if name in right else "l" for name in table.columns)
    lines = [" & ".join(str(cell).translate(_LATEX) for cell in row) + r" \\" for row in table.rows]
    head = " & ".join(name.translate(_LATEX) for name in table.columns) + r" \\"
    # a row that starts with a bracket would be read as an option of the line break before it
    lines = [f"{{}}{line}" if line.startswith(("[", "*")) else line for line in lines]
    parts = ["% needs \\usepackage{booktabs}", r"\begin{table}", r"\centering"]
    if table.title:
        parts.append(rf"\caption{{{table.title.translate(_LATEX)}}}")
    parts += [rf"\begin{{tabular}}{{{shape}}}", r"\toprule", head, r"\midrule", *lines, r"\bottomrule"]
    parts.append(r"\end{tabular}")
    if table.notes:
        parts.append(
            rf"\par\smallskip\emph{{{_('Note.').translate(_LATEX)}}} {_one_note(table).translate(_LATEX)}"
        )
    return ("\n".join([*parts, r"\end{table}"]) + "\n").encode()


def _html(table: Table) -> bytes:
    return f'<meta charset="utf-8">\n{table._repr_html_()}\n'.encode()


def _csv(table: Table) -> bytes:
    return csv_for_people(table.frame).encode("utf-8-sig")


_WRITERS = {".docx": _word, ".xlsx": _excel, ".tex": _latex, ".html": _html, ".csv": _csv}


@typed
def apa(
    result: Any, *, instrument: Instrument | None = None, language: str = "en", level: float = 0.95
) -> str:
    """Write results as sentences in APA style.

    Parameters
    ----------
    result
        Rows of gaps, of `decompose_gap` or of estimates; a test of ours, of scipy or of pingouin; a model or
        its coefficients; a `reliability` or an `omega`.
    instrument, language, level
        As in `format_table`.

    Returns
    -------
    str
        One line per gap, split, estimate, test or coefficient. Results of scipy lack some degrees of
        freedom (of correlations, of F): add them, or pass pingouin's table.

    Raises
    ------
    InvalidInput
        For any other object.

    Examples
    --------
    >>> from toolkit.analysis import gaps
    >>> answers = [1] * 56 + [0] * 14 + [1] * 48 + [0] * 32
    >>> frame = pd.DataFrame({"audience": ["a"] * 70 + ["b"] * 80, "agrees": answers})
    >>> print(apa(gaps(frame, "agrees", measure="mean")))  # doctest: +NORMALIZE_WHITESPACE
    agrees: a 80.0% (n = 70), b 60.0% (n = 80), difference 20.0 points, 95% CI [5.2, 33.4], z = 2.65,
    p = .008, h = 0.44.
    """
    with using_language(language):
        return _sentences(result, _Names(instrument, language), level)


def _sentences(result: Any, names: _Names, level: float) -> str:
    if isinstance(result, Reliability | Omega):
        if isinstance(result, Omega):
            value, items = f"ω = {_below_one(result.total)}", len(result.loadings)
        else:
            low, high = _below_one(result.conf_low), _below_one(result.conf_high)
            ends = _("[{low}, {high}]", low=low, high=high)
            value, items = f"α = {_below_one(result.alpha)}, {_interval(level)} {ends}", result.n_items
        return f"{value}, {_('{count} items', count=items)}, n = {result.n}."
    ours = is_dataclass(result) and not isinstance(result, type) and hasattr(result, "method")
    theirs = hasattr(result, "pvalue") and hasattr(result, "statistic") and not hasattr(result, "params")
    if hasattr(result, "p_value") if ours else theirs:
        return _test_sentence(result, level)
    frame = _frame_of(result, level)
    has = set(frame.columns)
    if {"component", "column", "estimate"} <= has:
        return "\n".join(_split_sentences(frame, names, level))
    if {"audience_a", "audience_b", "gap"} <= has:
        lines = [_gap_sentence(row, frame, names, level) for row in records(frame)]
    elif {"term", "estimate", "std_error", "statistic"} <= has:
        lines = [
            f"{', '.join(str(row[one]) for one in ('term', 'response') if one in row)}: "
            f"{row.get('kind', 'b')} = {_figure(row['estimate'])}{_ci(row, level, 1)}"
            f"{_statistic('t' if np.isfinite(row['df']) else 'z', row)}."
            for row in records(frame)
        ]
    elif {"item", "estimate", "conf_low", "conf_high", "n"} <= has:
        lines = []
        for row in records(frame):
            scale, sign = (100, number_marks().percent) if _is_percent(row) else (1, "")
            label = ", ".join(map(str, _leading(row, frame, names, "n").values()))
            value = _figure(row["estimate"], scale)
            text = f"{value}{sign}{_ci(row, level, scale)}, n = {row['n']:g}"
            lines.append(_("{item}: {parts}", item=label, parts=text) + ".")
    elif {"test", "chi2", "dof", "pval", "cramer"} <= has:  # of pingouin; its other rows are variants
        row = records(frame)[0]
        found = {"statistic": row["chi2"], "df": row["dof"], "p_value": row["pval"]}
        named = _(_SCIPY["Chi2Contingency"][0])
        lines = [f"{named}{_statistic('χ²', found)}, V = {_figure(row['cramer'])}."]
    elif has & {"p_val", "p_unc", "p-val", "p-unc"} and has & {"T", "F", "r", "U_val", "W_val", "H"}:
        shown = frame[frame["F"].notna()] if "F" in frame else frame
        lines = [_pingouin_sentence(row.get("index", "Test"), row) for row in records(shown)]
    else:
        what, fix = "holds no gaps, splits, estimates, test or coefficients", "use format_table"
        raise InvalidInput("apa", [Problem("wrong-type", "result", what, fix)])
    return "\n".join(lines)


def _below_one(value: float, digits: int = 2) -> str:
    """Format a number that cannot exceed 1: .76, and 0,76 where the decimal mark is a comma."""
    text, decimal = f"{value:.{digits}f}".replace("-", "\u2212"), number_marks().decimal
    return text.replace("0.", ".", 1) if decimal == "." else text.replace(".", decimal)


def _figure(value: Any, scale: float = 1) -> str:
    if not is_known(value):
        return NOT_SHOWN
    text = f"{float(value) * scale:.{1 if scale == 100 else 2}f}".replace("-", "\u2212")
    return text.replace(".", number_marks().decimal)


def _interval(level: float) -> str:
    return _("{level}% CI", level=f"{100 * level:g}".replace(".", number_marks().decimal))


def _ci(row: Mapping[str, Any], level: float, scale: float) -> str:
    if not (is_known(row["conf_low"]) and is_known(row["conf_high"])):
        return ""
    low, high = _figure(row["conf_low"], scale), _figure(row["conf_high"], scale)
    return f", {_interval(level)} {_('[{low}, {high}]', low=low, high=high)}"


def _statistic(symbol: str, row: Mapping[str, Any]) -> str:
    """Format statistic, df and p: ", t(28) = 2.65, p = .013"."""
    found, df = "", row.get("df")
    if symbol and is_known(row.get("statistic")):
        within = df if isinstance(df, tuple) else (df,) if is_known(df) else ()
        within = tuple(one for one in within if np.isfinite(float(one)))
        listed = ", ".join(f"{float(one):.2f}".removesuffix(".00") for one in within)
        found = f", {symbol}{f'({listed})' if listed else ''} = {_figure(row['statistic'])}"
    for name, symbol in (("p_value", "p"), ("p_adjusted", _("adjusted p"))):
        if is_known(row.get(name)) and (name == "p_value" or row[name] != row["p_value"]):
            p = _p(float(row[name]))
            found += f", {symbol} {p if p[0] in '<>' else f'= {p}'}"
    return found


def _gap_sentence(row: Mapping[str, Any], frame: pd.DataFrame, names: _Names, level: float) -> str:
    percent = _is_percent(row)
    scale, sign = (100, number_marks().percent) if percent else (1, "")
    label = ", ".join(map(str, _leading(row, frame, names, "audience_a").values()))
    sides = []
    for side in "ab":
        n = (
            f"{row[f'n_{side}']:g}"
            if is_known(row[f"n_{side}"])
            else row.get(f"n_{side}_shown", _("unknown"))
        )
        bound = bound_sign(row.get(f"bound_{side}", ""))
        value = _figure(row[f"estimate_{side}"], scale)
        value += "" if value == NOT_SHOWN else sign
        sides.append(f"{names.group(row[f'audience_{side}'])} {bound}{value} (n = {n})".replace("= <", "< "))
    if not is_known(row["gap"]):
        return _("{item}: {parts}; no difference is reported.", item=label, parts=", ".join(sides))
    test = str(row["method_code"]).rpartition("+")[2].removesuffix("_one_side")
    symbol = _STATISTICS.get(str(row["method_code"]).partition("+")[0], _STATISTICS.get(test, ""))
    gap = f"{bound_sign(row.get('bound', ''))}{_figure(row['gap'], scale)}"
    wording = _("difference {gap} points", gap=gap) if percent else _("difference {gap}", gap=gap)
    text = _("{item}: {parts}", item=label, parts=", ".join([*sides, wording]))
    text += f"{_ci(row, level, scale)}{_statistic(symbol, row)}"
    if is_known(row["effect_size"]):
        text += f", {_EFFECTS.get(row['effect_size_kind'], _('effect'))} = {_figure(row['effect_size'])}"
    return f"{text}."


def _split_sentences(frame: pd.DataFrame, names: _Names, level: float) -> Iterator[str]:
    outer = list(frame.columns)[: list(frame.columns).index("component")]
    for __, part in frame[frame["column"] == ""].groupby(outer, sort=False, observed=True, dropna=False):
        first, *others = records(part)
        percent = _is_percent(first)
        scale = 100 if percent else 1
        label = ", ".join(map(str, _leading(first, frame, names, "audience_a").values()))
        pair = " − ".join(names.group(first[f"audience_{side}"]) for side in "ab")
        if not is_known(first["estimate"]):
            yield _("{item}: {parts}; no difference is reported.", item=label, parts=pair)
            continue
        parts = [
            f"{_(_COMPONENTS[row['component']])} {_figure(row['estimate'], scale)}{_ci(row, level, scale)}"
            for row in others
        ]
        whole = _figure(first["estimate"], scale)
        gap = _("{gap} points", gap=whole) if percent else whole
        values = {"item": label, "pair": pair, "gap": gap, "parts": "; ".join(parts)}
        yield _("{item}: {pair} = {gap}, of which {parts}.", **values)


def _test_sentence(test: Any, level: float) -> str:
    """Describe a test of this package or of scipy: statistic, df, p, estimate."""
    if is_dataclass(test) and hasattr(test, "method"):
        row = {one.name: getattr(test, one.name) for one in fields(test)}
        symbol = row.get("symbol") or ("F" if isinstance(row.get("df"), tuple) else "statistic")
        if symbol == "statistic" and "effects" in row:  # of terms
            symbol = "χ²"
        text = str(row["method"])
    else:
        kind = type(test).__name__.removesuffix("Result")
        text, symbol = _SCIPY.get(kind, (kind, "statistic"))
        text = _(text)
        if kind == "Significance" and not hasattr(test, "correlation"):
            # scipy gives Fisher's exact test the type of a rank correlation; its statistic is an odds ratio
            text, symbol = _("Significance test"), "statistic"
        df = getattr(test, "df", getattr(test, "dof", None))
        row = {"statistic": test.statistic, "p_value": test.pvalue, "df": df}
    text += _statistic(symbol, row)
    if is_known(row.get("estimate")) and np.isscalar(row["estimate"]):
        text += f", {_('estimate')} = {_figure(row['estimate'])}"
        if is_known(row["conf_low"]) and np.isfinite([row["conf_low"], row["conf_high"]]).all():
            text += _ci(row, level, 1)
    return f"{text}."


def _pingouin_sentence(label: Any, row: Mapping[str, Any]) -> str:
    """Describe one row of a pingouin result."""
    found = {
        "p_value": next((row[name] for name in ("p_val", "p_unc", "p-val", "p-unc") if name in row), None)
    }
    names = [name for name in ("T", "F", "r", "U_val", "W_val", "H") if name in row]
    found["statistic"] = row[names[0]]
    found["df"] = (row["ddof1"], row["ddof2"]) if "ddof2" in row else row.get("dof")
    if names[0] == "r":
        found["df"] = row["n"] - 2
    words = {"T_test": _("t test"), "MWU": _("Mann–Whitney test")}
    symbol = "t" if names[0] == "T" else names[0].removesuffix("_val")
    text = f"{row.get('Source', words.get(label, label))}{_statistic(symbol, found)}"
    for name, symbol in (("cohen_d", "d"), ("hedges", "g"), ("np2", "ηp²"), ("RBC", "RBC"), ("CLES", "CLES")):
        if is_known(row.get(name)):
            text += f", {symbol} = {_figure(row[name])}"
    return f"{text}."


@typed
def methods_statement(
    study: Study,
    *results: pd.DataFrame,
    wave: str | None = None,
    design: Design | None = None,
    frame: pd.DataFrame | None = None,
    language: str = "en",
) -> str:
    """Write the methodology statement of a study: the eleven disclosure items of the AAPOR code.

    Parameters
    ----------
    study
        Its file gives what only its authors know; sizes, questionnaire, rows set aside are computed.
    results
        Frames of results that the paper prints: their methods and adjustments are named as they were used.
    wave
        The latest by default.
    design
        How the results were weighted; by default the study's own.
    frame
        The respondents of the results, where the design names columns of your own, such as raked weights.
    language
        One of `toolkit.locale.languages()`, as `study.language`. What the study file says, names of methods
        and reasons are printed as they are.

    Returns
    -------
    str
        Markdown, a heading per audience and item. Groups below the policy's threshold are not counted out.

    Raises
    ------
    ToolkitError
        Where the study file leaves an item blank, or no catalogue of the language is there.

    Examples
    --------
    >>> from toolkit.study import load_study
    >>> methods_statement(load_study("ai_at_work")).splitlines()[0]
    'The answers are synthetic: no person gave them.'
    """
    with using_language(language, study.level):
        return _statement(study, results, wave, design, frame)


def _statement(
    study: Study,
    results: tuple[pd.DataFrame, ...],
    wave: str | None,
    design: Design | None,
    frame: pd.DataFrame | None,
) -> str:
    from toolkit.disclosure import admit
    from toolkit.presentation import computed_methods
    from toolkit.presentation import methods_statement as statement

    chosen = wave or study.wave
    answers = study.responses(wave=chosen)
    heads = study.headcounts(chosen)
    known = {name: int(heads[name].sum()) for name in heads if len(heads) and heads[name].notna().all()}
    sampled = design or study.design
    participation = admit(answers, study.policy, population=known, level=study.level).participation
    if sampled is not None:  # its margins are those of a simple sample
        participation = participation.assign(margin=np.nan)
    released = bool(results) and all("shown" in one for one in results)
    used = _used(results)
    parts = []
    for audience in study.instrument.audiences:
        computed = computed_methods(
            participation,
            study.instrument,
            audience=audience,
            policy=study.policy if released else None,
            level=study.level,
            dates=study.field_dates(chosen),
        )
        put = {one.item.id for one in study.instrument.variables if audience in one.audiences}
        computed["instrument"] = _(
            "“{title}”, version {version}: {questions} questions for this audience.",
            title=study.instrument.title.get(current_language(), study.instrument.id),
            version=study.instrument.version,
            questions=len(put),
        )
        if sampled is not None:
            computed["weighting"] = _weighting(sampled, answers if frame is None else frame)
        texts = (computed["processing_and_quality"], _processing(study, chosen), used)
        computed["processing_and_quality"] = " ".join(filter(None, texts))
        written = dict(study.methods.get(audience, {}))
        prose = statement(written, computed, audience=audience, instrument=study.instrument)
        parts.append(f"## {prose.title}")
        parts += [f"### {term}\n\n{text}" for terms in prose.parts for term, text in terms.pairs]  # type: ignore[union-attr]
    if study.synthetic:
        parts.insert(0, _("The answers are synthetic: no person gave them."))
    return "\n\n".join(parts) + "\n"


def _processing(study: Study, wave: str) -> str:
    """Describe how many rows were read, kept and set aside, and why."""
    table = study.disposition(wave)
    counts = {str(name): int(rows) for name, rows in table.groupby("outcome")["rows"].sum().items()}
    aside = table[table["outcome"] == "set aside"].groupby("reason")["rows"].sum()
    read, kept = base(counts.get("read", 0)), base(counts.get("kept", 0))
    why = "; ".join(_("{words}: {count}", words=name, count=base(n)) for name, n in aside.items() if n)
    if not why:
        return _("Of {read} rows read, {kept} were kept.", read=read, kept=kept)
    return _(
        "Of {read} rows read, {kept} were kept, {aside} set aside ({why}).",
        read=read,
        kept=kept,
        aside=base(aside.sum()),
        why=why,
    )


def _weighting(design: Design, frame: pd.DataFrame) -> str:
    """Describe the weights, their design effect, and how errors were computed."""
    sampled = design.over(frame, linearise=True)
    weights = sampled.weights[sampled.weights > 0]
    effective = effective_n(weights)
    how = _("replicate weights") if sampled.replicated is not None else _("Taylor linearisation")
    text = _(
        "Estimates use the survey design ({design}); standard errors are from {how}.",
        design=sampled.label,
        how=how,
    )
    if design.weights is None:
        return text
    cost = _(
        "Unequal weights cost a design effect of {effect} (Kish), that is an effective sample of "
        "{effective} of {all} respondents.",
        effect=decimal(len(weights) / effective, 2),
        effective=base(effective),
        all=base(len(weights)),
    )
    return f"{text} {cost}"


def _used(results: tuple[pd.DataFrame, ...]) -> str:
    """Count the methods and adjustments of the results."""
    problems = [
        Problem(
            "missing-column",
            f"result {at}",
            "has no column method",
            f"give rows of results: {near_names('method', frame)}",
        )
        for at, frame in enumerate(results, start=1)
        if "method" not in frame
    ]
    if problems:
        raise InvalidInput("methods_statement", problems)
    if not results:
        return ""
    methods = pd.concat([frame["method"].astype(str) for frame in results]).value_counts(sort=False)
    used = (
        ngettext("{name} ({count} result)", "{name} ({count} results)", count, name=name)
        for name, count in methods.items()
    )
    text = _("Methods used: {methods}.", methods="; ".join(used))
    families = [
        frame[["family", "adjustment"]].astype(str)
        for frame in results
        if {"family", "adjustment"} <= set(frame)
    ]
    if families:
        counted = pd.concat(families).value_counts(sort=False)
        listed = (
            _("{method} over the {count} of family '{family}'", method=how, count=n, family=family)
            for (family, how), n in counted.items()
        )
        text += " " + _("p values were adjusted: {methods}.", methods="; ".join(listed))
    return text
