"""Instruments written in a few lines, for exports that other people's surveys made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.instrument import Instrument, load_instrument

__all__ = ["choice", "made", "matrix", "multi", "text"]


def made(folder: Path, items: list[dict[str, Any]], audiences: Mapping[str, str] | None = None) -> Instrument:
    """An instrument with these items; audiences are id → code."""
    written = {
        "id": "others",
        "version": "1",
        "title": {"en": "A survey of others"},
        "languages": ["en"],
        "audiences": {
            name: {"code": code, "label": {"en": name.capitalize()}, "plural": {"en": f"{name}s"}}
            for name, code in (audiences or {"everyone": "all"}).items()
        },
        "scales": {},
        "missing": {},
        "themes": {"t": {"en": "Theme"}},
        "sections": [{"id": "s", "title": {"en": "S"}, "items": [item["id"] for item in items]}],
        "items": [],
    }
    for item in items:
        item = dict(item)
        if item["type"] in ("single", "matrix"):
            scale = f"s{len(written['scales'])}"
            written["scales"][scale] = item.pop("scale")
            item["scale"] = scale
        written["items"].append(
            {"theme": "t", "text": {"all": {"en": "?"}}, "source": {"origin": "own"}, **item}
        )
    path = folder / "others.yaml"
    path.write_text(json.dumps(written), "utf-8")
    return load_instrument(path)


def _options(answers: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"code": code, "label": {"en": label}} for code, label in answers.items()]


def _scale(answers: Mapping[str, str]) -> dict[str, Any]:
    codes = list(answers)
    return {"options": _options(answers), "top": [codes[0]], "bottom": [codes[-1]]}


def choice(name: str, answers: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """An item with one answer, code → label."""
    return {"id": name, "type": "single", "scale": _scale(answers), **more}


def multi(name: str, answers: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """An item with several answers, code → label."""
    return {"id": name, "type": "multi", "options": _options(answers), **more}


def matrix(name: str, rows: list[str], answers: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """A matrix with these rows."""
    written = [{"id": row, "text": {"all": {"en": row}}} for row in rows]
    return {"id": name, "type": "matrix", "rows": written, "scale": _scale(answers), **more}


def text(name: str, **more: Any) -> dict[str, Any]:
    """Open text."""
    return {"id": name, "type": "text", **more}
