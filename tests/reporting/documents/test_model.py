"""A document gathered once: saved, read back, written again without running anything."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.refusals import problem
from toolkit.errors import InvalidInput, ToolkitError
from toolkit.presentation.blocks import (
    BLOCK_MIME,
    Block,
    Bullets,
    Heading,
    Paragraph,
    Picture,
    Prose,
    Several,
    Terms,
    packed,
    table_of,
)
from toolkit.presentation.charts import Point, Series, chart_of
from toolkit.reporting.documents import (
    DOCUMENT,
    FORMATS,
    Cover,
    Foreign,
    check_formats,
    document_of,
    load_document,
    without_blocks,
    write_documents,
)
from toolkit.reporting.sections import nothing, passage

NASTY = '<script>alert("x")</script> & "quotes"'
DOTS = chart_of(
    "dots",
    [
        ("burnout", "Burnout", "", {"a": Point(0.574, 0.451, 0.684)}),
        ("leave", "Leave", "", {"a": Point(0.9, bound=">=")}),
    ],
    [Series("a", "#0072B2")],
)
BARS = chart_of(
    "stack",
    [("burnout", "Burnout", "a", {"No": Point(0.4)})],
    [Series("No", "#B35806", side="lower"), Series("Yes", "#542788", side="higher")],
)
BLOCKS = [
    Heading(NASTY),
    Prose(NASTY, (Paragraph(NASTY), Bullets((NASTY, "b"), True), Terms(((NASTY, NASTY),))), "summary"),
    table_of([{"A": NASTY, "n": "1\n2"}], ["A", "n"], title=NASTY, kind="k", notes=[NASTY], numeric=["n"]),
    Picture(NASTY, NASTY, NASTY, "<svg/>", (Picture("b", "c", "", "<svg/>", charts=(BARS,)),), (DOTS,)),
]


@pytest.mark.parametrize("block", [*BLOCKS, Several(tuple(BLOCKS))], ids=lambda one: type(one).__name__)
def test_a_displayable_comes_back_from_plain_data_as_it_was(block: Block) -> None:
    there = json.loads(json.dumps(block.to_dict()))
    back = Block.from_dict(there)
    assert back._repr_html_() == block._repr_html_()
    assert back.to_dict() == block.to_dict()


def test_a_displayable_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ToolkitError, match="unknown kind"):
        Block.from_dict({"kind": "film"})
    with pytest.raises(ToolkitError, match="Block cannot be written"):
        Block().to_dict()


def test_a_chart_holds_what_is_printed_and_nothing_finer() -> None:
    assert DOTS.series[0].values == (0.57, 0.9)
    assert DOTS.series[0].low == (0.45, None)
    assert DOTS.series[0].high == (0.68, None)
    assert [DOTS.words(DOTS.series[0], place).replace("\u00a0", "") for place in (0, 1)] == ["57%", "≥90%"]
    assert [one.name for one in BARS.series] == ["No"]
    assert BARS.label(0) == "Burnout · a"


def test_a_saved_document_gives_the_same_bytes_in_every_format(
    written: dict[str, Path], tmp_path: Path
) -> None:
    kept = written["html"].with_name(DOCUMENT)
    again = write_documents(load_document(kept), tmp_path)
    assert [path.suffix for path in again] == [form.suffix for form in FORMATS.values()]
    for form, path in zip(FORMATS, again, strict=True):
        assert path.read_bytes() == written[form].read_bytes()
    assert (tmp_path / DOCUMENT).read_bytes() == kept.read_bytes()


def test_nothing_is_left_under_a_temporary_name(written: dict[str, Path]) -> None:
    names = {path.name for path in written["html"].parent.iterdir()}
    assert names == {*(f"report{one.suffix}" for one in FORMATS.values()), "report_figures", DOCUMENT}
    figures = {path.suffix for path in (written["html"].parent / "report_figures").iterdir()}
    assert figures == {".svg"}


@pytest.mark.parametrize(
    "content", [b"", b"text", gzip.compress(b"[]", mtime=0), gzip.compress(b'{"form": 99}', mtime=0)]
)
def test_a_file_that_is_no_document_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / DOCUMENT
    with pytest.raises(InvalidInput, check=problem("file-not-found", "document.json.gz")):
        load_document(path)
    path.write_bytes(content)
    with pytest.raises(InvalidInput, check=problem("damaged-file", "document.json.gz")):
        load_document(path)


def test_a_failed_cell_gives_no_document() -> None:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [
        {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": []}
    ]}  # fmt: skip
    with pytest.raises(ToolkitError, match="cell 1 ended in ValueError"):
        document_of({"cells": [cell]}, Cover("S", "O"))


def test_the_delivered_notebook_keeps_no_second_copy_and_loses_nothing_else(notebook: dict[str, Any]) -> None:
    bare = without_blocks(notebook)
    assert BLOCK_MIME in json.dumps(notebook)
    assert BLOCK_MIME not in json.dumps(bare)
    for one, other in zip(notebook["cells"], bare["cells"], strict=True):
        for before, after in zip(one.get("outputs", ()), other.get("outputs", ()), strict=True):
            assert after["data"] == {k: v for k, v in before["data"].items() if k != BLOCK_MIME}


def test_outputs_of_a_researchers_own_are_in_every_format(tmp_path: Path) -> None:
    dot = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    data = [
        {"text/html": "<table><tr><td>41</td></tr></table>", "text/plain": "   a\n0 41"},
        {"image/png": base64.b64encode(dot).decode(), "text/plain": "<Figure>"},
        {"text/markdown": "**bold** words"},
        {"text/plain": "plain 42"},
    ]
    outputs = [{"output_type": "display_data", "metadata": {"alt": "A dot"}, "data": one} for one in data] + [
        {"output_type": "stream", "name": "stdout", "text": "printed 43"}
    ]
    made = document_of(
        {"cells": [{"cell_type": "code", "metadata": {}, "outputs": outputs}]}, Cover("S", "O")
    )
    assert [type(one).__name__ for one in made.opening.parts] == [
        "Foreign", "Foreign", "Passage", "Foreign", "Foreign",
    ]  # fmt: skip
    assert isinstance(made.opening.parts[1], Foreign)
    assert made.opening.parts[1].picture() == dot
    assert len(write_documents(made, tmp_path)) == len(FORMATS)


def test_formats_are_named_once_and_unknown_ones_refused_all_together() -> None:
    assert check_formats("pdf, PDF,.docx") == ("pdf", "docx")
    with pytest.raises(InvalidInput) as caught:
        check_formats(["pfd", "html", "odt"])
    assert len(caught.value.problems) == 2
    assert "did you mean 'pdf'" in str(caught.value)
    with pytest.raises(InvalidInput, check=problem("empty", "formats")):
        check_formats("")


def test_importing_the_writers_starts_no_thread() -> None:
    code = (
        "import os, toolkit.presentation, matplotlib\n"
        "before = len(os.listdir('/proc/self/task'))\n"
        "from toolkit.reporting.documents import pdf, slides, word, workbook\n"
        "print(len(os.listdir('/proc/self/task')) - before)\n"
    )
    if not Path("/proc/self/task").is_dir():
        pytest.skip("threads can be counted on Linux only")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


def test_a_chapter_that_says_that_there_is_nothing_is_left_out_unless_something_is_withheld() -> None:
    def cell(*blocks: Block) -> dict[str, Any]:
        outputs = [{"output_type": "display_data", "data": {BLOCK_MIME: packed(one)}} for one in blocks]
        return {"cell_type": "code", "source": "x", "outputs": outputs}

    def text(words: str) -> dict[str, Any]:
        return {"cell_type": "markdown", "source": words}

    none, kept = nothing("No earlier wave."), passage("Withheld.")
    cells = [
        cell(none), text("## Gone\n\nAbout it."), cell(none), cell(Several((none, Several(())))),
        text("## Kept\n\nAbout it."), cell(none), cell(kept), text("## Words\n\nOf its own."),
    ]  # fmt: skip
    document = document_of({"cells": cells}, Cover("S", "Org"))
    assert [section.title for section in document.sections] == ["Kept", "Words"]
    assert not document.opening.parts
    assert [type(part).__name__ for part in document.sections[0].parts] == ["Passage", "Prose"]
    assert "No earlier wave" in str(none)
