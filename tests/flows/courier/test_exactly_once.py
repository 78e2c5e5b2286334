"""Everything is typed exactly once, even if couriers are killed or frozen, as the fake agents' records show."""

import collections
import os
import random
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents.courier import courier, lease
from swarm_agents.db.database import Database
from swarm_agents.errors import DatabaseLocked
from swarm_agents.panes.snapshot import take_snapshot
from swarm_agents.panes.tmux import NoAnswer
from tests.support.courier_spawner import CourierSpawner
from tests.support.courier_swarm import CourierSwarm
from tests.support.tmux import FakeAgent
from tests.support.until import until

KILLS = 200
RACES = 30


@pytest.fixture
def spawner(db_path: Path) -> Iterator[CourierSpawner]:
    made = CourierSpawner(db_path)
    yield made
    made.close()


def told(agent: FakeAgent) -> collections.Counter[int]:
    """How often each message was announced in what the agent submitted, alone or in company."""
    count: collections.Counter[int] = collections.Counter()
    for prompt in agent.prompts():
        head = re.match(r"\[swarm#(\d+)\] (\d+ messages: )?", prompt)
        assert head and prompt.endswith("swarm inbox"), f"not a notice alone: {prompt!r}"
        count.update({int(number) for number in re.findall(r"#(\d+)", prompt)})
    return count


def test_couriers_killed_at_any_moment_type_everything_exactly_once(
    swarm: CourierSwarm, spawner: CourierSpawner
) -> None:
    agents = [swarm.agent(f"agent-{n}", "--swallow", "0.2", "--seed", str(n)) for n in range(3)]
    chance = random.Random(7)
    sent = []

    for n in range(KILLS):
        if n % 2 == 0:
            sent.append(swarm.say(f"word {n}"))
        pid = spawner.start()
        time.sleep(chance.uniform(0.0, 0.12))  # the moment of death is what is tried
        os.kill(pid, signal.SIGKILL)
    swarm.rounds_until_done()

    for agent in agents:
        submitted = [message for message in sent if swarm.state(message, agent.name)[0] == "submitted"]
        assert max(told(agent).values()) == 1
        assert set(submitted) <= set(told(agent)) | announced_in_company(swarm, agent)
        assert len(submitted) == len(sent) or agent.typed().count(b"\r") >= 3


def announced_in_company(swarm: CourierSwarm, agent: FakeAgent) -> set[int]:
    """Messages carried by a line that names only the newest of many."""
    with swarm.db.reading() as tx:
        rows = tx.execute("select message_id, token from deliveries where agent = :agent", agent=agent.name)
    heads = {int(match.group(1)) for prompt in agent.prompts() if (match := re.match(r"\[swarm#(\d+)\]", prompt))}
    return {row["message_id"] for row in rows if row["token"] and int(row["token"].split("-")[0]) in heads}


def test_four_couriers_that_all_believe_they_hold_the_lease_type_everything_once(
    swarm: CourierSwarm, spawner: CourierSpawner
) -> None:
    agents = [swarm.agent(f"agent-{n}") for n in range(4)]
    for _ in range(4):
        spawner.start()

    sent = []
    for n in range(RACES):
        sent.append(swarm.say(f"word {n}"))
        until(lambda: not swarm.open(), "all of it was submitted")

    for agent in agents:
        assert told(agent) == collections.Counter(sent)
        assert all(swarm.state(message, agent.name) == ("submitted", None) for message in sent)


def test_a_courier_frozen_before_it_types_changes_nothing_when_it_thaws(
    swarm: CourierSwarm, spawner: CourierSpawner
) -> None:
    agent = swarm.agent("ann")
    chance = random.Random(3)

    sent = []
    for n in range(20):
        frozen = spawner.start()
        sent.append(swarm.say(f"word {n}"))
        time.sleep(chance.uniform(0.0, 0.08))  # the moment of the freeze is what is tried
        freeze_outside_a_transaction(frozen, swarm.database)
        swarm.rounds_until_done()
        os.kill(frozen, signal.SIGCONT)
    swarm.rounds_until_done()

    assert told(agent) == collections.Counter(sent)


def test_another_courier_replaces_a_frozen_one_when_its_lease_is_over(
    swarm: CourierSwarm, spawner: CourierSpawner
) -> None:
    agent = swarm.agent("ann")
    for _ in range(2):
        spawner.start("honest")
    sent = [swarm.say("before")]
    until(lambda: not swarm.open(), "it was submitted")

    frozen = holder_pid(swarm)
    freeze_outside_a_transaction(frozen, swarm.database)
    began = time.monotonic()
    sent.append(swarm.say("meanwhile"))
    until(lambda: not swarm.open(), "the other courier typed it")
    took_s = time.monotonic() - began
    os.kill(frozen, signal.SIGCONT)
    sent.append(swarm.say("after"))
    until(lambda: not swarm.open(), "it was submitted")

    assert holder_pid(swarm) != frozen
    assert took_s < courier.LEASE_S + 3
    assert told(agent) == collections.Counter(sent)


def holder_pid(swarm: CourierSwarm) -> int:
    with swarm.db.reading() as tx:
        name = lease.find_holder(tx)
    assert name, "a courier holds the lease"
    return int(name.partition("-")[0])


def freeze_outside_a_transaction(pid: int, database: Path) -> None:
    """Inside one it would hold the write lock; how others meet a locked database is another test's subject."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        until(lambda: stands_still(pid), "it is stopped")
        try:
            with Database(database, lock_timeout_s=0.2) as db, db.transaction():
                return
        except DatabaseLocked:
            os.kill(pid, signal.SIGCONT)


def stands_still(pid: int) -> bool:
    """Whether every thread of it is stopped; on a busy machine that takes a while after the signal was sent."""
    try:
        states = [stat.read_text().rpartition(")")[2].split()[0] for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
    except (FileNotFoundError, ProcessLookupError):  # a thread has just ended
        return False
    return set(states) == {"T"}


def test_a_stopped_tmux_server_costs_its_time_limit_and_nothing_else(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    message = swarm.say("hello")

    with swarm.tmux.frozen():
        began = time.monotonic()
        seen = take_snapshot(swarm.tmux.socket, limit_s=0.5)
        took_s = time.monotonic() - began
        held = swarm.courier.run_round()

    assert isinstance(seen, NoAnswer)
    assert took_s < 2
    assert held is not None and held.gone_agents == ()
    assert swarm.state(message, "ann") == ("queued", None)
    swarm.rounds_until(message, "ann", "submitted")
    assert len(agent.prompts()) == 1


def test_a_second_courier_stands_by_and_takes_over_when_the_first_retires(swarm: CourierSwarm) -> None:
    first, second = swarm.courier, courier.Courier(swarm.database)

    led = [one.run_round() for one in (first, second)]
    first.retire()
    followed = second.run_round()

    assert [one is not None and one.leads for one in led] == [True, False]
    assert followed is not None and followed.leads


def test_a_courier_takes_over_at_once_when_the_holder_was_killed(swarm: CourierSwarm, db_path: Path) -> None:
    with swarm.db.transaction() as tx:
        tx.execute(
            "insert into couriers values (:host, '4194305-dead', :now, :now, :lease)",
            host=tx.moment.boot_id,
            now=tx.now,
            lease=tx.moment.mono_ms + 60_000,
        )

    done = swarm.round()

    assert done.leads


def test_a_round_during_a_round_is_dropped(swarm: CourierSwarm) -> None:
    with swarm.courier._running:
        assert swarm.courier.run_round() is None
