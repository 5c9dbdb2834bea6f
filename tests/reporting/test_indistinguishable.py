"""Two sets of answers that a bound must keep together give the same report, table for table.

The whole path from answers to released tables is walked twice, with one person's answer changed; where the
policy prints "20 % or less" both for nobody and for one person, nothing at all may differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from toolkit.reporting import gathering, open_report
from toolkit.reporting.gathering import gather
from toolkit.study import Study, load_study

SAMPLE = Path(__file__).resolve().parents[2] / "data_samples" / "ai_at_work" / "study.yaml"
WAVES = ("2025", "2026")
SIZES = {"executive": 6, "employee": 9, "freelancer": 11}
FILTERS = ("aiuse", "demandup", "usefree")
Frames = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class TinyStudy:
    """The sample study with other answers: one organisation in two waves."""

    study: Study
    frames: Frames

    def __getattr__(self, name: str) -> Any:
        return getattr(self.study, name)

    def responses(self, organisation: str, wave: str, *, missing: str) -> pd.DataFrame:
        if wave != "all":
            return self.frames[wave]
        dtypes = next(iter(self.frames.values())).dtypes
        return pd.concat(self.frames.values(), ignore_index=True).astype(dtypes)

    def previous_wave(self, organisation: str, wave: str) -> str:
        return {"2026": "2025"}.get(wave, "")

    def population(self, organisation: str, wave: str) -> dict[str, int]:
        return {audience: count + 3 for audience, count in SIZES.items()}

    def organisation_ids(self, wave: str) -> tuple[str, ...]:
        return ("tiny",)


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(SAMPLE)


@pytest.fixture(scope="module")
def frames(study: Study) -> Frames:
    return {wave: _few(study, wave, SIZES) for wave in WAVES}


def _few(study: Study, wave: str, sizes: Mapping[str, int]) -> pd.DataFrame:
    """People of several sample organisations who answered everything, as one small organisation."""
    everyone = study.responses(wave=wave, missing="codes")
    whole = everyone[everyone["status"] == "complete"]
    parts = [whole[whole["audience"] == audience].head(count) for audience, count in sizes.items()]
    return pd.concat(parts, ignore_index=True)


def _with_codes(frame: pd.DataFrame, rows: np.ndarray, name: str, codes: list[str]) -> pd.DataFrame:
    values = frame[name].astype("object").to_numpy().copy()
    values[rows] = codes
    return frame.assign(**{name: pd.Categorical(values, dtype=frame[name].dtype)})


def _with_yes(study: Study, frame: pd.DataFrame, audience: str, name: str, yes: int) -> pd.DataFrame:
    """The first so many people of an audience in the top box, the others in the last other answer; routed."""
    variable = study.instrument[name]
    rows = np.flatnonzero(frame["audience"] == audience)
    others = [code for code in variable.codes if code not in variable.codes_of("top")]
    answers = [variable.codes_of("top")[0] if i < yes else others[-1] for i in range(len(rows))]
    frame = _with_codes(frame, rows, name, answers)
    for routed in study.instrument.variables:
        if routed.item.ask_if == f"{name} == 1" and routed.kind != "text" and audience in routed.audiences:
            given = [routed.codes[0] if answer == "1" else "-4" for answer in answers]
            frame = _with_codes(frame, rows, routed.name, given)
    return frame


def _released(study: Study, frames: Frames) -> dict[str, str]:
    gathered = gather(TinyStudy(study, frames), "tiny", "2026")  # type: ignore[arg-type]
    tables = {name: table.to_csv(index=False) for name, table in gathered.released.tables.items()}
    return tables | {"previous": gathered.previous_wave, "audiences": str(gathered.audiences)}


@pytest.mark.parametrize(
    ("audience", "name", "wave"),
    [
        ("executive", "aiuse", "2026"),
        ("employee", "demandup", "2025"),
        pytest.param("executive", "usefree", "2026", marks=pytest.mark.slow),
        pytest.param("freelancer", "flexible", "2026", marks=pytest.mark.slow),
    ],
)
def test_nobody_and_one_person_look_the_same(study, frames, audience, name, wave):
    """A filter nobody passed used to lose its rows in the trend, which told it from one that one passed."""
    nobody, one = (
        _released(study, {**frames, wave: _with_yes(study, frames[wave], audience, name, yes)})
        for yes in (0, 1)
    )
    assert nobody == one


@pytest.mark.parametrize(
    ("audience", "name"),
    [("executive", "aiuse"), pytest.param("employee", "strategy", marks=pytest.mark.slow)],
)
def test_everybody_and_all_but_one_look_the_same(study, frames, audience, name):
    count = SIZES[audience]
    some, all_of_them = (
        _released(study, {**frames, "2026": _with_yes(study, frames["2026"], audience, name, yes)})
        for yes in (count - 1, count)
    )
    assert some == all_of_them


def test_two_and_three_people_look_different(study, frames):
    """The comparison is not blind: where shares are told as they are, it sees one answer."""
    two, three = (
        _released(study, {**frames, "2026": _with_yes(study, frames["2026"], "executive", "strategy", yes)})
        for yes in (2, 3)
    )
    assert two != three


def _with_counts(study: Study, frame: pd.DataFrame, audience: str, name: str, counts: list[int]) -> Any:
    rows = np.flatnonzero(frame["audience"] == audience)
    codes = [
        code for code, times in zip(study.instrument[name].codes, counts, strict=True) for _ in range(times)
    ]
    return _with_codes(frame, rows, name, codes)


@pytest.mark.slow
def test_worlds_alike_in_what_is_shown_are_alike_in_every_bit(study, frames):
    """2 of 11 disagree, 3 are in between, 6 agree: how the two and the six are split is hidden or shown."""
    splits = ([1, 1, 3, 2, 4], [0, 2, 3, 2, 4], [2, 0, 3, 2, 4])
    worlds = [_with_counts(study, frames["2026"], "freelancer", "flexible", counts) for counts in splits]
    looks = [_released(study, {**frames, "2026": world}) for world in worlds]
    assert looks[0] == looks[1] == looks[2]
    shown = _with_counts(study, frames["2026"], "freelancer", "flexible", [1, 1, 3, 3, 3])
    assert _released(study, {**frames, "2026": shown}) != looks[0]


def test_who_gave_which_answer_changes_no_bit(study, frames):
    """The same people in another order: sums of floating point numbers may depend on it."""
    before = _released(study, frames)
    for seed in range(3):
        mixed = {wave: frame.sample(frac=1, random_state=seed) for wave, frame in frames.items()}
        mixed = {wave: frame.sort_values("audience", kind="stable") for wave, frame in mixed.items()}
        assert _released(study, {w: frame.reset_index(drop=True) for w, frame in mixed.items()}) == before


@pytest.mark.parametrize("wave", [pytest.param("2025", marks=pytest.mark.slow), "2026"])
def test_an_audience_below_the_threshold_leaves_no_trace(study, frames, wave):
    """Whether nobody, or four people with whatever answers, belong to it."""
    seen = set()
    for count, last in ((0, False), (4, False), (4, True)):
        others = {audience: size for audience, size in SIZES.items() if audience != "executive"}
        frame = _few(study, wave, {"executive": count, **others})
        for name in FILTERS if count else ():
            frame = _with_yes(study, frame, "executive", name, count if last else 0)
        seen.add(tuple(_released(study, {**frames, wave: frame}).items()))
    assert len(seen) == 1


SECTIONS = (
    *("summary", "participation_table", "gap_picture", "gap_table", "theme_pictures", "option_pictures"),
    *("benchmarks", "trend", "cannot_tell", "methods", "appendix"),
)


@pytest.mark.slow
def test_nobody_and_one_person_give_the_same_document(study, frames, monkeypatch):
    """Words, pictures, alternative text, order of rows, methods, results.csv: all that is in any format."""
    told = []
    for yes in (0, 1):
        other = {**frames, "2026": _with_yes(study, frames["2026"], "executive", "aiuse", yes)}
        found = gather(TinyStudy(study, other), "tiny", "2026")  # type: ignore[arg-type]
        monkeypatch.setattr(gathering, "gather", lambda *given, found=found: found)
        report = open_report(study, "org-01")
        parts = {name: str(getattr(report, name)()._repr_mimebundle_()) for name in SECTIONS}
        told.append(parts | {"results": report.results().to_csv()})
    assert [name for name in told[0] if told[0][name] != told[1][name]] == []
