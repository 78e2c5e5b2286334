"""Answers one event of a host: what it does in the swarm's database, and what its agent is told."""

from __future__ import annotations

from swarm_agents import events, heartbeat, host_sessions, roster
from swarm_agents.build import due
from swarm_agents.build import row as build_row
from swarm_agents.host_events import joining
from swarm_agents.hosts.host import HookEventKind, HookReply
from swarm_agents.late import load_late
from swarm_agents.model import HUMAN, MessageType
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from swarm_agents.build import build, expiry
    from swarm_agents.db.database import Database
    from swarm_agents.db.transaction import Transaction
    from swarm_agents.host_events import commands, facts
    from swarm_agents.host_sessions import HostSession
    from swarm_agents.hosts.host import HookEvent, Host
    from swarm_agents.messages import reading
    from swarm_agents.model import Build, Message
    from swarm_agents.place import Place
    from swarm_agents.roster import Agent
else:
    build = load_late("swarm_agents.build.build")
    expiry = load_late("swarm_agents.build.expiry")
    commands = load_late("swarm_agents.host_events.commands")
    facts = load_late("swarm_agents.host_events.facts")
    reading = load_late("swarm_agents.messages.reading")

PUSH_LIMIT = 3  # times that a fixer's turn is made to go on, for each incident
_ASKS = frozenset(
    (MessageType.QUESTION, MessageType.BLOCKED, MessageType.HANDOFF, MessageType.REVIEW_REQUEST, MessageType.CHALLENGE)
)
_UNREAD_LIMIT = 1_000
_SEEN_EVERY_MS = 60_000  # the session's own sign of life; the agent's is written more often
# With these the host cannot work on for now, whatever the build needs: the class that an attempt's end is given.
_LOST_BY = {"rate_limit": "network", "overloaded": "network", "auth": "auth", "billing": "auth"}
# The session ends, and the program begins another one in its place.
_REPLACED_BY_ANOTHER = ("clear", "resume", "fork")
_KINDS_THAT_ONLY_END = (HookEventKind.SESSION_END, HookEventKind.TURN_FAILED, HookEventKind.OTHER)


class HookAnswer(NamedTuple):
    """What the agent is told, and its name; without a name the event was none of the swarm's business."""

    reply: HookReply
    agent: str | None
    is_at_work: bool = False
    """Its next events may be passed over for some seconds."""


def answer(db: Database, at: Place, host: Host, event: HookEvent, env: Mapping[str, str]) -> HookAnswer:
    """Do what the event asks for. Raises `SwarmError`; what was done until then stands."""
    event = event._replace(session=event.session or env.get("SWARM_AGENT", ""))  # aider names no session
    known = joining.find_session(db, host.name, event) if event.kind is not HookEventKind.SESSION_START else None
    if known is None:
        if event.kind in _KINDS_THAT_ONLY_END or not event.session:
            return HookAnswer(HookReply(), None)
        known = joining.join(db, host.name, event, env)
        _keep_alive(db, known.agent)
        welcome = _welcome(db, host, event, known, env)
        if event.kind is not HookEventKind.BEFORE_TOOL:
            return welcome
        deny = _Case(db, at, host, event, known).before_tool().reply.deny
        return welcome._replace(reply=welcome.reply._replace(deny=deny))
    _keep_alive(db, known.agent)
    case = _Case(db, at, host, event, known)
    match event.kind:
        case HookEventKind.PROMPT:
            return case.tell_news()
        case HookEventKind.BEFORE_TOOL:
            return case.before_tool()
        case HookEventKind.AFTER_TOOL:
            return case.after_tool()
        case HookEventKind.TURN_END:
            return case.end_turn()
        case HookEventKind.TURN_FAILED:
            return case.fail_turn()
        case HookEventKind.PERMISSION:
            return case.keep_state("permission", "asks its human for permission")
        case HookEventKind.IDLE:
            return case.keep_state("idle", "waits for its human")
        case HookEventKind.SESSION_END:
            return case.end_session()
    return HookAnswer(HookReply(), known.agent)


def _keep_alive(db: Database, agent: str) -> None:
    heartbeat.record(db, agent)
    if due.is_expiry_due(db):
        expiry.reap(db)


def _welcome(db: Database, host: Host, event: HookEvent, session: HostSession, env: Mapping[str, str]) -> HookAnswer:
    """What is so when a session begins, goes on after a pause, or has lost its context."""
    with db.transaction() as tx:
        me = roster.find(tx, session.agent)
        others = [one.name for one in roster.list_present(tx) if one.name != me.name]
        now = build_row.read(tx)
        asking = _find_asking(tx, me, 0)
        unread = len(reading.find_unread(tx, me, _UNREAD_LIMIT).messages)
        locked = [f"{row['path']} ({row['holder']})" for row in _list_locks_of_others(tx, me.name)]
        _update(tx, session, event, "working", told_through=max([session.told_through, *(one.id for one in asking)]))
        _record(tx, host, event, session, "began a session" if event.detail in ("", "startup") else event.detail)
    told = [
        _introduce(me, others, env),
        facts.describe_build(now, me.name, db.moment()),
        "Commits go through `swarm commit`: when one is refused, its exit status and its answer say whose job that is.",
        f"Locked by other agents: {facts.quote_paths(locked)}." if locked else "",
        f"{unread} messages are unread; `swarm inbox` shows them." if unread else "",
        *facts.list_messages(asking),
    ]
    name = "" if me.pane else me.name
    return HookAnswer(HookReply(context=facts.join_facts(told), name=name), me.name, is_at_work=True)


def _introduce(me: Agent, others: list[str], env: Mapping[str, str]) -> str:
    shared = f"the others here are {facts.list_some(others)}" if others else "no other agent is here now"
    known_by = "" if me.pane or env.get("SWARM_AGENT") == me.name else f" Its commands know you by `--as {me.name}`."
    return (
        f"Coding agents share this repository by means of the command `swarm`. You are {me.name}; {shared}.{known_by}"
    )


class _Case:
    """One event of a session that is known."""

    def __init__(self, db: Database, at: Place, host: Host, event: HookEvent, session: HostSession) -> None:
        self.db, self.at, self.host, self.event, self.session = db, at, host, event, session
        self.agent = session.agent

    def tell_news(self, *first: str) -> HookAnswer:
        """What has changed for the agent since it was told last. Writes only where there is something to write."""
        with self.db.reading() as tx:
            asking, over = self._find_news(tx)
        if first or asking or over:
            told = facts.join_facts(
                [*first, *([facts.describe_green(over)] if over else []), *facts.list_messages(asking)]
            )
            self._keep("told " + self._list_told(first, asking, over), "working", **self._mark_told(asking, over))
            return self._reply(HookReply(context=told))
        self._keep("", "working")
        return self._reply(HookReply())

    def before_tool(self) -> HookAnswer:
        event = self.event
        refusal = commands.refuse_edit(self.db, self.at, self.agent, event) if event.files else None
        if refusal is None and "commit" in event.command:
            refusal = commands.refuse_commit(self.db, self.at, self.agent, event)
        if refusal is None:
            self._keep("", "working")
            return self._reply(HookReply())
        if not refusal.denies:
            self._keep(refusal.what, "working")
            return self._reply(HookReply(context=refusal.told))
        held = {"held_incident": refusal.incident} if refusal.incident else {}
        self._keep(refusal.what, "working", **held)
        return self._reply(HookReply(deny=refusal.told))

    def after_tool(self) -> HookAnswer:
        event = self.event
        ended = commands.explain_commit(self.db, self.agent, event) if "commit" in event.command else None
        if ended is None:
            return self.tell_news()
        if ended.incident and ended.incident != self.session.held_incident:
            with self.db.transaction() as tx:
                host_sessions.update(tx, self.session, held_incident=ended.incident)
            self.session = self.session._replace(held_incident=ended.incident)
        return self.tell_news(*([ended.told] if ended.told else []))

    def end_turn(self) -> HookAnswer:
        with self.db.reading() as tx:
            now = build_row.read(tx)
            first = host_sessions.is_first_of_agent(tx, self.session)
            over = self._find_green(now)
        if over:
            self._keep(f"went on, incident {over} is over", "working", held_incident=None)
            return self._reply(HookReply(go_on=facts.describe_green(over)))
        pushes = self.session.pushes if self.session.pushed_incident == now.incident else 0
        is_mine = now.fixer == self.agent and first and not self.event.goes_on_by_itself
        if is_mine and pushes < PUSH_LIMIT:
            what = f"went on as the fixer ({pushes + 1} of {PUSH_LIMIT})"
            self._keep(what, "working", pushed_incident=now.incident, pushes=pushes + 1)
            told = f"The turn would end with the build red. {facts.describe_build(now, self.agent, self.db.moment())}"
            return self._reply(HookReply(go_on=facts.join_facts([told])))
        self._keep("", "working" if self.event.goes_on_by_itself else "idle")
        return self._reply(HookReply(), at_work=False)

    def fail_turn(self) -> HookAnswer:
        """The host cannot go on for now; an agent that cannot must not keep the others waiting."""
        why = one_line(self.event.detail or "for an unknown reason", 60)
        what = f"the turn failed: {why}"
        now = build.current(self.db)
        if self.event.failure in _LOST_BY and now.fixer == self.agent:
            given = f"{self.host.title} failed: {why} (class {_LOST_BY[self.event.failure]})"
            build.give_up(self.db, self.agent, given, now.fence)
            what = f"gave up the build, {what}"
        self._keep(what, "failed")
        return self._reply(HookReply(), at_work=False)

    def keep_state(self, state: str, what: str) -> HookAnswer:
        detail = one_line(self.event.detail, 120)
        self._keep(f"{what}: {detail}" if detail else what, state)
        return self._reply(HookReply(), at_work=False)

    def end_session(self) -> HookAnswer:
        """The agent leaves, unless the program goes on, or the session was begun inside of another one."""
        with self.db.transaction() as tx:
            first = host_sessions.is_first_of_agent(tx, self.session)
            host_sessions.update(tx, self.session, ended_at=tx.now)
            _record(tx, self.host, self.event, self.session, f"ended: {one_line(self.event.detail, 60) or 'exit'}")
        if first and self.event.detail not in _REPLACED_BY_ANOTHER:
            heartbeat.leave(self.db, self.agent)
        return self._reply(HookReply(), at_work=False)

    def _find_news(self, tx: Transaction) -> tuple[list[Message], int]:
        """The messages that ask for something and were not told yet, and the incident that is over, else 0."""
        asking = _find_asking(tx, roster.find(tx, self.agent), self.session.told_through)
        over = self._find_green(build_row.read(tx)) if self.session.held_incident else 0
        return asking, over

    def _find_green(self, now: Build) -> int:
        held = self.session.held_incident
        return held if held and now.incident != held else 0

    def _mark_told(self, asking: list[Message], over: int) -> dict[str, Any]:
        told = {"told_through": asking[-1].id} if asking else {}
        return told | ({"held_incident": None} if over else {})

    def _list_told(self, first: tuple[str, ...], asking: list[Message], over: int) -> str:
        parts = ["how a commit ended"] if first else []
        parts += [f"that incident {over} is over"] if over else []
        parts += [f"of messages {', '.join(str(one.id) for one in asking)}"] if asking else []
        return ", ".join(parts)

    def _keep(self, what: str, state: str, **changes: Any) -> None:
        """Write down what the event did and the host's state, if either is news."""
        old = self.session
        is_news = bool(what or changes) or state != old.state
        if not is_news and self.db.now() - old.seen_at < _SEEN_EVERY_MS:
            return
        with self.db.transaction() as tx:
            _update(tx, old, self.event, state, **changes)
            if what:
                _record(tx, self.host, self.event, old, what)

    def _reply(self, reply: HookReply, at_work: bool = True) -> HookAnswer:
        return HookAnswer(reply, self.agent, is_at_work=at_work)


def _update(tx: Transaction, session: HostSession, event: HookEvent, state: str, **changes: Any) -> None:
    if state != session.state or state != "working":
        changes |= {"state": state, "state_source": one_line(event.source, 60), "state_at": tx.now}
        changes |= {"state_detail": one_line(event.detail, 120)}
    host_sessions.update(tx, session, **changes)


def _record(tx: Transaction, host: Host, event: HookEvent, session: HostSession, what: str) -> None:
    """One row for each event that acted: `swarm events` shows that the hooks fire."""
    incident = build_row.read(tx).incident
    events.record(
        tx, session.agent, "hook", f"{host.name} {one_line(event.source, 60)}: {one_line(what, 300)}", incident
    )


def _find_asking(tx: Transaction, me: Agent, told_through: int) -> list[Message]:
    """The unread messages that ask for something, after the last one that was told."""
    if tx.one("select 1 from messages where id > :told limit 1", told=told_through) is None:
        return []
    unread = reading.find_unread(tx, me, _UNREAD_LIMIT).messages
    return [
        one for one in unread if one.id > told_through and (one.type in _ASKS or one.awaits_ack or one.sender == HUMAN)
    ]


def _list_locks_of_others(tx: Transaction, agent: str) -> list[Any]:
    return tx.execute("select path, holder from locks where holder <> :agent order by path", agent=agent)
