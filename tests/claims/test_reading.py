"""The register carries the published facts and is read strictly: every problem at once, by row and column."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from tests.claims.conftest import HEADER, STUDY, row
from tests.refusals import problem
from toolkit.claims import CLAIM_COLUMNS, load_register
from toolkit.errors import InvalidInput
from toolkit.findings import load_findings

ROOT = Path(__file__).resolve().parents[2]


def refused(folder: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        load_register(folder)
    return str(caught.value)


def test_every_finding_that_was_collected_is_carried_with_its_number(register, shared):
    path = shared / "findings" / "published_findings.csv"
    with path.open(encoding="utf-8", newline="") as file:
        collected = {one["finding_id"]: one for one in csv.DictReader(file)}
    claims = register.claims.set_index("finding_id")
    assert list(claims.index) == [*collected, "SMB26-01", "SMB26-02", "SMB26-03"]
    for name, one in collected.items():
        mine = claims.loc[name]
        if mine["statistic"] == "relative_risk":
            continue
        assert (f"{mine['value']:g}" if pd.notna(mine["value"]) else "") == one["value_pct"], name
        assert (str(mine["n"]) if pd.notna(mine["n"]) else "") == one["n"], name
        assert register.studies[mine["study"]].year == int(one["year"]), name
        assert (mine["closeness"] == "primary") == ("primary" in one["note"]), name
        assert mine["item"] != one["item"] or len(one["item"]) < 60, f"{name}: the words are the collector's"


def test_a_relative_risk_is_kept_as_times_as_likely(register):
    ratios = register.claims.set_index("finding_id").loc[["UTT25-03", "UTT25-04"]]
    assert ratios["statistic"].tolist() == ["relative_risk"] * 2
    assert ratios["value"].tolist() == [1 + 88 / 100, 2.0]
    assert ratios["published_as"].tolist() == ["88 % more likely", "twice as likely"]


def test_the_figures_of_the_2024_study_are_those_organisations_are_compared_with(register):
    own = register.of("upwork-2024").claims.set_index("finding_id")
    other = load_findings(ROOT / "data_samples" / "published" / "upwork_2024.csv").set_index("finding_id")
    pd.testing.assert_series_equal(own["value"], other["value_pct"], check_names=False)
    pd.testing.assert_series_equal(own["n"], other["n"])


def test_the_method_the_2024_study_published_is_stated(register):
    facts = register.studies["upwork-2024"]
    assert facts.audiences == {"C-suite": 1250, "Full-time employees": 625, "Freelancers": 625}
    assert facts.fieldwork == "16 April to 5 May 2024"
    assert facts.countries == ("United States", "United Kingdom", "Australia", "Canada")
    assert facts.total == sum(facts.audiences.values()) == 2500
    assert "weighting" in facts.unpublished[0]


def test_the_study_and_its_follow_up_have_so_many_findings(register):
    counts = register.claims["study"].value_counts()
    assert (counts["upwork-2024"], counts["upwork-2025"], counts.sum()) == (40, 15, 131)


def test_only_one_n_was_printed_with_its_figure(register):
    known = register.claims[register.claims["n_status"] == "known"]
    assert known["finding_id"].tolist() == ["UBB24-13"]


def test_a_whole_percentage_stands_for_half_a_point_to_each_side(register):
    claims = register.claims
    plain = claims[claims["published_as"].str.fullmatch(r"\d+ %")]
    assert len(plain) == 122
    assert (plain["value"] - plain["low"] == 0.5).all()
    assert (plain["high"] - plain["value"] == 0.5).all()


def test_words_stand_for_what_is_nearest_to_them(register):
    third = register.claim("UBB24-12")
    assert (third["low"], third["high"]) == pytest.approx(
        (100 * (1 / 4 + 1 / 3) / 2, 100 * (1 / 3 + 1 / 2) / 2), abs=0.04
    )
    thirds = register.claim("SEC26-03")
    assert (thirds["low"], thirds["high"]) == pytest.approx(
        (100 * (1 / 2 + 2 / 3) / 2, 100 * (2 / 3 + 3 / 4) / 2), abs=0.04
    )
    assert register.claim("UBB24-34")[["low", "high"]].tolist() == [50, 100]


def test_a_missing_base_and_a_percent_above_100_are_refused_with_a_hint(small):
    said = refused(small(row("X-1", 73, base=""), row("X-2", 730)))
    assert "findings.csv, row 2 (X-1), column base: is blank; give the base" in said
    assert "findings.csv, row 3 (X-2), column value: 730 is outside 0–100; a share is a percentage" in said
    assert "2 problem(s)" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (row("X 1", 73), "column finding_id: 'X 1' is not a valid id"),
        (row("X-1", 73, n=0), "column n: must be a count, not '0'"),
        (row("X-1", 73, n=50, status="unknown"), 'is "unknown" beside an n of 50'),
        (row("X-1", 73, status="known"), 'column n: is blank beside "known"'),
        (row("X-1", 73, n=50, n_most="40"), "column n_most: 40 is less than n, 50"),
        (row("X-1", 73, n=50, status="knwon"), "did you mean 'known'"),
        (row("X-1", 73, low="70"), "columns low and high: only one is given"),
        (row("X-1", 73, low="74", high="75"), "low, value and high are not in order"),
        (row("X-1", "7_3"), "must be a number, not '7_3'"),
        (row("X-1", "nan"), "must be a number, not 'nan'"),
        (row("X-1", -1), "-1 is outside 0–100"),
        (row("X-1", ""), "column value: is blank; give the value, or low and high"),
        (row("X-1", 0, statistic="relative_risk"), "0 is not above 0"),
        (row("X-1", 73, statistic="shre"), "did you mean 'share'"),
        (
            row("X-1", 73).replace("s1", "s2"),
            "unknown study 's2'; it is not in studies.yaml; describe it there first, or correct it",
        ),
        ("X-1,s1,short", "has 3 cells, not 16"),
    ],
)
def test_a_broken_row_is_refused_by_column(small, line, said):
    assert said in refused(small(line))


def test_an_id_given_twice_is_refused(small):
    said = refused(small(row("X-1", 73), row("X-1", 74)))
    assert "row 3 (X-1), column finding_id: is already given in row 2" in said


def test_faults_of_all_three_files_are_told_at_once(small):
    study = STUDY + "  s2: {title: T, publisher: P, year: 2025, totl: 3, total: 10, audiences: {A: 20}}\n"
    relations = "checks:\n  - {id: c, kind: sums, parts: [X-1], says: s}\n"
    said = refused(small(row("X-1", 730), study=study, relations=relations))
    assert "unknown key; did you mean 'total'" in said
    assert "730 is outside 0–100" in said
    assert "'sums' is not one of" in said


def test_relations_must_name_claims_that_are_there_and_fit_their_kind(small):
    relations = (
        "checks:\n"
        "  - {id: c1, kind: sum, parts: [X-1], says: s}\n"
        "  - {id: c2, kind: mixture, whole: X-1, parts: [X-1], says: s}\n"
        "  - {id: c3, kind: within, whole: X-1, parts: [X-3], says: s}\n"
        "pairs:\n  - {id: p, a: X-1, b: X-2, name: P}\n  - {id: p, a: X-1, b: X-1, name: P}\n"
        "readings:\n  - {of: X-4, by: [a paper], said: s, changes: value, effect: e}\n"
    )
    ratio = row("X-2", 2, statistic="relative_risk")
    said = refused(small(row("X-1", 73), ratio, relations=relations))
    for part in (
        "check c1: lacks a whole",
        "check c2: mixes 1 groups; name two parts",
        "check c3: unknown finding 'X-3'; did you mean",
        "pair p: 'X-2' must be a share with a value",
        "pair p: is given twice",
        "reading 1: unknown finding 'X-4'",
    ):
        assert part in said


def test_a_study_cannot_ask_more_people_in_its_audiences_than_in_all(small):
    study = "studies:\n  s1: {title: A, publisher: P, year: 2025, total: 10, audiences: {A: 6, B: 5}}\n"
    assert "the audiences come to 11, more than the total of 10" in refused(
        small(row("X-1", 73), study=study)
    )


def test_unknown_and_missing_columns_are_refused(small):
    folder = small(row("X-1", 73))
    text = HEADER.replace("base", "bse")
    (folder / "findings.csv").write_text(text + "\n" + row("X-1", 73) + "\n", "utf-8")
    said = refused(folder)
    assert "findings.csv, column base: is missing" in said
    assert "findings.csv, column bse: is unknown; did you mean 'base'" in said


def test_a_folder_without_a_register_is_refused(tmp_path):
    said = refused(tmp_path)
    assert "studies.yaml" in said
    assert "findings.csv" in said
    assert "is not a folder; name the folder containing studies.yaml" in refused(tmp_path / "nowhere")


def test_one_study_keeps_only_what_is_said_among_its_claims(register):
    own = register.of("upwork-2024")
    assert set(own.claims["study"]) == {"upwork-2024"}
    assert [pair.id for pair in own.relations.pairs] == ["flexible", "strategy", "bygender"]
    with pytest.raises(InvalidInput, check=problem("unknown-name", "study upwork-204")):
        register.of("upwork-204")
    with pytest.raises(InvalidInput, check=problem("unknown-name", "finding UBB24-99")):
        register.claim("UBB24-99")


def test_the_columns_are_those_the_page_names(register):
    assert tuple(register.claims.columns) == CLAIM_COLUMNS
    page = (ROOT / "docs" / "published_findings.md").read_text("utf-8")
    assert [name for name in CLAIM_COLUMNS if f"`{name}`" not in page] == []


def test_a_multiple_of_something_else_than_people_is_a_ratio(register):
    ratios = register.claims[register.claims["statistic"] == "ratio"].set_index("finding_id")
    assert ratios["published_as"].to_dict() == {"SMB26-02": "10 to 100 times", "SMB26-03": "+329 %"}
    assert ratios.loc["SMB26-03", "value"] == pytest.approx(1 + 329 / 100)
