"""Reports in stores: whole or absent, taken up again, one run at a time."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

fsspec = pytest.importorskip("fsspec", reason="needs the cluster extra")

from fsspec.implementations.memory import MemoryFile  # noqa: E402

from toolkit.errors import InvalidInput, ToolkitError  # noqa: E402
from toolkit.reporting import run_reports, stores  # noqa: E402
from toolkit.reporting.batch import plan_reports  # noqa: E402
from toolkit.reporting.job import Outcome  # noqa: E402
from toolkit.reporting.stores import OutputStore, is_address  # noqa: E402

TWO = ["org-01", "org-02"]
SAVE = "from pathlib import Path; Path(output, 'results.csv').write_text('table\\n' + organisation + '\\n')"
WAVE = "ai_at_work/2026"


@pytest.fixture
def store() -> Iterator[str]:
    """An empty store in memory."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield "memory://shelf/reports"
    system.store.clear()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A small finished report."""
    folder = tmp_path / "desk" / "org-01"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("page")
    (folder / "results.csv").write_text("numbers")
    (folder / "manifest.json").write_text(json.dumps({"input": "abc", "outputs": {}}))
    return folder


def whole(system, root: str, one: str) -> bool:
    told = json.loads(system.cat_file(f"{root}/{one}/manifest.json"))
    return all(system.size(f"{root}/{one}/{name}") == size for name, size in told["bytes"].items())


def test_a_seal_is_taken_away_first_and_written_last(store, report, monkeypatch):
    place = OutputStore(store)
    assert place.bring(report, Outcome("made")).status == "made"
    system, root = place.opened()
    assert whole(system, root, "org-01")
    assert sorted(path.name for path in report.iterdir()) == ["manifest.json"]
    (report / "report.html").write_text("another page")
    (report / "results.csv").write_text("other numbers")
    real = type(system).pipe_file

    def cut_off(self, path, value, **more):
        if path.endswith("results.csv"):
            raise OSError("the line was cut")
        return real(self, path, value, **more)

    monkeypatch.setattr(type(system), "pipe_file", cut_off)
    outcome = place.bring(report, Outcome("made"))
    assert outcome.status == "failed"
    assert "the line was cut" in outcome.sentence
    assert not system.exists(f"{root}/org-01/manifest.json")


def test_only_reports_whose_files_all_stand_are_known_to_the_next_run(store, report, tmp_path):
    place = OutputStore(store)
    place.bring(report, Outcome("made"))
    system, root = place.opened()
    place.mirror(tmp_path / "seen")
    assert (tmp_path / "seen" / "org-01" / "manifest.json").exists()
    system.pipe_file(f"{root}/org-01/results.csv", b"cut")
    place.mirror(tmp_path / "again")
    assert not (tmp_path / "again" / "org-01").exists()


def test_two_runs_cannot_hold_a_place_and_one_that_is_gone_is_taken_over(store, monkeypatch):
    monkeypatch.setattr(stores, "BEAT", 0.2)
    place = OutputStore(store)
    with place.held(), pytest.raises(InvalidInput, match="another run is writing there"), place.held():
        pass
    with place.held():
        pass
    system, root = place.opened()
    system.pipe_file(f"{root}/_batch/lock.json", b'{"run": "gone", "beat": 3}')
    with place.held():
        assert json.loads(system.cat_file(f"{root}/_batch/lock.json"))["run"] != "gone"
    assert not system.exists(f"{root}/_batch/lock.json")


def test_a_batch_into_a_store_is_whole_and_taken_up_again(sample_study, write_notebook, store):
    asked = {"organisations": TWO, "out": store, "notebook": write_notebook(SAVE), "workers": 2}
    made = run_reports(sample_study, **asked)
    assert made["status"].tolist() == ["made", "made"]
    assert made["folder"].iloc[0] == f"{store}/{WAVE}/org-01"
    system, root = OutputStore(f"{store}/{WAVE}").opened()
    assert all(whole(system, root, one) for one in TWO)
    assert b"Brightmere" in system.cat_file(f"{root}/index.html")
    system.rm_file(f"{root}/org-02/report.html")
    asked.pop("workers")
    assert plan_reports(sample_study, **asked)["status"].tolist() == ["unchanged", "to make"]
    assert run_reports(sample_study, **asked)["status"].tolist() == ["unchanged", "made"]
    assert whole(system, root, "org-02")


def test_an_address_nobody_knows_is_told(sample_study, write_notebook):
    with pytest.raises(ToolkitError, match="nowhere"):
        run_reports(sample_study, out="nowhere://x", notebook=write_notebook(SAVE), organisations=TWO)


@pytest.mark.parametrize(("method", "said"), [("find", "cannot be read"), ("pipe_file", "cannot be written")])
def test_a_store_that_raises_a_kind_of_its_own_is_told_in_a_sentence(
    sample_study, store, monkeypatch, method, said
):
    class NoCredentials(Exception):
        pass

    def refuses(self: object, *_: object, **__: object) -> None:
        raise NoCredentials("unable to locate credentials\nand more")

    monkeypatch.setattr(type(OutputStore(store).opened()[0]), method, refuses)
    with pytest.raises(InvalidInput, match=f"{said}: NoCredentials: unable to locate credentials; check"):
        run_reports(sample_study, organisations=["org-12"], out=store)


def test_an_address_is_told_from_a_folder():
    assert is_address("s3://bucket/reports")
    assert not is_address("reports/s3")


@pytest.mark.slow
def test_the_same_in_s3(sample_study, write_notebook, monkeypatch, tmp_path):
    pytest.importorskip("moto", reason="needs moto")
    pytest.importorskip("s3fs", reason="needs s3fs")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }.items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (tmp_path / "moto.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ})
    try:
        _until_open(port)
        s3 = fsspec.filesystem("s3", use_listings_cache=False)
        s3.mkdir("shelf")
        asked = {"organisations": TWO, "out": "s3://shelf/reports", "notebook": write_notebook(SAVE)}
        assert run_reports(sample_study, **asked)["status"].tolist() == ["made", "made"]
        root = f"shelf/reports/{WAVE}"
        assert all(whole(s3, root, one) for one in TWO)
        assert not s3.exists(f"{root}/_batch/lock.json")
        s3.rm_file(f"{root}/org-01/results.csv")
        assert run_reports(sample_study, **asked)["status"].tolist() == ["made", "unchanged"]
        monkeypatch.setattr(stores, "BEAT", 0.5)
        with (
            OutputStore("s3://shelf/reports").held(),
            pytest.raises(InvalidInput, match="another run"),
            OutputStore("s3://shelf/reports").held(),
        ):
            pass
    finally:
        server.kill()
        server.wait()


def _until_open(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError("the server did not start")


@pytest.mark.parametrize("key", ["../manifest.json", "_failed/../../note/sentence.txt", "org-01\\\\..\\\\x"])
def test_keys_that_lead_out_of_the_folder_are_refused_and_nothing_is_written(store, tmp_path, key):
    system, root = OutputStore(store).opened()
    system.store[f"{root}/org-02/manifest.json"] = system.store[f"{root}/{key}"] = MemoryFile(
        system, f"{root}/{key}", b"{}"
    )
    folder = tmp_path / "desk" / "wave"
    folder.mkdir(parents=True)
    with pytest.raises(InvalidInput, match="was not downloaded"):
        OutputStore(store).mirror(folder)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_address_with_two_dots_is_refused(sample_study):
    with pytest.raises(InvalidInput, match=r"must not contain"):
        plan_reports(sample_study, out="memory://shelf/../reports")
