"""Released rows as the values that tables and figures show."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from toolkit.disclosure import Released
from toolkit.errors import DisclosureError, InvalidInput, Problem, ToolkitError, near_names
from toolkit.instrument.model import Instrument, Variable
from toolkit.locale import N_, _, current_language
from toolkit.presentation.numbers import is_known
from toolkit.records import records

# Gaps between two waves as changes: earlier, later, and later minus earlier.


def waves_apart(frame: pd.DataFrame, waves: tuple[str, str]) -> pd.DataFrame:
    """Rearrange trend rows as earlier and later shares, whichever way the table subtracts.

    Parameters
    ----------
    frame
        Released gaps whose audience_a and audience_b are waves.
    waves
        The earlier and the later one.

    Returns
    -------
    The rows that compare these two, with the columns earlier, later, bound_earlier, bound_later, turned:
    whether the gap has to change its sign to be later minus earlier.

    Raises
    ------
    InvalidInput
        The frame compares other waves only.
    """
    first, last = waves
    a, b = frame["audience_a"].astype(str), frame["audience_b"].astype(str)
    kept = frame[((a == first) & (b == last)) | ((a == last) & (b == first))].copy()
    if kept.empty and len(frame):
        found = ", ".join(sorted({*a, *b}))
        raise InvalidInput(
            "waves",
            [Problem("unknown-wave", "waves", f"{first} and {last} are not compared", f"there are {found}")],
        )
    turned = kept["audience_a"].astype(str) == first
    for stem in ("estimate", "bound"):
        one, other = kept[f"{stem}_a"], kept[f"{stem}_b"]
        ends = ("earlier", "later") if stem == "estimate" else ("bound_earlier", "bound_later")
        kept[ends[0]] = one.where(turned, other)
        kept[ends[1]] = other.where(turned, one)
    kept["turned"] = turned
    return kept


# Reading released rows and an instrument's words, the same way for tables, figures and sentences.


def released_table(released: Any, name: str, *, columns: Iterable[str] = ()) -> pd.DataFrame:
    """Return one table of what has passed the gate.

    Raises
    ------
    DisclosureError
        `released` did not come from `toolkit.disclosure.release`.
    ToolkitError
        No such table, or one without a column that is needed.
    """
    return _passed(released, name, columns)[name]


def released_rows(released: Any, name: str, *, columns: Iterable[str] = ()) -> tuple[Mapping[str, Any], ...]:
    """Return one released table row by row, each column → value.

    Raises
    ------
    DisclosureError, ToolkitError
        As `released_table`.
    """
    return _passed(released, name, columns).rows(name)


def _passed(released: Any, name: str, columns: Iterable[str]) -> Released:
    if not isinstance(released, Released):
        raise DisclosureError(
            f"{type(released).__name__} has not passed the gate; give what toolkit.disclosure.release "
            "returned"
        )
    if name not in released:
        raise ToolkitError(f"no released table '{name}': {near_names(name, released)}")
    lacking = sorted(set(columns) - set(released.columns(name)))
    if lacking:
        raise ToolkitError(f"released table '{name}' lacks the column(s) {', '.join(lacking)}")
    return released


def shown(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows whose numbers may be shown."""
    return [row for row in rows if bool(row["shown"])]


def shown_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows whose numbers may be shown."""
    return frame[frame["shown"].astype(bool)]


def item_name(instrument: Instrument, name: str) -> str:
    """Name a column or a score in a figure or a sentence; an option with its question."""
    if name in instrument.scores:
        return instrument.scores[name].label.get(current_language(), name)
    if name.endswith(DONT_KNOW):
        return _("{item}: don't know", item=item_name(instrument, name.removesuffix(DONT_KNOW)))
    if name not in instrument:
        return name
    variable: Variable = instrument[name]
    if variable.option is None:
        return variable.label(current_language())
    stem = variable.item.short.get(current_language())
    option = variable.label(current_language())
    return _("{stem}: {option}", stem=stem, option=within(option)) if stem else option


def audience_name(instrument: Instrument, audience: Any, *, start: bool = False) -> str:
    """Name an audience in the plural ("executives"); any other group by its own name."""
    found = instrument.audiences.get(str(audience))
    name = found.plural.get(current_language(), str(audience)) if found else str(audience)
    return name[:1].upper() + name[1:] if start else within(name)


def within(label: str) -> str:
    """Write a label inside a sentence: in lower case, unless it is an abbreviation or a single letter.

    Examples
    --------
    >>> within("Flexible working"), within("AI use")
    ('flexible working', 'AI use')
    """
    first, rest = label[:1], label[1:2]
    return label if rest.isupper() or not rest.strip() else first.lower() + label[1:]


def _in_a_list(labels: Sequence[str]) -> list[str]:
    """Write labels inside a sentence: "agree", "strongly agree" for "Agree", "Strongly Agree".

    A later word that is the first word of another label loses its capital as that one did.
    """
    small = {label.split()[0]: within(label) for label in labels if len(label.split()) == 1}
    return [
        " ".join([first, *(small.get(word, word) for word in rest)])
        for first, *rest in (within(label).split() or [""] for label in labels)
    ]


def answer_words(variable: Variable, measure: str = "top") -> str:
    """Describe what a share counts: "agree", "somewhat or highly skilled", "chose it"."""
    if variable.kind == "option":
        return _("chose it") if measure in ("top", "1") else _("did not choose it")
    if variable.favourable != "none" and measure in ("favourable", "unfavourable"):
        other = {"top": "bottom", "bottom": "top"}[variable.favourable]
        measure = variable.favourable if measure == "favourable" else other
    if variable.scale and measure in ("top", "bottom"):
        label = variable.scale.top_label if measure == "top" else variable.scale.bottom_label
        if label.get(current_language()):
            return within(label[current_language()])
    labels = variable.code_labels(current_language())
    return listed(_in_a_list([labels[code] for code in variable.codes_of(measure)]), "or") or measure


def direction(variable: Variable, measure: str = "top") -> str:
    """Return "higher is better", "lower is better", or "" where neither is."""
    if variable.favourable == "none" or not variable.codes_of(measure):
        return ""
    good = variable.codes_of("favourable")
    counted = variable.codes_of(measure)
    if counted == good:
        return _("higher is better")
    return _("lower is better") if counted == variable.codes_of("unfavourable") else ""


def base_in_words(variable: Variable, instrument: Instrument) -> str:
    """Describe who was asked, from the item's routing.

    Examples
    --------
    An item with ``ask_if: aiuse == 1`` gives "those who answered “Yes” to “Uses AI”"; one without routing
    gives "everyone".
    """
    rule = variable.item.ask_if
    if not rule:
        return _("everyone")
    return _("those who {what}", what=_condition(ast.parse(rule, mode="eval").body, instrument))


def asked_of(variable: Variable, instrument: Instrument) -> str:
    """Describe who is asked a question: its audiences, and its routing if there is any."""
    names = listed([audience_name(instrument, audience) for audience in variable.audiences])
    base = base_in_words(variable, instrument)
    return _("{names}, only {base}", names=names, base=base) if variable.item.ask_if else names


def _condition(node: ast.expr, instrument: Instrument) -> str:
    if isinstance(node, ast.BoolOp):
        joint = _("and") if isinstance(node.op, ast.And) else _("or")
        return f" {joint} ".join(_condition(part, instrument) for part in node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _("do not fulfil: {what}", what=_condition(node.operand, instrument))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node.func.id, node.args, instrument)
    if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and len(node.ops) == 1:
        return _comparison(node.left.id, node.ops[0], node.comparators[0], instrument)
    return ast.unparse(node)


def _call(function: str, arguments: Sequence[ast.expr], instrument: Instrument) -> str:
    question = arguments[0].id if arguments and isinstance(arguments[0], ast.Name) else ""
    if function == "answered":
        return _("answered {question}", question=quoted(_question(instrument, question)))
    code = str(arguments[1].value) if len(arguments) > 1 and isinstance(arguments[1], ast.Constant) else ""
    option = f"{question}_{code}"
    label = instrument[option].label(current_language()) if option in instrument else code
    return _(
        "chose {option} at {question}",
        option=quoted(label),
        question=quoted(_question(instrument, question)),
    )


def _comparison(name: str, how: ast.cmpop, against: ast.expr, instrument: Instrument) -> str:
    parts = against.elts if isinstance(against, ast.List | ast.Tuple | ast.Set) else [against]
    labels = instrument[name].code_labels(current_language()) if name in instrument else {}
    codes = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
    answers = listed([quoted(labels.get(code, code)) for code in codes], "or")
    verbs: dict[type[ast.cmpop], str] = {
        ast.Eq: N_("answered"),
        ast.In: N_("answered"),
        ast.NotEq: N_("did not answer"),
        ast.NotIn: N_("did not answer"),
        ast.Gt: N_("answered more than"),
        ast.GtE: N_("answered at least"),
        ast.Lt: N_("answered less than"),
        ast.LtE: N_("answered at most"),
    }
    question = quoted(_question(instrument, name))
    return _("{verb} {answers} to {question}", verb=_(verbs[type(how)]), answers=answers, question=question)


def _question(instrument: Instrument, item_id: str) -> str:
    if item_id in instrument:
        return str(instrument[item_id].label(current_language()))
    item = next((item for item in instrument.items if item.id == item_id), None)
    return (item.short.get(current_language()) if item else None) or item_id


def quoted(text: str) -> str:
    """Put text in the quotation marks of the current language."""
    return _("“{text}”", text=text)


def led(lead: str, text: str) -> str:
    """Put a lead and a colon before a sentence; an empty lead leaves the sentence.

    Examples
    --------
    >>> led("Burnout", "no gap may be shown")
    'Burnout: no gap may be shown'
    """
    return _("{lead}: {text}", lead=lead, text=text) if lead else text


def joined(parts: Iterable[str]) -> str:
    """Join statements with semicolons."""
    return _("; ").join(parts)


def listed(words: Sequence[str], last: Literal["and", "or"] = "and") -> str:
    """List names in a sentence, the last one joined by "and" or "or".

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a", "b"], "or")
    ('a, b and c', 'a or b')
    """
    return f" {_('and') if last == 'and' else _('or')} ".join(
        [", ".join(words[:-1]), words[-1]] if len(words) > 2 else words
    )


def known(value: Any, default: Any = "") -> Any:
    """Return the value, or the default where the cell is empty."""
    return value if is_known(value) else default


DONT_KNOW = "__dk"
"""Ending of the name under which the share of "don't know" to a question is released."""


class Results:
    """Tables of results, released or not, read row by row.

    A figure takes results that have passed the gate or, at a researcher's own desk, plain frames. Plain
    frames have no columns about what is shown; every row that has a number is.
    """

    def __init__(self, results: Any, table: str) -> None:
        if isinstance(results, pd.DataFrame):
            results = {table: results}
        frames = isinstance(results, Mapping) and all(isinstance(v, pd.DataFrame) for v in results.values())
        if not frames and not isinstance(results, Released):
            raise InvalidInput(
                "results",
                [
                    Problem(
                        "wrong-type",
                        "results",
                        f"must be released results or frames (got {type(results).__name__})",
                        'give what `release` returned, a frame, or a mapping such as {"gaps": frame}',
                    )
                ],
            )
        self._released = results if isinstance(results, Released) else None
        self._frames = {} if isinstance(results, Released) else {k: _open(v) for k, v in results.items()}

    def __contains__(self, name: object) -> bool:
        return name in (self._released if self._released is not None else self._frames)

    def table(self, name: str, columns: Iterable[str] = ()) -> pd.DataFrame:
        """Return one table.

        Raises
        ------
        InvalidInput
            The table, or a column the figure needs, is missing.
        """
        self._check(name, columns)
        return self._released[name] if self._released is not None else self._frames[name]

    def rows(self, name: str, columns: Iterable[str] = ()) -> Sequence[Mapping[str, Any]]:
        """Return one table row by row, each column → value."""
        self._check(name, columns)
        return self._released.rows(name) if self._released is not None else records(self._frames[name])

    def _check(self, name: str, columns: Iterable[str]) -> None:
        if name not in self:
            there = list(self._released.tables if self._released is not None else self._frames)
            hint = near_names(name, there)
            if self._released is None:
                hint = f'give frames by name: {{"gaps": tk.gaps(…), "shares": tk.proportions(…)}}; {hint}'
            raise InvalidInput("results", [Problem("unknown-name", f"table '{name}'", "not found", hint)])
        known = self._released.columns(name) if self._released is not None else self._frames[name].columns
        lacking = [column for column in columns if column not in known]
        if lacking:
            what = f"lacks the column(s) {', '.join(lacking)}"
            raise InvalidInput(
                "results",
                [
                    Problem(
                        "missing-column", f"table '{name}'", what, "give the table this figure is drawn from"
                    )
                ],
            )


def _open(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a plain frame the columns that the gate adds."""
    known = frame.get("estimate", frame.get("gap", frame.get("estimate_a")))
    shown = known.notna() if known is not None else pd.Series(True, index=frame.index)
    given = {"shown": shown, "withheld": "", "bound": "", "bound_a": "", "bound_b": ""}
    return frame.assign(**{name: value for name, value in given.items() if name not in frame.columns})
