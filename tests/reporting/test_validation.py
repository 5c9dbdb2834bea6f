"""Whatever `report` refuses or fails at, `check` refuses first; what is in order passes both."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import docx
import pptx
import pytest
from PIL import Image

from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.reporting import run_reports
from toolkit.reporting.batch import plan_reports
from toolkit.reporting.documents.brand import read_logo
from toolkit.reporting.validation import check_study, lacking_letters, try_report
from toolkit.study import load_study

RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
INSTRUMENT = """
id: canteen
version: 2026.1.0
title: {en: The canteen}
languages: [en]
audiences:
  staff: {code: staff, label: {en: Member of staff}, plural: {en: Staff}}
  guest: {code: guest, label: {en: Guest}, plural: {en: Guests}}
themes:
  food: {en: Food}
scales:
  yesno:
    options:
      - {code: 1, label: {en: "Yes"}}
      - {code: 0, label: {en: "No"}}
    top: [1]
    bottom: [0]
sections:
  - {id: lunch, title: {en: Lunch}, items: [eats, good]}
items:
  - {id: eats, type: single, theme: food, scale: yesno, text: {all: {en: "Do you eat here?"}},
     short: {en: Eating here}, source: {origin: own}}
  - {id: good, type: single, theme: food, scale: yesno, text: {all: {en: "Is it good?"}},
     short: {en: "Good food"}, source: {origin: own}}
"""
STUDY = """
id: canteen
title: "The canteen"
synthetic: true
instrument: canteen.yaml
answers:
  - {wave: "2026", platform: limesurvey, file: a.csv}
brand: {name: "Acme"}
methods:
  common: {population: x., sampling: x., data_collection_strategy: x., sponsor_and_conductor: x., mode: x.,
           dates: x., weighting: None., limitations: x.}
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="60" height="20"/></svg>'


@pytest.fixture
def canteen(tmp_path: Path) -> Path:
    """A study of one organisation and two audiences."""
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "canteen.yaml").write_text(INSTRUMENT, "utf-8")
    (folder / "study.yaml").write_text(STUDY, "utf-8")
    rows = [
        f"{one};2026-09-03 10:12:00;acme;{'staff' if one % 2 else 'guest'};{one % 3 % 2};{one % 2}"
        for one in range(1, 41)
    ]
    text = "\n".join(["id;submitdate;organisation;audience;eats;good", *rows]) + "\n"
    (folder / "a.csv").write_text(text, "utf-8")
    return folder / "study.yaml"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def png(wide: int = 60, high: int = 20) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (wide, high)).save(held, "PNG")
    return held.getvalue()


def huge_png() -> bytes:
    """The head of a picture of 40,000 × 40,000 dots; there is no need for the dots."""
    head = struct.pack(">IIBBBBB", 40000, 40000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def logo(name: str, content: bytes | str) -> Callable[[Path], None]:
    def spoil(study: Path) -> None:
        data = content.encode() if isinstance(content, str) else content
        (study.parent / name).write_bytes(data)
        edit(study, 'brand: {name: "Acme"', f'brand: {{name: "Acme", logo: {name}')

    return spoil


def holding(part: str) -> Callable[[Path], None]:
    return logo("logo.svg", SVG.replace("<rect", f"{part}<rect"))


def template(form: str, make: Callable[[Path], None]) -> Callable[[Path], None]:
    def spoil(study: Path) -> None:
        make(study.parent / f"brand.{form}")
        edit(study, 'brand: {name: "Acme"', f'brand: {{name: "Acme", template_{form}: brand.{form}')

    return spoil


def with_outside_picture(path: Path) -> None:
    made = docx.Document()
    made.part.relate_to(
        "http://example.org/a.png",
        f"{RELATED}/image",
        is_external=True,
    )
    made.save(str(path))


def with_outside_slide_picture(path: Path) -> None:
    made = pptx.Presentation()
    made.slide_layouts[0].part.relate_to(f"file:///{path}", f"{RELATED}/image", is_external=True)
    made.save(str(path))


def with_outside_chart(path: Path) -> None:
    made = pptx.Presentation()
    made.part.relate_to("https://example.org/a.xlsx", f"{RELATED}/package", is_external=True)
    made.save(str(path))


def with_web_address(path: Path) -> None:
    made = pptx.Presentation()
    made.slide_layouts[0].part.relate_to("https://example.org/", f"{RELATED}/hyperlink", is_external=True)
    made.save(str(path))


def without_headings(path: Path) -> None:
    made = docx.Document()
    for name in ("Title", "Heading 1"):
        made.styles[name].delete()
    made.save(str(path))


def without_layouts(path: Path) -> None:
    made = pptx.Presentation()
    for layout in list(made.slide_layouts):
        made.slide_layouts.remove(layout)
    made.save(str(path))


def in_study(old: str, new: str) -> Callable[[Path], None]:
    return lambda study: edit(study, old, new)


def in_questionnaire(old: str, new: str) -> Callable[[Path], None]:
    return lambda study: edit(study.with_name("canteen.yaml"), old, new)


def in_answers(old: str, new: str) -> Callable[[Path], None]:
    return lambda study: edit(study.with_name("a.csv"), old, new)


def linked_logo(study: Path) -> None:
    outside = study.parent.parent / "secret.svg"
    outside.write_text(SVG)
    (study.parent / "logo.svg").symlink_to(outside)
    edit(study, 'brand: {name: "Acme"', 'brand: {name: "Acme", logo: logo.svg')


SPOILERS = {
    "svg without a size": logo("logo.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>'),
    "svg that is none": logo("logo.svg", "<html/>"),
    "svg with a script": holding("<script>1</script>"),
    "svg with a handler": logo("logo.svg", SVG.replace("<rect", '<rect onload="1"')),
    "svg naming another site": holding('<image href="http://example.org/a.png"/>'),
    "svg naming a file outside": holding('<image href="../../a.png"/>'),
    "svg with a style from elsewhere": holding("<style>@import 'a.css';</style>"),
    "png that is none": logo("logo.png", "no picture"),
    "png cut short": logo("logo.png", png()[:60]),
    "jpeg named png": logo("logo.jpg", png()),
    "huge png": logo("logo.png", huge_png()),
    "logo through a link": linked_logo,
    "word template that is none": template("docx", lambda path: path.write_text("nothing")),
    "word template without headings": template("docx", without_headings),
    "word template with a picture elsewhere": template("docx", with_outside_picture),
    "slides with a picture elsewhere": template("pptx", with_outside_slide_picture),
    "slides with a workbook elsewhere": template("pptx", with_outside_chart),
    "slides without layouts": template("pptx", without_layouts),
    "control character in the title": in_study('"The canteen"', '"The\\x07 canteen"'),
    "control character in the brand": in_study('"Acme"', '"Ac\\x1bme"'),
    "control character in a label": in_questionnaire('"Good food"', '"Good\\x08 food"'),
    "dates of another year": in_study("dates: x.", "dates: In the autumn of 2025."),
    "a claim of weights": in_study("weighting: None.", "weighting: Raked to the headcounts."),
    "a claim of weights that begins with none": in_study("weighting: None.", "weighting: None but raked."),
    "bases of the owner's own": in_study("weighting: None.", "sample_sizes_and_precision: 400 answered."),
}  # fmt: skip


def refused_by_report(study: Path, formats: str, out: Path) -> bool:
    """Whether a run is refused, or a report of it fails."""
    try:
        made = run_reports(study, out=out, formats=formats, workers=1)
    except InvalidInput:
        return True
    return bool((made["status"] == "failed").any())


@pytest.mark.parametrize("name", SPOILERS)
def test_check_refuses_what_would_spoil_a_report(canteen: Path, name: str, capsys) -> None:
    SPOILERS[name](canteen)
    assert main(["check", str(canteen)]) == 1
    said = capsys.readouterr()
    assert "No problems found" not in said.out
    assert "Traceback" not in said.err
    form = "pptx" if name.startswith("slides") else "docx"
    with pytest.raises(InvalidInput):
        plan_reports(canteen, out=canteen.parent / "out", formats=["html", form])


@pytest.mark.parametrize(
    "harmless",
    [
        logo("logo.svg", SVG),
        logo("logo.svg", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 20"/>'),
        logo("logo.svg", SVG.replace('width="60" height="20">', "width='6cm' height='2cm'>", 1)),
        logo("logo.png", png()),
        template("docx", lambda path: docx.Document().save(str(path))),
        template("pptx", lambda path: pptx.Presentation().save(str(path))),
        template("pptx", with_web_address),
        in_answers("acme", "Société Ñandú"),
        in_study("weighting: None., ", ""),
    ],
)  # fmt: skip
def test_what_is_in_order_passes(canteen: Path, harmless: Callable[[Path], None], capsys) -> None:
    harmless(canteen)
    assert main(["check", str(canteen), "--formats", "html,pdf,docx,pptx,xlsx"]) == 0, capsys.readouterr().err
    assert "No problems found." in capsys.readouterr().out


@pytest.mark.slow
def test_a_report_is_made_with_what_check_lets_through(canteen: Path) -> None:
    text = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 20"><image href="mark.png"/></svg>'
    (canteen.parent / "mark.png").write_bytes(png())
    logo("logo.svg", text)(canteen)
    template("docx", lambda path: docx.Document().save(str(path)))(canteen)
    assert not refused_by_report(canteen, "html,pdf,docx,pptx,xlsx", canteen.parent / "out")
    page = next((canteen.parent / "out").rglob("report.html")).read_text("utf-8")
    assert "mark.png" not in page


def test_a_letter_the_typeface_lacks_is_refused_where_it_would_be_a_box(canteen: Path, capsys) -> None:
    edit(canteen, '"The canteen"', '"食堂"')
    assert main(["check", str(canteen)]) == 0
    assert (
        "Format pdf cannot be written: title: has characters that the typeface of pdf reports lacks (食 堂)"
        in capsys.readouterr().out
    )
    assert main(["check", str(canteen), "--formats", "html,pdf"]) == 1
    with pytest.raises(InvalidInput, match="食 堂"):
        plan_reports(canteen, out=canteen.parent / "out", formats=["pdf"])
    assert len(plan_reports(canteen, out=canteen.parent / "out", formats=["html", "docx"])) == 1
    edit(canteen.with_name("canteen.yaml"), '"Good food"', '"好"')  # a picture in Word shows it
    with pytest.raises(InvalidInput, match="good/short"):
        plan_reports(canteen, out=canteen.parent / "out", formats=["docx"])


def test_the_name_of_an_organisation_is_looked_at_too(canteen: Path) -> None:
    table = "organisation,name,wave,staff,guest\nacme,株式会社,2026,30,30\n"
    canteen.with_name("organisations.csv").write_text(table, "utf-8")
    edit(canteen, "brand:", "organisations: organisations.csv\nbrand:")
    assert main(["check", str(canteen), "--formats", "pdf"]) == 1
    with pytest.raises(InvalidInput, match="organisation acme, its name"):
        run_reports(canteen, out=canteen.parent / "out", formats=["pdf"])


def test_a_study_whose_mapping_names_weights_is_reported(canteen: Path) -> None:
    edit(canteen, "weighting: None., ", "")
    mapping = (
        "  - wave: '2026'\n    platform: table\n    file: a.csv\n    mapping:\n"
        "      respondent: id\n      organisation: organisation\n      audience:\n"
        "        - {audience: staff, when: [{column: audience, equals: staff}]}\n"
        "        - {audience: guest, when: [{column: audience, equals: guest}]}\n"
        "      items: {eats: {column: eats}, good: {column: good}}\n      design: {weights: weight}\n"
    )
    path = canteen.with_name("a.csv")
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([f"{lines[0]};weight", *(f"{line};1.5" for line in lines[1:])]) + "\n")
    text = canteen.read_text("utf-8")
    start = text.index("  - {wave:")
    canteen.write_text(text[:start] + mapping + text[text.index("brand:") :], "utf-8")
    try:
        load_study(canteen)
    except InvalidInput as fault:
        pytest.fail(str(fault))
    assert main(["check", str(canteen)]) == 0


def test_a_logo_is_found_from_where_the_file_lies_and_links_may_stay_inside(
    tmp_path: Path, monkeypatch
) -> None:
    folder = tmp_path / "study"
    (folder / "art").mkdir(parents=True)
    (folder / "art" / "mark.png").write_bytes(png())
    (folder / "art" / "logo.svg").write_text(SVG.replace("<rect", '<image href="mark.png"/><rect'))
    (folder / "logo.svg").symlink_to(folder / "art" / "logo.svg")
    monkeypatch.chdir(tmp_path)
    assert read_logo(folder / "art" / "logo.svg", folder).startswith("data:image/svg+xml;base64,")
    assert read_logo(Path("study/art/logo.svg"), Path("study")).startswith("data:image/svg+xml;base64,")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "logo.svg").write_text(SVG)
    written = folder / ".." / "beside" / "logo.svg"
    assert read_logo(written, folder).startswith("data:image/svg+xml")
    (folder / "out").symlink_to(tmp_path / "beside")
    with pytest.raises(InvalidInput, match="leads out"):
        read_logo(folder / "out" / "logo.svg", folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_a_logo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "logo.png")
    with pytest.raises(InvalidInput, match="not a regular file"):
        read_logo(tmp_path / "logo.png", tmp_path)


def test_a_jpeg_without_the_usual_mark_becomes_a_png(tmp_path: Path) -> None:
    held = io.BytesIO()
    Image.new("CMYK", (60, 20)).save(held, "JPEG")
    (tmp_path / "logo.jpg").write_bytes(held.getvalue())
    assert held.getvalue()[6:10] not in (b"JFIF", b"Exif")
    assert read_logo(tmp_path / "logo.jpg", tmp_path).startswith("data:image/png;base64,")


def test_the_trial_report_tells_what_fails(canteen: Path, monkeypatch) -> None:
    study = load_study(canteen)
    check_study(study, study.wave, ["html"])
    try_report(study, study.wave)

    def fails(*_: object, **__: object) -> None:
        raise KeyError("four answers")

    monkeypatch.setattr("toolkit.presentation.gap_dumbbell", fails)
    with pytest.raises(InvalidInput, match="report of acme, summary: cannot be made: KeyError"):
        try_report(study, study.wave)


def test_letters_of_many_scripts_are_known_and_others_are_named_once() -> None:
    assert lacking_letters("Société, Ελλάδα, Київ, ≥ 80 %, ½–¾ “x” \u200b") == []
    assert lacking_letters("日本日本") == ["日", "本"]
