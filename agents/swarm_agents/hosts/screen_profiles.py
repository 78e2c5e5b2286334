"""Profiles of coding agents' screens: `screen.toml` in each folder, and `[profiles.NAME]` of swarm.toml.

The courier types nothing into a program without a profile. docs/deliveries.md explains every key.
"""

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from swarm_agents.errors import BadConfig
from swarm_agents.text import is_name, one_line

PLAIN = "plain"

_SUBMIT_KEYS = {"enter": "\r", "ctrl-j": "\n"}
_TEXTS = ("commands", "placeholders", "pasted", "dialogs")
_KNOWN = {*_TEXTS, "prompts", "title", "composer", "bar", "submit", "gap_ms"}
_GAP_LIMIT_MS = 5_000


@dataclass(frozen=True)
class Profile:
    """One program: how to recognise it, its composer (the line to type into), and its submit key."""

    name: str
    title: str
    commands: frozenset[str] = frozenset()
    """Names of its process, or of the script that its interpreter runs."""
    composer: bool = True
    """It draws a composer on the screen; a program without one reads lines and draws nothing."""
    prompts: tuple[re.Pattern[str], ...] = ()
    """How the composer's first row begins; one space follows, then the cursor."""
    placeholders: tuple[str, ...] = ()
    """Texts of an empty composer; dim text always counts as a placeholder."""
    pasted: tuple[str, ...] = ()
    """How the composer shows a paste that it folds."""
    dialogs: tuple[str, ...] = ()
    """Texts on the screen while the program asks its human."""
    bar: str = ""
    """The character before every row of a composer that is a block; `prompts` then match the block's last row."""
    submit: str = "\r"
    gap_ms: int = 0
    """Pause between the text and the submit key, in milliseconds."""

    @property
    def submit_key(self) -> str:
        """The name of the submit key, as swarm.toml has it."""
        return next(name for name, sent in _SUBMIT_KEYS.items() if sent == self.submit)


@functools.cache
def load_built_in() -> Mapping[str, Profile]:
    """The profiles of the folders beside this file, by name: `claude_code` is `claude-code`."""
    found = {}
    for folder in sorted(resources.files(__package__).iterdir(), key=lambda folder: folder.name):
        data = folder / "screen.toml"
        if data.is_file():
            name = folder.name.replace("_", "-")
            found[name] = parse_profile(name, tomllib.loads(data.read_text(encoding="utf-8")))
    return found


def load_profiles(own: Mapping[str, Any] | None = None) -> Mapping[str, Profile]:
    """The built-in profiles, overridden by those of swarm.toml. Raises `BadConfig`."""
    return {**load_built_in(), **{name: parse_profile(name, table) for name, table in (own or {}).items()}}


def choose_profile(profiles: Mapping[str, Profile], chosen: str, names: Iterable[str]) -> Profile | None:
    """The profile that the pane's option `@swarm_profile` names, else the first one with one of the process's names."""
    if chosen:
        return profiles.get(chosen)
    running = set(names)
    return next((profile for profile in profiles.values() if profile.commands & running), None)


def parse_profile(name: str, table: Any) -> Profile:
    """A profile from its table. Raises `BadConfig`, which names the wrong key."""
    where = f"profiles.{one_line(name, 40)}"
    if not isinstance(table, dict) or not is_name(name):
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
    texts = {key: _read_texts(f"{where}.{key}", table.get(key, [])) for key in (*_TEXTS, "prompts")}
    composer = table.get("composer", True)
    if not isinstance(composer, bool):
        raise BadConfig(f"'{where}.composer' must be true or false")
    bar = table.get("bar", "")
    if not isinstance(bar, str) or len(bar) > 1:
        raise BadConfig(f"'{where}.bar' must be one character")
    if composer and not texts["prompts"]:
        raise BadConfig(f"'{where}.prompts' must say how its composer begins")
    return Profile(
        name=name,
        title=one_line(str(table.get("title", name)), 60),
        commands=frozenset(texts["commands"]),
        composer=composer,
        prompts=_compile_patterns(f"{where}.prompts", texts["prompts"]),
        placeholders=texts["placeholders"],
        pasted=texts["pasted"],
        dialogs=texts["dialogs"],
        bar=bar,
        submit=_SUBMIT_KEYS[submit],
        gap_ms=gap_ms,
    )


def _read_texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        raise BadConfig(f"'{key}' must be a list of texts")
    return tuple(value)


def _compile_patterns(key: str, texts: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    try:
        return tuple(re.compile(text) for text in texts)
    except re.error as error:
        raise BadConfig(f"'{key}' has a pattern that is not valid: {error}") from None
