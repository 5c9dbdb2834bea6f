"""Cost of a report's figures beside the same figures drawn the usual seaborn way, in one run.

Run: python benchmarks/figures.py [rounds]. Processor time; ratios count, not seconds.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

import toolkit as tk
from toolkit.presentation import as_picture
from toolkit.presentation.figures import (
    benchmark_dots,
    diverging_bars,
    gap_dumbbell,
    ranked_options,
    theme_multiples,
    visible_gap_strip,
    wave_change,
)


def main(rounds: int) -> None:
    report = tk.open_report("data_samples/ai_at_work/study.yaml", "org-01")
    released, instrument = report.released, report.instrument
    waves = (report.previous_wave, report.wave)
    multis = [item.id for item in instrument.items if item.type == "multi"]

    def ours() -> None:
        as_picture(gap_dumbbell, released, instrument)
        as_picture(theme_multiples, released, instrument)
        for theme in instrument.themes:
            as_picture(diverging_bars, released, instrument, theme=theme)
        for item in multis:
            as_picture(ranked_options, released, instrument, item=item)
        as_picture(benchmark_dots, released, instrument)
        as_picture(wave_change, released, instrument, waves=waves)
        as_picture(visible_gap_strip, released, instrument)

    shares, cells = released["shares"], released["distributions"]
    single = shares[[name in instrument and instrument[name].option is None for name in shares["item"]]]
    frames = [single[single["item"].isin(single["item"].unique()[:12])], single]
    frames += [shares[shares["item"].isin([v.name for v in instrument.of_item(item)])] for item in multis]
    frames += [released["benchmarks"].rename(columns={"estimate_a": "estimate"}).head(16)]
    changes = released["trend"].rename(columns={"estimate_a": "estimate"})
    frames += [changes.head(12), released["gaps"].rename(columns={"gap": "estimate"}).head(40)]
    themes = [
        cells[[instrument[name].theme == theme for name in cells["item"]]] for theme in instrument.themes
    ]

    def naive() -> None:
        for frame in frames:
            _dots(frame)
        for frame in themes:
            if len(frame):
                _bars(frame)

    taken = {name: _seconds(draw, rounds) for name, draw in (("ours", ours), ("seaborn, usual way", naive))}
    for name, seconds in taken.items():
        print(f"{name:20s} {seconds:6.2f} s of a processor")
    print(f"ours / usual way     {taken['ours'] / taken['seaborn, usual way']:6.2f}")


def _dots(frame: pd.DataFrame) -> None:
    """Dots with intervals and the numbers beside them, as a notebook would draw them."""
    rows = frame.dropna(subset="estimate")
    names = list(rows["item"].unique())
    figure, ax = plt.subplots(figsize=(7.2, 0.5 * len(names) + 1))
    sns.scatterplot(rows, x="estimate", y="item", hue="audience" if "audience" in rows else None, ax=ax)
    if "conf_low" in rows:
        known = rows.dropna(subset=["conf_low", "conf_high"])
        low, high = known["estimate"] - known["conf_low"], known["conf_high"] - known["estimate"]
        ends = np.clip(np.vstack([low, high]).astype(float), 0, None)
        ax.errorbar(known["estimate"], known["item"], xerr=ends, fmt="none")
    for row in rows.itertuples():
        ax.annotate(f"{row.estimate:.0%}", (row.estimate, row.item), (4, 3), textcoords="offset points")
    _save(figure)


def _bars(frame: pd.DataFrame) -> None:
    """One stacked bar per item and group."""
    rows = frame.dropna(subset="estimate").astype({"item": str, "audience": str, "response": str})
    table = rows.pivot_table(index=["item", "audience"], columns="response", values="estimate")
    figure, ax = plt.subplots(figsize=(7.2, 0.3 * len(table) + 1))
    table.plot.barh(stacked=True, ax=ax)
    for bars in ax.containers:
        ax.bar_label(bars, fmt="{:.0%}", label_type="center")
    _save(figure)


def _save(figure: plt.Figure) -> None:
    figure.tight_layout()
    figure.savefig(io.StringIO(), format="svg", bbox_inches="tight")
    plt.close(figure)


def _seconds(draw: Callable[[], None], rounds: int) -> float:
    draw()
    found = []
    for _ in range(rounds):
        begun = time.process_time()
        draw()
        found.append(time.process_time() - begun)
    return statistics.median(found)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
