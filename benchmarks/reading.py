"""How long a LimeSurvey CSV of 100,000 rows × 150 columns takes to read, against pandas.read_csv of it.

Run from the project folder: python benchmarks/reading.py [ROWS]. Medians of interleaved runs; processor
time is given beside, because it depends less on what else the machine does.
"""

from __future__ import annotations

import csv
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from toolkit.instrument.model import Instrument
from toolkit.platforms import read_answers
from toolkit.responses import decode

ITEMS, RUNS = 140, 5


def _instrument() -> Instrument:
    label = {"en": "x"}
    scale = {
        "ordered": True,
        "options": [{"code": str(n), "label": {"en": f"Answer {n}"}} for n in range(1, 6)],
    }
    items = [
        {
            "id": f"q{n:03d}",
            "type": "single",
            "theme": "t",
            "scale": "s",
            "text": {"all": label},
            "source": {"origin": "own"},
        }
        for n in range(ITEMS)
    ]
    items.append(
        {"id": "open", "type": "text", "theme": "t", "text": {"all": label}, "source": {"origin": "own"}}
    )
    audience = {name: {"code": name, "label": label, "plural": label} for name in ("exec", "fte", "free")}
    section = {"id": "s", "title": label, "items": [item["id"] for item in items]}
    return Instrument.model_validate(
        {"id": "synthetic", "version": "1", "title": label, "languages": ["en"], "audiences": audience,
         "scales": {"s": scale}, "missing": {}, "themes": {"t": label}, "sections": [section], "items": items}
    )  # fmt: skip


def _write(path: Path, rows: int) -> None:
    """A synthetic export: codes, `;`, everything quoted, a byte order mark, CRLF."""
    drawn = np.random.default_rng(1)
    columns: dict[str, np.ndarray] = {
        "id": np.arange(1, rows + 1).astype(str),
        "submitdate": np.full(rows, "2026-09-10 10:00:00"),
        "lastpage": np.full(rows, "5"),
        "startlanguage": np.full(rows, "en"),
        "seed": drawn.integers(10**8, 2 * 10**9, rows).astype(str),
        "startdate": np.full(rows, "2026-09-10 09:50:00"),
        "datestamp": np.full(rows, "2026-09-10 10:00:00"),
        "organisation": np.char.add("org-", drawn.integers(1, 30, rows).astype(str)),
        "audience": drawn.choice(["exec", "fte", "free"], rows),
        "open": drawn.choice(["", "some words; here", "more words"], rows),
    }
    columns |= {f"q{n:03d}": drawn.choice(["", "1", "2", "3", "4", "5"], rows) for n in range(ITEMS)}
    with path.open("w", encoding="utf-8-sig", newline="") as opened:
        writer = csv.writer(opened, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def main(rows: int) -> None:
    """Print medians and ratios."""
    instrument = _instrument()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.csv"
        _write(path, rows)
        works: dict[str, Callable[[], object]] = {
            "pandas.read_csv": lambda: pd.read_csv(path, sep=";"),
            "read_limesurvey": lambda: read_answers(path, instrument, "limesurvey"),
            "read and decode": lambda: decode(read_answers(path, instrument, "limesurvey"), instrument),
        }
        for work in works.values():
            work()  # imports and caches
        times = {name: [] for name in works}  # type: dict[str, list[tuple[float, float]]]
        for _ in range(RUNS):
            for name, work in works.items():
                times[name].append(_timed(work))
        print(f"{rows:,} rows × {ITEMS + 10} columns, {path.stat().st_size / 1e6:.0f} MB, median of {RUNS}")
    base = [statistics.median(one[kind] for one in times["pandas.read_csv"]) for kind in (0, 1)]
    for name, taken in times.items():
        wall, processor = (statistics.median(one[kind] for one in taken) for kind in (0, 1))
        ratios = f"{wall:6.2f} s ({wall / base[0]:.2f} ×)   processor {processor:6.2f} s"
        print(f"{name:16} {ratios} ({processor / base[1]:.2f} ×)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
