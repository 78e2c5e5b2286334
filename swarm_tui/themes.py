"""The screen's own themes: dark, light and high contrast, told apart also by colour-blind eyes.

Green and red of most themes are one colour under deuteranopia. These tones differ in lightness and on the blue-yellow
axis, and each stands at least 4.5 : 1 on its background; tests/tui/test_themes.py computes both.
"""

from textual.theme import Theme

DEFAULT = "swarm-dark"

DARK = Theme(
    name="swarm-dark",
    primary="#6cb6ff",
    secondary="#8b98a8",
    success="#78e6e4",
    warning="#f2dc5c",
    error="#f0705f",
    accent="#c76bf7",
    foreground="#dde4ec",
    background="#11161c",
    surface="#161c24",
    panel="#2b3541",
    variables={"quiet": "#8b98a8", "footer-key-foreground": "#6cb6ff"},
)
LIGHT = Theme(
    name="swarm-light",
    primary="#0a58b5",
    secondary="#55606c",
    success="#137485",
    warning="#3f3200",
    error="#ba4c00",
    accent="#9d02de",
    foreground="#1b2229",
    background="#fbfbf8",
    surface="#f3f3ee",
    panel="#d5d8d4",
    dark=False,
    variables={"quiet": "#55606c", "footer-key-foreground": "#0a58b5"},
)
CONTRAST = Theme(
    name="swarm-contrast",
    primary="#8fd0ff",
    secondary="#ffffff",
    success="#68f7e2",
    warning="#ffee17",
    error="#f06a50",
    accent="#d86cff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#8a8a8a",
    variables={"quiet": "#e0e0e0", "footer-key-foreground": "#8fd0ff"},
)
ALL = (DARK, LIGHT, CONTRAST)

# A sign's tone, as a style of Textual.
STYLE = {
    "plain": "",
    "dim": "$quiet",
    "good": "$success",
    "busy": "$warning",
    "bad": "$error",
    "ask": "$accent",
    "key": "bold $primary",
    "strong": "bold",
}


def block(tone: str) -> str:
    """The tone as the background of a word."""
    return f"bold $background on {STYLE[tone]}"
