"""Pictures: drawn from released rows, with a title and an alt text generated from the same rows."""

from __future__ import annotations

from toolkit.presentation.figures.bars import diverging_bars
from toolkit.presentation.figures.bases import base_dots
from toolkit.presentation.figures.benchmarks import benchmark_dots
from toolkit.presentation.figures.change import wave_change
from toolkit.presentation.figures.funnel import organisation_funnel, organisation_table
from toolkit.presentation.figures.gaps import gap_dumbbell
from toolkit.presentation.figures.multiples import theme_multiples
from toolkit.presentation.figures.options import ranked_options
from toolkit.presentation.figures.slopes import wave_slope
from toolkit.presentation.figures.visible import visible_gap_strip
from toolkit.presentation.figures.weights import weight_spread

__all__ = [
    "base_dots",
    "benchmark_dots",
    "diverging_bars",
    "gap_dumbbell",
    "organisation_funnel",
    "organisation_table",
    "ranked_options",
    "theme_multiples",
    "visible_gap_strip",
    "wave_change",
    "wave_slope",
    "weight_spread",
]
