"""Jobs on a Dask cluster: workers receive a study and one organisation's answers, and return a report.

Nothing but the toolkit itself has to be on a worker. What every job shares is handed to each worker once,
also to one that joins later; a job brings its own organisation's answers and no one else's. Only the batch
writes reports (or, where they go to a store, the worker seals one there): a worker that dies, or one that was
thought dead, can leave nothing half made.
"""

from __future__ import annotations

import atexit
import base64
import hashlib
import json
import logging
import pickle
import platform
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import InvalidInput, Problem, ToolkitError
from toolkit.reporting.executor import clear_failure, private_folder, run_job
from toolkit.reporting.job import DONE, FAILED, FAILURE_NOTE, NOTICE, Job, Outcome
from toolkit.reporting.pool import WorkerPool
from toolkit.reporting.stores import OutputStore
from toolkit.system import publish, staging_folder, temporary_folder

if TYPE_CHECKING:
    from toolkit.study import Study

CONNECT_SECONDS = 15
_COUNT_SECONDS = 5.0
_JOBS_PER_THREAD = 2
"""Jobs sent ahead for every thread of a worker, so that none waits for the batch."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """Data shared by all jobs of a run, as bytes.

    Parameters
    ----------
    study
        As `toolkit.reporting.parts.write_study` keeps it.
    files
        Name → contents of the notebooks ("notebook/…", "notice/…") and the brand's files ("logo/…").
    modules
        To import before the first fork.
    """

    study: bytes
    files: Mapping[str, bytes]
    modules: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Hash that identifies the run."""
        made = hashlib.sha256(self.study)
        for name, data in sorted(self.files.items()):
            made.update(f"{name} {hashlib.sha256(data).hexdigest()}\n".encode())
        return made.hexdigest()


def bundle_of(
    study: Study | None, study_file: Path | None, notebooks: tuple[Path, Path], modules: tuple[str, ...]
) -> Bundle:
    """Pack what every job needs: the study without answers, published figures, notebooks, brand files."""
    if study is None or study_file is None:
        return Bundle(b"", {f"notebook/{notebooks[0].name}": notebooks[0].read_bytes()}, modules)
    stored, hashes = pickle.loads(study_file.read_bytes())
    if study.benchmarks_path:
        stored.__dict__["findings"] = study.findings
    files = {f"{kind}/{path.name}": path.read_bytes() for kind, path in zip(_KINDS, notebooks, strict=True)}
    for field in _brand_fields(study):
        name = getattr(study.brand, field)
        if name:
            files[f"{field}/{Path(name).name}"] = _self_contained(study.folder / name, study.folder)
    return Bundle(pickle.dumps((stored, hashes)), files, modules)


def _self_contained(path: Path, folder: Path) -> bytes:
    """Read a file of the brand; an SVG with the pictures it names inside it: workers have no others."""
    if path.suffix.lower() != ".svg":
        return path.read_bytes()
    from toolkit.reporting.documents.brand import read_logo

    return base64.b64decode(read_logo(path, folder).partition(",")[2])


def _brand_fields(study: Study) -> list[str]:
    return ["logo", *(f"template_{form}" for form in study.brand.templates)]


_KINDS = ("notebook", "notice")
_NOISY_LOGGERS = ("distributed", "distributed.client", "distributed.comm", "tornado.application")


class Cluster:
    """A Dask cluster that builds reports.

    Parameters
    ----------
    address
        Of the scheduler: tcp://host:8786, or tls:// with Dask's own configuration of certificates.

    Raises
    ------
    InvalidInput
        The address is not valid.
    ToolkitError
        Dask is not installed, nothing answers at the address, or a worker has another version of anything
        that goes into a report.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ImportError:
            raise ToolkitError(
                "--cluster needs dask.distributed: pip install 'survey-research-toolkit[cluster]'"
            ) from None
        self.address = address
        if not re.fullmatch(r"\w+://.+|[^/:]+:\d+", address):
            problem = Problem(
                "malformed",
                f"cluster {address}",
                "is not a valid address",
                "write it as tcp://scheduler:8786",
            )
            raise InvalidInput("options", [problem])
        for name in _NOISY_LOGGERS:  # losses are reported by our own message, without their tracebacks
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        try:
            connect: Any = distributed.Client
            self._client: Any = connect(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as fault:
            raise ToolkitError(f"no Dask scheduler answers at {address}: {fault}") from None
        self._digest = ""
        self._store: OutputStore | None = None
        self._counted, self._threads = -_COUNT_SECONDS, 0

    def begin(
        self,
        study: Study | None,
        study_file: Path | None,
        notebooks: tuple[Path, Path],
        modules: tuple[str, ...],
        store: OutputStore | None,
    ) -> None:
        """Send the shared data to all workers, present and future."""
        bundle = bundle_of(study, study_file, notebooks, modules)
        self._digest, self._store = bundle.digest, store
        try:
            stamps = self._client.run(stamp)
            self._client.register_worker_callbacks(setup=_BundleReceiver(bundle))
        except Exception as fault:
            raise ToolkitError(
                f"a worker of {self.address} cannot run the toolkit: {type(fault).__name__}: {fault}. "
                "Install the same version there."
            ) from fault
        others = sorted(worker for worker, version in stamps.items() if version != stamp())
        if others:
            self.close()
            raise ToolkitError(
                f"different versions of the toolkit, Python or a package on {', '.join(others)}: "
                "its reports would differ. Install the same versions there (constraints.txt)."
            )
        self._executor: Executor = self._client.get_executor(pure=False)

    @property
    def window(self) -> int:
        """Number of jobs to keep in flight."""
        if time.monotonic() > self._counted + _COUNT_SECONDS and self.connected():
            self._counted, self._threads = time.monotonic(), sum(self._client.nthreads().values())
        return _JOBS_PER_THREAD * max(4, self._threads)

    def connected(self) -> bool:
        """Return whether the scheduler can be reached."""
        return bool(self._client.status == "running")

    def submit(self, job: Job) -> Future[tuple[Outcome, dict[str, bytes]]]:
        """Submit a job with its own organisation's answers."""
        part = {path.name: path.read_bytes() for path in Path(job.part).iterdir()} if job.part else {}
        if not self.connected():
            raise self.lost_scheduler()
        return self._executor.submit(run_remote_job, self._digest, stamp(), job, part, self._store)

    def outcome(self, job: Job, future: Future[tuple[Outcome, dict[str, bytes]]]) -> Outcome:
        """Return a job's outcome after putting its files in place.

        Raises
        ------
        ToolkitError
            The scheduler is gone.
        """
        try:
            outcome, files = future.result()
        except Exception as fault:  # noqa: BLE001 - whatever a worker or Dask raises; it is reported
            if not self.connected() or isinstance(fault, CancelledError):
                raise self.lost_scheduler() from None
            sentence = f"could not be built on the cluster: {type(fault).__name__}: {fault}"
            outcome, files = Outcome("failed", sentence.partition("\n")[0], str(fault)), {}
        try:
            return _publish_files(job, outcome, files)
        except OSError as fault:
            return replace(
                outcome, status="failed", sentence=f"its folder could not be put in place: {fault.strerror}"
            )

    def lost_scheduler(self) -> ToolkitError:
        """Return the error for a lost scheduler."""
        return ToolkitError(
            f"the Dask scheduler at {self.address} is gone. Finished reports were kept; run it again when "
            "there is one."
        )

    def close(self) -> None:
        """Close the connection; workers keep running."""
        self._client.close(timeout=2)


@dataclass(frozen=True, eq=False)
class _BundleReceiver:
    """Worker plugin that receives the bundle."""

    bundle: Bundle

    def __call__(self, dask_worker: object = None) -> None:
        _BUNDLES[self.bundle.digest] = self.bundle
        with _LOCK:
            for digest, workplace in list(_WORKPLACES.items()):
                if digest != self.bundle.digest and not workplace.jobs:
                    workplace.close()
                    del _WORKPLACES[digest]


def stamp() -> str:
    """Hash the toolkit's code, Python's version and the package versions."""
    from toolkit.reporting.manifest import code_hash, package_versions

    versions = json.dumps([code_hash(), platform.python_version(), package_versions()])
    return hashlib.sha256(versions.encode()).hexdigest()


def run_remote_job(
    digest: str, version: str, job: Job, part: Mapping[str, bytes], store: OutputStore | None
) -> tuple[Outcome, dict[str, bytes]]:
    """Build one report in a folder of the worker's own and return its files (runs on a worker).

    Parameters
    ----------
    digest
        Of the bundle the worker was handed.
    version
        The batch's `stamp`.
    part
        The organisation's own answers, file by file.
    store
        Where the report is uploaded; its seal is returned nevertheless.
    """
    if stamp() != version:
        return Outcome("failed", "the worker it was sent to has another version of the toolkit"), {}
    workplace = _workplace(digest)
    try:
        with tempfile.TemporaryDirectory(dir=workplace.folder) as own:
            here = _unpacked(Path(own), workplace.folder, job, part)
            outcome = run_job(here, pool=workplace.pool, store=store)
            final = Path(here.final)
            place = final if outcome.status in DONE else final.parent / FAILED / final.name
            return outcome, _contents(place)
    finally:
        with _LOCK:
            workplace.jobs -= 1


def _unpacked(own: Path, workplace: Path, job: Job, part: Mapping[str, bytes]) -> Job:
    (own / "part").mkdir()
    for name, data in part.items():
        (own / "part" / name).write_bytes(data)
    return replace(
        job,
        study=str(workplace / "study.pickle") if job.study else "",
        part=str(own / "part") if job.part else "",
        notebook=str(workplace / _KINDS[job.kind == NOTICE] / Path(job.notebook).name),
        final=str(own / "out" / Path(job.final).name),
    )


def _contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _publish_files(job: Job, outcome: Outcome, files: Mapping[str, bytes]) -> Outcome:
    """Write received files under a temporary name and rename them."""
    final = Path(job.final)
    place = final if outcome.status in DONE else final.parent / FAILED / final.name
    if outcome.status == "stopped":
        return outcome
    if place != final:
        private_folder(place.parent)
    staged = staging_folder(place)
    try:
        for name, data in files.items():
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            (staged / name).write_bytes(data)
        if outcome.status not in DONE:
            (staged / FAILURE_NOTE).write_text(outcome.sentence + "\n", encoding="utf-8")
        publish(staged, place)
        if outcome.status in DONE:
            clear_failure(final)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return outcome


class _Workplace:
    """A worker process's folder and process pool for one run."""

    def __init__(self, bundle: Bundle) -> None:
        self._scratch = temporary_folder()
        self.folder, self.jobs = self._scratch.__enter__(), 0
        for name, data in bundle.files.items():
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).write_bytes(data)
        kept = ""
        if bundle.study:
            kept = str(self.folder / "study.pickle")
            Path(kept).write_bytes(_localise_brand(bundle, self.folder))
        self.pool = WorkerPool(self.folder, study=kept, modules=bundle.modules)
        self.pool.start()

    def close(self) -> None:
        """Stop the processes and remove the folder."""
        self.pool.close()
        self._scratch.__exit__(None, None, None)


def _localise_brand(bundle: Bundle, folder: Path) -> bytes:
    """Point the stored study to the brand's files on this machine."""
    study, hashes = pickle.loads(bundle.study)
    found = {name.partition("/")[0]: str(folder / name) for name in bundle.files}
    brand = study.brand.model_copy(
        update={field: found[field] for field in _brand_fields(study) if field in found}
    )
    placed = replace(study, brand=brand)
    if "findings" in study.__dict__:
        placed.__dict__["findings"] = study.findings
    return pickle.dumps((placed, hashes))


_BUNDLES: dict[str, Bundle] = {}
_WORKPLACES: dict[str, _Workplace] = {}
_LOCK = threading.Lock()


def _workplace(digest: str) -> _Workplace:
    """Return this process's workplace for a run, counting one more job."""
    with _LOCK:
        if digest not in _WORKPLACES:
            if not _WORKPLACES:
                atexit.register(_close_all)
            _WORKPLACES[digest] = _Workplace(_BUNDLES[digest])
        _WORKPLACES[digest].jobs += 1
        return _WORKPLACES[digest]


def _close_all() -> None:
    for workplace in _WORKPLACES.values():
        workplace.close()
