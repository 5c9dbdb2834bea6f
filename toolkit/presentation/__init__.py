"""Figures, tables and sentences of released results; the only stage that rounds and words."""

from __future__ import annotations

from toolkit.presentation.blocks import Bullets, Paragraph, Picture, Prose, Table, Terms
from toolkit.presentation.comparison_tables import benchmark_table, distribution_table, trend_table
from toolkit.presentation.figures import (
    as_picture,
    base_dots,
    benchmark_dots,
    description_of,
    diverging_bars,
    gap_dumbbell,
    organisation_funnel,
    organisation_table,
    ranked_options,
    share_dots,
    theme_multiples,
    visible_gap_strip,
    wave_change,
    wave_slope,
    weight_spread,
)
from toolkit.presentation.methods import computed_methods, methods_statement
from toolkit.presentation.numbers import percent, points
from toolkit.presentation.sentences import headline
from toolkit.presentation.tables import (
    declared_table,
    gap_table,
    numbers_table,
    participation_table,
    shares_table,
)
from toolkit.presentation.theme import Theme
from toolkit.presentation.words import (
    cannot_tell,
    shares_summary,
    summary,
    synthetic_notice,
    untranslated_notice,
)

__all__ = [
    "Bullets",
    "Paragraph",
    "Picture",
    "Prose",
    "Table",
    "Terms",
    "Theme",
    "as_picture",
    "base_dots",
    "benchmark_dots",
    "benchmark_table",
    "cannot_tell",
    "computed_methods",
    "declared_table",
    "description_of",
    "distribution_table",
    "diverging_bars",
    "gap_dumbbell",
    "gap_table",
    "headline",
    "methods_statement",
    "numbers_table",
    "organisation_funnel",
    "organisation_table",
    "participation_table",
    "percent",
    "points",
    "ranked_options",
    "share_dots",
    "shares_summary",
    "shares_table",
    "summary",
    "synthetic_notice",
    "theme_multiples",
    "trend_table",
    "untranslated_notice",
    "visible_gap_strip",
    "wave_change",
    "wave_slope",
    "weight_spread",
]
