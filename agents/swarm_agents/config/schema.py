"""The tables and keys of swarm.toml, and the check that each of them holds a value of its kind."""

from __future__ import annotations

from swarm_agents.errors import BadConfig
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

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
