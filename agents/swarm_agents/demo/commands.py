"""Runs commands as the people and agents of the demo do, in an environment without the caller's settings.

They are users of a repository, so they run git themselves. The engine runs git only in `git/`.
"""

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from swarm_agents.errors import Unavailable
from swarm_agents.system import file_lock
from swarm_agents.text import tail

_LIMIT_S = 60  # a small repository answers in milliseconds, on a busy machine in seconds
_NOT_INHERITED = ("SWARM_", "GIT_", "TMUX")


@dataclass(frozen=True)
class DemoCommandResult:
    """How a command ended, and what it printed on both streams."""

    code: int
    output: str


@dataclass(frozen=True)
class CommandRunner:
    """Runs commands in a working tree, as the named person or agent."""

    name: str
    where: Path

    def run(self, *command: str) -> DemoCommandResult:
        """Run a command to its end. Raises `Unavailable` when it takes longer than a minute."""
        try:
            ended = subprocess.run(
                command,
                cwd=self.where,
                env=make_environment(self.name),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(f"'{' '.join(command[:3])}' did not end within {_LIMIT_S} s.") from None
        return DemoCommandResult(ended.returncode, ended.stdout)

    def git(self, *words: str) -> DemoCommandResult:
        return self.run("git", *words)

    def run_checked(self, *command: str) -> str:
        """Run a command; its output. Raises `Unavailable` when it fails."""
        result = self.run(*command)
        if result.code != 0:
            raise Unavailable(f"'{' '.join(command)}' failed in {self.where}: {tail(result.output, 5, 500)}")
        return result.output

    def land_on_main(self) -> None:
        """Move main forward to the commit that is checked out here, after merging main into it if necessary.

        One at a time, as in a merge queue: otherwise, on a busy machine, slow agents would never land.
        """
        with file_lock.held(self.where.parent / "landing", _LIMIT_S):
            if self.git("push", "--quiet", ".", "HEAD:refs/heads/main").code != 0:
                self.run_checked("git", "merge", "--quiet", "--no-edit", "main")
                self.run_checked("git", "push", "--quiet", ".", "HEAD:refs/heads/main")


def make_environment(name: str) -> dict[str, str]:
    """An environment in which git commits as `name`, our commands are found, and the caller's repository is not."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_NOT_INHERITED)}
    return kept | {
        "PATH": os.pathsep.join([str(find_commands_folder()), kept.get("PATH", os.defpath)]),
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": f"{name}@demo.invalid",
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": f"{name}@demo.invalid",
        "GIT_CONFIG_GLOBAL": os.devnull,  # the user's hooks, signing and aliases must not change the demo
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def find_commands_folder() -> Path:
    """The folder with this installation's `swarm` and `swarm-tui`; it need not be on the PATH."""
    for folder in (Path(sysconfig.get_path("scripts")), Path(sys.executable).parent, Path(sys.argv[0]).parent):
        if (folder / "swarm").exists() and (folder / "swarm-tui").exists():
            return folder.absolute()
    raise Unavailable("The commands swarm and swarm-tui are not installed beside this Python: pip install .")
