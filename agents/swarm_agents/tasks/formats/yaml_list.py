"""Reads a list of tasks in YAML, at the top or under `tasks:`.

PyYAML parses; the values are made here from its nodes, which know their lines. So no tag makes an object, no alias is
copied, and `no`, `on` and `12:30` stay texts, as in YAML 1.2.
"""

import re
from typing import Any

import yaml

from swarm_agents.errors import BadData
from swarm_agents.tasks.formats.raw_task import RawTask, make_error
from swarm_agents.text import one_line

_NODES_LIMIT = 50_000  # keys and values; PyYAML reads 20,000 a second
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


def read(text: str) -> list[RawTask]:
    node = _parse(text)
    if isinstance(node, yaml.MappingNode) and [_read_key(key) for key, _ in node.value] == ["tasks"]:
        node = node.value[0][1]
    if not isinstance(node, yaml.SequenceNode):
        line = _get_line(node) if node is not None else 1
        raise make_error(line, "write a list of tasks, '- title: ...', or 'tasks:' with such a list")
    return [RawTask(_get_line(item), _read_table(item)) for item in node.value]


def _parse(text: str) -> yaml.Node | None:
    """Raises `BadData`. The parser in C would be faster, and ends the process when a text is nested too deeply."""
    try:
        return yaml.compose(text, _CountingLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = f"this is not YAML: {one_line(error.problem or error.context or '', 200)}"
        raise (make_error(mark.line + 1, why) if mark else BadData(f"{why}.")) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise make_error(line, f"this is not YAML: {one_line(error.reason, 200)}") from None
    except RecursionError:
        raise BadData("This YAML is nested too deeply.") from None


class _CountingLoader(yaml.SafeLoader):
    """Stops at too long a list, instead of reading all of it first."""

    nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.nodes += 1
        if self.nodes > _NODES_LIMIT:
            raise BadData(f"{_NODES_LIMIT} keys and values are the limit of a list of tasks.")
        return super().compose_node(parent, index)


def _read_table(node: yaml.Node) -> dict[str, Any] | None:
    """The keys and values of a task; None where it is no mapping."""
    if not isinstance(node, yaml.MappingNode):
        return None
    table: dict[str, Any] = {}
    for key_node, value in node.value:
        key = _read_key(key_node)
        if key in table:
            raise make_error(_get_line(key_node), f"the key {one_line(key, 40)!r} stands twice")
        table[key] = _read_value(value)
    return table


def _read_key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise make_error(_get_line(node), "a key must be a word")
    return str(node.value)


def _read_value(node: yaml.Node) -> Any:
    """A text, a number, true, false, None, or a list of them. What is nested deeper stays a node, and is refused."""
    if isinstance(node, yaml.SequenceNode):
        return [_read_scalar(one) if isinstance(one, yaml.ScalarNode) else one for one in node.value]
    return _read_scalar(node) if isinstance(node, yaml.ScalarNode) else node


def _read_scalar(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if not node.tag.startswith("tag:yaml.org,2002:") or ":python/" in node.tag or node.tag.endswith(":binary"):
        raise make_error(_get_line(node), f"the tag {one_line(node.tag, 60)!r} is not supported; leave it out")
    if node.style is not None:  # quoted, or a block
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,8}", text) else text


def _get_line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
