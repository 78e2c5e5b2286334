"""An escalation is kept, listed and shown, whatever fails: one part at a time, and all at once."""

import pytest

from swarm_agents.db.clock import host_clock
from tests.support.app import dashboard, shows
from tests.support.notify import NotifyFolder, break_build, failed_channels, open_tables
from tests.support.repo import Repo
from tests.support.until import until


@pytest.mark.parametrize(
    "broken", [["lookup"], ["message"], ["pane"], ["command"], ["lookup", "message", "pane", "command"]]
)
def test_whatever_fails_the_escalation_is_kept_listed_and_shown(
    repo: Repo, folder: NotifyFolder, broken: list[str]
) -> None:
    folder.configure(repo, "/nowhere/ring" if "command" in broken else folder.script("touch done"))
    break_build(repo)
    repo.swarm("--as", "alice", "build", "give-up")
    with open_tables(repo) as tables:
        if "pane" in broken:
            tables.execute(
                "update agents set pane_socket = '/nowhere/tmux', pane_server = '1:1', pane_id = '%1', pane_pid = 1"
            )
        if "lookup" in broken:
            tables.execute("alter table attempts rename to mislaid")
        if "message" in broken:
            tables.execute("create trigger refusal before insert on messages begin select raise(abort, 'full'); end")

    asked = repo.swarm("build", "escalate", "--reason", "no credentials", "--json")

    assert asked.exit == 0 and asked.data["escalation"] == 1
    assert [one["id"] for one in repo.swarm("escalation", "list", "--json").data["escalations"]] == [1]
    repo.swarm("escalation", "announce")
    assert "Asked because: no credentials" in repo.swarm("escalation", "show", "1").out
    until(lambda: failed_channels(repo) == {"message", "pane", "command"} & set(broken), "each failure is on record")
    if "lookup" in broken:
        assert "could not be read (no such table: attempts)" in repo.swarm("escalation", "show", "1").out


@pytest.mark.anyio
async def test_whatever_fails_the_escalation_is_on_the_screen(repo: Repo) -> None:
    break_build(repo)
    repo.swarm("--as", "alice", "build", "give-up")
    with open_tables(repo) as tables:
        tables.execute("alter table attempts rename to mislaid")
        tables.execute("create trigger refusal before insert on messages begin select raise(abort, 'full'); end")
    repo.swarm("build", "escalate", "--reason", "no credentials")
    with open_tables(repo) as tables:
        tables.execute("alter table mislaid rename to attempts")

    async with dashboard(repo.path / ".git/swarm/swarm.db", host_clock) as pilot:
        await shows(pilot, "ESCALATED", "no credentials")
