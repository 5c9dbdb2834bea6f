"""Released distributions of one audience's answers to one item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from toolkit.disclosure.cells import three_parts
from toolkit.instrument.model import Variable
from toolkit.locale import _, current_language
from toolkit.presentation.blocks import Cell
from toolkit.presentation.numbers import Number, count, is_known, share_number
from toolkit.presentation.rows import Results, answer_words, known, released_rows
from toolkit.presentation.sentences import reason

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Spread:
    """Released results of one base.

    Parameters
    ----------
    kind
        "full": a share for each answer; "parts": bottom, (middle,) top; "box": only some of these, maybe as a
        bound; "none": nothing.
    shares
        Answer code or part → share.
    bounds
        Code or part → "", ">=" or "<=".
    base
        How many answered, as it may be printed.
    why
        Why it is not shown in full, in the current language; "" where it is.
    answers
        Code, share and bound of the answers that are shown although the distribution is not.
    """

    kind: Literal["full", "parts", "box", "none"]
    shares: Mapping[str, float]
    bounds: Mapping[str, str]
    base: Number | str
    why: str = ""
    answers: tuple[tuple[str, float, str], ...] = ()

    @property
    def n(self) -> str:
        """Format the base."""
        return str(self.base)

    def words(self, variable: Variable) -> str:
        """Return the shares as text, and why others are withheld."""
        return str(self.cell(variable))

    def cell(self, variable: Variable) -> Cell:
        """Return the shares as a table cell."""
        if self.kind == "none" and not self.answers:
            return Cell(words=_("not shown: {why}", why=self.why))
        answers = variable.code_labels(current_language())
        labels = answers if self.kind == "full" else self._part_labels(variable)
        listed = tuple(
            Cell(share_number(share, self.bounds[key]), label=labels.get(key, key))
            for key, share in self.shares.items()
        )
        alone = {labels.get(key) for key in self.shares}  # a part of one answer is listed already
        listed += tuple(
            Cell(share_number(share, bound), label=answers[code])
            for code, share, bound in self.answers
            if answers[code] not in alone
        )
        return Cell(
            answers=listed, words=_("; full distribution not shown: {why}", why=self.why) if self.why else ""
        )

    def _part_labels(self, variable: Variable) -> dict[str, str]:
        labels = variable.code_labels(current_language())
        return {
            "bottom": _start(answer_words(variable, "bottom")),
            "middle": _(" or ").join(labels[code] for code in three_parts(variable)["middle"]),
            "top": _start(answer_words(variable, "top")),
        }


class Spreads:
    """Released distributions, their parts and the shares of boxes, looked up by item and group."""

    def __init__(
        self, released: Any, *, table: str = "distributions", shares: str = "shares", by: str = "audience"
    ) -> None:
        read = released.rows if isinstance(released, Results) else partial(released_rows, released)
        self._cells = _index(read(table, columns=("item", "response", by)), by)
        self._boxes = _index(read(shares, columns=("item", "measure", by)), by)
        parts = f"{table}_parts"
        self._parts = _index(read(parts), by) if parts in released else {}
        self._items = {name for name, _ in (*self._cells, *self._boxes)}

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def of(self, variable: Variable, group: str) -> Spread | None:
        """Return what is released; None if nothing is."""
        key = (variable.name, group)
        cells, parts, boxes = self._cells.get(key, []), self._parts.get(key, []), self._boxes.get(key, [])
        if not (cells or boxes):
            return None
        n = _n([*cells, *boxes])
        if cells and all(_open(row) for row in cells):
            found = {str(row["response"]): row for row in cells}
            return _spread("full", {code: found[code] for code in variable.codes if code in found}, n, "")
        why = next(
            (_why(row) for row in (*cells, *boxes) if known(row.get("withheld_code"))),
            _("no answers"),
        )
        single = {str(row["response"]): row for row in cells if _open(row)}
        answers = tuple(
            (code, float(single[code]["estimate"]), _bound(single[code]))
            for code in variable.codes
            if code in single
        )
        if parts and all(_open(row) and not _bound(row) for row in parts):
            return _spread("parts", {str(row["response"]): row for row in parts}, n, why, answers)
        kept = {str(row["measure"]): row for row in boxes if _open(row)}
        kept = {name: kept[name] for name in ("bottom", "top") if name in kept}
        return _spread("box" if kept else "none", kept, n, why, answers)

    def option(self, variable: Variable, group: str) -> tuple[Number | None, Number | str, str]:
        """Return an option's share, its base, and why it is withheld ("" if it is not)."""
        rows = [
            row for row in self._boxes.get((variable.name, group), []) if str(row["measure"]) in ("top", "1")
        ]
        if rows and _open(rows[0]):
            return share_number(rows[0]["estimate"], _bound(rows[0])), _n(rows), ""
        withheld = bool(rows) and bool(known(rows[0].get("withheld_code")))
        return None, _n(rows), _why(rows[0]) if withheld else _("no answers")


def _spread(
    kind: Literal["full", "parts", "box", "none"],
    rows: Mapping[str, Row],
    n: Number | str,
    why: str,
    answers: tuple[tuple[str, float, str], ...] = (),
) -> Spread:
    shares = {name: float(row["estimate"]) for name, row in rows.items()}
    return Spread(kind, shares, {name: _bound(row) for name, row in rows.items()}, n, why, answers)


def _index(rows: Iterable[Row], by: str) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((str(row["item"]), str(row[by])), []).append(row)
    return found


def _open(row: Row) -> bool:
    return bool(row["shown"]) and is_known(row["estimate"])


def _why(row: Row) -> str:
    return reason(row["withheld_code"], row["threshold"])


def _bound(row: Row) -> str:
    return str(known(row.get("bound")))


def _n(rows: list[Row]) -> Number | str:
    counted = [row for row in rows if is_known(row.get("n"))]
    if counted:
        return count(counted[0]["n"])
    return count(None, next((row.get("n_shown") for row in rows if str(known(row.get("n_shown")))), None))


def _start(words: str) -> str:
    return words[:1].upper() + words[1:]
