"""Faults beside those of test_batch and test_cluster: two batches at once, a place that cannot be written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from toolkit.errors import InvalidInput
from toolkit.reporting import run_reports
from toolkit.reporting.manifest import sha256_of

TWO = ["org-01", "org-02"]
SAVE = "from pathlib import Path; Path(output, 'results.csv').write_text('table\\n' + organisation + '\\n')"


def whole(folder, one):
    told = json.loads((folder / one / "manifest.json").read_text())
    return all(sha256_of(folder / one / name) == digest for name, digest in told["outputs"].items())


@pytest.mark.slow
def test_of_two_batches_into_one_folder_the_second_is_refused_and_the_first_is_whole(
    sample_study, write_notebook, tmp_path
):
    go = tmp_path / "go"
    notebook = write_notebook(SAVE, f"import time\nwhile not Path({str(go)!r}).exists(): time.sleep(0.1)")
    command = [
        sys.executable,
        "-m",
        "toolkit.cli",
        "batch",
        str(sample_study),
        "--out",
        str(tmp_path / "out"),
    ]
    command += ["--notebook", str(notebook), "-o", "org-01", "-o", "org-02"]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    folder = tmp_path / "out" / "ai_at_work" / "2026"
    end = time.monotonic() + 120
    while not list(folder.glob(".making-org*")):
        assert time.monotonic() < end, "the first batch did not begin"
        time.sleep(0.05)
    second = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert second.returncode == 2
    assert "another run is writing there" in second.stderr
    go.touch()
    told, _ = first.communicate(timeout=120)
    assert first.returncode == 0, told
    assert sorted(one.name for one in folder.iterdir() if one.name.startswith("org")) == TWO
    assert all(whole(folder, one) for one in TWO)


@pytest.mark.slow
def test_a_place_that_can_only_be_read_is_refused_before_anything_is_made(
    sample_study, write_notebook, tmp_path
):
    place = tmp_path / "shut"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=100k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a place that can only be read can only be mounted by root")
    try:
        with pytest.raises(InvalidInput, match="cannot be written"):
            run_reports(sample_study, organisations=TWO, out=place, notebook=write_notebook(SAVE))
    finally:
        subprocess.run(["umount", str(place)], check=True)
