"""What `swarm hook` costs a coding agent, as a multiple of bare Python: whole processes, all in turn in each round."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.repo import Repo, environment, make_repo

ROUNDS = 40
WARM_UP_ROUNDS = 3

BARE = [sys.executable, "-c", "pass"]
# The script as pip since 25.1 and uv write it; that of an older pip loads `re` first.
SWARM = [sys.executable, "-c", "from swarm_agents.cli.start import main; main()"]


class HookCase(NamedTuple):
    """A hook that is measured, and how many times bare Python it may cost."""

    name: str
    event: dict[str, Any]
    budget: float


CASES = (
    HookCase("alive, a tool has run", {"hook_event_name": "PostToolUse", "tool_name": "Read", "tool_input": {}}, 1.5),
    HookCase("a prompt, nothing to say", {"hook_event_name": "UserPromptSubmit", "prompt": "go on"}, 3.0),
    HookCase("a prompt, a message asks", {"hook_event_name": "UserPromptSubmit", "prompt": "go on"}, 3.0),
    HookCase(
        "an edit, the file is locked",
        {"hook_event_name": "PreToolUse", "tool_name": "Edit", "tool_input": {"file_path": "a.py"}},
        3.0,
    ),
    HookCase("a turn ends, a fixer goes on", {"hook_event_name": "Stop", "stop_hook_active": False}, 3.0),
)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as folder:
        repo = make_repo(Path(folder) / "repo", agents=["alice", "bob"])
        repo.swarm("--as", "bob", "lock", "acquire", "a.py")
        repo.swarm("--as", "alice", "build", "report", "--summary", "red")
        repo.write("swarm.toml", "[messages]\nper_minute = 10000\n")
        numbers = count()
        taken: dict[str, list[tuple[float, float]]] = {"bare Python": []} | {case.name: [] for case in CASES}
        sizes: dict[str, int] = {}
        for round_ in range(ROUNDS + WARM_UP_ROUNDS):
            session = f"s-{round_}"  # a turn of a fixer goes on three times only
            hook(repo, session, {"hook_event_name": "SessionStart", "source": "startup"})
            costs = {"bare Python": run(repo, BARE, "")[0]}
            for case in CASES:
                if "message" in case.name:
                    repo.swarm("--as", "bob", "msg", "send", "--type", "QUESTION", "alice", f"number {next(numbers)}?")
                costs[case.name], said = hook(repo, session, case.event)
                sizes[case.name] = len(said)
            if round_ >= WARM_UP_ROUNDS:
                for name, cost in costs.items():
                    taken[name].append(cost)
            hook(repo, session, {"hook_event_name": "SessionEnd", "reason": "clear"})
    print_table(taken, sizes)


def hook(repo: Repo, session: str, event: dict[str, Any]) -> tuple[tuple[float, float], str]:
    text = json.dumps({"session_id": session, "transcript_path": "/t", "cwd": str(repo.path)} | event)
    return run(repo, [*SWARM, "hook", "claude"], text)


def run(repo: Repo, command: list[str], text: str) -> tuple[tuple[float, float], str]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    ran = subprocess.run(
        command, cwd=repo.path, env=environment() | {"SWARM_AGENT": "alice"}, input=text, capture_output=True, text=True
    )
    wall_ms = (time.perf_counter() - began) * 1000
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (wall_ms, cpu_s * 1000), ran.stdout


def print_table(taken: dict[str, list[tuple[float, float]]], sizes: dict[str, int]) -> None:
    bare_ms, bare_cpu_ms = (statistics.median(one[part] for one in taken["bare Python"]) for part in (0, 1))
    print(f"whole processes, {ROUNDS} rounds in turn, load {os.getloadavg()[0]:.1f}")
    print(f"{'':<32}{'median ms':>10}{'times':>8}{'CPU ms':>9}{'times':>8}{'budget':>8}{'bytes said':>12}")
    budgets = {case.name: case.budget for case in CASES}
    for name, row in taken.items():
        wall, cpu = (statistics.median(one[part] for one in row) for part in (0, 1))
        over = "   over budget" if wall > budgets.get(name, 1) * bare_ms else ""
        print(
            f"{name:<32}{wall:>10.1f}{wall / bare_ms:>8.2f}{cpu:>9.1f}{cpu / bare_cpu_ms:>8.2f}"
            f"{budgets.get(name, 1):>8g}{sizes.get(name, 0):>12}{over}"
        )


if __name__ == "__main__":
    main()
