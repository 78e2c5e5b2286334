"""Finds the hooks that git would run, reads and sets `core.hooksPath`, and runs a hook again."""

from __future__ import annotations

import os
from pathlib import Path

from swarm_agents.git.run import run_git, run_git_or_raise
from swarm_agents.system.subprocesses import run_and_record
from swarm_agents.values import NamedTuple


class HooksPath(NamedTuple):
    """The setting `core.hooksPath`: in which scope, as it is written, and the folder that git reads it as.

    An empty value makes git look in `/`, which is how some switch all hooks off.
    """

    scope: str
    value: str
    folder: str


def has_hook(root: Path, name: str) -> bool:
    """Whether git would run a hook of that name here."""
    return find_hook(root, name) is not None


def find_hook(root: Path, name: str) -> Path | None:
    """The hook of that name that git would run here."""
    answer = run_git(["rev-parse", "--path-format=absolute", "--git-path", f"hooks/{name}"], root)
    found = Path(answer.stdout.rstrip("\n"))
    return found if answer.returncode == 0 and found.is_file() and os.access(found, os.X_OK) else None


def find_hooks_folder(root: Path) -> Path:
    """Where git looks for hooks here."""
    # By the path of some hook, and relative: git gives no other answer where `core.hooksPath` is empty.
    return root / Path(run_git_or_raise(["rev-parse", "--git-path", "hooks/any"], root)).parent


def read_hooks_path(root: Path) -> HooksPath | None:
    """`core.hooksPath`; None when no scope sets it."""
    answer = run_git(["config", "--show-scope", "-z", "--get", "core.hooksPath"], root)
    if answer.returncode != 0:
        return None
    scope, value, _ = answer.stdout.split("\0")
    folder = run_git(["config", "-z", "--type=path", "--get", "core.hooksPath"], root).stdout.rstrip("\0")
    return HooksPath(scope, value, folder or "/")


def read_hooks_path_of_file(root: Path, config: Path) -> str | None:
    """`core.hooksPath` as this file itself sets it, not one that it includes; None when it does not."""
    answer = run_git(["config", "--file", str(config), "--no-includes", "-z", "--get", "core.hooksPath"], root)
    return answer.stdout.removesuffix("\0") if answer.returncode == 0 else None


def set_hooks_path(root: Path, scope: str, value: str | None) -> None:
    """Set `core.hooksPath` in the scope `local` or `worktree`; None unsets it."""
    change = ["--replace-all", "core.hooksPath", value] if value is not None else ["--unset-all", "core.hooksPath"]
    run_git_or_raise(["config", f"--{scope}", *change], root)


def run_hook_again(root: Path, name: str, index: Path | None) -> tuple[int | None, str]:
    """Run the hook once more as git would, on this index if it is another than the usual one.

    Its exit status and its output where standard error is no terminal. None before git 2.36, which cannot.
    """
    environment = os.environ | ({"GIT_INDEX_FILE": str(index)} if index else {})
    command = ["git", "-C", str(root), "hook", "run", name]
    code, output = run_and_record(command, environment, quiet_stdout=True, end_too=True)
    return None if code == 129 else code, output.decode("utf-8", errors="replace")
