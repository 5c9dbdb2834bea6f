"""Whether a report would come out the same: keyed hashes of all that goes into it.

The hash stands in the report's own manifest, which a client gets. It is keyed with a secret that stays with
the batch, so that nobody can try answers against it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import platform
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.reporting.atomic import write_whole
from toolkit.reporting.manifest import MANIFEST, package_versions, sha256_of

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["KEPT", "Inputs", "keep_key", "kept_key", "sealed", "stands", "study_inputs"]

KEPT = "_batch"
"""The folder of the batch's own files beside the reports: for the consultant, never for a client."""

KEY, KNOWN = "key", "inputs.json"


@dataclass(frozen=True)
class Inputs:
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
            told: dict[str, Any] = json.loads((folder / KEPT / KNOWN).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
            return {}
        whole = isinstance(told, dict) and all(isinstance(told.get(one), dict) for one in ("read", "hashes"))
        if not whole or not hmac.compare_digest(str(told.get("of", "")).encode(), self._signed().encode()):
            return {}
        return told

    def keep(self, folder: Path, hashes: Mapping[str, str], read: Mapping[str, int]) -> None:
        """Note the hashes, and how many rows were read, for a run in which no file has changed."""
        told = {"of": self._signed(), "read": dict(read), "hashes": dict(hashes)}
        write_whole(folder / KEPT / KNOWN, json.dumps(told) + "\n", private=True)

    def _signed(self) -> str:
        return hmac.new(self.key, self.everything.encode(), "sha256").hexdigest()


def kept_key(folder: Path) -> bytes:
    """The secret of a folder of reports; a new one where there is none. Without it all are made again."""
    try:
        key = bytes.fromhex((folder / KEPT / KEY).read_text(encoding="ascii"))
        if len(key) == 32:
            return key
    except (FileNotFoundError, ValueError):
        pass
    return secrets.token_bytes(32)


def keep_key(folder: Path, key: bytes) -> None:
    """Keep the secret beside the reports, where its owner alone can read it."""
    path = folder / KEPT / KEY
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    if not path.is_file() or path.read_bytes() != key.hex().encode():
        write_whole(path, key.hex(), private=True)


def study_inputs(
    study: Study, key: bytes, *, wave: str, notebooks: Sequence[Path], formats: Sequence[str]
) -> Inputs:
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
    return Inputs(key, common, hashlib.sha256(f"{common}\n{answers}".encode()).hexdigest())


@cache
def code_hash() -> str:
    """Hash of this package's own files, for a version number alone does not tell a change from a checkout."""
    root = Path(__file__).resolve().parents[1]
    made = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            made.update(f"{path.relative_to(root).as_posix()}\n{sha256_of(path)}\n".encode())
    return made.hexdigest()


def sealed(folder: Path, hashed: str) -> bool:
    """Whether a report's manifest says these inputs; its files are not looked at."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return bool(told.get("input") == hashed)
    except (OSError, ValueError, AttributeError):
        return False


def stands(folder: Path, hashed: str) -> bool:
    """Whether a report is there, made from these inputs, and every file of it is as it was written."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return told.get("input") == hashed and all(
            sha256_of(folder / name) == digest for name, digest in told["outputs"].items()
        )
    except (OSError, ValueError, KeyError, AttributeError):
        return False
