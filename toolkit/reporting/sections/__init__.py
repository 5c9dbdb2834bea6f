"""The registry of report sections; each module of this package registers one.

`OrganisationReport` offers every section as a method of its name; a notebook shows it by calling that.
Importing this package imports every module in it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from toolkit.locale import _
from toolkit.presentation.blocks import NOTHING, Block, Paragraph, Picture, Prose
from toolkit.presentation.rows import audience_name, listed

if TYPE_CHECKING:
    from toolkit.reporting.report import OrganisationReport

__all__ = [
    "SECTIONS",
    "Section",
    "given",
    "nothing",
    "nothing_to_compare",
    "notice",
    "notices",
    "passage",
    "said_once",
    "section",
]

P = ParamSpec("P")


@dataclass(frozen=True)
class Section:
    """A section of a report.

    Parameters
    ----------
    name
        The method of `OrganisationReport` that shows it.
    build
        Makes it from the report, in the current language.
    order
        Its place in lists, and the order in which `check` tries the sections.
    """

    name: str
    build: Callable[..., Block]
    order: int


_registered: dict[str, Section] = {}
SECTIONS: Mapping[str, Section] = MappingProxyType(_registered)
"""Name → section, in order."""


def section(
    *, order: int = 100
) -> Callable[
    [Callable[Concatenate[OrganisationReport, P], Block]], Callable[Concatenate[OrganisationReport, P], Block]
]:
    """Register a function as a section, replacing one of the same name.

    The function takes the report, and options a notebook may give, all of which have defaults. It returns a
    displayable; `nothing` or an empty `Several` leaves out the chapter it is alone in.

    Examples
    --------
    >>> @section(order=50)
    ... def thanks(report):
    ...     return passage(f"We thank {report.name}.")
    >>> list(SECTIONS)[-1]
    'thanks'
    >>> unregister("thanks")
    """

    def add(
        build: Callable[Concatenate[OrganisationReport, P], Block],
    ) -> Callable[Concatenate[OrganisationReport, P], Block]:
        _registered[build.__name__] = Section(build.__name__, build, order)
        ordered = sorted(_registered.values(), key=lambda one: (one.order, one.name))
        _registered.clear()
        _registered.update((one.name, one) for one in ordered)
        return build

    return add


def unregister(name: str) -> None:
    """Remove a section from `SECTIONS`."""
    _registered.pop(name, None)


# What several sections have in common


def passage(*sentences: str) -> Prose:
    return Prose("", tuple(Paragraph(sentence) for sentence in sentences))


def nothing(*sentences: str) -> Prose:
    """Say in a notebook why there is nothing to show; documents leave it out, and a chapter it is alone in.

    Where something is withheld, which a reader should know, use `passage`.
    """
    return replace(passage(*sentences), kind=NOTHING)


def given(block: Block | None) -> Iterable[Block]:
    return () if block is None else (block,)


def said_once(parts: Iterable[Block]) -> list[Block]:
    """Remove from each caption what an earlier one of the same chapter explained."""
    found: list[Block] = []
    seen: set[str] = set()
    for part in parts:
        if isinstance(part, Picture):
            new = [sentence for sentence in part.sentences if sentence not in seen]
            seen.update(new)
            part = replace(part, caption=" ".join(new))
        found.append(part)
    return found


@section(order=0)
def notice(report: OrganisationReport) -> Prose:
    """Explain why nothing is shown for an organisation with too few answers."""
    return passage(
        _(
            "No figure can be shown for {name} in wave {wave}: in every audience fewer "
            "than {k} people answered, and answers of so few could be traced to "
            "individuals.",
            name=report.name,
            wave=report.wave,
            k=report.policy.threshold,
        ),
        _(
            "This reveals nothing about what people here think, or about who "
            "answered. More answers in a later wave would make a report possible."
        ),
    )


def notices(report: OrganisationReport) -> tuple[Block, ...]:
    from toolkit.presentation import synthetic_notice, untranslated_notice

    lacking, texts, source = report.untranslated
    language = (untranslated_notice(lacking, texts, source),) if lacking else ()
    return (*((synthetic_notice(),) if report.synthetic else ()), *language)


def nothing_to_compare(report: OrganisationReport) -> tuple[Prose, ...]:
    """Explain why there is no gap; empty for a survey of one audience."""
    if len(report.instrument.audiences) == 1:
        return ()
    names = [audience_name(report.instrument, one) for one in report.audiences]
    if not names:
        return (passage(_("No audience may be shown here, so there is nothing to compare.")),)
    if len(names) == 1:
        return (passage(_("Only {name} may be shown here, so audiences cannot be compared.", name=names[0])),)
    return (
        passage(
            _(
                "No question was put to more than one of {names}, so none can be compared.",
                names=listed(names),
            )
        ),
    )


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
