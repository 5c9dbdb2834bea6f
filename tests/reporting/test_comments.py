"""From the answers to the chapter of comments: reviewed by an analyst, and only the client's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.refusals import problem
from tests.reporting.documents.conftest import COVER, executed
from tests.reporting.test_client_brand import write_study
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.reporting import open_report, run_reports
from toolkit.reporting.documents import document_of
from toolkit.reporting.html import render_document
from toolkit.study import load_study

ITEM = """  - {id: why, type: text, theme: food, text: {all: {en: "Why?"}}, short: {en: "Reasons"},
     source: {origin: own}}
"""
RULES = "comments: {items: [why], consent: asked, review: review.csv, tags: {queue: [line]}}\n"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two clients; of one, two guests alone answered, and commented."""
    path = write_study(tmp_path / "study")
    questions = path.parent / "canteen.yaml"
    text = questions.read_text("utf-8").replace("items: [eats, good]", "items: [eats, good, why]")
    questions.write_text(text + ITEM, "utf-8")
    path.write_text(path.read_text("utf-8") + RULES, "utf-8")
    lines = (path.parent / "a.csv").read_text("utf-8").splitlines()
    made = [f"{lines[0]};why"]
    for place, line in enumerate(lines[1:]):
        if ";acme;guest;" in line and place > 4:
            continue
        made.append(
            f"{line};{'Rare' if ';guest;' in line else 'Long'} line no. {chr(97 + place % 26)}, says Bolt Ltd"
        )
    (path.parent / "a.csv").write_text("\n".join(made) + "\n", "utf-8")
    return path


def approve(path: Path) -> pd.DataFrame:
    review = path.parent / "review.csv"
    table = pd.read_csv(review, dtype=str, keep_default_na=False)
    table.assign(approved="yes").to_csv(review, index=False)
    return table


def run(study: Path, out: Path) -> dict[str, str]:
    """Client → its page, each made by a worker from its part of the study."""
    run_reports(study, out=out, workers=1)
    return {one: next(out.rglob(f"{one}/report.html")).read_text() for one in ("acme", "bolt")}


def here(study: Path, out: Path) -> dict[str, str]:
    """Client → its page, made in this process."""
    return {one: render_document(document_of(executed(one, study), COVER)) for one in ("acme", "bolt")}


@pytest.mark.parametrize("make", [here, pytest.param(run, marks=pytest.mark.slow)])
def test_a_report_quotes_its_own_approved_comments(
    make: Callable[[Path, Path], dict[str, str]],
    study: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["comments", str(study)]) == 0
    assert "0 of them approved" in capsys.readouterr().out
    assert open_report(study, "acme").comments().parts == ()
    table = approve(study)
    assert not table["text"].str.contains("Bolt").any()
    pages = make(study, tmp_path / "out")
    own = {one: table.loc[table["organisation"] == one, "text"] for one in pages}
    for one, other in (("acme", "bolt"), ("bolt", "acme")):
        assert sum(text in pages[one] for text in own[one] if text.startswith("Long")) == 20
        assert not any(text in pages[one] for text in set(own[other]) - set(own[one]))
    assert not any(text in pages["acme"] for text in own["acme"] if text.startswith("Rare"))  # two guests
    assert sum(text in pages["bolt"] for text in own["bolt"] if text.startswith("Rare")) == 20


def test_check_refuses_a_review_that_does_not_fit(study: Path) -> None:
    with pytest.raises(InvalidInput, check=problem("file-not-found", "comments → review: review.csv")):
        load_study(study).check()
    main(["comments", str(study)])
    table = approve(study)
    study.parent.joinpath("a.csv").write_text(
        study.parent.joinpath("a.csv").read_text("utf-8").replace("Long line no. a,", "Short line no. a,"),
        "utf-8",
    )
    lines = [place + 2 for place, text in enumerate(table["text"]) if "Long line no. a," in text]
    expected = [problem("unknown-value", f"line {line}") for line in lines]
    assert lines
    check = expected[0]
    for one in expected[1:]:
        check = check + one
    with pytest.raises(InvalidInput, check=check):
        load_study(study).check()


@pytest.mark.parametrize(
    ("given", "code", "where"),
    [
        ("items: [good]", "unknown-item", "comments → items → good"),
        ("consent: yes", "unknown-option", "comments → consent"),
        ('consent: {why: ["1"]}', "unknown-item", "comments → consent → why"),
        ('consent: {good: ["9"]}', "unknown-answer", "comments → consent → good"),
        ("names: nobody.txt, consent: asked", "file-not-found", "comments → names: nobody.txt"),
    ],
)
def test_rules_that_cannot_hold_are_refused(given: str, code: str, where: str, study: Path) -> None:
    key = given.partition(":")[0]
    old = "items: [why]" if key == "items" else "consent: asked"
    study.write_text(study.read_text("utf-8").replace(old, given), "utf-8")
    with pytest.raises(InvalidInput, check=problem(code, where)):  # type: ignore[arg-type]
        load_study(study)
