"""Colours and markers: colour-blind-safe palettes, and a client's brand colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from toolkit.errors import InvalidInput, Problem

INK = "#1F2933"
QUIET = "#52606D"
RULE = "#D9DEE4"
BAND = "#E9EDF2"
WHITE = "#FFFFFF"
BRAND_COLOUR = "#1B4F8A"

# Blue and vermillion are Okabe and Ito's, darkened until each is at least 4.5:1 on white; the third differs
# from both in lightness, so that the usual three audiences stay distinct in any colour vision and in grey.
AUDIENCE_COLOURS = ("#0072B2", "#C04F00", "#43264A", "#00805D", "#8A6D00", "#A5417C")
AUDIENCE_MARKERS = ("o", "s", "D", "^", "v", "P")

# Purple to orange by way of grey: strength of an answer, never good or bad.
_LOW = {1: ("#D9771A",), 2: ("#B35806", "#F1A340"), 3: ("#7F3B08", "#B35806", "#F1A340")}
_HIGH = {1: ("#6A4FA3",), 2: ("#A79CCF", "#542788"), 3: ("#A79CCF", "#7D6BB4", "#3F1A70")}
MIDDLE = "#D5D9DF"

TEXT, GRAPHICS = 4.5, 3.0
"""Least contrast with the ground, by WCAG 2.2."""

_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours by WCAG 2.2 (1 to 21).

    Examples
    --------
    >>> contrast("#000000", "#FFFFFF")
    21.0
    """
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def darkened(colour: str, least: float) -> str:
    """Return the colour, darkened until it has the given contrast on white.

    Examples
    --------
    >>> darkened("#1B4F8A", TEXT), darkened("#FFFFFF", TEXT)
    ('#1B4F8A', '#767676')
    """
    if contrast(colour, WHITE) >= least:
        return colour
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    shades = ("#" + "".join(f"{part * step // 256:02X}" for part in parts) for step in range(255, -1, -1))
    return next(shade for shade in shades if contrast(shade, WHITE) >= least)


def ink_on(ground: str) -> str:
    """Return the text colour, dark or white, with more contrast on a background."""
    return max((INK, WHITE), key=lambda ink: contrast(ink, ground))


@dataclass(frozen=True)
class Theme:
    """Colours and markers of a report.

    Make one with `Theme.of(brand, audiences)`; `notes` lists what was changed to keep text legible.

    Examples
    --------
    >>> theme = Theme.of({"name": "Acme", "colour": "#FFE600"}, ["executive", "employee"])
    >>> theme.colour, len(theme.notes)
    ('#847700', 1)
    """

    name: str = ""
    colour: str = BRAND_COLOUR
    accent: str = BRAND_COLOUR
    logo: str = ""
    footer: str = ""
    font: str = ""
    colours: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    markers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, brand: Any = None, audiences: Iterable[str] = ()) -> Theme:
        """Check a brand and give every audience a colour and a marker.

        Parameters
        ----------
        brand
            None, a mapping or an object with any of name, colour, accent, logo, footer, font.
        audiences
            Names in the instrument's order.

        Raises
        ------
        InvalidInput
            A colour that is not "#RRGGBB".
        """
        wanted = {key: _given(brand, key) for key in ("name", "colour", "accent", "logo", "footer", "font")}
        problems = [
            Problem(
                "malformed",
                f"brand, {key}",
                f"{wanted[key]!r} is not a valid colour",
                'write it as "#RRGGBB"',
            )
            for key in ("colour", "accent")
            if wanted[key] and not _HEX.fullmatch(wanted[key])
        ]
        if problems:
            raise InvalidInput("brand", problems)
        notes = []
        for key, least, what in (("colour", TEXT, "text needs"), ("accent", GRAPHICS, "shapes need")):
            given = wanted[key] or BRAND_COLOUR
            wanted[key] = darkened(given, least)
            if wanted[key] != given:
                notes.append(
                    f"The brand's {key} {given} has a contrast of {contrast(given, WHITE):.1f}:1 on white; "
                    f"{what} {least:g}:1, so it is darkened to {wanted[key]}."
                )
        names = list(audiences)
        colours = {name: AUDIENCE_COLOURS[place % len(AUDIENCE_COLOURS)] for place, name in enumerate(names)}
        markers = {name: AUDIENCE_MARKERS[place % len(AUDIENCE_MARKERS)] for place, name in enumerate(names)}
        return cls(
            **wanted, colours=MappingProxyType(colours), markers=MappingProxyType(markers), notes=tuple(notes)
        )

    def colour_of(self, audience: str) -> str:
        """Return the colour of a group; a neutral one for an unknown name."""
        return self.colours.get(audience, QUIET)

    def marker_of(self, audience: str) -> str:
        """Return the marker of a group; a circle for an unknown name."""
        return self.markers.get(audience, "o")


def diverging(bottom: int, middle: int, top: int) -> tuple[str, ...]:
    """Return colours for an ordered scale of bottom, middle and top answers.

    Raises
    ------
    KeyError
        More than three answers in a box.
    """
    low = _LOW[bottom] if bottom else ()
    high = _HIGH[top] if top else ()
    return (*low, *([MIDDLE] * middle), *high)


def _given(brand: Any, key: str) -> str:
    value = brand.get(key) if isinstance(brand, Mapping) else getattr(brand, key, None)
    return "" if value is None else str(value)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
