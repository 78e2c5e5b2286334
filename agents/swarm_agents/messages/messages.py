"""Sending messages: each is stored as a row first; its notices in panes follow."""

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.db.deadlines import value_in
from swarm_agents.db.transaction import Transaction
from swarm_agents.errors import BadData, NotFound, RateLimited, UsageError
from swarm_agents.messages import deliveries
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.rows import ACKNOWLEDGEMENT_DUE
from swarm_agents.model import EVERYONE, HUMAN, Delivery, Message, MessageType
from swarm_agents.roster import Agent
from swarm_agents.text import is_name, one_line

BODY_LIMIT = 10_240  # bytes of UTF-8; what is longer belongs in a file that the message names
FIRST_WAIT_S = 30.0  # until a message that must be acknowledged is sent again; see acknowledgements
_MINUTE_MS = 60_000


def send(
    db: Database,
    sender: str,
    recipient: str,
    body: str,
    type_: MessageType = MessageType.INFO,
    per_minute: int = 10,
    reply_to: int | None = None,
    ack_within_s: float | None = None,
    phase: str | None = None,
) -> tuple[int, list[Delivery]]:
    """Store a message and queue its notices. Returns its id and one delivery for each recipient.

    `recipient` is an agent, a role, `all` or `human`; `phase` is the one that the sender works in. With `ack_within_s`
    each recipient must acknowledge it within that time, or it is sent again (see acknowledgements). Raises `NotFound`
    (also for an unknown `reply_to`), `BadData` (empty or over `BODY_LIMIT`), and `RateLimited` when an agent has sent
    `per_minute` messages within the last minute (a broadcast is one).
    """
    _check_body(body)
    _check_recipient(recipient)
    with db.transaction() as tx:
        agents = _find_recipients(tx, sender, recipient)
        if recipient not in (EVERYONE, HUMAN) and not agents:
            raise NotFound(
                f"There is no agent or role {recipient}.", next="swarm agent list", kind="recipient", name=recipient
            )
        if sender != HUMAN:
            _check_rate(tx, sender, per_minute)
        requires_ack = ack_within_s is not None
        message = _store(tx, sender, recipient, body, type_, reply_to, requires_ack=requires_ack, phase=phase)
        if ack_within_s is not None:
            names = [HUMAN] if recipient == HUMAN else [agent.name for agent in agents]
            _require_acknowledgements(tx, message, names, int(ack_within_s * 1000))
        return message, deliveries.queue(tx, message, agents)


def post(
    tx: Transaction,
    sender: str,
    recipient: str,
    body: str,
    type_: MessageType = MessageType.STATUS,
    reply_to: int | None = None,
    notice: bool = True,
) -> tuple[int, list[Delivery]]:
    """Store a message in the transaction of the change that it reports. It does not count towards any rate limit.

    Without `notice` nothing is typed into panes; recipients find it in their inbox.
    """
    message = _store(tx, sender, recipient, body, type_, reply_to, automatic=True)
    return message, deliveries.queue(tx, message, _find_recipients(tx, sender, recipient) if notice else [])


def say_again(tx: Transaction, first: Message, agent: Agent) -> int:
    """Send the message again to one recipient that has not acknowledged it, as a message of its own. Returns its id."""
    row = tx.one(
        "insert into messages (at, sender, recipient, type, body, thread, retry_of, requires_ack, automatic, phase) "
        "values (:now, :sender, :recipient, :type, :body, :thread, :first, 1, 1, :phase) returning id",
        now=tx.now,
        sender=first.sender,
        recipient=agent.name,
        type=first.type.value,
        body=first.body,
        thread=message_rows.find_thread_root(first),
        first=first.id,
        phase=first.phase,
    )
    assert row is not None
    deliveries.queue(tx, row["id"], [agent])
    return int(row["id"])


def _store(
    tx: Transaction,
    sender: str,
    recipient: str,
    body: str,
    type_: MessageType,
    reply_to: int | None,
    requires_ack: bool = False,
    automatic: bool = False,
    phase: str | None = None,
) -> int:
    thread = message_rows.find_thread_root(message_rows.find(tx, reply_to)) if reply_to is not None else None
    row = tx.one(
        "insert into messages "
        "(at, sender, recipient, type, body, thread, reply_to, requires_ack, automatic, phase) values "
        "(:now, :sender, :recipient, :type, :body, :thread, :reply_to, :requires_ack, :automatic, :phase) returning id",
        now=tx.now,
        sender=sender,
        recipient=recipient,
        type=type_.value,
        body=body,
        thread=thread,
        reply_to=reply_to,
        requires_ack=int(requires_ack),
        automatic=int(automatic),
        phase=phase,
    )
    assert row is not None
    return int(row["id"])


def _require_acknowledgements(tx: Transaction, message: int, names: list[str], first_wait_ms: int) -> None:
    for name in names:
        tx.execute(
            f"insert into acknowledgements (message_id, agent, first_wait_ms, {ACKNOWLEDGEMENT_DUE.names}, at) "
            f"values (:message, :agent, :wait_ms, {value_in(':wait_ms')}, :now)",
            message=message,
            agent=name,
            wait_ms=first_wait_ms,
            **tx.clock,
            now=tx.now,
        )


def _find_recipients(tx: Transaction, sender: str, recipient: str) -> list[Agent]:
    """The present agents that get the message: by name, else by role. The sender only when it names itself."""
    if recipient == HUMAN:
        return []
    present = [agent for agent in roster.list_present(tx) if agent.name != sender or agent.name == recipient]
    if recipient == EVERYONE:
        return present
    return [agent for agent in present if agent.name == recipient] or [
        agent for agent in present if agent.role == recipient
    ]


def _check_recipient(recipient: str) -> None:
    if recipient.startswith("$"):
        raise UsageError(
            f"{one_line(recipient, 40)!r} is the name of a variable, not its value: the shell did not expand it. "
            "Name an agent, a role, or 'all'."
        )
    if not is_name(recipient):
        raise UsageError(f"{one_line(recipient, 40)!r} is no recipient: name an agent, a role, or 'all'.")


def _check_body(body: str) -> None:
    try:
        size = len(body.encode())
    except UnicodeEncodeError:
        raise BadData("The message is not valid UTF-8.") from None
    if not body.strip():
        raise BadData("The message is empty.")
    if size > BODY_LIMIT:
        raise BadData(f"The message has {size} bytes; {BODY_LIMIT} are the limit. Put it into a file and name that.")


def _check_rate(tx: Transaction, sender: str, per_minute: int) -> None:
    rows = tx.execute(
        "select at from messages where sender = :sender and automatic = 0 and at > :since and at <= :now "
        "order by id desc limit :per_minute",
        sender=sender,
        since=tx.now - _MINUTE_MS,
        now=tx.now,  # a clock that was set back must not silence a sender until it catches up
        per_minute=per_minute,
    )
    if len(rows) >= per_minute:
        wait_s = max(1, -(-(rows[-1]["at"] + _MINUTE_MS - tx.now) // 1000))
        raise RateLimited(f"{per_minute} messages a minute are the limit. Try again in {wait_s} s.")
