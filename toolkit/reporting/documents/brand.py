"""What the study file says of a report's looks: its cover, and the files it is written into."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError
from toolkit.reporting.documents.model import Cover

if TYPE_CHECKING:
    from toolkit.study import Study

__all__ = ["cover_of", "templates_of"]

_KINDS = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


def cover_of(study: Study, organisation: str, wave: str) -> Cover:
    """What stands around a report, from the study file's names and brand."""
    import toolkit
    from toolkit.presentation.theme import Theme

    theme = Theme.of(study.brand, study.instrument.audiences)
    return Cover(
        title=study.title,
        subject=study.organisation_name(organisation),
        wave=wave,
        language=study.language,
        synthetic=study.synthetic,
        accent=theme.colour,
        logo=_address(study.folder / theme.logo) if theme.logo else "",
        brand=theme.name,
        footer=theme.footer,
        facts=(
            f"{study.instrument.id} {study.instrument.version}",
            f"survey-research-toolkit {toolkit.__version__}",
        ),
        font=theme.font,
    )


def templates_of(study: Study) -> Mapping[str, Path]:
    """ "docx" and "pptx" → the client's own file, where the study names one."""
    named = {"docx": study.brand.template_docx, "pptx": study.brand.template_pptx}
    return {form: study.folder / name for form, name in named.items() if name}


def _address(path: Path) -> str:
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise ToolkitError(f"the brand's logo {path.name} is no PNG, SVG or JPEG")
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
