"""Planted breaches: what is slipped into a sound report must be found in every format, and named.

1. A report as it is made passes, and every hidden count has the room that its bound says.
2. A number of a hidden group, or of a share that is shown as a bound, is found wherever it is printed.
3. Names and ids of other clients, respondents' ids and words, and paths are found where files hide text.
4. A pooled figure that gives a hidden group by subtraction, and a few late answers between two issues.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from toolkit.analysis.gap_rows import adjust_p
from toolkit.disclosure import Policy, auditor, release
from toolkit.disclosure.auditor import Certificate, audit_release
from toolkit.disclosure.delivered import Text, Tracer
from toolkit.instrument import load_instrument
from toolkit.reporting import run_reports
from toolkit.study import Study, load_study

pytestmark = pytest.mark.slow

FORMATS = ("html", "pdf", "docx", "pptx", "xlsx", "markdown")
STUDY = Path(__file__).resolve().parents[2] / "data_samples" / "ai_at_work" / "study.yaml"
SMALL = "org-12"  # executives and freelancers are below the threshold


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(STUDY)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("audited")
    run_reports(STUDY, organisations=[SMALL], out=out, formats=FORMATS, workers=1)
    return out / "ai_at_work" / "2026" / SMALL


@pytest.fixture
def report(made: Path, tmp_path: Path) -> Path:
    """A copy to plant something into."""
    return shutil.copytree(made, tmp_path / SMALL)


@pytest.fixture(scope="module")
def sound(made: Path, study: Study) -> Certificate:
    return audit_release(made, study=study)


def test_a_report_as_it_is_made_passes(sound: Certificate) -> None:
    assert sound.breaches == ()
    assert sound.passed
    assert sound.unfinished == sound.notes == ()
    assert len(sound.counts) > 100


def test_every_bound_keeps_the_room_it_says(sound: Certificate) -> None:
    policy = Policy()
    bounded = sound.counts[sound.counts["printed"].str.contains("<=|>=")].dropna(subset="people")
    assert len(bounded) > 3
    for row in bounded.itertuples():
        share, _ = policy.unanimity_bounds(row.people, row.item)
        assert row.high - row.low >= int(share * row.people + 1e-9) >= 1


def replace_in(path: Path, member: str, change: Callable[[bytes], bytes]) -> None:
    """Rewrite one member of an archive; "" adds nothing where it is not there."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    assert member in parts, f"{member} of {list(parts)[:40]}"
    changed = change(parts[member])
    assert changed != parts[member]
    parts[member] = changed
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, data)


def sub(pattern: str, change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """Change the first match of a pattern in a text."""
    return lambda data: re.sub(pattern, lambda found: change(found[0]), data.decode(), count=1).encode()


def text_chunk(png: bytes, words: str) -> bytes:
    body = b"Comment\0" + words.encode("latin-1")
    chunk = struct.pack(">I", len(body)) + b"tEXt" + body + struct.pack(">I", zlib.crc32(b"tEXt" + body))
    return png[:33] + chunk + png[33:]


def plant(folder: Path, place: str, words: str) -> None:
    """Write words into one place of a report, as a mistake in its writer would."""
    if place == "html":
        path = folder / "report.html"
        path.write_text(path.read_text("utf-8").replace("</main>", f"<p>{words}</p></main>", 1), "utf-8")
        assert words in path.read_text("utf-8")
    elif place == "html comment":
        path = folder / "report.html"
        path.write_text(path.read_text("utf-8").replace("</body>", f"<!-- {words} --></body>", 1), "utf-8")
    elif place == "markdown":
        with (folder / "report.md").open("a", encoding="utf-8") as handle:
            handle.write(f"\n{words}\n")
    elif place == "notebook":
        path = folder / "report.ipynb"
        cells = json.loads(path.read_text("utf-8"))
        cells["cells"][-1]["source"] = words
        cells["cells"][-1]["cell_type"] = "markdown"
        path.write_text(json.dumps(cells), "utf-8")
    elif place == "document":
        path = folder / "document.json.gz"
        document = json.loads(gzip.decompress(path.read_bytes()))
        document["sections"].append({"title": words, "parts": []})
        path.write_bytes(gzip.compress(json.dumps(document).encode()))
    elif place == "csv":
        with (folder / "results.csv").open(encoding="utf-8-sig", newline="") as handle:
            names = next(csv.reader(handle))
        with (folder / "notes.csv").open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle).writerows([names[:2], ["note", words]])
    elif place == "manifest":
        path = folder / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"note": words}), "utf-8")
    elif place == "word paragraph":
        replace_in(
            folder / "report.docx",
            "word/document.xml",
            sub("<w:body>", lambda old: f"{old}<w:p><w:r><w:t>{words}</w:t></w:r></w:p>"),
        )
    elif place == "word properties":
        replace_in(
            folder / "report.docx",
            "docProps/core.xml",
            sub("</cp:coreProperties>", lambda old: f"<cp:keywords>{words}</cp:keywords>{old}"),
        )
    elif place == "word alternative text":
        replace_in(folder / "report.docx", "word/document.xml", sub('descr="', lambda old: f"{old}{words} "))
    elif place == "word picture":
        replace_in(folder / "report.docx", "word/media/image1.png", lambda png: text_chunk(png, words))
    elif place in ("slide", "slide notes"):
        part = {"slide": "slides/slide2", "slide notes": "notesSlides/notesSlide2"}[place]
        text = sub("<a:t>[^<]*</a:t>", lambda _: f"<a:t>{words}</a:t>")
        replace_in(folder / "report.pptx", f"ppt/{part}.xml", text)
    elif place == "chart workbook":
        with zipfile.ZipFile(folder / "report.pptx") as archive:
            book = next(name for name in archive.namelist() if name.endswith(".xlsx"))
            (folder / "inner.zip").write_bytes(archive.read(book))
        replace_in(
            folder / "inner.zip",
            "xl/sharedStrings.xml",
            sub("<sst[^>]*>", lambda old: f"{old}<si><t>{words}</t></si>"),
        )
        data = (folder / "inner.zip").read_bytes()
        (folder / "inner.zip").unlink()
        replace_in(folder / "report.pptx", book, lambda _: data)
    elif place == "hidden sheet":
        import openpyxl

        book = openpyxl.load_workbook(folder / "report.xlsx")
        sheet = book.create_sheet("kept")
        sheet.sheet_state = "veryHidden"
        sheet["A1"] = words
        book.save(folder / "report.xlsx")
    elif place == "picture title":
        path = next((folder / "report_figures").glob("*.svg"))
        path.write_text(
            path.read_text("utf-8").replace("<defs>", f"<title>{words}</title><defs>", 1), "utf-8"
        )
        assert words in path.read_text("utf-8")
    elif place == "pdf properties":
        from pypdf import PdfReader, PdfWriter

        writer = PdfWriter(clone_from=PdfReader(folder / "report.pdf"))
        writer.add_metadata({"/Keywords": words})
        writer.write(folder / "report.pdf")
    elif place == "pdf page":
        from pypdf import PdfReader, PdfWriter
        from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

        writer = PdfWriter(clone_from=PdfReader(folder / "report.pdf"))
        stream = DecodedStreamObject()
        stream.set_data(f"BT /Planted 10 Tf 50 50 Td ({words}) Tj ET".encode("latin-1"))
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        page = writer.pages[1]
        page["/Resources"]["/Font"][NameObject("/Planted")] = font
        page[NameObject("/Contents")] = writer._add_object(_joined(page, stream))
        writer.write(folder / "report.pdf")
    else:
        raise AssertionError(place)


def _joined(page, stream):
    from pypdf.generic import DecodedStreamObject

    whole = DecodedStreamObject()
    whole.set_data(page.get_contents().get_data() + b"\n" + stream.get_data())
    return whole


PLACES = {
    "html": "report.html p",
    "html comment": "report.html comment",
    "markdown": "report.md line",
    "notebook": "report.ipynb",
    "document": "document.json",
    "word paragraph": "document.xml paragraph",
    "word properties": "report.docx → docProps/core.xml",
    "word alternative text": "docPr descr",
    "word picture": "media/image1.png tEXt",
    "slide": "slides/slide2.xml",
    "slide notes": "notesSlides/notesSlide2.xml",
    "chart workbook": "embeddings",
    "hidden sheet": "report.xlsx",
    "picture title": "report_figures",
    "pdf page": "report.pdf page",
    "pdf properties": "report.pdf /Keywords",
}
ONLY_NAMES = {"csv": "notes.csv", "manifest": "manifest.json"}
"""Tables and the manifest hold no sentences whose numbers could be traced."""


def found_in(found: Certificate, kind: str) -> dict[str, bool]:
    """Place → whether a breach of this kind was found in it."""
    where = [one.where for one in found.breaches if one.kind == kind]
    return {place: any(words in one for one in where) for place, words in (PLACES | ONLY_NAMES).items()}


def test_hidden_numbers_and_other_clients_names_are_found_in_every_place(report: Path, study: Study) -> None:
    for place in (*PLACES, *ONLY_NAMES):
        plant(report, place, "Made for Alderfinch Logistics. Executives: 2 of 3 agree")
    found = audit_release(report, study=study)
    assert [place for place, seen in found_in(found, "foreign").items() if not seen] == []
    assert [place for place, seen in found_in(found, "untraced").items() if not seen] == list(ONLY_NAMES)
    assert all("org-01" in one.what for one in found.breaches if one.kind == "foreign")
    assert any("Executives: 2" in evidence for one in found.breaches for evidence in one.evidence)


def test_a_share_that_is_shown_as_a_bound_is_found_in_every_place(report: Path, study: Study) -> None:
    rows = pd.read_csv(report / "results.csv")
    bound = rows[(rows["table"] == "shares") & rows["bound"].notna() & (rows["audience"] == "employee")].iloc[
        0
    ]
    for place in PLACES:
        plant(report, place, f"{bound['label']}: employees 96%")
    found = audit_release(report, study=study)
    assert [place for place, seen in found_in(found, "untraced").items() if not seen] == list(ONLY_NAMES)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("see org-03", "foreign"),
        ("read from /home/anna/answers.csv", "path"),
        (r"C:\Users\Anna\answers.csv", "path"),
    ],
)
def test_ids_and_paths_are_found(report: Path, study: Study, words: str, kind: str) -> None:
    plant(report, "word paragraph", words)
    assert kind in {one.kind for one in audit_release(report, study=study).breaches}


def test_a_respondents_own_words_are_found_unless_they_were_approved(
    report: Path, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = study.responses(wave="all")
    texts = [v.name for v in study.instrument.variables if v.kind == "text" and v.name in frame]
    words = next(t for name in texts for t in frame[name].dropna().astype(str) if len(t.split()) > 5)
    plant(report, "slide notes", f"“{words}”")
    assert "respondent" in kinds(report, study)
    quotes = pd.DataFrame({"item": ["comment"], "tag": [""], "text": [words]})
    monkeypatch.setattr(Study, "quotable_comments", lambda *_: quotes)
    assert "respondent" not in kinds(report, study)


def edit(folder: Path, chosen: Callable[[dict[str, str]], bool], **cells: str) -> None:
    """Change one row of results.csv."""
    path = folder / "results.csv"
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        rows, names = list(reader), list(reader.fieldnames or ())
    row = next(row for row in rows if chosen(row))
    row |= cells
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.DictWriter(handle, names)
        writer.writeheader()
        writer.writerows(rows)


def kinds(folder: Path, study: Study) -> set[str]:
    return {one.kind for one in audit_release(folder, study=study).breaches}


def test_a_number_on_a_row_that_is_not_shown_is_found(report: Path, study: Study) -> None:
    edit(report, lambda row: row["shown"] == "False" and row["table"] == "shares", std_error="0.12")
    assert "hidden" in kinds(report, study)


def test_a_share_near_all_printed_exactly_is_found(report: Path, study: Study) -> None:
    chosen = lambda row: row["table"] == "shares" and row["bound"] == ">="  # noqa: E731
    edit(report, chosen, bound="", estimate="1.0", method="Wilson score interval")
    assert {"exact"} <= kinds(report, study)


def test_last_digits_that_come_from_parts_are_found(report: Path, study: Study) -> None:
    with (report / "results.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    row = next(
        r
        for r in rows
        if r["table"] == "shares" and r["shown"] == "True" and not r["bound"] and r["estimate"]
    )
    moved = repr(float(row["estimate"]) * (1 + 2**-52))
    edit(
        report,
        lambda other: (
            other["table"] == "shares"
            and other["item"] == row["item"]
            and other["audience"] == row["audience"]
        ),
        estimate=moved,
    )
    assert "last_digits" in kinds(report, study)


def test_a_pooled_figure_that_gives_a_hidden_group_by_subtraction_is_found(tmp_path: Path) -> None:
    """22 of 26 employees and 4 hidden executives: everybody less the employees are the executives."""
    write_tables(
        tmp_path / "r",
        {"audience": [("employee", 26, 22, True), ("executive", 4, 3, False)], "": [("", 30, 25, True)]},
    )
    found = audit_release(tmp_path / "r")
    assert not found.passed
    kinds = {one.kind for one in found.breaches}
    assert {"group", "count"} <= kinds
    evidence = " ".join(one for breach in found.breaches for one in breach.evidence)
    assert "25" in evidence or "0.8333" in evidence
    assert "n 26" in evidence
    alone = tmp_path / "s"
    write_tables(alone, {"audience": [("employee", 26, 20, True), ("executive", 4, 3, False)]})
    assert audit_release(alone).passed


@pytest.mark.parametrize(
    ("late", "yes", "passes"), [(1, 1, False), (4, 2, False), (5, 3, True), (0, 0, True)]
)
def test_late_answers_between_two_issues_are_bounded(
    tmp_path: Path, late: int, yes: int, passes: bool
) -> None:
    write_tables(tmp_path / "june", {"audience": [("employee", 40, 20, True)]})
    write_tables(tmp_path / "july", {"audience": [("employee", 40 + late, 20 + yes, True)]})
    found = audit_release(tmp_path / "july", earlier=[tmp_path / "june"], recorded=True)
    assert found.passed is passes
    if not passes:
        assert {one.kind for one in found.breaches} == {"difference"}


def test_more_may_have_taken_part_by_the_next_issue(tmp_path: Path) -> None:
    for issue, n in (("june", 40), ("july", 50)):
        write_tables(tmp_path / issue, {"audience": [("employee", n, n // 2, True)]})
        counted = pd.DataFrame({"audience": ["employee"], "answered": [n], "answered_shown": [str(n)]})
        counted.to_csv(tmp_path / issue / "participation.csv", index=False)
    found = audit_release(tmp_path / "july", earlier=[tmp_path / "june"], recorded=True)
    assert found.breaches == ()


def test_numbers_in_the_name_of_a_box_are_no_results(study: Study) -> None:
    """Of the shipped questionnaires: "12 days or more 90%"."""
    instrument = load_instrument(STUDY.parents[2] / "instruments" / "core" / "employee.yaml")
    names = auditor._Names.of(replace(study, instrument=instrument), pd.DataFrame())
    assert {"12 days or more", "12 jours ou plus"} <= set(names.answers)


@pytest.mark.parametrize(("late", "yes", "passes"), [(5, 3, False), (9, 4, False), (0, 0, True)])
def test_issues_that_differ_are_refused_without_the_ledger(
    tmp_path: Path, late: int, yes: int, passes: bool
) -> None:
    """Beside the five who came late, one answer may have been changed: only the ledger would know."""
    write_tables(tmp_path / "june", {"audience": [("employee", 40, 20, True)]})
    write_tables(tmp_path / "july", {"audience": [("employee", 40 + late, 20 + yes, True)]})
    found = audit_release(tmp_path / "july", earlier=[tmp_path / "june"])
    assert found.passed is passes
    assert {one.kind for one in found.breaches} == (set() if passes else {"unrecorded"})


def test_one_recoded_answer_between_two_issues_is_found(tmp_path: Path) -> None:
    write_tables(tmp_path / "june", {"audience": [("employee", 40, 20, True)]})
    write_tables(tmp_path / "july", {"audience": [("employee", 40, 21, True)]})
    found = audit_release([tmp_path / "june", tmp_path / "july"])
    assert {one.kind for one in found.breaches} == {"difference", "unrecorded"}


def test_an_earlier_release_that_cannot_be_found_refuses(tmp_path: Path) -> None:
    write_tables(tmp_path / "june", {"audience": [("employee", 40, 20, True)]})
    found = audit_release(tmp_path / "june", lost=["entry 2, org-01, wave 2025"])
    assert not found.passed
    assert found.breaches == ()
    assert "entry 2" in found.unfinished[0]


@pytest.mark.slow
def test_weighted_shares_are_bounded_with_the_weights_and_refused_without(tmp_path: Path) -> None:
    path = STUDY.parents[1] / "weighted" / "study.yaml"
    run_reports(path, organisations=["hazelton"], out=tmp_path, workers=1, formats=("html", "xlsx"))
    folder = tmp_path / "weighted" / "2026" / "hazelton"
    found = audit_release(folder, study=load_study(path), seconds=900)
    assert found.breaches == found.unfinished == ()
    staff = found.counts[found.counts["group"].eq("staff") & found.counts["printed"].eq("not shown")]
    assert len(staff) > 20
    assert any("the study, which knows the weights" in one for one in audit_release(folder).unfinished)


def test_an_option_called_like_a_group_or_an_answer_is_not_taken_for_the_question_of_a_row() -> None:
    study = load_study(STUDY.parents[1] / "readiness" / "study.yaml")
    names = auditor._Names.of(study, pd.DataFrame())
    row = {"item": "taskmin", "audience": "employee", "n": "331", "estimate": "151.4", "shown": "True"}
    nothing = auditor._Release(Path("rdy-01"), False, (), {}, (row,))
    tracer = Tracer(auditor._released(nothing, study.policy, names))
    assert {"freelancers", "something else"} <= names.shared
    for words in ("Freelancers | 60 | 35 | 58%", "Executives | 11 | Who has time 18% Something else 27%"):
        assert tracer.untraced(Text("a table", words, "row")) == ""
    assert tracer.untraced(Text("a table", "Minutes for the task | Employees | 331 | 151.4", "row")) == ""
    assert tracer.untraced(Text("a table", "Minutes for the task | Employees | 331 | 163.2", "row"))
    hashed = "Minutes for the task is among those registered (SHA-256 144c96f23363cf5b…)"
    assert tracer.untraced(Text("a page", hashed, "prose")) == ""
    assert tracer.untraced(Text("a title", "Minutes for the task and 2 more: no difference", "prose")) == ""
    assert tracer.untraced(Text("a page", "Minutes for the task: 2 more than others", "prose"))
    assert tracer.untraced(Text("a page", hashed.replace("144c96f23363cf5b", "144 registered"), "prose"))


def test_how_a_mean_changed_follows_from_the_released_means() -> None:
    told = {"one": (151.4, 4.07, 331, 238.9, 5.62, 319), "two": (20.0, 3.0, 40, 27.0, 2.0, 35)}
    rows = {
        (item, "employee"): [
            {"table": table, "estimate": str(mean), "std_error": str(error), "df": str(n - 1)}
            for table, (mean, error, n) in {"scores": all_of[:3], "scores_before": all_of[3:]}.items()
        ]
        for item, all_of in told.items()
    }
    found = dict(auditor._mean_changes(rows))
    p = [
        stats.ttest_ind_from_stats(a, e * n**0.5, n, b, f * m**0.5, m, equal_var=False).pvalue
        for a, e, n, b, f, m in told.values()
    ]
    for (item, _), values in found.items():
        assert told[item][0] - told[item][3] in values
        assert all(any(one == pytest.approx(value) for value in values) for one in adjust_p(p))
    assert dict(auditor._mean_changes({("one", ""): rows["one", "employee"][:1]})) == {}


def test_an_audit_without_time_refuses(made: Path, study: Study) -> None:
    found = audit_release(made, study=study, seconds=0)
    assert not found.passed
    assert found.unfinished


def write_tables(folder: Path, tables: dict[str, list[tuple[str, int, int, bool]]]) -> None:
    """Save yes/no shares as a notebook would: column of groups → (group, n, yes, whether it is shown)."""
    from tests.disclosure.test_attack import estimates

    folder.mkdir()
    for column, rows in tables.items():
        raw = estimates(
            [("q", "top", {column: group} if column else {}, yes, n) for group, n, yes, _ in rows], "measure"
        )
        hidden = [not shown for *_, shown in rows]
        frame = raw.assign(
            **{"std_error": 0.05, "conf_low": float("nan"), "conf_high": float("nan")},
            n_shown=[
                f"<{Policy().threshold}" if hide else str(n)
                for hide, (_, n, _, _) in zip(hidden, rows, strict=True)
            ],
            shown=[not hide for hide in hidden],
            bound="",
            withheld_code=["small" if hide else "" for hide in hidden],
        )
        frame.loc[hidden, ["n", "effective_n", "estimate", "std_error"]] = float("nan")
        frame.to_csv(folder / f"by_{column or 'all'}.csv", index=False)


def test_tables_that_the_gate_released_pass(tmp_path: Path) -> None:
    from tests.disclosure.test_attack import estimates

    rows = [("q", "top", {"audience": "executive"}, 11, 12), ("q", "top", {"audience": "employee"}, 20, 50)]
    whole = [("q", "top", {}, 31, 62)]
    given = {"groups": estimates(rows, "measure"), "all": estimates(whole, "measure")}
    for name, frame in release(given, Policy()).tables.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    found = audit_release(tmp_path)
    assert found.breaches == ()
    row = found.counts[found.counts["group"] == "executive"].iloc[0]
    assert (row["low"], row["high"]) == (11, 12)


def test_the_command_ends_with_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from toolkit.cli import main

    sound, leaking = tmp_path / "sound", tmp_path / "leaking"
    write_tables(sound, {"audience": [("employee", 26, 20, True)]})
    write_tables(leaking, {"audience": [("employee", 26, 22, True)], "": [("", 30, 25, True)]})
    assert main(["audit", str(sound), "--out", str(tmp_path / "kept")]) == 0
    assert json.loads((tmp_path / "kept" / "certificate.json").read_text("utf-8"))["passed"] is True
    assert main(["audit", str(leaking)]) == 1
    assert "n 26" in capsys.readouterr().out
    assert main(["audit", str(tmp_path / "nowhere")]) == 2


# Where answers are weighted


def heavy_and_light(answers: str) -> pd.DataFrame:
    """Forty staff, of whom every other weighs twice as much; "1" of an answer is agreement."""
    weights = [1.0, 2.0] * (len(answers) // 2)
    return pd.DataFrame({"audience": "staff", "agrees": list(answers), "weight": weights})


def weighted_row(frame: pd.DataFrame, digits: int, bound: str = "") -> dict[str, str]:
    share = frame["weight"][frame["agrees"] == "1"].sum() / frame["weight"].sum()
    shown = {"shown": "True", "bound": bound, "estimate": "0.05" if bound else f"{share:.{digits}f}"}
    facts = {
        "item": "agrees",
        "measure": "1",
        "audience": "staff",
        "n": str(len(frame)),
        "n_shown": str(len(frame)),
    }
    return {**facts, **shown, "effective_n": "36", "": "results.csv row 2"}


def bounded(frame: pd.DataFrame, row: dict[str, str], seconds: float = 60) -> auditor._Puzzle:
    release_ = auditor._Release(Path("one"), False, (), {"organisation": "one", "wave": "2026"}, (row,))
    return auditor._Puzzle([release_], Policy(), None, time.process_time() + seconds, {"2026": frame})


def test_another_answer_is_found_where_a_bound_hides_a_weighted_count() -> None:
    frame = heavy_and_light("1" + "0" * 39)
    found = bounded(frame, weighted_row(frame, 3, "<="))
    assert found.breaches == found.unfinished == []
    assert [(one["low"], one["high"]) for one in found.counts] == [(0, 1)]


def test_a_weighted_share_near_none_that_is_printed_is_found() -> None:
    frame = heavy_and_light("1" + "0" * 39)
    found = bounded(frame, weighted_row(frame, 3))
    assert [one.kind for one in found.breaches] == ["count"]
    assert [(one["low"], one["high"]) for one in found.counts] == [(1, 1)]


def test_people_of_one_weight_are_exchanged_for_others_of_the_same() -> None:
    """Two light ones for a heavy one, and back: three people at most answer otherwise."""
    rows = np.array([[1.0, 2.0, 0.0, 0.0]])  # of cells 0 and 1 who agree, then who do not
    part = auditor._Part(
        np.arange(4), rows, np.array([4.0]), np.array([4.0]), np.array([0, 1, 0, 1]), np.array([9.0, 9, 9, 9])
    )
    start = np.array([0.0, 2, 9, 7])
    more = part.exchanged(start, [0, 1], True, wide=True)
    assert more is not None
    assert more.tolist() == [2, 1, 7, 8]
    assert part.exchanged(start, [0, 1], True, wide=False) is None  # two people cannot do it, three can
    assert part.exchanged(start, [0, 1], False, wide=True) is None  # fewer than one person cannot agree twice


def test_an_audit_without_time_refuses_weighted_counts_and_does_not_fail() -> None:
    frame = heavy_and_light("1" + "0" * 39)
    found = bounded(frame, weighted_row(frame, 3), seconds=-1)
    assert found.breaches == []
    assert "not bounded in time" in found.unfinished[0]
