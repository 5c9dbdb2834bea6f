"""What a batch has read once, for the processes that make reports: the study, and one organisation's part.

A job is told by an environment variable, which reaches a forked process and a started one alike. A notebook
that opens the study of its job then gets it from memory, with its own organisation's answers and nobody
else's.
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.instrument.exchange.files import owner_only

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["JOB", "STUDY", "environment_of", "input_hashes", "preload", "prepared_study", "write_study"]

JOB = "SURVEY_TOOLKIT_JOB"
STUDY = "SURVEY_TOOLKIT_STUDY"


def write_study(study: Study, path: Path) -> Path:
    """Keep a study as it was read, without anybody's answers and without the organisations table.

    The hashes of its files go along, so that no job has to read them again, nor see them at all.
    """
    from dataclasses import replace

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
    with open(path, "wb", opener=owner_only) as handle:
        handle.write(pickle.dumps((kept, hashes)))
    return path


def preload() -> None:
    """Read the study named in the environment before the first fork, with what is worked out from it."""
    if os.environ.get(STUDY):
        study = _kept(os.environ[STUDY])[0]
        _ = study.instrument.variables, study.instrument.digest, study.findings


def environment_of(*, study: str, data: str | None, kept: str, part: str) -> dict[str, str]:
    """What tells a process its job: the study's and the data's paths as the notebook is given them."""
    return {JOB: json.dumps({"study": study, "data": data, "kept": kept, "part": part})}


def prepared_study(
    study: str | Path, data: str | Path | None, *, told: Mapping[str, str] | None = None
) -> Study | None:
    """The part of the study this process's job is about; None where there is no job, or another study's."""
    environment = os.environ if told is None else told
    if not environment.get(JOB):
        return None
    job = json.loads(environment[JOB])
    if (str(study), str(data) if data else None) != (job["study"], job["data"]):
        return None
    return _opened(job["kept"], job["part"])


def input_hashes(kept: str) -> Mapping[str, str]:
    """Path → hash of each of the study's files, as the batch has found them."""
    return _kept(kept)[1]


@cache
def _opened(kept: str, part: str) -> Study:
    from toolkit.study.store import open_part

    return open_part(_kept(kept)[0], part)


@cache
def _kept(path: str) -> tuple[Study, dict[str, str]]:
    kept: tuple[Study, dict[str, str]] = pickle.loads(Path(path).read_bytes())
    return kept
