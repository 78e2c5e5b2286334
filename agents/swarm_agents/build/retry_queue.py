"""Orders the retries after green: agents that waited commit in the order of their tickets, a few at a time.

The window is how many may try at once: one at first, doubled by each try that lands, halved by each that fails. An
agent that stopped asking for its turn delays no other, and one that dies during its try delays them two minutes.
"""

from __future__ import annotations

import time

from swarm_agents.db.database import Database
from swarm_agents.db.deadlines import DeadlineColumns, value_in
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SILENT_MS = 3_000  # an agent that has not asked for its turn for this long is passed over
_TRY_MS = 120_000  # the longest try; after it the agent counts as dead
_ASKED_AT = DeadlineColumns("asked_mono_ms", "boot_id")
_ASKED_SINCE = ":mono - case when trying = 1 then :try_ms else :here_ms end"
_ASK_EVERY_S = 0.5
_LIMIT_S = 60.0  # then the agent tries anyway: the order is a courtesy and may starve no agent


def begin(tx: Transaction) -> None:
    """It is green: each agent in line gets a turn. Call it before the line is dismissed."""
    clear(tx)
    tx.execute(
        f"insert into turns (ticket, agent, {_ASKED_AT.names}) select ticket, agent, {value_in('0')} from waiters",
        **tx.clock,
    )
    tx.execute("update turn_window set size = 1 where id = 1")


def clear(tx: Transaction) -> None:
    """It is red again: the turns are void, and agents join the line of the new incident."""
    tx.execute("delete from turns")


def read_ahead(db: Database, agent: str) -> int:
    """How many agents try before this one, now."""
    with db.reading() as tx:
        return count_ahead(tx, agent)


def count_ahead(tx: Transaction, agent: str) -> int:
    """How many agents try before this one."""
    rows = _rows(tx)
    mine = next((row for row in rows if row["agent"] == agent), None)
    if mine is None:
        return 0
    size_row = tx.one("select size from turn_window where id = 1")
    size = size_row["size"] if size_row else 1
    before = [row for row in rows if row["trying"] or row["ticket"] < mine["ticket"]]
    return max(0, len([row for row in before if row["agent"] != agent]) - size + 1)


def wait_for_turn(db: Database, agent: str, tell: Callable[[int], None]) -> None:
    """Return when it is the agent's turn, or after a minute. `tell` gets the number ahead whenever it changes."""
    if not request_turn(db, agent):
        return
    give_up_at = time.monotonic() + _LIMIT_S
    told = None
    with db.subscribe() as commits:
        while (before := request_turn(db, agent)) and time.monotonic() < give_up_at:
            if before != told:
                tell(before)
                told = before
            commits.wait(_ASK_EVERY_S)


def end_turn(db: Database, agent: str, landed: bool) -> None:
    """The agent's try is over: the window grows or shrinks. Does nothing for an agent without a turn."""
    with db.reading() as tx:
        if not tx.one("select 1 from turns where agent = :agent", agent=agent):
            return
    change = "size * 2" if landed else "case when size > 1 then size / 2 else 1 end"
    with db.transaction() as tx:
        if tx.one("delete from turns where agent = :agent returning ticket", agent=agent):
            tx.execute(f"update turn_window set size = {change} where id = 1")


def request_turn(db: Database, agent: str) -> int:
    """How many agents try before this one. 0 begins its try; an agent that never waited gets 0 too."""
    with db.reading() as tx:
        if not tx.one("select 1 from turns where agent = :agent", agent=agent):
            return 0
    with db.transaction() as tx:
        tx.execute(f"update turns set {_ASKED_AT.set_now} where agent = :agent", agent=agent, **tx.clock)
        before = count_ahead(tx, agent)
        if before == 0:
            tx.execute("update turns set trying = 1 where agent = :agent", agent=agent)
        return before


def _rows(tx: Transaction) -> list[Row]:
    return tx.execute(
        f"select ticket, agent, trying from turns where not {_ASKED_AT.is_not_after(_ASKED_SINCE, ':boot')} "
        "order by ticket",
        try_ms=_TRY_MS,
        here_ms=_SILENT_MS,
        **tx.clock,
    )
