"""The batch under faults: every report whole or absent, every failure told, the others done."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pandas as pd
import psutil
import pytest

from tests.refusals import problem
from tests.reporting.processes import family_of, wait_gone, wait_until
from toolkit.errors import InvalidInput, ToolkitError
from toolkit.reporting import Progress, run_reports
from toolkit.reporting.batch import plan_reports
from toolkit.reporting.manifest import code_hash, sha256_of
from toolkit.study import Study
from toolkit.system import read_events

pytestmark = pytest.mark.slow

THREE = ["org-01", "org-02", "org-03"]
SAVE = "from pathlib import Path; Path(output, 'results.csv').write_text('table\\n' + organisation + '\\n')"
FILES = {"document.json.gz", "report.html", "report.ipynb", "results.csv", "manifest.json"}


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
    assert os.name != "posix" or kept.parent.stat().st_mode & 0o077 == 0
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
    assert "is still available" in (folder / "index.html").read_text()


def test_a_worker_killed_in_the_middle_takes_only_its_own_report(run, folder):
    kill = "import os, signal, time\nif organisation == 'org-01': os.kill(os.getppid(), signal.SIGKILL)"
    made = run(kill + "; time.sleep(100_000)")
    assert made["status"].tolist() == ["failed", "made", "made"]
    assert "its process was killed from outside" in made["sentence"].iloc[0]
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


def start_slow_batch(
    sample_study: Path, notebook: Path, out: Path, **environment: str
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "toolkit.cli", "report", str(sample_study), "--out", str(out)]
    command += ["--notebook", str(notebook), "--workers", "2"]
    for organisation in THREE:
        command += ["-o", organisation]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        preexec_fn=obey_interrupts,
    )


def obey_interrupts() -> None:
    """Undo that a job in a shell's background ignores Ctrl-C, which its children inherit."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_a_batch_interrupted_or_killed_leaves_whole_reports_and_no_process(
    sample_study, write_notebook, tmp_path, folder, number, code
):
    slow = "import time\nif organisation != 'org-01': Path(output, 'begun').touch(); time.sleep(100_000)"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    batch = start_slow_batch(sample_study, write_notebook(SAVE, slow), tmp_path / "out", TMPDIR=str(scratch))
    wait_until(lambda: (folder / "org-01").exists() and len(list(folder.glob(".making*/begun"))) == 2)
    family = family_of(batch.pid)
    batch.send_signal(number)
    _, errors = batch.communicate()
    assert batch.returncode == code
    assert "Traceback" not in errors
    assert whole(folder, "org-01")
    assert not (folder / "org-02").exists()
    wait_gone(family)
    wait_until(lambda: list(scratch.iterdir()) == [])  # killed, its processes clear away what it left
    if number != signal.SIGKILL:
        assert "Finished reports were kept" in errors
        assert leftovers(folder) == []
        assert "Not made yet" in (folder / "index.html").read_text()
    run_reports(sample_study, organisations=["org-02"], out=tmp_path / "out", notebook=write_notebook(SAVE))
    assert whole(folder, "org-02")
    assert leftovers(folder) == []


def test_an_unknown_organisation_is_refused_with_near_names(sample_study, tmp_path):
    with pytest.raises(
        InvalidInput,
        check=problem("unknown-organisation", "organisation org-7")
        + problem("unknown-organisation", "organisation nobody"),
    ):
        run_reports(sample_study, organisations=["org-7", "nobody"], out=tmp_path)
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
    with pytest.raises(InvalidInput, check=problem("empty", "wave 2026")):
        run_reports(sample_study, out=tmp_path)


def test_an_unknown_wave_is_refused_with_near_names(sample_study, tmp_path):
    with pytest.raises(InvalidInput, check=problem("unknown-wave", "wave 2027")):
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
    with pytest.raises(
        InvalidInput, check=problem("unwritable", str(tmp_path / "file" / "ai_at_work" / "2026"))
    ):
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


def test_what_stands_unchanged_is_not_made_again_unless_it_is_forced(run, folder):
    assert run()["status"].tolist() == ["made"] * 3
    before = {one: (folder / one / "manifest.json").read_bytes() for one in THREE}
    assert run()["status"].tolist() == ["unchanged"] * 3
    assert {one: (folder / one / "manifest.json").read_bytes() for one in THREE} == before
    assert run(force=True)["status"].tolist() == ["made"] * 3
    assert (folder / "org-01" / "manifest.json").read_bytes() != before["org-01"]


def test_what_was_damaged_or_is_of_other_inputs_is_made_again_and_only_that(run, folder):
    run()
    (folder / "org-02" / "report.html").write_text("cut off")
    (folder / "org-03" / "results.csv").unlink()
    assert run()["status"].tolist() == ["unchanged", "made", "made"]
    assert all(whole(folder, one) for one in THREE)
    assert run("1 + 1")["status"].tolist() == ["made"] * 3  # another notebook
    told = json.loads((folder / "org-01" / "manifest.json").read_text())
    (folder / "org-01" / "manifest.json").write_text(json.dumps({**told, "input": "0" * 64}))
    assert run("1 + 1")["status"].tolist() == ["made", "unchanged", "unchanged"]


def test_the_input_hash_is_keyed_so_that_nobody_can_try_answers_against_it(run, folder):
    run(organisations=["org-01"])
    first = json.loads((folder / "org-01" / "manifest.json").read_text())["input"]
    assert (folder / "_batch").stat().st_mode & 0o077 == 0
    (folder / "_batch" / "key").unlink()
    assert run(organisations=["org-01"])["status"].tolist() == ["made"]
    assert json.loads((folder / "org-01" / "manifest.json").read_text())["input"] != first


def test_an_unchanged_run_reads_no_answers(run, monkeypatch):
    run()
    monkeypatch.setattr(Study, "check", lambda self: pytest.fail("answers were read"))
    assert run()["status"].tolist() == ["unchanged"] * 3


def test_a_dry_run_says_what_would_be_made_and_writes_nothing(run, sample_study, write_notebook, tmp_path):
    notebook = write_notebook(SAVE)
    asked = {"organisations": THREE, "out": tmp_path / "out", "notebook": notebook}
    assert plan_reports(sample_study, **asked)["status"].tolist() == ["to make"] * 3
    assert not (tmp_path / "out").exists()
    run(organisations=["org-02"])
    assert plan_reports(sample_study, **asked)["status"].tolist() == ["to make", "unchanged", "to make"]


def test_manifest_and_log_are_lines_that_are_only_added_to(run, folder):
    fails = "if organisation == 'org-02': raise ValueError('no')"
    run(fails)
    first = (folder / "_batch" / "log.jsonl").read_text()
    run(fails)
    log = (folder / "_batch" / "log.jsonl").read_text()
    assert log.startswith(first)
    lines = list(read_events(folder / "_batch" / "log.jsonl"))
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    ended = [(line["organisation"], line["status"]) for line in lines if line["event"] == "report"]
    assert sorted(ended[:3]) == [("org-01", "made"), ("org-02", "failed"), ("org-03", "made")]
    assert ended[3:] == [("org-02", "failed")]
    made = list(read_events(folder / "_batch" / "manifest.jsonl"))
    assert sorted(line["organisation"] for line in made) == ["org-01", "org-03"]
    assert all(
        sha256_of(folder / line["organisation"] / name) == digest
        for line in made
        for name, digest in line["outputs"].items()
    )


def test_a_kernel_that_is_killed_once_is_tried_again(run, folder, tmp_path):
    mark = tmp_path / "tried"
    kills = (
        f"import os; mark = Path({str(mark)!r})\nif not mark.exists(): mark.touch(); os.kill(os.getpid(), 9)"
    )
    assert run(kills, organisations=["org-01"])["status"].tolist() == ["made"]
    assert whole(folder, "org-01")


@pytest.mark.parametrize(
    ("cell", "limits", "sentence"),
    [
        ("import os; os._exit(3)", {}, "ended itself with exit code 3"),
        ("import numpy; numpy.ones(2_000_000_000)", {"memory": 300 << 20}, "MemoryError"),
    ],
)
def test_a_notebook_that_ends_itself_or_takes_too_much_fails_once_and_keeps_what_ran(
    run, folder, cell, limits, sentence
):
    pytest.importorskip("resource", reason="this system has no limits on memory")
    made = run("print('so far')", f"if organisation == 'org-02':\n    {cell}", **limits)
    assert made["status"].tolist() == ["made", "failed", "made"]
    assert sentence in made["sentence"].iloc[1]
    assert "so far" in (folder / "_failed" / "org-02" / "report.ipynb").read_text()
    assert leftovers(folder) == []


def test_a_notebook_without_end_is_stopped_at_its_limit(run, folder):
    made = run("import signal; signal.pause()", organisations=["org-02"], seconds=2)
    assert made["status"].item() == "failed"
    assert "longer than 2 seconds" in made["sentence"].item()
    assert leftovers(folder) == []


def test_a_job_reads_its_own_answers_and_nobody_elses(run, folder):
    look = (
        "import toolkit as tk, json, os\n"
        "from toolkit.reporting.parts import open_study\n"
        "mine = open_study(study, data)\n"
        "seen = sorted(mine.responses(wave='all')['organisation'].unique()), list(mine.organisation_ids())\n"
        "try: tk.open_report(study, 'org-02', wave, data=data); said = 'opened'\n"
        "except tk.InvalidInput as fault: said = str(fault)\n"
        "print(json.dumps([*seen, said]))"
    )
    run(look, organisations=["org-01"])
    cells = json.loads((folder / "org-01" / "report.ipynb").read_text())["cells"]
    mine, table, said = json.loads("".join(cells[-1]["outputs"][0]["text"]))
    assert mine == table == ["org-01"]
    assert "unknown organisation" in said


def test_the_answers_kept_for_the_run_are_gone_after_it(run, tmp_path, monkeypatch):
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    run(organisations=["org-01"])
    assert list(place.iterdir()) == []


def test_a_plain_executor_makes_the_same_reports(run, folder):
    with ThreadPoolExecutor(2) as executor:
        made = run(executor=executor)
    assert made["status"].tolist() == ["made"] * 3
    assert all(whole(folder, one) for one in THREE)


def test_the_index_can_be_searched_and_shows_what_the_report_prints(sample_study, tmp_path):
    run_reports(sample_study, organisations=["org-08", "org-10"], out=tmp_path, workers=2)
    folder = tmp_path / "ai_at_work" / "2026"
    page = (folder / "index.html").read_text()
    told = json.loads((folder / "org-08" / "manifest.json").read_text())["headline"]
    assert 'type="search"' in page
    for base in told["bases"].values():
        assert f"{base['answered_shown']} of {base['invited']}".replace("<", "&lt;") in page
    table = pd.read_csv(folder / "org-08" / "results.csv", encoding="utf-8-sig")
    gaps = table[(table["table"] == "gaps") & table["shown"].eq(True)]
    assert abs(told["largest_gap"]["gap"]) == gaps["gap"].astype(float).abs().max()
    assert f"{round(100 * abs(told['largest_gap']['gap']))} points: " in page
    withheld = json.loads((folder / "org-10" / "manifest.json").read_text())["headline"]
    assert "largest_gap" not in withheld
    assert {base["answered_shown"] for base in withheld["bases"].values()} == {"<5"}
    assert {base["answered"] for base in withheld["bases"].values()} == {None}


def test_a_clock_set_back_changes_nothing(run, monkeypatch):
    run()
    import time as clock

    monkeypatch.setattr(clock, "time", lambda: 0.0)
    assert run()["status"].tolist() == ["unchanged"] * 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_batch_killed_at_any_moment_is_taken_up_where_it_was(
    sample_study, write_notebook, tmp_path, folder, seed
):
    rng = random.Random(seed)
    code_hash.cache_clear()
    code = code_hash()
    notebook = write_notebook(SAVE, "import time; time.sleep(0.2)")
    batch = start_slow_batch(sample_study, notebook, tmp_path / "out")
    time.sleep(rng.uniform(0.5, 9))
    family = family_of(batch.pid)
    victim = psutil.Process(rng.choice([batch.pid, *family]))
    with suppress(psutil.NoSuchProcess):
        victim.kill()
    batch.communicate()
    if victim.pid == batch.pid:
        wait_gone(family)
    code_hash.cache_clear()
    if code_hash() != code:
        pytest.skip(
            "somebody changed the package while this ran: all reports are made again, as they should be"
        )
    standing = [one for one in THREE if (folder / one).exists()]
    assert all(whole(folder, one) for one in standing)
    made = run_reports(sample_study, organisations=THREE, out=tmp_path / "out", notebook=notebook, workers=2)
    assert set(made["status"]) <= {"made", "unchanged"}
    assert [one for one in THREE if made.set_index("organisation")["status"][one] == "unchanged"] == standing
    assert all(whole(folder, one) for one in THREE)
    assert leftovers(folder) == []


@pytest.mark.slow
def test_a_full_disk_fails_with_a_sentence_and_the_next_run_makes_what_is_missing(
    sample_study, write_notebook, tmp_path
):
    small = tmp_path / "small"
    small.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(small)], capture_output=True
        ).returncode
    ):
        pytest.skip("a small disk can only be mounted by root")
    try:
        asked = {"organisations": THREE, "out": small, "notebook": write_notebook(SAVE), "workers": 1}
        (small / "filler").write_bytes(b"x" * 240_000)
        with suppress(ToolkitError):
            first = run_reports(sample_study, **asked)
            assert "failed" in set(first["status"])
        folder = small / "ai_at_work" / "2026"
        assert all(whole(folder, one) for one in THREE if (folder / one).exists())
        (small / "filler").unlink()
        again = run_reports(sample_study, **asked)
        assert set(again["status"]) <= {"made", "unchanged"}
        assert all(whole(folder, one) for one in THREE)
    finally:
        subprocess.run(["umount", str(small)], check=True)
