"""The demo's checks: a record without fault passes, and each broken promise is found."""

from dataclasses import replace
from pathlib import Path

import pytest

from swarm_agents.demo import checks, requirements
from swarm_agents.demo.records import BreakageRecord, DemoRecord, IncidentRecord, KillRecord, WaitRecord
from swarm_agents.demo.sources import AGENTS
from swarm_agents.errors import Unavailable
from swarm_agents.incidents.incidents import Attempt, AttemptEnd

KILLED = Attempt(1, 1, "ada", 1, began_at=1_000, ended_at=6_000, end=AttemptEnd.EXPIRED, reason="")
SUCCESSOR = Attempt(1, 2, "ben", 3, began_at=6_000, ended_at=8_000, end=AttemptEnd.FIXED, reason="")
WAIT = WaitRecord("cleo", 1, since=1_500, fixer_at=None, green_at=8_000, back_at=8_100)
GOOD = DemoRecord(
    whole=True,
    lease_s=4,
    verb_ms=80,
    incidents=[IncidentRecord(1, opened_at=1_000, closed_at=8_000, how="fixed")],
    attempts=[KILLED, SUCCESSOR],
    waits=[WAIT],
    breaks=[BreakageRecord("c0ffee", "stall/price.py", repairs=1)],
    kills=[KillRecord("ada", fence=1, at=2_000)],
    told_fixer={1: {"ada"}, 3: {"ben"}},
    commits=12,
    bypassed_hook=[],
    unlanded=dict.fromkeys(AGENTS, 0),
    left=set(AGENTS),
    bugs=[],
    damage=[],
    dashboard_ended=None,
)


def broken(seen: DemoRecord) -> list[str]:
    return [promise.text for promise in checks.check_promises(seen) if not promise.held]


def test_a_good_record_breaks_no_promise() -> None:
    assert broken(GOOD) == []


@pytest.mark.parametrize(
    ("seen", "promise"),
    [
        (replace(GOOD, told_fixer={1: {"ada", "ben"}}), "one fixer for each attempt"),
        (replace(GOOD, attempts=[KILLED, SUCCESSOR._replace(began_at=5_999)]), "one fixer for each attempt"),
        (replace(GOOD, breaks=[]), "one incident for each breakage"),
        (replace(GOOD, waits=[replace(WAIT, back_at=10_001)]), "waiters are back within 2 s of green"),
        (replace(GOOD, waits=[replace(WAIT, back_at=None)]), "waiters are back within 2 s of green"),
        (replace(GOOD, attempts=[KILLED, SUCCESSOR._replace(began_at=8_001)]), "a killed fixer is replaced"),
        (replace(GOOD, attempts=[KILLED, SUCCESSOR._replace(agent="ada")]), "a killed fixer is replaced"),
        (replace(GOOD, attempts=[KILLED]), "a killed fixer is replaced"),
        (replace(GOOD, attempts=[KILLED._replace(end=AttemptEnd.FAILED), SUCCESSOR]), "a killed fixer is replaced"),
        (replace(GOOD, breaks=[BreakageRecord("c0ffee", "stall/price.py", repairs=2)]), "nothing is repaired twice"),
        (replace(GOOD, bypassed_hook=["c0ffee"]), "only the colleague bypassed the hook"),
        (replace(GOOD, bugs=["ada: swarm commit"]), "no command of swarm had an internal error"),
        (replace(GOOD, damage=["page 3"]), "the database is sound"),
        (replace(GOOD, incidents=[IncidentRecord(1, 1_000, None, None)]), "every incident ended"),
        (replace(GOOD, breaks=[BreakageRecord("c0ffee", "stall/price.py", repairs=0)]), "every breakage was repaired"),
        (replace(GOOD, unlanded={"eve": 1}), "every commit landed"),
        (replace(GOOD, left={"ada"}), "every agent came to its end"),
        (replace(GOOD, dashboard_ended="Traceback"), "the dashboard ran to the end"),
    ],
)
def test_each_broken_promise_is_found(seen: DemoRecord, promise: str) -> None:
    found = broken(seen)

    assert len(found) == 1
    assert found[0].startswith(promise)


def test_a_machine_so_busy_that_one_verb_takes_long_breaks_no_promise_about_time() -> None:
    late = replace(GOOD, waits=[replace(WAIT, back_at=13_000)], attempts=[KILLED, SUCCESSOR._replace(began_at=11_000)])

    assert len(broken(late)) == 2
    assert broken(replace(late, verb_ms=500)) == []
    assert broken(replace(late, verb_ms=499))[0].startswith("waiters are back within 4.99 s of green (a busy machine")


def test_the_end_is_not_checked_when_a_human_left_before() -> None:
    left_early = replace(
        GOOD, whole=False, left=set(), incidents=[IncidentRecord(1, 1_000, None, None)], unlanded={"eve": 1}
    )

    assert broken(left_early) == []


@pytest.mark.parametrize("end", [AttemptEnd.FIXED, AttemptEnd.RELEASED])
def test_a_fixer_killed_after_its_attempt_ended_needs_no_successor(end: AttemptEnd) -> None:
    ended_first = replace(GOOD, attempts=[KILLED._replace(end=end)])

    assert broken(ended_first) == []


def test_a_build_that_a_human_declared_passing_may_break_again() -> None:
    declared = replace(GOOD, incidents=[IncidentRecord(1, 500, 900, "declared"), *GOOD.incidents])

    assert broken(declared) == []


def test_the_summary_counts_what_was_repaired_twice() -> None:
    seen = replace(
        GOOD, breaks=[BreakageRecord("c0ffee", "stall/price.py", 3), BreakageRecord("decade", "stall/stock.py", 1)]
    )

    assert checks.summarize(seen)["duplicate_fixes"] == 2


def test_the_summary_says_how_long_each_wait_was() -> None:
    became_fixer = replace(WAIT, agent="ben", fixer_at=6_000, green_at=None, back_at=None)

    waits = checks.summarize(replace(GOOD, waits=[WAIT, became_fixer]))["waits"]

    assert [(one["ended_by"], one["waited_s"], one["back_after_s"]) for one in waits] == [
        ("green", 6.5, 0.1),
        ("role", 4.5, None),
    ]


@pytest.mark.parametrize(
    ("os_release", "line"),
    [
        ("ID=debian\n", "sudo apt-get update && sudo apt-get install -y tmux git"),
        ("ID=linuxmint\nID_LIKE=ubuntu\n", "sudo apt-get update && sudo apt-get install -y tmux git"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "sudo dnf install -y tmux git"),
        ("ID=arch\n", "sudo pacman -S --needed tmux git"),
        ("ID=alpine\n", "sudo apk add tmux git"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "sudo zypper install -y tmux git"),
        ("ID=plan9\n", "install tmux git with your system's package manager"),
    ],
)
def test_the_line_that_installs_what_is_missing_is_the_systems_own(
    os_release: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    (tmp_path / "os-release").write_text(os_release)

    assert requirements.install_line(["tmux", "git"], tmp_path / "os-release") == line


def test_on_a_mac_it_is_brew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")

    assert requirements.install_line(["tmux"]) == "brew install tmux"


def test_an_old_git_is_named_with_what_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 1.8.3.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{Path('/usr/bin')}:{Path('/bin')}:/usr/local/bin:/opt/homebrew/bin")

    with pytest.raises(Unavailable, match=r"git 2\.32 or newer, this is 1\.8"):
        requirements.check()
