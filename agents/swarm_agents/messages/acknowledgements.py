"""What must be acknowledged: by whom, saying it again to those who do not, and at last asking the human.

waiting ──► acknowledged        the recipient did, under the id of the message or of any retry
  │  ▲
  └──┘ said again               after 30, 60 and 120 s, a message of its own each time
  │
  ├──► asked ──► acknowledged   120 s after the last retry, or when it left: the human is asked; never too late
  │      └─────► waiting        the human wants it said once more
  └──► excused                  the human wants it no more; also after asking

Whoever looks first does what is due: a courier, a dashboard, any `swarm` command. A change of state, its message and
its event are one transaction, so two that look at once do it once.
"""

from typing import NamedTuple

from swarm_agents import events, roster
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import Denied, NotFound
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import AckResolution
from swarm_agents.messages import ack_escalations, messages, reading
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.ack_escalations import RequiredAck
from swarm_agents.messages.rows import ACKNOWLEDGEMENT_DUE
from swarm_agents.model import HUMAN, SWARM, Message, MessageType
from swarm_agents.roster import Agent
from swarm_agents.text import one_line

RETRIES = 3  # each wait is twice the one before it, and the human is asked after one more of the last length
RETRIES_A_MINUTE = 10  # to one agent; what is over waits for the next minute
_AT_ONCE = 200  # rows one transaction does, so that it stays short
_MINUTE_MS = 60_000

_OPEN = "state in ('waiting', 'asked')"
_DUE = f"state = 'waiting' and {ACKNOWLEDGEMENT_DUE.has_passed}"


class AckOutcome(NamedTuple):
    """`message` is the one that was sent first; `new` is false when it was acknowledged already."""

    message: int
    new: bool


def acknowledge(db: Database, agent: str, message: int) -> AckOutcome:
    """The agent has taken note; also of what was said again. Tells the sender.

    Raises `NotFound`, and `Denied` when the message was not sent to this agent.
    """
    with db.transaction() as tx:
        first = _first(tx, message)
        if not reading.is_recipient(tx, first, agent):
            raise Denied(f"Message {message} was not sent to {agent}: only who got it can acknowledge it.")
        if not _record(tx, first, agent):
            return AckOutcome(first.id, new=False)
        if _close(tx, first.id, agent, "acknowledged"):
            ack_escalations.close_or_reword(tx, first.id, "acknowledged", agent)
            if first.sender not in (HUMAN, SWARM, agent):
                _tell_sender(tx, first, agent)
        events.record(tx, agent, "acknowledged", f"message {first.id} of {first.sender}")
        return AckOutcome(first.id, new=True)


def excuse(db: Database, agent: str, message: int) -> AckOutcome:
    """The human waits no more for this agent's word. Raises `NotFound` when nobody ever waited for it."""
    with db.transaction() as tx:
        first = _first(tx, message)
        if not any(one.agent == agent for one in ack_escalations.list_required(tx, first.id)):
            raise NotFound(f"{agent} need not acknowledge message {message}.", next=f"swarm msg show {message}")
        return AckOutcome(first.id, _excuse(tx, first.id, agent, ""))


def answer(
    db: Database, escalation: int, option: AckResolution, agent: str | None = None, reason: str = ""
) -> list[str]:
    """The human answers about everybody whom they were asked about, or about one of them; who that was.

    What is said again must be acknowledged within the last of the waits, or the human is asked anew. `reason` is told
    to those to whom it is said again. Raises `NotFound`: not open, nobody of that name, or none of them is here.
    """
    with db.transaction() as tx:
        message = escalations.find_answerable(tx, escalation, option).message
        assert message is not None, "only these options fit, and they are about a message"
        silent = [one for one in ack_escalations.list_silent(tx, message) if agent in (None, one.agent)]
        if not silent:
            shown = f"swarm escalation show {escalation}"
            raise NotFound(f"Escalation {escalation} is not about {one_line(agent or 'anybody', 40)}.", next=shown)
        if option is AckResolution.EXCUSE:
            return [one.agent for one in silent if _excuse(tx, message, one.agent, reason)]
        return _say_once_more(tx, escalation, message_rows.find(tx, message), silent, reason)


def has_due(db: Database) -> bool:
    """Whether somebody should `pump`. A small read, for the end of any command."""
    with db.reading() as tx:
        return tx.one(f"select 1 from acknowledgements where {_DUE} limit 1", **tx.clock) is not None


def process_due(db: Database) -> int:
    """Say again, or ask the human, what is due; how many rows were due. Looks before it writes."""
    if not has_due(db):
        return 0
    with db.transaction() as tx:
        due = tx.execute(
            f"select * from acknowledgements where {_DUE} order by message_id, agent limit :most",
            most=_AT_ONCE,
            **tx.clock,
        )
        asked = {row["message_id"]: None for row in due if not _go_on(tx, row)}
        for message in asked:
            _ask(tx, message)
        return len(due)


def _go_on(tx: Transaction, row: Row) -> bool:
    """Whether there is still something to wait for; False when the human is to be asked."""
    recipient = _present(tx, row["agent"])
    if row["retries"] >= RETRIES or (recipient is None and row["agent"] != HUMAN):
        return not _close(tx, row["message_id"], row["agent"], "asked")
    full_for_ms = _full_for_ms(tx, row["agent"])
    if full_for_ms > 0:
        _wait(tx, row, full_for_ms)
        return True
    # The human has it on the screen.
    if recipient is not None and not _said_again(tx, row["message_id"], recipient):
        return not _close(tx, row["message_id"], row["agent"], "asked")
    _wait(tx, row, row["first_wait_ms"] * 2 ** min(row["retries"] + 1, RETRIES - 1), retries=1)
    return True


def _said_again(tx: Transaction, message: int, recipient: Agent) -> bool:
    with tx.savepoint() as part:  # what cannot be said again must not hold up the question to the human
        messages.say_again(tx, message_rows.find(tx, message), recipient)
    if part.error:
        events.record(tx, SWARM, "message_lost", f"to {recipient.name}: {part.error}")
    return not part.error


def _wait(tx: Transaction, row: Row, wait_ms: int, retries: int = 0) -> None:
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


def _ask(tx: Transaction, message: int) -> None:
    why = ack_escalations.ask_human(tx, message)
    events.record(tx, SWARM, "needs_attention", why)
    first = message_rows.find(tx, message)
    if _present(tx, first.sender) is None:
        return
    with tx.savepoint() as part:  # asking the human must not fail because the sender cannot be told of it
        messages.post(tx, SWARM, first.sender, f"{why}. A human was asked.", MessageType.STATUS, message)
    if part.error:
        events.record(tx, SWARM, "message_lost", f"to {first.sender}: {part.error}")


def _excuse(tx: Transaction, message: int, agent: str, reason: str) -> bool:
    if not _close(tx, message, agent, "excused"):
        return False
    because = f": {reason}" if reason else ""
    events.record(tx, HUMAN, "excused", f"{agent} from acknowledging message {message}{because}")
    ack_escalations.close_or_reword(tx, message, AckResolution.EXCUSE.value, HUMAN, reason)
    return True


def _say_once_more(
    tx: Transaction, escalation: int, first: Message, silent: list[RequiredAck], reason: str
) -> list[str]:
    reached = [agent for one in silent if (agent := _present(tx, one.agent))]
    if not reached:
        gone = ", ".join(one_line(one.agent, 40) for one in silent)
        excuse = f"swarm escalation resolve {escalation} --option {AckResolution.EXCUSE.value}"
        raise NotFound(f"Nobody is here to whom it could be said again: {gone}.", next=excuse)
    for agent in reached:
        [row] = tx.execute(
            "select * from acknowledgements where message_id = :message and agent = :agent",
            message=first.id,
            agent=agent.name,
        )
        messages.say_again(tx, first, agent)
        if reason:
            messages.post(tx, HUMAN, agent.name, reason, MessageType.INFO, first.id)
        _wait(tx, row, row["first_wait_ms"] * 2 ** (RETRIES - 1), retries=1)
    names = [agent.name for agent in reached]
    events.record(tx, HUMAN, "resolved", f"message {first.id} is said again to {', '.join(names)}")
    ack_escalations.close_or_reword(tx, first.id, AckResolution.SAY_AGAIN.value, HUMAN, reason)
    return names


def _full_for_ms(tx: Transaction, agent: str) -> int:
    """How long one more retry to this agent must wait for the rate."""
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


def _first(tx: Transaction, message: int) -> Message:
    found = message_rows.find(tx, message)
    return message_rows.find(tx, found.retry_of) if found.retry_of else found


def _record(tx: Transaction, first: Message, agent: str) -> bool:
    """That it was read under any of its ids, and acknowledged; false when that is known."""
    new = tx.one(
        "insert into receipts (message_id, agent, acked_at) values (:id, :agent, :now) "
        "on conflict (message_id, agent) do update set acked_at = excluded.acked_at "
        "where receipts.acked_at is null returning message_id",
        id=first.id,
        agent=agent,
        now=tx.now,
    )
    said_again = tx.execute(
        "select * from messages where thread = :thread and retry_of = :first and recipient = :agent order by id",
        thread=message_rows.find_thread_root(first),
        first=first.id,
        agent=agent,
    )
    said = [first, *(message_rows.make_message(row) for row in said_again)]
    reading.mark_read(tx, agent, reading.MessagePage(said, more=False, cursor=first.id))
    return new is not None


def _close(tx: Transaction, message: int, agent: str, state: str) -> bool:
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
    said = f"Acknowledged message {first.id}."
    messages.post(tx, agent, first.sender, said, MessageType.ACK, first.id, notice=False)


def _present(tx: Transaction, name: str) -> Agent | None:
    return next((agent for agent in roster.list_present(tx) if agent.name == name), None)
