"""Types into panes: guarded strokes, a batch in one tmux process, each stroke at most once.

tmux runs a script to its end before it reads anything else, so the conditions of a stroke hold while it is typed. Each
stroke is a compare-and-swap on the pane's marker, the option `@swarm_last`: a stroke that comes late, or twice, or from
a process that was frozen, finds another marker and does nothing (docs/deliveries.md).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby

from swarm_agents.model import PaneAddress
from swarm_agents.panes import tmux
from swarm_agents.panes.pane import Pane
from swarm_agents.panes.server import TmuxServer
from swarm_agents.panes.tmux import NoAnswer, ServerGone, TmuxOutput, TmuxProcess

MARKER = "@swarm_last"

# Letters, digits and punctuation that cannot end a quote, expand, or chain a command, should a shell ever read it.
TYPEABLE = re.compile(r"[\w .,:=_/+%?()\[\]#-]+")
_MARKER_TEXT = re.compile(r"[A-Za-z0-9.+-]*")
_COMMAND_TEXT = re.compile(r"[A-Za-z0-9._+-]+")
_KEYS = {"\r": r'"\r"', "\n": r'"\n"'}


@dataclass(frozen=True)
class Stroke:
    """Text, a submit key, or both, for one pane as it was seen. With neither, only the marker changes.

    A stroke `at_rest` is done only if nothing was printed since, and no terminal shows the pane (see
    `ServerSnapshot.is_at_rest`).
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
    """Types into the panes of one server. A context manager: its processes end with it."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._ready: TmuxProcess | None = None
        self._processes = ExitStack()

    def __enter__(self) -> "Keyboard":
        return self

    def __exit__(self, *error: object) -> None:
        self._processes.close()

    def start_process(self) -> None:
        """Start the tmux process for the next batch, so that `type` need not wait for it."""
        if self._ready is None:
            self._ready = self._processes.enter_context(TmuxServer(self._socket).start_waiting_process())

    def type(self, strokes: Sequence[Stroke]) -> tuple[bool, ...] | ServerGone | NoAnswer:
        """Type a batch in one process. For each stroke, whether the pane has its marker now, so that it is done.

        A stroke that was not done found its pane changed. After `NoAnswer` the markers of the next snapshot tell what
        was typed. Screens cannot tell: tmux reads what the panes draw only after the script has ended.
        """
        self.start_process()
        running, self._ready = self._ready, None
        assert running is not None
        return _type(running, strokes)


class _SharedNames(dict[str, str]):
    """Names of buffers and variables that the lines of a script share, made on first use.

    They are unique to this script: where a hook of the user's waits, tmux runs another script in the middle of it.
    """

    def __init__(self, first: str) -> None:
        super().__init__()
        self._first = first

    def __missing__(self, shared: str) -> str:
        self[shared] = name = f"{self._first}{len(self)}"
        return name


def _type(running: TmuxProcess, strokes: Sequence[Stroke]) -> tuple[bool, ...] | ServerGone | NoAnswer:
    mark = tmux.make_separator()
    texts, formats = _SharedNames(f"swarm_{mark[1:9]}_t"), _SharedNames(f"swarm_{mark[1:9]}_f")
    typed = list(_make_lines(strokes, texts, formats))
    lines = [
        *(f"set-buffer -b {buffer} -- {_quote_text(text)}" for text, buffer in texts.items()),
        *(f"set-environment -gh {variable} '{format_}'" for format_, variable in formats.items()),
        *typed,
        *(f"set-environment -gu {variable}" for variable in formats.values()),
        *(f"delete-buffer -b {buffer}" for buffer in texts.values()),
        f"list-panes -a -F '{mark}marker #{{pane_id}} #{{{MARKER}}}'",
        f"display-message -p '{mark}end'",
    ]
    answer = running.read_output(script="\n".join([*lines, ""]), end=f"{mark}end")
    if not isinstance(answer, TmuxOutput):
        return answer
    printed = answer.output.decode(errors="replace")
    if f"{mark}end" not in printed:
        return NoAnswer(running.socket, f"tmux answered only in part: {answer.errors or 'no reason given'}")
    markers = dict(re.findall(f"{mark}marker (%[0-9]+) (.*)", printed))
    return tuple(markers.get(stroke.pane.pane_id) == stroke.marker for stroke in strokes)


def _make_lines(strokes: Iterable[Stroke], texts: _SharedNames, formats: _SharedNames) -> Iterator[str]:
    for server, of_one in groupby(strokes, key=lambda stroke: stroke.pane.server):
        # Tested once, while the script is parsed: the server that parses it also runs it.
        yield f"%if '#{{==:#{{pid}}:#{{start_time}},{server}}}'"
        yield from (_make_line(stroke, texts, formats) for stroke in of_one)
        yield "%endif"


# tmux parses a script character by character, and formats each line again for a log, even when it writes none: 200
# lines of 1,000 characters took it 140 ms, of 300 characters 20 ms, of 150 characters 15 ms. So the lines are short,
# down to the names of the commands (if-shell, paste-buffer, set-option), and the formats that they compare are in
# hidden variables, which tmux passes to no program.
def _make_line(stroke: Stroke, texts: _SharedNames, formats: _SharedNames) -> str:
    target = stroke.pane.pane_id
    commands = []
    if stroke.text:
        commands.append(f"pasteb -prb{texts[stroke.text]} -t{target}")
    if stroke.submit:
        # Pasted, the key goes to this pane alone: no key table, no synchronize-panes, no extended keys.
        commands.append(f"pasteb -rb{texts[stroke.submit]} -t{target}")
    # Last: a command that fails ends the list, so the marker is never set for what was not typed.
    commands.append(f"set -pt{target} {MARKER} {_require_match(stroke.marker, _MARKER_TEXT)}")
    return f"if -Ft{target} '{_make_condition(stroke, formats)}' '{';'.join(commands)}'"


def _make_condition(stroke: Stroke, formats: _SharedNames) -> str:
    """A tmux condition for the target pane: it is as it was seen, and nothing was typed since.

    One comparison for all fields, joined by ":". No expected value contains a ":", so all of them must be equal.
    """
    expected, last = _expected_fields(stroke), stroke.seen.last
    is_ours = _MARKER_TEXT.fullmatch(last) is not None
    if is_ours:
        expected[MARKER] = last
    equal = f"#{{==:#{{E:{formats[':'.join(f'#{{{name}}}' for name in expected)]}}},{':'.join(expected.values())}}}"
    if is_ours:
        return equal
    # A marker with other characters cannot be written into a condition. Test that it still has such characters.
    return f"#{{&&:{equal},#{{?#{{m/r:^{_MARKER_TEXT.pattern}$,#{{{MARKER}}}}},0,1}}}}"


def _expected_fields(stroke: Stroke) -> dict[str, str]:
    """The values that the pane's fields must have. As few as possible: tmux searches ten tables for each name."""
    seen = stroke.seen
    expected = {"pane_pid": f"{stroke.pane.pane_pid}", "pane_dead": "0"}
    if stroke.text or stroke.submit:
        expected |= {"pane_in_mode": "0", "pane_input_off": "0"}
        expected |= {"cursor_x": f"{seen.cursor_x}", "cursor_y": f"{seen.cursor_y}"}
        # tmux reads the process table for it, which costs the most. Before text is typed, the caller has read that
        # table itself; a submit key is always checked here.
        if stroke.submit and _COMMAND_TEXT.fullmatch(seen.command):
            expected["pane_current_command"] = seen.command
        if stroke.at_rest:  # window_id: in another window, the activity is of that one
            expected |= {
                "window_id": seen.window_id,
                "window_activity": f"{seen.activity}",
                "window_active_clients": "0",
            }
            if not seen.profile or _COMMAND_TEXT.fullmatch(seen.profile):
                expected["@swarm_profile"] = seen.profile
    return expected


def _quote_text(text: str) -> str:
    return _KEYS[text] if text in _KEYS else tmux.quote_word(_require_match(text, TYPEABLE))


def _require_match(text: str, allowed: re.Pattern[str]) -> str:
    if not allowed.fullmatch(text):
        raise ValueError("this text may not be typed into a pane")
    return text
