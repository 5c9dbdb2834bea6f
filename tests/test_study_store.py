"""Coded answers kept an organisation a folder: the same frame again, and nobody else's in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.refusals import problem
from toolkit.errors import InvalidInput
from toolkit.study import Study, load_study
from toolkit.study import study as store
from toolkit.study.study import open_part, part_bytes, write_parts


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return load_study(root / "data_samples" / "ai_at_work" / "study.yaml").check()


@pytest.fixture(scope="module")
def parts(study: Study, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_parts(study, tmp_path_factory.mktemp("parts"))


def test_a_part_gives_the_same_frame_headcounts_and_names_as_the_study(study, parts):
    for organisation, part in parts.items():
        own = open_part(study, part)
        pd.testing.assert_frame_equal(
            own.responses(organisation, "all", missing="codes"),
            study.responses(organisation, "all", missing="codes"),
        )
        assert own.organisation_name(organisation) == study.organisation_name(organisation)
        for wave in own.waves:
            taken_part = organisation in study.organisation_ids(wave)
            assert (organisation in own.organisation_ids(wave)) == taken_part
            assert own.population(organisation, wave) == study.population(organisation, wave)
            assert own.field_dates(wave) == study.field_dates(wave) is not None


def test_a_part_knows_no_other_organisation(study, parts):
    own = open_part(study, parts["org-01"])
    assert own.organisation_ids() == ("org-01",)
    assert own.responses(wave="all")["organisation"].unique().tolist() == ["org-01"]
    with pytest.raises(InvalidInput, check=problem("unknown-organisation", "organisation org-02")):
        own.responses("org-02")
    others = [study.organisation_name(one) for one in study.organisation_ids() if one != "org-01"]
    written = b"".join(part_bytes(parts["org-01"]))
    assert not [name for name in others if name.encode() in written]


def test_the_same_answers_give_the_same_bytes_and_one_other_answer_does_not(study, parts, tmp_path):
    again = write_parts(study, tmp_path / "again", ["org-01"])
    assert list(part_bytes(again["org-01"])) == list(part_bytes(parts["org-01"]))
    frame = study.responses(wave="all", missing="codes")
    name = next(one.name for one in study.instrument.variables if one.kind == "single")
    first = frame.index[frame["organisation"] == "org-01"][0]
    other = next(code for code in frame[name].cat.categories if code != frame.loc[first, name])
    frame.loc[first, name] = other
    changed = load_study(study.path)
    changed.__dict__["_gathered"] = type(study._gathered)(
        frame, study._gathered.disposition, study.organisations, study._gathered.dates
    )
    parts_changed = write_parts(changed, tmp_path / "changed", ["org-01", "org-02"])
    assert list(part_bytes(parts_changed["org-01"])) != list(part_bytes(parts["org-01"]))
    assert list(part_bytes(parts_changed["org-02"])) == list(part_bytes(parts["org-02"]))


def test_a_part_that_cannot_be_read_is_refused(study, parts, tmp_path):
    for name in ("answers.npz", "organisations.npz"):
        (tmp_path / name).write_bytes(b"cut off")
    with pytest.raises(InvalidInput, check=problem("unreadable-file", "organisations.npz")):
        open_part(study, tmp_path)


def test_every_type_of_column_comes_back(tmp_path):
    frame = pd.DataFrame(
        {
            "codes": np.array([-1, 0, 3], dtype="int8"),
            "weight": [0.1 + 0.2, np.nan, 1e-300],
            "people": pd.array([5, None, 2**60], dtype="Int64"),
            "text": pd.Series(['é\u2028 "x"', None, ""], dtype="str"),
            "tick": [True, False, True],
            "day": pd.to_datetime(["2026-01-31", None, "2026-02-01"]),
            "none": pd.Series([None, None, None], dtype="str"),
        }
    )
    for rows in (frame, frame.iloc[:0]):
        store._write(rows, tmp_path / "one.npz")
        pd.testing.assert_frame_equal(store._read(tmp_path / "one.npz"), rows)
