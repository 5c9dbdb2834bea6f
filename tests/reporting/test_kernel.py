"""Notebooks in forked processes: the output of an ordinary kernel, and apart from each other."""

from __future__ import annotations

import json
import multiprocessing
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook, output_from_msg
from nbformat.validator import validate

from tests.reporting.cells import notebook
from tests.reporting.processes import (
    execute_notebook,
    execute_until_the_second_cell,
    number_of_threads,
    run_cells,
    saves_of,
    wait_gone,
)
from toolkit.reporting.kernel import Outputs
from toolkit.reporting.notebook import CellError, execute
from toolkit.reporting.pool import WorkerPool

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "forkserver" not in multiprocessing.get_all_start_methods(), reason="this system has no fork server"
    ),
]

GIVEN = {"study": "s.yaml", "organisation": "org-01", "wave": "2026", "data": None, "output": None}
PERSON = "import pandas as pd; import matplotlib.pyplot as plt; import numpy as np"


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    with WorkerPool(tmp_path_factory.mktemp("pool")) as made:
        yield made
        assert made.cold_reason == ""


def cells(pool: WorkerPool, tmp_path: Path, *codes: str, **options: Any) -> list[dict]:
    return pool.run(_run, str(tmp_path), codes, options)


def _run(folder: str, codes: tuple[str, ...], options: dict) -> list[dict]:
    return run_cells(folder, *codes, **options)


def outputs_of(path: Path) -> list[list[dict[str, Any]]]:
    """Every code cell's outputs without what differs between any two runs."""
    found = json.loads(path.read_text())["cells"]
    text = json.dumps([cell["outputs"] for cell in found if cell["cell_type"] == "code"])
    text = re.sub(r"\\u001b\[[0-9;]*m", "", text)  # the colours of a traceback are for the analyst's terminal
    text = re.sub(r"0x[0-9a-f]{6,}", "0x", re.sub(r"ipykernel_\d+/\d+", "ipykernel", text))
    return json.loads(text)


def test_a_forked_notebook_shows_what_an_ordinary_kernel_shows(pool, write_notebook, tmp_path, monkeypatch):
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
        "await __import__('asyncio').sleep(0, 'awaited')",
        "get_ipython().run_line_magic('pwd', '') != ''",
        "__name__, __import__('__main__').__dict__ is globals()",
        "import multiprocessing\nwith multiprocessing.Pool(2) as both: print(both.map(abs, [-1, 2]))",
        "print('half a pair: \\ud800'.encode('utf-8', 'surrogatepass'))",
        "def f():\n    return undefined_name\nf()",
    )
    said, _ = pool.run(execute_notebook, str(path), str(tmp_path / "forked" / "report.ipynb"), GIVEN)
    assert "NameError" in said
    (tmp_path / "ordinary").mkdir()
    with pytest.raises(CellError, match="NameError"):
        execute(path, tmp_path / "ordinary" / "report.ipynb", GIVEN)
    forked, ordinary = (outputs_of(tmp_path / name / "report.ipynb") for name in ("forked", "ordinary"))
    assert forked == ordinary
    assert json.dumps(forked).count("image/png") == 3


def test_what_another_program_prints_is_shown(pool, tmp_path):
    shown = cells(pool, tmp_path, "import os; os.system('echo from another program'); print('after')")
    assert sorted(shown[0]["text"].split("\n")) == ["", "after", "from another program"]


def test_a_fork_has_one_thread_and_so_has_its_notebook(pool, tmp_path):
    assert pool.run(number_of_threads) == 1
    assert cells(pool, tmp_path, "len(__import__('os').listdir('/proc/self/task'))")[0]["text"] == "1"


def test_random_states_are_fresh_in_each(pool, tmp_path):
    draw = "import random, numpy as np; (random.random(), np.random.rand(), np.random.default_rng().random())"
    first, second = (cells(pool, tmp_path, draw)[0]["text"] for _ in range(2))
    assert not set(re.findall(r"0\.\d+", first)) & set(re.findall(r"0\.\d+", second))


def test_nothing_of_one_notebook_is_in_the_next(pool, tmp_path):
    left = "x = 1; import pandas as pd, matplotlib.pyplot as plt, os\npd.options.display.max_rows = 3\n"
    left += "plt.rcParams['figure.dpi'] = 7; os.environ['LEFT'] = 'here'"
    assert cells(pool, tmp_path, left)[0]["failed"] == ""
    seen = "import pandas as pd, matplotlib.pyplot as plt, os\n"
    seen += "dots = plt.rcParams['figure.dpi'] == 7\n"
    seen += "('x' in globals(), pd.options.display.max_rows, dots, os.environ.get('LEFT'))"
    assert cells(pool, tmp_path, seen)[0]["text"] == "(False, 60, False, None)"


@pytest.mark.parametrize(
    ("way", "code"), [("import os; os._exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)]
)
def test_a_notebook_that_dies_is_reported_with_its_exit_code(pool, tmp_path, way, code):
    assert cells(pool, tmp_path, "1", way)[-1]["code"] == code


@pytest.mark.parametrize(
    "first", ["%matplotlib inline", "%matplotlib", "%pylab inline", "%matplotlib notebook"]
)
def test_asking_for_pictures_in_the_notebook_gives_each_once(pool, tmp_path, first):
    draw = "import matplotlib.pyplot as plt; plt.plot([1, 2]); None"
    shown = cells(pool, tmp_path, first, "%matplotlib inline", draw)
    assert [one["failed"] for one in shown] == ["", "", ""]
    assert [kind for one in shown for kind in one["kinds"]].count("display_data") == 1


def test_windows_are_refused_with_what_to_use_instead(pool, tmp_path):
    shown = cells(pool, tmp_path, "%gui qt", "1 + 1")
    assert "%matplotlib inline" in shown[0]["text"]
    assert shown[1]["text"] == "2"


@pytest.mark.parametrize("way", ["exit", "exit()", "quit()", "import sys; sys.exit(3)"])
def test_a_notebook_that_asks_for_its_end_has_failed(pool, tmp_path, way):
    assert cells(pool, tmp_path, way)[0]["failed"] == "SystemExit"


def test_magics_of_an_ordinary_kernel_are_there(pool, tmp_path):
    magics = (
        "%load_ext autoreload",
        "%store",
        "%%time\nx = 1",
        "!true",
        "%who",
        "%config InlineBackend.figure_format = 'svg'",
    )
    shown = cells(pool, tmp_path, *magics)
    assert [magic for magic, one in zip(magics, shown, strict=True) if one["failed"]] == []


def test_a_cell_beyond_its_time_is_stopped_with_what_it_started(pool, tmp_path):
    started = "import subprocess; subprocess.Popen(['sleep', '100000']).pid"
    shown = cells(pool, tmp_path, started, "import signal; signal.pause()", last_limit=0.2)
    assert shown[1]["failed"] == "TimeoutError"
    wait_gone([int(shown[0]["text"])])


def test_a_limit_on_memory_is_a_memory_error_in_the_cell(pool, tmp_path):
    pytest.importorskip("resource", reason="this system has no limits on memory")
    small = "import numpy as np; np.ones(5_000_000).sum()"
    shown = cells(pool, tmp_path, small, "np.ones(100_000_000)", "1 + 1", memory=200 << 20)
    assert shown[0]["text"] == "np.float64(5000000.0)"
    assert shown[1]["failed"].endswith("MemoryError")
    assert shown[2]["text"] == "2"


def test_a_cell_tagged_to_be_skipped_is_skipped(pool, tmp_path):
    made = notebook("raise SystemError('never')", "'reached'")
    made["cells"][1]["metadata"]["tags"] = ["skip-execution"]
    path, target = tmp_path / "tagged.ipynb", tmp_path / "report.ipynb"
    path.write_text(json.dumps(made))
    assert pool.run(execute_notebook, str(path), str(target), GIVEN) == ("", None)
    assert "reached" in json.dumps(outputs_of(target))


def test_a_notebook_is_saved_once(pool, write_notebook, tmp_path):
    assert pool.run(saves_of, str(write_notebook("1", "2", "3")), str(tmp_path / "report.ipynb"), GIVEN) == 1


def test_a_notebook_stopped_for_its_time_is_kept_as_far_as_it_ran(pool, write_notebook, tmp_path):
    target = tmp_path / "report.ipynb"
    endless = write_notebook("print('this ran')", "import signal; signal.pause()")
    said, passing = pool.run(execute_until_the_second_cell, str(endless), str(target), GIVEN)
    assert said == "the notebook ran longer than 600 seconds and was stopped"
    assert passing is False
    assert "this ran" in target.read_text()


@pytest.mark.parametrize(
    ("way", "passing"), [("import os; os._exit(7)", False), ("import os; os.kill(os.getpid(), 9)", True)]
)
def test_a_notebook_that_was_killed_may_be_tried_again_and_one_that_ended_itself_not(
    pool, write_notebook, tmp_path, way, passing
):
    path, target = write_notebook("print('so far')", way), tmp_path / "report.ipynb"
    said, again = pool.run(execute_notebook, str(path), str(target), GIVEN)
    assert "kernel that ran the notebook died" in said
    assert again is passing
    assert "so far" in target.read_text()


MESSAGES: list[tuple[str, dict[str, Any]]] = [
    ("stream", {"name": "stdout", "text": "a\n"}),
    ("display_data", {"data": {"text/plain": "x"}, "metadata": {"alt": "y"}, "transient": {}}),
    ("execute_result", {"data": {"text/plain": "x"}, "metadata": {}, "execution_count": 3}),
    ("error", {"ename": "ValueError", "evalue": "no", "traceback": ["a", "b"]}),
]


@pytest.mark.parametrize(("kind", "content"), MESSAGES, ids=[kind for kind, _ in MESSAGES])
def test_an_output_holds_what_nbformat_would_keep_of_its_message(kind: str, content: dict[str, Any]) -> None:
    outputs = Outputs()
    found = outputs.start_cell()
    outputs.publish(kind, content)
    assert found == [output_from_msg({"header": {"msg_type": kind}, "content": content})]
    validate(new_notebook(cells=[new_code_cell(outputs=found)]))


def test_messages_that_leave_nothing_in_a_notebook_leave_nothing() -> None:
    outputs = Outputs()
    found = outputs.start_cell()
    for kind in ("status", "execute_input", "comm_open"):
        outputs.publish(kind, {})
    assert found == []
