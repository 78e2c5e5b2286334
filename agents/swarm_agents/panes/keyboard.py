"""Types into panes: guarded strokes, all of a batch in one process, each of them at most once.

tmux runs a script to its end before it reads anything else, so the conditions of a stroke hold while it is typed. Each
stroke swaps the pane's marker, the option `@swarm_last`, from what it was seen to be to what it is then: a stroke that
comes late, or twice, or from a process that was frozen, finds another marker and does nothing (docs/deliveries.md).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby

from swarm_agents.model import PaneAddress
from swarm_agents.panes import tmux
from swarm_agents.panes.snapshot import Pane
from swarm_agents.panes.tmux import Answer, NoAnswer, Running, ServerGone

MARKER = "@swarm_last"

# Letters, digits, marks and what cannot end a quote, expand, or chain a command, should a shell ever read it.
TYPEABLE = re.compile(r"[\w .,:=_/+%?()\[\]#-]+")
_MARKER_TEXT = re.compile(r"[A-Za-z0-9.+-]*")
_COMMAND_TEXT = re.compile(r"[A-Za-z0-9._+-]+")
_KEYS = {"\r": r'"\r"', "\n": r'"\n"'}


@dataclass(frozen=True)
class Stroke:
    """Text, a submit key, or both, for one pane as it was seen. Neither: only the marker is moved on.

    One `at_rest` is done only where nothing was printed since then, and nobody watches (see `Look.at_rest`).
    """

    seen: Pane
    marker: str
    text: str = ""
    submit: str = ""
    at_rest: bool = False

    @property
    def pane(self) -> PaneAddress:
        return self.seen.address


class Keyboard:
    """Types into the panes of one server. Use it as a context: at its end its processes are ended."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._ready: Running | None = None
        self._processes = ExitStack()

    def __enter__(self) -> "Keyboard":
        return self

    def __exit__(self, *error: object) -> None:
        self._processes.close()

    def make_ready(self) -> None:
        """Start the process that will type, while something else is waited for."""
        self._ready = self._ready or self._processes.enter_context(tmux.ready(self._socket))

    def type(self, strokes: Sequence[Stroke]) -> tuple[bool, ...] | ServerGone | NoAnswer:
        """Type a batch in one process; of each stroke whether its marker is there now: it was done, here or elsewhere.

        One that was not done found its pane changed. After `NoAnswer` the markers of the next look say what was typed.
        Screens are no use here: what the panes draw in answer is not read before the script has ended.
        """
        self.make_ready()
        running, self._ready = self._ready, None
        assert running is not None
        return _type(running, strokes)


class _Names(dict[str, str]):
    """Names for what the lines of a script share, made up as they are needed.

    Nobody else has them: where a hook of the user's waits, tmux runs somebody else's script in the middle of this one.
    """

    def __init__(self, first: str) -> None:
        super().__init__()
        self._first = first

    def __missing__(self, shared: str) -> str:
        self[shared] = name = f"{self._first}{len(self)}"
        return name


def _type(running: Running, strokes: Sequence[Stroke]) -> tuple[bool, ...] | ServerGone | NoAnswer:
    mark = tmux.fresh_mark()
    texts, formats = _Names(f"swarm_{mark[1:9]}_t"), _Names(f"swarm_{mark[1:9]}_f")
    typed = list(_lines(strokes, texts, formats))
    lines = [
        *(f"set-buffer -b {buffer} -- {_text(text)}" for text, buffer in texts.items()),
        *(f"set-environment -gh {variable} '{format_}'" for format_, variable in formats.items()),
        *typed,
        *(f"set-environment -gu {variable}" for variable in formats.values()),
        *(f"delete-buffer -b {buffer}" for buffer in texts.values()),
        f"list-panes -a -F '{mark}marker #{{pane_id}} #{{{MARKER}}}'",
        f"display-message -p '{mark}end'",
    ]
    answer = running.answer(script="\n".join([*lines, ""]), end=f"{mark}end")
    if not isinstance(answer, Answer):
        return answer
    printed = answer.output.decode(errors="replace")
    if f"{mark}end" not in printed:
        return NoAnswer(running.socket, f"tmux answered only in part: {answer.complaints or 'no reason given'}")
    markers = dict(re.findall(f"{mark}marker (%[0-9]+) (.*)", printed))
    return tuple(markers.get(stroke.pane.pane_id) == stroke.marker for stroke in strokes)


def _lines(strokes: Iterable[Stroke], texts: _Names, formats: _Names) -> Iterator[str]:
    for server, of_one in groupby(strokes, key=lambda stroke: stroke.pane.server):
        # Asked once, while the script is read: the server that reads it is the one that runs it.
        yield f"%if '#{{==:#{{pid}}:#{{start_time}},{server}}}'"
        yield from (_line(stroke, texts, formats) for stroke in of_one)
        yield "%endif"


# tmux takes a script apart character by character, and puts it together again, line by line and from the start each
# time, for a log it may not even write: 200 lines of 1,000 characters took it 140 ms, of 300 characters 20, of 150 15.
# So the lines are kept short, down to the names of the commands (if-shell, paste-buffer, set-option), and what they
# ask for stands in a hidden variable that no program ever gets.
def _line(stroke: Stroke, texts: _Names, formats: _Names) -> str:
    target = stroke.pane.pane_id
    acts = []
    if stroke.text:
        acts.append(f"pasteb -prb{texts[stroke.text]} -t{target}")
    if stroke.submit:
        # A pasted key goes to this pane alone: no key table, no synchronize-panes, no extended keys.
        acts.append(f"pasteb -rb{texts[stroke.submit]} -t{target}")
    # Last: what fails ends the list, and the marker never says that something was typed which was not.
    acts.append(f"set -pt{target} {MARKER} {_checked(stroke.marker, _MARKER_TEXT)}")
    return f"if -Ft{target} '{_fits(stroke, formats)}' '{';'.join(acts)}'"


def _fits(stroke: Stroke, formats: _Names) -> str:
    """A tmux condition, to be asked of the pane: it is as it was seen, and nothing has been typed since.

    All in one comparison. Nothing that is expected has a ":" in it: it is equal only when each of its parts is.
    """
    same, last = _same(stroke), stroke.seen.last
    is_ours = _MARKER_TEXT.fullmatch(last) is not None
    if is_ours:
        same[MARKER] = last
    equal = f"#{{==:#{{E:{formats[':'.join(f'#{{{name}}}' for name in same)]}}},{':'.join(same.values())}}}"
    if is_ours:
        return equal
    # Not to be written into a condition: it still is not ours.
    return f"#{{&&:{equal},#{{?#{{m/r:^{_MARKER_TEXT.pattern}$,#{{{MARKER}}}}},0,1}}}}"


def _same(stroke: Stroke) -> dict[str, str]:
    """What tmux has to say of the pane. Little: each word is looked for in ten tables of options first."""
    seen = stroke.seen
    same = {"pane_pid": f"{stroke.pane.pane_pid}", "pane_dead": "0"}
    if stroke.text or stroke.submit:
        same |= {"pane_in_mode": "0", "pane_input_off": "0"}
        same |= {"cursor_x": f"{seen.cursor_x}", "cursor_y": f"{seen.cursor_y}"}
        # tmux reads the process table for it, which costs the most: whoever types has done so just before, and nothing
        # is submitted without it.
        if stroke.submit and _COMMAND_TEXT.fullmatch(seen.command):
            same["pane_current_command"] = seen.command
        if stroke.at_rest:  # a pane that moved to another window has that one's activity
            same |= {"window_id": seen.window_id, "window_activity": f"{seen.activity}", "window_active_clients": "0"}
            if not seen.profile or _COMMAND_TEXT.fullmatch(seen.profile):
                same["@swarm_profile"] = seen.profile
    return same


def _text(text: str) -> str:
    return _KEYS[text] if text in _KEYS else tmux.quoted(_checked(text, TYPEABLE))


def _checked(text: str, allowed: re.Pattern[str]) -> str:
    if not allowed.fullmatch(text):
        raise ValueError("this text may not be typed into a pane")
    return text
