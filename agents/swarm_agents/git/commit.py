"""Runs `git commit` as a child, never with anything that skips a hook, and reads from its trace what it did."""

from __future__ import annotations

import contextlib
import json
import os

from swarm_agents.errors import Unavailable
from swarm_agents.git.refs import read_head_and_tree
from swarm_agents.git.repository import worktree_git_dir
from swarm_agents.git.run import GIT_MISSING, run_git, split_lines
from swarm_agents.system.subprocesses import run_and_record
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_REFLOG_ACTION = "GIT_REFLOG_ACTION"  # the words with which git begins the line that it adds to a reflog
_OWN_ACTION = "swarm commit ("
_LOOK_BACK = "--max-count=50"  # entries of a reflog: others may land commits while this one is being made


class HookRun(NamedTuple):
    """A hook that git ran, and its exit status."""

    name: str
    code: int


class CommitRun(NamedTuple):
    """What `git commit` did: its exit status, the hooks it ran, git's error messages, the end of its output."""

    code: int
    hooks: tuple[HookRun, ...]
    errors: tuple[str, ...]
    output: str
    edited: bool = False
    """An editor ran, and ended well."""

    def refusing_hook(self) -> HookRun | None:
        """The first hook that failed."""
        return next((hook for hook in self.hooks if hook.code != 0), None)

    def passed_hook(self, name: str) -> bool:
        """Whether a hook of that name ran and passed."""
        return any(hook.name == name and hook.code == 0 for hook in self.hooks)


def run_commit(
    arguments: Sequence[str],
    agent: str,
    trace: Path,
    extra_environment: dict[str, str],
    quiet_stdout: bool,
    stdin: Path | None = None,
) -> CommitRun:
    """Run `git commit` with these arguments on the caller's terminal, and tell what it did.

    Git writes its trace to `trace`, which does not exist before or after. With `quiet_stdout` git's own standard output
    goes to standard error. Its standard input is the file `stdin`, or else the caller's. Signals are sent on to git,
    and its end is awaited.
    """
    environment = {name: value for name, value in os.environ.items() if name != "GIT_TRACE2_PARENT_SID"}
    users_trace = environment.get("GIT_TRACE2_EVENT", "")
    environment |= extra_environment | {"GIT_TRACE2_EVENT": str(trace), _REFLOG_ACTION: _reflog_action(agent)}
    try:
        code, output = run_and_record(["git", "commit", *arguments], environment, quiet_stdout, stdin)
    except FileNotFoundError:
        raise Unavailable(GIT_MISSING) from None
    recorded = trace.read_text(encoding="utf-8", errors="replace") if trace.exists() else ""
    trace.unlink(missing_ok=True)
    if os.path.isabs(users_trace) and not os.path.isdir(users_trace):
        with contextlib.suppress(OSError), open(users_trace, "a", encoding="utf-8") as file:
            file.write(recorded)
    hooks, errors, edited = _read_trace(recorded)
    return CommitRun(code, hooks, errors, output.decode("utf-8", errors="replace"), edited)


def keep_edited_message(root: Path, kept: Path) -> None:
    """Copy what the editor of the last `git commit` here left in its file."""
    import shutil  # takes a millisecond, and only a commit that is tried again after an editor needs it

    shutil.copyfile(worktree_git_dir(root) / "COMMIT_EDITMSG", kept)


def make_editor(message: Path) -> str:
    """A command for `GIT_EDITOR` that writes this message without asking."""
    import shlex  # like shutil

    return f"cp -- {shlex.quote(str(message))}"


def find_landed_commit(root: Path, agent: str, before: str | None) -> tuple[str, str] | None:
    """The commit that the agent's last `git commit` made, and its tree; None when HEAD is where it was `before`.

    Others may have committed in the same checkout meanwhile: HEAD's reflog tells which commit is whose.
    """
    answer = run_git(["log", "--walk-reflogs", "--no-show-signature", _LOOK_BACK, "--format=%H %T %gs", "HEAD"], root)
    action = _as_in_reflog(f"{_reflog_action(agent)}:")
    entries = [line.split(" ", 2) for line in split_lines(answer.stdout)]
    if answer.returncode != 0 or not entries:  # this repository keeps no reflog
        now = read_head_and_tree(root)
        return None if now is None or now[0] == before else now
    for commit, tree, subject in entries:
        if commit == before:
            return None
        if _as_in_reflog(subject).startswith(action):
            return commit, tree
    return None


def list_committers(root: Path) -> set[str]:
    """The agents whose commits the reflog of this working tree holds, as far as it is read."""
    answer = run_git(["log", "--walk-reflogs", "--no-show-signature", _LOOK_BACK, "--format=%gs", "HEAD"], root)
    subjects = [line for line in split_lines(answer.stdout) if line.startswith(_OWN_ACTION)]
    return {subject.removeprefix(_OWN_ACTION).partition(")")[0] for subject in subjects}


def _reflog_action(agent: str) -> str:
    """The user's own action where the environment sets one, else one that names the agent."""
    given = os.environ.get(_REFLOG_ACTION, "")
    return given if given and not given.startswith(_OWN_ACTION) else f"{_OWN_ACTION}{agent})"


def _as_in_reflog(text: str) -> str:
    return " ".join(text.split())  # git writes any run of white space as one space


def _read_trace(recorded: str) -> tuple[tuple[HookRun, ...], tuple[str, ...], bool]:
    """The hooks with their exit statuses, git's error messages, and whether an editor ended well."""
    names: dict[int, str] = {}
    editors: set[int] = set()
    hooks: list[HookRun] = []
    errors: list[str] = []
    edited = False
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
            case "child_start" if record.get("child_class") == "editor":
                editors.add(record["child_id"])
            case "child_exit" if record.get("child_id") in names:
                hooks.append(HookRun(names[record["child_id"]], record["code"]))
            case "child_exit" if record.get("child_id") in editors:
                edited = record["code"] == 0
            case "error":
                errors.append(record.get("msg", ""))
    return tuple(hooks), tuple(errors), edited
