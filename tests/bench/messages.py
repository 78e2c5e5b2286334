"""The message log: appending compared with a raw SQLite loop; reading, searching and counting 1,000,000 messages."""

import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from swarm_agents import roster
from swarm_agents.db import database
from swarm_agents.db.database import Database
from swarm_agents.messages import messages, reading, retention
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages import search as message_search
from swarm_agents.messages.rows import MessageFilter
from swarm_agents.model import MessageType

ROOT = Path(__file__).parents[2]
WRITERS = (1, 8, 32)
APPEND_S = 2.0
TURNS = 3  # of each, in turn, because a disk that others use too is not the same for long
BODY = "the build of the shared branch is red again, and an agent should look " * 3  # about 200 bytes
MANY = 1_000_000
ROUNDS = 20

# Both append one row a transaction, durably, with the same indexes. The raw loop has neither rate limit nor recipients.
_RAW = """
import sqlite3, sys, time
from swarm_agents.db.sqlite.connection import connect
from pathlib import Path
c = connect(Path(sys.argv[1]), 30)
sys.stdin.readline()
end, n = time.monotonic() + float(sys.argv[2]), 0
while time.monotonic() < end:
    c.execute("begin immediate")
    c.execute("insert into messages (at, sender, recipient, type, body) values (?, 'w', 'human', 'INFO', ?) "
              "returning id", (time.time_ns() // 1_000_000, sys.argv[3])).fetchall()
    c.execute("commit")
    n += 1
print(n)
"""
_OURS = """
import sys, time
from pathlib import Path
from swarm_agents.messages import messages
from swarm_agents.db.database import Database
with Database(Path(sys.argv[1]), lock_timeout_s=30) as db:
    sys.stdin.readline()
    end, n = time.monotonic() + float(sys.argv[2]), 0
    while time.monotonic() < end:
        messages.send(db, "human", "human", sys.argv[3])
        n += 1
    print(n)
"""


def main() -> None:
    print(
        f"appends, {TURNS} times {APPEND_S:g} s each in turn, one message a transaction; load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'writers':<10}{'raw /s':>10}{'swarm /s':>10}{'ratio':>8}{'lost':>6}   spread of messages a writer")
    for writers in WRITERS:
        _print_appends(writers)
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as folder:
        path = Path(folder) / "swarm.db"
        database.create(path)
        _print_reads(path)


def _print_appends(writers: int) -> None:
    turns = [(_appended(_RAW, writers), _appended(_OURS, writers)) for _ in range(TURNS)]
    raw = statistics.median(rate for (rate, _, _), _ in turns)
    ours = statistics.median(rate for _, (rate, _, _) in turns)
    each = [number for _, (_, numbers, _) in turns for number in numbers]
    lost = sum(missing for _, (_, _, missing) in turns)
    print(f"{writers:<10}{raw:>10.0f}{ours:>10.0f}{ours / raw:>8.2f}{lost:>6}   {min(each)}..{max(each)}")


def _appended(code: str, writers: int) -> tuple[float, list[int], int]:
    """Messages a second, those of each writer, and how many of them are not in the database."""
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as folder:
        path = Path(folder) / "swarm.db"
        database.create(path)
        call = [sys.executable, "-c", code, str(path), str(APPEND_S), BODY]
        pipe = subprocess.PIPE
        started = [subprocess.Popen(call, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) for _ in range(writers)]
        time.sleep(1 + writers / 8)  # all of them have started
        each = [int(out) for out, _ in _all_at_once(started)]
        with Database(path) as db, db.reading() as tx:
            return sum(each) / APPEND_S, each, sum(each) - message_rows.find_last_id(tx)


def _all_at_once(started: list["subprocess.Popen[str]"]) -> list[tuple[str, str]]:
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    return [process.communicate(timeout=120) for process in started]


def _print_reads(path: Path) -> None:
    with Database(path) as db:
        for name in ("alice", "bob", "late"):
            roster.join(db, name, "agent", None)
        _fill(path)
        print(f"\n{MANY:,} messages, {path.stat().st_size / 1e6:.0f} MB; median and worst of {ROUNDS}, ms")
        middle = MANY // 2
        _row("poll: 50 in the middle", lambda: _poll(db, middle))
        _row("poll: the last 50", lambda: _poll(db, MANY - 60))
        _row("poll: nothing new", lambda: _poll(db, MANY))
        _row("poll: a rare type, from the first", lambda: _poll(db, 0, MessageFilter(type=MessageType.HANDOFF)))
        _row("poll: a sender, from the first", lambda: _poll(db, 0, MessageFilter(sender="carol")))
        _row("inbox: 50 of 1,000,000 unread", lambda: reading.read_inbox(db, "bob", peek=True))
        _row("inbox: nothing for one, all for others", lambda: reading.read_inbox(db, "late", peek=True), rounds=3)
        _row("log: the last 50", lambda: _log(db, MessageFilter()))
        _row("log --since, few", lambda: _log(db, MessageFilter(since=MANY - 20)), rounds=3)
        _row("count by type", lambda: _counts(db), rounds=5)
        _row("grep: the first, which indexes all", lambda: message_search.grep(db, "needle"), rounds=1)
        _row("grep: a rare word", lambda: message_search.grep(db, "needle"))
        _row("grep: a word of every message", lambda: message_search.grep(db, "build"))
        _row("grep: two words, one rare", lambda: message_search.grep(db, "build needle"))
        _row("grep: nothing", lambda: message_search.grep(db, "haystacks"))
        _row("append, with the index there", lambda: messages.send(db, "human", "human", BODY))
        with db.transaction() as tx:
            tx.execute("update agents set inbox_floor = :all where name = 'bob'", all=MANY // 10)
        began = time.monotonic()
        removed = retention.prune(db, 1).removed
        print(f"prune: {removed:,} of {MANY:,} in {time.monotonic() - began:.1f} s")


def _fill(path: Path) -> None:
    types = [one.value for one in MessageType if one is not MessageType.HANDOFF]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "insert into messages (at, sender, recipient, type, body) values (?, ?, ?, ?, ?)",
            (
                (
                    n,
                    "carol" if n % 10_000 == 0 else "alice",
                    "human" if n % 2 else "bob",
                    "HANDOFF" if n % 100_000 == 0 else types[n % len(types)],
                    f"{BODY} {'needle' if n % 50_000 == 0 else ''} {n}",
                )
                for n in range(1, MANY + 1)
            ),
        )
    connection.close()


def _poll(db: Database, after: int, asked: MessageFilter = MessageFilter()) -> None:  # noqa: B008 - immutable
    with db.reading() as tx:
        reading.poll(tx, roster.find(tx, "bob"), after, 50, asked)


def _log(db: Database, asked: MessageFilter) -> None:
    with db.reading() as tx:
        reading.read_log(tx, 50, asked)


def _counts(db: Database) -> None:
    with db.reading() as tx:
        reading.count_by_type(tx)


def _row(what: str, work: Callable[[], object], rounds: int = ROUNDS) -> None:
    taken = []
    for _ in range(rounds):
        began = time.monotonic()
        work()
        taken.append((time.monotonic() - began) * 1000)
    print(f"{what:<42}{statistics.median(taken):>9.2f}{max(taken):>9.2f}", flush=True)
