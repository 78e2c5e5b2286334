"""What a hot verb may load: time depends on the machine, the list of modules does not. See docs/decisions/0013."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repo import Repo, environment, make_repo

# Each of these takes a tenth of bare Python or more, with what it loads in turn.
HEAVY = {
    "argparse",
    "dataclasses",
    "datetime",
    "enum",
    "importlib",
    "inspect",
    "json",
    "logging",
    "pathlib",
    "re",
    "signal",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "threading",
    "typing",
}

PROCESS = "cli cli.main cli.output cli.process errors late values"
DATABASE = (
    "cli.invocation cli.parsing db db.clock db.database db.deadlines db.leases db.red_flag "
    "db.sqlite db.sqlite.connection db.sqlite.notify db.transaction git git.directory model place "
    "text"
)
ROSTER = "build build.row heartbeat locks locks.leases roster tasks tasks.leases"
FOLLOW_UP = "messages messages.rows"
WRITE = "system system.file_lock"  # also of verbs that only read: a heartbeat may be due
CONFIG = "config config.config"
AGENT = f"{PROCESS} {DATABASE} {WRITE} {ROSTER} {FOLLOW_UP}"
BUILD = "build.build build.outcomes build.transitions build.waiters cli.answers cli.build incidents incidents.incidents"

MAY_LOAD = {
    "status": f"{AGENT} build.due build.outcomes build.shared_branch build.waiters cli.answers cli.status commit "
    "commit.known_trees escalations escalations.escalations views views.agents views.branch_state views.swarm_status",
    "build status": f"{AGENT} {BUILD} build.due",
    "build report --summary red": f"{AGENT} {CONFIG} {BUILD} build.due build.expiry",
    "build renew": f"{AGENT} {BUILD}",
    "build wait --timeout 0": f"{AGENT} {CONFIG} {BUILD} build.due build.expiry build.retry_queue build.wait",
    "msg send bob hello": f"{AGENT} {CONFIG} cli.message_lines cli.msg cli.phase cli.times messages.deliveries "
    "messages.messages",
    "inbox": f"{AGENT} cli.inbox cli.message_lines cli.phase messages.deliveries messages.reading",
    "gate pre-commit --git-dir .git": f"{PROCESS} {DATABASE} {CONFIG} build build.outcomes build.row cli.answers "
    "cli.gate commit commit.gate_note gate gate.gate",
}

CODE = """
import sys
before = set(sys.modules)
from swarm_agents.cli.main import run
code = run(sys.argv[1:])
loaded = sorted(set(sys.modules) - before)
sys.stderr.write(" ".join(loaded))
"""


# The process ends at once, so what was loaded is told in place of that.
QUICK_CODE = """
import os, sys
before = set(sys.modules)
os._exit = lambda code: sys.exit(sys.stderr.write(" ".join(sorted(set(sys.modules) - before))) and code)
from swarm_agents.cli.start import main
main()
"""


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A red build that alice repairs; bob waits."""
    made = make_repo(tmp_path_factory.mktemp("hot") / "repo", agents=["alice", "bob"])
    made.swarm("--as", "alice", "build", "report", "--summary", "red")
    return made


@pytest.mark.parametrize("verb", MAY_LOAD)
def test_a_hot_verb_loads_only_what_it_needs(repo: Repo, verb: str) -> None:
    agent = "alice" if verb == "build renew" else "bob"

    ours, others = loaded_by(repo.path, agent, verb.split())

    assert ours - set(MAY_LOAD[verb].split()) == set()
    assert others & HEAVY == set()


def test_a_hook_that_only_says_alive_loads_next_to_nothing(repo: Repo) -> None:
    event = json.dumps({"session_id": "s1", "cwd": str(repo.path), "hook_event_name": "PostToolUse"})
    repo.swarm("hook", "claude", typed=event, SWARM_AGENT="bob")

    ours, others = loaded_by(repo.path, "bob", ["hook", "claude"], QUICK_CODE, event)

    assert ours == {"cli", "cli.hook_input", "cli.start"}
    assert others & HEAVY == set()


def test_a_hook_that_answers_loads_no_parser_of_the_standard_library(repo: Repo) -> None:
    event = json.dumps({"session_id": "s1", "cwd": str(repo.path), "hook_event_name": "UserPromptSubmit"})
    repo.swarm("hook", "claude", typed=event, SWARM_AGENT="bob")

    edit = event.replace('"UserPromptSubmit"', '"PreToolUse", "tool_name": "Edit", "tool_input": {"file_path": "a.py"}')
    repo.swarm("--as", "alice", "lock", "acquire", "a.py")

    for typed in (event, edit):
        _, others = loaded_by(repo.path, "bob", ["hook", "claude"], CODE, typed)
        assert others & HEAVY == set()


def test_a_heavy_module_is_noticed(repo: Repo) -> None:
    _, others = loaded_by(repo.path, "bob", ["status", "--json"])

    assert others & HEAVY >= {"json", "re", "enum"}


def loaded_by(
    where: Path, agent: str, words: list[str], code: str = CODE, typed: str = ""
) -> tuple[set[str], set[str]]:
    """The modules of the swarm that a verb loads, by their names below `swarm_agents`, and all others."""
    ran = subprocess.run(
        [sys.executable, "-c", code, *words],
        input=typed,
        cwd=where,
        env=environment() | {"SWARM_AGENT": agent},
        capture_output=True,
        text=True,
        timeout=60,
    )
    loaded = ran.stderr.splitlines()[-1].split()
    ours = {name.removeprefix("swarm_agents.") for name in loaded if name.startswith("swarm_agents.")}
    return ours, {name for name in loaded if not name.startswith("swarm_agents")}
