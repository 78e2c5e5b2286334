"""swarm.toml: what a repository wants of the swarm. Every key is checked; a key nobody knows is an error."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from swarm_agents.errors import BadConfig
from swarm_agents.model import Rules
from swarm_agents.text import one_line

FILE = "swarm.toml"


class Check(NamedTuple):
    """How to find out whether a tree is good. `setup` prepares a clean tree; `link` is taken from the working tree."""

    command: str
    setup: str | None = None
    timeout_s: float = 600
    budget_s: float = 1200
    link: tuple[str, ...] = ()


class Notify(NamedTuple):
    """How the human is told of an escalation, besides on the screen. `quiet` are minutes of the local day."""

    command: tuple[str, ...] = ()
    quiet: tuple[int, int] | None = None
    timeout_s: float = 10
    folder: Path | None = None
    """Where the command runs."""


class Config(NamedTuple):
    """What swarm.toml says, and what holds where it says nothing."""

    rules: Rules = Rules()
    check: Check | None = None
    sync: str | None = None
    branch: str | None = None
    notify: Notify = Notify()
    messages_per_minute: int = 10
    task_lease_s: float = Rules().lease_s
    """How long a claimed task, and a lock, last without a sign of life."""
    gate_scope: str = "all"
    """Which commits the gate looks at: `all`, or those on `branch`."""
    notices_on_borders: bool = False
    """Whether `@swarm_notice` of each agent's pane says what waits in its inbox."""
    profiles: dict[str, Any] = {}  # noqa: RUF012 - never written to
    """`[profiles.NAME]`, for `screen_profiles.load_profiles`."""


_HOURS = r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])"

SCHEMA: dict[str, dict[str, Any]] = {
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


def load(root: Path | None) -> Config:
    """The configuration of the repository at `root`, the defaults where it has none. Raises `BadConfig`."""
    if root is None:
        return Config()
    path = root / FILE
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} cannot be read: {error}") from None
    import tomllib  # only a repository that configures something pays for it

    try:
        found = _config(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadConfig(f"{path} is not valid TOML: {one_line(str(error), 200)}") from None
    except BadConfig as error:
        raise BadConfig(f"{path}: {error.message}") from None
    return found._replace(notify=found.notify._replace(folder=root))


def _config(tables: dict[str, Any]) -> Config:
    profiles = _profiles(tables.pop("profiles", {}))
    _known(tables, SCHEMA, "")
    for name, keys in SCHEMA.items():
        table = tables.setdefault(name, {})
        if not isinstance(table, dict):
            raise BadConfig(f"'{name}' must be a table: [{name}]")
        _known(table, keys, f"{name}.")
        for key, value in table.items():
            _check(f"{name}.{key}", value, keys[key])
    build = tables["build"]
    defaults = Config()
    rules = Rules(
        max_attempts=build.get("max_attempts", defaults.rules.max_attempts),
        lease_s=build.get("lease_s", defaults.rules.lease_s),
        wait_s=build.get("wait_s", defaults.rules.wait_s),
    )
    return Config(
        rules=rules,
        check=_check_of(build),
        sync=build.get("sync"),
        branch=build.get("branch"),
        notify=_notify_of(tables["notify"]),
        messages_per_minute=tables["messages"].get("per_minute", defaults.messages_per_minute),
        task_lease_s=tables["tasks"].get("lease_s", rules.lease_s),
        gate_scope=_gate_scope_of(tables["gate"], build.get("branch")),
        notices_on_borders=tables["notices"].get("border", False),
        profiles=profiles,
    )


def _check_of(build: dict[str, Any]) -> Check | None:
    if "check" not in build:
        return None
    for name in build.get("link", ()):
        if Path(name).is_absolute() or ".." in Path(name).parts or name.split("/")[0] == ".git":
            raise BadConfig(f"'build.link' names paths within the working tree; {one_line(name, 60)!r} is none")
    defaults = Check(build["check"])
    return defaults._replace(
        setup=build.get("setup"),
        timeout_s=build.get("timeout_s", defaults.timeout_s),
        budget_s=build.get("budget_s", defaults.budget_s),
        link=tuple(build.get("link", ())),
    )


def _notify_of(table: dict[str, Any]) -> Notify:
    return Notify(
        command=tuple(table.get("command", ())),
        quiet=_hours(table["quiet"]) if "quiet" in table else None,
        timeout_s=table.get("timeout_s", Notify().timeout_s),
    )


def _gate_scope_of(table: dict[str, Any], branch: str | None) -> str:
    scope: str = table.get("scope", "branch" if branch else "all")
    if scope not in ("all", "branch"):
        raise BadConfig('\'gate.scope\' must be "all" or "branch"')
    if scope == "branch" and branch is None:
        raise BadConfig("'gate.scope' is \"branch\", but 'build.branch' does not say which")
    return scope


def _hours(value: Any) -> tuple[int, int]:
    said = re.fullmatch(_HOURS, value) if isinstance(value, str) else None
    if not said:
        raise BadConfig("'notify.quiet' must be two times of the day, like \"22:00-07:00\"")
    first, last = int(said[1]) * 60 + int(said[2]), int(said[3]) * 60 + int(said[4])
    if first == last:
        raise BadConfig("'notify.quiet' must end at another time than it begins")
    return first, last


def _profiles(tables: Any) -> dict[str, Any]:
    if not isinstance(tables, dict):
        raise BadConfig("'profiles' must hold tables: [profiles.NAME]")
    if tables:
        from swarm_agents.hosts import screen_profiles  # only who has some of their own pays for it

        screen_profiles.load_profiles(tables)
    return tables


def _known(found: dict[str, Any], known: dict[str, Any], prefix: str) -> None:
    for key in found:
        if key not in known:
            raise BadConfig(f"unknown key '{prefix}{one_line(key, 60)}'; known are {', '.join(sorted(known))}")


def _check(key: str, value: Any, rule: Any) -> None:
    if rule is str:
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise BadConfig(f"'{key}' must be a text that is not empty")
    elif rule is list:
        if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
            raise BadConfig(f'\'{key}\' must be a list of texts that is not empty, like ["one", "two"]')
        if any("\0" in word for word in value):
            raise BadConfig(f"'{key}' must not hold a NUL character")
    elif rule is _HOURS:
        _hours(value)
    elif rule is bool:
        if not isinstance(value, bool):
            raise BadConfig(f"'{key}' must be true or false")
    else:
        kind, least, most = rule
        number = isinstance(value, int) or (kind is float and isinstance(value, float))
        if isinstance(value, bool) or not number or not least <= value <= most:
            raise BadConfig(f"'{key}' must be a{' whole' if kind is int else ''} number from {least} to {most}")
