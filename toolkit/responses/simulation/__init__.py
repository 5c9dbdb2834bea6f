"""Synthetic answers: rehearsals before fieldwork, and the sample study."""

from toolkit.responses.simulation.effects import Effect, parse_effect
from toolkit.responses.simulation.fieldwork import Fieldwork
from toolkit.responses.simulation.limesurvey import limesurvey_export
from toolkit.responses.simulation.people import Dependence, Organisation
from toolkit.responses.simulation.population import populate
from toolkit.responses.simulation.qualtrics import qualtrics_export
from toolkit.responses.simulation.rehearsal import Rehearsal, rehearse
from toolkit.responses.simulation.run import load_simulation, simulate, simulate_study
from toolkit.responses.simulation.shares import Share, load_shares

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
