"""Walks every interleaving of two agents and a human on the real statements, and compares each step with the model.

One act is one transaction, so the acts of others can only come between two acts of an agent. An agent that acts on
old data comes with an old fence or an old check; each step tries all fences there ever were. The database is in
memory: this tests the SQL of the build, not the file.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from swarm_agents import roster
from swarm_agents.build import transitions
from swarm_agents.db.database import Database
from swarm_agents.db.red_flag import RedFlag
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.model import BuildRules, Moment
from tests.support import model
from tests.support.clock import FakeClock
from tests.support.model import Act, Model, step
from tests.support.swarm import check_rows_agree, observe, perform

AGENTS = ("ada", "bob")
RULES = BuildRules(max_attempts=2, lease_s=10, wait_s=5)
NETWORK_PAUSES = 1  # each more doubles the states; random lives go through all of them

Rewrite = Callable[[str], str]


class Difference(AssertionError):
    """The real build and the model differ; the message has the path of acts."""


@dataclass(frozen=True)
class WalkResult:
    states: int
    steps: int


class MemoryDatabase(Database):
    """A swarm database in memory that can rewrite every statement, to run a mutant."""

    def __init__(self, template: Path, clock: FakeClock, rewrite: Rewrite = str, triggers: bool = True) -> None:
        super().__init__(template, clock)
        on_disk, self._connection = self._connection, sqlite3.connect(":memory:", isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        on_disk.backup(self._connection)
        on_disk.close()
        self.red_flag = _NoRedFlag(str(template))
        self._rewrite = rewrite
        if not triggers:
            self._connection.execute("drop trigger build_state_guard")

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self.undone_on_error("act"):
            yield _Rewriting(self._connection, self._clock(), self._rewrite)

    reading = transaction

    @contextmanager
    def undone_on_error(self, name: str) -> Iterator[None]:
        self._connection.execute(f"savepoint {name}")
        try:
            yield
        except BaseException:
            self._connection.execute(f"rollback to {name}")
            raise
        finally:
            self._connection.execute(f"release {name}")

    @contextmanager
    def undone(self, name: str) -> Iterator[None]:
        self._connection.execute(f"savepoint {name}")
        try:
            yield
        finally:
            self._connection.execute(f"rollback to {name}")
            self._connection.execute(f"release {name}")


class _NoRedFlag(RedFlag):
    """The flag is a file for git hooks; no statement depends on it."""

    def create(self) -> None:
        pass

    remove = create


class _Rewriting(Transaction):
    def __init__(self, connection: sqlite3.Connection, moment: Moment, rewrite: Rewrite) -> None:
        super().__init__(connection, moment)
        self._rewrite = rewrite

    def execute(self, sql: str, **values: Any) -> list[Row]:
        return super().execute(self._rewrite(sql), **values)


def walk(template: Path, depth: int, rewrite: Rewrite = str, triggers: bool = True) -> WalkResult:
    """Try every path of up to `depth` acts, and continue from each distinct state once. Raises `Difference`."""
    with pytest.MonkeyPatch.context() as shorter:
        for counts in (transitions, model):
            shorter.setattr(counts, "NETWORK_PAUSES", NETWORK_PAUSES)
        clock = FakeClock()
        with MemoryDatabase(template, clock, rewrite, triggers) as db:
            return _walk(db, clock, depth)


def _walk(db: MemoryDatabase, clock: FakeClock, depth: int) -> WalkResult:
    for agent in AGENTS:
        roster.join(db, agent, "agent", None)
    root = clock()
    start = dict(vars(clock))
    seen: set[object] = set()
    paths: deque[tuple[Act, ...]] = deque([()])
    steps = 0
    while paths:
        path = paths.popleft()
        with db.undone("path"):
            vars(clock).update(start)
            m, fences = _replay(db, clock, path)
            here = dict(vars(clock))
            for act in _acts(fences, root, clock()):
                vars(clock).update(here)
                with db.undone("step"):
                    after = _compared_step(db, clock, m, act, path)
                steps += 1
                key = _key(after, clock)
                if key not in seen and len(path) + 1 < depth:
                    seen.add(key)
                    paths.append((*path, act))
    return WalkResult(len(seen) + 1, steps)


def _replay(db: MemoryDatabase, clock: FakeClock, path: tuple[Act, ...]) -> tuple[Model, list[int]]:
    with db.reading() as tx:
        m = observe(tx)
    fences = [m.fence]
    for act in path:
        _play(db, clock, act)
        with db.reading() as tx:
            m = observe(tx)
        if m.fence not in fences:
            fences.append(m.fence)
    return m, fences


def _compared_step(db: MemoryDatabase, clock: FakeClock, before: Model, act: Act, path: tuple[Act, ...]) -> Model:
    try:
        answer = _play(db, clock, act)
        with db.reading() as tx:
            after = observe(tx)
            check_rows_agree(tx)
    except (sqlite3.Error, AssertionError) as error:
        raise Difference(f"{_told(path)}then {act}: {error!r}") from error
    expected = (before, "") if act.name in _TIME else step(before, act, clock(), RULES)
    if (after, answer) != expected:
        raise Difference(f"{_told(path)}then {act}:\nreal  {after} {answer!r}\nmodel {expected[0]} {expected[1]!r}")
    return after


def _play(db: MemoryDatabase, clock: FakeClock, act: Act) -> str:
    clock.forward(0.001)  # no two acts at the same instant, so that "before" and "after" are defined
    if act.name in _TIME:
        _TIME[act.name](clock)
        return ""
    return perform(db, act, RULES)[0]


_TIME: dict[str, Callable[[FakeClock], None]] = {
    "a lease's time passes": lambda clock: clock.forward(RULES.lease_s),
    "the wall clock jumps ahead": lambda clock: clock.jump(86_400),
    "the wall clock jumps back": lambda clock: clock.jump(-86_400),
    "the machine restarts": lambda clock: clock.reboot(),
}


def _acts(fences: list[int], root: Moment, here: Moment) -> Iterator[Act]:
    for name in _TIME:
        yield Act(name)
    for agent, other in (AGENTS, AGENTS[::-1]):
        for began in (None, root, here):
            yield Act("report", agent, began=began)
        yield Act("claim", agent)
        for fence in (None, *fences):
            for name in ("renew", "fixed", "failed", "refused", "no_network", "give_up", "escalate"):
                yield Act(name, agent, fence)
            yield Act("hand_over", agent, fence, to=other)
        for fence in fences:
            yield Act("lose_fixer", agent, fence)
            yield Act("assign", "human", fence, to=agent)
        yield Act("resolve", agent, to="assign")
    for fence in fences:
        yield Act("force_release", "human", fence)
    for name in ("renew", "fixed", "give_up"):
        yield Act(name, "human")
    for option in ("retry", "take-over", "declare-passing"):
        yield Act("resolve", "human", to=option)
    for began in (root, here):
        yield Act("heal", "ada", began=began)
    yield Act("reap")


def _key(m: Model, clock: FakeClock) -> object:
    """What decides the future of a state: not the numbers, but how they compare with each other and with now."""
    now = clock()
    lease = None
    if m.deadline:
        lease = m.deadline[0] == now.boot_id and m.deadline[1] > now.mono_ms
    skewed = m.deadline is not None and (clock.skew_ms > 0) - (clock.skew_ms < 0)
    boots = (m.changed[0] == now.boot_id, m.fresh[0] == now.boot_id)
    line = tuple((name, until[0] == now.boot_id) for name, until in m.line)
    paused = m.pause is not None and m.pause[0] == now.boot_id and m.pause[1] > now.mono_ms
    jumped = paused and clock.jumped_mono_ms > m.changed[1] and clock.skew_ms > 0  # since the pause began
    return (m.status, m.fixer, m.used, m.network, paused, jumped, line, m.lease_ms, lease, skewed, boots)


def _told(path: tuple[Act, ...]) -> str:
    return "".join(f"{act}\n" for act in path)
