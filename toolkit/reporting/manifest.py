"""Manifests of reports, and the cache keys that decide whether a report is up to date.

The key is written into the manifest, which a client gets. It is a hash keyed with a secret that stays with
the batch, so that no one can test guessed answers against it.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import platform
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import InvalidInput, Problem
from toolkit.system import write_whole

if TYPE_CHECKING:
    from toolkit.study import Study

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
    draft: bool = True,
) -> dict[str, Any]:
    """Build the manifest of one report.

    Parameters
    ----------
    study
        The study as loaded for this report.
    folder
        Folder of its outputs; each is hashed.
    parameters
        As shown in the delivered notebook: no path of the machine.
    hashed
        The keyed hash of all that went in (`CacheKeys`).
    known
        Hashes of input files that need not be read again.
    draft
        Whether it is not a release: later releases are not compared with it.

    Returns
    -------
    dict
        Nothing in it names another organisation or gives a count the policy hides. Input files go by role and
        number, since names of files and folders may name clients. Answers and the organisations table are not
        among them, for answers could be tried against a hash; of these only what was admitted goes into
        `input`, whose key stays with the batch.
    """
    people = {path.resolve() for path in (*study.answer_paths, study.organisations_path) if path}
    named = {study.path.resolve(): "study"}
    if study.benchmarks_path:
        named[study.benchmarks_path.resolve()] = "benchmarks"
    files = {path.resolve(): path for path in study.input_files}
    others = [real for real in files if real not in people and real not in named]
    named |= {real: f"file-{number}{real.suffix}" for number, real in enumerate(others, 1)}
    inputs = {
        named[real]: (known or {}).get(str(path)) or sha256_of(path)
        for real, path in files.items()
        if real in named
    }
    return {
        "study": study.id,
        "title": study.title,
        "synthetic": study.synthetic,
        "organisation": organisation,
        "name": study.organisation_name(organisation),
        "wave": wave,
        "status": status,
        "draft": draft,
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
        "headline": headline(folder / RESULTS, level=study.level),
        "python": platform.python_version(),
        "packages": package_versions(),
    }


def output_hashes(folder: Path) -> dict[str, str]:
    """Hash every file of a report except its manifest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}


def record_converted(folder: Path, before: Mapping[str, str], documents: Iterable[Path]) -> None:
    """Add converted documents, and what else was written since `before`, to a report's manifest.

    They have a key of their own beside `outputs`, by which the ledger recognises a release. A folder without
    a manifest gets none.

    Raises
    ------
    InvalidInput
        A manifest that cannot be read.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return
    try:
        manifest = dict(json.loads(path.read_text(encoding="utf-8")))
        converted = dict(manifest.get("converted", {}))
    except (ValueError, TypeError):
        hint = "build the report again with --force"
        raise InvalidInput(path, [Problem("damaged-file", path.name, "cannot be read", hint)]) from None
    names = {one.relative_to(folder).as_posix() for one in documents}
    new = {
        name: digest
        for name, digest in output_hashes(folder).items()
        if name in names or before.get(name) != digest
    }
    write_whole(path, as_json({**manifest, "converted": {**converted, **new}}))


def preload() -> None:
    """Look up package versions in advance; they do not change while a process runs."""
    _versions()


def headline(results: Path, *, level: float = 0.95) -> dict[str, Any]:
    """Summarise a report for the index from its own numbers.

    Bases (answered and invited, and the gate's text where a number is withheld), the response rate of all
    audiences together where each is known, how many numbers are exact, bounds or withheld for which reason,
    how many gaps are beyond chance, and the largest of these, or of all where none is. Only codes and
    numbers: the index makes the words.
    """
    if not results.is_file():
        return {}
    with results.open(encoding="utf-8-sig", newline="") as handle:
        lines = csv.reader(handle)
        columns = next(lines, [])
        rows = [dict(zip(columns, line, strict=False)) for line in lines]
    answered = [row for row in rows if row.get("table") == "participation" and row.get("audience")]
    bases = {
        row["audience"]: {
            "answered": _whole(row.get("answered")),
            "answered_shown": row.get("answered_shown", ""),
            "invited": _whole(row.get("invited")),
        }
        for row in answered
    }
    gaps = [
        row for row in rows if row.get("table") == "gaps" and row.get("shown") == "True" and row.get("gap")
    ]
    clear = [row for row in gaps if float(row.get("p_adjusted") or "nan") < 1 - level]
    largest = max(clear or gaps, key=lambda row: abs(float(row["gap"])), default=None)
    found: dict[str, Any] = {"bases": bases, "numbers": dict(Counter(_shown_how(row) for row in rows))}
    found["numbers"].pop("", None)
    counts = [(row.get("answered"), row.get("invited")) for row in answered]
    if counts and all(one and other for one, other in counts):
        invited = sum(float(other or 0) for _, other in counts)
        found["response"] = sum(float(one or 0) for one, _ in counts) / invited if invited else None
    if gaps:
        found["clear"] = len(clear)
    if largest:
        codes = ("item", "measure", "audience_a", "audience_b")
        found["largest_gap"] = {name: largest.get(name, "") for name in codes} | {
            "gap": float(largest["gap"])
        }
    return found


def _whole(text: str | None) -> int | None:
    return round(float(text)) if text else None


_BOUNDS = ("bound", "bound_a", "bound_b", "gap_least")


def _shown_how(row: Mapping[str, str]) -> str:
    """Return "exact", "bound" or the code of the reason why a number is withheld; "" if it is none."""
    if row.get("shown") == "True":
        return "bound" if any(map(row.get, _BOUNDS)) else "exact"
    codes = (row.get(name) for name in ("withheld_code", "withheld_code_a", "withheld_code_b"))
    return next(filter(None, codes), "")


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that affect numbers and pages; missing ones are left out."""
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
    """Serialise a manifest as indented JSON."""
    return json.dumps(manifest, indent=2, ensure_ascii=False, default=str) + "\n"


# Cache keys: whether a report would come out the same

BATCH_FOLDER = "_batch"
"""The folder of the batch's own files beside the reports: for the consultant, never for a client."""

KEY, KNOWN = "key", "inputs.json"


@dataclass(frozen=True)
class CacheKeys:
    """Cache keys of the reports of one run.

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
        """Compute the cache key of the report with these answers and rows."""
        made = hmac.new(self.key, self.common.encode(), "sha256")
        for content in contents:
            made.update(hashlib.sha256(content).digest())
        return made.hexdigest()

    def known(self, folder: Path) -> dict[str, Any]:
        """Return an earlier run's results for identical files; empty if there are none."""
        try:
            saved: dict[str, Any] = json.loads((folder / BATCH_FOLDER / KNOWN).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
            return {}
        if not isinstance(saved, dict) or not all(
            isinstance(saved.get(one), dict) for one in ("read", "hashes")
        ):
            return {}
        if not hmac.compare_digest(str(saved.get("of", "")).encode(), self._signed().encode()):
            return {}
        return saved

    def keep(self, folder: Path, hashes: Mapping[str, str], read: Mapping[str, int]) -> None:
        """Save the keys and row counts for later runs with unchanged files."""
        saved = {"of": self._signed(), "read": dict(read), "hashes": dict(hashes)}
        write_whole(folder / BATCH_FOLDER / KNOWN, json.dumps(saved) + "\n", private=True)

    def _signed(self) -> str:
        return hmac.new(self.key, self.everything.encode(), "sha256").hexdigest()


def read_secret(folder: Path) -> bytes:
    """Read the secret of a reports folder, or create one, which makes all reports out of date."""
    try:
        key = bytes.fromhex((folder / BATCH_FOLDER / KEY).read_text(encoding="ascii"))
        if len(key) == 32:
            return key
    except (FileNotFoundError, ValueError):
        pass
    return secrets.token_bytes(32)


def write_secret(folder: Path, key: bytes) -> None:
    """Write the secret beside the reports, readable by its owner only."""
    path = folder / BATCH_FOLDER / KEY
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    if not path.is_file() or path.read_bytes() != key.hex().encode():
        write_whole(path, key.hex(), private=True)


def study_cache_keys(
    study: Study,
    key: bytes,
    *,
    wave: str,
    notebooks: Sequence[Path],
    formats: Sequence[str],
    release: bool = False,
    entry: str = "",
) -> CacheKeys:
    """Hash everything that all reports of a run depend on; `entry` is the last one of the ledger."""
    own = {*study.answer_paths, study.organisations_path, *study.own_files}
    read = dict.fromkeys((*study.input_files, *study.own_files))
    try:
        hashes = {str(path): sha256_of(path) for path in read}
    except PermissionError as fault:
        problem = Problem(
            "unreadable-file",
            str(fault.filename),
            f"cannot be read: {fault.strerror}",
            "get the right to read it",
        )
        raise InvalidInput(study.path, [problem]) from fault
    shared = {
        "study": study.id,
        "wave": wave,
        "files": [digest for path, digest in hashes.items() if Path(path) not in own],
        "notebooks": [sha256_of(path) for path in notebooks],
        "formats": list(formats),
        "release": release,
        "policy": study.policy.model_dump(mode="json"),
        "code": code_hash(),
        "python": platform.python_version(),
        "packages": package_versions(),
    }
    common = hashlib.sha256(json.dumps(shared, sort_keys=True).encode()).hexdigest()
    answers = "\n".join([entry, *(digest for path, digest in hashes.items() if Path(path) in own)])
    return CacheKeys(key, common, hashlib.sha256(f"{common}\n{answers}".encode()).hexdigest())


@cache
def code_hash() -> str:
    """Hash this package's files, since the version number does not change with a checkout."""
    root = Path(__file__).resolve().parents[1]
    made = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            made.update(f"{path.relative_to(root).as_posix()}\n{sha256_of(path)}\n".encode())
    return made.hexdigest()


def has_key(folder: Path, hashed: str) -> bool:
    """Return whether a report's manifest has this cache key; its files are not checked."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return bool(manifest.get("input") == hashed)
    except (OSError, ValueError, AttributeError):
        return False


def is_current(folder: Path, hashed: str) -> bool:
    """Return whether a report has this cache key and all its files are unchanged."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return manifest.get("input") == hashed and all(
            sha256_of(folder / name) == digest for name, digest in manifest["outputs"].items()
        )
    except (OSError, ValueError, KeyError, AttributeError):
        return False
