"""Survey weights: raking, post-stratification, calibration, trimming and diagnostics."""

from toolkit.weighting.calibration import calibrate
from toolkit.weighting.cells import poststratify
from toolkit.weighting.diagnostics import diagnose
from toolkit.weighting.raking import rake
from toolkit.weighting.trimming import trim
from toolkit.weighting.weights import Calibration, Weights, design_effect, effective_n

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
