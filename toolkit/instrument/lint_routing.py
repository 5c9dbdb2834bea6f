"""Lint of routing: names, order, audiences and codes."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.errors import InvalidInput, ProblemCode, near_names
from toolkit.instrument.conditions import Answered, Comparison, Leaf, Selected, leaves, parse_tree
from toolkit.instrument.model import Instrument, Item
from toolkit.instrument.reading import Finding

__all__ = ["find_in_routing"]


def find_in_routing(instrument: Instrument, *, known: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Find the faults in the `ask_if` of every item."""
    places = {item.id: place for place, item in reversed(list(enumerate(instrument.items)))}
    items = {item.id: item for item in reversed(instrument.items)}
    for place, item in enumerate(instrument.items):
        if item.ask_if is None:
            continue
        path = ("items", item.id, "ask_if")
        try:
            tree = parse_tree(item.ask_if)
        except InvalidInput as error:
            for problem in error.problems:
                yield Finding(
                    problem.code, path, f"{problem.where} of '{item.ask_if}': {problem.what}", problem.hint
                )
            continue
        for leaf in dict.fromkeys(leaves(tree)):
            target, row = _target(leaf, items)
            if target is None:
                if leaf.name.split("_")[0] not in known:
                    hint = near_names(leaf.name, items)
                    yield Finding("unknown-item", path, f"unknown item '{leaf.name}'", hint)
                continue
            if places[target.id] >= place:
                what = (
                    f"'{target.id}' is asked later"
                    if target.id != item.id
                    else "an item cannot hang on itself"
                )
                yield Finding(
                    "circular" if target.id == item.id else "wrong-order",
                    path,
                    what,
                    "route on an earlier item, or move this one after it",
                )
            for code, what, hint in (
                *_audiences(item, target, row, instrument),
                *_leaf(leaf, target, row, instrument, known),
            ):
                yield Finding(code, path, what, hint)


def _target(leaf: Leaf, items: dict[str, Item]) -> tuple[Item | None, str | None]:
    """Return the item a leaf names, and the row if it names one of a matrix."""
    if leaf.name in items:
        return items[leaf.name], None
    name, _, part = leaf.name.partition("_")
    item = items.get(name)
    parts = {row.id for row in item.rows} if item else set()
    options = (
        {option.code for option in item.options} if item and item.type in ("multi", "ranking") else set()
    )
    return (item, part) if part in parts | options else (None, None)


def _audiences(
    item: Item, target: Item, row: str | None, instrument: Instrument
) -> Iterator[tuple[ProblemCode, str, str]]:
    everyone = tuple(instrument.audiences)
    asked = target.audiences or everyone
    for entry in target.rows:
        if entry.id == row and entry.audiences is not None:
            asked = entry.audiences
    for audience in item.audiences or everyone:
        if audience not in asked:
            name = f"{target.id}_{row}" if row else target.id
            hint = f"ask {audience}s '{name}' too, or route on what they are asked"
            yield "not-asked", f"{audience} is asked this item and not '{name}', on which it hangs", hint


def _leaf(
    leaf: Leaf, target: Item, row: str | None, instrument: Instrument, known: frozenset[str]
) -> Iterator[tuple[ProblemCode, str, str]]:
    if isinstance(leaf, Answered):
        return
    if isinstance(leaf, Selected):
        if target.type != "multi" or row:
            yield (
                "unsuited-item",
                f"selected() needs a multi-select, which '{leaf.name}' is not",
                f"write '{leaf.name} == code'",
            )
            return
        codes = [option.code for option in target.options]
        if leaf.code not in codes:
            yield (
                "unknown-answer",
                f"unknown option '{leaf.code}' of '{leaf.name}'",
                near_names(leaf.code, codes),
            )
        return
    if target.type == "multi":
        yield (
            "unsuited-item",
            f"'{leaf.name}' is a multi-select and is not compared",
            f'write selected({target.id}, "code")',
        )
    elif target.type == "ranking":
        yield (
            "unsuited-item",
            f"'{leaf.name}' is a ranking and is not compared",
            f"write answered({target.id})",
        )
    elif target.type == "matrix" and row is None:
        yield (
            "ambiguous",
            f"'{leaf.name}' is a matrix",
            f"name one of its rows, such as {target.id}_{_first_row(target)}",
        )
    elif target.type == "text":
        yield (
            "unsuited-item",
            f"'{leaf.name}' is open text and is not compared",
            f"write answered({leaf.name})",
        )
    elif target.type == "number":
        for code in leaf.codes:
            if not code.replace(".", "", 1).isdigit():
                yield (
                    "not-a-number",
                    f"'{leaf.name}' is a number, but {code!r} is not",
                    "compare it with a number",
                )
    elif not (target.scale and target.scale not in instrument.scales):
        yield from _codes(leaf, target, instrument)


def _codes(leaf: Comparison, target: Item, instrument: Instrument) -> Iterator[tuple[ProblemCode, str, str]]:
    scale = instrument.scales[target.scale] if target.scale else None
    codes = list(scale.codes) if scale else [option.code for option in target.options]
    names = (*(scale.missing if scale else ()), *target.missing)
    shown = [instrument.missing[name].code for name in names if name in instrument.missing]
    if leaf.operator in ("<", "<=", ">", ">="):
        if not all(code.isdigit() for code in codes):
            yield (
                "unsuited-item",
                f"the codes of '{leaf.name}' are not numbers",
                "write 'q in (…)' with the codes that are meant",
            )
        return
    for code in leaf.codes:
        if code not in codes and code not in shown:
            yield (
                "unknown-answer",
                f"unknown answer '{code}' of '{leaf.name}'",
                f"its codes: {', '.join([*codes, *shown])}",
            )


def _first_row(item: Item) -> str:
    return item.rows[0].id if item.rows else "row"
