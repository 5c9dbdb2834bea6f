"""A dry run: what is asked for comes out, routing holds for the careless too, and only the key names them."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import toolkit as tk
from tests.examples import examples
from tests.platforms.strategies import instruments
from tests.refusals import problem
from toolkit.cli import main
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, asked
from toolkit.simulation import Effect, Fieldwork, Rehearsal, Share, parse_effect, rehearse

pytestmark = pytest.mark.slow

CLEAN = Fieldwork(blank=0.0, dont_know=0.0, refused=0.0, unfinished=0.0)
GAP = Effect("burnout", "employee", "executive", 0.25)


@pytest.fixture(scope="module")
def files(root: Path) -> list[Path]:
    return [root / "instruments" / f"{name}.yaml" for name in ("executive", "employee")]


@pytest.fixture(scope="module")
def instrument(files: list[Path]) -> Instrument:
    return tk.load_instruments(files)


def made(instrument: Instrument, **said: object) -> Rehearsal:
    given: dict[str, object] = {"n": {"executive": 50, "employee": 200}, "seed": 1}
    return rehearse(instrument, **(given | said))  # type: ignore[arg-type]


def top(rehearsal: Rehearsal, instrument: Instrument, name: str, *, reading: bool = True) -> pd.Series:
    frame = rehearsal.frame[(rehearsal.key["careless"] == "")] if reading else rehearsal.frame
    given = frame[frame[name].isin(instrument[name].codes)]
    codes = instrument[name].codes_of("top")
    return given[name].isin(codes).groupby(given["audience"], observed=True).mean()


def test_as_many_answer_as_were_asked_for_and_every_row_says_it_is_synthetic(
    instrument: Instrument,
) -> None:
    frame = made(instrument, careless=0.1).frame
    assert frame["audience"].value_counts().to_dict() == {"employee": 200, "executive": 50}
    assert frame.attrs["synthetic"] is True
    assert set(frame["organisation"]) == set(frame["source"]) == {"synthetic"}
    assert frame["respondent"].is_unique


def test_the_same_seed_gives_the_same_answers_and_another_seed_others(instrument: Instrument) -> None:
    one, again, other = (made(instrument, seed=seed, careless=0.1) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.frame, again.frame)
    pd.testing.assert_frame_equal(one.key, again.key)
    assert not one.frame.equals(other.frame)


def test_an_effect_in_points_is_met_within_one_person(instrument: Instrument) -> None:
    shares = top(made(instrument, effects=[GAP], fieldwork=CLEAN), instrument, "burnout")
    assert shares["employee"] == pytest.approx(0.625, abs=1 / 200)
    assert shares["executive"] == pytest.approx(0.375, abs=1 / 50)


def test_an_effect_holds_among_those_who_read_whatever_the_others_do(instrument: Instrument) -> None:
    shares = top(made(instrument, effects=[GAP], fieldwork=CLEAN, careless=0.2), instrument, "burnout")
    assert shares["employee"] - shares["executive"] == pytest.approx(0.25, abs=1 / 160 + 1 / 40)


def test_a_standardised_effect_is_the_distance_of_the_leanings(instrument: Instrument) -> None:
    effect = Effect("burnout", "employee", "executive", 0.5, standardised=True)
    found = made(instrument, n={"executive": 5000, "employee": 5000}, effects=[effect], fieldwork=CLEAN)
    shares = top(found, instrument, "burnout")
    z = NormalDist().inv_cdf
    assert z(shares["employee"]) - z(shares["executive"]) == pytest.approx(0.5, abs=0.002)


def test_an_effect_starts_from_a_margin_that_is_given(instrument: Instrument) -> None:
    margin = Share(item="burnout", audiences=("executive",), share={"top": 0.3})
    found = made(instrument, effects=[GAP], margins=[margin], fieldwork=CLEAN)
    shares = top(found, instrument, "burnout")
    assert shares["executive"] == pytest.approx(0.3, abs=1 / 50)
    assert shares["employee"] == pytest.approx(0.55, abs=1 / 200)


def test_an_effect_on_an_option_is_on_its_being_ticked_among_those_asked(instrument: Instrument) -> None:
    effect = Effect("aiways_rev", "employee", "executive", 0.3)
    frame = made(instrument, effects=[effect], fieldwork=CLEAN).frame
    frame = frame[frame["aiways_rev"].isin(["0", "1"])]
    ticked = (frame["aiways_rev"] == "1").groupby(frame["audience"], observed=True).agg(["mean", "size"])
    slack = 1 / ticked["size"].min()
    assert ticked.loc["employee", "mean"] - ticked.loc["executive", "mean"] == pytest.approx(0.3, abs=slack)


def test_routing_holds_for_everybody(instrument: Instrument) -> None:
    frame = made(instrument, careless=0.5).frame
    for variable in instrument.variables:
        if variable.kind in ("single", "option"):
            shown = asked(frame, variable, instrument)
            given = frame[variable.name].isin(variable.codes).to_numpy()
            assert not (given & ~shown).any(), variable.name
            theirs = frame["audience"].isin(variable.audiences).to_numpy()
            assert (frame[variable.name] == "-5").to_numpy()[~theirs].all()
            assert (frame[variable.name] == "-4").to_numpy()[theirs & ~shown].all()


@settings(
    max_examples=examples(12),
    suppress_health_check=list(HealthCheck),
    phases=(Phase.reuse, Phase.generate),  # a failing questionnaire is small enough as it is
)
@given(instruments(most_items=5))
def test_any_questionnaire_can_be_rehearsed_and_its_routing_holds(instrument: Instrument) -> None:
    frame = rehearse(instrument, dict.fromkeys(instrument.audiences, 12), seed=1, careless=0.5).frame
    assert len(frame) == 12 * len(instrument.audiences)
    for variable in instrument.variables:
        shown = asked(frame, variable, instrument)
        column = frame[variable.name]
        given_answer = column.isin(variable.codes) if variable.codes else column.notna()
        assert not (given_answer.to_numpy() & ~shown).any()
        if variable.kind == "number":
            low, high = variable.item.minimum or 0.0, variable.item.maximum
            assert column.dropna().between(low, np.inf if high is None else high).all()


def test_a_multi_select_never_has_an_exclusive_option_beside_another(instrument: Instrument) -> None:
    frame = made(instrument, careless=1.0).frame
    others = [v.name for v in instrument.of_item("aiways") if v.option and not v.option.exclusive]
    both = (frame["aiways_none"] == "1") & (frame[others] == "1").any(axis=1)
    asked_it = frame["aiways_none"].isin(["0", "1"])
    assert not both.any()
    assert ((frame["aiways_none"] == "1") | (frame[others] == "1").any(axis=1))[asked_it].all()


def test_the_careless_share_is_met_and_stands_in_the_key_alone(instrument: Instrument) -> None:
    found = made(instrument, careless=0.1)
    careless = found.key["careless"] != ""
    assert careless.groupby(found.key["audience"], observed=True).sum().to_dict() == {
        "executive": 5,
        "employee": 20,
    }
    assert set(found.key.loc[careless, "careless"]) == {"straight", "random"}
    assert found.frame["respondent"].tolist() == found.key["respondent"].tolist()
    assert list(found.frame.columns) == list(made(instrument).frame.columns)
    assert found.frame["source"].nunique() == found.frame["status"].nunique() == 1
    places = np.flatnonzero(careless.to_numpy())
    assert places.min() < 50  # nor does their place tell
    assert places.max() > 200


def test_straight_people_take_one_place_of_every_scale(instrument: Instrument) -> None:
    found = made(instrument, careless=0.4)
    straight = found.frame[found.key["careless"] == "straight"]
    names = [v.name for v in instrument.variables if v.item.scale == "agree5" and not v.item.ask_if]
    names = [name for name in names if "employee" in instrument[name].audiences]
    theirs = straight.loc[straight["audience"] == "employee", names]
    assert len(names) > 5
    assert (theirs.astype(str).nunique(axis=1) == 1).all()


def test_the_careless_are_longer_strings_than_the_rest(instrument: Instrument) -> None:
    found = made(instrument, careless=0.4)
    names = [v.name for v in instrument.variables if v.item.scale == "agree5" and not v.item.ask_if]
    theirs = found.frame["audience"] == "employee"
    spread = found.frame.loc[theirs, names].astype(str).nunique(axis=1)
    by = spread.groupby(found.key.loc[theirs, "careless"]).mean()
    assert by["straight"] < by[""] < by["random"] + 1


def test_everything_wrong_is_said_at_once(instrument: Instrument) -> None:
    effects = [
        Effect("burnou", "employee", "executive", 0.2),
        Effect("burnout", "employee", "executive", 1.5),
        Effect("burnout", "employee", "employee", 0.1),
        Effect("country", "employee", "executive", 0.1),
    ]
    with pytest.raises(InvalidInput) as told:
        rehearse(instrument, {"execu": 5, "employee": -1}, seed=-1, effects=effects, careless=2.0)
    said = str(told.value)
    assert len(told.value.problems) == 8
    for words in ("'executive'", "below 0", "did you mean 'burnout'", "1.25 and -0.25", "no gap to itself"):
        assert words in said
    assert "no top box" in said


def test_an_effect_that_contradicts_two_margins_is_refused(instrument: Instrument) -> None:
    margins = [Share(item="burnout", audiences=("executive", "employee"), share={"top": 0.5})]
    with pytest.raises(InvalidInput, check=problem("conflict", "effect burnout, employee and executive")):
        made(instrument, effects=[GAP], margins=margins)


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("burnout=employee-executive:0.2", Effect("burnout", "employee", "executive", 0.2)),
        ("country:US=a-b:-.1", Effect("country", "a", "b", -0.1, code="US")),
        ("grid_a=a-b:0.5d", Effect("grid_a", "a", "b", 0.5, standardised=True)),
    ],
)
def test_an_effect_is_read_as_it_is_written(text: str, effect: Effect) -> None:
    assert parse_effect(text) == effect


@pytest.mark.parametrize("text", ["burnout", "burnout=0.2", "burnout=a-b", "burnout=a-b:20%", "=a-b:1"])
def test_an_effect_that_cannot_be_read_is_told_how_to_write(text: str) -> None:
    with pytest.raises(InvalidInput, match="write ITEM=employee-executive"):
        parse_effect(text)


def test_the_command_writes_answers_and_the_key_apart(
    files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "dry.csv"
    said = ["simulate", *map(str, files), "--n", "executive=20,employee=40", "--careless", "0.1"]
    said += ["--effect", "burnout=employee-executive:0.2", "--seed", "7", "--out", str(out)]
    assert main(said) == 0
    assert "SYNTHETIC" in capsys.readouterr().out
    frame = pd.read_csv(out, dtype=str)
    key = pd.read_csv(tmp_path / "dry.careless_key.csv", dtype=str)
    assert len(frame) == len(key) == 60
    assert key["careless"].notna().sum() == 6
    assert "careless" not in out.read_text("utf-8-sig")
    first = out.read_bytes()
    assert main(said) == 0
    assert out.read_bytes() == first


def test_an_export_of_a_platform_reads_back_to_the_same_codes(
    files: list[Path], instrument: Instrument, tmp_path: Path
) -> None:
    out, back = tmp_path / "dry.csv", tmp_path / "back.csv"
    plain = tmp_path / "coded.csv"
    said = [*map(str, files), "--n", "executive=20,employee=40", "--careless", "0.1"]
    assert main(["simulate", *said, "--as", "limesurvey", "--out", str(out)]) == 0
    assert main(["simulate", *said, "--out", str(plain)]) == 0
    read = ["read", str(out), "--platform", "limesurvey", "--out", str(back), "--instrument"]
    assert main([*read, *map(str, files)]) == 0
    ours, theirs = (pd.read_csv(path, dtype=str, keep_default_na=False) for path in (plain, back))
    for variable in instrument.variables:
        if variable.kind == "single":
            assert ours[variable.name].astype(str).tolist() == theirs[variable.name].astype(str).tolist()


def test_what_is_only_for_questionnaires_is_refused_with_a_simulation_file(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = str(root / "data_samples" / "ai_at_work" / "simulation.yaml")
    assert main(["simulate", spec, "--out", str(tmp_path), "--n", "employee=5", "--careless", "0.1"]) == 2
    told = capsys.readouterr().err
    assert "--n: is for questionnaires" in told
    assert "--careless: is for questionnaires" in told
    assert list(tmp_path.iterdir()) == []


def test_everything_wrong_on_the_command_line_is_said_at_once(
    files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ["simulate", *map(str, files), "--n", "employee=x,employee=5,employee=6", "--effect", "foo"]
    assert main([*said, "--out", str(tmp_path / "dry.txt")]) == 2
    told = capsys.readouterr().err
    for words in ("4 problem(s)", "--out", "--n employee=x", "given twice", "foo: cannot be read"):
        assert words in told
