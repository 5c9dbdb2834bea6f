"""The batch under faults: every report whole or absent, every failure told, the others done."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pytest

from toolkit.errors import InvalidInput
from toolkit.reporting import Progress, run_reports
from toolkit.reporting.manifest import sha256_of
from toolkit.study import Study

THREE = ["org-01", "org-02", "org-03"]
SAVE = "from pathlib import Path; Path(output, 'results.csv').write_text('table\\n' + organisation + '\\n')"
FILES = {"report.html", "report.ipynb", "results.csv", "manifest.json"}


@pytest.fixture
def run(
    sample_study: Path, write_notebook: Callable[..., Path], tmp_path: Path
) -> Callable[..., pd.DataFrame]:
    """Run three organisations through a notebook of the cells given; it saves results first."""

    def go(*cells: str, organisations: list[str] | None = None, **options: object) -> pd.DataFrame:
        notebook = write_notebook(SAVE, *cells)
        return run_reports(
            sample_study,
            organisations=organisations or THREE,
            out=tmp_path / "out",
            notebook=notebook,
            workers=2,
            **options,
        )

    return go


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out" / "ai_at_work" / "2026"


def whole(folder: Path, organisation: str) -> bool:
    """Its four files stand and every output is the one its manifest hashed."""
    here = folder / organisation
    if {path.name for path in here.iterdir()} != FILES:
        return False
    told = json.loads((here / "manifest.json").read_text(encoding="utf-8"))
    return all(sha256_of(here / name) == digest for name, digest in told["outputs"].items())


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith((".making", ".old"))]


def test_one_organisation_failing_leaves_the_others_done_and_is_named(run, folder):
    heard: list[Progress] = []
    fails = "if organisation == 'org-02': raise ValueError('nothing to divide')"
    made = run(fails, "print('after')", progress=heard.append)
    assert made["status"].tolist() == ["made", "failed", "made"]
    assert made["organisation"].tolist() == THREE
    assert whole(folder, "org-01")
    assert whole(folder, "org-03")
    assert not (folder / "org-02").exists()
    kept = folder / "_failed" / "org-02"
    assert "nothing to divide" in (kept / "traceback.txt").read_text()
    assert "nothing to divide" in (kept / "report.ipynb").read_text()
    index = (folder / "index.html").read_text()
    assert "ended in ValueError: nothing to divide" in index
    assert "Brightmere Mutual" in index
    assert [(one.done, one.total) for one in heard] == [(1, 3), (2, 3), (3, 3)]
    assert {one.organisation for one in heard} == set(THREE)
    assert leftovers(folder) == []


def test_a_report_made_again_after_a_failure_clears_the_failure(run, folder):
    run("raise ValueError('once')", organisations=["org-01"])
    assert (folder / "_failed" / "org-01").exists()
    run(organisations=["org-01"])
    assert whole(folder, "org-01")
    assert not (folder / "_failed" / "org-01").exists()
    assert "once" not in (folder / "index.html").read_text()


def test_an_earlier_report_stands_when_a_new_one_fails_and_the_index_says_so(run, folder):
    run(organisations=["org-01"])
    before = (folder / "org-01" / "results.csv").read_bytes()
    run("raise ValueError('this time')", organisations=["org-01"])
    assert whole(folder, "org-01")
    assert (folder / "org-01" / "results.csv").read_bytes() == before
    assert "still stands" in (folder / "index.html").read_text()


def test_a_worker_killed_in_the_middle_takes_only_its_own_report(run, folder):
    kill = "import os, signal, time\nif organisation == 'org-01': os.kill(os.getppid(), signal.SIGKILL)"
    made = run(kill + "; time.sleep(60)")
    assert made["status"].tolist() == ["failed", "made", "made"]
    assert "died (out of memory, or ended from outside)" in made["sentence"].iloc[0]
    assert whole(folder, "org-02")
    assert whole(folder, "org-03")
    assert leftovers(folder) == []


def test_a_disk_that_takes_no_more_fails_that_report_and_no_other(run, folder):
    resource = pytest.importorskip("resource", reason="this system has no limit on file sizes")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        made = run("if organisation == 'org-03': print('x' * 1_000_000)")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert made["status"].tolist() == ["made", "made", "failed"]
    assert "could not be written" in made["sentence"].iloc[2]
    assert not (folder / "org-03").exists()
    assert whole(folder, "org-01")
    assert leftovers(folder) == []


def start_slow_batch(sample_study: Path, notebook: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "toolkit.cli", "report", str(sample_study), "--out", str(out)]
    command += ["--notebook", str(notebook), "--workers", "2"]
    for organisation in THREE:
        command += ["-o", organisation]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.1)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_batch_interrupted_or_killed_leaves_whole_reports_and_no_process(
    sample_study, write_notebook, tmp_path, folder, number, code
):
    slow = "import time\nif organisation != 'org-01': Path(output, 'begun').touch(); time.sleep(300)"
    batch = start_slow_batch(sample_study, write_notebook(SAVE, slow), tmp_path / "out")
    wait_for(lambda: (folder / "org-01").exists() and len(list(folder.glob(".making*/begun"))) == 2)
    family = psutil.Process(batch.pid).children(recursive=True)
    batch.send_signal(number)
    _, errors = batch.communicate(timeout=60)
    assert batch.returncode == code
    assert "Traceback" not in errors
    assert whole(folder, "org-01")
    assert not (folder / "org-02").exists()
    wait_for(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family))
    if number == signal.SIGINT:
        assert "What was finished stands" in errors
        assert leftovers(folder) == []
        assert "Not made yet" in (folder / "index.html").read_text()
    run_reports(sample_study, organisations=["org-02"], out=tmp_path / "out", notebook=write_notebook(SAVE))
    assert whole(folder, "org-02")
    assert leftovers(folder) == []


def test_an_unknown_organisation_is_refused_with_near_names(sample_study, tmp_path):
    with pytest.raises(InvalidInput, match="did you mean 'org-07'") as caught:
        run_reports(sample_study, organisations=["org-7", "nobody"], out=tmp_path)
    assert len(caught.value.problems) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "wave", "said"),
    [
        ("ORG-07", None, "did you mean 'org-07'"),
        ("granitebeck engineering", None, "did you mean 'org-07', which has this name"),
        ("org-02", "2025", "it took part in 2026; add --wave"),
    ],
)
def test_an_organisation_named_otherwise_is_answered_with_its_id(sample_study, tmp_path, given, wave, said):
    with pytest.raises(InvalidInput, match=said) as caught:
        run_reports(sample_study, organisations=given, wave=wave, out=tmp_path)
    assert len(caught.value.problems) == 1


def test_a_wave_without_organisations_is_refused(sample_study, tmp_path, monkeypatch):
    monkeypatch.setattr(Study, "organisation_ids", lambda self, wave=None: ())
    with pytest.raises(InvalidInput, match="no organisation is in it"):
        run_reports(sample_study, out=tmp_path)


def test_an_unknown_wave_is_refused_with_near_names(sample_study, tmp_path):
    with pytest.raises(InvalidInput, match="2026"):
        run_reports(sample_study, wave="2027", out=tmp_path)


def test_a_notebook_that_does_not_take_the_parameters_is_refused_before_anything_runs(
    sample_study, write_notebook, tmp_path
):
    notebook = write_notebook(SAVE, parameters='study = ""\norganization = ""')
    with pytest.raises(InvalidInput, match="did you mean 'organization'"):
        run_reports(sample_study, organisations=THREE, out=tmp_path / "out", notebook=notebook)
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_written_is_told(sample_study, write_notebook, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InvalidInput, match="cannot be written"):
        run_reports(
            sample_study, organisations=["org-01"], out=tmp_path / "file", notebook=write_notebook(SAVE)
        )


def test_a_warning_is_told_to_the_analyst_and_kept_from_the_client(run, folder):
    made = run("import warnings; warnings.warn('careful with this')", organisations=["org-01"])
    assert "careful with this" in made["warnings"].iloc[0]
    for name in ("report.ipynb", "report.html"):
        assert "UserWarning" not in (folder / "org-01" / name).read_text()


def test_what_a_notebook_prints_outside_its_cells_does_not_reach_the_answer(run, folder):
    made = run("import os; os.write(1, b'noise\\n'); os.system('echo more noise')", organisations=["org-01"])
    assert made["status"].tolist() == ["made"]
    assert whole(folder, "org-01")


def test_the_users_own_jupyter_and_python_start_up_is_not_read(run, tmp_path, monkeypatch):
    profile = tmp_path / "ipython" / "profile_default" / "startup"
    profile.mkdir(parents=True)
    (profile / "00.py").write_text("raise SystemExit('from the profile')")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    made = run(
        "import os\nif os.environ['OMP_NUM_THREADS'] != '1': raise ValueError", organisations=["org-01"]
    )
    assert made["status"].tolist() == ["made"]
