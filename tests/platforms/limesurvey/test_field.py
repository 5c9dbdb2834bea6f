"""What a real LimeSurvey 6.4.2 wrote while three questionnaires of ours were in the field."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pandas as pd
import pytest

from tests.refusals import problem
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, load_instrument, load_instruments
from toolkit.platforms import AnswersFile, read_answers
from toolkit.platforms.manifest import instrument_hash
from toolkit.responses import Coded, decode

NAMES = ("executive", "employee", "freelancer")
ROOT = Path(__file__).parents[3]
FIELDED = Path(__file__).parent / "fielded"


@pytest.fixture(scope="module")
def field(shared: Path) -> Path:
    folder = shared / "field_cases" / "LS_real_limesurvey"
    if not folder.is_dir():
        pytest.skip("the files of a real LimeSurvey are not here (../shared/field_cases)")
    return folder


@pytest.fixture(scope="module")
def core() -> Instrument:
    return load_instrument(FIELDED / "core.yaml")


@pytest.fixture(scope="module")
def pilot() -> Instrument:
    return load_instrument(FIELDED / "pilot.yaml")


def _coded(path: Path, instrument: Instrument, **options: object) -> Coded:
    said = {"wave": "1", "platform": "limesurvey", "file": path.name, **options}
    entry = AnswersFile.model_validate(said)
    return decode(read_answers(path, instrument, "limesurvey", entry=entry), instrument)


def _rows(coded: Coded, outcome: str, words: str) -> int:
    table = coded.disposition
    told = table[(table["outcome"] == outcome) & table["reason"].str.contains(words, regex=False)]
    return int(told["rows"].sum())


def _table(path: Path, instrument: Instrument, rows: Sequence[dict[str, str]]) -> Path:
    """A small export with every column of the instrument, blank where a row says nothing."""
    headings = {
        variable.name: variable.item.id if variable.part is None else f"{variable.item.id}[{variable.part}]"
        for variable in instrument.variables
    }
    own = ["id", "submitdate", "lastpage", "startlanguage", "seed", "organisation", "audience"]
    filled = [
        {"id": str(number), "seed": str(1000 + number), "organisation": "org-1", **row}
        for number, row in enumerate(rows, start=1)
    ]
    names = [*own, *headings.values()]
    table = pd.DataFrame([[row.get(name, "") for name in names] for row in filled], columns=names)
    table.to_csv(path, index=False, sep=";")
    return path


def test_one_stray_link_does_not_refuse_the_others(field: Path, core: Instrument) -> None:
    coded = _coded(field / "stray_audience.csv", core)
    assert len(coded.coded) == 317
    assert _rows(coded, "set aside", "no valid audience ('xyz')") == 1


def test_a_finished_row_with_answers_of_an_unknown_audience_is_refused(
    tmp_path: Path, core: Instrument
) -> None:
    rows = [{"audience": "xyz", "country": "US", "submitdate": "2026-11-30 10:00:00"}]
    with pytest.raises(InvalidInput, check=problem("unknown-audience", "column audience, row 2")):
        _coded(_table(tmp_path / "a.csv", core, rows), core)


def test_our_own_name_of_an_audience_is_read_as_its_code(tmp_path: Path, core: Instrument) -> None:
    said = {"country": "US", "submitdate": "2026-11-30 10:00:00"}
    rows = [{"audience": word, **said} for word in ("executive", "exec", "employee", "empl")]
    coded = _coded(_table(tmp_path / "a.csv", core, rows), core)
    assert coded.coded["audience"].tolist() == ["executive", "executive", "employee", "employee"]


def test_an_unfinished_row_with_a_number_out_of_bounds_is_set_aside(field: Path, pilot: Instrument) -> None:
    coded = _coded(field / "pilot.csv", pilot)
    assert coded.coded["respondent"].tolist() == ["1", "2", "3", "4"]
    assert _rows(coded, "set aside", "unfinished, with a number outside") == 1


def test_a_finished_row_with_a_number_out_of_bounds_is_refused_or_blank_by_rule(
    tmp_path: Path, field: Path, pilot: Instrument
) -> None:
    whole = (field / "pilot.csv").read_text("utf-8-sig")
    path = tmp_path / "pilot.csv"
    path.write_text(whole.replace('\n"5";"";"1"', '\n"5";"2026-11-30 14:14:44";"1"'), "utf-8")
    with pytest.raises(InvalidInput, check=problem("out-of-range", "column taskmin, row 6")):
        _coded(path, pilot)
    coded = _coded(path, pilot, out_of_range="blank")
    assert coded.coded["respondent"].tolist() == ["1", "2", "3", "4", "5"]
    assert coded.coded["taskmin"].fillna(-1).tolist() == [1, 1, 2, 2, -1]
    assert _rows(coded, "noted", "outside the bounds") == 1


def test_vv_and_csv_set_the_same_break_offs_aside(field: Path, core: Instrument) -> None:
    by_csv = _coded(field / "rc_code_short_en.csv", core).coded
    by_vv = _coded(field / "vv2.csv", core).coded
    assert by_vv["respondent"].tolist() == by_csv["respondent"].tolist()
    assert by_vv["status"].tolist() == by_csv["status"].tolist()
    partial = by_csv["status"] == "partial"
    names = [variable.name for variable in core.variables]
    pd.testing.assert_frame_equal(by_vv.loc[partial, names], by_csv.loc[partial, names])
    said = by_csv["comment"].fillna("").tolist()
    assert by_vv["comment"].fillna("").tolist() == said


@pytest.mark.parametrize("name", ["rc_code_short_en.json", "code_text_headings_head.csv"])
def test_the_command_reads_every_kind_of_export(
    name: str, field: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(FIELDED / "core.yaml")]
    out = tmp_path / "coded.csv"
    assert main(["read", str(field / name), "--instrument", *files, "--out", str(out)]) == 0
    assert "read as limesurvey" in capsys.readouterr().out
    assert pd.read_csv(out)["organisation"].notna().all()


def test_labels_written_as_html_are_read(tmp_path: Path, core: Instrument) -> None:
    size = core["size"]
    code = size.codes[0]
    scale = size.item.scale
    assert scale is not None
    first, *others = core.scales[scale].options
    options = (first.model_copy(update={"label": {**first.label, "en": "R&D <only>"}}), *others)
    scales = {**core.scales, scale: core.scales[scale].model_copy(update={"options": options})}
    instrument = core.model_copy(update={"scales": scales})
    country = next(iter(core["country"].code_labels("en").values()))
    said = {"submitdate": "2026-11-30 10:00:00", "audience": "Executive", "country": country}
    rows = [{**said, "size": html.escape("R&D <only>"), "comment": "a &amp; b"}]
    coded = _coded(_table(tmp_path / "a.csv", instrument, rows), instrument)
    assert coded.coded["size"].tolist() == [code]
    assert coded.coded["comment"].tolist() == ["a &amp; b"]


@pytest.mark.parametrize("family", ["", "core", "pulse"])
def test_naming_the_files_in_another_order_is_no_change(family: str) -> None:
    files = [ROOT / "instruments" / family / f"{name}.yaml" for name in NAMES]
    assert len({instrument_hash(load_instruments(order)) for order in permutations(files)}) == 1
