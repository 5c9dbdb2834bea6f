"""Estimates, gaps and tests: every statistic a row of one contract."""

from toolkit.analysis.answers import labels, missing_summary, numbers, top_boxes
from toolkit.analysis.banner import CrossTable, banner, cross_table
from toolkit.analysis.careless import careless_flags, careless_indices
from toolkit.analysis.decomposition import decompose_gap
from toolkit.analysis.derived import any_of, banded, declared_scores, ranked_options, scale_scores, ticks
from toolkit.analysis.design import Design, MadeReplicates, Replicates, make_replicates
from toolkit.analysis.design_tests import (
    GoodnessOfFit,
    crosstab,
    design_rank_test,
    design_t_test,
    goodness_of_fit,
    independence,
)
from toolkit.analysis.drivers import Drivers, drivers
from toolkit.analysis.estimates import means, nonresponse_bounds, proportions
from toolkit.analysis.gap_rows import adjust_p, verdict
from toolkit.analysis.gaps import beliefs, gaps, population_gaps, rank_gap
from toolkit.analysis.invariance import (
    ItemDifference,
    check_alike,
    item_difference,
    measurement_invariance,
)
from toolkit.analysis.models import (
    TermTest,
    coefficients,
    marginal_effects,
    ordinal_regression,
    parallel_slopes_test,
    regression,
    term_test,
)
from toolkit.analysis.omega import Omega, omega
from toolkit.analysis.organisations import Shrunk, funnel_limits, organisation_shares, pool_gaps, shrink
from toolkit.analysis.panel import newcombe_paired, panel_change, pilot_change
from toolkit.analysis.power import (
    exact_detectable_gap,
    exact_power,
    margin_of_error,
    minimum_detectable_gap,
    sample_size,
    size_for_margin,
    visible_gaps,
)
from toolkit.analysis.published import against_published, gaps_from_summary
from toolkit.analysis.quantile import quantiles, weighted_quantile
from toolkit.analysis.rank import CliffDelta, cliff_delta
from toolkit.analysis.reliability import (
    Reliability,
    intraclass,
    kappa,
    rater_agreement,
    reliability,
    weighted_alpha,
    within_agreement,
)
from toolkit.analysis.t_tests import Equivalence, equivalence
from toolkit.analysis.tables import cramers_v, fisher_p, fisher_table, mantel_haenszel
from toolkit.analysis.totals import (
    Estimates,
    Pooled,
    contrast,
    design_effects,
    estimate,
    pool,
    pool_frames,
    ratios,
    totals,
    variances,
)
from toolkit.analysis.trend import average_change, trend
from toolkit.analysis.two_proportions import miettinen_nurminen

__all__ = [
    "CliffDelta",
    "CrossTable",
    "Design",
    "Drivers",
    "Equivalence",
    "Estimates",
    "GoodnessOfFit",
    "ItemDifference",
    "MadeReplicates",
    "Omega",
    "Pooled",
    "Reliability",
    "Replicates",
    "Shrunk",
    "TermTest",
    "adjust_p",
    "against_published",
    "any_of",
    "average_change",
    "banded",
    "banner",
    "beliefs",
    "careless_flags",
    "careless_indices",
    "check_alike",
    "cliff_delta",
    "coefficients",
    "contrast",
    "cramers_v",
    "cross_table",
    "crosstab",
    "declared_scores",
    "decompose_gap",
    "design_effects",
    "design_rank_test",
    "design_t_test",
    "drivers",
    "equivalence",
    "estimate",
    "exact_detectable_gap",
    "exact_power",
    "fisher_p",
    "fisher_table",
    "funnel_limits",
    "gaps",
    "gaps_from_summary",
    "goodness_of_fit",
    "independence",
    "intraclass",
    "item_difference",
    "kappa",
    "labels",
    "make_replicates",
    "mantel_haenszel",
    "margin_of_error",
    "marginal_effects",
    "means",
    "measurement_invariance",
    "miettinen_nurminen",
    "minimum_detectable_gap",
    "missing_summary",
    "newcombe_paired",
    "nonresponse_bounds",
    "numbers",
    "omega",
    "ordinal_regression",
    "organisation_shares",
    "panel_change",
    "parallel_slopes_test",
    "pilot_change",
    "pool",
    "pool_frames",
    "pool_gaps",
    "population_gaps",
    "proportions",
    "quantiles",
    "rank_gap",
    "ranked_options",
    "rater_agreement",
    "ratios",
    "regression",
    "reliability",
    "sample_size",
    "scale_scores",
    "shrink",
    "size_for_margin",
    "term_test",
    "ticks",
    "top_boxes",
    "totals",
    "trend",
    "variances",
    "verdict",
    "visible_gaps",
    "weighted_alpha",
    "weighted_quantile",
    "within_agreement",
]
