"""What agents are told to type works as it is written: every command of every skill, of the plugin and of the block."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from swarm_agents import host_setup
from swarm_agents.cli.output import CODES
from swarm_agents.host_setup import guides
from swarm_agents.hosts.setup_files import GUIDE_NAMES
from tests.support.plugin_hooks import FILES, PLUGIN, hooks_text
from tests.support.repo import RUN_LIMIT_S, Repo, environment

RENDERINGS = {
    **{f"plugin {name}": (PLUGIN / "skills" / name / "SKILL.md").read_text("utf-8") for name in GUIDE_NAMES},
    **{f"{name} for Claude Code": guides.render_skill(name, allows_swarm=True) for name in GUIDE_NAMES},
    **{f"{name} for others": guides.render_skill(name, allows_swarm=False) for name in GUIDE_NAMES},
    "block": "\n".join(guides.load_rules()),
}


def commands(text: str) -> list[str]:
    """Every line of the shell, and every command of ours between the words."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    return [*lines, *re.findall(r"`(swarm [^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))]


# The situations in which alice types them. Each is made of real commands.


def green(repo: Repo) -> None:
    repo.stage("work.txt")


def met(repo: Repo) -> None:
    """There is an agent of that name, and a question of it that asks to be acknowledged."""
    repo.join("NAME")
    assert repo.swarm("--as", "NAME", "msg", "send", "alice", "Which one?", "--requires-ack").exit == 0


def red_and_free(repo: Repo) -> None:
    assert repo.swarm("--as", "bob", "build", "report", "--summary", "a test fails").exit == 81
    assert repo.swarm("--as", "bob", "build", "give-up").exit == 0


def mine(repo: Repo) -> None:
    assert repo.swarm("--as", "alice", "build", "report", "--summary", "a test fails").exit == 81
    repo.stage("repair.txt")


def repaired_elsewhere(repo: Repo) -> None:
    """Alice is the fixer, and the check passes without a commit of hers."""
    repo.configure(check="test ! -e broken")
    repo.git("add", "swarm.toml")
    repo.git("commit", "-q", "-m", "Configure the check")
    assert repo.swarm("--as", "alice", "build", "report", "--summary", "a test fails").exit == 81


def task_to_claim(repo: Repo) -> None:
    assert repo.swarm("--as", "bob", "task", "add", "Write it").exit == 0


def task_claimed(repo: Repo) -> None:
    task_to_claim(repo)
    assert repo.swarm("--as", "alice", "task", "claim", WORDS["TASK"]).exit == 0


def locked(repo: Repo) -> None:
    assert repo.swarm("--as", "alice", "lock", "acquire", "src/main.py").exit == 0


WORDS = {"ID": "1", "N": "1", "TASK": "t1", "PATH": "src/main.py", "COMMAND": "true"}
SITUATIONS: dict[str, tuple[Callable[[Repo], None], int]] = {
    "git log --oneline -10": (green, 0),
    "git show --stat HEAD": (green, 0),
    "swarm --help": (green, 0),
    "swarm agent join NAME": (green, 0),
    "swarm agent leave": (green, 0),
    "swarm agent whoami": (green, 0),
    "swarm build claim": (red_and_free, 81),
    'swarm build escalate --reason "WHAT IS NEEDED"': (mine, 0),
    'swarm build failed --reason "WHAT YOU TRIED AND WHAT HAPPENED"': (mine, 0),
    'swarm build failed --reason "WHY"': (mine, 0),
    "swarm build fixed": (repaired_elsewhere, 0),
    "swarm build give-up": (mine, 0),
    "swarm build history": (mine, 0),
    "swarm build hold -- COMMAND": (mine, 0),
    "swarm build show N": (mine, 0),
    "swarm build wait": (red_and_free, 81),
    "swarm build wait --timeout 540": (red_and_free, 81),
    'swarm commit -m "MESSAGE"': (mine, 0),
    "swarm commit": (green, 85),  # without a message it is only a name
    "swarm inbox": (met, 0),
    'swarm lock acquire PATH --reason "WHY"': (green, 0),
    "swarm lock list": (locked, 0),
    "swarm lock release PATH": (locked, 0),
    "swarm msg ack ID": (met, 0),
    'swarm msg broadcast "Build repaired. Failed: WHAT. Cause: WHY. Changed: WHICH FILES. Verified: HOW."': (met, 0),
    'swarm msg broadcast "TEXT"': (met, 0),
    'swarm msg send NAME "QUESTION"': (met, 0),
    'swarm msg send NAME "QUESTION" --type QUESTION': (met, 0),
    'swarm msg send NAME "TEXT"': (met, 0),
    'swarm msg send human "QUESTION" --type QUESTION': (green, 0),
    "swarm msg wait --timeout 60": (met, 0),
    "swarm status": (mine, 0),
    "swarm task claim TASK": (task_to_claim, 0),
    "swarm task done TASK": (task_claimed, 0),
    'swarm task fail TASK --reason "WHY"': (task_claimed, 0),
    "swarm task list": (task_to_claim, 0),
    "swarm task release TASK": (task_claimed, 0),
    "swarm task start TASK": (task_claimed, 0),
}


@pytest.mark.parametrize("rendering", RENDERINGS)
def test_every_command_of_a_rendering_is_tried_below(rendering: str) -> None:
    told = commands(RENDERINGS[rendering])

    assert len(told) > 5
    assert [command for command in told if command not in SITUATIONS] == []


def test_no_command_is_tried_that_no_rendering_has() -> None:
    assert set(SITUATIONS) <= {command for text in RENDERINGS.values() for command in commands(text)}


@pytest.mark.parametrize("command", SITUATIONS)
def test_a_command_works_as_it_is_written(repo: Repo, command: str) -> None:
    prepare, expected = SITUATIONS[command]
    prepare(repo)
    parts = command.split('"')  # what is in quotation marks stays as it is
    parts[::2] = [" ".join(WORDS.get(word, word) for word in part.split(" ")) for part in parts[::2]]
    line = '"'.join(parts)

    done = subprocess.run(
        ["sh", "-c", line],
        cwd=repo.path,
        env=environment() | {"SWARM_AGENT": "alice"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=RUN_LIMIT_S,
    )

    assert done.returncode == expected, done


@pytest.mark.parametrize("rendering", RENDERINGS)
def test_every_exit_code_of_a_rendering_exists(rendering: str) -> None:
    text = RENDERINGS[rendering]

    told = {
        int(number)
        for number in re.findall(r"^\| (\d+) \||\b[Ee]xit (?:code )?(\d+)", text, re.M)
        for number in number
        if number
    }

    assert told <= set(CODES)
    if "fix-build" in rendering or rendering == "block":
        assert {80, 81, 82, 83, 84} <= told


@pytest.mark.parametrize("name", GUIDE_NAMES)
@pytest.mark.parametrize("allows_swarm", [True, False])
def test_a_skill_has_the_form_of_the_standard(name: str, allows_swarm: bool) -> None:
    text = guides.render_skill(name, allows_swarm)
    _, head, body = text.split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in head.splitlines())

    assert fields["name"] == name and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert 0 < len(fields["description"]) <= 1024 and len(fields["compatibility"]) <= 500
    assert set(fields) <= {"name", "description", "license", "compatibility", "allowed-tools"}
    assert ("allowed-tools" in fields) == allows_swarm
    assert len(text.splitlines()) <= 120 and "--no-verify" in body


def test_the_hooks_of_the_plugin_are_those_that_setup_installs() -> None:
    written = {host: path.read_text("utf-8") for host, path in FILES.items()}

    assert written == {host: hooks_text(host) for host in FILES}, "run: python -m tests.support.plugin_hooks"


def test_the_plugin_names_files_that_are_there_and_one_version() -> None:
    import json
    import tomllib

    claude = json.loads((PLUGIN / ".claude-plugin/plugin.json").read_text("utf-8"))
    codex = json.loads((PLUGIN / ".codex-plugin/plugin.json").read_text("utf-8"))
    market = json.loads((PLUGIN / ".claude-plugin/marketplace.json").read_text("utf-8"))
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]

    assert claude["version"] == codex["version"] == project["version"]
    assert (PLUGIN / codex["hooks"]).is_file() and (PLUGIN / codex["skills"]).is_dir()
    assert [plugin["name"] for plugin in market["plugins"]] == [claude["name"]] == [codex["name"]]
    assert (PLUGIN / market["plugins"][0]["source"]).resolve() == PLUGIN.resolve()
    assert host_setup.__path__
