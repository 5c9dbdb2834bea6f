"""Real reports of the sample study: what is in the folders, and what must not be."""

from __future__ import annotations

import base64
import gc
import gzip
import io
import json
import pickle
import re
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pypdf
import pytest

import toolkit as tk
from toolkit.analysis import margin_of_error
from toolkit.disclosure import release
from toolkit.reporting import run_reports
from toolkit.reporting.documents import FORMATS
from toolkit.reporting.manifest import sha256_of
from toolkit.study import AAPOR_ITEMS, Study

MADE, WITHHELD, TWO_WAVES = "org-08", "org-10", "org-01"


@pytest.fixture(scope="module")
def folder(sample_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reports")
    made = run_reports(sample_study, organisations=[MADE, WITHHELD], out=out, workers=2, formats=FORMATS)
    assert made["status"].tolist() == ["made", "withheld"], made["sentence"].tolist()
    assert (made["warnings"] == "").all()
    return out / "ai_at_work" / "2026"


@pytest.fixture(scope="module")
def report(sample_study: Path) -> tk.OrganisationReport:
    return tk.open_report(sample_study, MADE)


@cache
def texts(folder: Path) -> list[tuple[str, str]]:
    """Every file as text, whatever it is packed in; read once, for a PDF takes seconds."""
    found = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        text = unpacked(path.name, path.read_bytes())
        pictures = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", text)
        found.append((path.name, text + "".join(base64.b64decode(one).decode() for one in pictures)))
    return found


def unpacked(name: str, content: bytes) -> str:
    """A file's text: of a PDF what its pages and properties say, of an office file every part of it."""
    if name.endswith(".gz"):
        return gzip.decompress(content).decode()
    if name.endswith(".pdf"):
        reader = pypdf.PdfReader(io.BytesIO(content))
        return " ".join([str(reader.metadata), *(page.extract_text() for page in reader.pages)])
    if name.endswith((".docx", ".pptx", ".xlsx")):
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            return " ".join(unpacked(part, parts.read(part)) for part in parts.namelist())
    if name.endswith((".png", ".jpeg", ".jpg", ".bin")):
        return ""
    return content.decode("utf-8-sig")


def test_a_report_has_its_contents_in_order(folder):
    page = (folder / MADE / "report.html").read_text()
    headings = re.findall(r'<h2 id="[^"]*">([^<]*)</h2>', page)[1:]
    assert headings == [
        "Summary",
        "Who answered",
        "Where audiences see it differently",
        "Theme by theme",
        "In which ways",
        "Sustainable use",
        "Comparison with published figures",
        "What this survey cannot tell",
        "How the survey was done",
        "Every question, gap and change",
    ]


@pytest.mark.parametrize("organisation", [MADE, WITHHELD])
def test_synthetic_data_says_so_in_every_file(folder, organisation):
    for name, text in texts(folder / organisation):
        assert "synthetic" in text.casefold(), name
    table = pd.read_csv(folder / organisation / "results.csv", encoding="utf-8-sig")
    assert (table["synthetic"] == "yes").all()


@pytest.mark.parametrize("organisation", [MADE, WITHHELD])
def test_no_file_of_one_organisation_names_another(folder, organisation, sample_study):
    study = tk.load_study(sample_study)
    others = [one for one in study.organisation_ids() if one != organisation]
    words = [*others, *(study.organisation_name(one) for one in others)]
    for name, text in texts(folder / organisation):
        assert [word for word in words if word in text] == [], name


@pytest.mark.parametrize("organisation", [MADE, WITHHELD])
def test_no_file_carries_a_path_of_the_machine(folder, organisation):
    machine = [str(folder), str(Path(__file__).resolve().parents[2]), str(Path.home())]
    for name, text in texts(folder / organisation):
        assert [path for path in machine if len(path) > 3 and path in text] == [], name


def test_a_withheld_organisation_gets_a_notice_without_a_figure(folder):
    page = (folder / WITHHELD / "report.html").read_text()
    assert "No figure can be shown for Juniperfield Legal" in page
    assert "<figure" not in page
    table = pd.read_csv(folder / WITHHELD / "results.csv", encoding="utf-8-sig")
    assert table["table"].tolist() == ["participation"] * 3
    assert table["answered_shown"].tolist() == ["<5"] * 3
    assert table["answered"].isna().all()
    assert json.loads((folder / WITHHELD / "manifest.json").read_text())["status"] == "withheld"
    assert "Withheld by policy" in (folder / "index.html").read_text()


def test_an_audience_of_three_is_in_no_number(folder):
    table = pd.read_csv(folder / MADE / "results.csv", encoding="utf-8-sig")
    rows = table[(table["table"] != "participation") & table["audience"].eq("executive")]
    numbers = rows[["estimate", "estimate_a", "conf_low", "gap"]]
    assert rows.empty or numbers.isna().all(axis=None) or (rows["table"] == "benchmarks").all()
    assert not table["audience_a"].eq("executive").any()
    shown = table[(table["table"] == "participation") & table["audience"].eq("executive")]
    assert shown["answered_shown"].tolist() == ["<5"]
    assert shown[["answered", "response_rate", "margin"]].isna().all(axis=None)


def test_the_manifest_hashes_what_is_there(folder, sample_study):
    told = json.loads((folder / MADE / "manifest.json").read_text())
    outputs = {
        path.relative_to(folder / MADE).as_posix(): sha256_of(path)
        for path in (folder / MADE).rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert told["outputs"] == outputs
    assert told["inputs"]["study"] == sha256_of(sample_study)
    assert len(told["inputs"]) >= 6
    study = tk.load_study(sample_study)
    assert told["instrument"]["version"] == study.instrument.version
    assert (told["seed"], told["wave"], told["policy"]["threshold"]) == (study.seed, "2026", 5)
    assert told["parameters"] == {
        "study": "study.yaml",
        "organisation": MADE,
        "wave": "2026",
        "data": None,
        "output": None,
    }
    assert {"pandas", "numpy", "papermill", "survey-research-toolkit"} <= set(told["packages"])


def test_a_second_making_gives_the_same_numbers_byte_for_byte(folder, report, tmp_path):
    report.save(tmp_path)
    assert (tmp_path / "results.csv").read_bytes() == (folder / MADE / "results.csv").read_bytes()


def test_the_methods_statement_prints_the_eleven_items_for_each_audience(folder):
    page = (folder / MADE / "report.html").read_text()
    methods = page[page.index('id="how-the-survey-was-done"') :]
    methods = methods[: methods.index("<h2")] if "<h2" in methods else methods
    heads = re.findall(r"<h3>(.*?)</h3>", methods)
    assert heads == ["All audiences", "Executives", "Employees", "Freelancers"]
    common, *own = (part.count("<dt>") for part in methods.split("<h3>")[1:])
    assert [common + one for one in own] == [len(AAPOR_ITEMS)] * 3
    assert "<dd></dd>" not in methods


def test_no_answer_can_be_reached_from_a_report(report, sample_study):
    answered = len(tk.load_study(sample_study).responses(organisation=MADE))
    assert answered not in map(len, report.released.tables.values())
    seen: set[int] = set()
    waiting: list[object] = [report]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type) or type(one).__name__ in ("module", "function"):
            continue
        seen.add(id(one))
        assert not isinstance(one, Study)
        if isinstance(one, pd.DataFrame):
            assert not {"respondent", "source", "status"} & set(one.columns)
        if isinstance(one, np.ndarray):  # numpy does not tell the collector whose memory it looks into
            assert answered not in one.shape
            waiting.append(one.base)
        waiting.extend(gc.get_referents(one))
    assert len(seen) > 1000


def test_every_section_names_the_level_of_the_study_and_is_computed_at_it(sample_study):
    report = tk.open_report(replace(tk.load_study(sample_study), level=0.9), TWO_WAVES)
    told = report.participation.dropna(subset=["margin"])
    assert len(told)
    for row in told.to_dict("records"):
        assert row["margin"] == pytest.approx(
            margin_of_error(row["answered"], population=row["invited"], level=0.9)
        )
    sections = ("participation_table", "gap_picture", "gap_table", "option_pictures", "benchmarks", "trend")
    for name in (*sections, "methods", "appendix"):
        text = str(getattr(report, name)()).replace("\u00a0", " ").replace("\n", " ")
        assert not re.search(r"(?<!≥)95% interval|at 95%", text), name
        assert re.search("90% interval|at 90%", text), name


def test_audiences_that_share_no_question_are_not_said_to_be_alone(report):
    bare = release({"participation": report.participation}, report.policy)
    two = replace(report, released=bare, audiences=("executive", "employee"))
    assert "No question was put to more than one of executives and employees" in str(two.gap_picture())
    assert str(replace(two, audiences=("employee",)).gap_picture()).startswith("Only employees may be shown")


def test_a_question_without_a_share_to_show_is_named_and_not_drawn(sample_study):
    report = tk.open_report(sample_study, "org-06")
    shares = report.released["shares"]
    options = [item for item in report.instrument.items if item.type == "multi"]
    shown = set(shares.loc[shares["shown"].astype(bool), "item"])
    drawn = [one for one in options if shown & {v.name for v in report.instrument.of_item(one.id)}]
    left = [one for one in options if one not in drawn]
    assert left
    parts = report.option_pictures().parts
    assert len(parts) == len(drawn) + 1
    assert (
        str(parts[-1]).strip() == f"No share may be shown of: {'; '.join(one.short['en'] for one in left)}."
    )


def test_no_answer_is_in_pickled_results(report):
    pickled = pickle.dumps((report.released, report.participation))
    again, _ = pickle.loads(pickled)
    pd.testing.assert_frame_equal(again["shares"], report.released["shares"])
    assert b"respondent" not in pickled


def test_every_picture_has_words_for_those_who_do_not_see_it(folder):
    page = (folder / MADE / "report.html").read_text()
    pictures = re.findall(r"<img [^>]*>", page)
    assert len(pictures) >= 5
    for picture in pictures:
        words = re.search(r'alt="([^"]*)"', picture)
        assert words is not None
        assert len(words[1]) > 40


def test_nothing_in_a_page_says_nan_or_none(folder):
    page = (folder / MADE / "report.html").read_text()
    words = re.sub(r"<[^>]+>", " ", re.sub(r"<style.*?</style>|src=\"[^\"]*\"", "", page, flags=re.S))
    assert not re.search(r"\b(nan|NaN|NA|None(?![.:]| of)|NaT)\b", words)
