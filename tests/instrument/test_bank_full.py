"""Every questionnaire the project ships, and the whole bank behind them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from toolkit.instrument import (
    Instrument,
    advise,
    lint,
    load_instrument,
    load_instruments,
    minutes,
    read_yaml,
)
from toolkit.instrument.files import BankFile

INSTRUMENTS = Path(__file__).resolve().parents[2] / "instruments"
FOLDERS = ("complete", "core", "readiness", "pulse", "pilot", "published")
EVERYONE = ("executive", "employee", "manager", "freelancer")


@cache
def questionnaire(folder: str) -> Instrument:
    return load_instruments(sorted((INSTRUMENTS / folder).glob("*.yaml")))


@pytest.fixture(scope="module")
def bank() -> BankFile:
    parts = [BankFile.model_validate(read_yaml(path)) for path in sorted((INSTRUMENTS / "bank").glob("*"))]
    joined = {
        kind: {name: entry for part in parts for name, entry in getattr(part, kind).items()}
        for kind in ("audiences", "scales", "missing", "themes", "scores")
    }
    return BankFile(**joined, items=tuple(item for part in parts for item in part.items))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_questionnaire_loads_whole_and_each_audience_alone(folder: str) -> None:
    merged = questionnaire(folder)
    assert lint(merged) == []
    for path in sorted((INSTRUMENTS / folder).glob("*.yaml")):
        alone = load_instrument(path)
        assert tuple(alone.audiences) == (path.stem,)
        assert [item.id for item in alone.items] == [
            item.id for item in merged.items if path.stem in (item.audiences or ())
        ]


@pytest.mark.parametrize("folder", ["complete", "readiness", "pilot"])
def test_ours_is_in_english_and_french_and_no_text_is_the_other_language(folder: str) -> None:
    merged = questionnaire(folder)
    assert merged.languages == ("en", "fr")
    for variable in merged.variables:
        for audience in variable.audiences:
            english, french = (variable.wording(audience, name) for name in ("en", "fr"))
            assert english != french, variable.name
            assert not re.search(r"\b(the|you|your|how)\b", french), french


def test_every_item_of_the_bank_is_asked_somewhere(bank: BankFile) -> None:
    asked = {item.id for folder in FOLDERS for item in questionnaire(folder).items}
    for folder in (INSTRUMENTS, INSTRUMENTS.parent / "data_samples" / "upwork_2024"):
        for audience in ("executive", "employee", "freelancer"):
            asked |= {item.id for item in load_instrument(folder / f"{audience}.yaml").items}
    assert {item.id for item in bank.items} == asked


def test_every_item_and_score_says_source_licence_and_validation(bank: BankFile) -> None:
    sources = {item.id: item.source for item in bank.items}
    sources |= {name: score.source for name, score in bank.scores.items()}
    for name, source in sources.items():
        assert source.licence, name
        assert source.status, name
        if source.origin == "own":
            assert source.licence == "GPL-3.0-or-later"
            assert source.status == "not validated"
        else:
            assert source.after, name


def test_everything_of_our_own_is_in_french_too(bank: BankFile) -> None:
    for item in bank.items:
        words = [*item.text.values(), item.short, *(option.label for option in item.options)]
        words += [wording for row in item.rows for wording in (*row.text.values(), row.short)]
        expected = {"en", "fr"} if item.source.origin == "own" else {"en"}
        assert all(set(wording) == expected for wording in words), item.id


def test_short_names_name_one_thing_each(bank: BankFile) -> None:
    short = [row.short["en"] for item in bank.items for row in item.rows]
    short += [item.short["en"] for item in bank.items]
    assert sorted({one for one in short if short.count(one) > 1}) == []


def test_agreement_items_say_which_side_is_good_news_or_why_none_is(bank: BankFile) -> None:
    open_ended = {item.id for item in bank.items if item.scale == "agree5" and item.favourable == "none"}
    assert open_ended == {"aware", "clientdem"}


def test_everybody_is_asked_about_their_own_concerns() -> None:
    ready = questionnaire("readiness")
    rows = [v for v in ready.variables if v.item.id == "worry"]
    assert [v.row.id for v in rows if v.row] == ["job", "human", "data", "bias", "learn", "role"]
    assert all(v.audiences == EVERYONE and v.favourable == "bottom" for v in rows)
    assert all(ready["worry_job"].wording(name).endswith("Losing my job to AI") for name in EVERYONE[:3])
    assert ready["worry_job"].sensitive


def test_a_contested_belief_can_be_unsure_and_the_unsure_stay_in_the_base() -> None:
    ready = questionnaire("readiness")
    beliefs = [v for v in ready.variables if v.item.id == "belief"]
    assert [v.row.id for v in beliefs if v.row] == ["total", "loss", "now"]
    for belief in beliefs:
        assert belief.codes == ("yes", "no", "uns")
        assert belief.favourable == "none"
        assert ready.missing_of(belief) == ()


def test_readiness_is_a_ladder_from_zero_to_four_that_all_groups_judge_of_one_organisation() -> None:
    ready = questionnaire("readiness")
    steps = [v for v in ready.variables if v.item.id == "steps"]
    assert len(steps) == 9  # six steps, and ethics as three rows
    assert all(v.values() == {str(n): float(n) for n in range(5)} for v in steps)
    assert all(v.audiences == EVERYONE for v in steps)
    assert ready.item("steps").referent == {"all": "organisation"}
    assert ready.item("steps").show_dont_know
    assert ready.scores["readiness"].items == tuple(v.name for v in steps)
    assert ready.scores["readiness"].minimum is None  # a mean skips no step that somebody does not see


def test_too_much_automation_is_bad_news_and_its_incriminating_rows_are_sensitive() -> None:
    ready = questionnaire("readiness")
    rows = {v.name: v for v in ready.variables if v.item.id == "auto"}
    assert {name for name, v in rows.items() if v.favourable == "top"} == {"auto_expl"}
    assert {name for name, v in rows.items() if v.sensitive} == {"auto_check", "auto_rules"}
    assert "auto_expl" not in ready.scores["overautomation"].items


def test_the_depth_grid_goes_from_simple_questions_to_delegated_work() -> None:
    ready = questionnaire("readiness")
    rows = [row.id for row in ready.item("tooldepth").rows]
    assert (rows[0], rows[-1], len(rows)) == ("ask", "deleg", 6)
    assert set(ready.scores["simpleuse"].items).isdisjoint(ready.scores["deepuse"].items)


def test_the_places_where_ai_changed_the_work_have_two_ways_out() -> None:
    options = questionnaire("readiness").item("aitasks").options
    assert [option.code for option in options if option.exclusive] == ["none", "dk"]
    assert {"entry", "enq", "inven", "book", "crm", "pers", "deci"} < {option.code for option in options}


def test_the_pulse_has_at_most_ten_items_for_everyone_and_no_grid() -> None:
    pulse = questionnaire("pulse")
    assert len(pulse.items) <= 10
    assert len(pulse.variables) == len(pulse.items)
    assert all(item.audiences == EVERYONE for item in pulse.items)


def test_a_trial_asks_load_time_and_quality_of_one_task() -> None:
    pilot = questionnaire("pilot")
    assert len(pilot.of_item("load")) == 6
    assert pilot["load_went"].favourable == "top"
    assert {pilot[f"load_{row}"].favourable for row in ("mind", "body", "rush", "effort", "irrit")} == {
        "bottom"
    }
    assert pilot.scores["taskload"].reverse == ("load_went",)
    assert pilot["taskmin"].kind == "number"
    assert pilot["taskqual"].source.origin == "own"


def test_published_words_are_those_of_the_publication_and_carry_their_licence() -> None:
    published = questionnaire("published")
    assert [published[f"aias_{row}"].label() for row in ("life", "work")] == [
        "AI improves my life",
        "AI improves my work",
    ]
    rows = {row.id: row.text["all"]["en"] for row in published.item("aias").rows}
    assert rows == {
        "life": "I believe that AI will improve my life.",
        "work": "I believe that AI will improve my work.",
        "use": "I think I will use AI technology in the future.",
        "good": "I think AI technology is positive for humanity.",
    }
    assert published["aias_life"].codes == tuple(str(n) for n in range(1, 11))
    assert "CC BY 4.0" in str(published["aias_life"].source.licence)
    assert published["selfburn"].codes_of("top") == ("3", "4", "5")
    assert published["selfburn"].sensitive


def test_words_in_one_language_only_burden_no_questionnaire_that_does_not_ask_them() -> None:
    assert "selfburn5" not in questionnaire("core").scales
    assert "attitude" not in questionnaire("complete").themes


EARLIER = {item["id"] for item in read_yaml(INSTRUMENTS / "bank" / "earlier.yaml")["items"]}


@cache
def asked(folder: str, audience: str) -> list[str]:
    return [item.id for item in load_instrument(INSTRUMENTS / folder / f"{audience}.yaml").items]


def test_every_item_declares_what_it_is_about_and_when(bank: BankFile) -> None:
    for item in bank.items:
        assert item.time_frame, item.id
        heard = item.audiences or (tuple(bank.audiences) if "all" in item.text else tuple(item.text))
        for audience in heard:
            assert item.referent.get(audience, item.referent.get("all")), (item.id, audience)


def test_what_a_respondent_may_not_know_offers_a_way_out(bank: BankFile) -> None:
    for item in bank.items:
        scale = bank.scales.get(item.scale or "")
        about_oneself = set(item.referent.values()) == {"self"}
        if item.id in EARLIER or about_oneself or item.type in ("number", "text"):
            continue
        if item.type == "multi":
            assert any(option.exclusive for option in item.options), item.id
        else:
            ways = {*item.missing, *(scale.missing if scale else ())}
            assert ways or (scale and "uns" in [option.code for option in scale.options]), item.id


def test_an_estimate_of_leaders_may_be_left_blank_and_says_so(bank: BankFile) -> None:
    estimates = [item for item in bank.items if item.estimate_of]
    assert len(estimates) == 7
    for item in estimates:
        assert (item.minimum, item.maximum) == (0, 100)
        assert "blank" in item.help["all"]["en"]
        assert set(item.text) == {"executive"}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_one_questionnaire_asks_everything_in_fifteen_minutes_per_group(language: str) -> None:
    complete = questionnaire("complete")
    longest = minutes(complete, language=language).set_index("audience")["longest"]
    assert set(longest.index) == set(EVERYONE)
    assert longest.max() <= 15
    assert advise(complete) == []


@pytest.mark.parametrize("audience", EVERYONE)
@pytest.mark.parametrize(
    ("folder", "more"),
    [
        ("core", set()),
        ("readiness", set()),
        ("pulse", set()),
        ("published", {"selfburn", "aias"}),  # word for word in English only
        (
            "pilot",
            {"paircode", "taskway", "load", "taskmin", "taskqual", "taskredo"},
        ),  # one task, asked twice
    ],
)
def test_the_short_questionnaires_are_parts_of_the_complete_one(
    folder: str, more: set[str], audience: str
) -> None:
    whole = asked("complete", audience)
    short = [name for name in asked(folder, audience) if name not in more]
    assert set(asked(folder, audience)) - set(whole) <= more
    places = [whole.index(name) for name in short if name in whole]
    assert places == sorted(places)


@pytest.mark.parametrize("audience", EVERYONE)
def test_statements_to_agree_with_are_a_quarter_of_the_core_at_most(audience: str) -> None:
    items = load_instrument(INSTRUMENTS / "core" / f"{audience}.yaml").items
    closed = [item for item in items if item.type in ("single", "matrix")]
    agree = [item.id for item in closed if item.scale == "agree5"]
    assert len(agree) <= len(closed) / 4
    assert set(agree) <= EARLIER  # the anchors that published figures need


def test_background_comes_last_and_one_check_of_attention_has_one_right_answer() -> None:
    for folder in ("complete", "core", "readiness"):
        merged = questionnaire(folder)
        assert merged.sections[-1].id == "profile"
        checks = [item for item in merged.items if item.attention]
        assert [(item.id, item.attention) for item in checks] == [("attend", "2")]
        assert "Rarely" in checks[0].text["all"]["en"]
        assert "Rarement" in checks[0].text["all"]["fr"]


def test_what_could_harm_a_respondent_is_sensitive() -> None:
    found = {v.name for v in questionnaire("complete").variables if v.sensitive}
    assert found >= {
        *("burnout", "burnoften", "leaveorg", "leavewhy", "unapp", "leadaware", "worry_job", "safe_say"),
        *("auto_check", "auto_rules", "leadtrust_well", "leadtrust_ai", "leadshow_use", "leadshow_err"),
    }


def test_freelancers_are_asked_about_the_organisation_of_the_report() -> None:
    complete = questionnaire("complete")
    for item in complete.items:
        about = item.referent.get("freelancer", item.referent.get("all"))
        if item.id not in EARLIER and "freelancer" in (item.audiences or ()) and about == "organisation":
            assert "{organisation}" in item.text["freelancer"]["en"], item.id
            assert "{organisation}" in item.text["freelancer"]["fr"], item.id


def test_every_battery_and_list_without_an_order_of_its_own_is_shown_at_random(bank: BankFile) -> None:
    fixed = {
        "tooldepth",
        "practice",
        "leadtrust",
        "encour",
        "clear",
        "safe",
        "leadshow",
        "steps",
        "lessons",
        "load",
    }
    fixed |= {"aias", "aitasks", *EARLIER}  # aitasks ends in "something else"
    lists = {item.id for item in bank.items if item.type in ("multi", "matrix")}
    assert {item.id for item in bank.items if item.order and item.id in lists} == lists - fixed


def _french(entry: object) -> Iterator[str]:
    if isinstance(entry, dict):
        for key, value in entry.items():
            if key == "fr" and isinstance(value, str):
                yield value
            else:
                yield from _french(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from _french(value)


def test_french_is_set_by_rule() -> None:
    texts = [text for path in INSTRUMENTS.glob("*/*.yaml") for text in _french(read_yaml(path))]
    assert len(texts) > 600
    for text in texts:
        assert "'" not in text, text
        assert not re.search(r"(?<!\u00a0)[?!;:»]", text.replace("{", "").replace("}", "")), text
        assert not re.search(r"\b(collaborateurs?|indépendants|salariés|dirigeants)\b", text), text


def test_what_is_read_before_and_after_is_in_both_languages_and_true_to_the_policy() -> None:
    texts = questionnaire("complete").texts
    for name, words in texts:
        assert set(words) == {"en", "fr"}, name
    for language in ("en", "fr"):
        assert "{minutes}" in texts.welcome[language]
        assert "{threshold}" in texts.confidentiality[language]
        assert "{sensitive_threshold}" in texts.confidentiality[language]


def test_every_statement_of_the_sources_is_asked_or_declined_with_a_reason() -> None:
    complete = questionnaire("complete")
    known = {name for v in complete.variables for name in (v.name, v.item.id)}
    with (INSTRUMENTS / "coverage.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 91
    assert len({(row["source"], row["statement"]) for row in rows}) == 91
    for row in rows:
        assert bool(row["items"]) != bool(row["declined"]), row["statement"]
        assert set(row["items"].split()) <= known, row["statement"]
    assert sum(bool(row["declined"]) for row in rows) == 1
