"""Estimates, gaps and tests: every statistic a row of one contract."""

from toolkit.analysis.agreement import kappa, weighted_alpha
from toolkit.analysis.anova import anova, bartlett, tukey, welch_anova
from toolkit.analysis.banner import banner
from toolkit.analysis.brunner_munzel import brunner_munzel
from toolkit.analysis.careless import careless_flags, careless_indices
from toolkit.analysis.cells import Estimates
from toolkit.analysis.contrasts import contrast
from toolkit.analysis.correlation import correlation
from toolkit.analysis.declared import banded, declared_scores
from toolkit.analysis.derived import any_of, ranked_options, scale_scores, ticks
from toolkit.analysis.design import Design
from toolkit.analysis.design_effect import design_effects
from toolkit.analysis.design_tables import GoodnessOfFit, crosstab, goodness_of_fit, independence
from toolkit.analysis.design_tests import design_rank_test, design_t_test
from toolkit.analysis.dominance import CliffDelta, cliff_delta
from toolkit.analysis.drivers import Drivers, drivers
from toolkit.analysis.enumeration import boschloo, exact_detectable_gap, exact_power
from toolkit.analysis.equivalence import (
    Equivalence,
    equivalence,
    equivalence_of_means,
    equivalence_of_proportions,
)
from toolkit.analysis.estimates import means, proportions
from toolkit.analysis.exact import fisher_exact, fisher_p
from toolkit.analysis.exact_table import fisher_table
from toolkit.analysis.finite_gaps import population_gaps
from toolkit.analysis.gaps import gaps
from toolkit.analysis.invariance import ItemDifference, item_difference, measurement_invariance
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
from toolkit.analysis.one_proportion import exact_binomial_test, score_test
from toolkit.analysis.organisations import Shrunk, funnel_limits, organisation_shares, shrink
from toolkit.analysis.panel import newcombe_paired, panel_change
from toolkit.analysis.pilot import pilot_change
from toolkit.analysis.plain import labels, missing_summary, numbers, top_boxes
from toolkit.analysis.planning import margin_of_error, minimum_detectable_gap, sample_size, size_for_margin
from toolkit.analysis.pooling import Pooled, pool, pool_frames
from toolkit.analysis.power import Power, power_anova, power_proportions, power_t_test
from toolkit.analysis.published import against_published
from toolkit.analysis.quantile import quantiles
from toolkit.analysis.quantile_rules import weighted_quantile
from toolkit.analysis.rank import (
    friedman,
    kolmogorov_smirnov,
    kruskal,
    mann_whitney,
    wilcoxon_signed_rank,
)
from toolkit.analysis.rank_gap import rank_gap
from toolkit.analysis.reliability import Reliability, intraclass, reliability
from toolkit.analysis.replicates import Replicates
from toolkit.analysis.resampling import MadeReplicates, make_replicates
from toolkit.analysis.strata_tables import mantel_haenszel
from toolkit.analysis.summaries import gaps_from_summary
from toolkit.analysis.t_tests import CohenD, cohen_d, t_test
from toolkit.analysis.tables import TableTest, chi_square, mcnemar, trend_test
from toolkit.analysis.trend import trend
from toolkit.analysis.two_proportions import (
    agresti_caffo,
    chi_square_2x2,
    cohen_h,
    miettinen_nurminen,
    newcombe,
    odds_ratio,
    pooled_z,
    prop_test,
    risk_ratio,
    wald_difference,
)
from toolkit.analysis.verdict import verdict
from toolkit.analysis.visible import visible_gaps

__all__ = [
    "CliffDelta",
    "CohenD",
    "Design",
    "Drivers",
    "Equivalence",
    "Estimates",
    "GoodnessOfFit",
    "ItemDifference",
    "MadeReplicates",
    "Omega",
    "Pooled",
    "Power",
    "Reliability",
    "Replicates",
    "Shrunk",
    "TableTest",
    "TermTest",
    "adjust_p",
    "against_published",
    "agresti_caffo",
    "anova",
    "any_of",
    "banded",
    "banner",
    "bartlett",
    "boschloo",
    "brunner_munzel",
    "careless_flags",
    "careless_indices",
    "chi_square",
    "chi_square_2x2",
    "cliff_delta",
    "coefficients",
    "cohen_d",
    "cohen_h",
    "contrast",
    "correlation",
    "crosstab",
    "declared_scores",
    "design_effects",
    "design_rank_test",
    "design_t_test",
    "drivers",
    "equivalence",
    "equivalence_of_means",
    "equivalence_of_proportions",
    "estimate",
    "exact_binomial_test",
    "exact_detectable_gap",
    "exact_power",
    "fisher_exact",
    "fisher_p",
    "fisher_table",
    "friedman",
    "funnel_limits",
    "gaps",
    "gaps_from_summary",
    "goodness_of_fit",
    "independence",
    "intraclass",
    "item_difference",
    "kappa",
    "kolmogorov_smirnov",
    "kruskal",
    "labels",
    "make_replicates",
    "mann_whitney",
    "mantel_haenszel",
    "margin_of_error",
    "marginal_effects",
    "mcnemar",
    "means",
    "measurement_invariance",
    "miettinen_nurminen",
    "minimum_detectable_gap",
    "missing_summary",
    "newcombe",
    "newcombe_paired",
    "nonresponse_bounds",
    "numbers",
    "odds_ratio",
    "omega",
    "ordinal_regression",
    "organisation_shares",
    "panel_change",
    "parallel_slopes_test",
    "pilot_change",
    "pool",
    "pool_frames",
    "pooled_z",
    "population_gaps",
    "power_anova",
    "power_proportions",
    "power_t_test",
    "prop_test",
    "proportions",
    "quantiles",
    "rank_gap",
    "ranked_options",
    "ratios",
    "regression",
    "reliability",
    "risk_ratio",
    "sample_size",
    "scale_scores",
    "score_test",
    "shrink",
    "size_for_margin",
    "t_test",
    "term_test",
    "ticks",
    "top_boxes",
    "totals",
    "trend",
    "trend_test",
    "tukey",
    "variances",
    "verdict",
    "visible_gaps",
    "wald_difference",
    "weighted_alpha",
    "weighted_quantile",
    "welch_anova",
    "wilcoxon_signed_rank",
]
