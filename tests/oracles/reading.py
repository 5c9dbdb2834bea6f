"""Our answers to the cases that make_oracles.R put to R: same synthetic data, same designs, public calls."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from toolkit import analysis as tk
from toolkit import weighting
from toolkit.analysis import Design, Replicates

HERE = Path(__file__).resolve().parent
Sample = tuple[pd.DataFrame, Design]

_TWO: dict[str, Any] = {"strata": "st", "clusters": ["psu", "ssu"], "fpc": ["N1", "N2"]}
_PLAIN: dict[str, tuple[str, Design]] = {
    "weights": ("simple", Design(weights="wt")),
    "strata": ("simple", Design(weights="wt", strata="st")),
    "strata_fpc": ("simple", Design(weights="wt", strata="st", fpc="N")),
    "drawn_fpc": ("simple", Design(strata="st", fpc="N")),
    "tiny": ("tiny", Design(weights="wt")),
    "tiny_strata": ("tiny", Design(weights="wt", strata="st", fpc="N")),
    "clusters": ("multi", Design(weights="wt", strata="st", clusters="psu")),
    "clusters_fpc": ("multi", Design(weights="wt", strata="st", clusters="psu", fpc="N1")),
    "two_stages": ("multi", Design(weights="wt", **_TWO)),
    "three_stages": (
        "multi",
        Design(strata="st", clusters=["psu", "ssu", "person"], fpc=["N1", "N2", "N3"]),
    ),
    "pairs": ("pairs", Design(weights="wt", strata="st", clusters="psu")),
}
_MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "made_jkn": ("clusters", {"kind": "JKn"}),
    "made_jkn_fpc": ("clusters_fpc", {"kind": "JKn", "mse": True}),
    "made_jk1": ("tiny", {"kind": "JK1"}),
}
_WRITTEN: dict[str, tuple[str, dict[str, Any]]] = {
    "made_brr": ("pairs", {"kind": "BRR"}),
    "made_fay": ("pairs", {"kind": "Fay", "rho": 0.4, "mse": True}),
    "made_bootstrap": ("clusters", {"kind": "bootstrap"}),
}
_LINKS = {"logistic": "logit", "probit": "probit", "cloglog": "loglog"}
"""What svyolr calls "cloglog" is the log-log curve."""
_SCORES = {"vanderWaerden": "van-der-waerden", "median": "median"}
_STATISTICS = {"Chisq": "chi-square", "Wald": "wald", "adjWald": "adjusted-wald", "lincom": "saddlepoint"}


@cache
def data(name: str, folder: Path = HERE) -> pd.DataFrame:
    """One synthetic data set."""
    return pd.read_csv(folder / "data" / f"{name}.csv")


@cache
def sample(name: str, folder: Path = HERE) -> Sample:
    """A frame and the design laid over it, by the name R has for it."""
    if name in _PLAIN:
        return data(_PLAIN[name][0], folder), _PLAIN[name][1]
    if name in _MADE:
        frame, design = sample(_MADE[name][0], folder)
        made = tk.make_replicates(frame, design, **_MADE[name][1])
        return made.frame, made.design
    if name in _WRITTEN:
        frame, _ = sample(_WRITTEN[name][0], folder)
        columns = data(name, folder)
        design = Design(weights="wt", replicates=Replicates(list(columns), **_WRITTEN[name][1]))
        return pd.concat([frame, columns], axis=1), design
    return _weighted(name, folder)


def _weighted(name: str, folder: Path) -> Sample:
    kind, _, method = name.partition("_")
    if kind == "raked":
        frame = data("simple", folder)
        margins = {"grp": {"ant": 40, "bee": 30, "cat": 30}, "half": {"u": 45, "v": 55}}
        found = weighting.rake(frame, margins, base="wt", tolerance=1e-12)
        return frame, Design(weights=found, strata="st")
    frame = data("multi", folder)
    if kind == "poststratified":
        found = weighting.poststratify(frame, {"grp": {"ant": 170, "bee": 150, "cat": 100}}, base="wt")
        return frame, Design(weights=found, strata="st", clusters="psu", fpc="N1")
    totals = {"grp": {"ant": 170, "bee": 150, "cat": 100}, "half": {"u": 205, "v": 215}}
    bounds = (0.1, 6) if method == "logit" else None
    found = weighting.calibrate(frame, totals, base="wt", method=method, bounds=bounds)
    return frame, Design(weights=found, strata="st", clusters="psu")


Answer = list[tuple[str, Any, Any]]
"""What, ours, R's."""


def _estimates(table: pd.DataFrame, result: dict[str, Any]) -> Answer:
    return [
        ("estimate", table["estimate"].tolist(), result["estimate"]),
        ("error", table["std_error"].tolist(), result["se"]),
    ]


def _mean(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    statistic = {"mean": "mean", "total": "total", "variance": "variance"}[case["kind"]]
    found = tk.estimate(frame, case["args"]["item"], statistic=statistic, design=design)
    return [
        *_estimates(found.table, case["result"]),
        ("covariance", found.covariance.tolist(), case["result"]["cov"]),
    ]


def _by(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    item, by, result = case["args"]["item"], case["args"]["by"], case["result"]
    found = tk.means(frame, item, by=by, design=design)
    again = tk.estimate(frame, item, by=by, design=design).table
    return [
        ("groups", found[by].tolist(), result["groups"]),
        *_estimates(found, result),
        *_estimates(again, result),
    ]


def _ratio(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    args = case["args"]
    found = tk.ratios(frame, {"r": (args["top"], args["bottom"])}, by=args.get("by"), design=design)
    return _estimates(found, case["result"])


def _df(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    from dataclasses import replace

    inside = tk.means(frame, "y", by="grp", design=replace(design, df="domain"))
    whole = tk.means(frame, "y", design=design)["df"].iloc[0]
    domain = inside.loc[inside["grp"] == case["args"]["group"], "df"].iloc[0]
    return [("whole", whole, case["result"]["whole"]), ("domain", domain, case["result"]["domain"])]


def _contrast(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    found = tk.contrast(tk.estimate(frame, "y", by="grp", design=design), {"it": case["args"]["expression"]})
    return _estimates(found, case["result"])


def _lonely(frame: pd.DataFrame, rule: Any, stages: bool, case: dict[str, Any]) -> Answer:
    design = Design(weights="wt", strata="st", clusters="psu", lonely=rule)
    if stages:
        design = Design(weights="wt", lonely=rule, **_TWO)
    item, result = case["args"]["item"], case["result"]
    found = _estimates(tk.means(frame, item, design=design), result["mean"])
    found += _estimates(tk.totals(frame, item, design=design), result["total"])
    return found + _estimates(tk.means(frame, item, by="half", design=design), result["by"])


def _quantile(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    args, by = case["args"], "grp" if case["kind"] == "quantile_by" else None
    listed = re.search(r"c\(([\d., ]+)\)", case["call"])
    parts = [float(one) for one in listed.group(1).split(",")] if listed else []
    found = tk.quantiles(
        frame, args["item"], parts, by=by, design=design, rule=args["rule"], interval=args["interval"]
    )
    if by is not None:
        found = found[found["grp"] == args["group"]]
    names = ("estimate", "conf_low", "conf_high", "std_error")
    return [
        (name, found[name].tolist(), [row[at] for row in case["result"]]) for at, name in enumerate(names)
    ]


def _share(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    args = case["args"]
    # a domain's rows are all that R's likelihood and beta count
    found = tk.proportions(
        frame.assign(answered=frame["b"].notna()),
        args["item"],
        by="answered",
        measure="1",
        design=Design(**{**vars(design), "df": "domain"}),
        method=args["method"],
        level=args["level"],
    )
    row = found[found["answered"]].iloc[0]
    result = case["result"]
    return [
        ("estimate", row["estimate"], result["estimate"]),
        ("error", row["std_error"], result["se"]),
        ("limits", [row["conf_low"], row["conf_high"]], result["ci"]),
    ]


def _table(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    args, result = case["args"], case["result"]
    statistic = _STATISTICS.get(args["statistic"], args["statistic"])
    found = tk.independence(frame, args["rows"], args["columns"], statistic=statistic, design=design)
    answer: Answer = [("p", found.p_value, result["p"]), ("statistic", found.statistic, result["statistic"])]
    if statistic != "saddlepoint":
        answer.append(("df", np.ravel([found.df]).tolist(), result["parameter"]))
    return answer


def _rank(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    args, result = case["args"], case["result"]
    score: Any = _SCORES.get(args["score"], "wilcoxon")
    pair = ("v", "u") if args["by"] == "half" else None
    found = tk.design_rank_test(
        frame, args["item"], between=args["by"], pair=pair, score=score, design=design
    )
    answer: Answer = [("p", found.p_value, result["p"])]
    if pair is not None:
        answer += [("t", found.statistic, result["statistic"]), ("df", [found.df], result["parameter"])]
    return answer


def _t(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    result = case["result"]
    found = tk.design_t_test(frame, case["args"]["item"], between="half", pair=("v", "u"), design=design)
    return [
        ("t", found.statistic, result["statistic"]),
        ("df", [found.df], result["parameter"]),
        ("p", found.p_value, result["p"]),
    ]


def _fitted(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Any:
    args = case["args"]
    options: dict[str, Any] = {}
    if "offset" in args:
        away = np.log(frame["z"]) if args["offset"] == "log(z)" else 2 * frame["z"]
        frame, options = frame.assign(away=away), {"offset": "away"}
    if case["design"].startswith("made"):
        frame = frame[frame["b"].notna()]  # R was asked for those who answered b, whatever the model
    return tk.regression(frame, args["formula"], family=args["family"], design=design, **options)


def _model(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    found, result = _fitted(frame, design, case), case["result"]
    names = [re.sub(r"\[(?:T\.)?(.*?)\]", r"\1", term) for term in found.table["term"]]
    names = ["(Intercept)" if one == "Intercept" else one for one in names]
    table = found.table.iloc[[names.index(one) for one in result["names"]]]
    answer = _estimates(table, result)
    answer += [
        ("df", found.df_resid_inference, result["df"]),
        ("p", table["p_value"].tolist(), result["p"]),
        ("limits", table[["conf_low", "conf_high"]].to_numpy().tolist(), result["ci"]),
    ]
    if isinstance(result["deviance"], float):
        answer.append(("deviance", found.deviance, result["deviance"]))
    return answer


def _term(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    args, result = case["args"], case["result"]
    method: Any = {"Wald": "wald", "LRT": "likelihood-ratio"}[args["method"]]
    found = tk.term_test(_fitted(frame, design, case), args["term"], method=method)
    return [
        ("df", list(np.ravel([found.df])), [result["df"], result["ddf"]]),
        ("statistic", found.statistic, result["statistic"]),
        ("p", found.p_value, result["p"]),
        ("effects", list(found.effects), result["effects"] or []),
    ]


def _ordinal(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    link: Any = _LINKS[case["args"]["method"]]
    found = tk.ordinal_regression(frame, case["args"]["formula"], link=link, design=design)
    result = case["result"]
    first = ["x", "grp[T.bee]", "grp[T.cat]"]  # in R's order, then the cuts
    table = found.table.set_index("term").loc[[*first, *found.params.index[len(first) :]]].reset_index()
    apart = ((table["estimate"] - result["estimate"]) / result["se"]).abs().max()
    return [("estimates apart", apart, 0.0), ("error", table["std_error"].tolist(), result["se"])]


def _kappa(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    return _estimates(
        tk.kappa(frame, case["args"]["first"], case["args"]["second"], design=design), case["result"]
    )


def _alpha(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    found = tk.weighted_alpha(frame, case["args"]["items"], design=design)
    return [("alpha", found["estimate"].tolist(), [case["result"]["estimate"]])]


def _deff(frame: pd.DataFrame, design: Design, case: dict[str, Any]) -> Answer:
    return [
        (
            name,
            tk.design_effects(frame, "y", design=design, replacement=again)["design_effect"][0],
            case["result"][name],
        )
        for name, again in (("deff", False), ("replace", True))
    ]


_KINDS: dict[str, Callable[[pd.DataFrame, Design, dict[str, Any]], Answer]] = {
    **dict.fromkeys(("mean", "total", "variance"), _mean),
    **dict.fromkeys(("ratio", "ratio_by"), _ratio),
    **dict.fromkeys(("quantile", "quantile_by"), _quantile),
    **dict.fromkeys(("model", "offset"), _model),
    "by": _by,
    "df": _df,
    "contrast": _contrast,
    "share": _share,
    "table": _table,
    "rank": _rank,
    "t": _t,
    "term": _term,
    "ordinal": _ordinal,
    "kappa": _kappa,
    "alpha": _alpha,
    "deff": _deff,
}


def answer(case: dict[str, Any], folder: Path = HERE) -> Answer:
    """What we find and what R found, name by name."""
    if case["kind"] == "lonely":
        return _lonely(data("alone", folder), case["args"]["rule"], case["design"] == "lonely_fpc", case)
    frame, design = sample(case["design"], folder)
    return _KINDS[case["kind"]](frame, design, case)
