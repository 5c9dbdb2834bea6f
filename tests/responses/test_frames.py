"""Frames handed out give the right answer under plain pandas, seaborn, pingouin and statsmodels.

1. Without being asked, missing answers are NaN: no library can take a reason for an answer.
2. The reasons, asked for, survive everything a frame goes through.
3. Estimators return the same rows for every form of a frame.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pingouin as pg
import pytest
import seaborn as sns
import statsmodels.formula.api as smf
from matplotlib.figure import Figure
from scipy import stats

import toolkit as tk
from tests.refusals import needs_parquet
from toolkit.instrument import Instrument, asked
from toolkit.instrument.model import MISSING
from toolkit.study import Study

mpl.use("Agg")


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return tk.load_study(root / "data_samples" / "ai_at_work" / "study.yaml")


@pytest.fixture(scope="module")
def answers(study: Study) -> pd.DataFrame:
    return study.responses()


@pytest.fixture(scope="module")
def forms(study: Study) -> tuple[pd.DataFrame, ...]:
    """The answers with missing ones as NaN, with reasons beside them and coded."""
    return tuple(study.responses(missing=form) for form in ("nan", "reasons", "codes"))


@pytest.fixture(scope="module")
def rows(study: Study) -> list[dict[str, str]]:
    """The coded answers as text: what each test counts again by hand."""
    coded = study.responses(missing="codes")
    return coded.astype("object").to_dict("records")


def _numbers(rows: list[dict[str, str]], item: str, **where: str) -> list[float]:
    kept = (row for row in rows if all(row[name] == value for name, value in where.items()))
    return [float(row[item]) for row in kept if row[item] not in MISSING]


def test_pandas_counts_answers_alone(answers: pd.DataFrame, rows: list[dict[str, str]]) -> None:
    held = _numbers(rows, "burnout")
    assert len(held) < len(rows)
    assert answers["burnout"].astype(float).mean() == pytest.approx(sum(held) / len(held))
    for observed in (True, False):
        groups = answers.groupby("tenure", observed=observed).size()
        assert groups.index.tolist() == ["1", "2", "3", "4"]
        for tenure, count in groups.items():
            assert count == len([row for row in rows if row["tenure"] == tenure])
    for name in answers.select_dtypes("category"):
        assert not set(MISSING) & set(answers[name].cat.categories), name
    assert answers["burnout"].max() == "5"


def test_options_are_shares_of_those_who_answered(
    study: Study, answers: pd.DataFrame, rows: list[dict[str, str]]
) -> None:
    held = _numbers(rows, "aiways_rev")
    assert answers["aiways_rev"].astype(float).mean() == pytest.approx(np.mean(held))
    ticked = tk.ticks(answers, study.instrument["aiways"])
    assert set(ticked.dtypes.astype(str)) == {"boolean"}
    assert ticked["aiways_rev"].mean() == pytest.approx(np.mean(held))
    assert ticked.isna().all(axis=1).sum() == len(rows) - len(held)


def test_seaborn_draws_no_reason(answers: pd.DataFrame, rows: list[dict[str, str]]) -> None:
    ax = sns.countplot(answers, x="tenure", ax=Figure().subplots())
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "3", "4"]
    heights = [bar.get_height() for bar in ax.patches]
    assert heights == [sum(row["tenure"] == code for row in rows) for code in "1234"]


def test_pingouin_compares_groups_of_answers(answers: pd.DataFrame, rows: list[dict[str, str]]) -> None:
    found = pg.anova(answers.assign(**tk.numbers(answers, "burnout")), dv="burnout", between="tenure")
    groups = [_numbers(rows, "burnout", tenure=code) for code in "1234"]
    by_hand = stats.f_oneway(*groups)
    assert found["F"].iloc[0] == pytest.approx(by_hand.statistic)
    assert found["p_unc"].iloc[0] == pytest.approx(by_hand.pvalue)
    assert found["ddof2"].iloc[0] == sum(map(len, groups)) - 4


def test_statsmodels_fits_answers(answers: pd.DataFrame, rows: list[dict[str, str]]) -> None:
    frame = answers.assign(burnout=answers["burnout"].astype(float))
    fitted = smf.ols("burnout ~ C(tenure)", frame).fit()
    means = [np.mean(_numbers(rows, "burnout", tenure=code)) for code in "1234"]
    assert fitted.params.tolist() == pytest.approx([means[0], *(one - means[0] for one in means[1:])])
    assert fitted.nobs == sum(len(_numbers(rows, "burnout", tenure=code)) for code in "1234")


def _parquet(frame: pd.DataFrame) -> pd.DataFrame:
    held = io.BytesIO()
    frame.to_parquet(held)
    return pd.read_parquet(held)


@pytest.mark.parametrize(
    "step",
    [
        lambda frame: frame[frame["audience"] != "freelancer"],
        lambda frame: frame.sort_values("burnout").reset_index(drop=True),
        lambda frame: pd.concat([frame.iloc[:500], frame.iloc[500:]], ignore_index=True),
        lambda frame: frame.merge(
            pd.DataFrame({"organisation": ["org-01", "org-02"], "country_": ["x", "y"]})
        ),
        lambda frame: frame.set_index("respondent").sample(frac=0.5, random_state=1).reset_index(),
        lambda frame: pd.read_pickle(_pickled(frame)),
        pytest.param(_parquet, marks=needs_parquet),
    ],
    ids=["filter", "sort", "concat", "merge", "sample", "pickle", "parquet"],
)
def test_reasons_survive(study: Study, step: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    made = step(study.responses(missing="reasons"))
    coded = study.responses(missing="codes").set_index("respondent").loc[made["respondent"]]
    back = tk.coded(made).set_index("respondent")
    for name in ("burnout", "tenure", "aiways_rev", "country"):
        assert back[name].astype(str).tolist() == coded[name].astype(str).tolist()
        assert made[name].isna().tolist() == coded[name].isin(list(MISSING)).tolist()
        assert made[name].astype(object).dropna().isin(list(study.instrument[name].codes)).all()


def _pickled(frame: pd.DataFrame) -> io.BytesIO:
    held = io.BytesIO()
    frame.to_pickle(held, compression=None)
    held.seek(0)
    return held


def test_the_three_forms_hold_the_same(study: Study, forms: Sequence[pd.DataFrame]) -> None:
    bare, beside, coded = forms
    pd.testing.assert_frame_equal(tk.plain(coded), bare)
    pd.testing.assert_frame_equal(tk.coded(beside), coded)
    pd.testing.assert_frame_equal(beside[list(bare)], bare)
    pd.testing.assert_frame_equal(tk.plain(bare), bare)
    why = tk.reasons(coded, study.instrument)
    pd.testing.assert_frame_equal(tk.reasons(beside), why)
    assert tk.reasons(bare).empty
    # numbers and text have no codes: group and routing tell, and whoever answered has no reason
    assert (why["comment"] == "-5").sum() == (
        ~bare["audience"].isin(study.instrument["comment"].audiences)
    ).sum()
    assert (why["comment"].isna() == bare["comment"].notna()).all()


@pytest.mark.parametrize(
    "estimator",
    [
        lambda frame, items: tk.proportions(frame, items, by="audience"),
        lambda frame, items: tk.proportions(frame, items, by="tenure", measure="top"),
        lambda frame, items: tk.means(frame, items, by="audience"),
        lambda frame, items: tk.gaps(frame, items),
        lambda frame, items: tk.rank_gap(frame, [items["burnout"], items["wellcost"]]),
        lambda frame, items: tk.quantiles(frame, [items["burnout"]], by="audience"),
        lambda frame, items: tk.crosstab(frame, items["burnout"], items["tenure"]),
        lambda frame, items: tk.banner(frame, [items["burnout"]], "tenure", measure="top"),
        lambda frame, items: tk.nonresponse_bounds(frame, [items["burnout"]], population=9000),
        lambda frame, items: tk.organisation_shares(frame, [items["burnout"]]),
        lambda frame, items: tk.scale_scores(frame, [items["wellcost"], items["wellvalue"]]).to_frame(),
        lambda frame, items: tk.any_of(frame, items["aiways"]).to_frame(),
        lambda frame, items: tk.labels(frame, items),
        lambda frame, items: tk.numbers(frame, items),
        lambda frame, items: tk.coefficients(tk.ordinal_regression(frame, "burnout ~ audience")),
    ],
)
def test_estimators_take_every_form(
    study: Study,
    forms: Sequence[pd.DataFrame],
    estimator: Callable[[pd.DataFrame, Instrument], pd.DataFrame],
) -> None:
    bare, *others = (estimator(form, study.instrument) for form in forms)
    assert len(bare)
    for other in others:
        pd.testing.assert_frame_equal(other, bare, check_categorical=False)


def test_helpers_give_numbers_boxes_and_words(
    study: Study, answers: pd.DataFrame, rows: list[dict[str, str]]
) -> None:
    held = _numbers(rows, "burnout")
    assert tk.top_boxes(answers, study.instrument)["burnout"].mean() == pytest.approx(
        sum(one >= 4 for one in held) / len(held)
    )
    pd.testing.assert_frame_equal(
        tk.top_boxes(answers, ["burnout"], top=[4, 5]), tk.top_boxes(answers, study.instrument["burnout"])
    )
    words = tk.labels(answers, study.instrument, ["tenure", "audience", "aiways"], language="fr")
    assert words["tenure"].cat.categories[0] == "Moins d’un an"
    assert words["tenure"].cat.ordered
    assert set(words["audience"]) == {"Dirigeant(e)", "Salarié(e)", "Freelance"}
    assert words["aiways_rev"].value_counts()["Coché"] == sum(_numbers(rows, "aiways_rev"))
    numbers = tk.numbers(answers, study.instrument)
    assert numbers["burnout"].dtype == float
    # a researcher's own numbers are labelled alike
    own = tk.labels(numbers, study.instrument, ["burnout"])
    pd.testing.assert_frame_equal(own, tk.labels(answers, study.instrument, ["burnout"]))


@pytest.mark.parametrize(
    ("call", "places"),
    [
        (lambda a, s: tk.labels(a, s.instrument, ["tenur", "comment"]), ["column tenur", "column comment"]),
        (lambda a, s: tk.labels(a, s.instrument, language="de"), ["language"]),
        (lambda a, s: tk.numbers(a, ["burnuot", "country"]), ["column burnuot"]),
        (lambda a, s: tk.missing_summary(a, ["burnuot"], by="tenur"), ["column burnuot", "column tenur"]),
        (lambda a, s: tk.ticks(a, ["burnout"]), ["column burnout"]),
        (lambda a, s: s.responses(missing="none"), ["missing"]),
        (lambda a, s: tk.top_boxes(a, s.instrument, top=[4, 5]), ["top, bottom"]),
    ],
)
def test_names_that_are_not_there_are_refused(
    call: Callable[[pd.DataFrame, Study], object], places: list[str], answers: pd.DataFrame, study: Study
) -> None:
    with pytest.raises(tk.InvalidInput) as refused:
        call(answers, study)
    assert [problem.where for problem in refused.value.problems] == places


def test_missing_answers_are_counted_by_reason(study: Study, rows: list[dict[str, str]]) -> None:
    frame = study.responses(missing="reasons")
    found = tk.missing_summary(frame, study.instrument, by="audience").set_index(
        ["item", "audience", "reason"]
    )
    for name in ("burnout", "aiways_rev", "execrole"):
        for audience in study.instrument.audiences:
            group = [row[name] for row in rows if row["audience"] == audience]
            for code in {*MISSING} & {*group}:
                row = found.loc[(name, audience, code)]
                assert row["count"] == group.count(code)
                assert row["share"] == pytest.approx(group.count(code) / len(group))
                base = [one for one in group if one not in ("-4", "-5")]
                if code not in ("-4", "-5"):
                    assert row["share_of_asked"] == pytest.approx(group.count(code) / len(base))
                else:
                    assert np.isnan(row["share_of_asked"])
    sums = found.groupby(level=["item", "audience"], observed=True)
    assert (sums["count"].sum() == sums["n"].first()).all()
    coded = tk.missing_summary(study.responses(missing="codes"), ["burnout"])
    pd.testing.assert_frame_equal(tk.missing_summary(frame, ["burnout"]), coded)
    unknown = tk.missing_summary(study.responses(), ["burnout"]).set_index("reason")["count"]
    assert unknown["unknown"] == sum(row["burnout"] in MISSING for row in rows)


def test_simulated_and_decoded_answers_are_plain(tiny: Instrument) -> None:
    bare, coded = tk.simulate(tiny, seed=1), tk.simulate(tiny, seed=1, missing="codes")
    pd.testing.assert_frame_equal(bare, tk.plain(coded))
    assert bare.attrs == {"synthetic": True}
    with pytest.raises(tk.InvalidInput):
        tk.simulate(tiny, seed=1, missing="none")  # type: ignore[arg-type]


def test_an_answer_beside_its_reason_is_refused() -> None:
    frame = pd.DataFrame({"q": pd.Categorical(["1", "2"]), "q__missing": pd.Categorical([None, "-3"])})
    with pytest.raises(tk.InvalidInput) as refused:
        tk.coded(frame)
    assert refused.value.problems[0].where == "column q, row 2 (+0 more)"


def test_routing_is_followed_on_every_form(study: Study) -> None:
    forms = [study.responses(missing=form) for form in ("nan", "reasons", "codes")]
    routed = [one for one in study.instrument.variables if one.item.ask_if]
    assert routed
    for variable in routed:
        bases = [asked(frame, variable, study.instrument) for frame in forms]
        assert all((base == bases[-1]).all() for base in bases)


def test_routing_that_looks_at_a_reason_needs_the_reasons(study: Study) -> None:
    routed = next(one for one in study.instrument.variables if one.item.ask_if)
    item = routed.item.model_copy(update={"ask_if": "burnout == 98"})  # the code of "don't know" on screen
    items = tuple(item if one.id == item.id else one for one in study.instrument.items)
    instrument = study.instrument.model_copy(update={"items": items})
    bare, beside, coded = (study.responses(missing=form) for form in ("nan", "reasons", "codes"))
    base = asked(coded, routed.name, instrument)
    theirs = coded["audience"].isin(routed.audiences)
    assert base.tolist() == (theirs & (coded["burnout"] == "-1")).tolist()
    assert base.any()
    assert asked(beside, routed.name, instrument).tolist() == base.tolist()
    with pytest.raises(tk.InvalidInput) as refused:
        asked(bare, routed.name, instrument)
    assert [problem.where for problem in refused.value.problems] == ["column burnout"]
