"""The report on all organisations: attacks by subtraction, clusters, refusals, delivery."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

import toolkit as tk
from toolkit.disclosure.ledger import POOLED
from toolkit.errors import InvalidInput
from toolkit.instrument.model import MISSING
from toolkit.records import csv_for_people
from toolkit.reporting.delivery import deliver
from toolkit.reporting.gathering import ReportData, beside_releases, gather
from toolkit.reporting.manifest import MANIFEST, RESULTS
from toolkit.reporting.options import RunOptions
from toolkit.reporting.overall import OVERALL, client_cells, overall_study
from toolkit.reporting.report import results_frame
from toolkit.study import Study
from toolkit.study.peers import PeerRule
from toolkit.study.study import open_part, write_parts
from toolkit.study.weighting import CLIENT

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "weighted"
WAVE = "2026"
ITEMS = ("goals", "load", "tools", "growth", "speak", "fair")


def skewed(seed: int, spread: float = 0.9) -> Study:
    """Return the sample without weights, in sectors, with answers that are often nearly all alike."""
    study = tk.load_study(SAMPLE)
    gathered, rng = study._gathered, np.random.default_rng(seed)
    frame = gathered.frame[gathered.frame["wave"] == WAVE].drop(
        columns=["weight", "base_weight"], errors="ignore"
    )
    frame = frame.reset_index(drop=True)
    place = frame["organisation"].astype(str) + frame["audience"].astype(str)
    for name in ITEMS:
        chances = {one: rng.dirichlet([spread] * 5) for one in sorted(place.unique())}
        drawn = [
            rng.choice(["1", "2", "3", "4", "5", "-3"], p=[*(0.95 * chances[one]), 0.05]) for one in place
        ]
        frame[name] = pd.Categorical(drawn, list(study.instrument[name].categories), ordered=True)
    table = study.organisations[study.organisations["wave"] == WAVE].reset_index(drop=True)
    table = table.assign(sector=["a", "b"] * (len(table) // 2))
    made = replace(
        study, waves=(WAVE,), weighting=None, margins=None, cuts=(), table=table, primary=(),
        peers=PeerRule(by=("sector",)),
    )  # fmt: skip
    made.__dict__["_gathered"] = replace(gathered, frame=frame, organisations=table)
    return made


def reported(study: Study, folder: Path) -> dict[str, pd.DataFrame]:
    """Write what the report of every organisation shows, and return its answers."""
    own = replace(study, peers=None)
    own.__dict__["_gathered"] = study._gathered
    frames = {}
    for one in study.organisation_ids(WAVE):
        (folder / one).mkdir(parents=True)
        shown = results_frame(gather(own, one, WAVE).released, study.instrument)
        (folder / one / RESULTS).write_text(csv_for_people(shown), encoding="utf-8-sig", newline="")
        (folder / one / MANIFEST).write_text(json.dumps({"status": "made"}), encoding="utf-8")
        frames[one] = beside_releases(own, one, WAVE).frame
    return frames


def overall(study: Study, folder: Path, scratch: Path) -> tuple[Study, ReportData]:
    """Return the study of all organisations, and what its report shows."""
    made = overall_study(study, WAVE, folder, reported(study, folder))
    beside = beside_releases(made, POOLED, WAVE)
    beside = replace(beside, held=beside.held | made.own_held)
    part = write_parts(made, scratch, [POOLED], beside={POOLED: beside})[POOLED]
    return made, gather(open_part(made, part), POOLED, WAVE)


def ranges(cells: pd.DataFrame, totals: dict[str, float], sums: bool) -> list[tuple[float, float]]:
    """Bound every hidden count of a question by its own report, and by the totals of all organisations."""
    n = len(cells)
    rows, low, high = [], [], []
    for _one, places in cells.reset_index(drop=True).groupby("organisation").indices.items() if sums else ():
        rows.append(np.isin(np.arange(n), places).astype(float))
        low.append(float(cells["n"].iloc[places[0]]))
        high.append(low[-1])
    for answer, total in totals.items():
        rows.append((cells["answer"] == answer).to_numpy(float))
        low.append(total)
        high.append(total)
    constraint = LinearConstraint(np.array(rows), low, high) if rows else ()
    bounds = Bounds(np.ceil(cells["low"].to_numpy() - 1e-6), np.floor(cells["high"].to_numpy() + 1e-6))
    found = []
    for at in np.flatnonzero(~cells["exact"].to_numpy(bool)):
        aim = np.zeros(n)
        aim[at] = 1
        ends = [
            milp(sign * aim, constraints=constraint, bounds=bounds, integrality=np.ones(n))
            for sign in (1, -1)
        ]
        assert all(end.success for end in ends)
        found.append((round(ends[0].fun), round(-ends[1].fun)))
    return found


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study, ReportData]:
    """Return the folder of a wave's reports, the study of all organisations, and what its report shows."""
    folder = tmp_path_factory.mktemp("overall")
    return folder / "reports", *overall(skewed(1), folder / "reports", folder / "parts")


def attack(folder: Path, made: Study, shown: ReportData) -> tuple[int, int]:
    """Count what clients' reports hide, and what of it follows from the overall report and all of them."""
    released = pd.DataFrame(shown.released.rows("distributions"))
    exact = released[released["shown"] & released["bound"].fillna("").eq("")]
    cells = client_cells(folder, WAVE, made_ids(made))
    hidden = told = 0
    for (item, audience), rows in exact.groupby(["item", "audience"]):
        own = cells[(cells["item"] == item) & (cells["audience"] == audience) & cells["n"].notna()]
        own = own[own["answer"].isin(list(made.instrument[item].codes))].reset_index(drop=True)
        assert rows["n"].iloc[0] == own.groupby("organisation")["n"].first().sum()
        totals = {row.response: round(row.estimate * row.n) for row in rows.itertuples()}
        alone, together = ranges(own, {}, sums=True), ranges(own, totals, sums=True)
        for before, after in zip(alone, together, strict=True):
            hidden += 1
            told += before[0] < before[1] and after[0] == after[1]
    return hidden, told


@pytest.mark.slow
def test_the_overall_report_less_all_others_tells_no_hidden_count(made_once) -> None:
    """Attack: a reader of all clients' reports and of the overall one bounds each count that those hide."""
    hidden, told = attack(*made_once)
    assert hidden > 20
    assert told == 0


def test_what_may_not_be_counted_is_not_called_a_group_of_few(made_once) -> None:
    _folder, made, shown = made_once
    held = {(item, json.loads(group)[0][1]) for item, group, wave, _code in made.own_held if wave == WAVE}
    rows = [row for row in shown.released.rows("shares") if (row["item"], row["audience"]) in held]
    assert rows
    assert {(row["withheld_code"], row["n_shown"]) for row in rows} == {("overall", "not shown")}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_nor_does_it_of_other_answers(tmp_path: Path, seed: int) -> None:
    made, shown = overall(skewed(seed), tmp_path / "reports", tmp_path / "parts")
    assert attack(tmp_path / "reports", made, shown)[1] == 0


@pytest.mark.slow
def test_sectors_less_the_reports_of_their_organisations_tell_no_hidden_share(tmp_path: Path) -> None:
    checked = 0
    for seed in (1, 2, 3):
        place = tmp_path / str(seed)
        made, shown = overall(skewed(seed, 0.5), place / "reports", place / "parts")
        assert made.clients is not None
        frame = made._gathered.frame
        sectors = dict(zip(frame[CLIENT], frame["sector"], strict=True))
        tops = made.clients[(made.clients["answer"] == "top") & made.clients["n"].notna()]
        for row in shown.released.rows("cut_sector"):
            if not row["shown"] or row["bound"]:
                continue
            own = tops[(tops["item"] == row["item"]) & (tops["audience"] == row["audience"])]
            own = own[own["organisation"].map(sectors).isin(row["cut_sector"].split(" + "))]
            total = {"top": round(row["estimate"] * row["n"])}
            for low, high in ranges(own.reset_index(drop=True), total, sums=False):
                checked += 1
                assert low < high, (row["item"], row["cut_sector"])
    assert checked


def made_ids(made: Study) -> list[str]:
    assert made.clients is not None
    return list(dict.fromkeys(made.clients["organisation"]))


def test_organisations_are_clusters(made_once) -> None:
    """Compared with a computation of its own: the between-organisation variance of a ratio."""
    _, made, shown = made_once
    rows = [
        r for r in shown.released.rows("shares") if r["audience"] == "staff" and r["shown"] and not r["bound"]
    ]
    assert rows
    frame = made._gathered.frame
    for row in rows:
        own = frame[(frame["audience"] == "staff") & ~frame[row["item"]].isin(list(MISSING))]
        top = own[row["item"]].astype(str).isin(made.instrument[row["item"]].codes_of("top")).astype(float)
        share, count = top.mean(), own[CLIENT].nunique()
        totals = (top - share).groupby(own[CLIENT]).sum()
        error = np.sqrt(count / (count - 1) * (totals**2).sum()) / len(own)
        assert row["estimate"] == pytest.approx(share)
        assert row["std_error"] == pytest.approx(error, rel=0.02)


def test_reports_that_are_missing_are_named_before_anything_is_counted(made_once, tmp_path: Path) -> None:
    shutil.copytree(made_once[0], tmp_path / "reports")
    (tmp_path / "reports" / "firbank" / MANIFEST).unlink()
    with pytest.raises(InvalidInput) as refused:
        overall_study(skewed(1), WAVE, tmp_path / "reports", {})
    assert refused.value.problems[0].code == "file-not-found"
    assert "firbank" in refused.value.problems[0].where


def test_fewer_than_five_organisations_are_refused(made_once) -> None:
    study = skewed(1)
    few = {one: study.responses(one, WAVE, missing="codes") for one in study.organisation_ids(WAVE)[:4]}
    with pytest.raises(InvalidInput) as refused:
        overall_study(study, WAVE, made_once[0], few)
    assert refused.value.problems[0].code == "too-few"


def test_naming_organisations_contradicts_an_overall_report() -> None:
    with pytest.raises(InvalidInput) as refused:
        RunOptions(["org-01"], overall=True).check()
    assert refused.value.problems[0].code == "conflict"


@pytest.mark.slow
def test_a_run_builds_it_beside_the_others_and_it_is_never_delivered(tmp_path: Path) -> None:
    every = ("html", "pdf", "docx", "pptx", "xlsx")
    made = tk.run_reports(SAMPLE / "study.yaml", out=tmp_path, overall=True, release=False, formats=every)
    assert set(made["status"]) == {"made", "withheld"}
    assert list(made["organisation"])[-1] == POOLED
    folder = tmp_path / "weighted" / WAVE
    page = (folder / OVERALL / "report.html").read_text("utf-8")
    assert "for the consultant" in page
    assert "11 organisations are taken together here" in page
    assert "in favour of the organisation" not in page
    assert all((folder / OVERALL / f"report.{form}").is_file() for form in every)
    assert f"{OVERALL}/report.html" in (folder / "index.html").read_text("utf-8")
    packed = deliver(folder, drafts=True)
    assert POOLED not in list(packed["organisation"])
    assert len(packed) == len(made) - 1
    for name in (OVERALL, POOLED):
        with pytest.raises(InvalidInput) as refused:
            deliver(folder, organisations=[name], drafts=True)
        assert refused.value.problems[0].code == "conflict"
    again = tk.run_reports(SAMPLE / "study.yaml", out=tmp_path, overall=True, formats=every)
    assert set(again["status"]) <= {"unchanged"}
