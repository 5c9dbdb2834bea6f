"""Survey Research Toolkit: where executives, employees and freelancers see the same workplace differently.

    import toolkit as tk

The public names are looked up on first use, so that the import itself is quick.
"""

from __future__ import annotations

import importlib

__version__ = "0.2.0"

_HOME = {
    "Design": "toolkit.analysis",
    "InvalidInput": "toolkit.errors",
    "Policy": "toolkit.disclosure",
    "Replicates": "toolkit.analysis",
    "ToolkitError": "toolkit.errors",
    "Ledger": "toolkit.disclosure",
    "UnrecordedRelease": "toolkit.disclosure",
    "adjust_p": "toolkit.analysis",
    "admit": "toolkit.disclosure",
    "against_published": "toolkit.analysis",
    "any_of": "toolkit.analysis",
    "apa": "toolkit.reporting.results",
    "banner": "toolkit.analysis",
    "benchmark": "toolkit.findings",
    "calibrate": "toolkit.weighting",
    "careless_flags": "toolkit.analysis",
    "careless_indices": "toolkit.analysis",
    "check_alike": "toolkit.analysis",
    "check_answer": "toolkit.course",
    "checklist": "toolkit.checklists",
    "codebook": "toolkit.instrument",
    "coded": "toolkit.responses",
    "coefficients": "toolkit.analysis",
    "contrast": "toolkit.analysis",
    "cross_table": "toolkit.analysis",
    "crosstab": "toolkit.analysis",
    "declared_scores": "toolkit.analysis",
    "decompose_gap": "toolkit.analysis",
    "draft_instrument": "toolkit.study.drafting",
    "drivers": "toolkit.analysis",
    "equivalence": "toolkit.analysis",
    "estimate": "toolkit.analysis",
    "explore": "toolkit.reporting.explorer",
    "format_table": "toolkit.reporting.results",
    "beliefs": "toolkit.analysis",
    "gaps": "toolkit.analysis",
    "gaps_from_summary": "toolkit.analysis",
    "independence": "toolkit.analysis",
    "labels": "toolkit.analysis",
    "lint": "toolkit.instrument",
    "load_findings": "toolkit.findings",
    "load_instrument": "toolkit.instrument",
    "load_instruments": "toolkit.instrument",
    "load_study": "toolkit.study",
    "make_replicates": "toolkit.analysis",
    "margin_of_error": "toolkit.analysis",
    "marginal_effects": "toolkit.analysis",
    "means": "toolkit.analysis",
    "measurement_invariance": "toolkit.analysis",
    "methods_statement": "toolkit.reporting.results",
    "minimum_detectable_gap": "toolkit.analysis",
    "missing_summary": "toolkit.analysis",
    "nonresponse_bounds": "toolkit.analysis",
    "numbers": "toolkit.analysis",
    "omega": "toolkit.analysis",
    "open_report": "toolkit.reporting",
    "ordinal_regression": "toolkit.analysis",
    "organisation_shares": "toolkit.analysis",
    "pool_gaps": "toolkit.analysis",
    "panel_change": "toolkit.analysis",
    "pilot_change": "toolkit.analysis",
    "plain": "toolkit.responses",
    "pool_frames": "toolkit.analysis",
    "population_gaps": "toolkit.analysis",
    "poststratify": "toolkit.weighting",
    "proportions": "toolkit.analysis",
    "quantiles": "toolkit.analysis",
    "rake": "toolkit.weighting",
    "rank_gap": "toolkit.analysis",
    "ratios": "toolkit.analysis",
    "read_answers": "toolkit.platforms",
    "reasons": "toolkit.responses",
    "release": "toolkit.disclosure",
    "reliability": "toolkit.analysis",
    "run_reports": "toolkit.reporting",
    "sample_size": "toolkit.analysis",
    "save_table": "toolkit.reporting.results",
    "scale_scores": "toolkit.analysis",
    "simulate": "toolkit.simulation",
    "term_test": "toolkit.analysis",
    "ticks": "toolkit.analysis",
    "top_boxes": "toolkit.analysis",
    "totals": "toolkit.analysis",
    "trend": "toolkit.analysis",
    "trim": "toolkit.weighting",
    "visible_gaps": "toolkit.analysis",
    # figures
    "answers_per_day": "toolkit.presentation.figures",
    "base_dots": "toolkit.presentation.figures",
    "benchmark_dots": "toolkit.presentation.figures",
    "correlation_matrix": "toolkit.presentation.figures",
    "description_of": "toolkit.presentation.figures",
    "distribution": "toolkit.presentation.figures",
    "diverging_bars": "toolkit.presentation.figures",
    "forest": "toolkit.presentation.figures",
    "gap_dumbbell": "toolkit.presentation.figures",
    "heatmap": "toolkit.presentation.figures",
    "mosaic": "toolkit.presentation.figures",
    "option_combinations": "toolkit.presentation.figures",
    "organisation_funnel": "toolkit.presentation.figures",
    "pattern_of_missing": "toolkit.presentation.figures",
    "power_curve": "toolkit.presentation.figures",
    "raking_margins": "toolkit.presentation.figures",
    "ranked_options": "toolkit.presentation.figures",
    "scree": "toolkit.presentation.figures",
    "share_dots": "toolkit.presentation.figures",
    "theme_multiples": "toolkit.presentation.figures",
    "transitions": "toolkit.presentation.figures",
    "trend_lines": "toolkit.presentation.figures",
    "visible_gap_strip": "toolkit.presentation.figures",
    "wave_change": "toolkit.presentation.figures",
    "wave_slope": "toolkit.presentation.figures",
    "weight_spread": "toolkit.presentation.figures",
    # two names the field knows its tools by
    "alpha": "toolkit.analysis:reliability",
    "fit": "toolkit.analysis:regression",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        from toolkit.errors import near_names

        raise AttributeError(f"toolkit has no '{name}': {near_names(name, _HOME)}")
    module, _, own = _HOME[name].partition(":")
    found = getattr(importlib.import_module(module), own or name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
