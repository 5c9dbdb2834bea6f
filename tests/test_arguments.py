"""Arguments of the wrong kind: told by name, every one at once, and never a bare Python error."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import product
from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import toolkit
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit import weighting
from toolkit.analysis import Design
from toolkit.arguments import Numbers, typed
from toolkit.errors import InvalidInput, ToolkitError

PUBLIC = [
    pytest.param(getattr(home, name), id=name)
    for home in (tk, weighting)
    for name in home.__all__
    if inspect.isfunction(getattr(home, name))
]


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    audience = pd.Categorical(["x"] * 10 + ["y"] * 20)
    return pd.DataFrame(
        {"b": rng.integers(0, 2, 30) * 1.0, "audience": audience, "w": 1.5, "s": list("pq") * 15}
    )


@pytest.mark.parametrize("function", PUBLIC)
@pytest.mark.parametrize("odd", [object(), 1j, lambda: None])
def test_every_public_function_says_what_it_wanted_instead(function: Any, odd: Any) -> None:
    first = next(iter(inspect.signature(function).parameters))
    needed = {
        name: odd
        for name, one in inspect.signature(function).parameters.items()
        if one.default is inspect.Parameter.empty
    }
    with pytest.raises(InvalidInput) as told:
        function(**needed or {first: odd})
    assert told.value.problems


def test_every_wrong_argument_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as told:
        tk.gaps([1], "b", between=3, level="95", design="w")
    assert [problem.where for problem in told.value.problems] == ["frame", "between", "level", "design"]


def test_numbers_of_any_make_are_numbers() -> None:
    frame = _frame()
    once = tk.means(frame, "b", level=0.9)["conf_low"][0]
    assert tk.means(frame, "b", level=np.float32(0.9))["conf_low"][0] == pytest.approx(once)
    assert tk.miettinen_nurminen(np.int64(3), 5, np.array([2]), pd.Series([6])).estimate[0] == pytest.approx(
        3 / 5 - 2 / 6
    )


@pytest.mark.parametrize("value", ["5", True, np.True_, None, 5.5, np.float64(5.5), [5], 1j])
def test_whole_numbers_are_neither_texts_nor_truths_nor_fractions(value: Any) -> None:
    @typed
    def doubled(count: int) -> int:
        return count * 2

    with pytest.raises(InvalidInput, check=problem("wrong-type", "count")):
        doubled(value)
    for whole in (5, 5.0, np.int8(5), np.float32(5), Fraction(5)):
        assert doubled(whole) == 10


def test_texts_truths_and_choices_are_taken_as_they_are() -> None:
    @typed
    def asked(name: str, exact: bool, side: Literal["less", "greater"], pair: tuple[float, float]) -> str:
        return name

    assert asked(np.str_("a"), np.True_, "less", [np.float32(1), 2]) == "a"
    with pytest.raises(InvalidInput) as told:
        asked(5, 1, "more", (1, "2"))
    assert [problem.where for problem in told.value.problems] == ["name", "exact", "side", "pair"]
    assert "'less' or 'greater'" in told.value.problems[2].hint


def test_arguments_are_passed_on_untouched_and_iterators_unread() -> None:
    @typed
    def same(frame: pd.DataFrame, values: Numbers, rows: Iterable[str], of: Mapping[str, int] | None) -> Any:
        return frame, values, rows, of

    given = (_frame(), pd.Series([1, 2]), (name for name in "ab"), {"a": 1})
    assert all(one is other for one, other in zip(same(*given), given, strict=True))
    assert list(given[2]) == ["a", "b"]
    with pytest.raises(InvalidInput, check=problem("wrong-type", "rows")):
        same(_frame(), 1, 5, None)


def test_a_call_within_a_call_is_checked_too() -> None:
    with pytest.raises(InvalidInput, check=problem("wrong-type", "level")):
        tk.pool_frames([_frame(), _frame()], lambda frame: tk.estimate(frame, "b", level="95"))


def test_annotations_are_checked_without_importing_pydantic_first() -> None:
    code = "import sys, toolkit, toolkit.arguments; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda f: tk.miettinen_nurminen(1, 3, 2, 4, level=95), problem("out-of-range", "level")),
        (lambda f: tk.miettinen_nurminen("1", 3, 2, 4), problem("wrong-type", "x1")),
        (lambda f: tk.miettinen_nurminen(1, np.inf, 2, 4), problem("out-of-range", "n1")),
        (lambda f: tk.weighted_quantile([1, 2], [-1, 2], 0.5), problem("not-finite", "weights")),
        (lambda f: tk.weighted_quantile([1], [1, 2], 0.5), problem("unequal-length", "weights")),
        (lambda f: tk.quantiles(f, "b", ["a"]), problem("out-of-range", "probabilities")),
        (lambda f: tk.cramers_v([[1], [1, 2]]), problem("wrong-type", "table")),
        (lambda f: tk.equivalence(0.1, 0.1, margin="a"), problem("wrong-type", "margin")),
        (lambda f: tk.goodness_of_fit(f, "s", {"p": "a", "q": 1}), problem("out-of-range", "share of 'p'")),
        (lambda f: tk.margin_of_error(np.nan), problem("out-of-range", "n")),
        (lambda f: Design(df=None), problem("unknown-option", "df")),
        (lambda f: Design(strata=4), problem("wrong-type", "column 4")),
        (lambda f: weighting.rake(f, {"s": {"p": 0.4, "q": 0.5}}), problem("wrong-sum", "margin s")),
        (lambda f: weighting.poststratify(f, {"s": {"p": 0.4, "q": 0.5}}), problem("wrong-sum", "margin s")),
        (lambda f: weighting.rake(f, {"s": [1, 2]}), problem("wrong-type", "margins")),
        (
            lambda f: weighting.rake(f, {"s": {"p": "x", "q": 2}}),
            problem("out-of-range", "margin s, category 'p'"),
        ),
        (
            lambda f: weighting.rake(f, {"s": {"p": 1, "q": 1}}, max_iterations=0),
            problem("out-of-range", "max_iterations"),
        ),
        (
            lambda f: weighting.rake(f, {"s": {"p": 1, "q": 1}}, tolerance=-1),
            problem("out-of-range", "tolerance"),
        ),
        (lambda f: weighting.diagnose(3), problem("wrong-type", "weights")),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_frame())


@pytest.mark.parametrize("call", [tk.gaps, tk.rank_gap])
def test_a_person_in_two_audiences_is_refused(call: Any) -> None:
    frame = _frame().assign(respondent=[f"r{at}" for at in range(29)] + ["r3"])
    with pytest.raises(InvalidInput, check=problem("duplicate-id", "respondent 'r3'")):
        call(frame, "b", between="audience", measure="mean") if call is tk.gaps else call(
            frame, "b", between="audience"
        )
    # the same person in another wave is no overlap
    waves = frame.assign(wave=["2024"] * 29 + ["2025"])
    assert len(tk.gaps(waves, "b", between="audience", measure="mean")) == 1


def test_the_detectable_gap_is_at_the_level_of_the_interval() -> None:
    wide, narrow = (
        tk.gaps(_frame(), "b", between="audience", measure="mean", level=level)["minimum_detectable_gap"][0]
        for level in (0.99, 0.8)
    )
    assert wide == pytest.approx(tk.minimum_detectable_gap(10, 20, alpha=0.01))
    assert narrow == pytest.approx(tk.minimum_detectable_gap(10, 20, alpha=0.2))


# --- every public name, called as its docstring shows and with one argument odd

ODD = [None, -1.5, True, "nonsense", b"x", [], [1, "a"], {"a": 1}, pd.DataFrame({"a": [1, 2]})]
ODD += [pd.Series(["x"]), np.array([1.0, np.nan]), object(), pd.NA, iter([1])]
WRITES = {"run_reports", "simulate"}
"""Functions that write files."""
CONTINUED = {
    "alpha", "beliefs", "benchmark_dots", "checklist", "codebook", "description_of", "diverging_bars",
    "explore", "fit", "gap_dumbbell", "labels", "open_report", "organisation_funnel",
    "ranked_options", "save_table", "share_dots", "theme_multiples", "visible_gap_strip",
    "wave_change", "wave_slope",
}  # fmt: skip
"""Their examples take names of other examples, or are written under another name."""


def _shown_call(name: str) -> inspect.BoundArguments | None:
    """Return the first call of a function in its docstring."""
    function = getattr(toolkit, name)
    module = sys.modules[function.__module__]
    calls: list[inspect.BoundArguments] = []

    def record(*args: Any, **kwargs: Any) -> Any:
        calls.append(inspect.signature(function).bind(*args, **kwargs))
        return function(*args, **kwargs)

    for test in doctest.DocTestFinder(recurse=False).find(function, name, module=module):
        test.globs = {**vars(module), "tk": toolkit, "pd": pd, "np": np, name: record}
        doctest.DocTestRunner().run(test, out=lambda _: None, clear_globs=False)
    return calls[0] if calls else None


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name",
    sorted(
        one for one in set(toolkit.__all__) - WRITES - CONTINUED if inspect.isfunction(getattr(toolkit, one))
    ),
)
def test_an_odd_argument_of_a_public_function_is_never_a_bare_error(name: str) -> None:
    function = getattr(toolkit, name)
    call = _shown_call(name)
    assert call is not None, "its example needs more than the names of its module: put it into CONTINUED"
    bare = []
    for argument, odd in product(inspect.signature(function).parameters.values(), ODD):
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
            continue
        given = inspect.signature(function).bind(*call.args, **call.kwargs)
        given.arguments[argument.name] = odd
        try:
            function(*given.args, **given.kwargs)
        except ToolkitError:
            continue
        except Exception as error:  # noqa: BLE001 - whatever it is, users would see it
            bare.append((argument.name, odd, repr(error)))
        finally:
            plt.close("all")
    assert not bare
