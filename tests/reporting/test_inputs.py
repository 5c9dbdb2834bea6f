"""What an earlier run has noted is believed only where it is whole."""

from __future__ import annotations

import json

import pytest

from toolkit.reporting.manifest import CacheKeys, read_secret, write_secret

INPUTS = CacheKeys(key=b"k" * 32, common="common", everything="all")


def test_what_was_noted_is_found_again_and_only_by_the_same_files_and_key(tmp_path):
    (tmp_path / "_batch").mkdir()
    INPUTS.keep(tmp_path, {"org-01": "hash"}, {"read": 3})
    assert INPUTS.known(tmp_path)["hashes"] == {"org-01": "hash"}
    assert CacheKeys(b"o" * 32, "common", "all").known(tmp_path) == {}


@pytest.mark.parametrize("damage", [{"of": "é"}, {"hashes": None}, {"read": [1]}, {"of": None}])
def test_damaged_notes_count_as_none(tmp_path, damage):
    (tmp_path / "_batch").mkdir()
    INPUTS.keep(tmp_path, {"org-01": "hash"}, {"read": 3})
    path = tmp_path / "_batch" / "inputs.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))
    assert INPUTS.known(tmp_path) == {}


def test_a_key_is_written_only_when_it_is_kept(tmp_path):
    key = read_secret(tmp_path)
    assert list(tmp_path.iterdir()) == []
    write_secret(tmp_path, key)
    assert read_secret(tmp_path) == key
    assert (tmp_path / "_batch" / "key").stat().st_mode & 0o077 == 0
