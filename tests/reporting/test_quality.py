"""Flagged and late answers: what a report says of them, and what it never says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from tests.refusals import problem
from toolkit.disclosure.ledger import group_text
from toolkit.errors import InvalidInput
from toolkit.reporting import OrganisationReport
from toolkit.reporting.gathering import beside_releases
from toolkit.study.quality import judged, on_one_scale

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "weighted"
ITEMS = ["goals", "load", "tools", "growth", "speak", "fair", "stay"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tk.Study:
    """The sample without weights, with the key `quality`."""
    folder = tmp_path_factory.mktemp("quality") / "weighted"
    shutil.copytree(SAMPLE, folder)
    path = folder / "study.yaml"
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("quality")]
    text = "\n".join([*lines, "quality: true", ""])
    head, _, rest = text.partition("weights:\n")
    path.write_text(head + rest.partition("leaders are not weighted\n")[2], "utf-8")
    return tk.load_study(folder).check()


Flagged = Callable[[int], OrganisationReport]


@pytest.fixture(scope="module")
def flagged(study: tk.Study) -> Flagged:
    """Return the report of dogwood in which so many of the staff are flagged."""

    def made(count: int) -> OrganisationReport:
        frame = study._gathered.frame
        own = frame[(frame["organisation"] == "dogwood") & (frame["audience"] == "staff")].index
        marks = frame["quality_check"].where(~frame.index.isin(own), "kept")
        marks[own[:count]] = "flagged"
        other = replace(study)
        other.__dict__["_gathered"] = replace(study._gathered, frame=frame.assign(quality_check=marks))
        return tk.open_report(other, "dogwood")

    return made


def of_quality(report: OrganisationReport) -> pd.DataFrame:
    saved = report.results()
    return saved[saved["table"].str.contains("quality_check")].reset_index(drop=True)


def test_up_to_four_who_are_flagged_look_like_nobody(flagged: Flagged) -> None:
    nobody = flagged(0)
    for count in (1, 4):
        found = flagged(count)
        pd.testing.assert_frame_equal(found.results(), nobody.results())
        assert found.quality().to_text(str) == nobody.quality().to_text(str)
    assert not of_quality(nobody).query("audience == 'staff'")["shown"].any()


def test_shares_without_the_flagged_are_those_of_everybody_else(flagged: Flagged, study: tk.Study) -> None:
    found = flagged(30)
    rows = found.released["by_quality_check"].query("audience == 'staff' and quality_check == 'kept'")
    frame = study.responses("dogwood")
    rest = frame[frame["audience"] == "staff"].iloc[30:]
    shown = rows[rows["shown"] & (rows["bound"] == "")].set_index("item")
    assert len(shown) >= 4
    for item, row in shown.iterrows():
        given = rest[str(item)].dropna().astype(int)
        assert row["estimate"] == pytest.approx((given >= 4).mean())
        assert row["n"] == len(given)
    text = found.quality().to_text(str)
    whole = found.released["shares"].query("audience == 'staff'").set_index("item")
    moved = (shown["estimate"] - whole.loc[shown.index, "estimate"]).abs()
    label = study.instrument[str(moved.idxmax())].label("en")
    assert f"Staff: of the declared questions, {label} changes most without those flagged" in text


def test_both_parts_are_shown_or_neither(flagged: Flagged) -> None:
    rows = flagged(30).released["by_quality_check"]
    shown = rows.pivot(index=["item", "audience"], columns="quality_check", values="shown")
    assert (shown["kept"] == shown["flagged"]).all()


@pytest.mark.parametrize("count", [1, 4])
def test_nobody_in_the_top_box_looks_like_a_few_beside_other_questions(count: int) -> None:
    study = tk.load_study("ai_at_work")
    frame = study._gathered.frame
    own = (frame["organisation"] == "org-06") & (frame["audience"] == "employee") & (frame["wave"] == "2026")
    found = []
    for tops in (0, count):
        changed = frame.assign(aifreq=frame["aifreq"].where(~own, "2"))
        changed.loc[changed.index[own][:tops], "aifreq"] = study.instrument["aifreq"].codes_of("top")[0]
        other = replace(study)
        other.__dict__["_gathered"] = replace(study._gathered, frame=changed)
        saved = tk.open_report(other, "org-06").results()
        found.append(saved[saved["table"].str.contains("aifreq")].dropna(axis=1, how="all"))
    pd.testing.assert_frame_equal(*found)


def test_straight_answers_are_flagged_within_their_own_group_alone(study: tk.Study) -> None:
    frame = study.responses(wave="all", missing="codes").drop(columns=["quality_check", "field_phase"])
    own = frame[(frame["organisation"] == "ashgrove") & (frame["wave"] == "2026")]
    staff = own[own["audience"] == "staff"].index
    for name in ITEMS:
        frame.loc[staff[:6], name] = "5"
    days = [pd.Timestamp("2026-10-05") + pd.Timedelta(days=at % 10) for at in range(len(frame))]
    found = judged(frame, study.instrument, days, 5)
    assert (found.loc[staff[:6], "quality_check"] == "flagged").all()
    others = frame[frame["organisation"] != "ashgrove"].index
    alone = judged(frame.loc[own.index], study.instrument, np.array(days)[own.index].tolist(), 5)
    pd.testing.assert_frame_equal(alone, found.loc[own.index])
    assert len(others)


def test_late_is_after_the_median_day_and_only_where_every_day_is_known(study: tk.Study) -> None:
    frame = study.responses("ashgrove", "2026", missing="codes").drop(columns="field_phase")
    days = [pd.Timestamp("2026-10-05") + pd.Timedelta(days=at % 10) for at in range(len(frame))]
    found = judged(frame, study.instrument, days, 5)
    for _, rows in found.groupby("audience", observed=True):
        given = pd.Series(days, index=found.index)[rows.index]
        assert (rows["field_phase"] == np.where(given > given.median(), "late", "early")).all()
    staff = int(np.flatnonzero(frame["audience"] == "staff")[0])
    unknown = judged(frame, study.instrument, [*days[:staff], pd.NaT, *days[staff + 1 :]], 5)
    assert unknown.loc[frame["audience"] == "staff", "field_phase"].isna().all()
    same = judged(frame, study.instrument, [days[0]] * len(frame), 5)
    assert same["field_phase"].isna().all()


def test_few_questions_on_a_scale_are_not_judged(study: tk.Study) -> None:
    assert [one.name for one in on_one_scale(study.instrument, "staff")] == ITEMS
    short = study.instrument.model_copy(update={"items": study.instrument.items[:6]})
    assert on_one_scale(short, "staff") == []


def test_rates_and_bounds_follow_from_what_the_report_shows(flagged: Flagged, study: tk.Study) -> None:
    report = flagged(0)
    tables = {table.title: table for table in report.quality().parts if hasattr(table, "rows")}
    assert list(tables) == ["What those who did not answer could change"]  # no margins, so no frame
    table = tables["What those who did not answer could change"]
    shares = report.released["shares"].set_index(["item", "audience"])
    invited = report.participation.set_index("audience")["invited"]
    names = {study.instrument[name].label("en"): name for name in ITEMS}
    for item, who, cell in table.rows:
        row = shares.loc[(names[item], {"Leaders": "leader", "Staff": "staff"}[who])]
        low = row["estimate"] * row["n"] / invited[row.name[1]]
        ends = [low, low + 1 - row["n"] / invited[row.name[1]]]
        assert [int(end) for end in re.findall(r"\d+", cell)[1:]] == pytest.approx(
            100 * np.array(ends), abs=0.51
        )


def test_response_rates_are_of_the_margins_people(tmp_path: Path) -> None:
    folder = tmp_path / "weighted"
    shutil.copytree(SAMPLE, folder)
    path = folder / "study.yaml"
    text = path.read_text("utf-8")
    path.write_text(text if "quality: true" in text else text + "quality: true\n", "utf-8")
    report = tk.open_report(folder, "ashgrove")
    margins = pd.read_csv(folder / "margins.csv").query("organisation == 'ashgrove' and column == 'dept'")
    margins = margins[margins.get("wave", pd.Series(2026, margins.index)).isin([2026, "2026"])]
    assert report.people["dept", "staff"] == dict(zip(margins["category"], margins["target"], strict=True))
    table = next(one for one in report.quality().parts if getattr(one, "columns", [""])[0] == "Department")
    released = report.released["cut_dept"]
    item = next(v.name for v in report.instrument.variables if v.label("en") in table.notes[0])
    answered = released[(released["item"] == item) & (released["audience"] == "staff")]["n"]
    assert sorted(int(row[2]) for row in table.rows) == sorted(answered.tolist())


def test_the_ledger_holds_the_people_of_both_parts(study: tk.Study) -> None:
    people = beside_releases(study, "dogwood", "2026", hashed=True).people[0]
    groups = {group for _, group in people.bases}
    for part in ("early", "late"):
        assert group_text([("audience", "staff"), ("field_phase", part)]) in groups


def test_a_study_without_the_key_has_no_such_chapter_and_names_are_kept_free(tmp_path: Path) -> None:
    folder = tmp_path / "weighted"
    shutil.copytree(SAMPLE, folder)
    path = folder / "study.yaml"
    text = path.read_text("utf-8").replace("quality: true", "quality: false")
    path.write_text(text, "utf-8")
    report = tk.open_report(folder, "hazelton")
    assert report.quality().parts == ()
    assert not [name for name in report.released if "quality" in name or "phase" in name]
    instrument = folder / "instrument.yaml"
    item = (
        "  - {id: field, type: multi, theme: you, audiences: [staff], text: {all: {en: Field, fr: Terrain}}, "
        "short: {en: Field, fr: Terrain}, source: {origin: own}, "
        "options: [{code: phase, label: {en: One, fr: Un}}, {code: other, label: {en: Two, fr: Deux}}]}\n"
    )
    words = instrument.read_text("utf-8").replace("advise, comment]", "advise, comment, field]")
    instrument.write_text(words + item, "utf-8")
    path.write_text(text.replace("quality: false", "") + "quality: true\n", "utf-8")
    with pytest.raises(InvalidInput, check=problem("name-taken", "item field_phase")):
        tk.load_study(folder)
