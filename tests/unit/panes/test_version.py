"""The version of tmux: its name, whether it was tried, and what is known of it."""

from pathlib import Path

import pytest

from swarm_agents.errors import Unavailable
from swarm_agents.panes import version


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("3.3a", "3.3a, tried: a paste into a dead pane ends the server"),
        ("3.5a", "3.5a, tried"),
        ("3.6", "3.6, not tried, but 3.3a, 3.5a, 3.7c, 3.8 were"),
        ("3.7c", "3.7c, tried: it refuses tabs and line ends in window names"),
        ("3.8", "3.8, tried: a dead pane has no process id"),
        ("next-3.9", "next-3.9, not tried, but 3.3a, 3.5a, 3.7c, 3.8 were: a dead pane has no process id"),
        ("3.10", "3.10, not tried, but 3.3a, 3.5a, 3.7c, 3.8 were: a dead pane has no process id"),
        ("master", "master, not tried"),
    ],
)
def test_what_is_known_of_a_version(name: str, known: str) -> None:
    assert version.describe_version(name).startswith(known)


def test_a_version_that_is_too_old_is_an_error() -> None:
    with pytest.raises(Unavailable, match=r"3\.1c is too old"):
        version.describe_version("3.1c")


@pytest.mark.parametrize(
    ("line", "said"), [("echo no version", "does not name a version"), ("sleep 60", "could not be started")]
)
def test_a_tmux_without_a_version_is_an_error(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("tmux").write_text(f"#!/bin/sh\nexec {line}\n")
    tmp_path.joinpath("tmux").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(version.tmux, "LIMIT_S", 0.3)

    with pytest.raises(Unavailable, match=said):
        version.read_version()


def test_the_tmux_of_this_machine_has_a_version() -> None:
    assert version.describe_version(version.read_version())
