"""Reads swarm.toml, the configuration of a repository, as values. An unknown key is an error.

`include` names files whose keys hold too; a later file wins over an earlier one, and swarm.toml over all of them.
"""

from __future__ import annotations

import os

from swarm_agents.errors import BadConfig
from swarm_agents.model import BuildRules
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

FILE = "swarm.toml"


class NamingConfig(NamedTuple):
    """How failures get their names: by a report in JUnit XML, else by the output, and the user's patterns."""

    report: str | None = None
    """Where the check or the hook writes it, below the root of the tree that it runs in; `*` is any file name."""
    patterns: tuple[str, ...] = ()


class CheckConfig(NamedTuple):
    """The command that tests a tree. `setup` prepares a clean tree; `link` are paths linked from the working tree."""

    command: str
    setup: str | None = None
    timeout_s: float = 600
    budget_s: float = 1200
    link: tuple[str, ...] = ()
    naming: NamingConfig = NamingConfig()


class NotifyConfig(NamedTuple):
    """How the human is told of an escalation, besides on the screen. `quiet` in minutes of the local day."""

    command: tuple[str, ...] = ()
    quiet: tuple[int, int] | None = None
    timeout_s: float = 10
    folder: str | os.PathLike[str] | None = None
    """Where the command runs."""


class Config(NamedTuple):
    """The values of swarm.toml, and the defaults of keys that it does not set."""

    rules: BuildRules = BuildRules()
    check: CheckConfig | None = None
    naming: NamingConfig = NamingConfig()
    sync: str | None = None
    branch: str | None = None
    notify: NotifyConfig = NotifyConfig()
    messages_per_minute: int = 10
    task_lease_s: float = BuildRules().lease_s
    """The length of the lease of a claimed task, and of a lock."""
    gate_scope: str = "all"
    """Which commits the gate checks: `all`, or those on `branch`."""
    notices_on_borders: bool = False
    """Whether `@swarm_notice` of each agent's pane shows its unread messages."""
    profiles: dict[str, Any] = {}  # noqa: RUF012 - never written to
    """`[profiles.NAME]`, for `screen_profiles.load_profiles`."""


def load_nearest(root: str | None, main_root: str | None) -> Config:
    """The configuration of a working tree that has its own, else of the main one. Raises `BadConfig`."""
    own = root is not None and os.path.exists(os.path.join(root, FILE))
    return load(root if own else main_root)


def load(root: str | os.PathLike[str] | None) -> Config:
    """The configuration of the repository at `root`; the defaults without a file.

    Raises `BadConfig`, which names the file and, where it can be told, the line.
    """
    if root is None:
        return Config()
    path = os.path.join(root, FILE)
    text = _read_text(path)
    if text is None:
        return Config()
    sources = [(path, text)]  # the one whose keys win comes first
    tables = _parse(path, text)
    try:
        names = [os.path.join(root, name) for name in _take_includes(tables)]
        included = [(name, _read_included(name)) for name in names]
    except BadConfig as error:
        raise _with_place(sources, error) from None
    for name, text in reversed(included):
        sources.append((name, text))
        tables = _merge(_parse_included(name, text), tables)
    try:
        config = _read_config(tables)
    except BadConfig as error:
        raise _with_place(sources, error) from None
    return config._replace(notify=config.notify._replace(folder=root))


def list_files(root: str | os.PathLike[str]) -> tuple[str, ...]:
    """swarm.toml and the files that it includes, whether they exist or not; for a wrong swarm.toml, it alone."""
    path = os.path.join(root, FILE)
    try:
        text = _read_text(path)
        names = _take_includes(_parse(path, text)) if text else ()
    except BadConfig:
        names = ()
    return (path, *(os.path.join(root, name) for name in names))


def _read_text(path: str) -> str | None:
    """None when there is no such file. Raises `BadConfig`."""
    try:
        with open(path, "rb") as file:
            return file.read().decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} cannot be read: {error}") from None


def _parse(path: str, text: str) -> dict[str, Any]:
    import tomllib  # a repository without swarm.toml does without it

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadConfig(f"{path} is not valid TOML: {one_line(str(error), 200)}") from None


def _take_includes(tables: dict[str, Any]) -> tuple[str, ...]:
    names = tables.pop("include", [])
    if not isinstance(names, list) or not all(isinstance(name, str) and name and "\0" not in name for name in names):
        raise BadConfig("'include' must be a list of paths, like [\"swarm.local.toml\"]")
    return tuple(names)


def _read_included(path: str) -> str:
    text = _read_text(path)
    if text is None:
        raise BadConfig(f"'include' names {path}, which does not exist")
    return text


def _parse_included(path: str, text: str) -> dict[str, Any]:
    tables = _parse(path, text)
    if "include" in tables:
        raise _with_place([(path, text)], BadConfig("'include' is for swarm.toml alone"))
    return tables


def _with_place(sources: list[tuple[str, str]], error: BadConfig) -> BadConfig:
    from swarm_agents.config.lines import find_place  # only a wrong file needs it

    return BadConfig(f"{find_place(sources, error.message)}: {error.message}")


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """The keys of both, table by table; where both set a key, the value of `over`."""
    both = {
        key: _merge(under[key], over[key])
        for key in under.keys() & over.keys()
        if isinstance(under[key], dict) and isinstance(over[key], dict)
    }
    return {**under, **over, **both}


def _read_config(tables: dict[str, Any]) -> Config:
    from swarm_agents.config.schema import check_tables  # a repository without swarm.toml does without it

    profiles = _check_profiles(tables.pop("profiles", {}))
    patterns = _read_patterns(tables.pop("signatures", {}))
    check_tables(tables)
    build = tables["build"]
    naming = NamingConfig(_read_report(build), patterns)
    defaults = Config()
    rules = BuildRules(
        max_attempts=build.get("max_attempts", defaults.rules.max_attempts),
        lease_s=build.get("lease_s", defaults.rules.lease_s),
        wait_s=build.get("wait_s", defaults.rules.wait_s),
    )
    return Config(
        rules=rules,
        check=_read_check(build, naming),
        naming=naming,
        sync=build.get("sync"),
        branch=build.get("branch"),
        notify=_read_notify(tables["notify"]),
        messages_per_minute=tables["messages"].get("per_minute", defaults.messages_per_minute),
        task_lease_s=tables["tasks"].get("lease_s", rules.lease_s),
        gate_scope=_read_gate_scope(tables["gate"], build.get("branch")),
        notices_on_borders=tables["notices"].get("border", False),
        profiles=profiles,
    )


def _read_check(build: dict[str, Any], naming: NamingConfig) -> CheckConfig | None:
    if "check" not in build:
        return None
    for name in build.get("link", ()):
        _refuse_path_outside("build.link", name)
    defaults = CheckConfig(build["check"], naming=naming)
    return defaults._replace(
        setup=build.get("setup"),
        timeout_s=build.get("timeout_s", defaults.timeout_s),
        budget_s=build.get("budget_s", defaults.budget_s),
        link=tuple(build.get("link", ())),
    )


def _read_report(build: dict[str, Any]) -> str | None:
    report: str | None = build.get("report")
    if report is not None:
        _refuse_path_outside("build.report", report)
        if any("**" in part and part != "**" for part in report.split("/")):
            raise BadConfig(f"'build.report' takes '**' only for whole folders; {one_line(report, 60)!r} does not")
    return report


def _refuse_path_outside(key: str, path: str) -> None:
    if os.path.isabs(path) or ".." in path.split("/") or path.split("/")[0] == ".git":
        raise BadConfig(f"'{key}' takes paths within the working tree; {one_line(path, 60)!r} is not one")


def _read_patterns(tables: Any) -> tuple[str, ...]:
    if not tables:
        return ()
    from swarm_agents.config.schema import check_patterns  # only a configuration with patterns needs it

    return check_patterns(tables)


def _read_notify(table: dict[str, Any]) -> NotifyConfig:
    from swarm_agents.config.schema import parse_hours  # see `_read_config`

    return NotifyConfig(
        command=tuple(table.get("command", ())),
        quiet=parse_hours(table["quiet"]) if "quiet" in table else None,
        timeout_s=table.get("timeout_s", NotifyConfig().timeout_s),
    )


def _read_gate_scope(table: dict[str, Any], branch: str | None) -> str:
    scope: str = table.get("scope", "branch" if branch else "all")
    if scope not in ("all", "branch"):
        raise BadConfig('\'gate.scope\' must be "all" or "branch"')
    if scope == "branch" and branch is None:
        raise BadConfig("'gate.scope' is \"branch\", but 'build.branch' is not set")
    return scope


def _check_profiles(tables: Any) -> dict[str, Any]:
    if not isinstance(tables, dict):
        raise BadConfig("'profiles' must hold tables: [profiles.NAME]")
    if tables:
        from swarm_agents.hosts import screen_profiles  # only a configuration with profiles needs it

        screen_profiles.load_profiles(tables)
    return tables
