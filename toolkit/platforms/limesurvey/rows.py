"""The rows of a LimeSurvey survey structure file: survey, languages, quotas, groups, questions, answers.

The layout is the one of a file that LimeSurvey 6.4.2 imported. What a column means in a quota row was read
off its importer, which gives columns of questions another meaning there.
"""

from __future__ import annotations

import csv
import html
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from toolkit.instrument.model import Instrument, Item, Variable
from toolkit.locale import languages, respondent_text
from toolkit.platforms.routing import LIMESURVEY
from toolkit.platforms.words import audience_question, fixed_codes, opening, spoken

# Words as LimeSurvey holds them: HTML in which braces are code, switched by audience with ExpressionScript.
#
# What was read off LimeSurvey 6's own source: an expression ends at the first closing brace, also inside a
# string; a string ends at the first quotation mark of its kind; a backslash changes the meaning of the mark
# behind it; a cell that begins and ends with a quotation mark loses both on import; an XSS filter, where it
# is on, turns `&quot;` inside a string back into a mark. So strings are put together from pieces that hold
# only the other kind of mark, and braces and backslashes are refused.


AUDIENCE = "audience"
"""Code of the hidden question that the link fills in: ?audience=exec."""
ASKED = "audienceask"
"""Code of the question that identifies the respondent, where the link does not."""
GROUP = "audiencegroup"
"""Code of the hidden question that holds the audience in the end; conditions and quotas look at it."""

_BREAKS = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_ABBREVIATED = 15


def marked_up(text: str) -> str:
    """Convert plain text to HTML: escape special characters, end lines with `<br />`.

    Examples
    --------
    >>> marked_up('"R&D" <here>')
    '&quot;R&amp;D&quot; &lt;here&gt;'
    """
    return _one_line(html.escape(text, quote=False)).replace('"', "&quot;")


def switched(words: Mapping[str, str]) -> str:
    """Join what each audience reads into one text; plain HTML if all read the same.

    Parameters
    ----------
    words
        Audience code → words; the last audience's words apply to everyone else.

    Examples
    --------
    >>> switched({"exec": "Your people", "fte": "You", "free": "You"})
    '{if(audiencegroup.NAOK=="exec","Your people","You")}'
    """
    if len(set(words.values())) == 1:
        return marked_up(next(iter(words.values())))
    by_text: dict[str, list[str]] = {}
    for code, text in words.items():
        by_text.setdefault(text, []).append(code)
    rest = words[list(words)[-1]]
    others = [text for text in by_text if text != rest]
    stated = _literal(rest)
    for text in reversed(others):
        stated = f"if({is_one_of(by_text[text])},{_literal(text)},{stated})"
    return f"{{{stated}}}"


def is_one_of(codes: Iterable[str], question: str = GROUP) -> str:
    """Return the condition that a respondent is of one of some audiences, given by their answer codes."""
    return " or ".join(f'{question}.NAOK=="{code}"' for code in codes)


def heading(stem: str, part: str | None = None) -> str:
    """Return a column's heading in an export with full question texts: without tags, with the code."""
    whole = _stripped(stem)
    return whole if part is None else f"{whole} [{_stripped(part)}]"


def abbreviated(stem: str, part: str | None = None) -> str:
    """Return a column's heading in an export with abbreviated question texts."""
    whole = _cut(_stripped(stem))
    return whole if part is None else f"{whole} [{_cut(_stripped(part))}]"


def unholdable(text: str) -> str | None:
    """Return why LimeSurvey cannot hold a text; None where it can."""
    for mark, name in (("{", "an opening brace"), ("}", "a closing brace"), ("\\", "a backslash")):
        if mark in text:
            return f"holds {name}, which is code to LimeSurvey"
    if any(unicodedata.category(mark) == "Cc" for mark in _BREAKS.sub("", text).replace("\t", "")):
        return "holds a control character"
    if any(unicodedata.category(mark) == "Cs" for mark in text):
        return "holds half of a character (a lone surrogate)"
    return None


def _one_line(text: str) -> str:
    return _BREAKS.sub("<br />", text.strip().replace("\t", " "))


def _literal(text: str) -> str:
    """Quote a text for ExpressionScript, in pieces if it holds both kinds of quotation mark."""
    plain = _one_line(html.escape(text, quote=False))
    if '"' not in plain:
        return f'"{plain}"'
    if "'" not in plain:
        return f"'{plain}'"
    pieces = [piece for piece in re.split(r'("+)', plain) if piece]
    quoted = [f"'{piece}'" if '"' in piece else f'"{piece}"' for piece in pieces]
    return f"join({','.join(quoted)})"


def _stripped(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def _cut(text: str) -> str:
    return text if len(text) <= _ABBREVIATED + 3 else f"{text[:_ABBREVIATED]}.. "


HEADER = (
    *("id", "related_id", "class", "type/scale", "name", "relevance", "text", "help", "language"),
    *("validation", "mandatory", "encrypted", "other", "default", "same_default", "same_script"),
    *("hidden", "exclude_all_others", "random_order", "random_group"),
)
"""Columns of every file; `FURTHER` follow where a question has one of them."""
BOUNDS = ("min_num_value_n", "max_num_value_n")
FURTHER = (
    *(*BOUNDS, "max_answers", "other_replace_text", "equation", "answer_width"),
    *("answer_order", "keep_codes_order"),
)
TYPES = {"single": "L", "matrix": "F", "multi": "M", "ranking": "R", "number": "N", "text": "T"}
_BYTES_LOOKED_AT = 10_000
_LEAST_WIDTH = 15
_WIDE = frozenset("mwMW@%")


_WELCOME = ("welcome", "confidentiality", "contact")
"""Texts of the first page; LimeSurvey asks for consent there by its own notice, with a box to tick."""
Line = dict[str, str]


@dataclass(frozen=True)
class Quota:
    """At most `limit` people who gave these answers; those who come later are thanked and leave.

    `answers` names single-choice items, or "audience", and for each the answers that count.
    """

    name: str
    limit: int
    answers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Plan:
    """One file: what is asked in it, and what LimeSurvey calls it.

    `codes` holds the items, and `parts` the rows and options (by our column's name), that need another name;
    `rows` the rows of matrices that are asked as questions of their own.
    """

    instrument: Instrument
    survey_id: str
    titles: Mapping[str, str]
    codes: Mapping[str, str]
    parts: Mapping[str, str]
    quotas: tuple[Quota, ...] = ()
    hidden: tuple[str, ...] = ()
    asks_audience: bool = field(default=False)
    rows: Mapping[str, str] = field(default_factory=dict)
    anonymous: bool = False

    def code(self, item: Item) -> str:
        """Return the name of an item in LimeSurvey."""
        return self.codes.get(item.id, item.id)

    def part(self, variable: Variable) -> str | None:
        """Return the name of a row or an option in LimeSurvey."""
        return self.parts.get(variable.name, variable.part)

    @property
    def welcomes(self) -> bool:
        """Whether there are words for the first page in every language."""
        instrument = self.instrument
        own = opening(instrument, instrument.languages[0], _WELCOME)
        return bool(own) or set(instrument.languages) <= set(languages("questionnaire"))

    def name(self, variable: Variable) -> str:
        """Return the name of a column in conditions and in VV, R and SPSS exports."""
        code, part = self.code(variable.item), self.part(variable)
        if variable.name in self.rows:
            return self.rows[variable.name]
        if variable.item.type == "ranking":
            return f"{code}_1"  # a column per rank: anyone who ranked anything filled the first
        return code if part is None else f"{code}_{part}"

    def text(self, parallel: Mapping[str, Mapping[str, str]], audiences: Iterable[str], language: str) -> str:
        """Join parallel wordings into one text that switches by audience."""
        held = {key: dict(wording) for key, wording in parallel.items()}
        known = self.instrument.audiences
        return switched({known[name].code: spoken(held, name, language) for name in audiences})

    def help(self, item: Item, audiences: Iterable[str], language: str) -> str:
        """Return the text under a question, switched by audience."""
        known = self.instrument.audiences
        return switched({known[name].code: item.help_for(name, language) for name in audiences})

    def row_text(self, variable: Variable, language: str) -> str:
        """Join a matrix's question and one of its statements into one text, switched by audience."""
        return switched(
            {
                self.instrument.audiences[name].code: "\n".join(
                    spoken({key: dict(wording) for key, wording in text.items()}, name, language)
                    for text in (variable.item.text, variable.row.text if variable.row else {})
                )
                for name in variable.audiences
            }
        )


def tabulated(rows: Iterable[Line]) -> bytes:
    """Serialise rows for import: UTF-8 with a byte order mark, tabs, quotes where needed.

    LimeSurvey guesses the encoding from the first 10,000 bytes, which must not end within a character; tabs
    behind the first row, which no column belongs to, move the end where it would.
    """
    rows = list(rows)
    header = [*HEADER, *(name for name in FURTHER if any(row.get(name) for row in rows))]
    made = io.StringIO(newline="")
    writer = csv.writer(made, delimiter="\t", lineterminator="\n")
    writer.writerow(header)
    writer.writerows([row.get(name, "") for name in header] for row in rows)
    first, _, rest = made.getvalue().partition("\n")
    second, _, rest = rest.partition("\n")
    for tabs in range(4):
        held = f"\ufeff{first}\n{second}{chr(9) * tabs}\n{rest}".encode()
        if len(held) <= _BYTES_LOOKED_AT or held[_BYTES_LOOKED_AT] & 0xC0 != 0x80:
            break
    return held


def rows_of(plan: Plan) -> Iterator[Line]:
    """Return every row of a file in the order in which LimeSurvey itself writes them."""
    base, *others = plan.instrument.languages
    yield from _survey(plan, base, others)
    for language in plan.instrument.languages:
        for name, text in _texts(plan, language).items():
            yield {"class": "SL", "name": name, "text": text} | _in(language)
    for number, quota in enumerate(plan.quotas, start=1):
        yield from _quota(number, quota, plan.instrument.languages)
    for language in plan.instrument.languages:
        yield from _groups(plan, language, base=language == base)


def _in(language: str) -> Line:
    return {"language": language}


def _survey(plan: Plan, base: str, others: list[str]) -> Iterator[Line]:
    settings = {
        "sid": plan.survey_id,
        "language": base,
        **({"additional_languages": " ".join(others)} if others else {}),
        "format": "G",
        "anonymized": "Y" if plan.anonymous else "N",  # Y severs answers from tokens, and so from a panel
        "ipaddr": "N",
        "refurl": "N",
        "datestamp": "Y",
        "savetimings": "N",
        "allowprev": "Y",
        "showxquestions": "N",  # the number would count hidden questions
        "showwelcome": "Y" if plan.welcomes else "N",
        **({"showsurveypolicynotice": "1"} if plan.instrument.texts.consent else {}),
        "shownoanswer": "N",  # else every question that may be left out shows "No answer", ticked
        "template": "fruity_twentythree",
    }
    for name, value in settings.items():
        yield {"class": "S", "name": name, "text": value}


def _texts(plan: Plan, language: str) -> Line:
    """Return title, welcome and end texts, and the decimal mark respondents may type (1: a comma)."""
    from babel import Locale

    mark = Locale.parse(language, sep="-").number_symbols["latn"]["decimal"]
    texts = {"surveyls_title": marked_up(plan.titles[language])}
    if language in languages("questionnaire"):
        texts["surveyls_welcometext"] = marked_up(
            respondent_text(language, "Thank you for taking part. There are no right or wrong answers.")
        )
        texts["surveyls_endtext"] = marked_up(
            respondent_text(language, "Thank you. Your answers have been saved; you can close this page.")
        )
    own = plan.instrument.texts
    welcome = opening(plan.instrument, language, _WELCOME)
    texts |= {"surveyls_welcometext": marked_up(welcome)} if welcome else {}
    texts |= {"surveyls_endtext": marked_up(own.end[language])} if own.end else {}
    texts |= {"surveyls_policy_notice": marked_up(own.consent[language])} if own.consent else {}
    return texts | {"surveyls_numberformat": "1" if mark == "," else "0"}


def _quota(number: int, quota: Quota, written_in: Iterable[str]) -> Iterator[Line]:
    """Yield a quota with its limit, "end the survey" (1), active (1), no redirection; a row per language."""
    columns = {"mandatory": str(quota.limit), "other": "1", "default": "1", "same_default": "0"}
    yield {"class": "QTA", "id": str(number), "name": quota.name} | columns
    for language in written_in:
        full = respondent_text(language, "Thank you. We already have enough answers from people like you.")
        message = {"relevance": full if language in languages("questionnaire") else ""}  # its column there
        yield {"class": "QTALS", "related_id": str(number)} | message | _in(language)


def _members(plan: Plan, name: str) -> Iterator[Line]:
    """Yield the answers of one question that count for quotas; they belong to the question above them."""
    for number, quota in enumerate(plan.quotas, start=1):
        for code in quota.answers.get(name, ()):
            audiences = plan.instrument.audiences
            told = audiences[code].code if name == AUDIENCE else code
            write_in = None if name == AUDIENCE else plan.instrument.write_in_of(name)
            if write_in is not None and write_in.option is not None and code == write_in.option.code:
                told = "-oth-"
            yield {"class": "QTAM", "related_id": str(number), "name": told}


def _groups(plan: Plan, language: str, *, base: bool) -> Iterator[Line]:
    pages = plan.instrument.sections
    first = 1
    if plan.asks_audience or plan.hidden:
        known = language in languages("questionnaire")
        title = audience_question(language)[0] if known else pages[0].title[language]
        if title in {page.title[language] for page in pages}:  # two pages of one title look like one again
            title = plan.titles[language]
        yield _group(1, title, language)
        yield from _who(plan, language, base=base)
        first = 2
    for number, section in enumerate(pages, start=first):
        yield _group(number, section.title[language], language)
        for item_id in section.items:
            item = plan.instrument.item(item_id)
            if item.type == "matrix" and plan.rows:
                yield from _rows_as_questions(plan, item, language)
            else:
                yield from _question(plan, item, language, base=base)


def _group(number: int, title: str, language: str) -> Line:
    return {"class": "G", "type/scale": f"G{number}", "name": marked_up(title)} | _in(language)


def _who(plan: Plan, language: str, *, base: bool) -> Iterator[Line]:
    """Yield facts on a respondent known before the questions: filled in by the link, or asked.

    The link may hold anything, so it fills a text; a list would answer a code of more than five characters
    with an error of the database. Whom it does not name is asked, and an equation holds what is known then.
    """
    for name in plan.hidden:
        columns = {"type/scale": "S", "relevance": "1", "mandatory": "N", "other": "N", "hidden": "1"}
        yield {"class": "Q", "name": name, "text": name} | columns | _in(language)
    if not plan.asks_audience:
        return
    audiences = plan.instrument.audiences
    columns = {"type/scale": "S", "relevance": "1", "mandatory": "N", "other": "N", "hidden": "1"}
    yield {"class": "Q", "name": AUDIENCE, "text": AUDIENCE} | columns | _in(language)
    known = is_one_of([word for name, one in audiences.items() for word in (one.code, name)], AUDIENCE)
    columns = {"type/scale": "L", "relevance": f"!({known})", "mandatory": "Y", "other": "N"}
    asks = audience_question(language)[1]
    yield {"class": "Q", "name": ASKED, "text": marked_up(asks)} | columns | _in(language)
    for audience in audiences.values():
        yield _answer(audience.code, audience.label[language], language)
    final = f"{ASKED}.NAOK"
    for name, audience in reversed(audiences.items()):
        words = dict.fromkeys((audience.code, name))
        final = f'if({is_one_of(words, AUDIENCE)},"{audience.code}",{final})'
    columns = {"type/scale": "*", "relevance": "1", "mandatory": "N", "other": "N", "hidden": "1"}
    columns["equation"] = f"{{{final}}}"
    yield {"class": "Q", "name": GROUP, "text": GROUP} | columns | _in(language)
    if base:
        yield from _members(plan, AUDIENCE)


def _question(plan: Plan, item: Item, language: str, *, base: bool) -> Iterator[Line]:
    asked = item.audiences or tuple(plan.instrument.audiences)
    columns = {
        "type/scale": TYPES[item.type],
        "name": plan.code(item),
        "relevance": _relevance(plan, item, asked),
        "text": plan.text(item.text, asked, language),
        "mandatory": "Y" if item.required else "N",
        "other": "N",
        "help": plan.help(item, asked, language),
    } | _order(plan, item)
    columns["exclude_all_others"] = ";".join(
        plan.part(variable) or ""
        for variable in plan.instrument.of_item(item.id)
        if variable.option and variable.option.exclusive
    )
    write_in = plan.instrument.write_in_of(item.id)
    if write_in is not None and write_in.option is not None:
        columns["other"] = "Y"
        columns["other_replace_text"] = write_in.option.label[language]
    names = BOUNDS if item.type == "number" else ("", "max_answers")
    for name, bound in zip(names, (item.minimum, item.maximum), strict=True):
        if name and bound is not None:
            columns[name] = f"{bound:.15g}"
    if item.type == "matrix":
        columns["answer_width"] = str(
            min(50, max(_LEAST_WIDTH, int(100 - _answers_width(plan.instrument, item))))
        )
    yield {"class": "Q"} | columns | _in(language)
    yield from _parts(plan, item, asked, language)
    if base:
        yield from _members(plan, item.id)


def _order(plan: Plan, item: Item) -> Line:
    """Return the attributes of a random order; newer LimeSurveys keep the codes named in their places."""
    if item.order is None:
        return {}
    fixed = fixed_codes(item, plan.instrument) if item.type != "matrix" else ()
    parts = {one.option.code: plan.part(one) or "" for one in plan.instrument.of_item(item.id) if one.option}
    kept = ";".join(parts.get(code, code) for code in fixed)
    way = {"answer_order": "random"} if item.type in ("single", "ranking") else {"random_order": "1"}
    return way | ({"keep_codes_order": kept} if kept else {})


def _rows_as_questions(plan: Plan, item: Item, language: str) -> Iterator[Line]:
    for variable in plan.instrument.of_item(item.id):
        columns = {
            "type/scale": "L",
            "name": plan.rows[variable.name],
            "relevance": _relevance(plan, item, variable.audiences),
            "text": plan.row_text(variable, language),
            "mandatory": "Y" if item.required else "N",
            "other": "N",
            "help": plan.help(item, variable.audiences, language),
        }
        yield {"class": "Q"} | columns | _in(language)
        for code, label in variable.code_labels(language).items():
            yield _answer(code, label, language)
        for missing in plan.instrument.missing_of(variable):
            yield _answer(missing.code, missing.label[language], language)


def too_wide(instrument: Instrument, item: Item) -> bool:
    """Return whether a matrix's answers are too long to be the headings of an array."""
    return _answers_width(instrument, item) > 100 - _LEAST_WIDTH


def _answers_width(instrument: Instrument, item: Item) -> float:
    """Compute the per cent of an array's width that its answers need, at equal column widths.

    As LimeSurvey's own theme draws it in a window of 1280 pixels: the array has 830 of them, a letter about
    ten (a wide one fifteen), and the margins of a heading twenty. On a telephone it stacks the answers.
    """
    variable = instrument.of_item(item.id)[0]
    offered = instrument.missing_of(variable)
    labels = [
        label
        for language in instrument.languages
        for label in (
            *variable.code_labels(language).values(),
            *(missing.label[language] for missing in offered),
        )
    ]
    words = {word for label in labels for word in label.split()}
    letters = max(sum(1.8 if letter in _WIDE else 1.2 for letter in word) for word in words)
    return (len(variable.codes) + len(offered)) * (letters + 2.4)


def _relevance(plan: Plan, item: Item, asked: tuple[str, ...]) -> str:
    parts = []
    if plan.asks_audience and set(asked) < set(plan.instrument.audiences):
        parts.append(_only(plan, asked))
    if item.ask_if is not None:
        parts.append(LIMESURVEY.write(item.ask_if, plan.instrument, name=plan.name))
    return " and ".join(f"({part})" for part in parts) if len(parts) > 1 else "".join(parts) or "1"


def _only(plan: Plan, asked: tuple[str, ...]) -> str:
    return is_one_of([plan.instrument.audiences[name].code for name in asked])


def _parts(plan: Plan, item: Item, asked: tuple[str, ...], language: str) -> Iterator[Line]:
    """Return rows and options as sub-questions, then the answers of a scale with missing answers."""
    variables = plan.instrument.of_item(item.id)
    for variable in variables:
        code, heard = plan.part(variable) or "", variable.audiences
        if variable.row:
            relevance = _only(plan, heard) if plan.asks_audience and set(heard) < set(asked) else "1"
            yield _sub_question(code, plan.text(variable.row.text, heard, language), relevance, language)
        if variable.option and item.type == "ranking":
            yield _answer(variable.option.code, variable.option.label[language], language)
        elif variable.option and not variable.option.write_in:
            yield _sub_question(code, marked_up(variable.option.label[language]), "1", language)
    if item.type in ("single", "matrix"):
        variable = variables[0]
        write_in = plan.instrument.write_in_of(item.id)
        own = write_in.option.code if write_in is not None and write_in.option is not None else None
        for code, label in variable.code_labels(language).items():
            if code != own:  # LimeSurvey adds its own answer for it
                yield _answer(code, label, language)
        for missing in plan.instrument.missing_of(variable):
            yield _answer(missing.code, missing.label[language], language)


def _sub_question(code: str, text: str, relevance: str, language: str) -> Line:
    columns = {"type/scale": "0", "name": code, "relevance": relevance, "text": text}
    return {"class": "SQ"} | columns | _in(language)


def _answer(code: str, label: str, language: str) -> Line:
    return {"class": "A", "type/scale": "0", "name": code, "text": marked_up(label)} | _in(language)
