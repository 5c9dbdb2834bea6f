"""survey-toolkit findings: the register of published claims, and what it proves."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Any

from toolkit.cli.common import FAILED, register_folder, takes_register
from toolkit.cli.synthesise import add_synthesise
from toolkit.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from toolkit.cli.common import Commands

__all__ = ["add"]

_FIELDS = {
    "finding_id": "an id of its own, such as ACME25-01",
    "study": "id of a study in studies.yaml",
    "item": "what was asked or said",
    "audience": "who answered",
    "base": 'whose share it is: "all employees surveyed"',
    "statistic": "share, mean or relative_risk",
    "value": "per cent for a share, times as likely for a relative_risk",
    "published_as": 'as printed, where that is no percentage: "1 in 3"',
    "low": "smallest value that is printed so, where words were printed",
    "high": "largest value that is printed so",
    "n": "how many were asked",
    "n_status": "known (printed with the figure), assumed (size of the audience) or unknown",
    "n_most": "the most there can have been, where n was not published",
    "source": "where it was read",
    "closeness": "primary (the publisher's own text) or second-hand",
    "note": "what a reader should know",
}


_VERDICTS = ("reproduced", "consistent", "untested", "contradicted")


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    findings = commands.add_parser("findings", help="published claims: list, show, check, add")
    jobs = findings.add_subparsers(title="what to do", metavar="JOB", required=True)
    listed = jobs.add_parser("list", help="every claim with its verdict")
    listed.add_argument("--study", metavar="ID", help="of one study only")
    listed.add_argument(
        "--verdict", dest="verdict_code", choices=_VERDICTS, help="only claims with this verdict"
    )
    listed.set_defaults(job=_list)
    shown = jobs.add_parser("show", help="one claim: verdict, interval, base, source, conflict")
    shown.add_argument("finding", metavar="FINDING")
    shown.set_defaults(job=_show)
    check = jobs.add_parser("check", help="read the register strictly and hold its figures together")
    check.set_defaults(job=_check)
    added = jobs.add_parser("add", help="append a claim; a missing base or a percent above 100 is refused")
    for name, words in _FIELDS.items():
        default = "share" if name == "statistic" else None
        flag = f"--{name.replace('_', '-')}"
        added.add_argument(flag, dest=f"field_{name}", default=default, help=words)
    added.set_defaults(job=_add)
    add_synthesise(jobs)
    for job in (listed, shown, check, added):
        takes_register(job)


def _list(given: argparse.Namespace) -> int:
    from toolkit.findings import judge, load_register

    register = load_register(register_folder(given.register))
    found = judge(register.of(given.study) if given.study else register)
    if given.verdict_code:
        found = found[found["verdict_code"] == given.verdict_code]
    for row in found.to_dict("records"):
        said = f"{row['finding_id']:<9} {row['published_as']:>17}  {row['verdict_code']:<16} {row['item']}"
        print(f"{said} ({row['audience']})")
    print(f"{len(found)} claim(s)")
    return 0


def _show(given: argparse.Namespace) -> int:
    from toolkit.findings import judge, load_register

    register = load_register(register_folder(given.register))
    claim = register.claim(given.finding)
    found = judge(register.of(claim["study"])).set_index("finding_id").loc[given.finding]
    for name, words in _told(given.finding, found, register):
        if words:
            indent = " " * 14
            print(textwrap.fill(words, 100, initial_indent=f"{name + ':':<14}", subsequent_indent=indent))
    return 0


def _told(finding: str, row: Any, register: Any) -> list[tuple[str, str]]:
    from toolkit.reporting.reproduction import base_words, interval_words

    study = register.studies[row["study"]]
    looks = [
        f"{one.b if one.a == finding else one.a}: {one.why}"
        for one in register.relations.lookalikes
        if finding in (one.a, one.b)
    ]
    return [
        ("claim", f"{finding}, {row['audience']}: {row['item']}"),
        ("published as", row["published_as"]),
        ("study", f"{study.title} ({study.publisher}, {study.year})"),
        ("base", base_words(row)),
        ("interval", interval_words(row)),
        ("verdict", row["verdict"]),
        ("reason", row["reason"]),
        ("conflict", row["conflict"]),
        ("no pair with", " ".join(looks)),
        ("source", f"{row['source']} ({row['closeness']})"),
        ("note", row["note"]),
    ]


def _check(given: argparse.Namespace) -> int:
    from toolkit.findings import check_claims, judge, load_register

    try:
        register = load_register(register_folder(given.register))
    except InvalidInput as fault:
        print(fault)
        return FAILED
    found = judge(register)
    print(f"{len(register.claims)} claims of {len(register.studies)} studies: no problems")
    for verdict, count in found["verdict"].value_counts().items():
        print(f"{count:>5}  {verdict}")
    for row in check_claims(register).to_dict("records"):
        given_that = f" (provided that {row['provided']})" if row["provided"] else ""
        print(f"check {row['check']}: {row['says']}{given_that}: {row['verdict']}")
    wrong = found[found["verdict_code"] == "contradicted"]
    for row in wrong.to_dict("records"):
        print(f"{row['finding_id']}: {row['reason']}")
    return FAILED if len(wrong) else 0


def _add(given: argparse.Namespace) -> int:
    from toolkit.findings import add_claim
    from toolkit.shipped import is_installed

    claim = {name: getattr(given, f"field_{name}") for name in _FIELDS}
    folder = register_folder(given.register)
    if not given.register and is_installed():
        what = "the shipped register belongs to the installation and is not written to"
        hint = f"copy the folder {folder} and name the copy with --register"
        raise InvalidInput("findings add", [Problem("unwritable", "--register", what, hint)])
    add_claim(folder, {name: value for name, value in claim.items() if value is not None})
    print(f"{claim['finding_id']} is in {folder}")
    return 0
