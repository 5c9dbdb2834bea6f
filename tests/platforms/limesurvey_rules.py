"""What LimeSurvey 6 does with a survey structure file, as rules; written without a look at the exporter.

`faults` reads a file the way LimeSurvey's importer does and says everything it would refuse, drop without a
word or take for code. `said` evaluates the little ExpressionScript that wording and relevance use.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator

Row = dict[str, str]

SHARED_HEADER = [
    *(
        "id",
        "related_id",
        "class",
        "type/scale",
        "name",
        "relevance",
        "text",
        "help",
        "language",
        "validation",
    ),
    *("mandatory", "encrypted", "other", "default", "same_default", "same_script", "hidden"),
    *("exclude_all_others", "random_order", "random_group"),
]
ATTRIBUTES = {"min_num_value_n", "max_num_value_n", "equation", "answer_width"}
ATTRIBUTES |= {"answer_order", "keep_codes_order"}
RESERVED = {"time", "and", "or", "eq", "ne", "lt", "le", "gt", "ge", "this", "self", "that"}
NEEDS_ANSWERS, NEEDS_PARTS = {"L", "F"}, {"M", "F"}
TOKEN = re.compile(
    r"\s*(?:(?P<string>\"[^\"]*\"|'[^']*')|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z]\w*(?:\.NAOK)?)"
    r"|(?P<mark>==|!=|<=|>=|<|>|!|\(|\)|,))"
)


def read(data: bytes) -> list[Row]:
    """Rows as the importer sees them: empty cells are not there, a cell in quotation marks loses them."""
    text = re.sub(r"\r\n|[\n\v\f\r\x85\u2028\u2029]", "\n", data.decode("utf-8"))
    header, *lines = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
    header[0] = re.sub(r"^\W+", "", header[0])
    rows = []
    for line in lines:
        row = {}
        for name, cell in zip(header, line, strict=False):
            stripped = cell[1:-1].replace('""', '"') if re.fullmatch(r'".*"', cell) else cell
            if stripped:
                row[name] = stripped
        rows.append(row)
    return rows


def faults(data: bytes) -> list[str]:
    """Everything wrong with a file."""
    return list(_faults(data))


def _faults(data: bytes) -> Iterator[str]:
    if data[:3] != b"\xef\xbb\xbf":
        yield "no byte order mark"
    try:
        data[:10_000].decode("utf-8")
    except UnicodeDecodeError:
        yield "the first 10,000 bytes end within a character"
    header = next(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter="\t"))
    if header[: len(SHARED_HEADER)] != SHARED_HEADER or not set(header[len(SHARED_HEADER) :]) <= ATTRIBUTES:
        yield f"header {header}"
    rows = read(data)
    for number, row in enumerate(rows, start=2):
        if row.get("class") not in ("S", "SL", "G", "Q", "SQ", "A", "QTA", "QTALS", "QTAM"):
            yield f"line {number}: class {row.get('class')}"
    settings = {row["name"]: row.get("text", "") for row in rows if row["class"] == "S"}
    languages = [settings.get("language", ""), *settings.get("additional_languages", "").split()]
    titled = [row["language"] for row in rows if row["class"] == "SL" and row["name"] == "surveyls_title"]
    if not re.fullmatch(r"[1-9]\d{0,5}", settings.get("sid", "")) or titled != languages:
        yield f"sid {settings.get('sid')}, titles in {titled}, languages {languages}"
    titles = [row["text"] for row in rows if row["class"] == "SL" and row["name"] == "surveyls_title"]
    if any(len(title) > 200 for title in titles):  # the other texts are of any length
        yield "a title longer than 200"
    yield from _structure(rows, languages)
    yield from _quotas(rows, languages)
    for row in rows:
        if row["class"] in ("G", "SL", "Q", "SQ", "A"):
            text = row.get("name" if row["class"] == "G" else "text", "")
            if not text:
                yield f"{row['class']} {row.get('name')}: no words"
            yield from _expression_faults(text)


def _structure(rows: list[Row], languages: list[str]) -> Iterator[str]:
    """Each language tells the same groups, questions, sub-questions and answers, with codes that fit."""
    told = {language: _skeleton(rows, language) for language in languages}
    for language in languages[1:]:
        if told[language] != told[languages[0]]:
            yield f"{language} differs from {languages[0]}"
    questions: dict[str, tuple[str, str, str]] = {}
    seen: list[str] = []
    kept = [row for row in rows if row.get("language") == languages[0] and row["class"] in ("Q", "SQ", "A")]
    for place, row in enumerate(kept):
        name = row["name"]
        if row["class"] != "Q":
            continue
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,19}", name) or name.lower() in RESERVED:
            yield f"question code {name}"
        if name.lower() in questions:
            yield f"question code {name} twice"
        following = kept[place + 1 :]
        own = following[: next((n for n, one in enumerate(following) if one["class"] == "Q"), len(following))]
        yield from _parts(row, own)
        yield from _relevance_faults(row.get("relevance", ""), seen, name)
        questions[name.lower()] = (name, row["type/scale"], row.get("mandatory", ""))
        parts = [one["name"] for one in own if one["class"] == "SQ"]
        for one in own:
            if one["class"] == "SQ":
                yield from _relevance_faults(one.get("relevance", ""), seen, f"{name}_{one['name']}")
        seen += [f"{name}_{part}" for part in parts] or [name]


def _skeleton(rows: list[Row], language: str) -> list[tuple[str | None, ...]]:
    keys = ("class", "type/scale", "relevance", "mandatory", "other", "hidden", "exclude_all_others")
    return [
        (*(row.get(key) for key in keys), None if row["class"] == "G" else row["name"])
        for row in rows
        if row.get("language") == language and row["class"] in ("G", "Q", "SQ", "A")
    ]


def _parts(question: Row, own: list[Row]) -> Iterator[str]:
    name, kind = question["name"], question["type/scale"]
    answers = [row["name"] for row in own if row["class"] == "A"]
    parts = [row["name"] for row in own if row["class"] == "SQ"]
    if kind not in ("L", "F", "M", "N", "T", "S", "*"):
        yield f"{name}: type {kind}"
    if bool(answers) != (kind in NEEDS_ANSWERS) or bool(parts) != (kind in NEEDS_PARTS):
        yield f"{name}: {len(answers)} answers and {len(parts)} parts in type {kind}"
    for code in answers:
        if not re.fullmatch(r"[A-Za-z0-9]{1,5}", code):
            yield f"{name}: answer code {code}"
    for part in parts:
        if not re.fullmatch(r"[A-Za-z0-9]{1,20}", part) or part.lower() in RESERVED & {
            "time",
            "other",
            "comment",
        }:
            yield f"{name}: part {part}"
    for given in (answers, parts):
        if len({code.lower() for code in given}) != len(given):
            yield f"{name}: codes that differ only in case, or twice"
    if len({int(code) for code in answers if code.isdigit()}) != sum(map(str.isdigit, answers)):
        yield f"{name}: answer codes that are one number"
    for code in filter(None, question.get("exclude_all_others", "").split(";")):
        if code not in parts:
            yield f"{name}: excludes {code}"
    if question.get("mandatory") not in ("Y", "N") or question.get("other") != "N":
        yield f"{name}: mandatory {question.get('mandatory')}, other {question.get('other')}"


def _quotas(rows: list[Row], languages: list[str]) -> Iterator[str]:
    quotas = [row for row in rows if row["class"] == "QTA"]
    numbers = [row["id"] for row in quotas]
    for row in quotas:
        if not row["mandatory"].isdigit() or (row["other"], row["default"]) != ("1", "1"):
            yield f"quota {row['name']}: {row}"
        spoken = [
            one["language"] for one in rows if one["class"] == "QTALS" and one["related_id"] == row["id"]
        ]
        if spoken != languages:
            yield f"quota {row['name']}: settings in {spoken}"
        if not any(one["class"] == "QTAM" and one["related_id"] == row["id"] for one in rows):
            yield f"quota {row['name']}: counts nothing"
    last: list[str] = []
    for row in rows:
        if row["class"] == "Q":
            last = re.findall(r',"([^"]+)"', row.get("equation", ""))  # what an equation can result in
        elif row["class"] == "A":
            last.append(row["name"])
        elif row["class"] == "QTAM" and (row["related_id"] not in numbers or row["name"] not in last):
            yield f"quota member {row['name']} does not follow its question"


def _expression_faults(text: str) -> Iterator[str]:
    if text.count("{") != text.count("}") or text.count("{") > 1 or "\\" in text:
        yield f"braces or backslash in {text}"
    if "{" in text and not (text.startswith("{") and text.endswith("}")):
        yield f"code within words: {text}"
    if "{" in text:
        try:
            said(text[1:-1], {})
        except ValueError as fault:
            yield f"{text}: {fault}"
    elif re.search(r"<(?!br />)", text) or re.search(r"&(?!amp;|lt;|gt;|quot;)", text):
        yield f"marks that are HTML: {text}"


def _relevance_faults(text: str, seen: list[str], where: str) -> Iterator[str]:
    try:
        said(text, {})
    except ValueError as fault:
        yield f"{where}: relevance {text}: {fault}"
    without = re.sub(r"\"[^\"]*\"", "", text)
    for name in re.findall(r"([A-Za-z]\w*)\.NAOK", without):
        if name not in seen:
            yield f"{where}: relevance names {name}, which is not asked before it"


def said(text: str, answers: dict[str, str]) -> str:
    """The value of an expression for someone's answers ("" where a question has none)."""
    tokens, place = [], 0
    text = text.strip()
    while place < len(text):
        found = TOKEN.match(text, place)
        if not found:
            raise ValueError(f"cannot be read from {text[place : place + 20]!r} on")
        tokens.append((found.lastgroup or "", found.group().strip()))
        place = found.end()
    parser = _Parser(tokens, answers)
    value = parser.either()
    if parser.tokens:
        raise ValueError(f"left over: {parser.tokens[:3]}")
    return value


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], answers: dict[str, str]) -> None:
        self.tokens, self.answers = tokens, answers

    def take(self, wanted: str | None = None) -> tuple[str, str]:
        if not self.tokens or (wanted is not None and self.tokens[0][1] != wanted):
            raise ValueError(f"{wanted or 'more'} is missing")
        return self.tokens.pop(0)

    def next(self) -> str:
        return self.tokens[0][1] if self.tokens and self.tokens[0][0] != "string" else ""

    def either(self) -> str:
        value = self.both()
        while self.next() == "or":
            self.take()
            other = self.both()
            value = "1" if _true(value) or _true(other) else ""
        return value

    def both(self) -> str:
        value = self.compared()
        while self.next() == "and":
            self.take()
            other = self.compared()
            value = "1" if _true(value) and _true(other) else ""
        return value

    def compared(self) -> str:
        one = self.single()
        if self.next() not in ("==", "!=", "<", "<=", ">", ">="):
            return one
        sign, other = self.take()[1], self.single()
        if sign in ("==", "!="):
            same = _number(one) == _number(other) if _numeric(one) and _numeric(other) else one == other
            return "1" if same == (sign == "==") else ""
        if not (_numeric(one) and _numeric(other)):
            return ""
        first, second = _number(one), _number(other)
        truth = {"<": first < second, "<=": first <= second, ">": first > second, ">=": first >= second}[sign]
        return "1" if truth else ""

    def single(self) -> str:
        kind, token = self.take()
        if token == "!" and kind == "mark":
            return "" if _true(self.single()) else "1"
        if token == "(" and kind == "mark":
            value = self.either()
            self.take(")")
            return value
        if kind == "string":
            return token[1:-1]
        if kind == "number":
            return token
        if kind == "word" and self.next() == "(":
            return self.called(token)
        if kind == "word" and token.endswith(".NAOK"):
            return self.answers.get(token.removesuffix(".NAOK"), "")
        raise ValueError(f"{token} has no place here")

    def called(self, name: str) -> str:
        self.take("(")
        given = [self.either()]
        while self.next() == ",":
            self.take()
            given.append(self.either())
        self.take(")")
        if name == "if" and len(given) == 3:
            return given[1] if _true(given[0]) else given[2]
        if name == "join":
            return "".join(given)
        if name == "is_empty" and len(given) == 1:
            return "" if given[0] else "1"
        raise ValueError(f"{name} with {len(given)}")


def read_by(text: str, audience: str) -> str:
    """What somebody of an audience reads."""
    known = dict.fromkeys(("audiencegroup", "audience"), audience)  # the latter in files of version 0.4
    shown = said(text[1:-1], known) if text.startswith("{") else text
    return html.unescape(shown.replace("<br />", "\n"))


def _numeric(value: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None


def _number(value: str) -> float:
    return float(value)


def _true(value: str) -> bool:
    return value not in ("", "0")
