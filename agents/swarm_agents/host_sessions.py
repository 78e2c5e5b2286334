"""Sessions of coding agents, as their own hooks tell of them: whose they are, what they do, what they were told."""

from __future__ import annotations

from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

LIVE_FOR_MS = 10 * 60_000  # a session that was killed tells no end; after so long without an event it counts as ended


class HostState(NamedTuple):
    """What a host said of itself: `working` `permission` `idle` `failed`, by which event, and when (UTC ms)."""

    state: str
    host: str
    source: str
    detail: str
    at: int


class HostSession(NamedTuple):
    """One session. Times in UTC ms; `ended_at` is None while it runs."""

    host: str
    session: str
    agent: str
    began_at: int
    seen_at: int
    ended_at: int | None
    state: str
    state_source: str
    state_detail: str
    state_at: int
    told_through: int
    """Messages up to this id were told, or are older than the session."""
    held_incident: int | None
    """A commit of it was held because of this red build."""
    pushed_incident: int | None
    """Its turn was made to go on because of this one, `pushes` times."""
    pushes: int


def find(tx: Transaction, host: str, session: str) -> HostSession | None:
    row = tx.one("select * from host_sessions where host = :host and session = :session", host=host, session=session)
    return _make(row) if row else None


def begin(tx: Transaction, host: str, session: str, agent: str, source: str) -> HostSession:
    """The session works for the agent now. One that ended and goes on keeps what it was told."""
    row = tx.one(
        "insert into host_sessions (host, session, agent, began_at, seen_at, state, state_source, state_at, "
        "told_through) values (:host, :session, :agent, :now, :now, 'working', :source, :now, "
        "(select coalesce(max(inbox_floor), 0) from agents where name = :agent)) "
        "on conflict (host, session) do update set agent = excluded.agent, seen_at = excluded.seen_at, "
        "ended_at = null, state = 'working', state_source = excluded.state_source, state_detail = '', "
        "state_at = excluded.state_at returning *",
        host=host,
        session=session,
        agent=agent,
        source=source,
        now=tx.now,
    )
    assert row is not None
    return _make(row)


def update(tx: Transaction, one: HostSession, **changes: Any) -> None:
    """Change these columns of the session."""
    settings = "".join(f", {name} = :{name}" for name in changes)
    tx.execute(
        f"update host_sessions set seen_at = :now{settings} where host = :host and session = :session",
        host=one.host,
        session=one.session,
        now=tx.now,
        **changes,
    )


def is_first_of_agent(tx: Transaction, one: HostSession) -> bool:
    """Whether no session of this agent that began before it still runs: one that was started inside of it acts for it
    in part only.
    """
    earlier = tx.one(
        "select 1 from host_sessions where agent = :agent and ended_at is null and seen_at > :since "
        "and (host <> :host or session <> :session) and began_at < :began_at limit 1",
        agent=one.agent,
        host=one.host,
        session=one.session,
        began_at=one.began_at,
        since=tx.now - LIVE_FOR_MS,
    )
    return earlier is None


def forget_old(tx: Transaction, before: int) -> None:
    """Remove sessions without an event since `before` (UTC ms)."""
    tx.execute("delete from host_sessions where seen_at < :before", before=before)


def list_states(tx: Transaction) -> dict[str, HostState]:
    """For each agent with a session that runs what its host said last."""
    rows = tx.execute("select * from host_sessions where ended_at is null order by state_at, session")
    return {
        row["agent"]: HostState(row["state"], row["host"], row["state_source"], row["state_detail"], row["state_at"])
        for row in rows
    }


def _make(row: Row) -> HostSession:
    return HostSession(*(row[field] for field in HostSession._fields))
