"""Registers of published claims: what can be proved of each, reports on them, synthetic respondents."""

from toolkit.claims.bases import (
    half_left_out_from,
    implied_by_ratio,
    implied_by_share,
    largest_comparison,
    over_bases,
    over_design_effects,
    possible_bases,
    possible_counts,
    share_intervals,
)
from toolkit.claims.consistency import (
    VERDICTS,
    check_claims,
    compare_pairs,
    over_splits,
    pair_over_design_effects,
    shares_of_groups,
)
from toolkit.claims.register import CLAIM_COLUMNS, Register, add_claim, load_register
from toolkit.claims.synthetic import Synthetic, joint_by_dependence, synthesise, write_synthetic
from toolkit.claims.verdicts import judge, judge_readings

__all__ = [
    "CLAIM_COLUMNS",
    "VERDICTS",
    "Register",
    "Synthetic",
    "add_claim",
    "check_claims",
    "compare_pairs",
    "half_left_out_from",
    "implied_by_ratio",
    "implied_by_share",
    "joint_by_dependence",
    "judge",
    "judge_readings",
    "largest_comparison",
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
