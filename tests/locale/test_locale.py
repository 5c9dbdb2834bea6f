"""Catalogues: complete, current, with the placeholders of the code; the current language and its numbers."""

from __future__ import annotations

import functools
import importlib.util
import re
import subprocess
import sys
import threading
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from toolkit import locale
from toolkit.errors import ToolkitError
from toolkit.locale import _, current_language, languages, localized, ngettext, pgettext, using_language

ROOT = Path(__file__).resolve().parents[2]
PATHS = sorted((ROOT / "toolkit" / "locale").glob("*/LC_MESSAGES/*.po"))


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("update_catalogues", ROOT / "scripts/update_catalogues.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()
in_code = functools.cache(SCRIPT.messages_in_code)


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, path.parts[-3], path.stem)


def _messages(catalogue: Catalog) -> dict[tuple[object, str | None], Message]:
    return {(one.id, one.context): one for one in catalogue if one.id}


def _texts(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _places(text: str) -> set[str]:
    return {name for _start, name, _form, _how in Formatter().parse(text) if name is not None}


def faults(code: Catalog, catalogue: Catalog) -> set[str]:
    """What a catalogue lacks, or has wrong."""
    wanted, there = _messages(code), _messages(catalogue)
    found = {f"missing: {key[0]}" for key in wanted.keys() - there.keys()}
    found |= {f"obsolete: {key[0]}" for key in there.keys() - wanted.keys()}
    found |= {f"obsolete: {key}" for key in catalogue.obsolete}
    for one in there.values():
        translated = _texts(one.string)
        if one.fuzzy:
            found.add(f"fuzzy: {one.id}")
        if len(translated) != (1 if isinstance(one.id, str) else catalogue.num_plurals) or not all(
            translated
        ):
            found.add(f"untranslated: {one.id}")
        own = set[str]().union(*map(_places, _texts(one.id)))
        if any(_places(text) not in (own, own - {"count"}) for text in translated if text):
            found.add(f"placeholders: {one.id}")
    return found


@pytest.mark.parametrize("path", PATHS, ids=lambda path: "-".join((path.parts[-3], path.stem)))
def test_a_catalogue_translates_every_message_of_the_code_and_no_other(path: Path) -> None:
    assert not faults(in_code(path.stem), _read(path)), "run `make catalogues`, then translate what it lists"


def test_each_fault_of_a_catalogue_is_found() -> None:
    code, catalogue = Catalog(), Catalog("fr")
    for text in ("new", "{a} of {b}", "unsure", "empty", ("{count} gap", "{count} gaps")):
        code.add(text)
    catalogue.add("old", "vieux")
    catalogue.add("{a} of {b}", "{a} sur {c}")
    catalogue.add("unsure", "incertain", flags=["fuzzy"])
    catalogue.add("empty", "")
    catalogue.add(("{count} gap", "{count} gaps"), ("un écart", ""))
    assert faults(code, catalogue) == {
        "missing: new",
        "obsolete: old",
        "placeholders: {a} of {b}",
        "fuzzy: unsure",
        "untranslated: empty",
        "untranslated: ('{count} gap', '{count} gaps')",
    }


def test_no_french_sentence_breaks_before_a_sign_of_two_strokes() -> None:
    messages = _messages(_read(ROOT / "toolkit/locale/fr/LC_MESSAGES/toolkit.po")).values()
    texts = [text for one in messages for text in _texts(one.string)]
    assert [text for text in texts if re.search(r" [:;?!»]|« ", text)] == []


def test_every_placeholder_has_a_name() -> None:
    texts = [
        text
        for domain in SCRIPT.KEYWORDS
        for one in _messages(in_code(domain)).values()
        for text in _texts(one.id)
    ]
    assert [text for text in texts if {name for name in _places(text) if not name.isidentifier()}] == []


def test_a_call_inside_another_calls_arguments_is_found(tmp_path: Path) -> None:
    source = tmp_path / "one.py"
    source.write_text('_("a {b}", b=(_("c") if x else f"{_(\'d\')}"), e=ngettext("f", "g", 2))')
    with source.open("rb") as file:
        found = [one[2] for one in SCRIPT.python_messages(file, {"_", "ngettext"}, (), {})]
    assert set(found) == {"a {b}", "c", "d", ("f", "g", 2)}


def test_a_language_is_current_only_inside_its_block() -> None:
    def fails_in_french() -> None:
        with using_language("fr"):
            assert current_language() == "fr"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_in_french()
    assert current_language() == "en"


def test_the_current_language_is_of_the_thread() -> None:
    seen: list[str] = []
    with using_language("fr"):
        thread = threading.Thread(target=lambda: seen.append(current_language()))
        thread.start()
        thread.join()
    assert seen == ["en"]


def test_a_function_without_a_language_uses_the_current_one() -> None:
    @localized
    def both(*, language: str = "en") -> tuple[str, str]:
        return language, current_language()

    assert both() == ("en", "en")
    with using_language("fr"):
        assert both() == ("fr", "fr")
        assert both(language="en") == ("en", "en")
        assert current_language() == "fr"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ToolkitError, match="'de'"), using_language("de"):
        pass


@pytest.fixture
def more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of catalogues outside the package, with Polish: three plural forms."""
    catalogue = Catalog("pl")
    catalogue.add(("1 report", "{count} reports"), ("{count} raport", "{count} raporty", "{count} raportów"))
    catalogue.add("may", "może")
    catalogue.add("may", "maj", context="month")
    path = tmp_path / "pl" / "LC_MESSAGES" / "toolkit.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, catalogue)
    monkeypatch.setenv(locale.EXTRA, str(tmp_path))
    yield tmp_path
    for cached in (locale._translations, locale._marks):
        cached.cache_clear()


def test_a_catalogue_is_all_a_language_needs(more: Path) -> None:
    assert languages() == ("en", "fr", "pl")
    with using_language("pl"):
        counted = [ngettext("1 report", "{count} reports", n) for n in (1, 3, 5)]
        assert counted == ["1 raport", "3 raporty", "5 raportów"]
        assert (_("may"), pgettext("month", "may")) == ("może", "maj")
        assert _("not in the catalogue") == "not in the catalogue"
        assert locale.number_marks() == (",", "\u00a0", "%")
        assert locale.language_name("fr") == "francuski"


def test_plural_forms_of_english_and_french() -> None:
    one, many = (
        "{count} of them remains different from zero after adjustment",
        "{count} of them remain different from zero after adjustment",
    )
    assert ngettext(one, many, 0).startswith("0 of them remain ")
    with using_language("fr"):
        assert ngettext(one, many, 2) == "2 d’entre eux restent alors distincts de 0"


def test_importing_the_toolkit_reads_no_catalogue() -> None:
    code = "import sys, toolkit, toolkit.locale; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
