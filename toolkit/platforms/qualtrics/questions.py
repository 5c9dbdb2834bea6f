"""Questionnaire of one audience as Qualtrics holds it, and the page of what has to be set by hand."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from toolkit.errors import Problem
from toolkit.instrument.model import Instrument, Item
from toolkit.instrument.routing import parse
from toolkit.platforms.routing import confusable
from toolkit.platforms.words import every_text, fixed_codes, spoken


@dataclass(frozen=True)
class Choice:
    """An answer, an option or a row: its place, the value it is exported as, our code, and its words."""

    number: int
    value: str
    code: str
    label: Mapping[str, str]
    exclusive: bool = False
    write_in: bool = False


@dataclass(frozen=True)
class Question:
    """One question; `answers` are those of a matrix or a single choice or the options of a multi-select."""

    item: Item
    number: int
    text: Mapping[str, str]
    answers: tuple[Choice, ...] = ()
    rows: tuple[Choice, ...] = ()
    fixed: frozenset[str] = frozenset()
    """Codes of answers that stay last in a random order."""

    @property
    def shuffled(self) -> tuple[Choice, ...]:
        """Parts shown in random order: rows, or answers except those that stay last; () where none are."""
        if self.item.order is None:
            return ()
        return self.rows or tuple(one for one in self.answers if one.code not in self.fixed)

    @property
    def tag(self) -> str:
        """Its export tag: our item id."""
        return self.item.id

    @property
    def recoded(self) -> bool:
        """Whether values other than 1, 2, 3 … have to be set."""
        return any(choice.value != str(choice.number) for choice in self.answers)


def questions_of(instrument: Instrument, audience: str) -> tuple[Question, ...]:
    """List the questions of one audience in order; `instrument` holds what that audience is asked."""
    return tuple(
        _question(item, number, instrument, audience) for number, item in enumerate(instrument.items, start=1)
    )


def _question(item: Item, number: int, instrument: Instrument, audience: str) -> Question:
    languages = instrument.languages
    text = {language: spoken(item.text, audience, language) for language in languages}
    for language in languages if item.help else ():
        text[language] = "\n\n".join(filter(None, (text[language], item.help_for(audience, language))))
    rows = tuple(
        Choice(place, row.id, row.id, {one: spoken(row.text, audience, one) for one in languages})
        for place, row in enumerate(item.rows, start=1)
    )
    codes = {one.code: one.becomes for one in instrument.missing.values()}
    fixed = frozenset(codes.get(code, code) for code in fixed_codes(item, instrument))
    return Question(item, number, text, tuple(_answers(item, instrument)), rows, fixed)


def _answers(item: Item, instrument: Instrument) -> Iterator[Choice]:
    """Assign numbers to options and to codes that are not whole numbers; keep all other codes."""
    if item.type in ("multi", "ranking"):
        for place, option in enumerate(item.options, start=1):
            yield Choice(place, str(place), option.code, option.label, option.exclusive, option.write_in)
    if item.type not in ("single", "matrix"):
        return
    variable = instrument.of_item(item.id)[0]
    whole = all(code.isdigit() for code in variable.codes)
    options = variable.scale.options if variable.scale else ()
    for place, option in enumerate(options, start=1):
        value = option.code if whole else str(place)
        yield Choice(place, value, option.code, option.label, write_in=option.write_in)
    for place, missing in enumerate(instrument.missing_of(variable), start=len(options) + 1):
        yield Choice(place, missing.code, missing.becomes, missing.label)


def marked_up(text: str) -> str:
    """Convert plain text to the HTML Qualtrics holds.

    Examples
    --------
    >>> marked_up("R&D <here>")
    'R&amp;D &lt;here&gt;'
    """
    plain = html.escape(text.strip().replace("\t", " "), quote=False)
    return re.sub(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]", "<br>", plain)


def find_unfit(instrument: Instrument) -> Iterator[Problem]:
    """Find everything Qualtrics would execute as code, and answers it could not distinguish."""
    for place, text in every_text(instrument):
        for mark, what in (("[[", "a tag of the text format"), ("${", "piped text")):
            if mark in text:
                yield Problem(
                    "invalid-character",
                    place,
                    f"it holds '{mark}', which is {what} to Qualtrics",
                    "write it without",
                )
        if re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text):
            yield Problem("invalid-character", place, "it holds a control character", "write it without")
    for item in instrument.items:
        if item.type not in ("single", "matrix"):
            continue
        choices = tuple(_answers(item, instrument))
        for choice in choices:
            if not choice.value.isdigit():
                what = f"its missing answer has the code '{choice.value}', and Qualtrics exports numbers"
                yield Problem(
                    "unsupported",
                    f"item {item.id}",
                    what,
                    "give the missing answer a number, such as 98 or 99",
                )
        for one, other in confusable([choice.value for choice in choices]):
            what = f"two answers would be exported as {one} and {other}, which are one number"
            yield Problem("ambiguous", f"item {item.id}", what, "give one of them another code")


# The page of what has to be set by hand after an import, question by question

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}"
    "table{border-collapse:collapse;margin:.5rem 0 1rem}th,td{border:1px solid #767676;padding:.25rem .6rem;"
    "text-align:left;vertical-align:top}th{background:#eee}code{background:#f2f2f2;padding:0 .2em}"
)


def setup_page(
    instrument: Instrument, audience: str, questions: Iterable[Question], *, file: str, experimental: bool
) -> str:
    """Write a self-contained HTML page on what to do in Qualtrics after importing `file`.

    Parameters
    ----------
    instrument
        What the audience is asked.
    audience
        The audience.
    questions
        Its questions.
    file
        The file that was imported.
    experimental
        Whether it is a QSF, which already holds recode values, tags, languages and forced answers.
    """
    told = list(questions)
    title = f"{instrument.title[instrument.languages[0]]}: set-up in Qualtrics ({audience})"
    parts = [
        f"<h1>{_safe(title)}</h1>",
        *_first_steps(instrument, audience, file, experimental=experimental),
        "<h2>Question by question</h2>",
        *(
            part
            for question in told
            for part in _instructions(question, instrument, experimental=experimental)
        ),
        *_translations(instrument, told, experimental=experimental),
        *_last_steps(instrument, audience),
    ]
    head = f'<meta charset="utf-8"><title>{_safe(title)}</title><style>{_STYLE}</style>'
    phone = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>{head}{phone}</head>\n'
        f"<body><main>\n{body}\n</main></body>\n</html>\n"
    )


def _first_steps(instrument: Instrument, audience: str, file: str, *, experimental: bool) -> Iterator[str]:
    code = instrument.audiences[audience].code
    if experimental:
        yield (
            "<p><strong>Experimental.</strong> This QSF was never tried in a real Qualtrics. Import it into "
            "an empty project, look at every question, and use the text file where anything looks wrong.</p>"
        )
    yield (
        f"<p>Make a blank survey project, then Tools → Import/export → Import survey, and choose "
        f"<code>{_safe(file)}</code>. Then work through this page. Anything not set by hand is missing: the "
        "file cannot carry it.</p><h2>Survey flow</h2><ol>"
        f"<li>At the very top, embedded data: <code>audience</code> = <code>{_safe(code)}</code>, and "
        "<code>organisation</code>, to be set from the link (<code>?organisation=org-07</code>).</li>"
        "<li>Each block behind it, in the order of the file.</li></ol>"
    )
    end = instrument.texts.end
    yield (
        "<h2>Privacy</h2><ol><li>Survey options → Security: turn on <strong>Anonymize responses</strong>, so "
        "that no IP address is stored.</li>"
        + (
            "<li>Look at the first text: it asks for consent, and going on gives it.</li>"
            if instrument.texts.consent
            else ""
        )
        + (
            f"<li>End of survey element: custom message “{_safe(end[instrument.languages[0]])}”</li>"
            if end
            else ""
        )
        + "</ol>"
    )


def _instructions(question: Question, instrument: Instrument, *, experimental: bool) -> Iterator[str]:
    base = instrument.languages[0]
    yield f"<h3><code>{question.tag}</code> {_safe(question.text[base])}</h3>"
    steps = list(_steps(question, instrument, experimental=experimental))
    if steps:
        yield "<ul>" + "".join(f"<li>{step}</li>" for step in steps) + "</ul>"
    if question.rows and not experimental:
        yield "<p>Question export tags of the rows (Recode values → Question export tags):</p>"
        yield _table(("Row", "Export tag"), _row_cells(question, base))
    if question.recoded and not experimental:
        yield "<p>Recode values:</p>"
        yield _table(("Answer", "Recode value"), _value_cells(question.answers, base))
    if not steps and (experimental or not (question.rows or question.recoded)):
        yield "<p>Nothing to set.</p>"


def _row_cells(question: Question, language: str) -> Iterator[tuple[str, str]]:
    for row in question.rows:
        yield row.label[language], f"{question.tag}_{row.code}"


def _value_cells(choices: Iterable[Choice], language: str) -> Iterator[tuple[str, str]]:
    for choice in choices:
        yield choice.label[language], choice.value


def _steps(question: Question, instrument: Instrument, *, experimental: bool) -> Iterator[str]:
    item = question.item
    if item.ask_if is not None:
        stated = parse(item.ask_if).in_words(instrument, instrument.languages[0])
        yield f"Display logic: show it only if {_safe(stated)} (<code>{_safe(item.ask_if)}</code>)"
    if item.required and not experimental:
        yield "Response requirements: Force response"
    for choice in question.answers:
        if choice.exclusive and not experimental:
            label = _safe(choice.label[instrument.languages[0]])
            yield f"Choice “{label}”: Make answer exclusive"
    for choice in question.answers:
        if choice.write_in and not experimental:
            yield f"Choice “{_safe(choice.label[instrument.languages[0]])}”: Allow text entry"
    if question.shuffled and not experimental:
        which = "rows" if question.rows else "answers"
        kept = [one for one in question.answers if one.code in question.fixed] if not question.rows else []
        labels = ", ".join(f"“{_safe(one.label[instrument.languages[0]])}”" for one in kept)
        yield f"Choice randomization: the {which} in random order" + (
            f"; {labels} stay last" if labels else ""
        )
    if item.type == "multi" and item.maximum is not None and not experimental:
        yield f"Response requirements: Choice range, at most {item.maximum:.15g}"
    if item.type == "number":
        bounds = [
            f"{word} {bound:.15g}"
            for word, bound in (("from", item.minimum), ("to", item.maximum))
            if bound is not None
        ]
        yield " ".join(["Validation: content type Number", *bounds])


def _translations(
    instrument: Instrument, questions: Iterable[Question], *, experimental: bool
) -> Iterator[str]:
    base, *others = instrument.languages
    if experimental or not others:
        return
    told = list(questions)
    for language in others:
        yield f"<h2>Words in {language}</h2><p>Survey → Translations: add the language and paste these.</p>"
        texts = [words for _, words in instrument.texts if words]
        cells = [(words[base], words[language]) for words in texts]
        cells += [
            (text[base], text[language])
            for question in told
            for text in (question.text, *(one.label for one in (*question.rows, *question.answers)))
        ]
        yield _table((base, language), dict.fromkeys(cells))


def _last_steps(instrument: Instrument, audience: str) -> Iterator[str]:
    yield (
        "<h2>Before fieldwork</h2><ol><li>Preview it and answer once with each way through the display logic."
        "</li><li>Data &amp; Analysis → Export: CSV, <strong>Use numeric values</strong>, all fields.</li>"
        f"<li>Read it with platform <code>qualtrics</code>, audience <code>{_safe(audience)}</code> and the "
        "manifest beside this page.</li></ol>"
        f"<p>Instrument {_safe(instrument.id)}, version {_safe(instrument.version)}.</p>"
    )


def _table(headings: tuple[str, str], cells: Iterable[tuple[str, str]]) -> str:
    head = "".join(f'<th scope="col">{_safe(name)}</th>' for name in headings)
    rows = "".join(f"<tr><td>{_safe(one)}</td><td>{_safe(other)}</td></tr>" for one, other in cells)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _safe(text: str) -> str:
    return html.escape(text)
