"""`swarm courier` and `swarm notice` as a person runs them."""

import json
import os
import signal
import subprocess
import sys

import pytest

from swarm_agents.build import build
from swarm_agents.model import BuildRules
from tests.support.courier_swarm import CourierSwarm
from tests.support.until import until


def command(swarm: CourierSwarm, *words: str, pane_of: str = "") -> subprocess.Popen[str]:
    environment = dict(os.environ) | {"SWARM_DB": str(swarm.database)}
    if pane_of:
        environment |= {"TMUX": f"{swarm.tmux.socket},{swarm.tmux.server_pid()},0", "TMUX_PANE": pane_of}
    return subprocess.Popen(
        [sys.executable, "-m", "swarm_agents.cli.main", *words],
        env=environment,
        cwd=swarm.tmux.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ran(swarm: CourierSwarm, *words: str, pane_of: str = "") -> tuple[int, dict[str, object]]:
    process = command(swarm, *words, "--json", pane_of=pane_of)
    printed, complaints = process.communicate(timeout=60)
    assert printed, complaints
    answer: dict[str, object] = json.loads(printed)
    return process.returncode, answer


def test_one_round_of_the_courier_types_what_waits(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    message = swarm.say("hello")

    code, _ = ran(swarm, "courier", "--seconds", "0")

    assert code == 0
    assert len(agent.prompts()) == 1
    assert swarm.state(message, "ann") == ("submitted", None)


def test_the_courier_runs_until_it_is_told_to_stop(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    running = command(swarm, "courier")
    swarm.say("hello")
    until(lambda: len(agent.prompts()) == 1, "the notice was typed")

    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=20)

    assert running.returncode == 0
    with swarm.db.reading() as tx:
        assert tx.execute("select * from couriers") == []


def test_the_courier_ends_the_lease_of_a_fixer_whose_pane_is_gone(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    build.report(swarm.db, "ann", "tests fail", BuildRules())
    running = command(swarm, "courier")
    swarm.tmux.run("kill-pane", "-t", agent.pane.pane_id)

    def fixer() -> str | None:
        with swarm.db.reading() as tx:
            return build.state(tx).fixer

    until(lambda: fixer() is None, "the lease has ended")
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=20)

    assert running.returncode == 0


def test_notices_are_listed_and_shown_with_how_far_they_came(swarm: CourierSwarm) -> None:
    swarm.agent("ann")
    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "submitted")

    _, listed = ran(swarm, "notice", "list", "--message", str(message))
    code, shown = ran(swarm, "notice", "show", str(message))

    assert [one["state"] for one in listed["data"]["deliveries"]] == ["submitted"]  # type: ignore[index]
    receipts = shown["data"]["deliveries"][0]  # type: ignore[index]
    assert code == 0
    assert receipts["queued_at"] <= receipts["typed_at"] <= receipts["submitted_at"]
    assert receipts["read_at"] is None


def test_a_message_without_deliveries_is_not_found(swarm: CourierSwarm) -> None:
    assert ran(swarm, "notice", "show", "99")[0] == 92
    assert ran(swarm, "notice", "retry", "99")[0] == 92


def test_an_agent_may_not_order_a_retry(swarm: CourierSwarm) -> None:
    swarm.agent("ann")
    message = swarm.say("hello")

    assert ran(swarm, "--as", "ann", "notice", "retry", str(message))[0] == 77


@pytest.mark.parametrize(
    ("options", "passes", "last"),
    [
        ((), True, "seen to leave it"),
        (("--dialog",), False, "not ready: dialog"),
        (("--draft", "x"), False, "not ready: draft"),
    ],
)
def test_a_selftest_proves_a_profile_on_a_live_pane(
    swarm: CourierSwarm, options: tuple[str, ...], passes: bool, last: str
) -> None:
    agent = swarm.agent("ann", *options)

    code, answer = ran(swarm, "notice", "selftest", agent.pane.pane_id, pane_of=agent.pane.pane_id)

    assert (code == 0) == passes
    assert answer["data"]["seen"][-1] == last  # type: ignore[index]


def test_a_selftest_that_only_looks_types_nothing(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")

    code, _ = ran(swarm, "notice", "selftest", agent.pane.pane_id, "--look", pane_of=agent.pane.pane_id)

    assert code == 0
    assert agent.typed() == b""


def test_the_list_of_agents_says_how_their_panes_are_and_what_they_show(swarm: CourierSwarm) -> None:
    ann = swarm.agent("ann")
    swarm.join("bob", None)
    ann.keys("-l", "half a thought")
    until(lambda: ann.shows("half a thought"), "the draft stands there")

    code, answer = ran(swarm, "agent", "list", "--preview", "8")

    rows = {row["name"]: row for row in answer["data"]["agents"]}  # type: ignore[index]
    assert code == 0
    assert (rows["ann"]["pane_state"], rows["ann"]["program"]) == ("draft", "Claude Code")
    assert any("half a thought" in line for line in rows["ann"]["preview"])
    assert (rows["bob"]["pane_state"], rows["bob"]["preview"]) == ("no-tmux", [])


def test_a_frozen_tmux_server_does_not_hold_up_the_list_of_agents(swarm: CourierSwarm) -> None:
    swarm.agent("ann")

    with swarm.tmux.frozen():
        code, answer = ran(swarm, "agent", "list")

    assert code == 0
    assert [row["pane_state"] for row in answer["data"]["agents"]] == ["no-answer"]  # type: ignore[index]


@pytest.mark.parametrize("lines", ["0", "-1", "abc", "1000"])
def test_a_preview_without_a_sensible_length_is_refused(swarm: CourierSwarm, lines: str) -> None:
    assert ran(swarm, "agent", "list", "--preview", lines)[0] == 64
