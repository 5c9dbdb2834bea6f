"""survey-toolkit fetch: responses from a running LimeSurvey."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from toolkit.cli.common import count

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    fetch = commands.add_parser(
        "fetch",
        help="fetch the responses of a survey from a running LimeSurvey",
        description="Fetch the responses of a survey by RemoteControl 2 and write LimeSurvey's own CSV. "
        "The password comes from LIMESURVEY_PASSWORD or the system's keyring, never from an argument.",
    )
    fetch.add_argument("url", metavar="URL", help="https://server/index.php/admin/remotecontrol")
    fetch.add_argument("survey", type=count, metavar="SURVEY", help="the survey's number")
    fetch.add_argument("--user", required=True, help="a LimeSurvey user who may export its responses")
    fetch.add_argument("--out", required=True, metavar="FILE", help="the CSV file to write")
    fetch.set_defaults(job=_fetch)


def _fetch(given: argparse.Namespace) -> int:
    from toolkit.platforms.limesurvey.fetching import fetch_limesurvey

    written = fetch_limesurvey(given.url, given.survey, given.user, given.out)
    print(f"{written}: fetched; read it with: survey-toolkit read {written} --instrument …")
    return 0
