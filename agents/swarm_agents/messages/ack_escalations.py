"""Escalations about messages that were not acknowledged: raised, reworded and closed.

There is one escalation for each message. It names the silent recipients and is closed when there is none left.
"""

from __future__ import annotations

from swarm_agents import roster
from swarm_agents.db.transaction import Transaction
from swarm_agents.escalations import escalations
from swarm_agents.messages import rows as message_rows
from swarm_agents.model import HUMAN, SWARM, Message, MessageType
from swarm_agents.text import one_line
from swarm_agents.values import NamedTuple

_NAMED = 3  # recipients in the reason, which is one line; the text lists them all
_TEXT_LINES = 20
_TEXT_LIMIT = 5_000  # characters


class RequiredAck(NamedTuple):
    """One recipient of a message that must be acknowledged. `state` is that of acknowledgements; `at`: since when."""

    message: int
    sender: str
    type: MessageType
    agent: str
    state: str
    retries: int
    at: int


def list_required(tx: Transaction, message: int) -> list[RequiredAck]:
    """The acknowledgements that a message requires, given or not, by recipient."""
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
    """The recipients about whom the human is asked."""
    return [one for one in list_required(tx, message) if one.state == "asked"]


def ask_human(tx: Transaction, message: int) -> str:
    """Raise or reword the escalation about a message, in the transaction that changed its rows. Returns the reason."""
    found = message_rows.find(tx, message)
    why = _make_reason(found, list_silent(tx, message))
    escalation = escalations.find_open_about_message(tx, message)
    if escalation is None:
        escalation = escalations.raise_about_message(tx, message, SWARM, why)
    _reword(tx, escalation, found)
    return why


def close_or_reword(tx: Transaction, message: int, resolution: str, by: str, answer: str = "") -> None:
    """Update the escalation after a recipient answered or was excused: close it when none is silent, else reword it."""
    escalation = escalations.find_open_about_message(tx, message)
    if escalation is None:
        return
    if list_silent(tx, message):
        _reword(tx, escalation, message_rows.find(tx, message))
    else:
        escalations.close(tx, escalation, resolution, answer, by)


def list_commands(escalation: int, message: int, silent: list[RequiredAck]) -> list[str]:
    """The commands with which the human can answer."""
    resolve = f"swarm escalation resolve {escalation} --option"
    own = [f"swarm msg ack {message}"] if any(one.agent == HUMAN for one in silent) else []
    return [*own, f"{resolve} say-again", f"{resolve} excuse", f"swarm msg show {message}"]


def _reword(tx: Transaction, escalation: int, message: Message) -> None:
    silent = list_silent(tx, message.id)
    here = {agent.name for agent in roster.list_present(tx)}
    lines = [
        f"{_make_reason(message, silent)}. No agent has to stop for it.",
        *[f"  {_describe_recipient(one, one.agent in here)}" for one in silent],
        "What it says:",
        "\n".join(message.body[:_TEXT_LIMIT].splitlines()[:_TEXT_LINES]),
        "You can:",
        *[f"  {command}" for command in list_commands(escalation, message.id, silent)],
    ]
    escalations.set_text(tx, escalation, _make_reason(message, silent), "\n".join(lines))


def _make_reason(message: Message, silent: list[RequiredAck]) -> str:
    names = [one_line(one.agent, 40) for one in silent]
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    *first, last = [*names[:_NAMED], *more]
    who = f"{', '.join(first)} and {last}" if first else last
    have = "have" if len(names) > 1 else "has"
    return f"{who} {have} not acknowledged message {message.id} of {message.sender} ({message.type.value})"


def _describe_recipient(one: RequiredAck, here: bool) -> str:
    if one.agent == HUMAN:
        return "human: you have not acknowledged it"
    times = "once" if one.retries == 0 else f"{one.retries + 1} times"
    return f"{one.agent}: said to it {times}" + ("" if here else "; it has left")
