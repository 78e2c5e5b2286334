"""Messages that must be acknowledged: send them again to silent recipients, and finally ask the human.

waiting ──► acknowledged        by the recipient, under the id of the message or of any retry
  │  ▲
  └──┘ sent again               after 30, 60 and 120 s, each time as a new message
  │
  ├──► asked ──► acknowledged   120 s after the last retry, or when the recipient left: the human is asked
  │      └─────► waiting        the human has it sent once more
  └──► excused                  the human no longer requires it; from `waiting` or `asked`

A courier, a dashboard and every `swarm` command do what is due. A change of state, its message and its event are one
transaction, so it is done once however many processes look at the same time.
"""

from __future__ import annotations

from swarm_agents import events, roster
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import Denied, NotFound
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import AckResolution
from swarm_agents.messages import ack_escalations, messages, reading
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.ack_escalations import RequiredAck
from swarm_agents.messages.rows import ACKNOWLEDGEMENT_DUE, UNACKNOWLEDGED
from swarm_agents.model import HUMAN, SWARM, Message, MessageType
from swarm_agents.roster import Agent
from swarm_agents.text import one_line
from swarm_agents.values import NamedTuple

RETRIES = 3  # each wait is twice the one before; after the last retry the longest wait runs once more
RETRIES_A_MINUTE = 10  # to one agent; the rest waits for the next minute
_BATCH = 200  # rows of one transaction, to keep it short
_MINUTE_MS = 60_000

_OPEN = "state in ('waiting', 'asked')"


class AckOutcome(NamedTuple):
    """`message` is the one that was sent first; `new` is false when nothing changed."""

    message: int
    new: bool


def acknowledge(db: Database, agent: str, message: int) -> AckOutcome:
    """Acknowledge a message, by its id or that of any retry, for one recipient. Tells the sender.

    Raises `NotFound`, and `Denied` when the message was not sent to this agent.
    """
    with db.transaction() as tx:
        first = _find_first(tx, message)
        if not reading.is_recipient(tx, first, agent):
            raise Denied(f"Message {message} was not sent to {agent}: only a recipient can acknowledge it.")
        if not _record_receipts(tx, first, agent):
            return AckOutcome(first.id, new=False)
        if _end_wait(tx, first.id, agent, "acknowledged"):
            ack_escalations.close_or_reword(tx, first.id, "acknowledged", agent)
            if first.sender not in (HUMAN, SWARM, agent):
                _tell_sender(tx, first, agent)
        events.record(tx, agent, "acknowledged", f"message {first.id} of {first.sender}")
        return AckOutcome(first.id, new=True)


def excuse(db: Database, agent: str, message: int) -> AckOutcome:
    """The human no longer requires this agent's acknowledgement. Raises `NotFound` when it was never required."""
    with db.transaction() as tx:
        first = _find_first(tx, message)
        if not any(one.agent == agent for one in ack_escalations.list_required(tx, first.id)):
            raise NotFound(f"{agent} need not acknowledge message {message}.", next=f"swarm msg show {message}")
        return AckOutcome(first.id, _excuse(tx, first.id, agent, ""))


def answer(
    db: Database, escalation: int, option: AckResolution, agent: str | None = None, reason: str = ""
) -> list[str]:
    """Answer the escalation for all silent recipients, or for `agent` only. Returns their names.

    `SAY_AGAIN` sends the message once more, with `reason` after it; when it is not acknowledged within the longest
    wait, the human is asked again. Raises `NotFound` when the escalation is not open, is not about `agent`, or when
    none of the recipients is present.
    """
    with db.transaction() as tx:
        message = escalations.find_answerable(tx, escalation, option).message
        assert message is not None, "find_answerable() accepts these options only for a message"
        silent = [one for one in ack_escalations.list_silent(tx, message) if agent in (None, one.agent)]
        if not silent:
            shown = f"swarm escalation show {escalation}"
            raise NotFound(
                f"Escalation {escalation} is not about {one_line(agent or 'any recipient', 40)}.", next=shown
            )
        if option is AckResolution.EXCUSE:
            return [one.agent for one in silent if _excuse(tx, message, one.agent, reason)]
        return _say_again(tx, escalation, message_rows.find(tx, message), silent, reason)


def has_waiting(tx: Transaction) -> bool:
    """Whether any message waits for an acknowledgement, and will be sent again without it."""
    return tx.one("select 1 from acknowledgements where state = 'waiting' limit 1") is not None


def process_due(db: Database) -> int:
    """Send again what is due, or ask the human about it. Returns how many rows were due; writes only if any are."""
    if not message_rows.has_due_acknowledgement(db):
        return 0
    with db.transaction() as tx:
        due = tx.execute(
            f"select * from acknowledgements where {UNACKNOWLEDGED} order by message_id, agent limit :most",
            most=_BATCH,
            **tx.clock,
        )
        to_ask = {row["message_id"]: None for row in due if not _retry(tx, row)}
        for message in to_ask:
            _ask_human(tx, message)
        return len(due)


def _retry(tx: Transaction, row: Row) -> bool:
    """Send it again or let it wait longer; False when the human must be asked instead."""
    recipient = _find_present(tx, row["agent"])
    if row["retries"] >= RETRIES or (recipient is None and row["agent"] != HUMAN):
        return not _end_wait(tx, row["message_id"], row["agent"], "asked")
    delay_ms = _find_rate_delay_ms(tx, row["agent"])
    if delay_ms > 0:
        _set_wait(tx, row, delay_ms)
        return True
    # The human gets no message: the dashboard shows it.
    if recipient is not None and not _send_again(tx, row["message_id"], recipient):
        return not _end_wait(tx, row["message_id"], row["agent"], "asked")
    _set_wait(tx, row, row["first_wait_ms"] * 2 ** min(row["retries"] + 1, RETRIES - 1), retries=1)
    return True


def _send_again(tx: Transaction, message: int, recipient: Agent) -> bool:
    with tx.savepoint() as part:  # a failure here must not keep the human from being asked
        messages.say_again(tx, message_rows.find(tx, message), recipient)
    if part.error:
        events.record(tx, SWARM, "message_lost", f"to {recipient.name}: {part.error}")
    return not part.error


def _set_wait(tx: Transaction, row: Row, wait_ms: int, retries: int = 0) -> None:
    tx.execute(
        f"update acknowledgements set state = 'waiting', {ACKNOWLEDGEMENT_DUE.set_in(':wait_ms')}, "
        "retries = retries + :retries, retried_at = case when :retries = 1 then :now else retried_at end "
        f"where message_id = :message and agent = :agent and {_OPEN}",
        **tx.clock,
        wait_ms=wait_ms,
        retries=retries,
        now=tx.now,
        message=row["message_id"],
        agent=row["agent"],
    )


def _ask_human(tx: Transaction, message: int) -> None:
    why = ack_escalations.ask_human(tx, message)
    events.record(tx, SWARM, "needs_attention", why)
    first = message_rows.find(tx, message)
    if _find_present(tx, first.sender) is None:
        return
    with tx.savepoint() as part:  # a failure here must not undo the question to the human
        messages.post(tx, SWARM, first.sender, f"{why}. A human was asked.", MessageType.STATUS, message)
    if part.error:
        events.record(tx, SWARM, "message_lost", f"to {first.sender}: {part.error}")


def _excuse(tx: Transaction, message: int, agent: str, reason: str) -> bool:
    if not _end_wait(tx, message, agent, "excused"):
        return False
    because = f": {reason}" if reason else ""
    events.record(tx, HUMAN, "excused", f"{agent} from acknowledging message {message}{because}")
    ack_escalations.close_or_reword(tx, message, AckResolution.EXCUSE.value, HUMAN, reason)
    return True


def _say_again(tx: Transaction, escalation: int, first: Message, silent: list[RequiredAck], reason: str) -> list[str]:
    present = [agent for one in silent if (agent := _find_present(tx, one.agent))]
    if not present:
        gone = ", ".join(one_line(one.agent, 40) for one in silent)
        excuse = f"swarm escalation resolve {escalation} --option {AckResolution.EXCUSE.value}"
        raise NotFound(f"The message cannot be sent again, its recipients have left: {gone}.", next=excuse)
    for agent in present:
        [row] = tx.execute(
            "select * from acknowledgements where message_id = :message and agent = :agent",
            message=first.id,
            agent=agent.name,
        )
        messages.say_again(tx, first, agent)
        if reason:
            messages.post(tx, HUMAN, agent.name, reason, MessageType.INFO, first.id)
        _set_wait(tx, row, row["first_wait_ms"] * 2 ** (RETRIES - 1), retries=1)
    names = [agent.name for agent in present]
    events.record(tx, HUMAN, "resolved", f"message {first.id} is sent again to {', '.join(names)}")
    ack_escalations.close_or_reword(tx, first.id, AckResolution.SAY_AGAIN.value, HUMAN, reason)
    return names


def _find_rate_delay_ms(tx: Transaction, agent: str) -> int:
    """How long the next retry to this agent must wait to stay within `RETRIES_A_MINUTE`."""
    rows = tx.execute(
        "select retried_at from acknowledgements where agent = :agent and state = 'waiting' "
        "and retried_at > :since and retried_at <= :now order by retried_at desc limit :most",
        agent=agent,
        since=tx.now - _MINUTE_MS,
        now=tx.now,
        most=RETRIES_A_MINUTE,
    )
    if len(rows) < RETRIES_A_MINUTE:
        return 0
    return int(rows[-1]["retried_at"]) + _MINUTE_MS - tx.now


def _find_first(tx: Transaction, message: int) -> Message:
    """The message itself, or the one that it repeats. Raises `NotFound`."""
    found = message_rows.find(tx, message)
    return message_rows.find(tx, found.retry_of) if found.retry_of else found


def _record_receipts(tx: Transaction, first: Message, agent: str) -> bool:
    """Record it as acknowledged, and all its copies as read; False when it was acknowledged already."""
    new = tx.one(
        "insert into receipts (message_id, agent, acked_at) values (:id, :agent, :now) "
        "on conflict (message_id, agent) do update set acked_at = excluded.acked_at "
        "where receipts.acked_at is null returning message_id",
        id=first.id,
        agent=agent,
        now=tx.now,
    )
    retries = tx.execute(
        "select * from messages where thread = :thread and retry_of = :first and recipient = :agent order by id",
        thread=message_rows.find_thread_root(first),
        first=first.id,
        agent=agent,
    )
    copies = [first, *(message_rows.make_message(row) for row in retries)]
    reading.mark_read(tx, agent, reading.MessagePage(copies, more=False, cursor=first.id))
    return new is not None


def _end_wait(tx: Transaction, message: int, agent: str, state: str) -> bool:
    closed = tx.one(
        "update acknowledgements set state = :state, at = :now "
        f"where message_id = :message and agent = :agent and {_OPEN} returning message_id",
        state=state,
        now=tx.now,
        message=message,
        agent=agent,
    )
    return closed is not None


def _tell_sender(tx: Transaction, first: Message, agent: str) -> None:
    text = f"Acknowledged message {first.id}."
    messages.post(tx, agent, first.sender, text, MessageType.ACK, first.id, notice=False)


def _find_present(tx: Transaction, name: str) -> Agent | None:
    return next((agent for agent in roster.list_present(tx) if agent.name == name), None)
