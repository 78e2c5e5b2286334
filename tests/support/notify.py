"""What the tests of announcing an escalation share: a human's terminal, a command of theirs, and its results."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from swarm_agents import roster
from swarm_agents.build import build
from swarm_agents.build.outcomes import HumanAsked
from swarm_agents.config.config import Config, NotifyConfig
from swarm_agents.db.database import Database
from swarm_agents.escalations import announcements, escalations
from swarm_agents.messages import acknowledgements, messages
from swarm_agents.model import HUMAN, BuildRules, PaneAddress
from tests.support.repo import Repo
from tests.support.tmux import Tmux
from tests.support.until import until

RULES = BuildRules()


class HumanTerminal:
    """A human's terminal: a pane of another tmux server that is attached to the agents' server."""

    def __init__(self, outer: Tmux, inner: Tmux) -> None:
        self._outer = outer
        attach = ["env", "-u", "TMUX", "TERM=screen", "tmux", "-S", inner.socket, "attach", "-t", "base"]
        self._pane = outer.pane(*attach)
        until(lambda: bool(inner.run("list-clients")), "the terminal is attached")

    def shows(self, words: str) -> None:
        until(lambda: words in self._outer.screen(self._pane).replace("\n", ""), f"the terminal shows {words!r}")

    def rang(self) -> bool:
        asked = ("display-message", "-p", "-t", self._pane.pane_id, "#{window_bell_flag}")
        return self._outer.run(*asked) == "1"


class NotifyFolder:
    """A folder with the script for `[notify] command`, in which the script leaves what it got."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "notify"
        self._folder.mkdir()

    def path(self, name: str) -> Path:
        return self._folder / name

    def read(self, name: str) -> str:
        return self.path(name).read_text()

    def script(self, lines: str) -> str:
        script = self.path("ring")
        script.write_text(f'#!/bin/sh\ncd "{self._folder}" || exit 99\n{lines}\n')
        script.chmod(0o755)
        return str(script)

    def config(self, *command: str) -> Config:
        return Config(notify=NotifyConfig(command=command, timeout_s=0.5 if "sleep" in self._script() else 20))

    def _script(self) -> str:
        return self.read("ring") if self.path("ring").is_file() else ""

    def configure(self, repo: Repo, command: str, **keys: object) -> None:
        lines = [f"{key} = {json.dumps(value)}" for key, value in {"command": [command], **keys}.items()]
        repo.write("swarm.toml", "\n".join(["[notify]", *lines, ""]))


def raise_escalation(db: Database, reason: str = "please look") -> int:
    with db.reading() as tx:
        has_agents = bool(roster.list_present(tx))
    if not has_agents:
        roster.join(db, "ada", "agent", None)
    build.report(db, "ada", "3 tests fail", RULES)
    asked = build.escalate(db, HUMAN, reason)
    assert isinstance(asked, HumanAsked)
    return asked.escalation


def escalate_message(db: Database, pane: PaneAddress | None = None) -> int:
    roster.join(db, "ada", "agent", None)
    roster.join(db, "bob", "agent", pane)
    messages.send(db, "ada", "bob", "please look", ack_within_s=30)
    with db.transaction() as tx:
        tx.execute("update acknowledgements set retries = 3, due_mono_ms = 0")
    acknowledgements.process_due(db)
    with db.reading() as tx:
        return escalations.list_open(tx)[0].id


def channel_state(db: Database, escalation: int, channel: str) -> tuple[str, str]:
    with db.reading() as tx:
        return next(
            (one.state, one.reason) for one in announcements.list_channels(tx, escalation) if one.channel == channel
        )


def escalation_text(db: Database, escalation: int) -> str:
    with db.reading() as tx:
        return escalations.find(tx, escalation).text


def clock_ahead(seconds: int) -> str:
    """The argument that gives a database in another process a clock that is ahead by so many seconds."""
    return (
        "clock=lambda: __import__('swarm_agents.model', fromlist=['Moment']).Moment("
        f"*[part + {seconds * 1000} if isinstance(part, int) else part for part in "
        "__import__('swarm_agents.db.clock', fromlist=['host_clock']).host_clock()])"
    )


def break_build(repo: Repo) -> None:
    repo.swarm("--as", "alice", "build", "report", "--summary", "3 tests fail")


def read_channels(repo: Repo) -> dict[str, tuple[str, str]]:
    channels = repo.swarm("escalation", "show", "1", "--json").data["channels"]
    return {one["channel"]: (one["state"], one["reason"]) for one in channels}


def failed_channels(repo: Repo) -> set[str]:
    names = {"tmux": "pane"}
    return {
        names.get(channel, channel) for channel, (state, reason) in read_channels(repo).items() if state == "failed"
    }


def make_retry_due(repo: Repo) -> None:
    """Move the next try to now."""
    with open_tables(repo) as tables:
        tables.execute("update announcements set due_mono_ms = 0 where state = 'failed'")


@contextmanager
def open_tables(repo: Repo) -> Iterator[sqlite3.Connection]:
    """A plain connection in a transaction, as a person with the sqlite3 program has."""
    with closing(sqlite3.connect(repo.path / ".git/swarm/swarm.db", timeout=10)) as connection, connection:
        yield connection
