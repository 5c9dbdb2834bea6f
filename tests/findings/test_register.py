"""Published findings are read strictly, and the shipped file carries the published numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.findings import benchmark, load_crosswalk, load_findings
from toolkit.findings.register import CROSSWALK_COLUMNS, FINDING_COLUMNS, POOLED_COLUMNS
from toolkit.instrument import load_instruments

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "data_samples" / "published" / "upwork_2024.csv"
GOOD = {
    "finding_id": "X-1",
    "study": "A study",
    "year": "2024",
    "item": "Agree",
    "audience": "Staff",
    "base": "all staff",
    "value_pct": "73",
    "n": "625",
    "source": "a paper",
    "note": "",
    "variable": "trust",
    "measure": "top",
    "our_audience": "employee",
    "our_base": "all",
    "comparable": "yes",
    "reason": "",
}


@pytest.fixture(scope="module")
def findings() -> pd.DataFrame:
    return load_findings(FILE)


def written(folder: Path, *changes: dict[str, str], columns: tuple[str, ...] = FINDING_COLUMNS) -> Path:
    path = folder / "findings.csv"
    rows = [{**GOOD, **change} for change in changes]
    pd.DataFrame(rows, columns=list(columns)).to_csv(path, index=False)
    return path


def test_forty_findings_of_the_study_are_carried(findings):
    assert findings["finding_id"].tolist() == [f"UBB24-{i:02d}" for i in range(1, 41)]
    assert set(findings["study"]) == {"Upwork Burnout to Balance 2024"}


def test_values_and_bases_are_those_that_were_published(findings):
    source = ROOT.parent / "shared" / "findings" / "published_findings.csv"
    if not source.exists():
        pytest.skip("the register of published figures is not beside the project")
    published = pd.read_csv(source).set_index("finding_id")
    ours = findings.set_index("finding_id")
    published = published.loc[ours.index]
    pd.testing.assert_series_equal(ours["value_pct"], published["value_pct"], check_dtype=False)
    assert ours["n"].astype("Float64").fillna(-1).tolist() == published["n"].fillna(-1).tolist()


def test_every_mapping_names_a_question_put_to_that_audience(findings):
    names = ("executive", "employee", "freelancer")
    instrument = load_instruments({name: ROOT / "instruments" / f"{name}.yaml" for name in names})
    for row in findings[findings["variable"] != ""].to_dict("records"):
        variable = instrument[row["variable"]]
        assert variable.codes_of(row["measure"]), row["finding_id"]
        assert row["our_audience"] in variable.audiences, row["finding_id"]
        assert (row["our_base"] == "all") == (variable.item.ask_if is None), row["finding_id"]


def test_the_like_for_like_pairs_are_comparable_and_the_rest_says_why_not(findings):
    by_id = findings.set_index("finding_id")
    assert set(by_id.loc[["UBB24-26", "UBB24-27", "UBB24-28", "UBB24-29"], "comparable"]) == {"yes"}
    assert (by_id.loc[by_id["comparable"] == "no", "reason"] != "").all()
    assert by_id.loc["UBB24-23", "variable"] != by_id.loc["UBB24-25", "variable"]
    assert "not the same question" in by_id.loc["UBB24-23", "note"]


def test_a_blank_n_is_unknown_and_a_blank_value_is_missing(findings):
    by_id = findings.set_index("finding_id")
    assert by_id.loc["UBB24-02", "n"] is pd.NA
    assert pd.isna(by_id.loc["UBB24-34", "value_pct"])


def test_every_problem_is_named_at_once(tmp_path):
    path = written(
        tmp_path,
        {"value_pct": "730"},
        {"finding_id": "X-1", "base": ""},
        {"finding_id": "X-2", "n": "0", "year": "24"},
        {"finding_id": "X-3", "comparable": "no"},
        {"finding_id": "X-4", "comparable": "maybe"},
        {"finding_id": "X-5", "variable": "", "value_pct": "many"},
    )
    with pytest.raises(InvalidInput) as caught:
        load_findings(path)
    said = str(caught.value)
    for part in (
        "row 2 (X-1), column value_pct: 730 is outside 0–100",
        "row 3 (X-1), column base: is blank; give the base of the share",
        "row 3 (X-1), column finding_id: is already given in row 2",
        "row 4 (X-2), column n: must be a count, not '0'",
        "row 4 (X-2), column year: must be a year, not '24'",
        "row 5 (X-3), column reason: is blank",
        "row 6 (X-4), column comparable: is 'maybe'",
        "row 7 (X-5), column value_pct: must be a number, not 'many'",
        "row 7 (X-5), column variable: is blank",
    ):
        assert part in said
    assert len(caught.value.problems) == 9


POOLED = (*FINDING_COLUMNS, *POOLED_COLUMNS)


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"n": "4"}, "too-few", "n"),
        ({"members": "4", "largest_pct": "30"}, "too-few", "members"),
        ({"members": "1", "largest_pct": "40"}, "too-few", "members"),
        ({"members": "8", "largest_pct": "50.5"}, "out-of-range", "largest_pct"),
        ({"members": "8", "largest_pct": ""}, "not-a-number", "largest_pct"),
        ({"members": "many", "largest_pct": "20"}, "not-a-number", "members"),
    ],
)
def test_a_benchmark_of_a_few_or_dominated_by_one_is_refused(tmp_path, changes, code, column):
    """A client that pools five, one of them itself, reads a large member's answers off the figure."""
    path = written(tmp_path, {"members": "", "largest_pct": "", **changes}, columns=POOLED)
    where = f"finding X-1, column {column}"
    with pytest.raises(InvalidInput, check=problem(code, where)):
        load_findings(path)
    if code == "not-a-number":
        return
    frame = load_findings(written(tmp_path, {}))
    thin = frame.assign(**{name: float(value) for name, value in changes.items()})
    shares = pd.DataFrame({"item": [], "measure": [], "audience": [], "estimate": [], "n": []})
    with pytest.raises(InvalidInput, check=problem(code, where)):
        benchmark(shares, thin)


def test_a_benchmark_of_enough_clients_is_read_and_the_policy_decides_how_many(tmp_path):
    path = written(tmp_path, {"n": "40", "members": "6", "largest_pct": "50"}, columns=POOLED)
    found = load_findings(path)
    assert found[["members", "largest_pct"]].values.tolist() == [[6, 50.0]]
    with pytest.raises(InvalidInput, check=problem("too-few", "finding X-1, column members")):
        load_findings(path, threshold=7)


@pytest.mark.parametrize("value", ["7_3", "٧٣", "nan", "inf", "73%"])
def test_a_value_is_a_number_as_people_write_it(tmp_path, value):
    with pytest.raises(InvalidInput, check=problem("not-a-number", "row 2 (X-1), column value_pct")):
        load_findings(written(tmp_path, {"value_pct": value}))


def test_unknown_and_missing_columns_are_refused_with_near_names(tmp_path):
    path = written(tmp_path, {}, columns=(*(c for c in FINDING_COLUMNS if c != "base"), "valu_pct"))
    with pytest.raises(
        InvalidInput,
        check=problem("missing-column", "column base") + problem("unexpected-column", "column valu_pct"),
    ) as caught:
        load_findings(path)
    assert "did you mean 'value_pct'?" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", problem("missing-column", "column finding_id").among_others()),
        (",".join(FINDING_COLUMNS).encode(), problem("no-rows", "file")),
        ("é".encode("cp1252"), problem("wrong-encoding", "file")),
        ((",".join(FINDING_COLUMNS) + "\nX-1,short").encode(), problem("ragged-row", "row 2")),
    ],
)
def test_a_broken_file_is_refused(tmp_path, content, refusal):
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, check=refusal):
        load_findings(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidInput, check=problem("file-not-found", "file")):
        load_findings(tmp_path / "nothing.csv")


def test_the_benchmarks_of_the_questionnaires_name_answers_that_those_groups_give() -> None:
    files = sorted((ROOT / "instruments" / "complete").glob("*.yaml"))
    complete = load_instruments(files)
    mapped = load_findings("questionnaires_2026")
    assert len(mapped) == 60
    assert mapped["finding_id"].is_unique
    for row in mapped.itertuples():
        variable = complete[row.variable]
        assert row.our_audience in variable.audiences, row.finding_id
        assert variable.codes_of(row.measure), row.finding_id


def test_the_benchmarks_carry_the_figures_of_the_register() -> None:
    mapped = load_findings("questionnaires_2026").set_index("finding_id")
    register = pd.read_csv(ROOT / "data_samples" / "published" / "findings.csv").set_index("finding_id")
    both = mapped.merge(register, left_index=True, right_index=True, suffixes=("", "_register"))
    assert both["value"].notna().all()
    assert (both["value_pct"] - both["value"].astype(float)).abs().max() < 0.05
    assert (both["base"] == both["base_register"]).mean() > 0.4  # the others are worded at more length


def crosswalk(folder: Path, **changes: str) -> Path:
    row = dict.fromkeys(CROSSWALK_COLUMNS, "x") | {"item": "aidays", "grade": "similar"} | changes
    pd.DataFrame([row]).to_csv(folder / "crosswalk.csv", index=False)
    return folder / "crosswalk.csv"


def test_the_shipped_crosswalk_grades_only_what_was_read() -> None:
    found = load_crosswalk()
    graded = found[found["grade"] != "not read"]
    assert set(graded["grade"]) <= {"identical", "recodable", "similar", "none"}
    assert (graded["read"] != "").all()
    unread = found[found["grade"] == "not read"]
    assert set(unread["questionnaire"]) >= {"oecd-ai-2022", "eurobarometer-554", "ewcs-2024", "gallup-2025"}
    assert (unread[["item", "question", "read"]] == "").all(axis=None)


def test_crosswalk_rows_quote_the_questions_that_our_study_files_hold() -> None:
    from toolkit.instrument import load_instrument

    found = load_crosswalk()
    for name in ("stackoverflow_2023", "stackoverflow_2024", "stackoverflow_2025", "gss_2018"):
        held = load_instrument(ROOT / "data_samples" / name / "instrument.yaml")
        texts = {item.text["all"]["en"] for item in held.items}
        quoted = found.loc[found["questionnaire"] == name.replace("_", "-"), "question"]
        assert len(quoted), name
        assert set(quoted) <= texts, name


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"item": "aiday"}, "unknown-item", "row 2, column item"),
        ({"grade": "close"}, "unknown-option", "row 2, column grade"),
        ({"read": ""}, "missing-value", "row 2, column read"),
        ({"licence": ""}, "missing-value", "row 2, column licence"),
        ({"item": ""}, "missing-value", "row 2, column item"),
        ({"grade": "not read", "note": ""}, "missing-value", "row 2, column note"),
    ],
)
def test_a_row_of_the_crosswalk_that_claims_too_much_is_refused(
    changes: dict[str, str], code: str, place: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, check=problem(code, place)):
        load_crosswalk(crosswalk(tmp_path, **changes), columns=["aidays"])


def test_every_fault_of_a_crosswalk_is_listed_at_once(tmp_path: Path) -> None:
    path = crosswalk(tmp_path, item="aiday", grade="close", note="")
    with pytest.raises(InvalidInput) as caught:
        load_crosswalk(path, columns=["aidays"])
    assert [one.code for one in caught.value.problems] == ["unknown-option", "unknown-item", "missing-value"]
