"""Joining: whose session it is, also when several of its hooks ask at once."""

import pytest

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.host_events import joining
from swarm_agents.hosts.host import HookEvent, HookEventKind

PROMPT = HookEvent(HookEventKind.PROMPT, "UserPromptSubmit", "s1")


def present(db: Database) -> list[str]:
    with db.reading() as tx:
        return [agent.name for agent in roster.list_present(tx)]


def test_hooks_that_run_side_by_side_give_one_session_one_name(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    others: list[str] = []

    def join_beside(pane: object, name: str) -> None:
        """Another hook of the session joins after this one has a name, and before it has written that down."""
        if not others:
            others.append(name)
            others.append(joining.join(db, "claude", PROMPT, {}).agent)

    monkeypatch.setattr(joining, "_name_pane", join_beside)

    agent = joining.join(db, "claude", PROMPT, {}).agent

    assert others == ["claude-1", agent]
    assert present(db) == [agent]


def test_a_name_that_is_reserved_or_no_name_is_not_taken(db: Database) -> None:
    for number, name in enumerate(("human", "all", "no name", "x" * 65, ""), start=1):
        event = PROMPT._replace(session=f"s{number}")
        assert joining.join(db, "claude", event, {"SWARM_AGENT": name}).agent == f"claude-{number}"


def test_a_known_agent_keeps_its_role(db: Database) -> None:
    roster.join(db, "otter", "reviewer", None)

    joining.join(db, "claude", PROMPT, {"SWARM_AGENT": "otter"})

    assert roster.read(db, "otter").role == "reviewer"
