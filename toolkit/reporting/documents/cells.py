"""Printed cells taken apart into numbers, so that a workbook holds what is printed and nothing finer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.presentation.blocks import Table
from toolkit.reporting.documents.words import frame_words

__all__ = ["Cell", "Column", "number_of", "taken_apart"]

_NUMBER = r"[+-]?\d[\d.,\u202f ]*"
_SHAPE = re.compile(
    rf"(?P<main>{_NUMBER}?)(?P<percent> ?%)?"
    rf"(?:\s*\((?P<low>{_NUMBER}) (?:to|à) (?P<high>{_NUMBER})\))?(?:\s*n (?P<n>{_NUMBER}))?"
)
_SIDE = re.compile(rf"(?P<who>\D.*?) (?P<share>{_NUMBER}?) ?%(?: \(n (?P<n>{_NUMBER})\))?")
_BOUND = re.compile(r"[≥≤<>±]")
_ANSWER = re.compile(r"(?P<answer>.+?) (?P<share>[≥≤]?\d+ ?%)(?P<rest>;.*)?")


@dataclass(frozen=True)
class Cell:
    """A number with its form ("percent", "whole", "decimal") or text (form "")."""

    value: float | str
    form: str = ""


@dataclass(frozen=True)
class Column:
    """A heading and its cells; None where there is nothing."""

    name: str
    cells: tuple[Cell | None, ...]

    @property
    def counts(self) -> bool:
        """Whether there are numbers in it."""
        return any(cell is not None and not isinstance(cell.value, str) for cell in self.cells)


def number_of(text: str, language: str = "en") -> float:
    """A printed number as a number.

    Examples
    --------
    >>> number_of("1,250"), number_of("0,032", "fr"), number_of("\u22123")
    (1250.0, 0.032, -3.0)
    """
    plain = re.sub(r"[\s\u202f\u00a0]", "", text.replace("\u2212", "-"))
    return float(plain.replace(",", ".") if language == "fr" else plain.replace(",", ""))


def taken_apart(table: Table, language: str = "en") -> list[Column]:
    """A table's columns with every number in a cell of its own.

    A share with its interval and base becomes four columns, two sides of a gap become two groups of them, a
    spread of answers becomes a row an answer. Bounds ("≥80 %") and reasons stay text: they are no numbers.
    """
    columns = [str(name) for name in table.frame.columns]
    rows = [[str(cell) for cell in row] for row in table.rows]
    if table.kind == "appendix" and columns:
        columns, rows = _an_answer_a_row(columns, rows, language)
    words = frame_words(language)
    found = []
    for place, name in enumerate(columns):
        texts = [row[place].replace("\u00a0", " ") for row in rows]
        if place and any(_sides(text) for text in texts):
            found += _side_columns(name, texts, language, words)
        elif place and any(_shape(text) or _bounded(text) for text in texts):
            found += _number_columns(name, texts, language, words)
        else:
            found.append(Column(name, tuple(_text(text) for text in texts)))
    return found


def _an_answer_a_row(
    columns: Sequence[str], rows: Sequence[Sequence[str]], language: str
) -> tuple[list[str], list[list[str]]]:
    """The last column, a list of answers with their shares, as a row an answer."""
    found = []
    for row in rows:
        *first, answers = row
        for part in answers.replace("\u00a0", " ").split(" · "):
            match = _ANSWER.fullmatch(part)
            if match:
                found.append([*first, match["answer"], match["share"] + (match["rest"] or "")])
            else:
                found.append([*first, part, ""])
    return [*columns, frame_words(language)["share"]], found


def _text(text: str) -> Cell | None:
    return Cell(text) if text else None


def _shape(text: str) -> re.Match[str] | None:
    return _SHAPE.fullmatch(text.replace("\n", " ").replace("\u2212", "-").strip()) if text else None


def _bounded(text: str) -> re.Match[str] | None:
    """A number of which only a bound is told."""
    return _shape(_BOUND.sub("", text)) if _BOUND.search(text) else None


def _sides(text: str) -> list[re.Match[str]]:
    """The two sides of a gap, a line each, or nothing."""
    lines = [_SIDE.fullmatch(_BOUND.sub("", line)) for line in text.split("\n")]
    return [line for line in lines if line] if len(lines) == 2 and all(lines) else []


def _number_columns(name: str, texts: Sequence[str], language: str, words: Mapping[str, str]) -> list[Column]:
    main: list[Cell | None] = []
    ends: dict[str, list[Cell | None]] = {"low": [], "high": [], "n": []}
    for text in texts:
        lines = text.split("\n")
        shape = _shape(text)
        bounded = None if shape else _bounded(text)
        if shape:
            form = "percent" if shape["percent"] else _form(shape["main"], language)
            main.append(_cell(shape["main"], form, language))
        else:
            main.append(_text(lines[0] if bounded else text))
        told = shape or bounded
        points = bool(told and told["percent"])
        for end in ("low", "high"):
            form = "percent" if points else _form(told[end] if told and told[end] else "", language)
            ends[end].append(_cell(told[end], form, language) if told and told[end] else None)
        ends["n"].append(_cell(told["n"], "whole", language) if told and told["n"] else None)
    names = {"low": f"{name}, {words['from']}", "high": f"{name}, {words['to']}", "n": f"{name}, n"}
    found = [Column(name, tuple(main))]
    return found + [Column(names[end], tuple(cells)) for end, cells in ends.items() if any(cells)]


def _side_columns(name: str, texts: Sequence[str], language: str, words: Mapping[str, str]) -> list[Column]:
    found = []
    for side, which in enumerate(("higher", "lower")):
        who: list[Cell | None] = []
        share: list[Cell | None] = []
        n: list[Cell | None] = []
        for text in texts:
            told = _sides(text)
            line = text.split("\n")[side] if told else ""
            bound = _BOUND.search(line)
            who.append(Cell(told[side]["who"].strip()) if told else _text(text) if side == 0 else None)
            number = told[side]["share"] if told else ""
            plain = _cell(number, "percent", language) if told else None
            share.append(Cell(f"{bound[0]}{number}\u00a0%") if bound else plain)
            n.append(_cell(told[side]["n"], "whole", language) if told and told[side]["n"] else None)
        found += [
            Column(words["lead"].format(lead=words[which], said=words["who"]), tuple(who)),
            Column(words["lead"].format(lead=words[which], said=words["share"]), tuple(share)),
        ]
        if any(n):
            found.append(Column(words["lead"].format(lead=words[which], said="n"), tuple(n)))
    return found


def _form(text: str, language: str) -> str:
    mark = "," if language == "fr" else "."
    return f"decimal{len(text.partition(mark)[2])}" if mark in text else "whole"


def _cell(text: str, form: str, language: str) -> Cell:
    value = number_of(text, language)
    if form != "percent":
        return Cell(value, form)
    digits = _form(text, language).removeprefix("decimal").removeprefix("whole")
    return Cell(round(value / 100, 6), f"percent{digits}")
