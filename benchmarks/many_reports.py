"""Whether the last report of a long run costs what the first did: thousands of small synthetic organisations.

Run: python benchmarks/many_reports.py [organisations] [workers] [full]   (default: 2000, 2 workers)

The notebook is a small one (it opens the organisation's report and shows who answered), so that what the
batch itself adds is seen; with `full` it is the report's own. Printed: seconds a report in the first and the
last hundred, memory of the batch and of the process the kernels are forked from along the way, and what a run
costs in which nothing has changed.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
import yaml

from reports import NOTEBOOK, ROOT, machine

CELLS = (
    ("parameters", 'study = ""\norganisation = ""\nwave = None\ndata = None\noutput = None'),
    ("", "import toolkit as tk\nreport = tk.open_report(study, organisation, wave, data=data)"),
    ("", "report.participation_table()"),
    ("", "report.save(output)"),
)


def study_of(count: int, folder: Path) -> Path:
    """A synthetic study of many small organisations."""
    from toolkit.simulation import simulate_study

    shutil.copytree(ROOT / "instruments", folder / "instruments")
    own = folder / "data_samples" / "many"
    shutil.copytree(ROOT / "data_samples" / "ai_at_work", own)
    shutil.copytree(ROOT / "data_samples" / "published", folder / "data_samples" / "published")
    told = yaml.safe_load((own / "simulation.yaml").read_text(encoding="utf-8"))
    people = {"executive": 8, "employee": 24, "freelancer": 8}
    told["organisations"] = [
        {
            "id": f"org-{number:05d}",
            "name": f"Synthetic {number:05d}",
            "people": people,
            "waves": ["2025", "2026"] if number < 9 else ["2026"],
        }
        | {"response": {"executive": 0.9, "employee": 0.8, "freelancer": 0.9}}
        for number in range(1, count + 1)
    ]
    (own / "simulation.yaml").write_text(json.dumps(told, default=str), encoding="utf-8")
    simulate_study(own / "simulation.yaml", own)
    return own / "study.yaml"


def small_notebook(path: Path) -> Path:
    """The notebook as a file."""
    cells = [
        {"cell_type": "code", "id": f"c{number}", "metadata": {"tags": [tag] if tag else []}}
        | {"execution_count": None, "source": source, "outputs": []}
        for number, (tag, source) in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


def main(count: int = 2000, workers: int = 2, what: str = "small") -> None:
    """Print how it went."""
    from toolkit.reporting import Progress, run_reports

    memory: list[tuple[int, float, float]] = []
    ends: list[float] = []
    took: list[float] = []

    def note(progress: Progress) -> None:
        ends.append(progress.elapsed)
        took.append(progress.seconds)
        if progress.done in (1, 100) or progress.done % (count // 10) == 0:
            process = psutil.Process()
            forked_from = max((one.memory_info().rss for one in process.children()), default=0)
            memory.append((progress.done, process.memory_info().rss / 2**20, forked_from / 2**20))

    with tempfile.TemporaryDirectory() as folder:
        study = study_of(count, Path(folder))
        notebook = NOTEBOOK if what == "full" else small_notebook(Path(folder) / "small.ipynb")
        began = time.perf_counter()
        asked = {"out": Path(folder) / "out", "notebook": notebook, "workers": workers}
        made = run_reports(study, progress=note, **asked)
        whole = time.perf_counter() - began
        began = time.perf_counter()
        again = run_reports(study, **asked)
        unchanged = time.perf_counter() - began
        one = run_reports(study, organisations=["org-00001"], **asked)
        start = time.perf_counter() - began - unchanged
    print(f"{machine()}\n{len(made)} synthetic organisations, {workers} workers, {what} notebook")
    print(f"ended as: {made['status'].value_counts().to_dict()}, in {whole:.0f} s with reading and starting")
    hundred = min(100, count // 2)
    for name, part in (("first", slice(hundred)), ("last", slice(-hundred, None))):
        print(f"{name} {hundred}: {statistics.median(took[part]):.3f} s a report (median)")
    rates = [(ends[hundred] - ends[0]) / hundred, (ends[-1] - ends[-1 - hundred]) / hundred]
    print(f"wall a report: first {rates[0]:.3f} s, last {rates[1]:.3f} s, ratio {rates[1] / rates[0]:.2f}")
    for done, batch, forked_from in memory:
        print(f"after {done:>5}: batch {batch:6.0f} MB, forked from {forked_from:6.0f} MB")
    each = 1000 * (unchanged - start) / max(1, len(again) - len(one))
    print(
        f"nothing changed: {unchanged:.1f} s, {each:.2f} ms an organisation beyond the start of {start:.1f} s"
    )


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:3]), *sys.argv[3:4])
