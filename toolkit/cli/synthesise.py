"""survey-toolkit findings synthesise: respondents that carry a study's published margins."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add_synthesise"]


def add_synthesise(jobs: Commands) -> None:
    """Add the job to `survey-toolkit findings`."""
    made = jobs.add_parser("synthesise", help="make SYNTHETIC respondents with the published shares")
    made.add_argument("recipe", metavar="RECIPE", help="recipe.yaml")
    made.add_argument("--out", required=True, metavar="FOLDER", help="where to write")
    made.add_argument("--person", type=float, metavar="PART", help="variance all answers of a person share")
    made.add_argument("--theme", type=float, metavar="PART", help="variance answers within a theme share")
    made.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="ITEM/AUDIENCE:ANSWER=SHARE",
        help="another assumed share, such as aiuse/employee:top=0.5; may be repeated",
    )
    made.add_argument("--seed", type=int, help="another seed than the recipe's")
    made.set_defaults(job=_synthesise)


def _synthesise(given: argparse.Namespace) -> int:
    from toolkit.findings import synthesise, write_synthetic

    made = synthesise(
        given.recipe,
        person=given.person,
        theme=given.theme,
        assume=_assumed(given.assume),
        seed=given.seed,
    )
    print(made.frame.attrs["assumptions"])
    print(f"{len(made.margins)} published shares carried, all met:")
    for row in made.margins.to_dict("records"):
        base = "" if row["base_is"] == "published" else " (base assumed)"
        said = f"{row['count']} of {row['n']} is {row['percent']:.2f} %{base}"
        print(f"  {row['finding_id']:<9} {row['published_as']:>15}  {said}")
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
            problems.append(Problem("malformed", f"--assume {text}", "is no assumption", hint))
            continue
        found.setdefault(key, {})[answer] = value
    if problems:
        raise InvalidInput("synthesise", problems)
    return found
