"""Examinations run side by side: one that hangs or fails takes only its own finding along."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents.db.database import Database
from swarm_agents.doctor import examination, findings, programs, storage
from swarm_agents.doctor.findings import Finding, Severity
from swarm_agents.errors import Unavailable
from swarm_agents.place import Place
from swarm_agents.system import mounts


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Ends what a test lets hang."""
    event = threading.Event()
    yield event
    event.set()


def test_an_examination_that_hangs_is_told_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, release: threading.Event, tmp_path: Path
) -> None:
    def hang() -> list[Finding]:
        release.wait()
        return []

    monkeypatch.setattr(examination, "LIMIT_S", 0.2)
    monkeypatch.setattr(programs, "examine_git", hang)
    monkeypatch.chdir(tmp_path)

    found = {finding.id: finding for finding in examination.examine(None, with_check=False)}

    assert found["git"] == findings.error("git", "The examination of 'git' gave no answer within 0.2 s")
    assert found["sqlite"].severity is not Severity.ERROR and "place" in found


@pytest.mark.parametrize("raised", [Unavailable("it is away"), OSError("it is away")])
def test_an_examination_that_fails_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, raised: Exception
) -> None:
    def fail() -> list[Finding]:
        raise raised

    monkeypatch.setattr(programs, "examine_git", fail)
    monkeypatch.chdir(tmp_path)

    [found] = [finding for finding in examination.examine(None, with_check=False) if finding.id == "git"]

    assert found.severity is Severity.ERROR and "it is away" in found.text


def test_a_network_file_system_is_an_error(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "find_network_type", lambda folder: "nfs4")

    [found] = storage.examine_file_system(Place(str(db.path), None))

    assert found.severity is Severity.ERROR and "network file system (nfs4)" in found.text
    assert found.remedy is not None and found.remedy.startswith("export SWARM_DB=")


def test_a_full_disk_is_told_before_it_is_full(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_ROOM_BYTES", 1 << 62)

    [found] = storage.examine_writing(Place(str(db.path), None))

    assert (found.severity, found.remedy) == (Severity.WARNING, "swarm db prune")


@pytest.mark.parametrize(
    ("engine", "severity"), [("3.51.3", Severity.OK), ("3.53.0", Severity.OK), ("3.51.2", Severity.NOTE)]
)
def test_an_engine_with_the_fault_of_its_journal_is_named(
    monkeypatch: pytest.MonkeyPatch, engine: str, severity: Severity
) -> None:
    monkeypatch.setattr(programs.integrity, "read_engine_version", lambda: engine)

    [found] = programs.examine_sqlite()

    assert found.severity is severity and engine in found.text
