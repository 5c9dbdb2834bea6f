"""Synthetic respondents: every published share is met, whatever is assumed of the rest."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from tests.refusals import problem
from toolkit.claims import joint_by_dependence, synthesise, write_synthetic
from toolkit.claims.synthetic import Synthetic
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.simulation import Dependence
from toolkit.study import load_study

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data_samples" / "upwork_2024"
RECIPE = FOLDER / "recipe.yaml"


@pytest.fixture(scope="module")
def made() -> Synthetic:
    return synthesise(RECIPE)


def claims() -> dict[str, dict[str, str]]:
    path = ROOT / "data_samples" / "published" / "findings.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["finding_id"]: row for row in rows if row["study"] == "upwork-2024"}


AGREE = ("4", "5")
WHOLE = {  # finding → column, answers, audience, base: who was asked, by hand
    "UBB24-01": ("aiexpect", AGREE, "executive", None),
    "UBB24-06": ("aihow", AGREE, "employee", ("aiuse", ("1",))),
    "UBB24-08": ("burnout", AGREE, "employee", None),
    "UBB24-09": ("burnout", AGREE, "employee", ("gender", ("w",))),
    "UBB24-10": ("burnout", AGREE, "employee", ("gender", ("m",))),
    "UBB24-11": ("struggle", AGREE, "employee", None),
    "UBB24-14": ("demandhow_ai", ("1",), "executive", ("demandup", ("1",))),
    "UBB24-20": ("aistance", ("mand",), "executive", None),
    "UBB24-22": ("aistance", ("mand", "enc"), "executive", None),
    "UBB24-25": ("wellvalue", AGREE, "employee", None),
    "UBB24-27": ("flexible", AGREE, "employee", None),
    "UBB24-28": ("strategy", AGREE, "executive", None),
    "UBB24-30": ("evalby_speed", ("1",), "employee", ("struggle", AGREE)),
    "UBB24-35": ("freegain_agil", ("1",), "executive", ("usefree", ("1",))),
}


def test_every_published_share_of_the_study_is_carried(made: Synthetic) -> None:
    assert sorted(made.margins["finding_id"]) == sorted(claims())
    assert made.margins["met"].all()


@pytest.mark.parametrize("finding", WHOLE)
def test_a_share_counted_by_hand_rounds_to_the_published_one(made: Synthetic, finding: str) -> None:
    column, answers, audience, base = WHOLE[finding]
    people = made.frame[made.frame["audience"] == audience]
    if base:
        people = people[people[base[0]].isin(base[1])]
    share = 100 * float(people[column].isin(answers).mean())
    assert round(share) == float(claims()[finding]["value"])


def test_there_are_as_many_respondents_as_published(made: Synthetic) -> None:
    counts = made.frame["audience"].value_counts().to_dict()
    assert counts == {"executive": 1250, "employee": 625, "freelancer": 625}
    known = made.margins[made.margins["base_is"] == "published"].set_index("finding_id")["n"]
    for finding, n in known.items():
        assert str(n) == claims()[str(finding)]["n"]


@pytest.mark.parametrize(
    ("person", "theme", "seed"),
    [pytest.param(0.0, 0.0, 1, marks=pytest.mark.slow), (0.6, 0.0, 2), (0.3, 0.6, 3)],
)
def test_no_margin_depends_on_the_dependence_or_the_seed(
    made: Synthetic, person: float, theme: float, seed: int
) -> None:
    other = synthesise(RECIPE, person=person, theme=theme, seed=seed)
    whole = ["UBB24-08", "UBB24-11", "UBB24-12", "UBB24-26", "UBB24-27", "UBB24-33"]
    one, two = (m.margins.set_index("finding_id").loc[whole, "count"].tolist() for m in (made, other))
    assert one == two
    assert other.margins["met"].all()
    assert not other.frame["burnout"].equals(made.frame["burnout"])


@pytest.mark.slow
def test_answers_hang_together_as_much_as_was_assumed() -> None:
    """Two normals cut at the shares, with the correlation assumed, are in both boxes as often."""
    from scipy import stats

    found = joint_by_dependence(
        RECIPE, [("flexible", "wellvalue")], audience="employee", person=(0.0, 0.3, 0.6)
    )
    for row in found.to_dict("records"):
        cut = stats.norm.ppf([row["share_a"], row["share_b"]])
        rho = row["person"]
        both = stats.multivariate_normal.cdf(cut, cov=[[1.0, rho], [rho, 1.0]])
        assert row["both"] == pytest.approx(both, abs=3 * 0.5 / np.sqrt(row["n"]))


@pytest.mark.slow
def test_what_needs_two_answers_changes_while_the_margins_stay() -> None:
    found = joint_by_dependence(RECIPE, [("burnout", "leave")], audience="employee")
    assert found["share_a"].nunique() == found["share_b"].nunique() == 1
    assert found["margins_met"].all()
    assert found["relative_risk"].is_monotonic_increasing
    assert found["relative_risk"].iloc[-1] > 2 * found["relative_risk"].iloc[1]
    assert found.attrs["synthetic"] is True


def test_an_assumption_can_be_changed_and_a_published_figure_cannot() -> None:
    other = synthesise(RECIPE, assume={"aiuse/employee": {"top": 0.5}})
    margins = other.margins.set_index("finding_id")
    assert margins.loc["UBB24-06", "n"] == 312
    assert margins["met"].all()
    with pytest.raises(InvalidInput, check=problem("conflict", "assume leave/employee")):
        synthesise(RECIPE, assume={"leave/employee": {"top": 0.5}})
    with pytest.raises(InvalidInput, check=problem("unknown-name", "assume aiuze/employee")):
        synthesise(RECIPE, assume={"aiuze/employee": {"top": 0.5}})
    with pytest.raises(InvalidInput, check=problem("out-of-range", "assume aiuse/employee")):
        synthesise(RECIPE, assume={"aiuse/employee": {"top": 50}})


def test_a_base_no_count_of_which_rounds_to_the_figure_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        synthesise(RECIPE, assume={"aiuse/employee": {"top": 0.02}})
    assert "no number of" in str(refused.value)
    assert "assume another base" in str(refused.value)


@pytest.mark.parametrize(("person", "theme"), [(-0.1, 0.2), (1.0, 0.0), (0.6, 0.5), (float("nan"), 0.1)])
def test_a_dependence_that_leaves_nothing_is_refused(person: float, theme: float) -> None:
    with pytest.raises(InvalidInput):
        synthesise(RECIPE, person=person, theme=theme)


def test_a_dependence_written_in_a_file_must_leave_something() -> None:
    with pytest.raises(ValueError, match="something must be left"):
        Dependence(person=0.6, theme=0.5)


def test_a_recipe_must_account_for_every_published_share(tmp_path: Path) -> None:
    for path in FOLDER.glob("*.yaml"):
        text = path.read_text("utf-8").replace("../published", str(FOLDER.parent / "published"))
        text = text.replace("../../instruments", str(ROOT / "instruments"))
        text = text.replace("findings: {top: UBB24-24}", "findings: {}").replace("UBB24-34", "UBB24-43")
        (tmp_path / path.name).write_text(text.replace("employee: 625", "employee: 600"), "utf-8")
    with pytest.raises(InvalidInput) as refused:
        synthesise(tmp_path / "recipe.yaml")
    said = str(refused.value)
    assert "UBB24-24" in said
    assert "carried by no share" in said
    assert "UBB24-43" in said
    assert "UBB24-34" in said


def test_a_number_of_people_other_than_the_published_one_is_refused(tmp_path: Path) -> None:
    for path in FOLDER.glob("*.yaml"):
        text = path.read_text("utf-8").replace("../published", str(FOLDER.parent / "published"))
        text = text.replace("../../instruments", str(ROOT / "instruments"))
        (tmp_path / path.name).write_text(text.replace("employee: 625", "employee: 600"), "utf-8")
    with pytest.raises(
        InvalidInput,
        check=(
            problem("contradiction", "finding UBB24-08")
            + problem("contradiction", "finding UBB24-11")
            + problem("contradiction", "finding UBB24-12")
        ).among_others(),
    ):
        synthesise(tmp_path / "recipe.yaml")


def test_they_are_labelled_synthetic_wherever_they_go(made: Synthetic, tmp_path: Path) -> None:
    assert made.frame.attrs["synthetic"] is True
    assert made.frame.attrs["assumptions"].startswith("SYNTHETIC")
    assert made.frame["respondent"].str.startswith("synthetic-").all()
    for path in write_synthetic(made, tmp_path):
        assert path.name.startswith("synthetic_")
    rows = pd.read_csv(tmp_path / "synthetic_respondents.csv", sep=";", dtype=str)
    assert (rows["synthetic"] == "yes").all()
    assert (rows["organisation"] == "synthetic-2024").all()


def test_the_shipped_files_are_those_of_the_recipe(made: Synthetic, tmp_path: Path) -> None:
    for path in write_synthetic(made, tmp_path):
        assert path.read_bytes() == (FOLDER / "answers" / path.name).read_bytes(), path.name


def test_the_study_reads_what_was_made_and_its_gaps_are_the_published_ones(made: Synthetic) -> None:
    study = load_study(FOLDER / "study.yaml")
    frame = study.responses(missing="codes")
    assert study.synthetic
    assert frame.attrs["synthetic"] is True
    for variable in study.instrument.variables:
        assert frame[variable.name].tolist() == made.frame[variable.name].tolist(), variable.name
    items = [study.instrument[name] for name in ("flexible", "strategy")]
    gaps = tk.gaps(frame, items, between="audience", pairs=[("executive", "employee")], measure="top")
    summary = pd.DataFrame(
        {
            "item": ["flexible", "flexible", "strategy", "strategy"],
            "audience": ["executive", "employee"] * 2,
            "estimate": [0.90, 456 / 625, 0.94, 0.80],
            "n": [1250, 625] * 2,
        }
    )
    published = tk.gaps_from_summary(summary, between="audience", pairs=[("executive", "employee")])
    for name in ("gap", "conf_low", "conf_high", "p_value"):
        assert gaps[name].to_numpy() == pytest.approx(published[name].to_numpy(), abs=1e-12)


def test_the_command_writes_them_and_says_what_is_assumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        "findings",
        "synthesise",
        str(RECIPE),
        "--out",
        str(tmp_path),
        "--assume",
        "aiuse/employee:top=0.5",
    ]
    assert main([*given, "--person", "0.5"]) == 0
    said = capsys.readouterr().out
    assert "SYNTHETIC" in said
    assert "40 published shares, all matched" in said
    assert "(base assumed)" in said
    assert load_study(FOLDER / "study.yaml", data=tmp_path).check()
    assert main([*given[:-1], "aiuse=half"]) == 2
    assert "write item/audience:answer=share" in capsys.readouterr().err


@pytest.mark.slow
def test_a_report_of_them_says_that_they_are_synthetic(tmp_path: Path) -> None:
    from toolkit.reporting import run_reports

    done = run_reports(load_study(FOLDER / "study.yaml"), out=tmp_path, formats=("html",), workers=1)
    assert done["status"].tolist() == ["made"]
    page = next(tmp_path.rglob("report.html")).read_text("utf-8")
    assert page.lower().count("synthetic") >= 3
