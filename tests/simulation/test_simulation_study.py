"""The sample study and the files it is made of.

1. The committed files are what the simulation file makes, byte for byte.
2. The population shows the published figures within one person.
3. Files are written as the platforms write them, and read back as what was simulated.
4. The organisations are what the study is meant to show.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from tests.refusals import problem
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, read_yaml
from toolkit.platforms import PLATFORMS, AnswersFile, read_answers
from toolkit.responses import decode
from toolkit.simulation import (
    limesurvey_export,
    load_simulation,
    populate,
    qualtrics_export,
    simulate,
    simulate_study,
)
from toolkit.simulation.exports import EXPORTS, SimulatedExport
from toolkit.simulation.population import Share, check_shares
from toolkit.simulation.run import Simulation
from toolkit.study.starting import start_study

pytestmark = pytest.mark.slow

STUDY = Path(__file__).resolve().parents[2] / "data_samples" / "ai_at_work"
SPEC = STUDY / "simulation.yaml"
LATEST = "2026"


@pytest.fixture(scope="module")
def loaded() -> tuple[Simulation, Instrument, tuple[Share, ...]]:
    return load_simulation(SPEC)


@pytest.fixture(scope="module")
def instrument(loaded: tuple[Simulation, Instrument, tuple[Share, ...]]) -> Instrument:
    return loaded[1]


@pytest.fixture(scope="module")
def everybody(loaded: tuple[Simulation, Instrument, tuple[Share, ...]]) -> pd.DataFrame:
    spec, instrument, shares = loaded
    return populate(instrument, spec.organisations, shares, waves=tuple(spec.waves), seed=spec.seed)


@pytest.fixture(scope="module")
def simulated(loaded: tuple[Simulation, Instrument, tuple[Share, ...]]) -> pd.DataFrame:
    spec, instrument, shares = loaded
    return simulate(
        instrument,
        spec.organisations,
        shares=shares,
        seed=spec.seed,
        waves=tuple(spec.waves),
        fieldwork=spec.fieldwork,
        keep_break_offs=True,
        missing="codes",
    )


def entries() -> list[AnswersFile]:
    return [AnswersFile.model_validate(entry) for entry in read_yaml(STUDY / "study.yaml")["answers"]]


@pytest.mark.parametrize("name", ["ai_at_work", "readiness"])
def test_the_committed_files_are_what_the_simulation_makes(name: str, tmp_path: Path) -> None:
    written = simulate_study(STUDY.parent / name / "simulation.yaml", tmp_path)
    assert len(written) == 5
    for path in written:
        committed = STUDY.parent / name / path.relative_to(tmp_path)
        assert path.read_bytes() == committed.read_bytes(), f"{committed.name} is not what is made now"


def test_another_seed_makes_other_answers_from_the_same_organisations(tmp_path: Path) -> None:
    for path in simulate_study(SPEC, tmp_path, seed=1):
        same = path.read_bytes() == (STUDY / path.relative_to(tmp_path)).read_bytes()
        assert same == (path.name == "organisations.csv")


def test_numbers_lie_in_the_part_of_their_range_that_is_given() -> None:
    spec, instrument, shares = load_simulation(STUDY.parent / "readiness" / "simulation.yaml")
    people = populate(instrument, spec.organisations, shares, waves=tuple(spec.waves), seed=spec.seed)
    latest = people[people["wave"] == "2026-10"]
    for item, audience, low, high in (("eststrug", "executive", 10, 50), ("taskmin", "employee", 24, 288)):
        given = latest.loc[latest["audience"] == audience, item].dropna()
        assert given.between(low, high).all()
        assert given.nunique() > 10


@pytest.mark.parametrize("part", [{"from": 0.6, "to": 0.4}, {"from": 0.5, "to": 0.5}])
def test_a_part_of_a_range_that_ends_before_it_begins_is_refused(part: dict[str, float]) -> None:
    instrument = load_simulation(STUDY.parent / "readiness" / "simulation.yaml")[1]
    share = Share(item="taskmin", audiences=("employee",), share=part)
    assert [one.code for one in check_shares([share], instrument)] == ["wrong-order"]


def test_the_sample_study_stays_small() -> None:
    assert sum(path.stat().st_size for path in STUDY.rglob("*") if path.is_file()) < 3_000_000


def published(loaded: tuple[Simulation, Instrument, tuple[Share, ...]]) -> Mapping[str, tuple[Share, str]]:
    return {finding: (share, answer) for share in loaded[2] for answer, finding in share.findings.items()}


@pytest.mark.parametrize(
    "where", ["data_samples/published/upwork_2024.csv", "findings/published_findings.csv"]
)
def test_every_published_share_is_carried_as_published(
    loaded: tuple[Simulation, Instrument, tuple[Share, ...]],
    root: Path,
    where: str,
    request: pytest.FixtureRequest,
) -> None:
    home = root if where.startswith("data_samples") else request.getfixturevalue("shared")
    table = pd.read_csv(home / where).set_index("finding_id")
    carried = published(loaded)
    for finding, (share, answer) in carried.items():
        assert share.share[answer] == pytest.approx(table.loc[finding, "value_pct"] / 100), finding
    study_of_2024 = {name for name in table.index if name.startswith("UBB24")}
    # by gender, a sum of two others, and one without a figure
    assert study_of_2024 - set(carried) == {"UBB24-09", "UBB24-10", "UBB24-22", "UBB24-34"}


def test_the_population_shows_every_published_share_within_one_person(
    loaded: tuple[Simulation, Instrument, tuple[Share, ...]], everybody: pd.DataFrame
) -> None:
    boxes = {"agree5": ["4", "5"], "yesno": ["1"], "likely4": ["3", "4"], "skill4": ["3", "4"]}
    for finding, (share, answer) in published(loaded).items():
        item = loaded[1].item(share.item)
        people = everybody[(everybody["wave"] == LATEST) & everybody["audience"].isin(share.audiences)]
        if share.among:
            people = people[people["struggle"].isin(["4", "5"])]
        if item.type == "multi":
            options = people[[f"{item.id}_{o.code}" for o in item.options if not o.exclusive]]
            people = options[options.isin(["0", "1"]).all(axis=1)]
            hits = people.eq("1").any(axis=1) if answer == "any" else people[f"{item.id}_{answer}"] == "1"
        else:
            people = people[~people[item.id].isin(["-4", "-5"])]
            hits = people[item.id].isin(boxes[item.scale] if answer == "top" else [answer])
        assert abs(hits.sum() - share.share[answer] * len(people)) <= 1, finding


def test_the_sample_tells_the_published_story(simulated: pd.DataFrame) -> None:
    """Within four standard errors of a simple random sample, whatever the finite population takes off."""
    now = simulated[simulated["wave"] == LATEST]
    for audience, item, share in (
        ("employee", "burnout", 0.71),
        ("employee", "struggle", 0.65),
        ("employee", "flexible", 0.73),
        ("executive", "flexible", 0.90),
        ("executive", "aiexpect", 0.96),
        ("freelancer", "clientkeep", 0.44),
    ):
        codes = now.loc[now["audience"] == audience, item]
        codes = codes[codes.isin(list("12345"))]
        error = (share * (1 - share) / len(codes)) ** 0.5
        assert abs(codes.isin(["4", "5"]).mean() - share) < 4 * error


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: Path(entry.file).stem)
def test_a_committed_file_is_read_back_as_what_was_simulated(
    entry: AnswersFile, instrument: Instrument, simulated: pd.DataFrame
) -> None:
    found = decode(read_answers(STUDY / entry.file, instrument, entry=entry), instrument)
    mine = (simulated["wave"] == entry.wave) & (
        (simulated["audience"] == "freelancer") == (entry.audience == "freelancer")
    )
    same(found.coded, simulated[mine & (simulated["status"] != "break-off")])
    set_aside = found.disposition.loc[found.disposition["outcome"] == "set aside"].set_index("reason")["rows"]
    assert (
        set_aside["broke off before half of the questions"]
        == (simulated["status"][mine] == "break-off").sum()
    )
    assert ("a preview or test" in set_aside) == (entry.platform == "qualtrics")


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    apart = ["respondent", "source"]
    pd.testing.assert_frame_equal(
        found.drop(columns=apart), expected.reset_index(drop=True).drop(columns=apart), check_flags=False
    )


def test_both_limesurvey_flavours_are_read_as_the_same_frame(
    instrument: Instrument, simulated: pd.DataFrame, tmp_path: Path
) -> None:
    staff = simulated[(simulated["wave"] == LATEST) & (simulated["audience"] != "freelancer")]
    staff = staff.head(400).reset_index(drop=True)
    entry = AnswersFile(wave=LATEST, platform="limesurvey", file="staff.csv")
    frames = []
    for answers in ("codes", "full"):
        path = tmp_path / f"{answers}.csv"
        path.write_bytes(
            limesurvey_export(
                staff, instrument, answers=answers, opens="2026-01-05", closes="2026-01-09", seed=1
            )
        )
        frames.append(decode(read_answers(path, instrument, "limesurvey", entry=entry), instrument).coded)
    pd.testing.assert_frame_equal(*(frame.drop(columns="source") for frame in frames))
    same(frames[0], staff[staff["status"] != "break-off"])


def test_a_limesurvey_file_looks_like_a_genuine_one(shared: Path) -> None:
    """Same marks, quotes, line ends, and the platform's own columns in the same order."""
    pairs = {
        "code_short.csv": "2026_staff_limesurvey_codes.csv",
        "code_long.csv": "2025_staff_limesurvey_full_answers.csv",
    }
    for genuine, ours in pairs.items():
        real = (shared / "platforms" / "limesurvey" / "exports" / genuine).read_bytes()
        made = (STUDY / "answers" / ours).read_bytes()
        for content in (real, made):
            assert content.startswith(b'\xef\xbb\xbf"id";"submitdate";"lastpage";"startlanguage";"seed";')
            assert content.endswith(b'"\r\n\r\n')
            assert b'""' in content.replace(b';""', b"")
        heads = [content.decode("utf-8-sig").split("\r\n")[0].split(";")[:7] for content in (real, made)]
        assert heads[0] == heads[1]
        assert ("Y" in cells(real)) == ("Y" in cells(made)) == (genuine == "code_short.csv")
        assert ("No" in cells(real)) == ("No" in cells(made)) == (genuine == "code_long.csv")


def cells(content: bytes) -> set[str]:
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    return {cell for row in rows for cell in row}


def test_a_qualtrics_file_has_three_header_rows_and_its_own_columns(shared: Path) -> None:
    real = rows_of(shared / "platforms" / "qualtrics" / "tiny_3row_handmade.csv")
    made = rows_of(STUDY / "answers" / "2026_freelancers_qualtrics.csv")
    assert made[0][:9] == real[0][:9]
    assert made[1][:9] == real[1][:9]
    assert made[2][:9] == real[2][:9]
    assert all("ImportId" in json.loads(tag) for tag in made[2])
    place = {name: number for number, name in enumerate(made[0])}
    assert {row[place["Status"]] for row in made[3:]} == {"0", "1"}
    assert sum(row[place["Status"]] == "1" for row in made[3:]) == 3
    assert {row[place["Progress"]] for row in made[3:] if row[place["Finished"]] == "1"} == {"100"}
    assert len({row[place["ResponseId"]] for row in made[3:]}) == len(made) - 3
    assert {row[place["country"]] for row in made[3:]} <= {"", "1", "2", "3", "4"}
    assert any("," in row[place["freeskill"]] for row in made[3:])


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def test_the_organisations_are_what_the_study_is_meant_to_show(simulated: pd.DataFrame) -> None:
    table = pd.read_csv(STUDY / "organisations.csv", dtype={"wave": str})
    now = table[table["wave"] == LATEST].set_index("organisation")
    people = now[["executive", "employee", "freelancer"]]
    assert len(now) == 12
    assert people.sum(axis=1).min() == 18
    assert people.sum(axis=1).max() == 900
    assert (people["executive"] == 3).sum() >= 2
    assert (people == 0).any(axis=1).sum() == 1
    assert len(set(table.loc[table["wave"] == "2025", "organisation"]) & set(now.index)) == 4
    answered = (
        simulated[simulated["wave"] == LATEST].groupby(["organisation", "audience"], observed=False).size()
    )
    assert (answered <= people.stack().reindex(answered.index)).all()
    assert answered["org-10"].sum() == 4
    assert answered["org-10"].max() < 5
    assert answered["org-01"].min() >= 10


def test_refuses_a_simulation_file_with_everything_wrong_at_once(tmp_path: Path) -> None:
    bank = STUDY.parents[1] / "instruments"
    text = SPEC.read_text(encoding="utf-8").replace("../../instruments", bank.as_posix())
    text = text.replace("shares: shares.yaml", f"shares: {(STUDY / 'shares.yaml').as_posix()}")
    text = text.replace('wave: "2026", platform: limesurvey', 'wave: "2062", platform: limesurvey')
    text = text.replace("2026_freelancers_qualtrics", "2025_freelancers_qualtrics")
    text = text.replace("closes: 2025-09-26", "closes: 2024-09-26")
    text = text.replace("people: {executive: 24", "people: {executives: 24")
    path = tmp_path / "simulation.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        simulate_study(path, tmp_path / "out")
    said = str(refused.value)
    for fault in (
        "no wave '2062'",
        "two files have this name",
        "closes before it opens",
        "did you mean 'executive'",
    ):
        assert fault in said
    assert not (tmp_path / "out").exists()


def test_refuses_a_key_it_does_not_know_and_names_a_near_one(tmp_path: Path) -> None:
    path = tmp_path / "simulation.yaml"
    path.write_text(SPEC.read_text(encoding="utf-8").replace("fieldwork:", "feldwork:"), encoding="utf-8")
    with pytest.raises(InvalidInput, check=problem("unknown-key", "simulation.yaml, line 14: feldwork")):
        simulate_study(path, tmp_path / "out")


def test_refuses_a_folder_that_cannot_be_written_and_leaves_nothing_half(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(InvalidInput, check=problem("unwritable", "…/2025_staff_limesurvey_full_answers.csv")):
        simulate_study(SPEC, tmp_path)
    assert not list(tmp_path.rglob("*.part"))


def test_refuses_a_qualtrics_export_of_two_audiences(instrument: Instrument, simulated: pd.DataFrame) -> None:
    with pytest.raises(InvalidInput, check=problem("wrong-group", "the frame")):
        qualtrics_export(simulated, instrument, opens="2026-01-05", closes="2026-01-09", seed=1)


def test_a_questionnaire_in_one_file_is_simulated_without_a_file_of_shares(tmp_path: Path) -> None:
    page = (STUDY.parents[1] / "docs" / "instruments.md").read_text("utf-8")
    (tmp_path / "canteen.yaml").write_text(page.split("```yaml\n")[1].split("```")[0], "utf-8")
    (tmp_path / "simulation.yaml").write_text(
        """
title: The canteen
seed: 1
instrument: canteen.yaml
waves: {"2026": {opens: 2026-09-01, closes: 2026-09-20}}
organisations:
  - {id: acme, name: Acme, people: {manager: 20, staff: 100}, waves: ["2026"]}
files:
  - {file: answers.csv, wave: "2026", platform: limesurvey, audiences: [manager, staff]}
""",
        "utf-8",
    )
    simulate_study(tmp_path / "simulation.yaml", tmp_path)
    canteen = load_simulation(tmp_path / "simulation.yaml")[1]
    read = read_answers(tmp_path / "answers.csv", canteen, "limesurvey")
    assert set(decode(read, canteen).coded["audience"].unique()) == {"manager", "staff"}


def test_a_format_that_is_registered_is_simulated_and_any_other_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requirement: the simulation file, `simulate --as` and `init` read one registry of formats."""
    assert set(EXPORTS) <= set(PLATFORMS)
    monkeypatch.chdir(tmp_path)
    questions = str(SPEC.parents[2] / "instruments" / "employee.yaml")
    with pytest.raises(InvalidInput, check=problem("unknown-option", "platform 'plain'")):
        start_study(tmp_path / "new", platform="plain")
    assert main(["simulate", questions, "--n", "employee=3", "--as", "plain", "--out", "a.csv"]) == 2
    monkeypatch.setitem(EXPORTS, "plain", SimulatedExport(lambda frame, instrument, **said: b"made"))  # type: ignore[arg-type]
    assert main(["simulate", questions, "--n", "employee=3", "--as", "plain", "--out", "a.csv"]) == 0
    assert (tmp_path / "a.csv").read_bytes() == b"made"


def test_refuses_a_file_of_a_format_that_cannot_be_simulated(tmp_path: Path) -> None:
    path = tmp_path / "simulation.yaml"
    path.write_text(SPEC.read_text("utf-8").replace("platform: qualtrics", "platform: plain"), "utf-8")
    with pytest.raises(InvalidInput) as caught:
        simulate_study(path, tmp_path / "out")
    assert {one.code for one in caught.value.problems} == {"malformed"}


def test_refuses_two_ways_to_the_questions(tmp_path: Path) -> None:
    path = tmp_path / "simulation.yaml"
    path.write_text("instrument: one.yaml\n" + SPEC.read_text("utf-8"), "utf-8")
    with pytest.raises(InvalidInput, check=problem("malformed", "simulation.yaml, line 1")):
        simulate_study(path, tmp_path / "out")
