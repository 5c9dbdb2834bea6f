"""survey-toolkit run: a notebook of one's own, once for each value of a parameter."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.batch import size
from toolkit.cli.common import FAILED, count
from toolkit.cli.progress import Teller
from toolkit.cli.report import seen_from_here

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    run = commands.add_parser("run", help="run a notebook of your own, once for each organisation or value")
    run.add_argument("notebook", metavar="NOTEBOOK", help="with a cell tagged 'parameters'")
    run.add_argument(
        "--for-each",
        required=True,
        metavar="NAME[=A,B]",
        help="the parameter that varies: organisation (all of the study, or those listed), or NAME=A,B,C",
    )
    run.add_argument(
        "-p", "--parameter", action="append", default=[], type=pair, metavar="NAME=VALUE", help="any other"
    )
    run.add_argument("--out", default="reports", metavar="FOLDER", help="where to write (default: reports)")
    run.add_argument("--workers", type=count, metavar="N", help="side by side (default: one a processor)")
    run.add_argument(
        "--timeout", type=count, default=1800, metavar="SECONDS", help="of one run (default: 1800)"
    )
    run.add_argument(
        "--cluster", metavar="ADDRESS", help="a Dask scheduler whose workers run them (docs/scale.md)"
    )
    run.add_argument("--memory", type=size, metavar="SIZE", help="one run may take, as in 2G")
    run.add_argument("--force", action="store_true", help="run again what stands unchanged")
    run.set_defaults(job=_run)


def pair(text: str) -> tuple[str, str]:
    """NAME=VALUE, as an argument.

    Examples
    --------
    >>> pair("level=0.95")
    ('level', '0.95')
    """
    name, sign, value = text.partition("=")
    if not sign or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _run(given: argparse.Namespace) -> int:
    from toolkit.errors import ToolkitError
    from toolkit.reporting.batch import run_notebook

    names = [name for name, _ in given.parameter]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ToolkitError(f"given twice: {', '.join(twice)}; give each parameter once")
    name, _, values = given.for_each.partition("=")
    teller = Teller()
    made = run_notebook(
        given.notebook,
        for_each=name,
        values=values.split(",") if values else None,
        parameters=dict(given.parameter),
        texts=True,
        out=given.out,
        workers=given.workers,
        force=given.force,
        seconds=given.timeout,
        memory=given.memory,
        cluster=given.cluster,
        told=teller.say,
    )
    for row in made.itertuples():
        teller.say(f"{row.value}: {row.status}{f': {row.sentence}' if row.sentence else ''}")
    teller.say(f"In {seen_from_here(Path(str(made['folder'].iloc[0])).parent)}")
    return FAILED if (made["status"] == "failed").any() else 0
