"""Survey weights: raking, post-stratification, calibration, trimming and diagnostics."""

from toolkit.weighting.calibration import calibrate
from toolkit.weighting.raking import poststratify, rake
from toolkit.weighting.weights import Calibration, Weights, design_effect, diagnose, effective_n, trim

__all__ = [
    "Calibration",
    "Weights",
    "calibrate",
    "design_effect",
    "diagnose",
    "effective_n",
    "poststratify",
    "rake",
    "trim",
]
