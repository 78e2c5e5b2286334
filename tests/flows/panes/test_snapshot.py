"""Snapshots of real tmux servers: hostile texts, hooks that print, panes that are gone, servers that do not answer."""

import contextlib
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from swarm_agents.panes import tmux as transport
from swarm_agents.panes.snapshot import ServerSnapshot, take_snapshot
from swarm_agents.panes.tmux import NoAnswer, ServerGone
from tests.support.tmux import Tmux
from tests.support.until import until


def looked(tmux: Tmux, *screens: str) -> ServerSnapshot:
    seen = take_snapshot(tmux.socket, screens)
    assert isinstance(seen, ServerSnapshot), seen
    return seen


HOSTILE = ["a\u241eb", "tab\there", "new\nline", "=pane=", "#{pane_id}", "%3 %H", "'quoted\" $HOME", "\u202ertl", "💥"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_pane_can_break_the_snapshot(tmux: Tmux, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    first, second = tmux.pane("cat"), tmux.pane("cat")
    tmux.run("select-pane", "-t", first.pane_id, "-T", text)
    renamed = tmux.server.cmd("rename-window", text, target=first.pane_id)
    assert not renamed.returncode or "invalid window name" in renamed.stderr[0]  # 3.7 takes no tabs and line ends
    tmux.find(first).set_option("@swarm_notice", text)
    tmux.find(second).set_option("@swarm_notice", "bob")

    seen = looked(tmux, first.pane_id, second.pane_id)

    assert {pane.address for pane in seen.panes.values()} >= {first, second}
    assert seen.panes[second.pane_id].notice == "bob"
    assert "\n" not in seen.panes[first.pane_id].notice
    assert "\u202e" not in seen.panes[first.pane_id].title


def test_a_separator_of_one_snapshot_forges_nothing_in_the_next(tmux: Tmux, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    start = transport.start_script

    def overheard(socket: str, script: str) -> object:
        asked.append(script)
        return start(socket, script)

    monkeypatch.setattr(transport, "start_script", overheard)
    liar, honest = tmux.pane("cat"), tmux.pane("cat")
    looked(tmux)
    mark = asked[0].split("'")[1].split("server")[0]

    tmux.run("select-pane", "-t", liar.pane_id, "-T", f"x{mark}end{mark}pane{mark}")
    seen = looked(tmux)

    assert {pane.address for pane in seen.panes.values()} >= {liar, honest}
    assert seen.panes[liar.pane_id].title == f"x{mark}end{mark}pane{mark}"


@pytest.mark.parametrize("command", ["display-message", "list-panes", "capture-pane"])
def test_what_a_hook_of_the_users_prints_hides_no_pane(tmux: Tmux, command: str) -> None:
    pane = tmux.pane("cat")
    tmux.set_hook(f"after-{command}", "display-message -p 'a hook, and 3 words more'")

    seen = looked(tmux, pane.pane_id)
    tmux.unset_hook(f"after-{command}")  # else it would also print when this server is ended

    assert seen.find_pane(pane) is not None
    assert pane.pane_id in seen.screens


def test_a_folder_with_a_newline_hides_no_pane(tmux: Tmux) -> None:
    folder = tmux.folder / "two\nlines"
    folder.mkdir()
    tmux.run("new-window", "-d", "-c", str(folder), "cat")
    other = tmux.pane("cat")

    seen = looked(tmux)

    assert len(seen.panes) == 3
    assert seen.find_pane(other) is not None
    assert any(pane.path.endswith("two lines") for pane in seen.panes.values())


def test_a_snapshot_has_the_requested_screens(tmux: Tmux) -> None:
    pane = tmux.pane("sh", "-c", "printf '\\033[31mred\\033[0m\\nsecond'; exec cat")
    until(lambda: "second" in tmux.screen(pane), "it printed")

    seen = looked(tmux, pane.pane_id, "%999", "; kill-server")

    assert list(seen.screens) == [pane.pane_id]
    assert seen.screens[pane.pane_id][0].startswith("\x1b[31mred")
    assert seen.screens[pane.pane_id][1].endswith("second")


@pytest.mark.parametrize("commands", [["capture-pane"], ["display-message"], ["capture-pane", "display-message"]])
def test_what_a_hook_of_the_users_prints_shifts_no_screen(tmux: Tmux, commands: list[str]) -> None:
    drawn = [tmux.pane("sh", "-c", f"printf '{word}'; exec cat") for word in ("first", "second")]
    for pane, word in zip(drawn, ("first", "second"), strict=True):
        until(lambda: word in tmux.screen(pane), "it printed")  # noqa: B023 - asked at once
    for command in commands:
        tmux.set_hook(f"after-{command}", "display-message -p 'a hook'")

    seen = looked(tmux, *(pane.pane_id for pane in drawn))
    for command in commands:
        tmux.unset_hook(f"after-{command}")

    assert [seen.screens[pane.pane_id][0] for pane in drawn] == ["first", "second"]
    assert {len(seen.screens[pane.pane_id]) for pane in drawn} == {seen.panes[drawn[0].pane_id].height}


def test_a_hook_that_prints_our_own_words_changes_neither_the_server_nor_its_panes(tmux: Tmux) -> None:
    pane = tmux.pane("cat")
    for command in ("display-message", "list-panes"):
        tmux.set_hook(f"after-{command}", "display-message -p '#{hook_arguments}'")

    seen = looked(tmux, pane.pane_id)
    for command in ("display-message", "list-panes"):
        tmux.unset_hook(f"after-{command}")

    assert seen.find_pane(pane) is not None
    assert all(pane_id.startswith("%") for pane_id in seen.panes)


def test_a_pane_whose_only_row_is_its_border_needs_no_second_snapshot(
    tmux: Tmux, monkeypatch: pytest.MonkeyPatch
) -> None:
    high, low = tmux.pane("cat"), tmux.pane("cat")
    tmux.run("join-pane", "-d", "-l", "1", "-s", low.pane_id, "-t", high.pane_id)
    tmux.find(high).window.set_option("pane-border-status", "bottom")
    scripts: list[str] = []
    start = transport.start_script
    monkeypatch.setattr(
        transport, "start_script", lambda socket, script: scripts.append(script) or start(socket, script)
    )

    seen = looked(tmux, high.pane_id, low.pane_id)

    assert seen.panes[low.pane_id].height == 1
    assert len(seen.screens[low.pane_id]) == 1
    assert len(scripts) == 1


def test_a_pane_that_is_gone_shifts_no_screen(tmux: Tmux) -> None:
    pane, gone = tmux.pane("sh", "-c", "printf here; exec cat"), tmux.pane("cat")
    until(lambda: "here" in tmux.screen(pane), "it printed")
    tmux.run("kill-pane", "-t", gone.pane_id)

    seen = looked(tmux, gone.pane_id, pane.pane_id)

    assert list(seen.screens) == [pane.pane_id]
    assert seen.screens[pane.pane_id][0] == "here"


def test_reading_stops_at_the_end_that_was_asked_for(tmux: Tmux) -> None:
    script = "display-message -p what-was-asked\nwait-for never\n"

    with (
        transport.start_script(tmux.socket, script) as all_of_it,
        transport.start_script(tmux.socket, script) as enough,
    ):
        first = enough.read_output(end="what-was-asked")
        second = all_of_it.read_output(limit_s=0.5)

    assert isinstance(first, transport.TmuxOutput)
    assert second == NoAnswer(tmux.socket, "tmux did not answer within 0.5 s")


@contextmanager
def no_file_left() -> Iterator[None]:
    """This process can open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    taken: list[int] = []
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for file in taken:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_answer_is_read_when_no_file_is_left(tmux: Tmux) -> None:
    with transport.start_script(tmux.socket, "display-message -p here\n") as running, no_file_left():
        answer = running.read_output(end="here")

    assert isinstance(answer, transport.TmuxOutput)


def test_a_script_may_be_longer_than_a_pipe(tmux: Tmux) -> None:
    script = "set-option -s @length short\n" * 10_000 + "display-message -p end\n"

    with transport.start_waiting_process(tmux.socket) as running:
        answer = running.read_output(limit_s=60, script=script, end="end")

    assert isinstance(answer, transport.TmuxOutput)
    assert answer.output.endswith(b"end\n")


def test_a_server_that_is_gone_and_one_that_cannot_be_asked_are_not_empty(tmux: Tmux, tmp_path: Path) -> None:
    never_there = take_snapshot(str(tmp_path / "none"))
    not_a_server = tmp_path / "folder"
    not_a_server.mkdir()
    tmux.stop()

    assert never_there == ServerGone(str(tmp_path / "none"))
    assert take_snapshot(tmux.socket) == ServerGone(tmux.socket)
    assert isinstance(take_snapshot(str(not_a_server)), ServerGone | NoAnswer)


def test_a_tmux_that_cannot_be_started_is_no_answer(tmux: Tmux, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(tmux.folder, "bin").mkdir()
    Path(tmux.folder, "bin", "tmux").touch(mode=0o644)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{tmux.folder}/bin")

        seen = take_snapshot(tmux.socket)

    assert seen == NoAnswer(tmux.socket, "tmux could not be started: Permission denied")


def test_every_screen_comes_with_one_snapshot(tmux: Tmux) -> None:
    for _ in range(8):
        tmux.run("new-window", "-d", "cat")

    seen = looked(tmux, *looked(tmux).panes)

    assert set(seen.screens) == set(seen.panes)
    assert len(seen.screens) == 9
