"""Injections in the database: which deliveries wait for a pane, and which lines are on their way into one.

An injection is one row of `typings`, at most one for each pane; deliveries point to it by its token."""

import secrets
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from swarm_agents.courier.notice_line import MessageExcerpt
from swarm_agents.db.deadlines import DeadlineColumns, value_in
from swarm_agents.db.transaction import Row, Transaction, among
from swarm_agents.model import DeliveryState, PaneAddress

_BEGAN_AT = DeadlineColumns("began_mono_ms", "boot_id")
_EXPIRES_AT = DeadlineColumns("d.expires_mono_ms", "d.boot_id")
_EXCERPT_CHARACTERS = 400  # of a body that may have 10,240 bytes
_READ_LIMIT = 5_000  # waiting deliveries read in one round; the rest follow in the next


class WaitingDelivery(NamedTuple):
    """A queued delivery. `drop_reason` says why it should not be typed any more."""

    id: int
    agent: str
    pane: PaneAddress
    message: MessageExcerpt
    reason: str | None
    age_ms: int
    drop_reason: str | None


class NoticeLine(NamedTuple):
    """A line to type into a pane, and the deliveries that it carries, oldest first."""

    pane: PaneAddress
    text: str
    deliveries: Sequence[WaitingDelivery]


class Injection(NamedTuple):
    """A line on its way into a pane. `recorded`: it was seen typed. `wanted`: a delivery still waits for it."""

    pane: PaneAddress
    token: str
    line: str
    age_ms: int
    recorded: bool
    wanted: bool


def list_waiting(tx: Transaction) -> list[WaitingDelivery]:
    """Queued deliveries that are not on their way, oldest first, each with the pane that its agent has now."""
    rows = tx.execute(
        f"select d.id, d.agent, d.message_id, d.reason, {_EXPIRES_AT.has_passed} as expired, d.incident_id, "
        "coalesce(a.pane_socket, d.pane_socket) as pane_socket, coalesce(a.pane_server, d.pane_server) as pane_server, "
        "coalesce(a.pane_id, d.pane_id) as pane_id, coalesce(a.pane_pid, d.pane_pid) as pane_pid, "
        "m.sender, m.type, d.queued_at, substr(m.body, 1, :excerpt) as body, a.left_at, "
        "b.status as build_status, b.incident_id as build_incident "
        "from deliveries d join messages m on m.id = d.message_id join build_state b on b.id = 1 "
        "left join agents a on a.name = d.agent "
        "where d.state = 'queued' and d.token is null order by d.id limit :limit",
        **tx.clock,
        excerpt=_EXCERPT_CHARACTERS,
        limit=_READ_LIMIT,
    )
    return [_read_delivery(tx, row) for row in rows]


def list_all(tx: Transaction) -> list[Injection]:
    """Every injection, ordered by token."""
    rows = tx.execute(
        "select t.*, "
        "exists (select 1 from deliveries d where d.token = t.token and d.typed_at is not null) as recorded, "
        "exists (select 1 from deliveries d where d.token = t.token and d.state = 'queued') as wanted "
        "from typings t order by t.token"
    )
    return [_read_injection(tx, row) for row in rows]


def find_agent_panes(tx: Transaction) -> dict[str, PaneAddress]:
    """The panes of all agents that are here and have one, by name."""
    rows = tx.execute("select * from agents where left_at is null and pane_id is not null order by name")
    return {row["name"]: _read_address(row) for row in rows}


def begin(tx: Transaction, lines: Iterable[NoticeLine]) -> list[Injection]:
    """Begin these injections. This transaction must have read that their deliveries wait and their panes are free."""
    begun = [(each, f"{each.deliveries[-1].message.id}-{secrets.token_hex(6)}") for each in lines]
    tx.many(
        f"insert into typings (pane_socket, pane_server, pane_id, pane_pid, token, line, {_BEGAN_AT.names}) "
        f"values (:socket, :server, :pane_id, :pane_pid, :token, :line, {value_in('0')})",
        [{**each.pane._asdict(), **tx.clock, "token": token, "line": each.text} for each, token in begun],
    )
    tx.many(
        "update deliveries set token = :token, pane_socket = :socket, pane_server = :server, pane_id = :pane_id, "
        "pane_pid = :pane_pid where id = :id",
        [
            {**each.pane._asdict(), "token": token, "id": delivery.id}
            for each, token in begun
            for delivery in each.deliveries
        ],
    )
    return [Injection(each.pane, token, each.text, age_ms=0, recorded=False, wanted=True) for each, token in begun]


def record_typed(tx: Transaction, tokens: Iterable[str]) -> None:
    """Record that these lines were seen typed into their panes."""
    these, named = among(tokens)
    tx.execute(
        "update deliveries set typed_at = :now, at = case when state = 'queued' then :now else at end, "
        "reason = case when state = 'queued' then null else reason end, "
        "state = case when state = 'queued' then 'typed' else state end "
        f"where token in {these} and typed_at is null",
        **named,
        now=tx.now,
    )


def record_submitted(tx: Transaction, tokens: Collection[str]) -> None:
    """Record that these lines left their composers, or were read from their terminals, and end their injections."""
    these, named = among(tokens)
    tx.execute(
        "update deliveries set state = 'submitted', reason = null, at = :now, submitted_at = :now, "
        f"typed_at = coalesce(typed_at, :now) where token in {these} and state in ('queued', 'typed')",
        **named,
        now=tx.now,
    )
    _delete(tx, tokens)


def end(tx: Transaction, token: str, state: DeliveryState, reason: str, detail: str = "") -> None:
    """End an injection, and give its deliveries this state. Deliveries that were read meanwhile stay read."""
    tx.execute(
        "update deliveries set state = :state, reason = :reason, detail = :detail, at = :now "
        "where token = :token and state in ('queued', 'typed')",
        token=token,
        state=state.value,
        reason=reason,
        detail=detail,
        now=tx.now,
    )
    _delete(tx, [token])


def release(tx: Transaction, token: str) -> None:
    """End an injection that was certainly not typed. Its deliveries wait again."""
    tx.execute("update deliveries set token = null where token = :token and state = 'queued'", token=token)
    _delete(tx, [token])


def hold_deliveries(tx: Transaction, deliveries: Iterable[WaitingDelivery], reason: str) -> None:
    """Record why these wait."""
    for each in deliveries:
        if each.reason != reason:
            tx.execute(
                "update deliveries set reason = :reason, at = :now "
                "where id = :id and state = 'queued' and token is null",
                id=each.id,
                reason=reason,
                now=tx.now,
            )


def drop_deliveries(
    tx: Transaction, deliveries: Iterable[WaitingDelivery], state: DeliveryState, reason: str, detail: str = ""
) -> None:
    """End deliveries that were not typed. They will not be typed by the courier."""
    for each in deliveries:
        tx.execute(
            "update deliveries set state = :state, reason = :reason, detail = :detail, at = :now "
            "where id = :id and state = 'queued' and token is null",
            id=each.id,
            state=state.value,
            reason=reason,
            detail=detail,
            now=tx.now,
        )


def _delete(tx: Transaction, tokens: Iterable[str]) -> None:
    these, named = among(tokens)
    tx.execute(f"delete from typings where token in {these}", **named)


def _read_delivery(tx: Transaction, row: Row) -> WaitingDelivery:
    id_, agent, message, reason, expired, incident, *pane, sender, type_, at, body, left, build, now = row
    address, announced = PaneAddress(*pane), MessageExcerpt(message, sender, type_, body)
    drop_reason = None
    if left is not None:
        drop_reason = "the agent left"
    elif expired:
        drop_reason = f"could not be typed in time ({reason})" if reason else "could not be typed in time"
    elif incident is not None and (build == "passing" or now != incident):
        drop_reason = "that incident is over"
    return WaitingDelivery(id_, agent, address, announced, reason, tx.now - at, drop_reason)


def _read_injection(tx: Transaction, row: Row) -> Injection:
    began = _BEGAN_AT.read(row)
    age_ms = began.age_ms(tx.moment) if began else 0
    return Injection(_read_address(row), row["token"], row["line"], age_ms, bool(row["recorded"]), bool(row["wanted"]))


def _read_address(row: Row) -> PaneAddress:
    return PaneAddress(row["pane_socket"], row["pane_server"], row["pane_id"], row["pane_pid"])
