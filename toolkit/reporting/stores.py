"""Output stores: reports at any address fsspec knows (s3://, gs://, memory://), complete or absent.

A store has no rename of folders. So a report's manifest is its seal: taken away first, written last, and it
names every file with its size. A report without a seal, or with a file missing or of another size, is not
there: the next run makes it again and no index lists it.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolkit.errors import InvalidInput, Problem, ToolkitError
from toolkit.inputs import parsed_json
from toolkit.instrument.yaml_loader import CONTROL
from toolkit.reporting.job import DONE, FAILED, FAILURE_NOTE, Outcome
from toolkit.reporting.manifest import BATCH_FOLDER, MANIFEST

LOCK = "lock.json"
BEAT = 10.0
"""Seconds between two heartbeats of a run; without one for three times as long, it counts as dead."""

MANY = 500


def is_address(out: str | Path) -> bool:
    """Return whether an output is an fsspec address rather than a folder.

    Examples
    --------
    >>> is_address("s3://bucket/reports"), is_address("reports")
    (True, False)
    """
    return "://" in str(out)


@dataclass(frozen=True)
class OutputStore:
    """The reports of one wave in a store.

    Parameters
    ----------
    address
        As fsspec understands it.
    """

    address: str

    def at(self, *names: str) -> OutputStore:
        """Return a place below this one."""
        return OutputStore("/".join([self.address.rstrip("/"), *names]))

    def opened(self) -> tuple[Any, str]:
        """Return the file system and the path on it.

        Raises
        ------
        ToolkitError
            fsspec, or what it needs for this kind of address, is not installed, or does not know it.
        """
        try:
            import fsspec  # type: ignore[import-untyped]
        except ImportError:
            raise ToolkitError(
                f"{self.address} needs fsspec: pip install 'survey-research-toolkit[cluster]'"
            ) from None
        try:
            system, path = fsspec.url_to_fs(self.address, use_listings_cache=False)
        except (ImportError, ValueError) as fault:
            raise ToolkitError(f"{self.address} cannot be opened: {fault}") from None
        return system, path.rstrip("/")

    def bring(self, final: Path, outcome: Outcome) -> Outcome:
        """Upload a report, or what is kept of a failed one; keep only its seal locally."""
        import shutil

        here = final if outcome.status in DONE else final.parent / FAILED / final.name
        try:
            if outcome.status in DONE:
                _put_sealed(*self.at(final.name).opened(), here)
                _remove(*self.at(FAILED, final.name).opened())
            elif here.is_dir():
                _put_plain(*self.at(FAILED, final.name).opened(), here)
        except Exception as fault:  # noqa: BLE001 - stores raise their own types; it is reported
            import traceback

            sentence = f"could not be written to {self.address}: {type(fault).__name__}: {fault}"
            passed = f"{outcome.sentence}; {sentence}" if outcome.sentence else sentence
            (here / MANIFEST).unlink(missing_ok=True)
            outcome = replace(outcome, status="failed", sentence=passed, traceback=traceback.format_exc())
            kept = final.parent / FAILED / final.name
            kept.mkdir(parents=True, exist_ok=True)
            (kept / FAILURE_NOTE).write_text(passed + "\n", encoding="utf-8")
        for path in here.rglob("*"):
            if path.is_file() and path.name not in (MANIFEST, FAILURE_NOTE):
                path.unlink()
        if here == final and not (here / MANIFEST).exists():
            shutil.rmtree(here, ignore_errors=True)
        return outcome

    def mirror(self, folder: Path) -> None:
        """Download what a run must know: the batch's own files, seals of complete reports, failure notes."""
        system, root = self.opened()
        try:
            _mirrored(system, root, folder)
        except InvalidInput:
            raise  # a key that is refused
        except Exception as fault:
            if isinstance(fault, OSError) and str(fault.filename or "").startswith(str(folder)):
                raise  # of this machine's disk, not the store
            hint = "check the address, the rights and the credentials"
            problem = Problem("unreadable-file", self.address, f"cannot be read: {_first_words(fault)}", hint)
            raise InvalidInput("output", [problem]) from fault

    def save(self, folder: Path) -> None:
        """Upload the batch's own files and the index."""
        system, root = self.opened()
        for path in (*sorted((folder / BATCH_FOLDER).glob("*")), folder / "index.html"):
            if path.is_file() and not path.name.startswith("."):
                system.pipe_file(f"{root}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock the place for one run by an object with a heartbeat.

        Another run counts as alive if its object changes while we watch, whatever the clocks show.

        Raises
        ------
        InvalidInput
            Another run holds it, or it cannot be written.
        """
        system, root = self.at(BATCH_FOLDER).opened()
        path, mine = f"{root}/{LOCK}", uuid.uuid4().hex
        try:
            _take(system, path, mine, self.address)
        except InvalidInput:
            raise
        except Exception as fault:
            hint = "check the address, the rights and the credentials"
            problem = Problem("unwritable", self.address, f"cannot be written: {_first_words(fault)}", hint)
            raise InvalidInput("output", [problem]) from fault
        ended = threading.Event()
        beating = threading.Thread(target=_beat, args=(system, path, mine, ended), daemon=True)
        beating.start()
        try:
            yield
        finally:
            ended.set()
            beating.join()
            if _read(system, path).get("run") == mine:
                system.rm_file(path)


def _mirrored(system: Any, root: str, folder: Path) -> None:
    sizes = {path[len(root) :].lstrip("/"): size for path, size in _listed(system, root).items()}
    _refuse_leading_out(root, sizes)
    wanted = [name for name in sizes if _worth_knowing(name)]
    for start in range(0, len(wanted), MANY):
        some = wanted[start : start + MANY]
        contents = system.cat([f"{root}/{name}" for name in some], on_error="omit")
        for name in some:
            data = next((data for path, data in contents.items() if path.endswith(f"/{name}")), None)
            if data is None or (name.endswith(MANIFEST) and not _whole(name, data, sizes)):
                continue
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    if (folder / BATCH_FOLDER).is_dir():
        (folder / BATCH_FOLDER).chmod(0o700)


def _refuse_leading_out(root: str, names: Iterable[str]) -> None:
    """Refuse a store whose keys would name files elsewhere on this machine.

    Raises
    ------
    InvalidInput
        Each key with a part "..", a back slash or a control character.
    """
    odd = [
        name
        for name in names
        if ".." in name.split("/") or "\\" in name or name.startswith("/") or CONTROL.search(name)
    ]
    if odd:
        what = "is not a valid file name below the output, and was not downloaded"
        problems = [
            Problem("outside-folder", f"{root}/{name!r}", what, "delete it from the store")
            for name in odd[:20]
        ]
        raise InvalidInput("output", problems)


def _first_words(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}".partition("\n")[0]


def _take(system: Any, path: str, mine: str, address: str) -> None:
    """Take the lock; if it is taken, check whether its owner is alive."""
    if _made(system, path, mine):
        return
    before = _read(system, path)
    end = time.monotonic() + 3 * BEAT
    while time.monotonic() < end:
        time.sleep(BEAT / 5)
        if _read(system, path) != before:
            problem = Problem(
                "locked",
                address,
                "another run is writing there",
                "wait until it ends or choose another place",
            )
            raise InvalidInput("output", [problem])
    system.rm_file(path)
    if not _made(system, path, mine):
        problem = Problem("locked", address, "another run has just started there", "wait until it ends")
        raise InvalidInput("output", [problem])


def _made(system: Any, path: str, mine: str) -> bool:
    try:
        system.pipe_file(path, _sign(mine, 0), mode="create")
    except FileExistsError:
        return False
    return bool(_read(system, path).get("run") == mine)


def _beat(system: Any, path: str, mine: str, ended: threading.Event) -> None:
    count = 0
    while not ended.wait(BEAT):
        count += 1
        try:
            system.pipe_file(path, _sign(mine, count))
        except Exception:  # noqa: BLE001 - a store that does not answer for a moment
            continue


def _sign(mine: str, count: int) -> bytes:
    return json.dumps({"run": mine, "beat": count}).encode()


def _read(system: Any, path: str) -> Mapping[str, Any]:
    try:
        content = parsed_json(system.cat_file(path))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _put_sealed(system: Any, root: str, folder: Path) -> None:
    """Upload a report's files, then its seal: an interrupted upload has no seal."""
    seal = folder / MANIFEST
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    files.pop(MANIFEST)
    content = json.loads(seal.read_text(encoding="utf-8"))
    content["bytes"] = {name: path.stat().st_size for name, path in files.items()}
    seal.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    before = _listed(system, root)
    if f"{root}/{MANIFEST}" in before:
        system.rm_file(f"{root}/{MANIFEST}")
    for name, path in files.items():
        system.pipe_file(f"{root}/{name}", path.read_bytes())
    system.pipe_file(f"{root}/{MANIFEST}", seal.read_bytes())
    for old in before:
        if old.removeprefix(f"{root}/") not in {*files, MANIFEST}:
            system.rm_file(old)


def _put_plain(system: Any, root: str, folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            system.pipe_file(f"{root}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def _remove(system: Any, root: str) -> None:
    for path in _listed(system, root):
        system.rm_file(path)


def _listed(system: Any, root: str) -> dict[str, int]:
    """List every file below a path with its size."""
    system.invalidate_cache()
    try:
        return {str(path): int(about["size"]) for path, about in system.find(root, detail=True).items()}
    except FileNotFoundError:
        return {}


def _worth_knowing(name: str) -> bool:
    parts = name.split("/")
    if parts[0] == BATCH_FOLDER:
        return len(parts) == 2 and parts[1] != LOCK
    if parts[0] == FAILED:
        return parts[-1] == FAILURE_NOTE
    return len(parts) == 2 and parts[1] == MANIFEST


def _whole(name: str, data: bytes, sizes: Mapping[str, int]) -> bool:
    """Return whether every file a seal names exists with the right size."""
    try:
        content = dict(parsed_json(data)["bytes"])
    except (ValueError, KeyError, TypeError):
        return False
    folder = name.rpartition("/")[0]
    return all(sizes.get(f"{folder}/{one}") == size for one, size in content.items())
