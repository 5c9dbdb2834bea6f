"""Estimates, gaps and tests: every statistic a row of one contract."""

from toolkit.analysis.agreement import kappa, weighted_alpha
from toolkit.analysis.banner import CrossTable, banner, cross_table
from toolkit.analysis.careless import careless_flags, careless_indices
from toolkit.analysis.cells import Estimates
from toolkit.analysis.contrasts import contrast
from toolkit.analysis.declared import banded, declared_scores
from toolkit.analysis.decomposition import decompose_gap
from toolkit.analysis.derived import any_of, ranked_options, scale_scores, ticks
from toolkit.analysis.design import Design
from toolkit.analysis.design_effect import design_effects
from toolkit.analysis.design_tables import GoodnessOfFit, crosstab, goodness_of_fit, independence
from toolkit.analysis.design_tests import design_rank_test, design_t_test
from toolkit.analysis.dominance import CliffDelta, cliff_delta
from toolkit.analysis.drivers import Drivers, drivers
from toolkit.analysis.enumeration import exact_detectable_gap, exact_power
from toolkit.analysis.equivalence import (
    Equivalence,
    equivalence,
)
from toolkit.analysis.estimates import means, proportions
from toolkit.analysis.exact import fisher_p
from toolkit.analysis.exact_table import fisher_table
from toolkit.analysis.finite_gaps import population_gaps
from toolkit.analysis.gaps import gaps
from toolkit.analysis.invariance import (
    ItemDifference,
    check_alike,
    item_difference,
    measurement_invariance,
)
from toolkit.analysis.joint import estimate, ratios, totals, variances
from toolkit.analysis.models import (
    TermTest,
    coefficients,
    marginal_effects,
    ordinal_regression,
    parallel_slopes_test,
    regression,
    term_test,
)
from toolkit.analysis.multiplicity import adjust_p
from toolkit.analysis.nonresponse import nonresponse_bounds
from toolkit.analysis.omega import Omega, omega
from toolkit.analysis.organisations import Shrunk, funnel_limits, organisation_shares, shrink
from toolkit.analysis.panel import newcombe_paired, panel_change
from toolkit.analysis.pilot import pilot_change
from toolkit.analysis.plain import labels, missing_summary, numbers, top_boxes
from toolkit.analysis.planning import margin_of_error, minimum_detectable_gap, sample_size, size_for_margin
from toolkit.analysis.pooling import Pooled, pool, pool_frames
from toolkit.analysis.published import against_published
from toolkit.analysis.quantile import quantiles
from toolkit.analysis.quantile_rules import weighted_quantile
from toolkit.analysis.rank_gap import rank_gap
from toolkit.analysis.reliability import Reliability, intraclass, reliability
from toolkit.analysis.replicates import Replicates
from toolkit.analysis.resampling import MadeReplicates, make_replicates
from toolkit.analysis.strata_tables import mantel_haenszel
from toolkit.analysis.summaries import gaps_from_summary
from toolkit.analysis.tables import cramers_v
from toolkit.analysis.trend import trend
from toolkit.analysis.two_proportions import miettinen_nurminen
from toolkit.analysis.verdict import verdict
from toolkit.analysis.visible import visible_gaps

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
    "banded",
    "banner",
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
    "population_gaps",
    "proportions",
    "quantiles",
    "rank_gap",
    "ranked_options",
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
]
