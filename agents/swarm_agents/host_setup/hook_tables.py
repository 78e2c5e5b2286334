"""Our entries in a table of hooks, in JSON or TOML. An entry is ours when its command is `swarm hook HOST`."""

from __future__ import annotations

import json
import tomllib

from swarm_agents.errors import BadData
from swarm_agents.host_setup import jsonc, marked_blocks
from swarm_agents.hosts.setup_files import HookTable
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from swarm_agents.host_setup.jsonc import Node

_EMPTY = "{}\n"


# JSON.


def insert_json(table: HookTable, text: str) -> str:
    """The text with our entries, which it must not have yet. Raises `BadData`, which names the line."""
    if not table.groups:
        return text
    text = text if text.strip() else _EMPTY
    newline = "\r\n" if "\r\n" in text else "\n"
    unit = jsonc.guess_unit(text, _read_root(text))
    if _find_hooks(text) is None:
        return jsonc.insert_last(text, _read_root(text), "hooks", table.groups, unit, newline)
    for event, groups in table.groups.items():
        hooks = _find_hooks(text)
        assert hooks is not None
        if hooks.find(event) is None:
            text = jsonc.insert_last(text, hooks, event, groups, unit, newline)
            continue
        for group in groups:
            text = jsonc.insert_last(text, _read_groups(text, event), None, group, unit, newline)
    return text


def strip_json(table: HookTable, text: str, before: str | None) -> str:
    """The text without our entries, and without what is empty then, unless it was empty `before` we came."""
    kept = _list_empty(before)
    while (spot := _find_one_of_ours(table, text, kept)) is not None:
        text = jsonc.delete(text, *spot)
    return text


def read_json(table: HookTable, text: str) -> dict[str, list[Any]]:
    """Our entries as they stand there: the groups with them, by event."""
    hooks = _find_hooks(text) if text.strip() else None
    return {} if hooks is None else _select_ours(table, hooks.value)


# TOML: a block at the end, since tables of an array may be anywhere in the file.


def insert_toml(table: HookTable, text: str) -> str:
    """The text with our entries, which it must not have yet. Raises `BadData`, which names the line."""
    _parse_toml(text)
    if not table.groups:
        return text
    made = marked_blocks.insert(text, _write_toml(table), "#")
    try:
        tomllib.loads(made)
    except tomllib.TOMLDecodeError as error:
        raise BadData(f"hooks cannot be added after its own, write those as [[hooks.EVENT]]: {error}") from None
    return made


def read_toml(table: HookTable, text: str) -> dict[str, list[Any]]:
    hooks = _parse_toml(text).get("hooks")
    return _select_ours(table, hooks) if isinstance(hooks, dict) else {}


def _write_toml(table: HookTable) -> list[str]:
    lines = []
    for event, groups in table.groups.items():
        for group in groups:
            lines += [f"[[hooks.{event}]]", *_write_pairs(group)]
            for handler in group["hooks"]:
                lines += [f"[[hooks.{event}.hooks]]", *_write_pairs(handler)]
    return lines


def _write_pairs(pairs: Any) -> list[str]:
    # A text or a whole number looks the same in JSON and in TOML.
    return [f"{key} = {json.dumps(value)}" for key, value in pairs.items() if key != "hooks"]


def _parse_toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadData(f"this is not TOML: {error}") from None


# Reading JSON.


def _read_root(text: str) -> Node:
    root = jsonc.parse(text)
    if not isinstance(root.value, dict):
        raise BadData("line 1: expected an object, '{ ... }'")
    return root


def _find_hooks(text: str) -> Node | None:
    hooks = _read_root(text).find("hooks")
    if hooks is not None and not isinstance(hooks.value, dict):
        raise BadData(f"line {_line(text, hooks)}: 'hooks' is no object")
    return hooks


def _read_groups(text: str, event: str) -> Node:
    hooks = _find_hooks(text)
    groups = hooks.find(event) if hooks else None
    if groups is None or not isinstance(groups.value, list):
        raise BadData(f"line {_line(text, groups or _read_root(text))}: 'hooks.{event}' is no list")
    return groups


def _line(text: str, node: Node) -> int:
    return text.count("\n", 0, node.start) + 1


def _select_ours(table: HookTable, hooks: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for event, groups in hooks.items():
        ours = [
            {**group, "hooks": [handler for handler in group["hooks"] if _is_ours(table, handler)]}
            for group in (groups if isinstance(groups, list) else [])
            if isinstance(group, dict) and isinstance(group.get("hooks"), list)
        ]
        ours = [group for group in ours if group["hooks"]]
        if ours:
            found[event] = ours
    return found


def _is_ours(table: HookTable, handler: Any) -> bool:
    if not isinstance(handler, dict) or not isinstance(handler.get("command"), str):
        return False
    words = handler["command"].split()
    if isinstance(handler.get("args"), list):
        words += handler["args"]
    return len(words) == 3 and words[0].rpartition("/")[2] == "swarm" and words[1:] == ["hook", table.host]


def _list_empty(before: str | None) -> set[tuple[str, ...]]:
    """Which of `hooks` and its events were empty: those are the user's."""
    if before is None or not before.strip():
        return set()
    hooks = _find_hooks(before)
    if hooks is None:
        return set()
    empty = {("hooks", event) for (event, _), node in zip(hooks.keys, hooks.children, strict=True) if not node.children}
    return {*empty, *([("hooks",)] if not hooks.children else [])}


def _find_one_of_ours(table: HookTable, text: str, kept: set[tuple[str, ...]]) -> tuple[Node, int] | None:
    """The container and index of the largest thing that has nothing but one entry of ours."""
    if not text.strip():
        return None
    root, hooks = _read_root(text), _find_hooks(text)
    if hooks is None:
        return None
    for at_event, ((event, _), groups) in enumerate(zip(hooks.keys, hooks.children, strict=True)):
        for at_group, group in enumerate(groups.children if isinstance(groups.value, list) else ()):
            handlers = group.find("hooks") if isinstance(group.value, dict) else None
            if handlers is None or not isinstance(handlers.value, list):
                continue
            for at_handler, handler in enumerate(handlers.children):
                if not _is_ours(table, handler.value):
                    continue
                if len(handlers.children) > 1:
                    return handlers, at_handler
                if len(groups.children) > 1 or ("hooks", event) in kept:
                    return groups, at_group
                if len(hooks.children) > 1 or ("hooks",) in kept:
                    return hooks, at_event
                return root, root.children.index(hooks)
    return None
