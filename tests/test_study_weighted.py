"""Weighted and designed studies: a report's numbers against R and the raw export, and what is refused."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from tests.refusals import Refusal, problem
from toolkit.errors import InvalidInput
from toolkit.reporting.gathering import gather
from toolkit.simulation import simulate_study

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("read_here")]

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data_samples" / "weighted"
ORACLE = json.loads((ROOT / "tests" / "oracles" / "weighted.json").read_text("utf-8"))["cases"]
ITEMS = ("goals", "load", "tools", "growth", "speak", "fair", "stay")
Changed = Callable[..., Path]


@pytest.fixture(scope="module")
def study() -> tk.Study:
    return tk.load_study(SAMPLE)


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """Return a copy of the sample study in which texts of files were replaced: file=(old, new), …"""

    def copied(*changes: tuple[str, str, str]) -> Path:
        folder = tmp_path / "weighted"
        shutil.copytree(SAMPLE, folder)
        for name, old, new in changes:
            text = (folder / name).read_text("utf-8")
            assert old in text
            (folder / name).write_text(text.replace(old, new), encoding="utf-8")
        return folder

    return copied


def test_the_committed_files_are_what_the_simulation_makes(tmp_path: Path) -> None:
    for path in simulate_study(SAMPLE / "simulation.yaml", tmp_path):
        assert path.read_bytes() == (SAMPLE / path.relative_to(tmp_path)).read_bytes()


# The report's numbers


@pytest.mark.parametrize("case", ORACLE, ids=lambda case: str(case["organisation"]))
def test_shares_gaps_and_changes_of_every_report_are_those_of_r(
    study: tk.Study, case: dict[str, Any]
) -> None:
    found = gather(study, case["organisation"], "2026").released
    shares = found["shares"].set_index(["item", "audience"])
    compared = 0
    for one in case["shares"]:
        if (one["item"], one["audience"]) not in shares.index:
            continue  # an audience below the threshold
        row = shares.loc[(one["item"], one["audience"])]
        if row["shown"] and not row["bound"]:
            assert row["n"] == one["n"]
            for ours, theirs in (("estimate",) * 2, ("std_error",) * 2, ("kish_n", "kish")):
                assert row[ours] == pytest.approx(one[theirs], rel=1e-6)
            assert row[["conf_low", "conf_high"]].tolist() == pytest.approx(
                [one["conf_low"], one["conf_high"]], rel=1e-6
            )
            compared += 1
    assert compared >= 7
    for name, keys in (("gaps", ["item"]), ("trend", ["item", "audience"])):
        if name not in found:
            assert name == "gaps" or not case["trend"]
            continue
        rows = found[name].set_index(keys)
        for one in case[name]:
            row = rows.loc[(one["item"], one["a"].split()[1]) if len(keys) > 1 else one["item"]]
            if row["shown"] and not (row["bound_a"] or row["bound_b"]):
                found_now = row[["gap", "std_error", "df"]].astype(float).tolist()
                assert found_now == pytest.approx(
                    [one["gap"], one["std_error"], one["df"]], rel=1e-6, abs=1e-9
                )


def recomputed(organisation: str, wave: str = "2026") -> tuple[pd.DataFrame, pd.Series]:
    """Read the export with the csv module and rake it by a loop: answers, and weights by row."""
    with (SAMPLE / "answers" / f"{wave}_limesurvey.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter=";") if row["organisation"] == organisation]
    own = {"staff": ("dept", "tenure", *ITEMS, "advise"), "lead": ITEMS}
    rows = [
        row
        for row in rows
        if row["submitdate"]
        or 2 * sum(row[name] != "" for name in own[row["audience"]]) >= len(own[row["audience"]])
    ]
    frame = pd.DataFrame(rows)
    weights = pd.Series(1.0, index=frame.index)
    staff = frame["audience"] == "staff"
    with (SAMPLE / "margins.csv").open(newline="") as file:
        targets = [row for row in csv.DictReader(file) if row["organisation"] == organisation]
    for _ in range(300):
        for column in ("dept", "tenure"):
            wanted = {row["category"]: float(row["target"]) for row in targets if row["column"] == column}
            blank = float((frame.loc[staff, column] == "").mean())
            for category in (*wanted, ""):
                share = blank if not category else wanted[category] / sum(wanted.values()) * (1 - blank)
                inside = staff & (frame[column] == category)
                if inside.any():
                    weights[inside] *= share * staff.sum() / weights[inside].sum()
    return frame, weights


@pytest.mark.parametrize("organisation", ["ashgrove", "hazelton"])
def test_every_number_of_a_report_is_that_of_the_raw_export(study: tk.Study, organisation: str) -> None:
    report = tk.open_report(study, organisation)
    frame, weights = recomputed(organisation)
    audience = frame["audience"].replace("lead", "leader")
    shown = report.results()
    shown = shown[shown["shown"].eq(True)]
    checked = 0
    for row in shown.to_dict("records"):
        if row["table"] not in ("shares", "distributions", "gaps") or row.get("bound"):
            continue
        top = {"9", "10"} if row["item"] == "advise" else {"4", "5"}
        codes = top if row["table"] != "distributions" else {row["response"]}

        def share(who: str, item: str = row["item"], codes: set[str] = codes) -> float:
            asked = (audience == who) & ~frame[item].isin(["", "98"])
            return float(weights[asked & frame[item].isin(codes)].sum() / weights[asked].sum())

        if row["table"] == "gaps":
            values = {"estimate_a": share(row["audience_a"]), "estimate_b": share(row["audience_b"])}
            values["gap"] = values["estimate_a"] - values["estimate_b"]
            least = min(row["n_a"], row["n_b"])
        else:
            values, least = {"estimate": share(row["audience"])}, row["n"]
            asked = (audience == row["audience"]) & ~frame[row["item"]].isin(["", "98"])
            assert row["n"] == asked.sum()  # bases are unweighted
        for name, value in values.items():
            assert row[name] == pytest.approx(value, abs=0.0005001 if least >= 100 else 0.005001)
            checked += 1
    assert checked > 40


def test_a_weighted_report_says_how_it_was_weighted_and_shows_no_weight(
    study: tk.Study, tmp_path: Path
) -> None:
    report = tk.open_report(study, "ashgrove")
    weights = study.responses("ashgrove")["weight"]
    cost = report.weights
    assert cost is not None
    staff = cost.set_index("audience").loc["staff"]
    own = weights[study.responses("ashgrove")["audience"] == "staff"]
    assert staff["effective_n"] == pytest.approx(own.sum() ** 2 / (own**2).sum())
    assert staff["efficiency"] * staff["design_effect"] == pytest.approx(1)
    text = report.computed["staff"]["weighting"]
    assert all(word in text for word in ("“Department”", "155", "79%"))
    assert "155" not in report.computed["leader"]["weighting"]
    assert "Variable(" not in str(report.methods())
    assert "Clear expectations, Manageable workload" in report.computed["staff"]["processing_and_quality"]
    assert str(report.weights_table()).count("155") == 1
    report.save(tmp_path)
    saved = pd.read_csv(tmp_path / "results.csv")
    assert not {"weight", "kish_n", "base_weight"} & set(saved)
    printed = {f"{weight:.3f}" for weight in own.round(3)} - {"1.000"}
    numbers = {f"{value:.3f}" for value in saved.select_dtypes("number").to_numpy().ravel()}
    assert len(printed & numbers) <= 2  # chance, not a column of weights


def test_a_base_that_counts_as_fewer_than_the_threshold_is_hidden(
    study: tk.Study, capsys: pytest.CaptureFixture[str]
) -> None:
    from toolkit.cli.check import _few_in_effect

    heavy = study.responses("hazelton", missing="codes")
    leaders = (heavy["audience"] == "leader").to_numpy()
    assert leaders.sum() >= 5
    frame = study.responses(wave="all", missing="codes")
    first = frame.index[(frame["organisation"] == "hazelton") & (frame["audience"] == "leader")][0]
    study = tk.load_study(SAMPLE)
    gathered = study._gathered
    gathered.frame.loc[first, "weight"] = 40.0
    found = gather(study, "hazelton", "2026")
    shares = found.released["shares"].set_index("audience")
    hidden = shares.loc["leader"]
    assert not hidden["shown"].any()
    assert set(hidden["withheld_code"]) == {"effective"}
    assert hidden[["n", "estimate", "kish_n"]].isna().all(axis=None)
    assert shares.loc["staff", "shown"].all()
    gaps = found.released["gaps"]
    assert not gaps["shown"].any()
    assert gaps[["n_a", "estimate_a"]].isna().all(axis=None)
    assert found.weights is not None
    assert "leader" not in set(found.weights["audience"])
    assert any("hazelton" in line and "leader" in line for line in _few_in_effect(study))


# Other ways to weight, and designs


def with_columns(folder: Path, columns: Callable[[dict[str, str], int], dict[str, object]]) -> None:
    """Add columns to every answers file of a copy."""
    for path in (folder / "answers").glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row | columns(row, at) for at, row in enumerate(csv.DictReader(file, delimiter=";"))]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
            writer.writeheader()
            writer.writerows(rows)


RAKE = (
    "  rake: margins.csv          # departments and tenure of all staff, by the organisations' own records\n"
)
ONLY_STAFF = "  audiences: [staff]         # leaders are not weighted\n"
FILES = tuple(f"file: answers/{wave}_limesurvey.csv}}" for wave in ("2025", "2026", "2024"))


def carrying(names: str) -> list[tuple[str, str, str]]:
    return [("study.yaml", file, f"{file[:-1]}, carry: {names}}}") for file in FILES]


def test_a_carried_column_weights_a_study(changed: Changed) -> None:
    folder = changed(("study.yaml", RAKE + ONLY_STAFF, "  column: wt\n"), *carrying("{wt: Weight of HR}"))
    with_columns(folder, lambda row, at: {"Weight of HR": 0.5 + at % 3})
    study = tk.load_study(folder)
    frame = study.responses("ashgrove")
    found = gather(study, "ashgrove", "2026").released["shares"].set_index(["item", "audience"])
    staff = frame[frame["audience"] == "staff"]
    said = staff["goals"].notna()
    wt = staff["wt"].astype(float)
    expected = (wt * staff["goals"].isin(["4", "5"]))[said].sum() / wt[said].sum()
    assert found.loc[("goals", "staff"), "estimate"] == pytest.approx(expected)
    everyone = study.responses()
    assert everyone.groupby("audience", observed=True)["weight"].mean().tolist() == pytest.approx([1, 1])


def test_strata_clusters_and_finite_populations_reach_the_report(changed: Changed) -> None:
    design = "design: {strata: site, clusters: team, fpc: teams, lonely: adjust}\npolicy: {"
    folder = changed(
        ("study.yaml", RAKE + ONLY_STAFF, "  column: wt\n"),
        ("study.yaml", "policy: {", design),
        *carrying("[wt, site, team, teams]"),
    )
    with_columns(
        folder,
        lambda row, at: {
            "wt": 1 + at % 4, "site": f"{row['organisation']}-{at % 2}",
            "team": f"{row['organisation']}-{at % 16}", "teams": 12,
        },
    )  # fmt: skip
    study = tk.load_study(folder)
    found = gather(study, "birchwood", "2026").released["gaps"].set_index("item")
    frame = study.responses("birchwood", missing="codes").assign(
        wt=lambda f: f["wt"].astype(float), teams=lambda f: f["teams"].astype(float)
    )
    design_now = tk.Design(
        weights="wt", strata="site", clusters="team", fpc="teams", lonely="adjust", df="domain"
    )
    expected = tk.gaps(frame, study.instrument, measure="top", design=design_now).set_index("item")
    exact = found.index[found["bound_a"].eq("") & found["bound_b"].eq("") & found["shown"]]
    assert len(exact) > 3
    for name in ("gap", "std_error", "df", "conf_low"):
        np.testing.assert_allclose(found.loc[exact, name], expected.loc[exact, name], rtol=1e-10)


def test_replicate_weights_reach_the_report(changed: Changed) -> None:
    design = "design: {replicates: {columns: [r1, r2, r3, r4, r5, r6], kind: JK1, scale: 0.8}}\npolicy: {"
    folder = changed(
        ("study.yaml", RAKE + ONLY_STAFF, "  column: wt\n"),
        ("study.yaml", "policy: {", design),
        *carrying("[wt, r1, r2, r3, r4, r5, r6]"),
    )
    with_columns(
        folder,
        lambda row, at: {"wt": 1} | {f"r{k}": 0.001 if at % 6 == k - 1 else 1.2 for k in range(1, 7)},
    )
    study = tk.load_study(folder)
    found = gather(study, "birchwood", "2026").released["shares"]
    assert found.loc[found["shown"] & found["bound"].eq(""), "std_error"].gt(0).all()
    assert found["method"].str.contains("replication").any()


@pytest.mark.parametrize(
    "weights",
    [
        "  post_stratify: {staff: {dept: {Operations: 40, sales: 20, tech: 25, admin: 15}}}\n",
        "  rake: {dept: {ops: 0.4, sales: 0.2, tech: 0.25, admin: 0.15}}\n  audiences: [staff]\n",
        "  rake: organisations\n  audiences: [staff]\n  trim: {lower: 0.4, upper: 2.5}\n",
        "  post_stratify: margins.csv\n  empty: spread\n",
    ],
)
def test_margins_are_met_wherever_they_are_written(changed: Changed, weights: str) -> None:
    folder = changed(("study.yaml", RAKE + ONLY_STAFF, weights))
    shares = {"ops": 0.4, "sales": 0.2, "tech": 0.25, "admin": 0.15}
    table = pd.read_csv(folder / "organisations.csv")
    table.assign(**{f"staff:dept={k}": 100 * v for k, v in shares.items()}).to_csv(
        folder / "organisations.csv", index=False
    )
    cells = pd.DataFrame(
        [
            ("staff", "dept * tenure", f"{k} * {t}", 100 * v / 3)
            for k, v in shares.items()
            for t in ("new", "mid", "long")
        ],
        columns=["audience", "column", "category", "target"],
    )
    cells.to_csv(folder / "margins.csv", index=False)
    study = tk.load_study(folder)
    frame = study.responses()
    staff = frame[(frame["audience"] == "staff") & frame["dept"].notna()]
    if "margins.csv" in weights:
        staff = staff[staff["tenure"].notna()]
    if "organisations" in weights:
        staff = staff[staff["organisation"] == "ashgrove"]
    found = staff.groupby("dept", observed=True)["weight"].sum() / staff["weight"].sum()
    loose = 0.02 if "trim" in weights else 1e-6
    assert found.to_dict() == pytest.approx(shares, abs=loose)
    if "trim" in weights:
        assert frame.loc[frame["audience"] == "staff", "weight"].between(0.4 - 1e-9, 2.5 + 1e-9).all()
    assert gather(study, "ashgrove", "2026").released["shares"]["shown"].all()


ASHGROVE = "weights, wave 2026, audience staff, organisation ashgrove"
ADMIN = "ashgrove,staff,dept,admin,40\n"
BAD: dict[str, tuple[list[tuple[str, str, str]], Refusal]] = {
    "a category of the data without a target": (
        [("margins.csv", ADMIN, "")],
        Refusal(
            (
                ("missing-value", f"{ASHGROVE}, margin dept"),
                ("wrong-sum", f"{ASHGROVE}, margin tenure"),
            ),
            others=True,
        ),
    ),
    "a target nobody answered for": (
        [("margins.csv", ADMIN, f"{ADMIN[:-3]}20\nashgrove,staff,dept,lab,20\n")],
        Refusal((("empty-cell", f"{ASHGROVE}, margin dept"),), others=True),
    ),
    "margins of different totals": (
        [("margins.csv", ADMIN, "ashgrove,staff,dept,admin,400\n")],
        Refusal((("wrong-sum", f"{ASHGROVE}, margin tenure"),), others=True),
    ),
    "a target of 0": (
        [("margins.csv", ADMIN, "ashgrove,staff,dept,admin,0\n")],
        problem("out-of-range", "margins.csv, row 5"),
    ),
    "an unknown organisation": (
        [("margins.csv", ADMIN, "ashgrof,staff,dept,admin,40\n")],
        problem("unknown-organisation", "margins.csv, row 5"),
    ),
    "an organisation without margins": (
        [("margins.csv", "hazelton,", "gorseway,")],
        Refusal((("duplicate", "margins.csv, row 51"),), others=True),
    ),
    "an unknown column": (
        [("margins.csv", ",tenure,", ",seniority,")],
        Refusal((("unknown-column", f"{ASHGROVE}, seniority"),), others=True),
    ),
    "no file": (
        [("study.yaml", "rake: margins.csv ", "rake: targets.csv ")],
        problem("file-not-found", "targets.csv, file"),
    ),
    "two ways at once": (
        [("study.yaml", RAKE, RAKE + "  post_stratify: margins.csv\n")],
        Refusal((), others=True),
    ),
    "a column that is not carried": (
        [("study.yaml", RAKE + ONLY_STAFF, "  column: wt\n")],
        problem("unknown-column", "weights → column: wt"),
    ),
    "an unknown audience": (
        [("study.yaml", "audiences: [staff]", "audiences: [stuff]")],
        Refusal((("unknown-audience", "weights → audiences → stuff"),), others=True),
    ),
    "a design of a column that is not carried": (
        [("study.yaml", "policy: {", "design: {strata: site}\npolicy: {")],
        problem("unknown-column", "design: site"),
    ),
    "a column that one file carries": (
        [("study.yaml", FILES[1], FILES[1][:-1] + ", carry: [wt]}")],
        Refusal((("inconsistent", "answers: answers/2026_limesurvey.csv → carry → wt"),), others=True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_weights_are_refused_when_the_answers_are_read(changed: Changed, name: str) -> None:
    changes, refusal = BAD[name]
    folder = changed(*changes)
    with pytest.raises(InvalidInput) as caught:
        tk.load_study(folder).check()
    assert refusal(caught.value), [str(one) for one in caught.value.problems]


@pytest.mark.parametrize("cell", ["0", "-1", "", "heavy"])
def test_a_weight_that_is_none_is_refused_by_respondent(changed: Changed, cell: str) -> None:
    folder = changed(("study.yaml", RAKE + ONLY_STAFF, "  column: wt\n"), *carrying("[wt]"))
    with_columns(folder, lambda row, at: {"wt": cell if row["id"] == "7" else 1})
    place = "answers/2024_limesurvey.csv, column wt, respondent 7 (+2 more)"
    with pytest.raises(InvalidInput, check=problem("not-finite", place)):
        tk.load_study(folder).check()


def test_a_stratum_of_two_organisations_is_refused(changed: Changed) -> None:
    folder = changed(("study.yaml", "policy: {", "design: {strata: site}\npolicy: {"), *carrying("[site]"))
    with_columns(folder, lambda row, at: {"site": f"site {at % 3}"})
    with pytest.raises(InvalidInput) as caught:
        tk.load_study(folder).check()
    assert {one.code for one in caught.value.problems} == {"inconsistent"}
    assert {one.where for one in caught.value.problems} == {"design → site"}
