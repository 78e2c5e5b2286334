"""Which repository this is: its folders, its configuration file, and the git that serves it."""

import os
from pathlib import Path
from typing import NamedTuple

from swarm_agents.errors import Unavailable
from swarm_agents.git.run import ask, lines, must


class Repository(NamedTuple):
    """`common_dir` is shared by all worktrees; `root` is None in a bare repository or inside the git directory."""

    common_dir: Path
    root: Path | None


def find_repository(where: Path) -> Repository | None:
    """The repository around `where`, or None. Raises `Unavailable` when git is missing or refuses to say."""
    asked = ask(["rev-parse", "--path-format=absolute", "--git-common-dir", "--show-toplevel"], where)
    found = lines(asked.stdout)
    if asked.returncode == 0:
        common, top = (
            found if len(found) == 2 else (path_of(one, where) for one in ("--git-common-dir", "--show-toplevel"))
        )
        return Repository(Path(common), Path(top))
    if found:  # a bare repository, or inside .git: there is no top level
        return Repository(Path(path_of("--git-common-dir", where)), None)
    if "not a git repository" in asked.stderr:
        return None
    raise Unavailable(f"git cannot say which repository this is: {asked.stderr.strip()}")


def version() -> str:
    return ask(["version"], Path.cwd()).stdout.strip()


def scrubbed_environment(root: Path) -> dict[str, str]:
    """This environment without what would point a child's git at another repository or index."""
    local = ask(["rev-parse", "--local-env-vars"], root).stdout.split()
    return {name: value for name, value in os.environ.items() if name not in local}


def repository_folder(root: Path) -> Path:
    """The git directory that all worktrees share."""
    return Path(must(["rev-parse", "--path-format=absolute", "--git-common-dir"], root))


def worktree_folder(root: Path) -> Path:
    """The git directory of this worktree alone."""
    return Path(must(["rev-parse", "--path-format=absolute", "--absolute-git-dir"], root))


def config_file(root: Path, scope: str) -> Path:
    if scope == "worktree":
        return worktree_folder(root) / "config.worktree"
    return repository_folder(root) / "config"


def in_git_directory(where: Path) -> bool:
    """Whether that is within a git directory, where no commit is made: a push arrives there."""
    # Not --is-inside-git-dir: for a hook of receive-pack git takes its own folder for a working tree.
    return worktree_folder(where) in (where, *where.parents)


def path_of(which: str, where: Path) -> str:
    return must(["rev-parse", "--path-format=absolute", which], where)
