"""What a report was made from and with: its manifest, and the cache key that says whether it is up to date.

The key is written into the manifest, which a client gets. It is a hash keyed with a secret that stays with
the batch, so that nobody can try answers against it.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import platform
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.system import write_whole

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = [
    "BATCH_FOLDER",
    "MANIFEST",
    "CacheKeys",
    "build_manifest",
    "is_current",
    "read_secret",
    "sha256_of",
    "study_cache_keys",
    "write_secret",
]

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
        The keyed hash of all that went in (`CacheKeys`).
    known
        Hashes of input files that need not be read again.

    Returns
    -------
    dict
        Nothing in it names another organisation or gives a count the policy hides. Files of answers and the
        organisations table are named without a hash, for answers could be tried against it; what is in them
        goes into `input`, whose key stays with the batch.
    """
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
        "outputs": output_hashes(folder),
        "headline": headline(folder / RESULTS),
        "python": platform.python_version(),
        "packages": package_versions(),
    }


def output_hashes(folder: Path) -> dict[str, str]:
    """Hash every file of a report but its manifest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}


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
    return json.dumps(manifest, indent=2, ensure_ascii=False, default=str) + "\n"


def _named(path: Path, top: Path) -> str:
    """A path as seen from two folders above the study file's; only its name where it lies elsewhere."""
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else path.name


# Cache keys: whether a report would come out the same

BATCH_FOLDER = "_batch"
"""The folder of the batch's own files beside the reports: for the consultant, never for a client."""

KEY, KNOWN = "key", "inputs.json"


@dataclass(frozen=True)
class CacheKeys:
    """What the reports of one run are made from.

    Parameters
    ----------
    key
        The batch's secret.
    common
        Hash of all but the answers and the organisations table.
    everything
        Hash of all, file by file.
    """

    key: bytes
    common: str
    everything: str

    def of(self, contents: Iterable[bytes]) -> str:
        """The input hash of the report whose own answers and rows these are."""
        made = hmac.new(self.key, self.common.encode(), "sha256")
        for content in contents:
            made.update(hashlib.sha256(content).digest())
        return made.hexdigest()

    def known(self, folder: Path) -> dict[str, Any]:
        """What an earlier run has found out from the very same files; empty where there is none."""
        try:
            told: dict[str, Any] = json.loads((folder / BATCH_FOLDER / KNOWN).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
            return {}
        whole = isinstance(told, dict) and all(isinstance(told.get(one), dict) for one in ("read", "hashes"))
        if not whole or not hmac.compare_digest(str(told.get("of", "")).encode(), self._signed().encode()):
            return {}
        return told

    def keep(self, folder: Path, hashes: Mapping[str, str], read: Mapping[str, int]) -> None:
        """Note the hashes, and how many rows were read, for a run in which no file has changed."""
        told = {"of": self._signed(), "read": dict(read), "hashes": dict(hashes)}
        write_whole(folder / BATCH_FOLDER / KNOWN, json.dumps(told) + "\n", private=True)

    def _signed(self) -> str:
        return hmac.new(self.key, self.everything.encode(), "sha256").hexdigest()


def read_secret(folder: Path) -> bytes:
    """The secret of a folder of reports; a new one where there is none. Without it all are made again."""
    try:
        key = bytes.fromhex((folder / BATCH_FOLDER / KEY).read_text(encoding="ascii"))
        if len(key) == 32:
            return key
    except (FileNotFoundError, ValueError):
        pass
    return secrets.token_bytes(32)


def write_secret(folder: Path, key: bytes) -> None:
    """Keep the secret beside the reports, where its owner alone can read it."""
    path = folder / BATCH_FOLDER / KEY
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    if not path.is_file() or path.read_bytes() != key.hex().encode():
        write_whole(path, key.hex(), private=True)


def study_cache_keys(
    study: Study, key: bytes, *, wave: str, notebooks: Sequence[Path], formats: Sequence[str]
) -> CacheKeys:
    """Hash what every report of a run is made from."""
    own = {*study.answer_paths, study.organisations_path}
    hashes = {str(path): sha256_of(path) for path in dict.fromkeys(study.input_files)}
    shared = {
        "study": study.id,
        "wave": wave,
        "files": [digest for path, digest in hashes.items() if Path(path) not in own],
        "notebooks": [sha256_of(path) for path in notebooks],
        "formats": list(formats),
        "code": code_hash(),
        "python": platform.python_version(),
        "packages": package_versions(),
    }
    common = hashlib.sha256(json.dumps(shared, sort_keys=True).encode()).hexdigest()
    answers = "\n".join(digest for path, digest in hashes.items() if Path(path) in own)
    return CacheKeys(key, common, hashlib.sha256(f"{common}\n{answers}".encode()).hexdigest())


@cache
def code_hash() -> str:
    """Hash of this package's own files, for a version number alone does not tell a change from a checkout."""
    root = Path(__file__).resolve().parents[1]
    made = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            made.update(f"{path.relative_to(root).as_posix()}\n{sha256_of(path)}\n".encode())
    return made.hexdigest()


def has_key(folder: Path, hashed: str) -> bool:
    """Whether a report's manifest says these inputs; its files are not looked at."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return bool(told.get("input") == hashed)
    except (OSError, ValueError, AttributeError):
        return False


def is_current(folder: Path, hashed: str) -> bool:
    """Whether a report is there, made from these inputs, and every file of it is as it was written."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return told.get("input") == hashed and all(
            sha256_of(folder / name) == digest for name, digest in told["outputs"].items()
        )
    except (OSError, ValueError, KeyError, AttributeError):
        return False
