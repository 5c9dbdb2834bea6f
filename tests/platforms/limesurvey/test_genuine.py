"""What a real LimeSurvey exported in every flavour is one and the same coded frame."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pandas as pd
import pytest

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, read_answers
from toolkit.platforms.limesurvey.rows import abbreviated, heading
from toolkit.platforms.manifest import ExportManifest, column_of, manifest_of
from toolkit.responses import decode

BY_CODE = ["code_short.csv", "code_long.csv", "code_short.json", "vv1.csv", "vv2.csv"]
BY_TEXT = [
    "full_short.csv",
    "full_long.csv",
    "abbreviated_short.csv",
    "abbreviated_long.csv",
    "ui_csv__results-survey424242.csv",
    "ui_xls__results-survey424242.xlsx",
    "ui_rdata__survey_424242_R_data_file.csv",
]
NOT_ANSWERS = ["code_short.rsyntax", "code_short.stataxml", "survey.lss", "survey_roundtrip.txt"]


@pytest.fixture(scope="module")
def fielded(tiny: Instrument) -> Instrument:
    """The tiny instrument without the item that was not in the survey, with the survey's words."""
    words = {"ways": "In which ways has AI added work? Select all that apply."}
    words["outp"] = "Has your company increased the output it expects of workers in the past year?"
    words["open"] = "In your own words, what would make AI more useful?"
    items = tuple(
        item.model_copy(update={"text": {"all": {"en": words.get(item.id, "?"), "fr": "?"}}})
        for item in tiny.items
        if item.id != "years"
    )
    sections = tuple(
        section.model_copy(update={"items": tuple(name for name in section.items if name != "years")})
        for section in tiny.sections
    )
    return tiny.model_copy(update={"items": items, "sections": sections})


@pytest.fixture(scope="module")
def manifest(fielded: Instrument, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest whose headings are those of the survey's structure file, not of any export."""
    stems, parts = _structure(shared / "platforms" / "limesurvey" / "tiny_en_fr.txt")
    columns = []
    for variable in fielded.variables:
        part = parts[variable.item.id].get(str(variable.part)) if variable.part else None
        pair = (stems[variable.item.id], part)
        code = variable.item.id if variable.part is None else f"{variable.item.id}[{variable.part}]"
        columns.append(
            column_of(
                variable,
                fielded,
                question=variable.item.id,
                part=variable.part,
                headings={
                    "code": [code],
                    "underscore": [variable.name],
                    "full": [heading(*pair)],
                    "abbreviated": [abbreviated(*pair)],
                },
                codes={"1": "Y", "0": ""} if variable.kind == "option" else None,
            )
        )
    made: ExportManifest = manifest_of(
        fielded,
        fielded,
        platform="limesurvey",
        layout="one",
        files=["tiny_en_fr.txt"],
        columns=columns,
        audience_column="audience",
    )
    return made.write(tmp_path_factory.mktemp("manifest") / "tiny.manifest.json")


def _structure(path: Path) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    rows = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter="\t")
    stems: dict[str, str] = {}
    parts: dict[str, dict[str, str]] = {}
    question = ""
    for row in rows:
        if row["language"] != "en":
            continue
        if row["class"] == "Q":
            question = row["name"]
            stems[question], parts[question] = row["text"], {}
        elif row["class"] == "SQ":
            parts[question][row["name"]] = row["text"]
    return stems, parts


def _read(path: Path, instrument: Instrument, **options: object) -> pd.DataFrame:
    entry = AnswersFile.model_validate(
        {"wave": "1", "platform": "limesurvey", "file": path.name, "organisation": "org-1", **options}
    )
    frame = decode(read_answers(path, instrument, "limesurvey", entry=entry), instrument).coded
    opened = frame["open"].str.replace("\r\n", "\n")
    return frame.drop(columns="source").assign(open=opened)


def _genuine(shared: Path, name: str) -> Path:
    return shared / "platforms" / "limesurvey" / "exports" / name


def test_the_frame_of_the_codes_is_what_the_file_says(shared: Path, fielded: Instrument) -> None:
    path = _genuine(shared, "code_short.csv")
    frame = _read(path, fielded)
    with path.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened, delimiter=";"))
    submitted = [row for row in rows if row["submitdate"]]
    assert frame["respondent"].tolist() == [row["id"] for row in submitted]
    said = [row["agree[burn]"] for row in submitted]
    assert frame["agree_burn"].tolist() == [code or "-3" for code in said]
    ways = ("rev", "lrn", "ask", "none")
    for row, person in zip(submitted, frame.to_dict("records"), strict=True):
        ticked = [row[f"ways[{way}]"] == "Y" for way in ways]
        none_said = "-4" if row["aiuse"] != "1" else "-3"
        expected = ["01"[tick] if any(ticked) else none_said for tick in ticked]
        assert [person[f"ways_{way}"] for way in ways] == expected


@pytest.mark.parametrize("name", BY_CODE[1:])
def test_every_flavour_that_holds_codes_gives_the_same_frame(
    shared: Path, fielded: Instrument, name: str
) -> None:
    expected = _read(_genuine(shared, "code_short.csv"), fielded)
    pd.testing.assert_frame_equal(_read(_genuine(shared, name), fielded), expected)


@pytest.mark.parametrize("name", BY_TEXT + BY_CODE)
def test_every_flavour_gives_the_same_frame_by_the_manifest(
    shared: Path, fielded: Instrument, manifest: Path, name: str
) -> None:
    expected = _read(_genuine(shared, "code_short.csv"), fielded)
    found = _read(_genuine(shared, name), fielded, manifest=str(manifest))
    pd.testing.assert_frame_equal(found, expected)


def test_the_sav_file_gives_the_same_frame(shared: Path, fielded: Instrument) -> None:
    path = _genuine(shared, "ui_spsssav__survey_424242_spss.sav")
    entry = AnswersFile(wave="1", platform="spss", file=path.name, organisation="org-1")
    frame = decode(read_answers(path, fielded, "spss", entry=entry), fielded).coded.drop(columns="source")
    expected = _read(_genuine(shared, "code_short.csv"), fielded)
    opened = frame["open"].str.replace("\r\n", "\n")
    pd.testing.assert_frame_equal(frame.assign(open=opened), expected)


@pytest.mark.parametrize("name", BY_TEXT)
def test_texts_alone_are_refused(shared: Path, fielded: Instrument, name: str) -> None:
    with pytest.raises(InvalidInput, check=problem("wrong-file", "headings")):
        _read(_genuine(shared, name), fielded)


@pytest.mark.parametrize("name", NOT_ANSWERS)
def test_what_holds_no_answers_is_refused_for_what_it_is(
    shared: Path, fielded: Instrument, name: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        _read(_genuine(shared, name), fielded)
    assert re.search("is XML|is the structure of a survey|damaged", str(caught.value))


def test_numbered_columns_in_another_order_are_refused(
    shared: Path, fielded: Instrument, tmp_path: Path
) -> None:
    lines = _genuine(shared, "vv1.csv").read_text("utf-8").split("\n")
    assert "424242X2X3burn" in lines[1]
    lines[1] = lines[1].replace("X3prod", "X3swap").replace("X3burn", "X3prod").replace("X3swap", "X3burn")
    spoilt = tmp_path / "vv1.csv"
    spoilt.write_text("\n".join(lines), "utf-8")
    with pytest.raises(InvalidInput, check=problem("wrong-instrument", "headings")):
        _read(spoilt, fielded)


def test_what_vv_says_was_not_shown_is_routed_past_and_counted(shared: Path, fielded: Instrument) -> None:
    open_to_all = tuple(item.model_copy(update={"ask_if": None}) for item in fielded.items)
    unrouted = fielded.model_copy(update={"items": open_to_all})
    path = _genuine(shared, "vv2.csv")
    entry = AnswersFile(wave="1", platform="limesurvey", file=path.name, organisation="org-1")
    coded = decode(read_answers(path, unrouted, "limesurvey", entry=entry), unrouted)
    assert coded.coded["ways_rev"].tolist() == ["1", "-4", "1", "-4", "-4", "0", "-3"]
    counted = coded.disposition.set_index("reason")["rows"]
    assert counted["not shown by the platform though the instrument asks it: counted as routed past"] == 3
