"""Turns events into toasts: which events are shown, and in which words."""

from typing import Literal, NamedTuple

from swarm_agents.build import shared_branch
from swarm_agents.events import Event
from swarm_agents.model import HUMAN, SWARM, Build
from swarm_agents.text import one_line

Severity = Literal["information", "warning", "error"]

_BUILD_TURNED: dict[str, tuple[str, Severity]] = {
    "reported": ("The build is red. {actor} repairs it: {detail}", "warning"),
    "claimed": ("{actor} repairs the build now: {detail}", "information"),
    "failed": ("{actor} could not repair it: {detail}", "warning"),
    "expired": ("The fixer was lost: {detail}", "warning"),
    "gave_up": ("{actor} gave up the build. {detail}", "warning"),
    "handed_over": ("{actor} handed the build over {detail}", "information"),
    "force_released": ("The role was taken away. {detail}", "warning"),
    "assigned": ("The build was assigned {detail}", "information"),
    "resolved": ("The escalation was answered: {detail}", "information"),
    "needs_attention": ("You are asked: {detail}", "error"),
    "fixed": ("Green again, repaired by {actor}: {detail}", "information"),
    "healed": ("Green again: {detail}", "information"),
    "declared": ("Declared passing: {detail}", "information"),
}
_DONE_BY_HUMAN: dict[str, str] = {
    "excused": "Excused: {detail}",
    "task_reassigned": "A task was given: {detail}",
    "task_released": "A task is free again: {detail}",
    "lock_force_released": "A lock was taken away: {detail}",
}
_DETAIL_LIMIT = 160


class Toast(NamedTuple):
    text: str
    severity: Severity


def to_toast(event: Event) -> Toast | None:
    """None for an event that is not worth an interruption (an agent joined)."""
    if event.actor == HUMAN and event.kind in _DONE_BY_HUMAN:
        text = _DONE_BY_HUMAN[event.kind].format(detail=one_line(event.detail, _DETAIL_LIMIT))
        return Toast(text, "information")
    if event.kind == shared_branch.MOVED and event.actor == SWARM:  # an agent's own commit is no news
        return Toast(f"The shared branch moved: {one_line(event.detail, _DETAIL_LIMIT)}", "information")
    if event.kind not in _BUILD_TURNED:
        return None
    text, severity = _BUILD_TURNED[event.kind]
    filled = text.format(actor=one_line(event.actor, 64), detail=one_line(event.detail, _DETAIL_LIMIT))
    return Toast(filled, severity)


def describe_refusal(build: Build) -> str:
    """Why a command with an old fence changed nothing. `build` is the one that the database has now."""
    return f"Nothing was changed: the build moved while the dialog was open. {describe_build(build)}"


def describe_build(build: Build) -> str:
    held = f", {build.fixer} repairs it (attempt {build.attempt}, fence {build.fence})" if build.fixer else ""
    return f"It is {build.status.value} now{held}."
