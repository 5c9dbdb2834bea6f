"""Questionnaires as data: model, loader, lint, routing and codebook."""

from toolkit.instrument.codebook import codebook, compare
from toolkit.instrument.files import json_schema
from toolkit.instrument.lint import lint
from toolkit.instrument.lint_warnings import advise, minutes, notes
from toolkit.instrument.loader import load_instrument, load_instruments
from toolkit.instrument.model import Instrument, Item, Scale, Variable
from toolkit.instrument.routing import Condition, asked, parse, paths
from toolkit.instrument.yaml_loader import read_yaml

__all__ = [
    "Condition",
    "Instrument",
    "Item",
    "Scale",
    "Variable",
    "advise",
    "asked",
    "codebook",
    "compare",
    "json_schema",
    "lint",
    "load_instrument",
    "load_instruments",
    "minutes",
    "notes",
    "parse",
    "paths",
    "read_yaml",
]
