"""How each coding agent's screen looks: `screen.toml` in its folder, and `[profiles.NAME]` of swarm.toml.

A program without a profile gets no text. docs/deliveries.md explains every key.
"""

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from swarm_agents.errors import BadConfig
from swarm_agents.text import NAME, one_line

PLAIN = "plain"

_SUBMIT_KEYS = {"enter": "\r", "ctrl-j": "\n"}
_TEXTS = ("commands", "placeholders", "pasted", "dialogs")
_KNOWN = {*_TEXTS, "prompts", "title", "composer", "bar", "submit", "gap_ms"}
_GAP_LIMIT_MS = 5_000


@dataclass(frozen=True)
class Profile:
    """One kind of program: how to know it, its composer, and its submit key."""

    name: str
    title: str
    commands: frozenset[str] = frozenset()
    """Names of its process, or of the script that its interpreter runs."""
    composer: bool = True
    """It draws a line to type into, which can be seen; otherwise it reads lines and shows nothing."""
    prompts: tuple[re.Pattern[str], ...] = ()
    """How the composer's first row begins; the cursor waits one space behind."""
    placeholders: tuple[str, ...] = ()
    """Texts in an empty composer; dim text is a placeholder anyway."""
    pasted: tuple[str, ...] = ()
    """What stands in the composer for a paste that it folds away."""
    dialogs: tuple[str, ...] = ()
    """Texts on the screen while a question waits for the human."""
    bar: str = ""
    """What stands before every row of a composer that is a block; `prompts` then describe the block's last row."""
    submit: str = "\r"
    gap_ms: int = 0
    """Between the text and the submit key."""


@functools.cache
def load_built_in() -> Mapping[str, Profile]:
    found = {}
    for folder in sorted(resources.files(__package__).iterdir(), key=lambda folder: folder.name):
        data = folder / "screen.toml"
        if data.is_file():
            name = folder.name.replace("_", "-")
            found[name] = parse_profile(name, tomllib.loads(data.read_text(encoding="utf-8")))
    return found


def load_profiles(own: Mapping[str, Any] | None = None) -> Mapping[str, Profile]:
    """The built-in profiles, with the user's own over them. Raises `BadConfig`."""
    return {**load_built_in(), **{name: parse_profile(name, table) for name, table in (own or {}).items()}}


def choose_profile(profiles: Mapping[str, Profile], chosen: str, names: Iterable[str]) -> Profile | None:
    """The profile a pane chose by its option `@swarm_profile`, else the one that knows its program."""
    if chosen:
        return profiles.get(chosen)
    running = set(names)
    return next((profile for profile in profiles.values() if profile.commands & running), None)


def parse_profile(name: str, table: Any) -> Profile:
    """A profile from its table. Raises `BadConfig` naming the key that is wrong."""
    where = f"profiles.{one_line(name, 40)}"
    if not isinstance(table, dict) or not NAME.fullmatch(name):
        raise BadConfig(f"'{where}' must be a table, its name of letters, digits, '_' and '-'")
    for key in table:
        if key not in _KNOWN:
            raise BadConfig(f"unknown key '{where}.{one_line(key, 40)}'; known are {', '.join(sorted(_KNOWN))}")
    submit = table.get("submit", "enter")
    if submit not in _SUBMIT_KEYS:
        raise BadConfig(f"'{where}.submit' must be one of {', '.join(_SUBMIT_KEYS)}")
    gap_ms = table.get("gap_ms", 0)
    if type(gap_ms) is not int or not 0 <= gap_ms <= _GAP_LIMIT_MS:
        raise BadConfig(f"'{where}.gap_ms' must be a whole number from 0 to {_GAP_LIMIT_MS}")
    texts = {key: _texts(f"{where}.{key}", table.get(key, [])) for key in (*_TEXTS, "prompts")}
    composer = table.get("composer", True)
    if not isinstance(composer, bool):
        raise BadConfig(f"'{where}.composer' must be true or false")
    bar = table.get("bar", "")
    if not isinstance(bar, str) or len(bar) > 1:
        raise BadConfig(f"'{where}.bar' must be one character")
    if composer and not texts["prompts"]:
        raise BadConfig(f"'{where}.prompts' must name how its composer begins")
    return Profile(
        name=name,
        title=one_line(str(table.get("title", name)), 60),
        commands=frozenset(texts["commands"]),
        composer=composer,
        prompts=_patterns(f"{where}.prompts", texts["prompts"]),
        placeholders=texts["placeholders"],
        pasted=texts["pasted"],
        dialogs=texts["dialogs"],
        bar=bar,
        submit=_SUBMIT_KEYS[submit],
        gap_ms=gap_ms,
    )


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        raise BadConfig(f"'{key}' must be a list of texts")
    return tuple(value)


def _patterns(key: str, texts: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    try:
        return tuple(re.compile(text) for text in texts)
    except re.error as error:
        raise BadConfig(f"'{key}' holds a pattern that is not valid: {error}") from None
