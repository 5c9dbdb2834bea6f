"""Update the message catalogues in toolkit/locale from the messages in the code: `make catalogues`.

`python scripts/update_catalogues.py de` begins a catalogue of the reports in German, to be filled in.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po


def python_messages(
    file: IO[bytes], keywords: Collection[str], comment_tags: object, options: object
) -> Iterator[tuple]:
    """Yield the marked messages of a Python file; Babel's own reader misses calls inside arguments."""
    source = file.read()
    if not any(f"{word}(".encode() in source for word in keywords):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in keywords:
            texts = [one.value if isinstance(one, ast.Constant) else None for one in node.args]
            yield node.lineno, node.func.id, texts[0] if len(texts) == 1 else tuple(texts), []


CODE = Path(__file__).resolve().parents[1] / "toolkit"
NOTEBOOKS = [
    CODE.parent / "notebooks" / name
    for name in ("organisation_report.ipynb", "overall_report.ipynb", "withheld_notice.ipynb")
]
"""The notebooks reports are made of: their text cells are messages too."""
HEADER = "# Messages of the Survey Research Toolkit."
METHODS = [("**.py", python_messages), ("**.j2", "jinja2"), ("platforms/templates/codebook.html", "jinja2")]
KEYWORDS: dict[str, dict] = {
    "toolkit": {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "translated": (2,)},
    "questionnaire": {"respondent_text": (2,)},
}
"""Catalogue → the functions whose arguments are its messages."""


def messages_in_code(domain: str) -> Catalog:
    """Return the messages of one catalogue, untranslated, each with the files it is in."""
    found = Catalog(
        domain=domain, charset="utf-8", header_comment="# Messages of the Survey Research Toolkit."
    )
    for file, _, message, comments, context in sorted(
        extract_from_dir(CODE, METHODS, {}, KEYWORDS[domain], ["Translators:"]),
        key=lambda one: (one[0], one[1]),
    ):
        found.add(message, None, [(f"toolkit/{file}", 1)], auto_comments=comments, context=context)
    for notebook in NOTEBOOKS if domain == "toolkit" else ():
        for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "markdown" and "analyst" not in cell["metadata"].get("tags", ()):
                found.add("".join(cell["source"]), None, [(f"notebooks/{notebook.name}", 1)])
    for message in found:
        message.locations = sorted(set(message.locations))
        message.flags.discard("python-format")  # our placeholders are {named}; a % is a percent sign
    return found


def write(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue, sorted by file, without line numbers: they would change with every edit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=110, sort_by_file=True, include_lineno=False, ignore_obsolete=True)


def main(new: list[str]) -> None:
    """Update every catalogue there is, and begin those of new languages."""
    for domain in KEYWORDS:
        template = messages_in_code(domain)
        paths = sorted((CODE / "locale").glob(f"*/LC_MESSAGES/{domain}.po"))
        if domain == "toolkit":
            paths += [CODE / "locale" / language / "LC_MESSAGES" / "toolkit.po" for language in new]
        for path in dict.fromkeys(paths):
            language = path.parts[-3]
            if path.is_file():
                with path.open("rb") as file:
                    catalogue = read_po(file, language, domain)
            else:
                catalogue = Catalog(language, domain)
            began = catalogue.creation_date
            catalogue.update(template, update_header_comment=True)
            catalogue.creation_date = catalogue.revision_date = began  # else every run changes the file
            write(path, catalogue)
            left = [one.id for one in catalogue if one.id and (one.fuzzy or not all(_strings(one.string)))]
            print(f"{path.relative_to(CODE.parent)}: {len(catalogue)} messages, {len(left)} to translate")


def _strings(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, tuple | list) else (text or "",)


if __name__ == "__main__":
    main(sys.argv[1:])
