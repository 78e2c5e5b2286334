"""Notices typed into real panes: what arrives, and which state is recorded."""

import os
import signal
import sys
from pathlib import Path

import pytest

from swarm_agents.courier import injections
from swarm_agents.courier.injections import NoticeLine
from swarm_agents.messages import deliveries, reading
from tests.support.courier_swarm import CourierSwarm
from tests.support.until import until


def test_a_notice_is_typed_submitted_and_read(swarm: CourierSwarm) -> None:
    ann = swarm.agent("ann")

    message = swarm.say("the build is green again")
    swarm.rounds_until(message, "ann", "submitted")
    reading.read_inbox(swarm.db, "ann")

    assert ann.prompts() == [
        f"[swarm#{message}] INFO from human: the build is green again. Read all of it with: swarm inbox"
    ]
    assert swarm.state(message, "ann") == ("read", None)


PROGRAMS = ["claude-code", "codex", "gemini", "opencode", "aider"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_composer_gets_exactly_the_line(swarm: CourierSwarm, program: str) -> None:
    agent = swarm.agent("ann", "--like", program, profile=program)

    message = swarm.say("hello, and this is long enough to be wrapped into a second row wherever it is drawn")
    swarm.rounds_until(message, "ann", "submitted")

    assert agent.typed().startswith(b"\x1b[200~[swarm#")
    assert agent.typed().endswith(b"swarm inbox\x1b[201~\r")
    assert len(agent.prompts()) == 1


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_question_of_each_program_never_receives_a_byte(swarm: CourierSwarm, program: str) -> None:
    agent = swarm.agent("ann", "--like", program, "--dialog", profile=program)

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "dialog")
    assert agent.typed() == b""
    os.kill(agent.pane.pane_pid, signal.SIGUSR1)
    swarm.rounds_until(message, "ann", "submitted")

    assert len(agent.prompts()) == 1


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("draft", ["please fix the au", "two\nrows", "an open end\n"])
def test_the_draft_in_each_program_is_left_alone(swarm: CourierSwarm, program: str, draft: str) -> None:
    agent = swarm.agent("ann", "--like", program, "--draft", draft, profile=program)

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "draft")
    assert agent.typed() == b""
    agent.keys("Enter")
    swarm.rounds_until(message, "ann", "submitted")

    assert agent.prompts()[0] == draft
    assert agent.prompts()[1].startswith(f"[swarm#{message}]")


def test_a_program_that_reads_a_key_right_after_a_paste_as_a_line_end_gets_it_later(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann", "--like", "gemini", "--line-end-after-paste", "0.04", profile="gemini")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "submitted")

    assert agent.typed().count(b"\r") == 1
    assert agent.prompts() == [f"[swarm#{message}] INFO from human: hello. Read all of it with: swarm inbox"]


def test_a_submit_key_that_became_a_line_end_is_pressed_again(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann", "--like", "gemini", "--line-end-after-paste", "0.5", profile="gemini")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "submitted")

    assert agent.typed().count(b"[swarm#") == 1
    assert agent.prompts() == [f"[swarm#{message}] INFO from human: hello. Read all of it with: swarm inbox\n"]


def test_a_program_without_paste_marks_gets_the_bare_line(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann", "--no-paste-marks")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "submitted")

    assert agent.typed().startswith(b"[swarm#")
    assert len(agent.prompts()) == 1


def test_a_line_reader_gets_its_line_and_no_more(swarm: CourierSwarm, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    program = (
        f"import sys\nopen({str(heard)!r}, 'w').close()\nfor line in sys.stdin: open({str(heard)!r}, 'a').write(line)"
    )
    swarm.join("ann", swarm.tmux.pane(sys.executable, "-c", program, profile="plain"))
    until(heard.exists, "the reader reads")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "submitted")

    until(lambda: heard.read_text().endswith("\n"), "the line arrived")
    assert heard.read_text() == f"[swarm#{message}] INFO from human: hello. Read all of it with: swarm inbox\n"


def test_a_line_that_is_not_read_stays_typed_and_is_not_submitted(swarm: CourierSwarm) -> None:
    pane = swarm.tmux.pane(sys.executable, "-c", "import time\nprint('up')\ntime.sleep(600)", profile="plain")
    until(lambda: "up" in swarm.tmux.screen(pane), "the program is up")
    swarm.join("ann", pane)

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "typed")
    swarm.round()

    assert swarm.state(message, "ann") == ("typed", None)


def test_a_program_that_never_reads_its_keyboard_ends_unknown(swarm: CourierSwarm) -> None:
    swarm.agent("ann", "--deaf")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "unknown", "not-reading")
    second = swarm.say("more")
    swarm.rounds_until(second, "ann", "queued", "not-reading")

    assert swarm.state(message, "ann") == ("unknown", "not-reading")


def test_an_agent_in_vims_normal_mode_reads_a_paste_as_text(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann", "--vim", "normal")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "submitted")

    assert len(agent.prompts()) == 1


def test_an_agent_that_reads_a_paste_as_commands_gets_no_submit_key(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann", "--vim", "strict")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "unknown", "not-reading")

    assert agent.typed().count(b"[swarm#") == 1
    assert b"\r" not in agent.typed()
    assert agent.prompts() == []


def test_a_swallowed_submit_key_is_pressed_again_and_the_text_is_not(swarm: CourierSwarm) -> None:
    agents = [swarm.agent(f"agent-{n}", "--swallow", "0.5", "--seed", str(n)) for n in range(6)]

    message = swarm.say("hello")
    swarm.rounds_until_done()

    for agent in agents:
        state, _ = swarm.state(message, agent.name)
        assert (state == "submitted") == (len(agent.prompts()) == 1)
        assert agent.typed().count(b"[swarm#") == 1


def test_three_swallowed_submit_keys_are_enough(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann", "--swallow", "1")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "unknown", "not-reading")

    assert agent.typed().count(b"\r") == 3
    assert agent.typed().count(b"[swarm#") == 1


def test_synchronized_panes_do_not_multiply_a_notice(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    beside = swarm.tmux.run("split-window", "-d", "-P", "-F", "#{pane_id}", "-t", agent.pane.pane_id, "cat")
    swarm.tmux.find(agent.pane).window.set_option("synchronize-panes", "on")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "submitted")

    assert swarm.tmux.run("capture-pane", "-p", "-t", beside).strip() == ""
    assert len(agent.prompts()) == 1


def test_waiting_messages_come_in_one_line(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann", "--draft", "x")
    messages_held = [swarm.say(f"word {n}") for n in range(3)]
    swarm.rounds_until(messages_held[-1], "ann", "queued", "draft")

    agent.keys("BSpace")
    for message in messages_held:
        swarm.rounds_until(message, "ann", "submitted")

    assert len(agent.prompts()) == 1
    assert agent.prompts()[0].startswith(f"[swarm#{messages_held[-1]}] 3 messages: #{messages_held[0]} INFO from human")


def test_a_message_that_was_read_first_is_never_typed(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann", "--draft", "x")
    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "draft")

    reading.read_inbox(swarm.db, "ann")
    agent.keys("BSpace")
    swarm.rounds_until_done()

    assert swarm.state(message, "ann") == ("read", None)
    assert b"[swarm#" not in agent.typed()


def test_only_a_human_types_an_unknown_notice_again(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann", "--swallow", "1")
    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "unknown", "not-reading")

    swarm.rounds_until_done()
    assert agent.typed().count(b"[swarm#") == 1
    agent.keys("-N", "200", "BSpace")
    with swarm.db.transaction() as tx:
        deliveries.retry(tx, message)
    swarm.rounds_until(message, "ann", "unknown", "not-reading")

    assert agent.typed().count(b"[swarm#") == 2


def test_a_line_left_untyped_by_a_killed_courier_is_decided_again(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    message = swarm.say("hello")
    with swarm.db.transaction() as tx:
        injections.begin(tx, [NoticeLine(agent.pane, "[swarm#1] hello", injections.list_waiting(tx))])
        tx.execute("update typings set began_mono_ms = :then", then=tx.moment.mono_ms - 3_600_000)
        tx.execute("update deliveries set expires_mono_ms = :past", past=tx.moment.mono_ms - 1)

    swarm.rounds_until(message, "ann", "skipped", "expired")

    assert agent.typed() == b""


def test_a_program_whose_cursor_never_rests_gets_its_line_once(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann", "--restless")

    sent = [swarm.say("hello")]
    swarm.rounds_until(sent[0], "ann", "submitted")
    sent.append(swarm.say("again"))
    swarm.rounds_until(sent[1], "ann", "submitted")

    assert [prompt.split("]")[0] for prompt in agent.prompts()] == [f"[swarm#{message}" for message in sent]
    assert agent.typed().count(b"[swarm#") == 2
