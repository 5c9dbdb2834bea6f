"""U11: indices of careless responding against R."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.analysis.oracles import cases, close, data
from tests.refusals import Refusal, problem
from toolkit import analysis as tk
from toolkit.errors import InvalidInput

ITEMS = [f"q{at:02d}" for at in range(1, 21)]
COLUMNS = {
    "longstring": "longstring",
    "irv": "irv",
    "{m <- org_given[,sprintf('q%02d',1:20)]; ok <- complete.cases(m); d": "mahalanobis",
    "{m <- org_given[,sprintf('q%02d',1:20)]; ok <- complete.cases(m); tot": "person_total",
    "rowMeans": "missing_share",
}


@pytest.mark.parametrize("case", cases("U11_careless"))
def test_indices_equal_r(case: dict[str, Any]) -> None:
    column = next(name for start, name in COLUMNS.items() if case["call"].startswith(start))
    found = tk.careless_indices(data("org_given"), ITEMS)[column]
    assert found.tolist() == close(case["result"])


def _answers() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    trait = rng.normal(size=(300, 3))
    values = {f"{scale}{at}": trait[:, "abc".index(scale)] * 1.5 for scale in "abc" for at in range(4)}
    frame = pd.DataFrame(values) + rng.normal(scale=0.6, size=(300, 12))
    frame = frame.round().clip(-2, 2) + 3
    frame.iloc[0] = 3.0
    frame.iloc[1] = np.tile([1.0, 5.0], 6)
    return frame.assign(seconds=rng.uniform(200, 400, 300), check="4").astype({"check": "str"})


SCALES = {scale: [f"{scale}{at}" for at in range(4)] for scale in "abc"}
NAMES = [name for members in SCALES.values() for name in members]


def test_who_ticks_one_box_throughout_or_zigzags_is_named_and_nobody_is_removed() -> None:
    frame = _answers()
    frame.loc[0, "seconds"], frame.loc[1, "check"] = 20.0, "1"
    found = tk.careless_indices(frame, NAMES, scales=SCALES, seconds="seconds", attention={"check": 4})
    flags = tk.careless_flags(found)
    assert len(flags) == len(frame)
    assert found["longstring"][0] == 12
    assert found["irv"][0] == 0
    assert found["attention_failed"].sum() == 1
    assert flags["named"][[0, 1]].all()
    assert flags["named"].mean() < 0.15
    assert ((flags["flags"] >= 2) == flags["named"]).all()


def test_order_of_people_and_a_shift_of_the_scale_change_nothing() -> None:
    frame = _answers()
    moved = frame.sample(frac=1, random_state=1)
    shifted = moved.assign(**{name: moved[name] + 10 for name in NAMES})
    there = tk.careless_indices(frame, NAMES, scales=SCALES)
    back = tk.careless_indices(shifted, NAMES, scales=SCALES).loc[frame.index]
    pd.testing.assert_frame_equal(there, back)


def test_a_mirrored_item_is_mirrored_for_agreement_but_not_for_runs() -> None:
    frame = _answers()
    turned = frame.assign(a1=6 - frame.a1)
    there = tk.careless_indices(frame, NAMES, scales=SCALES)
    back = tk.careless_indices(turned, NAMES, scales=SCALES, reverse=["a1"])
    assert back["even_odd"].tolist() == close(there["even_odd"].tolist())
    assert back["longstring"].tolist() != there["longstring"].tolist()


def test_who_gave_too_little_is_not_judged() -> None:
    frame = _answers()
    frame.loc[5, NAMES[1:]] = np.nan
    found = tk.careless_indices(frame, NAMES, scales=SCALES).loc[5]
    assert found[["irv", "mahalanobis", "person_total", "even_odd"]].isna().all()
    assert found["missing_share"] == pytest.approx(11 / 12)


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        (lambda f: tk.careless_indices(f, [*NAMES, "zz"]), problem("unknown-column", "column zz")),
        (
            lambda f: tk.careless_indices(f, NAMES, seconds="time", attention={"no": 1}),
            problem("unknown-column", "column time") + problem("unknown-column", "column no"),
        ),
        (
            lambda f: tk.careless_indices(f, NAMES, scales={"a": ["a1"], "b": ["zz", "b1"]}),
            problem("unknown-item", "scale 'b', item 'zz'")
            + problem("too-few", "scale 'a'")
            + problem("too-few", "scales"),
        ),
        (lambda f: tk.careless_indices(f, NAMES, reverse=["zz"]), problem("unknown-item", "reverse 'zz'")),
        (
            lambda f: tk.careless_flags(tk.careless_indices(f, NAMES), least=1),
            problem("out-of-range", "least"),
        ),
    ],
)
def test_what_cannot_be_judged_is_refused(call: Any, refusal: Refusal) -> None:
    with pytest.raises(InvalidInput, check=refusal):
        call(_answers())


def test_the_instrument_s_attention_check_counts_wrong_answers_and_no_missing_ones() -> None:
    from toolkit.instrument.model import Instrument

    words = {"en": "Words"}
    options = [{"code": str(code), "label": words} for code in (1, 2, 3)]
    item = {"type": "single", "theme": "t", "scale": "s", "text": {"all": words}, "source": {"origin": "own"}}
    asked = [{**item, "id": name} for name in ("a", "b")] + [{**item, "id": "look", "attention": "2"}]
    instrument = Instrument.model_validate(
        {
            "id": "x", "version": "1", "title": words, "languages": ["en"], "missing": {},
            "themes": {"t": words},
            "audiences": {"staff": {"code": "staff", "label": words, "plural": words}},
            "scales": {"s": {"ordered": "true", "options": options}},
            "sections": [{"id": "p", "title": words, "items": ["a", "b", "look"]}],
            "items": asked,
        }
    )  # fmt: skip
    look = pd.Categorical(["2", "3", "-5", None], categories=["-5", "1", "2", "3"])
    frame = pd.DataFrame({"a": [1, 2, 3, 1], "b": [2, 2, 3, 1], "look": look})
    found = tk.careless_indices(frame, ["a", "b"], attention=instrument)
    assert found["attention_failed"].tolist() == [0, 1, 0, 0]
    assert tk.careless_flags(found)["attention_failed"].tolist() == [False, True, False, False]
    by_hand = tk.careless_indices(frame, ["a", "b"], attention={"look": "2"})
    assert by_hand["attention_failed"].tolist() == [0, 1, 1, 1]  # as before: whatever is not right
    plain = instrument.model_copy(update={"items": instrument.items[:2]})
    with pytest.raises(InvalidInput) as raised:
        tk.careless_indices(frame, ["a", "b"], attention=plain)
    assert [one.code for one in raised.value.problems] == ["missing-key"]
