"""Notices on pane borders: the text of `@swarm_notice`, for which panes, and that it is unset once read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents.courier.courier import Courier
from swarm_agents.messages import reading
from swarm_agents.model import PaneAddress
from tests.support.courier_swarm import CourierSwarm
from tests.support.tmux import Tmux
from tests.support.until import until


@pytest.fixture
def swarm(tmux: Tmux, db_path: Path) -> Iterator[CourierSwarm]:
    made = CourierSwarm(tmux, db_path)
    made.courier = Courier(db_path, on_borders=True)
    yield made
    made.close()


def option(tmux: Tmux, pane: PaneAddress) -> str:
    return tmux.run("show-options", "-pqv", "-t", pane.pane_id, "@swarm_notice")


def rounds_until_border(swarm: CourierSwarm, pane: PaneAddress, text: str) -> None:
    def shown() -> bool:
        swarm.round()
        return option(swarm.tmux, pane) == text

    until(shown, f"the border says {text!r}, not {option(swarm.tmux, pane)!r}")


@pytest.mark.parametrize("program", [["cat"], ["bash", "--norc"]])
def test_a_pane_that_is_never_typed_into_shows_notices_on_its_border(swarm: CourierSwarm, program: list[str]) -> None:
    pane = swarm.tmux.pane(*program)
    swarm.join("ann", pane)

    message = swarm.say("hello")

    text = f"[swarm##{message}] INFO from human: hello. Read all of it with: swarm inbox"
    rounds_until_border(swarm, pane, text)
    assert "[swarm#" not in swarm.tmux.screen(pane)


def test_a_border_is_cleared_when_all_was_read(swarm: CourierSwarm) -> None:
    pane = swarm.tmux.pane("cat")
    swarm.join("ann", pane)
    message = swarm.say("hello")
    rounds_until_border(swarm, pane, f"[swarm##{message}] INFO from human: hello. Read all of it with: swarm inbox")

    reading.read_inbox(swarm.db, "ann")

    rounds_until_border(swarm, pane, "")


def test_a_border_shows_all_waiting_messages(swarm: CourierSwarm) -> None:
    pane = swarm.tmux.pane("cat")
    swarm.join("ann", pane)

    first, second = swarm.say("one"), swarm.say("two")

    rounds_until_border(
        swarm,
        pane,
        f"[swarm##{second}] 2 messages: ##{first} INFO from human, ##{second} INFO from human. "
        "Read them with: swarm inbox",
    )


def test_a_hostile_message_is_harmless_even_in_a_format_that_expands_it(swarm: CourierSwarm, tmp_path: Path) -> None:
    pane = swarm.tmux.pane("cat")
    swarm.join("ann", pane)
    trap, control = tmp_path / "trap", tmp_path / "control"

    message = swarm.say(f"#(touch {trap}) #[fg=red]x")
    until(lambda: swarm.round() is not None and str(message) in option(swarm.tmux, pane), "the border is set")

    shown = swarm.tmux.run("display-message", "-p", "-t", pane.pane_id, "#{E:@swarm_notice}")
    swarm.tmux.run("run-shell", f"touch {control}")
    until(control.exists, "what the option holds would have run by now")
    assert f"#(touch {trap})" in shown
    assert not trap.exists()


def test_borders_do_not_change_unless_configured(swarm: CourierSwarm, db_path: Path) -> None:
    swarm.courier = Courier(db_path)
    pane = swarm.tmux.pane("cat")
    swarm.join("ann", pane)

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "unknown-program")

    assert option(swarm.tmux, pane) == ""


def test_only_options_of_panes_are_set(swarm: CourierSwarm) -> None:
    pane = swarm.tmux.pane("cat")
    swarm.join("ann", pane)
    scopes = (["-g"], ["-gw"], ["-s"], ["-w", "-t", pane.pane_id], ["-t", "=base:"])
    before = [swarm.tmux.run("show-options", *scope) for scope in scopes]

    message = swarm.say("hello")
    until(lambda: swarm.round() is not None and str(message) in option(swarm.tmux, pane), "the border is set")

    assert [swarm.tmux.run("show-options", *scope) for scope in scopes] == before
