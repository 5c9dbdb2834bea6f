"""A small questionnaire, synthetic answers to it, and what the gate lets out of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from toolkit.analysis import adjust_p, gaps, gaps_from_summary, proportions
from toolkit.disclosure import Policy, Released, release
from toolkit.findings.comparison import OURS, PUBLISHED
from toolkit.instrument.model import Instrument

AUDIENCES = ("executive", "employee", "freelancer")
OWN = {"origin": "own"}


def _item(name: str, scale: str | None, short: str, **more: object) -> dict[str, object]:
    words = {audience: {"en": f"{short}, as {audience}s read it."} for audience in AUDIENCES}
    base = {
        "id": name,
        "type": "single",
        "theme": "work",
        "scale": scale,
        "text": words,
        "short": {"en": short},
    }
    return {**base, "source": OWN, **more}


def questionnaire() -> Instrument:
    """Yes/no, agreement, a sensitive item, a routed multi-select, a nominal item and a comment."""
    agree = [(1, "Strongly disagree"), (2, "Disagree"), (3, "Neither"), (4, "Agree"), (5, "Strongly agree")]
    ways = [
        ("rev", "Reviewing output", False),
        ("lrn", "Learning tools", False),
        ("none", "None of these", True),
    ]
    items = [
        _item("aiuse", "yesno", "AI use"),
        _item("flex", "agree5", "Flexible working", favourable="top"),
        _item("burnout", "agree5", "Burnout", favourable="bottom", sensitive=True),
        _item(
            "long", "agree5", "A name that is far longer than anybody would put on one line of a picture",
            favourable="top",
        ),
        _item(
            "ways", None, "Ways AI added work", type="multi", ask_if="aiuse == 1",
            options=[{"code": c, "label": {"en": w}, "exclusive": e} for c, w, e in ways],
        ),
        _item("stance", None, "Stance", options=[
            {"code": "man", "label": {"en": "Mandates"}}, {"code": "all", "label": {"en": "Allows"}},
            {"code": "no", "label": {"en": "No position"}},
        ]),
        _item("comment", None, "Comment", type="text"),
    ]  # fmt: skip
    return Instrument.model_validate(
        {
            "id": "tiny", "version": "1.0", "title": {"en": "A tiny survey"}, "languages": ("en",),
            "audiences": {
                name: {"code": name[:4], "label": {"en": name.title()}, "plural": {"en": name.title() + "s"}}
                for name in AUDIENCES
            },
            "scales": {
                "yesno": {
                    "options": [{"code": 1, "label": {"en": "Yes"}}, {"code": 0, "label": {"en": "No"}}],
                    "top": [1], "bottom": [0], "top_label": {"en": "Yes"}, "bottom_label": {"en": "No"},
                },
                "agree5": {
                    "ordered": True, "options": [{"code": c, "label": {"en": w}} for c, w in agree],
                    "top": [4, 5], "bottom": [1, 2],
                    "top_label": {"en": "Agree"}, "bottom_label": {"en": "Disagree"},
                },
            },
            "missing": {}, "themes": {"work": {"en": "Work"}},
            "sections": [{"id": "one", "title": {"en": "One"}, "items": [item["id"] for item in items]}],
            "items": items,
        }
    )  # fmt: skip


def answers(counts: dict[str, int], *, seed: int = 1, shift: float = 0.0) -> pd.DataFrame:
    """Synthetic coded answers: so many of each audience, executives the most content."""
    rng = np.random.default_rng(seed)
    instrument = questionnaire()
    who = np.repeat(list(counts), list(counts.values()))
    lean = pd.Series(who).map({"executive": 0.25, "employee": -0.15, "freelancer": 0.05}).to_numpy() + shift
    total = len(who)
    frame = pd.DataFrame({"audience": pd.Categorical(who, AUDIENCES, ordered=True)})
    uses = rng.random(total) < 0.7
    frame["aiuse"] = np.where(uses, "1", "0")
    for name, turn in (("flex", 1), ("burnout", -1), ("long", 0.5)):
        score = np.clip(np.round(3.2 + 2 * turn * lean + rng.normal(0, 1.1, total)), 1, 5).astype(int)
        frame[name] = score.astype(str)
    for option, share in (("rev", 0.45), ("lrn", 0.3)):
        frame[f"ways_{option}"] = np.where(uses, (rng.random(total) < share).astype(int).astype(str), "-4")
    ticked = (frame["ways_rev"] == "1") | (frame["ways_lrn"] == "1")
    frame["ways_none"] = np.where(uses, np.where(ticked, "0", "1"), "-4")
    frame["stance"] = rng.choice(["man", "all", "no"], total)
    for variable in instrument.variables:
        if variable.kind in ("single", "option"):
            values = pd.Categorical(frame[variable.name], variable.categories, ordered=variable.ordered)
            frame[variable.name] = values
    frame["audience"] = frame["audience"].cat.remove_unused_categories()
    return frame


def results(counts: dict[str, int], *, seed: int = 1) -> dict[str, pd.DataFrame]:
    """The tables one report is made of, before the gate."""
    instrument = questionnaire()
    frame = answers(counts, seed=seed)
    single = [v for v in instrument.variables if v.kind == "single"]
    topped = [v for v in instrument.variables if v.codes_of("top")]
    found = {
        "distributions": proportions(frame, single, by="audience"),
        "shares": proportions(frame, topped, by="audience", measure="top"),
    }
    if len(counts) > 1:
        family = ["flex", "burnout"]
        found["gaps"] = gaps(frame, topped, between="audience", measure="top", family=family)
    before = proportions(answers(counts, seed=seed + 50, shift=-0.2), topped, by="audience", measure="top")
    both = pd.concat([found["shares"].assign(wave="2025"), before.assign(wave="2024")])
    summary = both[["item", "measure", "audience", "wave", "estimate", "n"]].astype({"audience": "str"})
    found["trend"] = gaps_from_summary(summary, between="wave", pairs=[("2025", "2024")], by=("audience",))
    if "employee" in counts:
        found["benchmarks"] = published(found["shares"])
    return found


def published(shares: pd.DataFrame) -> pd.DataFrame:
    """Employees' burnout and flexible working beside figures with and without n, and one not comparable."""
    ours = shares[(shares["audience"] == "employee") & shares["item"].isin(["burnout", "flex", "aiuse"])]
    sides = [
        {"item": row["item"], "audience": "employee", "source": source, "estimate": value, "n": n}
        for row in ours.to_dict("records")
        for source, value, n in (
            (OURS, row["estimate"], row["n"]),
            (PUBLISHED, 0.71, {"burnout": 625.0, "flex": None, "aiuse": 625.0}[row["item"]]),
        )
    ]
    frame = pd.DataFrame(sides).astype({"n": "float64"})
    rows = gaps_from_summary(frame, between="source", pairs=[(OURS, PUBLISHED)], by=("audience",)).assign(
        measure="top",
        published_item="Are burned out",
        published_base="all surveyed",
        comparable="yes",
        reason="",
    )
    other = rows["item"] == "aiuse"
    numbers = [
        "gap",
        "std_error",
        "conf_low",
        "conf_high",
        "statistic",
        "p_value",
        "p_adjusted",
        "effect_size",
    ]
    rows.loc[other, numbers] = np.nan
    rows.loc[other, ["comparable", "reason", "verdict"]] = ["no", "the base differs", "not comparable"]
    return rows.assign(p_adjusted=adjust_p(rows["p_value"], "holm"))


@pytest.fixture(scope="session")
def instrument() -> Instrument:
    return questionnaire()


@pytest.fixture(scope="session")
def made() -> Callable[..., Released]:
    """Counts by audience → what the gate releases."""

    def make(counts: dict[str, int], *, seed: int = 1) -> Released:
        return release(
            results(counts, seed=seed), Policy(), instrument=questionnaire(), current={"wave": "2025"}
        )

    return make


@pytest.fixture(scope="session")
def released(made: Callable[..., Released]) -> Released:
    """Three audiences of very different size."""
    return made({"executive": 16, "employee": 240, "freelancer": 38})


@pytest.fixture(scope="session")
def small(made: Callable[..., Released]) -> Released:
    """Executives so few that only some of what they said may leave."""
    return made({"executive": 6, "employee": 60}, seed=4)


@pytest.fixture
def participation() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "audience": list(AUDIENCES),
            "invited": pd.array([20, 400, 9], dtype="Int64"),
            "answered": pd.array([16, 240, None], dtype="Int64"),
            "answered_shown": ["16", "240", "<5"],
            "response_rate": pd.array([0.8, 0.6, None], dtype="Float64"),
            "margin": pd.array([0.112, 0.04, None], dtype="Float64"),
            "threshold": pd.array([5, 5, 5], dtype="Int64"),
        }
    )
