"""Reporting checklists (AAPOR, CHERRIES): which items a report covers and which it omits."""

from toolkit.reporting.checklists.items import CHECKLISTS, Checklist, ChecklistItem, load_checklist
from toolkit.reporting.checklists.listing import STATUSES, checklist, checklist_table

__all__ = [
    "CHECKLISTS",
    "STATUSES",
    "Checklist",
    "ChecklistItem",
    "checklist",
    "checklist_table",
    "load_checklist",
]
