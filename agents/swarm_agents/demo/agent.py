"""A scripted agent: adds offers to its shelf in small commits, uses only `swarm`, and obeys its exit codes.

Run in a pane as `python -m swarm_agents.demo.agent NAME TREE JOURNAL PACE`; `_commit` shows how an agent follows them.
"""

import os
import random
import re
import select
import sys
import time
from pathlib import Path

from swarm_agents.demo.commands import CommandRunner
from swarm_agents.demo.sources import OFFERS, PACKAGE
from swarm_agents.demo.swarm_command import YELLOW, ExitCode, SwarmCommand, print_line
from swarm_agents.text import one_line

THINKING_S = (0.2, 0.6)  # before a change, times the pace
REPAIR_THINKING_S = 1.5  # times the pace; long enough for the others to meet the same failure
RENEW_EVERY_S = 0.5
ASKED_PAUSE_S = 1.0  # after an escalation
UNSURE_PAUSE_S = 1.0  # after an exit code without a next step
STOP_TEXT = "The demo is over"  # beginning of the human's message that ends the agents' work


class ScriptedAgent:
    def __init__(self, name: str, tree: Path, journal: Path, pace: float) -> None:
        self.name = name
        self.swarm = SwarmCommand(journal)
        self.commands = CommandRunner(name, tree)
        self.pace = pace
        self.shelf = tree / PACKAGE / "shelves" / f"{name}.txt"

    def work(self) -> None:
        """Join, land one change after the other until the human's message to stop, leave."""
        if self.swarm("agent", "join", self.name).exit == ExitCode.TAKEN:
            self.swarm("agent", "adopt", self.name)
        self._reset_to_main()
        while not self._is_told_to_stop():
            time.sleep(random.uniform(*THINKING_S) * self.pace)
            self._land_an_offer()
        self.swarm("agent", "leave")

    def _is_told_to_stop(self) -> bool:
        for line in _read_typed_lines():
            print_line(f"  typed here: {one_line(line, 200)}", YELLOW)
        received = self.swarm("inbox").data.get("messages", [])
        return any(one["from"] == "human" and one["body"].startswith(STOP_TEXT) for one in received)

    def _land_an_offer(self) -> None:
        self.commands.git("merge", "--quiet", "--no-edit", "main")
        if self._commit(self._stage_offer()):
            self.commands.land_on_main()

    def _stage_offer(self) -> str:
        """Add an offer to the shelf and stage it. The message for its commit."""
        offers = self.shelf.read_text().splitlines()
        name = OFFERS[len(offers) % len(OFFERS)]
        self.shelf.write_text("\n".join([*offers, f"{name} {10 * len(offers) + 10}"]) + "\n")
        self.commands.git("add", str(self.shelf))
        return f"Offer {name}"

    def _commit(self, message: str) -> bool:
        """Commit what is staged, however often it takes. Whether it landed; if not, the change was discarded."""
        while True:
            answer = self.swarm("commit", "-m", message)
            if answer.exit in (ExitCode.TIMED_OUT, ExitCode.BUILD_BROKEN):
                answer = self.swarm("build", "wait")
                if answer.exit in (ExitCode.LANDED, ExitCode.TIMED_OUT):
                    continue
            match answer.exit:
                case ExitCode.LANDED:
                    return True
                case ExitCode.YOU_ARE_FIXER:
                    self._repair(answer.data["fence"])
                    return False
                case ExitCode.ESCALATED:
                    time.sleep(ASKED_PAUSE_S)
                case ExitCode.BEHIND:
                    self.commands.git("merge", "--quiet", "--no-edit", "main")
                case ExitCode.FILES_MODIFIED:
                    self.commands.git("add", "--all")
                case ExitCode.FLAKY:
                    pass
                case _:
                    time.sleep(UNSURE_PAUSE_S)
                    self._reset_to_main()
                    return False

    def _repair(self, fence: int) -> None:
        """Revert the breakage, land that, report it as fixed. Stop as soon as the role went to another agent."""
        self._reset_to_main()
        if not self._think_and_renew(fence):
            return
        message = self._stage_repair() or self._stage_offer()  # nothing fails if a fixer landed its repair and died
        answer = self.swarm("commit", "-m", message)
        if not answer.data.get("commit"):
            if answer.exit != ExitCode.FENCED:
                self.swarm("build", "failed", "--fence", str(fence), "--reason", one_line(answer.message, 200))
            self._reset_to_main()
        elif answer.exit == ExitCode.FENCED:
            self._reset_to_main()
        else:
            self.commands.land_on_main()
            if answer.exit == ExitCode.YOU_ARE_FIXER:
                self.swarm("build", "fixed", "--fence", str(fence))

    def _think_and_renew(self, fence: int) -> bool:
        """Wait as if thinking, and renew the lease. False when the role was lost meanwhile."""
        done_at = time.monotonic() + REPAIR_THINKING_S * self.pace
        while time.monotonic() < done_at:
            if self.swarm("build", "renew", "--fence", str(fence)).exit == ExitCode.FENCED:
                return False
            time.sleep(RENEW_EVERY_S)
        return True

    def _stage_repair(self) -> str | None:
        """Revert and stage the last change of each failing module. The commit message; None when no test fails."""
        output = self.commands.run("python3", "-B", "-m", "unittest", "-q").output
        failing = sorted(set(re.findall(r"^(?:FAIL|ERROR): .*\btests\.test_(\w+)\.", output, re.MULTILINE)))
        for module in failing:
            path = f"{PACKAGE}/{module}.py"
            culprit = self.commands.run_checked("git", "log", "-1", "--format=%H", "--", path).strip()
            self.commands.run_checked("git", "checkout", "--quiet", f"{culprit}~1", "--", path)
        return f"Repair {', '.join(failing)}" if failing else None

    def _reset_to_main(self) -> None:
        self.commands.git("reset", "--quiet", "--hard", "main")


def _read_typed_lines() -> list[str]:
    """Lines typed into this terminal since the last call, by a person or as a notice."""
    typed = b""
    while select.select([sys.stdin], [], [], 0)[0] and (chunk := os.read(sys.stdin.fileno(), 65_536)):
        typed += chunk
    return [line for line in typed.decode(errors="replace").splitlines() if line.strip()]


def main(words: list[str]) -> None:
    name, tree, journal, pace = words
    ScriptedAgent(name, Path(tree), Path(journal), float(pace)).work()


if __name__ == "__main__":
    main(sys.argv[1:])
