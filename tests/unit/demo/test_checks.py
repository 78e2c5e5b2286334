"""The demo's judge: a performance in which everything held is praised, and each broken promise is found out."""

from dataclasses import replace
from pathlib import Path

import pytest

from swarm_agents.demo import checks, requirements
from swarm_agents.demo.records import Break, Incident, Kill, Seen, Wait
from swarm_agents.demo.sources import AGENTS
from swarm_agents.errors import Unavailable
from swarm_agents.incidents.incidents import Attempt, AttemptEnd

KILLED = Attempt(1, 1, "ada", 1, began_at=1_000, ended_at=6_000, end=AttemptEnd.EXPIRED, reason="")
HEIR = Attempt(1, 2, "ben", 3, began_at=6_000, ended_at=8_000, end=AttemptEnd.FIXED, reason="")
WAIT = Wait("cleo", 1, since=1_500, fixer_at=None, green_at=8_000, back_at=8_100)
GOOD = Seen(
    whole=True,
    lease_s=4,
    incidents=[Incident(1, opened_at=1_000, closed_at=8_000, how="fixed")],
    attempts=[KILLED, HEIR],
    waits=[WAIT],
    breaks=[Break("c0ffee", "stall/price.py", repairs=1)],
    kills=[Kill("ada", fence=1, at=2_000)],
    told_fixer={1: {"ada"}, 3: {"ben"}},
    commits=12,
    round_the_hook=[],
    unlanded=dict.fromkeys(AGENTS, 0),
    left=set(AGENTS),
    bugs=[],
    damage=[],
    dashboard_ended=None,
)


def broken(seen: Seen) -> list[str]:
    return [promise.text for promise in checks.judge(seen) if not promise.held]


def test_a_good_performance_breaks_no_promise() -> None:
    assert broken(GOOD) == []


@pytest.mark.parametrize(
    ("seen", "promise"),
    [
        (replace(GOOD, told_fixer={1: {"ada", "ben"}}), "one fixer for each attempt"),
        (replace(GOOD, attempts=[KILLED, HEIR._replace(began_at=5_999)]), "one fixer for each attempt"),
        (replace(GOOD, breaks=[]), "one incident for each breakage"),
        (replace(GOOD, waits=[replace(WAIT, back_at=10_001)]), "waiters are back within 2 s of green"),
        (replace(GOOD, waits=[replace(WAIT, back_at=None)]), "waiters are back within 2 s of green"),
        (replace(GOOD, attempts=[KILLED, HEIR._replace(began_at=8_001)]), "a killed fixer is replaced"),
        (replace(GOOD, attempts=[KILLED, HEIR._replace(agent="ada")]), "a killed fixer is replaced"),
        (replace(GOOD, attempts=[KILLED]), "a killed fixer is replaced"),
        (replace(GOOD, attempts=[KILLED._replace(end=AttemptEnd.FAILED), HEIR]), "a killed fixer is replaced"),
        (replace(GOOD, breaks=[Break("c0ffee", "stall/price.py", repairs=2)]), "nothing is repaired twice"),
        (replace(GOOD, round_the_hook=["c0ffee"]), "nobody but the colleague went round the hook"),
        (replace(GOOD, bugs=["ada: swarm commit"]), "no command of swarm failed within"),
        (replace(GOOD, damage=["page 3"]), "the database is sound"),
        (replace(GOOD, incidents=[Incident(1, 1_000, None, None)]), "every incident ended"),
        (replace(GOOD, breaks=[Break("c0ffee", "stall/price.py", repairs=0)]), "every breakage was repaired"),
        (replace(GOOD, unlanded={"eve": 1}), "every commit landed"),
        (replace(GOOD, left={"ada"}), "every agent came to its end"),
        (replace(GOOD, dashboard_ended="Traceback"), "the dashboard ran to the end"),
    ],
)
def test_each_broken_promise_is_found_out(seen: Seen, promise: str) -> None:
    found = broken(seen)

    assert len(found) == 1
    assert found[0].startswith(promise)


def test_what_comes_last_is_not_judged_when_a_human_left_before() -> None:
    left_early = replace(GOOD, whole=False, left=set(), incidents=[Incident(1, 1_000, None, None)], unlanded={"eve": 1})

    assert broken(left_early) == []


@pytest.mark.parametrize("end", [AttemptEnd.FIXED, AttemptEnd.RELEASED])
def test_a_blow_that_came_too_late_needs_no_successor(end: AttemptEnd) -> None:
    ended_first = replace(GOOD, attempts=[KILLED._replace(end=end)])

    assert broken(ended_first) == []


def test_what_a_human_declared_passing_may_break_once_more() -> None:
    declared = replace(GOOD, incidents=[Incident(1, 500, 900, "declared"), *GOOD.incidents])

    assert broken(declared) == []


def test_the_summary_counts_what_was_repaired_twice() -> None:
    seen = replace(GOOD, breaks=[Break("c0ffee", "stall/price.py", 3), Break("decade", "stall/stock.py", 1)])

    assert checks.summary(seen)["duplicate_fixes"] == 2


def test_the_summary_says_how_long_each_wait_was() -> None:
    became_fixer = replace(WAIT, agent="ben", fixer_at=6_000, green_at=None, back_at=None)

    waits = checks.summary(replace(GOOD, waits=[WAIT, became_fixer]))["waits"]

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
