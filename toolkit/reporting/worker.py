"""One organisation's report in a process of its own: forked, or started and told its job."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from toolkit.errors import InvalidInput, ToolkitError

__all__ = ["Job", "Outcome", "make_report"]

FAILURE_FILE = "traceback.txt"
DONE = ("made", "withheld")


@dataclass(frozen=True)
class Job:
    """What one worker is to make.

    Parameters
    ----------
    study, data
        As the notebook is given them: absolute paths.
    kept, part
        The study as the batch has read it, and this organisation's answers (`toolkit.reporting.prepared`).
    notebook
        The report's, or the one where no audience may be shown.
    withheld
        Whether it is the latter.
    final, folder
        Where the report will stand, and where it is made.
    formats
        What it is written as.
    hashed
        Its input hash.
    seconds, memory
        Limits: of the whole job, and of bytes its notebook may take.
    given
        Parameters of a notebook of somebody's own (`toolkit.reporting.run`); None for a report.
    synthetic
        Whether such a notebook's page says that its answers are synthetic.
    """

    study: str
    data: str | None
    organisation: str
    wave: str
    notebook: str
    kept: str
    part: str
    final: str = ""
    folder: str = ""
    formats: tuple[str, ...] = ("html",)
    hashed: str = ""
    seconds: float | None = None
    memory: int | None = None
    given: Mapping[str, Any] | None = None
    synthetic: bool = False
    withheld: bool = False

    @property
    def parameters(self) -> dict[str, object]:
        """What the notebook is given."""
        return {
            "study": self.study,
            "organisation": self.organisation,
            "wave": self.wave,
            "data": self.data,
            "output": self.folder,
        }

    @property
    def shown_parameters(self) -> dict[str, object]:
        """The same without paths of the machine, for the delivered notebook and the manifest."""
        return {
            "study": Path(self.study).name,
            "organisation": self.organisation,
            "wave": self.wave,
            "data": Path(self.data).name if self.data else None,
            "output": None,
        }

    @property
    def environment(self) -> dict[str, str]:
        """What tells the processes of this job which part of which study is theirs."""
        from toolkit.reporting.prepared import environment_of

        return environment_of(study=self.study, data=self.data, kept=self.kept, part=self.part)


@dataclass(frozen=True)
class Outcome:
    """How a job ended: `status` "made", "withheld", "failed" or "stopped", and a sentence for the index.

    `passing`: another try may well succeed.
    """

    status: str
    sentence: str = ""
    traceback: str = ""
    warnings: tuple[str, ...] = ()
    passing: bool = False
    seconds: float = 0.0
    outputs: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def told(cls, message: Mapping[str, Any]) -> Outcome:
        """From its JSON."""
        return cls(**{**message, "warnings": tuple(message["warnings"])})


def make_report(job: Job, *, address: Path | None = None) -> Outcome:
    """Execute one organisation's notebook and write its documents, notebook, results and manifest.

    Whatever goes wrong becomes an Outcome: one report must not take the others with it.

    Parameters
    ----------
    address
        Of the zygote its notebook is forked from; None starts an ordinary kernel.
    """
    from toolkit.reporting.execute import CellError

    try:
        if job.given is not None:
            from toolkit.reporting.run import make_own

            return make_own(job, address)
        return _make(job, address)
    except CellError as fault:
        return Outcome("failed", str(fault), fault.traceback, passing=fault.passing)
    except InvalidInput as fault:
        sentence = f"{fault.source}: {'; and '.join(map(str, fault.problems[:3]))}"
        more = f" (+{len(fault.problems) - 3} more)" if len(fault.problems) > 3 else ""
        return Outcome("failed", sentence + more, str(fault))
    except ToolkitError as fault:
        return Outcome("failed", str(fault).partition("\n")[0], str(fault))
    except OSError as fault:
        passing = fault.errno in (errno.EAGAIN, errno.ENOMEM, errno.EINTR, errno.ESTALE)
        sentence = f"a file could not be written or read: {fault.strerror}"
        return Outcome("failed", sentence, traceback.format_exc(), passing=passing)
    except MemoryError:
        return Outcome("failed", "there was not enough memory", traceback.format_exc())
    except Exception as fault:  # noqa: BLE001 - the last line of defence of the batch; nothing is swallowed
        return Outcome("failed", f"{type(fault).__name__}: {fault}", traceback.format_exc())


def _make(job: Job, address: Path | None) -> Outcome:
    from toolkit.reporting.documents import document_of, without_blocks, write_documents
    from toolkit.reporting.documents.brand import cover_of, templates_of
    from toolkit.reporting.execute import Limits, clean, execute, read_notebook
    from toolkit.reporting.manifest import MANIFEST, as_json, build_manifest
    from toolkit.reporting.prepared import input_hashes, prepared_study

    study = prepared_study(job.study, job.data, told=job.environment)
    if study is None:
        raise ToolkitError("the job's part of the study is not where the batch has put it")
    kind = "withheld" if job.withheld else "made"
    template, folder = Path(job.notebook), Path(job.folder)
    delivered = folder / "report.ipynb"
    limits = Limits(whole=job.seconds, memory=job.memory)
    execute(template, delivered, job.parameters, limits=limits, address=address, environment=job.environment)
    notebook, warnings = clean(read_notebook(delivered), job.shown_parameters)
    cover = cover_of(study, job.organisation, job.wave)
    document = document_of(notebook, cover, templates=templates_of(study))
    text = json.dumps(without_blocks(notebook), indent=1, ensure_ascii=False)
    delivered.write_text(text + "\n", encoding="utf-8")
    write_documents(document, folder, job.formats)
    manifest = build_manifest(
        study,
        folder,
        organisation=job.organisation,
        wave=job.wave,
        status=kind,
        notebook=template,
        parameters=job.shown_parameters,
        hashed=job.hashed,
        known=input_hashes(job.kept),
    )
    (folder / MANIFEST).write_text(as_json(manifest), encoding="utf-8")
    return Outcome(kind, warnings=tuple(warnings), outputs=manifest["outputs"])


def forked(wanted: Mapping[str, Any], files: list[int], shell: object) -> None:
    """Make one report in a process forked for it: the answer goes to the first file, prints to the second."""
    import socket

    from toolkit.reporting.warm.wire import Wire

    answer, log = files
    for number in (1, 2):
        os.dup2(log, number)
    os.close(log)
    job = Job(**{**wanted["job"], "formats": tuple(wanted["job"]["formats"])})
    outcome = make_report(job, address=Path(wanted["zygote"]))
    Wire(socket.socket(fileno=answer)).send(asdict(outcome))


def _end_with_parent() -> None:
    """Stop when the other end of standard input is gone: the batch was killed."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)
    os._exit(1)


def _stop(signum: int, frame: object) -> None:
    raise SystemExit(128 + signum)


def main() -> None:
    """Read one job, make its report, answer with the outcome."""
    answer = os.dup(1)
    os.dup2(2, 1)  # a kernel inherits this; its prints must not end up in the answer
    job: Mapping[str, Any] = json.loads(sys.stdin.buffer.readline())
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    outcome = make_report(Job(**{**job, "formats": tuple(job["formats"])}))
    with os.fdopen(answer, "w", encoding="utf-8") as handle:
        json.dump(asdict(outcome), handle)
    # a daemon thread is still reading standard input; leaving by the front door would wait for its lock
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
