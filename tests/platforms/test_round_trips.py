"""A simulated frame, written as each platform writes it, comes back by the exporter's manifest."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from toolkit.instrument import Instrument
from toolkit.platforms import AnswersFile, export, read_answers, read_manifest
from toolkit.platforms.manifest import ExportManifest
from toolkit.responses import decode
from toolkit.simulation import simulate
from toolkit.simulation.exports import limesurvey_export

pytestmark = pytest.mark.usefixtures("read_here")

KEPT = ["audience", "status"]


@pytest.fixture(scope="module")
def people(tiny: Instrument, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Respondents as the toolkit codes them: simulated, written for LimeSurvey, read by code."""
    drawn = simulate(tiny, seed=3, missing="codes")
    path = tmp_path_factory.mktemp("people") / "answers.csv"
    path.write_bytes(limesurvey_export(drawn, tiny, opens="2026-01-01", closes="2026-01-31", seed=1))
    entry = AnswersFile(wave="1", platform="limesurvey", file="answers.csv")
    frame = decode(read_answers(path, tiny, entry=entry), tiny).coded
    return frame[frame["status"] == "complete"].reset_index(drop=True)


def _manifest(tiny: Instrument, platform: str, folder: Path, **how: str) -> Path:
    written = export(tiny, platform, folder, **how)  # type: ignore[arg-type]
    return next(path for path in written if path.name.endswith(".manifest.json"))


def _platform_rows(
    frame: pd.DataFrame, manifest: ExportManifest, tiny: Instrument
) -> list[dict[str, object]]:
    """Each respondent as variable → the platform's code; what was not answered is not there."""
    codes = {column.variable: column.codes for column in manifest.columns}
    rows = []
    for person in frame.to_dict("records"):
        row: dict[str, object] = {"audience": tiny.audiences[str(person["audience"])].code}
        for variable in tiny.variables:
            value = person[variable.name]
            if variable.kind in ("number", "text"):
                if pd.notna(value) and value != "":
                    row[variable.name] = value
            elif value in codes[variable.name]:
                row[variable.name] = codes[variable.name][value]
        rows.append(row)
    return rows


def _back(
    path: Path,
    tiny: Instrument,
    platform: str,
    manifest: Path | None,
    column: str | None = None,
) -> pd.DataFrame:
    entry = AnswersFile(
        wave="1",
        platform=platform,  # type: ignore[arg-type]
        file=path.name,
        organisation_column=column,
        manifest=None if manifest is None else str(manifest),
    )
    return decode(read_answers(path, tiny, entry=entry), tiny).coded


def _same(found: pd.DataFrame, people: pd.DataFrame, tiny: Instrument) -> None:
    names = [*KEPT, *(variable.name for variable in tiny.variables)]
    assert len(people) > 20
    pd.testing.assert_frame_equal(found[names], people[names])


def test_limesurvey(people: pd.DataFrame, tiny: Instrument, tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    for answers in ("codes", "full"):
        data = limesurvey_export(
            people, tiny, answers=answers, opens="2026-01-01", closes="2026-01-31", seed=1
        )  # type: ignore[arg-type]
        path.write_bytes(data)
        _same(
            _back(path, tiny, "limesurvey", _manifest(tiny, "limesurvey", tmp_path), "organisation"),
            people,
            tiny,
        )


def test_surveyjs(people: pd.DataFrame, tiny: Instrument, tmp_path: Path) -> None:
    place = _manifest(tiny, "surveyjs", tmp_path)
    manifest = read_manifest(place)
    rows = []
    for flat in _platform_rows(people, manifest, tiny):
        row: dict[str, object] = {"audience": flat["audience"]}
        for variable in tiny.variables:
            if variable.name not in flat:
                continue
            if variable.kind == "option" and flat[variable.name] == "1":
                row.setdefault(variable.item.id, []).append(variable.part)  # type: ignore[attr-defined]
            elif variable.row is not None:
                row.setdefault(variable.item.id, {})[variable.row.id] = flat[variable.name]  # type: ignore[index]
            elif variable.kind != "option":
                row[variable.name] = flat[variable.name]
        rows.append(row)
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(rows), "utf-8")
    _same(_back(path, tiny, "surveyjs", place), people, tiny)


@pytest.mark.parametrize("style", ["path", "central", "name"])
def test_xlsform(people: pd.DataFrame, tiny: Instrument, tmp_path: Path, style: str) -> None:
    place = _manifest(tiny, "xlsform", tmp_path, layout="one")
    manifest = read_manifest(place)
    headings = {column.variable: column.headings[style][0] for column in manifest.columns}
    rows = []
    for flat in _platform_rows(people, manifest, tiny):
        row = {"audience": flat["audience"]}
        for variable in tiny.variables:
            if variable.name in flat and variable.kind != "option":
                row[headings[variable.name]] = flat[variable.name]
            elif flat.get(variable.name) == "1":
                joined = f"{row.get(headings[variable.name], '')} {variable.part}"
                row[headings[variable.name]] = joined.strip()
        rows.append(row)
    path = tmp_path / "answers.csv"
    everything = ["audience", *dict.fromkeys(headings.values())]
    pd.DataFrame(rows, columns=everything).assign(KEY=[f"uuid:{n}" for n in range(len(rows))]).to_csv(
        path, index=False
    )
    _same(_back(path, tiny, "odk", place), people, tiny)


@pytest.mark.parametrize("name", ["answers.sav", "answers.dta"])
def test_statistics_files(people: pd.DataFrame, tiny: Instrument, tmp_path: Path, name: str) -> None:
    flat = people[[*KEPT, "respondent"]].astype(str)
    labels: dict[str, dict[float, str]] = {}
    for variable in tiny.variables:
        column = people[variable.name]
        if variable.kind in ("number", "text"):
            flat[variable.name] = column if variable.kind == "number" else column.fillna("")
            continue
        flat[variable.name] = column.astype(str).astype(float)
        missing = {"-1": "don't know", "-3": "shown but left blank", "-4": "routed past",
                   "-5": "not asked of this audience"}  # fmt: skip
        labels[variable.name] = {float(code): said for code, said in missing.items()}
    path = tmp_path / name
    if path.suffix == ".sav":
        ranges = {column: [{"lo": -9, "hi": -1}] for column in labels}
        pyreadstat.write_sav(flat, str(path), variable_value_labels=labels, missing_ranges=ranges)
    else:
        pyreadstat.write_dta(flat, str(path), variable_value_labels=labels)
    _same(_back(path, tiny, "spss" if path.suffix == ".sav" else "stata", None), people, tiny)
