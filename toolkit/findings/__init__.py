"""Published claims with base, n and source: what can be proved of them, and comparisons with them."""

from toolkit.findings.adding import add_claim
from toolkit.findings.bases import half_left_out_from, over_bases, over_design_effects, share_intervals
from toolkit.findings.claims import CLAIM_COLUMNS, Register
from toolkit.findings.comparison import benchmark
from toolkit.findings.consistency import VERDICTS, check_claims, shares_of_groups
from toolkit.findings.joint import joint_by_dependence
from toolkit.findings.pairs import compare_pairs, over_splits, pair_over_design_effects
from toolkit.findings.reading import load_register
from toolkit.findings.register import load_findings
from toolkit.findings.relative import implied_by_ratio, implied_by_share, largest_comparison
from toolkit.findings.rounding import possible_bases, possible_counts
from toolkit.findings.synthetic import Synthetic, synthesise, write_synthetic
from toolkit.findings.verdicts import judge, judge_readings

__all__ = [
    "CLAIM_COLUMNS",
    "VERDICTS",
    "Register",
    "Synthetic",
    "add_claim",
    "benchmark",
    "check_claims",
    "compare_pairs",
    "half_left_out_from",
    "implied_by_ratio",
    "implied_by_share",
    "joint_by_dependence",
    "judge",
    "judge_readings",
    "largest_comparison",
    "load_findings",
    "load_register",
    "over_bases",
    "over_design_effects",
    "over_splits",
    "pair_over_design_effects",
    "possible_bases",
    "possible_counts",
    "share_intervals",
    "shares_of_groups",
    "synthesise",
    "write_synthetic",
]
