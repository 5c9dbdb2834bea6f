"""Our answers to the cases that make_simple_oracles.R put to R."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.analysis import library
from toolkit import analysis as tk
from toolkit.analysis.contract import Test

Answer = list[tuple[str, Any, Any]]
"""What, ours, R's."""
_SIDES = {"two.sided": "two-sided"}
_METHODS = {"fdr": "BH"}


def _counts(args: dict[str, Any]) -> tuple[int, int, int, int]:
    return args["x1"], args["n1"], args["x2"], args["n2"]


def _side(args: dict[str, Any]) -> Any:
    return _SIDES.get(args["alternative"], args["alternative"])


def _told(found: Test, r: dict[str, Any], *what: str) -> Answer:
    """Whichever of R's parts are named."""
    ours = {
        "statistic": [found.statistic],
        "p": [found.p_value],
        "parameter": np.ravel([found.df]).tolist(),
        "estimate": [found.estimate],
        "ci": [found.conf_low, found.conf_high],
    }
    return [(name, ours[name], r[name]) for name in what]


def _prop_test(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    found = library.prop_test(*_counts(a), correct=a["correct"], level=a["level"])
    return _told(found, r, "statistic", "p", "ci")


def _fisher(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    if a["x1"] + a["x2"] in (0, a["n1"] + a["n2"]):  # one column is empty: R calls the odds ratio 0
        return _told(library.fisher_exact(*_counts(a), alternative=_side(a)), r, "p", "ci")
    return _told(library.fisher_exact(*_counts(a), alternative=_side(a)), r, "p", "estimate", "ci")


def _chisq(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    return _told(library.chi_square_2x2(*_counts(a), correct=True), r, "statistic", "p")


def _binom(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    found = library.exact_binomial_test(a["x"], a["n"], p=a["p"], alternative=_side(a), level=a["level"])
    return _told(found, r, "p", "estimate", "ci")


def _score(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    options: dict[str, Any] = {"p": a["p"], "alternative": _side(a), "level": a["level"]}
    found = library.score_test(a["x"], a["n"], correct=a["correct"], **options)
    # within half a person of the benchmark R corrects the interval by less, scipy by a half or not at all
    partly = a["correct"] and 0 < abs(a["x"] - a["n"] * a["p"]) < 0.5
    return _told(found, r, "statistic", "p", *(() if partly else ("ci",)))


def _wilcox(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    found = library.mann_whitney(a["a"], a["b"], exact=a["exact"], correct=a["correct"], level=0.9)
    return _told(found, r, "statistic", "p", *(("estimate", "ci") if a["exact"] else ()))


def _t(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    found = library.t_test(a["a"], a["b"], alternative=_side(a), equal_variances=a["equal"], level=a["level"])
    return _told(found, r, "statistic", "parameter", "p", "ci")


def _tukey(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    found = library.tukey(a["groups"], level=0.9)
    # R names the pairs b − a, in the same order
    return [
        ("difference", (-found["difference"]).tolist(), r["diff"]),
        ("limits", (-found["conf_high"]).tolist() + (-found["conf_low"]).tolist(), r["low"] + r["high"]),
        ("p", found["p_adjusted"].tolist(), r["p"]),
    ]


def _anova(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    found = library.anova(a["groups"])
    return [
        ("F", [found["statistic"][0], found["p_value"][0]], [r["f"], r["p"]]),
        ("squares", found["sum_squares"].tolist() + found["df"].tolist(), r["ss"] + r["df"]),
    ]


def _table(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    found = library.chi_square(a["table"])
    return [("test", [found.statistic, found.df, found.p_value], [*r["statistic"], *r["parameter"], *r["p"]])]


def _mantelhaen(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    found = tk.mantel_haenszel(a["tables"], correct=a["correct"], exact=a["exact"], level=0.9)
    return _told(found, r, *(() if a["exact"] else ("statistic",)), "p", "estimate", "ci")


def _power_t(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    kind: Any = a["kind"].replace(".", "-")
    found = library.power_t_test(a["delta"], sd=a["sd"], n=a["n"], kind=kind, alpha=0.1)
    return [("power", found.power, r["power"])]


def _power_prop(a: dict[str, Any], r: dict[str, Any]) -> Answer:
    side: Any = a["sided"]
    return [
        (
            "power",
            library.power_proportions(a["p1"], a["p2"], n=a["n"], alpha=0.01, alternative=side).power,
            r["power"],
        )
    ]


_KINDS: dict[str, Callable[[dict[str, Any], dict[str, Any]], Answer]] = {
    "prop_test": _prop_test,
    "fisher": _fisher,
    "chisq": _chisq,
    "binom": _binom,
    "score": _score,
    "mcnemar": lambda a, r: _told(library.mcnemar(a["table"], correct=a["correct"]), r, "statistic", "p"),
    "wilcox": _wilcox,
    "ks": lambda a, r: _told(library.kolmogorov_smirnov(a["a"], a["b"]), r, "statistic", "p"),
    "t": _t,
    "t_one": lambda a, r: _told(
        library.t_test(a["a"], mu=a["mu"], level=a["level"]),
        r,
        "statistic",
        "parameter",
        "p",
        "ci",
        "estimate",
    ),
    "t_paired": lambda a, r: _told(
        library.t_test(a["a"], a["b"], paired=True), r, "statistic", "parameter", "p", "ci"
    ),
    "wilcox_paired": lambda a, r: _told(library.wilcoxon_signed_rank(a["a"], a["b"]), r, "statistic", "p"),
    "cor": lambda a, r: _told(library.correlation(a["a"], a["b"], method=a["method"]), r, "p", "estimate"),
    "kruskal": lambda a, r: _told(library.kruskal(a["groups"]), r, "statistic", "parameter", "p"),
    "anova": _anova,
    "welch": lambda a, r: _told(library.welch_anova(a["groups"]), r, "statistic", "parameter", "p"),
    "bartlett": lambda a, r: _told(library.bartlett(a["groups"]), r, "statistic", "parameter", "p"),
    "tukey": _tukey,
    "friedman": lambda a, r: _told(library.friedman(a["table"]), r, "statistic", "parameter", "p"),
    "trend": lambda a, r: _told(library.trend_test(a["x"], a["n"]), r, "statistic", "p"),
    "table": _table,
    "fisher_table": lambda a, r: _told(tk.fisher_table(a["table"]), r, "p"),
    "mantelhaen": _mantelhaen,
    "adjust": lambda a, r: [
        (
            "p",
            tk.adjust_p(np.array(a["p"], dtype=float), _METHODS.get(a["method"], a["method"])).tolist(),
            r["p"],
        )
    ],
    "power_prop": _power_prop,
    "power_t": _power_t,
}


def answer(case: dict[str, Any]) -> Answer:
    """What we find and what R found, name by name."""
    args = {
        key: [np.nan if one == "NA" else one for one in value]
        if key == "p" and isinstance(value, list)
        else value
        for key, value in case["args"].items()
    }
    return _KINDS[case["kind"]](args, case["result"])
