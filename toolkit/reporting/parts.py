"""The study of a job: pickled once per run, opened with one organisation's answers and nobody else's."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import InvalidInput, Problem
from toolkit.reporting.pool import STUDY

if TYPE_CHECKING:
    from toolkit.study import Study

ENVIRONMENT = "SURVEY_TOOLKIT_JOB"
"""Environment variable that names a job's study and its part of it, for forked and fresh processes alike."""

PATHS = {"study": "study.yaml", "data": "data"}
"""Parameters that are paths of the machine: only their names are shown."""


def write_study(study: Study, path: Path) -> Path:
    """Pickle a study without answers and without the organisations table.

    The hashes of its files go along, so that no job has to read them again, nor see them at all.
    """
    from toolkit.reporting.manifest import sha256_of

    published, table = study.benchmarks_path, study.organisations_path
    kept = replace(
        study,
        table=None,
        path=study.path.resolve(),
        folder=study.folder.resolve(),
        benchmarks_path=published.resolve() if published else None,
        organisations_path=table.resolve() if table else None,
        input_files=tuple(one.resolve() for one in study.input_files),
        answer_paths=tuple(one.resolve() for one in study.answer_paths),
    )
    hashes = {str(one): sha256_of(one) for one in kept.input_files}
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(pickle.dumps((kept, hashes)))
    return path


def preload() -> None:
    """Read the study named in the environment before the first fork, with its cached results."""
    if os.environ.get(STUDY):
        study = _pickled(os.environ[STUDY])[0]
        _ = study.instrument.variables, study.instrument.digest, study.findings


def open_study(study: str | Path | Study, data: str | Path | None) -> Study:
    """Load a study file; within a job, return the job's part of the shared study.

    Raises
    ------
    InvalidInput
        It is neither a study file nor a study, or everything wrong in the file and around it.
    """
    if isinstance(study, str | Path):
        from toolkit.study import load_study

        return _study_of_job(study, data) or load_study(study, data=data)
    if not hasattr(study, "organisation_ids"):
        what = f"must be a study file or a study, not {type(study).__name__}"
        raise InvalidInput(
            "study", [Problem("wrong-type", "study", what, "give a path, or what load_study returned")]
        )
    return study


def input_hashes(study: str) -> Mapping[str, str]:
    """Return path → hash of each of the study's files, computed once per run."""
    return _pickled(study)[1]


def _study_of_job(study: str | Path, data: str | Path | None) -> Study | None:
    """Return the part of the study of this process's job; None outside jobs or for another study."""
    if not os.environ.get(ENVIRONMENT):
        return None
    job = json.loads(os.environ[ENVIRONMENT])
    if (str(study), str(data) if data else None) != (job["study"], job["data"]):
        return None
    return part_of(job["pickled"], job["part"])


@cache
def part_of(study: str, part: str) -> Study:
    """Open a job's part of the pickled study, once in a process."""
    from toolkit.study.study import open_part

    return open_part(_pickled(study)[0], part)


@cache
def _pickled(path: str) -> tuple[Study, dict[str, str]]:
    pickled: tuple[Study, dict[str, str]] = pickle.loads(Path(path).read_bytes())
    return pickled
