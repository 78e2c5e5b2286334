"""A scripted agent: fills its shelf of the stall in small commits, uses nothing but `swarm`, and obeys its exit codes.

Run in a pane as `python -m swarm_agents.demo.agent NAME TREE JOURNAL PACE`; `_commit` is the contract in code.
"""

import os
import random
import re
import select
import sys
import time
from pathlib import Path

from swarm_agents.demo.caller import YELLOW, Caller, Exit, say
from swarm_agents.demo.commands import Hands
from swarm_agents.demo.sources import OFFERS, PACKAGE
from swarm_agents.text import one_line

THINKING_S = (0.2, 0.6)  # before a change, times the pace
REPAIR_THINKING_S = 1.5  # times the pace; long enough for the others to run into the same wall
RENEW_EVERY_S = 0.5
ASKED_PAUSE_S = 1.0
UNSURE_PAUSE_S = 1.0  # after an answer that says nothing about what to do next
ENOUGH = "The demo is over"  # how the human's message begins that ends the agents' work


class Agent:
    def __init__(self, name: str, tree: Path, journal: Path, pace: float) -> None:
        self.name = name
        self.swarm = Caller(journal)
        self.hands = Hands(name, tree)
        self.pace = pace
        self.shelf = tree / PACKAGE / "shelves" / f"{name}.txt"

    def work(self) -> None:
        """Join, land one change after the other until the human says that it is enough, leave."""
        if self.swarm("agent", "join", self.name).exit == Exit.TAKEN:
            self.swarm("agent", "adopt", self.name)
        self._start_anew()
        while not self._enough():
            time.sleep(random.uniform(*THINKING_S) * self.pace)
            self._fill_the_shelf()
        self.swarm("agent", "leave")

    def _enough(self) -> bool:
        for line in _typed_lines():
            say(f"  typed here: {one_line(line, 200)}", YELLOW)
        said = self.swarm("inbox").data.get("messages", [])
        return any(one["from"] == "human" and one["body"].startswith(ENOUGH) for one in said)

    def _fill_the_shelf(self) -> None:
        self.hands.git("merge", "--quiet", "--no-edit", "main")
        if self._commit(self._offer()):
            self.hands.land_on_main()

    def _offer(self) -> str:
        """One more thing on the shelf, staged; the message for its commit."""
        offers = self.shelf.read_text().splitlines()
        name = OFFERS[len(offers) % len(OFFERS)]
        self.shelf.write_text("\n".join([*offers, f"{name} {10 * len(offers) + 10}"]) + "\n")
        self.hands.git("add", str(self.shelf))
        return f"Offer {name}"

    def _commit(self, message: str) -> bool:
        """Commit what is staged, whatever it takes; whether it landed. If not, the change is gone, to be made anew."""
        while True:
            answer = self.swarm("commit", "-m", message)
            if answer.exit in (Exit.TIMED_OUT, Exit.BUILD_BROKEN):
                answer = self.swarm("build", "wait")
                if answer.exit in (Exit.LANDED, Exit.TIMED_OUT):
                    continue
            match answer.exit:
                case Exit.LANDED:
                    return True
                case Exit.YOU_ARE_FIXER:
                    self._repair(answer.data["fence"])
                    return False
                case Exit.ESCALATED:
                    time.sleep(ASKED_PAUSE_S)
                case Exit.BEHIND:
                    self.hands.git("merge", "--quiet", "--no-edit", "main")
                case Exit.FILES_MODIFIED:
                    self.hands.git("add", "--all")
                case Exit.FLAKY:
                    pass
                case _:
                    time.sleep(UNSURE_PAUSE_S)
                    self._start_anew()
                    return False

    def _repair(self, fence: int) -> None:
        """Put back what was there before it broke, land it, prove it. Stop as soon as the role went to someone else."""
        self._start_anew()
        if not self._study(fence):
            return
        message = self._put_back() or self._offer()  # nothing fails when a fixer died between landing and saying so
        answer = self.swarm("commit", "-m", message)
        if not answer.data.get("commit"):
            if answer.exit != Exit.FENCED:
                self.swarm("build", "failed", "--fence", str(fence), "--reason", one_line(answer.message, 200))
            self._start_anew()
        elif answer.exit == Exit.FENCED:
            self._start_anew()
        else:
            self.hands.land_on_main()
            if answer.exit == Exit.YOU_ARE_FIXER:
                self.swarm("build", "fixed", "--fence", str(fence))

    def _study(self, fence: int) -> bool:
        """Think about what broke, showing life. False when the role was lost meanwhile."""
        done_at = time.monotonic() + REPAIR_THINKING_S * self.pace
        while time.monotonic() < done_at:
            if self.swarm("build", "renew", "--fence", str(fence)).exit == Exit.FENCED:
                return False
            time.sleep(RENEW_EVERY_S)
        return True

    def _put_back(self) -> str | None:
        """Undo the last change of what fails its test, staged; the message for its commit, None when nothing fails."""
        told = self.hands.type("python3", "-B", "-m", "unittest", "-q").output
        failing = sorted(set(re.findall(r"^(?:FAIL|ERROR): .*\btests\.test_(\w+)\.", told, re.MULTILINE)))
        for module in failing:
            path = f"{PACKAGE}/{module}.py"
            culprit = self.hands.must("git", "log", "-1", "--format=%H", "--", path).strip()
            self.hands.must("git", "checkout", "--quiet", f"{culprit}~1", "--", path)
        return f"Repair {', '.join(failing)}" if failing else None

    def _start_anew(self) -> None:
        self.hands.git("reset", "--quiet", "--hard", "main")


def _typed_lines() -> list[str]:
    """What was typed into this terminal since the last time, by a person or as a notice."""
    typed = b""
    while select.select([sys.stdin], [], [], 0)[0] and (chunk := os.read(sys.stdin.fileno(), 65_536)):
        typed += chunk
    return [line for line in typed.decode(errors="replace").splitlines() if line.strip()]


def main(words: list[str]) -> None:
    name, tree, journal, pace = words
    Agent(name, Path(tree), Path(journal), float(pace)).work()


if __name__ == "__main__":
    main(sys.argv[1:])
