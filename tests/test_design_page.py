"""A stranger who follows docs/design_in_fifteen_minutes.md to the letter gets where it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from toolkit.cli import main

PAGE = Path(__file__).resolve().parents[1] / "docs" / "design_in_fifteen_minutes.md"


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def _commands() -> list[list[str]]:
    lines = re.findall(r"^    survey-toolkit (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    return [shlex.split(line) for line in lines]


def test_the_page_leads_from_an_empty_folder_to_the_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (written,) = _blocks("yaml")
    path = Path("meetings.yaml")
    path.write_text(written, "utf-8")
    first, strict, *rest = _commands()

    assert main(first) == 0
    told = capsys.readouterr().out
    assert told.count("warning:") == 3  # one wording an audience, and the routing
    assert "'and' may join two questions" in told
    assert "'toomany >= 4' is true of “Don't know”" in told
    assert main(strict) == 1

    mended = written.replace(" and calls", "").replace("toomany >= 4  ", "toomany in (4, 5)")
    path.write_text(mended, "utf-8")
    capsys.readouterr()
    assert main(strict) == 0
    *notes, said = capsys.readouterr().out.strip().splitlines()
    assert all(": note: " in note for note in notes)
    assert said == "meetings.yaml: no problems found; about manager 1 minute, staff 1 minute"
    assert f"    {said}\n" in PAGE.read_text("utf-8")

    for command in rest:
        assert main(command) == 0, command
    assert Path("preview/meetings.html").is_file()
    assert Path("field/meetings.txt").is_file()
    assert len(pd.read_csv("coded.csv")) == 150

    (example,) = _blocks("py")
    names: dict[str, object] = {}
    *lines, last = example.strip().splitlines()
    exec(compile("\n".join([*lines, f"result = {last}"]), str(PAGE), "exec"), names)
    result = names["result"]
    assert isinstance(result, pd.DataFrame)
    assert result.set_index("item").loc["toomany", "gap"] < 0  # managers less staff


def test_every_command_of_the_page_is_tried() -> None:
    assert [command[0] for command in _commands()] == [
        "lint",
        "lint",
        "export",
        "simulate",
        "read",
        "export",
    ]
