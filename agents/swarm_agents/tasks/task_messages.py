"""Messages about tasks, stored in the transaction of the change that they report."""

from collections.abc import Sequence

from swarm_agents.db.transaction import Transaction
from swarm_agents.messages import deliveries, messages
from swarm_agents.model import EVERYONE, HUMAN, SWARM, MessageType
from swarm_agents.text import one_line

_NAMED = 10  # tasks named in one message; 'swarm task list' shows the others
_TITLE_LIMIT = 80


def announce_claim(tx: Transaction, agent: str, task: str, title: str) -> None:
    _tell_others(tx, agent, f"{agent} claimed task {task}: {_shorten(title)}.", MessageType.PROGRESS)


def announce_completion(tx: Transaction, agent: str, task: str, title: str, result: str, free: Sequence[str]) -> None:
    result_text = f" Result: {one_line(result, 500)}" if result else ""
    _tell_others(
        tx,
        agent,
        f"{agent} completed task {task}: {_shorten(title)}.{describe_claimable(free)}{result_text}",
        MessageType.COMPLETED,
    )


def announce_return(tx: Transaction, by: str, task: str, title: str, why: str, free: bool = True) -> None:
    """The task has no claimant any more; `free` when it can be claimed."""
    offer = describe_claimable([task]) if free else ""
    _tell_others(tx, by, f"Task {task} ({_shorten(title)}): {why}.{offer}", MessageType.PROGRESS)


def announce_cancellation(tx: Transaction, by: str, task: str, title: str, free: Sequence[str]) -> None:
    _tell_others(
        tx, by, f"{by} cancelled task {task}: {_shorten(title)}.{describe_claimable(free)}", MessageType.PROGRESS
    )


def announce_new_tasks(tx: Transaction, by: str, tasks: Sequence[str], free: Sequence[str]) -> None:
    """Names the tasks that can be claimed now; the others are announced when they can."""
    if free:
        _tell_others(tx, by, f"{by} added {_describe_count(tasks)}.{describe_claimable(free)}", MessageType.INFO)


def announce_failure(tx: Transaction, agent: str, task: str, title: str, reason: str) -> None:
    text = f"{agent} could not do task {task} ({_shorten(title)}): {one_line(reason, 500)}. A human decides what next."
    _tell_others(tx, agent, text, MessageType.BLOCKED)


def ask_for_review(tx: Transaction, agent: str, to: str, task: str, title: str, note: str) -> None:
    note_text = f" {one_line(note, 500)}" if note else ""
    text = (
        f"{agent} asks for a review of task {task}: {_shorten(title)}.{note_text} 'swarm task show {task}' says more."
    )
    messages.post(tx, agent, to, text, MessageType.REVIEW_REQUEST)


def tell_former_claimant(tx: Transaction, former: str, task: str, why: str) -> None:
    """Tell the agent that held the task until now; the human needs no message."""
    if former != HUMAN:
        messages.post(tx, SWARM, former, f"Task {task} is not yours any more: {why}. Stop working on it.")


def tell_new_claimant(tx: Transaction, to: str, task: str, title: str, fence: int) -> None:
    """Tell the agent to which a human gave the task."""
    if to != HUMAN:
        text = f"A human gave you task {task}: {_shorten(title)} (fence {fence}). Begin with 'swarm task start {task}'."
        messages.post(tx, HUMAN, to, text, MessageType.HANDOFF)


def describe_claimable(tasks: Sequence[str]) -> str:
    """The sentence that names what can be claimed, with the commands; '' for no tasks."""
    if not tasks:
        return ""
    commands = ", ".join(f"'swarm task claim {task}'" for task in tasks[:_NAMED])
    more = f" and {len(tasks) - _NAMED} more ('swarm task list --claimable')" if len(tasks) > _NAMED else ""
    return f" Claimable now: {commands}{more}."


def _tell_others(tx: Transaction, actor: str, body: str, type_: MessageType) -> None:
    """Send it to all as the swarm, which spares the actor's rate limit, and mark it read by the actor."""
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


def _shorten(title: str) -> str:
    return one_line(title, _TITLE_LIMIT)


def _describe_count(tasks: Sequence[str]) -> str:
    return f"task {tasks[0]}" if len(tasks) == 1 else f"{len(tasks)} tasks"
