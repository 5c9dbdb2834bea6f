"""Forked notebook processes: the output of an ordinary kernel, apart from each other, none left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.reporting.cells import notebook
from toolkit.reporting.execute import CellError, Limits, execute
from toolkit.reporting.scratch import PREFIX, clear_abandoned, scratch_folder
from toolkit.reporting.warm import NotWarm, Warm, unavailable
from toolkit.reporting.warm import client as client_module
from toolkit.reporting.warm.client import environment_of
from toolkit.reporting.warm.engine import WarmNotebook
from toolkit.reporting.warm.wire import GoneError, LateError, Wire

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=f"no warm kernels here: {unavailable()}")

GIVEN = {"study": "s.yaml", "organisation": "org-01", "wave": "2026", "data": None, "output": None}
PERSON = "import pandas as pd; import matplotlib.pyplot as plt; import numpy as np"


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm(["pandas", "pyarrow.parquet", "papermill"]) as made:
        yield made


@pytest.fixture
def start(warm: Warm, tmp_path: Path) -> Iterator[Callable[..., WarmNotebook]]:
    made: list[WarmNotebook] = []

    def one(**options: Any) -> WarmNotebook:
        made.append(WarmNotebook(warm.address, folder=tmp_path, **options))
        return made[-1]

    yield one
    for notebook_process in made:
        notebook_process.end()


def told(process: WarmNotebook, code: str, **options: Any) -> str:
    """What a cell prints and shows as text."""
    found: list[str] = []

    def hear(kind: str, content: Any) -> None:
        found.append(
            content.get("text") or content.get("data", {}).get("text/plain") or content.get("evalue", "")
        )

    process.run(code, hear, **options)
    return "".join(found)


def gone(pid: int, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def outputs_of(path: Path) -> list[list[dict[str, Any]]]:
    """Every code cell's outputs without what differs between any two runs."""
    cells = json.loads(path.read_text())["cells"]
    text = json.dumps([cell["outputs"] for cell in cells if cell["cell_type"] == "code"])
    text = re.sub(r"\\u001b\[[0-9;]*m", "", text)  # the colours of a traceback are for the analyst's terminal
    text = re.sub(r"0x[0-9a-f]{6,}", "0x", re.sub(r"ipykernel_\d+/\d+", "ipykernel", text))
    return json.loads(text)


def test_a_warm_run_shows_what_a_cold_run_shows(warm, write_notebook, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # an ordinary kernel that sees it listens to no other program
    path = write_notebook(
        PERSON,
        "import sys; print('out'); print('err', file=sys.stderr); print('again'); 41 + 1",
        "pd.DataFrame({'a': [1.5, 2], 'b': ['x', None]})",
        "plt.plot([1, 3, 2]); plt.title('a figure')",
        "fig, axes = plt.subplots(1, 2); axes[0].bar([1, 2], [3, 4]); plt.figure(); plt.plot([1]); None",
        "from IPython.display import HTML, Markdown, display, clear_output\ndisplay(HTML('<b>bold</b>'))\n"
        "handle = display('first', display_id=True); handle.update('second')\n"
        "print('wiped'); clear_output()\n"
        "display(Markdown('*kept*'))",
        "pd.options.display.max_columns, pd.options.display.max_rows, plt.get_backend()",
        "import os; os.system('echo from another program'); None",
        "await __import__('asyncio').sleep(0, 'awaited')",
        "%time 1 + 1" if False else "get_ipython().run_line_magic('pwd', '') != ''",
        "__name__, __import__('__main__').__dict__ is globals()",
        "def f():\n    return undefined_name\nf()",
    )
    found = {}
    for name, address in (("warm", warm.address), ("cold", None)):
        target = tmp_path / name / "report.ipynb"
        target.parent.mkdir()
        with pytest.raises(CellError, match="NameError"):
            execute(path, target, GIVEN, address=address)
        found[name] = outputs_of(target)
    assert found["warm"] == found["cold"]
    assert json.dumps(found["warm"]).count("image/png") == 3


def test_the_process_forked_from_has_one_thread_and_so_has_its_child(start):
    assert told(start(), "len(__import__('os').listdir('/proc/self/task'))") == "1"


def test_pyarrow_would_start_a_thread_if_it_were_not_told(tmp_path):
    own = {name: value for name, value in os.environ.items() if not name.startswith(("JE_", "ARROW"))}
    assert environment_of(own, tmp_path)["JE_ARROW_MALLOC_CONF"] == "background_thread:false"


def test_random_states_are_fresh_in_each(start):
    draw = "import random, numpy as np; (random.random(), np.random.rand(), np.random.default_rng().random())"
    first, second = told(start(), draw), told(start(), draw)
    assert first != second
    assert not set(first.strip("()").split(", ")) & set(second.strip("()").split(", "))


def test_nothing_of_one_notebook_is_in_the_next(start):
    left = "x = 1; import pandas as pd, matplotlib.pyplot as plt, os\npd.options.display.max_rows = 3\n"
    left += "plt.rcParams['figure.dpi'] = 7; os.environ['LEFT'] = 'here'; open('left.txt', 'w').close()"
    told(start(), left)
    seen = "import pandas as pd, matplotlib.pyplot as plt, os\n"
    seen += "dots = plt.rcParams['figure.dpi'] == 7\n"
    seen += "('x' in globals(), pd.options.display.max_rows, dots, os.environ.get('LEFT'))"
    assert told(start(), seen) == "(False, 60, False, None)"


def test_one_that_dies_is_killed_or_kills_its_parent_leaves_the_rest_alone(warm, start):
    stays, dies, is_killed, kills = (start() for _ in range(4))
    told(stays, "x = 7")
    with pytest.raises(GoneError):
        told(dies, "import os; os._exit(3)")
    assert dies.process.wait() == 3
    is_killed.process.signal(signal.SIGKILL)
    with pytest.raises(GoneError):
        told(is_killed, "1")
    assert is_killed.process.wait() == -signal.SIGKILL
    with pytest.raises(GoneError):
        told(kills, "import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(30)")
    assert gone(kills.process.pid)
    assert told(stays, "x") == "7"
    assert told(start(), "1 + 1") == "2"


def test_a_cell_can_be_interrupted_and_the_next_one_runs(start):
    process = start()
    told(process, "kept = 5")
    heard: list[str] = []

    def hear(kind: str, content: Any) -> None:
        heard.append(content.get("ename", ""))
        if kind == "stream":
            process.process.signal(signal.SIGINT)

    failed, _ = process.run("import time; print('begun', flush=True); time.sleep(60)", hear)
    assert failed == "KeyboardInterrupt"
    assert told(process, "kept") == "5"


@pytest.mark.parametrize(
    "first", ["%matplotlib inline", "%matplotlib", "%pylab inline", "%matplotlib notebook"]
)
def test_asking_for_pictures_in_the_notebook_gives_each_once(start, first):
    process, heard = start(), list[str]()
    draw = "import matplotlib.pyplot as plt; plt.plot([1, 2]); None"
    for code in (first, "%matplotlib inline", draw):
        failed, _ = process.run(code, lambda kind, content: heard.append(kind))
        assert not failed
    assert heard.count("display_data") == 1


def test_windows_are_refused_with_what_to_write_instead(start):
    process, heard = start(), list[str]()
    process.run("%gui qt", lambda kind, content: heard.append(str(content)))  # which prints what it refuses
    assert "%matplotlib inline" in "".join(heard)
    assert told(process, "1 + 1") == "2"


@pytest.mark.parametrize("way", ["exit", "exit()", "quit()", "import sys; sys.exit(3)"])
def test_a_notebook_that_asks_for_its_end_has_failed_and_says_so(start, way):
    failed, _ = start().run(way, lambda kind, content: None)
    assert failed == "SystemExit"


def test_magics_of_an_ordinary_kernel_are_there(start):
    process = start()
    for code in (
        "%load_ext autoreload",
        "%store",
        "%%time\nx = 1",
        "!true",
        "%who",
        "%config InlineBackend.figure_format = 'svg'",
    ):
        failed, _ = process.run(code, lambda kind, content: None)
        assert not failed, code


def test_a_cell_that_takes_too_long_is_told_and_its_process_ended(start):
    process = start()
    with pytest.raises(LateError):
        told(process, "import time; time.sleep(60)", until=time.monotonic() + 0.3)
    process.end()
    assert gone(process.process.pid)


def test_a_limit_on_memory_is_a_memory_error_in_the_cell(start):
    process = start(memory=200 << 20)
    assert told(process, "import numpy as np; np.ones(5_000_000).sum()") == "np.float64(5000000.0)"
    failed, _ = process.run("np.ones(100_000_000)", lambda kind, content: None)
    assert failed.endswith("MemoryError")
    assert told(process, "1 + 1") == "2"


def test_what_a_notebook_started_ends_with_it(start):
    process = start()
    pid = int(told(process, "import subprocess; subprocess.Popen(['sleep', '300']).pid"))
    process.end()
    assert gone(pid)


def test_nobody_is_left_when_the_owner_is_killed(tmp_path):
    owner = (
        "from toolkit.reporting.warm import Warm\n"
        "from toolkit.reporting.warm.engine import WarmNotebook\n"
        "warm = Warm(); one = WarmNotebook(warm.address, folder='.')\n"
        "print(one.process.pid, warm.address, flush=True)\n"
        "one.run('import time; time.sleep(300)', print)"
    )
    process = subprocess.Popen([sys.executable, "-c", owner], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout is not None
    pid, address = process.stdout.readline().split()
    process.stdout.close()
    family = [one.pid for one in psutil.Process(process.pid).children(recursive=True)]
    assert len(family) >= 1
    process.kill()
    process.wait()
    assert all(gone(one) for one in [int(pid), *family])
    end = time.monotonic() + 10
    while Path(address).parent.exists():
        assert time.monotonic() < end, "its folder was left"
        time.sleep(0.05)


def test_its_socket_is_for_its_owner_alone(warm):
    assert warm.address.stat().st_mode & 0o777 == 0o600
    assert warm.address.parent.stat().st_mode & 0o777 == 0o700


def test_a_zygote_that_was_killed_is_started_again(tmp_path):
    with Warm() as own:
        with WarmNotebook(own.address, folder=tmp_path) as one:
            assert told(one, "1") == "1"
        process = own._owned[0]
        process.kill()
        process.wait()
        with WarmNotebook(own.address, folder=tmp_path) as one:
            assert told(one, "2") == "2"


def test_threads_before_the_fork_are_refused_with_a_sentence(tmp_path, monkeypatch):
    module = tmp_path / "restless.py"
    module.write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Warm(["restless"]) as own, pytest.raises(NotWarm, match="has started 1 threads"):
        _ = own.address


def test_where_forking_is_not_to_be_had_an_ordinary_kernel_is_used_and_it_is_said(
    monkeypatch, write_notebook, tmp_path, capsys
):
    import papermill

    from toolkit.reporting.warm.engine import register

    monkeypatch.setattr(client_module, "unavailable", lambda: "this is a test")
    path, target = write_notebook("6 * 7"), tmp_path / "out.ipynb"
    papermill.execute_notebook(
        str(path), str(target), engine_name=register(), kernel_name="python3", progress_bar=False
    )
    assert "42" in json.dumps(outputs_of(target))
    assert "this is a test. An ordinary kernel is started instead." in capsys.readouterr().err


def test_a_cell_tagged_to_be_skipped_is_skipped(warm, tmp_path):
    made = notebook("raise SystemError('never')", "'reached'")
    made["cells"][1]["metadata"]["tags"] = ["skip-execution"]
    path, target = tmp_path / "tagged.ipynb", tmp_path / "report.ipynb"
    path.write_text(json.dumps(made))
    execute(path, target, GIVEN, address=warm.address)
    assert "reached" in json.dumps(outputs_of(target))


def test_a_notebook_is_saved_once(warm, write_notebook, tmp_path, monkeypatch):
    import papermill.engines
    import papermill.execute

    saves: list[str] = []
    for module in (papermill.engines, papermill.execute):
        write = module.write_ipynb
        monkeypatch.setattr(
            module, "write_ipynb", lambda nb, path, write=write: (saves.append(path), write(nb, path))
        )
    execute(write_notebook("1", "2", "3"), tmp_path / "report.ipynb", GIVEN, address=warm.address)
    assert len(saves) == 1


def test_a_notebook_stopped_for_its_time_is_kept_as_far_as_it_ran(warm, write_notebook, tmp_path):
    target = tmp_path / "report.ipynb"
    slow = write_notebook("print('this ran')", "import time; time.sleep(60)")
    with pytest.raises(CellError, match="the notebook ran longer than 2 seconds") as caught:
        execute(slow, target, GIVEN, limits=Limits(whole=2), address=warm.address)
    assert not caught.value.passing
    assert "this ran" in target.read_text()


def test_a_kernel_that_ended_itself_is_not_tried_again_and_a_killed_one_may_be(
    warm, write_notebook, tmp_path
):
    for code, passing in (("import os; os._exit(7)", False), ("import os; os.kill(os.getpid(), 9)", True)):
        with pytest.raises(CellError, match="kernel that ran the notebook died") as caught:
            execute(write_notebook(code), tmp_path / "report.ipynb", GIVEN, address=warm.address)
        assert caught.value.passing is passing


def test_what_the_project_declares_to_jupyter_and_papermill_is_there(root):
    declared = tomllib.loads((root / "pyproject.toml").read_text())["project"]["entry-points"]
    for group in ("papermill.engine", "jupyter_client.kernel_provisioners"):
        (place,) = declared[group].values()
        module, name = place.split(":")
        assert hasattr(import_module(module), name)


def test_a_message_in_many_pieces_arrives_whole():
    one, other = (Wire(end) for end in socket.socketpair())
    text = "é\ud800" * 50_000
    pid = os.fork()
    if pid == 0:
        one.send({"text": text})
        os._exit(0)
    one.socket.close()
    assert other.receive(until=time.monotonic() + 20) == {"text": text}
    with pytest.raises(GoneError):
        other.receive()
    os.waitpid(pid, 0)
    other.close()


def test_folders_of_runs_that_are_gone_are_cleared_and_those_of_the_living_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    (left / ".lock").touch()
    being_made = tmp_path / f"{PREFIX}new"
    being_made.mkdir()
    with scratch_folder() as mine:
        assert not left.exists()
        assert clear_abandoned() == []
        assert mine.is_dir()
        assert mine.stat().st_mode & 0o077 == 0
    assert not mine.exists()
    assert being_made.exists()


@pytest.mark.slow
def test_a_jupyter_kernel_is_forked_interrupted_and_ended(tmp_path, monkeypatch):
    from jupyter_client.manager import KernelManager
    from jupyter_client.provisioning import KernelProvisionerFactory

    from toolkit.reporting.warm.provisioner import WarmProvisioner

    monkeypatch.setattr(
        KernelProvisionerFactory,
        "create_provisioner_instance",
        lambda self, kernel_id, kernel_spec, parent: WarmProvisioner(
            kernel_id=kernel_id, kernel_spec=kernel_spec, parent=parent
        ),
    )
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(tmp_path))
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        shown: list[str] = []
        reply = client.execute_interactive(
            "import os; print(os.getpid(), os.getcwd())",
            output_hook=lambda m: shown.append(str(m["content"])),
            timeout=60,
        )
        assert reply["content"]["status"] == "ok"
        pid = manager.provisioner.pid
        assert str(pid) in "".join(shown)
        assert str(tmp_path) in "".join(shown)
        manager.interrupt_kernel()
        assert (
            client.execute_interactive("1", timeout=60, output_hook=lambda m: None)["content"]["status"]
            == "ok"
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert gone(pid)
    client_module.own_warm().close()
