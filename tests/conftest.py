"""What every test gets: an environment without traces of a swarm, tmux or git around it, and a fresh database."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from swarm_agents.db import database
from swarm_agents.db.database import Database
from tests.support.clock import FakeClock

_SCRUBBED = ("SWARM_", "TMUX", "GIT_")

settings.register_profile(
    "swarm",
    deadline=None,  # a busy machine is no defect
    derandomize=True,  # the same gate for everybody; run with --hypothesis-profile=default to explore
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("swarm")

for number in (signal.SIGHUP, signal.SIGINT):  # nohup and background jobs ignore them, and children inherit that
    signal.signal(number, signal.SIG_DFL if number is signal.SIGHUP else signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """Two for each processor: the flows wait more than they compute."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(_SCRUBBED)]:
        monkeypatch.delenv(name)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty swarm database, made once; copy it only while it is closed."""
    path = tmp_path_factory.mktemp("fresh") / "swarm.db"
    database.create(path)
    return path


@pytest.fixture
def db_path(tmp_path: Path, fresh_database: Path) -> Path:
    """An empty swarm database of this test's own."""
    path = tmp_path / "swarm" / "swarm.db"
    path.parent.mkdir(mode=0o700)
    shutil.copyfile(fresh_database, path)
    path.chmod(0o600)
    return path


@pytest.fixture
def db(db_path: Path, clock: FakeClock) -> Iterator[Database]:
    """An open, empty swarm database whose clock stands still until the test moves it."""
    with Database(db_path, clock=clock) as opened:
        yield opened
