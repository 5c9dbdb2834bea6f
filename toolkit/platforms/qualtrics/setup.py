"""A page of what has to be set by hand in Qualtrics after an import, question by question."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator

from toolkit.instrument.model import Instrument
from toolkit.instrument.routing import parse
from toolkit.platforms.qualtrics.questions import Choice, Question

__all__ = ["setup_page"]

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}"
    "table{border-collapse:collapse;margin:.5rem 0 1rem}th,td{border:1px solid #767676;padding:.25rem .6rem;"
    "text-align:left;vertical-align:top}th{background:#eee}code{background:#f2f2f2;padding:0 .2em}"
)


def setup_page(
    instrument: Instrument, audience: str, questions: Iterable[Question], *, file: str, experimental: bool
) -> str:
    """What to do in Qualtrics after importing `file`, as one HTML page without anything from elsewhere.

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
        *(part for question in told for part in _question(question, instrument, experimental=experimental)),
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
        f"<code>{_safe(file)}</code>. Then go through this page. What is not set by hand is not there: the "
        "file cannot carry it.</p><h2>Survey flow</h2><ol>"
        f"<li>At the very top, embedded data: <code>audience</code> = <code>{_safe(code)}</code>, and "
        "<code>organisation</code>, to be set from the link (<code>?organisation=org-07</code>).</li>"
        "<li>Each block behind it, in the order of the file.</li></ol>"
    )


def _question(question: Question, instrument: Instrument, *, experimental: bool) -> Iterator[str]:
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
        said = parse(item.ask_if).in_words(instrument, instrument.languages[0])
        yield f"Display logic: show it only if {_safe(said)} (<code>{_safe(item.ask_if)}</code>)"
    if item.required and not experimental:
        yield "Response requirements: Force response"
    for choice in question.answers:
        if choice.exclusive and not experimental:
            label = _safe(choice.label[instrument.languages[0]])
            yield f"Choice “{label}”: Make answer exclusive"
    for choice in question.answers:
        if choice.write_in and not experimental:
            yield f"Choice “{_safe(choice.label[instrument.languages[0]])}”: Allow text entry"
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
        cells = [
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
        "manifest that lies beside this page.</li></ol>"
        f"<p>Instrument {_safe(instrument.id)}, version {_safe(instrument.version)}.</p>"
    )


def _table(headings: tuple[str, str], cells: Iterable[tuple[str, str]]) -> str:
    head = "".join(f'<th scope="col">{_safe(name)}</th>' for name in headings)
    rows = "".join(f"<tr><td>{_safe(one)}</td><td>{_safe(other)}</td></tr>" for one, other in cells)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _safe(text: str) -> str:
    return html.escape(text)
