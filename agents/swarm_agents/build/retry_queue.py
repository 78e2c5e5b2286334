"""After green, no stampede: those who waited try again in the order of their tickets, a few at a time.

The window says how many may try at once: one at first, doubled by each try that lands, halved by each that fails. Only
who is here counts: an agent that went away holds nobody up, and one that dies while it tries is forgotten soon.
"""

import time
from collections.abc import Callable

from swarm_agents.db.database import Database
from swarm_agents.db.deadlines import DeadlineColumns, value_in
from swarm_agents.db.transaction import Row, Transaction

_HERE_MS = 3_000  # whoever asked for its turn within this time is here
_TRY_MS = 120_000  # the longest a try may hold its place; then its agent is taken for dead
_ASKED_AT = DeadlineColumns("asked_mono_ms", "boot_id")
_HEARD_OF_SINCE = ":mono - case when trying = 1 then :try_ms else :here_ms end"
_LOOK_EVERY_S = 0.5
_LIMIT_S = 60.0  # then try anyway: this order is a courtesy, and nobody may starve by it


def begin(tx: Transaction) -> None:
    """It is green: everybody in line gets a turn. To be called before the line is dismissed."""
    clear(tx)
    tx.execute(
        f"insert into turns (ticket, agent, {_ASKED_AT.names}) select ticket, agent, {value_in('0')} from waiters",
        **tx.clock,
    )
    tx.execute("update turn_window set size = 1 where id = 1")


def clear(tx: Transaction) -> None:
    """It is red again: who waits stands in line anew."""
    tx.execute("delete from turns")


def ahead(tx: Transaction, agent: str) -> int:
    """How many of those who are here go before this agent."""
    rows = _rows(tx)
    mine = next((row for row in rows if row["agent"] == agent), None)
    if mine is None:
        return 0
    size_row = tx.one("select size from turn_window where id = 1")
    size = size_row["size"] if size_row else 1
    before = [row for row in rows if row["trying"] or row["ticket"] < mine["ticket"]]
    return max(0, len([row for row in before if row["agent"] != agent]) - size + 1)


def wait(db: Database, agent: str, tell: Callable[[int], None]) -> None:
    """Return when it is the agent's turn. `tell` is called with the number ahead when there is one to wait for."""
    if not ask(db, agent):
        return
    give_up_at = time.monotonic() + _LIMIT_S
    told = None
    with db.subscribe() as commits:
        while (before := ask(db, agent)) and time.monotonic() < give_up_at:
            if before != told:
                tell(before)
                told = before
            commits.wait(_LOOK_EVERY_S)


def done(db: Database, agent: str, landed: bool) -> None:
    """The agent's try is over. Nothing happens to an agent that had no turn."""
    with db.reading() as tx:
        if not tx.one("select 1 from turns where agent = :agent", agent=agent):
            return
    change = "size * 2" if landed else "case when size > 1 then size / 2 else 1 end"
    with db.transaction() as tx:
        if tx.one("delete from turns where agent = :agent returning ticket", agent=agent):
            tx.execute(f"update turn_window set size = {change} where id = 1")


def ask(db: Database, agent: str) -> int:
    """How many go first; 0, and the agent tries now, when it is its turn or when it never waited."""
    with db.reading() as tx:
        if not tx.one("select 1 from turns where agent = :agent", agent=agent):
            return 0
    with db.transaction() as tx:
        tx.execute(f"update turns set {_ASKED_AT.set_now} where agent = :agent", agent=agent, **tx.clock)
        before = ahead(tx, agent)
        if before == 0:
            tx.execute("update turns set trying = 1 where agent = :agent", agent=agent)
        return before


def _rows(tx: Transaction) -> list[Row]:
    return tx.execute(
        f"select ticket, agent, trying from turns where not {_ASKED_AT.is_not_after(_HEARD_OF_SINCE, ':boot')} "
        "order by ticket",
        try_ms=_TRY_MS,
        here_ms=_HERE_MS,
        **tx.clock,
    )
