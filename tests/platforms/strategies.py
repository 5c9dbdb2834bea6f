"""Random instruments: every type of item, parallel wording, rows for some audiences, routing.

`instruments()` draws only questionnaires without lint findings. Words are hostile (quotation marks, `<&>`,
accents, other scripts); marks that one platform cannot hold are left out with `without`. `drawn()` draws a
list that depends on its seed alone.
"""

from __future__ import annotations

import keyword
import re
import string
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

from toolkit.instrument.lint import PLATFORM_COLUMNS, lint
from toolkit.instrument.model import RESERVED_COLUMNS, Instrument

_TAKEN = {*PLATFORM_COLUMNS, *RESERVED_COLUMNS, "all"}
_MARKS = (
    string.ascii_letters + string.digits + " .,;:!?'\"<>&%$#()[]/*+-=_@|~^`éèàçœÉßñ’“”«»–…漢字عЖ€😀\u00a0"
)
_OWN = {"origin": "own"}


class FromSeedAlone(HypothesisProvider):
    """Draws that do not depend on what was imported before.

    Hypothesis also draws constants found in the source of every local module that is loaded, so that even
    ``derandomize=True`` gives other examples in another order of tests.
    """

    def _maybe_draw_constant(self, *_: Any, **__: Any) -> None:
        return None


AVAILABLE_PROVIDERS["from-seed-alone"] = f"{__name__}.{FromSeedAlone.__name__}"


def drawn(many: int, *, at: int = 0, **options: Any) -> list[Instrument]:
    """Draw `many` questionnaires with `instruments(**options)`; the seed is `at`."""
    found: list[Instrument] = []

    @seed(at)
    @given(instrument=instruments(**options))
    @settings(
        backend="from-seed-alone",
        max_examples=many,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def draw(instrument: Instrument) -> None:
        found.append(instrument)

    draw()
    return found


def words(*, without: str = "{}\\", most: int = 30) -> st.SearchStrategy[str]:
    """A few words, not blank, with nothing of `without` in them."""
    marks = "".join(mark for mark in _MARKS + "{}\\" if mark not in without)
    return st.text(marks, min_size=1, max_size=most).map(str.strip).filter(bool)


def ids() -> st.SearchStrategy[str]:
    """Ids of items, rows and audiences."""
    return st.from_regex(r"[a-z][a-z0-9]{0,19}", fullmatch=True).filter(lambda name: name not in _TAKEN)


def codes() -> st.SearchStrategy[str]:
    """Codes of options; small numbers and short words, none an on-screen code of a missing answer."""
    numbers = st.integers(0, 60).map(str)
    return numbers | st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,4}", fullmatch=True)


@st.composite
def instruments(
    draw: st.DrawFn,
    *,
    languages: tuple[str, ...] = ("en", "fr"),
    most_audiences: int = 3,
    most_items: int = 7,
    without: str = "{}\\",
) -> Instrument:
    """A questionnaire that lint finds nothing wrong with."""
    made = _Maker(draw, without)
    spoken = tuple(languages[: draw(st.integers(1, len(languages)))])
    free = ids().filter(lambda name: not re.fullmatch(r"a\d", name))  # those are the codes of audiences here
    names = draw(st.lists(free, min_size=1, max_size=most_audiences, unique=True))
    made.languages = spoken
    made.audiences = tuple(names)
    audiences = {
        name: {"code": f"a{place}", "label": made.wording(), "plural": made.wording()}
        for place, name in enumerate(names)
    }
    missing = {
        "dk": {"code": "98", "becomes": "-1", "label": made.wording()},
        "no": {"code": "99", "becomes": "-2", "label": made.wording()},
    }
    scales = {"steps": made.steps(), "kinds": made.kinds()}
    made.scales = scales
    item_ids = draw(st.lists(ids(), min_size=1, max_size=most_items, unique=True))
    items: list[dict[str, Any]] = []
    for item_id in item_ids:
        items.append(made.item(item_id, items))
    instrument = Instrument.model_validate(
        {
            "id": draw(st.sampled_from(("tiny", "my-study-2"))),
            "version": "2026.1.0",
            "title": made.wording(),
            "languages": spoken,
            "audiences": audiences,
            "themes": {"work": made.wording()},
            "missing": missing,
            "scales": scales,
            "sections": made.sections(item_ids),
            "items": items,
        }
    )
    assert lint(instrument) == []
    return instrument


class _Maker:
    """Draws the parts of one instrument as plain data."""

    languages: tuple[str, ...]
    audiences: tuple[str, ...]
    scales: dict[str, dict[str, Any]]

    def __init__(self, draw: st.DrawFn, without: str) -> None:
        self.draw = draw
        self.text = words(without=without)

    def wording(self) -> dict[str, str]:
        return {language: self.draw(self.text) for language in self.languages}

    def parallel(self, asked: tuple[str, ...]) -> dict[str, dict[str, str]]:
        own = [name for name in asked if self.draw(st.booleans())]
        text = {name: self.wording() for name in own}
        return text if set(own) == set(asked) else {**text, "all": self.wording()}

    def options(self, given: list[str]) -> list[dict[str, Any]]:
        return [{"code": code, "label": self.wording()} for code in given]

    def steps(self) -> dict[str, Any]:
        given = [str(step) for step in range(1, self.draw(st.integers(2, 7)) + 1)]
        offered = self.draw(st.sampled_from(((), ("dk",), ("dk", "no"))))
        boxes = {"top": given[-1:], "bottom": given[:1]}
        return {"ordered": True, "options": self.options(given), "missing": offered, **boxes}

    def kinds(self) -> dict[str, Any]:
        given = self.draw(st.lists(codes(), min_size=2, max_size=5, unique_by=str.casefold))
        return {"options": self.options(given), "missing": self.draw(st.sampled_from(((), ("no",))))}

    def item(self, item_id: str, before: list[dict[str, Any]]) -> dict[str, Any]:
        kind = self.draw(st.sampled_from(("single", "multi", "matrix", "number", "text")))
        asked = self.some(self.audiences) if before else self.audiences  # everybody is asked something
        item: dict[str, Any] = {"id": item_id, "type": kind, "theme": "work", "source": _OWN}
        item |= {"text": self.parallel(asked), "required": self.draw(st.booleans())}
        if asked != self.audiences:
            item["audiences"] = asked
        if kind == "matrix" or (kind == "single" and self.draw(st.booleans())):
            item["scale"] = self.draw(st.sampled_from(sorted(self.scales)))
        elif kind in ("single", "multi"):
            least = 2 if kind == "single" else 1
            given = self.draw(st.lists(codes(), min_size=least, max_size=5, unique_by=str.casefold))
            item["options"] = self.options(given)
            if kind == "multi" and self.draw(st.booleans()):
                item["options"][-1]["exclusive"] = True
        if kind == "matrix":
            item["rows"] = self.rows(asked)
        if kind == "number":
            low, high = sorted(self.draw(st.tuples(st.integers(0, 50), st.integers(50, 200))))
            item |= self.draw(st.sampled_from(({}, {"minimum": low}, {"minimum": low, "maximum": high})))
        condition = self.condition(asked, before)
        return item | ({"ask_if": condition} if condition else {})

    def rows(self, asked: tuple[str, ...]) -> list[dict[str, Any]]:
        rows = []
        for place, row_id in enumerate(self.draw(st.lists(ids(), min_size=1, max_size=4, unique=True))):
            heard = self.some(asked) if place else asked  # nobody is asked a matrix without rows
            row: dict[str, Any] = {"id": row_id, "text": self.parallel(heard)}
            rows.append(row | ({"audiences": heard} if heard != asked else {}))
        return rows

    def some(self, names: tuple[str, ...]) -> tuple[str, ...]:
        if self.draw(st.booleans()):
            return names
        chosen = self.draw(st.sets(st.sampled_from(names), min_size=1))
        return tuple(name for name in names if name in chosen)

    def sections(self, item_ids: list[str]) -> list[dict[str, Any]]:
        cut = self.draw(st.integers(1, len(item_ids)))
        parts = [part for part in (item_ids[:cut], item_ids[cut:]) if part]
        return [
            {"id": f"part{place}", "title": self.wording(), "items": part} for place, part in enumerate(parts)
        ]

    def condition(self, asked: tuple[str, ...], before: list[dict[str, Any]]) -> str | None:
        leaves = [leaf for item in before for leaf in self.leaves(item, asked)]
        if not leaves or self.draw(st.booleans()):
            return None
        leaf = st.sampled_from(leaves)
        negated = leaf.map(lambda part: f"not ({part})")
        joined = st.builds(
            lambda one, word, other: f"({one}) {word} ({other})",
            leaf | negated,
            st.sampled_from(("and", "or")),
            leaf | negated,
        )
        return self.draw(leaf | negated | joined)

    def leaves(self, item: dict[str, Any], asked: tuple[str, ...]) -> list[str]:
        """Conditions on one item that everyone asked here was asked too."""
        name = item["id"]
        if not set(asked) <= set(item.get("audiences", self.audiences)):
            return []
        if keyword.iskeyword(name):  # routing is written in Python's grammar
            return []
        found = [f"answered({name})"]
        if item["type"] == "multi":
            found += [f'selected({name}, "{option["code"]}")' for option in item["options"]]
        if item["type"] == "number":
            found += [f"{name} > 10", f"{name} == 7", f"{name} not in (1, 2)"]
        if item["type"] == "single":
            scale = self.scales.get(item.get("scale", ""))
            found += _compared(name, [option["code"] for option in (scale or item)["options"]])
        if item["type"] == "matrix":
            given = [option["code"] for option in self.scales[item["scale"]]["options"]]
            for row in item["rows"]:
                if set(asked) <= set(row.get("audiences", asked)):
                    found += _compared(f"{name}_{row['id']}", given)
        return found


def _compared(name: str, given: list[str]) -> list[str]:
    found = [f'{name} == "{given[0]}"', f'{name} != "{given[0]}"', f'{name} in ("{given[0]}", "{given[1]}")']
    if all(code.isdigit() for code in given):
        found += [f"{name} >= {given[-1]}", f"{name} < {given[-1]}"]
    return found
