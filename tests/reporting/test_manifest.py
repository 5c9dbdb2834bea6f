"""The manifest in a client's folder names nobody else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from toolkit.reporting.manifest import build_manifest, sha256_of
from toolkit.study import load_study

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data_samples" / "ai_at_work" / "study.yaml"


def test_files_of_other_organisations_are_not_named(tmp_path):
    """Where each organisation has an answer file of its own, the file's name tells who takes part."""
    study = load_study(SAMPLE)
    owners = ("org-01", "org-02", None, "org-01")
    answers = tuple(
        file.model_copy(update={"organisation": owner})
        for file, owner in zip(study.answers, owners, strict=True)
    )
    told = build_manifest(
        replace(study, answers=answers),
        tmp_path,
        organisation="org-02",
        wave="2026",
        status="made",
        notebook=ROOT / "notebooks" / "organisation_report.ipynb",
        parameters={},
    )
    named = {Path(name).name for name in told["inputs"]}
    assert {Path(file.file).name for file in study.answers} & named == {
        Path(study.answers[1].file).name,
        Path(study.answers[2].file).name,
    }
    assert {"study.yaml", "organisations.csv", "executive.yaml"} <= named


def test_no_hash_of_answers_or_headcounts_leaves(tmp_path):
    """Of a few people and questions every possible file could be tried against its hash."""
    study = load_study(SAMPLE)
    told = build_manifest(
        study,
        tmp_path,
        organisation="org-07",
        wave="2026",
        status="made",
        notebook=ROOT / "notebooks" / "organisation_report.ipynb",
        parameters={},
        known={str(path): sha256_of(path) for path in study.input_files},
    )
    people = [*study.answer_paths, study.organisations_path]
    assert {Path(name).name for name, digest in told["inputs"].items() if digest is None} == {
        path.name for path in people if path
    }
    assert not [one for one in people if one and sha256_of(one) in str(told)]
    assert told["inputs"]["instruments/executive.yaml"] == sha256_of(ROOT / "instruments/executive.yaml")
