"""A questionnaire as one page that works from a file: answer it as any audience, save the answers as CSV.

Nothing is loaded and nothing is sent. Routing travels as nested data that the page's own script interprets;
no text is run as code. Every saved row is marked as coming from a preview.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from math import ceil
from typing import Any

import pandas as pd

from toolkit.instrument.lint_warnings import minutes
from toolkit.instrument.model import Instrument, Item
from toolkit.instrument.routing import parse
from toolkit.locale import N_, languages, own_name, translated
from toolkit.platforms import Platform, register
from toolkit.platforms.manifest import (
    MANIFEST_ENDING,
    ExportManifest,
    column_of,
    manifest_of,
)
from toolkit.platforms.routing import to_tree
from toolkit.platforms.surveyjs.reading import PREVIEW
from toolkit.platforms.words import fixed_codes, opening, spoken

OWN_COLUMNS = ("respondent", "preview", "submitted", "instrument", "version", "language", "audience")
"""Columns of a saved file that are not items; `preview` holds "preview" in every row."""


def files_of(source: Instrument, whole: Instrument) -> dict[str, str | bytes]:
    """Make the page, with the manifest by which the answers it saves are read back.

    The page opens in the first language of `whole`, which is what of the instrument it offers.
    """
    name = f"{source.id}.html"
    manifest = _manifest(source, whole, name)
    return {name: _page(whole), f"{source.id}{MANIFEST_ENDING}": manifest.to_json()}


_WORDS: Mapping[str, str] = {
    "tab": N_("{title} – preview"),
    "banner": N_("Preview. Nothing is sent; answers you save are marked as a test."),
    "language": N_("Language"),
    "inner": N_("Show names, codes and routing"),
    "intro": N_("Answer the questionnaire as one of its audiences. You can go back at any time."),
    "who": N_("Who are you answering as?"),
    "choose": N_("Choose one to begin."),
    "begin": N_("Begin"),
    "back": N_("Back"),
    "next": N_("Next"),
    "progress": N_("Page {page} of {pages}"),
    "required": N_("needs an answer"),
    "several": N_("You may tick several."),
    "choices": N_("Choose at most {most}."),
    "ranks": N_("Please give each rank once."),
    "clear": N_("Clear"),
    "between": N_("A number from {minimum} to {maximum}."),
    "least": N_("A number from {minimum} on."),
    "most": N_("A number up to {maximum}."),
    "nonumber": N_("This is not a number."),
    "unanswered": N_("Please answer this question."),
    "rows": N_("Please answer every line."),
    "fix": N_("Before the next page:"),
    "more": N_("More questions have appeared on this page."),
    "done": N_("That was the last question"),
    "kept": N_("People in the file so far: {people}. Save it, or answer as someone else first."),
    "save": N_("Save answers"),
    "another": N_("Answer as another person"),
    "saved": N_("What is saved for this person"),
    "column": N_("Column"),
    "held": N_("Holds"),
    "written": N_("The file was saved."),
}
"""Texts of the page itself; its script looks a text up by its key."""


def page_data(instrument: Instrument) -> dict[str, Any]:
    """Return all that the page's script needs of an instrument, as plain data."""
    spoken_in = instrument.languages
    return {
        "id": instrument.id,
        "version": instrument.version,
        "title": {one: instrument.title[one] for one in spoken_in},
        "languages": list(spoken_in),
        "names": {one: own_name(one) for one in spoken_in},
        "words": {one: {key: translated(one, text) for key, text in _WORDS.items()} for one in spoken_in},
        "audiences": [
            {"name": name, "code": audience.code, "label": {one: audience.label[one] for one in spoken_in}}
            for name, audience in instrument.audiences.items()
        ],
        "sections": [
            {
                "id": section.id,
                "title": {one: section.title[one] for one in spoken_in},
                "items": list(section.items),
            }
            for section in instrument.sections
        ],
        "items": {item.id: _item(item, instrument) for item in instrument.items},
        "columns": [
            {
                "name": variable.name,
                "item": variable.item.id,
                "part": variable.option.code if variable.option else variable.part,
                "kind": variable.kind,
                "write_in": variable.write_in,
                "audiences": list(variable.audiences),
            }
            for variable in instrument.variables
        ],
        "texts": {
            "opening": {one: opening(instrument, one) for one in spoken_in},
            "end": {one: instrument.texts.end.get(one, "") for one in spoken_in},
        },
        "headings": [*OWN_COLUMNS, *(variable.name for variable in instrument.variables)],
    }


def _item(item: Item, instrument: Instrument) -> dict[str, Any]:
    asked = item.audiences or tuple(instrument.audiences)
    condition = parse(item.ask_if) if item.ask_if is not None else None
    return {
        "type": item.type,
        "required": item.required,
        "audiences": list(asked),
        "text": {name: {one: spoken(item.text, name, one) for one in instrument.languages} for name in asked},
        "help": {name: {one: item.help_for(name, one) for one in instrument.languages} for name in asked},
        "random": item.order is not None,
        "fixed": list(fixed_codes(item, instrument)) if item.type != "matrix" else [],
        "ask_if": to_tree(condition, instrument) if condition else None,
        "routing": {
            one: f"{item.ask_if} ({condition.in_words(instrument, one)})" if condition else ""
            for one in instrument.languages
        },
        "answers": list(_answers(item, instrument)),
        "rows": list(_rows(item, asked, instrument)),
        "minimum": _plain(item.minimum),
        "maximum": _plain(item.maximum),
    }


def _answers(item: Item, instrument: Instrument) -> Iterator[dict[str, Any]]:
    variable = instrument.of_item(item.id)[0]
    options = (
        item.options
        if item.type in ("multi", "ranking")
        else (variable.scale.options if variable.scale else ())
    )
    for option in options:
        label = {one: option.label[one] for one in instrument.languages}
        yield {
            "code": option.code,
            "label": label,
            "exclusive": option.exclusive,
            "aside": False,
            "write_in": option.write_in,
        }
    if item.type in ("single", "matrix"):
        for missing in instrument.missing_of(variable):
            label = {one: missing.label[one] for one in instrument.languages}
            yield {"code": missing.code, "label": label, "exclusive": False, "aside": True, "write_in": False}


def _rows(item: Item, asked: tuple[str, ...], instrument: Instrument) -> Iterator[dict[str, Any]]:
    for row in item.rows:
        heard = row.audiences or asked
        text = {name: {one: spoken(row.text, name, one) for one in instrument.languages} for name in heard}
        yield {"id": row.id, "audiences": list(heard), "text": text}


def _plain(limit: float | None) -> float | int | None:
    return int(limit) if limit is not None and limit == int(limit) else limit


def _page(instrument: Instrument) -> str:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = files("toolkit.platforms").joinpath("templates")
    held = {
        name: Markup(folder.joinpath(file).read_text("utf-8"))  # our own files, and no words of the user
        for name, file in (("style", "preview.css"), ("engine", "preview_engine.js"), ("page", "preview.js"))
    }
    page = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True).from_string(
        folder.joinpath("preview.html").read_text("utf-8")
    )
    first = instrument.languages[0]
    return page.render(
        language=first, title=instrument.title[first], data=Markup(_embedded(page_data(instrument))), **held
    )


_TELEPHONE = """<!doctype html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1b1b;background:#fff}
.groups{display:flex;flex-wrap:wrap;gap:2rem}section{width:390px}
iframe{width:390px;height:780px;border:1px solid #595959;border-radius:1rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{border:1px solid #767676;padding:.2rem .4rem;text-align:left;vertical-align:top}
</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
<div class="groups">
{% for group in groups %}<section>
<h2>{{ group.label }}</h2>
<iframe title="{{ group.label }}" src="{{ page }}#{{ group.name }}"></iframe>
<p>{{ group.minutes }}</p>
<table>
<caption>{{ words.paths }}</caption>
<thead><tr><th scope="col">{{ words.question }}</th><th scope="col">{{ words.who }}</th></tr></thead>
<tbody>
{% for name, who in group.paths %}<tr><th scope="row">{{ name }}</th><td>{{ who }}</td></tr>
{% endfor %}</tbody>
</table>
</section>
{% endfor %}</div>
</main>
</body>
</html>
"""


def telephone_page(instrument: Instrument, page: str, table: pd.DataFrame) -> str:
    """Write a page that shows each respondent group's questionnaire at a telephone's width, with its paths.

    Parameters
    ----------
    instrument
        The instrument.
    page
        File name of the preview's page, in the same folder.
    table
        What `toolkit.instrument.paths` returned.
    """
    from jinja2 import Environment, StrictUndefined

    language = instrument.languages[0]
    times = {str(row.audience): row for row in minutes(instrument).itertuples(index=False)}
    groups = [
        {
            "name": name,
            "label": audience.label[language],
            "minutes": translated(
                language,
                "{shortest} to {longest} minutes, {questions} questions",
                shortest=ceil(times[name].shortest),
                longest=ceil(times[name].longest),
                questions=times[name].questions,
            ),
            "paths": [
                (str(row.item), described(row, language))
                for row in table[table["audience"] == name].itertuples()
            ],
        }
        for name, audience in instrument.audiences.items()
    ]
    words = {key: translated(language, text) for key, text in _PATH_WORDS.items()}
    made = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    shown = {"language": language, "title": instrument.title[language], "groups": groups, "page": page}
    return made.from_string(_TELEPHONE).render(**shown, words=words)


_PATH_WORDS = {"paths": N_("Who is asked what"), "question": N_("Question"), "who": N_("Asked")}


def described(row: Any, language: str) -> str:
    """Describe who of a group is asked an item, with counts where answers were given."""
    if row.reach == "never":
        stated = translated(language, "nobody: no answers meet the condition {when}", when=row.when)
    else:
        stated = (
            translated(language, "if {when}", when=row.when) if row.when else translated(language, "everyone")
        )
    if pd.isna(row.asked) or row.asked == row.of:
        return stated
    left = translated(language, "{count} of {of} never see it", count=int(row.of - row.asked), of=int(row.of))
    return f"{stated}; {left}"


def _embedded(data: dict[str, Any]) -> str:
    """Serialise as JSON that cannot end the enclosing script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _manifest(source: Instrument, whole: Instrument, file: str) -> ExportManifest:
    return manifest_of(
        source,
        whole,
        platform="preview",
        layout="one",
        files=[file],
        columns=[
            column_of(
                variable,
                whole,
                question=variable.item.id,
                part=variable.part,
                headings={"code": [variable.name]},
            )
            for variable in whole.variables
        ],
        audience_column="audience",
        notices=[
            f"{file}: the page's own words are in English where the language is '{one}'"
            for one in whole.languages
            if one not in languages()
        ],
        settings={"test_column": "preview", "test_value": "preview"},
    )


register(
    Platform(
        "preview",
        "HTML preview",
        files_of,
        dialect=PREVIEW,
        recognises=lambda kind, head, headings: {"preview", "submitted", "instrument"} <= set(headings),
        order=50,
    )
)
