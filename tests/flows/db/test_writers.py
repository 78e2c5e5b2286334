"""Eight processes write as fast as they can: nothing is lost, nothing is refused, and ids come in order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.system import file_lock
from tests.support.processes import Answer, Worker, workers

WRITERS = [f"writer-{n}" for n in range(8)]
EACH = 50


@pytest.fixture
def crew(db_path: Path) -> Iterator[list[Worker]]:
    with Database(db_path) as db:
        for name in WRITERS:
            roster.join(db, name, "agent", None)
    with workers(db_path, len(WRITERS)) as started:
        yield started


@pytest.mark.parametrize("fair", [True, False], ids=["with fair turns", "without fair turns"])
def test_messages_sent_at_once_are_all_stored_under_distinct_ids(db_path: Path, crew: list[Worker], fair: bool) -> None:
    if not fair:
        for worker in crew:
            worker.send("skip_fair_turns")
            assert worker.receive().told == "pushing"

    if fair:
        told = send_all(crew)
    else:
        with file_lock.held(Path(f"{db_path}-lock"), 1):
            told = send_all(crew)

    assert [answer.error for answer in told if answer.error] == []
    with Database(db_path) as db, db.reading() as tx:
        stored = {row["id"]: row["body"] for row in tx.execute("select id, body from messages order by id")}
    assert {answer.fence for answer in told} == set(stored)
    assert sorted(stored.values()) == sorted(f"{name} {n}" for name in WRITERS for n in range(EACH))


def test_a_reader_that_follows_by_id_sees_each_message_once_and_in_order(db_path: Path, crew: list[Worker]) -> None:
    send_off(crew)

    seen: list[int] = []
    with Database(db_path) as db, db.subscribe() as commits:
        while len(seen) < len(WRITERS) * EACH:
            with db.reading() as tx:
                cursor = seen[-1] if seen else 0
                rows = tx.execute("select id from messages where id > :cursor order by id limit 7", cursor=cursor)
            seen += [row["id"] for row in rows]
            if not rows:
                assert commits.wait(60), "the next message"

    assert seen == sorted(set(seen))
    assert {answer.fence for answer in receive_all(crew)} == set(seen)


def send_all(crew: list[Worker]) -> list[Answer]:
    send_off(crew)
    return receive_all(crew)


def send_off(crew: list[Worker]) -> None:
    for number in range(EACH):
        for worker, name in zip(crew, WRITERS, strict=True):
            worker.send("send", sender=name, recipient="all", body=f"{name} {number}")


def receive_all(crew: list[Worker]) -> list[Answer]:
    return [worker.receive() for worker in crew for _ in range(EACH)]
