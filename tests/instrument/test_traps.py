"""Bad questions are caught, and well-known questions of public surveys are not called bad.

1. Every trap of the review's file, and the same faults in words of our own (`REVIEWED`), are caught.
2. Forty more traps are, each by the rule that it was written for.
3. Of forty questions of public surveys, at most one gets a warning. (Counted once, outside the tests, on
   4,267 questions of the General Social Survey, those of up to 200 characters in kjhealy/gssrdoc on GitHub:
   "leading", "vague" and "negation" warn of 210, 4.9%; more than half of these are negations.)
4. Structure: proxies, order, agreement, time frames, French typography, reading ease.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.instrument.test_lint_warnings import item
from toolkit.instrument import Instrument, advise, load_instrument, notes
from toolkit.instrument.lint_warnings import reading_ease, typeset

Load = Callable[[dict[str, Any]], Instrument]

REVIEWED = (
    ("We do not know how we could not lose these hours.", "negation"),
    ("The money that AI brings has left no gaps.", "leading"),
    ("Many of us often use AI regularly.", "vague"),
    ("Managers trust staff, staff trust managers.", "double-barrelled"),
    ("Any sensible manager uses AI.", "leading"),
    ("My company fails to listen.", "leading"),
)
TRAPS = (
    ("I am not told what AI does with my data.", "negation"),
    ("My manager never asks me what I need.", "negation"),
    ("I don't trust what AI writes.", "negation"),
    ("Nobody checks the answers of AI.", "negation"),
    ("I cannot say what I think of AI.", "negation"),
    ("My team lacks the time to learn AI.", "negation"),
    ("There is no rule on AI in my company.", "negation"),
    ("We hardly speak of AI.", "negation"),
    ("I am unable to keep up.", "negation"),
    ("My employer has neither a plan nor a budget.", "negation"),
    ("I frequently use AI.", "vague"),
    ("I have a lot on my mind.", None),
    ("I have used AI tools recently.", "vague"),
    ("From time to time I ask AI.", "vague"),
    ("My manager occasionally thanks me.", "vague"),
    ("A few colleagues help me.", "vague"),
    ("Numerous tasks are done twice.", "vague"),
    ("I spend a lot of time on mail.", "vague"),
    ("My work is sometimes dull.", "vague"),
    ("My pay is fair and my hours are good.", "double-barrelled"),
    ("AI is fast/accurate.", "double-barrelled"),
    ("My manager is friendly & fair.", "double-barrelled"),
    ("I use AI because it saves time.", "double-barrelled"),
    ("My tasks changed, my pay stayed the same.", "double-barrelled"),
    ("AI helps me plus my team.", "double-barrelled"),
    ("My work is safe; my team trusts me.", "double-barrelled"),
    ("AI makes me faster, which makes me calm.", "double-barrelled"),
    ("My company trains people as well as pays them.", "double-barrelled"),
    ("Every responsible leader has a plan for AI.", "leading"),
    ("Smart companies use AI.", "leading"),
    ("Studies show that AI saves time.", "leading"),
    ("It is clear that AI saves time.", "leading"),
    ("My employer blindly trusts AI.", "leading"),
    ("The new AI tools are amazing.", "leading"),
    ("Our old processes are a waste of time.", "leading"),
    ("Workers are forced to use AI.", "leading"),
    ("Nobody doubts that AI is here to stay.", "leading"),
    ("The time AI saved has gone to better work.", "leading"),
    ("Thanks to AI I do better work.", "leading"),
    ("The problems AI causes are being solved.", "leading"),
    ("Now that AI is here, my work is better.", "leading"),
    ("So-called experts decide on AI here.", "leading"),
)
FRENCH = (
    ("Je ne sais pas ce que l’IA fait de mes données.", "negation"),
    ("Il n’y a aucune règle sur l’IA.", "negation"),
    ("J’utilise souvent l’IA.", "vague"),
    ("Beaucoup de tâches changent.", "vague"),
    ("Toute personne sensée utilise l’IA.", "leading"),
    ("Le temps gagné va au bon travail.", "leading"),
    ("Mon salaire est juste parce que je travaille bien.", "double-barrelled"),
)
PUBLIC = (
    # General Social Survey (NORC), ballot wordings
    "Taken all together, how would you say things are these days?",
    "Generally speaking, would you say that most people can be trusted?",
    "On the whole, how satisfied are you with the work you do?",
    "During the past 12 months, how often did you feel used up at the end of the day?",
    "I have enough time to get the job done.",
    "My job lets me use my skills.",
    "The chances for promotion are good.",
    "I am treated with respect at work.",
    "How hard is it to take time off during your work?",
    "How often do you participate with others in helping set the way things are done on your job?",
    # European Social Survey, core questionnaire
    "Using this card, how much do you personally trust each of the institutions I read out?",
    "All things considered, how satisfied are you with your life as a whole nowadays?",
    "How much does the management at your work allow you to decide how your own daily work is organised?",
    "How interested would you say you are in politics?",
    "Compared to other people of your age, how often would you say you take part in social activities?",
    "The government should take measures to reduce differences in income levels.",
    "How often do you meet socially with friends?",
    "What is your total household income, after tax?",
    # Eurofound, European Working Conditions Survey
    "Your boss helps you in getting the job done.",
    "You have enough time to get the job done.",
    "Your job gives you the feeling of work well done.",
    "How often do you have to work at very high speed?",
    "Over the last 12 months, how often has it happened that you worked in your free time?",
    "My job offers good prospects for career advancement.",
    "I receive the recognition I deserve for my work.",
    "The organisation I work for motivates me to give my best job performance.",
    # Pew Research Center, American Trends Panel
    "How much have you heard about artificial intelligence?",
    "Overall, does the increased use of AI in daily life make you feel more excited than concerned?",
    "How often do you use AI chatbots for your work?",
    "How satisfied are you with your job overall?",
    "Thinking about your own job, how much do you worry about losing it?",
    "How confident are you that you could find a new job if you had to?",
    # Gallup, public polls; WHO-5; PHQ-2
    "How concerned are you that your job will be eliminated within the next five years?",
    "Over the past two weeks I have felt calm.",
    "Over the last 2 weeks, how often have you had little interest in doing things?",
    # OECD AI surveys 2022; US Census Bureau, BTOS
    "How do you think AI has changed your own job performance?",
    "In the last two weeks, did this business use AI in producing goods?",
    "To what extent do you trust your company to make the right decisions about AI?",
    "How many hours do you work in a typical week?",
    "Do you enjoy your work more since you began to work with AI?",
)
"""Questions of public surveys, shortened or retold; not verbatim quotations."""


def rules_of(data: dict[str, Any], load: Load, words: str, language: str = "en") -> set[str]:
    """The rules that warn of a statement to agree with."""
    data = copy.deepcopy(data)
    item(data, "grid")["rows"][0]["text"] = {"all": {"en": words}}
    instrument = load(data)
    if language != "en":
        row = instrument.items[2].rows[0].model_copy(update={"text": {"all": {language: words}}})
        grid = instrument.items[2].model_copy(update={"rows": (row,), "text": {"all": {language: "?"}}})
        instrument = instrument.model_copy(update={"languages": (language,), "items": (grid,)})
    return {one.code for one in advise(instrument) if one.path[0] == "items"}


def test_there_are_forty_traps_of_our_own() -> None:
    caught = [words for words, rule in (*TRAPS, *FRENCH) if rule]
    assert len(set(caught)) == len(caught) >= 40


@pytest.mark.parametrize(("words", "rule"), [*REVIEWED, *TRAPS])
def test_a_trap_is_caught_by_its_rule(
    plain: dict[str, Any], load: Load, words: str, rule: str | None
) -> None:
    found = rules_of(plain, load, words)
    assert rule in found if rule else not found


@pytest.mark.parametrize(("words", "rule"), FRENCH)
def test_a_french_trap_is_caught_by_its_rule(
    plain: dict[str, Any], load: Load, words: str, rule: str
) -> None:
    assert rule in rules_of(plain, load, words, "fr")


def test_every_trap_of_the_review_is_caught(root: Path) -> None:
    path = root.parent / "shared" / "review" / "questionnaires" / "trap.yaml"
    if not path.exists():
        pytest.skip("the review's file is not beside this checkout")
    found: dict[str, set[str]] = {}
    for one in advise(load_instrument(path)):
        found.setdefault(one.path[1], set()).add(one.code)
    wanted = {"neg": "negation", "pres": "leading", "vague": "vague", "trust2": "double-barrelled"}
    wanted |= {"frame": "leading", "bad": "leading"}
    assert {name: rule for name, rule in wanted.items() if rule not in found.get(name, ())} == {}


def test_few_public_questions_are_called_bad(plain: dict[str, Any], load: Load) -> None:
    """Asked as statements to agree with, where lint looks hardest."""
    alarms = {words: found for words in PUBLIC if (found := rules_of(plain, load, words))}
    assert len(PUBLIC) == 40
    assert len(alarms) <= 1, alarms


def codes(instrument: Instrument) -> list[tuple[str, str]]:
    return [(one.code, " ".join(one.path)) for one in notes(instrument)]


def test_how_often_needs_a_time(plain: dict[str, Any], load: Load) -> None:
    hours = item(plain, "hours")
    hours["text"] = {"all": {"en": "How many hours do you read?"}}
    assert ("time-frame", "items hours text all en") in codes(load(plain))
    hours["text"] = {"all": {"en": "How many hours a week do you read?"}}
    assert "time-frame" not in [rule for rule, _ in codes(load(plain))]
    hours |= {"text": {"all": {"en": "How many hours do you read?"}}, "time_frame": "past_week"}
    assert "time-frame" not in [rule for rule, _ in codes(load(plain))]


def test_who_answers_for_others_may_not_know(plain: dict[str, Any], load: Load) -> None:
    grid = item(plain, "grid")
    grid["referent"] = {"boss": "employees", "staff": "self"}
    assert "proxy" not in [rule for rule, _ in codes(load(plain))]  # the scale offers a don't know
    del plain["scales"]["agree"]["missing"]
    assert ("proxy", "items grid") in codes(load(plain))
    grid["lint"] = {"allow": {"proxy": "leaders see it every day"}}
    assert "proxy" not in [rule for rule, _ in codes(load(plain))]


def test_agreement_is_counted_once_for_the_questionnaire(plain: dict[str, Any], load: Load) -> None:
    assert [rule for rule, _ in codes(load(plain))].count("agree-share") == 1
    for option, words in zip(plain["scales"]["agree"]["options"], "abcde", strict=True):
        option["label"] = {"en": f"Level {words}"}
    assert "agree-share" not in [rule for rule, _ in codes(load(plain))]


def test_what_is_compared_is_noted_once_until_it_says_what_it_is_about(
    plain: dict[str, Any], load: Load
) -> None:
    assert [path for rule, path in codes(load(plain)) if rule == "undeclared"] == ["items", "texts"]
    for one in plain["items"]:
        one["referent"] = "self"
    words = {"en": "Words."}
    plain["texts"] = dict.fromkeys(("welcome", "consent", "confidentiality", "contact", "end"), words)
    assert "undeclared" not in [rule for rule, _ in codes(load(plain))]


def test_sensitive_questions_come_late_and_burdens_after_the_outcome(
    plain: dict[str, Any], load: Load
) -> None:
    extra = [{**copy.deepcopy(item(plain, "q")), "id": f"s{n}", "favourable": "bottom"} for n in range(8)]
    plain["items"] = [*extra, *plain["items"]]
    plain["sections"][0]["items"] = [one["id"] for one in plain["items"]]
    plain["items"][0]["sensitive"] = "true"
    found = [one.path for one in advise(load(plain)) if one.code == "question-order"]
    assert found == [("items", "s0")]  # a warning: early, with nothing before it
    assert "question-order" not in [rule for rule, _ in codes(load(plain))]
    plain["items"][0]["sensitive"] = "false"
    plain["items"][7]["sensitive"] = "true"
    assert [path for rule, path in codes(load(plain)) if rule == "question-order"] == ["items s7"]
    plain["items"][6]["favourable"] = "top"  # a gain between the burdens and the outcome
    assert "question-order" not in [rule for rule, _ in codes(load(plain))]


def test_french_marks_are_set_as_printed(plain: dict[str, Any], load: Load) -> None:
    assert typeset("L'IA aide-t-elle ? Oui : «beaucoup»!") == (
        "L’IA aide-t-elle\u202f? Oui\u00a0: «\u00a0beaucoup\u00a0»\u202f!"
    )
    for text in ("À 10:30, écrivez à a@b.fr", "L’avis, c’est dit."):
        assert typeset(text) == text
    assert typeset(typeset("L'IA ?")) == typeset("L'IA ?")
    instrument = load(plain)
    spoilt = "L'IA aide-t-elle ?"
    for words, noted in (
        (spoilt, True),
        (typeset(spoilt), False),
        (typeset(spoilt).replace("\u202f", "\u00a0"), False),
    ):
        hours = instrument.items[3].model_copy(update={"text": {"all": {"fr": words}}})
        french = instrument.model_copy(update={"languages": ("fr",), "items": (hours,)})
        assert ("typography" in [one.code for one in notes(french)]) == noted


def test_reading_ease_of_french_by_hand() -> None:
    # 6 words, 7 syllables (ta-pis has two), one sentence
    assert reading_ease(["Le chat est sur le tapis."]) == pytest.approx(207 - 1.015 * 6 - 73.6 * 7 / 6)
    hard = "Institutionnalisation organisationnelle interdépartementale."
    assert reading_ease([hard]) < 0
