"""The manifest in a client's folder names nobody else and does not change with a hidden answer."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from toolkit.reporting.job import Job
from toolkit.reporting.manifest import CacheKeys, build_manifest, sha256_of
from toolkit.study import Study, load_study
from toolkit.study.study import part_bytes, write_parts

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data_samples" / "ai_at_work" / "study.yaml"


def manifest_of(study: Study, folder: Path, organisation: str) -> dict[str, Any]:
    return build_manifest(
        study,
        folder,
        organisation=organisation,
        wave="2026",
        status="made",
        notebook=ROOT / "notebooks" / "organisation_report.ipynb",
        parameters={},
        known={str(path): sha256_of(path) for path in study.input_files},
    )


def test_no_file_or_folder_is_named(tmp_path):
    """Names of answer files, of their folders and of logos tell who else is a client."""
    study = load_study(SAMPLE)
    told = manifest_of(study, tmp_path, "org-02")
    assert {re.sub(r"\d+", "1", name) for name in told["inputs"]} == {"study", "benchmarks", "file-1.yaml"}
    assert told["inputs"]["study"] == sha256_of(SAMPLE)
    assert sha256_of(ROOT / "instruments/executive.yaml") in told["inputs"].values()
    names = {part for path in study.input_files for part in (path.name, path.parent.name)}
    written = json.dumps({**told, "notebook": None, "study": None})
    assert not [name for name in names - {"study.yaml"} if name in written]
    parameters = {"study": "/beta/acme.yaml", "data": "/beta/gamma", "organisation": "org-02"}
    assert Job("org-02", "n.ipynb", parameters).shown_parameters == {
        "study": "study.yaml",
        "data": "data",
        "organisation": "org-02",
        "output": None,
    }


def test_no_hash_of_answers_or_headcounts_leaves(tmp_path):
    """Of a few people and questions every possible file could be tried against its hash."""
    study = load_study(SAMPLE)
    told = manifest_of(study, tmp_path, "org-07")
    people = [*study.answer_paths, study.organisations_path]
    assert not [one for one in people if one and sha256_of(one) in str(told)]


def test_the_hash_of_what_went_in_changes_with_an_admitted_answer_only(tmp_path):
    """A hidden executive's other answer changed it, so two manifests told that somebody had answered anew."""
    study = load_study(SAMPLE)
    frame = study.responses(wave="all", missing="codes")
    sizes = frame.groupby(["organisation", "wave", "audience"], observed=True).size()
    hidden = next(key for key, size in sizes.items() if 0 < size < 5 and (sizes[key[:2]] >= 5).any())
    place = frame.groupby(["organisation", "wave", "audience"], observed=True).indices
    shown = next(key for key, size in sizes.items() if size >= 5 and key[0] == hidden[0])

    def hashed(folder: str, key: tuple[str, ...] | None, drop: bool) -> str:
        changed = frame
        if key is not None and drop:
            changed = frame.drop(index=frame.index[place[key][0]])
        elif key is not None:
            row = place[key][0]
            codes = frame["burnout"].cat.categories
            other = next(code for code in codes if code != frame["burnout"].iloc[row])
            changed = frame.copy()
            changed.iloc[row, changed.columns.get_loc("burnout")] = other
        one = replace(study)
        one.__dict__["_gathered"] = replace(study._gathered, frame=changed)
        part = write_parts(one, tmp_path / folder, [hidden[0]])[hidden[0]]
        return CacheKeys(b"k" * 32, "common", "all").of(part_bytes(part, admitted=True))

    whole = hashed("as it is", None, drop=False)
    assert hashed("hidden gone", hidden, drop=True) == whole
    assert hashed("hidden changed", hidden, drop=False) == whole
    assert hashed("shown changed", shown, drop=False) != whole
