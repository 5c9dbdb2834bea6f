"""Processor time of an audit beside that of building the report it reads, in all formats and in one process.

python benchmarks/audit.py [ORGANISATION …]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import toolkit as tk
from reports import SECTIONS
from toolkit.disclosure.auditor import audit_release
from toolkit.reporting.documents import Document, Section, write_documents
from toolkit.reporting.documents.brand import cover_of
from toolkit.study import Study

STUDY = Path(__file__).resolve().parents[1] / "data_samples" / "ai_at_work" / "study.yaml"
FORMATS = ("html", "pdf", "docx", "pptx", "xlsx", "markdown")


def build(study: Study, organisation: str, target: Path) -> None:
    """Write one report by its functions, without the notebook, which takes longer."""
    report = tk.open_report(study, organisation)
    sections = tuple(Section(name, (getattr(report, name)(),)) for name in SECTIONS)
    report.save(target)
    whose = {"organisation": organisation, "wave": study.wave}  # else its own name is another's
    (target / "manifest.json").write_text(json.dumps(whose), encoding="utf-8")
    cover = cover_of(study, organisation, study.wave)
    write_documents(Document(cover, sections=sections), target, ",".join(FORMATS))


def main(organisations: list[str]) -> None:
    """Print seconds of processor time for each report, and their ratio."""
    study = tk.load_study(STUDY)
    study.responses(wave="all")
    with tempfile.TemporaryDirectory() as folder:
        build(study, organisations[0], Path(folder) / "first")  # imports, caches
        audit_release(Path(folder) / "first", study=study)
        for organisation in organisations:
            started = time.process_time()
            build(study, organisation, Path(folder) / organisation)
            built = time.process_time() - started
            found = audit_release(Path(folder) / organisation, study=study)
            print(
                f"{organisation}: report {built:.2f} s, audit {found.seconds:.2f} s, with the audit "
                f"{(built + found.seconds) / built:.2f} times one without; {len(found.counts)} counts, "
                f"passed {found.passed}"
            )


if __name__ == "__main__":
    main(sys.argv[1:] or ["org-01", "org-03", "org-07", "org-12"])
