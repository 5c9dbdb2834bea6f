"""The command `survey-toolkit`: one subcommand a job, each one call deep."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import toolkit
from toolkit.errors import InvalidInput, ToolkitError

if TYPE_CHECKING:
    from toolkit.reporting import Progress
    from toolkit.study import Study

__all__ = ["main"]

SAMPLE_STUDY = "data_samples/ai_at_work/study.yaml"
FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130

_STATUS = {"made": "made", "withheld": "withheld by policy", "failed": "FAILED"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Returns
    -------
    int
        0 done; 1 some reports failed or a check found problems; 2 bad input; 130 interrupted.
    """
    _speak_utf8()
    given = _parser().parse_args(arguments)
    job: Callable[[argparse.Namespace], int] = given.job
    try:
        return job(given)
    except ToolkitError as fault:
        print(fault, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("Interrupted. What was finished stands; what was not was cleared away.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="survey-toolkit",
        description="Where executives, employees and freelancers see the same workplace differently.",
    )
    parser.add_argument("--version", action="version", version=f"survey-toolkit {toolkit.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    report = commands.add_parser("report", help="make the report of every organisation, or of some")
    _takes_study(report)
    report.add_argument(
        "--organisation", "-o", action="append", metavar="ID", help="only this one; may be given again"
    )
    report.add_argument("--wave", help="the wave, as the study file writes it (default: the latest)")
    report.add_argument(
        "--out", default="reports", metavar="FOLDER", help="where to write (default: reports)"
    )
    report.add_argument("--workers", type=_count, metavar="N", help="side by side (default: one a processor)")
    report.add_argument("--notebook", metavar="FILE", help="another parameterised notebook")
    report.set_defaults(job=_report)

    check = commands.add_parser(
        "check", help="read everything a study names and say what is kept and what is wrong"
    )
    _takes_study(check)
    check.set_defaults(job=_check)

    simulate = commands.add_parser("simulate", help="make synthetic answers as platforms export them")
    simulate.add_argument("spec", metavar="SPEC", help="simulation.yaml")
    simulate.add_argument("--out", required=True, metavar="FOLDER", help="where to write")
    simulate.add_argument("--seed", type=int, help="another seed than the file's")
    simulate.set_defaults(job=_simulate)

    lint = commands.add_parser("lint", help="check questionnaires")
    lint.add_argument("instruments", nargs="+", metavar="INSTRUMENT")
    lint.set_defaults(job=_lint)

    schema = commands.add_parser("schema", help="print the JSON Schema of a questionnaire file")
    schema.set_defaults(job=_schema)
    return parser


def _takes_study(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "study",
        nargs="?",
        metavar="STUDY",
        help=f"study.yaml (default: {SAMPLE_STUDY}, the synthetic sample)",
    )
    command.add_argument("--data", metavar="FOLDER", help="another folder in which the answer files lie")


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def _report(given: argparse.Namespace) -> int:
    from toolkit.reporting import run_reports
    from toolkit.study import load_study

    study = load_study(_study_file(given.study), data=given.data).check()
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


def _check(given: argparse.Namespace) -> int:
    from toolkit.study import load_study

    study = load_study(_study_file(given.study), data=given.data)
    study.check()
    print(f"{study.title}{' (SYNTHETIC DATA)' if study.synthetic else ''}")
    waves = ", ".join(f"{wave} (organisations: {len(study.organisation_ids(wave))})" for wave in study.waves)
    print(f"Waves: {waves}. Questions: {len(study.instrument.items)}.")
    print(study.disposition().to_string(index=False))
    print("Nothing is wrong with it.")
    return 0


def _simulate(given: argparse.Namespace) -> int:
    from toolkit.responses.simulation import simulate_study

    written = simulate_study(given.spec, given.out, seed=given.seed)
    for path in written:
        print(path)
    return 0


def _lint(given: argparse.Namespace) -> int:
    from toolkit.instrument import load_instrument

    answer = 0
    for path in given.instruments:
        try:
            load_instrument(path)  # raises whatever lint would find
        except InvalidInput as fault:
            print(fault)
            answer = FAILED
        else:
            print(f"{path}: nothing to mend")
    return answer


def _schema(given: argparse.Namespace) -> int:
    import json

    from toolkit.instrument import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def _study_file(given: str | None) -> str:
    """The study named, or the sample study of the project folder one stands in."""
    if given:
        return given
    if not Path(SAMPLE_STUDY).is_file():
        raise ToolkitError(f"say which study: there is no {SAMPLE_STUDY} here; survey-toolkit report STUDY")
    print(f"No study named: using the synthetic sample, {SAMPLE_STUDY}", flush=True)
    return SAMPLE_STUDY


def _speak_utf8() -> None:
    """A terminal that cannot print a name must not end a batch."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
