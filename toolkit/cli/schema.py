"""survey-toolkit schema: the JSON Schema of a questionnaire file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    schema = commands.add_parser("schema", help="print the JSON Schema of a questionnaire file")
    schema.set_defaults(job=_schema)


def _schema(given: argparse.Namespace) -> int:
    import json

    from toolkit.instrument import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0
