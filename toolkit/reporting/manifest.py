"""What a report was made from and with, so that it can be made again and trusted: manifest.json."""

from __future__ import annotations

import csv
import hashlib
import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["MANIFEST", "build_manifest", "sha256_of"]

MANIFEST = "manifest.json"
RESULTS = "results.csv"
PACKAGES = (
    "survey-research-toolkit",
    "pandas",
    "numpy",
    "scipy",
    "statsmodels",
    "pingouin",
    "matplotlib",
    "seaborn",
    "papermill",
    "ipykernel",
    "jinja2",
    "mistune",
    "pydantic",
)


def sha256_of(path: Path) -> str:
    """Hash a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def build_manifest(
    study: Study,
    folder: Path,
    *,
    organisation: str,
    wave: str,
    status: str,
    notebook: Path,
    parameters: Mapping[str, object],
    hashed: str = "",
    known: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Gather the facts of one report.

    Parameters
    ----------
    study
        The study as loaded for this report.
    folder
        Where its outputs lie; each is hashed.
    parameters
        As shown in the delivered notebook: no path of the machine.
    hashed
        The keyed hash of all that went in (`toolkit.reporting.inputs`).
    known
        Hashes of input files that need not be read again.

    Returns
    -------
    dict
        Nothing in it names another organisation or gives a count the policy hides. Files of answers and the
        organisations table are named without a hash, for answers could be tried against it; what is in them
        goes into `input`, whose key stays with the batch.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    outputs = {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}
    people = {path.resolve() for path in (*study.answer_paths, study.organisations_path) if path}
    top = study.folder.resolve().parent.parent
    inputs = {
        _named(real, top): None if real in people else (known or {}).get(str(path)) or sha256_of(path)
        for path, real in ((path, path.resolve()) for path in _inputs(study, organisation))
    }
    return {
        "study": study.id,
        "title": study.title,
        "synthetic": study.synthetic,
        "organisation": organisation,
        "name": study.organisation_name(organisation),
        "wave": wave,
        "status": status,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "parameters": dict(parameters),
        "seed": study.seed,
        "policy": study.policy.model_dump(mode="json"),
        "instrument": {
            "id": study.instrument.id,
            "version": study.instrument.version,
            "sha256": study.instrument.digest,
        },
        "notebook": {"name": notebook.name, "sha256": sha256_of(notebook)},
        "inputs": inputs,
        "input": hashed,
        "outputs": outputs,
        "headline": headline(folder / RESULTS),
        "python": platform.python_version(),
        "packages": package_versions(),
    }


def preload() -> None:
    """Look up the packages' versions, which do not change while a process runs."""
    _versions()


def headline(results: Path) -> dict[str, Any]:
    """What an index says of a report, out of the report's own numbers: bases as printed, the widest gap."""
    if not results.is_file():
        return {}
    with results.open(encoding="utf-8-sig", newline="") as handle:
        lines = csv.reader(handle)
        columns = next(lines, [])
        place = columns.index("table") if "table" in columns else len(columns)
        told = [line for line in lines if line[place : place + 1] in (["participation"], ["gaps"])]
    rows = [dict(zip(columns, line, strict=False)) for line in told]
    bases = {
        row["audience"]: row["printed"]
        for row in rows
        if row["table"] == "participation" and row.get("audience")
    }
    gaps = [row for row in rows if row["table"] == "gaps" and row.get("shown") == "True" and row.get("gap")]
    widest = max(gaps, key=lambda row: abs(float(row["gap"])), default=None)
    found: dict[str, Any] = {"bases": bases}
    if widest:
        between = f"{widest['audience_a']} and {widest['audience_b']}"
        found["largest_gap"] = {
            "label": widest["label"],
            "between": between,
            "points": round(100 * abs(float(widest["gap"]))),
            "printed": widest["printed"],
        }
    return found


def _inputs(study: Study, organisation: str) -> tuple[Path, ...]:
    """The input files, without those that hold another organisation only: their names may name it."""
    files = list(zip(study.answers, study.answer_paths, strict=True))
    others = {path for file, path in files if file.organisation not in (None, organisation)}
    ours = {path for file, path in files if file.organisation in (None, organisation)}
    return tuple(path for path in study.input_files if path not in others - ours)


def package_versions() -> dict[str, str]:
    """Versions of what the numbers and the pages were made with; a package that is absent is left out."""
    return dict(_versions())


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    found = []
    for name in PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)


def as_json(manifest: Mapping[str, Any]) -> str:
    """Write a manifest as text that a person can read too."""
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _named(path: Path, top: Path) -> str:
    """A path as seen from two folders above the study file's; only its name where it lies elsewhere."""
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else path.name
