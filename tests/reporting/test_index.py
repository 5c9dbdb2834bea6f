"""The index of a folder of which parts were damaged."""

from __future__ import annotations

import json

import pytest

from toolkit.reporting.index import index_entries, write_index
from toolkit.reporting.manifest import headline
from toolkit.study import load_study


@pytest.mark.parametrize(
    "told",
    [
        [1],
        {"status": "weird"},
        {"status": "made", "outputs": 5},
        {"status": "made", "converted": 5},
        {"status": "made", "headline": 5},
        {"status": "made", "headline": {"bases": []}},
        {"status": "made", "headline": {"bases": {}, "largest_gap": {"gap": "wide"}}},
        {"status": "made", "headline": {"bases": {}, "numbers": {"exact": "many"}}},
    ],
)
def test_a_damaged_manifest_or_log_does_not_keep_the_index_from_being_written(sample_study, tmp_path, told):
    (tmp_path / "org-01").mkdir()
    (tmp_path / "org-01" / "manifest.json").write_text(json.dumps(told))
    (tmp_path / "org-02" / "manifest.json").mkdir(parents=True)
    (tmp_path / "_batch").mkdir()
    lines = ['{"event": "report"}', '{"event": "report", "organisation": "org-01", "warned": null}', "[1]"]
    (tmp_path / "_batch" / "log.jsonl").write_text("\n".join(lines))
    page = write_index(load_study(sample_study), "2026", tmp_path).read_text()
    assert "Alderfinch Logistics" in page
    assert 'href="org-01/' not in page


def test_the_index_sums_what_the_policy_withheld_over_all_reports(sample_study, tmp_path):
    rows = {
        "org-01": ["shares,x,True,,", "shares,x,True,<=,", "shares,x,False,,small", "gaps,x,False,,routed"],
        "org-02": ["shares,x,True,,", "shares,x,False,,routed", "participation,,,,"],
    }
    for one, lines in rows.items():
        (tmp_path / one).mkdir()
        results = tmp_path / one / "results.csv"
        results.write_text("\n".join(["table,item,shown,bound,withheld_code", *lines]))
        told = {"status": "made", "headline": headline(results)}
        (tmp_path / one / "manifest.json").write_text(json.dumps(told))
    study = load_study(sample_study)
    numbers = [entry.numbers for entry in index_entries(study, "2026", tmp_path)][:2]
    assert numbers == [{"exact": 1, "bound": 1, "small": 1, "routed": 1}, {"exact": 1, "routed": 1}]
    page = write_index(study, "2026", tmp_path).read_text()
    loss = page[page.index('class="loss"') :].partition("</p>")[0]
    assert [loss.count(f": {count}") for count in (2, 1)] == [2, 2]


def test_the_index_counts_what_a_report_prints_and_links_the_overall_report(sample_study, tmp_path):
    lines = [
        "participation,,executive,12,20,12 of 20,,,,,",
        "participation,,employee,48,80,48 of 80,,,,,",
        "gaps,burnout,,,,one,True,0.2,0.01,executive,employee",
        "gaps,leave,,,,two,True,-0.3,0.2,executive,employee",
        "gaps,strategy,,,,three,False,,,,",
    ]
    for one in ("org-01", "_overall"):
        (tmp_path / one).mkdir()
        results = tmp_path / one / "results.csv"
        columns = "table,item,audience,answered,invited,printed,shown,gap,p_adjusted,audience_a,audience_b"
        results.write_text("\n".join([columns, *lines]))
        told = {
            "status": "made",
            "headline": headline(results),
            "outputs": {"report.html": "", "report.pdf": ""},
            "converted": {"report.docx": ""},
        }
        (tmp_path / one / "manifest.json").write_text(json.dumps(told))
    study = load_study(sample_study)
    entry = index_entries(study, "2026", tmp_path)[0]
    assert (entry.response, entry.clear, entry.points, entry.largest_gap, entry.bases) == (
        "60%",
        1,
        20,
        "20 points: Burnout, Executives and Employees",
        (("Executives", "12 of 20"), ("Employees", "48 of 80")),
    )  # the largest that is clear of chance
    (tmp_path / "none.csv").write_text("\n".join([columns, *lines]).replace("0.01", "0.1"))
    assert headline(tmp_path / "none.csv")["largest_gap"]["gap"] == -0.3
    page = write_index(study, "2026", tmp_path).read_text()
    assert 'href="_overall/report.html"' in page
    assert 'href="_overall/report.pdf"' in page
    assert all(f'href="{one}/report.docx"' in page for one in ("org-01", "_overall"))
    assert "aria-sort" in page  # the heads of the table become buttons that sort
