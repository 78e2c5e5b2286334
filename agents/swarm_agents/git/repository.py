"""Finds the repository around a folder: its git directories, its configuration file, the version of git."""

from __future__ import annotations

import os
from pathlib import Path

from swarm_agents.errors import Unavailable
from swarm_agents.git.run import Folder, run_git, run_git_or_raise, split_lines
from swarm_agents.values import NamedTuple


class Repository(NamedTuple):
    """`common_dir` is shared by all worktrees; `root` is None in a bare repository or inside the git directory."""

    common_dir: Path
    root: Path | None


def find_repository(where: Path) -> Repository | None:
    """The repository around `where`, or None. Raises `Unavailable` when git is missing or fails."""
    answer = run_git(["rev-parse", "--path-format=absolute", "--git-common-dir", "--show-toplevel"], where)
    found = split_lines(answer.stdout)
    if answer.returncode == 0:
        common, top = (
            found
            if len(found) == 2
            else (_resolve(option, where) for option in ("--git-common-dir", "--show-toplevel"))
        )
        return Repository(Path(common), Path(top))
    if found:  # a bare repository, or inside .git: there is no top level
        return Repository(Path(_resolve("--git-common-dir", where)), None)
    if "not a git repository" in answer.stderr:
        return None
    raise Unavailable(f"git cannot say which repository this is: {answer.stderr.strip()}")


def read_version() -> str:
    return run_git(["version"], os.sep).stdout.strip()


def scrub_environment(root: Path) -> dict[str, str]:
    """A copy of this environment without the variables that point git at another repository or index."""
    local = run_git(["rev-parse", "--local-env-vars"], root).stdout.split()
    return {name: value for name, value in os.environ.items() if name not in local}


def common_git_dir(root: Path) -> Path:
    """The git directory that all worktrees share."""
    return Path(run_git_or_raise(["rev-parse", "--path-format=absolute", "--git-common-dir"], root))


def worktree_git_dir(root: Folder) -> Path:
    """The git directory of this worktree alone."""
    return Path(run_git_or_raise(["rev-parse", "--path-format=absolute", "--absolute-git-dir"], root))


def find_config_file(root: Path, scope: str) -> Path:
    """The file that `git config` writes to in the scope `worktree` or `local`; where it is a link, what that names."""
    if scope == "worktree":
        return (worktree_git_dir(root) / "config.worktree").resolve()
    return (common_git_dir(root) / "config").resolve()


def is_in_git_directory(where: Folder) -> bool:
    """Whether this is within a git directory: there a push arrives, and no commit is made."""
    # Not --is-inside-git-dir: in a hook of receive-pack, git treats its own folder as a working tree.
    here = Path(where)
    return worktree_git_dir(here) in (here, *here.parents)


def _resolve(option: str, where: Path) -> str:
    return run_git_or_raise(["rev-parse", "--path-format=absolute", option], where)
