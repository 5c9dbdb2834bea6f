"""DDI Codebook 2.5: valid against the official schema, with every audience's words and every base."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from lxml import etree

from tests.conftest import SHARED
from tests.examples import examples
from tests.platforms.strategies import instruments
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, load_instruments
from toolkit.instrument.codebook import base_of
from toolkit.platforms import export

NAMES = {"d": "ddi:codebook:2_5"}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    path = SHARED / "platforms" / "ddi" / "xsd-2.5" / "schemas" / "codebook.xsd"
    if not path.is_file():
        pytest.skip("the schema of DDI Codebook 2.5 is not here")
    return etree.XMLSchema(etree.parse(str(path)))


@pytest.fixture(scope="module")
def core(root: Path) -> Instrument:
    names = ("executive", "employee", "freelancer")
    return load_instruments([root / "instruments" / "core" / f"{name}.yaml" for name in names])


def _document(instrument: Instrument, folder: Path) -> Any:
    return etree.parse(str(export(instrument, "ddi", folder)[0]))


def test_the_shipped_questionnaires_are_valid(
    schema: etree.XMLSchema, shipped: Instrument, core: Instrument, tmp_path: Path
) -> None:
    for instrument in (shipped, core):
        assert schema.validate(_document(instrument, tmp_path)), schema.error_log


@settings(
    max_examples=examples(100),
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(instrument=instruments(without=""))
def test_any_questionnaire_is_valid(schema: etree.XMLSchema, instrument: Instrument) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert schema.validate(_document(instrument, Path(folder))), schema.error_log


def test_every_column_has_its_words_its_base_its_answers(core: Instrument, tmp_path: Path) -> None:
    document = _document(core, tmp_path)
    for variable in core.variables:
        (held,) = document.xpath(f"//d:var[@name='{variable.name}']", namespaces=NAMES)
        for audience in variable.audiences:
            (question,) = held.xpath(f"d:qstn[@ID='Q_{variable.name}_{audience}']", namespaces=NAMES)
            for language in core.languages:
                said = [part.text for part in question if part.get(LANG) == language][:2]
                whole = variable.wording(audience, language).split("[")
                assert all(words.strip(" ]") in " ".join(said) for words in whole)
        bases = [(one.get(LANG), one.text) for one in held.xpath("d:universe", namespaces=NAMES)]
        expected = [
            (one, base_of(variable, name, core, one)) for name in variable.audiences for one in core.languages
        ]
        assert bases == [(one, re.sub(r"[^\S\xa0]+", " ", text).strip()) for one, text in expected]
        found = held.xpath("d:catgry[not(@missing)]/d:catValu/text()", namespaces=NAMES)
        assert tuple(found) == variable.codes
        missing = held.xpath("d:catgry[@missing='Y']/d:catValu/text()", namespaces=NAMES)
        assert ("-4" in missing) == bool(variable.codes and variable.item.ask_if)
        assert ("-5" in missing) == bool(variable.codes and len(variable.audiences) < len(core.audiences))


def test_groups_and_scores_name_the_columns_they_are_made_of(core: Instrument, tmp_path: Path) -> None:
    document = _document(core, tmp_path)
    for item in core.items:
        found = document.xpath(f"//d:varGrp[@ID='G_{item.id}']/@var", namespaces=NAMES)
        several = item.type in ("matrix", "multi")
        assert found == ([" ".join(f"V_{v.name}" for v in core.of_item(item.id))] if several else [])
    for name, score in core.scores.items():
        (found,) = document.xpath(f"//d:var[@ID='S_{name}']/d:derivation/@var", namespaces=NAMES)
        assert found.split() == [f"V_{item}" for item in score.items]


def test_a_character_that_xml_cannot_hold_is_refused(
    whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument], tmp_path: Path
) -> None:
    instrument = load(whole)
    spoiled = instrument.model_copy(update={"title": {"en": "Ti\x0bny"}})
    with pytest.raises(InvalidInput, check=problem("invalid-character", "title (en)")):
        export(spoiled, "ddi", tmp_path / "out")
    assert not (tmp_path / "out").exists()
