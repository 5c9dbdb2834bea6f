"""The process pool: a process per task, none of which takes another along or is left behind."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.reporting.processes import (
    exit_at_once,
    family_of,
    kill_fork_server,
    kill_self,
    start_and_note,
    wait_gone,
    wait_until,
)
from toolkit.reporting.pool import WorkerDied, WorkerPool, environment_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
METHODS = [method for method in ("forkserver", "spawn") if method in multiprocessing.get_all_start_methods()]


@pytest.fixture(scope="module", params=METHODS)
def pool(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    with WorkerPool(tmp_path_factory.mktemp("pool"), method=request.param) as made:
        yield made


def test_each_task_has_a_process_of_its_own_and_results_come_back(pool):
    with ThreadPoolExecutor(4) as threads:
        pids = list(threads.map(lambda _: pool.run(os.getpid), range(6)))
    assert len({*pids, os.getpid(), pool.pid}) == 8
    assert pool.run(divmod, 17, 5) == (3, 2)
    wait_gone(pids)


def test_a_process_that_dies_takes_no_other_along(pool):
    with ThreadPoolExecutor(3) as threads:
        dies = threads.submit(pool.run, exit_at_once, 3)
        killed = threads.submit(pool.run, kill_self)
        lives = threads.submit(pool.run, divmod, 7, 2)
        assert lives.result() == (3, 1)
        with pytest.raises(WorkerDied, match="ended with code 3") as caught:
            dies.result()
        assert not caught.value.temporary
        assert "last words" in caught.value.log
        with pytest.raises(WorkerDied, match="killed from outside") as caught:
            killed.result()
        assert caught.value.temporary


def test_a_process_beyond_its_time_is_killed_with_what_it_started(pool, tmp_path):
    seconds = 0.5
    while not (tmp_path / "pids").exists():  # so short a time may be over before anything was started
        with pytest.raises(TimeoutError):
            pool.run(_start_and_wait, str(tmp_path / "pids"), seconds=seconds)
        seconds *= 2
    wait_gone(map(int, (tmp_path / "pids").read_text().split()))
    assert pool.run(divmod, 7, 2) == (3, 1)


def _start_and_wait(file: str) -> None:
    start_and_note(file, end=False)


def test_what_a_finished_task_started_ends_with_it(pool, tmp_path):
    pool.run(_start_and_end, str(tmp_path / "pids"))
    wait_gone(map(int, (tmp_path / "pids").read_text().split()))


def _start_and_end(file: str) -> None:
    start_and_note(file, end=True)


def test_stopping_ends_what_runs_and_what_it_started(tmp_path):
    for method in METHODS:
        (tmp_path / method).mkdir()
        with WorkerPool(tmp_path / method, method=method) as own:
            raised: list[BaseException] = []

            def run(
                own: WorkerPool = own, raised: list = raised, file: Path = tmp_path / f"{method}-pids"
            ) -> None:
                try:
                    own.run(_start_and_wait, str(file))
                except WorkerDied as fault:
                    raised.append(fault)

            waits = threading.Thread(target=run)
            waits.start()
            wait_until((tmp_path / f"{method}-pids").exists)
            server, family = own.pid, family_of(own.pid)
            own.stop()
            waits.join()
            assert [type(one) for one in raised] == [WorkerDied]
            with pytest.raises(WorkerDied):
                own.run(os.getpid)
            pids = map(int, (tmp_path / f"{method}-pids").read_text().split())
            wait_gone([server, *family, *pids])


def _tried_again(own: WorkerPool) -> tuple[int, int]:
    """Run as a batch does: a death that may pass is tried again, at most twice.

    Until the system has reaped the killed fork server, multiprocessing takes it to be alive.
    """
    for left in (2, 1, 0):
        try:
            return own.run(divmod, 7, 2)
        except WorkerDied as fault:
            if not fault.temporary or not left:
                raise
    raise AssertionError


@pytest.mark.skipif("forkserver" not in METHODS, reason="this system has no fork server")
def test_a_fork_server_or_server_that_was_killed_is_started_again(tmp_path):
    with WorkerPool(tmp_path) as own:
        with pytest.raises(WorkerDied) as caught:
            own.run(kill_fork_server)
        assert caught.value.temporary
        assert _tried_again(own) == (3, 1)
        psutil.Process(own.pid).kill()
        wait_until(lambda: not own._server.alive)
        assert own.run(divmod, 7, 2) == (3, 1)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_left_when_the_owner_is_killed(tmp_path, method):
    folder, pids = tmp_path / "pool", tmp_path / "pids"
    folder.mkdir()
    script = (
        "import sys; from pathlib import Path; from toolkit.reporting.pool import WorkerPool\n"
        "from tests.reporting.processes import start_and_note\n"
        f"WorkerPool(Path(sys.argv[1]), method={method!r}).run(start_and_note, sys.argv[2], end=False)\n"
    ).replace(
        "run(start_and_note, sys.argv[2], end=False)",
        "run(__import__('functools').partial(start_and_note, sys.argv[2], end=False))",
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(folder), str(pids)], env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    wait_until(pids.exists)
    family = family_of(owner.pid)
    assert len(family) >= 2
    owner.kill()
    owner.wait()
    wait_gone([*family, *map(int, pids.read_text().split())])
    wait_until(lambda: not folder.exists())


@pytest.mark.skipif("forkserver" not in METHODS, reason="this system has no fork server")
def test_threads_before_the_fork_mean_fresh_processes_and_the_reason_is_given(tmp_path, monkeypatch):
    module = tmp_path / "restless.py"
    module.write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "pool").mkdir()
    with WorkerPool(tmp_path / "pool", modules=["restless"]) as own:
        own.start()
        assert own.cold_reason == "what was imported has started 1 threads"
        assert own.run(divmod, 7, 2) == (3, 1)


def test_temporary_files_lie_in_the_pools_folder_and_nobody_elses_threads_are_started(tmp_path):
    environment = environment_of({"JE_ARROW_MALLOC_CONF": "x"}, tmp_path)
    assert Path(environment["TMPDIR"]).parent == tmp_path
    assert environment["JE_ARROW_MALLOC_CONF"] == "background_thread:false"


SCRIPT = "from toolkit.reporting import run_reports\nmade = run_reports({study!r}, organisations=['org-12'], "
SCRIPT += "out={out!r}, notebook={notebook!r})\nprint(made['status'].item(), 'once')\n"


@pytest.fixture
def script(sample_study: Path, write_notebook, tmp_path: Path) -> str:
    return SCRIPT.format(
        study=str(sample_study), out=str(tmp_path / "out"), notebook=str(write_notebook("1"))
    )


def started(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_plain_script_without_a_guard_makes_reports_once(script, tmp_path):
    path = tmp_path / "plain.py"
    path.write_text(script)
    assert started([sys.executable, str(path)], tmp_path) == "made once\n"


def test_a_command_line_makes_reports(script, tmp_path):
    assert started([sys.executable, "-c", script], tmp_path) == "made once\n"


def test_a_notebook_cell_makes_reports(script, write_notebook, tmp_path):
    from tests.reporting.test_notebook import GIVEN
    from toolkit.reporting.notebook import execute, read_notebook

    execute(write_notebook(script, name="cell.ipynb"), tmp_path / "done.ipynb", GIVEN)
    outputs = read_notebook(tmp_path / "done.ipynb")["cells"][-1]["outputs"]  # a progress bar comes first
    assert ["".join(one["text"]) for one in outputs if one.get("name") == "stdout"] == ["made once\n"]


def test_a_daemonic_process_makes_reports(script):
    process = multiprocessing.get_context("spawn").Process(target=_exec, args=(script,), daemon=True)
    process.start()
    process.join()
    assert process.exitcode == 0


def _exec(script: str) -> None:
    exec(script)
