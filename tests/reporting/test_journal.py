"""Journals that were damaged are read as far as they go and added to."""

from __future__ import annotations

from toolkit.reporting.system import EventLog, read_events


def test_lines_that_are_none_are_passed_over_and_the_next_is_added(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'[1]\n"words"\n{"number": "x"}\nnot json\n\xff\xfe{"num')
    journal = EventLog(path)
    journal.add(event="begun")
    journal.close()
    lines = list(read_events(path))
    assert lines[0] == {"number": "x"}
    assert [line.get("event") for line in lines] == [None, "begun"]
