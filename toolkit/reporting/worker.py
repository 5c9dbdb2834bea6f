"""One organisation's report in a process of its own: reads a job as a line of JSON, answers with one."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from toolkit.reporting.html import Cover
    from toolkit.study import Study

__all__ = ["Job", "Outcome", "make_report"]

FAILURE_FILE = "traceback.txt"


@dataclass(frozen=True)
class Job:
    """What one worker is to make: absolute paths, a temporary `folder`, `kind` "made" or "withheld"."""

    study: str
    data: str | None
    organisation: str
    wave: str
    kind: str
    notebook: str
    folder: str

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


@dataclass(frozen=True)
class Outcome:
    """How a job ended: `status` "made", "withheld", "failed" or "stopped", and a sentence for the index."""

    status: str
    sentence: str = ""
    traceback: str = ""
    warnings: tuple[str, ...] = ()


def make_report(job: Job) -> Outcome:
    """Execute one organisation's notebook and write its page, notebook, results and manifest.

    Whatever goes wrong becomes an Outcome: one report must not take the others with it.
    """
    from toolkit.reporting.execute import CellError

    try:
        return _make(job)
    except CellError as fault:
        return Outcome("failed", str(fault), fault.traceback)
    except ToolkitError as fault:
        return Outcome("failed", str(fault).partition("\n")[0], str(fault))
    except OSError as fault:
        return Outcome(
            "failed", f"a file could not be written or read: {fault.strerror}", traceback.format_exc()
        )
    except Exception as fault:  # noqa: BLE001 - the last line of defence of the batch; nothing is swallowed
        return Outcome("failed", f"{type(fault).__name__}: {fault}", traceback.format_exc())


def _make(job: Job) -> Outcome:
    from toolkit.reporting.execute import clean, execute, read_notebook
    from toolkit.reporting.html import render_html
    from toolkit.reporting.manifest import MANIFEST, as_json, build_manifest
    from toolkit.study import load_study

    folder = Path(job.folder)
    delivered = folder / "report.ipynb"
    execute(Path(job.notebook), delivered, job.parameters)
    notebook, warnings = clean(read_notebook(delivered), job.shown_parameters)
    study = load_study(job.study, data=job.data)
    delivered.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    cover = cover_of(study, job.organisation, job.wave)
    (folder / "report.html").write_text(render_html(notebook, cover), encoding="utf-8")
    manifest = build_manifest(
        study,
        folder,
        organisation=job.organisation,
        wave=job.wave,
        status=job.kind,
        notebook=Path(job.notebook),
        parameters=job.shown_parameters,
    )
    (folder / MANIFEST).write_text(as_json(manifest), encoding="utf-8")
    return Outcome(job.kind, warnings=tuple(warnings))


def cover_of(study: Study, organisation: str, wave: str) -> Cover:
    """The page around the cells, from the study file's names and brand."""
    import toolkit
    from toolkit.presentation.theme import Theme
    from toolkit.reporting.html import Cover

    theme = Theme.of(study.brand, study.instrument.audiences)
    return Cover(
        title=study.title,
        subject=study.organisation_name(organisation),
        wave=wave,
        language=study.language,
        synthetic=study.synthetic,
        accent=theme.colour,
        logo=_picture_address(study.folder / theme.logo) if theme.logo else "",
        brand=theme.name,
        footer=theme.footer,
        facts=(
            f"{study.instrument.id} {study.instrument.version}",
            f"survey-research-toolkit {toolkit.__version__}",
        ),
    )


def _picture_address(path: Path) -> str:
    import base64

    kinds = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise ToolkitError(f"the brand's logo {path.name} is no PNG, SVG or JPEG")
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


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
    outcome = make_report(Job(**job))
    with os.fdopen(answer, "w", encoding="utf-8") as handle:
        json.dump(asdict(outcome), handle)
    # a daemon thread is still reading standard input; leaving by the front door would wait for its lock
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
