"""Empty files of SPSS and Stata: names the programs take, labels that fit, numbers that cannot be misread."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.instrument import Instrument
from toolkit.platforms import export, read_manifest
from toolkit.platforms.labelled import cut, numbers_of

pytestmark = pytest.mark.usefixtures("read_here")

Load = Callable[[dict[str, Any]], Instrument]
READ = {"sav": pyreadstat.read_sav, "dta": pyreadstat.read_dta}


@pytest.mark.parametrize("to", ["sav", "dta"])
def test_a_template_holds_every_column_and_nobody(to: str, shipped: Instrument, tmp_path: Path) -> None:
    path, listed = export(shipped, to, tmp_path)
    held, about = READ[to](str(path))
    manifest = read_manifest(listed)
    assert held.empty
    assert {c.variable: c.question for c in manifest.columns}.keys() == {v.name for v in shipped.variables}
    assert {c.question for c in manifest.columns} <= set(held.columns)
    assert manifest.audience_codes == {name: name for name in shipped.audiences}
    for variable in shipped.variables:
        (column,) = manifest.of(variable.name)
        label = about.column_names_to_labels[column.question]
        assert label.rstrip("…") in re.sub(r"\s+", " ", f"{label} {variable.label()}")
        if variable.codes:
            words = about.variable_value_labels[column.question]
            for code, said in variable.code_labels().items():
                assert words[int(column.codes[code])] == said


@pytest.mark.parametrize(("to", "longest"), [("sav", 64), ("dta", 28)])
def test_names_are_unique_without_case_and_none_is_a_word_of_the_program(
    to: str, longest: int, whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    first = {**whole["items"][0]}
    for name in ("not", "with", "if", "str12", "double"):
        whole["items"].append({**first, "id": name})
        whole["sections"][0]["items"].append(name)
    whole["items"][2]["id"] = "thisisatwentycharids"
    whole["sections"][0]["items"][2] = "thisisatwentycharids"
    rows = whole["items"][2]["rows"]
    rows[:] = [{**rows[0], "id": f"alsotwentycharacter{letter}"} for letter in "abc"]
    path, listed = export(load(whole), to, tmp_path)
    held, _ = READ[to](str(path))
    names = [name.lower() for name in held.columns]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= longest
    reserved = {"sav": {"not", "with"}, "dta": {"with", "if", "str12", "double"}}[to]
    assert not reserved & set(names)
    told = " ".join(read_manifest(listed).notices)
    assert all(f"does not take the name '{name}'" in told for name in reserved)


@pytest.mark.parametrize("to", ["sav", "dta"])
def test_a_hundred_columns_of_long_names_can_have_labels_all(
    to: str, whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    whole["items"][2]["id"] = whole["sections"][0]["items"][2] = "thisisatwentycharids"
    rows = whole["items"][2]["rows"]
    rows[:] = [{**rows[0], "id": f"alsotwentycharac{number:04d}"} for number in range(120)]
    path, listed = export(load(whole), to, tmp_path)
    held, about = READ[to](str(path))
    names = [one.question for one in read_manifest(listed).columns if one.variable.startswith("thisis")]
    assert len(set(names)) == 120
    assert set(names) <= set(held.columns)
    assert all(about.variable_value_labels[name] for name in names)


@pytest.mark.parametrize(("to", "label", "words"), [("sav", 256, 120), ("dta", 320, 1000)])
def test_labels_too_long_are_cut_with_a_notice(
    to: str, label: int, words: int, whole: dict[str, Any], load: Load, tmp_path: Path
) -> None:
    whole["items"][0]["text"] = {"all": {"en": "é漢" * 200}}
    whole["scales"]["yesno"]["options"][0]["label"]["en"] = "ß字" * 100
    path, listed = export(load(whole), to, tmp_path)
    _, about = READ[to](str(path))
    assert 60 < len(about.column_names_to_labels["q"].encode()) <= label
    assert about.column_names_to_labels["q"].endswith("漢…") or about.column_names_to_labels["q"].endswith(
        "é…"
    )
    assert 60 < len(about.variable_value_labels["q"][1].encode()) <= words
    assert any("the label of 'q' is longer" in notice for notice in read_manifest(listed).notices)
    cut_words = any("answer 1 of 'q'" in notice for notice in read_manifest(listed).notices)
    assert cut_words == (to == "sav")


@given(st.text(max_size=80), st.integers(4, 60))
def test_a_cut_text_fits_and_begins_the_whole(text: str, most: int) -> None:
    line = " ".join(text.split())
    for kept, size in (
        (cut(text, most), lambda t: len(t.encode("utf-8", "surrogatepass"))),
        (cut(text, most, characters=True), len),
    ):
        assert size(kept) <= most
        assert kept == line or (kept.endswith("…") and line.startswith(kept[:-1]))
        assert (kept == line) == (size(line) <= most) or kept == line


def test_a_plain_number_keeps_itself_and_no_other_code_takes_it(whole: dict[str, Any], load: Load) -> None:
    given_codes = ["2", "b", "01", "0", "a"]
    whole["scales"]["agree"]["options"] = [{"code": c, "label": {"en": c}} for c in given_codes]
    whole["scales"]["agree"] |= {"top": ["2"], "bottom": ["0"], "ordered": "false"}
    for item in whole["items"]:
        item.pop("ask_if", None)
    instrument = load(whole)
    grid = next(v for v in instrument.variables if v.row)
    assert numbers_of(grid, instrument) == {"2": 2, "b": 1, "01": 3, "0": 0, "a": 4}


def test_labels_are_in_the_language_asked_for(root: Path, tmp_path: Path) -> None:
    from toolkit.instrument import load_instrument

    core = load_instrument(root / "instruments" / "core" / "employee.yaml")
    path, listed = export(core, "sav", tmp_path, languages=["fr"])
    _, about = pyreadstat.read_sav(str(path))
    assert about.variable_value_labels["burnout"][-3.0] == "vu, laissé sans réponse"
    assert about.variable_value_labels["burnout"][1.0] == core["burnout"].code_labels("fr")["1"]
    assert read_manifest(listed).languages == ("fr",)
