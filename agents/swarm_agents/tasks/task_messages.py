"""What the swarm is told of tasks: messages that are stored in the transaction of the act that they tell of."""

from collections.abc import Sequence

from swarm_agents.db.transaction import Transaction
from swarm_agents.messages import deliveries, messages
from swarm_agents.model import EVERYONE, HUMAN, SWARM, MessageType
from swarm_agents.text import one_line

_NAMED = 10  # tasks in one message; 'swarm task list' has the others
_TITLE_LIMIT = 80


def announce_claim(tx: Transaction, agent: str, task: str, title: str) -> None:
    _tell_others(tx, agent, f"{agent} claimed task {task}: {_short(title)}.", MessageType.PROGRESS)


def announce_completion(tx: Transaction, agent: str, task: str, title: str, result: str, free: Sequence[str]) -> None:
    said = f" Result: {one_line(result, 500)}" if result else ""
    _tell_others(
        tx,
        agent,
        f"{agent} completed task {task}: {_short(title)}.{describe_claimable(free)}{said}",
        MessageType.COMPLETED,
    )


def announce_return(tx: Transaction, by: str, task: str, title: str, why: str, free: bool = True) -> None:
    """A task lost its claimant, or is needed no more."""
    offer = describe_claimable([task]) if free else ""
    _tell_others(tx, by, f"Task {task} ({_short(title)}): {why}.{offer}", MessageType.PROGRESS)


def announce_cancellation(tx: Transaction, by: str, task: str, title: str, free: Sequence[str]) -> None:
    _tell_others(
        tx, by, f"{by} cancelled task {task}: {_short(title)}.{describe_claimable(free)}", MessageType.PROGRESS
    )


def announce_new_tasks(tx: Transaction, by: str, tasks: Sequence[str], free: Sequence[str]) -> None:
    """What cannot be claimed yet is told of when it can."""
    if free:
        _tell_others(tx, by, f"{by} added {_count(tasks)}.{describe_claimable(free)}", MessageType.INFO)


def announce_failure(tx: Transaction, agent: str, task: str, title: str, reason: str) -> None:
    text = f"{agent} could not do task {task} ({_short(title)}): {one_line(reason, 500)}. A human decides what next."
    _tell_others(tx, agent, text, MessageType.BLOCKED)


def request_review(tx: Transaction, agent: str, to: str, task: str, title: str, note: str) -> None:
    said = f" {one_line(note, 500)}" if note else ""
    text = f"{agent} asks for a review of task {task}: {_short(title)}.{said} 'swarm task show {task}' says more."
    messages.post(tx, agent, to, text, MessageType.REVIEW_REQUEST)


def tell_former_claimant(tx: Transaction, former: str, task: str, why: str) -> None:
    """To the one who had it."""
    if former != HUMAN:
        messages.post(tx, SWARM, former, f"Task {task} is not yours any more: {why}. Stop working on it.")


def tell_new_claimant(tx: Transaction, to: str, task: str, title: str, fence: int) -> None:
    if to != HUMAN:
        text = f"A human gave you task {task}: {_short(title)} (fence {fence}). Begin with 'swarm task start {task}'."
        messages.post(tx, HUMAN, to, text, MessageType.HANDOFF)


def describe_claimable(tasks: Sequence[str]) -> str:
    """The words for what became claimable, '' for nothing. Each command can be run as it is written."""
    if not tasks:
        return ""
    commands = ", ".join(f"'swarm task claim {task}'" for task in tasks[:_NAMED])
    more = f" and {len(tasks) - _NAMED} more ('swarm task list --claimable')" if len(tasks) > _NAMED else ""
    return f" Claimable now: {commands}{more}."


def _tell_others(tx: Transaction, actor: str, body: str, type_: MessageType) -> None:
    """The swarm says it, so that it costs the actor nothing of its messages a minute; the actor knows it already."""
    message, _ = messages.post(tx, SWARM, EVERYONE, body, type_)
    if actor in (HUMAN, SWARM):
        return
    tx.execute(
        "insert into receipts (message_id, agent, read_at) values (:message, :agent, :now)",
        message=message,
        agent=actor,
        now=tx.now,
    )
    deliveries.mark_read(tx, actor, [message])


def _short(title: str) -> str:
    return one_line(title, _TITLE_LIMIT)


def _count(tasks: Sequence[str]) -> str:
    return f"task {tasks[0]}" if len(tasks) == 1 else f"{len(tasks)} tasks"
