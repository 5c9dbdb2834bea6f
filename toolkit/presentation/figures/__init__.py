"""Figures: functions of results that draw on matplotlib Axes, with titles and alt texts."""

from __future__ import annotations

from toolkit.presentation.figures.bars import diverging_bars
from toolkit.presentation.figures.benchmarks import base_dots, benchmark_dots
from toolkit.presentation.figures.change import wave_change, wave_slope
from toolkit.presentation.figures.drawing import as_picture, description_of
from toolkit.presentation.figures.funnel import organisation_funnel, organisation_table
from toolkit.presentation.figures.gaps import gap_dumbbell, share_dots
from toolkit.presentation.figures.multiples import theme_multiples
from toolkit.presentation.figures.options import ranked_options
from toolkit.presentation.figures.research import (
    answers_per_day,
    correlation_matrix,
    distribution,
    forest,
    heatmap,
    mosaic,
    option_combinations,
    pattern_of_missing,
    power_curve,
    raking_margins,
    scree,
    transitions,
    trend_lines,
)
from toolkit.presentation.figures.visible import visible_gap_strip
from toolkit.presentation.figures.weights import weight_spread

__all__ = [
    "answers_per_day",
    "as_picture",
    "base_dots",
    "benchmark_dots",
    "correlation_matrix",
    "description_of",
    "distribution",
    "diverging_bars",
    "forest",
    "gap_dumbbell",
    "heatmap",
    "mosaic",
    "option_combinations",
    "organisation_funnel",
    "organisation_table",
    "pattern_of_missing",
    "power_curve",
    "raking_margins",
    "ranked_options",
    "scree",
    "share_dots",
    "theme_multiples",
    "transitions",
    "trend_lines",
    "visible_gap_strip",
    "wave_change",
    "wave_slope",
    "weight_spread",
]
