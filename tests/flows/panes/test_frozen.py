"""A tmux server that was stopped: no public function of panes/ waits for it without a limit, or calls it gone."""

import importlib
import inspect
import os
import pkgutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import libtmux
import pytest
from libtmux import Session, Window

from swarm_agents import panes
from swarm_agents.model import PaneAddress
from swarm_agents.panes import address, human, private, server, snapshot, tmux
from swarm_agents.panes.keyboard import Keyboard, Stroke
from swarm_agents.panes.pane import Pane
from swarm_agents.panes.private import PaneCommand
from swarm_agents.panes.server import CommandWords, TmuxServer
from swarm_agents.panes.tmux import NoAnswer, NoAnswerError, ServerGone, ServerGoneError
from tests.support.tmux import Tmux

MARGIN_S = 6.0  # two cores, and all of them wait at once
QUICK_S = 1.0


@dataclass(frozen=True)
class World:
    """A server that is stopped, what was seen of it before, and objects of libtmux on it."""

    socket: str
    folder: str
    pane: PaneAddress
    seen: Pane
    server: TmuxServer
    session: Session
    window: Window
    libtmux_pane: libtmux.Pane

    @property
    def command(self) -> PaneCommand:
        return PaneCommand(["cat"], self.folder, {})


Call = Callable[[World], object]

# Each asks tmux. By their names in panes/.
CALLS: dict[str, Call] = {
    "address.find_own_pane": lambda it: address.find_own_pane(),
    "address.find_own_agent": lambda it: address.find_own_agent(),
    "address.find_address": lambda it: address.find_address(it.pane.pane_id, it.socket),
    "address.set_agent": lambda it: address.set_agent(it.pane, "ann"),
    "address.set_option": lambda it: address.set_option(it.pane, "@swarm_profile", "plain"),
    "address.set_options": lambda it: address.set_options(it.socket, "@swarm_notice", {it.pane: "x"}),
    "address.is_alive": lambda it: address.is_alive(it.pane),
    "human.jump_to": lambda it: human.jump_to(it.pane, "/dev/pts/0"),
    "human.display_line": lambda it: human.display_line(it.socket, "/dev/pts/0", "a line"),
    "keyboard.Keyboard": lambda it: _type(it),
    "private.start_server": lambda it: private.start_server(it.socket, "w", it.command, os.environ, 80, 24),
    "private.add_window": lambda it: private.add_window(it.socket, "w", it.command),
    "private.add_pane": lambda it: private.add_pane(it.pane, it.command),
    "private.respawn_pane": lambda it: private.respawn_pane(it.pane, it.command),
    "private.set_window_options": lambda it: private.set_window_options(it.pane, {"remain-on-exit": "on"}),
    "private.read_pane": lambda it: private.read_pane(it.pane),
    "private.attach_terminal": lambda it: _attach(it),
    "private.hang_up_panes": lambda it: private.hang_up_panes(it.socket, "none"),
    "private.end_server": lambda it: private.end_server(it.socket),
    "snapshot.take_snapshot": lambda it: snapshot.take_snapshot(it.socket, [it.pane.pane_id]),
    "snapshot.PendingSnapshot": lambda it: _wait(it),
    "tmux.run_command": lambda it: tmux.run_command(it.socket, ["list-panes"]),
    "tmux.run_script": lambda it: tmux.run_script(it.socket, "list-panes\n"),
    "tmux.start_script": lambda it: _read(tmux.start_script(it.socket, "list-panes\n")),
    "tmux.start_waiting_process": lambda it: _read(tmux.start_waiting_process(it.socket), "list-panes\n"),
    "server.TmuxServer.cmd": lambda it: it.server.cmd("list-panes"),
    "server.TmuxServer.run_words": lambda it: it.server.run_words(["list-panes"]),
    "server.TmuxServer.start_script": lambda it: _read(it.server.start_script("list-panes\n")),
    "server.TmuxServer.start_waiting_process": lambda it: _read(it.server.start_waiting_process(), "list-panes\n"),
    "server.TmuxServer.run_script": lambda it: it.server.run_script("list-panes\n"),
    "server.TmuxServer.is_alive": lambda it: it.server.is_alive(),
    "server.TmuxServer.raise_if_dead": lambda it: it.server.raise_if_dead(),
    "server.TmuxServer.has_session": lambda it: it.server.has_session("base"),
    "server.TmuxServer.kill": lambda it: it.server.kill(),
}
# What libtmux does by itself, with our server below it.
LIBTMUX_CALLS: dict[str, Call] = {
    "sessions": lambda it: it.server.sessions,
    "windows": lambda it: it.server.windows,
    "panes": lambda it: it.server.panes,
    "clients": lambda it: it.server.clients,
    "new session": lambda it: it.server.new_session("another"),
    "new window": lambda it: it.session.new_window(window_shell=CommandWords(["cat"])),
    "rename": lambda it: it.session.rename_session("other"),
    "hook": lambda it: it.session.set_hook("after-new-window", "display-message x"),
    "environment": lambda it: it.session.set_environment("A", "b"),
    "read environment": lambda it: it.session.show_environment(),
    "option": lambda it: it.window.set_option("remain-on-exit", "on"),
    "read options": lambda it: it.window.show_options(),
    "layout": lambda it: it.window.select_layout("tiled"),
    "panes of a window": lambda it: it.window.panes,
    "split": lambda it: it.libtmux_pane.split(),
    "respawn": lambda it: it.libtmux_pane.respawn(kill=True),
    "refresh": lambda it: it.libtmux_pane.refresh(),
    "window of a pane": lambda it: it.libtmux_pane.window,
    "capture": lambda it: it.libtmux_pane.capture_pane(),
    "keys": lambda it: it.libtmux_pane.send_keys("x"),
    "message": lambda it: it.libtmux_pane.display_message("x"),
}
# These ask no server.
WITHOUT_A_SERVER = {
    *("address.default_socket", "address.join_conditions", "address.make_identity_condition"),
    "address.read_own_socket",
    *("foreground.ForegroundProgram", "foreground.count_unread_bytes", "foreground.find_leader"),
    *("foreground.read_leaders", "foreground.read_programs", "human.make_attach_command", "human.ring_bell"),
    *("keyboard.Stroke", "pane.Client", "pane.Pane", "pane.make_client_format", "pane.make_pane_format"),
    *(
        "pane.read_client",
        "pane.read_pane",
        "private.PaneCommand",
        "server.CommandWords",
        "server.TmuxRefusedError",
        "server.make_address",
    ),
    *("snapshot.ServerSnapshot", "tmux.NoAnswer", "tmux.NoAnswerError"),
    *("tmux.ServerGone", "tmux.ServerGoneError", "tmux.TmuxOutput", "tmux.TmuxProcess", "tmux.is_pane_id"),
    *("tmux.run_program", "version.read_version", "version.describe_version"),
    *("tmux.make_environment", "tmux.make_separator", "tmux.quote_word"),
}
SAYS_NOTHING = {"address.set_options", "private.hang_up_panes", "private.end_server", "private.attach_terminal"}


def test_every_public_function_of_panes_is_tried_on_a_stopped_server() -> None:
    assert public_names() == CALLS.keys() | WITHOUT_A_SERVER


def test_a_stopped_server_hangs_no_call_and_is_never_called_gone(
    tmux: Tmux, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(tmux, tmp_path)
    monkeypatch.setenv("TMUX", f"{tmux.socket},{tmux.server_pid()},0")
    monkeypatch.setenv("TMUX_PANE", world.pane.pane_id)
    calls = CALLS | LIBTMUX_CALLS

    with tmux.frozen(), ThreadPoolExecutor(len(calls)) as threads:
        ends = {name: threads.submit(end_of, call, world) for name, call in calls.items()}
        took = {name: end.result(timeout=60) for name, end in ends.items()}

    # `start_server` has twice the limit, as a server that starts reads files.
    slow = {name: s for name, (s, _) in took.items() if s > server.tmux.LIMIT_S * 2 + MARGIN_S}
    assert slow == {}
    assert {name: end for name, (_, end) in took.items() if not is_no_answer(end) and name not in SAYS_NOTHING} == {}
    assert took["private.end_server"][1] is False


def make_world(tmux: Tmux, folder: Path) -> World:
    at = tmux.pane("cat")
    seen = snapshot.take_snapshot(tmux.socket)
    assert isinstance(seen, snapshot.ServerSnapshot)
    now = seen.find_pane(at)
    found = tmux.find(at)
    ours = TmuxServer(tmux.socket, limit_s=QUICK_S)
    assert now is not None
    return World(
        tmux.socket,
        str(folder),
        at,
        now,
        ours,
        Session.from_session_id(ours, str(found.session_id)),
        Window.from_window_id(ours, str(found.window_id)),
        libtmux.Pane.from_pane_id(ours, at.pane_id),
    )


def end_of(call: Call, world: World) -> tuple[float, object]:
    """How long the call took, and what it returned or raised."""
    began = time.monotonic()
    try:
        end = call(world)
    except Exception as error:  # noqa: BLE001 - the test compares it
        end = error
    return time.monotonic() - began, end


def is_no_answer(end: object) -> bool:
    return isinstance(end, NoAnswer | NoAnswerError) and not isinstance(end, ServerGone | ServerGoneError)


def public_names() -> set[str]:
    """Functions and classes of panes/, and the methods of our server, that may be called from outside."""
    found = set()
    for module in pkgutil.iter_modules(panes.__path__):
        loaded = importlib.import_module(f"{panes.__name__}.{module.name}")
        for name, it in vars(loaded).items():
            if not name.startswith("_") and getattr(it, "__module__", "") == loaded.__name__:
                found.add(f"{module.name}.{name}")
    methods = {name for name, it in vars(TmuxServer).items() if inspect.isfunction(it) and not name.startswith("_")}
    return found - {"server.TmuxServer"} | {f"server.TmuxServer.{name}" for name in methods}


def _type(it: World) -> object:
    with Keyboard(it.socket) as keys:
        return keys.type([Stroke(it.seen, "token", text="a line")])


def _wait(it: World) -> object:
    with snapshot.PendingSnapshot(it.socket) as pending:
        return pending.wait(QUICK_S)


def _read(running: tmux.TmuxProcess, script: str = "") -> object:
    with running:
        return running.read_output(QUICK_S, script)


def _attach(it: World) -> None:
    """It waits for the human, so only its start is tried."""
    client = private.attach_terminal(it.socket)
    client.kill()
    client.wait(10)
