"""Time batches of reports against plain Papermill with nbconvert and against the report's bare functions.

Run: python benchmarks/reports.py [reports] [workers] [rounds]   (default: 11 reports, 2 workers, 3 rounds)

In every round the same synthetic organisations' reports are made in turn: by `run_reports` (HTML, then HTML
and PDF, each time once more with nothing changed), by a pool of processes each with Papermill, an ordinary
kernel and nbconvert, and by a pool of processes that call the report's functions and write its page and its
numbers, without a notebook, a manifest or a process of their own for each.
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
from typing import Any

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
    """One report's functions in a process that has read the study: the page and the numbers, no notebook."""
    import toolkit as tk
    from toolkit.reporting.documents import Document, Section, write_documents
    from toolkit.reporting.documents.brand import cover_of

    if not _READ:
        _READ.append(tk.load_study(STUDY).check())
    study: Any = _READ[0]
    report = tk.open_report(study, organisation)
    sections = tuple(Section(name, (getattr(report, name)(),)) for name in SECTIONS)
    cover = cover_of(study, organisation, study.wave)
    target = Path(folder) / organisation
    report.save(target)
    write_documents(Document(cover, sections=sections), target, "html", keep=False)
    return organisation


def quiet() -> None:
    """Ordinary kernels warn that they speak without encryption, each time."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def pooled(work: Callable[[str, str], str], organisations: list[str], workers: int) -> float:
    """Seconds a pool of processes needs, started and having made one report each beforehand."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=quiet) as pool,
    ):
        list(pool.map(work, organisations[:workers], [folder] * workers))
        began = time.perf_counter()
        list(pool.map(work, organisations, [folder] * len(organisations)))
        return time.perf_counter() - began


def ours(organisations: list[str], workers: int, formats: tuple[str, ...]) -> dict[str, float]:
    """Seconds of a run, of its reports alone side by side, and of one after it with nothing changed."""
    from toolkit.reporting import run_reports

    with tempfile.TemporaryDirectory() as out:
        asked = {"organisations": organisations, "out": out, "workers": workers, "formats": formats}
        began = time.perf_counter()
        made = run_reports(STUDY, **asked)
        whole = time.perf_counter() - began
        began = time.perf_counter()
        again = run_reports(STUDY, **asked)
        unchanged = time.perf_counter() - began
    if not set(made["status"]) <= {"made", "withheld"} or set(again["status"]) != {"unchanged"}:
        raise SystemExit(f"a report went wrong: {[*made['sentence'], *again['sentence']]}")
    alone = float(made["seconds"].sum()) / workers
    return {"whole": whole, "alone": alone, "unchanged": unchanged}


def memory(organisations: list[str], workers: int) -> float:
    """The most private memory a process of a run had, in MB; a run of its own, for looking takes time."""
    with Watch() as watch:
        ours(organisations, workers, ("html",))
    return watch.highest


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


def main(reports: int = 11, workers: int = 2, rounds: int = 3) -> None:
    """Print medians and ratios."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["PYTHONPATH"] = str(ROOT)
    from toolkit.study import load_study

    study = load_study(STUDY)
    organisations = [one for one in study.organisation_ids(study.wave) if one != "org-10"][:reports]
    count = len(organisations)
    print(machine())
    print(f"{count} reports of the synthetic sample, {workers} workers, medians of {rounds} rounds")
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        page, both = (ours(organisations, workers, formats) for formats in (("html",), ("html", "pdf")))
        measured = {
            "plain": pooled(plain, organisations, workers),
            "bare": pooled(bare, organisations, workers),
            "pdf": both["alone"],
            **page,
        }
        for name, value in measured.items():
            found.setdefault(name, []).append(value)
    middle = {name: statistics.median(values) for name, values in found.items()}
    for name, what in (
        ("plain", "plain Papermill + nbconvert"),
        ("whole", "run_reports, with reading and starting"),
        ("alone", "run_reports, reports alone"),
        ("pdf", "the same with PDF"),
        ("bare", "bare functions"),
    ):
        print(f"{what:<42}{middle[name] / count:8.3f} s a report")
    for name, over, under in (
        ("plain against run_reports (reports alone)", "plain", "alone"),
        ("run_reports (reports alone) against bare", "alone", "bare"),
        ("HTML and PDF against HTML", "pdf", "alone"),
    ):
        print(f"{name:<42}{middle[over] / middle[under]:8.2f} ×")
    beside = 1000 * workers * (middle["alone"] - middle["bare"]) / count
    print(f"{'a report beside its bare functions':<42}{beside:8.0f} ms of one processor")
    unchanged = 1000 * middle["unchanged"] / count
    print(f"{'a run with nothing changed':<42}{unchanged:8.1f} ms a report, start included")
    print(f"{'most private memory of one process':<42}{memory(organisations, workers):8.0f} MB")


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
