"""The command register: what a wave will test, hashed before its answers are there."""

from __future__ import annotations

import argparse

from toolkit.cli.common import Commands, add_command


def add(commands: Commands) -> None:
    """Add register to the parser."""
    register = add_command(
        commands,
        "register",
        _register,
        "register the comparisons and tests of a wave before its answers are there",
        "survey-toolkit register my_study --wave 2027 --test burnout:employee:down --out registration.yaml",
        description="Write the declared items, the margin, the level and tests of changes to a hashed file. "
        "Named in the study file (registration: registration.yaml), it is checked against it, and the "
        "report of that wave answers the tests.",
    )
    register.add_argument("study", metavar="STUDY", help="a study file or its folder")
    register.add_argument("--wave", required=True, help="the wave to come")
    register.add_argument(
        "--test",
        action="append",
        default=[],
        metavar="ITEM:AUDIENCE:up|down[:ORGANISATION]",
        help="a change that the wave should show (repeatable)",
    )
    register.add_argument("--out", required=True, metavar="FILE", help="file to write; never overwritten")


def _register(given: argparse.Namespace) -> int:
    from toolkit.errors import InvalidInput, Problem
    from toolkit.study import load_study
    from toolkit.study.registration import RegisteredTest, register

    tests, problems = [], []
    for text in given.test:
        parts = text.split(":")
        if len(parts) not in (3, 4) or parts[2] not in ("up", "down"):
            hint = "write item:audience:up or item:audience:down, and :organisation for one alone"
            problems.append(Problem("malformed", f"--test {text}", "is not a test", hint))
            continue
        organisation = parts[3] if len(parts) == 4 else None
        tests.append(
            RegisteredTest(item=parts[0], audience=parts[1], direction=parts[2], organisation=organisation)
        )
    if problems:
        raise InvalidInput("register", problems)
    found = register(load_study(given.study), given.out, wave=given.wave, tests=tests)
    print(f"{given.out}: {len(found.tests)} tests of wave {found.wave}, SHA-256 {found.sha256}")
    return 0
