"""Makes text from outside harmless: only what passes here may reach a terminal, a pane or a column."""

from swarm_agents.errors import UsageError

RESERVED_NAMES = frozenset({"human", "swarm", "all"})

# C0 controls become their visible pictures (U+2400 + n); newline and tab stay.
# DEL likewise. C1 controls, bidi marks and overrides, zero-width characters and line separators
# can hide or reorder what a person reads: they become U+FFFD. So do joiners (U+200C, U+200D), but not one between two
# letters or emoji that need it; that way no two stand side by side, and they can carry no text of their own.
_PICTURES = {n: 0x2400 + n for n in range(0x20) if n not in (0x09, 0x0A)} | {0x7F: 0x2421}
_HIDDEN = [*range(0x80, 0xA0), 0x061C, 0x200B, *range(0x200E, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070)]
_HIDDEN += [0xFEFF, 0x180E, *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080), *range(0xD800, 0xE000)]
_HARMLESS = _PICTURES | dict.fromkeys(_HIDDEN, 0xFFFD)

_JOINERS = "\u200c\u200d"
# Scripts whose letters a joiner joins or keeps apart, from Arabic to Khmer and Mongolian, and forms of their letters.
_JOINED_LETTER = (
    "[\u0620-\u065f\u066e-\u06d3\u06d5-\u06dc\u06ee-\u06ff\u0710-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17d3"
    "\u1807-\u18af\u1b00-\u1bff\ua840-\ua8ff\uaae0-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00011000-\U00011fff]"
)
_EMOJI = "\u2194-\u21aa\u231a-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
_JOINER_IN_PLACE = f"(?<={_JOINED_LETTER})[{_JOINERS}](?={_JOINED_LETTER})|(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])"

# Escape sequences: control sequences, titles and links, short escapes, shifts of the character set.
_SEQUENCE = r"(?:\[[0-9;:?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)?|[\x0e\x0f]"
_ESCAPE = rf"\x1b{_SEQUENCE}"
_NO_COLOUR = rf"\x1b(?!\[[0-9;]*m){_SEQUENCE}"


def printable(text: str) -> str:
    """The text with each character that could move the cursor, hide or reorder made visible. Newlines, tabs stay."""
    shown = text.translate(_HARMLESS)
    return shown if shown.isascii() or not any(joiner in shown for joiner in _JOINERS) else _replace_joiners(shown)


def _replace_joiners(text: str) -> str:
    """The text with U+FFFD for each joiner that joins nothing."""
    import re  # few texts hold a joiner

    return re.sub(f"{_JOINER_IN_PLACE}|([{_JOINERS}])", lambda found: "\ufffd" if found[1] else found[0], text)


def without_escapes(text: str, but_colours: bool = False) -> str:
    """The text without escape sequences; with `but_colours` those that set colours stay."""
    import re  # few verbs read a screen

    return re.sub(_NO_COLOUR if but_colours else _ESCAPE, "", text)


def one_line(text: str, limit: int) -> str:
    """The text on one printable line of at most `limit` characters, cut with an ellipsis."""
    flat = " ".join(printable(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip(_JOINERS) + "…"


def tail(text: str, lines: int = 20, characters: int = 5_000) -> str:
    """The last lines of an output, printable, at most so many lines and characters."""
    return "\n".join(printable(text).splitlines()[-lines:])[-characters:].lstrip(_JOINERS)


def name_some(names: tuple[str, ...], most: int = 5) -> str:
    """The first of these names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def ago(ms: int) -> str:
    """A length of time as words: `90 s ago`, `14 min ago`, `5 h ago`."""
    seconds = max(0, ms // 1000)
    if seconds < 120:
        return f"{seconds} s ago"
    return f"{seconds // 60} min ago" if seconds < 7200 else f"{seconds // 3600} h ago"


def is_name(text: str) -> bool:
    """Whether it is a valid name of an agent, a role or a run; `checked_name` says the rule."""
    letters = text.replace("_", "x").replace("-", "x")
    return len(text) <= 64 and text.isascii() and letters.isalnum() and text[0].isalnum()


def checked_name(name: str, what: str = "agent name") -> str:
    """The name, if it is valid. Raises `UsageError` with the rule, in which a bad name is made printable."""
    if not is_name(name):
        raise UsageError(
            f"{one_line(name, 40)!r} is not a valid {what}: 1 to 64 letters, digits, '_', '-', first a letter or digit."
        )
    return name
