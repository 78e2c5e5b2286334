"""An escalation on its way to its reader: a row for each channel, what came of it, and when it is tried again.

Only the rows; `notify` does what they say. One row is tried by one process at a time, under a claim that runs out.
"""

from typing import NamedTuple

from swarm_agents.db.database import Database
from swarm_agents.db.deadlines import columns, value_in
from swarm_agents.db.transaction import Row, Transaction

DASHBOARD, MESSAGE, TMUX, COMMAND = "dashboard", "message", "tmux", "command"
TRIES = 3  # then a channel is retired; the escalation stays in the database and on the screen
BACK_OFF_S = (30, 120)  # after the first and the second failure
REASON_LIMIT = 300  # characters

_PLACES = {DASHBOARD: 0, MESSAGE: 1, TMUX: 2, COMMAND: 3}
_DUE_AT = columns("due")
_OPEN = "state in ('waiting', 'failed', 'trying')"
_DUE = f"{_OPEN} and {_DUE_AT.has_passed}"


class Announcement(NamedTuple):
    """One channel of one escalation. `repeated`: tried a second time without knowing what came of the first."""

    escalation: int
    channel: str
    state: str
    reason: str
    tries: int
    repeated: bool
    at: int
    teller: str | None


def open_for(tx: Transaction, escalation: int) -> None:
    """The rows of a new escalation, within the transaction that raises it: from here on no channel can be forgotten."""
    for channel in (DASHBOARD, TMUX, COMMAND):
        _open(tx, escalation, channel, "")


def open_message(tx: Transaction, escalation: int, why: str) -> None:
    """The message to the agents could not be written; it is tried again like any other channel."""
    _open(tx, escalation, MESSAGE, why)


def shown(db: Database) -> None:
    """A dashboard that its human may act in has painted every open escalation. Looks before it writes."""
    unseen = "channel = 'dashboard' and state = 'waiting' and escalation_id in " + _UNANSWERED
    with db.reading() as tx:
        if not tx.one(f"select 1 from announcements where {unseen}"):
            return
    with db.transaction() as tx:
        tx.execute(f"update announcements set state = 'shown', at = :now where {unseen}", now=tx.now)


def put_aside(db: Database) -> None:
    """What was answered before its turn is not told any more. Looks before it writes."""
    with db.reading() as tx:
        if not _moot(tx):
            return
    with db.transaction() as tx:
        _put_aside(tx)


def any_due(tx: Transaction, channels: tuple[str, ...]) -> bool:
    """Whether something waits to be tried by one of these channels."""
    rows = tx.execute(f"select * from announcements where {_DUE} and channel <> 'dashboard'", **tx.clock)
    return any(row["channel"] in channels for row in rows)


def claim(tx: Transaction, teller: str, channels: tuple[str, ...], limit_s: float) -> Announcement | None:
    """The next one to try, the caller's alone for `limit_s`; None when there is none.

    One whose teller vanished is tried once more, marked `repeated`: perhaps it was told already. Then never again.
    """
    _put_aside(tx)
    for row in tx.execute(
        f"select * from announcements where {_DUE} and channel <> 'dashboard' order by escalation_id, place", **tx.clock
    ):
        if row["channel"] not in channels or _earlier_goes_first(tx, row, channels):
            continue
        claimed = _claim(tx, row, teller, limit_s)
        if claimed:
            return claimed
    return None


def told(tx: Transaction, claimed: Announcement, state: str) -> None:
    """It was `shown` or `sent`. Changes nothing when the claim went to another one meanwhile."""
    _end(tx, claimed, state, "")


def missing(tx: Transaction, claimed: Announcement, why: str) -> None:
    """There is no such channel here, so there is nothing to try again."""
    _end(tx, claimed, "skipped", why)


def failed_once(tx: Transaction, claimed: Announcement, why: str) -> bool:
    """It failed; whether it will be tried again."""
    again = claimed.tries < TRIES
    due_in_s = BACK_OFF_S[claimed.tries - 1] if again else 0
    _end(tx, claimed, "failed" if again else "retired", why or "no reason was given", due_in_s)
    return again


def failed(tx: Transaction) -> list[Announcement]:
    """What could not be told so far of the open escalations, the newest failure first."""
    rows = tx.execute(
        "select * from announcements where state in ('waiting', 'trying', 'failed', 'retired') and reason <> '' "
        f"and escalation_id in {_UNANSWERED} order by at desc, escalation_id, place"
    )
    return [_announcement(row) for row in rows]


def of(tx: Transaction, escalation: int) -> list[Announcement]:
    """Every channel of an escalation, in the order in which they are tried."""
    rows = tx.execute(
        "select * from announcements where escalation_id = :escalation order by place", escalation=escalation
    )
    return [_announcement(row) for row in rows]


def next_due_s(tx: Transaction, channels: tuple[str, ...]) -> float | None:
    """Seconds until something is due by one of these channels; None when nothing is left to try."""
    rows = tx.execute(f"select * from announcements where {_OPEN} and channel <> 'dashboard'")
    due = [_due_in_s(tx, row) for row in rows if row["channel"] in channels]
    return min(due, default=None)


_UNANSWERED = "(select id from escalations where resolved_at is null)"
_UNSEEN = "(select id from escalations where resolved_at is null and acked_at is null)"


def _open(tx: Transaction, escalation: int, channel: str, reason: str) -> None:
    tx.execute(
        f"insert into announcements (escalation_id, channel, place, state, reason, at, {_DUE_AT.names}) values "
        f"(:escalation, :channel, :place, 'waiting', :reason, :now, {value_in('0')}) on conflict do nothing",
        **tx.clock,
        escalation=escalation,
        channel=channel,
        place=_PLACES[channel],
        reason=reason[:REASON_LIMIT],
        now=tx.now,
    )


def _moot(tx: Transaction) -> list[Row]:
    """Open rows of what was answered, or acknowledged, before they were tried; agents hear of it until it is answered.

    One that is being tried now is left to whoever tries it, until its claim runs out.
    """
    return tx.execute(
        f"select escalation_id, channel from announcements where (state in ('waiting', 'failed') or {_DUE}) "
        f"and {_OPEN} and (escalation_id not in {_UNANSWERED} "
        f"or (escalation_id not in {_UNSEEN} and channel in ('tmux', 'command'))) order by escalation_id, place",
        **tx.clock,
    )


def _put_aside(tx: Transaction) -> None:
    for row in _moot(tx):
        tx.execute(
            "update announcements set state = 'skipped', at = :now, "
            "reason = 'it was answered or acknowledged before' "
            "where escalation_id = :escalation and channel = :channel",
            now=tx.now,
            escalation=row["escalation_id"],
            channel=row["channel"],
        )


def _earlier_goes_first(tx: Transaction, row: Row, channels: tuple[str, ...]) -> bool:
    """The channels of one escalation have an order; one that failed does not hold up the next."""
    earlier = tx.execute(
        "select channel from announcements where escalation_id = :escalation and place < :place "
        "and channel <> 'dashboard' and state in ('waiting', 'trying')",
        escalation=row["escalation_id"],
        place=row["place"],
    )
    return any(other["channel"] in channels for other in earlier)


def _claim(tx: Transaction, row: Row, teller: str, limit_s: float) -> Announcement | None:
    again = row["state"] == "trying"
    key = {"escalation": row["escalation_id"], "channel": row["channel"]}
    if again and (row["repeated"] or row["tries"] >= TRIES):
        tx.execute(
            "update announcements set state = 'retired', at = :now, "
            "reason = 'whoever tried it never said what came of it' "
            "where escalation_id = :escalation and channel = :channel",
            now=tx.now,
            **key,
        )
        return None
    claimed = tx.one(
        "update announcements set state = 'trying', tries = tries + 1, teller = :teller, repeated = :repeated, "
        f"at = :now, {_DUE_AT.set_in(':limit_ms')} "
        f"where escalation_id = :escalation and channel = :channel and {_DUE} returning *",
        **tx.clock,
        **key,
        teller=teller,
        repeated=int(again or row["repeated"]),
        now=tx.now,
        limit_ms=int(limit_s * 1000),
    )
    return _announcement(claimed) if claimed else None


def _end(tx: Transaction, claimed: Announcement, state: str, reason: str, due_in_s: float = 0) -> None:
    tx.execute(
        f"update announcements set state = :state, reason = :reason, at = :now, {_DUE_AT.set_in(':due_in_ms')} "
        "where escalation_id = :escalation and channel = :channel and state = 'trying' and teller = :teller "
        "and tries = :tries",
        state=state,
        reason=reason[:REASON_LIMIT],
        now=tx.now,
        **tx.clock,
        due_in_ms=int(due_in_s * 1000),
        escalation=claimed.escalation,
        channel=claimed.channel,
        teller=claimed.teller,
        tries=claimed.tries,
    )


def _due_in_s(tx: Transaction, row: Row) -> float:
    due = _DUE_AT.read(row)
    return due.left_ms(tx.moment) / 1000 if due else 0.0


def _announcement(row: Row) -> Announcement:
    return Announcement(
        escalation=row["escalation_id"],
        channel=row["channel"],
        state=row["state"],
        reason=row["reason"],
        tries=row["tries"],
        repeated=bool(row["repeated"]),
        at=row["at"],
        teller=row["teller"],
    )
