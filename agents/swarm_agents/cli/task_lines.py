"""Formats tasks: as lines for people and as data for `--json`."""

from swarm_agents.cli.output import format_clock, format_iso
from swarm_agents.tasks.drafts import TITLE_LIMIT
from swarm_agents.tasks.rows import Task
from swarm_agents.text import one_line, printable


def format_task(task: Task) -> str:
    whose = f"  {task.claimant}" if task.claimant else ""
    waits = f"  after {', '.join(task.blocked_by)}" if task.blocked_by else ""
    return f"{task.id}  {task.status.value}{whose}  {one_line(task.title, TITLE_LIMIT)}{waits}"


def make_task_data(task: Task) -> dict[str, str | int | list[str] | None]:
    return {
        "id": task.id,
        "title": task.title,
        "status": task.status.value,
        "claimant": task.claimant,
        "fence": task.fence,
        "after": list(task.after),
        "blocked_by": list(task.blocked_by),
        "files": list(task.files),
        "estimate_min": task.estimate_min,
        "feature": task.feature,
        "detail": task.detail,
        "result": task.result,
        "created_at": format_iso(task.created_at),
        "created_by": task.created_by,
        "changed_at": format_iso(task.changed_at),
        "lease_expires_at": format_iso(task.lease_expires_at),
    }


def format_details(task: Task) -> list[str]:
    """Everything about one task, in lines."""
    lines = [format_task(task), f"added by {task.created_by} at {format_iso(task.created_at)}"]
    if task.files:
        lines.append(f"files: {', '.join(task.files)}")
    if task.estimate_min:
        lines.append(f"estimate: {task.estimate_min} min")
    if task.lease_expires_at:
        lines.append(
            f"the lease of {task.claimant} (fence {task.fence}) lasts until {format_clock(task.lease_expires_at)}"
        )
    texts = (("detail", task.detail), ("result", task.result))
    return lines + [f"{what}: {printable(text)}" for what, text in texts if text]
