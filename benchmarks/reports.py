"""Time batches of reports against plain Papermill with nbconvert and against the report's bare functions.

Run: python benchmarks/reports.py [reports] [workers] [rounds]   (default: 12 reports, 2 workers, 1 round)

Three ways make the same synthetic organisations' reports in one run: a pool of processes each with Papermill,
an ordinary kernel and nbconvert; `run_reports`; and a pool of processes that call the report's functions and
write nothing but HTML. Then nothing is changed and `run_reports` runs again.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "data_samples" / "ai_at_work" / "study.yaml"
NOTEBOOK = ROOT / "notebooks" / "organisation_report.ipynb"
SECTIONS = (
    "summary",
    "participation_table",
    "gap_picture",
    "gap_table",
    "theme_pictures",
    "option_pictures",
    "benchmarks",
    "trend",
    "cannot_tell",
    "methods",
    "appendix",
)


def plain(organisation: str, folder: str) -> str:
    """One report by Papermill with an ordinary kernel, and nbconvert."""
    import nbconvert
    import papermill

    target = Path(folder) / f"{organisation}.ipynb"
    given = {"study": str(STUDY), "organisation": organisation, "output": f"{folder}/{organisation}"}
    made = papermill.execute_notebook(
        str(NOTEBOOK), str(target), parameters=given, progress_bar=False, kernel_name="python3"
    )
    page, _ = nbconvert.HTMLExporter(template_name="lab").from_notebook_node(made)
    target.with_suffix(".html").write_text(page, encoding="utf-8")
    return organisation


_READ: list[object] = []


def bare(organisation: str, folder: str) -> str:
    """One report's functions in a process that has read the study, its displays joined to one file."""
    import toolkit as tk

    if not _READ:
        _READ.append(tk.load_study(STUDY).check())
    report = tk.open_report(_READ[0], organisation)  # type: ignore[arg-type]
    shown = [getattr(report, name)()._repr_mimebundle_()["text/html"] for name in SECTIONS]
    report.save(Path(folder) / organisation)
    (Path(folder) / f"{organisation}.html").write_text("\n".join(shown), encoding="utf-8")
    return organisation


def pooled(work: Callable[[str, str], str], organisations: list[str], workers: int) -> float:
    """Seconds a pool of processes needs, started and having made one report each beforehand."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
    ):
        list(pool.map(work, organisations[:workers], [folder] * workers))
        began = time.perf_counter()
        list(pool.map(work, organisations, [folder] * len(organisations)))
        return time.perf_counter() - began


def ours(organisations: list[str], out: str, workers: int) -> tuple[float, float, float]:
    """Seconds of the whole run, seconds of the reports alone side by side, highest memory of a process."""
    from toolkit.reporting import Progress, run_reports

    ends: list[float] = []

    def note(progress: Progress) -> None:
        ends.append(progress.elapsed)
        if progress.status not in ("made", "withheld"):
            raise SystemExit(f"{progress.organisation}: {progress.sentence}")

    began = time.perf_counter()
    with Watch() as watch:
        made = run_reports(STUDY, organisations=organisations, out=out, workers=workers, progress=note)
    whole = time.perf_counter() - began
    busy = float(made["seconds"].sum()) / workers
    return whole, busy, watch.highest


class Watch:
    """The highest private memory any one process started from here had, in MB, looked at often."""

    def __init__(self) -> None:
        self.highest = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        import psutil

        while not self._end.wait(0.1):
            for process in psutil.Process().children(recursive=True):
                try:
                    self.highest = max(self.highest, process.memory_full_info().uss / 2**20)
                except psutil.Error:
                    continue


def machine() -> str:
    """What it ran on."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    load = os.getloadavg()[0]
    python = f"{platform.system()}, Python {platform.python_version()}"
    return f"{cpu}, {os.cpu_count()} processors (load {load:.1f}), {python}"


def main(reports: int = 12, workers: int = 2, rounds: int = 1) -> None:
    """Print medians and ratios."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["PYTHONPATH"] = str(ROOT)
    from toolkit.study import load_study

    study = load_study(STUDY)
    organisations = [one for one in study.organisation_ids(study.wave) if one != "org-10"][:reports]
    count = len(organisations)
    print(
        f"{machine()}\n{count} reports of the synthetic sample, {workers} workers, median of {rounds} rounds"
    )
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as out:
            whole, busy, memory = ours(organisations, out, workers)
            again, _, _ = ours_unchanged(organisations, out, workers)
        measured = {
            "plain Papermill + nbconvert": pooled(plain, organisations, workers),
            "run_reports, with reading and starting": whole,
            "run_reports, reports alone": busy,
            "bare functions": pooled(bare, organisations, workers),
            "unchanged": again,
            "memory": memory,
        }
        for name, value in measured.items():
            found.setdefault(name, []).append(value)
    medians = {name: statistics.median(values) for name, values in found.items()}
    for name in list(medians)[:4]:
        print(f"{name:<42}{medians[name] / count:8.2f} s a report")
    alone = medians["run_reports, reports alone"]
    plainly, barely = medians["plain Papermill + nbconvert"], medians["bare functions"]
    print(f"{'plain against run_reports (reports alone)':<42}{plainly / alone:8.2f} ×")
    print(f"{'run_reports (reports alone) against bare':<42}{alone / barely:8.2f} ×")
    unchanged = 1000 * medians["unchanged"] / count
    print(f"{'a run with nothing changed':<42}{unchanged:8.1f} ms a report, its start included")
    print(f"{'most private memory of one process':<42}{medians['memory']:8.0f} MB")


def ours_unchanged(organisations: list[str], out: str, workers: int) -> tuple[float, float, float]:
    """The same run again."""
    from toolkit.reporting import run_reports

    began = time.perf_counter()
    made = run_reports(STUDY, organisations=organisations, out=out, workers=workers)
    if set(made["status"]) != {"unchanged"}:
        raise SystemExit("something was made again although nothing had changed")
    return time.perf_counter() - began, 0.0, 0.0


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
