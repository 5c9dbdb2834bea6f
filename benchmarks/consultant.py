"""A consultant's run: forty branded clients with 2,000 weighted answers each, in five formats.

Run: python benchmarks/consultant.py [organisations] [answers] [formats] [workers] [folder]
(default: 40 2000 html,pdf,docx,pptx,xlsx 2, in a temporary folder; a folder that is named keeps the study)

Answers are synthetic; departments, weights and comments are drawn at random. Printed: lines of the study
file, seconds of wall clock and of both CPUs, load of the machine, memory of the run along the way.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import yaml

from reports import ROOT, machine

FORMATS = "html,pdf,docx,pptx,xlsx"
DEPARTMENTS = ("Operations", "Sales", "Engineering", "Support", "Finance", "People")
PARTS = (0.34, 0.22, 0.18, 0.14, 0.07, 0.05)
SECTORS = ("Industry", "Services", "Care", "Retail")
STUDY = """\
id: consultant
title: AI at work, a consultant's forty clients
synthetic: true
language: en
instruments: {{executive: ../executive.yaml, employee: ../employee.yaml, freelancer: ../freelancer.yaml}}
answers:
{answers}
organisations: organisations.csv
benchmarks: ../upwork_2024.csv
weights: {{rake: margins.csv, audiences: [employee], empty: spread}}
cuts: [department]
own_benchmark: {{by: [sector]}}
comments:
  items: [comment]
  consent: asked
  review: comments.csv
  tags: {{training: [training, learn], meetings: [meetings]}}
person: new
policy: {{threshold: 5, sensitive_threshold: 7}}
primary: [flexible, strategy, wellcost, burnout, struggle, aiexpect]
brand: {{name: Consultants Ltd, colour: "#1f4e79", footer: Synthetic data}}
methods:
  common:
    data_collection_strategy: Online survey; synthetic answers, drawn by a program.
    sponsor_and_conductor: Nobody; a benchmark of the toolkit.
    mode: Self-administered web questionnaire, simulated.
    dates: Simulated field phases of September 2025 and 2026.
    population: Everybody of the group in an organisation; fictitious.
    sampling: None; everybody is invited by the made-up design.
    limitations: The data are synthetic.
"""


def study_of(count: int, answers: int, folder: Path) -> Path:
    """Make a synthetic study: exports with departments, margins, brands, comments, study file."""
    from toolkit.simulation import simulate_study

    own = folder / "consultant"
    own.mkdir(parents=True)
    shutil.copytree(ROOT / "instruments" / "bank", folder / "bank")
    for name in ("executive", "employee", "freelancer"):
        shutil.copyfile(ROOT / "instruments" / f"{name}.yaml", folder / f"{name}.yaml")
    shutil.copyfile(ROOT / "data_samples" / "published" / "upwork_2024.csv", folder / "upwork_2024.csv")
    sample = ROOT / "data_samples" / "ai_at_work"
    given = yaml.safe_load((sample / "simulation.yaml").read_text(encoding="utf-8"))
    shutil.copyfile(sample / "shares.yaml", own / "shares.yaml")
    people = {"executive": max(8, answers // 60), "employee": int(answers * 1.5), "freelancer": answers // 20}
    given["instruments"] = {name: f"../{name}.yaml" for name in given["instruments"]}
    given["organisations"] = [
        {
            "id": f"org-{number:04d}",
            "name": f"Synthetic {number:04d}",
            "people": people,
            "waves": ["2025", "2026"] if number <= count // 4 else ["2026"],
            "response": {"executive": 0.9, "employee": 0.63, "freelancer": 0.6},
        }
        for number in range(1, count + 1)
    ]
    (own / "simulation.yaml").write_text(json.dumps(given, default=str), encoding="utf-8")
    simulate_study(own / "simulation.yaml", own)
    rng = np.random.default_rng(1)
    entries = []
    for file in given["files"]:
        _with_department(own / file["file"], file["platform"], rng)
        entry = {"wave": file["wave"], "platform": file["platform"], "file": file["file"]}
        entry |= {"organisation_column": "organisation", "carry": ["department"]}
        if len(file["audiences"]) == 1:
            entry["audience"] = file["audiences"][0]
        entries.append(f"  - {json.dumps(entry)}")
    _tables(own, given, rng)
    study = own / "study.yaml"
    study.write_text(STUDY.format(answers="\n".join(entries)), encoding="utf-8")
    return study


def _with_department(path: Path, platform: str, rng: np.random.Generator) -> None:
    """Append a column of departments, smaller ones answering less often than the margins say."""
    separator = ";" if platform == "limesurvey" else ","
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter=separator) if row]
    heads = ["department"] * 2 + ['{"ImportId":"department"}'] if platform == "qualtrics" else ["department"]
    chosen = rng.choice(DEPARTMENTS, len(rows), p=PARTS)
    for at, row in enumerate(rows):
        row.append(heads[at] if at < len(heads) else str(chosen[at]))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL).writerows(rows)


def _tables(own: Path, given: dict[str, object], rng: np.random.Generator) -> None:
    import pandas as pd

    table = pd.read_csv(own / "organisations.csv", dtype=str)
    number = table["organisation"].str.removeprefix("org-").astype(int)
    table["sector"] = [SECTORS[one % len(SECTORS)] for one in number]
    table["brand_name"] = table["name"]
    table["brand_colour"] = [
        f"#{30 + one % 60:02x}{40 + 2 * one % 50:02x}{90 + 3 * one % 90:02x}" for one in number
    ]
    table.to_csv(own / "organisations.csv", index=False)
    people = table.drop_duplicates("organisation").set_index("organisation")["employee"].astype(int)
    shares = np.array([0.30, 0.22, 0.20, 0.14, 0.08, 0.06])
    margins = [
        {"organisation": one, "audience": "employee", "column": "department", "category": name, "target": n}
        for one, whole in people.items()
        for name, n in zip(DEPARTMENTS, _whole(shares * whole, whole), strict=True)
    ]
    pd.DataFrame(margins).to_csv(own / "margins.csv", index=False)


def _whole(parts: np.ndarray, total: int) -> list[int]:
    found = [int(part) for part in parts]
    return [found[0] + total - sum(found), *found[1:]]


class Spent:
    """CPU seconds of this process and all below it, and the largest of those below, sampled while it runs."""

    def __init__(self) -> None:
        self.largest, self._by_process = 0, dict[tuple[int, float], float]()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    @property
    def seconds(self) -> float:
        return sum(self._by_process.values())

    def _sample(self) -> None:
        own, before = psutil.Process(), sum(psutil.Process().cpu_times()[:2])
        while True:
            over = self._over.wait(0.3)
            for one in own.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    self._by_process[one.pid, one.create_time()] = sum(one.cpu_times()[:2])
                    self.largest = max(self.largest, one.memory_info().rss)
            self._by_process[0, 0.0] = sum(own.cpu_times()[:2]) - before
            if over:
                return

    def __enter__(self) -> Spent:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def main(
    count: str = "40", answers: str = "2000", formats: str = FORMATS, workers: str = "2", folder: str = ""
) -> None:
    """Make the study and its reports, and print what they cost."""
    from toolkit.cli import main as command
    from toolkit.reporting import Progress, run_reports

    memory: list[tuple[int, float, float]] = []
    spent = Spent()

    def note(progress: Progress) -> None:
        if progress.done in (1, 10) or progress.done % max(int(count) // 10, 1) == 0:
            own = psutil.Process().memory_info().rss
            memory.append((progress.done, own / 2**20, spent.largest / 2**20))

    with tempfile.TemporaryDirectory() as temporary:
        place = Path(folder or temporary)
        study = place / "consultant" / "study.yaml"
        if not study.is_file():
            began = time.perf_counter()
            study_of(int(count), int(answers), place)
            print(f"simulated in {time.perf_counter() - began:.0f} s")
        if not (study.parent / "comments.csv").is_file():
            command(["comments", str(study), "--quiet"])
        lines = len(study.read_text(encoding="utf-8").splitlines())
        began, load = time.perf_counter(), os.getloadavg()[0]
        with spent:
            made = run_reports(
                study, out=place / "out", formats=formats, workers=int(workers), progress=note, force=True
            )
        wall, used = time.perf_counter() - began, spent.seconds
    print(f"{machine()}\n{len(made)} organisations, {answers} answers each, {formats}, {workers} workers")
    print(f"study file: {lines} lines; ended as: {made['status'].value_counts().to_dict()}")
    print(f"wall {wall:.0f} s, CPU {used:.0f} s ({used / max(len(made), 1):.2f} s per organisation)")
    print(f"load of the machine before {load:.1f}, after {os.getloadavg()[0]:.1f}")
    print(f"seconds per report: median {made['seconds'].median():.1f}, longest {made['seconds'].max():.1f}")
    for done, batch, children in memory:
        print(f"after {done:>5}: run {batch:6.0f} MB, largest child {children:6.0f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
