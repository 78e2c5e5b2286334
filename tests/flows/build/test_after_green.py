"""After green: agents that waited land in turn, and the incident records its cost."""

from pathlib import Path

from tests.support.repo import Repo
from tests.support.until import until

WAIT_LIMIT_S = 40
NAMES = ["w1", "w2", "w3"]

# Refuses while `broken` exists; records when each try begins and ends.
HOOK = """#!/bin/sh
echo "begin $SWARM_AGENT" >> "$TRIES"
[ -e broken ] && exit 1
sleep 0.4
echo "end $SWARM_AGENT" >> "$TRIES"
"""


def test_the_first_in_line_retries_alone_and_all_land(repo: Repo, tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    repo.hook(HOOK.replace("$TRIES", str(tries)))
    repo.join(*NAMES)
    trees = {name: repo.worktree(name) for name in NAMES}
    repo.swarm("--as", "alice", "build", "report", "--summary", "red")
    running = []
    for n, (name, tree) in enumerate(trees.items()):
        tree.stage(f"{name}.txt")
        tree.write("broken", "x\n")
        running.append(tree.start("--as", name, "commit", "-m", "x"))
        until(lambda n=n: len(repo.swarm("status", "--json").data["waiting"]) == n + 1, f"{name} waits", WAIT_LIMIT_S)
        (tree.path / "broken").unlink()
    tries.unlink()

    repo.configure(check="true")
    assert repo.swarm("--as", "alice", "build", "fixed").exit == 0
    codes = [ended.wait(WAIT_LIMIT_S) for ended in running if ended.communicate()]

    assert codes == [0, 0, 0]
    assert tries.read_text().splitlines()[:2] == ["begin w1", "end w1"]


def test_an_incident_records_its_cost(repo: Repo) -> None:
    repo.configure(check="true")
    repo.swarm("--as", "alice", "build", "report", "--summary", "red")
    waiting = repo.start("--as", "bob", "build", "wait")
    until(lambda: bool(repo.swarm("status", "--json").data["waiting"]), "bob waits", WAIT_LIMIT_S)
    repo.swarm("--as", "alice", "build", "fixed")
    waiting.communicate(timeout=WAIT_LIMIT_S)

    (incident,) = repo.swarm("build", "history", "--json").data["incidents"]

    assert incident["agent_minutes_waited"] > 0
    assert incident["duplicate_fixes_avoided"] == 1
    assert (incident["closed_how"], len(incident["attempts"])) == ("fixed", 1)


def test_another_breakage_within_an_incident_is_a_second_symptom(repo: Repo) -> None:
    repo.hook("#!/bin/sh\ncat what >&2; exit 1\n")
    repo.configure(wait_s=0.1)
    repo.stage("a.txt")
    for agent, what in [("alice", "test_a"), ("bob", "test_a"), ("bob", "test_b")]:
        repo.write("what", f"FAILED tests/x.py::{what} - boom\n")
        repo.swarm("--as", agent, "commit", "-m", "x")

    shown = repo.swarm("build", "show", "1", "--json").data

    assert [(one["times"], one["first_by"]) for one in shown["symptoms"]] == [(2, "alice"), (1, "bob")]
    assert "test_a" in shown["symptoms"][0]["summary"] and "test_b" in shown["symptoms"][1]["summary"]
    assert len(shown["attempts"]) == 1
