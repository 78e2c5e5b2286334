"""Who must still acknowledge which message, and the question to the human about those who do not.

One escalation for each message, whoever of its recipients is silent; it is kept in line with them, and is over when
none of them is asked about any more.
"""

from typing import NamedTuple

from swarm_agents import roster
from swarm_agents.db.transaction import Transaction
from swarm_agents.escalations import escalations
from swarm_agents.messages import rows as message_rows
from swarm_agents.model import HUMAN, SWARM, Message, MessageType
from swarm_agents.text import one_line

_NAMED = 3  # recipients in the question's one line; its text has them all
_TEXT_LINES = 20
_TEXT_LIMIT = 5_000  # characters


class RequiredAck(NamedTuple):
    """One recipient of a message that must be acknowledged."""

    message: int
    sender: str
    type: MessageType
    agent: str
    state: str
    retries: int
    at: int


def list_required(tx: Transaction, message: int) -> list[RequiredAck]:
    """Who must acknowledge a message, and who has."""
    rows = tx.execute(
        "select k.*, m.sender, m.type from acknowledgements k join messages m on m.id = k.message_id "
        "where k.message_id = :message order by k.agent",
        message=message,
    )
    return [
        RequiredAck(
            row["message_id"],
            row["sender"],
            MessageType(row["type"]),
            row["agent"],
            row["state"],
            row["retries"],
            row["at"],
        )
        for row in rows
    ]


def list_silent(tx: Transaction, message: int) -> list[RequiredAck]:
    """Those whom the human is asked about."""
    return [one for one in list_required(tx, message) if one.state == "asked"]


def ask_human(tx: Transaction, message: int) -> str:
    """The human is asked about those who are `asked` now, within the transaction that made them so; in one line."""
    found = message_rows.find(tx, message)
    why = _in_one_line(found, list_silent(tx, message))
    escalation = escalations.find_open_about_message(tx, message)
    if escalation is None:
        escalation = escalations.raise_about_message(tx, message, SWARM, why)
    _word(tx, escalation, found)
    return why


def close_or_reword(tx: Transaction, message: int, resolution: str, by: str, answer: str = "") -> None:
    """Somebody is asked about no more: the question is over when that was the last one, else it names the rest."""
    escalation = escalations.find_open_about_message(tx, message)
    if escalation is None:
        return
    if list_silent(tx, message):
        _word(tx, escalation, message_rows.find(tx, message))
    else:
        escalations.close(tx, escalation, resolution, answer, by)


def list_commands(escalation: int, message: int, silent: list[RequiredAck]) -> list[str]:
    """What the human can do about it, each as the command that does it."""
    resolve = f"swarm escalation resolve {escalation} --option"
    own = [f"swarm msg ack {message}"] if any(one.agent == HUMAN for one in silent) else []
    return [*own, f"{resolve} say-again", f"{resolve} excuse", f"swarm msg show {message}"]


def _word(tx: Transaction, escalation: int, message: Message) -> None:
    silent = list_silent(tx, message.id)
    here = {agent.name for agent in roster.list_present(tx)}
    lines = [
        f"{_in_one_line(message, silent)}. No agent has to stop for it.",
        *[f"  {_said_to(one, one.agent in here)}" for one in silent],
        "What it says:",
        "\n".join(message.body[:_TEXT_LIMIT].splitlines()[:_TEXT_LINES]),
        "You can:",
        *[f"  {command}" for command in list_commands(escalation, message.id, silent)],
    ]
    escalations.set_text(tx, escalation, _in_one_line(message, silent), "\n".join(lines))


def _in_one_line(message: Message, silent: list[RequiredAck]) -> str:
    names = [one_line(one.agent, 40) for one in silent]
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    *first, last = [*names[:_NAMED], *more]
    who = f"{', '.join(first)} and {last}" if first else last
    have = "have" if len(names) > 1 else "has"
    return f"{who} {have} not acknowledged message {message.id} of {message.sender} ({message.type.value})"


def _said_to(one: RequiredAck, here: bool) -> str:
    if one.agent == HUMAN:
        return "human: it is you who has not"
    times = "once" if one.retries == 0 else f"{one.retries + 1} times"
    return f"{one.agent}: said to it {times}" + ("" if here else "; it is not here any more")
