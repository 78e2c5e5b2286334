"""What the courier keeps in the database: what waits for a pane, what is on its way into one, and who types."""

import secrets
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from swarm_agents.courier.line import Announced
from swarm_agents.db.deadlines import DeadlineColumns, value_in
from swarm_agents.db.transaction import Row, Transaction, among
from swarm_agents.model import DeliveryState, PaneAddress

_BEGAN_AT = DeadlineColumns("began_mono_ms", "boot_id")
_EXPIRES_AT = DeadlineColumns("d.expires_mono_ms", "d.boot_id")
_LEADS_UNTIL = DeadlineColumns("lease_mono_ms", "host")  # a courier leads on one boot of a host
_EXCERPT_CHARACTERS = 400  # of a body that may have 10,240 bytes
_AT_ONCE = 5_000  # waiting deliveries looked at in one round; the rest have their turn in the next


class Waiting(NamedTuple):
    """A queued delivery. `moot` says why it is no longer worth typing."""

    id: int
    agent: str
    pane: PaneAddress
    message: Announced
    reason: str | None
    age_ms: int
    moot: str | None


class Line(NamedTuple):
    """What is to be typed into a pane, for the deliveries that it carries there, oldest first."""

    pane: PaneAddress
    text: str
    waits: Sequence[Waiting]


class Typing(NamedTuple):
    """A line on its way into a pane. `recorded` once it was seen typed; `wanted` while something still waits for it."""

    pane: PaneAddress
    token: str
    line: str
    age_ms: int
    recorded: bool
    wanted: bool


def waiting(tx: Transaction) -> list[Waiting]:
    """All that is queued and not on its way, oldest first, each for the pane its agent has now."""
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
        limit=_AT_ONCE,
    )
    return [_waiting(tx, row) for row in rows]


def under_way(tx: Transaction) -> list[Typing]:
    rows = tx.execute(
        "select t.*, "
        "exists (select 1 from deliveries d where d.token = t.token and d.typed_at is not null) as recorded, "
        "exists (select 1 from deliveries d where d.token = t.token and d.state = 'queued') as wanted "
        "from typings t order by t.token"
    )
    return [_typing(tx, row) for row in rows]


def agents_in_panes(tx: Transaction) -> dict[str, PaneAddress]:
    """Everybody who is here and has a pane."""
    rows = tx.execute("select * from agents where left_at is null and pane_id is not null order by name")
    return {row["name"]: _address(row) for row in rows}


def begin(tx: Transaction, lines: Iterable[Line]) -> list[Typing]:
    """Take their panes, and carry their deliveries. Both as this transaction has seen them: waiting, and free."""
    begun = [(each, f"{each.waits[-1].message.id}-{secrets.token_hex(6)}") for each in lines]
    tx.many(
        f"insert into typings (pane_socket, pane_server, pane_id, pane_pid, token, line, {_BEGAN_AT.names}) "
        f"values (:socket, :server, :pane_id, :pane_pid, :token, :line, {value_in('0')})",
        [{**each.pane._asdict(), **tx.clock, "token": token, "line": each.text} for each, token in begun],
    )
    tx.many(
        "update deliveries set token = :token, pane_socket = :socket, pane_server = :server, pane_id = :pane_id, "
        "pane_pid = :pane_pid where id = :id",
        [{**each.pane._asdict(), "token": token, "id": waits.id} for each, token in begun for waits in each.waits],
    )
    return [Typing(each.pane, token, each.text, age_ms=0, recorded=False, wanted=True) for each, token in begun]


def typed(tx: Transaction, tokens: Iterable[str]) -> None:
    """These stand in their panes."""
    these, named = among(tokens)
    tx.execute(
        "update deliveries set typed_at = :now, at = case when state = 'queued' then :now else at end, "
        "reason = case when state = 'queued' then null else reason end, "
        "state = case when state = 'queued' then 'typed' else state end "
        f"where token in {these} and typed_at is null",
        **named,
        now=tx.now,
    )


def submitted(tx: Transaction, tokens: Collection[str]) -> None:
    """These left their composers, or their programs took them from their terminals."""
    these, named = among(tokens)
    tx.execute(
        "update deliveries set state = 'submitted', reason = null, at = :now, submitted_at = :now, "
        f"typed_at = coalesce(typed_at, :now) where token in {these} and state in ('queued', 'typed')",
        **named,
        now=tx.now,
    )
    _leave_panes(tx, tokens)


def end(tx: Transaction, token: str, state: DeliveryState, reason: str, detail: str = "") -> None:
    """It goes no further. What was read meanwhile stays read."""
    tx.execute(
        "update deliveries set state = :state, reason = :reason, detail = :detail, at = :now "
        "where token = :token and state in ('queued', 'typed')",
        token=token,
        state=state.value,
        reason=reason,
        detail=detail,
        now=tx.now,
    )
    _leave_panes(tx, [token])


def release(tx: Transaction, token: str) -> None:
    """It was not typed, and that is certain: what it carried waits again."""
    tx.execute("update deliveries set token = null where token = :token and state = 'queued'", token=token)
    _leave_panes(tx, [token])


def hold(tx: Transaction, waits: Iterable[Waiting], reason: str) -> None:
    """Show why these wait."""
    for each in waits:
        if each.reason != reason:
            tx.execute(
                "update deliveries set reason = :reason, at = :now "
                "where id = :id and state = 'queued' and token is null",
                id=each.id,
                reason=reason,
                now=tx.now,
            )


def drop(tx: Transaction, waits: Iterable[Waiting], state: DeliveryState, reason: str, detail: str = "") -> None:
    """These were never typed, and will not be."""
    for each in waits:
        tx.execute(
            "update deliveries set state = :state, reason = :reason, detail = :detail, at = :now "
            "where id = :id and state = 'queued' and token is null",
            id=each.id,
            state=state.value,
            reason=reason,
            detail=detail,
            now=tx.now,
        )


def lead(tx: Transaction, holder: str, lease_ms: int, dead: str | None = None) -> bool:
    """Be, or stay, the one courier of this host; False while the lease of another one lasts that is not `dead`."""
    return (
        tx.one(
            f"insert into couriers (holder, since, seen_at, {_LEADS_UNTIL.names}) "
            f"values (:holder, :now, :now, {value_in(':lease_ms')}) "
            f"on conflict (host) do update set holder = excluded.holder, "
            f"seen_at = excluded.seen_at, {_LEADS_UNTIL.mono_ms} = excluded.{_LEADS_UNTIL.mono_ms}, "
            "since = case when couriers.holder = excluded.holder then couriers.since else excluded.since end "
            f"where couriers.holder = excluded.holder or {_LEADS_UNTIL.of('couriers').mono_ms} <= :mono "
            "or couriers.holder = :dead returning holder",
            holder=holder,
            dead=dead,
            now=tx.now,
            **tx.clock,
            lease_ms=lease_ms,
        )
        is not None
    )


def leader(tx: Transaction) -> str | None:
    """Who types on this host; None when nobody does, or its lease has run out."""
    row = tx.one(f"select holder from couriers where {_LEADS_UNTIL.is_ahead}", **tx.clock)
    return row["holder"] if row is not None else None


def retire(tx: Transaction, holder: str) -> None:
    """Leave the lead to others at once."""
    tx.execute("delete from couriers where host = :boot and holder = :holder", boot=tx.clock["boot"], holder=holder)


def _leave_panes(tx: Transaction, tokens: Iterable[str]) -> None:
    these, named = among(tokens)
    tx.execute(f"delete from typings where token in {these}", **named)


def _waiting(tx: Transaction, row: Row) -> Waiting:
    id_, agent, message, reason, expired, incident, *pane, sender, type_, at, body, left, build, now = row
    address, announced = PaneAddress(*pane), Announced(message, sender, type_, body)
    moot = None
    if left is not None:
        moot = "the agent left"
    elif expired:
        moot = f"could not be typed in time ({reason})" if reason else "could not be typed in time"
    elif incident is not None and (build == "passing" or now != incident):
        moot = "that incident is over"
    return Waiting(id_, agent, address, announced, reason, tx.now - at, moot)


def _typing(tx: Transaction, row: Row) -> Typing:
    began = _BEGAN_AT.read(row)
    age_ms = began.age_ms(tx.moment) if began else 0
    return Typing(_address(row), row["token"], row["line"], age_ms, bool(row["recorded"]), bool(row["wanted"]))


def _address(row: Row) -> PaneAddress:
    return PaneAddress(row["pane_socket"], row["pane_server"], row["pane_id"], row["pane_pid"])
