"""Reports: the notebook of one organisation, its page and numbers, and batches of many.

The public names are looked up on first use: the process that warm kernels are forked from must first make the
shell that pandas and others look for when they are imported.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.reporting.batch import Progress, run_reports
    from toolkit.reporting.html import Cover, render_html
    from toolkit.reporting.report import OrganisationReport, open_report

__all__ = ["Cover", "OrganisationReport", "Progress", "open_report", "render_html", "run_reports"]

_HOME = {
    "Cover": "html",
    "OrganisationReport": "report",
    "Progress": "batch",
    "open_report": "report",
    "render_html": "html",
    "run_reports": "batch",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"toolkit.reporting has no '{name}'")
    return getattr(importlib.import_module(f"toolkit.reporting.{_HOME[name]}"), name)
