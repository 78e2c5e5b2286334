"""Types git as an agent or a human would, with the gate in place, and turns the build red."""

import subprocess
from uuid import uuid4

from tests.support.repo import RUN_LIMIT_S, Ran, Repo, environment


def git_as(who: str | None, repo: Repo, *words: str, **extra: str) -> Ran:
    """git with the identity of an agent, or None for a human; in no pane, whatever this test runs in."""
    identity = {"SWARM_AGENT": who} if who else {}
    anonymous = {name: value for name, value in environment().items() if name not in ("SWARM_AGENT", "TMUX_PANE")}
    done = subprocess.run(
        ["git", *words],
        cwd=repo.path,
        env=anonymous | identity | extra,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=RUN_LIMIT_S,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def commits(who: str | None, repo: Repo, *words: str, **extra: str) -> Ran:
    """A new file, committed."""
    repo.stage(f"{who}.txt", f"{uuid4()}\n")  # never the very commit that another branch has already
    return git_as(who, repo, "commit", "-q", "-m", f"{who}'s work", *words, **extra)


def held(ran: Ran) -> bool:
    """Whether the gate refused."""
    return ran.exit != 0 and "swarm: not committed, the build is red" in ran.err


def turn_red(repo: Repo, fixer: str = "alice") -> None:
    assert repo.swarm("--as", fixer, "build", "report", "--summary", "a test fails").exit == 81


def set_up(repo: Repo) -> None:
    done = repo.swarm("setup", "git")
    assert done.exit == 0, done


def events(repo: Repo, *kinds: str) -> list[str]:
    told = repo.swarm("events", "--json").data["events"]
    return [f"{event['actor']} {event['kind']} {event['detail']}" for event in told if event["kind"] in kinds]
