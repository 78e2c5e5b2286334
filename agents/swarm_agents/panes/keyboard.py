"""Types into panes: guarded strokes, all of a batch in one process, each of them at most once.

tmux runs a script to its end before it reads anything else, so the conditions of a stroke hold while it is typed. Each
stroke swaps the pane's marker, the option `@swarm_last`, from what it was seen to be to what it is then: a stroke that
comes late, or twice, or from a process that was frozen, finds another marker and does nothing (docs/deliveries.md).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from swarm_agents.model import PaneAddress
from swarm_agents.panes import tmux
from swarm_agents.panes.look import Pane
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
    """Types into the panes of one server. Use it as a context: what was made ready in vain is ended."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._ready: Running | None = None

    def __enter__(self) -> "Keyboard":
        return self

    def __exit__(self, *error: object) -> None:
        if self._ready is not None:
            self._ready.__exit__(*error)

    def make_ready(self) -> None:
        """Start the process that will type, while something else is waited for."""
        self._ready = self._ready or tmux.ready(self._socket)

    def type(self, strokes: Sequence[Stroke]) -> tuple[bool, ...] | ServerGone | NoAnswer:
        """Type a batch in one process; of each stroke whether its marker is there now: it was done, here or elsewhere.

        One that was not done found its pane changed. After `NoAnswer` the markers of the next look say what was typed.
        Screens are no use here: what the panes draw in answer is not read before the script has ended.
        """
        running, self._ready = self._ready or tmux.ready(self._socket), None
        with running:
            return _type(running, strokes)


def _type(running: Running, strokes: Sequence[Stroke]) -> tuple[bool, ...] | ServerGone | NoAnswer:
    mark = tmux.fresh_mark()
    # Names of our own: where a hook of the user's waits, tmux runs somebody else's script in the middle of this one.
    texts = {text: f"swarm_{mark[1:9]}_{n}" for n, text in enumerate(dict.fromkeys(_texts(strokes)))}
    lines = [
        *(f"set-buffer -b {buffer} -- {_text(text)}" for text, buffer in texts.items()),
        *_lines(strokes, texts),
        *(f"delete-buffer -b {buffer}" for buffer in texts.values()),
        f"list-panes -a -F '{mark}marker #{{pane_id}} #{{{MARKER}}}'",
        f"display-message -p '{mark}end'",
    ]
    answer = running.answer(script="\n".join([*lines, ""]))
    if not isinstance(answer, Answer):
        return answer
    printed = answer.output.decode(errors="replace")
    if f"{mark}end" not in printed:
        return NoAnswer(running.socket, f"tmux answered only in part: {answer.complaints or 'no reason given'}")
    markers = dict(re.findall(f"{mark}marker (%[0-9]+) (.*)", printed))
    return tuple(markers.get(stroke.pane.pane_id) == stroke.marker for stroke in strokes)


def _lines(strokes: Iterable[Stroke], texts: Mapping[str, str]) -> Iterator[str]:
    for server, of_one in groupby(strokes, key=lambda stroke: stroke.pane.server):
        # Asked once, while the script is read: the server that reads it is the one that runs it.
        yield f"%if '#{{==:#{{pid}}:#{{start_time}},{server}}}'"
        yield from (_line(stroke, texts) for stroke in of_one)
        yield "%endif"


# tmux puts a script that it has read together again, line by line and from the start each time, for a log it may not
# even write. 200 lines of 1,000 characters took it 140 ms, and of 300 characters 20: so the lines are kept short. And
# each thing that is asked for is looked for in six tables of options first: so few things are asked.
def _line(stroke: Stroke, texts: Mapping[str, str]) -> str:
    target = f"-t {stroke.pane.pane_id}"
    acts = []
    if stroke.text:
        acts.append(f"paste-buffer -p -r -b {texts[stroke.text]} {target}")
    if stroke.submit:
        # A pasted key goes to this pane alone: no key table, no synchronize-panes, no extended keys.
        acts.append(f"paste-buffer -r -b {texts[stroke.submit]} {target}")
    # Last: what fails ends the list, and the marker never says that something was typed which was not.
    acts.append(f"set-option -p {target} {MARKER} {_checked(stroke.marker, _MARKER_TEXT)}")
    return f"if-shell -F {target} '{_fits(stroke)}' '{' ; '.join(acts)}'"


def _fits(stroke: Stroke) -> str:
    """A tmux condition, to be asked of the pane: it is as it was seen, and nothing has been typed since."""
    seen, last = stroke.seen, stroke.seen.last
    same = {"pane_pid": f"{stroke.pane.pane_pid}", "pane_dead": "0"}
    if stroke.text or stroke.submit:
        same |= {"pane_in_mode": "0", "pane_input_off": "0"}
        if _COMMAND_TEXT.fullmatch(seen.command):
            same["pane_current_command"] = seen.command
        same |= {"cursor_x": f"{seen.cursor_x}", "cursor_y": f"{seen.cursor_y}"}
        if stroke.at_rest:  # a pane that moved to another window has that one's activity
            same |= {"window_id": seen.window_id, "window_activity": f"{seen.activity}", "window_active_clients": "0"}
            if not seen.profile or _COMMAND_TEXT.fullmatch(seen.profile):
                same["@swarm_profile"] = seen.profile
    if not _MARKER_TEXT.fullmatch(last):  # not ours, and not to be written into a condition: it still is not ours
        return f"#{{&&:{_equal(same)},#{{?#{{m/r:^{_MARKER_TEXT.pattern}$,#{{{MARKER}}}}},0,1}}}}"
    return _equal({**same, MARKER: last})


def _equal(values: Mapping[str, str]) -> str:
    """All of them, in one comparison: it is the cheapest.

    Nothing that is expected has a ":" in it, so two lists are equal only when all of their parts are.
    """
    return f"#{{==:{':'.join(f'#{{{name}}}' for name in values)},{':'.join(values.values())}}}"


def _texts(strokes: Iterable[Stroke]) -> Iterator[str]:
    for stroke in strokes:
        yield from filter(None, (stroke.text, stroke.submit))


def _text(text: str) -> str:
    return _KEYS[text] if text in _KEYS else tmux.quoted(_checked(text, TYPEABLE))


def _checked(text: str, allowed: re.Pattern[str]) -> str:
    if not allowed.fullmatch(text):
        raise ValueError("this text may not be typed into a pane")
    return text
