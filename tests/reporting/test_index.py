"""The index of a folder of which parts were damaged."""

from __future__ import annotations

import json

import pytest

from toolkit.reporting.index import write_index
from toolkit.study import load_study


@pytest.mark.parametrize(
    "told",
    [
        [1],
        {"status": "weird"},
        {"status": "made", "outputs": 5},
        {"status": "made", "headline": 5},
        {"status": "made", "headline": {"bases": []}},
        {"status": "made", "headline": {"bases": {}, "largest_gap": {"label": 1}}},
    ],
)
def test_a_damaged_manifest_or_log_does_not_keep_the_index_from_being_written(sample_study, tmp_path, told):
    (tmp_path / "org-01").mkdir()
    (tmp_path / "org-01" / "manifest.json").write_text(json.dumps(told))
    (tmp_path / "org-02" / "manifest.json").mkdir(parents=True)
    (tmp_path / "_batch").mkdir()
    lines = ['{"event": "report"}', '{"event": "report", "organisation": "org-01", "warned": null}', "[1]"]
    (tmp_path / "_batch" / "log.jsonl").write_text("\n".join(lines))
    page = write_index(load_study(sample_study), "2026", tmp_path).read_text()
    assert "Alderfinch Logistics" in page
    assert 'href="org-01/' not in page
