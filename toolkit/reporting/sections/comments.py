"""Section: comments in the respondents' own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.locale import _
from toolkit.presentation.blocks import Block, Bullets, Paragraph, Prose, Several
from toolkit.presentation.rows import item_name
from toolkit.reporting.sections import passage, section

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport


@section(order=43)
def comments(report: OrganisationReport) -> Several:
    """Quote the comments an analyst approved, by question and tag."""
    if not report.quotes:
        return Several(())
    blocks: list[Block] = []
    for item in dict.fromkeys(item for item, _tag, _text in report.quotes):
        tagged: dict[str, list[str]] = {}
        for one, tag, text in report.quotes:
            if one == item:
                tagged.setdefault(tag, []).append(_("“{text}”", text=text))
        parts: list[Paragraph | Bullets] = []
        for tag, texts in sorted(tagged.items(), key=lambda pair: (pair[0] == "", pair[0])):
            if len(tagged) > 1:
                parts.append(Paragraph(tag[:1].upper() + tag[1:] if tag else _("Other comments")))
            parts.append(Bullets(tuple(texts)))
        blocks.append(Prose(item_name(report.instrument, item), tuple(parts)))
    note = passage(
        _(
            "Comments are quoted where many people commented and only if an analyst approved them; "
            "what could identify a person was replaced by a mark. They illustrate; they do not show "
            "how many think so."
        )
    )
    return Several((*blocks, note))
