"""Fixtures for announcing an escalation: a human's terminal, a folder for their command, and a repository."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents.system import file_lock
from tests.support.notify import HumanTerminal, NotifyFolder, open_tables
from tests.support.repo import Repo
from tests.support.tmux import Tmux, private_server


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def terminal(tmux: Tmux) -> Iterator[HumanTerminal]:
    """A human's terminal that is attached to the agents' server."""
    with private_server() as outer:
        yield HumanTerminal(outer, tmux)


@pytest.fixture
def repo(repo: Repo) -> Iterator[Repo]:
    """A repository that ends with no announcement left to try, so that the processes of its verbs end."""
    yield repo
    with open_tables(repo) as tables:
        tables.execute("update announcements set state = 'skipped', reason = 'the test is over'")
    with file_lock.held(repo.path / ".git/swarm/swarm.db-announcer", 20) as ended:
        assert ended, "the process of the verb has ended"


@pytest.fixture
def folder(tmp_path: Path) -> NotifyFolder:
    return NotifyFolder(tmp_path)
