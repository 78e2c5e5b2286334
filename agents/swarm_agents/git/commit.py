"""Runs `git commit` as a child, never with anything that skips a hook, and reads from its trace what it did."""

import contextlib
import json
import os
from pathlib import Path
from typing import NamedTuple

from swarm_agents.errors import Unavailable
from swarm_agents.gate.scripts import NOTE
from swarm_agents.git.refs import read_head_and_tree
from swarm_agents.git.run import GIT_MISSING, run_git, split_lines
from swarm_agents.system.subprocesses import overheard

_REFLOG_ACTION = "GIT_REFLOG_ACTION"  # git's own way to say which command moved a ref; it begins the reflog's line
_OURS = "swarm commit ("
_LOOK_BACK = "--max-count=50"  # entries of a reflog: commits that others land while one's own is being made


class HookRun(NamedTuple):
    name: str
    code: int


class CommitRun(NamedTuple):
    """What `git commit` did: its exit code, the hooks it ran with their own codes, git's errors, the output's end."""

    code: int
    hooks: tuple[HookRun, ...]
    errors: tuple[str, ...]
    output: str
    refused_by_gate: bool = False
    gate_alone: bool = False
    """Our gate was the only pre-commit hook: nothing has judged the code."""

    def refusing_hook(self) -> HookRun | None:
        return next((hook for hook in self.hooks if hook.code != 0), None)

    def passed_hook(self, name: str) -> bool:
        if name == "pre-commit" and self.gate_alone:
            return False
        return any(hook.name == name and hook.code == 0 for hook in self.hooks)


def act_as(agent: str) -> None:
    """Every git of this process and every hook of theirs knows for whom it runs; none may go round the gate."""
    os.environ["SWARM_AGENT"] = agent
    os.environ.pop("SWARM_BYPASS", None)


def run_commit(arguments: list[str], agent: str, notes: Path, quiet_stdout: bool) -> CommitRun:
    """Run `git commit` with these arguments on the caller's terminal, and tell what it did.

    `notes` is an empty folder of this process. With `quiet_stdout` git's own standard output goes to standard error.
    Signals reach git; its answer is awaited.
    """
    trace, gate_note = notes / "trace", notes / "gate"
    environment = {name: value for name, value in os.environ.items() if name != "GIT_TRACE2_PARENT_SID"}
    theirs = environment.get("GIT_TRACE2_EVENT", "")
    environment["GIT_TRACE2_EVENT"] = str(trace)
    environment[NOTE] = str(gate_note)
    environment[_REFLOG_ACTION] = _reflog_action(agent)
    try:
        code, output = overheard(["git", "commit", *arguments], environment, quiet_stdout)
    except FileNotFoundError:
        raise Unavailable(GIT_MISSING) from None
    recorded = trace.read_text(encoding="utf-8", errors="replace") if trace.exists() else ""
    gate_alone = Path(f"{gate_note}-alone")
    noted = [note.exists() for note in (gate_note, gate_alone)]
    if os.path.isabs(theirs) and not os.path.isdir(theirs):
        with contextlib.suppress(OSError), open(theirs, "a", encoding="utf-8") as user_trace:
            user_trace.write(recorded)
    for note in (trace, gate_note, gate_alone):  # the next try in this folder starts anew
        note.unlink(missing_ok=True)
    hooks, errors = _read_trace(recorded)
    return CommitRun(code, hooks, errors, output.decode("utf-8", errors="replace"), *noted)


def find_landed_commit(root: Path, agent: str, before: str | None) -> tuple[str, str] | None:
    """The commit that the agent's last `commit` made, and its tree; None when HEAD is where it was `before`.

    Others may have committed in the same checkout meanwhile: HEAD's reflog says whose commit is which.
    """
    asked = run_git(["log", "--walk-reflogs", "--no-show-signature", _LOOK_BACK, "--format=%H %T %gs", "HEAD"], root)
    action = _as_in_reflog(f"{_reflog_action(agent)}:")
    entries = [line.split(" ", 2) for line in split_lines(asked.stdout)]
    if asked.returncode != 0 or not entries:  # nobody keeps a reflog here
        now = read_head_and_tree(root)
        return None if now is None or now[0] == before else now
    for commit, tree, what in entries:
        if commit == before:
            return None
        if _as_in_reflog(what).startswith(action):
            return commit, tree
    return None


def _reflog_action(agent: str) -> str:
    given = os.environ.get(_REFLOG_ACTION, "")
    return given if given and not given.startswith(_OURS) else f"{_OURS}{agent})"


def _as_in_reflog(text: str) -> str:
    return " ".join(text.split())  # git writes any run of white space as one space


def _read_trace(recorded: str) -> tuple[tuple[HookRun, ...], tuple[str, ...]]:
    names: dict[int, str] = {}
    hooks: list[HookRun] = []
    errors: list[str] = []
    for line in recorded.split("\n"):
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue  # git was killed in the middle of a line
        if "/" in record.get("sid", ""):
            continue  # written by a git that a hook ran
        match record.get("event"):
            case "child_start" if record.get("child_class") == "hook":
                names[record["child_id"]] = record.get("hook_name", "")
            case "child_exit" if record.get("child_id") in names:
                hooks.append(HookRun(names[record["child_id"]], record["code"]))
            case "error":
                errors.append(record.get("msg", ""))
    return tuple(hooks), tuple(errors)
