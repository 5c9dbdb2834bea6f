"""The command fetch: responses downloaded from a running LimeSurvey."""

from __future__ import annotations

import argparse

from toolkit.cli.common import Commands, add_command, count


def add(commands: Commands) -> None:
    """Add fetch to the parser."""
    fetch = add_command(
        commands,
        "fetch",
        _fetch,
        "download the responses of a survey from LimeSurvey",
        "survey-toolkit fetch https://server/index.php/admin/remotecontrol 123456 --user jane --out a.csv",
        description="Download the responses of a survey by RemoteControl 2 and write LimeSurvey's own CSV. "
        "The password is read from LIMESURVEY_PASSWORD or the system keyring, never from an argument.",
    )
    fetch.add_argument("url", metavar="URL", help="address of the RemoteControl interface")
    fetch.add_argument("survey", type=count, metavar="SURVEY", help="survey number")
    fetch.add_argument("--user", required=True, help="LimeSurvey user with permission to export responses")
    fetch.add_argument("--out", required=True, metavar="FILE", help="CSV file to write")


def _fetch(given: argparse.Namespace) -> int:
    from toolkit.platforms.limesurvey.fetching import fetch_limesurvey

    written = fetch_limesurvey(given.url, given.survey, given.user, given.out)
    print(f"Wrote {written}; read it with: survey-toolkit read {written} --instrument …")
    return 0
