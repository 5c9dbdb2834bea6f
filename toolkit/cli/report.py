"""survey-toolkit report: the report of every organisation, or of some."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from toolkit.cli.common import FAILED, count, study_file, takes_study

if TYPE_CHECKING:
    from toolkit.cli.common import Commands
    from toolkit.reporting import Progress
    from toolkit.study import Study

__all__ = ["add"]

_STATUS = {"made": "made", "withheld": "withheld by policy", "failed": "FAILED"}


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    report = commands.add_parser("report", help="make the report of every organisation, or of some")
    takes_study(report)
    report.add_argument(
        "--organisation", "-o", action="append", metavar="ID", help="only this one; may be given again"
    )
    report.add_argument("--wave", help="the wave, as the study file writes it (default: the latest)")
    report.add_argument(
        "--out", default="reports", metavar="FOLDER", help="where to write (default: reports)"
    )
    report.add_argument("--workers", type=count, metavar="N", help="side by side (default: one a processor)")
    report.add_argument("--notebook", metavar="FILE", help="another parameterised notebook")
    report.set_defaults(job=_report)


def _report(given: argparse.Namespace) -> int:
    from toolkit.reporting import run_reports
    from toolkit.study import load_study

    study = load_study(study_file(given.study), data=given.data).check()
    _say_what_was_read(study, given.wave or study.wave)
    made = run_reports(
        study,
        organisations=given.organisation,
        wave=given.wave,
        out=given.out,
        workers=given.workers,
        notebook=given.notebook,
        data=given.data,
        progress=_say_progress,
    )
    counts = made["status"].value_counts()
    print(", ".join(f"{counts[status]} {words}" for status, words in _STATUS.items() if status in counts))
    print(f"Open {os.path.relpath(made.attrs['index'])}")
    return FAILED if "failed" in counts else 0


def _say_what_was_read(study: Study, wave: str) -> None:
    rows = study.disposition(wave).groupby("outcome")["rows"].sum()
    read, kept, aside = (rows.get(outcome, 0) for outcome in ("read", "kept", "set aside"))
    why = "; survey-toolkit check says why" if aside else ""
    print(f"Wave {wave}: {read:,} rows read, {kept:,} kept, {aside:,} set aside{why}", flush=True)


def _say_progress(progress: Progress) -> None:
    width = len(str(progress.total))
    what = _STATUS.get(progress.status, progress.status)
    why = f": {progress.sentence}" if progress.sentence else ""
    print(
        f"[{progress.done:>{width}}/{progress.total}] {progress.organisation} {progress.name}: {what} "
        f"({progress.seconds:.1f} s){why}",
        flush=True,
    )
