"""Reports made by the workers of a Dask cluster, whatever becomes of workers, scheduler or batch."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

pytest.importorskip("distributed", reason="needs the cluster extra")

from tests.refusals import problem
from toolkit.errors import InvalidInput, ToolkitError
from toolkit.reporting import cluster, run_reports
from toolkit.reporting.batch import run_notebook
from toolkit.reporting.cluster import Bundle, Cluster, bundle_of, run_remote_job, stamp
from toolkit.reporting.documents.brand import read_logo
from toolkit.reporting.job import Job
from toolkit.reporting.manifest import code_hash, sha256_of
from toolkit.reporting.parts import write_study
from toolkit.study import load_study

FOUR = ["org-01", "org-02", "org-03", "org-04"]
SAVE = "from pathlib import Path; Path(output, 'results.csv').write_text('table\\n' + organisation + '\\n')"
# Dask leaves sockets to the collector when its other end has died
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


class Machines:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._log = folder, (folder / "dask.log").open("wb")
        told = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told)]
        self.scheduler = self._start("scheduler", *options)
        end = time.monotonic() + 60
        while not told.exists() or not told.read_text():
            assert time.monotonic() < end, "the scheduler did not start"
            time.sleep(0.1)
        self.address = json.loads(told.read_text())["address"]
        self.workers = [self.worker()]

    def worker(self) -> subprocess.Popen[bytes]:
        place = self.folder / f"worker-{random.randrange(10**9)}"
        options = ["--nworkers", "1", "--nthreads", "2", "--no-dashboard", "--local-directory", str(place)]
        return self._start("worker", self.address, *options, "--death-timeout", "60")

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *words]
        environment = {**os.environ, "DASK_DISTRIBUTED__DIAGNOSTICS__NVML": "False"}
        return subprocess.Popen(
            command, stdout=self._log, stderr=self._log, env=environment, start_new_session=True
        )

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            with suppress(psutil.NoSuchProcess):
                for one in psutil.Process(process.pid).children(recursive=True):
                    with suppress(psutil.NoSuchProcess):
                        one.kill()
            process.kill()
            process.wait()
        self._log.close()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    folder = tmp_path / "machines"
    folder.mkdir()
    made = Machines(folder)
    yield made
    made.end()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out" / "ai_at_work" / "2026"


def whole(folder: Path, one: str) -> bool:
    told = json.loads((folder / one / "manifest.json").read_text())
    names = {path.name for path in (folder / one).iterdir()} - {"manifest.json"}
    return names == set(told["outputs"]) and all(
        sha256_of(folder / one / name) == digest for name, digest in told["outputs"].items()
    )


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith((".making", ".old"))]


def test_nobody_at_the_address_is_told(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(ToolkitError, match="no Dask scheduler answers"):
        Cluster("tcp://127.0.0.1:9")


def test_a_worker_with_other_code_makes_nothing():
    job = Job("o", "")
    outcome, files = run_remote_job("", "another", job, {}, None)
    assert outcome.status == "failed"
    assert "another version" in outcome.sentence
    assert files == {}


@pytest.mark.slow
def test_a_parcel_needs_no_file_of_the_batchs_machine(write_notebook, tmp_path):
    """One that is called here as a worker would call it; what it was packed from is gone by then."""
    notebook = write_notebook(SAVE, parameters="organisation = ''\noutput = None")
    bundle = Bundle(b"", {"notebook/tried.ipynb": notebook.read_bytes()}, ())
    final = str(tmp_path / "elsewhere" / "o")
    job = Job("o", str(notebook), {"organisation": "o"}, kind="own", final=final)
    notebook.unlink()
    cluster._BundleReceiver(bundle)()
    try:
        outcome, files = run_remote_job(bundle.digest, stamp(), job, {}, None)
        assert outcome.status == "made"
        assert files["results.csv"] == b"table\no\n"
        assert set(files) == {"report.ipynb", "report.html", "results.csv", "manifest.json"}
        assert not (tmp_path / "elsewhere").exists()
    finally:
        cluster._WORKPLACES.pop(bundle.digest).close()


@pytest.mark.slow
def test_a_cluster_makes_what_this_machine_makes_from_a_study_it_cannot_see(
    sample_study, write_notebook, machines, tmp_path, folder
):
    notebook = write_notebook(
        SAVE, "import toolkit as tk\ntk.open_report(study, organisation, wave).methods()"
    )
    asked = {"organisations": FOUR[:2], "notebook": notebook}
    there = run_reports(sample_study, out=tmp_path / "out", cluster=machines.address, **asked)
    here = run_reports(sample_study, out=tmp_path / "here", **asked)
    assert there["status"].tolist() == here["status"].tolist() == ["made", "made"]
    other = tmp_path / "here" / "ai_at_work" / "2026"
    for one in FOUR[:2]:
        assert whole(folder, one)
        told = [json.loads((place / one / "manifest.json").read_text()) for place in (folder, other)]
        assert told[0]["inputs"] == told[1]["inputs"]
        assert (folder / one / "report.html").read_text() == (other / one / "report.html").read_text()
    assert leftovers(folder) == []
    again = run_reports(sample_study, out=tmp_path / "out", cluster=machines.address, **asked)
    assert again["status"].tolist() == ["unchanged", "unchanged"]


@pytest.mark.slow
def test_a_cluster_runs_a_notebook_of_ones_own_as_this_machine_does(
    sample_study, write_notebook, machines, tmp_path
):
    cell = "import toolkit as tk\nlen(tk.load_study(study).responses(organisation))"
    notebook = write_notebook(SAVE, cell, parameters="study = ''\norganisation = ''\noutput = None")
    asked = {"for_each": "organisation", "values": FOUR[:2], "parameters": {"study": str(sample_study)}}
    there = run_notebook(notebook, out=tmp_path / "there", cluster=machines.address, **asked)
    here = run_notebook(notebook, out=tmp_path / "here", **asked)
    assert there["status"].tolist() == here["status"].tolist() == ["made", "made"]
    for one, other in zip(there["folder"], here["folder"], strict=True):
        for name in ("results.csv", "report.html"):
            assert (Path(one) / name).read_bytes() == (Path(other) / name).read_bytes()
    again = run_notebook(notebook, out=tmp_path / "there", cluster=machines.address, **asked)
    assert again["status"].tolist() == ["unchanged", "unchanged"]
    years = write_notebook("year + 1", name="years.ipynb", parameters="year = 0")
    told = run_notebook(years, for_each="year", values=[3], out=tmp_path / "y", cluster=machines.address)
    assert told["status"].tolist() == ["made"]
    assert "4" in (Path(told["folder"].item()) / "report.html").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_scheduler_worker_or_batch_killed_at_any_moment_loses_nothing_that_stands(
    sample_study, write_notebook, machines, tmp_path, folder, seed
):
    rng = random.Random(seed)
    code_hash.cache_clear()
    code = code_hash()
    notebook = write_notebook(SAVE, "import time; time.sleep(0.5)")
    command = [
        sys.executable,
        "-m",
        "toolkit.cli",
        "batch",
        str(sample_study),
        "--out",
        str(tmp_path / "out"),
    ]
    command += ["--notebook", str(notebook), "--cluster", machines.address]
    for one in FOUR:
        command += ["-o", one]
    batch = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # killed once some reports are there, not after some time: on a busy machine nothing might have begun
    some = rng.randrange(1, 4)
    while batch.poll() is None and sum((folder / one).exists() for one in FOUR) < some:
        time.sleep(0.05)
    victim = ("worker", "scheduler", "batch")[seed % 3]
    if victim == "batch":
        batch.kill()
    elif victim == "scheduler":
        machines.scheduler.kill()
    else:
        for one in psutil.Process(machines.workers[0].pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        machines.workers.append(machines.worker())
    _, errors = batch.communicate(timeout=180)
    assert "Traceback" not in errors
    code_hash.cache_clear()
    if code_hash() != code:
        pytest.skip(
            "somebody changed the package while this ran: workers are then refused, as they should be"
        )
    standing = [one for one in FOUR if (folder / one).exists()]
    assert all(whole(folder, one) for one in standing)
    if victim == "worker":
        assert standing == FOUR
    made = run_reports(sample_study, organisations=FOUR, out=tmp_path / "out", notebook=notebook)
    assert [one for one, how in zip(FOUR, made["status"], strict=True) if how == "unchanged"] == standing
    assert all(whole(folder, one) for one in FOUR)
    assert leftovers(folder) == []


@pytest.mark.parametrize("address", ["", "junk", "scheduler:port"])
def test_what_is_no_address_of_a_scheduler_is_refused_at_once(sample_study, tmp_path, address):
    with pytest.raises(InvalidInput, check=problem("malformed", f"cluster {address}")):
        run_reports(sample_study, organisations=["org-12"], out=tmp_path / "out", cluster=address)
    assert list(tmp_path.iterdir()) == []


def test_a_logo_travels_with_the_picture_it_names(root: Path, tmp_path: Path) -> None:
    from PIL import Image

    folder = tmp_path / "study"
    folder.mkdir()
    Image.new("RGB", (6, 2), "red").save(folder / "mark.png")
    (folder / "logo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><image href="mark.png"/></svg>'
    )
    study = load_study(root / "data_samples" / "ai_at_work" / "study.yaml")
    branded = replace(study, folder=folder, brand=study.brand.model_copy(update={"logo": "logo.svg"}))
    notebook = root / "notebooks" / "organisation_report.ipynb"
    bundle = bundle_of(branded, write_study(study, tmp_path / "study.pickle"), (notebook, notebook), ())
    there = tmp_path / "worker" / "logo.svg"
    there.parent.mkdir()
    there.write_bytes(bundle.files["logo/logo.svg"])
    assert b"mark.png" not in there.read_bytes()
    assert read_logo(there, there.parent) == read_logo(folder / "logo.svg", folder)
