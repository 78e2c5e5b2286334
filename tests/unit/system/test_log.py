"""The log beside the database: its levels, its lines, who may read it, and that it never stops its caller."""

import logging
import os
import re
import stat
from pathlib import Path

import pytest

from swarm_agents.system import log
from tests.support.processes import run_python

WRITE_MANY = """
import sys
from pathlib import Path
from swarm_agents.system import log
path, name, lines = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
log.LIMIT_BYTES = 20_000
for n in range(lines):
    log.append_line(path, f"{name}:{n}:" + "x" * 50)
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "swarm.db"


def test_a_line_has_its_time_its_level_and_its_process(database: Path) -> None:
    log.error(database, "the command ended with exit status 1")

    line = log.log_path(database).read_text()
    assert re.fullmatch(
        rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z ERROR {os.getpid()} the command ended with exit status 1\n", line
    )


def test_only_its_owner_may_read_it(database: Path) -> None:
    log.info(database, "begun")

    assert stat.S_IMODE(log.log_path(database).stat().st_mode) == 0o600


@pytest.mark.parametrize(("value", "levels"), [("", ["ERROR", "WARNING", "INFO"]), ("0", ["ERROR", "WARNING", "INFO"])])
def test_without_debug_what_was_done_is_left_out(
    database: Path, monkeypatch: pytest.MonkeyPatch, value: str, levels: list[str]
) -> None:
    monkeypatch.setenv("SWARM_DEBUG", value)

    write_one_of_each(database)

    assert logged_levels(database) == levels


def test_with_debug_what_was_done_is_there(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWARM_DEBUG", "1")

    write_one_of_each(database)

    assert logged_levels(database) == ["ERROR", "WARNING", "INFO", "DEBUG"]


def test_no_text_can_forge_a_line_or_move_a_cursor(database: Path) -> None:
    log.error(database, "first\n2026-01-01T00:00:00.000Z INFO 1 all is well\x1b[2J %s")

    lines = log.log_path(database).read_text().splitlines()
    assert len(lines) == 1
    assert "\x1b" not in lines[0] and "%s" in lines[0]


def test_a_log_that_cannot_be_written_stops_no_caller(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log.error(tmp_path / "missing" / "swarm.db", "lost")

    assert capfd.readouterr() == ("", "")


def test_a_link_in_its_place_is_not_written_through(database: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    log.log_path(database).symlink_to(victim)

    log.error(database, "lost")

    assert victim.read_text() == "mine\n"


def test_a_full_log_becomes_the_old_one(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LIMIT_BYTES", 100)
    path = log.log_path(database)

    for n in range(3):
        log.append_line(path, f"{n}" * 99)

    assert Path(f"{path}.1").read_text() == "2" * 99 + "\n"
    assert not path.exists()


def test_who_finds_the_log_turned_over_already_leaves_it(database: Path) -> None:
    path = log.log_path(database)
    log.append_line(path, "old")
    late = os.open(path, os.O_WRONLY)
    path.rename(f"{path}.1")
    log.append_line(path, "new")

    log._rotate(path, late)
    os.close(late)

    assert (Path(f"{path}.1").read_text(), path.read_text()) == ("old\n", "new\n")


def test_processes_that_write_at_once_mix_no_lines_and_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "swarm.db.log"

    done = run_python([(WRITE_MANY, str(path), f"p{n}", "200") for n in range(6)])

    assert [one.stderr for one in done] == [""] * 6
    kept = [line for each in (Path(f"{path}.1"), path) if each.exists() for line in each.read_text().splitlines()]
    assert all(re.fullmatch(r"p\d:\d+:x{50}", line) for line in kept)
    for n in range(6):
        numbers = [int(line.split(":")[1]) for line in kept if line.startswith(f"p{n}:")]
        assert numbers == list(range(200))[len(range(200)) - len(numbers) :]


def test_other_libraries_warn_into_the_log_and_never_onto_the_screen(
    database: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])

    log.capture_libraries(database)
    logging.getLogger("libtmux").warning("no server")

    assert "WARNING" in log.log_path(database).read_text()
    assert capfd.readouterr().err == ""


def write_one_of_each(database: Path) -> None:
    log.error(database, "an error")
    log.warning(database, "a warning")
    log.info(database, "news")
    log.debug(database, "what was done")


def logged_levels(database: Path) -> list[str]:
    return [line.split()[1] for line in log.log_path(database).read_text().splitlines()]
