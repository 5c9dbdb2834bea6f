"""What a running cell says becomes the outputs that nbformat's own functions make of it."""

from __future__ import annotations

from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook, output_from_msg
from nbformat.validator import validate

from toolkit.reporting.warm.outputs import Outputs

MESSAGES: list[tuple[str, dict[str, Any]]] = [
    ("stream", {"name": "stdout", "text": "a\n"}),
    ("display_data", {"data": {"text/plain": "x"}, "metadata": {"alt": "y"}, "transient": {}}),
    ("execute_result", {"data": {"text/plain": "x"}, "metadata": {}, "execution_count": 3}),
    ("error", {"ename": "ValueError", "evalue": "no", "traceback": ["a", "b"]}),
]


@pytest.mark.parametrize(("kind", "content"), MESSAGES, ids=[kind for kind, _ in MESSAGES])
def test_an_output_holds_what_nbformat_would_keep_of_its_message(kind: str, content: dict[str, Any]) -> None:
    outputs = Outputs()
    found = outputs.of_next_cell()
    outputs.hear(kind, content)
    assert found == [output_from_msg({"header": {"msg_type": kind}, "content": content})]
    validate(new_notebook(cells=[new_code_cell(outputs=found)]))


def test_messages_that_leave_nothing_in_a_notebook_leave_nothing() -> None:
    outputs = Outputs()
    found = outputs.of_next_cell()
    for kind in ("status", "execute_input", "comm_open"):
        outputs.hear(kind, {})
    assert found == []
