"""From a study to a report for each organisation: the notebook, its page, its numbers, the batch."""

from __future__ import annotations

from toolkit.reporting.batch import Progress, run_reports
from toolkit.reporting.html import Cover, render_html
from toolkit.reporting.report import OrganisationReport, open_report

__all__ = ["Cover", "OrganisationReport", "Progress", "open_report", "render_html", "run_reports"]
