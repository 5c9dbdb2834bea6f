"""What a run is asked for is judged at once, before anything is made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.reporting import run_reports
from toolkit.reporting.batch import plan_reports
from toolkit.reporting.options import Checks, RunOptions


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"out": ""}, problem("empty", "output")),
        ({"out": " "}, problem("empty", "output")),
        ({"out": "caf\udce9"}, problem("invalid-character", "output caf?")),
        ({"out": "s3://x"}, problem("unsupported", "output s3://x")),
        ({"workers": 0}, problem("out-of-range", "workers")),
        ({"workers": True}, problem("out-of-range", "workers")),
        ({"workers": 1.5}, problem("out-of-range", "workers")),
        ({"seconds": 0}, problem("out-of-range", "seconds")),
        ({"seconds": float("inf")}, problem("out-of-range", "seconds")),
        ({"memory": 2}, problem("out-of-range", "memory")),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(asked, refusal):
    with pytest.raises(InvalidInput, check=refusal):
        RunOptions(**{"out": "reports", **asked}).check(stores=False)


def test_what_can_be_meant_is_taken():
    RunOptions(out="s3://bucket/reports", workers=3, seconds=0.5, memory=1 << 30).check()


def test_one_refusal_is_raised_as_it_was_and_several_together():
    checks = Checks()
    assert checks(RunOptions(out="").check) is None
    with pytest.raises(InvalidInput, match=r"^options: 1 problem"):
        checks.raise_problems()
    checks(RunOptions(out="", workers=0).check)
    with pytest.raises(InvalidInput) as caught:
        checks.raise_problems()
    assert [problem.where for problem in caught.value.problems] == ["output", "workers"]


def test_everything_a_run_is_asked_wrongly_is_told_at_once_and_nothing_is_written(sample_study, tmp_path):
    with pytest.raises(InvalidInput) as caught:
        run_reports(
            sample_study,
            organisations=["org-7", "nobody"],
            out=tmp_path / "out",
            notebook="nothing.ipynb",
            formats=["pfd", "html"],
            workers=0,
        )
    told = [problem.where for problem in caught.value.problems]
    assert told == ["workers", "format pfd", "nothing.ipynb", "organisation org-7", "organisation nobody"]
    assert list(tmp_path.iterdir()) == []


def test_formats_are_named_in_one_text_or_in_several(sample_study, tmp_path):
    for formats in ("html, pdf", ["html", "pdf"]):
        planned = plan_reports(sample_study, organisations=["org-12"], out=tmp_path, formats=formats)
        assert planned["status"].tolist() == ["to make"]


@pytest.mark.parametrize(("form", "name"), [("docx", "brand.docx"), ("pptx", "brand.pptx")])
def test_a_template_that_is_no_office_file_is_refused_before_the_first_report(
    sample_study, tmp_path, form, name
):
    study = _with_brand(sample_study, tmp_path, f"template_{form}: {name}")
    (study.parent / name).write_text("no such thing")
    with pytest.raises(InvalidInput, check=problem("damaged-file", name)):
        run_reports(study, organisations=["org-12"], out=tmp_path / "out", formats=form)
    assert not (tmp_path / "out").exists()
    planned = plan_reports(study, organisations=["org-12"], out=tmp_path / "out", formats="html")
    assert planned["status"].tolist() == ["to make"]


def _with_brand(sample_study: Path, tmp_path: Path, line: str) -> Path:
    """The sample study with one more line in its brand."""
    root = sample_study.parents[2]
    folder = tmp_path / "data_samples" / "ai_at_work"
    shutil.copytree(sample_study.parent, folder)
    for name in ("instruments", "data_samples/published"):
        (tmp_path / name).symlink_to(root / name)
    study = folder / "study.yaml"
    study.write_text(study.read_text().replace("brand:\n", f"brand:\n  {line}\n"))
    return study
