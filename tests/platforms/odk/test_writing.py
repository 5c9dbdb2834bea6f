"""XLSForms that pyxform and ODK Validate take without a warning, and what stands in them."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import etree

from tests.platforms.engines import fill_xforms, java, odk_validate
from tests.platforms.simulating import Answers, check_read_back, coded, simulated
from tests.platforms.strategies import drawn
from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, asked
from toolkit.platforms import AnswersFile, ExportManifest, export, read_answers, read_manifest
from toolkit.responses import decode

pytestmark = pytest.mark.slow

XFORMS = {"x": "http://www.w3.org/2002/xforms"}


def french(whole: dict[str, Any]) -> dict[str, Any]:
    """The small questionnaire with French beside its English."""

    def spoken(part: Any) -> Any:
        if isinstance(part, dict):
            if set(part) == {"en"}:
                return {"en": part["en"], "fr": f"FR {part['en']}"}
            return {key: spoken(value) for key, value in part.items()}
        return [spoken(value) for value in part] if isinstance(part, list) else part

    return {**spoken(whole), "languages": ["en", "fr"]}


@pytest.fixture
def tiny(whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument]) -> Instrument:
    """Two audiences, two languages, every type of item, two steps of routing."""
    whole["items"][3]["ask_if"] = 'selected(m, "rev") and q in (1, 98)'
    whole["items"][5]["ask_if"] = "hours >= 5 or answered(grid)"
    whole["items"][5]["text"] = {"boss": {"en": "Why, boss?"}, "staff": {"en": "Why?"}}
    return load(french(whole))


def sheet(path: Path, name: str) -> list[dict[str, Any]]:
    rows = openpyxl.load_workbook(path)[name].iter_rows(values_only=True)
    header = next(rows)
    return [{key: cell for key, cell in zip(header, row, strict=True) if cell is not None} for row in rows]


def converted(path: Path, *, validate: bool = True) -> etree._Element:
    """What pyxform makes of a form; a warning fails."""
    from pyxform.xls2xform import convert

    if validate:
        java()
    warnings: list[str] = []
    made = convert(str(path), validate=validate, warnings=warnings)
    assert [one for one in warnings if one] == []
    return etree.fromstring(made.xform.encode("utf-8"))


def forms(paths: list[Path]) -> list[Path]:
    return [path for path in paths if path.suffix == ".xlsx"]


@pytest.mark.parametrize("layout", ["audience", "one"])
def test_odk_validate_takes_every_form_without_a_warning(
    tiny: Instrument, tmp_path: Path, layout: str
) -> None:
    written = forms(export(tiny, "xlsform", tmp_path, layout=layout))
    assert [path.name for path in written] == (
        ["tiny.xlsx"] if layout == "one" else ["tiny-boss.xlsx", "tiny-staff.xlsx"]
    )
    for path in written:
        converted(path)


@pytest.mark.parametrize("layout", ["audience", "one"])
def test_the_shipped_questionnaires_pass_too(shipped: Instrument, tmp_path: Path, layout: str) -> None:
    for path in forms(export(shipped, "xlsform", tmp_path, layout=layout)):
        converted(path)


def test_every_label_is_there_in_every_language_word_for_word(tiny: Instrument, tmp_path: Path) -> None:
    (path,) = forms(export(tiny, "xlsform", tmp_path, layout="one"))
    for name in ("survey", "choices"):
        labelled = [row for row in sheet(path, name) if any(key.startswith("label") for key in row)]
        assert labelled
        for row in labelled:
            english, french = row["label::English (en)"], row["label::Français (fr)"]
            assert french == f"FR {english}" or row["name"] == "audience"
    form = converted(path, validate=False)
    texts = {
        one.get("lang"): [value.text for value in one.iterfind(".//x:value", XFORMS)]
        for one in form.iterfind(".//x:translation", XFORMS)
    }
    assert "Does the firm?" in texts["English (en)"]
    assert "FR Does the firm?" in texts["Français (fr)"]
    assert len(texts["English (en)"]) == len(texts["Français (fr)"])


def test_no_column_is_there_that_nobody_asked_for(tiny: Instrument, tmp_path: Path) -> None:
    boss, staff = forms(export(tiny, "xlsform", tmp_path))
    for path, audience in ((boss, "boss"), (staff, "staff")):
        asked = {
            variable.item.id if variable.option else variable.name
            for variable in tiny.variables
            if audience in variable.audiences
        }
        names = {
            row["name"] for row in sheet(path, "survey") if not row["type"].startswith(("begin", "end_"))
        }
        assert names == asked | {"start", "end", "audience"}
        assert "table-list" not in {row.get("appearance") for row in sheet(path, "survey")}


def submission_paths(form: etree._Element) -> set[str]:
    """Every leaf of the blank submission, as its path."""
    (data,) = form.xpath("//x:model/x:instance[1]/*", namespaces=XFORMS)

    def leaves(node: etree._Element, path: str) -> list[str]:
        below = [
            leaf
            for child in node
            for leaf in leaves(child, f"{path}/{etree.QName(child).localname}".lstrip("/"))
        ]
        return below or [path]

    return set(leaves(data, ""))


@pytest.mark.parametrize("layout", ["audience", "one"])
def test_the_manifest_knows_every_leaf_of_a_submission(tiny: Instrument, tmp_path: Path, layout: str) -> None:
    for path in forms(export(tiny, "xlsform", tmp_path, layout=layout)):
        manifest = read_manifest(path.with_name(path.stem + ".manifest.json"))
        leaves = submission_paths(converted(path, validate=False))
        known = {heading for column in manifest.columns for heading in column.headings["path"]}
        assert leaves == known | {"start", "end", "audience", "meta/instanceID"}
        for name, column in itertools.product(manifest.audiences, tiny.variables):
            found = [one for one in manifest.of(column.name) if name in one.audiences]
            assert len(found) == (name in column.audiences)


def test_wordings_apart_are_questions_apart_and_one_column(tiny: Instrument, tmp_path: Path) -> None:
    (path,) = forms(export(tiny, "xlsform", tmp_path, layout="one"))
    rows = {row["name"]: row for row in sheet(path, "survey") if "name" in row}
    assert rows["q_boss"]["relevant"] == "${audience} = 'boss'"
    assert rows["q_staff"]["label::English (en)"] == "Do you?"
    assert "relevant" not in rows["audience"]
    assert rows["m"]["relevant"] == "coalesce(${q_boss}, ${q_staff}) = '1'"
    manifest = read_manifest(tmp_path / "tiny.manifest.json")
    assert {one.question: one.audiences for one in manifest.of("q")} == {
        "q_boss": ("boss",),
        "q_staff": ("staff",),
    }
    assert manifest.of("m_rev")[0].headings["name_split"] == ("m/rev",)
    assert manifest.of("q")[0].codes == {"1": "1", "0": "0", "-1": "98"}


def test_bounds_exclusive_answers_and_duty_are_kept(
    whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument], tmp_path: Path
) -> None:
    whole["items"][0]["required"] = "true"
    path = forms(export(load(whole), "xlsform", tmp_path))[0]
    rows = {row["name"]: row for row in sheet(path, "survey") if "name" in row}
    assert rows["q"]["required"] == "yes"
    assert rows["hours"]["constraint"] == ". >= 0 and . <= 100"
    assert rows["m"]["constraint"] == "not(selected(., 'none') and count-selected(.) > 1)"
    assert rows["m"]["constraint_message::English (en)"] == "“None” cannot be combined with other answers."


def test_a_text_that_looks_like_a_formula_stays_text(
    whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument], tmp_path: Path
) -> None:
    whole["items"][5]["text"] = {"all": {"en": "=1+1 is 'what' “you” said?"}}
    path = forms(export(load(whole), "xlsform", tmp_path))[0]
    rows = {row["name"]: row for row in sheet(path, "survey") if "name" in row}
    assert rows["why"]["label::English (en)"] == "=1+1 is 'what' “you” said?"


def test_what_xlsform_cannot_hold_is_refused_all_at_once(
    whole: dict[str, Any], load: Callable[[dict[str, Any]], Instrument], tmp_path: Path
) -> None:
    whole["items"][5]["text"] = {"all": {"en": "What of ${q}?"}}
    whole["items"][3]["text"] = {"all": {"en": "And ${m}?"}}
    with pytest.raises(InvalidInput) as refused:
        export(load(whole), "xlsform", tmp_path)
    assert {problem.where.split(",")[0] for problem in refused.value.problems} == {"item why", "item hours"}
    assert list(tmp_path.glob("*.xlsx")) == []
    with pytest.raises(InvalidInput, check=problem("unknown-option", "layout 'twice'")):
        export(load(whole), "xlsform", tmp_path, layout="twice")


@pytest.mark.parametrize("many", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_random_instruments_pass_pyxform_and_odk_validate(
    tmp_path_factory: pytest.TempPathFactory, many: int
) -> None:
    folder, made = tmp_path_factory.mktemp("random"), []
    for place, instrument in enumerate(drawn(many)):
        asked = {name for variable in instrument.variables for name in variable.audiences}
        layout = ("audience", "one")[place % 2]
        for path in forms(export(instrument, "xlsform", folder / str(place), audiences=asked, layout=layout)):
            form = converted(path, validate=False)
            held = folder / f"{place}-{path.stem}.xml"
            held.write_bytes(etree.tostring(form, encoding="utf-8", xml_declaration=True))
            made.append(held)
    assert len(made) >= many
    assert odk_validate(made) == ""


def typed(manifest: ExportManifest, audience: str, person: Answers) -> dict[str, str]:
    """One person's answers by the form's own question names."""
    said = {"audience": str(person["audience"])}
    for column in manifest.columns:
        value = person.get(column.item)
        if value is None or audience not in column.audiences:
            continue
        if column.kind == "option":
            said[column.question] = " ".join(value)
        elif column.row is None:
            said[column.question] = str(value)
        elif column.row in value:
            said[column.question] = value[column.row]
    return said


def leaves_of(submission: bytes) -> dict[str, str]:
    """Path → value of what is in a submission; what was not asked is not there."""
    root = etree.fromstring(submission)
    found = {}
    for node in root.iter(etree.Element):
        if len(node) == 0 and node is not root:
            above = [etree.QName(one).localname for one in node.iterancestors()][:-1]
            found["/".join([*reversed(above), etree.QName(node).localname])] = node.text or ""
    return found


def check_submissions(
    instrument: Instrument,
    manifest: ExportManifest,
    audiences: list[str],
    people: list[Answers],
    made: list[bytes],
) -> None:
    """Each was asked what our routing says, and what was saved is what they said."""
    frame = coded(instrument, audiences, people)
    due = {v.name: asked(frame, v, instrument) for v in instrument.variables}
    for place, (audience, submission) in enumerate(zip(audiences, made, strict=True)):
        found = leaves_of(submission)
        said = typed(manifest, audience, people[place])
        for column in manifest.columns:
            (path,) = column.headings["path"]
            expected = audience in column.audiences and due[column.variable][place]
            assert (path in found) == expected, (column.variable, audience, people[place])
            if expected and column.kind == "number":
                assert float(found[path] or "nan") == pytest.approx(
                    float(said.get(column.question, "nan")), nan_ok=True
                )
            elif expected:
                assert sorted(found[path].split()) == sorted(said.get(column.question, "").split())


@pytest.mark.parametrize("layout", ["audience", "one"])
def test_odk_s_own_engine_asks_what_routing_says_and_its_submissions_are_read_back(
    shipped: Instrument, tmp_path: Path, layout: str
) -> None:
    jobs = []
    for path in forms(export(shipped, "xlsform", tmp_path, layout=layout)):
        manifest = read_manifest(path.with_suffix(".manifest.json"))
        audiences, people = simulated(shipped, 7, 6)
        mine = [place for place, name in enumerate(audiences) if name in manifest.audiences]
        audiences, people = [audiences[place] for place in mine], [people[place] for place in mine]
        form = path.with_suffix(".xml")
        form.write_bytes(etree.tostring(converted(path, validate=False), encoding="utf-8"))
        jobs.append((form, manifest, audiences, people))
    filled = fill_xforms(
        [
            (form, [typed(manifest, name, one) for name, one in zip(audiences, people, strict=True)])
            for form, manifest, audiences, people in jobs
        ]
    )
    for (form, manifest, audiences, people), made in zip(jobs, filled, strict=True):
        check_submissions(shipped, manifest, audiences, people, made)
        packed = form.with_suffix(".zip")
        with zipfile.ZipFile(packed, "w") as written:
            for place, submission in enumerate(made):
                written.writestr(f"{place:03}.xml", submission)
        entry = AnswersFile(
            wave="try", platform="odk", file=packed.name, organisation="org-01",
            manifest=str(form.with_suffix(".manifest.json")),
        )  # fmt: skip
        frame = decode(read_answers(packed, shipped, "odk", entry=entry), shipped).coded
        check_read_back(frame, shipped, audiences, people)


@pytest.mark.parametrize("many", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_odk_s_own_engine_routes_random_instruments_as_ours(
    tmp_path_factory: pytest.TempPathFactory, many: int
) -> None:
    folder = tmp_path_factory.mktemp("filled")
    jobs: list[tuple[Path, Instrument, ExportManifest, list[str], list[Answers]]] = []
    for place, instrument in enumerate(drawn(many)):
        (path,) = forms(export(instrument, "xlsform", folder / str(place), layout="one"))
        manifest = read_manifest(path.with_suffix(".manifest.json"))
        form = path.with_suffix(".xml")
        form.write_bytes(etree.tostring(converted(path, validate=False), encoding="utf-8"))
        jobs.append((form, instrument, manifest, *simulated(instrument, place, 3)))
    filled = fill_xforms(
        [
            (form, [typed(manifest, name, one) for name, one in zip(audiences, people, strict=True)])
            for form, _, manifest, audiences, people in jobs
        ]
    )
    for (_, instrument, manifest, audiences, people), made in zip(jobs, filled, strict=True):
        check_submissions(instrument, manifest, audiences, people, made)
