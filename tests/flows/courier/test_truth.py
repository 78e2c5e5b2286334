"""No delivery claims more than what happened: every row is compared with the fake agents' records."""

import os
import random
import re
import signal
from collections import Counter

import pytest

from swarm_agents.courier import injections, steps
from tests.support.courier_swarm import CourierSwarm
from tests.support.tmux import FakeAgent
from tests.support.until import until

DELIVERIES = int(os.environ.get("TRUTH_DELIVERIES", "300"))  # 10,000 take ten minutes: by hand
AGENTS = 10
RESTS = 0.1  # of the messages come when some panes are at rest, and are typed there without another snapshot
REST_S = 2.2


def test_every_row_agrees_with_what_its_agent_recorded(swarm: CourierSwarm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PATIENCE_S", 3.0)  # with a line into which a human types; a minute otherwise
    agents = [swarm.agent(f"agent-{n}", "--swallow", "0.3", "--seed", str(n)) for n in range(AGENTS)]
    chance = random.Random(11)

    sent = []
    for n in range(DELIVERIES // AGENTS):
        if chance.random() < RESTS:
            swarm.rounds_for(REST_S)
        sent.append(swarm.say(f"word {n}"))
        disturb(chance.choice(agents), chance)
        swarm.round()
    for agent in agents:
        close_dialog(agent)
    until(lambda: not under_way(swarm), "nothing is on its way", 60)
    for agent in agents:
        agent.keys("-N", "600", "BSpace")
    swarm.rounds_until_done(limit_s=120)

    rows = {agent.name: states(swarm, agent.name) for agent in agents}
    assert sum(len(found) for found in rows.values()) == len(sent) * AGENTS
    ends = Counter(state for found in rows.values() for state, _ in found.values())
    assert ends["submitted"] > sum(ends.values()) / 2, f"too little got through to prove anything: {ends}"
    for agent in agents:
        lines = Counter(int(found) for found in re.findall(r"\[swarm#(\d+)\]", "\n".join(agent.prompts())))
        assert all(count == 1 for count in lines.values()), "nothing was submitted twice"
        for message, (state, head) in rows[agent.name].items():
            assert (state == "submitted") <= (head in lines), f"{message} is called submitted and never arrived"
        assert all("[swarm#" not in prompt[1:] for prompt in agent.prompts()), "no line was merged with another text"


def disturb(agent: FakeAgent, chance: random.Random) -> None:
    """What people and agents do meanwhile: a dialog opens or closes, a human types a word, or sends it."""
    match chance.randrange(4):
        case 0:
            os.kill(agent.pane.pane_pid, signal.SIGUSR1)
        case 1:
            agent.keys("-l", "half a thought ")
        case 2:
            if not dialog(agent):
                agent.keys("Enter")


def close_dialog(agent: FakeAgent) -> None:
    if dialog(agent):
        os.kill(agent.pane.pane_pid, signal.SIGUSR1)


def under_way(swarm: CourierSwarm) -> bool:
    """Whether a line is on its way. Erased from its composer then, it would look as if it had been submitted."""
    swarm.round()
    with swarm.db.reading() as tx:
        return bool(injections.list_all(tx))


def dialog(agent: FakeAgent) -> bool:
    return agent.shows("Do you want to proceed?")


def states(swarm: CourierSwarm, agent: str) -> dict[int, tuple[str, int | None]]:
    """By message: its state, and the id at the head of the line that carried it."""
    with swarm.db.reading() as tx:
        rows = tx.execute("select message_id, state, token from deliveries where agent = :agent", agent=agent)
    return {row["message_id"]: (row["state"], head(row["token"])) for row in rows}


def head(token: str | None) -> int | None:
    return int(token.split("-")[0]) if token else None
