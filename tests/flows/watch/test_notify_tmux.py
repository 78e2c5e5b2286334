"""Announcing an escalation on real tmux terminals: the line, the bell, and servers that do not answer."""

import subprocess

from swarm_agents import roster
from swarm_agents.config.config import Config
from swarm_agents.db.database import Database
from swarm_agents.escalations.announcements import BACK_OFF_S, TMUX
from swarm_agents.system import log
from swarm_agents.watch import announcer
from tests.support.clock import FakeClock
from tests.support.notify import HumanTerminal, channel_state, raise_escalation
from tests.support.tmux import Tmux, private_server
from tests.support.until import until


def test_the_human_sees_a_line_in_their_terminal_and_hears_the_bell(
    db: Database, tmux: Tmux, terminal: HumanTerminal
) -> None:
    roster.join(db, "ada", "agent", tmux.pane("cat"))
    asked = raise_escalation(db, "no credentials for the registry")

    announcer.announce_due(db, Config())

    terminal.shows(f"swarm: you are asked: no credentials for the registry. See: swarm escalation show {asked}")
    until(terminal.rang, "the bell rang")
    assert channel_state(db, asked, TMUX) == ("shown", "")


def test_what_an_agent_wrote_is_shown_verbatim(db: Database, tmux: Tmux, terminal: HumanTerminal) -> None:
    roster.join(db, "ada", "agent", tmux.pane("cat"))
    raise_escalation(db, "#(touch /tmp/never) #{pid} %H 'quoted' \x1b[2J; kill-server")

    announcer.announce_due(db, Config())

    terminal.shows("you are asked: #(touch /tmp/never) #{pid} %H 'quoted' ␛[2J; kill-server.")


def test_a_control_mode_client_is_no_terminal(db: Database, tmux: Tmux) -> None:
    roster.join(db, "ada", "agent", tmux.pane("cat"))
    asked = raise_escalation(db)
    control = subprocess.Popen(
        ["tmux", "-S", tmux.socket, "-C", "attach", "-t", "base"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    until(lambda: bool(tmux.run("list-clients")), "it is attached")

    announcer.announce_due(db, Config())

    assert channel_state(db, asked, TMUX) == ("failed", f"No terminal is attached to tmux on {tmux.socket}.")
    control.communicate()


def test_a_human_who_comes_back_is_told_at_the_next_try(db: Database, clock: FakeClock, tmux: Tmux) -> None:
    roster.join(db, "ada", "agent", tmux.pane("cat"))
    asked = raise_escalation(db)
    announcer.announce_due(db, Config())
    assert channel_state(db, asked, TMUX)[0] == "failed"

    with private_server() as outer:
        terminal = HumanTerminal(outer, tmux)
        clock.forward(BACK_OFF_S[0])
        announcer.announce_due(db, Config())

        terminal.shows("swarm: you are asked: please look")
    assert channel_state(db, asked, TMUX) == ("shown", "")


def test_one_server_that_hangs_does_not_hide_the_line_from_another(
    db: Database, tmux: Tmux, terminal: HumanTerminal
) -> None:
    with private_server() as hung:
        roster.join(db, "ada", "agent", hung.pane("cat"))
        roster.join(db, "bob", "agent", tmux.pane("cat"))
        asked = raise_escalation(db)
        with hung.frozen():
            announcer.announce_due(db, Config())

    terminal.shows("swarm: you are asked: please look")
    assert channel_state(db, asked, TMUX) == ("shown", "")
    assert "could not be asked" in log.log_path(db.path).read_text()


def test_without_any_pane_the_tmux_channel_is_skipped(db: Database) -> None:
    roster.join(db, "ada", "agent", None)
    asked = raise_escalation(db)

    announcer.announce_due(db, Config())

    assert channel_state(db, asked, TMUX) == ("skipped", "no agent is in a tmux pane")
