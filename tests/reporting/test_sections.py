"""A section is one module: registered, it is a method of the report and tried by `check`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from toolkit.errors import InvalidInput
from toolkit.locale import current_language
from toolkit.presentation.blocks import Block, Prose
from toolkit.reporting import OrganisationReport, open_report
from toolkit.reporting.sections import SECTIONS, passage, section, unregister
from toolkit.reporting.validation import try_report
from toolkit.study import load_study

ROOT = Path(__file__).resolve().parents[2]
OF_ALL = ["organisations_counted", "organisations_map", "league_tables"]
"""Sections of the report on all organisations, which has a notebook of its own."""
ORDER = [
    "notice", "summary", "participation_table", "weights_table", "gap_picture", "gap_table", "pooled_gaps",
    "theme_pictures", "option_pictures", "demands", "readiness_ladder", "capability_overhang",
    "guardrails", "rebalancing", "people_and_ai", "sustainable_use", "leaders_beliefs", "trials",
    "cuts_maps", "own_benchmarks", "benchmarks", "trend", "registered", "comments", "quality",
    "cannot_tell", "methods", "appendix",
]  # fmt: skip


@pytest.fixture(scope="module")
def report(sample_study: Path) -> OrganisationReport:
    return open_report(sample_study, "org-07")


@pytest.fixture
def thanks() -> Iterator[list[str]]:
    languages = []

    @section(order=50)
    def thanks(report: OrganisationReport, *, times: int = 1) -> Prose:
        """Thank everybody who answered."""
        languages.append(current_language())
        return passage(*[f"Thanks to {report.name}."] * times)

    yield languages
    unregister("thanks")


def test_sections_are_in_the_order_of_the_report_and_the_notebook_calls_each() -> None:
    assert list(SECTIONS) == [*ORDER, *OF_ALL]
    notebook = json.loads((ROOT / "notebooks" / "organisation_report.ipynb").read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    called = [cell.partition("(")[0] for cell in cells if cell.startswith("report.")]
    shown = [name for name in ORDER[1:] if name != "gap_table"]  # the appendix shows the table of gaps
    assert called == [f"report.{name}" for name in (*shown, "save")]
    of_all = (ROOT / "notebooks" / "overall_report.ipynb").read_text("utf-8")
    assert all(f"report.{name}()" in of_all for name in OF_ALL)


def test_no_section_has_the_name_of_something_else_of_the_report() -> None:
    own = {field.name for field in fields(OrganisationReport)} | set(vars(OrganisationReport))
    assert not own & set(SECTIONS)


def test_a_registered_section_is_a_method_of_the_report_in_its_language(
    report: OrganisationReport, thanks: list[str]
) -> None:
    assert str(report.thanks(times=2)) == f"Thanks to {report.name}.\nThanks to {report.name}."
    assert str(report.section("thanks")) == f"Thanks to {report.name}."
    assert report.thanks.__doc__ == "Thank everybody who answered."
    assert {"thanks", "summary"} <= set(dir(report))
    assert thanks == [report.language] * 2


@pytest.mark.slow
def test_check_tries_a_registered_section(sample_study: Path, thanks: list[str]) -> None:
    study = load_study(sample_study)
    try_report(study, study.wave)
    assert thanks == [study.language]

    @section(order=51)
    def broken(report: OrganisationReport) -> Block:
        raise RuntimeError("no such table")

    try:
        with pytest.raises(InvalidInput, match=r"broken: cannot be made: RuntimeError: no such table"):
            try_report(study, study.wave)
    finally:
        unregister("broken")


def test_unknown_sections_are_refused_and_are_no_attributes(report: OrganisationReport) -> None:
    with pytest.raises(InvalidInput, match="did you mean 'gap_table'"):
        report.section("gap_tabel")
    with pytest.raises(AttributeError, match="no attribute or section 'gap_tabel'"):
        _ = report.gap_tabel
    assert not hasattr(report, "_repr_png_")
