"""The sample study's answers read straight from the exports, without the package."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import yaml

AUDIENCE_CODES = {"exec": "executive", "empl": "employee", "free": "freelancer"}
AUDIENCE_LABELS = {"Executive": "executive", "Employee": "employee", "Freelancer": "freelancer"}


class Questions:
    """The bank's items as plain dictionaries, every scalar as written."""

    def __init__(self, root: Path) -> None:
        self.items: dict[str, dict] = {}
        bank = root / "instruments"
        for path in sorted((bank / "bank").glob("*.yaml")):
            read = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
            if path.name == "scales.yaml":
                self.scales = read["scales"]
            for item in read.get("items", ()):
                self.items[item["id"]] = item
        self.order: list[str] = []
        self.asked: dict[str, set[str]] = {}
        for audience in AUDIENCE_CODES.values():
            read = yaml.load((bank / f"{audience}.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
            self.asked[audience] = {item for section in read["sections"] for item in section["items"]}
            self.order += [i for s in read["sections"] for i in s["items"] if i not in self.order]

    def options(self, item: str) -> list[dict]:
        """Its answers in order: its own, or those of its scale."""
        found = self.items[item]
        return found.get("options") or self.scales[found["scale"]]["options"]

    def codes(self, item: str) -> list[str]:
        return [option["code"] for option in self.options(item)]

    def top(self, item: str) -> list[str]:
        return self.scales[self.items[item]["scale"]]["top"] if "scale" in self.items[item] else []

    def route(self, item: str) -> tuple[str, str] | None:
        """The bank routes by one question and one code only: ("aiuse", "1")."""
        rule = self.items[item].get("ask_if")
        if rule is None:
            return None
        name, code = rule.split(" == ")
        return name, code.strip("\"'")


Person = dict[str, object]
"""audience, organisation, and for each item asked and answered its code, or the set of codes ticked."""


def read_wave(root: Path, wave: str) -> list[Person]:
    """Everyone of a wave whose answers count."""
    questions = Questions(root)
    folder = root / "data_samples" / "ai_at_work" / "answers"
    flavour = "codes" if wave == "2026" else "full_answers"
    staff = _limesurvey(folder / f"{wave}_staff_limesurvey_{flavour}.csv", questions, labels=wave != "2026")
    return staff + _qualtrics(folder / f"{wave}_freelancers_qualtrics.csv", questions)


def _limesurvey(path: Path, questions: Questions, *, labels: bool) -> list[Person]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter=";"))
    people = []
    for row in rows:
        who = (AUDIENCE_LABELS if labels else AUDIENCE_CODES)[row["audience"]]
        given: dict[str, object] = {}
        for item in questions.order:
            found = questions.items[item]
            if found["type"] == "multi":
                yes = "Yes" if labels else "Y"
                ticked = {code for code in questions.codes(item) if row.get(f"{item}[{code}]") == yes}
                given[item] = ticked or None
            elif found["type"] == "single":
                text = row.get(item, "")
                names = {option["label"]["en"]: option["code"] for option in questions.options(item)}
                given[item] = (names.get(text) if labels else text) or None
        people.append(_person(who, row["organisation"], given, questions, submitted=bool(row["submitdate"])))
    return [person for person in people if person]


def _qualtrics(path: Path, questions: Questions) -> list[Person]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))[2:]
    people = []
    for row in rows:
        if row["Status"] == "1":
            continue
        given: dict[str, object] = {}
        for item in questions.order:
            kind, text, codes = questions.items[item]["type"], row.get(item, ""), None
            if not text or kind == "text":
                continue
            codes = questions.codes(item)
            if kind == "multi":
                given[item] = {codes[int(number) - 1] for number in text.split(",")}
            else:
                given[item] = text if all(code.isdigit() for code in codes) else codes[int(text) - 1]
        done = row["Finished"] == "1"
        people.append(_person("freelancer", row["organisation"], given, questions, submitted=done))
    return [person for person in people if person]


def _person(
    who: str, where: str, given: dict[str, object], questions: Questions, *, submitted: bool
) -> Person:
    """Keep what was asked; {} for someone who broke off before half of the questions."""
    kept: Person = {"audience": who, "organisation": where}
    asked = answered = 0
    for item in questions.order:
        if item not in questions.asked[who] or questions.items[item]["type"] == "text":
            continue
        route = questions.route(item)
        if route and kept.get(route[0]) != route[1]:
            continue
        asked += 1
        answer = given.get(item)
        if answer is None:
            continue
        answered += 1
        if isinstance(answer, set) or answer in questions.codes(item):
            kept[item] = answer
    return kept if answered and (submitted or 2 * answered >= asked) else {}


def counts(people: list[Person], questions: Questions, item: str) -> tuple[int, dict[str, int]]:
    """How many answered an item, and how many gave or ticked each code."""
    found: dict[str, int] = defaultdict(int)
    answers = [person[item] for person in people if item in person]
    exclusive = {o["code"] for o in questions.options(item) if o.get("exclusive") == "true"}
    for answer in answers:
        ticked = answer if isinstance(answer, set) else {answer}
        for code in ticked - exclusive if len(ticked) > 1 else ticked:
            found[code] += 1
    return len(answers), found
