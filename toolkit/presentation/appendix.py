"""The appendix: every question as each audience read it, who was asked, how many answered, and the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.presentation.blocks import Table, table_of
from toolkit.presentation.numbers import NOT_SHOWN, base, is_known, percent
from toolkit.presentation.rows import answer_words, audience_name, base_in_words, known, released_table

__all__ = ["distribution_table"]

COLUMNS = ("Question", "Audience", "Asked of", "n", "Answers")
_BOXES = ("bottom", "middle", "top")
Row = Mapping[str, Any]


def distribution_table(
    released: Any,
    instrument: Instrument,
    *,
    theme: str | None = None,
    table: str = "distributions",
    shares: str = "shares",
    by: str = "audience",
    audiences: Iterable[str] | None = None,
    title: str | None = None,
    language: str = "en",
) -> Table:
    """Every item of a theme, in each audience's own wording, with its base, n and answers, or why they are withheld.

    Parameters
    ----------
    released
        What `toolkit.disclosure.release` returned.
    instrument
        For wording, routing and order.
    theme
        A theme of the instrument; None for all.
    table, shares, by
        Released distributions (rows per response), released shares, and their group column.
    audiences
        Whom to print; every audience an item is put to unless told.
    title, language
        The caption; the language of the wording.

    Raises
    ------
    DisclosureError
        `released` has not passed the gate.
    """
    cells = _index(released_table(released, table, columns=("item", "response", by)), by)
    boxes = _index(released_table(released, shares, columns=("item", "measure", by)), by)
    wanted = set(audiences) if audiences is not None else set(instrument.audiences)
    rows = [
        row
        for item in instrument.items
        if theme in (None, item.theme)
        for row in _item_rows(item, cells, boxes, instrument, wanted, language)
    ]
    name = instrument.themes.get(theme or "", {}).get(language, "")
    notes = ["n: who was asked and answered; “don't know” and blanks are not part of it."]
    if any("not shown" in row["Answers"] or "only" in row["Answers"] for row in rows):
        notes.append(
            "Where few answered, or nearly all gave the same answer, the full spread stays confidential and only the "
            "shares that may be shown are printed."
        )
    return table_of(rows, COLUMNS, title=title or (f"{name}: questions and answers" if name else "Questions and answers"),
                    kind="appendix", notes=notes, numeric=["n"])  # fmt: skip


def _index(frame: pd.DataFrame, by: str) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in frame.to_dict("records"):
        found.setdefault((str(row["item"]), str(row[by])), []).append(row)
    return found


def _item_rows(
    item: Item,
    cells: Mapping[tuple[str, str], list[Row]],
    boxes: Mapping[tuple[str, str], list[Row]],
    instrument: Instrument,
    wanted: set[str],
    language: str,
) -> Iterator[dict[str, str]]:
    variables = instrument.of_item(item.id)
    lines = [variables] if item.type == "multi" else [(variable,) for variable in variables]
    for line in lines:
        for audience in line[0].audiences:
            if audience not in wanted:
                continue
            n, answers = _answers(line, audience, cells, boxes, language)
            yield {
                "Question": _wording(item, line[0], audience, language),
                "Audience": audience_name(instrument, audience, start=True, language=language),
                "Asked of": base_in_words(line[0], instrument, language=language),
                "n": n,
                "Answers": answers,
            }


def _wording(item: Item, variable: Variable, audience: str, language: str) -> str:
    if item.type != "multi":
        return variable.wording(audience, language)
    spoken = item.text.get(audience) or item.text["all"]
    return spoken[language]


def _answers(
    line: tuple[Variable, ...],
    audience: str,
    cells: Mapping[tuple[str, str], list[Row]],
    boxes: Mapping[tuple[str, str], list[Row]],
    language: str,
) -> tuple[str, str]:
    first = line[0]
    if first.kind == "text":
        return NOT_SHOWN, "not shown: comments in people's own words are never reported"
    if first.kind == "option":
        return _options(line, audience, boxes, language)
    own = cells.get((first.name, audience), [])
    kept = boxes.get((first.name, audience), [])
    n = _n([*own, *kept])
    if own and all(_open(row) for row in own):
        labels = first.code_labels(language)
        by_code = {str(row["response"]): row for row in own}
        codes = [code for code in first.codes if code in by_code] or list(by_code)
        return n, " · ".join(f"{labels.get(code, code)} {_percent(by_code[code])}" for code in codes)
    shown = [
        f"{answer_words(first, box, language=language) if box != 'middle' else 'in between'} {_percent(row)}"
        for box in _BOXES
        for row in kept
        if row["measure"] == box and bool(row["shown"]) and is_known(row["estimate"])
    ]
    why = next((str(row["withheld"]) for row in (*own, *kept) if str(known(row.get("withheld")))), "")
    if shown:
        return n, f"{' · '.join(shown)} (only this may be shown{': ' + why if why else ''})"
    return n, f"not shown: {why or 'no answers'}"


def _options(
    line: tuple[Variable, ...], audience: str, boxes: Mapping[tuple[str, str], list[Row]], language: str
) -> tuple[str, str]:
    said, rows = [], []
    for variable in line:
        own = [row for row in boxes.get((variable.name, audience), []) if row["measure"] in ("top", "1")]
        rows += own
        text = (
            _percent(own[0])
            if own and bool(own[0]["shown"]) and is_known(own[0]["estimate"])
            else "not shown"
        )
        said.append((variable.label(language), text))
    if all(text == "not shown" for _, text in said):
        why = next((str(row["withheld"]) for row in rows if str(known(row.get("withheld")))), "no answers")
        return _n(rows), f"not shown: {why}"
    return _n(rows), " · ".join(f"{label} {text}" for label, text in said)


def _open(row: Row) -> bool:
    return bool(row["shown"]) and is_known(row["estimate"])


def _percent(row: Row) -> str:
    return percent(row["estimate"], bound=str(known(row.get("bound"))))


def _n(rows: list[Row]) -> str:
    counted = [row for row in rows if is_known(row.get("n"))]
    if counted:
        return base(counted[0]["n"])
    return base(None, next((row.get("n_shown") for row in rows if str(known(row.get("n_shown")))), None))
