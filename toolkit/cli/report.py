"""The commands report, batch and run: many reports, or a notebook run once per value."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.common import FAILED, Commands, add_command, add_study, count, records, size, study_file
from toolkit.cli.progress import STATUS, ProgressPrinter
from toolkit.reporting.formats import FORMATS

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.reporting.options import RunOptions


def add(commands: Commands) -> None:
    """Add report, batch and run to the parser."""
    report = add_command(
        commands,
        "report",
        build,
        "build reports for all or selected organisations",
        "survey-toolkit report my_study -o org-01 -o org-02 --formats html,pdf",
        as_json=True,
    )
    add_selection(report)
    _add_audit(report)
    batch = add_command(
        commands,
        "batch",
        _batch,
        "build many reports with time and memory limits; resumable",
        "survey-toolkit batch my_study --timeout 600 --memory 2G --dry-run",
        as_json=True,
    )
    add_selection(batch)
    _add_audit(batch)
    batch.add_argument("--dry-run", action="store_true", help="list the reports to build, and write nothing")
    _add_limits(batch, "report")
    run = add_command(
        commands,
        "run",
        _run,
        "run a notebook of your own, once per organisation or value",
        "survey-toolkit run mine.ipynb --for-each organisation -p study=my_study -p level=0.9",
    )
    run.add_argument("notebook", metavar="NOTEBOOK", help="a notebook with a cell tagged 'parameters'")
    run.add_argument(
        "--for-each",
        required=True,
        metavar="NAME[=A,B]",
        help="the parameter that varies: organisation (all of the study, or those listed), or NAME=A,B,C",
    )
    run.add_argument(
        "-p",
        "--parameter",
        action="append",
        default=[],
        type=pair,
        metavar="NAME=VALUE",
        help="set a notebook parameter (repeatable)",
    )
    _add_output(run, "run")
    _add_limits(run, "run")


def _add_audit(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--audit",
        dest="audited",
        action="store_true",
        help="bound every hidden count of what was built; release always does",
    )
    command.add_argument(
        "--earlier",
        action="append",
        default=[],
        metavar="FOLDER",
        help="with --audit: reports released earlier; their numbers count as known (repeatable)",
    )


def add_selection(command: argparse.ArgumentParser) -> None:
    """Add the options for which reports are built, in which formats and where."""
    add_study(command)
    command.add_argument(
        "--organisation",
        "-o",
        dest="organisations",
        action="append",
        metavar="ID",
        help="only this organisation (repeatable)",
    )
    command.add_argument(
        "--for",
        dest="groups",
        action="append",
        type=_group,
        metavar="CUT=GROUP",
        help="beside each report the page of a group for its manager; CUT=*: of all groups of a cut "
        "(repeatable)",
    )
    command.add_argument(
        "--overall",
        action="store_true",
        help="add a report on all organisations together, for the consultant alone",
    )
    command.add_argument("--wave", help="the wave, as the study file writes it (default: the latest)")
    command.add_argument("--notebook", metavar="FILE", help="a parameterised notebook to use as the report")
    command.add_argument(
        "--formats",
        default="html",
        metavar="LIST",
        help=f"comma-separated output formats, from {','.join(FORMATS)} (default: html)",
    )
    _add_output(command, "report")


def _add_output(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument(
        "--out", default="reports", metavar="FOLDER", help="output folder or s3://… URL (default: reports)"
    )
    command.add_argument(
        "--workers", type=count, metavar="N", help="number of parallel workers (default: one per CPU)"
    )
    command.add_argument("--force", action="store_true", help=f"rebuild every {what} even if up to date")


def _add_limits(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument(
        "--timeout",
        dest="seconds",
        type=count,
        default=1800,
        metavar="SECONDS",
        help=f"time limit per {what} (default: 1800)",
    )
    command.add_argument(
        "--memory", type=size, metavar="SIZE", help=f"memory limit per {what}, e.g. 2G (default: no limit)"
    )
    command.add_argument(
        "--cluster", metavar="ADDRESS", help="address of a Dask scheduler to run on (see docs/scale.md)"
    )


def _group(text: str) -> str:
    if not all(text.partition("=")):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not CUT=GROUP or CUT=*; an organisation is given by -o"
        )
    return text


def pair(text: str) -> tuple[str, str]:
    """Parse NAME=VALUE.

    Examples
    --------
    >>> pair("level=0.95")
    ('level', '0.95')
    """
    name, sign, value = text.partition("=")
    if not sign or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def build(given: argparse.Namespace) -> int:
    """Build the reports, print a summary and return the exit code."""
    from toolkit.reporting.batch import run_study
    from toolkit.reporting.cuts import GROUPS

    printer = ProgressPrinter()
    try:
        made = run_study(
            study_file(given.study), options_of(given), progress=printer.progress, message=printer.line
        )
    finally:
        printer.end()
    counts = made["status"].value_counts()
    printer.line(
        ", ".join(f"{counts[status]} {words}" for status, words in STATUS.items() if status in counts)
    )
    if given.groups:
        folders = [Path(one) / GROUPS for one in made.loc[made["status"] != "failed", "folder"]]
        pages = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
        printer.line("\n".join(map(_relative, pages)) or "No page of a group: none of them may be shown.")
        given.result |= {"pages": list(map(str, pages))}
    index = str(made.attrs["index"])
    printer.line(f"Open {index if '://' in index else _relative(index)}")
    given.result |= {"index": index, "reports": records(made)}
    code = _code(made.rename(columns={"organisation": "value"}), given)
    if getattr(given, "audited", False):  # a release was audited before it was in its place
        from toolkit.cli.audit import audit_reports

        code = code if audit_reports(made, given, printer.line) else FAILED
    return code


def _code(made: pd.DataFrame, given: argparse.Namespace) -> int:
    """Return the exit code; failures are errors, which --quiet and --json leave on stderr."""
    failed = made[made["status"] == "failed"]
    if given.quiet:
        for row in failed.itertuples():
            print(f"{row.value}: {STATUS['failed']}: {row.sentence}", file=sys.stderr)
    return FAILED if len(failed) else 0


def options_of(given: argparse.Namespace) -> RunOptions:
    """Return the run options that the command has, each under the name it has everywhere."""
    from toolkit.reporting.options import RunOptions

    names = [field.name for field in fields(RunOptions) if hasattr(given, field.name)]
    names = [name for name in names if name != "audit" or given.audit is not None]  # unset: the default
    return RunOptions(**{name: getattr(given, name) for name in names})


def _relative(path: str | Path) -> str:
    """Return a path relative to the working directory, or unchanged where that is another drive or gone."""
    try:
        return os.path.relpath(path)
    except (OSError, ValueError):
        return str(path)


def _batch(given: argparse.Namespace) -> int:
    if not given.dry_run:
        return build(given)
    from toolkit.reporting.batch import plan_study

    planned = plan_study(study_file(given.study), options_of(given))
    for row in planned.itertuples():
        print(f"{row.organisation} {row.name}: {row.status}")
    counts = planned["status"].value_counts()
    print(", ".join(f"{count} {status}" for status, count in counts.items()))
    given.result |= {"reports": records(planned)}
    return 0


def _run(given: argparse.Namespace) -> int:
    from toolkit.errors import ToolkitError
    from toolkit.reporting.batch import run_notebook

    names = [name for name, _ in given.parameter]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ToolkitError(f"duplicate parameter: {', '.join(twice)}; give each one once")
    name, _, values = given.for_each.partition("=")
    printer = ProgressPrinter()
    made = run_notebook(
        given.notebook,
        for_each=name,
        values=values.split(",") if values else None,
        parameters=dict(given.parameter),
        texts=True,
        out=given.out,
        workers=given.workers,
        force=given.force,
        seconds=given.seconds,
        memory=given.memory,
        cluster=given.cluster,
        message=printer.line,
    )
    for row in made.itertuples():
        printer.line(f"{row.value}: {row.status}{f': {row.sentence}' if row.sentence else ''}")
    printer.line(f"In {_relative(Path(str(made['folder'].iloc[0])).parent)}")
    return _code(made, given)
