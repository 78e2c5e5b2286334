"""Files that change without a notification: noticed by events, and where events fail by a look, which says so."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest

from swarm_agents.config.config import Config
from swarm_agents.place import Place
from swarm_agents.system import mounts
from swarm_agents.watch import file_events, file_watch
from swarm_agents.watch.file_watch import FileWatch
from swarm_agents.watch.live_config import LiveConfig
from swarm_agents.watch.watch_plan import ALL_SUBJECTS, FileSubject
from tests.support.foreign import hear_nothing
from tests.support.repo import Repo, make_repo

LIMIT_S = 30.0
DATABASE, CONFIG, BRANCH = (frozenset({subject}) for subject in FileSubject)


class Watched:
    """A running watch: what it had looked at again, and what it noted."""

    def __init__(self) -> None:
        self.handled: Queue[frozenset[FileSubject]] = Queue()
        self.notes: Queue[str] = Queue()

    def waits_for(self, wanted: frozenset[FileSubject]) -> None:
        """Wait until all of these were looked at."""
        left = set(wanted)
        while left:
            left -= self.handled.get(timeout=LIMIT_S)

    def settles(self) -> None:
        """Wait until nothing was looked at for a while."""
        while True:
            try:
                self.handled.get(timeout=2 * file_watch.SECOND_LOOK_S)
            except Empty:
                return


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "work")


@contextmanager
def watching(place: Place, config: Config | None = None) -> Iterator[Watched]:
    watched, stop = Watched(), threading.Event()
    watch = FileWatch(LiveConfig(place, config or Config()), watched.handled.put, watched.notes.put, stop)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        watched.waits_for(ALL_SUBJECTS)
        yield watched
    finally:
        stop.set()
        thread.join(LIMIT_S)
        assert not thread.is_alive(), "the watch did not end"


def write_row(database: Path | str) -> None:
    """As the sqlite3 shell writes: another connection, and no notification."""
    with closing(sqlite3.connect(database)) as shell, shell:
        shell.execute("update build_state set last_check = coalesce(last_check, 0) + 1")


@pytest.fixture(autouse=True)
def _no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only events are quick enough, unless the test wants looks."""
    monkeypatch.setattr(file_watch, "LOOK_EVERY_S", 3 * LIMIT_S)


def test_a_row_that_another_program_wrote_is_looked_at(repo: Repo) -> None:
    with watching(repo.place) as watched:
        watched.settles()

        write_row(repo.place.database)

        assert watched.handled.get(timeout=LIMIT_S) == DATABASE
        assert watched.handled.get(timeout=LIMIT_S) == DATABASE, "once more, as the event may come before the commit"


def test_a_changed_or_new_swarm_toml_and_what_it_includes_is_looked_at(repo: Repo) -> None:
    with watching(repo.place) as watched:
        repo.write("swarm.toml", "include = ['more/local.toml']\n")
        watched.waits_for(CONFIG)
        watched.settles()

        repo.write("more/local.toml", "[build]\nlease_s = 7\n")
        watched.waits_for(CONFIG)
        watched.settles()

        os.replace(repo.path / "more/local.toml", repo.path / "more/other.toml")
        watched.waits_for(CONFIG)


@pytest.mark.parametrize("packed", [False, True])
def test_the_tip_of_the_shared_branch_is_looked_at(repo: Repo, packed: bool) -> None:
    tree = repo.worktree("tree")
    if packed:
        repo.git("pack-refs", "--all", "--prune")
    with watching(repo.place, Config(branch="main")) as watched:
        watched.settles()

        tree.git(
            "update-ref", "refs/heads/main", tree.git("commit-tree", "-m", "elsewhere", "-p", "main", "main^{tree}")
        )
        watched.waits_for(BRANCH)


def test_a_branch_in_folders_that_do_not_exist_yet_is_looked_at(repo: Repo) -> None:
    with watching(repo.place, Config(branch="team/one/main")) as watched:
        watched.settles()

        repo.git("branch", "team/one/main")
        watched.waits_for(BRANCH)


def test_a_table_of_refs_is_looked_at(repo: Repo) -> None:
    with watching(repo.place) as watched:
        watched.settles()

        repo.write(".git/reftable/tables.list", "0x000000000001-0x000000000002-01234567.ref\n")
        watched.waits_for(BRANCH)


def test_files_of_others_wake_nothing(repo: Repo) -> None:
    with watching(repo.place) as watched:
        watched.settles()

        repo.stage("other.toml")
        repo.git("fetch", "-q", ".", "main:refs/remotes/origin/main")

        with pytest.raises(Empty):
            watched.handled.get(timeout=1.0)


# Where events fail.


def test_a_folder_that_is_removed_and_replaced_is_watched_again(repo: Repo, tmp_path: Path) -> None:
    place = repo.place
    with watching(place) as watched:
        shutil.copytree(os.path.dirname(place.database), tmp_path / "copy")
        shutil.rmtree(os.path.dirname(place.database))
        watched.waits_for(ALL_SUBJECTS)
        watched.settles()

        os.rename(tmp_path / "copy", os.path.dirname(place.database))
        watched.waits_for(ALL_SUBJECTS)
        watched.settles()
        write_row(place.database)
        watched.waits_for(DATABASE)


def test_a_folder_that_is_moved_away_and_replaced_is_found_by_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a folder further above no event tells."""
    monkeypatch.setattr(file_watch, "LOOK_EVERY_S", 0.2)
    place = make_repo(tmp_path / "above" / "work").place
    with watching(place) as watched:
        watched.settles()
        os.rename(tmp_path / "above", tmp_path / "away")
        shutil.copytree(tmp_path / "away", tmp_path / "above")
        assert "was removed or replaced" in watched.notes.get(timeout=LIMIT_S)
        watched.settles()

        write_row(place.database)
        watched.waits_for(DATABASE)


def test_without_watchfiles_a_look_finds_what_changed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_watch, "LOOK_EVERY_S", 0.2)
    monkeypatch.setitem(sys.modules, "watchfiles._rust_notify", None)

    with watching(repo.place) as watched:
        assert "files are looked at every 0.2 s only: watchfiles cannot be loaded" in watched.notes.get(timeout=LIMIT_S)
        watched.waits_for(ALL_SUBJECTS)


def test_a_change_without_an_event_is_found_by_a_look_and_noted(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_watch, "LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(file_events.FileEvents, "wait", hear_nothing)
    with watching(repo.place) as watched:
        watched.settles()

        write_row(repo.place.database)

        assert "has changed: the queue of events may have been full" in watched.notes.get(timeout=LIMIT_S)
        watched.waits_for(ALL_SUBJECTS)


def test_on_a_network_file_system_a_look_finds_what_changed_and_calls_it_no_loss(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_watch, "LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(mounts, "find_network_type", lambda folder: "nfs4")
    monkeypatch.setattr(file_events.FileEvents, "wait", hear_nothing)
    with watching(repo.place) as watched:
        assert "is on a network file system (nfs4)" in watched.notes.get(timeout=LIMIT_S)
        watched.settles()

        write_row(repo.place.database)

        watched.waits_for(ALL_SUBJECTS)
        assert watched.notes.empty()


# What the kernel really does, in a process of its own: its limits hold for all programs of a user.

WATCH = """
import sys, threading
from pathlib import Path
from swarm_agents.config.config import Config
from swarm_agents.place import Place
from swarm_agents.watch import file_watch
from swarm_agents.watch.live_config import LiveConfig
file_watch.LOOK_EVERY_S = 0.5
live_config = LiveConfig(Place(sys.argv[1], None), Config())
def note(text): print("note", text, flush=True)
def handle(subjects): print("handled", *sorted(subjects), flush=True)
file_watch.FileWatch(live_config, handle, note, threading.Event()).run()
"""


@contextmanager
def watching_process(database: Path, *before: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [*before, sys.executable, "-c", WATCH, str(database)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    limit = threading.Timer(2 * LIMIT_S, process.kill)
    limit.start()
    try:
        yield process
    finally:
        limit.cancel()
        process.kill()
        process.communicate(timeout=LIMIT_S)


def read_until(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return
    raise AssertionError(f"it ended without {words!r}: {seen}")


@pytest.mark.parametrize(
    ("limit", "why"),
    [
        ("max_inotify_instances", "has as many watchers as the kernel allows"),
        ("max_inotify_watches", "watches as many files as the kernel allows"),
    ],
)
def test_where_the_kernel_has_no_watch_left_a_look_finds_what_changed(db_path: Path, limit: str, why: str) -> None:
    own_limits = [
        "unshare",
        "--user",
        "--map-root-user",
        "sh",
        "-c",
        f'echo 0 > /proc/sys/user/{limit} && exec "$@"',
        "-",
    ]
    if subprocess.run([*own_limits, "true"], capture_output=True).returncode:
        pytest.skip("this system lets no process have limits of its own")

    with watching_process(db_path, *own_limits) as process:
        read_until(process, f"note files are looked at every 0.5 s only: this user {why}")
        write_row(db_path)
        read_until(process, "handled branch config database")


def test_an_overflow_of_the_kernels_queue_loses_no_change(db_path: Path) -> None:
    with watching_process(db_path) as process:
        read_until(process, "handled")
        os.kill(process.pid, signal.SIGSTOP)
        try:
            queue_length = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
            for number in range(queue_length):
                (db_path.parent / f"other{number % 2}").write_bytes(b"")
            write_row(db_path)
        finally:
            os.kill(process.pid, signal.SIGCONT)

        read_until(process, "has changed: the queue of events may have been full")
        read_until(process, "handled branch config database")
