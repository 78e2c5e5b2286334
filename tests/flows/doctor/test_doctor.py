"""`swarm doctor`: each fault is one line with its remedy, none holds up another, and only safe things are repaired."""

import os
import shlex
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.model import PaneAddress
from tests.support.repo import SWARM, Ran, Repo, environment, make_repo
from tests.support.tmux import Tmux
from tests.support.until import until

DATABASE = ".git/swarm/swarm.db"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "work")


def test_a_sound_swarm_ends_with_0_and_names_what_was_looked_at(repo: Repo) -> None:
    repo.swarm("setup", "git")
    repo.configure(check="true")

    ended = repo.swarm("doctor", "--json")

    assert ended.exit == 0, ended.out
    told = {finding["id"] for finding in ended.data["findings"]}
    assert told >= {"python", "git", "tmux", "sqlite", "file-system", "writing", "database", "journal", "clock"}
    assert told >= {"leases", "gate", "pre-commit", "watching", "notify", "configuration", "check", "identity"}


def test_a_wrong_configuration_is_told_in_one_line_and_the_rest_is_examined(repo: Repo) -> None:
    repo.swarm("setup", "git")
    repo.write("swarm.toml", "[build]\nmax_attempt = 3\n")

    ended = repo.swarm("doctor")

    assert ended.exit == 3
    assert (ended.out.count("unknown key"), ended.out.count("ERROR")) == (1, 1)
    assert ended.out.startswith("ERROR    configuration ") and "line 2" in ended.out.splitlines()[0]
    assert "ok       database " in ended.out


def test_the_worst_comes_first(repo: Repo) -> None:
    repo.write("swarm.toml", "[build]\nmax_attempt = 3\n")

    told = [finding["severity"] for finding in doctor(repo).data["findings"]]

    assert told == sorted(told, key=["error", "warning", "note", "ok"].index)
    assert {"error", "warning", "note", "ok"} == set(told)


def test_warnings_alone_end_with_1(repo: Repo) -> None:
    ended = doctor(repo)

    assert (ended.exit, ended.json["code"]) == (1, "failed")
    assert find(ended, "gate") == ("warning", "swarm setup git")


@pytest.mark.parametrize("hurt", ["newer", "damaged", "gone", "foreign"])
def test_a_database_that_cannot_be_used_is_one_error(repo: Repo, hurt: str) -> None:
    database = repo.path / DATABASE
    match hurt:
        case "newer":
            with closing(sqlite3.connect(database)) as connection:
                connection.execute("pragma user_version = 999")
        case "damaged":
            damage(database)
        case "gone":
            database.unlink()
        case "foreign":
            database.write_text("no database")

    ended = doctor(repo)

    assert ended.exit == 3
    assert [one["id"] for one in ended.data["findings"] if one["severity"] == "error"] == ["database"]
    remedies = {"newer": "uv tool upgrade swarm-tui", "gone": "swarm init"}
    assert hurt not in remedies or find(ended, "database")[1] == remedies[hurt]
    assert find(ended, "gate")[0] == "warning"


def test_a_locked_database_names_the_process_that_holds_it(repo: Repo) -> None:
    with closing(sqlite3.connect(repo.path / DATABASE, isolation_level=None)) as connection:
        connection.execute("begin immediate")

        ended = doctor(repo)

    assert ended.exit == 3
    assert f"process {os.getpid()}" in text_of(ended, "database")
    assert find(ended, "git")[0] == "ok"


def test_a_working_folder_that_was_removed_is_one_error(repo: Repo, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd {gone} && rmdir {gone} && exec "$@"'

    ended = subprocess.run(
        ["sh", "-c", script, "-", *SWARM, "doctor"], env=environment(), capture_output=True, text=True
    )

    assert ended.returncode == 3
    assert ended.stdout.startswith("ERROR    place         The working folder was removed.")
    assert "ok       git " in ended.stdout


def test_outside_of_a_repository_it_says_what_to_do(tmp_path: Path) -> None:
    ended = Repo(tmp_path).swarm("doctor")

    assert ended.exit == 3
    assert ended.out.startswith("ERROR    place         Not in a git repository") and "Next: git init" in ended.out


def test_a_synchronised_folder_is_told_with_a_command_that_moves_the_database(repo: Repo, tmp_path: Path) -> None:
    (repo.path / ".stfolder").mkdir()
    home = tmp_path / "a home"

    severity, remedy = find(doctor(repo), "file-system")
    moved = f"export HOME={shlex.quote(str(home))} && {remedy} && swarm doctor --quick --json >../moved.json; true"

    assert severity == "warning" and repo.shell(moved) == 0
    after = Ran(0, (tmp_path / "moved.json").read_text(), "")
    assert find(after, "file-system")[0] == "ok" and str(home) in text_of(after, "database")


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"), reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_found_by_writing(repo: Repo) -> None:
    folder = (repo.path / DATABASE).parent
    words = [*SWARM, "doctor", "--quick", "--json"]
    if os.geteuid() == 0:  # as in a sandbox: the right to override permissions is taken away
        words = ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override", *words]
    folder.chmod(0o500)
    try:
        done = subprocess.run(words, cwd=repo.path, env=environment(), capture_output=True, text=True)
    finally:
        folder.chmod(0o700)
    ended = Ran(done.returncode, done.stdout, done.stderr)

    assert ended.exit == 3, done.stderr
    assert find(ended, "writing") == ("error", f"chmod u+w {folder}")


def test_stale_leases_are_named_and_only_fix_ends_them(repo: Repo) -> None:
    repo.join("alice")
    repo.swarm("--as", "alice", "lock", "acquire", "src/a.py")
    repo.swarm("--as", "alice", "build", "report", "--summary", "red")
    with Database(repo.path / DATABASE) as db, db.transaction() as tx:
        tx.execute("update locks set lease_mono_ms = 1")
        tx.execute("update build_state set lease_mono_ms = 1")

    before, after = doctor(repo), doctor(repo, "--fix")

    assert "the build (of alice), lock src/a.py (of alice)" in text_of(before, "leases")
    assert find(before, "leases") == ("warning", "swarm doctor --fix")
    assert (before.data["fixed"], after.data["fixed"]) == ([], ["ended the leases that had run out"])
    assert find(after, "leases")[0] == "ok"


def test_a_missing_red_flag_is_restored_by_fix(repo: Repo) -> None:
    repo.join("alice")
    repo.swarm("--as", "alice", "build", "report", "--summary", "red")
    flag = repo.path / f"{DATABASE}-red"
    flag.unlink()

    before, after = doctor(repo), doctor(repo, "--fix")

    assert find(before, "red-flag") == ("error", "swarm doctor --fix")
    assert "red-flag" not in {one["id"] for one in after.data["findings"]} and flag.exists()


def test_fix_completes_a_gate_and_installs_none(repo: Repo) -> None:
    mine = (repo.path / ".git/hooks/pre-commit").read_bytes()
    untouched = doctor(repo, "--fix")
    assert (repo.path / ".git/hooks/pre-commit").read_bytes() == mine
    assert untouched.data["fixed"] == []
    repo.swarm("setup", "git")
    (repo.path / ".git/hooks/reference-transaction").unlink()

    before, after = doctor(repo), doctor(repo, "--fix")

    assert find(before, "gate") == ("warning", "swarm doctor --fix")
    assert find(after, "gate")[0] == "ok"


def test_a_journal_that_grew_names_its_reader_and_shrinks_by_fix(repo: Repo) -> None:
    database = repo.path / DATABASE
    with closing(sqlite3.connect(database, isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select * from agents").fetchall()
        grow_journal(database)

        grown = doctor(repo)
        reader.execute("rollback")
        after = doctor(repo, "--fix")

    assert find(grown, "journal") == ("warning", "swarm doctor --fix")
    assert f"reading now: process {os.getpid()}" in text_of(grown, "journal")
    assert find(after, "journal")[0] == "ok"


def test_a_clock_that_was_set_back_is_found(repo: Repo) -> None:
    with Database(repo.path / DATABASE) as db, db.transaction() as tx:
        tx.execute("insert into events (at, actor, kind) values (:at, 'swarm', 'x')", at=tx.now + 3_600_000)

    ended = doctor(repo)

    assert find(ended, "clock") == ("warning", "timedatectl set-ntp true")


def test_a_lease_of_another_host_is_found(repo: Repo) -> None:
    repo.join("alice")
    repo.swarm("--as", "alice", "lock", "acquire", "a.py")
    with Database(repo.path / DATABASE) as db, db.transaction() as tx:
        tx.execute("update locks set lease_boot_id = 'another'")

    assert find(doctor(repo), "clock")[0] == "error"


def test_each_agent_s_pane_is_told_with_its_submit_key_or_why_it_is_lost(repo: Repo, tmux: Tmux) -> None:
    ready, closed = tmux.agent("ready"), tmux.agent("closed")
    for name, pane in (("alice", ready.pane), ("bob", closed.pane)):
        register(repo, name, pane)
    repo.join("carol")
    tmux.find(closed.pane).kill()

    ended = doctor(repo)

    assert "Claude Code, submits with enter, ready" in text_of(ended, "pane:alice")
    assert find(ended, "pane:bob") == ("warning", "swarm --as bob agent leave")
    assert "was closed" in text_of(ended, "pane:bob")
    assert find(ended, "pane:carol")[0] == "note"


def test_a_tmux_server_that_is_stopped_is_one_error_and_holds_up_no_other(repo: Repo, tmux: Tmux) -> None:
    for name in ("alice", "bob"):
        register(repo, name, tmux.agent(name).pane)
    server = int(tmux.run("display-message", "-p", "#{pid}"))
    os.kill(server, signal.SIGSTOP)
    try:
        until(lambda: Path(f"/proc/{server}/stat").read_text().split(") ")[1][0] == "T", "the server is stopped")
        ended = doctor(repo)
    finally:
        os.kill(server, signal.SIGCONT)

    assert ended.exit == 3
    assert [one["id"] for one in ended.data["findings"] if one["severity"] == "error"] == [f"tmux-server:{tmux.socket}"]
    assert find(ended, f"tmux-server:{tmux.socket}") == ("error", f"kill -CONT {server}")
    assert find(ended, "watching")[0] == "ok"


def test_without_tmux_and_git_both_are_told(repo: Repo, tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()

    ended = subprocess.run(
        [*SWARM, "doctor", "--quick"],
        cwd=repo.path,
        env=environment() | {"PATH": str(bare)},
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 3
    assert "ERROR    git " in ended.stdout and "warning  tmux " in ended.stdout


def test_quick_runs_no_check(repo: Repo) -> None:
    repo.configure(check="touch ../ran")

    doctor(repo)

    assert not (repo.path.parent / "ran").exists()


def doctor(repo: Repo, *options: str) -> Ran:
    return repo.swarm("doctor", "--quick", *options, "--json")


def find(ended: Ran, subject: str) -> tuple[str, Any]:
    """The severity and the remedy of the finding about this subject."""
    [found] = [one for one in ended.data["findings"] if one["id"] == subject]
    return found["severity"], found["remedy"]


def text_of(ended: Ran, subject: str) -> str:
    [found] = [one for one in ended.data["findings"] if one["id"] == subject]
    return str(found["text"])


def register(repo: Repo, name: str, pane: PaneAddress) -> None:
    """Join as an agent in this pane would."""
    with Database(repo.path / DATABASE) as db:
        roster.join(db, name, "agent", pane)


def damage(database: Path) -> None:
    """Write over a page in the middle, with nothing left in the journal."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    with database.open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 4096 * 8)


def grow_journal(database: Path) -> None:
    """More changes than any swarm leaves in the journal."""
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("pragma wal_autocheckpoint = 0")
        writer.execute("create table filler (data blob)")
        for _ in range(9):
            writer.execute("insert into filler values (zeroblob(8000000))")
