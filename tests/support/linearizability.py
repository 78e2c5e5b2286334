"""Checks whether a history of several processes is linearizable, with the search by Wing, Gong and Lowe.

It is when its acts can be ordered so that each lies between its call and its answer, and the model, run in that order,
gives every answer that was given. Pairs of (acts done, state) are tried once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State")
What = TypeVar("What")


@dataclass(frozen=True)
class Call(Generic[What]):
    """One act that was done: when it was called, when it was answered (same clock), and what the answer was."""

    what: What
    began: int
    ended: int
    answer: object


def linearizable(
    history: Sequence[Call[What]], start: State, step: Callable[[State, What], tuple[State, object]]
) -> bool:
    """Whether some order of the calls explains their answers. `step` is the model: pure, its states hashable."""
    calls = sorted(history, key=lambda call: call.began)
    everything = (1 << len(calls)) - 1
    seen = {(0, start)}
    open_ends = [(0, start)]
    while open_ends:
        done, state = open_ends.pop()
        if done == everything:
            return True
        for index in _may_be_next(calls, done):
            after, answer = step(state, calls[index].what)
            further = (done | 1 << index, after)
            if answer == calls[index].answer and further not in seen:
                seen.add(further)
                open_ends.append(further)
    return False


def _may_be_next(calls: Sequence[Call[What]], done: int) -> list[int]:
    """Calls that began before any other open call was answered, so that none of those must come first."""
    first_end: int | None = None
    possible = []
    for index, call in enumerate(calls):
        if done >> index & 1:
            continue
        if first_end is not None and call.began > first_end:
            break
        possible.append(index)
        first_end = call.ended if first_end is None else min(first_end, call.ended)
    return possible


def overlapping(history: Sequence[Call[What]]) -> int:
    """How many calls began before an earlier one was answered; a history without any proves nothing."""
    latest_end = overlaps = 0
    for call in sorted(history, key=lambda call: call.began):
        overlaps += call.began < latest_end
        latest_end = max(latest_end, call.ended)
    return overlaps
