"""Settings that are damaged, hostile or of another kind: refused in a sentence that quotes no secret."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.platforms.makers import choice, made, multi
from toolkit.cli import main
from toolkit.errors import InvalidInput, Problem, printable
from toolkit.findings import load_findings
from toolkit.instrument import load_instrument
from toolkit.platforms.manifest import read_manifest
from toolkit.reporting.notebook import read_notebook
from toolkit.simulation.run import simulate_study
from toolkit.study import AAPOR_ITEMS, COMPUTED_AAPOR_ITEMS, load_study

WRITTEN = [name for name in AAPOR_ITEMS if name not in COMPUTED_AAPOR_ITEMS]
STUDY: dict[str, Any] = {
    "id": "one",
    "title": "One",
    "synthetic": "true",
    "language": "en",
    "instrument": "others.yaml",
    "waves": ["w"],
    "organisations": "organisations.csv",
    "policy": {"threshold": "5", "sensitive_threshold": "7", "sensitive_items": ["q"], "unanimity": "true"},
    "margin": "0.1",
    "level": "0.95",
    "primary": [],
    "benchmarks": None,
    "brand": {"name": "One", "colour": "#112233", "logo": None, "template_docx": None},
    "methods": {"common": dict.fromkeys(WRITTEN, "Said.")},
    "seed": "1",
    "answers": [
        {
            "wave": "w",
            "platform": "table",
            "file": "answers.csv",
            "audience": "everyone",
            "encoding": "utf-8",
            "mapping": {
                "organisation": "organisation",
                "audience": [{"audience": "everyone", "when": [{"column": "q", "one_of": ["a", "b"]}]}],
                "items": {"q": {"column": "q", "values": {"a": "a", "b": "b"}}, "m": {"column": "m"}},
            },
        }
    ],
}
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
SECRET = "hunter2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made(tmp_path, [choice("q", {"a": "A", "b": "B"}), multi("m", {"x": "X", "y": "Y"})])
    (tmp_path / "answers.csv").write_text("organisation,q,m\n" + "one,a,x\n" * 6 + "one,b,y\n" * 6)
    (tmp_path / "organisations.csv").write_text("organisation,name,wave,everyone\none,One,w,20\n")
    return tmp_path


def loaded(folder: Path, written: Any, *, check: bool = True) -> str:
    """What a study file is refused with; "" where it is sound."""
    path = folder / "study.yaml"
    path.write_text(json.dumps(written), "utf-8")
    return refusal(lambda: load_study(path).check() if check else load_study(path))


def refusal(job: Callable[[], object]) -> str:
    said = ""
    try:
        job()
    except InvalidInput as refused:
        said = str(refused)
    assert not CONTROL.search(said), said
    assert len(said) < 50_000
    return said


def places(held: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of a file, down to each value."""
    if at:
        yield at
    inside = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
    for key, value in inside:
        yield from places(value, (*at, key))


def replaced(held: Any, at: tuple[str | int, ...], value: Any) -> Any:
    changed = copy.deepcopy(held)
    here = changed
    for step in at[:-1]:
        here = here[step]
    here[at[-1]] = value
    return changed


def deep(levels: int) -> Any:
    held: Any = "x"
    for _ in range(levels):
        held = [held]
    return held


VALUES: tuple[Any, ...] = (
    None, "", " ", "x", [], ["x"], [["x"]], {}, {"x": "y"}, {"x": ["y"]}, [{"x": "y"}], deep(30), deep(300),
    "a" * 5_000, "a\x00b", "\x1b[2J\x07", "\u202eabc", "9" * 5_000, "-1", "nan", "1e999", "٣", "..", "/",
    "/dev/zero", ".", "pipe", "\ud83d",
)  # fmt: skip


def test_the_study_that_is_spoilt_below_is_sound(folder: Path) -> None:
    assert loaded(folder, STUDY) == ""


PLACES = [at for at in places(STUDY) if len(at) < 3 or at[2] in (WRITTEN[0], 0) or at[0] == "answers"]


@pytest.mark.slow
@pytest.mark.parametrize("at", PLACES, ids=lambda at: "-".join(map(str, at)))
def test_any_value_anywhere_in_a_study_file_is_taken_or_refused(
    at: tuple[str | int, ...], folder: Path
) -> None:
    with contextlib.suppress(AttributeError):
        os.mkfifo(folder / "pipe")
    for value in VALUES[PLACES.index(at) % 3 :: 3]:  # every value at every third place
        loaded(folder, replaced(STUDY, at, value), check=at[0] in ("answers", "organisations"))


def test_a_value_of_another_kind_at_any_place_of_a_study_file_is_taken_or_refused(folder: Path) -> None:
    for place, at in enumerate(PLACES):
        loaded(folder, replaced(STUDY, at, VALUES[place % len(VALUES)]), check=False)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(30))
@given(data=st.data())
def test_any_value_anywhere_in_an_instrument_is_taken_or_refused(data: st.DataObject, folder: Path) -> None:
    held = json.loads((folder / "others.yaml").read_text("utf-8"))
    at = data.draw(st.sampled_from(list(places(held))))
    path = folder / "spoilt.yaml"
    path.write_text(json.dumps(replaced(held, at, data.draw(st.sampled_from(VALUES)))), "utf-8")
    refusal(lambda: load_instrument(path))


READERS: dict[str, Callable[[Path], object]] = {
    "study": load_study,
    "instrument": load_instrument,
    "manifest": read_manifest,
    "findings": load_findings,
    "notebook": read_notebook,
    "simulation": lambda path: simulate_study(path, path.parent / "out"),
}
BYTES: dict[str, bytes] = {
    "brackets": b"[" * 100_000,
    "braces": b'{"a":' * 100_000,
    "dashes": b"- " * 100_000,
    "questions": b"? " * 100_000,
    "brackets within the limit of Python": b"[" * 200 + b"]" * 200,
    "a character beyond Unicode": b'a: "\\UFFFFFFFF"\n',
    "a version of thousands of digits": b"%YAML 1." + b"9" * 5_000 + b"\n---\na: b\n",
    "aliases of aliases": b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
    "half a character": b'a: "\\ud83d"\n',
    "zero bytes": b"\x00" * 100,
    "zero bytes in text": b"id: a\x00b\n",
    "too large": b"# " + b"x" * 5_000_000,
    "a huge cell": b'finding_id,study\n"' + b"x" * 2_000_000,
    "control characters": b'{"id": "\\u001b[2J", "items": "\\u009b1m"}',
    "nothing": b"",
    "UTF-16": "id: one\n".encode("utf-16"),
    "not UTF-8": b"id: caf\xe9\n",
}


@pytest.mark.parametrize("kind", BYTES)
@pytest.mark.parametrize("reader", READERS)
def test_bytes_of_any_kind_are_refused(reader: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(BYTES[kind])
    assert refusal(lambda: READERS[reader](path))


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices as POSIX has them")
@pytest.mark.parametrize("reader", READERS)
def test_pipes_devices_and_names_that_no_file_has_are_refused(reader: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (
        tmp_path / "pipe",
        Path("/dev/zero"),
        tmp_path,
        tmp_path / ("a" * 5_000),
        tmp_path / "a\x00b",
    ):
        assert refusal(lambda path=path: READERS[reader](path)), path  # type: ignore[misc]


SECRETS = {
    "passwords": f"root:x:0:0:{SECRET}:/root:/bin/sh\nuser:{SECRET}:1:1::/:/bin/sh\n",
    "settings": f"password: {SECRET}\n{SECRET}: key\n",
    "settings with a key twice": f"{SECRET}: a\n{SECRET}: b\n",
    "settings with an alias": f"a: *{SECRET}\n",
    "settings with a tag": f"a: !{SECRET} b\n",
    "a table": f"{SECRET};user\n{SECRET};one\n",
    "JSON": json.dumps({SECRET: SECRET, "list": [{SECRET: SECRET}]}),
    "XML": f"<a><{SECRET}>{SECRET}</{SECRET}></a>",
    "a key": f"-----BEGIN KEY-----\n{SECRET}\n-----END KEY-----\n",
}
NAMED: tuple[tuple[str | int, ...], ...] = (
    ("instrument",), ("organisations",), ("benchmarks",), ("brand", "logo"), ("answers", 0, "file"),
)  # fmt: skip


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("at", NAMED, ids=lambda at: "-".join(map(str, at)))
def test_what_another_kind_of_file_holds_is_not_quoted(
    at: tuple[str | int, ...], kind: str, folder: Path
) -> None:
    (folder / "secret").write_text(SECRETS[kind])
    said = loaded(folder, replaced(STUDY, at, "secret"))
    assert said
    assert SECRET not in said


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("platform", ["limesurvey", "qualtrics", "odk", "redcap", "surveyjs", "preview"])
def test_no_reader_of_answers_quotes_another_kind_of_file(platform: str, kind: str, folder: Path) -> None:
    (folder / "secret").write_text(SECRETS[kind])
    entry = {"wave": "w", "platform": platform, "file": "secret", "audience": "everyone", "organisation": "o"}
    said = loaded(folder, STUDY | {"answers": [entry]})
    assert said
    assert SECRET not in said


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("reader", READERS)
def test_no_reader_of_settings_quotes_another_kind_of_file(reader: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRETS[kind])
    said = refusal(lambda: READERS[reader](tmp_path / "secret"))
    assert said
    assert SECRET not in said


def test_a_terminal_gets_control_characters_as_escapes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "answers.csv").write_text("organisation,q,m\none,a,x\none,\x1b[2J\x9b1m\u202etwo,x\n", "utf-8")
    path = folder / "study.yaml"
    path.write_text(json.dumps(STUDY), "utf-8")
    main(["check", str(path)])
    main(["check", str(folder / "no\x1b[2Jthing.yaml")])
    printed = capsys.readouterr()
    assert "\\x1b[2J\\x9b1m\\u202etwo" in printed.out + printed.err
    assert "\\x1b[2Jthing" in printed.err
    assert not CONTROL.search(printed.out + printed.err)


def test_a_problem_is_one_line_however_its_parts_were_written() -> None:
    assert "\n" not in str(Problem("out-of-range", "row\n1", "is\x1b[1m wrong\r", "correct it"))
    assert len(str(Problem("out-of-range", "a" * 9_000, "is wrong", "correct it"))) < 300
    many = InvalidInput(
        "file", [Problem("out-of-range", f"row {row}", "is wrong", "correct it") for row in range(50_000)]
    )
    assert len(many.problems) == 50_000
    assert "… and 49,900 more" in str(many)
    assert printable("é\t\n", keep="\t\n") == "é\t\n"
