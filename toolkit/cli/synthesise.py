"""The command findings synthesise: synthetic respondents that match published margins."""

from __future__ import annotations

import argparse

from toolkit.cli.common import Commands, add_command


def add_synthesise(jobs: Commands) -> None:
    """Add synthesise to `survey-toolkit findings`."""
    made = add_command(
        jobs,
        "synthesise",
        _synthesise,
        "generate SYNTHETIC respondents that match published shares",
        "survey-toolkit findings synthesise recipe.yaml --out synthetic",
    )
    made.add_argument("recipe", metavar="RECIPE", help="recipe file (YAML)")
    made.add_argument("--out", required=True, metavar="FOLDER", help="output folder")
    made.add_argument(
        "--person", type=float, metavar="PART", help="share of variance common to all answers of a person"
    )
    made.add_argument(
        "--theme", type=float, metavar="PART", help="share of variance common to answers within a theme"
    )
    made.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="ITEM/AUDIENCE:ANSWER=SHARE",
        help="replace an assumed share, e.g. aiuse/employee:top=0.5 (repeatable)",
    )
    made.add_argument("--seed", type=int, help="random seed (default: the recipe's)")


def _synthesise(given: argparse.Namespace) -> int:
    from toolkit.claims import synthesise, write_synthetic

    made = synthesise(
        given.recipe,
        person=given.person,
        theme=given.theme,
        assume=_assumed(given.assume),
        seed=given.seed,
    )
    print(made.frame.attrs["assumptions"])
    print(f"{len(made.margins)} published shares, all matched:")
    for row in made.margins.to_dict("records"):
        base = "" if row["base_is"] == "published" else " (base assumed)"
        share = f"{row['count']} of {row['n']} is {row['percent']:.2f}%{base}"
        print(f"  {row['finding_id']:<9} {row['published_as']:>15}  {share}")
    for path in write_synthetic(made, given.out):
        print(path)
    return 0


def _assumed(texts: list[str]) -> dict[str, dict[str, float]]:
    from toolkit.errors import InvalidInput, Problem

    found: dict[str, dict[str, float]] = {}
    problems = []
    for text in texts:
        key, _, rest = text.partition(":")
        answer, _, share = rest.partition("=")
        try:
            value = float(share)
        except ValueError:
            value = -1.0
        if not (key and answer and 0 <= value <= 1):
            hint = "write item/audience:answer=share, such as aiuse/employee:top=0.5"
            problems.append(Problem("malformed", f"--assume {text}", "is not a valid assumption", hint))
            continue
        found.setdefault(key, {})[answer] = value
    if problems:
        raise InvalidInput("synthesise", problems)
    return found
