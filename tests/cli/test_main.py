"""The command line as a whole: help, exit codes, JSON, quiet output, colours and completion."""

from __future__ import annotations

import argparse
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents import PAGES, ROOT
from tests.documents import commands as commands_of
from toolkit.cli import _parser, main
from toolkit.cli.common import BAD_INPUT, EXIT_CODES, FAILED
from toolkit.study.starting import start_study

PAGE = (ROOT / "docs" / "command_line.md").read_text("utf-8")


def commands(parser: argparse.ArgumentParser | None = None) -> Iterator[argparse.ArgumentParser]:
    for action in (parser or _parser())._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield one
                yield from commands(one)


COMMANDS = list(commands())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.prog)
def test_every_help_page_ends_with_an_example_of_the_command(command: argparse.ArgumentParser) -> None:
    _, _, examples = command.format_help().rpartition("example")
    assert command.prog in examples


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.prog)
def test_every_example_of_a_help_page_is_understood(command: argparse.ArgumentParser) -> None:
    _, _, examples = str(command.epilog).partition("\n")
    for line in examples.replace("\\\n", " ").splitlines():
        call = re.split(r"&&|[>#)]", line.partition("survey-toolkit ")[2])[0]
        words = [word.strip("'\"") for word in re.findall(r"'[^']*'|\S+", call)]
        given = _parser().parse_args(words)
        assert given.command


CALLS = [
    (page.relative_to(ROOT).as_posix(), call)
    for page in PAGES
    if page.name != "CHANGELOG.md"
    for call in commands_of(page)
]


@pytest.mark.parametrize(("page", "call"), CALLS)
def test_every_command_of_the_documents_is_understood(page: str, call: str) -> None:
    assert _parser().parse_args(shlex.split(call, comments=True)).command


def test_the_page_of_the_command_line_names_existing_commands_and_every_exit_code() -> None:
    named = set(re.findall(r"`survey-toolkit ([a-z ]+)`", PAGE))
    assert len(named) > 20
    assert named <= {one.prog.removeprefix("survey-toolkit ") for one in COMMANDS}
    codes = re.findall(r"^  (\d+)", EXIT_CODES, re.MULTILINE)
    assert set(re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)) == set(codes)
    assert EXIT_CODES in _parser().format_help()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["reprot"], "'report'"),
        (["findings", "lst"], "'list'"),
        (["report", "--organistion", "org-01"], "'--organisation'"),
        (["findings", "list", "--verdct=untested"], "'--verdict'"),
        (["completion", "fsh"], "'fish'"),
    ],
)
def test_a_mistyped_command_or_option_is_refused_with_the_nearest(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == BAD_INPUT
    assert hint in capsys.readouterr().err.splitlines()[-1]


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict:
    assert main([*arguments, "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    assert list(found)[:5] == ["format", "version", "exit_code", "error", "problems"]
    assert found["exit_code"] == code
    assert found["format"] in PAGE
    assert {f"`{name}`" for name in list(found)[5:]} <= set(re.findall(r"`[a-z_]+`", PAGE))
    return found


def test_check_as_json_holds_what_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(capsys, "check", "ai_at_work", "--answers-only")
    assert found["study"]["id"] == "ai_at_work"
    assert found["study"]["synthetic"] is True
    assert [one["wave"] for one in found["waves"]] == ["2025", "2026"]
    assert {"wave", "outcome", "reason", "rows"} <= set(found["disposition"][0])
    assert found["problems"] == []


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    text = (ROOT / "data_samples" / "ai_at_work" / "study.yaml").read_text("utf-8")
    path = tmp_path / "study.yaml"
    path.write_text(text.replace("organisations: organisations.csv", "organisations: gone.csv"), "utf-8")
    return path


def test_problems_are_listed_by_code_and_place_and_end_check_with_1(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = as_json(capsys, "check", str(broken), code=FAILED)
    assert {"code", "where", "what", "hint"} == set(found["problems"][0])
    assert "file-not-found" in {one["code"] for one in found["problems"]}
    assert main(["check", str(broken)]) == FAILED
    assert main(["report", str(broken)]) == BAD_INPUT
    assert main(["check", str(broken.with_name("other.yaml"))]) == BAD_INPUT


def test_report_as_json_lists_the_reports_and_their_folders(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ("report", "ai_at_work", "-o", "org-10", "--out", str(tmp_path), "--quiet")
    found = as_json(capsys, *arguments)
    (made,) = found["reports"]
    assert (made["organisation"], made["status"]) == ("org-10", "withheld")
    assert (Path(made["folder"]) / "manifest.json").is_file()
    assert Path(found["index"]).is_file()
    unknown = as_json(capsys, "report", "ai_at_work", "-o", "org-7", code=BAD_INPUT)
    assert [one["code"] for one in unknown["problems"]] == ["unknown-organisation"]


def test_findings_as_json_hold_every_claim_with_its_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    listed = as_json(capsys, "findings", "list", "--study", "upwork-2024")["claims"]
    shown = as_json(capsys, "findings", "show", listed[0]["finding_id"])["claim"]
    assert shown == listed[0]
    checked = as_json(capsys, "findings", "check")
    assert {"check", "says", "verdict"} <= set(checked["checks"][0])
    assert {one["finding_id"] for one in listed} <= {one["finding_id"] for one in checked["claims"]}


def test_quiet_prints_errors_only(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "ai_at_work", "--answers-only", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["check", str(broken), "-q"]) == FAILED
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "gone.csv" in printed.err


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What a command prints to a terminal."""
    ours, theirs = pty.openpty()
    variables = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | environment
    command = [sys.executable, "-m", "toolkit.cli", *arguments]
    subprocess.run(command, stdout=theirs, stderr=theirs, env=variables, cwd=ROOT, check=False)
    os.close(theirs)
    printed = b""
    try:
        while part := os.read(ours, 65536):
            printed += part
    except OSError:  # Linux ends the reading of a closed terminal so
        pass
    os.close(ours)
    return printed.decode()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="opens a terminal of POSIX")
def test_colours_are_printed_on_terminals_only(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("lint", "nothing_of_this_name")
    assert "\x1b[31m" in on_a_terminal(*arguments, TERM="xterm")
    assert "\x1b[" not in on_a_terminal(*arguments, TERM="xterm", NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal(*arguments, TERM="dumb")
    assert main(list(arguments)) == BAD_INPUT
    assert "\x1b[" not in capsys.readouterr().err


def completed(shell: str, *words: str, script: Path) -> list[str]:
    """What a shell offers for the last of some words."""
    if shell == "bash":
        quoted = " ".join(f"'{word}'" for word in words)
        text = (
            f"source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
            f"_shtab_survey_toolkit survey-toolkit '{words[-1]}' '{words[-2]}'; "
            "printf '%s\\n' ${COMPREPLY[@]}"
        )
    elif shell == "fish":
        text = f"source {script}; complete -C '{' '.join(words)}'"
    else:  # completes for a person only: a terminal is typed into, and the last word of the line is printed
        (script.parent / "_survey-toolkit").write_bytes(script.read_bytes())
        setup = script.with_name("setup")
        setup.write_text(
            f"fpath=({script.parent} $fpath); autoload -Uz compinit; compinit -D -u\n"
            'survey-toolkit() print -r -- "=>$argv[-1]<="\n',
            "utf-8",
        )
        text = (
            f"zmodload zsh/zpty; zpty it 'TERM=dumb zsh -f -i'; zpty -w it 'source {setup}'; "
            f"zpty -w it $'{' '.join(words)}\\t'; zpty -r it all '*=>*<=*'; "
            "print -r -- ${${all##*=>}%%<=*}"
        )
    done = subprocess.run([shell, "-c", text], capture_output=True, text=True, check=True, timeout=60)
    return [line.split("\t")[0].strip() for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_options_and_values(
    shell: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["completion", shell]) == 0
    script = tmp_path / "completion"
    script.write_text(capsys.readouterr().out, "utf-8")
    text = script.read_text("utf-8")
    assert all(one.prog.split()[-1] in text for one in COMMANDS)
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not on this machine")
    subprocess.run([shell, "-n", str(script)], check=True)
    assert "report" in completed(shell, "survey-toolkit", "repo", script=script)
    assert "--organisation" in completed(shell, "survey-toolkit", "report", "--org", script=script)
    assert "contradicted" in completed(
        shell, "survey-toolkit", "findings", "list", "--verdict", "contr", script=script
    )


def test_check_notes_that_waves_have_no_people_in_common(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start_study(tmp_path / "mine", waves=["2025", "2026"])
    note = "changes between waves are hidden"
    for person, noted in (("person: new\n", False), ("", True)):
        path = tmp_path / "mine" / "study.yaml"
        path.write_text(path.read_text("utf-8").replace("person: new\n", person), "utf-8")
        found = as_json(capsys, "check", str(path), "--answers-only")
        assert any(note in one for one in found["notes"]) == noted
