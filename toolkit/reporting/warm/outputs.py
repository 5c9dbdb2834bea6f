"""Messages of a running cell put into the notebook's outputs, as Jupyter's own clients do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Outputs"]

_KEPT = {
    "stream": ("name", "text"),
    "display_data": ("metadata", "data"),
    "execute_result": ("metadata", "data", "execution_count"),
    "error": ("ename", "evalue", "traceback"),
}
"""Kind of message → what of its content an output keeps."""


class Outputs:
    """The outputs of one cell after the other; displays with an id can be changed by later cells."""

    def __init__(self) -> None:
        self._outputs: list[Any] = []
        self._by_display: dict[str, list[Any]] = {}
        self._clear_first = False

    def of_next_cell(self) -> list[Any]:
        """A new list, filled as messages come."""
        self._outputs, self._clear_first = [], False
        return self._outputs

    def hear(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take one message; kinds that leave nothing in a notebook are passed over."""
        if kind == "clear_output":
            self._clear_first = bool(content.get("wait"))
            if not self._clear_first:
                self._clear()
        elif kind == "update_display_data":
            self._update(content)
        elif kind in _KEPT:
            if self._clear_first:
                self._clear()
            self._add(kind, content)

    def _add(self, kind: str, content: Mapping[str, Any]) -> None:
        last = self._outputs[-1] if self._outputs else None
        if kind == "stream" and last and last.output_type == kind and last.name == content["name"]:
            last.text += content["text"]
            return
        from nbformat import from_dict

        # not nbformat's `output_from_msg`: it checks each output alone, and the whole is checked anyway
        output = from_dict({"output_type": kind, **{name: content[name] for name in _KEPT[kind]}})
        self._outputs.append(output)
        named = content.get("transient", {}).get("display_id")
        if named:
            self._by_display.setdefault(named, []).append(output)

    def _update(self, content: Mapping[str, Any]) -> None:
        for output in self._by_display.get(content.get("transient", {}).get("display_id", ""), ()):
            output["data"], output["metadata"] = content["data"], content["metadata"]

    def _clear(self) -> None:
        self._outputs.clear()
        self._clear_first = False
