"""The questionnaire as data: its model, the loader and lint, routing and the codebook."""

from toolkit.instrument.lint import lint
from toolkit.instrument.loader import load_instrument, load_instruments
from toolkit.instrument.model import Instrument, Item, Scale, Variable
from toolkit.instrument.yaml_loader import read_yaml

__all__ = [
    "Instrument",
    "Item",
    "Scale",
    "Variable",
    "lint",
    "load_instrument",
    "load_instruments",
    "read_yaml",
]
