"""A format is one module: registered, it is known to commands, checks, workers and the index alike."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest

from tests.refusals import problem
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.reporting import formats as registry
from toolkit.reporting import run_reports
from toolkit.reporting.formats import FORMATS, Format, check_formats, modules_of, register, unregister
from toolkit.reporting.index import _files
from toolkit.study.file import Brand

BUILT_IN = ["html", "pdf", "docx", "pptx", "xlsx", "markdown"]


@pytest.fixture
def toy() -> Iterator[str]:
    module = importlib.import_module("tests.reporting.toy_format")
    importlib.reload(module)  # registers again where an earlier test has imported it
    yield "toyformat"
    unregister("toyformat")


def test_every_module_of_the_folder_is_a_format_and_they_are_in_order() -> None:
    folder = Path(registry.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(BUILT_IN)
    assert list(FORMATS) == BUILT_IN
    assert [form.suffix for form in FORMATS.values()] == [".html", ".pdf", ".docx", ".pptx", ".xlsx", ".md"]


def test_a_study_file_can_name_a_template_of_every_format_that_takes_one() -> None:
    keys = {name for name in Brand.model_fields if name.startswith("template_")}
    assert keys == {f"template_{form.name}" for form in FORMATS.values() if form.template}
    assert Brand.model_validate({"template_pptx": "a.pptx"}).templates == {"pptx": "a.pptx"}


def test_the_registry_imports_neither_pandas_nor_a_library_it_writes_with() -> None:
    code = (
        "import sys; from toolkit.reporting.formats import FORMATS; "
        "print(len(FORMATS), {'pandas', 'docx', 'pptx', 'xlsxwriter', 'typst', 'jinja2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "6 set()"


def test_a_registered_format_is_reported_with_indexed_and_named_by_the_commands(
    toy: str, sample_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = run_reports(
        sample_study, organisations=["org-07"], out=tmp_path, workers=1, formats=["toyformat", "html"]
    )
    assert list(made["status"]) == ["made"]
    folder = next(tmp_path.glob("*/*/org-07"))
    titles = (folder / "report.toy").read_text().splitlines()
    assert titles[:2] == ["Summary", "Who answered"]
    assert (folder / "report_toys" / "wave.txt").read_text() == f"{folder.parent.name} · draft"
    outputs = json.loads((folder / "manifest.json").read_text())["outputs"]
    assert {"report.toy", "report_toys/wave.txt", "report.html"} <= set(outputs)
    page = lxml.html.fromstring((folder.parent / "index.html").read_bytes())
    links = [link for link in page.xpath("//a/@href") if link.startswith("org-07/")]
    linked = list(dict.fromkeys(links))
    assert linked[:2] == ["org-07/report.html", "org-07/report.toy"]
    assert "org-07/report_toys/wave.txt" not in linked

    (folder / "report.toy").unlink()
    assert main(["convert", str(folder), "--formats", "toy"]) == 0
    assert (folder / "report.toy").read_text().splitlines() == titles
    capsys.readouterr()
    for command in ("report", "check", "convert"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert ",".join([*BUILT_IN, "toyformat"]) in "".join(capsys.readouterr().out.split())


def test_formats_keep_their_order_whenever_they_are_registered(toy: str) -> None:
    assert list(FORMATS) == [*BUILT_IN, toy]
    register(Format("first", FORMATS[toy].write, order=0))
    try:
        assert list(FORMATS) == ["first", *BUILT_IN, toy]
        assert [words for words, _ in _files("o", {"outputs": {"report.toy": "", "report.first": ""}})][
            :2
        ] == ["first", "toy"]
    finally:
        unregister("first")


def test_unknown_formats_are_refused_together_and_endings_name_their_format(toy: str) -> None:
    assert check_formats(".md, TOY") == ("markdown", toy)
    with pytest.raises(InvalidInput) as refused:
        check_formats(["tyo", "odt"])
    assert [problem.where for problem in refused.value.problems] == ["format tyo", "format odt"]


def test_a_format_registered_in_a_script_is_refused_before_any_worker_starts() -> None:
    def write(document: object, name: str) -> dict[str, bytes]:
        return {}

    write.__module__ = "__main__"
    register(Format("scripted", write))
    try:
        with pytest.raises(InvalidInput, check=problem("unsupported", "format scripted")):
            modules_of(["html", "scripted"])
    finally:
        unregister("scripted")
