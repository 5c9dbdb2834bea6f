"""Rankings: a rank per option, however a platform writes them.

1. LimeSurvey's columns by rank, joined lists, and a column per option come to the same frame.
2. Where only some are to be ranked, what is left out is "no"; else it has no answer.
3. Unknown and repeated options are refused by name.
4. What is simulated or exported comes back; shares ranked first sum to 1.
5. The gate lets no option be told by the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.platforms.test_preview import engine_says
from tests.refusals import Refusal, problem
from toolkit.analysis import means, proportions
from toolkit.disclosure import Policy, release
from toolkit.errors import InvalidInput
from toolkit.instrument import Instrument, load_instrument
from toolkit.platforms import AnswersFile, export, read_answers
from toolkit.responses import decode
from toolkit.simulation.exports import limesurvey_export
from toolkit.simulation.run import rehearse

Make = Callable[..., Instrument]
OPTIONS = {"pay": "Pay", "time": "Time, off work", "team": "The team"}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make an instrument that asks for a ranking of three, and a yes or no of those who ranked."""

    def made(**more: Any) -> Instrument:
        plain = {"theme": "t", "source": {"origin": "own"}, "text": {"all": {"en": "Q?"}}}
        options = [{"code": code, "label": {"en": label}} for code, label in OPTIONS.items()]
        yes = [{"code": code, "label": {"en": code}} for code in ("y", "n")]
        held = {
            "id": "ranks",
            "version": "1",
            "title": {"en": "Ranks"},
            "languages": ["en"],
            "audiences": {"staff": {"code": "st", "label": {"en": "Staff"}, "plural": {"en": "Staff"}}},
            "themes": {"t": {"en": "Theme"}},
            "sections": [{"id": "s", "title": {"en": "S"}, "items": ["best", "sure"]}],
            "items": [
                {"id": "best", "type": "ranking", "options": options, **plain, **more},
                {"id": "sure", "type": "single", "options": yes, "ask_if": "answered(best)", **plain},
            ],
        }
        path = tmp_path / "ranks.yaml"
        path.write_text(json.dumps(held), "utf-8")
        return load_instrument(path)

    return made


def _read(folder: Path, instrument: Instrument, text: str, platform: str, **entry: Any) -> pd.DataFrame:
    (folder / "a.csv").write_text(text, "utf-8")
    if "mapping" not in entry:
        entry = {"organisation_column": None, "audience": "staff"} | entry
    told = AnswersFile(wave="1", platform=platform, file="a.csv", **entry)  # type: ignore[arg-type]
    return decode(read_answers(folder / "a.csv", instrument, entry=told), instrument).coded


def _ranks(frame: pd.DataFrame) -> list[list[str]]:
    return frame[["best_pay", "best_time", "best_team"]].astype(str).values.tolist()


MAPPED = {"organisation": "org", "audience": [{"audience": "staff"}]}


@pytest.mark.parametrize("most", [None, 2])
def test_every_shape_comes_to_one_rank_per_option(make: Make, tmp_path: Path, most: int | None) -> None:
    """Requirements 1 and 2."""
    instrument = make() if most is None else make(maximum=most)
    third = "team" if most is None else ""
    lime = (
        "id;submitdate;best[1];best[2];best[3];sure\n"
        f"1;2026-01-01;time;pay;{third};y\n2;2026-01-01;team;;;n\n3;2026-01-01;;;;\n"
    )
    last = "3" if most is None else "no"
    open_ = "-3" if most is None else "no"
    expected = [["2", "1", last], [open_, open_, "1"]]
    assert (
        _ranks(_read(tmp_path, instrument, lime, "limesurvey")) == expected
    )  # the third said nothing at all
    label = "; The team" if most is None else ""
    joined = f'org,best,sure\na,"Time, off work;Pay{label.replace("; ", ";")}",y\na,The team;,n\n'
    where = {"best": {"column": "best", "separator": ";"}, "sure": {"column": "sure"}}
    assert (
        _ranks(_read(tmp_path, instrument, joined, "table", mapping={**MAPPED, "items": where})) == expected
    )
    commas = joined.replace("The team;,n", "The team,n").replace(";", ",")
    where = {"best": {"column": "best", "separator": ","}, "sure": {"column": "sure"}}
    assert (
        _ranks(_read(tmp_path, instrument, commas, "table", mapping={**MAPPED, "items": where})) == expected
    )
    odk = f"_id,best,sure\n1,time pay {third},y\n2,team,n\n".replace(" ,", ",")
    assert _ranks(_read(tmp_path, instrument, odk, "odk")) == expected
    mine = {"pay": "p", "time": "t", "team": "m"}
    where = {"best": {"columns": mine}, "sure": {"column": "sure"}}
    table = f"org,p,t,m,sure\na,2,1,{'3' if most is None else ''},y\na,,,1,n\n"
    assert _ranks(_read(tmp_path, instrument, table, "table", mapping={**MAPPED, "items": where})) == expected


@pytest.mark.parametrize(
    ("cell", "refusal"),
    [
        ("pay,beer", problem("unknown-answer", "column best, row 2")),
        ("pay,pay", problem("duplicate", "column best, row 2")),
    ],
)
def test_what_cannot_be_ranked_is_refused(make: Make, tmp_path: Path, cell: str, refusal: Refusal) -> None:
    """Requirement 3."""
    where = {"best": {"column": "best", "separator": ","}, "sure": {"column": "sure"}}
    with pytest.raises(InvalidInput, check=refusal):
        _read(tmp_path, make(), f'org,best,sure\na,"{cell}",y\n', "table", mapping={**MAPPED, "items": where})


@pytest.mark.parametrize("most", [None, 2])
@pytest.mark.parametrize("answers", ["codes", "full"])
def test_limesurvey_round_trip(make: Make, tmp_path: Path, answers: Any, most: int | None) -> None:
    """Requirement 4, by manifest."""
    instrument = make() if most is None else make(maximum=most)
    people = rehearse(instrument, {"staff": 60}, seed=2).frame
    people = people[people["best_pay"] != "-3"].reset_index(drop=True)
    assert len(people) > 40
    firsts = (people[["best_pay", "best_time", "best_team"]] == "1").sum(axis=1)
    assert (firsts == 1).all()
    written = export(instrument, "limesurvey", tmp_path)
    lines = pd.read_csv(written[0], sep="\t", dtype=str, keep_default_na=False)
    asked = lines[lines["class"] == "Q"].set_index("name")
    assert asked.loc["best", "type/scale"] == "R"
    assert asked.loc["sure", "relevance"] == "!is_empty(best_1.NAOK)"
    assert most is None or asked.loc["best", "max_answers"] == "2"
    days = {"opens": "2026-01-01", "closes": "2026-01-31"}
    data = limesurvey_export(people, instrument, answers=answers, seed=1, **days).decode("utf-8-sig")
    told = {"manifest": str(written[1]), "organisation_column": "organisation"}
    back = _read(tmp_path, instrument, data, "limesurvey", **told)
    assert _ranks(back) == _ranks(people)


def test_other_questionnaires_hold_the_ranking(make: Make, tmp_path: Path) -> None:
    """Requirement 4."""
    instrument = make()
    survey = json.loads(export(instrument, "surveyjs", tmp_path / "s")[0].read_text("utf-8"))
    assert survey["pages"][0]["elements"][0]["type"] == "ranking"
    sheet = pd.read_excel(export(instrument, "xlsform", tmp_path / "x")[0], sheet_name="survey", dtype=str)
    assert "rank list_best" in sheet["type"].tolist()
    with pytest.raises(InvalidInput, check=problem("unsupported", "item best")):
        export(make(maximum=2), "xlsform", tmp_path / "y")
    with pytest.raises(InvalidInput, check=problem("unsupported", "item best")):
        export(instrument, "qualtrics", tmp_path / "q")
    qsf = json.loads(export(instrument, "qualtrics", tmp_path / "q", layout="qsf")[0].read_text("utf-8"))
    kinds = [one["Payload"]["QuestionType"] for one in qsf["SurveyElements"] if one["Element"] == "SQ"]
    assert kinds == ["RO", "MC"]
    (found,) = engine_says([(instrument, ["staff"], [{"best": {"pay": "2", "time": "1"}, "sure": "y"}])])
    export(instrument, "preview", tmp_path)
    told = {"manifest": str(tmp_path / "ranks.manifest.json"), "keep_tests": True}
    frame = _read(tmp_path, instrument, found["table"].removeprefix("\ufeff"), "preview", **told)
    assert _ranks(frame) == [["2", "1", "-3"]]


def test_surveyjs_answers_are_read_in_their_order(make: Make, tmp_path: Path) -> None:
    """Requirement 1: a list of codes."""
    text = json.dumps([{"audience": "st", "best": ["team", "pay", "time"], "sure": "y"}])
    assert _ranks(_read(tmp_path, make(), text, "surveyjs")) == [["2", "3", "1"]]


def test_shares_and_mean_ranks(make: Make) -> None:
    """Requirement 4: by pandas; where not all are ranked there is no mean."""
    instrument = make()
    frame = rehearse(instrument, {"staff": 80}, seed=4).frame
    variables = list(instrument.of_item("best"))
    first = proportions(frame, variables, measure="top").set_index("item")["estimate"]
    assert first.sum() == pytest.approx(1)
    answered = frame["best_pay"].isin(["1", "2", "3"])
    assert first["best_pay"] == pytest.approx((frame.loc[answered, "best_pay"] == "1").mean())
    ranks = means(frame, variables).set_index("item")["estimate"]
    assert ranks.sum() == pytest.approx(6)
    assert ranks["best_time"] == pytest.approx(
        frame.loc[answered, "best_time"].astype(str).astype(int).mean()
    )
    assert make(maximum=2)["best_pay"].values() is None


def test_no_option_is_told_by_the_others(make: Make) -> None:
    """Requirement 5: what is masked of one option is not one less what is told of the others."""
    instrument = make()
    variables = list(instrument.of_item("best"))
    rng = np.random.default_rng(1)
    orders = [
        ("pay", "time", "team"),
        ("time", "pay", "team"),
        ("team", "pay", "time"),
        ("pay", "team", "time"),
    ]
    hidden = shown = 0
    for _ in range(40):
        drawn = rng.choice(4, 20, p=rng.dirichlet([0.5, 0.5, 0.2, 0.5]))
        ranks = [{code: str(orders[one].index(code) + 1) for code in OPTIONS} for one in drawn]
        frame = pd.DataFrame({f"best_{code}": [one[code] for one in ranks] for code in OPTIONS})
        frame = frame.astype(
            {v.name: pd.CategoricalDtype(list(v.categories), ordered=True) for v in variables}
        )
        frame["audience"] = pd.Categorical(["staff"] * 20)
        tables = {
            "distributions": proportions(frame, variables, by="audience"),
            "shares": proportions(frame, variables, by="audience", measure="top"),
            "means": means(frame, variables, by="audience"),
        }
        released = release(tables, Policy(), instrument=instrument)
        for _, cells in released["distributions"].groupby("response"):
            assert cells["shown"].nunique() == 1
        assert released["means"]["shown"].nunique() == 1
        firsts = released["shares"]
        masked = firsts[firsts["shown"] & (firsts["bound"] != "")]
        upper = np.where(firsts["bound"] == ">=", 1.0, firsts["estimate"])
        lower = np.where(firsts["bound"] == "<=", 0.0, firsts["estimate"])
        for place in masked.index:
            others = firsts.index != place
            assert 1 - lower[others].sum() >= upper[place] - 1e-9
            assert 1 - upper[others].sum() <= lower[place] + 1e-9
        hidden += not firsts["shown"].all()
        shown += bool(firsts["shown"].all())
    assert hidden > 3
    assert shown > 3
