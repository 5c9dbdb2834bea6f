"""Every text of an instrument that people read, each with a unique key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.instrument.model import Instrument

__all__ = ["Text", "plain", "texts", "wordings"]

Words = dict[str, str]


@dataclass(frozen=True)
class Text:
    """A text: its key, audience ("all" for everyone), kind, and words by language."""

    key: str
    audience: str
    kind: str
    words: Mapping[str, str]


def texts(instrument: Instrument) -> tuple[Text, ...]:
    """List every text of an instrument, in questionnaire order.

    Parameters
    ----------
    instrument
        An instrument.

    Returns
    -------
    tuple[Text, ...]
        Titles, questions, rows, short names, answers and labels. A key and an audience occur once.

    Examples
    --------
    >>> texts(instrument)[0].key  # doctest: +SKIP
    'title'
    """
    return tuple(
        Text(key, audience, kind, dict(words)) for key, audience, kind, words in wordings(plain(instrument))
    )


def plain(instrument: Instrument) -> dict[str, Any]:
    """Convert an instrument to plain data without its defaults."""
    made: dict[str, Any] = instrument.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return made


def wordings(data: dict[str, Any]) -> Iterator[tuple[str, str, str, Words]]:
    """Yield key, audience, kind and words of every text of an instrument, given as plain data."""
    yield "title", "all", "title", data["title"]
    for section in data["sections"]:
        yield f"sections/{section['id']}", "all", "heading", section["title"]
    for item in data["items"]:
        yield from _item(item)
    for name, scale in data["scales"].items():
        for option in scale["options"]:
            yield f"scales/{name}/{option['code']}", "all", "answer", option["label"]
        for box in ("top_label", "bottom_label"):
            if scale.get(box):
                yield f"scales/{name}/{box}", "all", "name of answers in reports", scale[box]
    for name, missing in data["missing"].items():
        yield f"missing/{name}", "all", "answer", missing["label"]
    for name, audience in data["audiences"].items():
        for part in ("label", "plural"):
            yield f"audiences/{name}/{part}", "all", "name of an audience", audience[part]
    for name, theme in data["themes"].items():
        yield f"themes/{name}", "all", "theme in reports", theme
    for name, score in data.get("scores", {}).items():
        yield f"scores/{name}", "all", "name of a score in reports", score["label"]


def _item(item: dict[str, Any]) -> Iterator[tuple[str, str, str, Words]]:
    key = f"items/{item['id']}"
    for audience, words in item["text"].items():
        yield f"{key}/text", audience, "question", words
    if item.get("short"):
        yield f"{key}/short", "all", "name in reports", item["short"]
    for row in item.get("rows", ()):
        for audience, words in row["text"].items():
            yield f"{key}/rows/{row['id']}/text", audience, "statement", words
        if row.get("short"):
            yield f"{key}/rows/{row['id']}/short", "all", "name in reports", row["short"]
    for option in item.get("options", ()):
        yield f"{key}/options/{option['code']}", "all", "answer", option["label"]
