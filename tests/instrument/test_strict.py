"""What pydantic refuses is said in plain words, with line, path and hint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from toolkit.errors import InvalidInput
from toolkit.instrument.yaml_loader import Code, Id, Truth, checked, read_document


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Code
    exact: Truth = False


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Id
    share: Annotated[float, Field(ge=0, le=1)] = 0.5
    parts: tuple[Part, ...] = Field(min_length=1)
    named: dict[str, Part] = Field(default_factory=dict)


def refused(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        checked(Whole, read_document(path))
    return [str(problem) for problem in caught.value.problems]


def test_a_sound_document_becomes_its_model(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("id: a\nshare: 0.25\nparts: [{code: 01, exact: true}]\n", encoding="utf-8")
    assert checked(Whole, read_document(path)) == Whole(
        id="a", share=0.25, parts=(Part(code="01", exact=True),)
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: a", "file.yaml, line 1: parts: required key is missing; add it"),
        ("id: a\nparts: []", "line 2: parts: must have at least 1 entries, not 0"),
        ("id: a\nparts: x", "line 2: parts: must be a list, not 'x'"),
        ("id: a\nparts: [x]", "line 2: parts → x: must have keys, not 'x'"),
        ("id: a\nparts:\n- code: x\n  exakt: true", "line 4: parts → x → exakt: unknown key"),
        ("id: a\nparts: [{code: x}]\nnamed: {n: {cod: x, code: y}}", "unknown key; did you mean 'code'"),
        ("id: A\nparts: [{code: x}]", "line 1: id: 'A' is not a valid id"),
        ("id:\nparts: [{code: x}]", "line 1: id: must be text, not nothing"),
        ("id: [a]\nparts: [{code: x}]", "line 1: id: must be text, not a list"),
        (
            "id: a\nshare: 40\nparts: [{code: x}]",
            "share: '40' is not at most 1; write a share, 0.95 and not 95 or 95 %",
        ),
        ("id: a\nshare: 0,4\nparts: [{code: x}]", "share: must be a number, not '0,4'; write a plain number"),
        ("id: a\nshare:\nparts: [{code: x}]", "share: must be a number, not nothing"),
        ("a long line of text, " * 9, "the file: it is not the kind of file expected here"),
        (
            "id: a\nparts: [{code: x, exact: yes}]",
            "'yes' must be true or false; write true or false in lower case",
        ),
        ("id: a\nparts: [{code: toolong}]", "'toolong' is not a valid code: codes are 1–5 letters or digits"),
        (
            "- id: a",
            "the file: it is not the kind of file expected here: it has none of its keys (id, share,",
        ),
    ],
)
def test_a_fault_is_said_in_plain_words(tmp_path: Path, text: str, said: str) -> None:
    (problem,) = refused(tmp_path, text)
    assert said in problem


def test_all_faults_of_a_document_are_said(tmp_path: Path) -> None:
    assert len(refused(tmp_path, "idd: a\nshare: x\nparts: [{}, {code: a b}]")) == 5


@pytest.mark.parametrize("value", ["yes", "no", "on", "off", "1", "0", "True", "FALSE", "", 1, 0, None])
def test_only_true_and_false_are_truths(value: object) -> None:
    with pytest.raises(ValidationError):
        Part(code="x", exact=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [True, 1.0, None, -1, "abcdef", "", "a b"])
def test_a_code_is_text_or_a_whole_number(value: object) -> None:
    with pytest.raises(ValidationError):
        Part(code=value)  # type: ignore[arg-type]
    assert Part(code=7).code == "7"  # type: ignore[arg-type]
