"""Settings of ours in a file of YAML: one line each, with a comment at its end by which it is known."""

from __future__ import annotations

import re

import yaml

from swarm_agents.errors import BadData
from swarm_agents.host_setup import marked_blocks
from swarm_agents.hosts.setup_files import SettingLines
from swarm_agents.text import one_line

_MARK = "  # by swarm setup"
_OURS = re.compile(rf"^[^\n]*{_MARK}\r?(?:\n|\Z)", re.MULTILINE)


def insert(wanted: SettingLines, text: str) -> str:
    """The text with our lines, which it must not have yet. Raises `BadData`, which names the line."""
    before = _read(text)
    missing = [f"{key}: {value}{_MARK}" for key, value in wanted.settings.items() if key not in before]
    for key, item in wanted.items.items():
        if key not in before:
            missing.append(f"{key}: [{item}]{_MARK}")
        elif (grows := _find_list(before[key], item)) is not None:
            text = _add_item(text, grows, item)
    made = marked_blocks.append_lines(text, missing) if missing else text
    after = _read(made)
    if any(_plain(after.get(key)) != _plain(node) for key, node in before.items() if key not in wanted.items):
        raise BadData("lines cannot be added at its end: write its settings at the top, one on each line")
    return made


def strip(text: str) -> str:
    while (found := _OURS.search(text)) is not None:
        text = marked_blocks.cut_lines(text, found.start(), found.end())
    return text


def read(text: str) -> list[str]:
    """Our lines as they stand there."""
    return [found[0].strip() for found in _OURS.finditer(text)]


def list_remarks(wanted: SettingLines, text: str) -> list[str]:
    """What is set there otherwise than we would, a sentence each: a human decides that."""
    there = _read(text)
    remarks = [
        f"{key} is set to {one_line(str(_plain(there[key])), 60)}; the swarm needs {value}."
        for key, value in wanted.settings.items()
        if key in there and str(_plain(there[key])).lower() != value
    ]
    for key, item in wanted.items.items():
        if key in there and item not in _list_items(there[key]) and _find_list(there[key], item) is None:
            remarks.append(f"Add {item} to '{key}'.")
    return remarks


def _find_list(node: yaml.Node, item: str) -> yaml.SequenceNode | None:
    """The node, if a line for the item can be added to it: a list with an item on each line, and without this one."""
    if not isinstance(node, yaml.SequenceNode) or node.flow_style or not node.value or item in _list_items(node):
        return None
    return node if isinstance(node.value[-1], yaml.ScalarNode) else None


def _list_items(node: yaml.Node) -> list[str]:
    if isinstance(node, yaml.SequenceNode):
        return [item.value for item in node.value if isinstance(item, yaml.ScalarNode)]
    return [node.value] if isinstance(node, yaml.ScalarNode) else []


def _add_item(text: str, node: yaml.SequenceNode, item: str) -> str:
    line = f"{' ' * node.start_mark.column}- {item}{_MARK}"
    at = text.find("\n", node.value[-1].end_mark.index)
    if at < 0:
        return marked_blocks.append_lines(text, [line])
    newline = "\r\n" if text[:at].endswith("\r") else "\n"
    return f"{text[: at + 1]}{line}{newline}{text[at + 1 :]}"


def _read(text: str) -> dict[str, yaml.Node]:
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise BadData(f"{where}this is not YAML: {one_line(error.problem or error.context or '', 200)}") from None
    except yaml.YAMLError as error:
        raise BadData(f"this is not YAML: {one_line(str(error), 200)}") from None
    except RecursionError:
        raise BadData("this YAML is nested too deeply") from None
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise BadData(f"line {root.start_mark.line + 1}: expected settings at the top, one on each line")
    return {str(key.value): value for key, value in root.value}


def _plain(node: yaml.Node | None) -> object:
    """Its value without its place."""
    if node is None or isinstance(node, yaml.ScalarNode):
        return None if node is None else node.value.rstrip("\n")  # of a block text, which had no line end before
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return [(_plain(key), _plain(value)) for key, value in node.value]
