"""The themes' colours: readable on their ground, and told apart by colour-blind eyes."""

import itertools

import pytest
from textual.color import Color
from textual.theme import Theme

from swarm_tui import symbols, themes

AA = 4.5  # contrast of text, WCAG 2
APART = 18.0  # CIE76 distance; built-in themes have 8 to 22 between green and red
TONES = {"good": "success", "busy": "warning", "bad": "error", "ask": "accent"}

# Machado, Oliveira and Fernandes (2009), full severity; on linear RGB.
BLINDNESS = {
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
Rgb = tuple[float, float, float]


@pytest.mark.parametrize("theme", themes.ALL, ids=lambda theme: theme.name)
def test_every_tone_is_readable_on_every_ground(theme: Theme) -> None:
    for tone in (*TONES.values(), "primary", "foreground"):
        for ground in ("background", "surface"):
            assert _contrast(_colour(theme, tone), _colour(theme, ground)) >= AA, (tone, ground)
    assert _contrast(_linear(Color.parse(theme.variables["quiet"])), _colour(theme, "surface")) >= AA


@pytest.mark.parametrize("eyes", BLINDNESS)
@pytest.mark.parametrize("theme", themes.ALL, ids=lambda theme: theme.name)
def test_tones_differ_for_colour_blind_eyes(theme: Theme, eyes: str) -> None:
    for one, other in itertools.combinations(TONES.values(), 2):
        seen = [_lab(_through(BLINDNESS[eyes], _colour(theme, tone))) for tone in (one, other)]
        distance = sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5
        assert distance >= APART, (one, other)


@pytest.mark.parametrize("states", [symbols.BUILD, symbols.AGENT, symbols.DELIVERY], ids=["build", "agent", "delivery"])
def test_no_two_states_share_a_symbol_or_a_word(states: dict[str, symbols.Sign]) -> None:
    assert len({sign.symbol for sign in states.values()}) == len(states)
    assert len({sign.word for sign in states.values()}) == len(states)


def _colour(theme: Theme, name: str) -> Rgb:
    return _linear(Color.parse(getattr(theme, name)))


def _linear(colour: Color) -> Rgb:
    red, green, blue = (
        (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4) for part in colour.normalized
    )
    return red, green, blue


def _contrast(one: Rgb, other: Rgb) -> float:
    dark, light = sorted(0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2] for rgb in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _through(matrix: tuple[Rgb, Rgb, Rgb], rgb: Rgb) -> Rgb:
    red, green, blue = (min(1.0, max(0.0, sum(a * b for a, b in zip(row, rgb, strict=True)))) for row in matrix)
    return red, green, blue


def _lab(rgb: Rgb) -> Rgb:
    red, green, blue = rgb
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
