"""YAML is read as it is written, and what cannot be read is refused with its place."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import read_yaml
from toolkit.instrument.yaml_loader import read_document

WRITTEN = [
    *(
        "yes",
        "no",
        "on",
        "off",
        "Yes",
        "NO",
        "true",
        "False",
        "010",
        "0o17",
        "0x1F",
        "1:30",
        "12:30:45",
        "1_000",
    ),
    *("1e3", ".inf", ".nan", "2026-01-02", "2026.10", "-1", "+1", "Null", "NULL", "=", "1.0"),
]


def read(tmp_path: Path, text: str | bytes) -> Any:
    path = tmp_path / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_yaml(path)


def refused(tmp_path: Path, text: str | bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, text)
    return str(caught.value)


@pytest.mark.parametrize("scalar", WRITTEN)
def test_a_scalar_stays_as_written(tmp_path: Path, scalar: str) -> None:
    found = read(tmp_path, f"key: {scalar}\nlist: [{scalar}]\n{scalar}: key\n")
    assert found == {"key": scalar, "list": [scalar], scalar: "key"}


@pytest.mark.parametrize("empty", ["", "~", "null"])
def test_a_plain_empty_value_is_none_and_a_quoted_one_is_text(tmp_path: Path, empty: str) -> None:
    assert read(tmp_path, f"plain: {empty}\nquoted: '{empty}'\n") == {"plain": None, "quoted": empty}


text_values = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), max_size=20)
trees = st.recursive(
    text_values,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text_values, inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(text_values, trees, min_size=1, max_size=4))
def test_quoted_text_of_any_shape_comes_back_unchanged(tmp_path: Path, tree: dict[str, Any]) -> None:
    # JSON written with its own escapes is YAML, and every one of its scalars is quoted
    assert read(tmp_path, json.dumps(tree)) == tree


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(text_values, trees, min_size=1, max_size=4),
    st.sampled_from([None, "'", '"', "|", ">"]),
    st.booleans(),
    st.integers(2, 9),
    st.integers(20, 200),
)
def test_every_way_of_writing_is_read_as_by_pyyaml(
    tmp_path: Path, tree: dict[str, Any], style: str | None, flow: bool, indent: int, width: int
) -> None:
    # duplicate keys, aliases and tags apart, our events and PyYAML's nodes give the same text
    text = yaml.dump(
        tree, default_style=style, default_flow_style=flow, indent=indent, width=width, allow_unicode=True
    )
    assume("<<" not in tree)

    def plain(node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {key.value: plain(value) for key, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [plain(value) for value in node.value]
        return None if not node.style and node.value in ("", "~", "null") else node.value

    assume("!" not in text)  # tags are refused
    assert read(tmp_path, text) == plain(yaml.compose(text, Loader=yaml.BaseLoader))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else_happens(tmp_path: Path, raw: bytes) -> None:
    with contextlib.suppress(InvalidInput):
        read(tmp_path, raw)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfkey: value\n") == {"key": "value"}


def test_a_key_given_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    said = refused(tmp_path, "a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert "line 2, column 11: this key is given twice, first on line 2" in said
    assert "line 3, column 1: this key is given twice, first on line 1" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\nb: *x\n", "alias"),
        ("a: &x {c: 1}\nb:\n  <<: *x\n", "merge keys"),
        ("a: !!python/object:os.system x\n", "tag"),
        ("a: !!int 5\n", "tag"),
        ('a: "\\ud800"\n', "half a character"),
        ("a: &a [*a]\n", "alias"),
        ("? [a, b]\n: c\n", "a key must be"),
        ("a: [1, 2\nb: 3\n", "not valid YAML"),
        ("a: b: c\n", "line 1, column 5"),
        ("a:\n\t- b\n", "line 2, column 1: the line is indented with a tab"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("a: \x07\n", "not valid YAML"),
        ("[" * 5000, "nested deeper than 50 levels"),
        (b"a: caf\xe9\n", "line 1: the byte 0xe9 is not UTF-8"),
        (b"\xff\xfea\x00:\x00", "UTF-16"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_a_file_that_is_not_there_is_refused_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("a: 1")
    with pytest.raises(InvalidInput, check=problem("file-not-found", "the file")):
        read_yaml(tmp_path / "stduy.yaml")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, check=problem("wrong-path", "the file")):
        read_yaml(tmp_path)


def test_a_document_knows_lines_and_names(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("items:\n  - id: a\n  - id: burnout\n    scale: x\n")
    document = read_document(path)
    assert document.where(("items", 1, "scale")) == "file.yaml, line 4: items → burnout → scale"
    assert document.where(("items", 1, "theme")) == "file.yaml, line 3: items → burnout → theme"
    assert document.places["items", "burnout", "scale"] == ("items", 1, "scale")
