"""The tables and keys of swarm.toml, and the check that each of them holds a value of its kind."""

from __future__ import annotations

from swarm_agents.errors import BadConfig
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_MOST_PATTERNS = 50  # each is looked for in every output that a hook refused with
_LONGEST_PATTERN = 500  # characters

_HOURS = r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])"

TABLES: dict[str, dict[str, Any]] = {
    "build": {
        "max_attempts": (int, 1, 100),
        "lease_s": (float, 1, 7 * 86_400),
        "wait_s": (float, 0, 86_400),
        "check": str,
        "setup": str,
        "timeout_s": (float, 0.1, 86_400),
        "budget_s": (float, 0.1, 86_400),
        "link": list,
        "report": str,
        "sync": str,
        "branch": str,
    },
    "notify": {"command": list, "quiet": _HOURS, "timeout_s": (float, 0.1, 600)},
    "notices": {"border": bool},
    "messages": {"per_minute": (int, 1, 10_000)},
    "tasks": {"lease_s": (float, 1, 7 * 86_400)},
    "gate": {"scope": str},
}


def check_tables(tables: dict[str, Any]) -> None:
    """Check every key and value, and add the tables that are missing, empty. Raises `BadConfig`."""
    _check_keys(tables, TABLES, "")
    for name, keys in TABLES.items():
        table = tables.setdefault(name, {})
        if not isinstance(table, dict):
            raise BadConfig(f"'{name}' must be a table: [{name}]")
        _check_keys(table, keys, f"{name}.")
        for key, value in table.items():
            _check_value(f"{name}.{key}", value, keys[key])


def check_patterns(tables: Any) -> tuple[str, ...]:
    """The patterns of `[signatures.NAME]`, which must be regular expressions. Raises `BadConfig`."""
    import re  # only a configuration with patterns needs it

    found: list[str] = []
    if not isinstance(tables, dict):
        raise BadConfig("'signatures' must hold tables: [signatures.NAME]")
    for name, table in tables.items():
        key = f"signatures.{one_line(name, 60)}"
        if not isinstance(table, dict):
            raise BadConfig(f"'{key}' must be a table: [{key}]")
        _check_keys(table, {"patterns": list}, f"{key}.")
        _check_value(f"{key}.patterns", table.get("patterns"), list)
        for pattern in table["patterns"]:
            shown = one_line(pattern, 60)
            if len(pattern) > _LONGEST_PATTERN:
                raise BadConfig(f"'{key}.patterns' holds one of more than {_LONGEST_PATTERN} characters: {shown!r}")
            try:
                matches_nothing = re.compile(pattern, re.MULTILINE).match("")
            except (re.error, OverflowError, RecursionError) as error:
                raise BadConfig(f"'{key}.patterns' holds {shown!r}, which is no regular expression: {error}") from None
            if matches_nothing:
                raise BadConfig(f"'{key}.patterns' holds {shown!r}, which matches an empty line: name more of the line")
            found.append(pattern)
    if len(found) > _MOST_PATTERNS:
        raise BadConfig(f"'signatures' holds {len(found)} patterns; {_MOST_PATTERNS} is the most")
    return tuple(found)


def parse_hours(value: Any) -> tuple[int, int]:
    """`22:00-07:00` as minutes of the day. Raises `BadConfig`."""
    import re  # only hours need it

    match = re.fullmatch(_HOURS, value) if isinstance(value, str) else None
    if not match:
        raise BadConfig("'notify.quiet' must be two times of the day, like \"22:00-07:00\"")
    first, last = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if first == last:
        raise BadConfig("'notify.quiet' must end at another time than it begins")
    return first, last


def _check_keys(found: dict[str, Any], known: dict[str, Any], prefix: str) -> None:
    for key in found:
        if key not in known:
            raise BadConfig(f"unknown key '{prefix}{one_line(key, 60)}'; known are {', '.join(sorted(known))}")


def _check_value(key: str, value: Any, rule: Any) -> None:
    if rule is str:
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise BadConfig(f"'{key}' must be a string that is not empty")
    elif rule is list:
        if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
            raise BadConfig(f'\'{key}\' must be a list of strings that is not empty, like ["one", "two"]')
        if any("\0" in word for word in value):
            raise BadConfig(f"'{key}' must not hold a NUL character")
    elif rule is _HOURS:
        parse_hours(value)
    elif rule is bool:
        if not isinstance(value, bool):
            raise BadConfig(f"'{key}' must be true or false")
    else:
        kind, least, most = rule
        number = isinstance(value, int) or (kind is float and isinstance(value, float))
        if isinstance(value, bool) or not number or not least <= value <= most:
            raise BadConfig(f"'{key}' must be a{' whole' if kind is int else ''} number from {least} to {most}")
