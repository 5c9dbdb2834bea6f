"""A wave with a questionnaire of its own: read by it, carried over, and no trend drawn of what changed."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import toolkit as tk
from tests.refusals import problem
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.instrument import load_instrument
from toolkit.reporting import open_report
from toolkit.simulation import limesurvey_export, rehearse
from toolkit.study import Study, load_study

ROOT = Path(__file__).resolve().parents[1]
METHODS = (
    *("data_collection_strategy", "sponsor_and_conductor", "population", "sampling"),
    *("mode", "dates", "limitations"),
)
EXTRA = """
  - id: warm
    type: single
    theme: food
    scale: agree5
    favourable: top
    text: {all: {en: The food is warm.}}
    short: {en: Warm food}
    source: {origin: own}
"""


def _canteen() -> str:
    page = (ROOT / "docs" / "instruments.md").read_text("utf-8")
    text: str = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0]
    return text.replace("items: [eats, good, why]", "items: [eats, good, why, warm]") + EXTRA


def _older(text: str) -> str:
    """The year before: staff read another first question, and one reason could not be ticked."""
    text = text.replace('staff: {en: "Do you eat in the canteen?"}', 'staff: {en: "Do you eat here?"}')
    text = text.replace("      - {code: queue, label: {en: The queue}}\n", "")
    return text.replace("version: 2026.1.0", "version: 2025.1.0")


def _study(folder: Path, *, own: bool) -> Path:
    (folder / "canteen.yaml").write_text(_canteen(), "utf-8")
    (folder / "older.yaml").write_text(_older(_canteen()), "utf-8")
    for wave, file in (("2025", "older.yaml"), ("2026", "canteen.yaml")):
        instrument = load_instrument(folder / file)
        made = rehearse(instrument, {"manager": 30, "staff": 80}, seed=int(wave), wave=wave)
        days = {"opens": f"{wave}-03-01", "closes": f"{wave}-03-20"}
        content = limesurvey_export(made.frame, instrument, answers="codes", seed=1, **days)
        (folder / f"{wave}.csv").write_bytes(content)
    text = (
        "id: canteen\ntitle: The canteen\nsynthetic: true\nperson: new\ninstrument: canteen.yaml\nanswers:\n"
    )
    text += "".join(f"  - {{wave: '{w}', file: {w}.csv, platform: limesurvey}}\n" for w in ("2025", "2026"))
    text += "wave_instruments:\n  '2025': {instrument: older.yaml}\n" if own else ""
    text += "methods:\n  common:\n" + "".join(f"    {name}: Synthetic.\n" for name in METHODS)
    path = folder / "study.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _study(tmp_path_factory.mktemp("waves"), own=True)


@pytest.fixture(scope="module")
def study(path: Path) -> Study:
    return load_study(path)


def test_an_earlier_wave_is_read_by_its_own_questionnaire_and_carried_over(study: Study) -> None:
    before, now = study.responses(wave="2025", missing="codes"), study.responses(wave="2026", missing="codes")
    assert list(before.columns) == list(now.columns)
    assert (before.dtypes == now.dtypes).all()
    whys = [variable.name for variable in study.instrument.of_item("why")]
    assert (before[whys] == "-5").all(axis=None)  # another list of reasons is another question
    assert before["eats"].isin(["0", "1"]).any()
    assert before["warm"].isin(["1", "2", "3", "4", "5"]).sum() > 80


def test_what_is_carried_over_is_what_was_answered(study: Study, path: Path) -> None:
    instrument = load_instrument(path.parent / "older.yaml")
    made = rehearse(instrument, {"manager": 30, "staff": 80}, seed=2025, wave="2025").frame
    for name in ("eats", "good", "warm"):
        assert (
            study.responses(wave="2025", missing="codes")[name].astype(str).tolist()
            == made[name].astype(str).tolist()
        )


def test_the_study_says_what_changed_and_trend_honours_it(study: Study) -> None:
    compared = study.compared("2025", "2026")
    assert compared is not None
    asked = [study.instrument[name] for name in ("eats", "warm")]
    rows = tk.trend(study.responses(wave="all", missing="codes"), asked, measure="top", compared=compared)
    verdicts = rows.set_index(["item", "audience"])["verdict"]
    assert verdicts["eats", "staff"] == "not comparable"
    assert verdicts["eats", "manager"] != "not comparable"
    assert (verdicts["warm"] != "not comparable").all()
    assert study.compared("2026", "2026") is None


def test_the_report_draws_no_trend_of_what_changed_and_says_so(study: Study) -> None:
    report = open_report(study, "synthetic")
    drawn = report.released["trend"]
    assert set(zip(drawn["item"], drawn["audience"], strict=True)) == {
        ("eats", "manager"),
        ("good", "manager"),
        ("warm", "manager"),
        ("warm", "staff"),
    }
    said = re.sub(r"\s+", " ", str(report.trend()))
    assert "The questionnaire changed since 2025. No change is shown for:" in said
    assert "Eating in the canteen (staff: other words)" in said
    assert "Reasons to stay away (managers, staff: other answers)" in said
    assert "Good food (staff: asked of others)" in said  # those who eat here, by other words
    assert "Warm food (" not in said


def test_without_a_questionnaire_of_its_own_nothing_is_said_of_change(tmp_path: Path, study: Study) -> None:
    plain = load_study(_study(tmp_path, own=False))
    assert plain.compared("2025", "2026") is None
    assert dict(plain.wave_instruments) == {}


def test_a_report_of_that_wave_is_refused_because_its_people_read_other_words(study: Study) -> None:
    with pytest.raises(InvalidInput, check=problem("wrong-instrument", "wave 2025")):
        open_report(study, "synthetic", "2025")


def test_check_names_the_questions_no_trend_is_drawn_of(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(path)]) == 0
    told = capsys.readouterr().out
    assert (
        "Wave 2025 used a different questionnaire; no trend to 2026 for: eats, good, why_price, why_none."
        in told
    )


def test_every_mistake_about_waves_is_said_at_once(path: Path) -> None:
    text = path.read_text("utf-8").replace(
        "  '2025': {instrument: older.yaml}\n",
        "  '2024': {instrument: older.yaml}\n  '2026': {instrument: older.yaml}\n"
        "  '2025': {instrument: oldr.yaml}\n",
    )
    wrong = path.with_name("wrong.yaml")
    wrong.write_text(text, "utf-8")
    with pytest.raises(InvalidInput) as told:
        load_study(wrong)
    said = str(told.value)
    assert "wave_instruments → 2024: unknown wave of the study" in said
    assert "wave_instruments → 2026: is the last wave" in said
    assert "older.yaml" in said


def test_the_older_questionnaire_is_among_the_files_a_report_depends_on(study: Study) -> None:
    assert "older.yaml" in {file.name for file in study.input_files}
    assert isinstance(study.responses(wave="2025", missing="codes"), pd.DataFrame)
