"""One pane and one client as tmux describes them: which fields are asked for, and how the answers are read."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from swarm_agents.model import PaneAddress
from swarm_agents.text import one_line, printable

_TEXT_LIMIT = 1_000  # characters of a title or a path; no screen shows more

_PANE_NUMBERS = (
    *("pane_pid", "pane_dead", "pane_in_mode", "pane_input_off", "cursor_x", "cursor_y", "pane_width", "pane_height"),
    *("window_activity", "window_active_clients"),
)
_PANE_TEXTS = (
    *("pane_id", "pane_tty", "window_id", "window_name", "pane_title", "pane_current_path", "pane_current_command"),
    *("@swarm_last", "@swarm_profile", "@swarm_notice"),
)
_ALL_KNOWN: frozenset[str] = frozenset()
_CLIENT_NUMBERS = ("client_activity", "client_control_mode", "client_readonly")
_CLIENT_TEXTS = ("client_name", "pane_id")


@dataclass(frozen=True)
class Pane:
    """One pane as tmux describes it, with printable texts. `last`, `profile`, `notice` are our options on it.

    What tmux did not tell is 0, and named in `unknown`.
    """

    address: PaneAddress
    dead: bool
    in_mode: bool
    input_off: bool
    cursor_x: int
    cursor_y: int
    width: int
    height: int
    """The rows of its screen, at least 1."""
    activity: int
    """When its window last printed something, in seconds of the wall clock."""
    watchers: int
    """Terminals that show its window."""
    tty: str
    window_id: str
    window: str
    title: str
    path: str
    command: str
    last: str
    profile: str
    notice: str = ""
    unknown: frozenset[str] = frozenset()
    """Names of tmux's numbers that tmux did not tell. From 3.8 on a dead pane has no `pane_pid`."""


@dataclass(frozen=True)
class Client:
    """An attached terminal. `activity`: when its human last pressed a key, in seconds; what we type does not count.

    An activity that tmux did not tell is now.
    """

    name: str
    pane_id: str
    activity: int
    control: bool
    read_only: bool


def make_pane_format(mark: str) -> str:
    """The format with which tmux prints what `read_pane` reads."""
    return _join_fields(mark, _PANE_NUMBERS, _PANE_TEXTS)


def make_client_format(mark: str) -> str:
    """The format with which tmux prints what `read_client` reads."""
    return _join_fields(mark, _CLIENT_NUMBERS, _CLIENT_TEXTS)


def read_pane(socket: str, server: str, chunks: Iterator[str]) -> Pane:
    """The pane whose fields are the next chunks."""
    pane_id, tty, window_id, window, title, path, command, last, profile, notice = _take_texts(chunks, _PANE_TEXTS)
    numbers, unknown = _take_numbers(chunks, _PANE_NUMBERS)
    pid, dead, in_mode, input_off, cursor_x, cursor_y, width, height, activity, watchers = numbers
    return Pane(
        address=PaneAddress(socket, server, pane_id, pid),
        dead=bool(dead),
        in_mode=bool(in_mode),
        input_off=bool(input_off),
        cursor_x=cursor_x,
        cursor_y=cursor_y,
        width=width,
        height=max(1, height),  # before 3.8 a pane whose only row is its border has none, and one is captured
        activity=activity,
        watchers=watchers,
        tty=tty,
        window_id=window_id,
        window=window,
        title=title,
        path=path,
        command=command,
        last=last,
        profile=profile,
        notice=notice,
        unknown=unknown,
    )


def read_client(chunks: Iterator[str]) -> Client:
    """The client whose fields are the next chunks."""
    name, pane_id = _take_texts(chunks, _CLIENT_TEXTS)
    (activity, control, read_only), unknown = _take_numbers(chunks, _CLIENT_NUMBERS)
    if "client_activity" in unknown:
        activity = int(time.time())
    return Client(name, pane_id, activity, bool(control), bool(read_only))


def _join_fields(mark: str, numbers: tuple[str, ...], texts: tuple[str, ...]) -> str:
    return mark.join(f"#{{{name}}}" for name in texts) + mark + " ".join(f"#{{{name}}}" for name in numbers)


# A marker is compared with tmux's value later, so it keeps its line ends.
def _take_texts(chunks: Iterator[str], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        text = next(chunks, "")
        if text.isprintable() and len(text) <= _TEXT_LIMIT:  # nearly all; there are ten for each pane
            yield text
        else:
            yield printable(text) if name == "@swarm_last" else one_line(text, _TEXT_LIMIT)


def _take_numbers(chunks: Iterator[str], names: tuple[str, ...]) -> tuple[Sequence[int], frozenset[str]]:
    """The numbers, and the names of those that tmux did not tell: empty, or anything else than digits."""
    line = next(chunks, "").partition("\n")[0]  # a hook of the user's printed the rest
    words = line.split(" ")
    if len(words) == len(names) and line.isascii() and all(map(str.isdigit, words)):  # nearly all
        return list(map(int, words)), _ALL_KNOWN
    told = {name: int(word) for name, word in zip(names, words, strict=False) if word.isascii() and word.isdigit()}
    return [told.get(name, 0) for name in names], frozenset(names) - told.keys()
