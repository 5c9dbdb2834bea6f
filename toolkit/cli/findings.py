"""The commands findings and reproduce: a register of published claims, and a report on one study."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import Any

from toolkit.cli.common import (
    FAILED,
    Commands,
    add_command,
    add_group,
    add_register,
    failed,
    records,
    register_folder,
)
from toolkit.cli.synthesise import add_synthesise
from toolkit.errors import InvalidInput, Problem

_FIELDS = {
    "finding_id": "unique id, e.g. ACME25-01",
    "study": "id of a study in studies.yaml",
    "item": "question or statement",
    "audience": "group that answered",
    "base": 'base of the percentage, e.g. "all employees surveyed"',
    "statistic": "share, mean, relative_risk (how much likelier a group is) or ratio (of anything else)",
    "value": "percentage for a share, times as much for a relative_risk or ratio",
    "published_as": 'as printed, if not a percentage: "1 in 3"',
    "low": "smallest value that would be printed so, if words were printed",
    "high": "largest value that would be printed so",
    "n": "number of respondents",
    "n_status": "known (printed with the figure), assumed (size of the audience) or unknown",
    "n_most": "upper limit of n, if n was not published",
    "source": "where it was published",
    "closeness": "primary (the publisher's own text) or second-hand",
    "note": "remark for readers",
}


_VERDICTS = ("reproduced", "consistent", "untested", "contradicted")


def add(commands: Commands) -> None:
    """Add findings and reproduce to the parser."""
    example = "survey-toolkit findings "
    actions = add_group(
        commands,
        "findings",
        "list, show, check and add published claims",
        f"{example}list --study upwork-2024",
    )
    listed = add_command(
        actions,
        "list",
        _list,
        "list claims with their verdicts",
        f"{example}list --study upwork-2024 --verdict contradicted",
        quiet=False,
        as_json=True,
    )
    listed.add_argument("--study", metavar="ID", help="only claims of this study")
    listed.add_argument(
        "--verdict", dest="verdict_code", choices=_VERDICTS, help="only claims with this verdict"
    )
    shown = add_command(
        actions,
        "show",
        _show,
        "show one claim: verdict, interval, base, source, conflict",
        f"{example}show UBB24-01",
        quiet=False,
        as_json=True,
    )
    shown.add_argument("finding", metavar="FINDING", help="id of the claim")
    check = add_command(
        actions,
        "check",
        _check,
        "validate the register and compare its figures",
        f"{example}check",
        as_json=True,
    )
    added = add_command(
        actions,
        "add",
        _add,
        "append a claim; incomplete or impossible ones are refused",
        f"{example}add --finding-id ACME25-01 --study acme-2025 --item 'uses AI' --audience employee \\\n"
        "    --base 'all employees surveyed' --value 62 --n 400 --n-status known --source 'report, p. 3' \\\n"
        "    --closeness primary --register my_register",
    )
    for name, words in _FIELDS.items():
        default = "share" if name == "statistic" else None
        flag = f"--{name.replace('_', '-')}"
        added.add_argument(flag, dest=f"field_{name}", default=default, help=words)
    add_synthesise(actions)
    reproduce = add_command(
        commands,
        "reproduce",
        _reproduce,
        "build a report on a published study from its published figures",
        "survey-toolkit reproduce upwork-2024 --formats html,pdf",
    )
    reproduce.add_argument("study", metavar="STUDY", help="id of a study in the register")
    reproduce.add_argument(
        "--out", default="reports/reproduced", metavar="FOLDER", help="default: reports/reproduced"
    )
    reproduce.add_argument(
        "--formats", default="html,pdf", metavar="LIST", help="comma-separated formats (default: html,pdf)"
    )
    for command in (listed, shown, check, added, reproduce):
        add_register(command)


def _list(given: argparse.Namespace) -> int:
    from toolkit.claims import judge, load_register

    register = load_register(register_folder(given.register))
    found = judge(register.of(given.study) if given.study else register)
    if given.verdict_code:
        found = found[found["verdict_code"] == given.verdict_code]
    given.result["claims"] = records(found)
    for row in found.to_dict("records"):
        claim = f"{row['finding_id']:<9} {row['published_as']:>17}  {row['verdict_code']:<16} {row['item']}"
        print(f"{claim} ({row['audience']})")
    print(f"{len(found)} claim(s)")
    return 0


def _show(given: argparse.Namespace) -> int:
    from toolkit.claims import judge, load_register

    register = load_register(register_folder(given.register))
    claim = register.claim(given.finding)
    found = judge(register.of(claim["study"])).set_index("finding_id").loc[given.finding]
    given.result["claim"] = {"finding_id": given.finding, **records(found.to_frame().T)[0]}
    for name, words in _facts(given.finding, found, register):
        if words:
            indent = " " * 14
            print(textwrap.fill(words, 100, initial_indent=f"{name + ':':<14}", subsequent_indent=indent))
    return 0


def _facts(finding: str, row: Any, register: Any) -> list[tuple[str, str]]:
    from toolkit.claims.reproduction import base_words, interval_words

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
    from toolkit.claims import check_claims, judge, load_register

    folder = register_folder(given.register)
    try:
        register = load_register(folder)
    except InvalidInput as fault:
        if not Path(folder).is_dir():
            raise  # there is nothing to check
        return failed(given, fault)
    found, compared = judge(register), check_claims(register)
    given.result |= {"claims": records(found), "checks": records(compared)}
    print(f"{len(register.claims)} claims of {len(register.studies)} studies: no problems found")
    for verdict, count in found["verdict"].value_counts().items():
        print(f"{count:>5}  {verdict}")
    for row in compared.to_dict("records"):
        given_that = f" (provided that {row['provided']})" if row["provided"] else ""
        print(f"check {row['check']}: {row['says']}{given_that}: {row['verdict']}")
    wrong = found[found["verdict_code"] == "contradicted"]
    for row in wrong.to_dict("records"):
        print(f"{row['finding_id']}: {row['reason']}")
    return FAILED if len(wrong) else 0


def _add(given: argparse.Namespace) -> int:
    from toolkit.claims import add_claim
    from toolkit.shipped import is_installed

    claim = {name: getattr(given, f"field_{name}") for name in _FIELDS}
    folder = register_folder(given.register)
    if not given.register and is_installed():
        what = "the shipped register belongs to the installation and is not written to"
        hint = f"copy the folder {folder} and name the copy with --register"
        raise InvalidInput("findings add", [Problem("unwritable", "--register", what, hint)])
    add_claim(folder, {name: value for name, value in claim.items() if value is not None})
    print(f"Added {claim['finding_id']} to {folder}")
    return 0


def _reproduce(given: argparse.Namespace) -> int:
    from toolkit.claims import load_register
    from toolkit.claims.reproduction import reproduction
    from toolkit.reporting.documents import write_documents
    from toolkit.reporting.formats import check_formats

    formats = check_formats(given.formats)
    document = reproduction(load_register(register_folder(given.register)), given.study)
    out = Path(given.out) / given.study
    try:
        written = write_documents(document, out, formats, keep=False)
    except OSError as fault:
        what, hint = f"cannot be written: {fault.strerror or fault}", "name another folder with --out"
        raise InvalidInput("reproduce", [Problem("unwritable", str(out), what, hint)]) from fault
    for path in written:
        print(path)
    return 0
