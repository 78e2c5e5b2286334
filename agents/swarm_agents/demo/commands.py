"""Types commands as the people and agents of the demo would: git, and nothing of the caller's own surroundings.

The demo plays users of a repository, and users type git. The swarm itself runs git in `git.py` alone.
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
_NOT_HANDED_ON = ("SWARM_", "GIT_", "TMUX")


@dataclass(frozen=True)
class Typed:
    """How a command ended, and what it printed on both streams."""

    code: int
    output: str


@dataclass(frozen=True)
class Hands:
    """Somebody's hands in a working tree."""

    name: str
    where: Path

    def type(self, *command: str) -> Typed:
        """Run a command to its end. Raises `Unavailable` when it takes longer than anybody would wait."""
        try:
            ended = subprocess.run(
                command,
                cwd=self.where,
                env=surroundings(self.name),
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
        return Typed(ended.returncode, ended.stdout)

    def git(self, *words: str) -> Typed:
        return self.type("git", *words)

    def must(self, *command: str) -> str:
        """What the command printed; `Unavailable` when it failed."""
        typed = self.type(*command)
        if typed.code != 0:
            raise Unavailable(f"'{' '.join(command)}' failed in {self.where}: {tail(typed.output, 5, 500)}")
        return typed.output

    def land_on_main(self) -> None:
        """Move main forward to what is checked out here, after bringing in what landed before.

        One at a time, as in a merge queue: on a busy machine the slow would never get there before the quick.
        """
        with file_lock.held(self.where.parent / "landing", _LIMIT_S):
            if self.git("push", "--quiet", ".", "HEAD:refs/heads/main").code != 0:
                self.must("git", "merge", "--quiet", "--no-edit", "main")
                self.must("git", "push", "--quiet", ".", "HEAD:refs/heads/main")


def surroundings(name: str) -> dict[str, str]:
    """An environment where git knows `name`, our commands are found, and nothing points at the caller's repository."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_NOT_HANDED_ON)}
    return kept | {
        "PATH": os.pathsep.join([str(commands_folder()), kept.get("PATH", os.defpath)]),
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": f"{name}@demo.invalid",
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": f"{name}@demo.invalid",
        "GIT_CONFIG_GLOBAL": os.devnull,  # the user's own hooks, signatures and aliases have no part in the play
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def commands_folder() -> Path:
    """Where `swarm` and `swarm-tui` of this very installation are; it need not be on the PATH."""
    for folder in (Path(sysconfig.get_path("scripts")), Path(sys.executable).parent, Path(sys.argv[0]).parent):
        if (folder / "swarm").exists() and (folder / "swarm-tui").exists():
            return folder.absolute()
    raise Unavailable("The commands swarm and swarm-tui are not installed beside this Python: pip install .")
