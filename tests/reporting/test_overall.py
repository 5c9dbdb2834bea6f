"""The report on all organisations: attacks by subtraction, clusters, refusals, delivery."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.optimize import LinearConstraint, milp

import toolkit as tk
from toolkit.disclosure.ledger import POOLED
from toolkit.errors import InvalidInput
from toolkit.instrument.model import MISSING, Variable
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


def skewed(seed: int, spread: float = 0.9, path: Path = SAMPLE) -> Study:
    """Return the sample without weights, in sectors, with answers that are often nearly all alike."""
    study = tk.load_study(path)
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


def ranges(cells: pd.DataFrame, variable: Variable, totals: Mapping[str, float]) -> list[tuple[float, float]]:
    """Bound every hidden count of a question by all clients' reports, and by the totals of all organisations.

    Unknown is how many of each organisation gave each answer: what a report shows of an answer or of a box
    bounds some of them, they add up to its base, and over organisations to the totals.
    """
    codes, ends = list(variable.codes), {one: variable.codes_of(one) for one in ("top", "bottom")}
    ends["middle"] = tuple(code for code in codes if code not in (*ends["top"], *ends["bottom"]))
    owners = list(dict.fromkeys(cells["organisation"]))
    place = pd.MultiIndex.from_product([owners, codes])
    rows, low, high = [], [], []

    def state(which: npt.NDArray[np.bool_], least: float, most: float) -> None:
        rows.append(which.astype(float))
        low.append(np.ceil(least - 1e-6))
        high.append(np.floor(most + 1e-6))

    owner, code = place.get_level_values(0), place.get_level_values(1)
    for one in owners:
        n = float(cells.loc[cells["organisation"] == one, "n"].max())
        state(owner == one, n, n)
    hidden = []
    for row in cells.itertuples():
        state((owner == row.organisation) & code.isin(ends.get(row.answer, (row.answer,))), row.low, row.high)
        hidden += [] if row.exact else [rows[-1]]
    for answer, total in totals.items():
        state(code.isin([answer]), total, total)
    constraint, whole = LinearConstraint(np.array(rows), low, high), np.ones(len(place))
    found = []
    for aim in hidden:
        low_end, high_end = (milp(sign * aim, constraints=constraint, integrality=whole) for sign in (1, -1))
        assert low_end.success
        assert high_end.success
        found.append((round(low_end.fun), round(-high_end.fun)))
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
        own = own[~own["answer"].isin(["mean", "net", "recommend"])].reset_index(drop=True)
        assert rows["n"].iloc[0] == own.groupby("organisation")["n"].first().sum()
        totals = {row.response: round(row.estimate * row.n) for row in rows.itertuples()}
        variable = made.instrument[item]
        assert isinstance(variable, Variable)
        alone, together = ranges(own, variable, {}), ranges(own, variable, totals)
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


def test_sectors_are_shown_only_of_what_every_organisation_shows(made_once) -> None:
    _folder, made, shown = made_once
    assert made.clients is not None
    tops = made.clients[(made.clients["answer"] == "top") & made.clients["n"].notna()]
    rows = [row for row in shown.released.rows("cut_sector") if row["shown"]]
    assert rows
    for row in rows:
        assert tops[(tops["item"] == row["item"]) & (tops["audience"] == row["audience"])]["exact"].all()


def exchanged(study: Study, folder: Path, made: Study) -> Study:
    """Return the study with an answer of two clients exchanged such that their reports stay the same."""
    assert made.clients is not None
    frame, cells = study._gathered.frame, made.clients[made.clients["pooled"]]
    cells = cells[cells["answer"].isin([*"12345"]) & (cells["item"] != "stay")]
    for (item, audience), rows in cells.groupby(["item", "audience"]):
        for one, other in permutations(rows["organisation"].unique(), 2):
            mine, theirs = (set(rows.loc[rows["organisation"] == who, "answer"]) for who in (one, other))
            for gives, takes in permutations(sorted(mine & theirs), 2):
                places = [
                    frame.index[
                        (frame["organisation"] == who)
                        & (frame["audience"] == audience)
                        & (frame[item] == code)
                    ]
                    for who, code in ((one, gives), (other, takes))
                ]
                if not (len(places[0]) and len(places[1])):
                    continue
                codes = frame[item].copy()
                codes[places[0][-1]], codes[places[1][-1]] = takes, gives
                changed = replace(study, peers=None)
                changed.__dict__["_gathered"] = replace(study._gathered, frame=frame.assign(**{item: codes}))
                same = (
                    csv_for_people(results_frame(gather(changed, who, WAVE).released, study.instrument))
                    == (folder / who / RESULTS).read_text("utf-8-sig")
                    for who in (one, other)
                )
                if all(same):
                    changed = replace(changed, peers=study.peers)
                    changed.__dict__["_gathered"] = replace(
                        study._gathered, frame=frame.assign(**{item: codes})
                    )
                    return changed
    raise AssertionError("no two answers can be exchanged")


def test_who_gave_a_hidden_answer_changes_no_byte_of_the_overall_report(made_once, tmp_path: Path) -> None:
    """Attack: standard errors, intervals and p values depend on how answers lie within organisations."""
    folder, made, shown = made_once
    other = exchanged(skewed(1), folder, made)
    again, seen = overall(other, tmp_path / "reports", tmp_path / "parts")
    tables = [csv_for_people(results_frame(one.released, made.instrument)) for one in (shown, seen)]
    assert not again._gathered.frame.equals(made._gathered.frame)
    assert tables[0] == tables[1]


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


def test_a_report_of_other_answers_is_refused(made_once) -> None:
    """A report that was not built again, less what is counted here, would tell whose answers came late."""
    study = skewed(1)
    frames = {one: study.responses(one, WAVE, missing="codes") for one in study.organisation_ids(WAVE)}
    frames["firbank"] = frames["firbank"].iloc[1:]
    with pytest.raises(InvalidInput) as refused:
        overall_study(study, WAVE, made_once[0], frames)
    assert [(one.code, Path(one.where).name) for one in refused.value.problems] == [
        ("inconsistent", "firbank")
    ]


def recorded(study: Study, folder: Path) -> None:
    """Record the reports of a folder as released, and after them one on all organisations."""
    ledger, policy, everybody = study.ledger, study.policy.model_dump(mode="json"), list[Any]()
    for one in study.organisation_ids(WAVE):
        people = [p.to_data() for p in beside_releases(study, one, WAVE, hashed=True).people]
        tables = (folder / one / RESULTS).read_bytes()
        outputs = {RESULTS: hashlib.sha256(tables).hexdigest()}
        told = {"organisation": one, "wave": WAVE, "people": people, "policy": policy}
        with ledger.open() as opened:
            number = opened.add("release", told)
            opened.add("outputs", {"entry": number, "outputs": outputs})
        ledger.keep_tables(tables, outputs, one, WAVE)
        everybody += [{**group, "organisation": POOLED} for group in people]
    with ledger.open() as opened:
        opened.add(
            "release", {"organisation": POOLED, "wave": WAVE, "people": everybody[:1], "policy": policy}
        )


def test_sums_before_and_after_late_answers_are_not_subtracted(
    made_once, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack: what changed answers of one client make of a sum of hidden counts is that client's alone."""
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "config")
    shutil.copytree(SAMPLE, tmp_path / "study")
    study = skewed(1, path=tmp_path / "study")
    recorded(study, made_once[0])
    frame = study._gathered.frame
    some = frame.index[(frame["organisation"] == "firbank") & (frame["audience"] == "leader")][:6]
    codes = frame["goals"].copy()
    codes[some] = ["1", "1", "2", "3", "4", "5"]
    study.__dict__["_gathered"] = replace(study._gathered, frame=frame.assign(goals=codes))
    frames = {one: study.responses(one, WAVE, missing="codes") for one in study.organisation_ids(WAVE)}
    folder = shutil.copytree(made_once[0], tmp_path / "reports")
    own = replace(study, peers=None)
    own.__dict__["_gathered"] = study._gathered
    shown = results_frame(gather(own, "firbank", WAVE).released, study.instrument)
    (folder / "firbank" / RESULTS).write_text(csv_for_people(shown), encoding="utf-8-sig", newline="")
    binding = study.ledger.binding()
    held = [
        {(item, json.loads(group)[0][1]) for item, group, *_ in one.own_held}
        for one in (
            made_once[1],
            overall_study(study, WAVE, folder, frames),
            overall_study(study, WAVE, folder, frames, binding),
        )
    ]
    assert ("goals", "leader") not in held[0] | held[1]
    assert held[2] == held[1] | {("goals", "leader")}
    later = next(one.number for one in binding if one.data["organisation"] == "firbank")
    with pytest.raises(InvalidInput) as refused:
        study.ledger.withdraw(later, "never left")
    assert [one.code for one in refused.value.problems] == ["conflict"]


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
