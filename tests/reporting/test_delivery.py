"""Every client gets one archive with what is meant for it, and nothing else."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.refusals import problem
from tests.reporting.test_client_brand import write_study
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.reporting import run_reports
from toolkit.reporting.delivery import deliver

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two clients and, beside it, its reports."""
    folder = tmp_path_factory.mktemp("delivery")
    run_reports(write_study(folder / "study"), out=folder / "out", workers=1, formats=("html", "markdown"))
    return folder


@pytest.fixture
def wave(made: Path, tmp_path: Path) -> Path:
    """The reports, to be changed at will."""
    shutil.copytree(made / "out", tmp_path / "out")
    return tmp_path / "out" / "canteen" / "2026"


def test_each_archive_holds_its_clients_files_alone(wave: Path) -> None:
    packed = deliver(wave, drafts=True)
    assert list(packed["organisation"]) == ["acme", "bolt"]
    for row, other in zip(packed.itertuples(), ("bolt", "acme"), strict=True):
        with zipfile.ZipFile(row.archive) as archive:
            names = [name.partition("/")[2] for name in archive.namelist()]
            assert {"report.html", "report.md", "results.csv"} <= set(names)
            assert not {"report.ipynb", "manifest.json", "document.json.gz"} & set(names)
            for name in archive.namelist():
                assert (
                    archive.read(name) == (wave / str(row.organisation) / name.partition("/")[2]).read_bytes()
                )
                assert other.encode() not in archive.read(name).lower()
        text = Path(row.text).read_text("utf-8")
        assert other not in text.lower()
        assert "report.html" in text


def test_the_email_is_in_the_clients_language_and_says_what_the_summary_says(wave: Path) -> None:
    texts = dict(zip(["acme", "bolt"], deliver(wave, drafts=True)["text"], strict=True))
    french, english = (Path(texts[one]).read_text("utf-8") for one in ("acme", "bolt"))
    assert french.startswith("Objet")
    assert english.startswith("Subject: The canteen · Bolt Ltd · 2026")
    assert "Acme only" in french
    assert "synthetic" in english.lower()


def test_the_same_reports_give_the_same_bytes(wave: Path, tmp_path: Path) -> None:
    one, two = deliver(wave, drafts=True, out=tmp_path / "a"), deliver(wave, drafts=True, out=tmp_path / "b")
    for first, second in zip(one["archive"], two["archive"], strict=True):
        assert Path(first).read_bytes() == Path(second).read_bytes()


def test_a_file_changed_by_hand_stops_the_delivery_before_anything_is_written(wave: Path) -> None:
    page = wave / "bolt" / "report.html"
    page.write_text(page.read_text("utf-8").replace("40", "41"), "utf-8")
    (wave / "acme" / "report.md").unlink()
    expected = problem("damaged-file", "bolt/report.html") + problem("file-not-found", "acme/report.md")
    with pytest.raises(InvalidInput, check=expected):
        deliver(wave, drafts=True)
    assert not (wave / "_delivery").exists()
    assert list(deliver(wave, drafts=True, out=wave / "x", organisations=[])["organisation"]) == []


def test_a_report_whose_latest_build_failed_is_not_delivered(wave: Path) -> None:
    (wave / "_failed" / "bolt").mkdir(parents=True)
    with pytest.raises(InvalidInput, check=problem("inconsistent", "bolt")):
        deliver(wave, drafts=True)
    assert len(deliver(wave, drafts=True, organisations=["acme"])) == 1


def test_unknown_organisations_and_folders_without_reports_are_refused(wave: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, check=problem("unknown-organisation", "acne")):
        deliver(wave, drafts=True, organisations=["acne"])
    with pytest.raises(InvalidInput, check=problem("file-not-found", str(tmp_path))):
        deliver(tmp_path)
    (wave / "acme" / "manifest.json").write_text(json.dumps({"status": "made"}), "utf-8")
    assert list(deliver(wave, drafts=True)["organisation"]) == ["bolt"]


def test_the_command_prints_one_line_per_archive(wave: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deliver", str(wave), "-o", "bolt", "--drafts"]) == 0
    assert capsys.readouterr().out.startswith("bolt: ")
    assert main(["deliver", str(wave / "bolt")]) == 2


def test_a_delivery_does_not_disturb_the_next_run(wave: Path, made: Path) -> None:
    deliver(wave, drafts=True)
    again = run_reports(
        made / "study" / "study.yaml", out=wave.parents[1], workers=1, formats=("html", "markdown")
    )
    assert set(again["status"]) == {"unchanged"}


def test_drafts_are_not_handed_out_by_accident_but_releases_are(
    made: Path, wave: Path, tmp_path: Path
) -> None:
    expected = problem("conflict", "acme") + problem("conflict", "bolt")
    with pytest.raises(InvalidInput, check=expected):
        deliver(wave)
    study = shutil.copytree(made / "study", tmp_path / "study") / "study.yaml"
    out = tmp_path / "released"
    run_reports(study, out=out, workers=1, release=True, audit=False)
    assert len(deliver(out / "canteen" / "2026")) == 2


def test_documents_converted_later_are_packed_and_checked_too(wave: Path) -> None:
    assert main(["convert", str(wave / "acme"), "--formats", "html,docx", "--quiet"]) == 0
    packed = deliver(wave, drafts=True, organisations=["acme"])
    with zipfile.ZipFile(packed["archive"][0]) as archive:
        held = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert {"report.docx", "report.html", "report.md", "results.csv"} <= set(held)
    assert held["report.docx"] == (wave / "acme" / "report.docx").read_bytes()
    manifest = json.loads((wave / "acme" / "manifest.json").read_text("utf-8"))
    assert set(manifest["converted"]) == {"report.docx", "report.html"}
    assert "report.docx" not in manifest["outputs"]
    (wave / "acme" / "report.docx").write_bytes(b"edited")
    with pytest.raises(InvalidInput) as caught:
        deliver(wave, drafts=True)
    assert [(one.code, one.where) for one in caught.value.problems] == [("damaged-file", "acme/report.docx")]


def test_a_folder_with_a_damaged_manifest_is_not_converted_silently(wave: Path) -> None:
    (wave / "acme" / "manifest.json").write_text("[", "utf-8")
    assert main(["convert", str(wave / "acme"), "--formats", "docx"]) == 2
