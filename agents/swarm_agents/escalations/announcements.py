"""The announcements of an escalation: one row for each channel, with its state and when it is tried again.

Only the rows; `watch.notifier` runs the channels. A process claims a row before it tries it, for a limited time.
"""

from __future__ import annotations

from swarm_agents.db.database import Database
from swarm_agents.db.deadlines import columns, value_in
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.values import NamedTuple

DASHBOARD, MESSAGE, TMUX, COMMAND = "dashboard", "message", "tmux", "command"
TRIES = 3  # then the channel is retired; the escalation stays open
BACK_OFF_S = (30, 120)  # after the first and the second failure
REASON_LIMIT = 300  # characters

_PLACES = {DASHBOARD: 0, MESSAGE: 1, TMUX: 2, COMMAND: 3}
_DUE_AT = columns("due")
_OPEN = "state in ('waiting', 'failed', 'trying')"
_DUE = f"{_OPEN} and {_DUE_AT.has_passed}"


class Announcement(NamedTuple):
    """One channel of one escalation. `repeated`: tried again although the first try may have succeeded."""

    escalation: int
    channel: str
    state: str
    reason: str
    tries: int
    repeated: bool
    at: int
    teller: str | None


def open_channels(tx: Transaction, escalation: int) -> None:
    """Insert the rows of a new escalation, in the transaction that raises it, so that no channel is lost."""
    for channel in (DASHBOARD, TMUX, COMMAND):
        _open(tx, escalation, channel, "")


def open_message_channel(tx: Transaction, escalation: int, why: str) -> None:
    """Add the channel of the message to the agents, which could not be written. It is tried again like the others."""
    _open(tx, escalation, MESSAGE, why)


def record_shown(db: Database) -> None:
    """A dashboard in which the human may act has shown every open escalation. Reads before it writes."""
    unseen = "channel = 'dashboard' and state = 'waiting' and escalation_id in " + _UNANSWERED
    with db.reading() as tx:
        if not tx.one(f"select 1 from announcements where {unseen}"):
            return
    with db.transaction() as tx:
        tx.execute(f"update announcements set state = 'shown', at = :now where {unseen}", now=tx.now)


def skip_answered(db: Database) -> None:
    """Skip the channels of escalations that were answered before they were tried. Reads before it writes."""
    with db.reading() as tx:
        if not _list_answered(tx):
            return
    with db.transaction() as tx:
        _skip_answered(tx)


def has_due(tx: Transaction, channels: tuple[str, ...]) -> bool:
    """Whether one of these channels is due to be tried."""
    rows = tx.execute(f"select * from announcements where {_DUE} and channel <> 'dashboard'", **tx.clock)
    return any(row["channel"] in channels for row in rows)


def claim_next(tx: Transaction, teller: str, channels: tuple[str, ...], limit_s: float) -> Announcement | None:
    """Claim the next channel to try, for `limit_s`; None when there is none.

    A channel whose claim ran out is tried once more, marked `repeated`: the first try may have succeeded.
    """
    _skip_answered(tx)
    for row in tx.execute(
        f"select * from announcements where {_DUE} and channel <> 'dashboard' order by escalation_id, place", **tx.clock
    ):
        if row["channel"] not in channels or _must_wait_for_earlier(tx, row, channels):
            continue
        claimed = _claim(tx, row, teller, limit_s)
        if claimed:
            return claimed
    return None


def record_told(tx: Transaction, claimed: Announcement, state: str) -> None:
    """The try succeeded: `state` is `shown` or `sent`. Changes nothing when another process has the claim."""
    _end(tx, claimed, state, "")


def record_missing(tx: Transaction, claimed: Announcement, why: str) -> None:
    """There is no such channel here: it is skipped."""
    _end(tx, claimed, "skipped", why)


def record_failure(tx: Transaction, claimed: Announcement, why: str) -> bool:
    """The try failed; whether there will be another one."""
    again = claimed.tries < TRIES
    due_in_s = BACK_OFF_S[claimed.tries - 1] if again else 0
    _end(tx, claimed, "failed" if again else "retired", why or "no reason was given", due_in_s)
    return again


def list_failed(tx: Transaction) -> list[Announcement]:
    """Channels of open escalations that failed and have not succeeded since, the newest failure first."""
    rows = tx.execute(
        "select * from announcements where state in ('waiting', 'trying', 'failed', 'retired') and reason <> '' "
        f"and escalation_id in {_UNANSWERED} order by at desc, escalation_id, place"
    )
    return [_announcement(row) for row in rows]


def list_channels(tx: Transaction, escalation: int) -> list[Announcement]:
    """Every channel of an escalation, in the order of their tries."""
    rows = tx.execute(
        "select * from announcements where escalation_id = :escalation order by place", escalation=escalation
    )
    return [_announcement(row) for row in rows]


def find_next_due_s(tx: Transaction, channels: tuple[str, ...]) -> float | None:
    """Seconds until one of these channels is due; None when none is left to try."""
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


def _list_answered(tx: Transaction) -> list[Row]:
    """Channels still to try although their escalation was answered; for `tmux` and `command`, also acknowledged.

    A channel under a claim is left alone until the claim runs out.
    """
    return tx.execute(
        f"select escalation_id, channel from announcements where (state in ('waiting', 'failed') or {_DUE}) "
        f"and {_OPEN} and (escalation_id not in {_UNANSWERED} "
        f"or (escalation_id not in {_UNSEEN} and channel in ('tmux', 'command'))) order by escalation_id, place",
        **tx.clock,
    )


def _skip_answered(tx: Transaction) -> None:
    for row in _list_answered(tx):
        tx.execute(
            "update announcements set state = 'skipped', at = :now, "
            "reason = 'it was answered or acknowledged before' "
            "where escalation_id = :escalation and channel = :channel",
            now=tx.now,
            escalation=row["escalation_id"],
            channel=row["channel"],
        )


def _must_wait_for_earlier(tx: Transaction, row: Row, channels: tuple[str, ...]) -> bool:
    """Whether an earlier channel of the same escalation is still to be tried. One that failed does not count."""
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
            "reason = 'two processes that tried it ended without a result' "
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
