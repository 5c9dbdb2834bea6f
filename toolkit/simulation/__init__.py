"""Simulated answers: of one instrument, or of a whole study as export files."""

from __future__ import annotations

from toolkit.simulation.exports import limesurvey_export, qualtrics_export
from toolkit.simulation.fieldwork import Effect, Fieldwork, parse_effect
from toolkit.simulation.population import Dependence, Organisation, Share, load_shares, populate
from toolkit.simulation.run import Rehearsal, load_simulation, rehearse, simulate, simulate_study

__all__ = [
    "Dependence",
    "Effect",
    "Fieldwork",
    "Organisation",
    "Rehearsal",
    "Share",
    "limesurvey_export",
    "load_shares",
    "load_simulation",
    "parse_effect",
    "populate",
    "qualtrics_export",
    "rehearse",
    "simulate",
    "simulate_study",
]
