"""What a call of `swarm` costs in processor time while 30 agents call at once, beside bare Python in the same crowd."""

import os
import resource
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.verbs import BARE, SWARM
from tests.support.repo import Repo, environment, make_repo

AGENTS = 30
CALLS = 12  # of each agent
BUDGET_MS = 60.0  # processor time of a call

Words = list[list[str]]


def main() -> None:
    names = [f"agent{n}" for n in range(AGENTS)]
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as folder:
        repo = make_repo(Path(folder) / "repo", agents=names)
        bare = _measure(repo, {name: [BARE] * CALLS for name in names})
        calls = _measure(repo, {name: _calls(name) for name in names})
        again = _measure(repo, {name: [BARE] * CALLS for name in names})
    bare_ms = (bare + again) / 2
    verdict = "   over budget" if calls > BUDGET_MS else ""
    print(f"{AGENTS} agents, {CALLS} calls each, load {os.getloadavg()[0]:.1f}; processor time of a call")
    print(f"bare Python {bare_ms:.1f} ms, swarm {calls:.1f} ms, {calls / bare_ms:.2f} times{verdict}")


def _calls(name: str) -> Words:
    """What an agent does all day, the writes among it."""
    verbs = [
        ["status"],
        ["build", "status"],
        ["inbox"],
        ["msg", "send", "agent0", f"from {name}"],
        ["inbox"],
        ["status"],
    ]
    return [[*SWARM, "--as", name, *verb] for verb in verbs * (CALLS // len(verbs))]


def _measure(repo: Repo, calls: dict[str, Words]) -> float:
    """Milliseconds of processor time that each call took, its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    at = time.monotonic() + 0.2
    with ThreadPoolExecutor(AGENTS) as crowd:
        made = sum(crowd.map(lambda words: _call_all(repo, words, at), calls.values()))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000 / made


def _call_all(repo: Repo, calls: Words, at: float) -> int:
    time.sleep(max(0.0, at - time.monotonic()))
    quiet = subprocess.DEVNULL
    for words in calls:
        subprocess.run(words, cwd=repo.path, env=environment(), stdin=quiet, stdout=quiet, stderr=quiet, timeout=120)
    return len(calls)


if __name__ == "__main__":
    main()
