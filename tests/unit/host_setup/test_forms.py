"""Our entries in random busy configurations: they go in, are found, and go out to the last byte."""

import json
import tomllib
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from swarm_agents.host_setup import forms, jsonc
from swarm_agents.hosts import setups
from swarm_agents.hosts.setup_files import HookTable, RulesBlock, Scope, SettingLines
from tests.support.busy_configs import AIDER, CODEX_TOML, settings_texts

ROOT = "/repository"
_FILES = [file for host in setups.load_all_setups().values() for file in host.list_files(Scope.PROJECT, ROOT, "/home")]
JSON_TABLES = [file for file in _FILES if isinstance(file, HookTable) and file.groups]
[SETTINGS] = [file for file in _FILES if isinstance(file, SettingLines)]
TOML_TABLE = HookTable("config.toml", "codex", next(one.groups for one in JSON_TABLES if one.host == "codex"))

_LINES = st.lists(st.text("ab #<!->*`\té", max_size=12), max_size=8)


@st.composite
def lines(draw: st.DrawFn, end: str = "") -> str:
    """A text of some lines, with either kind of line end, and the last one open or not."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return newline.join(draw(_LINES)) + draw(st.sampled_from(["", newline]))


@given(st.sampled_from(JSON_TABLES), settings_texts())
def test_hooks_go_into_any_settings_and_out_to_the_last_byte(table: HookTable, text: str) -> None:
    changed = forms.insert(table, text)

    assert forms.is_there(table, changed) and forms.is_current(table, changed)
    assert not forms.is_there(table, text) and not forms.is_current(table, text)
    assert _without(table, jsonc.parse(changed).value) == _without(table, jsonc.parse(text).value)
    stripped = forms.strip(table, changed, text)
    assert jsonc.parse(stripped).value == jsonc.parse(text).value
    if not _has_empty(jsonc.parse(text).value):
        assert stripped == text


@given(st.sampled_from(JSON_TABLES), settings_texts(), st.data())
def test_hooks_of_an_older_version_are_stale_and_their_user_keeps_the_rest(
    table: HookTable, text: str, data: st.DataObject
) -> None:
    event = data.draw(st.sampled_from(sorted(table.groups)))
    older = table._replace(groups={event: table.groups[event], "AnOldEvent": table.groups[event]})

    changed = forms.insert(older, text)

    assert forms.is_there(table, changed) and not forms.is_current(table, changed)
    assert jsonc.parse(forms.strip(table, changed, text)).value == jsonc.parse(text).value


@given(lines())
def test_the_block_of_rules_goes_into_any_text_and_out_to_the_last_byte(text: str) -> None:
    block = RulesBlock("AGENTS.md")

    changed = forms.insert(block, text)

    assert changed.startswith(text) and forms.is_current(block, changed)
    assert forms.strip(block, changed, None) == text


@given(lines(), lines())
def test_what_is_written_around_the_block_later_stays(before: str, after: str) -> None:
    block = RulesBlock("AGENTS.md")
    changed = forms.insert(block, before + "\n")

    assert forms.strip(block, changed + after, None) == before + "\n" + after


@given(st.lists(st.sampled_from(["# a comment", "x = 1 # one", 'y = "a"', ""]), unique=True), st.booleans())
def test_hooks_go_into_toml_and_out_to_the_last_byte(head: list[str], closed: bool) -> None:
    text = "\n".join([*head, CODEX_TOML]).rstrip("\n") + ("\n" if closed else "")

    changed = forms.insert(TOML_TABLE, text)

    assert changed.startswith(text.rstrip("\n")) and forms.is_current(TOML_TABLE, changed)
    theirs = tomllib.loads(text)
    assert tomllib.loads(changed)["hooks"]["Stop"][:1] == theirs["hooks"]["Stop"]
    assert tomllib.loads(changed)["projects"] == theirs["projects"]
    assert forms.strip(TOML_TABLE, changed, None) == text


@given(
    st.lists(st.sampled_from(["# c", "", "a: 1", "b: [x, y]", "d:\n  - e\n", "f: |\n  text", AIDER]), unique=True),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_settings_go_into_yaml_and_out_to_the_last_byte(parts: list[str], newline: str, closed: bool) -> None:
    text = ("\n".join(parts).rstrip("\n") + ("\n" if closed else "")).replace("\n", newline)

    changed = forms.insert(SETTINGS, text)

    before, after = _load(text), _load(changed)
    assert "CONVENTIONS.md" in after["read"] and after["git-commit-verify"] is True
    theirs = [key for key in before if key != "read"]
    # A block text at an open end gets the line end that it lacked.
    assert [str(after[key]).rstrip("\n") for key in theirs] == [str(before[key]).rstrip("\n") for key in theirs]
    assert forms.is_current(SETTINGS, changed)
    assert forms.strip(SETTINGS, changed, None) == text


def test_a_setting_that_the_user_has_made_stays_and_is_told() -> None:
    text = "git-commit-verify: false\nread: STYLE.md\n"

    changed = forms.insert(SETTINGS, text)

    assert _load(changed)["git-commit-verify"] is False and _load(changed)["read"] == "STYLE.md"
    assert forms.list_remarks(SETTINGS, changed) == [
        "git-commit-verify is set to false; the swarm needs true.",
        "Add CONVENTIONS.md to 'read'.",
    ]


def _load(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text) or {}
    return found


def _without(table: HookTable, settings: dict[str, Any]) -> str:
    """The settings without our handlers and what is empty then."""
    hooks = {}
    for event, groups in settings.get("hooks", {}).items():
        kept = [
            {**group, "hooks": [one for one in group["hooks"] if one["command"] != f"swarm hook {table.host}"]}
            for group in groups
        ]
        kept = [group for group, was in zip(kept, groups, strict=True) if group["hooks"] or not was["hooks"]]
        if kept:
            hooks[event] = kept
    return json.dumps({**settings, "hooks": hooks}, sort_keys=True)


def _has_empty(settings: dict[str, Any]) -> bool:
    """An empty table may have been written in many ways: which one is known from the record, see test_setup_hosts."""
    hooks = settings.get("hooks")
    return not settings or hooks == {} or (hooks is not None and [] in hooks.values())
