"""Reads a list of tasks in JSON, at the top or under `tasks`."""

from swarm_agents.errors import BadData
from swarm_agents.tasks.formats.json_text import JsonText
from swarm_agents.tasks.formats.raw_task import RawTask


def read(text: str) -> list[RawTask]:
    parsed = JsonText(text)
    document = parsed.read()
    if isinstance(document.value, dict) and list(document.value) == ["tasks"]:
        document = parsed.read_members(document.at)["tasks"]
    if not isinstance(document.value, list):
        raise BadData("Write a list of tasks, or 'tasks' with such a list.")
    return [RawTask(parsed.get_line(part.at), part.value) for part in parsed.read_items(document.at)]
