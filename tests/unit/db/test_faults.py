"""A database that is locked, damaged, replaced, read-only, or full: a clear error each, and never a new file."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.build import build
from swarm_agents.db import database
from swarm_agents.db.database import Database
from swarm_agents.errors import DatabaseLocked, DatabaseUnreadable, NoSwarm, SwarmError
from swarm_agents.messages import messages
from swarm_agents.model import BuildRules
from tests.support.processes import ROOT, workers
from tests.support.swarm import dump

UNPRIVILEGED_USER = 65534
UNSHARE = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--mount", "--map-root-user"]

USE = """
import sys
from pathlib import Path
from swarm_agents import roster
from swarm_agents.build import build, human_acts
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.model import BuildRules
try:
    with Database(Path(sys.argv[1])) as db:
        {what}
except SwarmError as error:
    print(error.exit, type(error).__name__, error.message)
"""
FILL = """
        roster.join(db, 'ada', 'agent', None)
        try:
            for number in range(100_000):
                build.report(db, 'ada', 'tests fail', BuildRules(), evidence='x' * 20_000)
                build.escalate(db, 'ada', 'help')
                human_acts.resolve(db, number + 1, Resolution.DECLARE_PASSING, BuildRules())
        finally:
            with db.reading() as tx:
                print(roster.find(tx, 'ada').name, tx.one('pragma integrity_check')[0])
"""
CREATE = """
import sys
from pathlib import Path
from swarm_agents.db import database
database.create(Path(sys.argv[1]))
"""
HOLD_THE_LOCK = """
import fcntl, sys
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


# Not there, or not ours.


def test_a_missing_database_is_no_swarm_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(NoSwarm) as refused:
        Database(tmp_path / "swarm.db")

    assert refused.value.next == "swarm init"
    assert list(tmp_path.iterdir()) == []


def zero_bytes(path: Path) -> None:
    path.write_bytes(b"")


def a_text(path: Path) -> None:
    path.write_text("Dear diary, " * 1000)


def another_programs_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as shell:
        shell.execute("create table photos (name text)")


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [zero_bytes, a_text, another_programs_database, a_folder])
@pytest.mark.parametrize("touch", [Database, database.create])
def test_another_file_than_a_swarm_database_is_refused_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], touch: Callable[[Path], object]
) -> None:
    path = tmp_path / "swarm.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None

    with pytest.raises(DatabaseUnreadable, match="Not a swarm database"):
        touch(path)

    assert (path.read_bytes() if path.is_file() else None) == before


# Damaged.


def test_a_truncated_database_is_called_damaged_and_left_as_it_is(db_path: Path) -> None:
    os.truncate(db_path, 8192)
    before = db_path.read_bytes()

    with pytest.raises(DatabaseUnreadable, match="damaged"):
        use(db_path)

    assert db_path.read_bytes() == before


def test_a_garbled_page_is_called_damaged_and_left_as_it_is(db_path: Path) -> None:
    content = bytearray(db_path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xab" * 64
    db_path.write_bytes(content)

    with pytest.raises(DatabaseUnreadable, match=r"damaged.*Nothing was changed"):
        use(db_path)

    assert db_path.read_bytes() == bytes(content)


# Replaced while it is open.


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_database_deleted_or_replaced_while_open_is_noticed_at_the_next_transaction(
    db: Database, tmp_path: Path, fresh_database: Path, how: str
) -> None:
    db.path.unlink()
    if how == "replaced":
        shutil.copyfile(fresh_database, db.path)

    with pytest.raises(DatabaseUnreadable, match="replaced or removed"), db.transaction():
        pass
    with pytest.raises(DatabaseUnreadable, match="replaced or removed"), db.reading():
        pass
    with pytest.raises(DatabaseUnreadable, match="replaced or removed"):
        db.data_version()
    assert db.path.exists() == (how == "replaced")


# Locked.


def test_a_lock_that_is_held_too_long_names_the_process_that_holds_it(db_path: Path) -> None:
    with workers(db_path, 1) as [holder], Database(db_path, lock_timeout_s=0.2) as db:
        holder.send("lock")
        assert holder.receive().told == "holding"

        with pytest.raises(DatabaseLocked, match=rf"by process {holder.pid}:"), db.transaction():
            pass

        holder.send("go on")
        assert holder.receive().told == "released"
        roster.join(db, "ada", "agent", None)


def test_a_stopped_holder_of_the_lock_is_named_as_stopped_and_goes_on_without_harm(db_path: Path) -> None:
    with workers(db_path, 1) as [holder], Database(db_path, lock_timeout_s=0.2) as db:
        holder.send("lock")
        assert holder.receive().told == "holding"
        holder.stop()

        with pytest.raises(DatabaseLocked, match=rf"by process {holder.pid} \(stopped\)"), db.transaction():
            pass
        with db.reading() as tx:
            assert build.state(tx).fence == 0

        holder.go_on()
        holder.send("go on")
        assert holder.receive().told == "released"
        roster.join(db, "ada", "agent", None)


def test_a_holder_of_the_lock_that_is_killed_frees_it_at_once(db_path: Path) -> None:
    with workers(db_path, 1) as [holder], Database(db_path, lock_timeout_s=5) as db:
        holder.send("lock")
        assert holder.receive().told == "holding"

        os.kill(holder.pid, signal.SIGKILL)

        roster.join(db, "ada", "agent", None)


def test_a_stopped_holder_of_the_fair_turn_costs_only_the_turn(db_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, f"{db_path}-lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder, Database(db_path, lock_timeout_s=0.3) as db:
        assert holder.stdout and holder.stdout.readline() == "held\n"

        roster.join(db, "ada", "agent", None)

        holder.kill()


# What fails after the commit.


def test_a_checkpoint_that_fails_does_not_fail_the_commit_before_it(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_WAL_LIMIT_BYTES", 1)
    Path(f"{db.path}-checkpoint").mkdir()

    roster.join(db, "ada", "agent", None)

    with db.reading() as tx:
        assert roster.find(tx, "ada")


def test_a_large_wal_is_checkpointed(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_WAL_LIMIT_BYTES", 1)
    before = db.path.read_bytes()

    roster.join(db, "ada", "agent", None)

    assert db.path.read_bytes() != before
    monkeypatch.undo()


def test_a_checkpointed_wal_is_small_again_so_that_not_every_commit_checkpoints(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_WAL_LIMIT_BYTES", 100_000)
    wal = Path(f"{db.path}-wal")
    sizes = []

    for number in range(60):
        roster.join(db, f"agent{number}", "agent", None)
        sizes.append(wal.stat().st_size)

    assert max(sizes) >= 100_000
    assert sum(size >= 100_000 for size in sizes) <= 20


def test_a_notification_that_cannot_be_sent_does_not_fail_the_commit_before_it(db: Database) -> None:
    db.notifier.folder.write_text("in the way")

    roster.join(db, "ada", "agent", None)

    with db.reading() as tx:
        assert roster.find(tx, "ada")


def test_a_transaction_that_raises_changes_nothing(db: Database) -> None:
    before = dump(db)

    with pytest.raises(ZeroDivisionError), db.transaction() as tx:
        messages.post(tx, "human", "all", "hello")
        raise ZeroDivisionError

    assert dump(db) == before


# Read-only, and full.


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach; pytest's own is private."""
    with tempfile.TemporaryDirectory(prefix="swarm-open-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def mounts() -> None:
    """Skips where the machine allows no mounts that only a child process sees."""
    if subprocess.run([*UNSHARE, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine allows no private mounts")


@pytest.mark.parametrize("opened_before", [True, False], ids=["in use", "closed"])
def test_a_read_only_file_system_is_named(db_path: Path, mounts: None, opened_before: bool) -> None:
    with Database(db_path) as db:
        roster.join(db, "ada", "agent", None)
        if not opened_before:
            db.close()
        folder = db_path.parent

        said = in_private_mounts(
            f"mount --bind -o ro {folder} {folder}", "build.report(db, 'ada', 'x', BuildRules())", db_path
        )

    assert said.startswith("73 CannotWrite")
    assert str(folder) in said


def test_a_folder_without_permission_is_named(open_folder: Path, fresh_database: Path) -> None:
    path = open_folder / "swarm" / "swarm.db"
    path.parent.mkdir()
    shutil.copyfile(fresh_database, path)
    path.chmod(0o666)
    path.parent.chmod(0o555)

    said = as_unprivileged_user("build.report(db, 'ada', 'x', BuildRules())", path)

    path.parent.chmod(0o755)
    assert said.startswith("73 CannotWrite")
    assert str(path.parent) in said


def test_a_folder_that_may_not_be_entered_is_named(open_folder: Path, fresh_database: Path) -> None:
    path = open_folder / "swarm" / "swarm.db"
    path.parent.mkdir()
    shutil.copyfile(fresh_database, path)
    path.parent.chmod(0o600)

    said = as_unprivileged_user("build.current(db)", path)

    path.parent.chmod(0o755)
    assert said.startswith("73 CannotWrite")
    assert str(path.parent) in said


def test_a_full_disk_is_named_and_committed_rows_stay(tmp_path: Path, mounts: None) -> None:
    mount = f"mount -t tmpfs -o size=2m none {tmp_path}"
    make = f"{sys.executable} -c '{CREATE}' {tmp_path}/swarm.db"

    said = in_private_mounts(f"{mount} && {make}", FILL.strip(), tmp_path / "swarm.db")

    kept, refused = said.splitlines()
    assert kept == "ada ok"
    assert refused.startswith("73 DiskFull")


def test_a_disk_that_is_full_from_the_start_is_named(tmp_path: Path, fresh_database: Path, mounts: None) -> None:
    prepare = (
        f"mount -t tmpfs -o size=400k none {tmp_path} && cp {fresh_database} {tmp_path}/swarm.db && "
        f"! head -c 1m /dev/zero > {tmp_path}/filler"
    )

    said = in_private_mounts(prepare, "build.report(db, 'ada', 'x', BuildRules())", tmp_path / "swarm.db")

    assert said.startswith("73 ")


def use(path: Path) -> None:
    with Database(path) as db:
        roster.join(db, "ada", "agent", None)
        build.report(db, "ada", "tests fail", BuildRules())
        dump(db)


def in_private_mounts(prepare: str, what: str, path: Path) -> str:
    script = f'{prepare} && exec "$@"'
    code = USE.format(what=what)
    ran = subprocess.run(
        [*UNSHARE, "sh", "-c", script, "sh", sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def as_unprivileged_user(what: str, path: Path) -> str:
    """Permissions do not bind root, so root changes to another user for it."""
    become = f"import os\nif os.getuid() == 0: os.setgid({UNPRIVILEGED_USER}); os.setuid({UNPRIVILEGED_USER})\n"
    ran = subprocess.run(
        [sys.executable, "-c", USE.format(what=what).replace("try:", become + "try:", 1), str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd="/",
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_every_error_of_the_database_is_one_of_ours(tmp_path: Path) -> None:
    with pytest.raises(SwarmError):
        Database(tmp_path / "nowhere" / "swarm.db")
