"""What `swarm doctor` makes of `swarm setup HOST --check`: not set up, in part, not trusted, and sound."""

import shutil

import pytest

from swarm_agents.cli import doctor_hosts
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsing import parser, verb
from swarm_agents.doctor.findings import Severity


@pytest.mark.parametrize(
    ("states", "seen", "severity", "said", "remedy"),
    [
        (("missing", "missing"), [], Severity.NOTE, "is not told of the swarm", "swarm setup codex"),
        (("current", "stale"), [], Severity.WARNING, "only in part: b (hooks, stale)", "swarm setup codex"),
        (("current", "current"), [], Severity.NOTE, "it may wait for your trust", "swarm setup codex --check"),
        (("current", "current"), [{"event": "Stop"}], Severity.OK, "its hooks run", None),
    ],
)
def test_a_check_is_one_finding(
    states: tuple[str, str], seen: list[dict[str, str]], severity: Severity, said: str, remedy: str | None
) -> None:
    files = [
        {"path": f"/x/{name}", "entries": "hooks", "state": state} for name, state in zip("ab", states, strict=True)
    ]

    found = doctor_hosts.describe_host("codex", Answer("", 1, {"files": files, "seen": seen}))

    assert found is not None
    assert (found.id, found.severity, found.remedy) == ("host:codex", severity, remedy)
    assert said in found.text


def test_what_is_told_elsewhere_is_not_repeated() -> None:
    assert doctor_hosts.describe_host("codex", Answer("Not in a git repository.", 66)) is None


def test_only_hosts_whose_program_is_here_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = parser("setup", "")
    for name in ("git", "all", "codex", "claude"):
        verb(setup, name, lambda _: Answer(""), "")
    asked: list[list[str]] = []
    monkeypatch.setattr(doctor_hosts, "find_parser", lambda noun: setup)
    monkeypatch.setattr(doctor_hosts, "take_answer", lambda words: asked.append(words) or Answer("", 1))
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/codex" if name == "codex" else None)

    assert [finding.id for finding in doctor_hosts.examine_hosts()] == ["host:codex"]
    assert asked == [["setup", "codex", "--check"]]
