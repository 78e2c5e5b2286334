"""Types into panes: guarded strokes, all of a batch in one process, each of them at most once.

tmux runs a script to its end before it reads anything else, so the conditions of a stroke hold while it is typed. Each
stroke swaps the pane's marker, the option `@swarm_last`, from what it was seen to be to what it is then: a stroke that
comes late, or twice, or from a process that was frozen, finds another marker and does nothing (docs/deliveries.md).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from swarm_agents.model import PaneAddress
from swarm_agents.panes import tmux
from swarm_agents.panes.address import all_of, is_still
from swarm_agents.panes.look import Look, Pane, look_script, read_look
from swarm_agents.panes.tmux import Answer, NoAnswer, ServerGone

MARKER = "@swarm_last"

# Letters, digits, marks and what cannot end a quote, expand, or chain a command, should a shell ever read it.
_TYPEABLE = re.compile(r"[\w .,:=_/+%?()\[\]#-]+")
_MARKER_TEXT = re.compile(r"[A-Za-z0-9.+-]*")
_COMMAND_TEXT = re.compile(r"[A-Za-z0-9._+-]+")
_KEYS = {"\r": r"\r", "\n": r"\n"}


class Outcome(StrEnum):
    DONE = "done"
    """It was typed, and the marker says so."""
    REFUSED = "refused"
    """It was not typed, and never will be: the marker was moved on, so that this stroke fits nowhere any more."""
    MOVED = "moved"
    """The pane is not as it was seen: it is another one, or its marker changed. Look again."""


@dataclass(frozen=True)
class Stroke:
    """Text, a submit key, or both, for one pane as it was seen. Neither: only the marker is moved on."""

    seen: Pane
    marker: str
    text: str = ""
    submit: str = ""

    @property
    def pane(self) -> PaneAddress:
        return self.seen.address


@dataclass(frozen=True)
class Typed:
    """What became of each stroke of a batch, in their order, and how the server looked right after."""

    outcomes: tuple[Outcome, ...]
    look: Look


def type_in(socket: str, strokes: Sequence[Stroke], screens: Iterable[str] = ()) -> Typed | ServerGone | NoAnswer:
    """Type a batch and look again, in one process. `NoAnswer`: the markers of a later look say what was typed."""
    mark, receipts = tmux.fresh_mark(), tmux.fresh_mark()
    lines = [_line(receipts, number, stroke) for number, stroke in enumerate(strokes)]
    answer = tmux.run_script(socket, "\n".join([*lines, look_script(mark, screens)]))
    seen = read_look(socket, mark, answer)
    if not isinstance(seen, Look) or not isinstance(answer, Answer):
        return seen if not isinstance(seen, Look) else NoAnswer(socket, "no answer")
    return Typed(_outcomes(receipts, answer.output, len(strokes)), seen)


def is_typeable(text: str) -> bool:
    return _TYPEABLE.fullmatch(text) is not None


def _line(mark: str, number: int, stroke: Stroke) -> str:
    pane_id = stroke.pane.pane_id
    target = f"-t {pane_id}"
    acts = [f"set-option -p {target} {MARKER} {_checked(stroke.marker, _MARKER_TEXT)}"]
    if stroke.text:
        buffer = f"swarm_text_{number}"
        acts.append(f"set-buffer -b {buffer} {tmux.quoted(_checked(stroke.text, _TYPEABLE))}")
        acts.append(f"paste-buffer -p -r -d -b {buffer} {target}")
    if stroke.submit:
        # A pasted key goes to this pane alone: no key table, no synchronize-panes, no extended keys.
        acts.append(f'set-buffer -b swarm_key_{number} "{_KEYS[stroke.submit]}"')
        acts.append(f"paste-buffer -r -d -b swarm_key_{number} {target}")
    acts.append(_receipt(mark, Outcome.DONE, number))
    unmoved = all_of(is_still(stroke.pane), _marker_unmoved(stroke))
    otherwise = _receipt(mark, Outcome.MOVED, number)
    if stroke.text:
        refused = f"set-option -p {target} {MARKER} {stroke.marker}.no ; {_receipt(mark, Outcome.REFUSED, number)}"
        otherwise = f"if-shell -F {target} '{unmoved}' {{ {refused} }} {{ {otherwise} }}"
    fits = all_of(unmoved, *_as_seen(stroke.seen)) if stroke.text or stroke.submit else unmoved
    return f"if-shell -F {target} '{fits}' {{ {' ; '.join(acts)} }} {{ {otherwise} }}"


def _as_seen(seen: Pane) -> list[str]:
    conditions = [
        "#{==:#{pane_in_mode},0}",
        "#{==:#{pane_input_off},0}",
        f"#{{==:#{{cursor_x}},{seen.cursor_x}}}",
        f"#{{==:#{{cursor_y}},{seen.cursor_y}}}",
    ]
    if _COMMAND_TEXT.fullmatch(seen.command):
        conditions.append(f"#{{==:#{{pane_current_command}},{seen.command}}}")
    return conditions


def _marker_unmoved(stroke: Stroke) -> str:
    if _MARKER_TEXT.fullmatch(stroke.seen.last):
        return f"#{{==:#{{{MARKER}}},{stroke.seen.last}}}"
    return f"#{{!=:#{{{MARKER}}},{stroke.marker}}}"  # not ours, and not to be written into a condition


def _receipt(mark: str, outcome: Outcome, number: int) -> str:
    return f"display-message -p '{mark}{outcome} {number}'"


def _outcomes(mark: str, output: bytes, count: int) -> tuple[Outcome, ...]:
    receipts = re.findall(f"{mark}([a-z]+) ([0-9]+)\n", output.decode(errors="replace"))
    found = {int(number): Outcome(outcome) for outcome, number in receipts}
    return tuple(found.get(number, Outcome.MOVED) for number in range(count))


def _checked(text: str, allowed: re.Pattern[str]) -> str:
    if not allowed.fullmatch(text):
        raise ValueError("this text may not be typed into a pane")
    return text
