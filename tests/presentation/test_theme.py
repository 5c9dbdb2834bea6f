"""Colours are legible and told apart by any colour vision."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from toolkit.errors import InvalidInput
from toolkit.presentation.theme import (
    AUDIENCE_COLOURS,
    AUDIENCE_MARKERS,
    BRAND_COLOUR,
    INK,
    QUIET,
    WHITE,
    Theme,
    contrast,
    darkened,
    diverging,
    ink_on,
)

# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
DEFICIENCIES = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def _linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray) -> np.ndarray:
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(np.clip(xyz / np.array([0.9505, 1.0, 1.089]), 1e-9, None))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_the_first_three_audiences_stay_apart_in_every_colour_vision(deficiency: str) -> None:
    matrix = np.array(DEFICIENCIES[deficiency])
    seen = [_lab(np.clip(matrix @ _linear(colour), 0, 1)) for colour in AUDIENCE_COLOURS[:3]]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 20


def test_every_audience_colour_and_grey_text_is_legible_on_white() -> None:
    assert min(contrast(colour, WHITE) for colour in (*AUDIENCE_COLOURS, INK, QUIET)) >= 4.5
    assert len(set(AUDIENCE_MARKERS)) == len(AUDIENCE_COLOURS)


@pytest.mark.parametrize("sizes", [(1, 0, 1), (1, 1, 1), (2, 0, 2), (2, 1, 2), (2, 2, 2), (3, 1, 3)])
def test_numbers_inside_bars_are_legible(sizes: tuple[int, int, int]) -> None:
    colours = diverging(*sizes)
    assert len(colours) == sum(sizes)
    assert min(contrast(ink_on(colour), colour) for colour in colours) >= 4.5


def test_contrast_equals_the_published_extremes() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.478, abs=0.001)


def test_a_pale_brand_colour_is_darkened_and_the_theme_says_so() -> None:
    theme = Theme.of({"name": "Acme", "colour": "#FFE600", "accent": "#003366"}, ["executive"])
    assert 4.5 <= contrast(theme.colour, WHITE) < 4.7
    red, green, blue = (int(theme.colour[place : place + 2], 16) for place in (1, 3, 5))
    assert red > green > blue == 0  # the same hue
    assert theme.accent == "#003366"
    assert len(theme.notes) == 1
    assert "#FFE600" in theme.notes[0]
    assert "4.5:1" in theme.notes[0]


def test_shapes_need_less_contrast_than_text() -> None:
    theme = Theme.of({"colour": "#E07B00", "accent": "#E07B00"})
    assert contrast("#E07B00", WHITE) < 3
    assert 3 <= contrast(theme.accent, WHITE) < 3.2
    assert contrast(theme.colour, WHITE) >= 4.5
    assert ["4.5:1" in theme.notes[0], "3:1" in theme.notes[1]] == [True, True]
    assert Theme.of({"colour": BRAND_COLOUR}).notes == ()


@pytest.mark.parametrize("colour", ["#FFFFFF", "#FFE600", "#00FF00", "#1B4F8A", "#000000"])
def test_a_darkened_colour_has_the_contrast_it_needs_and_a_dark_one_stays(colour: str) -> None:
    found = darkened(colour, 4.5)
    assert contrast(found, WHITE) >= 4.5
    assert (found == colour) == (contrast(colour, WHITE) >= 4.5)


def test_every_wrong_colour_of_a_brand_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        Theme.of({"colour": "blue", "accent": "#12345"})
    assert len(caught.value.problems) == 2


def test_audiences_keep_their_colour_whatever_others_are_shown() -> None:
    theme = Theme.of(audiences=["executive", "employee", "freelancer"])
    assert [theme.colour_of(name) for name in ("executive", "freelancer")] == [
        AUDIENCE_COLOURS[0],
        AUDIENCE_COLOURS[2],
    ]
    assert theme.colour_of("somebody else") == QUIET
