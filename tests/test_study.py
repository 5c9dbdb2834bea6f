"""A study file binds everything together, and says everything that is wrong with it at once."""

from __future__ import annotations

import pickle
import re
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import toolkit as tk
from tests.refusals import Refusal, problem
from toolkit.errors import InvalidInput
from toolkit.instrument import load_instruments, read_yaml
from toolkit.platforms import AnswersFile
from toolkit.platforms.answers import Mapping
from toolkit.responses.gather import gather
from toolkit.study import AAPOR_ITEMS, COMPUTED_AAPOR_ITEMS, Study, StudyFile, load_study

Spoil = Callable[[str, str], None]


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "data_samples" / "ai_at_work" / "study.yaml")


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    """A copy of the sample study to spoil."""
    shutil.copytree(root / "instruments", tmp_path / "instruments")
    for name in ("ai_at_work", "published"):
        shutil.copytree(root / "data_samples" / name, tmp_path / "data_samples" / name)
    return tmp_path / "data_samples" / "ai_at_work"


@pytest.fixture
def change(folder: Path) -> Callable[..., Path]:
    """Replace text in a file of the copy, once; the study file is handed back."""

    def changed(old: str, new: str, name: str = "study.yaml") -> Path:
        path = folder / name
        text = path.read_bytes().decode()
        assert old in text, f"{old!r} is not in {name}"
        path.write_bytes(text.replace(old, new, 1).encode())
        return folder / "study.yaml"

    return changed


def _refusal(path: Path, **options: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        load_study(path, **options).check()
    return str(caught.value)


def test_every_object_of_a_notebook_has_a_short_repr_and_an_html_display(study: Study) -> None:
    frame = study.responses()
    audience = frame["audience"]
    weights = tk.poststratify(frame, {"audience": dict.fromkeys(audience.cat.categories, 1 / 3)})
    shares = tk.proportions(frame, study.instrument, by="audience", measure="top")
    leaders = study.instrument["aiways"]
    objects = [
        study,
        study.instrument,
        study.instrument["burnout"],
        tk.Design(weights=weights),
        weights,
        tk.release(shares, study.policy, instrument=study.instrument),
        tk.independence(frame, "burnout", "tenure"),
        tk.reliability(frame, ["wellvalue", "wellcost", "burnout"]),
        tk.fit(frame.assign(load=np.arange(len(frame)) % 7), "load ~ audience", family="gaussian"),
    ]
    for one in objects:
        assert 10 < len(repr(one)) < 700, type(one)
        assert "<table" in one._repr_html_(), type(one)
    assert [variable.name for variable in leaders] == [v.name for v in study.instrument.of_item("aiways")]
    assert len(str(study.instrument)) < 300
    assert len(repr(study.instrument.items)) < 5000
    with pytest.raises(KeyError, match="did you mean 'aiways'"):
        study.instrument["aiway"]


def test_the_sample_study_says_what_its_file_says(study: Study) -> None:
    assert study.waves == ("2025", "2026")
    assert study.wave == "2026"
    assert study.synthetic is True
    assert study.primary == ("flexible", "strategy", "wellcost", "burnout", "struggle", "aiexpect")
    assert study.policy.threshold == 5
    assert study.population("org-01") == {"executive": 24, "employee": 826, "freelancer": 50}
    assert study.population("org-02", "2025") == {}
    assert len(study.organisation_ids("2026")) == 12
    assert len(study.organisation_ids("2025")) == 4
    assert all(path.is_file() for path in study.input_files)
    bank = {path.name for path in (study.folder.parents[1] / "instruments" / "bank").glob("*.yaml")}
    assert bank <= {path.name for path in study.input_files}
    assert set(study.methods) == {"executive", "employee", "freelancer"}
    for texts in study.methods.values():
        assert set(AAPOR_ITEMS) - set(COMPUTED_AAPOR_ITEMS) <= set(texts)


def test_responses_are_one_row_a_respondent_and_say_they_are_synthetic(study: Study) -> None:
    frame = study.responses(wave="all")
    assert frame.attrs["synthetic"] is True
    assert not frame.duplicated(["wave", "respondent"]).any()
    assert set(frame["wave"]) == {"2025", "2026"}
    assert list(frame.columns[6:]) == [variable.name for variable in study.instrument.variables]


def test_waves_are_pooled_only_where_that_is_asked_for(study: Study) -> None:
    pd.testing.assert_frame_equal(study.responses(), study.responses(wave=study.wave))
    lengths = [len(study.responses(wave=wave)) for wave in study.waves]
    assert len(study.responses(wave="all")) == sum(lengths) > max(lengths)


def test_organisations_and_waves_part_the_frame(study: Study) -> None:
    whole = study.responses(wave="2026")
    parts = [study.responses(key, "2026") for key in study.organisation_ids("2026")]
    assert sum(map(len, parts)) + whole["organisation"].isna().sum() == len(whole)
    pd.testing.assert_frame_equal(
        parts[0], whole[whole["organisation"] == study.organisation_ids("2026")[0]].reset_index(drop=True)
    )


def test_a_changed_frame_leaves_the_study_as_it_was(study: Study) -> None:
    frame = study.responses()
    frame["respondent"] = "nobody"
    assert (study.responses()["respondent"] != "nobody").all()


def test_the_disposition_adds_up_to_the_frame(study: Study) -> None:
    for wave in study.waves:
        sums = study.disposition(wave).groupby("outcome")["rows"].sum()
        assert sums["read"] == sums["kept"] + sums["set aside"]
        assert sums["kept"] == len(study.responses(wave=wave))


def test_no_more_people_answered_than_there_are(study: Study) -> None:
    for wave in study.waves:
        for key in study.organisation_ids(wave):
            counts = study.responses(key, wave)["audience"].value_counts()
            assert all(counts[audience] <= people for audience, people in study.population(key, wave).items())


def test_answers_never_travel_with_a_pickled_study(study: Study) -> None:
    study.check()
    again = pickle.loads(pickle.dumps(study))
    assert "_gathered" not in vars(again)
    assert len(again.responses()) == len(study.responses())


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda s: s.responses("org01"), problem("unknown-organisation", "organisation org01")),
        (lambda s: s.population("org-99"), problem("unknown-organisation", "organisation org-99")),
        (lambda s: s.organisation_name("Org-01"), problem("unknown-organisation", "organisation Org-01")),
        (lambda s: s.responses("org-03", "2025"), problem("unknown-organisation", "organisation org-03")),
        (lambda s: s.responses(wave="2024"), problem("unknown-wave", "wave 2024")),
    ],
)
def test_a_misspelt_name_is_answered_with_near_names(
    study: Study, call: Callable[[Study], object], refusal: Refusal
) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(study)


SPOILT = [
    ("instruments/employee.yaml", "instruments/employe.yaml", "employe.yaml"),
    ("synthetic: true", "synthetic: yes", "'yes' must be true or false"),
    ("synthetic: true", "synthetik: true", "did you mean 'synthetic'"),
    ("id: ai_at_work", "id: AI at work", "cannot name a folder"),
    ("language: en", "language: de", "unsupported report language"),
    ("margin: 0.10", "margin: 10", "margin"),
    ("threshold: 5", "threshold: 2", "threshold"),
    ("unanimity", "unanimous", "unknown setting of a policy; did you mean 'unanimity'?"),
    ("[flexible, strategy", "[flexibel, strategy", "primary → flexibel: unknown column"),
    ("[flexible, strategy", "[aware, strategy", "primary → aware: has no gap"),
    ("platform: qualtrics", "platform: qualtrix", "unknown platform; did you mean 'qualtrics'?"),
    ("audience: freelancer", "audience: freelancers", "did you mean 'freelancer'?"),
    ("answers/2025_freelancers", "answers/2025_freelancer", "did you mean '2025_freelancers_qualtrics.csv'"),
    ("organisations.csv", "organisation.csv", "did you mean 'organisations.csv'"),
    ("benchmarks: ../published/", "benchmarks: ../publishd/", "folder 'publishd' not found either"),
    ("colour: \"#1f4e79\"", "colour: blue", "'blue' is not a valid colour"),
    ("    sponsor_and_conductor:", "    sponsors:", "methods → common → sponsors: unknown disclosure item"),
    ("    sponsor_and_conductor:", "    sponsors:", "sponsor_and_conductor: is blank for executive"),
    ("  freelancer:\n    popul", "  freelance:\n    popul", "population: is blank for freelancer"),
    ("wave: \"2025\"", "wave: all", "is reserved for all waves"),
    ("language: en", "language: en\nlanguage: en", "this key is given twice"),
    ("language: en", "language: en\nwaves: ['2026', '2027']", "waves → 2027: is listed but has no"),
    ("language: en", "language: en\nwaves: ['2026', '2027']", "waves → 2025: has answers but is not listed"),
    ("language: en", "language: en\nwaves: ['2025', '2026', '2026']", "waves → 2026: occurs twice"),
    ("[flexible, strategy", "[flexible, flexible, strategy", "primary → flexible: occurs twice"),
    ("unanimity: true", "sensitive_items: [burnot]", "burnot: unknown item of the instrument"),
    ("unanimity: true", "sensitive_items: burnout", "'burnout' must be a list of items"),
    ("unanimity: true", "withhold_unlike: true", "withhold_unlike: has nothing to check"),
    ("unanimity: true", "withhold_unlike: perhaps", "withhold_unlike"),
    ("threshold: 5", "threshold: five", "'five' must be a whole number"),
    ("colour: \"#1f4e79\"", "colour: #1f4e79", "is blank, perhaps because # begins a comment"),
    ("  name: Survey", "  logo: README.md\n  name: Survey", "logo: README.md: is not an image"),
    ("../published/upwork_2024.csv", "organisations.csv", "is not a file of findings"),
    ("dates: >-\n      Simulated", "dates: TODO\n    also: >-\n      Simulated", "dates: is blank for"),
    ("answers/2025_freelancers_qualtrics.csv", "answers", "answers: answers: is a folder"),
    ("audience: freelancer", "audience: freelancer\n    absent: [burnout]", "burnout: is in the file, but"),
    ("audience: freelancer", "audience: freelancer\n    ignore_columns: [leave]", "column leave: is missing"),
    ("wave: \"2026\"", "wave: \"2062\"", "wave 2062: 1644 answers are of this wave"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), SPOILT)
def test_a_spoilt_study_file_is_refused_with_a_hint(
    change: Callable[..., Path], old: str, new: str, said: str
) -> None:
    assert said in _refusal(change(old, new))


STAFF = "answers/2026_staff_limesurvey_codes.csv"
FREELANCERS = "answers/2026_freelancers_qualtrics.csv"
SPOILT_BESIDE = [
    ("organisations.csv", "org-02,", "org-2,", "organisation org-02, wave 2026"),
    ("organisations.csv", "org-02,", "org-01,", "organisation 'org-01' occurs twice in wave 2026"),
    ("organisations.csv", "2026,24,826,50", "2026,24,many,50", "'many' is not a headcount"),
    ("organisations.csv", ",executive,", ",executives,", "column executive: is missing"),
    (STAFF, '"aiuse"', '"ai_use"', "column aiuse: is missing"),
    (STAFF, '"org-01"', '"org-21"', "organisation org-21, wave 2026"),
    (STAFF, '"organisation"', '"company"', "column organisation: is missing"),
    (STAFF, '"aiways[rev]"', '"aiways[review]"', "column aiways[review]: is neither an item"),
    (FREELANCERS, "{\"\"ImportId", "{\"\"Import", "third row holds no import ids"),
    (FREELANCERS, "ResponseId", "Response", "column ResponseId: is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "said"), SPOILT_BESIDE)
def test_a_spoilt_file_of_the_study_is_refused(
    change: Callable[..., Path], name: str, old: str, new: str, said: str
) -> None:
    assert said in _refusal(change(old, new, name))


def test_the_problems_of_all_files_are_said_together(change: Callable[..., Path]) -> None:
    change('"aiuse"', '"ai_use"', STAFF)
    change("ResponseId", "Response", "answers/2026_freelancers_qualtrics.csv")
    said = _refusal(
        change(
            "org-05,Eastlock Software,2025,12,198", "org-55,Other Software,2025,12,198", "organisations.csv"
        )
    )
    assert "2026_staff_limesurvey_codes.csv, column aiuse" in said
    assert "2026_freelancers_qualtrics.csv, column ResponseId" in said
    assert "organisation org-05, wave 2025" in said


def test_two_files_swapped_are_refused(folder: Path) -> None:
    staff, freelancers = folder / STAFF, folder / "answers" / "2026_freelancers_qualtrics.csv"
    first, second = staff.read_bytes(), freelancers.read_bytes()
    staff.write_bytes(second)
    freelancers.write_bytes(first)
    said = _refusal(folder / "study.yaml")
    assert "not those of a LimeSurvey export" in said
    assert "not Qualtrics' CSV export" in said


def test_the_same_answers_under_two_names_are_refused(folder: Path) -> None:
    answers = folder / "answers"
    shutil.copy(answers / "2025_freelancers_qualtrics.csv", answers / "2026_freelancers_qualtrics.csv")
    shutil.copy(folder / STAFF, answers / "2025_staff_limesurvey_full_answers.csv")
    said = _refusal(folder / "study.yaml")
    assert (
        "2025_freelancers_qualtrics.csv and answers/2026_freelancers_qualtrics.csv: are the same file" in said
    )
    assert "the same answers were exported twice; keep one file" in said
    assert (
        "2025_staff_limesurvey_full_answers.csv and answers/2026_staff_limesurvey_codes.csv: are the same"
        in said
    )


def test_an_export_saved_again_under_another_name_is_refused(folder: Path) -> None:
    for line in ("org-01,Alderfinch Logistics,2025,24,826,50",):
        assert line in (folder / "organisations.csv").read_text("utf-8")
    old, new = folder / "answers" / "2025_staff_limesurvey_full_answers.csv", folder / STAFF
    old.write_text(new.read_bytes().decode("utf-8-sig").replace('";"', '"\t"'), "utf-8")
    said = _refusal(folder / "study.yaml")
    assert "give the same answers under the same ids in 1649 rows" in said


def test_rows_pasted_twice_under_new_ids_are_refused(folder: Path) -> None:
    lines = (folder / STAFF).read_bytes().decode().splitlines(keepends=True)
    pasted = [line.replace('"', '"9', 1) for line in lines[1:4] if line.startswith('"')]
    (folder / STAFF).write_bytes("".join([*lines, *pasted]).encode())
    assert "repeats an earlier row in everything but its id, and so do 2 others" in _refusal(
        folder / "study.yaml"
    )


def test_a_file_in_which_nobody_names_an_organisation_is_refused(folder: Path) -> None:
    text = (folder / STAFF).read_bytes().decode()
    (folder / STAFF).write_bytes(re.sub('"org-[0-9]{2}"', '""', text).encode())
    assert "column organisation: is blank in every row" in _refusal(folder / "study.yaml")


def test_without_an_audience_column_only_what_everybody_is_asked_is_demanded(
    change: Callable[..., Path],
) -> None:
    said = _refusal(change('"audience"', '"who"', STAFF))
    assert "column audience: is missing" in said
    assert "clientdem" not in said


def test_a_data_folder_that_is_not_there_is_said_once(folder: Path, tmp_path: Path) -> None:
    said = _refusal(folder / "study.yaml", data=tmp_path / "elsewhere")
    assert "1 problem(s)" in said
    assert "elsewhere: does not exist; name the folder" in said


def test_an_instrument_that_is_not_there_is_named_without_the_others(change: Callable[..., Path]) -> None:
    said = _refusal(change("instruments/employee.yaml", "instruments/employe.yaml"))
    assert "executive.yaml + " not in said
    assert "YAML files beside it: employee.yaml" in said


def test_two_files_that_number_alike_keep_their_respondents_apart(root: Path, tmp_path: Path) -> None:
    text = (root / "data_samples" / "ai_at_work" / STAFF).read_bytes().decode("utf-8-sig").splitlines()
    rows = [line for line in text if line.startswith(('"1"', '"2"', '"3"', '"4"'))][:4]
    others = [line for line in text if line.startswith(('"11"', '"12"', '"13"', '"14"'))]
    renumbered = [line.replace('"1', '"', 1) for line in others]
    for name in ("north", "south"):
        kept = [text[0], *{"north": rows, "south": renumbered}[name]]
        (tmp_path / f"{name}.csv").write_text("\n".join(kept) + "\n", "utf-8")
    files = {
        audience: root / "instruments" / f"{audience}.yaml"
        for audience in ("executive", "employee", "freelancer")
    }
    entries = [
        AnswersFile(wave="2026", platform="limesurvey", file=f"{name}.csv") for name in ("north", "south")
    ]
    gathered = gather(
        entries, [tmp_path / e.file for e in entries], load_instruments(files), None, source="study"
    )
    assert not gathered.frame["respondent"].duplicated().any()
    assert gathered.frame["respondent"].str.contains("^(?:north|south):", regex=True).all()


def test_the_documented_study_file_and_mapping_are_valid(root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "your_own_study.md").read_text("utf-8")
    blocks = [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n|^\n)+", text, re.MULTILINE)]
    (tmp_path / "study.yaml").write_text(
        next(block for block in blocks if block.strip().startswith("id: my_study")), "utf-8"
    )
    written = StudyFile.model_validate(read_yaml(tmp_path / "study.yaml"))
    assert written.answers[1].audience == "freelancer"
    (tmp_path / "mapping.yaml").write_text(
        next(block for block in blocks if block.strip().startswith("mapping:")), "utf-8"
    )
    mapping = Mapping.model_validate(read_yaml(tmp_path / "mapping.yaml")["mapping"])
    assert mapping.audience[1].set_aside == "not employed"


def test_answers_may_lie_in_another_folder(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.move(folder / "answers", elsewhere)
    assert "folder 'answers' not found either" in _refusal(folder / "study.yaml")
    assert len(load_study(folder / "study.yaml", data=elsewhere).responses("org-01")) > 0


def test_cut_short_answers_are_refused(folder: Path) -> None:
    path = folder / STAFF
    path.write_bytes(path.read_bytes()[:-2000])
    assert "2026_staff_limesurvey_codes.csv" in _refusal(folder / "study.yaml")
