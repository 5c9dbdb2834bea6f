"""Reporting checklists (AAPOR, CHERRIES): which items a report covers and which it omits."""

from __future__ import annotations

from toolkit.checklists.listing import (
    CHECKLISTS,
    STATUSES,
    Checklist,
    ChecklistItem,
    checklist,
    checklist_table,
    load_checklist,
)

__all__ = [
    "CHECKLISTS",
    "STATUSES",
    "Checklist",
    "ChecklistItem",
    "checklist",
    "checklist_table",
    "load_checklist",
]
