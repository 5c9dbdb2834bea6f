"""Chapters on readiness: which are shown, and their numbers computed again from the exports."""

from __future__ import annotations

import csv
import re
import shutil
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from babel.messages.pofile import read_po
from scipy.stats import ttest_ind

from tests.reporting.raw_exports import Person, Questions, read_wave
from toolkit.presentation import gap_dumbbell, share_dots
from toolkit.presentation.blocks import Picture, Several
from toolkit.presentation.figures.drawing import house_style
from toolkit.reporting import OrganisationReport, open_report
from toolkit.reporting.gathering import CROSSED
from toolkit.reporting.sections.chapters import _GROUPS, CHAPTERS

ROOT = Path(__file__).resolve().parents[2]
STUDY = ROOT / "data_samples" / "ai_at_work" / "study.yaml"


@cache
def report(organisation: str) -> OrganisationReport:
    return open_report(STUDY, organisation)


@cache
def employees(organisation: str) -> list[Person]:
    people = read_wave(ROOT, "2026")
    return [p for p in people if (p["organisation"], p["audience"]) == (organisation, "employee")]


def test_a_chapter_is_left_out_where_none_of_its_questions_is_asked() -> None:
    asked = {item.id for item in report("org-01").instrument.items}
    for name, chapter in CHAPTERS.items():
        block = getattr(report("org-01"), name)()
        if chapter.needs and not asked.intersection(chapter.needs):
            assert isinstance(block, Several)
            assert not block.parts, name
    assert report("org-01").sustainable_use().parts
    assert set(_GROUPS) == set(CROSSED)


@pytest.mark.parametrize("item", ["burnout", "leave"])
def test_frequent_users_and_everybody_else_are_counted_as_in_the_exports(item: str) -> None:
    questions = Questions(ROOT)
    answered = [p for p in employees("org-01") if p.get(item) in questions.codes(item)]
    frequent = [p for p in answered if p.get("aifreq") in questions.top("aifreq")]
    rest = [p for p in answered if p.get("aifreq") not in questions.top("aifreq")]
    rows = {
        row["aifreq"]: row
        for row in report("org-01").released.rows("by_aifreq")
        if (row["item"], row["audience"]) == (item, "employee")
    }
    for name, people in (("top", frequent), ("rest", rest)):
        count = sum(p[item] in questions.top(item) for p in people)
        assert rows[name]["shown"]
        assert rows[name]["n"] == len(people)
        assert rows[name]["estimate"] == pytest.approx(count / len(people))


def test_what_those_who_struggle_are_judged_by_is_counted_as_in_the_exports() -> None:
    questions = Questions(ROOT)
    answered = [p for p in employees("org-01") if p.get("evalby")]
    groups = {True: "top", False: "rest"}
    rows = {
        (row["struggle"], row["item"]): row
        for row in report("org-01").released.rows("by_struggle")
        if row["audience"] == "employee"
    }
    for code in ("speed", "strat", "creat", "qual", "hours"):
        for struggling, name in groups.items():
            people = [p for p in answered if (p.get("struggle") in questions.top("struggle")) is struggling]
            share = sum(code in p["evalby"] for p in people) / len(people)
            row = rows[name, f"evalby_{code}"]
            assert (row["n"], row["estimate"]) == (len(people), pytest.approx(share))


def test_a_crossed_group_that_is_shown_adds_up_to_its_audience() -> None:
    """Whatever is shown of both parts is shown of the whole, and nothing of it was masked."""
    for organisation in ("org-01", "org-05", "org-07"):
        released = report(organisation).released
        whole = {
            (row["item"], row["audience"]): row for row in released.rows("shares") if row["measure"] == "top"
        }
        for by in CROSSED:
            if f"by_{by}" not in released:
                continue
            parts: dict[tuple[str, str], list] = {}
            for row in released.rows(f"by_{by}"):
                parts.setdefault((row["item"], row["audience"]), []).append(row)
            for key, rows in parts.items():
                if any(row["shown"] for row in rows):
                    assert all(row["shown"] and not row["bound"] for row in rows)
                    assert whole[key]["shown"] and not whole[key]["bound"]  # noqa: PT018
                    assert sum(row["n"] for row in rows) == whole[key]["n"]
                else:
                    assert all(row["estimate"] is None or row["estimate"] != row["estimate"] for row in rows)


def test_pictures_of_a_chapter_have_a_finding_and_its_rows_in_words() -> None:
    pictures = [part for part in report("org-01").sustainable_use().parts if isinstance(part, Picture)]
    assert len(pictures) == 2
    for picture in pictures:
        assert len(picture.title) <= 90
        words = " ".join(sheet.alt for sheet in (picture, *picture.more))
        assert all(name in words for name in picture.charts[0].categories)
    rows = report("org-01").released.rows("by_struggle")
    speed = next(
        row for row in rows if row["item"] == "evalby_speed" and row["struggle"] == "top" and row["shown"]
    )
    assert f"{100 * speed['estimate']:.0f}%" in pictures[1].title


# The readiness sample: four groups, two waves, read straight from its LimeSurvey file ---

READY = ROOT / "data_samples" / "readiness"


@cache
def ready(organisation: str = "rdy-01") -> OrganisationReport:
    return open_report(READY / "study.yaml", organisation)


@cache
def raw(audience: str, organisation: str = "rdy-01", wave: str = "2026-10") -> pd.DataFrame:
    """Rows of complete and partial answers as LimeSurvey exports them, every value as text."""
    path = READY / "answers" / f"{wave}_staff_limesurvey.csv"
    frame = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    code = {"executive": "exec", "manager": "mgr", "employee": "empl"}[audience]
    return frame[(frame["audience"] == code) & (frame["organisation"] == organisation)]


def released(table: str, item: str, audience: str = "employee", **more: str) -> dict:
    [row] = [
        row
        for row in ready().released.rows(table)
        if (row["item"], row["audience"]) == (item, audience) and all(row[k] == v for k, v in more.items())
    ]
    return dict(row)


@pytest.mark.slow
def test_every_chapter_of_the_readiness_sample_has_a_picture() -> None:
    for name in CHAPTERS:
        parts = getattr(ready(), name)().parts
        assert any(isinstance(part, Picture) for part in parts), name
        assert all(len(part.title) <= 90 for part in parts if isinstance(part, Picture))


def test_the_ladder_begins_with_the_step_that_fewest_see_and_counts_who_does_not_know() -> None:
    steps = [
        f"steps_{row}" for row in ("plan", "educ", "skill", "talk", "team", "roles", "data", "fair", "name")
    ]
    picture = next(part for part in ready().readiness_ladder().parts if isinstance(part, Picture))
    means = {}
    for step in steps:
        rows = [row for row in ready().released.rows("shares") if row["item"] == step and row["shown"]]
        means[step] = sum(row["estimate"] for row in rows) / len(rows)
    assert list(picture.charts[0].items) == sorted(steps, key=means.__getitem__)
    for step in steps:
        column = raw("employee")[f"steps[{step.removeprefix('steps_')}]"]
        answered = column[column != ""]
        row = released("dont_know", f"{step}__dk")
        assert row["n"] == len(answered)
        assert row["estimate"] == pytest.approx((answered == "98").mean())
        known = answered[answered != "98"]
        assert released("shares", step, measure="top")["estimate"] == pytest.approx(
            known.isin(["3", "4"]).mean()
        )


def test_a_share_of_dont_know_that_is_masked_leaves_no_base_to_count_it_by() -> None:
    """The base with don't know less the base without it would be the number the bound hides."""
    policy = ready().policy
    seen = {(row["item"], row["audience"]) for row in ready().released.rows("dont_know")}
    masked = 0
    for audience in ("executive", "manager", "employee"):
        for row in ("plan", "educ", "skill", "talk", "team", "roles", "data", "fair", "name"):
            column = raw(audience)[f"steps[{row}]"]
            answered = column[column != ""]
            low, high = policy.unanimity_bounds(len(answered), f"steps_{row}")
            inside = bool(low < (answered == "98").mean() < high)
            assert inside is ((f"steps_{row}__dk", audience) in seen)
            masked += not inside
    assert masked, "no share is masked here: this test proves nothing"


def test_scores_leave_with_the_mean_of_the_raw_answers_and_raters_agreement() -> None:
    rows = ("plan", "educ", "skill", "talk", "team", "roles", "data", "fair", "name")
    score = ready().instrument.scores["readiness"]
    assert set(score.items) == {f"steps_{row}" for row in rows}
    codes = raw("employee")[[f"steps[{row}]" for row in rows]].replace({"": None, "98": None}).astype(float)
    needed = score.minimum or len(rows)
    means = codes.mean(axis=1)[codes.notna().sum(axis=1) >= needed] * score.multiply
    row = released("declared", "readiness")
    assert (row["n"], row["estimate"]) == (len(means), pytest.approx(means.mean()))
    left = 1 - codes.var().mean() / 2
    agreement = len(rows) * left / ((len(rows) - 1) * left + 1)
    text = str(ready().readiness_ladder())
    assert f"agreement {agreement:.2f}" in text


def test_leaders_estimates_stand_beside_the_share_reported() -> None:
    given = pd.to_numeric(raw("executive")["eststrug"]).dropna()
    row = released("scores", "eststrug", "executive")
    assert (row["n"], row["estimate"]) == (len(given), pytest.approx(given.mean()))
    column = raw("employee")["struggle"]
    known = column[~column.isin(["", "98"])]
    picture = next(part for part in ready().leaders_beliefs().parts if isinstance(part, Picture))
    place = picture.charts[0].items.index("struggle")
    shown = {series.name: series.values[place] for series in picture.charts[0].series}
    assert shown["Estimated by executives"] == pytest.approx(given.mean() / 100, abs=0.006)
    assert shown["Reported by employees"] == pytest.approx(known.isin(["4", "5"]).mean(), abs=0.006)


def test_the_minutes_of_a_trial_are_shown_for_both_waves() -> None:
    for table, wave in (("scores_before", "2026-03"), ("scores", "2026-10")):
        minutes = pd.to_numeric(raw("employee", wave=wave)["taskmin"]).dropna()
        assert released(table, "taskmin")["estimate"] == pytest.approx(minutes.mean())
        assert f"{minutes.mean():.1f}" in str(ready().trials())


def test_the_change_of_minutes_is_welchs_of_the_raw_answers() -> None:
    before, now = (
        pd.to_numeric(raw("employee", wave=wave)["taskmin"]).dropna() for wave in ("2026-03", "2026-10")
    )
    welch = ttest_ind(now, before, equal_var=False)
    low, high = welch.confidence_interval(0.95)
    words = [f"{value:.1f}".replace("-", "−") for value in (now.mean() - before.mean(), low, high)]
    text = str(ready().trials())
    assert "{} ({} to {})".format(*words) in text
    # the managers' earlier mean is withheld, so that no change of theirs is shown or counted
    assert (
        not ready()
        .released["scores_before"]
        .query("item == 'taskmin' and audience == 'manager'")["shown"]
        .any()
    )
    assert text.count("Change: later minus earlier") == 1


def _answered() -> tuple[set[str], set[str]]:
    """Name what is shown of at least one group: in a sample report, and in one of its chapters."""
    shown: set[str] = set()
    for one in (report("org-01"), ready()):
        known = {variable.name: variable.item.id for variable in one.instrument.variables}
        for table in {"shares", "scores", "distributions"}.intersection(one.released):
            released = {row["item"] for row in one.released.rows(table) if row["shown"]}
            shown |= {name for item in released & known.keys() for name in (item, known[item])}
    drawn = {item for chapter in CHAPTERS.values() for part in chapter.parts for item in part.items}
    return shown, {name for name in shown if name.split("_")[0] in drawn}


def test_at_least_85_of_the_91_statements_are_answered_in_a_sample_report() -> None:
    with (ROOT / "instruments" / "coverage.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    shown, drawn = _answered()
    answered = [row for row in rows if shown.intersection(row["items"].split())]
    in_chapters = [row for row in rows if drawn.intersection(row["items"].split())]
    page = (ROOT / "docs" / "instruments.md").read_text("utf-8")
    told = re.search(
        r"(\d+) of the 91 are answered in the report .*?, (\d+) of them in a chapter", page, re.S
    )
    assert told is not None
    assert (len(answered), len(in_chapters)) == tuple(map(int, told.groups()))
    assert len(answered) >= 85


def test_three_executives_are_in_no_chapter() -> None:
    report = ready("rdy-03")
    assert "executive" not in report.audiences
    for name in CHAPTERS:
        assert "xecutives" not in str(getattr(report, name)())


@pytest.fixture(scope="module")
def french(tmp_path_factory: pytest.TempPathFactory) -> OrganisationReport:
    """The readiness sample with a French report, whose four groups have long names."""
    folder = tmp_path_factory.mktemp("french") / "readiness"
    shutil.copytree(READY, folder)
    for path in folder.glob("*.yaml"):
        words = path.read_text("utf-8")
        words = words.replace("../../instruments/bank", (ROOT / "instruments" / "bank").as_posix())
        words = words.replace("../published", (ROOT / "data_samples" / "published").as_posix())
        path.write_text(words.replace("language: en", "language: fr"), "utf-8")
    return open_report(folder / "study.yaml", "rdy-01")


def test_a_french_chapter_has_no_english_words(french: OrganisationReport) -> None:
    with (ROOT / "toolkit/locale/fr/LC_MESSAGES/toolkit.po").open("rb") as file:
        catalogue = read_po(file)
    english = [
        piece
        for message in catalogue
        if isinstance(message.id, str)
        and any("chapters" in place or "gaps" in place for place, _ in message.locations)
        for piece in re.split(r"\{\w+\}", message.id)
        if len(piece.split()) > 1 and piece not in str(message.string)
    ]
    assert len(english) > 20
    for name in CHAPTERS:
        text = str(getattr(french, name)())
        assert not [piece for piece in english if piece.strip() in text], name


def test_four_groups_with_long_names_leave_room_for_the_dots(french: OrganisationReport) -> None:
    """Columns of numbers would take the whole width: the numbers go beside the dots."""
    with house_style():
        for draw in (share_dots, gap_dumbbell):
            chosen = (
                {"items": ["steps_plan"], "pair": ("executive", "employee")} if draw is share_dots else {}
            )
            ax = draw(french.released, french.instrument, language="fr", **chosen)
            assert ax.get_position().width * ax.figure.get_figwidth() > 1
            plt.close(ax.figure)
