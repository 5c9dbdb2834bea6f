"""Answers in people's own words: an option `other` with its text, on every platform that has one.

1. Whoever wrote a text chose the option, in a multi-select and in a single choice.
2. A text in a joined cell or in the column of a single choice falls to the write-in by rule, and is counted.
3. Without a write-in, the unknown part is named, with its item; every distinct part is listed.
4. A tick in a column that is not read counts as an answer, and is noted.
5. What is exported or simulated comes back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.platforms.test_preview import engine_says
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, lint, load_instrument
from toolkit.platforms import AnswersFile, export, read_answers, read_manifest
from toolkit.responses import decode
from toolkit.responses.decoding import Coded
from toolkit.simulation.exports import limesurvey_export, qualtrics_export
from toolkit.simulation.run import rehearse

Make = Callable[..., Instrument]
WHY = {"price": "The price", "queue": "The queue", "far": "Too far, too late"}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make an instrument of one single choice and one multi-select; without `other`, no option takes text."""

    def made(*, other: bool = True, **more: Any) -> Instrument:
        options = [{"code": code, "label": {"en": label}} for code, label in WHY.items()]
        own = [{"code": "other", "write_in": True, "label": {"en": "Another reason"}}] if other else []
        none = {"code": "none", "exclusive": True, "label": {"en": "None of these"}}
        food = [{"code": code, "label": {"en": code}} for code in ("soup", "bread")]
        plain = {"theme": "t", "source": {"origin": "own"}, "text": {"all": {"en": "Q?"}}}
        held = {
            "id": "lunch",
            "version": "1",
            "title": {"en": "Lunch"},
            "languages": ["en"],
            "audiences": {"staff": {"code": "st", "label": {"en": "Staff"}, "plural": {"en": "Staff"}}},
            "themes": {"t": {"en": "Theme"}},
            "sections": [{"id": "s", "title": {"en": "S"}, "items": ["dish", "why", "again"]}],
            "items": [
                {"id": "dish", "type": "single", "options": [*food, *own], **plain},
                {"id": "why", "type": "multi", "options": [*options, *own, none], **plain, **more},
                {"id": "again", "type": "single", "options": food, "ask_if": "answered(why)", **plain},
            ],
        }
        if other:
            held["items"][2]["ask_if"] = 'selected(why, "other") or dish == "other"'
        path = tmp_path / "lunch.yaml"
        path.write_text(json.dumps(held), "utf-8")
        return load_instrument(path)

    return made


def _read(
    folder: Path, instrument: Instrument, text: str, platform: str = "limesurvey", **entry: Any
) -> Coded:
    (folder / "a.csv").write_text(text, "utf-8")
    told: Any = {"organisation_column": None, "audience": "staff"} | entry
    found = AnswersFile(wave="1", platform=platform, file="a.csv", **told)  # type: ignore[arg-type]
    return decode(read_answers(folder / "a.csv", instrument, entry=found), instrument)


def _mapped(folder: Path, instrument: Instrument, text: str, **items: Any) -> Coded:
    told = {"dish": {"column": "dish"}, "why": {"column": "why"}, "again": {"column": "again"}} | items
    rules = {"organisation": "org", "audience": [{"audience": "staff"}], "items": told}
    (folder / "a.csv").write_text(text, "utf-8")
    entry = AnswersFile(wave="1", platform="googleforms", file="a.csv", mapping=rules)  # type: ignore[arg-type]
    return decode(read_answers(folder / "a.csv", instrument, entry=entry), instrument)


def _noted(coded: Coded, part: str) -> int:
    said = coded.disposition
    return int(
        said.loc[(said["outcome"] == "noted") & said["reason"].str.contains(part, regex=False), "rows"].sum()
    )


def _codes(coded: Coded, *names: str) -> list[list[str]]:
    return coded.coded[list(names)].astype(str).values.tolist()


def test_limesurvey_s_other_is_an_option_with_its_text(make: Make, tmp_path: Path) -> None:
    """Requirement 1: `-oth-` and `item[other]`, also where somebody writes "No"."""
    text = (
        "id;submitdate;dish;dish[other];why[price];why[queue];why[far];why[other];why[none];again\n"
        "1;2026-01-01;-oth-;rice;Y;;;No;;\n2;2026-01-01;soup;;;;;I walk;;\n3;2026-01-01;bread;;;;;;Y;\n"
    )
    coded = _read(tmp_path, make(), text)
    assert _codes(coded, "dish", "why_price", "why_other", "why_none") == [
        ["other", "1", "1", "0"], ["soup", "0", "1", "0"], ["bread", "0", "0", "1"],
    ]  # fmt: skip
    assert coded.coded["dish_other_text"].fillna("").tolist() == ["rice", "", ""]
    assert coded.coded["why_other_text"].fillna("").tolist() == ["No", "I walk", ""]
    assert coded.coded["again"].astype(str).tolist() == ["-3", "-3", "-4"]


@pytest.mark.parametrize(
    ("headings", "cells"),
    [
        ("why/price,why/queue,why/far,why/other,why/none,why_other", "1,0,0,1,0,I walk"),
        ("why/price,why/queue,why/far,why/other,why/none", "1,0,0,I walk,0"),
        ("why,why_other", "price other,I walk"),
        ("page/why,page/why_other_text", "price other,I walk"),
    ],
)
def test_kobo_s_other_is_read_in_each_of_its_shapes(
    make: Make, tmp_path: Path, headings: str, cells: str
) -> None:
    """Requirement 1: a column of ticks and one of text, in either order, or joined codes."""
    coded = _read(tmp_path, make(), f"_id,dish,dish_other,again,{headings}\n7,other,rice,,{cells}\n", "odk")
    assert _codes(coded, "dish", "why_price", "why_queue", "why_other") == [["other", "1", "0", "1"]]
    assert coded.coded[["dish_other_text", "why_other_text"]].values.tolist() == [["rice", "I walk"]]


def test_qualtrics_text_columns_tick_their_choice(make: Make, tmp_path: Path) -> None:
    """Requirement 1: `item_4_TEXT`, by the number of the choice or by its code."""
    names = ["ResponseId", "Status", "Finished", "dish", "dish_3_TEXT", "why", "why_4_TEXT", "again"]
    ids = [json.dumps({"ImportId": name}).replace('"', '""') for name in names]
    rows = [",".join(names), ",".join(names), ",".join(f'"{one}"' for one in ids)]
    text = "\n".join([*rows, 'R_1,0,1,3,rice,"1,4",I walk,', "R_2,0,1,,rice,,I walk,", ""])
    coded = _read(tmp_path, make(), text, "qualtrics")
    assert _codes(coded, "dish", "why_price", "why_other") == [["other", "1", "1"], ["other", "0", "1"]]


def test_words_in_joined_cells_fall_to_the_write_in(make: Make, tmp_path: Path) -> None:
    """Requirement 2, with a choice that holds a comma, and words that hold one."""
    text = (
        "org,dish,why,again\n"
        'a,soup,"The price, my own lunch",\n'
        'a,pizza,"I bring soup, bread and fruit",\n'
        'a,bread,"Too far, too late, The queue",\n'
        'a,soup,"The queue, Too far, too late, it rains",\n'
    )
    coded = _mapped(tmp_path, make(), text)
    assert coded.coded["why_other_text"].tolist()[:2] == ["my own lunch", "I bring soup, bread and fruit"]
    assert _codes(coded, "dish", "why_price", "why_queue", "why_far", "why_other") == [
        ["soup", "1", "0", "0", "1"], ["other", "0", "0", "0", "1"],
        ["bread", "0", "1", "1", "0"], ["soup", "0", "1", "1", "1"],
    ]  # fmt: skip
    assert _noted(coded, "'why' that are not on its list") == 3
    assert _noted(coded, "'dish' that are not on its list") == 1


def test_a_mapping_may_name_the_column_of_the_text(make: Make, tmp_path: Path) -> None:
    """Requirement 2: text in a column of its own; an answer beside it stands."""
    text = "org,dish,say,p,q,f,o,n,again\na,,rice,x,,,my own,,\na,soup,rice,,,,,x,\n"
    places = {"price": "p", "queue": "q", "far": "f", "other": "o", "none": "n"}
    coded = _mapped(
        tmp_path, make(), text, dish={"column": "dish", "write_in": "say"}, why={"columns": places}
    )
    assert _codes(coded, "dish", "why_price", "why_other", "why_none") == [
        ["other", "1", "1", "0"], ["soup", "0", "0", "1"],
    ]  # fmt: skip
    assert coded.coded["dish_other_text"].tolist() == ["rice", "rice"]
    with pytest.raises(InvalidInput, check=problem("unsuited-item", "mapping → items → again → write_in")):
        _mapped(tmp_path, make(), text, again={"column": "again", "write_in": "say"}, why={"columns": places})


def test_an_unknown_part_is_named_with_its_item(make: Make, tmp_path: Path) -> None:
    """Requirement 3."""
    cells = [f"The price, The queue, own lunch {number}" for number in range(9)]
    text = "org,dish,why,again\n" + "".join(f'a,soup,"{cell}",\n' for cell in [*cells, cells[0]])
    with pytest.raises(InvalidInput) as caught:
        _mapped(tmp_path, make(other=False), text)
    problems = caught.value.problems
    assert problems[0].where == "column why, row 2 (+1 more)"
    assert problems[0].what == "'own lunch 0' is not an answer of 'why'"
    assert [f"'own lunch {n}'" in problems[-1].what for n in range(9)].count(True) == 4
    assert len(problems) == 6


def test_the_known_answers_are_listed_in_the_instrument_s_order(make: Make, tmp_path: Path) -> None:
    """Requirement 3, for a column per option: never in the order of a set."""
    text = "org,dish,p,q,f,n,again\na,soup,-,,,,\na,soup,-,,,,\n"
    places = {"price": "p", "queue": "q", "far": "f", "none": "n"}
    with pytest.raises(InvalidInput) as caught:
        _mapped(tmp_path, make(other=False), text, why={"columns": places})
    assert "known: price, The price, 1, 0, Y, N, Yes, No, TRUE, FALSE" in caught.value.problems[0].hint


def test_a_tick_that_is_not_read_counts_as_an_answer(make: Make, tmp_path: Path) -> None:
    """Requirement 4: four of ten stay four of ten."""
    rows = [f"{n};2026-01-01;soup;{'Y' if n < 4 else ''};;;{'' if n < 4 else 'own'};;" for n in range(10)]
    heads = "id;submitdate;dish;why[price];why[queue];why[far];why[other];why[none];again"
    text = "\n".join([heads, *rows, "10;2026-01-01;soup;;;;;;", ""])
    coded = _read(tmp_path, make(other=False), text, ignore_columns=("why[other]",))
    assert coded.coded["why_price"].value_counts()[["1", "0", "-3"]].tolist() == [4, 6, 1]
    assert _noted(coded, "column that is not read") == 6
    with pytest.raises(InvalidInput, check=problem("unexpected-column", "column why[other]")):
        _read(tmp_path, make(other=False), text)


@pytest.mark.parametrize("heading", ["Why? | {}", "why[{}]", "page/why/{}"])
def test_a_column_that_a_mapping_leaves_out_counts_as_an_answer(
    make: Make, tmp_path: Path, heading: str
) -> None:
    """Requirement 4, where a table is read by a mapping."""
    places = {code: heading.format(code) for code in ("price", "queue", "far", "none")}
    heads = ",".join(["org", "dish", "again", *places.values(), heading.format("Other")])
    rows = ["a,soup,,x,,,,", "a,soup,,,,,,I walk", "a,soup,,,,,,"]
    coded = _mapped(tmp_path, make(other=False), "\n".join([heads, *rows, ""]), why={"columns": places})
    assert coded.coded["why_price"].astype(str).tolist() == ["1", "0", "-3"]
    assert _noted(coded, "column that is not read") == 1


@pytest.fixture
def people(make: Make) -> pd.DataFrame:
    instrument = make(maximum=2)
    frame = rehearse(instrument, {"staff": 120}, seed=5).frame
    return frame[frame["status"] == "complete"].reset_index(drop=True)


def _same(found: pd.DataFrame, people: pd.DataFrame, instrument: Instrument) -> None:
    names = [variable.name for variable in instrument.variables]
    for name in names:
        pd.testing.assert_series_equal(
            found[name].astype("object").where(found[name].notna(), "").replace("nan", ""),
            people[name].astype("object").where(people[name].notna(), "").replace("nan", ""),
            check_dtype=False,
        )


def test_simulated_people_write_where_they_chose_other(people: pd.DataFrame, make: Make) -> None:
    """Requirement 5, and no more answers than a maximum allows."""
    assert (people["why_other"] == "1").sum() > 5
    assert ((people["why_other"] == "1") == people["why_other_text"].notna()).all()
    assert ((people["dish"] == "other") == people["dish_other_text"].notna()).all()
    ticks = [name for name in people if name.startswith("why_") and name != "why_other_text"]
    assert (people[ticks] == "1").sum(axis=1).max() == 2


def test_people_who_do_not_read_keep_to_the_maximum(make: Make) -> None:
    """Requirement 5."""
    frame = rehearse(make(maximum=2), {"staff": 200}, seed=5, careless=0.9).frame
    ticks = [name for name in frame if name.startswith("why_") and name != "why_other_text"]
    assert (frame[ticks] == "1").sum(axis=1).max() == 2


@pytest.mark.parametrize("answers", ["codes", "full"])
@pytest.mark.parametrize("by_manifest", [True, False])
def test_limesurvey_round_trip(
    people: pd.DataFrame, make: Make, tmp_path: Path, answers: Any, by_manifest: bool
) -> None:
    """Requirement 5."""
    instrument = make(maximum=2)
    manifest = next(p for p in export(instrument, "limesurvey", tmp_path) if p.suffix == ".json")
    data = limesurvey_export(
        people, instrument, answers=answers, opens="2026-01-01", closes="2026-01-31", seed=1
    )
    more = {"manifest": str(manifest)} if by_manifest else {}
    coded = _read(tmp_path, instrument, data.decode("utf-8-sig"), organisation_column="organisation", **more)
    _same(coded.coded, people, instrument)


@pytest.mark.parametrize("by_manifest", [True, False])
def test_qualtrics_round_trip(people: pd.DataFrame, make: Make, tmp_path: Path, by_manifest: bool) -> None:
    """Requirement 5."""
    instrument = make(maximum=2)
    manifest = next(p for p in export(instrument, "qualtrics", tmp_path) if p.suffix == ".json")
    data = qualtrics_export(people, instrument, opens="2026-01-01", closes="2026-01-31", seed=1)
    more = {"manifest": str(manifest)} if by_manifest else {}
    coded = _read(
        tmp_path, instrument, data.decode(), "qualtrics", organisation_column="organisation", **more
    )
    _same(coded.coded, people, instrument)


def test_what_each_platform_is_given(make: Make, tmp_path: Path) -> None:
    """Requirement 5: the option, its text and the largest number of answers are in every questionnaire."""
    instrument = make(maximum=2)
    written = {
        name: export(instrument, name, tmp_path / name) for name in ("limesurvey", "surveyjs", "xlsform")
    }
    lines = pd.read_csv(written["limesurvey"][0], sep="\t", dtype=str, keep_default_na=False)
    asked = lines[lines["class"] == "Q"].set_index("name")
    assert asked.loc["why", ["other", "other_replace_text", "max_answers"]].tolist() == [
        "Y",
        "Another reason",
        "2",
    ]
    assert asked.loc["again", "relevance"] == '!is_empty(why_other.NAOK) or dish.NAOK=="-oth-"'
    assert not lines.loc[lines["class"].isin(["A", "SQ"]), "name"].eq("other").any()
    elements = json.loads(written["surveyjs"][0].read_text("utf-8"))["pages"][0]["elements"]
    assert elements[1]["showOtherItem"] is True
    assert elements[1]["maxSelectedChoices"] == 2
    survey = pd.read_excel(written["xlsform"][0], sheet_name="survey", dtype=str).set_index("name")
    assert survey.loc["why_other_text", "relevant"] == "selected(${why}, 'other')"
    assert survey.loc["why", "constraint"].endswith("count-selected(.) <= 2")
    manifest = read_manifest(written["surveyjs"][1])
    assert manifest.of("why_other_text")[0].headings == {"json": ("why-Comment",)}


def test_the_preview_saves_a_text_while_other_is_chosen(make: Make, tmp_path: Path) -> None:
    """Requirement 5: the page's own script, run by node."""
    instrument = make()
    words = {"why_other_text": "I walk", "dish_other_text": "rice"}
    answers = [
        {"dish": "other", "why": ["price", "other"], **words},
        {"dish": "soup", "why": ["price"], **words},
    ]
    (found,) = engine_says([(instrument, ["staff", "staff"], answers)])
    export(instrument, "preview", tmp_path)
    manifest = str(next(tmp_path.glob("*.manifest.json")))
    told = {"manifest": manifest, "keep_tests": True}
    coded = _read(tmp_path, instrument, found["table"].removeprefix("\ufeff"), "preview", **told)
    assert _codes(coded, "dish", "why_price", "why_other") == [["other", "1", "1"], ["soup", "1", "0"]]
    assert coded.coded["why_other_text"].fillna("").tolist() == ["I walk", ""]
    assert coded.coded["dish_other_text"].fillna("").tolist() == ["rice", ""]


def test_more_answers_than_a_maximum_are_noted(make: Make, tmp_path: Path) -> None:
    """The answers stay; how many gave too many is said."""
    text = 'org,dish,why,again\na,soup,"The price, The queue",\na,soup,The price,\n'
    coded = _mapped(tmp_path, make(maximum=1), text)
    assert _codes(coded, "why_price", "why_queue") == [["1", "1"], ["1", "0"]]
    assert _noted(coded, "more answers than the question allows") == 1


def test_what_cannot_be_a_write_in_is_refused(make: Make) -> None:
    """One per item, called other, never in a matrix."""
    instrument = make()
    item = instrument.item("why")
    twice = item.model_copy(
        update={"options": tuple(one.model_copy(update={"write_in": True}) for one in item.options)}
    )
    spoilt = instrument.model_copy(
        update={"items": tuple(twice if one.id == "why" else one for one in instrument.items)}
    )
    said = " ".join(str(one) for one in lint(spoilt))
    assert "has the code 'price'" in said
    assert "are both write-ins" in said
    with pytest.raises(
        InvalidInput, check=problem("out-of-range", "lunch.yaml, line 1: items → why → maximum")
    ):
        make(maximum=9)
