"""The consultant's sample study shows what a report can; its written files are what the commands write."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import toolkit as tk
from toolkit.cli import main
from toolkit.reporting.gathering import reportable
from toolkit.study.registration import register

SAMPLE = Path(__file__).resolve().parents[1] / "data_samples" / "weighted"


@pytest.fixture(scope="module")
def study() -> tk.Study:
    return tk.load_study(SAMPLE).check()


def test_it_has_twelve_organisations_of_which_one_is_withheld_and_three_waves(study: tk.Study) -> None:
    everybody = set(study.organisation_ids("2026"))
    assert len(everybody) == 12
    assert everybody - reportable(study, "2026") == {"larchlane"}
    assert len(study.organisation_ids("2024")) == len(study.organisation_ids("2025")) == 2
    assert {one: brand.get("language") for one, brand in study.client_brands.items()} == {
        "ashgrove": None, "birchwood": "fr", "firbank": None,
    }  # fmt: skip


def test_a_report_shows_everything_that_the_study_file_names(study: tk.Study) -> None:
    report = tk.open_report(study, "ashgrove")
    assert report.weights is not None
    assert {"by_quality_check", "by_field_phase", "cut_dept", "trend", "own_benchmarks"} <= set(
        report.released
    )
    scores = report.released["scores"].set_index(["item", "audience"])
    assert scores.loc[("advise", "staff"), "measure"] == "net"
    assert scores.loc[("advise", "staff"), "shown"]
    assert len(report.quotes) >= 10
    assert report.pooled is not None
    assert set(report.pooled["members"]) == {9}
    assert len(report.registered().parts[0].rows) == 2
    assert "flagged (" in report.quality().to_text(str)


def test_the_registration_is_what_the_command_writes_before_the_wave(study: tk.Study, tmp_path: Path) -> None:
    folder = tmp_path / "weighted"
    shutil.copytree(SAMPLE, folder)
    path = folder / "study.yaml"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    later = ('  - {wave: "2026"', "registration:", "comments:", "own_benchmark:")
    path.write_text("".join(line for line in lines if not line.startswith(later)), "utf-8")
    kept: set[str] = set()
    for name in ("organisations.csv", "margins.csv"):
        table = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
        table = table[table["wave"] != "2026"] if "wave" in table else table[table["organisation"].isin(kept)]
        kept |= set(table["organisation"])
        table.to_csv(folder / name, index=False)
    made = register(
        tk.load_study(folder), tmp_path / "r.yaml", wave="2026", tests=study.registration.tests,
        today=date(2026, 9, 1),
    )  # fmt: skip
    assert made == study.registration
    assert (tmp_path / "r.yaml").read_bytes() == (SAMPLE / "registration.yaml").read_bytes()


def test_the_review_file_is_what_the_command_keeps(tmp_path: Path) -> None:
    folder = tmp_path / "weighted"
    shutil.copytree(SAMPLE, folder)
    assert main(["comments", str(folder)]) == 0
    assert (folder / "comments.csv").read_bytes() == (SAMPLE / "comments.csv").read_bytes()
    review = pd.read_csv(SAMPLE / "comments.csv")
    assert (review["approved"].eq("no") == review["text"].str.contains(r"\[", regex=True)).all()
    assert 0 < review["approved"].eq("no").sum() < len(review)
