"""Who counts for how much: raking, post-stratification, and what weights cost."""

from toolkit.weighting.raking import poststratify, rake
from toolkit.weighting.weights import Calibration, Weights, design_effect, effective_n

__all__ = ["Calibration", "Weights", "design_effect", "effective_n", "poststratify", "rake"]
