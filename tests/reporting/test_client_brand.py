"""Every client's report looks as its row of the organisations table says; other clients' looks stay out."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.refusals import problem
from tests.reporting.test_validation import INSTRUMENT, STUDY, SVG
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.reporting import run_reports
from toolkit.study import load_study

pytestmark = pytest.mark.slow

TABLE = (
    "organisation,name,wave,staff,guest,brand_name,brand_colour,brand_logo,brand_footer,language\n"
    "acme,Acme Foods,2026,30,30,Acme Group,#FFE600,acme.svg,Acme only,fr\n"
    "bolt,Bolt Ltd,2026,30,30,,,,,\n"
)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of two clients, one with a brand and a language of its own."""
    return write_study(tmp_path / "study")


def write_study(folder: Path) -> Path:
    """Write the study into a new folder and return its file."""
    folder.mkdir()
    (folder / "canteen.yaml").write_text(INSTRUMENT, "utf-8")
    (folder / "study.yaml").write_text(
        STUDY.replace("Acme", "Consult") + "organisations: organisations.csv\n", "utf-8"
    )
    (folder / "organisations.csv").write_text(TABLE, "utf-8")
    (folder / "acme.svg").write_text(SVG, "utf-8")
    rows = [
        f"{one};2026-09-03 10:12:00;{org};{'staff' if one % 2 else 'guest'};{one % 3 % 2};{one % 2}"
        for org, first in (("acme", 1), ("bolt", 41))
        for one in range(first, first + 40)
    ]
    text = "\n".join(["id;submitdate;organisation;audience;eats;good", *rows]) + "\n"
    (folder / "a.csv").write_text(text, "utf-8")
    return folder / "study.yaml"


def test_one_run_writes_each_client_in_its_own_brand(study: Path, tmp_path: Path) -> None:
    made = run_reports(study, out=tmp_path / "out", workers=1)
    assert list(made["status"]) == ["made", "made"]
    pages = {
        one: next((tmp_path / "out").rglob(f"{one}/report.html")).read_text() for one in ("acme", "bolt")
    }
    assert 'lang="fr"' in pages["acme"]
    assert 'lang="en"' in pages["bolt"]
    logo = base64.b64encode(SVG.encode()).decode()
    for page, own in ((pages["acme"], True), (pages["bolt"], False)):
        assert (logo in page, "Acme only" in page, "Acme Group" in page) == (own, own, own)
    assert "#847700" in pages["acme"]  # yellow, darkened until it can be read
    for path in (tmp_path / "out").rglob("bolt/*"):
        assert path.is_dir() or b"acme" not in path.read_bytes().lower(), path


def test_a_new_logo_makes_only_its_clients_report_again(study: Path, tmp_path: Path) -> None:
    run_reports(study, out=tmp_path / "out", workers=1)
    (study.parent / "acme.svg").write_text(SVG.replace('width="60"', 'width="61"'), "utf-8")
    again = run_reports(study, out=tmp_path / "out", workers=1)
    assert dict(zip(again["organisation"], again["status"], strict=True)) == {
        "acme": "made",
        "bolt": "unchanged",
    }


def test_the_latest_wave_decides_in_whatever_order_its_rows_stand(study: Path) -> None:
    table = (study.parent / "organisations.csv").read_text("utf-8")
    later = "acme,Acme Foods,2027,30,30,,#112233,,,\n"
    (study.parent / "organisations.csv").write_text(table.replace("acme,", f"{later}acme,", 1), "utf-8")
    entry = '  - {wave: "2026", platform: limesurvey, file: a.csv}\n'
    text = study.read_text("utf-8")
    assert entry in text
    study.write_text(
        text.replace(entry, entry + entry.replace("2026", "2027").replace("a.csv", "b.csv")), "utf-8"
    )
    head, *rows = (study.parent / "a.csv").read_text("utf-8").splitlines()
    again = [f"9{row}".replace("2026", "2027").replace(";bolt;", ";acme;") for row in rows]
    (study.parent / "b.csv").write_text("\n".join([head, *again]) + "\n", "utf-8")
    brand = load_study(study).for_client("acme").brand
    assert (brand.colour, brand.footer) == ("#112233", "Acme only")


def test_the_latest_wave_that_is_filled_in_decides(study: Path) -> None:
    loaded = load_study(study)
    assert loaded.for_client("acme").brand.colour == "#FFE600"
    assert loaded.for_client("acme").language == "fr"
    assert loaded.for_client("bolt") is loaded


@pytest.mark.parametrize(
    ("cell", "other", "code", "column"),
    [
        ("#FFE600", "yellow", "malformed", "brand_colour"),
        ("acme.svg", "lost.svg", "file-not-found", "brand_logo"),
        (",fr\n", ",xx\n", "unknown-language", "language"),
    ],
)
def test_a_brand_cell_that_cannot_be_used_is_refused(
    cell: str, other: str, code: str, column: str, study: Path
) -> None:
    (study.parent / "organisations.csv").write_text(TABLE.replace(cell, other), "utf-8")
    with pytest.raises(InvalidInput, check=problem(code, f"organisations, acme, column {column}")):
        load_study(study)


def test_a_clients_logo_that_names_other_pictures_is_refused(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = SVG.replace("<rect", '<image href="beside.png" width="9" height="9"/><rect', 1)
    (study.parent / "acme.svg").write_text(drawn, "utf-8")
    assert main(["check", str(study)]) == 1
    assert "outside itself" in capsys.readouterr().err


def test_check_notes_a_clients_pale_colour(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(study)]) == 0
    assert "acme: " in capsys.readouterr().out


def test_the_manifest_of_one_client_names_no_other(study: Path, tmp_path: Path) -> None:
    run_reports(study, out=tmp_path / "out", workers=1)
    path = next((tmp_path / "out").rglob("bolt/manifest.json"))
    assert "acme" not in json.dumps(json.loads(path.read_text())).lower()
