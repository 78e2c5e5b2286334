"""What the screen's tests get: one time zone, one event loop, and golden pictures."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Input, TextArea

from swarm_agents.watch import announcer
from tests.support.pictures import Pictures


@pytest.fixture
def db_path(tmp_path: Path, fresh_database: Path) -> Path:
    """An empty swarm database where a repository has it: the screen names the repository, not this folder."""
    path = tmp_path / "shop" / ".git" / "swarm" / "swarm.db"
    path.parent.mkdir(mode=0o700, parents=True)
    shutil.copyfile(fresh_database, path)
    path.chmod(0o600)
    return path


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every clock on the screen shows the same, wherever the tests run."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(autouse=True)
def steady_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cursor that blinks would make a picture depend on how busy the machine is."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)
    monkeypatch.setattr(TextArea, "_toggle_cursor_blink_visible", lambda self: None)


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Compares a picture with the golden file of that name in screenshots/; `--snapshot-update` writes them."""
    return snapshot.use_extension(Pictures)


@pytest.fixture(autouse=True)
def no_announcing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agents' tmux is nowhere: whether that was found out by then depends on how busy the machine is.

    Tests in flows/watch announce for real.
    """
    monkeypatch.setattr(announcer, "announce_due", lambda db, config: None)
