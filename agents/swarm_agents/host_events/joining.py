"""Finds whose session it is, and has it join the swarm: under the name it was given, else under a free one."""

from __future__ import annotations

from swarm_agents import heartbeat, host_sessions, roster
from swarm_agents.errors import AlreadyTaken, SwarmError
from swarm_agents.hosts.host import HookEventKind
from swarm_agents.text import RESERVED_NAMES, is_name
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from swarm_agents.db.database import Database
    from swarm_agents.db.transaction import Transaction
    from swarm_agents.host_sessions import HostSession
    from swarm_agents.hosts.host import HookEvent
    from swarm_agents.model import PaneAddress

_NUMBERS = range(1, 1000)
_FORGET_AFTER_MS = 30 * 24 * 3600_000
_PANE_LIMIT_S = 1.0


def find_session(db: Database, host: str, event: HookEvent) -> HostSession | None:
    """The session that the event belongs to, if it runs and its agent is still here."""
    with db.reading() as tx:
        return _find_live(tx, host, event.session)


def join(db: Database, host: str, event: HookEvent, env: Mapping[str, str]) -> HostSession:
    """The session's agent is in the swarm from here on; the session is written down."""
    pane = _find_pane(env)
    agent = _enter(db, host, event, env, pane)
    _name_pane(pane, agent)
    with db.transaction() as tx:
        host_sessions.forget_old(tx, tx.now - _FORGET_AFTER_MS)
        known = _find_live(tx, host, event.session)
        if known is None or known.agent == agent or event.kind is HookEventKind.SESSION_START:
            return host_sessions.begin(tx, host, event.session, agent, event.source)
    heartbeat.leave(db, agent)  # hooks run side by side: another one had the same session join, under another name
    return known


def _find_live(tx: Transaction, host: str, session: str) -> HostSession | None:
    known = host_sessions.find(tx, host, session) if session else None
    if known is None or known.ended_at is not None:
        return None
    present = tx.one("select 1 from agents where name = :name and left_at is null", name=known.agent)
    return known if present else None


def _enter(db: Database, host: str, event: HookEvent, env: Mapping[str, str], pane: PaneAddress | None) -> str:
    with db.reading() as tx:
        known = host_sessions.find(tx, host, event.session)
        roles = {agent.name: agent.role for agent in roster.list_all(tx)}
    own = known.agent if known else ""
    for name in _list_given_names(own, env, pane):
        try:
            return roster.join(db, name, roles.get(name, "agent"), pane, _is_alive(db, name, pane)).name
        except AlreadyTaken:
            # Without a pane nothing else tells that it is that agent; the name in its environment does.
            if pane is None and roster.find_registered_pane(db, name) is None:
                return roster.adopt(db, name, None).name
    for name in (f"{host}-{number}" for number in _NUMBERS):
        try:
            return roster.join(db, name, roles.get(name, "agent"), pane, _is_alive(db, name, pane)).name
        except AlreadyTaken:
            continue
    raise AlreadyTaken(f"No name is free for {host}.")


def _list_given_names(own: str, env: Mapping[str, str], pane: PaneAddress | None) -> Iterator[str]:
    """The names that the session may have already, the surest first."""
    on_pane = _read_pane_name() if pane else None
    for name in dict.fromkeys((env.get("SWARM_AGENT"), on_pane, own)):
        if name and is_name(name) and name not in RESERVED_NAMES:
            yield name


def _find_pane(env: Mapping[str, str]) -> PaneAddress | None:
    if not env.get("TMUX_PANE"):
        return None
    from swarm_agents.panes import address  # an agent outside of tmux does without it

    try:
        return address.find_own_pane()
    except SwarmError:
        return None


def _read_pane_name() -> str | None:
    from swarm_agents.panes import address  # see `_find_pane`

    try:
        return address.find_own_agent(_PANE_LIMIT_S)
    except SwarmError:
        return None


def _is_alive(db: Database, name: str, mine: PaneAddress | None) -> bool:
    registered = roster.find_registered_pane(db, name)
    if registered is None or registered == mine:
        return True
    from swarm_agents.panes import address  # see `_find_pane`

    try:
        return address.is_alive(registered)
    except SwarmError:
        return True


def _name_pane(pane: PaneAddress | None, name: str) -> None:
    if pane is None:
        return
    from swarm_agents.panes import address  # see `_find_pane`

    try:
        address.set_agent(pane, name)
    except SwarmError:  # then its commands need --as, as outside of tmux
        return
