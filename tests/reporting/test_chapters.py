"""Chapters on readiness: which are shown, and their numbers computed again from the exports."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.reporting.raw_exports import Person, Questions, read_wave
from toolkit.presentation.blocks import Picture, Several
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
