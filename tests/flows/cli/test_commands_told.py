"""Every command that a message, a notice or an escalation names works exactly as it is written."""

import re
from pathlib import Path

import pytest

import swarm_agents
from swarm_agents.courier import notice_line
from swarm_agents.courier.notice_line import MessageExcerpt
from swarm_agents.model import HUMAN
from tests.support.repo import Repo


def test_the_commands_in_messages_about_a_red_build_lead_to_green(repo: Repo) -> None:
    """The command in each message is the next step, and ends with the right exit code."""
    repo.configure(wait_s=1)
    as_alice(repo, "build", "report", "--summary", "3 tests fail")
    assert told(repo, "bob") == [("swarm build wait", 75)]

    as_alice(repo, "build", "give-up", "--reason", "out of context")
    assert told(repo, "bob") == [("swarm build claim", 81)]

    repo.swarm("--as", "bob", "build", "escalate", "--reason", "which rounding is the law here?")
    repo.swarm("escalation", "resolve", "1", "--option", "retry", "--reason", "half even")
    assert told(repo, "alice")[-1] == ("swarm build claim", 81)

    repo.swarm("--as", "bob", "inbox")
    repo.swarm("--as", "alice", "build", "hand-over", "bob")
    repo.stage("fix.py")
    assert told(repo, "bob")[-1] == ("swarm commit", 0)
    assert repo.swarm("build", "status").exit == 0

    repo.stage("more.py")
    assert told(repo, "alice")[-1] == ("swarm commit", 0)


def test_the_list_of_many_claimable_tasks_is_named_by_a_command_that_shows_them(repo: Repo) -> None:
    repo.write("plan.md", "".join(f"- [ ] Work {number} {{id=w{number}}}\n" for number in range(12)))
    repo.swarm("task", "import", "plan.md")

    commands = told(repo, "bob")

    assert len(commands) == 11
    assert commands[-1] == ("swarm task list --claimable", 0)
    assert [code for _, code in commands] == [0] * 11


def test_the_command_at_the_end_of_a_notice_reads_its_message(repo: Repo) -> None:
    message = repo.swarm("msg", "send", "bob", "hello", "--json").data["id"]
    line = notice_line.format_line((MessageExcerpt(message, HUMAN, "INFO", "hello"),))
    command = re.search(r"(swarm [a-z ]+)$", line)

    assert command is not None and repo.shell(f"SWARM_AGENT=bob {command[1]}") == 0
    assert repo.swarm("--as", "bob", "inbox").out == "Nothing new.\n"


@pytest.mark.parametrize("option", ["retry", "assign", "take-over", "declare-passing"])
def test_every_option_that_an_escalation_about_the_build_offers_works(repo: Repo, option: str) -> None:
    as_alice(repo, "build", "report", "--summary", "3 tests fail")
    repo.swarm("build", "escalate", "--reason", "please look")
    offered = repo.swarm("escalation", "show", "1").out.partition("You can:\n")[2].splitlines()[:4]

    [command] = [line.strip() for line in offered if f"--option {option}" in line]

    assert repo.shell(command.replace("NAME", "bob").replace("TEXT", "fine")) == 0
    assert repo.swarm("escalation", "list").out == "No open escalation.\n"


def test_no_message_of_the_swarm_names_a_command_that_does_not_exist(repo: Repo) -> None:
    """Finds commands in the source: each noun and verb must exist."""
    named = set()
    for source in Path(swarm_agents.__file__).parent.rglob("*.py"):
        named |= set(re.findall(r"'swarm ([a-z]+)(?: ([a-z-]+))?", source.read_text(encoding="utf-8")))

    for noun, verb in sorted(named):
        words = [noun, *([verb] if verb and noun not in ("commit", "inbox", "status", "doctor") else [])]
        assert repo.swarm(*words, "--help").exit == 0, f"swarm {noun} {verb}"
    assert ("build", "wait") in named


def told(repo: Repo, agent: str) -> list[tuple[str, int]]:
    """Read the inbox and run each command in it as that agent; how each ended."""
    said = "\n".join(one["body"] for one in repo.swarm("--as", agent, "inbox", "--json").data["messages"])
    named = re.findall(r"'(swarm [^']+)'", said)
    return [(one, repo.shell(f"SWARM_AGENT={agent} GIT_EDITOR='printf done >' {one}")) for one in named]


def as_alice(repo: Repo, *words: str) -> None:
    repo.swarm("--as", "alice", *words)
