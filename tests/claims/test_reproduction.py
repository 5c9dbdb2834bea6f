"""The reproduction report: every claim with verdict, interval, picture, source and conflict."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.refusals import problem
from toolkit.claims import judge, load_register
from toolkit.claims.reproduction import interval_words, reproduction
from toolkit.errors import InvalidInput
from toolkit.presentation.blocks import Bullets, Heading, Picture, Prose, Table
from toolkit.reporting.documents import Document, write_documents
from toolkit.reporting.html import render_document

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def register():
    return load_register(ROOT / "data_samples" / "published")


@pytest.fixture(scope="module")
def made(register) -> Document:
    return reproduction(register, "upwork-2024")


def section(made: Document, title: str) -> list[Any]:
    return next(list(one.flat()) for one in made.sections if one.title == title)


def test_every_claim_has_its_verdict_interval_picture_source_and_conflict(made, register):
    blocks = section(made, "Claim by claim")
    starts = [place for place, block in enumerate(blocks) if isinstance(block, Heading)]
    judged = judge(register.of("upwork-2024"))
    assert len(starts) == len(judged) == 40
    for start, end, row in zip(starts, [*starts[1:], len(blocks)], judged.to_dict("records"), strict=True):
        heading, *rest = blocks[start:end]
        assert str(heading).startswith(row["finding_id"])
        assert [type(one) for one in rest] == [Picture, Prose]
        said = str(Prose("", tuple(one for one in rest[1].parts if isinstance(one, Bullets))).sentences())
        for part in (row["verdict"], row["source"], row["conflict"], interval_words(row)):
            assert part.split(". ")[0][:60] in said.replace("\\xa0", "\u00a0"), row["finding_id"]


def test_the_drawn_interval_is_that_of_the_table(made, register):
    judged = judge(register.of("upwork-2024")).set_index("finding_id")
    picture = next(one for one in section(made, "Claim by claim") if isinstance(one, Picture))
    series = picture.charts[0].series[0]
    first = judged.iloc[0]
    assert series.values[0] == pytest.approx(first["estimate"])
    assert (series.low[0], series.high[0]) == pytest.approx(
        (first["conf_low"], first["conf_high"]), abs=0.005
    )


def test_it_says_first_and_last_that_it_is_made_of_summaries_alone(made):
    assert "published summaries only" in str(made.opening.parts[0])
    assert "No individual answers were available" in str(made.opening.parts[0])
    assert "published summaries only" in made.cover.footer


def test_the_page_stands_by_itself(made):
    page = render_document(made)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
    assert page.count("<img ") == len(re.findall(r"<img [^>]*alt=\"[^\"]+\"", page))
    assert page.count("<img ") == 43, "a picture a claim, one of pairs, of bases and of design effects"


def test_pairs_that_are_none_have_no_gap(made):
    text = " ".join(str(block) for block in section(made, "Apparent gaps that cannot be computed"))
    assert "UBB24-23 and UBB24-25: not the same question" in text
    assert "24 points" not in text
    pairs = [
        block for block in section(made, "Gaps between audiences asked alike") if isinstance(block, Table)
    ]
    assert "UBB24-23" not in " ".join(pairs[0].frame.iloc[:, 0])


def test_the_follow_up_tells_a_ratio_from_a_share(register):
    follow_up = reproduction(register, "upwork-2025")
    blocks = section(follow_up, "“More likely” is not “of them”")
    table = next(one for one in blocks if isinstance(one, Table)).frame
    assert table.iloc[:, 1].tolist()[-1] == "impossible"
    assert "46.8" in str(blocks[0])
    assert "53.2" in str(blocks[0])


@pytest.mark.parametrize("study", ["gallup-2025-q2", "writer-2026", "slack-2024", "stackoverflow-2025"])
def test_a_study_without_pairs_bases_or_checks_still_has_a_report(register, study):
    page = render_document(reproduction(register, study))
    for finding in register.of(study).claims["finding_id"]:
        assert finding in page


STUDY = (
    "studies:\n"
    "  s1: {title: A <b>study</b>, publisher: A & B, year: 2025}\n"
    "  s2: {title: T, publisher: P, year: 2025}\n"
)
HEADER = (
    "finding_id,study,item,audience,base,statistic,published_as,value,low,high,n,n_status,n_most,source,"
    "closeness,note\n"
)
ROWS = (
    "A-1,s1,All <i>agree</i>,Staff,all,share,100 %,100,,,7,known,,a paper,primary,\n",
    "A-1,s1,None agree,Staff,all,share,0 %,0,,,1,known,,a paper,primary,\n",
    "A-1,s1,Some agree,Staff,all,share,3 %,3,,,,unknown,1,a paper,primary,\n",
    "A-1,s1,Half as likely,Staff,all,relative_risk,half as likely,0.5,,,,unknown,,a paper,primary,\n",
    "A-1,s1,More likely,Staff,all,relative_risk,several times,,2,9,,unknown,,a paper,primary,\n",
    "A-1,s1,Hours,Staff,all,mean,4.2 hours,4.2,,,12,known,,a paper,primary,\n",
    "A-1,s1,Few,Staff,all,share,few,,0,20,,unknown,,a paper,primary,\n",
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split(",")[2])
def test_a_register_of_one_unusual_claim_has_a_page_and_a_pdf(tmp_path, row):
    (tmp_path / "studies.yaml").write_text(STUDY, "utf-8")
    (tmp_path / "findings.csv").write_text(HEADER + row, "utf-8")
    document = reproduction(load_register(tmp_path), "s1")
    page, pdf = write_documents(document, tmp_path, ("html", "pdf"), keep=False)
    text = page.read_text("utf-8")
    assert "cannot be tested from what is published" in text or "consistent" in text
    assert "nan" not in re.sub(r"base64,[^\"]*", "", text).casefold().replace("finance", "")
    assert "<i>" not in text
    assert "<b>" not in text
    assert pdf.stat().st_size > 1000


def test_a_study_without_a_claim_is_refused(tmp_path):
    (tmp_path / "studies.yaml").write_text(STUDY, "utf-8")
    (tmp_path / "findings.csv").write_text(HEADER + ROWS[0], "utf-8")
    with pytest.raises(InvalidInput, check=problem("unknown-name", "study s2")):
        reproduction(load_register(tmp_path), "s2")


def test_the_same_register_gives_the_same_bytes(register, tmp_path):
    pages = [
        [
            path.read_bytes()
            for path in write_documents(
                reproduction(register, "pew-2024"), tmp_path / name, ("html", "pdf"), keep=False
            )
        ]
        for name in ("a", "b")
    ]
    assert pages[0] == pages[1]


@pytest.mark.slow
def test_the_pdf_is_tagged_and_holds_every_claim(made, tmp_path):
    pypdf = pytest.importorskip("pypdf")
    (path,) = write_documents(made, tmp_path, "pdf", keep=False)
    reader = pypdf.PdfReader(path)
    text = " ".join(page.extract_text() for page in reader.pages)
    for number in range(1, 41):
        assert f"UBB24-{number:02d}" in text
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


@pytest.fixture(scope="module")
def pages(register, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for study in ("upwork-2024", "upwork-2025"):
        write_documents(reproduction(register, study), folder, "html", name=study, keep=False)
    return folder


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("study", ["upwork-2024", "upwork-2025"])
def test_axe_finds_nothing(browser, pages, study, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.goto((pages / f"{study}.html").as_uri())
    found = Axe().run(shown)
    wide = shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    shown.close()
    assert found.violations_count == 0, found.generate_report()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert wide <= 0
