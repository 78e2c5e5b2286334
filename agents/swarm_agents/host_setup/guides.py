"""The texts for agents: two skills, whose one source is the plugin folder, and the block for files of rules."""

from __future__ import annotations

import functools
from importlib import resources

MARK = "Written by 'swarm setup', which also takes it out again. What you change here is lost with its next run."


def render_skill(name: str, allows_swarm: bool) -> str:
    """A skill as a file of its own: with our mark, and without what the host does not know."""
    head, end, body = _read(f"plugin/skills/{name}/SKILL.md").partition("\n---\n")
    lines = [line for line in head.splitlines() if allows_swarm or not line.startswith("allowed-tools:")]
    return "\n".join(lines) + f"{end}\n<!-- {MARK} -->\n{body}"


def load_rules() -> list[str]:
    """The lines of the block for AGENTS.md, CLAUDE.md, GEMINI.md and CONVENTIONS.md."""
    return _read("rules.md").splitlines()


@functools.cache
def _read(path: str) -> str:
    return resources.files(__package__).joinpath(*path.split("/")).read_text(encoding="utf-8")
