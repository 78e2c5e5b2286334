"""What each kind of file holds of ours: put in, taken out, and compared, as text."""

from __future__ import annotations

from swarm_agents.errors import BadData
from swarm_agents.host_setup import guides, hook_tables, marked_blocks, setting_lines
from swarm_agents.hosts.setup_files import HookTable, RulesBlock, ScriptFile, SettingLines, SetupFile, SkillFile


def insert(file: SetupFile, text: str) -> str:
    """The text with our entries, which it must not have yet. Raises `BadData`, which names the line."""
    match file:
        case HookTable():
            return hook_tables.insert_toml(file, text) if _is_toml(file) else hook_tables.insert_json(file, text)
        case RulesBlock():
            return marked_blocks.insert(text, guides.load_rules(), "<!--")
        case SettingLines():
            return setting_lines.insert(file, text)
    if text:
        raise BadData("line 1: the swarm's own file goes here, and this one is not of its making; move it away")
    return _render(file)


def strip(file: SetupFile, text: str, before: str | None) -> str:
    """The text without our entries; `before` is what it was when we came, where that is known."""
    match file:
        case HookTable():
            return marked_blocks.strip(text) if _is_toml(file) else hook_tables.strip_json(file, text, before)
        case RulesBlock():
            return marked_blocks.strip(text)
        case SettingLines():
            return setting_lines.strip(text)
    return "" if guides.MARK in text else text


def is_there(file: SetupFile, text: str) -> bool:
    """Whether any entry of ours is in it."""
    return strip(file, text, None) != text


def is_current(file: SetupFile, text: str) -> bool:
    """Whether our entries in it are what this version would write, wherever they stand in it."""
    match file:
        case HookTable():
            read = hook_tables.read_toml if _is_toml(file) else hook_tables.read_json
            return read(file, text) == {event: list(groups) for event, groups in file.groups.items()}
        case RulesBlock():
            return marked_blocks.read(text) == guides.load_rules()
        case SettingLines():
            bare = setting_lines.strip(text)
            return sorted(setting_lines.read(text)) == sorted(setting_lines.read(setting_lines.insert(file, bare)))
    return text == _render(file)


def list_remarks(file: SetupFile, text: str) -> list[str]:
    """What a human must decide in this file, a sentence each."""
    return setting_lines.list_remarks(file, text) if isinstance(file, SettingLines) else []


def is_left_over(text: str) -> bool:
    """Whether a file that we have made holds nothing any more."""
    return text.strip() in ("", "{}")


def name_entries(file: SetupFile) -> str:
    """What of ours is in such a file, in a word or two."""
    match file:
        case HookTable():
            return "hooks"
        case RulesBlock():
            return "block"
        case SkillFile():
            return "skill"
        case ScriptFile():
            return "plugin"
    return "settings"


def _render(file: SkillFile | ScriptFile) -> str:
    if isinstance(file, SkillFile):
        return guides.render_skill(file.skill, file.allows_swarm)
    return f"{file.comment} {guides.MARK}\n{file.text}"


def _is_toml(file: HookTable) -> bool:
    return file.path.endswith(".toml")
