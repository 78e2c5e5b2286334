"""Busy configurations of coding agents, as people have them: one of each form by hand, and random ones."""

import json
import string
from typing import Any

from hypothesis import strategies as st

CLAUDE = """{
  // model of the week
  "model": "opus",
  "permissions": { "allow": ["Bash(make *)"], "deny": [] }, /* keep */
  "hooks": {
    "Stop": [
      { "hooks": [ { "type": "command", "command": "say done" } ] } // mine
    ],
    "PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "swarm-guard hook claude"}]}],
    "Notification": []
  },
  "statusLine": {"type": "command", "command": "swarm hook claude"},
  "env": {"A": "1",},
}
"""
CODEX_JSON = '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "notify-send done"}]}]}}'
CODEX_TOML = """# my Codex
model = "o9"   # the good one
[features]
hooks = true

[[hooks.Stop]]
[[hooks.Stop.hooks]]
type = "command"
command = "notify-send done" # loud

[hooks.state."/x:stop:0:0"]
trusted_hash = "sha256:00"
[projects."/x"]
trust_level = "trusted"
"""
GEMINI = '{\n\t"theme": "dark",\n\t"hooks": {\n\t\t"AfterAgent": []\n\t}\n}\n'
AIDER = """# aider
model: sonnet
read:   # what it reads
    - README.md  # always
    - docs/style.md
lint-cmd: |
  ruff check
dark-mode: yes
"""
RULES = "# Rules\n\nBe kind.\n\n<!-- a comment -->\n* one\n* two  \n"

BLANKS = st.sampled_from(["", " ", "\n", "\n    ", "\t", " /* c, { */ ", ' // c " ]\n  ', "\n\n  "])
_TEXTS = st.text(string.ascii_letters + ' "\\/*{}[],:é\n\u2028', max_size=8)
_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _TEXTS)
VALUES = st.recursive(
    _LEAVES, lambda more: st.lists(more, max_size=3) | st.dictionaries(_TEXTS, more, max_size=3), max_leaves=8
)
_HANDLERS = st.fixed_dictionaries({"type": st.just("command"), "command": _TEXTS})
_GROUPS = st.fixed_dictionaries({"hooks": st.lists(_HANDLERS, max_size=2)}, optional={"matcher": _TEXTS})
_EVENTS = st.sampled_from(["SessionStart", "Stop", "PreToolUse", "AfterAgent", "Other"])
_HOOKS = st.dictionaries(_EVENTS, st.lists(_GROUPS, max_size=2), max_size=3)


@st.composite
def settings_values(draw: st.DrawFn) -> dict[str, Any]:
    """Settings with hooks of the user's, or without."""
    around = draw(st.dictionaries(_TEXTS.filter(lambda key: key != "hooks"), VALUES, max_size=3))
    if draw(st.booleans()):
        around["hooks"] = draw(_HOOKS)
    return dict(draw(st.permutations(sorted(around.items(), key=lambda pair: pair[0]))))


@st.composite
def written(draw: st.DrawFn, value: Any) -> str:
    """The value as JSON with comments, odd blanks and trailing commas."""
    blank = lambda: draw(BLANKS)  # noqa: E731 - it is drawn anew at every place
    if not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=draw(st.booleans()))
    parts = []
    for item in value.items() if isinstance(value, dict) else value:
        key, inner = item if isinstance(value, dict) else (None, item)
        name = "" if key is None else f"{json.dumps(key)}{blank()}:{blank()}"
        parts.append(f"{blank()}{name}{draw(written(inner))}{blank()}")
    trailing = f",{blank()}" if parts and draw(st.booleans()) else ""
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}{','.join(parts) or blank()}{trailing}{closing}"


@st.composite
def settings_texts(draw: st.DrawFn) -> str:
    text = draw(BLANKS) + draw(written(draw(settings_values()))) + draw(BLANKS)
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text
